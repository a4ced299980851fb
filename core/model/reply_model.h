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

// smtpc_model_whole is what the lines of one reply say together. All-zero: no line
// yet.
typedef struct smtpc_model_whole {
  unsigned lines;
  int done;                 // 1: the last line was there
  smtpc_model_reply first;  // what the first line said
} smtpc_model_whole;

// smtpc_model_reply_add adds a line to `whole`, returns what `smtpc_reply_line`
// must return, and sets `*text` to where the text must begin. On an error it
// changes nothing, and `*text` is `len`.
smtpc_status smtpc_model_reply_add(smtpc_model_whole *whole,
                                   const uint8_t *line, size_t len,
                                   int allow_8bit, size_t *text);

#endif  // SMTPCORE_CORE_MODEL_REPLY_MODEL_H
