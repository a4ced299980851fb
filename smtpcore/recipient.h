// Recipient: is an address one of ours?
//
// Ours are our own name, `localhost`, the names of --domain, the address to
// which the client connected as an address literal, and <postmaster>. All else
// would be relaying, which the device never does. Any local part is a mailbox.
#ifndef SMTPCORE_RECIPIENT_H
#define SMTPCORE_RECIPIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "smtpcore/path.h"

// smtpc_here is what is ours. All is borrowed.
typedef struct smtpc_here {
  const uint8_t *host;  // our name
  size_t host_len;
  const char *const *domains;  // of --domain
  size_t domains_count;
} smtpc_here;

// smtpc_recipient_is_here returns whether `path`, with spans in `line`, is
// ours. `self` is the address to which the client connected, "192.0.2.1:25" or
// "[2001:db8::1]:25".
bool smtpc_recipient_is_here(const smtpc_here *here, const char *self,
                             const uint8_t *line, const smtpc_path *path);

#endif  // SMTPCORE_RECIPIENT_H
