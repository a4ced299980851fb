#include "shim/boringssl/testing.h"

#include <openssl/aead.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec_key.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/mem.h>
#include <openssl/nid.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <stdlib.h>
#include <string.h>

#define ROUNDS_MAX 10000u
#define PIECE 4096u

static EVP_PKEY *new_key(void) {
  EC_KEY *ec = EC_KEY_new_by_curve_name(NID_X9_62_prime256v1);
  EVP_PKEY *key = EVP_PKEY_new();
  assert_int_equal(EC_KEY_generate_key(ec), 1);
  assert_int_equal(EVP_PKEY_assign_EC_KEY(key, ec), 1);
  return key;
}

static void add_extension(X509 *cert, int nid, const char *value) {
  X509V3_CTX ctx;
  X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
  X509_EXTENSION *extension = X509V3_EXT_nconf_nid(NULL, &ctx, nid, value);
  assert_non_null(extension);
  assert_int_equal(X509_add_ext(cert, extension, -1), 1);
  X509_EXTENSION_free(extension);
}

static X509 *new_certificate(EVP_PKEY *key, const char *common_name,
                             int64_t from, int64_t to) {
  static long serial = 1;
  X509 *cert = X509_new();
  assert_int_equal(X509_set_version(cert, X509_VERSION_3), 1);
  assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(cert), serial), 1);
  serial++;
  assert_non_null(
      ASN1_TIME_set(X509_getm_notBefore(cert), (time_t)(TEST_NOW + from)));
  assert_non_null(
      ASN1_TIME_set(X509_getm_notAfter(cert), (time_t)(TEST_NOW + to)));
  if (common_name != NULL) {
    assert_int_equal(X509_NAME_add_entry_by_NID(
                         X509_get_subject_name(cert), NID_commonName,
                         MBSTRING_ASC, (const uint8_t *)common_name, -1, -1, 0),
                     1);
  }
  assert_int_equal(X509_set_pubkey(cert, key), 1);
  return cert;
}

static char *take(BIO *bio, size_t *out_len) {
  const uint8_t *data = NULL;
  assert_int_equal(BIO_mem_contents(bio, &data, out_len), 1);
  char *text = OPENSSL_malloc(*out_len + 1u);
  assert_non_null(text);
  memcpy(text, data, *out_len);
  text[*out_len] = '\0';
  BIO_free(bio);
  return text;
}

static void to_pem(smtpc_boringssl_pem *out, X509 *cert, EVP_PKEY *key) {
  BIO *cert_bio = BIO_new(BIO_s_mem());
  BIO *key_bio = BIO_new(BIO_s_mem());
  assert_int_equal(PEM_write_bio_X509(cert_bio, cert), 1);
  assert_int_equal(
      PEM_write_bio_PrivateKey(key_bio, key, NULL, NULL, 0, NULL, NULL), 1);
  out->cert = take(cert_bio, &out->cert_len);
  out->key = take(key_bio, &out->key_len);
}

void test_authority_make(test_authority *out, const char *name) {
  out->key = new_key();
  out->cert =
      new_certificate(out->key, name, -1000L * TEST_DAY, 1000L * TEST_DAY);
  assert_int_equal(
      X509_set_issuer_name(out->cert, X509_get_subject_name(out->cert)), 1);
  add_extension(out->cert, NID_basic_constraints, "critical,CA:TRUE");
  add_extension(out->cert, NID_key_usage, "critical,keyCertSign");
  assert_true(X509_sign(out->cert, out->key, EVP_sha256()) > 0);
  to_pem(&out->pem, out->cert, out->key);
}

void test_authority_free(test_authority *authority) {
  X509_free(authority->cert);
  EVP_PKEY_free(authority->key);
  smtpc_boringssl_pem_free(&authority->pem);
}

static EVP_PKEY *new_rsa_key(void) {
  BIGNUM *exponent = BN_new();
  RSA *rsa = RSA_new();
  EVP_PKEY *key = EVP_PKEY_new();
  assert_int_equal(BN_set_word(exponent, RSA_F4), 1);
  // Short, so that the test is: nothing here depends on its strength.
  assert_int_equal(RSA_generate_key_ex(rsa, 1024, exponent, NULL), 1);
  assert_int_equal(EVP_PKEY_assign_RSA(key, rsa), 1);
  BN_free(exponent);
  return key;
}

