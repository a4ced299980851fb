// wrong_call must be ended by control-flow integrity: it calls a function through a
// pointer to another type of function.
typedef int (*call)(const char *text);

static int add(int number) {
  return number + 1;
}

int main(int argc, char **argv) {
  void (*volatile any)(void) = (void (*)(void))add;
  (void)argc;
  return ((call)any)(argv[0]) == 0 ? 1 : 0;
}
