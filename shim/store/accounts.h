// Accounts: who may log in. A text file with one account a line, passwords hashed.
//
//     # comment; empty lines are skipped too
//     printer:$y$j9T$SALT$HASH:scram-sha-256=15000,SALT,STORED,SERVER
//     scanner:$y$j9T$SALT$HASH:cram-md5=0123...cdef
//
//     line  = name ":" hash [ ":cram-md5=" 64HEXDIG ]
//             [ ":scram-sha-1=" keys ] [ ":scram-sha-256=" keys ]
//     name  = 1 to 255 octets of UTF-8, no control character, no ":", no "#" in
//             front, no space at either end
//     hash  = "$y$" 3 parameters "$" 22 of salt "$" 43 of hash: yescrypt as
//             libxcrypt writes it, see crypt(5)
//     keys  = iterations "," salt "," stored "," server
//             iterations: decimal, 4096 to 2000000, no zero in front; the others:
//             base64 of 16 octets, of StoredKey and of ServerKey (RFC 5802)
//
// Lines end in LF. A name stands there once, and is compared octet for octet:
// without case folding, without Unicode normalization.
//
// The fields behind the hash say what the account can use besides PLAIN and LOGIN.
// What each weakens, for whoever reads the file:
//
//   cram-md5       the two MD5 states (inner, then outer) that HMAC-MD5 reaches after
//                  the key. They are enough to log in by CRAM-MD5, without the
//                  password, and to test guesses of it at the speed of MD5 rather
//                  than of yescrypt
//   scram-sha-*    they are not enough to log in; together with one exchange that was
//                  seen in clear they are. They are enough to act as this server
//                  towards the account, and to test guesses at the speed of PBKDF2,
//                  which falls with the iterations
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
#define SMTPC_ACCOUNTS_SALT_LEN 16u       // octets of a salt of SCRAM
#define SMTPC_ACCOUNTS_SIGNATURE_MAX 32u  // octets of SCRAM's longest digest
#define SMTPC_ACCOUNTS_LINE_MAX 1024u     // octets of a line, without its LF
#define SMTPC_ACCOUNTS_FILE_MAX 4194304u  // octets of the file

// SMTPC_ACCOUNTS_COST_MAX bounds what one hash may cost, also in a file that is
// read: each step doubles time and memory, more or less. 5 is libxcrypt's choice.
#define SMTPC_ACCOUNTS_COST_DEFAULT 5u
#define SMTPC_ACCOUNTS_COST_MAX 11u

// How often SCRAM hashes a password. It is the client that does it, at each login: a
// small device may need seconds for many. RFC 7677 section 4 names 4096 as the least,
// and 15000 for 0.1 seconds of a machine of 2015.
#define SMTPC_ACCOUNTS_ITERATIONS_MIN 4096u
#define SMTPC_ACCOUNTS_ITERATIONS_DEFAULT 15000u
#define SMTPC_ACCOUNTS_ITERATIONS_MAX 2000000u

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

// smtpc_accounts_mechanisms returns which mechanisms these accounts can serve, as
// SMTPC_MECH bits of `smtpcore/registry.h`. A server offers no other ones.
//
//   PLAIN, LOGIN   always
//   CRAM-MD5       when any account has its field: it is there for a client that
//                  insists on it
//   SCRAM-SHA-1, SCRAM-SHA-256, and their -PLUS forms
//                  when every account has the field. A client takes the best that it
//                  sees, and does not try another one: an account without the field
//                  could not log in any more. `smtpc_accounts_warning` tells when some
//                  have it and others do not. The -PLUS forms want a binding to the
//                  TLS channel too, which is not the accounts' business
uint64_t smtpc_accounts_mechanisms(const smtpc_accounts *accounts);

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

// smtpc_accounts_scram_salt writes the salt and the iterations of an account for
// `mechanism` (an smtpc_mechanism), and returns true; for another mechanism than SCRAM
// it returns false, and `*out_iterations` is 0.
//
// A name that is not there, or has no such field, gets a salt that is made up: the
// same one each time, also after a restart and on another machine, as long as the line
// of the account that sorts first stays as it is. Its iterations are those of the first
// account that has the field. So names cannot be told apart while all accounts have
// the field and the same iterations.
//= RFC 5802 section 5.1
SMTPC_NODISCARD bool smtpc_accounts_scram_salt(
    const smtpc_accounts *accounts, unsigned mechanism, const uint8_t *name,
    size_t name_len, uint8_t salt[SMTPC_ACCOUNTS_SALT_LEN],
    uint32_t *out_iterations);

// smtpc_accounts_proof is what SCRAM's last question to a server is: of a name, the
// text that a proof is made over (RFC 5802's AuthMessage), and the proof.
typedef struct smtpc_accounts_proof {
  unsigned mechanism;  // an smtpc_mechanism
  const uint8_t *name;
  size_t name_len;
  const uint8_t *text;
  size_t text_len;
  const uint8_t *proof;
  size_t proof_len;
} smtpc_accounts_proof;

// smtpc_accounts_check_scram returns whether the account is there, has the field of
// the mechanism, and the proof is right. Then it writes the server's signature, as
// long as the digest (20 or 32 octets), to `signature`; else it leaves that as it
// was. The digests are computed for unknown names too, and compared in constant time.
// It costs microseconds, and may be called from several threads at once.
//= RFC 5802 section 3
SMTPC_NODISCARD bool smtpc_accounts_check_scram(
    const smtpc_accounts *accounts, const smtpc_accounts_proof *given,
    uint8_t signature[SMTPC_ACCOUNTS_SIGNATURE_MAX]);

// smtpc_accounts_entry is what one line of the file is made from. All is borrowed;
// the caller wipes the password.
typedef struct smtpc_accounts_entry {
  const uint8_t *name;
  size_t name_len;
  const uint8_t *password;
  size_t password_len;
  bool cram_md5;  // write these fields too; see above what each weakens
  bool scram_sha_1;
  bool scram_sha_256;
  unsigned cost;        // 1 to SMTPC_ACCOUNTS_COST_MAX, or 0: the default
  uint32_t iterations;  // of SCRAM, MIN to MAX of above, or 0: the default
} smtpc_accounts_entry;

// smtpc_accounts_write_entry adds the account to the file `path`, or puts it in the
// place of the account of that name; it makes the file when it is missing. All
// other lines stay as they are, to the octet, also wrong ones. The file is
// replaced in one step (see `smtpc_file_change_begin`) and has mode 0600 and the
// caller as its owner afterwards. A symbolic link is replaced, not followed.
//
// It returns SMTPC_STORE_OK; SMTPC_STORE_FORMAT for a name or a password that
// cannot be one (empty, too long, an octet that is not allowed; in a password NUL,
// CR and LF are not), a cost over the maximum, or iterations out of range;
// SMTPC_STORE_UNSAFE when others can write the file; SMTPC_STORE_BUSY when another
// command is writing; SMTPC_STORE_TOO_LARGE when it would not load any more; or the
// status of the system call that failed. Then the file is as it was.
SMTPC_NODISCARD smtpc_store_status
smtpc_accounts_write_entry(smtpc_store_error *error, const char *path,
                           const smtpc_accounts_entry *entry);

#endif  // SMTPCORE_SHIM_STORE_ACCOUNTS_H
