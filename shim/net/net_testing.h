// Testing: a receiver on a thread of its own with a store in memory, raw sockets, a
// client that speaks TLS by hand, somebody in the middle, a sender with a message, and
// a server that is played. Test code only.
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
// RIG_USER, RIG_PASSWORD and RIG_TOKEN are the one account that there is.
#define RIG_USER "lamp"
#define RIG_PASSWORD "opensesame7"
#define RIG_TOKEN "ya29.lamp-token_1~2+3/4=="
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

// rig_login is a copy of what a client claims, for the thread that judges it.
typedef struct rig_login {
  uint8_t name[SMTPC_NAME_MAX];
  uint8_t secret[1024];
  uint8_t text[1024];
  uint8_t *signature;
  size_t name_len;
  size_t secret_len;
  size_t text_len;
  uint8_t mechanism;
} rig_login;

#define RIG_ANSWERS_MAX 8u

// rig is a receiver and all that happened to it. Fields below `lock` are written by
// its thread, and read under the lock, or after `rig_stop`.
typedef struct rig {
  smtpc_server_policy policy;
  smtpc_net_receiver_options options;
  smtpc_net_receiver *receiver;
  smtpc_tls_context *context;
  rig_message_mode mode;
  unsigned slow_login;          // 1: credentials are judged on the thread pool
  unsigned slow_peer;           // 1: so is what a proxy says
  unsigned peer_answer;         // to that; an smtpc_answer
  uint8_t answers[RIG_ANSWERS_MAX];  // of `message_end`, by number; all YES
  uint32_t iterations;          // of SCRAM
  rig_login login;
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
  rig_text numbers;             // of `message_end`: "0,1,2,"
  rig_text proxied;             // what proxies said: "v1 192.0.2.1:7>192.0.2.2:25;"
  char last_hello[256];         // as it was at the end of the last session
  char hello[256];              // as they were at the last MAIL
  char peer[SMTPC_NET_ADDRESS_MAX];
  char self[SMTPC_NET_ADDRESS_MAX];
  smtpc_address address;
} rig;

// rig_range reads "127.0.0.0/8".
smtpc_range rig_range(const char *text);

// rig_identity returns the certificate that all rigs have; rig_stranger another one.
const smtpc_boringssl_pem *rig_identity(void);
const smtpc_boringssl_pem *rig_stranger(void);

// rig_context makes a context with that certificate.
smtpc_tls_context *rig_context(const smtpc_boringssl_pem *pem);

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
void raw_send_octets(int fd, const void *data, size_t len);
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

// ------------------------------------------------------------------ by hand

// hand is one end of a connection that speaks TLS by hand: it holds the engine and the
// socket, and does with each what no well-behaved program does.
typedef struct hand {
  int fd;
  smtpc_tls *tls;
  smtpc_tls_context *context;  // its own; NULL: borrowed
  size_t cut;                  // octets of ciphertext in one send; 0: whole
  uint8_t plain[16384];
  size_t begin;
  size_t end;
} hand;

// hand_client makes a client over a connected socket, which does nothing yet.
void hand_client(hand *h, int fd, size_t cut);
// hand_shake does the handshake. It returns 1, or 0 when that failed.
int hand_shake(hand *h);
// hand_flush sends what the engine has for the peer, hand_fill gives it what came from
// there. They return 1, or 0 at the end of the stream.
int hand_flush(hand *h);
int hand_fill(hand *h);
// hand_open connects to a rig, and speaks up to and with the handshake of STARTTLS.
void hand_open(hand *h, const rig *r, size_t cut);
void hand_close(hand *h);

void hand_say(hand *h, const char *text);
// hand_octet returns the next clear octet, or -1 when there will be none; `*out_state`
// says why.
int hand_octet(hand *h, smtpc_tls_state *out_state);
// hand_line reads one line, without CRLF. It returns 0 at the end.
int hand_line(hand *h, char *out, size_t cap);
// hand_hear reads whole replies until one that begins with `text`, and fails the test
// when the next one does not.
void hand_hear(hand *h, const char *text);

// rig_relay is somebody in the middle, who ends the client's TLS and begins another
// one to the rig. It serves one connection.
typedef struct rig_relay {
  const rig *to;
  smtpc_tls_context *context;  // what the client is shown
  const char *strike;          // words of the server that the client reads as "X-X-X"
  pthread_t thread;
  int listener;
  uint16_t port;
  size_t struck;               // how often
} rig_relay;

void rig_relay_start(rig_relay *relay, const rig *to,
                     const smtpc_boringssl_pem *pem, uint16_t version);
void rig_relay_stop(rig_relay *relay);

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
  const char *name;
  const char *password;  // or token; NULL: there is none
  const uint8_t *content;
  size_t content_len;
  size_t block;          // octets that `content` gives at a time
  size_t fail_at;        // where the content fails; 0: nowhere
  uint32_t seen;         // parameters of the envelope
  uint8_t body;          // one of them
  unsigned messages;     // messages to send
  unsigned message_next;
  unsigned to_next;
  size_t content_next;
  unsigned done;
  unsigned codes[16];    // of messages
  unsigned rcpt_codes[16];
  unsigned rcpt_done;
  unsigned delivery_codes[16];  // LMTP
  unsigned delivery_numbers[16];
  unsigned deliveries;
  uint8_t findings[SMTPC_FINDING_COUNT];
  rig_text trace;
} rig_sender;

// rig_sender_prepare fills `*s` with a policy without TLS and one message.
void rig_sender_prepare(rig_sender *s, uint16_t port);
// rig_sender_use_tls sets TLS, and trusts the certificate of every rig.
void rig_sender_use_tls(rig_sender *s, unsigned tls);
smtpc_net_error_kind rig_send(rig_sender *s);
void rig_sender_free(rig_sender *s);

// rig_step is a step of a server that is played: it waits for the next line of the
// client that begins with `wait` ("" waits for nothing), then says `say`; NULL ends it.
typedef struct rig_step {
  const char *wait;
  const char *say;
} rig_step;

// rig_wait_for reads lines until one begins with `text`. It returns 0 at the end.
int rig_wait_for(int fd, const char *text);

// rig_send_to sends to a server that plays `steps`. With `hold` it keeps the connection
// until the client ends it.
void rig_send_to(const rig_step *steps, int hold, rig_sender *s);

#endif  // SMTPCORE_SHIM_NET_TESTING_H
