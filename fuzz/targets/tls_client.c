// Whatever a server says over real TLS, before it, in the middle of the handshake and
// past it, and whoever it is, the client hears under TLS what that server's engine was
// given and nothing else, trusts whom it may, and says what it lost.
//
// Laws: those of the client's world and of a side (fuzz/tls/side.h): EPOCH, DRAIN, RESET,
// ONEWAY, FAILSTOP, POLICY, SECRET, BOUNDS; those of a talk with a real peer
// (fuzz/tls/talk.h): EPOCH, COUNT, POLICY, ONEWAY, BOUNDS; here POLICY and DELIVERED for
// whom it does not trust. A second talk has other pieces in the handshake (SPLIT), a
// third one a clear phase that offers nothing but STARTTLS (RESET).
//
// The input is a script: the policy, the peer and its identity, and what the peer does.
#include <string.h>

#include "fuzz/harness/block.h"
#include "fuzz/harness/choice.h"
#include "fuzz/harness/law.h"
#include "fuzz/harness/script.h"
#include "fuzz/harness/target.h"
#include "fuzz/harness/witness.h"
#include "fuzz/tls/talk.h"

const unsigned fuzz_target_kind = FUZZ_KIND_TLS_SCRIPT;

#define AGAIN 2u
#define CUT_MAX 200u

static int says(const smtpc_octets *octets, size_t from, const char *word) {
  return octets->len > from &&
         fuzz_find(octets->data + from, octets->len - from, word,
                   strlen(word)) != 0;
}

// Who demands a checked server says nothing of mail to another, and delivers nothing.
static void check_trust(const tls_talk *t, const smtpc_client_policy *policy) {
  const smtpc_octets *contents = NULL;
  const tls_side *side = &t->side;
  size_t clear = 0u;
  const smtpc_octets *out = tls_side_output(side, &clear);
  const size_t delivered = world_client_delivered(side->client, &contents);
  const int trusted =
      side->up != 0u && side->truth.chain_ok == 1 && side->truth.name_ok == 1;
  const int mail = says(out, 0u, "MAIL FROM:") || says(out, 0u, "AUTH ");
  FUZZ_MUST(
      POLICY,
      policy->tls != SMTPC_CLIENT_TLS_VERIFIED || trusted != 0 || mail == 0,
      "mail or credentials for whom the client must not trust");
  FUZZ_MUST(DELIVERED,
            delivered == 0u || policy->tls < SMTPC_CLIENT_TLS_REQUIRED ||
                (side->up != 0u &&
                 (policy->tls != SMTPC_CLIENT_TLS_VERIFIED || trusted != 0)),
            "mail is delivered without the TLS that is demanded");
}

static void check_told(const tls_talk *t) {
  const tls_side *side = &t->side;
  FUZZ_MUST(
      FAILSTOP,
      side->failed == 0u ||
          tls_side_has_finding(side, SMTPC_FINDING_TLS_FAILED) != 0 ||
          tls_side_has_finding(side, SMTPC_FINDING_TLS_LOST) != 0 ||
          world_client_session(side->client)->end_reason == SMTPC_END_QUIT,
      "the client says nothing of TLS that has failed");
}

static void compare_cuts(const script *in, const smtpc_client_policy *policy,
                         const tls_talk *first, size_t cut) {
  static tls_talk t;
  tls_talk_begin_client(&t, 1u, in, policy);
  tls_talk_recut(&t, cut);
  tls_talk_play(&t, 0u);
  FUZZ_MUST(SPLIT, tls_talk_is_same(first, &t) != 0,
            "pieces of %zu make a difference to the handshake", cut);
  tls_talk_end(&t);
}

// What was said in clear must not change what is done under TLS.
static void compare_pasts(const script *in, const smtpc_client_policy *policy,
                          const tls_talk *first) {
  static tls_talk t;
  tls_talk_begin_client(&t, 1u, in, policy);
  tls_talk_say(&t, "220 x\r\n");
  tls_talk_say(&t, "250-x\r\n250 STARTTLS\r\n");
  tls_talk_say(&t, "220 x\r\n");
  FUZZ_MUST(POLICY, t.side.started != 0u,
            "STARTTLS is not taken when nothing else is offered");
  tls_talk_play_as(&t, first);
  FUZZ_MUST(RESET, tls_talk_is_same(first, &t) != 0,
            "what was said in clear changes what is done under TLS");
  tls_talk_end(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static script in;
  static tls_talk t;
  smtpc_client_policy policy;
  if (script_decode(data, size, &in) == 0) {
    return -1;
  }
  (void)script_client_policy(&in, &policy);
  fuzz_choice choice = fuzz_choice_of(data, size);
  tls_talk_begin_client(&t, 0u, &in, &policy);
  tls_talk_play(&t, 0u);
  tls_talk_check(&t);
  check_trust(&t, &policy);
  check_told(&t);
  fuzz_witness_give(world_client_event_hash(t.side.client));
  if (t.side.up != 0u && fuzz_choose(&choice, AGAIN) == 0u) {
    compare_cuts(&in, &policy, &t, 1u + fuzz_choose(&choice, CUT_MAX));
  }
  if (tls_talk_by_starttls(&t) != 0 && fuzz_choose(&choice, AGAIN) == 0u) {
    compare_pasts(&in, &policy, &t);
  }
  tls_talk_end(&t);
  return 0;
}
