// Outcome: how a sending session went, as an exit status and as a word.
//
//   0   delivered       the server took the message for all recipients
//   64  usage           an option, an address or the message was wrong
//   69  refused         the server, or what it lacks, refused it for good
//   70  internal        a defect of this program
//   75  later           it may work later: no connection, a 4xx, a lost session
//   76  protocol        the protocol, TLS or the policy ended it; #841, #842
//   77  authentication  #839, #843; not offered, or no method in common
//
// Decided by codes, findings and reasons only, never by a text of the server
// (law CODE).
#ifndef SMTPCORE_OUTCOME_H
#define SMTPCORE_OUTCOME_H

#include <stdbool.h>
#include <stdint.h>

#include "shim/net/net.h"
#include "smtpcore/log.h"

#define SMTPC_OUTCOME_LIST(X)  \
  X(DELIVERED, 0, "delivered") \
  X(USAGE, 64, "usage")        \
  X(REFUSED, 69, "refused")    \
  X(INTERNAL, 70, "internal")  \
  X(LATER, 75, "later")        \
  X(PROTOCOL, 76, "protocol")  \
  X(AUTHENTICATION, 77, "authentication")

typedef enum smtpc_outcome {
#define SMTPC_OUTCOME_ENUM(id, status, name) SMTPC_OUTCOME_##id = (status),
  SMTPC_OUTCOME_LIST(SMTPC_OUTCOME_ENUM)
#undef SMTPC_OUTCOME_ENUM
} smtpc_outcome;

// smtpc_outcome_name returns the word of `outcome`, or "".
const char *smtpc_outcome_name(smtpc_outcome outcome);

// smtpc_attempt is what is known of a session after its end.
typedef struct smtpc_attempt {
  smtpc_seen seen;  // its findings
  smtpc_net_end end;
  smtpc_net_error_kind error;  // NONE: there was a session
  uint32_t rcpt_count;         // recipients of the message
  uint32_t rcpt_taken;         // recipients that got 2xx to RCPT
  uint32_t rcpt_later;    // recipients that got 4xx, to RCPT or under LMTP to
                          // the message, and those beyond the server's limit
  uint32_t rcpt_refused;  // recipients that got 5xx, to either
  uint32_t delivered;     // recipients that have the message
  uint16_t session_code;  // of the last reply that the session judged
  uint16_t message_code;  // with `message_done`: what decided the message
  bool message_done;
} smtpc_attempt;

// smtpc_outcome_of judges. When some recipients have the message and some do not it is
// REFUSED, or LATER when each of these may be tried again. A session that was
// lost is LATER, unless the server had refused the sender, or all recipients,
// for good.
smtpc_outcome smtpc_outcome_of(const smtpc_attempt *attempt);

#endif  // SMTPCORE_OUTCOME_H
