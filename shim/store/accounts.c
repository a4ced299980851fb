// See accounts.h.
#define _POSIX_C_SOURCE 200809L
#define _DEFAULT_SOURCE 1  // explicit_bzero

#include "shim/store/accounts.h"

#include <crypt.h>
#include <errno.h>
#include <nettle/hmac.h>
#include <nettle/memops.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim/store/accounts_line.h"
#include "shim/store/accounts_scram.h"
#include "smtpcore/registry.h"

// No line that is taken is shorter.
#define LINE_LEN_MIN (1u + 1u + SMTPC_ACCOUNTS_HASH_LEN)

#define MEND "; write the line again with `smtpcore account`"

typedef struct account {
  const uint8_t *name;  // in the file's content
  size_t name_len;
  const char *hash;  // in the file's content, NUL-terminated
  size_t line;
  bool has_cram;
  uint8_t cram[SMTPC_ACCOUNTS_CRAM_LEN];  // inner state, outer state
  smtpc_accounts_scram scram[SMTPC_ACCOUNTS_HASH_COUNT];
} account;

struct smtpc_accounts {
  smtpc_file file;
  account *list;  // sorted by name
  size_t count;
  size_t room;
  char dummy[CRYPT_GENSALT_OUTPUT_SIZE];  // what unknown names are hashed with
  // How many accounts have the field, and the iterations of who has none.
  size_t scram_count[SMTPC_ACCOUNTS_HASH_COUNT];
  uint32_t iterations[SMTPC_ACCOUNTS_HASH_COUNT];
  uint8_t seed[SMTPC_ACCOUNTS_SIGNATURE_MAX];  // what salts are made up with
  char warning[SMTPC_STORE_TEXT_MAX];
};

// accounts_reader is where a load stands.
typedef struct accounts_reader {
  smtpc_accounts *accounts;
  smtpc_store_error *error;
  const char *path;
  size_t line;
} accounts_reader;

static smtpc_store_status line_wrong(const accounts_reader *reader,
                                     const char *what) {
  return smtpc_store_fail(reader->error, SMTPC_STORE_FORMAT, "%s:%zu: %s" MEND,
                          reader->path, reader->line, what);
}

// The fields that may stand behind the hash, in the order in which they do: CRAM-MD5,
// then SCRAM by smtpc_accounts_hash.
#define FIELD_COUNT (1u + SMTPC_ACCOUNTS_HASH_COUNT)

static const char *field_word(size_t field) {
  return field == 0u
             ? SMTPC_ACCOUNTS_CRAM_WORD
             : smtpc_accounts_scram_word((smtpc_accounts_hash)(field - 1u));
}

static const char *field_problem(size_t field) {
  static const char *const problems[FIELD_COUNT] = {
      "the cram-md5= field is not 64 hexadecimal digits",
      "the scram-sha-1= field is not iterations, salt, and two keys",
      "the scram-sha-256= field is not iterations, salt, and two keys"};
  return problems[field];
}

// Returns which field data[from .. to) is, or FIELD_COUNT.
static size_t which_field(const uint8_t *data, size_t from, size_t to) {
  for (size_t field = 0; field < FIELD_COUNT; field++) {
    const char *word = field_word(field);
    const size_t len = strlen(word);
    if (to - from >= len && memcmp(data + from, word, len) == 0) {
      return field;
    }
  }
  return FIELD_COUNT;
}

static bool read_field(account *entry, size_t field, const uint8_t *data,
                       size_t from, size_t to) {
  if (field == 0u) {
    entry->has_cram =
        smtpc_accounts_read_cram(entry->cram, data + from, to - from);
    return entry->has_cram;
  }
  const smtpc_accounts_hash hash = (smtpc_accounts_hash)(field - 1u);
  const size_t word_len = strlen(field_word(field));
  return smtpc_accounts_scram_read(
      &entry->scram[hash], hash, data + from + word_len, to - from - word_len);
}

