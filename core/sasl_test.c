// Tests of the exchanges of `smtpcore/sasl.h`.
#include "smtpcore/sasl.h"

#include <stdlib.h>
#include <string.h>

#include "core/model/base64_model.h"
#include "core/testing.h"

// ------------------------------------------------------------- server side

static smtpc_sasl exchange(unsigned mechanism) {
  smtpc_sasl sasl;
  memset(&sasl, 0, sizeof sasl);
  sasl.mechanism = (uint8_t)mechanism;
  return sasl;
}

static bool is_cleared(const smtpc_sasl *sasl) {
  smtpc_sasl zero;
  memset(&zero, 0, sizeof zero);
  return memcmp(sasl, &zero, sizeof zero) == 0;
}

// One response, as it stands on the line; the line is in `line` afterwards.
static smtpc_status step_raw(smtpc_sasl *sasl, const void *response, size_t len,
                             uint8_t **line, smtpc_span *password) {
  *line = test_copy(response, len);
  return smtpc_sasl_server_step(sasl, *line, smtpc_span_make(0u, len),
                                password);
}

static smtpc_status step_text(smtpc_sasl *sasl, const char *response) {
  uint8_t *line = NULL;
  smtpc_span password = {5u, 6u};
  const smtpc_status status =
      step_raw(sasl, response, strlen(response), &line, &password);
  if (status != SMTPC_OK) {
    test_number(smtpc_span_len(password), 0u);
  }
  free(line);
  return status;
}

// One response given decoded; checks the password that comes out when
// `password` is not NULL.
static smtpc_status step_plain(smtpc_sasl *sasl, const void *message,
                               size_t len, const void *password,
                               size_t password_len) {
  uint8_t *encoded = malloc((len + 2u) / 3u * 4u + 1u);
  uint8_t *line = NULL;
  smtpc_span have = {5u, 6u};
  assert_non_null(encoded);
  const size_t encoded_len = base64_model_encode(message, len, encoded);
  const smtpc_status status =
      step_raw(sasl, encoded, encoded_len, &line, &have);
  if (password != NULL) {
    test_octets(line + have.begin, smtpc_span_len(have), password,
                password_len);
  } else {
    test_number(smtpc_span_len(have), 0u);
  }
  if (status != SMTPC_OK && status != SMTPC_MORE && status != SMTPC_E_STATE) {
    assert_true(is_cleared(sasl));
  }
  free(line);
  free(encoded);
  return status;
}

