#define _POSIX_C_SOURCE 200809L

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/mem.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "shim/boringssl/internal.h"

#define PATH_LEN_MAX 4096u

// The signatures that both roles make and take. SHA-1 is not among them (RFC
// 9155); TLS 1.1 and older have their own fixed one.
static const uint16_t signature_algorithms[] = {
    SSL_SIGN_ED25519,
    SSL_SIGN_ECDSA_SECP256R1_SHA256,
    SSL_SIGN_RSA_PSS_RSAE_SHA256,
    SSL_SIGN_RSA_PKCS1_SHA256,
    SSL_SIGN_ECDSA_SECP384R1_SHA384,
    SSL_SIGN_RSA_PSS_RSAE_SHA384,
    SSL_SIGN_RSA_PKCS1_SHA384,
    SSL_SIGN_ECDSA_SECP521R1_SHA512,
    SSL_SIGN_RSA_PSS_RSAE_SHA512,
    SSL_SIGN_RSA_PKCS1_SHA512,
};

// Where systems keep the roots that they trust.
static const char *const system_roots[] = {
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static const char *const error_names[SMTPC_BORINGSSL_ERROR_COUNT] = {
#define ERROR_NAME(id, name, meaning) [SMTPC_BORINGSSL_##id] = name,
    SMTPC_BORINGSSL_ERROR_LIST(ERROR_NAME)
#undef ERROR_NAME
};

static const char *const error_texts[SMTPC_BORINGSSL_ERROR_COUNT] = {
#define ERROR_TEXT(id, name, meaning) [SMTPC_BORINGSSL_##id] = meaning,
    SMTPC_BORINGSSL_ERROR_LIST(ERROR_TEXT)
#undef ERROR_TEXT
};

const char *smtpc_boringssl_error_name(smtpc_boringssl_error error) {
  return (unsigned)error < SMTPC_BORINGSSL_ERROR_COUNT ? error_names[error]
                                                       : "unknown";
}

const char *smtpc_boringssl_error_text(smtpc_boringssl_error error) {
  return (unsigned)error < SMTPC_BORINGSSL_ERROR_COUNT ? error_texts[error]
                                                       : "unknown error";
}

// What a refusal is to be called: the library refuses what it has no memory for
// as if it were broken, and says so in its errors. It drops them.
static smtpc_boringssl_error refusal_or_library(smtpc_boringssl_error refusal) {
  smtpc_boringssl_error found = refusal;
  uint32_t error = ERR_get_error();
  while (error != 0u) {
    if (ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE) {
      found = SMTPC_BORINGSSL_LIBRARY;
    }
    error = ERR_get_error();
  }
  return found;
}

static SSL_CTX *side_new(smtpc_tls_role role) {
  SSL_CTX *side = SSL_CTX_new(TLS_method());
  if (side == NULL) {
    return NULL;
  }
  // THREATS TLS-07 and TLS-10: nothing of one connection lives on in another.
  (void)SSL_CTX_set_options(side, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION);
  (void)SSL_CTX_set_session_cache_mode(side, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_early_data_enabled(side, 0);
  if (SSL_CTX_set_max_proto_version(side, TLS1_3_VERSION) == 1 &&
      SSL_CTX_set_min_proto_version(side, TLS1_2_VERSION) == 1 &&
      SSL_CTX_set_signing_algorithm_prefs(side, signature_algorithms,
                                          COUNT_OF(signature_algorithms)) &&
      SSL_CTX_set_verify_algorithm_prefs(side, signature_algorithms,
                                         COUNT_OF(signature_algorithms)) &&
      smtpc_bssl_side_setup(side, role)) {
    return side;
  }
  SSL_CTX_free(side);
  return NULL;
}

smtpc_boringssl_error smtpc_boringssl_context_new(smtpc_tls_context **out) {
  if (out == NULL) {
    return SMTPC_BORINGSSL_ARGUMENT;
  }
  *out = NULL;
  smtpc_tls_context *ctx = OPENSSL_malloc(sizeof *ctx);
  if (ctx == NULL) {
    return SMTPC_BORINGSSL_LIBRARY;
  }
  memset(ctx, 0, sizeof *ctx);
  ctx->side[SMTPC_TLS_SERVER] = side_new(SMTPC_TLS_SERVER);
  ctx->side[SMTPC_TLS_CLIENT] = side_new(SMTPC_TLS_CLIENT);
  ctx->method = smtpc_bssl_bio_method();
  ERR_clear_error();
  if (ctx->side[SMTPC_TLS_SERVER] == NULL ||
      ctx->side[SMTPC_TLS_CLIENT] == NULL || ctx->method == NULL) {
    smtpc_boringssl_context_free(ctx);
    return SMTPC_BORINGSSL_LIBRARY;
  }
  *out = ctx;
  return SMTPC_BORINGSSL_NONE;
}

void smtpc_boringssl_context_free(smtpc_tls_context *ctx) {
  if (ctx == NULL) {
    return;
  }
  SSL_CTX_free(ctx->side[SMTPC_TLS_SERVER]);
  SSL_CTX_free(ctx->side[SMTPC_TLS_CLIENT]);
  BIO_meth_free(ctx->method);
  OPENSSL_free(ctx);
}

struct ssl_ctx_st *smtpc_boringssl_context_native(smtpc_tls_context *ctx,
                                                  smtpc_tls_role role) {
  return ctx->side[role == SMTPC_TLS_CLIENT ? 1 : 0];
}

void smtpc_boringssl_context_set_time(smtpc_tls_context *ctx, int64_t now) {
  if (ctx != NULL) {
    ctx->now = now > 0 ? now : 0;
  }
}

smtpc_boringssl_error smtpc_boringssl_context_set_ciphers(
    smtpc_tls_context *ctx, const char *list) {
  const size_t len = list == NULL ? 0u : strlen(list);
  if (ctx == NULL || len >= CIPHERS_MAX || (list != NULL && len == 0u)) {
    return SMTPC_BORINGSSL_ARGUMENT;
  }
  if (list != NULL) {
    // The list is tried on an object of its own, so that a bad one changes
    // nothing.
    SSL_CTX *trial = SSL_CTX_new(TLS_method());
    const bool ok =
        trial != NULL && SSL_CTX_set_strict_cipher_list(trial, list) == 1;
    const smtpc_boringssl_error error =
        trial == NULL ? SMTPC_BORINGSSL_LIBRARY
                      : refusal_or_library(SMTPC_BORINGSSL_CIPHERS);
    SSL_CTX_free(trial);
    ERR_clear_error();
    if (!ok) {
      return error;
    }
  }
  memset(ctx->ciphers, 0, sizeof ctx->ciphers);
  if (len > 0u) {
    memcpy(ctx->ciphers, list, len);
  }
  return SMTPC_BORINGSSL_NONE;
}

// --- PEM ---------------------------------------------------------------------

// Nobody is asked for a pass phrase.
static int no_pass_phrase(char *out, int size, int writing, void *data) {
  (void)out;
  (void)size;
  (void)writing;
  (void)data;
  return -1;
}

static bool error_is(int lib, int reason) {
  const uint32_t error = ERR_peek_last_error();
  return ERR_GET_LIB(error) == lib && ERR_GET_REASON(error) == reason;
}

// Adds one certificate more. NULL is the end of the text, or a broken one.
static smtpc_boringssl_error take_certificate(STACK_OF(X509) * certs,
                                              X509 *cert, size_t max,
                                              smtpc_boringssl_error refusal) {
  const size_t count = sk_X509_num(certs);
  if (cert == NULL) {
    return error_is(ERR_LIB_PEM, PEM_R_NO_START_LINE) && count > 0u
               ? SMTPC_BORINGSSL_NONE
               : refusal_or_library(refusal);
  }
  if (count < max && sk_X509_push(certs, cert) > 0u) {
    return SMTPC_BORINGSSL_NONE;
  }
  X509_free(cert);
  return count < max ? SMTPC_BORINGSSL_LIBRARY : refusal;
}

// Reads certificates up to the end of the text, at most `max`, into `*out`. When
// there is none, a broken one, or one too many, it returns `refusal`.
static smtpc_boringssl_error read_certificates(const uint8_t *pem, size_t len,
                                               size_t max,
                                               smtpc_boringssl_error refusal,
                                               STACK_OF(X509) * *out) {
  *out = NULL;
  if (len > INT_MAX) {
    return refusal;
  }
  BIO *bio = BIO_new_mem_buf(pem, (int)len);
  STACK_OF(X509) *certs = sk_X509_new_null();
  smtpc_boringssl_error error = bio != NULL && certs != NULL
                                    ? SMTPC_BORINGSSL_NONE
                                    : SMTPC_BORINGSSL_LIBRARY;
  bool end = false;
  while (error == SMTPC_BORINGSSL_NONE && !end) {
    ERR_clear_error();
    X509 *cert = PEM_read_bio_X509(bio, NULL, no_pass_phrase, NULL);
    end = cert == NULL;
    error = take_certificate(certs, cert, max, refusal);
  }
  (void)BIO_free(bio);
  ERR_clear_error();
  if (error == SMTPC_BORINGSSL_NONE) {
    *out = certs;
  } else {
    sk_X509_pop_free(certs, X509_free);
  }
  return error;
}

static smtpc_boringssl_error read_key(const uint8_t *pem, size_t len,
                                      EVP_PKEY **out) {
  smtpc_boringssl_error error = SMTPC_BORINGSSL_NONE;
  *out = NULL;
  if (len > INT_MAX) {
    return SMTPC_BORINGSSL_KEY_PEM;
  }
  ERR_clear_error();
  BIO *bio = BIO_new_mem_buf(pem, (int)len);
  if (bio != NULL) {
    *out = PEM_read_bio_PrivateKey(bio, NULL, no_pass_phrase, NULL);
  }
  if (*out == NULL) {
    error = error_is(ERR_LIB_PEM, PEM_R_BAD_PASSWORD_READ)
                ? SMTPC_BORINGSSL_KEY_ENCRYPTED
                : SMTPC_BORINGSSL_KEY_PEM;
    error = refusal_or_library(error);
  }
  (void)BIO_free(bio);
  ERR_clear_error();
  return error;
}

// --- Identity ----------------------------------------------------------------

static void judge_times(const smtpc_tls_context *ctx, X509 *leaf,
                        smtpc_boringssl_identity *out) {
  time_t now = ctx->now > 0 ? (time_t)ctx->now : time(NULL);
  // X509_cmp_time is 0 for a time that it cannot read: such a one is no good.
  out->not_yet = X509_cmp_time(X509_get0_notBefore(leaf), &now) >= 0 ? 1u : 0u;
  out->expired = X509_cmp_time(X509_get0_notAfter(leaf), &now) <= 0 ? 1u : 0u;
}

static smtpc_boringssl_error try_identity(SSL_CTX *side, X509 *leaf,
                                          EVP_PKEY *key,
                                          STACK_OF(X509) * others) {
  if (X509_check_private_key(leaf, key) != 1) {
    return refusal_or_library(SMTPC_BORINGSSL_KEY_MISMATCH);
  }
  if (SSL_CTX_use_certificate(side, leaf) != 1 ||
      SSL_CTX_use_PrivateKey(side, key) != 1) {
    return refusal_or_library(SMTPC_BORINGSSL_KEY_UNUSABLE);
  }
  return SSL_CTX_set1_chain(side, others) == 1 ? SMTPC_BORINGSSL_NONE
                                               : SMTPC_BORINGSSL_LIBRARY;
}

// Puts the identity into a new server side, which then takes the old one's
// place: a half-changed one cannot be.
static smtpc_boringssl_error install(smtpc_tls_context *ctx, X509 *leaf,
                                     EVP_PKEY *key, STACK_OF(X509) * others) {
  SSL_CTX *side = side_new(SMTPC_TLS_SERVER);
  if (side == NULL) {
    return SMTPC_BORINGSSL_LIBRARY;
  }
  const smtpc_boringssl_error error = try_identity(side, leaf, key, others);
  if (error != SMTPC_BORINGSSL_NONE) {
    SSL_CTX_free(side);
    return error;
  }
  SSL_CTX_free(ctx->side[SMTPC_TLS_SERVER]);
  ctx->side[SMTPC_TLS_SERVER] = side;
  ctx->has_identity = 1u;
  return SMTPC_BORINGSSL_NONE;
}

smtpc_boringssl_error smtpc_boringssl_context_set_identity(
    smtpc_tls_context *ctx, const uint8_t *cert, size_t cert_len,
    const uint8_t *key, size_t key_len, smtpc_boringssl_identity *out) {
  smtpc_boringssl_identity found = {0u, 0u, 0u};
  EVP_PKEY *private_key = NULL;
  if (out != NULL) {
    *out = found;
  }
  if (ctx == NULL || cert == NULL || key == NULL) {
    return SMTPC_BORINGSSL_ARGUMENT;
  }
  STACK_OF(X509) *chain = NULL;
  smtpc_boringssl_error error =
      read_certificates(cert, cert_len, SMTPC_BORINGSSL_CHAIN_MAX,
                        SMTPC_BORINGSSL_CERTIFICATE_PEM, &chain);
  if (error != SMTPC_BORINGSSL_NONE) {
    return error;
  }
  found.chain_count = (uint8_t)sk_X509_num(chain);
  X509 *leaf = sk_X509_shift(chain);
  error = read_key(key, key_len, &private_key);
  if (error == SMTPC_BORINGSSL_NONE) {
    error = install(ctx, leaf, private_key, chain);
  }
  judge_times(ctx, leaf, &found);
  if (out != NULL && error == SMTPC_BORINGSSL_NONE) {
    *out = found;
  }
  EVP_PKEY_free(private_key);
  X509_free(leaf);
  sk_X509_pop_free(chain, X509_free);
  ERR_clear_error();
  return error;
}

// --- Files -------------------------------------------------------------------

// Reads a whole file into `*out`. When it cannot be read, or is too large, it
// returns `refusal`. The caller frees `*out` with OPENSSL_free, which wipes it.
static smtpc_boringssl_error read_file(const char *path,
                                       smtpc_boringssl_error refusal,
                                       uint8_t **out, size_t *out_len) {
  *out = NULL;
  *out_len = 0u;
  FILE *file = fopen(path, "rb");
  if (file == NULL) {
    return refusal;
  }
  // Without a buffer of stdio no second copy of a key is left behind.
  (void)setvbuf(file, NULL, _IONBF, 0u);
  uint8_t *data = OPENSSL_malloc(SMTPC_BORINGSSL_FILE_MAX + 1u);
  size_t len = 0u;
  if (data != NULL) {
    len = fread(data, 1u, SMTPC_BORINGSSL_FILE_MAX + 1u, file);
  }
  const bool bad = ferror(file) != 0 || len > SMTPC_BORINGSSL_FILE_MAX;
  (void)fclose(file);
  if (bad || data == NULL) {
    OPENSSL_free(data);
    return bad ? refusal : SMTPC_BORINGSSL_LIBRARY;
  }
  *out = data;
  *out_len = len;
  return SMTPC_BORINGSSL_NONE;
}

smtpc_boringssl_error smtpc_boringssl_context_set_identity_files(
    smtpc_tls_context *ctx, const char *cert_path, const char *key_path,
    smtpc_boringssl_identity *out) {
  smtpc_boringssl_error error = SMTPC_BORINGSSL_NONE;
  uint8_t *cert = NULL;
  uint8_t *key = NULL;
  size_t cert_len = 0u;
  size_t key_len = 0u;
  if (out != NULL) {
    memset(out, 0, sizeof *out);
  }
  if (ctx == NULL || cert_path == NULL || key_path == NULL) {
    return SMTPC_BORINGSSL_ARGUMENT;
  }
  error =
      read_file(cert_path, SMTPC_BORINGSSL_CERTIFICATE_FILE, &cert, &cert_len);
  if (error == SMTPC_BORINGSSL_NONE) {
    error = read_file(key_path, SMTPC_BORINGSSL_KEY_FILE, &key, &key_len);
  }
  if (error == SMTPC_BORINGSSL_NONE) {
    error = smtpc_boringssl_context_set_identity(ctx, cert, cert_len, key,
                                                 key_len, out);
  }
  OPENSSL_free(cert);
  OPENSSL_free(key);
  return error;
}

// --- Trusted roots -----------------------------------------------------------

// The library reads what a certificate may do when it first needs that, and keeps
// what it found: a root for which there was no memory then would be a broken one for
// good. So it reads that here.
static bool add_one(X509_STORE *store, X509 *cert) {
  const bool broken = (X509_get_extension_flags(cert) & EXFLAG_INVALID) != 0u;
  if (broken &&
      refusal_or_library(SMTPC_BORINGSSL_NONE) != SMTPC_BORINGSSL_NONE) {
    return false;
  }
  return X509_STORE_add_cert(store, cert) == 1;
}

static smtpc_boringssl_error add_all(smtpc_tls_context *ctx,
                                     STACK_OF(X509) * certs) {
  X509_STORE *store = SSL_CTX_get_cert_store(ctx->side[SMTPC_TLS_CLIENT]);
  for (size_t i = 0u; i < sk_X509_num(certs); i++) {
    if (!add_one(store, sk_X509_value(certs, i))) {
      return SMTPC_BORINGSSL_LIBRARY;
    }
  }
  return SMTPC_BORINGSSL_NONE;
}

smtpc_boringssl_error smtpc_boringssl_context_add_roots(smtpc_tls_context *ctx,
                                                        const uint8_t *pem,
                                                        size_t len,
                                                        size_t *out_count) {
  if (out_count != NULL) {
    *out_count = 0u;
  }
  if (ctx == NULL || pem == NULL) {
    return SMTPC_BORINGSSL_ARGUMENT;
  }
  STACK_OF(X509) *certs = NULL;
  smtpc_boringssl_error error =
      read_certificates(pem, len, SIZE_MAX, SMTPC_BORINGSSL_ROOTS_PEM, &certs);
  if (error != SMTPC_BORINGSSL_NONE) {
    return error;
  }
  error = add_all(ctx, certs);
  if (out_count != NULL && error == SMTPC_BORINGSSL_NONE) {
    *out_count = sk_X509_num(certs);
  }
  sk_X509_pop_free(certs, X509_free);
  ERR_clear_error();
  return error;
}

smtpc_boringssl_error smtpc_boringssl_context_add_roots_file(
    smtpc_tls_context *ctx, const char *path, size_t *out_count) {
  size_t len = 0u;
  if (out_count != NULL) {
    *out_count = 0u;
  }
  if (ctx == NULL || path == NULL) {
    return SMTPC_BORINGSSL_ARGUMENT;
  }
  uint8_t *pem = NULL;
  smtpc_boringssl_error error =
      read_file(path, SMTPC_BORINGSSL_ROOTS_FILE, &pem, &len);
  if (error == SMTPC_BORINGSSL_NONE) {
    error = smtpc_boringssl_context_add_roots(ctx, pem, len, out_count);
  }
  OPENSSL_free(pem);
  return error;
}

static bool is_certificate_name(const char *name) {
  const size_t len = strlen(name);
  return len > 4u && (strcmp(name + len - 4u, ".pem") == 0 ||
                      strcmp(name + len - 4u, ".crt") == 0);
}

static smtpc_boringssl_error add_entry(smtpc_tls_context *ctx,
                                       const char *directory, const char *name,
                                       size_t *count) {
  char path[PATH_LEN_MAX];
  size_t found = 0u;
  const int len = snprintf(path, sizeof path, "%s/%s", directory, name);
  if (len < 0 || (size_t)len >= sizeof path) {
    return SMTPC_BORINGSSL_ROOTS_FILE;
  }
  const smtpc_boringssl_error error =
      smtpc_boringssl_context_add_roots_file(ctx, path, &found);
  *count += found;
  return error;
}

smtpc_boringssl_error smtpc_boringssl_context_add_roots_directory(
    smtpc_tls_context *ctx, const char *path, size_t *out_count) {
  smtpc_boringssl_error error = SMTPC_BORINGSSL_NONE;
  size_t count = 0u;
  if (out_count != NULL) {
    *out_count = 0u;
  }
  if (ctx == NULL || path == NULL) {
    return SMTPC_BORINGSSL_ARGUMENT;
  }
  DIR *directory = opendir(path);
  if (directory == NULL) {
    return SMTPC_BORINGSSL_ROOTS_FILE;
  }
  const struct dirent *entry = readdir(directory);
  while (entry != NULL && error == SMTPC_BORINGSSL_NONE) {
    if (is_certificate_name(entry->d_name)) {
      error = add_entry(ctx, path, entry->d_name, &count);
    }
    entry = readdir(directory);
  }
  (void)closedir(directory);
  if (error == SMTPC_BORINGSSL_NONE && count == 0u) {
    error = SMTPC_BORINGSSL_ROOTS_PEM;
  }
  if (out_count != NULL && error == SMTPC_BORINGSSL_NONE) {
    *out_count = count;
  }
  return error;
}

smtpc_boringssl_error smtpc_boringssl_context_add_roots_system(
    smtpc_tls_context *ctx, size_t *out_count) {
  smtpc_boringssl_error error = SMTPC_BORINGSSL_ROOTS_FILE;
  for (size_t i = 0u;
       i < COUNT_OF(system_roots) && error == SMTPC_BORINGSSL_ROOTS_FILE; i++) {
    error =
        smtpc_boringssl_context_add_roots_file(ctx, system_roots[i], out_count);
  }
  return error;
}
