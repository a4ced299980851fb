// Tests of what accounts hold for SCRAM: how the fields are read and written, whose
// proof is right, and what a stranger can learn of names.
#define _POSIX_C_SOURCE 200809L
#define _DEFAULT_SOURCE 1  // getentropy

#include "shim/store/accounts_scram.h"

#include <errno.h>
#include <nettle/hmac.h>
#include <nettle/pbkdf2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "shim/store/accounts_testing.h"
#include "shim/store/store_testing.h"
#include "smtpcore/registry.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define SHA1 SMTPC_MECHANISM_SCRAM_SHA_1
#define SHA1_PLUS SMTPC_MECHANISM_SCRAM_SHA_1_PLUS
#define SHA256 SMTPC_MECHANISM_SCRAM_SHA_256
#define SHA256_PLUS SMTPC_MECHANISM_SCRAM_SHA_256_PLUS
#define MEND "; write the line again with `smtpcore account`"

// The example of RFC 7677 section 3: "pencil", 4096 iterations.
#define SALT "W22ZaJ0SNY7soEsUEjb6gQ=="
#define STORED "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY="
#define SERVER "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
#define KEYS_256 "4096," SALT "," STORED "," SERVER
#define FIELD_256 ":scram-sha-256=" KEYS_256
// The keys of the example of RFC 5802 section 5. Its salt is shorter than ours, but
// no proof hangs on it.
#define STORED_1 "6dlGYMOdZcOPutkcNY8U2g7vK9Y="
#define SERVER_1 "D+CSWLOshSulAsxiupA+qs2/fTE="
#define KEYS_1 "4096," SALT "," STORED_1 "," SERVER_1
#define FIELD_1 ":scram-sha-1=" KEYS_1
#define FIELD_CRAM                             \
  ":cram-md5=00000000000000000000000000000000" \
  "00000000000000000000000000000000"

// The test stands in front of the system's getentropy: call number `fail_at` fails.
static int calls;
static int fail_at;

int getentropy(void *data, size_t len) {
  calls++;
  if (calls == fail_at) {
    errno = ENOSYS;
    return -1;
  }
  return getrandom(data, len, 0) == (ssize_t)len ? 0 : -1;
}

typedef struct writing {
  bool cram_md5;
  bool scram_sha_1;
  bool scram_sha_256;
  uint32_t iterations;
} writing;

static smtpc_store_status write_entry(const char *name, const char *password,
                                      const writing *with) {
  const smtpc_accounts_entry entry = {
      .name = store_copy(name, strlen(name)),
      .name_len = strlen(name),
      .password = store_copy(password, strlen(password)),
      .password_len = strlen(password),
      .cram_md5 = with->cram_md5,
      .scram_sha_1 = with->scram_sha_1,
      .scram_sha_256 = with->scram_sha_256,
      .iterations = with->iterations,
      .cost = 1};
  calls = 0;
  const smtpc_store_status status =
      smtpc_accounts_write_entry(&accounts_error, accounts_path, &entry);
  free((void *)(uintptr_t)entry.name);
  free((void *)(uintptr_t)entry.password);
  return status;
}

static const writing both = {
    .scram_sha_1 = true, .scram_sha_256 = true, .iterations = 4096u};

static smtpc_accounts *load_text(const char *text) {
  store_put(accounts_path, text, 0600);
  return accounts_load();
}

typedef struct salted {
  uint8_t salt[SMTPC_ACCOUNTS_SALT_LEN];
  uint32_t iterations;
} salted;

static salted salt_of(const smtpc_accounts *accounts, unsigned mechanism,
                      const char *name) {
  salted out;
  memset(&out, 0x5a, sizeof out);
  uint8_t *copy = store_copy(name, strlen(name));
  assert_true(smtpc_accounts_scram_salt(accounts, mechanism, copy, strlen(name),
                                        out.salt, &out.iterations));
  free(copy);
  return out;
}

static bool is_same(salted a, salted b) {
  return a.iterations == b.iterations &&
         memcmp(a.salt, b.salt, sizeof a.salt) == 0;
}

