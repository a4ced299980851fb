// The receiving session behind others: LMTP, the PROXY header, XCLIENT and XFORWARD.

#include "shim/mem/dialogue_testing.h"

#define RUN(policy, rows) dialogue_rows(&(policy), rows, DIALOGUE_COUNT(rows))

#define GREETING "S: 220 localhost SMTP service ready\n"
#define HELLO_OUT                 \
  "S: 250-localhost greets you\n" \
  "S: 250-SIZE 1000\n"            \
  "S: 250 CHUNKING\n"

static void test_server_lmtp_greets_with_lhlo_alone(void **state) {
  (void)state;
  static const dialogue_row rows[] = {
      {"EHLO, HELO, MAIL before LHLO",
       DIALOGUE_IN("EHLO a.example\r\n"
                   "HELO a.example\r\n"
                   "MAIL FROM:<s@a.example>\r\n"
                   "LHLO a.example\r\n"
                   "NOOP\r\n"),
       GREETING "C: EHLO a.example\n"
                "! command-unknown @16\n"
                "S: 500 This is LMTP: send LHLO\n"
                "C: HELO a.example\n"
                "! command-unknown @32\n"
                "S: 500 This is LMTP: send LHLO\n"
                "C: MAIL FROM:<s@a.example>\n"
                "! command-sequence @57\n"
                "S: 503 Send LHLO first\n"
                "C: LHLO a.example\n" HELLO_OUT "C: NOOP\n"
                "S: 250 OK\n"},
      {"LHLO with a literal", DIALOGUE_IN("LHLO [192.0.2.1]\r\n"),
       GREETING "C: LHLO [192.0.2.1]\n" HELLO_OUT},
      {"LHLO without a name", DIALOGUE_IN("LHLO\r\n"),
       GREETING "C: LHLO\n"
                "! command-syntax @6\n"
                "S: 501 Syntax error in parameters or arguments\n"},
  };
  smtpc_server_policy policy = dialogue_server_policy();
  policy.lmtp = 1u;
  RUN(policy, rows);
}

