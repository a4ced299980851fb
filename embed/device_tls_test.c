// The glue of a device over real TLS: a sender and a receiver, with shim/boringssl behind
// `smtpcore/tls.h`, as a firmware would have its own library.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
// clang-format on

#include <string.h>

#include "embed/device.h"
#include "shim/boringssl/tls_boringssl.h"

#define NOW INT64_C(1767225600)
#define ROUNDS_MAX 100000u

static const char host[] = "mail.example";
static const char content[] = "Subject: secret\r\n\r\n.dot\r\n";
static device_receiver rx;
static device_sender tx;
static smtpc_server_policy server_policy;
static smtpc_client_policy client_policy;
static smtpc_tls_context *server_tls;
static smtpc_tls_context *client_tls;
static uint8_t stored[256];
static size_t stored_len;

// What went over the wire, and whether it was ever the message's text.
typedef struct wire {
  uint8_t data[4096];
  size_t len;
  uint8_t all[65536];
  size_t all_len;
} wire;

static wire up;
static wire down;

static void record(wire *w, size_t got) {
  assert_true(got <= sizeof w->all - w->all_len);
  memcpy(w->all + w->all_len, w->data + w->len, got);
  w->all_len += got;
  w->len += got;
}

static size_t piece(size_t len, size_t cut) {
  return cut == 0u || cut > len ? len : cut;
}

static void drop(wire *w, size_t len) {
  memmove(w->data, w->data + len, w->len - len);
  w->len -= len;
}

static int wire_has(const wire *w, const char *text) {
  const size_t len = strlen(text);
  for (size_t i = 0u; i + len <= w->all_len; i++) {
    if (memcmp(w->all + i, text, len) == 0) {
      return 1;
    }
  }
  return 0;
}

static void answer(void) {
  smtpc_input yes = smtpc_input_make(SMTPC_IN_VERDICT);
  yes.answer = SMTPC_ANSWER_YES;
  if (rx.action.kind == SMTPC_DO_ASK_MESSAGE) {
    assert_true(rx.message_len <= sizeof stored);
    memcpy(stored, rx.message, rx.message_len);
    stored_len = rx.message_len;
  }
  assert_int_equal(device_receiver_answer(&rx, &yes), SMTPC_OK);
}

// Carries octets both ways until nothing moves.
static void converse(size_t cut) {
  unsigned rounds = 0u;
  int moved = 1;
  while (moved != 0) {
    assert_true(rounds < ROUNDS_MAX);
    rounds++;
    size_t got = device_receiver_pull(&rx, down.data + down.len,
                                      sizeof down.data - down.len);
    record(&down, got);
    size_t taken = device_sender_push(&tx, down.data, piece(down.len, cut));
    drop(&down, taken);
    moved = got > 0u || taken > 0u;
    got = device_sender_pull(&tx, up.data + up.len, sizeof up.data - up.len);
    record(&up, got);
    taken = device_receiver_push(&rx, up.data, piece(up.len, cut));
    drop(&up, taken);
    moved |= got > 0u || taken > 0u;
    if (rx.want == DEVICE_ANSWER) {
      answer();
      moved = 1;
    }
  }
}

static void begin(unsigned implicit, const char *name) {
  static device_tls of_server;
  static device_tls of_client;
  static smtpc_envelope recipient;
  static device_message message;
  memset(&up, 0, sizeof up);
  memset(&down, 0, sizeof down);
  stored_len = 0u;
  smtpc_server_policy_init(&server_policy);
  server_policy.size_max = DEVICE_MESSAGE_MAX;
  server_policy.tls = SMTPC_SERVER_TLS_REQUIRED;
  server_policy.certificate = 1u;
  server_policy.implicit_tls = (uint8_t)implicit;
  smtpc_client_policy_init(&client_policy);
  client_policy.tls = SMTPC_CLIENT_TLS_VERIFIED;
  client_policy.implicit_tls = (uint8_t)implicit;
  of_server.context = server_tls;
  of_server.min_version = SMTPC_TLS_1_2;
  of_client.context = client_tls;
  of_client.name = name;
  of_client.name_len = strlen(name);
  of_client.min_version = SMTPC_TLS_1_2;
  recipient.address = (const uint8_t *)"bob@b.example";
  recipient.address_len = 13u;
  message.envelope.address = (const uint8_t *)"alice@a.example";
  message.envelope.address_len = 15u;
  message.recipients = &recipient;
  message.recipient_count = 1u;
  message.content = (const uint8_t *)content;
  message.content_len = sizeof content - 1u;
  assert_int_equal(device_receiver_begin(&rx, &server_policy, &of_server),
                   SMTPC_OK);
  assert_int_equal(
      device_sender_begin(&tx, &client_policy, &of_client, &message), SMTPC_OK);
}

