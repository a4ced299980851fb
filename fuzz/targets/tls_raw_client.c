// Whatever octets come where a client waits for a handshake, it never takes one of them
// for a reply, says nothing but TLS, and is never up with who has no keys.
//
// The client has said STARTTLS and heard its 220 (or TLS is implicit); then the input's
// octets come, in pieces that its hash chooses. Over BoringSSL's fuzzer mode, as
// tls_deep_client, the input may hold a whole handshake and the replies behind it; a
// client that verifies wants a good certificate all the same. The world, the side and
// tls_raw_play watch EPOCH, DRAIN, ONEWAY, FAILSTOP, POLICY, SECRET, RESET, BOUNDS and
// INVARIANT, with SPLIT and PURE in a second play.
#include <string.h>

#include "fuzz/harness/block.h"
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
// The draws before those of keys: of reserved numbers, of the hello's random octets, and of
// the session id, which a ServerHello repeats.
#define DRAWS_OF_HELLO 3u

static const char *const prelude[] = {
    "220 mx.b.example ESMTP\r\n",
    "250-mx.b.example\r\n250 STARTTLS\r\n",
    "220 go ahead\r\n",
};

#define RECORD_HANDSHAKE 0x16u
#define HELLO_AT 5u
#define CLIENT_HELLO 1u

typedef struct setting {
  smtpc_client_policy policy;
  script_tls tls;
} setting;

static setting choose(fuzz_choice *choice) {
  static const script nothing;
  setting s;
  memset(&s, 0, sizeof s);
  FUZZ_MUST(HARNESS, script_client_policy(&nothing, &s.policy) == 1,
            "the harness's own policy is refused");
  script_tls_of(&nothing, &s.tls);
  s.policy.tls =
      (uint8_t)(SMTPC_CLIENT_TLS_OPPORTUNISTIC + fuzz_choose(choice, 3u));
  return s;
}

// The client begins: with a ClientHello that names the server and is one record.
static void check_hello(const tls_side *side) {
  const size_t len = side->wire.len - side->wire_clear;
  FUZZ_MUST(FAILSTOP, len > HELLO_AT, "a client does not begin");
  const uint8_t *hello = side->wire.data + side->wire_clear;
  FUZZ_MUST(FAILSTOP,
            hello[0] == RECORD_HANDSHAKE && hello[HELLO_AT] == CLIENT_HELLO &&
                side->record_at == side->wire.len,
            "a client does not begin with a ClientHello");
  FUZZ_MUST(POLICY, fuzz_find(hello, len, TLS_HOST, strlen(TLS_HOST)) == 1,
            "a ClientHello does not say whom it is for");
}

static tls_raw_seen play(const setting *s, const tls_raw_input *in,
                         unsigned slot) {
  static const script nothing;
  static tls_side side;
  tls_raw_random(in, DRAWS_OF_HELLO);
  tls_side_begin_client(&side, slot, &nothing, &s->policy, &s->tls,
                        tls_context(TLS_GOOD));
  for (size_t i = 0u; i < 3u && s->policy.implicit_tls == 0u; i++) {
    tls_side_give(&side, (const uint8_t *)prelude[i], strlen(prelude[i]));
  }
  check_hello(&side);
  return tls_raw_play(&side, in);
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
