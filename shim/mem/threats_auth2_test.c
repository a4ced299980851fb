// THREATS.md section 7, AUT-05 to AUT-07: what an exchange may hold, the client's half,
// and tries. Rows are run whole and in pieces of 1 to 5 octets, under TLS unless they are
// about its absence.

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
#define BAD "501 5.5.2 Cannot decode authentication response"
#define REFUSED "535 5.7.8 Authentication credentials invalid"
#define REFUSED_OUT "S: 535 5.7.8 Authentication credentials invalid\n"
#define UNKNOWN "504 5.5.4 Mechanism not offered"
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

// ----------------------------------------------------------- AUT-05: what is inside

static void test_aut_05_plain(void **state) {
  (void)state;
  static const dialogue_line rows[] = {
      {"AHVzZXIAc2VjcmV0", NULL, OK},
      {"dXNlcgB1c2VyAHNlY3JldA==", NULL, OK},
      {"dXNlcg==", "auth-syntax", BAD},
      {"dXNlcnNlY3JldA==", "auth-syntax", BAD},
      {"AHVzZXI=", "auth-syntax", BAD},
      {"AA==", "auth-syntax", BAD},
      {"AAA=", "auth-syntax", BAD},
      {"AABzZWNyZXQ=", "auth-syntax", BAD},
      {"AHVzZXIA", "auth-syntax", BAD},
      {"dXNlcgAAc2VjcmV0", "auth-syntax", BAD},
      {"AHVzZXIAc2VjcmV0AA==", "auth-syntax", BAD},
      {"AHVzZXIAc2VjAHJldA==", "auth-syntax", BAD},
      {"Ym9zcwB1c2VyAHNlY3JldA==", "auth-syntax", BAD},
      {"dXMNZXIAdXNlcgBzZWNyZXQ=", "auth-syntax", BAD},
      {"CgB1c2VyAHNlY3JldA==", "auth-syntax", BAD},
      {"AHVzZXIKAHNlY3JldA==", "auth-syntax", BAD},
      {"AHVzG2VyAHNlY3JldA==", "auth-syntax", BAD},
      {"AHVzf2VyAHNlY3JldA==", "auth-syntax", BAD},
      {"AHV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV"
       "1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dX"
       "V1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1d"
       "XV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1"
       "dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dQBzZWNyZXQ=",
       "auth-failed", REFUSED},
      {"AHV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV"
       "1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dX"
       "V1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1d"
       "XV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1"
       "dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXUAc2VjcmV0",
       "auth-syntax", BAD},
      {"AHVzZXIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHB"
       "wcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH"
       "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc"
       "HBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBw"
       "cHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcA==",
       "auth-failed", REFUSED},
      {"dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV"
       "1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dX"
       "V1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1d"
       "XV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1"
       "dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dQB1c2VyAHNlY3J"
       "ldA==",
       "auth-syntax", BAD},
  };
  const smtpc_server_policy policy = secure_policy();
  LINES(policy, plain, rows);
}

static void test_aut_05_login_and_cram_md5(void **state) {
  (void)state;
  static const dialogue_line names[] = {
      {"dXMAZXI=", "auth-syntax", BAD},
      {"dXMNZXI=", "auth-syntax", BAD},
      {"dXMKZXI=", "auth-syntax", BAD},
      {"dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV"
       "1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dX"
       "V1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1d"
       "XV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1"
       "dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dQ==",
       "auth-syntax", BAD},
  };
  static const dialogue_line passwords[] = {
      {"c2VjcmV0", NULL, OK},
      {"d3Jvbmc=", "auth-failed", REFUSED},
      {"c2VjAHJldA==", "auth-syntax", BAD},
  };
  static const dialogue_line digests[] = {
      {"dXNlciAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMA==", NULL, OK},
      {"dXNlciAxMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMA==", "auth-failed",
       REFUSED},
      {"dXNlciAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAw", "auth-syntax", BAD},
      {"dXNlciAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA=", "auth-syntax",
       BAD},
      {"dXNlciBnMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMA==", "auth-syntax",
       BAD},
      {"dXNlcg==", "auth-syntax", BAD},
      {"dXNlciA=", "auth-syntax", BAD},
      {"IDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAw", "auth-syntax", BAD},
      {"IA==", "auth-syntax", BAD},
      {"MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA=", "auth-syntax", BAD},
      {"dXMAZXIgMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA=", "auth-syntax",
       BAD},
      {"dXMKZXIgMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA=", "auth-syntax",
       BAD},
      {"dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV"
       "1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dX"
       "V1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1d"
       "XV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1"
       "dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dSAwMDAwMDAwMDA"
       "wMDAwMDAwMDAwMDAwMDAwMDAwMDAwMA==",
       "auth-syntax", BAD},
  };
  const smtpc_server_policy policy = secure_policy();
  LINES(policy, login, names);
  LINES(policy, password, passwords);
  LINES(policy, cram, digests);
}

