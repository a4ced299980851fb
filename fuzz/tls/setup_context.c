#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec_key.h>
#include <openssl/err.h>
#include <openssl/mem.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/harness/law.h"
#include "fuzz/harness/witness.h"
#include "fuzz/tls/memory.h"
#include "fuzz/tls/setup.h"
#include "fuzz/tls/setup_parts.h"
#include "fuzz/tls/system.h"

#define FILES_MAX 16u
// Reading a file takes the room of the largest one, and of a large one all of its time:
// a stream of the harness's gives each octet by itself. Once there is a large one, one
// call may read.
#define READS_MAX 8u
#define LARGE_READS READS_MAX
#define LARGE_MAX 1u
#define SCALAR_LEN 32u
// Without memory the library itself loses what an extension of a certificate is made of
// (do_ext_i2d in crypto/x509v3/v3_conf.c).
#define LIBRARY_LEAK 2u

setup_context setup_own;
setup_starve setup_hunger;
size_t setup_failures;
size_t setup_leaked;

static setup_octets files[FILES_MAX];
static size_t file_count;
static size_t reads;
static size_t larges;

void setup_arm(void) {
  tls_memory_fail_at(setup_hunger.skip, setup_hunger.count);
}

int setup_disarm(const char *what) {
  const size_t failed = tls_memory_failed();
  tls_memory_fail_at(0u, 0u);
  setup_failures += failed;
  FUZZ_MUST(INVARIANT, ERR_peek_error() == 0u, "%s leaves an error behind",
            what);
  ERR_clear_error();
  return failed > 0u ? 1 : 0;
}

// Without memory a call may refuse what is good, whatever it calls it.
static void must_be(smtpc_boringssl_error have, smtpc_boringssl_error want,
                    int starved, const char *what) {
  FUZZ_MUST(MODEL,
            have == want || (starved != 0 && have != SMTPC_BORINGSSL_NONE &&
                             have != SMTPC_BORINGSSL_ARGUMENT),
            "%s is %s, and must be %s%s", what,
            smtpc_boringssl_error_name(have), smtpc_boringssl_error_name(want),
            starved != 0 ? ", without memory" : "");
  if (starved == 0) {
    fuzz_witness_add((uint64_t)have);
  }
}

static int64_t now(void) {
  return setup_own.now > 0 ? setup_own.now : SETUP_CLOCK;
}

static SSL_CTX *native(smtpc_tls_role role) {
  return smtpc_boringssl_context_native(setup_own.context, role);
}

// ------------------------------------------------------------------ begin and end

static void make_context(void) {
  setup_context *own = &setup_own;
  memset(own, 0, sizeof *own);
  own->identity = -1;
  setup_arm();
  const smtpc_boringssl_error error =
      smtpc_boringssl_context_new(&own->context);
  const int starved = setup_disarm("a new context");
  must_be(error, SMTPC_BORINGSSL_NONE, starved, "a new context");
  FUZZ_MUST(INVARIANT,
            (own->context != NULL) == (error == SMTPC_BORINGSSL_NONE),
            "a context is there, and is not");
}

static void free_context(void) {
  smtpc_boringssl_context_free(setup_own.context);
  setup_own.context = NULL;
}

void setup_context_begin(void) {
  const setup_starve hunger = setup_hunger;
  setup_hunger.count = 0u;
  file_count = 0u;
  reads = 0u;
  larges = 0u;
  setup_leaked = 0u;
  make_context();
  setup_own.now = TLS_NOW;
  smtpc_boringssl_context_set_time(setup_own.context, TLS_NOW);
  setup_hunger = hunger;
}

void setup_context_end(void) {
  free_context();
  for (size_t i = 0u; i < file_count; i++) {
    setup_free(&files[i]);
  }
  file_count = 0u;
}

static void new_line(const setup_line *line) {
  const size_t before = tls_memory_since();
  (void)line;
  free_context();
  FUZZ_MUST(BOUNDS, tls_memory_since() < before, "a context is never freed");
  make_context();
  if (setup_own.context == NULL) {
    const setup_starve hunger = setup_hunger;
    setup_hunger.count = 0u;
    make_context();
    setup_hunger = hunger;
  }
}

