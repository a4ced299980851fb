// Tests of a client's exchanges of `smtpcore/sasl.h`: PLAIN, LOGIN, CRAM-MD5, EXTERNAL,
// and what holds of all mechanisms.
#include "core/sasl_testing.h"

static smtpc_sasl_client begin(unsigned mechanism, wire *w) {
  smtpc_sasl_client sasl;
  memset(&sasl, 0xa5, sizeof sasl);
  smtpc_sasl_client_begin(&sasl, mechanism, SMTPC_BINDING_EXPORTER, 0,
                          &w->buffer);
  check_client(&sasl, w->buffer.len);
  wire_check(w);
  return sasl;
}

static smtpc_status digest(smtpc_sasl_client *sasl, wire *w, const void *name,
                           size_t name_len, const void *data, size_t len) {
  const size_t before = w->buffer.len;
  uint8_t *n = test_copy(name, name_len);
  uint8_t *d = test_copy(data, len);
  const smtpc_status status =
      smtpc_sasl_client_digest(sasl, &w->buffer, n, name_len, d, len);
  free(n);
  free(d);
  assert_true(status == SMTPC_OK || w->buffer.len == before);
  check_client(sasl, w->buffer.len);
  wire_check(w);
  return status;
}

static void test_sasl_client_lines_are_golden(void **state) {
  (void)state;
  static const struct {
    unsigned mechanism;
    const char *name;
    const char *secret;
    const char *line;
  } rows[] = {
      // RFC 4616 section 4, RFC 4954 section 4.1
      {SMTPC_MECHANISM_PLAIN, "tim", "tanstaaftanstaaf",
       "AUTH PLAIN AHRpbQB0YW5zdGFhZnRhbnN0YWFm\r\n"},
      {SMTPC_MECHANISM_PLAIN, "tim", "", "AUTH PLAIN AHRpbQA=\r\n"},
      {SMTPC_MECHANISM_EXTERNAL, "", "", "AUTH EXTERNAL =\r\n"},
      {SMTPC_MECHANISM_EXTERNAL, "tim", "", "AUTH EXTERNAL dGlt\r\n"},
  };
  for (size_t i = 0u; i < COUNT_OF(rows); i++) {
    wire w = room(100u);
    smtpc_sasl_client sasl = begin(rows[i].mechanism, &w);
    test_label("row %zu", i);
    test_number(sasl.wants, SMTPC_SASL_PASSWORD);
    test_number(w.buffer.len, 0u);
    test_number(credentials(&sasl, &w, rows[i].name, strlen(rows[i].name),
                            rows[i].secret, strlen(rows[i].secret)),
                SMTPC_OK);
    test_number(smtpc_sasl_client_success(&sasl), SMTPC_E_STATE);
    said(&sasl, &w, rows[i].line);
    test_number(smtpc_sasl_client_is_whole(&sasl), 1);
    const smtpc_sasl_client sent = sasl;
    test_number(smtpc_sasl_client_success(&sasl), SMTPC_OK);
    test_number(sasl.wants, SMTPC_SASL_DONE);
    test_number(smtpc_sasl_client_success(&sasl), SMTPC_E_STATE);
    test_label("row %zu, a challenge after all was said", i);
    sasl = sent;
    test_number(challenge_text(&sasl, &w, LIT("")), SMTPC_E_SASL);
    test_number(smtpc_sasl_client_success(&sasl), SMTPC_E_STATE);
    wire_free(&w);
  }
}

