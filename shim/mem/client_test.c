// The sending session against a scripted server. A script is what the server says,
// turn by turn: each turn is given whole and in pieces of 1 to 5 octets, and the
// trace must be the same each time (law SPLIT).

#include "smtpcore/client.h"

#include <string.h>

#include "core/testing.h"
#include "shim/mem/mem.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static const uint8_t from[] = "s@a.example";
static const uint8_t to[] = "r@b.example";
static const uint8_t to2[] = "q@b.example";
static const uint8_t body[] = "Subject: x\r\n\r\n.hidden\r\nend\r\n";

static smtpc_envelope address(const uint8_t *text, size_t len) {
  smtpc_envelope envelope = {0};
  envelope.address = text;
  envelope.address_len = (uint16_t)len;
  return envelope;
}

static smtpc_mem_message message_to(const smtpc_envelope *recipients,
                                    size_t count) {
  smtpc_mem_message message = {0};
  message.envelope = address(from, sizeof from - 1u);
  message.recipients = recipients;
  message.recipient_count = count;
  message.content = body;
  message.content_len = sizeof body - 1u;
  return message;
}

static smtpc_client_policy policy_with(unsigned tls) {
  smtpc_client_policy policy;
  smtpc_client_policy_init(&policy);
  policy.tls = (uint8_t)tls;
  return policy;
}

// A turn of the server: octets; or, with a name that begins with `=`, an event.
#define TLS_UP "=up"
#define TLS_UP_UNVERIFIED "=unverified"
#define TLS_FAILED_CIPHER "=cipher"
#define TLS_FAILED_CLIENT_CERTIFICATE "=client-certificate"
#define END_OF_STREAM "=end"
#define DEADLINE "=deadline"
#define TURNS_MAX 14u

typedef struct script {
  const char *label;
  const char *turns[TURNS_MAX];
  const char *want;
} script;

static void play_event(smtpc_mem_client *mem, const char *name) {
  smtpc_input input = smtpc_input_make(SMTPC_IN_TLS_FAILED);
  if (strcmp(name, TLS_UP) == 0) {
    smtpc_mem_client_tls_up(mem, SMTPC_TLS_1_3, 1);
  } else if (strcmp(name, TLS_UP_UNVERIFIED) == 0) {
    smtpc_mem_client_tls_up(mem, SMTPC_TLS_1_3, 0);
  } else if (strcmp(name, TLS_FAILED_CIPHER) == 0) {
    input.tls.failure = SMTPC_TLS_FAILURE_NO_COMMON_CIPHER;
    smtpc_mem_client_give(mem, &input);
  } else if (strcmp(name, TLS_FAILED_CLIENT_CERTIFICATE) == 0) {
    input.tls.failure = SMTPC_TLS_FAILURE_CLIENT_CERTIFICATE;
    smtpc_mem_client_give(mem, &input);
  } else {
    const int deadline = strcmp(name, DEADLINE) == 0;
    input.kind = deadline ? SMTPC_IN_DEADLINE : SMTPC_IN_END_OF_STREAM;
    input.clean = 1u;
    smtpc_mem_client_give(mem, &input);
  }
}

static void play(smtpc_mem_client *mem, const script *s, size_t cut) {
  for (size_t i = 0u; i < TURNS_MAX && s->turns[i] != NULL; i++) {
    if (s->turns[i][0] == '=') {
      play_event(mem, s->turns[i]);
    } else {
      (void)smtpc_mem_client_feed(mem, mem->session.tls, s->turns[i],
                                  strlen(s->turns[i]), cut);
    }
  }
}

static void run_script(const smtpc_client_policy *policy,
                       const smtpc_mem_message *messages, size_t count,
                       const script *s) {
  for (size_t cut = 0u; cut <= TEST_CUT_MAX; cut++) {
    smtpc_mem_client mem = {0};
    mem.name = "user";
    mem.password = "secret";
    smtpc_mem_client_begin(&mem, policy, messages, count);
    play(&mem, s, cut);
    test_label("%s, cut %zu", s->label, cut);
    test_octets(mem.trace.data, mem.trace.len, s->want, strlen(s->want));
    smtpc_mem_client_free(&mem);
  }
}

static void run_scripts(const smtpc_client_policy *policy,
                        const script *scripts, size_t count) {
  const smtpc_envelope rcpt = address(to, sizeof to - 1u);
  const smtpc_mem_message message = message_to(&rcpt, 1u);
  for (size_t i = 0u; i < count; i++) {
    run_script(policy, &message, 1u, &scripts[i]);
  }
}

#define EHLO_OUT "C: EHLO localhost\n"
#define MAIL_OUT "C: MAIL FROM:<s@a.example>\n"
#define RCPT_OUT "C: RCPT TO:<r@b.example>\n"
#define QUIT_OUT "C: QUIT\n"

