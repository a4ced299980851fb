// Testing: a receiver on a thread of its own with a store in memory, raw sockets, and
// a sender with a message. Test code only.
#ifndef SMTPCORE_SHIM_NET_TESTING_H
#define SMTPCORE_SHIM_NET_TESTING_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include "core/testing.h"
#include "shim/boringssl/tls_boringssl.h"
#include "shim/net/receiver.h"
#include "shim/net/sender.h"

// RIG_NAME is the host name of every receiver, and in its certificate.
#define RIG_NAME "mx.example"
// RIG_USER and RIG_PASSWORD are the one account that there is.
#define RIG_USER "lamp"
#define RIG_PASSWORD "opensesame7"
#define RIG_ENDS_MAX 512u

// rig_text is a growing text. All-zero: empty.
typedef struct rig_text {
  char *data;
  size_t len;
} rig_text;

void rig_text_add(rig_text *text, const void *data, size_t len);

// rig_trace appends an event as "C: ...", "S: ...", "= tls" or "M: 12 octets";
// `peer_is_client` says who the peer is. A secret ends in " ***".
void rig_trace(rig_text *text, const smtpc_net_trace *event,
               int peer_is_client);

// rig_message_mode is how `message_end` answers.
typedef enum rig_message_mode {
  RIG_AT_ONCE = 0,
  RIG_BY_WORK = 1,   // on the thread pool, when the gate is open
  RIG_LATER = 2,     // when another session has a recipient "release@..."
  RIG_NOT_NOW = 3
} rig_message_mode;

// rig is a receiver and all that happened to it. Fields below `lock` are written by
// its thread, and read under the lock, or after `rig_stop`.
typedef struct rig {
  smtpc_server_policy policy;
  smtpc_net_receiver_options options;
  smtpc_net_receiver *receiver;
  smtpc_tls_context *context;
  rig_message_mode mode;
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  smtpc_net_error_kind result;
  smtpc_net_session *waiting;   // RIG_LATER
  unsigned gate;                // 1: work may end
  unsigned begun;
  unsigned ended;
  unsigned working;
  unsigned stored;
  unsigned dropped;
  unsigned refused;
  unsigned handshakes;
  smtpc_net_end ends[RIG_ENDS_MAX];
  uint8_t findings[SMTPC_FINDING_COUNT];
  rig_text trace;
  rig_text content;             // of the messages, as they came
  rig_text envelope;            // "from>to,to;"
  char hello[256];
} rig;

// rig_prepare fills `*r` with a policy and options that serve in plaintext; change
// them, then call `rig_start`.
void rig_prepare(rig *r);
// rig_use_tls gives it a certificate for RIG_NAME and the setting `tls`.
void rig_use_tls(rig *r, unsigned tls, int implicit);
void rig_start(rig *r);
// rig_wait waits until `*counter`, one of the rig's, is at least `count`.
void rig_wait(rig *r, const unsigned *counter, unsigned count);
void rig_open_gate(rig *r);
// rig_stop stops the receiver and waits for its end. rig_join waits alone.
void rig_stop(rig *r);
void rig_join(rig *r);
void rig_free(rig *r);

// ------------------------------------------------------------- raw sockets

// raw_connect returns a connected socket; reads and writes give up after 30 s.
int raw_connect(const rig *r);
void raw_send(int fd, const char *text);
// raw_send_slowly sends one octet at a time.
void raw_send_slowly(int fd, const char *text);
// raw_line reads one line, without CRLF. It returns its length, or -1 at the end.
int raw_line(int fd, char *out, size_t cap);
// raw_expect reads whole replies until one that begins with `text`, and fails the test
// when the next one does not.
void raw_expect(int fd, const char *text);
// raw_expect_end fails the test unless the stream ends here, without a reset.
void raw_expect_end(int fd);
// raw_reset closes with a reset.
void raw_reset(int fd);

// raw_listen returns a listening socket of the loopback and its port.
int raw_listen(uint16_t *out_port);

// ------------------------------------------------------------------ senders

// rig_sender is a sender and all that happened to it.
typedef struct rig_sender {
  smtpc_client_policy policy;
  smtpc_net_sender_options options;
  smtpc_net_result result;
  smtpc_net_error error;
  smtpc_tls_context *context;
  const char *from;
  const char *to[4];
  const char *password;
  const uint8_t *content;
  size_t content_len;
  size_t block;          // octets that `content` gives at a time
  size_t fail_at;        // where the content fails; 0: nowhere
  uint32_t seen;         // parameters of the envelope
  unsigned messages;     // messages to send
  unsigned message_next;
  unsigned to_next;
  size_t content_next;
  unsigned done;
  unsigned codes[16];    // of messages
  unsigned rcpt_codes[16];
  unsigned rcpt_done;
  uint8_t findings[SMTPC_FINDING_COUNT];
  rig_text trace;
} rig_sender;

// rig_sender_prepare fills `*s` with a policy without TLS and one message.
void rig_sender_prepare(rig_sender *s, uint16_t port);
// rig_sender_use_tls sets TLS, and trusts the certificate of every rig.
void rig_sender_use_tls(rig_sender *s, unsigned tls);
smtpc_net_error_kind rig_send(rig_sender *s);
void rig_sender_free(rig_sender *s);

#endif  // SMTPCORE_SHIM_NET_TESTING_H