// Reads the fields that begin with the ':' at `from`, if there are any.
static smtpc_store_status read_fields(const accounts_reader *reader,
                                      account *entry, size_t from, size_t to) {
  const uint8_t *data = reader->accounts->file.data;
  size_t next = 0;  // the first field that may still come
  while (from < to) {
    const size_t begin = from + 1u;
    const size_t end = smtpc_accounts_find_octet(data, begin, to, ':');
    const size_t field = which_field(data, begin, end);
    if (field == FIELD_COUNT) {
      return line_wrong(reader,
                        "a field after the hash is not cram-md5=, "
                        "scram-sha-1= or scram-sha-256=");
    }
    if (field < next) {
      return line_wrong(reader,
                        "the fields after the hash stand there twice, or in "
                        "another order than cram-md5=, scram-sha-1=, "
                        "scram-sha-256=");
    }
    if (!read_field(entry, field, data, begin, end)) {
      return line_wrong(reader, field_problem(field));
    }
    next = field + 1u;
    from = end;
  }
  return SMTPC_STORE_OK;
}

// Reads the line [from, to), which has an account. The hash is NUL-terminated in
// place, over the ':' or LF after it, or in the spare octet after the file.
static smtpc_store_status read_account(const accounts_reader *reader,
                                       size_t from, size_t to) {
  smtpc_accounts *accounts = reader->accounts;
  uint8_t *data = accounts->file.data;
  const size_t name_end = smtpc_accounts_find_octet(data, from, to, ':');
  const char *problem =
      smtpc_accounts_name_problem(data + from, name_end - from);
  if (problem != NULL) {
    return line_wrong(reader, problem);
  }
  if (name_end == to || name_end + 1u == to) {
    return line_wrong(reader, "hash field missing");
  }
  const size_t hash = name_end + 1u;
  const size_t hash_end = smtpc_accounts_find_octet(data, hash, to, ':');
  if (!smtpc_accounts_is_hash(data + hash, hash_end - hash)) {
    return line_wrong(reader, "the hash is not a yescrypt hash");
  }
  if (accounts->count >= accounts->room) {
    return line_wrong(reader, "too many accounts");
  }
  account *entry = &accounts->list[accounts->count];
  *entry = (account){.name = data + from,
                     .name_len = name_end - from,
                     .hash = (const char *)data + hash,
                     .line = reader->line};
  accounts->count++;
  const smtpc_store_status status = read_fields(reader, entry, hash_end, to);
  data[hash_end] = 0u;
  return status;
}

static smtpc_store_status read_line(const accounts_reader *reader, size_t from,
                                    size_t to) {
  const uint8_t *data = reader->accounts->file.data;
  if (from == to) {
    return SMTPC_STORE_OK;
  }
  if (data[to - 1u] == '\r') {
    return smtpc_store_fail(
        reader->error, SMTPC_STORE_FORMAT,
        "%s:%zu: the line ends in CR LF; save the file with "
        "LF alone",
        reader->path, reader->line);
  }
  if (data[from] == '#') {
    return SMTPC_STORE_OK;
  }
  if (to - from > SMTPC_ACCOUNTS_LINE_MAX) {
    return line_wrong(reader, "the line is longer than 1024 octets");
  }
  return read_account(reader, from, to);
}

static smtpc_store_status read_lines(accounts_reader *reader) {
  const smtpc_file *file = &reader->accounts->file;
  size_t from = 0;
  while (from < file->len) {
    const size_t to =
        smtpc_accounts_find_octet(file->data, from, file->len, '\n');
    reader->line++;
    const smtpc_store_status status = read_line(reader, from, to);
    if (status != SMTPC_STORE_OK) {
      return status;
    }
    from = to + 1u;
  }
  return SMTPC_STORE_OK;
}

static int compare_accounts(const void *left, const void *right) {
  const account *a = left;
  const account *b = right;
  const int order =
      smtpc_accounts_name_order(a->name, a->name_len, b->name, b->name_len);
  return order != 0 ? order : (a->line > b->line) - (a->line < b->line);
}

