// THREATS section 10, the rows INJ-03 and INJ-05 as far as they are about names: ours in
// EHLO and LHLO, and the user's, with password or token, in AUTH.

#include <stdlib.h>
#include <string.h>

#include "core/write_testing.h"
#include "shim/mem/dialogue_testing.h"
#include "smtpcore/client.h"
#include "smtpcore/sasl.h"

typedef struct octets_row {
  const char *data;
  size_t len;
} octets_row;

// A session whose policy never went through `smtpc_client_policy_check` still sends
// no name that is none.
static void refuse_hello(const uint8_t *name, size_t len, unsigned lmtp) {
  static const uint8_t greeting[] = "220 mx\r\n";
  static smtpc_client session;
  smtpc_client_policy policy = dialogue_client_policy(SMTPC_CLIENT_TLS_OFF);
  memcpy(policy.hello, name, len);
  policy.hello_len = (uint8_t)len;
  policy.lmtp = (uint8_t)lmtp;
  test_number(smtpc_client_policy_check(&policy), SMTPC_E_DOMAIN);
  smtpc_client_init(&session, &policy);
  const smtpc_input in =
      smtpc_input_octets(SMTPC_CHANNEL_PLAIN, greeting, sizeof greeting - 1u);
  const smtpc_input none = smtpc_input_make(SMTPC_IN_NONE);
  smtpc_action act;
  size_t used = 0u;
  test_number(smtpc_client_step(&policy, &session, &in, &used, &act), SMTPC_OK);
  test_number(act.kind, SMTPC_DO_REPORT);
  test_number(act.finding, SMTPC_FINDING_LOCAL_INPUT);
  test_number(smtpc_client_step(&policy, &session, &none, &used, &act),
              SMTPC_OK);
  test_number(act.kind, SMTPC_DO_CLOSE);
  test_number(act.end_reason, SMTPC_END_LOCAL);
}

static void test_inj_03_hello_names(void **state) {
  (void)state;
  static const octets_row rows[] = {
      {LIT("")},
      {LIT("a\r\nMAIL FROM:<evil@x>")},
      {LIT("a.example\r\n")},
      {LIT("a.example\n")},
      {LIT("a.example\r")},
      {LIT("a.example\0")},
      {LIT("a.example SIZE")},
      {LIT("a.example ")},
      {LIT(" a.example")},
      {LIT("a_b.example")},
      {LIT("a..example")},
      {LIT("-a.example")},
      {LIT("[192.0.2.1]\r\nRSET")},
      {LIT("[192.0.2.1")},
      {LIT("[192.0.2.256]")},
      {LIT("[x:\r\n]")},
      {LIT("\xc4\x8d\xc4\x8a.example")},
      {LIT("<a.example>")},
  };
  for (size_t i = 0u; i < DIALOGUE_COUNT(rows); i++) {
    for (unsigned lmtp = 0u; lmtp <= 1u; lmtp++) {
      test_label("row %zu, LMTP %u", i, lmtp);
      refuse_hello((const uint8_t *)rows[i].data, rows[i].len, lmtp);
    }
  }
}

// ------------------------------------------------- INJ-03: names, passwords

// Logs in with what is given, against a server that answers each message with the
// next turn. `*out` gets what was sent, and the end is returned.
static unsigned log_in(uint64_t mechanism, const char *offer,
                       const octets_row *name, const octets_row *secret,
                       smtpc_octets *out) {
  static smtpc_client session;
  static const uint8_t zero[64] = {0};
  smtpc_client_policy policy = dialogue_client_policy(SMTPC_CLIENT_TLS_OFF);
  policy.auth = SMTPC_AUTH_REQUIRED;
  policy.tls = SMTPC_CLIENT_TLS_REQUIRED;
  policy.implicit_tls = 1u;
  policy.mechanisms = mechanism;
  const char *const turns[] = {"220 mx\r\n", offer, "334 \r\n", "334 \r\n"};
  size_t turn = 0u;
  smtpc_action act = smtpc_action_make(SMTPC_DO_NOTHING);
  smtpc_client_init(&session, &policy);
  for (size_t step = 0u; step < 60u && act.kind != SMTPC_DO_CLOSE; step++) {
    smtpc_input in = smtpc_input_make(SMTPC_IN_NONE);
    size_t used = 0u;
    if (act.kind == SMTPC_DO_START_TLS) {
      in.kind = SMTPC_IN_TLS_UP;
      in.tls.version = SMTPC_TLS_1_3;
    } else if (act.kind == SMTPC_DO_ASK_NONCE) {
      in.kind = SMTPC_IN_NONCE;
      in.data = zero;
      in.len = SMTPC_NONCE_LEN;
    } else if (act.kind == SMTPC_DO_ASK_PASSWORD) {
      in.kind = SMTPC_IN_CREDENTIALS;
      in.data = (const uint8_t *)name->data;
      in.len = name->len;
      in.secret = (const uint8_t *)secret->data;
      in.secret_len = secret->len;
    } else if (act.kind == SMTPC_DO_NEED_INPUT && turn < 4u) {
      in = smtpc_input_octets(SMTPC_CHANNEL_TLS, (const uint8_t *)turns[turn],
                              strlen(turns[turn]));
      turn++;
    } else if (act.kind == SMTPC_DO_NEED_INPUT) {
      in.kind = SMTPC_IN_SHUTDOWN;
    }
    test_number(smtpc_client_step(&policy, &session, &in, &used, &act),
                SMTPC_OK);
    if (act.kind == SMTPC_DO_SEND) {
      smtpc_octets_add(out, smtpc_client_octets(&session, &act, &in),
                       act.end - act.begin);
    }
  }
  test_number(act.kind, SMTPC_DO_CLOSE);
  return act.end_reason;
}