// NTLM's messages are full of offsets (CVE-2023-42114 to 42116): nobody looks at one.
static void test_aut_05_ntlm_is_not_spoken(void **state) {
  (void)state;
  static const dialogue_line rows[] = {
      {"AUTH NTLM TlRMTVNTUAABAAAA", "command-syntax", UNKNOWN},
      {"AUTH NTLM TlRMTVNTUAADAAAA//////////8=", "command-syntax", UNKNOWN},
      {"AUTH SPA TlRMTVNTUAA=", "command-syntax", UNKNOWN},
      {"AUTH GSSAPI YII=", "command-syntax", UNKNOWN},
      {"AUTH NONE AHVzZXIA", "command-syntax", UNKNOWN},
  };
  const smtpc_server_policy policy = secure_policy();
  LINES(policy, inlined, rows);
}

// Any octets at all, in any step of any mechanism: bounds, and an answer.
static void test_aut_05_any_octets(void **state) {
  (void)state;
  static const char *const begin[] = {
      "AUTH PLAIN\r\n",          "AUTH LOGIN\r\n",
      "AUTH CRAM-MD5\r\n",       "AUTH EXTERNAL\r\n",
      "AUTH XOAUTH2\r\n",        "AUTH OAUTHBEARER\r\n",
      "AUTH LOGIN dXNlcg==\r\n", "AUTH SCRAM-SHA-256\r\n"};
  uint64_t random = 5u;
  smtpc_server_policy policy = secure_policy();
  policy.mechanisms |= SMTPC_MECH(SCRAM_SHA_256);
  for (unsigned run = 0u; run < 4000u; run++) {
    static const char digits[] = "AQgw048/+EFGHzZXIuserAA==\001";
    char response[64];
    smtpc_mem_server mem = {0};
    mem.quiet = 1;
    smtpc_mem_server_begin(&mem, &policy);
    smtpc_mem_server_tls_up(&mem, SMTPC_TLS_1_3);
    (void)smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_TLS, HELLO,
                                sizeof HELLO - 1u, 0u);
    const char *const first = begin[run % DIALOGUE_COUNT(begin)];
    (void)smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_TLS, first, strlen(first),
                                0u);
    for (unsigned k = 0u; k < 3u; k++) {
      const size_t len = 4u * (test_random(&random) % 15u);
      for (size_t i = 0u; i < len; i++) {
        response[i] =
            digits[test_random(&random) % ((run & 1u) != 0u ? 22u : 26u)];
      }
      (void)smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_TLS, response, len, 0u);
      (void)smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_TLS, "\r\n", 2u, 0u);
    }
    test_label("run %u", run);
    test_number(smtpc_server_check(&mem.session), SMTPC_OK);
    test_number(mem.session.authenticated, 0);
    smtpc_mem_server_free(&mem);
  }
}

