// THREATS.md section 6, CMD-07 to CMD-10: parameters, xtext, SIZE, and the order of
// commands. Each row is run whole and in pieces of 1 to 5 octets.

#include <stdlib.h>
#include <string.h>

#include "shim/mem/dialogue_testing.h"
#include "smtpcore/param.h"
#include "smtpcore/write.h"

#define LINES(policy, scene, rows) \
  dialogue_lines(&(policy), &(scene), rows, DIALOGUE_COUNT(rows))
#define ROWS(policy, rows) dialogue_rows(&(policy), rows, DIALOGUE_COUNT(rows))

#define GREETING "S: 220 localhost SMTP service ready\n"
#define HELLO "EHLO a.example\r\n"
#define OFFERED_OUT               \
  "S: 250-localhost greets you\n" \
  "S: 250-SIZE 1000\n"            \
  "S: 250-8BITMIME\n"             \
  "S: 250-DSN\n"                  \
  "S: 250-SMTPUTF8\n"             \
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
#define SENDER_BAD "501 5.1.7 Bad sender address syntax"
#define SENDER_OK "250 2.1.0 Sender OK"
#define RCPT_BAD "501 5.1.3 Bad recipient address syntax"
#define RCPT_OK "250 2.1.5 Recipient OK"
#define ARGUMENT_BAD "501 5.5.4 Syntax error in parameters or arguments"
#define UNKNOWN "555 5.5.4 Parameter not recognized"
#define TOO_BIG "552 5.3.4 Message too big"

static smtpc_server_policy strict_policy(void) {
  smtpc_server_policy policy = dialogue_server_policy();
  policy.offered |= SMTPC_OFFERS(ENHANCEDSTATUSCODES) | SMTPC_OFFERS(8BITMIME) |
                    SMTPC_OFFERS(SMTPUTF8) | SMTPC_OFFERS(DSN);
  return policy;
}

static const dialogue_scene greeted = {HELLO, HELLO_OUT, 0};
static const dialogue_scene mailed = {HELLO MAIL, HELLO_OUT MAIL_OUT, 0};

// ------------------------------------------------------------- CMD-07: parameters

static void test_cmd_07_mail_parameters(void **state) {
  (void)state;
  static const dialogue_line rows[] = {
      {"MAIL FROM:<a@b> SIZE=1 BODY=8BITMIME RET=HDRS ENVID=x SMTPUTF8", NULL,
       SENDER_OK},
      // Unknown, or of RCPT.
      {"MAIL FROM:<a@b> FOO", "param-refused", UNKNOWN},
      {"MAIL FROM:<a@b> FOO=1", "param-refused", UNKNOWN},
      {"MAIL FROM:<a@b> X-FOO=1", "param-refused", UNKNOWN},
      {"MAIL FROM:<a@b> SIZE=1 FOO=1", "param-refused", UNKNOWN},
      {"MAIL FROM:<a@b> FOO=1 SIZE=1", "param-refused", UNKNOWN},
      {"MAIL FROM:<a@b> SIZEX=1", "param-refused", UNKNOWN},
      {"MAIL FROM:<a@b> SIZ=1", "param-refused", UNKNOWN},
      {"MAIL FROM:<a@b> REQUIRETLS", "param-refused", UNKNOWN},
      {"MAIL FROM:<a@b> NOTIFY=NEVER", "param-refused", UNKNOWN},
      {"MAIL FROM:<a@b> ORCPT=rfc822;a@b", "param-refused", UNKNOWN},
      // Values.
      {"MAIL FROM:<a@b> SIZE", "param-refused", ARGUMENT_BAD},
      {"MAIL FROM:<a@b> SIZE=", "param-refused", ARGUMENT_BAD},
      {"MAIL FROM:<a@b> SIZE==1", "param-refused", ARGUMENT_BAD},
      {"MAIL FROM:<a@b> SIZE=1=", "param-refused", ARGUMENT_BAD},
      {"MAIL FROM:<a@b> SIZE=1=2", "param-refused", ARGUMENT_BAD},
      {"MAIL FROM:<a@b> BODY", "param-refused", ARGUMENT_BAD},
      {"MAIL FROM:<a@b> BODY=", "param-refused", ARGUMENT_BAD},
      {"MAIL FROM:<a@b> BODY=XBIT", "param-refused", ARGUMENT_BAD},
      {"MAIL FROM:<a@b> BODY=7BITX", "param-refused", ARGUMENT_BAD},
      {"MAIL FROM:<a@b> BODY=7BIT=7BIT", "param-refused", ARGUMENT_BAD},
      {"MAIL FROM:<a@b> RET=ALL", "param-refused", ARGUMENT_BAD},
      {"MAIL FROM:<a@b> SMTPUTF8=", "param-refused", ARGUMENT_BAD},
      {"MAIL FROM:<a@b> ENVID=a=b", "param-refused", ARGUMENT_BAD},
      // Twice.
      {"MAIL FROM:<a@b> SIZE=1 SIZE=2", "param-refused", ARGUMENT_BAD},
      {"MAIL FROM:<a@b> SIZE=1 size=1", "param-refused", ARGUMENT_BAD},
      {"MAIL FROM:<a@b> BODY=7BIT BODY=8BITMIME", "param-refused",
       ARGUMENT_BAD},
      {"MAIL FROM:<a@b> ENVID=x ENVID=y", "param-refused", ARGUMENT_BAD},
      {"MAIL FROM:<a@b> RET=FULL SIZE=1 RET=FULL", "param-refused",
       ARGUMENT_BAD},
      {"MAIL FROM:<a@b> SMTPUTF8 SMTPUTF8", "param-refused", ARGUMENT_BAD},
      // What is no parameter at all.
      {"MAIL FROM:<a@b> A=\001", "command-syntax", SENDER_BAD},
      {"MAIL FROM:<a@b> =x", "command-syntax", ARGUMENT_BAD},
      {"MAIL FROM:<a@b> =", "command-syntax", ARGUMENT_BAD},
      {"MAIL FROM:<> =x", "command-syntax", ARGUMENT_BAD},
      {"MAIL FROM:<a@b> SIZE=1 =", "command-syntax", ARGUMENT_BAD},
      {"MAIL FROM:<a@b> -A=1", "command-syntax", ARGUMENT_BAD},
      {"MAIL FROM:<a@b> A_B=1", "command-syntax", ARGUMENT_BAD},
      {"MAIL FROM:<a@b> <c@d>", "command-syntax", ARGUMENT_BAD},
      {"MAIL FROM:=", "command-syntax", SENDER_BAD},
      {"MAIL FROM:SIZE=1", "command-syntax", SENDER_BAD},
      // What stands between.
      {"MAIL FROM:<a@b>SIZE=1", "command-syntax", SENDER_BAD},
      {"MAIL FROM:<a@b>;SIZE=1", "command-syntax", SENDER_BAD},
      {"MAIL FROM:<a@b>  SIZE=1", "command-syntax", ARGUMENT_BAD},
      {"MAIL FROM:<a@b> SIZE=1  BODY=7BIT", "command-syntax", ARGUMENT_BAD},
      {"MAIL FROM:<a@b> ", "command-syntax", ARGUMENT_BAD},
      {"MAIL FROM:<a@b> SIZE=1 ", "command-syntax", ARGUMENT_BAD},
      {"MAIL FROM:<a@b>\tSIZE=1", "command-syntax", SENDER_BAD},
      {"MAIL FROM:<a@b> SIZE=1\tBODY=7BIT", "param-refused", ARGUMENT_BAD},
      {"MAIL FROM:<a@b> SIZE=1,BODY=7BIT", "param-refused", ARGUMENT_BAD},
  };
  const smtpc_server_policy policy = strict_policy();
  LINES(policy, greeted, rows);
}

