#include <openssl/err.h>
#include <openssl/ssl.h>

#include <stdlib.h>
#include <string.h>

#include "shim/boringssl/testing.h"
#include "shim/boringssl/tls_boringssl.h"

// --- Renegotiation, resumption, what a client says ---------------------------

// Seals one handshake message as the server's next TLS 1.2 record: the library
// itself cannot be made to ask for a renegotiation.
static size_t seal_message(smtpc_tls *server, const uint8_t *message,
                           size_t len, uint8_t *out) {
  SSL *ssl = smtpc_boringssl_native(server);
  uint8_t block[40];
  assert_int_equal(SSL_get_key_block_len(ssl), sizeof block);
  assert_int_equal(SSL_generate_key_block(ssl, block, sizeof block), 1);
  // Client key, server key, client IV, server IV.
  return test_seal(block + 16u, block + 36u, SSL_get_write_sequence(ssl),
                   message, len, out);
}

static void test_tls_hello_request_ends_the_client(void **state) {
  (void)state;
  static const uint8_t hello_request[] = {0u, 0u, 0u, 0u};
  uint8_t wire[sizeof hello_request + TEST_SEAL_MORE];
  uint8_t octets[16];
  size_t len = 0u;
  test_label("renegotiation");
  test_pair two = test_pair_open(TEST_HOST, 1);
  test_set_versions(two.server, SMTPC_TLS_1_2, SMTPC_TLS_1_2);
  assert_int_equal(
      SSL_set_strict_cipher_list(smtpc_boringssl_native(two.server),
                                 "ECDHE-ECDSA-AES128-GCM-SHA256"),
      1);
  test_shake(two.client, two.server, 0u);
  test_number(smtpc_tls_handshake(two.client, NULL), SMTPC_TLS_UP);
  len = seal_message(two.server, hello_request, sizeof hello_request, wire);
  test_push(two.client, wire, len, 0u);
  test_number(smtpc_tls_read(two.client, octets, sizeof octets, &len),
              SMTPC_TLS_FAILED);
  test_number(ERR_peek_error(), 0);
  test_expect_end(two.client, SMTPC_TLS_FAILURE_PROTOCOL);
  test_expect_dead(two.client, SMTPC_TLS_FAILED);
  test_pair_free(&two);
}

static void test_tls_sessions_are_not_resumed(void **state) {
  (void)state;
  for (size_t i = 2u; i < TEST_VERSION_COUNT; i++) {
    test_label("version %x", test_versions[i]);
    test_pair first = test_pair_up(test_versions[i]);
    SSL_SESSION *session =
        SSL_get1_session(smtpc_boringssl_native(first.client));
    assert_non_null(session);
    test_number(SSL_SESSION_has_ticket(session), 0);
    test_pair second = test_pair_open(TEST_HOST, 1);
    smtpc_tls_facts facts;
    test_set_versions(second.server, test_versions[i], test_versions[i]);
    assert_int_equal(
        SSL_set_session(smtpc_boringssl_native(second.client), session), 1);
    test_shake(second.client, second.server, 0u);
    test_number(smtpc_tls_handshake(second.client, &facts), SMTPC_TLS_UP);
    test_number(facts.resumed, 0);
    test_number(facts.chain_ok, 1);
    test_number(smtpc_tls_handshake(second.server, &facts), SMTPC_TLS_UP);
    test_number(facts.resumed, 0);
    SSL_SESSION_free(session);
    test_pair_free(&first);
    test_pair_free(&second);
  }
}

typedef struct hello_seen {
  int count;
  int server_name;
  int alpn;
  int ticket;
  int early_data;
  int pre_shared_key;
  int weak_signature;
} hello_seen;

static hello_seen seen;

static int has_extension(const SSL_CLIENT_HELLO *hello, uint16_t type) {
  const uint8_t *data = NULL;
  size_t len = 0u;
  return SSL_early_callback_ctx_extension_get(hello, type, &data, &len);
}

// Whether a signature with SHA-1 or MD5 is offered: their first octet is 2
// or 1.
static int has_weak_signature(const SSL_CLIENT_HELLO *hello) {
  const uint8_t *data = NULL;
  size_t len = 0u;
  int weak = 0;
  assert_int_equal(SSL_early_callback_ctx_extension_get(
                       hello, TLSEXT_TYPE_signature_algorithms, &data, &len),
                   1);
  for (size_t i = 2u; i + 1u < len; i += 2u) {
    weak |= data[i] == 1u || data[i] == 2u ? 1 : 0;
  }
  return weak;
}

