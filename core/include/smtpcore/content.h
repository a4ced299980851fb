// Content: octets to a message, and back.
//
// Receiving DATA. The end is CRLF.CRLF and nothing else (law EOD); a dot at the
// start of a line is taken off (RFC 5321 section 4.5.2). The machine, whole:
//
//               CR        LF          '.'       other
//   BOL         SEEN_CR   LF_BOL*lf   SEEN_DOT  TEXT      at the start of a line
//   TEXT        SEEN_CR   LF_BOL*lf   TEXT      TEXT
//   SEEN_CR     SEEN_CR*cr BOL        TEXT*cr   TEXT*cr
//   SEEN_DOT    DOT_CR    LF_BOL*eod  LINE_DOT  TEXT      the dot is taken off
//   DOT_CR      SEEN_CR*eod END       TEXT*eod  TEXT*eod
//   LF_BOL      SEEN_CR   LF_BOL*lf   LF_DOT    TEXT      after a bare LF
//   LF_DOT      LF_DOT_CR LF_BOL*eod  TEXT      TEXT      the dot is content
//   LF_DOT_CR   SEEN_CR*eod BOL*eod   TEXT*eod  TEXT*eod
//   LINE_DOT    SEEN_CR   LF_BOL*lf   TEXT      TEXT      a dot is all that the
//                                                         line's content is yet
//
// `*cr`, `*lf` and `*eod` are anomalies: bare CR, bare LF, and a dot line that
// only a lenient server takes as the end. NUL is an anomaly anywhere. After one
// the message is lost, but the machine reads on to the true end, so that nothing
// of the message is ever taken as a command (THREATS: SMG-01, SMG-07). Nothing is
// repaired (law NORM).
//
// With the quirk content-lf a bare LF alone is noted and does not lose the message.
// A dot line beside one still does, and in LINE_DOT a bare LF is *eod: it would show
// the reader of the content a dot line that ends with it.
//
// Content is not copied: each call gives one run of the input that is content as
// it stands. Sending works alike: runs of the caller's octets, and between them
// single dots to insert.
//
//     smtpc_content content;
//     smtpc_content_init(&content);
//     do {
//       st = smtpc_content_scan(&content, data, len, &used, &run);
//       ... pass on data[run.begin .. run.end), then leave out `used` octets
//     } while (st == SMTPC_MORE && octets are left);
//     at SMTPC_OK: the message may be kept if `content.anomalies` has none of
//     SMTPC_ANOMALIES_LOST
#ifndef SMTPCORE_CONTENT_H
#define SMTPCORE_CONTENT_H

#include <stddef.h>
#include <stdint.h>

#include "smtpcore/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum smtpc_content_state {
  SMTPC_CONTENT_BOL = 0,
  SMTPC_CONTENT_TEXT = 1,
  SMTPC_CONTENT_SEEN_CR = 2,
  SMTPC_CONTENT_SEEN_DOT = 3,
  SMTPC_CONTENT_DOT_CR = 4,
  SMTPC_CONTENT_END = 5,
  SMTPC_CONTENT_LF_BOL = 6,
  SMTPC_CONTENT_LF_DOT = 7,
  SMTPC_CONTENT_LF_DOT_CR = 8,
  SMTPC_CONTENT_LINE_DOT = 9
} smtpc_content_state;

// Anomalies, as bits of `smtpc_content.anomalies`.
#define SMTPC_ANOMALY_BARE_CR 1u  // a CR that no LF follows
#define SMTPC_ANOMALY_BARE_LF 2u  // an LF that no CR precedes
#define SMTPC_ANOMALY_NUL 4u
#define SMTPC_ANOMALY_EOD 8u  // the CR or LF of a dot line that is not the end
#define SMTPC_ANOMALY_LF_KEPT 16u  // quirk: a bare LF was passed on; not a loss
#define SMTPC_ANOMALIES_LOST 15u   // those that lose the message

// smtpc_content is a DATA decoder, or an encoder. All-zero is the state at the
// start of a message.
//
// An anomaly stands where its octet stands: the bare CR itself, not the octet after
// it that shows that it is bare; the bare LF; the NUL; of a dot line, the CR or LF
// after the dot. The first octet of the message after DATA's CRLF is at offset 0.
typedef struct smtpc_content {
  uint64_t octets;      // decoder: octets taken, dots and end included
                        // encoder: octets taken, dots to insert not included
  uint64_t first_off;   // offset among them of the first anomaly that loses the
                        // message; 0 without one
  uint8_t state;        // an smtpc_content_state
  uint8_t anomalies;    // SMTPC_ANOMALY_ bits so far
  uint8_t dot_sent;     // encoder: 1 when the dot before this line is given
  uint8_t keeps_lf;     // decoder: 1 with quirk content-lf; set after _init
  uint8_t reserved[4];  // 0
} smtpc_content;
SMTPC_SIZE_GUARD(smtpc_content, 24u, 24u);

