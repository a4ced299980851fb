// THREATS.md section 6, CMD-11 to CMD-17: recipients, verbs, names, pipelining, who is
// asked what, and what leaves the core. Rows are run whole and in pieces of 1 to 5
// octets.

#include <stdlib.h>
#include <string.h>

#include "shim/mem/dialogue_testing.h"

#define LINES(policy, scene, rows) \
  dialogue_lines(&(policy), &(scene), rows, DIALOGUE_COUNT(rows))
#define ROWS(policy, rows) dialogue_rows(&(policy), rows, DIALOGUE_COUNT(rows))

#define GREETING "S: 220 localhost SMTP service ready\n"
#define HELLO "EHLO a.example\r\n"
#define OFFERED_OUT               \
  "S: 250-localhost greets you\n" \
  "S: 250-SIZE 1000\n"            \
  "S: 250-CHUNKING\n"             \
  "S: 250 ENHANCEDSTATUSCODES\n"
#define EHLO_OUT "C: EHLO a.example\n" OFFERED_OUT
#define HELLO_OUT GREETING EHLO_OUT
#define MAIL "MAIL FROM:<s@a.example>\r\n"
#define MAIL_OUT "C: MAIL FROM:<s@a.example>\nS: 250 2.1.0 Sender OK\n"
#define RCPT "RCPT TO:<r@b.example>\r\n"
#define RCPT_OUT "C: RCPT TO:<r@b.example>\nS: 250 2.1.5 Recipient OK\n"
#define DATA "DATA\r\n"
#define DATA_OUT "C: DATA\nS: 354 End data with <CR><LF>.<CR><LF>\n"
#define STORED_OUT "S: 250 2.0.0 Message stored\n"
#define NOOP "NOOP\r\n"
#define NOOP_OUT "C: NOOP\nS: 250 2.0.0 OK\n"
#define SEQUENCE_OUT "S: 503 5.5.1 Bad sequence of commands\n"
#define NOBODY_OUT "S: 503 5.5.1 No valid recipients\n"
#define NO_VERB "500 5.5.1 Command unrecognized"
#define NO_VERB_OUT "S: 500 5.5.1 Command unrecognized\n"
#define OFF "502 5.5.1 Command not implemented"
#define SENDER_BAD "501 5.1.7 Bad sender address syntax"
#define SENDER_OK "250 2.1.0 Sender OK"
#define ARGUMENT_BAD "501 5.5.4 Syntax error in parameters or arguments"

static smtpc_server_policy strict_policy(void) {
  smtpc_server_policy policy = dialogue_server_policy();
  policy.offered |= SMTPC_OFFERS(ENHANCEDSTATUSCODES);
  return policy;
}

static const dialogue_scene greeted = {HELLO, HELLO_OUT, 0};
static const dialogue_scene mailed = {HELLO MAIL, HELLO_OUT MAIL_OUT, 0};

static void feed(smtpc_mem_server *mem, const char *text) {
  (void)smtpc_mem_server_feed(mem, mem->session.tls, text, strlen(text), 0u);
}

// ------------------------------------------------------------- CMD-11: recipients

// `count` RCPT commands, of which `most` are taken, and the message.
static void run_recipients(unsigned count, unsigned most) {
  smtpc_server_policy policy = strict_policy();
  policy.rcpt_max = (uint16_t)most;
  smtpc_octets in = {NULL, 0u, 0u};
  smtpc_octets want = {NULL, 0u, 0u};
  smtpc_octets_print(&in, HELLO MAIL);
  smtpc_octets_print(&want, HELLO_OUT MAIL_OUT);
  for (unsigned i = 0u; i < count; i++) {
    smtpc_octets_print(&in, "RCPT TO:<r%u@b.example>\r\n", i);
    smtpc_octets_print(&want, "C: RCPT TO:<r%u@b.example>\n", i);
    if (i < most) {
      smtpc_octets_print(&want, "S: 250 2.1.5 Recipient OK\n");
    } else {
      smtpc_octets_print(&want, "! rcpt-too-many @%zu\n", in.len);
      smtpc_octets_print(&want, "S: 452 4.5.3 Too many recipients\n");
    }
  }
  smtpc_octets_print(&in, DATA "x\r\n.\r\n");
  smtpc_octets_print(&want, DATA_OUT "M: 3 octets, stored\n" STORED_OUT);
  smtpc_octets_add(&want, "", 1u);
  dialogue_octets(&policy, "recipients", in.data, in.len,
                  (const char *)want.data);
  smtpc_octets_free(&want);
  smtpc_octets_free(&in);
}

// One too many is told so, and those before it get their mail. So do they when there
// are more too many than a session may have errors.
static void test_cmd_11_recipients(void **state) {
  (void)state;
  run_recipients(100u, 100u);
  run_recipients(101u, 100u);
  run_recipients(160u, 100u);
  run_recipients(258u, 257u);
  run_recipients(2u, 1u);
}

