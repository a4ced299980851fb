#include "fuzz/harness/law.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *fuzz_law_name(unsigned law) {
  static const char *const names[] = {
#define FUZZ_LAW_NAME(id, what) #id,
      FUZZ_LAW_LIST(FUZZ_LAW_NAME)
#undef FUZZ_LAW_NAME
  };
  return law < FUZZ_LAWS ? names[law] : "";
}

void fuzz_broken(fuzz_law law, const char *file, int line, const char *format,
                 ...) {
  const char *slash = strrchr(file, '/');
  va_list args;
  fprintf(stderr, "smtpcore-fuzz: law %s is broken: ", fuzz_law_name(law));
  va_start(args, format);
  vfprintf(stderr, format, args);
  va_end(args);
  fprintf(stderr, " (%s:%d)\n", slash != NULL ? slash + 1 : file, line);
  fflush(stderr);
  abort();
}
