// THREATS.md section 8, BDT-06 to BDT-09: ends inside a chunk, BINARYMIME, BURL, and BDAT
// where it is not offered. Rows are run whole and in pieces of 1 to 5 octets.

#include <string.h>

#include "shim/mem/dialogue_testing.h"

#define ROWS(policy, rows) dialogue_rows(&(policy), rows, DIALOGUE_COUNT(rows))
#define DIALOGUES(policy, rows) \
  dialogue_servers(&(policy), rows, DIALOGUE_COUNT(rows))

#define GREETING "S: 220 localhost SMTP service ready\n"
#define HELLO "EHLO a.example\r\n"
#define EHLO_OUT                  \
  "C: EHLO a.example\n"           \
  "S: 250-localhost greets you\n" \
  "S: 250-SIZE 1000\n"            \
  "S: 250-CHUNKING\n"             \
  "S: 250 ENHANCEDSTATUSCODES\n"
#define HELLO_OUT GREETING EHLO_OUT
#define MAIL "MAIL FROM:<s@a.example>\r\n"
#define MAIL_OUT "C: MAIL FROM:<s@a.example>\nS: 250 2.1.0 Sender OK\n"
#define RCPT "RCPT TO:<r@b.example>\r\n"
#define RCPT_OUT "C: RCPT TO:<r@b.example>\nS: 250 2.1.5 Recipient OK\n"
#define BEGIN HELLO MAIL RCPT
#define BEGIN_OUT HELLO_OUT MAIL_OUT RCPT_OUT
#define DATA "DATA\r\n"
#define DATA_OUT "C: DATA\nS: 354 End data with <CR><LF>.<CR><LF>\n"
#define STORED_OUT "S: 250 2.0.0 Message stored\n"
#define TAKEN_OUT "S: 250 2.0.0 Chunk taken\n"
#define NOOP "NOOP\r\n"
#define NOOP_OUT "C: NOOP\nS: 250 2.0.0 OK\n"
#define RSET "RSET\r\n"
#define RSET_OUT "C: RSET\nS: 250 2.0.0 Reset\n"
#define SEQUENCE_OUT "S: 503 5.5.1 Bad sequence of commands\n"
#define CHUNK_OUT "S: 503 5.5.1 No transaction for this chunk\n"
#define OFF_OUT "S: 502 5.5.1 Command not implemented\n"
#define MALFORMED_OUT \
  "S: 550 5.5.2 Lines must end with CRLF and have no other CR, LF or NUL\n"
#define EVIL "MAIL FROM:<x"

static smtpc_server_policy strict_policy(void) {
  smtpc_server_policy policy = dialogue_server_policy();
  policy.offered |= SMTPC_OFFERS(ENHANCEDSTATUSCODES);
  return policy;
}

static smtpc_server_policy small_policy(uint64_t size_max) {
  smtpc_server_policy policy = strict_policy();
  policy.offered &= ~SMTPC_OFFERS(SIZE);
  policy.size_max = size_max;
  return policy;
}

// ---------------------------------------------------- BDT-06: ends inside a chunk

