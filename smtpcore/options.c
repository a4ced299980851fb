#include "smtpcore/options.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "smtpcore/log.h"
#include "smtpcore/path.h"
#include "smtpcore/span.h"
#include "smtpcore/tls.h"

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

uint64_t smtpc_option_take_number(const struct argp_state *state,
                                  const char *option, const char *text,
                                  uint64_t min, uint64_t max) {
  char want[96];
  uint64_t value = 0u;
  if (!smtpc_option_number(text, min, max, &value)) {
    (void)snprintf(want, sizeof want, "want a number from %llu to %llu",
                   (unsigned long long)min, (unsigned long long)max);
    smtpc_option_fail(state, option, text, want);
  }
  return value;
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
