// Token: what OAUTHBEARER and XOAUTH2 send in place of a password, from a file.
#ifndef SMTPCORE_TOKEN_H
#define SMTPCORE_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shim/store/files.h"

// SMTPC_TOKEN_MAX is the longest token, in octets: as base64, with a name, it fits a
// line of AUTH (RFC 4954 section 4).
#define SMTPC_TOKEN_MAX 8192u

#define SMTPC_TOKEN_PROBLEM_MAX 600u

// smtpc_token is a token. All-zero: none. Wipe it after use.
typedef struct smtpc_token {
  smtpc_file file;
  size_t len;  // octets of `file.data` that are the token
} smtpc_token;

// smtpc_token_read takes the one line of the file `path`, which nobody but its owner
// and group may read. A token has letters, digits and -._~+/, and perhaps = at its end
// (RFC 6750 section 2.1). If it fails, `*out` is all zero and `problem` names the file
// and the mend.
bool smtpc_token_read(smtpc_token *out, const char *path,
                      char problem[SMTPC_TOKEN_PROBLEM_MAX]);

// smtpc_token_wipe wipes and frees it.
void smtpc_token_wipe(smtpc_token *token);

#endif  // SMTPCORE_TOKEN_H