// A string literal with its length, NULs inside included.
#define LIT(text) (text), sizeof(text) - 1u

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
  uint8_t *line = NULL;
  smtpc_span password = {0u, 0u};
  test_number(step_raw(&sasl, LIT("dGVzdAB0ZXN0ADEyMzQ="), &line, &password),
              SMTPC_OK);
  test_octets(sasl.name, sasl.name_len, "test", 4u);
  test_octets(line + password.begin, smtpc_span_len(password), "1234", 4u);
  free(line);
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
  for (size_t i = 0u; i < sizeof rows / sizeof rows[0]; i++) {
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

// Every octet in a name and in a password, with each mechanism.
static void test_sasl_server_tries_each_octet(void **state) {
  (void)state;
  for (unsigned c = 0u; c < 256u; c++) {
    const char o = (char)c;
    const bool name_ok = c >= 0x20u && c != 0x7fu;
    const smtpc_status in_name = name_ok ? SMTPC_OK : SMTPC_E_SASL;
    const smtpc_status in_password = c != 0u ? SMTPC_OK : SMTPC_E_SASL;
    test_label("octet %u", c);
    const char plain[6] = {0, 'a', o, 0, 'p', 'q'};
    smtpc_sasl sasl = exchange(SMTPC_MECHANISM_PLAIN);
    test_number(
        step_plain(&sasl, plain, 6u, name_ok ? "pq" : NULL, name_ok ? 2u : 0u),
        in_name);
    const char secret[6] = {0, 'a', 0, 'p', o, 'q'};
    sasl = exchange(SMTPC_MECHANISM_PLAIN);
    test_number(step_plain(&sasl, secret, 6u, c != 0u ? secret + 3 : NULL, 3u),
                in_password);
    const char name[3] = {'a', o, 'b'};
    sasl = exchange(SMTPC_MECHANISM_LOGIN);
    test_number(step_plain(&sasl, name, 3u, NULL, 0u),
                name_ok ? SMTPC_MORE : SMTPC_E_SASL);
    sasl = exchange(SMTPC_MECHANISM_LOGIN);
    test_number(step_plain(&sasl, "n", 1u, NULL, 0u), SMTPC_MORE);
    test_number(
        step_plain(&sasl, secret + 3, 3u, c != 0u ? secret + 3 : NULL, 3u),
        in_password);
    char cram[36] = "a?b 00112233445566778899aabbccddeeff";
    cram[1] = o;
    sasl = exchange(SMTPC_MECHANISM_CRAM_MD5);
    test_number(step_plain(&sasl, cram, 36u, NULL, 0u), in_name);
  }
}

static void test_sasl_login_takes_name_then_password(void **state) {
  (void)state;
  smtpc_sasl sasl = exchange(SMTPC_MECHANISM_LOGIN);
  test_label("name, then password");
  test_number(step_plain(&sasl, LIT("user"), NULL, 0u), SMTPC_MORE);
  test_number(sasl.step, 1u);
  test_number(step_plain(&sasl, LIT("secret"), LIT("secret")), SMTPC_OK);
  test_octets(sasl.name, sasl.name_len, "user", 4u);
  test_label("a third response");
  test_number(step_plain(&sasl, LIT("more"), NULL, 0u), SMTPC_E_STATE);
  test_octets(sasl.name, sasl.name_len, "user", 4u);
  test_label("an empty password is none");
  sasl = exchange(SMTPC_MECHANISM_LOGIN);
  test_number(step_plain(&sasl, LIT("user"), NULL, 0u), SMTPC_MORE);
  test_number(step_plain(&sasl, LIT(""), NULL, 0u), SMTPC_E_SASL);
  test_label("nor is an empty name");
  sasl = exchange(SMTPC_MECHANISM_LOGIN);
  test_number(step_plain(&sasl, LIT(""), NULL, 0u), SMTPC_E_SASL);
  test_label("a name of 255, and of 256");
  uint8_t name[256];
  memset(name, 'n', sizeof name);
  sasl = exchange(SMTPC_MECHANISM_LOGIN);
  test_number(step_plain(&sasl, name, 255u, NULL, 0u), SMTPC_MORE);
  test_octets(sasl.name, sasl.name_len, name, 255u);
  sasl = exchange(SMTPC_MECHANISM_LOGIN);
  test_number(step_plain(&sasl, name, 256u, NULL, 0u), SMTPC_E_TOO_LONG);
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
  smtpc_sasl sasl = exchange(SMTPC_MECHANISM_CRAM_MD5);
  test_number(
      step_text(&sasl, "dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw"),
      SMTPC_OK);
  test_octets(sasl.name, sasl.name_len, "tim", 3u);
  test_octets(sasl.digest, sizeof sasl.digest, tim, sizeof tim);
  test_label("RFC 4954 section 4.1");
  sasl = exchange(SMTPC_MECHANISM_CRAM_MD5);
  test_number(
      step_text(&sasl, "cmpzMyBlYzNhNTlmZWQzOTVhYmExZWM2MzY3YzRmNGI0MWFjMA=="),
      SMTPC_OK);
  test_octets(sasl.name, sasl.name_len, "rjs3", 4u);
  test_octets(sasl.digest, sizeof sasl.digest, rjs3, sizeof rjs3);
  uint8_t out[SMTPC_OUT_MAX];
  size_t len = 0u;
  test_number(smtpc_sasl_write_cram((const uint8_t *)"tim", 3u, tim, out,
                                    sizeof out, &len),
              SMTPC_OK);
  static const char tim_line[] =
      "dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw\r\n";
  test_octets(out, len, tim_line, sizeof tim_line - 1u);
}

#define HEX "00112233445566778899aabbccddeeff"

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
  for (size_t i = 0u; i < sizeof rows / sizeof rows[0]; i++) {
    smtpc_sasl sasl = exchange(SMTPC_MECHANISM_CRAM_MD5);
    test_label("row %zu", i);
    test_number(step_plain(&sasl, rows[i].message, rows[i].len, NULL, 0u),
                rows[i].status);
    if (rows[i].name != NULL) {
      test_octets(sasl.name, sasl.name_len, rows[i].name, strlen(rows[i].name));
      for (unsigned k = 0u; k < SMTPC_MD5_LEN; k++) {
        test_number(sasl.digest[k], k * 0x11u);
      }
    }
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
      test_label("octet %u at %u", c, at);
      test_number(step_plain(&sasl, message, sizeof message - 1u, NULL, 0u),
                  ok ? SMTPC_OK : SMTPC_E_SASL);
      if (ok) {
        test_number(sasl.digest[15],
                    at == 0u ? value << 4 | 0xfu : 0xf0u | value);
      }
    }
  }
}