// The other side (CVE-2013-0249, CVE-2018-16839): what does not fit is not sent.
static void test_aut_05_client_fields_have_limits(void **state) {
  (void)state;
  static const struct {
    size_t name;
    size_t secret;
    smtpc_status want;
  } rows[] = {{255u, 255u, SMTPC_OK},         {256u, 6u, SMTPC_E_TOO_LONG},
              {4u, 256u, SMTPC_E_TOO_LONG},   {65536u, 6u, SMTPC_E_TOO_LONG},
              {4u, 65536u, SMTPC_E_TOO_LONG}, {0u, 6u, SMTPC_E_SASL}};
  for (size_t i = 0u; i < DIALOGUE_COUNT(rows); i++) {
    uint8_t *data = malloc(2048u);
    uint8_t *text = malloc(65536u);
    assert_non_null(data);
    assert_non_null(text);
    memset(text, 'x', 65536u);
    smtpc_sasl_buffer buffer = {data, 0u, 2048u};
    smtpc_sasl_client client = {0};
    smtpc_sasl_client_begin(&client, SMTPC_MECHANISM_PLAIN, SMTPC_BINDING_NONE,
                            0, &buffer);
    test_label("row %zu", i);
    test_number(client.wants, SMTPC_SASL_PASSWORD);
    test_number(smtpc_sasl_client_credentials(
                    &client, &buffer, text, rows[i].name, text, rows[i].secret),
                rows[i].want);
    free(text);
    free(data);
  }
}

// ------------------------------------------------------- AUT-06: the client's half

#define C_HELLO_OUT "= tls\nC: EHLO localhost\n"
#define OFFER(mechanisms) "250-mx\r\n250 AUTH " mechanisms "\r\n"

static smtpc_client_policy client_policy(void) {
  smtpc_client_policy policy =
      dialogue_client_policy(SMTPC_CLIENT_TLS_VERIFIED);
  policy.implicit_tls = 1u;
  policy.auth = SMTPC_AUTH_REQUIRED;
  return policy;
}

