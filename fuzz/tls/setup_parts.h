// What the files of setup share: a second opinion on what the shim is given.
#ifndef SMTPCORE_FUZZ_TLS_SETUP_PARTS_H
#define SMTPCORE_FUZZ_TLS_SETUP_PARTS_H

#include <openssl/base.h>
#include <stddef.h>
#include <stdint.h>

#include "fuzz/tls/setup.h"

// SETUP_TIME_MAX is the last second that a certificate can name: the end of 9999
// (RFC 5280 section 4.1.2.5.2).
#define SETUP_TIME_MAX INT64_C(253402300799)

// setup_identity is what a certificate file and a key file are.
typedef struct setup_identity {
  smtpc_boringssl_error error;  // what setting it must return
  smtpc_boringssl_error also;   // or may return
  size_t count;                 // of certificates
  X509 *leaf;                   // NULL: none
  EVP_PKEY *key;                // NULL: none
  int has_times;                // 1: the two below are known
  int expired;
  int not_yet;
} setup_identity;

// setup_see_identity judges them at `now`. End it with `setup_see_free`.
setup_identity setup_see_identity(const setup_octets *cert,
                                  const setup_octets *key, int64_t now);
void setup_see_free(setup_identity *identity);

// setup_see_certificates returns how many certificates the PEM text has, or 0 when it
// must be refused: there is none, a broken one, or more than `most`. `*out_leaf` becomes
// the first, for the caller to free; NULL is allowed.
size_t setup_see_certificates(const uint8_t *pem, size_t len, size_t most,
                              X509 **out_leaf);

// setup_is_valid_at returns 1 when the time is within the certificate's dates.
int setup_is_valid_at(const X509 *cert, int64_t at);

// setup_is_for returns 1 when the certificate's one alternative name is `name`.
int setup_is_for(X509 *cert, const uint8_t *name, size_t len);

// setup_hash_of returns the digest that tls-server-end-point takes for a certificate by
// RFC 5929 section 4.1, NULL when there is none; `*out_known` becomes 0 when this
// account does not know the algorithm.
const EVP_MD *setup_hash_of(X509 *cert, int *out_known);

#endif  // SMTPCORE_FUZZ_TLS_SETUP_PARTS_H
