// Write parts: between the files that write lines.
//
// What the source files of this module share among themselves. Nothing here is for
// users: they include "smtpcore/write.h".
#ifndef SMTPCORE_CORE_WRITE_PARTS_H
#define SMTPCORE_CORE_WRITE_PARTS_H

#include <stdbool.h>

#include "smtpcore/write.h"

// smtpc_write_check: returns what `smtpc_out_octets` says of octets, without writing.
smtpc_status smtpc_write_check(const uint8_t *data, size_t len,
                               bool allow_8bit);

// smtpc_write_put_verb: adds the name of a verb.
void smtpc_write_put_verb(smtpc_out *out, unsigned verb);

// smtpc_write_put_code: adds a reply code and what stands between it and the text.
void smtpc_write_put_code(smtpc_out *out, unsigned code, int last);

#endif  // SMTPCORE_CORE_WRITE_PARTS_H
