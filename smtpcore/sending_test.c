#include "smtpcore/sending.h"

#include <stdlib.h>
#include <string.h>

#include "core/testing.h"
#include "smtpcore/session.h"

// desk is a sending whose trace and last words go to memory.
typedef struct desk {
  smtpc_sending sending;
  smtpc_message message;
  smtpc_password password;
  smtpc_token token;
  smtpc_sending_recipient to[3];
  char *trace;
  size_t trace_len;
  char *words;
  size_t words_len;
} desk;

static void open_desk(desk *d, unsigned format) {
  static const desk none = {0};
  *d = none;
  d->sending.from = "me@here.example";
  d->to[0].address = "a@b.example";
  d->to[1].address = "c\x1b@d.example";
  d->to[2].address = "e@f.example";
  d->sending.to = d->to;
  d->sending.to_count = 2u;
  d->sending.message = &d->message;
  d->sending.password = &d->password;
  d->sending.token = &d->token;
  d->sending.trace = open_memstream(&d->trace, &d->trace_len);
  d->sending.log.stream = open_memstream(&d->words, &d->words_len);
  d->sending.log.format = (uint8_t)format;
  assert_non_null(d->sending.trace);
  assert_non_null(d->sending.log.stream);
}

static void flush_desk(desk *d) {
  (void)fflush(d->sending.trace);
  (void)fflush(d->sending.log.stream);
}

static void close_desk(desk *d) {
  (void)fclose(d->sending.trace);
  (void)fclose(d->sending.log.stream);
  free(d->trace);
  free(d->words);
}

static void hear(desk *d, unsigned from_peer, unsigned secret, const char *line,
                 size_t len) {
  smtpc_net_trace event = {0};
  uint8_t *copy = test_copy(line, len);
  event.data = copy;
  event.len = len;
  event.from_peer = (uint8_t)from_peer;
  event.secret = (uint8_t)secret;
  smtpc_sending_callbacks().trace(&d->sending, &event);
  free(copy);
}

#define SAID(d, line) hear(d, 1u, 0u, line, sizeof(line) - 1u)
#define SAY(d, line) hear(d, 0u, 0u, line, sizeof(line) - 1u)

static void found(desk *d, unsigned id) {
  smtpc_net_finding finding = {0};
  finding.finding = (uint8_t)id;
  smtpc_sending_callbacks().finding(&d->sending, &finding);
}

static void answered(desk *d, uint32_t number, unsigned code,
                     const char *text) {
  smtpc_net_reply reply = {0};
  reply.number = number;
  reply.code = (uint16_t)code;
  reply.text = (const uint8_t *)text;
  reply.text_len = strlen(text);
  smtpc_sending_callbacks().recipient_done(&d->sending, &reply);
}

static void delivered(desk *d, uint32_t number, unsigned code,
                      const char *text) {
  smtpc_net_reply reply = {0};
  reply.number = number;
  reply.code = (uint16_t)code;
  reply.text = (const uint8_t *)text;
  reply.text_len = strlen(text);
  smtpc_sending_callbacks().delivery_done(&d->sending, &reply);
}

static void done(desk *d, unsigned code) {
  smtpc_net_reply reply = {0};
  reply.code = (uint16_t)code;
  smtpc_sending_callbacks().message_done(&d->sending, &reply);
}

static smtpc_outcome end(desk *d, unsigned reason, unsigned finding,
                         unsigned device, unsigned code) {
  static smtpc_net_result result;
  static const smtpc_net_result none = {0};
  const smtpc_net_error error = {SMTPC_NET_NONE, ""};
  result = none;
  result.end.reason = (uint8_t)reason;
  result.end.finding = (uint8_t)finding;
  result.end.device = (uint8_t)device;
  result.code = (uint16_t)code;
  const smtpc_outcome outcome = smtpc_sending_end(&d->sending, &result, &error);
  flush_desk(d);
  return outcome;
}

