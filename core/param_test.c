// Param: golden cases beside their refused neighbours, every limit and one past
// it, and equality with `core/model/param_model.h` over small alphabets and
// over generated and mutated parameters.
#include "smtpcore/param.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/model/param_model.h"
#include "core/param_testing.h"
#include "core/testing.h"

static bool compare_xtext(const uint8_t *text, size_t len) {
  uint8_t *const copy = test_copy(text, len);
  uint8_t have[64];
  uint8_t want[64];
  size_t have_len = 99u;
  const smtpc_span span = smtpc_span_make(0u, len);
  const smtpc_status status =
      smtpc_xtext_decode(copy, span, have, sizeof have, &have_len);
  const long want_len = model_xtext(copy, len, want);
  const bool taken = want_len >= 0;
  test_label("xtext %.*s", (int)len, (const char *)copy);
  test_number(status, taken ? SMTPC_OK : SMTPC_E_XTEXT);
  test_number(smtpc_xtext_check(copy, span), status);
  test_octets(have, have_len, want, taken ? (size_t)want_len : 0u);
  for (size_t i = 0u; i < have_len; i++) {
    assert_in_range(have[i], 32u, 126u);
  }
  free(copy);
  return taken;
}

// ------------------------------------------------------------------ exhaustive

static void test_params_equal_model_on_every_short_text(void **state) {
  (void)state;
  assert_true(every("", " =S1,", 6u, either) == 1u);
  assert_true(every(" SIZE=1", " SIZE=", 6u, mail) >= 1u);
  assert_true(every(" SIZE=", "019 =+", 6u, mail) > 100u);
  assert_true(every(" ENVID=", "+04F =a", 5u, mail) > 100u);
  assert_true(every(" ORCPT=", "a;+41 =", 6u, rcpt) > 100u);
  assert_true(every(" AUTH=", "<>a@+40", 6u, mail) > 10u);
  assert_true(every(" NOTIFY=DELAY", ",NEVR", 7u, rcpt) >= 1u);
}

static void test_params_equal_model_on_every_notify_list(void **state) {
  (void)state;
  static const char *const words[] = {"NEVER", "SUCCESS", "FAILURE", "DELAY",
                                      "never", "",        "delay",   "DELAYX"};
  size_t taken = 0u;
  for (unsigned n = 0u; n < 4096u; n++) {
    char text[64];
    const int len = snprintf(text, sizeof text, " NOTIFY=%s,%s,%s,%s",
                             words[n & 7u], words[(n >> 3) & 7u],
                             words[(n >> 6) & 7u], words[(n >> 9) & 7u]);
    for (size_t cut = 8u; cut <= (size_t)len; cut++) {
      taken += rcpt((const uint8_t *)text, cut) ? 1u : 0u;
    }
  }
  assert_true(taken > 100u);
}

static void test_params_equal_model_on_every_octet(void **state) {
  (void)state;
  static const char *const frames[][2] = {
      {"", "SIZE=1"},          {" ", "SIZE=1"},   {" SIZE", "=1"},
      {" SIZE=", ""},          {" SIZE=1", "1"},  {" SIZE=1", ""},
      {" ENVID=a", ""},        {" ENVID=+", "0"}, {" ENVID=+4", ""},
      {" AUTH=a", "@b"},       {" SMTPUTF8", ""}, {" RET=FUL", ""},
      {" ORCPT=a", ";b"},      {" ORCPT=a;", ""}, {" NOTIFY=DELAY", "FAILURE"},
      {" SIZE=1", "BODY=7BIT"}};
  for (size_t f = 0u; f < sizeof frames / sizeof frames[0]; f++) {
    for (unsigned c = 0u; c < 256u; c++) {
      uint8_t text[48];
      const size_t front = strlen(frames[f][0]);
      const size_t back = strlen(frames[f][1]);
      memcpy(text, frames[f][0], front);
      text[front] = (uint8_t)c;
      memcpy(text + front + 1u, frames[f][1], back);
      either(text, front + 1u + back);
    }
  }
}

static void test_xtext_equals_model_on_every_short_text(void **state) {
  (void)state;
  assert_true(every("", "+0D7Ff=a", 6u, compare_xtext) > 100u);
  for (unsigned n = 0u; n < 65536u; n++) {
    const uint8_t text[3] = {'+', (uint8_t)(n >> 8), (uint8_t)n};
    compare_xtext(text, 3u);
  }
}

