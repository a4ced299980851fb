// THREATS.md section 6, CMD-01 to CMD-06: lines, octets, paths and address literals. Each
// row is run whole and in pieces of 1 to 5 octets, and its trace must be the same.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shim/mem/dialogue_testing.h"
#include "smtpcore/command.h"
#include "smtpcore/path.h"

#define LINES(policy, scene, rows) \
  dialogue_lines(&(policy), &(scene), rows, DIALOGUE_COUNT(rows))
#define ROWS(policy, rows) dialogue_rows(&(policy), rows, DIALOGUE_COUNT(rows))

#define GREETING "S: 220 localhost SMTP service ready\n"
#define HELLO "EHLO a.example\r\n"
#define HELLO_OUT                 \
  GREETING                        \
  "C: EHLO a.example\n"           \
  "S: 250-localhost greets you\n" \
  "S: 250-SIZE 1000\n"            \
  "S: 250-CHUNKING\n"             \
  "S: 250 ENHANCEDSTATUSCODES\n"
#define MAIL "MAIL FROM:<s@a.example>\r\n"
#define MAIL_OUT "C: MAIL FROM:<s@a.example>\nS: 250 2.1.0 Sender OK\n"
#define RCPT "RCPT TO:<r@b.example>\r\n"
#define RCPT_OUT "C: RCPT TO:<r@b.example>\nS: 250 2.1.5 Recipient OK\n"
#define NOOP "NOOP\r\n"
#define NOOP_OUT "C: NOOP\nS: 250 2.0.0 OK\n"
#define LONG "500 5.5.2 Line too long"
#define MALFORMED_OUT "S: 500 5.5.2 Line malformed\n"
#define SENDER_BAD "501 5.1.7 Bad sender address syntax"
#define SENDER_OK "250 2.1.0 Sender OK"
#define RCPT_BAD "501 5.1.3 Bad recipient address syntax"
#define RCPT_OK "250 2.1.5 Recipient OK"
#define ARGUMENT_BAD "501 5.5.4 Syntax error in parameters or arguments"

static smtpc_server_policy strict_policy(void) {
  smtpc_server_policy policy = dialogue_server_policy();
  policy.offered |= SMTPC_OFFERS(ENHANCEDSTATUSCODES);
  return policy;
}

static const dialogue_scene greeted = {HELLO, HELLO_OUT, 0};
static const dialogue_scene mailed = {HELLO MAIL, HELLO_OUT MAIL_OUT, 0};

// ------------------------------------------------------------ CMD-01: long lines

// The longest line of each verb, CRLF included, and one octet more. What is too long for
// MAIL, the longest of them, is not even held.
static void test_cmd_01_longest_lines(void **state) {
  (void)state;
  static const struct {
    uint32_t offered;
    const char *head;
    size_t most;
    const char *reply;    // at the limit
    const char *finding;  // at the limit
    int held;             // 1: one octet more is held, since MAIL may have it
  } rows[] = {
      {0u, "NOOP ", 512u, "250 OK", NULL, 0},
      {0u, "MAIL FROM:<", 512u, "501 Bad sender address syntax",
       "command-syntax", 0},
      {SMTPC_OFFERS(SIZE), "NOOP ", 512u, "250 OK", NULL, 1},
      {SMTPC_OFFERS(SIZE), "MAIL FROM:<", 538u, "501 Bad sender address syntax",
       "command-syntax", 0},
      {SMTPC_OFFERS(SMTPUTF8), "MAIL FROM:<", 522u,
       "501 Bad sender address syntax", "command-syntax", 0},
      {SMTPC_OFFERS(CHUNKING) | SMTPC_OFFERS(BINARYMIME), "MAIL FROM:<", 528u,
       "501 Bad sender address syntax", "command-syntax", 0},
      {SMTPC_OFFERS(AUTH), "MAIL FROM:<", 1012u,
       "501 Bad sender address syntax", "command-syntax", 1},
      {SMTPC_OFFERS(DSN), "MAIL FROM:<", 1036u, "501 Bad sender address syntax",
       "command-syntax", 0},
      {SMTPC_OFFERS(SIZE) | SMTPC_OFFERS(SMTPUTF8) | SMTPC_OFFERS(DSN),
       "MAIL FROM:<", 1072u, "501 Bad sender address syntax", "command-syntax",
       0},
  };
  for (size_t i = 0u; i < DIALOGUE_COUNT(rows); i++) {
    smtpc_server_policy policy = strict_policy();
    policy.offered = rows[i].offered;
    policy.auth = (rows[i].offered & SMTPC_OFFERS(AUTH)) != 0u
                      ? (uint8_t)SMTPC_AUTH_ON
                      : (uint8_t)SMTPC_AUTH_OFF;
    policy.quirks = SMTPC_QUIRK_AUTH_IN_CLEAR;
    const size_t fill = rows[i].most - 2u - strlen(rows[i].head);
    for (size_t more = 0u; more < 2u; more++) {
      char *line = dialogue_filled(rows[i].head, 'A', fill + more, "\r\n");
      for (size_t cut = 0u; cut <= TEST_CUT_MAX; cut++) {
        smtpc_mem_server mem = {0};
        smtpc_octets want = {NULL, 0u, 0u};
        smtpc_mem_server_begin(&mem, &policy);
        (void)smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_PLAIN, HELLO,
                                    sizeof HELLO - 1u, 0u);
        smtpc_octets_clear(&mem.trace);
        (void)smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_PLAIN, line,
                                    strlen(line), cut);
        const size_t end = sizeof HELLO - 1u + strlen(line);
        smtpc_octets_print(&want, "C: ");
        if (more == 1u && rows[i].held == 0) {
          smtpc_octets_print(&want, "(malformed)");
        } else {
          smtpc_octets_add(&want, line, strlen(line) - 2u);
        }
        const char *finding = more == 1u ? "line-too-long" : rows[i].finding;
        if (finding != NULL) {
          smtpc_octets_print(&want, "\n! %s @%zu", finding, end);
        }
        smtpc_octets_print(&want, "\nS: %s\n",
                           more == 1u ? "500 Line too long" : rows[i].reply);
        test_label("row %zu, %zu more, cut %zu", i, more, cut);
        test_octets(mem.trace.data, mem.trace.len, want.data, want.len);
        smtpc_octets_free(&want);
        smtpc_mem_server_free(&mem);
      }
      free(line);
    }
  }
}

