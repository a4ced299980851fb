// What the sanitizers do at run time, in the program itself, so that it holds
// however the program is started. ASAN_OPTIONS and its like still override.

const char *__asan_default_options(void);
const char *__lsan_default_suppressions(void);
const char *__msan_default_options(void);
const char *__ubsan_default_options(void);
const char *__ubsan_default_suppressions(void);

const char *__asan_default_options(void) {
  return "abort_on_error=0:exitcode=99:detect_leaks=1:"
         "detect_stack_use_after_return=1:check_initialization_order=1:"
         "strict_init_order=1:strict_string_checks=1:"
         "external_symbolizer_path=/usr/lib/llvm-19/bin/llvm-symbolizer";
}

const char *__ubsan_default_options(void) {
  return "halt_on_error=1:exitcode=99:print_stacktrace=1:"
         "external_symbolizer_path=/usr/lib/llvm-19/bin/llvm-symbolizer";
}

const char *__msan_default_options(void) {
  return "abort_on_error=0:exitcode=99:"
         "external_symbolizer_path=/usr/lib/llvm-19/bin/llvm-symbolizer";
}

// Nothing is suppressed. A line here needs a reason beside it.
const char *__lsan_default_suppressions(void) {
  return "";
}

const char *__ubsan_default_suppressions(void) {
  return "";
}
