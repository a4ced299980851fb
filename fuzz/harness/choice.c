#include "fuzz/harness/choice.h"

// The finalizer of splitmix64; its sums wrap on purpose.
FUZZ_WRAPS static uint64_t mix(uint64_t x) {
  x ^= x >> 30u;
  x *= UINT64_C(0xbf58476d1ce4e5b9);
  x ^= x >> 27u;
  x *= UINT64_C(0x94d049bb133111eb);
  return x ^ (x >> 31u);
}

FUZZ_WRAPS uint64_t fuzz_hash(uint64_t hash, const void *data, size_t len) {
  const uint8_t *octets = data;
  for (size_t i = 0u; i < len; i++) {
    hash = (hash ^ octets[i]) * UINT64_C(0x100000001b3);
  }
  return hash;
}

uint64_t fuzz_hash_number(uint64_t hash, uint64_t number) {
  return mix(hash ^ mix(number ^ UINT64_C(0x9e3779b97f4a7c15)));
}

fuzz_choice fuzz_choice_of(const uint8_t *data, size_t len) {
  const fuzz_choice choice = {
      mix(fuzz_hash(UINT64_C(0xcbf29ce484222325), data, len))};
  return choice;
}

FUZZ_WRAPS uint64_t fuzz_choose_bits(fuzz_choice *choice) {
  choice->state += UINT64_C(0x9e3779b97f4a7c15);
  return mix(choice->state);
}

uint32_t fuzz_choose(fuzz_choice *choice, uint32_t count) {
  return (uint32_t)(fuzz_choose_bits(choice) % count);
}
