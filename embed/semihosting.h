// Semihosting: what a debugger, or the emulator, does for a program without devices.
#ifndef SMTPCORE_EMBED_SEMIHOSTING_H
#define SMTPCORE_EMBED_SEMIHOSTING_H

#include <stdint.h>

#define SEMIHOSTING_WRITE0 0x04
#define SEMIHOSTING_EXIT_EXTENDED 0x20
#define SEMIHOSTING_EXIT_APPLICATION 0x20026u

static inline intptr_t semihosting_call(int operation, const void *argument) {
#if defined(__riscv)
  register intptr_t a0 __asm__("a0") = operation;
  register const void *a1 __asm__("a1") = argument;
  // These three instructions, uncompressed and in one page, are the call.
  __asm__ volatile(
      ".balign 16\n"
      ".option push\n"
      ".option norvc\n"
      "slli x0, x0, 0x1f\n"
      "ebreak\n"
      "srai x0, x0, 7\n"
      ".option pop\n"
      : "+r"(a0)
      : "r"(a1)
      : "memory");
  return a0;
#else
  register intptr_t r0 __asm__("r0") = operation;
  register const void *r1 __asm__("r1") = argument;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
#endif
}

static inline void semihosting_say(const char *text) {
  (void)semihosting_call(SEMIHOSTING_WRITE0, text);
}

static inline _Noreturn void semihosting_exit(int status) {
  const uintptr_t why[2] = {SEMIHOSTING_EXIT_APPLICATION, (uintptr_t)status};
  (void)semihosting_call(SEMIHOSTING_EXIT_EXTENDED, why);
  for (;;) {
  }
}

// board_begin is what the start-up code calls: `board_main`, or a C library's `main`.
_Noreturn void board_begin(void);

#endif  // SMTPCORE_EMBED_SEMIHOSTING_H