static void test_bdt_06_ends_inside_a_chunk(void **state) {
  (void)state;
  static const dialogue rows[] = {
      {"end",
       {BEGIN "BDAT 10 LAST\r\n12345", "=end"},
       BEGIN_OUT "C: BDAT 10 LAST\n"
                 "! aborted @83\n"
                 "M: dropped\n"
                 ". close peer aborted\n"},
      {"reset",
       {BEGIN "BDAT 10 LAST\r\n12345", "=reset"},
       BEGIN_OUT "C: BDAT 10 LAST\n"
                 "! aborted @83\n"
                 "M: dropped\n"
                 ". close peer aborted\n"},
      {"deadline",
       {BEGIN "BDAT 10 LAST\r\n12345", "=deadline"},
       BEGIN_OUT "C: BDAT 10 LAST\n"
                 "! deadline @83\n"
                 "M: dropped\n"
                 "S: 421 4.4.2 Timeout, closing connection\n"
                 ". close timeout deadline\n"},
      {"shutdown",
       {BEGIN "BDAT 10 LAST\r\n12345", "=shutdown"},
       BEGIN_OUT "C: BDAT 10 LAST\n"
                 "M: dropped\n"
                 "S: 421 4.3.2 Service shutting down\n"
                 ". close shutdown\n"},
      {"before its first octet",
       {BEGIN "BDAT 10 LAST\r\n", "=end"},
       BEGIN_OUT "C: BDAT 10 LAST\n"
                 "! aborted @78\n"
                 "M: dropped\n"
                 ". close peer aborted\n"},
      {"before its last octet",
       {BEGIN "BDAT 3 LAST\r\n.\r", "=end"},
       BEGIN_OUT "C: BDAT 3 LAST\n"
                 "! aborted @79\n"
                 "M: dropped\n"
                 ". close peer aborted\n"},
      {"in the second chunk",
       {BEGIN "BDAT 3\r\nabcBDAT 3\r\nd", "=end"},
       BEGIN_OUT "C: BDAT 3\n" TAKEN_OUT "C: BDAT 3\n"
                 "! aborted @84\n"
                 "M: dropped\n"
                 ". close peer aborted\n"},
      {"between two chunks",
       {BEGIN "BDAT 3\r\nabc", "=end"},
       BEGIN_OUT "C: BDAT 3\n" TAKEN_OUT "! aborted @75\n"
                 "M: dropped\n"
                 ". close peer aborted\n"},
      {"in a refused one",
       {HELLO "BDAT 10\r\n12345", "=end"},
       HELLO_OUT "C: BDAT 10\n"
                 "! command-sequence @25\n"
                 "! aborted @30\n"
                 ". close peer aborted\n"},
      {"after LAST",
       {BEGIN "BDAT 3 LAST\r\nabc", "=end"},
       BEGIN_OUT "C: BDAT 3 LAST\n"
                 "M: 3 octets, stored\n" STORED_OUT ". close peer\n"},
      {"a dot is no end (CVE-2017-16944)",
       {BEGIN "BDAT 10\r\n.\r\n.\r\n.\r\n.BDAT 1\r\n.", "BDAT 2 LAST\r\n.\r",
        "=end"},
       BEGIN_OUT "C: BDAT 10\n" TAKEN_OUT "C: BDAT 1\n" TAKEN_OUT
                 "C: BDAT 2 LAST\n"
                 "! content-bare-cr @107\n"
                 "! chunk-refused @107\n"
                 "M: dropped\n" MALFORMED_OUT "! aborted @107\n"
                 ". close peer aborted\n"},
  };
  const smtpc_server_policy policy = strict_policy();
  DIALOGUES(policy, rows);
}

static void test_bdt_06_ends_under_tls(void **state) {
  (void)state;
  static const dialogue rows[] = {
      {"close_notify",
       {"=up", BEGIN "BDAT 10 LAST\r\n12345", "=end"},
       "= tls\n" BEGIN_OUT "C: BDAT 10 LAST\n"
       "! aborted @83\n"
       "M: dropped\n"
       ". close peer aborted\n"},
      {"no close_notify",
       {"=up", BEGIN "BDAT 10 LAST\r\n12345", "=reset"},
       "= tls\n" BEGIN_OUT "C: BDAT 10 LAST\n"
       "! tls-lost @83\n"
       "M: dropped\n"
       ". close peer tls-lost\n"},
      {"alert",
       {"=up", BEGIN "BDAT 10 LAST\r\n12345", "=failed"},
       "= tls\n" BEGIN_OUT "C: BDAT 10 LAST\n"
       "! tls-lost @83\n"
       "M: dropped\n"
       ". close tls tls-lost [SSL Error (SMTP Receive)]\n"},
  };
  smtpc_server_policy policy = strict_policy();
  policy.implicit_tls = 1u;
  policy.certificate = 1u;
  DIALOGUES(policy, rows);
}

// -------------------------------------------------------------- BDT-07: BINARYMIME

