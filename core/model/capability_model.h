// EHLO lines again, by regular expressions and C strings. For tests and fuzz
// targets only.
#ifndef SMTPCORE_CORE_MODEL_CAPABILITY_MODEL_H
#define SMTPCORE_CORE_MODEL_CAPABILITY_MODEL_H

#include <stddef.h>
#include <stdint.h>

#include "smtpcore/capability.h"

// smtpc_model_capability_line does what `smtpc_capability_line` does, for the
// text `text[0 .. len)`.
void smtpc_model_capability_line(smtpc_capabilities *caps, unsigned number,
                                 const uint8_t *text, size_t len,
                                 uint32_t quirks);

#endif  // SMTPCORE_CORE_MODEL_CAPABILITY_MODEL_H
