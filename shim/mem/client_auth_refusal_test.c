// The sending session and AUTH that does not go well: each way has its own finding and
// its own status on the device.

#include <stdlib.h>
#include <string.h>

#include "shim/mem/auth_row_testing.h"

#define RUN(policy, rows) auth_rows(&(policy), rows, DIALOGUE_COUNT(rows))
#define RUN_ONE(policy, row) auth_rows(&(policy), row, 1u)

#define FAILED "! auth-failed ~\nC: QUIT\n. close auth auth-failed [#839]\n"
#define EXCHANGE \
  "! auth-exchange ~\nC: QUIT\n. close auth auth-exchange [#843]\n"
#define CANCELLED "C: *\n" EXCHANGE
#define EARLY "! reply-unexpected ~\n. close protocol reply-unexpected [#843]\n"
#define DISTRUST "! auth-server ~\n. close auth auth-server [#843]\n"
#define BYE "221 b\r\n"

static void test_client_auth_refused_or_failed(void **state) {
  (void)state;
  static const auth_row rows[] = {
      {"PLAIN",
       SMTPC_MECH(PLAIN),
       {"=up", "220 mx\r\n", OFFER("PLAIN"), "535 5.7.8 no\r\n", BYE},
       TLS_OUT SECRET_OUT FAILED,
       NULL},
      {"PLAIN: another reason than the password",
       SMTPC_MECH(PLAIN),
       {"=up", "220 mx\r\n", OFFER("PLAIN"), "454 4.7.0 clock\r\n", BYE},
       TLS_OUT SECRET_OUT EXCHANGE,
       NULL},
      {"PLAIN: 534",
       SMTPC_MECH(PLAIN),
       {"=up", "220 mx\r\n", OFFER("PLAIN"), "534 5.7.9 weak\r\n", BYE},
       TLS_OUT SECRET_OUT EXCHANGE,
       NULL},
      {"PLAIN: the server goes",
       SMTPC_MECH(PLAIN),
       {"=up", "220 mx\r\n", OFFER("PLAIN"), "421 down\r\n"},
       TLS_OUT SECRET_OUT
       "! service-refused ~\n. close service service-refused\n",
       NULL},
      {"PLAIN: the stream ends",
       SMTPC_MECH(PLAIN),
       {"=up", "220 mx\r\n", OFFER("PLAIN"), "=end"},
       TLS_OUT SECRET_OUT "! aborted ~\n. close peer aborted\n",
       NULL},
      {"LOGIN, no sooner said than refused",
       SMTPC_MECH(LOGIN),
       {"=up", "220 mx\r\n", OFFER("LOGIN"), "535 no\r\n", BYE},
       TLS_OUT "C: AUTH LOGIN\n" EXCHANGE,
       "AUTH LOGIN\r\nQUIT\r\n"},
      {"LOGIN, after the name alone",
       SMTPC_MECH(LOGIN),
       {"=up", "220 mx\r\n", OFFER("LOGIN"), "334 \r\n", "535 no\r\n", BYE},
       TLS_OUT "C: AUTH LOGIN\n" SECRET_OUT EXCHANGE,
       "AUTH LOGIN\r\n{user}\r\nQUIT\r\n"},
      {"LOGIN, after the password",
       SMTPC_MECH(LOGIN),
       {"=up", "220 mx\r\n", OFFER("LOGIN"), "334 \r\n", "334 \r\n",
        "535 no\r\n", BYE},
       TLS_OUT "C: AUTH LOGIN\n" SECRET_OUT SECRET_OUT FAILED,
       NULL},
      {"CRAM-MD5, before the digest",
       SMTPC_MECH(CRAM_MD5),
       {"=up", "220 mx\r\n", OFFER("CRAM-MD5"), "535 no\r\n", BYE},
       TLS_OUT "C: AUTH CRAM-MD5\n" EXCHANGE,
       NULL},
      {"CRAM-MD5, after it",
       SMTPC_MECH(CRAM_MD5),
       {"=up", "220 mx\r\n", OFFER("CRAM-MD5"), "334 {<1@mx>}\r\n",
        "535 no\r\n", BYE},
       TLS_OUT "C: AUTH CRAM-MD5\n" SECRET_OUT FAILED,
       NULL},
      {"EXTERNAL",
       SMTPC_MECH(EXTERNAL),
       {"=up", "220 mx\r\n", OFFER("EXTERNAL"), "535 no\r\n", BYE},
       TLS_OUT SECRET_OUT FAILED,
       NULL},
      {"SCRAM, before the proof",
       SMTPC_MECH(SCRAM_SHA_256),
       {"=up", "220 mx\r\n", OFFER("SCRAM-SHA-256"), "535 no\r\n", BYE},
       TLS_OUT SECRET_OUT EXCHANGE,
       NULL},
      {"SCRAM, after it",
       SMTPC_MECH(SCRAM_SHA_256),
       {"=up", "220 mx\r\n", OFFER("SCRAM-SHA-256"), SERVER_FIRST, "535 no\r\n",
        BYE},
       TLS_OUT SECRET_OUT SECRET_OUT FAILED,
       NULL},
  };
  const smtpc_client_policy policy = auth_policy();
  RUN(policy, rows);
}

