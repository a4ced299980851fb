// The four functions that compilers and the core want of a C library, and strlen, which
// the test programs want too.

#include "embed/mem.h"

#include <stdint.h>

// Words, where both ends lie so: the counts of instructions are then those of a plain
// library, not of octets one by one.
typedef uint32_t __attribute__((may_alias)) word;
#define WORD sizeof(word)

void *memcpy(void *restrict to, const void *restrict from, size_t len) {
  uint8_t *out = to;
  const uint8_t *in = from;
  if ((((uintptr_t)out | (uintptr_t)in) % WORD) == 0u) {
    for (; len >= WORD; len -= WORD) {
      *(word *)(void *)out = *(const word *)(const void *)in;
      out += WORD;
      in += WORD;
    }
  }
  for (; len > 0u; len--) {
    *out = *in;
    out++;
    in++;
  }
  return to;
}

void *memmove(void *to, const void *from, size_t len) {
  uint8_t *out = to;
  const uint8_t *in = from;
  if ((uintptr_t)out <= (uintptr_t)in) {
    for (size_t i = 0u; i < len; i++) {
      out[i] = in[i];
    }
  } else {
    for (size_t i = len; i > 0u; i--) {
      out[i - 1u] = in[i - 1u];
    }
  }
  return to;
}

void *memset(void *to, int octet, size_t len) {
  uint8_t *out = to;
  const word all = (uint8_t)octet * (word)0x01010101u;
  for (; len > 0u && ((uintptr_t)out % WORD) != 0u; len--) {
    *out = (uint8_t)octet;
    out++;
  }
  for (; len >= WORD; len -= WORD) {
    *(word *)(void *)out = all;
    out += WORD;
  }
  for (; len > 0u; len--) {
    *out = (uint8_t)octet;
    out++;
  }
  return to;
}

int memcmp(const void *a, const void *b, size_t len) {
  const uint8_t *left = a;
  const uint8_t *right = b;
  for (size_t i = 0u; i < len; i++) {
    if (left[i] != right[i]) {
      return left[i] < right[i] ? -1 : 1;
    }
  }
  return 0;
}

size_t strlen(const char *text) {
  size_t len = 0u;
  while (text[len] != '\0') {
    len++;
  }
  return len;
}
