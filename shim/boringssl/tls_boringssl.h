// BoringSSL: how the contexts of `smtpcore/tls.h` are made with this library,
// and the few pieces of cryptography that a session asks its shim for.
//
// The rules that no setting here can weaken: no renegotiation, no early data,
// no session resumption in either role, no compression, the common name of a
// certificate is never looked at, a wildcard stands for one label, a client
// never shows a certificate, and a client that offers application protocols
// without "smtp" is refused.
//
// A context may be shared by many engines. It is not to be changed while
// another thread uses it.
#ifndef SMTPCORE_SHIM_BORINGSSL_TLS_BORINGSSL_H
#define SMTPCORE_SHIM_BORINGSSL_TLS_BORINGSSL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "smtpcore/sasl.h"
#include "smtpcore/status.h"
#include "smtpcore/tls.h"

// SMTPC_BORINGSSL_HANDSHAKE_MAX is how many octets a peer may send before its
// handshake is over. The next one fails the engine with PROTOCOL.
#define SMTPC_BORINGSSL_HANDSHAKE_MAX 262144u

// SMTPC_BORINGSSL_FILE_MAX is the largest file that is read, in octets.
#define SMTPC_BORINGSSL_FILE_MAX 4194304u

// SMTPC_BORINGSSL_CHAIN_MAX is how many certificates a server's file may hold.
#define SMTPC_BORINGSSL_CHAIN_MAX 8u

// SMTPC_BORINGSSL_DAYS_MAX is the longest validity that a made certificate may
// have.
#define SMTPC_BORINGSSL_DAYS_MAX 36500u

// SMTPC_BORINGSSL_ERROR_LIST(X) is X(identifier, "stable-name", "what it
// means"). When memory ends in the middle of a call it returns LIBRARY, or, where
// the library does not say why it refuses, the error of what it refuses: never
// NONE.
#define SMTPC_BORINGSSL_ERROR_LIST(X)                                       \
  X(NONE, "none", "no error")                                               \
  X(ARGUMENT, "argument", "the caller broke the contract")                  \
  X(LIBRARY, "library", "the library has no memory or no entropy")          \
  X(CERTIFICATE_FILE, "certificate-file",                                   \
    "the certificate file cannot be read, or is too large")                 \
  X(KEY_FILE, "key-file", "the key file cannot be read, or is too large")   \
  X(CERTIFICATE_PEM, "certificate-pem",                                     \
    "there is no PEM certificate, or a broken one, or too many")            \
  X(KEY_PEM, "key-pem", "there is no PEM private key, or a broken one")     \
  X(KEY_ENCRYPTED, "key-encrypted", "the private key wants a pass phrase")  \
  X(KEY_MISMATCH, "key-mismatch", "the key is not that of the certificate") \
  X(KEY_UNUSABLE, "key-unusable", "TLS here cannot use a key of this type") \
  X(ROOTS_FILE, "roots-file",                                               \
    "the trusted certificates cannot be read, or are too large")            \
  X(ROOTS_PEM, "roots-pem",                                                 \
    "there is no PEM certificate among the trusted ones, or a broken one")  \
  X(CIPHERS, "ciphers", "the list of ciphers names one that is not known")  \
  X(NAME, "name", "the name is neither a host name nor an IP address")

typedef enum smtpc_boringssl_error {
#define SMTPC_BORINGSSL_ERROR_ENUM(id, name, meaning) SMTPC_BORINGSSL_##id,
  SMTPC_BORINGSSL_ERROR_LIST(SMTPC_BORINGSSL_ERROR_ENUM)
#undef SMTPC_BORINGSSL_ERROR_ENUM
      SMTPC_BORINGSSL_ERROR_COUNT
} smtpc_boringssl_error;

// smtpc_boringssl_error_name returns the stable name of `error`, or "unknown".
const char *smtpc_boringssl_error_name(smtpc_boringssl_error error);

// smtpc_boringssl_error_text returns what `error` means, or "unknown error".
const char *smtpc_boringssl_error_text(smtpc_boringssl_error error);