static int64_t signed_number(const char *word) {
  const int negative = word[0] == '-';
  const uint64_t number = setup_number(word + negative, INT64_MAX);
  return negative != 0 ? -(int64_t)number : (int64_t)number;
}

static void time_line(const setup_line *line) {
  const int64_t at = signed_number(line->words[1]);
  smtpc_boringssl_context_set_time(setup_own.context, at);
  setup_own.now = at > 0 ? at : 0;
}

// -------------------------------------------------------------------- identities

static void check_leaf(const setup_identity *seen) {
  SSL_CTX *side = native(SMTPC_TLS_SERVER);
  STACK_OF(X509) *chain = NULL;
  FUZZ_MUST(MODEL,
            X509_cmp(SSL_CTX_get0_certificate(side), seen->leaf) == 0 &&
                EVP_PKEY_cmp(SSL_CTX_get0_privatekey(side), seen->key) == 1,
            "a server has another identity than it was given");
  FUZZ_MUST(MODEL,
            SSL_CTX_get0_chain_certs(side, &chain) == 1 &&
                sk_X509_num(chain) + 1u == seen->count,
            "a server has %zu certificates behind its own of %zu",
            sk_X509_num(chain), seen->count);
}

// Without memory a date may be taken for a bad one, and never for a good one.
static void check_found(const smtpc_boringssl_identity *found,
                        const setup_identity *seen, smtpc_boringssl_error error,
                        int starved) {
  if (error != SMTPC_BORINGSSL_NONE) {
    FUZZ_MUST(INVARIANT,
              found->chain_count == 0u && found->expired == 0u &&
                  found->not_yet == 0u,
              "something is said of an identity that was refused");
    return;
  }
  FUZZ_MUST(MODEL, found->chain_count == seen->count,
            "a chain of %zu certificates has %u", seen->count,
            found->chain_count);
  FUZZ_MUST(MODEL,
            seen->has_times == 0 || (found->expired >= seen->expired &&
                                     found->not_yet >= seen->not_yet),
            "a certificate that is out of date is not");
  FUZZ_MUST(
      MODEL,
      seen->has_times == 0 || starved != 0 ||
          (found->expired == seen->expired && found->not_yet == seen->not_yet),
      "a certificate is expired %u, not yet valid %u", found->expired,
      found->not_yet);
}

// What is the same of a server's side before and after a call that is refused.
typedef struct kept {
  SSL_CTX *side;
  X509 *leaf;
} kept;

static kept keep(void) {
  kept k = {native(SMTPC_TLS_SERVER), NULL};
  k.leaf = SSL_CTX_get0_certificate(k.side);
  return k;
}

static void check_kept(const kept *before) {
  const kept after = keep();
  FUZZ_MUST(NOOP, after.side == before->side && after.leaf == before->leaf,
            "an identity that is refused changes the one before it");
}

static void take_identity(const char *word) {
  setup_own.has_identity = 1;
  setup_own.identity = -1;
  for (unsigned i = 0u; i < TLS_IDENTITIES; i++) {
    if (strncmp(word, "cert:", 5u) == 0 &&
        strcmp(word + 5, tls_identity_name(i)) == 0) {
      setup_own.identity = (int)i;
    }
  }
}

// How many blocks of the library's heap hold the private octets of a key.
static size_t copies_of(const char *word) {
  const uint8_t *secret =
      strncmp(word, "key:", 4u) == 0 ? setup_secret_of(word + 4) : NULL;
  return secret != NULL ? tls_memory_count(secret, SCALAR_LEN) : 0u;
}

