#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ec_key.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/mem.h>
#include <openssl/nid.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <string.h>
#include <time.h>

#include "shim/boringssl/internal.h"

#define SERIAL_BITS 127
#define COMMON_NAME_MAX 64u  // RFC 5280 appendix A.1: ub-common-name
#define EARLIER_SECONDS 3600L
#define DAY_SECONDS 86400
// RFC 5280 section 4.1.2.5.2: the last second that can be written, of the year 9999.
#define TIME_MAX INT64_C(253402300799)

static EVP_PKEY *make_key(void) {
  EVP_PKEY *key = EVP_PKEY_new();
  EC_KEY *ec = EC_KEY_new_by_curve_name(NID_X9_62_prime256v1);
  const bool ok = key != NULL && ec != NULL && EC_KEY_generate_key(ec) == 1 &&
                  EVP_PKEY_set1_EC_KEY(key, ec) == 1;
  EC_KEY_free(ec);
  if (ok) {
    return key;
  }
  EVP_PKEY_free(key);
  return NULL;
}

static bool set_serial(X509 *cert) {
  BIGNUM *number = BN_new();
  // The top bit is set, so that the number is never zero (RFC 5280 section
  // 4.1.2.2).
  const bool ok =
      number != NULL &&
      BN_rand(number, SERIAL_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
      BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert)) != NULL;
  BN_free(number);
  return ok;
}

static bool set_times(X509 *cert, int64_t now, uint32_t days) {
  const time_t at = (time_t)now;
  return ASN1_TIME_adj(X509_getm_notBefore(cert), at, 0, -EARLIER_SECONDS) !=
             NULL &&
         ASN1_TIME_adj(X509_getm_notAfter(cert), at, (int)days, 0) != NULL;
}

static bool set_names(X509 *cert, const smtpc_bssl_name *name) {
  X509_NAME *subject = X509_get_subject_name(cert);
  const size_t len = strlen(name->text);
  if (len <= COMMON_NAME_MAX &&
      X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_ASC,
                                 (const uint8_t *)name->text, (int)len, -1,
                                 0) != 1) {
    return false;
  }
  return X509_set_issuer_name(cert, subject) == 1;
}

static GENERAL_NAME *make_general_name(const smtpc_bssl_name *name) {
  const bool is_ip = name->kind == SMTPC_BSSL_NAME_IP;
  ASN1_STRING *value =
      ASN1_STRING_type_new(is_ip ? V_ASN1_OCTET_STRING : V_ASN1_IA5STRING);
  GENERAL_NAME *general = GENERAL_NAME_new();
  const void *data = is_ip ? (const void *)name->ip : (const void *)name->text;
  const size_t len = is_ip ? name->ip_len : strlen(name->text);
  if (value == NULL || general == NULL ||
      ASN1_STRING_set(value, data, (int)len) != 1) {
    ASN1_STRING_free(value);
    GENERAL_NAME_free(general);
    return NULL;
  }
  GENERAL_NAME_set0_value(general, is_ip ? GEN_IPADD : GEN_DNS, value);
  return general;
}

static bool add_alternative_name(X509 *cert, const smtpc_bssl_name *name) {
  // RFC 5280 section 4.2.1.6: critical when the subject is empty.
  const int critical = X509_NAME_entry_count(X509_get_subject_name(cert)) == 0;
  GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
  GENERAL_NAME *general = make_general_name(name);
  bool ok = names != NULL && general != NULL;
  if (ok && sk_GENERAL_NAME_push(names, general) > 0u) {
    general = NULL;
    ok = X509_add1_ext_i2d(cert, NID_subject_alt_name, names, critical, 0) == 1;
  }
  GENERAL_NAME_free(general);
  sk_GENERAL_NAME_pop_free(names, GENERAL_NAME_free);
  return ok;
}

// There is no key usage: with one that does not allow to sign certificates,
// many libraries would not take this certificate as its own root.
static bool add_constraints(X509 *cert) {
  BASIC_CONSTRAINTS *basic = BASIC_CONSTRAINTS_new();
  const bool ok =
      basic != NULL &&
      X509_add1_ext_i2d(cert, NID_basic_constraints, basic, 1, 0) == 1;
  BASIC_CONSTRAINTS_free(basic);
  return ok;
}

