// THREATS section 9, RPL-06 to RPL-10: codes where they do not belong, enhanced codes,
// texts, keywords and greetings of a hostile server. One test for each row, named after
// it.

#include <stdlib.h>
#include <string.h>

#include "shim/mem/reply_scene_testing.h"

// ------------------------------------------------------------------ RPL-06

static bool is_good(const scene *s, unsigned code) {
  return code == s->good[0] || code == s->good[1] || code == s->good[2];
}

static const char *outcome(const scene *s, unsigned code) {
  if (code < 200u || code > 559u || code / 10u % 10u > 5u) {
    return (s->flags & SCENE_QUIT) != 0u
               ? "! reply-malformed ~\n. close quit\n"
               : "! reply-malformed ~\n. close protocol reply-malformed\n";
  }
  if (code == 421u && (s->flags & SCENE_QUIT) == 0u) {
    return "! service-refused ~\n. close service service-refused\n";
  }
  if ((s->flags & SCENE_AUTH) != 0u && code == 334u) {
    return "C: *\n";
  }
  if ((s->flags & SCENE_AUTH) != 0u && code == 535u) {
    return "! auth-failed ~\nC: QUIT\n";
  }
  if (is_good(s, code)) {
    return s->on_good;
  }
  const char *late = code >= 500u ? s->on_5yz : s->on_4yz;
  return code >= 400u ? late : s->on_other;
}

// RFC 5321 section 4.5.3.1.10: 552 to RCPT means 452.
static unsigned meaning(const scene *s, unsigned code) {
  return code == 552u && strcmp(s->label, "RCPT") == 0 ? 452u : code;
}

static void test_rpl_06_table_of_all_codes(void **state) {
  (void)state;
  for (size_t i = 0u; i < SCENE_COUNT; i++) {
    const scene *s = &scenes[i];
    for (unsigned code = 0u; code <= 999u; code++) {
      char text[8];
      smtpc_octets line = {NULL, 0u, 0u};
      smtpc_octets rest = {NULL, 0u, 0u};
      smtpc_octets_print(&line, "%03u x\r\n", code);
      memcpy(text, line.data, line.len);
      scene_fill(&rest, outcome(s, code), scene_octets(s) + line.len,
                 meaning(s, code));
      scene_run(s, text, line.len, 0u, &rest, text);
      smtpc_octets_free(&line);
      smtpc_octets_free(&rest);
    }
  }
}

static void test_rpl_06_codes_with_side_effects(void **state) {
  (void)state;
  scene_text("MAIL", "354 go\r\n", UNEXPECTED);
  scene_text("DATA", "250 ok\r\n", UNEXPECTED);
  scene_text("DATA without a recipient", "354 go\r\n", "C: .\n");
  scene_text("RCPT", "251 <x@evil.example>\r\n", "R: 0 251\nC: DATA\n");
  scene_text("RCPT", "551 <x@evil.example>\r\n",
             "! rcpt-refused ~\nR: 0 551\n! message-refused ~\nM: 551\n"
             "C: RSET\n");
  scene_text("RCPT", "552 many\r\n",
             "! rcpt-refused ~\nR: 0 452\n! message-refused ~\nM: 452\n"
             "C: RSET\n");
  scene_text("RCPT", "221 bye\r\n", UNEXPECTED);
  // Each MAIL, RCPT and DATA has its own reply, whatever the ones before said.
  static const dialogue rows[] = {
      {"MAIL refused in a group, the rest is read",
       {"220 mx\r\n", "250-mx\r\n250 PIPELINING\r\n", "550 no\r\n",
        "503 no\r\n", "503 no\r\n", "221 b\r\n"},
       GROUP_RCPT "C: DATA\n! rcpt-refused @48\nR: 0 503\n"
                  "! message-refused @56\nM: 550\nC: QUIT\n. close quit\n"},
      {"MAIL refused, and a careless server takes the rest",
       {"220 mx\r\n", "250-mx\r\n250 PIPELINING\r\n", "550 no\r\n",
        "250 ok\r\n", "354 go\r\n", "250 ok\r\n", "221 b\r\n"},
       GROUP_RCPT "C: DATA\n! rcpt-refused @48\nR: 0 250\nC: .\n"
                  "! message-refused @64\nM: 550\nC: QUIT\n. close quit\n"},
      {"DATA refused after a recipient",
       {"220 mx\r\n", "250-mx\r\n250 PIPELINING\r\n", "250 ok\r\n",
        "250 ok\r\n", "451 no\r\n", "250 ok\r\n", "221 b\r\n"},
       GROUP_RCPT "C: DATA\nR: 0 250\n! message-refused @56\nM: 451\n"
                  "C: RSET\nC: QUIT\n. close quit\n"},
  };
  const smtpc_client_policy policy =
      dialogue_client_policy(SMTPC_CLIENT_TLS_OFF);
  dialogue_clients(&policy, rows, DIALOGUE_COUNT(rows));
}

