// Stream: the octets of one connection, between a network and a session, in clear or
// under TLS. It does no I/O: whoever owns the socket puts in what arrived and takes out
// what is to be sent (`shim/net` over libuv, a firmware over its own transport, the fuzz
// targets over memory). TLS is any engine behind `smtpcore/tls.h`.
//
//     network                                              session
//     _space, _arrived, _ended  ->  in [-> engine] -> plain  ->  _peek, _take, _event
//     _parts, _sent             <-  out ring  [<- engine]    <-  _room, _send
//
// `channel` is the one place that says where octets go. Reading, peeking, writing,
// flushing and closing all depend on it, and it moves in one direction only (law
// ONEWAY; THREATS: TLS-03). What was read and not taken when TLS starts is the engine's,
// never the session's (law DRAIN).
//
// A stream is plain data but for its engine. It is not to be copied.
#ifndef SMTPCORE_SHIM_STREAM_STREAM_H
#define SMTPCORE_SHIM_STREAM_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include "smtpcore/tls.h"

#define SMTPC_STREAM_IN_MAX 16384u    // octets that arrived and were not taken
#define SMTPC_STREAM_PLAIN_MAX 8192u  // decrypted octets that were not taken
#define SMTPC_STREAM_OUT_MAX 16384u   // octets that were not sent
#define SMTPC_STREAM_OUT_LOW 2048u    // with less room nothing new is made

typedef enum smtpc_stream_channel {
  SMTPC_STREAM_CLEAR = 0,  // octets are the session's
  SMTPC_STREAM_HANDSHAKE =
      1,                   // octets are the engine's, none are the session's
  SMTPC_STREAM_TLS = 2,    // octets are the engine's, decrypted the session's
  SMTPC_STREAM_BROKEN = 3  // only what the engine still has to say goes out
} smtpc_stream_channel;

// smtpc_stream_event is what happened to the stream, once, in its place among octets.
typedef enum smtpc_stream_event {
  SMTPC_STREAM_EVENT_NONE = 0,
  SMTPC_STREAM_EVENT_TLS_UP = 1,      // `facts`
  SMTPC_STREAM_EVENT_TLS_FAILED = 2,  // `facts.failure`
  SMTPC_STREAM_EVENT_END = 3,         // end of the stream, as it should be
  SMTPC_STREAM_EVENT_TORN = 4         // end without close_notify, or a reset
} smtpc_stream_event;

// smtpc_stream_ending is what became of the peer's side.
typedef enum smtpc_stream_ending {
  SMTPC_STREAM_OPEN = 0,
  SMTPC_STREAM_ENDED = 1,  // it is at its end
  SMTPC_STREAM_RESET = 2   // the connection broke
} smtpc_stream_ending;

typedef struct smtpc_stream {
  smtpc_tls *tls;
  smtpc_tls_facts facts;
  uint64_t octets_in;   // that arrived
  uint64_t octets_out;  // that were made to be sent
  size_t in_begin;      // `in[in_begin .. in_end)` waits
  size_t in_end;
  size_t plain_begin;
  size_t plain_end;
  size_t out_begin;  // `out` is a ring
  size_t out_len;
  size_t held;        // octets at its front that somebody is sending
  uint8_t channel;    // an smtpc_stream_channel
  uint8_t event;      // an smtpc_stream_event that waits to be taken
  uint8_t ending;     // an smtpc_stream_ending
  uint8_t muted;      // 1: nothing is sent any more
  uint8_t tls_waits;  // 1: the engine may hold octets to be sent
  uint8_t over;       // 1: the end was told
  uint8_t in[SMTPC_STREAM_IN_MAX];
  uint8_t plain[SMTPC_STREAM_PLAIN_MAX];
  uint8_t out[SMTPC_STREAM_OUT_MAX];
} smtpc_stream;

// smtpc_stream_init makes a stream fresh: in clear, nothing in it. Its arrays are left
// as they are. What it held before must have been freed.
void smtpc_stream_init(smtpc_stream *stream);

// smtpc_stream_free ends the engine. The stream says nothing more; the caller wipes its
// memory, in which decrypted octets may lie.
void smtpc_stream_free(smtpc_stream *stream);

