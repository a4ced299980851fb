// Server: the session that receives mail.
//
// It is plain data without pointers: it can be copied with `=`, compared with
// `memcmp`, saved and replayed. It does nothing itself: it says what to do
// (`smtpcore/session.h`). Who owns what:
//
//   transaction   `tx`, cleared by one function, all at once (law TXN)
//   the line      `line`, let go when its command is answered
//   what to say   `findings`, `drop`, `reply`, `next`: done in this order before
//                 any octet is taken
//   counters      `abuse`: the only thing that STARTTLS does not forget
//
// A receiver's loop, with `policy` made by `smtpc_server_policy_init`:
//
//     smtpc_server session;
//     smtpc_server_init(&session, &policy);
//     for (;;) {
//       st = smtpc_server_step(&policy, &session, &input, &used, &act);
//       ... take `used` octets off the input, do `act`, make the next input
//     }
#ifndef SMTPCORE_SERVER_H
#define SMTPCORE_SERVER_H

#include <stddef.h>
#include <stdint.h>

#include "smtpcore/command.h"
#include "smtpcore/content.h"
#include "smtpcore/header.h"
#include "smtpcore/line.h"
#include "smtpcore/policy.h"
#include "smtpcore/proxy.h"
#include "smtpcore/sasl.h"
#include "smtpcore/session.h"

