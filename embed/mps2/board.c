// A board without a C library. SysTick counts down, one tick for each 40 instructions
// when the emulator runs with -icount shift=0: it gives an instruction a nanosecond,
// and the board's clock is 25 MHz.

#include "embed/board.h"

#include "embed/semihosting.h"

#define SYSTICK_CONTROL (*(volatile uint32_t *)0xe000e010u)
#define SYSTICK_RELOAD (*(volatile uint32_t *)0xe000e014u)
#define SYSTICK_VALUE (*(volatile uint32_t *)0xe000e018u)
#define SYSTICK_MAX 0xffffffu
#define INSTRUCTIONS_OF_A_TICK 40u

void board_say(const char *text) {
  semihosting_say(text);
}

_Noreturn void board_exit(int status) {
  semihosting_exit(status);
}

uint32_t board_count(void) {
  return (SYSTICK_MAX - SYSTICK_VALUE) * INSTRUCTIONS_OF_A_TICK;
}

_Noreturn void board_begin(void) {
  SYSTICK_RELOAD = SYSTICK_MAX;
  SYSTICK_VALUE = 0u;
  SYSTICK_CONTROL = 5u;  // on, by the processor's clock, without an interrupt
  board_exit(board_main());
}
