#include "fuzz/tls/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

// What stands before a block; its length, and all of a line, so that blocks lie as malloc
// would lay them.
#define BEFORE 16u

static size_t left;
static int failed;
static size_t live;

// The names are BoringSSL's (include/openssl/mem.h).
void *OPENSSL_memory_alloc(size_t size);
void OPENSSL_memory_free(void *block);
size_t OPENSSL_memory_get_size(void *block);

void tls_memory_fail_at(size_t nth) {
  left = nth;
  failed = 0;
}

void tls_memory_stop(void) {
  left = 0u;
}

int tls_memory_failed(void) {
  return failed;
}

size_t tls_memory_live(void) {
  return live;
}

void *OPENSSL_memory_alloc(size_t size) {
  if (left > 0u) {
    left--;
    if (left == 0u) {
      failed = 1;
      return NULL;
    }
  }
  if (size > SIZE_MAX - BEFORE) {
    return NULL;
  }
  uint8_t *block = malloc(size + BEFORE);
  if (block == NULL) {
    return NULL;
  }
  memcpy(block, &size, sizeof size);
  live++;
  return block + BEFORE;
}

void OPENSSL_memory_free(void *block) {
  const size_t size = OPENSSL_memory_get_size(block);
  uint8_t *start = (uint8_t *)block - BEFORE;
  memset(start, 0, size + BEFORE);
  live--;
  free(start);
}

size_t OPENSSL_memory_get_size(void *block) {
  size_t size = 0u;
  memcpy(&size, (uint8_t *)block - BEFORE, sizeof size);
  return size;
}