// Takes `key`.
static void issue(smtpc_boringssl_pem *out, const test_authority *authority,
                  const test_leaf *leaf, EVP_PKEY *key, const char *usage) {
  X509 *cert = new_certificate(key, leaf->common_name, leaf->from, leaf->to);
  X509 *issuer = authority == NULL ? cert : authority->cert;
  assert_int_equal(X509_set_issuer_name(cert, X509_get_subject_name(issuer)),
                   1);
  add_extension(cert, NID_basic_constraints, "critical,CA:FALSE");
  if (leaf->names != NULL) {
    add_extension(cert, NID_subject_alt_name, leaf->names);
  }
  if (leaf->purpose != NULL) {
    add_extension(cert, NID_ext_key_usage, leaf->purpose);
  }
  if (usage != NULL) {
    add_extension(cert, NID_key_usage, usage);
  }
  assert_true(X509_sign(cert, authority == NULL ? key : authority->key,
                        EVP_sha256()) > 0);
  to_pem(out, cert, key);
  X509_free(cert);
  EVP_PKEY_free(key);
}

void test_issue(smtpc_boringssl_pem *out, const test_authority *authority,
                const test_leaf *leaf) {
  issue(out, authority, leaf, new_key(), NULL);
}

void test_issue_rsa(smtpc_boringssl_pem *out, const test_authority *authority,
                    const test_leaf *leaf, const char *usage) {
  issue(out, authority, leaf, new_rsa_key(), usage);
}

smtpc_tls_context *test_context(const smtpc_boringssl_pem *identity,
                                const test_authority *roots) {
  smtpc_tls_context *ctx = NULL;
  assert_int_equal(smtpc_boringssl_context_new(&ctx), SMTPC_BORINGSSL_NONE);
  smtpc_boringssl_context_set_time(ctx, TEST_NOW);
  if (identity != NULL) {
    assert_int_equal(
        smtpc_boringssl_context_set_identity(
            ctx, (const uint8_t *)identity->cert, identity->cert_len,
            (const uint8_t *)identity->key, identity->key_len, NULL),
        SMTPC_BORINGSSL_NONE);
  }
  if (roots != NULL) {
    assert_int_equal(
        smtpc_boringssl_context_add_roots(ctx, (const uint8_t *)roots->pem.cert,
                                          roots->pem.cert_len, NULL),
        SMTPC_BORINGSSL_NONE);
  }
  return ctx;
}

smtpc_tls_peer test_peer_server(void) {
  smtpc_tls_peer peer;
  memset(&peer, 0, sizeof peer);
  peer.role = SMTPC_TLS_SERVER;
  peer.min_version = SMTPC_TLS_1_2;
  return peer;
}

smtpc_tls_peer test_peer_client(const char *name, int verify) {
  smtpc_tls_peer peer = test_peer_server();
  const size_t len = name == NULL ? 0u : strlen(name);
  assert_true(len <= SMTPC_TLS_NAME_MAX);
  peer.role = SMTPC_TLS_CLIENT;
  peer.verify = verify != 0 ? 1u : 0u;
  peer.name_len = (uint16_t)len;
  if (len > 0u) {
    memcpy(peer.name, name, len);
  }
  return peer;
}

smtpc_tls *test_open(smtpc_tls_context *ctx, const smtpc_tls_peer *peer) {
  smtpc_tls *tls = NULL;
  test_number(smtpc_tls_open(&tls, ctx, peer), SMTPC_OK);
  assert_non_null(tls);
  return tls;
}

