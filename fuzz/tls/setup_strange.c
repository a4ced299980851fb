// Connections over the library's own objects, which firmware may ask the shim for: what is
// set or made there gets no more than what the shim gives.
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/nid.h>
#include <openssl/ssl.h>
#include <string.h>

#include "fuzz/harness/law.h"
#include "fuzz/tls/setup.h"
#include "fuzz/tls/setup_parts.h"
#include "smtpcore/tls.h"

#define PIECE_MAX 4096u

static enum ssl_verify_result_t demand_any(SSL *ssl, uint8_t *out_alert) {
  (void)ssl;
  (void)out_alert;
  return ssl_verify_ok;
}

// Carries octets between an engine and an SSL over memory.
static size_t carry(SSL *raw, smtpc_tls *tls, smtpc_tls_state *state) {
  const uint8_t *data = NULL;
  uint8_t octets[PIECE_MAX];
  size_t len = 0u;
  size_t used = 0u;
  FUZZ_MUST(HARNESS, BIO_mem_contents(SSL_get_wbio(raw), &data, &len) == 1,
            "no octets of a peer");
  if (len > 0u && smtpc_tls_push(tls, data, len, &used) == SMTPC_OK) {
    (void)BIO_reset(SSL_get_wbio(raw));
  } else {
    (void)BIO_reset(SSL_get_wbio(raw));
  }
  *state = smtpc_tls_handshake(tls, NULL);
  FUZZ_MUST(INVARIANT,
            smtpc_tls_pull(tls, octets, sizeof octets, &len) == SMTPC_OK,
            "an engine does not say what it has");
  FUZZ_MUST(
      HARNESS,
      len == 0u || BIO_write(SSL_get_rbio(raw), octets, (int)len) == (int)len,
      "no octets for a peer");
  return len + used;
}

static SSL *open_raw(SSL_CTX *ctx) {
  SSL *raw = SSL_new(ctx);
  BIO *in = BIO_new(BIO_s_mem());
  BIO *out = BIO_new(BIO_s_mem());
  FUZZ_MUST(HARNESS, raw != NULL && in != NULL && out != NULL, "no peer");
  BIO_set_mem_eof_return(in, -1);
  SSL_set_bio(raw, in, out);
  SSL_set_connect_state(raw);
  return raw;
}

static smtpc_tls *open_server(void) {
  smtpc_tls_peer peer;
  smtpc_tls *tls = NULL;
  memset(&peer, 0, sizeof peer);
  peer.min_version = SMTPC_TLS_1_2;
  FUZZ_MUST(MODEL, smtpc_tls_open(&tls, setup_own.context, &peer) == SMTPC_OK,
            "a server with an identity cannot be opened");
  return tls;
}

// foreign [demand]: a connection of somebody else over the client's side of the context
// belongs to no engine, and trusts nobody.
static void foreign_line(const setup_line *line) {
  if (setup_own.has_identity == 0) {
    return;
  }
  smtpc_tls *tls = open_server();
  smtpc_tls_state state = SMTPC_TLS_HANDSHAKING;
  SSL *raw = open_raw(
      smtpc_boringssl_context_native(setup_own.context, SMTPC_TLS_CLIENT));
  if (setup_has(line, "demand") != 0) {
    SSL_set_custom_verify(smtpc_boringssl_native(tls), SSL_VERIFY_PEER,
                          demand_any);
    SSL_set_custom_verify(raw, SSL_VERIFY_PEER, demand_any);
  }
  int done = 0;
  for (unsigned i = 0u; i < 8u && done != 1; i++) {
    done = SSL_do_handshake(raw);
    (void)carry(raw, tls, &state);
  }
  FUZZ_MUST(POLICY, done != 1 || setup_has(line, "demand") != 0,
            "somebody without an engine trusts a server");
  SSL_free(raw);
  smtpc_tls_free(tls);
  ERR_clear_error();
}

static SSL_SESSION *session;