static void test_cmd_01_what_each_extension_adds(void **state) {
  (void)state;
  static const struct {
    uint32_t offered;
    size_t mail;
    size_t rcpt;
  } rows[] = {
      {0u, 512u, 512u},
      {SMTPC_OFFERS(SIZE), 538u, 512u},
      {SMTPC_OFFERS(SMTPUTF8), 522u, 512u},
      {SMTPC_OFFERS(REQUIRETLS), 523u, 512u},
      {SMTPC_OFFERS(BINARYMIME), 528u, 512u},
      {SMTPC_OFFERS(AUTH), 1012u, 512u},
      {SMTPC_OFFERS(DSN), 1036u, 1036u},
      {SMTPC_OFFERS(SIZE) | SMTPC_OFFERS(REQUIRETLS) | SMTPC_OFFERS(AUTH) |
           SMTPC_OFFERS(DSN),
       1573u, 1036u},
  };
  for (size_t i = 0u; i < DIALOGUE_COUNT(rows); i++) {
    test_label("row %zu", i);
    test_number(smtpc_command_line_max(SMTPC_VERB_MAIL, rows[i].offered),
                rows[i].mail);
    test_number(smtpc_command_line_max(SMTPC_VERB_RCPT, rows[i].offered),
                rows[i].rcpt);
    test_number(smtpc_command_line_max(SMTPC_VERB_EHLO, rows[i].offered), 512);
  }
}

// Its tail is never a command, wherever a buffer might have ended, and the next line
// is one again. One reply.
static void test_cmd_01_over_long_command_line(void **state) {
  (void)state;
  static const struct {
    const char *head;
    size_t buffer;
    const char *tail;
  } rows[] = {
      {"MAIL FROM:<", 538u, "QUIT\r\n"},
      {"MAIL FROM:<", 1024u, "RSET\r\n"},
      {"MAIL FROM:<", 4096u, "MAIL FROM:<x@evil.example>\r\n"},
      {"MAIL FROM:<", 8192u, "QUIT\r\n"},
      {"MAIL FROM:<", 12288u, "QUIT\r\n"},
      {"MAIL FROM:<", 16384u, "QUIT\r\n"},
      {"MAIL FROM:<", 60000u, ">\r\n"},
      {"EHLO ", 10000u, "\r\n"},
      {"NOOP ", 600u, "QUIT\r\n"},
  };
  const smtpc_server_policy policy = strict_policy();
  for (size_t i = 0u; i < DIALOGUE_COUNT(rows); i++) {
    char *line = dialogue_filled(
        rows[i].head, 'A', rows[i].buffer - strlen(rows[i].head), rows[i].tail);
    smtpc_octets in = {NULL, 0u, 0u};
    smtpc_octets want = {NULL, 0u, 0u};
    smtpc_octets_print(&in, HELLO);
    smtpc_octets_add(&in, line, strlen(line));
    smtpc_octets_print(&want, HELLO_OUT "C: (malformed)\n");
    smtpc_octets_print(&want, "! line-too-long @%zu\nS: " LONG "\n", in.len);
    smtpc_octets_print(&in, NOOP MAIL);
    smtpc_octets_print(&want, NOOP_OUT MAIL_OUT);
    smtpc_octets_add(&want, "", 1u);
    dialogue_octets(&policy, rows[i].tail, in.data, in.len,
                    (const char *)want.data);
    smtpc_octets_free(&want);
    smtpc_octets_free(&in);
    free(line);
  }
}

// Discarding has an end too: 65536 octets beyond the longest line.
static void test_cmd_01_endless_command_line(void **state) {
  (void)state;
#define ENDLESS_OUT(pos)                                        \
  HELLO_OUT "C: (malformed)\n! line-endless @" pos "\nS: " LONG \
            "\n"                                                \
            ". close protocol line-endless\n"
  static const struct {
    size_t fill;
    const char *tail;
    const char *end;
    const char *want;
  } rows[] = {
      {100000u, ">\r\nNOOP\r\n", NULL, ENDLESS_OUT("66090")},
      {100000u, "", NULL, ENDLESS_OUT("66090")},
      {100000u, "", "=end", ENDLESS_OUT("66090")},
      {60000u, "", NULL, HELLO_OUT},
      {60000u, "", "=end",
       HELLO_OUT "! aborted @60027\n. close peer aborted\n"},
      {60000u, "", "=deadline",
       HELLO_OUT "! deadline @60027\n"
                 "S: 421 4.4.2 Timeout, closing connection\n"
                 ". close timeout deadline\n"},
  };
  const smtpc_server_policy policy = strict_policy();
  for (size_t i = 0u; i < DIALOGUE_COUNT(rows); i++) {
    char *line =
        dialogue_filled("MAIL FROM:<", 'A', rows[i].fill, rows[i].tail);
    const dialogue d = {"endless", {HELLO, line, rows[i].end}, rows[i].want};
    dialogue_server(&policy, &d);
    free(line);
  }
}

// ------------------------------------------------------------------- CMD-02: NUL

