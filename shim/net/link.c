#define _POSIX_C_SOURCE 200809L

#include "shim/net/link.h"

#include <string.h>

#include "smtpcore/span.h"

static smtpc_net_link *link_of(void *handle) {
  const uv_handle_t *h = handle;
  return h->data;
}

// ------------------------------------------------------------------- timers

static void on_timer(uv_timer_t *timer) {
  smtpc_net_link *link = link_of(timer);
  if (link->life != SMTPC_NET_OPEN) {
    smtpc_net_link_drop(link);
    return;
  }
  link->fired = 1u;
  link->wake(link);
}

int smtpc_net_link_init(smtpc_net_link *link, uv_loop_t *loop) {
  const int status = uv_tcp_init(loop, &link->tcp);
  if (status != 0) {
    return status;
  }
  (void)uv_timer_init(loop, &link->timer);  // it cannot fail
  (void)uv_timer_init(loop, &link->total);
  link->handles = 3u;
  link->tcp.data = link;
  link->timer.data = link;
  link->total.data = link;
  return 0;
}

void smtpc_net_link_await(smtpc_net_link *link, unsigned kind, uint32_t seconds,
                          int anew) {
  if (link->armed == kind + 1u && anew == 0) {
    return;
  }
  link->armed = (uint8_t)(kind + 1u);
  link->block = 0u;
  link->moved = 0u;
  if (seconds == 0u) {
    (void)uv_timer_stop(&link->timer);
  } else {
    (void)uv_timer_start(&link->timer, on_timer, (uint64_t)seconds * 1000u, 0);
  }
}

void smtpc_net_link_rest(smtpc_net_link *link) {
  link->armed = 0u;
  (void)uv_timer_stop(&link->timer);
}

void smtpc_net_link_limit(smtpc_net_link *link, uint32_t seconds) {
  if (seconds > 0u) {
    (void)uv_timer_start(&link->total, on_timer, (uint64_t)seconds * 1000u, 0);
  }
}

// ------------------------------------------------------------------ the ring

static size_t ring_room(const smtpc_net_link *link) {
  return SMTPC_NET_LINK_OUT_MAX - link->out_len;
}

// Where the next octets go, and how many fit without wrapping.
static uint8_t *ring_tail(smtpc_net_link *link, size_t *out_len) {
  const size_t tail =
      (link->out_begin + link->out_len) % SMTPC_NET_LINK_OUT_MAX;
  const size_t straight = SMTPC_NET_LINK_OUT_MAX - tail;
  const size_t room = ring_room(link);
  *out_len = straight < room ? straight : room;
  return link->out + tail;
}

static void ring_added(smtpc_net_link *link, size_t len) {
  link->out_len += len;
  link->octets_out += len;
}

static void ring_add(smtpc_net_link *link, const uint8_t *data, size_t len) {
  size_t done = 0u;
  while (done < len && ring_room(link) > 0u) {
    size_t room = 0u;
    uint8_t *tail = ring_tail(link, &room);
    const size_t n = len - done < room ? len - done : room;
    memcpy(tail, data + done, n);
    ring_added(link, n);
    done += n;
  }
}

static void ring_drop(smtpc_net_link *link, size_t len) {
  link->out_begin = (link->out_begin + len) % SMTPC_NET_LINK_OUT_MAX;
  link->out_len -= len;
  if (link->out_len == 0u) {
    link->out_begin = 0u;
  }
}

static unsigned ring_parts(smtpc_net_link *link, uv_buf_t parts[2]) {
  const size_t straight = SMTPC_NET_LINK_OUT_MAX - link->out_begin;
  const size_t first = link->out_len < straight ? link->out_len : straight;
  parts[0] = uv_buf_init((char *)link->out + link->out_begin, (unsigned)first);
  parts[1] = uv_buf_init((char *)link->out, (unsigned)(link->out_len - first));
  return parts[1].len > 0u ? 2u : 1u;
}

