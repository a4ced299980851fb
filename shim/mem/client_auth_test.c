// The sending session and AUTH: every mechanism as a dialogue with a scripted server,
// which mechanism is taken, and how long what is said may be.

#include <stdlib.h>
#include <string.h>

#include "shim/mem/auth_row_testing.h"

#define RUN(policy, rows) auth_rows(&(policy), rows, DIALOGUE_COUNT(rows))
#define NO_METHOD \
  ". close auth auth-no-mechanism [SMTP AUTH Error (No Common Method)]\n"

// --------------------------------------------------------- each mechanism

static void test_client_auth_each_mechanism(void **state) {
  (void)state;
  static const auth_row rows[] = {
      {"PLAIN",
       SMTPC_MECH(PLAIN),
       {"=up", "220 mx\r\n", OFFER("PLAIN"), "235 ok\r\n"},
       TLS_OUT SECRET_OUT MAIL_OUT,
       "AUTH PLAIN {~user~secret}\r\n" MAIL_WIRE},
      {"LOGIN, prompts as most servers have them",
       SMTPC_MECH(LOGIN),
       {"=up", "220 mx\r\n", OFFER("LOGIN"), "334 {Username:}\r\n",
        "334 {Password:}\r\n", "235 ok\r\n"},
       TLS_OUT "C: AUTH LOGIN\n" SECRET_OUT SECRET_OUT MAIL_OUT,
       "AUTH LOGIN\r\n{user}\r\n{secret}\r\n" MAIL_WIRE},
      {"LOGIN, prompts of the draft",
       SMTPC_MECH(LOGIN),
       {"=up", "220 mx\r\n", OFFER("LOGIN"), "334 {User Name~}\r\n",
        "334 {Password~}\r\n", "235 ok\r\n"},
       TLS_OUT "C: AUTH LOGIN\n" SECRET_OUT SECRET_OUT MAIL_OUT,
       "AUTH LOGIN\r\n{user}\r\n{secret}\r\n" MAIL_WIRE},
      {"LOGIN, prompts the other way round mean nothing",
       SMTPC_MECH(LOGIN),
       {"=up", "220 mx\r\n", OFFER("LOGIN"), "334 {Password:}\r\n",
        "334 {Username:}\r\n", "235 ok\r\n"},
       TLS_OUT "C: AUTH LOGIN\n" SECRET_OUT SECRET_OUT MAIL_OUT,
       "AUTH LOGIN\r\n{user}\r\n{secret}\r\n" MAIL_WIRE},
      {"LOGIN, no prompts",
       SMTPC_MECH(LOGIN),
       {"=up", "220 mx\r\n", OFFER("LOGIN"), "334 \r\n", "334\r\n",
        "235 ok\r\n"},
       TLS_OUT "C: AUTH LOGIN\n" SECRET_OUT SECRET_OUT MAIL_OUT,
       "AUTH LOGIN\r\n{user}\r\n{secret}\r\n" MAIL_WIRE},
      {"CRAM-MD5",
       SMTPC_MECH(CRAM_MD5),
       {"=up", "220 mx\r\n", OFFER("CRAM-MD5"), "334 {<1.2@mx>}\r\n",
        "235 ok\r\n"},
       TLS_OUT "C: AUTH CRAM-MD5\n" SECRET_OUT MAIL_OUT,
       "AUTH CRAM-MD5\r\n{user "
       "00000000000000000000000000000000}\r\n" MAIL_WIRE},
      {"EXTERNAL",
       SMTPC_MECH(EXTERNAL),
       {"=up", "220 mx\r\n", OFFER("EXTERNAL"), "235 ok\r\n"},
       TLS_OUT SECRET_OUT MAIL_OUT,
       "AUTH EXTERNAL {user}\r\n" MAIL_WIRE},
      {"XOAUTH2",
       SMTPC_MECH(XOAUTH2),
       {"=up", "220 mx\r\n", OFFER("XOAUTH2"), "235 ok\r\n"},
       TLS_OUT SECRET_OUT MAIL_OUT,
       "AUTH XOAUTH2 {user=user\1auth=Bearer secret\1\1}\r\n" MAIL_WIRE},
      {"OAUTHBEARER",
       SMTPC_MECH(OAUTHBEARER),
       {"=up", "220 mx\r\n", OFFER("OAUTHBEARER"), "235 ok\r\n"},
       TLS_OUT SECRET_OUT MAIL_OUT,
       "AUTH OAUTHBEARER {n,a=user,\1auth=Bearer secret\1\1}\r\n" MAIL_WIRE},
      {"SCRAM-SHA-1",
       SMTPC_MECH(SCRAM_SHA_1),
       {"=up", "220 mx\r\n", OFFER("SCRAM-SHA-1"), SERVER_FIRST,
        "334 {v=" ZERO_20 "}\r\n", "235 ok\r\n"},
       TLS_OUT SECRET_OUT SECRET_OUT SECRET_OUT MAIL_OUT,
       "AUTH SCRAM-SHA-1 {n,,n=user,r=" NONCE "}\r\n"
       "{c=biws,r=" NONCE "xyz,p=" ZERO_20 "}\r\n"
       "\r\n" MAIL_WIRE},
      {"SCRAM-SHA-256",
       SMTPC_MECH(SCRAM_SHA_256),
       {"=up", "220 mx\r\n", OFFER("SCRAM-SHA-256"), SERVER_FIRST,
        "334 {v=" ZERO_32 "}\r\n", "235 ok\r\n"},
       TLS_OUT SECRET_OUT SECRET_OUT SECRET_OUT MAIL_OUT,
       "AUTH SCRAM-SHA-256 {n,,n=user,r=" NONCE "}\r\n"
       "{c=biws,r=" NONCE "xyz,p=" ZERO_32 "}\r\n"
       "\r\n" MAIL_WIRE},
      {"SCRAM-SHA-1-PLUS, TLS 1.3",
       SMTPC_MECH(SCRAM_SHA_1_PLUS),
       {"=up", "220 mx\r\n", OFFER("SCRAM-SHA-1-PLUS"), SERVER_FIRST,
        "334 {v=" ZERO_20 "}\r\n", "235 ok\r\n"},
       TLS_OUT SECRET_OUT SECRET_OUT SECRET_OUT MAIL_OUT,
       "AUTH SCRAM-SHA-1-PLUS {p=tls-exporter,,n=user,r=" NONCE "}\r\n"
       "{c=" EXPORTER_32 ",r=" NONCE "xyz,p=" ZERO_20 "}\r\n"
       "\r\n" MAIL_WIRE},
      {"SCRAM-SHA-256-PLUS, TLS 1.3",
       SMTPC_MECH(SCRAM_SHA_256_PLUS),
       {"=up", "220 mx\r\n", OFFER("SCRAM-SHA-256-PLUS"), SERVER_FIRST,
        "334 {v=" ZERO_32 "}\r\n", "235 ok\r\n"},
       TLS_OUT SECRET_OUT SECRET_OUT SECRET_OUT MAIL_OUT,
       "AUTH SCRAM-SHA-256-PLUS {p=tls-exporter,,n=user,r=" NONCE "}\r\n"
       "{c=" EXPORTER_32 ",r=" NONCE "xyz,p=" ZERO_32 "}\r\n"
       "\r\n" MAIL_WIRE},
      {"SCRAM-SHA-256-PLUS, TLS 1.2",
       SMTPC_MECH(SCRAM_SHA_256_PLUS),
       {"=up12", "220 mx\r\n", OFFER("SCRAM-SHA-256-PLUS"), SERVER_FIRST,
        "334 {v=" ZERO_32 "}\r\n", "235 ok\r\n"},
       TLS_OUT SECRET_OUT SECRET_OUT SECRET_OUT MAIL_OUT,
       "AUTH SCRAM-SHA-256-PLUS {p=tls-server-end-point,,n=user,r=" NONCE
       "}\r\n"
       "{c=" END_POINT_32 ",r=" NONCE "xyz,p=" ZERO_32 "}\r\n"
       "\r\n" MAIL_WIRE},
  };
  const smtpc_client_policy policy = auth_policy();
  RUN(policy, rows);
}

