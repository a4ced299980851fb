// Identity: whom the verdict on an AUTH exchange would be about. For the target sasl.
#ifndef SMTPCORE_FUZZ_HARNESS_IDENTITY_H
#define SMTPCORE_FUZZ_HARNESS_IDENTITY_H

#include <stddef.h>
#include <stdint.h>

#include "smtpcore/sasl.h"

// identity_said is what one response said before it was taken: decoded, at most
// IDENTITY_MAX octets of it.
#define IDENTITY_MAX 512u
typedef struct identity_said {
  uint8_t data[IDENTITY_MAX];
  size_t len;
} identity_said;

// identity_of reads a response, `text[0 .. len)` in base64. What is no base64, or longer
// than fits, says nothing.
identity_said identity_of(const uint8_t *text, size_t len);

// identity_check is to be called when the response was taken: law SECRET. When the
// exchange waits for a verdict or a binding, it is about one identity, and about this
// exchange: PLAIN lets nobody act for another, and what SCRAM proves is made over the
// nonce that the server gave, `nonce[0 .. SMTPC_NONCE_LEN)`. `line` is the buffer of
// the exchange.
void identity_check(const identity_said *said, const smtpc_sasl *sasl,
                    const uint8_t *line, const uint8_t *nonce);

#endif  // SMTPCORE_FUZZ_HARNESS_IDENTITY_H