// Ciphertext that the engine holds goes to the ring, as far as there is room.
static void pull(smtpc_net_link *link) {
  while (link->tls != NULL && link->tls_waits != 0u && ring_room(link) > 0u) {
    size_t room = 0u;
    size_t len = 0u;
    uint8_t *tail = ring_tail(link, &room);
    if (smtpc_tls_pull(link->tls, tail, room, &len) != SMTPC_OK || len == 0u) {
      link->tls_waits = 0u;
    } else {
      ring_added(link, len);
    }
  }
}

// -------------------------------------------------------------------- writing

void smtpc_net_link_mute(smtpc_net_link *link) {
  link->muted = 1u;
  link->tls_waits = 0u;
  // What libuv has stays where it is until libuv lets go of it.
  link->out_len = link->flying;
}

static void write_failed(smtpc_net_link *link) {
  smtpc_net_link_mute(link);
  if (link->ended == 0u) {
    link->ended = 2u;
  }
}

static void flush(smtpc_net_link *link);
static void go_on_ending(smtpc_net_link *link);

static void on_written(uv_write_t *request, int status) {
  smtpc_net_link *link = request->data;
  const size_t len = link->flying;
  link->flying = 0u;
  ring_drop(link, len);
  if (link->life >= SMTPC_NET_CLOSING) {
    return;
  }
  if (status != 0) {
    write_failed(link);
  }
  link->moved = 1u;
  if (link->life == SMTPC_NET_OPEN) {
    link->wake(link);
  } else {
    flush(link);
    go_on_ending(link);
  }
}

// One attempt to write at once; the rest, if any, is libuv's.
static void write_ring(smtpc_net_link *link) {
  uv_buf_t parts[2];
  uv_stream_t *stream = (uv_stream_t *)&link->tcp;
  const int done = uv_try_write(stream, parts, ring_parts(link, parts));
  if (done > 0) {
    ring_drop(link, (size_t)done);
    link->moved = 1u;
  } else if (done < 0 && done != UV_EAGAIN) {
    write_failed(link);
    return;
  }
  if (link->out_len == 0u) {
    return;
  }
  link->write.data = link;
  const unsigned count = ring_parts(link, parts);
  if (uv_write(&link->write, stream, parts, count, on_written) != 0) {
    write_failed(link);
  } else {
    link->flying = link->out_len;
  }
}

static void flush(smtpc_net_link *link) {
  pull(link);
  // Each turn hands a whole ring to the system, or stops.
  while (link->muted == 0u && link->flying == 0u && link->out_len > 0u) {
    write_ring(link);
    pull(link);
  }
}

size_t smtpc_net_link_room(smtpc_net_link *link) {
  if (link->muted != 0u) {
    return SMTPC_NET_LINK_OUT_MAX;
  }
  if (link->tls_waits != 0u || ring_room(link) < SMTPC_NET_LINK_OUT_LOW) {
    flush(link);
  }
  const size_t room = ring_room(link);
  if (link->muted != 0u) {
    return SMTPC_NET_LINK_OUT_MAX;
  }
  return link->tls_waits != 0u || room < SMTPC_NET_LINK_OUT_LOW ? 0u : room;
}

int smtpc_net_link_send(smtpc_net_link *link, unsigned channel,
                        const uint8_t *data, size_t len) {
  const unsigned wanted = channel == SMTPC_CHANNEL_TLS
                              ? (unsigned)SMTPC_NET_TLS
                              : (unsigned)SMTPC_NET_CLEAR;
  if (link->channel != wanted) {
    smtpc_net_link_mute(link);
    return 0;
  }
  if (link->muted != 0u || len == 0u) {
    return 1;
  }
  if (link->channel == SMTPC_NET_CLEAR) {
    if (len > ring_room(link)) {
      smtpc_net_link_mute(link);
      return 0;
    }
    ring_add(link, data, len);
    return 1;
  }
  link->tls_waits = 1u;
  if (smtpc_tls_write(link->tls, data, len) != SMTPC_OK) {
    // The engine has ended; reading will say why.
    smtpc_net_link_mute(link);
  }
  return 1;
}

