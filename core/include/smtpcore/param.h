// Param: the ESMTP parameters of MAIL and RCPT, typed.
//
//   esmtp-params = esmtp-param *(SP esmtp-param)        RFC 5321 section 4.1.2
//   esmtp-param  = esmtp-keyword ["=" esmtp-value]
//
// One space stands before each. A value is parsed into its type with its range at
// once; nothing downstream sees raw text. A parameter that is unknown, doubled, on
// the wrong verb, without its value, with one it may not have, or out of range is
// an error of its own.
#ifndef SMTPCORE_PARAM_H
#define SMTPCORE_PARAM_H

#include <stdint.h>

#include "smtpcore/registry.h"
#include "smtpcore/span.h"
#include "smtpcore/status.h"

#ifdef __cplusplus
extern "C" {
#endif

// Longest values, encoded, by RFC 3461 section 5.4 and RFC 4954 section 5.
#define SMTPC_ENVID_MAX 100u
#define SMTPC_ORCPT_MAX 500u
#define SMTPC_PARAM_AUTH_MAX 500u

typedef enum smtpc_body {
  SMTPC_BODY_NONE = 0,
  SMTPC_BODY_7BIT = 1,
  SMTPC_BODY_8BITMIME = 2,
  SMTPC_BODY_BINARYMIME = 3
} smtpc_body;

typedef enum smtpc_ret {
  SMTPC_RET_NONE = 0,
  SMTPC_RET_FULL = 1,
  SMTPC_RET_HDRS = 2
} smtpc_ret;

// NOTIFY is NEVER alone, or a set of the others (RFC 3461 section 4.1).
#define SMTPC_NOTIFY_NEVER 1u
#define SMTPC_NOTIFY_SUCCESS 2u
#define SMTPC_NOTIFY_FAILURE 4u
#define SMTPC_NOTIFY_DELAY 8u

// smtpc_params holds the parameters of one command. A field means something only
// if its bit is in `seen` (SMTPC_HAS). Spans lie in the command's line; xtext is
// checked but left encoded, so that no CR, LF or NUL can come out of it.
typedef struct smtpc_params {
  uint64_t size;          // SIZE, octets
  uint32_t seen;          // SMTPC_HAS() bits
  smtpc_span auth;        // AUTH: xtext of a mailbox; empty for AUTH=<>
  smtpc_span envid;       // ENVID: xtext
  smtpc_span orcpt_type;  // ORCPT: address type, an atom
  smtpc_span orcpt;       // ORCPT: xtext of the address
  uint8_t body;           // BODY: an smtpc_body
  uint8_t ret;            // RET: an smtpc_ret
  uint8_t notify;         // NOTIFY: SMTPC_NOTIFY_ bits
  uint8_t reserved;       // 0
} smtpc_params;

// smtpc_params_parse reads all of `rest` of `line`, which is empty or begins with
// a space, as parameters of `verb` (SMTPC_VERB_MAIL or SMTPC_VERB_RCPT).
// `offered` is the set of extensions in force (SMTPC_OFFERS bits): a parameter of
// an extension that is not in it is unknown. BODY=BINARYMIME is refused as a value
// (no extension of the registry allows it).
//
// It returns SMTPC_OK; SMTPC_E_SYNTAX for a stray space or a keyword that is not
// one; SMTPC_E_PARAM_UNKNOWN, _DUPLICATE, _VALUE_MISSING, _VALUE_SURPLUS, _VALUE;
// SMTPC_E_NUMBER or _NUMBER_TOO_LARGE for SIZE; SMTPC_E_XTEXT; SMTPC_E_TOO_LONG;
// SMTPC_E_ARGUMENT for another verb (misuse). On an error `*out` is all zero.
//= RFC 5321 section 4.1.2
//= RFC 1870 section 3
//= RFC 3461 section 4
SMTPC_NODISCARD smtpc_status smtpc_params_parse(const uint8_t *line,
                                                smtpc_span rest, unsigned verb,
                                                uint32_t offered,
                                                smtpc_params *out);

// smtpc_xtext_check returns SMTPC_OK when all of `span` of `line` is xtext
// (RFC 3461 section 4: `+` and two upper-case hexadecimal digits, or 33..126
// without `+` and `=`) whose decoded octets are all printable or space (32..126);
// else SMTPC_E_XTEXT.
SMTPC_NODISCARD smtpc_status smtpc_xtext_check(const uint8_t *line,
                                               smtpc_span span);

// smtpc_xtext_decode decodes checked xtext into `out[0 .. cap)` and sets
// `*out_len`. It returns SMTPC_OK, SMTPC_E_XTEXT as `smtpc_xtext_check` does, or
// SMTPC_E_ROOM when `cap` is too small; on an error `*out_len` is 0.
SMTPC_NODISCARD smtpc_status smtpc_xtext_decode(const uint8_t *line,
                                                smtpc_span span, uint8_t *out,
                                                size_t cap, size_t *out_len);

#ifdef __cplusplus
}  // extern "C"
#endif

#endif  // SMTPCORE_PARAM_H