static void test_server_lmtp_answers_for_each_recipient(void **state) {
  (void)state;
  static const dialogue_row rows[] = {
      {"DATA, one recipient refused",
       DIALOGUE_IN("LHLO a.example\r\n"
                   "MAIL FROM:<s@a.example>\r\n"
                   "RCPT TO:<r@b.example>\r\n"
                   "RCPT TO:<no@b.example>\r\n"
                   "RCPT TO:<q@b.example>\r\n"
                   "DATA\r\n"
                   "x\r\n"
                   ".\r\n"
                   "NOOP\r\n"),
       GREETING "C: LHLO a.example\n" HELLO_OUT "C: MAIL FROM:<s@a.example>\n"
                "S: 250 Sender OK\n"
                "C: RCPT TO:<r@b.example>\n"
                "S: 250 Recipient OK\n"
                "C: RCPT TO:<no@b.example>\n"
                "! recipient-refused @88\n"
                "S: 550 No such mailbox here\n"
                "C: RCPT TO:<q@b.example>\n"
                "S: 250 Recipient OK\n"
                "C: DATA\n"
                "S: 354 End data with <CR><LF>.<CR><LF>\n"
                "M: 3 octets, stored\n"
                "S: 250 Message stored\n"
                "M: 3 octets, stored\n"
                "S: 250 Message stored\n"
                "C: NOOP\n"
                "S: 250 OK\n"},
      {"BDAT LAST",
       DIALOGUE_IN("LHLO a.example\r\n"
                   "MAIL FROM:<s@a.example>\r\n"
                   "RCPT TO:<r@b.example>\r\n"
                   "RCPT TO:<q@b.example>\r\n"
                   "BDAT 1\r\n"
                   "xBDAT 2 LAST\r\n"
                   "\r\n"
                   "NOOP\r\n"),
       GREETING "C: LHLO a.example\n" HELLO_OUT "C: MAIL FROM:<s@a.example>\n"
                "S: 250 Sender OK\n"
                "C: RCPT TO:<r@b.example>\n"
                "S: 250 Recipient OK\n"
                "C: RCPT TO:<q@b.example>\n"
                "S: 250 Recipient OK\n"
                "C: BDAT 1\n"
                "S: 250 Chunk taken\n"
                "C: BDAT 2 LAST\n"
                "M: 3 octets, stored\n"
                "S: 250 Message stored\n"
                "M: 3 octets, stored\n"
                "S: 250 Message stored\n"
                "C: NOOP\n"
                "S: 250 OK\n"},
      {"no recipient",
       DIALOGUE_IN("LHLO a.example\r\n"
                   "MAIL FROM:<s@a.example>\r\n"
                   "DATA\r\n"),
       GREETING "C: LHLO a.example\n" HELLO_OUT "C: MAIL FROM:<s@a.example>\n"
                "S: 250 Sender OK\n"
                "C: DATA\n"
                "! command-sequence @47\n"
                "S: 503 No valid recipients\n"},
      {"content with a bare LF",
       DIALOGUE_IN("LHLO a.example\r\n"
                   "MAIL FROM:<s@a.example>\r\n"
                   "RCPT TO:<r@b.example>\r\n"
                   "RCPT TO:<q@b.example>\r\n"
                   "DATA\r\n"
                   "a\n"
                   "b\r\n"
                   ".\r\n"
                   "NOOP\r\n"),
       GREETING "C: LHLO a.example\n" HELLO_OUT "C: MAIL FROM:<s@a.example>\n"
                "S: 250 Sender OK\n"
                "C: RCPT TO:<r@b.example>\n"
                "S: 250 Recipient OK\n"
                "C: RCPT TO:<q@b.example>\n"
                "S: 250 Recipient OK\n"
                "C: DATA\n"
                "S: 354 End data with <CR><LF>.<CR><LF>\n"
                "M: dropped\n"
                "! content-bare-lf @94\n"
                "S: 550 Lines must end with CRLF and have no "
                "other CR, LF or NUL\n"
                "S: 550 Lines must end with CRLF and have no "
                "other CR, LF or NUL\n"
                ". close protocol content-bare-lf\n"},
      {"BDAT LAST with a bare LF",
       DIALOGUE_IN("LHLO a.example\r\n"
                   "MAIL FROM:<s@a.example>\r\n"
                   "RCPT TO:<r@b.example>\r\n"
                   "RCPT TO:<q@b.example>\r\n"
                   "BDAT 3 LAST\r\n"
                   "a\n"
                   "bNOOP\r\n"),
       GREETING "C: LHLO a.example\n" HELLO_OUT "C: MAIL FROM:<s@a.example>\n"
                "S: 250 Sender OK\n"
                "C: RCPT TO:<r@b.example>\n"
                "S: 250 Recipient OK\n"
                "C: RCPT TO:<q@b.example>\n"
                "S: 250 Recipient OK\n"
                "C: BDAT 3 LAST\n"
                "! content-bare-lf @103\n"
                "! chunk-refused @103\n"
                "M: dropped\n"
                "S: 550 Lines must end with CRLF and have no "
                "other CR, LF or NUL\n"
                "S: 550 Lines must end with CRLF and have no "
                "other CR, LF or NUL\n"
                "C: NOOP\n"
                "S: 250 OK\n"},
      {"a chunk before the last is refused once",
       DIALOGUE_IN("LHLO a.example\r\n"
                   "MAIL FROM:<s@a.example>\r\n"
                   "RCPT TO:<r@b.example>\r\n"
                   "RCPT TO:<q@b.example>\r\n"
                   "BDAT 3\r\n"
                   "a\n"
                   "bBDAT 0 LAST\r\n"
                   "NOOP\r\n"),
       GREETING "C: LHLO a.example\n" HELLO_OUT "C: MAIL FROM:<s@a.example>\n"
                "S: 250 Sender OK\n"
                "C: RCPT TO:<r@b.example>\n"
                "S: 250 Recipient OK\n"
                "C: RCPT TO:<q@b.example>\n"
                "S: 250 Recipient OK\n"
                "C: BDAT 3\n"
                "! content-bare-lf @98\n"
                "! chunk-refused @98\n"
                "M: dropped\n"
                "S: 550 Lines must end with CRLF and have no "
                "other CR, LF or NUL\n"
                "C: BDAT 0 LAST\n"
                "! command-sequence @111\n"
                "! chunk-refused @111\n"
                "S: 503 No transaction for this chunk\n"
                "C: NOOP\n"
                "S: 250 OK\n"},
  };
  smtpc_server_policy policy = dialogue_server_policy();
  policy.lmtp = 1u;
  RUN(policy, rows);
}