static void test_sasl_client_login_answers_any_prompt(void **state) {
  (void)state;
  static const char *const prompts[] = {
      "VXNlcm5hbWU6", "UGFzc3dvcmQ6", "VXNlciBOYW1lAA==", "UGFzc3dvcmQA", "",
      "QQ=="};
  for (size_t i = 0u; i + 1u < COUNT_OF(prompts); i++) {
    wire w = room(100u);
    smtpc_sasl_client sasl = begin(SMTPC_MECHANISM_LOGIN, &w);
    test_label("prompt %zu", i);
    said(&sasl, &w, "AUTH LOGIN\r\n");
    test_number(smtpc_sasl_client_is_whole(&sasl), 0);
    test_number(challenge_text(&sasl, &w, prompts[i], strlen(prompts[i])),
                SMTPC_OK);
    test_number(credentials(&sasl, &w, LIT("tim"), LIT("secret")), SMTPC_OK);
    said(&sasl, &w, "dGlt\r\n");
    test_number(smtpc_sasl_client_is_whole(&sasl), 0);
    const smtpc_sasl_client half = sasl;
    test_number(smtpc_sasl_client_success(&sasl), SMTPC_E_STATE);
    sasl = half;
    test_number(
        challenge_text(&sasl, &w, prompts[i + 1u], strlen(prompts[i + 1u])),
        SMTPC_OK);
    test_number(credentials(&sasl, &w, LIT("tim"), LIT("secret")), SMTPC_OK);
    said(&sasl, &w, "c2VjcmV0\r\n");
    test_number(smtpc_sasl_client_is_whole(&sasl), 1);
    const smtpc_sasl_client whole = sasl;
    test_number(smtpc_sasl_client_success(&sasl), SMTPC_OK);
    test_label("prompt %zu, a third", i);
    sasl = whole;
    test_number(challenge_text(&sasl, &w, LIT("UGFzc3dvcmQ6")), SMTPC_E_SASL);
    wire_free(&w);
  }
  wire w = room(100u);
  smtpc_sasl_client sasl = begin(SMTPC_MECHANISM_LOGIN, &w);
  test_label("an empty password");
  said(&sasl, &w, "AUTH LOGIN\r\n");
  test_number(challenge_text(&sasl, &w, LIT("")), SMTPC_OK);
  test_number(credentials(&sasl, &w, LIT("tim"), LIT("")), SMTPC_OK);
  said(&sasl, &w, "dGlt\r\n");
  test_number(challenge_text(&sasl, &w, LIT("")), SMTPC_OK);
  test_number(credentials(&sasl, &w, LIT("tim"), LIT("")), SMTPC_OK);
  said(&sasl, &w, "\r\n");
  wire_free(&w);
}

// RFC 2195 section 2
#define TIM_CHALLENGE "<1896.697170952@postoffice.reston.mci.net>"
#define TIM_DIGEST \
  "\xb9\x13\xa6\x02\xc7\xed\xa7\xa4\x95\xb4\xe6\xe7\x33\x4d\x38\x90"

static smtpc_sasl_client cram_asked(wire *w) {
  smtpc_sasl_client sasl = begin(SMTPC_MECHANISM_CRAM_MD5, w);
  said(&sasl, w, "AUTH CRAM-MD5\r\n");
  test_number(challenge_message(&sasl, w, LIT(TIM_CHALLENGE)), SMTPC_OK);
  test_number(sasl.wants, SMTPC_SASL_DIGEST);
  return sasl;
}

static void test_sasl_client_cram_takes_the_vector(void **state) {
  (void)state;
  wire w = room(200u);
  smtpc_sasl_client sasl = cram_asked(&w);
  test_span(w, sasl.text, TIM_CHALLENGE);
  test_number(smtpc_sasl_client_is_whole(&sasl), 0);
  test_number(digest(&sasl, &w, LIT("tim"), LIT(TIM_DIGEST)), SMTPC_OK);
  said(&sasl, &w, "dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw\r\n");
  test_number(smtpc_sasl_client_is_whole(&sasl), 1);
  const smtpc_sasl_client sent = sasl;
  test_number(smtpc_sasl_client_success(&sasl), SMTPC_OK);
  test_label("a second challenge");
  sasl = sent;
  test_number(challenge_message(&sasl, &w, LIT(TIM_CHALLENGE)), SMTPC_E_SASL);
  wire_free(&w);
}