// smtpc_run is what one call found: `[begin, end)` of the input is content, to be
// passed on as it is.
typedef struct smtpc_run {
  size_t begin;
  size_t end;
} smtpc_run;
SMTPC_SIZE_GUARD(smtpc_run, 8u, 16u);

// smtpc_content_init makes `content` ready for a new message.
void smtpc_content_init(smtpc_content *content);

// smtpc_content_scan reads `data[0 .. len)` as DATA content. `*out_used` is the
// number of octets taken and `*out_run` a run of content among them, perhaps empty.
//
// It returns
//   SMTPC_MORE  the octets taken hold no end; call again with the others, or with
//               new ones when all were taken
//   SMTPC_OK    the end of data was taken, as the last of the octets taken
//   SMTPC_E_CONTENT_END  misuse: the message had ended; nothing is taken
// A call takes at least one octet when there is one. The final CRLF before the
// end's dot is content (RFC 5321 section 4.1.1.4). A run may hold a CR that only a
// later octet shows to be bare: from the first anomaly of SMTPC_ANOMALIES_LOST on
// the message is lost, runs are empty (that of the call that met it too), and what
// was given before must be dropped.
//
// Cuts do not matter: `content_test` compares every string of length 9 over
// {CR, LF, '.', a, NUL} (and all cuts of the shorter ones) with `core/model`, with
// and without `keeps_lf`.
//
// Cost: each octet is read once or twice. A run goes on over line ends, bare LF
// that are kept among them; only a dot at the start of a line, the end or an anomaly
// that loses the message breaks it.
//= RFC 5321 section 4.1.1.4
//= RFC 5321 section 4.5.2
SMTPC_NODISCARD smtpc_status smtpc_content_scan(smtpc_content *content,
                                                const uint8_t *data, size_t len,
                                                size_t *out_used,
                                                smtpc_run *out_run);

// smtpc_content_check reads `data[0 .. len)` as content of chunks (BDAT), which has
// no dots to take off and no end of its own, and notes in `content` bare CR, bare LF
// and NUL, which only BODY=BINARYMIME may have (RFC 3030 section 3). Nothing of the
// payload is changed or held back. `keeps_lf` is as above: dot lines beside a bare LF
// are SMTPC_ANOMALY_EOD here too, since the content may be sent on under DATA. The
// machine is that above, but for BOL, where a dot leads to LINE_DOT. Cuts do not
// matter. After `smtpc_content_check_end` it does nothing.
void smtpc_content_check(smtpc_content *content, const uint8_t *data,
                         size_t len);

// smtpc_content_check_end ends what `smtpc_content_check` began: a CR at the end of the
// message is bare, and a dot after a bare LF is SMTPC_ANOMALY_EOD, at the last octet.
void smtpc_content_check_end(smtpc_content *content);

// smtpc_content_stuff reads `data[0 .. len)` as content to send under DATA. Each
// call takes octets up to the next line that begins with a dot: `*out_run` is what
// to send as it is, and `*out_dot` is 1 when a dot must be sent after that run,
// before the octets that follow.
//
// It returns SMTPC_MORE, or SMTPC_E_BARE_CR, SMTPC_E_BARE_LF, SMTPC_E_NUL when the
// content must not be sent: a sender refuses, it does not repair (THREATS: SMG-02).
// `content->first_off` is then the offset of that octet, nothing is taken, the
// answer is the same for ever, and the session must end without an end of data.
// Misuse takes nothing and changes nothing: SMTPC_E_ARGUMENT when the octets after
// a dot that was asked for do not begin with the dot that it stands before;
// SMTPC_E_STATE when `content` is a decoder that took a dot or the end, or that has
// `keeps_lf`.
//
// `*out_used` may be 0 while `*out_dot` is 1; the next call then takes octets.
//
// unstuff(stuff(x)) = x for all x and all cuts (law STUFF, `content_test`).
//= RFC 5321 section 4.5.2
SMTPC_NODISCARD smtpc_status smtpc_content_stuff(smtpc_content *content,
                                                 const uint8_t *data,
                                                 size_t len, size_t *out_used,
                                                 smtpc_run *out_run,
                                                 uint8_t *out_dot);

// smtpc_content_stuff_end says whether content may end here: SMTPC_OK when it is
// empty or ended with CRLF, and the caller then sends ".\r\n"; SMTPC_E_CONTENT_END
// when its last line has no CRLF, when a dot was asked for and the line that it
// belongs to did not follow, or when the content must not be sent.
SMTPC_NODISCARD smtpc_status
smtpc_content_stuff_end(const smtpc_content *content);

#ifdef __cplusplus
}  // extern "C"
#endif

#endif  // SMTPCORE_CONTENT_H