static void test_sasl_server_cancels_at_a_star_alone(void **state) {
  (void)state;
  static const char *const others[] = {"**", "* ", " *", "*=", "*AAA", "AAA*"};
  for (unsigned m = 1u; m < SMTPC_MECHANISM_COUNT; m++) {
    smtpc_sasl sasl = exchange(m);
    test_label("mechanism %u", m);
    test_number(step_text(&sasl, "*"), SMTPC_E_CANCELLED);
    assert_true(is_cleared(&sasl));
    test_number(step_text(&sasl, "*"), SMTPC_E_STATE);
    for (size_t i = 0u; i < sizeof others / sizeof others[0]; i++) {
      sasl = exchange(m);
      test_label("mechanism %u, %s", m, others[i]);
      test_number(step_text(&sasl, others[i]), SMTPC_E_BASE64);
      assert_true(is_cleared(&sasl));
    }
    sasl = exchange(m);
    test_label("mechanism %u, a star in base64 is a message", m);
    assert_true(step_text(&sasl, "Kg==") != SMTPC_E_CANCELLED);
  }
  smtpc_sasl sasl = exchange(SMTPC_MECHANISM_LOGIN);
  test_label("LOGIN, at the password");
  test_number(step_text(&sasl, "dXNlcg=="), SMTPC_MORE);
  test_number(step_text(&sasl, "*"), SMTPC_E_CANCELLED);
  assert_true(is_cleared(&sasl));
}

static void test_sasl_server_takes_empty_as_empty(void **state) {
  (void)state;
  for (unsigned m = 1u; m < SMTPC_MECHANISM_COUNT; m++) {
    smtpc_sasl sasl = exchange(m);
    test_label("mechanism %u, empty", m);
    test_number(step_text(&sasl, ""), SMTPC_E_SASL);
    sasl = exchange(m);
    test_label("mechanism %u, `=` on its own line", m);
    test_number(step_text(&sasl, "="), SMTPC_E_BASE64);
  }
}

// An exchange takes as many responses as its mechanism has, and no more.
static void test_sasl_server_step_misuse(void **state) {
  (void)state;
  static const char *const last[SMTPC_MECHANISM_COUNT] = {
      [SMTPC_MECHANISM_PLAIN] = "AG4AcA==",
      [SMTPC_MECHANISM_LOGIN] = "cA==",
      [SMTPC_MECHANISM_CRAM_MD5] =
          "dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw",
  };
  for (unsigned m = 1u; m < SMTPC_MECHANISM_COUNT; m++) {
    smtpc_sasl sasl = exchange(m);
    test_label("mechanism %u", m);
    if (m == SMTPC_MECHANISM_LOGIN) {
      test_number(step_text(&sasl, "bg=="), SMTPC_MORE);
    }
    test_number(step_text(&sasl, last[m]), SMTPC_OK);
    const smtpc_sasl before = sasl;
    test_number(step_text(&sasl, last[m]), SMTPC_E_STATE);
    test_number(step_text(&sasl, "*"), SMTPC_E_STATE);
    test_octets(&sasl, sizeof sasl, &before, sizeof before);
  }
  const unsigned none[] = {SMTPC_MECHANISM_NONE, SMTPC_MECHANISM_COUNT, 255u};
  for (size_t i = 0u; i < sizeof none / sizeof none[0]; i++) {
    smtpc_sasl sasl = exchange(none[i]);
    uint8_t out[SMTPC_OUT_MAX];
    size_t len = 9u;
    test_label("no mechanism %u", none[i]);
    test_number(step_text(&sasl, "AG4AcA=="), SMTPC_E_STATE);
    test_number(
        smtpc_sasl_write_challenge(&sasl, NULL, 0u, out, sizeof out, &len),
        SMTPC_E_STATE);
    test_number(len, 0u);
  }
}

