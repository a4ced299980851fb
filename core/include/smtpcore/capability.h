// Capability: an EHLO reply to facts.
//
// The first line names the server; keywords stand from the second line on, one a
// line (RFC 5321 section 4.1.1.1). A keyword is matched whole and without case:
// `STARTTLSX`, `XSTARTTLS` and `STARTTLS` with a parameter that it may not have
// are not STARTTLS. What is offered is known for one channel only: the facts are
// thrown away when TLS starts (RFC 3207 section 4.2).
#ifndef SMTPCORE_CAPABILITY_H
#define SMTPCORE_CAPABILITY_H

#include <stdint.h>

#include "smtpcore/registry.h"
#include "smtpcore/span.h"
#include "smtpcore/status.h"

#ifdef __cplusplus
extern "C" {
#endif

// SMTPC_CAPS_TAMPERED and the others are facts of an EHLO reply beside the
// extensions, as bits of `marks`.
#define SMTPC_CAPS_TAMPERED 1u    // a keyword of four or more letters, all X but
                                  // perhaps the last: overwritten on the way
#define SMTPC_CAPS_MALFORMED 2u   // a line that breaks the grammar was ignored
#define SMTPC_CAPS_SIZE_LIMIT 4u  // `size` is a limit (SIZE had a number, not 0)

// smtpc_capabilities is what one EHLO reply offered. All-zero: nothing.
typedef struct smtpc_capabilities {
  uint64_t size;        // greatest message size; with SMTPC_CAPS_SIZE_LIMIT
  uint32_t offered;     // SMTPC_OFFERS bits
  uint32_t rcpt_max;    // LIMITS RCPTMAX (RFC 9422); 0: not said
  uint32_t mail_max;    // LIMITS MAILMAX; 0: not said
  uint32_t domain_max;  // LIMITS RCPTDOMAINMAX; 0: not said
  uint16_t mechanisms;  // SMTPC_MECH bits that AUTH named
  uint8_t marks;        // SMTPC_CAPS_ bits
  uint8_t auth_other;   // 1: AUTH named a mechanism that we do not know
} smtpc_capabilities;

// smtpc_capability_init makes `caps` empty.
void smtpc_capability_init(smtpc_capabilities *caps);

// smtpc_capability_line adds what the text `text` of line number `number` (from 1)
// of a 250 reply to EHLO offers. `text` is all that stands after the separator.
// Line 1 offers nothing.
//
//   ehlo-line    = ehlo-keyword *( SP ehlo-param )
//   ehlo-keyword = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-")
//   ehlo-param   = 1*(%d33-126)
//
// A line that breaks this grammar (an empty one, two spaces, a space at the end, a
// tab, `AUTH=LOGIN`) sets SMTPC_CAPS_MALFORMED and offers nothing. So does
//   - a parameter after a keyword that has none;
//   - SIZE with anything but one number of at most 20 digits and below 2^64.
// SIZE without a number, and SIZE 0, is offered and no limit (RFC 1870 section 4).
// AUTH without a mechanism is offered, and names none. A mechanism that we do not
// know sets `auth_other`. LIMITS values are 1 to 6 digits, the first of them not 0;
// other values, and limits of other names, are ignored. Keywords that we do not
// know are ignored.
//
// A keyword that comes again adds to what it said before; but the first SIZE and
// the first value of each limit stay, and another SIZE than the first sets
// SMTPC_CAPS_MALFORMED.
//= RFC 5321 section 4.1.1.1
//= RFC 1870 section 4
//= RFC 9422 section 3
void smtpc_capability_line(smtpc_capabilities *caps, unsigned number,
                           const uint8_t *line, smtpc_span text);

#ifdef __cplusplus
}  // extern "C"
#endif

#endif  // SMTPCORE_CAPABILITY_H
