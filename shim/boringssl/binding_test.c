#include <openssl/bio.h>
#include <openssl/curve25519.h>
#include <openssl/digest.h>
#include <openssl/hkdf.h>
#include <openssl/hmac.h>
#include <openssl/nid.h>
#include <openssl/obj.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shim/boringssl/testing.h"
#include "shim/boringssl/tls_boringssl.h"
#include "smtpcore/tls.h"

#define EXPORTER SMTPC_BINDING_EXPORTER
#define END_POINT SMTPC_BINDING_END_POINT
#define LABEL "EXPORTER-Channel-Binding"

// One binding; `len` is 0 when there is none.
typedef struct found {
  uint8_t data[SMTPC_BINDING_MAX];
  size_t len;
} found;

static found find(smtpc_tls *tls, unsigned kind, smtpc_status want) {
  found out;
  memset(&out, 0x5a, sizeof out);
  test_number(smtpc_tls_binding(tls, kind, out.data, sizeof out.data, &out.len),
              want);
  if (want != SMTPC_OK) {
    test_number(out.len, 0);
    test_number(out.data[0], 0x5a);
  }
  return out;
}

static void expect_same(const found *a, const found *b) {
  test_octets(a->data, a->len, b->data, b->len);
}

// The digest of a certificate in PEM.
static found digest_of(const char *pem, const EVP_MD *md) {
  found out;
  unsigned len = 0u;
  uint8_t *der = NULL;
  BIO *bio = BIO_new_mem_buf(pem, -1);
  X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
  assert_non_null(cert);
  const int size = i2d_X509(cert, &der);
  assert_true(size > 0);
  assert_int_equal(EVP_Digest(der, (size_t)size, out.data, &len, md, NULL), 1);
  out.len = len;
  OPENSSL_free(der);
  X509_free(cert);
  BIO_free(bio);
  return out;
}

// --- Both sides --------------------------------------------------------------

static void test_binding_is_the_same_on_both_sides(void **state) {
  (void)state;
  const found digest = digest_of(test_tls.good.cert, EVP_sha256());
  for (size_t i = 0u; i < TEST_VERSION_COUNT; i++) {
    test_label("version %x", test_versions[i]);
    test_pair one = test_pair_up(test_versions[i]);
    test_pair two = test_pair_up(test_versions[i]);
    const found a = find(one.server, EXPORTER, SMTPC_OK);
    const found b = find(one.client, EXPORTER, SMTPC_OK);
    const found c = find(two.client, EXPORTER, SMTPC_OK);
    test_number(a.len, 32);
    expect_same(&a, &b);
    // Another channel, another binding.
    assert_memory_not_equal(a.data, c.data, 32u);
    const found d = find(one.server, END_POINT, SMTPC_OK);
    const found e = find(one.client, END_POINT, SMTPC_OK);
    expect_same(&d, &digest);
    expect_same(&e, &digest);
    // It stays, whatever is said on the channel.
    test_number(smtpc_tls_write(one.client, (const uint8_t *)"NOOP\r\n", 6u),
                SMTPC_OK);
    (void)test_move(one.client, one.server, 0u);
    test_expect_read(one.server, "NOOP\r\n");
    const found f = find(one.server, EXPORTER, SMTPC_OK);
    expect_same(&a, &f);
    test_pair_free(&one);
    test_pair_free(&two);
  }
}

static void test_binding_needs_an_engine_that_is_up(void **state) {
  (void)state;
  for (unsigned kind = EXPORTER; kind <= END_POINT; kind++) {
    test_label("kind %u", kind);
    test_pair two = test_pair_open(TEST_HOST, 1);
    (void)find(two.client, kind, SMTPC_E_STATE);
    (void)find(two.server, kind, SMTPC_E_STATE);
    // The client's hello is there: the server has keys, but no handshake.
    (void)smtpc_tls_handshake(two.client, NULL);
    (void)test_move(two.client, two.server, 0u);
    (void)find(two.server, kind, SMTPC_E_STATE);
    test_shake(two.client, two.server, 0u);
    (void)find(two.server, kind, SMTPC_OK);
    // Closed by the peer, and failed.
    smtpc_tls_close(two.client);
    (void)test_move(two.client, two.server, 0u);
    test_number(smtpc_tls_end_of_stream(two.server), SMTPC_TLS_CLOSED);
    (void)find(two.server, kind, SMTPC_E_STATE);
    test_number(smtpc_tls_end_of_stream(two.client), SMTPC_TLS_FAILED);
    (void)find(two.client, kind, SMTPC_E_STATE);
    test_pair_free(&two);
  }
}

