// Tests of the Maildir: what is stored, in which order it is made durable, and
// what is left after every failure and every kill.
#undef _GNU_SOURCE         // it would give getrlimit another type
#define _DEFAULT_SOURCE 1  // syscall, mount

#include "shim/store/maildir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "shim/store/store_testing.h"

#define HOUR 3600

// The calls that make a message durable, in order: 'f' fsync of a file, 'd' of a
// directory, 'r' rename. The tests stand in front of the C library's functions.
static char trace[64];
static size_t trace_len;
static char fail_at;     // the call that fails, 0: none
static char kill_at;     // the call at which the process is killed, 0: none
static bool kill_after;  // after the call rather than before it
static char kill_plan;   // what a child sets kill_at to once it delivers

static void note(char call) {
  if (trace_len + 1u < sizeof trace) {
    trace[trace_len++] = call;
    trace[trace_len] = '\0';
  }
}

static void trace_clear(void) {
  trace_len = 0;
  trace[0] = '\0';
  fail_at = 0;
  kill_at = 0;
  kill_plan = 0;
}

int fsync(int fd) {
  struct stat facts;
  const char call =
      fstat(fd, &facts) == 0 && S_ISDIR(facts.st_mode) ? 'd' : 'f';
  note(call);
  if (call == kill_at && !kill_after) {
    (void)raise(SIGKILL);
  }
  if (call == fail_at) {
    errno = EIO;
    return -1;
  }
  const long done = syscall(SYS_fsync, fd);
  if (call == kill_at) {
    (void)raise(SIGKILL);
  }
  return (int)done;
}

int renameat(int from_dir, const char *from, int to_dir, const char *to) {
  note('r');
  if (kill_at == 'r' && !kill_after) {
    (void)raise(SIGKILL);
  }
  if (fail_at == 'r') {
    errno = EIO;
    return -1;
  }
  const long done = syscall(SYS_renameat2, from_dir, from, to_dir, to, 0);
  if (kill_at == 'r') {
    (void)raise(SIGKILL);
  }
  return (int)done;
}

int gethostname(char *name, size_t len) {
  (void)snprintf(name, len, "%s", "../p:1 \\h\xc3\xa9");
  return 0;
}

// The clock stands still when a test says so.
static bool frozen;

int clock_gettime(clockid_t which, struct timespec *out) {
  if (frozen && which == CLOCK_REALTIME) {
    *out = (struct timespec){.tv_sec = 1000000000, .tv_nsec = 7000};
    return 0;
  }
  return (int)syscall(SYS_clock_gettime, which, out);
}

static char folder[STORE_PATH_MAX];
static char path[STORE_PATH_MAX];
static char in_tmp[STORE_PATH_MAX];
static char in_new[STORE_PATH_MAX];
static smtpc_store_error error;

static int set_up(void **state) {
  (void)state;
  store_folder_make(folder);
  store_path(path, folder, "mail");
  store_path(in_tmp, path, "tmp");
  store_path(in_new, path, "new");
  trace_clear();
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  frozen = false;
  trace_clear();
  store_folder_remove(folder);
  return 0;
}

static smtpc_maildir *open_new(void) {
  smtpc_maildir *maildir = NULL;
  store_status(smtpc_maildir_open(&maildir, &error, path, true), SMTPC_STORE_OK,
               &error);
  assert_non_null(maildir);
  return maildir;
}

static smtpc_delivery *begin(smtpc_maildir *maildir) {
  smtpc_delivery *delivery = NULL;
  store_status(smtpc_maildir_begin(maildir, &delivery, &error), SMTPC_STORE_OK,
               &error);
  assert_non_null(delivery);
  return delivery;
}

static void append(smtpc_delivery *delivery, const void *data, size_t len) {
  uint8_t *copy = store_copy(data, len);
  store_status(smtpc_maildir_append(delivery, &error, copy, len),
               SMTPC_STORE_OK, &error);
  free(copy);
}

static uint8_t pattern(size_t k) {
  static const char text[] = "From: a\r\n\r\n.\n\r\0\xff";
  return (uint8_t)text[(k * 7u + k / 251u) % (sizeof text - 1u)];
}

