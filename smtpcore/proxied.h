// Proxied: what a trusted proxy said of the peer behind it, in words for the log.
#ifndef SMTPCORE_PROXIED_H
#define SMTPCORE_PROXIED_H

#include "shim/net/receiver.h"

// smtpc_proxied_command returns what it was said by: "PROXY", "XCLIENT" or "XFORWARD".
const char *smtpc_proxied_command(const smtpc_net_proxied *proxied);

// smtpc_proxied_text returns what was said, which the caller frees, or NULL without
// memory: the peer's address and port, "LOCAL" when the proxy speaks for itself and
// "UNKNOWN" when it does not know its peer; or the attributes as they came. It may hold
// any octet but NUL.
char *smtpc_proxied_text(const smtpc_net_proxied *proxied);

#endif  // SMTPCORE_PROXIED_H
