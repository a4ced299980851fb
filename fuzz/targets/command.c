// A command line means what the grammar says, whatever is on offer, and what is written
// of it means the same.
//
// The input is lines; each is parsed by itself, with all extensions on offer, with those
// of a choice, and with the quirks of a choice.
//
// Laws: MODEL, COVER, PURE, ROUNDTRIP, CRLFOUT, NORM, POLICY, MISUSE, INVARIANT.
#include "smtpcore/command.h"

#include <string.h>

#include "core/model/param_model.h"
#include "core/model/path_model.h"
#include "fuzz/harness/block.h"
#include "fuzz/harness/choice.h"
#include "fuzz/harness/envelope.h"
#include "fuzz/harness/law.h"
#include "fuzz/harness/target.h"
#include "fuzz/harness/witness.h"
#include "smtpcore/write.h"

const unsigned fuzz_target_kind = FUZZ_KIND_COMMANDS;

// The longest line that is tried: longer than the longest that has a meaning.
#define TEXT_MAX 4096u

#define ALL UINT32_MAX

// parsed is what one parse gave.
typedef struct parsed {
  smtpc_command command;
  smtpc_status status;
} parsed;

_Static_assert(sizeof(smtpc_command) ==
                   sizeof(smtpc_params) + sizeof(smtpc_path) + 28u,
               "a command has no padding, so that memcmp compares commands");

static int same(const parsed *a, const parsed *b) {
  return a->status == b->status &&
         memcmp(&a->command, &b->command, sizeof a->command) == 0;
}

static parsed parse(const uint8_t *line, size_t len, uint32_t offered,
                    uint32_t quirks) {
  parsed p;
  memset(&p.command, 0xa5, sizeof p.command);
  p.status = smtpc_command_parse(line, len, offered, quirks, &p.command);
  FUZZ_MUST(INVARIANT, !smtpc_status_is_internal(p.status),
            "a parser says internal");
  FUZZ_MUST(INVARIANT, !smtpc_status_is_misuse(p.status),
            "a line is called misuse: %s", smtpc_status_name(p.status));
  return p;
}

// ---------------------------------------------------------------------- spans

static int within(smtpc_span inner, smtpc_span outer) {
  return inner.begin <= inner.end &&
         (inner.begin == inner.end ||
          (inner.begin >= outer.begin && inner.end <= outer.end));
}

static void check_path_spans(const smtpc_path *path, smtpc_span argument) {
  FUZZ_MUST(COVER, within(path->whole, argument), "a path is outside its line");
  FUZZ_MUST(COVER, within(path->local, path->whole),
            "a local part is outside its path");
  FUZZ_MUST(COVER, within(path->domain, path->whole),
            "a domain is outside its path");
  FUZZ_MUST(COVER, within(path->fax, path->local),
            "a fax number is outside its local part");
  FUZZ_MUST(COVER,
            path->kind != SMTPC_PATH_MAILBOX ||
                (smtpc_span_len(path->local) > 0u &&
                 smtpc_span_len(path->domain) > 0u &&
                 path->local.end + 1u == path->domain.begin),
            "a mailbox without a part of it");
}

static void check_param_spans(const smtpc_command *c) {
  const smtpc_span rest = {c->path.whole.end, c->argument.end};
  const smtpc_params *const p = &c->params;
  FUZZ_MUST(COVER,
            within(p->auth, rest) && within(p->envid, rest) &&
                within(p->solicit, rest) && within(p->mtrk, rest) &&
                within(p->transid, rest) && within(p->orcpt_type, rest) &&
                within(p->orcpt, rest),
            "a value is outside the parameters");
  FUZZ_MUST(COVER,
            smtpc_span_len(p->orcpt) == 0u ||
                p->orcpt_type.end + 1u == p->orcpt.begin,
            "an ORCPT is in two places");
}