static void test_aut_06_challenge_line(void **state) {
  (void)state;
#define BEGIN(mechanism) "=up", "220 mx\r\n", OFFER(mechanism)
  static const dialogue rows[] = {
      {"LOGIN",
       {BEGIN("LOGIN"), "334 VXNlcm5hbWU6\r\n", "334 UGFzc3dvcmQ6\r\n",
        "235 ok\r\n"},
       C_HELLO_OUT "C: AUTH LOGIN\n" SECRET_OUT SECRET_OUT
                   "C: MAIL FROM:<s@a.example>\n"},
      {"334 and a space",
       {BEGIN("LOGIN"), "334 \r\n", "334 \r\n"},
       C_HELLO_OUT "C: AUTH LOGIN\n" SECRET_OUT SECRET_OUT},
      {"334 alone",
       {BEGIN("LOGIN"), "334\r\n", "334\r\n"},
       C_HELLO_OUT "C: AUTH LOGIN\n" SECRET_OUT SECRET_OUT},
      {"334 without a space",
       {BEGIN("LOGIN"), "334VXNlcm5hbWU6\r\n"},
       C_HELLO_OUT "C: AUTH LOGIN\n"
                   "! reply-malformed @49\n"
                   ". close protocol reply-malformed\n"},
      {"two lines",
       {BEGIN("LOGIN"), "334-VXNl\r\n334 cm5hbWU6\r\n"},
       C_HELLO_OUT "C: AUTH LOGIN\n"
                   "C: *\n"},
      {"two lines, the first empty",
       {BEGIN("LOGIN"), "334-\r\n334 \r\n"},
       C_HELLO_OUT "C: AUTH LOGIN\n"
                   "C: *\n"},
      {"endless lines",
       {BEGIN("LOGIN"), "334-A\r\n334-B\r\n235 ok\r\n"},
       C_HELLO_OUT "C: AUTH LOGIN\n"
                   "! reply-malformed @54\n"
                   ". close protocol reply-malformed\n"},
      {"not base64",
       {BEGIN("CRAM-MD5"), "334 !!\r\n", "501 ok\r\n", "221 b\r\n"},
       C_HELLO_OUT "C: AUTH CRAM-MD5\n"
                   "C: *\n"
                   "! auth-exchange @51\n"
                   "C: QUIT\n"
                   ". close auth auth-exchange [#843]\n"},
      {"not base64, and taken",
       {BEGIN("CRAM-MD5"), "334 !!\r\n", "235 ok\r\n"},
       C_HELLO_OUT "C: AUTH CRAM-MD5\n"
                   "C: *\n"
                   "! reply-unexpected @51\n"
                   ". close protocol reply-unexpected [#843]\n"},
      {"url-safe",
       {BEGIN("CRAM-MD5"), "334 PHg-\r\n"},
       C_HELLO_OUT "C: AUTH CRAM-MD5\n"
                   "C: *\n"},
      {"no padding",
       {BEGIN("CRAM-MD5"), "334 PHh4Pg\r\n"},
       C_HELLO_OUT "C: AUTH CRAM-MD5\n"
                   "C: *\n"},
      {"empty for CRAM-MD5",
       {BEGIN("CRAM-MD5"), "334 \r\n"},
       C_HELLO_OUT "C: AUTH CRAM-MD5\n"
                   "C: *\n"},
      {"a bare LF",
       {BEGIN("LOGIN"), "334 VXNl\ncm5hbWU6\r\n"},
       C_HELLO_OUT "C: AUTH LOGIN\n"
                   "! bare-lf @51\n"
                   "! reply-malformed @51\n"
                   ". close protocol reply-malformed\n"},
      {"no end of challenges",
       {BEGIN("LOGIN"), "334 \r\n", "334 \r\n", "334 \r\n", "334 \r\n"},
       C_HELLO_OUT "C: AUTH LOGIN\n" SECRET_OUT SECRET_OUT "C: *\n"
                   "! reply-unexpected @56\n"
                   ". close protocol reply-unexpected [#843]\n"},
      {"a second challenge for PLAIN",
       {BEGIN("PLAIN"), "334 \r\n", "334 \r\n"},
       C_HELLO_OUT SECRET_OUT "C: *\n"
                              "! reply-unexpected @44\n"
                              ". close protocol reply-unexpected [#843]\n"},
      {"235 at once",
       {BEGIN("LOGIN"), "235 ok\r\n"},
       C_HELLO_OUT "C: AUTH LOGIN\n"
                   "! reply-unexpected @40\n"
                   ". close protocol reply-unexpected [#843]\n"},
      {"235 after the name",
       {BEGIN("LOGIN"), "334 \r\n", "235 ok\r\n"},
       C_HELLO_OUT "C: AUTH LOGIN\n" SECRET_OUT "! reply-unexpected @46\n"
                   ". close protocol reply-unexpected [#843]\n"},
      {"250 for 235",
       {BEGIN("PLAIN"), "250 ok\r\n"},
       C_HELLO_OUT SECRET_OUT "! reply-unexpected @40\n"
                              ". close protocol reply-unexpected [#843]\n"},
      {"421",
       {BEGIN("LOGIN"), "334 \r\n", "421 bye\r\n"},
       C_HELLO_OUT "C: AUTH LOGIN\n" SECRET_OUT "! service-refused @47\n"
                   ". close service service-refused\n"},
      {"535",
       {BEGIN("LOGIN"), "334 \r\n", "334 \r\n", "535 no\r\n", "221 b\r\n"},
       C_HELLO_OUT "C: AUTH LOGIN\n" SECRET_OUT SECRET_OUT "! auth-failed @52\n"
                   "C: QUIT\n"
                   ". close auth auth-failed [#839]\n"},
      {"end",
       {BEGIN("LOGIN"), "334 \r\n", "=end"},
       C_HELLO_OUT "C: AUTH LOGIN\n" SECRET_OUT "! aborted @38\n"
                   ". close peer aborted\n"},
      {"reset",
       {BEGIN("LOGIN"), "334 VXNl", "=reset"},
       C_HELLO_OUT "C: AUTH LOGIN\n"
                   "! tls-lost @40\n"
                   ". close peer tls-lost\n"},
  };
  const smtpc_client_policy policy = client_policy();
  dialogue_clients(&policy, rows, DIALOGUE_COUNT(rows));
}

// A reply that nobody waits for is fatal when it is seen (docs/decisions/0005), so
// these are not cut.
static void test_aut_06_one_reply_for_each_line(void **state) {
  (void)state;
  static const char *const turns[] = {"235 ok\r\n235 ok\r\n",
                                      "334 \r\n334 \r\n", "334 \r\n235 ok\r\n"};
  const smtpc_client_policy policy = client_policy();
  for (size_t i = 0u; i < DIALOGUE_COUNT(turns); i++) {
    smtpc_mem_client mem = {0};
    mem.name = "user";
    mem.password = "secret";
    smtpc_mem_client_begin(&mem, &policy, NULL, 0u);
    smtpc_mem_client_tls_up(&mem, SMTPC_TLS_1_3, 1);
    const char *const before[] = {"220 mx\r\n", OFFER("PLAIN LOGIN"), turns[i]};
    for (size_t k = 0u; k < 3u; k++) {
      (void)smtpc_mem_client_feed(&mem, SMTPC_CHANNEL_TLS, before[k],
                                  strlen(before[k]), 0u);
    }
    test_label("%s", turns[i]);
    test_number(mem.where, SMTPC_MEM_CLOSED);
    test_number(mem.last.finding, SMTPC_FINDING_REPLY_UNSOLICITED);
    smtpc_mem_client_free(&mem);
  }
}

