#include <openssl/err.h>
#include <openssl/md5.h>
#include <openssl/sha.h>
#include <string.h>

#include "fuzz/harness/law.h"
#include "fuzz/tls/memory.h"
#include "fuzz/tls/setup.h"
#include "smtpcore/registry.h"
#include "smtpcore/sasl.h"

#define BLOCK_LEN 64u
#define DIGEST_MAX SMTPC_BORINGSSL_DIGEST_MAX
// So many rounds are done; a line may ask for more, and gets these, or more than the shim
// takes.
#define ROUNDS_MAX 64u
#define ROOM (2u * DIGEST_MAX + 16u)
#define FILLER 0xa5u

// -------------------------------------------- the same, from its definitions

static size_t plain(unsigned hash, const uint8_t *data, size_t len,
                    uint8_t out[DIGEST_MAX]) {
  static const uint8_t nothing;
  const uint8_t *from = data != NULL ? data : &nothing;
  switch (hash) {
    case SMTPC_BORINGSSL_MD5:
      (void)MD5(from, len, out);
      return MD5_DIGEST_LENGTH;
    case SMTPC_BORINGSSL_SHA1:
      (void)SHA1(from, len, out);
      return SHA_DIGEST_LENGTH;
    case SMTPC_BORINGSSL_SHA256:
      (void)SHA256(from, len, out);
      return SHA256_DIGEST_LENGTH;
    default:
      return 0u;
  }
}

// RFC 2104 section 2.
static size_t keyed(unsigned hash, const uint8_t *key, size_t key_len,
                    const uint8_t *data, size_t len, uint8_t out[DIGEST_MAX]) {
  static uint8_t text[BLOCK_LEN + SETUP_OCTETS_MAX + 4u];
  uint8_t block[BLOCK_LEN] = {0};
  if (key_len > BLOCK_LEN) {
    (void)plain(hash, key, key_len, block);
  } else if (key_len > 0u) {
    memcpy(block, key, key_len);
  }
  for (size_t i = 0u; i < BLOCK_LEN; i++) {
    text[i] = block[i] ^ 0x36u;
  }
  if (len > 0u) {
    memcpy(text + BLOCK_LEN, data, len);
  }
  const size_t digest_len = plain(hash, text, BLOCK_LEN + len, out);
  for (size_t i = 0u; i < BLOCK_LEN; i++) {
    text[i] = block[i] ^ 0x5cu;
  }
  memcpy(text + BLOCK_LEN, out, digest_len);
  return plain(hash, text, BLOCK_LEN + digest_len, out);
}

// RFC 5802 section 2.2: Hi().
static size_t salted(unsigned hash, const setup_octets *password,
                     const setup_octets *salt, uint32_t rounds,
                     uint8_t out[DIGEST_MAX]) {
  static uint8_t first[SETUP_OCTETS_MAX + 4u];
  uint8_t u[DIGEST_MAX];
  if (salt->len > 0u) {
    memcpy(first, salt->data, salt->len);
  }
  memcpy(first + salt->len, "\0\0\0\1", 4u);
  const size_t len =
      keyed(hash, password->data, password->len, first, salt->len + 4u, u);
  memcpy(out, u, len);
  for (uint32_t i = 1u; i < rounds; i++) {
    (void)keyed(hash, password->data, password->len, u, len, u);
    for (size_t k = 0u; k < len; k++) {
      out[k] ^= u[k];
    }
  }
  return len;
}

// RFC 5802 section 3. Each of the four has the length that is returned.
typedef struct scram {
  uint8_t stored[DIGEST_MAX];
  uint8_t server[DIGEST_MAX];
  uint8_t proof[DIGEST_MAX];
  uint8_t signature[DIGEST_MAX];
} scram;

