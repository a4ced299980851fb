#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/nid.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <string.h>

#include "fuzz/harness/law.h"
#include "fuzz/tls/hello.h"
#include "fuzz/tls/memory.h"
#include "fuzz/tls/setup.h"
#include "fuzz/tls/setup_parts.h"
#include "smtpcore/tls.h"

#define TURNS_MAX 4096u
#define PIECE_MAX 4096u
#define LARGE_LEN 40000u
#define EXPORTER_LEN 32u
// So many records of a flood are pushed at once.
#define GRAINS 64u

// talk is two engines of the input's context that talk to each other.
typedef struct talk {
  const setup_line *line;
  smtpc_tls_peer wanted[2];  // by smtpc_tls_role
  smtpc_tls *engines[2];
  smtpc_tls_state states[2];
  smtpc_tls_facts facts[2];
  size_t cut;   // octets of a piece
  int bent;     // 1: something of the library was set, so that it may fail
  int starved;  // 1: an allocation failed
} talk;

static const char *const names[2] = {"server", "client"};

static const char *word_of(const setup_line *line, const char *prefix) {
  const size_t len = strlen(prefix);
  for (size_t i = 0u; i < SETUP_WORDS_MAX; i++) {
    if (strncmp(line->words[i], prefix, len) == 0) {
      return line->words[i] + len;
    }
  }
  return NULL;
}

static uint16_t version_of(const char *word) {
  static const char *const words[4] = {"1.0", "1.1", "1.2", "1.3"};
  for (size_t i = 0u; i < 4u; i++) {
    if (strcmp(word, words[i]) == 0) {
      return (uint16_t)(SMTPC_TLS_1_0 + i);
    }
  }
  return (uint16_t)setup_number(word, UINT16_MAX);
}

// ----------------------------------------------------------------------- opening

static int may_open(const smtpc_tls_peer *peer) {
  if (peer->name_len > SMTPC_TLS_NAME_MAX || peer->verify > 1u ||
      peer->min_version < SMTPC_TLS_1_0 || peer->min_version > SMTPC_TLS_1_3) {
    return 0;
  }
  if (peer->role == SMTPC_TLS_SERVER) {
    return setup_own.has_identity != 0 && peer->verify == 0u &&
           peer->name_len == 0u;
  }
  return peer->role == SMTPC_TLS_CLIENT &&
         (peer->name_len == 0u
              ? peer->verify == 0u
              : setup_is_name(peer->name, peer->name_len) != 0);
}

// The suites of an engine are those that were asked for, or the shim's own.
static void check_suites(smtpc_tls *tls, unsigned floor) {
  const STACK_OF(SSL_CIPHER) *have =
      SSL_get_ciphers(smtpc_boringssl_native(tls));
  SSL_CTX *trial = NULL;
  STACK_OF(SSL_CIPHER) *want = NULL;
  if (setup_own.ciphers[0] != '\0') {
    trial = SSL_CTX_new(TLS_method());
    FUZZ_MUST(HARNESS,
              SSL_CTX_set_strict_cipher_list(trial, setup_own.ciphers) == 1,
              "a list of ciphers is good and is not");
    want = SSL_CTX_get_ciphers(trial);
    FUZZ_MUST(POLICY, sk_SSL_CIPHER_num(want) == sk_SSL_CIPHER_num(have),
              "an engine has other ciphers than were set");
  }
  for (size_t i = 0u; i < sk_SSL_CIPHER_num(have); i++) {
    const SSL_CIPHER *one = sk_SSL_CIPHER_value(have, i);
    FUZZ_MUST(POLICY,
              want != NULL ? one == sk_SSL_CIPHER_value(want, i)
                           : tls_cipher_is_good(SSL_CIPHER_get_protocol_id(one),
                                                floor) != 0,
              "an engine offers cipher %04x", SSL_CIPHER_get_protocol_id(one));
  }
  SSL_CTX_free(trial);
}

