// Whatever an attacker does to the octets between a client and a server that speak SMTP
// over real TLS, mail and passwords go only where the policies let them, what is lost of
// their protection is told, and what the client reports as delivered the server stored.
//
// Laws: those of fuzz/tls/side.h for each end; POLICY and SECRET at the wire, where each
// octet is looked at that the attacker can read, and against an undisturbed run (no
// silent downgrade); EPOCH (keys and facts of both ends are the same, what is heard was
// said, what came in clear is forgotten); DELIVERED; COUNT (who speaks first); DRAIN,
// ONEWAY, FAILSTOP and BOUNDS across both; SPLIT for pure cuts; PURE (nothing of one
// connection is left for the next).
//
// The input is a script: policies, messages, and the attacker's moves. A client whose
// connection has ended while moves are left tries again with the same policy.
#include "fuzz/tls/duel.h"

#include "fuzz/harness/block.h"
#include "fuzz/harness/law.h"
#include "fuzz/harness/target.h"
#include "fuzz/harness/witness.h"
#include "fuzz/tls/peer.h"

const unsigned fuzz_target_kind = FUZZ_KIND_TLS_SCRIPT;

// The slots of the duel that is disturbed, of the one that is not, and of one that comes
// again alone.
#define SLOT 0u
#define PEACE_SLOT 1u
#define ALONE_SLOT 2u

// input is what a script comes to.
typedef struct input {
  script moves;
  smtpc_server_policy server;
  smtpc_client_policy client;
} input;

// Answers that come late are a matter of one side alone; its own target has them.
static void leave_out_late(script *moves) {
  size_t kept = 0u;
  for (size_t i = 0u; i < moves->count; i++) {
    if (moves->records[i].tag != SCRIPT_LATE) {
      moves->records[kept] = moves->records[i];
      kept++;
    }
  }
  moves->count = kept;
}

static int is_move(unsigned tag) {
  return tag == SCRIPT_CUT || tag >= SCRIPT_RELAY || tag == SCRIPT_MISUSE ||
         (tag >= SCRIPT_TLS_UP && tag <= SCRIPT_SHUTDOWN) ||
         (tag >= SCRIPT_RAW && tag <= SCRIPT_RENEGOTIATE);
}

// One connection, with the moves from `at` on, left as it is at its end. It returns where
// the next one goes on.
static size_t run_connection(duel *d, unsigned slot, const input *in,
                             size_t at) {
  const script *moves = &in->moves;
  duel_begin(d, slot, moves, &in->server, &in->client);
  while (at < moves->count && duel_closed(d) == 0) {
    if (is_move(moves->records[at].tag)) {
      duel_move(d, &moves->records[at]);
    }
    at++;
  }
  duel_settle(d);
  return at;
}

static void say_witness(const duel *d) {
  for (unsigned who = 0u; who < 2u; who++) {
    const smtpc_octets *wire = &d->sides[who].side.wire;
    fuzz_witness_octets(wire->data, wire->len);
  }
  fuzz_witness_add(world_server_event_hash(d->sides[PAIR_SERVER].side.server));
  fuzz_witness_add(world_client_event_hash(d->sides[PAIR_CLIENT].side.client));
}

// The connection of `*d`, which others came before, comes again alone.
static void check_alone(const duel *d, const input *in, size_t begin) {
  static duel alone;
  alone.number = d->number;
  duel_recall(&alone, d);
  (void)run_connection(&alone, ALONE_SLOT, in, begin);
  duel_compare(d, &alone);
  duel_end(&alone);
}

static size_t next_move(const script *moves, size_t at) {
  while (at < moves->count && !is_move(moves->records[at].tag)) {
    at++;
  }
  return at;
}

static void try_script(const input *in) {
  static duel d;
  static duel_peace peace = {.slot = PEACE_SLOT};
  size_t next = 0u;
  d.number = 0u;
  duel_forget(&d);
  do {
    const size_t begin = next;
    const size_t at = run_connection(&d, SLOT, in, begin);
    FUZZ_MUST(BOUNDS, at >= begin, "moves come again");
    duel_check(&d, &peace);
    say_witness(&d);
    next = next_move(&in->moves, at);
    // What any of the connections before leaves, the last one finds. One that nobody
    // disturbed was compared with another already.
    if (d.number > 0u && d.touched != 0u &&
        (next == in->moves.count || d.number + 1u == DUEL_CONNECTIONS)) {
      check_alone(&d, in, begin);
    }
    duel_end(&d);
    duel_remember(&d);
    d.number++;
  } while (next < in->moves.count && d.number < DUEL_CONNECTIONS);
  duel_peace_end(&peace);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static input decoded;
  tls_peer_prepare();
  uint8_t *block = fuzz_block(data, size);
  const int is_script = script_decode(block, size, &decoded.moves);
  if (is_script == 1) {
    leave_out_late(&decoded.moves);
    (void)script_server_policy(&decoded.moves, &decoded.server);
    (void)script_client_policy(&decoded.moves, &decoded.client);
    try_script(&decoded);
  }
  fuzz_block_free(block, data, size);
  return is_script == 1 ? 0 : -1;
}