// Stores a message of `len` octets in pieces of `cut`, and reads it back.
static void check_stored(smtpc_maildir *maildir, size_t len, size_t cut) {
  uint8_t *want = malloc(len + 1u);
  assert_non_null(want);
  for (size_t k = 0; k < len; k++) {
    want[k] = pattern(k);
  }
  smtpc_delivery *delivery = begin(maildir);
  for (size_t done = 0; done < len; done += cut) {
    append(delivery, want + done, len - done < cut ? len - done : cut);
  }
  char file[STORE_PATH_MAX];
  store_path(file, in_new, smtpc_maildir_name(delivery));
  store_status(smtpc_maildir_commit(&delivery, &error), SMTPC_STORE_OK, &error);
  assert_null(delivery);
  smtpc_file have;
  store_status(smtpc_file_read(&have, &error, file, len), SMTPC_STORE_OK,
               &error);
  assert_int_equal(have.len, len);
  assert_memory_equal(have.data, want, len);
  assert_int_equal(have.mode, 0600);
  smtpc_file_free(&have);
  free(want);
}

static void test_maildir_stores_octets_as_they_came(void **state) {
  (void)state;
  smtpc_maildir *maildir = open_new();
  const size_t full = SMTPC_MAILDIR_BUFFER_LEN;
  const size_t lens[] = {0,         1,    2,         100,
                         full - 1u, full, full + 1u, 3u * full + 7u};
  const size_t cuts[] = {1, 7, 1000, full, full + 1u, 4u * full};
  int count = 0;
  for (size_t k = 0; k < sizeof lens / sizeof lens[0]; k++) {
    for (size_t c = 0; c < sizeof cuts / sizeof cuts[0]; c++) {
      check_stored(maildir, lens[k], cuts[c]);
      count++;
    }
  }
  assert_int_equal(store_count(in_new), count);
  assert_int_equal(store_count(in_tmp), 0);
  smtpc_maildir_close(maildir);
}

static void test_maildir_makes_private_directories(void **state) {
  (void)state;
  const mode_t old = umask(0);
  smtpc_maildir_close(open_new());
  (void)umask(old);
  const char *parts[] = {"", "tmp", "new", "cur"};
  for (size_t k = 0; k < 4u; k++) {
    char part[STORE_PATH_MAX];
    struct stat facts;
    store_path(part, path, parts[k]);
    assert_int_equal(stat(part, &facts), 0);
    assert_true(S_ISDIR(facts.st_mode));
    assert_int_equal(facts.st_mode & 07777u, 0700);
  }
  smtpc_maildir_close(open_new());  // opening what is there is fine too
}

static void test_maildir_syncs_file_before_rename_before_directory(
    void **state) {
  (void)state;
  smtpc_maildir *maildir = open_new();
  smtpc_delivery *delivery = begin(maildir);
  append(delivery, "a\r\n", 3);
  trace_clear();
  store_status(smtpc_maildir_commit(&delivery, &error), SMTPC_STORE_OK, &error);
  assert_string_equal(trace, "frd");
  smtpc_maildir_close(maildir);
}

static void test_maildir_failed_step_leaves_nothing(void **state) {
  (void)state;
  smtpc_maildir *maildir = open_new();
  const char steps[] = "frd";
  for (size_t k = 0; k < 3u; k++) {
    smtpc_delivery *delivery = begin(maildir);
    append(delivery, "a\r\n", 3);
    fail_at = steps[k];
    store_status(smtpc_maildir_commit(&delivery, &error), SMTPC_STORE_IO,
                 &error);
    trace_clear();
    assert_null(delivery);
    assert_int_equal(error.cause, EIO);
    store_says(&error, path);
    assert_int_equal(store_count(in_new), 0);
    assert_int_equal(store_count(in_tmp), 0);
  }
  check_stored(maildir, 10, 10);
  smtpc_maildir_close(maildir);
}