static void test_cmd_02_nul_in_command(void **state) {
  (void)state;
  static const dialogue_row rows[] = {
      {"in a domain",
       DIALOGUE_IN(HELLO "MAIL FROM:<a@b\000.evil>\r\n" MAIL RCPT),
       HELLO_OUT "C: (malformed)\n"
                 "! nul @39\n" MALFORMED_OUT MAIL_OUT RCPT_OUT},
      {"after QUIT", DIALOGUE_IN("QUIT\000\r\n" NOOP),
       GREETING "C: (malformed)\n"
                "! nul @7\n" MALFORMED_OUT NOOP_OUT},
      {"after EHLO", DIALOGUE_IN("EHLO\000x\r\n" HELLO),
       GREETING "C: (malformed)\n"
                "! nul @8\n" MALFORMED_OUT "C: EHLO a.example\n"
                "S: 250-localhost greets you\n"
                "S: 250-SIZE 1000\n"
                "S: 250-CHUNKING\n"
                "S: 250 ENHANCEDSTATUSCODES\n"},
      {"between pipelined commands",
       DIALOGUE_IN(HELLO MAIL "RCPT TO:<r@b.example>\000\r\n" RCPT
                              "\000DATA\r\n" NOOP),
       HELLO_OUT MAIL_OUT "C: (malformed)\n"
                          "! nul @65\n" MALFORMED_OUT RCPT_OUT
                          "C: (malformed)\n"
                          "! nul @95\n" MALFORMED_OUT NOOP_OUT},
      {"alone", DIALOGUE_IN("\000\r\n" NOOP),
       GREETING "C: (malformed)\n"
                "! nul @3\n" MALFORMED_OUT NOOP_OUT},
      {"in a CRLF", DIALOGUE_IN("NOOP\r\000\nQUIT\r\n" NOOP),
       GREETING "C: (malformed)\n"
                "! bare-cr @13\n" MALFORMED_OUT NOOP_OUT},
      {"many", DIALOGUE_IN("NO\000\000\000\000OP\r\n" NOOP),
       GREETING "C: (malformed)\n"
                "! nul @10\n" MALFORMED_OUT NOOP_OUT},
      {"and a line too long for a C string",
       DIALOGUE_IN("VRFY \000QUIT\r\nQUI\000T\r\n" NOOP),
       GREETING "C: (malformed)\n"
                "! nul @12\n" MALFORMED_OUT "C: (malformed)\n"
                "! nul @19\n" MALFORMED_OUT NOOP_OUT},
  };
  const smtpc_server_policy policy = strict_policy();
  ROWS(policy, rows);
}

// ---------------------------------------------------- CMD-03: bare CR and bare LF

static void test_cmd_03_bare_cr_and_lf(void **state) {
  (void)state;
  static const dialogue_row rows[] = {
      {"LF between two commands",
       DIALOGUE_IN(HELLO "NOOP\nMAIL FROM:<a@b>\r\n" NOOP),
       HELLO_OUT "C: (malformed)\n"
                 "! bare-lf @38\n" MALFORMED_OUT NOOP_OUT},
      {"CR between two commands",
       DIALOGUE_IN("EHLO a\rMAIL FROM:<a@b>\r\n" NOOP),
       GREETING "C: (malformed)\n"
                "! bare-cr @24\n" MALFORMED_OUT NOOP_OUT},
      {"LF at the end", DIALOGUE_IN("NOOP\nNOOP\n\r\n" NOOP),
       GREETING "C: (malformed)\n"
                "! bare-lf @12\n" MALFORMED_OUT NOOP_OUT},
      {"LF first", DIALOGUE_IN("\nQUIT\r\n" NOOP),
       GREETING "C: (malformed)\n"
                "! bare-lf @7\n" MALFORMED_OUT NOOP_OUT},
      {"CR first", DIALOGUE_IN("\rQUIT\r\n" NOOP),
       GREETING "C: (malformed)\n"
                "! bare-cr @7\n" MALFORMED_OUT NOOP_OUT},
      {"CR CRLF", DIALOGUE_IN("QUIT\r\r\n" NOOP),
       GREETING "C: (malformed)\n"
                "! bare-cr @7\n" MALFORMED_OUT NOOP_OUT},
      {"LF CRLF", DIALOGUE_IN("QUIT\n\r\n" NOOP),
       GREETING "C: (malformed)\n"
                "! bare-lf @7\n" MALFORMED_OUT NOOP_OUT},
      {"LF CR", DIALOGUE_IN("QUIT\n\rQUIT\r\n" NOOP),
       GREETING "C: (malformed)\n"
                "! bare-lf @12\n" MALFORMED_OUT NOOP_OUT},
      {"both", DIALOGUE_IN("NOOP\rQUIT\nQUIT\r\n" NOOP),
       GREETING "C: (malformed)\n"
                "! bare-cr @16\n" MALFORMED_OUT NOOP_OUT},
  };
  const smtpc_server_policy policy = strict_policy();
  ROWS(policy, rows);
}

// With the quirk line-lf the same rule holds wherever a line ends, but STARTTLS needs
// its CRLF: what follows it belongs to TLS.
static void test_cmd_03_quirk_stops_at_starttls(void **state) {
  (void)state;
  static const dialogue_row rows[] = {
      {"two commands", DIALOGUE_IN(HELLO "NOOP\nMAIL FROM:<a@b>\r\n"),
       GREETING "C: EHLO a.example\n"
                "S: 250-localhost greets you\n"
                "S: 250-SIZE 1000\n"
                "S: 250-STARTTLS\n"
                "S: 250-CHUNKING\n"
                "S: 250 ENHANCEDSTATUSCODES\n"
                "C: NOOP\n"
                "! quirk-line-lf @21\n"
                "S: 250 2.0.0 OK\n"
                "C: MAIL FROM:<a@b>\n"
                "S: 250 2.1.0 Sender OK\n"},
      {"STARTTLS LF", DIALOGUE_IN(HELLO "STARTTLS\nRSET\r\n"),
       GREETING "C: EHLO a.example\n"
                "S: 250-localhost greets you\n"
                "S: 250-SIZE 1000\n"
                "S: 250-STARTTLS\n"
                "S: 250-CHUNKING\n"
                "S: 250 ENHANCEDSTATUSCODES\n"
                "C: STARTTLS\n"
                "! bare-lf @25\n"
                "! quirk-line-lf @25\n" MALFORMED_OUT "C: RSET\n"
                "S: 250 2.0.0 Reset\n"},
      {"STARTTLS LF CRLF", DIALOGUE_IN(HELLO "STARTTLS\n\r\n"),
       GREETING "C: EHLO a.example\n"
                "S: 250-localhost greets you\n"
                "S: 250-SIZE 1000\n"
                "S: 250-STARTTLS\n"
                "S: 250-CHUNKING\n"
                "S: 250 ENHANCEDSTATUSCODES\n"
                "C: STARTTLS\n"
                "! bare-lf @25\n"
                "! quirk-line-lf @25\n" MALFORMED_OUT "C: \n"
                "! command-unknown @27\n"
                "S: 500 5.5.1 Command unrecognized\n"},
      {"STARTTLS CR", DIALOGUE_IN(HELLO "STARTTLS\rRSET\n" NOOP),
       GREETING "C: EHLO a.example\n"
                "S: 250-localhost greets you\n"
                "S: 250-SIZE 1000\n"
                "S: 250-STARTTLS\n"
                "S: 250-CHUNKING\n"
                "S: 250 ENHANCEDSTATUSCODES\n"
                "C: (malformed)\n"
                "! bare-cr @30\n"
                "! quirk-line-lf @30\n" MALFORMED_OUT NOOP_OUT},
      {"bare CR", DIALOGUE_IN("NOOP\rQUIT\n" NOOP),
       GREETING "C: (malformed)\n"
                "! bare-cr @10\n"
                "! quirk-line-lf @10\n" MALFORMED_OUT NOOP_OUT},
      {"CR CRLF", DIALOGUE_IN("QUIT\r\r\n" NOOP),
       GREETING "C: (malformed)\n"
                "! bare-cr @7\n" MALFORMED_OUT NOOP_OUT},
      {"NUL", DIALOGUE_IN("QUIT\000\n" NOOP),
       GREETING "C: (malformed)\n"
                "! nul @6\n"
                "! quirk-line-lf @6\n" MALFORMED_OUT NOOP_OUT},
  };
  smtpc_server_policy policy = strict_policy();
  policy.quirks = SMTPC_QUIRK_LINE_LF;
  policy.tls = SMTPC_SERVER_TLS_ON;
  policy.certificate = 1u;
  policy.offered |= SMTPC_OFFERS(STARTTLS);
  ROWS(policy, rows);
}

