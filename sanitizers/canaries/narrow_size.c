// narrow_size must be ended by AddressSanitizer where a size_t has 32 bits: there the
// block has 8 octets, and it reads the ninth.
#include <stdint.h>
#include <stdlib.h>

int main(int argc, char **argv) {
  const uint64_t want = ((uint64_t)1 << 32u) + (uint64_t)argc + 7u;
  volatile char *block = malloc((size_t)want);
  (void)argv;
  return block == NULL ? 1 : block[argc + 7];
}
