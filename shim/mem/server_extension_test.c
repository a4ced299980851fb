// The receiving session with its extensions: BINARYMIME, the quirks of line ends, the
// limits that it announces, SCRAM, and the verbs that it knows and refuses.

#include "shim/mem/dialogue_testing.h"

#define RUN(policy, rows) dialogue_rows(&(policy), rows, DIALOGUE_COUNT(rows))

#define GREETING "S: 220 localhost SMTP service ready\n"
#define HELLO_OUT                 \
  "S: 250-localhost greets you\n" \
  "S: 250-SIZE 1000\n"            \
  "S: 250 CHUNKING\n"

static void test_server_known_and_refused_verbs(void **state) {
  (void)state;
  static const dialogue_row rows[] = {
      {"all of them",
       DIALOGUE_IN("EHLO a.example\r\n"
                   "MAIL FROM:<s@a.example>\r\n"
                   "RCPT TO:<r@b.example>\r\n"
                   "XCLIENT NAME=b.example\r\n"
                   "XFORWARD NAME=b.example\r\n"
                   "ETRN a.example\r\n"
                   "ATRN\r\n"
                   "SEND FROM:<a@b.example>\r\n"
                   "SOML FROM:<a@b.example>\r\n"
                   "SAML FROM:<a@b.example>\r\n"
                   "TURN\r\n"
                   "X-ANONYMOUSTLS\r\n"
                   "EXPN list\r\n"
                   "DATA\r\n"
                   "x\r\n"
                   ".\r\n"),
       GREETING "C: EHLO a.example\n" HELLO_OUT "C: MAIL FROM:<s@a.example>\n"
                "S: 250 Sender OK\n"
                "C: RCPT TO:<r@b.example>\n"
                "S: 250 Recipient OK\n"
                "C: XCLIENT NAME=b.example\n"
                "! command-unknown @88\n"
                "S: 502 Command not implemented\n"
                "C: XFORWARD NAME=b.example\n"
                "! command-unknown @113\n"
                "S: 502 Command not implemented\n"
                "C: ETRN a.example\n"
                "! command-unknown @129\n"
                "S: 502 Command not implemented\n"
                "C: ATRN\n"
                "! command-unknown @135\n"
                "S: 502 Command not implemented\n"
                "C: SEND FROM:<a@b.example>\n"
                "! command-unknown @160\n"
                "S: 502 Command not implemented\n"
                "C: SOML FROM:<a@b.example>\n"
                "! command-unknown @185\n"
                "S: 502 Command not implemented\n"
                "C: SAML FROM:<a@b.example>\n"
                "! command-unknown @210\n"
                "S: 502 Command not implemented\n"
                "C: TURN\n"
                "! command-unknown @216\n"
                "S: 502 Command not implemented\n"
                "C: X-ANONYMOUSTLS\n"
                "! command-unknown @232\n"
                "S: 502 Command not implemented\n"
                "C: EXPN list\n"
                "! command-unknown @243\n"
                "S: 502 Command not implemented\n"
                "C: DATA\n"
                "S: 354 End data with <CR><LF>.<CR><LF>\n"
                "M: 3 octets, stored\n"
                "S: 250 Message stored\n"},
      {"and unknown ones",
       DIALOGUE_IN("EHLO a.example\r\n"
                   "X-ANONYMOUSTLSX\r\n"
                   "X-ANONYMOUSTL\r\n"
                   "ETRNX a\r\n"
                   "SENDX FROM:<a@b.example>\r\n"),
       GREETING "C: EHLO a.example\n" HELLO_OUT "C: X-ANONYMOUSTLSX\n"
                "! command-unknown @33\n"
                "S: 500 Command unrecognized\n"
                "C: X-ANONYMOUSTL\n"
                "! command-unknown @48\n"
                "S: 500 Command unrecognized\n"
                "C: ETRNX a\n"
                "! command-unknown @57\n"
                "S: 500 Command unrecognized\n"
                "C: SENDX FROM:<a@b.example>\n"
                "! command-unknown @83\n"
                "S: 500 Command unrecognized\n"},
  };
  const smtpc_server_policy policy = dialogue_server_policy();
  RUN(policy, rows);
}

