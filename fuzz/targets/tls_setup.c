// Whatever a program gives the TLS shim before and beside a connection, each call returns
// what its header says, leaves nothing half made and nothing behind, and does the same
// again; also when memory ends in the middle.
//
// Laws: MISUSE (what is out of range is told, and changes nothing), POLICY (a context
// shows no certificate that it was not given, a broken one never), SECRET (bindings are of
// the certificate; a proof that is not right is not taken), MODEL (digests against the
// library's own, put together here), PURE (twice the same), BOUNDS (no block is left).
//
// The input is calls: one octet, two of a length, the greatest first, and so many octets.
#define _GNU_SOURCE
#include <openssl/bio.h>
#include <openssl/digest.h>
#include <openssl/err.h>
#include <openssl/md5.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz/harness/block.h"
#include "fuzz/harness/choice.h"
#include "fuzz/harness/law.h"
#include "fuzz/harness/target.h"
#include "fuzz/harness/witness.h"
#include "fuzz/tls/credentials.h"
#include "fuzz/tls/memory.h"
#include "fuzz/tls/random.h"
#include "shim/boringssl/tls_boringssl.h"

const unsigned fuzz_target_kind = FUZZ_KIND_TOKENS;

#define CALLS_MAX 24u
#define ROUNDS_MAX 64u
#define BLOCK 64u
#define PIECE_MAX 70000u
#define HANDSHAKE_TURNS 12u

typedef enum call {
  CALL_IDENTITY = 'i',  // PEM of certificates, NUL, PEM of a key
  CALL_OURS =
      'o',  // a number: an identity of ours; then DER: who signed, and how
  CALL_ROOTS = 'r',    // PEM
  CALL_CIPHERS = 'c',  // a list
  CALL_TIME = 't',     // eight octets
  CALL_FILES = 'f',    // what to do; then the content of the file
  CALL_MAKE = 'm',     // days, two octets; then a name
  CALL_DIGEST = 'd',   // a hash; then a key, NUL, data
  CALL_SCRAM =
      's',  // a mechanism, rounds; then a password, NUL, a salt, NUL, text
  CALL_OPEN = 'p',    // role, verify, version, two octets; then a name
  CALL_SHAKE = 'h',   // version, two octets; then a name that the client wants
  CALL_PUSH = 'x',    // octets for an engine of a server
  CALL_MISUSE = 'n',  // a number: a call that breaks its contract
  CALL_NAMES = 'e',   // a number: an error
  CALL_MEMORY = '!'   // the block that the next call will not get, two octets
} call;

typedef struct octets {
  const uint8_t *data;
  size_t len;
} octets;

static octets take(octets *from, size_t len) {
  const octets part = {from->data, len < from->len ? len : from->len};
  from->data += part.len;
  from->len -= part.len;
  return part;
}

static unsigned number(octets *from, size_t len) {
  const octets part = take(from, len);
  unsigned value = 0u;
  for (size_t i = 0u; i < part.len; i++) {
    value = (value << 8u) | part.data[i];
  }
  return value;
}

// Up to the next NUL, which goes too.
static octets field(octets *from) {
  const uint8_t *end = from->len > 0u ? memchr(from->data, 0, from->len) : NULL;
  const octets part =
      take(from, end != NULL ? (size_t)(end - from->data) : from->len);
  (void)take(from, 1u);
  return part;
}

// A text of its own for functions that want one; at most PIECE_MAX octets.
static const char *text_of(octets from) {
  static char text[PIECE_MAX + 1u];
  const size_t len = from.len < PIECE_MAX ? from.len : PIECE_MAX;
  if (len > 0u) {
    memcpy(text, from.data, len);
  }
  text[len] = '\0';
  return text;
}

// ------------------------------------------------------------------ what is judged

// What happened, as one number: the witness, and what must be the same again.
static uint64_t seen;

static void see(uint64_t what) {
  seen = fuzz_hash_number(seen, what);
}

// The block that the next call of the shim will not get; 0: it gets all.
static size_t withheld;

// These stand around a call of the shim: what the harness itself wants it gets.
static void arm(void) {
  tls_memory_fail_at(withheld);
  withheld = 0u;
}

static void disarm(void) {
  tls_memory_stop();
}

static int is_error(smtpc_boringssl_error error) {
  return error != SMTPC_BORINGSSL_NONE ? 1 : 0;
}

// An error that is the library's own stands for memory, and for nothing else.
static void check_error(smtpc_boringssl_error error) {
  FUZZ_MUST(MISUSE, error < SMTPC_BORINGSSL_ERROR_COUNT,
            "an error that there is not: %u", (unsigned)error);
  FUZZ_MUST(INVARIANT,
            error != SMTPC_BORINGSSL_LIBRARY || tls_memory_failed() != 0,
            "the library fails, and has memory");
  FUZZ_MUST(INVARIANT, ERR_peek_error() == 0u,
            "an error is left for whoever calls the library next");
  see(error);
}

static int serves(smtpc_tls_context *ctx) {
  static const smtpc_tls_peer peer = {.role = SMTPC_TLS_SERVER,
                                      .min_version = SMTPC_TLS_1_2};
  smtpc_tls *tls = NULL;
  const smtpc_status status = smtpc_tls_open(&tls, ctx, &peer);
  FUZZ_MUST(MISUSE, (status == SMTPC_OK) == (tls != NULL),
            "an engine and no engine at once");
  smtpc_tls_free(tls);
  return status == SMTPC_OK ? 1 : 0;
}

