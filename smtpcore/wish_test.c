#include "smtpcore/wish.h"

#include <string.h>

#include "core/testing.h"
#include "smtpcore/registry.h"

#define CERTIFIER "AAAAAAAAAAAAAAAAAAAAAAAAAAA"  // 27 digits

// What would be written for a wish, without its line end; "" when it is none.
static const char *written(unsigned param, const char *text) {
  static char line[SMTPC_OUT_MAX + 1u];
  smtpc_envelope envelope = {0};
  size_t len = 0u;
  line[0] = '\0';
  if (!smtpc_wish_take(param, text, &envelope)) {
    static const smtpc_envelope none = {0};
    assert_memory_equal(&envelope, &none, sizeof envelope);
    return line;
  }
  uint8_t *out = (uint8_t *)line;
  const bool rcpt = smtpc_param_get(param).verb == SMTPC_VERB_RCPT;
  envelope.address = (const uint8_t *)"a@b.example";
  envelope.address_len = 11u;
  assert_int_equal(
      rcpt ? smtpc_write_rcpt(out, SMTPC_OUT_MAX, &len, &envelope, 0)
           : smtpc_write_mail(out, SMTPC_OUT_MAX, &len, &envelope),
      SMTPC_OK);
  line[len - 2u] = '\0';
  return line + (rcpt ? 21u : 23u);
}

static void test_wish_is_what_goes_out(void **state) {
  (void)state;
  static const struct {
    unsigned param;
    const char *text;
    const char *want;
  } rows[] = {
      {SMTPC_PARAM_RET, "full", " RET=FULL"},
      {SMTPC_PARAM_RET, "hdrs", " RET=HDRS"},
      {SMTPC_PARAM_NOTIFY, "never", " NOTIFY=NEVER"},
      {SMTPC_PARAM_NOTIFY, "delay,success", " NOTIFY=SUCCESS,DELAY"},
      {SMTPC_PARAM_BY, "3600:R", " BY=3600;R"},
      {SMTPC_PARAM_BY, "3600:N:T", " BY=3600;NT"},
      {SMTPC_PARAM_BY, "0:N", " BY=0;N"},
      {SMTPC_PARAM_BY, "-60:N", " BY=-60;N"},
      {SMTPC_PARAM_HOLDFOR, "86400", " HOLDFOR=86400"},
      {SMTPC_PARAM_HOLDUNTIL, "2030-01-31T08:00:00Z",
       " HOLDUNTIL=2030-01-31T08:00:00Z"},
      {SMTPC_PARAM_HOLDUNTIL, "2030-01-31T08:00:00+01:00",
       " HOLDUNTIL=2030-01-31T07:00:00Z"},
      {SMTPC_PARAM_MT_PRIORITY, "-9", " MT-PRIORITY=-9"},
      {SMTPC_PARAM_MT_PRIORITY, "0", " MT-PRIORITY=0"},
      {SMTPC_PARAM_SOLICIT, "net.example:ADV,org.example:X",
       " SOLICIT=net.example:ADV,org.example:X"},
      {SMTPC_PARAM_MTRK, CERTIFIER, " MTRK=" CERTIFIER},
      {SMTPC_PARAM_MTRK, CERTIFIER ":3600", " MTRK=" CERTIFIER ":3600"},
      {SMTPC_PARAM_RRVS, "2020-02-29T00:00:00Z", " RRVS=2020-02-29T00:00:00Z"},
      {SMTPC_PARAM_RRVS, "2020-02-29T00:00:00Z:R",
       " RRVS=2020-02-29T00:00:00Z;R"},
      {SMTPC_PARAM_RRVS, "2020-02-29T00:00:00+00:00:C",
       " RRVS=2020-02-29T00:00:00Z;C"},
  };
  for (size_t i = 0u; i < sizeof rows / sizeof rows[0]; i++) {
    test_label("%s", rows[i].text);
    const char *have = written(rows[i].param, rows[i].text);
    test_octets(have, strlen(have), rows[i].want, strlen(rows[i].want));
  }
}

