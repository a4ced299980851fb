// The sending session and its extensions: LMTP, BINARYMIME, LIMITS, the quirks of
// replies, and what it tells and asks of each.

#include <stdlib.h>
#include <string.h>

#include "shim/mem/dialogue_testing.h"

#define EHLO_OUT "C: EHLO localhost\n"
#define LHLO_OUT "C: LHLO localhost\n"
#define MAIL_OUT "C: MAIL FROM:<s@a.example>\n"
#define QUIT_OUT "C: QUIT\n. close quit\n"
#define BYE "221 b\r\n"
#define OK "250 ok\r\n"

static smtpc_client_policy clear_policy(void) {
  return dialogue_client_policy(SMTPC_CLIENT_TLS_OFF);
}

// The first `count` of these, as one message or more.
static const smtpc_envelope *recipients(void) {
  static smtpc_envelope list[5];
  list[0] = dialogue_address("a@b.example");
  list[1] = dialogue_address("b@B.example");
  list[2] = dialogue_address("c@c.example");
  list[3] = dialogue_address("d@B.EXAMPLE");
  list[4] = dialogue_address("e@b.example");
  return list;
}

static void run_to(const smtpc_client_policy *policy, size_t rcpts,
                   size_t messages, const dialogue *rows, size_t count) {
  smtpc_mem_message list[3];
  for (size_t i = 0u; i < DIALOGUE_COUNT(list); i++) {
    list[i] = dialogue_message(recipients(), rcpts);
  }
  for (size_t i = 0u; i < count; i++) {
    dialogue_client(policy, list, messages, &rows[i]);
  }
}

// -------------------------------------------------------------------- LMTP

#define LMTP_TWO                             \
  LHLO_OUT MAIL_OUT                          \
      "C: RCPT TO:<a@b.example>\nR: 0 250\n" \
      "C: RCPT TO:<b@B.example>\nR: 1 250\n" \
      "C: DATA\nC: .\n"
#define GO "354 go\r\n"

static void test_client_lmtp_reply_for_each_recipient(void **state) {
  (void)state;
  static const dialogue rows[] = {
      {"both",
       {"220 mx\r\n", "250 mx\r\n", OK, OK, OK, GO, OK, OK, BYE},
       LMTP_TWO "D: 0 250\nD: 1 250\nM: 250\n" QUIT_OUT},
      {"both in one piece",
       {"220 mx\r\n", "250 mx\r\n", OK, OK, OK, GO, OK OK, BYE},
       LMTP_TWO "D: 0 250\nD: 1 250\nM: 250\n" QUIT_OUT},
      {"multi-line replies are one each",
       {"220 mx\r\n", "250 mx\r\n", OK, OK, OK, GO,
        "250-a\r\n250 b\r\n250-c\r\n250 d\r\n", BYE},
       LMTP_TWO "D: 0 250\nD: 1 250\nM: 250\n" QUIT_OUT},
      {"the first refused",
       {"220 mx\r\n", "250 mx\r\n", OK, OK, OK, GO, "550 no\r\n", OK, BYE},
       LMTP_TWO "D: 0 550\n! message-refused @64\nD: 1 250\nM: 550\n" QUIT_OUT},
      {"the second refused, for now",
       {"220 mx\r\n", "250 mx\r\n", OK, OK, OK, GO, OK, "450 no\r\n", BYE},
       LMTP_TWO "D: 0 250\n! message-refused @64\nD: 1 450\nM: 450\n" QUIT_OUT},
      {"for good and for now: for now",
       {"220 mx\r\n", "250 mx\r\n", OK, OK, OK, GO, "550 no\r\n", "450 no\r\n",
        BYE},
       LMTP_TWO "D: 0 550\n! message-refused @64\nD: 1 450\nM: 450\n" QUIT_OUT},
      {"for now and for good: for now",
       {"220 mx\r\n", "250 mx\r\n", OK, OK, OK, GO, "452 no\r\n", "554 no\r\n",
        BYE},
       LMTP_TWO "D: 0 452\n! message-refused @64\nD: 1 554\nM: 452\n" QUIT_OUT},
      {"both for good: the first",
       {"220 mx\r\n", "250 mx\r\n", OK, OK, OK, GO, "550 no\r\n", "554 no\r\n",
        BYE},
       LMTP_TWO "D: 0 550\n! message-refused @64\nD: 1 554\nM: 550\n" QUIT_OUT},
      {"421 after the first",
       {"220 mx\r\n", "250 mx\r\n", OK, OK, OK, GO, OK, "421 b\r\n"},
       LMTP_TWO "D: 0 250\n! service-refused @63\n"
                ". close service service-refused\n"},
      {"no more after the first",
       {"220 mx\r\n", "250 mx\r\n", OK, OK, OK, GO, OK, "=end"},
       LMTP_TWO "D: 0 250\n! aborted @56\n. close peer aborted\n"},
      {"354 is no verdict",
       {"220 mx\r\n", "250 mx\r\n", OK, OK, OK, GO, GO},
       LMTP_TWO "! reply-unexpected @56\n. close protocol reply-unexpected\n"},
      {"neither is 251",
       {"220 mx\r\n", "250 mx\r\n", OK, OK, OK, GO, OK, "251 x\r\n"},
       LMTP_TWO "D: 0 250\n! reply-unexpected @63\n"
                ". close protocol reply-unexpected\n"},
  };
  smtpc_client_policy policy = clear_policy();
  policy.lmtp = 1u;
  run_to(&policy, 2u, 1u, rows, DIALOGUE_COUNT(rows));
}

