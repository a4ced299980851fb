// Receiver: server sessions over TCP.
//
//     smtpc_net_receiver_options options;
//     smtpc_net_receiver_options_init(&options);
//     ... host, port, policy, tls, callbacks
//     if (smtpc_net_receiver_new(&receiver, &options, &error) != SMTPC_NET_NONE)
//       ... error.text
//     printf("listening on %s\n", smtpc_net_receiver_address(receiver));
//     smtpc_net_receiver_run(receiver, &error);   // until SIGTERM, SIGINT or _stop
//     smtpc_net_receiver_free(receiver);
//
// Each connection is one session of the core with one block of memory, which holds
// its buffers: nothing grows with what a peer does. The peer's octets are not read
// while an answer is awaited and the buffer is full, or while `SMTPC_NET_OUT_MAX`
// octets of replies wait to be sent.
//
// TLS is switched in one place. From the START_TLS action on every octet of the
// connection, in both directions, goes through the TLS engine; nothing on that
// connection can be sent in clear again (law ONEWAY).
//
// A session that ends says its last reply, shuts its side down, and reads on for a
// short while before it closes, so that the reply is not lost to a reset.
#ifndef SMTPCORE_SHIM_NET_RECEIVER_H
#define SMTPCORE_SHIM_NET_RECEIVER_H

#include <stddef.h>
#include <stdint.h>

#include "shim/net/net.h"
#include "smtpcore/address.h"
#include "smtpcore/param.h"
#include "smtpcore/path.h"
#include "smtpcore/policy.h"
#include "smtpcore/proxy.h"
#include "smtpcore/server.h"

// SMTPC_NET_OUT_MAX is how many octets may wait to be sent to one peer.
#define SMTPC_NET_OUT_MAX 16384u

// SMTPC_NET_LATER is what a callback returns, in place of an smtpc_answer, when its
// answer comes later: by `smtpc_net_session_answer` or from `smtpc_net_work`.
#define SMTPC_NET_LATER 255u

typedef struct smtpc_net_receiver smtpc_net_receiver;

// smtpc_net_session is one connection. It is valid from `session_begin` to the
// return of `session_end`.
typedef struct smtpc_net_session smtpc_net_session;

// smtpc_net_mail is the path of a MAIL or RCPT command with its parameters. The
// spans of `path` and `params` lie in `line`.
typedef struct smtpc_net_mail {
  const uint8_t *address;      // without brackets; length 0: <>
  size_t address_len;
  const uint8_t *line;
  const smtpc_path *path;
  const smtpc_params *params;
} smtpc_net_mail;

// smtpc_net_credentials is what a client claims. `secret` is the password (PLAIN,
// LOGIN), the token (OAUTHBEARER, XOAUTH2), the digest of CRAM-MD5 or the proof of
// SCRAM; with EXTERNAL there is none. `text` is what digest and proof are made over.
typedef struct smtpc_net_credentials {
  const uint8_t *name;
  const uint8_t *secret;
  const uint8_t *text;     // NULL but with CRAM-MD5 and SCRAM
  uint8_t *signature;      // SCRAM: SMTPC_DIGEST_MAX octets for our signature, which
                           // must be there when the answer is YES; it may be written
                           // until then, also by `smtpc_net_work`. Else NULL
  size_t name_len;
  size_t secret_len;
  size_t text_len;
  uint8_t mechanism;       // an smtpc_mechanism
} smtpc_net_credentials;

// smtpc_net_salt is what SCRAM wants of a name: at least one octet of salt, and
// SMTPC_ITERATIONS_MIN to _MAX iterations. Anything else counts as "not now".
typedef struct smtpc_net_salt {
  uint8_t salt[SMTPC_SALT_MAX];
  size_t len;
  uint32_t iterations;
} smtpc_net_salt;

// smtpc_net_proxied is what a proxy says of the peer behind it: by a PROXY header,
// which is in `header`, or by XCLIENT or XFORWARD, whose attributes
// `smtpc_attribute_find` finds in `argument` of `line`.
//
// When the answer is YES, a PROXY header and XCLIENT with ADDR make the session that of
// the address that they name: `smtpc_net_session_address`, `_peer` and, if they name
// it, `_self` say so. The quirks of the session, and whether XCLIENT and XFORWARD are
// offered, are then judged anew by that address: nobody behind a proxy has the rights
// of the proxy. A peer that a header does not know (UNKNOWN, or no address) keeps the
// address of the proxy, `[UNAVAILABLE]` in XCLIENT is no address, and neither has more
// than the policy gives to all.
typedef struct smtpc_net_proxied {
  const smtpc_proxy *header;  // NULL with XCLIENT and XFORWARD
  const uint8_t *line;
  smtpc_span argument;
  uint16_t attributes;        // SMTPC_ATTR bits that are there
  uint8_t verb;               // an smtpc_verb; NONE with a header
} smtpc_net_proxied;

