#include "core/model/line_model.h"

#include <string.h>

#include "smtpcore/line.h"

// Where the first CRLF begins, or `len`.
static size_t find_crlf(const uint8_t *data, size_t len) {
  for (size_t i = 0; i + 1 < len; i++) {
    if (memcmp(data + i, "\r\n", 2) == 0) {
      return i;
    }
  }
  return len;
}

// The text of a line holds no CRLF, so each CR, LF and NUL in it is an error.
static smtpc_status error_of(uint8_t c) {
  if (c == '\r') return SMTPC_E_BARE_CR;
  if (c == '\n') return SMTPC_E_BARE_LF;
  if (c == '\0') return SMTPC_E_NUL;
  return SMTPC_OK;
}

smtpc_model_line smtpc_model_line_read(const uint8_t *data, size_t len,
                                       size_t max) {
  smtpc_model_line out = {SMTPC_MORE, len, 0, 0};
  const size_t limit = max + SMTPC_LINE_DISCARD_MAX;
  const size_t text = find_crlf(data, len);
  const size_t whole = text + 2;
  if (text == len ? len > limit : whole > limit) {
    out.status = SMTPC_E_LINE_ENDLESS;
    out.used = limit;
    return out;
  }
  if (text == len) {
    return out;
  }
  out.used = whole;
  for (size_t i = 0; i < text && i < max; i++) {
    if (error_of(data[i]) != SMTPC_OK) {
      out.status = error_of(data[i]);
      out.error_off = i;
      return out;
    }
  }
  if (whole > max) {
    out.status = SMTPC_E_LINE_TOO_LONG;
    out.error_off = max;
    return out;
  }
  out.status = SMTPC_OK;
  out.len = text;
  return out;
}