// ----------------------------------------------- CMD-04: controls, 8-bit, UTF-8

static void test_cmd_04_control_and_8bit(void **state) {
  (void)state;
  static const dialogue_line rows[] = {
      {"NOOP \a", "command-syntax", ARGUMENT_BAD},
      {"VRFY \033[2J", "command-syntax", ARGUMENT_BAD},
      {"HELP \177", "command-syntax", ARGUMENT_BAD},
      {"NOOP \t", "command-syntax", ARGUMENT_BAD},
      {"NOOP\a", "command-unknown", "500 5.5.1 Command unrecognized"},
      {"EHLO a\ab", "command-syntax", ARGUMENT_BAD},
      {"MAIL FROM:<a\ab@x>", "command-syntax", SENDER_BAD},
      {"MAIL FROM:<\"a\033b\"@x>", "command-syntax", SENDER_BAD},
      {"MAIL FROM:<\"a\\\177b\"@x>", "command-syntax", SENDER_BAD},
      {"MAIL FROM:<a@x\177>", "command-syntax", SENDER_BAD},
      {"MAIL FROM:<a@x> SIZE=1\a", "param-refused", ARGUMENT_BAD},
      {"MAIL FROM:<j\303\266@x>", "command-syntax", SENDER_BAD},
      {"MAIL FROM:<a@j\303\266>", "command-syntax", SENDER_BAD},
      {"MAIL FROM:<\"\377\"@x>", "command-syntax", SENDER_BAD},
      {"MAIL FROM:<a@x> SIZE=\262", "param-refused", ARGUMENT_BAD},
      {"MAIL FROM:<a@x> SMTPUTF8", "param-refused",
       "555 5.5.4 Parameter not recognized"},
      {"EHLO j\303\266", "command-syntax", ARGUMENT_BAD},
      {"NOOP \377", "command-syntax", ARGUMENT_BAD},
      {"VRFY j\303\266 SMTPUTF8", "command-syntax", ARGUMENT_BAD},
      {"\303\266", "command-unknown", "500 5.5.1 Command unrecognized"},
      {"N\317OP", "command-unknown", "500 5.5.1 Command unrecognized"},
      {"\316\317\317\320", "command-unknown", "500 5.5.1 Command unrecognized"},
  };
  const smtpc_server_policy policy = strict_policy();
  LINES(policy, greeted, rows);
}

#define UTF8_HELLO_OUT            \
  GREETING                        \
  "C: EHLO a.example\n"           \
  "S: 250-localhost greets you\n" \
  "S: 250-SIZE 1000\n"            \
  "S: 250-SMTPUTF8\n"             \
  "S: 250-CHUNKING\n"             \
  "S: 250 ENHANCEDSTATUSCODES\n"

static smtpc_server_policy utf8_policy(void) {
  smtpc_server_policy policy = strict_policy();
  policy.offered |= SMTPC_OFFERS(SMTPUTF8);
  return policy;
}