// ------------------------------------------------------------------------ identities

static BIO *bio_of(octets pem) {
  return BIO_new_mem_buf(pem.len > 0u ? (const void *)pem.data : "",
                         (int)pem.len);
}

// How many certificates there are, by the library's own reader; 0 when one is broken.
static size_t count_certificates(octets pem) {
  BIO *bio = bio_of(pem);
  size_t count = 0u;
  X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
  while (cert != NULL) {
    X509_free(cert);
    count++;
    cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
  }
  const uint32_t error = ERR_peek_last_error();
  const int ended = ERR_GET_LIB(error) == ERR_LIB_PEM &&
                    ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  BIO_free(bio);
  return ended != 0 ? count : 0u;
}

static void set_identity(smtpc_tls_context *ctx, octets cert, octets key) {
  smtpc_boringssl_identity found;
  const int before = serves(ctx);
  memset(&found, 0x5a, sizeof found);
  arm();
  const smtpc_boringssl_error error = smtpc_boringssl_context_set_identity(
      ctx, cert.data, cert.len, key.data, key.len, &found);
  disarm();
  check_error(error);
  see(found.chain_count);
  FUZZ_MUST(POLICY, serves(ctx) == (is_error(error) == 0 || before != 0),
            "an identity was refused and is shown, or taken and is not");
  if (is_error(error) != 0) {
    FUZZ_MUST(
        MISUSE,
        found.chain_count == 0u && found.expired == 0u && found.not_yet == 0u,
        "something is said of an identity that was refused");
    return;
  }
  FUZZ_MUST(POLICY,
            found.chain_count > 0u &&
                found.chain_count <= SMTPC_BORINGSSL_CHAIN_MAX &&
                found.chain_count == count_certificates(cert),
            "%u certificates are taken", found.chain_count);
  FUZZ_MUST(POLICY, found.expired == 0u || found.not_yet == 0u,
            "a certificate is too old and too young");
}

// The certificate of an identity of ours, signed in a way that `der` says (an
// AlgorithmIdentifier). Nobody looks at the signature itself.
static X509 *certificate_of(unsigned identity, octets der) {
  const uint8_t *at = der.data;
  X509 *cert = X509_dup(tls_certificate(identity));
  X509_ALGOR *algorithm =
      der.len > 0u ? d2i_X509_ALGOR(NULL, &at, (long)der.len) : NULL;
  if (cert != NULL && algorithm != NULL) {
    (void)X509_set1_signature_algo(cert, algorithm);
  }
  X509_ALGOR_free(algorithm);
  ERR_clear_error();
  return cert;
}

static void set_ours(smtpc_tls_context *ctx, unsigned identity, octets der) {
  BIO *cert_bio = BIO_new(BIO_s_mem());
  BIO *key_bio = BIO_new(BIO_s_mem());
  X509 *cert = certificate_of(identity, der);
  octets pem = {NULL, 0u};
  octets key = {NULL, 0u};
  const int made = PEM_write_bio_X509(cert_bio, cert) == 1 &&
                   PEM_write_bio_PrivateKey(key_bio, tls_key(identity), NULL,
                                            NULL, 0, NULL, NULL) == 1 &&
                   BIO_mem_contents(cert_bio, &pem.data, &pem.len) == 1 &&
                   BIO_mem_contents(key_bio, &key.data, &key.len) == 1;
  ERR_clear_error();
  if (made != 0) {
    set_identity(ctx, pem, key);
  }
  X509_free(cert);
  BIO_free(cert_bio);
  BIO_free(key_bio);
}

static void add_roots(smtpc_tls_context *ctx, octets pem) {
  size_t count = 77u;
  arm();
  const smtpc_boringssl_error error =
      smtpc_boringssl_context_add_roots(ctx, pem.data, pem.len, &count);
  disarm();
  check_error(error);
  see(count);
  if (tls_memory_failed() == 0) {
    const size_t want = count_certificates(pem);
    FUZZ_MUST(POLICY, is_error(error) != 0 ? count == 0u : count == want,
              "%zu certificates are trusted of %zu", count, want);
  }
}

static void set_ciphers(smtpc_tls_context *ctx, octets list) {
  arm();
  const smtpc_boringssl_error error =
      smtpc_boringssl_context_set_ciphers(ctx, text_of(list));
  disarm();
  check_error(error);
  FUZZ_MUST(MISUSE, list.len > 0u || error == SMTPC_BORINGSSL_ARGUMENT,
            "a list of nothing is taken");
}

// ---------------------------------------------------------------------------- files

static const char *memory_file(octets content, int *out_fd) {
  static char path[64];
  *out_fd = memfd_create("tls_setup", 0u);
  FUZZ_MUST(HARNESS, *out_fd >= 0, "no file in memory");
  if (content.len > 0u) {
    FUZZ_MUST(HARNESS,
              write(*out_fd, content.data, content.len) == (ssize_t)content.len,
              "a file in memory is too short");
  }
  (void)snprintf(path, sizeof path, "/proc/self/fd/%d", *out_fd);
  return path;
}

static void write_entry(const char *folder, const char *name, octets content) {
  char path[128];
  (void)snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "wb");
  FUZZ_MUST(HARNESS, file != NULL, "no file in a folder");
  (void)fwrite(content.data != NULL ? content.data : (const uint8_t *)"", 1u,
               content.len, file);
  (void)fclose(file);
}

static void remove_entry(const char *folder, const char *name) {
  char path[128];
  (void)snprintf(path, sizeof path, "%s/%s", folder, name);
  (void)unlink(path);
}