static void test_maildir_refuses_directory_that_cannot_sync(void **state) {
  (void)state;
  smtpc_maildir_close(open_new());
  fail_at = 'd';
  smtpc_maildir *maildir = NULL;
  store_status(smtpc_maildir_open(&maildir, &error, path, false),
               SMTPC_STORE_IO, &error);
  assert_null(maildir);
}

static void test_maildir_abort_leaves_nothing(void **state) {
  (void)state;
  smtpc_maildir *maildir = open_new();
  smtpc_delivery *delivery = begin(maildir);
  append(delivery, "a\r\n", 3);
  assert_int_equal(store_count(in_tmp), 1);
  smtpc_maildir_abort(&delivery);
  assert_null(delivery);
  smtpc_maildir_abort(&delivery);
  assert_int_equal(store_count(in_tmp), 0);
  assert_int_equal(store_count(in_new), 0);
  smtpc_maildir_close(maildir);
}

static void test_maildir_commit_misuse(void **state) {
  (void)state;
  smtpc_delivery *delivery = NULL;
  store_status(smtpc_maildir_commit(&delivery, &error), SMTPC_STORE_MISUSE,
               &error);
  smtpc_maildir_close(NULL);
}

static struct rlimit set_limit(int which, rlim_t value) {
  struct rlimit old;
  assert_int_equal(getrlimit(which, &old), 0);
  const struct rlimit now = {.rlim_cur = value, .rlim_max = old.rlim_max};
  assert_int_equal(setrlimit(which, &now), 0);
  return old;
}

static void restore_limit(int which, const struct rlimit *old) {
  assert_int_equal(setrlimit(which, old), 0);
}

static void test_maildir_full_while_appending(void **state) {
  (void)state;
  static uint8_t data[8u * SMTPC_MAILDIR_BUFFER_LEN];
  smtpc_maildir *maildir = open_new();
  smtpc_delivery *delivery = begin(maildir);
  const struct rlimit old =
      set_limit(RLIMIT_FSIZE, 3u * SMTPC_MAILDIR_BUFFER_LEN + 1u);
  const smtpc_store_status first =
      smtpc_maildir_append(delivery, &error, data, sizeof data);
  restore_limit(RLIMIT_FSIZE, &old);
  store_status(first, SMTPC_STORE_FULL, &error);
  store_says(&error, path);
  // The room is free at once, and the failure is sticky although there would be
  // room again.
  assert_int_equal(store_count(in_tmp), 0);
  store_status(smtpc_maildir_append(delivery, &error, data, 1),
               SMTPC_STORE_FULL, &error);
  store_status(smtpc_maildir_commit(&delivery, &error), SMTPC_STORE_FULL,
               &error);
  assert_int_equal(store_count(in_new), 0);
  check_stored(maildir, 10, 10);
  smtpc_maildir_close(maildir);
}

static void test_maildir_full_at_commit(void **state) {
  (void)state;
  static uint8_t data[200];
  smtpc_maildir *maildir = open_new();
  smtpc_delivery *delivery = begin(maildir);
  append(delivery, data, sizeof data);
  const struct rlimit old =
      set_limit(RLIMIT_FSIZE, 100);  // a short write first
  const smtpc_store_status status = smtpc_maildir_commit(&delivery, &error);
  restore_limit(RLIMIT_FSIZE, &old);
  store_status(status, SMTPC_STORE_FULL, &error);
  assert_int_equal(store_count(in_new), 0);
  assert_int_equal(store_count(in_tmp), 0);
  smtpc_maildir_close(maildir);
}

static void test_maildir_abort_after_failure(void **state) {
  (void)state;
  static uint8_t data[2u * SMTPC_MAILDIR_BUFFER_LEN];
  smtpc_maildir *maildir = open_new();
  smtpc_delivery *delivery = begin(maildir);
  const struct rlimit old = set_limit(RLIMIT_FSIZE, 100);
  const smtpc_store_status status =
      smtpc_maildir_append(delivery, &error, data, sizeof data);
  restore_limit(RLIMIT_FSIZE, &old);
  store_status(status, SMTPC_STORE_FULL, &error);
  smtpc_maildir_abort(&delivery);
  assert_int_equal(store_count(in_tmp), 0);
  smtpc_maildir_close(maildir);
}

