// Witness: what a target saw of an input, as one number, so that a replay can tell
// whether a seed still leads to what it led to when somebody last looked.
//
// Oracles know what must hold; they do not know which of two things that both hold is
// the right one: which finding, at which octet. The witness of each committed seed of some
// targets stands in fuzz/witness/; when one changes, `./test` names the
// seed, and SMTPCORE_FUZZ_TRACE shows what it does now. `fuzz/tools/witness.py` writes
// the files anew.
#ifndef SMTPCORE_FUZZ_HARNESS_WITNESS_H
#define SMTPCORE_FUZZ_HARNESS_WITNESS_H

#include <stddef.h>
#include <stdint.h>

// fuzz_witness_give says what the input at hand led to: a hash of events that is the
// same with every compiler and every size of word.
void fuzz_witness_give(uint64_t hash);

// fuzz_witness_add adds a number to what the input at hand led to, and
// fuzz_witness_octets octets.
void fuzz_witness_add(uint64_t number);
void fuzz_witness_octets(const void *data, size_t len);

// fuzz_witness_take returns what was given since the last call; 0: nothing.
uint64_t fuzz_witness_take(void);

#endif  // SMTPCORE_FUZZ_HARNESS_WITNESS_H
