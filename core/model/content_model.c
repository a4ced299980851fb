#include "core/model/content_model.h"

#include <stdbool.h>
#include <string.h>

#include "smtpcore/content.h"

// A view of the whole message: `at` answers for any place, also outside of it.
typedef struct message {
  const uint8_t *data;
  size_t len;
  bool keeps_lf;
  bool chunked;  // under BDAT: no dot is taken off
  bool ended;    // nothing follows
} message;

static int at(message m, size_t i) {
  return i < m.len ? m.data[i] : -1;
}

static int before(message m, size_t i) {
  return i == 0 ? -1 : at(m, i - 1);
}

// A line starts at 0 and after each CRLF (RFC 5321 section 2.3.8).
static bool is_line_start(message m, size_t i) {
  return i == 0 || (i >= 2 && memcmp(m.data + i - 2, "\r\n", 2) == 0);
}

// A dot that is taken off, or ends the message.
static bool is_line_dot(message m, size_t i) {
  return !m.chunked && at(m, i) == '.' && is_line_start(m, i);
}

static bool follows_line_dot(message m, size_t i) {
  return i > 0 && is_line_dot(m, i - 1);
}

// A CR at the very end is not bare yet.
static bool is_bare_cr(message m, size_t i) {
  const bool judged = i + 1 < m.len || m.ended;
  return at(m, i) == '\r' && judged && at(m, i + 1) != '\n';
}

static bool is_bare_lf(message m, size_t i) {
  return at(m, i) == '\n' && before(m, i) != '\r';
}

// A dot that a reader who ends lines with LF would see at a line's start.
static bool is_lf_dot(message m, size_t i) {
  return at(m, i) == '.' && i > 0 && is_bare_lf(m, i - 1);
}

// A dot that content shows at the start of one of its lines.
static bool is_shown_dot(message m, size_t i) {
  const bool starts =
      m.chunked ? is_line_start(m, i) : i > 0 && is_line_dot(m, i - 1);
  return at(m, i) == '.' && starts;
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

// What follows an LF dot is a lookalike of the end as soon as it is an LF, or a CR
// that anything follows, or the message ends there.
static bool follows_lf_dot(message m, size_t i) {
  const bool judged = i + 1 < m.len || m.ended;
  const int c = at(m, i);
  return i > 0 && is_lf_dot(m, i - 1) && (c == '\n' || (c == '\r' && judged));
}

static unsigned bare_at(message m, size_t i) {
  const bool shown = i > 0 && is_shown_dot(m, i - 1);
  if (is_bare_cr(m, i)) {
    return SMTPC_ANOMALY_BARE_CR;
  }
  if (!is_bare_lf(m, i)) {
    return 0;
  }
  if (m.keeps_lf) {
    return shown ? SMTPC_ANOMALY_EOD : SMTPC_ANOMALY_LF_KEPT;
  }
  return SMTPC_ANOMALY_BARE_LF;
}

static unsigned anomaly_at(message m, size_t i) {
  const unsigned bare = bare_at(m, i);
  const bool last_dot = m.ended && i + 1 == m.len && is_lf_dot(m, i);
  if (at(m, i) == 0) {
    return SMTPC_ANOMALY_NUL;
  }
  if (follows_lf_dot(m, i) || last_dot ||
      (bare != 0 && follows_line_dot(m, i))) {
    return SMTPC_ANOMALY_EOD;
  }
  return bare;
}

static void find_anomalies(message m, smtpc_model_content *out) {
  for (size_t i = 0; i < m.len; i++) {
    const unsigned anomaly = anomaly_at(m, i);
    const bool lost = (anomaly & SMTPC_ANOMALIES_LOST) != 0;
    if (lost && (out->anomalies & SMTPC_ANOMALIES_LOST) == 0) {
      out->first_off = i;
    }
    out->anomalies |= anomaly;
  }
}

smtpc_model_content smtpc_model_content_decode(const uint8_t *data, size_t len,
                                               bool keeps_lf, uint8_t *out) {
  smtpc_model_content result = {SMTPC_MORE, len, 0, 0, 0};
  message m = {data, len, keeps_lf, false, false};
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

smtpc_model_content smtpc_model_content_check(const uint8_t *data, size_t len,
                                              bool keeps_lf, bool ended) {
  smtpc_model_content result = {SMTPC_OK, len, 0, 0, 0};
  const message m = {data, len, keeps_lf, true, ended};
  find_anomalies(m, &result);
  return result;
}

static smtpc_status fault_at(message m, size_t i) {
  if (is_bare_cr(m, i))
    return SMTPC_E_BARE_CR;
  if (is_bare_lf(m, i))
    return SMTPC_E_BARE_LF;
  if (at(m, i) == 0)
    return SMTPC_E_NUL;
  return SMTPC_OK;
}

smtpc_model_content smtpc_model_content_encode(const uint8_t *data, size_t len,
                                               uint8_t *out) {
  smtpc_model_content result = {SMTPC_OK, len, 0, 0, 0};
  const message m = {data, len, false, false, false};
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
