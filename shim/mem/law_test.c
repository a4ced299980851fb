// The laws of lines, replies, messages and transactions: SPLIT, COUNT, CRLFOUT,
// WELLFORMED, EOD, STUFF, NORM, TXN, BDAT, NOOP, BOUNDS, TERMINAL
// (docs/GUARANTEES.md). Most run sessions on generated hostile streams, the same on
// every run. `shim/mem` checks in every test that each step makes progress (BOUNDS)
// and that the session's invariants hold.

#include <stdlib.h>
#include <string.h>

#include "shim/mem/law_testing.h"
#include "smtpcore/reply.h"

// ------------------------------------------------------------------- SPLIT

static void test_law_split_server(void **state) {
  (void)state;
  uint64_t random = 3u;
  smtpc_octets stream = {0};
  for (size_t run = 0u; run < RUNS; run++) {
    law_stream(&random, &stream, 1u + test_random(&random) % 14u);
    static smtpc_mem_server whole;
    law_begin_server(&whole, SMTPC_SERVER_TLS_ON);
    (void)smtpc_mem_server_feed(&whole, SMTPC_CHANNEL_PLAIN, stream.data,
                                stream.len, 0u);
    for (size_t cut = 1u; cut <= TEST_CUT_MAX; cut++) {
      static smtpc_mem_server cuts;
      law_begin_server(&cuts, SMTPC_SERVER_TLS_ON);
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
    law_begin_server(&mem, SMTPC_SERVER_TLS_ON);
    (void)smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_PLAIN, in, sizeof in - 1u,
                                cut);
    if (mem.where == SMTPC_MEM_HANDSHAKE) {
      smtpc_input failed = smtpc_input_make(SMTPC_IN_TLS_FAILED);
      failed.tls.failure = SMTPC_TLS_FAILURE_NOT_TLS;
      smtpc_mem_server_give(&mem, &failed);
    }
    test_label("cut %zu", cut);
    test_number(mem.where, SMTPC_MEM_CLOSED);
    assert_false(law_contains(&mem.trace, "C: NOOP"));
    smtpc_mem_server_free(&mem);
  }
}