static void test_server_lmtp_answers_for_each_recipient_of_a_big_message(
    void **state) {
  (void)state;
  static const dialogue_row rows[] = {
      {"DATA",
       DIALOGUE_IN("LHLO a.example\r\n"
                   "MAIL FROM:<s@a.example>\r\n"
                   "RCPT TO:<r@b.example>\r\n"
                   "RCPT TO:<q@b.example>\r\n"
                   "DATA\r\n"
                   "abc\r\n"
                   ".\r\n"
                   "NOOP\r\n"),
       GREETING "C: LHLO a.example\n"
                "S: 250-localhost greets you\n"
                "S: 250-SIZE 2\n"
                "S: 250 CHUNKING\n"
                "C: MAIL FROM:<s@a.example>\n"
                "S: 250 Sender OK\n"
                "C: RCPT TO:<r@b.example>\n"
                "S: 250 Recipient OK\n"
                "C: RCPT TO:<q@b.example>\n"
                "S: 250 Recipient OK\n"
                "C: DATA\n"
                "S: 354 End data with <CR><LF>.<CR><LF>\n"
                "! size-exceeded @93\n"
                "M: dropped\n"
                "S: 552 Message too big\n"
                "S: 552 Message too big\n"
                "C: NOOP\n"
                "S: 250 OK\n"},
      {"BDAT",
       DIALOGUE_IN("LHLO a.example\r\n"
                   "MAIL FROM:<s@a.example>\r\n"
                   "RCPT TO:<r@b.example>\r\n"
                   "RCPT TO:<q@b.example>\r\n"
                   "BDAT 3 LAST\r\n"
                   "x\r\n"
                   "NOOP\r\n"),
       GREETING "C: LHLO a.example\n"
                "S: 250-localhost greets you\n"
                "S: 250-SIZE 2\n"
                "S: 250 CHUNKING\n"
                "C: MAIL FROM:<s@a.example>\n"
                "S: 250 Sender OK\n"
                "C: RCPT TO:<r@b.example>\n"
                "S: 250 Recipient OK\n"
                "C: RCPT TO:<q@b.example>\n"
                "S: 250 Recipient OK\n"
                "C: BDAT 3 LAST\n"
                "! size-exceeded @100\n"
                "M: dropped\n"
                "! chunk-refused @103\n"
                "S: 552 Message too big\n"
                "S: 552 Message too big\n"
                "C: NOOP\n"
                "S: 250 OK\n"},
  };
  smtpc_server_policy policy = dialogue_server_policy();
  policy.lmtp = 1u;
  policy.size_max = 2u;
  RUN(policy, rows);
}

static void test_server_lhlo_is_off_without_lmtp(void **state) {
  (void)state;
  static const dialogue_row rows[] = {
      {"LHLO",
       DIALOGUE_IN("EHLO a.example\r\n"
                   "LHLO a.example\r\n"
                   "NOOP\r\n"),
       GREETING "C: EHLO a.example\n" HELLO_OUT "C: LHLO a.example\n"
                "! command-unknown @32\n"
                "S: 502 Command not implemented\n"
                "C: NOOP\n"
                "S: 250 OK\n"},
  };
  const smtpc_server_policy policy = dialogue_server_policy();
  RUN(policy, rows);
}

