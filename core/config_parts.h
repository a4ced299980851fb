// Config parts: what the files of the core say of a configuration.
//
// Nothing here is for users: they include "smtpcore_config.h". A feature that is off is
// left out by a condition that the compiler knows, so that all of the code is compiled,
// and checked, in every configuration; whole files are left out by #if.
#ifndef SMTPCORE_CORE_CONFIG_PARTS_H
#define SMTPCORE_CORE_CONFIG_PARTS_H

#include "smtpcore/registry.h"

// SMTPC_WITH: returns whether a setting is on: SMTPC_WITH(AUTH).
#define SMTPC_WITH(setting) (SMTPC_CONFIG_##setting != 0)

// SMTPC_STEP: takes a step that belongs to a setting. Without the setting nothing leads
// here: what would is unknown.
#define SMTPC_STEP(setting, step) \
  (SMTPC_CONFIG_##setting != 0 ? (step) : SMTPC_E_INTERNAL)

// SMTPC_QUIRK_IS: returns whether a quirk is among `quirks`, if there are any.
#define SMTPC_QUIRK_IS(quirks, id) \
  (SMTPC_WITH(QUIRKS) && ((quirks) & (uint32_t)SMTPC_QUIRK_##id) != 0u)

// SMTPC_BLOCKS: says whether octets are looked at in blocks, which compilers make vectors
// of, before the octets of a block that is not plain are looked at one by one. Where
// size counts blocks are left out: half a KiB less, for more steps an octet
// (docs/LIMITS.md).
#if defined(__OPTIMIZE_SIZE__)
#define SMTPC_BLOCKS 0
#else
#define SMTPC_BLOCKS 1
#endif

// SMTPC_NAME: text that only people read.
#if SMTPC_CONFIG_NAMES
#define SMTPC_NAME(text) text
#else
#define SMTPC_NAME(text) ""
#endif

#endif  // SMTPCORE_CORE_CONFIG_PARTS_H
