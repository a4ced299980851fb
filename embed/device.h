// Device: what stands between a firmware's network stack and the core. A receiver and a
// sender in memory that the firmware gives: no heap, no C library but the mem functions,
// no callback. It works where nothing but a loop runs.
//
//     network  -> device_receiver_push -+            +-> want, action: what to answer
//                                       | session    |
//     network  <- device_receiver_pull -+ [and TLS]  +-> message[0 .. message_len)
//
// The loop of either role, with `r` begun:
//
//     for (;;) {
//       while ((len = device_receiver_pull(r, buf, sizeof buf)) > 0) send(buf, len);
//       if (r->want == DEVICE_CLOSED) break;
//       if (r->want == DEVICE_ANSWER) device_receiver_answer(r, ...);
//       else wait for octets, device_receiver_wait_ms(r) at most, and push them; or say
//            END_OF_STREAM or DEADLINE with device_receiver_tell
//     }
//
// Octets that a push did not take are pushed again, after what is to be sent was pulled
// and what was asked is answered. TLS is behind `smtpcore/tls.h`: with DEVICE_TLS 1 the
// functions of that header are called, and one of its implementations is linked. With 0
// none is needed, and a policy that wants TLS is refused.
#ifndef SMTPCORE_EMBED_DEVICE_H
#define SMTPCORE_EMBED_DEVICE_H

#include <stddef.h>
#include <stdint.h>

#include "smtpcore_config.h"
#if SMTPC_CONFIG_SERVER
#include "smtpcore/server.h"
#endif
#if SMTPC_CONFIG_CLIENT
#include "smtpcore/client.h"
#endif