static void identity_line(const setup_line *line) {
  setup_octets cert = setup_read(line->words[1]);
  setup_octets key = setup_read(line->words[2]);
  smtpc_boringssl_identity found = {9u, 9u, 9u};
  setup_identity seen = setup_see_identity(&cert, &key, now());
  const kept before = keep();
  const size_t copies = copies_of(line->words[2]);
  setup_arm();
  const smtpc_boringssl_error error = smtpc_boringssl_context_set_identity(
      setup_own.context, cert.data, cert.claimed, key.data, key.claimed,
      &found);
  const int starved = setup_disarm("an identity");
  if (error != seen.also) {
    must_be(error, seen.error, starved, "an identity");
  }
  check_found(&found, &seen, error, starved);
  if (error == SMTPC_BORINGSSL_NONE) {
    check_leaf(&seen);
    take_identity(line->words[1]);
  } else {
    check_kept(&before);
  }
  // One is the second opinion's, and one the context's.
  const size_t after = copies_of(line->words[2]);
  FUZZ_MUST(SECRET,
            error == SMTPC_BORINGSSL_NONE ? after <= 2u : after <= copies,
            "an identity leaves %zu copies of a key behind", after);
  setup_see_free(&seen);
  setup_free(&cert);
  setup_free(&key);
}

// ------------------------------------------------------------------------- roots

static size_t trusted(void) {
  X509_STORE *store = SSL_CTX_get_cert_store(native(SMTPC_TLS_CLIENT));
  return sk_X509_OBJECT_num(X509_STORE_get0_objects(store));
}

static void take_roots(smtpc_boringssl_error error, int is_authority) {
  if (error == SMTPC_BORINGSSL_NONE && is_authority != 0) {
    setup_own.has_authority = 1;
  } else {
    setup_own.others = 1;
  }
}

static void roots_line(const setup_line *line) {
  setup_octets pem = setup_read(line->words[1]);
  size_t count = SIZE_MAX;
  const size_t seen =
      pem.data == NULL
          ? 0u
          : setup_see_certificates(pem.data, pem.claimed, SIZE_MAX, NULL);
  const smtpc_boringssl_error want = pem.data == NULL ? SMTPC_BORINGSSL_ARGUMENT
                                     : seen == 0u ? SMTPC_BORINGSSL_ROOTS_PEM
                                                  : SMTPC_BORINGSSL_NONE;
  const size_t before = trusted();
  setup_arm();
  const smtpc_boringssl_error error = smtpc_boringssl_context_add_roots(
      setup_own.context, pem.data, pem.claimed, &count);
  const int starved = setup_disarm("roots");
  must_be(error, want, starved, "the result of roots");
  FUZZ_MUST(MODEL, count == (error == SMTPC_BORINGSSL_NONE ? seen : 0u),
            "%zu roots are %zu", seen, count);
  FUZZ_MUST(
      NOOP,
      error == SMTPC_BORINGSSL_NONE || starved != 0 || trusted() == before,
      "roots that are refused are trusted");
  FUZZ_MUST(MODEL, trusted() >= before && trusted() - before <= seen,
            "more is trusted than was given");
  FUZZ_MUST(MODEL, error != SMTPC_BORINGSSL_NONE || trusted() > 0u,
            "nobody is trusted");
  if (error == SMTPC_BORINGSSL_NONE || starved != 0) {
    take_roots(error, strcmp(line->words[1], "cert:authority") == 0);
  }
  setup_free(&pem);
}

// ------------------------------------------------------------------------- files

// A path that a word stands for. The caller frees it.
static char *path_of(const char *word) {
  setup_octets octets = setup_read(word);
  char *path = calloc(1u, octets.len + 1u);
  FUZZ_MUST(HARNESS, path != NULL, "no memory");
  if (octets.len > 0u) {
    memcpy(path, octets.data, octets.len);
  }
  setup_free(&octets);
  return path;
}

// file PATH OCTETS [large | full | fails]
static void file_line(const setup_line *line) {
  char *path = path_of(line->words[1]);
  if (file_count < FILES_MAX) {
    setup_octets *octets = &files[file_count];
    *octets = setup_read(line->words[2]);
    tls_system_file file = {octets->data, octets->len, 0u, 0};
    const size_t most = (size_t)SMTPC_BORINGSSL_FILE_MAX - octets->len;
    if (larges < LARGE_MAX) {
      file.more = setup_has(line, "large") != 0  ? most + 1u
                  : setup_has(line, "full") != 0 ? most
                                                 : 0u;
    }
    larges += file.more > 0u ? 1u : 0u;
    file.fails = setup_has(line, "fails");
    file_count++;
    (void)tls_system_put(path, &file);
  }
  free(path);
}

