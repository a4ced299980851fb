// The receiving session, command by command. Each row is a dialogue that is run whole
// and in pieces of 1 to 5 octets; its trace must be the same each time (law SPLIT).

#include "smtpcore/server.h"

#include <stdlib.h>
#include <string.h>

#include "core/testing.h"
#include "shim/mem/mem.h"

#define GREETING "S: 220 localhost SMTP service ready\n"
#define EHLO_IN "EHLO a.example\r\n"
// Extensions are cut down to two, so that rows stay short.
#define EHLO_OUT                  \
  "C: EHLO a.example\n"           \
  "S: 250-localhost greets you\n" \
  "S: 250-SIZE 1000\n"            \
  "S: 250 CHUNKING\n"
#define MAIL_IN "MAIL FROM:<s@a.example>\r\n"
#define MAIL_OUT "C: MAIL FROM:<s@a.example>\nS: 250 Sender OK\n"
#define RCPT_IN "RCPT TO:<r@b.example>\r\n"
#define RCPT_OUT "C: RCPT TO:<r@b.example>\nS: 250 Recipient OK\n"
#define DATA_IN "DATA\r\n"
#define DATA_OUT "C: DATA\nS: 354 End data with <CR><LF>.<CR><LF>\n"
#define BEGIN_IN EHLO_IN MAIL_IN RCPT_IN
#define BEGIN_OUT EHLO_OUT MAIL_OUT RCPT_OUT
#define NOOP_IN "NOOP\r\n"
#define NOOP_OUT "C: NOOP\nS: 250 OK\n"

static smtpc_server_policy plain_policy(void) {
  smtpc_server_policy policy;
  smtpc_server_policy_init(&policy);
  policy.offered = SMTPC_OFFERS(SIZE) | SMTPC_OFFERS(CHUNKING);
  policy.size_max = 1000u;
  return policy;
}

typedef struct row {
  const char *label;
  const char *in;
  const char *want;
} row;

static void run_row(const smtpc_server_policy *policy, const row *r,
                    size_t in_len) {
  for (size_t cut = 0u; cut <= TEST_CUT_MAX; cut++) {
    smtpc_mem_server mem = {0};
    smtpc_mem_server_begin(&mem, policy);
    const size_t taken =
        smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_PLAIN, r->in, in_len, cut);
    test_label("%s, cut %zu, took %zu of %zu", r->label, cut, taken, in_len);
    test_octets(mem.trace.data, mem.trace.len, r->want, strlen(r->want));
    smtpc_mem_server_free(&mem);
  }
}

static void run_rows(const smtpc_server_policy *policy, const row *rows,
                     size_t count) {
  for (size_t i = 0u; i < count; i++) {
    run_row(policy, &rows[i], strlen(rows[i].in));
  }
}

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static void test_server_takes_a_message(void **state) {
  (void)state;
  static const row rows[] = {
      {"DATA", BEGIN_IN DATA_IN "a\r\n..b\r\n.\r\nQUIT\r\n",
       GREETING BEGIN_OUT DATA_OUT
       "M: 7 octets, stored\nS: 250 Message stored\n"
       "C: QUIT\nS: 221 Closing connection\n. close quit\n"},
      {"empty message (E-24)", BEGIN_IN DATA_IN ".\r\n" NOOP_IN,
       GREETING BEGIN_OUT DATA_OUT
       "M: 0 octets, stored\nS: 250 Message stored\n" NOOP_OUT},
      {"BDAT", BEGIN_IN "BDAT 3\r\na\r\nBDAT 2 LAST\r\n.." NOOP_IN,
       GREETING BEGIN_OUT
       "C: BDAT 3\nS: 250 Chunk taken\nC: BDAT 2 LAST\n"
       "M: 5 octets, stored\nS: 250 Message stored\n" NOOP_OUT},
      {"BDAT 0 LAST", BEGIN_IN "BDAT 1\r\nxBDAT 0 LAST\r\n",
       GREETING BEGIN_OUT "C: BDAT 1\nS: 250 Chunk taken\nC: BDAT 0 LAST\n"
                          "M: 1 octets, stored\nS: 250 Message stored\n"},
      {"two messages",
       BEGIN_IN DATA_IN "x\r\n.\r\n" MAIL_IN RCPT_IN DATA_IN "y\r\n.\r\n",
       GREETING BEGIN_OUT DATA_OUT
       "M: 3 octets, stored\nS: 250 Message stored\n" MAIL_OUT RCPT_OUT DATA_OUT
       "M: 3 octets, stored\nS: 250 Message stored\n"},
      {"HELO", "HELO a.example\r\n" MAIL_IN,
       GREETING "C: HELO a.example\nS: 250 localhost greets you\n" MAIL_OUT},
  };
  const smtpc_server_policy policy = plain_policy();
  run_rows(&policy, rows, COUNT(rows));
}

