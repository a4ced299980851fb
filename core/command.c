#include "core/command_parts.h"
#include "core/config_parts.h"

unsigned smtpc_mechanism_find(const uint8_t *line, smtpc_span span) {
  unsigned found = SMTPC_MECHANISM_NONE;
  for (unsigned id = 1u; id < SMTPC_MECHANISM_COUNT; id++) {
    const smtpc_mechanism_row row = smtpc_mechanism_get(id);
    if (smtpc_span_is(line, span, row.name, row.name_len)) {
      found = id;
      break;
    }
  }
  return found;
}

#if SMTPC_CONFIG_SERVER

// ----------------------------------------------------------------------- names

// A verb is a key of eight octets: its letters in upper case, the first one
// lowest, zeros above. So the lookup is a table of integers.
#define KEY_OCTETS 8u
#define OCTET(text, k)                                                        \
  ((uint64_t)(k < sizeof(text) - 1u ? (uint8_t)(text)[k % sizeof(text)] : 0u) \
   << (8u * k))
#define KEY(text)                                                          \
  (OCTET(text, 0u) | OCTET(text, 1u) | OCTET(text, 2u) | OCTET(text, 3u) | \
   OCTET(text, 4u) | OCTET(text, 5u) | OCTET(text, 6u) | OCTET(text, 7u))

// A verb that does not fit into a key has the key 0, which no word has, and is looked
// for by its name.
#define SHORT(text) (sizeof(text) - 1u <= KEY_OCTETS)

static const uint64_t keys[SMTPC_VERB_COUNT] = {0u,
#define ROW(id, text, argument, group, clause) SHORT(text) ? KEY(text) : 0u,
                                                SMTPC_VERB_LIST(ROW)
#undef ROW
};

// word_key returns the key of the word that is all of `span`, or 0 when it is
// empty, too long, or has another octet than letters.
static uint64_t word_key(const uint8_t *line, smtpc_span span) {
  uint64_t key = 0u;
  unsigned shift = 0u;
  if (smtpc_span_len(span) > KEY_OCTETS) {
    return 0u;
  }
  for (size_t i = span.begin; i < span.end; i++) {
    // Without its bit 0x20 an octet is A-Z exactly if it is a letter.
    const uint8_t upper = line[i] & 0xdfu;
    if (upper < (uint8_t)'A' || upper > (uint8_t)'Z') {
      return 0u;
    }
    key |= (uint64_t)upper << (shift & 63u);
    shift += 8u;
  }
  return key;
}

// long_verb_find returns the verb of more than KEY_OCTETS octets that `span` spells.
static unsigned long_verb_find(const uint8_t *line, smtpc_span span) {
#define MATCH(id, text, argument, group, clause)                            \
  if (!SHORT(text) && smtpc_span_is(line, span, text, sizeof(text) - 1u)) { \
    return SMTPC_VERB_##id;                                                 \
  }
  SMTPC_VERB_LIST(MATCH)
#undef MATCH
  return SMTPC_VERB_NONE;
}

unsigned smtpc_verb_find(const uint8_t *line, smtpc_span span) {
  const uint64_t key = word_key(line, span);
  if (key == 0u) {
    return smtpc_span_len(span) > KEY_OCTETS ? long_verb_find(line, span)
                                             : SMTPC_VERB_NONE;
  }
  unsigned found = SMTPC_VERB_NONE;
  for (unsigned id = 1u; id < SMTPC_VERB_COUNT && found == SMTPC_VERB_NONE;
       id++) {
    found = keys[id] == key ? id : SMTPC_VERB_NONE;
  }
  return found;
}

// ------------------------------------------------------------- other protocols

// header_like returns whether `word` looks like the name of a header field, as
// `Host:` does: a colon, and nothing unprintable before it.
static bool header_like(const uint8_t *line, smtpc_span word) {
  const size_t colon = smtpc_span_find(line, word, (uint8_t)':');
  for (size_t i = word.begin; i < colon; i++) {
    const uint8_t c = line[i];
    if (c < 33u || c > 126u) {
      return false;
    }
  }
  return colon < word.end;
}