static void test_rpl_06_no_data_without_a_recipient(void **state) {
  (void)state;
  // A message without recipients: DATA is not sent ahead either.
  static const dialogue rows[] = {
      {"one by one",
       {"220 mx\r\n", "250 mx\r\n", "250 ok\r\n", "250 ok\r\n", "221 b\r\n"},
       GROUP_MAIL "M: 0\nC: RSET\nC: QUIT\n. close quit\n"},
      {"pipelined",
       {"220 mx\r\n", "250-mx\r\n250 PIPELINING\r\n", "250 ok\r\n",
        "250 ok\r\n", "221 b\r\n"},
       GROUP_MAIL "M: 0\nC: RSET\nC: QUIT\n. close quit\n"},
  };
  const smtpc_client_policy policy =
      dialogue_client_policy(SMTPC_CLIENT_TLS_OFF);
  const smtpc_mem_message message = dialogue_message(NULL, 0u);
  for (size_t i = 0u; i < DIALOGUE_COUNT(rows); i++) {
    dialogue_client(&policy, &message, 1u, &rows[i]);
  }
}

// ------------------------------------------------------------------ RPL-07

// The answer to what a client asks, for a message to two recipients.
static smtpc_input answer_to(unsigned kind, unsigned *recipients,
                             const smtpc_envelope *envelope) {
  smtpc_input input = smtpc_input_make(SMTPC_IN_NONE);
  if (kind == SMTPC_DO_ASK_ENVELOPE) {
    input.kind = *recipients == 0u ? SMTPC_IN_ENVELOPE : SMTPC_IN_END;
  } else if (kind == SMTPC_DO_ASK_NEXT_RECIPIENT) {
    input.kind = *recipients < 2u ? SMTPC_IN_RECIPIENT : SMTPC_IN_END;
    (*recipients)++;
  } else if (kind == SMTPC_DO_ASK_CONTENT) {
    input.kind = SMTPC_IN_END;
  }
  input.envelope = envelope;
  return input;
}

static void add_done(smtpc_octets *out, const char *who,
                     const smtpc_action *act) {
  smtpc_octets_print(out, "%s %u %u.%u.%u\n", who, act->code,
                     act->enhanced_class, act->enhanced_subject,
                     act->enhanced_detail);
}

// Runs a message to two recipients against `turns`, one read each, and returns what is
// told of the recipients and the message, enhanced codes included.
static void run_enhanced(const smtpc_client_policy *policy,
                         const char *const *turns, const char *want) {
  static smtpc_client session;
  const smtpc_envelope address = dialogue_address("a@b.example");
  unsigned recipients = 0u;
  smtpc_octets have = {NULL, 0u, 0u};
  smtpc_client_init(&session, policy);
  for (size_t i = 0u; turns[i] != NULL; i++) {
    uint8_t *copy = test_copy(turns[i], strlen(turns[i]));
    smtpc_input in =
        smtpc_input_octets(SMTPC_CHANNEL_PLAIN, copy, strlen(turns[i]));
    smtpc_action act = smtpc_action_make(SMTPC_DO_NOTHING);
    for (size_t step = 0u;
         step < 100u && (act.kind != SMTPC_DO_NEED_INPUT || in.len > 0u) &&
         session.phase != SMTPC_CLIENT_CLOSED;
         step++) {
      size_t used = 0u;
      const smtpc_input answer = answer_to(act.kind, &recipients, &address);
      const bool octets = answer.kind == SMTPC_IN_NONE;
      assert_int_equal(smtpc_client_step(policy, &session,
                                         octets ? &in : &answer, &used, &act),
                       SMTPC_OK);
      in.data += octets ? used : 0u;
      in.len -= octets ? used : 0u;
      if (act.kind == SMTPC_DO_RECIPIENT_DONE) {
        add_done(&have, "R", &act);
      } else if (act.kind == SMTPC_DO_MESSAGE_DONE) {
        add_done(&have, "M", &act);
      }
    }
    free(copy);
  }
  test_label("%s", turns[2]);
  test_octets(have.data, have.len, want, strlen(want));
  smtpc_octets_free(&have);
}