static void test_sasl_client_cram_checks_the_digest(void **state) {
  (void)state;
  static const struct {
    const char *name;
    size_t name_len;
    size_t len;
    smtpc_status status;
  } rows[] = {
      {LIT("n"), 0u, SMTPC_E_ARGUMENT},   {LIT("n"), 15u, SMTPC_E_ARGUMENT},
      {LIT("n"), 17u, SMTPC_E_ARGUMENT},  {LIT("n"), 32u, SMTPC_E_ARGUMENT},
      {LIT(""), 16u, SMTPC_E_SASL},       {LIT("a\0"), 16u, SMTPC_E_NUL},
      {LIT("a\n"), 16u, SMTPC_E_CONTROL}, {LIT("a b"), 16u, SMTPC_OK},
  };
  const uint8_t octets[32] = {0};
  for (size_t i = 0u; i < COUNT_OF(rows); i++) {
    wire w = room(200u);
    smtpc_sasl_client sasl = cram_asked(&w);
    test_label("row %zu", i);
    test_number(
        digest(&sasl, &w, rows[i].name, rows[i].name_len, octets, rows[i].len),
        rows[i].status);
    test_number(sasl.wants, rows[i].status == SMTPC_OK ? SMTPC_SASL_SAY
                                                       : SMTPC_SASL_DIGEST);
    wire_free(&w);
  }
  wire w = room(200u);
  smtpc_sasl_client sasl = cram_asked(&w);
  test_number(smtpc_sasl_client_digest(&sasl, &w.buffer, octets, 1u, NULL, 16u),
              SMTPC_E_ARGUMENT);
  test_number(smtpc_sasl_client_digest(&sasl, &w.buffer, NULL, 1u, octets, 16u),
              SMTPC_E_ARGUMENT);
  wire_free(&w);
  w = room(200u);
  sasl = begin(SMTPC_MECHANISM_CRAM_MD5, &w);
  said(&sasl, &w, "AUTH CRAM-MD5\r\n");
  test_label("an empty challenge");
  test_number(challenge_text(&sasl, &w, LIT("")), SMTPC_E_SASL);
  wire_free(&w);
}

static void test_sasl_client_checks_credentials(void **state) {
  (void)state;
  uint8_t name[257];
  uint8_t password[257];
  memset(name, 'n', sizeof name);
  memset(password, 'p', sizeof password);
  static const struct {
    size_t name_len;
    size_t password_len;
    smtpc_status status[3];
  } rows[] = {
      {0u, 1u, {SMTPC_E_SASL, SMTPC_E_SASL, SMTPC_OK}},
      {0u, 0u, {SMTPC_E_SASL, SMTPC_E_SASL, SMTPC_OK}},
      {1u, 0u, {SMTPC_OK, SMTPC_OK, SMTPC_OK}},
      {255u, 1u, {SMTPC_OK, SMTPC_OK, SMTPC_OK}},
      {256u, 1u, {SMTPC_E_TOO_LONG, SMTPC_E_TOO_LONG, SMTPC_E_TOO_LONG}},
      {1u, 255u, {SMTPC_OK, SMTPC_OK, SMTPC_OK}},
      {1u, 256u, {SMTPC_E_TOO_LONG, SMTPC_E_TOO_LONG, SMTPC_OK}},
      {257u, 257u, {SMTPC_E_TOO_LONG, SMTPC_E_TOO_LONG, SMTPC_E_TOO_LONG}},
  };
  static const unsigned mechanisms[] = {
      SMTPC_MECHANISM_PLAIN, SMTPC_MECHANISM_LOGIN, SMTPC_MECHANISM_EXTERNAL};
  for (size_t i = 0u; i < COUNT_OF(rows); i++) {
    for (unsigned k = 0u; k < 3u; k++) {
      wire w = room(1000u);
      smtpc_sasl_client sasl = begin(mechanisms[k], &w);
      test_label("row %zu, %u", i, k);
      if (mechanisms[k] == SMTPC_MECHANISM_LOGIN) {
        said(&sasl, &w, "AUTH LOGIN\r\n");
        test_number(challenge_text(&sasl, &w, LIT("")), SMTPC_OK);
      }
      const smtpc_sasl_client before = sasl;
      test_number(credentials(&sasl, &w, name, rows[i].name_len, password,
                              rows[i].password_len),
                  rows[i].status[k]);
      if (rows[i].status[k] != SMTPC_OK) {
        test_octets(&sasl, sizeof sasl, &before, sizeof before);
      }
      wire_free(&w);
    }
  }
  wire w = room(1000u);
  smtpc_sasl_client sasl = begin(SMTPC_MECHANISM_PLAIN, &w);
  test_label("NULL with a length");
  test_number(
      smtpc_sasl_client_credentials(&sasl, &w.buffer, NULL, 3u, NULL, 0u),
      SMTPC_E_ARGUMENT);
  test_number(
      smtpc_sasl_client_credentials(&sasl, &w.buffer, name, 3u, NULL, 3u),
      SMTPC_E_ARGUMENT);
  test_number(w.buffer.len, 0u);
  wire_free(&w);
}