static void test_server_refuses_by_phase(void **state) {
  (void)state;
  static const row rows[] = {
      {"MAIL before EHLO", MAIL_IN,
       GREETING "C: MAIL FROM:<s@a.example>\n! command-sequence @25\n"
                "S: 503 Send EHLO or HELO first\n"},
      {"RCPT before MAIL", EHLO_IN RCPT_IN,
       GREETING EHLO_OUT "C: RCPT TO:<r@b.example>\n! command-sequence @39\n"
                         "S: 503 Bad sequence of commands\n"},
      {"nested MAIL", EHLO_IN MAIL_IN MAIL_IN RCPT_IN,
       GREETING EHLO_OUT MAIL_OUT
       "C: MAIL FROM:<s@a.example>\n! command-sequence @66\n"
       "S: 503 Bad sequence of commands\n" RCPT_OUT},
      {"DATA without RCPT", EHLO_IN MAIL_IN DATA_IN,
       GREETING EHLO_OUT MAIL_OUT "C: DATA\n! command-sequence @47\n"
                                  "S: 503 No valid recipients\n"},
      {"DATA after BDAT", BEGIN_IN "BDAT 1\r\nx" DATA_IN,
       GREETING BEGIN_OUT "C: BDAT 1\nS: 250 Chunk taken\nC: DATA\n"
                          "! command-sequence @79\nM: dropped\n"
                          "S: 503 Bad sequence of commands\n"},
      {"EXPN is off", "EXPN list\r\n",
       GREETING "C: EXPN list\n! command-unknown @11\n"
                "S: 502 Command not implemented\n"},
      {"STARTTLS is off", EHLO_IN "STARTTLS\r\nNOOP\r\n",
       GREETING EHLO_OUT "C: STARTTLS\n! command-unknown @26\n"
                         "S: 502 Command not implemented\n" NOOP_OUT},
      {"AUTH is off", EHLO_IN "AUTH PLAIN\r\n",
       GREETING EHLO_OUT "C: AUTH PLAIN\n! command-unknown @28\n"
                         "S: 502 Command not implemented\n"},
      {"unknown", "FROB\r\n",
       GREETING "C: FROB\n! command-unknown @6\n"
                "S: 500 Command unrecognized\n"},
      {"VRFY tells nothing", "VRFY postmaster\r\n",
       GREETING "C: VRFY postmaster\nS: 252 Send some mail, I will try\n"},
  };
  const smtpc_server_policy policy = plain_policy();
  run_rows(&policy, rows, COUNT(rows));
}

static void test_server_refuses_malformed_lines(void **state) {
  (void)state;
  static const row rows[] = {
      {"bare LF (SIT-04)", "STARTTLS\nRSET\r\n" NOOP_IN,
       GREETING
       "C: (malformed)\n! bare-lf @15\nS: 500 Line malformed\n" NOOP_OUT},
      {"bare CR", "EHLO a\rNOOP\r\n" NOOP_IN,
       GREETING
       "C: (malformed)\n! bare-cr @13\nS: 500 Line malformed\n" NOOP_OUT},
      {"HTTP (DWN-18)", "POST / HTTP/1.1\r\nHost: mx\r\n",
       GREETING "C: POST / HTTP/1.1\n! foreign-protocol @17\n"
                "S: 554 This is an SMTP server, closing connection\n"
                ". close protocol foreign-protocol\n"},
      {"header line (DWN-18)", "Host: mx\r\n",
       GREETING "C: Host: mx\n! foreign-protocol @10\n"
                "S: 554 This is an SMTP server, closing connection\n"
                ". close protocol foreign-protocol\n"},
      {"bad sender", EHLO_IN "MAIL FROM:<a b>\r\n" MAIL_IN,
       GREETING EHLO_OUT "C: MAIL FROM:<a b>\n! command-syntax @33\n"
                         "S: 501 Bad sender address syntax\n" MAIL_OUT},
      {"unknown parameter", EHLO_IN "MAIL FROM:<a@b.example> FOO=1\r\n" MAIL_IN,
       GREETING EHLO_OUT
       "C: MAIL FROM:<a@b.example> FOO=1\n! param-refused @47\n"
       "S: 555 Parameter not recognized\n" MAIL_OUT},
      {"parameter after HELO",
       "HELO a.example\r\nMAIL FROM:<a@b.example> SIZE=1\r\n",
       GREETING "C: HELO a.example\nS: 250 localhost greets you\n"
                "C: MAIL FROM:<a@b.example> SIZE=1\n! param-refused @48\n"
                "S: 555 Parameter needs EHLO\n"},
      {"SIZE too large",
       EHLO_IN "MAIL FROM:<a@b.example> SIZE=1001\r\n" MAIL_IN,
       GREETING EHLO_OUT
       "C: MAIL FROM:<a@b.example> SIZE=1001\n! size-exceeded @51\n"
       "S: 552 Message too big\n" MAIL_OUT},
      {"SIZE over 2^64",
       EHLO_IN "MAIL FROM:<a@b.example> SIZE=18446744073709551616\r\n",
       GREETING EHLO_OUT
       "C: MAIL FROM:<a@b.example> SIZE=18446744073709551616\n"
       "! param-refused @67\nS: 552 Message too big\n"},
  };
  const smtpc_server_policy policy = plain_policy();
  run_rows(&policy, rows, COUNT(rows));
}

static void test_server_asks_the_shim(void **state) {
  (void)state;
  static const row rows[] = {
      {"sender refused", EHLO_IN "MAIL FROM:<no@a.example>\r\n" MAIL_IN,
       GREETING EHLO_OUT "C: MAIL FROM:<no@a.example>\n! sender-refused @42\n"
                         "S: 550 Sender refused\n" MAIL_OUT},
      {"recipients",
       EHLO_IN MAIL_IN
       "RCPT TO:<no@b.example>\r\nRCPT TO:<later@b.example>\r\n"
       "RCPT TO:<full@b.example>\r\nRCPT TO:<relay@b.example>\r\nDATA\r\n",
       GREETING EHLO_OUT MAIL_OUT
       "C: RCPT TO:<no@b.example>\n! recipient-refused @65\nS: 550 No such "
       "mailbox here\n"
       "C: RCPT TO:<later@b.example>\n! recipient-refused @92\nS: 451 "
       "Recipient cannot be checked now\n"
       "C: RCPT TO:<full@b.example>\n! recipient-refused @118\nS: 452 Not "
       "enough storage\n"
       "C: RCPT TO:<relay@b.example>\n! relay-refused @145\nS: 550 Relaying "
       "refused\n"
       "C: DATA\n! command-sequence @151\nS: 503 No valid recipients\n"},
  };
  const smtpc_server_policy policy = plain_policy();
  run_rows(&policy, rows, COUNT(rows));
}