// is_foreign judges a first word that is no verb (THREATS: DWN-18).
static bool is_foreign(const uint8_t *line, smtpc_span word) {
  if (smtpc_span_len(word) == 0u) {
    return false;
  }
#define MATCH(text)                                         \
  if (smtpc_span_is(line, word, text, sizeof(text) - 1u)) { \
    return true;                                            \
  }
  SMTPC_FOREIGN_LIST(MATCH)
#undef MATCH
  return header_like(line, word);
}

// ---------------------------------------------------------------------- octets

// octets_first returns what is wrong with the octets of `span` as such, or
// `status` when they are not to blame. Only the way of an error pays for it.
static smtpc_status octets_first(const uint8_t *line, smtpc_span span,
                                 bool utf8, smtpc_status status) {
  bool high = false;
  for (size_t i = span.begin; i < span.end; i++) {
    const uint8_t c = line[i];
    if (smtpc_is_control(c)) {
      return SMTPC_E_CONTROL;
    }
    high = high || c >= 0x80u;
  }
  return high && !utf8 ? SMTPC_E_NON_ASCII : status;
}

// text_check returns whether `span` is printable, with strict UTF-8 if `utf8`.
static smtpc_status text_check(const uint8_t *line, smtpc_span span,
                               bool utf8) {
  size_t i = span.begin;
  while (i < span.end) {
    const uint8_t c = line[i];
    size_t len = 1u;
    if (smtpc_is_control(c)) {
      return SMTPC_E_CONTROL;
    }
    if (c >= 0x80u) {
      len = SMTPC_WITH(UTF8)
                ? smtpc_utf8_len(line, smtpc_span_make(i, span.end))
                : 0u;
      if (!utf8 || len == 0u) {
        return utf8 ? SMTPC_E_UTF8 : SMTPC_E_NON_ASCII;
      }
    }
    i += len;
  }
  return SMTPC_OK;
}

// ------------------------------------------------------------------- arguments

// The parsers below read `out->argument`, which is not empty, does not begin
// with a space, and came after the verb and one space.

// RFC 5321 sections 4.1.1.6 to 4.1.1.9. A String does not end with a space, so
// the quirk trailing-space never changes one that is taken without it.
static smtpc_status take_text(const uint8_t *line, bool utf8,
                              smtpc_command *out) {
  const smtpc_span text = out->argument;
  if (smtpc_span_len(text) == 0u || line[text.end - 1u] == (uint8_t)' ') {
    return SMTPC_E_SYNTAX;
  }
  return text_check(line, text, utf8);
}

// RFC 5321 section 4.1.1.1: EHLO takes a literal, HELO does not.
static smtpc_status take_host(const uint8_t *line, bool literal,
                              smtpc_command *out) {
  const smtpc_span name = out->argument;
  smtpc_status status = SMTPC_E_ARGUMENT_MISSING;
  if (literal && smtpc_span_peek(line, name) == '[') {
    status = smtpc_literal_parse(line, name, &out->host);
  } else if (smtpc_span_len(name) > 0u) {
    status = smtpc_domain_parse(line, name, 0u);
    out->host = SMTPC_HOST_NAME;
  }
  return status;
}

// take_hello takes what the quirk hello-name allows beside a host: nothing, or
// printable ASCII that is no longer than a domain may be.
static smtpc_status take_hello(const uint8_t *line, bool literal,
                               uint32_t quirks, smtpc_command *out) {
  smtpc_status status = take_host(line, literal, out);
  if (status == SMTPC_OK || !SMTPC_QUIRK_IS(quirks, HELLO_NAME)) {
    return status;
  }
  if (smtpc_span_len(out->argument) > SMTPC_DOMAIN_MAX) {
    return SMTPC_E_TOO_LONG;
  }
  out->host = SMTPC_HOST_NONE;
  status = text_check(line, out->argument, false);
  if (status == SMTPC_OK) {
    out->quirks_used |= (uint16_t)SMTPC_QUIRK_HELLO_NAME;
  }
  return status;
}

static unsigned path_allow(uint32_t offered, uint32_t quirks) {
  unsigned allow = 0u;
  if (SMTPC_WITH(UTF8) && (offered & SMTPC_OFFERS(SMTPUTF8)) != 0u) {
    allow |= SMTPC_ALLOW_UTF8;
  }
  if (SMTPC_QUIRK_IS(quirks, PATH_SPACE)) {
    allow |= SMTPC_ALLOW_SPACE;
  }
  if (SMTPC_QUIRK_IS(quirks, PATH_BARE)) {
    allow |= SMTPC_ALLOW_BARE;
  }
  return allow;
}