// What is in a file, or NULL when it cannot be read. The caller frees it.
static uint8_t *text_of(const char *path, size_t *out_len) {
  const tls_system_file *file = tls_system_get(path);
  *out_len = 0u;
  if (file == NULL || file->fails != 0 ||
      file->len + file->more > SMTPC_BORINGSSL_FILE_MAX) {
    return NULL;
  }
  *out_len = file->len + file->more;
  uint8_t *text = malloc(*out_len + 1u);
  FUZZ_MUST(HARNESS, text != NULL, "no memory");
  memset(text, 'x', *out_len + 1u);
  if (file->len > 0u) {
    memcpy(text, file->data, file->len);
  }
  return text;
}

static void check_handles(const char *what) {
  FUZZ_MUST(BOUNDS, tls_system_handles() == 0u, "%s leaves a file open", what);
}

static int may_read(void) {
  reads += larges > 0u ? LARGE_READS : 1u;
  return reads <= READS_MAX;
}

static void identity_files_line(const setup_line *line) {
  if (may_read() == 0) {
    return;
  }
  char *cert_path = path_of(line->words[1]);
  char *key_path = path_of(line->words[2]);
  setup_octets cert = {0};
  setup_octets key = {0};
  smtpc_boringssl_identity found = {9u, 9u, 9u};
  cert.data = text_of(cert_path, &cert.claimed);
  key.data = text_of(key_path, &key.claimed);
  setup_identity seen = setup_see_identity(&cert, &key, now());
  if (cert.data == NULL || key.data == NULL) {
    seen.error = cert.data == NULL ? SMTPC_BORINGSSL_CERTIFICATE_FILE
                                   : SMTPC_BORINGSSL_KEY_FILE;
    seen.also = seen.error;
  }
  const kept before = keep();
  setup_arm();
  const smtpc_boringssl_error error =
      smtpc_boringssl_context_set_identity_files(setup_own.context, cert_path,
                                                 key_path, &found);
  const int starved = setup_disarm("files of an identity");
  check_handles("an identity");
  if (error != seen.also) {
    must_be(error, seen.error, starved, "an identity of files");
  }
  check_found(&found, &seen, error, starved);
  if (error == SMTPC_BORINGSSL_NONE) {
    check_leaf(&seen);
    take_identity("");
  } else {
    check_kept(&before);
  }
  setup_see_free(&seen);
  free(cert.data);
  free(key.data);
  free(cert_path);
  free(key_path);
}

// What adding a file must return.
static smtpc_boringssl_error see_roots_file(const char *path, size_t *count) {
  size_t len = 0u;
  uint8_t *text = text_of(path, &len);
  if (text == NULL) {
    return SMTPC_BORINGSSL_ROOTS_FILE;
  }
  const size_t seen = setup_see_certificates(text, len, SIZE_MAX, NULL);
  free(text);
  *count += seen;
  return seen == 0u ? SMTPC_BORINGSSL_ROOTS_PEM : SMTPC_BORINGSSL_NONE;
}

static smtpc_boringssl_error see_roots_directory(const char *path,
                                                 size_t *count) {
  smtpc_boringssl_error error = SMTPC_BORINGSSL_NONE;
  const size_t path_len = strlen(path);
  size_t inside = 0u;
  const char *name = tls_system_name(0u);
  for (size_t i = 0u; name != NULL; name = tls_system_name(++i)) {
    const char *rest =
        strncmp(name, path, path_len) == 0 ? name + path_len : "";
    const size_t len = strlen(rest);
    if (rest[0] != '/' || strchr(rest + 1, '/') != NULL) {
      continue;
    }
    inside++;
    if (error == SMTPC_BORINGSSL_NONE && len > 5u &&
        (strcmp(rest + len - 4u, ".pem") == 0 ||
         strcmp(rest + len - 4u, ".crt") == 0)) {
      error = strlen(name) < 4096u ? see_roots_file(name, count)
                                   : SMTPC_BORINGSSL_ROOTS_FILE;
    }
  }
  if (inside == 0u) {
    return SMTPC_BORINGSSL_ROOTS_FILE;
  }
  return error == SMTPC_BORINGSSL_NONE && *count == 0u
             ? SMTPC_BORINGSSL_ROOTS_PEM
             : error;
}