static void test_client_sends_a_message(void **state) {
  (void)state;
  const smtpc_client_policy policy = policy_with(SMTPC_CLIENT_TLS_OFF);
  static const script scripts[] = {
      {"one by one",
       {"220 mx\r\n", "250 mx\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n",
        "250 done\r\n", "221 bye\r\n"},
       EHLO_OUT MAIL_OUT RCPT_OUT
       "R: 0 250\nC: DATA\nC: .\nC: .\nM: 250\n" QUIT_OUT ". close quit\n"},
      {"pipelined",
       {"220 mx\r\n", "250-mx\r\n250 PIPELINING\r\n",
        "250 ok\r\n250 ok\r\n354 go\r\n", "250 done\r\n", "221 bye\r\n"},
       EHLO_OUT MAIL_OUT RCPT_OUT
       "C: DATA\nR: 0 250\nC: .\nC: .\nM: 250\n" QUIT_OUT ". close quit\n"},
      {"HELO when EHLO is unknown",
       {"220 mx\r\n", "500 what\r\n", "250 mx\r\n", "250 ok\r\n", "250 ok\r\n",
        "354 go\r\n", "250 done\r\n", "221 bye\r\n"},
       EHLO_OUT "! ehlo-refused @18\nC: HELO localhost\n" MAIL_OUT RCPT_OUT
                "R: 0 250\nC: DATA\nC: .\nC: .\nM: 250\n" QUIT_OUT
                ". close quit\n"},
      {"long greeting and text without meaning (CODE)",
       {"220-STARTTLS\r\n220-250 ok\r\n220 554\r\n", "250 554 no\r\n",
        "250 550\r\n", "251 elsewhere <x@y>\r\n", "354 550\r\n",
        "250 5.0.0\r\n", "221\r\n"},
       EHLO_OUT MAIL_OUT RCPT_OUT
       "R: 0 251\nC: DATA\nC: .\nC: .\nM: 250\n" QUIT_OUT ". close quit\n"},
  };
  run_scripts(&policy, scripts, COUNT(scripts));
}

static void test_client_sends_what_was_given(void **state) {
  (void)state;
  const smtpc_client_policy policy = policy_with(SMTPC_CLIENT_TLS_OFF);
  const smtpc_envelope rcpt = address(to, sizeof to - 1u);
  smtpc_mem_message message = message_to(&rcpt, 1u);
  static const char want[] =
      "EHLO localhost\r\nMAIL FROM:<s@a.example>\r\nRCPT TO:<r@b.example>\r\n"
      "DATA\r\nSubject: x\r\n\r\n..hidden\r\nend\r\n.\r\nQUIT\r\n";
  static const script s = {
      "",
      {"220 mx\r\n", "250 mx\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n",
       "250 done\r\n", "221 bye\r\n"},
      NULL};
  for (size_t cut = 0u; cut <= TEST_CUT_MAX; cut++) {
    message.content_cut = cut;
    smtpc_mem_client mem = {0};
    smtpc_mem_client_begin(&mem, &policy, &message, 1u);
    play(&mem, &s, cut);
    test_label("content cut %zu", cut);
    test_octets(mem.out.data, mem.out.len, want, sizeof want - 1u);
    smtpc_mem_client_free(&mem);
  }
}

static void test_client_sends_by_bdat(void **state) {
  (void)state;
  smtpc_client_policy policy = policy_with(SMTPC_CLIENT_TLS_OFF);
  policy.bdat = 1u;
  static const script scripts[] = {
      {"offered",
       {"220 mx\r\n", "250-mx\r\n250 CHUNKING\r\n", "250 ok\r\n", "250 ok\r\n",
        "250 chunk\r\n", "250 done\r\n", "221 bye\r\n"},
       EHLO_OUT MAIL_OUT RCPT_OUT
       "R: 0 250\nC: BDAT 28\nC: BDAT 0 LAST\nM: 250\n" QUIT_OUT
       ". close quit\n"},
      {"not offered: DATA (BDT-09)",
       {"220 mx\r\n", "250 mx\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n",
        "250 done\r\n", "221 bye\r\n"},
       EHLO_OUT MAIL_OUT RCPT_OUT
       "R: 0 250\nC: DATA\nC: .\nC: .\nM: 250\n" QUIT_OUT ". close quit\n"},
      {"refused chunk: RSET",
       {"220 mx\r\n", "250-mx\r\n250 CHUNKING\r\n", "250 ok\r\n", "250 ok\r\n",
        "552 big\r\n", "250 reset\r\n", "221 bye\r\n"},
       EHLO_OUT MAIL_OUT RCPT_OUT
       "R: 0 250\nC: BDAT 28\n! message-refused @55\nM: 552\nC: RSET\n" QUIT_OUT
       ". close quit\n"},
  };
  run_scripts(&policy, scripts, COUNT(scripts));
}