static void test_server_proxy_header_comes_first(void **state) {
  (void)state;
  static const dialogue_row rows[] = {
      {"TCP4",
       DIALOGUE_IN("PROXY TCP4 192.0.2.1 198.51.100.1 1025 25\r\n"
                   "EHLO a.example\r\n"),
       GREETING "C: EHLO a.example\n" HELLO_OUT},
      {"TCP6",
       DIALOGUE_IN("PROXY TCP6 2001:db8::1 2001:db8::2 1025 25\r\n"
                   "NOOP\r\n"),
       GREETING "C: NOOP\n"
                "S: 250 OK\n"},
      {"UNKNOWN",
       DIALOGUE_IN("PROXY UNKNOWN\r\n"
                   "NOOP\r\n"),
       GREETING "C: NOOP\n"
                "S: 250 OK\n"},
      {"none", DIALOGUE_IN("EHLO a.example\r\n"),
       "! proxy-malformed @0\n"
       ". close protocol proxy-malformed\n"},
      {"one letter", DIALOGUE_IN("P\r\n"),
       "! proxy-malformed @3\n"
       ". close protocol proxy-malformed\n"},
      {"no address", DIALOGUE_IN("PROXY TCP4 x\r\n"),
       "! proxy-malformed @14\n"
       ". close protocol proxy-malformed\n"},
      {"UDP4", DIALOGUE_IN("PROXY UDP4 192.0.2.1 198.51.100.1 1025 25\r\n"),
       "! proxy-malformed @43\n"
       ". close protocol proxy-malformed\n"},
      {"lower case", DIALOGUE_IN("proxy UNKNOWN\r\n"),
       "! proxy-malformed @0\n"
       ". close protocol proxy-malformed\n"},
      {"two spaces", DIALOGUE_IN("PROXY  UNKNOWN\r\n"),
       "! proxy-malformed @16\n"
       ". close protocol proxy-malformed\n"},
      {"bare LF",
       DIALOGUE_IN("PROXY UNKNOWN\n"
                   "NOOP\r\n"),
       "! proxy-malformed @20\n"
       ". close protocol proxy-malformed\n"},
      {"108 octets",
       DIALOGUE_IN("PROXY UNKNOWN xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                   "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                   "xxxxxxxxxxxxxxxxxx\r\n"),
       "! proxy-malformed @108\n"
       ". close protocol proxy-malformed\n"},
  };
  smtpc_server_policy policy = dialogue_server_policy();
  policy.proxy = 1u;
  RUN(policy, rows);
}

