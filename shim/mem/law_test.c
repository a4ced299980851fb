// The laws of docs/GUARANTEES.md, each with a test of its name. Most run sessions on
// generated hostile streams, the same on every run. `shim/mem` checks in every test
// that each step makes progress (BOUNDS) and that the session's invariants hold.

#include <stdlib.h>
#include <string.h>

#include "core/model/content_model.h"
#include "core/testing.h"
#include "shim/mem/mem.h"
#include "smtpcore/client.h"
#include "smtpcore/reply.h"
#include "smtpcore/server.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define RUNS 1500u

static smtpc_server_policy server_policy(unsigned tls) {
  smtpc_server_policy policy;
  smtpc_server_policy_init(&policy);
  policy.tls = (uint8_t)tls;
  policy.certificate = 1u;
  policy.auth = SMTPC_AUTH_ON;
  policy.errors_max = 1000u;
  policy.junk_max = 1000u;
  policy.size_max = 200u;
  policy.discard_max = 400u;
  return policy;
}

static smtpc_client_policy client_policy(unsigned tls) {
  smtpc_client_policy policy;
  smtpc_client_policy_init(&policy);
  policy.tls = (uint8_t)tls;
  policy.auth = SMTPC_AUTH_ON;
  return policy;
}

// What a hostile client may say: commands right and wrong, content, ends of data
// right and wrong, and octets that belong nowhere.
static const char *const words[] = {
    "EHLO a.example\r\n", "EHLO a.example\r\n", "HELO a.example\r\n",
    "MAIL FROM:<a@b.example>\r\n", "MAIL FROM:<a@b.example>\r\n",
    "MAIL FROM:<> SIZE=5\r\n", "MAIL FROM:<no@b.example>\r\n",
    "MAIL FROM:<a b>\r\n", "MAIL FROM:<a@b.example> SIZE=999999999999\r\n",
    "RCPT TO:<c@d.example>\r\n", "RCPT TO:<c@d.example>\r\n",
    "RCPT TO:<no@d.example>\r\n", "RCPT TO:<postmaster>\r\n",
    "RCPT TO:<>\r\n", "DATA\r\n", "DATA\r\n", "DATA x\r\n",
    "hello\r\n", ".\r\n", "..\r\n", "\r\n.\r\n", "\n.\r\n", "\r\n.\n", "\r.\r\n",
    "a line of text that is longer than the others are, by far\r\n",
    "BDAT 5\r\n12345", "BDAT 7 LAST\r\nQUIT\r\n!", "BDAT 0 LAST\r\n",
    "BDAT 300\r\n", "BDAT x\r\n", "RSET\r\n", "NOOP\r\n", "VRFY a\r\n",
    "EXPN a\r\n", "HELP\r\n", "FROB\r\n", "\r\n", "NOOP\nRSET\r\n",
    "NO\rOP\r\n", "AUTH PLAIN\r\n", "AUTH PLAIN AHVzZXIAc2VjcmV0\r\n",
    "AUTH LOGIN\r\n", "dXNlcg==\r\n", "c2VjcmV0\r\n", "*\r\n", "AUTH CRAM-MD5\r\n",
    "STARTTLS x\r\n", "\x80\xff\r\n", "Q"};

static void make_stream(uint64_t *state, smtpc_octets *out, size_t parts) {
  static const char zero = 0;
  smtpc_octets_clear(out);
  for (size_t i = 0u; i < parts; i++) {
    const uint32_t pick = test_random(state) % (COUNT(words) + 1u);
    if (pick == COUNT(words)) {
      smtpc_octets_add(out, &zero, 1u);
    } else {
      smtpc_octets_add(out, words[pick], strlen(words[pick]));
    }
  }
}

static void begin_server(smtpc_mem_server *mem, unsigned tls) {
  const smtpc_server_policy policy = server_policy(tls);
  memset(mem, 0, sizeof *mem);
  smtpc_mem_server_begin(mem, &policy);
}

static size_t feed_clear(smtpc_mem_server *mem, const char *text) {
  return smtpc_mem_server_feed(mem, SMTPC_CHANNEL_PLAIN, text, strlen(text),
                               0u);
}

static int contains(const smtpc_octets *octets, const char *text) {
  const size_t len = strlen(text);
  for (size_t i = 0u; i + len <= octets->len; i++) {
    if (memcmp(octets->data + i, text, len) == 0) {
      return 1;
    }
  }
  return 0;
}

// ------------------------------------------------------- EPOCH, DRAIN, ONEWAY

static void test_law_epoch(void **state) {
  (void)state;
  // Octets of another channel than the one in force end the session, unread.
  static const char *const before[] = {"", "EHLO a.example\r\n", "EHL"};
  for (size_t i = 0u; i < COUNT(before); i++) {
    smtpc_mem_server mem;
    begin_server(&mem, SMTPC_SERVER_TLS_ON);
    (void)feed_clear(&mem, before[i]);
    const size_t sent = mem.out.len;
    (void)smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_TLS, "NOOP\r\n", 6u, 0u);
    test_label("before %zu", i);
    test_number(mem.where, SMTPC_MEM_CLOSED);
    test_number(mem.last.finding, SMTPC_FINDING_CHANNEL_MIXED);
    test_number(mem.out.len, sent);
    smtpc_mem_server_free(&mem);
  }
}

static void test_law_epoch_partial_line_does_not_cross(void **state) {
  (void)state;
  // SIT-05: what a line began with in clear is never a part of a line under TLS.
  smtpc_mem_server mem;
  begin_server(&mem, SMTPC_SERVER_TLS_ON);
  (void)feed_clear(&mem, "EHLO a.example\r\nSTARTTLS\r\nMAIL FROM:<m@evil> ");
  assert_int_equal(mem.where, SMTPC_MEM_CLOSED);
  assert_int_equal(mem.last.finding, SMTPC_FINDING_STARTTLS_PIPELINED);
  assert_false(contains(&mem.out, "220 2.0.0"));
  smtpc_mem_server_free(&mem);
}

static void test_law_drain_server(void **state) {
  (void)state;
  // Any single octet after the STARTTLS line ends the session, before the 220.
  for (unsigned octet = 0u; octet < 256u; octet++) {
    static const char start[] = "EHLO a.example\r\nSTARTTLS\r\n";
    char in[sizeof start];
    memcpy(in, start, sizeof start - 1u);
    in[sizeof start - 1u] = (char)(unsigned char)octet;
    smtpc_mem_server mem;
    begin_server(&mem, SMTPC_SERVER_TLS_ON);
    (void)smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_PLAIN, in, sizeof in, 0u);
    test_label("octet %u", octet);
    test_number(mem.where, SMTPC_MEM_CLOSED);
    test_number(mem.last.finding, SMTPC_FINDING_STARTTLS_PIPELINED);
    assert_false(contains(&mem.out, "220 2.0.0"));
    smtpc_mem_server_free(&mem);
  }
}

