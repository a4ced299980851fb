// Parameters are what the model reads, in any order, each once, each only with its
// extension on offer, and what is written of them means the same.
//
// The input is what follows a path: nothing, or a space and parameters. It is read for
// MAIL and for RCPT, with all extensions on offer and with those of a choice.
//
// Laws: MODEL, COVER, PURE, ROUNDTRIP, NORM, POLICY, MISUSE.
#include "smtpcore/param.h"

#include <string.h>

#include "core/model/param_model.h"
#include "fuzz/harness/block.h"
#include "fuzz/harness/choice.h"
#include "fuzz/harness/envelope.h"
#include "fuzz/harness/law.h"
#include "fuzz/harness/target.h"
#include "smtpcore/write.h"

const unsigned fuzz_target_kind = FUZZ_KIND_TOKENS;

#define INPUT_MAX 4096u
#define ALL UINT32_MAX

// parsed is what one parse gave.
typedef struct parsed {
  smtpc_params params;
  smtpc_status status;
} parsed;

_Static_assert(sizeof(smtpc_params) == 72u,
               "parameters have no padding, so that memcmp compares them");

static int same(const parsed *a, const parsed *b) {
  return a->status == b->status &&
         memcmp(&a->params, &b->params, sizeof a->params) == 0;
}

static parsed parse(const uint8_t *text, size_t len, unsigned verb,
                    uint32_t offered) {
  parsed p;
  memset(&p.params, 0xa5, sizeof p.params);
  p.status = smtpc_params_parse(text, smtpc_span_make(0u, len), verb, offered,
                                &p.params);
  return p;
}

// ----------------------------------------------------------------------- shape

static int within(smtpc_span span, size_t len) {
  return span.begin <= span.end && span.end <= len;
}

static void check_spans(const smtpc_params *p, size_t len) {
  FUZZ_MUST(COVER,
            within(p->auth, len) && within(p->envid, len) &&
                within(p->solicit, len) && within(p->mtrk, len) &&
                within(p->transid, len) && within(p->orcpt, len) &&
                within(p->orcpt_type, len),
            "a value is outside the text");
  FUZZ_MUST(BOUNDS,
            smtpc_span_len(p->envid) <= SMTPC_ENVID_MAX &&
                smtpc_span_len(p->auth) <= SMTPC_PARAM_AUTH_MAX &&
                smtpc_span_len(p->orcpt_type) + smtpc_span_len(p->orcpt) <
                    SMTPC_ORCPT_MAX &&
                smtpc_span_len(p->solicit) <= SMTPC_SOLICIT_MAX &&
                smtpc_span_len(p->transid) + 2u <= SMTPC_TRANSID_MAX,
            "a value is too long");
}

// check_numbers: a value is in its range, and 0 where its parameter is not there.
static void check_numbers(const smtpc_params *p) {
  const uint32_t seen = p->seen;
  FUZZ_MUST(BOUNDS,
            p->hold_for <= SMTPC_SECONDS_MAX &&
                p->mtrk_timeout <= SMTPC_SECONDS_MAX &&
                p->by_time <= (int32_t)SMTPC_SECONDS_MAX &&
                p->by_time >= -(int32_t)SMTPC_SECONDS_MAX,
            "seconds out of range");
  FUZZ_MUST(BOUNDS,
            p->mt_priority >= -9 && p->mt_priority <= 9 && p->body <= 3u &&
                p->ret <= 2u && p->by_mode <= 2u && p->by_trace <= 1u &&
                p->rrvs <= 2u && p->notify <= 14u,
            "a value out of range");
  FUZZ_MUST(NORM,
            (p->body != 0u) == ((seen & SMTPC_HAS(BODY)) != 0u) &&
                (p->ret != 0u) == ((seen & SMTPC_HAS(RET)) != 0u) &&
                (p->notify != 0u) == ((seen & SMTPC_HAS(NOTIFY)) != 0u) &&
                (p->by_mode != 0u) == ((seen & SMTPC_HAS(BY)) != 0u) &&
                (p->hold_for != 0u) == ((seen & SMTPC_HAS(HOLDFOR)) != 0u),
            "a value without its parameter");
  FUZZ_MUST(
      NORM,
      (seen & SMTPC_HAS(HOLDFOR)) == 0u || (seen & SMTPC_HAS(HOLDUNTIL)) == 0u,
      "a message is held twice");
  FUZZ_MUST(NORM, p->by_mode != SMTPC_BY_RETURN || p->by_time > 0,
            "a message is to be returned that has no time left");
  FUZZ_MUST(
      NORM,
      (p->notify & SMTPC_NOTIFY_NEVER) == 0u || p->notify == SMTPC_NOTIFY_NEVER,
      "NEVER is not alone");
}

