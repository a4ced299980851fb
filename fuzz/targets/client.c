// Whatever a hostile server says, in whatever pieces and on whatever channel, a client
// keeps what its policy promises, and what it says is what it was told to send.
//
// The world watches the laws EPOCH, DRAIN, RESET, ONEWAY, FAILSTOP, COUNT, POLICY,
// SECRET, CRLFOUT, STUFF, EOD, NORM, BDAT, TXN, BOUNDS, TERMINAL, MISUSE, INVARIANT and
// PURE in the first run. A second run has other cuts within what the server says between
// two commands (SPLIT) and another text in its replies (CODE). Where STARTTLS led to TLS
// a third one has a clear phase that offers nothing but STARTTLS: what comes after it is
// the same (RESET).
#include <string.h>

#include "fuzz/harness/choice.h"
#include "fuzz/harness/law.h"
#include "fuzz/harness/script.h"
#include "fuzz/harness/target.h"
#include "fuzz/harness/witness.h"
#include "fuzz/harness/world.h"

const unsigned fuzz_target_kind = FUZZ_KIND_SCRIPT;

// player plays the records of a script to a world.
typedef struct player {
  world_client *world;
  const uint8_t *twin;  // other texts for what is said; NULL: as it stands
  size_t twin_len;
  size_t said;  // octets that were taken so far
  size_t cut;
  size_t filled;
  size_t tls_at;    // the record that brought TLS up
  int by_starttls;  // 1: and STARTTLS led to it
} player;

static uint8_t said[SCRIPT_FILL_MAX + 65536u];

static void feed(player *p, unsigned channel, const uint8_t *data, size_t len) {
  const uint8_t *octets = data;
  if (p->twin != NULL && p->said < p->twin_len && len > 0u) {
    const size_t left = p->twin_len - p->said;
    memcpy(said, data, len);
    memcpy(said, p->twin + p->said, len < left ? len : left);
    octets = said;
  }
  const size_t taken =
      world_client_feed(p->world, channel, octets, len, p->cut);
  p->said += taken;
  if (taken < len && world_client_where(p->world) == SMTPC_MEM_HANDSHAKE) {
    // What is left came in clear, and the handshake has begun.
    (void)world_client_feed(p->world, channel, octets + taken, len - taken, 0u);
  }
}

static void fill(player *p, unsigned channel, const script_record *record) {
  static uint8_t octets[SCRIPT_FILL_MAX];
  const size_t left = SCRIPT_FILL_MAX - p->filled;
  const size_t len = record->number < left ? (size_t)record->number : left;
  memset(octets, record->field, len);
  p->filled += len;
  feed(p, channel, octets, len);
}

static void give(player *p, const script_record *record, size_t at) {
  const smtpc_input input = world_input_of(record);
  const int clear = world_client_tls(p->world) == 0;
  const int starttls =
      world_client_session(p->world)->phase == SMTPC_CLIENT_HANDSHAKE;
  world_client_give(p->world, &input);
  if (clear && world_client_tls(p->world) != 0) {
    p->tls_at = at;
    p->by_starttls = starttls;
  }
}

// Numbers of LATE: 16 times the answers that go before, plus the records to wait for.
static void play_record(player *p, const script_record *record, size_t at) {
  const unsigned channel = world_client_tls(p->world) != 0
                               ? (unsigned)SMTPC_CHANNEL_TLS
                               : (unsigned)SMTPC_CHANNEL_PLAIN;
  switch (record->tag) {
    case SCRIPT_SAY:
      feed(p, channel, record->data, record->len);
      break;
    case SCRIPT_FILL:
      fill(p, channel, record);
      break;
    case SCRIPT_STRAY:
      (void)world_client_feed(p->world, channel ^ 1u, record->data, record->len,
                              p->cut);
      break;
    case SCRIPT_CUT:
      p->cut = (size_t)(record->number % 4096u);
      break;
    case SCRIPT_LATE:
      world_client_late(p->world, (size_t)(record->number % 16u),
                        (size_t)(record->number / 16u % 16u));
      break;
    case SCRIPT_TLS_UP:
    case SCRIPT_TLS_FAILED:
    case SCRIPT_CLOSE:
    case SCRIPT_DEADLINE:
    case SCRIPT_SHUTDOWN:
    case SCRIPT_MISUSE:
      give(p, record, at);
      break;
    default:
      break;
  }
}

