// Mem: sessions over memory. The smallest legal shim, and the one that every test
// and fuzz target uses.
//
// A `smtpc_mem_server` drives a server session, a `smtpc_mem_client` a client. Octets
// go in with `_feed`, cut as asked; what the session sends is appended to `out`. All
// that happens is written to `trace`, one line each, in a form that can be compared
// and read:
//
//     C: MAIL FROM:<a@b.example>     a command or response line that was taken
//     S: 250 2.1.0 Sender OK         a line that was sent (of the server)
//     ! bare-lf @17                  a finding, with its offset
//     = tls                          encryption begins here
//     M: 120 octets, stored          a message, and what became of it
//     . close quit                   the end
//
// TLS is played: after START_TLS the caller says `_tls_up` or `_tls_failed`. To use
// a real TLS library, put it between `out` and the peer (`shim/boringssl`).
//
// Ownership: every object is made by its caller and freed with its `_free`; it
// holds heap memory. Nothing here is meant for a product.
#ifndef SMTPCORE_SHIM_MEM_H
#define SMTPCORE_SHIM_MEM_H

#include <stddef.h>
#include <stdint.h>

#include "smtpcore/client.h"
#include "smtpcore/server.h"

// smtpc_octets is a growing array of octets. All-zero: empty.
typedef struct smtpc_octets {
  uint8_t *data;
  size_t len;
  size_t cap;
} smtpc_octets;

