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
// find, spans counted from the front of `text`; when not, `*out` is zero.
bool model_params(const uint8_t *text, size_t len, unsigned verb,
                  uint32_t offered, smtpc_params *out);

// model_xtext returns the length of what the xtext `text[0 .. len)` stands for
// and stores it in `out`, which has room for `len` octets; or -1 when it is no
// xtext of printable octets.
long model_xtext(const uint8_t *text, size_t len, uint8_t *out);

#endif  // SMTPCORE_CORE_MODEL_PARAM_MODEL_H
