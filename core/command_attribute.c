#include "core/command_parts.h"
#include "smtpcore/address.h"

// The longest value that is looked into: a domain, decoded.
#define VALUE_MAX SMTPC_DOMAIN_MAX

// A proxy that does not know a value says so.
static bool is_unknown(const uint8_t *line, smtpc_span value) {
  return smtpc_span_is(line, value, "[UNAVAILABLE]", 13u) ||
         smtpc_span_is(line, value, "[TEMPUNAVAIL]", 13u);
}

// `IPV6:` stands before an IPv6 address, and before nothing else.
static bool is_address(const uint8_t *text, smtpc_span value) {
  smtpc_address address;
  smtpc_span rest = value;
  uint8_t want = (uint8_t)SMTPC_FAMILY_IPV4;
  if (smtpc_span_starts(text, value, "IPV6:", 5u)) {
    rest = smtpc_span_make(value.begin + 5u, value.end);
    want = (uint8_t)SMTPC_FAMILY_IPV6;
  }
  if (smtpc_address_parse(text, rest, &address) != SMTPC_OK) {
    return false;
  }
  // An IPv4 address that IPv6 carries is IPv4 to us, and IPv6 as it was written.
  const bool colon =
      smtpc_span_find(text, rest, (uint8_t)':') < (size_t)rest.end;
  return colon == (want == SMTPC_FAMILY_IPV6);
}

static bool is_port(const uint8_t *text, smtpc_span value) {
  uint64_t port = 0u;
  return smtpc_span_number(text, value, 65535u, &port) == SMTPC_OK;
}

// Says whether the decoded `text` may be the value of an attribute of `kind`.
static bool is_value(const uint8_t *text, size_t len, unsigned kind) {
  const smtpc_span value = smtpc_span_make(0u, len);
  switch ((smtpc_attribute_value)kind) {
    case SMTPC_ATTRIBUTE_VALUE_HOST:
      return smtpc_domain_parse(text, value, 0u) == SMTPC_OK;
    case SMTPC_ATTRIBUTE_VALUE_ADDRESS:
      return is_address(text, value);
    case SMTPC_ATTRIBUTE_VALUE_PORT:
      return is_port(text, value);
    case SMTPC_ATTRIBUTE_VALUE_PROTOCOL:
      return smtpc_span_is(text, value, "SMTP", 4u) ||
             smtpc_span_is(text, value, "ESMTP", 5u);
    case SMTPC_ATTRIBUTE_VALUE_SOURCE:
      return smtpc_span_is(text, value, "LOCAL", 5u) ||
             smtpc_span_is(text, value, "REMOTE", 6u);
    case SMTPC_ATTRIBUTE_VALUE_TEXT:
      return len > 0u;
  }
  return false;
}

static unsigned attribute_named(const uint8_t *line, smtpc_span name,
                                unsigned verb) {
  const unsigned only = verb == SMTPC_VERB_XCLIENT
                            ? (unsigned)SMTPC_ATTRIBUTE_VERBS_XCLIENT
                            : (unsigned)SMTPC_ATTRIBUTE_VERBS_XFORWARD;
  for (unsigned id = 0u; id < SMTPC_ATTRIBUTE_COUNT; id++) {
    const smtpc_attribute_row row = smtpc_attribute_get(id);
    const bool has =
        row.verbs == SMTPC_ATTRIBUTE_VERBS_BOTH || row.verbs == only;
    if (has && smtpc_span_is(line, name, row.name, row.name_len)) {
      return id;
    }
  }
  return SMTPC_ATTRIBUTE_COUNT;
}

static smtpc_status check_value(const uint8_t *line, smtpc_span value,
                                unsigned id) {
  uint8_t text[VALUE_MAX];
  size_t len = 0u;
  if (smtpc_span_len(value) == 0u) {
    return SMTPC_E_PARAM_VALUE_MISSING;
  }
  if (is_unknown(line, value)) {
    return SMTPC_OK;
  }
  const smtpc_status status =
      smtpc_xtext_decode(line, value, text, sizeof text, &len);
  if (status != SMTPC_OK) {
    return status == SMTPC_E_ROOM ? SMTPC_E_TOO_LONG : status;
  }
  return is_value(text, len, smtpc_attribute_get(id).value)
             ? SMTPC_OK
             : SMTPC_E_PARAM_VALUE;
}

// Takes NAME=value off the front of `*rest`, and the space behind it.
static smtpc_status take_attribute(const uint8_t *line, smtpc_span *rest,
                                   smtpc_command *out) {
  const size_t end = smtpc_span_find(line, *rest, (uint8_t)' ');
  const smtpc_span word = smtpc_span_make(rest->begin, end);
  const size_t equals = smtpc_span_find(line, word, (uint8_t)'=');
  if (equals == word.begin || equals >= end || end + 1u == rest->end) {
    return SMTPC_E_SYNTAX;
  }
  const smtpc_span name = smtpc_span_make(word.begin, equals);
  const unsigned id = attribute_named(line, name, out->verb);
  if (id == SMTPC_ATTRIBUTE_COUNT) {
    return SMTPC_E_PARAM_UNKNOWN;
  }
  const uint16_t bit = (uint16_t)(1u << id);
  if ((out->attributes & bit) != 0u) {
    return SMTPC_E_PARAM_DUPLICATE;
  }
  out->attributes |= bit;
  rest->begin = (uint16_t)(end < rest->end ? end + 1u : end);
  return check_value(line, smtpc_span_make(equals + 1u, end), id);
}

smtpc_status smtpc_command_take_attributes(const uint8_t *line,
                                           smtpc_command *out) {
  smtpc_span rest = out->argument;
  smtpc_status status = SMTPC_OK;
  while (status == SMTPC_OK && rest.begin < rest.end) {
    status = take_attribute(line, &rest, out);
  }
  return status;
}

smtpc_span smtpc_attribute_find(const uint8_t *line, smtpc_span argument,
                                unsigned id) {
  const smtpc_span none = {0u, 0u};
  const smtpc_attribute_row row = smtpc_attribute_get(id);
  smtpc_span rest = argument;
  while (row.name_len > 0u && rest.begin < rest.end) {
    const size_t end = smtpc_span_find(line, rest, (uint8_t)' ');
    const smtpc_span word = smtpc_span_make(rest.begin, end);
    const size_t equals = smtpc_span_find(line, word, (uint8_t)'=');
    const smtpc_span name = smtpc_span_make(word.begin, equals);
    if (equals < end && smtpc_span_is(line, name, row.name, row.name_len)) {
      const smtpc_span value = smtpc_span_make(equals + 1u, end);
      return is_unknown(line, value) ? none : value;
    }
    rest.begin = (uint16_t)(end < rest.end ? end + 1u : end);
  }
  return none;
}
