// libFuzzer's interface to the mutator. The kind is that of the target that is linked.
//
// About half of the time libFuzzer's own mutations, its dictionary and what it saw in
// comparisons among them, are made on what one record of a script says or one TLS record
// has, or on the whole input of another kind; now and then they are made on the encoding
// of a script, or on the octets of a TLS peer as they are.
#include <stddef.h>
#include <stdint.h>

#include "fuzz/harness/target.h"
#include "fuzz/mutator/mutator.h"

// Not every engine that takes a custom mutator has mutations of its own to lend.
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size)
    __attribute__((weak));
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
                               unsigned int seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size,
                                 const uint8_t *b, size_t b_size, uint8_t *out,
                                 size_t max_size, unsigned int seed);

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
                               unsigned int seed) {
  const unsigned how = LLVMFuzzerMutate != NULL ? (seed >> 16u) % 16u : 8u;
  if (how == 0u) {
    return LLVMFuzzerMutate(data, size, max_size);
  }
  if (how < 8u) {
    return fuzz_mutate_payload(fuzz_target_kind, data, size, max_size, seed,
                               LLVMFuzzerMutate);
  }
  return fuzz_mutate(fuzz_target_kind, data, size, max_size, seed);
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size,
                                 const uint8_t *b, size_t b_size, uint8_t *out,
                                 size_t max_size, unsigned int seed) {
  return fuzz_cross(fuzz_target_kind, a, a_size, b, b_size, out, max_size,
                    seed);
}