// What follows `head` in the second line that was sent, decoded.
static size_t decoded_after(const smtpc_octets *out, const char *head,
                            uint8_t *text, size_t room) {
  static const char hello[] = "EHLO localhost\r\n";
  const size_t from = sizeof hello - 1u + strlen(head);
  size_t to = from;
  smtpc_span span;
  assert_true(out->len > from && out->len < room);
  test_octets(out->data, from - strlen(head), hello, sizeof hello - 1u);
  test_octets(out->data + sizeof hello - 1u, strlen(head), head, strlen(head));
  while (to < out->len && out->data[to] != '\r') {
    to++;
  }
  memcpy(text, out->data, out->len);
  test_number(smtpc_base64_decode(text, smtpc_span_make(from, to), &span),
              SMTPC_OK);
  memmove(text, text + span.begin, smtpc_span_len(span));
  return smtpc_span_len(span);
}

typedef struct login {
  uint64_t mechanism;
  const char *offer;
  const char *head;
} login;

static const login logins[] = {
    {SMTPC_MECH(PLAIN), "250-mx\r\n250 AUTH PLAIN\r\n", "AUTH PLAIN "},
    {SMTPC_MECH(EXTERNAL), "250-mx\r\n250 AUTH EXTERNAL\r\n", "AUTH EXTERNAL "},
    {SMTPC_MECH(XOAUTH2), "250-mx\r\n250 AUTH XOAUTH2\r\n", "AUTH XOAUTH2 "},
    {SMTPC_MECH(OAUTHBEARER), "250-mx\r\n250 AUTH OAUTHBEARER\r\n",
     "AUTH OAUTHBEARER "},
    {SMTPC_MECH(SCRAM_SHA_256), "250-mx\r\n250 AUTH SCRAM-SHA-256\r\n",
     "AUTH SCRAM-SHA-256 "},
    {SMTPC_MECH(SCRAM_SHA_1), "250-mx\r\n250 AUTH SCRAM-SHA-1\r\n",
     "AUTH SCRAM-SHA-1 "},
    {SMTPC_MECH(LOGIN), "250-mx\r\n250 AUTH LOGIN\r\n", "AUTH LOGIN\r\n"},
};

static void test_inj_03_user_names(void **state) {
  (void)state;
  static const octets_row names[] = {
      {LIT("a\r\nRSET")}, {LIT("a\n")},  {LIT("a\r")},
      {LIT("a\0b")},      {LIT("\0")},   {LIT("a\1auth=Bearer evil")},
      {LIT("a\x1b[2J")},  {LIT("a\x7f")}};
  static const octets_row secret = {LIT("secret")};
  for (size_t i = 0u; i < DIALOGUE_COUNT(logins); i++) {
    for (size_t k = 0u; k < DIALOGUE_COUNT(names); k++) {
      smtpc_octets out = {NULL, 0u, 0u};
      smtpc_octets want = {NULL, 0u, 0u};
      test_label("%s, name %zu", logins[i].head, k);
      test_number(log_in(logins[i].mechanism, logins[i].offer, &names[k],
                         &secret, &out),
                  SMTPC_END_LOCAL);
      smtpc_octets_print(
          &want, "EHLO localhost\r\n%s",
          logins[i].mechanism == SMTPC_MECH(LOGIN) ? "AUTH LOGIN\r\n" : "");
      test_octets(out.data, out.len, want.data, want.len);
      smtpc_octets_free(&want);
      smtpc_octets_free(&out);
    }
  }
}