static int on_session(SSL *ssl, SSL_SESSION *found) {
  (void)ssl;
  SSL_SESSION_free(session);
  session = found;
  return 1;
}

static void now(const SSL *ssl, struct timeval *out) {
  (void)ssl;
  out->tv_sec = TLS_NOW;
  out->tv_usec = 0;
}

// One connection of a client that would resume, and say something early.
static smtpc_tls_state visit(SSL_CTX *ctx, int early) {
  static const char text[] = "QUIT\r\n";
  smtpc_tls *tls = open_server();
  smtpc_tls_state state = SMTPC_TLS_HANDSHAKING;
  SSL *raw = open_raw(ctx);
  uint8_t heard[16];
  size_t len = 0u;
  if (early != 0) {
    FUZZ_MUST(HARNESS, SSL_set_session(raw, session) == 1, "no session");
  }
  size_t moved = 1u;
  for (unsigned i = 0u; i < 16u && moved > 0u; i++) {
    (void)SSL_do_handshake(raw);
    if (SSL_in_early_data(raw) != 0) {
      (void)SSL_write(raw, text, sizeof text - 1u);
    }
    moved = carry(raw, tls, &state);
    (void)SSL_read(raw, heard, sizeof heard);
    if (state == SMTPC_TLS_UP) {
      FUZZ_MUST(
          INVARIANT,
          smtpc_tls_write(tls, (const uint8_t *)"220\r\n", 5u) == SMTPC_OK,
          "an engine that is up says nothing");
    }
    FUZZ_MUST(
        EPOCH,
        smtpc_tls_read(tls, heard, sizeof heard, &len) == state && len == 0u,
        "early data are heard");
  }
  SSL_free(raw);
  smtpc_tls_free(tls);
  ERR_clear_error();
  return state;
}

// early: whoever sets early data in the library's own object gets none all the same.
static void early_line(const setup_line *line) {
  static const int x25519[] = {NID_X25519};
  static const uint16_t ed25519[] = {SSL_SIGN_ED25519};
  (void)line;
  if (setup_own.has_identity == 0) {
    return;
  }
  SSL_CTX *server =
      smtpc_boringssl_context_native(setup_own.context, SMTPC_TLS_SERVER);
  SSL_CTX *client = SSL_CTX_new(TLS_method());
  (void)SSL_CTX_clear_options(server, SSL_OP_NO_TICKET);
  SSL_CTX_set_early_data_enabled(server, 1);
  SSL_CTX_set_current_time_cb(server, now);
  FUZZ_MUST(HARNESS,
            SSL_CTX_set1_curves(client, x25519, 1u) == 1 &&
                SSL_CTX_set_verify_algorithm_prefs(client, ed25519, 1u) == 1,
            "a setting is refused");
  SSL_CTX_set_session_cache_mode(client, SSL_SESS_CACHE_CLIENT);
  SSL_CTX_sess_set_new_cb(client, on_session);
  SSL_CTX_set_early_data_enabled(client, 1);
  SSL_CTX_set_current_time_cb(client, now);
  SSL_CTX_set_custom_verify(client, SSL_VERIFY_PEER, demand_any);
  (void)visit(client, 0);
  if (session != NULL) {
    const int able = SSL_SESSION_early_data_capable(session);
    const smtpc_tls_state state = visit(client, 1);
    FUZZ_MUST(POLICY, able == 0 || state == SMTPC_TLS_FAILED,
              "an engine comes up with early data");
    SSL_SESSION_free(session);
    session = NULL;
  }
  SSL_CTX_free(client);
  (void)SSL_CTX_set_options(server, SSL_OP_NO_TICKET);
  SSL_CTX_set_early_data_enabled(server, 0);
  ERR_clear_error();
}

int setup_strange_line(const setup_line *line) {
  if (strcmp(line->words[0], "foreign") == 0) {
    foreign_line(line);
    return 1;
  }
  if (strcmp(line->words[0], "early") == 0) {
    early_line(line);
    return 1;
  }
  return 0;
}