static void test_client_reports_refusals(void **state) {
  (void)state;
  const smtpc_client_policy policy = policy_with(SMTPC_CLIENT_TLS_OFF);
  static const script scripts[] = {
      {"greeting 554",
       {"554 no\r\n", "221 bye\r\n"},
       "! service-refused @8\n" QUIT_OUT ". close service service-refused\n"},
      {"greeting 421",
       {"421 later\r\n"},
       "! service-refused @11\n. close service service-refused\n"},
      {"sender",
       {"220 mx\r\n", "250 mx\r\n", "550 no\r\n", "221 bye\r\n"},
       EHLO_OUT MAIL_OUT "! message-refused @24\nM: 550\n" QUIT_OUT
                         ". close quit\n"},
      {"recipient",
       {"220 mx\r\n", "250 mx\r\n", "250 ok\r\n", "450 later\r\n",
        "250 reset\r\n", "221 bye\r\n"},
       EHLO_OUT MAIL_OUT RCPT_OUT
       "! rcpt-refused @35\nR: 0 450\n! message-refused @35\nM: 450\n"
       "C: RSET\n" QUIT_OUT ". close quit\n"},
      {"message",
       {"220 mx\r\n", "250 mx\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n",
        "554 spam\r\n", "221 bye\r\n"},
       EHLO_OUT MAIL_OUT RCPT_OUT
       "R: 0 250\nC: DATA\nC: .\nC: .\n! message-refused @50\nM: 554\n" QUIT_OUT
       ". close quit\n"},
      {"421 in the middle",
       {"220 mx\r\n", "250 mx\r\n", "421 down\r\n"},
       EHLO_OUT MAIL_OUT "! service-refused @26\n"
                         ". close service service-refused\n"},
      {"354 without a recipient: a lone dot (RPL-06)",
       {"220 mx\r\n", "250-mx\r\n250 PIPELINING\r\n",
        "250 ok\r\n550 no\r\n354 go\r\n", "554 empty\r\n", "221 bye\r\n"},
       EHLO_OUT MAIL_OUT RCPT_OUT
       "C: DATA\n! rcpt-refused @48\nR: 0 550\nC: .\n! message-refused @67\n"
       "M: 550\n" QUIT_OUT ". close quit\n"},
  };
  run_scripts(&policy, scripts, COUNT(scripts));
}

static void test_client_judges_what_came_together(void **state) {
  (void)state;
  // What follows the last reply that was owed, in the same octets. Cut apart it would
  // be the answer to the next command, so these are given whole.
  const smtpc_client_policy policy = policy_with(SMTPC_CLIENT_TLS_OFF);
  static const script scripts[] = {
      {"reply before its command (RIT-05)",
       {"220 mx\r\n250-mx\r\n250 STARTTLS\r\n"},
       "! reply-unsolicited @30\n. close protocol reply-unsolicited\n"},
      {"421 unasked",
       {"220 mx\r\n", "250 mx\r\n", "250 ok\r\n", "250 ok\r\n",
        "354 go\r\n"
        "421 down\r\n"},
       EHLO_OUT MAIL_OUT RCPT_OUT "R: 0 250\nC: DATA\n! service-refused @50\n"
                                  ". close service service-refused\n"},
  };
  const smtpc_envelope rcpt = address(to, sizeof to - 1u);
  const smtpc_mem_message message = message_to(&rcpt, 1u);
  for (size_t i = 0u; i < COUNT(scripts); i++) {
    smtpc_mem_client mem = {0};
    smtpc_mem_client_begin(&mem, &policy, &message, 1u);
    play(&mem, &scripts[i], 0u);
    test_label("%s", scripts[i].label);
    test_octets(mem.trace.data, mem.trace.len, scripts[i].want,
                strlen(scripts[i].want));
    smtpc_mem_client_free(&mem);
  }
}

static void test_client_ends_on_protocol_errors(void **state) {
  (void)state;
  const smtpc_client_policy policy =
      policy_with(SMTPC_CLIENT_TLS_OPPORTUNISTIC);
  static const script scripts[] = {
      {"mixed codes (RPL-01)",
       {"220 mx\r\n", "250-a\r\n550 b\r\n"},
       EHLO_OUT "! reply-malformed @22\n. close protocol reply-malformed\n"},
      {"blank line (RIT-06)",
       {"220 mx\r\n", "\r\n"},
       EHLO_OUT "! reply-malformed @10\n. close protocol reply-malformed\n"},
      {"code 000",
       {"000 mx\r\n"},
       "! reply-malformed @8\n. close protocol reply-malformed\n"},
      {"code 999",
       {"999 mx\r\n"},
       "! reply-malformed @8\n. close protocol reply-malformed\n"},
      {"bare LF",
       {"220 mx\nX\r\n"},
       "! bare-lf @10\n! reply-malformed @10\n"
       ". close protocol reply-malformed\n"},
      {"greeting 235 (RIT-10)",
       {"235 2.7.0 authenticated\r\n"},
       "! reply-unexpected @25\n. close protocol reply-unexpected\n"},
      {"354 to MAIL (RPL-06)",
       {"220 mx\r\n", "250 mx\r\n", "354 go\r\n"},
       EHLO_OUT "! tls-not-offered @16\n" MAIL_OUT
                "! reply-unexpected @24\n. close protocol reply-unexpected\n"},
      {"250 to DATA (RPL-06)",
       {"220 mx\r\n", "250 mx\r\n", "250 ok\r\n", "250 ok\r\n", "250 ok\r\n"},
       EHLO_OUT "! tls-not-offered @16\n" MAIL_OUT RCPT_OUT
                "R: 0 250\nC: DATA\n! reply-unexpected @40\n"
                ". close protocol reply-unexpected\n"},
      {"221 to MAIL (RIT-06)",
       {"220 mx\r\n", "250 mx\r\n", "221 ok\r\n"},
       EHLO_OUT "! tls-not-offered @16\n" MAIL_OUT
                "! reply-unexpected @24\n. close protocol reply-unexpected\n"},
      {"235 to RCPT (RIT-06)",
       {"220 mx\r\n", "250 mx\r\n", "250 ok\r\n", "235 ok\r\n"},
       EHLO_OUT "! tls-not-offered @16\n" MAIL_OUT RCPT_OUT
                "! reply-unexpected @32\n. close protocol reply-unexpected\n"},
      {"221 to the end of data is no success (RIT-06)",
       {"220 mx\r\n", "250 mx\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n",
        "221 bye\r\n"},
       EHLO_OUT "! tls-not-offered @16\n" MAIL_OUT RCPT_OUT
                "R: 0 250\nC: DATA\nC: .\nC: .\n! reply-unexpected @49\n"
                ". close protocol reply-unexpected\n"},
      {"end inside a reply (TLS-02)",
       {"220 mx\r\n", "250-mx\r\n250", END_OF_STREAM},
       EHLO_OUT "! aborted @19\n. close peer aborted\n"},
  };
  run_scripts(&policy, scripts, COUNT(scripts));
}

