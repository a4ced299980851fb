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
#include "smtpcore/token.h"
#include "smtpcore/write.h"

#define SMTPC_SENDING_SAID 8u

// smtpc_sending_said is the last line with one code that the server said. It is
// shown to people, and never decides anything (law CODE).
typedef struct smtpc_sending_said {
  uint16_t code;
  uint16_t len;
  uint8_t text[SMTPC_NET_REPLY_MAX];
} smtpc_sending_said;

// smtpc_sending_recipient is one recipient.
typedef struct smtpc_sending_recipient {
  const char *address;      // without brackets
  smtpc_envelope envelope;  // its parameters; the address is not looked at
  bool taken;               // the server took it; all-zero at the start
} smtpc_sending_recipient;

// smtpc_sending_names is a list of addresses in words. All-zero: an empty one.
typedef struct smtpc_sending_names {
  FILE *out;
  char *text;
  size_t len;
} smtpc_sending_names;

// smtpc_sending is all of it. Set the first part; the rest begins all-zero.
typedef struct smtpc_sending {
  const char *from;  // without brackets; "": the null sender
  smtpc_sending_recipient *to;
  size_t to_count;
  const char *account;             // NULL: none
  const smtpc_password *password;  // for all mechanisms but those of a token
  const smtpc_token *token;
  const smtpc_message *message;
  smtpc_envelope
      mail;     // MAIL's parameters; the address, SIZE and SMTPUTF8 are not
                // looked at, BODY only when it is in `seen`
  FILE *trace;  // NULL: the dialogue is not shown
  smtpc_log log;
  bool utf8;  // an address is not ASCII
  bool lmtp;  // each recipient that is taken gets its own answer

  smtpc_attempt attempt;
  smtpc_sending_said said[SMTPC_SENDING_SAID];
  size_t said_next;
  size_t to_next;               // the recipient that is given next
  smtpc_sending_names refused;  // recipients that were refused for good
  smtpc_sending_names later;    // recipients that may be tried again
  bool given;                   // the envelope was
  bool content_given;
  char problem[256];  // why there was no session
} smtpc_sending;

// smtpc_sending_callbacks returns the callbacks of a sender whose `user` is an
// smtpc_sending.
smtpc_net_sender_callbacks smtpc_sending_callbacks(void);

// smtpc_sending_note takes and shows a finding that was made before the session.
void smtpc_sending_note(smtpc_sending *sending, unsigned finding);

// smtpc_sending_end takes how the session went into `sending->attempt`, says
// what happened on one last line of the log's stream, frees what `sending`
// owns, and returns the outcome. `error` says why there was no session.
smtpc_outcome smtpc_sending_end(smtpc_sending *sending,
                                const smtpc_net_result *result,
                                const smtpc_net_error *error);

#endif  // SMTPCORE_SENDING_H
