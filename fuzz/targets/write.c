// What the writers make parses back to what was meant, or is refused and leaves nothing.
//
// The input is the text of an envelope's fields with tabs between them: address, ENVID,
// AUTH, ORCPT, its type, SOLICIT, MTRK, TRANSID, and a name, which is also the text of a
// reply and the argument of a verb. Numbers, parameters and room come from a choice.
//
// Laws: CRLFOUT, ROUNDTRIP, WELLFORMED, BOUNDS, PURE, MISUSE.
#include "smtpcore/write.h"

#include <string.h>

#include "fuzz/harness/block.h"
#include "fuzz/harness/choice.h"
#include "fuzz/harness/law.h"
#include "fuzz/harness/target.h"
#include "fuzz/harness/witness.h"
#include "smtpcore/command.h"
#include "smtpcore/reply.h"

const unsigned fuzz_target_kind = FUZZ_KIND_TOKENS;

enum {
  ADDRESS,
  ENVID,
  AUTH,
  ORCPT,
  ORCPT_TYPE,
  SOLICIT,
  MTRK,
  TRANSID,
  NAME,
  FIELDS
};

// written is one line, in a block of exactly `cap` octets.
typedef struct written {
  uint8_t *data;
  size_t cap;
  size_t len;
  smtpc_status status;
} written;

// field is one field of the input, in a block of its own.
typedef struct field {
  const uint8_t *from;
  uint8_t *data;
  uint16_t len;
} field;

static const uint8_t zeros[SMTPC_OUT_MAX + 8u];

static written room(size_t cap) {
  const written w = {fuzz_block(zeros, cap), cap, 9u, SMTPC_OK};
  return w;
}

static int ends_a_line(const uint8_t *data, size_t len) {
  return len > 0u &&
         (memchr(data, '\r', len) != NULL || memchr(data, '\n', len) != NULL ||
          memchr(data, 0, len) != NULL);
}

// Law CRLFOUT: one CRLF, at the end; after an error nothing at all.
static void check_line(const written *w) {
  fuzz_witness_add((uint64_t)w->status);
  fuzz_witness_octets(w->data, w->len <= w->cap ? w->len : 0u);
  FUZZ_MUST(BOUNDS, w->len <= w->cap && w->len <= SMTPC_OUT_MAX,
            "%zu octets in a room of %zu", w->len, w->cap);
  FUZZ_MUST(INVARIANT, smtpc_status_is_internal(w->status) == 0,
            "a writer says internal");
  if (w->status != SMTPC_OK) {
    FUZZ_MUST(CRLFOUT, w->len == 0u, "a refused line has %zu octets", w->len);
    FUZZ_MUST(CRLFOUT, memcmp(w->data, zeros, w->cap) == 0,
              "a refused line leaves octets");
    return;
  }
  FUZZ_MUST(CRLFOUT,
            w->len >= 2u && w->data[w->len - 2u] == '\r' &&
                w->data[w->len - 1u] == '\n',
            "a line without its end");
  FUZZ_MUST(CRLFOUT, ends_a_line(w->data, w->len - 2u) == 0,
            "a line with an end, or NUL, inside");
}

static void let_go(written *w) {
  fuzz_block_free(w->data, w->data, w->cap);
}

// ---------------------------------------------------------------- envelopes

static int same(const uint8_t *line, smtpc_span span, const uint8_t *want,
                size_t len) {
  return smtpc_span_len(span) == len &&
         (len == 0u || memcmp(line + span.begin, want, len) == 0);
}

static int same_xtext(const uint8_t *line, smtpc_span span, const uint8_t *want,
                      size_t want_len) {
  uint8_t decoded[SMTPC_OUT_MAX];
  size_t len = 0u;
  return smtpc_xtext_decode(line, span, decoded, sizeof decoded, &len) ==
             SMTPC_OK &&
         len == want_len && (len == 0u || memcmp(decoded, want, len) == 0);
}