static enum ssl_select_cert_result_t on_hello(const SSL_CLIENT_HELLO *hello) {
  seen.count++;
  seen.server_name = has_extension(hello, TLSEXT_TYPE_server_name);
  seen.alpn =
      has_extension(hello, TLSEXT_TYPE_application_layer_protocol_negotiation);
  seen.ticket = has_extension(hello, TLSEXT_TYPE_session_ticket);
  seen.early_data = has_extension(hello, TLSEXT_TYPE_early_data);
  seen.pre_shared_key = has_extension(hello, TLSEXT_TYPE_pre_shared_key);
  seen.weak_signature = has_weak_signature(hello);
  return ssl_select_cert_success;
}

static void test_tls_client_hello_says_no_more_than_it_must(void **state) {
  (void)state;
  static const struct {
    const char *name;
    int server_name;
  } rows[] = {{TEST_HOST, 1}, {NULL, 0}, {"192.0.2.1", 0}, {"2001:db8::1", 0}};
  smtpc_tls_context *ctx = test_context(&test_tls.good, NULL);
  SSL_CTX_set_select_certificate_cb(
      smtpc_boringssl_context_native(ctx, SMTPC_TLS_SERVER), on_hello);
  for (size_t i = 0u; i < TEST_COUNT(rows); i++) {
    const smtpc_tls_peer server = test_peer_server();
    const smtpc_tls_peer client = test_peer_client(rows[i].name, 0);
    test_pair two = {test_open(ctx, &server),
                     test_open(test_tls.client, &client)};
    test_label("%s", rows[i].name == NULL ? "-" : rows[i].name);
    memset(&seen, 0, sizeof seen);
    test_shake(two.client, two.server, 0u);
    test_number(seen.count, 1);
    test_number(seen.server_name, rows[i].server_name);
    test_number(seen.alpn, 0);
    test_number(seen.ticket, 0);
    test_number(seen.early_data, 0);
    test_number(seen.pre_shared_key, 0);
    test_number(seen.weak_signature, 0);
    test_pair_free(&two);
  }
  smtpc_boringssl_context_free(ctx);
}

// --- What a server makes of a ClientHello ------------------------------------

typedef struct alpn_row {
  const char *label;
  const char *list;
  size_t len;
  int ok;
} alpn_row;

static const alpn_row alpn_rows[] = {
    {"none", NULL, 0u, 1},
    {"smtp", TEST_OCTETS("\x04smtp"), 1},
    {"smtp last", TEST_OCTETS("\x02h2\x08http/1.1\x04smtp"), 1},
    {"smtp first", TEST_OCTETS("\x04smtp\x02h2"), 1},
    {"http", TEST_OCTETS("\x02h2\x08http/1.1"), 0},
    {"imap", TEST_OCTETS("\x04imap"), 0},
    {"ftp",
     TEST_OCTETS("\x03"
                 "ftp"),
     0},
    {"upper case", TEST_OCTETS("\x04SMTP"), 0},
    {"longer", TEST_OCTETS("\x05smtps"), 0},
    {"shorter", TEST_OCTETS("\x03smt"), 0},
    {"inside", TEST_OCTETS("\x06x\x04smtp"), 0},
};

static void test_tls_alpn_table(void **state) {
  (void)state;
  for (size_t i = 0u; i < TEST_COUNT(alpn_rows); i++) {
    const alpn_row *row = &alpn_rows[i];
    for (size_t k = 2u; k < TEST_VERSION_COUNT; k++) {
      const uint8_t *chosen = NULL;
      unsigned len = 0u;
      test_label("%s, version %x", row->label, test_versions[k]);
      test_pair two = test_pair_open(TEST_HOST, 1);
      test_set_versions(two.server, test_versions[k], test_versions[k]);
      SSL *client = smtpc_boringssl_native(two.client);
      if (row->list != NULL) {
        assert_int_equal(SSL_set_alpn_protos(client, (const uint8_t *)row->list,
                                             (unsigned)row->len),
                         0);
      }
      test_shake(two.client, two.server, 0u);
      if (row->ok == 1) {
        test_number(smtpc_tls_handshake(two.client, NULL), SMTPC_TLS_UP);
        test_number(smtpc_tls_handshake(two.server, NULL), SMTPC_TLS_UP);
        SSL_get0_alpn_selected(client, &chosen, &len);
        test_octets(chosen, len, "smtp", row->list == NULL ? 0u : 4u);
      } else {
        test_expect_end(two.server, SMTPC_TLS_FAILURE_ALPN);
        test_expect_end(two.client, SMTPC_TLS_FAILURE_ALPN);
      }
      test_pair_free(&two);
    }
  }
}

typedef struct sni_row {
  const char *name;  // NULL: none is sent
  int ok;
} sni_row;

