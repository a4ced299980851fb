// See accounts_line.h.
#define _POSIX_C_SOURCE 200809L
#define _DEFAULT_SOURCE 1  // explicit_bzero

#include "shim/store/accounts_line.h"

#include <nettle/md5.h>
#include <string.h>
#include <sys/stat.h>

#include "smtpcore/span.h"

#define PREFIX_LEN 3u
#define PARAMETERS_LEN 3u
#define SALT_LEN 22u
#define SUM_LEN 43u
#define STATE_LEN MD5_DIGEST_SIZE

_Static_assert(PREFIX_LEN + PARAMETERS_LEN + 1u + SALT_LEN + 1u + SUM_LEN ==
                   SMTPC_ACCOUNTS_HASH_LEN,
               "the parts make the hash");
_Static_assert(2u * STATE_LEN == SMTPC_ACCOUNTS_CRAM_LEN, "two MD5 states");

// The alphabet of crypt, in the order of its values.
static const char crypt_alphabet[] =
    "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

size_t smtpc_accounts_find_octet(const uint8_t *data, size_t from, size_t to,
                                 uint8_t octet) {
  size_t at = from;
  while (at < to && data[at] != octet) {
    at++;
  }
  return at;
}

int smtpc_accounts_name_order(const uint8_t *a, size_t a_len, const uint8_t *b,
                              size_t b_len) {
  const size_t both = a_len < b_len ? a_len : b_len;
  const int order = both == 0u ? 0 : memcmp(a, b, both);
  if (order != 0) {
    return order;
  }
  return (a_len > b_len) - (a_len < b_len);
}

// Returns what is wrong with the octets of a name that is not empty.
static const char *octets_problem(const uint8_t *name, size_t len) {
  size_t at = 0;
  while (at < len) {
    const uint8_t c = name[at];
    if (c == ':' || smtpc_is_control(c)) {
      return "the name has a ':' or a control character";
    }
    if (c < 0x80u) {
      at++;
      continue;
    }
    const size_t wide = smtpc_utf8_len(name, smtpc_span_make(at, len));
    if (wide == 0u) {
      return "the name is not UTF-8";
    }
    if (c == 0xc2u && name[at + 1u] < 0xa0u) {
      return "the name has a control character";  // U+0080 to U+009F
    }
    at += wide;
  }
  return NULL;
}

const char *smtpc_accounts_name_problem(const uint8_t *name, size_t len) {
  if (len == 0u) {
    return "the name is empty";
  }
  if (len > SMTPC_ACCOUNTS_NAME_MAX) {
    return "the name is longer than 255 octets";
  }
  if (name[0] == '#' || name[0] == ' ' || name[len - 1u] == ' ') {
    return "the name begins with '#' or a space, or ends with a space";
  }
  return octets_problem(name, len);
}

// Returns whether each octet is of crypt's alphabet, and the last one among its
// first `last` characters: the rest of 128 or 256 bits fills only part of it.
static bool is_crypt_text(const uint8_t *text, size_t len, size_t last) {
  for (size_t k = 0; k < len; k++) {
    const size_t size = k + 1u < len ? sizeof crypt_alphabet - 1u : last;
    if (memchr(crypt_alphabet, text[k], size) == NULL) {
      return false;
    }
  }
  return true;
}

bool smtpc_accounts_is_hash(const uint8_t *field, size_t len) {
  if (len != SMTPC_ACCOUNTS_HASH_LEN ||
      memcmp(field, SMTPC_ACCOUNTS_PREFIX, PREFIX_LEN) != 0) {
    return false;
  }
  const uint8_t *parameters = field + PREFIX_LEN;
  const uint8_t *salt = parameters + PARAMETERS_LEN + 1u;
  const uint8_t *sum = salt + SALT_LEN + 1u;
  return parameters[0] == 'j' &&
         memchr("789ABCDEF", parameters[1], 9) != NULL &&
         (parameters[2] == '5' || parameters[2] == 'T') && salt[-1] == '$' &&
         is_crypt_text(salt, SALT_LEN, 4) && sum[-1] == '$' &&
         is_crypt_text(sum, SUM_LEN, 16);
}

static int hex_value(uint8_t c) {
  if (smtpc_is_digit(c)) {
    return c - '0';
  }
  const uint8_t upper = smtpc_upper(c);
  return upper >= 'A' && upper <= 'F' ? upper - 'A' + 10 : -1;
}

