// Whatever a caller does wrong is told, changes nothing, and never breaks a session.
//
// The input is a program: its first octet picks the role and the policy, and then each
// step is an octet for the kind of input, one for its flags, one for the number of octets
// that follow and are its data. Inputs come in any order, with lengths and no pointers,
// with kinds and channels that do not exist, before and after the end.
//
// Laws: MISUSE, INVARIANT, BOUNDS, TERMINAL, PURE, ONEWAY, FAILSTOP.
#include <string.h>

#include "fuzz/harness/block.h"
#include "fuzz/harness/law.h"
#include "fuzz/harness/target.h"
#include "smtpcore/client.h"
#include "smtpcore/server.h"

const unsigned fuzz_target_kind = FUZZ_KIND_TOKENS;

#define STEPS_MAX 64u

// subject is the one session of a run, between guards, and what it was told before.
typedef struct subject {
  fuzz_guard before;
  union {
    smtpc_server server;
    smtpc_client client;
  } session;
  fuzz_guard after;
  smtpc_server_policy server_policy;
  smtpc_client_policy client_policy;
  smtpc_envelope envelope;
  size_t size;  // of the session
  uint8_t tls;
  uint8_t waits;  // for the end of a handshake
  uint8_t closed;
  uint8_t client;
  uint8_t idle;  // the last step had nothing to do
} subject;

static subject own;
static uint8_t snapshot[sizeof own.session];

static smtpc_status step(const smtpc_input *input, size_t *used,
                         smtpc_action *act) {
  return own.client != 0u
             ? smtpc_client_step(&own.client_policy, &own.session.client, input,
                                 used, act)
             : smtpc_server_step(&own.server_policy, &own.session.server, input,
                                 used, act);
}

static smtpc_status check(void) {
  return own.client != 0u ? smtpc_client_check(&own.session.client)
                          : smtpc_server_check(&own.session.server);
}

static uint8_t tls_of(void) {
  return own.client != 0u ? own.session.client.tls : own.session.server.tls;
}

static const uint8_t *octets_of(const smtpc_action *act,
                                const smtpc_input *input) {
  return own.client != 0u
             ? smtpc_client_octets(&own.session.client, act, input)
             : smtpc_server_octets(&own.session.server, act, input);
}

static int is_answer(const smtpc_input *input) {
  return input->kind != SMTPC_IN_NONE && input->kind != SMTPC_IN_OCTETS &&
         input->kind != SMTPC_IN_CONTENT;
}

static void check_misuse(const smtpc_action *act, size_t used) {
  FUZZ_MUST(MISUSE, used == 0u, "misuse took %zu octets", used);
  FUZZ_MUST(MISUSE, act->kind == SMTPC_DO_NOTHING, "misuse has action %u",
            act->kind);
  FUZZ_MUST(MISUSE, memcmp(snapshot, &own.session, own.size) == 0,
            "misuse changed the session");
}

// Everything that an action names must lie where it says.
static void check_action(const smtpc_action *act, const smtpc_input *input) {
  FUZZ_MUST(BOUNDS, act->kind < SMTPC_DO_COUNT, "action %u", act->kind);
  FUZZ_MUST(BOUNDS, act->begin <= act->end, "an action's octets end before");
  if (act->source != SMTPC_SOURCE_NONE && act->end > act->begin) {
    const uint8_t *data = octets_of(act, input);
    const size_t len = act->end - act->begin;
    FUZZ_MUST(BOUNDS, data != NULL, "an action names no octets");
    // In a block of its own: a sanitizer sees each octet that is copied.
    uint8_t *copy = fuzz_block(data, len);
    fuzz_block_free(copy, data, len);
  }
  if (act->kind == SMTPC_DO_SEND) {
    FUZZ_MUST(ONEWAY, act->channel == tls_of(),
              "octets for channel %u under %u", act->channel, tls_of());
  }
}

static void check_state(const smtpc_action *act, const smtpc_input *input) {
  FUZZ_MUST(INVARIANT, check() == SMTPC_OK, "the session's own check fails");
  FUZZ_MUST(ONEWAY,
            own.tls == 0u || tls_of() != 0u || act->kind == SMTPC_DO_CLOSE,
            "TLS went off");
  FUZZ_MUST(
      FAILSTOP,
      own.waits == 0u || act->kind == SMTPC_DO_CLOSE ||
          act->kind == SMTPC_DO_NOTHING || act->kind == SMTPC_DO_NEED_INPUT ||
          input->kind == SMTPC_IN_TLS_UP || act->kind == SMTPC_DO_REPORT ||
          act->kind == SMTPC_DO_DROP_MESSAGE ||
          act->kind == SMTPC_DO_MESSAGE_DONE ||
          act->kind == SMTPC_DO_RECIPIENT_DONE,
      "action %u within the handshake", act->kind);
  FUZZ_MUST(TERMINAL, own.closed == 0u || act->kind == SMTPC_DO_NOTHING,
            "action %u after the end", act->kind);
  fuzz_guard_check(&own.before);
  fuzz_guard_check(&own.after);
}