// Asks with exact-size copies of it all.
static bool check(const smtpc_accounts *accounts, unsigned mechanism,
                  const char *name, const char *text, const uint8_t *proof,
                  size_t proof_len, uint8_t signature[32]) {
  smtpc_accounts_proof given = {.mechanism = mechanism,
                                .name_len = strlen(name),
                                .text_len = strlen(text),
                                .proof_len = proof_len};
  uint8_t *name_copy = store_copy(name, given.name_len);
  uint8_t *text_copy = store_copy(text, given.text_len);
  uint8_t *proof_copy = store_copy(proof, proof_len);
  given.name = name_copy;
  given.text = text_copy;
  given.proof = proof_copy;
  memset(signature, 0x5a, 32u);
  const bool right = smtpc_accounts_check_scram(accounts, &given, signature);
  free(name_copy);
  free(text_copy);
  free(proof_copy);
  // A wrong proof is told nothing.
  for (size_t k = 0; k < 32u && !right; k++) {
    assert_int_equal(signature[k], 0x5a);
  }
  return right;
}

// --- The RFCs' examples ------------------------------------------------------

typedef struct example {
  unsigned mechanism;
  unsigned plus;
  size_t len;
  const char *text;
  const char *proof;
  const char *signature;
} example;

#define NONCE_1 "fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j"
#define NONCE_256 "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"

static const example examples[] = {
    {SHA1, SHA1_PLUS, 20u,
     "n=user,r=fyko+d2lbbFgONRv9qkxdawL,r=" NONCE_1
     ",s=QSXCR+Q6sek8bf92,i=4096,c=biws,r=" NONCE_1,
     "\xbf\x45\xfc\xbf\x70\x73\xd9\x3d\x02\x24\x66\xc9\x43\x21\x74\x5f"
     "\xe1\xc8\xe1\x3b",
     "\xae\x61\x7d\xa6\xa5\x7c\x4b\xbb\x2e\x02\x86\x56\x8d\xae\x1d\x25"
     "\x19\x05\xb0\xa4"},
    {SHA256, SHA256_PLUS, 32u,
     "n=user,r=rOprNGfwEbeRWgbNEkqO,r=" NONCE_256
     ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=" NONCE_256,
     "\x74\x7c\xdb\x65\xaa\x56\x22\x4e\x23\x52\x13\x7e\x52\xd7\xbd\xca"
     "\xd6\xa0\xf7\x38\xdf\x30\x78\x2c\xaa\x69\xa2\xcf\xb0\x27\x75\x54",
     "\xea\xba\xe2\x4d\x10\x62\xdb\x75\xa9\x45\x1f\xf0\xb6\xea\x7e\x98"
     "\xc8\x54\x65\x49\xff\x74\x1e\x67\x2d\x32\x51\xb2\x39\x7d\xe4\x6e"},
};

//= RFC 5802 section 5
//= RFC 7677 section 3
static void test_scram_examples_of_the_rfcs(void **state) {
  (void)state;
  smtpc_accounts *accounts = load_text("user:" ACCOUNTS_HASH FIELD_1 FIELD_256
                                       "\nother:" ACCOUNTS_HASH "\n");
  for (size_t k = 0; k < COUNT_OF(examples); k++) {
    const example *e = &examples[k];
    const uint8_t *proof = (const uint8_t *)e->proof;
    uint8_t signature[32];
    assert_true(check(accounts, e->mechanism, "user", e->text, proof, e->len,
                      signature));
    assert_memory_equal(signature, e->signature, e->len);
    assert_true(
        check(accounts, e->plus, "user", e->text, proof, e->len, signature));
    assert_memory_equal(signature, e->signature, e->len);
    const char *const names[] = {"other", "nobody", "User", "use", ""};
    for (size_t n = 0; n < COUNT_OF(names); n++) {
      assert_false(check(accounts, e->mechanism, names[n], e->text, proof,
                         e->len, signature));
    }
    // The other hash, and mechanisms that have none.
    const unsigned others[] = {examples[1u - k].mechanism, SMTPC_MECHANISM_NONE,
                               SMTPC_MECHANISM_CRAM_MD5, SMTPC_MECHANISM_PLAIN,
                               SMTPC_MECHANISM_COUNT};
    for (size_t n = 0; n < COUNT_OF(others); n++) {
      assert_false(check(accounts, others[n], "user", e->text, proof, e->len,
                         signature));
    }
  }
  smtpc_accounts_free(accounts);
}