static void test_trace_shows_the_dialogue(void **state) {
  (void)state;
  desk d;
  smtpc_net_trace content = {0};
  smtpc_tls_facts facts = {0};
  open_desk(&d, SMTPC_LOG_TEXT);
  const smtpc_net_sender_callbacks calls = smtpc_sending_callbacks();
  calls.connected(&d.sending, "127.0.0.1:25");
  SAID(&d, "220 mx.example \x1b[2J\xc3\xa4");
  SAY(&d, "STARTTLS");
  facts.version = SMTPC_TLS_1_3;
  facts.cipher = 0x1301u;
  facts.chain_ok = 1u;
  facts.name_ok = 1u;
  calls.tls(&d.sending, &facts);
  facts.name_ok = 0u;
  facts.version = SMTPC_TLS_1_2;
  facts.cipher = 0xc02bu;
  calls.tls(&d.sending, &facts);
  facts.version = SMTPC_TLS_VERSION_NONE;
  facts.failure = SMTPC_TLS_FAILURE_NAME;
  calls.tls(&d.sending, &facts);
  hear(&d, 0u, 1u, "AUTH PLAIN", 10u);
  hear(&d, 0u, 1u, "", 0u);
  content.kind = SMTPC_NET_TRACE_CONTENT;
  content.len = 484u;
  calls.trace(&d.sending, &content);
  found(&d, SMTPC_FINDING_TLS_NOT_OFFERED);
  flush_desk(&d);
  static const char want[] =
      "--- connected to 127.0.0.1:25 ---\n"
      "S: 220 mx.example \\x1b[2J\\xc3\\xa4\n"
      "C: STARTTLS\n"
      "--- encryption begins (TLS 1.3, cipher 0x1301, certificate checked: "
      "yes) "
      "---\n"
      "--- encryption begins (TLS 1.2, cipher 0xc02b, certificate checked: no) "
      "---\n"
      "--- TLS failed: name ---\n"
      "C: AUTH PLAIN (secret)\n"
      "C: (secret)\n"
      "C: (484 octets of content)\n"
      "! tls-not-offered (downgrade, RFC 3207 section 6): TLS was wanted, "
      "STARTTLS was not offered\n";
  test_octets(d.trace, d.trace_len, want, sizeof want - 1u);
  test_number(d.words_len, 0);
  close_desk(&d);
}

static void test_end_says_delivered_and_downgrades(void **state) {
  (void)state;
  desk d;
  open_desk(&d, SMTPC_LOG_TEXT);
  found(&d, SMTPC_FINDING_TLS_NOT_OFFERED);
  found(&d, SMTPC_FINDING_AUTH_IN_CLEAR);
  found(&d, SMTPC_FINDING_CAPABILITY_MALFORMED);
  answered(&d, 0u, 250u, "250 ok");
  answered(&d, 1u, 250u, "250 ok");
  SAID(&d, "250 2.0.0 kept as 7");
  done(&d, 250u);
  SAID(&d, "221 bye");
  test_number(end(&d, SMTPC_END_QUIT, 0u, 0u, 250u), SMTPC_OUTCOME_DELIVERED);
  assert_string_equal(d.words,
                      "smtpcore send: delivered (the server said: 250 2.0.0 "
                      "kept as 7); downgrades: tls-not-offered, auth-in-clear; "
                      "findings: capability-malformed\n");
  close_desk(&d);
}

static void test_end_names_refused_recipients(void **state) {
  (void)state;
  desk d;
  open_desk(&d, SMTPC_LOG_TEXT);
  answered(&d, 0u, 250u, "250 ok");
  SAID(&d, "550 5.1.1 no\x07 such");
  answered(&d, 1u, 550u, "550 5.1.1 no\x07 such");
  SAID(&d, "250 2.0.0 kept");
  done(&d, 250u);
  test_number(end(&d, SMTPC_END_QUIT, 0u, 0u, 250u), SMTPC_OUTCOME_REFUSED);
  assert_string_equal(
      d.words,
      "recipient \"c\\x1b@d.example\" code 550 reply \"550 5.1.1 no\\x07 "
      "such\"\n"
      "smtpcore send: delivered to some recipients only (the server said: 250 "
      "2.0.0 kept); refused recipients: c\\x1b@d.example\n");
  close_desk(&d);
}

