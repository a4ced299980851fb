// Random: the TLS library's randomness, made to be the same each time.
//
// A program that links `//fuzz/tls` with `-Wl,--wrap=RAND_bytes` draws from here
// wherever the library calls RAND_bytes from another of its objects: hellos, session
// ids, X25519 keys, IVs. It is a sequence of numbers without any security. What the
// library draws inside of its FIPS module (P-256 keys, ECDSA) does not come from here,
// so the contexts of `credentials.h` have no such keys and no such groups.
#ifndef SMTPCORE_FUZZ_TLS_RANDOM_H
#define SMTPCORE_FUZZ_TLS_RANDOM_H

#include <stddef.h>
#include <stdint.h>

// tls_random_reset starts the sequence anew; `seed` 0 is what targets use.
void tls_random_reset(uint64_t seed);

// tls_random_turn makes the sequence go on as that of `seed` after `draws` more calls of
// RAND_bytes. With a hash of the input as `seed`, an input cannot hold what only a peer
// with keys can know: recorded octets are answers to another hello.
void tls_random_turn(size_t draws, uint64_t seed);

// tls_random_draws returns how many calls of RAND_bytes there were since the reset: 0
// after a handshake means that the program was linked without the wrapping.
size_t tls_random_draws(void);

#endif  // SMTPCORE_FUZZ_TLS_RANDOM_H
