#include <openssl/ssl.h>

#include <stdlib.h>
#include <string.h>

#include "shim/boringssl/testing.h"
#include "shim/boringssl/tls_boringssl.h"

#define FAILURE(id) SMTPC_TLS_FAILURE_##id

// --- Handshake ---------------------------------------------------------------

static void test_tls_handshake_comes_up_for_every_cut(void **state) {
  (void)state;
  for (size_t cut = 0u; cut <= TEST_CUT_MAX; cut++) {
    test_label("cut %zu", cut);
    test_pair two = test_pair_open(TEST_HOST, 1);
    smtpc_tls_facts client;
    smtpc_tls_facts server;
    memset(&client, 0xff, sizeof client);
    memset(&server, 0xff, sizeof server);
    test_shake(two.client, two.server, cut);
    test_number(smtpc_tls_handshake(two.client, &client), SMTPC_TLS_UP);
    test_number(smtpc_tls_handshake(two.server, &server), SMTPC_TLS_UP);
    test_number(client.version, SMTPC_TLS_1_3);
    test_number(server.version, SMTPC_TLS_1_3);
    test_number(client.cipher, server.cipher);
    test_number(client.cipher >> 8, 0x13);
    test_number(client.chain_ok, 1);
    test_number(client.name_ok, 1);
    test_number(client.failure, SMTPC_TLS_FAILURE_NONE);
    test_number(client.resumed, 0);
    test_number(server.chain_ok, 0);
    test_number(server.name_ok, 0);
    test_number(server.failure, SMTPC_TLS_FAILURE_NONE);
    test_number(smtpc_tls_write(two.client, (const uint8_t *)"EHLO a\r\n", 8u),
                SMTPC_OK);
    test_number(smtpc_tls_write(two.server, (const uint8_t *)"250 b\r\n", 7u),
                SMTPC_OK);
    (void)test_move(two.client, two.server, cut);
    (void)test_move(two.server, two.client, cut);
    test_expect_read(two.server, "EHLO a\r\n");
    test_expect_read(two.client, "250 b\r\n");
    test_pair_free(&two);
  }
}

static void test_tls_handshake_leaves_the_facts_until_it_is_over(void **state) {
  (void)state;
  test_label("facts");
  test_pair two = test_pair_open(TEST_HOST, 1);
  smtpc_tls_facts facts;
  memset(&facts, 0x5a, sizeof facts);
  test_number(smtpc_tls_handshake(two.client, &facts), SMTPC_TLS_HANDSHAKING);
  test_number(facts.version, 0x5a5a);
  test_number(smtpc_tls_failure_of(two.client), SMTPC_TLS_FAILURE_NONE);
  test_pair_free(&two);
}

static void shake_versions(uint16_t client_low, uint16_t client_high,
                           uint16_t server_low, uint16_t server_high) {
  const uint16_t high = client_high < server_high ? client_high : server_high;
  const uint16_t low = client_low > server_low ? client_low : server_low;
  smtpc_tls_peer server = test_peer_server();
  smtpc_tls_peer client = test_peer_client(TEST_HOST, 1);
  smtpc_tls_facts facts;
  memset(&facts, 0xff, sizeof facts);
  test_label("client %x..%x server %x..%x", client_low, client_high, server_low,
             server_high);
  server.min_version = server_low;
  client.min_version = client_low;
  test_pair two = {test_open(test_tls.server, &server),
                   test_open(test_tls.client, &client)};
  test_set_versions(two.server, server_low, server_high);
  test_set_versions(two.client, client_low, client_high);
  test_shake(two.client, two.server, 0u);
  if (low <= high) {
    test_number(smtpc_tls_handshake(two.client, &facts), SMTPC_TLS_UP);
    test_number(facts.version, high);
    test_number(smtpc_tls_handshake(two.server, &facts), SMTPC_TLS_UP);
    test_number(facts.version, high);
  } else {
    test_expect_end(two.client, SMTPC_TLS_FAILURE_NO_COMMON_VERSION);
    test_expect_end(two.server, SMTPC_TLS_FAILURE_NO_COMMON_VERSION);
    test_expect_dead(two.client, SMTPC_TLS_FAILED);
    test_expect_dead(two.server, SMTPC_TLS_FAILED);
  }
  test_pair_free(&two);
}

static void test_tls_handshake_keeps_every_version_floor(void **state) {
  (void)state;
  for (size_t a = 0u; a < TEST_VERSION_COUNT; a++) {
    for (size_t b = a; b < TEST_VERSION_COUNT; b++) {
      for (size_t c = 0u; c < TEST_VERSION_COUNT; c++) {
        for (size_t d = c; d < TEST_VERSION_COUNT; d++) {
          shake_versions(test_versions[a], test_versions[b], test_versions[c],
                         test_versions[d]);
        }
      }
    }
  }
}

