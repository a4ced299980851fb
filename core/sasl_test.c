// Tests of the server's exchanges of `smtpcore/sasl.h`: PLAIN, LOGIN, CRAM-MD5,
// EXTERNAL, and what holds of all mechanisms.
#include "smtpcore/sasl.h"

#include "core/sasl_testing.h"

// One response given decoded; checks the secret that comes out when `secret` is not
// NULL. The block has no room behind it: these mechanisms need none.
static smtpc_status step_plain(smtpc_sasl *sasl, const void *message,
                               size_t len, const void *secret,
                               size_t secret_len) {
  wire w = wire_message(message, len, 0u);
  const smtpc_status status = respond(sasl, &w);
  test_octets(w.buffer.data + sasl->secret.begin, smtpc_span_len(sasl->secret),
              secret != NULL ? secret : "", secret_len);
  if (status == SMTPC_OK) {
    test_number(sasl->wants,
                secret != NULL ? SMTPC_SASL_CHECK : SMTPC_SASL_SAY);
  }
  wire_free(&w);
  return status;
}

static void test_sasl_plain_takes_the_vectors(void **state) {
  (void)state;
  smtpc_sasl sasl = exchange(SMTPC_MECHANISM_PLAIN);
  test_label("RFC 4616 section 4, tim");
  test_number(step_plain(&sasl, LIT("\0tim\0tanstaaftanstaaf"),
                         LIT("tanstaaftanstaaf")),
              SMTPC_OK);
  test_octets(sasl.name, sasl.name_len, "tim", 3u);
  test_label("RFC 4954 section 4.1");
  sasl = exchange(SMTPC_MECHANISM_PLAIN);
  wire w = wire_text(LIT("dGVzdAB0ZXN0ADEyMzQ="), 0u);
  test_number(respond(&sasl, &w), SMTPC_OK);
  test_octets(sasl.name, sasl.name_len, "test", 4u);
  test_span(w, sasl.secret, "1234");
  wire_free(&w);
  test_label("RFC 4616 section 4, Kurt for Ursel: nobody acts for another");
  sasl = exchange(SMTPC_MECHANISM_PLAIN);
  test_number(step_plain(&sasl, LIT("Ursel\0Kurt\0xipj3plmq"), NULL, 0u),
              SMTPC_E_SASL);
}

static void test_sasl_plain_checks_its_grammar(void **state) {
  (void)state;
  static const struct {
    const char *message;
    size_t len;
    smtpc_status status;
    const char *password;
  } rows[] = {
      {LIT(""), SMTPC_E_SASL, NULL},
      {LIT("a"), SMTPC_E_SASL, NULL},
      {LIT("\0"), SMTPC_E_SASL, NULL},
      {LIT("\0a"), SMTPC_E_SASL, NULL},
      {LIT("a\0"), SMTPC_E_SASL, NULL},
      {LIT("a\0b"), SMTPC_E_SASL, NULL},
      {LIT("\0\0"), SMTPC_E_SASL, NULL},
      {LIT("\0\0p"), SMTPC_E_SASL, NULL},
      {LIT("a\0\0p"), SMTPC_E_SASL, NULL},
      {LIT("\0a\0"), SMTPC_E_SASL, NULL},
      {LIT("\0a\0p"), SMTPC_OK, "p"},
      {LIT("a\0a\0p"), SMTPC_OK, "p"},
      {LIT("b\0a\0p"), SMTPC_E_SASL, NULL},
      {LIT("A\0a\0p"), SMTPC_E_SASL, NULL},
      {LIT("ab\0a\0p"), SMTPC_E_SASL, NULL},
      {LIT("a\0ab\0p"), SMTPC_E_SASL, NULL},
      {LIT("\0a\0p\0"), SMTPC_E_SASL, NULL},
      {LIT("\0a\0p\0q"), SMTPC_E_SASL, NULL},
      {LIT("\0a\0\0"), SMTPC_E_SASL, NULL},
      {LIT("\0a\nb\0p"), SMTPC_E_SASL, NULL},
      {LIT("a\r\0a\r\0p"), SMTPC_E_SASL, NULL},
      {LIT("\0a b\0p q"), SMTPC_OK, "p q"},
      {LIT("\0a\0p\r\nq"), SMTPC_OK, "p\r\nq"},
      {LIT("\0\xc3\xa9\0\xc3\xa9"), SMTPC_OK, "\xc3\xa9"},
  };
  for (size_t i = 0u; i < COUNT_OF(rows); i++) {
    smtpc_sasl sasl = exchange(SMTPC_MECHANISM_PLAIN);
    const char *want = rows[i].password;
    test_label("row %zu", i);
    test_number(step_plain(&sasl, rows[i].message, rows[i].len, want,
                           want != NULL ? strlen(want) : 0u),
                rows[i].status);
  }
}

