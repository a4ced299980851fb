// Header: what a message says about TLS for itself.
//
// RFC 8689 section 3 gives a message the header field `TLS-Required: No`: its
// originator wants it delivered even where the recipient's policy demands TLS. Who
// reads it gives up protection, so the reading is narrow:
//
//   requiretls-field = "TLS-Required:" *FWS "No" *FWS CRLF     letters in any case
//
// in the header section of the message, which ends at its first empty line. The field
// may stand there once (section 3): with another one beside it, whatever that says,
// with another value, or with white space before the colon (RFC 5322 section 4.5.8)
// nothing was said. Lines end with CRLF alone; a bare CR, bare LF or NUL is an octet
// like others. A field whose last line has no CRLF says nothing either.
//
// The machine, whole. `next` is the octet of `TLS-Required:No` that is due, letters
// in any case. FAIL is the end, where nothing was said:
//
//                CR         LF           SP, HT  next    other
//   LINE         END_CR     SKIP         SKIP    NAME    SKIP   at a line's start
//   NAME         SKIP_CR    SKIP         SKIP    NAME*   SKIP
//   COLON        SKIP_CR    SKIP         FAIL    BEFORE* SKIP   after the name
//   BEFORE       BEFORE_CR  FAIL         BEFORE  VALUE   FAIL
//   BEFORE_CR    FAIL       BEFORE_LINE  FAIL    FAIL    FAIL
//   BEFORE_LINE  FAIL       FAIL         BEFORE  FAIL    FAIL
//   VALUE        FAIL       FAIL         FAIL    AFTER   FAIL   after the N
//   AFTER        AFTER_CR   FAIL         AFTER   FAIL    FAIL
//   AFTER_CR     FAIL       AFTER_LINE   FAIL    FAIL    FAIL
//   AFTER_LINE   END_CR     SKIP         AFTER   NAME    SKIP
//   SKIP         SKIP_CR    SKIP         SKIP    SKIP    SKIP   another field
//   SKIP_CR      SKIP_CR    LINE         SKIP    SKIP    SKIP
//   END_CR       SKIP_CR    END          SKIP    SKIP    SKIP
//
// NAME* is COLON after the last letter of the name; BEFORE* is FAIL when the field
// was met before.
//
//     smtpc_header header;
//     smtpc_header_init(&header);
//     smtpc_header_scan(&header, data, len);    // for each run of content
//     smtpc_header_end(&header);                // the message is whole
//     if (smtpc_header_says_no_tls(&header)) ...
#ifndef SMTPCORE_HEADER_H
#define SMTPCORE_HEADER_H

#include <stddef.h>
#include <stdint.h>

#include "smtpcore/status.h"

#ifdef __cplusplus
extern "C" {
#endif

// smtpc_header_state is where in the header section the scanner is.
typedef enum smtpc_header_state {
  SMTPC_HEADER_LINE = 0,         // at the start of a line
  SMTPC_HEADER_NAME = 1,         // in what may be the field's name
  SMTPC_HEADER_COLON = 2,        // after the whole name
  SMTPC_HEADER_BEFORE = 3,       // in white space before the value
  SMTPC_HEADER_BEFORE_CR = 4,    // after a CR in it
  SMTPC_HEADER_BEFORE_LINE = 5,  // after a CRLF in it
  SMTPC_HEADER_VALUE = 6,        // after the first letter of the value
  SMTPC_HEADER_AFTER = 7,        // after the value
  SMTPC_HEADER_AFTER_CR = 8,     // after a CR that follows it
  SMTPC_HEADER_AFTER_LINE = 9,   // after a CRLF that may end the field
  SMTPC_HEADER_SKIP = 10,        // in another field
  SMTPC_HEADER_SKIP_CR = 11,     // after a CR in it
  SMTPC_HEADER_END_CR = 12,      // after a CR at the start of a line
  SMTPC_HEADER_END = 13          // nothing more is looked at
} smtpc_header_state;

// smtpc_header is the scanner: plain data. All-zero is the state at the start of a
// message.
typedef struct smtpc_header {
  uint8_t state;     // an smtpc_header_state
  uint8_t matched;   // octets of name, colon and value that were seen in a row
  uint8_t found;     // 1: the field was met
  uint8_t reserved;  // 0
} smtpc_header;
SMTPC_SIZE_GUARD(smtpc_header, 4u, 4u);
SMTPC_STATIC_ASSERT(sizeof(smtpc_header) <= 8,
                    "it sits in a session with little room");

// smtpc_header_init makes `header` ready for a new message.
void smtpc_header_init(smtpc_header *header);

// smtpc_header_scan reads `data[0 .. len)` as the next octets of a message's content.
// Beyond the header section it reads nothing. Cuts do not matter: `header_test` cuts
// each of its messages at each place, and compares with `core/model`.
//
// Cost: each octet of the header section is read once or twice.
//= RFC 8689 section 3
void smtpc_header_scan(smtpc_header *header, const uint8_t *data, size_t len);

// smtpc_header_end says that the message is whole: it may be all header section. It
// may be called also when an empty line was seen.
void smtpc_header_end(smtpc_header *header);

// smtpc_header_says_no_tls returns 1 when the header section said `TLS-Required: No`,
// and said it as it must be said; else, and before the header section has ended, 0. A
// message that came with REQUIRETLS has no use for it (RFC 8689 section 4.1).
//= RFC 8689 section 4.1
int smtpc_header_says_no_tls(const smtpc_header *header);

#ifdef __cplusplus
}  // extern "C"
#endif

#endif  // SMTPCORE_HEADER_H
