// See files.h.
#undef _GNU_SOURCE  // it would bring another strerror_r than that of POSIX
#define _POSIX_C_SOURCE 200809L
#define _DEFAULT_SOURCE 1  // explicit_bzero

#include "shim/store/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_PIECE 16384u

const char *smtpc_store_status_name(smtpc_store_status status) {
  switch (status) {
#define STATUS_CASE(id, value, name) \
  case id:                           \
    return name;
    SMTPC_STORE_STATUS_LIST(STATUS_CASE)
#undef STATUS_CASE
  }
  return "unknown";
}

smtpc_store_status smtpc_store_status_of(int cause) {
  switch (cause) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return SMTPC_STORE_FULL;
    case ENOENT:
    case ESTALE:
      return SMTPC_STORE_MISSING;
    case ENOTDIR:
      return SMTPC_STORE_NOT_DIRECTORY;
    case EACCES:
    case EPERM:
    case EROFS:
      return SMTPC_STORE_DENIED;
    case ENOMEM:
    case EMFILE:
    case ENFILE:
      return SMTPC_STORE_BUSY;
    default:
      return SMTPC_STORE_IO;
  }
}

static const char *mend_of(smtpc_store_status status) {
  switch (status) {
    case SMTPC_STORE_FULL:
      return "; free some space or raise the limit";
    case SMTPC_STORE_MISSING:
      return "; make it, or correct the path";
    case SMTPC_STORE_NOT_DIRECTORY:
      return "; part of the path is a file: correct the path";
    case SMTPC_STORE_DENIED:
      return "; correct its owner or mode";
    case SMTPC_STORE_BUSY:
      return "; raise the limit on memory or open files";
    case SMTPC_STORE_OK:
    case SMTPC_STORE_IO:
    case SMTPC_STORE_TOO_LARGE:
    case SMTPC_STORE_FORMAT:
    case SMTPC_STORE_UNSAFE:
    case SMTPC_STORE_MISUSE:
      break;
  }
  return "";
}

smtpc_store_status smtpc_store_fail(smtpc_store_error *error,
                                    smtpc_store_status status,
                                    const char *format, ...) {
  if (error == NULL) {
    return status;
  }
  error->status = status;
  error->cause = 0;
  va_list args;
  va_start(args, format);
  (void)vsnprintf(error->text, sizeof error->text, format, args);
  va_end(args);
  return status;
}

smtpc_store_status smtpc_store_fail_errno(smtpc_store_error *error, int cause,
                                          const char *what, const char *path) {
  const smtpc_store_status status = smtpc_store_status_of(cause);
  if (error == NULL) {
    return status;
  }
  char why[128] = "unknown error";
  (void)strerror_r(cause, why, sizeof why);
  (void)smtpc_store_fail(error, status, "%s: cannot %s: %s%s", path, what, why,
                         mend_of(status));
  error->cause = cause;
  return status;
}

char *smtpc_store_join(const char *a, const char *b, const char *c) {
  const size_t size = strlen(a) + strlen(b) + strlen(c) + 1u;
  char *joined = malloc(size);
  if (joined != NULL) {
    (void)snprintf(joined, size, "%s%s%s", a, b, c);
  }
  return joined;
}

// Makes room for more octets. Not realloc: it would leave a copy of what may be a
// secret behind.
static bool grow(smtpc_file *file, size_t *room, size_t max) {
  size_t next = *room == 0u ? READ_PIECE : *room * 2u;
  if (next > max) {
    next = max;
  }
  uint8_t *data = malloc(next + 1u);
  if (data == NULL) {
    return false;
  }
  if (file->len > 0u) {
    memcpy(data, file->data, file->len);
    explicit_bzero(file->data, file->len);
  }
  free(file->data);
  file->data = data;
  *room = next;
  return true;
}

// Reads to the end of the file. One octet over `max` is asked for, so that "too
// large" and "just fits" differ.
static smtpc_store_status read_all(int fd, smtpc_file *file,
                                   smtpc_store_error *error, const char *path,
                                   size_t max) {
  size_t room = 0;
  while (file->len <= max) {
    if (file->len == room && !grow(file, &room, max + 1u)) {
      return smtpc_store_fail_errno(error, ENOMEM, "read it", path);
    }
    const ssize_t got = read(fd, file->data + file->len, room - file->len);
    if (got < 0 && errno != EINTR) {
      return smtpc_store_fail_errno(error, errno, "read it", path);
    }
    if (got == 0) {
      file->data[file->len] = 0u;
      return SMTPC_STORE_OK;
    }
    file->len += got > 0 ? (size_t)got : 0u;
  }
  return smtpc_store_fail(error, SMTPC_STORE_TOO_LARGE,
                          "%s: more than %zu octets; is it the right file?",
                          path, max);
}