static void test_sasl_plain_bounds_the_name(void **state) {
  (void)state;
  uint8_t message[2u * 300u + 4u];
  for (size_t len = 250u; len <= 300u; len++) {
    for (unsigned twice = 0u; twice < 2u; twice++) {
      size_t n = 0u;
      if (twice != 0u) {
        memset(message, 'n', len);
        n = len;
      }
      message[n] = 0u;
      memset(message + n + 1u, 'n', len);
      n += len + 1u;
      message[n] = 0u;
      message[n + 1u] = 'p';
      smtpc_sasl sasl = exchange(SMTPC_MECHANISM_PLAIN);
      test_label("name of %zu, %u", len, twice);
      const bool fits = len <= SMTPC_NAME_MAX;
      test_number(
          step_plain(&sasl, message, n + 2u, fits ? "p" : NULL, fits ? 1u : 0u),
          fits ? SMTPC_OK : SMTPC_E_TOO_LONG);
      test_number(sasl.name_len, fits ? len : 0u);
    }
  }
}

#define HEX "00112233445566778899aabbccddeeff"

static smtpc_status step_cram(smtpc_sasl *sasl, const void *message,
                              size_t len) {
  return respond_message(sasl, message, len);
}

// Every octet in a name and in a password, with each mechanism.
static void test_sasl_server_tries_each_octet(void **state) {
  (void)state;
  for (unsigned c = 0u; c < 256u; c++) {
    const char o = (char)c;
    const bool name_ok = c >= 0x20u && c != 0x7fu;
    const smtpc_status in_name = name_ok ? SMTPC_OK : SMTPC_E_SASL;
    const bool secret_ok = c != 0u;
    const smtpc_status in_secret = secret_ok ? SMTPC_OK : SMTPC_E_SASL;
    test_label("octet %u", c);
    const char plain[6] = {0, 'a', o, 0, 'p', 'q'};
    smtpc_sasl sasl = exchange(SMTPC_MECHANISM_PLAIN);
    test_number(
        step_plain(&sasl, plain, 6u, name_ok ? "pq" : NULL, name_ok ? 2u : 0u),
        in_name);
    const char secret[6] = {0, 'a', 0, 'p', o, 'q'};
    sasl = exchange(SMTPC_MECHANISM_PLAIN);
    test_number(step_plain(&sasl, secret, 6u, secret_ok ? secret + 3 : NULL,
                           secret_ok ? 3u : 0u),
                in_secret);
    const char name[3] = {'a', o, 'b'};
    sasl = exchange(SMTPC_MECHANISM_LOGIN);
    test_number(step_plain(&sasl, name, 3u, NULL, 0u), in_name);
    sasl = exchange(SMTPC_MECHANISM_LOGIN);
    test_number(step_plain(&sasl, "n", 1u, NULL, 0u), SMTPC_OK);
    test_number(step_plain(&sasl, secret + 3, 3u, secret_ok ? secret + 3 : NULL,
                           secret_ok ? 3u : 0u),
                in_secret);
    sasl = exchange(SMTPC_MECHANISM_EXTERNAL);
    test_number(step_plain(&sasl, name, 3u, name_ok ? "" : NULL, 0u), in_name);
    char cram[36] = "a?b 00112233445566778899aabbccddeeff";
    cram[1] = o;
    sasl = exchange(SMTPC_MECHANISM_CRAM_MD5);
    test_number(step_cram(&sasl, cram, 36u), in_name);
  }
}