// What an engine does before its handshake.
static void check_fresh(smtpc_tls *tls) {
  uint8_t octets[SMTPC_BINDING_MAX];
  size_t len = 9u;
  FUZZ_MUST(FAILSTOP,
            smtpc_tls_read(tls, octets, sizeof octets, &len) ==
                    SMTPC_TLS_HANDSHAKING &&
                len == 0u,
            "an engine gives octets before its handshake");
  FUZZ_MUST(FAILSTOP, smtpc_tls_write(tls, octets, 1u) == SMTPC_E_STATE,
            "an engine takes octets before its handshake");
  smtpc_tls_close(tls);
  for (unsigned kind = 0u; kind <= SMTPC_BINDING_COUNT; kind++) {
    const int known =
        kind == SMTPC_BINDING_EXPORTER || kind == SMTPC_BINDING_END_POINT;
    len = 9u;
    FUZZ_MUST(FAILSTOP,
              smtpc_tls_binding(tls, kind, octets, sizeof octets, &len) ==
                      (known != 0 ? SMTPC_E_STATE : SMTPC_E_ARGUMENT) &&
                  len == 0u,
              "there is a binding before the handshake");
  }
  FUZZ_MUST(
      FAILSTOP,
      smtpc_tls_pull(tls, octets, sizeof octets, &len) == SMTPC_OK && len == 0u,
      "an engine speaks before its handshake");
  FUZZ_MUST(INVARIANT, smtpc_tls_failure_of(tls) == SMTPC_TLS_FAILURE_NONE,
            "a fresh engine has failed");
}

static void misuse(smtpc_tls *tls) {
  static const smtpc_tls_peer nobody;
  uint8_t octet = 0u;
  size_t len = 9u;
  smtpc_tls *none = tls;
  int ok =
      smtpc_tls_open(NULL, setup_own.context, &nobody) == SMTPC_E_ARGUMENT &&
      smtpc_tls_open(&none, NULL, &nobody) == SMTPC_E_ARGUMENT &&
      none == NULL &&
      smtpc_tls_open(&none, setup_own.context, NULL) == SMTPC_E_ARGUMENT;
  ok = ok && smtpc_tls_push(tls, &octet, 1u, NULL) == SMTPC_E_ARGUMENT &&
       smtpc_tls_push(tls, NULL, 1u, &len) == SMTPC_E_ARGUMENT && len == 0u &&
       smtpc_tls_push(NULL, &octet, 1u, &len) == SMTPC_E_ARGUMENT;
  ok = ok && smtpc_tls_pull(tls, &octet, 1u, NULL) == SMTPC_E_ARGUMENT &&
       smtpc_tls_pull(tls, NULL, 1u, &len) == SMTPC_E_ARGUMENT &&
       smtpc_tls_pull(NULL, &octet, 1u, &len) == SMTPC_E_ARGUMENT;
  ok = ok && smtpc_tls_write(tls, NULL, 1u) == SMTPC_E_ARGUMENT &&
       smtpc_tls_write(NULL, &octet, 1u) == SMTPC_E_ARGUMENT;
  ok = ok && smtpc_tls_binding(tls, 1u, &octet, 1u, NULL) == SMTPC_E_ARGUMENT &&
       smtpc_tls_binding(tls, 1u, NULL, 1u, &len) == SMTPC_E_ARGUMENT &&
       smtpc_tls_binding(NULL, 1u, &octet, 1u, &len) == SMTPC_E_ARGUMENT;
  ok = ok && smtpc_tls_read(NULL, &octet, 1u, &len) == SMTPC_TLS_FAILED &&
       smtpc_tls_handshake(NULL, NULL) == SMTPC_TLS_FAILED &&
       smtpc_tls_end_of_stream(NULL) == SMTPC_TLS_FAILED &&
       smtpc_tls_failure_of(NULL) == SMTPC_TLS_FAILURE_INTERNAL;
  smtpc_tls_close(NULL);
  smtpc_tls_free(NULL);
  FUZZ_MUST(MISUSE, ok != 0, "misuse of an engine is not told");
  len = 9u;
  FUZZ_MUST(NOOP,
            smtpc_tls_push(tls, &octet, 0u, &len) == SMTPC_OK && len == 0u,
            "no octets are not taken");
  (void)smtpc_tls_read(tls, &octet, 0u, &len);
  FUZZ_MUST(NOOP, len == 0u, "there is an octet without room for it");
}