// ------------------------------------------------------------------- generated

static size_t make_params(uint8_t *text, uint64_t *seed, unsigned verb) {
  static const char *const mails[] = {" SIZE=0",
                                      " SIZE=18446744073709551615",
                                      " SIZE=18446744073709551616",
                                      " size=007",
                                      " SIZE=000000000000000000000",
                                      " BODY=7BIT",
                                      " BODY=8BITMIME",
                                      " body=8bitmime",
                                      " BODY=BINARYMIME",
                                      " RET=FULL",
                                      " RET=hdrs",
                                      " ENVID=QQ314159",
                                      " ENVID=a+20b",
                                      " ENVID=+0D+0A",
                                      " AUTH=<>",
                                      " AUTH=e+3Dmc2@example.com",
                                      " AUTH=+3C+3E",
                                      " AUTH=a",
                                      " SMTPUTF8",
                                      " SMTPUTF8=1",
                                      " REQUIRETLS",
                                      " NOTIFY=NEVER",
                                      " XFOO",
                                      " AUTH=a@[IPv6:::1]",
                                      " ENVID=",
                                      " SIZE"};
  static const char *const rcpts[] = {" NOTIFY=NEVER",
                                      " NOTIFY=SUCCESS,FAILURE",
                                      " notify=delay",
                                      " NOTIFY=SUCCESS,SUCCESS",
                                      " NOTIFY=NEVER,DELAY",
                                      " NOTIFY=,DELAY",
                                      " ORCPT=rfc822;a@b",
                                      " ORCPT=X-fax;+2B1",
                                      " ORCPT=rfc822;a+0Ab",
                                      " ORCPT=;a",
                                      " ORCPT=rfc822",
                                      " ORCPT=x;",
                                      " SIZE=1",
                                      " XBAR=1"};
  size_t at = 0u;
  for (uint32_t n = test_random(seed) % 4u; n > 0u; n--) {
    const char *const piece =
        verb == SMTPC_VERB_MAIL
            ? mails[test_random(seed) % (sizeof mails / sizeof mails[0])]
            : rcpts[test_random(seed) % (sizeof rcpts / sizeof rcpts[0])];
    memcpy(text + at, piece, strlen(piece));
    at += strlen(piece);
  }
  return at;
}

static void test_params_equal_model_on_generated_params(void **state) {
  (void)state;
  uint64_t seed = 3461u;
  size_t taken = 0u;
  for (unsigned n = 0u; n < 150000u; n++) {
    uint8_t text[256];
    const unsigned verb = (n & 1u) != 0u ? SMTPC_VERB_MAIL : SMTPC_VERB_RCPT;
    const uint32_t offered =
        (test_random(&seed) & 3u) != 0u ? ALL_OFFERS : test_random(&seed);
    const size_t len = mutate(text, make_params(text, &seed, verb), &seed);
    taken += compare(text, len, verb, offered) ? 1u : 0u;
  }
  assert_in_range(taken, 10000u, 120000u);
}

// ---------------------------------------------------------------------- golden