static void test_sasl_login_takes_name_then_password(void **state) {
  (void)state;
  smtpc_sasl sasl = exchange(SMTPC_MECHANISM_LOGIN);
  test_label("name, then password");
  test_number(step_plain(&sasl, LIT("user"), NULL, 0u), SMTPC_OK);
  test_number(sasl.step, 1u);
  test_number(step_plain(&sasl, LIT("secret"), LIT("secret")), SMTPC_OK);
  test_octets(sasl.name, sasl.name_len, "user", 4u);
  test_label("a third response");
  test_number(respond_message(&sasl, LIT("more")), SMTPC_E_STATE);
  test_octets(sasl.name, sasl.name_len, "user", 4u);
  test_label("an empty password is none");
  sasl = exchange(SMTPC_MECHANISM_LOGIN);
  test_number(step_plain(&sasl, LIT("user"), NULL, 0u), SMTPC_OK);
  test_number(step_plain(&sasl, LIT(""), NULL, 0u), SMTPC_E_SASL);
  test_label("nor is an empty name");
  sasl = exchange(SMTPC_MECHANISM_LOGIN);
  test_number(step_plain(&sasl, LIT(""), NULL, 0u), SMTPC_E_SASL);
  test_label("a name of 255, and of 256");
  uint8_t name[256];
  memset(name, 'n', sizeof name);
  sasl = exchange(SMTPC_MECHANISM_LOGIN);
  test_number(step_plain(&sasl, name, 255u, NULL, 0u), SMTPC_OK);
  test_octets(sasl.name, sasl.name_len, name, 255u);
  sasl = exchange(SMTPC_MECHANISM_LOGIN);
  test_number(step_plain(&sasl, name, 256u, NULL, 0u), SMTPC_E_TOO_LONG);
}

// RFC 4422 appendix A: the identity may be left to the certificate.
static void test_sasl_external_takes_a_name_or_none(void **state) {
  (void)state;
  uint8_t name[256];
  memset(name, 'n', sizeof name);
  for (size_t len = 0u; len <= sizeof name; len++) {
    smtpc_sasl sasl = exchange(SMTPC_MECHANISM_EXTERNAL);
    test_label("name of %zu", len);
    const bool fits = len <= SMTPC_NAME_MAX;
    test_number(step_plain(&sasl, name, len, fits ? "" : NULL, 0u),
                fits ? SMTPC_OK : SMTPC_E_TOO_LONG);
    test_octets(sasl.name, sasl.name_len, name, fits ? len : 0u);
  }
}

// The digest is 16 octets, and the text is the challenge as it was said.
static void check_cram(const char *response, const char *name,
                       const uint8_t *digest) {
  smtpc_sasl sasl = exchange(SMTPC_MECHANISM_CRAM_MD5);
  wire w = wire_text(response, strlen(response), 100u);
  test_number(respond(&sasl, &w), SMTPC_OK);
  test_number(sasl.wants, SMTPC_SASL_CHECK);
  test_octets(sasl.name, sasl.name_len, name, strlen(name));
  test_octets(w.buffer.data + sasl.secret.begin, smtpc_span_len(sasl.secret),
              digest, SMTPC_MD5_LEN);
  test_span(w, sasl.text, "<" OUR_HEX "@" HOST ">");
  test_number(sasl.text.begin, strlen(response));
  test_number(sasl.text.end, w.buffer.len);
  wire_free(&w);
}

static void test_sasl_cram_takes_the_vectors(void **state) {
  (void)state;
  static const uint8_t tim[SMTPC_MD5_LEN] = {0xb9, 0x13, 0xa6, 0x02, 0xc7, 0xed,
                                             0xa7, 0xa4, 0x95, 0xb4, 0xe6, 0xe7,
                                             0x33, 0x4d, 0x38, 0x90};
  static const uint8_t rjs3[SMTPC_MD5_LEN] = {
      0xec, 0x3a, 0x59, 0xfe, 0xd3, 0x95, 0xab, 0xa1,
      0xec, 0x63, 0x67, 0xc4, 0xf4, 0xb4, 0x1a, 0xc0};
  test_label("RFC 2195 section 2");
  check_cram("dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw", "tim", tim);
  test_label("RFC 4954 section 4.1");
  check_cram("cmpzMyBlYzNhNTlmZWQzOTVhYmExZWM2MzY3YzRmNGI0MWFjMA==", "rjs3",
             rjs3);
}