static void test_law_drain_holds_nothing_at_the_switch(void **state) {
  (void)state;
  uint64_t random = 11u;
  smtpc_octets stream = {0};
  size_t reached = 0u;
  for (size_t run = 0u; run < RUNS; run++) {
    smtpc_mem_server mem;
    begin_server(&mem, SMTPC_SERVER_TLS_ON);
    make_stream(&random, &stream, 4u);
    (void)smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_PLAIN, stream.data,
                                stream.len, 0u);
    (void)feed_clear(&mem, "\r\n.\r\n*\r\nRSET\r\nEHLO b.example\r\n");
    (void)feed_clear(&mem, "STARTTLS\r\n");
    if (mem.where == SMTPC_MEM_HANDSHAKE) {
      reached++;
      assert_true(smtpc_line_is_empty(&mem.session.line));
      assert_int_equal(mem.session.out_len, 0);
      assert_int_equal(mem.session.reply, SMTPC_REPLY_NONE);
      assert_int_equal(mem.session.drop, 0);
      assert_int_equal(mem.session.findings.bits[0], 0);
      assert_int_equal(mem.session.findings.bits[1], 0);
    }
    smtpc_mem_server_free(&mem);
  }
  assert_true(reached > RUNS / 20u);
  smtpc_octets_free(&stream);
}

static void test_law_oneway(void **state) {
  (void)state;
  static const unsigned ends[] = {SMTPC_IN_TLS_FAILED, SMTPC_IN_END_OF_STREAM};
  for (size_t i = 0u; i <= COUNT(ends); i++) {
    smtpc_mem_server mem;
    begin_server(&mem, SMTPC_SERVER_TLS_ON);
    (void)feed_clear(&mem, "EHLO a.example\r\nSTARTTLS\r\n");
    smtpc_mem_server_tls_up(&mem, SMTPC_TLS_1_3);
    const size_t clear = mem.out_clear;
    if (i == COUNT(ends)) {
      (void)feed_clear(&mem, "\n");  // TLS-01: one clear octet
    } else {
      const smtpc_input input = smtpc_input_make(ends[i]);
      smtpc_mem_server_give(&mem, &input);
    }
    test_label("end %zu", i);
    test_number(mem.where, SMTPC_MEM_CLOSED);
    test_number(mem.out_clear, clear);
    (void)feed_clear(&mem, "NOOP\r\n");
    test_number(mem.out_clear, clear);
    smtpc_mem_server_free(&mem);
  }
}

static void test_law_failstop_server(void **state) {
  (void)state;
  // Between the 220 and the end of the handshake: TLS or the end, and no octet.
  static const unsigned kinds[] = {
      SMTPC_IN_OCTETS,   SMTPC_IN_TLS_FAILED, SMTPC_IN_END_OF_STREAM,
      SMTPC_IN_DEADLINE, SMTPC_IN_SHUTDOWN};
  static const uint8_t octets[] = "NOOP\r\n";
  for (size_t i = 0u; i < COUNT(kinds); i++) {
    smtpc_mem_server mem;
    begin_server(&mem, SMTPC_SERVER_TLS_ON);
    (void)feed_clear(&mem, "EHLO a.example\r\nSTARTTLS\r\n");
    const size_t sent = mem.out.len;
    smtpc_input input = smtpc_input_octets(SMTPC_CHANNEL_PLAIN, octets, 6u);
    input.kind = (uint8_t)kinds[i];
    smtpc_mem_server_give(&mem, &input);
    test_label("%s", smtpc_in_name(kinds[i]));
    test_number(mem.where, SMTPC_MEM_CLOSED);
    test_number(mem.out.len, sent);
    test_number(mem.last.device, SMTPC_DEVICE_RECEIVE);
    smtpc_mem_server_free(&mem);
  }
}

static void test_law_failstop_client(void **state) {
  (void)state;
  static const unsigned kinds[] = {
      SMTPC_IN_OCTETS,   SMTPC_IN_TLS_FAILED, SMTPC_IN_END_OF_STREAM,
      SMTPC_IN_DEADLINE, SMTPC_IN_SHUTDOWN};
  static const uint8_t octets[] = "250 ok\r\n";
  static const char greeting[] = "220 mx\r\n";
  static const char ehlo[] = "250-mx\r\n250 STARTTLS\r\n";
  static const char go[] = "220 go\r\n";
  for (unsigned tls = SMTPC_CLIENT_TLS_OPPORTUNISTIC;
       tls <= SMTPC_CLIENT_TLS_VERIFIED; tls++) {
    for (size_t i = 0u; i < COUNT(kinds); i++) {
      const smtpc_client_policy policy = client_policy(tls);
      smtpc_mem_client mem = {0};
      smtpc_mem_client_begin(&mem, &policy, NULL, 0u);
      (void)smtpc_mem_client_feed(&mem, 0u, greeting, sizeof greeting - 1u, 0u);
      (void)smtpc_mem_client_feed(&mem, 0u, ehlo, sizeof ehlo - 1u, 0u);
      (void)smtpc_mem_client_feed(&mem, 0u, go, sizeof go - 1u, 0u);
      assert_int_equal(mem.where, SMTPC_MEM_HANDSHAKE);
      const size_t sent = mem.out.len;
      smtpc_input input = smtpc_input_octets(SMTPC_CHANNEL_PLAIN, octets, 8u);
      input.kind = (uint8_t)kinds[i];
      smtpc_mem_client_give(&mem, &input);
      test_label("setting %u, %s", tls, smtpc_in_name(kinds[i]));
      test_number(mem.where, SMTPC_MEM_CLOSED);
      test_number(mem.out.len, sent);
      smtpc_mem_client_free(&mem);
    }
  }
}

// ------------------------------------------------------------------- RESET

static void test_law_reset_server(void **state) {
  (void)state;
  // Whatever was said before STARTTLS, the session under TLS is the one that began
  // under TLS, octet for octet, abuse counters apart (SIT-07).
  uint64_t random = 5u;
  smtpc_octets stream = {0};
  smtpc_server_policy implicit = server_policy(SMTPC_SERVER_TLS_ON);
  implicit.implicit_tls = 1u;
  static smtpc_mem_server fresh;
  memset(&fresh, 0, sizeof fresh);
  smtpc_mem_server_begin(&fresh, &implicit);
  smtpc_mem_server_tls_up(&fresh, SMTPC_TLS_1_3);
  size_t reached = 0u;
  for (size_t run = 0u; run < RUNS; run++) {
    static smtpc_mem_server mem;
    begin_server(&mem, SMTPC_SERVER_TLS_ON);
    make_stream(&random, &stream, 6u);
    (void)smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_PLAIN, stream.data,
                                stream.len, 0u);
    (void)feed_clear(&mem, "\r\n.\r\n*\r\nRSET\r\nEHLO b.example\r\n");
    (void)feed_clear(&mem, "STARTTLS\r\n");
    if (mem.where == SMTPC_MEM_HANDSHAKE) {
      reached++;
      smtpc_mem_server_tls_up(&mem, SMTPC_TLS_1_3);
      mem.session.abuse = fresh.session.abuse;
      test_label("run %zu", run);
      test_octets(&mem.session, sizeof mem.session, &fresh.session,
                  sizeof fresh.session);
    }
    smtpc_mem_server_free(&mem);
  }
  assert_true(reached > RUNS / 20u);
  smtpc_mem_server_free(&fresh);
  smtpc_octets_free(&stream);
}