static void test_end_tells_refused_from_later(void **state) {
  (void)state;
  desk d;
  open_desk(&d, SMTPC_LOG_TEXT);
  d.sending.to_count = 3u;
  answered(&d, 0u, 250u, "250 ok");
  answered(&d, 1u, 550u, "550 no");
  // Never sent: the last words of the server are about another one.
  found(&d, SMTPC_FINDING_LIMIT_KEPT);
  answered(&d, 2u, 452u, "550 no");
  SAID(&d, "250 kept");
  done(&d, 250u);
  test_number(end(&d, SMTPC_END_QUIT, 0u, 0u, 250u), SMTPC_OUTCOME_REFUSED);
  assert_string_equal(
      d.words,
      "recipient \"c\\x1b@d.example\" code 550 reply \"550 no\"\n"
      "recipient e@f.example code 452\n"
      "smtpcore send: delivered to some recipients only: a recipient or "
      "message "
      "was not sent: the server announced its limit (the server said: 250 "
      "kept); "
      "refused recipients: c\\x1b@d.example; recipients to try again later: "
      "e@f.example; findings: limit-kept\n");
  close_desk(&d);
}

// LMTP: the second and third answer to RCPT were yes, and so their answers to the
// message are number 0 and 1.
static void test_end_names_recipients_of_lmtp(void **state) {
  (void)state;
  static const struct {
    unsigned last;
    smtpc_outcome want;
    const char *words;
  } rows[] = {
      {250u, SMTPC_OUTCOME_REFUSED,
       "smtpcore send: delivered to some recipients only (the server said: 250 "
       "last); refused recipients: a@b.example\n"},
      {550u, SMTPC_OUTCOME_REFUSED,
       "smtpcore send: delivered to some recipients only (the server said: 550 "
       "last); refused recipients: a@b.example, e@f.example\n"},
      {451u, SMTPC_OUTCOME_REFUSED,
       "smtpcore send: delivered to some recipients only (the server said: 451 "
       "last); refused recipients: a@b.example; recipients to try again later: "
       "e@f.example\n"},
  };
  for (size_t i = 0u; i < sizeof rows / sizeof rows[0]; i++) {
    char last[16];
    desk d;
    open_desk(&d, SMTPC_LOG_TEXT);
    d.sending.lmtp = true;
    d.sending.to_count = 3u;
    (void)snprintf(last, sizeof last, "%u last", rows[i].last);
    answered(&d, 0u, 550u, "550 no");
    answered(&d, 1u, 250u, "250 ok");
    answered(&d, 2u, 250u, "250 ok");
    delivered(&d, 0u, 250u, "250 yours");
    hear(&d, 1u, 0u, last, strlen(last));
    delivered(&d, 1u, rows[i].last, last);
    delivered(&d, 2u, 550u, "550 nobody");
    done(&d, rows[i].last);
    test_label("last %u", rows[i].last);
    test_number(end(&d, SMTPC_END_QUIT, 0u, 0u, 250u), rows[i].want);
    assert_non_null(
        strstr(d.words,
               "recipient \"c\\x1b@d.example\" code 250 reply \"250 yours\""));
    assert_non_null(strstr(d.words, rows[i].words));
    assert_null(strstr(d.words, "nobody"));
    close_desk(&d);
  }
}

// With PIPELINING the replies after a refusal say less than the refusal.
static void test_end_quotes_the_reply_that_decided(void **state) {
  (void)state;
  desk d;
  open_desk(&d, SMTPC_LOG_TEXT);
  SAID(&d, "550 5.7.1 you are on a list");
  SAID(&d, "550 5.5.1 MAIL first");
  SAID(&d, "503 5.5.1 RCPT first");
  done(&d, 550u);
  SAID(&d, "221 bye");
  test_number(end(&d, SMTPC_END_QUIT, 0u, 0u, 550u), SMTPC_OUTCOME_REFUSED);
  assert_string_equal(d.words,
                      "smtpcore send: refused for good (the server said: 550 "
                      "5.7.1 you are on a list)\n");
  close_desk(&d);
}

static void test_end_says_why_nothing_was_sent(void **state) {
  (void)state;
  static const struct {
    unsigned finding, code;
    smtpc_outcome want;
  } rows[] = {
      {SMTPC_FINDING_EXTENSION_MISSING, 0u, SMTPC_OUTCOME_REFUSED},
      {SMTPC_FINDING_SIZE_EXCEEDED, 552u, SMTPC_OUTCOME_REFUSED},
      {SMTPC_FINDING_LOCAL_INPUT, 0u, SMTPC_OUTCOME_USAGE},
  };
  for (size_t i = 0u; i < sizeof rows / sizeof rows[0]; i++) {
    desk d;
    open_desk(&d, SMTPC_LOG_TEXT);
    found(&d, rows[i].finding);
    done(&d, rows[i].code);
    SAID(&d, "221 bye");
    test_number(end(&d, SMTPC_END_QUIT, 0u, 0u, rows[i].code), rows[i].want);
    assert_non_null(
        strstr(d.words, smtpc_finding_get(rows[i].finding).meaning));
    assert_null(strstr(d.words, "the server said"));
    close_desk(&d);
  }
}