// ------------------------------------------------------------- the network's side

// smtpc_stream_space returns where octets from the network may be put, and how many:
// `*out_len`, 0 when there is no room until some are taken. `smtpc_stream_arrived` says
// that `len` of them, at most so many, were put there.
uint8_t *smtpc_stream_space(smtpc_stream *stream, size_t *out_len);
void smtpc_stream_arrived(smtpc_stream *stream, size_t len);

// smtpc_stream_has_space returns 1 when there is room, or will be after moving.
int smtpc_stream_has_space(const smtpc_stream *stream);

// smtpc_stream_drop drops what arrived and was not taken.
void smtpc_stream_drop(smtpc_stream *stream);

// smtpc_stream_end says that the peer's octets have ended. A reset also mutes. Later
// calls change nothing.
void smtpc_stream_end(smtpc_stream *stream, smtpc_stream_ending how);

// smtpc_stream_part is octets to be sent. They are the stream's, and stay until they are
// said to be sent or the stream is muted.
typedef struct smtpc_stream_part {
  const uint8_t *data;
  size_t len;
} smtpc_stream_part;

// smtpc_stream_parts moves what the engine holds to the ring, sets `parts`, in their
// order, and returns how many there are: 0 to 2. `smtpc_stream_hold` says that somebody
// is sending the first `len` octets of them, so that they must stay where they are, also
// when the stream is muted. `smtpc_stream_sent` says that the first `len` octets went
// out, and that nobody is sending any more.
unsigned smtpc_stream_parts(smtpc_stream *stream, smtpc_stream_part parts[2]);
void smtpc_stream_hold(smtpc_stream *stream, size_t len);
void smtpc_stream_sent(smtpc_stream *stream, size_t len);

// smtpc_stream_is_idle returns 1 when nothing waits to be sent.
int smtpc_stream_is_idle(const smtpc_stream *stream);

// smtpc_stream_mute makes the stream drop all that is and will be sent, but for what is
// held.
void smtpc_stream_mute(smtpc_stream *stream);

// ------------------------------------------------------------- the session's side

// smtpc_stream_peek sets `*out_data` to octets for the session, and returns how many
// there are: 0, none. They stay until the next peek. It goes on with the handshake and
// decrypts, as far as what arrived allows.
size_t smtpc_stream_peek(smtpc_stream *stream, const uint8_t **out_data);

// smtpc_stream_take takes `len` of the octets that were peeked.
void smtpc_stream_take(smtpc_stream *stream, size_t len);

// smtpc_stream_take_event returns what happened after the octets that were peeked, and
// forgets it. Call it when `_peek` returned 0.
smtpc_stream_event smtpc_stream_take_event(smtpc_stream *stream);

// smtpc_stream_room returns how many octets may be sent now; 0: none until some went
// out. A muted stream has room always.
size_t smtpc_stream_room(smtpc_stream *stream);

// smtpc_stream_send sends `len` octets, at most what `_room` returned, on `channel` (an
// smtpc_channel). It returns 1, or 0 when that channel is not the one in force or the
// octets do not fit: then nothing was sent and nothing ever will be.
int smtpc_stream_send(smtpc_stream *stream, unsigned channel,
                      const uint8_t *data, size_t len);

// smtpc_stream_start_tls switches to TLS, for good. Octets that arrived and were not
// taken are the engine's. It never fails: what goes wrong is a TLS_FAILED event.
void smtpc_stream_start_tls(smtpc_stream *stream, smtpc_tls_context *ctx,
                            const smtpc_tls_peer *peer);

// smtpc_stream_binding writes the TLS channel's binding `kind` (an smtpc_binding) to
// `out[0 .. SMTPC_BINDING_MAX)` and returns its length; 0: there is none.
size_t smtpc_stream_binding(const smtpc_stream *stream, unsigned kind,
                            uint8_t *out);

// smtpc_stream_close ends what we say: close_notify under TLS. What waits is still to be
// sent; what arrived is dropped.
void smtpc_stream_close(smtpc_stream *stream);

#endif  // SMTPCORE_SHIM_STREAM_STREAM_H
