// AFL++'s interface to the mutator: a shared library that AFL_CUSTOM_MUTATOR_LIBRARY
// names. The environment's SMTPCORE_FUZZ_KIND says the kind of input, a fuzz_kind as a
// digit; without it inputs are scripts.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/harness/choice.h"
#include "fuzz/harness/target.h"
#include "fuzz/mutator/mutator.h"

// Inputs do not grow beyond GROW_MAX; those that are longer already stay so long.
#define GROW_MAX 8192u
#define OUT_MAX 131072u

typedef struct afl_mutator {
  fuzz_choice choice;
  unsigned kind;
  uint8_t out[OUT_MAX];
} afl_mutator;

void *afl_custom_init(void *afl, unsigned int seed);
size_t afl_custom_fuzz(afl_mutator *own, uint8_t *data, size_t size,
                       uint8_t **out, const uint8_t *other, size_t other_size,
                       size_t max_size);
void afl_custom_deinit(afl_mutator *own);

void *afl_custom_init(void *afl, unsigned int seed) {
  static afl_mutator own;
  const char *kind = getenv("SMTPCORE_FUZZ_KIND");
  (void)afl;
  own.choice.state = seed;
  own.kind = kind != NULL && kind[0] >= '0' && kind[0] <= '6'
                 ? (unsigned)(kind[0] - '0')
                 : (unsigned)FUZZ_KIND_SCRIPT;
  return &own;
}

// A third of the time what AFL++ offers for splicing is crossed with the input.
size_t afl_custom_fuzz(afl_mutator *own, uint8_t *data, size_t size,
                       uint8_t **out, const uint8_t *other, size_t other_size,
                       size_t max_size) {
  size_t most = size > GROW_MAX ? size : GROW_MAX;
  most = most < max_size ? most : max_size;
  most = most < OUT_MAX ? most : OUT_MAX;
  const uint64_t seed = fuzz_choose_bits(&own->choice);
  size_t len = size < most ? size : most;
  if (other != NULL && other_size > 0u && fuzz_choose(&own->choice, 3u) == 0u) {
    len = fuzz_cross(own->kind, data, size, other, other_size, own->out, most,
                     seed);
  } else {
    if (len > 0u) {
      memcpy(own->out, data, len);
    }
    len = fuzz_mutate(own->kind, own->out, len, most, seed);
  }
  *out = own->out;
  return len;
}

void afl_custom_deinit(afl_mutator *own) {
  (void)own;
}
