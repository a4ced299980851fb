#define _XOPEN_SOURCE 700
#include "fuzz/record/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz/harness/choice.h"

#define TARGETS_MAX 32u

static struct {
  const char *target;
  unsigned count;
} saved[TARGETS_MAX];

// Returns whether one more seed of `target` may be saved, and counts it.
static int count_one(const char *target) {
  for (size_t i = 0u; i < TARGETS_MAX; i++) {
    if (saved[i].target == NULL) {
      saved[i].target = target;
    }
    if (strcmp(saved[i].target, target) == 0) {
      saved[i].count++;
      return saved[i].count <= RECORD_COUNT_MAX;
    }
  }
  return 0;
}

void record_save(const char *target, const void *data, size_t len) {
  const char *folder = getenv("SMTPCORE_RECORD");
  char path[4096];
  if (folder == NULL || len == 0u || len > RECORD_LEN_MAX ||
      count_one(target) == 0) {
    return;
  }
  (void)snprintf(path, sizeof path, "%s/%s", folder, target);
  (void)mkdir(path, 0777);
  (void)snprintf(path, sizeof path, "%s/%s/%016llx", folder, target,
                 (unsigned long long)fuzz_hash(len, data, len));
  FILE *file = fopen(path, "wb");
  if (file == NULL || fwrite(data, 1u, len, file) != len || fclose(file) != 0) {
    perror(path);
    abort();
  }
}