static void test_scram_each_octet_of_a_proof_counts(void **state) {
  (void)state;
  smtpc_accounts *accounts =
      load_text("user:" ACCOUNTS_HASH FIELD_1 FIELD_256 "\n");
  for (size_t k = 0; k < COUNT_OF(examples); k++) {
    const example *e = &examples[k];
    uint8_t signature[32];
    uint8_t proof[64] = {0};
    char text[300];
    memcpy(proof, e->proof, e->len);
    for (size_t at = 0; at < e->len; at++) {
      proof[at] ^= 0x80u;
      assert_false(check(accounts, e->mechanism, "user", e->text, proof, e->len,
                         signature));
      proof[at] ^= 0x80u;
    }
    for (size_t len = 0; len <= 33u; len++) {
      assert_int_equal(
          check(accounts, e->mechanism, "user", e->text, proof, len, signature),
          len == e->len);
    }
    (void)snprintf(text, sizeof text, "%s", e->text);
    text[strlen(text) - 1u] = 'x';
    assert_false(
        check(accounts, e->mechanism, "user", text, proof, e->len, signature));
    assert_false(
        check(accounts, e->mechanism, "user", "", proof, e->len, signature));
  }
  smtpc_accounts_free(accounts);
}

// A state that differs in one octet of its StoredKey from what the ClientKey gives,
// and a proof that was made for it.
static void test_scram_each_octet_of_a_stored_key_counts(void **state) {
  (void)state;
  const example *e = &examples[1];
  const size_t len = strlen(e->text);
  const uint8_t *text = (const uint8_t *)e->text;
  smtpc_accounts_scram held;
  struct hmac_sha256_ctx ctx;
  uint8_t client[32];
  uint8_t made[32];
  assert_true(smtpc_accounts_scram_read(&held, SMTPC_ACCOUNTS_SHA256,
                                        (const uint8_t *)KEYS_256,
                                        sizeof KEYS_256 - 1u));
  hmac_sha256_set_key(&ctx, 32, held.stored);
  hmac_sha256_update(&ctx, len, text);
  hmac_sha256_digest(&ctx, 32, client);
  for (size_t k = 0; k < 32u; k++) {
    client[k] = (uint8_t)(client[k] ^ (uint8_t)e->proof[k]);
  }
  for (size_t at = 0; at <= 32u; at++) {
    uint8_t proof[32];
    if (at < 32u) {
      held.stored[at] ^= 1u;
    }
    hmac_sha256_set_key(&ctx, 32, held.stored);
    hmac_sha256_update(&ctx, len, text);
    hmac_sha256_digest(&ctx, 32, proof);
    for (size_t k = 0; k < 32u; k++) {
      proof[k] = (uint8_t)(proof[k] ^ client[k]);
    }
    assert_int_equal(smtpc_accounts_scram_judge(&held, SMTPC_ACCOUNTS_SHA256,
                                                text, len, proof, made),
                     at == 32u);
    if (at < 32u) {
      held.stored[at] ^= 1u;
    }
  }
}

// --- The fields --------------------------------------------------------------

// What a field may be written as, and what it holds. The keys of SHA-1 with a salt of
// 16 octets come from another implementation.
static void test_scram_fields_of_known_passwords(void **state) {
  (void)state;
  static const struct {
    smtpc_accounts_hash hash;
    const char *field;
  } rows[] = {
      {SMTPC_ACCOUNTS_SHA1,
       "scram-sha-1=4096," SALT ",g2pEzX2tMaoibxTD4YfBJkq1y8w=,"
       "ZGkNjsmKwVX5C5z80vGxHZ02jOI="},
      {SMTPC_ACCOUNTS_SHA256, "scram-sha-256=" KEYS_256},
  };
  for (size_t k = 0; k < COUNT_OF(rows); k++) {
    const char *word = smtpc_accounts_scram_word(rows[k].hash);
    const char *text = rows[k].field + strlen(word);
    const size_t size = smtpc_accounts_scram_len(rows[k].hash);
    smtpc_accounts_scram read;
    smtpc_accounts_scram made = {0};
    uint8_t out[SMTPC_ACCOUNTS_SCRAM_FIELD_MAX];
    assert_true(smtpc_accounts_scram_read(&read, rows[k].hash,
                                          (const uint8_t *)text, strlen(text)));
    made.iterations = read.iterations;
    memcpy(made.salt, read.salt, sizeof made.salt);
    smtpc_accounts_scram_make(&made, rows[k].hash, (const uint8_t *)"pencil",
                              6u);
    assert_memory_equal(made.stored, read.stored, size);
    assert_memory_equal(made.server, read.server, size);
    const size_t len = smtpc_accounts_scram_write(out, &made, rows[k].hash);
    assert_int_equal(len, strlen(rows[k].field));
    assert_memory_equal(out, rows[k].field, len);
  }
  // The longest there is fills its room, and is read back.
  smtpc_accounts_scram most;
  smtpc_accounts_scram back;
  uint8_t out[SMTPC_ACCOUNTS_SCRAM_FIELD_MAX];
  const size_t word_len =
      strlen(smtpc_accounts_scram_word(SMTPC_ACCOUNTS_SHA256));
  memset(&most, 0xff, sizeof most);
  most.iterations = SMTPC_ACCOUNTS_ITERATIONS_MAX;
  assert_int_equal(
      smtpc_accounts_scram_write(out, &most, SMTPC_ACCOUNTS_SHA256),
      sizeof out);
  assert_true(smtpc_accounts_scram_read(&back, SMTPC_ACCOUNTS_SHA256,
                                        out + word_len, sizeof out - word_len));
  assert_memory_equal(&back, &most, sizeof most);
}