// What a child that fills a small disk ends with.
enum { CHILD_GOOD = 0, CHILD_BAD = 1, CHILD_CANNOT = 2 };

static int fill_small_disk(void) {
  static uint8_t data[64u * 1024u];
  // A mount that only this child sees, and that ends with it.
  if (syscall(SYS_unshare, CLONE_NEWNS) != 0 ||
      mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
      mount("none", folder, "tmpfs", 0, "size=256k") != 0) {
    return CHILD_CANNOT;
  }
  smtpc_maildir *maildir = NULL;
  if (smtpc_maildir_open(&maildir, &error, path, true) != SMTPC_STORE_OK) {
    return CHILD_BAD;
  }
  int stored = 0;
  smtpc_store_status status = SMTPC_STORE_OK;
  while (status == SMTPC_STORE_OK && stored < 100) {
    smtpc_delivery *delivery = NULL;
    status = smtpc_maildir_begin(maildir, &delivery, &error);
    if (status == SMTPC_STORE_OK) {
      (void)smtpc_maildir_append(delivery, &error, data, sizeof data);
      status = smtpc_maildir_commit(&delivery, &error);
      stored += status == SMTPC_STORE_OK ? 1 : 0;
    }
  }
  return status == SMTPC_STORE_FULL && error.cause == ENOSPC && stored > 0 &&
                 store_count(in_new) == stored && store_count(in_tmp) == 0
             ? CHILD_GOOD
             : CHILD_BAD;
}

static void test_maildir_full_disk(void **state) {
  (void)state;
  const pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    _exit(fill_small_disk());
  }
  int how = 0;
  assert_int_equal(waitpid(child, &how, 0), child);
  assert_true(WIFEXITED(how));
  if (WEXITSTATUS(how) == CHILD_CANNOT) {
    skip();  // no right to mount here; the limits above stand in
  }
  assert_int_equal(WEXITSTATUS(how), CHILD_GOOD);
}

static void test_maildir_missing_directory(void **state) {
  (void)state;
  smtpc_maildir *maildir = NULL;
  store_status(smtpc_maildir_open(&maildir, &error, path, false),
               SMTPC_STORE_MISSING, &error);
  assert_null(maildir);
  store_says(&error, path);
  char deep[STORE_PATH_MAX];
  store_path(deep, path, "below");
  store_status(smtpc_maildir_open(&maildir, &error, deep, true),
               SMTPC_STORE_MISSING, &error);
  smtpc_maildir_close(open_new());
  char cur[STORE_PATH_MAX];
  store_path(cur, path, "cur");
  assert_int_equal(rmdir(cur), 0);
  store_status(smtpc_maildir_open(&maildir, &error, path, false),
               SMTPC_STORE_MISSING, &error);
  store_says(&error, cur);
}

static void test_maildir_directory_goes_and_comes_back(void **state) {
  (void)state;
  smtpc_maildir *maildir = open_new();
  assert_int_equal(rmdir(in_tmp), 0);
  smtpc_delivery *delivery = NULL;
  store_status(smtpc_maildir_begin(maildir, &delivery, &error),
               SMTPC_STORE_MISSING, &error);
  assert_null(delivery);
  assert_int_equal(mkdir(in_tmp, 0700), 0);
  delivery = begin(maildir);
  append(delivery, "a\r\n", 3);
  assert_int_equal(rmdir(in_new), 0);
  store_status(smtpc_maildir_commit(&delivery, &error), SMTPC_STORE_MISSING,
               &error);
  assert_int_equal(store_count(in_tmp), 0);
  assert_int_equal(mkdir(in_new, 0700), 0);
  check_stored(maildir, 10, 10);
  smtpc_maildir_close(maildir);
}

