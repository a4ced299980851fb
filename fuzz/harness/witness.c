#include "fuzz/harness/witness.h"

#include "fuzz/harness/choice.h"

static uint64_t witness;

void fuzz_witness_give(uint64_t hash) {
  witness = hash;
}

void fuzz_witness_add(uint64_t number) {
  witness = fuzz_hash_number(witness, number);
}

void fuzz_witness_octets(const void *data, size_t len) {
  witness = fuzz_hash(witness ^ len, data, len);
}

uint64_t fuzz_witness_take(void) {
  const uint64_t taken = witness;
  witness = 0u;
  return taken;
}
