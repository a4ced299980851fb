// Receiver parts: what receiver.c (listening, stopping), receiver_session.c (one
// session) and receiver_peer.c (whom it is with) share. Internal to this folder.
#ifndef SMTPCORE_SHIM_NET_RECEIVER_PARTS_H
#define SMTPCORE_SHIM_NET_RECEIVER_PARTS_H

#include <stdatomic.h>
#include <stdint.h>
#include <uv.h>

#include "shim/net/link.h"
#include "shim/net/receiver.h"

struct smtpc_net_receiver {
  smtpc_net_receiver_options options;
  uv_loop_t loop;
  uv_tcp_t listener;
  uv_tcp_t spare;            // takes a connection when there is no memory
  uv_async_t async;
  uv_signal_t signals[2];
  uv_timer_t grace;
  smtpc_net_session *first;  // all sessions, the lingering ones included
  uint64_t number;
  uint32_t sessions;
  uint32_t refusals;
  atomic_uint stops;         // how often a stop was asked for
  uint16_t port;
  uint8_t listening;         // 1: the listener is open
  uint8_t stopping;          // 1: sessions get SHUTDOWN; 2: and are muted
  uint8_t spare_busy;
  uint8_t spare_wanted;
  char address[SMTPC_NET_ADDRESS_MAX];
};

struct smtpc_net_session {
  smtpc_net_link link;
  smtpc_net_receiver *receiver;
  smtpc_net_session *next;
  smtpc_net_session *previous;
  void *user;
  uv_work_t work;
  smtpc_net_work_fn work_fn;
  void *work_arg;
  unsigned work_answer;
  uint64_t number;
  uint64_t untraced;   // octets of content that the trace has not heard of
  smtpc_net_stats stats;
  uint8_t question;    // the SMTPC_DO_ASK_ action that is open; NOTHING: none
  uint8_t answered;    // 1: and `answer` is its answer
  uint8_t answer;
  uint8_t asking;      // 1: its callback runs
  uint8_t working;     // 1: its answer comes from `smtpc_net_work`
  uint8_t ready;       // an smtpc_in: NONCE, SALT or BINDING, whose octets wait in
                       // `gift` for the core; NONE: none
  uint8_t idle;        // 1: the core waits for input
  uint8_t deadline;    // with this smtpc_deadline
  uint8_t progress;    // 1: a line was taken since the deadline was set
  uint8_t handshaking;
  uint8_t stalled;     // 1: the peer does not read what we sent
  uint8_t told;        // 1: SHUTDOWN was given
  uint8_t running;     // 1: `run` is at work
  uint8_t over;        // 1: `session_end` was called
  uint8_t counted;     // 1: the message at hand is among `stats.messages`
  uint8_t hello_len;
  uint8_t hello[255];
  uint8_t gift[SMTPC_BINDING_MAX];  // the longest of what it holds
  size_t gift_len;
  uint32_t gift_number;
  uint8_t signature[SMTPC_DIGEST_MAX];  // SCRAM: ours
  size_t signature_len;
  smtpc_address address;
  char peer[SMTPC_NET_ADDRESS_MAX];
  char self[SMTPC_NET_ADDRESS_MAX];
  smtpc_server_policy policy;  // of this peer
  smtpc_server core;
};
_Static_assert(SMTPC_NONCE_LEN <= SMTPC_BINDING_MAX &&
                   SMTPC_SALT_MAX <= SMTPC_BINDING_MAX,
               "a gift fits");

// smtpc_net_session_begin takes the connection that waits at the listener and runs
// its session. `session` is all zero and on the heap; it is freed here.
void smtpc_net_session_begin(smtpc_net_receiver *receiver,
                             smtpc_net_session *session);

// smtpc_net_session_run goes on with a session as far as it goes. It may end it, but
// frees nothing: that is done when its handles are closed.
void smtpc_net_session_run(smtpc_net_session *session);

// smtpc_net_session_cut ends a session without another octet, or as soon as the work
// for its answer is done.
void smtpc_net_session_cut(smtpc_net_session *session);

// smtpc_net_session_meet finds out who the peer of a connection is, and makes the
// policy of its session.
void smtpc_net_session_meet(smtpc_net_session *session);

// smtpc_net_session_ask_peer asks the program whether the peer may say what an
// ASK_PEER action names. It returns an smtpc_answer or SMTPC_NET_LATER.
unsigned smtpc_net_session_ask_peer(smtpc_net_session *session,
                                    const smtpc_action *act);

// smtpc_net_session_become follows a YES to it, before the core hears of that: the
// session's address and policy are those of whom the peer speaks for.
void smtpc_net_session_become(smtpc_net_session *session);

// smtpc_net_accept makes the handles of `link` and takes the connection that waits at
// the listener. It returns 1, or 0 when there are no handles.
int smtpc_net_accept(smtpc_net_receiver *receiver, smtpc_net_link *link);

#endif  // SMTPCORE_SHIM_NET_RECEIVER_PARTS_H
