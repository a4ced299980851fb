// Raw: octets of an input straight into a handshake. The targets tls_raw_server and
// tls_raw_client share it, and so do the same sources over BoringSSL's fuzzer mode,
// tls_deep_server and tls_deep_client.
//
// Over the real library nobody who has only octets comes up: the side's secrets hang on a
// hash of the whole input (`tls_random_turn`), so no input can hold what would fit them.
// In fuzzer mode there are no secrets, signatures are not looked at and records are in
// clear: the input may hold a whole handshake and what a peer says then.
#ifndef SMTPCORE_FUZZ_TLS_RAW_H
#define SMTPCORE_FUZZ_TLS_RAW_H

#include <stddef.h>
#include <stdint.h>

#include "fuzz/tls/side.h"

// TLS_RAW_DEEP is 1 over BoringSSL's fuzzer mode.
#if defined(BORINGSSL_UNSAFE_FUZZER_MODE)
#define TLS_RAW_DEEP 1
#else
#define TLS_RAW_DEEP 0
#endif

// tls_raw_end is how the connection ends after the input.
typedef enum tls_raw_end {
  TLS_RAW_FIN = 0,
  TLS_RAW_RST = 1,
  TLS_RAW_DEADLINE = 2,
  TLS_RAW_ENDS
} tls_raw_end;

// tls_raw_input is an input, and how it arrives.
typedef struct tls_raw_input {
  const uint8_t *data;
  size_t len;
  size_t cut;  // octets of a piece; 0: as many as can be
  tls_raw_end end;
} tls_raw_input;

// tls_raw_seen is what was seen of one play. Pieces change none of it but `rest` (law
// SPLIT), and the same pieces nothing at all (law PURE).
typedef struct tls_raw_seen {
  uint64_t wire;  // hash of all that went out under the handshake
  uint64_t rest;  // of all that happened, what was said under TLS included
  uint8_t up;
  uint8_t failed;
  smtpc_tls_facts facts;
} tls_raw_seen;

// tls_raw_random starts the library's randomness for one play of `in`. The first `fixed`
// draws are always the same.
void tls_raw_random(const tls_raw_input *in, size_t fixed);

// tls_raw_play gives the whole input to a side that waits for its handshake, ends the
// connection, and watches that nothing of it is taken for SMTP, that nothing is said but
// TLS, and that the session is over with a finding. Then it ends the side.
tls_raw_seen tls_raw_play(tls_side *side, const tls_raw_input *in);

// tls_raw_compare says that two plays of one input saw the same (laws SPLIT and PURE).
void tls_raw_compare(const tls_raw_seen *first, const tls_raw_seen *second,
                     int same_pieces);

#endif  // SMTPCORE_FUZZ_TLS_RAW_H