static void test_maildir_not_a_directory(void **state) {
  (void)state;
  smtpc_maildir *maildir = NULL;
  store_put(path, "text", 0600);
  store_status(smtpc_maildir_open(&maildir, &error, path, true),
               SMTPC_STORE_NOT_DIRECTORY, &error);
  assert_int_equal(unlink(path), 0);
  assert_int_equal(mkdir(path, 0700), 0);
  store_put(in_new, "text", 0600);
  store_status(smtpc_maildir_open(&maildir, &error, path, true),
               SMTPC_STORE_NOT_DIRECTORY, &error);
  store_says(&error, in_new);
  assert_null(maildir);
}

static void test_maildir_not_writable(void **state) {
  (void)state;
  smtpc_maildir_close(open_new());
  assert_int_equal(chmod(in_new, 0500), 0);
  // Root may write anywhere, so it becomes somebody else for a moment.
  const bool root = geteuid() == 0;
  assert_true(!root || seteuid(65534) == 0);
  smtpc_maildir *maildir = NULL;
  const smtpc_store_status status =
      smtpc_maildir_open(&maildir, &error, path, false);
  assert_true(!root || seteuid(0) == 0);
  assert_int_equal(chmod(in_new, 0700), 0);
  store_status(status, SMTPC_STORE_DENIED, &error);
  assert_null(maildir);
}

static void put_aged(const char *name, long hours) {
  char file[STORE_PATH_MAX];
  store_path(file, in_tmp, name);
  store_put(file, "part", 0600);
  const time_t then = time(NULL) - hours * HOUR;
  const struct timespec times[2] = {{.tv_sec = then}, {.tv_sec = then}};
  assert_int_equal(utimensat(AT_FDCWD, file, times, 0), 0);
}

static void test_maildir_removes_stale_files_only(void **state) {
  (void)state;
  smtpc_maildir_close(open_new());
  put_aged("old", 37);
  put_aged("older", 1000);
  put_aged("young", 35);
  put_aged("future", -1);
  char other[STORE_PATH_MAX];
  store_path(other, in_tmp, "folder");
  assert_int_equal(mkdir(other, 0700), 0);
  const struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
  assert_int_equal(utimensat(AT_FDCWD, other, times, 0), 0);
  smtpc_maildir_close(open_new());
  assert_int_equal(store_count(in_tmp), 3);
  store_path(other, in_tmp, "young");
  assert_int_equal(access(other, F_OK), 0);
  store_path(other, in_tmp, "future");
  assert_int_equal(access(other, F_OK), 0);
}

static void test_maildir_names_are_safe(void **state) {
  (void)state;
  smtpc_maildir *maildir = open_new();
  smtpc_delivery *delivery = begin(maildir);
  const char *name = smtpc_maildir_name(delivery);
  const char *host = "..\\057p\\0721\\040\\134h\\303\\251";
  long long seconds = 0;
  long micros = 0;
  long pid = 0;
  unsigned long counter = 0;
  char rest[400] = "";
  assert_int_equal(sscanf(name, "%lld.M%6ldP%ldQ%lu.%399s", &seconds, &micros,
                          &pid, &counter, rest),
                   5);
  assert_string_equal(rest, host);
  assert_int_equal(pid, getpid());
  assert_null(strchr(name, '/'));
  assert_null(strchr(name, ':'));
  assert_in_range(strlen(name), 1, 255);
  smtpc_maildir_abort(&delivery);
  smtpc_maildir_close(maildir);
}

// With the clock standing still only the counter makes names differ.
static void test_maildir_names_differ_without_a_clock(void **state) {
  (void)state;
  smtpc_maildir *maildir = open_new();
  frozen = true;
  smtpc_delivery *first = begin(maildir);
  smtpc_delivery *second = begin(maildir);
  assert_string_not_equal(smtpc_maildir_name(first),
                          smtpc_maildir_name(second));
  char want[64];
  (void)snprintf(want, sizeof want, "1000000000.M000007P%ldQ2.",
                 (long)getpid());
  assert_memory_equal(smtpc_maildir_name(second), want, strlen(want));
  smtpc_maildir_abort(&first);
  smtpc_maildir_abort(&second);
  smtpc_maildir_close(maildir);
}

