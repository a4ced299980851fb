// Law testing: what the tests of the laws share: hostile streams, the same on every
// run, and sessions to run them on.
#ifndef SMTPCORE_SHIM_MEM_LAW_TESTING_H
#define SMTPCORE_SHIM_MEM_LAW_TESTING_H

#include "core/testing.h"
#include "shim/mem/mem.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define RUNS 1500u

// The credentials and the content that a client's secrets are told by.
#define LAW_NAME "user"
#define LAW_PASSWORD "CANARYPASSWORD"
// base64 of NUL user NUL CANARYPASSWORD, and of the password alone
#define PLAIN_CANARY "AHVzZXIAQ0FOQVJZUEFTU1dPUkQ="
#define LOGIN_CANARY "Q0FOQVJZUEFTU1dPUkQ="

// law_server_policy returns the policy of the laws' servers: AUTH on, small sizes,
// high counts.
smtpc_server_policy law_server_policy(unsigned tls);

// law_client_policy returns the policy of the laws' clients: AUTH on.
smtpc_client_policy law_client_policy(unsigned tls);

// law_stream puts `parts` random words of a hostile client into `out`.
void law_stream(uint64_t *random, smtpc_octets *out, size_t parts);

// law_begin_server begins a session of `law_server_policy(tls)`.
void law_begin_server(smtpc_mem_server *mem, unsigned tls);

// law_feed gives `text`, whole, in clear.
size_t law_feed(smtpc_mem_server *mem, const char *text);

// law_contains returns 1 when `text` is in `octets`, else 0.
int law_contains(const smtpc_octets *octets, const char *text);

// law_greeting is a server's greeting.
extern const char law_greeting[];

// law_begin_client begins a session that sends one message; `rcpt` and `message`
// are filled and must live as long.
void law_begin_client(smtpc_mem_client *mem, const smtpc_client_policy *policy,
                      smtpc_envelope *rcpt, smtpc_mem_message *message);

// law_play gives a greeting and then random turns of a hostile server; TLS comes up
// when it is waited for, verified or not.
void law_play(smtpc_mem_client *mem, uint64_t seed, size_t cut);

#endif  // SMTPCORE_SHIM_MEM_LAW_TESTING_H