static void test_cmd_07_rcpt_parameters(void **state) {
  (void)state;
  static const dialogue_line rows[] = {
      {"RCPT TO:<a@b> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;a@b", NULL,
       RCPT_OK},
      {"RCPT TO:<a@b> NOTIFY=NEVER", NULL, RCPT_OK},
      {"RCPT TO:<a@b> SIZE=1", "param-refused", UNKNOWN},
      {"RCPT TO:<a@b> BODY=7BIT", "param-refused", UNKNOWN},
      {"RCPT TO:<a@b> RET=FULL", "param-refused", UNKNOWN},
      {"RCPT TO:<a@b> ENVID=x", "param-refused", UNKNOWN},
      {"RCPT TO:<a@b> SMTPUTF8", "param-refused", UNKNOWN},
      {"RCPT TO:<a@b> NOTIFY=NEVER,SUCCESS", "param-refused", ARGUMENT_BAD},
      {"RCPT TO:<a@b> NOTIFY=SUCCESS,NEVER", "param-refused", ARGUMENT_BAD},
      {"RCPT TO:<a@b> NOTIFY=NEVER,NEVER", "param-refused", ARGUMENT_BAD},
      {"RCPT TO:<a@b> NOTIFY", "param-refused", ARGUMENT_BAD},
      {"RCPT TO:<a@b> NOTIFY=", "param-refused", ARGUMENT_BAD},
      {"RCPT TO:<a@b> NOTIFY=,SUCCESS", "param-refused", ARGUMENT_BAD},
      {"RCPT TO:<a@b> NOTIFY=SUCCESS,", "param-refused", ARGUMENT_BAD},
      {"RCPT TO:<a@b> NOTIFY=SUCCESS,,DELAY", "param-refused", ARGUMENT_BAD},
      {"RCPT TO:<a@b> NOTIFY=LATER", "param-refused", ARGUMENT_BAD},
      {"RCPT TO:<a@b> NOTIFY=NEVER NOTIFY=NEVER", "param-refused",
       ARGUMENT_BAD},
      {"RCPT TO:<a@b> ORCPT=rfc822;a ORCPT=rfc822;b", "param-refused",
       ARGUMENT_BAD},
      {"RCPT TO:<a@b>NOTIFY=NEVER", "command-syntax", RCPT_BAD},
      {"RCPT TO:<Postmaster> SIZE=1", "param-refused", UNKNOWN},
  };
  const smtpc_server_policy policy = strict_policy();
  LINES(policy, mailed, rows);
}