// The count does not wrap, and the list does not grow: there is none.
static void test_cmd_11_count_is_stable(void **state) {
  (void)state;
  smtpc_server_policy policy = strict_policy();
  policy.rcpt_max = UINT16_MAX;
  static smtpc_mem_server mem;
  memset(&mem, 0, sizeof mem);
  mem.quiet = 1;
  smtpc_mem_server_begin(&mem, &policy);
  feed(&mem, HELLO MAIL);
  for (unsigned i = 0u; i < UINT16_MAX; i++) {
    feed(&mem, RCPT);
  }
  test_number(mem.session.tx.rcpt_count, UINT16_MAX);
  for (unsigned i = 0u; i < 3u; i++) {
    smtpc_octets_clear(&mem.out);
    feed(&mem, RCPT);
    static const char want[] = "452 4.5.3 Too many recipients\r\n";
    test_octets(mem.out.data, mem.out.len, want, sizeof want - 1u);
    test_number(mem.session.tx.rcpt_count, UINT16_MAX);
  }
  smtpc_mem_server_free(&mem);
}

// A flood of them has an end: the errors begin to count after a thousand.
static void test_cmd_11_flood_ends(void **state) {
  (void)state;
  smtpc_server_policy policy = strict_policy();
  policy.rcpt_max = 1u;
  policy.errors_max = 2u;
  static smtpc_mem_server mem;
  memset(&mem, 0, sizeof mem);
  mem.quiet = 1;
  smtpc_mem_server_begin(&mem, &policy);
  feed(&mem, HELLO MAIL RCPT);
  for (unsigned i = 0u; i < 1002u; i++) {
    feed(&mem, RCPT);
    assert_int_equal(mem.where, SMTPC_MEM_INPUT);
  }
  feed(&mem, RCPT);
  test_number(mem.where, SMTPC_MEM_CLOSED);
  test_number(mem.last.finding, SMTPC_FINDING_ERRORS_TOO_MANY);
  smtpc_mem_server_free(&mem);
}

// ------------------------------------------------------------------ CMD-12: verbs

static void test_cmd_12_verb_table(void **state) {
  (void)state;
  static const dialogue_line rows[] = {
      {"mail from:<a@b>", NULL, SENDER_OK},
      {"MaIl FrOm:<a@b> sIzE=1", NULL, SENDER_OK},
      {"noop", NULL, "250 2.0.0 OK"},
      {"NOOP x y z", NULL, "250 2.0.0 OK"},
      {"help", NULL, "214 2.0.0 See RFC 5321"},
      {"HELP x", NULL, "214 2.0.0 See RFC 5321"},
      {"vRFY x", NULL, "252 2.5.0 Send some mail, I will try"},
      // A verb with something beside it is another word.
      {"MAILFROM:<a@b>", "command-unknown", NO_VERB},
      {"RCPTTO:<a@b>", "command-unknown", NO_VERB},
      {"MAIL\tFROM:<a@b>", "command-unknown", NO_VERB},
      {" NOOP", "command-unknown", NO_VERB},
      {"\tNOOP", "command-unknown", NO_VERB},
      {"", "command-unknown", NO_VERB},
      {" ", "command-unknown", NO_VERB},
      {"DATAX", "command-unknown", NO_VERB},
      {"RSETX", "command-unknown", NO_VERB},
      {"QUITX", "command-unknown", NO_VERB},
      {"NOOPX", "command-unknown", NO_VERB},
      {"HELPX", "command-unknown", NO_VERB},
      {"EHLOX a", "command-unknown", NO_VERB},
      {"MAILX FROM:<a@b>", "command-unknown", NO_VERB},
      {"RCPTX TO:<a@b>", "command-unknown", NO_VERB},
      {"BDATX 1", "command-unknown", NO_VERB},
      {"STARTTLSX", "command-unknown", NO_VERB},
      {"AUTHX PLAIN", "command-unknown", NO_VERB},
      {"QUI", "command-unknown", NO_VERB},
      {"NOO P", "command-unknown", NO_VERB},
      {"NO-OP", "command-unknown", NO_VERB},
      {"*", "command-unknown", NO_VERB},
      {".", "command-unknown", NO_VERB},
      {"ABCDEFGHIJKLMNOPQRSTUVWXYZ", "command-unknown", NO_VERB},
      // An argument that is not there, or that must not be there.
      {"EHLO", "command-syntax", ARGUMENT_BAD},
      {"HELO", "command-syntax", ARGUMENT_BAD},
      {"EHLO ", "command-syntax", ARGUMENT_BAD},
      {"QUIT x", "command-syntax", ARGUMENT_BAD},
      {"QUIT ", "command-syntax", ARGUMENT_BAD},
      {"RSET x", "command-syntax", ARGUMENT_BAD},
      {"RSET  ", "command-syntax", ARGUMENT_BAD},
      {"NOOP ", "command-syntax", ARGUMENT_BAD},
      {"VRFY", "command-syntax", ARGUMENT_BAD},
      {"MAIL", "command-syntax", SENDER_BAD},
      {"MAIL ", "command-syntax", SENDER_BAD},
      {"MAIL  FROM:<a@b>", "command-syntax", ARGUMENT_BAD},
      {"MAIL FROM", "command-syntax", ARGUMENT_BAD},
      {"MAIL FROM :<a@b>", "command-syntax", ARGUMENT_BAD},
      {"MAIL TO:<a@b>", "command-syntax", ARGUMENT_BAD},
      // Known, and not done here.
      {"SEND FROM:<a@b>", "command-unknown", OFF},
      {"SOML FROM:<a@b>", "command-unknown", OFF},
      {"SAML FROM:<a@b>", "command-unknown", OFF},
      {"TURN", "command-unknown", OFF},
      {"EXPN x", "command-unknown", OFF},
      {"STARTTLS", "command-unknown", OFF},
      {"AUTH PLAIN", "command-unknown", OFF},
  };
  static const dialogue_line after_mail[] = {
      {"rcpt to:<a@b>", NULL, "250 2.1.5 Recipient OK"},
      {"RCPT", "command-syntax", "501 5.1.3 Bad recipient address syntax"},
      {"RCPT FROM:<a@b>", "command-syntax", ARGUMENT_BAD},
      {"RCPT  TO:<a@b>", "command-syntax", ARGUMENT_BAD},
      {"RCPT\tTO:<a@b>", "command-unknown", NO_VERB},
  };
  static const dialogue_line after_rcpt[] = {
      {"DATA x", "command-syntax", ARGUMENT_BAD},
      {"DATA ", "command-syntax", ARGUMENT_BAD},
      {"DATAX", "command-unknown", NO_VERB},
      {"DAT", "command-unknown", NO_VERB},
      {"RSETX", "command-unknown", NO_VERB},
      {"QUITX", "command-unknown", NO_VERB},
  };
  static const dialogue_scene open = {HELLO MAIL RCPT,
                                      HELLO_OUT MAIL_OUT RCPT_OUT, 0};
  const smtpc_server_policy policy = strict_policy();
  LINES(policy, greeted, rows);
  LINES(policy, mailed, after_mail);
  LINES(policy, open, after_rcpt);
}

