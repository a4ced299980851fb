// leak must end with a report of LeakSanitizer: nothing points to the block at the
// end.
#include <stdlib.h>

static void *volatile kept;

int main(int argc, char **argv) {
  (void)argv;
  kept = malloc((size_t)argc + 7u);
  kept = NULL;
  return 0;
}
