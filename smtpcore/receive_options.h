// Receive options: what `smtpcore receive` was told, read and checked as a whole.
#ifndef SMTPCORE_RECEIVE_OPTIONS_H
#define SMTPCORE_RECEIVE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shim/net/net.h"
#include "smtpcore/names.h"
#include "smtpcore/options.h"
#include "smtpcore/policy.h"

#define SMTPC_RECEIVE_DOMAINS_MAX 64u

// smtpc_receive_options is all of it. What it points to is the command line's.
typedef struct smtpc_receive_options {
  smtpc_server_policy policy;  // but for what the files say: `certificate`, and
                               // which of the mechanisms the accounts can serve
  smtpc_net_deadlines deadlines;
  smtpc_endpoint listen;
  smtpc_rules rules;  // quirks; those for all are in the policy too
  smtpc_ranges
      proxies;  // peers that begin with a PROXY header, as the policy says
  smtpc_ranges
      xclient;       // or may say XCLIENT and XFORWARD; one of both is empty
  const char *cert;  // NULL: none
  const char *key;
  const char *maildir;
  const char *accounts;  // NULL: none
  const char *domains[SMTPC_RECEIVE_DOMAINS_MAX];
  size_t domains_count;
  uint32_t sessions_max;
  uint32_t offer;     // SMTPC_OFFERS bits that were put in
  uint32_t no_offer;  // and taken out
  uint16_t tls_min;   // an smtpc_tls_version
  uint8_t log;        // an smtpc_log_format
  bool host_given;
  bool hold_given;
  bool by_given;
} smtpc_receive_options;

// smtpc_receive_options_read fills `*out` from the words of the command line. A wrong
// option, and options that contradict each other, end the process.
void smtpc_receive_options_read(smtpc_receive_options *out, int argc,
                                char **argv);

#endif  // SMTPCORE_RECEIVE_OPTIONS_H
