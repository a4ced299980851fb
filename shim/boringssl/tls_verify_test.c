#include <stdlib.h>
#include <string.h>

#include "shim/boringssl/testing.h"
#include "shim/boringssl/tls_boringssl.h"

#define DAYS_LEFT -10L * TEST_DAY, 10L * TEST_DAY
#define DAYS_PAST -10L * TEST_DAY, -1L
#define DAYS_TO_COME 1L, 10L * TEST_DAY
#define FAILURE(id) SMTPC_TLS_FAILURE_##id

typedef struct verify_row {
  const char *label;
  test_leaf leaf;
  int signer;  // 0: the trusted authority, 1: a stranger, 2: itself
  int chain_ok;
  int name_ok;
  smtpc_tls_failure failure;
  smtpc_tls_failure server;  // how a server hears of it
} verify_row;

static const verify_row verify_rows[] = {
    {"good",
     {"DNS:" TEST_HOST, NULL, "serverAuth", DAYS_LEFT},
     0,
     1,
     1,
     FAILURE(NONE),
     FAILURE(NONE)},
    {"no purpose said",
     {"DNS:" TEST_HOST, NULL, NULL, DAYS_LEFT},
     0,
     1,
     1,
     FAILURE(NONE),
     FAILURE(NONE)},
    {"self-signed",
     {"DNS:" TEST_HOST, "self", "serverAuth", DAYS_LEFT},
     2,
     0,
     1,
     FAILURE(CERTIFICATE),
     FAILURE(CERTIFICATE)},
    {"unknown authority",
     {"DNS:" TEST_HOST, NULL, "serverAuth", DAYS_LEFT},
     1,
     0,
     1,
     FAILURE(CERTIFICATE),
     FAILURE(CERTIFICATE)},
    {"wrong purpose",
     {"DNS:" TEST_HOST, NULL, "clientAuth", DAYS_LEFT},
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
     {"DNS:" TEST_HOST, NULL, "serverAuth", DAYS_PAST},
     0,
     0,
     1,
     FAILURE(CERTIFICATE_TIME),
     FAILURE(CERTIFICATE_TIME)},
    {"not yet valid",
     {"DNS:" TEST_HOST, NULL, "serverAuth", DAYS_TO_COME},
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
  return signer == 1 ? &test_tls.stranger : &test_tls.authority;
}

static void check_verify(const verify_row *row, smtpc_tls_context *ctx,
                         int verify, uint16_t version) {
  const smtpc_tls_peer server = test_peer_server();
  const smtpc_tls_peer client = test_peer_client(TEST_HOST, verify);
  test_pair two = {test_open(ctx, &server),
                   test_open(test_tls.client, &client)};
  smtpc_tls_facts facts;
  memset(&facts, 0xff, sizeof facts);
  test_label("%s, verify %d, version %x", row->label, verify, version);
  test_set_versions(two.server, version, version);
  test_shake(two.client, two.server, 0u);
  const smtpc_tls_state state = smtpc_tls_handshake(two.client, &facts);
  test_number(facts.chain_ok, row->chain_ok);
  test_number(facts.name_ok, row->name_ok);
  test_number(facts.failure, row->failure);
  if (verify == 1 && row->failure != SMTPC_TLS_FAILURE_NONE) {
    test_number(state, SMTPC_TLS_FAILED);
    test_number(facts.version, 0);
    test_expect_end(two.client, row->failure);
    test_expect_end(two.server, row->server);
    test_expect_dead(two.client, SMTPC_TLS_FAILED);
  } else {
    test_number(state, SMTPC_TLS_UP);
    test_number(facts.version, version);
    test_number(smtpc_tls_failure_of(two.client), SMTPC_TLS_FAILURE_NONE);
    test_number(smtpc_tls_handshake(two.server, NULL), SMTPC_TLS_UP);
  }
  test_pair_free(&two);
}

static void test_tls_verify_truth_table(void **state) {
  (void)state;
  for (size_t i = 0u; i < TEST_COUNT(verify_rows); i++) {
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
  for (size_t i = 0u; i < TEST_COUNT(name_rows); i++) {
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
    test_issue(&pem, &test_tls.authority, &leaf);
    smtpc_tls_context *ctx = test_context(&pem, NULL);
    test_pair two = {test_open(ctx, &server),
                     test_open(test_tls.client, &client)};
    test_shake(two.client, two.server, 0u);
    test_number(smtpc_tls_handshake(two.client, &facts),
                row->ok == 1 ? SMTPC_TLS_UP : SMTPC_TLS_FAILED);
    test_number(facts.chain_ok, 1);
    test_number(facts.name_ok, row->ok);
    test_number(facts.failure,
                row->ok == 1 ? SMTPC_TLS_FAILURE_NONE : SMTPC_TLS_FAILURE_NAME);
    test_pair_free(&two);
    smtpc_boringssl_context_free(ctx);
    smtpc_boringssl_pem_free(&pem);
  }
}

static void test_tls_verify_without_roots_trusts_nobody(void **state) {
  (void)state;
  smtpc_tls_context *bare = test_context(NULL, NULL);
  for (int verify = 0; verify <= 1; verify++) {
    const smtpc_tls_peer server = test_peer_server();
    const smtpc_tls_peer client = test_peer_client(TEST_HOST, verify);
    test_pair two = {test_open(test_tls.server, &server),
                     test_open(bare, &client)};
    smtpc_tls_facts facts;
    test_label("verify %d", verify);
    test_shake(two.client, two.server, 0u);
    test_number(smtpc_tls_handshake(two.client, &facts),
                verify == 0 ? SMTPC_TLS_UP : SMTPC_TLS_FAILED);
    test_number(facts.chain_ok, 0);
    test_number(facts.name_ok, 1);
    test_number(facts.failure, SMTPC_TLS_FAILURE_CERTIFICATE);
    test_pair_free(&two);
  }
  smtpc_boringssl_context_free(bare);
}

static void test_tls_verify_without_a_name_leaves_it_unchecked(void **state) {
  (void)state;
  test_label("no name");
  test_pair two = test_pair_open(NULL, 0);
  smtpc_tls_facts facts;
  test_shake(two.client, two.server, 0u);
  test_number(smtpc_tls_handshake(two.client, &facts), SMTPC_TLS_UP);
  test_number(facts.chain_ok, 1);
  test_number(facts.name_ok, 0);
  test_number(facts.failure, SMTPC_TLS_FAILURE_NONE);
  test_pair_free(&two);
}

static void test_tls_verify_trusts_a_self_signed_root(void **state) {
  (void)state;
  const smtpc_tls_peer server = test_peer_server();
  const smtpc_tls_peer client = test_peer_client(TEST_HOST, 1);
  smtpc_boringssl_pem pem;
  smtpc_tls_facts facts;
  test_label("a made certificate, trusted by its own file");
  test_number(smtpc_boringssl_certificate_make(TEST_HOST, strlen(TEST_HOST),
                                               TEST_NOW, 30u, &pem),
              SMTPC_BORINGSSL_NONE);
  smtpc_tls_context *ctx = test_context(&pem, NULL);
  size_t count = 0u;
  test_number(smtpc_boringssl_context_add_roots(ctx, (const uint8_t *)pem.cert,
                                                pem.cert_len, &count),
              SMTPC_BORINGSSL_NONE);
  test_number(count, 1);
  test_pair two = {test_open(ctx, &server), test_open(ctx, &client)};
  test_shake(two.client, two.server, 0u);
  test_number(smtpc_tls_handshake(two.client, &facts), SMTPC_TLS_UP);
  test_number(facts.chain_ok, 1);
  test_number(facts.name_ok, 1);
  test_pair_free(&two);
  smtpc_boringssl_context_free(ctx);
  smtpc_boringssl_pem_free(&pem);
}

// What the file of roots holds is trusted as it is, whoever signed it; its
// dates still count.
static void test_tls_verify_trusts_a_pinned_certificate(void **state) {
  (void)state;
  for (int late = 0; late <= 1; late++) {
    const smtpc_tls_peer server = test_peer_server();
    const smtpc_tls_peer client = test_peer_client(TEST_HOST, 1);
    smtpc_boringssl_pem pem;
    smtpc_tls_facts facts;
    test_label("late %d", late);
    test_issue(&pem, &test_tls.stranger, &test_tls_leaf);
    smtpc_tls_context *ctx = test_context(&pem, NULL);
    test_number(smtpc_boringssl_context_add_roots(
                    ctx, (const uint8_t *)pem.cert, pem.cert_len, NULL),
                SMTPC_BORINGSSL_NONE);
    smtpc_boringssl_context_set_time(ctx, TEST_NOW + late * 11L * TEST_DAY);
    test_pair two = {test_open(ctx, &server), test_open(ctx, &client)};
    test_shake(two.client, two.server, 0u);
    test_number(smtpc_tls_handshake(two.client, &facts),
                late == 0 ? SMTPC_TLS_UP : SMTPC_TLS_FAILED);
    test_number(facts.failure, late == 0 ? SMTPC_TLS_FAILURE_NONE
                                         : SMTPC_TLS_FAILURE_CERTIFICATE_TIME);
    test_pair_free(&two);
    smtpc_boringssl_context_free(ctx);
    smtpc_boringssl_pem_free(&pem);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST_TLS_CASE(test_tls_verify_truth_table),
      TEST_TLS_CASE(test_tls_verify_name_table),
      TEST_TLS_CASE(test_tls_verify_without_roots_trusts_nobody),
      TEST_TLS_CASE(test_tls_verify_without_a_name_leaves_it_unchecked),
      TEST_TLS_CASE(test_tls_verify_trusts_a_self_signed_root),
      TEST_TLS_CASE(test_tls_verify_trusts_a_pinned_certificate),
  };
  return cmocka_run_group_tests(tests, test_tls_set_up, test_tls_tear_down);
}
