#include "shim/stream/stream.h"

#include <string.h>

#include "smtpcore/session.h"

// ------------------------------------------------------------------ the ring

static size_t ring_room(const smtpc_stream *stream) {
  return SMTPC_STREAM_OUT_MAX - stream->out_len;
}

// Where the next octets go, and how many fit without wrapping.
static uint8_t *ring_tail(smtpc_stream *stream, size_t *out_len) {
  const size_t tail =
      (stream->out_begin + stream->out_len) % SMTPC_STREAM_OUT_MAX;
  const size_t straight = SMTPC_STREAM_OUT_MAX - tail;
  const size_t room = ring_room(stream);
  *out_len = straight < room ? straight : room;
  return stream->out + tail;
}

static void ring_added(smtpc_stream *stream, size_t len) {
  stream->out_len += len;
  stream->octets_out += len;
}

static void ring_add(smtpc_stream *stream, const uint8_t *data, size_t len) {
  size_t done = 0u;
  while (done < len && ring_room(stream) > 0u) {
    size_t room = 0u;
    uint8_t *tail = ring_tail(stream, &room);
    const size_t n = len - done < room ? len - done : room;
    memcpy(tail, data + done, n);
    ring_added(stream, n);
    done += n;
  }
}

// Ciphertext that the engine holds goes to the ring, as far as there is room.
static void pull(smtpc_stream *stream) {
  while (stream->tls != NULL && stream->tls_waits != 0u &&
         ring_room(stream) > 0u) {
    size_t room = 0u;
    size_t len = 0u;
    uint8_t *tail = ring_tail(stream, &room);
    if (smtpc_tls_pull(stream->tls, tail, room, &len) != SMTPC_OK ||
        len == 0u) {
      stream->tls_waits = 0u;
    } else {
      ring_added(stream, len);
    }
  }
}

unsigned smtpc_stream_parts(smtpc_stream *stream, smtpc_stream_part parts[2]) {
  pull(stream);
  const size_t straight = SMTPC_STREAM_OUT_MAX - stream->out_begin;
  const size_t first = stream->out_len < straight ? stream->out_len : straight;
  parts[0].data = stream->out + stream->out_begin;
  parts[0].len = first;
  parts[1].data = stream->out;
  parts[1].len = stream->out_len - first;
  if (first == 0u) {
    return 0u;
  }
  return parts[1].len > 0u ? 2u : 1u;
}

void smtpc_stream_hold(smtpc_stream *stream, size_t len) {
  stream->held = len;
}

void smtpc_stream_sent(smtpc_stream *stream, size_t len) {
  stream->held = 0u;
  stream->out_begin = (stream->out_begin + len) % SMTPC_STREAM_OUT_MAX;
  stream->out_len -= len;
  if (stream->out_len == 0u) {
    stream->out_begin = 0u;
  }
}

int smtpc_stream_is_idle(const smtpc_stream *stream) {
  return stream->out_len == 0u && stream->tls_waits == 0u ? 1 : 0;
}

void smtpc_stream_mute(smtpc_stream *stream) {
  stream->muted = 1u;
  stream->tls_waits = 0u;
  stream->out_len = stream->held;
}

// ------------------------------------------------------------ begin and end

void smtpc_stream_init(smtpc_stream *stream) {
  memset(stream, 0, offsetof(smtpc_stream, in));
}

void smtpc_stream_free(smtpc_stream *stream) {
  smtpc_tls_free(stream->tls);
  stream->tls = NULL;
  stream->tls_waits = 0u;
}

void smtpc_stream_close(smtpc_stream *stream) {
  smtpc_stream_drop(stream);
  if (stream->tls != NULL && stream->muted == 0u) {
    smtpc_tls_close(stream->tls);
    stream->tls_waits = 1u;
  }
}

// -------------------------------------------------------------------- sending

size_t smtpc_stream_room(smtpc_stream *stream) {
  if (stream->muted != 0u) {
    return SMTPC_STREAM_OUT_MAX;
  }
  pull(stream);
  const size_t room = ring_room(stream);
  return stream->tls_waits != 0u || room < SMTPC_STREAM_OUT_LOW ? 0u : room;
}