// Spans lie in the line and in what they are a part of; a refused command says no more
// than which verb it was.
static void check_shape(const parsed *p, size_t len) {
  const smtpc_command *const c = &p->command;
  const smtpc_span all = {0u, (uint16_t)len};
  FUZZ_MUST(COVER, within(c->argument, all), "an argument is outside its line");
  FUZZ_MUST(COVER, within(c->initial, c->argument),
            "an initial response is outside its argument");
  FUZZ_MUST(COVER, c->verb < SMTPC_VERB_COUNT, "a verb that is none");
  FUZZ_MUST(COVER, c->reserved == 0u, "the reserve is used");
  if (p->status == SMTPC_OK) {
    check_path_spans(&c->path, c->argument);
    check_param_spans(c);
    FUZZ_MUST(COVER, c->verb != SMTPC_VERB_NONE && c->params.wrong == 0u,
              "a command without a verb, or with an error");
    return;
  }
  smtpc_command bare;
  memset(&bare, 0, sizeof bare);
  bare.argument = c->argument;
  bare.params.wrong = c->params.wrong;
  bare.verb = c->verb;
  bare.foreign = c->foreign;
  bare.quirks_used = c->quirks_used;
  FUZZ_MUST(NORM, memcmp(&bare, c, sizeof bare) == 0,
            "a refused command says more than its verb");
  FUZZ_MUST(NORM, (c->verb == SMTPC_VERB_NONE) == (p->status == SMTPC_E_VERB),
            "a verb and %s", smtpc_status_name(p->status));
}

// ---------------------------------------------------------------------- judge

// piece is some octets of the line, for the second opinion.
typedef struct piece {
  const uint8_t *at;
  size_t len;
} piece;

static uint8_t upper(uint8_t c) {
  return c >= 'a' && c <= 'z' ? (uint8_t)(c - 'a' + 'A') : c;
}

static int starts(piece p, const char *word) {
  const size_t len = strlen(word);
  if (p.len < len) {
    return 0;
  }
  for (size_t i = 0u; i < len; i++) {
    if (upper(p.at[i]) != (uint8_t)word[i]) {
      return 0;
    }
  }
  return 1;
}

static int is(piece p, const char *word) {
  return p.len == strlen(word) && starts(p, word);
}

// cut takes what stands before the first `c` off the front of `*rest`, and `c`. It
// returns 1 when `c` was there.
static int cut(piece *rest, uint8_t c, piece *front) {
  const uint8_t *const at =
      rest->len > 0u ? memchr(rest->at, c, rest->len) : NULL;
  *front = *rest;
  if (at == NULL) {
    rest->at += rest->len;
    rest->len = 0u;
    return 0;
  }
  front->len = (size_t)(at - rest->at);
  rest->at += front->len + 1u;
  rest->len -= front->len + 1u;
  return 1;
}

static int is_word(piece p) {
  for (size_t i = 0u; i < p.len; i++) {
    if (p.at[i] < '!' || p.at[i] > '~') {
      return 0;
    }
  }
  return p.len > 0u;
}

// octet_count returns how many octets the character has whose first one is `c`.
static size_t octet_count(uint8_t c) {
  return c < 0x80u ? 1u : c < 0xe0u ? 2u : c < 0xf0u ? 3u : 4u;
}

// is_character decodes the one UTF-8 character that is all of `p` and asks whether its
// number needs that many octets.
static int is_character(piece p) {
  static const uint32_t least[5] = {0u, 0u, 0x80u, 0x800u, 0x10000u};
  uint32_t number = p.at[0] & (p.len == 1u ? 0x7fu : 0xffu >> (p.len + 1u));
  for (size_t i = 1u; i < p.len; i++) {
    if ((p.at[i] & 0xc0u) != 0x80u) {
      return 0;
    }
    number = number << 6u | (p.at[i] & 0x3fu);
  }
  return p.at[0] < 0xf8u && (p.at[0] & 0xc0u) != 0x80u &&
         number >= least[p.len] && number <= 0x10ffffu && number >> 11u != 27u;
}

// is_text is String of RFC 5321, with UTF-8: printable, no space at either end.
static int is_text(piece p) {
  if (p.len == 0u || p.at[0] == ' ' || p.at[p.len - 1u] == ' ') {
    return 0;
  }
  size_t i = 0u;
  while (i < p.len) {
    const piece one = {p.at + i, octet_count(p.at[i])};
    if (one.len > p.len - i || p.at[i] < 32u || p.at[i] == 127u ||
        !is_character(one)) {
      return 0;
    }
    i += one.len;
  }
  return 1;
}

