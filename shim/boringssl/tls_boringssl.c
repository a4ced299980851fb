#include "shim/boringssl/tls_boringssl.h"

#include <openssl/err.h>
#include <openssl/mem.h>
#include <openssl/x509v3.h>

#include <limits.h>
#include <string.h>
#include <time.h>

#include "shim/boringssl/internal.h"

#define IN_MAX 16384u        // ciphertext that waits for the library
#define OUT_KEEP_MAX 32768u  // an empty out buffer larger than this is freed
#define WRITE_PIECE 16384u   // one record
#define CHAIN_DEPTH_MAX 10
#define RECORD_HANDSHAKE 0x16u
#define RECORD_ALERT 0x15u
#define RECORD_MAJOR 0x03u

// Suites that give forward secrecy. Those with CBC are for servers of TLS 1.2
// that have no better one for an RSA key; they are last.
#define CIPHERS_FORWARD_SECRET                                 \
  "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:" \
  "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:" \
  "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:" \
  "ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA:"               \
  "ECDHE-ECDSA-AES256-SHA:ECDHE-RSA-AES256-SHA"

// A floor under TLS 1.2 is for devices of before 2008: they may have no more.
#define CIPHERS_OLD      \
  CIPHERS_FORWARD_SECRET \
  ":AES128-GCM-SHA256:AES256-GCM-SHA384:AES128-SHA:AES256-SHA"

struct smtpc_tls {
  SSL *ssl;
  smtpc_tls_context *ctx;
  smtpc_tls_state state;
  smtpc_tls_failure failure;
  smtpc_tls_facts facts;
  smtpc_bssl_name name;
  uint8_t role;
  uint8_t verify;
  uint8_t has_name;
  uint8_t asked;  // the server asked for a client certificate
  uint8_t close_sent;
  uint8_t head_len;      // how much of `head` the peer has sent
  uint8_t head[2];       // the first octets of the connection
  size_t handshake_len;  // octets that were pushed before UP
  size_t in_begin;       // ciphertext that waits is `in[in_begin, in_end)`
  size_t in_end;
  size_t out_begin;  // ciphertext for the peer is `out[out_begin, out_end)`
  size_t out_end;
  size_t out_cap;
  uint8_t *out;
  uint8_t in[IN_MAX];
};

// --- Transport ---------------------------------------------------------------

static int transport_read(BIO *bio, char *out, int want) {
  smtpc_tls *tls = BIO_get_data(bio);
  const size_t have = tls->in_end - tls->in_begin;
  BIO_clear_retry_flags(bio);
  if (want <= 0) {
    return 0;
  }
  if (have == 0u) {
    BIO_set_retry_read(bio);
    return -1;
  }
  const size_t len = have < (size_t)want ? have : (size_t)want;
  memcpy(out, tls->in + tls->in_begin, len);
  tls->in_begin += len;
  return (int)len;
}

// Makes room for `len` octets more. The old buffer is wiped.
static bool reserve(smtpc_tls *tls, size_t len) {
  const size_t have = tls->out_end - tls->out_begin;
  if (tls->out_cap - tls->out_end >= len) {
    return true;
  }
  if (have > SIZE_MAX / 4u || len > SIZE_MAX / 4u) {
    return false;
  }
  const size_t cap = (have + len) * 2u;
  uint8_t *grown = OPENSSL_malloc(cap);
  if (grown == NULL) {
    return false;
  }
  if (have > 0u) {
    memcpy(grown, tls->out + tls->out_begin, have);
  }
  OPENSSL_free(tls->out);
  tls->out = grown;
  tls->out_cap = cap;
  tls->out_begin = 0u;
  tls->out_end = have;
  return true;
}

static int transport_write(BIO *bio, const char *data, int len) {
  smtpc_tls *tls = BIO_get_data(bio);
  BIO_clear_retry_flags(bio);
  if (len <= 0) {
    return 0;
  }
  if (!reserve(tls, (size_t)len)) {
    return -1;
  }
  memcpy(tls->out + tls->out_end, data, (size_t)len);
  tls->out_end += (size_t)len;
  return len;
}