static void test_server_ends_transactions(void **state) {
  (void)state;
  static const row rows[] = {
      {"RSET", BEGIN_IN "RSET\r\n" DATA_IN,
       GREETING BEGIN_OUT "C: RSET\nM: dropped\nS: 250 Reset\nC: DATA\n"
                          "! command-sequence @76\n"
                          "S: 503 Bad sequence of commands\n"},
      {"EHLO", BEGIN_IN EHLO_IN RCPT_IN,
       GREETING BEGIN_OUT
       "C: EHLO a.example\nM: dropped\nS: 250-localhost greets you\n"
       "S: 250-SIZE 1000\nS: 250 CHUNKING\n"
       "C: RCPT TO:<r@b.example>\n! command-sequence @103\n"
       "S: 503 Bad sequence of commands\n"},
      {"rejected EHLO keeps it", BEGIN_IN "EHLO\r\n" DATA_IN ".\r\n",
       GREETING BEGIN_OUT
       "C: EHLO\n! command-syntax @70\n"
       "S: 501 Syntax error in parameters or arguments\n" DATA_OUT
       "M: 0 octets, stored\nS: 250 Message stored\n"},
      {"RSET before EHLO", "RSET\r\n" MAIL_IN,
       GREETING "C: RSET\nS: 250 Reset\nC: MAIL FROM:<s@a.example>\n"
                "! command-sequence @31\nS: 503 Send EHLO or HELO first\n"},
  };
  const smtpc_server_policy policy = plain_policy();
  run_rows(&policy, rows, COUNT(rows));
}

static void test_server_bdat_is_eaten_whatever_was_said(void **state) {
  (void)state;
  static const row rows[] = {
      {"no transaction (BDT-02)",
       EHLO_IN "BDAT 12 LAST\r\nMAIL FROM:<x" NOOP_IN,
       GREETING EHLO_OUT "C: BDAT 12 LAST\n! command-sequence @30\n"
                         "! chunk-refused @42\n"
                         "S: 503 No transaction for this chunk\n" NOOP_OUT},
      {"no recipient", EHLO_IN MAIL_IN "BDAT 3\r\nabc" RCPT_IN,
       GREETING EHLO_OUT MAIL_OUT
       "C: BDAT 3\n! command-sequence @49\n! chunk-refused @52\n"
       "M: dropped\nS: 503 No transaction for this chunk\n"
       "C: RCPT TO:<r@b.example>\n! command-sequence @75\n"
       "S: 503 Bad sequence of commands\n"},
      {"unreadable size (BDT-01)", BEGIN_IN "BDAT -1\r\nRSET\r\n",
       GREETING BEGIN_OUT
       "C: BDAT -1\n! command-syntax @73\n! chunk-size @73\n"
       "M: dropped\nS: 501 Syntax error in parameters or arguments\n"
       ". close protocol chunk-size\n"},
      {"size that wraps", BEGIN_IN "BDAT 184467440737095516151 LAST\r\nx",
       GREETING BEGIN_OUT
       "C: BDAT 184467440737095516151 LAST\n! command-syntax @97\n"
       "! chunk-size @97\nM: dropped\nS: 501 Syntax error in parameters or "
       "arguments\n"
       ". close protocol chunk-size\n"},
      {"over the limit, then failed until RSET (BDT-03, BDT-04)",
       BEGIN_IN "BDAT 1001\r\nshort",
       GREETING BEGIN_OUT "C: BDAT 1001\n! size-exceeded @75\nM: dropped\n"},
      {"nothing after LAST",
       BEGIN_IN "BDAT 1 LAST\r\nxBDAT 1 LAST\r\ny" NOOP_IN,
       GREETING BEGIN_OUT
       "C: BDAT 1 LAST\nM: 1 octets, stored\nS: 250 Message stored\n"
       "C: BDAT 1 LAST\n! command-sequence @91\n! chunk-refused @92\n"
       "S: 503 No transaction for this chunk\n" NOOP_OUT},
  };
  const smtpc_server_policy policy = plain_policy();
  run_rows(&policy, rows, COUNT(rows));
  smtpc_server_policy off = plain_policy();
  off.offered = SMTPC_OFFERS(SIZE);
  static const row no_chunking = {
      "not offered: the end (BDT-09)", EHLO_IN "BDAT 4\r\nQUIT\r\n",
      GREETING
      "C: EHLO a.example\nS: 250-localhost greets you\n"
      "S: 250 SIZE 1000\nC: BDAT 4\n! command-unknown @24\n"
      "S: 502 Command not implemented\n"
      ". close refused command-unknown\n"};
  run_row(&off, &no_chunking, strlen(no_chunking.in));
}

static void test_server_failed_chunk_needs_rset(void **state) {
  (void)state;
  smtpc_server_policy policy = plain_policy();
  policy.size_max = 4u;
  policy.offered = SMTPC_OFFERS(CHUNKING);
  static const row r = {
      "sum over the limit",
      EHLO_IN MAIL_IN RCPT_IN "BDAT 3\r\nabcBDAT 2\r\ndeBDAT 1\r\nf" DATA_IN
                              "RSET\r\n" MAIL_IN,
      GREETING
      "C: EHLO a.example\nS: 250-localhost greets you\nS: 250 "
      "CHUNKING\n" MAIL_OUT RCPT_OUT
      "C: BDAT 3\nS: 250 Chunk taken\n"
      "C: BDAT 2\n! size-exceeded @83\nM: dropped\n! chunk-refused @85\n"
      "S: 552 Message too big\n"
      "C: BDAT 1\n! command-sequence @93\n! chunk-refused @94\n"
      "S: 503 No transaction for this chunk\n"
      "C: DATA\n! command-sequence @100\nS: 503 Bad sequence of commands\n"
      "C: RSET\nS: 250 Reset\n" MAIL_OUT};
  run_row(&policy, &r, strlen(r.in));
}

