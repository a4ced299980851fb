#include "core/model/line_model.h"

#include "smtpcore/line.h"

// Where a line's text ends, and how long the line is with its end.
typedef struct extent {
  bool found;
  size_t text;
  size_t whole;
} extent;

// The first LF that ends a line: one after a CR, or any with `lf_ends`.
static extent find_end(const uint8_t *data, size_t len, bool lf_ends) {
  extent end = {false, len, len};
  for (size_t i = 0; i < len && !end.found; i++) {
    const bool lf = data[i] == '\n';
    const bool crlf = lf && i > 0 && data[i - 1] == '\r';
    if (crlf || (lf && lf_ends)) {
      end.found = true;
      end.text = crlf ? i - 1 : i;
      end.whole = i + 1;
    }
  }
  return end;
}

// The text of a line holds no end, so each CR, LF and NUL in it is an error.
static smtpc_status error_of(uint8_t c) {
  if (c == '\r')
    return SMTPC_E_BARE_CR;
  if (c == '\n')
    return SMTPC_E_BARE_LF;
  if (c == '\0')
    return SMTPC_E_NUL;
  return SMTPC_OK;
}

smtpc_model_line smtpc_model_line_read(const uint8_t *data, size_t len,
                                       size_t max, bool lf_ends) {
  smtpc_model_line out = {SMTPC_MORE, len, 0, 0, false};
  const size_t limit = max + SMTPC_LINE_DISCARD_MAX;
  const extent end = find_end(data, len, lf_ends);
  if (end.whole > limit) {
    out.status = SMTPC_E_LINE_ENDLESS;
    out.used = limit;
    return out;
  }
  if (!end.found) {
    return out;
  }
  out.used = end.whole;
  out.lf = end.whole == end.text + 1;
  for (size_t i = 0; i < end.text && i < max; i++) {
    if (error_of(data[i]) != SMTPC_OK) {
      out.status = error_of(data[i]);
      out.error_off = i;
      return out;
    }
  }
  if (end.whole > max) {
    out.status = SMTPC_E_LINE_TOO_LONG;
    out.error_off = max;
    return out;
  }
  out.status = SMTPC_OK;
  out.len = end.text;
  return out;
}
