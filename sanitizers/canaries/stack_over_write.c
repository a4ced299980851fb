// stack_over_write must be ended by AddressSanitizer: it writes one octet past an
// array on the stack.
int main(int argc, char **argv) {
  volatile char line[8] = {0};
  volatile int index = argc + 7;
  volatile char *at = line;
  (void)argv;
  at[index] = 'x';
  return line[0];
}