static void test_client_auth_external_without_a_name(void **state) {
  (void)state;
  static const auth_row row = {
      "EXTERNAL: the certificate says who",
      SMTPC_MECH(EXTERNAL),
      {"=up", "220 mx\r\n", OFFER("EXTERNAL"), "235 ok\r\n"},
      TLS_OUT SECRET_OUT MAIL_OUT,
      "AUTH EXTERNAL =\r\n" MAIL_WIRE};
  smtpc_client_policy policy = auth_policy();
  policy.mechanisms = SMTPC_MECH(EXTERNAL);
  auth_run(&policy, &row, "", "");
}

static void test_client_auth_takes_the_strongest(void **state) {
  (void)state;
  static const auth_row rows[] = {
      {"all of them",
       SMTPC_MECHS_SPOKEN,
       {"=up", "220 mx\r\n",
        OFFER("LOGIN PLAIN XOAUTH2 OAUTHBEARER EXTERNAL CRAM-MD5 SCRAM-SHA-1 "
              "SCRAM-SHA-1-PLUS SCRAM-SHA-256 SCRAM-SHA-256-PLUS")},
       TLS_OUT SECRET_OUT,
       "AUTH SCRAM-SHA-256-PLUS {p=tls-exporter,,n=user,r=" NONCE "}\r\n"},
      {"the bound one is cut out: the server is told (flag y)",
       SMTPC_MECHS_SPOKEN,
       {"=up", "220 mx\r\n", OFFER("SCRAM-SHA-256 SCRAM-SHA-1-PLUS")},
       TLS_OUT SECRET_OUT,
       "AUTH SCRAM-SHA-256 {y,,n=user,r=" NONCE "}\r\n"},
      {"SHA-1 bound before SHA-1",
       SMTPC_MECHS_SPOKEN,
       {"=up", "220 mx\r\n", OFFER("SCRAM-SHA-1 SCRAM-SHA-1-PLUS PLAIN")},
       TLS_OUT SECRET_OUT,
       "AUTH SCRAM-SHA-1-PLUS {p=tls-exporter,,n=user,r=" NONCE "}\r\n"},
      {"CRAM-MD5 before PLAIN",
       SMTPC_MECHS_SPOKEN,
       {"=up", "220 mx\r\n", OFFER("PLAIN CRAM-MD5 LOGIN")},
       TLS_OUT "C: AUTH CRAM-MD5\n",
       "AUTH CRAM-MD5\r\n"},
      {"PLAIN before LOGIN",
       SMTPC_MECHS_SPOKEN,
       {"=up", "220 mx\r\n", OFFER("LOGIN plain NTLM")},
       TLS_OUT SECRET_OUT,
       "AUTH PLAIN {~user~secret}\r\n"},
      {"only what the credentials serve",
       SMTPC_MECH(LOGIN),
       {"=up", "220 mx\r\n", OFFER("SCRAM-SHA-256 PLAIN LOGIN")},
       TLS_OUT "C: AUTH LOGIN\n",
       "AUTH LOGIN\r\n"},
  };
  const smtpc_client_policy policy = auth_policy();
  RUN(policy, rows);
}

