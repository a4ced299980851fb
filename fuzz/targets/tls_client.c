// Whatever a server says over real TLS, before it, in the middle of the handshake and
// past it, and whoever it is, the client hears under TLS what that server's engine was
// given and nothing else, trusts whom it may, and says what it lost.
//
// Laws: those of the client's world and of a side (fuzz/tls/side.h): EPOCH, DRAIN, RESET,
// ONEWAY, FAILSTOP, POLICY, SECRET, BOUNDS; those of a talk with a real peer
// (fuzz/tls/talk.h): EPOCH, COUNT, POLICY, ONEWAY, BOUNDS, FAILSTOP; here POLICY for whom
// it does not trust and what it says of it, SECRET for a bound mechanism that was cut out,
// DELIVERED for what it reports. A second talk has other pieces in the handshake (SPLIT), a
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
#include "fuzz/tls/credentials.h"
#include "fuzz/tls/peer.h"
#include "fuzz/tls/talk.h"

const unsigned fuzz_target_kind = FUZZ_KIND_TLS_SCRIPT;

#define AGAIN 4u
#define CUT_MAX 200u
#define CONTENT_MAX 512u

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

// What a verifier must say of the identity, by the table. A name that we do not want
// cannot be wrong.
static unsigned fault_of(const tls_talk *t) {
  const tls_side *side = &t->side;
  const unsigned identity = t->tls.identity % TLS_IDENTITIES;
  if (side->truth.chain_ok == 0) {
    return identity == TLS_EXPIRED || identity == TLS_NOT_YET
               ? SMTPC_TLS_FAILURE_CERTIFICATE_TIME
               : SMTPC_TLS_FAILURE_CERTIFICATE;
  }
  return side->truth.name_ok == 0 && side->peer.name_len > 0u
             ? SMTPC_TLS_FAILURE_NAME
             : SMTPC_TLS_FAILURE_NONE;
}

// An honest server that shows what must not be trusted, and wants nothing odd, is refused
// for that, and one that goes up has that said of it.
static void check_fault(const tls_talk *t) {
  const tls_side *side = &t->side;
  const unsigned failure = side->stream.facts.failure;
  const unsigned fault = fault_of(t);
  FUZZ_MUST(POLICY, side->up == 0u || side->facts.failure == fault,
            "the fault of a certificate is %u, and it is told as %u", fault,
            side->facts.failure);
  if (side->peer.verify == 0u || fault == SMTPC_TLS_FAILURE_NONE ||
      side->failed == 0u || tls_talk_is_fair(t) == 0) {
    return;
  }
  FUZZ_MUST(POLICY, failure == fault,
            "a certificate is refused for %u, and its fault is %u", failure,
            fault);
}

// A client that has bound mechanisms, and under TLS 1.3 can bind, does not say that
// it cannot (RFC 5802 section 6): who cuts the bound one out of the offer is seen.
static void check_bound(const tls_talk *t, const script *in,
                        const smtpc_client_policy *policy) {
  const uint64_t both =
      SMTPC_MECH(SCRAM_SHA_256) | SMTPC_MECH(SCRAM_SHA_256_PLUS);
  const tls_side *side = &t->side;
  size_t clear = 0u;
  const smtpc_octets *out = tls_side_output(side, &clear);
  for (size_t i = 0u; i < in->count; i++) {
    if (in->records[i].tag == SCRIPT_BINDING) {
      return;
    }
  }
  if (side->up == 0u || side->facts.version != SMTPC_TLS_1_3 ||
      policy->binding == 0u || policy->auth_order != SMTPC_AUTH_ORDER_STRONG ||
      (policy->mechanisms & both) != both) {
    return;
  }
  // "n,," and the beginning of "n=", in base64.
  FUZZ_MUST(SECRET, says(out, clear, "AUTH SCRAM-SHA-256 biws") == 0,
            "a client that could bind to TLS says that it cannot");
}

// A message that was reported as delivered has reached the peer under TLS, whole.
static void check_delivered(const tls_talk *t,
                            const smtpc_client_policy *policy) {
  const smtpc_octets *contents = NULL;
  const tls_side *side = &t->side;
  const size_t delivered = world_client_delivered(side->client, &contents);
  if (delivered == 0u || side->up == 0u) {
    return;
  }
  FUZZ_MUST(DELIVERED, says(&t->read, 0u, "MAIL FROM:") != 0,
            "mail is reported as delivered, and nobody was told of it");
  FUZZ_MUST(DELIVERED,
            policy->bdat != 0u || says(&t->read, 0u, "\r\n.\r\n") != 0,
            "a message is reported as delivered, and its end did not arrive");
  if (delivered == 1u && contents->len > 0u && contents->len <= CONTENT_MAX &&
      fuzz_find(contents->data, contents->len, ".", 1u) == 0) {
    FUZZ_MUST(DELIVERED,
              fuzz_find(t->read.data, t->read.len, contents->data,
                        contents->len) != 0 ||
                  policy->bdat != 0u,
              "a message is reported as delivered, and did not arrive");
  }
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
  // Before all else: an engine starts its clones where a first input has been.
  tls_peer_prepare();
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
  check_fault(&t);
  check_bound(&t, &in, &policy);
  check_delivered(&t, &policy);
  fuzz_witness_give(world_client_event_hash(t.side.client));
  fuzz_witness_octets(t.side.wire.data, t.side.wire.len);
  if (t.side.up != 0u && fuzz_choose(&choice, AGAIN) == 0u) {
    compare_cuts(&in, &policy, &t, 1u + fuzz_choose(&choice, CUT_MAX));
  }
  if (tls_talk_by_starttls(&t) != 0 && fuzz_choose(&choice, AGAIN) == 0u) {
    compare_pasts(&in, &policy, &t);
  }
  tls_talk_end(&t);
  return 0;
}