typedef struct wrong_row {
  const char *fields;
  const char *says;
} wrong_row;

#define BAD_256 \
  ":1: the scram-sha-256= field is not iterations, salt, and two keys"
#define BAD_1 ":1: the scram-sha-1= field is not iterations, salt, and two keys"
#define BAD_ORDER \
  ":1: the fields after the hash stand there twice, or in another"
#define BAD_WORD ":1: a field after the hash is not cram-md5=, scram-sha-1= or"

static const wrong_row wrong_rows[] = {
    {":scram-sha-256=", BAD_256},
    {":scram-sha-256=4096", BAD_256},
    {":scram-sha-256=4096," SALT "," STORED, BAD_256},
    {":scram-sha-256=4096," SALT "," STORED ",", BAD_256},
    {FIELD_256 ",", BAD_256},
    {FIELD_256 "," SERVER, BAD_256},
    {FIELD_256 " ", BAD_256},
    {":scram-sha-256=," SALT "," STORED "," SERVER, BAD_256},
    {":scram-sha-256=4095," SALT "," STORED "," SERVER, BAD_256},
    {":scram-sha-256=2000001," SALT "," STORED "," SERVER, BAD_256},
    {":scram-sha-256=18446744073709555712," SALT "," STORED "," SERVER,
     BAD_256},
    {":scram-sha-256=04096," SALT "," STORED "," SERVER, BAD_256},
    {":scram-sha-256=+4096," SALT "," STORED "," SERVER, BAD_256},
    {":scram-sha-256= 4096," SALT "," STORED "," SERVER, BAD_256},
    {":scram-sha-256=4096x," SALT "," STORED "," SERVER, BAD_256},
    {":scram-sha-256=i=4096," SALT "," STORED "," SERVER, BAD_256},
    // Salts of 15, 17 and 0 octets, and base64 that is none, or not the one way.
    {":scram-sha-256=4096,W22ZaJ0SNY7soEsUEjb6," STORED "," SERVER, BAD_256},
    {":scram-sha-256=4096,W22ZaJ0SNY7soEsUEjb6gYE=," STORED "," SERVER,
     BAD_256},
    {":scram-sha-256=4096,," STORED "," SERVER, BAD_256},
    {":scram-sha-256=4096,W22ZaJ0SNY7soEsUEjb6gR==," STORED "," SERVER,
     BAD_256},
    {":scram-sha-256=4096,W22ZaJ0SNY7soEsUEjb6gQ," STORED "," SERVER, BAD_256},
    {":scram-sha-256=4096,W22ZaJ0SNY7soEsUEjb6-Q==," STORED "," SERVER,
     BAD_256},
    // Keys of the other hash, keys in hexadecimal.
    {":scram-sha-256=4096," SALT "," STORED_1 "," SERVER_1, BAD_256},
    {":scram-sha-256=4096," SALT "," STORED "," SERVER_1, BAD_256},
    {":scram-sha-1=" KEYS_256, BAD_1},
    {":scram-sha-1=4096," SALT "," STORED_1 "," SERVER, BAD_1},
    {":scram-sha-256=4096," SALT ",586e5df283e6dceb5c3e791d8b8528ec191e664045ce"
     "971792e2e6b5bb13e2a6," SERVER,
     BAD_256},
    {FIELD_256 ":", BAD_WORD},
    {"::", BAD_WORD},
    {":SCRAM-SHA-256=" KEYS_256, BAD_WORD},
    {":scram-sha-512=" KEYS_256, BAD_WORD},
    {":scram-sha-256", BAD_WORD},
    {FIELD_256 ":x", BAD_WORD},
    {FIELD_256 FIELD_256, BAD_ORDER},
    {FIELD_1 FIELD_1, BAD_ORDER},
    {FIELD_256 FIELD_1, BAD_ORDER},
    {FIELD_1 FIELD_CRAM, BAD_ORDER},
    {FIELD_CRAM FIELD_CRAM, BAD_ORDER},
    {FIELD_1 ":scram-sha-256=1", BAD_256},
    {":cram-md5=00" FIELD_256, ":1: the cram-md5= field is not 64 hexadecimal"},
};

