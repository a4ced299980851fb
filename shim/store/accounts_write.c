// See accounts.h, and accounts_line.h.
#define _POSIX_C_SOURCE 200809L
#define _DEFAULT_SOURCE 1  // explicit_bzero

#include <crypt.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shim/store/accounts.h"
#include "shim/store/accounts_line.h"
#include "shim/store/accounts_scram.h"

// A line to write. All of it is wiped after use.
typedef struct new_line {
  smtpc_accounts_hasher hasher;
  char salt[CRYPT_GENSALT_OUTPUT_SIZE];
  smtpc_accounts_scram scram;
  uint8_t text[SMTPC_ACCOUNTS_LINE_MAX];
  size_t len;
} new_line;

static void put(new_line *line, const void *data, size_t len) {
  memcpy(line->text + line->len, data, len);
  line->len += len;
}

_Static_assert(SMTPC_ACCOUNTS_NAME_MAX + 1u + SMTPC_ACCOUNTS_HASH_LEN + 1u +
                       SMTPC_ACCOUNTS_CRAM_WORD_LEN +
                       2u * SMTPC_ACCOUNTS_CRAM_LEN +
                       2u * (1u + SMTPC_ACCOUNTS_SCRAM_FIELD_MAX) + 1u <=
                   SMTPC_ACCOUNTS_LINE_MAX,
               "the longest line that is written can be read");

static smtpc_store_status put_hash(new_line *line, smtpc_store_error *error,
                                   const char *path,
                                   const smtpc_accounts_entry *entry) {
  const unsigned cost =
      entry->cost == 0u ? SMTPC_ACCOUNTS_COST_DEFAULT : entry->cost;
  if (crypt_gensalt_rn(SMTPC_ACCOUNTS_PREFIX, cost, NULL, 0, line->salt,
                       (int)sizeof line->salt) == NULL) {
    return smtpc_store_fail_errno(error, errno, "make a salt", path);
  }
  (void)smtpc_accounts_set_phrase(&line->hasher, entry->password,
                                  entry->password_len);
  const char *hash =
      crypt_rn(line->hasher.phrase, line->salt, &line->hasher.crypt,
               (int)sizeof line->hasher.crypt);
  if (hash == NULL ||
      !smtpc_accounts_is_hash((const uint8_t *)hash, strlen(hash))) {
    return smtpc_store_fail(error, SMTPC_STORE_BUSY,
                            "%s: the password cannot be hashed; is there too "
                            "little memory?",
                            path);
  }
  put(line, hash, SMTPC_ACCOUNTS_HASH_LEN);
  return SMTPC_STORE_OK;
}

static smtpc_store_status put_scram(new_line *line, smtpc_store_error *error,
                                    const char *path,
                                    const smtpc_accounts_entry *entry,
                                    smtpc_accounts_hash hash) {
  smtpc_accounts_scram *state = &line->scram;
  state->iterations = entry->iterations == 0u
                          ? SMTPC_ACCOUNTS_ITERATIONS_DEFAULT
                          : entry->iterations;
  if (getentropy(state->salt, sizeof state->salt) != 0) {
    return smtpc_store_fail_errno(error, errno, "make a salt", path);
  }
  smtpc_accounts_scram_make(state, hash, entry->password, entry->password_len);
  put(line, ":", 1);
  line->len += smtpc_accounts_scram_write(line->text + line->len, state, hash);
  return SMTPC_STORE_OK;
}

// Makes the line. The entry has been checked.
static smtpc_store_status make_line(new_line *line, smtpc_store_error *error,
                                    const char *path,
                                    const smtpc_accounts_entry *entry) {
  put(line, entry->name, entry->name_len);
  put(line, ":", 1);
  smtpc_store_status status = put_hash(line, error, path, entry);
  if (status == SMTPC_STORE_OK && entry->cram_md5) {
    put(line, ":", 1);
    line->len += smtpc_accounts_write_cram(
        line->text + line->len, entry->password, entry->password_len);
  }
  if (status == SMTPC_STORE_OK && entry->scram_sha_1) {
    status = put_scram(line, error, path, entry, SMTPC_ACCOUNTS_SHA1);
  }
  if (status == SMTPC_STORE_OK && entry->scram_sha_256) {
    status = put_scram(line, error, path, entry, SMTPC_ACCOUNTS_SHA256);
  }
  put(line, "\n", 1);
  return status;
}

static bool is_iterations(uint32_t count) {
  return count == 0u || (count >= SMTPC_ACCOUNTS_ITERATIONS_MIN &&
                         count <= SMTPC_ACCOUNTS_ITERATIONS_MAX);
}

