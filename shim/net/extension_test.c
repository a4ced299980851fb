// Extensions that hang on the shims, in both roles over real connections: LMTP,
// BINARYMIME by BDAT, LIMITS.
#define _POSIX_C_SOURCE 200809L

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shim/net/net_testing.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void send_it(rig_sender *s, rig *r) {
  const smtpc_net_error_kind kind = rig_send(s);
  rig_wait(r, &r->ended, 1u);
  rig_stop(r);
  test_label("%s, trace:\n%s", s->error.text,
             s->trace.data == NULL ? "" : s->trace.data);
  test_number(kind, SMTPC_NET_NONE);
}

static void free_both(rig_sender *s, rig *r) {
  rig_sender_free(s);
  rig_free(r);
}

// --------------------------------------------------------------------- LMTP

static void lmtp_prepare(rig_sender *s, rig *r, unsigned mode) {
  rig_prepare(r);
  r->policy.lmtp = 1u;
  r->mode = (rig_message_mode)mode;
  r->gate = 1u;
  rig_start(r);
  rig_sender_prepare(s, smtpc_net_receiver_port(r->receiver));
  s->policy.lmtp = 1u;
}

// One recipient is refused at once, of the others one by one is told.
static void test_lmtp_tells_each_recipient(void **state) {
  (void)state;
  for (unsigned bdat = 0u; bdat < 2u; bdat++) {
    rig r;
    rig_sender s;
    lmtp_prepare(&s, &r, RIG_AT_ONCE);
    r.answers[1] = SMTPC_ANSWER_FULL;
    s.policy.bdat = (uint8_t)bdat;
    s.to[0] = "b@mx.example";
    s.to[1] = "no@mx.example";
    s.to[2] = "c@mx.example";
    s.to[3] = "d@mx.example";
    send_it(&s, &r);
    test_number(s.rcpt_done, 4);
    test_number(s.rcpt_codes[1], 550);
    test_number(s.deliveries, 3);
    for (unsigned i = 0u; i < 3u; i++) {
      test_number(s.delivery_numbers[i], i);
      test_number(s.delivery_codes[i], i == 1u ? 452 : 250);
    }
    // The message is done when it is done for all.
    test_number(s.done, 1);
    test_number(s.codes[0], 452);
    assert_string_equal(r.numbers.data, "0,1,2,");
    test_number(r.stored, 2);
    test_number(r.dropped, 0);
    test_number(r.ends[0].stats.messages, 1);
    test_octets(r.content.data, r.content.len, s.content, s.content_len);
    assert_non_null(strstr(s.trace.data, "C: LHLO lamp.example\n"));
    assert_string_equal(r.hello, "lamp.example");
    free_both(&s, &r);
  }
}

static void test_lmtp_answers_may_come_late(void **state) {
  rig r;
  rig_sender s;
  (void)state;
  lmtp_prepare(&s, &r, RIG_BY_WORK);
  s.to[1] = "c@mx.example";
  s.to[2] = "d@mx.example";
  s.messages = 2u;
  send_it(&s, &r);
  test_number(s.deliveries, 6);
  test_number(s.done, 2);
  test_number(s.codes[1], 250);
  test_number(s.result.end.stats.messages, 2);
  test_number(r.ends[0].stats.messages, 2);
  test_number(r.stored, 6);
  assert_string_equal(r.numbers.data, "0,1,2,0,1,2,");
  free_both(&s, &r);
}

static void test_lmtp_refused_for_all_is_no_message(void **state) {
  rig r;
  rig_sender s;
  (void)state;
  lmtp_prepare(&s, &r, RIG_NOT_NOW);
  s.to[1] = "c@mx.example";
  send_it(&s, &r);
  test_number(s.deliveries, 2);
  test_number(s.codes[0], 451);
  test_number(s.result.end.stats.messages, 0);
  test_number(r.ends[0].stats.messages, 0);
  free_both(&s, &r);
}