static void test_server_binarymime_goes_with_bdat(void **state) {
  (void)state;
  static const dialogue_row rows[] = {
      {"any octets",
       DIALOGUE_IN("EHLO a.example\r\n"
                   "MAIL FROM:<s@a.example> BODY=BINARYMIME\r\n"
                   "RCPT TO:<r@b.example>\r\n"
                   "DATA\r\n"
                   "BDAT 5 LAST\r\n"
                   "a\000\n"
                   "b\rNOOP\r\n"),
       GREETING "C: EHLO a.example\n"
                "S: 250-localhost greets you\n"
                "S: 250-SIZE 1000\n"
                "S: 250-8BITMIME\n"
                "S: 250-CHUNKING\n"
                "S: 250 BINARYMIME\n"
                "C: MAIL FROM:<s@a.example> BODY=BINARYMIME\n"
                "S: 250 Sender OK\n"
                "C: RCPT TO:<r@b.example>\n"
                "S: 250 Recipient OK\n"
                "C: DATA\n"
                "! command-sequence @86\n"
                "S: 503 BINARYMIME goes with BDAT\n"
                "C: BDAT 5 LAST\n"
                "M: 5 octets, stored\n"
                "S: 250 Message stored\n"
                "C: NOOP\n"
                "S: 250 OK\n"},
      {"NUL without it",
       DIALOGUE_IN("EHLO a.example\r\n"
                   "MAIL FROM:<s@a.example>\r\n"
                   "RCPT TO:<r@b.example>\r\n"
                   "BDAT 3\r\n"
                   "a\000bBDAT 2 LAST\r\n"
                   "xxRSET\r\n"),
       GREETING "C: EHLO a.example\n"
                "S: 250-localhost greets you\n"
                "S: 250-SIZE 1000\n"
                "S: 250-8BITMIME\n"
                "S: 250-CHUNKING\n"
                "S: 250 BINARYMIME\n"
                "C: MAIL FROM:<s@a.example>\n"
                "S: 250 Sender OK\n"
                "C: RCPT TO:<r@b.example>\n"
                "S: 250 Recipient OK\n"
                "C: BDAT 3\n"
                "! content-nul @75\n"
                "! chunk-refused @75\n"
                "M: dropped\n"
                "S: 550 Lines must end with CRLF and have no "
                "other CR, LF or NUL\n"
                "C: BDAT 2 LAST\n"
                "! command-sequence @88\n"
                "! chunk-refused @90\n"
                "S: 503 No transaction for this chunk\n"
                "C: RSET\n"
                "S: 250 Reset\n"},
      {"CRLF over two chunks",
       DIALOGUE_IN("EHLO a.example\r\n"
                   "MAIL FROM:<s@a.example>\r\n"
                   "RCPT TO:<r@b.example>\r\n"
                   "BDAT 1\r\n"
                   "\rBDAT 1 LAST\r\n"
                   "\n"
                   "NOOP\r\n"),
       GREETING "C: EHLO a.example\n"
                "S: 250-localhost greets you\n"
                "S: 250-SIZE 1000\n"
                "S: 250-8BITMIME\n"
                "S: 250-CHUNKING\n"
                "S: 250 BINARYMIME\n"
                "C: MAIL FROM:<s@a.example>\n"
                "S: 250 Sender OK\n"
                "C: RCPT TO:<r@b.example>\n"
                "S: 250 Recipient OK\n"
                "C: BDAT 1\n"
                "S: 250 Chunk taken\n"
                "C: BDAT 1 LAST\n"
                "M: 2 octets, stored\n"
                "S: 250 Message stored\n"
                "C: NOOP\n"
                "S: 250 OK\n"},
      {"CR at the end",
       DIALOGUE_IN("EHLO a.example\r\n"
                   "MAIL FROM:<s@a.example>\r\n"
                   "RCPT TO:<r@b.example>\r\n"
                   "BDAT 1 LAST\r\n"
                   "\rNOOP\r\n"),
       GREETING "C: EHLO a.example\n"
                "S: 250-localhost greets you\n"
                "S: 250-SIZE 1000\n"
                "S: 250-8BITMIME\n"
                "S: 250-CHUNKING\n"
                "S: 250 BINARYMIME\n"
                "C: MAIL FROM:<s@a.example>\n"
                "S: 250 Sender OK\n"
                "C: RCPT TO:<r@b.example>\n"
                "S: 250 Recipient OK\n"
                "C: BDAT 1 LAST\n"
                "! content-bare-cr @78\n"
                "! chunk-refused @78\n"
                "M: dropped\n"
                "S: 550 Lines must end with CRLF and have no "
                "other CR, LF or NUL\n"
                "C: NOOP\n"
                "S: 250 OK\n"},
      {"bare LF over two chunks",
       DIALOGUE_IN("EHLO a.example\r\n"
                   "MAIL FROM:<s@a.example>\r\n"
                   "RCPT TO:<r@b.example>\r\n"
                   "BDAT 1\r\n"
                   "aBDAT 1\r\n"
                   "\n"
                   "NOOP\r\n"),
       GREETING "C: EHLO a.example\n"
                "S: 250-localhost greets you\n"
                "S: 250-SIZE 1000\n"
                "S: 250-8BITMIME\n"
                "S: 250-CHUNKING\n"
                "S: 250 BINARYMIME\n"
                "C: MAIL FROM:<s@a.example>\n"
                "S: 250 Sender OK\n"
                "C: RCPT TO:<r@b.example>\n"
                "S: 250 Recipient OK\n"
                "C: BDAT 1\n"
                "S: 250 Chunk taken\n"
                "C: BDAT 1\n"
                "! content-bare-lf @82\n"
                "! chunk-refused @82\n"
                "M: dropped\n"
                "S: 550 Lines must end with CRLF and have no "
                "other CR, LF or NUL\n"
                "C: NOOP\n"
                "S: 250 OK\n"},
      {"bare CR over two chunks",
       DIALOGUE_IN("EHLO a.example\r\n"
                   "MAIL FROM:<s@a.example>\r\n"
                   "RCPT TO:<r@b.example>\r\n"
                   "BDAT 1\r\n"
                   "\rBDAT 1\r\n"
                   "xNOOP\r\n"),
       GREETING "C: EHLO a.example\n"
                "S: 250-localhost greets you\n"
                "S: 250-SIZE 1000\n"
                "S: 250-8BITMIME\n"
                "S: 250-CHUNKING\n"
                "S: 250 BINARYMIME\n"
                "C: MAIL FROM:<s@a.example>\n"
                "S: 250 Sender OK\n"
                "C: RCPT TO:<r@b.example>\n"
                "S: 250 Recipient OK\n"
                "C: BDAT 1\n"
                "S: 250 Chunk taken\n"
                "C: BDAT 1\n"
                "! content-bare-cr @82\n"
                "! chunk-refused @82\n"
                "M: dropped\n"
                "S: 550 Lines must end with CRLF and have no "
                "other CR, LF or NUL\n"
                "C: NOOP\n"
                "S: 250 OK\n"},
  };
  smtpc_server_policy policy = dialogue_server_policy();
  policy.offered |= SMTPC_OFFERS(BINARYMIME) | SMTPC_OFFERS(8BITMIME);
  RUN(policy, rows);
}

