// Path model: the grammar of paths, written again to be obviously right.
//
// Each function decides whether a whole string is one rule of RFC 5321 section
// 4.1.2 or 4.1.3 (RFC 6531 section 3.3 with `utf8`), by trying every way to
// split it. It is slow, recursive, and shares nothing with `core/path.c` but
// the types. Tests and fuzz targets compare the two.
#ifndef SMTPCORE_CORE_MODEL_PATH_MODEL_H
#define SMTPCORE_CORE_MODEL_PATH_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "smtpcore/path.h"

// model_path returns whether a path stands at the front of `text[0 .. len)`,
// with the meaning of `smtpc_path_parse`. When it does, `*out` is the path, all
// spans counted from the front of `text`, and `*out_len` is how long it is.
// When not, both are zero.
bool model_path(const uint8_t *text, size_t len, unsigned allow,
                smtpc_path *out, size_t *out_len);

// model_mailbox returns whether all of `text[0 .. len)` is a Mailbox that fits
// into a path, and sets `*out` as `model_path` does.
bool model_mailbox(const uint8_t *text, size_t len, unsigned allow,
                   smtpc_path *out);

// model_domain returns whether all of `text[0 .. len)` is a Domain.
bool model_domain(const uint8_t *text, size_t len, bool utf8);

// model_literal returns the smtpc_host_kind of the address literal that is all
// of `text[0 .. len)`, or SMTPC_HOST_NONE.
unsigned model_literal(const uint8_t *text, size_t len);

#endif  // SMTPCORE_CORE_MODEL_PATH_MODEL_H