void test_push(smtpc_tls *tls, const void *data, size_t len, size_t cut) {
  const uint8_t *octets = data;
  size_t done = 0u;
  while (done < len) {
    const size_t piece = test_cut_next(cut, len - done);
    uint8_t *copy = test_copy(octets + done, piece);
    size_t used = 0u;
    const smtpc_status status = smtpc_tls_push(tls, copy, piece, &used);
    free(copy);
    assert_true(used <= piece);
    (void)smtpc_tls_handshake(tls, NULL);
    if (status != SMTPC_OK || used == 0u) {
      return;
    }
    done += used;
  }
}

size_t test_move(smtpc_tls *from, smtpc_tls *to, size_t cut) {
  const size_t piece = test_cut_next(cut, PIECE);
  size_t total = 0u;
  size_t len = 1u;
  while (len > 0u) {
    uint8_t *room = malloc(piece);
    assert_non_null(room);
    assert_int_equal(smtpc_tls_pull(from, room, piece, &len), SMTPC_OK);
    test_push(to, room, len, 0u);
    free(room);
    total += len;
  }
  return total;
}

void test_shake(smtpc_tls *a, smtpc_tls *b, size_t cut) {
  size_t moved = 1u;
  size_t rounds = 0u;
  while (moved > 0u && rounds < ROUNDS_MAX) {
    (void)smtpc_tls_handshake(a, NULL);
    (void)smtpc_tls_handshake(b, NULL);
    moved = test_move(a, b, cut) + test_move(b, a, cut);
    rounds++;
  }
  assert_true(rounds < ROUNDS_MAX);
}

// --- What the tests of TLS share ---------------------------------------------

const uint16_t test_versions[TEST_VERSION_COUNT] = {
    SMTPC_TLS_1_0, SMTPC_TLS_1_1, SMTPC_TLS_1_2, SMTPC_TLS_1_3};

test_tls_shared test_tls;

const test_leaf test_tls_leaf = {"DNS:" TEST_HOST, NULL, "serverAuth",
                                 -10L * TEST_DAY, 10L * TEST_DAY};

int test_tls_set_up(void **state) {
  (void)state;
  test_label("set up");
  test_authority_make(&test_tls.authority, "authority");
  test_authority_make(&test_tls.stranger, "stranger");
  test_issue(&test_tls.good, &test_tls.authority, &test_tls_leaf);
  test_tls.server = test_context(&test_tls.good, NULL);
  test_tls.client = test_context(&test_tls.good, &test_tls.authority);
  return 0;
}

int test_tls_tear_down(void **state) {
  (void)state;
  smtpc_boringssl_context_free(test_tls.server);
  smtpc_boringssl_context_free(test_tls.client);
  smtpc_boringssl_pem_free(&test_tls.good);
  test_authority_free(&test_tls.authority);
  test_authority_free(&test_tls.stranger);
  return 0;
}

int test_tls_no_error_left(void **state) {
  (void)state;
  return ERR_peek_error() == 0u ? 0 : -1;
}

test_pair test_pair_open(const char *name, int verify) {
  const smtpc_tls_peer server = test_peer_server();
  const smtpc_tls_peer client = test_peer_client(name, verify);
  test_pair two = {test_open(test_tls.server, &server),
                   test_open(test_tls.client, &client)};
  return two;
}

void test_pair_free(test_pair *two) {
  smtpc_tls_free(two->server);
  smtpc_tls_free(two->client);
}

void test_set_versions(smtpc_tls *tls, uint16_t low, uint16_t high) {
  SSL *ssl = smtpc_boringssl_native(tls);
  assert_int_equal(SSL_set_min_proto_version(ssl, low), 1);
  assert_int_equal(SSL_set_max_proto_version(ssl, high), 1);
}

void test_limit_version(smtpc_tls_context *ctx, smtpc_tls_role role,
                        uint16_t high) {
  SSL_CTX *native = smtpc_boringssl_context_native(ctx, role);
  assert_int_equal(SSL_CTX_set_max_proto_version(native, high), 1);
}

test_pair test_pair_up(uint16_t version) {
  test_pair two = test_pair_open(TEST_HOST, 1);
  test_set_versions(two.server, version, version);
  test_set_versions(two.client, version, version);
  test_shake(two.client, two.server, 0u);
  test_number(smtpc_tls_handshake(two.client, NULL), SMTPC_TLS_UP);
  test_number(smtpc_tls_handshake(two.server, NULL), SMTPC_TLS_UP);
  return two;
}