static void note_path_quirks(smtpc_command *out) {
  if ((out->path.marks & SMTPC_MARK_SPACE) != 0u) {
    out->quirks_used |= (uint16_t)SMTPC_QUIRK_PATH_SPACE;
  }
  if ((out->path.marks & SMTPC_MARK_BARE) != 0u) {
    out->quirks_used |= (uint16_t)SMTPC_QUIRK_PATH_BARE;
  }
}

// take_path takes a path at the front of `rest`, and its parameters.
static smtpc_status take_path(const uint8_t *line, smtpc_span rest,
                              uint32_t offered, unsigned allow,
                              smtpc_command *out) {
  smtpc_status status = smtpc_path_parse(line, &rest, allow, &out->path);
  if (status != SMTPC_OK) {
    return status;
  }
  note_path_quirks(out);
  if (rest.begin < rest.end) {
    const unsigned verb =
        out->verb == SMTPC_VERB_RCPT ? SMTPC_VERB_RCPT : SMTPC_VERB_MAIL;
    status = smtpc_params_parse(line, rest, verb, offered, &out->params);
  }
  return status;
}

// RFC 5321 section 4.1.1.2, and RFC 821 section 3.4 for SEND, SOML and SAML
static smtpc_status take_mail(const uint8_t *line, uint32_t offered,
                              uint32_t quirks, smtpc_command *out) {
  smtpc_span rest = out->argument;
  if (!smtpc_span_starts(line, rest, "FROM:", 5u)) {
    return SMTPC_E_SYNTAX;
  }
  rest = smtpc_span_make(rest.begin + 5u, rest.end);
  const unsigned allow = path_allow(offered, quirks) | SMTPC_ALLOW_NULL;
  const smtpc_status status = take_path(line, rest, offered, allow, out);
  // RFC 6531 section 3.4: UTF-8 needs the parameter, not the offer alone.
  const bool utf8 = (out->path.marks & SMTPC_MARK_UTF8) != 0u;
  if (status == SMTPC_OK && utf8 &&
      (out->params.seen & SMTPC_HAS(SMTPUTF8)) == 0u) {
    return SMTPC_E_NON_ASCII;
  }
  return status;
}

// RFC 5321 section 4.1.1.3
static smtpc_status take_rcpt(const uint8_t *line, uint32_t offered,
                              uint32_t quirks, smtpc_command *out) {
  smtpc_span rest = out->argument;
  if (!smtpc_span_starts(line, rest, "TO:", 3u)) {
    return SMTPC_E_SYNTAX;
  }
  rest = smtpc_span_make(rest.begin + 3u, rest.end);
  const unsigned allow = path_allow(offered, quirks) | SMTPC_ALLOW_POSTMASTER;
  return take_path(line, rest, offered, allow, out);
}

// is_word returns whether all of `span` is printable and has no space.
static bool is_word(const uint8_t *line, smtpc_span span) {
  size_t i = span.begin;
  while (i < span.end && line[i] > 32u && line[i] < 127u) {
    i++;
  }
  return i == span.end && smtpc_span_len(span) > 0u;
}

static bool is_mechanism_char(uint8_t c) {
  return smtpc_is_alnum(c) || c == (uint8_t)'-' || c == (uint8_t)'_';
}

// RFC 4954 section 4. sasl-mech = 1*20mech-char (RFC 4422 section 3.1).
static smtpc_status take_auth(const uint8_t *line, smtpc_command *out) {
  const smtpc_span all = out->argument;
  const size_t end = smtpc_span_find(line, all, (uint8_t)' ');
  const smtpc_span name = smtpc_span_make(all.begin, end);
  if (smtpc_span_len(name) == 0u || smtpc_span_len(name) > 20u) {
    return SMTPC_E_SYNTAX;
  }
  for (size_t i = name.begin; i < name.end; i++) {
    if (!is_mechanism_char(line[i])) {
      return SMTPC_E_SYNTAX;
    }
  }
  out->mechanism = (uint8_t)smtpc_mechanism_find(line, name);
  if (end >= all.end) {
    return SMTPC_OK;
  }
  out->has_initial = 1u;
  out->initial = smtpc_span_make(end + 1u, all.end);
  return is_word(line, out->initial) ? SMTPC_OK : SMTPC_E_SYNTAX;
}