// As long as a reply may be, and longer.
static void test_aut_06_huge_challenge(void **state) {
  (void)state;
  static const struct {
    size_t digits;
    char fill;
    const char *want;
  } rows[] = {
      {1016u, 'A',
       C_HELLO_OUT "C: AUTH LOGIN\n" SECRET_OUT "! auth-exchange @1061\n"
                   "C: QUIT\n"},
      {1020u, 'A',
       C_HELLO_OUT "C: AUTH LOGIN\n" SECRET_OUT "! auth-exchange @1065\n"
                   "C: QUIT\n"},
      {12276u, 'A',
       C_HELLO_OUT "C: AUTH LOGIN\n"
                   "! auth-exchange @12314\n"
                   ". close auth auth-exchange [#843]\n"},
      {12282u, 'A',
       C_HELLO_OUT "C: AUTH LOGIN\n"
                   "C: *\n"
                   "! auth-exchange @12327\n"
                   "C: QUIT\n"},
      {12282u, '!',
       C_HELLO_OUT "C: AUTH LOGIN\n"
                   "C: *\n"
                   "! auth-exchange @12327\n"
                   "C: QUIT\n"},
      {100000u, 'A',
       C_HELLO_OUT "C: AUTH LOGIN\n"
                   "! line-endless @77856\n"
                   "! reply-malformed @77856\n"
                   ". close protocol reply-malformed\n"}};
  const smtpc_client_policy policy = client_policy();
  for (size_t i = 0u; i < DIALOGUE_COUNT(rows); i++) {
    char *line = dialogue_filled("334 ", rows[i].fill, rows[i].digits, "\r\n");
    const dialogue d = {
        "huge", {BEGIN("LOGIN"), line, "501 x\r\n"}, rows[i].want};
    dialogue_clients(&policy, &d, 1u);
    free(line);
  }
}

// ------------------------------------------------------------------ AUT-07: tries

// A name that is not known and a password that is wrong are told alike.
static void test_aut_07_constant_reply(void **state) {
  (void)state;
  static const dialogue_line rows[] = {
      {"AHVzZXIAd3Jvbmc=", "auth-failed", REFUSED},
      {"AG5vYm9keQBzZWNyZXQ=", "auth-failed", REFUSED},
      {"AHJvb3QAeA==", "auth-failed", REFUSED},
  };
  const smtpc_server_policy policy = secure_policy();
  LINES(policy, plain, rows);
}

