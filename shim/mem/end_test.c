// Ends: what was decided stands, whatever comes after it; and nothing of a session is
// left behind. Each of these was once a bug; corpus/regress holds the dialogues.

#include <string.h>

#include "core/testing.h"
#include "shim/mem/mem.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

// Gives octets, and after them `kind`, step by step: the end comes while what was
// decided still waits to be said. `*out` gets what is sent, and the CLOSE is returned.
static smtpc_action end_server(const smtpc_server_policy *policy,
                               const char *text, unsigned kind,
                               unsigned sends_before, smtpc_octets *out) {
  static smtpc_server session;
  const uint8_t *data = (const uint8_t *)text;
  size_t left = strlen(text);
  unsigned sends = 0u;
  smtpc_action act = {0};
  smtpc_server_init(&session, policy);
  for (size_t step = 0u; step < 500u && act.kind != SMTPC_DO_CLOSE; step++) {
    smtpc_input in = smtpc_input_octets(SMTPC_CHANNEL_PLAIN, data, left);
    size_t used = 0u;
    if (sends == sends_before) {
      in = smtpc_input_make(kind);
      in.clean = 1u;
      left = 0u;
      sends++;
    } else if (act.kind == SMTPC_DO_ASK_SENDER ||
               act.kind == SMTPC_DO_ASK_RECIPIENT) {
      in = smtpc_input_make(SMTPC_IN_VERDICT);
      in.answer = SMTPC_ANSWER_YES;
    }
    assert_int_equal(smtpc_server_step(policy, &session, &in, &used, &act),
                     SMTPC_OK);
    assert_int_equal(smtpc_server_check(&session), SMTPC_OK);
    data += used;
    left -= used;
    if (act.kind == SMTPC_DO_SEND) {
      smtpc_octets_add(out, smtpc_server_octets(&session, &act, &in),
                       act.end - act.begin);
      sends++;
    }
  }
  assert_int_equal(act.kind, SMTPC_DO_CLOSE);
  return act;
}

static smtpc_server_policy required_policy(void) {
  smtpc_server_policy policy;
  smtpc_server_policy_init(&policy);
  policy.tls = SMTPC_SERVER_TLS_REQUIRED;
  policy.certificate = 1u;
  policy.offered = SMTPC_OFFERS(STARTTLS) | SMTPC_OFFERS(SIZE) |
                   SMTPC_OFFERS(PIPELINING) | SMTPC_OFFERS(DSN);
  return policy;
}

static void test_server_end_keeps_what_was_decided(void **state) {
  (void)state;
  static const unsigned kinds[] = {SMTPC_IN_END_OF_STREAM, SMTPC_IN_DEADLINE,
                                   SMTPC_IN_SHUTDOWN};
  const smtpc_server_policy policy = required_policy();
  for (size_t i = 0u; i < COUNT(kinds); i++) {
    smtpc_octets out = {0};
    // The greeting, then the 530.
    const smtpc_action act =
        end_server(&policy, "MAIL FROM:<a@b.example>\r\n", kinds[i], 2u, &out);
    test_label("%s", smtpc_in_name(kinds[i]));
    test_number(act.end_reason, SMTPC_END_REFUSED);
    test_number(act.finding, SMTPC_FINDING_PLAINTEXT_REFUSED);
    test_number(act.device, SMTPC_DEVICE_RECEIVE_REJECT);
    static const char want[] =
        "220 localhost SMTP service ready\r\n"
        "530 Must issue a STARTTLS command first\r\n";
    test_octets(out.data, out.len, want, sizeof want - 1u);
    smtpc_octets_free(&out);
  }
}

