#include "core/model/reply_model.h"

#include <regex.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The patterns see a stand-in for octets that a C string or a class cannot
// name: \001 for a control octet other than tab, \002 for one beyond ASCII.
#define CODE "^[2-5][0-5][0-9]"

enum { LINE, CONTROL, BEYOND, ENHANCED, PATTERN_COUNT };

static regex_t patterns[PATTERN_COUNT];

static void compile(void) {
  static bool done;
  static const char *const sources[PATTERN_COUNT] = {
      [LINE] = CODE "([- ].*)?$",
      [CONTROL] = "\001",
      [BEYOND] = "\002",
      [ENHANCED] = CODE "[- ]([245])\\.([0-9]{1,3})\\.([0-9]{1,3})( .*)?$",
  };
  for (int i = 0; i < PATTERN_COUNT && !done; i++) {
    if (regcomp(&patterns[i], sources[i], REG_EXTENDED) != 0) {
      abort();
    }
  }
  done = true;
}

static char *as_string(const uint8_t *line, size_t len) {
  char *text = malloc(len + 1);
  if (text == NULL) {
    abort();
  }
  for (size_t i = 0; i < len; i++) {
    text[i] = (char)line[i];
    if ((line[i] < 32 && line[i] != '\t') || line[i] == 127) {
      text[i] = '\001';
    } else if (line[i] > 127) {
      text[i] = '\002';
    }
  }
  text[len] = '\0';
  return text;
}

static bool matches(int pattern, const char *text, regmatch_t *parts) {
  return regexec(&patterns[pattern], text, 5, parts, 0) == 0;
}

static void read_enhanced(const char *text, size_t len,
                          smtpc_model_reply *out) {
  regmatch_t parts[5];
  if (!matches(ENHANCED, text, parts) || text[4] != text[0]) {
    return;
  }
  (void)sscanf(text + 4, "%u.%u.%u", &out->enhanced[0], &out->enhanced[1],
               &out->enhanced[2]);
  out->text = parts[4].rm_so >= 0 ? (size_t)parts[4].rm_so + 1 : len;
}

smtpc_model_reply smtpc_model_reply_read(const uint8_t *line, size_t len,
                                         int allow_8bit) {
  smtpc_model_reply out = {SMTPC_E_REPLY_CODE, 0, 0, {0, 0, 0}, 0};
  regmatch_t parts[5];
  compile();
  char *text = as_string(line, len);
  if (matches(LINE, text, parts)) {
    out.status = SMTPC_OK;
    out.code = (unsigned)strtoul(text, NULL, 10);
    out.last = text[3] != '-';
    out.text = len > 3 ? 4 : len;
    read_enhanced(text, len, &out);
    if (matches(CONTROL, text, parts) ||
        (matches(BEYOND, text, parts) && !allow_8bit)) {
      out.status = SMTPC_E_REPLY_TEXT;
    }
  }
  free(text);
  return out;
}

// Reply-line: any number of lines with a hyphen and then one without, all with
// the same code.
smtpc_status smtpc_model_reply_add(smtpc_model_whole *whole,
                                   const uint8_t *line, size_t len,
                                   int allow_8bit, size_t *text) {
  *text = len;
  if (whole->done) {
    return SMTPC_E_STATE;
  }
  if (len > 65535) {
    return SMTPC_E_ARGUMENT;
  }
  const smtpc_model_reply one = smtpc_model_reply_read(line, len, allow_8bit);
  if (one.status == SMTPC_E_REPLY_CODE) {
    return one.status;
  }
  if (whole->lines != 0 && one.code != whole->first.code) {
    return SMTPC_E_REPLY_MIXED;
  }
  if (one.status != SMTPC_OK) {
    return one.status;
  }
  if (whole->lines == 512) {
    return SMTPC_E_TOO_MANY;
  }
  if (whole->lines == 0) {
    whole->first = one;
  }
  whole->lines++;
  whole->done = one.last;
  *text = one.text;
  return SMTPC_OK;
}
