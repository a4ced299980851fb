// Param model: the grammar of ESMTP parameters and of xtext, written a second
// time to be obviously right. It is slow and shares nothing with `core/param.c`
// but the types. Tests and fuzz targets compare the two.
#ifndef SMTPCORE_CORE_MODEL_PARAM_MODEL_H
#define SMTPCORE_CORE_MODEL_PARAM_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "smtpcore/param.h"

// model_params returns whether `smtpc_params_parse` must take `text[0 .. len)`,
// which is empty or begins with a space. When it does, `*out` is what it must
// find, spans counted from the front of `text`; when not, `*out` is zero but for
// `wrong`.
bool model_params(const uint8_t *text, size_t len, unsigned verb,
                  uint32_t offered, smtpc_params *out);

// model_params_status returns what `smtpc_params_parse` must return, and sets
// `*out` as `model_params` does. It returns SMTPC_E_INTERNAL for "an error, but
// the model does not know which": an AUTH that is xtext but no mailbox.
smtpc_status model_params_status(const uint8_t *text, size_t len, unsigned verb,
                                 uint32_t offered, smtpc_params *out);

// model_date returns whether `text[0 .. len)` is a date-time that
// `smtpc_date_parse` must take, and stores its seconds; 0 when it is not. It
// counts days one by one.
bool model_date(const uint8_t *text, size_t len, uint64_t *out);

// model_xtext returns the length of what the xtext `text[0 .. len)` stands for
// and stores it in `out`, which has room for `len` octets; or -1 when it is no
// xtext of printable octets.
long model_xtext(const uint8_t *text, size_t len, uint8_t *out);

#endif  // SMTPCORE_CORE_MODEL_PARAM_MODEL_H
