// See maildir.h.
#define _POSIX_C_SOURCE 200809L

#include "shim/store/maildir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define HOST_MAX 64u                        // of our host's name, octets kept
#define HOST_TEXT_MAX (4u * HOST_MAX + 1u)  // each may become \ooo
#define NAME_MAX_LEN 384u
#define BEGIN_TRIES_MAX 8

// A name that file systems take: 255 octets. The numbers need at most 20 digits
// each and the host 4 * 64, which could pass it; so the escaped host is cut.
#define HOST_TEXT_KEPT 128u

struct smtpc_maildir {
  char *path;
  char *tmp;
  char *fresh;  // the directory `new`
  char *cur;
  atomic_ulong counter;
  char host[HOST_TEXT_MAX];
};

struct smtpc_delivery {
  const smtpc_maildir *maildir;
  char *tmp_path;
  int fd;     // -1 once it is closed
  int cause;  // 0, or why it failed: sticky
  size_t held;
  char name[NAME_MAX_LEN];
  uint8_t buffer[SMTPC_MAILDIR_BUFFER_LEN];
};

static bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

static void host_text(char *out, size_t cap) {
  char host[HOST_MAX + 1u] = "";
  if (gethostname(host, sizeof host) != 0 || host[0] == '\0') {
    (void)snprintf(host, sizeof host, "localhost");
  }
  host[HOST_MAX] = '\0';
  size_t used = 0;
  out[0] = '\0';
  for (size_t k = 0; host[k] != '\0' && used + 4u <= HOST_TEXT_KEPT; k++) {
    const unsigned octet = (unsigned char)host[k];
    const int wrote = is_plain(host[k])
                          ? snprintf(out + used, cap - used, "%c", host[k])
                          : snprintf(out + used, cap - used, "\\%03o", octet);
    used += wrote > 0 ? (size_t)wrote : 0u;
  }
}

