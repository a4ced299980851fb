// Dialogue testing: dialogues that are told as text. A dialogue is what the peer says,
// turn by turn, and the trace that must come of it. Each is run with its turns whole
// and in pieces of 1 to 5 octets, and the trace must be the same each time (law SPLIT).
//
// A turn that begins with `=` is an event: `=up` TLS is up, checked and good;
// `=unverified` TLS is up, not checked; `=failed` the handshake failed; `=end` the stream
// ended; `=reset` it broke off (under TLS: without close_notify); `=deadline`;
// `=shutdown`.
#ifndef SMTPCORE_SHIM_MEM_DIALOGUE_TESTING_H
#define SMTPCORE_SHIM_MEM_DIALOGUE_TESTING_H

#include "core/testing.h"
#include "shim/mem/mem.h"

#define DIALOGUE_TURNS_MAX 20u
#define DIALOGUE_COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

typedef struct dialogue {
  const char *label;
  const char *turns[DIALOGUE_TURNS_MAX];
  const char *want;
} dialogue;

// dialogue_server runs `d` against a server under `*policy` whose shim answers as
// shim/mem does.
void dialogue_server(const smtpc_server_policy *policy, const dialogue *d);

// dialogue_servers runs `count` dialogues.
void dialogue_servers(const smtpc_server_policy *policy, const dialogue *rows,
                      size_t count);

// dialogue_octets runs one turn of `len` octets, NUL among them, against a server.
void dialogue_octets(const smtpc_server_policy *policy, const char *label,
                     const void *octets, size_t len, const char *want);

// dialogue_row is one turn of a server's peer; its octets may hold NUL.
typedef struct dialogue_row {
  const char *label;
  const char *in;
  size_t in_len;
  const char *want;
} dialogue_row;

// DIALOGUE_IN gives a literal as octets and their number.
#define DIALOGUE_IN(text) text, sizeof(text) - 1u

// dialogue_rows runs `count` rows by `dialogue_octets`.
void dialogue_rows(const smtpc_server_policy *policy, const dialogue_row *rows,
                   size_t count);

// dialogue_scene is what happens before the line that a row is about.
typedef struct dialogue_scene {
  const char *in;    // octets, without NUL
  const char *want;  // the trace of them
  int hidden;        // 1: the trace shows the row's line as (secret)
} dialogue_scene;

// dialogue_line is one command line, without NUL, that gets one line of reply.
typedef struct dialogue_line {
  const char *line;     // without its CRLF
  const char *finding;  // what it leaves, at its end; NULL: nothing
  const char *reply;    // the whole line that answers it
} dialogue_line;

// dialogue_lines runs each row in a session of its own: the scene, the line, NOOP, all
// of it under TLS if the policy says `implicit_tls`. A line that leaves a finding must
// also leave the transaction as it was (law NOOP).
void dialogue_lines(const smtpc_server_policy *policy,
                    const dialogue_scene *scene, const dialogue_line *rows,
                    size_t count);

// dialogue_client runs `d` against a client under `*policy` that sends `messages` and
// logs in as "user" with "secret".
void dialogue_client(const smtpc_client_policy *policy,
                     const smtpc_mem_message *messages, size_t count,
                     const dialogue *d);

// dialogue_clients runs `count` dialogues with one message from s@a.example to
// r@b.example, whose content is "x\r\n".
void dialogue_clients(const smtpc_client_policy *policy, const dialogue *rows,
                      size_t count);

// dialogue_address returns an envelope with the address `text` alone.
smtpc_envelope dialogue_address(const char *text);

// dialogue_message returns a message from s@a.example to `recipients` whose content is
// "x\r\n".
smtpc_mem_message dialogue_message(const smtpc_envelope *recipients,
                                   size_t count);

// dialogue_filled returns `head`, `count` times `fill`, and `tail` as one string, which
// the caller frees.
char *dialogue_filled(const char *head, char fill, size_t count,
                      const char *tail);

// dialogue_server_policy returns the defaults with SIZE 1000 and CHUNKING alone, no
// enhanced codes: rows stay short.
smtpc_server_policy dialogue_server_policy(void);

// dialogue_client_policy returns the defaults with TLS as `tls` says.
smtpc_client_policy dialogue_client_policy(unsigned tls);

#endif  // SMTPCORE_SHIM_MEM_DIALOGUE_TESTING_H