// THREATS AUT-05: whatever comes, the answer is one of the contract's, the name
// is bounded, the password lies in the line, and an error leaves nothing
// behind.
static void test_sasl_server_survives_random_messages(void **state) {
  (void)state;
  uint64_t seed = 77u;
  static const uint8_t symbols[] = {0, 'a', 'b', ' ', '0', 'f', '\r', 0xc3};
  for (unsigned round = 0u; round < 60000u; round++) {
    smtpc_sasl sasl = exchange(1u + round % 3u);
    uint8_t message[64];
    const size_t len = test_random(&seed) % sizeof message;
    for (size_t i = 0u; i < len; i++) {
      message[i] = symbols[test_random(&seed) % sizeof symbols];
    }
    uint8_t text[96];
    const size_t text_len = base64_model_encode(message, len, text);
    test_label("round %u", round);
    for (unsigned k = 0u; k < 3u; k++) {
      uint8_t *line = NULL;
      smtpc_span password = {0u, 0u};
      const smtpc_status status =
          step_raw(&sasl, text, text_len, &line, &password);
      assert_true(password.begin <= password.end && password.end <= text_len);
      assert_true(status == SMTPC_OK || status == SMTPC_MORE ||
                  status == SMTPC_E_SASL || status == SMTPC_E_STATE);
      if (status == SMTPC_E_SASL) {
        assert_true(is_cleared(&sasl));
      }
      assert_true(k < 2u || status == SMTPC_E_STATE);
      free(line);
    }
  }
}

static void test_sasl_clear_wipes_all(void **state) {
  (void)state;
  smtpc_sasl sasl;
  memset(&sasl, 0xa5, sizeof sasl);
  smtpc_sasl_clear(&sasl);
  assert_true(is_cleared(&sasl));
}

static smtpc_status challenge(const smtpc_sasl *sasl, const char *host,
                              size_t cap, uint8_t **out, size_t *len) {
  uint8_t *copy = test_copy(host, strlen(host));
  *out = malloc(cap + 1u);
  assert_non_null(*out);
  *out = realloc(*out, cap > 0u ? cap : 1u);
  const smtpc_status status =
      smtpc_sasl_write_challenge(sasl, copy, strlen(host), *out, cap, len);
  free(copy);
  return status;
}

static void test_sasl_challenges_are_golden(void **state) {
  (void)state;
  static const struct {
    unsigned mechanism;
    uint8_t step;
    const char *line;
  } rows[] = {
      {SMTPC_MECHANISM_PLAIN, 0u, "334 \r\n"},
      {SMTPC_MECHANISM_LOGIN, 0u, "334 VXNlcm5hbWU6\r\n"},
      {SMTPC_MECHANISM_LOGIN, 1u, "334 UGFzc3dvcmQ6\r\n"},
      {SMTPC_MECHANISM_CRAM_MD5, 0u,
       "334 PDAwMTEyMjMzNDQ1NTY2Nzc4ODk5YWFiYmNjZGRlZWZmQG1haWwuZXhhbXBsZS5j"
       "b20+\r\n"},
      {SMTPC_MECHANISM_PLAIN, 1u, NULL},
      {SMTPC_MECHANISM_LOGIN, 2u, NULL},
      {SMTPC_MECHANISM_CRAM_MD5, 1u, NULL},
      {SMTPC_MECHANISM_LOGIN, 255u, NULL},
  };
  for (size_t i = 0u; i < sizeof rows / sizeof rows[0]; i++) {
    smtpc_sasl sasl = exchange(rows[i].mechanism);
    sasl.step = rows[i].step;
    for (unsigned k = 0u; k < SMTPC_NONCE_LEN; k++) {
      sasl.nonce[k] = (uint8_t)(k * 0x11u);
    }
    uint8_t *out = NULL;
    size_t len = 9u;
    const char *want = rows[i].line != NULL ? rows[i].line : "";
    test_label("row %zu", i);
    test_number(challenge(&sasl, "mail.example.com", SMTPC_OUT_MAX, &out, &len),
                rows[i].line != NULL ? SMTPC_OK : SMTPC_E_STATE);
    test_octets(out, len, want, strlen(want));
    free(out);
    // One octet less than the line needs is no room, never a shorter line.
    for (size_t cap = 0u; cap < strlen(want); cap++) {
      test_label("row %zu, cap %zu", i, cap);
      test_number(challenge(&sasl, "mail.example.com", cap, &out, &len),
                  SMTPC_E_ROOM);
      test_number(len, 0u);
      free(out);
    }
  }
}