static void test_client_lmtp_one_reply_too_many(void **state) {
  (void)state;
  static smtpc_mem_client mem;
  smtpc_client_policy policy = clear_policy();
  const smtpc_mem_message message = dialogue_message(recipients(), 2u);
  static const char *const turns[] = {"220 mx\r\n", "250 mx\r\n", OK,      OK,
                                      OK,           GO,           OK OK OK};
  policy.lmtp = 1u;
  memset(&mem, 0, sizeof mem);
  smtpc_mem_client_begin(&mem, &policy, &message, 1u);
  for (size_t i = 0u; i < DIALOGUE_COUNT(turns); i++) {
    (void)smtpc_mem_client_feed(&mem, SMTPC_CHANNEL_PLAIN, turns[i],
                                strlen(turns[i]), 0u);
  }
  static const char want[] = LMTP_TWO
      "D: 0 250\nD: 1 250\nM: 250\n! reply-unsolicited @72\n"
      ". close protocol reply-unsolicited\n";
  test_octets(mem.trace.data, mem.trace.len, want, sizeof want - 1u);
  smtpc_mem_client_free(&mem);
}

#define LMTP_AHEAD                 \
  LHLO_OUT MAIL_OUT                \
      "C: RCPT TO:<a@b.example>\n" \
      "C: RCPT TO:<b@B.example>\n" \
      "C: RCPT TO:<c@c.example>\nC: DATA\n"
#define LHLO_AHEAD "250-mx\r\n250 PIPELINING\r\n"

static void test_client_lmtp_counts_who_was_accepted(void **state) {
  (void)state;
  // Deliveries are numbered among the accepted, not among all.
  static const dialogue rows[] = {
      {"the second of three refused, in a group",
       {"220 mx\r\n", LHLO_AHEAD, OK OK "550 no\r\n" OK GO, OK "450 full\r\n",
        BYE},
       LMTP_AHEAD
       "R: 0 250\n! rcpt-refused @56\nR: 1 550\nR: 2 250\n"
       "C: .\nD: 0 250\n! message-refused @90\nD: 1 450\nM: 450\n" QUIT_OUT},
      {"all delivered; that one was refused shows in the recipients only",
       {"220 mx\r\n", LHLO_AHEAD, OK OK "550 no\r\n" OK GO, OK OK, BYE},
       LMTP_AHEAD "R: 0 250\n! rcpt-refused @56\nR: 1 550\nR: 2 250\n"
                  "C: .\nD: 0 250\nD: 1 250\nM: 250\n" QUIT_OUT},
      {"354 without a recipient (RFC 2033 section 4.2)",
       {"220 mx\r\n", LHLO_AHEAD, OK "550 no\r\n550 no\r\n550 no\r\n" GO},
       LMTP_AHEAD "! rcpt-refused @48\nR: 0 550\n! rcpt-refused @56\n"
                  "R: 1 550\n! rcpt-refused @64\nR: 2 550\n"
                  "! reply-unexpected @72\n"
                  ". close protocol reply-unexpected\n"},
      {"503 without a recipient",
       {"220 mx\r\n", LHLO_AHEAD, OK "550 no\r\n550 no\r\n550 no\r\n503 no\r\n",
        OK, BYE},
       LMTP_AHEAD "! rcpt-refused @48\nR: 0 550\n! rcpt-refused @56\n"
                  "R: 1 550\n! rcpt-refused @64\nR: 2 550\n"
                  "! message-refused @72\nM: 550\nC: RSET\n" QUIT_OUT},
  };
  smtpc_client_policy policy = clear_policy();
  policy.lmtp = 1u;
  run_to(&policy, 3u, 1u, rows, DIALOGUE_COUNT(rows));
}

static void test_client_lmtp_messages_begin_anew(void **state) {
  (void)state;
  static const dialogue row = {
      "two messages",
      {"220 mx\r\n", "250 mx\r\n", OK, OK, "450 no\r\n", GO, OK, OK, OK, OK, GO,
       OK, OK, BYE},
      LHLO_OUT MAIL_OUT
      "C: RCPT TO:<a@b.example>\nR: 0 250\nC: RCPT TO:<b@B.example>\n"
      "! rcpt-refused @40\nR: 1 450\nC: DATA\nC: .\nD: 0 250\nM: 250\n" MAIL_OUT
      "C: RCPT TO:<a@b.example>\nR: 0 250\nC: RCPT TO:<b@B.example>\n"
      "R: 1 250\nC: DATA\nC: .\nD: 0 250\nD: 1 250\nM: 250\n" QUIT_OUT};
  smtpc_client_policy policy = clear_policy();
  policy.lmtp = 1u;
  run_to(&policy, 2u, 2u, &row, 1u);
}