static void test_law_reset_keeps_abuse_counters(void **state) {
  (void)state;
  smtpc_mem_server mem;
  begin_server(&mem, SMTPC_SERVER_TLS_ON);
  (void)feed_clear(&mem, "FROB\r\nEHLO a.example\r\nSTARTTLS\r\n");
  const smtpc_abuse before = mem.session.abuse;
  assert_int_equal(before.errors, 1);
  smtpc_mem_server_tls_up(&mem, SMTPC_TLS_1_3);
  test_octets(&mem.session.abuse, sizeof before, &before, sizeof before);
  smtpc_mem_server_free(&mem);
}

static void test_law_reset_client(void **state) {
  (void)state;
  // What was offered in clear is forgotten (RIT-07).
  static const char *const hellos[] = {
      "250-mx\r\n250 STARTTLS\r\n",
      ("250-mx\r\n250-AUTH PLAIN LOGIN\r\n250-CHUNKING\r\n250-SIZE 1\r\n"
       "250-PIPELINING\r\n250-LIMITS RCPTMAX=1\r\n250 STARTTLS\r\n"),
      "250-mx\r\n250-XXXXXXXX\r\n250 STARTTLS\r\n"};
  smtpc_client_policy implicit = client_policy(SMTPC_CLIENT_TLS_REQUIRED);
  implicit.implicit_tls = 1u;
  static smtpc_mem_client fresh;
  memset(&fresh, 0, sizeof fresh);
  smtpc_mem_client_begin(&fresh, &implicit, NULL, 0u);
  smtpc_mem_client_tls_up(&fresh, SMTPC_TLS_1_3, 1);
  (void)smtpc_mem_client_feed(&fresh, 1u, "220 mx\r\n", 8u, 0u);
  for (size_t i = 0u; i < COUNT(hellos); i++) {
    const smtpc_client_policy policy = client_policy(SMTPC_CLIENT_TLS_REQUIRED);
    static smtpc_mem_client mem;
    memset(&mem, 0, sizeof mem);
    smtpc_mem_client_begin(&mem, &policy, NULL, 0u);
    (void)smtpc_mem_client_feed(&mem, 0u, "220-a\r\n220 b\r\n", 14u, 0u);
    (void)smtpc_mem_client_feed(&mem, 0u, hellos[i], strlen(hellos[i]), 0u);
    (void)smtpc_mem_client_feed(&mem, 0u, "220 go\r\n", 8u, 0u);
    assert_int_equal(mem.where, SMTPC_MEM_HANDSHAKE);
    smtpc_mem_client_tls_up(&mem, SMTPC_TLS_1_3, 1);
    // The fresh one has read its greeting on this channel.
    mem.session.pos = fresh.session.pos;
    test_label("hello %zu", i);
    test_octets(&mem.session, sizeof mem.session, &fresh.session,
                sizeof fresh.session);
    smtpc_mem_client_free(&mem);
  }
  smtpc_mem_client_free(&fresh);
}

// ------------------------------------------------------------------- SPLIT

static void test_law_split_server(void **state) {
  (void)state;
  uint64_t random = 3u;
  smtpc_octets stream = {0};
  for (size_t run = 0u; run < RUNS; run++) {
    make_stream(&random, &stream, 1u + test_random(&random) % 14u);
    static smtpc_mem_server whole;
    begin_server(&whole, SMTPC_SERVER_TLS_ON);
    (void)smtpc_mem_server_feed(&whole, SMTPC_CHANNEL_PLAIN, stream.data,
                                stream.len, 0u);
    for (size_t cut = 1u; cut <= TEST_CUT_MAX; cut++) {
      static smtpc_mem_server cuts;
      begin_server(&cuts, SMTPC_SERVER_TLS_ON);
      (void)smtpc_mem_server_feed(&cuts, SMTPC_CHANNEL_PLAIN, stream.data,
                                  stream.len, cut);
      test_label("run %zu, cut %zu", run, cut);
      test_octets(cuts.trace.data, cuts.trace.len, whole.trace.data,
                  whole.trace.len);
      test_octets(cuts.stored.data, cuts.stored.len, whole.stored.data,
                  whole.stored.len);
      smtpc_mem_server_free(&cuts);
    }
    smtpc_mem_server_free(&whole);
  }
  smtpc_octets_free(&stream);
}

static void test_law_split_starttls_border(void **state) {
  (void)state;
  // Surplus that the session does not see reaches the TLS engine, and fails there:
  // both ways the session ends (the one exception that SPLIT names).
  for (size_t cut = 0u; cut <= TEST_CUT_MAX; cut++) {
    static const char in[] = "EHLO a.example\r\nSTARTTLS\r\nNOOP\r\n";
    smtpc_mem_server mem;
    begin_server(&mem, SMTPC_SERVER_TLS_ON);
    (void)smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_PLAIN, in, sizeof in - 1u,
                                cut);
    if (mem.where == SMTPC_MEM_HANDSHAKE) {
      smtpc_input failed = smtpc_input_make(SMTPC_IN_TLS_FAILED);
      failed.tls.failure = SMTPC_TLS_FAILURE_NOT_TLS;
      smtpc_mem_server_give(&mem, &failed);
    }
    test_label("cut %zu", cut);
    test_number(mem.where, SMTPC_MEM_CLOSED);
    assert_false(contains(&mem.trace, "C: NOOP"));
    smtpc_mem_server_free(&mem);
  }
}

// Turns of a hostile server, for the client's laws.
static const char *const turns[] = {
    "220 mx\r\n", "250 ok\r\n", "250-mx\r\n250-PIPELINING\r\n250 SIZE 99\r\n",
    "250-mx\r\n250-STARTTLS\r\n250-AUTH PLAIN\r\n250 CHUNKING\r\n",
    "250-mx\r\n250 STARTTLS\r\n", "354 go\r\n", "334 \r\n", "235 ok\r\n",
    "550 no\r\n", "451 later\r\n", "500 what\r\n", "221 bye\r\n", "454 no\r\n",
    "220-a\r\n220 b\r\n", "250-mixed\r\n550 x\r\n", "250\r\n", "421 x\r\n",
    "25\r\n", "250-XXXXXXXX\r\n250 ok\r\n", "250 ok\r\n250 ok\r\n354 go\r\n",
    "250 o", "k\r\n", "\r\n", "250 ok\n"};