// THREATS INJ-03: no octet of a name or password makes a second line, and what was
// written is what the server side reads.
static void test_sasl_client_round_trips_each_octet(void **state) {
  (void)state;
  for (unsigned c = 0u; c < 256u; c++) {
    const uint8_t text[3] = {'a', (uint8_t)c, 'b'};
    const bool control = c < 0x20u || c == 0x7fu;
    const smtpc_status in_name = c == 0u   ? SMTPC_E_NUL
                                 : control ? SMTPC_E_CONTROL
                                           : SMTPC_OK;
    const smtpc_status in_password = c == 0u ? SMTPC_E_NUL : SMTPC_OK;
    test_label("octet %u", c);
    wire w = room(512u);
    smtpc_sasl_client client = begin(SMTPC_MECHANISM_PLAIN, &w);
    test_number(credentials(&client, &w, text, 3u, "p", 1u), in_name);
    wire_free(&w);
    w = room(512u);
    client = begin(SMTPC_MECHANISM_EXTERNAL, &w);
    test_number(credentials(&client, &w, text, 3u, "", 0u), in_name);
    wire_free(&w);
    w = room(512u);
    client = cram_asked(&w);
    test_number(digest(&client, &w, text, 3u, TIM_DIGEST, 16u), in_name);
    if (in_name == SMTPC_OK) {
      smtpc_sasl sasl = exchange(SMTPC_MECHANISM_CRAM_MD5);
      wire r = wire_text(w.buffer.data + client.say.begin,
                         smtpc_span_len(client.say) - 2u, 100u);
      test_number(respond(&sasl, &r), SMTPC_OK);
      test_octets(sasl.name, sasl.name_len, text, 3u);
      test_octets(r.buffer.data + sasl.secret.begin,
                  smtpc_span_len(sasl.secret), TIM_DIGEST, 16u);
      wire_free(&r);
    }
    wire_free(&w);
    w = room(512u);
    client = begin(SMTPC_MECHANISM_PLAIN, &w);
    test_number(credentials(&client, &w, "n", 1u, text, 3u), in_password);
    if (in_password == SMTPC_OK) {
      smtpc_sasl sasl = exchange(SMTPC_MECHANISM_PLAIN);
      wire r = wire_text(w.buffer.data + 11u, w.buffer.len - 13u, 0u);
      test_number(respond(&sasl, &r), SMTPC_OK);
      test_octets(sasl.name, sasl.name_len, "n", 1u);
      test_octets(r.buffer.data + sasl.secret.begin,
                  smtpc_span_len(sasl.secret), text, 3u);
      wire_free(&r);
    }
    wire_free(&w);
  }
}

// RFC 4954 section 4: the AUTH line is a command line of at most 512 octets. A first
// message that would pass it is said after an empty challenge.
static void test_sasl_client_long_first_message_waits(void **state) {
  (void)state;
  uint8_t name[255];
  uint8_t password[255];
  memset(name, 'n', sizeof name);
  memset(password, 'p', sizeof password);
  unsigned late = 0u;
  for (size_t len = 200u; len <= 255u; len++) {
    // "AUTH PLAIN ", two NULs, CRLF
    const size_t text_len = (120u + len + 2u + 2u) / 3u * 4u;
    const bool fits = 11u + text_len + 2u <= SMTPC_OUT_MAX;
    // Enough for an AUTH line or the response, and not for two of them.
    wire w = room(600u);
    smtpc_sasl_client sasl = begin(SMTPC_MECHANISM_PLAIN, &w);
    test_label("password of %zu, name of 120", len);
    test_number(credentials(&sasl, &w, name, 120u, password, len), SMTPC_OK);
    test_number(sasl.late, fits ? 0 : 1);
    late += fits ? 0u : 1u;
    if (fits) {
      test_number(smtpc_span_len(sasl.say), 11u + text_len + 2u);
    } else {
      said(&sasl, &w, "AUTH PLAIN\r\n");
      test_number(smtpc_sasl_client_is_whole(&sasl), 0);
      const smtpc_sasl_client alone = sasl;
      test_number(smtpc_sasl_client_success(&sasl), SMTPC_E_STATE);
      test_number(challenge_text(&sasl, &w, LIT("QQ==")), SMTPC_E_SASL);
      sasl = alone;
      test_number(challenge_text(&sasl, &w, LIT("")), SMTPC_OK);
      test_number(sasl.wants, SMTPC_SASL_PASSWORD);
      test_number(credentials(&sasl, &w, name, 120u, password, len), SMTPC_OK);
      test_number(smtpc_span_len(sasl.say), text_len + 2u);
      smtpc_sasl_client_said(&sasl);
      test_number(smtpc_sasl_client_is_whole(&sasl), 1);
      const smtpc_sasl_client sent = sasl;
      test_number(smtpc_sasl_client_success(&sasl), SMTPC_OK);
      sasl = sent;
      test_number(challenge_text(&sasl, &w, LIT("")), SMTPC_E_SASL);
    }
    wire_free(&w);
  }
  assert_true(late > 0u && late < 56u);
}