static void check_roots_of(smtpc_boringssl_error error,
                           smtpc_boringssl_error want, int starved,
                           size_t count, size_t seen) {
  must_be(error, want, starved, "the result of roots of files");
  check_handles("roots");
  FUZZ_MUST(MODEL, count == (error == SMTPC_BORINGSSL_NONE ? seen : 0u),
            "%zu roots of files are %zu", seen, count);
  take_roots(SMTPC_BORINGSSL_LIBRARY, 0);
}

static void roots_file_line(const setup_line *line) {
  if (may_read() == 0) {
    return;
  }
  char *path = path_of(line->words[1]);
  size_t seen = 0u;
  size_t count = SIZE_MAX;
  const smtpc_boringssl_error want = see_roots_file(path, &seen);
  setup_arm();
  const smtpc_boringssl_error error =
      smtpc_boringssl_context_add_roots_file(setup_own.context, path, &count);
  check_roots_of(error, want, setup_disarm("a file of roots"), count, seen);
  free(path);
}

static void roots_directory_line(const setup_line *line) {
  if (may_read() == 0) {
    return;
  }
  char *path = path_of(line->words[1]);
  size_t seen = 0u;
  size_t count = SIZE_MAX;
  const smtpc_boringssl_error want = see_roots_directory(path, &seen);
  setup_arm();
  const smtpc_boringssl_error error =
      smtpc_boringssl_context_add_roots_directory(setup_own.context, path,
                                                  &count);
  check_roots_of(error, want, setup_disarm("a directory of roots"), count,
                 seen);
  free(path);
}

static void roots_system_line(const setup_line *line) {
  if (may_read() == 0) {
    return;
  }
  static const char *const paths[3] = {"/etc/ssl/certs/ca-certificates.crt",
                                       "/etc/pki/tls/certs/ca-bundle.crt",
                                       "/etc/ssl/cert.pem"};
  size_t seen = 0u;
  size_t count = SIZE_MAX;
  smtpc_boringssl_error want = SMTPC_BORINGSSL_ROOTS_FILE;
  (void)line;
  for (size_t i = 0u; i < 3u && want == SMTPC_BORINGSSL_ROOTS_FILE; i++) {
    want = see_roots_file(paths[i], &seen);
  }
  setup_arm();
  const smtpc_boringssl_error error =
      smtpc_boringssl_context_add_roots_system(setup_own.context, &count);
  check_roots_of(error, want, setup_disarm("the roots of the system"), count,
                 seen);
}

// ----------------------------------------------------------------------- ciphers

static void ciphers_line(const setup_line *line) {
  const int none = strcmp(line->words[1], "null") == 0;
  char *list = path_of(line->words[1]);
  const size_t len = strlen(list);
  smtpc_boringssl_error want = SMTPC_BORINGSSL_NONE;
  if (none == 0 && (len == 0u || len >= sizeof setup_own.ciphers)) {
    want = SMTPC_BORINGSSL_ARGUMENT;
  } else if (none == 0) {
    SSL_CTX *trial = SSL_CTX_new(TLS_method());
    want = SSL_CTX_set_strict_cipher_list(trial, list) == 1
               ? SMTPC_BORINGSSL_NONE
               : SMTPC_BORINGSSL_CIPHERS;
    SSL_CTX_free(trial);
    ERR_clear_error();
  }
  setup_arm();
  const smtpc_boringssl_error error = smtpc_boringssl_context_set_ciphers(
      setup_own.context, none != 0 ? NULL : list);
  must_be(error, want, setup_disarm("ciphers"), "a list of ciphers");
  if (error == SMTPC_BORINGSSL_NONE) {
    memset(setup_own.ciphers, 0, sizeof setup_own.ciphers);
    memcpy(setup_own.ciphers, list, none != 0 ? 0u : len);
  }
  free(list);
}

// ------------------------------------------------------------------ certificates

static void check_text(const char *text, size_t len) {
  FUZZ_MUST(BOUNDS, text != NULL && text[len] == '\0' && strlen(text) == len,
            "a PEM text does not end where it says");
}