static void test_end_says_the_device_code(void **state) {
  (void)state;
  static const struct {
    unsigned reason, finding, device;
    const char *code;
    smtpc_outcome want;
  } rows[] = {
      {SMTPC_END_AUTH, SMTPC_FINDING_AUTH_FAILED, SMTPC_DEVICE_839, "#839",
       SMTPC_OUTCOME_AUTHENTICATION},
      {SMTPC_END_TLS, SMTPC_FINDING_TLS_FAILED, SMTPC_DEVICE_841, "#841",
       SMTPC_OUTCOME_PROTOCOL},
      {SMTPC_END_TLS, SMTPC_FINDING_TLS_FAILED, SMTPC_DEVICE_842, "#842",
       SMTPC_OUTCOME_PROTOCOL},
      {SMTPC_END_AUTH, SMTPC_FINDING_AUTH_EXCHANGE, SMTPC_DEVICE_843, "#843",
       SMTPC_OUTCOME_AUTHENTICATION},
      {SMTPC_END_REFUSED, SMTPC_FINDING_AUTH_NOT_OFFERED,
       SMTPC_DEVICE_AUTH_NOT_OFFERED, "SMTP AUTH Error (Not Offered)",
       SMTPC_OUTCOME_AUTHENTICATION},
      {SMTPC_END_REFUSED, SMTPC_FINDING_AUTH_NO_MECHANISM,
       SMTPC_DEVICE_AUTH_NO_MECHANISM, "SMTP AUTH Error (No Common Method)",
       SMTPC_OUTCOME_AUTHENTICATION}};
  for (size_t i = 0u; i < sizeof rows / sizeof rows[0]; i++) {
    for (unsigned format = 0u; format < 2u; format++) {
      desk d;
      open_desk(&d, format);
      test_number(end(&d, rows[i].reason, rows[i].finding, rows[i].device, 0u),
                  rows[i].want);
      assert_non_null(strstr(d.words, rows[i].code));
      assert_non_null(strstr(d.words, smtpc_finding_get(rows[i].finding).name));
      assert_ptr_equal(strchr(d.words, '\n'), d.words + d.words_len - 1u);
      close_desk(&d);
    }
  }
}

static void test_end_as_json(void **state) {
  (void)state;
  desk d;
  open_desk(&d, SMTPC_LOG_JSON);
  SAID(&d, "451 4.2.1 \"busy\"");
  answered(&d, 0u, 250u, "250 ok");
  done(&d, 451u);
  test_number(end(&d, SMTPC_END_QUIT, 0u, 0u, 451u), SMTPC_OUTCOME_LATER);
  json_t *have = json_loads(d.words, 0, NULL);
  assert_non_null(have);
  assert_string_equal(json_string_value(json_object_get(have, "outcome")),
                      "later");
  test_number(json_integer_value(json_object_get(have, "exit")), 75);
  test_number(json_integer_value(json_object_get(have, "recipients")), 2);
  test_number(json_integer_value(json_object_get(have, "accepted")), 1);
  test_number(json_integer_value(json_object_get(have, "delivered")), 0);
  assert_string_equal(json_string_value(json_object_get(have, "reply")),
                      "451 4.2.1 \"busy\"");
  assert_non_null(json_object_get(have, "downgrades"));
  json_decref(have);
  close_desk(&d);
}

static void test_end_without_a_session(void **state) {
  (void)state;
  desk d;
  smtpc_net_result result = {0};
  smtpc_net_error error = {SMTPC_NET_CONNECT, "cannot reach x port 25: no"};
  open_desk(&d, SMTPC_LOG_TEXT);
  test_number(smtpc_sending_end(&d.sending, &result, &error),
              SMTPC_OUTCOME_LATER);
  flush_desk(&d);
  assert_string_equal(d.words,
                      "smtpcore send: not delivered, try again later: cannot "
                      "reach x port 25: no\n");
  close_desk(&d);
}