// A name that is taken in `tmp` is never written over.
static void test_maildir_takes_the_next_name(void **state) {
  (void)state;
  smtpc_maildir *maildir = open_new();
  frozen = true;
  smtpc_delivery *delivery = begin(maildir);
  char taken[STORE_PATH_MAX];
  store_path(taken, in_tmp, smtpc_maildir_name(delivery));
  smtpc_maildir_abort(&delivery);
  smtpc_maildir_close(maildir);
  store_put(taken, "another's", 0600);
  maildir = open_new();  // its counter begins again
  delivery = begin(maildir);
  append(delivery, "a", 1);
  store_status(smtpc_maildir_commit(&delivery, &error), SMTPC_STORE_OK, &error);
  char *text = store_text(taken);
  assert_string_equal(text, "another's");
  free(text);
  smtpc_maildir_close(maildir);
}

static void test_maildir_many_deliveries_at_once(void **state) {
  (void)state;
  enum { MANY = 1000 };
  static smtpc_delivery *deliveries[MANY];
  struct rlimit old;
  assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
  if (old.rlim_max < MANY + 64u) {
    skip();
  }
  (void)set_limit(RLIMIT_NOFILE, MANY + 64u);
  smtpc_maildir *maildir = open_new();
  for (int k = 0; k < MANY; k++) {
    deliveries[k] = begin(maildir);
    append(deliveries[k], &k, sizeof k);
  }
  assert_int_equal(store_count(in_tmp), MANY);
  for (int k = 0; k < MANY; k++) {
    char file[STORE_PATH_MAX];
    store_path(file, in_new, smtpc_maildir_name(deliveries[k]));
    store_status(smtpc_maildir_commit(&deliveries[k], &error), SMTPC_STORE_OK,
                 &error);
    smtpc_file have;
    store_status(smtpc_file_read(&have, &error, file, 100), SMTPC_STORE_OK,
                 &error);
    assert_int_equal(have.len, sizeof k);
    assert_memory_equal(have.data, &k, sizeof k);
    smtpc_file_free(&have);
  }
  assert_int_equal(store_count(in_new), MANY);
  restore_limit(RLIMIT_NOFILE, &old);
  smtpc_maildir_close(maildir);
}

static void *deliver_many(void *shared) {
  smtpc_maildir *maildir = shared;
  uintptr_t failed = 0;
  for (int k = 0; k < 50; k++) {
    smtpc_delivery *delivery = NULL;
    if (smtpc_maildir_begin(maildir, &delivery, NULL) != SMTPC_STORE_OK ||
        smtpc_maildir_append(delivery, NULL, (const uint8_t *)"a", 1) !=
            SMTPC_STORE_OK ||
        smtpc_maildir_commit(&delivery, NULL) != SMTPC_STORE_OK) {
      failed++;
    }
  }
  return failed == 0u ? shared : NULL;
}

static void test_maildir_serves_threads(void **state) {
  (void)state;
  smtpc_maildir *maildir = open_new();
  trace_len = sizeof trace;  // no notes: they are not for threads
  pthread_t threads[4];
  for (size_t k = 0; k < 4u; k++) {
    assert_int_equal(pthread_create(&threads[k], NULL, deliver_many, maildir),
                     0);
  }
  for (size_t k = 0; k < 4u; k++) {
    void *good = NULL;
    assert_int_equal(pthread_join(threads[k], &good), 0);
    assert_ptr_equal(good, maildir);
  }
  assert_int_equal(store_count(in_new), 200);
  smtpc_maildir_close(maildir);
}

static void test_maildir_never_overwrites(void **state) {
  (void)state;
  smtpc_maildir *maildir = open_new();
  smtpc_delivery *delivery = begin(maildir);
  append(delivery, "late", 4);
  char file[STORE_PATH_MAX];
  store_path(file, in_new, smtpc_maildir_name(delivery));
  store_put(file, "first", 0600);
  store_status(smtpc_maildir_commit(&delivery, &error), SMTPC_STORE_IO, &error);
  char *text = store_text(file);
  assert_string_equal(text, "first");
  free(text);
  assert_int_equal(store_count(in_tmp), 0);
  smtpc_maildir_close(maildir);
}

