// Block: heap blocks of exactly the size of what they hold, so that a sanitizer sees a
// read one octet past it, and canaries around what is not on the heap.
#ifndef SMTPCORE_FUZZ_HARNESS_BLOCK_H
#define SMTPCORE_FUZZ_HARNESS_BLOCK_H

#include <stddef.h>
#include <stdint.h>

// fuzz_block returns a heap block with a copy of `data[0 .. len)`; the caller gives it
// to `fuzz_block_free`. With `len` 0 it is a block of no octets, not NULL.
uint8_t *fuzz_block(const uint8_t *data, size_t len);

// fuzz_block_free frees a block. Law PURE: it must still hold `data[0 .. len)`, what it
// was made of: no function of the core writes to its input.
void fuzz_block_free(uint8_t *block, const uint8_t *data, size_t len);

#define FUZZ_GUARD_LEN 64u

// fuzz_guard is put before and after an object, in a struct with it.
typedef struct fuzz_guard {
  uint8_t octets[FUZZ_GUARD_LEN];
} fuzz_guard;

// fuzz_guard_set fills the guard.
void fuzz_guard_set(fuzz_guard *guard);

// fuzz_guard_check aborts (law BOUNDS) when somebody wrote into the guard.
void fuzz_guard_check(const fuzz_guard *guard);

// fuzz_find returns 1 when `data[0 .. len)` holds `part[0 .. part_len)`, else 0. An
// empty part is found nowhere.
int fuzz_find(const void *data, size_t len, const void *part, size_t part_len);

#endif  // SMTPCORE_FUZZ_HARNESS_BLOCK_H
