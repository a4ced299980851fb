#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <string.h>
#include <time.h>

#include "shim/boringssl/internal.h"

#define CHAIN_DEPTH_MAX 10

// --- The client's view of the server's certificate ---------------------------

static smtpc_tls_failure failure_of_chain(int error) {
  switch (error) {
    case X509_V_OK:
      return SMTPC_TLS_FAILURE_NONE;
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return SMTPC_TLS_FAILURE_CERTIFICATE_TIME;
    default:
      return SMTPC_TLS_FAILURE_CERTIFICATE;
  }
}

// Returns an X509_V_* error. The purpose is that of a TLS server.
static int verify_chain(const smtpc_tls *tls, X509 *leaf,
                        STACK_OF(X509) * chain) {
  int error = X509_V_ERR_OUT_OF_MEM;
  X509_STORE *store = SSL_CTX_get_cert_store(tls->ctx->side[SMTPC_TLS_CLIENT]);
  X509_STORE_CTX *check = X509_STORE_CTX_new();
  if (check != NULL && X509_STORE_CTX_init(check, store, leaf, chain) == 1 &&
      X509_STORE_CTX_set_default(check, "ssl_server") == 1) {
    X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(check);
    X509_VERIFY_PARAM_set_depth(param, CHAIN_DEPTH_MAX);
    // Whatever the roots' file holds is trusted, be it a device's own
    // certificate.
    (void)X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
    if (tls->ctx->now > 0) {
      X509_VERIFY_PARAM_set_time(param, (time_t)tls->ctx->now);
    }
    const int ok = X509_verify_cert(check);
    error = X509_STORE_CTX_get_error(check);
    error = ok != 1 && error == X509_V_OK ? X509_V_ERR_UNSPECIFIED : error;
  }
  X509_STORE_CTX_free(check);
  return error;
}

static bool verify_name(const smtpc_tls *tls, X509 *leaf) {
  if (tls->has_name == 0u) {
    return false;
  }
  if (tls->name.kind == SMTPC_BSSL_NAME_IP) {
    return X509_check_ip(leaf, tls->name.ip, tls->name.ip_len, 0u) == 1;
  }
  return X509_check_host(leaf, tls->name.text, strlen(tls->name.text),
                         X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL) == 1;
}

static uint8_t alert_of(smtpc_tls_failure failure, int chain_error) {
  return failure == SMTPC_TLS_FAILURE_NAME
             ? (uint8_t)SSL_AD_BAD_CERTIFICATE
             : (uint8_t)SSL_alert_from_verify_result(chain_error);
}

// Called once in each handshake of a client. The facts are found whether or not
// they are demanded.
static enum ssl_verify_result_t on_certificate(SSL *ssl, uint8_t *out_alert) {
  smtpc_tls *tls = SSL_get_app_data(ssl);
  STACK_OF(X509) *chain = SSL_get_peer_full_cert_chain(ssl);
  // No engine: a connection that somebody made of the context's own object.
  if (tls == NULL || chain == NULL || sk_X509_num(chain) == 0u) {
    *out_alert = SSL_AD_INTERNAL_ERROR;
    return ssl_verify_invalid;
  }
  X509 *leaf = sk_X509_value(chain, 0);
  const int chain_error = verify_chain(tls, leaf, chain);
  smtpc_tls_failure failure = failure_of_chain(chain_error);
  tls->facts.chain_ok = failure == SMTPC_TLS_FAILURE_NONE ? 1u : 0u;
  tls->facts.name_ok = verify_name(tls, leaf) ? 1u : 0u;
  if (failure == SMTPC_TLS_FAILURE_NONE && tls->has_name == 1u &&
      tls->facts.name_ok == 0u) {
    failure = SMTPC_TLS_FAILURE_NAME;
  }
  tls->facts.failure = (uint8_t)failure;
  ERR_clear_error();
  if (tls->verify == 0u || failure == SMTPC_TLS_FAILURE_NONE) {
    return ssl_verify_ok;
  }
  *out_alert = alert_of(failure, chain_error);
  return ssl_verify_invalid;
}

// Called when the server asks for a client certificate. There is none to show.
static int on_certificate_request(SSL *ssl, void *data) {
  smtpc_tls *tls = SSL_get_app_data(ssl);
  (void)data;
  if (tls != NULL) {
    tls->asked = 1u;
  }
  return 1;
}

// --- The server's view of the ClientHello ------------------------------------

// RFC 7301 section 3.2: a client that offers protocols without ours is refused.
static int on_protocols(SSL *ssl, const uint8_t **out, uint8_t *out_len,
                        const uint8_t *in, unsigned in_len, void *data) {
  static const uint8_t smtp[] = {'s', 'm', 't', 'p'};
  (void)ssl;
  (void)data;
  size_t i = 0u;
  while (i < in_len && in[i] < in_len - i) {
    const size_t len = in[i];
    i++;
    if (len == sizeof smtp && memcmp(in + i, smtp, sizeof smtp) == 0) {
      *out = in + i;
      *out_len = (uint8_t)len;
      return SSL_TLSEXT_ERR_OK;
    }
    i += len;
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

// RFC 6066 section 3: the name is a host name. It is looked at and not kept,
// and nothing depends on which it is (RFC 8461 section 7.1).
static int on_server_name(SSL *ssl, int *out_alert, void *data) {
  const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  (void)data;
  if (name == NULL) {
    return SSL_TLSEXT_ERR_NOACK;
  }
  if (smtpc_bssl_is_ldh((const uint8_t *)name, strlen(name))) {
    return SSL_TLSEXT_ERR_OK;
  }
  *out_alert = SSL_AD_UNRECOGNIZED_NAME;
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

bool smtpc_bssl_side_setup(SSL_CTX *side, smtpc_tls_role role) {
  if (role == SMTPC_TLS_CLIENT) {
    SSL_CTX_set_custom_verify(side, SSL_VERIFY_PEER, on_certificate);
    SSL_CTX_set_cert_cb(side, on_certificate_request, NULL);
    return true;
  }
  SSL_CTX_set_alpn_select_cb(side, on_protocols, NULL);
  return SSL_CTX_set_tlsext_servername_callback(side, on_server_name) == 1;
}
