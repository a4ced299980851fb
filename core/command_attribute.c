#include "core/command_parts.h"
#include "smtpcore/address.h"

#if SMTPC_CONFIG_XCLIENT

_Static_assert(SMTPC_ATTRIBUTE_COUNT <= 16, "an attribute has a bit");

// A port has at most five digits.
#define PORT_DIGITS 5u

// WORD_IS compares with a literal, which is in upper case.
#define WORD_IS(text, span, literal) \
  smtpc_span_is(text, span, literal, sizeof(literal) - 1u)

// ---------------------------------------------------------------------- values

// The functions below judge all of `all` of `text`, a value without its xtext.

// is_unknown returns whether the proxy says that it does not know.
static bool is_unknown(const uint8_t *text, smtpc_span all) {
  return WORD_IS(text, all, "[UNAVAILABLE]") ||
         WORD_IS(text, all, "[TEMPUNAVAIL]");
}

static bool is_port(const uint8_t *text, smtpc_span all) {
  uint64_t port = 0u;
  const size_t len = smtpc_span_len(all);
  // One number, one spelling.
  if (len > PORT_DIGITS || (len > 1u && text[all.begin] == (uint8_t)'0')) {
    return false;
  }
  return smtpc_span_number(text, all, UINT16_MAX, &port) == SMTPC_OK;
}

// The tag says which family the text is of, also when an IPv6 address carries
// an IPv4 address.
static bool is_address(const uint8_t *text, smtpc_span all) {
  smtpc_address address;
  smtpc_span rest = all;
  const bool tagged = smtpc_span_starts(text, all, "IPV6:", 5u);
  if (tagged) {
    rest = smtpc_span_make((size_t)all.begin + 5u, all.end);
  }
  const bool ipv6 = smtpc_span_find(text, rest, (uint8_t)':') < rest.end;
  return ipv6 == tagged &&
         smtpc_address_parse(text, rest, &address) == SMTPC_OK;
}

static bool value_fits(const uint8_t *text, smtpc_span all,
                       smtpc_attribute_value kind) {
  bool fits = is_unknown(text, all);
  switch (kind) {
    case SMTPC_ATTRIBUTE_VALUE_HOST:
      fits = fits || smtpc_domain_parse(text, all, 0u) == SMTPC_OK;
      break;
    case SMTPC_ATTRIBUTE_VALUE_ADDRESS:
      fits = fits || is_address(text, all);
      break;
    case SMTPC_ATTRIBUTE_VALUE_PORT:
      fits = fits || is_port(text, all);
      break;
    case SMTPC_ATTRIBUTE_VALUE_PROTOCOL:
      fits = fits || WORD_IS(text, all, "SMTP") || WORD_IS(text, all, "ESMTP");
      break;
    case SMTPC_ATTRIBUTE_VALUE_SOURCE:
      fits =
          fits || WORD_IS(text, all, "LOCAL") || WORD_IS(text, all, "REMOTE");
      break;
    case SMTPC_ATTRIBUTE_VALUE_TEXT:
      fits = true;
      break;
  }
  return fits;
}

// take_value checks the xtext `value`, which is not empty.
static smtpc_status take_value(const uint8_t *line, smtpc_span value,
                               smtpc_attribute_value kind) {
  // A domain is the longest of the values that have a limit.
  uint8_t text[SMTPC_DOMAIN_MAX];
  size_t len = 0u;
  if (kind == SMTPC_ATTRIBUTE_VALUE_TEXT) {
    return smtpc_xtext_check(line, value);
  }
  const smtpc_status status =
      smtpc_xtext_decode(line, value, text, sizeof text, &len);
  if (status == SMTPC_E_XTEXT) {
    return status;
  }
  const bool fits =
      status == SMTPC_OK && value_fits(text, smtpc_span_make(0u, len), kind);
  return fits ? SMTPC_OK : SMTPC_E_PARAM_VALUE;
}

// ------------------------------------------------------------------ attributes

// named_value returns the value in the `word` NAME=value, and the name in `*name`.
// Without `=` the value is empty.
static smtpc_span named_value(const uint8_t *line, smtpc_span word,
                              smtpc_span *name) {
  const size_t equals = smtpc_span_find(line, word, (uint8_t)'=');
  const size_t from = equals < word.end ? equals + 1u : equals;
  *name = smtpc_span_make(word.begin, equals);
  return smtpc_span_make(from, word.end);
}

