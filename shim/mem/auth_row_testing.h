// Auth row testing: AUTH exchanges as rows: what a scripted server says, the trace that
// must come of it, and the octets that must leave.
//
// In turns and wires `{text}` stands for the base64 of text, in which `~` is a
// NUL. Elsewhere in a trace `~` stands for "@" and how many octets the server said
// before a last `221`.
#ifndef SMTPCORE_SHIM_MEM_AUTH_ROW_TESTING_H
#define SMTPCORE_SHIM_MEM_AUTH_ROW_TESTING_H

#include "shim/mem/dialogue_testing.h"
#include "smtpcore/sasl.h"

#define EHLO_OUT "C: EHLO localhost\n"
#define TLS_OUT "= tls\n" EHLO_OUT
#define MAIL_OUT "C: MAIL FROM:<s@a.example>\n"
#define SECRET_OUT "C: (secret)\n"
#define MAIL_WIRE "MAIL FROM:<s@a.example>\r\n"
#define OFFER(names) "250-mx\r\n250 AUTH " names "\r\n"

// SCRAM: what both sides make of shim/mem's nonce and digests, which are zeros.
#define NONCE "0102030405060708090a0b0c0d0e0f10"
#define ZERO_20 "AAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define ZERO_32 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define EXPORTER_32 \
  "cD10bHMtZXhwb3J0ZXIsLAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define END_POINT_32                                                       \
  "cD10bHMtc2VydmVyLWVuZC1wb2ludCwsAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" \
  "AAAAA="
#define SERVER_FIRST "334 {r=" NONCE "xyz,s=c2FsdA==,i=4096}\r\n"

// auth_row is one session: the server's turns (an event begins with `=`: `=up`, `=up12`
// with TLS 1.2, `=end`), its whole trace, and the octets that leave after the first
// EHLO line; NULL: not looked at.
typedef struct auth_row {
  const char *label;
  uint64_t mechanisms;
  const char *turns[10];
  const char *trace;
  const char *wire;
} auth_row;

// auth_policy returns the defaults with implicit TLS, checked, and AUTH required.
smtpc_client_policy auth_policy(void);

// auth_run runs `row` with a message to send, whole and in all cuts, as the user
// `name`; NULL: there is none.
void auth_run(const smtpc_client_policy *policy, const auth_row *row,
              const char *name, const char *password);

// auth_rows runs each row with its mechanisms, as "user" with "secret".
void auth_rows(const smtpc_client_policy *policy, const auth_row *rows,
               size_t count);

// auth_expand appends `text` with all `{...}` as base64.
void auth_expand(smtpc_octets *out, const char *text);

#endif  // SMTPCORE_SHIM_MEM_AUTH_ROW_TESTING_H