#ifdef __cplusplus
extern "C" {
#endif

#ifndef DEVICE_TLS
#define DEVICE_TLS 0
#endif
// DEVICE_MESSAGE_MAX is the greatest message that a receiver takes, in octets.
#ifndef DEVICE_MESSAGE_MAX
#define DEVICE_MESSAGE_MAX 4096u
#endif
// DEVICE_RECIPIENTS_MAX is how many recipients a message of the sender may have.
#ifndef DEVICE_RECIPIENTS_MAX
#define DEVICE_RECIPIENTS_MAX 8u
#endif
// DEVICE_PIECE_MAX is how much content a sender gives to its session, and so to the TLS
// library, at once.
#ifndef DEVICE_PIECE_MAX
#define DEVICE_PIECE_MAX 512u
#endif
// DEVICE_PLAIN_MAX is how many decrypted octets are held at once.
#ifndef DEVICE_PLAIN_MAX
#define DEVICE_PLAIN_MAX 256u
#endif

// device_want is what the firmware is to do once there is nothing to pull.
typedef enum device_want {
  DEVICE_OCTETS = 0,  // push octets of the peer, or tell of an end
  DEVICE_ANSWER = 1,  // answer `action`, an SMTPC_DO_ASK_
  DEVICE_CLOSED = 2   // close the connection; `action` says how it ended
} device_want;

// device_tls is what TLS needs of a connection. It stays while the connection lasts.
typedef struct device_tls {
  smtpc_tls_context *context;  // certificate and key, or trusted roots
  const char *name;  // sender: the server's name, for SNI and the check
  size_t name_len;
  uint16_t min_version;  // an smtpc_tls_version
} device_tls;

// device_link is the octets of one connection, in clear or under TLS. Private.
typedef struct device_link {
  const uint8_t *raw;  // what is being pushed, and was not taken
  size_t raw_len;
  const uint8_t *out;  // what is to be sent in clear, where it lies
  size_t out_len;
  uint8_t state;    // a device_link_state
  uint8_t sending;  // 1: the session waits until all is pulled
#if DEVICE_TLS
  smtpc_tls *tls;
  size_t
      plain_begin;  // decrypted, not yet taken: plain[plain_begin .. plain_end)
  size_t plain_end;
  uint8_t plain[DEVICE_PLAIN_MAX];
#endif
} device_link;

// -------------------------------------------------------------- receiver

#if SMTPC_CONFIG_SERVER

// device_receiver is one connection of a server. The firmware may read all of it but
// `link`. An ASK_ action's path is `session.command.path`, in `session.line.data`.
typedef struct device_receiver {
  const smtpc_server_policy *policy;
  const device_tls *tls;
  smtpc_action action;      // to answer, or of the end
  smtpc_findings findings;  // all that were reported
  uint32_t turn;            // grows with each step of progress
  size_t message_len;
  uint8_t want;      // a device_want
  uint8_t idle;      // 1: the session needs the peer's octets
  uint8_t deadline;  // an smtpc_deadline
  device_link link;
  smtpc_server session;
  uint8_t message[DEVICE_MESSAGE_MAX];  // at ASK_MESSAGE it is whole
} device_receiver;

// device_receiver_begin begins a session under `*policy`, which must stay, as `*tls`
// must; NULL: no TLS. It returns SMTPC_OK; SMTPC_E_ARGUMENT when the policy wants TLS
// that is not there, or takes messages that do not fit; what `smtpc_server_policy_check`
// returns. A setting is refused, never weakened.
SMTPC_NODISCARD smtpc_status
device_receiver_begin(device_receiver *r, const smtpc_server_policy *policy,
                      const device_tls *tls);

// device_receiver_push gives octets of the peer and returns how many were taken.
size_t device_receiver_push(device_receiver *r, const uint8_t *data,
                            size_t len);

// device_receiver_pull moves at most `cap` octets for the peer to `out` and returns
// how many; 0: there are none, so look at `want`.
size_t device_receiver_pull(device_receiver *r, uint8_t *out, size_t cap);

// device_receiver_answer answers `action`: VERDICT to ASK_SENDER, ASK_RECIPIENT,
// ASK_MESSAGE, ASK_PEER and ASK_CREDENTIALS, NONCE, SALT. It returns SMTPC_OK, or why
// this is no answer to it, when nothing has changed.
SMTPC_NODISCARD smtpc_status device_receiver_answer(device_receiver *r,
                                                    const smtpc_input *answer);

// device_receiver_tell tells of SMTPC_IN_END_OF_STREAM, _DEADLINE or _SHUTDOWN. While an
// answer is wanted, or there is something to pull, it is SMTPC_E_PENDING: tell it after.
SMTPC_NODISCARD smtpc_status device_receiver_tell(device_receiver *r,
                                                  unsigned kind);

// device_receiver_wait_ms returns how long the peer may take for what comes next. The
// clock of the firmware starts when `turn` changes.
uint32_t device_receiver_wait_ms(const device_receiver *r);

// device_receiver_wipe ends TLS and wipes the whole of `*r`.
void device_receiver_wipe(device_receiver *r);

#endif

// ---------------------------------------------------------------- sender

#if SMTPC_CONFIG_CLIENT

// device_message is a message to send, in memory. It stays while the sender sends it.
typedef struct device_message {
  smtpc_envelope envelope;
  const smtpc_envelope *recipients;
  size_t recipient_count;
  const uint8_t *content;
  size_t content_len;
  const char *name;  // AUTH; NULL: no credentials
  size_t name_len;
  const char *password;
  size_t password_len;
} device_message;

// device_sender is one connection of a client that sends one message.
typedef struct device_sender {
  const smtpc_client_policy *policy;
  const device_tls *tls;
  const device_message *message;
  smtpc_action action;  // to answer, or of the end: `action.device` is its code
  smtpc_findings findings;  // all that were reported
  uint32_t turn;            // grows with each step of progress
  size_t recipient_next;
  size_t content_next;
  uint16_t codes[DEVICE_RECIPIENTS_MAX];  // of each recipient; 0: none
  uint16_t code;     // of the message; 0: it was never sent
  uint8_t given;     // 1: the envelope was given
  uint8_t want;      // a device_want
  uint8_t idle;      // 1: the session needs the peer's octets
  uint8_t deadline;  // an smtpc_deadline
  device_link link;
  smtpc_client session;
} device_sender;

// device_sender_begin begins a session under `*policy` that sends `*message`. It returns
// SMTPC_OK; SMTPC_E_ARGUMENT when the policy wants TLS that is not there, or there are
// too many recipients; what `smtpc_client_policy_check` returns.
SMTPC_NODISCARD smtpc_status
device_sender_begin(device_sender *s, const smtpc_client_policy *policy,
                    const device_tls *tls, const device_message *message);

// The others are those of the receiver. What a sender asks is ASK_DIGEST, answered by
// DIGEST, and ASK_NONCE, by NONCE; everything else it has from the message.
size_t device_sender_push(device_sender *s, const uint8_t *data, size_t len);
size_t device_sender_pull(device_sender *s, uint8_t *out, size_t cap);
SMTPC_NODISCARD smtpc_status device_sender_answer(device_sender *s,
                                                  const smtpc_input *answer);
SMTPC_NODISCARD smtpc_status device_sender_tell(device_sender *s,
                                                unsigned kind);
uint32_t device_sender_wait_ms(const device_sender *s);
void device_sender_wipe(device_sender *s);

#endif

#ifdef __cplusplus
}  // extern "C"
#endif

#endif  // SMTPCORE_EMBED_DEVICE_H
