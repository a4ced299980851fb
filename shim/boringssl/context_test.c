#define _POSIX_C_SOURCE 200809L

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shim/boringssl/testing.h"
#include "shim/boringssl/tls_boringssl.h"

#define DAYS_LEFT -10L * TEST_DAY, 10L * TEST_DAY
#define DAYS_PAST -10L * TEST_DAY, -1L
#define DAYS_TO_COME 1L, 10L * TEST_DAY

static smtpc_boringssl_error set_identity(smtpc_tls_context *ctx,
                                          const char *cert, const char *key,
                                          smtpc_boringssl_identity *out) {
  uint8_t *cert_copy = test_copy(cert, strlen(cert));
  uint8_t *key_copy = test_copy(key, strlen(key));
  const smtpc_boringssl_error error = smtpc_boringssl_context_set_identity(
      ctx, cert_copy, strlen(cert), key_copy, strlen(key), out);
  free(cert_copy);
  free(key_copy);
  return error;
}

// The private key of `good`, under a pass phrase.
static char *encrypted_key(void) {
  BIO *in = BIO_new_mem_buf(test_tls.good.key, (int)test_tls.good.key_len);
  BIO *out = BIO_new(BIO_s_mem());
  EVP_PKEY *key = PEM_read_bio_PrivateKey(in, NULL, NULL, NULL);
  char pass[] = "secret";
  const uint8_t *data = NULL;
  size_t len = 0u;
  assert_non_null(key);
  assert_int_equal(PEM_write_bio_PKCS8PrivateKey(out, key, EVP_aes_128_cbc(),
                                                 pass, 6, NULL, NULL),
                   1);
  assert_int_equal(BIO_mem_contents(out, &data, &len), 1);
  char *text = calloc(1u, len + 1u);
  assert_non_null(text);
  memcpy(text, data, len);
  EVP_PKEY_free(key);
  BIO_free(in);
  BIO_free(out);
  return text;
}

static void test_context_identity_errors(void **state) {
  (void)state;
  char *locked = encrypted_key();
  char broken[200];
  memcpy(broken, test_tls.good.cert, sizeof broken);
  broken[sizeof broken - 1u] = '\0';
  const struct {
    const char *label;
    const char *cert;
    const char *key;
    smtpc_boringssl_error error;
  } rows[] = {
      {"good", test_tls.good.cert, test_tls.good.key, SMTPC_BORINGSSL_NONE},
      {"empty certificate", "", test_tls.good.key,
       SMTPC_BORINGSSL_CERTIFICATE_PEM},
      {"no PEM", "hello", test_tls.good.key, SMTPC_BORINGSSL_CERTIFICATE_PEM},
      {"key for certificate", test_tls.good.key, test_tls.good.key,
       SMTPC_BORINGSSL_CERTIFICATE_PEM},
      {"cut certificate", broken, test_tls.good.key,
       SMTPC_BORINGSSL_CERTIFICATE_PEM},
      {"empty key", test_tls.good.cert, "", SMTPC_BORINGSSL_KEY_PEM},
      {"certificate for key", test_tls.good.cert, test_tls.good.cert,
       SMTPC_BORINGSSL_KEY_PEM},
      {"other key", test_tls.good.cert, test_tls.authority.pem.key,
       SMTPC_BORINGSSL_KEY_MISMATCH},
      {"key with pass phrase", test_tls.good.cert, locked,
       SMTPC_BORINGSSL_KEY_ENCRYPTED},
  };
  for (size_t i = 0u; i < TEST_COUNT(rows); i++) {
    const smtpc_tls_peer peer = test_peer_server();
    smtpc_boringssl_identity found = {9u, 9u, 9u};
    smtpc_tls *tls = NULL;
    smtpc_tls_context *ctx = test_context(NULL, NULL);
    test_label("%s", rows[i].label);
    test_number(set_identity(ctx, rows[i].cert, rows[i].key, &found),
                rows[i].error);
    const int ok = rows[i].error == SMTPC_BORINGSSL_NONE ? 1 : 0;
    test_number(found.chain_count, ok);
    test_number(found.expired, 0);
    test_number(found.not_yet, 0);
    test_number(smtpc_tls_open(&tls, ctx, &peer),
                ok == 1 ? SMTPC_OK : SMTPC_E_ARGUMENT);
    smtpc_tls_free(tls);
    smtpc_boringssl_context_free(ctx);
  }
  free(locked);
}

