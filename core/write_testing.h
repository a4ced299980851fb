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

static inline smtpc_envelope envelope(const void *address, size_t len) {
  smtpc_envelope e;
  memset(&e, 0, sizeof e);
  e.address = address;
  e.address_len = (uint16_t)len;
  return e;
}

// Writes the envelope with each field in an exact-size block.
static inline written envelope_line(smtpc_envelope e, unsigned verb, int utf8,
                                    size_t cap) {
  written w = room(cap);
  const uint8_t **const at[] = {&e.address,    &e.envid,   &e.auth, &e.orcpt,
                                &e.orcpt_type, &e.solicit, &e.mtrk, &e.transid};
  const size_t lens[] = {e.address_len, e.envid_len,      e.auth_len,
                         e.orcpt_len,   e.orcpt_type_len, e.solicit_len,
                         e.mtrk_len,    e.transid_len};
  uint8_t *copies[COUNT_OF(at)];
  for (size_t i = 0u; i < COUNT_OF(at); i++) {
    copies[i] = test_copy(*at[i], lens[i]);
    *at[i] = copies[i];
  }
  w.status = verb == SMTPC_VERB_MAIL
                 ? smtpc_write_mail(w.data, cap, &w.len, &e)
                 : smtpc_write_rcpt(w.data, cap, &w.len, &e, utf8);
  for (size_t i = 0u; i < COUNT_OF(at); i++) {
    free(copies[i]);
  }
  return w;
}

static inline void check_xtext(const written *w, smtpc_span span,
                               const void *want, size_t len) {
  uint8_t decoded[SMTPC_OUT_MAX];
  size_t decoded_len = 0u;
  test_number(
      smtpc_xtext_decode(w->data, span, decoded, sizeof decoded, &decoded_len),
      SMTPC_OK);
  test_octets(decoded, decoded_len, want, len);
}

static inline void check_path(const written *w, const smtpc_path *path,
                              const smtpc_envelope *e) {
  if (e->address_len == 0u) {
    test_number(path->kind, SMTPC_PATH_NULL);
    return;
  }
  assert_true(path->kind == SMTPC_PATH_MAILBOX ||
              path->kind == SMTPC_PATH_POSTMASTER);
  const smtpc_span inner = {(uint16_t)(path->whole.begin + 1u),
                            (uint16_t)(path->whole.end - 1u)};
  check_span(w, inner, e->address, e->address_len);
  test_number(path->marks & SMTPC_MARK_ROUTE, 0u);
}

// A number that was sent came back, and one that was not is 0.
#define SAME(id, name) \
  test_number(p->name, (e->seen & SMTPC_HAS(id)) != 0u ? e->name : 0)

static inline void check_numbers(const smtpc_params *p,
                                 const smtpc_envelope *e) {
  const uint32_t dated = SMTPC_HAS(HOLDUNTIL) | SMTPC_HAS(RRVS);
  test_number(p->seen, e->seen);
  assert_true(p->size == ((e->seen & SMTPC_HAS(SIZE)) != 0u ? e->size : 0u));
  assert_true(p->when == ((e->seen & dated) != 0u ? e->when : 0u));
  SAME(BODY, body);
  SAME(RET, ret);
  SAME(NOTIFY, notify);
  SAME(BY, by_time);
  SAME(BY, by_mode);
  SAME(BY, by_trace);
  SAME(HOLDFOR, hold_for);
  SAME(MT_PRIORITY, mt_priority);
  SAME(MTRK, mtrk_timeout);
  SAME(RRVS, rrvs);
}

// THREATS INJ-02: what a server reads is what was meant, no more and no less.
static inline void check_back(const written *w, const smtpc_envelope *e,
                              unsigned verb) {
  const smtpc_command command = parse(w);
  const smtpc_params *p = &command.params;
  test_number(command.verb, verb);
  check_path(w, &command.path, e);
  check_numbers(p, e);
  if ((e->seen & SMTPC_HAS(AUTH)) != 0u) {
    check_xtext(w, p->auth, e->auth, e->auth_len);
  }
  if ((e->seen & SMTPC_HAS(ENVID)) != 0u) {
    check_xtext(w, p->envid, e->envid, e->envid_len);
  }
  if ((e->seen & SMTPC_HAS(ORCPT)) != 0u) {
    check_span(w, p->orcpt_type, e->orcpt_type, e->orcpt_type_len);
    check_xtext(w, p->orcpt, e->orcpt, e->orcpt_len);
  }
  if ((e->seen & SMTPC_HAS(SOLICIT)) != 0u) {
    check_span(w, p->solicit, e->solicit, e->solicit_len);
  }
  if ((e->seen & SMTPC_HAS(MTRK)) != 0u) {
    check_span(w, p->mtrk, e->mtrk, e->mtrk_len);
  }
  if ((e->seen & SMTPC_HAS(TRANSID)) != 0u) {
    check_span(w, p->transid, e->transid, e->transid_len);
  }
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
