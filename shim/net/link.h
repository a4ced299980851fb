// Link: one TCP connection, in clear or under TLS, over libuv. Internal to this
// folder: the receiver and the sender drive a session over it.
//
// The owner's `wake` is called whenever something happened: octets came, octets
// went, a deadline passed, the peer ended. The owner then asks `stream` for what there
// is (`smtpc_stream_peek`, `_take_event`), and for `fired`, steps its session, and calls
// `_pump` at the end.
//
// Where octets go, in clear or under TLS, is `shim/stream`'s business; this file moves
// them between it and libuv.
#ifndef SMTPCORE_SHIM_NET_LINK_H
#define SMTPCORE_SHIM_NET_LINK_H

#include <stdint.h>
#include <uv.h>

#include "shim/net/net.h"
#include "shim/stream/stream.h"

#define SMTPC_NET_LINK_LINGER_MAX 262144u  // octets to drain at the end

typedef enum smtpc_net_life {
  SMTPC_NET_OPEN = 0,
  SMTPC_NET_FLUSHING = 1,   // the last octets go out
  SMTPC_NET_LINGERING = 2,  // our side is shut; the peer's octets are drained
  SMTPC_NET_CLOSING = 3,    // handles are being closed
  SMTPC_NET_GONE = 4
} smtpc_net_life;

typedef struct smtpc_net_link smtpc_net_link;

struct smtpc_net_link {
  uv_tcp_t tcp;
  uv_timer_t timer;  // of the deadline at hand, then of the end
  uv_timer_t total;  // of the whole session
  uv_write_t write;
  uv_shutdown_t shutdown;
  void (*wake)(smtpc_net_link *link);
  void (*gone)(smtpc_net_link *link);  // all handles are closed
  void *owner;
  size_t drained;  // while lingering
  size_t block;    // octets taken since the deadline was set
  uint32_t linger_ms;
  uint8_t life;     // an smtpc_net_life
  uint8_t reading;  // 1: libuv reads
  uint8_t fired;    // 1: a deadline has passed
  uint8_t armed;    // the smtpc_deadline that runs, plus 1; 0: none
  uint8_t moved;    // 1: octets went out since the deadline was set
  uint8_t shut;     // 1: our side's end was asked for
  uint8_t handles;  // that are open
  smtpc_stream stream;
};

// smtpc_net_link_init makes the handles of an all-zero link whose `wake`, `gone` and
// `owner` are set. It returns 0, or libuv's error; then nothing is open.
int smtpc_net_link_init(smtpc_net_link *link, uv_loop_t *loop);

// smtpc_net_link_start begins reading on a connected link.
void smtpc_net_link_start(smtpc_net_link *link);

// smtpc_net_link_take takes `len` of the octets that were peeked, and counts them for
// the deadline.
void smtpc_net_link_take(smtpc_net_link *link, size_t len);

// smtpc_net_link_room is `smtpc_stream_room` after what could go out did; 0: the link is
// stalled until octets went out.
size_t smtpc_net_link_room(smtpc_net_link *link);

// smtpc_net_link_await sets the deadline `kind`, of `seconds` (0: none), unless it
// runs already; with `anew` it starts again. `_rest` stops it.
void smtpc_net_link_await(smtpc_net_link *link, unsigned kind, uint32_t seconds,
                          int anew);
void smtpc_net_link_rest(smtpc_net_link *link);

// smtpc_net_link_limit starts the timer of the whole session; 0: none.
void smtpc_net_link_limit(smtpc_net_link *link, uint32_t seconds);

// smtpc_net_link_pump moves octets out, and starts or stops reading.
void smtpc_net_link_pump(smtpc_net_link *link);

// smtpc_net_link_finish ends the connection: what waits is sent, close_notify under
// TLS, our side is shut, the peer's octets are drained for at most `linger_ms`, the
// handles are closed, and `gone` is called, never from within this call.
void smtpc_net_link_finish(smtpc_net_link *link);

// smtpc_net_link_drop closes the handles at once; `gone` follows.
void smtpc_net_link_drop(smtpc_net_link *link);

#endif  // SMTPCORE_SHIM_NET_LINK_H
