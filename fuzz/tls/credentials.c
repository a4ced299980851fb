#include "fuzz/tls/credentials.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/nid.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/time.h>

#include "fuzz/harness/law.h"
#include "fuzz/tls/system.h"
#include "shim/boringssl/tls_boringssl.h"

#define DAY 86400
#define SEED_LEN 32u
// Seeds of keys, beside those of identities, which are their numbers.
#define SEED_AUTHORITY 100u
#define SEED_STRANGER 101u

typedef enum issuer { AUTHORITY, STRANGER, ITSELF } issuer;

// row is what an identity's certificate says.
typedef struct row {
  const char *name;
  const char *subject;  // common name; NULL: none
  const char *names;    // subject alternative names; NULL: none
  const char *purpose;
  int64_t from;  // seconds after TLS_NOW
  int64_t to;
  issuer issuer;
} row;

static const row rows[TLS_IDENTITIES] = {
    {"good", NULL, "DNS:" TLS_HOST, "serverAuth", -DAY, DAY, AUTHORITY},
    {"other-name", NULL, "DNS:mx.c.example", "serverAuth", -DAY, DAY,
     AUTHORITY},
    {"stranger", NULL, "DNS:" TLS_HOST, "serverAuth", -DAY, DAY, STRANGER},
    {"expired", NULL, "DNS:" TLS_HOST, "serverAuth", -9 * DAY, -DAY, AUTHORITY},
    {"not-yet", NULL, "DNS:" TLS_HOST, "serverAuth", DAY, 9 * DAY, AUTHORITY},
    {"self-signed", TLS_HOST, "DNS:" TLS_HOST, "serverAuth", -DAY, DAY, ITSELF},
    {"wildcard", NULL, "DNS:*.b.example", "serverAuth", -DAY, DAY, AUTHORITY},
    {"deep-wildcard", NULL, "DNS:*.example", "serverAuth", -DAY, DAY,
     AUTHORITY},
    {"common-name", TLS_HOST, NULL, "serverAuth", -DAY, DAY, AUTHORITY},
    {"for-clients", NULL, "DNS:" TLS_HOST, "clientAuth", -DAY, DAY, AUTHORITY},
};

typedef struct holder {
  X509 *cert;
  EVP_PKEY *key;
} holder;

static holder authority;
static holder stranger;
static holder holders[TLS_IDENTITIES];
static smtpc_tls_context *contexts[TLS_IDENTITIES];

static EVP_PKEY *make_key(unsigned seed) {
  uint8_t octets[SEED_LEN] = {0};
  memset(octets, 's', sizeof octets - 1u);
  octets[SEED_LEN - 1u] = (uint8_t)seed;
  EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, octets,
                                               sizeof octets);
  FUZZ_MUST(HARNESS, key != NULL, "no key can be made");
  return key;
}

static void extend(X509 *cert, int nid, const char *value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, cert, cert, NULL, NULL, 0);
  X509_EXTENSION *extension = X509V3_EXT_nconf_nid(NULL, &context, nid, value);
  FUZZ_MUST(HARNESS,
            extension != NULL && X509_add_ext(cert, extension, -1) == 1,
            "no extension %s", value);
  X509_EXTENSION_free(extension);
}

// Returns a certificate without a signature.
static X509 *draft(unsigned serial, const char *subject, EVP_PKEY *key,
                   int64_t from, int64_t to) {
  X509 *cert = X509_new();
  const int good =
      cert != NULL && X509_set_version(cert, X509_VERSION_3) == 1 &&
      ASN1_INTEGER_set(X509_get_serialNumber(cert), (long)serial + 1) == 1 &&
      ASN1_TIME_set(X509_getm_notBefore(cert), (time_t)(TLS_NOW + from)) !=
          NULL &&
      ASN1_TIME_set(X509_getm_notAfter(cert), (time_t)(TLS_NOW + to)) != NULL &&
      X509_set_pubkey(cert, key) == 1 &&
      (subject == NULL ||
       X509_NAME_add_entry_by_NID(X509_get_subject_name(cert), NID_commonName,
                                  MBSTRING_ASC, (const uint8_t *)subject, -1,
                                  -1, 0) == 1);
  FUZZ_MUST(HARNESS, good, "no certificate can be made");
  return cert;
}

static void sign(X509 *cert, X509 *by, EVP_PKEY *key) {
  FUZZ_MUST(HARNESS,
            X509_set_issuer_name(cert, X509_get_subject_name(by)) == 1 &&
                X509_sign(cert, key, NULL) > 0,
            "no certificate can be signed");
}

static void make_root(holder *out, unsigned seed, const char *name) {
  out->key = make_key(seed);
  out->cert = draft(seed, name, out->key, -1000L * DAY, 1000L * DAY);
  extend(out->cert, NID_basic_constraints, "critical,CA:TRUE");
  extend(out->cert, NID_key_usage, "critical,keyCertSign");
  sign(out->cert, out->cert, out->key);
}

