// Write testing: what the tests of `smtpcore/write.h` share.
#ifndef SMTPCORE_CORE_WRITE_TESTING_H
#define SMTPCORE_CORE_WRITE_TESTING_H

#include <stdlib.h>
#include <string.h>

#include "core/testing.h"
#include "smtpcore/command.h"
#include "smtpcore/write.h"

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

// A string literal with its length, NULs inside included.
#define LIT(text) (text), sizeof(text) - 1u

// What one call gave: its line in a block of exactly `cap` octets.
typedef struct written {
  uint8_t *data;
  size_t cap;
  size_t len;
  smtpc_status status;
} written;

static inline written room(size_t cap) {
  written w = {malloc(cap > 0u ? cap : 1u), cap, 9u, SMTPC_OK};
  assert_non_null(w.data);
  memset(w.data, 0, cap);
  return w;
}

// Law CRLFOUT: one CRLF, at the end; nothing else that ends a line; at most 512
// octets; and after an error nothing at all.
static inline void check_law(const written *w) {
  if (w->status != SMTPC_OK) {
    test_number(w->len, 0u);
    for (size_t i = 0u; i < w->cap; i++) {
      test_number(w->data[i], 0u);
    }
    return;
  }
  assert_true(w->len >= 2u && w->len <= SMTPC_OUT_MAX && w->len <= w->cap);
  test_octets(w->data + w->len - 2u, 2u, "\r\n", 2u);
  test_number(smtpc_plain_run(w->data, 0u, w->len), w->len - 2u);
}

// Checks status and line, and frees the block. `want` NULL: only the status.
static inline void check(written w, smtpc_status status, const char *want) {
  test_number(w.status, status);
  check_law(&w);
  if (want != NULL) {
    test_octets(w.data, w.len, want, strlen(want));
  }
  free(w.data);
}

// Parses a command line that was written, as a server that offers all reads it.
static inline smtpc_command parse(const written *w) {
  smtpc_command command;
  uint8_t *copy = test_copy(w->data, w->len - 2u);
  test_number(smtpc_command_parse(copy, w->len - 2u, UINT32_MAX, 0u, &command),
              SMTPC_OK);
  free(copy);
  return command;
}

static inline void check_span(const written *w, smtpc_span span,
                              const void *want, size_t len) {
  test_octets(w->data + span.begin, smtpc_span_len(span), want, len);
}

// What octet `c` of a field that may hold `ok` octets gives.
static inline smtpc_status octet_status(unsigned c, bool ok,
                                        smtpc_status other) {
  smtpc_status status = ok ? SMTPC_OK : other;
  if (c == '\r') {
    status = SMTPC_E_BARE_CR;
  } else if (c == '\n') {
    status = SMTPC_E_BARE_LF;
  } else if (c == 0u) {
    status = SMTPC_E_NUL;
  } else if (c < 0x20u || c == 0x7fu) {
    status = SMTPC_E_CONTROL;
  } else if (c >= 0x80u) {
    status = SMTPC_E_NON_ASCII;
  }
  return status;
}

static inline bool is_atext(unsigned c) {
  return c > 0x20u && c < 0x7fu && strchr("()<>[]:;@\\,.\"", (int)c) == NULL;
}

static inline bool is_let_dig(unsigned c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
         (c >= 'a' && c <= 'z');
}

// Names of exactly `len` octets, in labels of 60.
static inline void fill_domain(char *out, size_t len) {
  for (size_t i = 0u; i < len; i++) {
    out[i] = i % 61u == 60u && i + 1u < len ? '.' : 'd';
  }
}

#endif  // SMTPCORE_CORE_WRITE_TESTING_H