static const uint8_t rcpt_text[] = "r@b.example";
static const uint8_t canary_body[] = "CANARYBODY\r\n";
#define NAME "user"
#define PASSWORD "CANARYPASSWORD"
// base64 of NUL user NUL CANARYPASSWORD, and of the password alone
#define PLAIN_CANARY "AHVzZXIAQ0FOQVJZUEFTU1dPUkQ="
#define LOGIN_CANARY "Q0FOQVJZUEFTU1dPUkQ="

static void begin_client(smtpc_mem_client *mem,
                         const smtpc_client_policy *policy,
                         smtpc_envelope *rcpt, smtpc_mem_message *message) {
  memset(mem, 0, sizeof *mem);
  memset(rcpt, 0, sizeof *rcpt);
  memset(message, 0, sizeof *message);
  rcpt->address = rcpt_text;
  rcpt->address_len = sizeof rcpt_text - 1u;
  message->envelope.address = rcpt_text;
  message->envelope.address_len = sizeof rcpt_text - 1u;
  message->recipients = rcpt;
  message->recipient_count = 1u;
  message->content = canary_body;
  message->content_len = sizeof canary_body - 1u;
  mem->name = NAME;
  mem->password = PASSWORD;
  smtpc_mem_client_begin(mem, policy, message, 1u);
}

static void play_turns(smtpc_mem_client *mem, uint64_t seed, size_t cut) {
  uint64_t random = seed;
  (void)smtpc_mem_client_feed(mem, 0u, turns[0], strlen(turns[0]), cut);
  for (size_t i = 0u; i < 12u && mem->where != SMTPC_MEM_CLOSED; i++) {
    const uint32_t pick = test_random(&random) % COUNT(turns);
    if (mem->where == SMTPC_MEM_HANDSHAKE) {
      smtpc_mem_client_tls_up(mem, SMTPC_TLS_1_3, (int)(pick % 2u));
    }
    (void)smtpc_mem_client_feed(mem, mem->session.tls, turns[pick],
                                strlen(turns[pick]), cut);
  }
}

static void test_law_split_client(void **state) {
  (void)state;
  // One reply a turn: what comes together, and what after our next command, differs
  // in time, not in cuts.
  static const char *const single[] = {
      "250 ok\r\n", "250-mx\r\n250-PIPELINING\r\n250 SIZE 99\r\n",
      "250-mx\r\n250 STARTTLS\r\n", "354 go\r\n", "550 no\r\n", "451 later\r\n",
      "220-a\r\n220 b\r\n", "250-mixed\r\n550 x\r\n", "421 x\r\n", "25\r\n"};
  for (uint64_t seed = 1u; seed <= RUNS; seed++) {
    smtpc_octets first = {0};
    for (size_t cut = 0u; cut <= TEST_CUT_MAX; cut++) {
      const smtpc_client_policy policy =
          client_policy((unsigned)(seed % 4u));
      smtpc_envelope rcpt;
      smtpc_mem_message message;
      static smtpc_mem_client mem;
      uint64_t random = seed;
      begin_client(&mem, &policy, &rcpt, &message);
      (void)smtpc_mem_client_feed(&mem, 0u, turns[0], strlen(turns[0]), cut);
      for (size_t i = 0u; i < 8u && mem.where == SMTPC_MEM_INPUT; i++) {
        const char *turn = single[test_random(&random) % COUNT(single)];
        (void)smtpc_mem_client_feed(&mem, 0u, turn, strlen(turn), cut);
      }
      if (cut == 0u) {
        smtpc_octets_add(&first, mem.trace.data, mem.trace.len);
      }
      test_label("seed %llu, cut %zu", (unsigned long long)seed, cut);
      test_octets(mem.trace.data, mem.trace.len, first.data, first.len);
      smtpc_mem_client_free(&mem);
    }
    smtpc_octets_free(&first);
  }
}

// ---------------------------------------------- COUNT, WELLFORMED, CRLFOUT

// Counts the lines of a trace that begin with `who` and, with `last`, are the last
// line of a reply.
static size_t count_lines(const smtpc_octets *trace, const char *who,
                          int last) {
  size_t count = 0u;
  size_t begin = 0u;
  for (size_t i = 0u; i < trace->len; i++) {
    if (trace->data[i] != '\n') {
      continue;
    }
    const uint8_t *line = trace->data + begin;
    if (i - begin > 6u && memcmp(line, who, 3u) == 0 &&
        (last == 0 || line[6] != '-')) {
      count++;
    }
    begin = i + 1u;
  }
  return count;
}

// Lines that a server took, empty ones too.
static size_t count_taken(const smtpc_octets *trace) {
  size_t count = 0u;
  for (size_t i = 0u; i + 3u <= trace->len; i++) {
    const int start = i == 0u || trace->data[i - 1u] == '\n';
    if (start != 0 && memcmp(trace->data + i, "C: ", 3u) == 0) {
      count++;
    }
  }
  return count;
}

static void test_law_count_server(void **state) {
  (void)state;
  // One reply for each command line, and one for each message or refused chunk: DATA
  // and AUTH lines have their own, so the words here are commands only.
  static const char *const commands[] = {
      "EHLO a.example\r\n", "MAIL FROM:<a@b.example>\r\n",
      "RCPT TO:<c@d.example>\r\n", "RCPT TO:<no@d.example>\r\n", "RSET\r\n",
      "NOOP\r\n", "FROB\r\n", "\r\n", "VRFY a\r\n", "BDAT 3\r\nabc",
      "BDAT 3 LAST\r\nabc", "STARTTLS x\r\n", "HELO a.example\r\n"};
  uint64_t random = 21u;
  for (size_t run = 0u; run < RUNS; run++) {
    static smtpc_mem_server mem;
    begin_server(&mem, SMTPC_SERVER_TLS_ON);
    for (size_t i = 0u; i < 12u; i++) {
      const char *word = commands[test_random(&random) % COUNT(commands)];
      (void)feed_clear(&mem, word);
    }
    test_label("run %zu", run);
    // The greeting is the one reply that nobody asked for.
    test_number(count_lines(&mem.trace, "S: ", 1), 1u + count_taken(&mem.trace));
    smtpc_mem_server_free(&mem);
  }
}

