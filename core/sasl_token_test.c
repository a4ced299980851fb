// Tests of OAUTHBEARER and XOAUTH2 of `smtpcore/sasl.h`, on both sides.
#include "core/sasl_testing.h"

// RFC 7628 section 4.1
#define TOKEN "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg=="

typedef struct row {
  const char *message;
  size_t len;
  smtpc_status status;
  const char *name;
  const char *token;
} row;

static void check_rows(unsigned mechanism, const row *rows, size_t count) {
  for (size_t i = 0u; i < count; i++) {
    smtpc_sasl sasl = exchange(mechanism);
    // No room behind it: a token needs none.
    wire w = wire_message(rows[i].message, rows[i].len, 0u);
    test_label("mechanism %u, row %zu", mechanism, i);
    test_number(respond(&sasl, &w), rows[i].status);
    if (rows[i].status == SMTPC_OK) {
      test_number(sasl.wants, SMTPC_SASL_CHECK);
      test_octets(sasl.name, sasl.name_len, rows[i].name, strlen(rows[i].name));
      test_span(w, sasl.secret, rows[i].token);
      test_number(smtpc_span_len(sasl.text), 0u);
    }
    wire_free(&w);
  }
}

#define BAD(text) \
  { LIT(text), SMTPC_E_SASL, NULL, NULL }

static void test_sasl_oauthbearer_checks_its_grammar(void **state) {
  (void)state;
  static const row rows[] = {
      {LIT("n,,\1auth=Bearer t\1\1"), SMTPC_OK, "", "t"},
      {LIT("y,,\1auth=Bearer t\1\1"), SMTPC_OK, "", "t"},
      {LIT("n,a=u,\1auth=Bearer t\1\1"), SMTPC_OK, "u", "t"},
      {LIT("n,a=u=2Cv=3Dw,\1auth=Bearer t\1\1"), SMTPC_OK, "u,v=w", "t"},
      {LIT("n,a=user@example.com,\1host=server.example.com\1port=587\1"
           "auth=Bearer " TOKEN "\1\1"),
       SMTPC_OK, "user@example.com", TOKEN},
      {LIT("n,,\1auth=Bearer t\1host=h\1\1"), SMTPC_OK, "", "t"},
      {LIT("n,,\1host=\1auth=Bearer t\1\1"), SMTPC_OK, "", "t"},
      {LIT("n,,\1q=a\tb\r\nc =~\1auth=Bearer t\1\1"), SMTPC_OK, "", "t"},
      {LIT("n,,\1AUTH=x\1auth=Bearer t\1\1"), SMTPC_OK, "", "t"},
      {LIT("n,,\1authx=x\1auth=Bearer t\1\1"), SMTPC_OK, "", "t"},
      // RFC 7628 section 4: the scheme has no case; RFC 6750: 1*SP
      {LIT("n,,\1auth=bearer t\1\1"), SMTPC_OK, "", "t"},
      {LIT("n,,\1auth=BeArEr t\1\1"), SMTPC_OK, "", "t"},
      {LIT("n,,\1auth=Bearer   t\1\1"), SMTPC_OK, "", "t"},
      {LIT("n,,\1auth=Bearer aZ09-._~+/==\1\1"), SMTPC_OK, "", "aZ09-._~+/=="},
      BAD(""),
      BAD("\1"),
      BAD("\1\1"),
      BAD("n"),
      BAD("n,"),
      BAD("n,,"),
      BAD("n,,\1"),
      BAD("n,,\1\1"),
      BAD("n,,auth=Bearer t\1\1"),
      BAD("n,,\1auth=Bearer t"),
      BAD("n,,\1auth=Bearer t\1"),
      BAD("n,,\1auth=Bearer t\1\1\1"),
      BAD("n,,\1auth=Bearer t\1\1x"),
      BAD("n,,\1\1auth=Bearer t\1\1"),
      BAD("n,,\1\1\1"),
      BAD("n,,\1host=h\1\1"),
      BAD("n,,\1auth=Bearer t\1auth=Bearer t\1\1"),
      BAD("n,,\1auth=Bearer t\1auth=\1\1"),
      BAD("n,,\1auth=\1\1"),
      BAD("n,,\1auth=Bearer\1\1"),
      BAD("n,,\1auth=Bearer \1\1"),
      BAD("n,,\1auth=Bearer  \1\1"),
      BAD("n,,\1auth=Bearert\1\1"),
      BAD("n,,\1auth=Basic t\1\1"),
      BAD("n,,\1auth= Bearer t\1\1"),
      BAD("n,,\1auth=Bearer t \1\1"),
      BAD("n,,\1auth=Bearer t u\1\1"),
      BAD("n,,\1auth=Bearer \tt\1\1"),
      BAD("n,,\1auth=Bearer =\1\1"),
      BAD("n,,\1auth=Bearer t=u\1\1"),
      BAD("n,,\1auth=Bearer t,u\1\1"),
      BAD("n,,\1auth=Bearer t\r\n\1\1"),
      BAD("n,,\1auth=Bearer t\0\1\1"),
      BAD("n,,\1auth=Bearer \xc3\xa9\1\1"),
      BAD("n,,\1=x\1auth=Bearer t\1\1"),
      BAD("n,,\1x\1auth=Bearer t\1\1"),
      BAD("n,,\1h1=x\1auth=Bearer t\1\1"),
      BAD("n,,\1h-h=x\1auth=Bearer t\1\1"),
      BAD("n,,\1h=\0\1auth=Bearer t\1\1"),
      BAD("n,,\1h=\x7f\1auth=Bearer t\1\1"),
      BAD("n,,\1h=\xc3\xa9\1auth=Bearer t\1\1"),
      BAD("n,,\1h=\x0b\1auth=Bearer t\1\1"),
      BAD("x,,\1auth=Bearer t\1\1"),
      BAD("N,,\1auth=Bearer t\1\1"),
      BAD(",,\1auth=Bearer t\1\1"),
      BAD("nn,,\1auth=Bearer t\1\1"),
      BAD("F,n,,\1auth=Bearer t\1\1"),
      BAD("n,\1auth=Bearer t\1\1"),
      BAD("n,a=,\1auth=Bearer t\1\1"),
      BAD("n,b=u,\1auth=Bearer t\1\1"),
      BAD("n,u,\1auth=Bearer t\1\1"),
      BAD("n,a=u=2c,\1auth=Bearer t\1\1"),
      BAD("n,a=u=,\1auth=Bearer t\1\1"),
      BAD("n,a=u\0,\1auth=Bearer t\1\1"),
      BAD("n,a=u\n,\1auth=Bearer t\1\1"),
      BAD("n,a=u,v,\1auth=Bearer t\1\1"),
      // The mechanism has no bound form.
      {LIT("p=tls-exporter,,\1auth=Bearer t\1\1"), SMTPC_E_BINDING, NULL, NULL},
      {LIT("p=x,,\1auth=Bearer t\1\1"), SMTPC_E_BINDING, NULL, NULL},
  };
  check_rows(SMTPC_MECHANISM_OAUTHBEARER, rows, COUNT_OF(rows));
}

