// unsigned_wrap must be ended by UndefinedBehaviorSanitizer: it adds past UINT_MAX, which
// the language allows and this tree does not.
#include <limits.h>

int main(int argc, char **argv) {
  volatile unsigned int sum = UINT_MAX;
  (void)argv;
  sum = sum + (unsigned int)argc;
  return sum == 7u ? 1 : 0;
}
