// Reply: lines to a reply.
//
//   Reply-line = *( Reply-code "-" [ textstring ] CRLF )
//                Reply-code [ SP textstring ] CRLF       RFC 5321 section 4.2
//   Reply-code = %x32-35 %x30-35 %x30-39
//
// One code over all lines. An enhanced status code counts only when its class
// matches the first digit (RFC 2034 section 4). The text is a view for logs; no
// decision may hang on it (law CODE).
//
//     smtpc_reply reply;
//     smtpc_reply_init(&reply);
//     for each line: st = smtpc_reply_line(&reply, line, len, &text);
//     when reply.done: reply.code is the answer
#ifndef SMTPCORE_REPLY_H
#define SMTPCORE_REPLY_H

#include <stdint.h>

#include "smtpcore/span.h"
#include "smtpcore/status.h"

#ifdef __cplusplus
extern "C" {
#endif

// SMTPC_REPLY_LINES_MAX bounds a multi-line reply (THREATS: RPL-02).
#define SMTPC_REPLY_LINES_MAX 512u

// SMTPC_REPLY_LINE_MAX is the longest reply line that we accept, CRLF included.
// RFC 5321 section 4.5.3.1.5 asks for 512; longer texts are seen, so what is over
// it is an error only past this.
#define SMTPC_REPLY_LINE_MAX 1024u

// smtpc_reply is a reply in progress. All-zero is the state before its first line.
typedef struct smtpc_reply {
  uint16_t code;             // 0 before the first line
  uint16_t lines;            // lines so far
  uint16_t enhanced_subject; // of the first line
  uint16_t enhanced_detail;
  uint8_t enhanced_class;    // 2, 4 or 5; 0: none, or not of the code's class
  uint8_t done;              // 1 after the last line
  uint8_t reserved[2];       // 0
} smtpc_reply;
SMTPC_SIZE_GUARD(smtpc_reply, 12u, 12u);

// smtpc_reply_init makes `reply` ready for a first line.
void smtpc_reply_init(smtpc_reply *reply);

// smtpc_reply_line adds `line[0 .. len)`, without its CRLF, to `reply`, and sets
// `*out_text` to its text after code, separator and enhanced code. A bare code is
// a last line, with or without a space after it.
//
// An enhanced code is class "." subject "." detail, 1 to 3 digits each, and then a
// space or the end of the line. One that is not so, or whose class is not the
// code's first digit, is text. Each line's own is left out of `*out_text`; `reply`
// keeps that of the first line. An EHLO reply has none (RFC 2034 section 4): read
// its keywords from offset 4 of the line, not from `*out_text`.
//
// It returns SMTPC_OK, or the first of these that applies, with an empty
// `*out_text` and `reply` as it was:
//   SMTPC_E_STATE        misuse: the last line was added before
//   SMTPC_E_ARGUMENT     misuse: `len` is over 65535
//   SMTPC_E_REPLY_CODE   no code in range, or another separator than space, hyphen
//   SMTPC_E_REPLY_MIXED  the code is not that of the lines before
//   SMTPC_E_REPLY_TEXT   a control octet other than tab in the text, or an octet
//                        beyond ASCII unless `allow_8bit`
//   SMTPC_E_TOO_MANY     SMTPC_REPLY_LINES_MAX lines were added before
// After a malformed line the reply is void: start again or end the session.
//= RFC 5321 section 4.2
//= RFC 2034 section 4
SMTPC_NODISCARD smtpc_status smtpc_reply_line(smtpc_reply *reply,
                                              const uint8_t *line, size_t len,
                                              int allow_8bit,
                                              smtpc_span *out_text);

#ifdef __cplusplus
}  // extern "C"
#endif

#endif  // SMTPCORE_REPLY_H
