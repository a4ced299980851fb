#define _GNU_SOURCE
#include "fuzz/harness/block.h"

#include <stdlib.h>
#include <string.h>

#include "fuzz/harness/law.h"

#define GUARD 0xa5

uint8_t *fuzz_block(const uint8_t *data, size_t len) {
  uint8_t *block = malloc(len);
  FUZZ_MUST(HARNESS, block != NULL || len == 0u, "no memory");
  if (len > 0u) {
    memcpy(block, data, len);
  }
  return block;
}

void fuzz_block_free(uint8_t *block, const uint8_t *data, size_t len) {
  FUZZ_MUST(PURE, len == 0u || memcmp(block, data, len) == 0,
            "an input was written to");
  free(block);
}

void fuzz_guard_set(fuzz_guard *guard) {
  memset(guard->octets, GUARD, sizeof guard->octets);
}

void fuzz_guard_check(const fuzz_guard *guard) {
  for (size_t i = 0u; i < sizeof guard->octets; i++) {
    FUZZ_MUST(BOUNDS, guard->octets[i] == GUARD,
              "octet %zu of a guard was written", i);
  }
}

int fuzz_find(const void *data, size_t len, const void *part, size_t part_len) {
  return len > 0u && part_len > 0u && memmem(data, len, part, part_len) != NULL;
}
