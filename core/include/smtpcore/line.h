// Line: octets to lines. Is a whole line here?
//
// A line ends with CRLF and with nothing else (RFC 5321 section 2.3.8). The
// assembler copies a line into a buffer of compile-time size and stops just past
// its CRLF: it never looks at the octet after it. That is what lets a session see
// that octets follow STARTTLS (law DRAIN) and what makes cuts invisible (SPLIT).
//
// The whole machine, with `|` before an error that the line then carries:
//
//               CR             LF              NUL           other
//   TEXT        SEEN_CR        TEXT|bare-lf    TEXT|nul      TEXT
//   SEEN_CR     SEEN_CR|bare-cr  end           TEXT|bare-cr  TEXT|bare-cr
//
// A malformed or over-long line is swallowed up to its CRLF and reported once,
// with the offset of its first bad octet; its tail is never taken as a new line
// (THREATS: CMD-01). An end that does not come within the discard limit is a
// terminal error. Which octet is bad: a bare CR itself, not the octet after it; a
// bare LF; a NUL; and, whatever it is, the first octet past the longest line. A
// line is wiped as soon as it is known to be bad.
//
// With the quirk line-lf a bare LF ends a line too, good, malformed or over-long:
// in state TEXT, LF is `end`. `lf` then says that it did, and a session must not
// take such a line for STARTTLS.
//
//     smtpc_line line;
//     smtpc_line_init(&line);
//     smtpc_status st = smtpc_line_feed(&line, max, 0, data, len, &used);
//     if (st == SMTPC_MORE) ...                     // feed the next octets
//     else ... line.data[0 .. line.len) is one line, without its CRLF;
//     smtpc_line_next(&line);                       // then go on
#ifndef SMTPCORE_LINE_H
#define SMTPCORE_LINE_H

#include <stddef.h>
#include <stdint.h>

#include "smtpcore/status.h"
#include "smtpcore_config.h"