static void test_client_auth_without_tls(void **state) {
  (void)state;
  static const auth_row rows[] = {
      {"SCRAM shows a hash: a finding, and no flag y",
       SMTPC_MECHS_SPOKEN,
       {"220 mx\r\n", OFFER("PLAIN SCRAM-SHA-256 SCRAM-SHA-256-PLUS")},
       EHLO_OUT "! auth-in-clear ~\n" SECRET_OUT,
       "AUTH SCRAM-SHA-256 {n,,n=user,r=" NONCE "}\r\n"},
      {"CRAM-MD5 likewise",
       SMTPC_MECHS_SPOKEN,
       {"220 mx\r\n", OFFER("PLAIN CRAM-MD5")},
       EHLO_OUT "! auth-in-clear ~\nC: AUTH CRAM-MD5\n",
       "AUTH CRAM-MD5\r\n"},
      {"a bound one alone is none",
       SMTPC_MECHS_SPOKEN,
       {"220 mx\r\n", OFFER("SCRAM-SHA-256-PLUS"), "221 b\r\n"},
       EHLO_OUT "! auth-no-mechanism ~\nC: QUIT\n" NO_METHOD,
       "QUIT\r\n"},
      {"neither is EXTERNAL, a token, a password",
       SMTPC_MECHS_SPOKEN,
       {"220 mx\r\n", OFFER("EXTERNAL OAUTHBEARER XOAUTH2 PLAIN LOGIN"),
        "221 b\r\n"},
       EHLO_OUT "! auth-no-mechanism ~\nC: QUIT\n" NO_METHOD,
       "QUIT\r\n"},
  };
  smtpc_client_policy policy = dialogue_client_policy(SMTPC_CLIENT_TLS_OFF);
  policy.auth = SMTPC_AUTH_REQUIRED;
  RUN(policy, rows);
}