static void open_one(talk *t, unsigned role) {
  const smtpc_tls_peer *peer = &t->wanted[role];
  const size_t before = tls_memory_since();
  setup_arm();
  const smtpc_status status =
      smtpc_tls_open(&t->engines[role], setup_own.context, peer);
  const int starved = setup_disarm("opening an engine");
  const int may = may_open(peer);
  FUZZ_MUST(MODEL,
            status == (may != 0 ? SMTPC_OK : SMTPC_E_ARGUMENT) ||
                (starved != 0 && may != 0 && status == SMTPC_E_INTERNAL),
            "opening a %s is %s", names[role], smtpc_status_name(status));
  FUZZ_MUST(INVARIANT, (status == SMTPC_OK) == (t->engines[role] != NULL),
            "an engine is there, and is not");
  t->starved |= starved;
  if (status != SMTPC_OK) {
    FUZZ_MUST(BOUNDS, tls_memory_since() == before,
              "an engine that was not opened leaves something behind");
    return;
  }
  check_suites(t->engines[role], peer->min_version);
  check_fresh(t->engines[role]);
  misuse(t->engines[role]);
}

// ----------------------------------------------------------------------- bending

static enum ssl_verify_result_t demand_any(SSL *ssl, uint8_t *out_alert) {
  (void)ssl;
  (void)out_alert;
  return ssl_verify_ok;
}

// What the line says of the library's own settings. They make one side somebody that the
// shim did not make.
static void bend(talk *t) {
  static const int p256[] = {NID_X9_62_prime256v1};
  static const int x25519[] = {NID_X25519};
  static const uint16_t ecdsa[] = {SSL_SIGN_ECDSA_SECP256R1_SHA256};
  SSL *server = smtpc_boringssl_native(t->engines[SMTPC_TLS_SERVER]);
  SSL *client = smtpc_boringssl_native(t->engines[SMTPC_TLS_CLIENT]);
  const char *most = word_of(t->line, "max:");
  const char *least = word_of(t->line, "server-min:");
  const char *alpn = word_of(t->line, "alpn:");
  const char *sni = word_of(t->line, "sni:");
  int ok = SSL_set1_curves(client, x25519, 1u);
  if (most != NULL) {
    (void)SSL_set_max_proto_version(client, version_of(most));
  }
  if (least != NULL) {
    (void)SSL_set_min_proto_version(server, version_of(least));
  }
  if (setup_has(t->line, "groups") != 0) {
    ok &= SSL_set1_curves(server, p256, 1u);
  }
  if (setup_has(t->line, "signatures") != 0) {
    ok &= SSL_set_verify_algorithm_prefs(client, ecdsa, 1u);
  }
  if (setup_has(t->line, "demand") != 0) {
    SSL_set_custom_verify(
        server, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, demand_any);
  }
  if (alpn != NULL) {
    setup_octets list = setup_read(alpn);
    (void)SSL_set_alpn_protos(client, list.data, (unsigned)list.len);
    setup_free(&list);
  }
  if (sni != NULL) {
    setup_octets name = setup_read(sni);
    char text[256] = "";
    memcpy(text, name.copy.data != NULL ? name.copy.data : (uint8_t *)"",
           name.len < sizeof text - 1u ? name.len : sizeof text - 1u);
    (void)SSL_set_tlsext_host_name(client, text);
    setup_free(&name);
  }
  FUZZ_MUST(HARNESS, ok == 1, "a setting is refused");
  t->bent = most != NULL || least != NULL || alpn != NULL || sni != NULL ||
            setup_has(t->line, "groups") != 0 ||
            setup_has(t->line, "signatures") != 0 ||
            setup_has(t->line, "demand") != 0;
  ERR_clear_error();
}

// ----------------------------------------------------------------------- talking

// Moves what one has for the other; returns how much it was.
static size_t move(talk *t, unsigned from) {
  uint8_t octets[PIECE_MAX];
  size_t len = 0u;
  size_t used = 0u;
  size_t done = 0u;
  FUZZ_MUST(
      INVARIANT,
      smtpc_tls_pull(t->engines[from], octets, t->cut, &len) == SMTPC_OK &&
          len <= t->cut,
      "an engine does not say what it has");
  while (done < len) {
    const smtpc_status status =
        smtpc_tls_push(t->engines[1u - from], octets + done, len - done, &used);
    if (status != SMTPC_OK) {
      FUZZ_MUST(TERMINAL, status == SMTPC_E_STATE && used == 0u,
                "an engine takes nothing, and does not say why");
      return len;
    }
    done += used;
    t->states[1u - from] =
        smtpc_tls_handshake(t->engines[1u - from], &t->facts[1u - from]);
    FUZZ_MUST(BOUNDS, used > 0u || t->states[1u - from] != SMTPC_TLS_UP,
              "an engine that is up takes no octets");
    if (used == 0u) {
      return len;
    }
  }
  return len;
}

