// The emulator's machine `virt` with a 32-bit RISC-V.

#include "embed/board.h"

#include "embed/semihosting.h"

void board_say(const char *text) {
  semihosting_say(text);
}

_Noreturn void board_exit(int status) {
  semihosting_exit(status);
}

uint32_t board_count(void) {
  uint32_t value;
  __asm__ volatile(
      ".option arch, +zicsr\n"
      "csrr %0, minstret\n"
      : "=r"(value));
  return value;
}

extern uint32_t image_bss_begin[];
extern uint32_t image_bss_end[];

_Noreturn void board_begin(void) {
  for (uint32_t *to = image_bss_begin; to < image_bss_end; to++) {
    *to = 0u;
  }
  board_exit(board_main());
}

void board_fault(void);

__attribute__((aligned(4))) void board_fault(void) {
  semihosting_say("fault\n");
  semihosting_exit(3);
}

void board_reset(void);

// The first instructions: there is no stack yet.
__attribute__((naked, section(".entry"))) void board_reset(void) {
  __asm__ volatile(
      ".option arch, +zicsr\n"
      "la sp, image_stack_top\n"
      "la t0, board_fault\n"
      "csrw mtvec, t0\n"
      "j board_begin\n");
}