// smtpc_boringssl_context_new makes a context in `*out` that trusts nobody and
// has no certificate: a client can use it at once, a server after
// `_set_identity`. It returns NONE, ARGUMENT or LIBRARY; on an error `*out` is
// NULL. The caller ends it with `smtpc_boringssl_context_free`, after all its
// engines.
SMTPC_NODISCARD smtpc_boringssl_error
smtpc_boringssl_context_new(smtpc_tls_context **out);

// smtpc_boringssl_context_free ends a context and wipes its key. NULL is
// allowed.
void smtpc_boringssl_context_free(smtpc_tls_context *ctx);

// smtpc_boringssl_identity is what is worth a word about a server's
// certificate. Being out of date does not make it an error: the device may have
// no clock.
typedef struct smtpc_boringssl_identity {
  uint8_t expired;      // 1: its end is past
  uint8_t not_yet;      // 1: its beginning is still to come
  uint8_t chain_count;  // certificates in the file, the server's own included
} smtpc_boringssl_identity;

// smtpc_boringssl_context_set_identity gives a server its certificate and key.
//
// `cert` holds PEM: the server's own certificate, then those that lead to a
// root, if any. `key` holds its private key in PEM, without a pass phrase. RSA,
// ECDSA and Ed25519 keys do. `out` may be NULL. The octets may be wiped
// afterwards.
//
// It returns NONE, ARGUMENT, CERTIFICATE_PEM, KEY_PEM, KEY_ENCRYPTED,
// KEY_MISMATCH, KEY_UNUSABLE or LIBRARY. On an error the context keeps what it
// had, and `*out` is all zero.
SMTPC_NODISCARD smtpc_boringssl_error smtpc_boringssl_context_set_identity(
    smtpc_tls_context *ctx, const uint8_t *cert, size_t cert_len,
    const uint8_t *key, size_t key_len, smtpc_boringssl_identity *out);

// smtpc_boringssl_context_set_identity_files does the same with two files, and
// may return CERTIFICATE_FILE or KEY_FILE too. It wipes what it read of the
// key.
SMTPC_NODISCARD smtpc_boringssl_error
smtpc_boringssl_context_set_identity_files(smtpc_tls_context *ctx,
                                           const char *cert_path,
                                           const char *key_path,
                                           smtpc_boringssl_identity *out);

// smtpc_boringssl_context_add_roots makes clients trust the certificates of the
// PEM text too. It returns NONE, ARGUMENT, ROOTS_PEM or LIBRARY. `*out_count`
// becomes how many there were; NULL is allowed.
SMTPC_NODISCARD smtpc_boringssl_error smtpc_boringssl_context_add_roots(
    smtpc_tls_context *ctx, const uint8_t *pem, size_t len, size_t *out_count);

// smtpc_boringssl_context_add_roots_file does the same with a file, and may
// return ROOTS_FILE too.
SMTPC_NODISCARD smtpc_boringssl_error smtpc_boringssl_context_add_roots_file(
    smtpc_tls_context *ctx, const char *path, size_t *out_count);

// smtpc_boringssl_context_add_roots_directory does the same with each file of a
// directory whose name ends in ".pem" or ".crt". It returns ROOTS_FILE when the
// directory or one of them cannot be read, ROOTS_PEM when there is none.
SMTPC_NODISCARD smtpc_boringssl_error
smtpc_boringssl_context_add_roots_directory(smtpc_tls_context *ctx,
                                            const char *path,
                                            size_t *out_count);

// smtpc_boringssl_context_add_roots_system does the same with the system's own
// list. It returns ROOTS_FILE when there is none at the usual places.
SMTPC_NODISCARD smtpc_boringssl_error smtpc_boringssl_context_add_roots_system(
    smtpc_tls_context *ctx, size_t *out_count);

// smtpc_boringssl_context_set_ciphers sets the cipher suites for TLS 1.2 and
// older of engines that are opened later, in BoringSSL's notation; NULL goes
// back to the list of this shim. Those of TLS 1.3 are fixed. It returns NONE,
// ARGUMENT (a list of 512 octets or more), CIPHERS or LIBRARY.
SMTPC_NODISCARD smtpc_boringssl_error
smtpc_boringssl_context_set_ciphers(smtpc_tls_context *ctx, const char *list);