// smtpc_octets_add appends `len` octets. It aborts when there is no memory.
void smtpc_octets_add(smtpc_octets *octets, const void *data, size_t len);
// smtpc_octets_print appends formatted text, as printf does.
void smtpc_octets_print(smtpc_octets *octets, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
// smtpc_octets_clear makes `octets` empty and keeps its memory.
void smtpc_octets_clear(smtpc_octets *octets);
// smtpc_octets_free frees the memory.
void smtpc_octets_free(smtpc_octets *octets);

// smtpc_mem_where says what a session waits for.
typedef enum smtpc_mem_where {
  SMTPC_MEM_INPUT = 0,      // octets
  SMTPC_MEM_HANDSHAKE = 1,  // `_tls_up` or `_tls_failed`
  SMTPC_MEM_CLOSED = 2
} smtpc_mem_where;

// SMTPC_MEM_STEPS_PER_OCTET bounds the steps of one feed: this many for each octet,
// and as many again for none. A session that passes it makes no progress, and the
// process aborts (law BOUNDS).
#define SMTPC_MEM_STEPS_PER_OCTET 64u

// ------------------------------------------------------------------ server

typedef struct smtpc_mem_server smtpc_mem_server;

// smtpc_mem_answer_fn answers an ASK_ action of a server. The mem shim's own
// answers, used when it is NULL: a local part that begins with "no", "later",
// "full" or "relay" is answered so, all others yes; the name is "user" and the
// password or token "secret" (a digest or proof is right when it is all zero, and so
// is our own signature; EXTERNAL wants the name alone); what a proxy says is taken;
// each message is stored.
typedef smtpc_answer (*smtpc_mem_answer_fn)(void *user,
                                            const smtpc_mem_server *server,
                                            const smtpc_action *action);

struct smtpc_mem_server {
  smtpc_server_policy policy;
  smtpc_server session;
  smtpc_octets out;      // all that was sent, both channels
  size_t out_clear;      // octets of `out` that were sent in clear
  smtpc_octets content;  // of the message at hand
  smtpc_octets stored;   // contents of all stored messages, one after the other
  smtpc_octets trace;
  size_t stored_count;
  size_t steps;          // steps so far
  smtpc_action last;     // the last CLOSE
  smtpc_mem_where where;
  smtpc_mem_answer_fn answer;
  void *answer_user;
  int quiet;             // 1: write no trace (for benchmarks)
  uint8_t binding[32];   // the answer to ASK_BINDING
};

// smtpc_mem_server_begin begins a session under `*policy`, which is copied, and runs
// it up to its first wait.
void smtpc_mem_server_begin(smtpc_mem_server *mem,
                            const smtpc_server_policy *policy);

// smtpc_mem_server_feed gives `len` octets on `channel`, in pieces of `cut` octets
// (0: whole). Octets are given again and again until they are taken, the session
// waits for something else, or it has ended. It returns how many were taken.
size_t smtpc_mem_server_feed(smtpc_mem_server *mem, unsigned channel,
                             const void *data, size_t len, size_t cut);

// smtpc_mem_server_give gives one input of another kind and runs on.
void smtpc_mem_server_give(smtpc_mem_server *mem, const smtpc_input *input);

// smtpc_mem_server_tls_up says that the handshake ended well, with `version`.
void smtpc_mem_server_tls_up(smtpc_mem_server *mem, unsigned version);

// smtpc_mem_server_free frees what the object holds.
void smtpc_mem_server_free(smtpc_mem_server *mem);

// ------------------------------------------------------------------ client

// smtpc_mem_message is a message to send: its envelope, recipients and content are
// borrowed for as long as the client lives.
typedef struct smtpc_mem_message {
  smtpc_envelope envelope;
  const smtpc_envelope *recipients;
  size_t recipient_count;
  const uint8_t *content;
  size_t content_len;
  size_t content_cut;  // pieces in which content is given; 0: whole
} smtpc_mem_message;

typedef struct smtpc_mem_client {
  smtpc_client_policy policy;
  smtpc_client session;
  smtpc_octets out;
  size_t out_clear;
  smtpc_octets trace;
  const smtpc_mem_message *messages;
  size_t message_count;
  size_t message_next;    // the one that is sent next
  size_t recipient_next;
  size_t content_next;
  const char *name;       // credentials; NULL: none
  const char *password;
  uint8_t digest[2u * SMTPC_DIGEST_MAX];  // the answer to ASK_DIGEST, as far as the
                                          // mechanism has it
  uint8_t binding[32];    // the answer to ASK_BINDING
  size_t steps;
  unsigned last_code;     // of the last MESSAGE_DONE
  unsigned done_count;    // MESSAGE_DONE actions with a 2yz code
  smtpc_action last;      // the last CLOSE
  smtpc_mem_where where;
} smtpc_mem_client;

// smtpc_mem_client_begin begins a session under `*policy`, which is copied, to send
// `message_count` messages, and runs it up to its first wait.
void smtpc_mem_client_begin(smtpc_mem_client *mem,
                            const smtpc_client_policy *policy,
                            const smtpc_mem_message *messages,
                            size_t message_count);

// smtpc_mem_client_feed gives octets as `smtpc_mem_server_feed` does.
size_t smtpc_mem_client_feed(smtpc_mem_client *mem, unsigned channel,
                             const void *data, size_t len, size_t cut);

// smtpc_mem_client_give gives one input of another kind and runs on.
void smtpc_mem_client_give(smtpc_mem_client *mem, const smtpc_input *input);

// smtpc_mem_client_tls_up says that the handshake ended well, with `version`, and
// whether the certificate was checked and good.
void smtpc_mem_client_tls_up(smtpc_mem_client *mem, unsigned version,
                             int verified);

// smtpc_mem_client_free frees what the object holds.
void smtpc_mem_client_free(smtpc_mem_client *mem);

// -------------------------------------------------------------------- pair

// smtpc_mem_converse carries octets between a client and a server, both begun, until
// neither has more to say or both have ended. TLS comes up when both wait for it.
// Pieces are of `cut` octets. With `transcript` not NULL it gets each line as
// "S: ..." or "C: ...", and "(TLS)" where encryption begins. It returns the number
// of turns.
size_t smtpc_mem_converse(smtpc_mem_client *client, smtpc_mem_server *server,
                          size_t cut, smtpc_octets *transcript);

#endif  // SMTPCORE_SHIM_MEM_H