static void test_rpl_07_enhanced_codes(void **state) {
  (void)state;
  typedef struct row {
    const char *reply;
    const char *want;
  } row;
  static const row rows[] = {
      {"550 5.7.1 x\r\n", "M 550 5.7.1\n"},
      {"550 5.7.2\r\n", "M 550 5.7.2\n"},
      {"550 5.7.2 \r\n", "M 550 5.7.2\n"},
      {"550 5.999.999 x\r\n", "M 550 5.999.999\n"},
      {"550 5.0.0 x\r\n", "M 550 5.0.0\n"},
      {"450 5.1.1 x\r\n", "M 450 0.0.0\n"},
      {"550 2.1.1 x\r\n", "M 550 0.0.0\n"},
      {"550 5.1000.1 x\r\n", "M 550 0.0.0\n"},
      {"550 5.1.1000 x\r\n", "M 550 0.0.0\n"},
      {"550 5..1 x\r\n", "M 550 0.0.0\n"},
      {"550 5.1. x\r\n", "M 550 0.0.0\n"},
      {"550 5.1\r\n", "M 550 0.0.0\n"},
      {"550 5.\r\n", "M 550 0.0.0\n"},
      {"550 5\r\n", "M 550 0.0.0\n"},
      {"550 \r\n", "M 550 0.0.0\n"},
      {"550\r\n", "M 550 0.0.0\n"},
      {"550 5.1.1x\r\n", "M 550 0.0.0\n"},
      {"550 5.-1.1 x\r\n", "M 550 0.0.0\n"},
      {"550 5.1.1\tx\r\n", "M 550 0.0.0\n"},
      {"550  5.1.1 x\r\n", "M 550 0.0.0\n"},
      {"550 x 5.1.1\r\n", "M 550 0.0.0\n"},
      {"550-5.1.1 x\r\n550 5.2.2 y\r\n", "M 550 5.1.1\n"},
      {"550-x\r\n550 5.2.2 y\r\n", "M 550 0.0.0\n"},
  };
  const smtpc_client_policy policy =
      dialogue_client_policy(SMTPC_CLIENT_TLS_OFF);
  for (size_t i = 0u; i < DIALOGUE_COUNT(rows); i++) {
    const char *const turns[] = {"220 mx\r\n", "250 mx\r\n", rows[i].reply,
                                 NULL};
    run_enhanced(&policy, turns, rows[i].want);
  }
  // `250 5.1.1 x`: the class says failure, the code says success. The code is right.
  scene_text("MAIL", "250 5.1.1 x\r\n", RCPT_OUT);
}

static void test_rpl_07_each_code_has_its_own_enhanced_code(void **state) {
  (void)state;
  typedef struct row {
    const char *turns[10];
    const char *want;
  } row;
  static const row rows[] = {
      {{"220 mx\r\n", "250 mx\r\n", "250 2.1.0 a\r\n", "250 2.1.5 b\r\n",
        "250 c\r\n", "354 2.0.0 go\r\n", "250 2.6.0 d\r\n"},
       "R 250 2.1.5\nR 250 0.0.0\nM 250 2.6.0\n"},
      // What decided comes first, and what came last has another.
      {{"220 mx\r\n", "250 mx\r\n", "250 2.1.0 a\r\n", "450 4.2.1 b\r\n",
        "550 5.1.1 c\r\n"},
       "R 450 4.2.1\nR 550 5.1.1\nM 450 4.2.1\n"},
      {{"220 mx\r\n", "250 mx\r\n", "250 2.1.0 a\r\n", "550 5.1.1 b\r\n",
        "550 5.7.1 c\r\n"},
       "R 550 5.1.1\nR 550 5.7.1\nM 550 5.1.1\n"},
      {{"220 mx\r\n", "250 mx\r\n", "250 2.1.0 a\r\n", "550 5.1.1 b\r\n",
        "550 c\r\n"},
       "R 550 5.1.1\nR 550 0.0.0\nM 550 5.1.1\n"},
      {{"220 mx\r\n", "250 mx\r\n", "250 2.1.0 a\r\n", "550 b\r\n",
        "550 5.7.1 c\r\n"},
       "R 550 0.0.0\nR 550 5.7.1\nM 550 0.0.0\n"},
      // The 452 that is meant has no enhanced code of class 5.
      {{"220 mx\r\n", "250 mx\r\n", "250 2.1.0 a\r\n", "552 5.5.3 many\r\n",
        "452 4.5.3 many\r\n"},
       "R 452 0.0.0\nR 452 4.5.3\nM 452 0.0.0\n"},
      // In a group: MAIL's refusal decides, and DATA's is another.
      {{"220 mx\r\n", "250-mx\r\n250 PIPELINING\r\n",
        "550 5.7.1 a\r\n503 5.5.1 b\r\n503 c\r\n550 5.5.1 d\r\n"},
       "R 503 5.5.1\nR 503 0.0.0\nM 550 5.7.1\n"},
      // Nothing of a message stays for the next reply.
      {{"220 2.0.0 mx\r\n", "250-mx\r\n250 PIPELINING\r\n",
        "250 2.1.0 a\r\n250 2.1.5 b\r\n550 5.1.1 c\r\n354 go\r\n", "250 d\r\n"},
       "R 250 2.1.5\nR 550 5.1.1\nM 250 0.0.0\n"},
  };
  const smtpc_client_policy policy =
      dialogue_client_policy(SMTPC_CLIENT_TLS_OFF);
  for (size_t i = 0u; i < DIALOGUE_COUNT(rows); i++) {
    run_enhanced(&policy, rows[i].turns, rows[i].want);
  }
}