// ------------------------------------------------------------ CMD-13: EHLO's name

// Whatever the name is, the reply does not have it.
static void test_cmd_13_ehlo_argument(void **state) {
  (void)state;
  static const dialogue_row good[] = {
      {"IPv4", DIALOGUE_IN("EHLO [127.0.0.1]\r\n"),
       GREETING "C: EHLO [127.0.0.1]\n" OFFERED_OUT},
      {"IPv6", DIALOGUE_IN("EHLO [IPv6:::1]\r\n"),
       GREETING "C: EHLO [IPv6:::1]\n" OFFERED_OUT},
      {"HELO", DIALOGUE_IN("HELO localhost\r\n"),
       GREETING "C: HELO localhost\nS: 250 localhost greets you\n"},
      {"NUL", DIALOGUE_IN("EHLO x\000\r\n" NOOP),
       GREETING "C: (malformed)\n"
                "! nul @9\n"
                "S: 500 5.5.2 Line malformed\n" NOOP_OUT},
      {"CRLF", DIALOGUE_IN("EHLO a\r\nEHLO b\r\n"),
       GREETING "C: EHLO a\n" OFFERED_OUT "C: EHLO b\n" OFFERED_OUT},
      {"CR", DIALOGUE_IN("EHLO a\rb\r\n" NOOP),
       GREETING "C: (malformed)\n"
                "! bare-cr @10\n"
                "S: 500 5.5.2 Line malformed\n" NOOP_OUT},
      {"LF", DIALOGUE_IN("EHLO a\nb\r\n" NOOP),
       GREETING "C: (malformed)\n"
                "! bare-lf @10\n"
                "S: 500 5.5.2 Line malformed\n" NOOP_OUT},
  };
  static const dialogue_line bad[] = {
      {"EHLO a b", "command-syntax", ARGUMENT_BAD},
      {"EHLO ", "command-syntax", ARGUMENT_BAD},
      {"EHLO  a", "command-syntax", ARGUMENT_BAD},
      {"EHLO a ", "command-syntax", ARGUMENT_BAD},
      {"EHLO $(id)", "command-syntax", ARGUMENT_BAD},
      {"EHLO `id`", "command-syntax", ARGUMENT_BAD},
      {"EHLO ${run{id}}", "command-syntax", ARGUMENT_BAD},
      {"EHLO a_b", "command-syntax", ARGUMENT_BAD},
      {"EHLO -a", "command-syntax", ARGUMENT_BAD},
      {"EHLO a..b", "command-syntax", ARGUMENT_BAD},
      {"EHLO a.", "command-syntax", ARGUMENT_BAD},
      {"EHLO <a>", "command-syntax", ARGUMENT_BAD},
      {"EHLO a\tb", "command-syntax", ARGUMENT_BAD},
      {"EHLO a\033b", "command-syntax", ARGUMENT_BAD},
      {"EHLO [127.0.0.1", "command-syntax", ARGUMENT_BAD},
      {"EHLO [127.0.0.1] x", "command-syntax", ARGUMENT_BAD},
      {"HELO [127.0.0.1]", "command-syntax", ARGUMENT_BAD},
  };
  static const dialogue_scene none = {"", GREETING, 0};
  const smtpc_server_policy policy = strict_policy();
  ROWS(policy, good);
  LINES(policy, none, bad);
  smtpc_server_policy lax = strict_policy();
  lax.quirks = SMTPC_QUIRK_HELLO_NAME;
  static const dialogue_row named[] = {
      {"shell", DIALOGUE_IN("EHLO $(id)\r\n"),
       GREETING "C: EHLO $(id)\n"
                "! quirk-hello-name @12\n" OFFERED_OUT},
      {"reply", DIALOGUE_IN("EHLO 250 OK <a@b>\r\n"),
       GREETING "C: EHLO 250 OK <a@b>\n"
                "! quirk-hello-name @19\n" OFFERED_OUT},
      {"escape", DIALOGUE_IN("EHLO a\033[2J\r\n"),
       GREETING "C: EHLO a\\x1b[2J\n"
                "! command-syntax @12\n"
                "S: 501 5.5.4 Syntax error in parameters or arguments\n"},
  };
  ROWS(lax, named);
}