// smtpc_boringssl_context_set_time makes certificates be judged at `now`,
// seconds since 1970, instead of at the system's time; 0 goes back to the
// system's.
void smtpc_boringssl_context_set_time(smtpc_tls_context *ctx, int64_t now);

// smtpc_boringssl_context_native and smtpc_boringssl_native return the
// library's own object, for tests, fuzz targets and firmware that must set what
// has no function here. They belong to the context and to the engine. Whoever
// uses them answers for the rules at the top.
struct ssl_ctx_st *smtpc_boringssl_context_native(smtpc_tls_context *ctx,
                                                  smtpc_tls_role role);
struct ssl_st *smtpc_boringssl_native(smtpc_tls *tls);

// smtpc_boringssl_pem is a certificate and its private key, as PEM text. The
// lengths do not count the NUL that follows each.
typedef struct smtpc_boringssl_pem {
  char *cert;
  size_t cert_len;
  char *key;
  size_t key_len;
} smtpc_boringssl_pem;

// smtpc_boringssl_certificate_make makes a P-256 key and a certificate for it,
// signed by itself, for one server name: a host name or an IP address.
//
// It is valid from one hour before `now` (seconds since 1970; clocks disagree)
// for `days` days after it, 1 to SMTPC_BORINGSSL_DAYS_MAX, and not beyond the year
// 9999. It returns NONE,
// ARGUMENT, NAME or LIBRARY; on an error `*out` is all zero. The caller ends
// `*out` with `smtpc_boringssl_pem_free`.
SMTPC_NODISCARD smtpc_boringssl_error
smtpc_boringssl_certificate_make(const char *name, size_t name_len, int64_t now,
                                 uint32_t days, smtpc_boringssl_pem *out);

// smtpc_boringssl_pem_free wipes and frees both texts. NULL is allowed.
void smtpc_boringssl_pem_free(smtpc_boringssl_pem *pem);

// SMTPC_BORINGSSL_DIGEST_MAX is the length of the longest digest below.
#define SMTPC_BORINGSSL_DIGEST_MAX 32u

typedef enum smtpc_boringssl_hash {
  SMTPC_BORINGSSL_MD5 = 0,    // 16 octets: CRAM-MD5 alone (RFC 2195)
  SMTPC_BORINGSSL_SHA1 = 1,   // 20 octets: SCRAM-SHA-1 alone (RFC 5802)
  SMTPC_BORINGSSL_SHA256 = 2  // 32 octets: SCRAM-SHA-256 (RFC 7677)
} smtpc_boringssl_hash;

// smtpc_boringssl_digest_len returns how many octets a digest of `hash` has, or
// 0.
size_t smtpc_boringssl_digest_len(smtpc_boringssl_hash hash);

// smtpc_boringssl_digest_plain writes the digest of `data` to `out`, which has
// room for `smtpc_boringssl_digest_len(hash)` octets. It returns SMTPC_OK,
// SMTPC_E_ARGUMENT, or SMTPC_E_INTERNAL when the library fails; then `out` is
// as it was.
SMTPC_NODISCARD smtpc_status smtpc_boringssl_digest_plain(
    smtpc_boringssl_hash hash, const uint8_t *data, size_t len, uint8_t *out);

// smtpc_boringssl_digest_hmac writes the HMAC (RFC 2104) of `data` under `key`,
// in the same way.
SMTPC_NODISCARD smtpc_status smtpc_boringssl_digest_hmac(
    smtpc_boringssl_hash hash, const uint8_t *key, size_t key_len,
    const uint8_t *data, size_t len, uint8_t *out);

// smtpc_boringssl_digest_salted writes PBKDF2 (RFC 8018) with HMAC of
// `password`, `salt` and 1 to SMTPC_ITERATIONS_MAX rounds: the Hi() of SCRAM, as
// long as the digest. So many rounds take seconds.
SMTPC_NODISCARD smtpc_status smtpc_boringssl_digest_salted(
    smtpc_boringssl_hash hash, const uint8_t *password, size_t password_len,
    const uint8_t *salt, size_t salt_len, uint32_t rounds, uint8_t *out);