static void test_law_count_client(void **state) {
  (void)state;
  // An octet while no reply is owed is fatal, whatever it is, but for a 421.
  const smtpc_client_policy policy = client_policy(SMTPC_CLIENT_TLS_OFF);
  static const char *const surplus[] = {"220 mx\r\n250 x\r\n", "220 mx\r\n2",
                                        "220 mx\r\n235 ok\r\n"};
  for (size_t i = 0u; i < COUNT(surplus); i++) {
    smtpc_envelope rcpt;
    smtpc_mem_message message;
    static smtpc_mem_client mem;
    begin_client(&mem, &policy, &rcpt, &message);
    (void)smtpc_mem_client_feed(&mem, 0u, surplus[i], strlen(surplus[i]), 0u);
    test_label("%s", surplus[i]);
    test_number(mem.out.len, 0);
    smtpc_mem_client_free(&mem);
  }
}

static void check_lines(const smtpc_octets *out) {
  size_t begin = 0u;
  for (size_t i = 0u; i < out->len; i++) {
    const uint8_t c = out->data[i];
    assert_int_not_equal(c, 0);
    if (c == '\r') {
      assert_true(i + 1u < out->len && out->data[i + 1u] == '\n');
    }
    if (c == '\n') {
      assert_true(i > begin && out->data[i - 1u] == '\r');
      assert_true(i + 1u - begin <= 512u);
      begin = i + 1u;
    }
  }
  assert_int_equal(begin, out->len);
}

static void test_law_crlfout(void **state) {
  (void)state;
  uint64_t random = 8u;
  smtpc_octets stream = {0};
  for (size_t run = 0u; run < RUNS; run++) {
    static smtpc_mem_server mem;
    begin_server(&mem, SMTPC_SERVER_TLS_ON);
    make_stream(&random, &stream, 10u);
    (void)smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_PLAIN, stream.data,
                                stream.len, 0u);
    check_lines(&mem.out);
    smtpc_mem_server_free(&mem);
  }
  for (uint64_t seed = 1u; seed <= RUNS; seed++) {
    const smtpc_client_policy policy = client_policy((unsigned)(seed % 4u));
    smtpc_envelope rcpt;
    smtpc_mem_message message;
    static smtpc_mem_client mem;
    begin_client(&mem, &policy, &rcpt, &message);
    play_turns(&mem, seed, 0u);
    check_lines(&mem.out);
    smtpc_mem_client_free(&mem);
  }
  smtpc_octets_free(&stream);
}

static void check_replies(const smtpc_octets *out) {
  smtpc_reply reply;
  size_t begin = 0u;
  smtpc_reply_init(&reply);
  for (size_t i = 0u; i < out->len; i++) {
    if (out->data[i] != '\n') {
      continue;
    }
    smtpc_span text;
    if (reply.done != 0u) {
      smtpc_reply_init(&reply);
    }
    test_number(smtpc_reply_line(&reply, out->data + begin, i - 1u - begin, 0,
                                 &text),
                SMTPC_OK);
    assert_true(reply.enhanced_class == 0u ||
                reply.enhanced_class == reply.code / 100u);
    begin = i + 1u;
  }
  assert_int_equal(reply.done, 1);
}

static void test_law_wellformed(void **state) {
  (void)state;
  uint64_t random = 9u;
  smtpc_octets stream = {0};
  for (size_t run = 0u; run < RUNS; run++) {
    static smtpc_mem_server mem;
    begin_server(&mem, (unsigned)(run % 3u));
    make_stream(&random, &stream, 10u);
    (void)smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_PLAIN, stream.data,
                                stream.len, 0u);
    test_label("run %zu", run);
    check_replies(&mem.out);
    smtpc_mem_server_free(&mem);
  }
  smtpc_octets_free(&stream);
}

// ------------------------------------------------------ EOD, STUFF, NORM

#define INTO_DATA \
  "EHLO a.example\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n"

static void test_law_eod(void **state) {
  (void)state;
  // Nothing but CRLF.CRLF ends DATA: the model says where, the session agrees.
  static const char *const parts[] = {"\r", "\n", ".", "a", "\r\n", "\r\n."};
  uint64_t random = 31u;
  for (size_t run = 0u; run < 4u * RUNS; run++) {
    smtpc_octets body = {0};
    for (size_t i = 0u; i < 10u; i++) {
      const char *part = parts[test_random(&random) % COUNT(parts)];
      smtpc_octets_add(&body, part, strlen(part));
    }
    smtpc_octets_add(&body, "\r\n.\r\nNOOP\r\n", 11u);
    // An independent search for the end, over the raw octets.
    size_t end = 0u;
    smtpc_octets raw = {0};
    smtpc_octets_add(&raw, "\r\n", 2u);
    smtpc_octets_add(&raw, body.data, body.len);
    while (memcmp(raw.data + end, "\r\n.\r\n", 5u) != 0) {
      end++;
    }
    static smtpc_mem_server mem;
    begin_server(&mem, SMTPC_SERVER_TLS_OFF);
    (void)feed_clear(&mem, INTO_DATA);
    const uint64_t before = mem.session.pos;
    (void)smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_PLAIN, body.data,
                                end + 3u, 1u + run % 3u);
    test_label("run %zu", run);
    test_octets(mem.out.data, mem.out.len, mem.out.data, mem.out.len);
    // All of it was taken, and the message is over: stored, or the session is.
    test_number(mem.session.pos - before, end + 3u);
    test_number(mem.stored_count == 1u || mem.where == SMTPC_MEM_CLOSED, 1);
    smtpc_mem_server_free(&mem);
    smtpc_octets_free(&raw);
    smtpc_octets_free(&body);
  }
}

static void test_law_eod_smuggling(void **state) {
  (void)state;
  // SMG-01: none of these ends DATA, so nothing after it is a command.
  static const struct {
    const char *id;
    const char *octets;
    size_t len;
  } rows[] = {
      {"E-02", "\n.\n", 3u},         {"E-03", "\n.\r\n", 4u},
      {"E-04", "\r.\r", 3u},         {"E-05", "\r.\r\n", 4u},
      {"E-06", "\r\n.\n", 4u},       {"E-07", "\r\n.\rX", 5u},
      {"E-09", "\r\n\0.\r\n", 6u},   {"E-10", "\r\0\n.\r\n", 6u},
      {"E-11", "\r\n.\0\r\n", 6u},   {"E-12", "\r\n.\r\0\n", 6u},
      {"E-14", "\r.\n", 3u},         {"E-15", "\n.\r", 3u},
      {"E-16", "\r\n.\r\r\n", 6u},   {"E-17", "\r\r\n.\r\r\n", 7u},
      {"E-25", ".\n", 2u},           {"E-25b", "\n.\r\n", 4u},
  };
  for (size_t i = 0u; i < COUNT(rows); i++) {
    for (size_t cut = 0u; cut <= TEST_CUT_MAX; cut++) {
      smtpc_octets in = {0};
      smtpc_octets_add(&in, INTO_DATA, sizeof INTO_DATA - 1u);
      smtpc_octets_add(&in, "x", i < 14u ? 1u : 0u);
      smtpc_octets_add(&in, rows[i].octets, rows[i].len);
      static const char evil[] =
          "MAIL FROM:<evil@x.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n"
          "smuggled\r\n.\r\nNOOP\r\n";
      smtpc_octets_add(&in, evil, sizeof evil - 1u);
      static smtpc_mem_server mem;
      begin_server(&mem, SMTPC_SERVER_TLS_OFF);
      (void)smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_PLAIN, in.data, in.len,
                                  cut);
      test_label("%s, cut %zu", rows[i].id, cut);
      assert_false(contains(&mem.trace, "evil@x.example"));
      test_number(mem.stored_count, 0);
      test_number(mem.where, SMTPC_MEM_CLOSED);
      smtpc_mem_server_free(&mem);
      smtpc_octets_free(&in);
    }
  }
}

