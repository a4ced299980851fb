#include "fuzz/tls/random.h"

#include "fuzz/harness/choice.h"

// sequence is where the numbers come from: each is made of `state`, as in splitmix64.
static struct {
  uint64_t state;
  size_t draws;
  size_t turn_at;  // the draws before `turn_state` takes over; SIZE_MAX: never
  uint64_t turn_state;
} sequence = {0u, 0u, SIZE_MAX, 0u};

void tls_random_reset(uint64_t seed) {
  sequence.state = seed;
  sequence.draws = 0u;
  sequence.turn_at = SIZE_MAX;
}

FUZZ_WRAPS void tls_random_turn(size_t draws, uint64_t seed) {
  sequence.turn_at = sequence.draws + draws;
  sequence.turn_state = seed;
}

size_t tls_random_draws(void) {
  return sequence.draws;
}

FUZZ_WRAPS static uint64_t next_bits(void) {
  sequence.state += 0x9e3779b97f4a7c15u;
  uint64_t bits = sequence.state;
  bits = (bits ^ (bits >> 30u)) * 0xbf58476d1ce4e5b9u;
  bits = (bits ^ (bits >> 27u)) * 0x94d049bb133111ebu;
  return bits ^ (bits >> 31u);
}

// The linker calls this one where RAND_bytes is called (--wrap).
int __wrap_RAND_bytes(uint8_t *out, size_t len);

int __wrap_RAND_bytes(uint8_t *out, size_t len) {
  if (sequence.draws == sequence.turn_at) {
    sequence.state = sequence.turn_state;
  }
  sequence.draws++;
  uint64_t bits = 0u;
  for (size_t i = 0u; i < len; i++) {
    bits = i % 8u == 0u ? next_bits() : bits >> 8u;
    out[i] = (uint8_t)(bits & 0xffu);
  }
  return 1;
}