// One input. Returns how many octets of its data were taken.
static size_t give(const smtpc_input *input) {
  smtpc_action act;
  size_t used = SIZE_MAX;
  memcpy(snapshot, &own.session, own.size);
  const smtpc_status status = step(input, &used, &act);
  FUZZ_MUST(INVARIANT, status == SMTPC_OK || smtpc_status_is_misuse(status),
            "a step returns %s", smtpc_status_name(status));
  FUZZ_MUST(BOUNDS, used <= input->len, "%zu octets taken of %zu", used,
            input->len);
  FUZZ_MUST(
      MISUSE,
      smtpc_input_is_whole(input) || status != SMTPC_OK || own.closed != 0u,
      "an input without its octets is taken");
  own.idle = status != SMTPC_OK || act.kind == SMTPC_DO_NOTHING ||
             (act.kind == SMTPC_DO_NEED_INPUT && used == 0u);
  if (status != SMTPC_OK) {
    check_misuse(&act, used);
    return 0u;
  }
  if (own.closed != 0u) {
    FUZZ_MUST(TERMINAL, memcmp(snapshot, &own.session, own.size) == 0,
              "a session changed after its end");
  }
  check_action(&act, input);
  check_state(&act, input);
  own.waits = act.kind == SMTPC_DO_START_TLS ||
              (own.waits != 0u && tls_of() == 0u && is_answer(input) == 0);
  own.closed |= act.kind == SMTPC_DO_CLOSE;
  own.tls = tls_of();
  return used;
}

static void begin(unsigned how) {
  fuzz_guard_set(&own.before);
  fuzz_guard_set(&own.after);
  memset(&own.envelope, 0, sizeof own.envelope);
  own.client = (uint8_t)(how & 1u);
  own.tls = 0u;
  own.waits = 0u;
  own.closed = 0u;
  if (own.client != 0u) {
    smtpc_client_policy_init(&own.client_policy);
    own.client_policy.tls = (uint8_t)(how >> 1u & 3u);
    own.client_policy.implicit_tls =
        (uint8_t)(own.client_policy.tls != 0u && (how & 8u) != 0u);
    own.client_policy.auth = (uint8_t)((how >> 4u & 3u) % 3u);
    own.client_policy.bdat = (uint8_t)(how >> 6u & 1u);
    own.client_policy.lmtp = (uint8_t)(how >> 7u & 1u);
    own.size = sizeof own.session.client;
    smtpc_client_init(&own.session.client, &own.client_policy);
    return;
  }
  smtpc_server_policy_init(&own.server_policy);
  own.server_policy.certificate = 1u;
  own.server_policy.tls = (uint8_t)((how >> 1u & 3u) % 3u);
  own.server_policy.implicit_tls =
      (uint8_t)(own.server_policy.tls != 0u && (how & 8u) != 0u);
  own.server_policy.auth = (uint8_t)((how >> 4u & 3u) % 3u);
  own.server_policy.lmtp = (uint8_t)(how >> 6u & 1u);
  own.server_policy.proxy = (uint8_t)(how >> 7u & 1u);
  own.size = sizeof own.session.server;
  smtpc_server_init(&own.session.server, &own.server_policy);
}

// Flags of a step: 1 no data pointer, 2 a secret, 4 an envelope, 8 the other channel,
// 16 a clean end, 32 and more: an answer, a failure, a number.
static smtpc_input make_input(unsigned kind, unsigned flags,
                              const uint8_t *data, size_t len) {
  smtpc_input input = smtpc_input_make(kind % (SMTPC_IN_COUNT + 3u));
  input.data = (flags & 1u) != 0u ? NULL : data;
  input.len = len;
  input.channel = (flags & 8u) != 0u ? (uint8_t)(flags >> 4u) : own.tls;
  input.clean = (uint8_t)(flags >> 4u & 1u);
  input.answer = (uint8_t)(flags >> 5u);
  input.number = flags * 1000u;
  input.tls.failure = (uint8_t)(flags >> 4u);
  input.tls.version = SMTPC_TLS_1_3;
  input.tls.chain_ok = (uint8_t)(flags >> 6u & 1u);
  input.tls.name_ok = (uint8_t)(flags >> 7u & 1u);
  if ((flags & 2u) != 0u) {
    input.secret = (flags & 16u) != 0u ? NULL : data;
    input.secret_len = len;
  }
  if ((flags & 4u) != 0u) {
    own.envelope.address = data;
    own.envelope.address_len = (uint16_t)len;
    input.envelope = &own.envelope;
  }
  return input;
}

// Octets are given until they are taken or the session wants something else.
static void give_all(smtpc_input input) {
  for (size_t i = 0u; i < 4u * (input.len + 16u); i++) {
    const size_t used = give(&input);
    if (input.data != NULL &&
        (input.kind == SMTPC_IN_OCTETS || input.kind == SMTPC_IN_CONTENT)) {
      input.data += used;
      input.len -= used;
    }
    if (own.idle != 0u && (i > 0u || input.kind == SMTPC_IN_OCTETS)) {
      return;
    }
    if (input.kind != SMTPC_IN_OCTETS && input.kind != SMTPC_IN_CONTENT) {
      input = smtpc_input_make(SMTPC_IN_NONE);
    }
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  size_t at = 1u;
  if (size == 0u) {
    return 0;
  }
  begin(data[0]);
  for (size_t i = 0u; i < STEPS_MAX && at + 3u <= size; i++) {
    const size_t left = size - at - 3u;
    const size_t len = data[at + 2u] < left ? data[at + 2u] : left;
    uint8_t *block = fuzz_block(data + at + 3u, len);
    give_all(make_input(data[at], data[at + 1u], block, len));
    fuzz_block_free(block, data + at + 3u, len);
    at += 3u + len;
  }
  return 0;
}