// U+202E, U+200B and U+0085 are UTF8-non-ascii like any other (RFC 6531 section 3.3),
// and of a U-label only the UTF-8 is checked: what shows an address must take care.
static void test_cmd_04_utf8(void **state) {
  (void)state;
#define NEEDED "553 5.6.7 SMTPUTF8 required for this address"
  static const dialogue_line rows[] = {
      {"MAIL FROM:<j\303\266@x>", "command-syntax", NEEDED},
      {"MAIL FROM:<j\303\266@x> SIZE=1", "command-syntax", NEEDED},
      {"MAIL FROM:<a@j\303\266> BODY=7BIT", "param-refused",
       "555 5.5.4 Parameter not recognized"},
      {"MAIL FROM:<j\303\266@x> SMTPUTF8", NULL, SENDER_OK},
      {"MAIL FROM:<a@j\303\266> SMTPUTF8", NULL, SENDER_OK},
      {"MAIL FROM:<a@x> SMTPUTF8", NULL, SENDER_OK},
      {"MAIL FROM:<a@x> SMTPUTF8=1", "param-refused", ARGUMENT_BAD},
      {"MAIL FROM:<\"j\303\266 \\\" \"@x> SMTPUTF8", NULL, SENDER_OK},
      {"MAIL FROM:<\360\237\230\200@x> SMTPUTF8", NULL, SENDER_OK},
      {"MAIL FROM:<a\342\200\256b@x> SMTPUTF8", NULL, SENDER_OK},
      {"MAIL FROM:<a\342\200\213b@x> SMTPUTF8", NULL, SENDER_OK},
      {"MAIL FROM:<a\302\205b@x> SMTPUTF8", NULL, SENDER_OK},
      {"MAIL FROM:<a@x\342\200\256y> SMTPUTF8", NULL, SENDER_OK},
      {"MAIL FROM:<a@x\342\200\213y> SMTPUTF8", NULL, SENDER_OK},
      {"MAIL FROM:<\300\257@x> SMTPUTF8", "command-syntax", SENDER_BAD},
      {"MAIL FROM:<\340\200\257@x> SMTPUTF8", "command-syntax", SENDER_BAD},
      {"MAIL FROM:<\360\200\200\257@x> SMTPUTF8", "command-syntax", SENDER_BAD},
      {"MAIL FROM:<\355\240\200@x> SMTPUTF8", "command-syntax", SENDER_BAD},
      {"MAIL FROM:<\355\277\277@x> SMTPUTF8", "command-syntax", SENDER_BAD},
      {"MAIL FROM:<\364\220\200\200@x> SMTPUTF8", "command-syntax", SENDER_BAD},
      {"MAIL FROM:<\200@x> SMTPUTF8", "command-syntax", SENDER_BAD},
      {"MAIL FROM:<\342\202@x> SMTPUTF8", "command-syntax", SENDER_BAD},
      {"MAIL FROM:<a@\342\202> SMTPUTF8", "command-syntax", SENDER_BAD},
      {"MAIL FROM:<\377@x> SMTPUTF8", "command-syntax", SENDER_BAD},
      {"MAIL FROM:<a\\\303\266@x> SMTPUTF8", "command-syntax", SENDER_BAD},
      {"EHLO j\303\266", "command-syntax", ARGUMENT_BAD},
      {"VRFY j\303\266 SMTPUTF8", NULL, "252 2.5.0 Send some mail, I will try"},
      {"VRFY j\303\266", NULL, "252 2.5.0 Send some mail, I will try"},
      {"VRFY \300\257 SMTPUTF8", "command-syntax", ARGUMENT_BAD},
      {"EXPN j\303\266 SMTPUTF8", "command-unknown",
       "502 5.5.1 Command not implemented"},
      {"EXPN j\303\266", "command-unknown",
       "502 5.5.1 Command not implemented"},
  };
  static const dialogue_line plain[] = {
      {"RCPT TO:<j\303\266@x>", "command-syntax", NEEDED},
      {"RCPT TO:<a@j\303\266>", "command-syntax", NEEDED},
      {"RCPT TO:<j\377@x>", "command-syntax", RCPT_BAD},
  };
  static const dialogue_line utf8[] = {
      {"RCPT TO:<j\303\266@x>", NULL, RCPT_OK},
      {"RCPT TO:<a@j\303\266>", NULL, RCPT_OK},
      {"RCPT TO:<\355\240\200@x>", "command-syntax", RCPT_BAD},
  };
  static const dialogue_scene hello = {HELLO, UTF8_HELLO_OUT, 0};
  static const dialogue_scene in_plain = {HELLO MAIL, UTF8_HELLO_OUT MAIL_OUT,
                                          0};
  static const dialogue_scene in_utf8 = {
      HELLO "MAIL FROM:<> SMTPUTF8\r\n",
      UTF8_HELLO_OUT "C: MAIL FROM:<> SMTPUTF8\nS: 250 2.1.0 Sender OK\n", 0};
  const smtpc_server_policy policy = utf8_policy();
  LINES(policy, hello, rows);
  LINES(policy, in_plain, plain);
  LINES(policy, in_utf8, utf8);
}

// ------------------------------------------------------------------ CMD-05: paths

#define A8 "aaaaaaaa"
#define A64 A8 A8 A8 A8 A8 A8 A8 A8
#define B63 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define B60 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define DOMAIN_252 B63 "." B63 "." B63 "." B60