static void test_sasl_cram_checks_its_grammar(void **state) {
  (void)state;
  static const struct {
    const char *message;
    size_t len;
    smtpc_status status;
    const char *name;
  } rows[] = {
      {LIT("n " HEX), SMTPC_OK, "n"},
      {LIT("n 00112233445566778899AABBCCDDEEFF"), SMTPC_OK, "n"},
      {LIT("n 00112233445566778899AaBbCcDdEeFf"), SMTPC_OK, "n"},
      {LIT("a b c " HEX), SMTPC_OK, "a b c"},
      {LIT(" n " HEX), SMTPC_OK, " n"},
      {LIT("n  " HEX), SMTPC_OK, "n "},
      {LIT("n " HEX " " HEX), SMTPC_OK, "n " HEX},
      {LIT(""), SMTPC_E_SASL, NULL},
      {LIT(" "), SMTPC_E_SASL, NULL},
      {LIT(HEX), SMTPC_E_SASL, NULL},
      {LIT(" " HEX), SMTPC_E_SASL, NULL},
      {LIT("n" HEX), SMTPC_E_SASL, NULL},
      {LIT("n\t" HEX), SMTPC_E_SASL, NULL},
      {LIT("n " HEX " "), SMTPC_E_SASL, NULL},
      {LIT("n " HEX "0"), SMTPC_E_SASL, NULL},
      {LIT("n " HEX "\0"), SMTPC_E_SASL, NULL},
      {LIT("n 0112233445566778899aabbccddeeff"), SMTPC_E_SASL, NULL},
      {LIT("n 00112233445566778899aabbccddeefg"), SMTPC_E_SASL, NULL},
      {LIT("n g0112233445566778899aabbccddeeff"), SMTPC_E_SASL, NULL},
      {LIT("n 0011223344556677 8899aabbccddeef"), SMTPC_E_SASL, NULL},
      {LIT("n\0 " HEX), SMTPC_E_SASL, NULL},
  };
  for (size_t i = 0u; i < COUNT_OF(rows); i++) {
    smtpc_sasl sasl = exchange(SMTPC_MECHANISM_CRAM_MD5);
    wire w = wire_message(rows[i].message, rows[i].len, 400u);
    test_label("row %zu", i);
    test_number(respond(&sasl, &w), rows[i].status);
    if (rows[i].name != NULL) {
      test_octets(sasl.name, sasl.name_len, rows[i].name, strlen(rows[i].name));
      for (unsigned k = 0u; k < SMTPC_MD5_LEN; k++) {
        test_number(w.buffer.data[sasl.secret.begin + k], k * 0x11u);
      }
    }
    wire_free(&w);
  }
}

// Each octet as the high and as the low half of a digest octet.
static void test_sasl_cram_digest_tries_each_octet(void **state) {
  (void)state;
  static const char upper[] = "0123456789ABCDEF";
  static const char lower[] = "0123456789abcdef";
  for (unsigned c = 0u; c < 256u; c++) {
    const char *up = c != 0u ? strchr(upper, (int)c) : NULL;
    const char *low = c != 0u ? strchr(lower, (int)c) : NULL;
    const bool ok = up != NULL || low != NULL;
    const unsigned value = up != NULL    ? (unsigned)(up - upper)
                           : low != NULL ? (unsigned)(low - lower)
                                         : 0u;
    for (unsigned at = 0u; at < 2u; at++) {
      char message[] = "n " HEX;
      message[2u + 30u + at] = (char)c;
      smtpc_sasl sasl = exchange(SMTPC_MECHANISM_CRAM_MD5);
      wire w = wire_message(message, sizeof message - 1u, 100u);
      test_label("octet %u at %u", c, at);
      test_number(respond(&sasl, &w), ok ? SMTPC_OK : SMTPC_E_SASL);
      if (ok) {
        test_number(w.buffer.data[sasl.secret.begin + 15u],
                    at == 0u ? value << 4 | 0xfu : 0xf0u | value);
      }
      wire_free(&w);
    }
  }
}

// The text goes behind the line, or nowhere.
static void test_sasl_cram_needs_room_for_its_text(void **state) {
  (void)state;
  const size_t want = sizeof("<" OUR_HEX "@" HOST ">") - 1u;
  for (size_t spare = 0u; spare < want + 3u; spare++) {
    smtpc_sasl sasl = exchange(SMTPC_MECHANISM_CRAM_MD5);
    wire w = wire_message(LIT("n " HEX), spare);
    test_label("%zu spare", spare);
    test_number(respond(&sasl, &w), spare < want ? SMTPC_E_ROOM : SMTPC_OK);
    wire_free(&w);
  }
  smtpc_sasl sasl = exchange(SMTPC_MECHANISM_CRAM_MD5);
  wire w = wire_message(LIT("n " HEX), 300u);
  test_label("a host that no challenge can name");
  test_number(smtpc_sasl_server_response(&sasl, &w.buffer, w.span, NULL, 0u),
              SMTPC_E_DOMAIN);
  assert_true(is_clear(&sasl, sizeof sasl));
  wire_free(&w);
}

static const unsigned spoken[] = {
    SMTPC_MECHANISM_SCRAM_SHA_256_PLUS,
    SMTPC_MECHANISM_SCRAM_SHA_256,
    SMTPC_MECHANISM_SCRAM_SHA_1_PLUS,
    SMTPC_MECHANISM_SCRAM_SHA_1,
    SMTPC_MECHANISM_CRAM_MD5,
    SMTPC_MECHANISM_PLAIN,
    SMTPC_MECHANISM_LOGIN,
    SMTPC_MECHANISM_EXTERNAL,
    SMTPC_MECHANISM_OAUTHBEARER,
    SMTPC_MECHANISM_XOAUTH2,
};

