// Sender: one client session over TCP.
//
//     smtpc_net_sender_options options;
//     smtpc_net_sender_options_init(&options);
//     ... host, port, policy, tls, callbacks
//     if (smtpc_net_send(&options, &result, &error) != SMTPC_NET_NONE)
//       ... error.text: there was no session
//     ... result: how it went
//
// The addresses of the host are tried in the order of the resolver until one
// connects. After that nothing is tried again: what may be retried, and when, is the
// caller's to say.
//
// Callbacks answer at once. What the server says is given to the core as soon as it
// is there, also while content waits for a slow network.
#ifndef SMTPCORE_SHIM_NET_SENDER_H
#define SMTPCORE_SHIM_NET_SENDER_H

#include <stddef.h>
#include <stdint.h>

#include "shim/net/net.h"
#include "smtpcore/client.h"
#include "smtpcore/policy.h"
#include "smtpcore/write.h"

// smtpc_net_login is a name and a password or token; they are borrowed until the next
// callback.
typedef struct smtpc_net_login {
  const uint8_t *name;
  const uint8_t *password;  // unused for a digest
  size_t name_len;
  size_t password_len;
} smtpc_net_login;

// smtpc_net_digest is what a digest is made of, beside the password.
typedef struct smtpc_net_digest {
  const uint8_t *text;
  const uint8_t *salt;      // SCRAM
  size_t text_len;
  size_t salt_len;
  uint32_t iterations;      // SCRAM
  uint8_t mechanism;        // an smtpc_mechanism
} smtpc_net_digest;

// SMTPC_NET_REPLY_MAX is how many octets of a reply's last line are kept.
#define SMTPC_NET_REPLY_MAX 512u

// smtpc_net_reply is what became of a recipient or a message.
typedef struct smtpc_net_reply {
  const uint8_t *text;        // the last line of the server that was taken, without
  size_t text_len;            // CRLF; for people alone (law CODE), to be escaped
  uint32_t number;            // recipient: counted from 0; message: likewise
  uint16_t code;              // 0: never sent
  uint16_t enhanced_subject;  // with `enhanced_class` 0: none
  uint16_t enhanced_detail;
  uint8_t enhanced_class;
} smtpc_net_reply;

// smtpc_net_sender_callbacks is what the program does. `user` is the one of the
// options. NULL: there is none of it, and events go nowhere.
typedef struct smtpc_net_sender_callbacks {
  // password: the name, and the password or token, for `mechanism`. It is called once
  // for each message of the exchange that needs them. It returns 1, or 0: none; the
  // session then ends, as it does for `digest` and `random`: LOCAL, local-input.
  int (*password)(void *user, unsigned mechanism, smtpc_net_login *out);
  // digest: the name in `out`, and in `digest` HMAC-MD5 of the text, keyed with the
  // password (CRAM-MD5), or proof and server's signature (SCRAM). It returns 1, or 0:
  // none. What is in `digest` is wiped after use.
  int (*digest)(void *user, const smtpc_net_digest *ask, smtpc_net_login *out,
                uint8_t digest[2u * SMTPC_DIGEST_MAX]);
  // random: `len` octets that nobody can guess, for SCRAM. It returns 1, or 0: none.
  int (*random)(void *user, uint8_t *out, size_t len);
  // envelope: the next message to send. It returns 1, or 0: no more. What the
  // envelope points to must stay until the next callback.
  int (*envelope)(void *user, smtpc_envelope *out);
  // recipient: the next recipient of that message. It returns 1, or 0: no more.
  int (*recipient)(void *user, smtpc_envelope *out);
  // content: the next octets of that message, at least one, which must stay until
  // the next call of `content`. It returns 1; 0: no more; or -1 when the content
  // cannot be had: the connection is then closed before the end of the data, so that
  // the server does not take a part for the whole.
  int (*content)(void *user, const uint8_t **out_data, size_t *out_len);
  // recipient_done, message_done: what became of it. delivery_done, under LMTP: what
  // became of the message for one of the recipients that were accepted.
  void (*recipient_done)(void *user, const smtpc_net_reply *reply);
  void (*delivery_done)(void *user, const smtpc_net_reply *reply);
  void (*message_done)(void *user, const smtpc_net_reply *reply);
  // connected: to `peer`, an address and a port.
  void (*connected)(void *user, const char *peer);
  // finding: something was refused, tolerated or weakened.
  void (*finding)(void *user, const smtpc_net_finding *finding);
  // trace: the dialogue, event by event.
  void (*trace)(void *user, const smtpc_net_trace *event);
  // tls: a handshake ended; `facts->version` is 0 when it failed.
  void (*tls)(void *user, const smtpc_tls_facts *facts);
} smtpc_net_sender_callbacks;

// smtpc_net_sender_options is all that a sender may be told. Make it with
// `smtpc_net_sender_options_init`. What it points to is borrowed for the call.
typedef struct smtpc_net_sender_options {
  const char *host;            // address literal or host name
  const char *server_name;     // for SNI and the name check; NULL: `host`
  const smtpc_client_policy *policy;  // must have passed its check
  smtpc_tls_context *tls;      // needed unless the policy's TLS is off
  void *user;
  smtpc_net_sender_callbacks callbacks;
  smtpc_net_deadlines deadlines;
  uint32_t connect_seconds;    // to resolve and connect, all addresses together
  uint32_t session_seconds;    // longest session; 0: no limit
  uint32_t linger_ms;          // how long the end waits for the peer
  uint16_t port;
  uint16_t tls_min_version;    // an smtpc_tls_version
  uint8_t signals;             // 1: SIGTERM and SIGINT end the session
} smtpc_net_sender_options;

// smtpc_net_sender_options_init fills `*out` with: port 25, the registry's deadlines,
// 60 s to connect, sessions of at most four hours, 2 s to linger, TLS 1.2, signals 0.
void smtpc_net_sender_options_init(smtpc_net_sender_options *out);

// smtpc_net_result is how a session went.
typedef struct smtpc_net_result {
  smtpc_net_end end;
  smtpc_capabilities capabilities;    // of the last EHLO reply
  uint32_t messages_done;             // MESSAGE_DONE actions
  uint16_t code;                      // of the last reply that the session judged
  uint8_t mechanism;                  // an smtpc_mechanism: tried for AUTH
  char peer[SMTPC_NET_ADDRESS_MAX];   // "": no connection
  uint16_t text_len;
  uint8_t text[SMTPC_NET_REPLY_MAX];  // the last line of the server
} smtpc_net_result;

// smtpc_net_send connects, runs one session to its end, and fills `*out`.
//
// It returns SMTPC_NET_NONE when there was a session, however it went; ARGUMENT (a
// policy that fails its check, TLS without a context, and `verified` with a name
// that is no host name are among it), MEMORY, RESOLVE, CONNECT, TIMEOUT, STOPPED or
// SYSTEM when there was none. Then `*out` is all zero and `error->text` says what was
// tried. The same value is in `error->kind`; `error` may not be NULL.
//
// It ignores SIGPIPE in the process.
SMTPC_NODISCARD smtpc_net_error_kind smtpc_net_send(
    const smtpc_net_sender_options *options, smtpc_net_result *out,
    smtpc_net_error *error);

#endif  // SMTPCORE_SHIM_NET_SENDER_H