// A folder with two certificates and something else; `twists` makes its name longer.
static void add_directory(smtpc_tls_context *ctx, octets content,
                          size_t twists) {
  static char path[8192];
  char folder[64] = "/tmp/smtpcore-tls-setup-XXXXXX";
  size_t count = 77u;
  FUZZ_MUST(HARNESS, mkdtemp(folder) != NULL, "no folder");
  if (content.len > 0u) {
    write_entry(folder, "a.pem", content);
    write_entry(folder, "b.crt", content);
  }
  write_entry(folder, "c.txt", content);
  size_t len = (size_t)snprintf(path, sizeof path, "%s", folder);
  for (size_t i = 0u; i < twists && len + 3u < sizeof path; i++) {
    memcpy(path + len, "/.", 3u);
    len += 2u;
  }
  arm();
  const smtpc_boringssl_error error =
      smtpc_boringssl_context_add_roots_directory(ctx, path, &count);
  disarm();
  check_error(error);
  FUZZ_MUST(POLICY,
            is_error(error) != 0 ? count == 0u
                                 : count == 2u * count_certificates(content),
            "%zu certificates of a folder are trusted", count);
  remove_entry(folder, "a.pem");
  remove_entry(folder, "b.crt");
  remove_entry(folder, "c.txt");
  (void)rmdir(folder);
}

static const char *strange_path(unsigned which) {
  static const char *const paths[4] = {"/proc/self/no-such-file", "/",
                                       "/dev/zero", NULL};
  return paths[which % 4u];
}

static void try_files(smtpc_tls_context *ctx, unsigned what, octets content) {
  size_t count = 0u;
  int fd = -1;
  const char *path = memory_file(content, &fd);
  const char *other = strange_path(what / 8u);
  smtpc_boringssl_identity found;
  switch (what % 8u) {
    case 0u:
      check_error(smtpc_boringssl_context_add_roots_file(ctx, path, &count));
      break;
    case 1u:
      FUZZ_MUST(MISUSE,
                is_error(smtpc_boringssl_context_add_roots_file(ctx, other,
                                                                &count)) != 0,
                "certificates of no file are trusted");
      break;
    case 2u:
      check_error(
          smtpc_boringssl_context_set_identity_files(ctx, path, path, &found));
      break;
    case 3u:
      FUZZ_MUST(MISUSE,
                is_error(smtpc_boringssl_context_set_identity_files(
                    ctx, path, other, &found)) != 0,
                "a key of no file is taken");
      break;
    case 4u:
      FUZZ_MUST(MISUSE,
                is_error(smtpc_boringssl_context_set_identity_files(
                    ctx, other, path, NULL)) != 0,
                "a certificate of no file is taken");
      break;
    case 5u:
      add_directory(ctx, content, (size_t)(what / 8u) * 136u);
      break;
    case 6u:
      FUZZ_MUST(MISUSE,
                is_error(smtpc_boringssl_context_add_roots_directory(
                    ctx, what / 8u % 4u == 2u ? "/proc/self/no-such" : other,
                    &count)) != 0,
                "certificates of no folder are trusted");
      break;
    default:
      // What this system has is its own; that it is told as it should be is not.
      (void)smtpc_boringssl_context_add_roots_system(ctx, &count);
      ERR_clear_error();
      break;
  }
  (void)close(fd);
  ERR_clear_error();
}

// -------------------------------------------------------------------- certificates

static void make(octets in) {
  smtpc_boringssl_pem pem;
  smtpc_tls_context *ctx = NULL;
  const unsigned days = number(&in, 2u);
  memset(&pem, 0x5a, sizeof pem);
  arm();
  const smtpc_boringssl_error error = smtpc_boringssl_certificate_make(
      (const char *)in.data, in.len, TLS_NOW, days, &pem);
  disarm();
  check_error(error);
  if (is_error(error) != 0) {
    FUZZ_MUST(MISUSE,
              pem.cert == NULL && pem.key == NULL && pem.cert_len == 0u &&
                  pem.key_len == 0u,
              "half a certificate is made");
    return;
  }
  FUZZ_MUST(MISUSE, days > 0u && days <= SMTPC_BORINGSSL_DAYS_MAX,
            "a certificate is made for %u days", days);
  FUZZ_MUST(HARNESS, smtpc_boringssl_context_new(&ctx) == SMTPC_BORINGSSL_NONE,
            "no context");
  smtpc_boringssl_context_set_time(ctx, TLS_NOW);
  smtpc_boringssl_identity found;
  FUZZ_MUST(POLICY,
            smtpc_boringssl_context_set_identity(
                ctx, (const uint8_t *)pem.cert, pem.cert_len,
                (const uint8_t *)pem.key, pem.key_len,
                &found) == SMTPC_BORINGSSL_NONE &&
                found.chain_count == 1u && found.expired == 0u &&
                found.not_yet == 0u,
            "a certificate is made that nobody can use");
  smtpc_boringssl_context_free(ctx);
  smtpc_boringssl_pem_free(&pem);
}

// ------------------------------------------------------------------------- digests

// RFC 2104, put together from the library's plain hashes.
static size_t plain_hash(unsigned hash, const uint8_t *data, size_t len,
                         uint8_t *out) {
  switch (hash) {
    case SMTPC_BORINGSSL_MD5:
      (void)MD5(data, len, out);
      return MD5_DIGEST_LENGTH;
    case SMTPC_BORINGSSL_SHA1:
      (void)SHA1(data, len, out);
      return SHA_DIGEST_LENGTH;
    default:
      (void)SHA256(data, len, out);
      return SHA256_DIGEST_LENGTH;
  }
}

