// Link: one TCP connection, in clear or under TLS, over libuv. Internal to this
// folder: the receiver and the sender drive a session over it.
//
// The owner's `wake` is called whenever something happened: octets came, octets
// went, a deadline passed, the peer ended. The owner then asks for what there is
// (`_peek`, `_event`, `fired`), steps its session, and calls `_pump` at the end.
//
// `channel` is the one place that says where octets go. Reading, peeking, writing,
// flushing and closing all depend on it, and it moves in one direction only
// (law ONEWAY; THREATS: TLS-03).
#ifndef SMTPCORE_SHIM_NET_LINK_H
#define SMTPCORE_SHIM_NET_LINK_H

#include <stdint.h>
#include <uv.h>

#include "shim/net/net.h"
#include "smtpcore/tls.h"

#define SMTPC_NET_LINK_IN_MAX 16384u     // octets read and not yet taken
#define SMTPC_NET_LINK_PLAIN_MAX 8192u   // decrypted octets not yet taken
#define SMTPC_NET_LINK_OUT_MAX 16384u    // octets not yet sent
#define SMTPC_NET_LINK_OUT_LOW 2048u     // with less room nothing new is made
#define SMTPC_NET_LINK_LINGER_MAX 262144u // octets to drain at the end

typedef enum smtpc_net_channel {
  SMTPC_NET_CLEAR = 0,      // octets are the session's
  SMTPC_NET_HANDSHAKE = 1,  // octets are the engine's, none are the session's
  SMTPC_NET_TLS = 2,        // octets are the engine's, decrypted the session's
  SMTPC_NET_BROKEN = 3      // only what the engine still has to say goes out
} smtpc_net_channel;

typedef enum smtpc_net_life {
  SMTPC_NET_OPEN = 0,
  SMTPC_NET_FLUSHING = 1,   // the last octets go out
  SMTPC_NET_LINGERING = 2,  // our side is shut; the peer's octets are drained
  SMTPC_NET_CLOSING = 3,    // handles are being closed
  SMTPC_NET_GONE = 4
} smtpc_net_life;

// smtpc_net_event is what happened to the stream, once, in its place among octets.
typedef enum smtpc_net_event {
  SMTPC_NET_EVENT_NONE = 0,
  SMTPC_NET_EVENT_TLS_UP = 1,      // `facts`
  SMTPC_NET_EVENT_TLS_FAILED = 2,  // `facts.failure`
  SMTPC_NET_EVENT_END = 3,         // end of the stream, as it should be
  SMTPC_NET_EVENT_TORN = 4         // end without close_notify, or a reset
} smtpc_net_event;

typedef struct smtpc_net_link smtpc_net_link;

struct smtpc_net_link {
  uv_tcp_t tcp;
  uv_timer_t timer;   // of the deadline at hand, then of the end
  uv_timer_t total;   // of the whole session
  uv_write_t write;
  uv_shutdown_t shutdown;
  void (*wake)(smtpc_net_link *link);
  void (*gone)(smtpc_net_link *link);  // all handles are closed
  void *owner;
  smtpc_tls *tls;
  smtpc_tls_facts facts;
  uint64_t octets_in;
  uint64_t octets_out;
  size_t in_begin;
  size_t in_end;
  size_t plain_begin;
  size_t plain_end;
  size_t out_begin;   // `out` is a ring
  size_t out_len;
  size_t flying;      // octets at its front that libuv has
  size_t drained;     // while lingering
  size_t block;       // octets taken since the deadline was set
  uint32_t linger_ms;
  uint8_t channel;    // an smtpc_net_channel
  uint8_t life;       // an smtpc_net_life
  uint8_t event;      // an smtpc_net_event that waits to be taken
  uint8_t ended;      // 1: the peer's stream is at its end; 2: it broke
  uint8_t muted;      // 1: nothing is sent any more
  uint8_t reading;    // 1: libuv reads
  uint8_t tls_waits;  // 1: the engine may hold octets to be sent
  uint8_t over;       // 1: the end was told
  uint8_t fired;      // 1: a deadline has passed
  uint8_t armed;      // the smtpc_deadline that runs, plus 1; 0: none
  uint8_t moved;      // 1: octets went out since the deadline was set
  uint8_t shut;       // 1: our side's end was asked for
  uint8_t handles;    // that are open
  uint8_t in[SMTPC_NET_LINK_IN_MAX];
  uint8_t plain[SMTPC_NET_LINK_PLAIN_MAX];
  uint8_t out[SMTPC_NET_LINK_OUT_MAX];
};