static void test_server_proxy_header_version_2(void **state) {
  (void)state;
  static const dialogue_row rows[] = {
      {"TCP over IPv4",
       DIALOGUE_IN(
           "\r\n"
           "\r\n"
           "\000\r\n"
           "QUIT\n"
           "!\021\000\014\300\000\002\001\3063d\001\004\001\000\031NOOP\r\n"
           ""),
       GREETING "C: NOOP\n"
                "S: 250 OK\n"},
      {"a field behind the addresses",
       DIALOGUE_IN("\r\n"
                   "\r\n"
                   "\000\r\n"
                   "QUIT\n"
                   "!\021\000\020\300\000\002\001\3063d\001\004\001\000\031\004"
                   "\000\001xNOOP\r\n"
                   ""),
       GREETING "C: NOOP\n"
                "S: 250 OK\n"},
      {"a field that is cut short",
       DIALOGUE_IN("\r\n"
                   "\r\n"
                   "\000\r\n"
                   "QUIT\n"
                   "!\021\000\020\300\000\002\001\3063d\001\004\001\000\031\004"
                   "\000\002xNOOP\r\n"
                   ""),
       "! proxy-malformed @32\n"
       ". close protocol proxy-malformed\n"},
      {"LOCAL",
       DIALOGUE_IN("\r\n"
                   "\r\n"
                   "\000\r\n"
                   "QUIT\n"
                   " \000\000\000NOOP\r\n"),
       GREETING "C: NOOP\n"
                "S: 250 OK\n"},
      {"version 3",
       DIALOGUE_IN("\r\n"
                   "\r\n"
                   "\000\r\n"
                   "QUIT\n"
                   "1\000\000\000NOOP\r\n"),
       "! proxy-malformed @16\n"
       ". close protocol proxy-malformed\n"},
      {"UDP",
       DIALOGUE_IN(
           "\r\n"
           "\r\n"
           "\000\r\n"
           "QUIT\n"
           "!\022\000\014\300\000\002\001\3063d\001\004\001\000\031NOOP\r\n"
           ""),
       "! proxy-malformed @28\n"
       ". close protocol proxy-malformed\n"},
      {"addresses missing",
       DIALOGUE_IN("\r\n"
                   "\r\n"
                   "\000\r\n"
                   "QUIT\n"
                   "!\021\000\000NOOP\r\n"),
       "! proxy-malformed @16\n"
       ". close protocol proxy-malformed\n"},
      {"too long",
       DIALOGUE_IN("\r\n"
                   "\r\n"
                   "\000\r\n"
                   "QUIT\n"
                   "!\021\377\377NOOP\r\n"),
       "! proxy-malformed @16\n"
       ". close protocol proxy-malformed\n"},
      {"wrong signature",
       DIALOGUE_IN("\r\n"
                   "\r\n"
                   "\000\r\n"
                   "QUIZ\n"
                   "!\021\000\000NOOP\r\n"),
       "! proxy-malformed @16\n"
       ". close protocol proxy-malformed\n"},
  };
  smtpc_server_policy policy = dialogue_server_policy();
  policy.proxy = 1u;
  RUN(policy, rows);
}

static void test_server_proxy_header_is_off(void **state) {
  (void)state;
  static const dialogue_row rows[] = {
      {"PROXY is no command",
       DIALOGUE_IN("PROXY UNKNOWN\r\n"
                   "NOOP\r\n"),
       GREETING "C: PROXY UNKNOWN\n"
                "! command-unknown @15\n"
                "S: 500 Command unrecognized\n"
                "C: NOOP\n"
                "S: 250 OK\n"},
  };
  const smtpc_server_policy policy = dialogue_server_policy();
  RUN(policy, rows);
}