static size_t hmac(unsigned hash, octets key, octets data, uint8_t *out) {
  static uint8_t inner[BLOCK + PIECE_MAX];
  uint8_t outer[BLOCK + SMTPC_BORINGSSL_DIGEST_MAX];
  uint8_t block[BLOCK] = {0};
  const size_t data_len = data.len < PIECE_MAX ? data.len : PIECE_MAX;
  if (key.len > BLOCK) {
    (void)plain_hash(hash, key.data, key.len, block);
  } else if (key.len > 0u) {
    memcpy(block, key.data, key.len);
  }
  for (size_t i = 0u; i < BLOCK; i++) {
    inner[i] = (uint8_t)(block[i] ^ 0x36u);
    outer[i] = (uint8_t)(block[i] ^ 0x5cu);
  }
  if (data_len > 0u) {
    memcpy(inner + BLOCK, data.data, data_len);
  }
  const size_t len = plain_hash(hash, inner, BLOCK + data_len, outer + BLOCK);
  return plain_hash(hash, outer, BLOCK + len, out);
}

// RFC 8018 section 5.2, one block of it.
static size_t salted(unsigned hash, octets password, octets salt,
                     unsigned rounds, uint8_t *out) {
  static uint8_t first[PIECE_MAX + 4u];
  uint8_t last[SMTPC_BORINGSSL_DIGEST_MAX];
  const size_t salt_len = salt.len < PIECE_MAX ? salt.len : PIECE_MAX;
  if (salt_len > 0u) {
    memcpy(first, salt.data, salt_len);
  }
  memcpy(first + salt_len, "\0\0\0\1", 4u);
  octets text = {first, salt_len + 4u};
  const size_t len = hmac(hash, password, text, last);
  memcpy(out, last, len);
  for (unsigned i = 1u; i < rounds; i++) {
    text.data = last;
    text.len = len;
    (void)hmac(hash, password, text, last);
    for (size_t at = 0u; at < len; at++) {
      out[at] = (uint8_t)(out[at] ^ last[at]);
    }
  }
  return len;
}

static void check_status(smtpc_status status) {
  FUZZ_MUST(INVARIANT,
            status == SMTPC_OK || status == SMTPC_E_ARGUMENT ||
                (status == SMTPC_E_INTERNAL && tls_memory_failed() != 0),
            "status %u, and there is memory", (unsigned)status);
  see((uint64_t)status);
}

static void digest(octets in) {
  const unsigned hash = number(&in, 1u) % 4u;
  uint8_t have[SMTPC_BORINGSSL_DIGEST_MAX] = {0};
  uint8_t want[SMTPC_BORINGSSL_DIGEST_MAX];
  const octets key = field(&in);
  const size_t len = smtpc_boringssl_digest_len((smtpc_boringssl_hash)hash);
  arm();
  const smtpc_status plain = smtpc_boringssl_digest_plain(
      (smtpc_boringssl_hash)hash, in.data, in.len, have);
  check_status(plain);
  FUZZ_MUST(MISUSE, (len == 0u) == (hash > SMTPC_BORINGSSL_SHA256),
            "hash %u has %zu octets", hash, len);
  if (plain == SMTPC_OK) {
    FUZZ_MUST(MODEL,
              plain_hash(hash, in.data, in.len, want) == len &&
                  memcmp(have, want, len) == 0,
              "a digest is another");
  }
  const smtpc_status keyed = smtpc_boringssl_digest_hmac(
      (smtpc_boringssl_hash)hash, key.data, key.len, in.data, in.len, have);
  disarm();
  check_status(keyed);
  if (keyed == SMTPC_OK) {
    FUZZ_MUST(MODEL,
              hmac(hash, key, in, want) == len && memcmp(have, want, len) == 0,
              "an HMAC is another");
    see(fuzz_hash(0u, have, len));
  }
}

// What a server stores, by RFC 5802 section 3.
static void keys_of(unsigned hash, const smtpc_boringssl_secret *secret,
                    uint8_t *out) {
  static const octets labels[2] = {{(const uint8_t *)"Client Key", 10u},
                                   {(const uint8_t *)"Server Key", 10u}};
  uint8_t base[SMTPC_BORINGSSL_DIGEST_MAX];
  uint8_t client[SMTPC_BORINGSSL_DIGEST_MAX];
  const octets password = {secret->password, secret->password_len};
  const octets salt = {secret->salt, secret->salt_len};
  const size_t len = salted(hash, password, salt, secret->iterations, base);
  const octets key = {base, len};
  (void)hmac(hash, key, labels[0], client);
  (void)plain_hash(hash, client, len, out);
  (void)hmac(hash, key, labels[1], out + len);
}

static void check_proof(smtpc_boringssl_hash hash, const uint8_t *keys,
                        const uint8_t *answer, size_t len, octets text) {
  uint8_t signature[SMTPC_BORINGSSL_DIGEST_MAX] = {0};
  uint8_t wrong[SMTPC_BORINGSSL_DIGEST_MAX];
  smtpc_boringssl_proof given = {keys,     2u * len, text.data,
                                 text.len, answer,   len};
  FUZZ_MUST(SECRET,
            smtpc_boringssl_scram_server(hash, &given, signature) &&
                memcmp(signature, answer + len, len) == 0,
            "a right proof is refused, or answered wrongly");
  memcpy(wrong, answer, len);
  wrong[len / 2u] = (uint8_t)(wrong[len / 2u] ^ 1u);
  given.proof = wrong;
  memset(signature, 0, sizeof signature);
  FUZZ_MUST(SECRET,
            !smtpc_boringssl_scram_server(hash, &given, signature) &&
                signature[0] == 0u,
            "a wrong proof is taken");
  given.proof_len = len - 1u;
  FUZZ_MUST(SECRET, !smtpc_boringssl_scram_server(hash, &given, signature),
            "a short proof is taken");
}

