// Rows: what each list of the core's headers says of each of its numbers, expanded once
// more, and the core's function that must say the same.
#ifndef SMTPCORE_FUZZ_HARNESS_ROWS_H
#define SMTPCORE_FUZZ_HARNESS_ROWS_H

#include <stddef.h>
#include <stdint.h>

// fuzz_row is what a list says of one number: the name, how long it is said to be, and
// the rest in one number.
typedef struct fuzz_row {
  const char *name;
  size_t len;
  uint64_t rest;
} fuzz_row;

// fuzz_list is a list: the core's answer for a number, and `count` rows that must be its
// answers. Any other number must give the name "", and zeros.
typedef struct fuzz_list {
  fuzz_row (*get)(unsigned id);
  const fuzz_row *rows;
  unsigned count;
} fuzz_list;

#define FUZZ_LISTS 20u

// FUZZ_LIST_VERB and the others are places in `fuzz_lists`.
#define FUZZ_LIST_VERB 0u
#define FUZZ_LIST_MECHANISM 4u
#define FUZZ_LIST_PHASE 15u

extern const fuzz_list fuzz_lists[FUZZ_LISTS];

#endif  // SMTPCORE_FUZZ_HARNESS_ROWS_H