#define LMTP_MESSAGE               \
  "LHLO lamp.example\r\n"          \
  "MAIL FROM:<a@lamp.example>\r\n" \
  "RCPT TO:<b@mx.example>\r\n"     \
  "RCPT TO:<c@mx.example>\r\n"     \
  "DATA\r\n"

// Its client goes away after the first of two commits has begun: both are made.
static void test_lmtp_commits_outlive_their_client(void **state) {
  (void)state;
  for (unsigned stop = 0u; stop < 2u; stop++) {
    rig r;
    rig_prepare(&r);
    r.policy.lmtp = 1u;
    r.mode = RIG_BY_WORK;
    rig_start(&r);
    const int fd = raw_connect(&r);
    raw_send(fd, LMTP_MESSAGE);
    raw_expect(fd, "220 ");
    raw_expect(fd, "250 ");
    raw_expect(fd, "250 ");
    raw_expect(fd, "250 ");
    raw_expect(fd, "250 ");
    raw_expect(fd, "354 ");
    raw_send(fd, "x\r\n.\r\n");
    rig_wait(&r, &r.working, 1u);
    if (stop != 0u) {
      smtpc_net_receiver_stop(r.receiver);
    } else {
      raw_reset(fd);
    }
    rig_open_gate(&r);
    if (stop != 0u) {
      // What was begun is told to its end before the session is.
      raw_expect(fd, "250 ");
      raw_expect(fd, "250 ");
      raw_expect(fd, "421 ");
      raw_expect_end(fd);
      (void)close(fd);
    }
    rig_wait(&r, &r.ended, 1u);
    rig_stop(&r);
    test_number(r.stored, 2);
    test_number(r.dropped, 0);
    test_number(r.ends[0].stats.messages, 1);
    rig_free(&r);
  }
}

static void test_lmtp_and_smtp_do_not_mix(void **state) {
  (void)state;
  for (unsigned lmtp = 0u; lmtp < 2u; lmtp++) {
    rig r;
    rig_sender s;
    rig_prepare(&r);
    r.policy.lmtp = (uint8_t)lmtp;
    rig_start(&r);
    rig_sender_prepare(&s, smtpc_net_receiver_port(r.receiver));
    s.policy.lmtp = (uint8_t)(1u - lmtp);
    send_it(&s, &r);
    test_number(s.done, 0);
    test_number(s.result.end.reason == SMTPC_END_QUIT, 0);
    assert_null(strstr(r.trace.data, "C: MAIL"));
    free_both(&s, &r);
  }
}

// --------------------------------------------------------------- BINARYMIME

// All octets in all neighbourhoods that lines and dots make special.
static uint8_t *make_binary(size_t *out_len) {
  static const char edges[] = "\r\n.\r\n.\n.\r.\0\r\n..\r\nBDAT 5 LAST\r\n\r";
  const size_t len = 70000u;
  uint8_t *data = malloc(len);
  uint64_t seed = 3u;
  assert_non_null(data);
  for (size_t i = 0u; i < len; i++) {
    data[i] = (uint8_t)test_random(&seed);
  }
  memcpy(data, edges, sizeof edges - 1u);
  memcpy(data + len - (sizeof edges - 1u), edges, sizeof edges - 1u);
  memcpy(data + 32760u, edges, sizeof edges - 1u);
  *out_len = len;
  return data;
}

