// Status: the one answer type of the core.
//
// Every function of the core that can fail returns an `smtpc_status`. The value
// alone says whose move it is, because the values are grouped by category:
//
//     0          SMTPC_OK
//     1 ..  15   more       suspended: not an error, give more and call again
//    16 ..  31   misuse     the integrator broke the contract; nothing changed
//    32 ..  95   malformed  the peer's bytes break the grammar
//    96 .. 111   limit      well-formed so far, but larger than a stated limit
//   112 .. 119   internal   unreachable by construction; no input may cause it
//
// Malformed and misuse never share a value: the first gets a reply, the second
// a bug report. Values are stable; a retired one is never used again. The list
// `SMTPC_STATUS_LIST` generates the enum and `smtpc_status_name`.
#ifndef SMTPCORE_STATUS_H
#define SMTPCORE_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "smtpcore_config.h"

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__) || defined(__clang__)
#define SMTPC_NODISCARD __attribute__((warn_unused_result))
#else
#define SMTPC_NODISCARD
#endif

// SMTPC_STATIC_ASSERT(condition, text) is C11's or C++'s static assertion.
#ifdef __cplusplus
#define SMTPC_STATIC_ASSERT(condition, text) static_assert(condition, text)
#else
#define SMTPC_STATIC_ASSERT(condition, text) _Static_assert(condition, text)
#endif

// SMTPC_SIZE_GUARD(type, small, large) fails to compile when a struct has not the size
// that it has with pointers of 32 bits, or of 64. A library and a program that do not
// agree on it cannot work together.
#define SMTPC_SIZE_GUARD(type, small, large)                                \
  SMTPC_STATIC_ASSERT(                                                      \
      sizeof(type) == (sizeof(void *) == 8u ? (large) : (small)) ||         \
          (sizeof(void *) != 8u && sizeof(void *) != 4u),                   \
      "the size of " #type " is a part of the ABI")

// SMTPC_STATUS_LIST(X) is X(identifier, value, "stable-name") for each status.
#define SMTPC_STATUS_LIST(X)                             \
  X(SMTPC_OK, 0, "ok")                                   \
  X(SMTPC_MORE, 1, "more")                               \
  X(SMTPC_E_STATE, 16, "state")                          \
  X(SMTPC_E_PENDING, 17, "pending")                      \
  X(SMTPC_E_ARGUMENT, 18, "argument")                    \
  X(SMTPC_E_ROOM, 19, "room")                            \
  X(SMTPC_E_BARE_CR, 32, "bare-cr")                      \
  X(SMTPC_E_BARE_LF, 33, "bare-lf")                      \
  X(SMTPC_E_NUL, 34, "nul")                              \
  X(SMTPC_E_CONTROL, 35, "control")                      \
  X(SMTPC_E_NON_ASCII, 36, "non-ascii")                  \
  X(SMTPC_E_UTF8, 37, "utf8")                            \
  X(SMTPC_E_SYNTAX, 38, "syntax")                        \
  X(SMTPC_E_VERB, 39, "verb")                            \
  X(SMTPC_E_ARGUMENT_MISSING, 40, "argument-missing")    \
  X(SMTPC_E_ARGUMENT_SURPLUS, 41, "argument-surplus")    \
  X(SMTPC_E_DOMAIN, 42, "domain")                        \
  X(SMTPC_E_LOCAL_PART, 43, "local-part")                \
  X(SMTPC_E_ADDRESS_LITERAL, 44, "address-literal")      \
  X(SMTPC_E_PATH, 45, "path")                            \
  X(SMTPC_E_PARAM_UNKNOWN, 46, "param-unknown")          \
  X(SMTPC_E_PARAM_DUPLICATE, 47, "param-duplicate")      \
  X(SMTPC_E_PARAM_VALUE_MISSING, 48, "param-value-missing") \
  X(SMTPC_E_PARAM_VALUE_SURPLUS, 49, "param-value-surplus") \
  X(SMTPC_E_PARAM_VALUE, 50, "param-value")              \
  X(SMTPC_E_XTEXT, 51, "xtext")                          \
  X(SMTPC_E_NUMBER, 52, "number")                        \
  X(SMTPC_E_BASE64, 53, "base64")                        \
  X(SMTPC_E_CHUNK_SIZE, 54, "chunk-size")                \
  X(SMTPC_E_REPLY_CODE, 55, "reply-code")                \
  X(SMTPC_E_REPLY_MIXED, 56, "reply-mixed")              \
  X(SMTPC_E_REPLY_TEXT, 57, "reply-text")                \
  X(SMTPC_E_KEYWORD, 58, "keyword")                      \
  X(SMTPC_E_SASL, 59, "sasl")                            \
  X(SMTPC_E_CANCELLED, 60, "cancelled")                  \
  X(SMTPC_E_CONTENT_END, 61, "content-end")              \
  X(SMTPC_E_BINDING, 62, "binding")                      \
  X(SMTPC_E_LINE_TOO_LONG, 96, "line-too-long")          \
  X(SMTPC_E_LINE_ENDLESS, 97, "line-endless")            \
  X(SMTPC_E_NUMBER_TOO_LARGE, 98, "number-too-large")    \
  X(SMTPC_E_TOO_LONG, 99, "too-long")                    \
  X(SMTPC_E_TOO_MANY, 100, "too-many")                   \
  X(SMTPC_E_INTERNAL, 112, "internal")

typedef enum smtpc_status {
#define SMTPC_STATUS_ENUM(id, value, name) id = value,
  SMTPC_STATUS_LIST(SMTPC_STATUS_ENUM)
#undef SMTPC_STATUS_ENUM
} smtpc_status;

// smtpc_status_name returns the stable lower-case name of `status`, a string
// literal that lives for ever, or "unknown" for a value that is not in the list.
const char *smtpc_status_name(smtpc_status status);

// smtpc_status_is_more returns whether `status` is a suspension: call again with
// more input.
bool smtpc_status_is_more(smtpc_status status);

// smtpc_status_is_misuse returns whether `status` blames the caller.
bool smtpc_status_is_misuse(smtpc_status status);

// smtpc_status_is_malformed returns whether `status` blames the peer's grammar.
bool smtpc_status_is_malformed(smtpc_status status);

// smtpc_status_is_limit returns whether `status` names a limit that was passed.
bool smtpc_status_is_limit(smtpc_status status);

// smtpc_status_is_internal returns whether `status` is one that no input may
// cause. Tests and fuzz targets fail when they see it.
bool smtpc_status_is_internal(smtpc_status status);

#ifdef __cplusplus
}  // extern "C"
#endif

#endif  // SMTPCORE_STATUS_H