static size_t scram_of(unsigned hash, const setup_octets *password,
                       const setup_octets *salt, uint32_t rounds,
                       const setup_octets *text, scram *out) {
  uint8_t hi[DIGEST_MAX];
  uint8_t client[DIGEST_MAX];
  const size_t len = salted(hash, password, salt, rounds, hi);
  (void)keyed(hash, hi, len, (const uint8_t *)"Client Key", 10u, client);
  (void)plain(hash, client, len, out->stored);
  (void)keyed(hash, hi, len, (const uint8_t *)"Server Key", 10u, out->server);
  (void)keyed(hash, out->stored, len, text->data, text->len, out->proof);
  for (size_t i = 0u; i < len; i++) {
    out->proof[i] ^= client[i];
  }
  (void)keyed(hash, out->server, len, text->data, text->len, out->signature);
  return len;
}

// -------------------------------------------------------------------- the lines

static unsigned hash_of(const char *word) {
  static const char *const words[3] = {"md5", "sha1", "sha256"};
  for (unsigned i = 0u; i < 3u; i++) {
    if (strcmp(word, words[i]) == 0) {
      return i;
    }
  }
  return 3u + (unsigned)setup_number(word, 1000u);
}

static uint32_t rounds_of(const char *word) {
  const uint64_t rounds = setup_number(word, UINT32_MAX);
  return rounds > ROUNDS_MAX && rounds <= SMTPC_ITERATIONS_MAX
             ? ROUNDS_MAX
             : (uint32_t)rounds;
}

// A call of the shim's gave `len` octets in `have`, or none: `status` is what it returned.
static void check(smtpc_status status, int may, int starved,
                  const uint8_t have[ROOM], const uint8_t *want, size_t len,
                  const char *what) {
  const smtpc_status good = may != 0 ? SMTPC_OK : SMTPC_E_ARGUMENT;
  const size_t given = status == SMTPC_OK ? len : 0u;
  FUZZ_MUST(MODEL,
            status == good || (starved != 0 && status == SMTPC_E_INTERNAL),
            "%s is %s, and must be %s", what, smtpc_status_name(status),
            smtpc_status_name(good));
  FUZZ_MUST(MODEL, given == 0u || memcmp(have, want, given) == 0,
            "%s is another one", what);
  for (size_t i = given; i < ROOM; i++) {
    FUZZ_MUST(BOUNDS, have[i] == FILLER, "%s is written where it is not", what);
  }
}

static void fill(uint8_t have[ROOM]) {
  memset(have, FILLER, ROOM);
}

static void digest_line(const setup_line *line) {
  const unsigned hash = hash_of(line->words[1]);
  setup_octets data = setup_read(line->words[2]);
  uint8_t have[ROOM];
  uint8_t want[DIGEST_MAX];
  const size_t len = plain(hash, data.data, data.len, want);
  fill(have);
  FUZZ_MUST(MODEL,
            smtpc_boringssl_digest_len((smtpc_boringssl_hash)hash) == len,
            "a digest has another length");
  setup_arm();
  const smtpc_status status = smtpc_boringssl_digest_plain(
      (smtpc_boringssl_hash)hash, data.data, data.len, have);
  check(status, len > 0u, setup_disarm("a digest"), have, want, len,
        "a digest");
  setup_free(&data);
}

static void hmac_line(const setup_line *line) {
  const unsigned hash = hash_of(line->words[1]);
  setup_octets key = setup_read(line->words[2]);
  setup_octets data = setup_read(line->words[3]);
  uint8_t have[ROOM];
  uint8_t want[DIGEST_MAX];
  const size_t len = keyed(hash, key.data, key.len, data.data, data.len, want);
  fill(have);
  setup_arm();
  const smtpc_status status = smtpc_boringssl_digest_hmac(
      (smtpc_boringssl_hash)hash, key.data, key.len, data.data, data.len, have);
  check(status, len > 0u, setup_disarm("an HMAC"), have, want, len, "an HMAC");
  setup_free(&key);
  setup_free(&data);
}

static int may_salt(unsigned hash, uint32_t rounds) {
  return hash <= SMTPC_BORINGSSL_SHA256 && rounds > 0u &&
         rounds <= SMTPC_ITERATIONS_MAX;
}

