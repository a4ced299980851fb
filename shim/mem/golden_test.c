// The dialogues of the device's manual, to the octet, in both roles: our client
// against our server, and each against the other side's lines as they stand.

#include <stdio.h>
#include <string.h>

#include "core/testing.h"
#include "shim/mem/mem.h"

static const char transcript[] =
    "S: 220 mail.imc.org SMTP service ready\n"
    "C: EHLO mail.example.com\n"
    "S: 250-mail.imc.org offers a warm hug of welcome\n"
    "S: 250-8BITMIME\n"
    "S: 250-STARTTLS\n"
    "S: 250 DSN\n"
    "C: STARTTLS\n"
    "S: 220 Go ahead\n"
    "(TLS)\n"
    "C: EHLO mail.example.com\n"
    "S: 250-mail.imc.org touches your hand gently for a moment\n"
    "S: 250-8BITMIME\n"
    "S: 250 DSN\n";

static void set_text(smtpc_text *text, const char *words) {
  text->len = (uint8_t)strlen(words);
  memcpy(text->data, words, text->len);
}

static smtpc_server_policy manual_server(void) {
  smtpc_server_policy policy;
  static const char name[] = "mail.imc.org";
  smtpc_server_policy_init(&policy);
  policy.tls = SMTPC_SERVER_TLS_ON;
  policy.certificate = 1u;
  policy.offered =
      SMTPC_OFFERS(8BITMIME) | SMTPC_OFFERS(STARTTLS) | SMTPC_OFFERS(DSN);
  policy.hostname_len = sizeof name - 1u;
  memcpy(policy.hostname, name, sizeof name - 1u);
  set_text(&policy.greeting, "SMTP service ready");
  set_text(&policy.hello, "offers a warm hug of welcome");
  set_text(&policy.hello_tls, "touches your hand gently for a moment");
  set_text(&policy.starttls, "Go ahead");
  return policy;
}

static smtpc_client_policy manual_client(unsigned tls) {
  smtpc_client_policy policy;
  static const char name[] = "mail.example.com";
  smtpc_client_policy_init(&policy);
  policy.tls = (uint8_t)tls;
  policy.hello_len = sizeof name - 1u;
  memcpy(policy.hello, name, sizeof name - 1u);
  return policy;
}

static const uint8_t from[] = "device@mail.example.com";
static const uint8_t to[] = "person@mail.imc.org";
static const uint8_t body[] = "Subject: scan\r\n\r\n.\r\nend\r\n";

static smtpc_mem_message manual_message(smtpc_envelope *rcpt) {
  smtpc_mem_message message;
  memset(&message, 0, sizeof message);
  memset(rcpt, 0, sizeof *rcpt);
  rcpt->address = to;
  rcpt->address_len = sizeof to - 1u;
  message.envelope.address = from;
  message.envelope.address_len = sizeof from - 1u;
  message.recipients = rcpt;
  message.recipient_count = 1u;
  message.content = body;
  message.content_len = sizeof body - 1u;
  return message;
}

static const char mail_part[] =
    "C: MAIL FROM:<device@mail.example.com>\n"
    "S: 250 Sender OK\n"
    "C: RCPT TO:<person@mail.imc.org>\n"
    "S: 250 Recipient OK\n"
    "C: DATA\n"
    "S: 354 End data with <CR><LF>.<CR><LF>\n"
    "C: Subject: scan\n"
    "C: \n"
    "C: ..\n"
    "C: end\n"
    "C: .\n"
    "S: 250 Message stored\n"
    "C: QUIT\n"
    "S: 221 Closing connection\n";

static void test_golden_dialogue_of_the_manual(void **state) {
  (void)state;
  const smtpc_server_policy sp = manual_server();
  for (unsigned tls = SMTPC_CLIENT_TLS_OPPORTUNISTIC;
       tls <= SMTPC_CLIENT_TLS_VERIFIED; tls++) {
    for (size_t cut = 0u; cut <= TEST_CUT_MAX; cut++) {
      const smtpc_client_policy cp = manual_client(tls);
      static smtpc_mem_server server;
      static smtpc_mem_client client;
      smtpc_envelope rcpt;
      const smtpc_mem_message message = manual_message(&rcpt);
      smtpc_octets have = {0};
      smtpc_octets want = {0};
      memset(&server, 0, sizeof server);
      memset(&client, 0, sizeof client);
      smtpc_mem_server_begin(&server, &sp);
      smtpc_mem_client_begin(&client, &cp, &message, 1u);
      (void)smtpc_mem_converse(&client, &server, cut, &have);
      smtpc_octets_add(&want, transcript, sizeof transcript - 1u);
      smtpc_octets_add(&want, mail_part, sizeof mail_part - 1u);
      test_label("setting %u, cut %zu", tls, cut);
      test_octets(have.data, have.len, want.data, want.len);
      test_octets(server.stored.data, server.stored.len, body,
                  sizeof body - 1u);
      test_number(client.last.end_reason, SMTPC_END_QUIT);
      test_number(server.last.end_reason, SMTPC_END_QUIT);
      smtpc_octets_free(&have);
      smtpc_octets_free(&want);
      smtpc_mem_server_free(&server);
      smtpc_mem_client_free(&client);
    }
  }
}

// The same dialogue with the setting off, on either side: no STARTTLS is said.
static const char transcript_off[] =
    "S: 220 mail.imc.org SMTP service ready\n"
    "C: EHLO mail.example.com\n"
    "S: 250-mail.imc.org offers a warm hug of welcome\n"
    "S: 250-8BITMIME\n"
    "S: 250 DSN\n";

static void test_golden_dialogue_with_tls_off(void **state) {
  (void)state;
  smtpc_server_policy sp = manual_server();
  sp.tls = SMTPC_SERVER_TLS_OFF;
  const smtpc_client_policy cp = manual_client(SMTPC_CLIENT_TLS_OPPORTUNISTIC);
  static smtpc_mem_server server;
  static smtpc_mem_client client;
  smtpc_envelope rcpt;
  const smtpc_mem_message message = manual_message(&rcpt);
  smtpc_octets have = {0};
  smtpc_octets want = {0};
  memset(&server, 0, sizeof server);
  memset(&client, 0, sizeof client);
  smtpc_mem_server_begin(&server, &sp);
  smtpc_mem_client_begin(&client, &cp, &message, 1u);
  (void)smtpc_mem_converse(&client, &server, 0u, &have);
  smtpc_octets_add(&want, transcript_off, sizeof transcript_off - 1u);
  smtpc_octets_add(&want, mail_part, sizeof mail_part - 1u);
  test_octets(have.data, have.len, want.data, want.len);
  // The silent downgrade of the setting `on` leaves its finding.
  smtpc_octets trace = client.trace;
  static const char finding[] = "! tls-not-offered @";
  size_t at = 0u;
  while (at + sizeof finding - 1u <= trace.len &&
         memcmp(trace.data + at, finding, sizeof finding - 1u) != 0) {
    at++;
  }
  assert_true(at + sizeof finding - 1u <= trace.len);
  smtpc_octets_free(&have);
  smtpc_octets_free(&want);
  smtpc_mem_server_free(&server);
  smtpc_mem_client_free(&client);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_golden_dialogue_of_the_manual),
      cmocka_unit_test(test_golden_dialogue_with_tls_off),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