#define EHLO_STARTTLS "250-mx\r\n250 STARTTLS\r\n"

static void test_client_tls_settings(void **state) {
  (void)state;
  static const script opportunistic[] = {
      {"offered",
       {"220 mx\r\n", EHLO_STARTTLS, "220 go\r\n", TLS_UP, "250 mx\r\n",
        "250 ok\r\n", "250 ok\r\n", "354 go\r\n", "250 done\r\n", "221 b\r\n"},
       EHLO_OUT "C: STARTTLS\n= tls\n" EHLO_OUT MAIL_OUT RCPT_OUT
                "R: 0 250\nC: DATA\nC: .\nC: .\nM: 250\n" QUIT_OUT
                ". close quit\n"},
      {"not offered: a finding (DWN-01)",
       {"220 mx\r\n", "250 mx\r\n"},
       EHLO_OUT "! tls-not-offered @16\n" MAIL_OUT},
      {"overwritten (DWN-02)",
       {"220 mx\r\n", "250-mx\r\n250 XXXXXXXA\r\n"},
       EHLO_OUT "! tls-stripped @30\n" MAIL_OUT},
      {"refused 454",
       {"220 mx\r\n", EHLO_STARTTLS, "454 later\r\n"},
       EHLO_OUT "C: STARTTLS\n! starttls-refused @41\n" MAIL_OUT},
      {"unverified goes on",
       {"220 mx\r\n", EHLO_STARTTLS, "220 go\r\n", TLS_UP_UNVERIFIED,
        "250 mx\r\n"},
       EHLO_OUT "C: STARTTLS\n= tls\n" EHLO_OUT MAIL_OUT},
      {"handshake failed: the end, not plaintext (RIT-09)",
       {"220 mx\r\n", EHLO_STARTTLS, "220 go\r\n", TLS_FAILED_CIPHER},
       EHLO_OUT
       "C: STARTTLS\n! tls-failed @38\n. close tls tls-failed [#841]\n"},
      {"client certificate wanted",
       {"220 mx\r\n", EHLO_STARTTLS, "220 go\r\n",
        TLS_FAILED_CLIENT_CERTIFICATE},
       EHLO_OUT
       "C: STARTTLS\n! tls-failed @38\n. close tls tls-failed [#842]\n"},
  };
  smtpc_client_policy policy = policy_with(SMTPC_CLIENT_TLS_OPPORTUNISTIC);
  run_scripts(&policy, opportunistic, COUNT(opportunistic));
  static const script required[] = {
      {"not offered",
       {"220 mx\r\n", "250 mx\r\n", "221 b\r\n"},
       EHLO_OUT "! tls-not-offered @16\n" QUIT_OUT
                ". close refused tls-not-offered\n"},
      {"EHLO refused: no HELO (DWN-04)",
       {"220 mx\r\n", "502 no\r\n", "221 b\r\n"},
       EHLO_OUT "! ehlo-refused @16\n" QUIT_OUT
                ". close refused ehlo-refused\n"},
      {"and what QUIT meets changes nothing: deadline",
       {"220 mx\r\n", "250 mx\r\n", DEADLINE},
       EHLO_OUT "! tls-not-offered @16\n" QUIT_OUT
                "! deadline @16\n. close refused tls-not-offered\n"},
      {"and what QUIT meets changes nothing: garbage",
       {"220 mx\r\n", "250 mx\r\n", "whatever\r\n"},
       EHLO_OUT "! tls-not-offered @16\n" QUIT_OUT
                "! reply-malformed @26\n. close refused tls-not-offered\n"},
      {"and what QUIT meets changes nothing: 421",
       {"220 mx\r\n", "250 mx\r\n", "421 x\r\n"},
       EHLO_OUT "! tls-not-offered @16\n" QUIT_OUT
                ". close refused tls-not-offered\n"},
      {"454 (DWN-05)",
       {"220 mx\r\n", EHLO_STARTTLS, "454 l\r\n", "221 b\r\n"},
       EHLO_OUT "C: STARTTLS\n! starttls-refused @37\n" QUIT_OUT
                ". close refused starttls-refused\n"},
      {"500 (DWN-05)",
       {"220 mx\r\n", EHLO_STARTTLS, "500 l\r\n", "221 b\r\n"},
       EHLO_OUT "C: STARTTLS\n! starttls-refused @37\n" QUIT_OUT
                ". close refused starttls-refused\n"},
  };
  policy.tls = SMTPC_CLIENT_TLS_REQUIRED;
  run_scripts(&policy, required, COUNT(required));
  static const script verified[] = {
      {"not checked",
       {"220 mx\r\n", EHLO_STARTTLS, "220 go\r\n", TLS_UP_UNVERIFIED,
        "221 b\r\n"},
       EHLO_OUT "C: STARTTLS\n= tls\n! tls-unverified @0\n" QUIT_OUT
                ". close refused tls-unverified\n"},
  };
  policy.tls = SMTPC_CLIENT_TLS_VERIFIED;
  run_scripts(&policy, verified, COUNT(verified));
}