int smtpc_stream_send(smtpc_stream *stream, unsigned channel,
                      const uint8_t *data, size_t len) {
  const unsigned wanted = channel == SMTPC_CHANNEL_TLS
                              ? (unsigned)SMTPC_STREAM_TLS
                              : (unsigned)SMTPC_STREAM_CLEAR;
  if (stream->channel != wanted) {
    smtpc_stream_mute(stream);
    return 0;
  }
  if (stream->muted != 0u || len == 0u) {
    return 1;
  }
  if (stream->channel == SMTPC_STREAM_CLEAR) {
    if (len > ring_room(stream)) {
      smtpc_stream_mute(stream);
      return 0;
    }
    ring_add(stream, data, len);
    return 1;
  }
  stream->tls_waits = 1u;
  if (smtpc_tls_write(stream->tls, data, len) != SMTPC_OK) {
    // The engine has ended; reading will say why.
    smtpc_stream_mute(stream);
  }
  return 1;
}

// ------------------------------------------------------------------- arriving

static size_t in_len(const smtpc_stream *stream) {
  return stream->in_end - stream->in_begin;
}

static void take_raw(smtpc_stream *stream, size_t len) {
  stream->in_begin += len;
  if (stream->in_begin == stream->in_end) {
    stream->in_begin = 0u;
    stream->in_end = 0u;
  }
}

uint8_t *smtpc_stream_space(smtpc_stream *stream, size_t *out_len) {
  if (stream->in_begin > 0u && stream->in_end == SMTPC_STREAM_IN_MAX) {
    memmove(stream->in, stream->in + stream->in_begin, in_len(stream));
    stream->in_end -= stream->in_begin;
    stream->in_begin = 0u;
  }
  *out_len = SMTPC_STREAM_IN_MAX - stream->in_end;
  return stream->in + stream->in_end;
}

void smtpc_stream_arrived(smtpc_stream *stream, size_t len) {
  stream->octets_in += len;
  stream->in_end += len;
}

int smtpc_stream_has_space(const smtpc_stream *stream) {
  return in_len(stream) < SMTPC_STREAM_IN_MAX ? 1 : 0;
}

void smtpc_stream_drop(smtpc_stream *stream) {
  stream->in_begin = 0u;
  stream->in_end = 0u;
}

void smtpc_stream_end(smtpc_stream *stream, smtpc_stream_ending how) {
  if (stream->ending == SMTPC_STREAM_OPEN) {
    stream->ending = (uint8_t)how;
  }
  if (how == SMTPC_STREAM_RESET) {
    smtpc_stream_mute(stream);
  }
}

// ------------------------------------------------------------------------ TLS

static void set_event(smtpc_stream *stream, smtpc_stream_event event) {
  stream->event = (uint8_t)event;
  stream->over = 1u;
}

static void tls_failed(smtpc_stream *stream) {
  stream->channel = SMTPC_STREAM_BROKEN;
  // Its alert, if it has come so far.
  stream->tls_waits = stream->muted == 0u && stream->tls != NULL ? 1u : 0u;
  set_event(stream, SMTPC_STREAM_EVENT_TLS_FAILED);
}

void smtpc_stream_start_tls(smtpc_stream *stream, smtpc_tls_context *ctx,
                            const smtpc_tls_peer *peer) {
  static const smtpc_tls_facts none = {0};
  const int clear = stream->channel == SMTPC_STREAM_CLEAR;
  stream->channel = SMTPC_STREAM_HANDSHAKE;
  stream->facts = none;
  if (!clear || smtpc_tls_open(&stream->tls, ctx, peer) != SMTPC_OK) {
    stream->facts.failure = SMTPC_TLS_FAILURE_INTERNAL;
    tls_failed(stream);
  }
}

size_t smtpc_stream_binding(const smtpc_stream *stream, unsigned kind,
                            uint8_t *out) {
  size_t len = 0u;
  if (stream->channel != SMTPC_STREAM_TLS ||
      smtpc_tls_binding(stream->tls, kind, out, SMTPC_BINDING_MAX, &len) !=
          SMTPC_OK) {
    len = 0u;
  }
  return len;
}

// Gives ciphertext to the engine. It returns 0 when nothing moved.
static int push(smtpc_stream *stream) {
  size_t used = 0u;
  if (in_len(stream) == 0u ||
      smtpc_tls_push(stream->tls, stream->in + stream->in_begin, in_len(stream),
                     &used) != SMTPC_OK) {
    return 0;
  }
  take_raw(stream, used);
  return used > 0u;
}

