// Peer: the other end of TLS, made of BoringSSL itself and of nothing of the shim.
//
// It is an honest end or an attacker's: the owner carries octets between it and the side
// that is fuzzed. It does what its `script_tls` says (script.h): identity, versions, name,
// protocols, records, tickets, early data, suites, groups. It trusts everybody.
//
// What the side must never give it, it watches itself: a ticket, a session that was
// resumed, early data that were taken (RESET), a client's certificate (SECRET).
#ifndef SMTPCORE_FUZZ_TLS_PEER_H
#define SMTPCORE_FUZZ_TLS_PEER_H

#include <openssl/base.h>
#include <stddef.h>
#include <stdint.h>

#include "fuzz/harness/script.h"
#include "smtpcore/tls.h"

// tls_peer_prepare makes what lives as long as the process, the sessions among it that a
// peer wants to resume. Each input calls it first.
void tls_peer_prepare(void);

// tls_peer_open opens a peer that plays `role`: a server with `identity`, or a client.
// It takes versions from `tls->low` (0: any) to `high`. Free it with `tls_peer_free`.
SSL *tls_peer_open(smtpc_tls_role role, unsigned identity,
                   const script_tls *tls, unsigned high);

typedef enum tls_peer_state {
  TLS_PEER_SHAKES = 0,
  TLS_PEER_UP = 1,
  TLS_PEER_CLOSED = 2,  // the side said close_notify
  TLS_PEER_FAILED = 3
} tls_peer_state;

// tls_peer_push lets octets of the side arrive. tls_peer_step takes them, appends to
// `read` what it decrypts, and returns what became of the peer.
void tls_peer_push(SSL *engine, const uint8_t *data, size_t len);
tls_peer_state tls_peer_step(SSL *engine, smtpc_octets *read);

// tls_peer_pull sets `*out_data` to all that the peer has for the side, which lies there
// until the next call of any of these, and returns how much it is; tls_peer_pulled says
// that it was taken.
size_t tls_peer_pull(SSL *engine, const uint8_t **out_data);
void tls_peer_pulled(SSL *engine);

// tls_peer_write says octets under TLS. They are octets that the side will hear when it
// returns 1.
int tls_peer_write(SSL *engine, const uint8_t *data, size_t len);

// tls_peer_close says close_notify, tls_peer_alert a fatal alert. tls_peer_update changes
// the keys under TLS 1.3, and asks the side to do so when `asks` is not 0.
void tls_peer_close(SSL *engine);
void tls_peer_alert(SSL *engine, uint8_t alert);
void tls_peer_update(SSL *engine, int asks);
void tls_peer_free(SSL *engine);

// tls_peer_exporter writes the binding tls-exporter (RFC 9266) of a peer that is up to
// `out[0 .. 32)` and returns 32, or 0 when it has none.
size_t tls_peer_exporter(SSL *engine, uint8_t *out);

// tls_peer_speaks_smtp returns 1 when the protocol that was agreed on is SMTP, and 0 when
// there is none. Another is a broken law.
int tls_peer_speaks_smtp(const SSL *engine);

#endif  // SMTPCORE_FUZZ_TLS_PEER_H