// What the client is told decodes to what the digest is made over, for all
// hosts.
static void test_sasl_cram_challenge_is_the_one_told(void **state) {
  (void)state;
  uint64_t seed = 5u;
  char host[258];
  for (size_t host_len = 0u; host_len <= 257u; host_len++) {
    memset(host, 'h', sizeof host);
    host[host_len] = '\0';
    const smtpc_status want = host_len == 0u    ? SMTPC_E_DOMAIN
                              : host_len > 255u ? SMTPC_E_TOO_LONG
                                                : SMTPC_OK;
    smtpc_sasl sasl = exchange(SMTPC_MECHANISM_CRAM_MD5);
    for (unsigned k = 0u; k < SMTPC_NONCE_LEN; k++) {
      sasl.nonce[k] = (uint8_t)test_random(&seed);
    }
    uint8_t *line = NULL;
    uint8_t text[SMTPC_CHALLENGE_MAX];
    size_t line_len = 9u;
    size_t text_len = 9u;
    test_label("host of %zu", host_len);
    test_number(challenge(&sasl, host, SMTPC_OUT_MAX, &line, &line_len), want);
    test_number(
        smtpc_sasl_cram_challenge(&sasl, (const uint8_t *)host, host_len, text,
                                  sizeof text, &text_len),
        want);
    if (want == SMTPC_OK) {
      smtpc_span told = {0u, 0u};
      test_number(
          smtpc_base64_decode(line, smtpc_span_make(4u, line_len - 2u), &told),
          SMTPC_OK);
      test_octets(line + told.begin, smtpc_span_len(told), text, text_len);
      test_number(text_len, 1u + 32u + 1u + host_len + 1u);
      test_number(
          smtpc_sasl_cram_challenge(&sasl, (const uint8_t *)host, host_len,
                                    text, text_len - 1u, &text_len),
          SMTPC_E_ROOM);
    }
    test_number(want == SMTPC_OK ? 0u : line_len + text_len, 0u);
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
        smtpc_sasl_cram_challenge(&sasl, host, 3u, out, sizeof out, &len),
        ok ? SMTPC_OK : SMTPC_E_DOMAIN);
  }
  const smtpc_sasl other = exchange(SMTPC_MECHANISM_PLAIN);
  uint8_t out[SMTPC_OUT_MAX];
  size_t len = 9u;
  test_label("another mechanism");
  test_number(smtpc_sasl_cram_challenge(&other, (const uint8_t *)"h", 1u, out,
                                        sizeof out, &len),
              SMTPC_E_STATE);
  test_number(len, 0u);
}

// ------------------------------------------------------------- client side

typedef struct line {
  uint8_t *data;  // exactly `cap` octets
  size_t len;
  smtpc_status status;
} line;

static line auth_line(unsigned mechanism, const void *name, size_t name_len,
                      const void *password, size_t password_len, size_t cap) {
  line out = {malloc(cap > 0u ? cap : 1u), 9u, SMTPC_OK};
  uint8_t *n = test_copy(name, name_len);
  uint8_t *p = test_copy(password, password_len);
  assert_non_null(out.data);
  out.status = smtpc_sasl_write_auth(mechanism, n, name_len, p, password_len,
                                     out.data, cap, &out.len);
  free(n);
  free(p);
  return out;
}