#ifdef __cplusplus
extern "C" {
#endif

// smtpc_server_mode is what the next octets are.
typedef enum smtpc_server_mode {
  SMTPC_SERVER_COMMAND = 0,   // a command line
  SMTPC_SERVER_AUTH = 1,      // a response line of an AUTH exchange
  SMTPC_SERVER_DATA = 2,      // content up to CRLF.CRLF
  SMTPC_SERVER_CHUNK = 3,     // `chunk_left` octets of content
  SMTPC_SERVER_HANDSHAKE = 4, // nothing: TLS or the end
  SMTPC_SERVER_CLOSED = 5,    // nothing, for ever
  SMTPC_SERVER_PROXY = 6      // a PROXY header, before all else
} smtpc_server_mode;

// SMTPC_SERVER_OUT_MAX is the size of the output buffer: the longest line that a
// checked policy can make is a greeting.
#define SMTPC_SERVER_OUT_MAX 336u

// smtpc_transaction is one mail transaction. All-zero but for `phase`: none.
typedef struct smtpc_transaction {
  uint64_t size;        // octets of content given so far
  uint16_t rcpt_count;  // recipients accepted
  uint16_t rcpt_told;   // LMTP: of these, told how the message went
  uint8_t phase;        // an smtpc_phase
  uint8_t refusal;      // an smtpc_reply_id: the message is lost, and this will
                        // be said at its end; NONE: not lost
  uint8_t body;         // an smtpc_body
  uint8_t utf8;         // 1: MAIL had SMTPUTF8
  uint8_t require_tls;  // 1: MAIL had REQUIRETLS
  uint8_t no_tls;       // 1: its header says TLS-Required: No, and MAIL had no
                        // REQUIRETLS; known when the message is whole
  uint16_t rcpt_over;   // recipients refused because the limit was reached
  uint8_t reserved[4];  // 0
} smtpc_transaction;
SMTPC_SIZE_GUARD(smtpc_transaction, 24u, 24u);

// smtpc_abuse counts what a peer may do only so often. It survives EHLO, RSET and
// STARTTLS (THREATS: DOS-02, AUT-07).
typedef struct smtpc_abuse {
  uint16_t errors;  // refused commands
  uint16_t junk;    // commands that lead to no mail; 0 again after a message
  uint16_t auth;    // failed logins
  uint16_t mails;   // MAIL commands accepted
} smtpc_abuse;
SMTPC_SIZE_GUARD(smtpc_abuse, 8u, 8u);

// smtpc_server is a session. A shim may read `tx`, `command`, `line`, `sasl`,
// `tls`, `tls_facts`, `esmtp` and `authenticated`; it writes nothing.
typedef struct smtpc_server {
  uint64_t pos;          // octets taken on the channel in force
  uint64_t finding_pos;  // where the findings that wait were made
  uint64_t chunk_left;   // octets of this chunk still to come
  smtpc_transaction tx;
  smtpc_content content;
  smtpc_header header;    // of the message at hand
  smtpc_command command;  // of the line that is held
  smtpc_findings findings;
  smtpc_tls_facts tls_facts;
  smtpc_abuse abuse;
  uint16_t out_len;
  uint8_t mode;           // an smtpc_server_mode
  uint8_t wait;           // the SMTPC_DO_ASK_ action, or START_TLS, whose answer
                          // must come next; NOTHING: none
  uint8_t tls;            // 1: TLS is in force
  uint8_t esmtp;          // 1: EHLO, 0: HELO
  uint8_t authenticated;  // 1: AUTH succeeded; `sasl.name` is who
  uint8_t chunk_last;     // 1: this chunk has LAST
  uint8_t chunk_refusal;  // an smtpc_reply_id: this chunk is discarded
  uint8_t took_secret;    // 1: the line at hand carries a password
  uint8_t after_auth;     // 1: AUTH was the last verb that was known: a line
                          // without one may be a response sent too early
  uint8_t drop;           // 1: DROP_MESSAGE waits
  uint8_t reply;          // an smtpc_reply_id that waits
  uint8_t reply_line;     // how many of its lines are sent
  uint8_t greets;         // 1: the greeting follows the handshake (implicit TLS)
  uint8_t next;           // an smtpc_do that waits for the reply to be sent
  uint8_t device;         // an smtpc_device for the end
  uint8_t end_reason;     // an smtpc_end
  uint8_t end_finding;    // an smtpc_finding for the end
  uint16_t again;         // LMTP: how often the reply that waits is to be said
                          // beyond once
  smtpc_sasl sasl;
  uint8_t out[SMTPC_SERVER_OUT_MAX];
  smtpc_line line;
} smtpc_server;
// The smaller offset is that of processors that align a uint64_t to 4 octets.
SMTPC_STATIC_ASSERT(offsetof(smtpc_server, line) == 984 ||
                        offsetof(smtpc_server, line) == 980,
                    "the size of smtpc_server is a part of the ABI");
SMTPC_STATIC_ASSERT(sizeof(smtpc_server) - sizeof(smtpc_line) <= 1024,
               "session state beside the line is at most 1 KiB");

// smtpc_server_init begins a session. With `policy->proxy` it first wants a PROXY
// header, in clear. Then with `policy->implicit_tls` comes START_TLS, else the
// greeting. `policy` must have passed `smtpc_server_policy_check`.
void smtpc_server_init(smtpc_server *session,
                       const smtpc_server_policy *policy);

// smtpc_server_step gives `*input` to the session and gets one action.
//
// It returns
//   SMTPC_OK          `*out_action` is to be done, `*out_used` octets of the
//                     input's data were taken
//   SMTPC_E_PENDING   misuse: an answer is awaited (`session->wait`) and the input
//                     is none; nothing changed
//   SMTPC_E_STATE     misuse: the input is an answer to a question that was not
//                     asked; nothing changed
//   SMTPC_E_ARGUMENT  misuse: the input is no input of a server, or malformed
// On misuse `*out_used` is 0 and `*out_action` is NOTHING.
//
// What holds after each call: the laws of `docs/GUARANTEES.md`, checked on random
// and hostile traces by `server_test`, `law_test` and `law_tls_test`. Cuts do not matter
// (SPLIT); at the STARTTLS border octets that follow end the session, whether the
// session or the TLS engine sees them.
//
// Cost: at most a constant times the octets taken. No heap, no clock.
//= RFC 5321 section 4.1.4
//= RFC 3207 section 4.2
SMTPC_NODISCARD smtpc_status smtpc_server_step(const smtpc_server_policy *policy,
                                               smtpc_server *session,
                                               const smtpc_input *input,
                                               size_t *out_used,
                                               smtpc_action *out_action);

// smtpc_server_octets returns the start of what `action` means by `begin` and
// `end`, or NULL when it means nothing. Valid until the next step, and while the
// input's data is.
const uint8_t *smtpc_server_octets(const smtpc_server *session,
                                   const smtpc_action *action,
                                   const smtpc_input *input);

// smtpc_server_check returns SMTPC_OK when the invariants of a session hold:
// recipients imply a sender, a phase implies its fields, nothing waits in a
// handshake, all enums are in range. Else SMTPC_E_INTERNAL.
SMTPC_NODISCARD smtpc_status smtpc_server_check(const smtpc_server *session);

#ifdef __cplusplus
}  // extern "C"
#endif

#endif  // SMTPCORE_SERVER_H