static void test_server_loses_bad_content_but_finds_its_end(void **state) {
  (void)state;
#define LOST_OUT \
  "S: 550 Lines must end with CRLF and have no other CR, LF or NUL\n"
  static const row rows[] = {
      {"LF.CRLF (E-03)",
       BEGIN_IN DATA_IN "a\n.\r\nMAIL FROM:<x@y.example>\r\n.\r\nNOOP\r\n",
       GREETING BEGIN_OUT DATA_OUT
       "M: dropped\n! content-bare-lf @71\n! eod-lookalike @71\n" LOST_OUT
       ". close protocol eod-lookalike\n"},
      {"CRLF.LF (E-06)", BEGIN_IN DATA_IN "a\r\n.\nb\r\n.\r\n",
       GREETING BEGIN_OUT DATA_OUT "M: dropped\n! eod-lookalike @74\n" LOST_OUT
                                   ". close protocol eod-lookalike\n"},
      {"several kinds", BEGIN_IN DATA_IN "ab\rc\nd\r\n.\r\n",
       GREETING BEGIN_OUT DATA_OUT
       "M: dropped\n! content-bare-cr @72\n! content-bare-lf @72\n" LOST_OUT
       ". close protocol content-bare-lf\n"},
  };
  const smtpc_server_policy policy = plain_policy();
  run_rows(&policy, rows, COUNT(rows));
}

static void test_server_counts_what_came_before_an_anomaly(void **state) {
  (void)state;
  // The limit was passed first, and that is said first, in any cut.
  smtpc_server_policy policy = plain_policy();
  policy.size_max = 5u;
  policy.offered = SMTPC_OFFERS(CHUNKING);
  static const row r = {
      "over the limit, then bare LF",
      BEGIN_IN DATA_IN "123456789\r\nab\ncd\r\n.\r\n",
      GREETING
      "C: EHLO a.example\nS: 250-localhost greets you\nS: 250 "
      "CHUNKING\n" MAIL_OUT RCPT_OUT DATA_OUT
      "! size-exceeded @70\nM: dropped\n! content-bare-lf @83\n" LOST_OUT
      ". close protocol content-bare-lf\n"};
  run_row(&policy, &r, strlen(r.in));
}

static void test_server_reads_an_oversize_message_to_its_end(void **state) {
  (void)state;
  // SMG-07: what follows the limit is content, not commands.
  smtpc_server_policy policy = plain_policy();
  policy.size_max = 5u;
  policy.offered = 0u;
  static const char in[] = EHLO_IN MAIL_IN RCPT_IN DATA_IN
      "123456789\r\nQUIT\r\nRSET\r\n.\r\n" NOOP_IN;
  for (size_t cut = 0u; cut <= TEST_CUT_MAX; cut++) {
    smtpc_mem_server mem = {0};
    smtpc_mem_server_begin(&mem, &policy);
    (void)smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_PLAIN, in, sizeof in - 1u,
                                cut);
    assert_int_equal(mem.stored_count, 0);
    assert_int_equal(mem.where, SMTPC_MEM_INPUT);
    static const char tail[] = "552 Message too big\nC: NOOP\nS: 250 OK\n";
    assert_true(mem.trace.len > sizeof tail);
    test_label("cut %zu", cut);
    test_octets(mem.trace.data + mem.trace.len - (sizeof tail - 1u),
                sizeof tail - 1u, tail, sizeof tail - 1u);
    smtpc_mem_server_free(&mem);
  }
}

static void test_server_limits_recipients_and_errors(void **state) {
  (void)state;
  smtpc_server_policy policy = plain_policy();
  policy.rcpt_max = 1u;
  policy.errors_max = 1u;
  static const row r = {
      "limits", BEGIN_IN RCPT_IN "X\r\nY\r\nNOOP\r\n",
      GREETING BEGIN_OUT
      "C: RCPT TO:<r@b.example>\n! rcpt-too-many @87\n"
      "S: 452 Too many recipients\n"
      "C: X\n! command-unknown @90\nS: 500 Command unrecognized\n"
      "C: Y\n! command-unknown @93\n! errors-too-many @93\n"
      "M: dropped\nS: 421 Too many errors, closing connection\n"
      ". close refused errors-too-many\n"};
  run_row(&policy, &r, strlen(r.in));
  policy.junk_max = 2u;
  static const row junk = {"junk", "NOOP\r\nRSET\r\nNOOP\r\n",
                           GREETING NOOP_OUT
                           "C: RSET\nS: 250 Reset\nC: NOOP\n"
                           "! errors-too-many @18\n"
                           "S: 421 Too many errors, closing connection\n"
                           ". close refused errors-too-many\n"};
  run_row(&policy, &junk, strlen(junk.in));
}

// ----------------------------------------------------------------- settings

static smtpc_server_policy tls_policy(unsigned tls) {
  smtpc_server_policy policy;
  smtpc_server_policy_init(&policy);
  policy.tls = (uint8_t)tls;
  policy.certificate = 1u;
  policy.offered = SMTPC_OFFERS(STARTTLS) | SMTPC_OFFERS(ENHANCEDSTATUSCODES);
  return policy;
}

#define EHLO_TLS_OUT                                 \
  "C: EHLO a.example\nS: 250-localhost greets you\n" \
  "S: 250-STARTTLS\nS: 250 ENHANCEDSTATUSCODES\n"

static void test_device_receive_off(void **state) {
  (void)state;
  smtpc_server_policy policy = tls_policy(SMTPC_SERVER_TLS_OFF);
  static const row r = {"off", EHLO_IN MAIL_IN,
                        GREETING
                        "C: EHLO a.example\nS: 250-localhost greets you\n"
                        "S: 250 ENHANCEDSTATUSCODES\n"
                        "C: MAIL FROM:<s@a.example>\nS: 250 2.1.0 Sender OK\n"};
  run_row(&policy, &r, strlen(r.in));
}

static void test_device_receive_on_serves_plaintext(void **state) {
  (void)state;
  const smtpc_server_policy policy = tls_policy(SMTPC_SERVER_TLS_ON);
  static const row r = {"on", EHLO_IN MAIL_IN,
                        GREETING EHLO_TLS_OUT
                        "C: MAIL FROM:<s@a.example>\n"
                        "S: 250 2.1.0 Sender OK\n"};
  run_row(&policy, &r, strlen(r.in));
}