static void salted_line(const setup_line *line) {
  const unsigned hash = hash_of(line->words[1]);
  setup_octets password = setup_read(line->words[2]);
  setup_octets salt = setup_read(line->words[3]);
  const uint32_t rounds = rounds_of(line->words[4]);
  uint8_t have[ROOM];
  uint8_t want[DIGEST_MAX] = {0};
  const int may = may_salt(hash, rounds);
  const size_t len =
      may != 0 ? salted(hash, &password, &salt, rounds, want) : 0u;
  fill(have);
  setup_arm();
  const smtpc_status status = smtpc_boringssl_digest_salted(
      (smtpc_boringssl_hash)hash, password.data, password.len, salt.data,
      salt.len, rounds, have);
  check(status, may, setup_disarm("a salted digest"), have, want, len,
        "a salted digest");
  setup_free(&password);
  setup_free(&salt);
}

static void check_proof(unsigned hash, const scram *want, size_t len,
                        const setup_octets *text) {
  uint8_t keys[2u * DIGEST_MAX];
  uint8_t proof[DIGEST_MAX];
  uint8_t have[ROOM];
  memcpy(keys, want->stored, len);
  memcpy(keys + len, want->server, len);
  memcpy(proof, want->proof, len);
  smtpc_boringssl_proof given = {keys,      2u * len, text->data,
                                 text->len, proof,    len};
  for (size_t i = 0u; i <= len; i++) {
    fill(have);
    if (i > 0u) {
      proof[i - 1u] ^= 1u;
    }
    setup_arm();
    const bool right =
        smtpc_boringssl_scram_server((smtpc_boringssl_hash)hash, &given, have);
    const int starved = setup_disarm("a proof");
    FUZZ_MUST(SECRET, i == 0u || !right, "a wrong proof is right");
    FUZZ_MUST(MODEL, i > 0u || right || starved != 0, "a right proof is wrong");
    check(right ? SMTPC_OK : SMTPC_E_ARGUMENT, right, 0, have, want->signature,
          len, "a server's signature");
    if (i > 0u) {
      proof[i - 1u] ^= 1u;
    }
  }
  given.proof_len = len - 1u;
  FUZZ_MUST(
      SECRET,
      !smtpc_boringssl_scram_server((smtpc_boringssl_hash)hash, &given, have),
      "a proof that is too short is right");
  given.proof_len = len;
  given.keys_len = len;
  FUZZ_MUST(
      SECRET,
      !smtpc_boringssl_scram_server((smtpc_boringssl_hash)hash, &given, have),
      "a proof is right for half a key");
}

// scram HASH PASSWORD SALT ROUNDS TEXT
static void scram_line(const setup_line *line) {
  const unsigned hash = hash_of(line->words[1]);
  setup_octets password = setup_read(line->words[2]);
  setup_octets salt = setup_read(line->words[3]);
  const uint32_t rounds = rounds_of(line->words[4]);
  setup_octets text = setup_read(line->words[5]);
  const smtpc_boringssl_secret secret = {password.data, password.len, salt.data,
                                         salt.len, rounds};
  const int may = may_salt(hash, rounds) != 0 && hash != SMTPC_BORINGSSL_MD5 &&
                  salt.len > 0u;
  uint8_t have[ROOM];
  scram want;
  memset(&want, 0, sizeof want);
  const size_t len =
      may != 0 ? scram_of(hash, &password, &salt, rounds, &text, &want) : 0u;
  uint8_t keys[2u * DIGEST_MAX];
  uint8_t answer[2u * DIGEST_MAX];
  memcpy(keys, want.stored, len);
  memcpy(keys + len, want.server, len);
  memcpy(answer, want.proof, len);
  memcpy(answer + len, want.signature, len);
  fill(have);
  setup_arm();
  smtpc_status status =
      smtpc_boringssl_scram_keys((smtpc_boringssl_hash)hash, &secret, have);
  check(status, may, setup_disarm("keys of SCRAM"), have, keys, 2u * len,
        "keys of SCRAM");
  fill(have);
  setup_arm();
  status = smtpc_boringssl_scram_client((smtpc_boringssl_hash)hash, &secret,
                                        text.data, text.len, have);
  check(status, may, setup_disarm("an answer of SCRAM"), have, answer, 2u * len,
        "an answer of SCRAM");
  if (may != 0) {
    check_proof(hash, &want, len, &text);
  }
  setup_free(&password);
  setup_free(&salt);
  setup_free(&text);
}