static void test_law_stuff_and_norm(void **state) {
  (void)state;
  // From one session to the other: content arrives octet for octet.
  static const char *const lines[] = {"\r\n", ".\r\n", "..\r\n", ".a\r\n", "text\r\n",
                                      "\x80\xff\t\x0b\r\n", ". \r\n", "\r\n.\r\n"};
  uint64_t random = 77u;
  for (size_t run = 0u; run < RUNS; run++) {
    smtpc_octets body = {0};
    const size_t count = test_random(&random) % 6u;
    for (size_t i = 0u; i < count; i++) {
      const char *line = lines[test_random(&random) % COUNT(lines)];
      smtpc_octets_add(&body, line, strlen(line));
    }
    smtpc_server_policy sp = server_policy(SMTPC_SERVER_TLS_ON);
    smtpc_client_policy cp = client_policy(SMTPC_CLIENT_TLS_VERIFIED);
    cp.auth = SMTPC_AUTH_OFF;
    cp.bdat = (uint8_t)(run % 2u);
    static smtpc_mem_server server;
    static smtpc_mem_client client;
    smtpc_envelope rcpt;
    smtpc_mem_message message;
    memset(&server, 0, sizeof server);
    begin_client(&client, &cp, &rcpt, &message);
    message.content = body.data;
    message.content_len = body.len;
    message.content_cut = run % 4u;
    smtpc_mem_server_begin(&server, &sp);
    (void)smtpc_mem_converse(&client, &server, run % 5u, NULL);
    test_label("run %zu", run);
    test_number(server.stored_count, 1);
    test_octets(server.stored.data, server.stored.len, body.data, body.len);
    smtpc_mem_server_free(&server);
    smtpc_mem_client_free(&client);
    smtpc_octets_free(&body);
  }
}

// ------------------------------------------------------------- TXN, BDAT, NOOP

static void test_law_txn(void **state) {
  (void)state;
  // A model of three lines: what a reply to a command says about the transaction.
  uint64_t random = 41u;
  static const char *const commands[] = {
      "EHLO a.example\r\n", "MAIL FROM:<a@b.example>\r\n",
      "MAIL FROM:<no@b.example>\r\n", "RCPT TO:<c@d.example>\r\n",
      "RCPT TO:<no@d.example>\r\n", "RSET\r\n", "NOOP\r\n", "VRFY a\r\n",
      "DATA\r\n", "BDAT 3\r\nabc", "BDAT 1 LAST\r\na", "BDAT 999\r\n"};
  for (size_t run = 0u; run < 2u * RUNS; run++) {
    int mail = 0;
    int rcpt = 0;
    static smtpc_mem_server mem;
    begin_server(&mem, SMTPC_SERVER_TLS_OFF);
    (void)feed_clear(&mem, commands[0]);
    for (size_t i = 0u; i < 15u && mem.where == SMTPC_MEM_INPUT; i++) {
      const uint32_t pick = test_random(&random) % (COUNT(commands) - 1u);
      const char *command = commands[pick];
      const size_t stored = mem.stored_count;
      smtpc_octets_clear(&mem.out);
      (void)feed_clear(&mem, command);
      const int ok = mem.out.len > 0u && mem.out.data[0] == '2';
      test_label("run %zu, step %zu, %s", run, i, command);
      if (pick == 8u) {
        test_number(mem.out.data[0] == '3', mail != 0 && rcpt > 0 &&
                                                mem.session.tx.phase ==
                                                    SMTPC_PHASE_RCPT);
        if (mem.out.data[0] == '3') {
          (void)feed_clear(&mem, "x\r\n.\r\n");
          test_number(mem.stored_count, stored + 1u);
          mail = 0;
          rcpt = 0;
        }
      } else if (pick == 9u || pick == 10u) {
        test_number(ok, mail != 0 && rcpt > 0);
        if (pick == 10u && ok != 0) {
          test_number(mem.stored_count, stored + 1u);
          mail = 0;
          rcpt = 0;
        }
      } else if (pick == 0u || pick == 5u) {
        test_number(ok, 1);
        mail = 0;
        rcpt = 0;
      } else if (pick <= 2u) {
        test_number(ok, mail == 0 && pick == 1u);
        mail |= ok;
      } else if (pick <= 4u) {
        rcpt += ok;
        assert_true(ok == 0 || mail != 0);
      }
      // Recipients imply a sender, in the session's own words.
      assert_true(mem.session.tx.rcpt_count == 0u ||
                  mem.session.tx.phase >= SMTPC_PHASE_RCPT);
    }
    smtpc_mem_server_free(&mem);
  }
}

static void test_law_bdat(void **state) {
  (void)state;
  // Payload is never a command, whatever was said of the chunk, in any cut.
  static const char *const before[] = {
      "", "EHLO a.example\r\n", "EHLO a.example\r\nMAIL FROM:<a@b.example>\r\n",
      "EHLO a.example\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\n"};
  static const char chunk[] = "BDAT 29\r\nEVIL x\r\nEVIL y\r\n.\r\nEVIL z\r\n.\rNOOP\r\n";
  for (size_t i = 0u; i < COUNT(before); i++) {
    for (size_t cut = 0u; cut <= TEST_CUT_MAX; cut++) {
      static smtpc_mem_server mem;
      begin_server(&mem, SMTPC_SERVER_TLS_OFF);
      (void)feed_clear(&mem, before[i]);
      const uint64_t pos = mem.session.pos;
      (void)smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_PLAIN, chunk,
                                  sizeof chunk - 1u, cut);
      test_label("before %zu, cut %zu", i, cut);
      assert_false(contains(&mem.trace, "EVIL"));
      assert_true(contains(&mem.trace, "C: NOOP\nS: 250"));
      test_number(mem.session.pos - pos, sizeof chunk - 1u);
      smtpc_mem_server_free(&mem);
    }
  }
}