// smtpc_boringssl_secret is a password, and for SCRAM what it is salted with. All
// is borrowed; the caller wipes it.
typedef struct smtpc_boringssl_secret {
  const uint8_t *password;
  size_t password_len;
  const uint8_t *salt;
  size_t salt_len;
  uint32_t iterations;
} smtpc_boringssl_secret;

// smtpc_boringssl_sasl_digest answers SMTPC_DO_ASK_DIGEST of a client, for each
// mechanism that asks it. `text` is what the action's octets are. CRAM-MD5: HMAC-MD5
// of `text`, SMTPC_MD5_LEN octets; salt and iterations are not looked at. SCRAM: what
// `smtpc_boringssl_scram_client` writes. `out` has room for 2 *
// SMTPC_BORINGSSL_DIGEST_MAX octets. It returns SMTPC_OK; SMTPC_E_ARGUMENT, also for
// another mechanism; or SMTPC_E_INTERNAL. On an error `*out_len` is 0.
SMTPC_NODISCARD smtpc_status smtpc_boringssl_sasl_digest(
    unsigned mechanism, const smtpc_boringssl_secret *secret,
    const uint8_t *text, size_t text_len, uint8_t *out, size_t *out_len);

// smtpc_boringssl_hash_of sets `*out` to the hash of `mechanism` (an
// smtpc_mechanism) and returns true, or returns false for one without digests.
SMTPC_NODISCARD bool smtpc_boringssl_hash_of(unsigned mechanism,
                                             smtpc_boringssl_hash *out);

// smtpc_boringssl_scram_client writes what a client of SCRAM needs, for the
// AuthMessage `text`: ClientProof, and behind it ServerSignature, each as long as
// the digest. `hash` is SHA1 or SHA256, the salt is not empty, and there are 1 to
// SMTPC_ITERATIONS_MAX iterations. It returns SMTPC_OK, SMTPC_E_ARGUMENT, or
// SMTPC_E_INTERNAL; on an error `out` is as it was.
//= RFC 5802 section 3
SMTPC_NODISCARD smtpc_status smtpc_boringssl_scram_client(
    smtpc_boringssl_hash hash, const smtpc_boringssl_secret *secret,
    const uint8_t *text, size_t text_len, uint8_t *out);

// smtpc_boringssl_scram_keys writes what a server of SCRAM stores in place of a
// password, in the same way: StoredKey, and behind it ServerKey. Who reads them can
// test guesses of the password, and can act as the server.
SMTPC_NODISCARD smtpc_status
smtpc_boringssl_scram_keys(smtpc_boringssl_hash hash,
                           const smtpc_boringssl_secret *secret, uint8_t *out);

// smtpc_boringssl_proof is what a server of SCRAM judges.
typedef struct smtpc_boringssl_proof {
  const uint8_t *keys;  // as smtpc_boringssl_scram_keys writes them
  size_t keys_len;      // twice the digest
  const uint8_t *text;  // the AuthMessage
  size_t text_len;
  const uint8_t *proof;  // the ClientProof
  size_t proof_len;      // the digest
} smtpc_boringssl_proof;

// smtpc_boringssl_scram_server returns whether the proof is right, and then writes
// ServerSignature, as long as the digest, to `out`. On false, which is also the
// answer to misuse and to a failure of the library, `out` is as it was. The digests
// are computed in any case, and compared in constant time: for a name that is not
// known give keys that nobody has, and turn the answer down.
//= RFC 5802 section 3
SMTPC_NODISCARD bool smtpc_boringssl_scram_server(
    smtpc_boringssl_hash hash, const smtpc_boringssl_proof *given,
    uint8_t *out);

// smtpc_boringssl_random writes `len` octets that nobody can guess to `out`. It
// returns SMTPC_OK or SMTPC_E_ARGUMENT; without entropy the library ends the
// program.
SMTPC_NODISCARD smtpc_status smtpc_boringssl_random(uint8_t *out, size_t len);

// smtpc_boringssl_equal returns whether the octets are the same, in a time that
// depends on the lengths alone.
bool smtpc_boringssl_equal(const uint8_t *a, size_t a_len, const uint8_t *b,
                           size_t b_len);

#endif  // SMTPCORE_SHIM_BORINGSSL_TLS_BORINGSSL_H