static void test_server_binarymime_is_unknown_unless_offered(void **state) {
  (void)state;
  static const dialogue_row rows[] = {
      {"BODY=BINARYMIME",
       DIALOGUE_IN("EHLO a.example\r\n"
                   "MAIL FROM:<s@a.example> BODY=BINARYMIME\r\n"
                   "MAIL FROM:<s@a.example> BODY=8BITMIME\r\n"),
       GREETING "C: EHLO a.example\n"
                "S: 250-localhost greets you\n"
                "S: 250-SIZE 1000\n"
                "S: 250-8BITMIME\n"
                "S: 250 CHUNKING\n"
                "C: MAIL FROM:<s@a.example> BODY=BINARYMIME\n"
                "! param-refused @57\n"
                "S: 501 Syntax error in parameters or arguments\n"
                "C: MAIL FROM:<s@a.example> BODY=8BITMIME\n"
                "S: 250 Sender OK\n"},
  };
  smtpc_server_policy policy = dialogue_server_policy();
  policy.offered |= SMTPC_OFFERS(8BITMIME);
  RUN(policy, rows);
}

static void test_server_quirk_line_lf_ends_commands(void **state) {
  (void)state;
  static const dialogue_row rows[] = {
      {"each command",
       DIALOGUE_IN("EHLO a.example\n"
                   "NOOP\r\n"
                   "MAIL FROM:<s@a.example>\n"
                   "RCPT TO:<r@b.example>\n"
                   "DATA\n"
                   "a\r\n"
                   ".\r\n"
                   "QUIT\n"),
       GREETING "C: EHLO a.example\n"
                "! quirk-line-lf @15\n"
                "S: 250-localhost greets you\n"
                "S: 250-SIZE 1000\n"
                "S: 250-STARTTLS\n"
                "S: 250 CHUNKING\n"
                "C: NOOP\n"
                "S: 250 OK\n"
                "C: MAIL FROM:<s@a.example>\n"
                "! quirk-line-lf @45\n"
                "S: 250 Sender OK\n"
                "C: RCPT TO:<r@b.example>\n"
                "! quirk-line-lf @67\n"
                "S: 250 Recipient OK\n"
                "C: DATA\n"
                "! quirk-line-lf @72\n"
                "S: 354 End data with <CR><LF>.<CR><LF>\n"
                "M: 3 octets, stored\n"
                "S: 250 Message stored\n"
                "C: QUIT\n"
                "! quirk-line-lf @83\n"
                "S: 221 Closing connection\n"
                ". close quit\n"},
      {"a malformed line",
       DIALOGUE_IN("NO\000OP\n"
                   "NOOP\n"),
       GREETING "C: (malformed)\n"
                "! nul @6\n"
                "! quirk-line-lf @6\n"
                "S: 500 Line malformed\n"
                "C: NOOP\n"
                "! quirk-line-lf @11\n"
                "S: 250 OK\n"},
      {"a bare CR",
       DIALOGUE_IN("NO\rOP\n"
                   "NOOP\n"),
       GREETING "C: (malformed)\n"
                "! bare-cr @6\n"
                "! quirk-line-lf @6\n"
                "S: 500 Line malformed\n"
                "C: NOOP\n"
                "! quirk-line-lf @11\n"
                "S: 250 OK\n"},
      {"two lines in one",
       DIALOGUE_IN("NOOP\n"
                   "NOOP\r\n"),
       GREETING "C: NOOP\n"
                "! quirk-line-lf @5\n"
                "S: 250 OK\n"
                "C: NOOP\n"
                "S: 250 OK\n"},
      {"BDAT",
       DIALOGUE_IN("EHLO a.example\n"
                   "MAIL FROM:<s@a.example>\n"
                   "RCPT TO:<r@b.example>\n"
                   "BDAT 1 LAST\n"
                   "xNOOP\n"),
       GREETING "C: EHLO a.example\n"
                "! quirk-line-lf @15\n"
                "S: 250-localhost greets you\n"
                "S: 250-SIZE 1000\n"
                "S: 250-STARTTLS\n"
                "S: 250 CHUNKING\n"
                "C: MAIL FROM:<s@a.example>\n"
                "! quirk-line-lf @39\n"
                "S: 250 Sender OK\n"
                "C: RCPT TO:<r@b.example>\n"
                "! quirk-line-lf @61\n"
                "S: 250 Recipient OK\n"
                "C: BDAT 1 LAST\n"
                "! quirk-line-lf @73\n"
                "M: 1 octets, stored\n"
                "S: 250 Message stored\n"
                "C: NOOP\n"
                "! quirk-line-lf @79\n"
                "S: 250 OK\n"},
      {"an end of data is no command",
       DIALOGUE_IN("EHLO a.example\n"
                   "MAIL FROM:<s@a.example>\n"
                   "RCPT TO:<r@b.example>\n"
                   "DATA\n"
                   "a\r\n"
                   ".\n"
                   ".\r\n"),
       GREETING "C: EHLO a.example\n"
                "! quirk-line-lf @15\n"
                "S: 250-localhost greets you\n"
                "S: 250-SIZE 1000\n"
                "S: 250-STARTTLS\n"
                "S: 250 CHUNKING\n"
                "C: MAIL FROM:<s@a.example>\n"
                "! quirk-line-lf @39\n"
                "S: 250 Sender OK\n"
                "C: RCPT TO:<r@b.example>\n"
                "! quirk-line-lf @61\n"
                "S: 250 Recipient OK\n"
                "C: DATA\n"
                "! quirk-line-lf @66\n"
                "S: 354 End data with <CR><LF>.<CR><LF>\n"
                "M: dropped\n"},
      {"never STARTTLS",
       DIALOGUE_IN("EHLO a.example\n"
                   "STARTTLS\n"
                   "NOOP\n"),
       GREETING "C: EHLO a.example\n"
                "! quirk-line-lf @15\n"
                "S: 250-localhost greets you\n"
                "S: 250-SIZE 1000\n"
                "S: 250-STARTTLS\n"
                "S: 250 CHUNKING\n"
                "C: STARTTLS\n"
                "! bare-lf @24\n"
                "! quirk-line-lf @24\n"
                "S: 500 Line malformed\n"
                "C: NOOP\n"
                "! quirk-line-lf @29\n"
                "S: 250 OK\n"},
  };
  smtpc_server_policy policy = dialogue_server_policy();
  policy.quirks = SMTPC_QUIRK_LINE_LF;
  policy.tls = SMTPC_SERVER_TLS_ON;
  policy.certificate = 1u;
  policy.offered |= SMTPC_OFFERS(STARTTLS);
  RUN(policy, rows);
}