// What would pass the buffer is refused: THREATS INJ-05. Half a password must not
// stay behind, and what was in the buffer stays.
static void test_sasl_client_never_cuts(void **state) {
  (void)state;
  static const char line[] = "AUTH PLAIN AHRpbQBzZWNyZXQ=\r\n";
  for (size_t cap = 0u; cap < 60u; cap++) {
    for (size_t used = 0u; used <= cap; used += 5u) {
      wire w = wire_text(
          "000000000000000000000000000000000000000000000000"
          "000000000000",
          used, cap - used);
      smtpc_sasl_client sasl = begin(SMTPC_MECHANISM_PLAIN, &w);
      test_label("cap %zu, used %zu", cap, used);
      const bool fits = cap - used >= sizeof line - 1u;
      test_number(credentials(&sasl, &w, LIT("tim"), LIT("secret")),
                  fits ? SMTPC_OK : SMTPC_E_ROOM);
      if (fits) {
        said(&sasl, &w, line);
      } else {
        test_number(sasl.wants, SMTPC_SASL_PASSWORD);
        test_number(w.buffer.len, used);
      }
      for (size_t i = 0u; i < used; i++) {
        test_number(w.buffer.data[i], '0');
      }
      wire_free(&w);
    }
  }
  for (size_t cap = 0u; cap < 16u; cap++) {
    wire w = room(cap);
    smtpc_sasl_client sasl = begin(SMTPC_MECHANISM_LOGIN, &w);
    test_label("AUTH LOGIN in %zu", cap);
    test_number(sasl.wants, cap >= 12u ? SMTPC_SASL_SAY : SMTPC_SASL_NOTHING);
    assert_true(cap >= 12u || is_clear(&sasl, sizeof sasl));
    wire_free(&w);
    w = room(cap);
    test_label("`*` in %zu", cap);
    test_number(smtpc_sasl_client_cancel(&sasl, &w.buffer),
                cap >= 3u ? SMTPC_OK : SMTPC_E_ROOM);
    wire_free(&w);
  }
  // An offset that no span can hold is no room either.
  wire w = wire_text("", 0u, 70000u);
  w.buffer.len = 65530u;
  smtpc_sasl_client sasl = begin(SMTPC_MECHANISM_LOGIN, &w);
  test_number(sasl.wants, SMTPC_SASL_NOTHING);
  test_number(w.buffer.len, 65530u);
  free(w.buffer.data);
}

static void test_sasl_client_begins_what_it_speaks(void **state) {
  (void)state;
  for (unsigned m = 0u; m <= SMTPC_MECHANISM_COUNT + 1u; m++) {
    const bool spoken =
        m < SMTPC_MECHANISM_COUNT && ((SMTPC_MECHS_SPOKEN >> m) & 1u) != 0u;
    const bool bound =
        m < SMTPC_MECHANISM_COUNT && ((SMTPC_MECHS_BOUND >> m) & 1u) != 0u;
    for (unsigned binding = 0u; binding <= SMTPC_BINDING_COUNT; binding++) {
      wire w = room(100u);
      smtpc_sasl_client sasl;
      memset(&sasl, 0xa5, sizeof sasl);
      smtpc_sasl_client_begin(&sasl, m, binding, 1, &w.buffer);
      const bool binds = binding == SMTPC_BINDING_EXPORTER ||
                         binding == SMTPC_BINDING_END_POINT;
      const bool begins = spoken && (!bound || binds);
      test_label("mechanism %u, binding %u", m, binding);
      test_number(sasl.mechanism, begins ? m : SMTPC_MECHANISM_NONE);
      test_number(sasl.wants != SMTPC_SASL_NOTHING, begins);
      test_number(sasl.binding, begins && bound ? binding : 0u);
      assert_true(begins || is_clear(&sasl, sizeof sasl));
      test_number(smtpc_sasl_client_is_whole(&sasl), 0);
      test_number(smtpc_sasl_client_success(&sasl), SMTPC_E_STATE);
      wire_free(&w);
    }
  }
}

