// Net: what the receiver and the sender over sockets have in common.
//
// Both run sessions of the core on one thread, on libuv. Callbacks are made on that
// thread. Octets that a callback gets are borrowed until it returns.
#ifndef SMTPCORE_SHIM_NET_NET_H
#define SMTPCORE_SHIM_NET_NET_H

#include <stddef.h>
#include <stdint.h>

#include "smtpcore/registry.h"
#include "smtpcore/session.h"
#include "smtpcore/status.h"
#include "smtpcore/tls.h"

// SMTPC_NET_ADDRESS_MAX is the room for an address and port as text, NUL included:
// "192.0.2.1:25" or "[2001:db8::1]:25".
#define SMTPC_NET_ADDRESS_MAX 80u

// SMTPC_NET_ERROR_LIST(X) is X(identifier, "stable-name", "what it means"): what may
// keep a receiver from starting, or a sender from reaching its server.
#define SMTPC_NET_ERROR_LIST(X)                                             \
  X(NONE, "none", "no error")                                               \
  X(ARGUMENT, "argument", "an option is out of range or missing")           \
  X(MEMORY, "memory", "no memory")                                          \
  X(RESOLVE, "resolve", "the host name has no address")                     \
  X(ADDRESS, "address", "this machine does not have the address")           \
  X(IN_USE, "in-use", "another program listens on the port")                \
  X(PERMISSION, "permission", "the port needs a right that is not there")   \
  X(CONNECT, "connect", "no address of the server answers")                 \
  X(TIMEOUT, "timeout", "the server could not be reached in time")          \
  X(STOPPED, "stopped", "a signal stopped the program")                     \
  X(SYSTEM, "system", "the system refused something else")

typedef enum smtpc_net_error_kind {
#define SMTPC_NET_ERROR_ENUM(id, name, meaning) SMTPC_NET_##id,
  SMTPC_NET_ERROR_LIST(SMTPC_NET_ERROR_ENUM)
#undef SMTPC_NET_ERROR_ENUM
  SMTPC_NET_ERROR_COUNT
} smtpc_net_error_kind;

// smtpc_net_error is an error and one line of text for a person, without a full
// stop or a newline: what was tried, what the system said.
typedef struct smtpc_net_error {
  smtpc_net_error_kind kind;
  char text[256];
} smtpc_net_error;

// smtpc_net_error_name returns the stable name of `kind`, or "unknown".
const char *smtpc_net_error_name(smtpc_net_error_kind kind);

// smtpc_net_deadlines is how long a session waits for its peer, in seconds, by
// smtpc_deadline. 0: for ever, which a fuzzer or debugger may want.
typedef struct smtpc_net_deadlines {
  uint32_t seconds[SMTPC_DEADLINE_COUNT];
} smtpc_net_deadlines;

// smtpc_net_deadlines_init fills `*out` with the values of the registry.
void smtpc_net_deadlines_init(smtpc_net_deadlines *out);

// SMTPC_NET_BLOCK is how many octets of content start a DATA_BLOCK deadline anew.
// All other deadlines start anew with a whole line only, never with an octet, so a
// peer that sends one octet at a time gains nothing (THREATS: DOS-01).
#define SMTPC_NET_BLOCK 1024u

// smtpc_net_trace_kind says what a trace event is.
typedef enum smtpc_net_trace_kind {
  SMTPC_NET_TRACE_LINE = 0,     // a command, a reply line or a response
  SMTPC_NET_TRACE_CONTENT = 1,  // `len` octets of a message; `data` is NULL
  SMTPC_NET_TRACE_TLS = 2       // encryption begins here
} smtpc_net_trace_kind;

// smtpc_net_trace is one event of the dialogue, in the order in which the session
// saw it.
//
// A line comes whole, without its CRLF; one that was malformed comes empty, and a
// finding says why. It may hold any octet but CR, LF and NUL: whoever prints it must
// escape. With `secret` the line carries a password: `data` then holds only what
// may be shown, such as "AUTH PLAIN", or nothing. Content is counted, never shown.
typedef struct smtpc_net_trace {
  const uint8_t *data;
  uint64_t len;        // octets in `data`; CONTENT: octets of content
  uint8_t kind;        // an smtpc_net_trace_kind
  uint8_t from_peer;   // 1: the peer said it, 0: we did
  uint8_t channel;     // an smtpc_channel
  uint8_t secret;      // 0 or 1
} smtpc_net_trace;

// smtpc_net_stats is what a session did.
typedef struct smtpc_net_stats {
  uint64_t octets_in;     // from the socket, ciphertext included
  uint64_t octets_out;    // to the socket
  uint64_t content;       // octets of content
  uint32_t lines;         // whole lines taken from the peer
  uint32_t messages;      // receiver: stored; sender: accepted by the server
  uint32_t findings;      // findings reported
} smtpc_net_stats;

// smtpc_net_finding is one finding of a session.
typedef struct smtpc_net_finding {
  uint64_t pos;      // offset of the octet in the stream of `channel`
  uint8_t finding;   // an smtpc_finding
  uint8_t channel;   // an smtpc_channel
} smtpc_net_finding;

// smtpc_net_end is how a session ended.
typedef struct smtpc_net_end {
  smtpc_net_stats stats;
  smtpc_tls_facts tls;    // of the last handshake; all zero: none was tried
  uint8_t reason;         // an smtpc_end
  uint8_t finding;        // an smtpc_finding that goes with it
  uint8_t device;         // an smtpc_device that goes with it
  uint8_t encrypted;      // 1: TLS was up at the end
  uint8_t authenticated;  // 1: AUTH succeeded on the channel in force at the end
} smtpc_net_end;

// smtpc_net_visible returns how many octets at the front of a line that carries a
// password may be shown: those of "AUTH" and a mechanism of the registry, else 0.
size_t smtpc_net_visible(const uint8_t *line, size_t len);

#endif  // SMTPCORE_SHIM_NET_NET_H
