// What PEM texts, names and algorithms are, by an account of its own: what the shim says
// of them is compared with it.
#include <arpa/inet.h>
#include <limits.h>
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bytestring.h>
#include <openssl/dsa.h>
#include <openssl/ec_key.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/mem.h>
#include <openssl/nid.h>
#include <openssl/obj.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "fuzz/tls/setup_parts.h"

// ----------------------------------------------------------------------- PEM

// pem is one block of a text.
typedef struct pem {
  char *name;
  char *header;
  uint8_t *data;
  long len;
} pem;

static void free_pem(pem *p) {
  OPENSSL_free(p->name);
  OPENSSL_free(p->header);
  OPENSSL_free(p->data);
  memset(p, 0, sizeof *p);
}

static int is_one_of(const char *name, const char *const *names, size_t count) {
  for (size_t i = 0u; i < count; i++) {
    if (strcmp(name, names[i]) == 0) {
      return 1;
    }
  }
  return 0;
}

// Returns the next block that has one of the names; 0 at the end, -1 for a broken one.
static int next_pem(BIO *bio, const char *const *names, size_t count,
                    pem *out) {
  for (;;) {
    ERR_clear_error();
    if (PEM_read_bio(bio, &out->name, &out->header, &out->data, &out->len) !=
        1) {
      const uint32_t error = ERR_peek_last_error();
      return ERR_GET_LIB(error) == ERR_LIB_PEM &&
                     ERR_GET_REASON(error) == PEM_R_NO_START_LINE
                 ? 0
                 : -1;
    }
    if (is_one_of(out->name, names, count) != 0) {
      return 1;
    }
    free_pem(out);
  }
}

size_t setup_see_certificates(const uint8_t *text, size_t len, size_t most,
                              X509 **out_leaf) {
  static const char *const names[2] = {"CERTIFICATE", "X509 CERTIFICATE"};
  size_t count = 0u;
  X509 *leaf = NULL;
  pem block = {NULL, NULL, NULL, 0};
  BIO *bio = len > INT_MAX ? NULL : BIO_new_mem_buf(text, (int)len);
  int more = bio != NULL ? next_pem(bio, names, 2u, &block) : -1;
  while (more == 1) {
    const uint8_t *at = block.data;
    X509 *cert =
        block.header[0] == '\0' ? d2i_X509(NULL, &at, block.len) : NULL;
    more = cert != NULL && count < most ? 1 : -1;
    if (leaf == NULL && more == 1) {
      leaf = cert;
    } else {
      X509_free(cert);
    }
    count++;
    free_pem(&block);
    more = more == 1 ? next_pem(bio, names, 2u, &block) : more;
  }
  BIO_free(bio);
  ERR_clear_error();
  if (out_leaf != NULL && more == 0) {
    *out_leaf = leaf;
  } else {
    X509_free(leaf);
  }
  return more == 0 ? count : 0u;
}

static EVP_PKEY *parse_key(const pem *block) {
  const uint8_t *at = block->data;
  CBS in;
  CBS_init(&in, block->data, (size_t)block->len);
  if (strcmp(block->name, "PRIVATE KEY") == 0) {
    return EVP_parse_private_key(&in);
  }
  if (strcmp(block->name, "RSA PRIVATE KEY") == 0) {
    return d2i_PrivateKey(EVP_PKEY_RSA, NULL, &at, block->len);
  }
  if (strcmp(block->name, "EC PRIVATE KEY") == 0) {
    return d2i_PrivateKey(EVP_PKEY_EC, NULL, &at, block->len);
  }
  if (strcmp(block->name, "DSA PRIVATE KEY") == 0) {
    return d2i_PrivateKey(EVP_PKEY_DSA, NULL, &at, block->len);
  }
  return NULL;
}

// The first private key of a text decides. `*out_also` is what may be returned as well:
// a block that says it is encrypted may also be broken.
static smtpc_boringssl_error see_key(const setup_octets *text, EVP_PKEY **out,
                                     smtpc_boringssl_error *out_also) {
  static const char *const names[5] = {"PRIVATE KEY", "ENCRYPTED PRIVATE KEY",
                                       "RSA PRIVATE KEY", "EC PRIVATE KEY",
                                       "DSA PRIVATE KEY"};
  smtpc_boringssl_error error = SMTPC_BORINGSSL_KEY_PEM;
  pem block = {NULL, NULL, NULL, 0};
  BIO *bio = text->claimed > INT_MAX
                 ? NULL
                 : BIO_new_mem_buf(text->data, (int)text->claimed);
  *out_also = error;
  if (bio != NULL && next_pem(bio, names, 5u, &block) == 1) {
    if (block.header[0] != '\0' || strcmp(block.name, names[1]) == 0) {
      error = SMTPC_BORINGSSL_KEY_ENCRYPTED;
    } else {
      *out = parse_key(&block);
      error = *out != NULL ? SMTPC_BORINGSSL_NONE : error;
    }
  }
  free_pem(&block);
  BIO_free(bio);
  ERR_clear_error();
  return error;
}