static void test_maildir_out_of_descriptors(void **state) {
  (void)state;
  smtpc_maildir *maildir = open_new();
  smtpc_delivery *delivery = begin(maildir);
  append(delivery, "a", 1);
  const struct rlimit old = set_limit(RLIMIT_NOFILE, 3);
  smtpc_delivery *second = NULL;
  const smtpc_store_status status =
      smtpc_maildir_begin(maildir, &second, &error);
  restore_limit(RLIMIT_NOFILE, &old);
  store_status(status, SMTPC_STORE_BUSY, &error);
  assert_null(second);
  store_status(smtpc_maildir_commit(&delivery, &error), SMTPC_STORE_OK, &error);
  assert_int_equal(store_count(in_new), 1);
  delivery = begin(maildir);
  (void)set_limit(RLIMIT_NOFILE, 0);
  const smtpc_store_status late = smtpc_maildir_commit(&delivery, &error);
  restore_limit(RLIMIT_NOFILE, &old);
  store_status(late, SMTPC_STORE_BUSY, &error);
  assert_int_equal(store_count(in_new), 1);
  assert_int_equal(store_count(in_tmp), 0);
  smtpc_maildir_close(maildir);
}

// A message of the kill tests: its number and its length in front, then octets
// that follow from the number.
#define KILL_LEN 50000u

static void fill_message(uint8_t *out, uint32_t number) {
  memcpy(out, &number, sizeof number);
  for (size_t k = sizeof number; k < KILL_LEN; k++) {
    out[k] = (uint8_t)(number * 31u + k * 7u);
  }
}

typedef struct report {
  uint32_t number;
  char name[300];
} report;

// Delivers in a loop for ever and reports each message that was committed, as a
// server does with its 250.
static void deliver_until_killed(int out) {
  static uint8_t data[KILL_LEN];
  smtpc_maildir *maildir = NULL;
  if (smtpc_maildir_open(&maildir, &error, path, false) != SMTPC_STORE_OK) {
    _exit(CHILD_BAD);
  }
  kill_at = kill_plan;
  for (uint32_t number = 1; number < 100000u; number++) {
    smtpc_delivery *delivery = NULL;
    report done = {.number = number};
    fill_message(data, number);
    if (smtpc_maildir_begin(maildir, &delivery, &error) != SMTPC_STORE_OK) {
      _exit(CHILD_BAD);
    }
    (void)snprintf(done.name, sizeof done.name, "%s",
                   smtpc_maildir_name(delivery));
    for (size_t at = 0; at < KILL_LEN; at += 1000u) {
      if (smtpc_maildir_append(delivery, &error, data + at, 1000u) !=
          SMTPC_STORE_OK) {
        _exit(CHILD_BAD);
      }
    }
    if (smtpc_maildir_commit(&delivery, &error) != SMTPC_STORE_OK ||
        write(out, &done, sizeof done) != (ssize_t)sizeof done) {
      _exit(CHILD_BAD);
    }
  }
  _exit(CHILD_BAD);
}

// Checks that a file in `new` is a whole message, and returns its number.
static uint32_t check_whole(const char *name) {
  static uint8_t want[KILL_LEN];
  char file[STORE_PATH_MAX];
  store_path(file, in_new, name);
  smtpc_file have;
  store_status(smtpc_file_read(&have, &error, file, 2u * KILL_LEN),
               SMTPC_STORE_OK, &error);
  assert_int_equal(have.len, KILL_LEN);
  uint32_t number = 0;
  memcpy(&number, have.data, sizeof number);
  fill_message(want, number);
  assert_memory_equal(have.data, want, KILL_LEN);
  smtpc_file_free(&have);
  return number;
}

static void check_all_whole(void) {
  DIR *dir = opendir(in_new);
  assert_non_null(dir);
  for (struct dirent *entry = readdir(dir); entry != NULL;
       entry = readdir(dir)) {
    if (entry->d_name[0] != '.') {
      (void)check_whole(entry->d_name);
    }
  }
  (void)closedir(dir);
}

