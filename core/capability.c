#include "smtpcore/capability.h"

#include <stdbool.h>
#include <stddef.h>

// A word and its length.
#define LITERAL(text) text, sizeof(text) - 1u

void smtpc_capability_init(smtpc_capabilities *caps) {
  static const smtpc_capabilities none = {0};
  *caps = none;
}

// ehlo-keyword = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-"). Takes it off `*rest`;
// it is empty when none is there.
static smtpc_span take_keyword(const uint8_t *line, smtpc_span *rest) {
  const size_t begin = rest->begin;
  size_t i = begin;
  while (i < rest->end) {
    const uint8_t c = line[i];
    const bool hyphen = c == (uint8_t)'-' && i > begin;
    if (!smtpc_is_alnum(c) && !hyphen) {
      break;
    }
    i++;
  }
  rest->begin = (uint16_t)i;
  return smtpc_span_make(begin, i);
}

// SP ehlo-param, where ehlo-param = 1*(%d33-126). Takes it off `*rest` and
// returns the parameter; it is empty when none is there.
static smtpc_span take_param(const uint8_t *line, smtpc_span *rest) {
  if (smtpc_span_peek(line, *rest) != ' ') {
    return smtpc_span_make(0u, 0u);
  }
  const size_t begin = (size_t)rest->begin + 1u;
  size_t i = begin;
  while (i < rest->end) {
    const uint8_t c = line[i];
    if (c < 33u || c > 126u) {
      break;
    }
    i++;
  }
  rest->begin = (uint16_t)i;
  return smtpc_span_make(begin, i);
}

// Says whether `params`, the line after its keyword, is *( SP ehlo-param ).
static bool params_fit(const uint8_t *line, smtpc_span params) {
  smtpc_span rest = params;
  while (rest.begin < rest.end) {
    const smtpc_span param = take_param(line, &rest);
    if (smtpc_span_len(param) == 0u) {
      return false;
    }
  }
  return true;
}

// A firewall that hides a keyword writes X over it, or over all but its last
// letter (THREATS: DWN-02).
static bool is_overwritten(const uint8_t *line, smtpc_span keyword) {
  const size_t end = keyword.end;
  if (smtpc_span_len(keyword) < 4u) {
    return false;
  }
  for (size_t i = keyword.begin; i + 1u < end; i++) {
    if (smtpc_upper(line[i]) != (uint8_t)'X') {
      return false;
    }
  }
  return smtpc_is_alpha(line[end - 1u]);
}

// The registry's keywords once more, in one place for the search.
typedef struct word {
  const char *text;
  size_t len;
} word;

static const word keywords[SMTPC_EXTENSION_COUNT] = {
#define WORD(id, keyword, value, channel, clause) {LITERAL(keyword)},
    SMTPC_EXTENSION_LIST(WORD)
#undef WORD
};

static unsigned extension_of(const uint8_t *line, smtpc_span keyword) {
  const size_t len = smtpc_span_len(keyword);
  unsigned id = 0u;
  while (id < SMTPC_EXTENSION_COUNT) {
    const word known = keywords[id];
    if (known.len == len && smtpc_span_is(line, keyword, known.text, len)) {
      break;
    }
    id++;
  }
  return id;
}

// RFC 1870 section 4: no number, or 0, is no fixed limit.
static bool add_size(smtpc_capabilities *caps, const uint8_t *line,
                     smtpc_span params) {
  smtpc_span rest = params;
  uint64_t size = 0u;
  if (rest.begin < rest.end) {
    const smtpc_span number = take_param(line, &rest);
    if (rest.begin < rest.end ||
        smtpc_span_number(line, number, UINT64_MAX, &size) != SMTPC_OK) {
      return false;
    }
  }
  if ((caps->offered & SMTPC_OFFERS(SIZE)) != 0u) {
    return size == caps->size;
  }
  caps->size = size;
  if (size > 0u) {
    caps->marks |= SMTPC_CAPS_SIZE_LIMIT;
  }
  return true;
}

