#include "fuzz/tls/setup.h"

#include <limits.h>
#include <openssl/bio.h>
#include <openssl/bytestring.h>
#include <openssl/ec.h>
#include <openssl/ec_key.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/nid.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/harness/block.h"
#include "fuzz/harness/law.h"
#include "fuzz/tls/credentials.h"

#define MATERIALS_MAX (TLS_IDENTITIES + 4u)
#define SECRET_LEN 32u

// material is what one NAME stands for, as PEM.
typedef struct material {
  const char *name;
  smtpc_octets cert;
  smtpc_octets key;
  smtpc_octets locked;
  uint8_t secret[SECRET_LEN];
  uint8_t has_secret;
} material;

static material materials[MATERIALS_MAX];
static material made;
static size_t material_count;
static setup_input input;

// -------------------------------------------------------------------- materials

static void take_pem(BIO *bio, smtpc_octets *out) {
  const uint8_t *data = NULL;
  size_t len = 0u;
  FUZZ_MUST(HARNESS, BIO_mem_contents(bio, &data, &len) == 1, "no PEM");
  smtpc_octets_clear(out);
  smtpc_octets_add(out, data, len);
  BIO_free(bio);
}

static void take_cert(X509 *cert, smtpc_octets *out) {
  BIO *bio = BIO_new(BIO_s_mem());
  FUZZ_MUST(HARNESS, PEM_write_bio_X509(bio, cert) == 1,
            "a certificate has no PEM");
  take_pem(bio, out);
}

static void take_key(EVP_PKEY *key, const char *pass, smtpc_octets *out) {
  BIO *bio = BIO_new(BIO_s_mem());
  char phrase[8] = "";
  const EVP_CIPHER *cipher = pass != NULL ? EVP_aes_128_cbc() : NULL;
  memcpy(phrase, pass != NULL ? pass : "", pass != NULL ? strlen(pass) : 0u);
  FUZZ_MUST(HARNESS,
            PEM_write_bio_PKCS8PrivateKey(
                bio, key, cipher, pass != NULL ? phrase : NULL,
                pass != NULL ? (int)strlen(pass) : 0, NULL, NULL) == 1,
            "a key has no PEM");
  take_pem(bio, out);
}

static void add_material(const char *name, X509 *cert, EVP_PKEY *key) {
  material *m = &materials[material_count];
  size_t len = SECRET_LEN;
  material_count++;
  m->name = name;
  take_cert(cert, &m->cert);
  if (key == NULL) {
    return;
  }
  take_key(key, NULL, &m->key);
  take_key(key, "secret", &m->locked);
  m->has_secret = EVP_PKEY_id(key) == EVP_PKEY_ED25519 &&
                  EVP_PKEY_get_raw_private_key(key, m->secret, &len) == 1;
}

// A key of P-256 that is the same each time.
static EVP_PKEY *fixed_ec_key(void) {
  EC_KEY *ec = EC_KEY_new_by_curve_name(NID_X9_62_prime256v1);
  const EC_GROUP *group = EC_KEY_get0_group(ec);
  EC_POINT *point = EC_POINT_new(group);
  BIGNUM *number = BN_new();
  EVP_PKEY *key = EVP_PKEY_new();
  FUZZ_MUST(HARNESS,
            BN_set_word(number, 20260101u) == 1 &&
                EC_POINT_mul(group, point, number, NULL, NULL, NULL) == 1 &&
                EC_KEY_set_private_key(ec, number) == 1 &&
                EC_KEY_set_public_key(ec, point) == 1 &&
                EVP_PKEY_set1_EC_KEY(key, ec) == 1,
            "no key of P-256");
  BN_free(number);
  EC_POINT_free(point);
  EC_KEY_free(ec);
  return key;
}

// A certificate like `good`, for another key, and signed with the one of `good`.
static void add_key(const char *name, EVP_PKEY *key) {
  X509 *cert = X509_dup(tls_certificate(TLS_GOOD));
  FUZZ_MUST(HARNESS,
            cert != NULL && X509_set_pubkey(cert, key) == 1 &&
                X509_sign(cert, tls_key(TLS_GOOD), NULL) > 0,
            "no certificate for %s", name);
  add_material(name, cert, key);
  X509_free(cert);
  EVP_PKEY_free(key);
}

// What the library makes at its first use, and keeps.
static void warm_up(void) {
  smtpc_boringssl_pem pem;
  FUZZ_MUST(HARNESS,
            smtpc_boringssl_certificate_make("a.example", 9u, TLS_NOW, 1u,
                                             &pem) == SMTPC_BORINGSSL_NONE,
            "no certificate can be made");
  smtpc_boringssl_pem_free(&pem);
}

