#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <string.h>

#include "shim/boringssl/testing.h"
#include "shim/boringssl/tls_boringssl.h"

static void check_made(const char *name, int64_t shift, int chain_ok) {
  smtpc_boringssl_pem pem;
  smtpc_tls_facts facts;
  test_label("%s, %lld seconds later", name, (long long)shift);
  test_number(
      smtpc_boringssl_certificate_make(name, strlen(name), TEST_NOW, 2u, &pem),
      SMTPC_BORINGSSL_NONE);
  test_number(strlen(pem.cert), pem.cert_len);
  test_number(strlen(pem.key), pem.key_len);
  smtpc_tls_context *ctx = test_context(&pem, NULL);
  smtpc_boringssl_context_set_time(ctx, TEST_NOW + shift);
  test_number(smtpc_boringssl_context_add_roots(ctx, (const uint8_t *)pem.cert,
                                                pem.cert_len, NULL),
              SMTPC_BORINGSSL_NONE);
  const smtpc_tls_peer server = test_peer_server();
  const smtpc_tls_peer client = test_peer_client(name, 0);
  test_pair two = {test_open(ctx, &server), test_open(ctx, &client)};
  test_shake(two.client, two.server, 0u);
  test_number(smtpc_tls_handshake(two.client, &facts), SMTPC_TLS_UP);
  test_number(facts.chain_ok, chain_ok);
  test_number(facts.name_ok, 1);
  test_pair_free(&two);
  smtpc_boringssl_context_free(ctx);
  smtpc_boringssl_pem_free(&pem);
}

static void test_certificate_made_is_good_for_its_name(void **state) {
  (void)state;
  char name[SMTPC_TLS_NAME_MAX + 1u];
  check_made(TEST_HOST, 0, 1);
  check_made("printer", 0, 1);
  check_made("192.0.2.1", 0, 1);
  check_made("2001:db8::1", 0, 1);
  // The longest name is too long for a common name.
  for (size_t i = 0u; i < SMTPC_TLS_NAME_MAX; i++) {
    name[i] = i % 50u == 49u ? '.' : 'a';
  }
  name[SMTPC_TLS_NAME_MAX] = '\0';
  check_made(name, 0, 1);
}

static void test_certificate_made_has_its_dates(void **state) {
  (void)state;
  check_made(TEST_HOST, -3599, 1);
  check_made(TEST_HOST, -3601, 0);
  check_made(TEST_HOST, 2L * TEST_DAY - 1L, 1);
  check_made(TEST_HOST, 2L * TEST_DAY + 1L, 0);
}

static X509 *parse(const smtpc_boringssl_pem *pem) {
  BIO *bio = BIO_new_mem_buf(pem->cert, (int)pem->cert_len);
  X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
  BIO_free(bio);
  assert_non_null(cert);
  return cert;
}

static void test_certificate_made_is_no_authority(void **state) {
  (void)state;
  smtpc_boringssl_pem a;
  smtpc_boringssl_pem b;
  test_label("extensions");
  test_number(smtpc_boringssl_certificate_make(TEST_HOST, strlen(TEST_HOST),
                                               TEST_NOW, 1u, &a),
              SMTPC_BORINGSSL_NONE);
  test_number(smtpc_boringssl_certificate_make(TEST_HOST, strlen(TEST_HOST),
                                               TEST_NOW, 1u, &b),
              SMTPC_BORINGSSL_NONE);
  X509 *first = parse(&a);
  X509 *second = parse(&b);
  BASIC_CONSTRAINTS *basic =
      X509_get_ext_d2i(first, NID_basic_constraints, NULL, NULL);
  assert_non_null(basic);
  test_number(basic->ca, 0);
  BASIC_CONSTRAINTS_free(basic);
  test_number(X509_get_version(first), X509_VERSION_3);
  test_number(X509_check_purpose(first, X509_PURPOSE_SSL_SERVER, 0), 1);
  test_number(X509_check_purpose(first, X509_PURPOSE_SSL_CLIENT, 0), 0);
  // Two are never the same, in key or number.
  assert_int_not_equal(ASN1_INTEGER_cmp(X509_get0_serialNumber(first),
                                        X509_get0_serialNumber(second)),
                       0);
  assert_string_not_equal(a.key, b.key);
  X509_free(first);
  X509_free(second);
  smtpc_boringssl_pem_free(&a);
  smtpc_boringssl_pem_free(&b);
  smtpc_boringssl_pem_free(NULL);
}

static void test_certificate_made_for_the_last_day(void **state) {
  (void)state;
  smtpc_boringssl_pem pem;
  test_label("the end of 9999");
  test_number(
      smtpc_boringssl_certificate_make(TEST_HOST, strlen(TEST_HOST),
                                       INT64_C(253402300799) - 86400, 1u, &pem),
      SMTPC_BORINGSSL_NONE);
  smtpc_boringssl_pem_free(&pem);
}

static void test_certificate_make_misuse(void **state) {
  (void)state;
  static const struct {
    const char *name;
    int64_t now;
    uint32_t days;
    smtpc_boringssl_error error;
  } rows[] = {
      {"", TEST_NOW, 1u, SMTPC_BORINGSSL_NAME},
      {"a b", TEST_NOW, 1u, SMTPC_BORINGSSL_NAME},
      {"*.example.org", TEST_NOW, 1u, SMTPC_BORINGSSL_NAME},
      {"a\r\nb", TEST_NOW, 1u, SMTPC_BORINGSSL_NAME},
      {"1.2.3", TEST_NOW, 1u, SMTPC_BORINGSSL_NAME},
      {TEST_HOST, 0, 1u, SMTPC_BORINGSSL_ARGUMENT},
      {TEST_HOST, TEST_NOW, 0u, SMTPC_BORINGSSL_ARGUMENT},
      {TEST_HOST, TEST_NOW, SMTPC_BORINGSSL_DAYS_MAX + 1u,
       SMTPC_BORINGSSL_ARGUMENT},
      {NULL, TEST_NOW, 1u, SMTPC_BORINGSSL_ARGUMENT},
      // No certificate can name a day after 9999.
      {TEST_HOST, INT64_C(253402300800) - 86400, 1u, SMTPC_BORINGSSL_ARGUMENT},
      {TEST_HOST, INT64_MAX, 1u, SMTPC_BORINGSSL_ARGUMENT},
  };
  for (size_t i = 0u; i < TEST_COUNT(rows); i++) {
    smtpc_boringssl_pem pem;
    memset(&pem, 0xff, sizeof pem);
    test_label("row %zu", i);
    test_number(
        smtpc_boringssl_certificate_make(
            rows[i].name, rows[i].name == NULL ? 0u : strlen(rows[i].name),
            rows[i].now, rows[i].days, &pem),
        rows[i].error);
    assert_null(pem.cert);
    assert_null(pem.key);
    test_number(pem.cert_len + pem.key_len, 0);
  }
  test_number(
      smtpc_boringssl_certificate_make(TEST_HOST, 3u, TEST_NOW, 1u, NULL),
      SMTPC_BORINGSSL_ARGUMENT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST_TLS_CASE(test_certificate_made_is_good_for_its_name),
      TEST_TLS_CASE(test_certificate_made_has_its_dates),
      TEST_TLS_CASE(test_certificate_made_is_no_authority),
      TEST_TLS_CASE(test_certificate_made_for_the_last_day),
      TEST_TLS_CASE(test_certificate_make_misuse),
  };
  return cmocka_run_group_tests(tests, test_tls_set_up, test_tls_tear_down);
}