static void shake(talk *t) {
  size_t turns = 0u;
  size_t moved = 1u;
  t->states[1] = smtpc_tls_handshake(t->engines[1], &t->facts[1]);
  t->states[0] = smtpc_tls_handshake(t->engines[0], &t->facts[0]);
  while (moved > 0u && turns < TURNS_MAX) {
    moved = move(t, SMTPC_TLS_CLIENT);
    moved += move(t, SMTPC_TLS_SERVER);
    turns++;
  }
  t->starved |= tls_memory_failed() > 0u ? 1 : 0;
}

// ---------------------------------------------------------------------- the facts

static int is_about_trust(unsigned failure) {
  return failure == SMTPC_TLS_FAILURE_CERTIFICATE ||
         failure == SMTPC_TLS_FAILURE_CERTIFICATE_TIME ||
         failure == SMTPC_TLS_FAILURE_NAME;
}

// What the client must find, when that is known.
static void check_truth(const talk *t) {
  const smtpc_tls_facts *facts = &t->facts[SMTPC_TLS_CLIENT];
  const smtpc_tls_peer *peer = &t->wanted[SMTPC_TLS_CLIENT];
  int chain = 0;
  int name = 0;
  if (setup_own.identity < 0 || setup_own.now != TLS_NOW ||
      setup_own.others != 0) {
    return;
  }
  (void)tls_identity_is_good((unsigned)setup_own.identity, &chain, &name);
  chain = chain != 0 && setup_own.has_authority != 0;
  const int host = peer->name_len == strlen(TLS_HOST) &&
                   memcmp(peer->name, TLS_HOST, strlen(TLS_HOST)) == 0;
  FUZZ_MUST(POLICY, facts->chain_ok <= chain, "a bad chain is good");
  FUZZ_MUST(POLICY, peer->name_len > 0u || facts->name_ok == 0u,
            "a name is right that nobody said");
  FUZZ_MUST(POLICY, host == 0 || facts->name_ok <= name,
            "a wrong name is right");
  if (t->starved == 0 && t->states[SMTPC_TLS_CLIENT] == SMTPC_TLS_UP) {
    FUZZ_MUST(POLICY, facts->chain_ok == chain, "a good chain is bad");
    FUZZ_MUST(POLICY, host == 0 || facts->name_ok == name,
              "a right name is wrong");
  }
}

static void check_failure(const talk *t, unsigned role) {
  const unsigned failure = t->facts[role].failure;
  FUZZ_MUST(FAILSTOP,
            failure != SMTPC_TLS_FAILURE_NONE &&
                failure == smtpc_tls_failure_of(t->engines[role]),
            "a %s fails for no reason", names[role]);
  FUZZ_MUST(INVARIANT, failure != SMTPC_TLS_FAILURE_INTERNAL || t->starved != 0,
            "a %s fails by itself", names[role]);
  FUZZ_MUST(FAILSTOP,
            role == SMTPC_TLS_SERVER || is_about_trust(failure) == 0 ||
                t->wanted[role].verify == 1u,
            "a client that trusts everybody trusts not");
}

static void check_demands(const talk *t) {
  const unsigned client = t->facts[SMTPC_TLS_CLIENT].failure;
  const unsigned server = t->facts[SMTPC_TLS_SERVER].failure;
  if (t->starved != 0 || setup_own.ciphers[0] != '\0' ||
      t->wanted[1].verify != 0u) {
    return;
  }
  const int one = word_of(t->line, "max:") == NULL &&
                  word_of(t->line, "server-min:") == NULL &&
                  word_of(t->line, "alpn:") == NULL &&
                  word_of(t->line, "sni:") == NULL;
  if (one != 0 && setup_own.identity >= 0 &&
      (setup_has(t->line, "groups") != 0 ||
       setup_has(t->line, "signatures") != 0)) {
    FUZZ_MUST(POLICY,
              client == SMTPC_TLS_FAILURE_NO_COMMON_CIPHER &&
                  server == SMTPC_TLS_FAILURE_NO_COMMON_CIPHER,
              "nothing in common is %u and %u", client, server);
  }
}

