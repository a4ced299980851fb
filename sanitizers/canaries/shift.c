// shift must be ended by UndefinedBehaviorSanitizer: it shifts by the width of the
// type.
int main(int argc, char **argv) {
  volatile unsigned int width = 31u + (unsigned int)argc;
  volatile unsigned int value = 1u;
  (void)argv;
  value = value << width;
  return value == 7u ? 1 : 0;
}