static void test_client_starttls_answers(void **state) {
  (void)state;
  // RIT-08: only 220 starts TLS, and what is neither that nor a refusal is the end,
  // under every setting.
  static const char *const ends[] = {
      "200 go\r\n", "221 go\r\n",  "235 go\r\n", "250 go\r\n",  "354 go\r\n",
      "22 go\r\n",  "2200 go\r\n", "220x\r\n",   "-220 go\r\n", " 220 go\r\n"};
  for (unsigned tls = SMTPC_CLIENT_TLS_OPPORTUNISTIC;
       tls <= SMTPC_CLIENT_TLS_VERIFIED; tls++) {
    const smtpc_client_policy policy = policy_with(tls);
    for (size_t i = 0u; i < COUNT(ends); i++) {
      smtpc_mem_client mem = {0};
      const script s = {"", {"220 mx\r\n", EHLO_STARTTLS, ends[i]}, NULL};
      smtpc_mem_client_begin(&mem, &policy, NULL, 0u);
      play(&mem, &s, 0u);
      test_label("setting %u, %s", tls, ends[i]);
      test_number(mem.where, SMTPC_MEM_CLOSED);
      test_number(mem.last.end_reason, SMTPC_END_PROTOCOL);
      smtpc_mem_client_free(&mem);
    }
  }
}

static void test_client_waits_for_the_whole_220(void **state) {
  (void)state;
  // RIT-03: a 220 that goes on is not yet an answer.
  const smtpc_client_policy policy = policy_with(SMTPC_CLIENT_TLS_REQUIRED);
  smtpc_mem_client mem = {0};
  const script s = {
      "", {"220 mx\r\n", EHLO_STARTTLS, "220-AUTH PLAIN\r\n"}, NULL};
  smtpc_mem_client_begin(&mem, &policy, NULL, 0u);
  play(&mem, &s, 0u);
  assert_int_equal(mem.where, SMTPC_MEM_INPUT);
  (void)smtpc_mem_client_feed(&mem, SMTPC_CHANNEL_PLAIN, "220 go\r\n", 8u, 0u);
  assert_int_equal(mem.where, SMTPC_MEM_HANDSHAKE);
  smtpc_mem_client_free(&mem);
}

static void test_client_refuses_response_injection(void **state) {
  (void)state;
  static const char *const surplus[] = {
      "220 go\r\n250-evil\r\n250 AUTH LOGIN PLAIN\r\n",  // RIT-01
      "220 go\r\n250-AUTH PLAIN ",                       // RIT-02
      "220 go\r\n2",
  };
  const smtpc_client_policy policy = policy_with(SMTPC_CLIENT_TLS_REQUIRED);
  for (size_t i = 0u; i < COUNT(surplus); i++) {
    smtpc_mem_client mem = {0};
    const script s = {"", {"220 mx\r\n", EHLO_STARTTLS, surplus[i]}, NULL};
    smtpc_mem_client_begin(&mem, &policy, NULL, 0u);
    play(&mem, &s, 0u);
    test_label("%s", surplus[i]);
    test_number(mem.where, SMTPC_MEM_CLOSED);
    test_number(mem.last.finding, SMTPC_FINDING_STARTTLS_RESPONSE_SURPLUS);
    smtpc_mem_client_free(&mem);
  }
  // RIT-10: a greeting under TLS is no answer to EHLO.
  smtpc_mem_client mem = {0};
  const script s = {
      "",
      {"220 mx\r\n", EHLO_STARTTLS, "220 go\r\n", TLS_UP, "220 mx again\r\n"},
      NULL};
  smtpc_mem_client_begin(&mem, &policy, NULL, 0u);
  play(&mem, &s, 0u);
  assert_int_equal(mem.last.finding, SMTPC_FINDING_REPLY_UNEXPECTED);
  smtpc_mem_client_free(&mem);
}