static bool add_purpose(X509 *cert) {
  EXTENDED_KEY_USAGE *purposes = sk_ASN1_OBJECT_new_null();
  const bool ok =
      purposes != NULL &&
      sk_ASN1_OBJECT_push(purposes, OBJ_nid2obj(NID_server_auth)) > 0u &&
      X509_add1_ext_i2d(cert, NID_ext_key_usage, purposes, 0, 0) == 1;
  sk_ASN1_OBJECT_pop_free(purposes, ASN1_OBJECT_free);
  return ok;
}

static X509 *make_certificate(EVP_PKEY *key, const smtpc_bssl_name *name,
                              int64_t now, uint32_t days) {
  X509 *cert = X509_new();
  if (cert != NULL && X509_set_version(cert, X509_VERSION_3) == 1 &&
      set_serial(cert) && set_times(cert, now, days) && set_names(cert, name) &&
      X509_set_pubkey(cert, key) == 1 && add_constraints(cert) &&
      add_purpose(cert) && add_alternative_name(cert, name) &&
      X509_sign(cert, key, EVP_sha256()) > 0) {
    return cert;
  }
  X509_free(cert);
  return NULL;
}

static bool take_text(BIO *bio, char **out, size_t *out_len) {
  const uint8_t *data = NULL;
  size_t len = 0u;
  char *text =
      BIO_mem_contents(bio, &data, &len) == 1 ? OPENSSL_malloc(len + 1u) : NULL;
  if (text == NULL) {
    return false;
  }
  memcpy(text, data, len);
  text[len] = '\0';
  *out = text;
  *out_len = len;
  return true;
}

static bool write_pem(X509 *cert, EVP_PKEY *key, smtpc_boringssl_pem *out) {
  BIO *cert_bio = BIO_new(BIO_s_mem());
  BIO *key_bio = BIO_new(BIO_s_mem());
  const bool ok =
      cert_bio != NULL && key_bio != NULL &&
      PEM_write_bio_X509(cert_bio, cert) == 1 &&
      PEM_write_bio_PrivateKey(key_bio, key, NULL, NULL, 0, NULL, NULL) == 1 &&
      take_text(cert_bio, &out->cert, &out->cert_len) &&
      take_text(key_bio, &out->key, &out->key_len);
  (void)BIO_free(cert_bio);
  (void)BIO_free(key_bio);
  return ok;
}

smtpc_boringssl_error smtpc_boringssl_certificate_make(
    const char *name, size_t name_len, int64_t now, uint32_t days,
    smtpc_boringssl_pem *out) {
  smtpc_bssl_name read;
  if (out == NULL) {
    return SMTPC_BORINGSSL_ARGUMENT;
  }
  memset(out, 0, sizeof *out);
  if (name == NULL || now <= 0 || days == 0u ||
      days > SMTPC_BORINGSSL_DAYS_MAX ||
      now > TIME_MAX - (int64_t)days * DAY_SECONDS) {
    return SMTPC_BORINGSSL_ARGUMENT;
  }
  smtpc_bssl_name_read((const uint8_t *)name, name_len, &read);
  if (read.kind == SMTPC_BSSL_NAME_BAD) {
    return SMTPC_BORINGSSL_NAME;
  }
  EVP_PKEY *key = make_key();
  X509 *cert = key == NULL ? NULL : make_certificate(key, &read, now, days);
  const bool ok = cert != NULL && write_pem(cert, key, out);
  X509_free(cert);
  EVP_PKEY_free(key);
  ERR_clear_error();
  if (!ok) {
    smtpc_boringssl_pem_free(out);
  }
  return ok ? SMTPC_BORINGSSL_NONE : SMTPC_BORINGSSL_LIBRARY;
}

void smtpc_boringssl_pem_free(smtpc_boringssl_pem *pem) {
  if (pem == NULL) {
    return;
  }
  // OPENSSL_free wipes what it frees.
  OPENSSL_free(pem->cert);
  OPENSSL_free(pem->key);
  memset(pem, 0, sizeof *pem);
}
