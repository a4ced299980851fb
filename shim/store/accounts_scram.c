// See accounts_scram.h.
#define _POSIX_C_SOURCE 200809L
#define _DEFAULT_SOURCE 1  // explicit_bzero

#include "shim/store/accounts_scram.h"

#include <nettle/hmac.h>
#include <nettle/memops.h>
#include <nettle/pbkdf2.h>
#include <string.h>

#include "shim/store/accounts_line.h"
#include "smtpcore/registry.h"
#include "smtpcore/sasl.h"
#include "smtpcore/span.h"

#define DIGEST_MAX SMTPC_ACCOUNTS_SIGNATURE_MAX
#define BASE64_MAX 44u  // of 32 octets

_Static_assert(SMTPC_ACCOUNTS_SALT_LEN <= SMTPC_SALT_MAX, "a session takes it");
_Static_assert(SMTPC_SHA256_LEN == DIGEST_MAX, "the longest digest");
_Static_assert(SMTPC_ACCOUNTS_ITERATIONS_MAX == SMTPC_ITERATIONS_MAX &&
                   SMTPC_ACCOUNTS_ITERATIONS_MIN == SMTPC_ITERATIONS_MIN,
               "a session takes them");

// --- Digests -----------------------------------------------------------------

static void hmac(smtpc_accounts_hash hash, const uint8_t *key, size_t key_len,
                 const void *text, size_t len, uint8_t out[DIGEST_MAX]) {
  static const uint8_t nothing = 0u;
  const uint8_t *from = len > 0u ? text : &nothing;
  if (hash == SMTPC_ACCOUNTS_SHA1) {
    struct hmac_sha1_ctx ctx;
    hmac_sha1_set_key(&ctx, key_len, key);
    hmac_sha1_update(&ctx, len, from);
    hmac_sha1_digest(&ctx, SHA1_DIGEST_SIZE, out);
    explicit_bzero(&ctx, sizeof ctx);
    return;
  }
  struct hmac_sha256_ctx ctx;
  hmac_sha256_set_key(&ctx, key_len, key);
  hmac_sha256_update(&ctx, len, from);
  hmac_sha256_digest(&ctx, SHA256_DIGEST_SIZE, out);
  explicit_bzero(&ctx, sizeof ctx);
}

static void digest(smtpc_accounts_hash hash, const uint8_t *data, size_t len,
                   uint8_t out[DIGEST_MAX]) {
  if (hash == SMTPC_ACCOUNTS_SHA1) {
    struct sha1_ctx ctx;
    sha1_init(&ctx);
    sha1_update(&ctx, len, data);
    sha1_digest(&ctx, SHA1_DIGEST_SIZE, out);
    explicit_bzero(&ctx, sizeof ctx);
    return;
  }
  struct sha256_ctx ctx;
  sha256_init(&ctx);
  sha256_update(&ctx, len, data);
  sha256_digest(&ctx, SHA256_DIGEST_SIZE, out);
  explicit_bzero(&ctx, sizeof ctx);
}

smtpc_accounts_hash smtpc_accounts_scram_hash_of(unsigned mechanism) {
  switch (mechanism) {
    case SMTPC_MECHANISM_SCRAM_SHA_1:
    case SMTPC_MECHANISM_SCRAM_SHA_1_PLUS:
      return SMTPC_ACCOUNTS_SHA1;
    case SMTPC_MECHANISM_SCRAM_SHA_256:
    case SMTPC_MECHANISM_SCRAM_SHA_256_PLUS:
      return SMTPC_ACCOUNTS_SHA256;
    default:
      return SMTPC_ACCOUNTS_HASH_COUNT;
  }
}

const char *smtpc_accounts_scram_word(smtpc_accounts_hash hash) {
  return hash == SMTPC_ACCOUNTS_SHA1 ? "scram-sha-1=" : "scram-sha-256=";
}

size_t smtpc_accounts_scram_len(smtpc_accounts_hash hash) {
  return hash == SMTPC_ACCOUNTS_SHA1 ? SMTPC_SHA1_LEN : SMTPC_SHA256_LEN;
}

// --- The field ---------------------------------------------------------------

// Reads base64 of exactly `want` octets.
static bool read_base64(uint8_t *out, size_t want, const uint8_t *text,
                        size_t len) {
  uint8_t room[BASE64_MAX];
  smtpc_span have = {0u, 0u};
  if (len > sizeof room) {
    return false;
  }
  memcpy(room, text, len);
  const bool good =
      smtpc_base64_decode(room, smtpc_span_make(0u, len), &have) == SMTPC_OK &&
      smtpc_span_len(have) == want;
  if (good) {
    memcpy(out, room + have.begin, want);
  }
  explicit_bzero(room, sizeof room);
  return good;
}

// Without a zero in front, so that one number is written in one way.
static bool read_iterations(uint32_t *out, const uint8_t *text, size_t len) {
  uint64_t number = 0u;
  if (len == 0u || text[0] == '0' ||
      smtpc_span_number(text, smtpc_span_make(0u, len),
                        SMTPC_ACCOUNTS_ITERATIONS_MAX, &number) != SMTPC_OK ||
      number < SMTPC_ACCOUNTS_ITERATIONS_MIN) {
    return false;
  }
  *out = (uint32_t)number;
  return true;
}