static void scram(octets in) {
  const unsigned mechanism = number(&in, 1u) % (SMTPC_MECHANISM_COUNT + 1u);
  const unsigned rounds = number(&in, 1u) % (ROUNDS_MAX + 1u);
  const octets password = field(&in);
  const octets salt = field(&in);
  smtpc_boringssl_secret secret = {password.data, password.len, salt.data,
                                   salt.len, rounds};
  uint8_t answer[2u * SMTPC_BORINGSSL_DIGEST_MAX] = {0};
  uint8_t have[2u * SMTPC_BORINGSSL_DIGEST_MAX] = {0};
  uint8_t want[2u * SMTPC_BORINGSSL_DIGEST_MAX];
  size_t answer_len = 77u;
  smtpc_boringssl_hash hash = SMTPC_BORINGSSL_MD5;
  const int known = smtpc_boringssl_hash_of(mechanism, &hash) ? 1 : 0;
  arm();
  const smtpc_status status = smtpc_boringssl_sasl_digest(
      mechanism, &secret, in.data, in.len, answer, &answer_len);
  disarm();
  check_status(status);
  see(answer_len);
  FUZZ_MUST(MISUSE, status == SMTPC_OK ? known != 0 : answer_len == 0u,
            "an answer of no mechanism");
  if (status != SMTPC_OK || hash == SMTPC_BORINGSSL_MD5) {
    return;
  }
  const size_t len = smtpc_boringssl_digest_len(hash);
  FUZZ_MUST(HARNESS,
            smtpc_boringssl_scram_keys(hash, &secret, have) == SMTPC_OK,
            "no keys");
  keys_of(hash, &secret, want);
  FUZZ_MUST(MODEL, memcmp(have, want, 2u * len) == 0,
            "what a server stores is another");
  check_proof(hash, have, answer, len, in);
}

// ------------------------------------------------------------------------- engines

// What a caller may say of a peer, by smtpcore/tls.h.
static int may_be_opened(const smtpc_tls_peer *peer) {
  const int client = peer->role == SMTPC_TLS_CLIENT;
  return (peer->role == SMTPC_TLS_SERVER || client) && peer->verify <= 1u &&
                 peer->min_version >= SMTPC_TLS_1_0 &&
                 peer->min_version <= SMTPC_TLS_1_3 &&
                 peer->name_len <= SMTPC_TLS_NAME_MAX &&
                 (client != 0 ||
                  (peer->verify == 0u && peer->name_len == 0u)) &&
                 (peer->verify == 0u || peer->name_len > 0u)
             ? 1
             : 0;
}

static void open_engine(smtpc_tls_context *ctx, octets in) {
  smtpc_tls_peer peer;
  smtpc_tls *tls = NULL;
  memset(&peer, 0, sizeof peer);
  peer.role = (uint8_t)number(&in, 1u);
  peer.verify = (uint8_t)number(&in, 1u);
  peer.min_version = (uint16_t)number(&in, 2u);
  const size_t most = sizeof peer.name;
  peer.name_len = (uint16_t)(in.len < UINT16_MAX ? in.len : UINT16_MAX);
  if (in.len > 0u) {
    memcpy(peer.name, in.data, in.len < most ? in.len : most);
  }
  arm();
  const smtpc_status status = smtpc_tls_open(&tls, ctx, &peer);
  disarm();
  check_status(status);
  FUZZ_MUST(MISUSE, (status == SMTPC_OK) == (tls != NULL),
            "an engine and no engine at once");
  FUZZ_MUST(MISUSE, tls == NULL || may_be_opened(&peer) != 0,
            "an engine is opened for a peer that there cannot be");
  if (tls != NULL && peer.role == SMTPC_TLS_CLIENT) {
    // Memory may end in the middle of a hello as well.
    arm();
    smtpc_tls_facts facts;
    see((uint64_t)smtpc_tls_handshake(tls, &facts));
    disarm();
  }
  smtpc_tls_free(tls);
}

static void carry(smtpc_tls *from, smtpc_tls *to) {
  static uint8_t data[4096];
  size_t len = 0u;
  size_t used = 0u;
  while (smtpc_tls_pull(from, data, sizeof data, &len) == SMTPC_OK &&
         len > 0u) {
    (void)smtpc_tls_push(to, data, len, &used);
  }
}

// RFC 5929 section 4.1: a hash of the whole certificate, of the length that it has.
static void check_end_point(smtpc_tls *tls, const uint8_t *have, size_t len) {
  const EVP_MD *const known[4] = {EVP_sha224(), EVP_sha256(), EVP_sha384(),
                                  EVP_sha512()};
  SSL *ssl = smtpc_boringssl_native(tls);
  uint8_t want[EVP_MAX_MD_SIZE];
  unsigned want_len = 0u;
  X509 *cert = SSL_is_server(ssl) != 0 ? SSL_get_certificate(ssl)
                                       : SSL_get_peer_certificate(ssl);
  int right = len == 0u;
  for (size_t i = 0u; i < 4u; i++) {
    right |= len == EVP_MD_size(known[i]) &&
             X509_digest(cert, known[i], want, &want_len) == 1 &&
             want_len == len && memcmp(want, have, len) == 0;
  }
  if (SSL_is_server(ssl) == 0) {
    X509_free(cert);
  }
  FUZZ_MUST(SECRET, right != 0, "a binding is not the certificate's");
}