static void test_binding_misuse_and_room(void **state) {
  (void)state;
  test_label("misuse");
  test_pair two = test_pair_up(SMTPC_TLS_1_3);
  uint8_t octets[SMTPC_BINDING_MAX];
  size_t len = 99u;
  (void)find(two.client, SMTPC_BINDING_NONE, SMTPC_E_ARGUMENT);
  (void)find(two.client, SMTPC_BINDING_COUNT, SMTPC_E_ARGUMENT);
  (void)find(NULL, EXPORTER, SMTPC_E_ARGUMENT);
  test_number(smtpc_tls_binding(two.client, EXPORTER, octets, 64u, NULL),
              SMTPC_E_ARGUMENT);
  test_number(smtpc_tls_binding(two.client, EXPORTER, NULL, 64u, &len),
              SMTPC_E_ARGUMENT);
  test_number(len, 0);
  for (unsigned kind = EXPORTER; kind <= END_POINT; kind++) {
    for (size_t cap = 0u; cap <= 33u; cap++) {
      uint8_t *room = malloc(cap > 0u ? cap : 1u);
      test_label("kind %u, room %zu", kind, cap);
      assert_non_null(room);
      len = 99u;
      test_number(smtpc_tls_binding(two.client, kind, room, cap, &len),
                  cap < 32u ? SMTPC_E_ROOM : SMTPC_OK);
      test_number(len, cap < 32u ? 0 : 32);
      free(room);
    }
    test_number(smtpc_tls_binding(two.client, kind, NULL, 0u, &len),
                SMTPC_E_ROOM);
  }
  test_pair_free(&two);
}

// A resumed session has shown no certificate, but has keys of its own. The shim
// resumes none: the library is told to.
static void test_binding_of_a_resumed_session(void **state) {
  (void)state;
  smtpc_tls_context *ctx = test_context(&test_tls.good, NULL);
  SSL_CTX *native = smtpc_boringssl_context_native(ctx, SMTPC_TLS_SERVER);
  SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_SERVER);
  SSL_SESSION *session = NULL;
  found before = {{0u}, 0u};
  for (int again = 0; again <= 1; again++) {
    const smtpc_tls_peer server = test_peer_server();
    const smtpc_tls_peer client = test_peer_client(TEST_HOST, 1);
    smtpc_tls_facts facts;
    test_label("again %d", again);
    test_pair two = {test_open(ctx, &server),
                     test_open(test_tls.client, &client)};
    SSL *ssl = smtpc_boringssl_native(two.client);
    test_set_versions(two.client, SMTPC_TLS_1_2, SMTPC_TLS_1_2);
    if (again == 1) {
      assert_int_equal(SSL_set_session(ssl, session), 1);
    }
    test_shake(two.client, two.server, 0u);
    test_number(smtpc_tls_handshake(two.client, &facts), SMTPC_TLS_UP);
    test_number(facts.resumed, again);
    const smtpc_status want = again == 1 ? SMTPC_E_STATE : SMTPC_OK;
    (void)find(two.client, END_POINT, want);
    (void)find(two.server, END_POINT, want);
    const found a = find(two.client, EXPORTER, SMTPC_OK);
    const found b = find(two.server, EXPORTER, SMTPC_OK);
    expect_same(&a, &b);
    assert_memory_not_equal(a.data, before.data, 32u);
    before = a;
    SSL_SESSION_free(session);
    session = SSL_get1_session(ssl);
    test_pair_free(&two);
  }
  SSL_SESSION_free(session);
  smtpc_boringssl_context_free(ctx);
}