static void test_server_xclient_begins_the_session_anew(void **state) {
  (void)state;
  static const dialogue_row rows[] = {
      {"before EHLO",
       DIALOGUE_IN("XCLIENT ADDR=192.0.2.1\r\n"
                   "MAIL FROM:<s@a.example>\r\n"),
       GREETING "C: XCLIENT ADDR=192.0.2.1\n"
                "S: 220 localhost SMTP service ready\n"
                "C: MAIL FROM:<s@a.example>\n"
                "! command-sequence @49\n"
                "S: 503 Send EHLO or HELO first\n"},
      {"after EHLO",
       DIALOGUE_IN("EHLO a.example\r\n"
                   "XCLIENT NAME=b.example ADDR=192.0.2.1 PORT=2"
                   "5 PROTO=ESMTP HELO=x+20y LOGIN=joe\r\n"
                   "MAIL FROM:<s@a.example>\r\n"
                   "EHLO a.example\r\n"),
       GREETING "C: EHLO a.example\n"
                "S: 250-localhost greets you\n"
                "S: 250-SIZE 1000\n"
                "S: 250-CHUNKING\n"
                "S: 250 XCLIENT NAME ADDR PORT PROTO HELO LOG"
                "IN DESTADDR DESTPORT\n"
                "C: XCLIENT NAME=b.example ADDR=192.0.2.1 POR"
                "T=25 PROTO=ESMTP HELO=x+20y LOGIN=joe\n"
                "S: 220 localhost SMTP service ready\n"
                "C: MAIL FROM:<s@a.example>\n"
                "! command-sequence @121\n"
                "S: 503 Send EHLO or HELO first\n"
                "C: EHLO a.example\n"
                "S: 250-localhost greets you\n"
                "S: 250-SIZE 1000\n"
                "S: 250-CHUNKING\n"
                "S: 250 XCLIENT NAME ADDR PORT PROTO HELO LOG"
                "IN DESTADDR DESTPORT\n"},
      {"in a transaction",
       DIALOGUE_IN("EHLO a.example\r\n"
                   "MAIL FROM:<s@a.example>\r\n"
                   "XCLIENT NAME=b.example\r\n"),
       GREETING "C: EHLO a.example\n"
                "S: 250-localhost greets you\n"
                "S: 250-SIZE 1000\n"
                "S: 250-CHUNKING\n"
                "S: 250 XCLIENT NAME ADDR PORT PROTO HELO LOG"
                "IN DESTADDR DESTPORT\n"
                "C: MAIL FROM:<s@a.example>\n"
                "S: 250 Sender OK\n"
                "C: XCLIENT NAME=b.example\n"
                "! command-sequence @65\n"
                "S: 503 Bad sequence of commands\n"},
      {"unknown, doubled, empty, out of range",
       DIALOGUE_IN("EHLO a.example\r\n"
                   "XCLIENT FOO=x\r\n"
                   "XCLIENT NAME=a NAME=b\r\n"
                   "XCLIENT NAME=\r\n"
                   "XCLIENT PORT=65536\r\n"
                   "XCLIENT ADDR=2001:db8::1\r\n"
                   "XCLIENT PROTO=LMTP\r\n"
                   "XCLIENT HELO=+0D+0A\r\n"
                   "XCLIENT SOURCE=LOCAL\r\n"
                   "XCLIENT\r\n"
                   "XCLIENT NAME\r\n"),
       GREETING "C: EHLO a.example\n"
                "S: 250-localhost greets you\n"
                "S: 250-SIZE 1000\n"
                "S: 250-CHUNKING\n"
                "S: 250 XCLIENT NAME ADDR PORT PROTO HELO LOG"
                "IN DESTADDR DESTPORT\n"
                "C: XCLIENT FOO=x\n"
                "! param-refused @31\n"
                "S: 501 Syntax error in parameters or arguments\n"
                "C: XCLIENT NAME=a NAME=b\n"
                "! param-refused @54\n"
                "S: 501 Syntax error in parameters or arguments\n"
                "C: XCLIENT NAME=\n"
                "! param-refused @69\n"
                "S: 501 Syntax error in parameters or arguments\n"
                "C: XCLIENT PORT=65536\n"
                "! param-refused @89\n"
                "S: 501 Syntax error in parameters or arguments\n"
                "C: XCLIENT ADDR=2001:db8::1\n"
                "! param-refused @115\n"
                "S: 501 Syntax error in parameters or arguments\n"
                "C: XCLIENT PROTO=LMTP\n"
                "! param-refused @135\n"
                "S: 501 Syntax error in parameters or arguments\n"
                "C: XCLIENT HELO=+0D+0A\n"
                "! param-refused @156\n"
                "S: 501 Syntax error in parameters or arguments\n"
                "C: XCLIENT SOURCE=LOCAL\n"
                "! param-refused @178\n"
                "S: 501 Syntax error in parameters or arguments\n"
                "C: XCLIENT\n"
                "! command-syntax @187\n"
                "S: 501 Syntax error in parameters or arguments\n"
                "C: XCLIENT NAME\n"
                "! param-refused @201\n"
                "S: 501 Syntax error in parameters or arguments\n"},
      {"XFORWARD is not offered",
       DIALOGUE_IN("EHLO a.example\r\n"
                   "XFORWARD NAME=a\r\n"),
       GREETING "C: EHLO a.example\n"
                "S: 250-localhost greets you\n"
                "S: 250-SIZE 1000\n"
                "S: 250-CHUNKING\n"
                "S: 250 XCLIENT NAME ADDR PORT PROTO HELO LOG"
                "IN DESTADDR DESTPORT\n"
                "C: XFORWARD NAME=a\n"
                "! command-unknown @33\n"
                "S: 502 Command not implemented\n"},
  };
  smtpc_server_policy policy = dialogue_server_policy();
  policy.offered |= SMTPC_OFFERS(XCLIENT);
  RUN(policy, rows);
}