static void test_cmd_05_reverse_path(void **state) {
  (void)state;
  static const dialogue_line rows[] = {
      {"MAIL FROM:<>", NULL, SENDER_OK},
      {"MAIL FROM:<\"a b\"@x>", NULL, SENDER_OK},
      {"MAIL FROM:<\"a\\\"b@evil\"@x>", NULL, SENDER_OK},
      {"MAIL FROM:<\"a>b\"@x>", NULL, SENDER_OK},
      {"MAIL FROM:<\"a> SIZE=1 <b\"@x>", NULL, SENDER_OK},
      {"MAIL FROM:<\"\"@x>", NULL, SENDER_OK},
      {"MAIL FROM:<@a,@b:c@d>", NULL, SENDER_OK},
      {"MAIL FROM:<user%a@b>", NULL, SENDER_OK},
      {"MAIL FROM:<a!user@b>", NULL, SENDER_OK},
      {"MAIL FROM:<${run{id}}@localhost>", NULL, SENDER_OK},
      {"MAIL FROM:<`id`@x>", NULL, SENDER_OK},
      {"MAIL FROM:<" A64 "@x>", NULL, SENDER_OK},
      {"MAIL FROM:<a@" DOMAIN_252 ">", NULL, SENDER_OK},
      // Something is left out, or too much.
      {"MAIL FROM:a@b", "command-syntax", SENDER_BAD},
      {"MAIL FROM:<a@b", "command-syntax", SENDER_BAD},
      {"MAIL FROM:a@b>", "command-syntax", SENDER_BAD},
      {"MAIL FROM:", "command-syntax", SENDER_BAD},
      {"MAIL FROM:<", "command-syntax", SENDER_BAD},
      {"MAIL FROM:<a@b>x", "command-syntax", SENDER_BAD},
      {"MAIL FROM:<a@b>>", "command-syntax", SENDER_BAD},
      {"MAIL FROM:<<a@b>>", "command-syntax", SENDER_BAD},
      {"MAIL FROM: <a@b>", "command-syntax", SENDER_BAD},
      {"MAIL FROM:< a@b>", "command-syntax", SENDER_BAD},
      {"MAIL FROM:<a@b >", "command-syntax", SENDER_BAD},
      {"MAIL FROM:<Postmaster>", "command-syntax", SENDER_BAD},
      {"MAIL FROM:<a b@x>", "command-syntax", SENDER_BAD},
      {"MAIL FROM:<a@b@c>", "command-syntax", SENDER_BAD},
      {"MAIL FROM:<a@b,c@d>", "command-syntax", SENDER_BAD},
      // A part without an end, or without a beginning.
      {"MAIL FROM:<\"a@x>", "command-syntax", SENDER_BAD},
      {"MAIL FROM:<\"a\\\"@x>", "command-syntax", SENDER_BAD},
      {"MAIL FROM:<\"a\"b@x>", "command-syntax", SENDER_BAD},
      {"MAIL FROM:<a\"b\"@x>", "command-syntax", SENDER_BAD},
      {"MAIL FROM:<a..b@x>", "command-syntax", SENDER_BAD},
      {"MAIL FROM:<.a@x>", "command-syntax", SENDER_BAD},
      {"MAIL FROM:<a.@x>", "command-syntax", SENDER_BAD},
      {"MAIL FROM:<@x>", "command-syntax", SENDER_BAD},
      {"MAIL FROM:<a@>", "command-syntax", SENDER_BAD},
      {"MAIL FROM:<@>", "command-syntax", SENDER_BAD},
      {"MAIL FROM:<a>", "command-syntax", SENDER_BAD},
      {"MAIL FROM:<a@.x>", "command-syntax", SENDER_BAD},
      {"MAIL FROM:<a@x.>", "command-syntax", SENDER_BAD},
      {"MAIL FROM:<a@x..y>", "command-syntax", SENDER_BAD},
      {"MAIL FROM:<a@-x>", "command-syntax", SENDER_BAD},
      {"MAIL FROM:<a@x->", "command-syntax", SENDER_BAD},
      {"MAIL FROM:<a@x_y>", "command-syntax", SENDER_BAD},
      // Shells, templates and the like (CVE-2020-7247, CVE-2019-10149).
      {"MAIL FROM:<;for i in 0 1;do>", "command-syntax", SENDER_BAD},
      {"MAIL FROM:<;sleep 66;>", "command-syntax", SENDER_BAD},
      {"MAIL FROM:<;id;@x>", "command-syntax", SENDER_BAD},
      {"MAIL FROM:<$(id)@x>", "command-syntax", SENDER_BAD},
      {"MAIL FROM:<${run{\\x2Fbin\\x2Fsh}}@localhost>", "command-syntax",
       SENDER_BAD},
      // Limits.
      {"MAIL FROM:<" A64 "a@x>", "command-syntax", SENDER_BAD},
      {"MAIL FROM:<\"" A64 "\"@x>", "command-syntax", SENDER_BAD},
      {"MAIL FROM:<a@" B63 "b>", "command-syntax", SENDER_BAD},
      {"MAIL FROM:<a@" DOMAIN_252 "b>", "command-syntax", SENDER_BAD},
  };
  const smtpc_server_policy policy = strict_policy();
  LINES(policy, greeted, rows);
}

static void test_cmd_05_forward_path(void **state) {
  (void)state;
  static const dialogue_line rows[] = {
      {"RCPT TO:<Postmaster>", NULL, RCPT_OK},
      {"RCPT TO:<postMASTER>", NULL, RCPT_OK},
      {"RCPT TO:<@a,@b:c@d>", NULL, RCPT_OK},
      {"RCPT TO:<\"a>b\"@x>", NULL, RCPT_OK},
      {"RCPT TO:<${run{id}}@localhost>", NULL, RCPT_OK},
      {"RCPT TO:<>", "command-syntax", RCPT_BAD},
      {"RCPT TO:<\"\"@>", "command-syntax", RCPT_BAD},
      {"RCPT TO:<Postmaster@>", "command-syntax", RCPT_BAD},
      {"RCPT TO:<Postmasters>", "command-syntax", RCPT_BAD},
      {"RCPT TO:<\"Postmaster\">", "command-syntax", RCPT_BAD},
      {"RCPT TO:<@a:Postmaster>", "command-syntax", RCPT_BAD},
      {"RCPT TO:<$(id)@x>", "command-syntax", RCPT_BAD},
      {"RCPT TO:<a@b>x", "command-syntax", RCPT_BAD},
      {"RCPT TO:<@a,b:c@d>", "command-syntax", RCPT_BAD},
      {"RCPT TO:<@a:>", "command-syntax", RCPT_BAD},
      {"RCPT TO:<@a@b:c@d>", "command-syntax", RCPT_BAD},
      {"RCPT TO:<@a,:c@d>", "command-syntax", RCPT_BAD},
      {"RCPT TO:<:c@d>", "command-syntax", RCPT_BAD},
      {"RCPT TO:<a@b> x@y", "command-syntax", ARGUMENT_BAD},
      {"RCPT TO:<a@b>, <c@d>", "command-syntax", RCPT_BAD},
  };
  const smtpc_server_policy policy = strict_policy();
  LINES(policy, mailed, rows);
}

// A CRLF inside quotes ends the line like any other (CVE-2025-7962, CVE-2026-30227).
static void test_cmd_05_crlf_in_quotes(void **state) {
  (void)state;
  static const dialogue_row rows[] = {
      {"CRLF", DIALOGUE_IN(HELLO "MAIL FROM:<\"\r\n\"@x>\r\n" MAIL),
       HELLO_OUT "C: MAIL FROM:<\"\n"
                 "! command-syntax @30\n"
                 "S: 501 5.1.7 Bad sender address syntax\n"
                 "C: \"@x>\n"
                 "! command-unknown @36\n"
                 "S: 500 5.5.1 Command unrecognized\n" MAIL_OUT},
      {"a command", DIALOGUE_IN(HELLO MAIL "RCPT TO:<\"a\r\nRSET\r\n\"@x>\r\n"),
       HELLO_OUT MAIL_OUT "C: RCPT TO:<\"a\n"
                          "! command-syntax @54\n"
                          "S: 501 5.1.3 Bad recipient address syntax\n"
                          "C: RSET\n"
                          "M: dropped\n"
                          "S: 250 2.0.0 Reset\n"
                          "C: \"@x>\n"
                          "! command-unknown @66\n"
                          "S: 500 5.5.1 Command unrecognized\n"},
      {"CR and LF",
       DIALOGUE_IN(HELLO "MAIL FROM:<\"\r\"@x>\r\nMAIL FROM:<\"\n\"@x>\r\n"),
       HELLO_OUT "C: (malformed)\n"
                 "! bare-cr @35\n" MALFORMED_OUT "C: (malformed)\n"
                 "! bare-lf @54\n" MALFORMED_OUT},
  };
  const smtpc_server_policy policy = strict_policy();
  ROWS(policy, rows);
}

