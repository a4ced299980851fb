// Param, dates: the examples of RFC 3339, refused neighbours, every day of the
// years 1970 to 9999, and equality with `core/model/param_model.h`.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/model/param_model.h"
#include "core/testing.h"
#include "smtpcore/param.h"

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])
#define LAST 253402300799u

// compare_date runs both on an exact-size copy and returns whether it was taken.
static bool compare_date(const uint8_t *text, size_t len) {
  uint8_t *const copy = test_copy(text, len);
  uint64_t have = 99u;
  uint64_t want = 99u;
  const smtpc_status status =
      smtpc_date_parse(copy, smtpc_span_make(0u, len), &have);
  const bool taken = model_date(copy, len, &want);
  test_label("date %.*s", (int)len, (const char *)copy);
  test_number(status, taken ? SMTPC_OK : SMTPC_E_PARAM_VALUE);
  test_number((long long)have, (long long)want);
  free(copy);
  return taken;
}

static void test_date_parses(void **state) {
  (void)state;
  static const struct {
    const char *text;
    uint64_t seconds;
  } rows[] = {
      {"1985-04-12T23:20:50.52Z", 482196050u},
      {"1996-12-19T16:39:57-08:00", 851042397u},
      {"1990-12-31T23:59:60Z", 662688000u},
      {"1990-12-31T15:59:60-08:00", 662688000u},
      {"1991-01-01T08:59:60.999+09:00", 662688000u},
      {"1970-01-01T00:00:00Z", 0u},
      {"1970-01-01t00:00:01z", 1u},
      {"1970-01-01T00:00:00.0000000000000000000000001Z", 0u},
      {"1969-12-31T23:59:00-00:01", 0u},
      {"1969-12-31T23:59:60Z", 0u},
      {"1970-01-01T23:59:00+23:59", 0u},
      {"1970-01-01T00:00:00-00:00", 0u},
      {"2000-02-29T00:00:00Z", 951782400u},
      {"2030-01-31T23:59:59Z", 1896134399u},
      {"2030-01-31T23:59:60Z", 1896134400u},
      {"2038-01-19T03:14:08Z", 2147483648u},
      {"2106-02-07T06:28:16Z", 4294967296u},
      {"9999-12-31T23:59:59Z", LAST},
      {"9999-12-31T23:59:59.999+00:00", LAST},
  };
  for (size_t i = 0u; i < COUNT_OF(rows); i++) {
    const size_t len = strlen(rows[i].text);
    uint8_t *const copy = test_copy(rows[i].text, len);
    uint64_t seconds = 99u;
    test_label("%s", rows[i].text);
    test_number(smtpc_date_parse(copy, smtpc_span_make(0u, len), &seconds),
                SMTPC_OK);
    test_number((long long)seconds, (long long)rows[i].seconds);
    free(copy);
    assert_true(compare_date((const uint8_t *)rows[i].text, len));
  }
}

static void test_date_refuses(void **state) {
  (void)state;
  static const char *const rows[] = {
      "",
      "Z",
      "2030-01-31",
      "2030-01-31T23:59:59",
      "2030-01-31T23:59Z",
      "2030-01-31 23:59:59Z",
      " 2030-01-31T23:59:59Z",
      "2030-01-31T23:59:59Z ",
      "2030-01-31T23:59:59ZZ",
      "2030-01-31T23:59:59UTC",
      "2030-01-31T23:59:59.Z",
      "2030-01-31T23:59:59.5",
      "2030-01-31T23:59:59.5.5Z",
      "2030-01-31T23:59:59,5Z",
      "2030-01-31T23:59:59+",
      "2030-01-31T23:59:59+1:00",
      "2030-01-31T23:59:59+0100",
      "2030-01-31T23:59:59+01",
      "2030-01-31T23:59:59+01:",
      "2030-01-31T23:59:59+24:00",
      "2030-01-31T23:59:59+00:60",
      "2030-01-31T23:59:59*00:00",
      "2030-01-31T23:59:59Z+00:00",
      "20300131T235959Z",
      "2030-1-31T23:59:59Z",
      "2030-001-31T23:59:59Z",
      "+2030-01-31T23:59:59Z",
      "02030-01-31T23:59:59Z",
      "10000-01-01T00:00:00Z",
      "2030-00-31T23:59:59Z",
      "2030-13-31T23:59:59Z",
      "2030-01-00T23:59:59Z",
      "2030-01-32T23:59:59Z",
      "2030-04-31T23:59:59Z",
      "2030-02-29T23:59:59Z",
      "2100-02-29T23:59:59Z",
      "2000-02-30T23:59:59Z",
      "2030-01-31T24:00:00Z",
      "2030-01-31T23:60:00Z",
      "2030-01-31T23:59:61Z",
      // A leap second that is none: not at the end of a month in UTC.
      "2030-01-30T23:59:60Z",
      "2030-01-31T22:59:60Z",
      "2030-01-31T23:58:60Z",
      "2030-01-31T23:59:60-01:00",
      "2030-01-31T23:59:60+00:01",
      "2024-02-28T23:59:60Z",
      // Outside of 1970 to 9999, by the date, the offset or the leap second.
      "1969-12-31T23:59:59Z",
      "1937-01-01T12:00:27.87+00:20",
      "1970-01-01T00:00:00+00:01",
      "1970-01-01T23:58:59+23:59",
      "0000-01-01T00:00:00+23:59",
      "0000-03-01T00:00:00Z",
      "9999-12-31T23:59:59-00:01",
      "9999-12-31T00:01:00-23:59",
      "9999-12-31T23:59:60Z",
  };
  for (size_t i = 0u; i < COUNT_OF(rows); i++) {
    assert_false(compare_date((const uint8_t *)rows[i], strlen(rows[i])));
  }
}