static void test_context_keeps_its_identity_after_an_error(void **state) {
  (void)state;
  test_label("bad second identity");
  smtpc_tls_context *ctx = test_context(&test_tls.good, &test_tls.authority);
  const smtpc_tls_peer server = test_peer_server();
  const smtpc_tls_peer client = test_peer_client(TEST_HOST, 1);
  test_number(
      set_identity(ctx, test_tls.authority.pem.cert, test_tls.good.key, NULL),
      SMTPC_BORINGSSL_KEY_MISMATCH);
  test_pair two = {test_open(ctx, &server), test_open(ctx, &client)};
  test_shake(two.client, two.server, 0u);
  test_number(smtpc_tls_handshake(two.client, NULL), SMTPC_TLS_UP);
  test_pair_free(&two);
  smtpc_boringssl_context_free(ctx);
}

static void test_context_tells_a_certificate_out_of_date(void **state) {
  (void)state;
  static const struct {
    const char *label;
    int64_t from;
    int64_t to;
    int expired;
    int not_yet;
  } rows[] = {{"in date", DAYS_LEFT, 0, 0},
              {"expired", DAYS_PAST, 1, 0},
              {"not yet", DAYS_TO_COME, 0, 1}};
  for (size_t i = 0u; i < TEST_COUNT(rows); i++) {
    const test_leaf leaf = {"DNS:" TEST_HOST, NULL, NULL, rows[i].from,
                            rows[i].to};
    smtpc_boringssl_identity found = {9u, 9u, 9u};
    smtpc_boringssl_pem pem;
    test_label("%s", rows[i].label);
    test_issue(&pem, &test_tls.authority, &leaf);
    smtpc_tls_context *ctx = test_context(NULL, NULL);
    test_number(set_identity(ctx, pem.cert, pem.key, &found),
                SMTPC_BORINGSSL_NONE);
    test_number(found.expired, rows[i].expired);
    test_number(found.not_yet, rows[i].not_yet);
    smtpc_boringssl_context_free(ctx);
    smtpc_boringssl_pem_free(&pem);
  }
}

// A chain of the file is sent: a client that knows the root alone is content.
static void test_context_sends_the_chain(void **state) {
  (void)state;
  smtpc_boringssl_identity found;
  const size_t size =
      test_tls.good.cert_len + test_tls.authority.pem.cert_len + 1u;
  char *chain = calloc(1u, size);
  test_label("chain");
  assert_non_null(chain);
  memcpy(chain, test_tls.good.cert, test_tls.good.cert_len);
  memcpy(chain + test_tls.good.cert_len, test_tls.authority.pem.cert,
         test_tls.authority.pem.cert_len);
  smtpc_tls_context *ctx = test_context(NULL, NULL);
  test_number(set_identity(ctx, chain, test_tls.good.key, &found),
              SMTPC_BORINGSSL_NONE);
  test_number(found.chain_count, 2);
  const smtpc_tls_peer server = test_peer_server();
  const smtpc_tls_peer client = test_peer_client(TEST_HOST, 1);
  test_pair two = {test_open(ctx, &server),
                   test_open(test_tls.client, &client)};
  test_shake(two.client, two.server, 0u);
  test_number(smtpc_tls_handshake(two.client, NULL), SMTPC_TLS_UP);
  test_number(sk_X509_num(SSL_get_peer_full_cert_chain(
                  smtpc_boringssl_native(two.client))),
              2);
  test_pair_free(&two);
  smtpc_boringssl_context_free(ctx);
  free(chain);
}