static void test_server_end_after_quit_says_no_second_word(void **state) {
  (void)state;
  const smtpc_server_policy policy = required_policy();
  smtpc_octets out = {0};
  const smtpc_action act =
      end_server(&policy, "QUIT\r\n", SMTPC_IN_SHUTDOWN, 2u, &out);
  static const char want[] =
      "220 localhost SMTP service ready\r\n221 Closing connection\r\n";
  test_octets(out.data, out.len, want, sizeof want - 1u);
  assert_int_equal(act.end_reason, SMTPC_END_QUIT);
  smtpc_octets_free(&out);
}

static void test_server_end_within_a_reply_mixes_no_codes(void **state) {
  (void)state;
  // The EHLO reply has five lines; the end comes after each of them.
  const smtpc_server_policy policy = required_policy();
  for (unsigned lines = 1u; lines <= 5u; lines++) {
    smtpc_octets out = {0};
    const smtpc_action act = end_server(&policy, "EHLO a.example\r\n",
                                        SMTPC_IN_DEADLINE, 1u + lines, &out);
    size_t begin = 0u;
    unsigned hellos = 0u;
    int goes_on = 0;
    for (size_t i = 0u; i < out.len; i++) {
      if (out.data[i] == '\n') {
        hellos += memcmp(out.data + begin, "250", 3u) == 0 ? 1u : 0u;
        // After a line that goes on, nothing of another code.
        assert_true(goes_on == 0 || memcmp(out.data + begin, "250", 3u) == 0);
        goes_on = out.data[begin + 3u] == '-';
        begin = i + 1u;
      }
    }
    test_label("after %u lines", lines);
    test_number(hellos, lines);
    test_number(act.end_reason, SMTPC_END_TIMEOUT);
    smtpc_octets_free(&out);
  }
}

static void feed_server(smtpc_mem_server *mem, const char *text) {
  (void)smtpc_mem_server_feed(mem, mem->session.tls, text, strlen(text), 0u);
}

static int traced(const smtpc_octets *trace, const char *text) {
  const size_t len = strlen(text);
  for (size_t i = 0u; i + len <= trace->len; i++) {
    if (memcmp(trace->data + i, text, len) == 0) {
      return 1;
    }
  }
  return 0;
}

#define INTO_CHUNKS                               \
  "EHLO a.example\r\nMAIL FROM:<a@b.example>\r\n" \
  "RCPT TO:<c@d.example>\r\nBDAT 5\r\nhello"

static void test_server_end_drops_the_message_once(void **state) {
  (void)state;
  static const char *const ends[] = {
      "X\r\nX\r\nX\r\n", "NOOP\r\nNOOP\r\nNOOP\r\nNOOP\r\n",
      "GET / HTTP/1.1\r\n", "BDAT x\r\n", "QUIT\r\n"};
  smtpc_server_policy policy;
  smtpc_server_policy_init(&policy);
  policy.errors_max = 2u;
  policy.junk_max = 3u;
  for (size_t i = 0u; i < COUNT(ends); i++) {
    static smtpc_mem_server mem;
    memset(&mem, 0, sizeof mem);
    smtpc_mem_server_begin(&mem, &policy);
    feed_server(&mem, INTO_CHUNKS);
    feed_server(&mem, ends[i]);
    test_label("%s", ends[i]);
    test_number(mem.where, SMTPC_MEM_CLOSED);
    test_number(traced(&mem.trace, "M: dropped\n"), 1);
    test_number(traced(&mem.trace, "M: dropped\nM: dropped"), 0);
    smtpc_mem_server_free(&mem);
  }
}

static void test_server_long_bdat_line_ends_the_session(void **state) {
  (void)state;
  // BDT-01: its size cannot be read, so its payload must not be.
  char line[700];
  memset(line, ' ', sizeof line);
  memcpy(line, "BDAT 5", 6u);
  memcpy(line + sizeof line - 6u, "LAST\r\n", 6u);
  smtpc_server_policy policy;
  smtpc_server_policy_init(&policy);
  static smtpc_mem_server mem;
  memset(&mem, 0, sizeof mem);
  smtpc_mem_server_begin(&mem, &policy);
  feed_server(&mem, INTO_CHUNKS);
  (void)smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_PLAIN, line, sizeof line, 0u);
  assert_int_equal(mem.where, SMTPC_MEM_CLOSED);
  assert_int_equal(mem.last.finding, SMTPC_FINDING_CHUNK_SIZE);
  smtpc_mem_server_free(&mem);
}