static long transport_control(BIO *bio, int command, long number, void *data) {
  (void)bio;
  (void)number;
  (void)data;
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

BIO_METHOD *smtpc_bssl_bio_method(void) {
  BIO_METHOD *method = BIO_meth_new(BIO_get_new_index(), "smtpcore memory");
  if (method == NULL) {
    return NULL;
  }
  if (BIO_meth_set_read(method, transport_read) == 1 &&
      BIO_meth_set_write(method, transport_write) == 1 &&
      BIO_meth_set_ctrl(method, transport_control) == 1) {
    return method;
  }
  BIO_meth_free(method);
  return NULL;
}

// --- Failures ----------------------------------------------------------------

static smtpc_tls_state end_with(smtpc_tls *tls, smtpc_tls_failure failure) {
  tls->state = SMTPC_TLS_FAILED;
  tls->failure = failure;
  tls->facts.failure = (uint8_t)failure;
  return tls->state;
}

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
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
    case SSL_R_WRONG_VERSION_NUMBER:
      return SMTPC_TLS_FAILURE_NOT_TLS;
    case SSL_R_NO_APPLICATION_PROTOCOL:
      return SMTPC_TLS_FAILURE_ALPN;
    case SSL_R_CERTIFICATE_VERIFY_FAILED:
      return (smtpc_tls_failure)tls->facts.failure;
    case ERR_R_MALLOC_FAILURE:
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
  if (reason > SSL_AD_REASON_OFFSET &&
      reason <= SSL_AD_REASON_OFFSET + UINT8_MAX) {
    return failure_of_alert(tls, reason - SSL_AD_REASON_OFFSET);
  }
  return failure_of_reason(tls, reason);
}