// The private number is nowhere in the library's heap, in either order of octets.
static void check_wiped(const uint8_t *scalar) {
  uint8_t turned[SCALAR_LEN];
  for (size_t i = 0u; i < SCALAR_LEN; i++) {
    turned[i] = scalar[SCALAR_LEN - 1u - i];
  }
  FUZZ_MUST(SECRET,
            tls_memory_count(scalar, SCALAR_LEN) == 0u &&
                tls_memory_count(turned, SCALAR_LEN) == 0u,
            "a key that was made stays in memory");
}

static void check_made(const smtpc_boringssl_pem *pem, const setup_octets *name,
                       int64_t at, uint32_t days) {
  setup_octets cert = {(uint8_t *)pem->cert, pem->cert_len, pem->cert_len, {0}};
  setup_octets key = {(uint8_t *)pem->key, pem->key_len, pem->key_len, {0}};
  uint8_t scalar[SCALAR_LEN];
  check_text(pem->cert, pem->cert_len);
  check_text(pem->key, pem->key_len);
  setup_identity seen = setup_see_identity(&cert, &key, at);
  FUZZ_MUST(ROUNDTRIP, seen.error == SMTPC_BORINGSSL_NONE && seen.count == 1u,
            "what was made is no identity");
  FUZZ_MUST(MODEL, seen.expired == 0 && seen.not_yet == 0,
            "a certificate is made out of date");
  FUZZ_MUST(
      MODEL,
      setup_is_valid_at(seen.leaf, at - 3600) != 0 &&
          setup_is_valid_at(seen.leaf, at - 3601) == 0 &&
          setup_is_valid_at(seen.leaf, at + (int64_t)days * 86400) != 0 &&
          setup_is_valid_at(seen.leaf, at + (int64_t)days * 86400 + 1) == 0,
      "a certificate is not valid for its %u days", days);
  FUZZ_MUST(MODEL, X509_verify(seen.leaf, seen.key) == 1,
            "a certificate is not signed by itself");
  FUZZ_MUST(MODEL, setup_is_for(seen.leaf, name->data, name->len) != 0,
            "a certificate is for another name");
  FUZZ_MUST(HARNESS,
            BN_bn2bin_padded(
                scalar, SCALAR_LEN,
                EC_KEY_get0_private_key(EVP_PKEY_get0_EC_KEY(seen.key))) == 1,
            "a key has no number");
  setup_see_free(&seen);
  setup_made(pem);
  smtpc_boringssl_pem copy = *pem;
  smtpc_boringssl_pem_free(&copy);
  FUZZ_MUST(INVARIANT, copy.cert == NULL && copy.key == NULL,
            "what was freed is still there");
  ERR_clear_error();
  check_wiped(scalar);
}

// certificate NAME NOW DAYS
static void certificate_line(const setup_line *line) {
  static const smtpc_boringssl_pem nothing;
  setup_octets name = setup_read(line->words[1]);
  const int64_t at = signed_number(line->words[2]);
  const uint32_t days = (uint32_t)setup_number(line->words[3], UINT32_MAX);
  const size_t before = tls_memory_since();
  smtpc_boringssl_pem pem;
  smtpc_boringssl_error want = SMTPC_BORINGSSL_NONE;
  memset(&pem, 0xa5, sizeof pem);
  if (name.data == NULL || at <= 0 || days == 0u ||
      days > SMTPC_BORINGSSL_DAYS_MAX ||
      at > SETUP_TIME_MAX - (int64_t)days * 86400) {
    want = SMTPC_BORINGSSL_ARGUMENT;
  } else if (setup_is_name(name.data, name.len) == 0) {
    want = SMTPC_BORINGSSL_NAME;
  }
  setup_arm();
  const smtpc_boringssl_error error = smtpc_boringssl_certificate_make(
      (const char *)name.data, name.len, at, days, &pem);
  const int starved = setup_disarm("a certificate that is made");
  must_be(error, want, starved, "a certificate that is made");
  if (error == SMTPC_BORINGSSL_NONE) {
    check_made(&pem, &name, at, days);
  } else {
    FUZZ_MUST(INVARIANT, memcmp(&pem, &nothing, sizeof pem) == 0,
              "something is there of a certificate that was not made");
  }
  const size_t leaked = tls_memory_since() - before;
  FUZZ_MUST(BOUNDS, leaked <= (starved != 0 ? LIBRARY_LEAK : 0u),
            "a certificate leaves %zu blocks behind", leaked);
  setup_leaked += leaked;
  setup_free(&name);
}

