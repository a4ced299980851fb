// The digests of SCRAM, on both sides (RFC 5802 section 3).
#include <openssl/mem.h>

#include <string.h>

#include "shim/boringssl/internal.h"
#include "smtpcore/registry.h"

#define DIGEST_MAX SMTPC_BORINGSSL_DIGEST_MAX

#define CLIENT_KEY "Client Key"
#define SERVER_KEY "Server Key"

// What is derived from a password. All of it is wiped after use.
typedef struct scram_keys {
  uint8_t salted[DIGEST_MAX];
  uint8_t client[DIGEST_MAX];
  uint8_t stored[DIGEST_MAX];
  uint8_t server[DIGEST_MAX];
  uint8_t signature[DIGEST_MAX];
} scram_keys;

// The length of a digest of SCRAM, or 0 for a hash that SCRAM has not.
static size_t scram_len(smtpc_boringssl_hash hash) {
  return hash == SMTPC_BORINGSSL_SHA1 || hash == SMTPC_BORINGSSL_SHA256
             ? smtpc_boringssl_digest_len(hash)
             : 0u;
}

static smtpc_status keyed(smtpc_boringssl_hash hash, const uint8_t *key,
                          const char *text, size_t len, uint8_t *out) {
  return smtpc_boringssl_digest_hmac(hash, key,
                                     smtpc_boringssl_digest_len(hash),
                                     (const uint8_t *)text, len, out);
}

static void mix(uint8_t *out, const uint8_t *with, size_t len) {
  for (size_t i = 0u; i < len; i++) {
    out[i] = (uint8_t)(out[i] ^ with[i]);
  }
}

static smtpc_status derive(scram_keys *keys, smtpc_boringssl_hash hash,
                           const smtpc_boringssl_secret *secret) {
  const size_t len = scram_len(hash);
  if (len == 0u || secret->salt_len == 0u) {
    return SMTPC_E_ARGUMENT;
  }
  smtpc_status status = smtpc_boringssl_digest_salted(
      hash, secret->password, secret->password_len, secret->salt,
      secret->salt_len, secret->iterations, keys->salted);
  if (status == SMTPC_OK) {
    status = keyed(hash, keys->salted, CLIENT_KEY, sizeof CLIENT_KEY - 1u,
                   keys->client);
  }
  if (status == SMTPC_OK) {
    status =
        smtpc_boringssl_digest_plain(hash, keys->client, len, keys->stored);
  }
  if (status == SMTPC_OK) {
    status = keyed(hash, keys->salted, SERVER_KEY, sizeof SERVER_KEY - 1u,
                   keys->server);
  }
  return status;
}

smtpc_status smtpc_boringssl_scram_keys(smtpc_boringssl_hash hash,
                                        const smtpc_boringssl_secret *secret,
                                        uint8_t *out) {
  scram_keys keys;
  if (secret == NULL || out == NULL) {
    return SMTPC_E_ARGUMENT;
  }
  const smtpc_status status = derive(&keys, hash, secret);
  if (status == SMTPC_OK) {
    const size_t len = scram_len(hash);
    memcpy(out, keys.stored, len);
    memcpy(out + len, keys.server, len);
  }
  OPENSSL_cleanse(&keys, sizeof keys);
  return status;
}

smtpc_status smtpc_boringssl_scram_client(smtpc_boringssl_hash hash,
                                          const smtpc_boringssl_secret *secret,
                                          const uint8_t *text, size_t text_len,
                                          uint8_t *out) {
  scram_keys keys;
  if (secret == NULL || out == NULL || (text == NULL && text_len > 0u)) {
    return SMTPC_E_ARGUMENT;
  }
  const size_t len = scram_len(hash);
  smtpc_status status = derive(&keys, hash, secret);
  if (status == SMTPC_OK) {
    status = smtpc_boringssl_digest_hmac(hash, keys.stored, len, text, text_len,
                                         keys.signature);
  }
  if (status == SMTPC_OK) {
    mix(keys.client, keys.signature, len);
    status = smtpc_boringssl_digest_hmac(hash, keys.server, len, text, text_len,
                                         keys.signature);
  }
  if (status == SMTPC_OK) {
    memcpy(out, keys.client, len);
    memcpy(out + len, keys.signature, len);
  }
  OPENSSL_cleanse(&keys, sizeof keys);
  return status;
}

bool smtpc_boringssl_scram_server(smtpc_boringssl_hash hash,
                                  const smtpc_boringssl_proof *given,
                                  uint8_t *out) {
  uint8_t client[DIGEST_MAX];
  uint8_t stored[DIGEST_MAX];
  uint8_t signature[DIGEST_MAX];
  if (given == NULL || out == NULL || given->keys == NULL ||
      given->proof == NULL) {
    return false;
  }
  const size_t len = scram_len(hash);
  if (len == 0u || given->keys_len != 2u * len || given->proof_len != len) {
    return false;
  }
  bool right = smtpc_boringssl_digest_hmac(hash, given->keys, len, given->text,
                                           given->text_len, client) == SMTPC_OK;
  if (right) {
    mix(client, given->proof, len);
    right =
        smtpc_boringssl_digest_plain(hash, client, len, stored) == SMTPC_OK &&
        smtpc_boringssl_digest_hmac(hash, given->keys + len, len, given->text,
                                    given->text_len, signature) == SMTPC_OK &&
        smtpc_boringssl_equal(stored, len, given->keys, len);
  }
  if (right) {
    memcpy(out, signature, len);
  }
  OPENSSL_cleanse(client, sizeof client);
  OPENSSL_cleanse(stored, sizeof stored);
  OPENSSL_cleanse(signature, sizeof signature);
  return right;
}

bool smtpc_boringssl_hash_of(unsigned mechanism, smtpc_boringssl_hash *out) {
  switch (mechanism) {
    case SMTPC_MECHANISM_CRAM_MD5:
      *out = SMTPC_BORINGSSL_MD5;
      return true;
    case SMTPC_MECHANISM_SCRAM_SHA_1:
    case SMTPC_MECHANISM_SCRAM_SHA_1_PLUS:
      *out = SMTPC_BORINGSSL_SHA1;
      return true;
    case SMTPC_MECHANISM_SCRAM_SHA_256:
    case SMTPC_MECHANISM_SCRAM_SHA_256_PLUS:
      *out = SMTPC_BORINGSSL_SHA256;
      return true;
    default:
      return false;
  }
}

smtpc_status smtpc_boringssl_sasl_digest(unsigned mechanism,
                                         const smtpc_boringssl_secret *secret,
                                         const uint8_t *text, size_t text_len,
                                         uint8_t *out, size_t *out_len) {
  smtpc_boringssl_hash hash = SMTPC_BORINGSSL_MD5;
  if (out_len == NULL) {
    return SMTPC_E_ARGUMENT;
  }
  *out_len = 0u;
  if (secret == NULL || !smtpc_boringssl_hash_of(mechanism, &hash)) {
    return SMTPC_E_ARGUMENT;
  }
  const size_t len = smtpc_boringssl_digest_len(hash);
  const bool is_scram = scram_len(hash) > 0u;
  const smtpc_status status =
      is_scram ? smtpc_boringssl_scram_client(hash, secret, text, text_len, out)
               : smtpc_boringssl_digest_hmac(hash, secret->password,
                                             secret->password_len, text,
                                             text_len, out);
  if (status == SMTPC_OK) {
    *out_len = is_scram ? 2u * len : len;
  }
  return status;
}