// As many as fit into a line, and ten thousand, which do not.
static void test_cmd_07_many_parameters(void **state) {
  (void)state;
  static const struct {
    const char *param;
    size_t count;
    smtpc_status want;
  } rows[] = {
      {" A=1", 10000u, SMTPC_E_PARAM_UNKNOWN},
      {" SIZE=1", 9000u, SMTPC_E_PARAM_DUPLICATE},
      {" SMTPUTF8", 2u, SMTPC_E_PARAM_DUPLICATE},
      {" ", 10000u, SMTPC_E_SYNTAX},
      {"=", 10000u, SMTPC_E_SYNTAX},
      {" =", 10000u, SMTPC_E_SYNTAX},
  };
  for (size_t i = 0u; i < DIALOGUE_COUNT(rows); i++) {
    const size_t one = strlen(rows[i].param);
    const size_t len = one * rows[i].count;
    uint8_t *text = malloc(len);
    smtpc_params params;
    assert_non_null(text);
    for (size_t k = 0u; k < len; k++) {
      text[k] = (uint8_t)rows[i].param[k % one];
    }
    test_label("row %zu", i);
    test_number(smtpc_params_parse(
                    text, smtpc_span_make(0u, len), SMTPC_VERB_MAIL,
                    SMTPC_OFFERS(SIZE) | SMTPC_OFFERS(SMTPUTF8), &params),
                rows[i].want);
    free(text);
  }
  char *line = dialogue_filled("MAIL FROM:<a@b>", ' ', 40000u, "\r\n");
  for (size_t i = 15u; i < 40015u; i += 4u) {
    memcpy(line + i, " A=1", 4u);
  }
  const dialogue d = {"10 000",
                      {HELLO, line, NOOP},
                      HELLO_OUT
                      "C: (malformed)\n"
                      "! line-too-long @40033\n"
                      "S: 500 5.5.2 Line too long\n" NOOP_OUT};
  const smtpc_server_policy policy = strict_policy();
  dialogue_server(&policy, &d);
  free(line);
}

// ------------------------------------------------------------------ CMD-08: xtext

static void test_cmd_08_xtext(void **state) {
  (void)state;
  static const struct {
    const char *xtext;
    const char *decoded;  // NULL: refused
  } rows[] = {
      {"", ""},        {"a@b", "a@b"},       {"+2B+3D", "+="},
      {"+20", " "},    {"a+2Bb+7E", "a+b~"}, {"+0D+0A", NULL},
      {"a+0Ab", NULL}, {"+00", NULL},        {"a+00", NULL},
      {"+1F", NULL},   {"+7F", NULL},        {"+80", NULL},
      {"+FF", NULL},   {"+2", NULL},         {"+", NULL},
      {"a+", NULL},    {"+GZ", NULL},        {"+2G", NULL},
      {"+2b", NULL},   {"+3d", NULL},        {"++", NULL},
      {"+2+", NULL},   {"=", NULL},          {"a=b", NULL},
      {" ", NULL},     {"a b", NULL},        {"\t", NULL},
      {"\177", NULL},  {"j\303\266", NULL},  {"\377", NULL},
  };
  for (size_t i = 0u; i < DIALOGUE_COUNT(rows); i++) {
    const size_t len = strlen(rows[i].xtext);
    uint8_t *text = test_copy(rows[i].xtext, len);
    const smtpc_span all = smtpc_span_make(0u, len);
    const smtpc_status want =
        rows[i].decoded != NULL ? SMTPC_OK : SMTPC_E_XTEXT;
    uint8_t out[64];
    size_t out_len = 9u;
    test_label("%s", rows[i].xtext);
    test_number(smtpc_xtext_check(text, all), want);
    test_number(smtpc_xtext_decode(text, all, out, sizeof out, &out_len), want);
    test_octets(out, out_len, want == SMTPC_OK ? rows[i].decoded : "",
                want == SMTPC_OK ? strlen(rows[i].decoded) : 0u);
    free(text);
  }
}

// What is printed comes back, and nothing else is printed.
static void test_cmd_08_encode_then_decode(void **state) {
  (void)state;
  for (unsigned c = 0u; c < 256u; c++) {
    const uint8_t envid[3] = {(uint8_t)'a', (uint8_t)c, (uint8_t)'z'};
    smtpc_envelope envelope = dialogue_address("a@b");
    envelope.envid = envid;
    envelope.envid_len = 3u;
    envelope.seen = SMTPC_HAS(ENVID);
    uint8_t line[128];
    size_t len = 0u;
    smtpc_command command;
    uint8_t decoded[8];
    size_t decoded_len = 0u;
    test_label("octet %u", c);
    const smtpc_status status =
        smtpc_write_mail(line, sizeof line, &len, &envelope);
    test_number(status == SMTPC_OK, c >= 32u && c < 127u);
    if (status == SMTPC_OK) {
      test_number(
          smtpc_command_parse(line, len - 2u, SMTPC_OFFERS(DSN), 0u, &command),
          SMTPC_OK);
      test_number(smtpc_xtext_decode(line, command.params.envid, decoded,
                                     sizeof decoded, &decoded_len),
                  SMTPC_OK);
      test_octets(decoded, decoded_len, envid, sizeof envid);
    }
  }
}