static void test_client_auth_tokens_refused(void **state) {
  (void)state;
  // RFC 7628 section 3.2.3: the server says why, and waits for an answer.
  static const auth_row rows[] = {
      {"XOAUTH2 at once",
       SMTPC_MECH(XOAUTH2),
       {"=up", "220 mx\r\n", OFFER("XOAUTH2"), "535 no\r\n", BYE},
       TLS_OUT SECRET_OUT FAILED,
       NULL},
      {"XOAUTH2 with its error",
       SMTPC_MECH(XOAUTH2),
       {"=up", "220 mx\r\n", OFFER("XOAUTH2"),
        "334 {(\"status\":\"401\",\"schemes\":\"bearer\")}\r\n",
        "535 5.7.8 no\r\n", BYE},
       TLS_OUT SECRET_OUT SECRET_OUT FAILED,
       "AUTH XOAUTH2 {user=user\1auth=Bearer secret\1\1}\r\n\r\nQUIT\r\n"},
      {"OAUTHBEARER with its error",
       SMTPC_MECH(OAUTHBEARER),
       {"=up", "220 mx\r\n", OFFER("OAUTHBEARER"),
        "334 {(\"status\":\"invalid_token\")}\r\n", "535 5.7.8 no\r\n", BYE},
       TLS_OUT SECRET_OUT SECRET_OUT FAILED,
       "AUTH OAUTHBEARER {n,a=user,\1auth=Bearer secret\1\1}\r\n{\1}\r\n"
       "QUIT\r\n"},
      {"235 after an error",
       SMTPC_MECH(XOAUTH2),
       {"=up", "220 mx\r\n", OFFER("XOAUTH2"), "334 {e}\r\n", "235 ok\r\n"},
       TLS_OUT SECRET_OUT SECRET_OUT EARLY,
       NULL},
      {"two errors",
       SMTPC_MECH(OAUTHBEARER),
       {"=up", "220 mx\r\n", OFFER("OAUTHBEARER"), "334 {e}\r\n", "334 {f}\r\n",
        "501 c\r\n", BYE},
       TLS_OUT SECRET_OUT SECRET_OUT CANCELLED,
       NULL},
      {"an empty error is none",
       SMTPC_MECH(OAUTHBEARER),
       {"=up", "220 mx\r\n", OFFER("OAUTHBEARER"), "334 \r\n", "501 c\r\n",
        BYE},
       TLS_OUT SECRET_OUT CANCELLED,
       NULL},
      {"an error, and another refusal than of the token",
       SMTPC_MECH(XOAUTH2),
       {"=up", "220 mx\r\n", OFFER("XOAUTH2"), "334 {e}\r\n", "454 no\r\n",
        BYE},
       TLS_OUT SECRET_OUT SECRET_OUT EXCHANGE,
       NULL},
  };
  const smtpc_client_policy policy = auth_policy();
  RUN(policy, rows);
}