void test_expect_end(smtpc_tls *tls, smtpc_tls_failure want) {
  smtpc_tls_facts facts;
  memset(&facts, 0xff, sizeof facts);
  test_number(smtpc_tls_handshake(tls, &facts), SMTPC_TLS_FAILED);
  test_number(smtpc_tls_failure_of(tls), want);
  test_number(facts.failure, want);
  test_number(ERR_peek_error(), 0);
}

void test_expect_dead(smtpc_tls *tls, smtpc_tls_state state) {
  uint8_t octets[16];
  size_t len = 99u;
  // What the engine has to say to its peer may still be pulled.
  do {
    test_number(smtpc_tls_pull(tls, octets, sizeof octets, &len), SMTPC_OK);
  } while (len > 0u);
  for (int again = 0; again < 2; again++) {
    len = 99u;
    test_number(smtpc_tls_push(tls, (const uint8_t *)"EHLO x\r\n", 8u, &len),
                SMTPC_E_STATE);
    test_number(len, 0);
    len = 99u;
    test_number(smtpc_tls_read(tls, octets, sizeof octets, &len), state);
    test_number(len, 0);
    test_number(smtpc_tls_write(tls, octets, 1u), SMTPC_E_STATE);
    test_number(smtpc_tls_handshake(tls, NULL), state);
    test_number(smtpc_tls_end_of_stream(tls), state);
    test_number(smtpc_tls_pull(tls, octets, sizeof octets, &len), SMTPC_OK);
    test_number(len, 0);
  }
}

// Reads all that is there; the caller frees it.
static uint8_t *read_all(smtpc_tls *tls, size_t room, size_t *out_len) {
  uint8_t *data = malloc(room + 1u);
  size_t len = 1u;
  *out_len = 0u;
  assert_non_null(data);
  while (len > 0u && *out_len <= room) {
    (void)smtpc_tls_read(tls, data + *out_len, room + 1u - *out_len, &len);
    *out_len += len;
  }
  return data;
}

void test_expect_read(smtpc_tls *tls, const char *want) {
  size_t len = 0u;
  uint8_t *have = read_all(tls, 1000u, &len);
  test_octets(have, len, want, strlen(want));
  free(have);
}

uint8_t *test_pull_all(smtpc_tls *tls, size_t room, size_t *out_len) {
  uint8_t *data = malloc(room);
  assert_non_null(data);
  test_number(smtpc_tls_pull(tls, data, room, out_len), SMTPC_OK);
  assert_true(*out_len < room);
  return data;
}

size_t test_seal(const uint8_t *key, const uint8_t *iv, uint64_t sequence,
                 const uint8_t *message, size_t len, uint8_t *out) {
  uint8_t nonce[12];
  uint8_t aad[13];
  for (size_t i = 0u; i < 8u; i++) {
    aad[i] = (uint8_t)(sequence >> (56u - 8u * i));
  }
  aad[8] = 0x16u;
  aad[9] = 0x03u;
  aad[10] = 0x03u;
  aad[11] = 0u;
  aad[12] = (uint8_t)len;
  memcpy(nonce, iv, 4u);
  memcpy(nonce + 4u, aad, 8u);
  memcpy(out, aad + 8u, 3u);
  out[3] = 0u;
  out[4] = (uint8_t)(len + TEST_SEAL_MORE - 5u);
  memcpy(out + 5u, aad, 8u);
  EVP_AEAD_CTX *aead = EVP_AEAD_CTX_new(EVP_aead_aes_128_gcm(), key, 16u, 16u);
  size_t sealed = 0u;
  assert_non_null(aead);
  assert_int_equal(
      EVP_AEAD_CTX_seal(aead, out + 13u, &sealed, len + 16u, nonce,
                        sizeof nonce, message, len, aad, sizeof aad),
      1);
  EVP_AEAD_CTX_free(aead);
  assert_int_equal(13u + sealed, len + TEST_SEAL_MORE);
  return 13u + sealed;
}