static void test_cmd_13_ten_kilobytes(void **state) {
  (void)state;
  const smtpc_server_policy policy = strict_policy();
  char *line = dialogue_filled("EHLO ", 'a', 10235u, "\r\n" NOOP);
  dialogue_octets(&policy, "10 KB", line, strlen(line),
                  GREETING
                  "C: (malformed)\n"
                  "! line-too-long @10242\n"
                  "S: 500 5.5.2 Line too long\n" NOOP_OUT);
  free(line);
}

// A proxy in front says the name in xtext: no CR or LF comes out of that.
static void test_cmd_13_name_by_a_proxy(void **state) {
  (void)state;
  static const dialogue_line rows[] = {
      {"XFORWARD HELO=a.example", NULL, "250 2.0.0 Attributes taken"},
      {"XFORWARD HELO=a+0D+0AQUIT", "param-refused", ARGUMENT_BAD},
      {"XFORWARD HELO=a+0Ab", "param-refused", ARGUMENT_BAD},
      {"XFORWARD HELO=a+00", "param-refused", ARGUMENT_BAD},
      {"XCLIENT HELO=a+0D+0AQUIT", "param-refused", ARGUMENT_BAD},
      {"XCLIENT NAME=a+0D+0A", "param-refused", ARGUMENT_BAD},
      {"XCLIENT LOGIN=a+0D+0A", "param-refused", ARGUMENT_BAD},
  };
  static const dialogue_scene hello = {
      HELLO,
      GREETING
      "C: EHLO a.example\n"
      "S: 250-localhost greets you\n"
      "S: 250-XCLIENT NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT\n"
      "S: 250-XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE\n"
      "S: 250 ENHANCEDSTATUSCODES\n",
      0};
  smtpc_server_policy policy = strict_policy();
  policy.offered = SMTPC_OFFERS(XCLIENT) | SMTPC_OFFERS(XFORWARD) |
                   SMTPC_OFFERS(ENHANCEDSTATUSCODES);
  LINES(policy, hello, rows);
}

// ------------------------------------------------------------- CMD-14: pipelining