// Sorts the accounts and refuses a name that stands there twice.
static smtpc_store_status sort_accounts(const accounts_reader *reader) {
  smtpc_accounts *accounts = reader->accounts;
  const account *list = accounts->list;
  if (accounts->count > 1u) {
    qsort(accounts->list, accounts->count, sizeof *list, compare_accounts);
  }
  size_t again = 0;
  for (size_t k = 1; k < accounts->count; k++) {
    if (smtpc_accounts_name_order(list[k - 1u].name, list[k - 1u].name_len,
                                  list[k].name, list[k].name_len) == 0 &&
        (again == 0u || list[k].line < list[again].line)) {
      again = k;
    }
  }
  if (again == 0u) {
    return SMTPC_STORE_OK;
  }
  return smtpc_store_fail(reader->error, SMTPC_STORE_FORMAT,
                          "%s:%zu: the name of line %zu is here again; remove "
                          "one of the two lines",
                          reader->path, list[again].line,
                          list[again - 1u].line);
}

// Some accounts have a SCRAM field and others do not: then it is not offered.
static void note_missing(smtpc_accounts *accounts, const char *path) {
  for (size_t k = SMTPC_ACCOUNTS_HASH_COUNT; k > 0u; k--) {
    const size_t have = accounts->scram_count[k - 1u];
    if (have > 0u && have < accounts->count) {
      const char *word =
          smtpc_accounts_scram_word((smtpc_accounts_hash)(k - 1u));
      (void)snprintf(accounts->warning, sizeof accounts->warning,
                     "%s: accounts without %s: %zu of %zu, so that SCRAM with "
                     "that hash is not offered; write them again with "
                     "`smtpcore account`",
                     path, word, accounts->count - have, accounts->count);
      return;
    }
  }
}

static void note_warning(smtpc_accounts *accounts, const char *path) {
  const smtpc_file *file = &accounts->file;
  if (file->owner != 0u && file->owner != (uint32_t)geteuid()) {
    (void)snprintf(accounts->warning, sizeof accounts->warning,
                   "%s: belongs to user %lu, who can change every password; "
                   "run: chown root %s",
                   path, (unsigned long)file->owner, path);
  } else if ((file->mode & S_IROTH) != 0u) {
    (void)snprintf(accounts->warning, sizeof accounts->warning,
                   "%s: everybody can read the password hashes (mode %04o); "
                   "run: chmod 600 %s",
                   path, (unsigned)file->mode, path);
  } else {
    note_missing(accounts, path);
  }
}

// Chooses what an unknown name is hashed with: the salt and cost of a real line,
// so that it takes as long as one.
static smtpc_store_status choose_dummy(smtpc_accounts *accounts,
                                       smtpc_store_error *error,
                                       const char *path) {
  char *dummy = accounts->dummy;
  if (accounts->count > 0u) {
    (void)snprintf(dummy, sizeof accounts->dummy, "%s", accounts->list[0].hash);
    return SMTPC_STORE_OK;
  }
  if (crypt_gensalt_rn(SMTPC_ACCOUNTS_PREFIX, SMTPC_ACCOUNTS_COST_DEFAULT, NULL,
                       0, dummy, (int)sizeof accounts->dummy) == NULL) {
    return smtpc_store_fail_errno(error, errno, "make a salt", path);
  }
  return SMTPC_STORE_OK;
}

// Chooses what a name without a SCRAM field is told: iterations of a real line, and
// salts made with a text that no stranger knows. It is not random: after a restart,
// and on another machine with the same file, a made-up salt is as it was, as a real
// one is.
static void choose_scram(smtpc_accounts *accounts) {
  for (size_t k = 0; k < SMTPC_ACCOUNTS_HASH_COUNT; k++) {
    accounts->iterations[k] = SMTPC_ACCOUNTS_ITERATIONS_DEFAULT;
    for (size_t at = accounts->count; at > 0u; at--) {
      const smtpc_accounts_scram *state = &accounts->list[at - 1u].scram[k];
      if (state->iterations != 0u) {
        accounts->iterations[k] = state->iterations;
        accounts->scram_count[k]++;
      }
    }
  }
  smtpc_accounts_scram_seed(accounts->seed, accounts->dummy);
}