static void test_server_malformed_bdat_line_ends_the_session(void **state) {
  (void)state;
  // BDT-01 again: a line that is malformed is not parsed, but its payload follows.
  static const struct {
    const char *octets;
    size_t len;
  } rows[] = {{"BDAT 9 LAST\0\r\n", 14u},
              {"BDAT 9\r LAST\r\n", 14u},
              {"bdat\n9 LAST\r\n", 13u}};
  smtpc_server_policy policy;
  smtpc_server_policy_init(&policy);
  for (size_t i = 0u; i < COUNT(rows); i++) {
    for (size_t cut = 0u; cut <= TEST_CUT_MAX; cut++) {
      static smtpc_mem_server mem;
      memset(&mem, 0, sizeof mem);
      smtpc_mem_server_begin(&mem, &policy);
      feed_server(&mem, INTO_CHUNKS);
      (void)smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_PLAIN, rows[i].octets,
                                  rows[i].len, cut);
      test_label("row %zu, cut %zu", i, cut);
      test_number(mem.where, SMTPC_MEM_CLOSED);
      test_number(mem.last.finding, SMTPC_FINDING_CHUNK_SIZE);
      smtpc_mem_server_free(&mem);
    }
  }
  // Too long for the line buffer altogether, whole and in pieces.
  static char flood[20000];
  memset(flood, ' ', sizeof flood);
  memcpy(flood, "BDAT 5", 6u);
  memcpy(flood + sizeof flood - 2u, "\r\n", 2u);
  for (size_t cut = 0u; cut <= TEST_CUT_MAX; cut++) {
    static smtpc_mem_server mem;
    memset(&mem, 0, sizeof mem);
    smtpc_mem_server_begin(&mem, &policy);
    (void)smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_PLAIN, flood, sizeof flood,
                                cut);
    test_label("flood, cut %zu", cut);
    test_number(mem.where, SMTPC_MEM_CLOSED);
    test_number(mem.last.finding, SMTPC_FINDING_CHUNK_SIZE);
    smtpc_mem_server_free(&mem);
  }
}

static void test_server_takes_a_message_of_exactly_the_limit(void **state) {
  (void)state;
  // Dots that were stuffed, and the end, are not counted against the message.
  smtpc_server_policy policy;
  smtpc_server_policy_init(&policy);
  policy.size_max = 12u;
  policy.discard_max = 0u;
  for (size_t cut = 0u; cut <= TEST_CUT_MAX; cut++) {
    static smtpc_mem_server mem;
    memset(&mem, 0, sizeof mem);
    smtpc_mem_server_begin(&mem, &policy);
    feed_server(&mem,
                "EHLO a.example\r\nMAIL FROM:<a@b.example>\r\n"
                "RCPT TO:<c@d.example>\r\nDATA\r\n");
    static const char body[] = "..\r\n..\r\n..\r\n..\r\n.\r\n";
    (void)smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_PLAIN, body,
                                sizeof body - 1u, cut);
    test_label("cut %zu", cut);
    test_number(mem.stored_count, 1);
    test_octets(mem.stored.data, mem.stored.len, ".\r\n.\r\n.\r\n.\r\n", 12u);
    smtpc_mem_server_free(&mem);
  }
}

// ------------------------------------------------------------------ secrets

static int holds(const void *session, size_t len, const char *text) {
  smtpc_octets all = {0};
  smtpc_octets_add(&all, session, len);
  const int found = traced(&all, text);
  smtpc_octets_free(&all);
  return found;
}

