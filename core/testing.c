#include "core/testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char label[256];

uint8_t *test_copy(const void *data, size_t len) {
  uint8_t *copy = malloc(len > 0u ? len : 1u);
  assert_non_null(copy);
  if (len > 0u) {
    memcpy(copy, data, len);
  }
  return copy;
}

size_t test_cut_next(size_t cut, size_t left) {
  return cut == 0u || cut > left ? left : cut;
}

uint32_t test_random(uint64_t *state) {
  // xorshift64: any good enough generator serves; this one is two lines.
  // A sanitizer calls a bit that is shifted out a loss, so none is.
  *state ^= (*state & UINT64_MAX >> 13) << 13;
  *state ^= *state >> 7;
  *state ^= (*state & UINT64_MAX >> 17) << 17;
  return (uint32_t)(*state >> 16);
}

void test_label(const char *format, ...) {
  va_list args;
  va_start(args, format);
  (void)vsnprintf(label, sizeof label, format, args);
  va_end(args);
}

static void print_octets(const char *name, const uint8_t *data, size_t len) {
  fprintf(stderr, "  %s (%zu): ", name, len);
  for (size_t i = 0u; i < len && i < 1200u; i++) {
    const uint8_t c = data[i];
    if (c >= 0x20u && c < 0x7fu && c != (uint8_t)'\\') {
      fputc(c, stderr);
    } else {
      fprintf(stderr, "\\x%02x", c);
    }
  }
  fputc('\n', stderr);
}

void test_octets_at(const void *have, size_t have_len, const void *want,
                    size_t want_len, const char *file, int line) {
  if (have_len == want_len &&
      (have_len == 0u || memcmp(have, want, have_len) == 0)) {
    return;
  }
  fprintf(stderr, "%s:%d: [%s]\n", file, line, label);
  print_octets("have", have, have_len);
  print_octets("want", want, want_len);
  fail();
}

void test_number_at(long long have, long long want, const char *what,
                    const char *file, int line) {
  if (have == want) {
    return;
  }
  fprintf(stderr, "%s:%d: [%s] %s: have %lld, want %lld\n", file, line, label,
          what, have, want);
  fail();
}