// What the line took from one side is nothing that the two came up with.
static void check_common(const talk *t) {
  const SSL *client = smtpc_boringssl_native(t->engines[SMTPC_TLS_CLIENT]);
  // With RSA's key exchange there is no group, and no signature of the server.
  if (SSL_CIPHER_get_kx_nid(SSL_get_current_cipher(client)) == NID_kx_rsa) {
    return;
  }
  FUZZ_MUST(POLICY, setup_has(t->line, "groups") == 0,
            "two are up that have no group in common");
  // Before TLS 1.2 nobody says which signatures there may be.
  FUZZ_MUST(POLICY,
            setup_has(t->line, "signatures") == 0 ||
                SSL_version(client) < TLS1_2_VERSION ||
                SSL_get_peer_signature_algorithm(client) ==
                    SSL_SIGN_ECDSA_SECP256R1_SHA256,
            "two are up that have no signature in common");
}

static void check_up(const talk *t) {
  const smtpc_tls_facts *server = &t->facts[SMTPC_TLS_SERVER];
  const smtpc_tls_facts *client = &t->facts[SMTPC_TLS_CLIENT];
  const smtpc_tls_peer *peer = &t->wanted[SMTPC_TLS_CLIENT];
  FUZZ_MUST(
      MODEL,
      server->version == client->version && server->cipher == client->cipher,
      "two that are up have not the same of version and cipher");
  for (unsigned role = 0u; role < 2u; role++) {
    FUZZ_MUST(POLICY, t->facts[role].version >= t->wanted[role].min_version,
              "a %s takes a version below its floor", names[role]);
    FUZZ_MUST(POLICY,
              setup_own.ciphers[0] != '\0' ||
                  tls_cipher_is_good(t->facts[role].cipher,
                                     t->wanted[role].min_version) != 0,
              "a %s takes cipher %04x", names[role], t->facts[role].cipher);
    FUZZ_MUST(RESET, t->facts[role].resumed == 0u, "a session is resumed");
  }
  FUZZ_MUST(
      POLICY,
      peer->verify == 0u || (client->chain_ok == 1u && client->name_ok == 1u &&
                             client->failure == SMTPC_TLS_FAILURE_NONE),
      "a client is up with whom it must not trust");
  FUZZ_MUST(MODEL,
            client->chain_ok == 1u || is_about_trust(client->failure) != 0,
            "a bad chain has failure %u", client->failure);
  check_common(t);
}

// ----------------------------------------------------------------------- bindings

static size_t bind(smtpc_tls *tls, unsigned kind,
                   uint8_t out[SMTPC_BINDING_MAX]) {
  uint8_t small[SMTPC_BINDING_MAX];
  size_t len = 9u;
  size_t small_len = 9u;
  const smtpc_status status =
      smtpc_tls_binding(tls, kind, out, SMTPC_BINDING_MAX, &len);
  FUZZ_MUST(INVARIANT,
            status == SMTPC_OK || status == SMTPC_E_STATE ||
                (tls_memory_failed() > 0u && status == SMTPC_E_INTERNAL),
            "a binding is %s", smtpc_status_name(status));
  FUZZ_MUST(INVARIANT, (status == SMTPC_OK) == (len > 0u),
            "a binding has no octets");
  tls_memory_hold(1);
  if (len > 0u) {
    FUZZ_MUST(BOUNDS,
              smtpc_tls_binding(tls, kind, small, len - 1u, &small_len) ==
                      SMTPC_E_ROOM &&
                  small_len == 0u,
              "a binding has room where there is none");
    FUZZ_MUST(
        PURE,
        smtpc_tls_binding(tls, kind, small, len, &small_len) == SMTPC_OK &&
            small_len == len && memcmp(small, out, len) == 0,
        "a binding is another one the next time");
  }
  tls_memory_hold(0);
  return len;
}

static void check_end_point(const uint8_t *have, size_t len, int failed) {
  uint8_t want[SMTPC_BINDING_MAX];
  unsigned want_len = 0u;
  int known = 0;
  X509 *cert = SSL_CTX_get0_certificate(
      smtpc_boringssl_context_native(setup_own.context, SMTPC_TLS_SERVER));
  tls_memory_hold(1);
  const EVP_MD *md = setup_hash_of(cert, &known);
  FUZZ_MUST(HARNESS, md == NULL || X509_digest(cert, md, want, &want_len) == 1,
            "a certificate has no digest");
  tls_memory_hold(0);
  if (known == 0 || failed != 0) {
    return;
  }
  FUZZ_MUST(MODEL, len == want_len && memcmp(have, want, len) == 0,
            "a channel is bound by %zu octets to a certificate, and not by %u",
            len, want_len);
}

