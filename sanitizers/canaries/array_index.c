// array_index must be ended by UndefinedBehaviorSanitizer: its index is one past the
// array's end.
static volatile int table[4];

int main(int argc, char **argv) {
  volatile int index = argc + 3;
  (void)argv;
  return table[index] == 7 ? 1 : 0;
}