bool smtpc_accounts_read_cram(uint8_t out[SMTPC_ACCOUNTS_CRAM_LEN],
                              const uint8_t *field, size_t len) {
  if (len != SMTPC_ACCOUNTS_CRAM_WORD_LEN + 2u * SMTPC_ACCOUNTS_CRAM_LEN ||
      memcmp(field, SMTPC_ACCOUNTS_CRAM_WORD, SMTPC_ACCOUNTS_CRAM_WORD_LEN) !=
          0) {
    return false;
  }
  const uint8_t *digits = field + SMTPC_ACCOUNTS_CRAM_WORD_LEN;
  for (size_t k = 0; k < SMTPC_ACCOUNTS_CRAM_LEN; k++) {
    const int high = hex_value(digits[2u * k]);
    const int low = hex_value(digits[2u * k + 1u]);
    if (high < 0 || low < 0) {
      return false;
    }
    out[k] = (uint8_t)(high * 16 + low);
  }
  return true;
}

static void state_to_octets(uint8_t *out, const struct md5_ctx *state) {
  for (size_t k = 0; k < STATE_LEN; k++) {
    out[k] = (uint8_t)((state->state[k / 4u] >> (8u * (k % 4u))) & 0xffu);
  }
}

// Sets an MD5 to where it stands after one block, which is the padded key.
static void state_from_octets(struct md5_ctx *state, const uint8_t *octets) {
  md5_init(state);
  for (size_t k = 0; k < STATE_LEN / 4u; k++) {
    const uint8_t *word = octets + 4u * k;
    state->state[k] = (uint32_t)word[0] | (uint32_t)word[1] << 8 |
                      (uint32_t)word[2] << 16 | (uint32_t)word[3] << 24;
  }
  state->count = 1;
}

size_t smtpc_accounts_write_cram(uint8_t *out, const uint8_t *password,
                                 size_t len) {
  static const char digits[] = "0123456789abcdef";
  struct hmac_md5_ctx hmac;
  uint8_t states[SMTPC_ACCOUNTS_CRAM_LEN];
  hmac_md5_set_key(&hmac, len, password);
  state_to_octets(states, &hmac.inner);
  state_to_octets(states + STATE_LEN, &hmac.outer);
  memcpy(out, SMTPC_ACCOUNTS_CRAM_WORD, SMTPC_ACCOUNTS_CRAM_WORD_LEN);
  size_t used = SMTPC_ACCOUNTS_CRAM_WORD_LEN;
  for (size_t k = 0; k < sizeof states; k++) {
    out[used++] = (uint8_t)digits[states[k] >> 4];
    out[used++] = (uint8_t)digits[states[k] & 15u];
  }
  explicit_bzero(&hmac, sizeof hmac);
  explicit_bzero(states, sizeof states);
  return used;
}

void smtpc_accounts_cram_hmac(struct hmac_md5_ctx *hmac,
                              const uint8_t states[SMTPC_ACCOUNTS_CRAM_LEN]) {
  state_from_octets(&hmac->inner, states);
  state_from_octets(&hmac->outer, states + STATE_LEN);
  hmac->state = hmac->inner;
}

bool smtpc_accounts_set_phrase(smtpc_accounts_hasher *hasher,
                               const uint8_t *password, size_t len) {
  hasher->phrase[0] = '\0';
  if (len == 0u || len > SMTPC_ACCOUNTS_PASSWORD_MAX ||
      smtpc_accounts_find_octet(password, 0, len, 0u) < len) {
    return false;
  }
  memcpy(hasher->phrase, password, len);
  hasher->phrase[len] = '\0';
  return true;
}

smtpc_store_status smtpc_accounts_check_mode(const smtpc_file *file,
                                             smtpc_store_error *error,
                                             const char *path) {
  if ((file->mode & (uint32_t)(S_IWGRP | S_IWOTH)) == 0u) {
    return SMTPC_STORE_OK;
  }
  return smtpc_store_fail(error, SMTPC_STORE_UNSAFE,
                          "%s: others can write this file (mode %04o); check "
                          "what it says and run: chmod 600 %s",
                          path, (unsigned)file->mode, path);
}
