#define _POSIX_C_SOURCE 200809L

#include <openssl/aead.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim/boringssl/testing.h"
#include "shim/boringssl/tls_boringssl.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define HOST "mx.example.org"

// --- What all tests share ----------------------------------------------------

static test_authority authority;
static test_authority stranger;
static smtpc_boringssl_pem good;
static smtpc_tls_context *server_ctx;
static smtpc_tls_context *client_ctx;

static const test_leaf good_leaf = {"DNS:" HOST, NULL, "serverAuth",
                                    -10L * TEST_DAY, 10L * TEST_DAY};

static int set_up_all(void **state) {
  (void)state;
  test_label("set up");
  test_authority_make(&authority, "authority");
  test_authority_make(&stranger, "stranger");
  test_issue(&good, &authority, &good_leaf);
  server_ctx = test_context(&good, NULL);
  // The client's context has an identity too, which it must never show.
  client_ctx = test_context(&good, &authority);
  return 0;
}

static int tear_down_all(void **state) {
  (void)state;
  smtpc_boringssl_context_free(server_ctx);
  smtpc_boringssl_context_free(client_ctx);
  smtpc_boringssl_pem_free(&good);
  test_authority_free(&authority);
  test_authority_free(&stranger);
  return 0;
}

// No function of the shim leaves an error for whoever calls the library next.
static int no_error_left(void **state) {
  (void)state;
  return ERR_peek_error() == 0u ? 0 : -1;
}

typedef struct pair {
  smtpc_tls *server;
  smtpc_tls *client;
} pair;

static pair open_pair(const char *name, int verify) {
  const smtpc_tls_peer server = test_peer_server();
  const smtpc_tls_peer client = test_peer_client(name, verify);
  pair two = {test_open(server_ctx, &server), test_open(client_ctx, &client)};
  return two;
}

static void free_pair(pair *two) {
  smtpc_tls_free(two->server);
  smtpc_tls_free(two->client);
}

static void set_versions(smtpc_tls *tls, uint16_t low, uint16_t high) {
  SSL *ssl = smtpc_boringssl_native(tls);
  assert_int_equal(SSL_set_min_proto_version(ssl, low), 1);
  assert_int_equal(SSL_set_max_proto_version(ssl, high), 1);
}

// A pair that came up with one version.
static pair up_pair(uint16_t version) {
  pair two = open_pair(HOST, 1);
  set_versions(two.server, version, version);
  test_shake(two.client, two.server, 0u);
  test_number(smtpc_tls_handshake(two.client, NULL), SMTPC_TLS_UP);
  test_number(smtpc_tls_handshake(two.server, NULL), SMTPC_TLS_UP);
  return two;
}

static void expect_end(smtpc_tls *tls, smtpc_tls_failure want) {
  smtpc_tls_facts facts;
  memset(&facts, 0xff, sizeof facts);
  test_number(smtpc_tls_handshake(tls, &facts), SMTPC_TLS_FAILED);
  test_number(smtpc_tls_failure_of(tls), want);
  test_number(facts.failure, want);
  test_number(ERR_peek_error(), 0);
}

// Law ONEWAY and law TERMINAL: an engine that has ended does nothing any more.
static void expect_dead(smtpc_tls *tls, smtpc_tls_state state) {
  uint8_t octets[16];
  size_t len = 99u;
  // What the engine has to say to its peer may still be pulled.
  do {
    test_number(smtpc_tls_pull(tls, octets, sizeof octets, &len), SMTPC_OK);
  } while (len > 0u);
  for (int again = 0; again < 2; again++) {
    len = 99u;
    test_number(smtpc_tls_push(tls, (const uint8_t *)"EHLO x\r\n", 8u, &len),
                SMTPC_E_STATE);
    test_number(len, 0);
    len = 99u;
    test_number(smtpc_tls_read(tls, octets, sizeof octets, &len), state);
    test_number(len, 0);
    test_number(smtpc_tls_write(tls, octets, 1u), SMTPC_E_STATE);
    test_number(smtpc_tls_handshake(tls, NULL), state);
    test_number(smtpc_tls_end_of_stream(tls), state);
    test_number(smtpc_tls_pull(tls, octets, sizeof octets, &len), SMTPC_OK);
    test_number(len, 0);
  }
}

// Reads all that is there; the caller frees it.
static uint8_t *read_all(smtpc_tls *tls, size_t room, size_t *out_len) {
  uint8_t *data = malloc(room + 1u);
  size_t len = 1u;
  *out_len = 0u;
  assert_non_null(data);
  while (len > 0u && *out_len <= room) {
    (void)smtpc_tls_read(tls, data + *out_len, room + 1u - *out_len, &len);
    *out_len += len;
  }
  return data;
}

static void expect_read(smtpc_tls *tls, const char *want) {
  size_t len = 0u;
  uint8_t *have = read_all(tls, 1000u, &len);
  test_octets(have, len, want, strlen(want));
  free(have);
}

static const uint16_t versions[] = {SMTPC_TLS_1_0, SMTPC_TLS_1_1, SMTPC_TLS_1_2,
                                    SMTPC_TLS_1_3};

// --- Handshake ---------------------------------------------------------------

static void test_tls_handshake_comes_up_for_every_cut(void **state) {
  (void)state;
  for (size_t cut = 0u; cut <= TEST_CUT_MAX; cut++) {
    test_label("cut %zu", cut);
    pair two = open_pair(HOST, 1);
    smtpc_tls_facts client;
    smtpc_tls_facts server;
    memset(&client, 0xff, sizeof client);
    memset(&server, 0xff, sizeof server);
    test_shake(two.client, two.server, cut);
    test_number(smtpc_tls_handshake(two.client, &client), SMTPC_TLS_UP);
    test_number(smtpc_tls_handshake(two.server, &server), SMTPC_TLS_UP);
    test_number(client.version, SMTPC_TLS_1_3);
    test_number(server.version, SMTPC_TLS_1_3);
    test_number(client.cipher, server.cipher);
    test_number(client.cipher >> 8, 0x13);
    test_number(client.chain_ok, 1);
    test_number(client.name_ok, 1);
    test_number(client.failure, SMTPC_TLS_FAILURE_NONE);
    test_number(client.resumed, 0);
    test_number(server.chain_ok, 0);
    test_number(server.name_ok, 0);
    test_number(server.failure, SMTPC_TLS_FAILURE_NONE);
    test_number(smtpc_tls_write(two.client, (const uint8_t *)"EHLO a\r\n", 8u),
                SMTPC_OK);
    test_number(smtpc_tls_write(two.server, (const uint8_t *)"250 b\r\n", 7u),
                SMTPC_OK);
    (void)test_move(two.client, two.server, cut);
    (void)test_move(two.server, two.client, cut);
    expect_read(two.server, "EHLO a\r\n");
    expect_read(two.client, "250 b\r\n");
    free_pair(&two);
  }
}

static void test_tls_handshake_leaves_the_facts_until_it_is_over(void **state) {
  (void)state;
  test_label("facts");
  pair two = open_pair(HOST, 1);
  smtpc_tls_facts facts;
  memset(&facts, 0x5a, sizeof facts);
  test_number(smtpc_tls_handshake(two.client, &facts), SMTPC_TLS_HANDSHAKING);
  test_number(facts.version, 0x5a5a);
  test_number(smtpc_tls_failure_of(two.client), SMTPC_TLS_FAILURE_NONE);
  free_pair(&two);
}

static void shake_versions(uint16_t client_low, uint16_t client_high,
                           uint16_t server_low, uint16_t server_high) {
  const uint16_t high = client_high < server_high ? client_high : server_high;
  const uint16_t low = client_low > server_low ? client_low : server_low;
  smtpc_tls_peer server = test_peer_server();
  smtpc_tls_peer client = test_peer_client(HOST, 1);
  smtpc_tls_facts facts;
  memset(&facts, 0xff, sizeof facts);
  test_label("client %x..%x server %x..%x", client_low, client_high, server_low,
             server_high);
  server.min_version = server_low;
  client.min_version = client_low;
  pair two = {test_open(server_ctx, &server), test_open(client_ctx, &client)};
  set_versions(two.server, server_low, server_high);
  set_versions(two.client, client_low, client_high);
  test_shake(two.client, two.server, 0u);
  if (low <= high) {
    test_number(smtpc_tls_handshake(two.client, &facts), SMTPC_TLS_UP);
    test_number(facts.version, high);
    test_number(smtpc_tls_handshake(two.server, &facts), SMTPC_TLS_UP);
    test_number(facts.version, high);
  } else {
    expect_end(two.client, SMTPC_TLS_FAILURE_NO_COMMON_VERSION);
    expect_end(two.server, SMTPC_TLS_FAILURE_NO_COMMON_VERSION);
    expect_dead(two.client, SMTPC_TLS_FAILED);
    expect_dead(two.server, SMTPC_TLS_FAILED);
  }
  free_pair(&two);
}

static void test_tls_handshake_keeps_every_version_floor(void **state) {
  (void)state;
  for (size_t a = 0u; a < COUNT_OF(versions); a++) {
    for (size_t b = a; b < COUNT_OF(versions); b++) {
      for (size_t c = 0u; c < COUNT_OF(versions); c++) {
        for (size_t d = c; d < COUNT_OF(versions); d++) {
          shake_versions(versions[a], versions[b], versions[c], versions[d]);
        }
      }
    }
  }
}

// The floor of `smtpc_tls_peer` alone, against a peer that would go lower.
static void test_tls_handshake_takes_the_floor_from_the_peer(void **state) {
  (void)state;
  for (size_t i = 0u; i < COUNT_OF(versions); i++) {
    for (size_t k = 0u; k < COUNT_OF(versions); k++) {
      smtpc_tls_peer server = test_peer_server();
      smtpc_tls_peer client = test_peer_client(HOST, 1);
      test_label("floor %x, other side at most %x", versions[i], versions[k]);
      server.min_version = versions[i];
      client.min_version = SMTPC_TLS_1_0;
      pair two = {test_open(server_ctx, &server),
                  test_open(client_ctx, &client)};
      set_versions(two.client, SMTPC_TLS_1_0, versions[k]);
      test_shake(two.client, two.server, 0u);
      test_number(smtpc_tls_handshake(two.server, NULL),
                  k >= i ? SMTPC_TLS_UP : SMTPC_TLS_FAILED);
      free_pair(&two);
      server.min_version = SMTPC_TLS_1_0;
      client.min_version = versions[i];
      pair back = {test_open(server_ctx, &server),
                   test_open(client_ctx, &client)};
      set_versions(back.server, SMTPC_TLS_1_0, versions[k]);
      test_shake(back.client, back.server, 0u);
      test_number(smtpc_tls_handshake(back.client, NULL),
                  k >= i ? SMTPC_TLS_UP : SMTPC_TLS_FAILED);
      free_pair(&back);
    }
  }
}

// --- Verification ------------------------------------------------------------

typedef struct verify_row {
  const char *label;
  test_leaf leaf;
  int signer;  // 0: the trusted authority, 1: a stranger, 2: itself
  int chain_ok;
  int name_ok;
  smtpc_tls_failure failure;
  smtpc_tls_failure server;  // how a server hears of it
} verify_row;

#define DAYS_LEFT -10L * TEST_DAY, 10L * TEST_DAY
#define DAYS_PAST -10L * TEST_DAY, -1L
#define DAYS_TO_COME 1L, 10L * TEST_DAY
#define FAILURE(id) SMTPC_TLS_FAILURE_##id

static const verify_row verify_rows[] = {
    {"good",
     {"DNS:" HOST, NULL, "serverAuth", DAYS_LEFT},
     0,
     1,
     1,
     FAILURE(NONE),
     FAILURE(NONE)},
    {"no purpose said",
     {"DNS:" HOST, NULL, NULL, DAYS_LEFT},
     0,
     1,
     1,
     FAILURE(NONE),
     FAILURE(NONE)},
    {"self-signed",
     {"DNS:" HOST, "self", "serverAuth", DAYS_LEFT},
     2,
     0,
     1,
     FAILURE(CERTIFICATE),
     FAILURE(CERTIFICATE)},
    {"unknown authority",
     {"DNS:" HOST, NULL, "serverAuth", DAYS_LEFT},
     1,
     0,
     1,
     FAILURE(CERTIFICATE),
     FAILURE(CERTIFICATE)},
    {"wrong purpose",
     {"DNS:" HOST, NULL, "clientAuth", DAYS_LEFT},
     0,
     0,
     1,
     FAILURE(CERTIFICATE),
     FAILURE(CERTIFICATE)},
    {"wrong name",
     {"DNS:other.example.org", NULL, "serverAuth", DAYS_LEFT},
     0,
     1,
     0,
     FAILURE(NAME),
     FAILURE(CERTIFICATE)},
    {"expired",
     {"DNS:" HOST, NULL, "serverAuth", DAYS_PAST},
     0,
     0,
     1,
     FAILURE(CERTIFICATE_TIME),
     FAILURE(CERTIFICATE_TIME)},
    {"not yet valid",
     {"DNS:" HOST, NULL, "serverAuth", DAYS_TO_COME},
     0,
     0,
     1,
     FAILURE(CERTIFICATE_TIME),
     FAILURE(CERTIFICATE_TIME)},
    {"expired, wrong name",
     {"DNS:other.example.org", NULL, "serverAuth", DAYS_PAST},
     0,
     0,
     0,
     FAILURE(CERTIFICATE_TIME),
     FAILURE(CERTIFICATE_TIME)},
    {"self-signed, wrong name",
     {"DNS:other.example.org", "self", "serverAuth", DAYS_LEFT},
     2,
     0,
     0,
     FAILURE(CERTIFICATE),
     FAILURE(CERTIFICATE)},
};

static const test_authority *signer_of(int signer) {
  if (signer == 2) {
    return NULL;
  }
  return signer == 1 ? &stranger : &authority;
}