static void check_bindings(const talk *t) {
  uint8_t found[2][SMTPC_BINDING_MAX];
  for (unsigned kind = 1u; kind < SMTPC_BINDING_COUNT; kind++) {
    const size_t one = bind(t->engines[0], kind, found[0]);
    const size_t two = bind(t->engines[1], kind, found[1]);
    const int failed = tls_memory_failed() > 0u && (one == 0u || two == 0u);
    FUZZ_MUST(
        SECRET,
        failed != 0 || (one == two && memcmp(found[0], found[1], one) == 0),
        "two ends of a channel are bound to two things");
    if (kind == SMTPC_BINDING_EXPORTER) {
      FUZZ_MUST(SECRET, failed != 0 || one == EXPORTER_LEN,
                "an exporter has %zu octets", one);
    } else {
      check_end_point(found[0], one, failed);
    }
  }
}

// ---------------------------------------------------------------- octets, and ends

// Lets `from` say octets, and the other one hear them.
static void say(talk *t, unsigned from, const uint8_t *data, size_t len) {
  uint8_t heard[PIECE_MAX];
  size_t done = 0u;
  const smtpc_status status = smtpc_tls_write(t->engines[from], data, len);
  // Without memory it is the end of the engine.
  FUZZ_MUST(INVARIANT,
            status == SMTPC_OK ||
                (tls_memory_failed() > 0u &&
                 smtpc_tls_write(t->engines[from], data, len) == SMTPC_E_STATE),
            "what is said is %s", smtpc_status_name(status));
  size_t moved = 1u;
  while (moved > 0u) {
    moved = move(t, from);
    size_t got = 1u;
    while (got > 0u) {
      const smtpc_tls_state state =
          smtpc_tls_read(t->engines[1u - from], heard, sizeof heard, &got);
      FUZZ_MUST(EPOCH,
                done + got <= len && memcmp(heard, data + done, got) == 0,
                "something is heard that nobody said");
      FUZZ_MUST(INVARIANT, state == SMTPC_TLS_UP || tls_memory_failed() > 0u,
                "an engine ends while it is spoken to");
      done += got;
    }
  }
  FUZZ_MUST(BOUNDS, done == len || tls_memory_failed() > 0u,
            "%zu octets are heard of %zu", done, len);
}

// An engine that has ended does nothing any more.
static void check_dead(smtpc_tls *tls, smtpc_tls_state state) {
  uint8_t octets[8] = {0x17u, 3u, 3u, 0u, 1u, 0u, 0u, 0u};
  size_t len = 9u;
  FUZZ_MUST(TERMINAL,
            smtpc_tls_push(tls, octets, sizeof octets, &len) == SMTPC_E_STATE &&
                len == 0u,
            "an engine that has ended takes octets");
  FUZZ_MUST(TERMINAL, smtpc_tls_write(tls, octets, 1u) == SMTPC_E_STATE,
            "an engine that has ended says octets");
  FUZZ_MUST(TERMINAL,
            smtpc_tls_read(tls, octets, sizeof octets, &len) == state &&
                len == 0u && smtpc_tls_handshake(tls, NULL) == state &&
                smtpc_tls_end_of_stream(tls) == state,
            "an engine that has ended is another one");
}

static void end(talk *t) {
  uint8_t octet = 0u;
  size_t len = 0u;
  smtpc_tls *server = t->engines[SMTPC_TLS_SERVER];
  smtpc_tls *client = t->engines[SMTPC_TLS_CLIENT];
  if (setup_has(t->line, "torn") != 0) {
    FUZZ_MUST(FAILSTOP,
              smtpc_tls_end_of_stream(server) == SMTPC_TLS_FAILED &&
                  smtpc_tls_failure_of(server) == SMTPC_TLS_FAILURE_TRUNCATED,
              "an end without a word is no failure");
    check_dead(server, SMTPC_TLS_FAILED);
    return;
  }
  smtpc_tls_close(client);
  FUZZ_MUST(ONEWAY, smtpc_tls_write(client, &octet, 1u) == SMTPC_E_STATE,
            "an engine speaks after its close_notify");
  while (move(t, SMTPC_TLS_CLIENT) > 0u) {
  }
  FUZZ_MUST(
      FAILSTOP,
      (setup_has(t->line, "peeked") != 0
           ? smtpc_tls_end_of_stream(server)
           : smtpc_tls_read(server, &octet, 1u, &len)) == SMTPC_TLS_CLOSED,
      "close_notify is not heard");
  check_dead(server, SMTPC_TLS_CLOSED);
  smtpc_tls_close(server);
  smtpc_tls_close(server);
  while (move(t, SMTPC_TLS_SERVER) > 0u) {
  }
  FUZZ_MUST(FAILSTOP,
            smtpc_tls_read(client, &octet, 1u, &len) == SMTPC_TLS_CLOSED,
            "an answer to close_notify is not heard");
}