static void wipe(void) {
  device_receiver_wipe(&rx);
  device_sender_wipe(&tx);
}

static void test_device_tls_delivers(void **state) {
  (void)state;
  static const size_t cuts[] = {0u, 1u, 7u, 1000u};
  for (unsigned i = 0u; i < 2u * sizeof cuts / sizeof cuts[0]; i++) {
    begin(i % 2u, host);
    converse(cuts[i / 2u]);
    assert_int_equal(rx.want, DEVICE_CLOSED);
    assert_int_equal(tx.want, DEVICE_CLOSED);
    assert_int_equal(rx.action.end_reason, SMTPC_END_QUIT);
    assert_int_equal(tx.code, 250);
    assert_int_equal(stored_len, sizeof content - 1u);
    assert_memory_equal(stored, content, stored_len);
    assert_int_equal(rx.session.tls, 1);
    assert_int_equal(tx.session.tls_facts.chain_ok, 1);
    assert_int_equal(tx.session.tls_facts.name_ok, 1);
    assert_int_equal(wire_has(&up, "secret"), 0);
    assert_int_equal(wire_has(&up, "MAIL"), 0);
    assert_int_equal(wire_has(&up, "STARTTLS"), i % 2u == 0u);
    wipe();
  }
}

// A certificate of another name ends it before the message is said.
static void test_device_tls_refuses_another_name(void **state) {
  (void)state;
  for (unsigned implicit = 0u; implicit < 2u; implicit++) {
    begin(implicit, "other.example");
    converse(0u);
    assert_int_equal(tx.want, DEVICE_CLOSED);
    assert_int_equal(tx.action.end_reason, SMTPC_END_TLS);
    assert_int_equal(tx.code, 0);
    assert_int_equal(stored_len, 0);
    assert_int_equal(wire_has(&up, "secret"), 0);
    wipe();
  }
}

// Without what TLS needs a policy that wants it does not begin.
static void test_device_tls_is_never_left_out(void **state) {
  (void)state;
  begin(0u, host);
  wipe();
  assert_int_equal(device_receiver_begin(&rx, &server_policy, NULL),
                   SMTPC_E_ARGUMENT);
  static const device_message message;
  assert_int_equal(device_sender_begin(&tx, &client_policy, NULL, &message),
                   SMTPC_E_ARGUMENT);
}

static int set_up(void **state) {
  smtpc_boringssl_pem pem;
  (void)state;
  if (smtpc_boringssl_certificate_make(host, sizeof host - 1u, NOW, 10u,
                                       &pem) != SMTPC_BORINGSSL_NONE ||
      smtpc_boringssl_context_new(&server_tls) != SMTPC_BORINGSSL_NONE ||
      smtpc_boringssl_context_new(&client_tls) != SMTPC_BORINGSSL_NONE) {
    return -1;
  }
  smtpc_boringssl_context_set_time(client_tls, NOW);
  const smtpc_boringssl_error identity = smtpc_boringssl_context_set_identity(
      server_tls, (const uint8_t *)pem.cert, pem.cert_len,
      (const uint8_t *)pem.key, pem.key_len, NULL);
  const smtpc_boringssl_error roots = smtpc_boringssl_context_add_roots(
      client_tls, (const uint8_t *)pem.cert, pem.cert_len, NULL);
  smtpc_boringssl_pem_free(&pem);
  return identity == SMTPC_BORINGSSL_NONE && roots == SMTPC_BORINGSSL_NONE ? 0
                                                                           : -1;
}

static int tear_down(void **state) {
  (void)state;
  smtpc_boringssl_context_free(server_tls);
  smtpc_boringssl_context_free(client_tls);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_device_tls_delivers),
      cmocka_unit_test(test_device_tls_refuses_another_name),
      cmocka_unit_test(test_device_tls_is_never_left_out),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