// ------------------------------------------------------- RPL-08 to RPL-10

static void test_rpl_08_reply_text_goes_nowhere(void **state) {
  (void)state;
  // Text that another program may take for more than text. It is in no action, no
  // finding and no output: the traces are those of a server that says `ok`.
  static const char *const texts[] = {
      "%s%n%x%1000000c",
      "`reboot` $(reboot) ; reboot | reboot",
      "\",\"code\":250,\"x\":\"",
      "<script>alert(1)</script>",
      "\\r\\nX-Evil: 1\\r\\n",
      "=0D=0A +0D+0A %0d%0a &#13;&#10;",
      "<x@evil.example> http://evil.example/ 250 ok",
      "\t\t250 ok\t",
      "../../../etc/passwd"};
  for (size_t i = 0u; i < DIALOGUE_COUNT(texts); i++) {
    static smtpc_mem_client mem;
    char *line = dialogue_filled("250 ", ' ', 1u, texts[i]);
    char *whole = dialogue_filled(line, '\r', 1u, "\n");
    scene_play(&mem, scene_named("MAIL"));
    scene_feed(&mem, whole, strlen(whole), 0u);
    static const char want[] = GROUP_RCPT;
    test_label("%s", texts[i]);
    test_octets(mem.trace.data, mem.trace.len, want, sizeof want - 1u);
    smtpc_mem_client_free(&mem);
    free(line);
    free(whole);
  }
}

static void test_rpl_08_what_a_shim_may_read_is_printable(void **state) {
  (void)state;
  // No octet but %d09 and %d32-126 is ever in a reply that is acted on.
  for (unsigned octet = 0u; octet <= 255u; octet++) {
    static smtpc_mem_client mem;
    const char text[] = {'2', '5', '0', ' ', 'a', (char)octet, 'b', '\r', '\n'};
    const bool printable = octet == 9u || (octet >= 32u && octet <= 126u);
    scene_play(&mem, scene_named("MAIL"));
    scene_feed(&mem, text, sizeof text, 0u);
    test_label("octet %u", octet);
    test_number(mem.where == SMTPC_MEM_CLOSED, !printable);
    if (!printable) {
      test_number(mem.last.finding, SMTPC_FINDING_REPLY_MALFORMED);
    }
    smtpc_mem_client_free(&mem);
  }
}

static void run_hello(const char *text, unsigned marks, const char *want) {
  static smtpc_mem_client mem;
  const smtpc_client_policy policy =
      dialogue_client_policy(SMTPC_CLIENT_TLS_OFF);
  smtpc_mem_message message = *scene_message();
  message.envelope.seen = SMTPC_HAS(SIZE);
  message.envelope.size = 5u;
  for (size_t cut = 0u; cut <= TEST_CUT_MAX; cut++) {
    smtpc_octets all = {NULL, 0u, 0u};
    scene_fill(&all, want, 8u + strlen(text), 0u);
    memset(&mem, 0, sizeof mem);
    smtpc_mem_client_begin(&mem, &policy, &message, 1u);
    scene_feed(&mem, "220 mx\r\n", 8u, cut);
    scene_feed(&mem, text, strlen(text), cut);
    test_label("%.60s, cut %zu", text, cut);
    test_octets(mem.trace.data, mem.trace.len, all.data, all.len);
    test_number(mem.session.caps.marks, marks);
    smtpc_octets_free(&all);
    smtpc_mem_client_free(&mem);
  }
}