static void test_client_auth_success_too_early(void **state) {
  (void)state;
  static const auth_row rows[] = {
      {"LOGIN",
       SMTPC_MECH(LOGIN),
       {"=up", "220 mx\r\n", OFFER("LOGIN"), "235 ok\r\n"},
       TLS_OUT "C: AUTH LOGIN\n" EARLY,
       NULL},
      {"LOGIN, after the name",
       SMTPC_MECH(LOGIN),
       {"=up", "220 mx\r\n", OFFER("LOGIN"), "334 \r\n", "235 ok\r\n"},
       TLS_OUT "C: AUTH LOGIN\n" SECRET_OUT EARLY,
       NULL},
      {"CRAM-MD5",
       SMTPC_MECH(CRAM_MD5),
       {"=up", "220 mx\r\n", OFFER("CRAM-MD5"), "235 ok\r\n"},
       TLS_OUT "C: AUTH CRAM-MD5\n" EARLY,
       NULL},
      {"SCRAM, after the first message",
       SMTPC_MECH(SCRAM_SHA_1),
       {"=up", "220 mx\r\n", OFFER("SCRAM-SHA-1"), "235 ok\r\n"},
       TLS_OUT SECRET_OUT EARLY,
       NULL},
      {"SCRAM, before the server proved itself",
       SMTPC_MECH(SCRAM_SHA_1),
       {"=up", "220 mx\r\n", OFFER("SCRAM-SHA-1"), SERVER_FIRST, "235 ok\r\n"},
       TLS_OUT SECRET_OUT SECRET_OUT DISTRUST,
       NULL},
      {"SCRAM-PLUS likewise",
       SMTPC_MECH(SCRAM_SHA_256_PLUS),
       {"=up", "220 mx\r\n", OFFER("SCRAM-SHA-256-PLUS"), SERVER_FIRST,
        "235 ok\r\n"},
       TLS_OUT SECRET_OUT SECRET_OUT DISTRUST,
       NULL},
      {"other successes are none",
       SMTPC_MECH(PLAIN),
       {"=up", "220 mx\r\n", OFFER("PLAIN"), "250 ok\r\n"},
       TLS_OUT SECRET_OUT EARLY,
       NULL},
      {"a success before AUTH",
       SMTPC_MECH(PLAIN),
       {"=up", "220 mx\r\n", "235 ok\r\n"},
       TLS_OUT "! reply-unexpected ~\n. close protocol reply-unexpected\n",
       NULL},
  };
  const smtpc_client_policy policy = auth_policy();
  RUN(policy, rows);
}