static void test_device_receive_required_rejects_plaintext(void **state) {
  (void)state;
  const smtpc_server_policy policy = tls_policy(SMTPC_SERVER_TLS_REQUIRED);
  static const row rows[] = {
      {"mail", EHLO_IN MAIL_IN RCPT_IN,
       GREETING EHLO_TLS_OUT
       "C: MAIL FROM:<s@a.example>\n! plaintext-refused @41\n"
       "S: 530 5.7.0 Must issue a STARTTLS command first\n"
       ". close refused plaintext-refused [SSL Error (SMTP RX Reject)]\n"},
      {"mail with a bad address", EHLO_IN "MAIL FROM:<\r\n",
       GREETING EHLO_TLS_OUT
       "C: MAIL FROM:<\n! plaintext-refused @29\n"
       "S: 530 5.7.0 Must issue a STARTTLS command first\n"
       ". close refused plaintext-refused [SSL Error (SMTP RX Reject)]\n"},
      {"HELO is not exempt, NOOP is (SIT-20)", "HELO a.example\r\n" NOOP_IN,
       GREETING "C: HELO a.example\n! plaintext-refused @16\n"
                "S: 530 5.7.0 Must issue a STARTTLS command first\n"
                "C: NOOP\nS: 250 2.0.0 OK\n"},
      {"unknown verbs neither", "FROB\r\nVRFY x\r\n",
       GREETING "C: FROB\n! plaintext-refused @6\n"
                "S: 530 5.7.0 Must issue a STARTTLS command first\n"
                "C: VRFY x\n! plaintext-refused @14\n"
                "S: 530 5.7.0 Must issue a STARTTLS command first\n"},
      {"who gives up was turned away all the same",
       "HELO a.example\r\nQUIT\r\n",
       GREETING "C: HELO a.example\n! plaintext-refused @16\n"
                "S: 530 5.7.0 Must issue a STARTTLS command first\n"
                "C: QUIT\nS: 221 2.0.0 Closing connection\n"
                ". close quit [SSL Error (SMTP RX Reject)]\n"},
      {"BDAT ends it", EHLO_IN "BDAT 4\r\nQUIT\r\n",
       GREETING EHLO_TLS_OUT
       "C: BDAT 4\n! plaintext-refused @24\n"
       "S: 530 5.7.0 Must issue a STARTTLS command first\n"
       ". close refused plaintext-refused [SSL Error (SMTP RX Reject)]\n"},
  };
  run_rows(&policy, rows, COUNT(rows));
}

static void test_device_receive_tls_failure_ends_it(void **state) {
  (void)state;
  for (unsigned tls = SMTPC_SERVER_TLS_ON; tls <= SMTPC_SERVER_TLS_REQUIRED;
       tls++) {
    const smtpc_server_policy policy = tls_policy(tls);
    smtpc_mem_server mem = {0};
    smtpc_mem_server_begin(&mem, &policy);
    (void)smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_PLAIN,
                                EHLO_IN "STARTTLS\r\n", 26u, 0u);
    assert_int_equal(mem.where, SMTPC_MEM_HANDSHAKE);
    smtpc_input failed = smtpc_input_make(SMTPC_IN_TLS_FAILED);
    failed.tls.failure = SMTPC_TLS_FAILURE_NO_COMMON_CIPHER;
    smtpc_mem_server_give(&mem, &failed);
    static const char want[] = GREETING EHLO_TLS_OUT
        "C: STARTTLS\nS: 220 2.0.0 Ready to start TLS\n! tls-failed @26\n"
        ". close tls tls-failed [SSL Error (SMTP Receive)]\n";
    test_label("setting %u", tls);
    test_octets(mem.trace.data, mem.trace.len, want, sizeof want - 1u);
    smtpc_mem_server_free(&mem);
  }
}

static void test_device_receive_starts_over_under_tls(void **state) {
  (void)state;
  const smtpc_server_policy policy = tls_policy(SMTPC_SERVER_TLS_REQUIRED);
  smtpc_mem_server mem = {0};
  smtpc_mem_server_begin(&mem, &policy);
  (void)smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_PLAIN, EHLO_IN "STARTTLS\r\n",
                              26u, 3u);
  smtpc_mem_server_tls_up(&mem, SMTPC_TLS_1_2);
  static const char in[] = MAIL_IN EHLO_IN "STARTTLS\r\n" MAIL_IN;
  (void)smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_TLS, in, sizeof in - 1u, 2u);
  static const char want[] = GREETING EHLO_TLS_OUT
      "C: STARTTLS\nS: 220 2.0.0 Ready to start TLS\n= tls\n"
      "C: MAIL FROM:<s@a.example>\n! command-sequence @25\n"
      "S: 503 5.5.1 Send EHLO or HELO first\n"
      "C: EHLO a.example\nS: 250-localhost greets you\n"
      "S: 250 ENHANCEDSTATUSCODES\n"
      "C: STARTTLS\n! command-sequence @51\n"
      "S: 503 5.5.1 Bad sequence of commands\n"
      "C: MAIL FROM:<s@a.example>\nS: 250 2.1.0 Sender OK\n";
  test_octets(mem.trace.data, mem.trace.len, want, sizeof want - 1u);
  smtpc_mem_server_free(&mem);
}