static void test_sasl_xoauth2_checks_its_grammar(void **state) {
  (void)state;
  static const row rows[] = {
      // Google's example
      {LIT("user=someuser@example.com\1auth=Bearer "
           "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg\1\1"),
       SMTPC_OK, "someuser@example.com",
       "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg"},
      {LIT("user=u\1auth=Bearer t\1\1"), SMTPC_OK, "u", "t"},
      {LIT("user=u=,v\1auth=bearer t==\1\1"), SMTPC_OK, "u=,v", "t=="},
      BAD(""),
      BAD("\1"),
      BAD("\1\1"),
      BAD("\1\1\1"),
      BAD("user="),
      BAD("user=\1\1"),
      BAD("user=u"),
      BAD("user=u\1"),
      BAD("user=u\1\1"),
      BAD("user=u\1\1\1"),
      BAD("user=\1auth=Bearer t\1\1"),
      BAD("User=u\1auth=Bearer t\1\1"),
      BAD("usr=u\1auth=Bearer t\1\1"),
      BAD("u\1auth=Bearer t\1\1"),
      BAD("user=u\0\1auth=Bearer t\1\1"),
      BAD("user=u\n\1auth=Bearer t\1\1"),
      BAD("user=u\1\1auth=Bearer t\1\1"),
      BAD("user=u\1auth=Bearer t"),
      BAD("user=u\1auth=Bearer t\1"),
      BAD("user=u\1auth=Bearer t\1\1\1"),
      BAD("user=u\1auth=Bearer t\1\1x"),
      BAD("user=u\1auth=Bearer t\1host=h\1\1"),
      BAD("user=u\1host=h\1\1"),
      BAD("user=u\1host=h\1auth=Bearer t\1\1"),
      BAD("user=u\1Auth=Bearer t\1\1"),
      BAD("user=u\1auth=Bearer \1\1"),
      BAD("user=u\1auth=Bearer t u\1\1"),
      BAD("user=u\1auth=Bearer t\0\1\1"),
      BAD("user=u\1auth=Basic t\1\1"),
      BAD("n,a=u,\1auth=Bearer t\1\1"),
  };
  check_rows(SMTPC_MECHANISM_XOAUTH2, rows, COUNT_OF(rows));
}

