#include <openssl/err.h>

#include "shim/boringssl/internal.h"

// An alert about a certificate, as a server hears it: it is about ours.
static smtpc_tls_failure failure_of_certificate_alert(int alert) {
  switch (alert) {
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REVOKED:
    case SSL_AD_CERTIFICATE_UNKNOWN:
    case SSL_AD_UNKNOWN_CA:
      return SMTPC_TLS_FAILURE_CERTIFICATE;
    case SSL_AD_CERTIFICATE_EXPIRED:
      return SMTPC_TLS_FAILURE_CERTIFICATE_TIME;
    default:
      return SMTPC_TLS_FAILURE_NONE;
  }
}

// After the server asked for a client certificate and got none, each of these
// alerts is how some implementation says that it wants one: handshake_failure
// (RFC 5246 section 7.4.6), certificate_required (RFC 8446 section 4.4.2.4),
// and the others that are about certificates.
static bool is_certificate_demand(int alert) {
  return alert == SSL_AD_HANDSHAKE_FAILURE || alert == SSL_AD_NO_CERTIFICATE ||
         alert == SSL_AD_ACCESS_DENIED ||
         failure_of_certificate_alert(alert) != SMTPC_TLS_FAILURE_NONE;
}

static smtpc_tls_failure failure_of_alert(const smtpc_tls *tls, int alert) {
  if (alert == SSL_AD_CERTIFICATE_REQUIRED ||
      (tls->asked == 1u && is_certificate_demand(alert))) {
    return SMTPC_TLS_FAILURE_CLIENT_CERTIFICATE;
  }
  switch (alert) {
    // RFC 8446 section 6.2: "unable to negotiate an acceptable set of security
    // parameters" is what handshake_failure means, whoever sends it.
    case SSL_AD_HANDSHAKE_FAILURE:
    case SSL_AD_INSUFFICIENT_SECURITY:
      return SMTPC_TLS_FAILURE_NO_COMMON_CIPHER;
    case SSL_AD_PROTOCOL_VERSION:
    case SSL_AD_INAPPROPRIATE_FALLBACK:
      return SMTPC_TLS_FAILURE_NO_COMMON_VERSION;
    case SSL_AD_NO_APPLICATION_PROTOCOL:
      return SMTPC_TLS_FAILURE_ALPN;
    default:
      break;
  }
  const smtpc_tls_failure about = tls->role == SMTPC_TLS_SERVER
                                      ? failure_of_certificate_alert(alert)
                                      : SMTPC_TLS_FAILURE_NONE;
  return about == SMTPC_TLS_FAILURE_NONE ? SMTPC_TLS_FAILURE_ALERT : about;
}

// A certificate that could not be looked at at all is no fault of the peer's.
static smtpc_tls_failure failure_of_verification(const smtpc_tls *tls) {
  const uint8_t found = tls->facts.failure;
  return found == SMTPC_TLS_FAILURE_NONE ? SMTPC_TLS_FAILURE_INTERNAL
                                         : (smtpc_tls_failure)found;
}

static smtpc_tls_failure failure_of_reason(const smtpc_tls *tls, int reason) {
  switch (reason) {
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_NO_SHARED_GROUP:
    case SSL_R_NO_COMMON_SIGNATURE_ALGORITHMS:
    case SSL_R_NO_CIPHERS_AVAILABLE:
      return SMTPC_TLS_FAILURE_NO_COMMON_CIPHER;
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_UNKNOWN_SSL_VERSION:
    case SSL_R_WRONG_SSL_VERSION:
    case SSL_R_NO_SUPPORTED_VERSIONS_ENABLED:
    case SSL_R_INAPPROPRIATE_FALLBACK:
      return SMTPC_TLS_FAILURE_NO_COMMON_VERSION;
    case SSL_R_WRONG_VERSION_NUMBER:
      return SMTPC_TLS_FAILURE_NOT_TLS;
    case SSL_R_NO_APPLICATION_PROTOCOL:
      return SMTPC_TLS_FAILURE_ALPN;
    case SSL_R_CERTIFICATE_VERIFY_FAILED:
      return failure_of_verification(tls);
    case ERR_R_INTERNAL_ERROR:
      return SMTPC_TLS_FAILURE_INTERNAL;
    default:
      return SMTPC_TLS_FAILURE_PROTOCOL;
  }
}

static smtpc_tls_failure failure_of_error(const smtpc_tls *tls,
                                          uint32_t error) {
  const int reason = ERR_GET_REASON(error);
  if (reason == ERR_R_MALLOC_FAILURE) {
    return SMTPC_TLS_FAILURE_INTERNAL;
  }
  if (ERR_GET_LIB(error) != ERR_LIB_SSL) {
    // Another part of the library did not like what the peer sent.
    return SMTPC_TLS_FAILURE_PROTOCOL;
  }
  if (reason >= SSL_AD_REASON_OFFSET &&
      reason <= SSL_AD_REASON_OFFSET + UINT8_MAX) {
    return failure_of_alert(tls, reason - SSL_AD_REASON_OFFSET);
  }
  return failure_of_reason(tls, reason);
}

// The first error that says more than PROTOCOL decides. No error at all is PROTOCOL too:
// the library refuses some broken extensions with an alert and without a word to us,
// while a failure of its own it always tells.
smtpc_tls_failure smtpc_bssl_failure_of_queue(const smtpc_tls *tls) {
  smtpc_tls_failure found = SMTPC_TLS_FAILURE_PROTOCOL;
  bool decided = false;
  uint32_t error = ERR_get_error();
  while (error != 0u && !decided) {
    found = failure_of_error(tls, error);
    decided = found != SMTPC_TLS_FAILURE_PROTOCOL;
    error = ERR_get_error();
  }
  ERR_clear_error();
  return found;
}