static smtpc_store_status load_steps(smtpc_accounts *accounts,
                                     smtpc_store_error *error,
                                     const char *path) {
  smtpc_store_status status =
      smtpc_file_read(&accounts->file, error, path, SMTPC_ACCOUNTS_FILE_MAX);
  if (status == SMTPC_STORE_OK) {
    status = smtpc_accounts_check_mode(&accounts->file, error, path);
  }
  if (status != SMTPC_STORE_OK) {
    return status;
  }
  // The list never grows: growing would leave copies behind.
  accounts->room = accounts->file.len / LINE_LEN_MIN + 1u;
  accounts->list = calloc(accounts->room, sizeof *accounts->list);
  if (accounts->list == NULL) {
    return smtpc_store_fail_errno(error, ENOMEM, "read it", path);
  }
  accounts_reader reader = {.accounts = accounts, .error = error, .path = path};
  status = read_lines(&reader);
  if (status == SMTPC_STORE_OK) {
    status = sort_accounts(&reader);
  }
  if (status == SMTPC_STORE_OK) {
    status = choose_dummy(accounts, error, path);
  }
  if (status == SMTPC_STORE_OK) {
    choose_scram(accounts);
    note_warning(accounts, path);
  }
  return status;
}

smtpc_store_status smtpc_accounts_load(smtpc_accounts **out,
                                       smtpc_store_error *error,
                                       const char *path) {
  *out = NULL;
  smtpc_accounts *accounts = calloc(1, sizeof *accounts);
  if (accounts == NULL) {
    return smtpc_store_fail_errno(error, ENOMEM, "read it", path);
  }
  const smtpc_store_status status = load_steps(accounts, error, path);
  if (status != SMTPC_STORE_OK) {
    smtpc_accounts_free(accounts);
    return status;
  }
  *out = accounts;
  return SMTPC_STORE_OK;
}

void smtpc_accounts_free(smtpc_accounts *accounts) {
  if (accounts == NULL) {
    return;
  }
  if (accounts->list != NULL) {
    explicit_bzero(accounts->list, accounts->room * sizeof *accounts->list);
  }
  free(accounts->list);
  smtpc_file_free(&accounts->file);
  explicit_bzero(accounts, sizeof *accounts);
  free(accounts);
}

size_t smtpc_accounts_count(const smtpc_accounts *accounts) {
  return accounts->count;
}

const char *smtpc_accounts_warning(const smtpc_accounts *accounts) {
  return accounts->warning;
}

bool smtpc_accounts_has_cram_md5(const smtpc_accounts *accounts) {
  for (size_t k = 0; k < accounts->count; k++) {
    if (accounts->list[k].has_cram) {
      return true;
    }
  }
  return false;
}

uint64_t smtpc_accounts_mechanisms(const smtpc_accounts *accounts) {
  static const uint64_t scram[SMTPC_ACCOUNTS_HASH_COUNT] = {
      SMTPC_MECH(SCRAM_SHA_1) | SMTPC_MECH(SCRAM_SHA_1_PLUS),
      SMTPC_MECH(SCRAM_SHA_256) | SMTPC_MECH(SCRAM_SHA_256_PLUS)};
  uint64_t set = SMTPC_MECH(PLAIN) | SMTPC_MECH(LOGIN);
  if (smtpc_accounts_has_cram_md5(accounts)) {
    set |= SMTPC_MECH(CRAM_MD5);
  }
  for (size_t k = 0; k < SMTPC_ACCOUNTS_HASH_COUNT; k++) {
    if (accounts->count > 0u && accounts->scram_count[k] == accounts->count) {
      set |= scram[k];
    }
  }
  return set;
}

static const account *find_account(const smtpc_accounts *accounts,
                                   const uint8_t *name, size_t len) {
  size_t low = 0;
  size_t high = accounts->count;
  while (low < high) {
    const size_t middle = low + (high - low) / 2u;
    const account *entry = &accounts->list[middle];
    const int order =
        smtpc_accounts_name_order(entry->name, entry->name_len, name, len);
    if (order == 0) {
      return entry;
    }
    if (order < 0) {
      low = middle + 1u;
    } else {
      high = middle;
    }
  }
  return NULL;
}

