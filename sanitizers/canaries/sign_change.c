// sign_change must be ended by UndefinedBehaviorSanitizer: a negative number becomes an
// unsigned one, and no cast says that it may.
static unsigned int twice(unsigned int number) {
  return 2u * number;
}

int main(int argc, char **argv) {
  volatile int number = 2;
  (void)argv;
  number -= argc + 2;
#pragma clang diagnostic ignored "-Wsign-conversion"
  return twice(number) == 7u ? 1 : 0;
}