// What the shim gets of a path that was accepted.
static void test_cmd_05_parts(void **state) {
  (void)state;
  static const struct {
    const char *text;
    const char *local;
    const char *domain;
    unsigned kind;
    unsigned marks;
  } rows[] = {
      {"<>", "", "", SMTPC_PATH_NULL, 0u},
      {"<postmaster>", "postmaster", "", SMTPC_PATH_POSTMASTER, 0u},
      {"<a@b>", "a", "b", SMTPC_PATH_MAILBOX, 0u},
      {"<\"a b\"@x>", "\"a b\"", "x", SMTPC_PATH_MAILBOX, SMTPC_MARK_QUOTED},
      {"<\"a\\\"b@evil\"@x>", "\"a\\\"b@evil\"", "x", SMTPC_PATH_MAILBOX,
       SMTPC_MARK_QUOTED},
      {"<\"a>b\"@x>", "\"a>b\"", "x", SMTPC_PATH_MAILBOX, SMTPC_MARK_QUOTED},
      {"<\"m@gmail.com x\"@internal.example>", "\"m@gmail.com x\"",
       "internal.example", SMTPC_PATH_MAILBOX, SMTPC_MARK_QUOTED},
      {"<@a,@b:c@d>", "c", "d", SMTPC_PATH_MAILBOX, SMTPC_MARK_ROUTE},
      {"<user%a@b>", "user%a", "b", SMTPC_PATH_MAILBOX, 0u},
      {"<a!user@b>", "a!user", "b", SMTPC_PATH_MAILBOX, 0u},
      {"<a@[1.2.3.4]>", "a", "[1.2.3.4]", SMTPC_PATH_MAILBOX, 0u},
  };
  for (size_t i = 0u; i < DIALOGUE_COUNT(rows); i++) {
    const size_t len = strlen(rows[i].text);
    uint8_t *text = test_copy(rows[i].text, len);
    smtpc_span rest = smtpc_span_make(0u, len);
    smtpc_path path;
    test_label("%s", rows[i].text);
    test_number(
        smtpc_path_parse(text, &rest, SMTPC_ALLOW_NULL | SMTPC_ALLOW_POSTMASTER,
                         &path),
        SMTPC_OK);
    test_number(path.kind, rows[i].kind);
    test_number(path.marks, rows[i].marks);
    test_octets(text + path.local.begin, smtpc_span_len(path.local),
                rows[i].local, strlen(rows[i].local));
    test_octets(text + path.domain.begin, smtpc_span_len(path.domain),
                rows[i].domain, strlen(rows[i].domain));
    test_number(smtpc_span_len(rest), 0);
    free(text);
  }
}

// 64, 255 and 256 octets (RFC 5321 section 4.5.3.1), and a route that is no longer.
static void test_cmd_05_limits(void **state) {
  (void)state;
  static const struct {
    const char *head;
    size_t fill;
    const char *tail;
    smtpc_status want;
  } rows[] = {
      {"<", 64u, "@x>", SMTPC_OK},
      {"<", 65u, "@x>", SMTPC_E_TOO_LONG},
      {"<\"", 62u, "\"@x>", SMTPC_OK},
      {"<\"", 63u, "\"@x>", SMTPC_E_TOO_LONG},
      {"<a@" B63 "." B63 "." B63 ".", 60u, ">", SMTPC_OK},
      {"<a@" B63 "." B63 "." B63 ".", 61u, ">", SMTPC_E_TOO_LONG},
      {"<a@", 63u, ">", SMTPC_OK},
      {"<a@", 64u, ">", SMTPC_E_TOO_LONG},
      {"<@" B63 "." B63 "." B63 ".", 57u, ":a@b>", SMTPC_OK},
      {"<@" B63 "." B63 "." B63 ".", 58u, ":a@b>", SMTPC_E_TOO_LONG},
      {"<", 300u, "", SMTPC_E_TOO_LONG},
      {"<", 60000u, "@x>", SMTPC_E_TOO_LONG},
  };
  for (size_t i = 0u; i < DIALOGUE_COUNT(rows); i++) {
    char *text = dialogue_filled(rows[i].head, 'a', rows[i].fill, rows[i].tail);
    const size_t len = strlen(text);
    uint8_t *copy = test_copy(text, len);
    smtpc_span rest = smtpc_span_make(0u, len);
    smtpc_path path;
    test_label("row %zu", i);
    test_number(smtpc_path_parse(copy, &rest, 0u, &path), rows[i].want);
    free(copy);
    free(text);
  }
  char *domain = dialogue_filled(B63 "." B63 "." B63 ".", 'a', 63u, "");
  uint8_t *copy = test_copy(domain, 255u);
  test_number(smtpc_domain_parse(copy, smtpc_span_make(0u, 255u), 0u),
              SMTPC_OK);
  free(copy);
  free(domain);
  domain = dialogue_filled(B63 "." B63 "." B63 "." B60 ".", 'a', 3u, "");
  copy = test_copy(domain, 256u);
  test_number(smtpc_domain_parse(copy, smtpc_span_make(0u, 256u), 0u),
              SMTPC_E_TOO_LONG);
  free(copy);
  free(domain);
}

// ------------------------------------------------------- CMD-06: address literals