static int is_mechanism(piece p) {
  piece name;
  const int more = cut(&p, ' ', &name);
  for (size_t i = 0u; i < name.len; i++) {
    const uint8_t c = upper(name.at[i]);
    if ((c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_') {
      return 0;
    }
  }
  return name.len >= 1u && name.len <= 20u && (!more || is_word(p));
}

// is_chunk compares digits as text, so that nothing can wrap.
static int is_chunk(piece p) {
  piece digits;
  const int more = cut(&p, ' ', &digits);
  if (digits.len < 1u || digits.len > 20u || (more && !is(p, "LAST"))) {
    return 0;
  }
  for (size_t i = 0u; i < digits.len; i++) {
    if (digits.at[i] < '0' || digits.at[i] > '9') {
      return 0;
    }
  }
  return digits.len < 20u ||
         memcmp(digits.at, "18446744073709551615", 20u) <= 0;
}

static int is_node(piece p) {
  const piece name = {p.at + 1, p.len - 1u};
  if (p.at[0] == '#') {
    return is_word(name);
  }
  return p.at[0] == '@' ? model_domain(name.at, name.len, false)
                        : model_domain(p.at, p.len, false);
}

static int is_domains(piece p) {
  piece one;
  int more = 1;
  while (more) {
    more = cut(&p, ',', &one);
    if (!model_domain(one.at, one.len, false)) {
      return 0;
    }
  }
  return 1;
}

static int is_url(piece p) {
  piece url;
  piece scheme;
  if (cut(&p, ' ', &url) && !is(p, "LAST")) {
    return 0;
  }
  piece rest = url;
  if (!is_word(url) || !cut(&rest, ':', &scheme) || rest.len == 0u) {
    return 0;
  }
  for (size_t i = 0u; i < scheme.len; i++) {
    const uint8_t c = upper(scheme.at[i]);
    const int letter = c >= 'A' && c <= 'Z';
    const int inner =
        (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
    if (!letter && !(inner && i > 0u)) {
      return 0;
    }
  }
  return scheme.len > 0u;
}

// moved returns `span` as it is counted from the line's front.
static smtpc_span moved(smtpc_span span, size_t by) {
  smtpc_span out = {0u, 0u};
  if (span.end > 0u) {
    out.begin = (uint16_t)(span.begin + by);
    out.end = (uint16_t)(span.end + by);
  }
  return out;
}

static void move_params(smtpc_params *p, size_t by) {
  p->auth = moved(p->auth, by);
  p->envid = moved(p->envid, by);
  p->solicit = moved(p->solicit, by);
  p->mtrk = moved(p->mtrk, by);
  p->transid = moved(p->transid, by);
  p->orcpt_type = moved(p->orcpt_type, by);
  p->orcpt = moved(p->orcpt, by);
}

// judge_path asks the models for a path and its parameters, with all on offer.
static int judge_path(const uint8_t *line, piece p, const char *keyword,
                      unsigned verb, const smtpc_command *c) {
  const unsigned only =
      verb == SMTPC_VERB_RCPT ? SMTPC_ALLOW_POSTMASTER : SMTPC_ALLOW_NULL;
  smtpc_path path;
  smtpc_params params;
  size_t len = 0u;
  if (!starts(p, keyword)) {
    return 0;
  }
  p.at += strlen(keyword);
  p.len -= strlen(keyword);
  if (!model_path(p.at, p.len, only | SMTPC_ALLOW_UTF8, &path, &len) ||
      !model_params(p.at + len, p.len - len, verb, ALL, &params) ||
      (verb == SMTPC_VERB_MAIL && (path.marks & SMTPC_MARK_UTF8) != 0u &&
       (params.seen & SMTPC_HAS(SMTPUTF8)) == 0u)) {
    return 0;
  }
  const size_t by = (size_t)(p.at - line);
  path.whole = moved(path.whole, by);
  path.local = moved(path.local, by);
  path.domain = moved(path.domain, by);
  path.fax = moved(path.fax, by);
  FUZZ_MUST(MODEL,
            memcmp(&path, &c->path, sizeof path) == 0 || c->path.kind == 0u,
            "the model reads another path");
  move_params(&params, by + len);
  FUZZ_MUST(
      MODEL,
      c->path.kind == 0u || fuzz_same_params(line, &params, line, &c->params),
      "the model reads other parameters");
  return 1;
}

// judge returns whether the line is a command of `c->verb`, by rules written down a
// second time. All extensions are on offer and no quirk is on.
static int judge(const uint8_t *line, size_t len, const smtpc_command *c) {
  piece p = {line, len};
  piece word;
  const int spaced = cut(&p, ' ', &word);
  const int argued = p.len > 0u && p.at[0] != ' ';
  const smtpc_argument kind = (smtpc_argument)smtpc_verb_get(c->verb).argument;
  switch (kind) {
    case SMTPC_ARGUMENT_NONE:
      return !spaced;
    case SMTPC_ARGUMENT_OPTIONAL:
      return !spaced || is_text(p);
    case SMTPC_ARGUMENT_TEXT:
      return is_text(p);
    case SMTPC_ARGUMENT_DOMAIN:
      return model_domain(p.at, p.len, false);
    case SMTPC_ARGUMENT_HOST:
      return model_domain(p.at, p.len, false) ||
             model_literal(p.at, p.len) != SMTPC_HOST_NONE;
    case SMTPC_ARGUMENT_MAIL_PATH:
      return judge_path(line, p, "FROM:", SMTPC_VERB_MAIL, c);
    case SMTPC_ARGUMENT_RCPT_PATH:
      return judge_path(line, p, "TO:", SMTPC_VERB_RCPT, c);
    case SMTPC_ARGUMENT_MECHANISM:
      return is_mechanism(p);
    case SMTPC_ARGUMENT_CHUNK:
      return is_chunk(p);
    case SMTPC_ARGUMENT_NODE:
      return argued && is_node(p);
    case SMTPC_ARGUMENT_DOMAINS:
      return !spaced || is_domains(p);
    case SMTPC_ARGUMENT_URL:
      return is_url(p);
    case SMTPC_ARGUMENT_ATTRIBUTES:
      break;
  }
  return -1;
}

// judge_verb looks a word up in the registry, row by row.
static unsigned judge_verb(piece word) {
  for (unsigned id = 1u; id < SMTPC_VERB_COUNT; id++) {
    const smtpc_verb_row row = smtpc_verb_get(id);
    if (word.len == row.name_len && is(word, row.name)) {
      return id;
    }
  }
  return SMTPC_VERB_NONE;
}

static unsigned judge_mechanism(piece name) {
  for (unsigned id = 1u; id < SMTPC_MECHANISM_COUNT; id++) {
    if (is(name, smtpc_mechanism_get(id).name)) {
      return id;
    }
  }
  return SMTPC_MECHANISM_NONE;
}

// judge_foreign returns whether a first word is another protocol's.
static int judge_foreign(piece word) {
  piece name;
#define FOREIGN(text)   \
  if (is(word, text)) { \
    return 1;           \
  }
  SMTPC_FOREIGN_LIST(FOREIGN)
#undef FOREIGN
  piece rest = word;
  return cut(&rest, ':', &name) && (name.len == 0u || is_word(name));
}

// number_of returns the number that digits are, which is_chunk took.
static uint64_t number_of(piece digits) {
  uint64_t number = 0u;
  for (size_t i = 0u; i < digits.len; i++) {
    number = number * 10u + (uint64_t)(digits.at[i] - '0');
  }
  return number;
}

// last_word returns 1 when the words of `p` end with one more, LAST.
static unsigned last_word(piece p) {
  piece front;
  return cut(&p, ' ', &front) && is(p, "LAST") ? 1u : 0u;
}

// check_values compares what a command says besides its path and parameters. `rest` is
// what stands behind the verb.
static void check_values(piece rest, const smtpc_command *c) {
  const smtpc_argument kind = (smtpc_argument)smtpc_verb_get(c->verb).argument;
  const int auth = kind == SMTPC_ARGUMENT_MECHANISM;
  const int chunk = kind == SMTPC_ARGUMENT_CHUNK;
  const int host = kind == SMTPC_ARGUMENT_HOST || kind == SMTPC_ARGUMENT_DOMAIN;
  const int node = kind == SMTPC_ARGUMENT_NODE;
  const int ends = chunk || kind == SMTPC_ARGUMENT_URL;
  const uint8_t first = rest.len > 0u ? rest.at[0] : 0u;
  const unsigned sign = first == '#'   ? SMTPC_NODE_QUEUE
                        : first == '@' ? SMTPC_NODE_DOMAIN
                                       : SMTPC_NODE_HOST;
  piece tail = rest;
  piece word;
  const int more = cut(&tail, ' ', &word);
  FUZZ_MUST(MODEL, c->chunk_size == (chunk ? number_of(word) : 0u),
            "another size");
  FUZZ_MUST(MODEL, c->last == (ends ? last_word(rest) : 0u),
            "LAST is there, or is not");
  FUZZ_MUST(MODEL, c->node == (node ? sign : 0u), "another node");
  FUZZ_MUST(MODEL, c->mechanism == (auth ? judge_mechanism(word) : 0u),
            "another mechanism");
  FUZZ_MUST(MODEL, c->has_initial == (auth && more ? 1u : 0u),
            "an initial response is there, or is not");
  FUZZ_MUST(MODEL, smtpc_span_len(c->initial) == (auth && more ? tail.len : 0u),
            "another initial response");
  const unsigned name = first == '[' ? model_literal(rest.at, rest.len)
                                     : (unsigned)SMTPC_HOST_NAME;
  FUZZ_MUST(MODEL, c->host == (host ? name : 0u), "another kind of host");
  FUZZ_MUST(MODEL, (c->attributes != 0u) == (kind == SMTPC_ARGUMENT_ATTRIBUTES),
            "attributes of another verb");
  const size_t argument = node && first != '\0' && sign != SMTPC_NODE_HOST
                              ? rest.len - 1u
                          : kind == SMTPC_ARGUMENT_URL ? word.len
                                                       : rest.len;
  FUZZ_MUST(COVER, smtpc_span_len(c->argument) == argument,
            "an argument of %zu octets, not %zu", smtpc_span_len(c->argument),
            argument);
}

static void check_model(const uint8_t *line, size_t len, const parsed *p) {
  const smtpc_command *const c = &p->command;
  piece rest = {line, len};
  piece word;
  (void)cut(&rest, ' ', &word);
  FUZZ_MUST(MODEL, c->verb == judge_verb(word), "another verb: %u", c->verb);
  if (c->verb == SMTPC_VERB_NONE) {
    FUZZ_MUST(MODEL, c->foreign == (judge_foreign(word) ? 1u : 0u),
              "a first word is foreign, or is not");
    return;
  }
  const int good = judge(line, len, c);
  FUZZ_MUST(MODEL, good < 0 || good == (p->status == SMTPC_OK),
            "the model %s a line that is %s", good == 1 ? "takes" : "refuses",
            smtpc_status_name(p->status));
  FUZZ_MUST(MODEL, c->foreign == 0u, "a verb is foreign");
  if (p->status == SMTPC_OK) {
    check_values(rest, c);
  }
}

// ----------------------------------------------------------------- round trip

// write_back writes what was meant, or the verb and its argument as they stand.
static smtpc_status write_back(const uint8_t *line, const smtpc_command *c,
                               uint8_t *out, size_t *out_len) {
  fuzz_envelope e;
  const uint8_t *const text = line + c->argument.begin;
  const size_t len = smtpc_span_len(c->argument);
  switch ((smtpc_argument)smtpc_verb_get(c->verb).argument) {
    case SMTPC_ARGUMENT_MAIL_PATH:
      fuzz_envelope_of(&e, line, &c->path, &c->params);
      return smtpc_write_mail(out, SMTPC_OUT_MAX, out_len, &e.envelope);
    case SMTPC_ARGUMENT_RCPT_PATH:
      fuzz_envelope_of(&e, line, &c->path, &c->params);
      return smtpc_write_rcpt(out, SMTPC_OUT_MAX, out_len, &e.envelope, 1);
    case SMTPC_ARGUMENT_CHUNK:
      return smtpc_write_bdat(out, SMTPC_OUT_MAX, out_len, c->chunk_size,
                              c->last);
    case SMTPC_ARGUMENT_HOST:
    case SMTPC_ARGUMENT_DOMAIN:
      return smtpc_write_hello(out, SMTPC_OUT_MAX, out_len, c->verb, text, len);
    case SMTPC_ARGUMENT_NONE:
    case SMTPC_ARGUMENT_OPTIONAL:
    case SMTPC_ARGUMENT_TEXT:
    case SMTPC_ARGUMENT_MECHANISM:
    case SMTPC_ARGUMENT_NODE:
    case SMTPC_ARGUMENT_DOMAINS:
    case SMTPC_ARGUMENT_URL:
    case SMTPC_ARGUMENT_ATTRIBUTES:
      break;
  }
  // ETRN's and BURL's argument is a part of what stands behind the verb.
  const size_t from = smtpc_span_len(c->argument) == 0u
                          ? c->argument.begin
                          : (size_t)smtpc_verb_get(c->verb).name_len + 1u;
  size_t to = c->argument.end;
  to += c->verb == SMTPC_VERB_BURL && c->last != 0u ? 5u : 0u;
  return smtpc_write_verb(out, SMTPC_OUT_MAX, out_len, c->verb, line + from,
                          to - from);
}

static int same_meaning(const uint8_t *a, const smtpc_command *in_a,
                        const uint8_t *b, const smtpc_command *in_b) {
  const int paths = in_a->path.kind != SMTPC_PATH_NONE;
  const int chunk = in_a->verb == SMTPC_VERB_BDAT;
  return in_a->chunk_size == in_b->chunk_size && in_a->last == in_b->last &&
         in_a->mechanism == in_b->mechanism &&
         in_a->has_initial == in_b->has_initial && in_a->host == in_b->host &&
         in_a->node == in_b->node && in_a->attributes == in_b->attributes &&
         fuzz_same_octets(a, in_a->initial, b, in_b->initial) &&
         fuzz_same_path(a, &in_a->path, b, &in_b->path) &&
         fuzz_same_params(a, &in_a->params, b, &in_b->params) &&
         (paths || chunk ||
          fuzz_same_octets(a, in_a->argument, b, in_b->argument));
}

// has_high says whether UTF-8 stands where `smtpc_write_verb` takes none.
static int has_high(const uint8_t *line, size_t len) {
  for (size_t i = 0u; i < len; i++) {
    if (line[i] >= 0x80u) {
      return 1;
    }
  }
  return 0;
}

// may_refuse says whether there is a reason not to write what was taken: it is longer than
// we send, UTF-8 stands where a verb's argument takes none, or ORCPT has no address, which
// RFC 3461 section 4.2 lets a peer say and we do not.
static int may_refuse(const uint8_t *line, size_t len, const smtpc_command *c,
                      smtpc_status status) {
  const int high = c->path.kind == SMTPC_PATH_NONE && has_high(line, len);
  const int nobody = (c->params.seen & SMTPC_HAS(ORCPT)) != 0u &&
                     smtpc_span_len(c->params.orcpt) == 0u;
  return len + 2u > SMTPC_OUT_MAX || (high && status == SMTPC_E_NON_ASCII) ||
         (nobody && status == SMTPC_E_PARAM_VALUE_MISSING);
}

static void check_round_trip(const uint8_t *line, size_t len, const parsed *p) {
  const smtpc_command *const c = &p->command;
  uint8_t out[SMTPC_OUT_MAX];
  size_t out_len = 0u;
  const smtpc_status status = write_back(line, c, out, &out_len);
  if (status != SMTPC_OK) {
    FUZZ_MUST(ROUNDTRIP, may_refuse(line, len, c, status),
              "a line that was taken cannot be written: %s",
              smtpc_status_name(status));
    return;
  }
  // Each value has one spelling that is not longer than any other.
  FUZZ_MUST(CRLFOUT,
            out_len >= 2u && out_len <= len + 2u && out[out_len - 2u] == '\r' &&
                out[out_len - 1u] == '\n',
            "a line of %zu octets is written as %zu", len, out_len);
  uint8_t *const block = fuzz_block(out, out_len - 2u);
  const parsed back = parse(block, out_len - 2u, ALL, 0u);
  FUZZ_MUST(ROUNDTRIP, back.status == SMTPC_OK, "what was written is %s",
            smtpc_status_name(back.status));
  const int mail =
      c->path.kind != SMTPC_PATH_NONE && c->verb != SMTPC_VERB_RCPT;
  FUZZ_MUST(ROUNDTRIP,
            back.command.verb == (mail ? (unsigned)SMTPC_VERB_MAIL : c->verb),
            "what was written is another verb");
  FUZZ_MUST(ROUNDTRIP, same_meaning(line, c, block, &back.command),
            "what was written means something else");
  fuzz_block_free(block, out, out_len - 2u);
}

// ------------------------------------------------------------------- relations

// check_offer: a smaller offer takes no more, and what it takes means the same.
static void check_offer(const parsed *all, const parsed *some,
                        uint32_t offered) {
  FUZZ_MUST(POLICY, some->status != SMTPC_OK || same(all, some),
            "with more on offer a command is another one, or %s",
            smtpc_status_name(all->status));
  FUZZ_MUST(POLICY, some->command.verb == all->command.verb,
            "an offer changes the verb");
  const uint32_t seen = some->command.params.seen;
  for (unsigned id = 0u; seen != 0u && id < SMTPC_PARAM_COUNT; id++) {
    const uint32_t bit = (uint32_t)1u << smtpc_param_get(id).extension;
    FUZZ_MUST(POLICY, ((seen >> id) & 1u) == 0u || (offered & bit) != 0u,
              "%s was taken without its extension", smtpc_param_get(id).name);
  }
  FUZZ_MUST(POLICY,
            (offered & SMTPC_OFFERS(SMTPUTF8)) != 0u ||
                (some->command.path.marks & SMTPC_MARK_UTF8) == 0u,
            "UTF-8 was taken without SMTPUTF8");
}

// check_quirks: quirks change nothing that is taken without them.
static void check_quirks(const parsed *strict, const parsed *lenient,
                         uint32_t quirks) {
  const uint32_t used = lenient->command.quirks_used;
  FUZZ_MUST(NORM, strict->command.quirks_used == 0u,
            "a quirk was used that is off");
  FUZZ_MUST(NORM, (used & ~quirks) == 0u, "quirks %x were used, not %x", used,
            quirks);
  FUZZ_MUST(NORM, strict->status != SMTPC_OK || same(strict, lenient),
            "a quirk changes what was right");
  FUZZ_MUST(
      NORM,
      lenient->status != SMTPC_OK || strict->status == SMTPC_OK || used != 0u,
      "a wrong line is taken, and no quirk is told");
}

// check_attributes: each attribute that was said stands in the argument, behind its name,
// and none stands there that was not said.
static void check_attributes(const uint8_t *line, const smtpc_command *c) {
  for (unsigned id = 0u; id < SMTPC_ATTRIBUTE_COUNT; id++) {
    const smtpc_attribute_row row = smtpc_attribute_get(id);
    const smtpc_span value = smtpc_attribute_find(line, c->argument, id);
    const size_t len = smtpc_span_len(value);
    FUZZ_MUST(COVER, len == 0u || ((c->attributes >> id) & 1u) != 0u,
              "%s was not said", row.name);
    FUZZ_MUST(COVER,
              len == 0u || (within(value, c->argument) &&
                            value.begin > c->argument.begin + row.name_len),
              "%s stands elsewhere", row.name);
    const size_t from = len > 0u ? value.begin - row.name_len - 1u : 0u;
    const piece name = {line + from, row.name_len};
    FUZZ_MUST(COVER, len == 0u || is(name, row.name), "%s is another one",
              row.name);
    const piece text = {line + value.begin, len};
    FUZZ_MUST(COVER, len == 0u || is_word(text), "%s goes on behind its end",
              row.name);
  }
}

// flip changes the case of the first word's letters.
static void flip(uint8_t *line, size_t len, fuzz_choice *choice) {
  const uint64_t bits = fuzz_choose_bits(choice);
  for (size_t i = 0u; i < len && line[i] != ' '; i++) {
    const uint8_t c = upper(line[i]);
    if (c >= 'A' && c <= 'Z' && ((bits >> (i & 63u)) & 1u) != 0u) {
      line[i] ^= 0x20u;
    }
  }
}

static uint64_t span_number(smtpc_span span) {
  return (uint64_t)span.begin << 16u | span.end;
}

static void note(const parsed *p) {
  const smtpc_command *c = &p->command;
  fuzz_witness_add((uint64_t)p->status << 32u | (uint64_t)c->verb << 16u |
                   c->mechanism);
  fuzz_witness_add(span_number(c->argument) << 32u | span_number(c->initial));
  fuzz_witness_add(c->chunk_size);
  fuzz_witness_add((uint64_t)c->quirks_used << 32u | c->attributes);
  fuzz_witness_add((uint64_t)c->last << 32u | (uint64_t)c->has_initial << 24u |
                   (uint64_t)c->host << 16u | (uint64_t)c->foreign << 8u |
                   c->node);
  fuzz_witness_add((uint64_t)c->params.seen << 8u | c->params.wrong);
  fuzz_witness_add(c->params.size);
  fuzz_witness_add(c->params.when);
  fuzz_witness_add((uint64_t)c->path.kind << 16u |
                   (uint64_t)c->path.host << 8u | c->path.marks);
  fuzz_witness_add(span_number(c->path.whole));
}

static void try_line(const uint8_t *text, size_t len, fuzz_choice *choice) {
  static uint8_t other[TEXT_MAX];
  const uint32_t offered = (uint32_t)fuzz_choose_bits(choice);
  const uint32_t quirks =
      (uint32_t)fuzz_choose_bits(choice) & (uint32_t)SMTPC_QUIRK_ALL;
  uint8_t *const line = fuzz_block(text, len);
  const parsed all = parse(line, len, ALL, 0u);
  const parsed some = parse(line, len, offered, 0u);
  const parsed lenient = parse(line, len, offered, quirks);
  const parsed most = parse(line, len, ALL, SMTPC_QUIRK_ALL);
  note(&all);
  note(&lenient);
  note(&most);
  check_shape(&all, len);
  check_shape(&lenient, len);
  check_shape(&most, len);
  check_offer(&all, &some, offered);
  check_quirks(&some, &lenient, quirks);
  check_quirks(&all, &most, SMTPC_QUIRK_ALL);
  check_model(line, len, &all);
  if (all.status == SMTPC_OK) {
    check_round_trip(line, len, &all);
  }
  if (all.command.attributes != 0u) {
    check_attributes(line, &all.command);
  }
  fuzz_block_free(line, text, len);
  if (len > 0u) {
    memcpy(other, text, len);
    flip(other, len, choice);
    const parsed flipped = parse(other, len, ALL, SMTPC_QUIRK_ALL);
    FUZZ_MUST(PURE, same(&flipped, &most), "the case of a verb matters");
  } else {
    // No octet of it is looked at.
    smtpc_command c;
    FUZZ_MUST(MISUSE,
              smtpc_command_parse(text, UINT16_MAX + 1u, ALL, 0u, &c) ==
                  SMTPC_E_ARGUMENT,
              "a line that no span can hold is taken");
  }
}

static int ends_line(uint8_t c) {
  return c == '\r' || c == '\n' || c == 0u;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_choice choice = fuzz_choice_of(data, size);
  size_t from = 0u;
  if (size > TEXT_MAX) {
    return -1;
  }
  while (from <= size) {
    size_t to = from;
    while (to < size && !ends_line(data[to])) {
      to++;
    }
    // An empty line is tried as a whole input only: CRLF has one within it.
    if (to > from || size == 0u) {
      try_line(data + from, to - from, &choice);
    }
    from = to + 1u;
  }
  return 0;
}
