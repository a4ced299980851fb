// What newlib wants below it, for test programs that need a C library: output by
// semihosting, a heap in the board's second RAM, an end.

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

#include "embed/semihosting.h"

extern char image_heap_begin[];
extern char image_heap_end[];

int main(void);

int _write(int file, const char *data, int len);
void *_sbrk(ptrdiff_t more);
_Noreturn void _exit(int status);
int _kill(int pid, int signal);
int _getpid(void);
int _close(int file);
int _fstat(int file, struct stat *out);
int _isatty(int file);
int _lseek(int file, int offset, int whence);
int _read(int file, char *out, int cap);

_Noreturn void board_begin(void) {
  _exit(main());
}

int _write(int file, const char *data, int len) {
  char text[129];
  int at = 0;
  (void)file;
  while (at < len) {
    size_t part = (size_t)(len - at);
    part = part < sizeof text - 1u ? part : sizeof text - 1u;
    memcpy(text, data + at, part);
    text[part] = '\0';
    semihosting_say(text);
    at += (int)part;
  }
  return len;
}

void *_sbrk(ptrdiff_t more) {
  static char *end = image_heap_begin;
  char *const before = end;
  if (more > image_heap_end - end) {
    errno = ENOMEM;
    return (void *)-1;
  }
  end += more;
  return before;
}

_Noreturn void _exit(int status) {
  semihosting_exit(status);
}

int _kill(int pid, int signal) {
  (void)pid;
  (void)signal;
  _exit(4);
}

int _getpid(void) {
  return 1;
}

int _close(int file) {
  (void)file;
  return -1;
}

int _fstat(int file, struct stat *out) {
  (void)file;
  out->st_mode = S_IFCHR;
  return 0;
}

int _isatty(int file) {
  (void)file;
  return 1;
}

int _lseek(int file, int offset, int whence) {
  (void)file;
  (void)offset;
  (void)whence;
  return 0;
}

int _read(int file, char *out, int cap) {
  (void)file;
  (void)out;
  (void)cap;
  return 0;
}
