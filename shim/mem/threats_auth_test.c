// THREATS.md section 7, AUT-01 to AUT-04: base64, cancelling, order, and AUTH= of MAIL.
// Rows are run whole and in pieces of 1 to 5 octets, under TLS unless they are about its
// absence.

#include <stdlib.h>
#include <string.h>

#include "shim/mem/dialogue_testing.h"

#define LINES(policy, scene, rows) \
  dialogue_lines(&(policy), &(scene), rows, DIALOGUE_COUNT(rows))
#define DIALOGUES(policy, rows) \
  dialogue_servers(&(policy), rows, DIALOGUE_COUNT(rows))

#define HELLO "EHLO a.example\r\n"
#define GREETING "S: 220 localhost SMTP service ready\n"
#define OFFERED_OUT                                                 \
  "S: 250-localhost greets you\n"                                   \
  "S: 250-AUTH CRAM-MD5 PLAIN LOGIN EXTERNAL OAUTHBEARER XOAUTH2\n" \
  "S: 250 ENHANCEDSTATUSCODES\n"
#define HELLO_OUT "= tls\n" GREETING "C: EHLO a.example\n" OFFERED_OUT
#define MAIL "MAIL FROM:<s@a.example>\r\n"
#define MAIL_OUT "C: MAIL FROM:<s@a.example>\nS: 250 2.1.0 Sender OK\n"
#define RCPT "RCPT TO:<r@b.example>\r\n"
#define NOOP "NOOP\r\n"
#define NOOP_OUT "C: NOOP\nS: 250 2.0.0 OK\n"
#define SECRET_OUT "C: (secret)\n"
#define OK_OUT "S: 235 2.7.0 Authentication succeeded\n"
#define SEQUENCE_OUT "S: 503 5.5.1 Bad sequence of commands\n"
#define BAD "501 5.5.2 Cannot decode authentication response"
#define REFUSED "535 5.7.8 Authentication credentials invalid"
#define REFUSED_OUT "S: 535 5.7.8 Authentication credentials invalid\n"
#define CANCELLED "501 5.7.0 Authentication cancelled"
#define UNKNOWN "504 5.5.4 Mechanism not offered"
#define ARGUMENT_BAD "501 5.5.4 Syntax error in parameters or arguments"
#define OK "235 2.7.0 Authentication succeeded"
#define GOOD "AHVzZXIAc2VjcmV0"
#define WRONG "AHVzZXIAd3Jvbmc="

static smtpc_server_policy secure_policy(void) {
  smtpc_server_policy policy = dialogue_server_policy();
  policy.offered = SMTPC_OFFERS(AUTH) | SMTPC_OFFERS(ENHANCEDSTATUSCODES);
  policy.auth = SMTPC_AUTH_ON;
  policy.implicit_tls = 1u;
  policy.certificate = 1u;
  policy.mechanisms = SMTPC_MECH(PLAIN) | SMTPC_MECH(LOGIN) |
                      SMTPC_MECH(CRAM_MD5) | SMTPC_MECH(EXTERNAL) |
                      SMTPC_MECH(XOAUTH2) | SMTPC_MECH(OAUTHBEARER);
  return policy;
}

// In clear, with STARTTLS; AUTH in clear too, if `quirk`.
static smtpc_server_policy clear_policy(int quirk) {
  smtpc_server_policy policy = secure_policy();
  policy.implicit_tls = 0u;
  policy.tls = SMTPC_SERVER_TLS_ON;
  policy.offered |= SMTPC_OFFERS(STARTTLS);
  policy.mechanisms = SMTPC_MECH(PLAIN);
  policy.quirks = quirk != 0 ? (uint32_t)SMTPC_QUIRK_AUTH_IN_CLEAR : 0u;
  return policy;
}

#define CLEAR_HELLO_OUT           \
  "C: EHLO a.example\n"           \
  "S: 250-localhost greets you\n" \
  "S: 250-STARTTLS\n"             \
  "S: 250-AUTH PLAIN\n"           \
  "S: 250 ENHANCEDSTATUSCODES\n"

static const dialogue_scene inlined = {HELLO, HELLO_OUT, 1};
static const dialogue_scene shown = {HELLO, HELLO_OUT, 0};
static const dialogue_scene plain = {HELLO "AUTH PLAIN\r\n",
                                     HELLO_OUT "C: AUTH PLAIN\nS: 334 \n", 1};
static const dialogue_scene login = {
    HELLO "AUTH LOGIN\r\n", HELLO_OUT "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\n",
    1};
static const dialogue_scene password = {
    HELLO "AUTH LOGIN\r\ndXNlcg==\r\n",
    HELLO_OUT "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\n" SECRET_OUT
              "S: 334 UGFzc3dvcmQ6\n",
    1};
static const dialogue_scene cram = {
    HELLO "AUTH CRAM-MD5\r\n",
    HELLO_OUT
    "C: AUTH CRAM-MD5\n"
    "S: 334 PDAxMDIwMzA0MDUwNjA3MDgwOTBhMGIwYzBkMGUwZjEwQGxvY2FsaG9zd"
    "D4=\n",
    1};

// ----------------------------------------------------------------- AUT-01: base64

