// Start-up of a Cortex-M of Arm's MPS2 boards: vector table, .data, .bss, and on to
// `board_begin`. A fault ends the program instead of hanging it.

#include <stdint.h>

#include "embed/board.h"
#include "embed/semihosting.h"

extern uint32_t image_data_from[];
extern uint32_t image_data_begin[];
extern uint32_t image_data_end[];
extern uint32_t image_bss_begin[];
extern uint32_t image_bss_end[];
extern uint32_t image_stack_top[];

void board_reset(void);
void board_fault(void);

void board_reset(void) {
  const uint32_t *from = image_data_from;
  for (uint32_t *to = image_data_begin; to < image_data_end; to++) {
    *to = *from;
    from++;
  }
  for (uint32_t *to = image_bss_begin; to < image_bss_end; to++) {
    *to = 0u;
  }
  board_begin();
}

void board_fault(void) {
  semihosting_say("fault\n");
  semihosting_exit(3);
}

typedef void (*board_vector)(void);

// The stack's top, reset, NMI, and the faults; no interrupt is ever enabled.
__attribute__((section(".vectors"), used)) static const struct {
  uint32_t *stack;
  board_vector reset;
  board_vector faults[14];
} vectors = {image_stack_top,
             board_reset,
             {board_fault, board_fault, board_fault, board_fault, board_fault,
              board_fault, board_fault, board_fault, board_fault, board_fault,
              board_fault, board_fault, board_fault, board_fault}};