static const refuse_row refused[] = {
    {" ", M, SMTPC_E_SYNTAX, 0u},
    {"SIZE=1", M, SMTPC_E_SYNTAX, 0u},
    {"  SIZE=1", M, SMTPC_E_SYNTAX, 0u},
    {" SIZE=1 ", M, SMTPC_E_SYNTAX, 0u},
    {" SIZE=1  BODY=7BIT", M, SMTPC_E_SYNTAX, 0u},
    {"\tSIZE=1", M, SMTPC_E_SYNTAX, 0u},
    {" =x", M, SMTPC_E_SYNTAX, 0u},
    {" -SIZE=1", M, SMTPC_E_SYNTAX, 0u},
    {" SI_ZE=1", M, SMTPC_E_SYNTAX, 0u},
    {" SIZE\t=1", M, SMTPC_E_SYNTAX, 0u},
    {" XFOO", M, SMTPC_E_PARAM_UNKNOWN, 0u},
    {" SIZ=1", M, SMTPC_E_PARAM_UNKNOWN, 0u},
    {" SIZEX=1", M, SMTPC_E_PARAM_UNKNOWN, 0u},
    {" SIZE=1", R, SMTPC_E_PARAM_UNKNOWN, 0u},
    {" NOTIFY=NEVER", M, SMTPC_E_PARAM_UNKNOWN, 0u},
    {" SIZE=1 SIZE=2", M, SMTPC_E_PARAM_DUPLICATE, WRONG(SIZE)},
    {" SIZE=1 size=1", M, SMTPC_E_PARAM_DUPLICATE, WRONG(SIZE)},
    {" SMTPUTF8 SMTPUTF8", M, SMTPC_E_PARAM_DUPLICATE, WRONG(SMTPUTF8)},
    {" ENVID=a RET=FULL ENVID=a", M, SMTPC_E_PARAM_DUPLICATE, WRONG(ENVID)},
    {" SIZE", M, SMTPC_E_PARAM_VALUE_MISSING, WRONG(SIZE)},
    {" SIZE=", M, SMTPC_E_PARAM_VALUE_MISSING, WRONG(SIZE)},
    {" ENVID=", M, SMTPC_E_PARAM_VALUE_MISSING, WRONG(ENVID)},
    {" SIZE= BODY=7BIT", M, SMTPC_E_PARAM_VALUE_MISSING, WRONG(SIZE)},
    {" SMTPUTF8=", M, SMTPC_E_PARAM_VALUE_SURPLUS, WRONG(SMTPUTF8)},
    {" SMTPUTF8=1", M, SMTPC_E_PARAM_VALUE_SURPLUS, WRONG(SMTPUTF8)},
    {" REQUIRETLS=yes", M, SMTPC_E_PARAM_VALUE_SURPLUS, WRONG(REQUIRETLS)},
    {" SIZE==1", M, SMTPC_E_NUMBER, WRONG(SIZE)},
    {" SIZE=-1", M, SMTPC_E_NUMBER, WRONG(SIZE)},
    {" SIZE=+5", M, SMTPC_E_NUMBER, WRONG(SIZE)},
    {" SIZE=0x10", M, SMTPC_E_NUMBER, WRONG(SIZE)},
    {" SIZE=1\x01", M, SMTPC_E_NUMBER, WRONG(SIZE)},
    {" SIZE=99999999999999999999", M, SMTPC_E_NUMBER_TOO_LARGE, WRONG(SIZE)},
    {" SIZE=18446744073709551616", M, SMTPC_E_NUMBER_TOO_LARGE, WRONG(SIZE)},
    {" SIZE=184467440737095516150", M, SMTPC_E_NUMBER, WRONG(SIZE)},
    {" SIZE=99999999999999999999999", M, SMTPC_E_NUMBER, WRONG(SIZE)},
    {" BODY=XBIT", M, SMTPC_E_PARAM_VALUE, WRONG(BODY)},
    {" BODY=BINARY", M, SMTPC_E_PARAM_VALUE, WRONG(BODY)},
    {" RET=BODY", M, SMTPC_E_PARAM_VALUE, WRONG(RET)},
    {" ENVID=a=b", M, SMTPC_E_XTEXT, WRONG(ENVID)},
    {" ENVID=+0D+0A", M, SMTPC_E_XTEXT, WRONG(ENVID)},
    {" ENVID=+00", M, SMTPC_E_XTEXT, WRONG(ENVID)},
    {" ENVID=+7F", M, SMTPC_E_XTEXT, WRONG(ENVID)},
    {" ENVID=+80", M, SMTPC_E_XTEXT, WRONG(ENVID)},
    {" ENVID=+2", M, SMTPC_E_XTEXT, WRONG(ENVID)},
    {" ENVID=+GZ", M, SMTPC_E_XTEXT, WRONG(ENVID)},
    {" ENVID=+2b", M, SMTPC_E_XTEXT, WRONG(ENVID)},
    {" ENVID=\xc3\xa9", M, SMTPC_E_XTEXT, WRONG(ENVID)},
    {" AUTH=a", M, SMTPC_E_PARAM_VALUE, WRONG(AUTH)},
    {" AUTH=<a@b>", M, SMTPC_E_PARAM_VALUE, WRONG(AUTH)},
    {" AUTH=a@b+0D+0Ax", M, SMTPC_E_XTEXT, WRONG(AUTH)},
    {" NOTIFY=NEVER,SUCCESS", R, SMTPC_E_PARAM_VALUE, WRONG(NOTIFY)},
    {" NOTIFY=SUCCESS,NEVER", R, SMTPC_E_PARAM_VALUE, WRONG(NOTIFY)},
    {" NOTIFY=NEVER,NEVER", R, SMTPC_E_PARAM_VALUE, WRONG(NOTIFY)},
    {" NOTIFY=DELAY,DELAY", R, SMTPC_E_PARAM_VALUE, WRONG(NOTIFY)},
    {" NOTIFY=DELAY,", R, SMTPC_E_PARAM_VALUE, WRONG(NOTIFY)},
    {" NOTIFY=,DELAY", R, SMTPC_E_PARAM_VALUE, WRONG(NOTIFY)},
    {" NOTIFY=DELAYS", R, SMTPC_E_PARAM_VALUE, WRONG(NOTIFY)},
    {" NOTIFY=SUCCESS,FAILURE,DELAY,X", R, SMTPC_E_PARAM_VALUE, WRONG(NOTIFY)},
    {" ORCPT=rfc822", R, SMTPC_E_PARAM_VALUE, WRONG(ORCPT)},
    {" ORCPT=;a@b", R, SMTPC_E_PARAM_VALUE, WRONG(ORCPT)},
    {" ORCPT=rfc=822;a@b", R, SMTPC_E_PARAM_VALUE, WRONG(ORCPT)},
    {" ORCPT=rfc(822);a@b", R, SMTPC_E_PARAM_VALUE, WRONG(ORCPT)},
    {" ORCPT=rfc822;a+0Ab", R, SMTPC_E_XTEXT, WRONG(ORCPT)},
};