static void test_law_noop(void **state) {
  (void)state;
  static const char *const before[] = {
      "", "EHLO a.example\r\n", "EHLO a.example\r\nMAIL FROM:<a@b.example>\r\n",
      "EHLO a.example\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\n",
      ("EHLO a.example\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\n"
       "BDAT 1\r\nx")};
  static const char *const refused[] = {
      "FROB\r\n", "\r\n", "EHLO\r\n", "EHLO a b\r\n", "MAIL FROM:<a b>\r\n",
      "MAIL FROM:<a@b.example> FOO\r\n", "RCPT TO:<>\r\n", "RCPT TO:<no@d>\r\n",
      "DATA x\r\n", "RSET x\r\n", "QUIT x\r\n", "STARTTLS x\r\n", "EXPN a\r\n",
      "NOOP\nQUIT\r\n", "NO\rOP\r\n", "AUTH FOO\r\n", "AUTH PLAIN x y\r\n",
      "VRFY\r\n"};
  for (size_t i = 0u; i < COUNT(before); i++) {
    for (size_t k = 0u; k < COUNT(refused); k++) {
      static smtpc_mem_server mem;
      begin_server(&mem, SMTPC_SERVER_TLS_ON);
      (void)feed_clear(&mem, before[i]);
      const smtpc_transaction tx = mem.session.tx;
      smtpc_octets_clear(&mem.out);
      (void)feed_clear(&mem, refused[k]);
      test_label("before %zu, %s", i, refused[k]);
      test_number(mem.out.data[0] == '4' || mem.out.data[0] == '5', 1);
      test_octets(&mem.session.tx, sizeof tx, &tx, sizeof tx);
      smtpc_mem_server_free(&mem);
    }
  }
}

// ------------------------------------------------------- POLICY, SECRET, CODE

static void test_law_policy_server(void **state) {
  (void)state;
  // Under `required` nothing of mail or of a credential is taken in clear.
  uint64_t random = 55u;
  smtpc_octets stream = {0};
  for (size_t run = 0u; run < RUNS; run++) {
    static smtpc_mem_server mem;
    begin_server(&mem, SMTPC_SERVER_TLS_REQUIRED);
    make_stream(&random, &stream, 12u);
    (void)smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_PLAIN, stream.data,
                                stream.len, 0u);
    test_label("run %zu", run);
    assert_false(contains(&mem.trace, "S: 354"));
    assert_false(contains(&mem.trace, "S: 235"));
    assert_false(contains(&mem.trace, "S: 334"));
    assert_false(contains(&mem.trace, "M: "));
    assert_false(contains(&mem.trace, "Sender OK"));
    assert_int_equal(mem.stored_count, 0);
    smtpc_mem_server_free(&mem);
  }
  smtpc_octets_free(&stream);
}

static void test_law_policy_client(void **state) {
  (void)state;
  // Whatever the server answers: required and stricter, no MAIL, AUTH or content in
  // clear; verified, none either where the certificate was not checked.
  for (uint64_t seed = 1u; seed <= 4u * RUNS; seed++) {
    const unsigned tls = SMTPC_CLIENT_TLS_REQUIRED + (unsigned)(seed % 2u);
    const smtpc_client_policy policy = client_policy(tls);
    smtpc_envelope rcpt;
    smtpc_mem_message message;
    static smtpc_mem_client mem;
    begin_client(&mem, &policy, &rcpt, &message);
    play_turns(&mem, seed, 0u);
    smtpc_octets clear = mem.out;
    clear.len = mem.out_clear;
    test_label("seed %llu", (unsigned long long)seed);
    assert_false(contains(&clear, "MAIL"));
    assert_false(contains(&clear, "AUTH"));
    assert_false(contains(&clear, "CANARY"));
    assert_false(contains(&clear, "HELO "));
    if (tls == SMTPC_CLIENT_TLS_VERIFIED && mem.session.tls_facts.name_ok == 0u) {
      assert_false(contains(&mem.out, "MAIL"));
    }
    smtpc_mem_client_free(&mem);
  }
}

static void test_law_secret_client(void **state) {
  (void)state;
  // No password in clear, and none in what is traced, under any setting.
  size_t used = 0u;
  for (uint64_t seed = 1u; seed <= 4u * RUNS; seed++) {
    const smtpc_client_policy policy = client_policy((unsigned)(seed % 4u));
    smtpc_envelope rcpt;
    smtpc_mem_message message;
    static smtpc_mem_client mem;
    begin_client(&mem, &policy, &rcpt, &message);
    play_turns(&mem, seed, 0u);
    smtpc_octets clear = mem.out;
    clear.len = mem.out_clear;
    used += (size_t)contains(&mem.out, PLAIN_CANARY);
    assert_false(contains(&clear, PLAIN_CANARY));
    assert_false(contains(&clear, LOGIN_CANARY));
    assert_false(contains(&mem.trace, PLAIN_CANARY));
    assert_false(contains(&mem.trace, LOGIN_CANARY));
    assert_false(contains(&mem.trace, "CANARY"));
    smtpc_mem_client_free(&mem);
  }
  // The canary did fly: the runs were not all harmless.
  assert_true(used > 0u);
}

static void test_law_secret_server(void **state) {
  (void)state;
  static const char in[] =
      "EHLO a.example\r\nAUTH PLAIN AHVzZXIAc2VjcmV0\r\nAUTH LOGIN\r\n";
  for (size_t cut = 0u; cut <= TEST_CUT_MAX; cut++) {
    smtpc_server_policy policy = server_policy(SMTPC_SERVER_TLS_ON);
    policy.quirks = SMTPC_QUIRK_AUTH_IN_CLEAR;
    static smtpc_mem_server mem;
    memset(&mem, 0, sizeof mem);
    smtpc_mem_server_begin(&mem, &policy);
    (void)smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_PLAIN, in, sizeof in - 1u,
                                cut);
    assert_true(contains(&mem.trace, "S: 235"));
    assert_false(contains(&mem.trace, "AHVzZXI"));
    // Nothing of the password stays in the session.
    smtpc_octets all = {0};
    smtpc_octets_add(&all, &mem.session, sizeof mem.session);
    assert_false(contains(&all, "secret"));
    assert_false(contains(&all, "c2VjcmV0"));
    smtpc_octets_free(&all);
    smtpc_mem_server_free(&mem);
  }
}

