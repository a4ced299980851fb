// Envelope: what was read of MAIL or RCPT, as what is to be written. Targets that check
// law ROUNDTRIP share it.
#ifndef SMTPCORE_FUZZ_HARNESS_ENVELOPE_H
#define SMTPCORE_FUZZ_HARNESS_ENVELOPE_H

#include <stddef.h>
#include <stdint.h>

#include "smtpcore/param.h"
#include "smtpcore/path.h"
#include "smtpcore/write.h"

// fuzz_envelope is an envelope with the octets of its xtext values, decoded.
typedef struct fuzz_envelope {
  smtpc_envelope envelope;
  uint8_t envid[SMTPC_ENVID_MAX];
  uint8_t auth[SMTPC_PARAM_AUTH_MAX];
  uint8_t orcpt[SMTPC_ORCPT_MAX];
} fuzz_envelope;

// fuzz_envelope_of sets `*out` to the envelope that `path` and `params`, as they were
// read from `line`, mean. A source route is left out. `*out` borrows the line.
void fuzz_envelope_of(fuzz_envelope *out, const uint8_t *line,
                      const smtpc_path *path, const smtpc_params *params);

// fuzz_same_octets returns 1 when two spans of two lines hold the same octets.
int fuzz_same_octets(const uint8_t *a, smtpc_span in_a, const uint8_t *b,
                     smtpc_span in_b);

// fuzz_same_params returns 1 when parameters of two lines mean the same, whatever their
// order and spelling.
int fuzz_same_params(const uint8_t *a, const smtpc_params *in_a,
                     const uint8_t *b, const smtpc_params *in_b);

// fuzz_same_path returns 1 when paths of two lines name the same mailbox.
int fuzz_same_path(const uint8_t *a, const smtpc_path *in_a, const uint8_t *b,
                   const smtpc_path *in_b);

#endif  // SMTPCORE_FUZZ_HARNESS_ENVELOPE_H