static void test_aut_01_base64_strictness(void **state) {
  (void)state;
  static const dialogue_line initial[] = {
      {"AUTH PLAIN " GOOD, NULL, OK},
      {"auth plain " GOOD, NULL, OK},
      {"AUTH PLAIN !!!", "auth-syntax", BAD},
      {"AUTH PLAIN AA=A", "auth-syntax", BAD},
      {"AUTH PLAIN =", "auth-syntax", BAD},
      {"AUTH PLAIN ==", "auth-syntax", BAD},
      {"AUTH PLAIN ====", "auth-syntax", BAD},
      {"AUTH PLAIN A", "auth-syntax", BAD},
      {"AUTH PLAIN AA", "auth-syntax", BAD},
      {"AUTH PLAIN AAA", "auth-syntax", BAD},
      {"AUTH PLAIN =AAA", "auth-syntax", BAD},
      {"AUTH PLAIN AAA=BBB", "auth-syntax", BAD},
      {"AUTH PLAIN AAA=BBB=", "auth-syntax", BAD},
      {"AUTH PLAIN A===", "auth-syntax", BAD},
      {"AUTH PLAIN " GOOD "=", "auth-syntax", BAD},
      {"AUTH PLAIN " GOOD "====", "auth-syntax", BAD},
      {"AUTH PLAIN AHVzZXIAc2Vj-mV0", "auth-syntax", BAD},
      {"AUTH PLAIN AHVzZXIAc2Vj_mV0", "auth-syntax", BAD},
      {"AUTH PLAIN AHVzZXIAd3Jvbmc", "auth-syntax", BAD},
      {"AUTH PLAIN AHVzZXIAd3Jvbmd=", "auth-syntax", BAD},
      {"AUTH PLAIN AHVzZXIAd3JvbmdB=", "auth-syntax", BAD},
      {"AUTH PLAIN AHVzZXIAc2VjcmV0 ", "command-syntax", ARGUMENT_BAD},
      {"AUTH PLAIN AHVz ZXIAc2VjcmV0", "command-syntax", ARGUMENT_BAD},
      {"AUTH PLAIN  " GOOD, "command-syntax", ARGUMENT_BAD},
      {"AUTH PLAIN\t" GOOD, "command-syntax", ARGUMENT_BAD},
      {"AUTH PLAIN AHVz\tZXIAc2VjcmV0", "command-syntax", ARGUMENT_BAD},
      {"AUTH PLAIN AHVz\303\266", "command-syntax", ARGUMENT_BAD},
      {"AUTH PLAIN ", "command-syntax", ARGUMENT_BAD},
      {"AUTH  PLAIN", "command-syntax", ARGUMENT_BAD},
      {"AUTH", "command-syntax", ARGUMENT_BAD},
  };
  static const dialogue_line response[] = {
      {GOOD, NULL, OK},
      {"!!!", "auth-syntax", BAD},
      {"AA=A", "auth-syntax", BAD},
      {"=", "auth-syntax", BAD},
      {"====", "auth-syntax", BAD},
      {"A", "auth-syntax", BAD},
      {"", "auth-syntax", BAD},
      {" ", "auth-syntax", BAD},
      {"AHVz ZXIAc2VjcmV0", "auth-syntax", BAD},
      {" " GOOD, "auth-syntax", BAD},
      {GOOD " ", "auth-syntax", BAD},
      {"AHVzZXIAc2Vj-mV0", "auth-syntax", BAD},
      {"AHVzZXIAd3Jvbmc", "auth-syntax", BAD},
      {"AHVzZXIAd3Jvbmd=", "auth-syntax", BAD},
      {"AHVz\tZXIAc2VjcmV0", "auth-syntax", BAD},
      {"AHVz\303\266\303\266", "auth-syntax", BAD},
      {"\377\377\377\377", "auth-syntax", BAD},
  };
  const smtpc_server_policy policy = secure_policy();
  LINES(policy, inlined, initial);
  LINES(policy, plain, response);
}

// 12288 octets is the longest line (RFC 4954 section 4), in both places.
static void test_aut_01_long_lines(void **state) {
  (void)state;
  static const struct {
    const char *head;
    size_t octets;
    const char *want;
  } rows[] = {
      {"AUTH PLAIN ", 12288u,
       HELLO_OUT SECRET_OUT
       "! auth-syntax @12304\n"
       "S: 501 5.5.2 Cannot decode authentication response\n" NOOP_OUT},
      {"AUTH PLAIN ", 12289u,
       HELLO_OUT "C: (malformed)\n"
                 "! line-too-long @12305\n"
                 "S: 500 5.5.6 Authentication line too long\n" NOOP_OUT},
      {"AUTH PLAIN ", 70000u,
       HELLO_OUT "C: (malformed)\n"
                 "! line-too-long @70016\n"
                 "S: 500 5.5.6 Authentication line too long\n" NOOP_OUT},
      {"AUTH PLAIN\r\n", 12288u,
       HELLO_OUT
       "C: AUTH PLAIN\n"
       "S: 334 \n" SECRET_OUT "! auth-syntax @12316\n"
       "S: 501 5.5.2 Cannot decode authentication response\n" NOOP_OUT},
      {"AUTH PLAIN\r\n", 12289u,
       HELLO_OUT "C: AUTH PLAIN\n"
                 "S: 334 \n" SECRET_OUT "! line-too-long @12317\n"
                 "S: 500 5.5.6 Authentication line too long\n" NOOP_OUT},
      {"AUTH PLAIN\r\n", 70000u,
       HELLO_OUT "C: AUTH PLAIN\n"
                 "S: 334 \n" SECRET_OUT "! line-too-long @70028\n"
                 "S: 500 5.5.6 Authentication line too long\n" NOOP_OUT},
      {"AUTH PLAIN\r\n", 100000u,
       HELLO_OUT "C: AUTH PLAIN\n"
                 "S: 334 \n" SECRET_OUT "! line-endless @77852\n"
                 "S: 500 5.5.6 Authentication line too long\n"
                 ". close protocol line-endless\n"},
  };
  const smtpc_server_policy policy = secure_policy();
  for (size_t i = 0u; i < DIALOGUE_COUNT(rows); i++) {
    const size_t head = rows[i].head[10] == ' ' ? strlen(rows[i].head) : 0u;
    char *in =
        dialogue_filled(rows[i].head, 'A', rows[i].octets - 2u - head, "\r\n");
    const dialogue d = {"long", {"=up", HELLO, in, NOOP}, rows[i].want};
    dialogue_server(&policy, &d);
    free(in);
  }
}

