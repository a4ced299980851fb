// signed_overflow must be ended by UndefinedBehaviorSanitizer: it adds past INT_MAX.
#include <limits.h>

int main(int argc, char **argv) {
  volatile int sum = INT_MAX;
  (void)argv;
  sum = sum + argc;
  return sum == 0 ? 1 : 0;
}
