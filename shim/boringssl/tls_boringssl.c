#include "shim/boringssl/tls_boringssl.h"

#include <openssl/err.h>
#include <openssl/mem.h>

#include <limits.h>
#include <string.h>

#include "shim/boringssl/internal.h"

#define OUT_KEEP_MAX 32768u  // an empty out buffer larger than this is freed
#define WRITE_PIECE 16384u   // one record
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

// --- Transport ---------------------------------------------------------------

static int transport_read(BIO *bio, char *out, int want) {
  smtpc_tls *tls = BIO_get_data(bio);
  const size_t have = tls->in_end - tls->in_begin;
  const size_t room = want > 0 ? (size_t)want : 0u;
  BIO_clear_retry_flags(bio);
  if (have == 0u) {
    BIO_set_retry_read(bio);
    return -1;
  }
  const size_t len = have < room ? have : room;
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
  const bool fits = have <= SIZE_MAX / 4u && len <= SIZE_MAX / 4u;
  const size_t cap = fits ? (have + len) * 2u : 0u;
  uint8_t *grown = fits ? OPENSSL_malloc(cap) : NULL;
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

static int transport_write(BIO *bio, const char *data, int given) {
  smtpc_tls *tls = BIO_get_data(bio);
  const size_t len = given > 0 ? (size_t)given : 0u;
  BIO_clear_retry_flags(bio);
  if (!reserve(tls, len)) {
    OPENSSL_PUT_ERROR(BIO, ERR_R_MALLOC_FAILURE);
    return -1;
  }
  if (len > 0u) {
    memcpy(tls->out + tls->out_end, data, len);
    tls->out_end += len;
  }
  return (int)len;
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
  // These fail for no reason but a method that is NULL.
  (void)BIO_meth_set_read(method, transport_read);
  (void)BIO_meth_set_write(method, transport_write);
  (void)BIO_meth_set_ctrl(method, transport_control);
  return method;
}

// --- Failures ----------------------------------------------------------------

static smtpc_tls_state end_with(smtpc_tls *tls, smtpc_tls_failure failure) {
  tls->state = SMTPC_TLS_FAILED;
  tls->failure = failure;
  tls->facts.failure = (uint8_t)failure;
  return tls->state;
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
  const size_t room = SMTPC_BSSL_IN_MAX - tls->in_end;
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
  return end_with(tls, error == SSL_ERROR_ZERO_RETURN
                           ? SMTPC_TLS_FAILURE_ALERT
                           : smtpc_bssl_failure_of_queue(tls));
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
  return end_with(tls, smtpc_bssl_failure_of_queue(tls));
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