static void check_bindings(smtpc_tls *one, smtpc_tls *two) {
  for (unsigned kind = 0u; kind <= SMTPC_BINDING_COUNT; kind++) {
    uint8_t a[SMTPC_BINDING_MAX] = {0};
    uint8_t b[SMTPC_BINDING_MAX] = {0};
    uint8_t small[8];
    size_t a_len = 77u;
    size_t b_len = 77u;
    size_t small_len = 77u;
    const smtpc_status have = smtpc_tls_binding(one, kind, a, sizeof a, &a_len);
    FUZZ_MUST(SECRET,
              have == smtpc_tls_binding(two, kind, b, sizeof b, &b_len) &&
                  a_len == b_len && memcmp(a, b, sizeof a) == 0,
              "two ends of one channel are bound to different things");
    see((uint64_t)have);
    FUZZ_MUST(MISUSE, (have == SMTPC_OK) == (a_len > 0u),
              "a binding of no octets");
    FUZZ_MUST(
        MISUSE,
        have != SMTPC_OK || (smtpc_tls_binding(one, kind, small, sizeof small,
                                               &small_len) == SMTPC_E_ROOM &&
                             small_len == 0u),
        "a binding is cut");
    if (kind == SMTPC_BINDING_END_POINT && have == SMTPC_OK) {
      check_end_point(one, a, a_len);
    }
  }
}

// A server of the context and a client of it, which checks nothing, talk.
static void shake(smtpc_tls_context *ctx, octets in) {
  smtpc_tls_peer server = {.role = SMTPC_TLS_SERVER,
                           .min_version = SMTPC_TLS_1_2};
  smtpc_tls_peer client = {.role = SMTPC_TLS_CLIENT,
                           .min_version = SMTPC_TLS_1_2};
  smtpc_tls *ends[2] = {NULL, NULL};
  smtpc_tls_facts facts[2];
  const unsigned high = number(&in, 2u);
  const size_t len = in.len < sizeof client.name ? in.len : sizeof client.name;
  memset(facts, 0, sizeof facts);
  client.name_len = (uint16_t)len;
  if (len > 0u) {
    memcpy(client.name, in.data, len);
  }
  arm();
  if (smtpc_tls_open(&ends[0], ctx, &server) == SMTPC_OK &&
      smtpc_tls_open(&ends[1], ctx, &client) == SMTPC_OK) {
    (void)SSL_set_max_proto_version(smtpc_boringssl_native(ends[1]),
                                    (uint16_t)high);
    for (unsigned i = 0u; i < HANDSHAKE_TURNS; i++) {
      (void)smtpc_tls_handshake(ends[1], &facts[1]);
      carry(ends[1], ends[0]);
      (void)smtpc_tls_handshake(ends[0], &facts[0]);
      carry(ends[0], ends[1]);
    }
  }
  disarm();
  ERR_clear_error();
  see(facts[0].version);
  see(facts[1].failure);
  FUZZ_MUST(INVARIANT,
            tls_memory_failed() != 0 ||
                (facts[0].failure != SMTPC_TLS_FAILURE_INTERNAL &&
                 facts[1].failure != SMTPC_TLS_FAILURE_INTERNAL),
            "a handshake fails for no reason, and there is memory");
  if (facts[0].version != 0u && facts[1].version != 0u) {
    check_bindings(ends[0], ends[1]);
    arm();
    (void)smtpc_tls_write(ends[0], (const uint8_t *)"220 x\r\n", 7u);
    carry(ends[0], ends[1]);
    disarm();
  }
  smtpc_tls_free(ends[0]);
  smtpc_tls_free(ends[1]);
}

// Octets for a server's engine, as often as it takes: a peer without an end.
static void push(smtpc_tls_context *ctx, octets in) {
  static const smtpc_tls_peer peer = {.role = SMTPC_TLS_SERVER,
                                      .min_version = SMTPC_TLS_1_2};
  smtpc_tls *tls = NULL;
  size_t all = 0u;
  size_t used = 1u;
  smtpc_tls_state state = SMTPC_TLS_HANDSHAKING;
  if (smtpc_tls_open(&tls, ctx, &peer) != SMTPC_OK || in.len == 0u) {
    smtpc_tls_free(tls);
    return;
  }
  arm();
  while (state == SMTPC_TLS_HANDSHAKING && used > 0u) {
    if (smtpc_tls_push(tls, in.data, in.len, &used) != SMTPC_OK) {
      used = 0u;
    }
    all += used;
    state = smtpc_tls_handshake(tls, NULL);
  }
  disarm();
  see((uint64_t)smtpc_tls_failure_of(tls));
  FUZZ_MUST(BOUNDS, all <= SMTPC_BORINGSSL_HANDSHAKE_MAX,
            "a handshake takes %zu octets", all);
  FUZZ_MUST(POLICY, state != SMTPC_TLS_UP, "TLS is up with who has no keys");
  smtpc_tls_free(tls);
  ERR_clear_error();
}

// -------------------------------------------------------------------------- misuse

