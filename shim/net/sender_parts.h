// Sender parts: what sender.c (looking up, connecting) and sender_session.c (the
// session) share. Internal to this folder.
#ifndef SMTPCORE_SHIM_NET_SENDER_PARTS_H
#define SMTPCORE_SHIM_NET_SENDER_PARTS_H

#include <netdb.h>
#include <stdint.h>
#include <uv.h>

#include "shim/net/link.h"
#include "shim/net/sender.h"

typedef struct smtpc_net_sender {
  smtpc_net_link link;
  const smtpc_net_sender_options *options;
  smtpc_net_error *error;
  smtpc_net_result *result;
  uv_loop_t loop;
  uv_getaddrinfo_t lookup;
  uv_connect_t connect;
  uv_timer_t clock;          // of resolving, and of connecting to one address
  uint64_t late_at;          // when both must be done; 0: no limit
  uv_signal_t signals[2];
  struct addrinfo *addresses;
  struct addrinfo *next;     // the address that is tried next
  const uint8_t *block;      // content of the program that is left to send
  size_t block_len;
  uint64_t untraced;         // octets of content the trace has not heard of
  smtpc_tls_peer peer;
  smtpc_net_stats stats;
  uint32_t messages;         // MESSAGE_DONE so far
  uint8_t asked;             // 1: `core.wait` is a question that is open
  uint8_t idle;              // 1: the core waits for input
  uint8_t deadline;          // with this smtpc_deadline
  uint8_t progress;          // 1: a line was taken, or sent, since it was set
  uint8_t stalled;           // 1: the server does not read what we sent
  uint8_t handshaking;
  uint8_t lost;              // 1: the program could not give what it was asked for
  uint8_t stop;              // 1: a signal came
  uint8_t looking;           // 1: the resolver is at work
  uint8_t running;
  uint8_t over;              // 1: the session has ended, or there will be none
  uint8_t closed;            // 1: the handles of the loop are being closed
  uint8_t seen_cr;           // of the server's line at hand
  uint16_t line_len;
  uint8_t digest[2u * SMTPC_DIGEST_MAX];   // also: a nonce, a binding
  uint8_t line[SMTPC_NET_REPLY_MAX];       // the server's line at hand
  smtpc_envelope envelope;
  smtpc_client core;
} smtpc_net_sender;
_Static_assert(SMTPC_BINDING_MAX <= 2u * SMTPC_DIGEST_MAX &&
                   SMTPC_NONCE_LEN <= 2u * SMTPC_DIGEST_MAX,
               "a binding and a nonce fit");

// smtpc_net_converse begins the session on a link that is connected.
void smtpc_net_converse(smtpc_net_sender *sender);

// smtpc_net_converse_on goes on with the session as far as it goes. It may end it;
// the link's `gone` follows.
void smtpc_net_converse_on(smtpc_net_sender *sender);

#endif  // SMTPCORE_SHIM_NET_SENDER_PARTS_H
