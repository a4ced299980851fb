// Tests of the base64 of `smtpcore/sasl.h`.
#include <stdlib.h>
#include <string.h>

#include "core/model/base64_model.h"
#include "core/testing.h"
#include "smtpcore/sasl.h"

// Decodes `in` in an exact-size block, at `front` octets from its start, and
// holds the result against the model.
static void check_decode(const uint8_t *in, size_t len, size_t front) {
  uint8_t *block = malloc(front + len + 1u);
  uint8_t *want = malloc(len + 1u);
  size_t want_len = 0u;
  assert_non_null(block);
  assert_non_null(want);
  memset(block, '?', front);
  if (len > 0u) {
    memcpy(block + front, in, len);
  }
  uint8_t *data = test_copy(block, front + len);
  const bool ok = base64_model_decode(in, len, want, &want_len);
  smtpc_span out = {7u, 9u};
  const smtpc_status status =
      smtpc_base64_decode(data, smtpc_span_make(front, front + len), &out);
  test_number(status, ok ? SMTPC_OK : SMTPC_E_BASE64);
  test_number(smtpc_span_len(out), want_len);
  test_octets(data + out.begin, smtpc_span_len(out), want, want_len);
  test_number(out.begin, ok ? front : 0u);
  test_octets(data, front, block, front);
  if (ok) {
    assert_true(smtpc_span_len(out) <= 3u * (len / 4u));
  }
  free(data);
  free(want);
  free(block);
}

static void test_base64_decodes_as_the_model_all_short(void **state) {
  (void)state;
  static const uint8_t symbols[12] = {'A', 'Q', 'g', 'z', '0',  '/',
                                      '+', '=', '-', ' ', 0x00, 0xff};
  uint8_t text[8] = {0};
  for (size_t len = 0u; len <= 4u; len++) {
    size_t total = 1u;
    for (size_t i = 0u; i < len; i++) {
      total *= sizeof symbols;
    }
    for (size_t n = 0u; n < total; n++) {
      size_t left = n;
      for (size_t i = 0u; i < len; i++) {
        text[i] = symbols[left % sizeof symbols];
        left /= sizeof symbols;
      }
      test_label("len %zu, number %zu", len, n);
      check_decode(text, len, 0u);
      // The same before and after a group that is right.
      uint8_t two[8] = {'Q', 'U', 'J', 'D', 'Q', 'U', 'J', 'D'};
      memcpy(two, text, len);
      check_decode(two, 8u, 1u);
      memcpy(two, "QUJD", 4u);
      memcpy(two + 4, text, len);
      check_decode(two, 4u + len, 3u);
    }
  }
}

static void test_base64_decodes_as_the_model_each_octet(void **state) {
  (void)state;
  static const char *const texts[] = {"QUJD", "QUI=", "QQ==", "QUJDQUJD"};
  for (size_t t = 0u; t < sizeof texts / sizeof texts[0]; t++) {
    const size_t len = strlen(texts[t]);
    for (size_t at = 0u; at < len; at++) {
      for (unsigned c = 0u; c < 256u; c++) {
        uint8_t text[8];
        memcpy(text, texts[t], len);
        text[at] = (uint8_t)c;
        test_label("%s, octet %u at %zu", texts[t], c, at);
        check_decode(text, len, 0u);
      }
    }
  }
}