// ------------------------------------------------------------------ lengths

// A row whose only secret is a token or password of `len` octets `a`.
static void run_long(uint64_t mechanism, const auth_row *row, size_t name_len,
                     size_t len) {
  smtpc_client_policy policy = auth_policy();
  char *name = dialogue_filled("", 'n', name_len, "");
  char *secret = dialogue_filled("", 'a', len, "");
  policy.mechanisms = mechanism;
  auth_run(&policy, row, name, secret);
  free(name);
  free(secret);
}

static void test_client_auth_line_of_512_octets(void **state) {
  (void)state;
  // RFC 4954 section 4: a first message that makes AUTH a longer line waits for an
  // empty challenge.
  static const auth_row with = {
      "509 octets",
      0u,
      {"=up", "220 mx\r\n", OFFER("PLAIN"), "235 ok\r\n"},
      TLS_OUT SECRET_OUT MAIL_OUT,
      NULL};
  static const auth_row alone = {
      "513 octets",
      0u,
      {"=up", "220 mx\r\n", OFFER("PLAIN"), "334 \r\n", "235 ok\r\n"},
      TLS_OUT "C: AUTH PLAIN\n" SECRET_OUT MAIL_OUT,
      NULL};
  run_long(SMTPC_MECH(PLAIN), &with, 117u, 253u);
  run_long(SMTPC_MECH(PLAIN), &alone, 117u, 254u);
  run_long(SMTPC_MECH(PLAIN), &alone, 255u, 255u);
  static const auth_row local = {"a longer password is none",
                                 0u,
                                 {"=up", "220 mx\r\n", OFFER("PLAIN")},
                                 TLS_OUT
                                 "! local-input ~\n. close local local-input\n",
                                 ""};
  run_long(SMTPC_MECH(PLAIN), &local, 255u, 256u);
  run_long(SMTPC_MECH(PLAIN), &local, 256u, 255u);
}

