// The line assembler again, slow and obvious: it looks at a whole stream at
// once. For tests and fuzz targets only.
#ifndef SMTPCORE_CORE_MODEL_LINE_MODEL_H
#define SMTPCORE_CORE_MODEL_LINE_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "smtpcore/status.h"

// smtpc_model_line is what the octets from some line's start on hold.
typedef struct smtpc_model_line {
  smtpc_status status;  // as `smtpc_line_feed` returns it
  size_t used;       // octets of this line, its end included, or all for MORE
  size_t error_off;  // with an error of the line: where
  size_t len;        // with SMTPC_OK: the line's length without its end
  bool lf;           // a bare LF ended it
} smtpc_model_line;

// smtpc_model_line_read returns what `data[0 .. len)` begins with, as a fresh
// `smtpc_line` would tell it for lines of at most `max` octets. With `lf_ends` a
// bare LF ends a line.
smtpc_model_line smtpc_model_line_read(const uint8_t *data, size_t len,
                                       size_t max, bool lf_ends);

#endif  // SMTPCORE_CORE_MODEL_LINE_MODEL_H
