// The laws of the border between clear and TLS, and of what may cross it: EPOCH,
// DRAIN, ONEWAY, FAILSTOP, RESET, POLICY, SECRET, CODE (docs/GUARANTEES.md).

#include <string.h>

#include "shim/mem/law_testing.h"

// ------------------------------------------------------- EPOCH, DRAIN, ONEWAY

static void test_law_epoch(void **state) {
  (void)state;
  // Octets of another channel than the one in force end the session, unread.
  static const char *const before[] = {"", "EHLO a.example\r\n", "EHL"};
  for (size_t i = 0u; i < COUNT(before); i++) {
    smtpc_mem_server mem;
    law_begin_server(&mem, SMTPC_SERVER_TLS_ON);
    (void)law_feed(&mem, before[i]);
    const size_t sent = mem.out.len;
    (void)smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_TLS, "NOOP\r\n", 6u, 0u);
    test_label("before %zu", i);
    test_number(mem.where, SMTPC_MEM_CLOSED);
    test_number(mem.last.finding, SMTPC_FINDING_CHANNEL_MIXED);
    test_number(mem.out.len, sent);
    smtpc_mem_server_free(&mem);
  }
}

static void test_law_epoch_client(void **state) {
  (void)state;
  static const uint8_t octets[] = "220 mx\r\n";
  for (unsigned implicit = 0u; implicit <= 1u; implicit++) {
    smtpc_client_policy policy =
        law_client_policy(SMTPC_CLIENT_TLS_OPPORTUNISTIC);
    policy.implicit_tls = (uint8_t)implicit;
    smtpc_mem_client mem = {0};
    smtpc_mem_client_begin(&mem, &policy, NULL, 0u);
    if (implicit == 1u) {
      smtpc_mem_client_tls_up(&mem, SMTPC_TLS_1_3, 1);
    }
    const unsigned wrong =
        implicit == 1u ? SMTPC_CHANNEL_PLAIN : SMTPC_CHANNEL_TLS;
    (void)smtpc_mem_client_feed(&mem, wrong, octets, 8u, 0u);
    test_label("implicit %u", implicit);
    test_number(mem.where, SMTPC_MEM_CLOSED);
    test_number(mem.last.finding, SMTPC_FINDING_CHANNEL_MIXED);
    test_number(mem.out.len, 0);
    smtpc_mem_client_free(&mem);
  }
}

static void test_law_epoch_partial_line_does_not_cross(void **state) {
  (void)state;
  // SIT-05: what a line began with in clear is never a part of a line under TLS.
  smtpc_mem_server mem;
  law_begin_server(&mem, SMTPC_SERVER_TLS_ON);
  (void)law_feed(&mem, "EHLO a.example\r\nSTARTTLS\r\nMAIL FROM:<m@evil> ");
  assert_int_equal(mem.where, SMTPC_MEM_CLOSED);
  assert_int_equal(mem.last.finding, SMTPC_FINDING_STARTTLS_PIPELINED);
  assert_false(law_contains(&mem.out, "220 2.0.0"));
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
    law_begin_server(&mem, SMTPC_SERVER_TLS_ON);
    (void)smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_PLAIN, in, sizeof in, 0u);
    test_label("octet %u", octet);
    test_number(mem.where, SMTPC_MEM_CLOSED);
    test_number(mem.last.finding, SMTPC_FINDING_STARTTLS_PIPELINED);
    assert_false(law_contains(&mem.out, "220 2.0.0"));
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
    law_begin_server(&mem, SMTPC_SERVER_TLS_ON);
    law_stream(&random, &stream, 4u);
    (void)smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_PLAIN, stream.data,
                                stream.len, 0u);
    (void)law_feed(&mem, "\r\n.\r\n*\r\nRSET\r\nEHLO b.example\r\n");
    (void)law_feed(&mem, "STARTTLS\r\n");
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
    law_begin_server(&mem, SMTPC_SERVER_TLS_ON);
    (void)law_feed(&mem, "EHLO a.example\r\nSTARTTLS\r\n");
    smtpc_mem_server_tls_up(&mem, SMTPC_TLS_1_3);
    const size_t clear = mem.out_clear;
    if (i == COUNT(ends)) {
      (void)law_feed(&mem, "\n");  // TLS-01: one clear octet
    } else {
      const smtpc_input input = smtpc_input_make(ends[i]);
      smtpc_mem_server_give(&mem, &input);
    }
    test_label("end %zu", i);
    test_number(mem.where, SMTPC_MEM_CLOSED);
    test_number(mem.out_clear, clear);
    (void)law_feed(&mem, "NOOP\r\n");
    test_number(mem.out_clear, clear);
    smtpc_mem_server_free(&mem);
  }
}

