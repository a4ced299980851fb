#include "smtpcore/registry.h"

#include "core/config_parts.h"

// What goes on the wire: its words, and the facts of each row. What people read is in
// registry_text.c. Tables are narrow, and rows are put together when they are asked
// for: that keeps text that nobody asks for out of a program.

#define LEN(text) ((uint8_t)(sizeof(text) - 1u))

// A word and what its list says of it.
typedef struct known {
  const char *name;
  uint8_t name_len;
  uint8_t facts[3];
} known;

// A clause, where there is text.
#define CLAUSE(clauses, id) (SMTPC_WITH(NAMES) ? (clauses)[id] : "")

// ------------------------------------------------------------------- verbs

static const known verbs[SMTPC_VERB_COUNT] = {{"", 0u, {0u, 0u, 0u}},
#define ROW(id, text, argument, group, clause) \
  {text,                                       \
   LEN(text),                                  \
   {(uint8_t)SMTPC_ARGUMENT_##argument, SMTPC_GROUP_##group, 0u}},
                                              SMTPC_VERB_LIST(ROW)
#undef ROW
};

static const char *const verb_clauses[SMTPC_VERB_COUNT] = {"",
#define ROW(id, text, argument, group, clause) SMTPC_NAME(clause),
                                                           SMTPC_VERB_LIST(ROW)
#undef ROW
};

smtpc_verb_row smtpc_verb_get(unsigned id) {
  const unsigned at = id < SMTPC_VERB_COUNT ? id : 0u;
  const known word = verbs[at];
  const smtpc_verb_row row = {word.name, CLAUSE(verb_clauses, at),
                              word.name_len, word.facts[0], word.facts[1]};
  return row;
}

// -------------------------------------------------------------- extensions

// An extension that this configuration has not is one that is never served.
#define SERVICE(id, service)                       \
  ((SMTPC_EXTENSIONS_OFF & SMTPC_OFFERS(id)) != 0u \
       ? (uint8_t)SMTPC_SERVICE_NEVER              \
       : (uint8_t)SMTPC_SERVICE_##service)

// The keyword of one that is never served is text: a client reads it by itself.
#define SAYS(id, service) \
  (SMTPC_WITH(NAMES) || SERVICE(id, service) != SMTPC_SERVICE_NEVER)

static const known extensions[SMTPC_EXTENSION_COUNT] = {
#define ROW(id, keyword, value, channel, service, clause) \
  {SAYS(id, service) ? keyword : "",                      \
   SAYS(id, service) ? LEN(keyword) : 0u,                 \
   {SMTPC_VALUE_##value, SMTPC_OFFER_##channel, SERVICE(id, service)}},
    SMTPC_EXTENSION_LIST(ROW)
#undef ROW
};

static const char *const extension_clauses[SMTPC_EXTENSION_COUNT] = {
#define ROW(id, keyword, value, channel, service, clause) SMTPC_NAME(clause),
    SMTPC_EXTENSION_LIST(ROW)
#undef ROW
};

smtpc_extension_row smtpc_extension_get(unsigned id) {
  smtpc_extension_row row = {"", "", 0u, 0u, 0u, 0u};
  if (id < SMTPC_EXTENSION_COUNT) {
    row.name = extensions[id].name;
    row.clause = CLAUSE(extension_clauses, id);
    row.name_len = extensions[id].name_len;
    row.value = extensions[id].facts[0];
    row.channel = extensions[id].facts[1];
    row.service = extensions[id].facts[2];
  }
  return row;
}

// -------------------------------------------------------------- attributes

static const known attributes[SMTPC_ATTRIBUTE_COUNT] = {
#define ROW(id, name, value, verbs) \
  {name,                            \
   LEN(name),                       \
   {SMTPC_ATTRIBUTE_VALUE_##value, SMTPC_ATTRIBUTE_VERBS_##verbs, 0u}},
    SMTPC_ATTRIBUTE_LIST(ROW)
#undef ROW
};

smtpc_attribute_row smtpc_attribute_get(unsigned id) {
  smtpc_attribute_row row = {"", 0u, 0u, 0u};
  if (id < SMTPC_ATTRIBUTE_COUNT) {
    row.name = attributes[id].name;
    row.name_len = attributes[id].name_len;
    row.value = attributes[id].facts[0];
    row.verbs = attributes[id].facts[1];
  }
  return row;
}

// -------------------------------------------------------------- parameters

// A parameter whose extension this configuration has not is text too.
#define KNOWS(extension) \
  (SMTPC_WITH(NAMES) || (SMTPC_EXTENSIONS_OFF & SMTPC_OFFERS(extension)) == 0u)

static const known params[SMTPC_PARAM_COUNT] = {
#define ROW(id, name, verb, value, extension, clause) \
  {KNOWS(extension) ? name : "",                      \
   KNOWS(extension) ? LEN(name) : 0u,                 \
   {SMTPC_VERB_##verb, SMTPC_PARAM_VALUE_##value,     \
    SMTPC_EXTENSION_##extension}},
    SMTPC_PARAM_LIST(ROW)
#undef ROW
};

static const char *const param_clauses[SMTPC_PARAM_COUNT] = {
#define ROW(id, name, verb, value, extension, clause) SMTPC_NAME(clause),
    SMTPC_PARAM_LIST(ROW)
#undef ROW
};

smtpc_param_row smtpc_param_get(unsigned id) {
  smtpc_param_row row = {"", "", 0u, 0u, 0u, 0u};
  if (id < SMTPC_PARAM_COUNT) {
    row.name = params[id].name;
    row.clause = CLAUSE(param_clauses, id);
    row.name_len = params[id].name_len;
    row.verb = params[id].facts[0];
    row.value = params[id].facts[1];
    row.extension = params[id].facts[2];
  }
  return row;
}

// -------------------------------------------------------------- mechanisms

// A mechanism that this configuration does not speak has no name, so that nobody can
// ask for it. Names of those that are never spoken come last, and are text.
#define SPEAKS(id) ((SMTPC_MECHS_SPOKEN & SMTPC_MECH(id)) != 0u)
#define ROW_SPOKEN(id, name, exposure, speech) \
  {SPEAKS(id) ? name : "",                     \
   SPEAKS(id) ? LEN(name) : 0u,                \
   {SMTPC_EXPOSURE_##exposure, SMTPC_SPEECH_##speech, 0u}},
#define ROW_BOUND(id, name, exposure, speech) \
  ROW_SPOKEN(id, name, exposure, speech)
#if SMTPC_CONFIG_NAMES
#define ROW_KNOWN(id, name, exposure, speech) \
  {name, LEN(name), {SMTPC_EXPOSURE_##exposure, SMTPC_SPEECH_##speech, 0u}},
#else
#define ROW_KNOWN(id, name, exposure, speech)
#endif

static const known mechanisms[] = {{"", 0u, {0u, 0u, 0u}},
#define ROW(id, name, exposure, speech, clause) \
  ROW_##speech(id, name, exposure, speech)
                                   SMTPC_MECHANISM_LIST(ROW)
#undef ROW
};
#define MECHANISMS (sizeof mechanisms / sizeof mechanisms[0])

static const char *const mechanism_clauses[SMTPC_MECHANISM_COUNT] = {
    "",
#define ROW(id, name, exposure, speech, clause) SMTPC_NAME(clause),
    SMTPC_MECHANISM_LIST(ROW)
#undef ROW
};

smtpc_mechanism_row smtpc_mechanism_get(unsigned id) {
  const unsigned at = id < MECHANISMS ? id : 0u;
  const known word = mechanisms[at];
  const smtpc_mechanism_row row = {word.name, CLAUSE(mechanism_clauses, at),
                                   word.name_len, word.facts[0], word.facts[1]};
  return row;
}

// ----------------------------------------------------------------- replies

// The class of an enhanced code is that of its reply (RFC 2034 section 4), so one bit
// says whether there is one.
typedef struct reply_code {
  uint16_t code;
  uint8_t subject;
  uint8_t detail;
} reply_code;
#define ENHANCED 0x8000u

static const reply_code reply_codes[SMTPC_REPLY_COUNT] = {{0u, 0u, 0u},
#define ROW(id, code, c, s, d, text, clause) \
  {(uint16_t)((c) != 0 ? (code) | ENHANCED : (code)), s, d},
                                                          SMTPC_REPLY_LIST(ROW)
#undef ROW
};
#define ROW(id, code, c, s, d, text, clause) \
  _Static_assert((c) == 0 || (c) == (code) / 100, "one class");
SMTPC_REPLY_LIST(ROW)
#undef ROW

typedef struct reply_text {
  const char *text;
  uint8_t len;
} reply_text;

#if SMTPC_CONFIG_REPLY_TEXTS
static reply_text text_of(unsigned id) {
  static const reply_text texts[SMTPC_REPLY_COUNT] = {{"", 0u},
#define ROW(id, code, c, s, d, text, clause) {text, LEN(text)},
                                                      SMTPC_REPLY_LIST(ROW)
#undef ROW
  };
  return texts[id];
}
#else
#define KEEPS(id, word)   \
  case SMTPC_REPLY_##id:  \
    text.text = word;     \
    text.len = LEN(word); \
    break;

// The texts that stay, and one word for each class: 2yz to 5yz.
static reply_text text_of(unsigned id) {
  static const reply_text words[4] = {
      {"OK", 2u}, {"Go on", 5u}, {"Not now", 7u}, {"Refused", 7u}};
  const unsigned class = (reply_codes[id].code & (ENHANCED - 1u)) / 100u;
  reply_text text = {"", 0u};
  switch (id) {
    KEEPS(GREETING, "SMTP service ready")
    KEEPS(HELO_OK, "greets you")
    KEEPS(EHLO_OK, "greets you")
    KEEPS(LHLO_OK, "greets you")
    KEEPS(DATA_GO, "End data with <CR><LF>.<CR><LF>")
    KEEPS(TLS_FIRST, "Must issue a STARTTLS command first")
    default:
      if (class > 1u) {
        text = words[class - 2u];
      }
      break;
  }
  return text;
}
#endif

static const char *const reply_clauses[SMTPC_REPLY_COUNT] = {
    "",
#define ROW(id, code, c, s, d, text, clause) SMTPC_NAME(clause),
    SMTPC_REPLY_LIST(ROW)
#undef ROW
};

smtpc_reply_row smtpc_reply_get(unsigned id) {
  const unsigned at = id < SMTPC_REPLY_COUNT ? id : 0u;
  const reply_code packed = reply_codes[at];
  const reply_text text = text_of(at);
  const uint16_t code = packed.code & (ENHANCED - 1u);
  const bool enhanced = (packed.code & ENHANCED) != 0u;
  const smtpc_reply_row row = {text.text,
                               CLAUSE(reply_clauses, at),
                               code,
                               text.len,
                               enhanced ? (uint8_t)(code / 100u) : (uint8_t)0u,
                               packed.subject,
                               packed.detail};
  return row;
}

// ------------------------------------------------------------------ quirks

// What a session needs of a quirk: its bit and its finding.
typedef struct quirk {
  uint8_t number;
  uint8_t finding;
} quirk;

static const quirk quirks[] = {
#define ROW(id, number, name, finding, opens) \
  {(number), SMTPC_FINDING_##finding},
    SMTPC_QUIRK_LIST(ROW)
#undef ROW
};
#define QUIRK_COUNT (sizeof quirks / sizeof quirks[0])
_Static_assert(SMTPC_QUIRK_ALL == (1u << QUIRK_COUNT) - 1u,
               "SMTPC_QUIRK_ALL names every quirk");

static const char *const quirk_texts[QUIRK_COUNT][2] = {
#define ROW(id, number, name, finding, opens) \
  {SMTPC_NAME(name), SMTPC_NAME(opens)},
    SMTPC_QUIRK_LIST(ROW)
#undef ROW
};

smtpc_quirk_row smtpc_quirk_get(unsigned index) {
  smtpc_quirk_row row = {"", "", 0u, 0u};
  if (index < QUIRK_COUNT) {
    row.name = SMTPC_WITH(NAMES) ? quirk_texts[index][0] : "";
    row.opens = SMTPC_WITH(NAMES) ? quirk_texts[index][1] : "";
    row.bit = (uint32_t)1u << quirks[index].number;
    row.finding = quirks[index].finding;
  }
  return row;
}