// next_word returns what stands before the first space of `rest`.
static smtpc_span next_word(const uint8_t *line, smtpc_span rest) {
  return smtpc_span_make(rest.begin, smtpc_span_find(line, rest, ' '));
}

static bool belongs_to(smtpc_attribute_verbs verbs, unsigned verb) {
  bool belongs = true;
  switch (verbs) {
    case SMTPC_ATTRIBUTE_VERBS_BOTH:
      break;
    case SMTPC_ATTRIBUTE_VERBS_XCLIENT:
      belongs = verb == SMTPC_VERB_XCLIENT;
      break;
    case SMTPC_ATTRIBUTE_VERBS_XFORWARD:
      belongs = verb == SMTPC_VERB_XFORWARD;
      break;
  }
  return belongs;
}

// attribute_of returns the attribute of `verb` that `name` spells, or
// SMTPC_ATTRIBUTE_COUNT.
static unsigned attribute_of(const uint8_t *line, smtpc_span name,
                             unsigned verb) {
  unsigned found = SMTPC_ATTRIBUTE_COUNT;
  for (unsigned id = 0u; id < SMTPC_ATTRIBUTE_COUNT; id++) {
    const smtpc_attribute_row row = smtpc_attribute_get(id);
    if (belongs_to((smtpc_attribute_verbs)row.verbs, verb) &&
        smtpc_span_is(line, name, row.name, row.name_len)) {
      found = id;
      break;
    }
  }
  return found;
}

// take_attribute takes NAME=value, which is all of `word`.
static smtpc_status take_attribute(const uint8_t *line, smtpc_span word,
                                   smtpc_command *out) {
  smtpc_span name;
  const smtpc_span value = named_value(line, word, &name);
  if (smtpc_span_len(name) == 0u) {
    return SMTPC_E_SYNTAX;
  }
  const unsigned id = attribute_of(line, name, out->verb);
  if (id == SMTPC_ATTRIBUTE_COUNT) {
    return SMTPC_E_PARAM_UNKNOWN;
  }
  const uint16_t bit = (uint16_t)(1u << (id & 15u));
  if ((out->attributes & bit) != 0u) {
    return SMTPC_E_PARAM_DUPLICATE;
  }
  out->attributes |= bit;
  if (smtpc_span_len(value) == 0u) {
    return SMTPC_E_PARAM_VALUE_MISSING;
  }
  return take_value(line, value,
                    (smtpc_attribute_value)smtpc_attribute_get(id).value);
}

smtpc_status smtpc_command_take_attributes(const uint8_t *line,
                                           smtpc_command *out) {
  smtpc_span rest = out->argument;
  smtpc_status status = SMTPC_OK;
  bool more = true;
  while (status == SMTPC_OK && more) {
    const smtpc_span word = next_word(line, rest);
    status = take_attribute(line, word, out);
    more = word.end < rest.end;
    rest = smtpc_span_make((size_t)word.end + (more ? 1u : 0u), rest.end);
  }
  return status;
}

// value_of returns `value`, or the empty span when it says that it is not known.
static smtpc_span value_of(const uint8_t *line, smtpc_span value) {
  uint8_t text[sizeof "[UNAVAILABLE]" - 1u];
  size_t len = 0u;
  const bool unknown =
      smtpc_xtext_decode(line, value, text, sizeof text, &len) == SMTPC_OK &&
      is_unknown(text, smtpc_span_make(0u, len));
  return unknown ? smtpc_span_make(0u, 0u) : value;
}

smtpc_span smtpc_attribute_find(const uint8_t *line, smtpc_span argument,
                                unsigned id) {
  const smtpc_attribute_row row = smtpc_attribute_get(id);
  smtpc_span rest = argument;
  while (row.name_len > 0u && rest.begin < rest.end) {
    smtpc_span name;
    const smtpc_span word = next_word(line, rest);
    const smtpc_span value = named_value(line, word, &name);
    if (smtpc_span_is(line, name, row.name, row.name_len)) {
      return value_of(line, value);
    }
    rest = smtpc_span_make((size_t)word.end + (word.end < rest.end ? 1u : 0u),
                           rest.end);
  }
  return smtpc_span_make(0u, 0u);
}

#endif  // SMTPC_CONFIG_XCLIENT