static void test_params_refuse(void **state) {
  (void)state;
  refuse(refused, COUNT_OF(refused));
}

static void test_params_accept_all_of_mail(void **state) {
  (void)state;
  static const char text[] =
      " SIZE=18446744073709551615 BODY=8bitmime AUTH=e+3Dmc2@example.com "
      "RET=HDRS ENVID=QQ+2B1 SMTPUTF8 REQUIRETLS";
  const smtpc_params p = parse(text, M);
  assert_true(p.size == UINT64_MAX);
  test_number(p.body, SMTPC_BODY_8BITMIME);
  test_number(p.ret, SMTPC_RET_HDRS);
  test_span(text, p.auth, "e+3Dmc2@example.com");
  test_span(text, p.envid, "QQ+2B1");
  test_number(p.seen, SMTPC_HAS(SIZE) | SMTPC_HAS(BODY) | SMTPC_HAS(AUTH) |
                          SMTPC_HAS(RET) | SMTPC_HAS(ENVID) |
                          SMTPC_HAS(SMTPUTF8) | SMTPC_HAS(REQUIRETLS));
}

static void test_params_accept_all_of_rcpt(void **state) {
  (void)state;
  static const char text[] =
      " NOTIFY=success,FAILURE,Delay ORCPT=X-FAX;+2B1@gateway";
  const smtpc_params p = parse(text, R);
  test_number(p.notify,
              SMTPC_NOTIFY_SUCCESS | SMTPC_NOTIFY_FAILURE | SMTPC_NOTIFY_DELAY);
  test_span(text, p.orcpt_type, "X-FAX");
  test_span(text, p.orcpt, "+2B1@gateway");
  test_number(p.seen, SMTPC_HAS(NOTIFY) | SMTPC_HAS(ORCPT));
  test_number(parse(" NOTIFY=NEVER", R).notify, SMTPC_NOTIFY_NEVER);
}

static void test_params_accept_edges(void **state) {
  (void)state;
  test_number(parse("", M).seen, 0);
  test_number(parse("", R).seen, 0);
  test_number((long long)parse(" SIZE=007", M).size, 7);
  test_number((long long)parse(" SIZE=00000000000000000009", M).size, 9);
  test_number(parse(" BODY=7BIT", M).body, SMTPC_BODY_7BIT);
  test_number(parse(" RET=full", M).ret, SMTPC_RET_FULL);
  test_number((long long)smtpc_span_len(parse(" ORCPT=x;", R).orcpt), 0);
}

static void test_params_auth_unknown_is_empty_and_seen(void **state) {
  (void)state;
  const smtpc_params plain = parse(" AUTH=<>", M);
  test_number(plain.seen, SMTPC_HAS(AUTH));
  test_number((long long)smtpc_span_len(plain.auth), 0);
  const smtpc_params encoded = parse(" AUTH=+3C+3E", M);
  test_number((long long)smtpc_span_len(encoded.auth), 0);
}