#define X10 "xxxxxxxxxx"
#define X100 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10
#define X490 X100 X100 X100 X100 X10 X10 X10 X10 X10 X10 X10 X10 X10

static void test_cmd_08_envid_and_orcpt(void **state) {
  (void)state;
  static const dialogue_line envid[] = {
      {"MAIL FROM:<a@b> ENVID=a+2Bb", NULL, SENDER_OK},
      {"MAIL FROM:<a@b> ENVID=" X100, NULL, SENDER_OK},
      {"MAIL FROM:<a@b> ENVID=", "param-refused", ARGUMENT_BAD},
      {"MAIL FROM:<a@b> ENVID=" X100 "x", "param-refused", ARGUMENT_BAD},
      {"MAIL FROM:<a@b> ENVID=a+0D+0ARSET", "param-refused", ARGUMENT_BAD},
      {"MAIL FROM:<a@b> ENVID=+00", "param-refused", ARGUMENT_BAD},
      {"MAIL FROM:<a@b> ENVID=a+2", "param-refused", ARGUMENT_BAD},
      {"MAIL FROM:<a@b> ENVID=a+GZ", "param-refused", ARGUMENT_BAD},
      {"MAIL FROM:<a@b> ENVID=a+2b", "param-refused", ARGUMENT_BAD},
      {"MAIL FROM:<a@b> ENVID=a+", "param-refused", ARGUMENT_BAD},
      {"MAIL FROM:<a@b> ENVID=a=b", "param-refused", ARGUMENT_BAD},
      {"MAIL FROM:<a@b> ENVID=a b", "param-refused", UNKNOWN},
      {"MAIL FROM:<a@b> ENVID=j\303\266", "param-refused", ARGUMENT_BAD},
  };
  static const dialogue_line orcpt[] = {
      {"RCPT TO:<a@b> ORCPT=rfc822;a+2Bb@c", NULL, RCPT_OK},
      {"RCPT TO:<a@b> ORCPT=rfc822;xxx" X490, NULL, RCPT_OK},
      {"RCPT TO:<a@b> ORCPT=rfc822;xxxx" X490, "param-refused", ARGUMENT_BAD},
      {"RCPT TO:<a@b> ORCPT=rfc822;a+0D+0ABcc:x", "param-refused",
       ARGUMENT_BAD},
      {"RCPT TO:<a@b> ORCPT=rfc822;+00", "param-refused", ARGUMENT_BAD},
      {"RCPT TO:<a@b> ORCPT=rfc822;a+2", "param-refused", ARGUMENT_BAD},
      {"RCPT TO:<a@b> ORCPT=rfc822;a+GZ", "param-refused", ARGUMENT_BAD},
      {"RCPT TO:<a@b> ORCPT=rfc822;a+2b", "param-refused", ARGUMENT_BAD},
      {"RCPT TO:<a@b> ORCPT=rfc822;a=b", "param-refused", ARGUMENT_BAD},
      {"RCPT TO:<a@b> ORCPT=rfc822;j\303\266", "param-refused", ARGUMENT_BAD},
      {"RCPT TO:<a@b> ORCPT=rfc822", "param-refused", ARGUMENT_BAD},
      {"RCPT TO:<a@b> ORCPT=;a", "param-refused", ARGUMENT_BAD},
      {"RCPT TO:<a@b> ORCPT=", "param-refused", ARGUMENT_BAD},
  };
  const smtpc_server_policy policy = strict_policy();
  LINES(policy, greeted, envid);
  LINES(policy, mailed, orcpt);
}

// ------------------------------------------------------------------- CMD-09: SIZE

static void test_cmd_09_size_arithmetic(void **state) {
  (void)state;
  static const dialogue_line rows[] = {
      {"MAIL FROM:<a@b> SIZE=0", NULL, SENDER_OK},
      {"MAIL FROM:<a@b> SIZE=007", NULL, SENDER_OK},
      {"MAIL FROM:<a@b> SIZE=00000000000000001000", NULL, SENDER_OK},
      {"MAIL FROM:<a@b> SIZE=1000", NULL, SENDER_OK},
      {"MAIL FROM:<a@b> SIZE=1001", "size-exceeded", TOO_BIG},
      {"MAIL FROM:<a@b> SIZE=4294967296", "size-exceeded", TOO_BIG},
      {"MAIL FROM:<a@b> SIZE=4294967297", "size-exceeded", TOO_BIG},
      {"MAIL FROM:<a@b> SIZE=9223372036854775808", "size-exceeded", TOO_BIG},
      {"MAIL FROM:<a@b> SIZE=18446744073709551615", "size-exceeded", TOO_BIG},
      {"MAIL FROM:<a@b> SIZE=18446744073709551616", "param-refused", TOO_BIG},
      {"MAIL FROM:<a@b> SIZE=18446744073709551617", "param-refused", TOO_BIG},
      {"MAIL FROM:<a@b> SIZE=99999999999999999999", "param-refused", TOO_BIG},
      {"MAIL FROM:<a@b> SIZE=100000000000000000000", "param-refused",
       ARGUMENT_BAD},
      {"MAIL FROM:<a@b> SIZE=000000000000000000001", "param-refused",
       ARGUMENT_BAD},
      {"MAIL FROM:<a@b> SIZE=-1", "param-refused", ARGUMENT_BAD},
      {"MAIL FROM:<a@b> SIZE=+5", "param-refused", ARGUMENT_BAD},
      {"MAIL FROM:<a@b> SIZE=0x10", "param-refused", ARGUMENT_BAD},
      {"MAIL FROM:<a@b> SIZE=1e3", "param-refused", ARGUMENT_BAD},
      {"MAIL FROM:<a@b> SIZE=1.5", "param-refused", ARGUMENT_BAD},
      {"MAIL FROM:<a@b> SIZE=1k", "param-refused", ARGUMENT_BAD},
      {"MAIL FROM:<a@b> SIZE= 1", "param-refused", ARGUMENT_BAD},
  };
  const smtpc_server_policy policy = strict_policy();
  LINES(policy, greeted, rows);
}