// --- tls-server-end-point ----------------------------------------------------

typedef struct hash_row {
  const char *label;
  int algorithm;       // a NID
  const char *params;  // DER; NULL: none
  size_t params_len;
  const EVP_MD *(*md)(void);  // NULL: no binding
} hash_row;

#define SHA256_ID "\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00"
#define SHA384_ID "\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00"
#define NO_HASH_ID \
  "\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x7f\x05\x00"
#define MGF1_ID "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08"
#define NO_MGF_ID "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x09"
#define PSS_BOTH(hash, mgf, with) \
  "\x30\x2f\xa0\x0f" hash "\xa1\x1c\x30\x1a" mgf with

static const hash_row hash_rows[] = {
    // RFC 5929 section 4.1: MD5 and SHA-1 are not used.
    {"RSA, MD5", NID_md5WithRSAEncryption, NULL, 0u, EVP_sha256},
    {"RSA, SHA-1", NID_sha1WithRSAEncryption, NULL, 0u, EVP_sha256},
    {"RSA, SHA-224", NID_sha224WithRSAEncryption, NULL, 0u, EVP_sha224},
    {"RSA, SHA-256", NID_sha256WithRSAEncryption, NULL, 0u, EVP_sha256},
    {"RSA, SHA-384", NID_sha384WithRSAEncryption, NULL, 0u, EVP_sha384},
    {"RSA, SHA-512", NID_sha512WithRSAEncryption, NULL, 0u, EVP_sha512},
    {"ECDSA, SHA-1", NID_ecdsa_with_SHA1, NULL, 0u, EVP_sha256},
    {"ECDSA, SHA-224", NID_ecdsa_with_SHA224, NULL, 0u, EVP_sha224},
    {"ECDSA, SHA-256", NID_ecdsa_with_SHA256, NULL, 0u, EVP_sha256},
    {"ECDSA, SHA-384", NID_ecdsa_with_SHA384, NULL, 0u, EVP_sha384},
    {"ECDSA, SHA-512", NID_ecdsa_with_SHA512, NULL, 0u, EVP_sha512},
    {"DSA, SHA-1", NID_dsaWithSHA1, NULL, 0u, EVP_sha256},
    {"PSS, SHA-256", NID_rsassaPss,
     TEST_OCTETS(PSS_BOTH(SHA256_ID, MGF1_ID, SHA256_ID)), EVP_sha256},
    {"PSS, SHA-384", NID_rsassaPss,
     TEST_OCTETS(PSS_BOTH(SHA384_ID, MGF1_ID, SHA384_ID)), EVP_sha384},
    {"PSS, SHA-1 by default", NID_rsassaPss, TEST_OCTETS("\x30\x00"),
     EVP_sha256},
    // More than one hash, none, or one that nobody knows: it is undefined.
    {"PSS, two hashes", NID_rsassaPss,
     TEST_OCTETS(PSS_BOTH(SHA384_ID, MGF1_ID, SHA256_ID)), NULL},
    {"PSS, SHA-256 and the default", NID_rsassaPss,
     TEST_OCTETS("\x30\x11\xa0\x0f" SHA256_ID), NULL},
    {"PSS, the default and SHA-256", NID_rsassaPss,
     TEST_OCTETS("\x30\x1e\xa1\x1c\x30\x1a" MGF1_ID SHA256_ID), NULL},
    {"PSS, another mask", NID_rsassaPss,
     TEST_OCTETS(PSS_BOTH(SHA256_ID, NO_MGF_ID, SHA256_ID)), NULL},
    {"PSS, unknown hash", NID_rsassaPss,
     TEST_OCTETS(PSS_BOTH(NO_HASH_ID, MGF1_ID, NO_HASH_ID)), NULL},
    {"PSS without parameters", NID_rsassaPss, NULL, 0u, NULL},
    {"PSS, empty field", NID_rsassaPss, TEST_OCTETS("\x30\x02\xa0\x00"), NULL},
    {"PSS, no SEQUENCE inside", NID_rsassaPss,
     TEST_OCTETS("\x30\x05\xa0\x03\x02\x01\x01"), NULL},
    {"Ed25519", NID_ED25519, NULL, 0u, NULL},
    {"MD4", NID_md4WithRSAEncryption, NULL, 0u, NULL},
    {"not a signature", NID_rsaEncryption, NULL, 0u, NULL},
};