static void test_law_code(void **state) {
  (void)state;
  // The same codes with other texts: the client says the same.
  static const char *const plain[] = {"220 mx\r\n", "250 mx\r\n", "250 ok\r\n",
                                      "250 ok\r\n", "354 go\r\n", "250 ok\r\n",
                                      "221 bye\r\n"};
  static const char *const odd[] = {
      "220 554 go away STARTTLS\r\n", "250 STARTTLS AUTH PLAIN\r\n",
      "250 5.1.1 550 no\r\n", "250-421 x\r\n250 221\r\n", "354 550 5.0.0\r\n",
      "250 421 4.0.0 <elsewhere@x>\r\n", "221\r\n"};
  const smtpc_client_policy policy = client_policy(SMTPC_CLIENT_TLS_OFF);
  static smtpc_mem_client a;
  static smtpc_mem_client b;
  smtpc_envelope rcpt_a;
  smtpc_envelope rcpt_b;
  smtpc_mem_message message_a;
  smtpc_mem_message message_b;
  begin_client(&a, &policy, &rcpt_a, &message_a);
  begin_client(&b, &policy, &rcpt_b, &message_b);
  for (size_t i = 0u; i < COUNT(plain); i++) {
    (void)smtpc_mem_client_feed(&a, 0u, plain[i], strlen(plain[i]), 0u);
    (void)smtpc_mem_client_feed(&b, 0u, odd[i], strlen(odd[i]), 0u);
  }
  test_octets(a.out.data, a.out.len, b.out.data, b.out.len);
  assert_int_equal(a.done_count, 1);
  assert_int_equal(b.done_count, 1);
  smtpc_mem_client_free(&a);
  smtpc_mem_client_free(&b);
}

// ------------------------------------------------------------ BOUNDS, TERMINAL

static void test_law_bounds(void **state) {
  (void)state;
  // A line that never ends is the end, in steps that grow with the octets only.
  const size_t len = 200000u;
  uint8_t *flood = malloc(len);
  assert_non_null(flood);
  memset(flood, 'a', len);
  static smtpc_mem_server mem;
  begin_server(&mem, SMTPC_SERVER_TLS_OFF);
  (void)smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_PLAIN, flood, len, 0u);
  assert_int_equal(mem.where, SMTPC_MEM_CLOSED);
  assert_int_equal(mem.last.finding, SMTPC_FINDING_LINE_ENDLESS);
  assert_true(mem.steps < 16u);
  smtpc_mem_server_free(&mem);
  // So is a message that goes on for ever after it was refused.
  begin_server(&mem, SMTPC_SERVER_TLS_OFF);
  (void)feed_clear(&mem, INTO_DATA);
  for (size_t i = 0u; i + 1u < len; i += 2u) {
    flood[i] = '\r';
    flood[i + 1u] = '\n';
  }
  (void)smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_PLAIN, flood, len, 0u);
  assert_int_equal(mem.where, SMTPC_MEM_CLOSED);
  assert_int_equal(mem.last.finding, SMTPC_FINDING_SIZE_EXCEEDED);
  smtpc_mem_server_free(&mem);
  // An endless reply, and a reply of endless lines.
  const smtpc_client_policy policy = client_policy(SMTPC_CLIENT_TLS_OFF);
  static const char *const endless[] = {"2", "220-x\r\n"};
  for (size_t i = 0u; i < COUNT(endless); i++) {
    smtpc_envelope rcpt;
    smtpc_mem_message message;
    static smtpc_mem_client client;
    begin_client(&client, &policy, &rcpt, &message);
    for (size_t k = 0u; k < len && client.where == SMTPC_MEM_INPUT; k++) {
      (void)smtpc_mem_client_feed(&client, 0u, endless[i], strlen(endless[i]),
                                  0u);
    }
    test_label("%s", endless[i]);
    test_number(client.where, SMTPC_MEM_CLOSED);
    smtpc_mem_client_free(&client);
  }
  free(flood);
}

static void test_law_terminal(void **state) {
  (void)state;
  static smtpc_mem_server server;
  begin_server(&server, SMTPC_SERVER_TLS_OFF);
  (void)feed_clear(&server, "QUIT\r\n");
  assert_int_equal(server.where, SMTPC_MEM_CLOSED);
  const smtpc_client_policy policy = client_policy(SMTPC_CLIENT_TLS_OFF);
  static smtpc_mem_client client;
  smtpc_mem_client_begin(&client, &policy, NULL, 0u);
  (void)smtpc_mem_client_feed(&client, 0u, "999\r\n", 5u, 0u);
  assert_int_equal(client.where, SMTPC_MEM_CLOSED);
  const smtpc_server server_before = server.session;
  const smtpc_client client_before = client.session;
  static const uint8_t octets[] = "NOOP\r\n";
  for (unsigned kind = 0u; kind < SMTPC_IN_COUNT; kind++) {
    smtpc_input input = smtpc_input_octets(SMTPC_CHANNEL_PLAIN, octets, 6u);
    smtpc_action act;
    size_t used = 1u;
    input.kind = (uint8_t)kind;
    test_label("input %u", kind);
    test_number(smtpc_server_step(&server.policy, &server.session, &input,
                                  &used, &act),
                SMTPC_OK);
    test_number(used, 0);
    test_number(act.kind, SMTPC_DO_NOTHING);
    test_octets(&server.session, sizeof server.session, &server_before,
                sizeof server_before);
    test_number(smtpc_client_step(&client.policy, &client.session, &input,
                                  &used, &act),
                SMTPC_OK);
    test_number(used, 0);
    test_number(act.kind, SMTPC_DO_NOTHING);
    test_octets(&client.session, sizeof client.session, &client_before,
                sizeof client_before);
  }
  smtpc_mem_server_free(&server);
  smtpc_mem_client_free(&client);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_law_epoch),
      cmocka_unit_test(test_law_epoch_partial_line_does_not_cross),
      cmocka_unit_test(test_law_drain_server),
      cmocka_unit_test(test_law_drain_holds_nothing_at_the_switch),
      cmocka_unit_test(test_law_reset_server),
      cmocka_unit_test(test_law_reset_keeps_abuse_counters),
      cmocka_unit_test(test_law_reset_client),
      cmocka_unit_test(test_law_oneway),
      cmocka_unit_test(test_law_failstop_server),
      cmocka_unit_test(test_law_failstop_client),
      cmocka_unit_test(test_law_split_server),
      cmocka_unit_test(test_law_split_starttls_border),
      cmocka_unit_test(test_law_split_client),
      cmocka_unit_test(test_law_count_server),
      cmocka_unit_test(test_law_count_client),
      cmocka_unit_test(test_law_eod),
      cmocka_unit_test(test_law_eod_smuggling),
      cmocka_unit_test(test_law_stuff_and_norm),
      cmocka_unit_test(test_law_crlfout),
      cmocka_unit_test(test_law_wellformed),
      cmocka_unit_test(test_law_txn),
      cmocka_unit_test(test_law_bdat),
      cmocka_unit_test(test_law_noop),
      cmocka_unit_test(test_law_policy_server),
      cmocka_unit_test(test_law_policy_client),
      cmocka_unit_test(test_law_secret_client),
      cmocka_unit_test(test_law_secret_server),
      cmocka_unit_test(test_law_code),
      cmocka_unit_test(test_law_bounds),
      cmocka_unit_test(test_law_terminal),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