static void check_verify(const verify_row *row, smtpc_tls_context *ctx,
                         int verify, uint16_t version) {
  const smtpc_tls_peer server = test_peer_server();
  const smtpc_tls_peer client = test_peer_client(HOST, verify);
  pair two = {test_open(ctx, &server), test_open(client_ctx, &client)};
  smtpc_tls_facts facts;
  memset(&facts, 0xff, sizeof facts);
  test_label("%s, verify %d, version %x", row->label, verify, version);
  set_versions(two.server, version, version);
  test_shake(two.client, two.server, 0u);
  const smtpc_tls_state state = smtpc_tls_handshake(two.client, &facts);
  test_number(facts.chain_ok, row->chain_ok);
  test_number(facts.name_ok, row->name_ok);
  test_number(facts.failure, row->failure);
  if (verify == 1 && row->failure != SMTPC_TLS_FAILURE_NONE) {
    test_number(state, SMTPC_TLS_FAILED);
    test_number(facts.version, 0);
    expect_end(two.client, row->failure);
    expect_end(two.server, row->server);
    expect_dead(two.client, SMTPC_TLS_FAILED);
  } else {
    test_number(state, SMTPC_TLS_UP);
    test_number(facts.version, version);
    test_number(smtpc_tls_failure_of(two.client), SMTPC_TLS_FAILURE_NONE);
    test_number(smtpc_tls_handshake(two.server, NULL), SMTPC_TLS_UP);
  }
  free_pair(&two);
}

static void test_tls_verify_truth_table(void **state) {
  (void)state;
  for (size_t i = 0u; i < COUNT_OF(verify_rows); i++) {
    const verify_row *row = &verify_rows[i];
    smtpc_boringssl_pem pem;
    test_label("%s", row->label);
    test_issue(&pem, signer_of(row->signer), &row->leaf);
    smtpc_tls_context *ctx = test_context(&pem, NULL);
    for (int verify = 0; verify <= 1; verify++) {
      check_verify(row, ctx, verify, SMTPC_TLS_1_2);
      check_verify(row, ctx, verify, SMTPC_TLS_1_3);
    }
    smtpc_boringssl_context_free(ctx);
    smtpc_boringssl_pem_free(&pem);
  }
}

typedef struct name_row {
  const char *want;   // the name that the client wants
  const char *names;  // the certificate's
  const char *common_name;
  int ok;
} name_row;

static const name_row name_rows[] = {
    {"mx.example.org", "DNS:mx.example.org", NULL, 1},
    {"MX.Example.ORG", "DNS:mx.example.org", NULL, 1},
    {"mx.example.org", "DNS:a.example.org,DNS:mx.example.org", NULL, 1},
    {"mx.example.org", "DNS:example.org", NULL, 0},
    {"example.org", "DNS:mx.example.org", NULL, 0},
    {"x.mx.example.org", "DNS:mx.example.org", NULL, 0},
    {"mx.example.or", "DNS:mx.example.org", NULL, 0},
    {"mx.example.org", "DNS:*.example.org", NULL, 1},
    {"a.mx.example.org", "DNS:*.example.org", NULL, 0},
    {"example.org", "DNS:*.example.org", NULL, 0},
    {"mx.example.org", "DNS:m*.example.org", NULL, 0},
    {"mx.example.org", "DNS:*x.example.org", NULL, 0},
    {"mx.example.org", "DNS:mx.*.org", NULL, 0},
    {"mx.example.org", "DNS:*.*.org", NULL, 0},
    {"mx.example.org", "DNS:*", NULL, 0},
    {"mx.example.org", NULL, "mx.example.org", 0},
    {"mx.example.org", "DNS:other.example.org", "mx.example.org", 0},
    {"mx.example.org", "email:postmaster@example.org", "mx.example.org", 0},
    {"mx.example.org", "URI:smtp://mx.example.org", NULL, 0},
    {"192.0.2.1", "IP:192.0.2.1", NULL, 1},
    {"192.0.2.1", "IP:192.0.2.2", NULL, 0},
    {"192.0.2.1", "DNS:192.0.2.1", NULL, 0},
    {"192.0.2.1", NULL, "192.0.2.1", 0},
    {"192.0.2.1", "DNS:*.0.2.1", NULL, 0},
    {"2001:db8::1", "IP:2001:db8::1", NULL, 1},
    {"2001:db8:0:0:0:0:0:1", "IP:2001:db8::1", NULL, 1},
    {"2001:db8::2", "IP:2001:db8::1", NULL, 0},
    {"::ffff:192.0.2.1", "IP:192.0.2.1", NULL, 0},
};

static void test_tls_verify_name_table(void **state) {
  (void)state;
  for (size_t i = 0u; i < COUNT_OF(name_rows); i++) {
    const name_row *row = &name_rows[i];
    const test_leaf leaf = {row->names, row->common_name, "serverAuth",
                            DAYS_LEFT};
    const smtpc_tls_peer server = test_peer_server();
    const smtpc_tls_peer client = test_peer_client(row->want, 1);
    smtpc_boringssl_pem pem;
    smtpc_tls_facts facts;
    test_label("%s for %s, common name %s", row->want,
               row->names == NULL ? "-" : row->names,
               row->common_name == NULL ? "-" : row->common_name);
    test_issue(&pem, &authority, &leaf);
    smtpc_tls_context *ctx = test_context(&pem, NULL);
    pair two = {test_open(ctx, &server), test_open(client_ctx, &client)};
    test_shake(two.client, two.server, 0u);
    test_number(smtpc_tls_handshake(two.client, &facts),
                row->ok == 1 ? SMTPC_TLS_UP : SMTPC_TLS_FAILED);
    test_number(facts.chain_ok, 1);
    test_number(facts.name_ok, row->ok);
    test_number(facts.failure,
                row->ok == 1 ? SMTPC_TLS_FAILURE_NONE : SMTPC_TLS_FAILURE_NAME);
    free_pair(&two);
    smtpc_boringssl_context_free(ctx);
    smtpc_boringssl_pem_free(&pem);
  }
}

static void test_tls_verify_without_roots_trusts_nobody(void **state) {
  (void)state;
  smtpc_tls_context *bare = test_context(NULL, NULL);
  for (int verify = 0; verify <= 1; verify++) {
    const smtpc_tls_peer server = test_peer_server();
    const smtpc_tls_peer client = test_peer_client(HOST, verify);
    pair two = {test_open(server_ctx, &server), test_open(bare, &client)};
    smtpc_tls_facts facts;
    test_label("verify %d", verify);
    test_shake(two.client, two.server, 0u);
    test_number(smtpc_tls_handshake(two.client, &facts),
                verify == 0 ? SMTPC_TLS_UP : SMTPC_TLS_FAILED);
    test_number(facts.chain_ok, 0);
    test_number(facts.name_ok, 1);
    test_number(facts.failure, SMTPC_TLS_FAILURE_CERTIFICATE);
    free_pair(&two);
  }
  smtpc_boringssl_context_free(bare);
}

static void test_tls_verify_without_a_name_leaves_it_unchecked(void **state) {
  (void)state;
  test_label("no name");
  pair two = open_pair(NULL, 0);
  smtpc_tls_facts facts;
  test_shake(two.client, two.server, 0u);
  test_number(smtpc_tls_handshake(two.client, &facts), SMTPC_TLS_UP);
  test_number(facts.chain_ok, 1);
  test_number(facts.name_ok, 0);
  test_number(facts.failure, SMTPC_TLS_FAILURE_NONE);
  free_pair(&two);
}

static void test_tls_verify_trusts_a_self_signed_root(void **state) {
  (void)state;
  const smtpc_tls_peer server = test_peer_server();
  const smtpc_tls_peer client = test_peer_client(HOST, 1);
  smtpc_boringssl_pem pem;
  smtpc_tls_facts facts;
  test_label("a made certificate, trusted by its own file");
  test_number(
      smtpc_boringssl_certificate_make(HOST, strlen(HOST), TEST_NOW, 30u, &pem),
      SMTPC_BORINGSSL_NONE);
  smtpc_tls_context *ctx = test_context(&pem, NULL);
  size_t count = 0u;
  test_number(smtpc_boringssl_context_add_roots(ctx, (const uint8_t *)pem.cert,
                                                pem.cert_len, &count),
              SMTPC_BORINGSSL_NONE);
  test_number(count, 1);
  pair two = {test_open(ctx, &server), test_open(ctx, &client)};
  test_shake(two.client, two.server, 0u);
  test_number(smtpc_tls_handshake(two.client, &facts), SMTPC_TLS_UP);
  test_number(facts.chain_ok, 1);
  test_number(facts.name_ok, 1);
  free_pair(&two);
  smtpc_boringssl_context_free(ctx);
  smtpc_boringssl_pem_free(&pem);
}

// What the file of roots holds is trusted as it is, whoever signed it; its
// dates still count.
static void test_tls_verify_trusts_a_pinned_certificate(void **state) {
  (void)state;
  for (int late = 0; late <= 1; late++) {
    const smtpc_tls_peer server = test_peer_server();
    const smtpc_tls_peer client = test_peer_client(HOST, 1);
    smtpc_boringssl_pem pem;
    smtpc_tls_facts facts;
    test_label("late %d", late);
    test_issue(&pem, &stranger, &good_leaf);
    smtpc_tls_context *ctx = test_context(&pem, NULL);
    test_number(smtpc_boringssl_context_add_roots(
                    ctx, (const uint8_t *)pem.cert, pem.cert_len, NULL),
                SMTPC_BORINGSSL_NONE);
    smtpc_boringssl_context_set_time(ctx, TEST_NOW + late * 11L * TEST_DAY);
    pair two = {test_open(ctx, &server), test_open(ctx, &client)};
    test_shake(two.client, two.server, 0u);
    test_number(smtpc_tls_handshake(two.client, &facts),
                late == 0 ? SMTPC_TLS_UP : SMTPC_TLS_FAILED);
    test_number(facts.failure, late == 0 ? SMTPC_TLS_FAILURE_NONE
                                         : SMTPC_TLS_FAILURE_CERTIFICATE_TIME);
    free_pair(&two);
    smtpc_boringssl_context_free(ctx);
    smtpc_boringssl_pem_free(&pem);
  }
}

// --- Nothing in common -------------------------------------------------------

static void test_tls_no_common_cipher_is_told_on_both_sides(void **state) {
  (void)state;
  smtpc_tls_context *ctx = test_context(&good, NULL);
  test_label("ciphers");
  test_number(
      smtpc_boringssl_context_set_ciphers(ctx, "ECDHE-ECDSA-AES256-GCM-SHA384"),
      SMTPC_BORINGSSL_NONE);
  const smtpc_tls_peer server = test_peer_server();
  const smtpc_tls_peer client = test_peer_client(HOST, 1);
  pair two = {test_open(ctx, &server), test_open(client_ctx, &client)};
  set_versions(two.client, SMTPC_TLS_1_2, SMTPC_TLS_1_2);
  assert_int_equal(
      SSL_set_strict_cipher_list(smtpc_boringssl_native(two.client),
                                 "ECDHE-ECDSA-AES128-GCM-SHA256"),
      1);
  test_shake(two.client, two.server, 0u);
  expect_end(two.server, SMTPC_TLS_FAILURE_NO_COMMON_CIPHER);
  expect_end(two.client, SMTPC_TLS_FAILURE_NO_COMMON_CIPHER);
  free_pair(&two);
  // The neighbour: with one in common it comes up, with that one.
  pair next = {test_open(ctx, &server), test_open(client_ctx, &client)};
  smtpc_tls_facts facts;
  set_versions(next.client, SMTPC_TLS_1_2, SMTPC_TLS_1_2);
  test_shake(next.client, next.server, 0u);
  test_number(smtpc_tls_handshake(next.client, &facts), SMTPC_TLS_UP);
  test_number(facts.cipher, 0xc02c);
  free_pair(&next);
  smtpc_boringssl_context_free(ctx);
}

static void test_tls_no_common_group_is_no_common_cipher(void **state) {
  (void)state;
  for (size_t i = 2u; i < COUNT_OF(versions); i++) {
    test_label("version %x", versions[i]);
    pair two = open_pair(HOST, 1);
    set_versions(two.client, versions[i], versions[i]);
    assert_int_equal(
        SSL_set1_curves_list(smtpc_boringssl_native(two.server), "X25519"), 1);
    assert_int_equal(
        SSL_set1_curves_list(smtpc_boringssl_native(two.client), "P-384"), 1);
    test_shake(two.client, two.server, 0u);
    expect_end(two.server, SMTPC_TLS_FAILURE_NO_COMMON_CIPHER);
    expect_end(two.client, SMTPC_TLS_FAILURE_NO_COMMON_CIPHER);
    free_pair(&two);
  }
}

// A key exchange without forward secrecy is for those with a lower floor alone.
static void test_tls_static_rsa_needs_a_lower_floor(void **state) {
  (void)state;
  for (size_t i = 0u; i < COUNT_OF(versions); i++) {
    smtpc_tls_peer peer = test_peer_client(HOST, 1);
    peer.min_version = versions[i];
    test_label("floor %x", versions[i]);
    smtpc_tls *tls = test_open(client_ctx, &peer);
    const STACK_OF(SSL_CIPHER) *list =
        SSL_get_ciphers(smtpc_boringssl_native(tls));
    size_t weak = 0u;
    for (size_t k = 0u; k < sk_SSL_CIPHER_num(list); k++) {
      const SSL_CIPHER *cipher = sk_SSL_CIPHER_value(list, k);
      test_number(SSL_CIPHER_get_cipher_nid(cipher) == NID_des_ede3_cbc, 0);
      weak += SSL_CIPHER_get_kx_nid(cipher) == NID_kx_rsa ? 1u : 0u;
    }
    test_number(weak > 0u, versions[i] < SMTPC_TLS_1_2);
    smtpc_tls_free(tls);
  }
}