static void check_path(const uint8_t *line, const smtpc_path *path,
                       const smtpc_envelope *e) {
  const smtpc_span inner = {(uint16_t)(path->whole.begin + 1u),
                            (uint16_t)(path->whole.end - 1u)};
  FUZZ_MUST(ROUNDTRIP,
            (path->kind == SMTPC_PATH_NULL) == (e->address_len == 0u),
            "the null path is another one's");
  FUZZ_MUST(
      ROUNDTRIP,
      e->address_len == 0u || same(line, inner, e->address, e->address_len),
      "another address was read");
  FUZZ_MUST(ROUNDTRIP, (path->marks & SMTPC_MARK_ROUTE) == 0u,
            "a source route was read");
}

#define HAS(e, id) (((e)->seen & SMTPC_HAS(id)) != 0u)

static void check_numbers(const smtpc_params *p, const smtpc_envelope *e) {
  const int dated = HAS(e, HOLDUNTIL) || HAS(e, RRVS);
  FUZZ_MUST(ROUNDTRIP, p->seen == e->seen, "parameters %x were read as %x",
            e->seen, p->seen);
  FUZZ_MUST(ROUNDTRIP, p->size == (HAS(e, SIZE) ? e->size : 0u), "SIZE");
  FUZZ_MUST(ROUNDTRIP, p->when == (dated ? e->when : 0u), "a date");
  FUZZ_MUST(ROUNDTRIP, p->body == (HAS(e, BODY) ? e->body : 0u), "BODY");
  FUZZ_MUST(ROUNDTRIP, p->ret == (HAS(e, RET) ? e->ret : 0u), "RET");
  FUZZ_MUST(ROUNDTRIP, p->notify == (HAS(e, NOTIFY) ? e->notify : 0u),
            "NOTIFY");
  FUZZ_MUST(ROUNDTRIP, p->by_time == (HAS(e, BY) ? e->by_time : 0), "BY");
  FUZZ_MUST(ROUNDTRIP, p->by_mode == (HAS(e, BY) ? e->by_mode : 0u),
            "BY's mode");
  FUZZ_MUST(ROUNDTRIP, p->by_trace == (HAS(e, BY) ? e->by_trace : 0u),
            "BY's trace");
  FUZZ_MUST(ROUNDTRIP, p->hold_for == (HAS(e, HOLDFOR) ? e->hold_for : 0u),
            "HOLDFOR");
  FUZZ_MUST(ROUNDTRIP,
            p->mt_priority == (HAS(e, MT_PRIORITY) ? e->mt_priority : 0),
            "MT-PRIORITY");
  FUZZ_MUST(ROUNDTRIP, p->mtrk_timeout == (HAS(e, MTRK) ? e->mtrk_timeout : 0u),
            "MTRK's timeout");
  FUZZ_MUST(ROUNDTRIP, p->rrvs == (HAS(e, RRVS) ? e->rrvs : 0u), "RRVS");
}

static void check_texts(const uint8_t *line, const smtpc_params *p,
                        const smtpc_envelope *e) {
  FUZZ_MUST(ROUNDTRIP,
            !HAS(e, AUTH) || same_xtext(line, p->auth, e->auth, e->auth_len),
            "AUTH");
  FUZZ_MUST(
      ROUNDTRIP,
      !HAS(e, ENVID) || same_xtext(line, p->envid, e->envid, e->envid_len),
      "ENVID");
  FUZZ_MUST(
      ROUNDTRIP,
      !HAS(e, ORCPT) || same_xtext(line, p->orcpt, e->orcpt, e->orcpt_len),
      "ORCPT");
  FUZZ_MUST(ROUNDTRIP,
            !HAS(e, ORCPT) ||
                same(line, p->orcpt_type, e->orcpt_type, e->orcpt_type_len),
            "ORCPT's type");
  FUZZ_MUST(
      ROUNDTRIP,
      !HAS(e, SOLICIT) || same(line, p->solicit, e->solicit, e->solicit_len),
      "SOLICIT");
  FUZZ_MUST(ROUNDTRIP,
            !HAS(e, MTRK) || same(line, p->mtrk, e->mtrk, e->mtrk_len), "MTRK");
  FUZZ_MUST(
      ROUNDTRIP,
      !HAS(e, TRANSID) || same(line, p->transid, e->transid, e->transid_len),
      "TRANSID");
}