// The greatest number is one, and one more is none.
static void test_cmd_09_size_without_a_limit(void **state) {
  (void)state;
#define FULL_OUT                       \
  GREETING                             \
  "C: EHLO a.example\n"                \
  "S: 250-localhost greets you\n"      \
  "S: 250-SIZE 18446744073709551615\n" \
  "S: 250-8BITMIME\nS: 250-DSN\n"      \
  "S: 250-SMTPUTF8\nS: 250-CHUNKING\n" \
  "S: 250 ENHANCEDSTATUSCODES\n"
  static const dialogue_line rows[] = {
      {"MAIL FROM:<a@b> SIZE=18446744073709551615", NULL, SENDER_OK},
      {"MAIL FROM:<a@b> SIZE=18446744073709551616", "param-refused", TOO_BIG},
      {"MAIL FROM:<a@b> SIZE=99999999999999999999", "param-refused", TOO_BIG},
  };
  static const dialogue_scene hello = {HELLO, FULL_OUT, 0};
  smtpc_server_policy policy = strict_policy();
  policy.size_max = UINT64_MAX;
  LINES(policy, hello, rows);
}

// Against numbers of any length, compared as text.
static void test_cmd_09_numbers_against_text(void **state) {
  (void)state;
  static const char most[] = "18446744073709551615";
  uint64_t random = 9u;
  for (unsigned run = 0u; run < 20000u; run++) {
    char text[26];
    const size_t len = test_random(&random) % 25u;
    const int near = (test_random(&random) & 1u) != 0u && len == 20u;
    for (size_t i = 0u; i < len; i++) {
      text[i] =
          near && i < 18u ? most[i] : (char)('0' + test_random(&random) % 10u);
    }
    smtpc_status want = len == 0u || len > 20u ? SMTPC_E_NUMBER : SMTPC_OK;
    if (len == 20u && memcmp(text, most, 20u) > 0) {
      want = SMTPC_E_NUMBER_TOO_LARGE;
    }
    uint8_t *copy = test_copy(text, len);
    uint64_t value = 1u;
    uint64_t sum = 0u;
    test_label("%.*s", (int)len, text);
    test_number(
        smtpc_span_number(copy, smtpc_span_make(0u, len), UINT64_MAX, &value),
        want);
    for (size_t i = 0u; i < len && want == SMTPC_OK; i++) {
      sum = sum * 10u + (uint64_t)(text[i] - '0');
    }
    assert_true(value == sum);
    free(copy);
  }
}

// RFC 1870 section 6.3: what is declared is a promise; what counts are the octets.
static void test_cmd_09_declared_size_lies(void **state) {
  (void)state;
  static const dialogue_row rows[] = {
      {"more than declared, within the limit",
       DIALOGUE_IN(HELLO "MAIL FROM:<a@b> SIZE=1\r\n" RCPT DATA
                         "0123456789\r\n.\r\n"),
       GREETING "C: EHLO a.example\n"
                "S: 250-localhost greets you\n"
                "S: 250-SIZE 20\n"
                "S: 250-8BITMIME\n"
                "S: 250-DSN\n"
                "S: 250-SMTPUTF8\n"
                "S: 250-CHUNKING\n"
                "S: 250 ENHANCEDSTATUSCODES\n"
                "C: MAIL FROM:<a@b> SIZE=1\n"
                "S: 250 2.1.0 Sender OK\n" RCPT_OUT DATA_OUT
                "M: 12 octets, stored\n" STORED_OUT},
      {"more than the limit",
       DIALOGUE_IN(HELLO "MAIL FROM:<a@b> SIZE=1\r\n" RCPT DATA
                         "01234567890123456789\r\n.\r\n" NOOP RCPT),
       GREETING
       "C: EHLO a.example\n"
       "S: 250-localhost greets you\n"
       "S: 250-SIZE 20\n"
       "S: 250-8BITMIME\n"
       "S: 250-DSN\n"
       "S: 250-SMTPUTF8\n"
       "S: 250-CHUNKING\n"
       "S: 250 ENHANCEDSTATUSCODES\n"
       "C: MAIL FROM:<a@b> SIZE=1\n"
       "S: 250 2.1.0 Sender OK\n" RCPT_OUT DATA_OUT "! size-exceeded @69\n"
       "M: dropped\n"
       "S: 552 5.3.4 Message too big\n" NOOP_OUT "C: RCPT TO:<r@b.example>\n"
       "! command-sequence @123\n" SEQUENCE_OUT},
      {"more than the limit, in chunks",
       DIALOGUE_IN(HELLO "MAIL FROM:<a@b> SIZE=1\r\n" RCPT
                         "BDAT 12\r\n012345678901BDAT 9 LAST\r\nRSET\r\nxyz"
                         "MAIL FROM:<a@b>\r\n"),
       GREETING "C: EHLO a.example\n"
                "S: 250-localhost greets you\n"
                "S: 250-SIZE 20\n"
                "S: 250-8BITMIME\n"
                "S: 250-DSN\n"
                "S: 250-SMTPUTF8\n"
                "S: 250-CHUNKING\n"
                "S: 250 ENHANCEDSTATUSCODES\n"
                "C: MAIL FROM:<a@b> SIZE=1\n"
                "S: 250 2.1.0 Sender OK\n" RCPT_OUT "C: BDAT 12\n"
                "S: 250 2.0.0 Chunk taken\n"
                "C: BDAT 9 LAST\n"
                "! size-exceeded @97\n"
                "M: dropped\n"
                "! chunk-refused @106\n"
                "S: 552 5.3.4 Message too big\n"
                "C: MAIL FROM:<a@b>\n"
                "! command-sequence @123\n" SEQUENCE_OUT},
  };
  smtpc_server_policy policy = strict_policy();
  policy.size_max = 20u;
  ROWS(policy, rows);
}