static void test_sasl_server_cancels_at_a_star_alone(void **state) {
  (void)state;
  static const char *const others[] = {"**", "* ", " *", "*=", "*AAA", "AAA*"};
  for (size_t n = 0u; n < COUNT_OF(spoken); n++) {
    const unsigned m = spoken[n];
    smtpc_sasl sasl = exchange(m);
    test_label("mechanism %u", m);
    test_number(respond_text(&sasl, "*"), SMTPC_E_CANCELLED);
    test_number(respond_text(&sasl, "*"), SMTPC_E_STATE);
    for (size_t i = 0u; i < COUNT_OF(others); i++) {
      sasl = exchange(m);
      test_label("mechanism %u, %s", m, others[i]);
      test_number(respond_text(&sasl, others[i]), SMTPC_E_BASE64);
    }
    sasl = exchange(m);
    test_label("mechanism %u, a star in base64 is a message", m);
    assert_true(respond_text(&sasl, "Kg==") != SMTPC_E_CANCELLED);
  }
  smtpc_sasl sasl = exchange(SMTPC_MECHANISM_LOGIN);
  test_label("LOGIN, at the password");
  test_number(respond_text(&sasl, "dXNlcg=="), SMTPC_OK);
  test_number(respond_text(&sasl, "*"), SMTPC_E_CANCELLED);
}

static void test_sasl_server_takes_empty_as_empty(void **state) {
  (void)state;
  for (size_t n = 0u; n < COUNT_OF(spoken); n++) {
    const unsigned m = spoken[n];
    smtpc_sasl sasl = exchange(m);
    test_label("mechanism %u, empty", m);
    test_number(respond_text(&sasl, ""),
                m == SMTPC_MECHANISM_EXTERNAL ? SMTPC_OK : SMTPC_E_SASL);
    sasl = exchange(m);
    test_label("mechanism %u, `=` on its own line", m);
    test_number(respond_text(&sasl, "="), SMTPC_E_BASE64);
  }
}

// An exchange takes as many responses as its mechanism has, and no more; and
// nothing that is not wanted.
static void test_sasl_server_step_misuse(void **state) {
  (void)state;
  static const char *const last[SMTPC_MECHANISM_COUNT] = {
      [SMTPC_MECHANISM_PLAIN] = "AG4AcA==",
      [SMTPC_MECHANISM_LOGIN] = "cA==",
      [SMTPC_MECHANISM_EXTERNAL] = "",
      [SMTPC_MECHANISM_CRAM_MD5] =
          "dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw",
  };
  const uint8_t octets[64] = {0};
  for (unsigned m = 1u; m < SMTPC_MECHANISM_COUNT; m++) {
    if (last[m] == NULL) {
      continue;
    }
    smtpc_sasl sasl = exchange(m);
    test_label("mechanism %u", m);
    test_number(smtpc_sasl_server_verdict(&sasl, 1, NULL, 0u), SMTPC_E_STATE);
    if (m == SMTPC_MECHANISM_LOGIN) {
      test_number(respond_text(&sasl, "bg=="), SMTPC_OK);
      test_number(smtpc_sasl_server_verdict(&sasl, 1, NULL, 0u), SMTPC_E_STATE);
    }
    wire w = wire_text(last[m], strlen(last[m]), 100u);
    test_number(respond(&sasl, &w), SMTPC_OK);
    const smtpc_sasl before = sasl;
    test_number(respond(&sasl, &w), SMTPC_E_STATE);
    w.span = smtpc_span_make(0u, 0u);
    test_number(respond(&sasl, &w), SMTPC_E_STATE);
    test_number(smtpc_sasl_server_nonce(&sasl, octets, SMTPC_NONCE_LEN),
                SMTPC_E_STATE);
    test_number(smtpc_sasl_server_salt(&sasl, octets, 16u, 4096u),
                SMTPC_E_STATE);
    test_number(smtpc_sasl_server_binding(&sasl, &w.buffer, octets, 32u),
                SMTPC_E_STATE);
    test_octets(&sasl, sizeof sasl, &before, sizeof before);
    wire_free(&w);
  }
  smtpc_sasl sasl;
  smtpc_sasl_server_begin(&sasl, SMTPC_MECHANISM_CRAM_MD5, 0);
  test_label("CRAM-MD5 without its nonce");
  test_number(sasl.wants, SMTPC_SASL_NONCE);
  test_number(respond_text(&sasl, ""), SMTPC_E_STATE);
  test_number(smtpc_sasl_server_nonce(&sasl, octets, SMTPC_NONCE_LEN - 1u),
              SMTPC_E_ARGUMENT);
  test_number(smtpc_sasl_server_nonce(&sasl, octets, SMTPC_NONCE_LEN + 1u),
              SMTPC_E_ARGUMENT);
  test_number(smtpc_sasl_server_nonce(&sasl, NULL, SMTPC_NONCE_LEN),
              SMTPC_E_ARGUMENT);
  test_number(sasl.wants, SMTPC_SASL_NONCE);
}

