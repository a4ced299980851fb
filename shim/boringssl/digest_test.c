#include <stdlib.h>
#include <string.h>

#include "shim/boringssl/testing.h"
#include "shim/boringssl/tls_boringssl.h"

typedef struct digest_row {
  const char *label;
  smtpc_boringssl_hash hash;
  const char *key;
  size_t key_len;
  const char *data;
  size_t len;
  const char *want;
} digest_row;

#define KEY_OF_80                                                              \
  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
  "aaaaaa"

static const digest_row hmac_rows[] = {
    {"RFC 2195", SMTPC_BORINGSSL_MD5, TEST_OCTETS("tanstaaftanstaaf"),
     TEST_OCTETS("<1896.697170952@postoffice.reston.mci.net>"),
     "\xb9\x13\xa6\x02\xc7\xed\xa7\xa4\x95\xb4\xe6\xe7\x33\x4d\x38\x90"},
    {"RFC 2202 MD5", SMTPC_BORINGSSL_MD5, TEST_OCTETS("Jefe"),
     TEST_OCTETS("what do ya want for nothing?"),
     "\x75\x0c\x78\x3e\x6a\xb0\xb5\x03\xea\xa8\x6e\x31\x0a\x5d\xb7\x38"},
    {"RFC 2202 SHA-1", SMTPC_BORINGSSL_SHA1, TEST_OCTETS("Jefe"),
     TEST_OCTETS("what do ya want for nothing?"),
     "\xef\xfc\xdf\x6a\xe5\xeb\x2f\xa2\xd2\x74\x16\xd5\xf1\x84\xdf\x9c"
     "\x25\x9a\x7c\x79"},
    {"RFC 4231 SHA-256", SMTPC_BORINGSSL_SHA256, TEST_OCTETS("Jefe"),
     TEST_OCTETS("what do ya want for nothing?"),
     "\x5b\xdc\xc1\x46\xbf\x60\x75\x4e\x6a\x04\x24\x26\x08\x95\x75\xc7"
     "\x5a\x00\x3f\x08\x9d\x27\x39\x83\x9d\xec\x58\xb9\x64\xec\x38\x43"},
};

static void test_digest_hmac_vectors(void **state) {
  (void)state;
  for (size_t i = 0u; i < TEST_COUNT(hmac_rows); i++) {
    const digest_row *row = &hmac_rows[i];
    const size_t size = smtpc_boringssl_digest_len(row->hash);
    uint8_t *key = test_copy(row->key, row->key_len);
    uint8_t *data = test_copy(row->data, row->len);
    uint8_t *out = malloc(size);
    assert_non_null(out);
    test_label("%s", row->label);
    test_number(smtpc_boringssl_digest_hmac(row->hash, key, row->key_len, data,
                                            row->len, out),
                SMTPC_OK);
    test_octets(out, size, row->want, size);
    free(key);
    free(data);
    free(out);
  }
}

// A key longer than a block is replaced by its digest (RFC 2104 section 2), and
// an empty key is a key.
static void test_digest_hmac_keys(void **state) {
  (void)state;
  uint8_t digest[16];
  uint8_t a[16];
  uint8_t b[16];
  test_label("long key");
  test_number(smtpc_boringssl_digest_plain(
                  SMTPC_BORINGSSL_MD5, (const uint8_t *)KEY_OF_80, 80u, digest),
              SMTPC_OK);
  test_number(
      smtpc_boringssl_digest_hmac(SMTPC_BORINGSSL_MD5,
                                  (const uint8_t *)KEY_OF_80, 80u, NULL, 0u, a),
      SMTPC_OK);
  test_number(smtpc_boringssl_digest_hmac(SMTPC_BORINGSSL_MD5, digest,
                                          sizeof digest, NULL, 0u, b),
              SMTPC_OK);
  test_octets(a, sizeof a, b, sizeof b);
  test_label("empty key");
  test_number(
      smtpc_boringssl_digest_hmac(SMTPC_BORINGSSL_MD5, NULL, 0u, NULL, 0u, a),
      SMTPC_OK);
  test_octets(a, sizeof a,
              "\x74\xe6\xf7\x29\x8a\x9c\x2d\x16\x89\x35\xf5\x8c\x00\x1b\xad"
              "\x88",
              16u);
}

static void test_digest_misuse(void **state) {
  (void)state;
  uint8_t out[32];
  const smtpc_boringssl_hash bad = (smtpc_boringssl_hash)3;
  test_label("misuse");
  memset(out, 0x5a, sizeof out);
  test_number(smtpc_boringssl_digest_len(bad), 0);
  test_number(smtpc_boringssl_digest_plain(bad, out, 1u, out),
              SMTPC_E_ARGUMENT);
  test_number(smtpc_boringssl_digest_plain(SMTPC_BORINGSSL_MD5, NULL, 1u, out),
              SMTPC_E_ARGUMENT);
  test_number(smtpc_boringssl_digest_plain(SMTPC_BORINGSSL_MD5, out, 1u, NULL),
              SMTPC_E_ARGUMENT);
  test_number(
      smtpc_boringssl_digest_hmac(SMTPC_BORINGSSL_MD5, NULL, 1u, out, 1u, out),
      SMTPC_E_ARGUMENT);
  test_number(
      smtpc_boringssl_digest_hmac(SMTPC_BORINGSSL_MD5, out, 1u, NULL, 1u, out),
      SMTPC_E_ARGUMENT);
  test_number(smtpc_boringssl_digest_salted(SMTPC_BORINGSSL_MD5, out, 1u, out,
                                            1u, 0u, out),
              SMTPC_E_ARGUMENT);
  test_number(smtpc_boringssl_digest_salted(SMTPC_BORINGSSL_MD5, out, 1u, out,
                                            1u, SMTPC_ITERATIONS_MAX + 1u, out),
              SMTPC_E_ARGUMENT);
  test_number(smtpc_boringssl_random(NULL, 1u), SMTPC_E_ARGUMENT);
  test_number(smtpc_boringssl_random(NULL, 0u), SMTPC_OK);
  for (size_t i = 0u; i < sizeof out; i++) {
    test_number(out[i], 0x5a);
  }
}

static void test_digest_random_and_equal(void **state) {
  (void)state;
  uint8_t a[32] = {0u};
  uint8_t b[32] = {0u};
  test_label("random");
  assert_true(smtpc_boringssl_equal(a, 32u, b, 32u));
  assert_true(smtpc_boringssl_equal(NULL, 0u, NULL, 0u));
  test_number(smtpc_boringssl_random(a, sizeof a), SMTPC_OK);
  test_number(smtpc_boringssl_random(b, sizeof b), SMTPC_OK);
  assert_false(smtpc_boringssl_equal(a, 32u, b, 32u));
  assert_true(smtpc_boringssl_equal(a, 32u, a, 32u));
  assert_false(smtpc_boringssl_equal(a, 32u, a, 31u));
  assert_false(smtpc_boringssl_equal(NULL, 1u, a, 1u));
  memcpy(b, a, sizeof b);
  for (size_t i = 0u; i < sizeof b; i++) {
    b[i] = (uint8_t)(b[i] ^ 0x80u);
    assert_false(smtpc_boringssl_equal(a, 32u, b, 32u));
    b[i] = a[i];
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST_TLS_CASE(test_digest_hmac_vectors),
      TEST_TLS_CASE(test_digest_hmac_keys),
      TEST_TLS_CASE(test_digest_misuse),
      TEST_TLS_CASE(test_digest_random_and_equal),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