static void test_law_secret_server_lets_go_at_once(void **state) {
  (void)state;
  // Right after the verdict, and after an exchange that broke off, before any other
  // octet comes.
  static const char *const exchanges[] = {
      "AUTH PLAIN AHVzZXIAc2VjcmV0\r\n", "AUTH PLAIN AHVzZXIAc2VjcmV0MTIz\r\n",
      "AUTH PLAIN AHVzZXIAc2VjcmV0!\r\n", "AUTH PLAIN  AHVzZXIAc2VjcmV0\r\n",
      "AUTH LOGIN\r\ndXNlcg==\r\nc2VjcmV0\r\n"};
  smtpc_server_policy policy;
  smtpc_server_policy_init(&policy);
  policy.auth = SMTPC_AUTH_ON;
  policy.quirks = SMTPC_QUIRK_AUTH_IN_CLEAR;
  for (size_t i = 0u; i < COUNT(exchanges); i++) {
    static smtpc_mem_server mem;
    memset(&mem, 0, sizeof mem);
    smtpc_mem_server_begin(&mem, &policy);
    feed_server(&mem, "EHLO a.example\r\n");
    feed_server(&mem, exchanges[i]);
    test_label("%s", exchanges[i]);
    test_number(holds(&mem.session, sizeof mem.session, "secret"), 0);
    test_number(holds(&mem.session, sizeof mem.session, "c2VjcmV0"), 0);
    smtpc_mem_server_free(&mem);
  }
}

static void test_law_secret_server_hides_early_responses(void **state) {
  (void)state;
  // The client did not wait to hear that AUTH is refused; its responses are read as
  // commands, and must not be shown. What is a verb is shown again.
  static const char *const auths[] = {"AUTH LOGIN\r\n", "AUTH NONE\r\n",
                                      "AUTH LOGIN dXNlcg== x\r\n"};
  smtpc_server_policy policy;
  smtpc_server_policy_init(&policy);
  policy.auth = SMTPC_AUTH_ON;
  for (size_t i = 0u; i < COUNT(auths); i++) {
    static smtpc_mem_server mem;
    memset(&mem, 0, sizeof mem);
    smtpc_mem_server_begin(&mem, &policy);
    feed_server(&mem, "EHLO a.example\r\n");
    feed_server(&mem, auths[i]);
    feed_server(&mem, "dXNlcg==\r\nc2VjcmV0\r\nNOOP\r\nFROB\r\n");
    test_label("%s", auths[i]);
    test_number(traced(&mem.trace, "c2VjcmV0"), 0);
    test_number(traced(&mem.trace, "dXNlcg"), 0);
    test_number(traced(&mem.trace, "C: NOOP\n"), 1);
    test_number(traced(&mem.trace, "C: FROB\n"), 1);
    smtpc_mem_server_free(&mem);
  }
}

static void feed_client(smtpc_mem_client *mem, const char *text) {
  (void)smtpc_mem_client_feed(mem, mem->session.tls, text, strlen(text), 0u);
}

static void begin_auth_client(smtpc_mem_client *mem) {
  smtpc_client_policy policy;
  smtpc_client_policy_init(&policy);
  policy.tls = SMTPC_CLIENT_TLS_OFF;
  policy.auth = SMTPC_AUTH_REQUIRED;
  policy.auth_order = SMTPC_AUTH_ORDER_MANUAL;
  policy.quirks = SMTPC_QUIRK_AUTH_IN_CLEAR;
  memset(mem, 0, sizeof *mem);
  mem->name = "user";
  mem->password = "a very long secret of many octets";
  smtpc_mem_client_begin(mem, &policy, NULL, 0u);
  feed_client(mem, "220 mx\r\n");
}