// The certificate of `pem`, with another signature algorithm. The signature is
// that of before: whoever does not verify it does not mind.
static void say_algorithm(smtpc_boringssl_pem *pem, const hash_row *row) {
  BIO *in = BIO_new_mem_buf(pem->cert, (int)pem->cert_len);
  BIO *out = BIO_new(BIO_s_mem());
  X509 *cert = PEM_read_bio_X509(in, NULL, NULL, NULL);
  X509_ALGOR *algorithm = X509_ALGOR_new();
  ASN1_STRING *params = NULL;
  const uint8_t *data = NULL;
  size_t len = 0u;
  assert_non_null(cert);
  if (row->params != NULL) {
    params = ASN1_STRING_type_new(V_ASN1_SEQUENCE);
    assert_int_equal(ASN1_STRING_set(params, row->params, (int)row->params_len),
                     1);
  }
  assert_int_equal(
      X509_ALGOR_set0(algorithm, OBJ_nid2obj(row->algorithm),
                      params == NULL ? V_ASN1_UNDEF : V_ASN1_SEQUENCE, params),
      1);
  assert_int_equal(X509_set1_signature_algo(cert, algorithm), 1);
  assert_int_equal(PEM_write_bio_X509(out, cert), 1);
  assert_int_equal(BIO_mem_contents(out, &data, &len), 1);
  OPENSSL_free(pem->cert);
  pem->cert = OPENSSL_malloc(len + 1u);
  memcpy(pem->cert, data, len);
  pem->cert[len] = '\0';
  pem->cert_len = len;
  X509_ALGOR_free(algorithm);
  X509_free(cert);
  BIO_free(in);
  BIO_free(out);
}

static void check_hash(const hash_row *row, uint16_t version) {
  smtpc_boringssl_pem pem;
  const smtpc_tls_peer server = test_peer_server();
  const smtpc_tls_peer client = test_peer_client(TEST_HOST, 0);
  test_label("%s, version %x", row->label, version);
  test_issue(&pem, &test_tls.authority, &test_tls_leaf);
  say_algorithm(&pem, row);
  smtpc_tls_context *ctx = test_context(&pem, NULL);
  test_pair two = {test_open(ctx, &server),
                   test_open(test_tls.client, &client)};
  test_set_versions(two.server, version, version);
  test_shake(two.client, two.server, 0u);
  const smtpc_status status = row->md == NULL ? SMTPC_E_STATE : SMTPC_OK;
  const found a = find(two.server, END_POINT, status);
  const found b = find(two.client, END_POINT, status);
  if (row->md != NULL) {
    const found want = digest_of(pem.cert, row->md());
    expect_same(&a, &want);
    expect_same(&b, &want);
  }
  // The other kind does not mind.
  (void)find(two.client, EXPORTER, SMTPC_OK);
  test_pair_free(&two);
  smtpc_boringssl_context_free(ctx);
  smtpc_boringssl_pem_free(&pem);
}

//= RFC 5929 section 4.1
static void test_binding_end_point_takes_the_hash_of_the_signature(
    void **state) {
  (void)state;
  for (size_t i = 0u; i < TEST_COUNT(hash_rows); i++) {
    check_hash(&hash_rows[i], SMTPC_TLS_1_2);
    check_hash(&hash_rows[i], SMTPC_TLS_1_3);
  }
}

// --- tls-exporter, computed here ---------------------------------------------

