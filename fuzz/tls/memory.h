// Memory: the TLS library's heap, counted, and empty when a target says so.
//
// A program that calls any of these functions gets them for the whole of BoringSSL: the
// library asks OPENSSL_memory_alloc and its two companions for each block when they are
// there (crypto/mem.c), and all heap of shim/boringssl is the library's. What does not
// pass here are the record buffers of an SSL, which it takes from malloc.
//
// Blocks have a canary on each side, and the first 65536 octets of one are wiped when it
// is freed: the library's own heap wipes all.
#ifndef SMTPCORE_FUZZ_TLS_MEMORY_H
#define SMTPCORE_FUZZ_TLS_MEMORY_H

#include <stddef.h>
#include <stdint.h>

// tls_memory_fail_at lets `count` allocations fail, the first of them after `skip` more
// that do not; `count` 0 ends that. tls_memory_failed returns how many have failed since
// then.
void tls_memory_fail_at(size_t skip, size_t count);
size_t tls_memory_failed(void);

// tls_memory_hold stops that, and the count, while `on` is 1: for calls of the harness's own
// between those of the shim.
void tls_memory_hold(int on);

// tls_memory_mark begins an account: tls_memory_since returns how many blocks are live
// that were allocated after the mark.
void tls_memory_mark(void);
size_t tls_memory_since(void);

// tls_memory_count returns how many live blocks of the account hold `part[0 .. len)`.
size_t tls_memory_count(const uint8_t *part, size_t len);

#endif  // SMTPCORE_FUZZ_TLS_MEMORY_H