// Removes what killed deliveries left. A file that is still written to is young,
// so a live delivery of another process is never hit. A failure is no reason to
// refuse mail.
static void remove_stale(const char *tmp) {
  DIR *dir = opendir(tmp);
  if (dir == NULL) {
    return;
  }
  const time_t now = time(NULL);
  for (struct dirent *entry = readdir(dir); entry != NULL;
       entry = readdir(dir)) {
    struct stat facts;
    if (fstatat(dirfd(dir), entry->d_name, &facts, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISREG(facts.st_mode) &&
        facts.st_mtime < now - SMTPC_MAILDIR_STALE_SECONDS) {
      (void)unlinkat(dirfd(dir), entry->d_name, 0);
    }
  }
  (void)closedir(dir);
}

static smtpc_store_status create_directory(const char *path,
                                           smtpc_store_error *error) {
  if (mkdir(path, 0700) == 0) {
    return SMTPC_STORE_OK;
  }
  if (errno == EEXIST) {
    return SMTPC_STORE_OK;  // what it is, check_directory finds out
  }
  return smtpc_store_fail_errno(error, errno, "make the directory", path);
}

static smtpc_store_status check_directory(const char *path,
                                          smtpc_store_error *error) {
  struct stat facts;
  if (stat(path, &facts) != 0) {
    return smtpc_store_fail_errno(error, errno, "find the directory", path);
  }
  if (!S_ISDIR(facts.st_mode)) {
    return smtpc_store_fail(error, SMTPC_STORE_NOT_DIRECTORY,
                            "%s: is not a directory; move it away or correct "
                            "the path",
                            path);
  }
  if (faccessat(AT_FDCWD, path, R_OK | W_OK | X_OK, AT_EACCESS) != 0) {
    return smtpc_store_fail_errno(error, errno, "write to the directory", path);
  }
  return SMTPC_STORE_OK;
}

static smtpc_store_status each_directory(
    const smtpc_maildir *maildir, smtpc_store_error *error,
    smtpc_store_status (*action)(const char *, smtpc_store_error *)) {
  const char *paths[] = {maildir->path, maildir->tmp, maildir->fresh,
                         maildir->cur};
  for (size_t k = 0; k < sizeof paths / sizeof paths[0]; k++) {
    const smtpc_store_status status = action(paths[k], error);
    if (status != SMTPC_STORE_OK) {
      return status;
    }
  }
  return SMTPC_STORE_OK;
}

// Syncs the names of the four directories. That `new` can be synced at all is
// checked here too: a file system that cannot would break the promise of a 250.
static smtpc_store_status sync_directories(const smtpc_maildir *maildir,
                                           smtpc_store_error *error,
                                           bool created) {
  int cause = smtpc_file_sync_directory(maildir->fresh);
  if (cause != 0) {
    return smtpc_store_fail_errno(error, cause, "sync the directory",
                                  maildir->fresh);
  }
  if (created) {
    cause = smtpc_file_sync_directory(maildir->path);
    if (cause == 0) {
      cause = smtpc_file_sync_parent(maildir->path);
    }
  }
  return cause == 0 ? SMTPC_STORE_OK
                    : smtpc_store_fail_errno(error, cause, "sync the directory",
                                             maildir->path);
}

static smtpc_store_status open_steps(smtpc_maildir *maildir,
                                     smtpc_store_error *error, bool create) {
  smtpc_store_status status = SMTPC_STORE_OK;
  if (create) {
    status = each_directory(maildir, error, create_directory);
  }
  if (status == SMTPC_STORE_OK) {
    status = each_directory(maildir, error, check_directory);
  }
  if (status == SMTPC_STORE_OK) {
    status = sync_directories(maildir, error, create);
  }
  if (status == SMTPC_STORE_OK) {
    remove_stale(maildir->tmp);
  }
  return status;
}

smtpc_store_status smtpc_maildir_open(smtpc_maildir **out,
                                      smtpc_store_error *error,
                                      const char *path, bool create) {
  *out = NULL;
  smtpc_maildir *maildir = calloc(1, sizeof *maildir);
  if (maildir == NULL) {
    return smtpc_store_fail_errno(error, ENOMEM, "open the Maildir", path);
  }
  atomic_init(&maildir->counter, 0);
  host_text(maildir->host, sizeof maildir->host);
  maildir->path = smtpc_store_join(path, "", "");
  maildir->tmp = smtpc_store_join(path, "/tmp", "");
  maildir->fresh = smtpc_store_join(path, "/new", "");
  maildir->cur = smtpc_store_join(path, "/cur", "");
  const bool have = maildir->path != NULL && maildir->tmp != NULL &&
                    maildir->fresh != NULL && maildir->cur != NULL;
  const smtpc_store_status status =
      have ? open_steps(maildir, error, create)
           : smtpc_store_fail_errno(error, ENOMEM, "open the Maildir", path);
  if (status != SMTPC_STORE_OK) {
    smtpc_maildir_close(maildir);
    return status;
  }
  *out = maildir;
  return SMTPC_STORE_OK;
}

void smtpc_maildir_close(smtpc_maildir *maildir) {
  if (maildir != NULL) {
    free(maildir->path);
    free(maildir->tmp);
    free(maildir->fresh);
    free(maildir->cur);
    free(maildir);
  }
}

// Makes the next name. Time, process and counter differ between any two
// deliveries of one host; O_EXCL catches what a wrong clock may do.
static void next_name(smtpc_maildir *maildir, char *out, size_t cap) {
  struct timespec now = {0};
  (void)clock_gettime(CLOCK_REALTIME, &now);
  const unsigned long count = atomic_fetch_add(&maildir->counter, 1u) + 1u;
  (void)snprintf(out, cap, "%lld.M%06ldP%ldQ%lu.%s", (long long)now.tv_sec,
                 now.tv_nsec / 1000, (long)getpid(), count, maildir->host);
}

// Creates the file in `tmp` under a name that nothing there has. Returns 0, or the
// errno value.
static int create_file(smtpc_maildir *maildir, smtpc_delivery *delivery) {
  int cause = EEXIST;
  for (int k = 0; k < BEGIN_TRIES_MAX && cause == EEXIST; k++) {
    next_name(maildir, delivery->name, sizeof delivery->name);
    free(delivery->tmp_path);
    delivery->tmp_path = smtpc_store_join(maildir->tmp, "/", delivery->name);
    if (delivery->tmp_path == NULL) {
      return ENOMEM;
    }
    delivery->fd =
        open(delivery->tmp_path,
             O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    cause = delivery->fd >= 0 ? 0 : errno;
  }
  return cause;
}

smtpc_store_status smtpc_maildir_begin(smtpc_maildir *maildir,
                                       smtpc_delivery **out,
                                       smtpc_store_error *error) {
  *out = NULL;
  smtpc_delivery *delivery = malloc(sizeof *delivery);
  if (delivery == NULL) {
    return smtpc_store_fail_errno(error, ENOMEM, "begin a message",
                                  maildir->tmp);
  }
  delivery->maildir = maildir;
  delivery->tmp_path = NULL;
  delivery->fd = -1;
  delivery->cause = 0;
  delivery->held = 0;
  const int cause = create_file(maildir, delivery);
  if (cause != 0) {
    free(delivery->tmp_path);
    free(delivery);
    return smtpc_store_fail_errno(error, cause, "begin a message",
                                  maildir->tmp);
  }
  *out = delivery;
  return SMTPC_STORE_OK;
}

// Closes the file and removes it from `tmp`.
static void drop_file(smtpc_delivery *delivery) {
  if (delivery->fd >= 0) {
    (void)close(delivery->fd);
    delivery->fd = -1;
  }
  (void)unlink(delivery->tmp_path);
}

// Notes a failure for good, and removes the file.
static smtpc_store_status broken(smtpc_delivery *delivery,
                                 smtpc_store_error *error, int cause,
                                 const char *what) {
  drop_file(delivery);
  delivery->cause = cause;
  return smtpc_store_fail_errno(error, cause, what, delivery->maildir->path);
}

static smtpc_store_status broken_before(const smtpc_delivery *delivery,
                                        smtpc_store_error *error) {
  return smtpc_store_fail_errno(error, delivery->cause, "write a message",
                                delivery->maildir->path);
}

static smtpc_store_status flush(smtpc_delivery *delivery,
                                smtpc_store_error *error) {
  const int cause =
      smtpc_file_write(delivery->fd, delivery->buffer, delivery->held);
  delivery->held = 0;
  return cause == 0 ? SMTPC_STORE_OK
                    : broken(delivery, error, cause, "write a message");
}

smtpc_store_status smtpc_maildir_append(smtpc_delivery *delivery,
                                        smtpc_store_error *error,
                                        const uint8_t *data, size_t len) {
  if (delivery->cause != 0) {
    return broken_before(delivery, error);
  }
  size_t done = 0;
  while (done < len) {
    const size_t room = sizeof delivery->buffer - delivery->held;
    const size_t piece = len - done < room ? len - done : room;
    memcpy(delivery->buffer + delivery->held, data + done, piece);
    delivery->held += piece;
    done += piece;
    if (delivery->held < sizeof delivery->buffer) {
      continue;
    }
    const smtpc_store_status status = flush(delivery, error);
    if (status != SMTPC_STORE_OK) {
      return status;
    }
  }
  return SMTPC_STORE_OK;
}

const char *smtpc_maildir_name(const smtpc_delivery *delivery) {
  return delivery->name;
}

// Renames the synced file into `new` and syncs that directory. Returns 0, or the
// errno value, and then the name is not in `new`. The directory is opened first,
// so that running out of descriptors cannot hit after the rename. `tmp` needs no
// sync: that a name has left it is not a promise to anybody.
static int move_to_new(const smtpc_delivery *delivery) {
  const int dir =
      open(delivery->maildir->fresh, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (dir < 0) {
    return errno;
  }
  struct stat facts;
  int cause = 0;
  if (fstatat(dir, delivery->name, &facts, AT_SYMLINK_NOFOLLOW) == 0) {
    cause = EEXIST;  // rename would overwrite it
  } else if (renameat(AT_FDCWD, delivery->tmp_path, dir, delivery->name) != 0) {
    cause = errno;
  } else if (fsync(dir) != 0) {
    cause = errno;
    (void)unlinkat(dir, delivery->name, 0);
  }
  (void)close(dir);
  return cause;
}

static smtpc_store_status commit_steps(smtpc_delivery *delivery,
                                       smtpc_store_error *error) {
  if (delivery->cause != 0) {
    return broken_before(delivery, error);
  }
  const smtpc_store_status status = flush(delivery, error);
  if (status != SMTPC_STORE_OK) {
    return status;
  }
  // After one failed fsync a second one may succeed without the octets being on
  // disk, so it is never tried again.
  if (fsync(delivery->fd) != 0) {
    return broken(delivery, error, errno, "sync a message");
  }
  const int closed = close(delivery->fd);
  const int close_cause = errno;
  delivery->fd = -1;
  if (closed != 0 && close_cause != EINTR) {
    return broken(delivery, error, close_cause, "close a message");
  }
  const int cause = move_to_new(delivery);
  return cause == 0 ? SMTPC_STORE_OK
                    : broken(delivery, error, cause, "move a message to new");
}

static void release(smtpc_delivery **delivery) {
  free((*delivery)->tmp_path);
  free(*delivery);
  *delivery = NULL;
}

smtpc_store_status smtpc_maildir_commit(smtpc_delivery **delivery,
                                        smtpc_store_error *error) {
  if (*delivery == NULL) {
    return smtpc_store_fail(error, SMTPC_STORE_MISUSE, "no delivery is open");
  }
  const smtpc_store_status status = commit_steps(*delivery, error);
  release(delivery);
  return status;
}

void smtpc_maildir_abort(smtpc_delivery **delivery) {
  if (*delivery == NULL) {
    return;
  }
  if ((*delivery)->cause == 0) {
    drop_file(*delivery);
  }
  release(delivery);
}