static void test_binarymime_goes_octet_for_octet(void **state) {
  static const size_t blocks[] = {1000000u, 32768u, 4093u, 7u};
  size_t len = 0u;
  uint8_t *content = make_binary(&len);
  (void)state;
  for (size_t i = 0u; i < 2u * COUNT(blocks); i++) {
    const int tls = i % 2u == 1u;
    rig r;
    rig_sender s;
    rig_prepare(&r);
    r.policy.offered |= SMTPC_OFFERS(BINARYMIME);
    if (tls) {
      rig_use_tls(&r, SMTPC_SERVER_TLS_REQUIRED, 0);
    }
    rig_start(&r);
    rig_sender_prepare(&s, smtpc_net_receiver_port(r.receiver));
    if (tls) {
      rig_sender_use_tls(&s, SMTPC_CLIENT_TLS_VERIFIED);
    }
    s.seen = SMTPC_HAS(BODY);
    s.body = SMTPC_BODY_BINARYMIME;
    s.content = content;
    s.block = blocks[i / 2u];
    s.content_len = s.block == 7u ? 700u : len;
    send_it(&s, &r);
    test_number(s.done, 1);
    test_number(s.codes[0], 250);
    test_octets(r.content.data, r.content.len, content, s.content_len);
    test_number(r.ends[0].stats.content, s.content_len);
    assert_non_null(
        strstr(s.trace.data, "C: MAIL FROM:<a@lamp.example> BODY=BINARYMIME"));
    assert_null(strstr(s.trace.data, "C: DATA"));
    free_both(&s, &r);
  }
  free(content);
}

// Without the extension such a message is not sent, and nothing is made of it.
static void test_binarymime_is_not_sent_where_it_is_not_offered(void **state) {
  (void)state;
  for (unsigned i = 0u; i < 2u; i++) {
    rig r;
    rig_sender s;
    rig_prepare(&r);
    if (i == 1u) {
      r.policy.offered &= ~SMTPC_OFFERS(CHUNKING);
    }
    rig_start(&r);
    rig_sender_prepare(&s, smtpc_net_receiver_port(r.receiver));
    s.seen = SMTPC_HAS(BODY);
    s.body = SMTPC_BODY_BINARYMIME;
    send_it(&s, &r);
    test_number(s.done, 1);
    test_number(s.codes[0], 0);
    test_number(s.findings[SMTPC_FINDING_EXTENSION_MISSING], 1);
    test_number(s.result.end.stats.messages, 0);
    assert_null(strstr(r.trace.data, "C: MAIL"));
    free_both(&s, &r);
  }
}

// A chunk that claims to be text is held to it; one that is binary must not be DATA.
static void test_binarymime_is_said_before_it_is_sent(void **state) {
  rig r;
  (void)state;
  rig_prepare(&r);
  r.policy.offered |= SMTPC_OFFERS(BINARYMIME);
  rig_start(&r);
  const int fd = raw_connect(&r);
  raw_expect(fd, "220 ");
  raw_send(fd,
           "EHLO lamp.example\r\nMAIL FROM:<> BODY=8BITMIME\r\n"
           "RCPT TO:<b@mx.example>\r\nBDAT 4 LAST\r\n");
  raw_send_octets(fd, "a\0b\n", 4u);
  raw_expect(fd, "250 ");
  raw_expect(fd, "250 ");
  raw_expect(fd, "250 ");
  raw_expect(fd, "550 ");
  raw_send(fd,
           "RSET\r\nMAIL FROM:<> BODY=BINARYMIME\r\n"
           "RCPT TO:<b@mx.example>\r\nDATA\r\nBDAT 4\r\n");
  raw_send_octets(fd, "a\0b\n", 4u);
  raw_send(fd, "BDAT 0 LAST\r\nQUIT\r\n");
  raw_expect(fd, "250 ");
  raw_expect(fd, "250 ");
  raw_expect(fd, "250 ");
  raw_expect(fd, "503 ");
  raw_expect(fd, "250 ");
  raw_expect(fd, "250 ");
  raw_expect(fd, "221 ");
  (void)close(fd);
  rig_wait(&r, &r.ended, 1u);
  rig_stop(&r);
  test_number(r.stored, 1);
  assert_true(r.content.len >= 4u);
  test_octets(r.content.data + r.content.len - 4u, 4u, "a\0b\n", 4u);
  rig_free(&r);
}

// ------------------------------------------------------------------- LIMITS