// smtpc_net_receiver_callbacks is what the program does. `user` is the one of the
// options; a program keeps its own data of a session by `smtpc_net_session_set_user`.
// A member may be NULL: then the answer is NO, and events go nowhere; but `random`
// must be there when the policy has AUTH with CRAM-MD5 or SCRAM, and `salt` with SCRAM.
//
// `sender`, `recipient`, `credentials`, `proxied` and `message_end` return an
// smtpc_answer or SMTPC_NET_LATER; any other value is NO. A new `sender` begins a new
// message: what a former one left, if neither `message_end` nor `drop` came, is to be
// forgotten.
typedef struct smtpc_net_receiver_callbacks {
  // session_begin: a peer connected. It returns 1 to serve it, 0 to close at once
  // without a word; then `session_end` does not come. A trusted proxy has not said
  // yet whom it speaks for.
  int (*session_begin)(void *user, smtpc_net_session *session);
  // sender: may this sender send? The message begins here.
  unsigned (*sender)(void *user, smtpc_net_session *session,
                     const smtpc_net_mail *mail);
  // recipient: is this a mailbox here?
  unsigned (*recipient)(void *user, smtpc_net_session *session,
                        const smtpc_net_mail *mail);
  // credentials: are they right? What they point to, but for `signature`, is wiped
  // after the call: one that answers later copies what it needs, and wipes it.
  unsigned (*credentials)(void *user, smtpc_net_session *session,
                          const smtpc_net_credentials *credentials);
  // salt: the salt and the iterations of a name for a SCRAM mechanism; for a name that
  // is not known made-up ones, the same each time. It returns 1, or 0: not now.
  int (*salt)(void *user, smtpc_net_session *session, unsigned mechanism,
              const uint8_t *name, size_t name_len, smtpc_net_salt *out);
  // proxied: may the peer say this of whom it speaks for? It is asked only of peers
  // among `proxies`. NULL: YES.
  unsigned (*proxied)(void *user, smtpc_net_session *session,
                      const smtpc_net_proxied *proxied);
  // random: `len` octets that nobody can guess. It returns 1, or 0 when there are
  // none: the session is then closed.
  int (*random)(void *user, uint8_t *out, size_t len);
  // content: the next octets of the message, dots unstuffed. A program that cannot
  // keep them remembers that and answers so at `message_end`.
  void (*content)(void *user, smtpc_net_session *session, const uint8_t *data,
                  size_t len);
  // message_end: the message is whole; is it stored? The client is told that it is
  // as soon as the answer is YES, so it must be on disk then. Under LMTP it is asked
  // for each recipient that was accepted, `number` counts them from 0; else once.
  unsigned (*message_end)(void *user, smtpc_net_session *session,
                          uint32_t number);
  // drop: the message at hand will not be finished: forget it.
  void (*drop)(void *user, smtpc_net_session *session);
  // finding: something was refused, tolerated or weakened.
  void (*finding)(void *user, smtpc_net_session *session,
                  const smtpc_net_finding *finding);
  // trace: the dialogue, event by event.
  void (*trace)(void *user, smtpc_net_session *session,
                const smtpc_net_trace *event);
  // tls: a handshake ended; `facts->version` is 0 when it failed.
  void (*tls)(void *user, smtpc_net_session *session,
              const smtpc_tls_facts *facts);
  // session_end: the session is over and its verdicts are all in. If a message was
  // begun and neither `message_end` nor `drop` came for it, it is to be forgotten.
  void (*session_end)(void *user, smtpc_net_session *session,
                      const smtpc_net_end *end);
  // refused: a connection was turned away because there are `sessions_max` already.
  void (*refused)(void *user, const char *peer);
} smtpc_net_receiver_callbacks;

// smtpc_net_receiver_options is all that a receiver may be told. Make it with
// `smtpc_net_receiver_options_init`. It is copied; what it points to is borrowed
// until `smtpc_net_receiver_free`.
typedef struct smtpc_net_receiver_options {
  const char *host;            // address literal or host name; NULL: all addresses
  const smtpc_server_policy *policy;  // must have passed its check; `proxy`,
                               // XCLIENT and XFORWARD of it are for `proxies` only
  const smtpc_quirk_rule *quirk_rules;  // quirks for some ranges of peers, beside
  size_t quirk_rule_count;              // those of the policy
  const smtpc_range *proxies;  // peers that are trusted to speak for others
  size_t proxy_count;
  smtpc_tls_context *tls;      // needed when the policy uses TLS
  void *user;
  smtpc_net_receiver_callbacks callbacks;
  smtpc_net_deadlines deadlines;
  uint32_t sessions_max;       // at once; more are told 421; 1 to 100000
  uint32_t session_seconds;    // longest session; 0: no limit
  uint32_t stop_seconds;       // how long a graceful stop may take
  uint32_t linger_ms;          // how long an ended session waits for its peer
  uint32_t threads;            // for `smtpc_net_work`; 1 to 128
  uint16_t port;               // 0 picks one
  uint16_t tls_min_version;    // an smtpc_tls_version
  uint8_t signals;             // 1: SIGTERM and SIGINT stop the receiver
} smtpc_net_receiver_options;

// smtpc_net_receiver_options_init fills `*out` with: all addresses, port 0, the
// registry's deadlines, 1000 sessions of at most an hour, 10 s to stop, 2 s to
// linger, 16 threads, TLS 1.2, signals 1.
void smtpc_net_receiver_options_init(smtpc_net_receiver_options *out);