// --------------------------------------------------------- CMD-10: sequence errors

static void test_cmd_10_sequence_errors(void **state) {
  (void)state;
  static const dialogue_row rows[] = {
      {"DATA without RCPT", DIALOGUE_IN(HELLO DATA MAIL DATA RCPT DATA ".\r\n"),
       HELLO_OUT "C: DATA\n"
                 "! command-sequence @22\n" SEQUENCE_OUT MAIL_OUT "C: DATA\n"
                 "! command-sequence @53\n" NOBODY_OUT RCPT_OUT DATA_OUT
                 "M: 0 octets, stored\n" STORED_OUT},
      {"RCPT without MAIL", DIALOGUE_IN(RCPT HELLO RCPT MAIL RCPT),
       GREETING "C: RCPT TO:<r@b.example>\n"
                "! command-sequence @23\n"
                "S: 503 5.5.1 Send EHLO or HELO first\n" EHLO_OUT
                "C: RCPT TO:<r@b.example>\n"
                "! command-sequence @62\n" SEQUENCE_OUT MAIL_OUT RCPT_OUT},
      {"MAIL before EHLO", DIALOGUE_IN(MAIL HELLO MAIL),
       GREETING "C: MAIL FROM:<s@a.example>\n"
                "! command-sequence @25\n"
                "S: 503 5.5.1 Send EHLO or HELO first\n" EHLO_OUT MAIL_OUT},
      {"nested MAIL keeps the first",
       DIALOGUE_IN(HELLO MAIL RCPT "MAIL FROM:<x@evil.example>\r\n" DATA
                                   "x\r\n.\r\n"),
       HELLO_OUT MAIL_OUT RCPT_OUT
       "C: MAIL FROM:<x@evil.example>\n"
       "! command-sequence @92\n" SEQUENCE_OUT DATA_OUT
       "M: 3 octets, stored\n" STORED_OUT},
      {"EHLO ends it", DIALOGUE_IN(HELLO MAIL RCPT HELLO DATA RCPT MAIL),
       HELLO_OUT MAIL_OUT RCPT_OUT
       "C: EHLO a.example\n"
       "M: dropped\n" OFFERED_OUT "C: DATA\n"
       "! command-sequence @86\n" SEQUENCE_OUT "C: RCPT TO:<r@b.example>\n"
       "! command-sequence @109\n" SEQUENCE_OUT MAIL_OUT},
      {"HELO ends it",
       DIALOGUE_IN(HELLO MAIL RCPT "HELO a.example\r\n" DATA RCPT MAIL),
       HELLO_OUT MAIL_OUT RCPT_OUT
       "C: HELO a.example\n"
       "M: dropped\n"
       "S: 250 localhost greets you\n"
       "C: DATA\n"
       "! command-sequence @86\n" SEQUENCE_OUT "C: RCPT TO:<r@b.example>\n"
       "! command-sequence @109\n" SEQUENCE_OUT MAIL_OUT},
      {"an EHLO that is refused does not",
       DIALOGUE_IN(HELLO MAIL RCPT "EHLO\r\nEHLO a b\r\nEHLO \r\nHELO "
                                   "[1.2.3.4]\r\n" DATA "x\r\n.\r\n"),
       HELLO_OUT MAIL_OUT RCPT_OUT
       "C: EHLO\n"
       "! command-syntax @70\n"
       "S: 501 5.5.4 Syntax error in parameters or arguments\n"
       "C: EHLO a b\n"
       "! command-syntax @80\n"
       "S: 501 5.5.4 Syntax error in parameters or arguments\n"
       "C: EHLO \n"
       "! command-syntax @87\n"
       "S: 501 5.5.4 Syntax error in parameters or arguments\n"
       "C: HELO [1.2.3.4]\n"
       "! command-syntax @103\n"
       "S: 501 5.5.4 Syntax error in parameters or arguments\n" DATA_OUT
       "M: 3 octets, stored\n" STORED_OUT},
      {"nor does it make HELO into EHLO",
       DIALOGUE_IN("HELO a.example\r\nEHLO a b\r\nMAIL FROM:<a@b> SIZE=1\r\n"),
       GREETING "C: HELO a.example\n"
                "S: 250 localhost greets you\n"
                "C: EHLO a b\n"
                "! command-syntax @26\n"
                "S: 501 5.5.4 Syntax error in parameters or arguments\n"
                "C: MAIL FROM:<a@b> SIZE=1\n"
                "! param-refused @50\n"
                "S: 555 5.5.4 Parameter needs EHLO\n"},
      {"HELO, then a parameter",
       DIALOGUE_IN("HELO a.example\r\nMAIL FROM:<a@b> SIZE=1\r\n" MAIL
                   "RCPT TO:<a@b> NOTIFY=NEVER\r\n" RCPT),
       GREETING "C: HELO a.example\n"
                "S: 250 localhost greets you\n"
                "C: MAIL FROM:<a@b> SIZE=1\n"
                "! param-refused @40\n"
                "S: 555 5.5.4 Parameter needs EHLO\n" MAIL_OUT
                "C: RCPT TO:<a@b> NOTIFY=NEVER\n"
                "! param-refused @93\n"
                "S: 555 5.5.4 Parameter needs EHLO\n" RCPT_OUT},
      {"QUIT in DATA is content",
       DIALOGUE_IN(HELLO MAIL RCPT DATA
                   "QUIT\r\nRSET\r\n.\r\nQUIT\r\nNOOP\r\n"),
       HELLO_OUT MAIL_OUT RCPT_OUT DATA_OUT "M: 12 octets, stored\n" STORED_OUT
                                            "C: QUIT\n"
                                            "S: 221 2.0.0 Closing connection\n"
                                            ". close quit\n"},
      {"the next transaction inside the last one",
       DIALOGUE_IN(HELLO MAIL RCPT "BDAT 1\r\nx" MAIL RCPT "BDAT 1 LAST\r\ny"),
       HELLO_OUT MAIL_OUT RCPT_OUT
       "C: BDAT 1\n"
       "S: 250 2.0.0 Chunk taken\n"
       "C: MAIL FROM:<s@a.example>\n"
       "! command-sequence @98\n" SEQUENCE_OUT "C: RCPT TO:<r@b.example>\n"
       "! command-sequence @121\n" SEQUENCE_OUT "C: BDAT 1 LAST\n"
       "M: 2 octets, stored\n" STORED_OUT},
      {"and after it", DIALOGUE_IN(HELLO MAIL RCPT DATA "x\r\n.\r\n" RCPT DATA),
       HELLO_OUT MAIL_OUT RCPT_OUT DATA_OUT
       "M: 3 octets, stored\n" STORED_OUT "C: RCPT TO:<r@b.example>\n"
       "! command-sequence @99\n" SEQUENCE_OUT "C: DATA\n"
       "! command-sequence @105\n" SEQUENCE_OUT},
  };
  const smtpc_server_policy policy = strict_policy();
  ROWS(policy, rows);
}