// Without its CRLF it is nothing, and no password is looked at.
static void test_aut_01_crlf_missing(void **state) {
  (void)state;
  static const dialogue rows[] = {
      {"end",
       {"=up", HELLO "AUTH PLAIN " GOOD, "=end"},
       HELLO_OUT "! aborted @43\n"
                 ". close peer aborted\n"},
      {"end after CR",
       {"=up", HELLO "AUTH PLAIN " GOOD "\r", "=end"},
       HELLO_OUT "! aborted @44\n"
                 ". close peer aborted\n"},
      {"reset",
       {"=up", HELLO "AUTH PLAIN\r\n" GOOD, "=reset"},
       HELLO_OUT "C: AUTH PLAIN\n"
                 "S: 334 \n"
                 "! tls-lost @44\n"
                 ". close peer tls-lost\n"},
      {"bare LF",
       {"=up", HELLO "AUTH PLAIN\r\n" GOOD "\n*\r\n" NOOP},
       HELLO_OUT "C: AUTH PLAIN\n"
                 "S: 334 \n" SECRET_OUT "! bare-lf @48\n"
                 "S: 500 5.5.2 Line malformed\n" NOOP_OUT},
      {"bare CR",
       {"=up", HELLO "AUTH PLAIN\r\n" GOOD "\r*\r\n" NOOP},
       HELLO_OUT "C: AUTH PLAIN\n"
                 "S: 334 \n" SECRET_OUT "! bare-cr @48\n"
                 "S: 500 5.5.2 Line malformed\n" NOOP_OUT},
  };
  const smtpc_server_policy policy = secure_policy();
  DIALOGUES(policy, rows);
}

