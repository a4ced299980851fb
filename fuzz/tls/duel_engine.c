#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "fuzz/harness/law.h"
#include "fuzz/tls/credentials.h"
#include "fuzz/tls/duel_parts.h"

#define READ_MAX 4096u

static SSL_CTX *contexts[2];

static void now(const SSL *ssl, struct timeval *out) {
  (void)ssl;
  out->tv_sec = TLS_NOW;
  out->tv_usec = 0;
}

// Takes "smtp" when it is there; an attacker does not mind when it is not.
static int choose_protocol(SSL *ssl, const uint8_t **out, uint8_t *out_len,
                           const uint8_t *in, unsigned in_len, void *arg) {
  static const uint8_t ours[] = {4u, 's', 'm', 't', 'p'};
  uint8_t *found = NULL;
  (void)ssl;
  (void)arg;
  if (SSL_select_next_proto(&found, out_len, in, in_len, ours, sizeof ours) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_NOACK;
  }
  *out = found;
  return SSL_TLSEXT_ERR_OK;
}

// It takes what a server gives for the next time: ours gives nothing.
static int take_session(SSL *ssl, SSL_SESSION *session) {
  FUZZ_MUST(RESET,
            SSL_is_server(ssl) != 0 || SSL_SESSION_has_ticket(session) == 0,
            "the server gives a ticket");
  return 0;
}

static SSL_CTX *make_context(void) {
  // What seals tickets, so that no random number is drawn for it.
  static const uint8_t ticket_keys[48] = {7u};
  static const int groups[] = {NID_X25519};
  static const uint16_t algorithms[] = {SSL_SIGN_ED25519};
  SSL_CTX *context = SSL_CTX_new(TLS_method());
  FUZZ_MUST(
      HARNESS,
      context != NULL && SSL_CTX_set1_curves(context, groups, 1u) == 1 &&
          SSL_CTX_set_signing_algorithm_prefs(context, algorithms, 1u) == 1 &&
          SSL_CTX_set_verify_algorithm_prefs(context, algorithms, 1u) == 1,
      "no context for the attacker");
  (void)SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
  (void)SSL_CTX_set_session_cache_mode(
      context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, take_session);
  (void)SSL_CTX_set_tlsext_ticket_keys(context, ticket_keys,
                                       sizeof ticket_keys);
  SSL_CTX_set_current_time_cb(context, now);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, NULL);
  return context;
}

void duel_prepare(void) {
  tls_prepare();
  for (unsigned role = 0u; role < 2u; role++) {
    if (contexts[role] == NULL) {
      contexts[role] = make_context();
    }
  }
}

// An attacker takes any server. A client that is asked has nothing to show.
static enum ssl_verify_result_t take_any(SSL *ssl, uint8_t *out_alert) {
  (void)out_alert;
  FUZZ_MUST(SECRET, SSL_is_server(ssl) == 0, "the client shows a certificate");
  return ssl_verify_ok;
}

static void ask(SSL *engine, const script_tls *tls) {
  if (tls->ticket != 0u) {
    (void)SSL_clear_options(engine, SSL_OP_NO_TICKET);
  }
  if (tls->asks != 0u) {
    const int demands = tls->asks >= 2u ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0;
    SSL_set_custom_verify(engine, SSL_VERIFY_PEER | demands, take_any);
  }
}

SSL *duel_engine_open(smtpc_tls_role role, unsigned identity,
                      const script_tls *tls, unsigned high) {
  SSL *engine = SSL_new(contexts[role]);
  BIO *in = BIO_new(BIO_s_mem());
  BIO *out = BIO_new(BIO_s_mem());
  FUZZ_MUST(HARNESS, engine != NULL && in != NULL && out != NULL,
            "no engine for the attacker");
  (void)BIO_set_mem_eof_return(in, -1);
  SSL_set_bio(engine, in, out);
  (void)SSL_set_min_proto_version(engine, tls->low);
  (void)SSL_set_max_proto_version(engine, (uint16_t)high);
  if (role == SMTPC_TLS_SERVER) {
    SSL_set_accept_state(engine);
    ask(engine, tls);
    FUZZ_MUST(HARNESS,
              SSL_use_certificate(engine, tls_certificate(identity)) == 1 &&
                  SSL_use_PrivateKey(engine, tls_key(identity)) == 1,
              "the attacker has no identity");
  } else {
    SSL_set_connect_state(engine);
    (void)SSL_clear_options(engine, SSL_OP_NO_TICKET);
    (void)SSL_set_tlsext_host_name(engine, TLS_HOST);
  }
  return engine;
}

void duel_engine_push(SSL *engine, const uint8_t *data, size_t len) {
  if (len > 0u) {
    FUZZ_MUST(HARNESS,
              BIO_write(SSL_get_rbio(engine), data, (int)len) == (int)len,
              "the attacker's engine has no memory");
  }
}

static duel_engine_state state_of(SSL *engine, int result) {
  switch (SSL_get_error(engine, result)) {
    case SSL_ERROR_NONE:
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return SSL_in_init(engine) ? DUEL_ENGINE_SHAKES : DUEL_ENGINE_UP;
    case SSL_ERROR_ZERO_RETURN:
      return DUEL_ENGINE_CLOSED;
    default:
      return DUEL_ENGINE_FAILED;
  }
}

duel_engine_state duel_engine_step(SSL *engine, smtpc_octets *read) {
  uint8_t data[READ_MAX];
  ERR_clear_error();
  int result = SSL_do_handshake(engine);
  duel_engine_state state = state_of(engine, result);
  while (result == 1 && state == DUEL_ENGINE_UP) {
    const int len = SSL_read(engine, data, sizeof data);
    if (len <= 0) {
      state = state_of(engine, len);
      break;
    }
    smtpc_octets_add(read, data, (size_t)len);
  }
  ERR_clear_error();
  return state;
}

size_t duel_engine_pull(SSL *engine, const uint8_t **out_data) {
  size_t len = 0u;
  FUZZ_MUST(HARNESS,
            BIO_mem_contents(SSL_get_wbio(engine), out_data, &len) == 1,
            "the attacker's engine says nothing");
  return len;
}

void duel_engine_pulled(SSL *engine) {
  (void)BIO_reset(SSL_get_wbio(engine));
}

void duel_engine_write(SSL *engine, const uint8_t *data, size_t len) {
  ERR_clear_error();
  if (len > 0u) {
    (void)SSL_write(engine, data, (int)len);
  }
  ERR_clear_error();
}

void duel_engine_close(SSL *engine) {
  (void)SSL_shutdown(engine);
  ERR_clear_error();
}

void duel_engine_alert(SSL *engine, uint8_t alert) {
  (void)SSL_send_fatal_alert(engine, alert);
  ERR_clear_error();
}

void duel_engine_update(SSL *engine, int asks) {
  if (SSL_version(engine) == TLS1_3_VERSION) {
    (void)SSL_key_update(engine, asks != 0 ? SSL_KEY_UPDATE_REQUESTED
                                           : SSL_KEY_UPDATE_NOT_REQUESTED);
    // It is said together with the next octets; a write of none makes no record.
    (void)SSL_write(engine, "", 0);
  }
  ERR_clear_error();
}

void duel_engine_free(SSL *engine) {
  SSL_free(engine);
  ERR_clear_error();
}
