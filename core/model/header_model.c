#include "core/model/header_model.h"

#include <string.h>
#include <strings.h>

#include "smtpcore/header.h"

#define NAME "TLS-Required"

// A line is text [begin, end), and after it CRLF if it is `whole`.
typedef struct line {
  size_t begin;
  size_t end;
  bool whole;
} line;

static line line_at(const uint8_t *data, size_t len, size_t begin) {
  line out = {begin, len, false};
  for (size_t i = begin; i + 1 < len && !out.whole; i++) {
    if (data[i] == '\r' && data[i + 1] == '\n') {
      out.end = i;
      out.whole = true;
    }
  }
  return out;
}

static bool is_space(uint8_t c) {
  return c == ' ' || c == '\t';
}

static bool continues(const uint8_t *data, line one) {
  return one.begin < one.end && is_space(data[one.begin]);
}

// Whether a line that is not a continuation names the field, perhaps malformed.
static bool names_field(const uint8_t *data, line one) {
  const size_t name = strlen(NAME);
  if (one.end - one.begin <= name ||
      strncasecmp((const char *)data + one.begin, NAME, name) != 0) {
    return false;
  }
  const uint8_t after = data[one.begin + name];
  return after == ':' || is_space(after);
}

// A CRLF in a field only folds it: the line after it begins with white space.
static bool is_fold(const uint8_t *data, line field, size_t i) {
  const bool cr = data[i] == '\r' && i + 1 < field.end && data[i + 1] == '\n';
  const bool lf = data[i] == '\n' && i > field.begin && data[i - 1] == '\r';
  return cr || lf;
}

// A field must be the name, a colon, and No between white space.
static bool is_well_said(const uint8_t *data, line field) {
  size_t from = field.begin + strlen(NAME);
  size_t to = field.end;
  if (data[from] != ':' || !field.whole) {
    return false;
  }
  from++;
  while (from < to && (is_space(data[from]) || is_fold(data, field, from))) {
    from++;
  }
  while (to > from &&
         (is_space(data[to - 1]) || is_fold(data, field, to - 1))) {
    to--;
  }
  return to - from == 2 && strncasecmp((const char *)data + from, "No", 2) == 0;
}

// A line, and those that continue it. Nothing continues an empty line.
static line field_at(const uint8_t *data, size_t len, size_t begin) {
  line field = line_at(data, len, begin);
  line next = line_at(data, len, field.end + 2);
  while (field.whole && field.begin < field.end && next.begin < len &&
         continues(data, next)) {
    field.end = next.end;
    field.whole = next.whole;
    next = line_at(data, len, field.end + 2);
  }
  return field;
}

smtpc_model_header smtpc_model_header_read(const uint8_t *data, size_t len) {
  smtpc_model_header out = {false, false};
  size_t met = 0;
  size_t said = 0;
  size_t at = 0;
  while (at < len && !out.ended) {
    const line field = field_at(data, len, at);
    if (names_field(data, field)) {
      met++;
      said += is_well_said(data, field) ? 1 : 0;
    }
    out.ended = field.whole && field.begin == field.end;
    at = field.end + 2;
  }
  out.says_no = met == 1 && said == 1;
  return out;
}
