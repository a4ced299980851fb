// Version: of the headers, at compile time, and of the library, at run time.
//
//     #if SMTPC_VERSION < SMTPC_VERSION_NUMBER(0, 1, 0)
//     #error "smtpcore 0.1.0 is needed"
//     #endif
//     ...
//     if (!SMTPC_MATCHES()) ...  // library and headers are not of one build
//
// What a new version may change is said in docs/EMBEDDING.md. In short: another MAJOR
// may change anything; before 1.0.0 another MINOR may too; another PATCH changes no
// declaration and no size.
#ifndef SMTPCORE_VERSION_H
#define SMTPCORE_VERSION_H

#include <stdint.h>

#include "smtpcore_config.h"

#ifdef __cplusplus
extern "C" {
#endif

// This is the one place where the version is said.
#define SMTPC_VERSION_MAJOR 0
#define SMTPC_VERSION_MINOR 1
#define SMTPC_VERSION_PATCH 0

// SMTPC_VERSION_NUMBER returns a version as one number, for #if and for `<`. MINOR
// and PATCH stay below 1000.
#define SMTPC_VERSION_NUMBER(major, minor, patch) \
  ((major) * 1000000 + (minor) * 1000 + (patch))

// SMTPC_VERSION is the version of these headers as one number.
#define SMTPC_VERSION                                            \
  SMTPC_VERSION_NUMBER(SMTPC_VERSION_MAJOR, SMTPC_VERSION_MINOR, \
                       SMTPC_VERSION_PATCH)

// SMTPC_VERSION_TEXT is the same as text: "0.1.0".
#define SMTPC_VERSION_TEXT            \
  SMTPC_VERSION_WORD(SMTPC_VERSION_MAJOR) "." \
  SMTPC_VERSION_WORD(SMTPC_VERSION_MINOR) "." \
  SMTPC_VERSION_WORD(SMTPC_VERSION_PATCH)
// Two steps, so that the number is put in and not its name.
#define SMTPC_VERSION_WORD(number) SMTPC_VERSION_QUOTE(number)
#define SMTPC_VERSION_QUOTE(number) #number

// SMTPC_SETTINGS is the configuration (`smtpcore_config.h`) that these headers are
// compiled with, as one number: a bit for each setting, and the size of the line
// buffer from bit 32 on.
#define SMTPC_SETTINGS                                                        \
  (((uint64_t)SMTPC_LINE_MAX << 32) |                                         \
   ((uint64_t)SMTPC_CONFIG_SERVER << 0) | ((uint64_t)SMTPC_CONFIG_CLIENT << 1) | \
   ((uint64_t)SMTPC_CONFIG_NAMES << 2) |                                      \
   ((uint64_t)SMTPC_CONFIG_REPLY_TEXTS << 3) |                                \
   ((uint64_t)SMTPC_CONFIG_QUIRKS << 4) | ((uint64_t)SMTPC_CONFIG_UTF8 << 5) | \
   ((uint64_t)SMTPC_CONFIG_BDAT << 6) | ((uint64_t)SMTPC_CONFIG_DSN << 7) |   \
   ((uint64_t)SMTPC_CONFIG_EXTRAS << 8) | ((uint64_t)SMTPC_CONFIG_AUTH << 9) | \
   ((uint64_t)SMTPC_CONFIG_PLAIN << 10) |                                     \
   ((uint64_t)SMTPC_CONFIG_LOGIN << 11) |                                     \
   ((uint64_t)SMTPC_CONFIG_CRAM_MD5 << 12) |                                  \
   ((uint64_t)SMTPC_CONFIG_SCRAM << 13) |                                     \
   ((uint64_t)SMTPC_CONFIG_EXTERNAL << 14) |                                  \
   ((uint64_t)SMTPC_CONFIG_XOAUTH2 << 15) |                                   \
   ((uint64_t)SMTPC_CONFIG_OAUTHBEARER << 16) |                               \
   ((uint64_t)SMTPC_CONFIG_PROXY << 17) |                                     \
   ((uint64_t)SMTPC_CONFIG_XCLIENT << 18))

// smtpc_version returns the SMTPC_VERSION that the library was compiled with.
uint32_t smtpc_version(void);

// smtpc_settings returns the SMTPC_SETTINGS that the library was compiled with.
uint64_t smtpc_settings(void);

// SMTPC_MATCHES returns whether the library is of the version and the settings of
// these headers. Else the sizes of structs may differ: call nothing.
#define SMTPC_MATCHES() \
  (smtpc_version() == SMTPC_VERSION && smtpc_settings() == SMTPC_SETTINGS)

#ifdef __cplusplus
}  // extern "C"
#endif

#endif  // SMTPCORE_VERSION_H