static void test_server_starttls_states(void **state) {
  (void)state;
  const smtpc_server_policy policy = tls_policy(SMTPC_SERVER_TLS_ON);
  static const row rows[] = {
      {"with an argument (SIT-08)", EHLO_IN "STARTTLS foo\r\n",
       GREETING EHLO_TLS_OUT "C: STARTTLS foo\n! command-syntax @30\n"
                             "S: 501 5.5.4 Syntax error in parameters or "
                             "arguments\n"},
      {"with a space", EHLO_IN "STARTTLS \r\n",
       GREETING EHLO_TLS_OUT "C: STARTTLS \n! command-syntax @27\n"
                             "S: 501 5.5.4 Syntax error in parameters or "
                             "arguments\n"},
      {"before EHLO (SIT-11)", "STARTTLS\r\n",
       GREETING "C: STARTTLS\n! command-sequence @10\n"
                "S: 503 5.5.1 Bad sequence of commands\n"},
      {"after HELO (SIT-11)", "HELO a.example\r\nSTARTTLS\r\n",
       GREETING "C: HELO a.example\nS: 250 localhost greets you\n"
                "C: STARTTLS\n! command-sequence @26\n"
                "S: 503 5.5.1 Bad sequence of commands\n"},
      {"in a transaction (SIT-10)", EHLO_IN MAIL_IN "STARTTLS\r\n",
       GREETING EHLO_TLS_OUT
       "C: MAIL FROM:<s@a.example>\nS: 250 2.1.0 Sender OK\n"
       "C: STARTTLS\n! command-sequence @51\n"
       "S: 503 5.5.1 Bad sequence of commands\n"},
      {"the word in an address or content is only a word (SIT-17)",
       EHLO_IN MAIL_IN "RCPT TO:<starttls@b.example>\r\nDATA\r\n"
                       "STARTTLS\r\nRSET\r\n.\r\nNOOP\r\n",
       GREETING EHLO_TLS_OUT
       "C: MAIL FROM:<s@a.example>\nS: 250 2.1.0 Sender OK\n"
       "C: RCPT TO:<starttls@b.example>\nS: 250 2.1.5 Recipient OK\n"
       "C: DATA\nS: 354 End data with <CR><LF>.<CR><LF>\n"
       "M: 16 octets, stored\nS: 250 2.0.0 Message stored\n"
       "C: NOOP\nS: 250 2.0.0 OK\n"},
  };
  run_rows(&policy, rows, COUNT(rows));
}

// -------------------------------------------------------------------- AUTH

static smtpc_server_policy auth_policy(unsigned auth, uint32_t quirks) {
  smtpc_server_policy policy;
  smtpc_server_policy_init(&policy);
  policy.auth = (uint8_t)auth;
  policy.quirks = quirks;
  policy.offered = SMTPC_OFFERS(AUTH);
  policy.mechanisms =
      SMTPC_MECH(CRAM_MD5) | SMTPC_MECH(PLAIN) | SMTPC_MECH(LOGIN);
  return policy;
}

#define EHLO_AUTH_OUT                                \
  "C: EHLO a.example\nS: 250-localhost greets you\n" \
  "S: 250 AUTH CRAM-MD5 PLAIN LOGIN\n"
// base64 of NUL user NUL secret, and of NUL user NUL wrong
#define PLAIN_GOOD "AHVzZXIAc2VjcmV0"
#define PLAIN_BAD "AHVzZXIAd3Jvbmc="

static void test_server_auth_in_clear_is_refused_unseen(void **state) {
  (void)state;
  // DWN-15: the answer does not depend on the password.
  const smtpc_server_policy policy = auth_policy(SMTPC_AUTH_ON, 0u);
  static const row rows[] = {
      {"right", EHLO_IN "AUTH PLAIN " PLAIN_GOOD "\r\n",
       GREETING "C: EHLO a.example\nS: 250 localhost greets you\n"
                "C: (secret)\n! auth-refused-clear @45\n"
                "S: 538 Encryption required for authentication\n"},
      {"wrong", EHLO_IN "AUTH PLAIN " PLAIN_BAD "\r\n",
       GREETING "C: EHLO a.example\nS: 250 localhost greets you\n"
                "C: (secret)\n! auth-refused-clear @45\n"
                "S: 538 Encryption required for authentication\n"},
  };
  run_rows(&policy, rows, COUNT(rows));
}

static void test_server_auth_exchanges(void **state) {
  (void)state;
  const smtpc_server_policy policy =
      auth_policy(SMTPC_AUTH_REQUIRED, SMTPC_QUIRK_AUTH_IN_CLEAR);
#define AUTH_OUT GREETING EHLO_AUTH_OUT "C: (secret)\n"
#define ASKED_OUT(mechanism) GREETING EHLO_AUTH_OUT "C: AUTH " mechanism "\n"
  static const row rows[] = {
      {"PLAIN inline", EHLO_IN "AUTH PLAIN " PLAIN_GOOD "\r\n" MAIL_IN,
       AUTH_OUT
       "! auth-in-clear @45\nS: 235 Authentication succeeded\n" MAIL_OUT},
      {"PLAIN asked", EHLO_IN "AUTH PLAIN\r\n" PLAIN_GOOD "\r\n",
       ASKED_OUT("PLAIN") "! auth-in-clear @28\nS: 334 \nC: (secret)\n"
                          "S: 235 Authentication succeeded\n"},
      {"PLAIN wrong", EHLO_IN "AUTH PLAIN " PLAIN_BAD "\r\n" MAIL_IN,
       AUTH_OUT "! auth-in-clear @45\n! auth-failed @45\n"
                "S: 535 Authentication credentials invalid\n"
                "C: MAIL FROM:<s@a.example>\n! auth-required @70\n"
                "S: 530 Authentication required\n"},
      {"LOGIN", EHLO_IN "AUTH LOGIN\r\ndXNlcg==\r\nc2VjcmV0\r\n",
       ASKED_OUT(
           "LOGIN") "! auth-in-clear @28\nS: 334 VXNlcm5hbWU6\nC: (secret)\n"
                    "S: 334 UGFzc3dvcmQ6\nC: (secret)\n"
                    "S: 235 Authentication succeeded\n"},
      {"LOGIN with inline name", EHLO_IN "AUTH LOGIN dXNlcg==\r\nc2VjcmV0\r\n",
       AUTH_OUT "! auth-in-clear @37\nS: 334 UGFzc3dvcmQ6\nC: (secret)\n"
                "S: 235 Authentication succeeded\n"},
      {"CRAM-MD5",
       EHLO_IN "AUTH CRAM-MD5\r\n"
               "dXNlciAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMA==\r\n",
       ASKED_OUT(
           "CRAM-MD5") "! auth-in-clear @31\n"
                       "S: 334 "
                       "PDAxMDIwMzA0MDUwNjA3MDgwOTBhMGIwYzBkMGUwZjEwQGxvY2FsaG9"
                       "zdD4="
                       "\nC: (secret)\nS: 235 Authentication succeeded\n"},
      {"CRAM-MD5 takes no initial response", EHLO_IN "AUTH CRAM-MD5 AAAA\r\n",
       AUTH_OUT "! auth-syntax @36\nS: 501 Initial response not allowed\n"},
      {"cancel (AUT-02)", EHLO_IN "AUTH LOGIN\r\n*\r\nNOOP\r\n",
       ASKED_OUT(
           "LOGIN") "! auth-in-clear @28\nS: 334 VXNlcm5hbWU6\nC: (secret)\n"
                    "! auth-cancelled @31\nS: 501 Authentication "
                    "cancelled\n" NOOP_OUT},
      {"not base64 (AUT-01)", EHLO_IN "AUTH PLAIN !!!\r\nNOOP\r\n",
       AUTH_OUT "! auth-in-clear @32\n! auth-syntax @32\n"
                "S: 501 Cannot decode authentication response\n" NOOP_OUT},
      {"STARTTLS in an exchange is a response (SIT-10)",
       EHLO_IN "AUTH PLAIN\r\nSTARTTLS\r\nNOOP\r\n",
       ASKED_OUT(
           "PLAIN") "! auth-in-clear @28\nS: 334 \nC: (secret)\n! auth-syntax "
                    "@38\n"
                    "S: 501 Cannot decode authentication response\n" NOOP_OUT},
      {"unknown mechanism", EHLO_IN "AUTH FOO\r\n",
       ASKED_OUT("FOO") "! command-syntax @26\nS: 504 Mechanism not offered\n"},
      {"twice (AUT-03)",
       EHLO_IN "AUTH PLAIN " PLAIN_GOOD "\r\nAUTH PLAIN " PLAIN_GOOD "\r\n",
       AUTH_OUT "! auth-in-clear @45\nS: 235 Authentication succeeded\n"
                "C: (secret)\n! command-sequence @74\n"
                "S: 503 Bad sequence of commands\n"},
      {"in a transaction (AUT-03)",
       EHLO_IN "AUTH PLAIN " PLAIN_GOOD "\r\n" MAIL_IN "AUTH PLAIN\r\n",
       AUTH_OUT
       "! auth-in-clear @45\nS: 235 Authentication succeeded\n" MAIL_OUT
       "C: AUTH PLAIN\n! command-sequence @82\n"
       "S: 503 Bad sequence of commands\n"},
  };
  run_rows(&policy, rows, COUNT(rows));
}