#ifdef __cplusplus
extern "C" {
#endif

// SMTPC_LINE_MAX, the size of the line buffer, is a setting: `smtpcore_config.h`.

// SMTPC_LINE_DISCARD_MAX is how many octets of one line may be swallowed beyond the
// longest line, its CRLF included.
#define SMTPC_LINE_DISCARD_MAX 65536u

// SMTPC_LINE_HEAD is how much is kept of a malformed line: a verb of four letters,
// so that a session can tell whether payload follows it.
#define SMTPC_LINE_HEAD 4u

// smtpc_line_state is what was seen last.
typedef enum smtpc_line_state {
  SMTPC_LINE_TEXT = 0,
  SMTPC_LINE_SEEN_CR = 1,
  SMTPC_LINE_READY = 2,  // a line is held; `smtpc_line_next` lets go of it
  SMTPC_LINE_DEAD = 3,   // endless; only `smtpc_line_init` goes on
  SMTPC_LINE_BLOCK = 4   // octets of `smtpc_line_take`, all or a part of them
} smtpc_line_state;

// smtpc_line is the assembler: plain data, no pointer. All-zero is the same as
// after `smtpc_line_init`.
typedef struct smtpc_line {
  uint32_t seen;        // octets of this line so far, CR and LF included
  uint32_t error_off;   // offset in the line of its first bad octet
  uint16_t len;         // octets held in `data`, CRLF not included
  uint8_t state;        // an smtpc_line_state
  uint8_t error;        // an smtpc_status: 0, or why the line is malformed
  uint8_t lf;           // of a held line: 1 when a bare LF ended it
  uint8_t reserved[3];  // 0
  // Of a malformed line: its first octets, zeros for those that it did not have.
  uint8_t head[SMTPC_LINE_HEAD];
  uint8_t data[SMTPC_LINE_MAX];
} smtpc_line;
SMTPC_STATIC_ASSERT(sizeof(smtpc_line) == (20u + SMTPC_LINE_MAX + 3u) / 4u * 4u,
                    "the size of smtpc_line is a part of the ABI");

// smtpc_line_init makes `line` empty and wipes its buffer.
void smtpc_line_init(smtpc_line *line);

// smtpc_line_feed takes octets of `data[0 .. len)` up to and with the next CRLF.
// `max` is the longest line to accept, its end included, at most SMTPC_LINE_MAX; it
// must stay the same while a line is incomplete, and so must `lf_ends`: 1 lets a
// bare LF end a line (quirk line-lf). On every return `*out_used` is the number of
// octets taken.
//
// It returns
//   SMTPC_MORE             all octets were taken, and no line has ended
//   SMTPC_OK               `line->data[0 .. line->len)` is a line without CR, LF
//                          and NUL; `*out_used` stops just past its CRLF, or
//                          past the bare LF that ended it
//   SMTPC_E_BARE_CR, SMTPC_E_BARE_LF, SMTPC_E_NUL, SMTPC_E_LINE_TOO_LONG
//                          a line ended, and this was its first error, at
//                          `line->error_off`; `line->len` is 0
//   SMTPC_E_LINE_ENDLESS   `max` + SMTPC_LINE_DISCARD_MAX octets hold no line, and
//                          more came; they are not taken; sticky
//   SMTPC_E_PENDING        misuse: the last line, or block, was not let go; nothing
//                          is taken
//   SMTPC_E_ARGUMENT       misuse: `max` is not 2 to SMTPC_LINE_MAX; nothing is
//                          taken
//
// Cuts do not matter: `line_test` feeds each case whole and in pieces of 1 to 5,
// and compares all short strings with `core/model`.
//
// Cost: each octet is read once and copied once.
//= RFC 5321 section 2.3.8
//= RFC 5321 section 4.5.3.1.4
SMTPC_NODISCARD smtpc_status smtpc_line_feed(smtpc_line *line, size_t max,
                                             int lf_ends, const uint8_t *data,
                                             size_t len, size_t *out_used);

// smtpc_line_take collects octets, whatever they are, until `want` are held: for a
// header of known length (PROXY version 2). A first call finds an empty assembler;
// later ones may raise `want`. From the first octet on the assembler is not empty,
// and `smtpc_line_feed` takes nothing, until `smtpc_line_next`. `*out_used` is the
// number of octets taken.
//
// It returns SMTPC_MORE while octets are missing; SMTPC_OK when
// `line->data[0 .. want)` is held; SMTPC_E_ARGUMENT when `want` is 0 or over
// SMTPC_LINE_MAX; SMTPC_E_STATE when the assembler holds a line, or a part of one, or
// met one without an end. On misuse nothing is taken.
SMTPC_NODISCARD smtpc_status smtpc_line_take(smtpc_line *line, size_t want,
                                             const uint8_t *data, size_t len,
                                             size_t *out_used);

// smtpc_line_hold says that the owner of the line put octets of its own into
// `line->data[0 .. len)`, beside or in place of a held line. The assembler then holds
// them like a line: `smtpc_line_next` lets go of them and wipes them. What the held
// line had beyond `len` is wiped at once. The assembler must hold a line or nothing;
// else, or with `len` over SMTPC_LINE_MAX, it returns SMTPC_E_STATE and changes
// nothing.
SMTPC_NODISCARD smtpc_status smtpc_line_hold(smtpc_line *line, size_t len);

// smtpc_line_next lets go of the line that is held, or of a block, whole or not, and
// wipes it: a line may carry a password. It does nothing when none is held.
void smtpc_line_next(smtpc_line *line);

// smtpc_line_is_empty returns whether the assembler holds nothing at all: no line, no
// block, and no part of one. That is law DRAIN's question.
int smtpc_line_is_empty(const smtpc_line *line);

#ifdef __cplusplus
}  // extern "C"
#endif

#endif  // SMTPCORE_LINE_H
