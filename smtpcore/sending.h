// Sending: one message on its way out: what the sender's session asks for, what
// is shown of it, and what is said at its end.
#ifndef SMTPCORE_SENDING_H
#define SMTPCORE_SENDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "shim/net/sender.h"
#include "smtpcore/log.h"
#include "smtpcore/message.h"
#include "smtpcore/outcome.h"
#include "smtpcore/password.h"

#define SMTPC_SENDING_SAID 8u

// smtpc_sending_said is the last line with one code that the server said. It is
// shown to people, and never decides anything (law CODE).
typedef struct smtpc_sending_said {
  uint16_t code;
  uint16_t len;
  uint8_t text[SMTPC_NET_REPLY_MAX];
} smtpc_sending_said;

// smtpc_sending is all of it. Set the first part; the rest begins all-zero.
typedef struct smtpc_sending {
  const char *from;  // without brackets; "": the null sender
  const char *const *to;
  size_t to_count;
  const char *account;  // NULL: none
  const smtpc_password *password;
  const smtpc_message *message;
  const char *envid;  // NULL: none
  FILE *trace;        // NULL: the dialogue is not shown
  smtpc_log log;
  uint8_t ret;     // an smtpc_ret
  uint8_t notify;  // SMTPC_NOTIFY_ bits
  bool utf8;       // an address is not ASCII
  bool require_tls;

  smtpc_attempt attempt;
  smtpc_sending_said said[SMTPC_SENDING_SAID];
  size_t said_next;
  size_t to_next;  // the recipient that is given next
  FILE *refused;   // recipients that were refused, with commas
  char *refused_text;
  size_t refused_len;
  bool given;  // the envelope was
  bool content_given;
  char problem[256];  // why there was no session
} smtpc_sending;

// smtpc_sending_callbacks returns the callbacks of a sender whose `user` is an
// smtpc_sending.
smtpc_net_sender_callbacks smtpc_sending_callbacks(void);

// smtpc_sending_end takes how the session went into `sending->attempt`, says
// what happened on one last line of the log's stream, frees what `sending`
// owns, and returns the outcome. `error` says why there was no session.
smtpc_outcome smtpc_sending_end(smtpc_sending *sending,
                                const smtpc_net_result *result,
                                const smtpc_net_error *error);

#endif  // SMTPCORE_SENDING_H
