#include <openssl/base64.h>

#include <stdlib.h>
#include <string.h>

#include "shim/boringssl/testing.h"
#include "shim/boringssl/tls_boringssl.h"
#include "smtpcore/registry.h"

// An exchange of the RFCs: user "user", password "pencil", 4096 iterations. The
// values are base64.
typedef struct scram_row {
  const char *label;
  unsigned mechanism;
  unsigned plus;
  smtpc_boringssl_hash hash;
  const char *salt;
  const char *text;
  const char *stored;
  const char *server;
  const char *proof;
  const char *signature;
} scram_row;

#define NONCE_1 "fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j"
#define NONCE_256 "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"

// Proof and signature are the RFCs' own. The two keys, which they do not show, come
// from another implementation, which gives their proofs and signatures too.
static const scram_row rows[] = {
    {"RFC 5802 section 5", SMTPC_MECHANISM_SCRAM_SHA_1,
     SMTPC_MECHANISM_SCRAM_SHA_1_PLUS, SMTPC_BORINGSSL_SHA1, "QSXCR+Q6sek8bf92",
     "n=user,r=fyko+d2lbbFgONRv9qkxdawL,r=" NONCE_1
     ",s=QSXCR+Q6sek8bf92,i=4096,c=biws,r=" NONCE_1,
     "6dlGYMOdZcOPutkcNY8U2g7vK9Y=", "D+CSWLOshSulAsxiupA+qs2/fTE=",
     "v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=", "rmF9pqV8S7suAoZWja4dJRkFsKQ="},
    {"RFC 7677 section 3", SMTPC_MECHANISM_SCRAM_SHA_256,
     SMTPC_MECHANISM_SCRAM_SHA_256_PLUS, SMTPC_BORINGSSL_SHA256,
     "W22ZaJ0SNY7soEsUEjb6gQ==",
     "n=user,r=rOprNGfwEbeRWgbNEkqO,r=" NONCE_256
     ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=" NONCE_256,
     "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=",
     "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
     "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
     "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="},
};

#define PENCIL ((const uint8_t *)"pencil")

// Decoded, as an exact-size copy, which the caller frees.
static uint8_t *decode(const char *text, size_t *out_len) {
  uint8_t room[128];
  const int got = EVP_DecodeBlock(room, (const uint8_t *)text, strlen(text));
  assert_true(got > 0);
  const char *pad = strchr(text, '=');
  *out_len = (size_t)got - (pad == NULL ? 0u : strlen(pad));
  return test_copy(room, *out_len);
}

// Two values in a row, as the functions write them.
static uint8_t *decode_both(const char *a, const char *b, size_t *out_len) {
  size_t a_len = 0u;
  size_t b_len = 0u;
  uint8_t *one = decode(a, &a_len);
  uint8_t *two = decode(b, &b_len);
  uint8_t *out = malloc(a_len + b_len);
  assert_non_null(out);
  memcpy(out, one, a_len);
  memcpy(out + a_len, two, b_len);
  *out_len = a_len + b_len;
  free(one);
  free(two);
  return out;
}

static smtpc_boringssl_secret secret_of(const scram_row *row) {
  smtpc_boringssl_secret secret = {0};
  secret.password = PENCIL;
  secret.password_len = 6u;
  secret.iterations = 4096u;
  secret.salt = decode(row->salt, &secret.salt_len);
  return secret;
}

static void free_secret(smtpc_boringssl_secret *secret) {
  free((void *)(uintptr_t)secret->salt);
}

