// Reply lines again, by regular expressions written off the RFC's ABNF. For
// tests and fuzz targets only.
#ifndef SMTPCORE_CORE_MODEL_REPLY_MODEL_H
#define SMTPCORE_CORE_MODEL_REPLY_MODEL_H

#include <stddef.h>
#include <stdint.h>

#include "smtpcore/status.h"

// smtpc_model_reply is what one line says by itself.
typedef struct smtpc_model_reply {
  smtpc_status status;   // SMTPC_OK, SMTPC_E_REPLY_CODE or SMTPC_E_REPLY_TEXT
  unsigned code;         // 0 with SMTPC_E_REPLY_CODE
  int last;              // 1: no hyphen
  unsigned enhanced[3];  // class, subject, detail; all 0 without one
  size_t text;           // where the text begins
} smtpc_model_reply;

// smtpc_model_reply_read returns what `line[0 .. len)`, without CRLF, says.
smtpc_model_reply smtpc_model_reply_read(const uint8_t *line, size_t len,
                                         int allow_8bit);

#endif  // SMTPCORE_CORE_MODEL_REPLY_MODEL_H