static void test_client_auth_late_message(void **state) {
  (void)state;
  static const auth_row rows[] = {
      {"refused before the password was said: no verdict on it",
       0u,
       {"=up", "220 mx\r\n", OFFER("PLAIN"), "535 no\r\n", "221 b\r\n"},
       TLS_OUT "C: AUTH PLAIN\n! auth-exchange ~\nC: QUIT\n"
               ". close auth auth-exchange [#843]\n",
       "AUTH PLAIN\r\nQUIT\r\n"},
      {"235 before the password",
       0u,
       {"=up", "220 mx\r\n", OFFER("PLAIN"), "235 ok\r\n"},
       TLS_OUT "C: AUTH PLAIN\n! reply-unexpected ~\n"
               ". close protocol reply-unexpected [#843]\n",
       "AUTH PLAIN\r\n"},
      {"a challenge that is not empty",
       0u,
       {"=up", "220 mx\r\n", OFFER("PLAIN"), "334 {say}\r\n", "501 c\r\n",
        "221 b\r\n"},
       TLS_OUT "C: AUTH PLAIN\nC: *\n! auth-exchange ~\nC: QUIT\n"
               ". close auth auth-exchange [#843]\n",
       "AUTH PLAIN\r\n*\r\nQUIT\r\n"},
      {"535 after it is a verdict",
       0u,
       {"=up", "220 mx\r\n", OFFER("PLAIN"), "334 \r\n", "535 no\r\n",
        "221 b\r\n"},
       TLS_OUT "C: AUTH PLAIN\n" SECRET_OUT
               "! auth-failed ~\nC: QUIT\n. close auth auth-failed [#839]\n",
       NULL},
      {"and a second challenge too many",
       0u,
       {"=up", "220 mx\r\n", OFFER("PLAIN"), "334 \r\n", "334 \r\n",
        "501 c\r\n", "221 b\r\n"},
       TLS_OUT "C: AUTH PLAIN\n" SECRET_OUT "C: *\n! auth-exchange ~\nC: QUIT\n"
               ". close auth auth-exchange [#843]\n",
       NULL},
  };
  for (size_t i = 0u; i < DIALOGUE_COUNT(rows); i++) {
    run_long(SMTPC_MECH(PLAIN), &rows[i], 255u, 255u);
  }
}

// The longest token whose message, `extra` octets longer, has room as base64 beside
// the challenge `334 ` and a CRLF.
static size_t longest_token(size_t extra) {
  return (SMTPC_LINE_MAX - 4u - 2u) / 4u * 3u - extra;
}

static void run_token(uint64_t mechanism, const char *name, const char *head,
                      size_t len, bool fits) {
  char *wire = dialogue_filled(head, 'a', len, "\1\1}\r\n" MAIL_WIRE);
  const bool bearer = mechanism == SMTPC_MECH(OAUTHBEARER);
  const auth_row sent = {
      name,
      mechanism,
      {"=up", "220 mx\r\n", bearer ? OFFER("OAUTHBEARER") : OFFER("XOAUTH2"),
       "334 \r\n", "235 ok\r\n"},
      bearer ? TLS_OUT "C: AUTH OAUTHBEARER\n" SECRET_OUT MAIL_OUT
             : TLS_OUT "C: AUTH XOAUTH2\n" SECRET_OUT MAIL_OUT,
      wire};
  const auth_row refused = {
      name,
      mechanism,
      {"=up", "220 mx\r\n", bearer ? OFFER("OAUTHBEARER") : OFFER("XOAUTH2"),
       "334 \r\n"},
      bearer ? TLS_OUT
          "C: AUTH OAUTHBEARER\n! local-input ~\n"
          ". close local local-input\n"
             : TLS_OUT
          "C: AUTH XOAUTH2\n! local-input ~\n"
          ". close local local-input\n",
      NULL};
  run_long(mechanism, fits ? &sent : &refused, 4u, len);
  free(wire);
}

static void test_client_auth_long_tokens(void **state) {
  (void)state;
  // Names of run_long are of the letter n.
  static const char xoauth2[] = "AUTH XOAUTH2\r\n{user=nnnn\1auth=Bearer ";
  static const char bearer[] = "AUTH OAUTHBEARER\r\n{n,a=nnnn,\1auth=Bearer ";
  const size_t more = 9u + 13u + 2u;
  run_token(SMTPC_MECH(XOAUTH2), "XOAUTH2", xoauth2, 600u, true);
  run_token(SMTPC_MECH(XOAUTH2), "XOAUTH2", xoauth2, 9000u, true);
  run_token(SMTPC_MECH(XOAUTH2), "XOAUTH2", xoauth2, longest_token(more), true);
  run_token(SMTPC_MECH(XOAUTH2), "XOAUTH2", xoauth2, longest_token(more) + 1u,
            false);
  run_token(SMTPC_MECH(XOAUTH2), "XOAUTH2", xoauth2, 20000u, false);
  run_token(SMTPC_MECH(OAUTHBEARER), "OAUTHBEARER", bearer, 9000u, true);
  run_token(SMTPC_MECH(OAUTHBEARER), "OAUTHBEARER", bearer, longest_token(more),
            true);
  run_token(SMTPC_MECH(OAUTHBEARER), "OAUTHBEARER", bearer,
            longest_token(more) + 1u, false);
}