static void test_client_auth_wrong_signature(void **state) {
  (void)state;
  static const auth_row rows[] = {
      {"SHA-1",
       SMTPC_MECH(SCRAM_SHA_1),
       {"=up", "220 mx\r\n", OFFER("SCRAM-SHA-1"), SERVER_FIRST,
        "334 {v=AAAAAAAAAAAAAAAAAAAAAAAAAAE=}\r\n"},
       TLS_OUT SECRET_OUT SECRET_OUT DISTRUST,
       NULL},
      {"SHA-256",
       SMTPC_MECH(SCRAM_SHA_256),
       {"=up", "220 mx\r\n", OFFER("SCRAM-SHA-256"), SERVER_FIRST,
        "334 {v=gAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=}\r\n"},
       TLS_OUT SECRET_OUT SECRET_OUT DISTRUST,
       NULL},
      {"SHA-1-PLUS",
       SMTPC_MECH(SCRAM_SHA_1_PLUS),
       {"=up", "220 mx\r\n", OFFER("SCRAM-SHA-1-PLUS"), SERVER_FIRST,
        "334 {v=AAAAAAAAAAAAAAAAAAAAAAAAAAE=}\r\n"},
       TLS_OUT SECRET_OUT SECRET_OUT DISTRUST,
       NULL},
      {"SHA-256-PLUS",
       SMTPC_MECH(SCRAM_SHA_256_PLUS),
       {"=up", "220 mx\r\n", OFFER("SCRAM-SHA-256-PLUS"), SERVER_FIRST,
        "334 {v=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE=}\r\n"},
       TLS_OUT SECRET_OUT SECRET_OUT DISTRUST,
       NULL},
      {"of another hash",
       SMTPC_MECH(SCRAM_SHA_256),
       {"=up", "220 mx\r\n", OFFER("SCRAM-SHA-256"), SERVER_FIRST,
        "334 {v=" ZERO_20 "}\r\n"},
       TLS_OUT SECRET_OUT SECRET_OUT DISTRUST,
       NULL},
      {"empty",
       SMTPC_MECH(SCRAM_SHA_256),
       {"=up", "220 mx\r\n", OFFER("SCRAM-SHA-256"), SERVER_FIRST,
        "334 {v=}\r\n"},
       TLS_OUT SECRET_OUT SECRET_OUT DISTRUST,
       NULL},
      {"an error in its place",
       SMTPC_MECH(SCRAM_SHA_256),
       {"=up", "220 mx\r\n", OFFER("SCRAM-SHA-256"), SERVER_FIRST,
        "334 {e=other-error}\r\n", "501 c\r\n", BYE},
       TLS_OUT SECRET_OUT SECRET_OUT CANCELLED,
       NULL},
      {"proved, and then refused",
       SMTPC_MECH(SCRAM_SHA_256),
       {"=up", "220 mx\r\n", OFFER("SCRAM-SHA-256"), SERVER_FIRST,
        "334 {v=" ZERO_32 "}\r\n", "535 no\r\n", BYE},
       TLS_OUT SECRET_OUT SECRET_OUT SECRET_OUT FAILED,
       NULL},
      {"proved, and then more",
       SMTPC_MECH(SCRAM_SHA_256),
       {"=up", "220 mx\r\n", OFFER("SCRAM-SHA-256"), SERVER_FIRST,
        "334 {v=" ZERO_32 "}\r\n", "334 \r\n", "501 c\r\n", BYE},
       TLS_OUT SECRET_OUT SECRET_OUT SECRET_OUT CANCELLED,
       NULL},
  };
  const smtpc_client_policy policy = auth_policy();
  RUN(policy, rows);
}

static void test_client_auth_scram_challenges(void **state) {
  (void)state;
  // What a server may not say first: the proof is not made, the exchange cancelled.
  static const char *const challenges[] = {
      "r=xyz,s=c2FsdA==,i=4096",
      "r=0102030405060708090a0b0c0d0e0f1,s=c2FsdA==,i=4096",
      "r=" NONCE ",s=c2FsdA==,i=4096",
      "r=x" NONCE ",s=c2FsdA==,i=4096",
      "r=0102030405060708090A0B0C0D0E0F10xyz,s=c2FsdA==,i=4096",
      "r=" NONCE "x yz,s=c2FsdA==,i=4096",
      "r=" NONCE "xyz,s=,i=4096",
      "r=" NONCE "xyz,s=c2FsdA,i=4096",
      "r=" NONCE "xyz,s=!!!!,i=4096",
      "r=" NONCE "xyz,s=c2FsdA==,i=",
      "r=" NONCE "xyz,s=c2FsdA==,i=0",
      "r=" NONCE "xyz,s=c2FsdA==,i=4095",
      "r=" NONCE "xyz,s=c2FsdA==,i=04096",
      "r=" NONCE "xyz,s=c2FsdA==,i=2000001",
      "r=" NONCE "xyz,s=c2FsdA==,i=99999999999999999999",
      "r=" NONCE "xyz,s=c2FsdA==,i=-4096",
      "r=" NONCE "xyz,s=c2FsdA==",
      ("s=c2FsdA==,r=" NONCE "xyz,i=4096"),
      ("m=ext,r=" NONCE "xyz,s=c2FsdA==,i=4096"),
      "r=" NONCE "xyz,s=c2FsdA==,i=4096,m=ext",
      "v=" ZERO_32,
      ""};
  const smtpc_client_policy policy = auth_policy();
  for (size_t i = 0u; i < DIALOGUE_COUNT(challenges); i++) {
    char *head = dialogue_filled("334 ", '{', 1u, challenges[i]);
    char *turn = dialogue_filled(head, '}', 1u, "\r\n");
    const auth_row row = {
        challenges[i],
        SMTPC_MECH(SCRAM_SHA_256),
        {"=up", "220 mx\r\n", OFFER("SCRAM-SHA-256"), turn, "501 c\r\n", BYE},
        TLS_OUT SECRET_OUT CANCELLED,
        "AUTH SCRAM-SHA-256 {n,,n=user,r=" NONCE "}\r\n*\r\nQUIT\r\n"};
    RUN_ONE(policy, &row);
    free(turn);
    free(head);
  }
}