static void test_bdt_07_binarymime(void **state) {
  (void)state;
#define BINARY_HELLO_OUT          \
  GREETING                        \
  "C: EHLO a.example\n"           \
  "S: 250-localhost greets you\n" \
  "S: 250-SIZE 1000\n"            \
  "S: 250-8BITMIME\n"             \
  "S: 250-CHUNKING\n"             \
  "S: 250-BINARYMIME\n"           \
  "S: 250 ENHANCEDSTATUSCODES\n"
#define BINARY "MAIL FROM:<s@a.example> BODY=BINARYMIME\r\n"
  static const dialogue_row offered[] = {
      {"any octets",
       DIALOGUE_IN(HELLO BINARY RCPT "BDAT 7 LAST\r\n\000\r\n.\n\r\000" NOOP),
       BINARY_HELLO_OUT "C: MAIL FROM:<s@a.example> BODY=BINARYMIME\n"
                        "S: 250 2.1.0 Sender OK\n" RCPT_OUT "C: BDAT 7 LAST\n"
                        "M: 7 octets, stored\n" STORED_OUT NOOP_OUT},
      {"DATA", DIALOGUE_IN(HELLO BINARY RCPT DATA "BDAT 1 LAST\r\n\000"),
       BINARY_HELLO_OUT "C: MAIL FROM:<s@a.example> BODY=BINARYMIME\n"
                        "S: 250 2.1.0 Sender OK\n" RCPT_OUT "C: DATA\n"
                        "! command-sequence @86\n"
                        "S: 503 5.5.1 BINARYMIME goes with BDAT\n"
                        "C: BDAT 1 LAST\n"
                        "M: 1 octets, stored\n" STORED_OUT},
      {"NUL without it", DIALOGUE_IN(BEGIN "BDAT 3 LAST\r\na\000b" NOOP),
       BINARY_HELLO_OUT MAIL_OUT RCPT_OUT
       "C: BDAT 3 LAST\n"
       "! content-nul @80\n"
       "! chunk-refused @80\n"
       "M: dropped\n" MALFORMED_OUT NOOP_OUT},
      {"NUL in the next message",
       DIALOGUE_IN(HELLO BINARY RCPT "BDAT 1 LAST\r\n\000" MAIL RCPT
                                     "BDAT 1 LAST\r\n\000"),
       BINARY_HELLO_OUT "C: MAIL FROM:<s@a.example> BODY=BINARYMIME\n"
                        "S: 250 2.1.0 Sender OK\n" RCPT_OUT "C: BDAT 1 LAST\n"
                        "M: 1 octets, stored\n" STORED_OUT MAIL_OUT RCPT_OUT
                        "C: BDAT 1 LAST\n"
                        "! content-nul @156\n"
                        "! chunk-refused @156\n"
                        "M: dropped\n" MALFORMED_OUT},
      {"after HELO", DIALOGUE_IN("HELO a.example\r\n" BINARY),
       GREETING "C: HELO a.example\n"
                "S: 250 localhost greets you\n"
                "C: MAIL FROM:<s@a.example> BODY=BINARYMIME\n"
                "! param-refused @57\n"
                "S: 555 5.5.4 Parameter needs EHLO\n"},
      {"all kinds at once, in any cut",
       DIALOGUE_IN(BEGIN "BDAT 9 LAST\r\n\000a\nb\rc\r\n." NOOP),
       BINARY_HELLO_OUT MAIL_OUT RCPT_OUT
       "C: BDAT 9 LAST\n"
       "! content-bare-cr @86\n"
       "! content-bare-lf @86\n"
       "! content-nul @86\n"
       "! chunk-refused @86\n"
       "M: dropped\n" MALFORMED_OUT NOOP_OUT},
      {"8BITMIME has no NUL either",
       DIALOGUE_IN(HELLO "MAIL FROM:<s@a.example> BODY=8BITMIME\r\n" RCPT
                         "BDAT 4 LAST\r\n\377\000\r\n"),
       BINARY_HELLO_OUT "C: MAIL FROM:<s@a.example> BODY=8BITMIME\n"
                        "S: 250 2.1.0 Sender OK\n" RCPT_OUT "C: BDAT 4 LAST\n"
                        "! content-nul @95\n"
                        "! chunk-refused @95\n"
                        "M: dropped\n" MALFORMED_OUT},
  };
  static const dialogue_row without[] = {
      {"BODY is known", DIALOGUE_IN(HELLO BINARY MAIL),
       GREETING
       "C: EHLO a.example\n"
       "S: 250-localhost greets you\n"
       "S: 250-SIZE 1000\n"
       "S: 250-8BITMIME\n"
       "S: 250-CHUNKING\n"
       "S: 250 ENHANCEDSTATUSCODES\n"
       "C: MAIL FROM:<s@a.example> BODY=BINARYMIME\n"
       "! param-refused @57\n"
       "S: 501 5.5.4 Syntax error in parameters or arguments\n" MAIL_OUT}};
  static const dialogue_row unknown[] = {
      {"BODY is not", DIALOGUE_IN(HELLO BINARY MAIL),
       HELLO_OUT "C: MAIL FROM:<s@a.example> BODY=BINARYMIME\n"
                 "! param-refused @57\n"
                 "S: 555 5.5.4 Parameter not recognized\n" MAIL_OUT}};
  smtpc_server_policy policy = strict_policy();
  policy.offered |= SMTPC_OFFERS(8BITMIME) | SMTPC_OFFERS(BINARYMIME);
  ROWS(policy, offered);
  policy.offered &= ~SMTPC_OFFERS(BINARYMIME);
  ROWS(policy, without);
  policy.offered &= ~SMTPC_OFFERS(8BITMIME);
  ROWS(policy, unknown);
  // One without the other is no policy.
  policy.offered = SMTPC_OFFERS(8BITMIME) | SMTPC_OFFERS(BINARYMIME);
  test_number(smtpc_server_policy_check(&policy), SMTPC_E_ARGUMENT);
}

