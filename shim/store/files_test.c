// Tests of the files: reading whole, replacing in one step, and the words of an
// error.
#define _DEFAULT_SOURCE 1  // syscall

#include "shim/store/files.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shim/store/store_testing.h"

// The fsync that fails, counted from 1; 0: none. The test stands in front of the C
// library's function.
static int fail_sync;
static int syncs;

int fsync(int fd) {
  syncs++;
  if (syncs == fail_sync) {
    errno = EIO;
    return -1;
  }
  return (int)syscall(SYS_fsync, fd);
}

static char folder[STORE_PATH_MAX];
static char path[STORE_PATH_MAX];
static smtpc_store_error error;

static int set_up(void **state) {
  (void)state;
  store_folder_make(folder);
  store_path(path, folder, "file");
  syncs = 0;
  fail_sync = 0;
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  fail_sync = 0;
  store_folder_remove(folder);
  return 0;
}

static void check_read(size_t len, size_t max, smtpc_store_status want) {
  char *text = malloc(len + 1u);
  assert_non_null(text);
  for (size_t k = 0; k < len; k++) {
    text[k] = (char)('a' + k % 23u);
  }
  text[len] = '\0';
  store_put(path, text, 0640);
  smtpc_file file;
  store_status(smtpc_file_read(&file, &error, path, max), want, &error);
  if (want == SMTPC_STORE_OK) {
    assert_int_equal(file.len, len);
    assert_memory_equal(file.data, text, len + 1u);
    assert_int_equal(file.mode, 0640);
    assert_int_equal(file.owner, geteuid());
  }
  smtpc_file_free(&file);
  assert_null(file.data);
  smtpc_file_free(&file);
  free(text);
}

static void test_files_read_up_to_the_limit(void **state) {
  (void)state;
  check_read(0, 0, SMTPC_STORE_OK);
  check_read(1, 0, SMTPC_STORE_TOO_LARGE);
  check_read(0, 10, SMTPC_STORE_OK);
  check_read(10, 10, SMTPC_STORE_OK);
  check_read(11, 10, SMTPC_STORE_TOO_LARGE);
  check_read(16384, 16384, SMTPC_STORE_OK);
  check_read(16385, 16384, SMTPC_STORE_TOO_LARGE);
  check_read(100000, 100000, SMTPC_STORE_OK);
  check_read(100000, 1000000, SMTPC_STORE_OK);
  check_read(100001, 100000, SMTPC_STORE_TOO_LARGE);
  store_says(&error, "more than 100000 octets");
}

static void test_files_read_refusals(void **state) {
  (void)state;
  smtpc_file file;
  store_status(smtpc_file_read(&file, &error, path, 10), SMTPC_STORE_MISSING,
               &error);
  assert_int_equal(error.cause, ENOENT);
  store_says(&error, path);
  store_says(&error, "correct the path");
  store_status(smtpc_file_read(&file, &error, folder, 10), SMTPC_STORE_IO,
               &error);
  store_says(&error, "is a directory");
  store_put(path, "x", 0600);
  char below[STORE_PATH_MAX];
  store_path(below, path, "x");
  store_status(smtpc_file_read(&file, &error, below, 10),
               SMTPC_STORE_NOT_DIRECTORY, &error);
  store_status(smtpc_file_read(&file, NULL, path, SIZE_MAX), SMTPC_STORE_MISUSE,
               &error);
  assert_null(file.data);
}

static void test_files_read_a_device_is_bounded(void **state) {
  (void)state;
  smtpc_file file;
  store_status(smtpc_file_read(&file, &error, "/dev/zero", 100000),
               SMTPC_STORE_TOO_LARGE, &error);
}

static void check_text(const char *want) {
  char *text = store_text(path);
  assert_string_equal(text, want);
  free(text);
}

static smtpc_store_status replace(const char *text) {
  smtpc_file_change change;
  const smtpc_store_status status =
      smtpc_file_change_begin(&change, &error, path);
  if (status != SMTPC_STORE_OK) {
    assert_null(change.fresh);
    return status;
  }
  const smtpc_store_status end = smtpc_file_change_commit(
      &change, &error, path, (const uint8_t *)text, strlen(text));
  assert_null(change.fresh);
  return end;
}

static void test_files_replace(void **state) {
  (void)state;
  store_status(replace("one"), SMTPC_STORE_OK, &error);
  check_text("one");
  assert_int_equal(syncs, 2);  // the file, the directory
  store_status(replace("two"), SMTPC_STORE_OK, &error);
  check_text("two");
  assert_int_equal(store_count(folder), 1);
  struct stat facts;
  assert_int_equal(stat(path, &facts), 0);
  assert_int_equal(facts.st_mode & 07777u, 0600);
}