// RFC 7628 section 4.1, in SMTP, as it stands on the line.
static void test_sasl_oauthbearer_takes_the_vector(void **state) {
  (void)state;
  smtpc_sasl sasl = exchange(SMTPC_MECHANISM_OAUTHBEARER);
  wire w = wire_text(
      LIT("bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9"
          "NTg3AWF1dGg9QmVhcmVyIHZGOWRmdDRxbVRjMk52YjNSbGNrQmhiSFJoZG1semRHRXVZ"
          "Mjl0Q2c9PQEB"),
      0u);
  test_number(respond(&sasl, &w), SMTPC_OK);
  test_octets(sasl.name, sasl.name_len, "user@example.com", 16u);
  test_span(w, sasl.secret, TOKEN);
  wire_free(&w);
}

static void test_sasl_token_tries_each_octet(void **state) {
  (void)state;
  for (unsigned c = 0u; c < 256u; c++) {
    const bool token = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                       (c >= 'a' && c <= 'z') ||
                       (c != 0u && strchr("-._~+/", (int)c) != NULL);
    char bearer[] = "n,,\1auth=Bearer t?u\1\1";
    bearer[sizeof bearer - 5u] = (char)c;
    smtpc_sasl sasl = exchange(SMTPC_MECHANISM_OAUTHBEARER);
    test_label("octet %u in a token", c);
    test_number(respond_message(&sasl, bearer, sizeof bearer - 1u),
                token ? SMTPC_OK : SMTPC_E_SASL);
    const bool value =
        (c >= 0x20u && c < 0x7fu) || c == '\t' || c == '\r' || c == '\n';
    // An octet 1 ends the pair; what follows it then is none.
    char pair[] = "n,,\1h=v?w\1auth=Bearer t\1\1";
    pair[7] = (char)c;
    sasl = exchange(SMTPC_MECHANISM_OAUTHBEARER);
    test_label("octet %u in a value", c);
    test_number(respond_message(&sasl, pair, sizeof pair - 1u),
                value ? SMTPC_OK : SMTPC_E_SASL);
    const bool key = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    char keyed[] = "n,,\1h?h=v\1auth=Bearer t\1\1";
    keyed[5] = (char)c;
    sasl = exchange(SMTPC_MECHANISM_OAUTHBEARER);
    test_label("octet %u in a key", c);
    test_number(respond_message(&sasl, keyed, sizeof keyed - 1u),
                key || c == '=' ? SMTPC_OK : SMTPC_E_SASL);
  }
}

static void test_sasl_token_bounds_the_name(void **state) {
  (void)state;
  for (size_t len = 250u; len < 260u; len++) {
    for (unsigned which = 0u; which < 2u; which++) {
      uint8_t message[300];
      const char *head = which != 0u ? "user=" : "n,a=";
      const char *tail =
          which != 0u ? "\1auth=Bearer t\1\1" : ",\1auth=Bearer t\1\1";
      size_t n = strlen(head);
      memcpy(message, head, n);
      memset(message + n, 'n', len);
      n += len;
      memcpy(message + n, tail, strlen(tail));
      n += strlen(tail);
      smtpc_sasl sasl = exchange(which != 0u ? SMTPC_MECHANISM_XOAUTH2
                                             : SMTPC_MECHANISM_OAUTHBEARER);
      test_label("name of %zu, %u", len, which);
      test_number(respond_message(&sasl, message, n),
                  len <= SMTPC_NAME_MAX ? SMTPC_OK : SMTPC_E_TOO_LONG);
    }
  }
}

// Flag `y` counts for SCRAM alone.
static void test_sasl_oauthbearer_may_see_no_binding(void **state) {
  (void)state;
  smtpc_sasl sasl;
  smtpc_sasl_server_begin(&sasl, SMTPC_MECHANISM_OAUTHBEARER, 1);
  test_number(respond_message(&sasl, LIT("y,,\1auth=Bearer t\1\1")), SMTPC_OK);
}

static smtpc_sasl refused(unsigned mechanism) {
  smtpc_sasl sasl = exchange(mechanism);
  if (mechanism == SMTPC_MECHANISM_XOAUTH2) {
    test_number(respond_message(&sasl, LIT("user=u\1auth=Bearer t\1\1")),
                SMTPC_OK);
  } else {
    test_number(respond_message(&sasl, LIT("n,a=u,\1auth=Bearer t\1\1")),
                SMTPC_OK);
  }
  test_number(smtpc_sasl_server_verdict(&sasl, 0, NULL, 0u), SMTPC_OK);
  test_number(sasl.wants, SMTPC_SASL_SAY);
  return sasl;
}