// Law ROUNDTRIP: a server that offers all reads what was meant, no more and no less.
static void check_back(const written *w, const smtpc_envelope *e,
                       unsigned verb) {
  smtpc_command command;
  uint8_t *line = fuzz_block(w->data, w->len - 2u);
  const smtpc_status status =
      smtpc_command_parse(line, w->len - 2u, UINT32_MAX, 0u, &command);
  FUZZ_MUST(ROUNDTRIP, status == SMTPC_OK,
            "a line that was written is refused: %s",
            smtpc_status_name(status));
  FUZZ_MUST(ROUNDTRIP, command.verb == verb, "another verb");
  check_path(line, &command.path, e);
  check_numbers(&command.params, e);
  check_texts(line, &command.params, e);
  fuzz_block_free(line, w->data, w->len - 2u);
}

static smtpc_status write_envelope(written *w, const smtpc_envelope *e,
                                   unsigned verb, int utf8) {
  return verb == SMTPC_VERB_MAIL
             ? smtpc_write_mail(w->data, w->cap, &w->len, e)
             : smtpc_write_rcpt(w->data, w->cap, &w->len, e, utf8);
}

// A line that is written has room in exactly its length, and not in less.
static void check_room(const smtpc_envelope *e, unsigned verb, int utf8,
                       size_t len) {
  for (size_t less = 0u; less < 2u; less++) {
    written w = room(len - less);
    w.status = write_envelope(&w, e, verb, utf8);
    FUZZ_MUST(BOUNDS, w.status == (less == 0u ? SMTPC_OK : SMTPC_E_ROOM),
              "%zu octets in a room of %zu: %s", len, w.cap,
              smtpc_status_name(w.status));
    check_line(&w);
    let_go(&w);
  }
}

static int any_ends_a_line(const smtpc_envelope *e) {
  return ends_a_line(e->address, e->address_len) ||
         (HAS(e, ENVID) && ends_a_line(e->envid, e->envid_len)) ||
         (HAS(e, AUTH) && ends_a_line(e->auth, e->auth_len)) ||
         (HAS(e, ORCPT) && (ends_a_line(e->orcpt, e->orcpt_len) ||
                            ends_a_line(e->orcpt_type, e->orcpt_type_len))) ||
         (HAS(e, SOLICIT) && ends_a_line(e->solicit, e->solicit_len)) ||
         (HAS(e, MTRK) && ends_a_line(e->mtrk, e->mtrk_len)) ||
         (HAS(e, TRANSID) && ends_a_line(e->transid, e->transid_len));
}

static smtpc_status try_envelope(const smtpc_envelope *e, unsigned verb,
                                 int utf8) {
  written w = room(SMTPC_OUT_MAX + 8u);
  w.status = write_envelope(&w, e, verb, utf8);
  check_line(&w);
  FUZZ_MUST(CRLFOUT, w.status != SMTPC_OK || any_ends_a_line(e) == 0,
            "a field with CR, LF or NUL was written");
  if (w.status == SMTPC_OK) {
    check_back(&w, e, verb);
    check_room(e, verb, utf8, w.len);
  }
  let_go(&w);
  return w.status;
}

// Numbers that a border may lie at.
static uint64_t number(fuzz_choice *choice) {
  static const uint64_t edges[] = {0u,
                                   1u,
                                   2u,
                                   9u,
                                   10u,
                                   99u,
                                   253402300799u,
                                   253402300800u,
                                   999999999u,
                                   1000000000u,
                                   4294967295u,
                                   4294967296u,
                                   UINT64_MAX - 1u,
                                   UINT64_MAX};
  const uint32_t pick = fuzz_choose(choice, 18u);
  return pick < sizeof edges / sizeof edges[0]
             ? edges[pick]
             : fuzz_choose_bits(choice) >> fuzz_choose(choice, 64u);
}

