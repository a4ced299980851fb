// Whatever a client says, in whatever pieces, on whatever channel, and whatever
// the shim answers, early or late, a server keeps each of the twenty laws.
//
// The world watches EPOCH, DRAIN, RESET, ONEWAY, FAILSTOP, COUNT, EOD, NORM,
// BDAT, TXN, POLICY, SECRET, WELLFORMED, CRLFOUT, NOOP, BOUNDS, TERMINAL,
// MISUSE, INVARIANT, MODEL and PURE. A second run has other cuts (SPLIT). Where
// STARTTLS led to TLS, a third one says before it nothing but EHLO and
// STARTTLS: what comes after is the same (RESET).
#include <string.h>

#include "fuzz/harness/choice.h"
#include "fuzz/harness/law.h"
#include "fuzz/harness/script.h"
#include "fuzz/harness/target.h"
#include "fuzz/harness/witness.h"
#include "fuzz/harness/world.h"

const unsigned fuzz_target_kind = FUZZ_KIND_SCRIPT;

// Each piece costs as much as a line: long octets are cut into so many at most, and
// into fewer where the target itself chose the cut.
#define PIECES_MAX 1024u
#define PIECES_FEW 64u

// run is how a script is played: with the cuts that it says, or with others.
typedef struct run {
  size_t cut;
  int recut;  // 1: `cut` stays as it is
  size_t filled;
  size_t from;        // the record to begin with
  size_t tls_at;      // the record that brought TLS up by STARTTLS; 0: none
  size_t tls_cut;     // `cut` then
  size_t tls_filled;  // `filled` then
} run;

static unsigned channel_of(const world_server *w) {
  return world_server_tls(w) != 0 ? (unsigned)SMTPC_CHANNEL_TLS
                                  : (unsigned)SMTPC_CHANNEL_PLAIN;
}

static void feed(world_server *w, const run *r, unsigned channel,
                 const uint8_t *data, size_t len) {
  const size_t pieces = r->recut != 0 ? PIECES_FEW : PIECES_MAX;
  const size_t least = len / pieces;
  const size_t cut = r->cut > least || r->cut == 0u ? r->cut : least;
  const size_t taken = world_server_feed(w, channel, data, len, cut);
  if (taken < len && world_server_where(w) == SMTPC_MEM_HANDSHAKE) {
    // What is left came in clear, and the handshake has begun.
    (void)world_server_feed(w, channel, data + taken, len - taken, 0u);
  }
}

static void fill(world_server *w, run *r, const script_record *record) {
  static uint8_t octets[SCRIPT_FILL_MAX];
  const size_t left = SCRIPT_FILL_MAX - r->filled;
  const size_t len = record->number < left ? (size_t)record->number : left;
  memset(octets, record->field, len);
  r->filled += len;
  feed(w, r, channel_of(w), octets, len);
}

static void give(world_server *w, run *r, const script_record *record,
                 size_t at) {
  const smtpc_input input = world_input_of(record);
  const int clear = world_server_tls(w) == 0;
  const int starttls = clear && world_server_where(w) == SMTPC_MEM_HANDSHAKE &&
                       world_server_session(w)->greets == 0u;
  world_server_give(w, &input);
  if (starttls && world_server_tls(w) != 0) {
    r->tls_at = at;
    r->tls_cut = r->cut;
    r->tls_filled = r->filled;
  }
}

// An answer that nobody asked for: misuse, of which nothing is heard.
static void answer_early(world_server *w, const script_record *record) {
  smtpc_input input = smtpc_input_make(SMTPC_IN_VERDICT);
  if (world_server_session(w)->wait >= SMTPC_DO_ASK_SENDER) {
    // It would not be early: an answer is late.
    return;
  }
  if (record->tag == SCRIPT_ANSWER) {
    input.answer = (uint8_t)(record->number % (SMTPC_ANSWER_RELAY + 1u));
  } else {
    input.kind = record->tag == SCRIPT_NONCE  ? SMTPC_IN_NONCE
                 : record->tag == SCRIPT_SALT ? SMTPC_IN_SALT
                                              : SMTPC_IN_BINDING;
    input.data = record->data;
    input.len = record->len;
    input.number = SMTPC_ITERATIONS_MIN;
  }
  world_server_give(w, &input);
}