static void test_context_bounds_the_chain(void **state) {
  (void)state;
  char *chain = calloc(10u, test_tls.good.cert_len + 1u);
  assert_non_null(chain);
  for (size_t i = 1u; i <= 9u; i++) {
    test_label("%zu certificates", i);
    memcpy(chain + (i - 1u) * test_tls.good.cert_len, test_tls.good.cert,
           test_tls.good.cert_len);
    smtpc_tls_context *ctx = test_context(NULL, NULL);
    test_number(set_identity(ctx, chain, test_tls.good.key, NULL),
                i <= SMTPC_BORINGSSL_CHAIN_MAX
                    ? SMTPC_BORINGSSL_NONE
                    : SMTPC_BORINGSSL_CERTIFICATE_PEM);
    smtpc_boringssl_context_free(ctx);
  }
  free(chain);
}

static void write_file(const char *path, const char *text) {
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(text, 1u, strlen(text), file), strlen(text));
  assert_int_equal(fclose(file), 0);
}

typedef struct folder {
  char path[200];
  char cert[220];
  char key[220];
  char other[220];
} folder;

static void make_folder(folder *out) {
  const char *base = getenv("TEST_TMPDIR");
  (void)snprintf(out->path, sizeof out->path, "%s/smtpcore-XXXXXX",
                 base == NULL ? "/tmp" : base);
  assert_non_null(mkdtemp(out->path));
  (void)snprintf(out->cert, sizeof out->cert, "%s/cert.pem", out->path);
  (void)snprintf(out->key, sizeof out->key, "%s/key", out->path);
  (void)snprintf(out->other, sizeof out->other, "%s/other.crt", out->path);
}

static void remove_folder(const folder *at) {
  (void)remove(at->cert);
  (void)remove(at->key);
  (void)remove(at->other);
  assert_int_equal(rmdir(at->path), 0);
}

static void test_context_reads_files(void **state) {
  (void)state;
  folder at;
  smtpc_boringssl_identity found = {9u, 9u, 9u};
  smtpc_tls_context *ctx = test_context(NULL, NULL);
  make_folder(&at);
  test_label("no certificate file");
  test_number(
      smtpc_boringssl_context_set_identity_files(ctx, at.cert, at.key, &found),
      SMTPC_BORINGSSL_CERTIFICATE_FILE);
  test_number(found.chain_count, 0);
  test_label("no key file");
  write_file(at.cert, test_tls.good.cert);
  test_number(
      smtpc_boringssl_context_set_identity_files(ctx, at.cert, at.key, &found),
      SMTPC_BORINGSSL_KEY_FILE);
  test_label("a directory");
  test_number(
      smtpc_boringssl_context_set_identity_files(ctx, at.path, at.key, &found),
      SMTPC_BORINGSSL_CERTIFICATE_FILE);
  test_label("empty key file");
  write_file(at.key, "");
  test_number(
      smtpc_boringssl_context_set_identity_files(ctx, at.cert, at.key, &found),
      SMTPC_BORINGSSL_KEY_PEM);
  test_label("both files");
  write_file(at.key, test_tls.good.key);
  test_number(
      smtpc_boringssl_context_set_identity_files(ctx, at.cert, at.key, &found),
      SMTPC_BORINGSSL_NONE);
  test_number(found.chain_count, 1);
  smtpc_boringssl_context_free(ctx);
  remove_folder(&at);
}

static void test_context_refuses_a_file_too_large(void **state) {
  (void)state;
  folder at;
  smtpc_tls_context *ctx = test_context(NULL, NULL);
  make_folder(&at);
  for (int more = 0; more <= 1; more++) {
    test_label("%d more", more);
    write_file(at.cert, test_tls.authority.pem.cert);
    // The rest of the file is zeros, which PEM readers pass over.
    assert_int_equal(
        truncate(at.cert, (off_t)SMTPC_BORINGSSL_FILE_MAX + (off_t)more), 0);
    test_number(smtpc_boringssl_context_add_roots_file(ctx, at.cert, NULL),
                more == 0 ? SMTPC_BORINGSSL_NONE : SMTPC_BORINGSSL_ROOTS_FILE);
  }
  smtpc_boringssl_context_free(ctx);
  remove_folder(&at);
}