static void test_date_reads_its_span_only(void **state) {
  (void)state;
  static const uint8_t line[] = "1999-12-31T00:00:00Z+00:00;C";
  uint64_t seconds = 99u;
  test_number(smtpc_date_parse(line, smtpc_span_make(0u, 20u), &seconds),
              SMTPC_OK);
  test_number((long long)seconds, 946598400);
  test_number(smtpc_date_parse(line, smtpc_span_make(0u, 19u), &seconds),
              SMTPC_E_PARAM_VALUE);
  test_number((long long)seconds, 0);
  test_number(smtpc_date_parse(line, smtpc_span_make(20u, 26u), &seconds),
              SMTPC_E_PARAM_VALUE);
}

static unsigned days_of(unsigned year, unsigned month) {
  static const unsigned days[] = {31u, 28u, 31u, 30u, 31u, 30u,
                                  31u, 31u, 30u, 31u, 30u, 31u};
  const bool leap = (year % 4u == 0u && year % 100u != 0u) || year % 400u == 0u;
  return days[month - 1u] + (month == 2u && leap ? 1u : 0u);
}

// same checks that `seconds` and `want` are the two forms of one moment.
static void same(uint64_t seconds, const char *want) {
  uint8_t out[SMTPC_DATE_LEN];
  uint64_t back = 99u;
  const smtpc_status written = smtpc_date_write(seconds, out);
  const smtpc_status read =
      smtpc_date_parse(out, smtpc_span_make(0u, sizeof out), &back);
  if (written != SMTPC_OK || memcmp(out, want, sizeof out) != 0 ||
      read != SMTPC_OK || back != seconds) {
    test_label("%s", want);
    test_number(written, SMTPC_OK);
    test_octets(out, sizeof out, want, sizeof out);
    test_number(read, SMTPC_OK);
    test_number((long long)back, (long long)seconds);
  }
}

static void test_date_is_right_on_every_day(void **state) {
  (void)state;
  uint64_t seed = 3339u;
  uint64_t day = 0u;
  for (unsigned year = 1970u; year <= 9999u; year++) {
    for (unsigned month = 1u; month <= 12u; month++) {
      for (unsigned mday = 1u; mday <= days_of(year, month); mday++) {
        char want[48];
        const uint32_t second = test_random(&seed) % 86400u;
        (void)snprintf(want, sizeof want, "%04u-%02u-%02uT%02u:%02u:%02uZ",
                       year, month, mday, second / 3600u, second / 60u % 60u,
                       second % 60u);
        same(day * 86400u + second, want);
        day++;
      }
    }
  }
  test_number((long long)day, (LAST + 1u) / 86400u);
}

static void test_date_is_right_on_every_second_of_a_day(void **state) {
  (void)state;
  for (unsigned second = 0u; second < 86400u; second++) {
    char want[48];
    (void)snprintf(want, sizeof want, "2000-02-29T%02u:%02u:%02uZ",
                   second / 3600u, second / 60u % 60u, second % 60u);
    same(951782400u + second, want);
  }
}

static void test_date_write_ends_with_the_year_9999(void **state) {
  (void)state;
  static const uint64_t late[] = {LAST + 1u, LAST + 86400u, (uint64_t)1 << 39,
                                  UINT64_MAX};
  same(0u, "1970-01-01T00:00:00Z");
  same(LAST, "9999-12-31T23:59:59Z");
  for (size_t i = 0u; i < COUNT_OF(late); i++) {
    uint8_t out[SMTPC_DATE_LEN];
    memset(out, 'x', sizeof out);
    test_label("late %zu", i);
    test_number(smtpc_date_write(late[i], out), SMTPC_E_ARGUMENT);
    test_octets(out, sizeof out, "xxxxxxxxxxxxxxxxxxxx", sizeof out);
  }
}