static line login_line(unsigned step, const void *name, size_t name_len,
                       const void *password, size_t password_len, size_t cap) {
  line out = {malloc(cap > 0u ? cap : 1u), 9u, SMTPC_OK};
  uint8_t *n = test_copy(name, name_len);
  uint8_t *p = test_copy(password, password_len);
  assert_non_null(out.data);
  out.status = smtpc_sasl_write_login(step, n, name_len, p, password_len,
                                      out.data, cap, &out.len);
  free(n);
  free(p);
  return out;
}

static void check_line(line have, smtpc_status status, const char *want) {
  test_number(have.status, status);
  test_octets(have.data, have.len, want, strlen(want));
  free(have.data);
}

static void test_sasl_client_lines_are_golden(void **state) {
  (void)state;
  uint8_t out[SMTPC_OUT_MAX];
  size_t len = 0u;
  test_label("PLAIN");
  check_line(auth_line(SMTPC_MECHANISM_PLAIN, LIT("tim"),
                       LIT("tanstaaftanstaaf"), SMTPC_OUT_MAX),
             SMTPC_OK, "AUTH PLAIN AHRpbQB0YW5zdGFhZnRhbnN0YWFm\r\n");
  test_label("LOGIN");
  check_line(auth_line(SMTPC_MECHANISM_LOGIN, LIT("tim"), LIT("secret"),
                       SMTPC_OUT_MAX),
             SMTPC_OK, "AUTH LOGIN\r\n");
  check_line(login_line(0u, LIT("tim"), LIT("secret"), SMTPC_OUT_MAX), SMTPC_OK,
             "dGlt\r\n");
  check_line(login_line(1u, LIT("tim"), LIT("secret"), SMTPC_OUT_MAX), SMTPC_OK,
             "c2VjcmV0\r\n");
  check_line(login_line(1u, LIT("tim"), LIT(""), SMTPC_OUT_MAX), SMTPC_OK,
             "\r\n");
  check_line(login_line(2u, LIT("tim"), LIT("secret"), SMTPC_OUT_MAX),
             SMTPC_E_SASL, "");
  test_label("CRAM-MD5");
  check_line(auth_line(SMTPC_MECHANISM_CRAM_MD5, LIT("tim"), LIT("secret"),
                       SMTPC_OUT_MAX),
             SMTPC_OK, "AUTH CRAM-MD5\r\n");
  test_label("none");
  check_line(
      auth_line(SMTPC_MECHANISM_NONE, LIT("tim"), LIT("secret"), SMTPC_OUT_MAX),
      SMTPC_E_ARGUMENT, "");
  check_line(auth_line(SMTPC_MECHANISM_COUNT, LIT("tim"), LIT("secret"),
                       SMTPC_OUT_MAX),
             SMTPC_E_ARGUMENT, "");
  test_label("cancel");
  test_number(smtpc_sasl_write_cancel(out, sizeof out, &len), SMTPC_OK);
  test_octets(out, len, "*\r\n", 3u);
  test_number(smtpc_sasl_write_cancel(out, 2u, &len), SMTPC_E_ROOM);
  test_number(len, 0u);
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
    smtpc_status status;
  } rows[] = {
      {0u, 1u, SMTPC_E_SASL},         {1u, 0u, SMTPC_OK},
      {255u, 1u, SMTPC_OK},           {256u, 1u, SMTPC_E_TOO_LONG},
      {1u, 255u, SMTPC_OK},           {1u, 256u, SMTPC_E_TOO_LONG},
      {257u, 257u, SMTPC_E_TOO_LONG},
  };
  for (size_t i = 0u; i < sizeof rows / sizeof rows[0]; i++) {
    for (unsigned m = 1u; m < SMTPC_MECHANISM_COUNT; m++) {
      test_label("row %zu, mechanism %u", i, m);
      line have = auth_line(m, name, rows[i].name_len, password,
                            rows[i].password_len, SMTPC_OUT_MAX);
      // Only PLAIN sends them with AUTH; the others must send nothing of them.
      const bool sent = m == SMTPC_MECHANISM_PLAIN;
      test_number(have.status, sent ? rows[i].status : SMTPC_OK);
      assert_true(sent || have.len <= sizeof "AUTH CRAM-MD5\r\n" - 1u);
      free(have.data);
    }
    for (unsigned step = 0u; step < 2u; step++) {
      test_label("row %zu, LOGIN step %u", i, step);
      line have = login_line(step, name, rows[i].name_len, password,
                             rows[i].password_len, SMTPC_OUT_MAX);
      test_number(have.status, rows[i].status);
      free(have.data);
    }
  }
  uint8_t out[SMTPC_OUT_MAX];
  size_t len = 9u;
  test_label("CRAM-MD5 checks the name");
  memset(out, 0, sizeof out);
  for (size_t n = 0u; n < sizeof name; n++) {
    const smtpc_status want = n == 0u     ? SMTPC_E_SASL
                              : n <= 255u ? SMTPC_OK
                                          : SMTPC_E_TOO_LONG;
    test_number(smtpc_sasl_write_cram(name, n, password, out, sizeof out, &len),
                want);
  }
  len = 9u;
  test_label("NULL with a length");
  test_number(smtpc_sasl_write_auth(SMTPC_MECHANISM_PLAIN, NULL, 3u, NULL, 0u,
                                    out, sizeof out, &len),
              SMTPC_E_ARGUMENT);
  test_number(smtpc_sasl_write_auth(SMTPC_MECHANISM_PLAIN, name, 3u, NULL, 3u,
                                    out, sizeof out, &len),
              SMTPC_E_ARGUMENT);
  test_number(smtpc_sasl_write_cram(name, 3u, NULL, out, sizeof out, &len),
              SMTPC_E_ARGUMENT);
  test_number(len, 0u);
}