// The hash of a mechanism, or -1.
static int hash_of_mechanism(const char *name) {
  static const char *const rows[5] = {"CRAM-MD5", "SCRAM-SHA-1",
                                      "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256",
                                      "SCRAM-SHA-256-PLUS"};
  for (int i = 0; i < 5; i++) {
    if (strcmp(rows[i], name) == 0) {
      return (i + 1) / 2;
    }
  }
  return -1;
}

// sasl MECHANISM PASSWORD SALT ROUNDS TEXT
static void sasl_line(const setup_line *line) {
  setup_octets password = setup_read(line->words[2]);
  setup_octets salt = setup_read(line->words[3]);
  const uint32_t rounds = rounds_of(line->words[4]);
  setup_octets text = setup_read(line->words[5]);
  const smtpc_boringssl_secret secret = {password.data, password.len, salt.data,
                                         salt.len, rounds};
  uint8_t have[ROOM];
  uint8_t want[2u * DIGEST_MAX] = {0};
  size_t have_len = 9u;
  size_t len = 0u;
  unsigned mechanism = (unsigned)setup_number(line->words[1], 1000u);
  for (unsigned i = 1u; i < SMTPC_MECHANISM_COUNT; i++) {
    mechanism = strcmp(line->words[1], smtpc_mechanism_get(i).name) == 0
                    ? i
                    : mechanism;
  }
  const int hash = mechanism < SMTPC_MECHANISM_COUNT
                       ? hash_of_mechanism(smtpc_mechanism_get(mechanism).name)
                       : -1;
  if (hash == SMTPC_BORINGSSL_MD5) {
    len = keyed(SMTPC_BORINGSSL_MD5, password.data, password.len, text.data,
                text.len, want);
  } else if (hash > 0 && salt.len > 0u &&
             may_salt((unsigned)hash, rounds) != 0) {
    scram s;
    const size_t half =
        scram_of((unsigned)hash, &password, &salt, rounds, &text, &s);
    memcpy(want, s.proof, half);
    memcpy(want + half, s.signature, half);
    len = 2u * half;
  }
  fill(have);
  setup_arm();
  const smtpc_status status = smtpc_boringssl_sasl_digest(
      mechanism, &secret, text.data, text.len, have, &have_len);
  check(status, len > 0u, setup_disarm("a mechanism's digest"), have, want, len,
        "a mechanism's digest");
  FUZZ_MUST(MODEL, have_len == (status == SMTPC_OK ? len : 0u),
            "a mechanism's digest has %zu octets", have_len);
  setup_free(&password);
  setup_free(&salt);
  setup_free(&text);
}

static void equal_line(const setup_line *line) {
  setup_octets a = setup_read(line->words[1]);
  setup_octets b = setup_read(line->words[2]);
  const int same =
      a.len == b.len && (a.len == 0u || memcmp(a.data, b.data, a.len) == 0);
  FUZZ_MUST(MODEL,
            smtpc_boringssl_equal(a.data, a.len, b.data, b.len) == (same != 0),
            "octets are the same, and are not");
  FUZZ_MUST(MISUSE,
            !smtpc_boringssl_equal(NULL, 1u, a.data, 1u) &&
                !smtpc_boringssl_equal(a.copy.data, 1u, NULL, 1u),
            "no octets are the same as some");
  setup_free(&a);
  setup_free(&b);
}