static void test_context_roots(void **state) {
  (void)state;
  folder at;
  size_t count = 99u;
  smtpc_tls_context *ctx = test_context(NULL, NULL);
  const uint8_t *none = (const uint8_t *)"";
  make_folder(&at);
  test_label("no PEM");
  test_number(smtpc_boringssl_context_add_roots(ctx, none, 0u, &count),
              SMTPC_BORINGSSL_ROOTS_PEM);
  test_number(count, 0);
  test_label("no file");
  test_number(smtpc_boringssl_context_add_roots_file(ctx, at.cert, &count),
              SMTPC_BORINGSSL_ROOTS_FILE);
  test_label("no directory");
  test_number(smtpc_boringssl_context_add_roots_directory(ctx, at.cert, &count),
              SMTPC_BORINGSSL_ROOTS_FILE);
  test_label("empty directory");
  test_number(smtpc_boringssl_context_add_roots_directory(ctx, at.path, &count),
              SMTPC_BORINGSSL_ROOTS_PEM);
  test_label("one file twice");
  write_file(at.cert, test_tls.authority.pem.cert);
  for (int again = 0; again < 2; again++) {
    test_number(smtpc_boringssl_context_add_roots_file(ctx, at.cert, &count),
                SMTPC_BORINGSSL_NONE);
    test_number(count, 1);
  }
  test_label("directory");
  write_file(at.other, test_tls.stranger.pem.cert);
  write_file(at.key, "not looked at");
  test_number(smtpc_boringssl_context_add_roots_directory(ctx, at.path, &count),
              SMTPC_BORINGSSL_NONE);
  test_number(count, 2);
  test_label("a broken one");
  write_file(at.other, "broken");
  test_number(smtpc_boringssl_context_add_roots_directory(ctx, at.path, &count),
              SMTPC_BORINGSSL_ROOTS_PEM);
  test_number(count, 0);
  test_label("the file's root is trusted");
  const smtpc_tls_peer server = test_peer_server();
  const smtpc_tls_peer client = test_peer_client(TEST_HOST, 1);
  test_pair two = {test_open(test_tls.server, &server),
                   test_open(ctx, &client)};
  test_shake(two.client, two.server, 0u);
  test_number(smtpc_tls_handshake(two.client, NULL), SMTPC_TLS_UP);
  test_pair_free(&two);
  smtpc_boringssl_context_free(ctx);
  remove_folder(&at);
}

static void test_context_ciphers(void **state) {
  (void)state;
  char large[600];
  smtpc_tls_context *ctx = test_context(NULL, NULL);
  memset(large, 'A', sizeof large);
  large[sizeof large - 1u] = '\0';
  test_label("ciphers");
  test_number(smtpc_boringssl_context_set_ciphers(ctx, "NO-SUCH-CIPHER"),
              SMTPC_BORINGSSL_CIPHERS);
  test_number(smtpc_boringssl_context_set_ciphers(ctx, ""),
              SMTPC_BORINGSSL_ARGUMENT);
  test_number(smtpc_boringssl_context_set_ciphers(ctx, large),
              SMTPC_BORINGSSL_ARGUMENT);
  test_number(smtpc_boringssl_context_set_ciphers(NULL, NULL),
              SMTPC_BORINGSSL_ARGUMENT);
  test_number(
      smtpc_boringssl_context_set_ciphers(ctx, "ECDHE-RSA-AES128-GCM-SHA256"),
      SMTPC_BORINGSSL_NONE);
  test_number(smtpc_boringssl_context_set_ciphers(ctx, NULL),
              SMTPC_BORINGSSL_NONE);
  smtpc_boringssl_context_free(ctx);
}

