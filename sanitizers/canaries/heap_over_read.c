// heap_over_read must be ended by AddressSanitizer: it reads one octet past a heap
// block.
#include <stdlib.h>

int main(int argc, char **argv) {
  size_t len = (size_t)argc + 7u;
  volatile char *block = calloc(len, 1u);
  (void)argv;
  return block == NULL ? 1 : block[len];
}