static int engine_misuse(unsigned which, smtpc_tls *tls) {
  uint8_t out[8];
  size_t len = 77u;
  switch (which % 10u) {
    case 0u:
      return smtpc_tls_push(NULL, out, 1u, &len) == SMTPC_E_ARGUMENT &&
             len == 0u;
    case 1u:
      return smtpc_tls_push(tls, NULL, 1u, &len) == SMTPC_E_ARGUMENT &&
             smtpc_tls_push(tls, out, 1u, NULL) == SMTPC_E_ARGUMENT;
    case 2u:
      return smtpc_tls_push(tls, out, 0u, &len) == SMTPC_OK && len == 0u;
    case 3u:
      return smtpc_tls_pull(NULL, out, 1u, &len) == SMTPC_E_ARGUMENT &&
             smtpc_tls_pull(tls, out, 1u, NULL) == SMTPC_E_ARGUMENT &&
             smtpc_tls_pull(tls, NULL, 1u, &len) == SMTPC_E_ARGUMENT;
    case 4u:
      return smtpc_tls_handshake(NULL, NULL) == SMTPC_TLS_FAILED;
    case 5u:
      return smtpc_tls_read(NULL, out, 1u, &len) == SMTPC_TLS_FAILED &&
             smtpc_tls_read(tls, NULL, 1u, &len) == SMTPC_TLS_HANDSHAKING &&
             smtpc_tls_read(tls, out, 1u, NULL) == SMTPC_TLS_HANDSHAKING;
    case 6u:
      return smtpc_tls_write(NULL, out, 1u) == SMTPC_E_ARGUMENT &&
             smtpc_tls_write(tls, NULL, 1u) == SMTPC_E_ARGUMENT &&
             smtpc_tls_write(tls, out, 1u) == SMTPC_E_STATE;
    case 7u:
      return smtpc_tls_end_of_stream(NULL) == SMTPC_TLS_FAILED &&
             smtpc_tls_failure_of(NULL) == SMTPC_TLS_FAILURE_INTERNAL;
    case 8u:
      smtpc_tls_close(NULL);
      smtpc_tls_free(NULL);
      smtpc_tls_close(tls);
      return 1;
    default:
      return smtpc_tls_binding(NULL, 1u, out, 8u, &len) == SMTPC_E_ARGUMENT &&
             smtpc_tls_binding(tls, 1u, NULL, 8u, &len) == SMTPC_E_ARGUMENT &&
             smtpc_tls_binding(tls, 1u, out, 8u, NULL) == SMTPC_E_ARGUMENT &&
             smtpc_tls_binding(tls, 1u, out, 8u, &len) == SMTPC_E_STATE;
  }
}

static int setup_misuse(unsigned which, smtpc_tls_context *ctx) {
  static char long_list[600];
  const uint8_t octet = 0u;
  uint8_t out[SMTPC_BORINGSSL_DIGEST_MAX * 2u];
  smtpc_tls *tls = NULL;
  size_t len = 77u;
  switch (which % 12u) {
    case 0u:
      return smtpc_boringssl_context_new(NULL) == SMTPC_BORINGSSL_ARGUMENT;
    case 1u:
      return smtpc_boringssl_context_set_identity(NULL, &octet, 1u, &octet, 1u,
                                                  NULL) ==
                 SMTPC_BORINGSSL_ARGUMENT &&
             smtpc_boringssl_context_set_identity(
                 ctx, NULL, 1u, &octet, 1u, NULL) == SMTPC_BORINGSSL_ARGUMENT;
    case 2u:
      return smtpc_boringssl_context_add_roots(NULL, &octet, 1u, &len) ==
                 SMTPC_BORINGSSL_ARGUMENT &&
             len == 0u;
    case 3u:
      memset(long_list, 'A', sizeof long_list - 1u);
      return smtpc_boringssl_context_set_ciphers(ctx, long_list) ==
                 SMTPC_BORINGSSL_ARGUMENT &&
             smtpc_boringssl_context_set_ciphers(ctx, NULL) ==
                 SMTPC_BORINGSSL_NONE;
    case 4u:
      return smtpc_tls_open(NULL, ctx, NULL) == SMTPC_E_ARGUMENT &&
             smtpc_tls_open(&tls, ctx, NULL) == SMTPC_E_ARGUMENT && tls == NULL;
    case 5u:
      return smtpc_boringssl_certificate_make("a", 1u, TLS_NOW, 1u, NULL) ==
             SMTPC_BORINGSSL_ARGUMENT;
    case 6u:
      return smtpc_boringssl_digest_plain(SMTPC_BORINGSSL_MD5, NULL, 1u, out) ==
                 SMTPC_E_ARGUMENT &&
             smtpc_boringssl_digest_hmac(SMTPC_BORINGSSL_MD5, NULL, 1u, &octet,
                                         1u, out) == SMTPC_E_ARGUMENT &&
             smtpc_boringssl_digest_salted(SMTPC_BORINGSSL_MD5, &octet, 1u,
                                           &octet, 1u, 0u,
                                           out) == SMTPC_E_ARGUMENT;
    case 7u:
      return smtpc_boringssl_random(NULL, 1u) == SMTPC_E_ARGUMENT &&
             smtpc_boringssl_random(out, sizeof out) == SMTPC_OK &&
             !smtpc_boringssl_equal(out, 2u, out, 1u) &&
             smtpc_boringssl_equal(out, 2u, out, 2u);
    case 8u:
      return smtpc_boringssl_sasl_digest(0u, NULL, &octet, 1u, out, NULL) ==
                 SMTPC_E_ARGUMENT &&
             smtpc_boringssl_scram_keys(SMTPC_BORINGSSL_SHA1, NULL, out) ==
                 SMTPC_E_ARGUMENT &&
             smtpc_boringssl_scram_client(SMTPC_BORINGSSL_SHA1, NULL, &octet,
                                          1u, out) == SMTPC_E_ARGUMENT;
    case 9u:
      return !smtpc_boringssl_scram_server(SMTPC_BORINGSSL_SHA1, NULL, out);
    case 10u:
      smtpc_boringssl_pem_free(NULL);
      smtpc_boringssl_context_free(NULL);
      return smtpc_boringssl_context_native(ctx, SMTPC_TLS_CLIENT) != NULL;
    default:
      return smtpc_boringssl_context_add_roots_file(ctx, NULL, &len) ==
                 SMTPC_BORINGSSL_ARGUMENT &&
             smtpc_boringssl_context_add_roots_directory(NULL, "/", &len) ==
                 SMTPC_BORINGSSL_ARGUMENT;
  }
}

