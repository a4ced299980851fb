// Version: the numbers, their order, the text, and that library and headers agree.
#include "smtpcore/version.h"

#include <stdio.h>

#include "core/testing.h"

static void test_version_is_the_headers(void **state) {
  (void)state;
  test_number(smtpc_version(), SMTPC_VERSION);
  test_number((long long)smtpc_settings(), (long long)SMTPC_SETTINGS);
  assert_true(SMTPC_MATCHES());
}

static void test_version_text_is_the_numbers(void **state) {
  (void)state;
  char want[32];
  (void)snprintf(want, sizeof want, "%d.%d.%d", SMTPC_VERSION_MAJOR,
                 SMTPC_VERSION_MINOR, SMTPC_VERSION_PATCH);
  assert_string_equal(SMTPC_VERSION_TEXT, want);
}

// A later version has the greater number, whichever of its parts is later.
static void test_version_numbers_are_ordered(void **state) {
  (void)state;
  static const int rows[] = {
      SMTPC_VERSION_NUMBER(0, 0, 0),   SMTPC_VERSION_NUMBER(0, 0, 1),
      SMTPC_VERSION_NUMBER(0, 0, 999), SMTPC_VERSION_NUMBER(0, 1, 0),
      SMTPC_VERSION_NUMBER(0, 999, 9), SMTPC_VERSION_NUMBER(1, 0, 0),
      SMTPC_VERSION_NUMBER(1, 0, 1),   SMTPC_VERSION_NUMBER(2000, 999, 999)};
  for (size_t i = 1u; i < sizeof rows / sizeof rows[0]; i++) {
    assert_true(rows[i - 1u] < rows[i]);
  }
}

// Each setting has its place, and the line buffer too.
static void test_version_settings_by_default(void **state) {
  (void)state;
  test_number((long long)(SMTPC_SETTINGS >> 32), SMTPC_LINE_MAX);
  test_number((long long)(SMTPC_SETTINGS & 0xffffffffu), 0x7ffff);
}

#if SMTPC_VERSION < SMTPC_VERSION_NUMBER(0, 1, 0)
#error "SMTPC_VERSION does not serve the preprocessor"
#endif

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_version_is_the_headers),
      cmocka_unit_test(test_version_text_is_the_numbers),
      cmocka_unit_test(test_version_numbers_are_ordered),
      cmocka_unit_test(test_version_settings_by_default),
  };
  return cmocka_run_group_tests_name("version", tests, NULL, NULL);
}