static const sni_row sni_rows[] = {
    {NULL, 1},
    {TEST_HOST, 1},
    {"other.example.org", 1},
    {"localhost", 1},
    {"192.0.2.1", 1},
    {"a-b.c--d.example", 1},
    {"mx.example.org\\", 0},
    {"mx.example.org\r\nMAIL FROM:<a@b>", 0},
    {"mx example.org", 0},
    {"mx_1.example.org", 0},
    {"mx..example.org", 0},
    {".example.org", 0},
    {"mx.example.org.", 0},
    {"-mx.example.org", 0},
    {"mx-.example.org", 0},
    {"%s%n", 0},
    {"m\xc3\xbc.example", 0},
    {"../../etc", 0},
    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.b", 1},
    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.b", 0},
};

static void test_tls_sni_table(void **state) {
  (void)state;
  for (size_t i = 0u; i < TEST_COUNT(sni_rows); i++) {
    test_label("row %zu: %s", i,
               sni_rows[i].name == NULL ? "-" : sni_rows[i].name);
    test_pair two = test_pair_open(NULL, 0);
    if (sni_rows[i].name != NULL) {
      assert_int_equal(
          SSL_set_tlsext_host_name(smtpc_boringssl_native(two.client),
                                   sni_rows[i].name),
          1);
    }
    test_shake(two.client, two.server, 0u);
    if (sni_rows[i].ok == 1) {
      test_number(smtpc_tls_handshake(two.server, NULL), SMTPC_TLS_UP);
      test_number(smtpc_tls_handshake(two.client, NULL), SMTPC_TLS_UP);
    } else {
      test_expect_end(two.server, SMTPC_TLS_FAILURE_PROTOCOL);
      test_expect_end(two.client, SMTPC_TLS_FAILURE_ALERT);
    }
    test_pair_free(&two);
  }
}

// The octets of a peer that the library refuses with an alert alone, or that end the
// connection by an alert of their own.
static void test_tls_broken_octets_are_no_internal_error(void **state) {
  (void)state;
  // A ServerHello whose supported_versions is one octet.
  static const uint8_t hello[] =
      "\x16\x03\x03\0\x31\x02\0\0\x2d\x03\x03"
      "0123456789abcdef0123456789abcdef"
      "\0\x13\x01\0\0\x05\0\x2b\0\x01\x03";
  static const uint8_t alert[] = "\x15\x03\x03\0\x02\x02\0";
  test_label("supported_versions");
  test_pair two = test_pair_open(TEST_HOST, 1);
  (void)smtpc_tls_handshake(two.client, NULL);
  test_push(two.client, hello, sizeof hello - 1u, 0u);
  test_expect_end(two.client, SMTPC_TLS_FAILURE_PROTOCOL);
  test_label("a fatal close_notify");
  test_push(two.server, alert, sizeof alert - 1u, 0u);
  test_expect_end(two.server, SMTPC_TLS_FAILURE_ALERT);
  test_pair_free(&two);
}

// --- Misuse ------------------------------------------------------------------

static void expect_refused(smtpc_tls_context *ctx, const smtpc_tls_peer *peer) {
  smtpc_tls *tls = (smtpc_tls *)(void *)&seen;
  test_number(smtpc_tls_open(&tls, ctx, peer), SMTPC_E_ARGUMENT);
  assert_null(tls);
}

static void test_tls_open_misuse(void **state) {
  (void)state;
  static const uint16_t bad_versions[] = {0u, 0x0300u, 0x0305u, 0x0002u,
                                          0xffffu};
  static const char *const bad_names[] = {"mx.example.org.",
                                          "mx_1.example.org",
                                          "*.example.org",
                                          " ",
                                          "mx.example.org\r\n",
                                          "[192.0.2.1]",
                                          "192.0.2.256",
                                          "1.2.3",
                                          "fe80::1%eth0",
                                          "a@b",
                                          "-a.example",
                                          "a..b",
                                          "."};
  smtpc_tls *tls = NULL;
  smtpc_tls_context *bare = test_context(NULL, NULL);
  smtpc_tls_peer peer = test_peer_server();
  test_label("no pointer");
  test_number(smtpc_tls_open(NULL, test_tls.server, &peer), SMTPC_E_ARGUMENT);
  expect_refused(NULL, &peer);
  expect_refused(test_tls.server, NULL);
  test_label("no certificate");
  expect_refused(bare, &peer);
  test_label("a server verifies nobody");
  peer.verify = 1u;
  expect_refused(test_tls.server, &peer);
  test_label("a server has no name to check");
  peer = test_peer_client(TEST_HOST, 0);
  peer.role = SMTPC_TLS_SERVER;
  expect_refused(test_tls.server, &peer);
  test_label("role");
  peer = test_peer_client(TEST_HOST, 0);
  peer.role = 2u;
  expect_refused(test_tls.client, &peer);
  test_label("verify");
  peer = test_peer_client(TEST_HOST, 0);
  peer.verify = 2u;
  expect_refused(test_tls.client, &peer);
  test_label("verify without a name");
  peer = test_peer_client(NULL, 1);
  expect_refused(test_tls.client, &peer);
  test_label("long name");
  peer = test_peer_client(TEST_HOST, 0);
  peer.name_len = SMTPC_TLS_NAME_MAX + 1u;
  expect_refused(test_tls.client, &peer);
  test_label("NUL in the name");
  peer = test_peer_client(TEST_HOST, 0);
  peer.name[2] = 0u;
  expect_refused(test_tls.client, &peer);
  for (size_t i = 0u; i < TEST_COUNT(bad_versions); i++) {
    test_label("version %x", bad_versions[i]);
    peer = test_peer_client(TEST_HOST, 1);
    peer.min_version = bad_versions[i];
    expect_refused(test_tls.client, &peer);
  }
  for (size_t i = 0u; i < TEST_COUNT(bad_names); i++) {
    test_label("name %s", bad_names[i]);
    peer = test_peer_client(bad_names[i], 0);
    expect_refused(test_tls.client, &peer);
  }
  test_label("a client needs no certificate");
  peer = test_peer_client(TEST_HOST, 1);
  test_number(smtpc_tls_open(&tls, bare, &peer), SMTPC_OK);
  smtpc_tls_free(tls);
  smtpc_tls_free(NULL);
  smtpc_boringssl_context_free(bare);
  smtpc_boringssl_context_free(NULL);
}

