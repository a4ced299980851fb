#include "smtpcore/span.h"

#include "core/config_parts.h"

size_t smtpc_span_find(const uint8_t *line, smtpc_span span, uint8_t octet) {
  size_t i = span.begin;
  while (i < span.end && line[i] != octet) {
    i++;
  }
  return i < span.end ? i : span.end;
}

bool smtpc_span_starts(const uint8_t *line, smtpc_span span, const char *word,
                       size_t len) {
  size_t i = span.begin;
  for (size_t k = 0u; k < len; k++) {
    if (i >= span.end || smtpc_upper(line[i]) != (uint8_t)word[k]) {
      return false;
    }
    i++;
  }
  return true;
}

bool smtpc_span_is(const uint8_t *line, smtpc_span span, const char *word,
                   size_t len) {
  return smtpc_span_len(span) == len &&
         smtpc_span_starts(line, span, word, len);
}

smtpc_status smtpc_span_number(const uint8_t *line, smtpc_span span,
                               uint64_t max, uint64_t *out) {
  uint64_t value = 0u;
  *out = 0u;
  const size_t len = smtpc_span_len(span);
  if (len == 0u || len > 20u) {
    return SMTPC_E_NUMBER;
  }
  bool large = false;
  for (size_t i = span.begin; i < span.end; i++) {
    const uint8_t c = line[i];
    if (!smtpc_is_digit(c)) {
      return SMTPC_E_NUMBER;
    }
    const uint64_t digit = (uint64_t)c - (uint64_t)'0';
    // Twenty digits can pass 2^64: stop adding, but still check each octet.
    if (value > UINT64_MAX / 10u || value * 10u > UINT64_MAX - digit) {
      large = true;
    } else {
      value = value * 10u + digit;
    }
  }
  if (large || value > max) {
    return SMTPC_E_NUMBER_TOO_LARGE;
  }
  *out = value;
  return SMTPC_OK;
}

// A block of this size compiles to a few vector instructions at -O2.
#define BLOCK 32u

// One variable for each octet sought: gcc merges the comparisons into a bit test
// otherwise, which has no vector form.
static bool block_is_plain(const uint8_t *data, size_t from) {
  uint8_t cr = 0u;
  uint8_t lf = 0u;
  uint8_t nul = 0u;
  for (size_t k = 0u; k < BLOCK; k++) {
    const uint8_t c = data[from + k];
    cr |= (uint8_t)(c == (uint8_t)'\r');
    lf |= (uint8_t)(c == (uint8_t)'\n');
    nul |= (uint8_t)(c == 0u);
  }
  return (cr | lf | nul) == 0u;
}

size_t smtpc_plain_run(const uint8_t *data, size_t from, size_t to) {
  size_t i = from;
  while (SMTPC_BLOCKS && to - i >= BLOCK && block_is_plain(data, i)) {
    i += BLOCK;
  }
  while (i < to) {
    const uint8_t c = data[i];
    if (c == (uint8_t)'\r' || c == (uint8_t)'\n' || c == 0u) {
      break;
    }
    i++;
  }
  return i;
}

void smtpc_copy(uint8_t *restrict to, const uint8_t *restrict from,
                size_t len) {
  for (size_t i = 0u; i < len; i++) {
    to[i] = from[i];
  }
}

void smtpc_wipe(uint8_t *at, size_t len) {
#if defined(__GNUC__) && !defined(__FRAMAC__)
  if (len > 0u) {
    __builtin_memset(at, 0, len);
  }
  // The compiler must take it that somebody reads what was written.
  __asm__ volatile("" : : "r"(at) : "memory");
#else
  volatile uint8_t *const out = at;
  for (size_t i = 0u; i < len; i++) {
    out[i] = 0u;
  }
#endif
}

static bool is_tail(uint8_t c) {
  return (c & 0xc0u) == 0x80u;
}

// The second octet's range depends on the first (RFC 3629 section 4).
static bool second_fits(uint8_t first, uint8_t second) {
  uint8_t low = 0x80u;
  uint8_t high = 0xbfu;
  if (first == 0xe0u) {
    low = 0xa0u;
  } else if (first == 0xedu) {
    high = 0x9fu;
  } else if (first == 0xf0u) {
    low = 0x90u;
  } else if (first == 0xf4u) {
    high = 0x8fu;
  }
  return second >= low && second <= high;
}

static size_t utf8_expected(uint8_t first) {
  size_t len = 0u;
  if (first >= 0xc2u && first <= 0xdfu) {
    len = 2u;
  } else if (first >= 0xe0u && first <= 0xefu) {
    len = 3u;
  } else if (first >= 0xf0u && first <= 0xf4u) {
    len = 4u;
  }
  return len;
}

size_t smtpc_utf8_len(const uint8_t *line, smtpc_span span) {
  if (span.begin >= span.end) {
    return 0u;
  }
  const uint8_t first = line[span.begin];
  const size_t len = utf8_expected(first);
  if (len == 0u || smtpc_span_len(span) < len) {
    return 0u;
  }
  if (!second_fits(first, line[span.begin + 1u])) {
    return 0u;
  }
  for (size_t k = 2u; k < len; k++) {
    if (!is_tail(line[span.begin + k])) {
      return 0u;
    }
  }
  return len;
}