static void test_client_lmtp_chunks(void **state) {
  (void)state;
  // RFC 2033 section 4.3: a chunk has one reply, the last one has one for each.
  static const dialogue rows[] = {
      {"two recipients",
       {"220 mx\r\n", "250-mx\r\n250 CHUNKING\r\n", OK, OK, OK, OK, OK OK, BYE},
       LHLO_OUT MAIL_OUT
       "C: RCPT TO:<a@b.example>\nR: 0 250\nC: RCPT TO:<b@B.example>\n"
       "R: 1 250\nC: BDAT 3\nC: BDAT 0 LAST\nD: 0 250\nD: 1 250\nM: "
       "250\n" QUIT_OUT},
      {"one of them refused at the end",
       {"220 mx\r\n", "250-mx\r\n250 CHUNKING\r\n", OK, OK, OK, OK, OK,
        "552 full\r\n", BYE},
       LHLO_OUT MAIL_OUT
       "C: RCPT TO:<a@b.example>\nR: 0 250\nC: RCPT TO:<b@B.example>\n"
       "R: 1 250\nC: BDAT 3\nC: BDAT 0 LAST\nD: 0 250\n"
       "! message-refused @80\nD: 1 552\nM: 552\n" QUIT_OUT},
      {"a chunk refused",
       {"220 mx\r\n", "250-mx\r\n250 CHUNKING\r\n", OK, OK, OK, "452 no\r\n",
        OK, BYE},
       LHLO_OUT MAIL_OUT
       "C: RCPT TO:<a@b.example>\nR: 0 250\nC: RCPT TO:<b@B.example>\n"
       "R: 1 250\nC: BDAT 3\n! message-refused @62\nM: 452\nC: "
       "RSET\n" QUIT_OUT},
  };
  smtpc_client_policy policy = clear_policy();
  policy.lmtp = 1u;
  policy.bdat = 1u;
  run_to(&policy, 2u, 1u, rows, DIALOGUE_COUNT(rows));
}

static void test_client_lmtp_greets_with_lhlo_alone(void **state) {
  (void)state;
  static const dialogue rows[] = {
      {"refused: no HELO (RFC 2033 section 4.1)",
       {"220 mx\r\n", "500 no\r\n", BYE},
       LHLO_OUT "! ehlo-refused @16\nC: QUIT\n"
                ". close refused ehlo-refused\n"},
      {"and again under TLS",
       {"220 mx\r\n", "250-mx\r\n250 STARTTLS\r\n", "220 go\r\n", "=up",
        "250 mx\r\n", "550 no\r\n", BYE},
       LHLO_OUT "C: STARTTLS\n= tls\n" LHLO_OUT MAIL_OUT
                "! message-refused @16\nM: 550\n" QUIT_OUT},
  };
  smtpc_client_policy policy =
      dialogue_client_policy(SMTPC_CLIENT_TLS_OPPORTUNISTIC);
  policy.lmtp = 1u;
  run_to(&policy, 1u, 1u, rows, DIALOGUE_COUNT(rows));
}

// ------------------------------------------------------- LMTP, with our server

// The second recipient's mailbox cannot take the message now.
static smtpc_answer answer(void *user, const smtpc_mem_server *server,
                           const smtpc_action *action) {
  (void)user;
  const smtpc_span local = server->session.command.path.local;
  if (action->kind == SMTPC_DO_ASK_MESSAGE) {
    return action->number == 1u ? SMTPC_ANSWER_NOT_NOW : SMTPC_ANSWER_YES;
  }
  const bool refused = action->kind == SMTPC_DO_ASK_RECIPIENT &&
                       server->session.line.data[local.begin] == 'c';
  return refused ? SMTPC_ANSWER_NO : SMTPC_ANSWER_YES;
}

static void talk_lmtp(unsigned bdat, uint64_t size_max, size_t cut,
                      const char *want_said, const char *want_done) {
  static smtpc_mem_server server;
  static smtpc_mem_client client;
  smtpc_server_policy sp = dialogue_server_policy();
  smtpc_client_policy cp = clear_policy();
  const smtpc_mem_message message = dialogue_message(recipients(), 4u);
  smtpc_octets have = {NULL, 0u, 0u};
  sp.lmtp = 1u;
  sp.size_max = size_max;
  sp.offered = SMTPC_OFFERS(PIPELINING) | SMTPC_OFFERS(CHUNKING);
  cp.lmtp = 1u;
  cp.bdat = (uint8_t)bdat;
  memset(&server, 0, sizeof server);
  memset(&client, 0, sizeof client);
  server.answer = answer;
  smtpc_mem_server_begin(&server, &sp);
  smtpc_mem_client_begin(&client, &cp, &message, 1u);
  (void)smtpc_mem_converse(&client, &server, cut, &have);
  test_label("BDAT %u, cut %zu", bdat, cut);
  test_octets(have.data, have.len, want_said, strlen(want_said));
  const size_t done = strlen(want_done);
  assert_true(client.trace.len > done);
  test_octets(client.trace.data + client.trace.len - done, done, want_done,
              done);
  smtpc_octets_free(&have);
  smtpc_mem_server_free(&server);
  smtpc_mem_client_free(&client);
}