static void test_server_quirk_content_lf_passes_bare_lf_on(void **state) {
  (void)state;
  static const dialogue_row rows[] = {
      {"inside a line",
       DIALOGUE_IN("EHLO a.example\r\n"
                   "MAIL FROM:<s@a.example>\r\n"
                   "RCPT TO:<r@b.example>\r\n"
                   "DATA\r\n"
                   "a\n"
                   "b\r\n"
                   ".\r\n"
                   "NOOP\r\n"),
       GREETING "C: EHLO a.example\n" HELLO_OUT "C: MAIL FROM:<s@a.example>\n"
                "S: 250 Sender OK\n"
                "C: RCPT TO:<r@b.example>\n"
                "S: 250 Recipient OK\n"
                "C: DATA\n"
                "S: 354 End data with <CR><LF>.<CR><LF>\n"
                "! quirk-content-lf @78\n"
                "M: 5 octets, stored\n"
                "S: 250 Message stored\n"
                "C: NOOP\n"
                "S: 250 OK\n"},
      {"LF . CRLF",
       DIALOGUE_IN("EHLO a.example\r\n"
                   "MAIL FROM:<s@a.example>\r\n"
                   "RCPT TO:<r@b.example>\r\n"
                   "DATA\r\n"
                   "a\n"
                   ".\r\n"
                   "MAIL FROM:<x@b.example>\r\n"
                   ".\r\n"
                   "NOOP\r\n"),
       GREETING "C: EHLO a.example\n" HELLO_OUT "C: MAIL FROM:<s@a.example>\n"
                "S: 250 Sender OK\n"
                "C: RCPT TO:<r@b.example>\n"
                "S: 250 Recipient OK\n"
                "C: DATA\n"
                "S: 354 End data with <CR><LF>.<CR><LF>\n"
                "M: dropped\n"
                "! eod-lookalike @73\n"
                "! quirk-content-lf @73\n"
                "S: 550 Lines must end with CRLF and have no "
                "other CR, LF or NUL\n"
                ". close protocol eod-lookalike\n"},
      {"LF . LF",
       DIALOGUE_IN("EHLO a.example\r\n"
                   "MAIL FROM:<s@a.example>\r\n"
                   "RCPT TO:<r@b.example>\r\n"
                   "DATA\r\n"
                   "a\n"
                   ".\n"
                   "b\r\n"
                   ".\r\n"
                   "NOOP\r\n"),
       GREETING "C: EHLO a.example\n" HELLO_OUT "C: MAIL FROM:<s@a.example>\n"
                "S: 250 Sender OK\n"
                "C: RCPT TO:<r@b.example>\n"
                "S: 250 Recipient OK\n"
                "C: DATA\n"
                "S: 354 End data with <CR><LF>.<CR><LF>\n"
                "M: dropped\n"
                "! eod-lookalike @73\n"
                "! quirk-content-lf @73\n"
                "S: 550 Lines must end with CRLF and have no "
                "other CR, LF or NUL\n"
                ". close protocol eod-lookalike\n"},
      {"CRLF . LF",
       DIALOGUE_IN("EHLO a.example\r\n"
                   "MAIL FROM:<s@a.example>\r\n"
                   "RCPT TO:<r@b.example>\r\n"
                   "DATA\r\n"
                   "a\r\n"
                   ".\n"
                   "b\r\n"
                   ".\r\n"
                   "NOOP\r\n"),
       GREETING "C: EHLO a.example\n" HELLO_OUT "C: MAIL FROM:<s@a.example>\n"
                "S: 250 Sender OK\n"
                "C: RCPT TO:<r@b.example>\n"
                "S: 250 Recipient OK\n"
                "C: DATA\n"
                "S: 354 End data with <CR><LF>.<CR><LF>\n"
                "M: dropped\n"
                "! eod-lookalike @74\n"
                "S: 550 Lines must end with CRLF and have no "
                "other CR, LF or NUL\n"
                ". close protocol eod-lookalike\n"},
      {"a dot that is not alone",
       DIALOGUE_IN("EHLO a.example\r\n"
                   "MAIL FROM:<s@a.example>\r\n"
                   "RCPT TO:<r@b.example>\r\n"
                   "DATA\r\n"
                   "a\n"
                   ".b\r\n"
                   ".\r\n"
                   "NOOP\r\n"),
       GREETING "C: EHLO a.example\n" HELLO_OUT "C: MAIL FROM:<s@a.example>\n"
                "S: 250 Sender OK\n"
                "C: RCPT TO:<r@b.example>\n"
                "S: 250 Recipient OK\n"
                "C: DATA\n"
                "S: 354 End data with <CR><LF>.<CR><LF>\n"
                "! quirk-content-lf @79\n"
                "M: 6 octets, stored\n"
                "S: 250 Message stored\n"
                "C: NOOP\n"
                "S: 250 OK\n"},
      {"bare CR",
       DIALOGUE_IN("EHLO a.example\r\n"
                   "MAIL FROM:<s@a.example>\r\n"
                   "RCPT TO:<r@b.example>\r\n"
                   "DATA\r\n"
                   "a\rb\r\n"
                   ".\r\n"
                   "NOOP\r\n"),
       GREETING "C: EHLO a.example\n" HELLO_OUT "C: MAIL FROM:<s@a.example>\n"
                "S: 250 Sender OK\n"
                "C: RCPT TO:<r@b.example>\n"
                "S: 250 Recipient OK\n"
                "C: DATA\n"
                "S: 354 End data with <CR><LF>.<CR><LF>\n"
                "M: dropped\n"
                "! content-bare-cr @71\n"
                "S: 550 Lines must end with CRLF and have no "
                "other CR, LF or NUL\n"
                ". close protocol content-bare-cr\n"},
      {"in a chunk",
       DIALOGUE_IN("EHLO a.example\r\n"
                   "MAIL FROM:<s@a.example>\r\n"
                   "RCPT TO:<r@b.example>\r\n"
                   "BDAT 3 LAST\r\n"
                   "a\n"
                   "bNOOP\r\n"),
       GREETING "C: EHLO a.example\n" HELLO_OUT "C: MAIL FROM:<s@a.example>\n"
                "S: 250 Sender OK\n"
                "C: RCPT TO:<r@b.example>\n"
                "S: 250 Recipient OK\n"
                "C: BDAT 3 LAST\n"
                "! quirk-content-lf @80\n"
                "M: 3 octets, stored\n"
                "S: 250 Message stored\n"
                "C: NOOP\n"
                "S: 250 OK\n"},
  };
  smtpc_server_policy policy = dialogue_server_policy();
  policy.quirks = SMTPC_QUIRK_CONTENT_LF;
  RUN(policy, rows);
}

