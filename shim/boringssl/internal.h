// What the files of this shim share. Nobody else includes it.
#ifndef SMTPCORE_SHIM_BORINGSSL_INTERNAL_H
#define SMTPCORE_SHIM_BORINGSSL_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// This header exists in BoringSSL alone: with another library's headers in the
// way, the build ends here.
#include <openssl/is_boringssl.h>

#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "shim/boringssl/tls_boringssl.h"

#define CIPHERS_MAX 512u
#define SMTPC_BSSL_IN_MAX 16384u  // ciphertext that waits for the library

struct smtpc_tls_context {
  SSL_CTX *side[2];  // by smtpc_tls_role: a client never sees the server's key
  BIO_METHOD *method;  // the memory transport of the engines
  uint8_t has_identity;
  int64_t now;                // 0: the system's time
  char ciphers[CIPHERS_MAX];  // "" : the shim's own lists
};

// smtpc_bssl_name_kind says what a name is.
typedef enum smtpc_bssl_name_kind {
  SMTPC_BSSL_NAME_BAD = 0,
  SMTPC_BSSL_NAME_HOST = 1,
  SMTPC_BSSL_NAME_IP = 2
} smtpc_bssl_name_kind;

// smtpc_bssl_name is a name that was looked at.
typedef struct smtpc_bssl_name {
  smtpc_bssl_name_kind kind;
  char text[SMTPC_TLS_NAME_MAX + 1u];
  uint8_t ip[16];
  size_t ip_len;  // 4 or 16
} smtpc_bssl_name;

struct smtpc_tls {
  SSL *ssl;
  smtpc_tls_context *ctx;
  smtpc_tls_state state;
  smtpc_tls_failure failure;
  smtpc_tls_facts facts;
  smtpc_bssl_name name;
  uint8_t role;
  uint8_t verify;
  uint8_t has_name;
  uint8_t asked;  // the server asked for a client certificate
  uint8_t close_sent;
  uint8_t head_len;      // how much of `head` the peer has sent
  uint8_t head[2];       // the first octets of the connection
  size_t handshake_len;  // octets that were pushed before UP
  size_t in_begin;       // ciphertext that waits is `in[in_begin, in_end)`
  size_t in_end;
  size_t out_begin;  // ciphertext for the peer is `out[out_begin, out_end)`
  size_t out_end;
  size_t out_cap;
  uint8_t *out;
  uint8_t in[SMTPC_BSSL_IN_MAX];
};

// smtpc_bssl_is_ldh returns whether the octets are labels of letters, digits
// and hyphens with dots between them (RFC 1123 section 2.1), as a host name
// must be.
bool smtpc_bssl_is_ldh(const uint8_t *name, size_t len);

// smtpc_bssl_name_read looks at a name. A name whose last label is a number is
// an IP address or bad.
void smtpc_bssl_name_read(const uint8_t *name, size_t len,
                          smtpc_bssl_name *out);

// smtpc_bssl_bio_method makes the memory transport, or NULL.
BIO_METHOD *smtpc_bssl_bio_method(void);

// smtpc_bssl_side_setup sets the callbacks that need an engine. It returns
// whether that worked.
bool smtpc_bssl_side_setup(SSL_CTX *side, smtpc_tls_role role);

// smtpc_bssl_failure_of_queue says what the errors mean that the library holds for
// an engine that has failed, and drops them.
smtpc_tls_failure smtpc_bssl_failure_of_queue(const smtpc_tls *tls);

#endif  // SMTPCORE_SHIM_BORINGSSL_INTERNAL_H
