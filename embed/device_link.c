#include "embed/device_link.h"

#include "smtpcore/span.h"

static smtpc_input tls_failed(device_link *link, unsigned failure) {
  smtpc_input in = smtpc_input_make(SMTPC_IN_TLS_FAILED);
  in.tls.failure = (uint8_t)failure;
  link->state = LINK_BROKEN;
  return in;
}

#if DEVICE_TLS

void device_link_start_tls(device_link *link, const device_tls *tls,
                           unsigned role, int verify) {
  smtpc_tls_peer peer = {0};
  link->state = LINK_HANDSHAKE;
  if (tls == NULL || tls->name_len > SMTPC_TLS_NAME_MAX) {
    return;
  }
  peer.role = (uint8_t)role;
  peer.verify = verify != 0 ? 1u : 0u;
  peer.min_version = tls->min_version;
  if (tls->name_len > 0u) {
    peer.name_len = (uint16_t)tls->name_len;
    smtpc_copy(peer.name, (const uint8_t *)tls->name, tls->name_len);
  }
  if (smtpc_tls_open(&link->tls, tls->context, &peer) != SMTPC_OK) {
    link->tls = NULL;  // the handshake fails, for that reason
  }
}

// Gives what was pushed to the engine. 0: it took nothing.
static int link_feed(device_link *link) {
  size_t used = 0u;
  if (link->raw_len == 0u ||
      smtpc_tls_push(link->tls, link->raw, link->raw_len, &used) != SMTPC_OK) {
    return 0;
  }
  link->raw += used;
  link->raw_len -= used;
  return used > 0u ? 1 : 0;
}

static int link_shake(device_link *link, smtpc_input *in, int ended) {
  smtpc_tls_state state = SMTPC_TLS_HANDSHAKING;
  *in = smtpc_input_make(SMTPC_IN_TLS_UP);
  if (link->tls == NULL) {
    *in = tls_failed(link, SMTPC_TLS_FAILURE_INTERNAL);
    return 1;
  }
  int moved = 1;
  while (moved != 0 && state == SMTPC_TLS_HANDSHAKING) {
    moved = link_feed(link);
    state = smtpc_tls_handshake(link->tls, &in->tls);
  }
  // An engine that neither takes octets nor gets on is at its end, too.
  if (state == SMTPC_TLS_HANDSHAKING && (ended != 0 || link->raw_len > 0u)) {
    (void)smtpc_tls_end_of_stream(link->tls);
    state = smtpc_tls_handshake(link->tls, &in->tls);
  } else if (state == SMTPC_TLS_HANDSHAKING) {
    return 0;
  }
  if (state == SMTPC_TLS_UP) {
    link->state = LINK_TLS;
  } else {
    *in = tls_failed(link, in->tls.failure != SMTPC_TLS_FAILURE_NONE
                               ? in->tls.failure
                               : (unsigned)SMTPC_TLS_FAILURE_TRUNCATED);
  }
  return 1;
}

static int link_decrypt(device_link *link, smtpc_input *in) {
  smtpc_tls_state state = SMTPC_TLS_UP;
  while (link->plain_begin == link->plain_end) {
    link->plain_begin = 0u;
    state = smtpc_tls_read(link->tls, link->plain, sizeof link->plain,
                           &link->plain_end);
    if (link->plain_end > 0u) {
      break;
    }
    if (state == SMTPC_TLS_CLOSED) {
      link->state = LINK_BROKEN;
      *in = smtpc_input_make(SMTPC_IN_END_OF_STREAM);
      in->clean = 1u;
      return 1;
    }
    if (state != SMTPC_TLS_UP) {
      *in = tls_failed(link, smtpc_tls_failure_of(link->tls));
      return 1;
    }
    if (link->raw_len == 0u) {
      return 0;
    }
    if (link_feed(link) == 0) {
      *in = tls_failed(link, SMTPC_TLS_FAILURE_INTERNAL);
      return 1;
    }
  }
  *in = smtpc_input_octets(SMTPC_CHANNEL_TLS, link->plain + link->plain_begin,
                           link->plain_end - link->plain_begin);
  return 1;
}

static void link_take_plain(device_link *link, size_t len) {
  link->plain_begin += len;
  if (link->plain_begin == link->plain_end) {
    // It may have been a password.
    smtpc_wipe(link->plain, link->plain_end);
    link->plain_begin = 0u;
    link->plain_end = 0u;
  }
}

static int link_tls_input(device_link *link, smtpc_input *in) {
  return link->state == LINK_TLS ? link_decrypt(link, in)
                                 : link_shake(link, in, 0);
}

static smtpc_input link_tls_end(device_link *link) {
  smtpc_input in = smtpc_input_make(SMTPC_IN_END_OF_STREAM);
  if (link->state == LINK_HANDSHAKE) {
    (void)link_shake(link, &in, 1);
    return in;
  }
  in.clean = smtpc_tls_end_of_stream(link->tls) == SMTPC_TLS_CLOSED ? 1u : 0u;
  link->state = LINK_BROKEN;
  return in;
}

