// Base64 model: RFC 4648 section 4 word for word, slowly. For tests and fuzz
// targets only: `smtpc_base64_decode` and the encoder must agree with it.
#ifndef SMTPCORE_CORE_MODEL_BASE64_MODEL_H
#define SMTPCORE_CORE_MODEL_BASE64_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// base64_model_encode writes the encoding of `in[0 .. len)` to `out`, which
// must hold 4 octets for each 3 begun, and returns its length.
size_t base64_model_encode(const uint8_t *in, size_t len, uint8_t *out);

// base64_model_decode decodes `in[0 .. len)` to `out`, which must hold `len`
// octets, and sets `*out_len`. It returns false, with `*out_len` 0, when no
// octet string encodes to `in`.
bool base64_model_decode(const uint8_t *in, size_t len, uint8_t *out,
                         size_t *out_len);

#endif  // SMTPCORE_CORE_MODEL_BASE64_MODEL_H