static void test_envelope_asks_for_what_the_message_needs(void **state) {
  (void)state;
  desk d;
  smtpc_envelope have = {0};
  const smtpc_net_sender_callbacks calls = smtpc_sending_callbacks();
  open_desk(&d, SMTPC_LOG_TEXT);
  d.message.len = 7u;
  d.message.eight_bit = true;
  d.sending.utf8 = true;
  test_number(calls.envelope(&d.sending, &have), 1);
  test_number(have.seen,
              SMTPC_HAS(SIZE) | SMTPC_HAS(BODY) | SMTPC_HAS(SMTPUTF8));
  test_number(have.size, 7);
  test_number(have.body, SMTPC_BODY_8BITMIME);
  test_number(calls.envelope(&d.sending, &have), 0);
  close_desk(&d);
  static const smtpc_envelope none = {0};
  have = none;
  open_desk(&d, SMTPC_LOG_TEXT);
  d.sending.from = "";
  test_number(calls.envelope(&d.sending, &have), 1);
  test_number(have.seen, SMTPC_HAS(SIZE));
  test_number(have.address_len, 0);
  assert_null(have.address);
  close_desk(&d);
}

static void test_envelope_has_what_was_asked_for(void **state) {
  (void)state;
  desk d;
  smtpc_envelope have = {0};
  const smtpc_net_sender_callbacks calls = smtpc_sending_callbacks();
  open_desk(&d, SMTPC_LOG_TEXT);
  d.message.len = 9u;
  d.message.eight_bit = true;
  d.sending.mail.seen = SMTPC_HAS(BODY) | SMTPC_HAS(BY) | SMTPC_HAS(REQUIRETLS);
  d.sending.mail.body = SMTPC_BODY_BINARYMIME;
  d.sending.mail.by_time = 60;
  d.sending.mail.by_mode = SMTPC_BY_RETURN;
  d.to[1].envelope.seen = SMTPC_HAS(RRVS);
  d.to[1].envelope.when = 5u;
  test_number(calls.envelope(&d.sending, &have), 1);
  test_number(have.seen, SMTPC_HAS(SIZE) | SMTPC_HAS(BODY) | SMTPC_HAS(BY) |
                             SMTPC_HAS(REQUIRETLS));
  test_number(have.body, SMTPC_BODY_BINARYMIME);
  test_number(have.by_time, 60);
  test_octets(have.address, have.address_len, "me@here.example", 15u);
  test_number(calls.recipient(&d.sending, &have), 1);
  test_number(have.seen, 0u);
  test_octets(have.address, have.address_len, "a@b.example", 11u);
  test_number(calls.recipient(&d.sending, &have), 1);
  test_number(have.seen, SMTPC_HAS(RRVS));
  test_number(have.when, 5);
  test_number(calls.recipient(&d.sending, &have), 0);
  close_desk(&d);
}

static void test_login_is_password_or_token(void **state) {
  (void)state;
  desk d;
  uint8_t token[] = {'t', 'o', 'k'};
  const smtpc_net_sender_callbacks calls = smtpc_sending_callbacks();
  open_desk(&d, SMTPC_LOG_TEXT);
  smtpc_net_login login = {0};
  // Without an account there is nothing to say, whatever the mechanism.
  for (unsigned id = 1u; id < SMTPC_MECHANISM_COUNT; id++) {
    test_number(calls.password(&d.sending, id, &login), 0);
  }
  d.sending.account = "me";
  memcpy(d.password.data, "pass", 4u);
  d.password.len = 4u;
  d.token.file.data = token;
  d.token.len = sizeof token;
  for (unsigned id = 1u; id < SMTPC_MECHANISM_COUNT; id++) {
    const bool wants_token =
        id == SMTPC_MECHANISM_OAUTHBEARER || id == SMTPC_MECHANISM_XOAUTH2;
    test_label("%s", smtpc_mechanism_get(id).name);
    test_number(calls.password(&d.sending, id, &login), 1);
    test_octets(login.name, login.name_len, "me", 2u);
    test_octets(login.password, login.password_len,
                wants_token ? "tok" : "pass", wants_token ? 3u : 4u);
  }
  close_desk(&d);
}

