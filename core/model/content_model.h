// DATA content again, slow and obvious: each octet is judged by looking at its
// neighbours in the whole message. For tests and fuzz targets only.
#ifndef SMTPCORE_CORE_MODEL_CONTENT_MODEL_H
#define SMTPCORE_CORE_MODEL_CONTENT_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "smtpcore/status.h"

// smtpc_model_content is what a message, or its beginning, amounts to.
typedef struct smtpc_model_content {
  smtpc_status status;  // see below
  size_t used;          // octets of the message, its end included
  unsigned anomalies;   // SMTPC_ANOMALY_ bits
  size_t first_off;     // where the first one that loses the message is; 0
                        // without one
  size_t len;           // octets written to `out`
} smtpc_model_content;

// smtpc_model_content_decode takes `data[0 .. len)` as what follows DATA's
// CRLF. It writes the content to `out`, which has room for `len` octets; `out`
// means nothing when an anomaly loses the message. `status` is SMTPC_OK with an
// end of data, else SMTPC_MORE. `keeps_lf` is the quirk content-lf.
smtpc_model_content smtpc_model_content_decode(const uint8_t *data, size_t len,
                                               bool keeps_lf, uint8_t *out);

// smtpc_model_content_check takes `data[0 .. len)` as the content of chunks, all
// of it with `ended`. It sets `anomalies` and `first_off`.
smtpc_model_content smtpc_model_content_check(const uint8_t *data, size_t len,
                                              bool keeps_lf, bool ended);

// smtpc_model_content_encode takes `data[0 .. len)` as content and writes what
// is to be sent, without the end of data, to `out`, which has room for 2 *
// `len` octets. `status` is SMTPC_OK when the content may end here,
// SMTPC_E_CONTENT_END when its last line is not whole, or the first of
// SMTPC_E_BARE_CR, SMTPC_E_BARE_LF, SMTPC_E_NUL, which is then at `first_off`.
smtpc_model_content smtpc_model_content_encode(const uint8_t *data, size_t len,
                                               uint8_t *out);

#endif  // SMTPCORE_CORE_MODEL_CONTENT_MODEL_H
