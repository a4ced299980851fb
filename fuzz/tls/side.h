// Side: one end of a connection as a product has it, over memory: a session in its world
// (fuzz/harness/world.h), shim/stream, and an engine of shim/boringssl.
//
// The owner carries octets between the wire and the side. The side gives its session
// what the stream has for it, does what the session asks, and watches what can be seen
// of the two together:
//
//   EPOCH     each decrypted octet is one that the peer's engine was given, in order;
//             none comes before the handshake's end
//   DRAIN     when TLS starts, all that was said in clear is on the wire, and nothing
//             of what arrived reaches the session but through the engine
//   ONEWAY    from there on the wire carries whole TLS records and nothing else, and a
//             stream never comes back
//   FAILSTOP  between the two, and after a failure, the session says nothing
//   POLICY    the facts of a handshake are those of the certificate that was shown, a
//             client that verifies is never up with a bad one, no version is below the
//             floor, nothing is resumed; a ClientHello offers, and a ServerHello takes,
//             nothing else either (hello.h); what was lost is a finding
//   SECRET    the password is not on the wire once TLS has begun
//   BOUNDS    nothing waits with octets at hand
//
// The laws of the session itself are its world's.
#ifndef SMTPCORE_FUZZ_TLS_SIDE_H
#define SMTPCORE_FUZZ_TLS_SIDE_H

#include <stddef.h>
#include <stdint.h>

#include "fuzz/harness/script.h"
#include "fuzz/harness/world.h"
#include "shim/mem/mem.h"
#include "shim/stream/stream.h"

// TLS_SIDES_WHATEVER stands for a fact that the owner does not foretell.
#define TLS_SIDE_WHATEVER (-1)

// tls_side_truth is what the owner knows of the peer's engine. What is of the handshake
// may change until that has ended.
typedef struct tls_side_truth {
  const smtpc_octets *said;  // all that it was given to encrypt; NULL: nothing
  int may_come_up;           // 0: no handshake can end well
  int chain_ok;              // client: what must be found, or TLS_SIDE_WHATEVER
  int name_ok;
  int clean;  // how the end of the stream under TLS must be told, or TLS_SIDE_WHATEVER
} tls_side_truth;

typedef struct tls_side {
  smtpc_tls_role role;
  world_server *server;  // the one of its role; the other is NULL
  world_client *client;
  smtpc_tls_context *context;
  smtpc_tls_peer peer;
  tls_side_truth truth;
  smtpc_octets wire;      // all that it put on the wire
  size_t wire_clear;      // octets of it before TLS
  size_t wire_up;         // octets of it when TLS came up
  size_t record_at;       // where in `wire` the next record begins
  size_t last_record_at;  // where the last whole one begins
  smtpc_octets came;      // the first of the octets that arrived
  size_t said;            // octets of the session's output that were sent
  size_t heard_clear;     // octets that the session took in clear
  size_t heard;           // decrypted octets that it took
  size_t cut;             // pieces that the session gets; 0: as they come
  size_t turns;           // counts the inputs of the session
  uint8_t started;        // 1: TLS was begun
  uint8_t up;             // 1: it came up
  uint8_t failed;         // 1: it failed, before or after that
  uint8_t closed;         // 1: the session has ended and the stream was closed
  uint8_t ended;          // 1: the stream's end was told
  uint8_t canary;         // 1: the script does not say the password
  uint8_t
      bound[SMTPC_BINDING_MAX];  // the channel binding tls-exporter, likewise
  size_t bound_len;
  smtpc_tls_facts facts;  // when it came up
  smtpc_stream stream;
} tls_side;

// tls_side_begin_server and tls_side_begin_client begin a session in `slot` of its world
// and run it to its first wait. `*side` is zero, or was given to `tls_side_end`. What is
// given is borrowed until then. A client checks certificates when its policy says
// `verified`; the name that it wants is that of `tls->name`. Engines take no version
// below `tls->floor`. The truth is that nobody can come up until the owner says other.
void tls_side_begin_server(tls_side *side, unsigned slot, const script *in,
                           const smtpc_server_policy *policy,
                           const script_tls *tls, smtpc_tls_context *context);
void tls_side_begin_client(tls_side *side, unsigned slot, const script *in,
                           const smtpc_client_policy *policy,
                           const script_tls *tls, smtpc_tls_context *context);

// tls_side_give lets octets arrive, and runs on. Those for a closed side are lost.
void tls_side_give(tls_side *side, const uint8_t *data, size_t len);

// tls_side_hang_up says that what arrives has ended: like a FIN, or, when `reset`, a RST.
void tls_side_hang_up(tls_side *side, int reset);

// tls_side_input gives an input that is no octets and is not of TLS: a deadline, a
// shutdown, or misuse.
void tls_side_input(tls_side *side, const smtpc_input *input);

// tls_side_where says what the session waits for; tls_side_is_closed returns 1 when it
// is closed.
smtpc_mem_where tls_side_where(const tls_side *side);
int tls_side_is_closed(const tls_side *side);

// tls_side_output returns all that the session said; `*out_clear` is how much in clear.
const smtpc_octets *tls_side_output(const tls_side *side, size_t *out_clear);

// tls_side_has_finding returns 1 when the client reported `finding`.
int tls_side_has_finding(const tls_side *side, unsigned finding);

// tls_side_must_have_heard checks law BOUNDS at a moment at which all that the peer's
// engine was given has arrived, whole and unchanged: the session took all of it, unless
// it is closed or waits for something else.
void tls_side_must_have_heard(const tls_side *side);

// tls_side_end watches what can be watched only at the end and ends world, stream and
// engine. The wire keeps its memory for the next time, unless it grew large.
void tls_side_end(tls_side *side);

#endif  // SMTPCORE_FUZZ_TLS_SIDE_H
