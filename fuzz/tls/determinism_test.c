// Determinism: the same handshake gives the same octets, again and again in one process,
// and in a fresh one; and each identity is what its row says.
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/testing.h"
#include "fuzz/harness/choice.h"
#include "fuzz/tls/credentials.h"
#include "fuzz/tls/random.h"
#include "shim/boringssl/tls_boringssl.h"
#include "shim/mem/mem.h"

#define AGAIN 1000u
#define ROUNDS_MAX 100u
#define DIGEST_WORD "--digest"

static const uint16_t versions[] = {SMTPC_TLS_1_2, SMTPC_TLS_1_3};

// transcript is all that can be seen of one handshake and the octets after it.
typedef struct transcript {
  smtpc_octets wire[2];  // by the role that sent
  smtpc_octets secret;   // exporter of each side
  smtpc_tls_facts facts[2];
  smtpc_tls_state state[2];
} transcript;

static smtpc_tls *open_side(smtpc_tls_role role, unsigned identity,
                            uint16_t version, uint8_t verify) {
  smtpc_tls_peer peer;
  smtpc_tls *tls = NULL;
  memset(&peer, 0, sizeof peer);
  peer.role = (uint8_t)role;
  peer.min_version = version;
  if (role == SMTPC_TLS_CLIENT) {
    peer.verify = verify;
    peer.name_len = sizeof TLS_HOST - 1u;
    memcpy(peer.name, TLS_HOST, peer.name_len);
  }
  test_number(smtpc_tls_open(&tls, tls_context(identity), &peer), SMTPC_OK);
  assert_int_equal(
      SSL_set_max_proto_version(smtpc_boringssl_native(tls), version), 1);
  return tls;
}

// Carries what `from` has for its peer; returns how much it was.
static size_t carry(smtpc_tls *from, smtpc_tls *to, smtpc_octets *wire) {
  uint8_t octets[4096];
  size_t len = 0u;
  size_t used = 0u;
  assert_int_equal(smtpc_tls_pull(from, octets, sizeof octets, &len), SMTPC_OK);
  smtpc_octets_add(wire, octets, len);
  // A side that has failed takes nothing.
  (void)smtpc_tls_push(to, octets, len, &used);
  return len;
}

static void say(smtpc_tls *from, smtpc_tls *to, smtpc_octets *wire,
                const char *text) {
  uint8_t heard[64];
  size_t len = 0u;
  assert_int_equal(smtpc_tls_write(from, (const uint8_t *)text, strlen(text)),
                   SMTPC_OK);
  assert_true(carry(from, to, wire) > 0u);
  assert_int_equal(smtpc_tls_read(to, heard, sizeof heard, &len), SMTPC_TLS_UP);
  test_octets(heard, len, text, strlen(text));
}

static void export_secrets(smtpc_tls *const both[2], transcript *out) {
  for (unsigned role = 0u; role < 2u; role++) {
    uint8_t octets[SMTPC_BINDING_MAX];
    size_t len = 0u;
    test_number(smtpc_tls_binding(both[role], SMTPC_BINDING_EXPORTER, octets,
                                  sizeof octets, &len),
                SMTPC_OK);
    assert_int_equal(len, 32u);
    smtpc_octets_add(&out->secret, octets, len);
  }
  test_octets(out->secret.data, 32u, out->secret.data + 32u, 32u);
}

static void shake(unsigned identity, uint16_t version, uint8_t verify,
                  transcript *out) {
  tls_random_reset(0u);
  smtpc_tls *const both[2] = {
      open_side(SMTPC_TLS_SERVER, identity, version, 0u),
      open_side(SMTPC_TLS_CLIENT, identity, version, verify)};
  memset(out, 0, sizeof *out);
  size_t moved = 1u;
  for (size_t i = 0u; moved > 0u && i < ROUNDS_MAX; i++) {
    out->state[1] = smtpc_tls_handshake(both[1], &out->facts[1]);
    moved = carry(both[1], both[0], &out->wire[1]);
    out->state[0] = smtpc_tls_handshake(both[0], &out->facts[0]);
    moved += carry(both[0], both[1], &out->wire[0]);
  }
  assert_int_equal(moved, 0u);
  if (out->state[0] == SMTPC_TLS_UP && out->state[1] == SMTPC_TLS_UP) {
    export_secrets(both, out);
    say(both[0], both[1], &out->wire[0], "220 mx.b.example\r\n");
    say(both[1], both[0], &out->wire[1], "EHLO a.example\r\n");
  }
  smtpc_tls_free(both[0]);
  smtpc_tls_free(both[1]);
}

static void let_go(transcript *t) {
  smtpc_octets_free(&t->wire[0]);
  smtpc_octets_free(&t->wire[1]);
  smtpc_octets_free(&t->secret);
}

