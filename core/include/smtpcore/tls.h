// TLS: the interface between the sessions' shims and a TLS library.
//
// The core never calls these functions and has no code for them. A shim that
// moves bytes (sockets, tests, fuzz targets, a firmware's own transport) calls
// them; one shim for each TLS library implements them (`shim/boringssl`). No type
// of any TLS library is in sight, so a firmware can write another one.
//
// The engine works over memory. Ciphertext that came from the peer is pushed in,
// ciphertext for the peer is pulled out, and in between the handshake and the
// clear octets are stepped:
//
//     smtpc_tls *tls = NULL;
//     if (smtpc_tls_open(&tls, ctx, &peer) != SMTPC_OK) ...    // START_TLS
//     loop:
//       smtpc_tls_push(tls, from_socket, n, &used);
//       state = smtpc_tls_handshake(tls, &facts);              // until UP or FAILED
//       while (smtpc_tls_pull(tls, buf, sizeof buf, &n) == SMTPC_OK && n > 0)
//         write n octets to the socket;
//     then smtpc_tls_read and smtpc_tls_write carry the session's octets;
//     smtpc_tls_close sends close_notify; smtpc_tls_free ends it.
//
// An engine that has failed or was closed by the peer stays so: TLS never goes
// off again on a connection (law ONEWAY).
#ifndef SMTPCORE_TLS_H
#define SMTPCORE_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "smtpcore/status.h"