// -------------------------------------------------------------------- reading

static size_t in_len(const smtpc_net_link *link) {
  return link->in_end - link->in_begin;
}

static void take_raw(smtpc_net_link *link, size_t len) {
  link->in_begin += len;
  if (link->in_begin == link->in_end) {
    link->in_begin = 0u;
    link->in_end = 0u;
  }
}

static void on_room(uv_handle_t *handle, size_t wanted, uv_buf_t *out) {
  smtpc_net_link *link = link_of(handle);
  (void)wanted;
  if (link->in_begin > 0u && link->in_end == SMTPC_NET_LINK_IN_MAX) {
    memmove(link->in, link->in + link->in_begin, in_len(link));
    link->in_end -= link->in_begin;
    link->in_begin = 0u;
  }
  *out = uv_buf_init((char *)link->in + link->in_end,
                     (unsigned)(SMTPC_NET_LINK_IN_MAX - link->in_end));
}

static void stop_reading(smtpc_net_link *link) {
  if (link->reading != 0u) {
    (void)uv_read_stop((uv_stream_t *)&link->tcp);
    link->reading = 0u;
  }
}

static void drain(smtpc_net_link *link, size_t len) {
  link->drained += len;
  link->in_begin = 0u;
  link->in_end = 0u;
  if (link->drained > SMTPC_NET_LINK_LINGER_MAX) {
    smtpc_net_link_drop(link);
  }
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf) {
  smtpc_net_link *link = link_of(stream);
  (void)buf;
  if (len == 0) {
    return;
  }
  if (len < 0) {
    stop_reading(link);
    link->ended = len == UV_EOF ? 1u : 2u;
    if (len != UV_EOF) {
      smtpc_net_link_mute(link);
    }
  } else {
    link->octets_in += (uint64_t)len;
    link->in_end += (size_t)len;
  }
  if (link->life == SMTPC_NET_OPEN) {
    link->wake(link);
  } else if (len < 0) {
    go_on_ending(link);
  } else {
    drain(link, (size_t)len);
  }
}

static void set_reading(smtpc_net_link *link) {
  const int wanted = link->life < SMTPC_NET_CLOSING && link->ended == 0u &&
                     in_len(link) < SMTPC_NET_LINK_IN_MAX;
  if (wanted == 0) {
    stop_reading(link);
  } else if (link->reading == 0u) {
    const int status =
        uv_read_start((uv_stream_t *)&link->tcp, on_room, on_read);
    link->reading = status == 0 ? 1u : 0u;
    if (status != 0) {
      link->ended = 2u;
    }
  }
}

void smtpc_net_link_start(smtpc_net_link *link) {
  (void)uv_tcp_nodelay(&link->tcp, 1);
  set_reading(link);
}

// ------------------------------------------------------------------------ TLS

static void set_event(smtpc_net_link *link, smtpc_net_event event) {
  link->event = (uint8_t)event;
  link->over = 1u;
}

static void tls_failed(smtpc_net_link *link) {
  link->channel = SMTPC_NET_BROKEN;
  // Its alert, if it has come so far.
  link->tls_waits = link->muted == 0u && link->tls != NULL ? 1u : 0u;
  set_event(link, SMTPC_NET_EVENT_TLS_FAILED);
}

void smtpc_net_link_start_tls(smtpc_net_link *link, smtpc_tls_context *ctx,
                              const smtpc_tls_peer *peer) {
  static const smtpc_tls_facts none = {0};
  const int clear = link->channel == SMTPC_NET_CLEAR;
  link->channel = SMTPC_NET_HANDSHAKE;
  link->facts = none;
  if (!clear || smtpc_tls_open(&link->tls, ctx, peer) != SMTPC_OK) {
    link->facts.failure = SMTPC_TLS_FAILURE_INTERNAL;
    tls_failed(link);
  }
}