void setup_prepare(void) {
  static const uint8_t seed[SECRET_LEN] = "x25519 x25519 x25519 x25519 x25";
  tls_prepare();
  if (material_count > 0u) {
    return;
  }
  for (unsigned i = 0u; i < TLS_IDENTITIES; i++) {
    add_material(tls_identity_name(i), tls_certificate(i), tls_key(i));
  }
  add_material("authority", tls_authority(), NULL);
  add_key("p256", fixed_ec_key());
  add_key("x25519", EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, seed,
                                                 sizeof seed));
  warm_up();
  ERR_clear_error();
}

static const material *material_of(const char *name) {
  if (strcmp(name, "made") == 0) {
    return &made;
  }
  for (size_t i = 0u; i < material_count; i++) {
    if (strcmp(name, materials[i].name) == 0) {
      return &materials[i];
    }
  }
  return NULL;
}

const uint8_t *setup_secret_of(const char *name) {
  const material *m = material_of(name);
  return m != NULL && m->has_secret != 0u ? m->secret : NULL;
}

void setup_made(const smtpc_boringssl_pem *pem) {
  smtpc_octets_clear(&made.cert);
  smtpc_octets_clear(&made.key);
  smtpc_octets_add(&made.cert, pem->cert, pem->cert_len);
  smtpc_octets_add(&made.key, pem->key, pem->key_len);
}

// ------------------------------------------------------------------------ lines

static size_t line_len(const uint8_t *data, size_t len) {
  const uint8_t *end = len > 0u ? memchr(data, '\n', len) : NULL;
  return end != NULL ? (size_t)(end - data) : len;
}

// Where the line after the next "%" begins.
static size_t after_mark(size_t at) {
  while (at < input.len) {
    const size_t len = line_len(input.data + at, input.len - at);
    const int mark = len == 1u && input.data[at] == '%';
    at += len + (at + len < input.len ? 1u : 0u);
    if (mark != 0) {
      return at;
    }
  }
  return input.len;
}

void setup_begin(const uint8_t *data, size_t len) {
  input.data = data;
  input.len = len;
  input.at = 0u;
  input.texts = after_mark(0u);
  smtpc_octets_clear(&made.cert);
  smtpc_octets_clear(&made.key);
}

static void cut(setup_line *line) {
  size_t count = 0u;
  char *at = line->text;
  for (size_t i = 0u; i < SETUP_WORDS_MAX; i++) {
    line->words[i] = "";
  }
  while (*at != '\0' && count < SETUP_WORDS_MAX) {
    char *end = strchr(at, ' ');
    line->words[count] = at;
    count++;
    if (end == NULL) {
      return;
    }
    *end = '\0';
    at = end + 1;
  }
}

int setup_next(setup_line *out) {
  if (input.at >= input.len) {
    return 0;
  }
  const uint8_t *data = input.data + input.at;
  const size_t len = line_len(data, input.len - input.at);
  const size_t kept = len < SETUP_LINE_MAX ? len : SETUP_LINE_MAX - 1u;
  if (len == 1u && data[0] == '%') {
    return 0;
  }
  memcpy(out->text, data, kept);
  out->text[kept] = '\0';
  cut(out);
  input.at += len + (input.at + len < input.len ? 1u : 0u);
  return 1;
}

setup_line setup_skip(const setup_line *line, size_t count) {
  setup_line out;
  out.text[0] = '\0';
  for (size_t i = 0u; i < SETUP_WORDS_MAX; i++) {
    out.words[i] = i + count < SETUP_WORDS_MAX ? line->words[i + count] : "";
  }
  return out;
}

uint64_t setup_number(const char *word, uint64_t most) {
  uint64_t number = 0u;
  for (size_t i = 0u; word[i] >= '0' && word[i] <= '9'; i++) {
    const uint64_t digit = (uint64_t)(word[i] - '0');
    if (number > (most - digit % (most + 1u)) / 10u) {
      return most;
    }
    number = number * 10u + digit;
  }
  return number < most ? number : most;
}

int setup_has(const setup_line *line, const char *word) {
  for (size_t i = 0u; i < SETUP_WORDS_MAX; i++) {
    if (strcmp(line->words[i], word) == 0) {
      return 1;
    }
  }
  return 0;
}

// ----------------------------------------------------------------------- octets

static void add(smtpc_octets *out, const void *data, size_t len) {
  const size_t room = SETUP_OCTETS_MAX - out->len;
  smtpc_octets_add(out, data, len < room ? len : room);
}