//= RFC 5802 section 5
//= RFC 7677 section 3
static void test_scram_client_of_the_rfcs(void **state) {
  (void)state;
  for (size_t i = 0u; i < TEST_COUNT(rows); i++) {
    const scram_row *row = &rows[i];
    const size_t text_len = strlen(row->text);
    size_t len = 0u;
    size_t got = 0u;
    smtpc_boringssl_secret secret = secret_of(row);
    uint8_t *want = decode_both(row->proof, row->signature, &len);
    uint8_t *text = test_copy(row->text, text_len);
    uint8_t *out = malloc(len);
    assert_non_null(out);
    test_label("%s", row->label);
    test_number(len, 2u * smtpc_boringssl_digest_len(row->hash));
    test_number(
        smtpc_boringssl_scram_client(row->hash, &secret, text, text_len, out),
        SMTPC_OK);
    test_octets(out, len, want, len);
    for (unsigned bound = 0u; bound <= 1u; bound++) {
      memset(out, 0, len);
      test_number(
          smtpc_boringssl_sasl_digest(bound == 0u ? row->mechanism : row->plus,
                                      &secret, text, text_len, out, &got),
          SMTPC_OK);
      test_octets(out, got, want, len);
    }
    free(out);
    free(text);
    free(want);
    free_secret(&secret);
  }
}

static void test_scram_keys_of_the_rfcs(void **state) {
  (void)state;
  for (size_t i = 0u; i < TEST_COUNT(rows); i++) {
    const scram_row *row = &rows[i];
    size_t len = 0u;
    smtpc_boringssl_secret secret = secret_of(row);
    uint8_t *want = decode_both(row->stored, row->server, &len);
    uint8_t *out = malloc(len);
    assert_non_null(out);
    test_label("%s", row->label);
    test_number(smtpc_boringssl_scram_keys(row->hash, &secret, out), SMTPC_OK);
    test_octets(out, len, want, len);
    free(out);
    free(want);
    free_secret(&secret);
  }
}

static void expect_wrong(const scram_row *row,
                         const smtpc_boringssl_proof *given) {
  uint8_t out[SMTPC_BORINGSSL_DIGEST_MAX];
  memset(out, 0x5a, sizeof out);
  assert_false(smtpc_boringssl_scram_server(row->hash, given, out));
  for (size_t i = 0u; i < sizeof out; i++) {
    test_number(out[i], 0x5a);
  }
}

// Each octet of what a proof hangs on counts; the ServerKey does not judge, it
// signs.
static void check_changes(const scram_row *row, uint8_t *keys, uint8_t *text,
                          uint8_t *proof, const smtpc_boringssl_proof *given) {
  for (size_t i = 0u; i < given->proof_len; i++) {
    test_label("%s, proof %zu", row->label, i);
    proof[i] ^= 1u;
    expect_wrong(row, given);
    proof[i] ^= 1u;
    test_label("%s, StoredKey %zu", row->label, i);
    keys[i] ^= 0x80u;
    expect_wrong(row, given);
    keys[i] ^= 0x80u;
  }
  for (size_t i = 0u; i < given->text_len; i++) {
    test_label("%s, text %zu", row->label, i);
    text[i] ^= 1u;
    expect_wrong(row, given);
    text[i] ^= 1u;
  }
}

// A proof for keys that differ in one octet from what its ClientKey gives.
static void check_near_misses(const scram_row *row, uint8_t *keys,
                              uint8_t *proof,
                              const smtpc_boringssl_proof *given) {
  uint8_t client[SMTPC_BORINGSSL_DIGEST_MAX];
  uint8_t signature[SMTPC_BORINGSSL_DIGEST_MAX];
  const size_t len = given->proof_len;
  test_number(smtpc_boringssl_digest_hmac(row->hash, keys, len, given->text,
                                          given->text_len, client),
              SMTPC_OK);
  for (size_t i = 0u; i < len; i++) {
    client[i] ^= proof[i];
  }
  for (size_t i = 0u; i <= len; i++) {
    test_label("%s, near miss %zu", row->label, i);
    keys[i] ^= 1u;
    test_number(smtpc_boringssl_digest_hmac(row->hash, keys, len, given->text,
                                            given->text_len, signature),
                SMTPC_OK);
    for (size_t k = 0u; k < len; k++) {
      proof[k] = client[k] ^ signature[k];
    }
    if (i < len) {
      expect_wrong(row, given);
    } else {
      // The ServerKey begins here: it has no say in it.
      assert_true(smtpc_boringssl_scram_server(row->hash, given, signature));
    }
    keys[i] ^= 1u;
  }
}