// A decoder that looks each digit up in the alphabet, one after the other.
static bool decode_slowly(const char *text, size_t len, uint8_t *out,
                          size_t *out_len) {
  static const char alphabet[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  size_t digits = len;
  uint32_t bits = 0u;
  unsigned count = 0u;
  *out_len = 0u;
  while (digits > 0u && len - digits < 2u && text[digits - 1u] == '=') {
    digits--;
  }
  if (len % 4u != 0u) {
    return false;
  }
  for (size_t i = 0u; i < digits; i++) {
    const char *at = memchr(alphabet, text[i], sizeof alphabet - 1u);
    if (at == NULL) {
      return false;
    }
    bits = bits << 6 | (uint32_t)(at - alphabet);
    count += 6u;
    if (count >= 8u) {
      count -= 8u;
      out[*out_len] = (uint8_t)(bits >> count);
      *out_len += 1u;
      bits &= (1u << count) - 1u;
    }
  }
  return bits == 0u && count < 6u;
}

static void test_aut_01_against_a_slow_decoder(void **state) {
  (void)state;
  static const char octets[] = "ABZaz09+/=-_ !\n\377";
  uint64_t random = 7u;
  for (unsigned run = 0u; run < 50000u; run++) {
    char text[24];
    uint8_t want[24];
    size_t want_len = 0u;
    const size_t len = test_random(&random) % (sizeof text + 1u);
    const uint32_t kinds = (run & 1u) != 0u ? 10u : sizeof octets - 1u;
    for (size_t i = 0u; i < len; i++) {
      text[i] = octets[test_random(&random) % kinds];
    }
    const bool good = decode_slowly(text, len, want, &want_len);
    uint8_t *copy = test_copy(text, len);
    smtpc_span out = {9u, 9u};
    test_label("%.*s", (int)len, text);
    test_number(smtpc_base64_decode(copy, smtpc_span_make(0u, len), &out),
                good ? SMTPC_OK : SMTPC_E_BASE64);
    assert_true(smtpc_span_len(out) <= 3u * len / 4u);
    test_octets(copy + out.begin, smtpc_span_len(out), want,
                good ? want_len : 0u);
    free(copy);
  }
}

// ------------------------------------------------- AUT-02: cancelled, and empty

static void test_aut_02_cancel(void **state) {
  (void)state;
  static const dialogue_line rows[] = {
      {"*", "auth-cancelled", CANCELLED}, {"* ", "auth-syntax", BAD},
      {" *", "auth-syntax", BAD},         {"**", "auth-syntax", BAD},
      {"*=", "auth-syntax", BAD},         {"*AAA", "auth-syntax", BAD},
      {"", "auth-syntax", BAD},           {"=", "auth-syntax", BAD},
  };
  static const dialogue_line inlined_rows[] = {
      {"AUTH PLAIN *", "auth-cancelled", CANCELLED},
      {"AUTH PLAIN **", "auth-syntax", BAD},
      {"AUTH LOGIN *", "auth-cancelled", CANCELLED},
  };
  const smtpc_server_policy policy = secure_policy();
  LINES(policy, plain, rows);
  LINES(policy, password, rows);
  LINES(policy, cram, rows);
  LINES(policy, inlined, inlined_rows);
  static const dialogue_line names[] = {
      {"*", "auth-cancelled", CANCELLED},
      {"**", "auth-syntax", BAD},
      {"", "auth-syntax", BAD},
      {"=", "auth-syntax", BAD},
  };
  LINES(policy, login, names);
  // `*` in base64 is a password like any other.
  static const dialogue_line star = {"Kg==", "auth-failed", REFUSED};
  dialogue_lines(&policy, &password, &star, 1u);
}

// After it `*` is no verb, a response no longer one, and AUTH begins anew.
static void test_aut_02_after_a_cancel(void **state) {
  (void)state;
  static const dialogue rows[] = {
      {"and on",
       {"=up", HELLO "AUTH LOGIN\r\n*\r\n*\r\n" MAIL},
       HELLO_OUT "C: AUTH LOGIN\n"
                 "S: 334 VXNlcm5hbWU6\n" SECRET_OUT "! auth-cancelled @31\n"
                 "S: 501 5.7.0 Authentication cancelled\n" SECRET_OUT
                 "! command-unknown @34\n"
                 "S: 500 5.5.1 Command unrecognized\n" MAIL_OUT},
      {"and again",
       {"=up", HELLO "AUTH LOGIN\r\ndXNlcg==\r\n*\r\nAUTH LOGIN\r\n"
                     "dXNlcg==\r\nc2VjcmV0\r\n"},
       HELLO_OUT "C: AUTH LOGIN\n"
                 "S: 334 VXNlcm5hbWU6\n" SECRET_OUT
                 "S: 334 UGFzc3dvcmQ6\n" SECRET_OUT "! auth-cancelled @41\n"
                 "S: 501 5.7.0 Authentication cancelled\n"
                 "C: AUTH LOGIN\n"
                 "S: 334 VXNlcm5hbWU6\n" SECRET_OUT
                 "S: 334 UGFzc3dvcmQ6\n" SECRET_OUT OK_OUT},
      {"a password that comes too late",
       {"=up", HELLO "AUTH LOGIN\r\n*\r\nc2VjcmV0\r\n" NOOP},
       HELLO_OUT "C: AUTH LOGIN\n"
                 "S: 334 VXNlcm5hbWU6\n" SECRET_OUT "! auth-cancelled @31\n"
                 "S: 501 5.7.0 Authentication cancelled\n" SECRET_OUT
                 "! command-unknown @41\n"
                 "S: 500 5.5.1 Command unrecognized\n" NOOP_OUT},
  };
  const smtpc_server_policy policy = secure_policy();
  DIALOGUES(policy, rows);
}

// Where an answer may be empty it is: an empty line, or `=` as an initial response.
static void test_aut_02_empty_answers(void **state) {
  (void)state;
  static const dialogue rows[] = {
      {"EXTERNAL, =",
       {"=up", HELLO "AUTH EXTERNAL =\r\n" NOOP},
       HELLO_OUT SECRET_OUT "! auth-failed @33\n" REFUSED_OUT NOOP_OUT},
      {"EXTERNAL, asked",
       {"=up", HELLO "AUTH EXTERNAL\r\n\r\n" NOOP},
       HELLO_OUT "C: AUTH EXTERNAL\n"
                 "S: 334 \n" SECRET_OUT
                 "! auth-failed @33\n" REFUSED_OUT NOOP_OUT},
      {"EXTERNAL, = when asked",
       {"=up", HELLO "AUTH EXTERNAL\r\n=\r\n" NOOP},
       HELLO_OUT
       "C: AUTH EXTERNAL\n"
       "S: 334 \n" SECRET_OUT "! auth-syntax @34\n"
       "S: 501 5.5.2 Cannot decode authentication response\n" NOOP_OUT},
      {"XOAUTH2, the end of a refusal",
       {"=up", HELLO "AUTH XOAUTH2 dXNlcj11c2VyAWF1dGg9QmVhcmVyIGJhZAEB\r\n"
                     "\r\n" NOOP},
       HELLO_OUT SECRET_OUT
       "! auth-failed @67\n"
       "S: 334 eyJzdGF0dXMiOiI0MDEiLCJzY2hlbWVzIjoiYmVhcmVyIn0=\n" SECRET_OUT
           REFUSED_OUT NOOP_OUT},
      {"XOAUTH2, a refusal that is cancelled",
       {"=up", HELLO "AUTH XOAUTH2 dXNlcj11c2VyAWF1dGg9QmVhcmVyIGJhZAEB\r\n"
                     "*\r\n" NOOP},
       HELLO_OUT SECRET_OUT
       "! auth-failed @67\n"
       "S: 334 eyJzdGF0dXMiOiI0MDEiLCJzY2hlbWVzIjoiYmVhcmVyIn0=\n" SECRET_OUT
       "! auth-cancelled @70\n"
       "S: 501 5.7.0 Authentication cancelled\n" NOOP_OUT},
  };
  const smtpc_server_policy policy = secure_policy();
  DIALOGUES(policy, rows);
}

// ------------------------------------------------------------------ AUT-03: state

static void test_aut_03_state(void **state) {
  (void)state;
  static const dialogue rows[] = {
      {"after success",
       {"=up", HELLO "AUTH PLAIN " GOOD "\r\nAUTH PLAIN " GOOD
                     "\r\nAUTH LOGIN\r\n" MAIL},
       HELLO_OUT SECRET_OUT OK_OUT SECRET_OUT
       "! command-sequence @74\n" SEQUENCE_OUT "C: AUTH LOGIN\n"
       "! command-sequence @86\n" SEQUENCE_OUT MAIL_OUT},
      {"in a transaction",
       {"=up", HELLO MAIL "AUTH PLAIN " GOOD "\r\n" RCPT
                          "AUTH PLAIN\r\nRSET\r\nAUTH PLAIN " GOOD "\r\n"},
       HELLO_OUT MAIL_OUT SECRET_OUT
       "! command-sequence @70\n" SEQUENCE_OUT "C: RCPT TO:<r@b.example>\n"
       "S: 250 2.1.5 Recipient OK\n"
       "C: AUTH PLAIN\n"
       "! command-sequence @105\n" SEQUENCE_OUT "C: RSET\n"
       "M: dropped\n"
       "S: 250 2.0.0 Reset\n" SECRET_OUT OK_OUT},
      {"before EHLO",
       {"=up", "AUTH PLAIN " GOOD "\r\n" NOOP},
       "= tls\n" GREETING SECRET_OUT
       "! command-sequence @29\n" SEQUENCE_OUT NOOP_OUT},
      {"after HELO",
       {"=up", "HELO a.example\r\nAUTH PLAIN " GOOD "\r\n" NOOP},
       "= tls\n" GREETING "C: HELO a.example\n"
       "S: 250 localhost greets you\n" SECRET_OUT
       "! command-sequence @45\n" SEQUENCE_OUT NOOP_OUT},
      {"after EHLO again",
       {"=up", HELLO "AUTH PLAIN " GOOD "\r\n" HELLO "AUTH PLAIN " GOOD "\r\n"},
       HELLO_OUT SECRET_OUT OK_OUT "C: EHLO a.example\n" OFFERED_OUT SECRET_OUT
                                   "! command-sequence @90\n" SEQUENCE_OUT},
  };
  static const dialogue_line mechanisms[] = {
      {"AUTH FOO", "command-syntax", UNKNOWN},
      {"AUTH NTLM", "command-syntax", UNKNOWN},
      {"AUTH GSSAPI", "command-syntax", UNKNOWN},
      {"AUTH NONE", "command-syntax", UNKNOWN},
      {"AUTH PLAINX", "command-syntax", UNKNOWN},
      {"AUTH PLAI", "command-syntax", UNKNOWN},
      {"AUTH SCRAM-SHA-256", "command-syntax", UNKNOWN},
      {"AUTH SCRAM-SHA-256-PLUS", "command-syntax", UNKNOWN},
  };
  static const dialogue_line initial[] = {
      {"AUTH *", "command-syntax", ARGUMENT_BAD},
      {"AUTH =", "command-syntax", ARGUMENT_BAD},
      {"AUTH ABCDEFGHIJKLMNOPQRSTU", "command-syntax", ARGUMENT_BAD},
      {"AUTH CRAM-MD5 dXNlciAw", "auth-syntax",
       "501 5.7.0 Initial response not allowed"},
      {"AUTH CRAM-MD5 =", "auth-syntax",
       "501 5.7.0 Initial response not allowed"},
      {"AUTH CRAM-MD5 !", "auth-syntax",
       "501 5.7.0 Initial response not allowed"},
      {"AUTH NTLM TlRMTVNTUAABAAAA", "command-syntax", UNKNOWN},
  };
  const smtpc_server_policy policy = secure_policy();
  DIALOGUES(policy, rows);
  LINES(policy, shown, mechanisms);
  LINES(policy, inlined, initial);
}

// In clear it is refused before it is looked at, and who logged in in clear may not
// carry that over to TLS.
static void test_aut_03_in_clear(void **state) {
  (void)state;
  static const dialogue refused[] = {
      {"inline",
       {HELLO "AUTH PLAIN " GOOD "\r\n" NOOP},
       GREETING
       "C: EHLO a.example\n"
       "S: 250-localhost greets you\n"
       "S: 250-STARTTLS\n"
       "S: 250 ENHANCEDSTATUSCODES\n" SECRET_OUT "! auth-refused-clear @45\n"
       "S: 538 5.7.11 Encryption required for authentication\n" NOOP_OUT},
      {"asked",
       {HELLO "AUTH PLAIN\r\n" GOOD "\r\n" NOOP},
       GREETING
       "C: EHLO a.example\n"
       "S: 250-localhost greets you\n"
       "S: 250-STARTTLS\n"
       "S: 250 ENHANCEDSTATUSCODES\n"
       "C: AUTH PLAIN\n"
       "! auth-refused-clear @28\n"
       "S: 538 5.7.11 Encryption required for authentication\n" SECRET_OUT
       "! command-unknown @46\n"
       "S: 500 5.5.1 Command unrecognized\n" NOOP_OUT},
      {"unknown mechanism",
       {HELLO "AUTH FOO\r\n"},
       GREETING "C: EHLO a.example\n"
                "S: 250-localhost greets you\n"
                "S: 250-STARTTLS\n"
                "S: 250 ENHANCEDSTATUSCODES\n"
                "C: AUTH FOO\n"
                "! auth-refused-clear @26\n"
                "S: 538 5.7.11 Encryption required for authentication\n"},
      {"then TLS",
       {HELLO "AUTH PLAIN " WRONG "\r\n", "STARTTLS\r\n", "=up",
        HELLO "AUTH PLAIN " GOOD "\r\n"},
       GREETING "C: EHLO a.example\n"
                "S: 250-localhost greets you\n"
                "S: 250-STARTTLS\n"
                "S: 250 ENHANCEDSTATUSCODES\n" SECRET_OUT
                "! auth-refused-clear @45\n"
                "S: 538 5.7.11 Encryption required for authentication\n"
                "C: STARTTLS\n"
                "S: 220 2.0.0 Ready to start TLS\n"
                "= tls\n"
                "C: EHLO a.example\n"
                "S: 250-localhost greets you\n"
                "S: 250-AUTH PLAIN\n"
                "S: 250 ENHANCEDSTATUSCODES\n" SECRET_OUT OK_OUT},
  };
  static const dialogue taken[] = {
      {"AUTH, then STARTTLS",
       {HELLO "AUTH PLAIN " GOOD "\r\n", "STARTTLS\r\n", NOOP},
       GREETING CLEAR_HELLO_OUT SECRET_OUT
       "! auth-in-clear @45\n" OK_OUT "C: STARTTLS\n"
       "! command-sequence @55\n" SEQUENCE_OUT NOOP_OUT},
      {"failed AUTH, then STARTTLS",
       {HELLO "AUTH PLAIN " WRONG "\r\n", "STARTTLS\r\n", "=up",
        "AUTH PLAIN " GOOD "\r\n", HELLO "AUTH PLAIN " GOOD "\r\n"},
       GREETING CLEAR_HELLO_OUT SECRET_OUT
       "! auth-in-clear @45\n"
       "! auth-failed @45\n" REFUSED_OUT "C: STARTTLS\n"
       "S: 220 2.0.0 Ready to start TLS\n"
       "= tls\n" SECRET_OUT "! command-sequence @29\n" SEQUENCE_OUT
       "C: EHLO a.example\n"
       "S: 250-localhost greets you\n"
       "S: 250-AUTH PLAIN\n"
       "S: 250 ENHANCEDSTATUSCODES\n" SECRET_OUT OK_OUT},
      {"STARTTLS inside AUTH",
       {HELLO "AUTH PLAIN\r\n", "STARTTLS\r\n", "STARTTLS\r\n", "=up", HELLO},
       GREETING CLEAR_HELLO_OUT
       "C: AUTH PLAIN\n"
       "! auth-in-clear @28\n"
       "S: 334 \n" SECRET_OUT "! auth-syntax @38\n"
       "S: 501 5.5.2 Cannot decode authentication response\n"
       "C: STARTTLS\n"
       "S: 220 2.0.0 Ready to start TLS\n"
       "= tls\n"
       "C: EHLO a.example\n"
       "S: 250-localhost greets you\n"
       "S: 250-AUTH PLAIN\n"
       "S: 250 ENHANCEDSTATUSCODES\n"},
  };
  const smtpc_server_policy strict = clear_policy(0);
  const smtpc_server_policy lax = clear_policy(1);
  DIALOGUES(strict, refused);
  DIALOGUES(lax, taken);
}

// Another mechanism inside an exchange is a response (CVE-2011-1720), and nothing of
// the one before is left.
static void test_aut_03_mechanism_switch(void **state) {
  (void)state;
  static const dialogue rows[] = {
      {"LOGIN to CRAM-MD5",
       {"=up",
        HELLO "AUTH LOGIN\r\nAUTH CRAM-MD5\r\nAUTH CRAM-MD5\r\n"
              "dXNlciAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMA==\r\n"},
       HELLO_OUT "C: AUTH LOGIN\n"
                 "S: 334 VXNlcm5hbWU6\n" SECRET_OUT "! auth-syntax @43\n"
                 "S: 501 5.5.2 Cannot decode authentication response\n"
                 "C: AUTH CRAM-MD5\n"
                 "S: 334 "
                 "PDAxMDIwMzA0MDUwNjA3MDgwOTBhMGIwYzBkMGUwZjEwQGxvY2FsaG9zdD4="
                 "\n" SECRET_OUT OK_OUT},
      {"CRAM-MD5 to LOGIN",
       {"=up", HELLO "AUTH CRAM-MD5\r\nAUTH LOGIN\r\nAUTH LOGIN\r\n"
                     "dXNlcg==\r\nAUTH PLAIN\r\nAUTH PLAIN " GOOD "\r\n"},
       HELLO_OUT
       "C: AUTH CRAM-MD5\n"
       "S: 334 "
       "PDAxMDIwMzA0MDUwNjA3MDgwOTBhMGIwYzBkMGUwZjEwQGxvY2FsaG9zdD4="
       "\n" SECRET_OUT "! auth-syntax @43\n"
       "S: 501 5.5.2 Cannot decode authentication response\n"
       "C: AUTH LOGIN\n"
       "S: 334 VXNlcm5hbWU6\n" SECRET_OUT "S: 334 UGFzc3dvcmQ6\n" SECRET_OUT
       "! auth-syntax @77\n"
       "S: 501 5.5.2 Cannot decode authentication response\n" SECRET_OUT
           OK_OUT},
      {"a name does not stay",
       {"=up", HELLO "AUTH LOGIN\r\ndXNlcg==\r\n*\r\nAUTH LOGIN\r\n"
                     "b3RoZXI=\r\nc2VjcmV0\r\n"},
       HELLO_OUT "C: AUTH LOGIN\n"
                 "S: 334 VXNlcm5hbWU6\n" SECRET_OUT
                 "S: 334 UGFzc3dvcmQ6\n" SECRET_OUT "! auth-cancelled @41\n"
                 "S: 501 5.7.0 Authentication cancelled\n"
                 "C: AUTH LOGIN\n"
                 "S: 334 VXNlcm5hbWU6\n" SECRET_OUT
                 "S: 334 UGFzc3dvcmQ6\n" SECRET_OUT
                 "! auth-failed @73\n" REFUSED_OUT},
  };
  const smtpc_server_policy policy = secure_policy();
  DIALOGUES(policy, rows);
  static const char *const failed[] = {"AUTH PLAIN !!!\r\n",
                                       "AUTH LOGIN\r\ndXNlcg==\r\n*\r\n",
                                       "AUTH LOGIN\r\ndXNlcg==\r\nd3Jvbmc=\r\n",
                                       "AUTH CRAM-MD5\r\nAUTH LOGIN\r\n",
                                       "AUTH PLAIN " WRONG "\r\n",
                                       "AUTH EXTERNAL =\r\n",
                                       "AUTH LOGIN\r\ndXNlcg==\r\n\001\r\n",
                                       "AUTH LOGIN\r\ndXNlcg==\r\nA\nB\r\n"};
  for (size_t i = 0u; i < DIALOGUE_COUNT(failed); i++) {
    static const smtpc_sasl none = {0};
    smtpc_mem_server mem = {0};
    smtpc_mem_server_begin(&mem, &policy);
    smtpc_mem_server_tls_up(&mem, SMTPC_TLS_1_3);
    (void)smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_TLS, HELLO,
                                sizeof HELLO - 1u, 0u);
    (void)smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_TLS, failed[i],
                                strlen(failed[i]), 0u);
    test_label("%s", failed[i]);
    test_octets(&mem.session.sasl, sizeof none, &none, sizeof none);
    test_number(mem.session.mode, SMTPC_SERVER_COMMAND);
    test_number(mem.session.authenticated, 0);
    smtpc_mem_server_free(&mem);
  }
}