#define TALK_BEGIN                                                             \
  "S: 220 localhost SMTP service ready\n" LHLO_OUT                             \
  "S: 250-localhost greets you\nS: 250-PIPELINING\nS: 250 CHUNKING\n" MAIL_OUT \
  "C: RCPT TO:<a@b.example>\nC: RCPT TO:<b@B.example>\n"                       \
  "C: RCPT TO:<c@c.example>\nC: RCPT TO:<d@B.EXAMPLE>\n"
#define TALK_RCPT                                                \
  "S: 250 Sender OK\nS: 250 Recipient OK\nS: 250 Recipient OK\n" \
  "S: 550 No such mailbox here\nS: 250 Recipient OK\n"
#define TALK_STORED                                              \
  "S: 250 Message stored\nS: 451 Message cannot be stored now\n" \
  "S: 250 Message stored\nC: QUIT\nS: 221 Closing connection\n"

static void test_client_lmtp_talks_to_our_server(void **state) {
  (void)state;
  for (size_t cut = 0u; cut <= TEST_CUT_MAX; cut++) {
    talk_lmtp(0u, 1000u, cut,
              TALK_BEGIN "C: DATA\n" TALK_RCPT
                         "S: 354 End data with <CR><LF>.<CR><LF>\n"
                         "C: x\nC: .\n" TALK_STORED,
              "D: 0 250\nD: 1 451\n! message-refused @296\nD: 2 250\n"
              "M: 451\n" QUIT_OUT);
    talk_lmtp(1u, 1000u, cut,
              TALK_BEGIN TALK_RCPT
              "C: BDAT 3\nC: x\nS: 250 Chunk taken\n"
              "C: BDAT 0 LAST\n" TALK_STORED,
              "D: 0 250\nD: 1 451\n! message-refused @276\nD: 2 250\n"
              "M: 451\n" QUIT_OUT);
    talk_lmtp(1u, 2u, cut,
              TALK_BEGIN TALK_RCPT
              "C: BDAT 3\nC: x\nS: 552 Message too big\nC: RSET\n"
              "S: 250 Reset\nC: QUIT\nS: 221 Closing connection\n",
              "M: 552\nC: RSET\n" QUIT_OUT);
  }
}

// --------------------------------------------------------- BINARYMIME, BDAT

static smtpc_mem_message binary_message(const void *content, size_t len) {
  smtpc_mem_message message = dialogue_message(recipients(), 1u);
  message.envelope.seen = SMTPC_HAS(BODY);
  message.envelope.body = SMTPC_BODY_BINARYMIME;
  message.content = content;
  message.content_len = len;
  return message;
}

#define ONE_OUT "C: RCPT TO:<a@b.example>\nR: 0 250\n"
#define BINARY_OUT "C: MAIL FROM:<s@a.example> BODY=BINARYMIME\n"

static void test_client_binarymime(void **state) {
  (void)state;
  static const uint8_t content[] = "a\0b\nc\rd\r\n.\r\n\xff";
  static const dialogue rows[] = {
      {"by BDAT whatever the policy says",
       {"220 mx\r\n",
        "250-mx\r\n250-8BITMIME\r\n250-CHUNKING\r\n250 BINARYMIME\r\n", OK, OK,
        OK, OK, BYE},
       EHLO_OUT BINARY_OUT ONE_OUT
       "C: BDAT 13\nC: BDAT 0 LAST\nM: 250\n" QUIT_OUT},
      {"nothing is sent ahead but MAIL and RCPT",
       {"220 mx\r\n",
        "250-mx\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-CHUNKING\r\n"
        "250 BINARYMIME\r\n",
        OK OK, OK, OK, BYE},
       EHLO_OUT BINARY_OUT "C: RCPT TO:<a@b.example>\nR: 0 250\n"
                           "C: BDAT 13\nC: BDAT 0 LAST\nM: 250\n" QUIT_OUT},
      {"not without CHUNKING",
       {"220 mx\r\n", "250-mx\r\n250-8BITMIME\r\n250 BINARYMIME\r\n", BYE},
       EHLO_OUT "! extension-missing @46\nM: 0\n" QUIT_OUT},
      {"not without BINARYMIME",
       {"220 mx\r\n", "250-mx\r\n250-8BITMIME\r\n250 CHUNKING\r\n", BYE},
       EHLO_OUT "! extension-missing @44\nM: 0\n" QUIT_OUT},
      {"not without the extension that has BODY",
       {"220 mx\r\n", "250-mx\r\n250-CHUNKING\r\n250 BINARYMIME\r\n", BYE},
       EHLO_OUT "! extension-missing @46\nM: 0\n" QUIT_OUT},
      {"not at all",
       {"220 mx\r\n", "250 mx\r\n", BYE},
       EHLO_OUT "! extension-missing @16\nM: 0\n" QUIT_OUT},
      {"a chunk refused",
       {"220 mx\r\n",
        "250-mx\r\n250-8BITMIME\r\n250-CHUNKING\r\n250 BINARYMIME\r\n", OK, OK,
        "554 no\r\n", OK, BYE},
       EHLO_OUT BINARY_OUT ONE_OUT
       "C: BDAT 13\n! message-refused @84\nM: 554\nC: RSET\n" QUIT_OUT},
  };
  const smtpc_mem_message message =
      binary_message(content, sizeof content - 1u);
  smtpc_client_policy policy = clear_policy();
  for (unsigned bdat = 0u; bdat <= 1u; bdat++) {
    policy.bdat = (uint8_t)bdat;
    for (size_t i = 0u; i < DIALOGUE_COUNT(rows); i++) {
      dialogue_client(&policy, &message, 1u, &rows[i]);
    }
  }
}