// -------------------------------------------------------------------- BDT-08: BURL

// It is known and refused, and what it would have been a part of fails with it:
// a message with a hole is not delivered.
static void test_bdt_08_burl(void **state) {
  (void)state;
#define BURL "BURL imap://harry@mail.example.net/drafts;URLAUTH=x LAST\r\n"
  static const dialogue_row rows[] = {
      {"no transaction", DIALOGUE_IN(HELLO BURL MAIL BURL RCPT),
       HELLO_OUT "C: BURL imap://harry@mail.example.net/drafts;URLAUTH=x LAST\n"
                 "! command-unknown @74\n" OFF_OUT MAIL_OUT
                 "C: BURL imap://harry@mail.example.net/drafts;URLAUTH=x LAST\n"
                 "! command-unknown @157\n" OFF_OUT RCPT_OUT},
      {"in place of DATA", DIALOGUE_IN(BEGIN BURL DATA RSET MAIL),
       BEGIN_OUT "C: BURL imap://harry@mail.example.net/drafts;URLAUTH=x LAST\n"
                 "! command-unknown @122\n"
                 "M: dropped\n" OFF_OUT "C: DATA\n"
                 "! command-sequence @128\n" SEQUENCE_OUT RSET_OUT MAIL_OUT},
      {"between two chunks",
       DIALOGUE_IN(BEGIN "BDAT 3\r\nabc" BURL "BDAT 3 LAST\r\ndef" RSET MAIL),
       BEGIN_OUT "C: BDAT 3\n" TAKEN_OUT
                 "C: BURL imap://harry@mail.example.net/drafts;URLAUTH=x LAST\n"
                 "! command-unknown @133\n"
                 "M: dropped\n" OFF_OUT "C: BDAT 3 LAST\n"
                 "! command-sequence @146\n"
                 "! chunk-refused @149\n" CHUNK_OUT RSET_OUT MAIL_OUT},
      {"without LAST",
       DIALOGUE_IN(BEGIN
                   "BURL http://169.254.169.254/\r\nBDAT 0 LAST\r\n" NOOP),
       BEGIN_OUT "C: BURL http://169.254.169.254/\n"
                 "! command-unknown @94\n"
                 "M: dropped\n" OFF_OUT "C: BDAT 0 LAST\n"
                 "! command-sequence @107\n"
                 "! chunk-refused @107\n" CHUNK_OUT NOOP_OUT},
      {"malformed: nothing changes",
       DIALOGUE_IN(BEGIN "BURL\r\nBURL x\r\n" DATA ".\r\n"),
       BEGIN_OUT "C: BURL\n"
                 "! command-unknown @70\n" OFF_OUT "C: BURL x\n"
                 "! command-unknown @78\n" OFF_OUT DATA_OUT
                 "M: 0 octets, stored\n" STORED_OUT},
  };
  const smtpc_server_policy policy = strict_policy();
  ROWS(policy, rows);
}

