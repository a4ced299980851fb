// Accounts: who may log in. A text file with one account a line, passwords hashed.
//
//     # comment; empty lines are skipped too
//     printer:$y$j9T$SALT$HASH
//     scanner:$y$j9T$SALT$HASH:cram-md5=0123...cdef
//
//     line  = name ":" hash [ ":cram-md5=" 64HEXDIG ]
//     name  = 1 to 255 octets of UTF-8, no control character, no ":", no "#" in
//             front, no space at either end
//     hash  = "$y$" 3 parameters "$" 22 of salt "$" 43 of hash: yescrypt as
//             libxcrypt writes it, see crypt(5)
//
// Lines end in LF. A name stands there once, and is compared octet for octet:
// without case folding, without Unicode normalization.
//
// The third field is there when the account may use CRAM-MD5. It holds the two MD5
// states (inner, then outer) that HMAC-MD5 reaches after the key. What that
// weakens: whoever reads this field can log in by CRAM-MD5 without the password,
// and can test guesses of it at the speed of MD5 rather than of yescrypt. Without
// the field an account has PLAIN and LOGIN only.
//
// The file may be writable by its owner only, else it is refused. When everybody
// can read it, or it belongs to another user than the server's and root, it is
// used, with a warning.
//
// All that was read or computed from a password or a hash is wiped after use.
#ifndef SMTPCORE_SHIM_STORE_ACCOUNTS_H
#define SMTPCORE_SHIM_STORE_ACCOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shim/store/files.h"

#define SMTPC_ACCOUNTS_NAME_MAX 255u      // octets of a name
#define SMTPC_ACCOUNTS_PASSWORD_MAX 255u  // octets of a password
#define SMTPC_ACCOUNTS_DIGEST_LEN 16u     // octets of an HMAC-MD5 digest
#define SMTPC_ACCOUNTS_LINE_MAX 1024u     // octets of a line, without its LF
#define SMTPC_ACCOUNTS_FILE_MAX 4194304u  // octets of the file

// SMTPC_ACCOUNTS_COST_MAX bounds what one hash may cost, also in a file that is
// read: each step doubles time and memory, more or less. 5 is libxcrypt's choice.
#define SMTPC_ACCOUNTS_COST_DEFAULT 5u
#define SMTPC_ACCOUNTS_COST_MAX 11u

typedef struct smtpc_accounts smtpc_accounts;

// smtpc_accounts_load reads the file `path` into `*out`.
//
// It returns SMTPC_STORE_OK; SMTPC_STORE_FORMAT with "path:line: what is wrong;
// the mend" for the first wrong line; SMTPC_STORE_UNSAFE when group or others can
// write the file; SMTPC_STORE_TOO_LARGE; or the status of the system call that
// failed. On failure `*out` is NULL. A file without accounts is legal: nobody can
// log in.
SMTPC_NODISCARD smtpc_store_status smtpc_accounts_load(smtpc_accounts **out,
                                                       smtpc_store_error *error,
                                                       const char *path);

// smtpc_accounts_free wipes and frees `accounts`, which may be NULL.
void smtpc_accounts_free(smtpc_accounts *accounts);

// smtpc_accounts_count returns how many accounts there are.
size_t smtpc_accounts_count(const smtpc_accounts *accounts);

// smtpc_accounts_warning returns one line to show to the operator at start, or ""
// when there is nothing to say. It lives as long as `accounts`.
const char *smtpc_accounts_warning(const smtpc_accounts *accounts);

// smtpc_accounts_has_cram_md5 returns whether any account has a CRAM-MD5 field. A
// server that offers CRAM-MD5 without one could only refuse.
bool smtpc_accounts_has_cram_md5(const smtpc_accounts *accounts);

// smtpc_accounts_check_password returns whether the account `name` is there and has
// this password. Pointers may be NULL when their length is 0.
//
// An unknown name, a wrong password, and one that is never right (empty, too long,
// with a NUL) each cost one hash of the same kind, so the time tells a stranger
// nothing. That holds as long as all lines have the same parameters: the hash for
// an unknown name has those of the account that sorts first. Out of memory is
// false.
//
// Cost: one yescrypt hash, on purpose slow (some 10 ms and 16 MiB at the default
// cost). It may be called from several threads at once, and an event loop calls it
// from a worker thread.
SMTPC_NODISCARD bool smtpc_accounts_check_password(
    const smtpc_accounts *accounts, const uint8_t *name, size_t name_len,
    const uint8_t *password, size_t password_len);

// smtpc_accounts_check_cram_md5 returns whether the account `name` is there, has a
// CRAM-MD5 field, and `digest` (SMTPC_ACCOUNTS_DIGEST_LEN octets) is HMAC-MD5 of
// `challenge` under its password. The digest is computed for unknown names too,
// and compared in constant time. It may be called from several threads at once.
//= RFC 2195 section 2
SMTPC_NODISCARD bool smtpc_accounts_check_cram_md5(
    const smtpc_accounts *accounts, const uint8_t *name, size_t name_len,
    const uint8_t *challenge, size_t challenge_len, const uint8_t *digest);

// smtpc_accounts_entry is what one line of the file is made from. All is borrowed;
// the caller wipes the password.
typedef struct smtpc_accounts_entry {
  const uint8_t *name;
  size_t name_len;
  const uint8_t *password;
  size_t password_len;
  bool cram_md5;  // write the CRAM-MD5 field too; see above what that weakens
  unsigned cost;  // 1 to SMTPC_ACCOUNTS_COST_MAX, or 0: the default
} smtpc_accounts_entry;

// smtpc_accounts_write_entry adds the account to the file `path`, or puts it in the
// place of the account of that name; it makes the file when it is missing. All
// other lines stay as they are, to the octet, also wrong ones. The file is
// replaced in one step (see `smtpc_file_change_begin`) and has mode 0600 and the
// caller as its owner afterwards. A symbolic link is replaced, not followed.
//
// It returns SMTPC_STORE_OK; SMTPC_STORE_FORMAT for a name or a password that
// cannot be one (empty, too long, an octet that is not allowed; in a password NUL,
// CR and LF are not) or a cost over the maximum; SMTPC_STORE_UNSAFE when others can
// write the file; SMTPC_STORE_BUSY when another command is writing;
// SMTPC_STORE_TOO_LARGE when it would not load any more; or the status of the
// system call that failed. Then the file is as it was.
SMTPC_NODISCARD smtpc_store_status
smtpc_accounts_write_entry(smtpc_store_error *error, const char *path,
                           const smtpc_accounts_entry *entry);

#endif  // SMTPCORE_SHIM_STORE_ACCOUNTS_H
