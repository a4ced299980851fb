// The machine that builds.

#include "embed/board.h"

#include <stdio.h>
#include <stdlib.h>

void board_say(const char *text) {
  fputs(text, stdout);
}

_Noreturn void board_exit(int status) {
  exit(status);
}

uint32_t board_count(void) {
  return 0u;
}

int main(void) {
  return board_main();
}