static void test_sasl_server_begins_what_it_speaks(void **state) {
  (void)state;
  for (unsigned m = 0u; m <= SMTPC_MECHANISM_COUNT + 1u; m++) {
    bool speaks = false;
    for (size_t n = 0u; n < COUNT_OF(spoken); n++) {
      speaks = speaks || spoken[n] == m;
    }
    const bool cram = m == SMTPC_MECHANISM_CRAM_MD5;
    smtpc_sasl sasl;
    memset(&sasl, 0xa5, sizeof sasl);
    smtpc_sasl_server_begin(&sasl, m, 7);
    test_label("mechanism %u", m);
    test_number(sasl.wants, cram     ? SMTPC_SASL_NONCE
                            : speaks ? SMTPC_SASL_SAY
                                     : SMTPC_SASL_NOTHING);
    test_number(sasl.mechanism, speaks ? m : SMTPC_MECHANISM_NONE);
    test_number(sasl.offers_bound, speaks ? 1 : 0);
    test_number(smtpc_sasl_server_takes_initial(m), speaks && !cram ? 1 : 0);
    if (!speaks) {
      uint8_t out[SMTPC_OUT_MAX];
      size_t len = 9u;
      assert_true(is_clear(&sasl, sizeof sasl));
      test_number(respond_text(&sasl, "AG4AcA=="), SMTPC_E_STATE);
      test_number(smtpc_sasl_write_challenge(&sasl, 0u, NULL, 0u, out,
                                             sizeof out, &len),
                  SMTPC_E_STATE);
      test_number(len, 0u);
    }
  }
}

static void test_sasl_verdict_ends_the_exchange(void **state) {
  (void)state;
  static const struct {
    unsigned mechanism;
    const char *message;
    size_t len;
  } rows[] = {
      {SMTPC_MECHANISM_PLAIN, LIT("\0n\0p")},
      {SMTPC_MECHANISM_EXTERNAL, LIT("n")},
      {SMTPC_MECHANISM_CRAM_MD5, LIT("n " HEX)},
  };
  for (size_t i = 0u; i < COUNT_OF(rows); i++) {
    for (int yes = 0; yes < 2; yes++) {
      smtpc_sasl sasl = exchange(rows[i].mechanism);
      test_label("row %zu, %d", i, yes);
      test_number(respond_message(&sasl, rows[i].message, rows[i].len),
                  SMTPC_OK);
      test_number(smtpc_sasl_server_verdict(&sasl, yes, NULL, 0u), SMTPC_OK);
      test_number(sasl.wants, yes != 0 ? SMTPC_SASL_DONE : SMTPC_SASL_REFUSED);
      test_number(smtpc_span_len(sasl.secret) + smtpc_span_len(sasl.text), 0u);
      test_octets(sasl.name, sasl.name_len, "n", 1u);
      test_number(respond_message(&sasl, rows[i].message, rows[i].len),
                  SMTPC_E_STATE);
      test_number(smtpc_sasl_server_verdict(&sasl, 1, NULL, 0u), SMTPC_E_STATE);
    }
  }
}

static void test_sasl_clear_wipes_all(void **state) {
  (void)state;
  smtpc_sasl sasl;
  memset(&sasl, 0xa5, sizeof sasl);
  smtpc_sasl_clear(&sasl);
  assert_true(is_clear(&sasl, sizeof sasl));
  smtpc_sasl_client client;
  memset(&client, 0xa5, sizeof client);
  smtpc_sasl_client_clear(&client);
  assert_true(is_clear(&client, sizeof client));
}

// -------------------------------------------------------------- challenges

static smtpc_status challenge(const smtpc_sasl *sasl, unsigned prompts,
                              const char *host, size_t cap, uint8_t **out,
                              size_t *len) {
  uint8_t *copy = test_copy(host, strlen(host));
  *out = malloc(cap > 0u ? cap : 1u);
  assert_non_null(*out);
  const smtpc_status status = smtpc_sasl_write_challenge(
      sasl, prompts, copy, strlen(host), *out, cap, len);
  free(copy);
  return status;
}

