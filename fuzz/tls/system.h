// System: the files and the clock that shim/boringssl asks for, made to be the
// harness's.
//
// A program that links `//fuzz/tls` with `-Wl,--wrap=` for fopen, opendir, readdir,
// closedir and time asks here. As long as it is shut, which it is at first, all of
// them do what they always do; while it is open there are no files but those of
// `tls_system_put`, and the clock stands. Only reading is so: what is written is always
// a true file, since an engine keeps the input that ended it in the middle of a run.
#ifndef SMTPCORE_FUZZ_TLS_SYSTEM_H
#define SMTPCORE_FUZZ_TLS_SYSTEM_H

#include <stddef.h>
#include <stdint.h>

#define TLS_SYSTEM_FILES_MAX 16u
#define TLS_SYSTEM_PATH_MAX 4200u

// tls_system_open opens a system without any file, whose clock says `now`. tls_system_shut
// gives the true one back.
void tls_system_open(int64_t now);
void tls_system_shut(void);

// tls_system_is_open returns 1 while it is open.
int tls_system_is_open(void);

// tls_system_file is a file. After its octets there are `more` that are 'x', and then the
// file ends, or reading it fails.
typedef struct tls_system_file {
  const uint8_t *data;  // borrowed while it is open
  size_t len;
  size_t more;
  int fails;
} tls_system_file;

// tls_system_put puts a file at `path`, in place of the one that was there. The part of
// its path before the last slash is a directory. It returns 0 when there are
// TLS_SYSTEM_FILES_MAX others, or the path is longer than TLS_SYSTEM_PATH_MAX.
int tls_system_put(const char *path, const tls_system_file *file);

// tls_system_get returns a file, or NULL.
const tls_system_file *tls_system_get(const char *path);

// tls_system_name returns the path of the file of a number, from 0; NULL: there are fewer.
const char *tls_system_name(size_t number);

// tls_system_handles returns how many files and directories were opened and not closed.
size_t tls_system_handles(void);

#endif  // SMTPCORE_FUZZ_TLS_SYSTEM_H
