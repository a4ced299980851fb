#include "fuzz/tls/peer.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>

#include "fuzz/harness/law.h"
#include "fuzz/tls/credentials.h"
#include "fuzz/tls/random.h"

#define READ_MAX 4096u
#define EXPORTER_LEN 32u
#define STEPS_MAX 16u
#define SNI_NONE 1u
#define SNI_OTHER 2u
#define SNI_BAD 3u

static SSL_CTX *contexts[2];
// What a peer would go on with: sessions of a server that is not ours, of TLS 1.2 and 1.3.
static SSL_SESSION *sessions[2];
// 1: a session that comes is to be kept.
static int collects;

static void now(const SSL *ssl, struct timeval *out) {
  (void)ssl;
  out->tv_sec = TLS_NOW;
  out->tv_usec = 0;
}

// Takes "smtp" when it is there; a peer does not mind when it is not.
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

static size_t session_of(const SSL *ssl) {
  return SSL_version(ssl) == TLS1_3_VERSION ? 1u : 0u;
}

// It takes what a server gives for the next time: ours gives nothing.
static int take_session(SSL *ssl, SSL_SESSION *session) {
  if (collects != 0 && sessions[session_of(ssl)] == NULL) {
    sessions[session_of(ssl)] = session;
    return 1;
  }
  FUZZ_MUST(RESET,
            collects != 0 || SSL_is_server(ssl) != 0 ||
                SSL_SESSION_has_ticket(session) == 0,
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
      "no context for a peer");
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

// -------------------------------------------------------------- what a peer wants

// A peer takes any server. A client that is asked has nothing to show.
static enum ssl_verify_result_t take_any(SSL *ssl, uint8_t *out_alert) {
  (void)out_alert;
  FUZZ_MUST(SECRET, SSL_is_server(ssl) == 0, "the client shows a certificate");
  return ssl_verify_ok;
}

static void set_server(SSL *engine, unsigned identity, const script_tls *tls) {
  SSL_set_accept_state(engine);
  if (tls->ticket != 0u) {
    (void)SSL_clear_options(engine, SSL_OP_NO_TICKET);
  }
  if (tls->asks != 0u) {
    const int demands = tls->asks >= 2u ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0;
    SSL_set_custom_verify(engine, SSL_VERIFY_PEER | demands, take_any);
  }
  FUZZ_MUST(HARNESS,
            SSL_use_certificate(engine, tls_certificate(identity)) == 1 &&
                SSL_use_PrivateKey(engine, tls_key(identity)) == 1,
            "a peer has no identity");
}

static void set_protocols(SSL *engine, unsigned which) {
  static const uint8_t smtp[] = {4u, 's', 'm', 't', 'p'};
  static const uint8_t others[] = {2u, 'h', '2', 5u, 'h', '1', '.', '1', '1'};
  static const uint8_t both[] = {2u, 'h', '2', 4u, 's', 'm', 't', 'p'};
  static const struct {
    const uint8_t *data;
    unsigned len;
  } lists[4] = {{NULL, 0u},
                {smtp, sizeof smtp},
                {others, sizeof others},
                {both, sizeof both}};
  if (lists[which].len > 0u) {
    FUZZ_MUST(
        HARNESS,
        SSL_set_alpn_protos(engine, lists[which].data, lists[which].len) == 0,
        "a peer has no protocols");
  }
}

static void set_name(SSL *engine, unsigned which) {
  const char *name = which == SNI_OTHER ? "mx.c.example"
                     : which == SNI_BAD ? "mx b.example"
                                        : TLS_HOST;
  if (which != SNI_NONE) {
    FUZZ_MUST(HARNESS, SSL_set_tlsext_host_name(engine, name) == 1,
              "a peer cannot say a name");
  }
}

static void set_client(SSL *engine, const script_tls *tls, unsigned high) {
  SSL_set_connect_state(engine);
  (void)SSL_clear_options(engine, SSL_OP_NO_TICKET);
  set_name(engine, tls->sni % 4u);
  set_protocols(engine, tls->alpn % 4u);
  if (tls->ticket != 0u || tls->early != 0u) {
    SSL_set_early_data_enabled(engine, tls->early != 0u ? 1 : 0);
    (void)SSL_set_session(engine, sessions[high == TLS1_3_VERSION ? 1u : 0u]);
  }
}

// Suites are of TLS 1.2 and below: TLS 1.3 has three, and all are good.
static void set_keys(SSL *engine, const script_tls *tls) {
  static const char *const suites[] = {NULL,
                                       "ECDHE-ECDSA-AES128-GCM-SHA256",
                                       "ECDHE-ECDSA-CHACHA20-POLY1305",
                                       "ECDHE-ECDSA-AES256-SHA",
                                       "AES128-SHA",
                                       "ALL"};
  static const int other_groups[] = {NID_X9_62_prime256v1};
  const char *list = suites[tls->suite % (sizeof suites / sizeof suites[0])];
  if (list != NULL) {
    FUZZ_MUST(HARNESS, SSL_set_strict_cipher_list(engine, list) == 1,
              "a peer has no suites");
  }
  if (tls->group % 2u != 0u) {
    FUZZ_MUST(HARNESS, SSL_set1_curves(engine, other_groups, 1u) == 1,
              "a peer has no groups");
  }
  if (tls->record != 0u) {
    (void)SSL_set_max_send_fragment(engine, tls->record);
  }
}

SSL *tls_peer_open(smtpc_tls_role role, unsigned identity,
                   const script_tls *tls, unsigned high) {
  SSL *engine = SSL_new(contexts[role]);
  BIO *in = BIO_new(BIO_s_mem());
  BIO *out = BIO_new(BIO_s_mem());
  FUZZ_MUST(HARNESS, engine != NULL && in != NULL && out != NULL,
            "no engine for a peer");
  (void)BIO_set_mem_eof_return(in, -1);
  SSL_set_bio(engine, in, out);
  (void)SSL_set_min_proto_version(engine, tls->low);
  (void)SSL_set_max_proto_version(engine, (uint16_t)high);
  set_keys(engine, tls);
  if (role == SMTPC_TLS_SERVER) {
    set_server(engine, identity, tls);
  } else {
    set_client(engine, tls, high);
  }
  ERR_clear_error();
  return engine;
}

// ------------------------------------------------------------------ what happens

void tls_peer_push(SSL *engine, const uint8_t *data, size_t len) {
  if (len > 0u) {
    FUZZ_MUST(HARNESS,
              BIO_write(SSL_get_rbio(engine), data, (int)len) == (int)len,
              "a peer's engine has no memory");
  }
}

static tls_peer_state state_of(SSL *engine, int result) {
  switch (SSL_get_error(engine, result)) {
    case SSL_ERROR_NONE:
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return SSL_in_init(engine) ? TLS_PEER_SHAKES : TLS_PEER_UP;
    case SSL_ERROR_ZERO_RETURN:
      return TLS_PEER_CLOSED;
    default:
      return TLS_PEER_FAILED;
  }
}

// A client that tries early data says them once, and takes it when they are refused.
static int shake(SSL *engine) {
  static const char early[] = "EHLO early.example\r\nSTARTTLS\r\n";
  int result = SSL_do_handshake(engine);
  for (unsigned i = 0u; i < STEPS_MAX; i++) {
    if (result == 1 && SSL_in_early_data(engine) != 0) {
      (void)SSL_write(engine, early, (int)sizeof early - 1);
      result = -1;
      break;
    }
    if (result == 1 ||
        SSL_get_error(engine, result) != SSL_ERROR_EARLY_DATA_REJECTED) {
      break;
    }
    SSL_reset_early_data_reject(engine);
    result = SSL_do_handshake(engine);
  }
  return result;
}

static void check_up(SSL *engine) {
  FUZZ_MUST(RESET, SSL_session_reused(engine) == 0,
            "a session of another server is resumed");
  FUZZ_MUST(RESET, SSL_early_data_accepted(engine) == 0,
            "early data are taken");
}

tls_peer_state tls_peer_step(SSL *engine, smtpc_octets *read) {
  uint8_t data[READ_MAX];
  ERR_clear_error();
  const int result = SSL_in_early_data(engine) != 0 && SSL_in_init(engine) == 0
                         ? -1
                         : shake(engine);
  tls_peer_state state = state_of(engine, result);
  if (SSL_in_early_data(engine) != 0) {
    // It waits for the server's answer; there is nothing to read yet.
    state = TLS_PEER_SHAKES;
  }
  if (state == TLS_PEER_UP && collects == 0) {
    check_up(engine);
  }
  while (result == 1 && state == TLS_PEER_UP) {
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

size_t tls_peer_pull(SSL *engine, const uint8_t **out_data) {
  size_t len = 0u;
  FUZZ_MUST(HARNESS,
            BIO_mem_contents(SSL_get_wbio(engine), out_data, &len) == 1,
            "a peer's engine says nothing");
  return len;
}

void tls_peer_pulled(SSL *engine) {
  (void)BIO_reset(SSL_get_wbio(engine));
}

int tls_peer_write(SSL *engine, const uint8_t *data, size_t len) {
  int result = 0;
  ERR_clear_error();
  if (len > 0u) {
    result = SSL_write(engine, data, (int)len);
  }
  ERR_clear_error();
  return result == (int)len ? 1 : 0;
}

void tls_peer_close(SSL *engine) {
  (void)SSL_shutdown(engine);
  ERR_clear_error();
}

void tls_peer_alert(SSL *engine, uint8_t alert) {
  (void)SSL_send_fatal_alert(engine, alert);
  ERR_clear_error();
}

void tls_peer_update(SSL *engine, int asks) {
  if (SSL_version(engine) == TLS1_3_VERSION) {
    (void)SSL_key_update(engine, asks != 0 ? SSL_KEY_UPDATE_REQUESTED
                                           : SSL_KEY_UPDATE_NOT_REQUESTED);
    // It is said together with the next octets; a write of none makes no record.
    (void)SSL_write(engine, "", 0);
  }
  ERR_clear_error();
}

void tls_peer_free(SSL *engine) {
  SSL_free(engine);
  ERR_clear_error();
}

size_t tls_peer_exporter(SSL *engine, uint8_t *out) {
  static const char label[] = "EXPORTER-Channel-Binding";
  const int done =
      SSL_export_keying_material(engine, out, EXPORTER_LEN, label,
                                 sizeof label - 1u, NULL, 0u, 1) == 1;
  ERR_clear_error();
  return done != 0 ? EXPORTER_LEN : 0u;
}

int tls_peer_speaks_smtp(const SSL *engine) {
  const uint8_t *data = NULL;
  unsigned len = 0u;
  SSL_get0_alpn_selected(engine, &data, &len);
  FUZZ_MUST(POLICY, len == 0u || (len == 4u && memcmp(data, "smtp", 4u) == 0),
            "the two agree on another protocol than SMTP");
  return len != 0u ? 1 : 0;
}

// -------------------------------------------------------------------- preparation

static void carry(SSL *from, SSL *to) {
  const uint8_t *data = NULL;
  const size_t len = tls_peer_pull(from, &data);
  tls_peer_push(to, data, len);
  tls_peer_pulled(from);
}

// Two peers talk to each other, so that the client has a session to come back with.
static void make_session(uint16_t version) {
  const script_tls tls = {.low = version, .ticket = 1u, .alpn = 0u};
  static smtpc_octets read;
  SSL *server = tls_peer_open(SMTPC_TLS_SERVER, TLS_GOOD, &tls, version);
  SSL *client = SSL_new(contexts[SMTPC_TLS_CLIENT]);
  BIO *in = BIO_new(BIO_s_mem());
  BIO *out = BIO_new(BIO_s_mem());
  FUZZ_MUST(HARNESS, client != NULL && in != NULL && out != NULL,
            "no session can be made");
  (void)BIO_set_mem_eof_return(in, -1);
  SSL_set_bio(client, in, out);
  (void)SSL_set_min_proto_version(client, version);
  (void)SSL_set_max_proto_version(client, version);
  SSL_set_connect_state(client);
  (void)SSL_clear_options(client, SSL_OP_NO_TICKET);
  SSL_set_early_data_enabled(server, 1);
  SSL_set_early_data_enabled(client, 1);
  for (unsigned i = 0u; i < 6u; i++) {
    (void)tls_peer_step(client, &read);
    carry(client, server);
    (void)tls_peer_step(server, &read);
    // TLS 1.3 gives its tickets behind the handshake, with the first octets.
    if (SSL_in_init(server) == 0) {
      (void)tls_peer_write(server, (const uint8_t *)"x", 1u);
    }
    carry(server, client);
  }
  smtpc_octets_clear(&read);
  tls_peer_free(client);
  tls_peer_free(server);
}

void tls_peer_prepare(void) {
  tls_prepare();
  if (contexts[0] != NULL) {
    return;
  }
  for (unsigned role = 0u; role < 2u; role++) {
    contexts[role] = make_context();
  }
  tls_random_reset(0u);
  collects = 1;
  make_session(TLS1_2_VERSION);
  make_session(TLS1_3_VERSION);
  collects = 0;
  FUZZ_MUST(HARNESS, sessions[0] != NULL && sessions[1] != NULL,
            "there is nothing to resume");
}