static void test_sasl_challenges_are_golden(void **state) {
  (void)state;
  static const struct {
    unsigned mechanism;
    uint8_t step;
    unsigned prompts;
    const char *line;
  } rows[] = {
      {SMTPC_MECHANISM_PLAIN, 0u, 0u, "334 \r\n"},
      {SMTPC_MECHANISM_EXTERNAL, 0u, 1u, "334 \r\n"},
      {SMTPC_MECHANISM_OAUTHBEARER, 0u, 0u, "334 \r\n"},
      {SMTPC_MECHANISM_OAUTHBEARER, 1u, 0u,
       "334 eyJzdGF0dXMiOiJpbnZhbGlkX3Rva2VuIn0=\r\n"},
      {SMTPC_MECHANISM_XOAUTH2, 0u, 0u, "334 \r\n"},
      {SMTPC_MECHANISM_XOAUTH2, 1u, 0u,
       "334 eyJzdGF0dXMiOiI0MDEiLCJzY2hlbWVzIjoiYmVhcmVyIn0=\r\n"},
      {SMTPC_MECHANISM_SCRAM_SHA_1, 0u, 0u, "334 \r\n"},
      {SMTPC_MECHANISM_SCRAM_SHA_256_PLUS, 0u, 0u, "334 \r\n"},
      {SMTPC_MECHANISM_LOGIN, 0u, SMTPC_PROMPTS_COLON, "334 VXNlcm5hbWU6\r\n"},
      {SMTPC_MECHANISM_LOGIN, 1u, SMTPC_PROMPTS_COLON, "334 UGFzc3dvcmQ6\r\n"},
      {SMTPC_MECHANISM_LOGIN, 0u, SMTPC_PROMPTS_DRAFT,
       "334 VXNlciBOYW1lAA==\r\n"},
      {SMTPC_MECHANISM_LOGIN, 1u, SMTPC_PROMPTS_DRAFT, "334 UGFzc3dvcmQA\r\n"},
      {SMTPC_MECHANISM_LOGIN, 0u, 2u, "334 VXNlcm5hbWU6\r\n"},
      {SMTPC_MECHANISM_CRAM_MD5, 0u, 0u,
       "334 PDAwMTEyMjMzNDQ1NTY2Nzc4ODk5YWFiYmNjZGRlZWZmQG1haWwuZXhhbXBsZS5j"
       "b20+\r\n"},
  };
  for (size_t i = 0u; i < COUNT_OF(rows); i++) {
    smtpc_sasl sasl = exchange(rows[i].mechanism);
    sasl.step = rows[i].step;
    uint8_t *out = NULL;
    size_t len = 9u;
    const char *want = rows[i].line;
    test_label("row %zu", i);
    test_number(
        challenge(&sasl, rows[i].prompts, HOST, SMTPC_OUT_MAX, &out, &len),
        SMTPC_OK);
    test_octets(out, len, want, strlen(want));
    free(out);
    // One octet less than the line needs is no room, never a shorter line.
    for (size_t cap = 0u; cap < strlen(want); cap++) {
      test_label("row %zu, cap %zu", i, cap);
      test_number(challenge(&sasl, rows[i].prompts, HOST, cap, &out, &len),
                  SMTPC_E_ROOM);
      test_number(len, 0u);
      free(out);
    }
    for (unsigned wants = 0u; wants <= SMTPC_SASL_REFUSED; wants++) {
      sasl.wants = (uint8_t)wants;
      test_label("row %zu, wants %u", i, wants);
      test_number(challenge(&sasl, 0u, HOST, SMTPC_OUT_MAX, &out, &len),
                  wants == SMTPC_SASL_SAY ? SMTPC_OK : SMTPC_E_STATE);
      free(out);
    }
  }
}

