// A stand-in for what this tree's tests use of cmocka, for machines that have no such
// library: other processors, and boards without a system. The names are cmocka's, the
// code is not. Include <setjmp.h>, <stdarg.h>, <stddef.h> and <stdint.h> first.
#ifndef SMTPCORE_EMBED_CMOCKA_CMOCKA_H
#define SMTPCORE_EMBED_CMOCKA_CMOCKA_H

#include <stdint.h>
#include <string.h>

typedef void (*CMUnitTestFunction)(void **state);
typedef int (*CMFixtureFunction)(void **state);

struct CMUnitTest {
  const char *name;
  CMUnitTestFunction test_func;
  CMFixtureFunction setup_func;
  CMFixtureFunction teardown_func;
  void *initial_state;
};

#define cmocka_unit_test(f) \
  { #f, f, NULL, NULL, NULL }
#define cmocka_unit_test_setup(f, setup) \
  { #f, f, setup, NULL, NULL }
#define cmocka_unit_test_teardown(f, teardown) \
  { #f, f, NULL, teardown, NULL }
#define cmocka_unit_test_setup_teardown(f, setup, teardown) \
  { #f, f, setup, teardown, NULL }
#define cmocka_unit_test_prestate(f, state) \
  { #f, f, NULL, NULL, state }

// Each of these ends the test that is running when it does not hold.
#define assert_true(a) standin_holds((a) ? 1 : 0, #a, __FILE__, __LINE__)
#define assert_false(a) \
  standin_holds((a) ? 0 : 1, "not " #a, __FILE__, __LINE__)
#define assert_null(a) assert_true((a) == NULL)
#define assert_non_null(a) assert_true((a) != NULL)
#define assert_int_equal(a, b)                                         \
  standin_equal((uintmax_t)(intmax_t)(a), (uintmax_t)(intmax_t)(b), 1, \
                #a " == " #b, __FILE__, __LINE__)
#define assert_int_not_equal(a, b)                                     \
  standin_equal((uintmax_t)(intmax_t)(a), (uintmax_t)(intmax_t)(b), 0, \
                #a " != " #b, __FILE__, __LINE__)
#define assert_string_equal(a, b) \
  standin_strings((a), (b), 1, #a " is " #b, __FILE__, __LINE__)
#define assert_string_not_equal(a, b) \
  standin_strings((a), (b), 0, #a " is not " #b, __FILE__, __LINE__)
#define assert_memory_equal(a, b, len) \
  standin_holds(memcmp((a), (b), (len)) == 0, #a " is " #b, __FILE__, __LINE__)
#define assert_in_range(a, min, max)                                    \
  standin_range((uintmax_t)(a), (uintmax_t)(min), (uintmax_t)(max), #a, \
                __FILE__, __LINE__)
#define fail() standin_holds(0, "fail()", __FILE__, __LINE__)
#define fail_msg(...)                                 \
  do {                                                \
    print_error(__VA_ARGS__);                         \
    print_error("\n");                                \
    standin_holds(0, "fail_msg", __FILE__, __LINE__); \
  } while (0)
#define skip() standin_skip(__FILE__, __LINE__)

// cmocka_run_group_tests runs each row of the array `tests` and returns how many failed.
// The last line that it prints is "N passed, N failed", with what was skipped before it.
#define cmocka_run_group_tests(tests, setup, teardown)                  \
  standin_run(#tests, tests, sizeof(tests) / sizeof((tests)[0]), setup, \
              teardown)
#define cmocka_run_group_tests_name(name, tests, setup, teardown) \
  standin_run(name, tests, sizeof(tests) / sizeof((tests)[0]), setup, teardown)

void print_message(const char *format, ...)
    __attribute__((format(printf, 1, 2)));
void print_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

void standin_holds(int holds, const char *what, const char *file, int line);
void standin_equal(uintmax_t a, uintmax_t b, int want, const char *what,
                   const char *file, int line);
void standin_strings(const char *a, const char *b, int want, const char *what,
                     const char *file, int line);
void standin_range(uintmax_t a, uintmax_t min, uintmax_t max, const char *what,
                   const char *file, int line);
_Noreturn void standin_skip(const char *file, int line);
int standin_run(const char *name, const struct CMUnitTest *tests, size_t count,
                CMFixtureFunction setup, CMFixtureFunction teardown);

#endif  // SMTPCORE_EMBED_CMOCKA_CMOCKA_H
