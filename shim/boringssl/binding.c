// What ties an exchange of authentication to this TLS channel.
#include <openssl/bytestring.h>
#include <openssl/digest.h>
#include <openssl/err.h>
#include <openssl/mem.h>
#include <openssl/nid.h>
#include <openssl/obj.h>
#include <openssl/x509.h>

#include <string.h>

#include "shim/boringssl/internal.h"

#define EXPORTER_LABEL "EXPORTER-Channel-Binding"
#define EXPORTER_LEN 32u
#define FIELD(n) (CBS_ASN1_CONTEXT_SPECIFIC | CBS_ASN1_CONSTRUCTED | (n))

_Static_assert(EXPORTER_LEN <= SMTPC_BINDING_MAX, "an exporter's octets fit");
_Static_assert(EVP_MAX_MD_SIZE <= SMTPC_BINDING_MAX, "every digest fits");

// --- tls-exporter ------------------------------------------------------------

//= RFC 9266 section 2
static smtpc_status export_key(smtpc_tls *tls, uint8_t *out, size_t *out_len) {
  static const uint8_t context = 0u;
  // RFC 9266 section 4.2, RFC 7627 section 1: without the extended master secret
  // somebody in the middle can make two channels have the same one. TLS 1.3
  // always counts as having it.
  if (SSL_get_extms_support(tls->ssl) != 1) {
    return SMTPC_E_STATE;
  }
  // The context has no octets, but it is there: under TLS 1.2 that is another
  // value than without one (RFC 5705 section 4).
  if (SSL_export_keying_material(tls->ssl, out, EXPORTER_LEN, EXPORTER_LABEL,
                                 sizeof EXPORTER_LABEL - 1u, &context, 0u,
                                 1) != 1) {
    return SMTPC_E_INTERNAL;
  }
  *out_len = EXPORTER_LEN;
  return SMTPC_OK;
}

// --- tls-server-end-point ----------------------------------------------------

// The hash in an AlgorithmIdentifier of PSS's mask generation, or NULL. There is
// one such function, MGF1: 1.2.840.113549.1.1.8.
static const EVP_MD *read_mask(CBS *field) {
  static const uint8_t mgf1[] = {0x2au, 0x86u, 0x48u, 0x86u, 0xf7u,
                                 0x0du, 0x01u, 0x01u, 0x08u};
  CBS mask;
  CBS oid;
  if (CBS_get_asn1(field, &mask, CBS_ASN1_SEQUENCE) != 1 ||
      CBS_get_asn1(&mask, &oid, CBS_ASN1_OBJECT) != 1 ||
      CBS_mem_equal(&oid, mgf1, sizeof mgf1) != 1) {
    return NULL;
  }
  return EVP_parse_digest_algorithm(&mask);
}

// The hash of RSASSA-PSS-params (RFC 4055 section 3.1), or NULL when they cannot be
// read, or when the mask is made with another one: those are two hashes.
static const EVP_MD *hash_of_pss(const X509_ALGOR *algorithm) {
  int type = V_ASN1_UNDEF;
  const void *value = NULL;
  int has_hash = 0;
  int has_mask = 0;
  CBS der;
  CBS params;
  CBS hash;
  CBS mask;
  X509_ALGOR_get0(NULL, &type, &value, algorithm);
  if (type != V_ASN1_SEQUENCE) {
    return NULL;
  }
  const ASN1_STRING *text = value;
  CBS_init(&der, ASN1_STRING_get0_data(text), (size_t)ASN1_STRING_length(text));
  if (CBS_get_asn1(&der, &params, CBS_ASN1_SEQUENCE) != 1 ||
      CBS_get_optional_asn1(&params, &hash, &has_hash, FIELD(0u)) != 1 ||
      CBS_get_optional_asn1(&params, &mask, &has_mask, FIELD(1u)) != 1) {
    return NULL;
  }
  // What is not there is SHA-1.
  const EVP_MD *one =
      has_hash == 1 ? EVP_parse_digest_algorithm(&hash) : EVP_sha1();
  const EVP_MD *two = has_mask == 1 ? read_mask(&mask) : EVP_sha1();
  return one != NULL && two != NULL && EVP_MD_type(one) == EVP_MD_type(two)
             ? one
             : NULL;
}

