// Testing: a small certificate authority and a wire between two engines, for
// the tests of the shims that use TLS. Test code only.
#ifndef SMTPCORE_SHIM_BORINGSSL_TESTING_H
#define SMTPCORE_SHIM_BORINGSSL_TESTING_H

#include <stddef.h>
#include <stdint.h>

#include "core/testing.h"
#include "shim/boringssl/tls_boringssl.h"

// TEST_NOW is when the tests take place: no test looks at a clock.
#define TEST_NOW 1800000000
#define TEST_DAY 86400

// test_leaf is what a certificate is to say.
typedef struct test_leaf {
  const char *names;        // "DNS:a.example,IP:192.0.2.1"; NULL: none
  const char *common_name;  // NULL: none
  const char *purpose;      // "serverAuth", "clientAuth"; NULL: none
  int64_t from;             // seconds after TEST_NOW
  int64_t to;
} test_leaf;

// test_authority is who signs. `pem` holds its own certificate and key.
typedef struct test_authority {
  struct evp_pkey_st *key;
  struct x509_st *cert;
  smtpc_boringssl_pem pem;
} test_authority;

// test_authority_make makes an authority whose subject is `name`.
void test_authority_make(test_authority *out, const char *name);

void test_authority_free(test_authority *authority);

// test_issue makes a key and a certificate signed by `authority`, or by itself
// when that is NULL. The caller ends `*out` with `smtpc_boringssl_pem_free`.
void test_issue(smtpc_boringssl_pem *out, const test_authority *authority,
                const test_leaf *leaf);

// test_issue_rsa does the same with an RSA key; `usage` is its key usage
// ("digitalSignature", "keyEncipherment"; NULL: none).
void test_issue_rsa(smtpc_boringssl_pem *out, const test_authority *authority,
                    const test_leaf *leaf, const char *usage);

// test_context makes a context at TEST_NOW that has `identity` (NULL: none) and
// trusts `roots` (NULL: nobody).
smtpc_tls_context *test_context(const smtpc_boringssl_pem *identity,
                                const test_authority *roots);

// test_peer_server and test_peer_client describe one side with TLS 1.2 or
// better. `name` may be NULL.
smtpc_tls_peer test_peer_server(void);
smtpc_tls_peer test_peer_client(const char *name, int verify);

// test_open opens an engine and fails the test if that does not work.
smtpc_tls *test_open(smtpc_tls_context *ctx, const smtpc_tls_peer *peer);

// test_move carries what `from` has for its peer to `to`, in pieces of `cut`
// octets (0: as they come), with a handshake step after each. It returns how
// many octets moved; those for an engine that has ended are lost.
size_t test_move(smtpc_tls *from, smtpc_tls *to, size_t cut);

// test_shake moves octets both ways until none is left.
void test_shake(smtpc_tls *a, smtpc_tls *b, size_t cut);

// test_push pushes all of `data` in pieces of `cut` octets, each an exact-size
// copy, with a handshake step after each. It stops when the engine ends.
void test_push(smtpc_tls *tls, const void *data, size_t len, size_t cut);

#endif  // SMTPCORE_SHIM_BORINGSSL_TESTING_H