static void put_numbers(smtpc_envelope *e, fuzz_choice *choice) {
  e->size = number(choice);
  e->when = number(choice);
  e->hold_for = (uint32_t)(number(choice) & UINT32_MAX);
  const uint32_t by = (uint32_t)(number(choice) & 0x3fffffffu);
  e->by_time = fuzz_choose(choice, 2u) == 0u ? (int32_t)by : -(int32_t)by;
  e->mtrk_timeout = (uint32_t)(number(choice) & UINT32_MAX);
  e->body = (uint8_t)fuzz_choose(choice, 5u);
  e->ret = (uint8_t)fuzz_choose(choice, 4u);
  e->notify = (uint8_t)fuzz_choose(choice, 17u);
  e->by_mode = (uint8_t)fuzz_choose(choice, 4u);
  e->by_trace = (uint8_t)fuzz_choose(choice, 3u);
  e->mt_priority = (int8_t)((int)fuzz_choose(choice, 21u) - 10);
  e->rrvs = (uint8_t)fuzz_choose(choice, 4u);
}

// Parameters of `verb`, each with a chance; rarely one of the other verb.
static uint32_t some_params(fuzz_choice *choice, unsigned verb) {
  uint32_t seen = 0u;
  const int foreign = fuzz_choose(choice, 16u) == 0u;
  const uint32_t often = 1u + fuzz_choose(choice, 8u);
  for (unsigned id = 0u; id < SMTPC_PARAM_COUNT; id++) {
    const int own = smtpc_param_get(id).verb == verb;
    if ((own != 0 || foreign != 0) && fuzz_choose(choice, often) == 0u) {
      seen |= (uint32_t)1u << id;
    }
  }
  return seen;
}

static void try_envelopes(const field *fields, fuzz_choice *choice) {
  static const unsigned verbs[] = {SMTPC_VERB_MAIL, SMTPC_VERB_RCPT};
  smtpc_envelope e;
  memset(&e, 0, sizeof e);
  e.address = fields[ADDRESS].data;
  e.address_len = fields[ADDRESS].len;
  e.envid = fields[ENVID].data;
  e.envid_len = fields[ENVID].len;
  e.auth = fields[AUTH].data;
  e.auth_len = fields[AUTH].len;
  e.orcpt = fields[ORCPT].data;
  e.orcpt_len = fields[ORCPT].len;
  e.orcpt_type = fields[ORCPT_TYPE].data;
  e.orcpt_type_len = fields[ORCPT_TYPE].len;
  e.solicit = fields[SOLICIT].data;
  e.solicit_len = fields[SOLICIT].len;
  e.mtrk = fields[MTRK].data;
  e.mtrk_len = fields[MTRK].len;
  e.transid = fields[TRANSID].data;
  e.transid_len = fields[TRANSID].len;
  const size_t i = fuzz_choose(choice, 2u);
  put_numbers(&e, choice);
  e.seen = some_params(choice, verbs[i]);
  if (try_envelope(&e, verbs[i], (int)fuzz_choose(choice, 2u)) != SMTPC_OK) {
    // The address alone, and beyond ASCII as well: nothing else is in the way.
    e.seen = i == 0u ? SMTPC_HAS(SMTPUTF8) : 0u;
    (void)try_envelope(&e, verbs[i], 1);
  }
}

// ------------------------------------------------------------ other commands

static void try_hello(const field *name, fuzz_choice *choice) {
  static const unsigned verbs[] = {SMTPC_VERB_EHLO, SMTPC_VERB_HELO,
                                   SMTPC_VERB_LHLO};
  const unsigned verb = verbs[fuzz_choose(choice, 3u)];
  written w = room(SMTPC_OUT_MAX);
  w.status =
      smtpc_write_hello(w.data, w.cap, &w.len, verb, name->data, name->len);
  check_line(&w);
  if (w.status == SMTPC_OK) {
    smtpc_command command;
    FUZZ_MUST(
        ROUNDTRIP,
        smtpc_command_parse(w.data, w.len - 2u, 0u, 0u, &command) == SMTPC_OK &&
            command.verb == verb &&
            same(w.data, command.argument, name->data, name->len),
        "another greeting was read");
  }
  let_go(&w);
}

