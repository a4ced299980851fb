// Wish: a parameter of MAIL or RCPT that an option asks for.
//
// The option's text becomes the parameter's value, the core's own parser reads it,
// and what it read goes into an envelope. So an option takes what a server of ours
// would take, and nothing is read in two ways.
#ifndef SMTPCORE_WISH_H
#define SMTPCORE_WISH_H

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>

#include "smtpcore/param.h"
#include "smtpcore/write.h"

// smtpc_wish_take reads `text` as the value of `param` (an smtpc_param) and puts it
// into `*envelope`, with its bit in `seen`. It returns whether it is a value; if not,
// `*envelope` is as it was. What the envelope points to is in `text`.
//
//   RET          full | hdrs
//   NOTIFY       never, or some of success,failure,delay
//   BY           SECONDS:N or SECONDS:R, and perhaps :T
//   HOLDFOR      SECONDS
//   HOLDUNTIL    DATE, such as 2030-01-31T08:00:00Z
//   MT_PRIORITY  -9 to 9
//   SOLICIT      words with commas between them
//   MTRK         CERTIFIER or CERTIFIER:SECONDS
//   RRVS         DATE, and perhaps :C or :R
// Other parameters are no wishes. That HOLDFOR and HOLDUNTIL exclude each other is the
// caller's to say.
bool smtpc_wish_take(unsigned param, const char *text,
                     smtpc_envelope *envelope);

// smtpc_wish_option does so for the value of `option`, or says `want` and ends the
// process.
void smtpc_wish_option(const struct argp_state *state, const char *option,
                       unsigned param, const char *text, const char *want,
                       smtpc_envelope *envelope);

#endif  // SMTPCORE_WISH_H
