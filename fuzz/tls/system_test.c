// System: while it is open there are the harness's files and clock and no others; while it
// is shut, and for what is written, there are the true ones.
#define _POSIX_C_SOURCE 200809L
#include "fuzz/tls/system.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/testing.h"

#define NOW INT64_C(1767225600)
#define READ_MAX 64u

static const uint8_t octets[] = "abc";
static const tls_system_file plain = {octets, 3u, 0u, 0};

// A true file of this process. The caller removes it.
static void true_path(char out[256]) {
  const char *folder = getenv("TEST_TMPDIR");
  (void)snprintf(out, 256u, "%s/system_test.%ld",
                 folder != NULL ? folder : "/tmp", (long)getpid());
}

static void write_file(const char *path, const char *mode, const char *text) {
  FILE *file = fopen(path, mode);
  assert_non_null(file);
  assert_true(fputs(text, file) >= 0);
  assert_int_equal(fclose(file), 0);
}

// Reads a whole file, which must have less than READ_MAX octets, and compares them.
static void check_file(const char *path, const char *want) {
  char text[READ_MAX] = "";
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  const size_t len = fread(text, 1u, sizeof text, file);
  assert_int_equal(ferror(file), 0);
  assert_int_equal(fclose(file), 0);
  test_octets(text, len, want, strlen(want));
}

static void check_none(const char *path) {
  errno = 0;
  assert_null(fopen(path, "rb"));
  assert_int_equal(errno, ENOENT);
}

// How often a directory has a name; it must be there.
static size_t count_in(const char *path, const char *name) {
  size_t count = 0u;
  DIR *directory = opendir(path);
  assert_non_null(directory);
  const struct dirent *entry = readdir(directory);
  while (entry != NULL) {
    count += name == NULL || strcmp(entry->d_name, name) == 0 ? 1u : 0u;
    entry = readdir(directory);
  }
  assert_int_equal(closedir(directory), 0);
  return count;
}

static void shut_it_is_the_true_one(void **state) {
  char path[256];
  struct timespec clock = {0, 0};
  time_t told = 0;
  (void)state;
  true_path(path);
  tls_system_open(NOW);
  assert_int_equal(tls_system_put(path, &plain), 1);
  tls_system_shut();
  assert_int_equal(tls_system_is_open(), 0);
  check_none(path);
  write_file(path, "wb", "true");
  check_file(path, "true");
  char *name = strrchr(path, '/');
  *name = '\0';
  test_number(count_in(path, name + 1), 1);
  *name = '/';
  assert_int_equal(remove(path), 0);
  assert_int_equal(clock_gettime(CLOCK_REALTIME, &clock), 0);
  // The coarse clock of time() may be behind.
  assert_true(time(&told) >= clock.tv_sec - 1);
  assert_true(told <= clock.tv_sec + 3600);
}

static void only_what_was_put_is_read(void **state) {
  const tls_system_file other = {(const uint8_t *)"other", 5u, 0u, 0};
  (void)state;
  tls_system_open(NOW);
  assert_int_equal(tls_system_is_open(), 1);
  check_none("/proc/self/exe");
  check_none("/a/b");
  assert_null(tls_system_get("/a/b"));
  assert_null(tls_system_name(0u));
  assert_int_equal(tls_system_put("/a/b", &plain), 1);
  check_file("/a/b", "abc");
  check_none("/a/");
  check_none("/a/bc");
  assert_int_equal(tls_system_put("/a/b", &other), 1);
  check_file("/a/b", "other");
  assert_ptr_equal(tls_system_get("/a/b")->data, other.data);
  assert_string_equal(tls_system_name(0u), "/a/b");
  assert_null(tls_system_name(1u));
  tls_system_open(NOW);
  check_none("/a/b");
}

static void ends_of_files(void **state) {
  char text[READ_MAX];
  tls_system_file file = {octets, 3u, 5u, 0};
  (void)state;
  tls_system_open(NOW);
  assert_int_equal(tls_system_put("/more", &file), 1);
  check_file("/more", "abcxxxxx");
  file.fails = 1;
  assert_int_equal(tls_system_put("/fails", &file), 1);
  FILE *in = fopen("/fails", "rb");
  assert_non_null(in);
  errno = 0;
  test_octets(text, fread(text, 1u, sizeof text, in), "abcxxxxx", 8u);
  assert_int_not_equal(ferror(in), 0);
  assert_int_equal(feof(in), 0);
  assert_int_equal(errno, EIO);
  assert_int_equal(fclose(in), 0);
  const tls_system_file nothing = {NULL, 0u, 0u, 0};
  assert_int_equal(tls_system_put("/nothing", &nothing), 1);
  check_file("/nothing", "");
}