// check_shape: a refusal leaves nothing but which parameter is wrong.
static void check_shape(const parsed *p, size_t len, unsigned verb) {
  smtpc_params bare;
  memset(&bare, 0, sizeof bare);
  bare.wrong = p->params.wrong;
  FUZZ_MUST(INVARIANT,
            p->status == SMTPC_OK || smtpc_status_is_malformed(p->status) ||
                smtpc_status_is_limit(p->status),
            "parameters are %s", smtpc_status_name(p->status));
  if (p->status != SMTPC_OK) {
    const int nameless =
        p->status == SMTPC_E_SYNTAX || p->status == SMTPC_E_PARAM_UNKNOWN;
    FUZZ_MUST(NORM, memcmp(&bare, &p->params, sizeof bare) == 0,
              "a refused parameter leaves something");
    FUZZ_MUST(NORM, (bare.wrong == 0u) == (nameless != 0),
              "parameter %u is wrong with %s", bare.wrong,
              smtpc_status_name(p->status));
    FUZZ_MUST(NORM,
              bare.wrong == 0u || smtpc_param_get(bare.wrong - 1u).verb == verb,
              "a parameter of the other verb is wrong");
    return;
  }
  FUZZ_MUST(NORM, bare.wrong == 0u, "a good parameter is wrong");
  check_spans(&p->params, len);
  check_numbers(&p->params);
}

static void check_model(const uint8_t *text, size_t len, unsigned verb,
                        uint32_t offered, const parsed *p) {
  parsed want;
  want.status = model_params_status(text, len, verb, offered, &want.params);
  if (want.status == SMTPC_E_INTERNAL) {
    // AUTH with xtext of no mailbox: which error that is, only the parser knows.
    FUZZ_MUST(MODEL,
              p->status == SMTPC_E_PARAM_VALUE || p->status == SMTPC_E_TOO_LONG,
              "AUTH without a mailbox is %s", smtpc_status_name(p->status));
    return;
  }
  FUZZ_MUST(MODEL, want.status == p->status, "%s, where the model has %s",
            smtpc_status_name(p->status), smtpc_status_name(want.status));
  FUZZ_MUST(MODEL, same(&want, p), "the model reads other parameters");
}

// check_offer: a smaller offer takes no more, and what it takes is the same.
static void check_offer(const parsed *all, const parsed *some,
                        uint32_t offered) {
  FUZZ_MUST(POLICY, some->status != SMTPC_OK || same(all, some),
            "with more on offer parameters are %s",
            smtpc_status_name(all->status));
  const uint32_t seen = some->params.seen;
  for (unsigned id = 0u; seen != 0u && id < SMTPC_PARAM_COUNT; id++) {
    FUZZ_MUST(POLICY,
              ((seen >> id) & 1u) == 0u ||
                  ((offered >> smtpc_param_get(id).extension) & 1u) != 0u,
              "%s was taken without its extension", smtpc_param_get(id).name);
  }
  const uint32_t binary = SMTPC_OFFERS(BINARYMIME) | SMTPC_OFFERS(CHUNKING);
  FUZZ_MUST(POLICY,
            some->params.body != SMTPC_BODY_BINARYMIME ||
                (offered & binary) == binary,
            "BINARYMIME was taken and is not on offer");
}

// ------------------------------------------------------------------- relations

// words are the parameters of a text that was taken, each with its space.
typedef struct words {
  const uint8_t *text;
  size_t count;
  size_t begin[SMTPC_PARAM_COUNT + 1u];
} words;

static words words_of(const uint8_t *text, size_t len) {
  words w;
  w.text = text;
  w.count = 0u;
  for (size_t i = 0u; i < len; i++) {
    if (text[i] == ' ') {
      FUZZ_MUST(BOUNDS, w.count < SMTPC_PARAM_COUNT, "too many parameters");
      w.begin[w.count] = i;
      w.count++;
    }
  }
  w.begin[w.count] = len;
  return w;
}

static size_t put_word(const words *w, size_t number, uint8_t *out, size_t at) {
  const size_t len = w->begin[number + 1u] - w->begin[number];
  memcpy(out + at, w->text + w->begin[number], len);
  return at + len;
}