// ------------------------------------- BDT-09: not offered, and states without a name

static void test_bdt_09_server_does_not_offer_it(void **state) {
  (void)state;
  static const dialogue_row rows[] = {
      {"in a transaction", DIALOGUE_IN(BEGIN "BDAT 12 LAST\r\n" EVIL NOOP),
       GREETING "C: EHLO a.example\n"
                "S: 250-localhost greets you\n"
                "S: 250-SIZE 1000\n"
                "S: 250 ENHANCEDSTATUSCODES\n" MAIL_OUT RCPT_OUT
                "C: BDAT 12 LAST\n"
                "! command-unknown @78\n"
                "M: dropped\n" OFF_OUT ". close refused command-unknown\n"},
      {"before EHLO", DIALOGUE_IN("BDAT 12 LAST\r\n" EVIL NOOP),
       GREETING "C: BDAT 12 LAST\n"
                "! command-unknown @14\n" OFF_OUT
                ". close refused command-unknown\n"},
      {"without a size", DIALOGUE_IN(HELLO "BDAT\r\n" NOOP),
       GREETING "C: EHLO a.example\n"
                "S: 250-localhost greets you\n"
                "S: 250-SIZE 1000\n"
                "S: 250 ENHANCEDSTATUSCODES\n"
                "C: BDAT\n"
                "! command-unknown @22\n" OFF_OUT
                ". close refused command-unknown\n"},
      {"in a malformed line", DIALOGUE_IN(HELLO "BDAT 5\000\r\nQUIT\r" NOOP),
       GREETING "C: EHLO a.example\n"
                "S: 250-localhost greets you\n"
                "S: 250-SIZE 1000\n"
                "S: 250 ENHANCEDSTATUSCODES\n"
                "C: (malformed)\n"
                "! nul @25\n"
                "! chunk-size @25\n"
                "S: 500 5.5.2 Line malformed\n"
                ". close protocol chunk-size\n"},
  };
  smtpc_server_policy policy = strict_policy();
  policy.offered &= ~SMTPC_OFFERS(CHUNKING);
  ROWS(policy, rows);
  // HELO offers nothing.
  static const dialogue_row helo[] = {
      {"HELO",
       DIALOGUE_IN("HELO a.example\r\n" MAIL RCPT "BDAT 12 LAST\r\n" EVIL NOOP),
       GREETING "C: HELO a.example\n"
                "S: 250 localhost greets you\n" MAIL_OUT RCPT_OUT
                "C: BDAT 12 LAST\n"
                "! command-unknown @78\n"
                "M: dropped\n" OFF_OUT ". close refused command-unknown\n"},
  };
  const smtpc_server_policy offered = strict_policy();
  ROWS(offered, helo);
}