static void test_aut_03_ends_in_an_exchange(void **state) {
  (void)state;
  static const dialogue rows[] = {
      {"end",
       {"=up", HELLO "AUTH LOGIN\r\ndXNlcg==\r\n", "=end"},
       HELLO_OUT "C: AUTH LOGIN\n"
                 "S: 334 VXNlcm5hbWU6\n" SECRET_OUT "S: 334 UGFzc3dvcmQ6\n"
                 "! aborted @38\n"
                 ". close peer aborted\n"},
      {"reset",
       {"=up", HELLO "AUTH LOGIN\r\ndXNl", "=reset"},
       HELLO_OUT "C: AUTH LOGIN\n"
                 "S: 334 VXNlcm5hbWU6\n"
                 "! tls-lost @32\n"
                 ". close peer tls-lost\n"},
      {"deadline",
       {"=up", HELLO "AUTH LOGIN\r\n", "=deadline"},
       HELLO_OUT "C: AUTH LOGIN\n"
                 "S: 334 VXNlcm5hbWU6\n"
                 "! deadline @28\n"
                 "S: 421 4.4.2 Timeout, closing connection\n"
                 ". close timeout deadline\n"},
      {"shutdown",
       {"=up", HELLO "AUTH CRAM-MD5\r\n", "=shutdown"},
       HELLO_OUT
       "C: AUTH CRAM-MD5\n"
       "S: 334 PDAxMDIwMzA0MDUwNjA3MDgwOTBhMGIwYzBkMGUwZjEwQGxvY2FsaG9zdD4=\n"
       "S: 421 4.3.2 Service shutting down\n"
       ". close shutdown\n"},
  };
  const smtpc_server_policy policy = secure_policy();
  DIALOGUES(policy, rows);
}