size_t smtpc_net_link_binding(const smtpc_net_link *link, unsigned kind,
                              uint8_t *out) {
  size_t len = 0u;
  if (link->channel != SMTPC_NET_TLS ||
      smtpc_tls_binding(link->tls, kind, out, SMTPC_BINDING_MAX, &len) !=
          SMTPC_OK) {
    len = 0u;
  }
  return len;
}

// Gives ciphertext to the engine. It returns 0 when nothing moved.
static int push(smtpc_net_link *link) {
  size_t used = 0u;
  if (in_len(link) == 0u || smtpc_tls_push(link->tls, link->in + link->in_begin,
                                           in_len(link), &used) != SMTPC_OK) {
    return 0;
  }
  take_raw(link, used);
  return used > 0u;
}

static void handshake(smtpc_net_link *link) {
  smtpc_tls_state state = SMTPC_TLS_HANDSHAKING;
  int moved = 1;
  // Each turn takes at least one octet; there are at most IN_MAX.
  while (moved != 0 && state == SMTPC_TLS_HANDSHAKING) {
    moved = push(link);
    state = smtpc_tls_handshake(link->tls, &link->facts);
  }
  const int stuck = in_len(link) > 0u || link->ended != 0u;
  if (state == SMTPC_TLS_HANDSHAKING && stuck) {
    (void)smtpc_tls_end_of_stream(link->tls);
    state = smtpc_tls_handshake(link->tls, &link->facts);
  }
  if (link->muted == 0u) {
    link->tls_waits = 1u;
  }
  if (state == SMTPC_TLS_UP) {
    link->channel = SMTPC_NET_TLS;
    link->event = SMTPC_NET_EVENT_TLS_UP;
  } else if (state != SMTPC_TLS_HANDSHAKING) {
    if (link->facts.failure == SMTPC_TLS_FAILURE_NONE) {
      link->facts.failure = SMTPC_TLS_FAILURE_TRUNCATED;
    }
    tls_failed(link);
  }
}

// All ciphertext is with the engine, it has no octet for us, and none will come.
static void end_tls(smtpc_net_link *link) {
  if (smtpc_tls_end_of_stream(link->tls) == SMTPC_TLS_CLOSED) {
    set_event(link, SMTPC_NET_EVENT_END);
  } else {
    link->channel = SMTPC_NET_BROKEN;
    set_event(link, SMTPC_NET_EVENT_TORN);
  }
}

// One read of the engine. It returns 1 when there is nothing more to try.
static int read_tls(smtpc_net_link *link) {
  size_t len = 0u;
  const smtpc_tls_state state =
      smtpc_tls_read(link->tls, link->plain, SMTPC_NET_LINK_PLAIN_MAX, &len);
  if (link->muted == 0u) {
    link->tls_waits = 1u;  // it may owe an answer to a key update, or an alert
  }
  link->plain_end = len;
  if (len > 0u) {
    return 1;
  }
  if (state == SMTPC_TLS_CLOSED) {
    set_event(link, SMTPC_NET_EVENT_END);
    return 1;
  }
  if (state != SMTPC_TLS_UP) {
    link->facts.failure = (uint8_t)smtpc_tls_failure_of(link->tls);
    tls_failed(link);
    return 1;
  }
  return 0;
}

// Decrypts until there are octets, or no ciphertext is left (THREATS: TLS-04).
static void refill(smtpc_net_link *link) {
  link->plain_begin = 0u;
  link->plain_end = 0u;
  for (size_t turn = 0u; turn <= SMTPC_NET_LINK_IN_MAX; turn++) {
    if (read_tls(link) != 0) {
      return;
    }
    if (push(link) == 0) {
      break;
    }
  }
  if (in_len(link) > 0u) {
    // The engine neither reads nor takes: it cannot go on.
    link->facts.failure = SMTPC_TLS_FAILURE_INTERNAL;
    tls_failed(link);
  } else if (link->ended != 0u) {
    end_tls(link);
  }
}