static void test_client_auth_challenges_that_are_none(void **state) {
  (void)state;
  // THREATS AUT-06: not base64, of several lines, or long.
  static const char *const challenges[] = {
      "334 !!!!\r\n",      "334 AA=A\r\n",       "334 AAA\r\n",
      "334 A\r\n",         "334 =\r\n",          "334 ====\r\n",
      "334 AAAA AAAA\r\n", "334  AAAA\r\n",      "334 AAAA \r\n",
      "334 AB==\r\n",      "334 _-AA\r\n",       "334-AAAA\r\n334 AAAA\r\n",
      "334-\r\n334 \r\n",  "334-AAAA\r\n334\r\n"};
  typedef struct kind {
    uint64_t mechanism;
    const char *offer;
    const char *said;
  } kind;
  static const kind kinds[] = {
      {SMTPC_MECH(LOGIN), OFFER("LOGIN"), "C: AUTH LOGIN\n"},
      {SMTPC_MECH(CRAM_MD5), OFFER("CRAM-MD5"), "C: AUTH CRAM-MD5\n"},
      {SMTPC_MECH(PLAIN), OFFER("PLAIN"), SECRET_OUT},
      {SMTPC_MECH(EXTERNAL), OFFER("EXTERNAL"), SECRET_OUT},
      {SMTPC_MECH(XOAUTH2), OFFER("XOAUTH2"), SECRET_OUT},
      {SMTPC_MECH(OAUTHBEARER), OFFER("OAUTHBEARER"), SECRET_OUT},
      {SMTPC_MECH(SCRAM_SHA_1), OFFER("SCRAM-SHA-1"), SECRET_OUT}};
  const smtpc_client_policy policy = auth_policy();
  for (size_t k = 0u; k < DIALOGUE_COUNT(kinds); k++) {
    for (size_t i = 0u; i < DIALOGUE_COUNT(challenges); i++) {
      char *head = dialogue_filled(TLS_OUT, ' ', 0u, kinds[k].said);
      char *trace = dialogue_filled(head, ' ', 0u, CANCELLED);
      const auth_row row = {challenges[i],
                            kinds[k].mechanism,
                            {"=up", "220 mx\r\n", kinds[k].offer, challenges[i],
                             "501 c\r\n", BYE},
                            trace,
                            NULL};
      RUN_ONE(policy, &row);
      free(trace);
      free(head);
    }
  }
}

