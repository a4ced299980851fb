#define _POSIX_C_SOURCE 200809L

#include "shim/net/link.h"

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

// -------------------------------------------------------------------- writing

static void write_failed(smtpc_net_link *link) {
  smtpc_stream_end(&link->stream, SMTPC_STREAM_RESET);
}

static void flush(smtpc_net_link *link);
static void go_on_ending(smtpc_net_link *link);

static void on_written(uv_write_t *request, int status) {
  smtpc_net_link *link = request->data;
  smtpc_stream_sent(&link->stream, link->stream.held);
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

// What waits, as libuv wants it. It returns how many parts there are.
static unsigned parts_of(smtpc_net_link *link, uv_buf_t parts[2]) {
  smtpc_stream_part waiting[2];
  const unsigned count = smtpc_stream_parts(&link->stream, waiting);
  for (unsigned i = 0u; i < count; i++) {
    parts[i].base = (char *)(uintptr_t)waiting[i].data;
    parts[i].len = waiting[i].len;
  }
  return count;
}

// One attempt to write at once; the rest, if any, is libuv's.
static void write_parts(smtpc_net_link *link, uv_buf_t parts[2],
                        unsigned count) {
  uv_stream_t *stream = (uv_stream_t *)&link->tcp;
  const int done = uv_try_write(stream, parts, count);
  if (done > 0) {
    smtpc_stream_sent(&link->stream, (size_t)done);
    link->moved = 1u;
  } else if (done < 0 && done != UV_EAGAIN) {
    write_failed(link);
    return;
  }
  const unsigned left = parts_of(link, parts);
  if (left == 0u) {
    return;
  }
  link->write.data = link;
  if (uv_write(&link->write, stream, parts, left, on_written) != 0) {
    write_failed(link);
  } else {
    smtpc_stream_hold(&link->stream,
                      parts[0].len + (left > 1u ? parts[1].len : 0u));
  }
}

static void flush(smtpc_net_link *link) {
  uv_buf_t parts[2];
  unsigned count = 1u;
  // Each turn hands all that waits to the system, or stops.
  while (link->stream.muted == 0u && link->stream.held == 0u && count > 0u) {
    count = parts_of(link, parts);
    if (count > 0u) {
      write_parts(link, parts, count);
    }
  }
}

size_t smtpc_net_link_room(smtpc_net_link *link) {
  if (smtpc_stream_room(&link->stream) == 0u) {
    flush(link);
  }
  return smtpc_stream_room(&link->stream);
}

// -------------------------------------------------------------------- reading

static void on_room(uv_handle_t *handle, size_t wanted, uv_buf_t *out) {
  smtpc_net_link *link = link_of(handle);
  size_t room = 0u;
  uint8_t *space = smtpc_stream_space(&link->stream, &room);
  (void)wanted;
  *out = uv_buf_init((char *)space, (unsigned)room);
}

static void stop_reading(smtpc_net_link *link) {
  if (link->reading != 0u) {
    (void)uv_read_stop((uv_stream_t *)&link->tcp);
    link->reading = 0u;
  }
}

static void drain(smtpc_net_link *link, size_t len) {
  link->drained += len;
  smtpc_stream_drop(&link->stream);
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
    smtpc_stream_end(&link->stream,
                     len == UV_EOF ? SMTPC_STREAM_ENDED : SMTPC_STREAM_RESET);
  } else {
    smtpc_stream_arrived(&link->stream, (size_t)len);
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
  const int wanted = link->life < SMTPC_NET_CLOSING &&
                     link->stream.ending == SMTPC_STREAM_OPEN &&
                     smtpc_stream_has_space(&link->stream) != 0;
  if (wanted == 0) {
    stop_reading(link);
  } else if (link->reading == 0u) {
    const int status =
        uv_read_start((uv_stream_t *)&link->tcp, on_room, on_read);
    link->reading = status == 0 ? 1u : 0u;
    if (status != 0) {
      smtpc_stream_end(&link->stream, SMTPC_STREAM_RESET);
    }
  }
}

void smtpc_net_link_start(smtpc_net_link *link) {
  (void)uv_tcp_nodelay(&link->tcp, 1);
  set_reading(link);
}

void smtpc_net_link_take(smtpc_net_link *link, size_t len) {
  link->block += len;
  smtpc_stream_take(&link->stream, len);
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
  const int sent = smtpc_stream_is_idle(&link->stream);
  if (link->life >= SMTPC_NET_CLOSING) {
    return;
  }
  if (link->stream.muted != 0u ||
      (sent != 0 && link->stream.ending != SMTPC_STREAM_OPEN)) {
    smtpc_net_link_drop(link);
    return;
  }
  if (sent != 0 && link->shut == 0u) {
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
  smtpc_stream_close(&link->stream);
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
  smtpc_stream_free(&link->stream);
  uv_close((uv_handle_t *)&link->tcp, on_closed);
  uv_close((uv_handle_t *)&link->timer, on_closed);
  uv_close((uv_handle_t *)&link->total, on_closed);
}