static void test_inj_03_attributes_of_an_exchange(void **state) {
  (void)state;
  // A name that holds the separators of the mechanism's own grammar.
  typedef struct row {
    unsigned login;
    octets_row name;
    octets_row secret;
    octets_row want;
  } row;
#define NONCE_OUT "r=00000000000000000000000000000000"
  static const row rows[] = {
      {0u, {LIT("u")}, {LIT("p\r\nRSET")}, {LIT("\0u\0p\r\nRSET")}},
      {1u, {LIT("u,=")}, {LIT("")}, {LIT("u,=")}},
      {3u,
       {LIT("u,a=evil")},
       {LIT("t")},
       {LIT("n,a=u=2Ca=3Devil,\1auth=Bearer t\1\1")}},
      {3u, {LIT("=2C")}, {LIT("t")}, {LIT("n,a==3D2C,\1auth=Bearer t\1\1")}},
      {4u,
       {LIT("u,r=evil")},
       {LIT("p")},
       {LIT("n,,n=u=2Cr=3Devil," NONCE_OUT)}},
      {5u, {LIT("u,p=x")}, {LIT("p")}, {LIT("n,,n=u=2Cp=3Dx," NONCE_OUT)}},
  };
  for (size_t i = 0u; i < DIALOGUE_COUNT(rows); i++) {
    const login *l = &logins[rows[i].login];
    smtpc_octets out = {NULL, 0u, 0u};
    uint8_t text[600];
    test_label("row %zu", i);
    (void)log_in(l->mechanism, l->offer, &rows[i].name, &rows[i].secret, &out);
    const size_t len = decoded_after(&out, l->head, text, sizeof text);
    test_octets(text, len, rows[i].want.data, rows[i].want.len);
    smtpc_octets_free(&out);
  }
}

static void test_inj_03_passwords_and_tokens(void **state) {
  (void)state;
  static const octets_row name = {LIT("user")};
  typedef struct row {
    unsigned login;
    octets_row secret;
  } row;
  static const row refused[] = {
      {0u, {LIT("p\0evil")}},   {6u, {LIT("p\0evil")}},
      {2u, {LIT("t\1\1")}},     {2u, {LIT("t\r\n")}},
      {2u, {LIT("t x")}},       {2u, {LIT("")}},
      {3u, {LIT("t\1host=x")}}, {3u, {LIT("t\r\n")}},
      {3u, {LIT("t,x")}},       {3u, {LIT("")}},
      {3u, {LIT("t=x")}},       {2u, {LIT("\xc4\x8d")}}};
  for (size_t i = 0u; i < DIALOGUE_COUNT(refused); i++) {
    const login *l = &logins[refused[i].login];
    smtpc_octets out = {NULL, 0u, 0u};
    test_label("row %zu", i);
    test_number(log_in(l->mechanism, l->offer, &name, &refused[i].secret, &out),
                SMTPC_END_LOCAL);
    // Nothing of it was sent, and with LOGIN not even the name.
    static const char login_out[] = "EHLO localhost\r\nAUTH LOGIN\r\n";
    static const char hello_out[] = "EHLO localhost\r\n";
    const char *want = refused[i].login == 6u ? login_out : hello_out;
    test_octets(out.data, out.len, want, strlen(want));
    smtpc_octets_free(&out);
  }
}

static void test_inj_05_long_names_and_passwords(void **state) {
  (void)state;
  for (size_t i = 0u; i < DIALOGUE_COUNT(logins); i++) {
    for (size_t len = 254u; len <= 257u; len++) {
      char *text = dialogue_filled("", 'n', len, "");
      const octets_row name = {text, len};
      const octets_row secret = {LIT("secret")};
      smtpc_octets out = {NULL, 0u, 0u};
      const unsigned end =
          log_in(logins[i].mechanism, logins[i].offer, &name, &secret, &out);
      test_label("%s, %zu octets", logins[i].head, len);
      test_number(end == SMTPC_END_LOCAL, len > SMTPC_NAME_MAX);
      // Each line that left is whole.
      test_octets(out.data + out.len - 2u, 2u, "\r\n", 2u);
      smtpc_octets_free(&out);
      free(text);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_inj_03_hello_names),
      cmocka_unit_test(test_inj_03_user_names),
      cmocka_unit_test(test_inj_03_attributes_of_an_exchange),
      cmocka_unit_test(test_inj_03_passwords_and_tokens),
      cmocka_unit_test(test_inj_05_long_names_and_passwords),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