static void test_law_secret_client_lets_go_at_once(void **state) {
  (void)state;
  static const char *const answers[] = {"535 no\r\n", "454 no\r\n",
                                        "235 ok\r\n"};
  for (size_t i = 0u; i < COUNT(answers); i++) {
    static smtpc_mem_client mem;
    begin_auth_client(&mem);
    feed_client(&mem, "250-mx\r\n250 AUTH PLAIN\r\n");
    // base64 of the password's middle, as PLAIN has it
    assert_true(traced(&mem.out, "bmcgc2VjcmV0IG9m"));
    feed_client(&mem, answers[i]);
    test_label("%s", answers[i]);
    test_number(holds(&mem.session, sizeof mem.session, "bmcgc2VjcmV0IG9m"), 0);
    feed_client(&mem, "221 bye\r\n");
    test_number(mem.where, SMTPC_MEM_CLOSED);
    test_number(holds(&mem.session, sizeof mem.session, "c2VjcmV0"), 0);
    smtpc_mem_client_free(&mem);
  }
}

// ------------------------------------------------------------------- client

static void test_client_surplus_keeps_what_was_decided(void **state) {
  (void)state;
  // What comes with the reply that decided it does not change the end, though it
  // says 421.
  static const struct {
    const char *first;
    const char *second;
    unsigned reason;
    unsigned finding;
  } rows[] = {
      {"220 mx\r\n", "250-mx\r\n250 SIZE 1\r\n421 bye\r\n", SMTPC_END_REFUSED,
       SMTPC_FINDING_TLS_NOT_OFFERED},
      {"220 mx\r\n", "250-mx\r\n250 SIZE 1\r\n250 ok\r\n", SMTPC_END_REFUSED,
       SMTPC_FINDING_TLS_NOT_OFFERED},
  };
  smtpc_client_policy policy;
  smtpc_client_policy_init(&policy);
  policy.tls = SMTPC_CLIENT_TLS_REQUIRED;
  for (size_t i = 0u; i < COUNT(rows); i++) {
    static smtpc_mem_client mem;
    memset(&mem, 0, sizeof mem);
    smtpc_mem_client_begin(&mem, &policy, NULL, 0u);
    feed_client(&mem, rows[i].first);
    feed_client(&mem, rows[i].second);
    test_label("%s", rows[i].second);
    test_number(mem.where, SMTPC_MEM_CLOSED);
    test_number(mem.last.end_reason, rows[i].reason);
    test_number(mem.last.finding, rows[i].finding);
    smtpc_mem_client_free(&mem);
  }
}

static void test_client_tls_break_keeps_the_device_code(void **state) {
  (void)state;
  static smtpc_mem_client mem;
  begin_auth_client(&mem);
  feed_client(&mem, "250-mx\r\n250 AUTH PLAIN\r\n");
  feed_client(&mem, "535 no\r\n");
  smtpc_input end = smtpc_input_make(SMTPC_IN_DEADLINE);
  smtpc_mem_client_give(&mem, &end);
  assert_int_equal(mem.last.device, SMTPC_DEVICE_839);
  assert_int_equal(mem.last.finding, SMTPC_FINDING_AUTH_FAILED);
  smtpc_mem_client_free(&mem);
}

static void test_client_takes_552_to_rcpt_as_452(void **state) {
  (void)state;
  static const uint8_t text[] = "a@b.example";
  smtpc_envelope rcpt;
  smtpc_mem_message message;
  smtpc_client_policy policy;
  memset(&rcpt, 0, sizeof rcpt);
  memset(&message, 0, sizeof message);
  rcpt.address = text;
  rcpt.address_len = sizeof text - 1u;
  message.envelope = rcpt;
  message.recipients = &rcpt;
  message.recipient_count = 1u;
  smtpc_client_policy_init(&policy);
  policy.tls = SMTPC_CLIENT_TLS_OFF;
  static smtpc_mem_client mem;
  memset(&mem, 0, sizeof mem);
  smtpc_mem_client_begin(&mem, &policy, &message, 1u);
  feed_client(&mem, "220 mx\r\n");
  feed_client(&mem, "250 mx\r\n");
  feed_client(&mem, "250 ok\r\n");
  feed_client(&mem, "552 5.5.3 many\r\n");
  assert_true(traced(&mem.trace, "R: 0 452\n"));
  assert_true(traced(&mem.trace, "M: 452\n"));
  smtpc_mem_client_free(&mem);
}