static void directories(void **state) {
  static const char *const paths[] = {"/d/a", "/d/b.pem", "/d/sub/c", "/dd/e"};
  (void)state;
  tls_system_open(NOW);
  for (size_t i = 0u; i < sizeof paths / sizeof paths[0]; i++) {
    assert_int_equal(tls_system_put(paths[i], &plain), 1);
  }
  test_number(count_in("/d", NULL), 2);
  test_number(count_in("/d", "a"), 1);
  test_number(count_in("/d", "b.pem"), 1);
  test_number(count_in("/d/sub", "c"), 1);
  test_number(count_in("/dd", NULL), 1);
  errno = 0;
  assert_null(opendir("/"));
  assert_int_equal(errno, ENOENT);
  assert_null(opendir("/proc"));
  assert_null(opendir("/d/a"));
}

static void the_clock_stands(void **state) {
  time_t told = 0;
  (void)state;
  tls_system_open(NOW);
  assert_true(time(NULL) == NOW);
  assert_true(time(&told) == NOW && told == NOW);
  tls_system_open(1);
  assert_true(time(NULL) == 1);
}

// An engine keeps the input that ends it while the system is open.
static void what_is_written_is_true(void **state) {
  char path[256];
  (void)state;
  true_path(path);
  tls_system_open(NOW);
  assert_int_equal(tls_system_put(path, &plain), 1);
  write_file(path, "wb", "kept");
  write_file(path, "ab", " too");
  test_number(tls_system_handles(), 0);
  check_file(path, "abc");
  tls_system_shut();
  check_file(path, "kept too");
  assert_int_equal(remove(path), 0);
}

static void handles_are_counted(void **state) {
  (void)state;
  tls_system_open(NOW);
  assert_int_equal(tls_system_put("/d/a", &plain), 1);
  test_number(tls_system_handles(), 0);
  check_none("/d/b");
  test_number(tls_system_handles(), 0);
  FILE *one = fopen("/d/a", "rb");
  FILE *two = fopen("/d/a", "rb");
  DIR *directory = opendir("/d");
  test_number(tls_system_handles(), 3);
  // Each has a place of its own in the file.
  assert_int_equal(fgetc(one), 'a');
  assert_int_equal(fgetc(two), 'a');
  assert_int_equal(fclose(one), 0);
  assert_int_equal(fgetc(two), 'b');
  test_number(tls_system_handles(), 2);
  assert_int_equal(closedir(directory), 0);
  assert_int_equal(fclose(two), 0);
  test_number(tls_system_handles(), 0);
}

static void limits(void **state) {
  static char path[TLS_SYSTEM_PATH_MAX + 2u];
  (void)state;
  tls_system_open(NOW);
  memset(path, 'p', sizeof path - 1u);
  assert_int_equal(tls_system_put(path, &plain), 0);
  check_none(path);
  path[TLS_SYSTEM_PATH_MAX] = '\0';
  for (size_t i = 0u; i < TLS_SYSTEM_FILES_MAX; i++) {
    path[0] = (char)('a' + i);
    assert_int_equal(tls_system_put(path, &plain), 1);
  }
  check_file(path, "abc");
  assert_int_equal(tls_system_put("/one-more", &plain), 0);
  assert_int_equal(tls_system_put(path, &plain), 1);
}

static void never_close_a_file(void) {
  for (size_t i = 0u; i < 5u; i++) {
    (void)fopen("/d/a", "rb");
  }
}

static void never_close_a_directory(void) {
  (void)opendir("/d");
  (void)opendir("/d");
}

// Compilers know what a closed directory is for, and must not see it here.
static void close_a_directory_twice(void) {
  DIR *volatile directory = opendir("/d");
  DIR *volatile again = directory;
  (void)closedir(directory);
  (void)closedir(again);
}

static void read_a_closed_directory(void) {
  DIR *volatile directory = opendir("/d");
  DIR *volatile again = directory;
  (void)closedir(directory);
  (void)readdir(again);
}

// What a caller must not do ends the program.
static void misuse_is_told(void **state) {
  static void (*const calls[])(void) = {
      never_close_a_file, never_close_a_directory, close_a_directory_twice,
      read_a_closed_directory};
  (void)state;
  for (size_t i = 0u; i < sizeof calls / sizeof calls[0]; i++) {
    int status = 0;
    const pid_t child = fork();
    if (child == 0) {
      (void)signal(SIGABRT, SIG_DFL);
      (void)close(STDERR_FILENO);
      tls_system_open(NOW);
      (void)tls_system_put("/d/a", &plain);
      calls[i]();
      _exit(0);
    }
    test_label("call %zu", i);
    assert_int_equal(waitpid(child, &status, 0), child);
    test_number(WIFSIGNALED(status) ? WTERMSIG(status) : 0, SIGABRT);
  }
}

static int shut(void **state) {
  (void)state;
  tls_system_shut();
  return 0;
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, NULL, shut)

int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(shut_it_is_the_true_one), CASE(only_what_was_put_is_read),
      CASE(ends_of_files),           CASE(directories),
      CASE(the_clock_stands),        CASE(what_is_written_is_true),
      CASE(handles_are_counted),     CASE(limits),
      CASE(misuse_is_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