static smtpc_store_status check_entry(smtpc_store_error *error,
                                      const char *path,
                                      const smtpc_accounts_entry *entry) {
  const char *problem =
      smtpc_accounts_name_problem(entry->name, entry->name_len);
  const size_t len = entry->password_len;
  if (problem == NULL && len == 0u) {
    problem = "the password is empty";
  } else if (problem == NULL && len > SMTPC_ACCOUNTS_PASSWORD_MAX) {
    problem = "the password is longer than 255 octets";
  } else if (problem == NULL &&
             (smtpc_accounts_find_octet(entry->password, 0, len, 0u) < len ||
              smtpc_accounts_find_octet(entry->password, 0, len, '\r') < len ||
              smtpc_accounts_find_octet(entry->password, 0, len, '\n') < len)) {
    problem = "the password has a NUL or a line end";
  } else if (problem == NULL && entry->cost > SMTPC_ACCOUNTS_COST_MAX) {
    problem = "the cost is over 11";
  } else if (problem == NULL && !is_iterations(entry->iterations)) {
    problem = "the iterations are not 4096 to 2000000";
  }
  return problem == NULL
             ? SMTPC_STORE_OK
             : smtpc_store_fail(error, SMTPC_STORE_FORMAT,
                                "%s: %s; choose another one", path, problem);
}

// Writes `old` to `out` with `line` in the place of the first line of that name,
// or at the end, and without any further line of that name. `out` has room for
// both and one octet. Returns the length.
static size_t merge(uint8_t *out, const smtpc_file *old, const new_line *line,
                    size_t name_len) {
  size_t used = 0;
  size_t from = 0;
  bool written = false;
  while (from < old->len) {
    const size_t lf =
        smtpc_accounts_find_octet(old->data, from, old->len, '\n');
    const size_t name_end = smtpc_accounts_find_octet(old->data, from, lf, ':');
    const size_t next = lf < old->len ? lf + 1u : lf;
    if (smtpc_accounts_name_order(old->data + from, name_end - from, line->text,
                                  name_len) != 0) {
      memcpy(out + used, old->data + from, next - from);
      used += next - from;
    } else if (!written) {
      memcpy(out + used, line->text, line->len);
      used += line->len;
      written = true;
    }
    from = next;
  }
  if (!written) {
    if (used > 0u && out[used - 1u] != '\n') {
      out[used++] = '\n';
    }
    memcpy(out + used, line->text, line->len);
    used += line->len;
  }
  return used;
}

// Reads the old file, which need not exist.
static smtpc_store_status read_old(smtpc_file *old, smtpc_store_error *error,
                                   const char *path) {
  const smtpc_store_status status =
      smtpc_file_read(old, error, path, SMTPC_ACCOUNTS_FILE_MAX);
  if (status == SMTPC_STORE_MISSING) {
    return SMTPC_STORE_OK;
  }
  return status == SMTPC_STORE_OK ? smtpc_accounts_check_mode(old, error, path)
                                  : status;
}

static smtpc_store_status replace_file(smtpc_file_change *change,
                                       smtpc_store_error *error,
                                       const char *path, const new_line *line,
                                       size_t name_len) {
  smtpc_file old = {0};
  smtpc_file merged = {0};
  smtpc_store_status status = read_old(&old, error, path);
  if (status == SMTPC_STORE_OK) {
    merged.data = malloc(old.len + line->len + 1u);
    if (merged.data == NULL) {
      status = smtpc_store_fail_errno(error, ENOMEM, "replace it", path);
    }
  }
  if (status == SMTPC_STORE_OK) {
    merged.len = merge(merged.data, &old, line, name_len);
    status = merged.len <= SMTPC_ACCOUNTS_FILE_MAX
                 ? smtpc_file_change_commit(change, error, path, merged.data,
                                            merged.len)
                 : smtpc_store_fail(error, SMTPC_STORE_TOO_LARGE,
                                    "%s: no room for another account", path);
  }
  smtpc_file_free(&merged);
  smtpc_file_free(&old);
  return status;
}

smtpc_store_status smtpc_accounts_write_entry(
    smtpc_store_error *error, const char *path,
    const smtpc_accounts_entry *entry) {
  smtpc_store_status status = check_entry(error, path, entry);
  if (status != SMTPC_STORE_OK) {
    return status;
  }
  new_line *line = calloc(1, sizeof *line);
  if (line == NULL) {
    return smtpc_store_fail_errno(error, ENOMEM, "replace it", path);
  }
  status = make_line(line, error, path, entry);
  smtpc_file_change change = {0};
  if (status == SMTPC_STORE_OK) {
    status = smtpc_file_change_begin(&change, error, path);
  }
  if (status == SMTPC_STORE_OK) {
    status = replace_file(&change, error, path, line, entry->name_len);
    smtpc_file_change_abort(&change);
  }
  explicit_bzero(line, sizeof *line);
  free(line);
  return status;
}