static void add_mechanism(smtpc_capabilities *caps, const uint8_t *line,
                          smtpc_span name) {
  for (unsigned id = 1u; id < SMTPC_MECHANISM_COUNT; id++) {
    const smtpc_mechanism_row row = smtpc_mechanism_get(id);
    if (smtpc_span_is(line, name, row.name, row.name_len)) {
      caps->mechanisms |= (uint16_t)(1u << id);
      return;
    }
  }
  caps->auth_other = 1u;
}

// RFC 4954 section 3
static void add_mechanisms(smtpc_capabilities *caps, const uint8_t *line,
                           smtpc_span params) {
  smtpc_span rest = params;
  while (rest.begin < rest.end) {
    const smtpc_span name = take_param(line, &rest);
    if (smtpc_span_len(name) == 0u) {
      return;
    }
    add_mechanism(caps, line, name);
  }
}

// Adds one limit, `NAME=VALUE`. A value is 1 to 6 digits, the first not 0; one
// that is not, and a name that we do not know, is ignored. The first value
// counts.
static void add_limit(smtpc_capabilities *caps, const uint8_t *line,
                      smtpc_span param) {
  const size_t equals = smtpc_span_find(line, param, (uint8_t)'=');
  if (equals >= param.end) {
    return;
  }
  const smtpc_span name = smtpc_span_make(param.begin, equals);
  const smtpc_span digits = smtpc_span_make(equals + 1u, param.end);
  uint64_t value = 0u;
  if (smtpc_span_peek(line, digits) == '0' ||
      smtpc_span_number(line, digits, 999999u, &value) != SMTPC_OK) {
    return;
  }
  uint32_t *field = NULL;
  if (smtpc_span_is(line, name, LITERAL("RCPTMAX"))) {
    field = &caps->rcpt_max;
  } else if (smtpc_span_is(line, name, LITERAL("MAILMAX"))) {
    field = &caps->mail_max;
  } else if (smtpc_span_is(line, name, LITERAL("RCPTDOMAINMAX"))) {
    field = &caps->domain_max;
  }
  if (field != NULL && *field == 0u) {
    *field = (uint32_t)value;
  }
}

// RFC 9422 section 3
static void add_limits(smtpc_capabilities *caps, const uint8_t *line,
                       smtpc_span params) {
  smtpc_span rest = params;
  while (rest.begin < rest.end) {
    const smtpc_span param = take_param(line, &rest);
    if (smtpc_span_len(param) == 0u) {
      return;
    }
    add_limit(caps, line, param);
  }
}

// Adds extension `id` and returns true, or returns false when `params` are not
// what it may have.
static bool add_extension(smtpc_capabilities *caps, unsigned id,
                          const uint8_t *line, smtpc_span params) {
  const uint8_t value = smtpc_extension_get(id).value;
  bool fits = true;
  if (value == SMTPC_VALUE_BARE) {
    fits = params.begin == params.end;
  } else if (id == SMTPC_EXTENSION_SIZE) {
    fits = add_size(caps, line, params);
  } else if (id == SMTPC_EXTENSION_AUTH) {
    add_mechanisms(caps, line, params);
  }
  if (fits) {
    caps->offered |= (uint32_t)1 << id;
  }
  return fits;
}

void smtpc_capability_line(smtpc_capabilities *caps, unsigned number,
                           const uint8_t *line, smtpc_span text) {
  if (number < 2u) {
    return;
  }
  smtpc_span params = text;
  const smtpc_span keyword = take_keyword(line, &params);
  bool fits = smtpc_span_len(keyword) > 0u && params_fit(line, params);
  if (fits) {
    const unsigned id = extension_of(line, keyword);
    if (id < SMTPC_EXTENSION_COUNT) {
      fits = add_extension(caps, id, line, params);
    } else if (smtpc_span_is(line, keyword, LITERAL("LIMITS"))) {
      add_limits(caps, line, params);
    } else if (is_overwritten(line, keyword)) {
      caps->marks |= SMTPC_CAPS_TAMPERED;
    }
  }
  if (!fits) {
    caps->marks |= SMTPC_CAPS_MALFORMED;
  }
}
