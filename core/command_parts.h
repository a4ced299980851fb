// Command parts: between the files of the command parser.
//
// What the source files of this module share among themselves. Nothing here is for
// users: they include "smtpcore/command.h".
#ifndef SMTPCORE_CORE_COMMAND_PARTS_H
#define SMTPCORE_CORE_COMMAND_PARTS_H

#include "smtpcore/command.h"

// smtpc_command_take_attributes: reads the argument of XCLIENT or XFORWARD, as
// `out->verb` says, into `out->attributes`.
smtpc_status smtpc_command_take_attributes(const uint8_t *line,
                                           smtpc_command *out);

#endif  // SMTPCORE_CORE_COMMAND_PARTS_H