#ifdef __cplusplus
extern "C" {
#endif

// SMTPC_TLS_NAME_MAX is the longest host name for SNI and for the name check
// (RFC 1035 section 2.3.4: 255 octets on the wire, 253 as text).
#define SMTPC_TLS_NAME_MAX 253u

// smtpc_tls_version numbers the protocol versions as the wire does.
typedef enum smtpc_tls_version {
  SMTPC_TLS_VERSION_NONE = 0,
  SMTPC_TLS_1_0 = 0x0301,
  SMTPC_TLS_1_1 = 0x0302,
  SMTPC_TLS_1_2 = 0x0303,
  SMTPC_TLS_1_3 = 0x0304
} smtpc_tls_version;

typedef enum smtpc_tls_role {
  SMTPC_TLS_SERVER = 0,
  SMTPC_TLS_CLIENT = 1
} smtpc_tls_role;

// smtpc_tls_state is where an engine stands.
typedef enum smtpc_tls_state {
  SMTPC_TLS_HANDSHAKING = 0,  // push and pull go on
  SMTPC_TLS_UP = 1,           // `smtpc_tls_facts` is filled
  SMTPC_TLS_FAILED = 2,       // `smtpc_tls_facts.failure` says why; it is the end
  SMTPC_TLS_CLOSED = 3        // the peer sent close_notify; it is the end
} smtpc_tls_state;

// SMTPC_TLS_FAILURE_LIST(X) is X(identifier, "stable-name", "what it means").
// The device codes of a sender hang on the first three (`smtpcore/registry.h`).
//
// The peer's alert handshake_failure counts as NO_COMMON_CIPHER in both roles,
// because that is what it means; but at a client that was asked for a certificate
// it counts as CLIENT_CERTIFICATE. A server hears of a client that does not trust
// its certificate as CERTIFICATE or CERTIFICATE_TIME. Under TLS 1.3 a server can
// only demand a client certificate after the client is UP: CLIENT_CERTIFICATE
// then comes from `smtpc_tls_read` or `smtpc_tls_end_of_stream`.
#define SMTPC_TLS_FAILURE_LIST(X)                                              \
  X(NONE, "none", "no failure")                                                \
  X(NO_COMMON_CIPHER, "no-common-cipher",                                      \
    "no encryption algorithm or group in common")                              \
  X(NO_COMMON_VERSION, "no-common-version",                                    \
    "no protocol version in common")                                           \
  X(CLIENT_CERTIFICATE, "client-certificate",                                  \
    "the server asked for a client certificate")                               \
  X(CERTIFICATE, "certificate",                                                \
    "the certificate chain is not trusted")                                    \
  X(CERTIFICATE_TIME, "certificate-time",                                      \
    "the certificate is expired or not yet valid")                             \
  X(NAME, "name", "the certificate is for another name")                       \
  X(NOT_TLS, "not-tls", "the peer's octets are not TLS")                       \
  X(ALPN, "alpn", "no application protocol in common")                         \
  X(ALERT, "alert", "the peer sent a fatal alert")                             \
  X(PROTOCOL, "protocol", "the peer broke the TLS protocol")                   \
  X(TRUNCATED, "truncated", "the stream ended without close_notify")           \
  X(INTERNAL, "internal", "the TLS library failed for a reason of its own")

typedef enum smtpc_tls_failure {
#define SMTPC_TLS_FAILURE_ENUM(id, name, meaning) SMTPC_TLS_FAILURE_##id,
  SMTPC_TLS_FAILURE_LIST(SMTPC_TLS_FAILURE_ENUM)
#undef SMTPC_TLS_FAILURE_ENUM
  SMTPC_TLS_FAILURE_COUNT
} smtpc_tls_failure;

// SMTPC_BINDING_LIST(X) is X(identifier, "name", "clause"): what ties an exchange of
// authentication to the TLS channel that carries it. The name is the one that
// SCRAM's messages have.
#define SMTPC_BINDING_LIST(X)                             \
  X(EXPORTER, "tls-exporter", "RFC 9266 section 2")       \
  X(END_POINT, "tls-server-end-point", "RFC 5929 section 4.1")

typedef enum smtpc_binding {
  SMTPC_BINDING_NONE = 0,
#define SMTPC_BINDING_ENUM(id, name, clause) SMTPC_BINDING_##id,
  SMTPC_BINDING_LIST(SMTPC_BINDING_ENUM)
#undef SMTPC_BINDING_ENUM
  SMTPC_BINDING_COUNT
} smtpc_binding;

// SMTPC_BINDING_MAX is the longest binding: a SHA-512 of a certificate.
#define SMTPC_BINDING_MAX 64u

// smtpc_tls_facts is what a session may know of a handshake.
typedef struct smtpc_tls_facts {
  uint16_t version;      // an smtpc_tls_version; 0 until UP
  uint16_t cipher;       // IANA number of the cipher suite; 0 until UP
  uint8_t failure;       // an smtpc_tls_failure; why FAILED, or, when UP, what
                         // `verify` would have failed with
  uint8_t chain_ok;      // 1: the chain leads to a trusted root and is in date
  uint8_t name_ok;       // 1: the certificate is for `smtpc_tls_peer.name`
  uint8_t resumed;       // 1: the session was resumed
} smtpc_tls_facts;
SMTPC_SIZE_GUARD(smtpc_tls_facts, 8u, 8u);

// smtpc_tls_peer is what is wanted of one connection. Plain data, copied. The name
// is a host name or the text of an IP address, which is then checked as such and
// not sent. A server has `verify` 0 and no name; `verify` 1 wants a name.
typedef struct smtpc_tls_peer {
  uint8_t role;          // an smtpc_tls_role
  uint8_t verify;        // client: 1 makes a bad chain or name a failure;
                         // 0 goes on, with chain_ok and name_ok as found
  uint16_t min_version;  // an smtpc_tls_version; SMTPC_TLS_1_2 unless a policy
                         // field says otherwise
  uint16_t name_len;     // client: the name for SNI and for the check; 0: none
  uint8_t name[SMTPC_TLS_NAME_MAX];
} smtpc_tls_peer;
SMTPC_SIZE_GUARD(smtpc_tls_peer, 260u, 260u);

// smtpc_tls_context holds certificates, keys and trusted roots for many
// connections. Each TLS shim defines it and says how one is made.
typedef struct smtpc_tls_context smtpc_tls_context;

// smtpc_tls is one connection's engine. Each TLS shim defines it.
typedef struct smtpc_tls smtpc_tls;

// smtpc_tls_open makes an engine in `*out` for one connection of `peer->role`.
//
// It returns SMTPC_OK; SMTPC_E_ARGUMENT when `peer` is out of range, when its
// name is neither a host name (letters, digits, hyphens, dots; the last label not
// a number) nor an IP address, or when a server's context has no certificate;
// SMTPC_E_INTERNAL when the library has no memory.
// On any return but SMTPC_OK `*out` is NULL.
//
// Ownership: `*out` belongs to the caller, who ends it with `smtpc_tls_free`.
// `ctx` must outlive it. `peer` is copied.
SMTPC_NODISCARD smtpc_status smtpc_tls_open(smtpc_tls **out,
                                            smtpc_tls_context *ctx,
                                            const smtpc_tls_peer *peer);

// smtpc_tls_push gives `len` octets of ciphertext from the peer to the engine
// and sets `*out_used` to how many it took; the others are to be pushed again
// after reading. It returns SMTPC_OK; SMTPC_E_STATE when the engine has ended, or
// ends now because the handshake has had more octets than a stated limit;
// SMTPC_E_ARGUMENT for a NULL. On any return but SMTPC_OK `*out_used` is 0.
SMTPC_NODISCARD smtpc_status smtpc_tls_push(smtpc_tls *tls, const uint8_t *data,
                                            size_t len, size_t *out_used);

// smtpc_tls_pull moves at most `cap` octets of ciphertext for the peer to `out`
// and sets `*out_len`, which is 0 when nothing waits. It works in every state: an
// alert must reach the peer. It returns SMTPC_OK, or SMTPC_E_ARGUMENT for a NULL.
SMTPC_NODISCARD smtpc_status smtpc_tls_pull(smtpc_tls *tls, uint8_t *out,
                                            size_t cap, size_t *out_len);

// smtpc_tls_handshake goes on with the handshake as far as the pushed octets
// allow, and returns the state. On SMTPC_TLS_UP and SMTPC_TLS_FAILED it fills
// `*out`; else it leaves it as it was; NULL is allowed. Calling it again after UP
// returns UP.
smtpc_tls_state smtpc_tls_handshake(smtpc_tls *tls, smtpc_tls_facts *out);

// smtpc_tls_read moves at most `cap` clear octets from the peer to `out` and
// sets `*out_len`, which is 0 when more ciphertext is needed. It returns
// SMTPC_TLS_UP; SMTPC_TLS_CLOSED after close_notify; SMTPC_TLS_FAILED after an
// alert or a broken record (`smtpc_tls_failure_of` says which); or
// SMTPC_TLS_HANDSHAKING when called too early, with `*out_len` 0.
smtpc_tls_state smtpc_tls_read(smtpc_tls *tls, uint8_t *out, size_t cap,
                               size_t *out_len);

// smtpc_tls_write encrypts all of `data`. It returns SMTPC_OK; SMTPC_E_STATE when
// the engine is not up or `smtpc_tls_close` was called, in which case nothing was
// taken; SMTPC_E_ARGUMENT for a NULL; SMTPC_E_INTERNAL when the library has no
// memory, which ends the engine.
SMTPC_NODISCARD smtpc_status smtpc_tls_write(smtpc_tls *tls,
                                             const uint8_t *data, size_t len);

// smtpc_tls_end_of_stream tells the engine that the peer's octets have ended
// without close_notify. It returns the state after it: SMTPC_TLS_CLOSED if
// close_notify had come before, else SMTPC_TLS_FAILED: TRUNCATED, or what an alert
// among the pushed octets says. Clear octets that were not read before are lost.
smtpc_tls_state smtpc_tls_end_of_stream(smtpc_tls *tls);

// smtpc_tls_close queues close_notify for `smtpc_tls_pull`, once. It does nothing
// when the engine is not up, unless the peer closed it. Reading goes on.
void smtpc_tls_close(smtpc_tls *tls);

// smtpc_tls_binding writes the channel binding `kind` (an smtpc_binding) of an
// engine that is up into `out[0 .. cap)` and sets `*out_len`.
//
// It returns SMTPC_OK; SMTPC_E_STATE when the engine is not up, or the channel has no
// such binding (tls-exporter before TLS 1.3 without the extended master secret, a
// resumed session for tls-server-end-point); SMTPC_E_ARGUMENT for another kind;
// SMTPC_E_ROOM. On an error `*out_len` is 0.
//= RFC 9266 section 2
//= RFC 5929 section 4.1
SMTPC_NODISCARD smtpc_status smtpc_tls_binding(smtpc_tls *tls, unsigned kind,
                                               uint8_t *out, size_t cap,
                                               size_t *out_len);

// smtpc_binding_name returns the name of a binding kind as SCRAM writes it, or "".
// The core defines it (`core/session.c`), not the shim.
const char *smtpc_binding_name(unsigned kind);

// smtpc_tls_failure_of returns why the engine failed, or NONE.
smtpc_tls_failure smtpc_tls_failure_of(const smtpc_tls *tls);

// smtpc_tls_free ends an engine and wipes its keys. NULL is allowed.
void smtpc_tls_free(smtpc_tls *tls);

#ifdef __cplusplus
}  // extern "C"
#endif

#endif  // SMTPCORE_TLS_H