// RFC 3030 section 2: "BDAT" SP chunk-size [ SP "LAST" ]. Where the next
// command begins depends on it, so whatever is wrong here is one error.
static smtpc_status take_chunk(const uint8_t *line, smtpc_command *out) {
  const smtpc_span all = out->argument;
  const size_t end = smtpc_span_find(line, all, (uint8_t)' ');
  const smtpc_span digits = smtpc_span_make(all.begin, end);
  const smtpc_span tail = smtpc_span_make(end, all.end);
  const smtpc_status status =
      smtpc_span_number(line, digits, UINT64_MAX, &out->chunk_size);
  out->last = smtpc_span_is(line, tail, " LAST", 5u) ? 1u : 0u;
  const bool tail_ok = smtpc_span_len(tail) == 0u || out->last == 1u;
  return status == SMTPC_OK && tail_ok ? SMTPC_OK : SMTPC_E_CHUNK_SIZE;
}

// RFC 1985 section 5.3: a name, `@` and a domain, or `#` and what the server calls a
// queue.
static smtpc_status take_node(const uint8_t *line, smtpc_command *out) {
  const int first = smtpc_span_peek(line, out->argument);
  smtpc_span name = out->argument;
  smtpc_node node = SMTPC_NODE_HOST;
  smtpc_status status = SMTPC_E_ARGUMENT_MISSING;
  if (first == '@' || first == '#') {
    node = first == '@' ? SMTPC_NODE_DOMAIN : SMTPC_NODE_QUEUE;
    name = smtpc_span_make(name.begin + 1u, name.end);
  }
  if (smtpc_span_len(name) > 0u && node == SMTPC_NODE_QUEUE) {
    status = is_word(line, name) ? SMTPC_OK : SMTPC_E_SYNTAX;
  } else if (smtpc_span_len(name) > 0u) {
    status = smtpc_domain_parse(line, name, 0u);
  }
  if (status == SMTPC_OK) {
    out->node = (uint8_t)node;
    out->argument = name;
  }
  return status;
}

// RFC 2645 section 5.2: perhaps domains with commas between them.
static smtpc_status take_domains(const uint8_t *line, smtpc_command *out) {
  smtpc_span rest = out->argument;
  smtpc_status status = SMTPC_OK;
  bool more = smtpc_span_len(rest) > 0u;
  while (status == SMTPC_OK && more) {
    const size_t comma = smtpc_span_find(line, rest, (uint8_t)',');
    status = smtpc_domain_parse(line, smtpc_span_make(rest.begin, comma), 0u);
    more = comma < rest.end;
    rest = smtpc_span_make(more ? comma + 1u : comma, rest.end);
  }
  return status;
}

// has_scheme returns whether `url` begins with a scheme and a colon, and goes on.
// scheme = ALPHA *( ALPHA / DIGIT / "+" / "-" / "." ) (RFC 3986 section 3.1)
static bool has_scheme(const uint8_t *line, smtpc_span url) {
  const size_t colon = smtpc_span_find(line, url, (uint8_t)':');
  bool scheme = false;
  for (size_t i = url.begin; i < colon; i++) {
    const uint8_t c = line[i];
    const bool inner = smtpc_is_digit(c) || c == (uint8_t)'+' ||
                       c == (uint8_t)'-' || c == (uint8_t)'.';
    if (!smtpc_is_alpha(c) && !(inner && scheme)) {
      return false;
    }
    scheme = true;
  }
  return scheme && colon + 1u < url.end;
}

// RFC 4468 section 3.3: absolute-URI [ SP "LAST" ]
static smtpc_status take_url(const uint8_t *line, smtpc_command *out) {
  const smtpc_span all = out->argument;
  const size_t end = smtpc_span_find(line, all, (uint8_t)' ');
  const smtpc_span url = smtpc_span_make(all.begin, end);
  const smtpc_span tail = smtpc_span_make(end, all.end);
  const bool last = smtpc_span_is(line, tail, " LAST", 5u);
  if (!has_scheme(line, url) || !is_word(line, url) ||
      (smtpc_span_len(tail) > 0u && !last)) {
    return SMTPC_E_SYNTAX;
  }
  out->last = last ? 1u : 0u;
  out->argument = url;
  return SMTPC_OK;
}

