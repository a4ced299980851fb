// The header scanner again, slow and obvious: it looks at a whole message at
// once, line by line. For tests and fuzz targets only.
#ifndef SMTPCORE_CORE_MODEL_HEADER_MODEL_H
#define SMTPCORE_CORE_MODEL_HEADER_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// smtpc_model_header is what the header section of a message, or of its beginning,
// amounts to.
typedef struct smtpc_model_header {
  bool ended;    // the empty line after it was seen
  bool says_no;  // `TLS-Required: No`, if the message ends where the octets end
} smtpc_model_header;

// smtpc_model_header_read reads the message `data[0 .. len)`.
smtpc_model_header smtpc_model_header_read(const uint8_t *data, size_t len);

#endif  // SMTPCORE_CORE_MODEL_HEADER_MODEL_H
