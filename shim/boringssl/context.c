#define _POSIX_C_SOURCE 200809L

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/mem.h>
#include <openssl/pem.h>

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

const char *smtpc_boringssl_error_name(smtpc_boringssl_error error) {
  switch (error) {
#define ERROR_NAME(id, name, meaning) \
  case SMTPC_BORINGSSL_##id:          \
    return name;
    SMTPC_BORINGSSL_ERROR_LIST(ERROR_NAME)
#undef ERROR_NAME
    case SMTPC_BORINGSSL_ERROR_COUNT:
      break;
  }
  return "unknown";
}

const char *smtpc_boringssl_error_text(smtpc_boringssl_error error) {
  switch (error) {
#define ERROR_TEXT(id, name, meaning) \
  case SMTPC_BORINGSSL_##id:          \
    return meaning;
    SMTPC_BORINGSSL_ERROR_LIST(ERROR_TEXT)
#undef ERROR_TEXT
    case SMTPC_BORINGSSL_ERROR_COUNT:
      break;
  }
  return "unknown error";
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
    const bool have = trial != NULL;
    SSL_CTX_free(trial);
    ERR_clear_error();
    if (!ok) {
      return have ? SMTPC_BORINGSSL_CIPHERS : SMTPC_BORINGSSL_LIBRARY;
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

static BIO *open_text(const uint8_t *data, size_t len) {
  return len > INT_MAX ? NULL : BIO_new_mem_buf(data, (int)len);
}

// Reads certificates up to the end of the text, at most `max`. NULL: there is
// none, a broken one, or one too many.
static STACK_OF(X509) *
    read_certificates(const uint8_t *pem, size_t len, size_t max) {
  BIO *bio = open_text(pem, len);
  STACK_OF(X509) *certs = sk_X509_new_null();
  bool ok = bio != NULL && certs != NULL;
  bool end = false;
  while (ok && !end) {
    ERR_clear_error();
    X509 *cert = PEM_read_bio_X509(bio, NULL, no_pass_phrase, NULL);
    if (cert == NULL) {
      end = true;
      ok =
          error_is(ERR_LIB_PEM, PEM_R_NO_START_LINE) && sk_X509_num(certs) > 0u;
    } else if (sk_X509_num(certs) >= max || sk_X509_push(certs, cert) == 0u) {
      X509_free(cert);
      ok = false;
    }
  }
  (void)BIO_free(bio);
  ERR_clear_error();
  if (ok) {
    return certs;
  }
  sk_X509_pop_free(certs, X509_free);
  return NULL;
}

static smtpc_boringssl_error read_key(const uint8_t *pem, size_t len,
                                      EVP_PKEY **out) {
  smtpc_boringssl_error error = SMTPC_BORINGSSL_NONE;
  BIO *bio = open_text(pem, len);
  ERR_clear_error();
  *out = bio == NULL ? NULL
                     : PEM_read_bio_PrivateKey(bio, NULL, no_pass_phrase, NULL);
  if (bio == NULL) {
    error = SMTPC_BORINGSSL_LIBRARY;
  } else if (*out == NULL) {
    error = error_is(ERR_LIB_PEM, PEM_R_BAD_PASSWORD_READ)
                ? SMTPC_BORINGSSL_KEY_ENCRYPTED
                : SMTPC_BORINGSSL_KEY_PEM;
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
    return SMTPC_BORINGSSL_KEY_MISMATCH;
  }
  if (SSL_CTX_use_certificate(side, leaf) != 1 ||
      SSL_CTX_use_PrivateKey(side, key) != 1) {
    return SMTPC_BORINGSSL_KEY_UNUSABLE;
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
  STACK_OF(X509) *chain =
      read_certificates(cert, cert_len, SMTPC_BORINGSSL_CHAIN_MAX);
  if (chain == NULL) {
    return SMTPC_BORINGSSL_CERTIFICATE_PEM;
  }
  found.chain_count = (uint8_t)sk_X509_num(chain);
  X509 *leaf = sk_X509_shift(chain);
  smtpc_boringssl_error error = read_key(key, key_len, &private_key);
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

// Reads a whole file. NULL: it cannot be read, or is too large. The caller
// frees it with OPENSSL_free, which wipes it.
static uint8_t *read_file(const char *path, size_t *out_len) {
  *out_len = 0u;
  FILE *file = fopen(path, "rb");
  if (file == NULL) {
    return NULL;
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
  if (bad) {
    OPENSSL_free(data);
    return NULL;
  }
  *out_len = len;
  return data;
}

smtpc_boringssl_error smtpc_boringssl_context_set_identity_files(
    smtpc_tls_context *ctx, const char *cert_path, const char *key_path,
    smtpc_boringssl_identity *out) {
  smtpc_boringssl_error error = SMTPC_BORINGSSL_NONE;
  size_t cert_len = 0u;
  size_t key_len = 0u;
  if (out != NULL) {
    memset(out, 0, sizeof *out);
  }
  if (ctx == NULL || cert_path == NULL || key_path == NULL) {
    return SMTPC_BORINGSSL_ARGUMENT;
  }
  uint8_t *cert = read_file(cert_path, &cert_len);
  uint8_t *key = read_file(key_path, &key_len);
  if (cert == NULL) {
    error = SMTPC_BORINGSSL_CERTIFICATE_FILE;
  } else if (key == NULL) {
    error = SMTPC_BORINGSSL_KEY_FILE;
  } else {
    error = smtpc_boringssl_context_set_identity(ctx, cert, cert_len, key,
                                                 key_len, out);
  }
  OPENSSL_free(cert);
  OPENSSL_free(key);
  return error;
}

// --- Trusted roots -----------------------------------------------------------

static smtpc_boringssl_error add_all(smtpc_tls_context *ctx,
                                     STACK_OF(X509) * certs) {
  X509_STORE *store = SSL_CTX_get_cert_store(ctx->side[SMTPC_TLS_CLIENT]);
  for (size_t i = 0u; i < sk_X509_num(certs); i++) {
    if (X509_STORE_add_cert(store, sk_X509_value(certs, i)) != 1) {
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
  STACK_OF(X509) *certs = read_certificates(pem, len, SIZE_MAX);
  if (certs == NULL) {
    return SMTPC_BORINGSSL_ROOTS_PEM;
  }
  const smtpc_boringssl_error error = add_all(ctx, certs);
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
  uint8_t *pem = read_file(path, &len);
  if (pem == NULL) {
    return SMTPC_BORINGSSL_ROOTS_FILE;
  }
  const smtpc_boringssl_error error =
      smtpc_boringssl_context_add_roots(ctx, pem, len, out_count);
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
