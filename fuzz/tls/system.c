#define _GNU_SOURCE  // fopencookie
#include "fuzz/tls/system.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>

#include "fuzz/harness/law.h"

typedef struct entry {
  char path[TLS_SYSTEM_PATH_MAX + 1u];
  tls_system_file file;
} entry;

// reader is one open file.
typedef struct reader {
  const tls_system_file *file;  // NULL: nobody has it
  size_t at;
} reader;

#define READERS_MAX 4u

static struct {
  int is_open;
  int64_t now;
  size_t count;
  entry entries[TLS_SYSTEM_FILES_MAX];
  reader readers[READERS_MAX];
  size_t handles;
  // The one directory that is open at a time.
  const char *directory;  // NULL: none
  char path[TLS_SYSTEM_PATH_MAX + 1u];
  size_t next;
  struct dirent found;
} own;

void tls_system_open(int64_t now) {
  memset(own.readers, 0, sizeof own.readers);
  own.count = 0u;
  own.handles = 0u;
  own.directory = NULL;
  own.is_open = 1;
  own.now = now;
}

void tls_system_shut(void) {
  own.is_open = 0;
}

int tls_system_is_open(void) {
  return own.is_open;
}

static size_t find(const char *path) {
  size_t i = 0u;
  while (i < own.count && strcmp(own.entries[i].path, path) != 0) {
    i++;
  }
  return i;
}

int tls_system_put(const char *path, const tls_system_file *file) {
  const size_t i = find(path);
  if (i >= TLS_SYSTEM_FILES_MAX || strlen(path) > TLS_SYSTEM_PATH_MAX) {
    return 0;
  }
  memcpy(own.entries[i].path, path, strlen(path) + 1u);
  own.entries[i].file = *file;
  own.count += i == own.count ? 1u : 0u;
  return 1;
}

const tls_system_file *tls_system_get(const char *path) {
  const size_t i = find(path);
  return i < own.count ? &own.entries[i].file : NULL;
}

const char *tls_system_name(size_t number) {
  return number < own.count ? own.entries[number].path : NULL;
}

size_t tls_system_handles(void) {
  return own.handles;
}

// ----------------------------------------------------------------------- reading

static ssize_t read_some(void *cookie, char *out, size_t len) {
  reader *r = cookie;
  const size_t size = r->file->len + r->file->more;
  const size_t left = size - r->at;
  const size_t n = len < left ? len : left;
  const size_t rest = r->at < r->file->len ? r->file->len - r->at : 0u;
  const size_t head = n < rest ? n : rest;
  if (n == 0u && r->file->fails != 0) {
    errno = EIO;
    return -1;
  }
  if (head > 0u) {
    memcpy(out, r->file->data + r->at, head);
  }
  memset(out + head, 'x', n - head);
  r->at += n;
  return (ssize_t)n;
}

static int close_reader(void *cookie) {
  reader *r = cookie;
  r->file = NULL;
  own.handles--;
  return 0;
}

static FILE *open_file(const char *path) {
  const cookie_io_functions_t how = {read_some, NULL, NULL, close_reader};
  const tls_system_file *file = tls_system_get(path);
  size_t i = 0u;
  if (file == NULL) {
    errno = ENOENT;
    return NULL;
  }
  while (i < READERS_MAX && own.readers[i].file != NULL) {
    i++;
  }
  FUZZ_MUST(BOUNDS, i < READERS_MAX, "files are opened and never closed");
  own.readers[i].file = file;
  own.readers[i].at = 0u;
  own.handles++;
  return fopencookie(&own.readers[i], "rb", how);
}

// The name of a file within a directory, or NULL.
static const char *name_in(const char *directory, const char *path) {
  const size_t len = strlen(directory);
  return strncmp(path, directory, len) == 0 && path[len] == '/' &&
                 strchr(path + len + 1u, '/') == NULL
             ? path + len + 1u
             : NULL;
}

static DIR *open_directory(const char *path) {
  size_t i = 0u;
  while (i < own.count && name_in(path, own.entries[i].path) == NULL) {
    i++;
  }
  if (i == own.count || strlen(path) > TLS_SYSTEM_PATH_MAX) {
    errno = ENOENT;
    return NULL;
  }
  FUZZ_MUST(BOUNDS, own.directory == NULL, "a directory is never closed");
  memcpy(own.path, path, strlen(path) + 1u);
  own.directory = own.path;
  own.next = 0u;
  own.handles++;
  return (DIR *)(void *)&own;
}

static struct dirent *read_directory(void) {
  FUZZ_MUST(MISUSE, own.directory != NULL, "a closed directory is read");
  while (own.next < own.count) {
    const char *name = name_in(own.directory, own.entries[own.next].path);
    own.next++;
    if (name != NULL && strlen(name) < sizeof own.found.d_name) {
      memcpy(own.found.d_name, name, strlen(name) + 1u);
      return &own.found;
    }
  }
  return NULL;
}

// ------------------------------------------------------ what the linker calls (--wrap)

FILE *__real_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode);
DIR *__real_opendir(const char *path);
DIR *__wrap_opendir(const char *path);
struct dirent *__real_readdir(DIR *directory);
struct dirent *__wrap_readdir(DIR *directory);
int __real_closedir(DIR *directory);
int __wrap_closedir(DIR *directory);
time_t __real_time(time_t *out);
time_t __wrap_time(time_t *out);

FILE *__wrap_fopen(const char *path, const char *mode) {
  // Who writes is an engine that keeps the input that ends it.
  return own.is_open != 0 && mode[0] == 'r' ? open_file(path)
                                            : __real_fopen(path, mode);
}

DIR *__wrap_opendir(const char *path) {
  return own.is_open != 0 ? open_directory(path) : __real_opendir(path);
}

struct dirent *__wrap_readdir(DIR *directory) {
  return own.is_open != 0 ? read_directory() : __real_readdir(directory);
}

int __wrap_closedir(DIR *directory) {
  if (own.is_open == 0) {
    return __real_closedir(directory);
  }
  FUZZ_MUST(MISUSE, own.directory != NULL, "a directory is closed twice");
  own.directory = NULL;
  own.handles--;
  return 0;
}

time_t __wrap_time(time_t *out) {
  if (own.is_open == 0) {
    return __real_time(out);
  }
  if (out != NULL) {
    *out = (time_t)own.now;
  }
  return (time_t)own.now;
}
