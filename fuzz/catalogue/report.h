// Report: what came of a script, as lines that a person reads and writes.
//
// A script of the catalogue says in its head what it leads to, one fact a line:
//
//     # expect client finding starttls-response-surplus
//
// and a report has exactly these lines, in any order. For each session of the script,
// `server` or `client`, with the number of its connection behind it from the second one
// on (`client 2`):
//
//     client says WORD...     what it sent: the verb of each command; `+` is content, `.`
//                             the line that ends it, `*` a line of an exchange of
//                             AUTH. `|` stands where TLS came up. Alone: nothing
//     server replies CODE...  the code of each whole reply, likewise
//     server tls STATE        none: no handshake was begun. begun: one was, and did not
//                             end. failed WHY: an smtpc_tls_failure. Or the version,
//                             1.0 to 1.3; what broke it after that is `lost WHY`
//     client tls STATE        likewise; behind the version whom it found there: verified;
//                             or bad-chain, bad-name, or both
//     server finding NAME     each one that was reported, once
//     server end REASON [NAME] ["WORDS"]
//                             an smtpc_end; the finding that goes with it; the words on
//                             the device. open: it had not ended
//     server stored N [clear] messages that it stored; clear: not under TLS
//     server login N          exchanges of AUTH that ended well; without the line: none
//     client delivered N      messages that it reported as delivered
//     client clear WORD...    what it said without TLS: nothing; or mail, login, or both
#ifndef SMTPCORE_FUZZ_CATALOGUE_REPORT_H
#define SMTPCORE_FUZZ_CATALOGUE_REPORT_H

#include <stddef.h>

#include "shim/mem/mem.h"

// report_begin begins to watch the sessions of slot 0; report_end ends that and appends
// the report's lines to `out`, each with a line feed.
void report_begin(void);
void report_end(smtpc_octets *out);

// report_compare compares two reports, lines in any order. It returns how many lines
// only one of them has, and appends these to `out`, with `missing` or `surplus` before
// them.
size_t report_compare(const smtpc_octets *expected, const smtpc_octets *have,
                      smtpc_octets *out);

#endif  // SMTPCORE_FUZZ_CATALOGUE_REPORT_H