static void test_client_pairs_codes_of_one_reply(void **state) {
  (void)state;
  // RPL-07: 450 decides, and the enhanced code of the 550 after it is not its own.
  static const uint8_t text[] = "a@b.example";
  smtpc_envelope rcpts[2];
  smtpc_mem_message message;
  smtpc_client_policy policy;
  memset(rcpts, 0, sizeof rcpts);
  memset(&message, 0, sizeof message);
  rcpts[0].address = text;
  rcpts[0].address_len = sizeof text - 1u;
  rcpts[1] = rcpts[0];
  message.envelope = rcpts[0];
  message.recipients = rcpts;
  message.recipient_count = 2u;
  smtpc_client_policy_init(&policy);
  policy.tls = SMTPC_CLIENT_TLS_OFF;
  static smtpc_mem_client mem;
  memset(&mem, 0, sizeof mem);
  smtpc_mem_client_begin(&mem, &policy, &message, 1u);
  static const char *const turns[] = {"220 mx\r\n", "250 mx\r\n",
                                      "250 2.1.0 ok\r\n", "450 4.2.1 a\r\n"};
  for (size_t i = 0u; i < COUNT(turns); i++) {
    feed_client(&mem, turns[i]);
  }
  static const uint8_t last[] = "550 5.1.1 b\r\n";
  smtpc_input in =
      smtpc_input_octets(SMTPC_CHANNEL_PLAIN, last, sizeof last - 1u);
  smtpc_action act = {0};
  for (size_t i = 0u; i < 20u && act.kind != SMTPC_DO_MESSAGE_DONE; i++) {
    size_t used = 0u;
    assert_int_equal(smtpc_client_step(&policy, &mem.session, &in, &used, &act),
                     SMTPC_OK);
    in = smtpc_input_make(
        act.kind == SMTPC_DO_ASK_NEXT_RECIPIENT ? SMTPC_IN_END : SMTPC_IN_NONE);
  }
  assert_int_equal(act.kind, SMTPC_DO_MESSAGE_DONE);
  assert_int_equal(act.code, 450);
  assert_int_equal(act.enhanced_class, 4);
  assert_int_equal(act.enhanced_subject, 2);
  assert_int_equal(act.enhanced_detail, 1);
  smtpc_mem_client_free(&mem);
}

static void test_server_policy_knows_its_mechanisms(void **state) {
  (void)state;
  // A bit without a mechanism passed, and the EHLO reply then broke off at AUTH.
  static const uint16_t unknown[] = {1u, 0x8000u, 0x8002u};
  for (size_t i = 0u; i < COUNT(unknown); i++) {
    smtpc_server_policy policy;
    smtpc_server_policy_init(&policy);
    policy.auth = SMTPC_AUTH_ON;
    policy.mechanisms = unknown[i];
    test_label("0x%x", unknown[i]);
    test_number(smtpc_server_policy_check(&policy), SMTPC_E_ARGUMENT);
  }
}