static void test_client_auth_cancel_and_what_follows(void **state) {
  (void)state;
  static const auth_row rows[] = {
      {"535 is no verdict then",
       SMTPC_MECH(LOGIN),
       {"=up", "220 mx\r\n", OFFER("LOGIN"), "334 !\r\n", "535 no\r\n", BYE},
       TLS_OUT "C: AUTH LOGIN\n" CANCELLED,
       "AUTH LOGIN\r\n*\r\nQUIT\r\n"},
      {"235 is none either",
       SMTPC_MECH(LOGIN),
       {"=up", "220 mx\r\n", OFFER("LOGIN"), "334 !\r\n", "235 ok\r\n"},
       TLS_OUT "C: AUTH LOGIN\nC: *\n" EARLY,
       "AUTH LOGIN\r\n*\r\n"},
      {"334 for ever",
       SMTPC_MECH(LOGIN),
       {"=up", "220 mx\r\n", OFFER("LOGIN"), "334 \r\n", "334 \r\n", "334 \r\n",
        "334 \r\n", "334 \r\n"},
       TLS_OUT "C: AUTH LOGIN\n" SECRET_OUT SECRET_OUT "C: *\n"
               "! reply-unexpected @56\n"
               ". close protocol reply-unexpected [#843]\n",
       NULL},
      {"334 for ever, one message long",
       SMTPC_MECH(PLAIN),
       {"=up", "220 mx\r\n", OFFER("PLAIN"), "334 \r\n", "334 \r\n",
        "334 \r\n"},
       TLS_OUT SECRET_OUT "C: *\n"
                          "! reply-unexpected @44\n"
                          ". close protocol reply-unexpected [#843]\n",
       NULL},
      {"CRAM-MD5: a second challenge",
       SMTPC_MECH(CRAM_MD5),
       {"=up", "220 mx\r\n", OFFER("CRAM-MD5"), "334 {<1@mx>}\r\n",
        "334 {<2@mx>}\r\n", "501 c\r\n", BYE},
       TLS_OUT "C: AUTH CRAM-MD5\n" SECRET_OUT CANCELLED,
       NULL},
      {"CRAM-MD5: an empty challenge",
       SMTPC_MECH(CRAM_MD5),
       {"=up", "220 mx\r\n", OFFER("CRAM-MD5"), "334 \r\n", "501 c\r\n", BYE},
       TLS_OUT "C: AUTH CRAM-MD5\n" CANCELLED,
       NULL},
      {"EXTERNAL: a challenge",
       SMTPC_MECH(EXTERNAL),
       {"=up", "220 mx\r\n", OFFER("EXTERNAL"), "334 \r\n", "501 c\r\n", BYE},
       TLS_OUT SECRET_OUT CANCELLED,
       NULL},
      {"the stream ends after the cancel",
       SMTPC_MECH(CRAM_MD5),
       {"=up", "220 mx\r\n", OFFER("CRAM-MD5"), "334 \r\n", "=end"},
       TLS_OUT "C: AUTH CRAM-MD5\nC: *\n! aborted ~\n. close peer aborted\n",
       NULL},
  };
  const smtpc_client_policy policy = auth_policy();
  RUN(policy, rows);
}

static void test_client_auth_long_challenges(void **state) {
  (void)state;
  // A reply may be as long as RFC 4954 section 4 lets a line be.
  static const size_t lens[] = {1024u, 4096u, 12000u, 12200u};
  const smtpc_client_policy policy = auth_policy();
  for (size_t i = 0u; i < DIALOGUE_COUNT(lens); i++) {
    char *turn = dialogue_filled("334 ", 'A', lens[i], "\r\n");
    const auth_row row = {
        "CRAM-MD5",
        SMTPC_MECH(CRAM_MD5),
        {"=up", "220 mx\r\n", OFFER("CRAM-MD5"), turn, "235 ok\r\n"},
        TLS_OUT "C: AUTH CRAM-MD5\n" SECRET_OUT MAIL_OUT,
        NULL};
    RUN_ONE(policy, &row);
    free(turn);
  }
  // One that leaves no room for an answer ends the exchange, whoever is asked then.
  char *turn = dialogue_filled("334 ", 'A', 12280u, "\r\n");
  const auth_row rows[] = {
      {"CRAM-MD5",
       SMTPC_MECH(CRAM_MD5),
       {"=up", "220 mx\r\n", OFFER("CRAM-MD5"), turn},
       TLS_OUT "C: AUTH CRAM-MD5\n! auth-exchange ~\n"
               ". close auth auth-exchange [#843]\n",
       NULL},
      {"LOGIN",
       SMTPC_MECH(LOGIN),
       {"=up", "220 mx\r\n", OFFER("LOGIN"), turn},
       TLS_OUT "C: AUTH LOGIN\n! auth-exchange ~\n"
               ". close auth auth-exchange [#843]\n",
       NULL},
      {"SCRAM: it is no challenge at all",
       SMTPC_MECH(SCRAM_SHA_256),
       {"=up", "220 mx\r\n", OFFER("SCRAM-SHA-256"), turn, "501 c\r\n", BYE},
       TLS_OUT SECRET_OUT CANCELLED,
       NULL},
      {"XOAUTH2: the error of a token",
       SMTPC_MECH(XOAUTH2),
       {"=up", "220 mx\r\n", OFFER("XOAUTH2"), turn, "535 no\r\n", BYE},
       TLS_OUT SECRET_OUT SECRET_OUT FAILED,
       NULL},
  };
  RUN(policy, rows);
  free(turn);
  // The longest line there is, and not base64: the cancel finds room all the same.
  turn = dialogue_filled("334 ", '!', 12282u, "\r\n");
  const auth_row longest = {
      "the longest line",
      SMTPC_MECH(LOGIN),
      {"=up", "220 mx\r\n", OFFER("LOGIN"), turn, "501 c\r\n", BYE},
      TLS_OUT "C: AUTH LOGIN\n" CANCELLED,
      "AUTH LOGIN\r\n*\r\nQUIT\r\n"};
  RUN_ONE(policy, &longest);
  free(turn);
  turn = dialogue_filled("334 ", 'A', 12283u, "\r\n");
  const auth_row longer = {
      "a longer line is none",
      SMTPC_MECH(LOGIN),
      {"=up", "220 mx\r\n", OFFER("LOGIN"), turn},
      TLS_OUT
      "C: AUTH LOGIN\n! line-too-long ~\n! reply-malformed ~\n"
      ". close protocol reply-malformed\n",
      NULL};
  RUN_ONE(policy, &longer);
  free(turn);
}

