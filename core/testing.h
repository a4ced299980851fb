// Testing: what every unit test of the core shares. Test code only; it may use the
// C library.
#ifndef SMTPCORE_CORE_TESTING_H
#define SMTPCORE_CORE_TESTING_H

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
// clang-format on

// TEST_CUT_MAX is the largest piece that tokenizer tests feed besides "whole".
#define TEST_CUT_MAX 5u

// test_copy returns an exact-size heap copy of `len` octets of `data`, so that a
// sanitizer sees a read one octet past it. The caller frees it.
uint8_t *test_copy(const void *data, size_t len);

// test_cut_next returns how long the next piece is when `left` octets are left and
// pieces of `cut` octets are fed; `cut` 0 feeds all at once.
size_t test_cut_next(size_t cut, size_t left);

// test_random returns the next number of a fixed sequence whose state is `*state`
// (start it with any number but 0). Tests are the same on every run.
uint32_t test_random(uint64_t *state);

// test_label sets what a failing check prints first: which row, which cut. The
// format is printf's.
void test_label(const char *format, ...) __attribute__((format(printf, 1, 2)));

// test_octets fails the test, printing the label and both sides with escapes, when
// the octets differ.
#define test_octets(have, have_len, want, want_len) \
  test_octets_at(have, have_len, want, want_len, __FILE__, __LINE__)

// test_number fails the test, printing the label and both sides, when they differ.
#define test_number(have, want)                                              \
  test_number_at((long long)(have), (long long)(want), #have, __FILE__, \
                 __LINE__)

void test_octets_at(const void *have, size_t have_len, const void *want,
                    size_t want_len, const char *file, int line);
void test_number_at(long long have, long long want, const char *what,
                    const char *file, int line);

#endif  // SMTPCORE_CORE_TESTING_H