// HMAC-SHA-256 of two pieces.
static void hmac2(const uint8_t *key, size_t key_len, const uint8_t *a,
                  size_t a_len, const uint8_t *b, size_t b_len,
                  uint8_t out[32]) {
  uint8_t text[512];
  unsigned len = 0u;
  assert_true(a_len + b_len <= sizeof text);
  memcpy(text, a, a_len);
  if (b_len > 0u) {
    memcpy(text + a_len, b, b_len);
  }
  assert_non_null(
      HMAC(EVP_sha256(), key, key_len, text, a_len + b_len, out, &len));
}

// The PRF of TLS 1.2 with SHA-256 (RFC 5246 section 5); `seed` begins with the
// label.
static void prf(const uint8_t *key, size_t key_len, const uint8_t *seed,
                size_t seed_len, uint8_t *out, size_t len) {
  uint8_t a[32];
  uint8_t block[32];
  hmac2(key, key_len, seed, seed_len, NULL, 0u, a);
  for (size_t done = 0u; done < len; done += sizeof block) {
    const size_t piece = len - done < sizeof block ? len - done : sizeof block;
    hmac2(key, key_len, a, sizeof a, seed, seed_len, block);
    memcpy(out + done, block, piece);
    hmac2(key, key_len, a, sizeof a, NULL, 0u, a);
  }
}

// A text of octets that grows.
typedef struct octets {
  uint8_t data[4096];
  size_t len;
} octets;

static void put(octets *to, const void *data, size_t len) {
  assert_true(len <= sizeof to->data - to->len);
  memcpy(to->data + to->len, data, len);
  to->len += len;
}

static void put_literal(octets *to, const char *text) {
  put(to, text, strlen(text));
}

// A client of TLS 1.2 that does one handshake: X25519, AES-128-GCM, SHA-256. It
// looks at no signature.
typedef struct toy {
  octets transcript;
  uint8_t secret[32];
  uint8_t client_random[32];
  uint8_t server_random[32];
  uint8_t master[48];
  uint8_t peer[32];
  int extended;
} toy;

static void put_record(octets *to, uint8_t type, const uint8_t *data,
                       size_t len) {
  const uint8_t head[] = {type, 3u, 3u, (uint8_t)(len >> 8), (uint8_t)len};
  put(to, head, sizeof head);
  put(to, data, len);
}

// Sends a handshake message, in clear.
static void say(toy *client, smtpc_tls *server, uint8_t type,
                const octets *body) {
  octets message = {{0u}, 0u};
  octets wire = {{0u}, 0u};
  const uint8_t head[] = {type, 0u, (uint8_t)(body->len >> 8),
                          (uint8_t)body->len};
  put(&message, head, sizeof head);
  put(&message, body->data, body->len);
  put(&client->transcript, message.data, message.len);
  put_record(&wire, 0x16u, message.data, message.len);
  test_push(server, wire.data, wire.len, 0u);
}

static void say_hello(toy *client, smtpc_tls *server) {
  static const uint8_t head[] = {3u, 3u};
  static const uint8_t suites[] = {0u, 0u, 2u, 0xc0u, 0x2bu, 1u, 0u};
  static const uint8_t extensions[] = {
      0x00u, 0x0au, 0x00u, 0x04u, 0x00u, 0x02u, 0x00u, 0x1du,   // X25519
      0x00u, 0x0du, 0x00u, 0x04u, 0x00u, 0x02u, 0x04u, 0x03u};  // ECDSA
  static const uint8_t extended[] = {0x00u, 0x17u, 0x00u, 0x00u};
  octets body = {{0u}, 0u};
  const uint8_t len[] = {
      0u, (uint8_t)(sizeof extensions +
                    (client->extended == 1 ? sizeof extended : 0u))};
  assert_int_equal(smtpc_boringssl_random(client->client_random, 32u),
                   SMTPC_OK);
  put(&body, head, sizeof head);
  put(&body, client->client_random, 32u);
  put(&body, suites, sizeof suites);
  put(&body, len, sizeof len);
  put(&body, extensions, sizeof extensions);
  if (client->extended == 1) {
    put(&body, extended, sizeof extended);
  }
  say(client, server, 1u, &body);
}