// RFC 9422: what the server said is kept, and what was left out is said.
static void test_limits_of_the_server_are_kept(void **state) {
  rig r;
  rig_sender s;
  (void)state;
  rig_prepare(&r);
  r.policy.offered |= SMTPC_OFFERS(LIMITS);
  r.policy.rcpt_max = 2u;
  r.policy.mail_max = 2u;
  rig_start(&r);
  rig_sender_prepare(&s, smtpc_net_receiver_port(r.receiver));
  s.to[1] = "no@mx.example";
  s.to[2] = "d@mx.example";
  s.messages = 3u;
  send_it(&s, &r);
  assert_non_null(strstr(s.trace.data, "LIMITS RCPTMAX=2 MAILMAX=2\n"));
  assert_null(strstr(r.trace.data, "d@mx.example"));
  test_number(s.rcpt_done, 6);
  for (unsigned i = 0u; i < 6u; i += 3u) {
    // The third is not sent, so it may be told before the others are.
    unsigned refused = 0u;
    unsigned unsent = 0u;
    for (unsigned k = 0u; k < 3u; k++) {
      refused += s.rcpt_codes[i + k] == 550u ? 1u : 0u;
      unsent += s.rcpt_codes[i + k] == 452u ? 1u : 0u;
    }
    test_number(refused, 1);
    test_number(unsent, 1);
  }
  test_number(s.done, 3);
  test_number(s.codes[0], 250);
  test_number(s.codes[1], 250);
  test_number(s.codes[2], 452);
  test_number(s.findings[SMTPC_FINDING_LIMIT_KEPT], 1);
  test_number(s.result.end.reason, SMTPC_END_QUIT);
  // The server had to refuse nothing for its limits' sake.
  test_number(r.findings[SMTPC_FINDING_RCPT_TOO_MANY], 0);
  test_number(r.findings[SMTPC_FINDING_ERRORS_TOO_MANY], 0);
  test_number(r.stored, 2);
  free_both(&s, &r);
}

static void test_limits_of_domains_are_kept(void **state) {
  static const rig_step steps[] = {
      {"", "220 x\r\n"},
      {"EHLO", "250-x\r\n250 LIMITS RCPTDOMAINMAX=1\r\n"},
      {"MAIL", "250 ok\r\n"},
      {"RCPT TO:<b@mx.example>", "250 ok\r\n"},
      {"RCPT TO:<c@MX.example>", "250 ok\r\n"},
      {"DATA", "354 go\r\n"},
      {".", "250 stored\r\n"},
      {"QUIT", "221 bye\r\n"},
      {"", NULL}};
  rig_sender s;
  (void)state;
  rig_sender_prepare(&s, 0u);
  s.to[1] = "c@MX.example";
  s.to[2] = "d@other.example";
  s.content = (const uint8_t *)"x\r\n";
  s.content_len = 3u;
  rig_send_to(steps, 1, &s);
  test_number(s.done, 1);
  test_number(s.codes[0], 250);
  test_number(s.rcpt_done, 3);
  test_number(s.rcpt_codes[2], 452);
  assert_null(strstr(s.trace.data, "other.example"));
  rig_sender_free(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_lmtp_tells_each_recipient),
      cmocka_unit_test(test_lmtp_answers_may_come_late),
      cmocka_unit_test(test_lmtp_refused_for_all_is_no_message),
      cmocka_unit_test(test_lmtp_commits_outlive_their_client),
      cmocka_unit_test(test_lmtp_and_smtp_do_not_mix),
      cmocka_unit_test(test_binarymime_goes_octet_for_octet),
      cmocka_unit_test(test_binarymime_is_not_sent_where_it_is_not_offered),
      cmocka_unit_test(test_binarymime_is_said_before_it_is_sent),
      cmocka_unit_test(test_limits_of_the_server_are_kept),
      cmocka_unit_test(test_limits_of_domains_are_kept),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
