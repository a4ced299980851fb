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
#define SMTPC_SOLICIT_MAX 1000u       // RFC 3865 section 2
#define SMTPC_TRANSID_MAX 80u         // RFC 1845 section 2, with its brackets
#define SMTPC_SECONDS_MAX 999999999u  // 9 digits: RFC 2852, RFC 3885, RFC 4865
#define SMTPC_MTRK_LEN 27u            // RFC 3885: 20 octets as base64 digits
#define SMTPC_DATE_LEN 20u            // what `smtpc_date_write` writes

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

// smtpc_by is the mode of BY=time;mode[trace] (RFC 2852 section 4).
typedef enum smtpc_by {
  SMTPC_BY_NONE = 0,
  SMTPC_BY_NOTIFY = 1,  // N: tell the sender that it was late
  SMTPC_BY_RETURN = 2   // R: give the message back
} smtpc_by;

// smtpc_rrvs is what a receiver is to do that cannot tell since when the mailbox
// belongs to its owner (RFC 7293 section 3.1).
typedef enum smtpc_rrvs {
  SMTPC_RRVS_NONE = 0,      // nothing said: as CONTINUE
  SMTPC_RRVS_CONTINUE = 1,  // C: deliver
  SMTPC_RRVS_REJECT = 2     // R: refuse
} smtpc_rrvs;

// smtpc_params holds the parameters of one command. A field means something only
// if its bit is in `seen` (SMTPC_HAS). Spans lie in the command's line; xtext is
// checked but left encoded, so that no CR, LF or NUL can come out of it.
typedef struct smtpc_params {
  uint64_t size;          // SIZE, octets
  uint64_t when;          // HOLDUNTIL, RRVS: seconds since 1970-01-01T00:00:00Z
  uint32_t seen;          // SMTPC_HAS() bits
  uint32_t hold_for;      // HOLDFOR, seconds, more than 0
  int32_t by_time;        // BY: seconds from now; with RETURN more than 0
  uint32_t mtrk_timeout;  // MTRK: seconds; 0: not said
  smtpc_span auth;        // AUTH: xtext of a mailbox; empty for AUTH=<>
  smtpc_span envid;       // ENVID: xtext
  smtpc_span solicit;     // SOLICIT: words with commas between them
  smtpc_span mtrk;        // MTRK: the certifier, 27 base64 digits
  smtpc_span transid;     // TRANSID: without its brackets
  smtpc_span orcpt_type;  // ORCPT: address type, an atom
  smtpc_span orcpt;       // ORCPT: xtext of the address
  uint8_t body;           // BODY: an smtpc_body
  uint8_t ret;            // RET: an smtpc_ret
  uint8_t notify;         // NOTIFY: SMTPC_NOTIFY_ bits
  uint8_t by_mode;        // BY: an smtpc_by
  uint8_t by_trace;       // BY: 1 with T
  int8_t mt_priority;     // MT-PRIORITY: -9 to 9
  uint8_t rrvs;           // RRVS: an smtpc_rrvs
  uint8_t wrong;          // after an error: the wrong smtpc_param plus 1, or 0
  uint8_t reserved[4];    // 0
} smtpc_params;
SMTPC_SIZE_GUARD(smtpc_params, 72u, 72u);

// smtpc_params_parse reads all of `rest` of `line`, which is empty or begins with
// a space, as parameters of `verb` (SMTPC_VERB_MAIL or SMTPC_VERB_RCPT).
// `offered` is the set of extensions in force (SMTPC_OFFERS bits): a parameter of
// an extension that is not in it is unknown. BODY=BINARYMIME is refused as a value
// unless BINARYMIME and CHUNKING are in it.
//
//   BY=          ["-" / "+"] 1*9DIGIT ";" ("N" / "R") ["T"]; R wants more than 0
//   HOLDFOR=     1*9DIGIT, more than 0
//   HOLDUNTIL=   date-time of RFC 3339 (`smtpc_date_parse`)
//   MT-PRIORITY= "0" / ["-"] %d49-57
//   SOLICIT=     word *("," word), word = ALPHA *(ALPHA / DIGIT / "." / "-" / "_" /
//                ":"), 1000 octets in all
//   MTRK=        27 base64 digits [":" 1*9DIGIT]
//   TRANSID=     "<" token "@" token ">", 80 octets in all, token = atom *("." atom),
//                atom = 1*(printable octets but tspecials and ".")
//   RRVS=        date-time [";" ("C" / "R")]
//
// Letters of these are read in any case, but those of MTRK and TRANSID. HOLDFOR and
// HOLDUNTIL exclude each other: the second of them is SMTPC_E_PARAM_VALUE, whatever
// its value. MTRK has no `=`: base64 in RFC 3885 section 1 has only the 64 digits, and
// an esmtp-value may not contain one; 20 octets are 27 digits, the last of which has
// its two low bits 0.
//
// It returns SMTPC_OK; SMTPC_E_SYNTAX for a stray space or a keyword that is not
// one; SMTPC_E_PARAM_UNKNOWN, _DUPLICATE, _VALUE_MISSING, _VALUE_SURPLUS, _VALUE;
// SMTPC_E_NUMBER or _NUMBER_TOO_LARGE for SIZE (as `smtpc_span_number` has them), BY,
// HOLDFOR, MTRK and MT-PRIORITY (digits beyond the range, however many, are too large;
// a sign or a zero too many, or another octet, is no number); SMTPC_E_XTEXT;
// SMTPC_E_TOO_LONG; SMTPC_E_ARGUMENT for another verb (misuse). On an error `*out` is
// all zero but `wrong`, which names the parameter unless the error is _SYNTAX,
// _UNKNOWN or _ARGUMENT.
//= RFC 5321 section 4.1.2
//= RFC 1870 section 3
//= RFC 3461 section 4
//= RFC 2852 section 4
//= RFC 4865 section 5
//= RFC 6710 section 3
//= RFC 3865 section 2
//= RFC 3885 section 3
//= RFC 1845 section 2
//= RFC 7293 section 3.1
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

// smtpc_date_parse reads all of `span` of `line` as a date-time of RFC 3339
// section 5.6 into seconds since 1970-01-01T00:00:00Z: "2030-01-31T23:59:60Z", with
// `T` and `Z` in any case, a fraction that is dropped, and `Z` or an offset of at
// most 23:59. The date must exist, and lie in the years 1970 to 9999 after the offset.
// A leap second stands only at the end of a month, 23:59:60 UTC (section 5.7), and
// counts as the second after it.
//
// It returns SMTPC_OK, or SMTPC_E_PARAM_VALUE with `*out` 0.
//= RFC 3339 section 5.6
//= RFC 3339 section 5.7
SMTPC_NODISCARD smtpc_status smtpc_date_parse(const uint8_t *line,
                                              smtpc_span span, uint64_t *out);

// smtpc_date_write writes `seconds` as "2030-01-31T23:59:59Z", SMTPC_DATE_LEN octets
// without a NUL, to `out`. It returns SMTPC_OK, or SMTPC_E_ARGUMENT past the year
// 9999, and then `out` is untouched.
SMTPC_NODISCARD smtpc_status smtpc_date_write(uint64_t seconds, uint8_t *out);

#ifdef __cplusplus
}  // extern "C"
#endif

#endif  // SMTPCORE_PARAM_H
