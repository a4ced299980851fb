// use_after_free must be ended by AddressSanitizer: it reads a block that was given
// back.
#include <stdlib.h>

int main(int argc, char **argv) {
  volatile char *block = calloc((size_t)argc + 7u, 1u);
  (void)argv;
  free((void *)block);
  return block[0];
}