static void try_bdat(fuzz_choice *choice) {
  const uint64_t size = number(choice);
  const int last = (int)fuzz_choose(choice, 2u);
  written w = room(64u);
  smtpc_command command;
  w.status = smtpc_write_bdat(w.data, w.cap, &w.len, size, last);
  check_line(&w);
  FUZZ_MUST(ROUNDTRIP, w.status == SMTPC_OK, "a size cannot be written");
  FUZZ_MUST(ROUNDTRIP,
            smtpc_command_parse(w.data, w.len - 2u, UINT32_MAX, 0u, &command) ==
                    SMTPC_OK &&
                command.verb == SMTPC_VERB_BDAT && command.chunk_size == size &&
                command.last == last,
            "another chunk was read");
  let_go(&w);
}

static void try_verb(const field *name, fuzz_choice *choice) {
  const unsigned verb = fuzz_choose(choice, SMTPC_VERB_COUNT + 1u);
  written w = room(SMTPC_OUT_MAX);
  w.status =
      smtpc_write_verb(w.data, w.cap, &w.len, verb, name->data, name->len);
  check_line(&w);
  FUZZ_MUST(CRLFOUT,
            w.status != SMTPC_OK || ends_a_line(name->data, name->len) == 0,
            "an argument with CR, LF or NUL was written");
  if (w.status == SMTPC_OK && name->len > 0u) {
    FUZZ_MUST(
        ROUNDTRIP,
        memcmp(w.data + w.len - 2u - name->len, name->data, name->len) == 0,
        "another argument was written");
  }
  if (w.status == SMTPC_OK) {
    smtpc_command command;
    (void)!smtpc_command_parse(w.data, w.len - 2u, UINT32_MAX, 0u, &command);
    FUZZ_MUST(ROUNDTRIP, command.verb == verb, "verb %u was read as %u", verb,
              command.verb);
  }
  let_go(&w);
}

// ------------------------------------------------------------------ replies

static void try_reply(const field *text, fuzz_choice *choice) {
  const unsigned id = 1u + fuzz_choose(choice, SMTPC_REPLY_COUNT - 1u);
  const int last = (int)fuzz_choose(choice, 2u);
  const int enhanced = (int)fuzz_choose(choice, 2u);
  const smtpc_reply_row row = smtpc_reply_get(id);
  smtpc_reply reply;
  smtpc_span said;
  written w = room(SMTPC_OUT_MAX);
  w.status = smtpc_write_reply(w.data, w.cap, &w.len, id, last, enhanced,
                               text->data, text->len);
  check_line(&w);
  if (w.status == SMTPC_OK) {
    smtpc_reply_init(&reply);
    FUZZ_MUST(
        WELLFORMED,
        smtpc_reply_line(&reply, w.data, w.len - 2u, 0, &said) == SMTPC_OK,
        "reply %u is refused by our own parser", id);
    FUZZ_MUST(ROUNDTRIP, reply.code == row.code && reply.done == last,
              "reply %u was read as %u", row.code, reply.code);
    FUZZ_MUST(
        WELLFORMED,
        reply.enhanced_class == 0u || reply.enhanced_class == row.code / 100u,
        "the enhanced code is of another class");
    FUZZ_MUST(ROUNDTRIP,
              enhanced == 0 || text->len == 0u || row.enhanced_class == 0u ||
                  same(w.data, said, text->data, text->len),
              "another text was read");
  } else {
    FUZZ_MUST(WELLFORMED, text->len > 0u, "the registry's own text is refused");
  }
  let_go(&w);
}

