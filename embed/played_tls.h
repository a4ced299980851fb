// Played TLS: see played_tls.c. For tests only.
#ifndef SMTPCORE_EMBED_PLAYED_TLS_H
#define SMTPCORE_EMBED_PLAYED_TLS_H

#include "smtpcore/tls.h"

// PLAYED_BITS are the bits that are turned in an octet on its way.
#define PLAYED_BITS 0xa5u

#endif  // SMTPCORE_EMBED_PLAYED_TLS_H