// ------------------------------------------------------------------------ misuse

static void refused(smtpc_boringssl_error error) {
  FUZZ_MUST(MISUSE, error == SMTPC_BORINGSSL_ARGUMENT, "misuse is %s",
            smtpc_boringssl_error_name(error));
}

static void misuse_line(const setup_line *line) {
  smtpc_tls_context *ctx = setup_own.context;
  const uint8_t octet = 0u;
  const kept before = keep();
  const size_t roots = trusted();
  (void)line;
  refused(smtpc_boringssl_context_new(NULL));
  refused(
      smtpc_boringssl_context_set_identity(NULL, &octet, 1u, &octet, 1u, NULL));
  refused(
      smtpc_boringssl_context_set_identity(ctx, NULL, 1u, &octet, 1u, NULL));
  refused(
      smtpc_boringssl_context_set_identity(ctx, &octet, 1u, NULL, 1u, NULL));
  refused(smtpc_boringssl_context_set_identity_files(NULL, "a", "b", NULL));
  refused(smtpc_boringssl_context_set_identity_files(ctx, NULL, "b", NULL));
  refused(smtpc_boringssl_context_set_identity_files(ctx, "a", NULL, NULL));
  refused(smtpc_boringssl_context_add_roots(NULL, &octet, 1u, NULL));
  refused(smtpc_boringssl_context_add_roots(ctx, NULL, 1u, NULL));
  refused(smtpc_boringssl_context_add_roots_file(NULL, "a", NULL));
  refused(smtpc_boringssl_context_add_roots_file(ctx, NULL, NULL));
  refused(smtpc_boringssl_context_add_roots_directory(NULL, "a", NULL));
  refused(smtpc_boringssl_context_add_roots_directory(ctx, NULL, NULL));
  refused(smtpc_boringssl_context_add_roots_system(NULL, NULL));
  refused(smtpc_boringssl_context_set_ciphers(NULL, NULL));
  refused(smtpc_boringssl_certificate_make("a.example", 9u, 1, 1u, NULL));
  smtpc_boringssl_context_set_time(NULL, 1);
  smtpc_boringssl_context_free(NULL);
  smtpc_boringssl_pem_free(NULL);
  (void)setup_disarm("misuse");
  check_kept(&before);
  FUZZ_MUST(MISUSE, trusted() == roots, "misuse is trusted");
}

static void names_line(const setup_line *line) {
  (void)line;
  for (int i = 0; i <= SMTPC_BORINGSSL_ERROR_COUNT; i++) {
    const smtpc_boringssl_error error = (smtpc_boringssl_error)i;
    const int known = i < SMTPC_BORINGSSL_ERROR_COUNT;
    FUZZ_MUST(
        INVARIANT,
        (strcmp(smtpc_boringssl_error_name(error), "unknown") != 0) == known &&
            (strcmp(smtpc_boringssl_error_text(error), "unknown error") != 0) ==
                known,
        "error %d has no name", i);
  }
}

int setup_context_line(const setup_line *line) {
  static const struct {
    const char *word;
    void (*run)(const setup_line *line);
  } rows[] = {
      {"new", new_line},
      {"time", time_line},
      {"identity", identity_line},
      {"identity-files", identity_files_line},
      {"roots", roots_line},
      {"roots-file", roots_file_line},
      {"roots-directory", roots_directory_line},
      {"roots-system", roots_system_line},
      {"file", file_line},
      {"ciphers", ciphers_line},
      {"certificate", certificate_line},
      {"misuse", misuse_line},
      {"names", names_line},
  };
  for (size_t i = 0u; i < sizeof rows / sizeof rows[0]; i++) {
    if (strcmp(line->words[0], rows[i].word) == 0) {
      rows[i].run(line);
      return 1;
    }
  }
  return 0;
}