static void test_client_auth_long_scram_nonce(void **state) {
  (void)state;
  // The nonce of the server stands twice in what the proof is made over, and in its
  // base64 once more.
  static const size_t lens[] = {1000u, 2000u, 9000u};
  const smtpc_client_policy policy = auth_policy();
  for (size_t i = 0u; i < DIALOGUE_COUNT(lens); i++) {
    char *turn = dialogue_filled("334 {r=" NONCE, 'x', lens[i],
                                 ",s=c2FsdA==,i=4096}\r\n");
    const auth_row fits = {"room",
                           SMTPC_MECH(SCRAM_SHA_256),
                           {"=up", "220 mx\r\n", OFFER("SCRAM-SHA-256"), turn},
                           TLS_OUT SECRET_OUT SECRET_OUT,
                           NULL};
    const auth_row crowded = {
        "no room",
        SMTPC_MECH(SCRAM_SHA_256),
        {"=up", "220 mx\r\n", OFFER("SCRAM-SHA-256"), turn},
        TLS_OUT SECRET_OUT
        "! auth-exchange ~\n. close auth auth-exchange [#843]\n",
        NULL};
    RUN_ONE(policy, lens[i] <= 2000u ? &fits : &crowded);
    free(turn);
  }
}

#define NONE_OFFERED                \
  "! auth-not-offered ~\nC: QUIT\n" \
  ". close auth auth-not-offered [SMTP AUTH Error (Not Offered)]\n"
#define NONE_IN_COMMON               \
  "! auth-no-mechanism ~\nC: QUIT\n" \
  ". close auth auth-no-mechanism [SMTP AUTH Error (No Common Method)]\n"

static void test_client_auth_demanded(void **state) {
  (void)state;
  static const auth_row rows[] = {
      {"none offered",
       SMTPC_MECHS_SPOKEN,
       {"=up", "220 mx\r\n", "250 mx\r\n", BYE},
       TLS_OUT NONE_OFFERED,
       "QUIT\r\n"},
      {"AUTH= is not AUTH",
       SMTPC_MECHS_SPOKEN,
       {"=up", "220 mx\r\n", "250-mx\r\n250 AUTH=PLAIN LOGIN\r\n", BYE},
       TLS_OUT "! auth-not-offered ~\n! capability-malformed ~\nC: QUIT\n"
               ". close auth auth-not-offered "
               "[SMTP AUTH Error (Not Offered)]\n",
       "QUIT\r\n"},
      {"none in common",
       SMTPC_MECHS_SPOKEN,
       {"=up", "220 mx\r\n", OFFER("NTLM GSSAPI DIGEST-MD5 XYZ"), BYE},
       TLS_OUT NONE_IN_COMMON,
       "QUIT\r\n"},
      {"none that the credentials serve",
       SMTPC_MECH(XOAUTH2),
       {"=up", "220 mx\r\n", OFFER("PLAIN LOGIN SCRAM-SHA-256"), BYE},
       TLS_OUT NONE_IN_COMMON,
       "QUIT\r\n"},
      {"names that only begin alike",
       SMTPC_MECHS_SPOKEN,
       {"=up", "220 mx\r\n", OFFER("PLAINX XPLAIN SCRAM-SHA-25 SCRAM-SHA-2566"),
        BYE},
       TLS_OUT NONE_IN_COMMON,
       "QUIT\r\n"},
      {"EHLO refused: no HELO",
       SMTPC_MECHS_SPOKEN,
       {"=up", "220 mx\r\n", "502 no\r\n", BYE},
       TLS_OUT "! ehlo-refused ~\nC: QUIT\n. close refused ehlo-refused\n",
       "QUIT\r\n"},
  };
  const smtpc_client_policy policy = auth_policy();
  RUN(policy, rows);
}

