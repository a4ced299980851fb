// Policy parts: between the files of the policies.
//
// What the source files of this module share among themselves. Nothing here is for
// users: they include "smtpcore/policy.h".
#ifndef SMTPCORE_CORE_POLICY_PARTS_H
#define SMTPCORE_CORE_POLICY_PARTS_H

#include "smtpcore/policy.h"

// smtpc_policy_set_name: sets a name to "localhost".
void smtpc_policy_set_name(uint8_t *name, uint8_t *len);

// smtpc_policy_check_name: returns SMTPC_OK for a domain or an address literal, else
// SMTPC_E_DOMAIN.
smtpc_status smtpc_policy_check_name(const uint8_t *name, uint8_t len);

#endif  // SMTPCORE_CORE_POLICY_PARTS_H