static void some_facts(smtpc_capabilities *facts, fuzz_choice *choice) {
  memset(facts, 0, sizeof *facts);
  facts->size = number(choice);
  facts->mechanisms = fuzz_choose_bits(choice) & ((UINT64_C(1) << 12u) - 1u);
  facts->by_min = (uint32_t)(number(choice) & UINT32_MAX);
  facts->hold_for = (uint32_t)(number(choice) & UINT32_MAX);
  facts->hold_until = number(choice);
  facts->rcpt_max = fuzz_choose(choice, 1100000u);
  facts->mail_max = fuzz_choose(choice, 3u);
}

static void check_facts(const smtpc_capabilities *have,
                        const smtpc_capabilities *want, unsigned extension) {
  FUZZ_MUST(ROUNDTRIP, have->offered == (uint32_t)1u << extension,
            "extension %u was read as %x", extension, have->offered);
  FUZZ_MUST(ROUNDTRIP, (have->marks & SMTPC_CAPS_MALFORMED) == 0u,
            "a line that was written is malformed");
  FUZZ_MUST(ROUNDTRIP,
            extension != SMTPC_EXTENSION_SIZE || have->size == want->size,
            "SIZE");
  FUZZ_MUST(
      ROUNDTRIP,
      extension != SMTPC_EXTENSION_AUTH || have->mechanisms == want->mechanisms,
      "AUTH");
  FUZZ_MUST(ROUNDTRIP,
            extension != SMTPC_EXTENSION_LIMITS ||
                (have->rcpt_max == want->rcpt_max &&
                 have->mail_max == want->mail_max),
            "LIMITS");
  FUZZ_MUST(
      ROUNDTRIP,
      extension != SMTPC_EXTENSION_DELIVERBY || have->by_min == want->by_min,
      "DELIVERBY");
  FUZZ_MUST(ROUNDTRIP,
            extension != SMTPC_EXTENSION_FUTURERELEASE ||
                (have->hold_for == want->hold_for &&
                 have->hold_until == want->hold_until),
            "FUTURERELEASE");
}

static void try_extension(fuzz_choice *choice) {
  const unsigned extension = fuzz_choose(choice, SMTPC_EXTENSION_COUNT + 1u);
  smtpc_capabilities facts;
  some_facts(&facts, choice);
  written w = room(SMTPC_OUT_MAX);
  w.status = smtpc_write_extension(w.data, w.cap, &w.len, extension,
                                   (int)fuzz_choose(choice, 2u), &facts);
  check_line(&w);
  FUZZ_MUST(MISUSE, w.status != SMTPC_OK || extension < SMTPC_EXTENSION_COUNT,
            "an extension that does not exist was written");
  if (w.status == SMTPC_OK) {
    smtpc_capabilities back;
    const smtpc_span text = {4u, (uint16_t)(w.len - 2u)};
    smtpc_capability_init(&back);
    smtpc_capability_line(&back, 2u, w.data, text, 0u);
    check_facts(&back, &facts, extension);
  }
  let_go(&w);
}

// -------------------------------------------------------------------- input

static void split_fields(const uint8_t *data, size_t size, field *fields) {
  size_t at = 0u;
  for (size_t i = 0u; i < FIELDS; i++) {
    size_t end = at;
    while (end < size && data[end] != '\t') {
      end++;
    }
    fields[i].from = data + at;
    fields[i].len = (uint16_t)(end - at);
    fields[i].data = fuzz_block(data + at, end - at);
    at = end < size ? end + 1u : size;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  field fields[FIELDS];
  if (size > 60000u) {
    return -1;
  }
  fuzz_choice choice = fuzz_choice_of(data, size);
  split_fields(data, size, fields);
  try_envelopes(fields, &choice);
  try_hello(&fields[NAME], &choice);
  try_bdat(&choice);
  try_verb(&fields[NAME], &choice);
  try_reply(&fields[NAME], &choice);
  try_extension(&choice);
  for (size_t i = 0u; i < FIELDS; i++) {
    fuzz_block_free(fields[i].data, fields[i].from, fields[i].len);
  }
  return 0;
}
