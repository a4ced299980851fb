#include <openssl/digest.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/mem.h>
#include <openssl/rand.h>

#include <string.h>

#include "shim/boringssl/internal.h"

static const EVP_MD *hash_of(smtpc_boringssl_hash hash) {
  switch (hash) {
    case SMTPC_BORINGSSL_MD5:
      return EVP_md5();
    case SMTPC_BORINGSSL_SHA1:
      return EVP_sha1();
    case SMTPC_BORINGSSL_SHA256:
      return EVP_sha256();
  }
  return NULL;
}

size_t smtpc_boringssl_digest_len(smtpc_boringssl_hash hash) {
  const EVP_MD *md = hash_of(hash);
  return md == NULL ? 0u : EVP_MD_size(md);
}

// The octets are right unless some are promised and none are there.
static bool is_view(const uint8_t *data, size_t len) {
  return data != NULL || len == 0u;
}

// Hands a digest over, or nothing, and leaves no copy and no error behind.
static smtpc_status deliver(uint8_t *digest, size_t len, int ok, uint8_t *out) {
  if (ok == 1) {
    memcpy(out, digest, len);
  }
  OPENSSL_cleanse(digest, SMTPC_BORINGSSL_DIGEST_MAX);
  ERR_clear_error();
  return ok == 1 ? SMTPC_OK : SMTPC_E_INTERNAL;
}

smtpc_status smtpc_boringssl_digest_plain(smtpc_boringssl_hash hash,
                                          const uint8_t *data, size_t len,
                                          uint8_t *out) {
  const EVP_MD *md = hash_of(hash);
  uint8_t digest[SMTPC_BORINGSSL_DIGEST_MAX];
  if (md == NULL || out == NULL || !is_view(data, len)) {
    return SMTPC_E_ARGUMENT;
  }
  const int ok = EVP_Digest(data, len, digest, NULL, md, NULL);
  return deliver(digest, EVP_MD_size(md), ok, out);
}

smtpc_status smtpc_boringssl_digest_hmac(smtpc_boringssl_hash hash,
                                         const uint8_t *key, size_t key_len,
                                         const uint8_t *data, size_t len,
                                         uint8_t *out) {
  static const uint8_t nothing = 0u;
  const EVP_MD *md = hash_of(hash);
  uint8_t digest[SMTPC_BORINGSSL_DIGEST_MAX];
  unsigned got = 0u;
  if (md == NULL || out == NULL || !is_view(key, key_len) ||
      !is_view(data, len)) {
    return SMTPC_E_ARGUMENT;
  }
  // For HMAC a key that is NULL means "the key of before"; an empty one is
  // meant.
  const uint8_t *from = key == NULL ? &nothing : key;
  const int ok = HMAC(md, from, key_len, data, len, digest, &got) != NULL;
  return deliver(digest, EVP_MD_size(md), ok, out);
}

smtpc_status smtpc_boringssl_digest_salted(smtpc_boringssl_hash hash,
                                           const uint8_t *password,
                                           size_t password_len,
                                           const uint8_t *salt, size_t salt_len,
                                           uint32_t rounds, uint8_t *out) {
  const EVP_MD *md = hash_of(hash);
  uint8_t digest[SMTPC_BORINGSSL_DIGEST_MAX];
  if (md == NULL || out == NULL || !is_view(password, password_len) ||
      !is_view(salt, salt_len) || rounds == 0u ||
      rounds > SMTPC_ITERATIONS_MAX) {
    return SMTPC_E_ARGUMENT;
  }
  const char *text = password == NULL ? "" : (const char *)password;
  const int ok = PKCS5_PBKDF2_HMAC(text, password_len, salt, salt_len, rounds,
                                   md, EVP_MD_size(md), digest);
  return deliver(digest, EVP_MD_size(md), ok, out);
}

smtpc_status smtpc_boringssl_random(uint8_t *out, size_t len) {
  if (!is_view(out, len)) {
    return SMTPC_E_ARGUMENT;
  }
  return len == 0u || RAND_bytes(out, len) == 1 ? SMTPC_OK : SMTPC_E_INTERNAL;
}

bool smtpc_boringssl_equal(const uint8_t *a, size_t a_len, const uint8_t *b,
                           size_t b_len) {
  if (a_len != b_len || !is_view(a, a_len) || !is_view(b, b_len)) {
    return false;
  }
  return a_len == 0u || CRYPTO_memcmp(a, b, a_len) == 0;
}