// again parses `out`, from a block of its own, and gives the block's octets back.
static parsed again(const uint8_t *out, size_t len, unsigned verb) {
  uint8_t *const block = fuzz_block(out, len);
  const parsed p = parse(block, len, verb, ALL);
  fuzz_block_free(block, out, len);
  return p;
}

// check_order turns the parameters round, by some number of places.
static void check_order(const words *w, const parsed *p, unsigned verb,
                        fuzz_choice *choice) {
  static uint8_t out[INPUT_MAX];
  const size_t by = fuzz_choose(choice, (uint32_t)w->count);
  const int back = fuzz_choose(choice, 2u) == 0u;
  size_t len = 0u;
  for (size_t i = 0u; i < w->count; i++) {
    const size_t number = (i + by) % w->count;
    len = put_word(w, back ? w->count - 1u - number : number, out, len);
  }
  const parsed other = again(out, len, verb);
  FUZZ_MUST(PURE, other.status == SMTPC_OK, "in another order they are %s",
            smtpc_status_name(other.status));
  FUZZ_MUST(PURE,
            fuzz_same_params(w->text, &p->params, out, &other.params) != 0,
            "in another order they mean something else");
}

// check_count says one parameter twice, and then not at all.
static void check_count(const words *w, const parsed *p, unsigned verb,
                        fuzz_choice *choice) {
  static uint8_t out[2u * INPUT_MAX];
  const size_t one = fuzz_choose(choice, (uint32_t)w->count);
  const size_t whole = w->begin[w->count];
  memcpy(out, w->text, whole);
  parsed other = again(out, put_word(w, one, out, whole), verb);
  FUZZ_MUST(NORM, other.status == SMTPC_E_PARAM_DUPLICATE,
            "a parameter twice is %s", smtpc_status_name(other.status));
  const uint32_t bit = (uint32_t)1u << ((other.params.wrong - 1u) & 31u);
  FUZZ_MUST(NORM, (p->params.seen & bit) != 0u, "another one is twice");
  size_t len = 0u;
  for (size_t i = 0u; i < w->count; i++) {
    len = i != one ? put_word(w, i, out, len) : len;
  }
  other = again(out, len, verb);
  FUZZ_MUST(NORM, other.status == SMTPC_OK, "one parameter less is %s",
            smtpc_status_name(other.status));
  FUZZ_MUST(COVER, other.params.seen == (p->params.seen & ~bit),
            "one parameter less is %x, not %x", other.params.seen,
            p->params.seen & ~bit);
  memcpy(out, w->text, whole);
  memcpy(out + whole, " XYZZY", 6u);
  other = again(out, whole + 6u, verb);
  FUZZ_MUST(NORM, other.status == SMTPC_E_PARAM_UNKNOWN,
            "an unknown parameter is %s", smtpc_status_name(other.status));
}

// check_taken_back takes the extension of one parameter off the offer.
static void check_taken_back(const words *w, const parsed *p, unsigned verb,
                             fuzz_choice *choice) {
  unsigned id = fuzz_choose(choice, SMTPC_PARAM_COUNT);
  while (((p->params.seen >> id) & 1u) == 0u) {
    id = (id + 1u) % SMTPC_PARAM_COUNT;
  }
  const uint32_t without = ~((uint32_t)1u << smtpc_param_get(id).extension);
  const parsed other = parse(w->text, w->begin[w->count], verb, without);
  FUZZ_MUST(POLICY, other.status == SMTPC_E_PARAM_UNKNOWN,
            "%s without its extension is %s", smtpc_param_get(id).name,
            smtpc_status_name(other.status));
  if (p->params.body == SMTPC_BODY_BINARYMIME) {
    const uint32_t half = fuzz_choose(choice, 2u) == 0u
                              ? SMTPC_OFFERS(BINARYMIME)
                              : SMTPC_OFFERS(CHUNKING);
    const parsed text = parse(w->text, w->begin[w->count], verb, ALL & ~half);
    FUZZ_MUST(POLICY, text.status == SMTPC_E_PARAM_VALUE,
              "BINARYMIME that is not on offer is %s",
              smtpc_status_name(text.status));
  }
}

