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
#define SMTPC_CAPS_EQUALS 8u      // quirk: `AUTH=` was read as AUTH
#define SMTPC_CAPS_AUTH_OTHER 16u // AUTH named a mechanism that we do not know
#define SMTPC_CAPS_BURL_IMAP 32u  // BURL named the scheme imap

// SMTPC_OTHER_ONEX and the others are keywords that some servers send and that
// change nothing for us, as bits of `others`: facts for a tool that judges a reply.
#define SMTPC_OTHER_ONEX 1u         // one message a session (sendmail)
#define SMTPC_OTHER_VERB 2u         // verbose replies (sendmail)
#define SMTPC_OTHER_VERP 4u         // a return path for each recipient (Postfix)
#define SMTPC_OTHER_XUSR 8u         // first submission by a user (sendmail)
#define SMTPC_OTHER_IGNOREQUOTA 16u // LMTP: deliver beyond the quota (Cyrus)
#define SMTPC_OTHER_PIPECONNECT 32u // commands before the greeting (Exim)

// smtpc_priority_profile is what MT-PRIORITY named (RFC 6710 section 11).
typedef enum smtpc_priority_profile {
  SMTPC_PRIORITY_DEFAULT = 0,  // none was named
  SMTPC_PRIORITY_MIXER = 1,
  SMTPC_PRIORITY_STANAG4406 = 2,
  SMTPC_PRIORITY_NSEP = 3,
  SMTPC_PRIORITY_OTHER = 4
} smtpc_priority_profile;

// smtpc_capabilities is what one EHLO reply offered. All-zero: nothing.
typedef struct smtpc_capabilities {
  uint64_t size;        // greatest message size; with SMTPC_CAPS_SIZE_LIMIT
  uint64_t mechanisms;  // SMTPC_MECH bits that AUTH named
  uint64_t hold_until;  // FUTURERELEASE: latest date, seconds since 1970; 0: none
  uint32_t offered;     // SMTPC_OFFERS bits
  uint32_t rcpt_max;    // LIMITS RCPTMAX (RFC 9422); 0: not said
  uint32_t mail_max;    // LIMITS MAILMAX; 0: not said
  uint32_t domain_max;  // LIMITS RCPTDOMAINMAX; 0: not said
  uint32_t by_min;      // DELIVERBY: least time of mode R, seconds; 0: not said
  uint32_t hold_for;    // FUTURERELEASE: longest interval, seconds; 0: none
  uint16_t xclient;     // SMTPC_ATTR bits that XCLIENT named
  uint16_t xforward;    // SMTPC_ATTR bits that XFORWARD named
  uint8_t marks;        // SMTPC_CAPS_ bits
  uint8_t profile;      // MT-PRIORITY: an smtpc_priority_profile
  uint8_t others;       // SMTPC_OTHER_ bits
  uint8_t reserved;     // 0
} smtpc_capabilities;
SMTPC_SIZE_GUARD(smtpc_capabilities, 56u, 56u);

// smtpc_capability_init makes `caps` empty.
void smtpc_capability_init(smtpc_capabilities *caps);

// smtpc_capability_line adds what the text `text` of line number `number` (from 1)
// of a 250 reply to EHLO or LHLO offers. `text` is all that stands after the
// separator. Line 1 offers nothing. `quirks` are the smtpc_quirk bits that are on.
//
//   ehlo-line    = ehlo-keyword *( SP ehlo-param )
//   ehlo-keyword = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-")
//   ehlo-param   = 1*(%d33-126)
//
// A line that breaks this grammar (an empty one, two spaces, a space at the end, a
// tab, `AUTH=LOGIN`) sets SMTPC_CAPS_MALFORMED and offers nothing. So does
//   - a parameter after a keyword that has none, but for SMTPUTF8, where it is
//     ignored (RFC 6531 section 3.1);
//   - SIZE with anything but one number of at most 20 digits and below 2^64;
//   - DELIVERBY with more than one parameter, or with one that is not
//     [1*9DIGIT] *("," 1*option-octet); the options are ignored, since none is
//     defined yet (RFC 2852 section 2);
//   - FUTURERELEASE without an interval of 1 to 9 digits and a date-time of
//     RFC 3339 (`smtpc_date_parse`), or with more than these;
//   - MT-PRIORITY with more than one word; NO-SOLICITING with more than one
//     parameter, or with one that is not SOLICIT's list (`param.h`).
// With quirk auth-equals `AUTH=`, and words right after it or after spaces, is AUTH
// and sets SMTPC_CAPS_EQUALS.
//
// SIZE without a number, and SIZE 0, is offered and no limit (RFC 1870 section 4);
// DELIVERBY without a number, and DELIVERBY 0, is offered and has no least time.
// AUTH without a mechanism is offered, and names none. A mechanism that we do not
// know sets SMTPC_CAPS_AUTH_OTHER. LIMITS values are 1 to 6 digits, the first of
// them not 0; other values, and limits of other names, are ignored, and so are
// attributes that XCLIENT or XFORWARD does not have in the registry, BURL's
// parameters but `imap` (one with a host, `imap://...`, is not for every host), and
// what CLIENTID says. Keywords that we do not know are ignored.
//
// A keyword that comes again adds to what it said before; but the first SIZE,
// DELIVERBY, FUTURERELEASE and MT-PRIORITY and the first value of each limit stay,
// and another SIZE than the first sets SMTPC_CAPS_MALFORMED.
//= RFC 5321 section 4.1.1.1
//= RFC 1870 section 4
//= RFC 4954 section 3
//= RFC 2852 section 4
//= RFC 4865 section 4
//= RFC 6710 section 3
//= RFC 3865 section 2
//= RFC 9422 section 3
//= RFC 4468 section 3
void smtpc_capability_line(smtpc_capabilities *caps, unsigned number,
                           const uint8_t *line, smtpc_span text,
                           uint32_t quirks);

#ifdef __cplusplus
}  // extern "C"
#endif

#endif  // SMTPCORE_CAPABILITY_H
