// Credentials: certificates and keys for all that can be right or wrong with a server's
// identity, and contexts of shim/boringssl that have them.
//
// The keys are Ed25519, of fixed seeds; the certificates are made at first use, with
// fixed serials and dates, and an Ed25519 signature is the same each time. So each
// process has the same octets, without any file. All of it lives as long as the process.
#ifndef SMTPCORE_FUZZ_TLS_CREDENTIALS_H
#define SMTPCORE_FUZZ_TLS_CREDENTIALS_H

#include <openssl/base.h>

#include "smtpcore/tls.h"

#define TLS_NOW 1767225600  // 2026-01-01T00:00:00Z
#define TLS_HOST "mx.b.example"

// TLS_IDENTITY_LIST(X) is X(identifier, chain_ok, name_ok, "what it is"): what a
// verifier must find that trusts the authority, wants TLS_HOST, and lives at TLS_NOW.
#define TLS_IDENTITY_LIST(X)                                             \
  X(GOOD, 1, 1, "of the authority, for TLS_HOST, in date")               \
  X(OTHER_NAME, 1, 0, "for mx.c.example")                                \
  X(STRANGER, 0, 1, "of an authority that nobody trusts")                \
  X(EXPIRED, 0, 1, "out of date for a day")                              \
  X(NOT_YET, 0, 1, "not in date until tomorrow")                         \
  X(SELF_SIGNED, 0, 1, "signed by itself")                               \
  X(WILDCARD, 1, 1, "for *.b.example")                                   \
  X(DEEP_WILDCARD, 1, 0, "for *.example: a star stands for one label")   \
  X(COMMON_NAME, 1, 0, "TLS_HOST is its common name, and no other name") \
  X(FOR_CLIENTS, 0, 1, "its purpose is to be a client's")

typedef enum tls_identity {
#define TLS_IDENTITY_ENUM(id, chain, name, what) TLS_##id,
  TLS_IDENTITY_LIST(TLS_IDENTITY_ENUM)
#undef TLS_IDENTITY_ENUM
      TLS_IDENTITIES
} tls_identity;

// Where one of these functions takes an identity, a number from TLS_IDENTITIES on
// begins anew at 0: scripts may hold any.

// tls_identity_is_good returns 1 when a verifier must take the identity for TLS_HOST,
// else 0, and what it must find of chain and name; NULL is allowed.
int tls_identity_is_good(unsigned identity, int *out_chain_ok,
                         int *out_name_ok);

// tls_identity_name returns its name in lower case, "good" and so on.
const char *tls_identity_name(unsigned identity);

// tls_certificate and tls_key return what a server of that identity has. Borrowed.
X509 *tls_certificate(unsigned identity);
EVP_PKEY *tls_key(unsigned identity);

// tls_authority returns the certificate that clients trust. Borrowed.
X509 *tls_authority(void);

// tls_context returns a context of the shim: as a server it has the identity, as a
// client it trusts the authority alone. Its time is TLS_NOW and its one group X25519
// (random.h). Borrowed.
smtpc_tls_context *tls_context(unsigned identity);

// tls_prepare makes all of it that is not there yet. Each input calls it first: what one
// input makes for all others would take random numbers from it, and ways in the code
// that no other input takes.
void tls_prepare(void);

#endif  // SMTPCORE_FUZZ_TLS_CREDENTIALS_H
