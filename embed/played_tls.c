// TLS, played: an implementation of `smtpcore/tls.h` for tests of what stands around it.
// Nothing is secret, but nothing is clear either: on the wire each octet is two, a kind
// and a value, so that an octet which went past the engine is seen.
//
//     16 63, 16 73   the client's and the server's half of the handshake
//     17 xx          one octet, with its bits turned
//     15 00          close_notify

#include "embed/played_tls.h"

#include "embed/mem.h"

#define PLAYED_IN_MAX 64u
#define PLAYED_OUT_MAX 2048u
#define PLAYED_HANDSHAKE 0x16u
#define PLAYED_OCTET 0x17u
#define PLAYED_CLOSE 0x15u

struct smtpc_tls {
  uint8_t in[PLAYED_IN_MAX];
  uint8_t out[PLAYED_OUT_MAX];
  size_t in_len;
  size_t out_begin;
  size_t out_end;
  uint8_t taken;  // 1: in use
  uint8_t role;
  uint8_t state;  // an smtpc_tls_state
  uint8_t said;   // 1: our half of the handshake was said
  uint8_t closed;
  uint8_t failure;
};

// One engine for each role.
static struct smtpc_tls engines[2];

static void say(smtpc_tls *tls, uint8_t kind, uint8_t value) {
  if (tls->out_begin == tls->out_end) {
    tls->out_begin = 0u;
    tls->out_end = 0u;
  }
  if (tls->out_end + 2u <= PLAYED_OUT_MAX) {
    tls->out[tls->out_end] = kind;
    tls->out[tls->out_end + 1u] = value;
    tls->out_end += 2u;
  }
}

static uint8_t half_of(unsigned role) {
  return role == SMTPC_TLS_CLIENT ? (uint8_t)'c' : (uint8_t)'s';
}

static void fail_with(smtpc_tls *tls, smtpc_tls_failure failure) {
  tls->state = SMTPC_TLS_FAILED;
  tls->failure = (uint8_t)failure;
}

smtpc_status smtpc_tls_open(smtpc_tls **out, smtpc_tls_context *ctx,
                            const smtpc_tls_peer *peer) {
  (void)ctx;
  smtpc_tls *tls = &engines[peer->role == SMTPC_TLS_CLIENT ? 1 : 0];
  *out = NULL;
  if (tls->taken != 0u) {
    return SMTPC_E_INTERNAL;
  }
  memset(tls, 0, sizeof *tls);
  tls->taken = 1u;
  tls->role = peer->role;
  *out = tls;
  return SMTPC_OK;
}

smtpc_status smtpc_tls_push(smtpc_tls *tls, const uint8_t *data, size_t len,
                            size_t *out_used) {
  const size_t room = PLAYED_IN_MAX - tls->in_len;
  *out_used = 0u;
  if (tls->state == SMTPC_TLS_FAILED || tls->state == SMTPC_TLS_CLOSED) {
    return SMTPC_E_STATE;
  }
  *out_used = len < room ? len : room;
  memcpy(tls->in + tls->in_len, data, *out_used);
  tls->in_len += *out_used;
  return SMTPC_OK;
}

smtpc_status smtpc_tls_pull(smtpc_tls *tls, uint8_t *out, size_t cap,
                            size_t *out_len) {
  const size_t len = tls->out_end - tls->out_begin;
  *out_len = len < cap ? len : cap;
  memcpy(out, tls->out + tls->out_begin, *out_len);
  tls->out_begin += *out_len;
  return SMTPC_OK;
}

// Takes the next pair, if it is whole. 0: it is not.
static int take(smtpc_tls *tls, uint8_t *kind, uint8_t *value) {
  if (tls->in_len < 2u) {
    return 0;
  }
  *kind = tls->in[0];
  *value = tls->in[1];
  tls->in_len -= 2u;
  memmove(tls->in, tls->in + 2, tls->in_len);
  return 1;
}

