#include "fuzz/tls/memory.h"

#include <stdlib.h>
#include <string.h>

#include "fuzz/harness/law.h"

#define CANARY_LEN 16u
#define CANARY 0xc5u
// A block is wiped so far: the room for a file is large, and most of it never used.
#define WIPE_MAX 65536u

// block stands before the octets of a block, and a canary behind them.
typedef struct block {
  struct block *next;
  struct block *before;
  size_t len;
  size_t account;  // the number of marks before it
  uint8_t canary[CANARY_LEN];
} block;

_Static_assert(sizeof(block) % 16u == 0u, "what stands behind it is aligned");

static struct {
  block *first;
  size_t since;    // live blocks of this account
  size_t account;  // marks
  size_t skip;     // allocations before one fails
  size_t count;    // that are to fail
  size_t failed;
  int held;
} heap;

// The library's names.
void *OPENSSL_memory_alloc(size_t size);
void OPENSSL_memory_free(void *ptr);
size_t OPENSSL_memory_get_size(void *ptr);

static int is_to_fail(void) {
  if (heap.count == 0u || heap.held != 0) {
    return 0;
  }
  if (heap.skip > 0u) {
    heap.skip--;
    return 0;
  }
  heap.count--;
  heap.failed++;
  return 1;
}

static uint8_t *octets_of(block *b) {
  return (uint8_t *)(b + 1);
}

static block *block_of(void *ptr) {
  return (block *)ptr - 1;
}

void *OPENSSL_memory_alloc(size_t size) {
  block *b = NULL;
  if (is_to_fail() == 0 && size <= SIZE_MAX / 2u) {
    b = malloc(sizeof *b + size + CANARY_LEN);
  }
  if (b == NULL) {
    return NULL;
  }
  b->len = size;
  b->account = heap.account;
  b->before = NULL;
  b->next = heap.first;
  memset(b->canary, CANARY, CANARY_LEN);
  memset(octets_of(b) + size, CANARY, CANARY_LEN);
  if (heap.first != NULL) {
    heap.first->before = b;
  }
  heap.first = b;
  heap.since++;
  return octets_of(b);
}

static void check_canary(const uint8_t *canary) {
  for (size_t i = 0u; i < CANARY_LEN; i++) {
    FUZZ_MUST(BOUNDS, canary[i] == CANARY,
              "somebody wrote beside a block of the library's heap");
  }
}

void OPENSSL_memory_free(void *ptr) {
  block *b = block_of(ptr);
  check_canary(b->canary);
  check_canary(octets_of(b) + b->len);
  if (b->before != NULL) {
    b->before->next = b->next;
  } else {
    heap.first = b->next;
  }
  if (b->next != NULL) {
    b->next->before = b->before;
  }
  heap.since -= b->account == heap.account ? 1u : 0u;
  memset(octets_of(b), 0, b->len < WIPE_MAX ? b->len : WIPE_MAX);
  free(b);
}

size_t OPENSSL_memory_get_size(void *ptr) {
  return block_of(ptr)->len;
}

void tls_memory_fail_at(size_t skip, size_t count) {
  heap.skip = skip;
  heap.count = count;
  heap.failed = 0u;
}

size_t tls_memory_failed(void) {
  return heap.failed;
}

void tls_memory_hold(int on) {
  heap.held = on;
}

void tls_memory_mark(void) {
  heap.account++;
  heap.since = 0u;
}

size_t tls_memory_since(void) {
  return heap.since;
}

// What a block holds may never have been written.
#if defined(__clang__)
#define UNCHECKED __attribute__((no_sanitize("memory")))
#else
#define UNCHECKED
#endif

UNCHECKED static size_t holds(const uint8_t *data, size_t len,
                              const uint8_t *part, size_t part_len) {
  for (size_t i = 0u; i + part_len <= len; i++) {
    size_t same = 0u;
    while (same < part_len && data[i + same] == part[same]) {
      same++;
    }
    if (same == part_len) {
      return 1u;
    }
  }
  return 0u;
}

size_t tls_memory_count(const uint8_t *part, size_t len) {
  size_t count = 0u;
  // The newest are first.
  for (block *b = heap.first; b != NULL && b->account == heap.account;
       b = b->next) {
    count += holds(octets_of(b), b->len, part, len);
  }
  return count;
}