// --------------------------------------------------------------------- times

// Sets `*out` to the seconds from 1970 to a time; 0: it cannot be read.
static int seconds_of(const ASN1_TIME *time, int64_t *out) {
  int days = 0;
  int seconds = 0;
  ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
  const int ok =
      epoch != NULL && ASN1_TIME_diff(&days, &seconds, epoch, time) == 1;
  ASN1_TIME_free(epoch);
  ERR_clear_error();
  *out = (int64_t)days * 86400 + seconds;
  return ok;
}

int setup_is_valid_at(const X509 *cert, int64_t at) {
  int64_t from = 0;
  int64_t to = 0;
  return seconds_of(X509_get0_notBefore(cert), &from) != 0 &&
         seconds_of(X509_get0_notAfter(cert), &to) != 0 && from <= at &&
         at <= to;
}

static void see_times(setup_identity *identity, int64_t now) {
  int64_t from = 0;
  int64_t to = 0;
  // The library can compare with no time after 9999.
  identity->has_times =
      now <= SETUP_TIME_MAX &&
      seconds_of(X509_get0_notBefore(identity->leaf), &from) != 0 &&
      seconds_of(X509_get0_notAfter(identity->leaf), &to) != 0;
  identity->not_yet = from > now;
  identity->expired = to <= now;
}

// ------------------------------------------------------------------ identities

static int is_for_tls(const EVP_PKEY *key) {
  const int id = EVP_PKEY_id(key);
  return id == EVP_PKEY_RSA || id == EVP_PKEY_EC || id == EVP_PKEY_ED25519;
}

// Whether the two say the same public key.
static int is_pair(X509 *cert, EVP_PKEY *key) {
  uint8_t *one = NULL;
  uint8_t *two = NULL;
  EVP_PKEY *other = X509_get_pubkey(cert);
  const int one_len = other != NULL ? i2d_PUBKEY(other, &one) : -1;
  const int two_len = i2d_PUBKEY(key, &two);
  const int same = one_len > 0 && one_len == two_len &&
                   memcmp(one, two, (size_t)one_len) == 0;
  OPENSSL_free(one);
  OPENSSL_free(two);
  EVP_PKEY_free(other);
  ERR_clear_error();
  return same;
}

setup_identity setup_see_identity(const setup_octets *cert,
                                  const setup_octets *key, int64_t now) {
  setup_identity seen;
  memset(&seen, 0, sizeof seen);
  seen.error = SMTPC_BORINGSSL_ARGUMENT;
  if (cert->data != NULL && key->data != NULL) {
    seen.count = setup_see_certificates(cert->data, cert->claimed,
                                        SMTPC_BORINGSSL_CHAIN_MAX, &seen.leaf);
    seen.error = SMTPC_BORINGSSL_CERTIFICATE_PEM;
  }
  seen.also = seen.error;
  if (seen.leaf == NULL) {
    return seen;
  }
  see_times(&seen, now);
  seen.error = see_key(key, &seen.key, &seen.also);
  if (seen.error != SMTPC_BORINGSSL_NONE) {
    return seen;
  }
  if (is_pair(seen.leaf, seen.key) == 0) {
    seen.error = SMTPC_BORINGSSL_KEY_MISMATCH;
  } else if (is_for_tls(seen.key) == 0) {
    seen.error = SMTPC_BORINGSSL_KEY_UNUSABLE;
  }
  seen.also = seen.error;
  return seen;
}

void setup_see_free(setup_identity *identity) {
  X509_free(identity->leaf);
  EVP_PKEY_free(identity->key);
  identity->leaf = NULL;
  identity->key = NULL;
}

// ----------------------------------------------------------------------- names

static int is_number(const uint8_t *label, size_t len) {
  for (size_t i = 0u; i < len; i++) {
    if (label[i] < '0' || label[i] > '9') {
      return 0;
    }
  }
  return 1;
}