// VRFY, EXPN, NOOP and HELP between any two commands change nothing (RFC 5321 section
// 4.1.4; Postfix 20260812, CVE-2020-10957).
static void test_cmd_10_bystanders(void **state) {
  (void)state;
  static const char *const before[] = {"",
                                       HELLO,
                                       HELLO MAIL,
                                       HELLO MAIL RCPT,
                                       HELLO MAIL RCPT "BDAT 1\r\nx",
                                       HELLO MAIL RCPT "BDAT 1001\r\n"};
  static const char *const lines[] = {
      "NOOP\r\n",       "NOOP x\r\n",    "noop\r\n",
      "NOOP \r\n",      "HELP\r\n",      "HELP MAIL\r\n",
      "VRFY r\r\n",     "VRFY\r\n",      "VRFY j\303\266 SMTPUTF8\r\n",
      "VRFY \377\r\n",  "EXPN list\r\n", "EXPN j\303\266 SMTPUTF8\r\n",
      "ETRN a\r\n",     "TURN\r\n",      "FROB\r\n",
      "AUTH PLAIN\r\n", "STARTTLS\r\n",  "\r\n"};
  const smtpc_server_policy policy = strict_policy();
  for (size_t i = 0u; i < DIALOGUE_COUNT(before); i++) {
    for (size_t k = 0u; k < DIALOGUE_COUNT(lines); k++) {
      smtpc_mem_server mem = {0};
      smtpc_mem_server_begin(&mem, &policy);
      (void)smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_PLAIN, before[i],
                                  strlen(before[i]), 0u);
      if (mem.session.mode == SMTPC_SERVER_CHUNK) {
        char *chunk = dialogue_filled("", 'x', 1001u, "");
        (void)smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_PLAIN, chunk, 1001u,
                                    0u);
        free(chunk);
      }
      const smtpc_transaction tx = mem.session.tx;
      const uint8_t esmtp = mem.session.esmtp;
      (void)smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_PLAIN, lines[k],
                                  strlen(lines[k]), 0u);
      test_label("before %zu, %s", i, lines[k]);
      test_octets(&mem.session.tx, sizeof tx, &tx, sizeof tx);
      test_number(mem.session.esmtp, esmtp);
      test_number(mem.where, SMTPC_MEM_INPUT);
      smtpc_mem_server_free(&mem);
    }
  }
}