// One reply for each command, in order, also where RFC 2920 wants a command to be the
// last of its group (docs/decisions/0005).
static void test_cmd_14_pipelining(void **state) {
  (void)state;
  static const dialogue_row rows[] = {
      {"all in one",
       DIALOGUE_IN(HELLO NOOP "VRFY x\r\nEXPN x\r\nHELP\r\n" MAIL RCPT DATA
                              "body\r\n.\r\n" MAIL RCPT "BDAT 1 LAST\r\nx" NOOP
                              "QUIT\r\n" NOOP),
       HELLO_OUT NOOP_OUT
       "C: VRFY x\n"
       "S: 252 2.5.0 Send some mail, I will try\n"
       "C: EXPN x\n"
       "! command-unknown @38\n"
       "S: 502 5.5.1 Command not implemented\n"
       "C: HELP\n"
       "S: 214 2.0.0 See RFC 5321\n" MAIL_OUT RCPT_OUT DATA_OUT
       "M: 6 octets, stored\n" STORED_OUT MAIL_OUT RCPT_OUT "C: BDAT 1 LAST\n"
       "M: 1 octets, stored\n" STORED_OUT NOOP_OUT "C: QUIT\n"
       "S: 221 2.0.0 Closing connection\n"
       ". close quit\n"},
      {"all recipients refused",
       DIALOGUE_IN(
           HELLO MAIL
           "RCPT TO:<no@b.example>\r\nRCPT TO:<relay@b.example>\r\n" DATA
           "RSET\r\n" MAIL),
       HELLO_OUT MAIL_OUT "C: RCPT TO:<no@b.example>\n"
                          "! recipient-refused @65\n"
                          "S: 550 5.1.1 No such mailbox here\n"
                          "C: RCPT TO:<relay@b.example>\n"
                          "! relay-refused @92\n"
                          "S: 550 5.7.1 Relaying refused\n"
                          "C: DATA\n"
                          "! command-sequence @98\n" NOBODY_OUT "C: RSET\n"
                          "M: dropped\n"
                          "S: 250 2.0.0 Reset\n" MAIL_OUT},
      {"and the body sent all the same",
       DIALOGUE_IN(HELLO MAIL "RCPT TO:<no@b.example>\r\n" DATA
                              "Subject: x\r\n\r\nRSET\r\n" MAIL RCPT DATA
                              "x\r\n.\r\n"),
       HELLO_OUT MAIL_OUT
       "C: RCPT TO:<no@b.example>\n"
       "! recipient-refused @65\n"
       "S: 550 5.1.1 No such mailbox here\n"
       "C: DATA\n"
       "! command-sequence @71\n" NOBODY_OUT "C: Subject: x\n"
       "! foreign-protocol @83\n"
       "M: dropped\n"
       "S: 554 5.5.0 This is an SMTP server, closing connection\n"
       ". close protocol foreign-protocol\n"},
      {"body that is no command",
       DIALOGUE_IN(HELLO MAIL "RCPT TO:<no@b.example>\r\n" DATA
                              "body\r\n.\r\n" NOOP),
       HELLO_OUT MAIL_OUT "C: RCPT TO:<no@b.example>\n"
                          "! recipient-refused @65\n"
                          "S: 550 5.1.1 No such mailbox here\n"
                          "C: DATA\n"
                          "! command-sequence @71\n" NOBODY_OUT "C: body\n"
                          "! command-unknown @77\n" NO_VERB_OUT "C: .\n"
                          "! command-unknown @80\n" NO_VERB_OUT NOOP_OUT},
      {"some recipients refused",
       DIALOGUE_IN(HELLO MAIL "RCPT TO:<no@b.example>\r\n" RCPT DATA
                              "NOOP\r\n.\r\n"),
       HELLO_OUT MAIL_OUT
       "C: RCPT TO:<no@b.example>\n"
       "! recipient-refused @65\n"
       "S: 550 5.1.1 No such mailbox here\n" RCPT_OUT DATA_OUT
       "M: 6 octets, stored\n" STORED_OUT},
      {"sender refused",
       DIALOGUE_IN(HELLO "MAIL FROM:<no@a.example>\r\n" RCPT DATA "QUIT\r\n"),
       HELLO_OUT "C: MAIL FROM:<no@a.example>\n"
                 "! sender-refused @42\n"
                 "S: 550 5.7.1 Sender refused\n"
                 "C: RCPT TO:<r@b.example>\n"
                 "! command-sequence @65\n" SEQUENCE_OUT "C: DATA\n"
                 "! command-sequence @71\n" SEQUENCE_OUT "C: QUIT\n"
                 "S: 221 2.0.0 Closing connection\n"
                 ". close quit\n"},
  };
  const smtpc_server_policy policy = strict_policy();
  ROWS(policy, rows);
}

static void test_cmd_14_starttls_is_last(void **state) {
  (void)state;
  smtpc_server_policy policy = strict_policy();
  policy.tls = SMTPC_SERVER_TLS_ON;
  policy.certificate = 1u;
  policy.offered |= SMTPC_OFFERS(STARTTLS);
  static smtpc_mem_server mem;
  memset(&mem, 0, sizeof mem);
  smtpc_mem_server_begin(&mem, &policy);
  feed(&mem, HELLO);
  smtpc_octets_clear(&mem.trace);
  feed(&mem, "STARTTLS\r\n" NOOP);
  static const char want[] =
      "C: STARTTLS\n! starttls-pipelined @26\n"
      "S: 554 5.5.0 Octets follow STARTTLS, closing connection\n"
      ". close protocol starttls-pipelined\n";
  test_octets(mem.trace.data, mem.trace.len, want, sizeof want - 1u);
  smtpc_mem_server_free(&mem);
}

// ---------------------------------------------------------- CMD-15: who is asked what

// What the shim was asked: S sender, R recipient, M message, P peer, C credentials.
typedef struct asked {
  char log[64];
  size_t len;
  smtpc_answer message;
} asked;

static smtpc_answer note(void *user, const smtpc_mem_server *server,
                         const smtpc_action *action) {
  asked *a = user;
  char what = '?';
  (void)server;
  if (action->kind == SMTPC_DO_ASK_SENDER) {
    what = 'S';
  } else if (action->kind == SMTPC_DO_ASK_RECIPIENT) {
    what = 'R';
  } else if (action->kind == SMTPC_DO_ASK_MESSAGE) {
    what = 'M';
  } else if (action->kind == SMTPC_DO_ASK_CREDENTIALS) {
    what = 'C';
  }
  assert_true(a->len < sizeof a->log);
  a->log[a->len] = what;
  a->len++;
  return what == 'M' ? a->message : SMTPC_ANSWER_YES;
}