// check_case writes the names in the other case.
static void check_case(const words *w, const parsed *p, unsigned verb) {
  static uint8_t out[INPUT_MAX];
  const size_t len = w->begin[w->count];
  int name = 0;
  for (size_t i = 0u; i < len; i++) {
    const uint8_t c = w->text[i];
    const uint8_t lower = c | 0x20u;
    name = c == ' ' || (name && c != '=');
    out[i] = name && lower >= 'a' && lower <= 'z' ? c ^ 0x20u : c;
  }
  const parsed other = again(out, len, verb);
  FUZZ_MUST(PURE, same(&other, p), "the case of a name matters");
}

// check_round_trip writes the parameters, and reads them.
static void check_round_trip(const words *w, const parsed *p, unsigned verb) {
  static const uint8_t address[] = "a@b";
  static const smtpc_path nobody;
  const size_t front = verb == SMTPC_VERB_MAIL ? 15u : 13u;
  fuzz_envelope e;
  uint8_t out[SMTPC_OUT_MAX];
  size_t len = 0u;
  fuzz_envelope_of(&e, w->text, &nobody, &p->params);
  e.envelope.address = address;
  e.envelope.address_len = 3u;
  const smtpc_status status =
      verb == SMTPC_VERB_MAIL
          ? smtpc_write_mail(out, sizeof out, &len, &e.envelope)
          : smtpc_write_rcpt(out, sizeof out, &len, &e.envelope, 0);
  if (status != SMTPC_OK) {
    const int empty = (p->params.seen & SMTPC_HAS(ORCPT)) != 0u &&
                      smtpc_span_len(p->params.orcpt) == 0u;
    FUZZ_MUST(ROUNDTRIP,
              front + w->begin[w->count] + 2u > sizeof out ||
                  (empty && status == SMTPC_E_PARAM_VALUE_MISSING),
              "parameters that were taken cannot be written: %s",
              smtpc_status_name(status));
    return;
  }
  FUZZ_MUST(ROUNDTRIP,
            len >= front + 2u && len <= front + w->begin[w->count] + 2u,
            "%zu octets are written as %zu", w->begin[w->count], len);
  const parsed back = again(out + front, len - front - 2u, verb);
  FUZZ_MUST(ROUNDTRIP, back.status == SMTPC_OK, "what was written is %s",
            smtpc_status_name(back.status));
  FUZZ_MUST(
      ROUNDTRIP,
      fuzz_same_params(w->text, &p->params, out + front, &back.params) != 0,
      "what was written means something else");
}

// ------------------------------------------------------------------ the target

static void try_verb(const uint8_t *text, size_t len, unsigned verb,
                     fuzz_choice *choice) {
  const uint32_t offered = (uint32_t)fuzz_choose_bits(choice);
  const parsed all = parse(text, len, verb, ALL);
  const parsed some = parse(text, len, verb, offered);
  check_shape(&all, len, verb);
  check_shape(&some, len, verb);
  check_offer(&all, &some, offered);
  check_model(text, len, verb, ALL, &all);
  // The model takes longer than all else, so it sees one offer in four besides.
  if (fuzz_choose(choice, 4u) == 0u) {
    check_model(text, len, verb, offered, &some);
  }
  if (all.status != SMTPC_OK || len == 0u) {
    FUZZ_MUST(COVER, len > 0u || all.params.seen == 0u, "nothing is something");
    return;
  }
  const words w = words_of(text, len);
  FUZZ_MUST(COVER, w.count > 0u && w.begin[0] == 0u,
            "parameters do not begin with a space");
  FUZZ_MUST(COVER, (size_t)__builtin_popcount(all.params.seen) == w.count,
            "%zu parameters are %x", w.count, all.params.seen);
  check_order(&w, &all, verb, choice);
  check_count(&w, &all, verb, choice);
  check_taken_back(&w, &all, verb, choice);
  check_case(&w, &all, verb);
  check_round_trip(&w, &all, verb);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size > INPUT_MAX) {
    return -1;
  }
  fuzz_choice choice = fuzz_choice_of(data, size);
  uint8_t *const text = fuzz_block(data, size);
  try_verb(text, size, SMTPC_VERB_MAIL, &choice);
  try_verb(text, size, SMTPC_VERB_RCPT, &choice);
  const unsigned verb =
      SMTPC_VERB_RCPT + 1u +
      fuzz_choose(&choice, SMTPC_VERB_COUNT - SMTPC_VERB_RCPT);
  const parsed misuse = parse(text, size, verb, ALL);
  FUZZ_MUST(MISUSE, misuse.status == SMTPC_E_ARGUMENT,
            "parameters of verb %u are %s", verb,
            smtpc_status_name(misuse.status));
  fuzz_block_free(text, data, size);
  return 0;
}