// ------------------------------------------------------------ AUT-04: AUTH= of MAIL

#define X10 "xxxxxxxxxx"
#define X60 X10 X10 X10 X10 X10 X10
#define D63 X60 "xxx"
#define ENCODED_Z "+7A"
#define Z10                                                             \
  ENCODED_Z ENCODED_Z ENCODED_Z ENCODED_Z ENCODED_Z ENCODED_Z ENCODED_Z \
      ENCODED_Z ENCODED_Z ENCODED_Z
#define Z60 Z10 Z10 Z10 Z10 Z10 Z10

static void test_aut_04_auth_parameter(void **state) {
  (void)state;
#define SENDER_OK "250 2.1.0 Sender OK"
  static const dialogue_line rows[] = {
      {"MAIL FROM:<a@b> AUTH=<>", NULL, SENDER_OK},
      {"MAIL FROM:<a@b> AUTH=a@b", NULL, SENDER_OK},
      {"MAIL FROM:<a@b> auth=e+3Dmc2@example.com", NULL, SENDER_OK},
      {"MAIL FROM:<a@b> AUTH=+22a+20b+22@c", NULL, SENDER_OK},
      {"MAIL FROM:<a@b> AUTH=a+0D+0ARCPT", "param-refused", ARGUMENT_BAD},
      {"MAIL FROM:<a@b> AUTH=a+0D+0A@b", "param-refused", ARGUMENT_BAD},
      {"MAIL FROM:<a@b> AUTH=+22a+0A+22@b", "param-refused", ARGUMENT_BAD},
      {"MAIL FROM:<a@b> AUTH=a+00@b", "param-refused", ARGUMENT_BAD},
      {"MAIL FROM:<a@b> AUTH", "param-refused", ARGUMENT_BAD},
      {"MAIL FROM:<a@b> AUTH=", "param-refused", ARGUMENT_BAD},
      {"MAIL FROM:<a@b> AUTH=a", "param-refused", ARGUMENT_BAD},
      {"MAIL FROM:<a@b> AUTH=<", "param-refused", ARGUMENT_BAD},
      {"MAIL FROM:<a@b> AUTH=<a@b>", "param-refused", ARGUMENT_BAD},
      {"MAIL FROM:<a@b> AUTH=a@b+2", "param-refused", ARGUMENT_BAD},
      {"MAIL FROM:<a@b> AUTH=a@b AUTH=a@b", "param-refused", ARGUMENT_BAD},
      {"MAIL FROM:<a@b> AUTH=" Z60 "@" D63 "." D63 "." D63, NULL, SENDER_OK},
      {"MAIL FROM:<a@b> AUTH=" Z60 "@" Z60 "." Z60, "param-refused",
       ARGUMENT_BAD},
      {"RCPT TO:<a@b> AUTH=<>", "command-sequence",
       "503 5.5.1 Bad sequence of commands"},
  };
  const smtpc_server_policy policy = secure_policy();
  LINES(policy, shown, rows);
}

