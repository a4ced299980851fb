// Choice: what a tokenizer's target tries besides the octets of its input: cuts,
// quirks, sets of extensions. They come from a hash of the input, so that a seed is
// plain SMTP that every engine shares and a person can read.
//
// Where there are few settings a target tries them all; a choice is for where there are
// many.
#ifndef SMTPCORE_FUZZ_HARNESS_CHOICE_H
#define SMTPCORE_FUZZ_HARNESS_CHOICE_H

#include <stddef.h>
#include <stdint.h>

// FUZZ_WRAPS stands before a function whose unsigned sums wrap on purpose.
#if defined(__clang__)
#define FUZZ_WRAPS __attribute__((no_sanitize("integer")))
#else
#define FUZZ_WRAPS
#endif

typedef struct fuzz_choice {
  uint64_t state;
} fuzz_choice;

// fuzz_choice_of returns the choices of an input: the same octets, the same choices.
fuzz_choice fuzz_choice_of(const uint8_t *data, size_t len);

// fuzz_choose returns the next number, 0 to `count` - 1; `count` is not 0.
uint32_t fuzz_choose(fuzz_choice *choice, uint32_t count);

// fuzz_choose_bits returns the next 64 bits.
uint64_t fuzz_choose_bits(fuzz_choice *choice);

// fuzz_hash continues `hash` (any number to begin with) with octets: two streams that
// differ have, but for one chance in 2^64, two hashes.
uint64_t fuzz_hash(uint64_t hash, const void *data, size_t len);

// fuzz_hash_number continues `hash` with a number.
uint64_t fuzz_hash_number(uint64_t hash, uint64_t number);

#endif  // SMTPCORE_FUZZ_HARNESS_CHOICE_H
