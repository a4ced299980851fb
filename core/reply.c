#include "smtpcore/reply.h"

#include <stddef.h>

#include "core/config_parts.h"

#if SMTPC_CONFIG_CLIENT

// An enhanced status code as it was read. `end` is where the text after it
// begins; `class` 0: there is none.
typedef struct enhanced {
  size_t end;
  uint16_t subject;
  uint16_t detail;
  uint8_t class;
} enhanced;

void smtpc_reply_init(smtpc_reply *reply) {
  static const smtpc_reply fresh = {0};
  *reply = fresh;
}

static bool is_within(uint8_t c, char low, char high) {
  return c >= (uint8_t)low && c <= (uint8_t)high;
}

// RFC 5321 section 4.2: Reply-code = %x32-35 %x30-35 %x30-39. Returns 0 when
// there is none.
static uint16_t code_of(const uint8_t *line, size_t len) {
  if (len < 3u) {
    return 0u;
  }
  const uint8_t a = line[0];
  const uint8_t b = line[1];
  const uint8_t c = line[2];
  if (!is_within(a, '2', '5') || !is_within(b, '0', '5') ||
      !is_within(c, '0', '9')) {
    return 0u;
  }
  const unsigned code = (a - (unsigned)'0') * 100u + (b - (unsigned)'0') * 10u +
                        (c - (unsigned)'0');
  return (uint16_t)code;
}

// A block of this size compiles to a few vector instructions at -O2.
#define BLOCK 16u

// Says whether the BLOCK octets from `at` on are %d32-126.
static bool block_is_printable(const uint8_t *line, size_t at) {
  uint8_t other = 0u;
  for (size_t k = 0u; k < BLOCK; k++) {
    const uint8_t c = line[at + k];
    other |= (uint8_t)((c < 32u) | (c > 126u));
  }
  return other == 0u;
}

// textstring = 1*(%d09 / %d32-126)
static bool is_text(const uint8_t *line, size_t from, size_t len,
                    int allow_8bit) {
  size_t i = from;
  while (SMTPC_BLOCKS && i + BLOCK <= len && block_is_printable(line, i)) {
    i += BLOCK;
  }
  for (; i < len; i++) {
    const uint8_t c = line[i];
    if (smtpc_is_control(c) && c != (uint8_t)'\t') {
      return false;
    }
    if (c >= 0x80u && allow_8bit == 0) {
      return false;
    }
  }
  return true;
}

// Reads "." 1*3DIGIT at `from`. Returns where it ends, or `from` when it is not
// there. A fourth digit is left for the caller to stumble on.
static size_t number_at(const uint8_t *line, size_t from, size_t len,
                        uint16_t *out) {
  size_t i = from;
  unsigned value = 0u;
  if (i >= len || line[i] != (uint8_t)'.') {
    return from;
  }
  i++;
  const size_t digits = i;
  while (i < len && i < digits + 3u) {
    const uint8_t c = line[i];
    if (!smtpc_is_digit(c)) {
      break;
    }
    value = value * 10u + (c - (unsigned)'0');
    i++;
  }
  *out = (uint16_t)value;
  return i > digits ? i : from;
}

// RFC 2034 section 4. Returns no class, and the text at `from`, when no
// enhanced code stands there whole or its class is not the first digit of the
// reply code.
static enhanced enhanced_at(const uint8_t *line, size_t from, size_t len) {
  const enhanced none = {from, 0u, 0u, 0u};
  enhanced found = none;
  if (from >= len) {
    return none;
  }
  const uint8_t class = line[from];
  if (class != line[0] || class == (uint8_t)'3') {
    return none;
  }
  const size_t dot = from + 1u;
  const size_t middle = number_at(line, dot, len, &found.subject);
  const size_t end = number_at(line, middle, len, &found.detail);
  if (middle == dot || end == middle) {
    return none;
  }
  if (end < len && line[end] != (uint8_t)' ') {
    return none;
  }
  found.class = (uint8_t)(class - (uint8_t)'0');
  found.end = end < len ? end + 1u : end;
  return found;
}

static void add_line(smtpc_reply *reply, uint16_t code, bool last,
                     enhanced found) {
  if (reply->lines == 0u) {
    reply->code = code;
    reply->enhanced_class = found.class;
    reply->enhanced_subject = found.subject;
    reply->enhanced_detail = found.detail;
  }
  reply->lines++;
  reply->done = last ? 1u : 0u;
}

smtpc_status smtpc_reply_line(smtpc_reply *reply, const uint8_t *line,
                              size_t len, int allow_8bit,
                              smtpc_span *out_text) {
  *out_text = smtpc_span_make(0u, 0u);
  if (reply->done != 0u) {
    return SMTPC_E_STATE;
  }
  if (len > UINT16_MAX) {
    return SMTPC_E_ARGUMENT;
  }
  const uint16_t code = code_of(line, len);
  const uint8_t separator = len > 3u ? line[3] : (uint8_t)' ';
  const bool more = separator == (uint8_t)'-';
  if (code == 0u || (!more && separator != (uint8_t)' ')) {
    return SMTPC_E_REPLY_CODE;
  }
  if (reply->lines > 0u && code != reply->code) {
    return SMTPC_E_REPLY_MIXED;
  }
  const size_t text = len > 3u ? 4u : len;
  if (!is_text(line, text, len, allow_8bit)) {
    return SMTPC_E_REPLY_TEXT;
  }
  if (reply->lines >= SMTPC_REPLY_LINES_MAX) {
    return SMTPC_E_TOO_MANY;
  }
  const enhanced found = enhanced_at(line, text, len);
  add_line(reply, code, !more, found);
  *out_text = smtpc_span_make(found.end, len);
  return SMTPC_OK;
}

#endif  // SMTPC_CONFIG_CLIENT