static void test_server_limits_of_the_policy(void **state) {
  (void)state;
  static const dialogue_row rows[] = {
      {"recipients and messages",
       DIALOGUE_IN("EHLO a.example\r\n"
                   "MAIL FROM:<s@a.example>\r\n"
                   "RCPT TO:<r@b.example>\r\n"
                   "RCPT TO:<q@b.example>\r\n"
                   "DATA\r\n"
                   "x\r\n"
                   ".\r\n"
                   "MAIL FROM:<s@a.example>\r\n"),
       GREETING "C: EHLO a.example\n"
                "S: 250-localhost greets you\n"
                "S: 250-SIZE 1000\n"
                "S: 250-CHUNKING\n"
                "S: 250 LIMITS RCPTMAX=1 MAILMAX=1\n"
                "C: MAIL FROM:<s@a.example>\n"
                "S: 250 Sender OK\n"
                "C: RCPT TO:<r@b.example>\n"
                "S: 250 Recipient OK\n"
                "C: RCPT TO:<q@b.example>\n"
                "! rcpt-too-many @87\n"
                "S: 452 Too many recipients\n"
                "C: DATA\n"
                "S: 354 End data with <CR><LF>.<CR><LF>\n"
                "M: 3 octets, stored\n"
                "S: 250 Message stored\n"
                "C: MAIL FROM:<s@a.example>\n"
                "! errors-too-many @124\n"
                "S: 421 Too many messages, closing connection\n"
                ". close refused errors-too-many\n"},
  };
  smtpc_server_policy policy = dialogue_server_policy();
  policy.offered |= SMTPC_OFFERS(LIMITS);
  policy.rcpt_max = 1u;
  policy.mail_max = 1u;
  RUN(policy, rows);
}

