#include "smtpcore/options.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "smtpcore/log.h"
#include "smtpcore/path.h"
#include "smtpcore/registry.h"
#include "smtpcore/span.h"
#include "smtpcore/tls.h"

#define DEADLINE_SECONDS_MAX 86400u

const char *const smtpc_option_auth_words[3] = {"off", "on", "required"};
const char *const smtpc_option_log_words[2] = {"text", "json"};

bool smtpc_option_number(const char *text, uint64_t min, uint64_t max,
                         uint64_t *out) {
  const size_t len = strlen(text);
  uint64_t value = 0u;
  const bool whole = len <= 20u && smtpc_span_number((const uint8_t *)text,
                                                     smtpc_span_make(0u, len),
                                                     max, &value) == SMTPC_OK;
  if (!whole || value < min) {
    return false;
  }
  *out = value;
  return true;
}

bool smtpc_option_endpoint(const char *text, smtpc_endpoint *out) {
  const char *colon = strrchr(text, ':');
  const char *begin = text;
  uint64_t port = 0u;
  if (colon == NULL || !smtpc_option_number(colon + 1, 0u, UINT16_MAX, &port)) {
    return false;
  }
  const char *end = colon;
  const bool bracketed = text[0] == '[';
  if (bracketed) {
    begin++;
    if (end - text < 2 || end[-1] != ']') {
      return false;
    }
    end--;
  }
  const size_t len = (size_t)(end - begin);
  // An IPv6 address has colons of its own: without brackets its end is a guess.
  const bool clean = memchr(begin, ']', len) == NULL &&
                     memchr(begin, '[', len) == NULL &&
                     (memchr(begin, ':', len) == NULL) != bracketed;
  if (len == 0u || len >= sizeof out->host || !clean) {
    return false;
  }
  const bool all = len == 1u && begin[0] == '*';
  memcpy(out->host, begin, len);
  out->host[all ? 0u : len] = '\0';
  out->port = (uint16_t)port;
  return true;
}

bool smtpc_option_choice(const char *text, const char *const *words,
                         size_t count, uint8_t *out) {
  for (size_t i = 0u; i < count; i++) {
    if (strcmp(text, words[i]) == 0) {
      *out = (uint8_t)i;
      return true;
    }
  }
  return false;
}

bool smtpc_option_tls_version(const char *text, uint16_t *out) {
  static const char *const words[4] = {"1.0", "1.1", "1.2", "1.3"};
  uint8_t index = 0u;
  if (!smtpc_option_choice(text, words, 4u, &index)) {
    return false;
  }
  *out = (uint16_t)(SMTPC_TLS_1_0 + index);
  return true;
}

bool smtpc_option_quirk(const char *text, uint32_t allowed, uint32_t *set) {
  smtpc_quirk_row row = smtpc_quirk_get(0u);
  for (unsigned i = 1u; row.bit != 0u; i++) {
    if ((allowed & row.bit) != 0u && strcmp(text, row.name) == 0) {
      *set |= row.bit;
      return true;
    }
    row = smtpc_quirk_get(i);
  }
  return false;
}

// Adds `name` to the list in `out`, as far as there is room.
static void add_name(char *out, size_t cap, const char *name) {
  const size_t used = strlen(out);
  (void)snprintf(out + used, cap - used, "%s%s", used > 0u ? ", " : "", name);
}

void smtpc_option_quirk_names(uint32_t allowed, char *out, size_t cap) {
  smtpc_quirk_row row = smtpc_quirk_get(0u);
  out[0] = '\0';
  for (unsigned i = 1u; row.bit != 0u; i++) {
    if ((allowed & row.bit) != 0u) {
      add_name(out, cap, row.name);
    }
    row = smtpc_quirk_get(i);
  }
}

bool smtpc_option_deadline(const char *text, smtpc_net_deadlines *deadlines) {
  const char *equals = strchr(text, '=');
  uint64_t seconds = 0u;
  if (equals == NULL ||
      !smtpc_option_number(equals + 1, 1u, DEADLINE_SECONDS_MAX, &seconds)) {
    return false;
  }
  const size_t len = (size_t)(equals - text);
  for (unsigned id = 0u; id < SMTPC_DEADLINE_COUNT; id++) {
    const char *name = smtpc_deadline_get(id).name;
    if (strlen(name) == len && memcmp(name, text, len) == 0) {
      deadlines->seconds[id] = (uint32_t)seconds;
      return true;
    }
  }
  return false;
}

void smtpc_option_deadline_names(char *out, size_t cap) {
  out[0] = '\0';
  for (unsigned id = 0u; id < SMTPC_DEADLINE_COUNT; id++) {
    add_name(out, cap, smtpc_deadline_get(id).name);
  }
}

bool smtpc_option_host(const char *text, bool literal, uint8_t out[255],
                       uint8_t *out_len) {
  const size_t len = strlen(text);
  const uint8_t *octets = (const uint8_t *)text;
  uint8_t kind = SMTPC_HOST_NONE;
  if (len == 0u || len > SMTPC_DOMAIN_MAX) {
    return false;
  }
  const smtpc_span span = smtpc_span_make(0u, len);
  const bool good =
      smtpc_domain_parse(octets, span, 0u) == SMTPC_OK ||
      (literal && smtpc_literal_parse(octets, span, &kind) == SMTPC_OK);
  if (good) {
    memcpy(out, text, len);
    *out_len = (uint8_t)len;
  }
  return good;
}

void smtpc_option_own_host(uint8_t out[255], uint8_t *out_len) {
  char name[256] = "";
  (void)gethostname(name, sizeof name - 1u);
  if (!smtpc_option_host(name, false, out, out_len)) {
    (void)smtpc_option_host("localhost", false, out, out_len);
  }
}

void smtpc_option_fail(const struct argp_state *state, const char *option,
                       const char *value, const char *want) {
  char shown[256];
  if (value == NULL) {
    argp_error(state, "%s: %s", option, want);
    return;
  }
  smtpc_log_escape((const uint8_t *)value, strlen(value), shown, sizeof shown);
  argp_error(state, "%s: %s; it is \"%s\"", option, want, shown);
}

void smtpc_option_take_quirk(const struct argp_state *state, const char *text,
                             uint32_t allowed, uint32_t *set) {
  char names[256];
  char want[320];
  if (!smtpc_option_quirk(text, allowed, set)) {
    smtpc_option_quirk_names(allowed, names, sizeof names);
    (void)snprintf(want, sizeof want, "want one of %s", names);
    smtpc_option_fail(state, "--quirk", text, want);
  }
}

void smtpc_option_take_deadline(const struct argp_state *state,
                                const char *text,
                                smtpc_net_deadlines *deadlines) {
  char names[256];
  char want[352];
  if (!smtpc_option_deadline(text, deadlines)) {
    smtpc_option_deadline_names(names, sizeof names);
    (void)snprintf(want, sizeof want,
                   "want NAME=SECONDS, 1 to 86400, with NAME one of %s", names);
    smtpc_option_fail(state, "--deadline", text, want);
  }
}

uint8_t smtpc_option_take_choice(const struct argp_state *state,
                                 const char *option, const char *text,
                                 const char *const *words, size_t count,
                                 const char *want) {
  uint8_t choice = 0u;
  if (!smtpc_option_choice(text, words, count, &choice)) {
    smtpc_option_fail(state, option, text, want);
  }
  return choice;
}