// One RSA handshake. It returns the cipher that the client came up with, or 0
// with why it failed in `*failure`.
static uint16_t shake_rsa(smtpc_tls_context *ctx, const char *server_ciphers,
                          uint16_t floor, uint16_t version,
                          smtpc_tls_failure *failure) {
  smtpc_tls_peer server = test_peer_server();
  smtpc_tls_peer client = test_peer_client(HOST, 1);
  smtpc_tls_facts facts;
  memset(&facts, 0, sizeof facts);
  server.min_version = SMTPC_TLS_1_0;
  client.min_version = floor;
  pair two = {test_open(ctx, &server), test_open(client_ctx, &client)};
  set_versions(two.server, version, version);
  assert_int_equal(SSL_set_strict_cipher_list(
                       smtpc_boringssl_native(two.server), server_ciphers),
                   1);
  test_shake(two.client, two.server, 0u);
  const smtpc_tls_state state = smtpc_tls_handshake(two.client, &facts);
  *failure = smtpc_tls_failure_of(two.client);
  free_pair(&two);
  return state == SMTPC_TLS_UP ? facts.cipher : (uint16_t)0u;
}

static void test_tls_rsa_key_is_used_as_it_says(void **state) {
  (void)state;
  static const struct {
    const char *label;
    const char *usage;
    const char *ciphers;
    uint16_t floor;
    uint16_t version;
    uint16_t cipher;
    smtpc_tls_failure failure;
  } rows[] = {
      {"no usage", NULL, "ECDHE-RSA-AES128-GCM-SHA256", SMTPC_TLS_1_2,
       SMTPC_TLS_1_2, 0xc02fu, FAILURE(NONE)},
      {"signing", "digitalSignature", "ECDHE-RSA-AES128-GCM-SHA256",
       SMTPC_TLS_1_2, SMTPC_TLS_1_2, 0xc02fu, FAILURE(NONE)},
      {"signing, 1.2 with CBC", "digitalSignature", "ECDHE-RSA-AES128-SHA",
       SMTPC_TLS_1_2, SMTPC_TLS_1_2, 0xc013u, FAILURE(NONE)},
      {"not for signing", "keyEncipherment", "ECDHE-RSA-AES128-GCM-SHA256",
       SMTPC_TLS_1_2, SMTPC_TLS_1_2, 0u, FAILURE(PROTOCOL)},
      {"static RSA, floor 1.2", "keyEncipherment", "AES128-SHA", SMTPC_TLS_1_2,
       SMTPC_TLS_1_2, 0u, FAILURE(NO_COMMON_CIPHER)},
      {"static RSA, floor 1.0", "keyEncipherment", "AES128-SHA", SMTPC_TLS_1_0,
       SMTPC_TLS_1_0, 0x002fu, FAILURE(NONE)},
      {"triple DES, floor 1.0", "keyEncipherment", "DES-CBC3-SHA",
       SMTPC_TLS_1_0, SMTPC_TLS_1_0, 0u, FAILURE(NO_COMMON_CIPHER)},
  };
  for (size_t i = 0u; i < COUNT_OF(rows); i++) {
    smtpc_tls_failure failure = FAILURE(NONE);
    smtpc_boringssl_pem pem;
    test_label("%s", rows[i].label);
    test_issue_rsa(&pem, &authority, &good_leaf, rows[i].usage);
    smtpc_tls_context *ctx = test_context(&pem, NULL);
    test_number(shake_rsa(ctx, rows[i].ciphers, rows[i].floor, rows[i].version,
                          &failure),
                rows[i].cipher);
    test_number(failure, rows[i].failure);
    smtpc_boringssl_context_free(ctx);
    smtpc_boringssl_pem_free(&pem);
  }
}

// --- Client certificates -----------------------------------------------------