static void test_law_split_client(void **state) {
  (void)state;
  // One reply a turn: what comes together, and what after our next command, differs
  // in time, not in cuts.
  static const char *const single[] = {
      "250 ok\r\n",
      "250-mx\r\n250-PIPELINING\r\n250 SIZE 99\r\n",
      "250-mx\r\n250 STARTTLS\r\n",
      "354 go\r\n",
      "550 no\r\n",
      "451 later\r\n",
      "220-a\r\n220 b\r\n",
      "250-mixed\r\n550 x\r\n",
      "421 x\r\n",
      "25\r\n"};
  for (uint64_t seed = 1u; seed <= RUNS; seed++) {
    smtpc_octets first = {0};
    for (size_t cut = 0u; cut <= TEST_CUT_MAX; cut++) {
      const smtpc_client_policy policy =
          law_client_policy((unsigned)(seed % 4u));
      smtpc_envelope rcpt;
      smtpc_mem_message message;
      static smtpc_mem_client mem;
      uint64_t random = seed;
      law_begin_client(&mem, &policy, &rcpt, &message);
      (void)smtpc_mem_client_feed(&mem, 0u, law_greeting, strlen(law_greeting),
                                  cut);
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
  static const char *const commands[] = {"EHLO a.example\r\n",
                                         "MAIL FROM:<a@b.example>\r\n",
                                         "RCPT TO:<c@d.example>\r\n",
                                         "RCPT TO:<no@d.example>\r\n",
                                         "RSET\r\n",
                                         "NOOP\r\n",
                                         "FROB\r\n",
                                         "\r\n",
                                         "VRFY a\r\n",
                                         "BDAT 3\r\nabc",
                                         "BDAT 3 LAST\r\nabc",
                                         "STARTTLS x\r\n",
                                         "HELO a.example\r\n"};
  uint64_t random = 21u;
  for (size_t run = 0u; run < RUNS; run++) {
    static smtpc_mem_server mem;
    law_begin_server(&mem, SMTPC_SERVER_TLS_ON);
    for (size_t i = 0u; i < 12u; i++) {
      const char *word = commands[test_random(&random) % COUNT(commands)];
      (void)law_feed(&mem, word);
    }
    test_label("run %zu", run);
    // The greeting is the one reply that nobody asked for.
    test_number(count_lines(&mem.trace, "S: ", 1),
                1u + count_taken(&mem.trace));
    smtpc_mem_server_free(&mem);
  }
}

static void test_law_count_client(void **state) {
  (void)state;
  // An octet while no reply is owed is fatal, whatever it is, but for a 421.
  const smtpc_client_policy policy = law_client_policy(SMTPC_CLIENT_TLS_OFF);
  static const char *const surplus[] = {"220 mx\r\n250 x\r\n", "220 mx\r\n2",
                                        "220 mx\r\n235 ok\r\n"};
  for (size_t i = 0u; i < COUNT(surplus); i++) {
    smtpc_envelope rcpt;
    smtpc_mem_message message;
    static smtpc_mem_client mem;
    law_begin_client(&mem, &policy, &rcpt, &message);
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
    law_begin_server(&mem, SMTPC_SERVER_TLS_ON);
    law_stream(&random, &stream, 10u);
    (void)smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_PLAIN, stream.data,
                                stream.len, 0u);
    check_lines(&mem.out);
    smtpc_mem_server_free(&mem);
  }
  for (uint64_t seed = 1u; seed <= RUNS; seed++) {
    const smtpc_client_policy policy = law_client_policy((unsigned)(seed % 4u));
    smtpc_envelope rcpt;
    smtpc_mem_message message;
    static smtpc_mem_client mem;
    law_begin_client(&mem, &policy, &rcpt, &message);
    law_play(&mem, seed, 0u);
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
    test_number(
        smtpc_reply_line(&reply, out->data + begin, i - 1u - begin, 0, &text),
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
    law_begin_server(&mem, (unsigned)(run % 3u));
    law_stream(&random, &stream, 10u);
    (void)smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_PLAIN, stream.data,
                                stream.len, 0u);
    test_label("run %zu", run);
    check_replies(&mem.out);
    smtpc_mem_server_free(&mem);
  }
  smtpc_octets_free(&stream);
}

// ------------------------------------------------------ EOD, STUFF, NORM

#define INTO_DATA                                      \
  "EHLO a.example\r\nMAIL FROM:<a@b.example>\r\nRCPT " \
  "TO:<c@d.example>\r\nDATA\r\n"

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
    law_begin_server(&mem, SMTPC_SERVER_TLS_OFF);
    (void)law_feed(&mem, INTO_DATA);
    const uint64_t before = mem.session.pos;
    (void)smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_PLAIN, body.data, end + 3u,
                                1u + run % 3u);
    test_label("run %zu", run);
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
      {"E-02", "\n.\n", 3u},       {"E-03", "\n.\r\n", 4u},
      {"E-04", "\r.\r", 3u},       {"E-05", "\r.\r\n", 4u},
      {"E-06", "\r\n.\n", 4u},     {"E-07", "\r\n.\rX", 5u},
      {"E-09", "\r\n\0.\r\n", 6u}, {"E-10", "\r\0\n.\r\n", 6u},
      {"E-11", "\r\n.\0\r\n", 6u}, {"E-12", "\r\n.\r\0\n", 6u},
      {"E-14", "\r.\n", 3u},       {"E-15", "\n.\r", 3u},
      {"E-16", "\r\n.\r\r\n", 6u}, {"E-17", "\r\r\n.\r\r\n", 7u},
      {"E-25", ".\n", 2u},         {"E-25b", "\n.\r\n", 4u},
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
      law_begin_server(&mem, SMTPC_SERVER_TLS_OFF);
      (void)smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_PLAIN, in.data, in.len,
                                  cut);
      test_label("%s, cut %zu", rows[i].id, cut);
      assert_false(law_contains(&mem.trace, "evil@x.example"));
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
  static const char *const lines[] = {"\r\n",     ".\r\n",
                                      "..\r\n",   ".a\r\n",
                                      "text\r\n", "\x80\xff\t\x0b\r\n",
                                      ". \r\n",   "\r\n.\r\n"};
  uint64_t random = 77u;
  for (size_t run = 0u; run < RUNS; run++) {
    smtpc_octets body = {0};
    const size_t count = test_random(&random) % 6u;
    for (size_t i = 0u; i < count; i++) {
      const char *line = lines[test_random(&random) % COUNT(lines)];
      smtpc_octets_add(&body, line, strlen(line));
    }
    smtpc_server_policy sp = law_server_policy(SMTPC_SERVER_TLS_ON);
    smtpc_client_policy cp = law_client_policy(SMTPC_CLIENT_TLS_VERIFIED);
    cp.auth = SMTPC_AUTH_OFF;
    cp.bdat = (uint8_t)(run % 2u);
    static smtpc_mem_server server;
    static smtpc_mem_client client;
    smtpc_envelope rcpt;
    smtpc_mem_message message;
    memset(&server, 0, sizeof server);
    law_begin_client(&client, &cp, &rcpt, &message);
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
  // A model of a few lines: what a reply to a command says about the transaction.
  // `failed`: BDAT was refused, or DATA came after it; RSET or EHLO goes on.
  uint64_t random = 41u;
  static const char *const commands[] = {"EHLO a.example\r\n",
                                         "MAIL FROM:<a@b.example>\r\n",
                                         "MAIL FROM:<no@b.example>\r\n",
                                         "RCPT TO:<c@d.example>\r\n",
                                         "RCPT TO:<no@d.example>\r\n",
                                         "RSET\r\n",
                                         "NOOP\r\n",
                                         "VRFY a\r\n",
                                         "DATA\r\n",
                                         "BDAT 3\r\nabc",
                                         "BDAT 1 LAST\r\na",
                                         "BDAT 999\r\n"};
  for (size_t run = 0u; run < 2u * RUNS; run++) {
    int mail = 0;
    int rcpt = 0;
    int chunks = 0;
    int failed = 0;
    static smtpc_mem_server mem;
    law_begin_server(&mem, SMTPC_SERVER_TLS_OFF);
    (void)law_feed(&mem, commands[0]);
    for (size_t i = 0u; i < 15u && mem.where == SMTPC_MEM_INPUT; i++) {
      const uint32_t pick = test_random(&random) % (COUNT(commands) - 1u);
      const char *command = commands[pick];
      const size_t stored = mem.stored_count;
      smtpc_octets_clear(&mem.out);
      (void)law_feed(&mem, command);
      const int ok = mem.out.len > 0u && mem.out.data[0] == '2';
      test_label("run %zu, step %zu, %s", run, i, command);
      if (pick == 8u) {
        test_number(
            mem.out.data[0] == '3',
            mail != 0 && rcpt > 0 && mem.session.tx.phase == SMTPC_PHASE_RCPT);
        if (mem.out.data[0] == '3') {
          (void)law_feed(&mem, "x\r\n.\r\n");
          test_number(mem.stored_count, stored + 1u);
          mail = 0;
          rcpt = 0;
        }
        failed |= chunks;
      } else if (pick == 9u || pick == 10u) {
        test_number(ok, mail != 0 && rcpt > 0 && failed == 0);
        chunks = ok != 0 && pick == 9u;
        failed |= ok == 0;
        if (pick == 10u && ok != 0) {
          test_number(mem.stored_count, stored + 1u);
          mail = 0;
          rcpt = 0;
        }
      } else if (pick == 0u || pick == 5u) {
        test_number(ok, 1);
        mail = 0;
        rcpt = 0;
        chunks = 0;
        failed = 0;
      } else if (pick <= 2u) {
        test_number(ok, mail == 0 && failed == 0 && pick == 1u);
        mail |= ok;
      } else if (pick <= 4u) {
        rcpt += ok;
        assert_true(ok == 0 || (mail != 0 && failed == 0));
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
  static const char chunk[] =
      "BDAT 29\r\nEVIL x\r\nEVIL y\r\n.\r\nEVIL z\r\n.\rNOOP\r\n";
  for (size_t i = 0u; i < COUNT(before); i++) {
    for (size_t cut = 0u; cut <= TEST_CUT_MAX; cut++) {
      static smtpc_mem_server mem;
      law_begin_server(&mem, SMTPC_SERVER_TLS_OFF);
      (void)law_feed(&mem, before[i]);
      const uint64_t pos = mem.session.pos;
      (void)smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_PLAIN, chunk,
                                  sizeof chunk - 1u, cut);
      test_label("before %zu, cut %zu", i, cut);
      assert_false(law_contains(&mem.trace, "EVIL"));
      assert_true(law_contains(&mem.trace, "C: NOOP\nS: 250"));
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
  static const char *const refused[] = {"FROB\r\n",
                                        "\r\n",
                                        "EHLO\r\n",
                                        "EHLO a b\r\n",
                                        "MAIL FROM:<a b>\r\n",
                                        "MAIL FROM:<a@b.example> FOO\r\n",
                                        "RCPT TO:<>\r\n",
                                        "RCPT TO:<no@d>\r\n",
                                        "DATA x\r\n",
                                        "RSET x\r\n",
                                        "QUIT x\r\n",
                                        "STARTTLS x\r\n",
                                        "EXPN a\r\n",
                                        "NOOP\nQUIT\r\n",
                                        "NO\rOP\r\n",
                                        "AUTH FOO\r\n",
                                        "AUTH PLAIN x y\r\n",
                                        "VRFY\r\n"};
  for (size_t i = 0u; i < COUNT(before); i++) {
    for (size_t k = 0u; k < COUNT(refused); k++) {
      static smtpc_mem_server mem;
      law_begin_server(&mem, SMTPC_SERVER_TLS_ON);
      (void)law_feed(&mem, before[i]);
      const smtpc_transaction tx = mem.session.tx;
      smtpc_octets_clear(&mem.out);
      (void)law_feed(&mem, refused[k]);
      test_label("before %zu, %s", i, refused[k]);
      test_number(mem.out.data[0] == '4' || mem.out.data[0] == '5', 1);
      test_octets(&mem.session.tx, sizeof tx, &tx, sizeof tx);
      smtpc_mem_server_free(&mem);
    }
  }
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
  law_begin_server(&mem, SMTPC_SERVER_TLS_OFF);
  (void)smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_PLAIN, flood, len, 0u);
  assert_int_equal(mem.where, SMTPC_MEM_CLOSED);
  assert_int_equal(mem.last.finding, SMTPC_FINDING_LINE_ENDLESS);
  assert_true(mem.steps < 16u);
  smtpc_mem_server_free(&mem);
  // So is a message that goes on for ever after it was refused.
  law_begin_server(&mem, SMTPC_SERVER_TLS_OFF);
  (void)law_feed(&mem, INTO_DATA);
  for (size_t i = 0u; i + 1u < len; i += 2u) {
    flood[i] = '\r';
    flood[i + 1u] = '\n';
  }
  (void)smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_PLAIN, flood, len, 0u);
  assert_int_equal(mem.where, SMTPC_MEM_CLOSED);
  assert_int_equal(mem.last.finding, SMTPC_FINDING_SIZE_EXCEEDED);
  smtpc_mem_server_free(&mem);
  // An endless reply, and a reply of endless lines.
  const smtpc_client_policy policy = law_client_policy(SMTPC_CLIENT_TLS_OFF);
  static const char *const endless[] = {"2", "220-x\r\n"};
  for (size_t i = 0u; i < COUNT(endless); i++) {
    smtpc_envelope rcpt;
    smtpc_mem_message message;
    static smtpc_mem_client client;
    law_begin_client(&client, &policy, &rcpt, &message);
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
  law_begin_server(&server, SMTPC_SERVER_TLS_OFF);
  (void)law_feed(&server, "QUIT\r\n");
  assert_int_equal(server.where, SMTPC_MEM_CLOSED);
  const smtpc_client_policy policy = law_client_policy(SMTPC_CLIENT_TLS_OFF);
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
    test_number(
        smtpc_server_step(&server.policy, &server.session, &input, &used, &act),
        SMTPC_OK);
    test_number(used, 0);
    test_number(act.kind, SMTPC_DO_NOTHING);
    test_octets(&server.session, sizeof server.session, &server_before,
                sizeof server_before);
    test_number(
        smtpc_client_step(&client.policy, &client.session, &input, &used, &act),
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
      cmocka_unit_test(test_law_bounds),
      cmocka_unit_test(test_law_terminal),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