size_t smtpc_net_link_peek(smtpc_net_link *link, const uint8_t **out_data) {
  *out_data = NULL;
  if (link->channel == SMTPC_NET_HANDSHAKE &&
      link->event == SMTPC_NET_EVENT_NONE) {
    handshake(link);
  }
  if (link->event != SMTPC_NET_EVENT_NONE) {
    return 0u;
  }
  if (link->channel == SMTPC_NET_CLEAR) {
    *out_data = link->in + link->in_begin;
    return in_len(link);
  }
  if (link->channel != SMTPC_NET_TLS) {
    return 0u;
  }
  if (link->plain_begin == link->plain_end && link->over == 0u) {
    refill(link);
  }
  *out_data = link->plain + link->plain_begin;
  return link->plain_end - link->plain_begin;
}

void smtpc_net_link_take(smtpc_net_link *link, size_t len) {
  link->block += len;
  if (link->channel == SMTPC_NET_CLEAR) {
    take_raw(link, len);
  } else {
    link->plain_begin += len;
  }
}

smtpc_net_event smtpc_net_link_event(smtpc_net_link *link) {
  if (link->event == SMTPC_NET_EVENT_NONE && link->ended != 0u &&
      link->channel == SMTPC_NET_CLEAR && in_len(link) == 0u &&
      link->over == 0u) {
    set_event(link,
              link->ended == 1u ? SMTPC_NET_EVENT_END : SMTPC_NET_EVENT_TORN);
  }
  const smtpc_net_event event = (smtpc_net_event)link->event;
  link->event = SMTPC_NET_EVENT_NONE;
  return event;
}

// ------------------------------------------------------------------- the end

void smtpc_net_link_pump(smtpc_net_link *link) {
  if (link->life >= SMTPC_NET_CLOSING) {
    return;
  }
  flush(link);
  set_reading(link);
}

static void on_shut(uv_shutdown_t *request, int status) {
  smtpc_net_link *link = request->data;
  if (status != 0 && link->life < SMTPC_NET_CLOSING) {
    smtpc_net_link_drop(link);
  }
}

// Called when something moved after `_finish`.
static void go_on_ending(smtpc_net_link *link) {
  const int sent = link->out_len == 0u && link->tls_waits == 0u;
  if (link->life >= SMTPC_NET_CLOSING) {
    return;
  }
  if (link->muted != 0u || (sent && link->ended != 0u)) {
    smtpc_net_link_drop(link);
    return;
  }
  if (sent && link->shut == 0u) {
    link->shut = 1u;
    link->life = SMTPC_NET_LINGERING;
    link->shutdown.data = link;
    if (uv_shutdown(&link->shutdown, (uv_stream_t *)&link->tcp, on_shut) != 0) {
      smtpc_net_link_drop(link);
    }
  }
}

void smtpc_net_link_finish(smtpc_net_link *link) {
  if (link->life != SMTPC_NET_OPEN) {
    return;
  }
  link->life = SMTPC_NET_FLUSHING;
  link->in_begin = 0u;
  link->in_end = 0u;
  if (link->tls != NULL && link->muted == 0u) {
    smtpc_tls_close(link->tls);
    link->tls_waits = 1u;
  }
  (void)uv_timer_stop(&link->total);
  (void)uv_timer_start(&link->timer, on_timer, link->linger_ms, 0);
  smtpc_net_link_pump(link);
  go_on_ending(link);
}

static void on_closed(uv_handle_t *handle) {
  smtpc_net_link *link = link_of(handle);
  link->handles = (uint8_t)(link->handles - 1u);
  if (link->handles == 0u) {
    link->life = SMTPC_NET_GONE;
    link->gone(link);
  }
}

void smtpc_net_link_drop(smtpc_net_link *link) {
  if (link->life >= SMTPC_NET_CLOSING) {
    return;
  }
  link->life = SMTPC_NET_CLOSING;
  smtpc_tls_free(link->tls);
  link->tls = NULL;
  link->tls_waits = 0u;
  uv_close((uv_handle_t *)&link->tcp, on_closed);
  uv_close((uv_handle_t *)&link->timer, on_closed);
  uv_close((uv_handle_t *)&link->total, on_closed);
}