// Three, whatever lies between them; only the third is told otherwise.
static void test_aut_07_tries_are_counted(void **state) {
  (void)state;
#define TRY "AUTH PLAIN " WRONG "\r\n"
  static const dialogue rows[] = {
      {"in a row",
       {"=up", HELLO TRY TRY TRY NOOP},
       HELLO_OUT SECRET_OUT "! auth-failed @45\n" REFUSED_OUT SECRET_OUT
                            "! auth-failed @74\n" REFUSED_OUT SECRET_OUT
                            "! auth-failed @103\n"
                            "! errors-too-many @103\n"
                            "S: 421 4.7.0 Too many errors, closing connection\n"
                            ". close refused errors-too-many\n"},
      {"RSET, EHLO, NOOP, a cancel between",
       {"=up",
        HELLO TRY "RSET\r\n" HELLO TRY NOOP "AUTH LOGIN\r\n*\r\n" TRY NOOP},
       HELLO_OUT SECRET_OUT
       "! auth-failed @45\n" REFUSED_OUT "C: RSET\n"
       "S: 250 2.0.0 Reset\n"
       "C: EHLO a.example\n" OFFERED_OUT SECRET_OUT
       "! auth-failed @96\n" REFUSED_OUT NOOP_OUT "C: AUTH LOGIN\n"
       "S: 334 VXNlcm5hbWU6\n" SECRET_OUT "! auth-cancelled @117\n"
       "S: 501 5.7.0 Authentication cancelled\n" SECRET_OUT
       "! auth-failed @146\n"
       "! errors-too-many @146\n"
       "S: 421 4.7.0 Too many errors, closing connection\n"
       ". close refused errors-too-many\n"},
      {"another mechanism each time",
       {"=up",
        HELLO TRY "AUTH LOGIN\r\ndXNlcg==\r\neA==\r\n"
                  "AUTH CRAM-MD5\r\n"
                  "dXNlciAxMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMA==\r\n"},
       HELLO_OUT SECRET_OUT
       "! auth-failed @45\n" REFUSED_OUT "C: AUTH LOGIN\n"
       "S: 334 VXNlcm5hbWU6\n" SECRET_OUT "S: 334 UGFzc3dvcmQ6\n" SECRET_OUT
       "! auth-failed @73\n" REFUSED_OUT "C: AUTH CRAM-MD5\n"
       "S: 334 "
       "PDAxMDIwMzA0MDUwNjA3MDgwOTBhMGIwYzBkMGUwZjEwQGxvY2FsaG9zdD4="
       "\n" SECRET_OUT "! auth-failed @142\n"
       "! errors-too-many @142\n"
       "S: 421 4.7.0 Too many errors, closing connection\n"
       ". close refused errors-too-many\n"},
      {"a message between",
       {"=up", HELLO TRY TRY MAIL "RSET\r\n" TRY},
       HELLO_OUT SECRET_OUT
       "! auth-failed @45\n" REFUSED_OUT SECRET_OUT
       "! auth-failed @74\n" REFUSED_OUT MAIL_OUT "C: RSET\n"
       "M: dropped\n"
       "S: 250 2.0.0 Reset\n" SECRET_OUT "! auth-failed @134\n"
       "! errors-too-many @134\n"
       "S: 421 4.7.0 Too many errors, closing connection\n"
       ". close refused errors-too-many\n"},
      {"the right one is the third",
       {"=up", HELLO TRY TRY "AUTH PLAIN " GOOD "\r\n" NOOP},
       HELLO_OUT SECRET_OUT
       "! auth-failed @45\n" REFUSED_OUT SECRET_OUT
       "! auth-failed @74\n" REFUSED_OUT SECRET_OUT OK_OUT NOOP_OUT},
  };
  const smtpc_server_policy policy = secure_policy();
  DIALOGUES(policy, rows);
  static const dialogue over_tls[] = {
      {"STARTTLS between",
       {HELLO TRY TRY, "STARTTLS\r\n", "=up", HELLO TRY},
       GREETING CLEAR_HELLO_OUT SECRET_OUT
       "! auth-in-clear @45\n"
       "! auth-failed @45\n" REFUSED_OUT SECRET_OUT "! auth-in-clear @74\n"
       "! auth-failed @74\n" REFUSED_OUT "C: STARTTLS\n"
       "S: 220 2.0.0 Ready to start TLS\n"
       "= tls\n"
       "C: EHLO a.example\n"
       "S: 250-localhost greets you\n"
       "S: 250-AUTH PLAIN\n"
       "S: 250 ENHANCEDSTATUSCODES\n" SECRET_OUT "! auth-failed @45\n"
       "! errors-too-many @45\n"
       "S: 421 4.7.0 Too many errors, closing connection\n"
       ". close refused errors-too-many\n"},
  };
  const smtpc_server_policy clear = clear_policy(1);
  DIALOGUES(clear, over_tls);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_aut_05_plain),
      cmocka_unit_test(test_aut_05_login_and_cram_md5),
      cmocka_unit_test(test_aut_05_ntlm_is_not_spoken),
      cmocka_unit_test(test_aut_05_any_octets),
      cmocka_unit_test(test_aut_05_client_fields_have_limits),
      cmocka_unit_test(test_aut_06_challenge_line),
      cmocka_unit_test(test_aut_06_one_reply_for_each_line),
      cmocka_unit_test(test_aut_06_huge_challenge),
      cmocka_unit_test(test_aut_07_constant_reply),
      cmocka_unit_test(test_aut_07_tries_are_counted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
