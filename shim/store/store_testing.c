// See store_testing.h.
#define _POSIX_C_SOURCE 200809L

#include "shim/store/store_testing.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void store_folder_make(char out[STORE_PATH_MAX]) {
  const char *base = getenv("TEST_TMPDIR");
  if (base == NULL) {
    base = getenv("TMPDIR");
  }
  const int wrote = snprintf(out, STORE_PATH_MAX, "%s/store.XXXXXX",
                             base != NULL ? base : "/tmp");
  assert_in_range(wrote, 1, STORE_PATH_MAX - 1u);
  assert_non_null(mkdtemp(out));
}

void store_path(char out[STORE_PATH_MAX], const char *folder,
                const char *name) {
  const int wrote = snprintf(out, STORE_PATH_MAX, "%s/%s", folder, name);
  assert_in_range(wrote, 1, STORE_PATH_MAX - 1u);
}

static bool is_dots(const char *name) {
  return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

// Removes what is directly in a folder, but no folders. Returns how many entries
// are left, or -1.
static int empty_folder(const char *path) {
  DIR *dir = opendir(path);
  if (dir == NULL) {
    return -1;
  }
  int left = 0;
  for (struct dirent *entry = readdir(dir); entry != NULL;
       entry = readdir(dir)) {
    if (!is_dots(entry->d_name) &&
        unlinkat(dirfd(dir), entry->d_name, 0) != 0) {
      left++;
    }
  }
  (void)closedir(dir);
  return left;
}

// The tests make three levels at most: a folder, a Maildir, its directories.
static void remove_below(const char *path, int depth) {
  DIR *dir = opendir(path);
  if (dir == NULL || depth == 0) {
    if (dir != NULL) {
      (void)closedir(dir);
    }
    return;
  }
  for (struct dirent *entry = readdir(dir); entry != NULL;
       entry = readdir(dir)) {
    if (!is_dots(entry->d_name)) {
      char child[STORE_PATH_MAX];
      store_path(child, path, entry->d_name);
      if (empty_folder(child) > 0) {
        remove_below(child, depth - 1);
      }
      (void)remove(child);
    }
  }
  (void)closedir(dir);
}

void store_folder_remove(const char *path) {
  (void)empty_folder(path);
  remove_below(path, 4);
  (void)rmdir(path);
}

int store_count(const char *folder) {
  DIR *dir = opendir(folder);
  if (dir == NULL) {
    return -1;
  }
  int count = 0;
  for (struct dirent *entry = readdir(dir); entry != NULL;
       entry = readdir(dir)) {
    count += is_dots(entry->d_name) ? 0 : 1;
  }
  (void)closedir(dir);
  return count;
}

void store_put(const char *path, const char *text, unsigned mode) {
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  const size_t len = strlen(text);
  assert_int_equal(fwrite(text, 1, len, file), len);
  assert_int_equal(fclose(file), 0);
  assert_int_equal(chmod(path, (mode_t)mode), 0);
}

char *store_text(const char *path) {
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  assert_int_equal(fseek(file, 0, SEEK_END), 0);
  const long len = ftell(file);
  assert_true(len >= 0);
  rewind(file);
  char *text = malloc((size_t)len + 1u);
  assert_non_null(text);
  assert_int_equal(fread(text, 1, (size_t)len, file), len);
  text[len] = '\0';
  (void)fclose(file);
  return text;
}

void store_status_at(smtpc_store_status have, smtpc_store_status want,
                     const smtpc_store_error *error, const char *file,
                     int line) {
  if (have != want) {
    print_error("have %s (%s), want %s\n", smtpc_store_status_name(have),
                have == SMTPC_STORE_OK ? "" : error->text,
                smtpc_store_status_name(want));
    _fail(file, line);
  }
}

void store_says_at(const smtpc_store_error *error, const char *part,
                   const char *file, int line) {
  if (strstr(error->text, part) == NULL) {
    print_error("have \"%s\", want \"%s\" in it\n", error->text, part);
    _fail(file, line);
  }
}

uint8_t *store_copy(const void *data, size_t len) {
  uint8_t *copy = malloc(len > 0u ? len : 1u);
  assert_non_null(copy);
  if (len > 0u) {
    memcpy(copy, data, len);
  }
  return copy;
}