static void handshake(smtpc_stream *stream) {
  smtpc_tls_state state = SMTPC_TLS_HANDSHAKING;
  int moved = 1;
  // Each turn takes at least one octet; there are at most IN_MAX.
  while (moved != 0 && state == SMTPC_TLS_HANDSHAKING) {
    moved = push(stream);
    state = smtpc_tls_handshake(stream->tls, &stream->facts);
  }
  const int stuck = in_len(stream) > 0u || stream->ending != 0u;
  if (state == SMTPC_TLS_HANDSHAKING && stuck) {
    (void)smtpc_tls_end_of_stream(stream->tls);
    state = smtpc_tls_handshake(stream->tls, &stream->facts);
  }
  if (stream->muted == 0u) {
    stream->tls_waits = 1u;
  }
  if (state == SMTPC_TLS_UP) {
    stream->channel = SMTPC_STREAM_TLS;
    stream->event = SMTPC_STREAM_EVENT_TLS_UP;
  } else if (state != SMTPC_TLS_HANDSHAKING) {
    if (stream->facts.failure == SMTPC_TLS_FAILURE_NONE) {
      stream->facts.failure = SMTPC_TLS_FAILURE_TRUNCATED;
    }
    tls_failed(stream);
  }
}

// All ciphertext is with the engine, it has no octet for us, and none will come.
static void end_tls(smtpc_stream *stream) {
  if (smtpc_tls_end_of_stream(stream->tls) == SMTPC_TLS_CLOSED) {
    set_event(stream, SMTPC_STREAM_EVENT_END);
  } else {
    stream->channel = SMTPC_STREAM_BROKEN;
    set_event(stream, SMTPC_STREAM_EVENT_TORN);
  }
}

// One read of the engine. It returns 1 when there is nothing more to try.
static int read_tls(smtpc_stream *stream) {
  size_t len = 0u;
  const smtpc_tls_state state =
      smtpc_tls_read(stream->tls, stream->plain, SMTPC_STREAM_PLAIN_MAX, &len);
  if (stream->muted == 0u) {
    stream->tls_waits =
        1u;  // it may owe an answer to a key update, or an alert
  }
  stream->plain_end = len;
  if (len > 0u) {
    return 1;
  }
  if (state == SMTPC_TLS_CLOSED) {
    set_event(stream, SMTPC_STREAM_EVENT_END);
    return 1;
  }
  if (state != SMTPC_TLS_UP) {
    stream->facts.failure = (uint8_t)smtpc_tls_failure_of(stream->tls);
    tls_failed(stream);
    return 1;
  }
  return 0;
}

// Decrypts until there are octets, or no ciphertext is left (THREATS: TLS-04).
static void refill(smtpc_stream *stream) {
  stream->plain_begin = 0u;
  stream->plain_end = 0u;
  for (size_t turn = 0u; turn <= SMTPC_STREAM_IN_MAX; turn++) {
    if (read_tls(stream) != 0) {
      return;
    }
    if (push(stream) == 0) {
      break;
    }
  }
  if (in_len(stream) > 0u) {
    // The engine neither reads nor takes: it cannot go on.
    stream->facts.failure = SMTPC_TLS_FAILURE_INTERNAL;
    tls_failed(stream);
  } else if (stream->ending != 0u) {
    end_tls(stream);
  }
}

size_t smtpc_stream_peek(smtpc_stream *stream, const uint8_t **out_data) {
  *out_data = NULL;
  if (stream->channel == SMTPC_STREAM_HANDSHAKE &&
      stream->event == SMTPC_STREAM_EVENT_NONE) {
    handshake(stream);
  }
  if (stream->event != SMTPC_STREAM_EVENT_NONE) {
    return 0u;
  }
  if (stream->channel == SMTPC_STREAM_CLEAR) {
    *out_data = stream->in + stream->in_begin;
    return in_len(stream);
  }
  if (stream->channel != SMTPC_STREAM_TLS) {
    return 0u;
  }
  if (stream->plain_begin == stream->plain_end && stream->over == 0u) {
    refill(stream);
  }
  *out_data = stream->plain + stream->plain_begin;
  return stream->plain_end - stream->plain_begin;
}

void smtpc_stream_take(smtpc_stream *stream, size_t len) {
  if (stream->channel == SMTPC_STREAM_CLEAR) {
    take_raw(stream, len);
  } else {
    stream->plain_begin += len;
  }
}

smtpc_stream_event smtpc_stream_take_event(smtpc_stream *stream) {
  if (stream->event == SMTPC_STREAM_EVENT_NONE && stream->ending != 0u &&
      stream->channel == SMTPC_STREAM_CLEAR && in_len(stream) == 0u &&
      stream->over == 0u) {
    set_event(stream, stream->ending == 1u ? SMTPC_STREAM_EVENT_END
                                           : SMTPC_STREAM_EVENT_TORN);
  }
  const smtpc_stream_event event = (smtpc_stream_event)stream->event;
  stream->event = SMTPC_STREAM_EVENT_NONE;
  return event;
}