// The floor of `smtpc_tls_peer` alone, against a peer that would go lower.
static void test_tls_handshake_takes_the_floor_from_the_peer(void **state) {
  (void)state;
  for (size_t i = 0u; i < TEST_VERSION_COUNT; i++) {
    for (size_t k = 0u; k < TEST_VERSION_COUNT; k++) {
      smtpc_tls_peer server = test_peer_server();
      smtpc_tls_peer client = test_peer_client(TEST_HOST, 1);
      test_label("floor %x, other side at most %x", test_versions[i],
                 test_versions[k]);
      server.min_version = test_versions[i];
      client.min_version = SMTPC_TLS_1_0;
      test_pair two = {test_open(test_tls.server, &server),
                       test_open(test_tls.client, &client)};
      test_set_versions(two.client, SMTPC_TLS_1_0, test_versions[k]);
      test_shake(two.client, two.server, 0u);
      test_number(smtpc_tls_handshake(two.server, NULL),
                  k >= i ? SMTPC_TLS_UP : SMTPC_TLS_FAILED);
      test_pair_free(&two);
      server.min_version = SMTPC_TLS_1_0;
      client.min_version = test_versions[i];
      test_pair back = {test_open(test_tls.server, &server),
                        test_open(test_tls.client, &client)};
      test_set_versions(back.server, SMTPC_TLS_1_0, test_versions[k]);
      test_shake(back.client, back.server, 0u);
      test_number(smtpc_tls_handshake(back.client, NULL),
                  k >= i ? SMTPC_TLS_UP : SMTPC_TLS_FAILED);
      test_pair_free(&back);
    }
  }
}

// --- Nothing in common -------------------------------------------------------

static void test_tls_no_common_cipher_is_told_on_both_sides(void **state) {
  (void)state;
  smtpc_tls_context *ctx = test_context(&test_tls.good, NULL);
  test_label("ciphers");
  test_number(
      smtpc_boringssl_context_set_ciphers(ctx, "ECDHE-ECDSA-AES256-GCM-SHA384"),
      SMTPC_BORINGSSL_NONE);
  const smtpc_tls_peer server = test_peer_server();
  const smtpc_tls_peer client = test_peer_client(TEST_HOST, 1);
  test_pair two = {test_open(ctx, &server),
                   test_open(test_tls.client, &client)};
  test_set_versions(two.client, SMTPC_TLS_1_2, SMTPC_TLS_1_2);
  assert_int_equal(
      SSL_set_strict_cipher_list(smtpc_boringssl_native(two.client),
                                 "ECDHE-ECDSA-AES128-GCM-SHA256"),
      1);
  test_shake(two.client, two.server, 0u);
  test_expect_end(two.server, SMTPC_TLS_FAILURE_NO_COMMON_CIPHER);
  test_expect_end(two.client, SMTPC_TLS_FAILURE_NO_COMMON_CIPHER);
  test_pair_free(&two);
  // The neighbour: with one in common it comes up, with that one.
  test_pair next = {test_open(ctx, &server),
                    test_open(test_tls.client, &client)};
  smtpc_tls_facts facts;
  test_set_versions(next.client, SMTPC_TLS_1_2, SMTPC_TLS_1_2);
  test_shake(next.client, next.server, 0u);
  test_number(smtpc_tls_handshake(next.client, &facts), SMTPC_TLS_UP);
  test_number(facts.cipher, 0xc02c);
  test_pair_free(&next);
  smtpc_boringssl_context_free(ctx);
}

static void test_tls_no_common_group_is_no_common_cipher(void **state) {
  (void)state;
  for (size_t i = 2u; i < TEST_VERSION_COUNT; i++) {
    test_label("version %x", test_versions[i]);
    test_pair two = test_pair_open(TEST_HOST, 1);
    test_set_versions(two.client, test_versions[i], test_versions[i]);
    assert_int_equal(
        SSL_set1_curves_list(smtpc_boringssl_native(two.server), "X25519"), 1);
    assert_int_equal(
        SSL_set1_curves_list(smtpc_boringssl_native(two.client), "P-384"), 1);
    test_shake(two.client, two.server, 0u);
    test_expect_end(two.server, SMTPC_TLS_FAILURE_NO_COMMON_CIPHER);
    test_expect_end(two.client, SMTPC_TLS_FAILURE_NO_COMMON_CIPHER);
    test_pair_free(&two);
  }
}