static void test_params_are_unknown_without_their_extension(void **state) {
  (void)state;
  // One row of the registry at a time: its value taken with all offers, refused
  // as unknown when just its own extension is missing.
  static const char *const values[SMTPC_PARAM_COUNT] = {
      [SMTPC_PARAM_SIZE] = "=1",
      [SMTPC_PARAM_BODY] = "=7BIT",
      [SMTPC_PARAM_AUTH] = "=<>",
      [SMTPC_PARAM_RET] = "=FULL",
      [SMTPC_PARAM_ENVID] = "=a",
      [SMTPC_PARAM_SMTPUTF8] = "",
      [SMTPC_PARAM_REQUIRETLS] = "",
      [SMTPC_PARAM_NOTIFY] = "=DELAY",
      [SMTPC_PARAM_ORCPT] = "=rfc822;a@b",
      [SMTPC_PARAM_BY] = "=1;R",
      [SMTPC_PARAM_HOLDFOR] = "=1",
      [SMTPC_PARAM_HOLDUNTIL] = "=2030-01-31T23:59:59Z",
      [SMTPC_PARAM_MT_PRIORITY] = "=-9",
      [SMTPC_PARAM_SOLICIT] = "=net.example:ADV",
      [SMTPC_PARAM_MTRK] = "=0123456789abcdefghijklmnopQ",
      [SMTPC_PARAM_CONPERM] = "",
      [SMTPC_PARAM_TRANSID] = "=<a@b>",
      [SMTPC_PARAM_PRDR] = "",
      [SMTPC_PARAM_RRVS] = "=1970-01-01T00:00:00Z",
      [SMTPC_PARAM_CONNEG] = ""};
  for (unsigned id = 0u; id < SMTPC_PARAM_COUNT; id++) {
    const smtpc_param_row row = smtpc_param_get(id);
    char text[64];
    assert_non_null(values[id]);
    const int len = snprintf(text, sizeof text, " %s%s", row.name, values[id]);
    const smtpc_span all = smtpc_span_make(0u, (size_t)len);
    const uint32_t own = (uint32_t)1u << row.extension;
    const unsigned other = row.verb == M ? R : M;
    const uint8_t *const line = (const uint8_t *)text;
    smtpc_params params;
    test_label("%s", text);
    test_number(smtpc_params_parse(line, all, row.verb, ALL_OFFERS, &params),
                SMTPC_OK);
    test_number(params.seen, (long long)1 << id);
    test_number(smtpc_params_parse(line, all, row.verb, own, &params),
                SMTPC_OK);
    test_number(
        smtpc_params_parse(line, all, row.verb, ALL_OFFERS & ~own, &params),
        SMTPC_E_PARAM_UNKNOWN);
    test_number(smtpc_params_parse(line, all, other, ALL_OFFERS, &params),
                SMTPC_E_PARAM_UNKNOWN);
  }
}

// ---------------------------------------------------------------------- limits

static smtpc_status sized(const char *before, size_t value_len, unsigned verb) {
  uint8_t text[800];
  const size_t front = strlen(before);
  memcpy(text, before, front);
  memset(text + front, 'a', value_len);
  compare(text, front + value_len, verb, ALL_OFFERS);
  smtpc_params params;
  return smtpc_params_parse(text, smtpc_span_make(0u, front + value_len), verb,
                            ALL_OFFERS, &params);
}

static void test_params_limits_are_exact(void **state) {
  (void)state;
  test_number(sized(" ENVID=", 100u, M), SMTPC_OK);
  test_number(sized(" ENVID=", 101u, M), SMTPC_E_TOO_LONG);
  test_number(sized(" ORCPT=rfc822;", 500u - 7u, R), SMTPC_OK);
  test_number(sized(" ORCPT=rfc822;", 501u - 7u, R), SMTPC_E_TOO_LONG);
}

static void test_params_auth_limits_are_exact(void **state) {
  (void)state;
  uint8_t text[700];
  for (size_t escaped = 0u; escaped <= 200u; escaped++) {
    for (size_t plain = 246u; plain <= 256u; plain++) {
      size_t at = 0u;
      memcpy(text, " AUTH=a@", 8u);
      at = 8u;
      for (size_t k = 2u; k < plain; k++) {
        const bool dot = k % 60u == 59u && k + 1u < plain;
        if (k - 2u < escaped) {
          memcpy(text + at, dot ? "+2E" : "+62", 3u);
          at += 3u;
        } else {
          text[at++] = dot ? '.' : 'b';
        }
      }
      const bool fits = plain <= 254u && at - 6u <= SMTPC_PARAM_AUTH_MAX;
      smtpc_params params;
      test_label("%zu escaped of %zu", escaped, plain);
      test_number(smtpc_params_parse(text, smtpc_span_make(0u, at), M,
                                     ALL_OFFERS, &params),
                  fits ? SMTPC_OK : SMTPC_E_TOO_LONG);
      compare(text, at, M, ALL_OFFERS);
    }
  }
}

