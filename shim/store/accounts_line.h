// One line of the accounts file: what reading (accounts.c) and writing
// (accounts_write.c) share. See accounts.h for the format.
#ifndef SMTPCORE_SHIM_STORE_ACCOUNTS_LINE_H
#define SMTPCORE_SHIM_STORE_ACCOUNTS_LINE_H

#include <crypt.h>
#include <nettle/hmac.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shim/store/accounts.h"

#define SMTPC_ACCOUNTS_PREFIX "$y$"
#define SMTPC_ACCOUNTS_HASH_LEN 73u  // "$y$" + 3 + "$" + 22 + "$" + 43
#define SMTPC_ACCOUNTS_CRAM_WORD "cram-md5="
#define SMTPC_ACCOUNTS_CRAM_WORD_LEN 9u
#define SMTPC_ACCOUNTS_CRAM_LEN 32u  // inner state, outer state

// smtpc_accounts_find_octet returns the offset of the first `octet` in
// data[from .. to), or `to`.
size_t smtpc_accounts_find_octet(const uint8_t *data, size_t from, size_t to,
                                 uint8_t octet);

// smtpc_accounts_name_problem returns what is wrong with a name, or NULL.
const char *smtpc_accounts_name_problem(const uint8_t *name, size_t len);

// smtpc_accounts_name_order returns less than, equal to or more than 0 as memcmp
// does.
int smtpc_accounts_name_order(const uint8_t *a, size_t a_len, const uint8_t *b,
                              size_t b_len);

// smtpc_accounts_is_hash returns whether a field is a yescrypt hash that crypt can
// compute, at a bounded cost. One that it cannot would be refused at once, and so
// tell that the name exists.
bool smtpc_accounts_is_hash(const uint8_t *field, size_t len);

// smtpc_accounts_read_cram reads the third field, and returns false when it is
// something else.
bool smtpc_accounts_read_cram(uint8_t out[SMTPC_ACCOUNTS_CRAM_LEN],
                              const uint8_t *field, size_t len);

// smtpc_accounts_write_cram writes the third field for a password, and returns its
// length, SMTPC_ACCOUNTS_CRAM_WORD_LEN + 2 * SMTPC_ACCOUNTS_CRAM_LEN octets.
size_t smtpc_accounts_write_cram(uint8_t *out, const uint8_t *password,
                                 size_t len);

// smtpc_accounts_cram_hmac sets `*hmac` to where HMAC-MD5 stands after the key.
void smtpc_accounts_cram_hmac(struct hmac_md5_ctx *hmac,
                              const uint8_t states[SMTPC_ACCOUNTS_CRAM_LEN]);

// smtpc_accounts_hasher is the memory of one hash. Who has one wipes it.
typedef struct smtpc_accounts_hasher {
  struct crypt_data crypt;  // zero before use
  char phrase[SMTPC_ACCOUNTS_PASSWORD_MAX + 1u];
} smtpc_accounts_hasher;

// smtpc_accounts_set_phrase copies a password as the string that crypt wants. It
// returns false, with an empty string in its place, when it cannot be one: empty,
// too long, or with a NUL.
bool smtpc_accounts_set_phrase(smtpc_accounts_hasher *hasher,
                               const uint8_t *password, size_t len);

// smtpc_accounts_check_mode refuses a file that group or others can write.
smtpc_store_status smtpc_accounts_check_mode(const smtpc_file *file,
                                             smtpc_store_error *error,
                                             const char *path);

#endif  // SMTPCORE_SHIM_STORE_ACCOUNTS_LINE_H