static void test_server_login_prompts_of_the_draft(void **state) {
  (void)state;
  static const dialogue_row rows[] = {
      {"LOGIN",
       DIALOGUE_IN("EHLO a.example\r\n"
                   "AUTH LOGIN\r\n"
                   "dXNlcg==\r\n"
                   "c2VjcmV0\r\n"),
       GREETING "C: EHLO a.example\n"
                "S: 250-localhost greets you\n"
                "S: 250-SIZE 1000\n"
                "S: 250-AUTH LOGIN\n"
                "S: 250 CHUNKING\n"
                "C: AUTH LOGIN\n"
                "! auth-in-clear @28\n"
                "S: 334 VXNlciBOYW1lAA==\n"
                "C: (secret)\n"
                "S: 334 UGFzc3dvcmQA\n"
                "C: (secret)\n"
                "S: 235 Authentication succeeded\n"},
  };
  smtpc_server_policy policy = dialogue_server_policy();
  policy.offered |= SMTPC_OFFERS(AUTH);
  policy.auth = SMTPC_AUTH_ON;
  policy.quirks = SMTPC_QUIRK_AUTH_IN_CLEAR;
  policy.mechanisms = SMTPC_MECH(LOGIN);
  policy.prompts = SMTPC_PROMPTS_DRAFT;
  RUN(policy, rows);
}