static void misuse(smtpc_tls_context *ctx, octets in) {
  static const smtpc_tls_peer peer = {.role = SMTPC_TLS_CLIENT,
                                      .min_version = SMTPC_TLS_1_2};
  const unsigned which = number(&in, 1u);
  smtpc_tls *tls = NULL;
  FUZZ_MUST(HARNESS, smtpc_tls_open(&tls, ctx, &peer) == SMTPC_OK, "no engine");
  const int right = which < 128u ? engine_misuse(which, tls)
                                 : setup_misuse(which - 128u, ctx);
  smtpc_tls_free(tls);
  FUZZ_MUST(MISUSE, right != 0, "misuse %u is not told", which);
  FUZZ_MUST(INVARIANT, ERR_peek_error() == 0u, "misuse leaves an error");
}

static void names(octets in) {
  const unsigned which = number(&in, 1u);
  const char *name =
      smtpc_boringssl_error_name((smtpc_boringssl_error)(which % 32u));
  const char *text =
      smtpc_boringssl_error_text((smtpc_boringssl_error)(which % 32u));
  const int known = which % 32u < SMTPC_BORINGSSL_ERROR_COUNT;
  FUZZ_MUST(MISUSE,
            (strcmp(name, "unknown") != 0) == known &&
                (strcmp(text, "unknown error") != 0) == known,
            "error %u is called %s", which % 32u, name);
}

// ---------------------------------------------------------------------------- input

static void do_call(smtpc_tls_context *ctx, unsigned which, octets in) {
  octets first;
  switch (which) {
    case CALL_IDENTITY:
      first = field(&in);
      set_identity(ctx, first, in);
      break;
    case CALL_OURS:
      first = take(&in, 1u);
      set_ours(ctx, number(&first, 1u), in);
      break;
    case CALL_ROOTS:
      add_roots(ctx, in);
      break;
    case CALL_CIPHERS:
      set_ciphers(ctx, in);
      break;
    case CALL_TIME:
      smtpc_boringssl_context_set_time(ctx, (int64_t)number(&in, 4u));
      break;
    case CALL_FILES:
      first = take(&in, 1u);
      try_files(ctx, number(&first, 1u), in);
      break;
    case CALL_MAKE:
      make(in);
      break;
    case CALL_DIGEST:
      digest(in);
      break;
    case CALL_SCRAM:
      scram(in);
      break;
    case CALL_OPEN:
      open_engine(ctx, in);
      break;
    case CALL_SHAKE:
      shake(ctx, in);
      break;
    case CALL_PUSH:
      push(ctx, in);
      break;
    case CALL_MISUSE:
      misuse(ctx, in);
      break;
    case CALL_NAMES:
      names(in);
      break;
    case CALL_MEMORY:
      withheld = number(&in, 2u);
      break;
    default:
      break;
  }
}

// Returns what all of it led to.
static uint64_t run(const uint8_t *data, size_t size) {
  octets in = {data, size};
  smtpc_tls_context *ctx = NULL;
  seen = 0u;
  withheld = 0u;
  tls_random_reset(0u);
  FUZZ_MUST(HARNESS, smtpc_boringssl_context_new(&ctx) == SMTPC_BORINGSSL_NONE,
            "no context");
  for (unsigned i = 0u; i < CALLS_MAX && in.len > 2u; i++) {
    const unsigned which = number(&in, 1u);
    const size_t len = number(&in, 2u);
    do_call(ctx, which, take(&in, len));
  }
  arm();
  smtpc_tls_context *last = NULL;
  const smtpc_boringssl_error error = smtpc_boringssl_context_new(&last);
  disarm();
  FUZZ_MUST(MISUSE, (error == SMTPC_BORINGSSL_NONE) == (last != NULL),
            "a context and no context at once");
  check_error(error);
  smtpc_boringssl_context_free(last);
  smtpc_boringssl_context_free(ctx);
  ERR_clear_error();
  return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static int warm;
  tls_prepare();
  if (warm == 0) {
    // What the library makes once for a process it makes now.
    static const uint8_t all[] = "o\0\1\0h\0\2\3\4";
    warm = 1;
    (void)run(all, sizeof all - 1u);
  }
  const uint64_t first = run(data, size);
  const size_t live = tls_memory_live();
  const uint64_t second = run(data, size);
  FUZZ_MUST(PURE, first == second, "the same calls lead to something else");
  FUZZ_MUST(BOUNDS, tls_memory_live() == live, "%zu blocks are left",
            tls_memory_live() - live);
  fuzz_witness_give(first);
  return 0;
}
