#define _POSIX_C_SOURCE 200809L

#include "core/model/capability_model.h"

#include <errno.h>
#include <regex.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { LINE, SIZE, LIMIT, OVERWRITTEN, PATTERN_COUNT };

static bool matches(int pattern, const char *text) {
  static regex_t patterns[PATTERN_COUNT];
  static bool compiled[PATTERN_COUNT];
  static const char *const sources[PATTERN_COUNT] = {
      [LINE] = "^[A-Za-z0-9][A-Za-z0-9-]*( [!-~]+)*$",
      [SIZE] = "^SIZE( [0-9]{1,20})?$",
      [LIMIT] = "^=[1-9][0-9]{0,5}$",
      [OVERWRITTEN] = "^[Xx]{3,}[A-Za-z]$",
  };
  if (!compiled[pattern] && regcomp(&patterns[pattern], sources[pattern],
                                    REG_EXTENDED | REG_NOSUB) != 0) {
    abort();
  }
  compiled[pattern] = true;
  return regexec(&patterns[pattern], text, 0, NULL, 0) == 0;
}

static bool same(const char *a, const char *b) { return strcasecmp(a, b) == 0; }

// The keywords that take no parameter, one after the other.
static bool add_bare(smtpc_capabilities *caps, const char *keyword) {
  static const struct {
    const char *keyword;
    uint32_t bit;
  } bare[] = {
      {"PIPELINING", SMTPC_OFFERS(PIPELINING)},
      {"8BITMIME", SMTPC_OFFERS(8BITMIME)},
      {"STARTTLS", SMTPC_OFFERS(STARTTLS)},
      {"DSN", SMTPC_OFFERS(DSN)},
      {"SMTPUTF8", SMTPC_OFFERS(SMTPUTF8)},
      {"CHUNKING", SMTPC_OFFERS(CHUNKING)},
      {"REQUIRETLS", SMTPC_OFFERS(REQUIRETLS)},
      {"ENHANCEDSTATUSCODES", SMTPC_OFFERS(ENHANCEDSTATUSCODES)},
  };
  for (size_t i = 0; i < sizeof bare / sizeof bare[0]; i++) {
    if (same(keyword, bare[i].keyword)) {
      caps->offered |= bare[i].bit;
      return true;
    }
  }
  return false;
}

static bool is_bare(const char *keyword) {
  smtpc_capabilities ignored = {0};
  return add_bare(&ignored, keyword);
}

static bool add_size(smtpc_capabilities *caps, const char *line) {
  uint64_t size = 0;
  if (!matches(SIZE, line)) {
    return false;
  }
  if (line[4] == ' ') {
    errno = 0;
    size = strtoull(line + 5, NULL, 10);
    if (errno == ERANGE) {
      return false;
    }
  }
  if (caps->offered & SMTPC_OFFERS(SIZE)) {
    return size == caps->size;
  }
  caps->offered |= SMTPC_OFFERS(SIZE);
  caps->size = size;
  if (size != 0) {
    caps->marks |= SMTPC_CAPS_SIZE_LIMIT;
  }
  return true;
}

static void add_auth(smtpc_capabilities *caps, char *params) {
  caps->offered |= SMTPC_OFFERS(AUTH);
  char *rest = NULL;
  for (char *word = strtok_r(params, " ", &rest); word != NULL;
       word = strtok_r(NULL, " ", &rest)) {
    if (same(word, "PLAIN")) {
      caps->mechanisms |= SMTPC_MECH(PLAIN);
    } else if (same(word, "LOGIN")) {
      caps->mechanisms |= SMTPC_MECH(LOGIN);
    } else if (same(word, "CRAM-MD5")) {
      caps->mechanisms |= SMTPC_MECH(CRAM_MD5);
    } else {
      caps->auth_other = 1;
    }
  }
}

static void set_once(uint32_t *limit, const char *digits) {
  if (*limit == 0) {
    *limit = (uint32_t)strtoul(digits, NULL, 10);
  }
}

static void add_limits(smtpc_capabilities *caps, char *params) {
  char *rest = NULL;
  for (char *word = strtok_r(params, " ", &rest); word != NULL;
       word = strtok_r(NULL, " ", &rest)) {
    char *value = strchr(word, '=');
    if (value == NULL || !matches(LIMIT, value)) {
      continue;
    }
    *value = '\0';
    if (same(word, "RCPTMAX")) set_once(&caps->rcpt_max, value + 1);
    if (same(word, "MAILMAX")) set_once(&caps->mail_max, value + 1);
    if (same(word, "RCPTDOMAINMAX")) set_once(&caps->domain_max, value + 1);
  }
}

// Takes a line that fits the grammar apart. Returns whether its keyword may
// have these parameters.
static bool add_line(smtpc_capabilities *caps, char *line) {
  char *whole = strdup(line);
  if (whole == NULL) {
    abort();
  }
  for (size_t i = 0; i < strlen(whole); i++) {
    if (whole[i] >= 'a' && whole[i] <= 'z') {
      whole[i] = (char)(whole[i] - 32);
    }
  }
  char *space = strchr(line, ' ');
  char *params = space == NULL ? line + strlen(line) : space + 1;
  if (space != NULL) {
    *space = '\0';
  }
  bool fits = true;
  if (same(line, "SIZE")) {
    fits = add_size(caps, whole);
  } else if (same(line, "AUTH")) {
    add_auth(caps, params);
  } else if (same(line, "LIMITS")) {
    add_limits(caps, params);
  } else if (is_bare(line)) {
    fits = space == NULL && add_bare(caps, line);
  } else if (matches(OVERWRITTEN, line)) {
    caps->marks |= SMTPC_CAPS_TAMPERED;
  }
  free(whole);
  return fits;
}

void smtpc_model_capability_line(smtpc_capabilities *caps, unsigned number,
                                 const uint8_t *text, size_t len) {
  if (number <= 1) {
    return;
  }
  char *line = malloc(len + 1);
  if (line == NULL) {
    abort();
  }
  if (len > 0) {
    memcpy(line, text, len);
  }
  line[len] = '\0';
  const bool fits = memchr(line, '\0', len) == NULL && matches(LINE, line) &&
                    add_line(caps, line);
  if (!fits) {
    caps->marks |= SMTPC_CAPS_MALFORMED;
  }
  free(line);
}