bool smtpc_accounts_check_password(const smtpc_accounts *accounts,
                                   const uint8_t *name, size_t name_len,
                                   const uint8_t *password,
                                   size_t password_len) {
  smtpc_accounts_hasher *hasher = calloc(1, sizeof *hasher);
  if (hasher == NULL) {
    return false;
  }
  const account *found = find_account(accounts, name, name_len);
  const char *want = found != NULL ? found->hash : accounts->dummy;
  const bool fits = smtpc_accounts_set_phrase(hasher, password, password_len);
  const char *have =
      crypt_rn(hasher->phrase, want, &hasher->crypt, (int)sizeof hasher->crypt);
  const bool same = have != NULL && strlen(have) == SMTPC_ACCOUNTS_HASH_LEN &&
                    strlen(want) == SMTPC_ACCOUNTS_HASH_LEN &&
                    nettle_memeql_sec(have, want, SMTPC_ACCOUNTS_HASH_LEN) != 0;
  explicit_bzero(hasher, sizeof *hasher);
  free(hasher);
  // The dummy may be the hash of a real account, so `same` alone is not enough.
  return found != NULL && fits && same;
}

bool smtpc_accounts_check_cram_md5(const smtpc_accounts *accounts,
                                   const uint8_t *name, size_t name_len,
                                   const uint8_t *challenge,
                                   size_t challenge_len,
                                   const uint8_t *digest) {
  static const uint8_t nobody[SMTPC_ACCOUNTS_CRAM_LEN] = {0};
  const account *found = find_account(accounts, name, name_len);
  const bool may = found != NULL && found->has_cram;
  const uint8_t *states = may ? found->cram : nobody;
  struct hmac_md5_ctx hmac;
  smtpc_accounts_cram_hmac(&hmac, states);
  if (challenge_len > 0u) {
    hmac_md5_update(&hmac, challenge_len, challenge);
  }
  uint8_t want[SMTPC_ACCOUNTS_DIGEST_LEN];
  hmac_md5_digest(&hmac, sizeof want, want);
  const bool same = nettle_memeql_sec(want, digest, sizeof want) != 0;
  explicit_bzero(&hmac, sizeof hmac);
  explicit_bzero(want, sizeof want);
  return may && same;
}

bool smtpc_accounts_scram_salt(const smtpc_accounts *accounts,
                               unsigned mechanism, const uint8_t *name,
                               size_t name_len,
                               uint8_t salt[SMTPC_ACCOUNTS_SALT_LEN],
                               uint32_t *out_iterations) {
  const smtpc_accounts_hash hash = smtpc_accounts_scram_hash_of(mechanism);
  *out_iterations = 0u;
  if (hash == SMTPC_ACCOUNTS_HASH_COUNT) {
    return false;
  }
  // It is made up for everybody, so that it costs everybody the same.
  smtpc_accounts_scram_made_up(salt, accounts->seed, hash, name, name_len);
  *out_iterations = accounts->iterations[hash];
  const account *found = find_account(accounts, name, name_len);
  if (found != NULL && found->scram[hash].iterations != 0u) {
    memcpy(salt, found->scram[hash].salt, SMTPC_ACCOUNTS_SALT_LEN);
    *out_iterations = found->scram[hash].iterations;
  }
  return true;
}

bool smtpc_accounts_check_scram(
    const smtpc_accounts *accounts, const smtpc_accounts_proof *given,
    uint8_t signature[SMTPC_ACCOUNTS_SIGNATURE_MAX]) {
  static const smtpc_accounts_scram nobody = {0};
  const smtpc_accounts_hash hash =
      smtpc_accounts_scram_hash_of(given->mechanism);
  uint8_t made[SMTPC_ACCOUNTS_SIGNATURE_MAX];
  if (hash == SMTPC_ACCOUNTS_HASH_COUNT ||
      given->proof_len != smtpc_accounts_scram_len(hash)) {
    return false;
  }
  const account *found = find_account(accounts, given->name, given->name_len);
  const bool may = found != NULL && found->scram[hash].iterations != 0u;
  const smtpc_accounts_scram *state = may ? &found->scram[hash] : &nobody;
  const bool same = smtpc_accounts_scram_judge(
      state, hash, given->text, given->text_len, given->proof, made);
  if (may && same) {
    memcpy(signature, made, given->proof_len);
  }
  explicit_bzero(made, sizeof made);
  return may && same;
}