bool smtpc_accounts_scram_read(smtpc_accounts_scram *out,
                               smtpc_accounts_hash hash, const uint8_t *text,
                               size_t len) {
  const size_t size = smtpc_accounts_scram_len(hash);
  size_t end[4] = {0u, 0u, 0u, len};
  size_t from = 0u;
  for (size_t k = 0u; k < 3u; k++) {
    end[k] = smtpc_accounts_find_octet(text, from, len, ',');
    if (end[k] == len) {
      explicit_bzero(out, sizeof *out);
      return false;
    }
    from = end[k] + 1u;
  }
  const size_t salt = end[0] + 1u;
  const size_t stored = end[1] + 1u;
  const size_t server = end[2] + 1u;
  const bool good =
      read_iterations(&out->iterations, text, end[0]) &&
      read_base64(out->salt, sizeof out->salt, text + salt, end[1] - salt) &&
      read_base64(out->stored, size, text + stored, end[2] - stored) &&
      read_base64(out->server, size, text + server, end[3] - server);
  if (!good) {
    explicit_bzero(out, sizeof *out);
  }
  return good;
}

static void put_base64(smtpc_out *out, const uint8_t *data, size_t len) {
  smtpc_base64 encoder = {0};
  smtpc_out_octet(out, ',');
  smtpc_base64_put(&encoder, out, data, len);
  smtpc_base64_end(&encoder, out);
}

size_t smtpc_accounts_scram_write(uint8_t *out,
                                  const smtpc_accounts_scram *state,
                                  smtpc_accounts_hash hash) {
  const char *word = smtpc_accounts_scram_word(hash);
  const size_t size = smtpc_accounts_scram_len(hash);
  smtpc_out line = smtpc_out_begin(out, SMTPC_ACCOUNTS_SCRAM_FIELD_MAX);
  smtpc_out_text(&line, word, strlen(word));
  smtpc_out_number(&line, state->iterations);
  put_base64(&line, state->salt, sizeof state->salt);
  put_base64(&line, state->stored, size);
  put_base64(&line, state->server, size);
  return line.len;
}

// --- Keys and proofs ---------------------------------------------------------

//= RFC 5802 section 3
void smtpc_accounts_scram_make(smtpc_accounts_scram *state,
                               smtpc_accounts_hash hash,
                               const uint8_t *password, size_t len) {
  const size_t size = smtpc_accounts_scram_len(hash);
  uint8_t salted[DIGEST_MAX];
  uint8_t client[DIGEST_MAX];
  if (hash == SMTPC_ACCOUNTS_SHA1) {
    pbkdf2_hmac_sha1(len, password, state->iterations, sizeof state->salt,
                     state->salt, size, salted);
  } else {
    pbkdf2_hmac_sha256(len, password, state->iterations, sizeof state->salt,
                       state->salt, size, salted);
  }
  hmac(hash, salted, size, "Client Key", 10u, client);
  digest(hash, client, size, state->stored);
  hmac(hash, salted, size, "Server Key", 10u, state->server);
  explicit_bzero(salted, sizeof salted);
  explicit_bzero(client, sizeof client);
}

//= RFC 5802 section 3
bool smtpc_accounts_scram_judge(const smtpc_accounts_scram *state,
                                smtpc_accounts_hash hash, const uint8_t *text,
                                size_t text_len, const uint8_t *proof,
                                uint8_t signature[DIGEST_MAX]) {
  const size_t size = smtpc_accounts_scram_len(hash);
  uint8_t client[DIGEST_MAX];
  uint8_t stored[DIGEST_MAX];
  hmac(hash, state->stored, size, text, text_len, client);
  for (size_t k = 0u; k < size; k++) {
    client[k] = (uint8_t)(client[k] ^ proof[k]);
  }
  digest(hash, client, size, stored);
  hmac(hash, state->server, size, text, text_len, signature);
  const bool same = nettle_memeql_sec(stored, state->stored, size) != 0;
  explicit_bzero(client, sizeof client);
  explicit_bzero(stored, sizeof stored);
  return same;
}

// --- What is made up ---------------------------------------------------------

void smtpc_accounts_scram_seed(uint8_t seed[DIGEST_MAX], const char *text) {
  static const uint8_t purpose[] = "smtpcore: salts that are made up";
  hmac(SMTPC_ACCOUNTS_SHA256, purpose, sizeof purpose - 1u, text, strlen(text),
       seed);
}

void smtpc_accounts_scram_made_up(uint8_t salt[SMTPC_ACCOUNTS_SALT_LEN],
                                  const uint8_t seed[DIGEST_MAX],
                                  smtpc_accounts_hash hash, const uint8_t *name,
                                  size_t len) {
  uint8_t key[DIGEST_MAX];
  uint8_t made[DIGEST_MAX];
  const uint8_t which = (uint8_t)hash;
  hmac(SMTPC_ACCOUNTS_SHA256, seed, DIGEST_MAX, &which, 1u, key);
  hmac(SMTPC_ACCOUNTS_SHA256, key, sizeof key, name, len, made);
  memcpy(salt, made, SMTPC_ACCOUNTS_SALT_LEN);
  explicit_bzero(key, sizeof key);
  explicit_bzero(made, sizeof made);
}