static void play_record(world_server *w, run *r, const script_record *record,
                        size_t at) {
  switch (record->tag) {
    case SCRIPT_SAY:
      feed(w, r, channel_of(w), record->data, record->len);
      break;
    case SCRIPT_FILL:
      fill(w, r, record);
      break;
    case SCRIPT_STRAY:
      feed(w, r, channel_of(w) ^ 1u, record->data, record->len);
      break;
    case SCRIPT_CUT:
      r->cut = r->recut != 0 ? r->cut : (size_t)(record->number % 4096u);
      break;
    case SCRIPT_LATE:
      world_server_late(w, (size_t)(record->number % 16u));
      break;
    case SCRIPT_TLS_UP:
    case SCRIPT_TLS_FAILED:
    case SCRIPT_CLOSE:
    case SCRIPT_DEADLINE:
    case SCRIPT_SHUTDOWN:
    case SCRIPT_MISUSE:
      give(w, r, record, at);
      break;
    case SCRIPT_ANSWER:
    case SCRIPT_NONCE:
    case SCRIPT_SALT:
    case SCRIPT_BINDING:
      answer_early(w, record);
      break;
    default:
      break;
  }
}

static void play(world_server *w, const script *in, run *r) {
  for (size_t at = r->from; at < in->count; at++) {
    if (world_server_where(w) == SMTPC_MEM_CLOSED) {
      break;
    }
    play_record(w, r, &in->records[at], at);
  }
}

// Octets that wait for a late answer, and ends that come before it, make cuts
// matter: what came before the answer is another thing then.
static int has(const script *in, unsigned tag) {
  for (size_t i = 0u; i < in->count; i++) {
    if (in->records[i].tag == tag) {
      return 1;
    }
  }
  return 0;
}

// Law SPLIT: the same in other pieces.
static void compare_cuts(const script *in, const smtpc_server_policy *policy,
                         const world_server *first, size_t cut) {
  world_server *w = world_server_begin(1u, policy, in);
  run r = {0};
  r.recut = 1;
  r.cut = cut;
  play(w, in, &r);
  const int border = world_server_border(first);
  FUZZ_MUST(SPLIT, border == world_server_border(w),
            "pieces of %zu decide whether octets follow STARTTLS", cut);
  FUZZ_MUST(
      SPLIT,
      world_server_event_hash(first) == world_server_event_hash(w) || border,
      "pieces of %zu make a difference", cut);
  world_server_end(w);
}

// Law RESET: what was before STARTTLS makes no difference to what comes after,
// but for what counts against the peer, which may end the session sooner.
static void compare_pasts(const script *in, const smtpc_server_policy *policy,
                          const world_server *first, const run *was) {
  static const char *const hello[2] = {"EHLO a.example\r\nSTARTTLS\r\n",
                                       "LHLO a.example\r\nSTARTTLS\r\n"};
  const char *said = hello[policy->lmtp & 1u];
  smtpc_server_policy other = *policy;
  run r = {0};
  // What a balancer says is before all else, and asks for an answer.
  other.proxy = 0u;
  world_server *w = world_server_begin(1u, &other, in);
  (void)world_server_feed(w, SMTPC_CHANNEL_PLAIN, (const uint8_t *)said,
                          strlen(said), 0u);
  const smtpc_input up = world_input_of(&in->records[was->tls_at]);
  FUZZ_MUST(RESET,
            world_server_where(w) == SMTPC_MEM_HANDSHAKE ||
                world_server_limited(w) != 0,
            "STARTTLS is done after other commands alone");
  if (world_server_where(w) == SMTPC_MEM_HANDSHAKE) {
    world_server_give(w, &up);
    world_server_answers_as(w, first);
    r.from = was->tls_at + 1u;
    r.cut = was->tls_cut;
    r.filled = was->tls_filled;
    play(w, in, &r);
    FUZZ_MUST(RESET,
              world_server_tls_hash(first) == world_server_tls_hash(w) ||
                  world_server_limited(first) != 0 ||
                  world_server_limited(w) != 0,
              "what was said before STARTTLS makes a difference after it");
  }
  world_server_end(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static script in;
  smtpc_server_policy policy;
  run first = {0};
  if (script_decode(data, size, &in) == 0) {
    return -1;
  }
  (void)script_server_policy(&in, &policy);
  fuzz_choice choice = fuzz_choice_of(data, size);
  world_server *w = world_server_begin(0u, &policy, &in);
  play(w, &in, &first);
  fuzz_witness_give(world_server_event_hash(w));
  if (has(&in, SCRIPT_LATE) == 0) {
    compare_cuts(&in, &policy, w, fuzz_choose(&choice, 8u));
    if (first.tls_at > 0u) {
      compare_pasts(&in, &policy, w, &first);
    }
  }
  world_server_end(w);
  return 0;
}