// The first error that says more than PROTOCOL decides; no error at all is one
// of the library's own.
static smtpc_tls_failure failure_of_queue(const smtpc_tls *tls) {
  smtpc_tls_failure found = SMTPC_TLS_FAILURE_INTERNAL;
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
    if (ok != 1 && error == X509_V_OK) {
      error = X509_V_ERR_UNSPECIFIED;
    }
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
  if (tls == NULL) {
    *out_alert = SSL_AD_INTERNAL_ERROR;
    return ssl_verify_invalid;
  }
  if (chain == NULL || sk_X509_num(chain) == 0u) {
    tls->facts.failure = SMTPC_TLS_FAILURE_INTERNAL;
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
  while (i < in_len) {
    const size_t len = in[i];
    i++;
    if (len > in_len - i) {
      return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
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

// --- Opening -----------------------------------------------------------------

static bool is_version(uint16_t version) {
  return version >= SMTPC_TLS_1_0 && version <= SMTPC_TLS_1_3;
}

static bool is_peer(const smtpc_tls_context *ctx, const smtpc_tls_peer *peer,
                    const smtpc_bssl_name *name) {
  if (peer->verify > 1u || !is_version(peer->min_version)) {
    return false;
  }
  if (peer->role == SMTPC_TLS_SERVER) {
    return ctx->has_identity == 1u && peer->verify == 0u &&
           peer->name_len == 0u;
  }
  if (peer->role != SMTPC_TLS_CLIENT) {
    return false;
  }
  return peer->name_len == 0u ? peer->verify == 0u
                              : name->kind != SMTPC_BSSL_NAME_BAD;
}

static bool set_transport(smtpc_tls *tls) {
  BIO *bio = BIO_new(tls->ctx->method);
  if (bio == NULL) {
    return false;
  }
  BIO_set_data(bio, tls);
  BIO_set_init(bio, 1);
  // One object serves both directions: the engine owns one reference.
  SSL_set_bio(tls->ssl, bio, bio);
  return true;
}

static bool set_peer(smtpc_tls *tls, const smtpc_tls_peer *peer) {
  SSL *ssl = tls->ssl;
  const char *ciphers =
      peer->min_version < SMTPC_TLS_1_2 ? CIPHERS_OLD : CIPHERS_FORWARD_SECRET;
  if (tls->ctx->ciphers[0] != '\0') {
    ciphers = tls->ctx->ciphers;
  }
  SSL_set_renegotiate_mode(ssl, ssl_renegotiate_never);
  SSL_set_enforce_rsa_key_usage(ssl, 1);
  // CVE-2011-3389: TLS 1.0 chains records.
  (void)SSL_set_mode(ssl, SSL_MODE_CBC_RECORD_SPLITTING);
  if (SSL_set_min_proto_version(ssl, peer->min_version) != 1 ||
      SSL_set_strict_cipher_list(ssl, ciphers) != 1) {
    return false;
  }
  if (tls->role == SMTPC_TLS_SERVER) {
    SSL_set_accept_state(ssl);
    return true;
  }
  SSL_set_connect_state(ssl);
  // RFC 6066 section 3: an IP address is not sent.
  return tls->name.kind != SMTPC_BSSL_NAME_HOST ||
         SSL_set_tlsext_host_name(ssl, tls->name.text) == 1;
}

static bool set_up(smtpc_tls *tls, const smtpc_tls_peer *peer) {
  tls->ssl = SSL_new(tls->ctx->side[tls->role]);
  return tls->ssl != NULL && SSL_set_app_data(tls->ssl, tls) == 1 &&
         set_transport(tls) && set_peer(tls, peer);
}

smtpc_status smtpc_tls_open(smtpc_tls **out, smtpc_tls_context *ctx,
                            const smtpc_tls_peer *peer) {
  smtpc_bssl_name name;
  if (out == NULL) {
    return SMTPC_E_ARGUMENT;
  }
  *out = NULL;
  if (ctx == NULL || peer == NULL || peer->name_len > SMTPC_TLS_NAME_MAX) {
    return SMTPC_E_ARGUMENT;
  }
  smtpc_bssl_name_read(peer->name, peer->name_len, &name);
  if (!is_peer(ctx, peer, &name)) {
    return SMTPC_E_ARGUMENT;
  }
  smtpc_tls *tls = OPENSSL_malloc(sizeof *tls);
  if (tls == NULL) {
    ERR_clear_error();
    return SMTPC_E_INTERNAL;
  }
  memset(tls, 0, sizeof *tls);
  tls->ctx = ctx;
  tls->role = peer->role;
  tls->verify = peer->verify;
  tls->has_name = peer->name_len > 0u ? 1u : 0u;
  tls->name = name;
  const bool ok = set_up(tls, peer);
  ERR_clear_error();
  if (!ok) {
    smtpc_tls_free(tls);
    return SMTPC_E_INTERNAL;
  }
  *out = tls;
  return SMTPC_OK;
}

struct ssl_st *smtpc_boringssl_native(smtpc_tls *tls) {
  return tls->ssl;
}

void smtpc_tls_free(smtpc_tls *tls) {
  if (tls == NULL) {
    return;
  }
  SSL_free(tls->ssl);
  // OPENSSL_free wipes what it frees.
  OPENSSL_free(tls->out);
  OPENSSL_free(tls);
  ERR_clear_error();
}

// --- Ciphertext --------------------------------------------------------------

static bool has_ended(const smtpc_tls *tls) {
  return tls->state == SMTPC_TLS_FAILED || tls->state == SMTPC_TLS_CLOSED;
}

// How many octets may be taken now.
static size_t room_for(smtpc_tls *tls) {
  if (tls->in_begin > 0u) {
    memmove(tls->in, tls->in + tls->in_begin, tls->in_end - tls->in_begin);
    tls->in_end -= tls->in_begin;
    tls->in_begin = 0u;
  }
  const size_t room = IN_MAX - tls->in_end;
  if (tls->state != SMTPC_TLS_HANDSHAKING) {
    return room;
  }
  const size_t left = SMTPC_BORINGSSL_HANDSHAKE_MAX - tls->handshake_len;
  return left < room ? left : room;
}

static void take_head(smtpc_tls *tls, const uint8_t *data, size_t len) {
  for (size_t i = 0u; i < len && tls->head_len < sizeof tls->head; i++) {
    tls->head[tls->head_len] = data[i];
    tls->head_len++;
  }
}

smtpc_status smtpc_tls_push(smtpc_tls *tls, const uint8_t *data, size_t len,
                            size_t *out_used) {
  if (out_used == NULL) {
    return SMTPC_E_ARGUMENT;
  }
  *out_used = 0u;
  if (tls == NULL || (data == NULL && len > 0u)) {
    return SMTPC_E_ARGUMENT;
  }
  if (has_ended(tls)) {
    return SMTPC_E_STATE;
  }
  if (len == 0u) {
    return SMTPC_OK;
  }
  if (tls->state == SMTPC_TLS_HANDSHAKING &&
      tls->handshake_len >= SMTPC_BORINGSSL_HANDSHAKE_MAX) {
    (void)end_with(tls, SMTPC_TLS_FAILURE_PROTOCOL);
    return SMTPC_E_STATE;
  }
  const size_t room = room_for(tls);
  const size_t taken = len < room ? len : room;
  if (taken > 0u) {
    memcpy(tls->in + tls->in_end, data, taken);
  }
  tls->in_end += taken;
  take_head(tls, data, taken);
  if (tls->state == SMTPC_TLS_HANDSHAKING) {
    tls->handshake_len += taken;
  }
  *out_used = taken;
  return SMTPC_OK;
}

smtpc_status smtpc_tls_pull(smtpc_tls *tls, uint8_t *out, size_t cap,
                            size_t *out_len) {
  if (out_len == NULL) {
    return SMTPC_E_ARGUMENT;
  }
  *out_len = 0u;
  if (tls == NULL || (out == NULL && cap > 0u)) {
    return SMTPC_E_ARGUMENT;
  }
  const size_t have = tls->out_end - tls->out_begin;
  const size_t len = have < cap ? have : cap;
  if (len > 0u) {
    memcpy(out, tls->out + tls->out_begin, len);
    tls->out_begin += len;
  }
  if (tls->out_begin == tls->out_end) {
    tls->out_begin = 0u;
    tls->out_end = 0u;
    if (tls->out_cap > OUT_KEEP_MAX) {
      OPENSSL_free(tls->out);
      tls->out = NULL;
      tls->out_cap = 0u;
    }
  }
  *out_len = len;
  return SMTPC_OK;
}

// --- Handshake ---------------------------------------------------------------

// A TLS connection begins with a handshake record, or an alert. What begins
// otherwise (SMTP, HTTP, the hello of SSL 2) is told from the first octets and
// gets no answer at all (THREATS TLS-05).
static bool is_tls_head(const smtpc_tls *tls) {
  if (tls->head_len >= 1u && tls->head[0] != RECORD_HANDSHAKE &&
      tls->head[0] != RECORD_ALERT) {
    return false;
  }
  return tls->head_len < 2u || tls->head[1] == RECORD_MAJOR;
}

static smtpc_tls_state come_up(smtpc_tls *tls) {
  const SSL_CIPHER *cipher = SSL_get_current_cipher(tls->ssl);
  // THREATS TLS-07: what could be replayed is never read.
  if (cipher == NULL || SSL_in_early_data(tls->ssl) != 0) {
    return end_with(tls, SMTPC_TLS_FAILURE_INTERNAL);
  }
  tls->facts.version = (uint16_t)SSL_version(tls->ssl);
  tls->facts.cipher = SSL_CIPHER_get_protocol_id(cipher);
  tls->facts.resumed = SSL_session_reused(tls->ssl) != 0 ? 1u : 0u;
  tls->state = SMTPC_TLS_UP;
  return tls->state;
}

static smtpc_tls_state go_on(smtpc_tls *tls) {
  if (tls->state != SMTPC_TLS_HANDSHAKING) {
    return tls->state;
  }
  if (!is_tls_head(tls)) {
    return end_with(tls, SMTPC_TLS_FAILURE_NOT_TLS);
  }
  ERR_clear_error();
  const int done = SSL_do_handshake(tls->ssl);
  if (done == 1) {
    ERR_clear_error();
    return come_up(tls);
  }
  const int error = SSL_get_error(tls->ssl, done);
  if (error == SSL_ERROR_WANT_READ) {
    ERR_clear_error();
    return tls->state;
  }
  // close_notify before the end of the handshake is an alert that ends it.
  return end_with(tls, error == SSL_ERROR_ZERO_RETURN ? SMTPC_TLS_FAILURE_ALERT
                                                      : failure_of_queue(tls));
}

smtpc_tls_state smtpc_tls_handshake(smtpc_tls *tls, smtpc_tls_facts *out) {
  if (tls == NULL) {
    return SMTPC_TLS_FAILED;
  }
  const smtpc_tls_state state = go_on(tls);
  if (out != NULL && (state == SMTPC_TLS_UP || state == SMTPC_TLS_FAILED)) {
    *out = tls->facts;
  }
  return state;
}

// --- Clear octets ------------------------------------------------------------

// Judges what SSL_read or SSL_peek said when it gave nothing.
static smtpc_tls_state after_read(smtpc_tls *tls, int got) {
  const int error = SSL_get_error(tls->ssl, got);
  if (error == SSL_ERROR_WANT_READ) {
    ERR_clear_error();
    return tls->state;
  }
  if (error == SSL_ERROR_ZERO_RETURN) {
    ERR_clear_error();
    tls->state = SMTPC_TLS_CLOSED;
    return tls->state;
  }
  return end_with(tls, failure_of_queue(tls));
}

smtpc_tls_state smtpc_tls_read(smtpc_tls *tls, uint8_t *out, size_t cap,
                               size_t *out_len) {
  if (out_len != NULL) {
    *out_len = 0u;
  }
  if (tls == NULL) {
    return SMTPC_TLS_FAILED;
  }
  if (out == NULL || out_len == NULL || cap == 0u ||
      tls->state != SMTPC_TLS_UP) {
    return tls->state;
  }
  ERR_clear_error();
  const int want = cap > INT_MAX ? INT_MAX : (int)cap;
  const int got = SSL_read(tls->ssl, out, want);
  if (got <= 0) {
    return after_read(tls, got);
  }
  *out_len = (size_t)got;
  return tls->state;
}

smtpc_status smtpc_tls_write(smtpc_tls *tls, const uint8_t *data, size_t len) {
  if (tls == NULL || (data == NULL && len > 0u)) {
    return SMTPC_E_ARGUMENT;
  }
  if (tls->state != SMTPC_TLS_UP || tls->close_sent == 1u) {
    return SMTPC_E_STATE;
  }
  ERR_clear_error();
  size_t i = 0u;
  while (i < len) {
    const size_t piece = len - i < WRITE_PIECE ? len - i : WRITE_PIECE;
    const int put = SSL_write(tls->ssl, data + i, (int)piece);
    if (put <= 0) {
      (void)end_with(tls, SMTPC_TLS_FAILURE_INTERNAL);
      ERR_clear_error();
      return SMTPC_E_INTERNAL;
    }
    i += (size_t)put;
  }
  return SMTPC_OK;
}

smtpc_tls_state smtpc_tls_end_of_stream(smtpc_tls *tls) {
  uint8_t octet = 0u;
  if (tls == NULL) {
    return SMTPC_TLS_FAILED;
  }
  // What was pushed came before the end: an alert in it is the better reason.
  (void)go_on(tls);
  if (tls->state == SMTPC_TLS_UP) {
    ERR_clear_error();
    const int got = SSL_peek(tls->ssl, &octet, 1);
    if (got <= 0) {
      (void)after_read(tls, got);
    }
  }
  OPENSSL_cleanse(&octet, sizeof octet);
  return has_ended(tls) ? tls->state
                        : end_with(tls, SMTPC_TLS_FAILURE_TRUNCATED);
}

void smtpc_tls_close(smtpc_tls *tls) {
  if (tls == NULL || tls->close_sent == 1u ||
      (tls->state != SMTPC_TLS_UP && tls->state != SMTPC_TLS_CLOSED)) {
    return;
  }
  tls->close_sent = 1u;
  ERR_clear_error();
  (void)SSL_shutdown(tls->ssl);
  ERR_clear_error();
}

smtpc_tls_failure smtpc_tls_failure_of(const smtpc_tls *tls) {
  return tls == NULL ? SMTPC_TLS_FAILURE_INTERNAL : tls->failure;
}
