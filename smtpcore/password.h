// Password: from a file, or from whoever sits at the terminal.
#ifndef SMTPCORE_PASSWORD_H
#define SMTPCORE_PASSWORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SMTPC_PASSWORD_LINE_MAX 255u

// smtpc_password is a password. Wipe it after use.
typedef struct smtpc_password {
  size_t len;
  uint8_t data[SMTPC_PASSWORD_LINE_MAX];
} smtpc_password;

#define SMTPC_PASSWORD_PROBLEM_MAX 600u

// smtpc_password_set takes `len` octets, less one line end at their end, as the
// password. It returns whether they can be one: not empty, at most 255 octets,
// without NUL, CR and LF. If not, `*out` is empty and `problem` says why.
bool smtpc_password_set(smtpc_password *out, const uint8_t *data, size_t len,
                        char problem[SMTPC_PASSWORD_PROBLEM_MAX]);

// smtpc_password_read takes the content of the file `path`, which nobody but
// its owner and group may read. If it fails, `problem` names the file and the
// mend.
bool smtpc_password_read(smtpc_password *out, const char *path,
                         char problem[SMTPC_PASSWORD_PROBLEM_MAX]);

// smtpc_password_ask asks twice at the terminal that is standard input, without
// showing what is typed.
bool smtpc_password_ask(smtpc_password *out,
                        char problem[SMTPC_PASSWORD_PROBLEM_MAX]);

// smtpc_password_wipe wipes it.
void smtpc_password_wipe(smtpc_password *password);

#endif  // SMTPCORE_PASSWORD_H