// --------------------------------------------------------------------- compare

static void test_date_equals_model_on_every_octet(void **state) {
  (void)state;
  static const char *const texts[] = {
      "2024-02-29T10:20:30Z", "1999-11-19T23:09:59.07-13:49",
      "2016-12-31T23:59:60Z", "2017-01-01T01:29:60+01:30"};
  for (size_t t = 0u; t < COUNT_OF(texts); t++) {
    const size_t len = strlen(texts[t]);
    for (size_t at = 0u; at < len; at++) {
      uint8_t text[64];
      memcpy(text, texts[t], len);
      for (unsigned c = 0u; c < 256u; c++) {
        text[at] = (uint8_t)c;
        compare_date(text, len);
      }
      compare_date((const uint8_t *)texts[t], at);
    }
  }
}

static void test_date_equals_model_on_every_leap_second(void **state) {
  (void)state;
  size_t taken = 0u;
  for (int offset = -1439; offset <= 1439; offset++) {
    const int minutes = ((1439 + offset) % 1440 + 1440) % 1440;
    for (unsigned mday = 1u; mday <= 31u; mday++) {
      char text[64];
      const int size = offset < 0 ? -offset : offset;
      const int len =
          snprintf(text, sizeof text, "2030-%02u-%02uT%02d:%02d:60%c%02d:%02d",
                   mday % 12u + 1u, mday, minutes / 60, minutes % 60,
                   offset < 0 ? '-' : '+', size / 60, size % 60);
      taken += compare_date((const uint8_t *)text, (size_t)len) ? 1u : 0u;
    }
  }
  assert_true(taken > 1000u);
}

static size_t make_date(uint8_t *text, size_t cap, uint64_t *seed) {
  static const unsigned years[] = {0u,    1u,    1900u, 1969u, 1970u, 1971u,
                                   1972u, 2000u, 2023u, 2024u, 2100u, 2400u,
                                   4000u, 9996u, 9998u, 9999u};
  static const char *const fractions[] = {"",   "",  "",    "",
                                          ".5", ".", ".00", ":1"};
  static const char signs[] = "+-+-+-+- ";
  unsigned r[8];
  for (size_t k = 0u; k < COUNT_OF(r); k++) {
    r[k] = test_random(seed);
  }
  char zone[40] = "Z";
  if (r[7] % 3u != 0u) {
    (void)snprintf(zone, sizeof zone, "%c%02u:%02u",
                   signs[(r[7] >> 4) % (sizeof signs - 1u)], (r[7] >> 8) % 25u,
                   (r[7] >> 16) % 61u);
  }
  const bool late = r[3] % 8u == 0u;
  const int len =
      snprintf((char *)text, cap, "%04u-%02u-%02u%c%02u:%02u:%02u%s%s",
               r[0] % 2u == 0u ? years[(r[0] >> 1) % COUNT_OF(years)]
                               : (r[0] >> 1) % 10000u,
               r[1] % 13u + (r[1] % 50u == 0u ? 1u : 0u), 1u + r[2] % 31u,
               r[2] % 64u < 2u ? ' ' : 'T', late ? 23u : r[4] % 25u,
               late ? 59u : r[5] % 61u, late ? 60u : r[6] % 61u,
               fractions[(r[6] >> 8) % COUNT_OF(fractions)], zone);
  return (size_t)len;
}

static void test_date_equals_model_on_generated_dates(void **state) {
  (void)state;
  uint64_t seed = 3339u;
  size_t taken = 0u;
  for (unsigned n = 0u; n < 300000u; n++) {
    uint8_t text[128];
    size_t len = make_date(text, sizeof text, &seed);
    if (n % 4u == 0u) {
      const uint32_t dice = test_random(&seed);
      text[dice % len] = (uint8_t) "0123456789-:.TZ+ "[(dice >> 8) % 17u];
      len -= (dice >> 16) % 8u == 0u ? 1u : 0u;
    }
    taken += compare_date(text, len) ? 1u : 0u;
  }
  assert_in_range(taken, 30000u, 200000u);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_date_parses),
      cmocka_unit_test(test_date_refuses),
      cmocka_unit_test(test_date_reads_its_span_only),
      cmocka_unit_test(test_date_is_right_on_every_day),
      cmocka_unit_test(test_date_is_right_on_every_second_of_a_day),
      cmocka_unit_test(test_date_write_ends_with_the_year_9999),
      cmocka_unit_test(test_date_equals_model_on_every_octet),
      cmocka_unit_test(test_date_equals_model_on_every_leap_second),
      cmocka_unit_test(test_date_equals_model_on_generated_dates),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