// smtpc_net_receiver_new makes a receiver in `*out` that listens. A host name with
// several addresses stands for the first one.
//
// It returns SMTPC_NET_NONE; ARGUMENT (a policy that fails its check, TLS without a
// context, a range that is none, a rule with an unknown quirk, and AUTH without the
// callbacks that it needs are among it), MEMORY, RESOLVE, ADDRESS, IN_USE, PERMISSION
// or SYSTEM.
// On an error `*out` is NULL and `error->text` says what was tried. The same value is
// in `error->kind`; `error` may not be NULL.
//
// It raises the process's limit of open files as far as it may be and is needed,
// ignores SIGPIPE in the process, and sets UV_THREADPOOL_SIZE unless it is set.
SMTPC_NODISCARD smtpc_net_error_kind smtpc_net_receiver_new(
    smtpc_net_receiver **out, const smtpc_net_receiver_options *options,
    smtpc_net_error *error);

// smtpc_net_receiver_address returns where it listens, such as "127.0.0.1:2525".
// Valid as long as the receiver.
const char *smtpc_net_receiver_address(const smtpc_net_receiver *receiver);

// smtpc_net_receiver_port returns the port on which it listens.
uint16_t smtpc_net_receiver_port(const smtpc_net_receiver *receiver);

// smtpc_net_receiver_run serves until a signal or `smtpc_net_receiver_stop`. It may be
// called once. It returns SMTPC_NET_NONE or SYSTEM.
//
// The stop is graceful: the port is closed; a session whose answer is awaited says
// its reply first; all others get SHUTDOWN (421) at once. After `stop_seconds`, or at
// a second signal, what is left is closed. It returns when all sessions have ended
// and all work is done.
SMTPC_NODISCARD smtpc_net_error_kind smtpc_net_receiver_run(
    smtpc_net_receiver *receiver, smtpc_net_error *error);

// smtpc_net_receiver_stop begins the graceful stop; a second call ends it at once. It
// may be called from any thread and from a signal handler, until
// `smtpc_net_receiver_free`.
void smtpc_net_receiver_stop(smtpc_net_receiver *receiver);

// smtpc_net_receiver_free frees a receiver that does not run. NULL is allowed.
void smtpc_net_receiver_free(smtpc_net_receiver *receiver);

// smtpc_net_receiver_sessions returns how many sessions there are. Loop thread only.
uint32_t smtpc_net_receiver_sessions(const smtpc_net_receiver *receiver);

// ------------------------------------------------------------ one session

// smtpc_net_session_set_user and smtpc_net_session_user keep one pointer for the
// program; NULL at the start.
void smtpc_net_session_set_user(smtpc_net_session *session, void *user);
void *smtpc_net_session_user(const smtpc_net_session *session);

// smtpc_net_session_number returns the number of the session, counted from 1.
uint64_t smtpc_net_session_number(const smtpc_net_session *session);

// smtpc_net_session_peer returns the peer's address and port as text, or "unknown".
const char *smtpc_net_session_peer(const smtpc_net_session *session);

// smtpc_net_session_address returns the address of the peer, or of whom a trusted
// proxy speaks for (`smtpc_net_proxied`), as it does in `smtpc_net_session_peer`; none
// when it is not known.
smtpc_address smtpc_net_session_address(const smtpc_net_session *session);

// smtpc_net_session_self returns the address and port to which the peer connected.
const char *smtpc_net_session_self(const smtpc_net_session *session);

// smtpc_net_session_hello returns the name of the last EHLO or HELO that was a
// well-formed command, and its length in `*out_len`; length 0: none. Octets are
// printable, or UTF-8. What a peer says of itself is no proof of anything.
const uint8_t *smtpc_net_session_hello(const smtpc_net_session *session,
                                       size_t *out_len);

// smtpc_net_session_core returns the core's session, to be read only.
const smtpc_server *smtpc_net_session_core(const smtpc_net_session *session);

// smtpc_net_session_answer gives the answer (an smtpc_answer) that a callback
// promised with SMTPC_NET_LATER. Loop thread only; not from inside that callback. It
// returns 1, or 0 when no answer is awaited, or it will come from `smtpc_net_work`.
int smtpc_net_session_answer(smtpc_net_session *session, unsigned answer);

// smtpc_net_work_fn does slow work on another thread and returns an smtpc_answer. It
// may touch nothing but what `arg` points to.
typedef unsigned (*smtpc_net_work_fn)(void *arg);

// smtpc_net_work runs `work(arg)` on a thread of libuv's pool and takes what it
// returns as the answer. It returns SMTPC_NET_LATER, to be returned by the callback;
// or SMTPC_ANSWER_NOT_NOW when there is no thread, and then `work` does not run.
//
// When the session is closed meanwhile, the work is waited for and the answer goes
// nowhere; `session_end` comes after it, so `arg` may belong to the session.
unsigned smtpc_net_work(smtpc_net_session *session, smtpc_net_work_fn work,
                        void *arg);

#endif  // SMTPCORE_SHIM_NET_RECEIVER_H