// What the client is told decodes to what the digest is made over, for all
// hosts, and is cut with them.
static void test_sasl_cram_challenge_is_the_one_told(void **state) {
  (void)state;
  uint64_t seed = 5u;
  char host[300];
  for (size_t host_len = 0u; host_len < sizeof host; host_len++) {
    memset(host, 'h', sizeof host);
    host[host_len] = '\0';
    const smtpc_status want = host_len == 0u ? SMTPC_E_DOMAIN : SMTPC_OK;
    const size_t kept = host_len < SMTPC_CHALLENGE_HOST_MAX
                            ? host_len
                            : SMTPC_CHALLENGE_HOST_MAX;
    smtpc_sasl sasl = exchange(SMTPC_MECHANISM_CRAM_MD5);
    for (unsigned k = 0u; k < SMTPC_NONCE_LEN; k++) {
      sasl.nonce[k] = (uint8_t)test_random(&seed);
    }
    uint8_t *line = NULL;
    size_t line_len = 9u;
    test_label("host of %zu", host_len);
    test_number(challenge(&sasl, 0u, host, SMTPC_OUT_MAX, &line, &line_len),
                want);
    wire w = wire_message(LIT("n " HEX), 300u);
    test_number(smtpc_sasl_server_response(&sasl, &w.buffer, w.span,
                                           (const uint8_t *)host, host_len),
                want);
    if (want == SMTPC_OK) {
      size_t told_len = 0u;
      uint8_t *told = text_of(line, 4u, line_len - 2u, &told_len);
      test_octets(w.buffer.data + sasl.text.begin, smtpc_span_len(sasl.text),
                  told, told_len);
      test_number(told_len, 1u + 32u + 1u + kept + 1u);
      free(told);
    }
    test_number(want == SMTPC_OK ? 0u : line_len, 0u);
    wire_free(&w);
    free(line);
  }
}

static void test_sasl_cram_host_tries_each_octet(void **state) {
  (void)state;
  const smtpc_sasl sasl = exchange(SMTPC_MECHANISM_CRAM_MD5);
  for (unsigned c = 0u; c < 256u; c++) {
    const uint8_t host[3] = {'a', (uint8_t)c, 'b'};
    const bool ok = c > 0x20u && c < 0x7fu && c != '<' && c != '>' && c != '@';
    uint8_t out[SMTPC_OUT_MAX];
    size_t len = 0u;
    test_label("octet %u", c);
    test_number(
        smtpc_sasl_write_challenge(&sasl, 0u, host, 3u, out, sizeof out, &len),
        ok ? SMTPC_OK : SMTPC_E_DOMAIN);
    uint8_t long_host[256];
    memset(long_host, 'h', sizeof long_host);
    long_host[255] = (uint8_t)c;
    test_label("octet %u, past what is said", c);
    test_number(smtpc_sasl_write_challenge(&sasl, 0u, long_host, 256u, out,
                                           sizeof out, &len),
                ok ? SMTPC_OK : SMTPC_E_DOMAIN);
  }
}

static void test_sasl_digests_have_their_lengths(void **state) {
  (void)state;
  for (unsigned m = 0u; m <= SMTPC_MECHANISM_COUNT; m++) {
    size_t want = 0u;
    if (m == SMTPC_MECHANISM_CRAM_MD5) {
      want = 16u;
    } else if (m == SMTPC_MECHANISM_SCRAM_SHA_1 ||
               m == SMTPC_MECHANISM_SCRAM_SHA_1_PLUS) {
      want = 20u;
    } else if (m == SMTPC_MECHANISM_SCRAM_SHA_256 ||
               m == SMTPC_MECHANISM_SCRAM_SHA_256_PLUS) {
      want = 32u;
    }
    test_label("mechanism %u", m);
    test_number(smtpc_sasl_digest_len(m), want);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_sasl_plain_takes_the_vectors),
      cmocka_unit_test(test_sasl_plain_checks_its_grammar),
      cmocka_unit_test(test_sasl_plain_bounds_the_name),
      cmocka_unit_test(test_sasl_server_tries_each_octet),
      cmocka_unit_test(test_sasl_login_takes_name_then_password),
      cmocka_unit_test(test_sasl_external_takes_a_name_or_none),
      cmocka_unit_test(test_sasl_cram_takes_the_vectors),
      cmocka_unit_test(test_sasl_cram_checks_its_grammar),
      cmocka_unit_test(test_sasl_cram_digest_tries_each_octet),
      cmocka_unit_test(test_sasl_cram_needs_room_for_its_text),
      cmocka_unit_test(test_sasl_server_cancels_at_a_star_alone),
      cmocka_unit_test(test_sasl_server_takes_empty_as_empty),
      cmocka_unit_test(test_sasl_server_step_misuse),
      cmocka_unit_test(test_sasl_server_begins_what_it_speaks),
      cmocka_unit_test(test_sasl_verdict_ends_the_exchange),
      cmocka_unit_test(test_sasl_clear_wipes_all),
      cmocka_unit_test(test_sasl_challenges_are_golden),
      cmocka_unit_test(test_sasl_cram_challenge_is_the_one_told),
      cmocka_unit_test(test_sasl_cram_host_tries_each_octet),
      cmocka_unit_test(test_sasl_digests_have_their_lengths),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