static void test_server_auth_tries_are_limited(void **state) {
  (void)state;
  const smtpc_server_policy policy =
      auth_policy(SMTPC_AUTH_ON, SMTPC_QUIRK_AUTH_IN_CLEAR);
  smtpc_mem_server mem = {0};
  smtpc_mem_server_begin(&mem, &policy);
  for (int i = 0; i < 3; i++) {
    // EHLO and RSET between the tries change nothing (AUT-07).
    static const char try_in[] = EHLO_IN "RSET\r\nAUTH PLAIN " PLAIN_BAD "\r\n";
    (void)smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_PLAIN, try_in,
                                sizeof try_in - 1u, 0u);
  }
  assert_int_equal(mem.where, SMTPC_MEM_CLOSED);
  assert_int_equal(mem.last.finding, SMTPC_FINDING_ERRORS_TOO_MANY);
  smtpc_mem_server_free(&mem);
}

// ------------------------------------------------------------------ misuse

static void test_server_step_misuse(void **state) {
  (void)state;
  const smtpc_server_policy policy = plain_policy();
  static smtpc_server session;
  static smtpc_server before;
  smtpc_action act;
  size_t used = 1u;
  smtpc_server_init(&session, &policy);
  before = session;
  const unsigned wrong[] = {SMTPC_IN_VERDICT,  SMTPC_IN_NONCE,
                            SMTPC_IN_TLS_UP,   SMTPC_IN_TLS_FAILED,
                            SMTPC_IN_ENVELOPE, SMTPC_IN_COUNT};
  for (size_t i = 0u; i < COUNT(wrong); i++) {
    const smtpc_input input = smtpc_input_make(wrong[i]);
    const smtpc_status status =
        smtpc_server_step(&policy, &session, &input, &used, &act);
    test_label("input %u", wrong[i]);
    assert_true(smtpc_status_is_misuse(status));
    assert_int_equal(used, 0);
    assert_int_equal(act.kind, SMTPC_DO_NOTHING);
    test_octets(&session, sizeof session, &before, sizeof before);
  }
  smtpc_input holey = smtpc_input_make(SMTPC_IN_OCTETS);
  holey.len = 1u;
  assert_int_equal(smtpc_server_step(&policy, &session, &holey, &used, &act),
                   SMTPC_E_ARGUMENT);
}

static void test_server_awaits_its_verdict(void **state) {
  (void)state;
  const smtpc_server_policy policy = plain_policy();
  static smtpc_server session;
  static const uint8_t in[] = EHLO_IN MAIL_IN RCPT_IN;
  smtpc_action act = {0};
  size_t at = 0u;
  size_t used = 0u;
  smtpc_server_init(&session, &policy);
  while (act.kind != SMTPC_DO_ASK_SENDER) {
    const smtpc_input input =
        smtpc_input_octets(SMTPC_CHANNEL_PLAIN, in + at, sizeof in - 1u - at);
    assert_int_equal(smtpc_server_step(&policy, &session, &input, &used, &act),
                     SMTPC_OK);
    at += used;
  }
  const smtpc_server before = session;
  const unsigned kinds[] = {SMTPC_IN_NONE, SMTPC_IN_OCTETS, SMTPC_IN_DEADLINE,
                            SMTPC_IN_END_OF_STREAM, SMTPC_IN_SHUTDOWN};
  for (size_t i = 0u; i < COUNT(kinds); i++) {
    smtpc_input input = smtpc_input_octets(SMTPC_CHANNEL_PLAIN, in + at, 5u);
    input.kind = (uint8_t)kinds[i];
    assert_int_equal(smtpc_server_step(&policy, &session, &input, &used, &act),
                     SMTPC_E_PENDING);
    test_octets(&session, sizeof session, &before, sizeof before);
  }
}