static void test_rpl_09_keyword_data(void **state) {
  (void)state;
  // MAIL says SIZE only to a server that offered it.
  static const char sized[] = EHLO_OUT "C: MAIL FROM:<s@a.example> SIZE=5\n";
  static const char malformed[] =
      EHLO_OUT "! capability-malformed ~\n" MAIL_OUT;
  run_hello("250-mx\r\n250 SIZE 99999999999999999999999\r\n",
            SMTPC_CAPS_MALFORMED, malformed);
  run_hello("250-mx\r\n250 SIZE 18446744073709551616\r\n", SMTPC_CAPS_MALFORMED,
            malformed);
  run_hello("250-mx\r\n250 SIZE -1\r\n", SMTPC_CAPS_MALFORMED, malformed);
  run_hello("250-mx\r\n250 SIZE +1\r\n", SMTPC_CAPS_MALFORMED, malformed);
  run_hello("250-mx\r\n250 SIZE 0x10\r\n", SMTPC_CAPS_MALFORMED, malformed);
  run_hello("250-mx\r\n250 SIZE 4\r\n", SMTPC_CAPS_SIZE_LIMIT,
            EHLO_OUT
            "! size-exceeded ~\n! message-refused ~\nM: 552\n"
            "C: QUIT\n");
  run_hello("250-mx\r\n250 SIZE 18446744073709551615\r\n",
            SMTPC_CAPS_SIZE_LIMIT, sized);
  run_hello("250-mx\r\n250 SIZE\r\n", 0u, sized);
  run_hello("250-mx\r\n250 SIZE 0\r\n", 0u, sized);
  run_hello("250-mx\r\n250 LIMITS RCPTMAX=0\r\n", 0u, EHLO_OUT MAIL_OUT);
  run_hello("250-mx\r\n250 LIMITS MAILMAX=0 RCPTDOMAINMAX=0\r\n", 0u,
            EHLO_OUT MAIL_OUT);
  run_hello("250-mx\r\n250 LIMITS RCPTMAX=99999999999999999999\r\n", 0u,
            EHLO_OUT MAIL_OUT);
  run_hello("250-mx\r\n250- \r\n250 SIZE\r\n", SMTPC_CAPS_MALFORMED,
            EHLO_OUT
            "! capability-malformed ~\n"
            "C: MAIL FROM:<s@a.example> SIZE=5\n");
  run_hello("250-mx\r\n250-\r\n250 SIZE\r\n", SMTPC_CAPS_MALFORMED,
            EHLO_OUT
            "! capability-malformed ~\n"
            "C: MAIL FROM:<s@a.example> SIZE=5\n");
  run_hello("250-SIZE\r\n250 mx\r\n", 0u, EHLO_OUT MAIL_OUT);
  // RFC 2034 section 4: an EHLO reply has no enhanced codes.
  run_hello("250-mx\r\n250 2.5.0 SIZE\r\n", SMTPC_CAPS_MALFORMED, malformed);
  run_hello("250-mx\r\n250 5.5.0 SIZE\r\n", SMTPC_CAPS_MALFORMED, malformed);
}

static void test_rpl_09_limits_of_nothing_stop_nothing(void **state) {
  (void)state;
  static const dialogue row = {
      "RCPTMAX=0",
      {"220 mx\r\n", "250-mx\r\n250 LIMITS RCPTMAX=0 MAILMAX=0\r\n",
       "250 ok\r\n", "250 ok\r\n"},
      GROUP_DATA};
  const smtpc_client_policy policy =
      dialogue_client_policy(SMTPC_CLIENT_TLS_OFF);
  dialogue_clients(&policy, &row, 1u);
}

static void test_rpl_09_auth_without_mechanisms(void **state) {
  (void)state;
  static const dialogue row = {
      "AUTH",
      {"220 mx\r\n", "250-mx\r\n250 AUTH\r\n", "221 b\r\n"},
      EHLO_OUT
      "! auth-no-mechanism @26\nC: QUIT\n"
      ". close auth auth-no-mechanism "
      "[SMTP AUTH Error (No Common Method)]\n"};
  const smtpc_client_policy policy = scene_policy(scene_named("AUTH"));
  dialogue_clients(&policy, &row, 1u);
}