// A key exchange without forward secrecy is for those with a lower floor alone.
static void test_tls_static_rsa_needs_a_lower_floor(void **state) {
  (void)state;
  for (size_t i = 0u; i < TEST_VERSION_COUNT; i++) {
    smtpc_tls_peer peer = test_peer_client(TEST_HOST, 1);
    peer.min_version = test_versions[i];
    test_label("floor %x", test_versions[i]);
    smtpc_tls *tls = test_open(test_tls.client, &peer);
    const STACK_OF(SSL_CIPHER) *list =
        SSL_get_ciphers(smtpc_boringssl_native(tls));
    size_t weak = 0u;
    for (size_t k = 0u; k < sk_SSL_CIPHER_num(list); k++) {
      const SSL_CIPHER *cipher = sk_SSL_CIPHER_value(list, k);
      test_number(SSL_CIPHER_get_cipher_nid(cipher) == NID_des_ede3_cbc, 0);
      weak += SSL_CIPHER_get_kx_nid(cipher) == NID_kx_rsa ? 1u : 0u;
    }
    test_number(weak > 0u, test_versions[i] < SMTPC_TLS_1_2);
    smtpc_tls_free(tls);
  }
}

// One RSA handshake. It returns the cipher that the client came up with, or 0
// with why it failed in `*failure`.
static uint16_t shake_rsa(smtpc_tls_context *ctx, const char *server_ciphers,
                          uint16_t floor, uint16_t version,
                          smtpc_tls_failure *failure) {
  smtpc_tls_peer server = test_peer_server();
  smtpc_tls_peer client = test_peer_client(TEST_HOST, 1);
  smtpc_tls_facts facts;
  memset(&facts, 0, sizeof facts);
  server.min_version = SMTPC_TLS_1_0;
  client.min_version = floor;
  test_pair two = {test_open(ctx, &server),
                   test_open(test_tls.client, &client)};
  test_set_versions(two.server, version, version);
  assert_int_equal(SSL_set_strict_cipher_list(
                       smtpc_boringssl_native(two.server), server_ciphers),
                   1);
  test_shake(two.client, two.server, 0u);
  const smtpc_tls_state state = smtpc_tls_handshake(two.client, &facts);
  *failure = smtpc_tls_failure_of(two.client);
  test_pair_free(&two);
  return state == SMTPC_TLS_UP ? facts.cipher : (uint16_t)0u;
}

static void test_tls_rsa_key_is_used_as_it_says(void **state) {
  (void)state;
  static const struct {
    const char *label;
    const char *usage;
    const char *ciphers;
    uint16_t floor;
    uint16_t version;
    uint16_t cipher;
    smtpc_tls_failure failure;
  } rows[] = {
      {"no usage", NULL, "ECDHE-RSA-AES128-GCM-SHA256", SMTPC_TLS_1_2,
       SMTPC_TLS_1_2, 0xc02fu, FAILURE(NONE)},
      {"signing", "digitalSignature", "ECDHE-RSA-AES128-GCM-SHA256",
       SMTPC_TLS_1_2, SMTPC_TLS_1_2, 0xc02fu, FAILURE(NONE)},
      {"signing, 1.2 with CBC", "digitalSignature", "ECDHE-RSA-AES128-SHA",
       SMTPC_TLS_1_2, SMTPC_TLS_1_2, 0xc013u, FAILURE(NONE)},
      {"not for signing", "keyEncipherment", "ECDHE-RSA-AES128-GCM-SHA256",
       SMTPC_TLS_1_2, SMTPC_TLS_1_2, 0u, FAILURE(PROTOCOL)},
      {"static RSA, floor 1.2", "keyEncipherment", "AES128-SHA", SMTPC_TLS_1_2,
       SMTPC_TLS_1_2, 0u, FAILURE(NO_COMMON_CIPHER)},
      {"static RSA, floor 1.0", "keyEncipherment", "AES128-SHA", SMTPC_TLS_1_0,
       SMTPC_TLS_1_0, 0x002fu, FAILURE(NONE)},
      {"triple DES, floor 1.0", "keyEncipherment", "DES-CBC3-SHA",
       SMTPC_TLS_1_0, SMTPC_TLS_1_0, 0u, FAILURE(NO_COMMON_CIPHER)},
  };
  for (size_t i = 0u; i < TEST_COUNT(rows); i++) {
    smtpc_tls_failure failure = FAILURE(NONE);
    smtpc_boringssl_pem pem;
    test_label("%s", rows[i].label);
    test_issue_rsa(&pem, &test_tls.authority, &test_tls_leaf, rows[i].usage);
    smtpc_tls_context *ctx = test_context(&pem, NULL);
    test_number(shake_rsa(ctx, rows[i].ciphers, rows[i].floor, rows[i].version,
                          &failure),
                rows[i].cipher);
    test_number(failure, rows[i].failure);
    smtpc_boringssl_context_free(ctx);
    smtpc_boringssl_pem_free(&pem);
  }
}