// -------------------------------------------------------------------- AUTH

#define EHLO_AUTH(mechanisms) "250-mx\r\n250 AUTH " mechanisms "\r\n"

static void test_client_auth_exchanges(void **state) {
  (void)state;
  smtpc_client_policy policy = policy_with(SMTPC_CLIENT_TLS_OFF);
  policy.auth = SMTPC_AUTH_REQUIRED;
  policy.auth_order = SMTPC_AUTH_ORDER_MANUAL;
  policy.quirks = SMTPC_QUIRK_AUTH_IN_CLEAR;
  static const script scripts[] = {
      {"PLAIN",
       {"220 mx\r\n", EHLO_AUTH("PLAIN"), "235 ok\r\n"},
       EHLO_OUT "! auth-in-clear @32\nC: (secret)\n" MAIL_OUT},
      {"LOGIN before PLAIN in the manual's order",
       {"220 mx\r\n", EHLO_AUTH("PLAIN LOGIN"), "334 VXNlcm5hbWU6\r\n",
        "334 UGFzc3dvcmQ6\r\n", "235 ok\r\n"},
       EHLO_OUT "! auth-in-clear @38\nC: AUTH LOGIN\nC: (secret)\n"
                "C: (secret)\n" MAIL_OUT},
      {"CRAM-MD5 first",
       {"220 mx\r\n", EHLO_AUTH("PLAIN CRAM-MD5"), "334 PHg+\r\n",
        "235 ok\r\n"},
       EHLO_OUT
       "! auth-in-clear @41\nC: AUTH CRAM-MD5\nC: (secret)\n" MAIL_OUT},
      {"wrong password",
       {"220 mx\r\n", EHLO_AUTH("PLAIN"), "535 no\r\n", "221 b\r\n"},
       EHLO_OUT "! auth-in-clear @32\nC: (secret)\n! auth-failed @40\n" QUIT_OUT
                ". close auth auth-failed [#839]\n"},
      {"exchange failed",
       {"220 mx\r\n", EHLO_AUTH("PLAIN"), "454 clock\r\n", "221 b\r\n"},
       EHLO_OUT
       "! auth-in-clear @32\nC: (secret)\n! auth-exchange @43\n" QUIT_OUT
       ". close auth auth-exchange [#843]\n"},
      {"challenge that is not base64: cancel (AUT-06)",
       {"220 mx\r\n", EHLO_AUTH("CRAM-MD5"), "334 !!\r\n", "501 ok\r\n",
        "221 b\r\n"},
       EHLO_OUT "! auth-in-clear @35\nC: AUTH CRAM-MD5\nC: *\n"
                "! auth-exchange @51\n" QUIT_OUT
                ". close auth auth-exchange [#843]\n"},
      {"235 before the password (AUT-06)",
       {"220 mx\r\n", EHLO_AUTH("LOGIN"), "235 ok\r\n"},
       EHLO_OUT "! auth-in-clear @32\nC: AUTH LOGIN\n! reply-unexpected @40\n"
                ". close protocol reply-unexpected [#843]\n"},
      {"no end of challenges (AUT-06)",
       {"220 mx\r\n", EHLO_AUTH("LOGIN"), "334 \r\n", "334 \r\n", "334 \r\n",
        "334 \r\n"},
       EHLO_OUT "! auth-in-clear @32\nC: AUTH LOGIN\nC: (secret)\nC: (secret)\n"
                "C: *\n! reply-unexpected @56\n"
                ". close protocol reply-unexpected [#843]\n"},
      {"none offered",
       {"220 mx\r\n", "250 mx\r\n", "221 b\r\n"},
       EHLO_OUT
       "! auth-not-offered @16\n" QUIT_OUT
       ". close auth auth-not-offered [SMTP AUTH Error (Not Offered)]\n"},
      {"none in common",
       {"220 mx\r\n", EHLO_AUTH("NTLM"), "221 b\r\n"},
       EHLO_OUT "! auth-no-mechanism @31\n" QUIT_OUT
                ". close auth auth-no-mechanism "
                "[SMTP AUTH Error (No Common Method)]\n"},
  };
  run_scripts(&policy, scripts, COUNT(scripts));
}

static void test_client_never_sends_a_password_in_clear(void **state) {
  (void)state;
  // DWN-14: without the quirk no order makes a password leave without TLS.
  for (unsigned order = 0u; order < SMTPC_AUTH_ORDER_COUNT; order++) {
    smtpc_client_policy policy = policy_with(SMTPC_CLIENT_TLS_OFF);
    policy.auth = SMTPC_AUTH_ON;
    policy.auth_order = (uint8_t)order;
    static const script s = {"PLAIN and LOGIN only",
                             {"220 mx\r\n", EHLO_AUTH("PLAIN LOGIN")},
                             EHLO_OUT "! auth-no-mechanism @38\n" MAIL_OUT};
    run_scripts(&policy, &s, 1u);
  }
}

// ------------------------------------------------------------- the envelope

