// Target: what each fuzz target defines, and nothing else: one function and one
// constant. The engine, the replay and the mutator are linked to it.
#ifndef SMTPCORE_FUZZ_HARNESS_TARGET_H
#define SMTPCORE_FUZZ_HARNESS_TARGET_H

#include <stddef.h>
#include <stdint.h>

// fuzz_kind is what a target's input is; the mutator goes by it.
typedef enum fuzz_kind {
  FUZZ_KIND_COMMANDS = 0,    // what a client says: lines of commands
  FUZZ_KIND_REPLIES = 1,     // what a server says: lines of replies
  FUZZ_KIND_CONTENT = 2,     // content of a message
  FUZZ_KIND_TOKENS = 3,      // one token, such as a path, without a line's end
  FUZZ_KIND_SCRIPT = 4,      // a script, encoded (script.h)
  FUZZ_KIND_TLS_SCRIPT = 5,  // a script whose TLS is real
  FUZZ_KIND_TLS = 6          // octets of a TLS peer, clear ones too
} fuzz_kind;

// fuzz_target_kind is the fuzz_kind of the target that is linked.
extern const unsigned fuzz_target_kind;

// LLVMFuzzerTestOneInput tries one input. It returns 0, or -1 for an input that a
// corpus should not keep (a script that cannot be decoded). It keeps nothing: the same
// input does the same, whatever came before.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif  // SMTPCORE_FUZZ_HARNESS_TARGET_H