static void test_wish_refuses_the_rest(void **state) {
  (void)state;
  static const struct {
    unsigned param;
    const char *text;
  } rows[] = {
      {SMTPC_PARAM_RET, ""},
      {SMTPC_PARAM_RET, "body"},
      {SMTPC_PARAM_RET, "full ENVID=x"},
      {SMTPC_PARAM_NOTIFY, ""},
      {SMTPC_PARAM_NOTIFY, "success,"},
      {SMTPC_PARAM_NOTIFY, "never,success"},
      {SMTPC_PARAM_NOTIFY, "later"},
      {SMTPC_PARAM_BY, ""},
      {SMTPC_PARAM_BY, "3600"},
      {SMTPC_PARAM_BY, "3600:"},
      {SMTPC_PARAM_BY, ":R"},
      {SMTPC_PARAM_BY, "0:R"},
      {SMTPC_PARAM_BY, "60:X"},
      {SMTPC_PARAM_BY, "60:T:R"},
      {SMTPC_PARAM_BY, "60:R:X"},
      {SMTPC_PARAM_BY, "60:R:"},
      {SMTPC_PARAM_BY, "60:R:T:T"},
      {SMTPC_PARAM_BY, "1000000000:R"},
      {SMTPC_PARAM_HOLDFOR, "0"},
      {SMTPC_PARAM_HOLDFOR, "-1"},
      {SMTPC_PARAM_HOLDFOR, "1000000000"},
      {SMTPC_PARAM_HOLDFOR, "60 SIZE=1"},
      {SMTPC_PARAM_HOLDUNTIL, "2030-01-31"},
      {SMTPC_PARAM_HOLDUNTIL, "2030-02-30T00:00:00Z"},
      {SMTPC_PARAM_HOLDUNTIL, "1969-12-31T23:59:59Z"},
      {SMTPC_PARAM_MT_PRIORITY, "10"},
      {SMTPC_PARAM_MT_PRIORITY, "-10"},
      {SMTPC_PARAM_MT_PRIORITY, "+1"},
      {SMTPC_PARAM_SOLICIT, ""},
      {SMTPC_PARAM_SOLICIT, "a,,b"},
      {SMTPC_PARAM_SOLICIT, "a b"},
      {SMTPC_PARAM_SOLICIT, "1a"},
      {SMTPC_PARAM_MTRK, "AAAA"},
      {SMTPC_PARAM_MTRK, CERTIFIER "="},
      {SMTPC_PARAM_MTRK, CERTIFIER ":"},
      {SMTPC_PARAM_MTRK, CERTIFIER ":x"},
      {SMTPC_PARAM_RRVS, "2020-02-29T00:00:00Z:X"},
      {SMTPC_PARAM_RRVS, "2020-02-29T00:00:00Z:"},
      {SMTPC_PARAM_RRVS, "yesterday"},
      // No wishes.
      {SMTPC_PARAM_SIZE, "1"},
      {SMTPC_PARAM_BODY, "8BITMIME"},
      {SMTPC_PARAM_AUTH, "a@b.example"},
      {SMTPC_PARAM_TRANSID, "<a@b>"},
  };
  for (size_t i = 0u; i < sizeof rows / sizeof rows[0]; i++) {
    test_label("%u %s", rows[i].param, rows[i].text);
    const char *have = written(rows[i].param, rows[i].text);
    test_octets(have, strlen(have), "", 0u);
  }
}

// The longest value is taken; a longer one is no value, wherever it is cut.
static void test_wish_has_a_longest_value(void **state) {
  (void)state;
  static char text[SMTPC_SOLICIT_MAX + 200u];
  for (size_t len = SMTPC_SOLICIT_MAX - 1u; len < sizeof text - 1u; len++) {
    smtpc_envelope envelope = {0};
    memset(text, 'a', len);
    text[len] = '\0';
    test_label("length %zu", len);
    test_number(smtpc_wish_take(SMTPC_PARAM_SOLICIT, text, &envelope),
                len <= SMTPC_SOLICIT_MAX);
    if (len <= SMTPC_SOLICIT_MAX) {
      test_number(envelope.solicit_len, len);
      assert_ptr_equal(envelope.solicit, text);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_wish_is_what_goes_out),
      cmocka_unit_test(test_wish_refuses_the_rest),
      cmocka_unit_test(test_wish_has_a_longest_value),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
