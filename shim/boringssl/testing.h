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

// TEST_HOST is the name of the server that the tests talk to.
#define TEST_HOST "mx.example.org"

#define TEST_COUNT(array) (sizeof(array) / sizeof((array)[0]))

// TEST_OCTETS is a literal and its length, as two arguments or members.
#define TEST_OCTETS(text) text, sizeof(text) - 1u

// test_versions are all versions of TLS, from the lowest.
#define TEST_VERSION_COUNT 4u
extern const uint16_t test_versions[TEST_VERSION_COUNT];

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

// --- What the tests of TLS share

// test_tls_shared is made once for all tests of a program.
typedef struct test_tls_shared {
  test_authority authority;  // whom the client trusts
  test_authority stranger;
  smtpc_boringssl_pem good;  // the server's, for TEST_HOST, by the authority
  smtpc_tls_context *server;
  smtpc_tls_context *client;  // has an identity too, which it must never show
} test_tls_shared;

extern test_tls_shared test_tls;

// test_tls_leaf is what `good` says.
extern const test_leaf test_tls_leaf;

// test_tls_set_up and test_tls_tear_down are cmocka's, for the group.
int test_tls_set_up(void **state);
int test_tls_tear_down(void **state);

// test_tls_no_error_left is the end of each test: no function of the shim leaves an
// error for whoever calls the library next.
int test_tls_no_error_left(void **state);

#define TEST_TLS_CASE(name) \
  cmocka_unit_test_setup_teardown(name, NULL, test_tls_no_error_left)

// test_pair is two engines that talk to each other.
typedef struct test_pair {
  smtpc_tls *server;
  smtpc_tls *client;
} test_pair;

// test_pair_open opens two engines of `test_tls`, test_pair_up lets them come up with
// one version.
test_pair test_pair_open(const char *name, int verify);
test_pair test_pair_up(uint16_t version);
void test_pair_free(test_pair *two);

// test_set_versions sets what an engine offers or takes, whatever its peer's floor.
void test_set_versions(smtpc_tls *tls, uint16_t low, uint16_t high);

// test_limit_version sets the highest version of all engines of a context that are
// opened later, for tests that do not hold the engine.
void test_limit_version(smtpc_tls_context *ctx, smtpc_tls_role role,
                        uint16_t high);

// test_expect_end fails the test unless the engine has failed, and so.
void test_expect_end(smtpc_tls *tls, smtpc_tls_failure want);

// test_expect_dead fails the test unless an engine that has ended does nothing any
// more (laws ONEWAY and TERMINAL).
void test_expect_dead(smtpc_tls *tls, smtpc_tls_state state);

// test_expect_read fails the test unless the clear octets that wait are `want`.
void test_expect_read(smtpc_tls *tls, const char *want);

// test_pull_all pulls all ciphertext that waits, less than `room` octets. The caller
// frees it.
uint8_t *test_pull_all(smtpc_tls *tls, size_t room, size_t *out_len);

// TEST_SEAL_MORE is how many octets more than its message a record has.
#define TEST_SEAL_MORE 29u

// test_seal writes a handshake message as a record of TLS 1.2 with AES-128-GCM: a key
// of 16 octets, an IV of 4. It returns the length of the record.
size_t test_seal(const uint8_t *key, const uint8_t *iv, uint64_t sequence,
                 const uint8_t *message, size_t len, uint8_t *out);

#endif  // SMTPCORE_SHIM_BORINGSSL_TESTING_H