// --- Client certificates -----------------------------------------------------

static void test_tls_client_certificate_demanded_in_1_2(void **state) {
  (void)state;
  test_label("1.2");
  test_pair two = test_pair_open(TEST_HOST, 1);
  test_set_versions(two.server, SMTPC_TLS_1_2, SMTPC_TLS_1_2);
  SSL_set_verify(smtpc_boringssl_native(two.server),
                 SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
  test_shake(two.client, two.server, 0u);
  test_expect_end(two.client, SMTPC_TLS_FAILURE_CLIENT_CERTIFICATE);
  test_number(smtpc_tls_handshake(two.server, NULL), SMTPC_TLS_FAILED);
  test_expect_dead(two.client, SMTPC_TLS_FAILED);
  test_pair_free(&two);
}

// In TLS 1.3 the client is up before the server can say no.
static void test_tls_client_certificate_demanded_in_1_3(void **state) {
  (void)state;
  uint8_t octets[16];
  size_t len = 99u;
  test_label("1.3");
  test_pair two = test_pair_open(TEST_HOST, 1);
  SSL_set_verify(smtpc_boringssl_native(two.server),
                 SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
  test_shake(two.client, two.server, 0u);
  test_number(smtpc_tls_handshake(two.client, NULL), SMTPC_TLS_UP);
  test_number(smtpc_tls_read(two.client, octets, sizeof octets, &len),
              SMTPC_TLS_FAILED);
  test_number(len, 0);
  test_expect_end(two.client, SMTPC_TLS_FAILURE_CLIENT_CERTIFICATE);
  test_expect_dead(two.client, SMTPC_TLS_FAILED);
  test_pair_free(&two);
  // The same, when nobody reads before the stream ends.
  test_pair next = test_pair_open(TEST_HOST, 1);
  SSL_set_verify(smtpc_boringssl_native(next.server),
                 SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
  test_shake(next.client, next.server, 0u);
  test_number(smtpc_tls_end_of_stream(next.client), SMTPC_TLS_FAILED);
  test_expect_end(next.client, SMTPC_TLS_FAILURE_CLIENT_CERTIFICATE);
  test_pair_free(&next);
}

static void test_tls_client_certificate_wished_for_is_not_shown(void **state) {
  (void)state;
  for (size_t i = 2u; i < TEST_VERSION_COUNT; i++) {
    test_label("version %x", test_versions[i]);
    test_pair two = test_pair_open(TEST_HOST, 1);
    test_set_versions(two.server, test_versions[i], test_versions[i]);
    SSL_set_verify(smtpc_boringssl_native(two.server), SSL_VERIFY_PEER, NULL);
    test_shake(two.client, two.server, 0u);
    test_number(smtpc_tls_handshake(two.client, NULL), SMTPC_TLS_UP);
    test_number(smtpc_tls_handshake(two.server, NULL), SMTPC_TLS_UP);
    assert_null(SSL_get0_peer_certificates(smtpc_boringssl_native(two.server)));
    // A wish that was let go explains nothing that comes later.
    test_number(smtpc_tls_end_of_stream(two.client), SMTPC_TLS_FAILED);
    test_expect_end(two.client, SMTPC_TLS_FAILURE_TRUNCATED);
    test_pair_free(&two);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST_TLS_CASE(test_tls_handshake_comes_up_for_every_cut),
      TEST_TLS_CASE(test_tls_handshake_leaves_the_facts_until_it_is_over),
      TEST_TLS_CASE(test_tls_handshake_keeps_every_version_floor),
      TEST_TLS_CASE(test_tls_handshake_takes_the_floor_from_the_peer),
      TEST_TLS_CASE(test_tls_no_common_cipher_is_told_on_both_sides),
      TEST_TLS_CASE(test_tls_no_common_group_is_no_common_cipher),
      TEST_TLS_CASE(test_tls_static_rsa_needs_a_lower_floor),
      TEST_TLS_CASE(test_tls_rsa_key_is_used_as_it_says),
      TEST_TLS_CASE(test_tls_client_certificate_demanded_in_1_2),
      TEST_TLS_CASE(test_tls_client_certificate_demanded_in_1_3),
      TEST_TLS_CASE(test_tls_client_certificate_wished_for_is_not_shown),
  };
  return cmocka_run_group_tests(tests, test_tls_set_up, test_tls_tear_down);
}