static void test_client_binarymime_octets_go_as_they_are(void **state) {
  (void)state;
  static const uint8_t content[] = "a\0b\nc\rd\r\n.\r\n\xff";
  static const char *const turns[] = {
      "220 mx\r\n",
      "250-mx\r\n250-8BITMIME\r\n250-CHUNKING\r\n250 BINARYMIME\r\n",
      OK,
      OK,
      OK,
      OK,
      OK,
      OK,
      BYE};
  static const uint8_t want[] =
      "EHLO localhost\r\nMAIL FROM:<s@a.example> BODY=BINARYMIME\r\n"
      "RCPT TO:<a@b.example>\r\nBDAT 5\r\na\0b\ncBDAT 5\r\n\rd\r\n."
      "BDAT 3\r\n\r\n\xff"
      "BDAT 0 LAST\r\nQUIT\r\n";
  const smtpc_client_policy policy = clear_policy();
  smtpc_mem_message message = binary_message(content, sizeof content - 1u);
  message.content_cut = 5u;
  for (size_t cut = 0u; cut <= TEST_CUT_MAX; cut++) {
    static smtpc_mem_client mem;
    memset(&mem, 0, sizeof mem);
    smtpc_mem_client_begin(&mem, &policy, &message, 1u);
    for (size_t i = 0u; i < DIALOGUE_COUNT(turns); i++) {
      (void)smtpc_mem_client_feed(&mem, SMTPC_CHANNEL_PLAIN, turns[i],
                                  strlen(turns[i]), cut);
    }
    test_label("cut %zu", cut);
    test_octets(mem.out.data, mem.out.len, want, sizeof want - 1u);
    smtpc_mem_client_free(&mem);
  }
}

static void test_client_chunks_without_binarymime(void **state) {
  (void)state;
  // RFC 3030 section 3: what DATA may not have, a chunk may not have either.
  typedef struct row {
    const char *content;
    size_t len;
    const char *want;
  } row;
#define CHUNK_OUT EHLO_OUT MAIL_OUT ONE_OUT
#define LOCAL(at) "! local-input @" at "\n. close local local-input\n"
  static const row rows[] = {
      {"x\r\n", 3u, CHUNK_OUT "C: BDAT 3\nC: BDAT 0 LAST\nM: 250\n" QUIT_OUT},
      {".\r\n..\r\n", 7u,
       CHUNK_OUT "C: BDAT 7\nC: BDAT 0 LAST\nM: 250\n" QUIT_OUT},
      {"\xff\xfe\r\n", 4u,
       CHUNK_OUT "C: BDAT 4\nC: BDAT 0 LAST\nM: 250\n" QUIT_OUT},
      {"x", 1u, CHUNK_OUT "C: BDAT 1\nC: BDAT 0 LAST\nM: 250\n" QUIT_OUT},
      {"x\n", 2u, CHUNK_OUT "C: BDAT 2\n" LOCAL("46")},
      {"x\ry", 3u, CHUNK_OUT "C: BDAT 3\n" LOCAL("46")},
      {"x\0y\r\n", 5u, CHUNK_OUT "C: BDAT 5\n" LOCAL("46")},
      {"x\r", 2u, CHUNK_OUT "C: BDAT 2\n" LOCAL("54")}};
#undef LOCAL
  smtpc_client_policy policy = clear_policy();
  policy.bdat = 1u;
  for (size_t i = 0u; i < DIALOGUE_COUNT(rows); i++) {
    smtpc_mem_message message = dialogue_message(recipients(), 1u);
    uint8_t *copy = test_copy(rows[i].content, rows[i].len);
    message.content = copy;
    message.content_len = rows[i].len;
    const dialogue d = {
        rows[i].want,
        {"220 mx\r\n", "250-mx\r\n250 CHUNKING\r\n", OK, OK, OK, OK, BYE},
        rows[i].want};
    dialogue_client(&policy, &message, 1u, &d);
    free(copy);
  }
  smtpc_mem_message empty = dialogue_message(recipients(), 1u);
  empty.content_len = 0u;
  static const dialogue d = {
      "no content",
      {"220 mx\r\n", "250-mx\r\n250 CHUNKING\r\n", OK, OK, OK, BYE},
      CHUNK_OUT "C: BDAT 0 LAST\nM: 250\n" QUIT_OUT};
  dialogue_client(&policy, &empty, 1u, &d);
}

