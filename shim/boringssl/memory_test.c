// What is said when memory ends in the middle of a call.
#include <openssl/err.h>

#include <stdlib.h>
#include <string.h>

#include "shim/boringssl/testing.h"
#include "shim/boringssl/tls_boringssl.h"

#define PREFIX 16u
#define CALLS_MAX 1000u

// The library takes its memory from here (crypto/mem.c): block number `fails`, from 1,
// is not given.
static size_t fails;
static size_t given;

void *OPENSSL_memory_alloc(size_t size);
void OPENSSL_memory_free(void *ptr);
size_t OPENSSL_memory_get_size(void *ptr);

void *OPENSSL_memory_alloc(size_t size) {
  given++;
  uint8_t *block = given == fails ? NULL : malloc(PREFIX + size);
  if (block == NULL) {
    return NULL;
  }
  memcpy(block, &size, sizeof size);
  return block + PREFIX;
}

size_t OPENSSL_memory_get_size(void *ptr) {
  size_t size = 0u;
  memcpy(&size, (uint8_t *)ptr - PREFIX, sizeof size);
  return size;
}

void OPENSSL_memory_free(void *ptr) {
  memset(ptr, 0, OPENSSL_memory_get_size(ptr));
  free((uint8_t *)ptr - PREFIX);
}

typedef smtpc_boringssl_error (*call)(smtpc_tls_context *ctx);

static smtpc_boringssl_error set_identity(smtpc_tls_context *ctx) {
  return smtpc_boringssl_context_set_identity(
      ctx, (const uint8_t *)test_tls.good.cert, test_tls.good.cert_len,
      (const uint8_t *)test_tls.good.key, test_tls.good.key_len, NULL);
}

static smtpc_boringssl_error add_roots(smtpc_tls_context *ctx) {
  return smtpc_boringssl_context_add_roots(
      ctx, (const uint8_t *)test_tls.good.cert, test_tls.good.cert_len, NULL);
}

static smtpc_boringssl_error set_ciphers(smtpc_tls_context *ctx) {
  return smtpc_boringssl_context_set_ciphers(ctx,
                                             "ECDHE-RSA-AES128-GCM-SHA256");
}

// Calls again and again, each time with another block that is not given, until none is
// wanted. It returns how often the answer was `library`; each other one is an error too.
static size_t starve(call what) {
  size_t count = 0u;
  smtpc_boringssl_error error = SMTPC_BORINGSSL_LIBRARY;
  smtpc_tls_context *ctx = test_context(NULL, NULL);
  for (size_t i = 1u; i < CALLS_MAX; i++) {
    test_label("block %zu", i);
    given = 0u;
    fails = i;
    error = what(ctx);
    fails = 0u;
    test_number(ERR_peek_error(), 0);
    if (given < i) {
      break;
    }
    count += error == SMTPC_BORINGSSL_LIBRARY ? 1u : 0u;
  }
  test_number(error, SMTPC_BORINGSSL_NONE);
  smtpc_boringssl_context_free(ctx);
  return count;
}

static void test_memory_that_ends_is_told(void **state) {
  (void)state;
  assert_true(starve(set_identity) > 10u);
  assert_true(starve(add_roots) > 10u);
  assert_true(starve(set_ciphers) > 2u);
}

static smtpc_boringssl_error read_roots(smtpc_tls_context *ctx) {
  return smtpc_boringssl_context_add_roots_file(ctx, "/dev/null", NULL);
}

// No room for a file is not a file that cannot be read.
static void test_memory_for_a_file(void **state) {
  (void)state;
  smtpc_tls_context *ctx = test_context(NULL, NULL);
  test_label("a file");
  given = 0u;
  fails = 1u;
  test_number(read_roots(ctx), SMTPC_BORINGSSL_LIBRARY);
  fails = 0u;
  test_number(read_roots(ctx), SMTPC_BORINGSSL_ROOTS_PEM);
  smtpc_boringssl_context_free(ctx);
}

// Opens a pair in which block number `fail` of the handshake is not given (0: each is).
// It returns whether the client found a good chain.
static int shake_without(smtpc_tls_context *ctx, size_t fail) {
  const smtpc_tls_peer server_peer = test_peer_server();
  const smtpc_tls_peer client_peer = test_peer_client(TEST_HOST, 1);
  smtpc_tls *server = test_open(test_tls.server, &server_peer);
  smtpc_tls *client = test_open(ctx, &client_peer);
  smtpc_tls_facts facts;
  memset(&facts, 0, sizeof facts);
  given = 0u;
  fails = fail;
  test_shake(client, server, 0u);
  fails = 0u;
  (void)smtpc_tls_handshake(client, &facts);
  smtpc_tls_free(client);
  smtpc_tls_free(server);
  return facts.chain_ok;
}

// A handshake for which there was no memory takes nothing from those after it.
static void test_a_root_stays_good(void **state) {
  (void)state;
  for (size_t i = 1u; i < CALLS_MAX; i++) {
    test_label("block %zu", i);
    smtpc_tls_context *ctx = test_context(NULL, &test_tls.authority);
    (void)shake_without(ctx, i);
    const size_t used = given;
    test_number(shake_without(ctx, 0u), 1);
    smtpc_boringssl_context_free(ctx);
    if (used < i) {
      return;
    }
  }
  fail_msg("a handshake has no end");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST_TLS_CASE(test_memory_that_ends_is_told),
      TEST_TLS_CASE(test_memory_for_a_file),
      TEST_TLS_CASE(test_a_root_stays_good),
  };
  return cmocka_run_group_tests(tests, test_tls_set_up, test_tls_tear_down);
}