static void must_equal(const smtpc_octets *have, const smtpc_octets *want) {
  test_octets(have->data, have->len, want->data, want->len);
}

static void repeated(void **state) {
  (void)state;
  for (unsigned identity = 0u; identity < TLS_IDENTITIES; identity++) {
    for (size_t v = 0u; v < 2u; v++) {
      transcript first;
      if (tls_identity_is_good(identity, NULL, NULL) == 0) {
        continue;
      }
      shake(identity, versions[v], 1u, &first);
      assert_true(first.secret.len == 64u && tls_random_draws() > 0u);
      for (unsigned i = 1u; i < AGAIN; i++) {
        transcript next;
        test_label("%s, %x, %u", tls_identity_name(identity), versions[v], i);
        shake(identity, versions[v], 1u, &next);
        must_equal(&next.wire[0], &first.wire[0]);
        must_equal(&next.wire[1], &first.wire[1]);
        must_equal(&next.secret, &first.secret);
        let_go(&next);
      }
      let_go(&first);
    }
  }
}

static void as_the_table_says(void **state) {
  (void)state;
  for (unsigned identity = 0u; identity < TLS_IDENTITIES; identity++) {
    for (uint8_t verify = 0u; verify < 2u; verify++) {
      int chain = 0;
      int name = 0;
      transcript t;
      const int good = tls_identity_is_good(identity, &chain, &name);
      test_label("%s, %u", tls_identity_name(identity), verify);
      shake(identity, versions[identity % 2u], verify, &t);
      test_number(t.state[1],
                  verify == 0u || good != 0 ? SMTPC_TLS_UP : SMTPC_TLS_FAILED);
      test_number(t.facts[1].chain_ok, (unsigned)chain);
      test_number(t.facts[1].name_ok, (unsigned)name);
      test_number(t.facts[1].failure == SMTPC_TLS_FAILURE_NONE, good != 0);
      let_go(&t);
    }
  }
  test_number(ERR_peek_error(), 0u);
}

static void sequences(void **state) {
  uint8_t a[24];
  uint8_t b[24];
  (void)state;
  tls_random_reset(7u);
  (void)RAND_bytes(a, sizeof a);
  (void)RAND_bytes(b, sizeof b);
  assert_memory_not_equal(a, b, sizeof a);
  test_number(tls_random_draws(), 2u);
  tls_random_reset(7u);
  tls_random_turn(1u, 9u);
  (void)RAND_bytes(b, sizeof b);
  test_octets(b, sizeof b, a, sizeof a);
  (void)RAND_bytes(b, sizeof b);
  tls_random_reset(9u);
  (void)RAND_bytes(a, sizeof a);
  test_octets(b, sizeof b, a, sizeof a);
}

// ------------------------------------------------------------- a fresh process

static uint64_t digest(void) {
  uint64_t hash = 0u;
  // From the last to the first, where `repeated` goes the other way: what is made
  // at first use may not hang on what was used before.
  for (unsigned i = TLS_IDENTITIES; i > 0u; i--) {
    for (size_t v = 2u; v > 0u; v--) {
      transcript t;
      shake(i - 1u, versions[v - 1u], 0u, &t);
      hash ^= fuzz_hash(fuzz_hash_number(i, v), t.wire[0].data, t.wire[0].len) ^
              fuzz_hash(i, t.wire[1].data, t.wire[1].len) ^
              fuzz_hash(v, t.secret.data, t.secret.len);
      let_go(&t);
    }
  }
  return hash;
}

static void in_a_fresh_process(void **state) {
  int ends[2];
  char said[32] = {0};
  char want[32];
  int status = -1;
  (void)state;
  assert_int_equal(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    (void)dup2(ends[1], STDOUT_FILENO);
    (void)execl("/proc/self/exe", "determinism_test", DIGEST_WORD,
                (char *)NULL);
    _exit(127);
  }
  close(ends[1]);
  ssize_t got = 1;
  for (size_t at = 0u; got > 0 && at < sizeof said - 1u; at += (size_t)got) {
    got = read(ends[0], said + at, sizeof said - 1u - at);
    assert_true(got >= 0);
  }
  close(ends[0]);
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
  (void)snprintf(want, sizeof want, "%016" PRIx64 "\n", digest());
  assert_string_equal(said, want);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sequences),
      cmocka_unit_test(as_the_table_says),
      cmocka_unit_test(repeated),
      cmocka_unit_test(in_a_fresh_process),
  };
  if (argc == 2 && strcmp(argv[1], DIGEST_WORD) == 0) {
    printf("%016" PRIx64 "\n", digest());
    return 0;
  }
  return cmocka_run_group_tests(tests, NULL, NULL);
}