// ------------------------------------------------------------------ LIMITS

#define LIMITED(limits) "250-mx\r\n250 LIMITS " limits "\r\n"
#define LIMITED_AHEAD(limits) \
  "250-mx\r\n250-PIPELINING\r\n250 LIMITS " limits "\r\n"

static void test_client_keeps_the_limit_of_recipients(void **state) {
  (void)state;
  static const dialogue rows[] = {
      {"one by one",
       {"220 mx\r\n", LIMITED("RCPTMAX=2"), OK, OK, OK, GO, OK, BYE},
       EHLO_OUT MAIL_OUT
       "C: RCPT TO:<a@b.example>\nR: 0 250\nC: RCPT TO:<b@B.example>\n"
       "R: 1 250\n! limit-kept @62\nR: 2 452\n! limit-kept @62\nR: 3 452\n"
       "C: DATA\nC: .\nM: 250\n" QUIT_OUT},
      {"in a group",
       {"220 mx\r\n", LIMITED_AHEAD("RCPTMAX=2"), OK OK OK GO, OK, BYE},
       EHLO_OUT MAIL_OUT
       "C: RCPT TO:<a@b.example>\nC: RCPT TO:<b@B.example>\n"
       "! limit-kept @54\nR: 2 452\n! limit-kept @54\nR: 3 452\nC: DATA\n"
       "R: 0 250\nR: 1 250\nC: .\nM: 250\n" QUIT_OUT},
      {"those refused count too",
       {"220 mx\r\n", LIMITED("RCPTMAX=2"), OK, "550 no\r\n", OK, GO, OK, BYE},
       EHLO_OUT MAIL_OUT
       "C: RCPT TO:<a@b.example>\n! rcpt-refused @54\nR: 0 550\n"
       "C: RCPT TO:<b@B.example>\nR: 1 250\n! limit-kept @62\nR: 2 452\n"
       "! limit-kept @62\nR: 3 452\nC: DATA\nC: .\nM: 250\n" QUIT_OUT},
      {"all that were sent refused",
       {"220 mx\r\n", LIMITED("RCPTMAX=1"), OK, "550 no\r\n", OK, BYE},
       EHLO_OUT MAIL_OUT
       "C: RCPT TO:<a@b.example>\n! rcpt-refused @54\nR: 0 550\n"
       "! limit-kept @54\nR: 1 452\n! limit-kept @54\nR: 2 452\n"
       "! limit-kept @54\nR: 3 452\n! message-refused @54\nM: 550\nC: "
       "RSET\n" QUIT_OUT},
      {"not reached",
       {"220 mx\r\n", LIMITED_AHEAD("RCPTMAX=4"), OK OK OK OK OK GO, OK, BYE},
       EHLO_OUT MAIL_OUT
       "C: RCPT TO:<a@b.example>\nC: RCPT TO:<b@B.example>\n"
       "C: RCPT TO:<c@c.example>\nC: RCPT TO:<d@B.EXAMPLE>\nC: DATA\n"
       "R: 0 250\nR: 1 250\nR: 2 250\nR: 3 250\nC: .\nM: 250\n" QUIT_OUT},
  };
  const smtpc_client_policy policy = clear_policy();
  run_to(&policy, 4u, 1u, rows, DIALOGUE_COUNT(rows));
}