static void test_law_failstop_server(void **state) {
  (void)state;
  // Between the 220 and the end of the handshake: TLS or the end, and no octet.
  static const unsigned kinds[] = {SMTPC_IN_OCTETS, SMTPC_IN_TLS_FAILED,
                                   SMTPC_IN_END_OF_STREAM, SMTPC_IN_DEADLINE,
                                   SMTPC_IN_SHUTDOWN};
  static const uint8_t octets[] = "NOOP\r\n";
  for (size_t i = 0u; i < COUNT(kinds); i++) {
    smtpc_mem_server mem;
    law_begin_server(&mem, SMTPC_SERVER_TLS_ON);
    (void)law_feed(&mem, "EHLO a.example\r\nSTARTTLS\r\n");
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
  static const unsigned kinds[] = {SMTPC_IN_OCTETS, SMTPC_IN_TLS_FAILED,
                                   SMTPC_IN_END_OF_STREAM, SMTPC_IN_DEADLINE,
                                   SMTPC_IN_SHUTDOWN};
  static const uint8_t octets[] = "250 ok\r\n";
  static const char greeting[] = "220 mx\r\n";
  static const char ehlo[] = "250-mx\r\n250 STARTTLS\r\n";
  static const char go[] = "220 go\r\n";
  for (unsigned tls = SMTPC_CLIENT_TLS_OPPORTUNISTIC;
       tls <= SMTPC_CLIENT_TLS_VERIFIED; tls++) {
    for (size_t i = 0u; i < COUNT(kinds); i++) {
      const smtpc_client_policy policy = law_client_policy(tls);
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
  smtpc_server_policy implicit = law_server_policy(SMTPC_SERVER_TLS_ON);
  implicit.implicit_tls = 1u;
  static smtpc_mem_server fresh;
  memset(&fresh, 0, sizeof fresh);
  smtpc_mem_server_begin(&fresh, &implicit);
  smtpc_mem_server_tls_up(&fresh, SMTPC_TLS_1_3);
  size_t reached = 0u;
  for (size_t run = 0u; run < RUNS; run++) {
    static smtpc_mem_server mem;
    law_begin_server(&mem, SMTPC_SERVER_TLS_ON);
    law_stream(&random, &stream, 6u);
    (void)smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_PLAIN, stream.data,
                                stream.len, 0u);
    (void)law_feed(&mem, "\r\n.\r\n*\r\nRSET\r\nEHLO b.example\r\n");
    (void)law_feed(&mem, "STARTTLS\r\n");
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
  law_begin_server(&mem, SMTPC_SERVER_TLS_ON);
  (void)law_feed(&mem, "FROB\r\nEHLO a.example\r\nSTARTTLS\r\n");
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
  smtpc_client_policy implicit = law_client_policy(SMTPC_CLIENT_TLS_REQUIRED);
  implicit.implicit_tls = 1u;
  static smtpc_mem_client fresh;
  memset(&fresh, 0, sizeof fresh);
  smtpc_mem_client_begin(&fresh, &implicit, NULL, 0u);
  smtpc_mem_client_tls_up(&fresh, SMTPC_TLS_1_3, 1);
  (void)smtpc_mem_client_feed(&fresh, 1u, "220 mx\r\n", 8u, 0u);
  for (size_t i = 0u; i < COUNT(hellos); i++) {
    const smtpc_client_policy policy =
        law_client_policy(SMTPC_CLIENT_TLS_REQUIRED);
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

// ------------------------------------------------------- POLICY, SECRET, CODE

static void test_law_policy_server(void **state) {
  (void)state;
  // Under `required` nothing of mail or of a credential is taken in clear.
  uint64_t random = 55u;
  smtpc_octets stream = {0};
  for (size_t run = 0u; run < RUNS; run++) {
    static smtpc_mem_server mem;
    law_begin_server(&mem, SMTPC_SERVER_TLS_REQUIRED);
    law_stream(&random, &stream, 12u);
    (void)smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_PLAIN, stream.data,
                                stream.len, 0u);
    test_label("run %zu", run);
    assert_false(law_contains(&mem.trace, "S: 354"));
    assert_false(law_contains(&mem.trace, "S: 235"));
    assert_false(law_contains(&mem.trace, "S: 334"));
    assert_false(law_contains(&mem.trace, "M: "));
    assert_false(law_contains(&mem.trace, "Sender OK"));
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
    const smtpc_client_policy policy = law_client_policy(tls);
    smtpc_envelope rcpt;
    smtpc_mem_message message;
    static smtpc_mem_client mem;
    law_begin_client(&mem, &policy, &rcpt, &message);
    law_play(&mem, seed, 0u);
    smtpc_octets clear = mem.out;
    clear.len = mem.out_clear;
    test_label("seed %llu", (unsigned long long)seed);
    assert_false(law_contains(&clear, "MAIL"));
    assert_false(law_contains(&clear, "AUTH"));
    assert_false(law_contains(&clear, "CANARY"));
    assert_false(law_contains(&clear, "HELO "));
    if (tls == SMTPC_CLIENT_TLS_VERIFIED &&
        mem.session.tls_facts.name_ok == 0u) {
      assert_false(law_contains(&mem.out, "MAIL"));
    }
    smtpc_mem_client_free(&mem);
  }
}

static void test_law_secret_client(void **state) {
  (void)state;
  // No password in clear, and none in what is traced, under any setting.
  size_t used = 0u;
  for (uint64_t seed = 1u; seed <= 4u * RUNS; seed++) {
    const smtpc_client_policy policy = law_client_policy((unsigned)(seed % 4u));
    smtpc_envelope rcpt;
    smtpc_mem_message message;
    static smtpc_mem_client mem;
    law_begin_client(&mem, &policy, &rcpt, &message);
    law_play(&mem, seed, 0u);
    smtpc_octets clear = mem.out;
    clear.len = mem.out_clear;
    used += (size_t)law_contains(&mem.out, PLAIN_CANARY);
    assert_false(law_contains(&clear, PLAIN_CANARY));
    assert_false(law_contains(&clear, LOGIN_CANARY));
    assert_false(law_contains(&mem.trace, PLAIN_CANARY));
    assert_false(law_contains(&mem.trace, LOGIN_CANARY));
    assert_false(law_contains(&mem.trace, "CANARY"));
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
    smtpc_server_policy policy = law_server_policy(SMTPC_SERVER_TLS_ON);
    policy.quirks = SMTPC_QUIRK_AUTH_IN_CLEAR;
    static smtpc_mem_server mem;
    memset(&mem, 0, sizeof mem);
    smtpc_mem_server_begin(&mem, &policy);
    (void)smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_PLAIN, in, sizeof in - 1u,
                                cut);
    assert_true(law_contains(&mem.trace, "S: 235"));
    assert_false(law_contains(&mem.trace, "AHVzZXI"));
    // Nothing of the password stays in the session.
    smtpc_octets all = {0};
    smtpc_octets_add(&all, &mem.session, sizeof mem.session);
    assert_false(law_contains(&all, "secret"));
    assert_false(law_contains(&all, "c2VjcmV0"));
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
  static const char *const odd[] = {"220 554 go away STARTTLS\r\n",
                                    "250 STARTTLS AUTH PLAIN\r\n",
                                    "250 5.1.1 550 no\r\n",
                                    "250-421 x\r\n250 221\r\n",
                                    "354 550 5.0.0\r\n",
                                    "250 421 4.0.0 <elsewhere@x>\r\n",
                                    "221\r\n"};
  const smtpc_client_policy policy = law_client_policy(SMTPC_CLIENT_TLS_OFF);
  static smtpc_mem_client a;
  static smtpc_mem_client b;
  smtpc_envelope rcpt_a;
  smtpc_envelope rcpt_b;
  smtpc_mem_message message_a;
  smtpc_mem_message message_b;
  law_begin_client(&a, &policy, &rcpt_a, &message_a);
  law_begin_client(&b, &policy, &rcpt_b, &message_b);
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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_law_epoch),
      cmocka_unit_test(test_law_epoch_client),
      cmocka_unit_test(test_law_epoch_partial_line_does_not_cross),
      cmocka_unit_test(test_law_drain_server),
      cmocka_unit_test(test_law_drain_holds_nothing_at_the_switch),
      cmocka_unit_test(test_law_reset_server),
      cmocka_unit_test(test_law_reset_keeps_abuse_counters),
      cmocka_unit_test(test_law_reset_client),
      cmocka_unit_test(test_law_oneway),
      cmocka_unit_test(test_law_failstop_server),
      cmocka_unit_test(test_law_failstop_client),
      cmocka_unit_test(test_law_policy_server),
      cmocka_unit_test(test_law_policy_client),
      cmocka_unit_test(test_law_secret_client),
      cmocka_unit_test(test_law_secret_server),
      cmocka_unit_test(test_law_code),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
