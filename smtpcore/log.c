#include "smtpcore/log.h"

#include <stdlib.h>
#include <string.h>

// ------------------------------------------------------------------ escaping

static int is_plain(uint8_t c) {
  return c >= 0x20u && c <= 0x7eu && c != '\\';
}

// What `c` is written as, in `out`; its length.
static size_t escape_octet(uint8_t c, char out[5]) {
  static const char digits[] = "0123456789abcdef";
  if (is_plain(c)) {
    out[0] = (char)c;
    return 1u;
  }
  out[0] = '\\';
  if (c == '\\') {
    out[1] = '\\';
    return 2u;
  }
  out[1] = 'x';
  out[2] = digits[c >> 4];
  out[3] = digits[c & 0x0fu];
  return 4u;
}

size_t smtpc_log_escape(const uint8_t *data, size_t len, char *out,
                        size_t cap) {
  size_t used = 0u;
  for (size_t i = 0u; i < len; i++) {
    char escaped[5];
    const size_t more = escape_octet(data[i], escaped);
    if (more >= cap - used) {
      break;
    }
    memcpy(out + used, escaped, more);
    used += more;
  }
  out[used] = '\0';
  return used;
}

// -------------------------------------------------------------------- fields

smtpc_log_event smtpc_log_begin(void) {
  smtpc_log_event event = {json_object()};
  return event;
}

void smtpc_log_number(smtpc_log_event *event, const char *key, uint64_t value) {
  (void)json_object_set_new(event->fields, key,
                            json_integer((json_int_t)value));
}

void smtpc_log_octets(smtpc_log_event *event, const char *key,
                      const uint8_t *value, size_t len) {
  const size_t cap = len * 4u + 1u;
  char *escaped = malloc(cap);
  if (escaped != NULL) {
    (void)smtpc_log_escape(value, len, escaped, cap);
    (void)json_object_set_new(event->fields, key, json_string(escaped));
    free(escaped);
  }
}

void smtpc_log_text(smtpc_log_event *event, const char *key,
                    const char *value) {
  smtpc_log_octets(event, key, (const uint8_t *)value, strlen(value));
}

void smtpc_log_list(smtpc_log_event *event, const char *key) {
  (void)json_object_set_new(event->fields, key, json_array());
}

void smtpc_log_list_add(smtpc_log_event *event, const char *key,
                        const char *word) {
  (void)json_array_append_new(json_object_get(event->fields, key),
                              json_string(word));
}

// ------------------------------------------------------------------ the line

static int is_word(const char *text) {
  static const char others[] = "-_.:/@[]+#*=,";
  size_t i = 0u;
  for (; text[i] != '\0'; i++) {
    const uint8_t c = (uint8_t)text[i];
    const int alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                      (c >= 'a' && c <= 'z');
    if (!alnum && strchr(others, (int)c) == NULL) {
      return 0;
    }
  }
  return i > 0u;
}

static void print_text(FILE *out, const char *text) {
  if (is_word(text)) {
    (void)fputs(text, out);
    return;
  }
  (void)fputc('"', out);
  for (size_t i = 0u; text[i] != '\0'; i++) {
    if (text[i] == '"') {
      (void)fputc('\\', out);
    }
    (void)fputc(text[i], out);
  }
  (void)fputc('"', out);
}

static void print_list(FILE *out, const json_t *list) {
  const size_t count = json_array_size(list);
  for (size_t i = 0u; i < count; i++) {
    (void)fprintf(out, "%s%s", i > 0u ? "," : "",
                  json_string_value(json_array_get(list, i)));
  }
  if (count == 0u) {
    (void)fputc('-', out);
  }
}

static void print_value(FILE *out, const json_t *value) {
  if (json_is_integer(value)) {
    (void)fprintf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
  } else if (json_is_string(value)) {
    print_text(out, json_string_value(value));
  } else {
    print_list(out, value);
  }
}

static void print_fields(FILE *out, json_t *fields) {
  const char *key = NULL;
  json_t *value = NULL;
  const char *space = "";
  json_object_foreach(fields, key, value) {
    (void)fprintf(out, "%s%s ", space, key);
    print_value(out, value);
    space = " ";
  }
}

void smtpc_log_write(const smtpc_log *log, smtpc_log_event *event) {
  flockfile(log->stream);
  if (log->format == SMTPC_LOG_JSON) {
    (void)json_dumpf(event->fields, log->stream, JSON_COMPACT);
  } else {
    print_fields(log->stream, event->fields);
  }
  (void)fputc('\n', log->stream);
  (void)fflush(log->stream);
  funlockfile(log->stream);
  json_decref(event->fields);
  event->fields = NULL;
}

// ------------------------------------------------------------------ findings

int smtpc_seen_has(const smtpc_seen *seen, unsigned finding) {
  for (size_t i = 0u; i < seen->count; i++) {
    if (seen->finding[i] == finding) {
      return 1;
    }
  }
  return 0;
}

void smtpc_seen_add(smtpc_seen *seen, unsigned finding) {
  if (finding != SMTPC_FINDING_NONE && finding < SMTPC_FINDING_COUNT &&
      smtpc_seen_has(seen, finding) == 0) {
    seen->finding[seen->count] = (uint8_t)finding;
    seen->count++;
  }
}

void smtpc_log_seen(smtpc_log_event *event, const char *key,
                    const smtpc_seen *seen) {
  smtpc_log_list(event, key);
  for (size_t i = 0u; i < seen->count; i++) {
    smtpc_log_list_add(event, key, smtpc_finding_get(seen->finding[i]).name);
  }
}