static void test_server_ends(void **state) {
  (void)state;
  static const struct {
    unsigned kind;
    const char *want;
  } rows[] = {
      {SMTPC_IN_END_OF_STREAM,
       "! aborted @66\nM: dropped\n. close peer aborted\n"},
      {SMTPC_IN_DEADLINE,
       "! deadline @66\nM: dropped\nS: 421 Timeout, closing connection\n"
       ". close timeout deadline\n"},
      {SMTPC_IN_SHUTDOWN,
       "M: dropped\nS: 421 Service shutting down\n. close shutdown\n"},
  };
  const smtpc_server_policy policy = plain_policy();
  for (size_t i = 0u; i < COUNT(rows); i++) {
    smtpc_mem_server mem = {0};
    smtpc_mem_server_begin(&mem, &policy);
    (void)smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_PLAIN, BEGIN_IN "DA", 66u,
                                0u);
    smtpc_octets_clear(&mem.trace);
    smtpc_input input = smtpc_input_make(rows[i].kind);
    input.clean = 1u;
    smtpc_mem_server_give(&mem, &input);
    test_label("%s", smtpc_in_name(rows[i].kind));
    test_octets(mem.trace.data, mem.trace.len, rows[i].want,
                strlen(rows[i].want));
    smtpc_mem_server_free(&mem);
  }
}

static void test_server_end_without_quit_is_no_abort(void **state) {
  (void)state;
  // A client that has its replies and leaves without QUIT broke nothing off; one
  // that leaves a part of a line behind did.
  static const struct {
    const char *in;
    unsigned finding;
  } rows[] = {{"", SMTPC_FINDING_NONE},
              {EHLO_IN, SMTPC_FINDING_NONE},
              {EHLO_IN "NO", SMTPC_FINDING_ABORTED},
              {EHLO_IN MAIL_IN, SMTPC_FINDING_ABORTED}};
  const smtpc_server_policy policy = plain_policy();
  for (size_t i = 0u; i < COUNT(rows); i++) {
    smtpc_mem_server mem = {0};
    smtpc_mem_server_begin(&mem, &policy);
    (void)smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_PLAIN, rows[i].in,
                                strlen(rows[i].in), 0u);
    smtpc_input input = smtpc_input_make(SMTPC_IN_END_OF_STREAM);
    input.clean = 1u;
    smtpc_mem_server_give(&mem, &input);
    test_label("%s", rows[i].in);
    test_number(mem.last.end_reason, SMTPC_END_PEER);
    test_number(mem.last.finding, rows[i].finding);
    smtpc_mem_server_free(&mem);
  }
}

static void test_server_quirks_leave_findings(void **state) {
  (void)state;
  smtpc_server_policy policy = plain_policy();
  policy.quirks = SMTPC_QUIRK_TRAILING_SPACE | SMTPC_QUIRK_PATH_SPACE |
                  SMTPC_QUIRK_PATH_BARE | SMTPC_QUIRK_HELLO_NAME;
  static const row rows[] = {
      {"space after FROM:", EHLO_IN "MAIL FROM: <s@a.example> \r\n",
       GREETING EHLO_OUT
       "C: MAIL FROM: <s@a.example> \n! quirk-trailing-space @43\n"
       "! quirk-path-space @43\nS: 250 Sender OK\n"},
      {"bare address", EHLO_IN "MAIL FROM:s@a.example\r\n",
       GREETING EHLO_OUT "C: MAIL FROM:s@a.example\n! quirk-path-bare @39\n"
                         "S: 250 Sender OK\n"},
      {"EHLO name", "EHLO under_score\r\n",
       GREETING "C: EHLO under_score\n! quirk-hello-name @18\n"
                "S: 250-localhost greets you\nS: 250-SIZE 1000\n"
                "S: 250 CHUNKING\n"},
  };
  run_rows(&policy, rows, COUNT(rows));
  const smtpc_server_policy strict = plain_policy();
  static const row refused[] = {
      {"space after FROM:", EHLO_IN "MAIL FROM: <s@a.example>\r\n",
       GREETING EHLO_OUT "C: MAIL FROM: <s@a.example>\n! command-syntax @42\n"
                         "S: 501 Bad sender address syntax\n"},
  };
  run_rows(&strict, refused, COUNT(refused));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_server_takes_a_message),
      cmocka_unit_test(test_server_refuses_by_phase),
      cmocka_unit_test(test_server_refuses_malformed_lines),
      cmocka_unit_test(test_server_asks_the_shim),
      cmocka_unit_test(test_server_ends_transactions),
      cmocka_unit_test(test_server_bdat_is_eaten_whatever_was_said),
      cmocka_unit_test(test_server_failed_chunk_needs_rset),
      cmocka_unit_test(test_server_loses_bad_content_but_finds_its_end),
      cmocka_unit_test(test_server_counts_what_came_before_an_anomaly),
      cmocka_unit_test(test_server_reads_an_oversize_message_to_its_end),
      cmocka_unit_test(test_server_limits_recipients_and_errors),
      cmocka_unit_test(test_device_receive_off),
      cmocka_unit_test(test_device_receive_on_serves_plaintext),
      cmocka_unit_test(test_device_receive_required_rejects_plaintext),
      cmocka_unit_test(test_device_receive_tls_failure_ends_it),
      cmocka_unit_test(test_device_receive_starts_over_under_tls),
      cmocka_unit_test(test_server_starttls_states),
      cmocka_unit_test(test_server_auth_in_clear_is_refused_unseen),
      cmocka_unit_test(test_server_auth_exchanges),
      cmocka_unit_test(test_server_auth_tries_are_limited),
      cmocka_unit_test(test_server_step_misuse),
      cmocka_unit_test(test_server_awaits_its_verdict),
      cmocka_unit_test(test_server_ends),
      cmocka_unit_test(test_server_end_without_quit_is_no_abort),
      cmocka_unit_test(test_server_quirks_leave_findings),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