// -------------------------------------------------------------------- commands

// before_argument returns whether what follows the verb may be an argument of
// kind `kind` at all. `spaced` says that a space followed the verb.
static smtpc_status before_argument(const uint8_t *line, smtpc_argument kind,
                                    bool spaced, smtpc_span argument) {
  const int first = smtpc_span_peek(line, argument);
  smtpc_status missing = SMTPC_E_ARGUMENT_MISSING;
  if (kind == SMTPC_ARGUMENT_CHUNK) {
    return SMTPC_OK;
  }
  if (kind == SMTPC_ARGUMENT_NONE) {
    return spaced ? SMTPC_E_ARGUMENT_SURPLUS : SMTPC_OK;
  }
  if (kind == SMTPC_ARGUMENT_OPTIONAL || kind == SMTPC_ARGUMENT_DOMAINS) {
    missing = spaced ? SMTPC_E_SYNTAX : SMTPC_OK;
  } else if (kind == SMTPC_ARGUMENT_HOST || kind == SMTPC_ARGUMENT_DOMAIN) {
    missing = SMTPC_OK;  // `take_hello` knows the quirk
  }
  if (first == -1) {
    return missing;
  }
  return first == ' ' ? SMTPC_E_SYNTAX : SMTPC_OK;
}

// The argument of a verb that this configuration does not serve is not looked at: its
// answer is 502 whatever follows it.
#define UNSERVED(setting, step) (SMTPC_WITH(setting) ? (step) : SMTPC_OK)

static smtpc_status take_argument(const uint8_t *line, smtpc_argument kind,
                                  uint32_t offered, uint32_t quirks,
                                  smtpc_command *out) {
  const bool utf8 =
      SMTPC_WITH(UTF8) && (offered & SMTPC_OFFERS(SMTPUTF8)) != 0u;
  smtpc_status status = SMTPC_OK;
  switch (kind) {
    case SMTPC_ARGUMENT_NONE:
      break;
    case SMTPC_ARGUMENT_OPTIONAL:
      if (smtpc_span_len(out->argument) > 0u) {
        status = take_text(line, utf8, out);
      }
      break;
    case SMTPC_ARGUMENT_TEXT:
      status = take_text(line, utf8, out);
      break;
    case SMTPC_ARGUMENT_DOMAIN:
      status = take_hello(line, false, quirks, out);
      break;
    case SMTPC_ARGUMENT_HOST:
      status = take_hello(line, true, quirks, out);
      break;
    case SMTPC_ARGUMENT_MAIL_PATH:
      status = take_mail(line, offered, quirks, out);
      break;
    case SMTPC_ARGUMENT_RCPT_PATH:
      status = take_rcpt(line, offered, quirks, out);
      break;
    case SMTPC_ARGUMENT_MECHANISM:
      status = UNSERVED(AUTH, take_auth(line, out));
      break;
    case SMTPC_ARGUMENT_CHUNK:
      status = UNSERVED(BDAT, take_chunk(line, out));
      break;
    case SMTPC_ARGUMENT_NODE:
      status = UNSERVED(EXTRAS, take_node(line, out));
      break;
    case SMTPC_ARGUMENT_DOMAINS:
      status = UNSERVED(EXTRAS, take_domains(line, out));
      break;
    case SMTPC_ARGUMENT_URL:
      status = UNSERVED(EXTRAS, take_url(line, out));
      break;
    case SMTPC_ARGUMENT_ATTRIBUTES:
      status = UNSERVED(XCLIENT, smtpc_command_take_attributes(line, out));
      break;
  }
  return status;
}

// takes_utf8 returns whether octets beyond ASCII can be right after a verb of
// this kind while SMTPUTF8 is offered (RFC 6531 sections 3.3 and 3.7.4.2).
static bool takes_utf8(smtpc_argument kind) {
  return kind == SMTPC_ARGUMENT_MAIL_PATH || kind == SMTPC_ARGUMENT_RCPT_PATH ||
         kind == SMTPC_ARGUMENT_TEXT || kind == SMTPC_ARGUMENT_OPTIONAL;
}