static void test_files_replace_fails_whole(void **state) {
  (void)state;
  store_status(replace("one"), SMTPC_STORE_OK, &error);
  fail_sync = syncs + 1;
  store_status(replace("two"), SMTPC_STORE_IO, &error);
  check_text("one");
  assert_int_equal(store_count(folder), 1);
  struct rlimit old;
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
  const struct rlimit small = {.rlim_cur = 2, .rlim_max = old.rlim_max};
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
  const smtpc_store_status status = replace("three");
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
  store_status(status, SMTPC_STORE_FULL, &error);
  check_text("one");
  assert_int_equal(store_count(folder), 1);
}

static void test_files_replace_is_a_lock(void **state) {
  (void)state;
  smtpc_file_change first;
  smtpc_file_change second;
  store_status(smtpc_file_change_begin(&first, &error, path), SMTPC_STORE_OK,
               &error);
  store_status(smtpc_file_change_begin(&second, &error, path), SMTPC_STORE_BUSY,
               &error);
  store_says(&error, "file.new: is there");
  smtpc_file_change_abort(&second);
  assert_int_equal(store_count(folder), 1);  // the lock is the first one's
  smtpc_file_change_abort(&first);
  assert_int_equal(store_count(folder), 0);
  store_status(smtpc_file_change_commit(&first, &error, path, NULL, 0),
               SMTPC_STORE_MISUSE, &error);
}

static void test_files_sync_parent(void **state) {
  (void)state;
  char ends_in_slash[STORE_PATH_MAX];
  store_path(ends_in_slash, folder, "x//");
  assert_int_equal(smtpc_file_sync_parent(path), 0);
  assert_int_equal(smtpc_file_sync_parent(ends_in_slash), 0);
  assert_int_equal(smtpc_file_sync_parent("name"), 0);
  assert_int_equal(smtpc_file_sync_parent("/name"), 0);
  assert_int_equal(syncs, 4);
  store_path(ends_in_slash, path, "below");
  assert_int_equal(smtpc_file_sync_parent(ends_in_slash), ENOENT);
}

static void test_files_status_of_causes(void **state) {
  (void)state;
  assert_int_equal(smtpc_store_status_of(ENOSPC), SMTPC_STORE_FULL);
  assert_int_equal(smtpc_store_status_of(EDQUOT), SMTPC_STORE_FULL);
  assert_int_equal(smtpc_store_status_of(EFBIG), SMTPC_STORE_FULL);
  assert_int_equal(smtpc_store_status_of(EROFS), SMTPC_STORE_DENIED);
  assert_int_equal(smtpc_store_status_of(EIO), SMTPC_STORE_IO);
  assert_int_equal(smtpc_store_status_of(EMFILE), SMTPC_STORE_BUSY);
  assert_string_equal(smtpc_store_status_name(SMTPC_STORE_FULL), "full");
  assert_string_equal(smtpc_store_status_name((smtpc_store_status)99),
                      "unknown");
}

static void test_files_long_text_is_cut(void **state) {
  (void)state;
  char large[2000];
  memset(large, 'p', sizeof large - 1u);
  large[sizeof large - 1u] = '\0';
  (void)smtpc_store_fail_errno(&error, EIO, "read it", large);
  assert_int_equal(strlen(error.text), SMTPC_STORE_TEXT_MAX - 1u);
  assert_int_equal(error.status, SMTPC_STORE_IO);
}

static void test_files_errors_have_the_words_of_the_system(void **state) {
  (void)state;
  store_status(smtpc_store_fail_errno(&error, ENOSPC, "write it", "a/b"),
               SMTPC_STORE_FULL, &error);
  assert_string_equal(error.text,
                      "a/b: cannot write it: No space left on device; free "
                      "some space or raise the limit");
  assert_int_equal(error.cause, ENOSPC);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  (void)signal(SIGXFSZ, SIG_IGN);
  const struct CMUnitTest tests[] = {
      CASE(test_files_read_up_to_the_limit),
      CASE(test_files_read_refusals),
      CASE(test_files_read_a_device_is_bounded),
      CASE(test_files_replace),
      CASE(test_files_replace_fails_whole),
      CASE(test_files_replace_is_a_lock),
      CASE(test_files_sync_parent),
      CASE(test_files_status_of_causes),
      CASE(test_files_long_text_is_cut),
      CASE(test_files_errors_have_the_words_of_the_system),
  };
  return cmocka_run_group_tests_name("files", tests, NULL, NULL);
}