static const struct {
  const char *text;
  unsigned host;  // NONE: refused
} literals[] = {
    {"[1.2.3.4]", SMTPC_HOST_IPV4},
    {"[255.255.255.255]", SMTPC_HOST_IPV4},
    {"[IPv6:::1]", SMTPC_HOST_IPV6},
    {"[IPv6:::]", SMTPC_HOST_IPV6},
    {"[ipv6:2001:db8::1]", SMTPC_HOST_IPV6},
    {"[IPv6:1:2:3:4:5:6:7:8]", SMTPC_HOST_IPV6},
    {"[IPv6:::ffff:1.2.3.4]", SMTPC_HOST_IPV6},
    {"[tag:x]", SMTPC_HOST_GENERAL},
    {"[tag:..]", SMTPC_HOST_GENERAL},
    {"[999.1.1.1]", SMTPC_HOST_NONE},
    {"[256.1.1.1]", SMTPC_HOST_NONE},
    {"[4294967297.1.1.1]", SMTPC_HOST_NONE},
    {"[1.2.3]", SMTPC_HOST_NONE},
    {"[1.2.3.4.5]", SMTPC_HOST_NONE},
    {"[1.2.3.]", SMTPC_HOST_NONE},
    {"[-1.2.3.4]", SMTPC_HOST_NONE},
    {"[0x1.2.3.4]", SMTPC_HOST_NONE},
    {"[1.2.3.4", SMTPC_HOST_NONE},
    {"1.2.3.4]", SMTPC_HOST_NONE},
    {"[[1.2.3.4]]", SMTPC_HOST_NONE},
    {"[1.2.3.4]x", SMTPC_HOST_NONE},
    {"[]", SMTPC_HOST_NONE},
    {"[", SMTPC_HOST_NONE},
    {"[::1]", SMTPC_HOST_NONE},
    {"[IPv6:]", SMTPC_HOST_NONE},
    {"[IPv6:1::2::3]", SMTPC_HOST_NONE},
    {"[IPv6::::1]", SMTPC_HOST_NONE},
    {"[IPv6:12345::1]", SMTPC_HOST_NONE},
    {"[IPv6:1:2:3:4:5:6:7]", SMTPC_HOST_NONE},
    {"[IPv6:1:2:3:4:5:6:7:8:9]", SMTPC_HOST_NONE},
    {"[IPv6:1:2:3:4:5:6:7:]", SMTPC_HOST_NONE},
    {"[IPv6:::g]", SMTPC_HOST_NONE},
    {"[IPv6:::ffff:1.2.3.999]", SMTPC_HOST_NONE},
    {"[IPv6:::1%eth0]", SMTPC_HOST_NONE},
    {"[tag:]", SMTPC_HOST_NONE},
    {"[:x]", SMTPC_HOST_NONE},
    {"[-:x]", SMTPC_HOST_NONE},
    {"[tag:a[b]", SMTPC_HOST_NONE},
    {"[tag:a b]", SMTPC_HOST_NONE},
};

static void test_cmd_06_address_literals(void **state) {
  (void)state;
  const smtpc_server_policy policy = strict_policy();
  for (size_t i = 0u; i < DIALOGUE_COUNT(literals); i++) {
    const size_t len = strlen(literals[i].text);
    const int good = literals[i].host != SMTPC_HOST_NONE;
    uint8_t *text = test_copy(literals[i].text, len);
    uint8_t host = 9u;
    test_label("%s", literals[i].text);
    test_number(smtpc_literal_parse(text, smtpc_span_make(0u, len), &host),
                good ? SMTPC_OK : SMTPC_E_ADDRESS_LITERAL);
    test_number(host, literals[i].host);
    free(text);
    // The same as a sender's domain, and as the name of EHLO.
    char mail[100];
    char ehlo[100];
    (void)snprintf(mail, sizeof mail, "MAIL FROM:<a@%s>", literals[i].text);
    (void)snprintf(ehlo, sizeof ehlo, "EHLO %s", literals[i].text);
    const dialogue_line row = {mail, good ? NULL : "command-syntax",
                               good ? SENDER_OK : SENDER_BAD};
    dialogue_lines(&policy, &greeted, &row, 1u);
    const dialogue_line hello = {ehlo, "command-syntax", ARGUMENT_BAD};
    if (!good) {
      dialogue_lines(&policy, &greeted, &hello, 1u);
    }
  }
}

static void test_cmd_06_long_literals(void **state) {
  (void)state;
  // 300 octets, and the longest that a path has room for.
  static const struct {
    const char *head;
    size_t fill;
    int good;
  } rows[] = {{"MAIL FROM:<a@[tag:", 246u, 1},
              {"MAIL FROM:<a@[tag:", 247u, 0},
              {"MAIL FROM:<a@[tag:", 294u, 0},
              {"MAIL FROM:<a@[IPv6:", 293u, 0},
              {"MAIL FROM:<a@[", 298u, 0}};
  const smtpc_server_policy policy = strict_policy();
  for (size_t i = 0u; i < DIALOGUE_COUNT(rows); i++) {
    char *line = dialogue_filled(rows[i].head, '1', rows[i].fill, "]>");
    const dialogue_line row = {line, rows[i].good ? NULL : "command-syntax",
                               rows[i].good ? SENDER_OK : SENDER_BAD};
    dialogue_lines(&policy, &greeted, &row, 1u);
    free(line);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_cmd_01_longest_lines),
      cmocka_unit_test(test_cmd_01_what_each_extension_adds),
      cmocka_unit_test(test_cmd_01_over_long_command_line),
      cmocka_unit_test(test_cmd_01_endless_command_line),
      cmocka_unit_test(test_cmd_02_nul_in_command),
      cmocka_unit_test(test_cmd_03_bare_cr_and_lf),
      cmocka_unit_test(test_cmd_03_quirk_stops_at_starttls),
      cmocka_unit_test(test_cmd_04_control_and_8bit),
      cmocka_unit_test(test_cmd_04_utf8),
      cmocka_unit_test(test_cmd_05_reverse_path),
      cmocka_unit_test(test_cmd_05_forward_path),
      cmocka_unit_test(test_cmd_05_crlf_in_quotes),
      cmocka_unit_test(test_cmd_05_parts),
      cmocka_unit_test(test_cmd_05_limits),
      cmocka_unit_test(test_cmd_06_address_literals),
      cmocka_unit_test(test_cmd_06_long_literals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