static void random_line(const setup_line *line) {
  uint8_t one[ROOM];
  uint8_t two[ROOM];
  const size_t len = (size_t)setup_number(line->words[1], ROOM);
  fill(one);
  fill(two);
  FUZZ_MUST(MODEL,
            smtpc_boringssl_random(one, len) == SMTPC_OK &&
                smtpc_boringssl_random(two, len) == SMTPC_OK &&
                smtpc_boringssl_random(NULL, 0u) == SMTPC_OK,
            "there are no random octets");
  FUZZ_MUST(SECRET, len < 16u || memcmp(one, two, len) != 0,
            "random octets are the same each time");
  for (size_t i = len; i < ROOM; i++) {
    FUZZ_MUST(BOUNDS, one[i] == FILLER && two[i] == FILLER,
              "random octets go where nobody asked");
  }
  FUZZ_MUST(MISUSE, smtpc_boringssl_random(NULL, 1u) == SMTPC_E_ARGUMENT,
            "random octets go nowhere");
}

static void refused(smtpc_status status) {
  FUZZ_MUST(MISUSE, status == SMTPC_E_ARGUMENT, "misuse is %s",
            smtpc_status_name(status));
}

static void misuse_line(const setup_line *line) {
  static const smtpc_boringssl_secret secret = {NULL, 0u, NULL, 0u, 1u};
  static const smtpc_boringssl_proof nothing;
  const smtpc_boringssl_hash sha1 = SMTPC_BORINGSSL_SHA1;
  uint8_t have[ROOM];
  size_t len = 9u;
  (void)line;
  fill(have);
  refused(smtpc_boringssl_digest_plain(sha1, NULL, 1u, have));
  refused(smtpc_boringssl_digest_plain(sha1, have, 1u, NULL));
  refused(smtpc_boringssl_digest_hmac(sha1, NULL, 1u, have, 1u, have));
  refused(smtpc_boringssl_digest_hmac(sha1, have, 1u, NULL, 1u, have));
  refused(smtpc_boringssl_digest_hmac(sha1, have, 1u, have, 1u, NULL));
  refused(smtpc_boringssl_digest_salted(sha1, NULL, 1u, have, 1u, 1u, have));
  refused(smtpc_boringssl_digest_salted(sha1, have, 1u, NULL, 1u, 1u, have));
  refused(smtpc_boringssl_digest_salted(sha1, have, 1u, have, 1u, 1u, NULL));
  refused(smtpc_boringssl_scram_keys(sha1, NULL, have));
  refused(smtpc_boringssl_scram_keys(sha1, &secret, NULL));
  refused(smtpc_boringssl_scram_client(sha1, NULL, have, 1u, have));
  refused(smtpc_boringssl_scram_client(sha1, &secret, NULL, 1u, have));
  refused(smtpc_boringssl_scram_client(sha1, &secret, have, 1u, NULL));
  refused(smtpc_boringssl_sasl_digest(SMTPC_MECHANISM_CRAM_MD5, &secret, have,
                                      1u, have, NULL));
  refused(smtpc_boringssl_sasl_digest(SMTPC_MECHANISM_CRAM_MD5, NULL, have, 1u,
                                      have, &len));
  FUZZ_MUST(MISUSE, len == 0u, "a digest of nobody has a length");
  FUZZ_MUST(MISUSE,
            !smtpc_boringssl_scram_server(sha1, NULL, have) &&
                !smtpc_boringssl_scram_server(sha1, &nothing, have) &&
                !smtpc_boringssl_scram_server(sha1, &nothing, NULL),
            "a proof of nobody is right");
  for (size_t i = 0u; i < ROOM; i++) {
    FUZZ_MUST(MISUSE, have[i] == FILLER, "misuse is answered");
  }
}

int setup_digest_line(const setup_line *line) {
  static const struct {
    const char *word;
    void (*run)(const setup_line *line);
  } rows[] = {
      {"digest", digest_line}, {"hmac", hmac_line},
      {"salted", salted_line}, {"scram", scram_line},
      {"sasl", sasl_line},     {"equal", equal_line},
      {"random", random_line}, {"misuse-of-digests", misuse_line},
  };
  for (size_t i = 0u; i < sizeof rows / sizeof rows[0]; i++) {
    if (strcmp(line->words[0], rows[i].word) == 0) {
      rows[i].run(line);
      return 1;
    }
  }
  return 0;
}