// After a no nothing makes a yes: not even a token that would do.
static void test_sasl_token_refused_stays_refused(void **state) {
  (void)state;
  static const unsigned both[] = {SMTPC_MECHANISM_OAUTHBEARER,
                                  SMTPC_MECHANISM_XOAUTH2};
  static const struct {
    const char *text;
    smtpc_status status[2];
  } rows[] = {
      {"", {SMTPC_OK, SMTPC_OK}},
      {"AQ==", {SMTPC_OK, SMTPC_E_SASL}},
      {"AQE=", {SMTPC_E_SASL, SMTPC_E_SASL}},
      {"AA==", {SMTPC_E_SASL, SMTPC_E_SASL}},
      {"bixhPXUsAWF1dGg9QmVhcmVyIHQBAQ==", {SMTPC_E_SASL, SMTPC_E_SASL}},
      {"dXNlcj11AWF1dGg9QmVhcmVyIHQBAQ==", {SMTPC_E_SASL, SMTPC_E_SASL}},
      {"*", {SMTPC_E_CANCELLED, SMTPC_E_CANCELLED}},
      {"=", {SMTPC_E_BASE64, SMTPC_E_BASE64}},
  };
  for (unsigned k = 0u; k < 2u; k++) {
    for (size_t i = 0u; i < COUNT_OF(rows); i++) {
      smtpc_sasl sasl = refused(both[k]);
      test_label("%u, %s", k, rows[i].text);
      test_number(respond_text(&sasl, rows[i].text), rows[i].status[k]);
      test_number(sasl.wants, rows[i].status[k] == SMTPC_OK
                                  ? SMTPC_SASL_REFUSED
                                  : SMTPC_SASL_NOTHING);
      test_number(smtpc_sasl_server_verdict(&sasl, 1, NULL, 0u), SMTPC_E_STATE);
    }
  }
}

static void test_sasl_token_accepted_ends_at_once(void **state) {
  (void)state;
  smtpc_sasl sasl = exchange(SMTPC_MECHANISM_OAUTHBEARER);
  test_number(respond_message(&sasl, LIT("n,a=u,\1auth=Bearer t\1\1")),
              SMTPC_OK);
  test_number(smtpc_sasl_server_verdict(&sasl, 1, NULL, 0u), SMTPC_OK);
  test_number(sasl.wants, SMTPC_SASL_DONE);
  test_octets(sasl.name, sasl.name_len, "u", 1u);
}

// ------------------------------------------------------------- client side

static smtpc_sasl_client begin(unsigned mechanism, wire *w) {
  smtpc_sasl_client sasl;
  memset(&sasl, 0xa5, sizeof sasl);
  smtpc_sasl_client_begin(&sasl, mechanism, SMTPC_BINDING_NONE, 0, &w->buffer);
  test_number(sasl.wants, SMTPC_SASL_PASSWORD);
  return sasl;
}