static void test_rpl_09_many_and_long_keywords(void **state) {
  (void)state;
  char *text =
      scene_repeated("250-KEYWORD-OF-NOBODY\r\n", 10000u, "250 SIZE\r\n");
  const wire many = {text, strlen(text), 513u * 23u, NULL};
  scene_malformed(scene_named("EHLO"), &many, 1u);
  free(text);
  text = scene_repeated("250-KEYWORD-OF-NOBODY\r\n", 511u, "250 STARTTLS\r\n");
  scene_text("EHLO", text, MAIL_OUT);
  free(text);
  text = dialogue_filled("250-mx\r\n250 ", 'K', 1048576u, "\r\n");
  const wire huge = {text, strlen(text),
                     8u + SMTPC_REPLY_LINE_MAX + SMTPC_LINE_DISCARD_MAX,
                     "line-endless"};
  scene_malformed(scene_named("EHLO"), &huge, 1u);
  free(text);
  text = dialogue_filled("250-mx\r\n250 ", 'K', 1018u, "\r\n");
  scene_text("EHLO", text, MAIL_OUT);
  free(text);
}

static void test_rpl_10_greeting(void **state) {
  (void)state;
  scene_text("greeting", "554 no\r\n", SERVICE);
  scene_text("greeting", "554-no\r\n554 SMTP service here\r\n", SERVICE);
  scene_text("greeting", "450 later\r\n", SERVICE);
  scene_text("greeting", "421 later\r\n",
             "! service-refused ~\n. close service service-refused\n");
  scene_text("greeting", "220-a\r\n220-b\r\n220 c\r\n", EHLO_OUT);
  scene_text("greeting", "220\r\n", EHLO_OUT);
  scene_text("greeting", "220-mx\r\n220\r\n", EHLO_OUT);
  // The words of a greeting say nothing: EHLO always, and HELO never by itself.
  scene_text("greeting", "220 mx ESMTP\r\n", EHLO_OUT);
  scene_text("greeting", "220 mx SMTP\r\n", EHLO_OUT);
  scene_text("greeting", "220 mx no ESMTP here, only HELO\r\n", EHLO_OUT);
  scene_text("greeting", "220 STARTTLS\r\n", EHLO_OUT);
  scene_text("greeting", "220-250-AUTH PLAIN\r\n220 250 ok\r\n", EHLO_OUT);
  scene_text("greeting", "250 mx ESMTP\r\n", UNEXPECTED);
  scene_text("greeting", "200 ESMTP\r\n", UNEXPECTED);
  scene_text("greeting", "235 ESMTP\r\n", UNEXPECTED);
  scene_text("greeting", "ESMTP\r\n",
             "! reply-malformed ~\n. close protocol reply-malformed\n");
  scene_text("greeting", "220ESMTP\r\n",
             "! reply-malformed ~\n. close protocol reply-malformed\n");
  // Over the limit of a line, and of lines.
  char *text = dialogue_filled("220 ", 'x', 1019u, "\r\n");
  scene_text("greeting", text,
             "! line-too-long ~\n! reply-malformed ~\n"
             ". close protocol reply-malformed\n");
  free(text);
  text = scene_repeated("220-x\r\n", 512u, "220 x\r\n");
  scene_text("greeting", text,
             "! reply-malformed ~\n. close protocol reply-malformed\n");
  free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rpl_06_table_of_all_codes),
      cmocka_unit_test(test_rpl_06_codes_with_side_effects),
      cmocka_unit_test(test_rpl_06_no_data_without_a_recipient),
      cmocka_unit_test(test_rpl_07_enhanced_codes),
      cmocka_unit_test(test_rpl_07_each_code_has_its_own_enhanced_code),
      cmocka_unit_test(test_rpl_08_reply_text_goes_nowhere),
      cmocka_unit_test(test_rpl_08_what_a_shim_may_read_is_printable),
      cmocka_unit_test(test_rpl_09_keyword_data),
      cmocka_unit_test(test_rpl_09_limits_of_nothing_stop_nothing),
      cmocka_unit_test(test_rpl_09_auth_without_mechanisms),
      cmocka_unit_test(test_rpl_09_many_and_long_keywords),
      cmocka_unit_test(test_rpl_10_greeting),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
