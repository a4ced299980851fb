#include "shim/boringssl/testing.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec_key.h>
#include <openssl/evp.h>
#include <openssl/mem.h>
#include <openssl/nid.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
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