static void test_client_needs_extensions(void **state) {
  (void)state;
  const smtpc_client_policy policy = policy_with(SMTPC_CLIENT_TLS_OFF);
  const smtpc_envelope rcpt = address(to, sizeof to - 1u);
  smtpc_mem_message message = message_to(&rcpt, 1u);
  static const script refused = {
      "missing",
      {"220 mx\r\n", "250 mx\r\n", "221 b\r\n"},
      EHLO_OUT "! extension-missing @16\nM: 0\n" QUIT_OUT ". close quit\n"};
  const uint32_t needed[] = {SMTPC_HAS(BODY), SMTPC_HAS(SMTPUTF8),
                             SMTPC_HAS(REQUIRETLS)};
  for (size_t i = 0u; i < COUNT(needed); i++) {
    message.envelope.seen = needed[i];
    message.envelope.body = SMTPC_BODY_8BITMIME;
    run_script(&policy, &message, 1u, &refused);
  }
  // REQUIRETLS that is offered without TLS counts for nothing (RFC 8689 section 2).
  static const script in_clear = {
      "REQUIRETLS in clear",
      {"220 mx\r\n", "250-mx\r\n250 REQUIRETLS\r\n", "221 b\r\n"},
      EHLO_OUT "! extension-missing @32\nM: 0\n" QUIT_OUT ". close quit\n"};
  message.envelope.seen = SMTPC_HAS(REQUIRETLS);
  run_script(&policy, &message, 1u, &in_clear);
  static const script dropped = {"DSN is left out with a finding",
                                 {"220 mx\r\n", "250 mx\r\n"},
                                 EHLO_OUT "! extension-dropped @16\n" MAIL_OUT};
  message.envelope.seen = SMTPC_HAS(RET) | SMTPC_HAS(SIZE);
  message.envelope.ret = SMTPC_RET_HDRS;
  message.envelope.size = 5u;
  run_script(&policy, &message, 1u, &dropped);
  static const script big = {
      "too big",
      {"220 mx\r\n", "250-mx\r\n250 SIZE 4\r\n", "221 b\r\n"},
      EHLO_OUT "! size-exceeded @28\n! message-refused @28\nM: 552\n" QUIT_OUT
               ". close quit\n"};
  message.envelope.seen = SMTPC_HAS(SIZE);
  run_script(&policy, &message, 1u, &big);
}

static void test_client_reads_utf8_replies_in_a_utf8_transaction(void **state) {
  (void)state;
  const smtpc_client_policy policy = policy_with(SMTPC_CLIENT_TLS_OFF);
  const smtpc_envelope rcpt = address(to, sizeof to - 1u);
  smtpc_mem_message message = message_to(&rcpt, 1u);
  message.envelope.seen = SMTPC_HAS(SMTPUTF8);
  static const script allowed = {
      "SMTPUTF8",
      {"220 mx\r\n", "250-mx\r\n250 SMTPUTF8\r\n", "250 \xc3\xb6k\r\n",
       "250 \xc3\xb6k\r\n"},
      EHLO_OUT "C: MAIL FROM:<s@a.example> SMTPUTF8\n" RCPT_OUT
               "R: 0 250\nC: DATA\n"};
  run_script(&policy, &message, 1u, &allowed);
  message.envelope.seen = 0u;
  static const script refused = {
      "without",
      {"220 mx\r\n", "250-mx\r\n250 SMTPUTF8\r\n", "250 \xc3\xb6k\r\n"},
      EHLO_OUT MAIL_OUT
      "! reply-malformed @39\n"
      ". close protocol reply-malformed\n"};
  run_script(&policy, &message, 1u, &refused);
}

static void test_client_refuses_injection(void **state) {
  (void)state;
  // INJ-01: nothing of such an address leaves.
  const smtpc_client_policy policy = policy_with(SMTPC_CLIENT_TLS_OFF);
  static const uint8_t evil[] = "a@b.example>\r\nRCPT TO:<evil@x.example";
  const smtpc_envelope rcpt = address(evil, sizeof evil - 1u);
  smtpc_mem_message message = message_to(&rcpt, 1u);
  static const script in_rcpt = {
      "recipient",
      {"220 mx\r\n", "250 mx\r\n", "250 ok\r\n"},
      EHLO_OUT MAIL_OUT "! local-input @24\n. close local local-input\n"};
  run_script(&policy, &message, 1u, &in_rcpt);
  message.envelope = rcpt;
  static const script in_mail = {"sender",
                                 {"220 mx\r\n", "250 mx\r\n", "221 b\r\n"},
                                 EHLO_OUT "! local-input @16\nM: 0\n" QUIT_OUT
                                          ". close quit\n"};
  run_script(&policy, &message, 1u, &in_mail);
}

