// uninitialised must be ended by MemorySanitizer: it decides by an octet that nobody
// wrote.
#include <stdlib.h>

int main(int argc, char **argv) {
  volatile char *block = malloc((size_t)argc + 7u);
  (void)argv;
  return block != NULL && block[argc] == 7 ? 1 : 0;
}