// What the shim gets: only who authenticated may say for whom.
typedef struct heard {
  char auth[64];
  size_t len;
  int seen;
} heard;

static smtpc_answer hear(void *user, const smtpc_mem_server *server,
                         const smtpc_action *action) {
  heard *h = user;
  const smtpc_params *params = &server->session.command.params;
  if (action->kind == SMTPC_DO_ASK_SENDER) {
    h->seen = (params->seen & SMTPC_HAS(AUTH)) != 0u;
    h->len = smtpc_span_len(params->auth);
    assert_true(h->len <= sizeof h->auth);
    memcpy(h->auth, server->session.line.data + params->auth.begin, h->len);
  }
  return SMTPC_ANSWER_YES;
}

static void test_aut_04_auth_on_mail(void **state) {
  (void)state;
  static const struct {
    const char *in;
    const char *want;
    int seen;
  } rows[] = {
      {HELLO "MAIL FROM:<a@b> AUTH=boss@b\r\n", "", 1},
      {HELLO "MAIL FROM:<a@b> AUTH=<>\r\n", "", 1},
      {HELLO MAIL, "", 0},
      {HELLO "AUTH PLAIN " GOOD "\r\nMAIL FROM:<a@b> AUTH=boss@b\r\n", "boss@b",
       1},
      {HELLO "AUTH PLAIN " GOOD "\r\nMAIL FROM:<a@b> AUTH=<>\r\n", "", 1},
      {HELLO "AUTH PLAIN !!\r\nMAIL FROM:<a@b> AUTH=boss@b\r\n", "", 1},
  };
  const smtpc_server_policy policy = secure_policy();
  for (size_t i = 0u; i < DIALOGUE_COUNT(rows); i++) {
    heard h = {{0}, 0u, 0};
    smtpc_mem_server mem = {0};
    mem.answer = hear;
    mem.answer_user = &h;
    smtpc_mem_server_begin(&mem, &policy);
    smtpc_mem_server_tls_up(&mem, SMTPC_TLS_1_3);
    (void)smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_TLS, rows[i].in,
                                strlen(rows[i].in), 0u);
    test_label("row %zu", i);
    test_octets(h.auth, h.len, rows[i].want, strlen(rows[i].want));
    test_number(h.seen, rows[i].seen);
    smtpc_mem_server_free(&mem);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_aut_01_base64_strictness),
      cmocka_unit_test(test_aut_01_long_lines),
      cmocka_unit_test(test_aut_01_crlf_missing),
      cmocka_unit_test(test_aut_01_against_a_slow_decoder),
      cmocka_unit_test(test_aut_02_cancel),
      cmocka_unit_test(test_aut_02_after_a_cancel),
      cmocka_unit_test(test_aut_02_empty_answers),
      cmocka_unit_test(test_aut_03_state),
      cmocka_unit_test(test_aut_03_in_clear),
      cmocka_unit_test(test_aut_03_mechanism_switch),
      cmocka_unit_test(test_aut_03_ends_in_an_exchange),
      cmocka_unit_test(test_aut_04_auth_parameter),
      cmocka_unit_test(test_aut_04_auth_on_mail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
