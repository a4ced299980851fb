// Testing: what the tests of the store share. Test code only.
#ifndef SMTPCORE_SHIM_STORE_STORE_TESTING_H
#define SMTPCORE_SHIM_STORE_STORE_TESTING_H

// cmocka.h needs the others before it.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
// clang-format on

#include "shim/store/files.h"

#define STORE_PATH_MAX 4096u

// store_folder_make makes an empty folder of the test's own and writes its path to
// `out`. It may be used as a cmocka set-up with `store_folder`.
void store_folder_make(char out[STORE_PATH_MAX]);

// store_folder_remove removes a folder and all in it.
void store_folder_remove(const char *path);

// store_path writes `folder` + "/" + `name` to `out`.
void store_path(char out[STORE_PATH_MAX], const char *folder, const char *name);

// store_count returns how many files the folder has, or -1 when it is not there.
int store_count(const char *folder);

// store_put writes a file, mode `mode` whatever the umask.
void store_put(const char *path, const char *text, unsigned mode);

// store_text returns the content of a file as a new string, which the caller frees.
char *store_text(const char *path);

// store_status fails the test with both names and the error's text when the
// statuses differ.
#define store_status(have, want, error) \
  store_status_at(have, want, error, __FILE__, __LINE__)
void store_status_at(smtpc_store_status have, smtpc_store_status want,
                     const smtpc_store_error *error, const char *file,
                     int line);

// store_says fails the test when the error's text does not have `part` in it.
#define store_says(error, part) store_says_at(error, part, __FILE__, __LINE__)
void store_says_at(const smtpc_store_error *error, const char *part,
                   const char *file, int line);

// store_copy returns an exact-size heap copy, so that a sanitizer sees a read one
// octet past it. The caller frees it.
uint8_t *store_copy(const void *data, size_t len);

#endif  // SMTPCORE_SHIM_STORE_STORE_TESTING_H