static void test_client_waits_long_for_the_last_chunk(void **state) {
  (void)state;
  // RFC 5321 section 4.5.3.2.6: after the end of data, ten minutes.
  static const uint8_t text[] = "a@b.example";
  static const uint8_t body[] = "x\r\n";
  smtpc_envelope rcpt;
  smtpc_mem_message message;
  smtpc_client_policy policy;
  memset(&rcpt, 0, sizeof rcpt);
  memset(&message, 0, sizeof message);
  rcpt.address = text;
  rcpt.address_len = sizeof text - 1u;
  message.envelope = rcpt;
  message.recipients = &rcpt;
  message.recipient_count = 1u;
  message.content = body;
  message.content_len = sizeof body - 1u;
  smtpc_client_policy_init(&policy);
  policy.tls = SMTPC_CLIENT_TLS_OFF;
  policy.bdat = 1u;
  static smtpc_mem_client mem;
  memset(&mem, 0, sizeof mem);
  smtpc_mem_client_begin(&mem, &policy, &message, 1u);
  static const char *const turns[] = {
      "220 mx\r\n", "250-mx\r\n250 CHUNKING\r\n", "250 ok\r\n", "250 ok\r\n"};
  for (size_t i = 0u; i < COUNT(turns); i++) {
    feed_client(&mem, turns[i]);
  }
  static const unsigned want[] = {SMTPC_DEADLINE_DATA_BLOCK,
                                  SMTPC_DEADLINE_DATA_END};
  for (size_t i = 0u; i < COUNT(want); i++) {
    const smtpc_input none = smtpc_input_make(SMTPC_IN_NONE);
    smtpc_action act;
    size_t used = 0u;
    assert_int_equal(
        smtpc_client_step(&policy, &mem.session, &none, &used, &act), SMTPC_OK);
    test_label("chunk %zu", i);
    test_number(act.kind, SMTPC_DO_NEED_INPUT);
    test_number(act.deadline, want[i]);
    feed_client(&mem, "250 ok\r\n");
  }
  smtpc_mem_client_free(&mem);
}

static void test_client_says_no_helo_with_a_literal(void **state) {
  (void)state;
  static const char name[] = "[192.0.2.1]";
  smtpc_client_policy policy;
  smtpc_client_policy_init(&policy);
  policy.tls = SMTPC_CLIENT_TLS_OFF;
  policy.hello_len = sizeof name - 1u;
  memcpy(policy.hello, name, sizeof name - 1u);
  static smtpc_mem_client mem;
  memset(&mem, 0, sizeof mem);
  smtpc_mem_client_begin(&mem, &policy, NULL, 0u);
  feed_client(&mem, "220 mx\r\n");
  feed_client(&mem, "500 what\r\n");
  feed_client(&mem, "221 bye\r\n");
  assert_int_equal(mem.last.end_reason, SMTPC_END_REFUSED);
  assert_int_equal(mem.last.finding, SMTPC_FINDING_EHLO_REFUSED);
  static const char want[] = "EHLO [192.0.2.1]\r\nQUIT\r\n";
  test_octets(mem.out.data, mem.out.len, want, sizeof want - 1u);
  smtpc_mem_client_free(&mem);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_server_end_keeps_what_was_decided),
      cmocka_unit_test(test_server_end_after_quit_says_no_second_word),
      cmocka_unit_test(test_server_end_within_a_reply_mixes_no_codes),
      cmocka_unit_test(test_server_end_drops_the_message_once),
      cmocka_unit_test(test_server_long_bdat_line_ends_the_session),
      cmocka_unit_test(test_server_malformed_bdat_line_ends_the_session),
      cmocka_unit_test(test_server_takes_a_message_of_exactly_the_limit),
      cmocka_unit_test(test_law_secret_server_lets_go_at_once),
      cmocka_unit_test(test_law_secret_server_hides_early_responses),
      cmocka_unit_test(test_law_secret_client_lets_go_at_once),
      cmocka_unit_test(test_client_surplus_keeps_what_was_decided),
      cmocka_unit_test(test_client_tls_break_keeps_the_device_code),
      cmocka_unit_test(test_client_takes_552_to_rcpt_as_452),
      cmocka_unit_test(test_client_pairs_codes_of_one_reply),
      cmocka_unit_test(test_server_policy_knows_its_mechanisms),
      cmocka_unit_test(test_client_waits_long_for_the_last_chunk),
      cmocka_unit_test(test_client_says_no_helo_with_a_literal),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