// THREATS INJ-03: no octet of a name or password makes a second line, and what
// was written is what the server side reads.
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
    line have = auth_line(SMTPC_MECHANISM_PLAIN, text, 3u, "p", 1u, 512u);
    test_number(have.status, in_name);
    free(have.data);
    have = login_line(0u, text, 3u, "p", 1u, 512u);
    test_number(have.status, in_name);
    free(have.data);
    uint8_t digest[SMTPC_MD5_LEN];
    memset(digest, (int)c, sizeof digest);
    uint8_t cram[SMTPC_OUT_MAX];
    size_t cram_len = 0u;
    test_number(
        smtpc_sasl_write_cram(text, 3u, digest, cram, sizeof cram, &cram_len),
        in_name);
    if (in_name == SMTPC_OK) {
      smtpc_sasl sasl = exchange(SMTPC_MECHANISM_CRAM_MD5);
      smtpc_span none = {0u, 0u};
      test_number(smtpc_sasl_server_step(
                      &sasl, cram, smtpc_span_make(0u, cram_len - 2u), &none),
                  SMTPC_OK);
      test_octets(sasl.name, sasl.name_len, text, 3u);
      test_octets(sasl.digest, sizeof sasl.digest, digest, sizeof digest);
    }
    have = auth_line(SMTPC_MECHANISM_PLAIN, "n", 1u, text, 3u, 512u);
    test_number(have.status, in_password);
    if (in_password == SMTPC_OK) {
      smtpc_sasl sasl = exchange(SMTPC_MECHANISM_PLAIN);
      smtpc_span password = {0u, 0u};
      test_number(
          smtpc_sasl_server_step(
              &sasl, have.data, smtpc_span_make(11u, have.len - 2u), &password),
          SMTPC_OK);
      test_octets(sasl.name, sasl.name_len, "n", 1u);
      test_octets(have.data + password.begin, smtpc_span_len(password), text,
                  3u);
    }
    free(have.data);
  }
}