static void test_server_xforward_is_taken_between_messages(void **state) {
  (void)state;
  static const dialogue_row rows[] = {
      {"before EHLO", DIALOGUE_IN("XFORWARD NAME=a\r\n"),
       GREETING "C: XFORWARD NAME=a\n"
                "! command-sequence @17\n"
                "S: 503 Send EHLO or HELO first\n"},
      {"after EHLO",
       DIALOGUE_IN("EHLO a.example\r\n"
                   "XFORWARD NAME=[UNAVAILABLE] ADDR=IPV6:2001:d"
                   "b8::1 SOURCE=REMOTE IDENT=4711\r\n"
                   "MAIL FROM:<s@a.example>\r\n"),
       GREETING "C: EHLO a.example\n"
                "S: 250-localhost greets you\n"
                "S: 250-SIZE 1000\n"
                "S: 250-CHUNKING\n"
                "S: 250 XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE\n"
                "C: XFORWARD NAME=[UNAVAILABLE] ADDR=IPV6:200"
                "1:db8::1 SOURCE=REMOTE IDENT=4711\n"
                "S: 250 Attributes taken\n"
                "C: MAIL FROM:<s@a.example>\n"
                "S: 250 Sender OK\n"},
      {"XCLIENT's own attribute",
       DIALOGUE_IN("EHLO a.example\r\n"
                   "XFORWARD LOGIN=x\r\n"),
       GREETING "C: EHLO a.example\n"
                "S: 250-localhost greets you\n"
                "S: 250-SIZE 1000\n"
                "S: 250-CHUNKING\n"
                "S: 250 XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE\n"
                "C: XFORWARD LOGIN=x\n"
                "! param-refused @34\n"
                "S: 501 Syntax error in parameters or arguments\n"},
      {"in a transaction",
       DIALOGUE_IN("EHLO a.example\r\n"
                   "MAIL FROM:<s@a.example>\r\n"
                   "XFORWARD NAME=a\r\n"),
       GREETING "C: EHLO a.example\n"
                "S: 250-localhost greets you\n"
                "S: 250-SIZE 1000\n"
                "S: 250-CHUNKING\n"
                "S: 250 XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE\n"
                "C: MAIL FROM:<s@a.example>\n"
                "S: 250 Sender OK\n"
                "C: XFORWARD NAME=a\n"
                "! command-sequence @58\n"
                "S: 503 Bad sequence of commands\n"},
  };
  smtpc_server_policy policy = dialogue_server_policy();
  policy.offered |= SMTPC_OFFERS(XFORWARD);
  RUN(policy, rows);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_server_lmtp_greets_with_lhlo_alone),
      cmocka_unit_test(test_server_lmtp_answers_for_each_recipient),
      cmocka_unit_test(
          test_server_lmtp_answers_for_each_recipient_of_a_big_message),
      cmocka_unit_test(test_server_lhlo_is_off_without_lmtp),
      cmocka_unit_test(test_server_proxy_header_comes_first),
      cmocka_unit_test(test_server_proxy_header_version_2),
      cmocka_unit_test(test_server_proxy_header_is_off),
      cmocka_unit_test(test_server_xclient_begins_the_session_anew),
      cmocka_unit_test(test_server_xforward_is_taken_between_messages),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