static void play(player *p, const script *in, size_t from) {
  for (size_t at = from; at < in->count; at++) {
    if (world_client_where(p->world) == SMTPC_MEM_CLOSED) {
      return;
    }
    play_record(p, &in->records[at], at);
  }
}

// Other cuts, and with `twin` other texts. It returns the hash of what happened.
static uint64_t play_again(const script *in, const smtpc_client_policy *policy,
                           uint64_t cuts, const uint8_t *twin,
                           size_t twin_len) {
  player p;
  memset(&p, 0, sizeof p);
  p.world = world_client_begin_light(1u, policy, in);
  p.twin = twin;
  p.twin_len = twin_len;
  if (cuts != 0u) {
    world_client_recut(p.world, cuts);
  }
  play(&p, in, 0u);
  const uint64_t hash = world_client_event_hash(p.world);
  world_client_end(p.world);
  return hash;
}

static void check_again(const script *in, const smtpc_client_policy *policy,
                        const world_client *first) {
  const uint64_t want = world_client_event_hash(first);
  const uint64_t cuts = want | 1u;
  size_t twin_len = 0u;
  const uint8_t *twin = world_client_twin(first, &twin_len);
  if (play_again(in, policy, cuts, twin, twin_len) == want) {
    return;
  }
  FUZZ_MUST(PURE, play_again(in, policy, 0u, NULL, 0u) == want,
            "the same script leads to something else");
  FUZZ_MUST(SPLIT, play_again(in, policy, cuts, NULL, 0u) == want,
            "other cuts lead to something else");
  FUZZ_MUST(CODE, play_again(in, policy, 0u, twin, twin_len) == want,
            "another text leads to something else");
  FUZZ_MUST(SPLIT, 0, "other cuts and another text lead to something else");
}

// The size of the pieces that is in force at record `at`.
static size_t cut_at(const script *in, size_t at) {
  size_t cut = 0u;
  for (size_t i = 0u; i < at; i++) {
    if (in->records[i].tag == SCRIPT_CUT) {
      cut = (size_t)(in->records[i].number % 4096u);
    }
  }
  return cut;
}

#define SAY(p, text) feed(p, 0u, (const uint8_t *)(text), sizeof(text) - 1u)

// What was said in clear must not change what is done under TLS.
static void check_clear(const script *in, const smtpc_client_policy *policy,
                        const player *first) {
  const uint64_t want = world_client_tls_hash(first->world);
  player p;
  memset(&p, 0, sizeof p);
  p.world = world_client_begin_light(2u, policy, in);
  SAY(&p, "220 x\r\n");
  SAY(&p, "250-x\r\n250 STARTTLS\r\n");
  SAY(&p, "220 x\r\n");
  FUZZ_MUST(POLICY, world_client_where(p.world) == SMTPC_MEM_HANDSHAKE,
            "STARTTLS is not taken when nothing else is offered");
  p.cut = cut_at(in, first->tls_at);
  for (size_t i = 0u; i < first->tls_at; i++) {
    const script_record *record = &in->records[i];
    if (record->tag == SCRIPT_FILL) {
      const size_t left = SCRIPT_FILL_MAX - p.filled;
      p.filled += record->number < left ? (size_t)record->number : left;
    }
  }
  world_client_late_as(p.world, first->world);
  play(&p, in, first->tls_at);
  FUZZ_MUST(RESET, world_client_tls_hash(p.world) == want,
            "what was said in clear changes what is done under TLS");
  world_client_end(p.world);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static script in;
  smtpc_client_policy policy;
  player p;
  if (script_decode(data, size, &in) == 0) {
    return -1;
  }
  (void)script_client_policy(&in, &policy);
  memset(&p, 0, sizeof p);
  p.world = world_client_begin(0u, &policy, &in);
  play(&p, &in, 0u);
  fuzz_witness_give(world_client_event_hash(p.world));
  check_again(&in, &policy, p.world);
  if (p.by_starttls != 0) {
    check_clear(&in, &policy, &p);
  }
  world_client_end(p.world);
  return 0;
}