static void test_sasl_client_cancels(void **state) {
  (void)state;
  wire w = room(100u);
  smtpc_sasl_client sasl = begin(SMTPC_MECHANISM_LOGIN, &w);
  said(&sasl, &w, "AUTH LOGIN\r\n");
  test_number(challenge_text(&sasl, &w, LIT("not base64")), SMTPC_E_BASE64);
  test_number(smtpc_sasl_client_success(&sasl), SMTPC_E_STATE);
  test_number(challenge_text(&sasl, &w, LIT("")), SMTPC_E_STATE);
  test_number(smtpc_sasl_client_cancel(&sasl, &w.buffer), SMTPC_OK);
  test_number(sasl.cancelled, 1u);
  said(&sasl, &w, "*\r\n");
  const smtpc_sasl_client cancelled = sasl;
  test_label("nothing is believed after it");
  test_number(smtpc_sasl_client_is_whole(&sasl), 0);
  test_number(smtpc_sasl_client_success(&sasl), SMTPC_E_STATE);
  test_number(challenge_text(&sasl, &w, LIT("")), SMTPC_E_SASL);
  sasl = cancelled;
  sasl.step = 9u;
  test_number(smtpc_sasl_client_is_whole(&sasl), 0);
  test_number(smtpc_sasl_client_success(&sasl), SMTPC_E_STATE);
  wire_free(&w);
}

static void test_sasl_client_step_misuse(void **state) {
  (void)state;
  const uint8_t octets[64] = {0};
  for (unsigned wants = 0u; wants <= SMTPC_SASL_REFUSED; wants++) {
    wire w = room(100u);
    smtpc_sasl_client sasl = begin(SMTPC_MECHANISM_SCRAM_SHA_256_PLUS, &w);
    sasl.wants = (uint8_t)wants;
    const smtpc_sasl_client before = sasl;
    test_label("wants %u", wants);
    if (wants != SMTPC_SASL_NONCE) {
      test_number(smtpc_sasl_client_nonce(&sasl, octets, 16u), SMTPC_E_STATE);
    }
    if (wants != SMTPC_SASL_PASSWORD) {
      test_number(
          smtpc_sasl_client_credentials(&sasl, &w.buffer, octets, 1u, NULL, 0u),
          SMTPC_E_STATE);
    }
    if (wants != SMTPC_SASL_BINDING) {
      test_number(smtpc_sasl_client_binding(&sasl, &w.buffer, octets, 32u),
                  SMTPC_E_STATE);
    }
    if (wants != SMTPC_SASL_DIGEST) {
      test_number(
          smtpc_sasl_client_digest(&sasl, &w.buffer, NULL, 0u, octets, 64u),
          SMTPC_E_STATE);
    }
    if (wants != SMTPC_SASL_WAIT) {
      test_number(smtpc_sasl_client_challenge(&sasl, &w.buffer,
                                              smtpc_span_make(0u, 0u)),
                  SMTPC_E_STATE);
    }
    if (wants != SMTPC_SASL_SAY) {
      smtpc_sasl_client_said(&sasl);
    }
    test_number(smtpc_sasl_client_success(&sasl), SMTPC_E_STATE);
    test_octets(&sasl, sizeof sasl, &before, sizeof before);
    test_number(w.buffer.len, 0u);
    wire_free(&w);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_sasl_client_lines_are_golden),
      cmocka_unit_test(test_sasl_client_login_answers_any_prompt),
      cmocka_unit_test(test_sasl_client_cram_takes_the_vector),
      cmocka_unit_test(test_sasl_client_cram_checks_the_digest),
      cmocka_unit_test(test_sasl_client_checks_credentials),
      cmocka_unit_test(test_sasl_client_round_trips_each_octet),
      cmocka_unit_test(test_sasl_client_long_first_message_waits),
      cmocka_unit_test(test_sasl_client_never_cuts),
      cmocka_unit_test(test_sasl_client_begins_what_it_speaks),
      cmocka_unit_test(test_sasl_client_cancels),
      cmocka_unit_test(test_sasl_client_step_misuse),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