// All that the RFC leaves open is one phase, and RSET or EHLO leaves it.
static void test_bdt_09_indeterminate_states(void **state) {
  (void)state;
  static const char *const ways[] = {HELLO "BDAT 1\r\nx",
                                     HELLO MAIL "BDAT 1\r\nx",
                                     BEGIN "BDAT 1 LAST\r\nxBDAT 1\r\ny",
                                     BEGIN "BDAT 6\r\n123456",
                                     BEGIN "BDAT 6 LAST\r\n123456",
                                     BEGIN "BDAT 1\r\nxBDAT 5\r\n12345",
                                     BEGIN "BDAT 1\r\nx" DATA,
                                     BEGIN "BDAT 1\r\nx" BURL,
                                     BEGIN "BDAT 2 LAST\r\na\n",
                                     BEGIN "BDAT 1 LAST\r\n\r",
                                     HELLO "BDAT 1\r\nxBDAT 1\r\ny"};
  static const char *const refused[] = {MAIL, RCPT, DATA, "BDAT 2\r\nxx",
                                        "BDAT 0 LAST\r\n"};
  static const char *const leave[] = {RSET, HELLO};
  const smtpc_server_policy policy = small_policy(5u);
  for (size_t i = 0u; i < DIALOGUE_COUNT(ways); i++) {
    for (size_t k = 0u; k < DIALOGUE_COUNT(leave); k++) {
      static smtpc_mem_server mem;
      memset(&mem, 0, sizeof mem);
      smtpc_mem_server_begin(&mem, &policy);
      (void)smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_PLAIN, ways[i],
                                  strlen(ways[i]), 0u);
      const smtpc_transaction failed = mem.session.tx;
      const size_t stored = mem.stored_count;
      test_label("way %zu", i);
      test_number(failed.phase, SMTPC_PHASE_FAILED);
      test_number(failed.rcpt_count, 0);
      for (size_t r = 0u; r < DIALOGUE_COUNT(refused); r++) {
        smtpc_octets_clear(&mem.out);
        (void)smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_PLAIN, refused[r],
                                    strlen(refused[r]), 0u);
        test_label("way %zu, then %s", i, refused[r]);
        test_octets(mem.out.data, 3u, "503", 3u);
        test_octets(&mem.session.tx, sizeof failed, &failed, sizeof failed);
      }
      (void)smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_PLAIN, leave[k],
                                  strlen(leave[k]), 0u);
      test_number(mem.session.tx.phase, SMTPC_PHASE_READY);
      test_number(mem.content.len, 0);
      test_number(mem.stored_count, stored);
      smtpc_mem_server_free(&mem);
    }
  }
}

