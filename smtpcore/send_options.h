// Send options: what `smtpcore send` was told, read and checked as a whole.
#ifndef SMTPCORE_SEND_OPTIONS_H
#define SMTPCORE_SEND_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shim/net/net.h"
#include "smtpcore/options.h"
#include "smtpcore/policy.h"
#include "smtpcore/sending.h"
#include "smtpcore/write.h"

// smtpc_send_options is all of it. What it points to is the command line's, but for
// `to`.
typedef struct smtpc_send_options {
  smtpc_client_policy
      policy;  // its TLS is that of a message that asks for nothing
  smtpc_net_deadlines deadlines;
  smtpc_endpoint server;
  const char *server_name;  // NULL: the host of `server`
  const char *ca;           // NULL: the system's
  const char *from;         // "": <>
  smtpc_sending_recipient *to;
  size_t to_count;
  const char *account;        // NULL: none
  const char *password_file;  // with an account there is one of these two
  const char *token_file;
  const char *file;
  smtpc_envelope mail;  // MAIL's parameters that were asked for
  smtpc_envelope rcpt;  // those of every RCPT
  uint64_t mechanisms;  // SMTPC_MECH bits of --mechanisms; 0: not given
  uint32_t drop;        // SMTPC_HAS bits of --drop
  uint32_t need;        // and of --need
  uint16_t tls_min;     // an smtpc_tls_version
  uint8_t log;          // an smtpc_log_format
  bool server_given;
  bool auth_given;
  bool helo_given;
  bool utf8;        // an address is not ASCII
  bool honours_no;  // TLS-Required: No of the message counts
  bool trace;
} smtpc_send_options;

// smtpc_send_options_read fills the all-zero `*out` from the words of the command
// line. A wrong option, and options that contradict each other, end the process. It
// returns false without memory. `smtpc_send_options_free` ends it.
bool smtpc_send_options_read(smtpc_send_options *out, int argc, char **argv);
void smtpc_send_options_free(smtpc_send_options *read);

#endif  // SMTPCORE_SEND_OPTIONS_H