// The hash that stands for the one of a signature, or NULL. RFC 5929 section 4.1:
// MD5 and SHA-1 give way to SHA-256.
static const EVP_MD *hash_for(int signature_hash) {
  switch (signature_hash) {
    case NID_md5:
    case NID_sha1:
    case NID_sha256:
      return EVP_sha256();
    case NID_sha224:
      return EVP_sha224();
    case NID_sha384:
      return EVP_sha384();
    case NID_sha512:
      return EVP_sha512();
    default:
      return NULL;
  }
}

// RFC 5929 section 4.1 leaves the binding undefined for a signature that has no
// hash of its own, as Ed25519, or more than one. What another one would take (most
// take SHA-256) cannot be known, so there is no binding.
static const EVP_MD *hash_of_certificate(const X509 *cert) {
  const ASN1_BIT_STRING *signature = NULL;
  const X509_ALGOR *algorithm = NULL;
  const ASN1_OBJECT *oid = NULL;
  int hash = NID_undef;
  X509_get0_signature(&signature, &algorithm, cert);
  X509_ALGOR_get0(&oid, NULL, NULL, algorithm);
  const int nid = OBJ_obj2nid(oid);
  if (nid == NID_rsassaPss) {
    const EVP_MD *md = hash_of_pss(algorithm);
    return md == NULL ? NULL : hash_for(EVP_MD_type(md));
  }
  return OBJ_find_sigid_algs(nid, &hash, NULL) == 1 ? hash_for(hash) : NULL;
}

// The certificate that the server showed, in both roles. The caller frees it.
static X509 *server_certificate(const smtpc_tls *tls) {
  if (tls->role == SMTPC_TLS_CLIENT) {
    return SSL_get_peer_certificate(tls->ssl);
  }
  X509 *own = SSL_get_certificate(tls->ssl);
  if (own != NULL) {
    (void)X509_up_ref(own);
  }
  return own;
}

//= RFC 5929 section 4.1
static smtpc_status digest_end_point(smtpc_tls *tls, uint8_t *out,
                                     size_t *out_len) {
  unsigned len = 0u;
  // A resumed session has shown no certificate.
  X509 *cert = tls->facts.resumed == 0u ? server_certificate(tls) : NULL;
  const EVP_MD *md = cert == NULL ? NULL : hash_of_certificate(cert);
  smtpc_status status = SMTPC_E_STATE;
  if (md != NULL) {
    status =
        X509_digest(cert, md, out, &len) == 1 ? SMTPC_OK : SMTPC_E_INTERNAL;
  }
  X509_free(cert);
  *out_len = len;
  return status;
}

// --- Both --------------------------------------------------------------------

static smtpc_status find_binding(smtpc_tls *tls, unsigned kind,
                                 uint8_t found[SMTPC_BINDING_MAX],
                                 size_t *out_len) {
  if (kind != SMTPC_BINDING_EXPORTER && kind != SMTPC_BINDING_END_POINT) {
    return SMTPC_E_ARGUMENT;
  }
  if (tls->state != SMTPC_TLS_UP) {
    return SMTPC_E_STATE;
  }
  ERR_clear_error();
  const smtpc_status status = kind == SMTPC_BINDING_EXPORTER
                                  ? export_key(tls, found, out_len)
                                  : digest_end_point(tls, found, out_len);
  ERR_clear_error();
  return status;
}

smtpc_status smtpc_tls_binding(smtpc_tls *tls, unsigned kind, uint8_t *out,
                               size_t cap, size_t *out_len) {
  uint8_t found[SMTPC_BINDING_MAX];
  size_t len = 0u;
  if (out_len == NULL) {
    return SMTPC_E_ARGUMENT;
  }
  *out_len = 0u;
  if (tls == NULL || (out == NULL && cap > 0u)) {
    return SMTPC_E_ARGUMENT;
  }
  smtpc_status status = find_binding(tls, kind, found, &len);
  if (status == SMTPC_OK && len > cap) {
    status = SMTPC_E_ROOM;
  }
  if (status == SMTPC_OK) {
    memcpy(out, found, len);
    *out_len = len;
  }
  OPENSSL_cleanse(found, sizeof found);
  return status;
}