// Starts the child, takes `reports` reports, waits `spin` turns and kills it.
// Every report must be true. Returns how many there were.
static int run_and_kill(int reports, unsigned spin) {
  int ends[2];
  assert_int_equal(pipe(ends), 0);
  const pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    (void)close(ends[0]);
    deliver_until_killed(ends[1]);
  }
  (void)close(ends[1]);
  int count = 0;
  report seen;
  while (count < reports && read(ends[0], &seen, sizeof seen) == sizeof seen) {
    assert_int_equal(check_whole(seen.name), seen.number);
    count++;
  }
  for (volatile unsigned turn = 0; turn < spin; turn++) {
  }
  (void)kill(child, SIGKILL);
  int how = 0;
  assert_int_equal(waitpid(child, &how, 0), child);
  assert_true(WIFSIGNALED(how));
  while (read(ends[0], &seen, sizeof seen) == sizeof seen) {
    assert_int_equal(check_whole(seen.name), seen.number);
    count++;
  }
  (void)close(ends[0]);
  return count;
}

static void test_maildir_killed_at_each_step(void **state) {
  (void)state;
  smtpc_maildir_close(open_new());
  const char steps[] = "frd";
  int want_new = 0;
  for (int k = 0; k < 6; k++) {
    kill_plan = steps[k / 2];
    kill_after = k % 2 == 1;
    assert_int_equal(run_and_kill(1000, 0), 0);
    // From the rename on there is a whole message of which nobody was told.
    want_new += kill_plan == 'd' || (kill_plan == 'r' && kill_after) ? 1 : 0;
    assert_int_equal(store_count(in_new), want_new);
  }
  assert_int_equal(want_new, 3);
  check_all_whole();
}

static void test_maildir_killed_at_any_moment(void **state) {
  (void)state;
  smtpc_maildir_close(open_new());
  uint32_t random = 2463534242u;
  int reported = 0;
  for (int round = 0; round < 40; round++) {
    random ^= (random & UINT32_MAX >> 13) << 13;
    random ^= random >> 17;
    random ^= (random & UINT32_MAX >> 5) << 5;
    reported += run_and_kill((int)(random % 7u), random % 500000u);
  }
  check_all_whole();
  // Each kill can leave one message that was stored but not reported.
  const int stored = store_count(in_new);
  assert_in_range(stored, reported, reported + 40);
  assert_in_range(store_count(in_tmp), 0, 40);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  (void)signal(SIGXFSZ, SIG_IGN);
  const struct CMUnitTest tests[] = {
      CASE(test_maildir_stores_octets_as_they_came),
      CASE(test_maildir_makes_private_directories),
      CASE(test_maildir_syncs_file_before_rename_before_directory),
      CASE(test_maildir_failed_step_leaves_nothing),
      CASE(test_maildir_refuses_directory_that_cannot_sync),
      CASE(test_maildir_abort_leaves_nothing),
      CASE(test_maildir_commit_misuse),
      CASE(test_maildir_full_while_appending),
      CASE(test_maildir_full_at_commit),
      CASE(test_maildir_abort_after_failure),
      CASE(test_maildir_full_disk),
      CASE(test_maildir_missing_directory),
      CASE(test_maildir_directory_goes_and_comes_back),
      CASE(test_maildir_not_a_directory),
      CASE(test_maildir_not_writable),
      CASE(test_maildir_removes_stale_files_only),
      CASE(test_maildir_names_are_safe),
      CASE(test_maildir_names_differ_without_a_clock),
      CASE(test_maildir_takes_the_next_name),
      CASE(test_maildir_many_deliveries_at_once),
      CASE(test_maildir_serves_threads),
      CASE(test_maildir_never_overwrites),
      CASE(test_maildir_out_of_descriptors),
      CASE(test_maildir_killed_at_each_step),
      CASE(test_maildir_killed_at_any_moment),
  };
  return cmocka_run_group_tests_name("maildir", tests, NULL, NULL);
}
