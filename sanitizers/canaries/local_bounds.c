// local_bounds must be ended by a trap of UndefinedBehaviorSanitizer: through a pointer it
// reads past a local array whose size the compiler knows.
static int read_at(const volatile int *index) {
  char line[8] = {0};
  const char *at = line;
  line[*index & 7] = 1;
  return at[*index];
}

int main(int argc, char **argv) {
  const volatile int index = argc + 7;
  (void)argv;
  return read_at(&index);
}
