// What an account holds for SCRAM (RFC 5802 section 3): how it is read, written,
// used, and made up for a name that has none. See accounts.h for the format.
#ifndef SMTPCORE_SHIM_STORE_ACCOUNTS_SCRAM_H
#define SMTPCORE_SHIM_STORE_ACCOUNTS_SCRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shim/store/accounts.h"

// smtpc_accounts_hash says which of the two SCRAM fields is meant.
typedef enum smtpc_accounts_hash {
  SMTPC_ACCOUNTS_SHA1 = 0,
  SMTPC_ACCOUNTS_SHA256 = 1,
  SMTPC_ACCOUNTS_HASH_COUNT
} smtpc_accounts_hash;

// smtpc_accounts_scram is what one field says. All-zero: there is none.
typedef struct smtpc_accounts_scram {
  uint32_t iterations;
  uint8_t salt[SMTPC_ACCOUNTS_SALT_LEN];
  uint8_t stored[SMTPC_ACCOUNTS_SIGNATURE_MAX];
  uint8_t server[SMTPC_ACCOUNTS_SIGNATURE_MAX];
} smtpc_accounts_scram;

// SMTPC_ACCOUNTS_SCRAM_FIELD_MAX is the longest field with its word:
// "scram-sha-256=", 7 digits, and base64 of 16, 32 and 32 octets behind commas.
#define SMTPC_ACCOUNTS_SCRAM_FIELD_MAX (14u + 7u + 25u + 45u + 45u)

// smtpc_accounts_scram_hash_of returns the hash of a SCRAM mechanism (an
// smtpc_mechanism), or SMTPC_ACCOUNTS_HASH_COUNT.
smtpc_accounts_hash smtpc_accounts_scram_hash_of(unsigned mechanism);

// smtpc_accounts_scram_word returns what the field of `hash` begins with.
const char *smtpc_accounts_scram_word(smtpc_accounts_hash hash);

// smtpc_accounts_scram_len returns the octets of a digest.
size_t smtpc_accounts_scram_len(smtpc_accounts_hash hash);

// smtpc_accounts_scram_read reads a field behind its word, and returns whether it is
// one. If not, `*out` is all zero.
bool smtpc_accounts_scram_read(smtpc_accounts_scram *out,
                               smtpc_accounts_hash hash, const uint8_t *text,
                               size_t len);

// smtpc_accounts_scram_make makes what an account holds of its password, `salt` and
// `iterations`, which are set in `*state` before.
void smtpc_accounts_scram_make(smtpc_accounts_scram *state,
                               smtpc_accounts_hash hash,
                               const uint8_t *password, size_t len);

// smtpc_accounts_scram_write writes a field with its word, and returns its length, at
// most SMTPC_ACCOUNTS_SCRAM_FIELD_MAX.
size_t smtpc_accounts_scram_write(uint8_t *out,
                                  const smtpc_accounts_scram *state,
                                  smtpc_accounts_hash hash);

// smtpc_accounts_scram_judge returns whether `proof`, as long as the digest, is right
// for `text`, and writes the server's signature, right or not.
bool smtpc_accounts_scram_judge(
    const smtpc_accounts_scram *state, smtpc_accounts_hash hash,
    const uint8_t *text, size_t text_len, const uint8_t *proof,
    uint8_t signature[SMTPC_ACCOUNTS_SIGNATURE_MAX]);

// smtpc_accounts_scram_seed makes the secret that salts are made up with, of a text
// that no stranger knows.
void smtpc_accounts_scram_seed(uint8_t seed[SMTPC_ACCOUNTS_SIGNATURE_MAX],
                               const char *text);

// smtpc_accounts_scram_made_up makes up the salt of a name that has none: the same
// one each time, and one of its own for each hash.
void smtpc_accounts_scram_made_up(
    uint8_t salt[SMTPC_ACCOUNTS_SALT_LEN],
    const uint8_t seed[SMTPC_ACCOUNTS_SIGNATURE_MAX], smtpc_accounts_hash hash,
    const uint8_t *name, size_t len);

#endif  // SMTPCORE_SHIM_STORE_ACCOUNTS_SCRAM_H