static void test_client_auth_wished(void **state) {
  (void)state;
  // Not demanded: it goes on without, with a finding; but a refusal is the end, so that
  // nothing is sent unauthenticated after it.
  static const auth_row rows[] = {
      {"none offered",
       SMTPC_MECHS_SPOKEN,
       {"=up", "220 mx\r\n", "250 mx\r\n"},
       TLS_OUT "! auth-not-offered ~\n" MAIL_OUT,
       MAIL_WIRE},
      {"none in common",
       SMTPC_MECHS_SPOKEN,
       {"=up", "220 mx\r\n", OFFER("NTLM")},
       TLS_OUT "! auth-no-mechanism ~\n" MAIL_OUT,
       MAIL_WIRE},
      {"HELO",
       SMTPC_MECHS_SPOKEN,
       {"=up", "220 mx\r\n", "502 no\r\n", "250 mx\r\n"},
       TLS_OUT "! ehlo-refused @16\nC: HELO localhost\n"
               "! auth-not-offered ~\n" MAIL_OUT,
       "HELO localhost\r\n" MAIL_WIRE},
      {"refused",
       SMTPC_MECH(PLAIN),
       {"=up", "220 mx\r\n", OFFER("PLAIN"), "535 no\r\n", BYE},
       TLS_OUT SECRET_OUT FAILED,
       NULL},
      {"failed",
       SMTPC_MECH(PLAIN),
       {"=up", "220 mx\r\n", OFFER("PLAIN"), "454 no\r\n", BYE},
       TLS_OUT SECRET_OUT EXCHANGE,
       NULL},
  };
  smtpc_client_policy policy = auth_policy();
  policy.auth = SMTPC_AUTH_ON;
  RUN(policy, rows);
}

static void test_client_auth_no_binding(void **state) {
  (void)state;
  smtpc_client_policy policy = auth_policy();
  policy.binding = 0u;
  static const auth_row row = {
      "a shim that cannot bind never takes a bound one",
      SMTPC_MECHS_PASSWORD,
      {"=up", "220 mx\r\n", OFFER("SCRAM-SHA-256-PLUS SCRAM-SHA-1")},
      TLS_OUT SECRET_OUT,
      "AUTH SCRAM-SHA-1 {n,,n=user,r=" NONCE "}\r\n"};
  RUN_ONE(policy, &row);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_client_auth_refused_or_failed),
      cmocka_unit_test(test_client_auth_tokens_refused),
      cmocka_unit_test(test_client_auth_success_too_early),
      cmocka_unit_test(test_client_auth_wrong_signature),
      cmocka_unit_test(test_client_auth_scram_challenges),
      cmocka_unit_test(test_client_auth_challenges_that_are_none),
      cmocka_unit_test(test_client_auth_cancel_and_what_follows),
      cmocka_unit_test(test_client_auth_long_challenges),
      cmocka_unit_test(test_client_auth_long_scram_nonce),
      cmocka_unit_test(test_client_auth_demanded),
      cmocka_unit_test(test_client_auth_wished),
      cmocka_unit_test(test_client_auth_no_binding),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