static void check_lengths(const scram_row *row,
                          const smtpc_boringssl_proof *given) {
  for (size_t more = 0u; more <= 2u; more += 2u) {
    smtpc_boringssl_proof other = *given;
    test_label("%s, %zu octets more than one less", row->label, more);
    // No octet of either is looked at: they are not there.
    other.proof_len = given->proof_len - 1u + more;
    expect_wrong(row, &other);
    other = *given;
    other.keys_len = given->keys_len - 1u + more;
    expect_wrong(row, &other);
  }
  smtpc_boringssl_proof other = *given;
  other.text_len--;
  expect_wrong(row, &other);
}

static void test_scram_server_of_the_rfcs(void **state) {
  (void)state;
  for (size_t i = 0u; i < TEST_COUNT(rows); i++) {
    const scram_row *row = &rows[i];
    smtpc_boringssl_proof given = {0};
    size_t len = 0u;
    given.text_len = strlen(row->text);
    uint8_t *text = test_copy(row->text, given.text_len);
    uint8_t *keys = decode_both(row->stored, row->server, &given.keys_len);
    uint8_t *proof = decode(row->proof, &given.proof_len);
    uint8_t *want = decode(row->signature, &len);
    uint8_t *out = malloc(len);
    assert_non_null(out);
    given.keys = keys;
    given.text = text;
    given.proof = proof;
    test_label("%s", row->label);
    assert_true(smtpc_boringssl_scram_server(row->hash, &given, out));
    test_octets(out, len, want, len);
    check_changes(row, keys, text, proof, &given);
    check_near_misses(row, keys, proof, &given);
    check_lengths(row, &given);
    test_label("%s, another ServerKey", row->label);
    keys[len] ^= 1u;
    assert_true(smtpc_boringssl_scram_server(row->hash, &given, out));
    assert_memory_not_equal(out, want, len);
    free(out);
    free(want);
    free(proof);
    free(keys);
    free(text);
  }
}

// RFC 6070 section 2, and RFC 7914 section 11: the first block.
static void test_scram_salted_vectors(void **state) {
  (void)state;
  static const struct {
    smtpc_boringssl_hash hash;
    const char *password;
    uint32_t rounds;
    const char *want;
  } vectors[] = {
      {SMTPC_BORINGSSL_SHA1, "password", 1u,
       "\x0c\x60\xc8\x0f\x96\x1f\x0e\x71\xf3\xa9\xb5\x24\xaf\x60\x12\x06"
       "\x2f\xe0\x37\xa6"},
      {SMTPC_BORINGSSL_SHA1, "password", 2u,
       "\xea\x6c\x01\x4d\xc7\x2d\x6f\x8c\xcd\x1e\xd9\x2a\xce\x1d\x41\xf0"
       "\xd8\xde\x89\x57"},
      {SMTPC_BORINGSSL_SHA1, "password", 4096u,
       "\x4b\x00\x79\x01\xb7\x65\x48\x9a\xbe\xad\x49\xd9\x26\xf7\x21\xd0"
       "\x65\xa4\x29\xc1"},
      {SMTPC_BORINGSSL_SHA256, "passwd", 1u,
       "\x55\xac\x04\x6e\x56\xe3\x08\x9f\xec\x16\x91\xc2\x25\x44\xb6\x05"
       "\xf9\x41\x85\x21\x6d\xde\x04\x65\xe6\x8b\x9d\x57\xc2\x0d\xac\xbc"},
  };
  for (size_t i = 0u; i < TEST_COUNT(vectors); i++) {
    uint8_t out[SMTPC_BORINGSSL_DIGEST_MAX];
    const size_t len = smtpc_boringssl_digest_len(vectors[i].hash);
    test_label("row %zu", i);
    test_number(smtpc_boringssl_digest_salted(
                    vectors[i].hash, (const uint8_t *)vectors[i].password,
                    strlen(vectors[i].password), (const uint8_t *)"salt", 4u,
                    vectors[i].rounds, out),
                SMTPC_OK);
    test_octets(out, len, vectors[i].want, len);
  }
}