// Each MAIL, RCPT and message is judged once, by the session it is a part of; a
// message that is refused takes its sender's verdict with it (Postfix 20260803).
static void test_cmd_15_policy_is_asked_each_time(void **state) {
  (void)state;
  static const struct {
    const char *in;
    smtpc_answer message;
    const char *want;
  } rows[] = {
      {HELLO MAIL RCPT RCPT DATA "x\r\n.\r\n" MAIL RCPT DATA "y\r\n.\r\n",
       SMTPC_ANSWER_YES, "SRRMSRM"},
      {HELLO MAIL RCPT DATA "x\r\n.\r\n" RCPT DATA MAIL RCPT, SMTPC_ANSWER_NO,
       "SRMSR"},
      {HELLO MAIL RCPT DATA "x\r\n.\r\n" RCPT DATA MAIL RCPT,
       SMTPC_ANSWER_NOT_NOW, "SRMSR"},
      {HELLO MAIL RCPT DATA "x\r\n.\r\n" RCPT DATA MAIL RCPT, SMTPC_ANSWER_FULL,
       "SRMSR"},
      {HELLO MAIL RCPT "BDAT 1\r\nxBDAT 1 LAST\r\nyBDAT 1 LAST\r\nz",
       SMTPC_ANSWER_YES, "SRM"},
      {HELLO MAIL RCPT "BDAT 1 LAST\r\nx" RCPT "BDAT 1 LAST\r\ny",
       SMTPC_ANSWER_NO, "SRM"},
      {HELLO MAIL MAIL RCPT "RSET\r\n" RCPT MAIL RCPT, SMTPC_ANSWER_YES,
       "SRSR"},
      {HELLO MAIL RCPT HELLO DATA RCPT MAIL RCPT, SMTPC_ANSWER_YES, "SRSR"},
      {RCPT MAIL HELLO RCPT "MAIL FROM:<a b>\r\nMAIL FROM:<a@b> FOO\r\n" MAIL
                            "RCPT TO:<>\r\n" RCPT,
       SMTPC_ANSWER_YES, "SR"},
  };
  const smtpc_server_policy policy = strict_policy();
  for (size_t i = 0u; i < DIALOGUE_COUNT(rows); i++) {
    for (size_t cut = 0u; cut <= TEST_CUT_MAX; cut++) {
      smtpc_mem_server mem = {0};
      asked a = {{0}, 0u, rows[i].message};
      mem.answer = note;
      mem.answer_user = &a;
      smtpc_mem_server_begin(&mem, &policy);
      (void)smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_PLAIN, rows[i].in,
                                  strlen(rows[i].in), cut);
      test_label("row %zu, cut %zu", i, cut);
      test_octets(a.log, a.len, rows[i].want, strlen(rows[i].want));
      smtpc_mem_server_free(&mem);
    }
  }
}

// AUTH that is demanded is demanded of each way to send; RSET in an exchange is a
// response; what was proved stays with the session.
static void test_cmd_15_auth_holds_for_every_command(void **state) {
  (void)state;
  static const dialogue_row rows[] = {
      {"MAIL, RCPT, DATA, BDAT without AUTH",
       DIALOGUE_IN(HELLO MAIL RCPT DATA "BDAT 6 LAST\r\nNOOP\r\nRSET\r\n" MAIL),
       GREETING "C: EHLO a.example\n"
                "S: 250-localhost greets you\n"
                "S: 250-SIZE 1000\n"
                "S: 250-AUTH SCRAM-SHA-256 SCRAM-SHA-1 CRAM-MD5 PLAIN LOGIN\n"
                "S: 250-CHUNKING\n"
                "S: 250 ENHANCEDSTATUSCODES\n"
                "C: MAIL FROM:<s@a.example>\n"
                "! auth-required @41\n"
                "S: 530 5.7.0 Authentication required\n"
                "C: RCPT TO:<r@b.example>\n"
                "! command-sequence @64\n" SEQUENCE_OUT "C: DATA\n"
                "! command-sequence @70\n" SEQUENCE_OUT "C: BDAT 6 LAST\n"
                "! command-sequence @83\n"
                "! chunk-refused @89\n"
                "S: 503 5.5.1 No transaction for this chunk\n"
                "C: RSET\n"
                "S: 250 2.0.0 Reset\n"
                "C: MAIL FROM:<s@a.example>\n"
                "! auth-required @120\n"
                "S: 530 5.7.0 Authentication required\n"},
      {"RSET in AUTH", DIALOGUE_IN(HELLO "AUTH PLAIN\r\nRSET\r\n" MAIL),
       GREETING "C: EHLO a.example\n"
                "S: 250-localhost greets you\n"
                "S: 250-SIZE 1000\n"
                "S: 250-AUTH SCRAM-SHA-256 SCRAM-SHA-1 CRAM-MD5 PLAIN LOGIN\n"
                "S: 250-CHUNKING\n"
                "S: 250 ENHANCEDSTATUSCODES\n"
                "C: AUTH PLAIN\n"
                "! auth-in-clear @28\n"
                "S: 334 \n"
                "C: (secret)\n"
                "! auth-syntax @34\n"
                "S: 501 5.5.2 Cannot decode authentication response\n"
                "C: MAIL FROM:<s@a.example>\n"
                "! auth-required @59\n"
                "S: 530 5.7.0 Authentication required\n"},
      {"MAIL in AUTH", DIALOGUE_IN(HELLO "AUTH LOGIN\r\n" MAIL MAIL),
       GREETING "C: EHLO a.example\n"
                "S: 250-localhost greets you\n"
                "S: 250-SIZE 1000\n"
                "S: 250-AUTH SCRAM-SHA-256 SCRAM-SHA-1 CRAM-MD5 PLAIN LOGIN\n"
                "S: 250-CHUNKING\n"
                "S: 250 ENHANCEDSTATUSCODES\n"
                "C: AUTH LOGIN\n"
                "! auth-in-clear @28\n"
                "S: 334 VXNlcm5hbWU6\n"
                "C: (secret)\n"
                "! auth-syntax @53\n"
                "S: 501 5.5.2 Cannot decode authentication response\n"
                "C: MAIL FROM:<s@a.example>\n"
                "! auth-required @78\n"
                "S: 530 5.7.0 Authentication required\n"},
      {"AUTH, then two messages, one by BDAT",
       DIALOGUE_IN(HELLO "AUTH PLAIN AHVzZXIAc2VjcmV0\r\n" MAIL RCPT DATA
                         "x\r\n.\r\n" MAIL RCPT "BDAT 1 LAST\r\ny"),
       GREETING
       "C: EHLO a.example\n"
       "S: 250-localhost greets you\n"
       "S: 250-SIZE 1000\n"
       "S: 250-AUTH SCRAM-SHA-256 SCRAM-SHA-1 CRAM-MD5 PLAIN LOGIN\n"
       "S: 250-CHUNKING\n"
       "S: 250 ENHANCEDSTATUSCODES\n"
       "C: (secret)\n"
       "! auth-in-clear @45\n"
       "S: 235 2.7.0 Authentication succeeded\n" MAIL_OUT RCPT_OUT DATA_OUT
       "M: 3 octets, stored\n" STORED_OUT MAIL_OUT RCPT_OUT "C: BDAT 1 LAST\n"
       "M: 1 octets, stored\n" STORED_OUT},
  };
  smtpc_server_policy policy = strict_policy();
  policy.auth = SMTPC_AUTH_REQUIRED;
  policy.quirks = SMTPC_QUIRK_AUTH_IN_CLEAR;
  policy.offered |= SMTPC_OFFERS(AUTH);
  ROWS(policy, rows);
}