static void test_params_auth_limits_are_those_of_a_mailbox(void **state) {
  (void)state;
  uint8_t text[128];
  for (size_t local = 63u; local <= 66u; local++) {
    memcpy(text, " AUTH=", 6u);
    memset(text + 6, 'a', local);
    memcpy(text + 6 + local, "@b", 2u);
    smtpc_params params;
    test_label("local part of %zu", local);
    test_number(smtpc_params_parse(text, smtpc_span_make(0u, local + 8u), M,
                                   ALL_OFFERS, &params),
                local <= 64u ? SMTPC_OK : SMTPC_E_TOO_LONG);
    compare(text, local + 8u, M, ALL_OFFERS);
  }
}

static void test_params_many_are_refused_early(void **state) {
  (void)state;
  uint8_t text[60000];
  for (size_t k = 0u; k + 7u <= sizeof text; k += 7u) {
    memcpy(text + k, " SIZE=1", 7u);
  }
  smtpc_params params;
  const size_t len = sizeof text / 7u * 7u;
  test_number(smtpc_params_parse(text, smtpc_span_make(0u, len), M, ALL_OFFERS,
                                 &params),
              SMTPC_E_PARAM_DUPLICATE);
}

// ----------------------------------------------------------------------- xtext

static void test_xtext_decodes(void **state) {
  (void)state;
  static const uint8_t text[] = "a+2Bb+20+3Dc";
  uint8_t out[7];
  size_t len = 0u;
  const smtpc_span all = smtpc_span_make(0u, sizeof text - 1u);
  test_number(smtpc_xtext_decode(text, all, out, sizeof out, &len), SMTPC_OK);
  test_octets(out, len, "a+b =c", 6u);
  test_number(smtpc_xtext_decode(text, all, out, 6u, &len), SMTPC_OK);
  test_number(smtpc_xtext_decode(text, all, out, 5u, &len), SMTPC_E_ROOM);
  test_number((long long)len, 0);
}

static void test_xtext_prefers_the_grammar_to_the_room(void **state) {
  (void)state;
  static const uint8_t text[] = "aaaa+0A";
  uint8_t out[2];
  size_t len = 9u;
  test_number(smtpc_xtext_decode(text, smtpc_span_make(0u, 7u), out, 2u, &len),
              SMTPC_E_XTEXT);
  test_number((long long)len, 0);
}

static void test_params_misuse(void **state) {
  (void)state;
  for (unsigned verb = 0u; verb < SMTPC_VERB_COUNT + 2u; verb++) {
    smtpc_params params;
    const smtpc_status status =
        smtpc_params_parse((const uint8_t *)"", smtpc_span_make(0u, 0u), verb,
                           ALL_OFFERS, &params);
    test_label("verb %u", verb);
    test_number(status, verb == M || verb == R ? SMTPC_OK : SMTPC_E_ARGUMENT);
    test_number(params.seen, 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_params_accept_all_of_mail),
      cmocka_unit_test(test_params_accept_all_of_rcpt),
      cmocka_unit_test(test_params_accept_edges),
      cmocka_unit_test(test_params_auth_unknown_is_empty_and_seen),
      cmocka_unit_test(test_params_are_unknown_without_their_extension),
      cmocka_unit_test(test_params_refuse),
      cmocka_unit_test(test_params_limits_are_exact),
      cmocka_unit_test(test_params_auth_limits_are_exact),
      cmocka_unit_test(test_params_auth_limits_are_those_of_a_mailbox),
      cmocka_unit_test(test_params_many_are_refused_early),
      cmocka_unit_test(test_params_misuse),
      cmocka_unit_test(test_params_equal_model_on_every_short_text),
      cmocka_unit_test(test_params_equal_model_on_every_notify_list),
      cmocka_unit_test(test_params_equal_model_on_every_octet),
      cmocka_unit_test(test_params_equal_model_on_generated_params),
      cmocka_unit_test(test_xtext_decodes),
      cmocka_unit_test(test_xtext_prefers_the_grammar_to_the_room),
      cmocka_unit_test(test_xtext_equals_model_on_every_short_text),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