// Takes the server's messages; what is wanted of them is its random octets and
// its public value.
static void take_flight(toy *client, smtpc_tls *server) {
  octets messages = {{0u}, 0u};
  size_t len = 0u;
  uint8_t *wire = test_pull_all(server, 4096u, &len);
  for (size_t i = 0u; i + 5u <= len;) {
    const size_t size = ((size_t)wire[i + 3u] << 8) + wire[i + 4u];
    assert_int_equal(wire[i], 0x16);
    assert_true(size <= len - i - 5u);
    put(&messages, wire + i + 5u, size);
    i += 5u + size;
  }
  free(wire);
  put(&client->transcript, messages.data, messages.len);
  for (size_t i = 0u; i + 4u <= messages.len;) {
    const uint8_t *at = messages.data + i;
    const size_t size = ((size_t)at[2] << 8) + at[3];
    if (at[0] == 2u) {
      memcpy(client->server_random, at + 6u, 32u);
    } else if (at[0] == 12u) {
      assert_memory_equal(at + 4u, "\x03\x00\x1d\x20", 4u);
      memcpy(client->peer, at + 8u, 32u);
    }
    i += 4u + size;
  }
}

static void make_master(toy *client) {
  octets seed = {{0u}, 0u};
  uint8_t shared[32];
  uint8_t hash[32];
  assert_int_equal(X25519(shared, client->secret, client->peer), 1);
  if (client->extended == 1) {
    //= RFC 7627 section 4
    (void)SHA256(client->transcript.data, client->transcript.len, hash);
    put_literal(&seed, "extended master secret");
    put(&seed, hash, sizeof hash);
  } else {
    put_literal(&seed, "master secret");
    put(&seed, client->client_random, 32u);
    put(&seed, client->server_random, 32u);
  }
  prf(shared, sizeof shared, seed.data, seed.len, client->master, 48u);
}

static void say_finished(toy *client, smtpc_tls *server) {
  static const uint8_t one = 1u;
  octets seed = {{0u}, 0u};
  octets wire = {{0u}, 0u};
  uint8_t keys[40];
  uint8_t hash[32];
  uint8_t message[16] = {20u, 0u, 0u, 12u};
  put_literal(&seed, "key expansion");
  put(&seed, client->server_random, 32u);
  put(&seed, client->client_random, 32u);
  prf(client->master, 48u, seed.data, seed.len, keys, sizeof keys);
  seed.len = 0u;
  (void)SHA256(client->transcript.data, client->transcript.len, hash);
  put_literal(&seed, "client finished");
  put(&seed, hash, sizeof hash);
  prf(client->master, 48u, seed.data, seed.len, message + 4u, 12u);
  put_record(&wire, 0x14u, &one, 1u);
  wire.len += test_seal(keys, keys + 32u, 0u, message, sizeof message,
                        wire.data + wire.len);
  test_push(server, wire.data, wire.len, 0u);
}

static void shake_toy(toy *client, smtpc_tls *server) {
  octets body = {{0u}, 0u};
  uint8_t share[33] = {32u};
  X25519_keypair(share + 1u, client->secret);
  say_hello(client, server);
  take_flight(client, server);
  put(&body, share, sizeof share);
  say(client, server, 16u, &body);
  make_master(client);
  say_finished(client, server);
  test_number(smtpc_tls_handshake(server, NULL), SMTPC_TLS_UP);
}