static void use(talk *t) {
  static uint8_t large[LARGE_LEN];
  check_up(t);
  check_bindings(t);
  say(t, SMTPC_TLS_CLIENT, (const uint8_t *)"EHLO\r\n", 6u);
  const char *hungry = word_of(t->line, "hungry:");
  if (hungry != NULL && setup_hunger.count == 0u) {
    tls_memory_fail_at((size_t)setup_number(hungry, SIZE_MAX / 2u), 1u);
  }
  if (setup_has(t->line, "large") != 0) {
    memset(large, 'l', sizeof large);
    say(t, SMTPC_TLS_SERVER, large, sizeof large);
  }
  say(t, SMTPC_TLS_SERVER, (const uint8_t *)"250\r\n", 5u);
  t->starved |= tls_memory_failed() > 0u ? 1 : 0;
  if (t->starved == 0) {
    end(t);
  }
}

static void judge(talk *t) {
  const int up = t->states[0] == SMTPC_TLS_UP && t->states[1] == SMTPC_TLS_UP;
  for (unsigned role = 0u; role < 2u; role++) {
    if (t->states[role] == SMTPC_TLS_FAILED) {
      check_failure(t, role);
    }
  }
  check_truth(t);
  check_demands(t);
  // Under TLS 1.3 a client is up before it hears what the server makes of it.
  FUZZ_MUST(BOUNDS,
            up != 0 || t->starved != 0 || t->states[0] == SMTPC_TLS_FAILED ||
                t->states[1] == SMTPC_TLS_FAILED,
            "two wait for each other");
  if (up != 0) {
    use(t);
  } else if (t->starved == 0) {
    FUZZ_MUST(POLICY,
              t->bent != 0 || setup_own.ciphers[0] != '\0' ||
                  t->wanted[0].min_version != t->wanted[1].min_version ||
                  t->wanted[1].verify == 1u || setup_own.identity < 0,
              "nothing keeps the two from coming up");
  }
  for (unsigned role = 0u; role < 2u; role++) {
    if (t->states[role] == SMTPC_TLS_FAILED) {
      check_dead(t->engines[role], SMTPC_TLS_FAILED);
    } else if (up == 0) {
      (void)smtpc_tls_end_of_stream(t->engines[role]);
      check_dead(t->engines[role], SMTPC_TLS_FAILED);
    }
  }
}

// talk NAME VERIFY FLOOR WORDS...
static void talk_line(const setup_line *line) {
  talk t;
  memset(&t, 0, sizeof t);
  setup_octets name = setup_read(line->words[1]);
  const char *role = word_of(line, "role:");
  const char *cut = word_of(line, "cut:");
  t.line = line;
  t.cut =
      cut != NULL ? 1u + (size_t)setup_number(cut, PIECE_MAX - 1u) : PIECE_MAX;
  t.wanted[0].min_version = version_of(line->words[3]);
  t.wanted[1].min_version = t.wanted[0].min_version;
  t.wanted[1].role =
      role != NULL ? (uint8_t)setup_number(role, 255u) : SMTPC_TLS_CLIENT;
  t.wanted[1].verify = (uint8_t)setup_number(line->words[2], 255u);
  t.wanted[1].name_len = (uint16_t)name.len;
  memcpy(t.wanted[1].name,
         name.copy.data != NULL ? name.copy.data : (uint8_t *)"",
         name.len < SMTPC_TLS_NAME_MAX ? name.len : SMTPC_TLS_NAME_MAX);
  setup_free(&name);
  open_one(&t, SMTPC_TLS_SERVER);
  open_one(&t, SMTPC_TLS_CLIENT);
  if (t.engines[0] != NULL && t.engines[1] != NULL &&
      t.wanted[1].role == SMTPC_TLS_CLIENT) {
    bend(&t);
    setup_arm();
    shake(&t);
    judge(&t);
    (void)setup_disarm("a talk");
  }
  smtpc_tls_free(t.engines[0]);
  smtpc_tls_free(t.engines[1]);
}

