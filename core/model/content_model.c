#include "core/model/content_model.h"

#include <stdbool.h>
#include <string.h>

#include "smtpcore/content.h"

// A view of the whole message: `at` answers for any place, also outside of it.
typedef struct message {
  const uint8_t *data;
  size_t len;
} message;

static int at(message m, size_t i) { return i < m.len ? m.data[i] : -1; }

static int before(message m, size_t i) { return i == 0 ? -1 : at(m, i - 1); }

// A line starts at 0 and after each CRLF (RFC 5321 section 2.3.8).
static bool is_line_start(message m, size_t i) {
  return i == 0 || (i >= 2 && memcmp(m.data + i - 2, "\r\n", 2) == 0);
}

static bool is_line_dot(message m, size_t i) {
  return at(m, i) == '.' && is_line_start(m, i);
}

static bool follows_line_dot(message m, size_t i) {
  return i > 0 && is_line_dot(m, i - 1);
}

// A CR at the very end is not bare yet.
static bool is_bare_cr(message m, size_t i) {
  return at(m, i) == '\r' && i + 1 < m.len && at(m, i + 1) != '\n';
}

static bool is_bare_lf(message m, size_t i) {
  return at(m, i) == '\n' && before(m, i) != '\r';
}

// The end of data is the first "." CR LF at a line's start. Returns the offset
// just past it, or 0.
static size_t find_end(message m) {
  for (size_t i = 0; i + 3 <= m.len; i++) {
    if (is_line_dot(m, i) && memcmp(m.data + i, ".\r\n", 3) == 0) {
      return i + 3;
    }
  }
  return 0;
}

static unsigned anomaly_at(message m, size_t i) {
  unsigned bare = 0;
  if (is_bare_cr(m, i)) bare = SMTPC_ANOMALY_BARE_CR;
  if (is_bare_lf(m, i)) bare = SMTPC_ANOMALY_BARE_LF;
  if (bare != 0 && follows_line_dot(m, i)) bare = SMTPC_ANOMALY_EOD;
  return at(m, i) == 0 ? SMTPC_ANOMALY_NUL : bare;
}

static void find_anomalies(message m, smtpc_model_content *out) {
  for (size_t i = 0; i < m.len; i++) {
    const unsigned anomaly = anomaly_at(m, i);
    if (anomaly != 0 && out->anomalies == 0) {
      out->first_off = i;
    }
    out->anomalies |= anomaly;
  }
}

smtpc_model_content smtpc_model_content_decode(const uint8_t *data, size_t len,
                                               uint8_t *out) {
  smtpc_model_content result = {SMTPC_MORE, len, 0, 0, 0};
  message m = {data, len};
  const size_t end = find_end(m);
  size_t content_end = len;
  if (end > 0) {
    result.status = SMTPC_OK;
    result.used = end;
    m.len = end;
    content_end = end - 3;
  }
  find_anomalies(m, &result);
  for (size_t i = 0; i < content_end; i++) {
    // The dot of a line goes; a CR right after it is the end's, or an anomaly.
    if (!is_line_dot(m, i) && !(at(m, i) == '\r' && follows_line_dot(m, i))) {
      out[result.len++] = data[i];
    }
  }
  return result;
}

static smtpc_status fault_at(message m, size_t i) {
  if (is_bare_cr(m, i)) return SMTPC_E_BARE_CR;
  if (is_bare_lf(m, i)) return SMTPC_E_BARE_LF;
  if (at(m, i) == 0) return SMTPC_E_NUL;
  return SMTPC_OK;
}

smtpc_model_content smtpc_model_content_encode(const uint8_t *data, size_t len,
                                               uint8_t *out) {
  smtpc_model_content result = {SMTPC_OK, len, 0, 0, 0};
  const message m = {data, len};
  for (size_t i = 0; i < len; i++) {
    const smtpc_status fault = fault_at(m, i);
    if (fault != SMTPC_OK) {
      result.status = fault;
      result.first_off = i;
      return result;
    }
    if (is_line_dot(m, i)) {
      out[result.len++] = '.';
    }
    out[result.len++] = data[i];
  }
  if (!is_line_start(m, len)) {
    result.status = SMTPC_E_CONTENT_END;
  }
  return result;
}