static void test_scram_wrong_fields_are_named(void **state) {
  (void)state;
  for (size_t k = 0; k < COUNT_OF(wrong_rows); k++) {
    char text[2048];
    smtpc_accounts *accounts = NULL;
    (void)snprintf(text, sizeof text, "a:" ACCOUNTS_HASH "%s\n",
                   wrong_rows[k].fields);
    store_put(accounts_path, text, 0600);
    const smtpc_store_status status =
        smtpc_accounts_load(&accounts, &accounts_error, accounts_path);
    if (status != SMTPC_STORE_FORMAT) {
      print_error("row %zu: %s\n", k, wrong_rows[k].fields);
    }
    store_status(status, SMTPC_STORE_FORMAT, &accounts_error);
    assert_null(accounts);
    store_says(&accounts_error, wrong_rows[k].says);
    store_says(&accounts_error, MEND);
    // An error is shown and logged: no key is in it.
    assert_null(strstr(accounts_error.text, "WG5d8o"));
    assert_null(strstr(accounts_error.text, "W22Z"));
  }
}

static void test_scram_fields_in_every_combination(void **state) {
  (void)state;
  for (unsigned set = 0; set < 8u; set++) {
    char text[2048];
    (void)snprintf(text, sizeof text, "user:" ACCOUNTS_HASH "%s%s%s\n",
                   (set & 1u) != 0u ? FIELD_CRAM : "",
                   (set & 2u) != 0u ? FIELD_1 : "",
                   (set & 4u) != 0u ? FIELD_256 : "");
    smtpc_accounts *accounts = load_text(text);
    uint8_t signature[32];
    assert_int_equal(smtpc_accounts_has_cram_md5(accounts), set & 1u);
    for (size_t k = 0; k < COUNT_OF(examples); k++) {
      assert_int_equal(
          check(accounts, examples[k].mechanism, "user", examples[k].text,
                (const uint8_t *)examples[k].proof, examples[k].len, signature),
          (set & (2u << k)) != 0u);
    }
    // The hash is whole, whatever follows it.
    assert_true(smtpc_accounts_check_password(accounts, (const uint8_t *)"user",
                                              4, (const uint8_t *)"x", 1));
    smtpc_accounts_free(accounts);
  }
}

// --- Names that are not there ------------------------------------------------

static void test_scram_salt_of_who_is_there(void **state) {
  (void)state;
  static const uint8_t want[] = {0x5b, 0x6d, 0x99, 0x68, 0x9d, 0x12,
                                 0x35, 0x8e, 0xec, 0xa0, 0x4b, 0x14,
                                 0x12, 0x36, 0xfa, 0x81};
  smtpc_accounts *accounts =
      load_text("user:" ACCOUNTS_HASH FIELD_1 FIELD_256 "\n");
  const unsigned mechanisms[] = {SHA1, SHA1_PLUS, SHA256, SHA256_PLUS};
  for (size_t k = 0; k < COUNT_OF(mechanisms); k++) {
    const salted have = salt_of(accounts, mechanisms[k], "user");
    assert_memory_equal(have.salt, want, sizeof want);
    assert_int_equal(have.iterations, 4096);
  }
  const unsigned others[] = {SMTPC_MECHANISM_NONE, SMTPC_MECHANISM_PLAIN,
                             SMTPC_MECHANISM_CRAM_MD5, SMTPC_MECHANISM_COUNT};
  for (size_t k = 0; k < COUNT_OF(others); k++) {
    salted out = {{0}, 9u};
    assert_false(smtpc_accounts_scram_salt(accounts, others[k],
                                           (const uint8_t *)"user", 4, out.salt,
                                           &out.iterations));
    assert_int_equal(out.iterations, 0);
  }
  smtpc_accounts_free(accounts);
}

