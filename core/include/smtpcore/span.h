// Span: the one byte view of the core, and the one way to advance over it.
//
// A span is a pair of offsets [begin, end) into a line. It holds no pointer, so a
// session that stores spans can be copied with `=`, compared and saved, and a
// prover sees intervals in place of pointer arithmetic (`docs/CONVENTIONS.md`).
//
// Parsers take the line's octets, and a span that says which of them they may
// read. They eat from the front of a span with `smtpc_span_next`, which is the only
// function that both checks and advances. Octets are never NUL-terminated, and
// NUL is an octet like others: nothing here depends on a C string or a locale.
#ifndef SMTPCORE_SPAN_H
#define SMTPCORE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "smtpcore/status.h"

#ifdef __cplusplus
extern "C" {
#endif

// smtpc_span is [begin, end) in some line, begin <= end. The zero value is the
// empty span at offset 0.
typedef struct smtpc_span {
  uint16_t begin;
  uint16_t end;
} smtpc_span;
SMTPC_SIZE_GUARD(smtpc_span, 4u, 4u);

// smtpc_span_make returns [begin, end). Both must be at most 65535 and begin at
// most end; else it returns the empty span at 0.
static inline smtpc_span smtpc_span_make(size_t begin, size_t end) {
  smtpc_span span = {0u, 0u};
  if (begin <= end && end <= UINT16_MAX) {
    span.begin = (uint16_t)begin;
    span.end = (uint16_t)end;
  }
  return span;
}

// smtpc_span_len returns the number of octets of `span`, 0 if it is malformed.
static inline size_t smtpc_span_len(smtpc_span span) {
  return span.begin <= span.end ? (size_t)span.end - span.begin : 0u;
}

// smtpc_span_next takes the first octet off `*rest`: it stores that octet of
// `line` in `*out`, advances `rest->begin` by one and returns true. It returns
// false, and changes nothing, when the span is empty.
static inline bool smtpc_span_next(const uint8_t *line, smtpc_span *rest,
                                   uint8_t *out) {
  const uint16_t at = rest->begin;
  if (at >= rest->end) {
    return false;
  }
  *out = line[at];
  rest->begin = (uint16_t)(at + 1u);
  return true;
}

// smtpc_span_peek returns the octet of `line` at `rest.begin`, or -1 when the span
// is empty.
static inline int smtpc_span_peek(const uint8_t *line, smtpc_span rest) {
  return rest.begin < rest.end ? (int)line[rest.begin] : -1;
}

// smtpc_span_find returns the offset of the first `octet` of `line` in `span`, or
// `span.end` when it is not there.
size_t smtpc_span_find(const uint8_t *line, smtpc_span span, uint8_t octet);

// smtpc_span_is returns whether `span` of `line` equals the `len` octets of `word`
// with ASCII letters compared without case. `word` must be upper case.
bool smtpc_span_is(const uint8_t *line, smtpc_span span, const char *word,
                   size_t len);

// smtpc_span_starts returns whether `span` of `line` begins with the `len` octets
// of `word`, compared as `smtpc_span_is` does.
bool smtpc_span_starts(const uint8_t *line, smtpc_span span, const char *word,
                       size_t len);

// smtpc_span_number reads `span` of `line` as 1*DIGIT, at most 20 of them (RFC 1870
// section 3), into `*out`.
//
// It returns SMTPC_OK; SMTPC_E_NUMBER when the span is empty, has another octet
// than a digit, or more than 20 digits; SMTPC_E_NUMBER_TOO_LARGE when the value
// passes `max`. It never wraps. On an error `*out` is 0.
SMTPC_NODISCARD smtpc_status smtpc_span_number(const uint8_t *line,
                                               smtpc_span span, uint64_t max,
                                               uint64_t *out);

// smtpc_plain_run returns the offset of the first CR, LF or NUL of
// `data[from .. to)`, or `to` when there is none. It is the inner loop of the line
// and content scanners: each octet is read once, in blocks that a compiler turns
// into vector code. `from` must be at most `to`.
size_t smtpc_plain_run(const uint8_t *data, size_t from, size_t to);

// smtpc_copy copies `len` octets from `from` to `to`, which must not overlap. With
// `len` 0 both may be NULL. It is the core's only way to copy octets.
void smtpc_copy(uint8_t *to, const uint8_t *from, size_t len);

// smtpc_wipe sets `len` octets at `at` to 0, also when nobody reads them again:
// the buffer may have held a password.
void smtpc_wipe(uint8_t *at, size_t len);

// Octet classes (RFC 5234 appendix B, RFC 5321 section 4.1.2). Each answers for
// one octet, for all 256 values, without a locale.

// smtpc_upper returns `c`, or its upper-case form when it is a-z.
static inline uint8_t smtpc_upper(uint8_t c) {
  const bool lower = c >= (uint8_t)'a' && c <= (uint8_t)'z';
  return lower ? (uint8_t)(c - 32u) : c;
}
// smtpc_is_alpha returns whether `c` is ALPHA.
static inline bool smtpc_is_alpha(uint8_t c) {
  // Bit 0x20 is the case of a letter; with it set, only letters are a-z.
  const uint8_t lower = c | 0x20u;
  return lower >= (uint8_t)'a' && lower <= (uint8_t)'z';
}
// smtpc_is_digit returns whether `c` is DIGIT.
static inline bool smtpc_is_digit(uint8_t c) {
  return c >= (uint8_t)'0' && c <= (uint8_t)'9';
}
// smtpc_is_alnum returns whether `c` is ALPHA or DIGIT (Let-dig).
static inline bool smtpc_is_alnum(uint8_t c) {
  return smtpc_is_alpha(c) || smtpc_is_digit(c);
}
// smtpc_is_atext returns whether `c` is atext (RFC 5322 section 3.2.3).
static inline bool smtpc_is_atext(uint8_t c) {
  // One bit for each octet: `!#$%&'*+-/=?^_`{|}~`, letters and digits.
  const uint64_t low = 0xa3ffacfa00000000u;
  const uint64_t high = 0x7fffffffc7fffffeu;
  return c < 128u && (((c < 64u ? low : high) >> (c & 63u)) & 1u) != 0u;
}
// smtpc_is_control returns whether `c` is %d0-31 or DEL.
static inline bool smtpc_is_control(uint8_t c) {
  return c < 0x20u || c == 0x7fu;
}
// smtpc_utf8_len returns the length (2 to 4) of the well-formed non-ASCII UTF-8
// sequence at the front of `span` (RFC 3629 section 4: no overlong form, no
// surrogate, nothing above U+10FFFF), or 0 when there is none.
size_t smtpc_utf8_len(const uint8_t *line, smtpc_span span);

#ifdef __cplusplus
}  // extern "C"
#endif

#endif  // SMTPCORE_SPAN_H