// A message or chunk that was refused leaves neither sender nor recipients behind
// (Postfix 20260724, 20260803).
static void test_cmd_10_refused_message_clears_both(void **state) {
  (void)state;
  static const dialogue_row rows[] = {
      {"BDAT",
       DIALOGUE_IN(HELLO MAIL RCPT "BDAT 6\r\n123456" DATA RCPT MAIL
                                   "RSET\r\n" DATA RCPT MAIL),
       GREETING
       "C: EHLO a.example\n"
       "S: 250-localhost greets you\n"
       "S: 250-SIZE 5\n"
       "S: 250-8BITMIME\n"
       "S: 250-DSN\n"
       "S: 250-SMTPUTF8\n"
       "S: 250-CHUNKING\n"
       "S: 250 ENHANCEDSTATUSCODES\n" MAIL_OUT RCPT_OUT "C: BDAT 6\n"
       "! size-exceeded @72\n"
       "M: dropped\n"
       "! chunk-refused @78\n"
       "S: 552 5.3.4 Message too big\n"
       "C: DATA\n"
       "! command-sequence @84\n" SEQUENCE_OUT "C: RCPT TO:<r@b.example>\n"
       "! command-sequence @107\n" SEQUENCE_OUT "C: MAIL FROM:<s@a.example>\n"
       "! command-sequence @132\n" SEQUENCE_OUT "C: RSET\n"
       "S: 250 2.0.0 Reset\n"
       "C: DATA\n"
       "! command-sequence @144\n" SEQUENCE_OUT "C: RCPT TO:<r@b.example>\n"
       "! command-sequence @167\n" SEQUENCE_OUT MAIL_OUT},
      {"BDAT LAST",
       DIALOGUE_IN(HELLO MAIL RCPT "BDAT 6 LAST\r\n123456" DATA
                                   "RSET\r\n" RCPT DATA),
       GREETING "C: EHLO a.example\n"
                "S: 250-localhost greets you\n"
                "S: 250-SIZE 5\n"
                "S: 250-8BITMIME\n"
                "S: 250-DSN\n"
                "S: 250-SMTPUTF8\n"
                "S: 250-CHUNKING\n"
                "S: 250 ENHANCEDSTATUSCODES\n" MAIL_OUT RCPT_OUT
                "C: BDAT 6 LAST\n"
                "! size-exceeded @77\n"
                "M: dropped\n"
                "! chunk-refused @83\n"
                "S: 552 5.3.4 Message too big\n"
                "C: DATA\n"
                "! command-sequence @89\n" SEQUENCE_OUT "C: RSET\n"
                "S: 250 2.0.0 Reset\n"
                "C: RCPT TO:<r@b.example>\n"
                "! command-sequence @118\n" SEQUENCE_OUT "C: DATA\n"
                "! command-sequence @124\n" SEQUENCE_OUT},
      {"DATA",
       DIALOGUE_IN(HELLO MAIL RCPT DATA "123456\r\n.\r\n" RCPT DATA MAIL DATA),
       GREETING "C: EHLO a.example\n"
                "S: 250-localhost greets you\n"
                "S: 250-SIZE 5\n"
                "S: 250-8BITMIME\n"
                "S: 250-DSN\n"
                "S: 250-SMTPUTF8\n"
                "S: 250-CHUNKING\n"
                "S: 250 ENHANCEDSTATUSCODES\n" MAIL_OUT RCPT_OUT DATA_OUT
                "! size-exceeded @70\n"
                "M: dropped\n"
                "S: 552 5.3.4 Message too big\n"
                "C: RCPT TO:<r@b.example>\n"
                "! command-sequence @104\n" SEQUENCE_OUT "C: DATA\n"
                "! command-sequence @110\n" SEQUENCE_OUT MAIL_OUT "C: DATA\n"
                "! command-sequence @141\n" NOBODY_OUT},
  };
  smtpc_server_policy policy = strict_policy();
  policy.size_max = 5u;
  ROWS(policy, rows);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_cmd_07_mail_parameters),
      cmocka_unit_test(test_cmd_07_rcpt_parameters),
      cmocka_unit_test(test_cmd_07_many_parameters),
      cmocka_unit_test(test_cmd_08_xtext),
      cmocka_unit_test(test_cmd_08_encode_then_decode),
      cmocka_unit_test(test_cmd_08_envid_and_orcpt),
      cmocka_unit_test(test_cmd_09_size_arithmetic),
      cmocka_unit_test(test_cmd_09_size_without_a_limit),
      cmocka_unit_test(test_cmd_09_numbers_against_text),
      cmocka_unit_test(test_cmd_09_declared_size_lies),
      cmocka_unit_test(test_cmd_10_sequence_errors),
      cmocka_unit_test(test_cmd_10_bystanders),
      cmocka_unit_test(test_cmd_10_refused_message_clears_both),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