static void make_leaf(holder *out, unsigned identity) {
  const row *r = &rows[identity];
  out->key = make_key(identity);
  out->cert = draft(identity, r->subject, out->key, r->from, r->to);
  extend(out->cert, NID_basic_constraints, "critical,CA:FALSE");
  extend(out->cert, NID_key_usage, "critical,digitalSignature");
  extend(out->cert, NID_ext_key_usage, r->purpose);
  if (r->names != NULL) {
    extend(out->cert, NID_subject_alt_name, r->names);
  }
  const holder *by = r->issuer == AUTHORITY  ? &authority
                     : r->issuer == STRANGER ? &stranger
                                             : out;
  sign(out->cert, by->cert, by->key);
}

// All are made at once: which was asked for first makes no difference then.
static void make_all(void) {
  if (authority.cert != NULL) {
    return;
  }
  make_root(&authority, SEED_AUTHORITY, "authority");
  make_root(&stranger, SEED_STRANGER, "stranger");
  for (unsigned i = 0u; i < TLS_IDENTITIES; i++) {
    make_leaf(&holders[i], i);
  }
  ERR_clear_error();
}

int tls_identity_is_good(unsigned identity, int *out_chain_ok,
                         int *out_name_ok) {
  static const int facts[TLS_IDENTITIES][2] = {
#define TLS_IDENTITY_FACTS(id, chain, name, what) {chain, name},
      TLS_IDENTITY_LIST(TLS_IDENTITY_FACTS)
#undef TLS_IDENTITY_FACTS
  };
  const int *found = facts[identity % TLS_IDENTITIES];
  if (out_chain_ok != NULL) {
    *out_chain_ok = found[0];
  }
  if (out_name_ok != NULL) {
    *out_name_ok = found[1];
  }
  return found[0] & found[1];
}

const char *tls_identity_name(unsigned identity) {
  return rows[identity % TLS_IDENTITIES].name;
}

X509 *tls_certificate(unsigned identity) {
  make_all();
  return holders[identity % TLS_IDENTITIES].cert;
}

EVP_PKEY *tls_key(unsigned identity) {
  make_all();
  return holders[identity % TLS_IDENTITIES].key;
}

X509 *tls_authority(void) {
  make_all();
  return authority.cert;
}

// -------------------------------------------------------------------- contexts

static void now(const SSL *ssl, struct timeval *out) {
  (void)ssl;
  out->tv_sec = TLS_NOW;
  out->tv_usec = 0;
}

static void pin(smtpc_tls_context *context) {
  static const int groups[] = {NID_X25519};
  for (unsigned role = 0u; role < 2u; role++) {
    SSL_CTX *native =
        smtpc_boringssl_context_native(context, (smtpc_tls_role)role);
    FUZZ_MUST(HARNESS, SSL_CTX_set1_curves(native, groups, 1u) == 1,
              "no groups can be set");
    SSL_CTX_set_current_time_cb(native, now);
  }
}

static void add_root(smtpc_tls_context *context, BIO *bio) {
  const uint8_t *pem = NULL;
  size_t len = 0u;
  FUZZ_MUST(HARNESS,
            PEM_write_bio_X509(bio, authority.cert) == 1 &&
                BIO_mem_contents(bio, &pem, &len) == 1 &&
                smtpc_boringssl_context_add_roots(context, pem, len, NULL) ==
                    SMTPC_BORINGSSL_NONE,
            "the authority cannot be trusted");
}

static void add_identity(smtpc_tls_context *context, const holder *who,
                         BIO *cert_bio, BIO *key_bio) {
  const uint8_t *cert = NULL;
  const uint8_t *key = NULL;
  size_t cert_len = 0u;
  size_t key_len = 0u;
  FUZZ_MUST(HARNESS,
            PEM_write_bio_X509(cert_bio, who->cert) == 1 &&
                PEM_write_bio_PrivateKey(key_bio, who->key, NULL, NULL, 0, NULL,
                                         NULL) == 1 &&
                BIO_mem_contents(cert_bio, &cert, &cert_len) == 1 &&
                BIO_mem_contents(key_bio, &key, &key_len) == 1 &&
                smtpc_boringssl_context_set_identity(context, cert, cert_len,
                                                     key, key_len, NULL) ==
                    SMTPC_BORINGSSL_NONE,
            "an identity cannot be used");
}

static smtpc_tls_context *make_context(const holder *who) {
  smtpc_tls_context *context = NULL;
  BIO *bios[3] = {BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()),
                  BIO_new(BIO_s_mem())};
  FUZZ_MUST(HARNESS,
            smtpc_boringssl_context_new(&context) == SMTPC_BORINGSSL_NONE,
            "no context can be made");
  smtpc_boringssl_context_set_time(context, TLS_NOW);
  add_root(context, bios[0]);
  add_identity(context, who, bios[1], bios[2]);
  pin(context);
  for (size_t i = 0u; i < 3u; i++) {
    BIO_free(bios[i]);
  }
  ERR_clear_error();
  return context;
}

smtpc_tls_context *tls_context(unsigned identity) {
  make_all();
  smtpc_tls_context **context = &contexts[identity % TLS_IDENTITIES];
  if (*context == NULL) {
    *context = make_context(&holders[identity % TLS_IDENTITIES]);
  }
  return *context;
}

void tls_prepare(void) {
  // Whoever links this has what the linker wraps, too.
  tls_system_shut();
  for (unsigned i = 0u; i < TLS_IDENTITIES; i++) {
    (void)tls_context(i);
  }
}