static int digit_of(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void add_hex(smtpc_octets *out, const char *word) {
  for (size_t i = 0u; digit_of(word[i]) >= 0 && digit_of(word[i + 1u]) >= 0;
       i += 2u) {
    const uint8_t octet =
        (uint8_t)(digit_of(word[i]) * 16 + digit_of(word[i + 1u]));
    add(out, &octet, 1u);
  }
}

static void add_algorithm(smtpc_octets *out, const char *word) {
  smtpc_octets der = {0};
  smtpc_octets pem = {0};
  add_hex(&der, word);
  const uint8_t *at = der.data;
  X509_ALGOR *algorithm =
      der.len > 0u ? d2i_X509_ALGOR(NULL, &at, (long)der.len) : NULL;
  X509 *cert = X509_dup(tls_certificate(TLS_GOOD));
  if (algorithm != NULL && X509_set1_signature_algo(cert, algorithm) == 1) {
    take_cert(cert, &pem);
    add(out, pem.data, pem.len);
  }
  X509_ALGOR_free(algorithm);
  X509_free(cert);
  smtpc_octets_free(&der);
  smtpc_octets_free(&pem);
  ERR_clear_error();
}

static void add_text(smtpc_octets *out, uint64_t number) {
  size_t at = input.texts;
  for (uint64_t i = 0u; i < number && at < input.len; i++) {
    at = after_mark(at);
  }
  while (at < input.len) {
    const size_t len = line_len(input.data + at, input.len - at);
    const size_t whole = len + (at + len < input.len ? 1u : 0u);
    if (len == 1u && input.data[at] == '%') {
      return;
    }
    add(out, input.data + at, whole);
    at += whole;
  }
}

static const char *after(const char *part, const char *prefix) {
  const size_t len = strlen(prefix);
  return strncmp(part, prefix, len) == 0 ? part + len : NULL;
}

static int add_material_of(smtpc_octets *out, const char *part) {
  static const char *const kinds[3] = {"cert:", "key:", "locked:"};
  for (size_t i = 0u; i < 3u; i++) {
    const char *name = after(part, kinds[i]);
    const material *m = name != NULL ? material_of(name) : NULL;
    if (m != NULL) {
      const smtpc_octets *const which[3] = {&m->cert, &m->key, &m->locked};
      add(out, which[i]->data, which[i]->len);
      return 1;
    }
  }
  return 0;
}

static void add_fill(smtpc_octets *out, size_t count) {
  static const char fill[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
  const size_t most = sizeof fill - 1u;
  for (size_t left = count; left > 0u; left -= left < most ? left : most) {
    add(out, fill, left < most ? left : most);
  }
}

static void add_plain(smtpc_octets *out, const char *part) {
  const char *rest = NULL;
  if (add_material_of(out, part) != 0) {
    return;
  }
  if ((rest = after(part, "alg:")) != NULL) {
    add_algorithm(out, rest);
  } else if ((rest = after(part, "text:")) != NULL) {
    add_text(out, setup_number(rest, 1000u));
  } else if ((rest = after(part, "hex:")) != NULL) {
    add_hex(out, rest);
  } else if ((rest = after(part, "fill:")) != NULL) {
    add_fill(out, (size_t)setup_number(rest, SETUP_OCTETS_MAX));
  } else {
    add(out, part, strlen(part));
  }
}

// A part with a number before it is so many of it, or so much of it.
static void add_part(smtpc_octets *out, const char *part) {
  const size_t digits = strspn(part, "0123456789");
  const size_t before = out->len;
  const uint64_t number = setup_number(part, SETUP_OCTETS_MAX);
  if (digits == 0u || (part[digits] != '*' && part[digits] != '/')) {
    add_plain(out, part);
    return;
  }
  add_plain(out, part + digits + 1u);
  const size_t len = out->len - before;
  if (part[digits] == '/') {
    out->len = number < len ? before + (size_t)number : out->len;
    return;
  }
  smtpc_octets one = {0};
  smtpc_octets_add(&one, out->data + before, len);
  out->len = before;
  for (uint64_t i = 0u; i < number && out->len < SETUP_OCTETS_MAX && len > 0u;
       i++) {
    add(out, one.data, len);
  }
  smtpc_octets_free(&one);
}

setup_octets setup_read(const char *word) {
  setup_octets out = {NULL, 0u, 0u, {0}};
  char part[SETUP_LINE_MAX];
  if (strcmp(word, "null") == 0) {
    return out;
  }
  const int endless = strcmp(word, "endless") == 0;
  while (*word != '\0') {
    const size_t len = strcspn(word, "+");
    memcpy(part, word, len);
    part[len] = '\0';
    add_part(&out.copy, part);
    word += len + (word[len] == '+' ? 1u : 0u);
  }
  const size_t len = out.copy.len;
  out.data = fuzz_block(out.copy.data, len);
  out.len = len;
  out.claimed = endless != 0 ? (size_t)INT_MAX + 1u : len;
  return out;
}

void setup_free(setup_octets *octets) {
  if (octets->data != NULL) {
    fuzz_block_free(octets->data, octets->copy.data, octets->copy.len);
  }
  smtpc_octets_free(&octets->copy);
  octets->data = NULL;
}
