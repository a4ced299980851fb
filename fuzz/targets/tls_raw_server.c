// Whatever octets come where a server waits for a handshake, it never takes one of them
// for SMTP, says nothing but TLS, and nobody comes up who has no keys.
//
// The session has said its 220 to STARTTLS (or TLS is implicit); then the input's octets
// come, in pieces that its hash chooses. Over BoringSSL's fuzzer mode, as tls_deep_server,
// the input may hold a whole handshake and the commands behind it. The world, the side and
// tls_raw_play watch EPOCH, DRAIN, ONEWAY, FAILSTOP, POLICY, RESET, BOUNDS and INVARIANT,
// with SPLIT and PURE in a second play.
#include <string.h>

#include "fuzz/harness/choice.h"
#include "fuzz/harness/law.h"
#include "fuzz/harness/target.h"
#include "fuzz/harness/witness.h"
#include "fuzz/tls/credentials.h"
#include "fuzz/tls/raw.h"

const unsigned fuzz_target_kind = FUZZ_KIND_TLS;

#define INPUT_MAX 65536u
// One input of so many is played again.
#define AGAIN 4u

static const char prelude[] = "EHLO a.example\r\nSTARTTLS\r\n";

// The handshake record of a ServerHello: its type and the least version that we take.
#define HELLO_AT 5u
#define HELLO_VERSION_AT 9u
#define RECORD_HANDSHAKE 0x16u
#define SERVER_HELLO 2u

typedef struct setting {
  smtpc_server_policy policy;
  script_tls tls;
  unsigned identity;
} setting;

static setting choose(fuzz_choice *choice) {
  static const script nothing;
  setting s;
  memset(&s, 0, sizeof s);
  FUZZ_MUST(HARNESS, script_server_policy(&nothing, &s.policy) == 1,
            "the harness's own policy is refused");
  script_tls_of(&nothing, &s.tls);
  s.policy.tls = (uint8_t)(SMTPC_SERVER_TLS_ON + fuzz_choose(choice, 2u));
  s.identity = fuzz_choose(choice, TLS_IDENTITIES);
  return s;
}

// What the server says first is a ServerHello, of a version that it takes.
static void check_hello(const tls_side *side) {
  const size_t len = side->wire.len - side->wire_clear;
  if (len <= HELLO_VERSION_AT + 1u) {
    return;
  }
  const uint8_t *hello = side->wire.data + side->wire_clear;
  if (hello[0] != RECORD_HANDSHAKE) {
    return;
  }
  FUZZ_MUST(FAILSTOP, hello[HELLO_AT] == SERVER_HELLO,
            "a server begins with handshake message %u", hello[HELLO_AT]);
  FUZZ_MUST(
      POLICY,
      hello[HELLO_VERSION_AT] == 0x03u && hello[HELLO_VERSION_AT + 1u] == 0x03u,
      "a server says hello in version %u.%u", hello[HELLO_VERSION_AT],
      hello[HELLO_VERSION_AT + 1u]);
}

static tls_raw_seen play(const setting *s, const tls_raw_input *in,
                         unsigned slot) {
  static const script nothing;
  static tls_side side;
  tls_raw_random(in, 0u);
  tls_side_begin_server(&side, slot, &nothing, &s->policy, &s->tls,
                        tls_context(s->identity));
  if (s->policy.implicit_tls == 0u) {
    tls_side_give(&side, (const uint8_t *)prelude, sizeof prelude - 1u);
  }
  const tls_raw_seen seen = tls_raw_play(&side, in);
  check_hello(&side);
  return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_choice choice = fuzz_choice_of(data, size);
  tls_raw_input in = {data, size, 0u, TLS_RAW_FIN};
  if (size > INPUT_MAX) {
    return -1;
  }
  setting s = choose(&choice);
  in.cut = fuzz_choose(&choice, 2u) == 0u ? 0u : 1u + fuzz_choose(&choice, 64u);
  in.end = (tls_raw_end)fuzz_choose(&choice, TLS_RAW_ENDS);
  s.policy.implicit_tls = fuzz_choose(&choice, AGAIN) == 0u ? 1u : 0u;
  const tls_raw_seen first = play(&s, &in, 0u);
  fuzz_witness_give(first.rest);
  if (fuzz_choose(&choice, AGAIN) == 0u) {
    const int same = fuzz_choose(&choice, 2u) == 0u;
    in.cut = same != 0 ? in.cut : 1u + fuzz_choose(&choice, 1024u);
    const tls_raw_seen second = play(&s, &in, 1u);
    tls_raw_compare(&first, &second, same);
  }
  return 0;
}