smtpc_tls_state smtpc_tls_handshake(smtpc_tls *tls, smtpc_tls_facts *out) {
  uint8_t kind = 0u;
  uint8_t value = 0u;
  if (tls->state == SMTPC_TLS_HANDSHAKING && tls->said == 0u &&
      tls->role == SMTPC_TLS_CLIENT) {
    say(tls, PLAYED_HANDSHAKE, half_of(tls->role));
    tls->said = 1u;
  }
  if (tls->state == SMTPC_TLS_HANDSHAKING && tls->in_len > 0u &&
      tls->in[0] != PLAYED_HANDSHAKE) {
    fail_with(tls, SMTPC_TLS_FAILURE_NOT_TLS);
  }
  if (tls->state == SMTPC_TLS_HANDSHAKING && take(tls, &kind, &value) != 0) {
    if (tls->role == SMTPC_TLS_SERVER) {
      say(tls, PLAYED_HANDSHAKE, half_of(tls->role));
    }
    tls->state = SMTPC_TLS_UP;
  }
  if (tls->state != SMTPC_TLS_HANDSHAKING && out != NULL) {
    memset(out, 0, sizeof *out);
    out->version = tls->state == SMTPC_TLS_UP ? SMTPC_TLS_1_3 : 0u;
    out->chain_ok = tls->state == SMTPC_TLS_UP ? 1u : 0u;
    out->name_ok = out->chain_ok;
    out->failure = tls->failure;
  }
  return (smtpc_tls_state)tls->state;
}

smtpc_tls_state smtpc_tls_read(smtpc_tls *tls, uint8_t *out, size_t cap,
                               size_t *out_len) {
  uint8_t kind = 0u;
  uint8_t value = 0u;
  *out_len = 0u;
  while (tls->state == SMTPC_TLS_UP && *out_len < cap &&
         take(tls, &kind, &value) != 0) {
    if (kind == PLAYED_OCTET) {
      out[*out_len] = (uint8_t)(value ^ PLAYED_BITS);
      *out_len += 1u;
    } else if (kind == PLAYED_CLOSE) {
      tls->state = SMTPC_TLS_CLOSED;
    } else {
      fail_with(tls, SMTPC_TLS_FAILURE_PROTOCOL);
    }
  }
  return *out_len > 0u ? SMTPC_TLS_UP : (smtpc_tls_state)tls->state;
}

smtpc_status smtpc_tls_write(smtpc_tls *tls, const uint8_t *data, size_t len) {
  if (tls->state != SMTPC_TLS_UP || tls->closed != 0u) {
    return SMTPC_E_STATE;
  }
  if (len > (PLAYED_OUT_MAX - tls->out_end) / 2u) {
    fail_with(tls, SMTPC_TLS_FAILURE_INTERNAL);
    return SMTPC_E_INTERNAL;
  }
  for (size_t i = 0u; i < len; i++) {
    say(tls, PLAYED_OCTET, (uint8_t)(data[i] ^ PLAYED_BITS));
  }
  return SMTPC_OK;
}

smtpc_tls_state smtpc_tls_end_of_stream(smtpc_tls *tls) {
  if (tls->state != SMTPC_TLS_CLOSED && tls->state != SMTPC_TLS_FAILED) {
    fail_with(tls, SMTPC_TLS_FAILURE_TRUNCATED);
  }
  return (smtpc_tls_state)tls->state;
}

void smtpc_tls_close(smtpc_tls *tls) {
  const int open = tls->state == SMTPC_TLS_UP || tls->state == SMTPC_TLS_CLOSED;
  if (open && tls->closed == 0u) {
    say(tls, PLAYED_CLOSE, 0u);
    tls->closed = 1u;
  }
}

smtpc_status smtpc_tls_binding(smtpc_tls *tls, unsigned kind, uint8_t *out,
                               size_t cap, size_t *out_len) {
  (void)tls;
  (void)kind;
  (void)out;
  (void)cap;
  *out_len = 0u;
  return SMTPC_E_STATE;
}

smtpc_tls_failure smtpc_tls_failure_of(const smtpc_tls *tls) {
  return (smtpc_tls_failure)tls->failure;
}

void smtpc_tls_free(smtpc_tls *tls) {
  if (tls != NULL) {
    memset(tls, 0, sizeof *tls);
  }
}