static void test_base64_decodes_as_the_model_random(void **state) {
  (void)state;
  static const char symbols[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
      "=\r\n _";
  uint64_t seed = 20u;
  uint8_t text[96];
  for (unsigned round = 0u; round < 40000u; round++) {
    const size_t len = test_random(&seed) % sizeof text;
    // Most rounds have the alphabet alone, so that many are accepted.
    const unsigned range = round % 4u == 0u ? sizeof symbols - 1u : 64u;
    for (size_t i = 0u; i < len; i++) {
      text[i] = (uint8_t)symbols[test_random(&seed) % range];
    }
    test_label("round %u", round);
    check_decode(text, len, round % 5u);
  }
}

// RFC 4648 section 10 and what `THREATS.md` AUT-01 names.
static void test_base64_decode_golden(void **state) {
  (void)state;
  static const struct {
    const char *in;
    const char *out;  // NULL: refused
  } rows[] = {
      {"", ""},
      {"Zg==", "f"},
      {"Zm8=", "fo"},
      {"Zm9v", "foo"},
      {"Zm9vYg==", "foob"},
      {"Zm9vYmE=", "fooba"},
      {"AA=A", NULL},
      {"Zm9vYmFy", "foobar"},
      {"=", NULL},
      {"====", NULL},
      {"A", NULL},
      {"AA", NULL},
      {"AAA", NULL},
      {"A===", NULL},
      {"!!!", NULL},
      {"!!!!", NULL},
      {"=AAA", NULL},
      {"AAA=BBB", NULL},
      {"AAA=BBB=", NULL},
      {"Zg==Zg==", NULL},
      {"Zh==", NULL},
      {"Zm9=", NULL},
      {"Zm8", NULL},
      {"Zg=", NULL},
      {"Zm9v ", NULL},
      {" Zm9v", NULL},
      {"Zm9v\r", NULL},
      {"-_-_", NULL},
      {"Zm9v====", NULL},
      {"\xc3\xa9\xc3\xa9", NULL},
  };
  for (size_t i = 0u; i < sizeof rows / sizeof rows[0]; i++) {
    const size_t len = strlen(rows[i].in);
    uint8_t *data = test_copy(rows[i].in, len);
    smtpc_span out = {1u, 2u};
    test_label("%s", rows[i].in);
    const smtpc_status status =
        smtpc_base64_decode(data, smtpc_span_make(0u, len), &out);
    test_number(status, rows[i].out != NULL ? SMTPC_OK : SMTPC_E_BASE64);
    const char *want = rows[i].out != NULL ? rows[i].out : "";
    test_octets(data, smtpc_span_len(out), want, strlen(want));
    free(data);
  }
}

// Encodes `in` in pieces of `cut` octets, and holds it against the model.
static void check_encode(const uint8_t *in, size_t len, size_t cut) {
  uint8_t have[SMTPC_OUT_MAX];
  uint8_t want[SMTPC_OUT_MAX];
  smtpc_out out = smtpc_out_begin(have, sizeof have);
  smtpc_base64 encoder = {0u, 0u, {0u, 0u, 0u}};
  size_t at = 0u;
  do {
    const size_t piece = test_cut_next(cut, len - at);
    uint8_t *copy = test_copy(in + at, piece);
    smtpc_base64_put(&encoder, &out, copy, piece);
    free(copy);
    at += piece;
  } while (at < len);
  smtpc_base64_end(&encoder, &out);
  test_number(out.status, SMTPC_OK);
  test_number(encoder.bits, 0u);
  test_number(encoder.count, 0u);
  test_octets(have, out.len, want, base64_model_encode(in, len, want));
  smtpc_span back = {0u, 0u};
  test_number(smtpc_base64_decode(have, smtpc_span_make(0u, out.len), &back),
              SMTPC_OK);
  test_octets(have, smtpc_span_len(back), in, len);
}

static void test_base64_encodes_as_the_model_at_each_cut(void **state) {
  (void)state;
  uint64_t seed = 3u;
  uint8_t in[380];
  for (size_t len = 0u; len < sizeof in; len += len < 40u ? 1u : 17u) {
    for (size_t i = 0u; i < len; i++) {
      in[i] = (uint8_t)test_random(&seed);
    }
    for (size_t cut = 0u; cut <= TEST_CUT_MAX; cut++) {
      test_label("len %zu, cut %zu", len, cut);
      check_encode(in, len, cut);
    }
  }
}

static void test_base64_encodes_as_the_model_all_pairs(void **state) {
  (void)state;
  for (unsigned n = 0u; n < 65536u; n++) {
    const uint8_t in[2] = {(uint8_t)(n >> 8), (uint8_t)n};
    test_label("pair %u", n);
    check_encode(in, n < 256u ? 1u : 2u, 0u);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_base64_decodes_as_the_model_all_short),
      cmocka_unit_test(test_base64_decodes_as_the_model_each_octet),
      cmocka_unit_test(test_base64_decodes_as_the_model_random),
      cmocka_unit_test(test_base64_decode_golden),
      cmocka_unit_test(test_base64_encodes_as_the_model_at_each_cut),
      cmocka_unit_test(test_base64_encodes_as_the_model_all_pairs),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