static smtpc_store_status read_open(int fd, smtpc_file *file,
                                    smtpc_store_error *error, const char *path,
                                    size_t max) {
  struct stat facts;
  if (fstat(fd, &facts) != 0) {
    return smtpc_store_fail_errno(error, errno, "look at it", path);
  }
  if (S_ISDIR(facts.st_mode)) {
    return smtpc_store_fail(error, SMTPC_STORE_IO,
                            "%s: is a directory; name a file in it", path);
  }
  file->mode = (uint32_t)facts.st_mode & 07777u;
  file->owner = (uint32_t)facts.st_uid;
  return read_all(fd, file, error, path, max);
}

smtpc_store_status smtpc_file_read(smtpc_file *out, smtpc_store_error *error,
                                   const char *path, size_t max) {
  *out = (smtpc_file){0};
  if (max > SIZE_MAX / 4u) {
    return smtpc_store_fail(error, SMTPC_STORE_MISUSE, "%s: no limit given",
                            path);
  }
  const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) {
    return smtpc_store_fail_errno(error, errno, "open it", path);
  }
  const smtpc_store_status status = read_open(fd, out, error, path, max);
  (void)close(fd);
  if (status != SMTPC_STORE_OK) {
    smtpc_file_free(out);
  }
  return status;
}

void smtpc_file_free(smtpc_file *file) {
  if (file->data != NULL) {
    explicit_bzero(file->data, file->len);
  }
  free(file->data);
  *file = (smtpc_file){0};
}

smtpc_store_status smtpc_file_change_begin(smtpc_file_change *out,
                                           smtpc_store_error *error,
                                           const char *path) {
  *out = (smtpc_file_change){0};
  char *fresh = smtpc_store_join(path, ".new", "");
  if (fresh == NULL) {
    return smtpc_store_fail_errno(error, ENOMEM, "replace it", path);
  }
  const int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd >= 0) {
    *out = (smtpc_file_change){.fresh = fresh, .fd = fd};
    return SMTPC_STORE_OK;
  }
  const int cause = errno;
  const smtpc_store_status status =
      cause != EEXIST
          ? smtpc_store_fail_errno(error, cause, "create it", fresh)
          : smtpc_store_fail(error, SMTPC_STORE_BUSY,
                             "%s: is there: another command is writing, or one "
                             "was killed; remove it if none runs",
                             fresh);
  free(fresh);
  return status;
}

int smtpc_file_write(int fd, const uint8_t *data, size_t len) {
  size_t done = 0;
  while (done < len) {
    const ssize_t wrote = write(fd, data + done, len - done);
    if (wrote < 0 && errno != EINTR) {
      return errno;
    }
    if (wrote == 0) {
      return EIO;
    }
    done += wrote > 0 ? (size_t)wrote : 0u;
  }
  return 0;
}

int smtpc_file_sync_directory(const char *path) {
  const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) {
    return errno;
  }
  const int cause = fsync(fd) == 0 ? 0 : errno;
  (void)close(fd);
  return cause;
}

int smtpc_file_sync_parent(const char *path) {
  char *parent = strdup(path);
  if (parent == NULL) {
    return ENOMEM;
  }
  size_t end = strlen(parent);
  while (end > 1u && parent[end - 1u] == '/') {
    end--;
  }
  while (end > 0u && parent[end - 1u] != '/') {
    end--;
  }
  parent[end] = '\0';
  const int cause = smtpc_file_sync_directory(end == 0u ? "." : parent);
  free(parent);
  return cause;
}

// Fills and syncs the new file and gives it its name. Closes its descriptor.
static int put_in_place(const smtpc_file_change *change, const char *path,
                        const uint8_t *data, size_t len) {
  int cause = smtpc_file_write(change->fd, data, len);
  if (cause == 0 && fsync(change->fd) != 0) {
    cause = errno;
  }
  if (close(change->fd) != 0 && cause == 0) {
    cause = errno;
  }
  if (cause == 0 && rename(change->fresh, path) != 0) {
    cause = errno;
  }
  return cause;
}

smtpc_store_status smtpc_file_change_commit(smtpc_file_change *change,
                                            smtpc_store_error *error,
                                            const char *path,
                                            const uint8_t *data, size_t len) {
  if (change->fresh == NULL) {
    return smtpc_store_fail(error, SMTPC_STORE_MISUSE, "%s: no change begun",
                            path);
  }
  int cause = put_in_place(change, path, data, len);
  if (cause != 0) {
    (void)unlink(change->fresh);
  } else {
    cause = smtpc_file_sync_parent(path);
  }
  free(change->fresh);
  *change = (smtpc_file_change){0};
  return cause == 0 ? SMTPC_STORE_OK
                    : smtpc_store_fail_errno(error, cause, "replace it", path);
}

void smtpc_file_change_abort(smtpc_file_change *change) {
  if (change->fresh != NULL) {
    (void)close(change->fd);
    (void)unlink(change->fresh);
    free(change->fresh);
  }
  *change = (smtpc_file_change){0};
}