// The vectors of RFC 2195 section 2 and RFC 5802 section 5.
static void test_digest_of_both_kinds(void **state) {
  (void)state;
  static const uint8_t cram[] = {0xb9, 0x13, 0xa6, 0x02, 0xc7, 0xed,
                                 0xa7, 0xa4, 0x95, 0xb4, 0xe6, 0xe7,
                                 0x33, 0x4d, 0x38, 0x90};
  static const uint8_t salt[] = {0x41, 0x25, 0xc2, 0x47, 0xe4, 0x3a,
                                 0xb1, 0xe9, 0x3c, 0x6d, 0xff, 0x76};
  static const char message[] =
      "n=user,r=fyko+d2lbbFgONRv9qkxdawL,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1"
      "ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096,c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfc"
      "NHYJY1ZVvWVs7j";
  // v0X8v3Bz2T0CJGbJQyF0X+HI4Ts= and rmF9pqV8S7suAoZWja4dJRkFsKQ=
  static const uint8_t scram[] = {
      0xbf, 0x45, 0xfc, 0xbf, 0x70, 0x73, 0xd9, 0x3d, 0x02, 0x24,
      0x66, 0xc9, 0x43, 0x21, 0x74, 0x5f, 0xe1, 0xc8, 0xe1, 0x3b,
      0xae, 0x61, 0x7d, 0xa6, 0xa5, 0x7c, 0x4b, 0xbb, 0x2e, 0x02,
      0x86, 0x56, 0x8d, 0xae, 0x1d, 0x25, 0x19, 0x05, 0xb0, 0xa4};
  static const char challenge[] = "<1896.697170952@postoffice.reston.mci.net>";
  desk d;
  uint8_t digest[2u * SMTPC_DIGEST_MAX];
  smtpc_net_login login = {0};
  smtpc_net_digest ask = {0};
  const smtpc_net_sender_callbacks calls = smtpc_sending_callbacks();
  open_desk(&d, SMTPC_LOG_TEXT);
  d.sending.account = "tim";
  memcpy(d.password.data, "tanstaaftanstaaf", 16u);
  d.password.len = 16u;
  ask.mechanism = SMTPC_MECHANISM_CRAM_MD5;
  ask.text = (const uint8_t *)challenge;
  ask.text_len = sizeof challenge - 1u;
  test_number(calls.digest(&d.sending, &ask, &login, digest), 1);
  test_octets(digest, sizeof cram, cram, sizeof cram);
  test_octets(login.name, login.name_len, "tim", 3u);
  memcpy(d.password.data, "pencil", 6u);
  d.password.len = 6u;
  ask.mechanism = SMTPC_MECHANISM_SCRAM_SHA_1;
  ask.text = (const uint8_t *)message;
  ask.text_len = sizeof message - 1u;
  ask.salt = salt;
  ask.salt_len = sizeof salt;
  ask.iterations = 4096u;
  test_number(calls.digest(&d.sending, &ask, &login, digest), 1);
  test_octets(digest, sizeof scram, scram, sizeof scram);
  ask.iterations = 0u;
  test_number(calls.digest(&d.sending, &ask, &login, digest), 0);
  close_desk(&d);
}

static void test_note_is_seen_and_shown(void **state) {
  (void)state;
  desk d;
  open_desk(&d, SMTPC_LOG_TEXT);
  smtpc_sending_note(&d.sending, SMTPC_FINDING_TLS_NOT_REQUIRED);
  flush_desk(&d);
  assert_non_null(strstr(d.trace, "! tls-not-required (downgrade"));
  done(&d, 250u);
  test_number(end(&d, SMTPC_END_QUIT, 0u, 0u, 250u), SMTPC_OUTCOME_DELIVERED);
  assert_string_equal(
      d.words, "smtpcore send: delivered; downgrades: tls-not-required\n");
  close_desk(&d);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_trace_shows_the_dialogue),
      cmocka_unit_test(test_end_says_delivered_and_downgrades),
      cmocka_unit_test(test_end_names_refused_recipients),
      cmocka_unit_test(test_end_tells_refused_from_later),
      cmocka_unit_test(test_end_names_recipients_of_lmtp),
      cmocka_unit_test(test_end_quotes_the_reply_that_decided),
      cmocka_unit_test(test_end_says_why_nothing_was_sent),
      cmocka_unit_test(test_end_says_the_device_code),
      cmocka_unit_test(test_end_as_json),
      cmocka_unit_test(test_end_without_a_session),
      cmocka_unit_test(test_envelope_asks_for_what_the_message_needs),
      cmocka_unit_test(test_envelope_has_what_was_asked_for),
      cmocka_unit_test(test_login_is_password_or_token),
      cmocka_unit_test(test_digest_of_both_kinds),
      cmocka_unit_test(test_note_is_seen_and_shown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