static void test_server_scram(void **state) {
  (void)state;
  static const dialogue_row rows[] = {
      {"right",
       DIALOGUE_IN("EHLO a.example\r\n"
                   "AUTH SCRAM-SHA-256 biwsbj11c2VyLHI9YWJj\r\n"
                   "Yz1iaXdzLHI9YWJjMDEwMjAzMDQwNTA2MDcwODA5MGEw"
                   "YjBjMGQwZTBmMTAscD1BQUFBQUFBQUFBQUFBQUFBQUFB"
                   "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBPQ==\r\n"
                   "\r\n"
                   "NOOP\r\n"),
       GREETING "C: EHLO a.example\n"
                "S: 250-localhost greets you\n"
                "S: 250-SIZE 1000\n"
                "S: 250-AUTH SCRAM-SHA-256\n"
                "S: 250 CHUNKING\n"
                "C: (secret)\n"
                "! auth-in-clear @57\n"
                "S: 334 cj1hYmMwMTAyMDMwNDA1MDYwNzA4MDkwYTBiM"
                "GMwZDBlMGYxMCxzPUFRSURCQVVHQndnSkNnc01EUTRQR"
                "UE9PSxpPTQwOTY=\n"
                "C: (secret)\n"
                "S: 334 dj1BQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQ"
                "UFBQUFBQUFBQUFBQUFBQUFBPQ==\n"
                "C: (secret)\n"
                "S: 235 Authentication succeeded\n"
                "C: NOOP\n"
                "S: 250 OK\n"},
      {"cancelled after our proof",
       DIALOGUE_IN("EHLO a.example\r\n"
                   "AUTH SCRAM-SHA-256 biwsbj11c2VyLHI9YWJj\r\n"
                   "Yz1iaXdzLHI9YWJjMDEwMjAzMDQwNTA2MDcwODA5MGEw"
                   "YjBjMGQwZTBmMTAscD1BQUFBQUFBQUFBQUFBQUFBQUFB"
                   "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBPQ==\r\n"
                   "*\r\n"
                   "AUTH SCRAM-SHA-256\r\n"),
       GREETING "C: EHLO a.example\n"
                "S: 250-localhost greets you\n"
                "S: 250-SIZE 1000\n"
                "S: 250-AUTH SCRAM-SHA-256\n"
                "S: 250 CHUNKING\n"
                "C: (secret)\n"
                "! auth-in-clear @57\n"
                "S: 334 cj1hYmMwMTAyMDMwNDA1MDYwNzA4MDkwYTBiM"
                "GMwZDBlMGYxMCxzPUFRSURCQVVHQndnSkNnc01EUTRQR"
                "UE9PSxpPTQwOTY=\n"
                "C: (secret)\n"
                "S: 334 dj1BQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQ"
                "UFBQUFBQUFBQUFBQUFBQUFBPQ==\n"
                "C: (secret)\n"
                "! auth-cancelled @186\n"
                "S: 501 Authentication cancelled\n"
                "C: AUTH SCRAM-SHA-256\n"
                "! auth-in-clear @206\n"
                "S: 334 \n"},
      {"wrong proof",
       DIALOGUE_IN("EHLO a.example\r\n"
                   "AUTH SCRAM-SHA-256 biwsbj11c2VyLHI9YWJj\r\n"
                   "Yz1iaXdzLHI9YWJjMDEwMjAzMDQwNTA2MDcwODA5MGEw"
                   "YjBjMGQwZTBmMTAscD1CQUFBQUFBQUFBQUFBQUFBQUFB"
                   "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBPQ==\r\n"
                   "NOOP\r\n"),
       GREETING "C: EHLO a.example\n"
                "S: 250-localhost greets you\n"
                "S: 250-SIZE 1000\n"
                "S: 250-AUTH SCRAM-SHA-256\n"
                "S: 250 CHUNKING\n"
                "C: (secret)\n"
                "! auth-in-clear @57\n"
                "S: 334 cj1hYmMwMTAyMDMwNDA1MDYwNzA4MDkwYTBiM"
                "GMwZDBlMGYxMCxzPUFRSURCQVVHQndnSkNnc01EUTRQR"
                "UE9PSxpPTQwOTY=\n"
                "C: (secret)\n"
                "! auth-failed @183\n"
                "S: 535 Authentication credentials invalid\n"
                "C: NOOP\n"
                "S: 250 OK\n"},
      {"another nonce",
       DIALOGUE_IN("EHLO a.example\r\n"
                   "AUTH SCRAM-SHA-256 biwsbj11c2VyLHI9YWJj\r\n"
                   "Yz1iaXdzLHI9YWJjLHA9QUFBQQ==\r\n"
                   "NOOP\r\n"),
       GREETING "C: EHLO a.example\n"
                "S: 250-localhost greets you\n"
                "S: 250-SIZE 1000\n"
                "S: 250-AUTH SCRAM-SHA-256\n"
                "S: 250 CHUNKING\n"
                "C: (secret)\n"
                "! auth-in-clear @57\n"
                "S: 334 cj1hYmMwMTAyMDMwNDA1MDYwNzA4MDkwYTBiM"
                "GMwZDBlMGYxMCxzPUFRSURCQVVHQndnSkNnc01EUTRQR"
                "UE9PSxpPTQwOTY=\n"
                "C: (secret)\n"
                "! auth-syntax @87\n"
                "S: 501 Cannot decode authentication response\n"
                "C: NOOP\n"
                "S: 250 OK\n"},
      {"bound, which it is not (p=)",
       DIALOGUE_IN("EHLO a.example\r\n"
                   "AUTH SCRAM-SHA-256 cD10bHMtZXhwb3J0ZXIsLG49d"
                   "XNlcixyPWFiYw==\r\n"),
       GREETING "C: EHLO a.example\n"
                "S: 250-localhost greets you\n"
                "S: 250-SIZE 1000\n"
                "S: 250-AUTH SCRAM-SHA-256\n"
                "S: 250 CHUNKING\n"
                "C: (secret)\n"
                "! auth-in-clear @77\n"
                "! auth-binding @77\n"
                "S: 535 Authentication credentials invalid\n"},
      {"not offered in clear",
       DIALOGUE_IN("EHLO a.example\r\n"
                   "AUTH SCRAM-SHA-256-PLUS\r\n"
                   "AUTH EXTERNAL =\r\n"),
       GREETING "C: EHLO a.example\n"
                "S: 250-localhost greets you\n"
                "S: 250-SIZE 1000\n"
                "S: 250-AUTH SCRAM-SHA-256\n"
                "S: 250 CHUNKING\n"
                "C: AUTH SCRAM-SHA-256-PLUS\n"
                "! command-syntax @41\n"
                "S: 504 Mechanism not offered\n"
                "C: (secret)\n"
                "! command-syntax @58\n"
                "S: 504 Mechanism not offered\n"},
  };
  smtpc_server_policy policy = dialogue_server_policy();
  policy.offered |= SMTPC_OFFERS(AUTH);
  policy.auth = SMTPC_AUTH_ON;
  policy.quirks = SMTPC_QUIRK_AUTH_IN_CLEAR;
  policy.mechanisms = SMTPC_MECH(SCRAM_SHA_256);
  RUN(policy, rows);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_server_known_and_refused_verbs),
      cmocka_unit_test(test_server_binarymime_goes_with_bdat),
      cmocka_unit_test(test_server_binarymime_is_unknown_unless_offered),
      cmocka_unit_test(test_server_quirk_line_lf_ends_commands),
      cmocka_unit_test(test_server_quirk_content_lf_passes_bare_lf_on),
      cmocka_unit_test(test_server_limits_of_the_policy),
      cmocka_unit_test(test_server_login_prompts_of_the_draft),
      cmocka_unit_test(test_server_scram),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
