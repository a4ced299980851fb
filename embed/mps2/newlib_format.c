// Debian's newlib prints no %zu. The linker's --wrap puts these in front of its
// functions: they take the `z` out, since a size_t is an unsigned int here.

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define FORMAT_MAX 1024u

int __real_vsnprintf(char *out, size_t cap, const char *format, va_list args);
int __real_vfprintf(FILE *file, const char *format, va_list args);
int __wrap_vsnprintf(char *out, size_t cap, const char *format, va_list args);
int __wrap_vfprintf(FILE *file, const char *format, va_list args);
int __wrap_vprintf(const char *format, va_list args);
int __wrap_snprintf(char *out, size_t cap, const char *format, ...);
int __wrap_fprintf(FILE *file, const char *format, ...);

static const char *without_z(const char *format, char out[FORMAT_MAX]) {
  size_t len = 0u;
  int inside = 0;
  for (; *format != '\0'; format++) {
    const char c = *format;
    if (len == FORMAT_MAX - 1u) {
      abort();
    }
    if (c == '%') {
      inside = inside == 0;
    } else if (inside != 0 && c == 'z') {
      continue;
    } else if ((c >= 'a' && c <= 'z' && c != 'l' && c != 'h') ||
               (c >= 'A' && c <= 'Z')) {
      inside = 0;
    }
    out[len] = c;
    len++;
  }
  out[len] = '\0';
  return out;
}

int __wrap_vsnprintf(char *out, size_t cap, const char *format, va_list args) {
  char known[FORMAT_MAX];
  return __real_vsnprintf(out, cap, without_z(format, known), args);
}

int __wrap_vfprintf(FILE *file, const char *format, va_list args) {
  char known[FORMAT_MAX];
  return __real_vfprintf(file, without_z(format, known), args);
}

int __wrap_vprintf(const char *format, va_list args) {
  return __wrap_vfprintf(stdout, format, args);
}

int __wrap_snprintf(char *out, size_t cap, const char *format, ...) {
  va_list args;
  va_start(args, format);
  const int len = __wrap_vsnprintf(out, cap, format, args);
  va_end(args);
  return len;
}

int __wrap_fprintf(FILE *file, const char *format, ...) {
  va_list args;
  va_start(args, format);
  const int len = __wrap_vfprintf(file, format, args);
  va_end(args);
  return len;
}