static void test_client_auth_names_that_are_escaped(void **state) {
  (void)state;
  // RFC 5801 section 4, RFC 5802 section 5.1: `,` and `=` in a name.
  smtpc_client_policy policy = auth_policy();
  static const auth_row scram = {"SCRAM",
                                 0u,
                                 {"=up", "220 mx\r\n", OFFER("SCRAM-SHA-256")},
                                 TLS_OUT SECRET_OUT,
                                 "AUTH SCRAM-SHA-256 {n,,n=a=2Cr=3Db,r=" NONCE
                                 "}\r\n"};
  policy.mechanisms = SMTPC_MECH(SCRAM_SHA_256);
  auth_run(&policy, &scram, "a,r=b", "secret");
  static const auth_row bearer = {
      "OAUTHBEARER",
      0u,
      {"=up", "220 mx\r\n", OFFER("OAUTHBEARER")},
      TLS_OUT SECRET_OUT,
      "AUTH OAUTHBEARER {n,a=a=2Cr=3Db,\1auth=Bearer secret\1\1}\r\n"};
  policy.mechanisms = SMTPC_MECH(OAUTHBEARER);
  auth_run(&policy, &bearer, "a,r=b", "secret");
}

static void test_client_auth_without_credentials(void **state) {
  (void)state;
  // The shim has none: nothing is said in their place.
  static const auth_row rows[] = {
      {"PLAIN",
       SMTPC_MECH(PLAIN),
       {"=up", "220 mx\r\n", OFFER("PLAIN")},
       TLS_OUT "! local-input ~\n. close local local-input\n",
       ""},
      {"SCRAM",
       SMTPC_MECH(SCRAM_SHA_256),
       {"=up", "220 mx\r\n", OFFER("SCRAM-SHA-256")},
       TLS_OUT "! local-input ~\n. close local local-input\n",
       ""},
      {"OAUTHBEARER without a token",
       SMTPC_MECH(OAUTHBEARER),
       {"=up", "220 mx\r\n", OFFER("OAUTHBEARER")},
       TLS_OUT "! local-input ~\n. close local local-input\n",
       ""},
      {"LOGIN",
       SMTPC_MECH(LOGIN),
       {"=up", "220 mx\r\n", OFFER("LOGIN"), "334 {Username:}\r\n"},
       TLS_OUT "C: AUTH LOGIN\n! local-input ~\n. close local local-input\n",
       "AUTH LOGIN\r\n"},
      {"CRAM-MD5",
       SMTPC_MECH(CRAM_MD5),
       {"=up", "220 mx\r\n", OFFER("CRAM-MD5"), "334 {<1@mx>}\r\n"},
       TLS_OUT "C: AUTH CRAM-MD5\n! local-input ~\n. close local local-input\n",
       "AUTH CRAM-MD5\r\n"},
  };
  smtpc_client_policy policy = auth_policy();
  for (size_t i = 0u; i < DIALOGUE_COUNT(rows); i++) {
    policy.mechanisms = rows[i].mechanisms;
    auth_run(&policy, &rows[i], NULL, NULL);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_client_auth_each_mechanism),
      cmocka_unit_test(test_client_auth_external_without_a_name),
      cmocka_unit_test(test_client_auth_takes_the_strongest),
      cmocka_unit_test(test_client_auth_without_tls),
      cmocka_unit_test(test_client_auth_line_of_512_octets),
      cmocka_unit_test(test_client_auth_late_message),
      cmocka_unit_test(test_client_auth_long_tokens),
      cmocka_unit_test(test_client_auth_names_that_are_escaped),
      cmocka_unit_test(test_client_auth_without_credentials),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