static void test_sasl_token_client_lines_are_golden(void **state) {
  (void)state;
  static const struct {
    unsigned mechanism;
    const char *name;
    const char *token;
    const char *line;
  } rows[] = {
      {SMTPC_MECHANISM_OAUTHBEARER, "user@example.com", TOKEN,
       "AUTH OAUTHBEARER bixhPXVzZXJAZXhhbXBsZS5jb20sAWF1dGg9QmVhcmVyIHZGOWRm"
       "dDRxbVRjMk52YjNSbGNrQmhiSFJoZG1semRHRXVZMjl0Q2c9PQEB\r\n"},
      {SMTPC_MECHANISM_OAUTHBEARER, "", "t",
       "AUTH OAUTHBEARER biwsAWF1dGg9QmVhcmVyIHQBAQ==\r\n"},
      {SMTPC_MECHANISM_XOAUTH2, "someuser@example.com",
       "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg",
       "AUTH XOAUTH2 dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5"
       "LnZGOWRmdDRxbVRjMk52YjNSbGNrQmhkSFJoZG1semRHRXVZMjl0Q2cBAQ==\r\n"},
  };
  for (size_t i = 0u; i < COUNT_OF(rows); i++) {
    wire w = room(600u);
    smtpc_sasl_client sasl = begin(rows[i].mechanism, &w);
    test_label("row %zu", i);
    test_number(credentials(&sasl, &w, rows[i].name, strlen(rows[i].name),
                            rows[i].token, strlen(rows[i].token)),
                SMTPC_OK);
    test_number(smtpc_sasl_client_is_whole(&sasl), 0);
    said(&sasl, &w, rows[i].line);
    test_number(smtpc_sasl_client_is_whole(&sasl), 1);
    const smtpc_sasl_client sent = sasl;
    test_number(smtpc_sasl_client_success(&sasl), SMTPC_OK);
    test_number(sasl.wants, SMTPC_SASL_DONE);
    test_label("row %zu, refused", i);
    sasl = sent;
    test_number(challenge_message(&sasl, &w, LIT("{\"status\":\"x\"}")),
                SMTPC_OK);
    said(&sasl, &w,
         rows[i].mechanism == SMTPC_MECHANISM_XOAUTH2 ? "\r\n" : "AQ==\r\n");
    // 535 is a verdict, 235 is not believed.
    test_number(smtpc_sasl_client_is_whole(&sasl), 1);
    test_number(smtpc_sasl_client_success(&sasl), SMTPC_E_STATE);
    test_number(challenge_message(&sasl, &w, LIT("{}")), SMTPC_E_SASL);
    test_label("row %zu, a challenge that says nothing", i);
    sasl = sent;
    test_number(challenge_text(&sasl, &w, LIT("")), SMTPC_E_SASL);
    wire_free(&w);
  }
}

static void test_sasl_token_client_checks_credentials(void **state) {
  (void)state;
  static const struct {
    const char *name;
    size_t name_len;
    const char *token;
    size_t token_len;
    smtpc_status status[2];
  } rows[] = {
      {LIT(""), LIT("t"), {SMTPC_OK, SMTPC_E_SASL}},
      {LIT("n"), LIT(""), {SMTPC_E_SASL, SMTPC_E_SASL}},
      {LIT("n"), LIT("t t"), {SMTPC_E_SASL, SMTPC_E_SASL}},
      {LIT("n"), LIT("t\r\n"), {SMTPC_E_SASL, SMTPC_E_SASL}},
      {LIT("n"), LIT("t\1auth=Bearer"), {SMTPC_E_SASL, SMTPC_E_SASL}},
      {LIT("n"), LIT("t\0"), {SMTPC_E_NUL, SMTPC_E_NUL}},
      {LIT("n"), LIT("="), {SMTPC_E_SASL, SMTPC_E_SASL}},
      {LIT("n"), LIT("t=u"), {SMTPC_E_SASL, SMTPC_E_SASL}},
      {LIT("n"), LIT("t=="), {SMTPC_OK, SMTPC_OK}},
      {LIT("n\0"), LIT("t"), {SMTPC_E_NUL, SMTPC_E_NUL}},
      {LIT("n\1"), LIT("t"), {SMTPC_E_CONTROL, SMTPC_E_CONTROL}},
      {LIT("n\n"), LIT("t"), {SMTPC_E_CONTROL, SMTPC_E_CONTROL}},
  };
  static const unsigned both[] = {SMTPC_MECHANISM_OAUTHBEARER,
                                  SMTPC_MECHANISM_XOAUTH2};
  for (unsigned k = 0u; k < 2u; k++) {
    for (size_t i = 0u; i < COUNT_OF(rows); i++) {
      wire w = room(600u);
      smtpc_sasl_client sasl = begin(both[k], &w);
      test_label("%u, row %zu", k, i);
      test_number(credentials(&sasl, &w, rows[i].name, rows[i].name_len,
                              rows[i].token, rows[i].token_len),
                  rows[i].status[k]);
      test_number(sasl.wants, rows[i].status[k] == SMTPC_OK
                                  ? SMTPC_SASL_SAY
                                  : SMTPC_SASL_PASSWORD);
      wire_free(&w);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_sasl_oauthbearer_checks_its_grammar),
      cmocka_unit_test(test_sasl_xoauth2_checks_its_grammar),
      cmocka_unit_test(test_sasl_oauthbearer_takes_the_vector),
      cmocka_unit_test(test_sasl_token_tries_each_octet),
      cmocka_unit_test(test_sasl_token_bounds_the_name),
      cmocka_unit_test(test_sasl_oauthbearer_may_see_no_binding),
      cmocka_unit_test(test_sasl_token_refused_stays_refused),
      cmocka_unit_test(test_sasl_token_accepted_ends_at_once),
      cmocka_unit_test(test_sasl_token_client_lines_are_golden),
      cmocka_unit_test(test_sasl_token_client_checks_credentials),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
