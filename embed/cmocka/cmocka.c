// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
// clang-format on

#include <stdio.h>
#include <string.h>

#define STANDIN_FAILED 1
#define STANDIN_SKIPPED 2

static jmp_buf out_of_test;

void print_message(const char *format, ...) {
  va_list args;
  va_start(args, format);
  (void)vprintf(format, args);
  va_end(args);
}

void print_error(const char *format, ...) {
  va_list args;
  va_start(args, format);
  (void)vfprintf(stderr, format, args);
  va_end(args);
}

void standin_holds(int holds, const char *what, const char *file, int line) {
  if (holds == 0) {
    print_error("%s:%d: does not hold: %s\n", file, line, what);
    longjmp(out_of_test, STANDIN_FAILED);
  }
}

void standin_equal(uintmax_t a, uintmax_t b, int want, const char *what,
                   const char *file, int line) {
  if ((a == b) != (want != 0)) {
    print_error("  %llx, %llx\n", (unsigned long long)a, (unsigned long long)b);
    standin_holds(0, what, file, line);
  }
}

void standin_strings(const char *a, const char *b, int want, const char *what,
                     const char *file, int line) {
  if ((strcmp(a, b) == 0) != (want != 0)) {
    print_error("  \"%s\", \"%s\"\n", a, b);
    standin_holds(0, what, file, line);
  }
}

void standin_range(uintmax_t a, uintmax_t min, uintmax_t max, const char *what,
                   const char *file, int line) {
  if (a < min || a > max) {
    print_error("  %llu is not in %llu to %llu\n", (unsigned long long)a,
                (unsigned long long)min, (unsigned long long)max);
    standin_holds(0, what, file, line);
  }
}

_Noreturn void standin_skip(const char *file, int line) {
  print_error("%s:%d: skipped\n", file, line);
  longjmp(out_of_test, STANDIN_SKIPPED);
}

// Runs one test with its own set-up and tear-down. Returns 0, or why it did not pass.
static int run_one(const struct CMUnitTest *test, void *group_state) {
  void *state = test->initial_state != NULL ? test->initial_state : group_state;
  if (test->setup_func != NULL && test->setup_func(&state) != 0) {
    print_error("%s: its set-up failed\n", test->name);
    return STANDIN_FAILED;
  }
  const int why = setjmp(out_of_test);
  if (why == 0) {
    test->test_func(&state);
  }
  if (test->teardown_func != NULL && test->teardown_func(&state) != 0) {
    print_error("%s: its tear-down failed\n", test->name);
    return STANDIN_FAILED;
  }
  return why;
}

int standin_run(const char *name, const struct CMUnitTest *tests, size_t count,
                CMFixtureFunction setup, CMFixtureFunction teardown) {
  void *state = NULL;
  unsigned results[3] = {0u, 0u, 0u};
  if (setup != NULL && setup(&state) != 0) {
    print_error("%s: its set-up failed\n", name);
    return (int)count;
  }
  for (size_t i = 0u; i < count; i++) {
    const int why = run_one(&tests[i], state);
    results[why]++;
    if (why == STANDIN_FAILED) {
      print_error("FAILED %s\n", tests[i].name);
    }
  }
  if (teardown != NULL && teardown(&state) != 0) {
    print_error("%s: its tear-down failed\n", name);
    results[STANDIN_FAILED]++;
  }
  if (results[STANDIN_SKIPPED] > 0u) {
    print_message("%u skipped\n", results[STANDIN_SKIPPED]);
  }
  (void)fflush(stderr);
  print_message("%u passed, %u failed\n", results[0], results[STANDIN_FAILED]);
  (void)fflush(stdout);
  return (int)results[STANDIN_FAILED];
}