static void test_client_keeps_the_limit_of_domains(void **state) {
  (void)state;
  // b.example, B.example, c.example, B.EXAMPLE: three runs of two domains.
  static const dialogue rows[] = {
      {"one domain",
       {"220 mx\r\n", LIMITED("RCPTDOMAINMAX=1"), OK, OK, OK, GO, OK, BYE},
       EHLO_OUT MAIL_OUT
       "C: RCPT TO:<a@b.example>\nR: 0 250\nC: RCPT TO:<b@B.example>\n"
       "R: 1 250\n! limit-kept @68\nR: 2 452\n! limit-kept @68\nR: 3 452\n"
       "C: DATA\nC: .\nM: 250\n" QUIT_OUT},
      {"one domain, in a group",
       {"220 mx\r\n", LIMITED_AHEAD("RCPTDOMAINMAX=1"), OK OK OK GO, OK, BYE},
       EHLO_OUT MAIL_OUT
       "C: RCPT TO:<a@b.example>\nC: RCPT TO:<b@B.example>\n"
       "! limit-kept @60\nR: 2 452\n! limit-kept @60\nR: 3 452\nC: DATA\n"
       "R: 0 250\nR: 1 250\nC: .\nM: 250\n" QUIT_OUT},
      {"two: a domain that comes again counts again",
       {"220 mx\r\n", LIMITED("RCPTDOMAINMAX=2"), OK, OK, OK, OK, GO, OK, BYE},
       EHLO_OUT MAIL_OUT
       "C: RCPT TO:<a@b.example>\nR: 0 250\nC: RCPT TO:<b@B.example>\n"
       "R: 1 250\nC: RCPT TO:<c@c.example>\nR: 2 250\n"
       "! limit-kept @76\nR: 3 452\nC: DATA\nC: .\nM: 250\n" QUIT_OUT},
      {"three, and all are sent",
       {"220 mx\r\n", LIMITED_AHEAD("RCPTDOMAINMAX=3"), OK OK OK OK OK GO, OK,
        BYE},
       EHLO_OUT MAIL_OUT
       "C: RCPT TO:<a@b.example>\nC: RCPT TO:<b@B.example>\n"
       "C: RCPT TO:<c@c.example>\nC: RCPT TO:<d@B.EXAMPLE>\nC: DATA\n"
       "R: 0 250\nR: 1 250\nR: 2 250\nR: 3 250\nC: .\nM: 250\n" QUIT_OUT},
      {"the first limit that is reached",
       {"220 mx\r\n", LIMITED("RCPTMAX=3 RCPTDOMAINMAX=2"), OK, OK, OK, OK, GO,
        OK, BYE},
       EHLO_OUT MAIL_OUT
       "C: RCPT TO:<a@b.example>\nR: 0 250\nC: RCPT TO:<b@B.example>\n"
       "R: 1 250\nC: RCPT TO:<c@c.example>\nR: 2 250\n"
       "! limit-kept @86\nR: 3 452\nC: DATA\nC: .\nM: 250\n" QUIT_OUT},
  };
  const smtpc_client_policy policy = clear_policy();
  run_to(&policy, 4u, 1u, rows, DIALOGUE_COUNT(rows));
}

static void test_client_keeps_the_limit_of_messages(void **state) {
  (void)state;
  static const dialogue rows[] = {
      {"two of three",
       {"220 mx\r\n", LIMITED("MAILMAX=2"), OK, OK, GO, OK, OK, OK, GO, OK,
        BYE},
       EHLO_OUT MAIL_OUT ONE_OUT
       "C: DATA\nC: .\nM: 250\n" MAIL_OUT ONE_OUT
       "C: DATA\nC: .\nM: 250\n! limit-kept @102\n! message-refused @102\n"
       "M: 452\n" QUIT_OUT},
      {"a refused MAIL counts",
       {"220 mx\r\n", LIMITED("MAILMAX=1"), "550 no\r\n", BYE},
       EHLO_OUT MAIL_OUT "! message-refused @46\nM: 550\n! limit-kept @46\n"
                         "! message-refused @46\nM: 452\n! limit-kept @46\n"
                         "! message-refused @46\nM: 452\n" QUIT_OUT},
      {"the limits of TLS hold under TLS",
       {"220 mx\r\n", "250-mx\r\n250-STARTTLS\r\n250 LIMITS MAILMAX=1\r\n",
        "220 go\r\n", "=up", "250 mx\r\n", "550 no\r\n", "550 no\r\n",
        "550 no\r\n", BYE},
       EHLO_OUT "C: STARTTLS\n= tls\n" EHLO_OUT MAIL_OUT
                "! message-refused @16\nM: 550\n" MAIL_OUT
                "! message-refused @24\nM: 550\n" MAIL_OUT
                "! message-refused @32\nM: 550\n" QUIT_OUT},
  };
  const smtpc_client_policy policy =
      dialogue_client_policy(SMTPC_CLIENT_TLS_OPPORTUNISTIC);
  smtpc_client_policy off = clear_policy();
  run_to(&off, 1u, 3u, rows, 2u);
  run_to(&policy, 1u, 3u, &rows[2], 1u);
}

// ------------------------------------------------------------------ quirks

static void test_client_quirk_reply_8bit(void **state) {
  (void)state;
  // "b\xc3\xbc" is UTF-8, "\xe9" is not: the quirk takes both, in every reply.
  static const dialogue with[] = {
      {"everywhere",
       {"220 \xc3\xbc\r\n", "250-\xe9\r\n250 X-\xe9\r\n", "250 \xe9\r\n",
        "250-\xe9\r\n250 \xe9\r\n", "354 \xe9\r\n", "250 \xe9\r\n",
        "221 \xe9\r\n"},
       "! quirk-reply-8bit @8\n" EHLO_OUT
       "! quirk-reply-8bit @15\n! quirk-reply-8bit @24\n! capability-malformed "
       "@24\n" MAIL_OUT "! quirk-reply-8bit @31\nC: RCPT TO:<a@b.example>\n"
       "! quirk-reply-8bit @38\n"
       "! quirk-reply-8bit @45\nR: 0 250\nC: DATA\n"
       "! quirk-reply-8bit @52\nC: .\n"
       "! quirk-reply-8bit @59\nM: 250\nC: QUIT\n"
       "! quirk-reply-8bit @66\n. close quit\n"},
      {"a control octet is no text still",
       {"220 \xe9\x1b\r\n"},
       "! reply-malformed @8\n. close protocol reply-malformed\n"},
      {"neither is one beyond ASCII in the code",
       {"22\xb0 x\r\n"},
       "! reply-malformed @7\n. close protocol reply-malformed\n"},
  };
  static const dialogue without[] = {
      {"greeting",
       {"220 \xc3\xbc\r\n"},
       "! reply-malformed @8\n. close protocol reply-malformed\n"},
      {"EHLO",
       {"220 mx\r\n", "250-\xe9\r\n"},
       EHLO_OUT "! reply-malformed @15\n. close protocol reply-malformed\n"},
  };
  smtpc_client_policy policy = clear_policy();
  run_to(&policy, 1u, 1u, without, DIALOGUE_COUNT(without));
  policy.quirks = SMTPC_QUIRK_REPLY_8BIT;
  run_to(&policy, 1u, 1u, with, DIALOGUE_COUNT(with));
}