// The head of a message, and its octets in records of three: within the library's limits,
// and not within ours. The fewest records that do it, since each takes its time.
static void flood(smtpc_tls *client, size_t before) {
  static const uint8_t head[] = {0x16u, 3u, 3u,    0u,   4u,
                                 0x0bu, 1u, 0x86u, 0x00u};
  static const uint8_t grain[] = {0x16u, 3u, 3u, 0u, 3u, 0u, 0u, 0u};
  static uint8_t many[GRAINS * sizeof grain];
  size_t total = before;
  size_t used = 0u;
  size_t at = 0u;
  for (size_t i = 0u; i < sizeof many; i++) {
    many[i] = grain[i % sizeof grain];
  }
  smtpc_status status = smtpc_tls_push(client, head, sizeof head, &used);
  FUZZ_MUST(BOUNDS, status == SMTPC_OK && used == sizeof head,
            "an engine takes no octets");
  total += used;
  while (status == SMTPC_OK) {
    status = smtpc_tls_push(client, many + at, sizeof many - at, &used);
    at = (at + used) % sizeof many;
    total += used;
    FUZZ_MUST(BOUNDS, total <= SMTPC_BORINGSSL_HANDSHAKE_MAX,
              "a handshake has more octets than it may");
    const smtpc_tls_state state = smtpc_tls_handshake(client, NULL);
    FUZZ_MUST(BOUNDS, state != SMTPC_TLS_UP, "a flood is a handshake");
    FUZZ_MUST(BOUNDS, used > 0u || status != SMTPC_OK,
              "an engine waits for octets, and takes none");
  }
  FUZZ_MUST(FAILSTOP,
            smtpc_tls_failure_of(client) == SMTPC_TLS_FAILURE_PROTOCOL,
            "a flood is no failure");
  check_dead(client, SMTPC_TLS_FAILED);
}

// flood: what a server sends has no end.
static void flood_line(const setup_line *line) {
  talk t;
  uint8_t octets[PIECE_MAX];
  size_t len = 0u;
  size_t used = 0u;
  memset(&t, 0, sizeof t);
  t.line = line;
  t.cut = PIECE_MAX;
  t.wanted[0].min_version = SMTPC_TLS_1_2;
  t.wanted[1].min_version = SMTPC_TLS_1_2;
  t.wanted[1].role = SMTPC_TLS_CLIENT;
  open_one(&t, SMTPC_TLS_SERVER);
  open_one(&t, SMTPC_TLS_CLIENT);
  if (t.engines[0] != NULL && t.engines[1] != NULL) {
    (void)SSL_set_max_proto_version(smtpc_boringssl_native(t.engines[1]),
                                    TLS1_2_VERSION);
    (void)smtpc_tls_handshake(t.engines[1], NULL);
    (void)move(&t, SMTPC_TLS_CLIENT);
    FUZZ_MUST(
        INVARIANT,
        smtpc_tls_pull(t.engines[0], octets, sizeof octets, &len) == SMTPC_OK,
        "a server does not answer");
    // The ServerHello alone, in a record of its own.
    if (len > 9u && octets[0] == 0x16u && octets[5] == 2u) {
      const size_t hello = 4u + ((size_t)octets[7] << 8u) + octets[8];
      octets[3] = (uint8_t)(hello >> 8u);
      octets[4] = (uint8_t)(hello & 0xffu);
      FUZZ_MUST(HARNESS, 5u + hello <= len, "a ServerHello is cut");
      FUZZ_MUST(
          BOUNDS,
          smtpc_tls_push(t.engines[1], octets, 5u + hello, &used) == SMTPC_OK &&
              used == 5u + hello,
          "a client takes no ServerHello");
      flood(t.engines[1], used);
    }
  }
  smtpc_tls_free(t.engines[0]);
  smtpc_tls_free(t.engines[1]);
  ERR_clear_error();
}

int setup_engine_line(const setup_line *line) {
  static const struct {
    const char *word;
    void (*run)(const setup_line *line);
  } rows[] = {{"talk", talk_line}, {"flood", flood_line}};
  for (size_t i = 0u; i < sizeof rows / sizeof rows[0]; i++) {
    if (strcmp(line->words[0], rows[i].word) == 0) {
      rows[i].run(line);
      return 1;
    }
  }
  return 0;
}