// RFC 1123 section 2.1: letters, digits and hyphens, no hyphen first or last.
static int is_label(const uint8_t *label, size_t len) {
  static const char set[] =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
  if (len == 0u || len > 63u || label[0] == '-' || label[len - 1u] == '-') {
    return 0;
  }
  for (size_t i = 0u; i < len; i++) {
    if (label[i] == '\0' || strchr(set, label[i]) == NULL) {
      return 0;
    }
  }
  return 1;
}

// Four numbers to 255 without zeros before them, and dots between.
static int is_dotted_quad(const uint8_t *name, size_t len) {
  unsigned numbers = 0u;
  size_t at = 0u;
  while (at < len) {
    size_t digits = 0u;
    unsigned number = 0u;
    while (at + digits < len && digits < 4u &&
           is_number(name + at + digits, 1u) != 0) {
      number = number * 10u + (unsigned)(name[at + digits] - '0');
      digits++;
    }
    if (digits == 0u || number > 255u || (digits > 1u && name[at] == '0')) {
      return 0;
    }
    numbers++;
    at += digits;
    if (at < len && (name[at] != '.' || at + 1u == len)) {
      return 0;
    }
    at++;
  }
  return numbers == 4u;
}

int setup_is_name(const uint8_t *name, size_t len) {
  char text[SMTPC_TLS_NAME_MAX + 1u];
  uint8_t ip[16];
  size_t from = 0u;
  if (len == 0u || len > SMTPC_TLS_NAME_MAX) {
    return 0;
  }
  if (is_dotted_quad(name, len) != 0) {
    return 2;
  }
  memcpy(text, name, len);
  text[len] = '\0';
  if (memchr(name, ':', len) != NULL) {
    return strlen(text) == len && inet_pton(AF_INET6, text, ip) == 1 ? 2 : 0;
  }
  for (size_t i = 0u; i <= len; i++) {
    if (i == len || name[i] == '.') {
      if (is_label(name + from, i - from) == 0) {
        return 0;
      }
      from = i < len ? i + 1u : from;
    }
  }
  return is_number(name + from, len - from) == 0 ? 1 : 0;
}

int setup_is_for(X509 *cert, const uint8_t *name, size_t len) {
  char text[SMTPC_TLS_NAME_MAX + 1u];
  uint8_t ip[16];
  GENERAL_NAMES *names =
      X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
  if (names == NULL || sk_GENERAL_NAME_num(names) != 1u ||
      len > SMTPC_TLS_NAME_MAX) {
    GENERAL_NAMES_free(names);
    return 0;
  }
  memcpy(text, name, len);
  text[len] = '\0';
  int type = 0;
  const ASN1_STRING *value =
      GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, 0u), &type);
  const uint8_t *data = ASN1_STRING_get0_data(value);
  const size_t have = (size_t)ASN1_STRING_length(value);
  int same = 0;
  if (type == GEN_DNS) {
    same = setup_is_name(name, len) == 1 && have == len &&
           memcmp(data, name, len) == 0;
  } else if (type == GEN_IPADD) {
    const int family = have == 4u ? AF_INET : AF_INET6;
    same = setup_is_name(name, len) == 2 && (have == 4u || have == 16u) &&
           inet_pton(family, text, ip) == 1 && memcmp(ip, data, have) == 0;
  }
  GENERAL_NAMES_free(names);
  return same;
}

// ------------------------------------------------------------------- algorithms

typedef struct hash_row {
  const char *text;  // the object identifier
  int hash;          // its NID
} hash_row;

static const hash_row hashes[] = {
    {"1.2.840.113549.2.5", NID_md5},
    {"1.3.14.3.2.26", NID_sha1},
    {"2.16.840.1.101.3.4.2.4", NID_sha224},
    {"2.16.840.1.101.3.4.2.1", NID_sha256},
    {"2.16.840.1.101.3.4.2.2", NID_sha384},
    {"2.16.840.1.101.3.4.2.3", NID_sha512},
};

static const hash_row signatures[] = {
    {"1.2.840.113549.1.1.4", NID_md5},
    {"1.2.840.113549.1.1.5", NID_sha1},
    {"1.2.840.113549.1.1.14", NID_sha224},
    {"1.2.840.113549.1.1.11", NID_sha256},
    {"1.2.840.113549.1.1.12", NID_sha384},
    {"1.2.840.113549.1.1.13", NID_sha512},
    {"1.2.840.10045.4.1", NID_sha1},
    {"1.2.840.10045.4.3.1", NID_sha224},
    {"1.2.840.10045.4.3.2", NID_sha256},
    {"1.2.840.10045.4.3.3", NID_sha384},
    {"1.2.840.10045.4.3.4", NID_sha512},
    {"1.2.840.10040.4.3", NID_sha1},
    {"1.3.101.112", NID_undef},
    {"1.2.840.113549.1.1.1", NID_undef},
};