static void test_scram_salt_of_a_stranger_is_made_up(void **state) {
  (void)state;
  const char *text = "user:" ACCOUNTS_HASH FIELD_1 FIELD_256 "\n";
  smtpc_accounts *accounts = load_text(text);
  const salted real = salt_of(accounts, SHA256, "user");
  const salted one = salt_of(accounts, SHA256, "nobody");
  const salted plus = salt_of(accounts, SHA256_PLUS, "nobody");
  const salted again = salt_of(accounts, SHA256, "nobody");
  const salted two = salt_of(accounts, SHA256, "nobodY");
  const salted three = salt_of(accounts, SHA256, "nobod");
  const salted weak = salt_of(accounts, SHA1, "nobody");
  const salted none = salt_of(accounts, SHA256, "");
  salted null;
  assert_true(smtpc_accounts_scram_salt(accounts, SHA256, NULL, 0, null.salt,
                                        &null.iterations));
  assert_true(is_same(one, again));
  assert_true(is_same(one, plus));
  assert_true(is_same(none, null));
  assert_int_equal(one.iterations, 4096);
  // All differ, as real ones do, also between the two hashes.
  const salted all[] = {real, one, two, three, weak, none};
  for (size_t a = 0; a < COUNT_OF(all); a++) {
    for (size_t b = 0; b < a; b++) {
      assert_false(is_same(all[a], all[b]));
    }
  }
  smtpc_accounts_free(accounts);
  // It is the same after a restart, and when accounts come behind the first one.
  accounts = load_text(text);
  assert_true(is_same(one, salt_of(accounts, SHA256, "nobody")));
  smtpc_accounts_free(accounts);
  accounts = load_text("zoe:" ACCOUNTS_HASH FIELD_256
                       "\n# more\nuser:" ACCOUNTS_HASH FIELD_1 FIELD_256 "\n");
  assert_true(is_same(one, salt_of(accounts, SHA256, "nobody")));
  smtpc_accounts_free(accounts);
}

// What salts are made up with is no more known to a stranger than the hash is.
static void test_scram_made_up_salt_hangs_on_the_hash(void **state) {
  (void)state;
  smtpc_accounts *accounts = load_text("a:" ACCOUNTS_HASH FIELD_256 "\n");
  const salted one = salt_of(accounts, SHA256, "nobody");
  smtpc_accounts_free(accounts);
  // The same line, with another hash of the same password.
  char text[] = "a:" ACCOUNTS_HASH FIELD_256 "\n";
  text[sizeof "a:" ACCOUNTS_HASH - 2u] = '1';
  accounts = load_text(text);
  assert_false(is_same(one, salt_of(accounts, SHA256, "nobody")));
  smtpc_accounts_free(accounts);
  // Nobody is there: the same within one load, and no other one's.
  accounts = load_text("");
  const salted first = salt_of(accounts, SHA256, "a");
  assert_true(is_same(first, salt_of(accounts, SHA256, "a")));
  assert_int_equal(first.iterations, SMTPC_ACCOUNTS_ITERATIONS_DEFAULT);
  smtpc_accounts_free(accounts);
  accounts = load_text("");
  assert_false(is_same(first, salt_of(accounts, SHA256, "a")));
  smtpc_accounts_free(accounts);
}

// An account without the field looks like one that is not there.
static void test_scram_salt_of_who_has_no_field(void **state) {
  (void)state;
  smtpc_accounts *accounts = load_text(
      "a:" ACCOUNTS_HASH "\nb:" ACCOUNTS_HASH ":scram-sha-256=5000," SALT
      "," STORED "," SERVER "\nc:" ACCOUNTS_HASH FIELD_256 "\n");
  const salted a = salt_of(accounts, SHA256, "a");
  const salted b = salt_of(accounts, SHA256, "b");
  const salted c = salt_of(accounts, SHA256, "c");
  const salted nobody = salt_of(accounts, SHA256, "nobody");
  assert_int_equal(b.iterations, 5000);
  assert_int_equal(c.iterations, 4096);
  // Of the first who has the field, in the order of names.
  assert_int_equal(a.iterations, 5000);
  assert_int_equal(nobody.iterations, 5000);
  assert_memory_not_equal(a.salt, b.salt, sizeof a.salt);
  assert_memory_not_equal(a.salt, nobody.salt, sizeof a.salt);
  // Nobody has the other field.
  assert_int_equal(salt_of(accounts, SHA1, "b").iterations,
                   SMTPC_ACCOUNTS_ITERATIONS_DEFAULT);
  smtpc_accounts_free(accounts);
}

// --- What can be served ------------------------------------------------------

#define CLEAR (SMTPC_MECH(PLAIN) | SMTPC_MECH(LOGIN))
#define WITH_256 (SMTPC_MECH(SCRAM_SHA_256) | SMTPC_MECH(SCRAM_SHA_256_PLUS))
#define WITH_1 (SMTPC_MECH(SCRAM_SHA_1) | SMTPC_MECH(SCRAM_SHA_1_PLUS))