// The client's half: BDAT goes only to a server that offered CHUNKING on the channel
// in force, however much it was told before TLS.
static void test_bdt_09_client_waits_for_the_offer(void **state) {
  (void)state;
  static const dialogue clear[] = {
      {"offered",
       {"220 mx\r\n", "250-mx\r\n250 CHUNKING\r\n", "250 a\r\n", "250 b\r\n",
        "250 c\r\n", "250 d\r\n"},
       "C: EHLO localhost\n"
       "C: MAIL FROM:<s@a.example>\n"
       "C: RCPT TO:<r@b.example>\n"
       "R: 0 250\n"
       "C: BDAT 3\n"
       "C: BDAT 0 LAST\n"
       "M: 250\n"
       "C: QUIT\n"},
      {"not offered",
       {"220 mx\r\n", "250 mx\r\n", "250 a\r\n", "250 b\r\n", "354 c\r\n",
        "250 d\r\n"},
       "C: EHLO localhost\n"
       "C: MAIL FROM:<s@a.example>\n"
       "C: RCPT TO:<r@b.example>\n"
       "R: 0 250\n"
       "C: DATA\n"
       "C: .\n"
       "M: 250\n"
       "C: QUIT\n"},
      {"named in the greeting only",
       {"220-CHUNKING\r\n220 CHUNKING\r\n", "250 CHUNKING\r\n", "250 a\r\n",
        "250 b\r\n", "354 c\r\n"},
       "C: EHLO localhost\n"
       "C: MAIL FROM:<s@a.example>\n"
       "C: RCPT TO:<r@b.example>\n"
       "R: 0 250\n"
       "C: DATA\n"
       "C: .\n"},
      {"a name that begins like it",
       {"220 mx\r\n", "250-mx\r\n250-CHUNKINGX\r\n250 XCHUNKING\r\n",
        "250 a\r\n", "250 b\r\n", "354 c\r\n"},
       "C: EHLO localhost\n"
       "C: MAIL FROM:<s@a.example>\n"
       "C: RCPT TO:<r@b.example>\n"
       "R: 0 250\n"
       "C: DATA\n"
       "C: .\n"},
      {"HELO",
       {"220 mx\r\n", "500-CHUNKING\r\n500 CHUNKING\r\n",
        "250-mx\r\n250 CHUNKING\r\n", "250 a\r\n", "250 b\r\n", "354 c\r\n"},
       "C: EHLO localhost\n"
       "! ehlo-refused @36\n"
       "C: HELO localhost\n"
       "C: MAIL FROM:<s@a.example>\n"
       "C: RCPT TO:<r@b.example>\n"
       "R: 0 250\n"
       "C: DATA\n"
       "C: .\n"},
      {"refused: no further chunk",
       {"220 mx\r\n", "250-mx\r\n250 CHUNKING\r\n", "250 a\r\n", "250 b\r\n",
        "503 c\r\n", "250 d\r\n"},
       "C: EHLO localhost\n"
       "C: MAIL FROM:<s@a.example>\n"
       "C: RCPT TO:<r@b.example>\n"
       "R: 0 250\n"
       "C: BDAT 3\n"
       "! message-refused @51\n"
       "M: 503\n"
       "C: RSET\n"
       "C: QUIT\n"},
      {"unknown after all",
       {"220 mx\r\n", "250-mx\r\n250 CHUNKING\r\n", "250 a\r\n", "250 b\r\n",
        "500 c\r\n", "250 d\r\n"},
       "C: EHLO localhost\n"
       "C: MAIL FROM:<s@a.example>\n"
       "C: RCPT TO:<r@b.example>\n"
       "R: 0 250\n"
       "C: BDAT 3\n"
       "! message-refused @51\n"
       "M: 500\n"
       "C: RSET\n"
       "C: QUIT\n"},
  };
  static const dialogue over_tls[] = {
      {"offered before TLS only",
       {"220 mx\r\n", "250-mx\r\n250-STARTTLS\r\n250 CHUNKING\r\n",
        "220 go\r\n", "=up", "250 mx\r\n", "250 a\r\n", "250 b\r\n",
        "354 c\r\n"},
       "C: EHLO localhost\n"
       "C: STARTTLS\n"
       "= tls\n"
       "C: EHLO localhost\n"
       "C: MAIL FROM:<s@a.example>\n"
       "C: RCPT TO:<r@b.example>\n"
       "R: 0 250\n"
       "C: DATA\n"
       "C: .\n"},
      {"offered under TLS only",
       {"220 mx\r\n", "250-mx\r\n250 STARTTLS\r\n", "220 go\r\n", "=up",
        "250-mx\r\n250 CHUNKING\r\n", "250 a\r\n", "250 b\r\n"},
       "C: EHLO localhost\n"
       "C: STARTTLS\n"
       "= tls\n"
       "C: EHLO localhost\n"
       "C: MAIL FROM:<s@a.example>\n"
       "C: RCPT TO:<r@b.example>\n"
       "R: 0 250\n"
       "C: BDAT 3\n"},
  };
  smtpc_client_policy policy = dialogue_client_policy(SMTPC_CLIENT_TLS_OFF);
  policy.bdat = 1u;
  dialogue_clients(&policy, clear, DIALOGUE_COUNT(clear));
  policy.tls = SMTPC_CLIENT_TLS_REQUIRED;
  dialogue_clients(&policy, over_tls, DIALOGUE_COUNT(over_tls));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_bdt_06_ends_inside_a_chunk),
      cmocka_unit_test(test_bdt_06_ends_under_tls),
      cmocka_unit_test(test_bdt_07_binarymime),
      cmocka_unit_test(test_bdt_08_burl),
      cmocka_unit_test(test_bdt_09_server_does_not_offer_it),
      cmocka_unit_test(test_bdt_09_indeterminate_states),
      cmocka_unit_test(test_bdt_09_client_waits_for_the_offer),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