// 0: the engine has ended; reading says why.
static int link_tls_send(device_link *link, const uint8_t *data, size_t len) {
  return smtpc_tls_write(link->tls, data, len) == SMTPC_OK ? 1 : 0;
}

static size_t link_tls_pull(device_link *link, uint8_t *out, size_t cap) {
  size_t len = 0u;
  if (link->tls == NULL ||
      smtpc_tls_pull(link->tls, out, cap, &len) != SMTPC_OK) {
    return 0u;
  }
  return len;
}

smtpc_input device_link_binding(device_link *link, unsigned kind,
                                uint8_t out[SMTPC_BINDING_MAX]) {
  smtpc_input in = smtpc_input_make(SMTPC_IN_BINDING);
  in.data = out;
  if (link->tls == NULL ||
      smtpc_tls_binding(link->tls, kind, out, SMTPC_BINDING_MAX, &in.len) !=
          SMTPC_OK) {
    in.len = 0u;
  }
  return in;
}

void device_link_close(device_link *link) {
  if (link->tls != NULL) {
    smtpc_tls_close(link->tls);
  }
}

void device_link_free(device_link *link) {
  smtpc_tls_free(link->tls);
  link->tls = NULL;
}

#else

// Without a TLS library a policy that wants TLS is refused, so none of these is called
// for a session's sake; that they fail keeps it so.
void device_link_start_tls(device_link *link, const device_tls *tls,
                           unsigned role, int verify) {
  (void)tls;
  (void)role;
  (void)verify;
  link->state = LINK_HANDSHAKE;
}

static int link_tls_input(device_link *link, smtpc_input *in) {
  *in = tls_failed(link, SMTPC_TLS_FAILURE_INTERNAL);
  return 1;
}

static smtpc_input link_tls_end(device_link *link) {
  return tls_failed(link, SMTPC_TLS_FAILURE_TRUNCATED);
}

static void link_take_plain(device_link *link, size_t len) {
  (void)link;
  (void)len;
}

static int link_tls_send(device_link *link, const uint8_t *data, size_t len) {
  (void)link;
  (void)data;
  (void)len;
  return 0;
}

static size_t link_tls_pull(device_link *link, uint8_t *out, size_t cap) {
  (void)link;
  (void)out;
  (void)cap;
  return 0u;
}

smtpc_input device_link_binding(device_link *link, unsigned kind,
                                uint8_t out[SMTPC_BINDING_MAX]) {
  (void)link;
  (void)kind;
  (void)out;
  return smtpc_input_make(SMTPC_IN_BINDING);
}

void device_link_close(device_link *link) {
  (void)link;
}

void device_link_free(device_link *link) {
  (void)link;
}

#endif

// What has come for the session: octets or an event. 0: nothing.
int device_link_input(device_link *link, smtpc_input *in) {
  if (link->state == LINK_CLEAR) {
    *in = smtpc_input_octets(SMTPC_CHANNEL_PLAIN, link->raw, link->raw_len);
    return link->raw_len > 0u ? 1 : 0;
  }
  return link->state == LINK_BROKEN ? 0 : link_tls_input(link, in);
}

// Octets are taken on the channel that they came on, whatever came of them.
void device_link_take(device_link *link, const smtpc_input *in, size_t used) {
  if (in->kind != SMTPC_IN_OCTETS) {
    return;
  }
  if (in->channel == SMTPC_CHANNEL_TLS) {
    link_take_plain(link, used);
  } else {
    link->raw += used;
    link->raw_len -= used;
  }
}

void device_link_send(device_link *link, const smtpc_action *act,
                      const uint8_t *data) {
  const size_t len = act->end - act->begin;
  if (link->state == LINK_CLEAR && act->channel == SMTPC_CHANNEL_PLAIN) {
    link->out = data;
    link->out_len = len;
    link->sending = 1u;
  } else if (link->state == LINK_TLS && act->channel == SMTPC_CHANNEL_TLS) {
    link->sending = (uint8_t)link_tls_send(link, data, len);
  }
}

size_t device_link_pull(device_link *link, uint8_t *out, size_t cap) {
  const size_t len = link->out_len < cap ? link->out_len : cap;
  if (link->out_len == 0u) {
    return link_tls_pull(link, out, cap);
  }
  smtpc_copy(out, link->out, len);
  link->out += len;
  link->out_len -= len;
  return len;
}

smtpc_input device_link_end(device_link *link, unsigned kind) {
  smtpc_input in = smtpc_input_make(kind);
  in.clean = 1u;
  if (kind == SMTPC_IN_END_OF_STREAM && link->state != LINK_CLEAR) {
    in = link_tls_end(link);
  }
  return in;
}

int device_tls_is_there(const device_tls *tls) {
  return DEVICE_TLS != 0 && tls != NULL ? 1 : 0;
}
