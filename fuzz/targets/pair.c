// Whatever an attacker does between a client and a server, mail and passwords go only
// where the policies let them, what is said in clear changes nothing of what happens
// under TLS, and what the client reports as delivered the server stored, once and octet
// for octet.
//
// Laws: POLICY, SECRET, EPOCH (what came in clear is forgotten under TLS), DELIVERED,
// COUNT, BOUNDS (two sides never wait for each other, and never talk for ever), DRAIN,
// ONEWAY and FAILSTOP across both, SPLIT; and those of each session, by its world.
//
// The input is a script: policies, messages, and the attacker's moves. A client whose
// connection has ended while moves are left tries again with the same policy.
#include "fuzz/harness/pair.h"

#include "fuzz/harness/block.h"
#include "fuzz/harness/law.h"
#include "fuzz/harness/target.h"
#include "fuzz/harness/witness.h"

const unsigned fuzz_target_kind = FUZZ_KIND_SCRIPT;

// The slots of the pair that is disturbed, and of the one that is not.
#define SLOT 0u
#define PEACE_SLOT 1u

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
  return tag == SCRIPT_CUT || tag >= SCRIPT_RELAY ||
         (tag >= SCRIPT_TLS_UP && tag <= SCRIPT_SHUTDOWN) ||
         tag == SCRIPT_MISUSE;
}

// One connection, with the moves from `at` on. It returns where the next one goes on.
static size_t try_connection(pair *p, pair_peace *peace, const script *moves,
                             size_t at, const smtpc_server_policy *server,
                             const smtpc_client_policy *client) {
  pair_begin(p, SLOT, moves, server, client);
  while (at < moves->count && pair_closed(p) == 0) {
    if (is_move(moves->records[at].tag)) {
      pair_move(p, &moves->records[at]);
    }
    at++;
  }
  pair_settle(p);
  pair_check(p, peace);
  fuzz_witness_add(world_server_event_hash(p->server));
  fuzz_witness_add(world_client_event_hash(p->client));
  pair_end(p);
  return at;
}

static void try_script(const script *moves) {
  static pair p;
  static pair_peace peace = {.slot = PEACE_SLOT};
  static smtpc_server_policy server;
  static smtpc_client_policy client;
  size_t at = 0u;
  size_t connections = 0u;
  (void)script_server_policy(moves, &server);
  (void)script_client_policy(moves, &client);
  do {
    at = try_connection(&p, &peace, moves, at, &server, &client);
    while (at < moves->count && !is_move(moves->records[at].tag)) {
      at++;
    }
    connections++;
  } while (at < moves->count && connections < PAIR_CONNECTIONS);
  pair_peace_end(&peace);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static script decoded;
  uint8_t *block = fuzz_block(data, size);
  const int is_script = script_decode(block, size, &decoded);
  if (is_script == 1) {
    leave_out_late(&decoded);
    try_script(&decoded);
  }
  fuzz_block_free(block, data, size);
  return is_script == 1 ? 0 : -1;
}
