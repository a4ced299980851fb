// Files: what the store shares. One status enum, one error with words for a
// person, reading a file whole, and replacing a file in one step.
//
// Every function here that can fail returns an `smtpc_store_status`, which says
// what a server has to answer, and fills an `smtpc_store_error`, which says what
// an operator has to read: the file, the line where there is one, what is wrong,
// and the mend. A pointer to the error may be NULL. On success it is left alone.
//
// Nothing here is called from the core, and no octet from the wire ever becomes
// part of a path.
#ifndef SMTPCORE_SHIM_STORE_FILES_H
#define SMTPCORE_SHIM_STORE_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "smtpcore/status.h"

// SMTPC_STORE_STATUS_LIST(X) is X(identifier, value, "stable-name") for each
// status. While mail is received FULL is answered with 452, every other failure
// with 451: each may pass, so the sender keeps the message and tries again.
#define SMTPC_STORE_STATUS_LIST(X)                                          \
  X(SMTPC_STORE_OK, 0, "ok")                                                \
  X(SMTPC_STORE_FULL, 1, "full") /* disk, quota or file size limit */       \
  X(SMTPC_STORE_MISSING, 2, "missing")                                      \
  X(SMTPC_STORE_NOT_DIRECTORY, 3, "not-directory")                          \
  X(SMTPC_STORE_DENIED, 4, "denied") /* no right, or read-only */           \
  X(SMTPC_STORE_BUSY, 5, "busy")     /* no memory, no descriptor, locked */ \
  X(SMTPC_STORE_IO, 6, "io")         /* the device or anything else */      \
  X(SMTPC_STORE_TOO_LARGE, 7, "too-large")                                  \
  X(SMTPC_STORE_FORMAT, 8, "format")  /* what the file says is wrong */     \
  X(SMTPC_STORE_UNSAFE, 9, "unsafe")  /* others can change the file */      \
  X(SMTPC_STORE_MISUSE, 10, "misuse") /* the caller broke the contract */

typedef enum smtpc_store_status {
#define SMTPC_STORE_STATUS_ENUM(id, value, name) id = value,
  SMTPC_STORE_STATUS_LIST(SMTPC_STORE_STATUS_ENUM)
#undef SMTPC_STORE_STATUS_ENUM
} smtpc_store_status;

#define SMTPC_STORE_TEXT_MAX 512u

// smtpc_store_error is a failure in words: one line, NUL-terminated, no line end.
// It never holds a password, a hash or content of a message.
typedef struct smtpc_store_error {
  smtpc_store_status status;
  int cause;  // errno, or 0 when no call of the system failed
  char text[SMTPC_STORE_TEXT_MAX];
} smtpc_store_error;

// smtpc_store_status_name returns the stable name of `status`, or "unknown".
const char *smtpc_store_status_name(smtpc_store_status status);

// smtpc_store_status_of returns the status for a value of errno other than 0.
smtpc_store_status smtpc_store_status_of(int cause);

// smtpc_store_fail fills `*error`, unless it is NULL, with `status` and the text
// that printf would make, and returns `status`. Text over the maximum is cut.
smtpc_store_status smtpc_store_fail(smtpc_store_error *error,
                                    smtpc_store_status status,
                                    const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// smtpc_store_fail_errno fills `*error`, unless it is NULL, for the errno value
// `cause` that came of doing `what` to `path`, with the mend where there is a
// usual one, and returns the status of `cause`.
smtpc_store_status smtpc_store_fail_errno(smtpc_store_error *error, int cause,
                                          const char *what, const char *path);

// smtpc_store_join returns a new string of `a`, `b` and `c` in a row, which the
// caller frees, or NULL when there is no memory.
char *smtpc_store_join(const char *a, const char *b, const char *c);

// smtpc_file is a file's content in memory, and facts taken from the same open
// file. `data` has one NUL more than `len`, for readers that want a string.
typedef struct smtpc_file {
  uint8_t *data;
  size_t len;
  uint32_t mode;   // permission bits
  uint32_t owner;  // user id
} smtpc_file;

// smtpc_file_read reads all of `path`, which has at most `max` octets, into
// `*out`; `smtpc_file_free` ends it. A pipe is read to its end; a directory is
// refused. On failure `*out` is all zero.
SMTPC_NODISCARD smtpc_store_status smtpc_file_read(smtpc_file *out,
                                                   smtpc_store_error *error,
                                                   const char *path,
                                                   size_t max);

// smtpc_file_free wipes the content, which may be a key or a password, and frees
// it. An all-zero `*file` is legal, and `*file` is all zero afterwards.
void smtpc_file_free(smtpc_file *file);

// smtpc_file_change is the replacement of one file. All-zero: none.
typedef struct smtpc_file_change {
  char *fresh;  // the new file: the path + ".new"
  int fd;
} smtpc_file_change;

// smtpc_file_change_begin begins to replace `path`, which need not exist: it
// creates the new file beside it, mode 0600. The new file is also a lock: while
// it is there, a second caller gets SMTPC_STORE_BUSY, with words that say what to
// remove if a command was killed in between. On failure `*out` is all zero.
SMTPC_NODISCARD smtpc_store_status smtpc_file_change_begin(
    smtpc_file_change *out, smtpc_store_error *error, const char *path);

// smtpc_file_change_commit writes `len` octets to the new file, syncs it, renames
// it to `path` and syncs the directory. `*change` is all zero afterwards. On
// failure the old file is as it was and the new one is gone. Only a failure of
// the last sync is different: then `path` is the new file, but may be the old one
// again after a power cut.
SMTPC_NODISCARD smtpc_store_status
smtpc_file_change_commit(smtpc_file_change *change, smtpc_store_error *error,
                         const char *path, const uint8_t *data, size_t len);

// smtpc_file_change_abort removes the new file. An all-zero `*change` is legal.
void smtpc_file_change_abort(smtpc_file_change *change);

// smtpc_file_write writes all `len` octets of `data` to `fd`, going on after a
// signal and after a short write. It returns 0, or the errno value.
int smtpc_file_write(int fd, const uint8_t *data, size_t len);

// smtpc_file_sync_directory makes the names in directory `path` durable. It
// returns 0, or the errno value.
int smtpc_file_sync_directory(const char *path);

// smtpc_file_sync_parent makes the name of `path` durable in the directory that
// holds it. It returns 0, or the errno value.
int smtpc_file_sync_parent(const char *path);

#endif  // SMTPCORE_SHIM_STORE_FILES_H