static void test_scram_mechanisms_that_can_be_served(void **state) {
  (void)state;
  static const struct {
    const char *text;
    uint64_t want;
    const char *warns;  // NULL: nothing
  } rows[] = {
      {"", CLEAR, NULL},
      {"a:" ACCOUNTS_HASH "\n", CLEAR, NULL},
      {"a:" ACCOUNTS_HASH FIELD_256 "\n", CLEAR | WITH_256, NULL},
      {"a:" ACCOUNTS_HASH FIELD_1 "\n", CLEAR | WITH_1, NULL},
      {"a:" ACCOUNTS_HASH FIELD_1 FIELD_256 "\nb:" ACCOUNTS_HASH FIELD_256 "\n",
       CLEAR | WITH_256, ": accounts without scram-sha-1=: 1 of 2, so"},
      {"a:" ACCOUNTS_HASH "\nb:" ACCOUNTS_HASH FIELD_256 "\nc:" ACCOUNTS_HASH
       "\n",
       CLEAR, ": accounts without scram-sha-256=: 2 of 3, so"},
      {"a:" ACCOUNTS_HASH FIELD_CRAM "\nb:" ACCOUNTS_HASH FIELD_256 "\n",
       CLEAR | SMTPC_MECH(CRAM_MD5),
       ": accounts without scram-sha-256=: 1 of 2, so"},
      {"a:" ACCOUNTS_HASH FIELD_CRAM FIELD_256 "\nb:" ACCOUNTS_HASH FIELD_256
       "\n",
       CLEAR | SMTPC_MECH(CRAM_MD5) | WITH_256, NULL},
  };
  for (size_t k = 0; k < COUNT_OF(rows); k++) {
    smtpc_accounts *accounts = load_text(rows[k].text);
    const char *warning = smtpc_accounts_warning(accounts);
    assert_int_equal(smtpc_accounts_mechanisms(accounts), rows[k].want);
    if (rows[k].warns == NULL) {
      assert_string_equal(warning, "");
    } else {
      assert_non_null(strstr(warning, rows[k].warns));
    }
    smtpc_accounts_free(accounts);
  }
}

// --- Writing -----------------------------------------------------------------

// A client of its own: the proof of a password for what the account is told.
static void prove(uint8_t proof[32], salted with, const char *password,
                  const char *text) {
  struct hmac_sha256_ctx ctx;
  struct sha256_ctx hash;
  uint8_t key[32];
  uint8_t stored[32];
  uint8_t signature[32];
  pbkdf2_hmac_sha256(strlen(password), (const uint8_t *)password,
                     with.iterations, sizeof with.salt, with.salt, sizeof key,
                     key);
  hmac_sha256_set_key(&ctx, sizeof key, key);
  hmac_sha256_update(&ctx, 10, (const uint8_t *)"Client Key");
  hmac_sha256_digest(&ctx, 32, proof);
  sha256_init(&hash);
  sha256_update(&hash, 32, proof);
  sha256_digest(&hash, 32, stored);
  hmac_sha256_set_key(&ctx, 32, stored);
  hmac_sha256_update(&ctx, strlen(text), (const uint8_t *)text);
  hmac_sha256_digest(&ctx, 32, signature);
  for (size_t k = 0; k < 32u; k++) {
    proof[k] = (uint8_t)(proof[k] ^ signature[k]);
  }
}

static void test_scram_written_account_logs_in(void **state) {
  (void)state;
  char longest[256];
  memset(longest, 'n', sizeof longest);
  longest[255] = '\0';
  const writing all = {.cram_md5 = true,
                       .scram_sha_1 = true,
                       .scram_sha_256 = true,
                       .iterations = 4097u};
  const char *const passwords[] = {"pencil", "\xc3\xbc ,=:", "x", longest};
  for (size_t k = 0; k < COUNT_OF(passwords); k++) {
    store_status(write_entry(longest, passwords[k], &all), SMTPC_STORE_OK,
                 &accounts_error);
    smtpc_accounts *accounts = accounts_load();
    uint8_t proof[32];
    uint8_t signature[32];
    const salted told = salt_of(accounts, SHA256, longest);
    assert_int_equal(told.iterations, 4097);
    prove(proof, told, passwords[k], "n=n,r=1,s=x");
    assert_true(
        check(accounts, SHA256, longest, "n=n,r=1,s=x", proof, 32u, signature));
    prove(proof, told, "wrong", "n=n,r=1,s=x");
    assert_false(
        check(accounts, SHA256, longest, "n=n,r=1,s=x", proof, 32u, signature));
    // Each field has a salt of its own.
    assert_false(is_same(told, salt_of(accounts, SHA1, longest)));
    assert_true(smtpc_accounts_has_cram_md5(accounts));
    smtpc_accounts_free(accounts);
  }
}

