// Whatever a client says, in whatever pieces, on whatever channel, and whatever the shim
// answers, early or late, a server keeps each of the twenty laws.
//
// The world watches EPOCH, DRAIN, RESET, ONEWAY, FAILSTOP, COUNT, EOD, NORM, BDAT, TXN,
// POLICY, SECRET, WELLFORMED, CRLFOUT, NOOP, BOUNDS, TERMINAL, MISUSE, INVARIANT and PURE.
// A second run has other cuts (SPLIT). That what was said before STARTTLS changes nothing
// after it needs no third one: the session is compared whole with one that began under
// TLS (RESET), and a session does nothing but by what it is.
#include <string.h>

#include "fuzz/harness/choice.h"
#include "fuzz/harness/law.h"
#include "fuzz/harness/script.h"
#include "fuzz/harness/target.h"
#include "fuzz/harness/world.h"

const unsigned fuzz_target_kind = FUZZ_KIND_SCRIPT;

#define PIECES_MAX 64u

// run is how a script is played: with the cuts that it says, or with others.
typedef struct run {
  size_t cut;
  int recut;  // 1: `cut` stays as it is
  size_t filled;
  int border;  // 1: octets behind STARTTLS ended the session
} run;

static unsigned channel_of(const world_server *w) {
  return world_server_tls(w) != 0 ? (unsigned)SMTPC_CHANNEL_TLS
                                  : (unsigned)SMTPC_CHANNEL_PLAIN;
}

static void feed(world_server *w, const run *r, unsigned channel,
                 const uint8_t *data, size_t len) {
  // Each piece costs as much as a line: long octets are cut into so many at
  // most.
  const size_t least = r->recut != 0 ? len / PIECES_MAX : 0u;
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

static void give(world_server *w, const script_record *record) {
  const smtpc_input input = world_input_of(record);
  world_server_give(w, &input);
}

static void play_record(world_server *w, run *r, const script_record *record) {
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
      give(w, record);
      break;
    default:
      break;
  }
}

static uint64_t play(const script *in, const smtpc_server_policy *policy,
                     run *r) {
  world_server *w = world_server_begin(0u, policy, in);
  for (size_t at = 0u; at < in->count; at++) {
    if (world_server_where(w) == SMTPC_MEM_CLOSED) {
      break;
    }
    play_record(w, r, &in->records[at]);
  }
  const uint64_t hash = world_server_event_hash(w);
  r->border = world_server_border(w);
  world_server_end(w);
  return hash;
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static script in;
  smtpc_server_policy policy;
  run first = {0};
  if (script_decode(data, size, &in) == 0) {
    return -1;
  }
  (void)script_server_policy(&in, &policy);
  fuzz_choice choice = fuzz_choice_of(data, size);
  const uint64_t hash = play(&in, &policy, &first);
  if (has(&in, SCRIPT_LATE) == 0) {
    run second = {0};
    second.recut = 1;
    second.cut = fuzz_choose(&choice, 8u);
    const uint64_t other = play(&in, &policy, &second);
    FUZZ_MUST(SPLIT, first.border == second.border,
              "pieces of %zu decide whether octets follow STARTTLS",
              second.cut);
    FUZZ_MUST(SPLIT, other == hash || first.border != 0,
              "pieces of %zu make a difference", second.cut);
  }
  return 0;
}