static size_t trimmed_len(const uint8_t *line, size_t len) {
  size_t end = len;
  while (end > 0u &&
         (line[end - 1u] == (uint8_t)' ' || line[end - 1u] == (uint8_t)'\t')) {
    end--;
  }
  return end;
}

static const smtpc_command none = {0};

// clear sets all of `*out` to 0, field by field: for the whole struct gcc -O2 takes an
// instruction that costs a short command half of its time.
static void clear(smtpc_command *out) {
  out->params = none.params;
  out->chunk_size = 0u;
  out->path = none.path;
  out->argument = none.argument;
  out->initial = none.initial;
  out->quirks_used = 0u;
  out->attributes = 0u;
  out->verb = SMTPC_VERB_NONE;
  out->last = 0u;
  out->mechanism = SMTPC_MECHANISM_NONE;
  out->has_initial = 0u;
  out->host = SMTPC_HOST_NONE;
  out->foreign = 0u;
  out->node = SMTPC_NODE_NONE;
  out->reserved = 0u;
}

// refuse clears what was read of a command that is refused.
static void refuse(smtpc_command *out) {
  const smtpc_span argument = out->argument;
  const uint16_t quirks_used = out->quirks_used;
  const uint8_t wrong = out->params.wrong;
  const uint8_t verb = out->verb;
  const uint8_t foreign = out->foreign;
  clear(out);
  out->argument = argument;
  out->quirks_used = quirks_used;
  out->params.wrong = wrong;
  out->verb = verb;
  out->foreign = foreign;
}

// The registry's argument kinds alone: a row of it is far more than is asked here.
static const uint8_t arguments[SMTPC_VERB_COUNT] = {
    (uint8_t)SMTPC_ARGUMENT_NONE,
#define KIND(id, text, argument, group, clause) \
  (uint8_t) SMTPC_ARGUMENT_##argument,
    SMTPC_VERB_LIST(KIND)
#undef KIND
};

// parse_known reads the argument of a verb that is known.
static smtpc_status parse_known(const uint8_t *line, bool spaced,
                                uint32_t offered, uint32_t quirks,
                                smtpc_command *out) {
  const smtpc_argument kind = (smtpc_argument)arguments[out->verb];
  smtpc_status status = before_argument(line, kind, spaced, out->argument);
  if (status == SMTPC_OK) {
    status = take_argument(line, kind, offered, quirks, out);
  }
  if (status != SMTPC_OK && status != SMTPC_E_CHUNK_SIZE) {
    const bool utf8 =
        SMTPC_WITH(UTF8) && (offered & SMTPC_OFFERS(SMTPUTF8)) != 0u;
    status =
        octets_first(line, out->argument, utf8 && takes_utf8(kind), status);
  }
  return status;
}

smtpc_status smtpc_command_parse(const uint8_t *line, size_t len,
                                 uint32_t offered, uint32_t quirks,
                                 smtpc_command *out) {
  clear(out);
  if (len > UINT16_MAX) {
    return SMTPC_E_ARGUMENT;
  }
  size_t end = len;
  if (SMTPC_QUIRK_IS(quirks, TRAILING_SPACE)) {
    end = trimmed_len(line, len);
    out->quirks_used =
        end < len ? (uint16_t)SMTPC_QUIRK_TRAILING_SPACE : (uint16_t)0u;
  }
  const smtpc_span all = smtpc_span_make(0u, end);
  const size_t space = smtpc_span_find(line, all, (uint8_t)' ');
  const bool spaced = space < end;
  const smtpc_span word = smtpc_span_make(0u, space);
  out->argument = smtpc_span_make(spaced ? space + 1u : end, end);
  out->verb = (uint8_t)smtpc_verb_find(line, word);
  if (out->verb == SMTPC_VERB_NONE) {
    out->foreign = is_foreign(line, word) ? 1u : 0u;
    return SMTPC_E_VERB;
  }
  const smtpc_status status = parse_known(line, spaced, offered, quirks, out);
  if (status != SMTPC_OK) {
    refuse(out);
  }
  return status;
}

#endif  // SMTPC_CONFIG_SERVER