static void test_tls_calls_misuse(void **state) {
  (void)state;
  uint8_t octets[16] = {0u};
  size_t len = 99u;
  test_label("misuse");
  test_pair two = test_pair_open(TEST_HOST, 1);
  // Too early.
  test_number(smtpc_tls_read(two.client, octets, sizeof octets, &len),
              SMTPC_TLS_HANDSHAKING);
  test_number(len, 0);
  test_number(smtpc_tls_write(two.client, octets, 1u), SMTPC_E_STATE);
  smtpc_tls_close(two.client);
  test_number(smtpc_tls_pull(two.client, octets, sizeof octets, &len),
              SMTPC_OK);
  test_number(len, 0);
  // No pointers.
  test_number(smtpc_tls_push(NULL, octets, 1u, &len), SMTPC_E_ARGUMENT);
  test_number(smtpc_tls_push(two.client, NULL, 1u, &len), SMTPC_E_ARGUMENT);
  test_number(smtpc_tls_push(two.client, octets, 1u, NULL), SMTPC_E_ARGUMENT);
  test_number(smtpc_tls_push(two.client, NULL, 0u, &len), SMTPC_OK);
  test_number(smtpc_tls_pull(NULL, octets, 1u, &len), SMTPC_E_ARGUMENT);
  test_number(smtpc_tls_pull(two.client, NULL, 1u, &len), SMTPC_E_ARGUMENT);
  test_number(smtpc_tls_pull(two.client, octets, 1u, NULL), SMTPC_E_ARGUMENT);
  test_number(smtpc_tls_handshake(NULL, NULL), SMTPC_TLS_FAILED);
  test_number(smtpc_tls_read(NULL, octets, 1u, &len), SMTPC_TLS_FAILED);
  test_number(smtpc_tls_write(NULL, octets, 1u), SMTPC_E_ARGUMENT);
  test_number(smtpc_tls_end_of_stream(NULL), SMTPC_TLS_FAILED);
  test_number(smtpc_tls_failure_of(NULL), SMTPC_TLS_FAILURE_INTERNAL);
  smtpc_tls_close(NULL);
  // None of it did harm.
  test_shake(two.client, two.server, 0u);
  test_number(smtpc_tls_handshake(two.client, NULL), SMTPC_TLS_UP);
  test_number(smtpc_tls_write(two.client, NULL, 1u), SMTPC_E_ARGUMENT);
  test_number(smtpc_tls_write(two.client, NULL, 0u), SMTPC_OK);
  test_number(smtpc_tls_read(two.client, octets, 0u, &len), SMTPC_TLS_UP);
  test_number(smtpc_tls_read(two.client, NULL, 4u, &len), SMTPC_TLS_UP);
  test_number(len, 0);
  test_pair_free(&two);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST_TLS_CASE(test_tls_hello_request_ends_the_client),
      TEST_TLS_CASE(test_tls_sessions_are_not_resumed),
      TEST_TLS_CASE(test_tls_client_hello_says_no_more_than_it_must),
      TEST_TLS_CASE(test_tls_alpn_table),
      TEST_TLS_CASE(test_tls_sni_table),
      TEST_TLS_CASE(test_tls_broken_octets_are_no_internal_error),
      TEST_TLS_CASE(test_tls_open_misuse),
      TEST_TLS_CASE(test_tls_calls_misuse),
  };
  return cmocka_run_group_tests(tests, test_tls_set_up, test_tls_tear_down);
}