static void test_tls_client_certificate_demanded_in_1_2(void **state) {
  (void)state;
  test_label("1.2");
  pair two = open_pair(HOST, 1);
  set_versions(two.server, SMTPC_TLS_1_2, SMTPC_TLS_1_2);
  SSL_set_verify(smtpc_boringssl_native(two.server),
                 SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
  test_shake(two.client, two.server, 0u);
  expect_end(two.client, SMTPC_TLS_FAILURE_CLIENT_CERTIFICATE);
  test_number(smtpc_tls_handshake(two.server, NULL), SMTPC_TLS_FAILED);
  expect_dead(two.client, SMTPC_TLS_FAILED);
  free_pair(&two);
}

// In TLS 1.3 the client is up before the server can say no.
static void test_tls_client_certificate_demanded_in_1_3(void **state) {
  (void)state;
  uint8_t octets[16];
  size_t len = 99u;
  test_label("1.3");
  pair two = open_pair(HOST, 1);
  SSL_set_verify(smtpc_boringssl_native(two.server),
                 SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
  test_shake(two.client, two.server, 0u);
  test_number(smtpc_tls_handshake(two.client, NULL), SMTPC_TLS_UP);
  test_number(smtpc_tls_read(two.client, octets, sizeof octets, &len),
              SMTPC_TLS_FAILED);
  test_number(len, 0);
  expect_end(two.client, SMTPC_TLS_FAILURE_CLIENT_CERTIFICATE);
  expect_dead(two.client, SMTPC_TLS_FAILED);
  free_pair(&two);
  // The same, when nobody reads before the stream ends.
  pair next = open_pair(HOST, 1);
  SSL_set_verify(smtpc_boringssl_native(next.server),
                 SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
  test_shake(next.client, next.server, 0u);
  test_number(smtpc_tls_end_of_stream(next.client), SMTPC_TLS_FAILED);
  expect_end(next.client, SMTPC_TLS_FAILURE_CLIENT_CERTIFICATE);
  free_pair(&next);
}

static void test_tls_client_certificate_wished_for_is_not_shown(void **state) {
  (void)state;
  for (size_t i = 2u; i < COUNT_OF(versions); i++) {
    test_label("version %x", versions[i]);
    pair two = open_pair(HOST, 1);
    set_versions(two.server, versions[i], versions[i]);
    SSL_set_verify(smtpc_boringssl_native(two.server), SSL_VERIFY_PEER, NULL);
    test_shake(two.client, two.server, 0u);
    test_number(smtpc_tls_handshake(two.client, NULL), SMTPC_TLS_UP);
    test_number(smtpc_tls_handshake(two.server, NULL), SMTPC_TLS_UP);
    assert_null(SSL_get0_peer_certificates(smtpc_boringssl_native(two.server)));
    // A wish that was let go explains nothing that comes later.
    test_number(smtpc_tls_end_of_stream(two.client), SMTPC_TLS_FAILED);
    expect_end(two.client, SMTPC_TLS_FAILURE_TRUNCATED);
    free_pair(&two);
  }
}

// --- Octets that are not TLS -------------------------------------------------

typedef struct octets_row {
  const char *label;
  const char *data;
  size_t len;
  smtpc_tls_failure failure;
  int silent;  // 1: not one octet of answer
} octets_row;

#define OCTETS(text) text, sizeof(text) - 1u

static const octets_row server_rows[] = {
    {"smtp", OCTETS("EHLO x\r\n"), FAILURE(NOT_TLS), 1},
    {"one letter", OCTETS("E"), FAILURE(NOT_TLS), 1},
    {"quit", OCTETS("QUIT\r\n"), FAILURE(NOT_TLS), 1},
    {"http get", OCTETS("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), FAILURE(NOT_TLS),
     1},
    {"http post", OCTETS("POST / HTTP/1.1\r\n\r\n"), FAILURE(NOT_TLS), 1},
    {"proxy", OCTETS("CONNECT a:25 HTTP/1.1\r\n\r\n"), FAILURE(NOT_TLS), 1},
    {"line end", OCTETS("\r\n"), FAILURE(NOT_TLS), 1},
    {"zeros", OCTETS("\0\0\0\0\0"), FAILURE(NOT_TLS), 1},
    {"hello of SSL 2",
     OCTETS("\x80\x1f\x01\x03\x01\x00\x06\x00\x00\x00\x10\x00\x00\x2f\x00\x00"
            "\x35\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"
            "\x10"),
     FAILURE(NOT_TLS), 1},
    {"application data", OCTETS("\x17\x03\x03\x00\x01x"), FAILURE(NOT_TLS), 1},
    {"bad major", OCTETS("\x16\x02\x00\x00\x01\x01"), FAILURE(NOT_TLS), 1},
    {"hello request", OCTETS("\x16\x03\x01\x00\x04\x00\x00\x00\x00"),
     FAILURE(PROTOCOL), 0},
    {"broken hello", OCTETS("\x16\x03\x01\x00\x05\x01\x00\x00\x01\x41"),
     FAILURE(PROTOCOL), 0},
    {"record too long", OCTETS("\x16\x03\x01\xff\xff"), FAILURE(PROTOCOL), 0},
    {"message too long", OCTETS("\x16\x03\x01\x00\x04\x01\xff\xff\xff"),
     FAILURE(PROTOCOL), 0},
    {"handshake_failure", OCTETS("\x15\x03\x01\x00\x02\x02\x28"),
     FAILURE(NO_COMMON_CIPHER), 1},
    {"insufficient_security", OCTETS("\x15\x03\x01\x00\x02\x02\x47"),
     FAILURE(NO_COMMON_CIPHER), 1},
    {"protocol_version", OCTETS("\x15\x03\x01\x00\x02\x02\x46"),
     FAILURE(NO_COMMON_VERSION), 1},
    {"inappropriate_fallback", OCTETS("\x15\x03\x01\x00\x02\x02\x56"),
     FAILURE(NO_COMMON_VERSION), 1},
    {"no_application_protocol", OCTETS("\x15\x03\x01\x00\x02\x02\x78"),
     FAILURE(ALPN), 1},
    {"unknown_ca", OCTETS("\x15\x03\x01\x00\x02\x02\x30"), FAILURE(CERTIFICATE),
     1},
    {"certificate_expired", OCTETS("\x15\x03\x01\x00\x02\x02\x2d"),
     FAILURE(CERTIFICATE_TIME), 1},
    {"internal_error", OCTETS("\x15\x03\x01\x00\x02\x02\x50"), FAILURE(ALERT),
     1},
    {"close_notify", OCTETS("\x15\x03\x01\x00\x02\x01\x00"), FAILURE(ALERT), 1},
};

static const octets_row client_rows[] = {
    {"reply", OCTETS("220 ready\r\n"), FAILURE(NOT_TLS), 1},
    {"refusal", OCTETS("454 4.7.0 TLS not available\r\n"), FAILURE(NOT_TLS), 1},
    {"http", OCTETS("HTTP/1.1 400 Bad Request\r\n"), FAILURE(NOT_TLS), 1},
    {"zeros", OCTETS("\0\0\0\0\0"), FAILURE(NOT_TLS), 1},
    {"handshake_failure", OCTETS("\x15\x03\x03\x00\x02\x02\x28"),
     FAILURE(NO_COMMON_CIPHER), 1},
    {"protocol_version", OCTETS("\x15\x03\x03\x00\x02\x02\x46"),
     FAILURE(NO_COMMON_VERSION), 1},
    {"no_application_protocol", OCTETS("\x15\x03\x03\x00\x02\x02\x78"),
     FAILURE(ALPN), 1},
    {"certificate_required", OCTETS("\x15\x03\x03\x00\x02\x02\x74"),
     FAILURE(CLIENT_CERTIFICATE), 1},
    // Nobody asked this client for a certificate: the alert is about nothing.
    {"unknown_ca", OCTETS("\x15\x03\x03\x00\x02\x02\x30"), FAILURE(ALERT), 1},
    {"unrecognized_name", OCTETS("\x15\x03\x03\x00\x02\x02\x70"),
     FAILURE(ALERT), 1},
    {"close_notify", OCTETS("\x15\x03\x03\x00\x02\x01\x00"), FAILURE(ALERT), 1},
    {"broken hello", OCTETS("\x16\x03\x03\x00\x05\x02\x00\x00\x01\x41"),
     FAILURE(PROTOCOL), 0},
};

static void drain(smtpc_tls *tls) {
  uint8_t octets[512];
  size_t len = 1u;
  while (len > 0u) {
    test_number(smtpc_tls_pull(tls, octets, sizeof octets, &len), SMTPC_OK);
  }
}

static void check_octets(const octets_row *row, smtpc_tls *tls, size_t cut) {
  uint8_t octets[512];
  size_t len = 99u;
  test_number(smtpc_tls_handshake(tls, NULL), SMTPC_TLS_HANDSHAKING);
  drain(tls);
  test_push(tls, row->data, row->len, cut);
  expect_end(tls, row->failure);
  test_number(smtpc_tls_pull(tls, octets, sizeof octets, &len), SMTPC_OK);
  test_number(len == 0u, row->silent);
  expect_dead(tls, SMTPC_TLS_FAILED);
}

static void test_tls_server_refuses_what_is_no_hello(void **state) {
  (void)state;
  const smtpc_tls_peer peer = test_peer_server();
  for (size_t i = 0u; i < COUNT_OF(server_rows); i++) {
    for (size_t cut = 0u; cut <= TEST_CUT_MAX; cut++) {
      test_label("%s, cut %zu", server_rows[i].label, cut);
      smtpc_tls *tls = test_open(server_ctx, &peer);
      check_octets(&server_rows[i], tls, cut);
      smtpc_tls_free(tls);
    }
  }
}

static void test_tls_client_refuses_what_is_no_hello(void **state) {
  (void)state;
  const smtpc_tls_peer peer = test_peer_client(HOST, 0);
  for (size_t i = 0u; i < COUNT_OF(client_rows); i++) {
    for (size_t cut = 0u; cut <= TEST_CUT_MAX; cut++) {
      test_label("%s, cut %zu", client_rows[i].label, cut);
      smtpc_tls *tls = test_open(client_ctx, &peer);
      check_octets(&client_rows[i], tls, cut);
      smtpc_tls_free(tls);
    }
  }
}

static void test_tls_flood_of_empty_records_ends(void **state) {
  (void)state;
  static const uint8_t empty[] = {0x16u, 0x03u, 0x01u, 0x00u, 0x00u};
  const smtpc_tls_peer peer = test_peer_server();
  smtpc_tls *tls = test_open(server_ctx, &peer);
  size_t count = 0u;
  test_label("empty records");
  while (count < 1000u &&
         smtpc_tls_handshake(tls, NULL) == SMTPC_TLS_HANDSHAKING) {
    test_push(tls, empty, sizeof empty, 0u);
    count++;
  }
  expect_end(tls, SMTPC_TLS_FAILURE_PROTOCOL);
  assert_true(count < 100u);
  smtpc_tls_free(tls);
}

// Pulls all that waits; the caller frees it.
static uint8_t *pull_all(smtpc_tls *tls, size_t room, size_t *out_len) {
  uint8_t *data = malloc(room);
  assert_non_null(data);
  test_number(smtpc_tls_pull(tls, data, room, out_len), SMTPC_OK);
  assert_true(*out_len < room);
  return data;
}

// A server's Certificate message of 100000 octets, each in a record of its own,
// is within every limit of the library. The limit of the shim ends it.
static void test_tls_handshake_octets_are_bounded(void **state) {
  (void)state;
  static const uint8_t head[] = {0x16u, 0x03u, 0x03u, 0x00u, 0x04u,
                                 0x0bu, 0x01u, 0x86u, 0x00u};
  static const uint8_t grain[] = {0x16u, 0x03u, 0x03u, 0x00u, 0x01u, 0x00u};
  test_label("flood");
  pair two = open_pair(HOST, 1);
  set_versions(two.server, SMTPC_TLS_1_2, SMTPC_TLS_1_2);
  size_t len = 0u;
  size_t used = 1u;
  (void)smtpc_tls_handshake(two.client, NULL);
  (void)test_move(two.client, two.server, 0u);
  uint8_t *flight = pull_all(two.server, 8192u, &len);
  // The ServerHello alone, in a record of its own.
  assert_true(len > 9u && flight[0] == 0x16u && flight[5] == 0x02u);
  const size_t hello = 4u + ((size_t)flight[7] << 8) + flight[8];
  flight[3] = (uint8_t)(hello >> 8);
  flight[4] = (uint8_t)hello;
  test_push(two.client, flight, 5u + hello, 0u);
  test_push(two.client, head, sizeof head, 0u);
  test_number(smtpc_tls_handshake(two.client, NULL), SMTPC_TLS_HANDSHAKING);
  size_t total = 5u + hello + sizeof head;
  size_t rounds = 0u;
  smtpc_status status = SMTPC_OK;
  while (status == SMTPC_OK && rounds < 100000u) {
    status = smtpc_tls_push(two.client, grain, sizeof grain, &used);
    total += used;
    if (used == sizeof grain) {
      test_number(smtpc_tls_handshake(two.client, NULL), SMTPC_TLS_HANDSHAKING);
    }
    rounds++;
  }
  test_number(status, SMTPC_E_STATE);
  test_number(total, SMTPC_BORINGSSL_HANDSHAKE_MAX);
  expect_end(two.client, SMTPC_TLS_FAILURE_PROTOCOL);
  expect_dead(two.client, SMTPC_TLS_FAILED);
  free(flight);
  free_pair(&two);
}

// --- Ends --------------------------------------------------------------------

static void test_tls_stream_that_ends_in_the_handshake_is_truncated(
    void **state) {
  (void)state;
  const smtpc_tls_peer server = test_peer_server();
  pair two = open_pair(HOST, 1);
  size_t len = 0u;
  (void)smtpc_tls_handshake(two.client, NULL);
  uint8_t *hello = pull_all(two.client, 8192u, &len);
  for (size_t i = 0u; i <= len; i++) {
    test_label("%zu of %zu octets", i, len);
    smtpc_tls *tls = test_open(server_ctx, &server);
    test_push(tls, hello, i, 0u);
    test_number(smtpc_tls_end_of_stream(tls), SMTPC_TLS_FAILED);
    expect_end(tls, SMTPC_TLS_FAILURE_TRUNCATED);
    drain(tls);
    expect_dead(tls, SMTPC_TLS_FAILED);
    smtpc_tls_free(tls);
  }
  free(hello);
  free_pair(&two);
}

// The alert that came with the end is the reason, though nobody looked at it.
static void test_tls_alert_before_the_end_of_stream_is_the_reason(
    void **state) {
  (void)state;
  static const uint8_t alert[] = {0x15u, 0x03u, 0x03u, 0u, 2u, 2u, 0x28u};
  const smtpc_tls_peer peer = test_peer_client(HOST, 1);
  smtpc_tls *tls = test_open(client_ctx, &peer);
  size_t used = 0u;
  test_label("alert, end");
  (void)smtpc_tls_handshake(tls, NULL);
  test_number(smtpc_tls_push(tls, alert, sizeof alert, &used), SMTPC_OK);
  test_number(smtpc_tls_end_of_stream(tls), SMTPC_TLS_FAILED);
  expect_end(tls, SMTPC_TLS_FAILURE_NO_COMMON_CIPHER);
  smtpc_tls_free(tls);
}

static void test_tls_end_without_close_notify_is_truncated(void **state) {
  (void)state;
  for (size_t i = 2u; i < COUNT_OF(versions); i++) {
    test_label("version %x", versions[i]);
    pair two = up_pair(versions[i]);
    test_number(smtpc_tls_write(two.client, (const uint8_t *)"DATA\r\n", 6u),
                SMTPC_OK);
    (void)test_move(two.client, two.server, 0u);
    expect_read(two.server, "DATA\r\n");
    test_number(smtpc_tls_end_of_stream(two.server), SMTPC_TLS_FAILED);
    expect_end(two.server, SMTPC_TLS_FAILURE_TRUNCATED);
    expect_dead(two.server, SMTPC_TLS_FAILED);
    free_pair(&two);
  }
}

static void test_tls_close_notify_closes(void **state) {
  (void)state;
  for (size_t i = 2u; i < COUNT_OF(versions); i++) {
    for (size_t cut = 0u; cut <= TEST_CUT_MAX; cut++) {
      test_label("version %x, cut %zu", versions[i], cut);
      pair two = up_pair(versions[i]);
      uint8_t octets[16];
      size_t len = 99u;
      test_number(smtpc_tls_write(two.client, (const uint8_t *)"QUIT\r\n", 6u),
                  SMTPC_OK);
      smtpc_tls_close(two.client);
      test_number(smtpc_tls_write(two.client, octets, 1u), SMTPC_E_STATE);
      (void)test_move(two.client, two.server, cut);
      // Once: the second has nothing to say.
      smtpc_tls_close(two.client);
      test_number(smtpc_tls_pull(two.client, octets, sizeof octets, &len),
                  SMTPC_OK);
      test_number(len, 0);
      test_number(smtpc_tls_read(two.server, octets, sizeof octets, &len),
                  SMTPC_TLS_UP);
      test_octets(octets, len, "QUIT\r\n", 6u);
      test_number(smtpc_tls_read(two.server, octets, sizeof octets, &len),
                  SMTPC_TLS_CLOSED);
      // A server may still answer with close_notify of its own.
      smtpc_tls_close(two.server);
      assert_true(test_move(two.server, two.client, cut) > 0u);
      test_number(smtpc_tls_read(two.client, octets, sizeof octets, &len),
                  SMTPC_TLS_CLOSED);
      test_number(smtpc_tls_end_of_stream(two.client), SMTPC_TLS_CLOSED);
      test_number(smtpc_tls_failure_of(two.client), SMTPC_TLS_FAILURE_NONE);
      expect_dead(two.client, SMTPC_TLS_CLOSED);
      expect_dead(two.server, SMTPC_TLS_CLOSED);
      free_pair(&two);
    }
  }
}

static void test_tls_close_notify_counts_at_the_end_of_stream(void **state) {
  (void)state;
  test_label("pushed, not read");
  pair two = up_pair(SMTPC_TLS_1_3);
  smtpc_tls_close(two.client);
  (void)test_move(two.client, two.server, 0u);
  test_number(smtpc_tls_end_of_stream(two.server), SMTPC_TLS_CLOSED);
  expect_dead(two.server, SMTPC_TLS_CLOSED);
  free_pair(&two);
}

// THREATS TLS-01: after close_notify nothing is read, be it clear or a record.
static void test_tls_octets_after_close_notify_are_dead(void **state) {
  (void)state;
  for (size_t i = 2u; i < COUNT_OF(versions); i++) {
    for (int record = 0; record <= 1; record++) {
      test_label("version %x, record %d", versions[i], record);
      pair two = up_pair(versions[i]);
      size_t len = 0u;
      size_t surplus_len = 0u;
      uint8_t wire[1024];
      uint8_t octets[64];
      test_number(smtpc_tls_write(two.client, (const uint8_t *)"RSET\r\n", 6u),
                  SMTPC_OK);
      uint8_t *surplus = pull_all(two.client, 512u, &surplus_len);
      smtpc_tls_close(two.client);
      test_number(smtpc_tls_pull(two.client, wire, 512u, &len), SMTPC_OK);
      if (record == 1) {
        memcpy(wire + len, surplus, surplus_len);
        len += surplus_len;
      } else {
        memcpy(wire + len, "RSET\r\n", 6u);
        len += 6u;
      }
      // The record of the RSET comes late, or the RSET in clear: all the same.
      test_push(two.server, wire, len, 0u);
      const smtpc_tls_state state_now =
          smtpc_tls_read(two.server, octets, sizeof octets, &len);
      test_number(len, 0);
      assert_true(state_now == SMTPC_TLS_CLOSED ||
                  state_now == SMTPC_TLS_FAILED);
      expect_dead(two.server, state_now);
      free(surplus);
      free_pair(&two);
    }
  }
}

static void test_tls_clear_octets_in_the_session_end_it(void **state) {
  (void)state;
  for (size_t i = 2u; i < COUNT_OF(versions); i++) {
    for (size_t cut = 0u; cut <= TEST_CUT_MAX; cut++) {
      test_label("version %x, cut %zu", versions[i], cut);
      pair two = up_pair(versions[i]);
      uint8_t octets[64];
      size_t len = 99u;
      test_push(two.server, "RSET\r\n", 6u, cut);
      test_number(smtpc_tls_read(two.server, octets, sizeof octets, &len),
                  SMTPC_TLS_FAILED);
      test_number(len, 0);
      expect_end(two.server, SMTPC_TLS_FAILURE_NOT_TLS);
      expect_dead(two.server, SMTPC_TLS_FAILED);
      free_pair(&two);
    }
  }
}

static void test_tls_changed_record_ends_the_session(void **state) {
  (void)state;
  for (size_t i = 0u; i < 2u; i++) {
    size_t size = 0u;
    for (size_t at = 5u; at == 5u || at < size; at++) {
      pair two = up_pair(versions[2u + i]);
      uint8_t octets[64];
      size_t len = 0u;
      test_label("version %x, octet %zu", versions[2u + i], at);
      test_number(smtpc_tls_write(two.client, (const uint8_t *)"NOOP\r\n", 6u),
                  SMTPC_OK);
      uint8_t *wire = pull_all(two.client, 512u, &size);
      wire[at] = (uint8_t)(wire[at] ^ 1u);
      test_push(two.server, wire, size, 0u);
      test_number(smtpc_tls_read(two.server, octets, sizeof octets, &len),
                  SMTPC_TLS_FAILED);
      test_number(len, 0);
      expect_end(two.server, SMTPC_TLS_FAILURE_PROTOCOL);
      free(wire);
      free_pair(&two);
    }
  }
}

static void test_tls_replayed_record_ends_the_session(void **state) {
  (void)state;
  test_label("replay");
  pair two = up_pair(SMTPC_TLS_1_3);
  uint8_t octets[64];
  size_t len = 0u;
  size_t size = 0u;
  test_number(smtpc_tls_write(two.client, (const uint8_t *)"NOOP\r\n", 6u),
              SMTPC_OK);
  uint8_t *wire = pull_all(two.client, 512u, &size);
  test_push(two.server, wire, size, 0u);
  test_push(two.server, wire, size, 0u);
  test_number(smtpc_tls_read(two.server, octets, sizeof octets, &len),
              SMTPC_TLS_UP);
  test_octets(octets, len, "NOOP\r\n", 6u);
  test_number(smtpc_tls_read(two.server, octets, sizeof octets, &len),
              SMTPC_TLS_FAILED);
  expect_end(two.server, SMTPC_TLS_FAILURE_PROTOCOL);
  free(wire);
  free_pair(&two);
}

// --- Clear octets ------------------------------------------------------------

static void test_tls_carries_much_for_every_cut(void **state) {
  (void)state;
  for (size_t cut = 0u; cut <= TEST_CUT_MAX; cut++) {
    const size_t size = cut == 0u ? 300000u : 20000u;
    uint8_t *data = malloc(size);
    uint8_t *back = malloc(size + 1u);
    uint64_t seed = 7u;
    size_t done = 0u;
    assert_non_null(data);
    assert_non_null(back);
    for (size_t i = 0u; i < size; i++) {
      data[i] = (uint8_t)test_random(&seed);
    }
    test_label("cut %zu", cut);
    pair two = up_pair(SMTPC_TLS_1_3);
    test_number(smtpc_tls_write(two.client, data, size), SMTPC_OK);
    size_t len = 1u;
    uint8_t piece[8192];
    while (len > 0u) {
      const size_t room = test_cut_next(cut, sizeof piece);
      test_number(smtpc_tls_pull(two.client, piece, room, &len), SMTPC_OK);
      test_push(two.server, piece, len, 0u);
      size_t got = 1u;
      while (got > 0u) {
        test_number(
            smtpc_tls_read(two.server, back + done, size + 1u - done, &got),
            SMTPC_TLS_UP);
        done += got;
      }
    }
    test_octets(back, done, data, size);
    free_pair(&two);
    free(data);
    free(back);
  }
}

// THREATS TLS-04: many records in one push, one octet in each.
static void test_tls_reads_every_record_of_one_push(void **state) {
  (void)state;
  char want[201];
  size_t len = 0u;
  test_label("records of one octet");
  pair two = up_pair(SMTPC_TLS_1_3);
  for (size_t i = 0u; i < 200u; i++) {
    const uint8_t octet = (uint8_t)('a' + (int)(i % 26u));
    want[i] = (char)octet;
    test_number(smtpc_tls_write(two.client, &octet, 1u), SMTPC_OK);
  }
  want[200] = '\0';
  uint8_t *wire = pull_all(two.client, 8192u, &len);
  test_push(two.server, wire, len, 0u);
  expect_read(two.server, want);
  free(wire);
  free_pair(&two);
}

// What the engine cannot hold it does not take, and takes after reading.
static void test_tls_push_takes_what_it_has_room_for(void **state) {
  (void)state;
  const size_t size = 100000u;
  uint8_t *data = calloc(1u, size);
  size_t len = 0u;
  size_t used = 0u;
  size_t done = 0u;
  size_t total = 0u;
  assert_non_null(data);
  test_label("room");
  pair two = up_pair(SMTPC_TLS_1_3);
  test_number(smtpc_tls_write(two.client, data, size), SMTPC_OK);
  uint8_t *wire = pull_all(two.client, size * 2u, &len);
  test_number(smtpc_tls_push(two.server, wire, len, &used), SMTPC_OK);
  assert_true(used > 0u && used < len);
  done = used;
  test_number(smtpc_tls_push(two.server, wire + done, len - done, &used),
              SMTPC_OK);
  test_number(used, 0);
  for (size_t rounds = 0u; rounds < 1000u && total < size; rounds++) {
    size_t got = 0u;
    test_number(smtpc_tls_read(two.server, data, size, &got), SMTPC_TLS_UP);
    total += got;
    if (got == 0u) {
      test_number(smtpc_tls_push(two.server, wire + done, len - done, &used),
                  SMTPC_OK);
      done += used;
    }
  }
  test_number(total, size);
  test_number(done, len);
  free(wire);
  free(data);
  free_pair(&two);
}

// --- Renegotiation, resumption, what a client says ---------------------------

// Seals one handshake message as the server's next TLS 1.2 record, with the
// keys of AES-128-GCM: the library itself cannot be made to ask for a
// renegotiation.
static size_t seal_message(smtpc_tls *server, const uint8_t *message,
                           size_t len, uint8_t *out, size_t cap) {
  SSL *ssl = smtpc_boringssl_native(server);
  uint8_t block[40];
  uint8_t nonce[12];
  uint8_t aad[13];
  const uint64_t sequence = SSL_get_write_sequence(ssl);
  assert_int_equal(SSL_get_key_block_len(ssl), sizeof block);
  assert_int_equal(SSL_generate_key_block(ssl, block, sizeof block), 1);
  for (size_t i = 0u; i < 8u; i++) {
    aad[i] = (uint8_t)(sequence >> (56u - 8u * i));
  }
  aad[8] = 0x16u;
  aad[9] = 0x03u;
  aad[10] = 0x03u;
  aad[11] = 0u;
  aad[12] = (uint8_t)len;
  // Client key, server key, client IV, server IV.
  memcpy(nonce, block + 36u, 4u);
  memcpy(nonce + 4u, aad, 8u);
  memcpy(out, aad + 8u, 3u);
  out[3] = 0u;
  out[4] = (uint8_t)(8u + len + 16u);
  memcpy(out + 5u, aad, 8u);
  EVP_AEAD_CTX *aead =
      EVP_AEAD_CTX_new(EVP_aead_aes_128_gcm(), block + 16u, 16u, 16u);
  size_t sealed = 0u;
  assert_non_null(aead);
  assert_int_equal(
      EVP_AEAD_CTX_seal(aead, out + 13u, &sealed, cap - 13u, nonce,
                        sizeof nonce, message, len, aad, sizeof aad),
      1);
  EVP_AEAD_CTX_free(aead);
  return 13u + sealed;
}

static void test_tls_hello_request_ends_the_client(void **state) {
  (void)state;
  static const uint8_t hello_request[] = {0u, 0u, 0u, 0u};
  uint8_t wire[128];
  uint8_t octets[16];
  size_t len = 0u;
  test_label("renegotiation");
  pair two = open_pair(HOST, 1);
  set_versions(two.server, SMTPC_TLS_1_2, SMTPC_TLS_1_2);
  assert_int_equal(
      SSL_set_strict_cipher_list(smtpc_boringssl_native(two.server),
                                 "ECDHE-ECDSA-AES128-GCM-SHA256"),
      1);
  test_shake(two.client, two.server, 0u);
  test_number(smtpc_tls_handshake(two.client, NULL), SMTPC_TLS_UP);
  len = seal_message(two.server, hello_request, sizeof hello_request, wire,
                     sizeof wire);
  test_push(two.client, wire, len, 0u);
  test_number(smtpc_tls_read(two.client, octets, sizeof octets, &len),
              SMTPC_TLS_FAILED);
  test_number(ERR_peek_error(), 0);
  expect_end(two.client, SMTPC_TLS_FAILURE_PROTOCOL);
  expect_dead(two.client, SMTPC_TLS_FAILED);
  free_pair(&two);
}

static void test_tls_sessions_are_not_resumed(void **state) {
  (void)state;
  for (size_t i = 2u; i < COUNT_OF(versions); i++) {
    test_label("version %x", versions[i]);
    pair first = up_pair(versions[i]);
    SSL_SESSION *session =
        SSL_get1_session(smtpc_boringssl_native(first.client));
    assert_non_null(session);
    test_number(SSL_SESSION_has_ticket(session), 0);
    pair second = open_pair(HOST, 1);
    smtpc_tls_facts facts;
    set_versions(second.server, versions[i], versions[i]);
    assert_int_equal(
        SSL_set_session(smtpc_boringssl_native(second.client), session), 1);
    test_shake(second.client, second.server, 0u);
    test_number(smtpc_tls_handshake(second.client, &facts), SMTPC_TLS_UP);
    test_number(facts.resumed, 0);
    test_number(facts.chain_ok, 1);
    test_number(smtpc_tls_handshake(second.server, &facts), SMTPC_TLS_UP);
    test_number(facts.resumed, 0);
    SSL_SESSION_free(session);
    free_pair(&first);
    free_pair(&second);
  }
}

typedef struct hello_seen {
  int count;
  int server_name;
  int alpn;
  int ticket;
  int early_data;
  int pre_shared_key;
  int weak_signature;
} hello_seen;

static hello_seen seen;

static int has_extension(const SSL_CLIENT_HELLO *hello, uint16_t type) {
  const uint8_t *data = NULL;
  size_t len = 0u;
  return SSL_early_callback_ctx_extension_get(hello, type, &data, &len);
}

// Whether a signature with SHA-1 or MD5 is offered: their first octet is 2
// or 1.
static int has_weak_signature(const SSL_CLIENT_HELLO *hello) {
  const uint8_t *data = NULL;
  size_t len = 0u;
  int weak = 0;
  assert_int_equal(SSL_early_callback_ctx_extension_get(
                       hello, TLSEXT_TYPE_signature_algorithms, &data, &len),
                   1);
  for (size_t i = 2u; i + 1u < len; i += 2u) {
    weak |= data[i] == 1u || data[i] == 2u ? 1 : 0;
  }
  return weak;
}

static enum ssl_select_cert_result_t on_hello(const SSL_CLIENT_HELLO *hello) {
  seen.count++;
  seen.server_name = has_extension(hello, TLSEXT_TYPE_server_name);
  seen.alpn =
      has_extension(hello, TLSEXT_TYPE_application_layer_protocol_negotiation);
  seen.ticket = has_extension(hello, TLSEXT_TYPE_session_ticket);
  seen.early_data = has_extension(hello, TLSEXT_TYPE_early_data);
  seen.pre_shared_key = has_extension(hello, TLSEXT_TYPE_pre_shared_key);
  seen.weak_signature = has_weak_signature(hello);
  return ssl_select_cert_success;
}

static void test_tls_client_hello_says_no_more_than_it_must(void **state) {
  (void)state;
  static const struct {
    const char *name;
    int server_name;
  } rows[] = {{HOST, 1}, {NULL, 0}, {"192.0.2.1", 0}, {"2001:db8::1", 0}};
  smtpc_tls_context *ctx = test_context(&good, NULL);
  SSL_CTX_set_select_certificate_cb(
      smtpc_boringssl_context_native(ctx, SMTPC_TLS_SERVER), on_hello);
  for (size_t i = 0u; i < COUNT_OF(rows); i++) {
    const smtpc_tls_peer server = test_peer_server();
    const smtpc_tls_peer client = test_peer_client(rows[i].name, 0);
    pair two = {test_open(ctx, &server), test_open(client_ctx, &client)};
    test_label("%s", rows[i].name == NULL ? "-" : rows[i].name);
    memset(&seen, 0, sizeof seen);
    test_shake(two.client, two.server, 0u);
    test_number(seen.count, 1);
    test_number(seen.server_name, rows[i].server_name);
    test_number(seen.alpn, 0);
    test_number(seen.ticket, 0);
    test_number(seen.early_data, 0);
    test_number(seen.pre_shared_key, 0);
    test_number(seen.weak_signature, 0);
    free_pair(&two);
  }
  smtpc_boringssl_context_free(ctx);
}

// --- What a server makes of a ClientHello ------------------------------------

typedef struct alpn_row {
  const char *label;
  const char *list;
  size_t len;
  int ok;
} alpn_row;

static const alpn_row alpn_rows[] = {
    {"none", NULL, 0u, 1},
    {"smtp", OCTETS("\x04smtp"), 1},
    {"smtp last", OCTETS("\x02h2\x08http/1.1\x04smtp"), 1},
    {"smtp first", OCTETS("\x04smtp\x02h2"), 1},
    {"http", OCTETS("\x02h2\x08http/1.1"), 0},
    {"imap", OCTETS("\x04imap"), 0},
    {"ftp",
     OCTETS("\x03"
            "ftp"),
     0},
    {"upper case", OCTETS("\x04SMTP"), 0},
    {"longer", OCTETS("\x05smtps"), 0},
    {"shorter", OCTETS("\x03smt"), 0},
    {"inside", OCTETS("\x06x\x04smtp"), 0},
};

static void test_tls_alpn_table(void **state) {
  (void)state;
  for (size_t i = 0u; i < COUNT_OF(alpn_rows); i++) {
    const alpn_row *row = &alpn_rows[i];
    for (size_t k = 2u; k < COUNT_OF(versions); k++) {
      const uint8_t *chosen = NULL;
      unsigned len = 0u;
      test_label("%s, version %x", row->label, versions[k]);
      pair two = open_pair(HOST, 1);
      set_versions(two.server, versions[k], versions[k]);
      SSL *client = smtpc_boringssl_native(two.client);
      if (row->list != NULL) {
        assert_int_equal(SSL_set_alpn_protos(client, (const uint8_t *)row->list,
                                             (unsigned)row->len),
                         0);
      }
      test_shake(two.client, two.server, 0u);
      if (row->ok == 1) {
        test_number(smtpc_tls_handshake(two.client, NULL), SMTPC_TLS_UP);
        test_number(smtpc_tls_handshake(two.server, NULL), SMTPC_TLS_UP);
        SSL_get0_alpn_selected(client, &chosen, &len);
        test_octets(chosen, len, "smtp", row->list == NULL ? 0u : 4u);
      } else {
        expect_end(two.server, SMTPC_TLS_FAILURE_ALPN);
        expect_end(two.client, SMTPC_TLS_FAILURE_ALPN);
      }
      free_pair(&two);
    }
  }
}

typedef struct sni_row {
  const char *name;  // NULL: none is sent
  int ok;
} sni_row;

static const sni_row sni_rows[] = {
    {NULL, 1},
    {HOST, 1},
    {"other.example.org", 1},
    {"localhost", 1},
    {"192.0.2.1", 1},
    {"a-b.c--d.example", 1},
    {"mx.example.org\\", 0},
    {"mx.example.org\r\nMAIL FROM:<a@b>", 0},
    {"mx example.org", 0},
    {"mx_1.example.org", 0},
    {"mx..example.org", 0},
    {".example.org", 0},
    {"mx.example.org.", 0},
    {"-mx.example.org", 0},
    {"mx-.example.org", 0},
    {"%s%n", 0},
    {"m\xc3\xbc.example", 0},
    {"../../etc", 0},
    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.b", 1},
    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.b", 0},
};

static void test_tls_sni_table(void **state) {
  (void)state;
  for (size_t i = 0u; i < COUNT_OF(sni_rows); i++) {
    test_label("row %zu: %s", i,
               sni_rows[i].name == NULL ? "-" : sni_rows[i].name);
    pair two = open_pair(NULL, 0);
    if (sni_rows[i].name != NULL) {
      assert_int_equal(
          SSL_set_tlsext_host_name(smtpc_boringssl_native(two.client),
                                   sni_rows[i].name),
          1);
    }
    test_shake(two.client, two.server, 0u);
    if (sni_rows[i].ok == 1) {
      test_number(smtpc_tls_handshake(two.server, NULL), SMTPC_TLS_UP);
      test_number(smtpc_tls_handshake(two.client, NULL), SMTPC_TLS_UP);
    } else {
      expect_end(two.server, SMTPC_TLS_FAILURE_PROTOCOL);
      expect_end(two.client, SMTPC_TLS_FAILURE_ALERT);
    }
    free_pair(&two);
  }
}

// --- Misuse ------------------------------------------------------------------

static void expect_refused(smtpc_tls_context *ctx, const smtpc_tls_peer *peer) {
  smtpc_tls *tls = (smtpc_tls *)(void *)&seen;
  test_number(smtpc_tls_open(&tls, ctx, peer), SMTPC_E_ARGUMENT);
  assert_null(tls);
}

static void test_tls_open_misuse(void **state) {
  (void)state;
  static const uint16_t bad_versions[] = {0u, 0x0300u, 0x0305u, 0x0002u,
                                          0xffffu};
  static const char *const bad_names[] = {"mx.example.org.",
                                          "mx_1.example.org",
                                          "*.example.org",
                                          " ",
                                          "mx.example.org\r\n",
                                          "[192.0.2.1]",
                                          "192.0.2.256",
                                          "1.2.3",
                                          "fe80::1%eth0",
                                          "a@b",
                                          "-a.example",
                                          "a..b",
                                          "."};
  smtpc_tls *tls = NULL;
  smtpc_tls_context *bare = test_context(NULL, NULL);
  smtpc_tls_peer peer = test_peer_server();
  test_label("no pointer");
  test_number(smtpc_tls_open(NULL, server_ctx, &peer), SMTPC_E_ARGUMENT);
  expect_refused(NULL, &peer);
  expect_refused(server_ctx, NULL);
  test_label("no certificate");
  expect_refused(bare, &peer);
  test_label("a server verifies nobody");
  peer.verify = 1u;
  expect_refused(server_ctx, &peer);
  test_label("a server has no name to check");
  peer = test_peer_client(HOST, 0);
  peer.role = SMTPC_TLS_SERVER;
  expect_refused(server_ctx, &peer);
  test_label("role");
  peer = test_peer_client(HOST, 0);
  peer.role = 2u;
  expect_refused(client_ctx, &peer);
  test_label("verify");
  peer = test_peer_client(HOST, 0);
  peer.verify = 2u;
  expect_refused(client_ctx, &peer);
  test_label("verify without a name");
  peer = test_peer_client(NULL, 1);
  expect_refused(client_ctx, &peer);
  test_label("long name");
  peer = test_peer_client(HOST, 0);
  peer.name_len = SMTPC_TLS_NAME_MAX + 1u;
  expect_refused(client_ctx, &peer);
  test_label("NUL in the name");
  peer = test_peer_client(HOST, 0);
  peer.name[2] = 0u;
  expect_refused(client_ctx, &peer);
  for (size_t i = 0u; i < COUNT_OF(bad_versions); i++) {
    test_label("version %x", bad_versions[i]);
    peer = test_peer_client(HOST, 1);
    peer.min_version = bad_versions[i];
    expect_refused(client_ctx, &peer);
  }
  for (size_t i = 0u; i < COUNT_OF(bad_names); i++) {
    test_label("name %s", bad_names[i]);
    peer = test_peer_client(bad_names[i], 0);
    expect_refused(client_ctx, &peer);
  }
  test_label("a client needs no certificate");
  peer = test_peer_client(HOST, 1);
  test_number(smtpc_tls_open(&tls, bare, &peer), SMTPC_OK);
  smtpc_tls_free(tls);
  smtpc_tls_free(NULL);
  smtpc_boringssl_context_free(bare);
  smtpc_boringssl_context_free(NULL);
}

static void test_tls_calls_misuse(void **state) {
  (void)state;
  uint8_t octets[16] = {0u};
  size_t len = 99u;
  test_label("misuse");
  pair two = open_pair(HOST, 1);
  // Too early.
  test_number(smtpc_tls_read(two.client, octets, sizeof octets, &len),
              SMTPC_TLS_HANDSHAKING);
  test_number(len, 0);
  test_number(smtpc_tls_write(two.client, octets, 1u), SMTPC_E_STATE);
  smtpc_tls_close(two.client);
  test_number(smtpc_tls_pull(two.client, octets, sizeof octets, &len),
              SMTPC_OK);
  test_number(len, 0);
  // No pointers.
  test_number(smtpc_tls_push(NULL, octets, 1u, &len), SMTPC_E_ARGUMENT);
  test_number(smtpc_tls_push(two.client, NULL, 1u, &len), SMTPC_E_ARGUMENT);
  test_number(smtpc_tls_push(two.client, octets, 1u, NULL), SMTPC_E_ARGUMENT);
  test_number(smtpc_tls_push(two.client, NULL, 0u, &len), SMTPC_OK);
  test_number(smtpc_tls_pull(NULL, octets, 1u, &len), SMTPC_E_ARGUMENT);
  test_number(smtpc_tls_pull(two.client, NULL, 1u, &len), SMTPC_E_ARGUMENT);
  test_number(smtpc_tls_pull(two.client, octets, 1u, NULL), SMTPC_E_ARGUMENT);
  test_number(smtpc_tls_handshake(NULL, NULL), SMTPC_TLS_FAILED);
  test_number(smtpc_tls_read(NULL, octets, 1u, &len), SMTPC_TLS_FAILED);
  test_number(smtpc_tls_write(NULL, octets, 1u), SMTPC_E_ARGUMENT);
  test_number(smtpc_tls_end_of_stream(NULL), SMTPC_TLS_FAILED);
  test_number(smtpc_tls_failure_of(NULL), SMTPC_TLS_FAILURE_INTERNAL);
  smtpc_tls_close(NULL);
  // None of it did harm.
  test_shake(two.client, two.server, 0u);
  test_number(smtpc_tls_handshake(two.client, NULL), SMTPC_TLS_UP);
  test_number(smtpc_tls_write(two.client, NULL, 1u), SMTPC_E_ARGUMENT);
  test_number(smtpc_tls_write(two.client, NULL, 0u), SMTPC_OK);
  test_number(smtpc_tls_read(two.client, octets, 0u, &len), SMTPC_TLS_UP);
  test_number(smtpc_tls_read(two.client, NULL, 4u, &len), SMTPC_TLS_UP);
  test_number(len, 0);
  free_pair(&two);
}

// --- Contexts ----------------------------------------------------------------

static smtpc_boringssl_error set_identity(smtpc_tls_context *ctx,
                                          const char *cert, const char *key,
                                          smtpc_boringssl_identity *out) {
  uint8_t *cert_copy = test_copy(cert, strlen(cert));
  uint8_t *key_copy = test_copy(key, strlen(key));
  const smtpc_boringssl_error error = smtpc_boringssl_context_set_identity(
      ctx, cert_copy, strlen(cert), key_copy, strlen(key), out);
  free(cert_copy);
  free(key_copy);
  return error;
}

// The private key of `good`, under a pass phrase.
static char *encrypted_key(void) {
  BIO *in = BIO_new_mem_buf(good.key, (int)good.key_len);
  BIO *out = BIO_new(BIO_s_mem());
  EVP_PKEY *key = PEM_read_bio_PrivateKey(in, NULL, NULL, NULL);
  char pass[] = "secret";
  const uint8_t *data = NULL;
  size_t len = 0u;
  assert_non_null(key);
  assert_int_equal(PEM_write_bio_PKCS8PrivateKey(out, key, EVP_aes_128_cbc(),
                                                 pass, 6, NULL, NULL),
                   1);
  assert_int_equal(BIO_mem_contents(out, &data, &len), 1);
  char *text = calloc(1u, len + 1u);
  assert_non_null(text);
  memcpy(text, data, len);
  EVP_PKEY_free(key);
  BIO_free(in);
  BIO_free(out);
  return text;
}

static void test_context_identity_errors(void **state) {
  (void)state;
  char *locked = encrypted_key();
  char broken[200];
  memcpy(broken, good.cert, sizeof broken);
  broken[sizeof broken - 1u] = '\0';
  const struct {
    const char *label;
    const char *cert;
    const char *key;
    smtpc_boringssl_error error;
  } rows[] = {
      {"good", good.cert, good.key, SMTPC_BORINGSSL_NONE},
      {"empty certificate", "", good.key, SMTPC_BORINGSSL_CERTIFICATE_PEM},
      {"no PEM", "hello", good.key, SMTPC_BORINGSSL_CERTIFICATE_PEM},
      {"key for certificate", good.key, good.key,
       SMTPC_BORINGSSL_CERTIFICATE_PEM},
      {"cut certificate", broken, good.key, SMTPC_BORINGSSL_CERTIFICATE_PEM},
      {"empty key", good.cert, "", SMTPC_BORINGSSL_KEY_PEM},
      {"certificate for key", good.cert, good.cert, SMTPC_BORINGSSL_KEY_PEM},
      {"other key", good.cert, authority.pem.key, SMTPC_BORINGSSL_KEY_MISMATCH},
      {"key with pass phrase", good.cert, locked,
       SMTPC_BORINGSSL_KEY_ENCRYPTED},
  };
  for (size_t i = 0u; i < COUNT_OF(rows); i++) {
    const smtpc_tls_peer peer = test_peer_server();
    smtpc_boringssl_identity found = {9u, 9u, 9u};
    smtpc_tls *tls = NULL;
    smtpc_tls_context *ctx = test_context(NULL, NULL);
    test_label("%s", rows[i].label);
    test_number(set_identity(ctx, rows[i].cert, rows[i].key, &found),
                rows[i].error);
    const int ok = rows[i].error == SMTPC_BORINGSSL_NONE ? 1 : 0;
    test_number(found.chain_count, ok);
    test_number(found.expired, 0);
    test_number(found.not_yet, 0);
    test_number(smtpc_tls_open(&tls, ctx, &peer),
                ok == 1 ? SMTPC_OK : SMTPC_E_ARGUMENT);
    smtpc_tls_free(tls);
    smtpc_boringssl_context_free(ctx);
  }
  free(locked);
}

static void test_context_keeps_its_identity_after_an_error(void **state) {
  (void)state;
  test_label("bad second identity");
  smtpc_tls_context *ctx = test_context(&good, &authority);
  const smtpc_tls_peer server = test_peer_server();
  const smtpc_tls_peer client = test_peer_client(HOST, 1);
  test_number(set_identity(ctx, authority.pem.cert, good.key, NULL),
              SMTPC_BORINGSSL_KEY_MISMATCH);
  pair two = {test_open(ctx, &server), test_open(ctx, &client)};
  test_shake(two.client, two.server, 0u);
  test_number(smtpc_tls_handshake(two.client, NULL), SMTPC_TLS_UP);
  free_pair(&two);
  smtpc_boringssl_context_free(ctx);
}

static void test_context_tells_a_certificate_out_of_date(void **state) {
  (void)state;
  static const struct {
    const char *label;
    int64_t from;
    int64_t to;
    int expired;
    int not_yet;
  } rows[] = {{"in date", DAYS_LEFT, 0, 0},
              {"expired", DAYS_PAST, 1, 0},
              {"not yet", DAYS_TO_COME, 0, 1}};
  for (size_t i = 0u; i < COUNT_OF(rows); i++) {
    const test_leaf leaf = {"DNS:" HOST, NULL, NULL, rows[i].from, rows[i].to};
    smtpc_boringssl_identity found = {9u, 9u, 9u};
    smtpc_boringssl_pem pem;
    test_label("%s", rows[i].label);
    test_issue(&pem, &authority, &leaf);
    smtpc_tls_context *ctx = test_context(NULL, NULL);
    test_number(set_identity(ctx, pem.cert, pem.key, &found),
                SMTPC_BORINGSSL_NONE);
    test_number(found.expired, rows[i].expired);
    test_number(found.not_yet, rows[i].not_yet);
    smtpc_boringssl_context_free(ctx);
    smtpc_boringssl_pem_free(&pem);
  }
}

// A chain of the file is sent: a client that knows the root alone is content.
static void test_context_sends_the_chain(void **state) {
  (void)state;
  smtpc_boringssl_identity found;
  const size_t size = good.cert_len + authority.pem.cert_len + 1u;
  char *chain = calloc(1u, size);
  test_label("chain");
  assert_non_null(chain);
  memcpy(chain, good.cert, good.cert_len);
  memcpy(chain + good.cert_len, authority.pem.cert, authority.pem.cert_len);
  smtpc_tls_context *ctx = test_context(NULL, NULL);
  test_number(set_identity(ctx, chain, good.key, &found), SMTPC_BORINGSSL_NONE);
  test_number(found.chain_count, 2);
  const smtpc_tls_peer server = test_peer_server();
  const smtpc_tls_peer client = test_peer_client(HOST, 1);
  pair two = {test_open(ctx, &server), test_open(client_ctx, &client)};
  test_shake(two.client, two.server, 0u);
  test_number(smtpc_tls_handshake(two.client, NULL), SMTPC_TLS_UP);
  test_number(sk_X509_num(SSL_get_peer_full_cert_chain(
                  smtpc_boringssl_native(two.client))),
              2);
  free_pair(&two);
  smtpc_boringssl_context_free(ctx);
  free(chain);
}

static void test_context_bounds_the_chain(void **state) {
  (void)state;
  char *chain = calloc(10u, good.cert_len + 1u);
  assert_non_null(chain);
  for (size_t i = 1u; i <= 9u; i++) {
    test_label("%zu certificates", i);
    memcpy(chain + (i - 1u) * good.cert_len, good.cert, good.cert_len);
    smtpc_tls_context *ctx = test_context(NULL, NULL);
    test_number(set_identity(ctx, chain, good.key, NULL),
                i <= SMTPC_BORINGSSL_CHAIN_MAX
                    ? SMTPC_BORINGSSL_NONE
                    : SMTPC_BORINGSSL_CERTIFICATE_PEM);
    smtpc_boringssl_context_free(ctx);
  }
  free(chain);
}

static void write_file(const char *path, const char *text) {
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(text, 1u, strlen(text), file), strlen(text));
  assert_int_equal(fclose(file), 0);
}

typedef struct folder {
  char path[200];
  char cert[220];
  char key[220];
  char other[220];
} folder;

static void make_folder(folder *out) {
  const char *base = getenv("TEST_TMPDIR");
  (void)snprintf(out->path, sizeof out->path, "%s/smtpcore-XXXXXX",
                 base == NULL ? "/tmp" : base);
  assert_non_null(mkdtemp(out->path));
  (void)snprintf(out->cert, sizeof out->cert, "%s/cert.pem", out->path);
  (void)snprintf(out->key, sizeof out->key, "%s/key", out->path);
  (void)snprintf(out->other, sizeof out->other, "%s/other.crt", out->path);
}

static void remove_folder(const folder *at) {
  (void)remove(at->cert);
  (void)remove(at->key);
  (void)remove(at->other);
  assert_int_equal(rmdir(at->path), 0);
}

static void test_context_reads_files(void **state) {
  (void)state;
  folder at;
  smtpc_boringssl_identity found = {9u, 9u, 9u};
  smtpc_tls_context *ctx = test_context(NULL, NULL);
  make_folder(&at);
  test_label("no certificate file");
  test_number(
      smtpc_boringssl_context_set_identity_files(ctx, at.cert, at.key, &found),
      SMTPC_BORINGSSL_CERTIFICATE_FILE);
  test_number(found.chain_count, 0);
  test_label("no key file");
  write_file(at.cert, good.cert);
  test_number(
      smtpc_boringssl_context_set_identity_files(ctx, at.cert, at.key, &found),
      SMTPC_BORINGSSL_KEY_FILE);
  test_label("a directory");
  test_number(
      smtpc_boringssl_context_set_identity_files(ctx, at.path, at.key, &found),
      SMTPC_BORINGSSL_CERTIFICATE_FILE);
  test_label("empty key file");
  write_file(at.key, "");
  test_number(
      smtpc_boringssl_context_set_identity_files(ctx, at.cert, at.key, &found),
      SMTPC_BORINGSSL_KEY_PEM);
  test_label("both files");
  write_file(at.key, good.key);
  test_number(
      smtpc_boringssl_context_set_identity_files(ctx, at.cert, at.key, &found),
      SMTPC_BORINGSSL_NONE);
  test_number(found.chain_count, 1);
  smtpc_boringssl_context_free(ctx);
  remove_folder(&at);
}

static void test_context_refuses_a_file_too_large(void **state) {
  (void)state;
  folder at;
  smtpc_tls_context *ctx = test_context(NULL, NULL);
  make_folder(&at);
  for (int more = 0; more <= 1; more++) {
    test_label("%d more", more);
    write_file(at.cert, authority.pem.cert);
    // The rest of the file is zeros, which PEM readers pass over.
    assert_int_equal(
        truncate(at.cert, (off_t)SMTPC_BORINGSSL_FILE_MAX + (off_t)more), 0);
    test_number(smtpc_boringssl_context_add_roots_file(ctx, at.cert, NULL),
                more == 0 ? SMTPC_BORINGSSL_NONE : SMTPC_BORINGSSL_ROOTS_FILE);
  }
  smtpc_boringssl_context_free(ctx);
  remove_folder(&at);
}

static void test_context_roots(void **state) {
  (void)state;
  folder at;
  size_t count = 99u;
  smtpc_tls_context *ctx = test_context(NULL, NULL);
  const uint8_t *none = (const uint8_t *)"";
  make_folder(&at);
  test_label("no PEM");
  test_number(smtpc_boringssl_context_add_roots(ctx, none, 0u, &count),
              SMTPC_BORINGSSL_ROOTS_PEM);
  test_number(count, 0);
  test_label("no file");
  test_number(smtpc_boringssl_context_add_roots_file(ctx, at.cert, &count),
              SMTPC_BORINGSSL_ROOTS_FILE);
  test_label("no directory");
  test_number(smtpc_boringssl_context_add_roots_directory(ctx, at.cert, &count),
              SMTPC_BORINGSSL_ROOTS_FILE);
  test_label("empty directory");
  test_number(smtpc_boringssl_context_add_roots_directory(ctx, at.path, &count),
              SMTPC_BORINGSSL_ROOTS_PEM);
  test_label("one file twice");
  write_file(at.cert, authority.pem.cert);
  for (int again = 0; again < 2; again++) {
    test_number(smtpc_boringssl_context_add_roots_file(ctx, at.cert, &count),
                SMTPC_BORINGSSL_NONE);
    test_number(count, 1);
  }
  test_label("directory");
  write_file(at.other, stranger.pem.cert);
  write_file(at.key, "not looked at");
  test_number(smtpc_boringssl_context_add_roots_directory(ctx, at.path, &count),
              SMTPC_BORINGSSL_NONE);
  test_number(count, 2);
  test_label("a broken one");
  write_file(at.other, "broken");
  test_number(smtpc_boringssl_context_add_roots_directory(ctx, at.path, &count),
              SMTPC_BORINGSSL_ROOTS_PEM);
  test_number(count, 0);
  test_label("the file's root is trusted");
  const smtpc_tls_peer server = test_peer_server();
  const smtpc_tls_peer client = test_peer_client(HOST, 1);
  pair two = {test_open(server_ctx, &server), test_open(ctx, &client)};
  test_shake(two.client, two.server, 0u);
  test_number(smtpc_tls_handshake(two.client, NULL), SMTPC_TLS_UP);
  free_pair(&two);
  smtpc_boringssl_context_free(ctx);
  remove_folder(&at);
}

static void test_context_ciphers(void **state) {
  (void)state;
  char large[600];
  smtpc_tls_context *ctx = test_context(NULL, NULL);
  memset(large, 'A', sizeof large);
  large[sizeof large - 1u] = '\0';
  test_label("ciphers");
  test_number(smtpc_boringssl_context_set_ciphers(ctx, "NO-SUCH-CIPHER"),
              SMTPC_BORINGSSL_CIPHERS);
  test_number(smtpc_boringssl_context_set_ciphers(ctx, ""),
              SMTPC_BORINGSSL_ARGUMENT);
  test_number(smtpc_boringssl_context_set_ciphers(ctx, large),
              SMTPC_BORINGSSL_ARGUMENT);
  test_number(smtpc_boringssl_context_set_ciphers(NULL, NULL),
              SMTPC_BORINGSSL_ARGUMENT);
  test_number(
      smtpc_boringssl_context_set_ciphers(ctx, "ECDHE-RSA-AES128-GCM-SHA256"),
      SMTPC_BORINGSSL_NONE);
  test_number(smtpc_boringssl_context_set_ciphers(ctx, NULL),
              SMTPC_BORINGSSL_NONE);
  smtpc_boringssl_context_free(ctx);
}

static void test_context_misuse(void **state) {
  (void)state;
  const uint8_t octet = 0u;
  smtpc_tls_context *ctx = test_context(NULL, NULL);
  test_label("misuse");
  test_number(smtpc_boringssl_context_new(NULL), SMTPC_BORINGSSL_ARGUMENT);
  test_number(
      smtpc_boringssl_context_set_identity(NULL, &octet, 1u, &octet, 1u, NULL),
      SMTPC_BORINGSSL_ARGUMENT);
  test_number(
      smtpc_boringssl_context_set_identity(ctx, NULL, 1u, &octet, 1u, NULL),
      SMTPC_BORINGSSL_ARGUMENT);
  test_number(
      smtpc_boringssl_context_set_identity(ctx, &octet, 1u, NULL, 1u, NULL),
      SMTPC_BORINGSSL_ARGUMENT);
  test_number(smtpc_boringssl_context_set_identity_files(ctx, NULL, "x", NULL),
              SMTPC_BORINGSSL_ARGUMENT);
  test_number(smtpc_boringssl_context_add_roots(NULL, &octet, 1u, NULL),
              SMTPC_BORINGSSL_ARGUMENT);
  test_number(smtpc_boringssl_context_add_roots_file(ctx, NULL, NULL),
              SMTPC_BORINGSSL_ARGUMENT);
  test_number(smtpc_boringssl_context_add_roots_directory(ctx, NULL, NULL),
              SMTPC_BORINGSSL_ARGUMENT);
  smtpc_boringssl_context_set_time(NULL, 1);
  smtpc_boringssl_context_free(ctx);
}

static void test_error_names_are_distinct(void **state) {
  (void)state;
  for (int i = 0; i < SMTPC_BORINGSSL_ERROR_COUNT; i++) {
    const char *name = smtpc_boringssl_error_name((smtpc_boringssl_error)i);
    test_label("%d", i);
    assert_string_not_equal(name, "unknown");
    assert_string_not_equal(
        smtpc_boringssl_error_text((smtpc_boringssl_error)i), "unknown error");
    for (int k = 0; k < i; k++) {
      assert_string_not_equal(
          name, smtpc_boringssl_error_name((smtpc_boringssl_error)k));
    }
  }
  assert_string_equal(smtpc_boringssl_error_name(SMTPC_BORINGSSL_ERROR_COUNT),
                      "unknown");
}

// --- Made certificates -------------------------------------------------------

static void check_made(const char *name, int64_t shift, int chain_ok) {
  smtpc_boringssl_pem pem;
  smtpc_tls_facts facts;
  test_label("%s, %lld seconds later", name, (long long)shift);
  test_number(
      smtpc_boringssl_certificate_make(name, strlen(name), TEST_NOW, 2u, &pem),
      SMTPC_BORINGSSL_NONE);
  test_number(strlen(pem.cert), pem.cert_len);
  test_number(strlen(pem.key), pem.key_len);
  smtpc_tls_context *ctx = test_context(&pem, NULL);
  smtpc_boringssl_context_set_time(ctx, TEST_NOW + shift);
  test_number(smtpc_boringssl_context_add_roots(ctx, (const uint8_t *)pem.cert,
                                                pem.cert_len, NULL),
              SMTPC_BORINGSSL_NONE);
  const smtpc_tls_peer server = test_peer_server();
  const smtpc_tls_peer client = test_peer_client(name, 0);
  pair two = {test_open(ctx, &server), test_open(ctx, &client)};
  test_shake(two.client, two.server, 0u);
  test_number(smtpc_tls_handshake(two.client, &facts), SMTPC_TLS_UP);
  test_number(facts.chain_ok, chain_ok);
  test_number(facts.name_ok, 1);
  free_pair(&two);
  smtpc_boringssl_context_free(ctx);
  smtpc_boringssl_pem_free(&pem);
}

static void test_certificate_made_is_good_for_its_name(void **state) {
  (void)state;
  char name[SMTPC_TLS_NAME_MAX + 1u];
  check_made(HOST, 0, 1);
  check_made("printer", 0, 1);
  check_made("192.0.2.1", 0, 1);
  check_made("2001:db8::1", 0, 1);
  // The longest name is too long for a common name.
  for (size_t i = 0u; i < SMTPC_TLS_NAME_MAX; i++) {
    name[i] = i % 50u == 49u ? '.' : 'a';
  }
  name[SMTPC_TLS_NAME_MAX] = '\0';
  check_made(name, 0, 1);
}

static void test_certificate_made_has_its_dates(void **state) {
  (void)state;
  check_made(HOST, -3599, 1);
  check_made(HOST, -3601, 0);
  check_made(HOST, 2L * TEST_DAY - 1L, 1);
  check_made(HOST, 2L * TEST_DAY + 1L, 0);
}

static X509 *parse(const smtpc_boringssl_pem *pem) {
  BIO *bio = BIO_new_mem_buf(pem->cert, (int)pem->cert_len);
  X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
  BIO_free(bio);
  assert_non_null(cert);
  return cert;
}

static void test_certificate_made_is_no_authority(void **state) {
  (void)state;
  smtpc_boringssl_pem a;
  smtpc_boringssl_pem b;
  test_label("extensions");
  test_number(
      smtpc_boringssl_certificate_make(HOST, strlen(HOST), TEST_NOW, 1u, &a),
      SMTPC_BORINGSSL_NONE);
  test_number(
      smtpc_boringssl_certificate_make(HOST, strlen(HOST), TEST_NOW, 1u, &b),
      SMTPC_BORINGSSL_NONE);
  X509 *first = parse(&a);
  X509 *second = parse(&b);
  BASIC_CONSTRAINTS *basic =
      X509_get_ext_d2i(first, NID_basic_constraints, NULL, NULL);
  assert_non_null(basic);
  test_number(basic->ca, 0);
  BASIC_CONSTRAINTS_free(basic);
  test_number(X509_get_version(first), X509_VERSION_3);
  test_number(X509_check_purpose(first, X509_PURPOSE_SSL_SERVER, 0), 1);
  test_number(X509_check_purpose(first, X509_PURPOSE_SSL_CLIENT, 0), 0);
  // Two are never the same, in key or number.
  assert_int_not_equal(ASN1_INTEGER_cmp(X509_get0_serialNumber(first),
                                        X509_get0_serialNumber(second)),
                       0);
  assert_string_not_equal(a.key, b.key);
  X509_free(first);
  X509_free(second);
  smtpc_boringssl_pem_free(&a);
  smtpc_boringssl_pem_free(&b);
  smtpc_boringssl_pem_free(NULL);
}

static void test_certificate_make_misuse(void **state) {
  (void)state;
  static const struct {
    const char *name;
    int64_t now;
    uint32_t days;
    smtpc_boringssl_error error;
  } rows[] = {
      {"", TEST_NOW, 1u, SMTPC_BORINGSSL_NAME},
      {"a b", TEST_NOW, 1u, SMTPC_BORINGSSL_NAME},
      {"*.example.org", TEST_NOW, 1u, SMTPC_BORINGSSL_NAME},
      {"a\r\nb", TEST_NOW, 1u, SMTPC_BORINGSSL_NAME},
      {"1.2.3", TEST_NOW, 1u, SMTPC_BORINGSSL_NAME},
      {HOST, 0, 1u, SMTPC_BORINGSSL_ARGUMENT},
      {HOST, TEST_NOW, 0u, SMTPC_BORINGSSL_ARGUMENT},
      {HOST, TEST_NOW, SMTPC_BORINGSSL_DAYS_MAX + 1u, SMTPC_BORINGSSL_ARGUMENT},
      {NULL, TEST_NOW, 1u, SMTPC_BORINGSSL_ARGUMENT},
  };
  for (size_t i = 0u; i < COUNT_OF(rows); i++) {
    smtpc_boringssl_pem pem;
    memset(&pem, 0xff, sizeof pem);
    test_label("row %zu", i);
    test_number(
        smtpc_boringssl_certificate_make(
            rows[i].name, rows[i].name == NULL ? 0u : strlen(rows[i].name),
            rows[i].now, rows[i].days, &pem),
        rows[i].error);
    assert_null(pem.cert);
    assert_null(pem.key);
    test_number(pem.cert_len + pem.key_len, 0);
  }
  test_number(smtpc_boringssl_certificate_make(HOST, 3u, TEST_NOW, 1u, NULL),
              SMTPC_BORINGSSL_ARGUMENT);
}

// --- Digests -----------------------------------------------------------------

typedef struct digest_row {
  const char *label;
  smtpc_boringssl_hash hash;
  const char *key;
  size_t key_len;
  const char *data;
  size_t len;
  const char *want;
} digest_row;

#define KEY_OF_80                                                              \
  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
  "aaaaaa"

static const digest_row hmac_rows[] = {
    {"RFC 2195", SMTPC_BORINGSSL_MD5, OCTETS("tanstaaftanstaaf"),
     OCTETS("<1896.697170952@postoffice.reston.mci.net>"),
     "\xb9\x13\xa6\x02\xc7\xed\xa7\xa4\x95\xb4\xe6\xe7\x33\x4d\x38\x90"},
    {"RFC 2202 MD5", SMTPC_BORINGSSL_MD5, OCTETS("Jefe"),
     OCTETS("what do ya want for nothing?"),
     "\x75\x0c\x78\x3e\x6a\xb0\xb5\x03\xea\xa8\x6e\x31\x0a\x5d\xb7\x38"},
    {"RFC 2202 SHA-1", SMTPC_BORINGSSL_SHA1, OCTETS("Jefe"),
     OCTETS("what do ya want for nothing?"),
     "\xef\xfc\xdf\x6a\xe5\xeb\x2f\xa2\xd2\x74\x16\xd5\xf1\x84\xdf\x9c"
     "\x25\x9a\x7c\x79"},
    {"RFC 4231 SHA-256", SMTPC_BORINGSSL_SHA256, OCTETS("Jefe"),
     OCTETS("what do ya want for nothing?"),
     "\x5b\xdc\xc1\x46\xbf\x60\x75\x4e\x6a\x04\x24\x26\x08\x95\x75\xc7"
     "\x5a\x00\x3f\x08\x9d\x27\x39\x83\x9d\xec\x58\xb9\x64\xec\x38\x43"},
};

static void test_digest_hmac_vectors(void **state) {
  (void)state;
  for (size_t i = 0u; i < COUNT_OF(hmac_rows); i++) {
    const digest_row *row = &hmac_rows[i];
    const size_t size = smtpc_boringssl_digest_len(row->hash);
    uint8_t *key = test_copy(row->key, row->key_len);
    uint8_t *data = test_copy(row->data, row->len);
    uint8_t *out = malloc(size);
    assert_non_null(out);
    test_label("%s", row->label);
    test_number(smtpc_boringssl_digest_hmac(row->hash, key, row->key_len, data,
                                            row->len, out),
                SMTPC_OK);
    test_octets(out, size, row->want, size);
    free(key);
    free(data);
    free(out);
  }
}

// A key longer than a block is replaced by its digest (RFC 2104 section 2), and
// an empty key is a key.
static void test_digest_hmac_keys(void **state) {
  (void)state;
  uint8_t digest[16];
  uint8_t a[16];
  uint8_t b[16];
  test_label("long key");
  test_number(smtpc_boringssl_digest_plain(
                  SMTPC_BORINGSSL_MD5, (const uint8_t *)KEY_OF_80, 80u, digest),
              SMTPC_OK);
  test_number(
      smtpc_boringssl_digest_hmac(SMTPC_BORINGSSL_MD5,
                                  (const uint8_t *)KEY_OF_80, 80u, NULL, 0u, a),
      SMTPC_OK);
  test_number(smtpc_boringssl_digest_hmac(SMTPC_BORINGSSL_MD5, digest,
                                          sizeof digest, NULL, 0u, b),
              SMTPC_OK);
  test_octets(a, sizeof a, b, sizeof b);
  test_label("empty key");
  test_number(
      smtpc_boringssl_digest_hmac(SMTPC_BORINGSSL_MD5, NULL, 0u, NULL, 0u, a),
      SMTPC_OK);
  test_octets(a, sizeof a,
              "\x74\xe6\xf7\x29\x8a\x9c\x2d\x16\x89\x35\xf5\x8c\x00\x1b\xad"
              "\x88",
              16u);
}

// RFC 7677 section 3: the example of SCRAM-SHA-256, from the password to the
// client's proof.
static void test_digest_scram_example(void **state) {
  (void)state;
  static const uint8_t salt[] = {0x5bu, 0x6du, 0x99u, 0x68u, 0x9du, 0x12u,
                                 0x35u, 0x8eu, 0xecu, 0xa0u, 0x4bu, 0x14u,
                                 0x12u, 0x36u, 0xfau, 0x81u};
  static const char auth[] =
      "n=user,r=rOprNGfwEbeRWgbNEkqO,"
      "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
      "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,"
      "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
  uint8_t salted[32];
  uint8_t client_key[32];
  uint8_t stored[32];
  uint8_t signature[32];
  test_label("RFC 7677");
  test_number(smtpc_boringssl_digest_salted(SMTPC_BORINGSSL_SHA256,
                                            (const uint8_t *)"pencil", 6u, salt,
                                            sizeof salt, 4096u, salted),
              SMTPC_OK);
  test_number(smtpc_boringssl_digest_hmac(SMTPC_BORINGSSL_SHA256, salted, 32u,
                                          (const uint8_t *)"Client Key", 10u,
                                          client_key),
              SMTPC_OK);
  test_number(smtpc_boringssl_digest_plain(SMTPC_BORINGSSL_SHA256, client_key,
                                           32u, stored),
              SMTPC_OK);
  test_number(smtpc_boringssl_digest_hmac(SMTPC_BORINGSSL_SHA256, stored, 32u,
                                          (const uint8_t *)auth,
                                          sizeof auth - 1u, signature),
              SMTPC_OK);
  uint8_t proof[32];
  char text[64];
  for (size_t i = 0u; i < sizeof proof; i++) {
    proof[i] = (uint8_t)(client_key[i] ^ signature[i]);
  }
  (void)EVP_EncodeBlock((uint8_t *)text, proof, sizeof proof);
  assert_string_equal(text, "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
}

static void test_digest_misuse(void **state) {
  (void)state;
  uint8_t out[32];
  const smtpc_boringssl_hash bad = (smtpc_boringssl_hash)3;
  test_label("misuse");
  memset(out, 0x5a, sizeof out);
  test_number(smtpc_boringssl_digest_len(bad), 0);
  test_number(smtpc_boringssl_digest_plain(bad, out, 1u, out),
              SMTPC_E_ARGUMENT);
  test_number(smtpc_boringssl_digest_plain(SMTPC_BORINGSSL_MD5, NULL, 1u, out),
              SMTPC_E_ARGUMENT);
  test_number(smtpc_boringssl_digest_plain(SMTPC_BORINGSSL_MD5, out, 1u, NULL),
              SMTPC_E_ARGUMENT);
  test_number(
      smtpc_boringssl_digest_hmac(SMTPC_BORINGSSL_MD5, NULL, 1u, out, 1u, out),
      SMTPC_E_ARGUMENT);
  test_number(
      smtpc_boringssl_digest_hmac(SMTPC_BORINGSSL_MD5, out, 1u, NULL, 1u, out),
      SMTPC_E_ARGUMENT);
  test_number(smtpc_boringssl_digest_salted(SMTPC_BORINGSSL_MD5, out, 1u, out,
                                            1u, 0u, out),
              SMTPC_E_ARGUMENT);
  test_number(smtpc_boringssl_digest_salted(SMTPC_BORINGSSL_MD5, out, 1u, out,
                                            1u, 1000001u, out),
              SMTPC_E_ARGUMENT);
  test_number(smtpc_boringssl_random(NULL, 1u), SMTPC_E_ARGUMENT);
  test_number(smtpc_boringssl_random(NULL, 0u), SMTPC_OK);
  for (size_t i = 0u; i < sizeof out; i++) {
    test_number(out[i], 0x5a);
  }
}

static void test_digest_random_and_equal(void **state) {
  (void)state;
  uint8_t a[32] = {0u};
  uint8_t b[32] = {0u};
  test_label("random");
  assert_true(smtpc_boringssl_equal(a, 32u, b, 32u));
  assert_true(smtpc_boringssl_equal(NULL, 0u, NULL, 0u));
  test_number(smtpc_boringssl_random(a, sizeof a), SMTPC_OK);
  test_number(smtpc_boringssl_random(b, sizeof b), SMTPC_OK);
  assert_false(smtpc_boringssl_equal(a, 32u, b, 32u));
  assert_true(smtpc_boringssl_equal(a, 32u, a, 32u));
  assert_false(smtpc_boringssl_equal(a, 32u, a, 31u));
  assert_false(smtpc_boringssl_equal(NULL, 1u, a, 1u));
  memcpy(b, a, sizeof b);
  for (size_t i = 0u; i < sizeof b; i++) {
    b[i] = (uint8_t)(b[i] ^ 0x80u);
    assert_false(smtpc_boringssl_equal(a, 32u, b, 32u));
    b[i] = a[i];
  }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, NULL, no_error_left)

int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(test_tls_handshake_comes_up_for_every_cut),
      CASE(test_tls_handshake_leaves_the_facts_until_it_is_over),
      CASE(test_tls_handshake_keeps_every_version_floor),
      CASE(test_tls_handshake_takes_the_floor_from_the_peer),
      CASE(test_tls_verify_truth_table),
      CASE(test_tls_verify_name_table),
      CASE(test_tls_verify_without_roots_trusts_nobody),
      CASE(test_tls_verify_without_a_name_leaves_it_unchecked),
      CASE(test_tls_verify_trusts_a_self_signed_root),
      CASE(test_tls_verify_trusts_a_pinned_certificate),
      CASE(test_tls_no_common_cipher_is_told_on_both_sides),
      CASE(test_tls_no_common_group_is_no_common_cipher),
      CASE(test_tls_static_rsa_needs_a_lower_floor),
      CASE(test_tls_rsa_key_is_used_as_it_says),
      CASE(test_tls_client_certificate_demanded_in_1_2),
      CASE(test_tls_client_certificate_demanded_in_1_3),
      CASE(test_tls_client_certificate_wished_for_is_not_shown),
      CASE(test_tls_server_refuses_what_is_no_hello),
      CASE(test_tls_client_refuses_what_is_no_hello),
      CASE(test_tls_flood_of_empty_records_ends),
      CASE(test_tls_handshake_octets_are_bounded),
      CASE(test_tls_stream_that_ends_in_the_handshake_is_truncated),
      CASE(test_tls_alert_before_the_end_of_stream_is_the_reason),
      CASE(test_tls_end_without_close_notify_is_truncated),
      CASE(test_tls_close_notify_closes),
      CASE(test_tls_close_notify_counts_at_the_end_of_stream),
      CASE(test_tls_octets_after_close_notify_are_dead),
      CASE(test_tls_clear_octets_in_the_session_end_it),
      CASE(test_tls_changed_record_ends_the_session),
      CASE(test_tls_replayed_record_ends_the_session),
      CASE(test_tls_carries_much_for_every_cut),
      CASE(test_tls_reads_every_record_of_one_push),
      CASE(test_tls_push_takes_what_it_has_room_for),
      CASE(test_tls_hello_request_ends_the_client),
      CASE(test_tls_sessions_are_not_resumed),
      CASE(test_tls_client_hello_says_no_more_than_it_must),
      CASE(test_tls_alpn_table),
      CASE(test_tls_sni_table),
      CASE(test_tls_open_misuse),
      CASE(test_tls_calls_misuse),
      CASE(test_context_identity_errors),
      CASE(test_context_keeps_its_identity_after_an_error),
      CASE(test_context_tells_a_certificate_out_of_date),
      CASE(test_context_sends_the_chain),
      CASE(test_context_bounds_the_chain),
      CASE(test_context_reads_files),
      CASE(test_context_refuses_a_file_too_large),
      CASE(test_context_roots),
      CASE(test_context_ciphers),
      CASE(test_context_misuse),
      CASE(test_error_names_are_distinct),
      CASE(test_certificate_made_is_good_for_its_name),
      CASE(test_certificate_made_has_its_dates),
      CASE(test_certificate_made_is_no_authority),
      CASE(test_certificate_make_misuse),
      CASE(test_digest_hmac_vectors),
      CASE(test_digest_hmac_keys),
      CASE(test_digest_scram_example),
      CASE(test_digest_misuse),
      CASE(test_digest_random_and_equal),
  };
  return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
