// Whatever a client says over real TLS, before it, in the middle of the handshake and
// past it, the server hears under TLS what that client's engine was given and nothing
// else, and what was said in clear makes no difference to it.
//
// Laws: those of the server's world and of a side (fuzz/tls/side.h): EPOCH, DRAIN, RESET,
// ONEWAY, FAILSTOP, POLICY, SECRET, BOUNDS; those of a talk with a real peer
// (fuzz/tls/talk.h): EPOCH, COUNT, POLICY, ONEWAY, BOUNDS. A second talk has other pieces
// in the handshake (SPLIT), a third one says nothing in clear but EHLO and STARTTLS
// (RESET).
//
// The input is a script: the policy, the peer, and what the peer does.
#include <string.h>

#include "fuzz/harness/choice.h"
#include "fuzz/harness/law.h"
#include "fuzz/harness/script.h"
#include "fuzz/harness/target.h"
#include "fuzz/harness/witness.h"
#include "fuzz/tls/peer.h"
#include "fuzz/tls/talk.h"

const unsigned fuzz_target_kind = FUZZ_KIND_TLS_SCRIPT;

// One input of so many is played in other pieces, and with another past.
#define AGAIN 2u
#define CUT_MAX 200u

static int is_limited(const tls_talk *t) {
  return world_server_limited(t->side.server) != 0 ||
         world_server_border(t->side.server) != 0;
}

static void compare_cuts(const script *in, const smtpc_server_policy *policy,
                         const tls_talk *first, size_t cut) {
  static tls_talk t;
  tls_talk_begin_server(&t, 1u, in, policy);
  tls_talk_recut(&t, cut);
  tls_talk_play(&t, 0u);
  FUZZ_MUST(SPLIT, tls_talk_is_same(first, &t) != 0,
            "pieces of %zu make a difference to the handshake", cut);
  tls_talk_end(&t);
}

// What was before STARTTLS, and was taken, makes no difference to what comes after.
static void compare_pasts(const script *in, const smtpc_server_policy *policy,
                          const tls_talk *first) {
  static tls_talk t;
  smtpc_server_policy other = *policy;
  other.proxy = 0u;
  tls_talk_begin_server(&t, 1u, in, &other);
  tls_talk_say(&t, other.lmtp != 0u ? "LHLO a.example\r\nSTARTTLS\r\n"
                                    : "EHLO a.example\r\nSTARTTLS\r\n");
  FUZZ_MUST(RESET, t.side.started != 0u || is_limited(&t) != 0,
            "STARTTLS is done after other commands alone");
  if (t.side.started != 0u) {
    tls_talk_play_as(&t, first);
    FUZZ_MUST(RESET,
              tls_talk_is_same(first, &t) != 0 || is_limited(first) != 0 ||
                  is_limited(&t) != 0,
              "what was said before STARTTLS makes a difference after it");
  }
  tls_talk_end(&t);
}

// Answers are used up by what is asked in clear too.
static int has_answers(const script *in) {
  for (size_t i = 0u; i < in->count; i++) {
    const unsigned tag = in->records[i].tag;
    if (tag >= SCRIPT_ANSWER && tag <= SCRIPT_DIGEST) {
      return 1;
    }
  }
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static script in;
  static tls_talk t;
  smtpc_server_policy policy;
  // Before all else: an engine starts its clones where a first input has been.
  tls_peer_prepare();
  if (script_decode(data, size, &in) == 0) {
    return -1;
  }
  (void)script_server_policy(&in, &policy);
  fuzz_choice choice = fuzz_choice_of(data, size);
  tls_talk_begin_server(&t, 0u, &in, &policy);
  tls_talk_play(&t, 0u);
  tls_talk_check(&t);
  fuzz_witness_give(world_server_event_hash(t.side.server));
  fuzz_witness_octets(t.side.wire.data, t.side.wire.len);
  if (t.side.up != 0u && fuzz_choose(&choice, AGAIN) == 0u) {
    compare_cuts(&in, &policy, &t, 1u + fuzz_choose(&choice, CUT_MAX));
  }
  if (tls_talk_by_starttls(&t) != 0 && has_answers(&in) == 0 &&
      fuzz_choose(&choice, AGAIN) == 0u) {
    compare_pasts(&in, &policy, &t);
  }
  tls_talk_end(&t);
  return 0;
}
