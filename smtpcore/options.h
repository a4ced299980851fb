// Options: the values of options, from text, and what is said when one is
// wrong.
//
// Each parser takes all of its text or nothing: no white space, no sign, no
// suffix that is ignored. It returns whether the text is a value; if not, what
// it would have written is unchanged.
#ifndef SMTPCORE_OPTIONS_H
#define SMTPCORE_OPTIONS_H

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// smtpc_endpoint is where to listen, or what to connect to.
typedef struct smtpc_endpoint {
  char host[256];  // a name or an address, without brackets; "" for `*`: all
  uint16_t port;
} smtpc_endpoint;

// smtpc_option_endpoint reads HOST:PORT, [IPV6]:PORT or *:PORT.
bool smtpc_option_endpoint(const char *text, smtpc_endpoint *out);

// smtpc_option_number reads a decimal number from `min` to `max`.
bool smtpc_option_number(const char *text, uint64_t min, uint64_t max,
                         uint64_t *out);

// smtpc_option_choice reads one of `count` words and stores its index.
bool smtpc_option_choice(const char *text, const char *const *words,
                         size_t count, uint8_t *out);

// smtpc_option_tls_version reads 1.0, 1.1, 1.2 or 1.3 as an smtpc_tls_version.
bool smtpc_option_tls_version(const char *text, uint16_t *out);

// smtpc_option_host stores the name `text` of this machine or of a domain and
// returns whether it is a domain name, or with `literal` an address literal
// such as [192.0.2.1].
bool smtpc_option_host(const char *text, bool literal, uint8_t out[255],
                       uint8_t *out_len);

// smtpc_option_own_host stores the system's own name when it is a domain name,
// else "localhost".
void smtpc_option_own_host(uint8_t out[255], uint8_t *out_len);

// smtpc_option_fail says "PROGRAM: OPTION: WANT; it is VALUE" on standard
// error, with control characters escaped, and ends the process with EX_USAGE.
// `value` may be NULL.
void smtpc_option_fail(const struct argp_state *state, const char *option,
                       const char *value, const char *want);

// The words of the options that several commands have, in the order of the
// enums smtpc_auth and smtpc_log_format.
extern const char *const smtpc_option_auth_words[3];
extern const char *const smtpc_option_log_words[2];

// Wants of options that several commands have.
#define SMTPC_WANT_TLS_VERSION "want one of 1.0, 1.1, 1.2, 1.3"
#define SMTPC_WANT_AUTH "want one of off, on, required"
#define SMTPC_WANT_LOG "want text or json"
#define SMTPC_WANT_HOST \
  "want a domain name, or an address in brackets such as [192.0.2.1]"

// smtpc_option_take_number reads the value of `option` as a number from `min` to
// `max`, or says so and fails.
uint64_t smtpc_option_take_number(const struct argp_state *state,
                                  const char *option, const char *text,
                                  uint64_t min, uint64_t max);

// smtpc_option_take_choice reads the value of `option` as one of `words`, or
// fails with `want`.
uint8_t smtpc_option_take_choice(const struct argp_state *state,
                                 const char *option, const char *text,
                                 const char *const *words, size_t count,
                                 const char *want);

#endif  // SMTPCORE_OPTIONS_H