static void test_scram_written_salts_are_random(void **state) {
  (void)state;
  store_status(write_entry("a", "x", &both), SMTPC_STORE_OK, &accounts_error);
  smtpc_accounts *accounts = accounts_load();
  const salted one = salt_of(accounts, SHA256, "a");
  smtpc_accounts_free(accounts);
  store_status(write_entry("a", "x", &both), SMTPC_STORE_OK, &accounts_error);
  accounts = accounts_load();
  assert_false(is_same(one, salt_of(accounts, SHA256, "a")));
  smtpc_accounts_free(accounts);
}

static void test_scram_write_takes_fields_away(void **state) {
  (void)state;
  const writing none = {0};
  const writing standard = {.scram_sha_256 = true};
  store_status(write_entry("a", "x", &both), SMTPC_STORE_OK, &accounts_error);
  store_status(write_entry("a", "x", &standard), SMTPC_STORE_OK,
               &accounts_error);
  char *text = store_text(accounts_path);
  assert_null(strstr(text, "scram-sha-1="));
  assert_non_null(strstr(text, ":scram-sha-256=15000,"));
  free(text);
  store_status(write_entry("a", "x", &none), SMTPC_STORE_OK, &accounts_error);
  text = store_text(accounts_path);
  assert_null(strstr(text, "scram"));
  free(text);
}

static void test_scram_write_refuses_iterations(void **state) {
  (void)state;
  const uint32_t counts[] = {1u, 4095u, SMTPC_ACCOUNTS_ITERATIONS_MAX + 1u,
                             UINT32_MAX};
  for (size_t k = 0; k < COUNT_OF(counts); k++) {
    const writing with = {.scram_sha_256 = true, .iterations = counts[k]};
    store_status(write_entry("a", "x", &with), SMTPC_STORE_FORMAT,
                 &accounts_error);
    store_says(&accounts_error, "the iterations are not 4096 to 2000000");
  }
  assert_int_equal(store_count(accounts_folder), 0);
}

// Whichever of the salts cannot be had: no file is left, and none is changed.
static void test_scram_write_without_entropy(void **state) {
  (void)state;
  store_status(write_entry("a", "x", &both), SMTPC_STORE_OK, &accounts_error);
  const int needed = calls;
  assert_true(needed >= 2);
  char *before = store_text(accounts_path);
  for (int k = needed - 1; k <= needed; k++) {
    fail_at = k;
    store_status(write_entry("a", "y", &both), SMTPC_STORE_IO, &accounts_error);
    fail_at = 0;
    store_says(&accounts_error, "make a salt");
    char *after = store_text(accounts_path);
    assert_string_equal(before, after);
    free(after);
    assert_int_equal(store_count(accounts_folder), 1);
  }
  free(before);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      ACCOUNTS_CASE(test_scram_examples_of_the_rfcs),
      ACCOUNTS_CASE(test_scram_each_octet_of_a_proof_counts),
      ACCOUNTS_CASE(test_scram_each_octet_of_a_stored_key_counts),
      ACCOUNTS_CASE(test_scram_fields_of_known_passwords),
      ACCOUNTS_CASE(test_scram_wrong_fields_are_named),
      ACCOUNTS_CASE(test_scram_fields_in_every_combination),
      ACCOUNTS_CASE(test_scram_salt_of_who_is_there),
      ACCOUNTS_CASE(test_scram_salt_of_a_stranger_is_made_up),
      ACCOUNTS_CASE(test_scram_made_up_salt_hangs_on_the_hash),
      ACCOUNTS_CASE(test_scram_salt_of_who_has_no_field),
      ACCOUNTS_CASE(test_scram_mechanisms_that_can_be_served),
      ACCOUNTS_CASE(test_scram_written_account_logs_in),
      ACCOUNTS_CASE(test_scram_written_salts_are_random),
      ACCOUNTS_CASE(test_scram_write_takes_fields_away),
      ACCOUNTS_CASE(test_scram_write_refuses_iterations),
      ACCOUNTS_CASE(test_scram_write_without_entropy),
  };
  return cmocka_run_group_tests_name("accounts_scram", tests, NULL, NULL);
}