static void test_client_utf8_replies_end_with_the_transaction(void **state) {
  (void)state;
  smtpc_mem_message messages[2];
  messages[0] = dialogue_message(recipients(), 1u);
  messages[0].envelope.seen = SMTPC_HAS(SMTPUTF8);
  messages[1] = dialogue_message(recipients(), 1u);
  static const dialogue row = {
      "the second message has no SMTPUTF8",
      {"220 mx\r\n", "250-mx\r\n250 SMTPUTF8\r\n", "250 \xc3\xb6k\r\n",
       "250 \xc3\xb6k\r\n", "354 \xc3\xb6k\r\n", "250 \xc3\xb6k\r\n",
       "250 \xc3\xb6k\r\n"},
      EHLO_OUT "C: MAIL FROM:<s@a.example> SMTPUTF8\n" ONE_OUT
               "C: DATA\nC: .\nM: 250\n" MAIL_OUT
               "! reply-malformed @75\n"
               ". close protocol reply-malformed\n"};
  const smtpc_client_policy policy = clear_policy();
  dialogue_client(&policy, messages, 2u, &row);
}

static void test_client_quirk_auth_equals(void **state) {
  (void)state;
  static const dialogue with[] = {
      {"AUTH=PLAIN",
       {"220 mx\r\n", "250-mx\r\n250 AUTH=PLAIN\r\n", "235 ok\r\n"},
       EHLO_OUT
       "! auth-in-clear @32\n! quirk-auth-equals @32\nC: (secret)\n" MAIL_OUT},
      {"both spellings",
       {"220 mx\r\n", "250-mx\r\n250-AUTH LOGIN\r\n250 AUTH= PLAIN\r\n",
        "334 \r\n"},
       EHLO_OUT "! auth-in-clear @49\n! quirk-auth-equals @49\n"
                "C: AUTH LOGIN\nC: (secret)\n"},
      {"without it nothing is tolerated",
       {"220 mx\r\n", "250-mx\r\n250 AUTH PLAIN\r\n", "235 ok\r\n"},
       EHLO_OUT "! auth-in-clear @32\nC: (secret)\n" MAIL_OUT},
  };
  static const dialogue without[] = {
      {"AUTH=PLAIN",
       {"220 mx\r\n", "250-mx\r\n250 AUTH=PLAIN\r\n", BYE},
       EHLO_OUT "! auth-not-offered @32\n! capability-malformed @32\nC: QUIT\n"
                ". close auth auth-not-offered "
                "[SMTP AUTH Error (Not Offered)]\n"},
  };
  smtpc_client_policy policy = clear_policy();
  policy.auth = SMTPC_AUTH_REQUIRED;
  policy.auth_order = SMTPC_AUTH_ORDER_MANUAL;
  policy.quirks = SMTPC_QUIRK_AUTH_IN_CLEAR;
  run_to(&policy, 1u, 1u, without, DIALOGUE_COUNT(without));
  policy.quirks = SMTPC_QUIRK_AUTH_IN_CLEAR | SMTPC_QUIRK_AUTH_EQUALS;
  run_to(&policy, 1u, 1u, with, DIALOGUE_COUNT(with));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_client_lmtp_reply_for_each_recipient),
      cmocka_unit_test(test_client_lmtp_one_reply_too_many),
      cmocka_unit_test(test_client_lmtp_counts_who_was_accepted),
      cmocka_unit_test(test_client_lmtp_messages_begin_anew),
      cmocka_unit_test(test_client_lmtp_chunks),
      cmocka_unit_test(test_client_lmtp_greets_with_lhlo_alone),
      cmocka_unit_test(test_client_lmtp_talks_to_our_server),
      cmocka_unit_test(test_client_binarymime),
      cmocka_unit_test(test_client_binarymime_octets_go_as_they_are),
      cmocka_unit_test(test_client_chunks_without_binarymime),
      cmocka_unit_test(test_client_keeps_the_limit_of_recipients),
      cmocka_unit_test(test_client_keeps_the_limit_of_domains),
      cmocka_unit_test(test_client_keeps_the_limit_of_messages),
      cmocka_unit_test(test_client_quirk_reply_8bit),
      cmocka_unit_test(test_client_utf8_replies_end_with_the_transaction),
      cmocka_unit_test(test_client_quirk_auth_equals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