// RFC 4954 section 4: the AUTH line is a command line of at most 512 octets.
// What would pass it, or the buffer, is refused: THREATS INJ-05.
static void test_sasl_client_never_cuts(void **state) {
  (void)state;
  uint8_t name[255];
  uint8_t password[255];
  memset(name, 'n', sizeof name);
  memset(password, 'p', sizeof password);
  for (size_t len = 100u; len <= 255u; len++) {
    const bool fits = len + 115u <= 370u;
    test_label("password of %zu, name of 115", len);
    line have =
        auth_line(SMTPC_MECHANISM_PLAIN, name, 115u, password, len, 4096u);
    test_number(have.status, fits ? SMTPC_OK : SMTPC_E_ROOM);
    assert_true(fits ? have.len <= SMTPC_OUT_MAX : have.len == 0u);
    free(have.data);
  }
  test_label("password of 256");
  line long_one =
      auth_line(SMTPC_MECHANISM_PLAIN, name, 116u, password, 255u, 4096u);
  test_number(long_one.status, SMTPC_E_ROOM);
  free(long_one.data);
  for (size_t cap = 0u; cap < 60u; cap++) {
    test_label("cap %zu", cap);
    line have =
        auth_line(SMTPC_MECHANISM_PLAIN, LIT("tim"), LIT("secret"), cap);
    const bool fits = cap >= sizeof "AUTH PLAIN AHRpbQBzZWNyZXQ=\r\n" - 1u;
    test_number(have.status, fits ? SMTPC_OK : SMTPC_E_ROOM);
    for (size_t i = 0u; i < cap && !fits; i++) {
      test_number(have.len, 0u);
      // Half a password must not stay behind.
      test_number(memchr(have.data, 'A', i) == NULL, 1);
    }
    free(have.data);
  }
}

static void test_sasl_facts_of_mechanisms(void **state) {
  (void)state;
  static const struct {
    unsigned mechanism;
    int initial;
    int first;
    int digest;
  } rows[] = {
      {SMTPC_MECHANISM_NONE, 0, 0, 0},  {SMTPC_MECHANISM_PLAIN, 1, 1, 0},
      {SMTPC_MECHANISM_LOGIN, 1, 0, 0}, {SMTPC_MECHANISM_CRAM_MD5, 0, 0, 1},
      {SMTPC_MECHANISM_COUNT, 0, 0, 0},
  };
  _Static_assert(sizeof rows / sizeof rows[0] == SMTPC_MECHANISM_COUNT + 1u,
                 "one row for each mechanism");
  for (size_t i = 0u; i < sizeof rows / sizeof rows[0]; i++) {
    const unsigned m = rows[i].mechanism;
    test_label("mechanism %u", m);
    test_number(smtpc_sasl_server_takes_initial(m), rows[i].initial);
    test_number(smtpc_sasl_client_speaks_first(m), rows[i].first);
    test_number(smtpc_sasl_needs_digest(m), rows[i].digest);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_sasl_plain_takes_the_vectors),
      cmocka_unit_test(test_sasl_plain_checks_its_grammar),
      cmocka_unit_test(test_sasl_plain_bounds_the_name),
      cmocka_unit_test(test_sasl_server_tries_each_octet),
      cmocka_unit_test(test_sasl_login_takes_name_then_password),
      cmocka_unit_test(test_sasl_cram_takes_the_vectors),
      cmocka_unit_test(test_sasl_cram_checks_its_grammar),
      cmocka_unit_test(test_sasl_cram_digest_tries_each_octet),
      cmocka_unit_test(test_sasl_server_cancels_at_a_star_alone),
      cmocka_unit_test(test_sasl_server_takes_empty_as_empty),
      cmocka_unit_test(test_sasl_server_step_misuse),
      cmocka_unit_test(test_sasl_server_survives_random_messages),
      cmocka_unit_test(test_sasl_clear_wipes_all),
      cmocka_unit_test(test_sasl_challenges_are_golden),
      cmocka_unit_test(test_sasl_cram_challenge_is_the_one_told),
      cmocka_unit_test(test_sasl_cram_host_tries_each_octet),
      cmocka_unit_test(test_sasl_client_lines_are_golden),
      cmocka_unit_test(test_sasl_client_checks_credentials),
      cmocka_unit_test(test_sasl_client_round_trips_each_octet),
      cmocka_unit_test(test_sasl_client_never_cuts),
      cmocka_unit_test(test_sasl_facts_of_mechanisms),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
