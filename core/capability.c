#include "smtpcore/capability.h"

#include <stdbool.h>
#include <stddef.h>

#include "core/config_parts.h"
#include "smtpcore/param.h"

#if SMTPC_CONFIG_CLIENT

// A word and its length.
#define LITERAL(text) text, (uint8_t)(sizeof(text) - 1u)

void smtpc_capability_init(smtpc_capabilities *caps) {
  static const smtpc_capabilities none = {0};
  *caps = none;
}

// ----------------------------------------------------------------------- words

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

// ehlo-param = 1*(%d33-126). Takes it off `*rest`; it is empty when none is
// there.
static smtpc_span take_word(const uint8_t *line, smtpc_span *rest) {
  const size_t begin = rest->begin;
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

// Takes SP ehlo-param off `*rest` and returns the parameter; it is empty when
// none is there.
static smtpc_span take_param(const uint8_t *line, smtpc_span *rest) {
  if (smtpc_span_peek(line, *rest) != ' ') {
    return smtpc_span_make(0u, 0u);
  }
  rest->begin++;
  return take_word(line, rest);
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

// Sets `*out` to the one parameter of `params`, empty when there is none.
// Returns false when there are more.
static bool only_param(const uint8_t *line, smtpc_span params,
                       smtpc_span *out) {
  smtpc_span rest = params;
  *out = take_param(line, &rest);
  return rest.begin >= rest.end;
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

// A word and the bit or the number that it stands for.
typedef struct meaning {
  const char *text;
  uint8_t len;
  uint8_t value;
  uint8_t kind;  // of an extension: an smtpc_value
} meaning;

// Returns what `word` stands for in `table`, or `none`.
static uint8_t meaning_of(const uint8_t *line, smtpc_span word,
                          const meaning *table, size_t count, uint8_t none) {
  const size_t len = smtpc_span_len(word);
  for (size_t k = 0u; k < count; k++) {
    const meaning known = table[k];
    if (known.len == len && smtpc_span_is(line, word, known.text, len)) {
      return known.value;
    }
  }
  return none;
}

// Without names a client reads the keywords that it can use: those that a server of ours
// can offer, and those of parameters that it can only say.
#define SAID \
  (SMTPC_OFFERS(CONNEG) | SMTPC_OFFERS(CHECKPOINT) | SMTPC_OFFERS(PRDR))
#define READS(id, service)                                                  \
  (SMTPC_WITH(NAMES) || ((SMTPC_EXTENSIONS_OFF & SMTPC_OFFERS(id)) == 0u && \
                         (SMTPC_SERVICE_##service != SMTPC_SERVICE_NEVER || \
                          (SAID & SMTPC_OFFERS(id)) != 0u)))

// The registry's keywords once more, in one place for the search.
static const meaning extensions[SMTPC_EXTENSION_COUNT] = {
#define KEYWORD(id, keyword, value, channel, service, clause) \
  {READS(id, service) ? keyword : "",                         \
   READS(id, service) ? (uint8_t)(sizeof(keyword) - 1u) : 0u, \
   (uint8_t)SMTPC_EXTENSION_##id, SMTPC_VALUE_##value},
    SMTPC_EXTENSION_LIST(KEYWORD)
#undef KEYWORD
};

static const meaning others[] = {
    {LITERAL("ONEX"), SMTPC_OTHER_ONEX, 0u},
    {LITERAL("VERB"), SMTPC_OTHER_VERB, 0u},
    {LITERAL("VERP"), SMTPC_OTHER_VERP, 0u},
    {LITERAL("XUSR"), SMTPC_OTHER_XUSR, 0u},
    {LITERAL("IGNOREQUOTA"), SMTPC_OTHER_IGNOREQUOTA, 0u},
    {LITERAL("PIPECONNECT"), SMTPC_OTHER_PIPECONNECT, 0u},
};

static const meaning profiles[] = {
    {LITERAL("MIXER"), SMTPC_PRIORITY_MIXER, 0u},
    {LITERAL("STANAG4406"), SMTPC_PRIORITY_STANAG4406, 0u},
    {LITERAL("NSEP"), SMTPC_PRIORITY_NSEP, 0u},
};

#define MEANING_OF(line, word, table, none) \
  meaning_of(line, word, table, sizeof(table) / sizeof((table)[0]), none)

// ----------------------------------------------------------------- one value

static bool is_offered(const smtpc_capabilities *caps, unsigned id) {
  return (caps->offered >> id & 1u) != 0u;
}

// RFC 1870 section 4: no number, or 0, is no fixed limit.
static bool add_size(smtpc_capabilities *caps, const uint8_t *line,
                     smtpc_span params) {
  smtpc_span number;
  uint64_t size = 0u;
  if (!only_param(line, params, &number)) {
    return false;
  }
  if (smtpc_span_len(number) > 0u &&
      smtpc_span_number(line, number, UINT64_MAX, &size) != SMTPC_OK) {
    return false;
  }
  if (is_offered(caps, SMTPC_EXTENSION_SIZE)) {
    return size == caps->size;
  }
  caps->size = size;
  if (size > 0u) {
    caps->marks |= SMTPC_CAPS_SIZE_LIMIT;
  }
  return true;
}

// 1*9DIGIT
static bool read_seconds(const uint8_t *line, smtpc_span digits,
                         uint32_t *out) {
  uint64_t value = 0u;
  if (smtpc_span_len(digits) > 9u ||
      smtpc_span_number(line, digits, SMTPC_SECONDS_MAX, &value) != SMTPC_OK) {
    return false;
  }
  *out = (uint32_t)value;
  return true;
}

// Says whether `options` is *( "," 1*option-octet ).
static bool options_fit(const uint8_t *line, smtpc_span options) {
  bool filled = true;
  for (size_t i = options.begin; i < options.end; i++) {
    const bool comma = line[i] == (uint8_t)',';
    if (comma && !filled) {
      return false;
    }
    filled = !comma;
  }
  return filled;
}

// RFC 2852 section 2: perhaps a least time, and options, none of them defined
// yet.
static bool add_deliverby(smtpc_capabilities *caps, const uint8_t *line,
                          smtpc_span params) {
  smtpc_span value;
  uint32_t seconds = 0u;
  if (!only_param(line, params, &value)) {
    return false;
  }
  const size_t comma = smtpc_span_find(line, value, (uint8_t)',');
  const smtpc_span number = smtpc_span_make(value.begin, comma);
  if (smtpc_span_len(number) > 0u && !read_seconds(line, number, &seconds)) {
    return false;
  }
  if (!options_fit(line, smtpc_span_make(comma, value.end))) {
    return false;
  }
  if (!is_offered(caps, SMTPC_EXTENSION_DELIVERBY)) {
    caps->by_min = seconds;
  }
  return true;
}

// RFC 4865 section 4: the longest interval and the latest date.
static bool add_futurerelease(smtpc_capabilities *caps, const uint8_t *line,
                              smtpc_span params) {
  smtpc_span rest = params;
  smtpc_span date;
  uint32_t hold_for = 0u;
  uint64_t hold_until = 0u;
  const smtpc_span interval = take_param(line, &rest);
  if (!only_param(line, rest, &date) ||
      !read_seconds(line, interval, &hold_for) ||
      smtpc_date_parse(line, date, &hold_until) != SMTPC_OK) {
    return false;
  }
  if (!is_offered(caps, SMTPC_EXTENSION_FUTURERELEASE)) {
    caps->hold_for = hold_for;
    caps->hold_until = hold_until;
  }
  return true;
}

// RFC 6710 section 3
static bool add_mt_priority(smtpc_capabilities *caps, const uint8_t *line,
                            smtpc_span params) {
  smtpc_span name;
  if (!only_param(line, params, &name)) {
    return false;
  }
  if (!is_offered(caps, SMTPC_EXTENSION_MT_PRIORITY) &&
      smtpc_span_len(name) > 0u) {
    caps->profile = MEANING_OF(line, name, profiles, SMTPC_PRIORITY_OTHER);
  }
  return true;
}

// RFC 3865 section 2: word *("," word), the words of SOLICIT. They are checked
// and not kept: no decision of a client hangs on them.
static bool solicit_fits(const uint8_t *line, smtpc_span params) {
  smtpc_span list;
  bool filled = false;
  if (!only_param(line, params, &list) ||
      smtpc_span_len(list) > SMTPC_SOLICIT_MAX) {
    return false;
  }
  for (size_t i = list.begin; i < list.end; i++) {
    const uint8_t c = line[i];
    const bool inner = c == (uint8_t)'.' || c == (uint8_t)'-' ||
                       c == (uint8_t)'_' || c == (uint8_t)':' ||
                       c == (uint8_t)',' || smtpc_is_digit(c);
    if (!smtpc_is_alpha(c) && !(filled && inner)) {
      return false;
    }
    filled = c != (uint8_t)',';
  }
  return filled || smtpc_span_len(list) == 0u;
}

// ----------------------------------------------------------------- many values

static void add_mechanism(smtpc_capabilities *caps, const uint8_t *line,
                          smtpc_span name) {
  for (unsigned id = 1u; id < SMTPC_MECHANISM_COUNT; id++) {
    const smtpc_mechanism_row row = smtpc_mechanism_get(id);
    if (smtpc_span_is(line, name, row.name, row.name_len)) {
      caps->mechanisms |= (uint64_t)1 << id;
      return;
    }
  }
  caps->marks |= SMTPC_CAPS_AUTH_OTHER;
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

// Returns the bit of attribute `name`, or 0 when those of the verb have no such
// name. `not_mine` is the smtpc_attribute_verbs of the other verb.
static uint16_t attribute_bit(const uint8_t *line, smtpc_span name,
                              unsigned not_mine) {
  for (unsigned id = 0u; id < SMTPC_ATTRIBUTE_COUNT; id++) {
    const smtpc_attribute_row row = smtpc_attribute_get(id);
    if (row.verbs != not_mine &&
        smtpc_span_is(line, name, row.name, row.name_len)) {
      return (uint16_t)(1u << id);
    }
  }
  return 0u;
}

// Adds one word of extension `id`.
static void add_word(smtpc_capabilities *caps, unsigned id, const uint8_t *line,
                     smtpc_span word) {
  if (SMTPC_WITH(AUTH) && id == SMTPC_EXTENSION_AUTH) {
    add_mechanism(caps, line, word);
  } else if (SMTPC_WITH(EXTRAS) && id == SMTPC_EXTENSION_LIMITS) {
    add_limit(caps, line, word);
  } else if (SMTPC_WITH(XCLIENT) && id == SMTPC_EXTENSION_XCLIENT) {
    caps->xclient |= attribute_bit(line, word, SMTPC_ATTRIBUTE_VERBS_XFORWARD);
  } else if (SMTPC_WITH(XCLIENT) && id == SMTPC_EXTENSION_XFORWARD) {
    caps->xforward |= attribute_bit(line, word, SMTPC_ATTRIBUTE_VERBS_XCLIENT);
  } else if (id == SMTPC_EXTENSION_BURL &&
             smtpc_span_is(line, word, LITERAL("IMAP"))) {
    caps->marks |= SMTPC_CAPS_BURL_IMAP;
  }
}

static void add_words(smtpc_capabilities *caps, unsigned id,
                      const uint8_t *line, smtpc_span params) {
  smtpc_span rest = params;
  while (rest.begin < rest.end) {
    const smtpc_span word = take_param(line, &rest);
    if (smtpc_span_len(word) == 0u) {
      return;
    }
    add_word(caps, id, line, word);
  }
}

// ----------------------------------------------------------------------- lines

// Adds what `params` say of extension `id` and returns true, or returns false
// when they are not what it may have.
static bool add_value(smtpc_capabilities *caps, unsigned id,
                      const uint8_t *line, smtpc_span params) {
  bool fits = true;
  if (extensions[id].kind == SMTPC_VALUE_BARE) {
    // RFC 6531 section 3.1: a client must ignore what follows SMTPUTF8.
    fits = params.begin >= params.end || id == SMTPC_EXTENSION_SMTPUTF8;
  } else if (id == SMTPC_EXTENSION_SIZE) {
    fits = add_size(caps, line, params);
  } else if (SMTPC_WITH(EXTRAS) && id == SMTPC_EXTENSION_DELIVERBY) {
    fits = add_deliverby(caps, line, params);
  } else if (SMTPC_WITH(EXTRAS) && id == SMTPC_EXTENSION_FUTURERELEASE) {
    fits = add_futurerelease(caps, line, params);
  } else if (SMTPC_WITH(EXTRAS) && id == SMTPC_EXTENSION_MT_PRIORITY) {
    fits = add_mt_priority(caps, line, params);
  } else if (SMTPC_WITH(EXTRAS) && id == SMTPC_EXTENSION_NO_SOLICITING) {
    fits = solicit_fits(line, params);
  } else {
    add_words(caps, id, line, params);
  }
  return fits;
}

// Adds a line of the grammar: its keyword and what stands after it.
static bool add_line(smtpc_capabilities *caps, const uint8_t *line,
                     smtpc_span keyword, smtpc_span params) {
  const unsigned id =
      MEANING_OF(line, keyword, extensions, SMTPC_EXTENSION_COUNT);
  if (id >= SMTPC_EXTENSION_COUNT) {
    if (SMTPC_WITH(NAMES)) {
      caps->others |= MEANING_OF(line, keyword, others, 0u);
    }
    if (is_overwritten(line, keyword)) {
      caps->marks |= SMTPC_CAPS_TAMPERED;
    }
    return true;
  }
  const bool fits = add_value(caps, id, line, params);
  if (fits && ((SMTPC_EXTENSIONS_OFF >> id) & 1u) == 0u) {
    caps->offered |= (uint32_t)1 << id;
  }
  return fits;
}

// `AUTH=` is what servers sent before RFC 2554; some still send it as well.
static bool is_auth_equals(const uint8_t *line, smtpc_span keyword,
                           smtpc_span after, uint32_t quirks) {
  return SMTPC_WITH(AUTH) && SMTPC_QUIRK_IS(quirks, AUTH_EQUALS) &&
         smtpc_span_is(line, keyword, LITERAL("AUTH")) &&
         smtpc_span_peek(line, after) == '=';
}

// Adds `[ehlo-param] *( SP ehlo-param )`, what follows `AUTH=`.
static bool add_auth_equals(smtpc_capabilities *caps, const uint8_t *line,
                            smtpc_span after) {
  smtpc_span rest = after;
  const smtpc_span first = take_word(line, &rest);
  if (!params_fit(line, rest)) {
    return false;
  }
  if (smtpc_span_len(first) > 0u) {
    add_mechanism(caps, line, first);
  }
  add_words(caps, SMTPC_EXTENSION_AUTH, line, rest);
  caps->offered |= SMTPC_OFFERS(AUTH);
  caps->marks |= SMTPC_CAPS_EQUALS;
  return true;
}

void smtpc_capability_line(smtpc_capabilities *caps, unsigned number,
                           const uint8_t *line, smtpc_span text,
                           uint32_t quirks) {
  if (number < 2u) {
    return;
  }
  smtpc_span rest = text;
  bool fits = false;
  const smtpc_span keyword = take_keyword(line, &rest);
  if (is_auth_equals(line, keyword, rest, quirks)) {
    rest.begin++;
    fits = add_auth_equals(caps, line, rest);
  } else if (smtpc_span_len(keyword) > 0u && params_fit(line, rest)) {
    fits = add_line(caps, line, keyword, rest);
  }
  if (!fits) {
    caps->marks |= SMTPC_CAPS_MALFORMED;
  }
}

#endif  // SMTPC_CONFIG_CLIENT
