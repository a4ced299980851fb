// null_argument must be ended by UndefinedBehaviorSanitizer: a parameter that may not be
// NULL is NULL.
#pragma clang diagnostic ignored "-Wnullability-extension"
static int first(const volatile char *_Nonnull text) {
  return text != 0;
}

int main(int argc, char **argv) {
  return first(argc > 0 ? (char *)0 : argv[0]);
}