// smtpc_net_link_init makes the handles of an all-zero link whose `wake`, `gone` and
// `owner` are set. It returns 0, or libuv's error; then nothing is open.
int smtpc_net_link_init(smtpc_net_link *link, uv_loop_t *loop);

// smtpc_net_link_start begins reading on a connected link.
void smtpc_net_link_start(smtpc_net_link *link);

// smtpc_net_link_peek sets `*out_data` to octets for the session, and returns how
// many there are: 0, none. They stay until the next peek.
size_t smtpc_net_link_peek(smtpc_net_link *link, const uint8_t **out_data);

// smtpc_net_link_take takes `len` of the octets that were peeked.
void smtpc_net_link_take(smtpc_net_link *link, size_t len);

// smtpc_net_link_event returns what happened after the octets that were peeked, and
// forgets it. Call it when `_peek` returned 0.
smtpc_net_event smtpc_net_link_event(smtpc_net_link *link);

// smtpc_net_link_room returns how many octets may be sent now; 0: the link is stalled
// until octets went out. A muted link has room always.
size_t smtpc_net_link_room(smtpc_net_link *link);

// smtpc_net_link_send sends `len` octets, at most what `_room` returned, on `channel`
// (an smtpc_channel). It returns 1, or 0 when that channel is not the one in force
// or the octets do not fit: then nothing was sent and nothing ever will be.
int smtpc_net_link_send(smtpc_net_link *link, unsigned channel,
                        const uint8_t *data, size_t len);

// smtpc_net_link_start_tls switches to TLS, for good. Octets that were read and not
// taken are the engine's. It never fails: what goes wrong is a TLS_FAILED event.
void smtpc_net_link_start_tls(smtpc_net_link *link, smtpc_tls_context *ctx,
                              const smtpc_tls_peer *peer);

// smtpc_net_link_binding writes the TLS channel's binding `kind` (an smtpc_binding) to
// `out[0 .. SMTPC_BINDING_MAX)` and returns its length; 0: there is none.
size_t smtpc_net_link_binding(const smtpc_net_link *link, unsigned kind,
                              uint8_t *out);

// smtpc_net_link_await sets the deadline `kind`, of `seconds` (0: none), unless it
// runs already; with `anew` it starts again. `_rest` stops it.
void smtpc_net_link_await(smtpc_net_link *link, unsigned kind, uint32_t seconds,
                          int anew);
void smtpc_net_link_rest(smtpc_net_link *link);

// smtpc_net_link_limit starts the timer of the whole session; 0: none.
void smtpc_net_link_limit(smtpc_net_link *link, uint32_t seconds);

// smtpc_net_link_mute makes the link drop all that is and will be sent.
void smtpc_net_link_mute(smtpc_net_link *link);

// smtpc_net_link_pump moves octets out, and starts or stops reading.
void smtpc_net_link_pump(smtpc_net_link *link);

// smtpc_net_link_finish ends the connection: what waits is sent, close_notify under
// TLS, our side is shut, the peer's octets are drained for at most `linger_ms`, the
// handles are closed, and `gone` is called, never from within this call.
void smtpc_net_link_finish(smtpc_net_link *link);

// smtpc_net_link_drop closes the handles at once; `gone` follows.
void smtpc_net_link_drop(smtpc_net_link *link);

#endif  // SMTPCORE_SHIM_NET_LINK_H