// A length that the library cannot take is no lack of memory, and no octet is read.
static void test_context_refuses_a_text_too_long(void **state) {
  (void)state;
  const uint8_t octet = (uint8_t)'-';
  const size_t len = (size_t)INT_MAX + 1u;
  const uint8_t *cert = (const uint8_t *)test_tls.good.cert;
  const uint8_t *key = (const uint8_t *)test_tls.good.key;
  smtpc_tls_context *ctx = test_context(NULL, NULL);
  test_label("too long");
  test_number(smtpc_boringssl_context_set_identity(ctx, &octet, len, key,
                                                   test_tls.good.key_len, NULL),
              SMTPC_BORINGSSL_CERTIFICATE_PEM);
  test_number(smtpc_boringssl_context_set_identity(
                  ctx, cert, test_tls.good.cert_len, &octet, len, NULL),
              SMTPC_BORINGSSL_KEY_PEM);
  test_number(smtpc_boringssl_context_add_roots(ctx, &octet, len, NULL),
              SMTPC_BORINGSSL_ROOTS_PEM);
  smtpc_boringssl_context_free(ctx);
}

static void test_context_misuse(void **state) {
  (void)state;
  const uint8_t octet = 0u;
  smtpc_tls_context *ctx = test_context(NULL, NULL);
  test_label("misuse");
  test_number(smtpc_boringssl_context_new(NULL), SMTPC_BORINGSSL_ARGUMENT);
  test_number(
      smtpc_boringssl_context_set_identity(NULL, &octet, 1u, &octet, 1u, NULL),
      SMTPC_BORINGSSL_ARGUMENT);
  test_number(
      smtpc_boringssl_context_set_identity(ctx, NULL, 1u, &octet, 1u, NULL),
      SMTPC_BORINGSSL_ARGUMENT);
  test_number(
      smtpc_boringssl_context_set_identity(ctx, &octet, 1u, NULL, 1u, NULL),
      SMTPC_BORINGSSL_ARGUMENT);
  test_number(smtpc_boringssl_context_set_identity_files(ctx, NULL, "x", NULL),
              SMTPC_BORINGSSL_ARGUMENT);
  test_number(smtpc_boringssl_context_add_roots(NULL, &octet, 1u, NULL),
              SMTPC_BORINGSSL_ARGUMENT);
  test_number(smtpc_boringssl_context_add_roots_file(ctx, NULL, NULL),
              SMTPC_BORINGSSL_ARGUMENT);
  test_number(smtpc_boringssl_context_add_roots_directory(ctx, NULL, NULL),
              SMTPC_BORINGSSL_ARGUMENT);
  smtpc_boringssl_context_set_time(NULL, 1);
  smtpc_boringssl_context_free(ctx);
}

static void test_error_names_are_distinct(void **state) {
  (void)state;
  for (int i = 0; i < SMTPC_BORINGSSL_ERROR_COUNT; i++) {
    const char *name = smtpc_boringssl_error_name((smtpc_boringssl_error)i);
    test_label("%d", i);
    assert_string_not_equal(name, "unknown");
    assert_string_not_equal(
        smtpc_boringssl_error_text((smtpc_boringssl_error)i), "unknown error");
    for (int k = 0; k < i; k++) {
      assert_string_not_equal(
          name, smtpc_boringssl_error_name((smtpc_boringssl_error)k));
    }
  }
  assert_string_equal(smtpc_boringssl_error_name(SMTPC_BORINGSSL_ERROR_COUNT),
                      "unknown");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST_TLS_CASE(test_context_identity_errors),
      TEST_TLS_CASE(test_context_keeps_its_identity_after_an_error),
      TEST_TLS_CASE(test_context_tells_a_certificate_out_of_date),
      TEST_TLS_CASE(test_context_sends_the_chain),
      TEST_TLS_CASE(test_context_bounds_the_chain),
      TEST_TLS_CASE(test_context_reads_files),
      TEST_TLS_CASE(test_context_refuses_a_file_too_large),
      TEST_TLS_CASE(test_context_roots),
      TEST_TLS_CASE(test_context_ciphers),
      TEST_TLS_CASE(test_context_refuses_a_text_too_long),
      TEST_TLS_CASE(test_context_misuse),
      TEST_TLS_CASE(test_error_names_are_distinct),
  };
  return cmocka_run_group_tests(tests, test_tls_set_up, test_tls_tear_down);
}
