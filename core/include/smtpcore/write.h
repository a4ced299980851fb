// Write: facts to octets. Every command and reply that leaves is made here.
//
// Each function writes one line with one CRLF, at its end, into `out[0 .. cap)`,
// and sets `*out_len`. A field with CR, LF or NUL, or one that breaks the grammar
// of its place, is refused; it is never escaped or cut (law CRLFOUT; THREATS: INJ).
// What was written parses back to what was meant: `write_test`.
//
// All return SMTPC_OK; SMTPC_E_ROOM when `cap` is too small; or the status of the
// field that was refused. A verb, reply or extension that is not in the registry,
// and NULL with a length, are SMTPC_E_ARGUMENT. On an error `*out_len` is 0 and
// what was written to `out` is wiped.
#ifndef SMTPCORE_WRITE_H
#define SMTPCORE_WRITE_H

#include <stddef.h>
#include <stdint.h>

#include "smtpcore/capability.h"
#include "smtpcore/param.h"
#include "smtpcore/registry.h"
#include "smtpcore/status.h"

#ifdef __cplusplus
extern "C" {
#endif

// SMTPC_OUT_MAX is the size of a session's output buffer: one reply line is at
// most 512 octets (RFC 5321 section 4.5.3.1.5), and so is one command line that we
// send. Addresses that would pass it are refused.
#define SMTPC_OUT_MAX 512u

// smtpc_out is a line under construction: bounds are checked in one place,
// `smtpc_out_octet`, and an error sticks until the end.
typedef struct smtpc_out {
  uint8_t *data;
  size_t cap;
  size_t begin;  // where the line begins in `data`
  size_t len;    // where it ends
  uint8_t status;  // an smtpc_status: what went wrong first
} smtpc_out;
SMTPC_SIZE_GUARD(smtpc_out, 20u, 40u);

// smtpc_out_begin starts a line in `data[0 .. cap)`, of which it uses at most the
// first SMTPC_OUT_MAX octets.
smtpc_out smtpc_out_begin(uint8_t *data, size_t cap);

// smtpc_out_begin_at starts a line behind `data[0 .. begin)`, which stays as it is, and
// with no other bound than `cap`: AUTH's lines are made in a line buffer. `out.len`
// counts from `data`. When such a line fails, only what it wrote is wiped, and `len` is
// `begin` again.
smtpc_out smtpc_out_begin_at(uint8_t *data, size_t begin, size_t cap);

// smtpc_out_fail makes the line fail with `status`, unless it failed before.
void smtpc_out_fail(smtpc_out *out, smtpc_status status);

// smtpc_out_octet adds one octet, or sets SMTPC_E_ROOM when it does not fit.
void smtpc_out_octet(smtpc_out *out, uint8_t octet);

// smtpc_out_text adds `len` octets of `text`.
void smtpc_out_text(smtpc_out *out, const char *text, size_t len);

// smtpc_out_octets adds `len` octets of `data` if each is printable ASCII, space
// or, with `allow_8bit`, beyond ASCII; else it sets SMTPC_E_CONTROL,
// SMTPC_E_NON_ASCII, SMTPC_E_BARE_CR, SMTPC_E_BARE_LF or SMTPC_E_NUL. All octets are
// checked first: these statuses win over SMTPC_E_ROOM.
void smtpc_out_octets(smtpc_out *out, const uint8_t *data, size_t len,
                      int allow_8bit);

// smtpc_out_number adds `value` in decimal.
void smtpc_out_number(smtpc_out *out, uint64_t value);

// smtpc_out_end adds CRLF and returns the status; `*out_len` is where the line ends in
// `data`, which is its length unless it began elsewhere; on an error it is where the
// line began.
SMTPC_NODISCARD smtpc_status smtpc_out_end(smtpc_out *out, size_t *out_len);

// smtpc_write_reply writes line `last` ? "CODE text" : "CODE-text" of reply `id`.
// `enhanced` puts the enhanced status code before the text. `text` of `text_len`
// octets replaces the registry's text when `text_len` is not 0; it must be
// printable ASCII or space. Without `enhanced` a text that begins like an enhanced
// code reads as one.
//= RFC 5321 section 4.2
//= RFC 2034 section 4
SMTPC_NODISCARD smtpc_status smtpc_write_reply(uint8_t *out, size_t cap,
                                               size_t *out_len, unsigned id,
                                               int last, int enhanced,
                                               const uint8_t *text,
                                               size_t text_len);

// smtpc_write_verb writes "VERB" or, with `argument_len` not 0, "VERB argument".
// The argument must be printable ASCII or space. It checks no grammar of the
// verb: use it for RSET, NOOP, QUIT, DATA, STARTTLS.
SMTPC_NODISCARD smtpc_status smtpc_write_verb(uint8_t *out, size_t cap,
                                              size_t *out_len, unsigned verb,
                                              const uint8_t *argument,
                                              size_t argument_len);

// smtpc_write_hello writes EHLO, HELO or LHLO, as `verb` says, with `name`, which must
// be a domain, or but for HELO an address literal.
//= RFC 5321 section 4.1.1.1
SMTPC_NODISCARD smtpc_status smtpc_write_hello(uint8_t *out, size_t cap,
                                               size_t *out_len, unsigned verb,
                                               const uint8_t *name,
                                               size_t name_len);

// smtpc_envelope is what a sender says of a message or of one recipient. The
// octets are borrowed for the call. Values that `seen` does not name are ignored;
// a parameter of the other verb in `seen` is SMTPC_E_ARGUMENT, whatever else is wrong.
// Parameters are written in the order of the registry.
//
// A value is refused with the status that `smtpc_params_parse` has for it:
// SMTPC_E_PARAM_VALUE for a `body`, `auth`, `ret`, `notify`, `orcpt_type`, `by_mode`,
// `by_trace`, `rrvs`, `solicit`, `mtrk` or `transid` that is none, for BY with RETURN
// and no time left, for HOLDFOR with 0 or beside HOLDUNTIL, and for a `when` past the
// year 9999;
// SMTPC_E_PARAM_VALUE_MISSING for an empty ENVID, ORCPT, SOLICIT, MTRK or TRANSID;
// SMTPC_E_NUMBER_TOO_LARGE for seconds over SMTPC_SECONDS_MAX and a priority outside -9
// to 9; SMTPC_E_TOO_LONG past the limits of `param.h`, counted encoded. ENVID, ORCPT
// and AUTH must be printable ASCII or space before encoding: a control octet is
// refused, never encoded. AUTH must be a mailbox.
typedef struct smtpc_envelope {
  const uint8_t *address;     // without brackets; NULL with length 0: <>
  const uint8_t *envid;       // ENVID, decoded: xtext is made here
  const uint8_t *auth;        // AUTH=, decoded mailbox; length 0: AUTH=<>
  const uint8_t *orcpt;       // ORCPT address, decoded
  const uint8_t *orcpt_type;  // ORCPT type, an atom such as rfc822
  const uint8_t *solicit;     // SOLICIT: words with commas between them
  const uint8_t *mtrk;        // MTRK: the certifier, base64
  const uint8_t *transid;     // TRANSID, without brackets
  uint64_t size;
  uint64_t when;          // HOLDUNTIL, RRVS: seconds since 1970-01-01T00:00:00Z
  uint32_t hold_for;      // HOLDFOR, seconds
  int32_t by_time;        // BY, seconds
  uint32_t mtrk_timeout;  // MTRK, seconds; 0: say none
  uint16_t address_len;
  uint16_t envid_len;
  uint16_t auth_len;
  uint16_t orcpt_len;
  uint16_t orcpt_type_len;
  uint16_t solicit_len;
  uint16_t mtrk_len;
  uint16_t transid_len;
  uint32_t seen;       // SMTPC_HAS() bits of the parameters to send
  uint8_t body;        // an smtpc_body
  uint8_t ret;         // an smtpc_ret
  uint8_t notify;      // SMTPC_NOTIFY_ bits
  uint8_t by_mode;     // an smtpc_by
  uint8_t by_trace;    // 0 or 1
  int8_t mt_priority;  // -9 to 9
  uint8_t rrvs;        // an smtpc_rrvs
} smtpc_envelope;
SMTPC_SIZE_GUARD(smtpc_envelope, 88u, 120u);

// smtpc_write_mail writes MAIL FROM with the address and parameters of `mail`. The
// address must be empty or what `smtpc_mailbox_parse` takes; one beyond ASCII needs
// SMTPC_HAS(SMTPUTF8) in `mail->seen`.
//= RFC 5321 section 4.1.1.2
SMTPC_NODISCARD smtpc_status smtpc_write_mail(uint8_t *out, size_t cap,
                                              size_t *out_len,
                                              const smtpc_envelope *mail);

// smtpc_write_rcpt writes RCPT TO with the address and parameters of `rcpt`. An
// address beyond ASCII needs `utf8`; an empty one is SMTPC_E_PATH. `Postmaster`, in
// any case, may stand without a domain.
//= RFC 5321 section 4.1.1.3
SMTPC_NODISCARD smtpc_status smtpc_write_rcpt(uint8_t *out, size_t cap,
                                              size_t *out_len,
                                              const smtpc_envelope *rcpt,
                                              int utf8);

// smtpc_write_bdat writes BDAT with `size`, and LAST when `last`.
//= RFC 3030 section 2
SMTPC_NODISCARD smtpc_status smtpc_write_bdat(uint8_t *out, size_t cap,
                                              size_t *out_len, uint64_t size,
                                              int last);

// smtpc_write_extension writes one line of an EHLO reply: "250-KEYWORD" or "250
// KEYWORD", with the value that `facts` has for it:
//   SIZE           `size`
//   AUTH           the names of `mechanisms` in the order of the registry; none of
//                  them, or a bit that is no spoken mechanism, is SMTPC_E_ARGUMENT
//   DELIVERBY      `by_min`, if it is not 0; over SMTPC_SECONDS_MAX is SMTPC_E_ARGUMENT
//   FUTURERELEASE  `hold_for` and `hold_until`; one of them 0, over SMTPC_SECONDS_MAX or
//                  past the year 9999 is SMTPC_E_ARGUMENT
//   LIMITS         RCPTMAX and MAILMAX, those that are not 0; both 0, or a value over
//                  999999, is SMTPC_E_ARGUMENT
//   XCLIENT, XFORWARD  all attributes of the registry that the verb has
//   MT-PRIORITY, NO-SOLICITING, CLIENTID  nothing;  BURL  "imap"
// What was written parses back to these facts (`smtpc_capability_line`).
//= RFC 5321 section 4.1.1.1
SMTPC_NODISCARD smtpc_status smtpc_write_extension(
    uint8_t *out, size_t cap, size_t *out_len, unsigned extension, int last,
    const smtpc_capabilities *facts);

#ifdef __cplusplus
}  // extern "C"
#endif

#endif  // SMTPCORE_WRITE_H