// The NID of a row, or -1 when there is none for the identifier.
static int look_up(const hash_row *rows, size_t count, const char *text) {
  for (size_t i = 0u; i < count; i++) {
    if (strcmp(rows[i].text, text) == 0) {
      return rows[i].hash;
    }
  }
  return -1;
}

// An AlgorithmIdentifier's object identifier as text. It returns 0 when there is none.
static int identifier_of(CBS *field, char *out, size_t cap) {
  CBS oid;
  if (CBS_get_asn1(field, &oid, CBS_ASN1_OBJECT) != 1) {
    return 0;
  }
  char *text = CBS_asn1_oid_to_text(&oid);
  const int ok = text != NULL && strlen(text) < cap;
  if (ok != 0) {
    memcpy(out, text, strlen(text) + 1u);
  }
  OPENSSL_free(text);
  return ok;
}

// A hash has no parameters, or NULL.
static int hash_in(CBS *field) {
  CBS algorithm;
  char text[64];
  if (CBS_get_asn1(field, &algorithm, CBS_ASN1_SEQUENCE) != 1 ||
      identifier_of(&algorithm, text, sizeof text) == 0) {
    return -1;
  }
  const size_t left = CBS_len(&algorithm);
  if (left != 0u &&
      (left != 2u || memcmp(CBS_data(&algorithm), "\x05\x00", 2u) != 0)) {
    return -1;
  }
  return look_up(hashes, sizeof hashes / sizeof hashes[0], text);
}

// RFC 4055 section 3.1. Both hashes must be the same, and are SHA-1 when not there.
static int hash_of_pss(const uint8_t *der, size_t len) {
  int found[2] = {NID_sha1, NID_sha1};
  CBS in;
  CBS params;
  CBS field;
  CBS mask;
  char text[64];
  CBS_init(&in, der, len);
  if (CBS_get_asn1(&in, &params, CBS_ASN1_SEQUENCE) != 1) {
    return -1;
  }
  if (CBS_len(&params) > 0u && CBS_data(&params)[0] == 0xa0u) {
    found[0] =
        CBS_get_asn1(&params, &field,
                     CBS_ASN1_CONTEXT_SPECIFIC | CBS_ASN1_CONSTRUCTED) == 1
            ? hash_in(&field)
            : -1;
  }
  if (found[0] != -1 && CBS_len(&params) > 0u &&
      CBS_data(&params)[0] == 0xa1u) {
    found[1] = -1;
    if (CBS_get_asn1(&params, &field,
                     CBS_ASN1_CONTEXT_SPECIFIC | CBS_ASN1_CONSTRUCTED | 1u) ==
            1 &&
        CBS_get_asn1(&field, &mask, CBS_ASN1_SEQUENCE) == 1 &&
        identifier_of(&mask, text, sizeof text) != 0 &&
        strcmp(text, "1.2.840.113549.1.1.8") == 0) {
      found[1] = hash_in(&mask);
    }
  }
  return found[0] == found[1] ? found[0] : -1;
}

const EVP_MD *setup_hash_of(X509 *cert, int *out_known) {
  uint8_t *der = NULL;
  CBS in;
  CBS whole;
  CBS sequence;
  char text[64] = "";
  int hash = -1;
  const int len = i2d_X509(cert, &der);
  CBS_init(&in, der, len > 0 ? (size_t)len : 0u);
  // Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, ... }
  *out_known = CBS_get_asn1(&in, &whole, CBS_ASN1_SEQUENCE) == 1 &&
               CBS_get_asn1(&whole, NULL, CBS_ASN1_SEQUENCE) == 1 &&
               CBS_get_asn1(&whole, &sequence, CBS_ASN1_SEQUENCE) == 1 &&
               identifier_of(&sequence, text, sizeof text) != 0;
  if (strcmp(text, "1.2.840.113549.1.1.10") == 0) {
    hash = hash_of_pss(CBS_data(&sequence), CBS_len(&sequence));
  } else {
    hash = look_up(signatures, sizeof signatures / sizeof signatures[0], text);
    *out_known = *out_known != 0 && hash != -1;
  }
  OPENSSL_free(der);
  ERR_clear_error();
  const int given = hash == NID_md5 || hash == NID_sha1 ? NID_sha256 : hash;
  return given > 0 ? EVP_get_digestbynid(given) : NULL;
}