// Without the extended master secret there is no tls-exporter. With it the value
// is what its definition says: with a context, of no octets.
//= RFC 9266 section 4.2
//= RFC 5705 section 4
static void test_binding_exporter_of_1_2(void **state) {
  (void)state;
  for (int extended = 0; extended <= 1; extended++) {
    const smtpc_tls_peer peer = test_peer_server();
    smtpc_tls *server = test_open(test_tls.server, &peer);
    toy *client = calloc(1u, sizeof *client);
    test_label("extended %d", extended);
    assert_non_null(client);
    client->extended = extended;
    shake_toy(client, server);
    const found have =
        find(server, EXPORTER, extended == 1 ? SMTPC_OK : SMTPC_E_STATE);
    if (extended == 1) {
      octets seed = {{0u}, 0u};
      uint8_t want[32];
      put_literal(&seed, LABEL);
      put(&seed, client->client_random, 32u);
      put(&seed, client->server_random, 32u);
      put(&seed, "\0\0", 2u);
      prf(client->master, 48u, seed.data, seed.len, want, sizeof want);
      test_octets(have.data, have.len, want, sizeof want);
    }
    (void)find(server, END_POINT, SMTPC_OK);
    free(client);
    smtpc_tls_free(server);
  }
}

static char keylog[32u * 2u + 1u];

static void on_keylog(const SSL *ssl, const char *line) {
  (void)ssl;
  if (strncmp(line, "EXPORTER_SECRET ", 16u) == 0) {
    (void)snprintf(keylog, sizeof keylog, "%s", strrchr(line, ' ') + 1);
  }
}

// HKDF-Expand-Label of TLS 1.3 with SHA-256 and a context of 32 octets.
static void expand(const uint8_t key[32], const char *label,
                   const uint8_t context[32], uint8_t out[32]) {
  octets info = {{0u}, 0u};
  const uint8_t head[] = {0u, 32u, (uint8_t)(6u + strlen(label))};
  const uint8_t size = 32u;
  put(&info, head, sizeof head);
  put_literal(&info, "tls13 ");
  put_literal(&info, label);
  put(&info, &size, 1u);
  put(&info, context, 32u);
  assert_int_equal(
      HKDF_expand(out, 32u, EVP_sha256(), key, 32u, info.data, info.len), 1);
}

//= RFC 8446 section 7.5
static void test_binding_exporter_of_1_3(void **state) {
  (void)state;
  const smtpc_tls_peer server = test_peer_server();
  const smtpc_tls_peer client = test_peer_client(TEST_HOST, 0);
  smtpc_tls_context *ctx = test_context(&test_tls.good, NULL);
  uint8_t secret[32];
  uint8_t nothing[32];
  uint8_t derived[32];
  uint8_t want[32];
  test_label("1.3");
  SSL_CTX_set_keylog_callback(
      smtpc_boringssl_context_native(ctx, SMTPC_TLS_SERVER), on_keylog);
  test_pair two = {test_open(ctx, &server),
                   test_open(test_tls.client, &client)};
  smtpc_tls_facts facts;
  test_shake(two.client, two.server, 0u);
  test_number(smtpc_tls_handshake(two.client, &facts), SMTPC_TLS_UP);
  // Suites with SHA-256 alone come out as 32 octets of secret.
  assert_true(facts.cipher == 0x1301u || facts.cipher == 0x1303u);
  for (size_t i = 0u; i < sizeof secret; i++) {
    const char hex[3] = {keylog[2u * i], keylog[2u * i + 1u], '\0'};
    secret[i] = (uint8_t)strtoul(hex, NULL, 16);
  }
  (void)SHA256(NULL, 0u, nothing);
  expand(secret, LABEL, nothing, derived);
  expand(derived, "exporter", nothing, want);
  const found have = find(two.client, EXPORTER, SMTPC_OK);
  test_octets(have.data, have.len, want, sizeof want);
  test_pair_free(&two);
  smtpc_boringssl_context_free(ctx);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST_TLS_CASE(test_binding_is_the_same_on_both_sides),
      TEST_TLS_CASE(test_binding_needs_an_engine_that_is_up),
      TEST_TLS_CASE(test_binding_misuse_and_room),
      TEST_TLS_CASE(test_binding_of_a_resumed_session),
      TEST_TLS_CASE(test_binding_end_point_takes_the_hash_of_the_signature),
      TEST_TLS_CASE(test_binding_exporter_of_1_2),
      TEST_TLS_CASE(test_binding_exporter_of_1_3),
  };
  return cmocka_run_group_tests(tests, test_tls_set_up, test_tls_tear_down);
}
