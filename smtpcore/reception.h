// Reception: what the receiver's sessions do: who may be written to, where mail
// goes, who may log in, and what the log says of all that.
//
// Slow work is done on other threads: hashing a password, and making a message
// durable. The client hears 250 only after the latter.
//
// A message is one file for all its recipients. What a sender asks for beside that, by
// parameters of MAIL and RCPT, is in the log and nowhere else.
#ifndef SMTPCORE_RECEPTION_H
#define SMTPCORE_RECEPTION_H

#include "shim/net/receiver.h"
#include "shim/store/accounts.h"
#include "shim/store/maildir.h"
#include "smtpcore/log.h"
#include "smtpcore/recipient.h"

// smtpc_reception is what all sessions share. All is borrowed.
typedef struct smtpc_reception {
  smtpc_maildir *maildir;
  const smtpc_accounts *accounts;  // NULL: nobody can log in
  smtpc_log log;
  smtpc_here here;
  uint64_t sessions;  // that have ended
  uint64_t messages;  // that were stored
  bool lmtp;
} smtpc_reception;

// smtpc_reception_callbacks returns the callbacks of a receiver whose `user` is
// an smtpc_reception.
smtpc_net_receiver_callbacks smtpc_reception_callbacks(void);

#endif  // SMTPCORE_RECEPTION_H