// --------------------------------------------- CMD-16: ETRN, VRFY, EXPN and HELP

// The answer says nothing about the argument.
static void test_cmd_16_constant_answers(void **state) {
  (void)state;
#define MAYBE "252 2.5.0 Send some mail, I will try"
  static const dialogue_line rows[] = {
      {"ETRN a.example", "command-unknown", OFF},
      {"ETRN @a.example", "command-unknown", OFF},
      {"ETRN #queue", "command-unknown", OFF},
      {"ETRN #','');ATTACH DATABASE '/tmp/x' AS y;--", "command-unknown", OFF},
      {"ETRN a' OR 1=1 --", "command-unknown", OFF},
      {"ETRN", "command-unknown", OFF},
      {"ETRN \a", "command-unknown", OFF},
      {"EXPN list", "command-unknown", OFF},
      {"EXPN no", "command-unknown", OFF},
      {"EXPN", "command-unknown", OFF},
      {"VRFY postmaster", NULL, MAYBE},
      {"VRFY root", NULL, MAYBE},
      {"VRFY no", NULL, MAYBE},
      {"VRFY no@b.example", NULL, MAYBE},
      {"VRFY <r@b.example>", NULL, MAYBE},
      {"VRFY |/bin/sh", NULL, MAYBE},
      {"HELP", NULL, "214 2.0.0 See RFC 5321"},
      {"HELP VRFY", NULL, "214 2.0.0 See RFC 5321"},
      {"HELP %n%n%n", NULL, "214 2.0.0 See RFC 5321"},
  };
  const smtpc_server_policy policy = strict_policy();
  LINES(policy, greeted, rows);
}

// ------------------------------------------------- CMD-17: what leaves the core

typedef struct fields {
  size_t seen;
} fields;

static void check_field(fields *f, const smtpc_mem_server *server,
                        smtpc_span span) {
  const uint8_t *line = server->session.line.data;
  for (size_t i = span.begin; i < span.end; i++) {
    assert_true(line[i] >= 0x20u && line[i] != 0x7fu);
  }
  f->seen += smtpc_span_len(span) > 0u ? 1u : 0u;
}

static void check_xtext(fields *f, const smtpc_mem_server *server,
                        smtpc_span span) {
  uint8_t out[600];
  size_t len = 0u;
  check_field(f, server, span);
  test_number(smtpc_xtext_decode(server->session.line.data, span, out,
                                 sizeof out, &len),
              SMTPC_OK);
  for (size_t i = 0u; i < len; i++) {
    assert_true(out[i] >= 0x20u && out[i] < 0x7fu);
  }
}

static smtpc_answer check_fields(void *user, const smtpc_mem_server *server,
                                 const smtpc_action *action) {
  fields *f = user;
  const smtpc_command *command = &server->session.command;
  const smtpc_params *params = &command->params;
  test_label("%.*s", (int)server->session.line.len,
             (const char *)server->session.line.data);
  if (action->kind == SMTPC_DO_ASK_SENDER ||
      action->kind == SMTPC_DO_ASK_RECIPIENT) {
    check_field(f, server, command->path.whole);
    check_field(f, server, command->path.local);
    check_field(f, server, command->path.domain);
    check_field(f, server, params->orcpt_type);
    check_field(f, server, params->solicit);
    check_field(f, server, params->mtrk);
    check_xtext(f, server, params->auth);
    check_xtext(f, server, params->envid);
    check_xtext(f, server, params->orcpt);
  } else if (action->kind == SMTPC_DO_ASK_PEER) {
    for (unsigned id = 0u; id < SMTPC_ATTRIBUTE_COUNT; id++) {
      check_xtext(f, server,
                  smtpc_attribute_find(server->session.line.data,
                                       command->argument, id));
    }
  } else if (action->kind == SMTPC_DO_ASK_CREDENTIALS) {
    const smtpc_sasl *sasl = &server->session.sasl;
    for (size_t i = 0u; i < sasl->name_len; i++) {
      assert_true(sasl->name[i] >= 0x20u && sasl->name[i] != 0x7fu);
    }
    f->seen++;
  }
  return SMTPC_ANSWER_YES;
}

