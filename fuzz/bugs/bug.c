#define _XOPEN_SOURCE 700
#include "fuzz/bugs/bug.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define COUNTS 2u

static uint64_t here[COUNTS];
static uint64_t *counts;

// A file that cannot be had is no reason to end: the counts are then lost, and whoever
// reads them sees zeros.
static uint64_t *map_file(const char *path) {
  void *found = MAP_FAILED;
  const int file = open(path, O_RDWR | O_CREAT, 0600);
  if (file >= 0 && ftruncate(file, (off_t)sizeof here) == 0) {
    found =
        mmap(NULL, sizeof here, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  }
  if (file >= 0) {
    close(file);
  }
  return found != MAP_FAILED ? (uint64_t *)found : here;
}

bool fuzz_bug_count(bool passes, bool triggers) {
  if (counts == NULL) {
    const char *path = getenv("SMTPCORE_BUG_FILE");
    counts = path != NULL ? map_file(path) : here;
  }
  counts[0] += passes ? 1u : 0u;
  counts[1] += triggers ? 1u : 0u;
  return triggers;
}
