// Talk: a side (side.h) and a peer (peer.h) that says what a script says.
//
// What the peer's session says is in clear until the side begins TLS, and then goes
// through the peer's engine. What the engine gives waits; before each record but those
// past the engine, PASS, MANGLE, CUT and one that stands behind PASS or MANGLE, all of it
// comes to the side, and what the side answers goes to the engine, until both are at rest.
// So `pass 50`, `close 1` is an end within the handshake, and `pass 1`, `say` puts two
// records into one segment. What the side sends reaches the engine at once.
//
//   say, fill    the peer says octets; under TLS by its engine
//   stray        octets in clear past the engine, as RAW
//   raw          octets past the engine, before all that waits
//   cut          what follows comes in pieces of so many octets
//   mangle       of what waits, the octet so far from the start is changed: the field
//                says which bits, 0: all
//   pass         so many of the octets that wait come; 0: all that wait now
//   notify       the engine says close_notify; alert a fatal alert; key-update changes keys
//   renegotiate  a handshake message that asks for another handshake, past the engine:
//                no engine here can seal one
//   close        the stream ends: 1, by a FIN; else by a reset
//   deadline, shutdown, misuse  are inputs of the side's session
#ifndef SMTPCORE_FUZZ_TLS_TALK_H
#define SMTPCORE_FUZZ_TLS_TALK_H

#include <openssl/base.h>
#include <stddef.h>
#include <stdint.h>

#include "fuzz/harness/script.h"
#include "fuzz/tls/peer.h"
#include "fuzz/tls/side.h"

typedef struct tls_talk {
  const script *moves;
  script_tls tls;
  tls_side side;
  SSL *engine;          // the peer's; NULL before the side begins TLS
  smtpc_octets waits;   // that the engine gave
  size_t waits_from;    // those before it have come
  smtpc_octets said;    // that the engine was given
  smtpc_octets read;    // that it decrypted
  smtpc_octets flight;  // that it gave for the handshake
  smtpc_octets got;  // that arrived between the start of TLS and its coming up
  size_t clear;      // octets that came before TLS was begun
  size_t carried;    // octets of the side's wire that the engine has
  size_t cut;        // octets of a piece; 0: whole
  size_t recut;      // the same within the handshake; 0: as `cut` says
  size_t filled;
  size_t begun_at;   // the record after which the engine was there
  size_t begun_cut;  // `cut` and `filled` then
  size_t begun_filled;
  tls_peer_state state;
  uint8_t up;     // 1: the engine was up
  uint8_t flown;  // 1: and all that it gave for the handshake is in `flight`
  uint8_t
      touched;  // 1: something came past the engine, or changed, after TLS began
  uint8_t notified;  // 1: the engine said close_notify
  uint8_t hung_up;   // 1: the stream ended
  uint8_t alerted;   // 1: the engine said an alert
  uint8_t prodded;   // 1: the side's session got an input that is no octets
} tls_talk;

// tls_talk_begin_server and tls_talk_begin_client begin a talk with our server, whose
// peer is a client, and the other way round. `*t` is zero or was given to
// `tls_talk_end`; script and policy are borrowed until then.
void tls_talk_begin_server(tls_talk *t, unsigned slot, const script *moves,
                           const smtpc_server_policy *policy);
void tls_talk_begin_client(tls_talk *t, unsigned slot, const script *moves,
                           const smtpc_client_policy *policy);

// tls_talk_recut makes the octets of the handshake come in pieces of `cut`, whatever the
// script says.
void tls_talk_recut(tls_talk *t, size_t cut);

// tls_talk_say says octets in clear, as the session of the peer.
void tls_talk_say(tls_talk *t, const char *text);

// tls_talk_play plays the records from `from` on, and then lets all that waits come. What
// is left of the script when the side is closed has no one to come to.
void tls_talk_play(tls_talk *t, size_t from);

// tls_talk_play_as plays what `other` played since its peer had an engine.
void tls_talk_play_as(tls_talk *t, const tls_talk *other);

// tls_talk_by_starttls returns 1 when TLS came up behind STARTTLS.
int tls_talk_by_starttls(const tls_talk *t);

// tls_talk_is_fair returns 1 when nothing came past the peer's engine or was changed, the
// peer said no alert, the stream did not end, the session got octets alone, and the two
// have a version, a group and a suite in common.
int tls_talk_is_fair(const tls_talk *t);

// tls_talk_check watches what must hold at the end, for either role:
//
//   FAILSTOP  what is no TLS is told to be none
//   EPOCH   what the engine decrypted is what the session said under TLS, in order; both
//           have the same keys, version and cipher
//   COUNT   after STARTTLS the client speaks first, and the server on implicit TLS
//   POLICY  the protocol is SMTP or none; who offers what cannot be served is not
//   ONEWAY  the engine is told close_notify when the side closes
//   BOUNDS  an honest peer that fits comes up, and all that it said was heard
void tls_talk_check(const tls_talk *t);

// tls_talk_is_same returns 1 when what the sides of the two put on the wire since TLS
// began, and what their sessions did since it came up, is the same.
int tls_talk_is_same(const tls_talk *t, const tls_talk *other);

void tls_talk_end(tls_talk *t);

#endif  // SMTPCORE_FUZZ_TLS_TALK_H