static void test_client_refuses_bad_content(void **state) {
  (void)state;
  // SMG-02: it stops short, and the end of data is never sent.
  static const char *const contents[] = {"a\n.\r\nx\r\n", "a\rb\r\n",
                                         "a\r\n.\r", "no end", "a\r\n\n"};
  const smtpc_client_policy policy = policy_with(SMTPC_CLIENT_TLS_OFF);
  const smtpc_envelope rcpt = address(to, sizeof to - 1u);
  for (size_t i = 0u; i < COUNT(contents); i++) {
    for (size_t cut = 0u; cut <= TEST_CUT_MAX; cut++) {
      smtpc_mem_message message = message_to(&rcpt, 1u);
      message.content = (const uint8_t *)contents[i];
      message.content_len = strlen(contents[i]);
      message.content_cut = cut;
      smtpc_mem_client mem = {0};
      const script s = {"",
                        {"220 mx\r\n", "250 mx\r\n", "250 ok\r\n", "250 ok\r\n",
                         "354 go\r\n"},
                        NULL};
      smtpc_mem_client_begin(&mem, &policy, &message, 1u);
      play(&mem, &s, 0u);
      test_label("content %zu, cut %zu", i, cut);
      test_number(mem.last.end_reason, SMTPC_END_LOCAL);
      assert_true(mem.out.len < 5u || memcmp(mem.out.data + mem.out.len - 5u,
                                             "\r\n.\r\n", 5u) != 0);
      smtpc_mem_client_free(&mem);
    }
  }
}

static void test_client_many_recipients_and_messages(void **state) {
  (void)state;
  smtpc_client_policy policy = policy_with(SMTPC_CLIENT_TLS_OFF);
  policy.group_max = 2u;
  const smtpc_envelope rcpts[3] = {address(to, sizeof to - 1u),
                                   address(to2, sizeof to2 - 1u),
                                   address(to, sizeof to - 1u)};
  const smtpc_mem_message messages[2] = {message_to(rcpts, 3u),
                                         message_to(rcpts, 1u)};
  // Never more than two commands ahead of their replies.
  static const script s = {
      "group of two",
      {"220 mx\r\n", "250-mx\r\n250 PIPELINING\r\n", "250 ok\r\n", "250 ok\r\n",
       "550 no\r\n", "250 ok\r\n", "354 go\r\n", "250 done\r\n", "250 ok\r\n",
       "250 ok\r\n", "354 go\r\n", "250 done\r\n", "221 b\r\n"},
      EHLO_OUT MAIL_OUT RCPT_OUT
      "C: RCPT TO:<q@b.example>\nR: 0 250\n" RCPT_OUT
      "! rcpt-refused @56\nR: 1 550\nC: DATA\nR: 2 250\nC: .\nC: .\nM: "
      "250\n" MAIL_OUT RCPT_OUT
      "C: DATA\nR: 0 250\nC: .\nC: .\nM: 250\n" QUIT_OUT ". close quit\n"};
  run_script(&policy, messages, 2u, &s);
}

static void test_client_step_misuse(void **state) {
  (void)state;
  const smtpc_client_policy policy = policy_with(SMTPC_CLIENT_TLS_OFF);
  static smtpc_client session;
  static smtpc_client before;
  smtpc_action act;
  size_t used = 1u;
  smtpc_client_init(&session, &policy);
  before = session;
  const unsigned wrong[] = {
      SMTPC_IN_ENVELOPE,    SMTPC_IN_RECIPIENT,  SMTPC_IN_CONTENT,
      SMTPC_IN_CREDENTIALS, SMTPC_IN_DIGEST,     SMTPC_IN_END,
      SMTPC_IN_TLS_UP,      SMTPC_IN_TLS_FAILED, SMTPC_IN_VERDICT,
      SMTPC_IN_NONCE,       SMTPC_IN_COUNT};
  for (size_t i = 0u; i < COUNT(wrong); i++) {
    const smtpc_input input = smtpc_input_make(wrong[i]);
    test_label("input %u", wrong[i]);
    assert_true(smtpc_status_is_misuse(
        smtpc_client_step(&policy, &session, &input, &used, &act)));
    test_number(used, 0);
    test_number(act.kind, SMTPC_DO_NOTHING);
    test_octets(&session, sizeof session, &before, sizeof before);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_client_sends_a_message),
      cmocka_unit_test(test_client_sends_what_was_given),
      cmocka_unit_test(test_client_sends_by_bdat),
      cmocka_unit_test(test_client_reports_refusals),
      cmocka_unit_test(test_client_judges_what_came_together),
      cmocka_unit_test(test_client_ends_on_protocol_errors),
      cmocka_unit_test(test_client_tls_settings),
      cmocka_unit_test(test_client_starttls_answers),
      cmocka_unit_test(test_client_waits_for_the_whole_220),
      cmocka_unit_test(test_client_refuses_response_injection),
      cmocka_unit_test(test_client_auth_exchanges),
      cmocka_unit_test(test_client_never_sends_a_password_in_clear),
      cmocka_unit_test(test_client_needs_extensions),
      cmocka_unit_test(test_client_reads_utf8_replies_in_a_utf8_transaction),
      cmocka_unit_test(test_client_refuses_injection),
      cmocka_unit_test(test_client_refuses_bad_content),
      cmocka_unit_test(test_client_many_recipients_and_messages),
      cmocka_unit_test(test_client_step_misuse),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