static void test_scram_misuse(void **state) {
  (void)state;
  uint8_t out[2u * SMTPC_BORINGSSL_DIGEST_MAX];
  const uint8_t octets[64] = {0u};
  size_t len = 99u;
  const smtpc_boringssl_secret good = {PENCIL, 6u, octets, 16u, 4096u};
  const smtpc_boringssl_secret bad[] = {
      {NULL, 6u, octets, 16u, 4096u},
      {PENCIL, 6u, NULL, 16u, 4096u},
      {PENCIL, 6u, octets, 0u, 4096u},
      {PENCIL, 6u, octets, 16u, 0u},
      {PENCIL, 6u, octets, 16u, SMTPC_ITERATIONS_MAX + 1u},
  };
  const smtpc_boringssl_hash no_hash = (smtpc_boringssl_hash)3;
  memset(out, 0x5a, sizeof out);
  for (size_t i = 0u; i < TEST_COUNT(bad); i++) {
    test_label("secret %zu", i);
    test_number(smtpc_boringssl_scram_client(SMTPC_BORINGSSL_SHA256, &bad[i],
                                             octets, 1u, out),
                SMTPC_E_ARGUMENT);
    test_number(
        smtpc_boringssl_scram_keys(SMTPC_BORINGSSL_SHA256, &bad[i], out),
        SMTPC_E_ARGUMENT);
    test_number(smtpc_boringssl_sasl_digest(SMTPC_MECHANISM_SCRAM_SHA_1,
                                            &bad[i], octets, 1u, out, &len),
                SMTPC_E_ARGUMENT);
    test_number(len, 0);
  }
  test_label("hash");
  // There is no SCRAM with MD5.
  test_number(
      smtpc_boringssl_scram_client(SMTPC_BORINGSSL_MD5, &good, octets, 1u, out),
      SMTPC_E_ARGUMENT);
  test_number(smtpc_boringssl_scram_keys(no_hash, &good, out),
              SMTPC_E_ARGUMENT);
  test_label("pointers");
  test_number(
      smtpc_boringssl_scram_client(SMTPC_BORINGSSL_SHA1, NULL, octets, 1u, out),
      SMTPC_E_ARGUMENT);
  test_number(
      smtpc_boringssl_scram_client(SMTPC_BORINGSSL_SHA1, &good, NULL, 1u, out),
      SMTPC_E_ARGUMENT);
  test_number(smtpc_boringssl_scram_client(SMTPC_BORINGSSL_SHA1, &good, octets,
                                           1u, NULL),
              SMTPC_E_ARGUMENT);
  test_number(smtpc_boringssl_scram_keys(SMTPC_BORINGSSL_SHA1, NULL, out),
              SMTPC_E_ARGUMENT);
  test_number(smtpc_boringssl_scram_keys(SMTPC_BORINGSSL_SHA1, &good, NULL),
              SMTPC_E_ARGUMENT);
  for (size_t i = 0u; i < sizeof out; i++) {
    test_number(out[i], 0x5a);
  }
}

static void test_scram_server_misuse(void **state) {
  (void)state;
  uint8_t out[SMTPC_BORINGSSL_DIGEST_MAX];
  const uint8_t octets[64] = {0u};
  const smtpc_boringssl_proof bad[] = {
      {NULL, 40u, octets, 1u, octets, 20u},
      {octets, 40u, NULL, 1u, octets, 20u},
      {octets, 40u, octets, 1u, NULL, 20u},
      {octets, 32u, octets, 1u, octets, 16u},
  };
  for (size_t i = 0u; i < TEST_COUNT(bad); i++) {
    test_label("row %zu", i);
    assert_false(
        smtpc_boringssl_scram_server(SMTPC_BORINGSSL_SHA1, &bad[i], out));
    assert_false(
        smtpc_boringssl_scram_server(SMTPC_BORINGSSL_MD5, &bad[i], out));
  }
  test_label("pointers");
  assert_false(smtpc_boringssl_scram_server(SMTPC_BORINGSSL_SHA1, NULL, out));
  assert_false(smtpc_boringssl_scram_server(SMTPC_BORINGSSL_SHA1, bad, NULL));
}

