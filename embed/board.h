// Board: what the test programs want of a machine: to say a word, to count instructions,
// to end. One implementation for each machine: mps2/, rv32/, host/.
#ifndef SMTPCORE_EMBED_BOARD_H
#define SMTPCORE_EMBED_BOARD_H

#include <stdint.h>

// board_say prints `text`.
void board_say(const char *text);

// board_exit ends the program; `status` 0: all is well.
_Noreturn void board_exit(int status);

// board_count returns a counter of instructions; the difference of two is what counts.
// It is exact to BOARD_COUNT_UNIT instructions. A host returns 0.
uint32_t board_count(void);

// board_main is the program; start-up code calls it, and ends with what it returns.
int board_main(void);

#endif  // SMTPCORE_EMBED_BOARD_H