// Each way to bring CR, LF, NUL or another control octet in: as it is, in quotes, after
// a backslash, as xtext, as base64. `%s` is one of them.
static void test_cmd_17_fields_leave_clean(void **state) {
  (void)state;
  static const char *const lines[] = {
      "MAIL FROM:<a%sb@c.example>",
      "MAIL FROM:<\"a%sb\"@c.example>",
      "MAIL FROM:<\"a\\%sb\"@c.example>",
      "MAIL FROM:<a@b%s.example>",
      "MAIL FROM:<a@[tag:%s]>",
      "MAIL FROM:<@a%s:b@c>",
      "MAIL FROM:<a@b> AUTH=a%s@b",
      "MAIL FROM:<a@b> ENVID=a%sb",
      "MAIL FROM:<a@b> SOLICIT=a%sb",
      "MAIL FROM:<a@b> MTRK=YWJjZGVmZ2hpamtsbW5vcHFyc%s0",
      "MAIL FROM:<a@b> %s",
      "RCPT TO:<a%sb@c.example>",
      "RCPT TO:<\"a\\%sb\"@c.example>",
      "RCPT TO:<a@b> ORCPT=rfc%s822;a",
      "RCPT TO:<a@b> ORCPT=rfc822;a%sb",
      "XFORWARD HELO=a%sb IDENT=x",
      "XFORWARD IDENT=a%sb",
      "XFORWARD NAME=a%sb",
      "XFORWARD ADDR=192.0.2.%s1",
      "AUTH PLAIN AHVz%sZXIAc2VjcmV0",
  };
  static const char *const octets[] = {
      "",         "\r",           "\n",       "\r\n",      "\001", "\t",
      "\033",     "\177",         "+0A",      "+0D+0A",    "+00",  "+7F",
      "+2B",      "+0a",          "%0A",      "\\n",       "=0A",  "&#10;",
      "\302\205", "\342\200\250", "\r\nRSET", "+0D+0ARCPT"};
  smtpc_server_policy policy = strict_policy();
  policy.auth = SMTPC_AUTH_ON;
  policy.quirks = SMTPC_QUIRK_AUTH_IN_CLEAR | SMTPC_QUIRK_LINE_LF;
  policy.offered = SMTPC_OFFERS(SIZE) | SMTPC_OFFERS(SMTPUTF8) |
                   SMTPC_OFFERS(DSN) | SMTPC_OFFERS(AUTH) |
                   SMTPC_OFFERS(NO_SOLICITING) | SMTPC_OFFERS(MTRK) |
                   SMTPC_OFFERS(XFORWARD);
  fields f = {0u};
  for (size_t i = 0u; i < DIALOGUE_COUNT(lines); i++) {
    for (size_t k = 0u; k < DIALOGUE_COUNT(octets); k++) {
      const char *at = strstr(lines[i], "%s");
      const size_t head = (size_t)(at - lines[i]);
      smtpc_mem_server mem = {0};
      mem.answer = check_fields;
      mem.answer_user = &f;
      smtpc_mem_server_begin(&mem, &policy);
      feed(&mem, HELLO);
      feed(&mem, lines[i][0] == 'R' ? "MAIL FROM:<> SMTPUTF8\r\n" : "");
      (void)smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_PLAIN, lines[i], head,
                                  0u);
      feed(&mem, octets[k]);
      feed(&mem, at + 2);
      feed(&mem, lines[i][0] == 'M' ? " SMTPUTF8\r\n" : "\r\n");
      smtpc_mem_server_free(&mem);
    }
  }
  // Some of it is harmless and went through, or nothing was looked at.
  assert_true(f.seen > 100u);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_cmd_11_recipients),
      cmocka_unit_test(test_cmd_11_count_is_stable),
      cmocka_unit_test(test_cmd_11_flood_ends),
      cmocka_unit_test(test_cmd_12_verb_table),
      cmocka_unit_test(test_cmd_13_ehlo_argument),
      cmocka_unit_test(test_cmd_13_ten_kilobytes),
      cmocka_unit_test(test_cmd_13_name_by_a_proxy),
      cmocka_unit_test(test_cmd_14_pipelining),
      cmocka_unit_test(test_cmd_14_starttls_is_last),
      cmocka_unit_test(test_cmd_15_policy_is_asked_each_time),
      cmocka_unit_test(test_cmd_15_auth_holds_for_every_command),
      cmocka_unit_test(test_cmd_16_constant_answers),
      cmocka_unit_test(test_cmd_17_fields_leave_clean),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