static void test_scram_hash_of_each_mechanism(void **state) {
  (void)state;
  for (unsigned i = 0u; i <= SMTPC_MECHANISM_COUNT; i++) {
    const uint8_t text = 'x';
    const smtpc_boringssl_secret secret = {PENCIL, 6u, &text, 1u, 1u};
    smtpc_boringssl_hash hash = SMTPC_BORINGSSL_MD5;
    uint8_t out[2u * SMTPC_BORINGSSL_DIGEST_MAX];
    size_t len = 99u;
    size_t want = 0u;
    test_label("mechanism %u", i);
    if (i == SMTPC_MECHANISM_CRAM_MD5) {
      want = SMTPC_MD5_LEN;
    } else if (i == SMTPC_MECHANISM_SCRAM_SHA_1 ||
               i == SMTPC_MECHANISM_SCRAM_SHA_1_PLUS) {
      want = 2u * SMTPC_SHA1_LEN;
    } else if (i == SMTPC_MECHANISM_SCRAM_SHA_256 ||
               i == SMTPC_MECHANISM_SCRAM_SHA_256_PLUS) {
      want = 2u * SMTPC_SHA256_LEN;
    }
    test_number(smtpc_boringssl_hash_of(i, &hash), want > 0u);
    test_number(smtpc_boringssl_sasl_digest(i, &secret, &text, 1u, out, &len),
                want > 0u ? SMTPC_OK : SMTPC_E_ARGUMENT);
    test_number(len, want);
    test_number(smtpc_boringssl_sasl_digest(i, NULL, &text, 1u, out, &len),
                SMTPC_E_ARGUMENT);
    test_number(smtpc_boringssl_sasl_digest(i, &secret, &text, 1u, NULL, &len),
                SMTPC_E_ARGUMENT);
    test_number(smtpc_boringssl_sasl_digest(i, &secret, &text, 1u, out, NULL),
                SMTPC_E_ARGUMENT);
  }
}

// RFC 2195 section 2, as a client's session asks it: no salt, no iterations.
static void test_scram_sasl_digest_of_cram_md5(void **state) {
  (void)state;
  static const char challenge[] = "<1896.697170952@postoffice.reston.mci.net>";
  const smtpc_boringssl_secret secret = {(const uint8_t *)"tanstaaftanstaaf",
                                         16u, NULL, 0u, 0u};
  uint8_t out[SMTPC_MD5_LEN];
  size_t len = 0u;
  test_label("RFC 2195");
  test_number(smtpc_boringssl_sasl_digest(SMTPC_MECHANISM_CRAM_MD5, &secret,
                                          (const uint8_t *)challenge,
                                          sizeof challenge - 1u, out, &len),
              SMTPC_OK);
  test_octets(out, len,
              "\xb9\x13\xa6\x02\xc7\xed\xa7\xa4\x95\xb4\xe6\xe7\x33\x4d\x38"
              "\x90",
              16u);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST_TLS_CASE(test_scram_client_of_the_rfcs),
      TEST_TLS_CASE(test_scram_keys_of_the_rfcs),
      TEST_TLS_CASE(test_scram_server_of_the_rfcs),
      TEST_TLS_CASE(test_scram_salted_vectors),
      TEST_TLS_CASE(test_scram_misuse),
      TEST_TLS_CASE(test_scram_server_misuse),
      TEST_TLS_CASE(test_scram_hash_of_each_mechanism),
      TEST_TLS_CASE(test_scram_sasl_digest_of_cram_md5),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
