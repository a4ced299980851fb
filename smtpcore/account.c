#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "shim/store/accounts.h"
#include "shim/store/files.h"
#include "smtpcore/commands.h"
#include "smtpcore/options.h"
#include "smtpcore/password.h"

typedef struct settings {
  const char *name;
  const char *accounts;
  const char *password_file;
  uint32_t iterations;  // 0: the store's default
  bool cram_md5;
  bool scram_sha_1;
  bool no_scram;
  bool remove;
} settings;

enum option_key {
  KEY_NAME = 0x100,
  KEY_ACCOUNTS,
  KEY_PASSWORD_FILE,
  KEY_CRAM_MD5,
  KEY_SCRAM_SHA_1,
  KEY_NO_SCRAM,
  KEY_ITERATIONS,
  KEY_DELETE
};

static const struct argp_option options[] = {
    {"name", KEY_NAME, "NAME", 0, "The user name", 1},
    {"accounts", KEY_ACCOUNTS, "FILE", 0, "The accounts file; made if missing",
     1},
    {"password-file", KEY_PASSWORD_FILE, "FILE", 0,
     "Take the password from the one line of this file (default: ask at the "
     "terminal)",
     1},
    {"cram-md5", KEY_CRAM_MD5, NULL, 0,
     "Let the account use CRAM-MD5 too; whoever reads the file can then log in "
     "as it",
     1},
    {"scram-sha-1", KEY_SCRAM_SHA_1, NULL, 0,
     "Let the account use SCRAM-SHA-1 too, for clients that know no SHA-256",
     1},
    {"no-scram", KEY_NO_SCRAM, NULL, 0,
     "Do not let the account use SCRAM-SHA-256; a receiver offers it only if "
     "each of its accounts can use it",
     1},
    {"iterations", KEY_ITERATIONS, "NUMBER", 0,
     "How often a client of SCRAM hashes the password, 4096 to 2000000 "
     "(default: 15000)",
     1},
    {"delete", KEY_DELETE, NULL, 0, "Remove the account", 1},
    {0}};

static void check_together(const settings *s, const struct argp_state *state) {
  if (s->name == NULL || s->accounts == NULL) {
    smtpc_option_fail(state, s->name == NULL ? "--name" : "--accounts", NULL,
                      "it must be given: --name NAME --accounts FILE");
  }
  if (s->remove && (s->cram_md5 || s->scram_sha_1 || s->no_scram ||
                    s->iterations != 0u || s->password_file != NULL)) {
    smtpc_option_fail(state, "--delete", NULL,
                      "it stands with --name and --accounts alone");
  }
  if (s->no_scram && (s->scram_sha_1 || s->iterations != 0u)) {
    smtpc_option_fail(state, "--no-scram", NULL,
                      "it stands without --scram-sha-1 and --iterations");
  }
}

static void take_iterations(settings *s, const char *arg,
                            const struct argp_state *state) {
  uint64_t number = 0u;
  if (!smtpc_option_number(arg, SMTPC_ACCOUNTS_ITERATIONS_MIN,
                           SMTPC_ACCOUNTS_ITERATIONS_MAX, &number)) {
    smtpc_option_fail(state, "--iterations", arg,
                      "want a number from 4096 to 2000000");
  }
  s->iterations = (uint32_t)number;
}

static error_t parse(int key, char *arg, struct argp_state *state) {
  settings *s = state->input;
  switch (key) {
    case KEY_NAME:
      s->name = arg;
      break;
    case KEY_ACCOUNTS:
      s->accounts = arg;
      break;
    case KEY_PASSWORD_FILE:
      s->password_file = arg;
      break;
    case KEY_CRAM_MD5:
      s->cram_md5 = true;
      break;
    case KEY_SCRAM_SHA_1:
      s->scram_sha_1 = true;
      break;
    case KEY_NO_SCRAM:
      s->no_scram = true;
      break;
    case KEY_ITERATIONS:
      take_iterations(s, arg, state);
      break;
    case KEY_DELETE:
      s->remove = true;
      break;
    case ARGP_KEY_ARG:
      smtpc_option_fail(state, "surplus word", arg, "want options only");
      break;
    case ARGP_KEY_END:
      check_together(s, state);
      break;
    default:
      return ARGP_ERR_UNKNOWN;
  }
  return 0;
}

static const struct argp parser = {
    options,
    parse,
    NULL,
    "Writes an account to the file that `smtpcore receive --accounts` reads, "
    "or "
    "replaces the one of that name. Passwords are stored as yescrypt hashes, "
    "and as keys of SCRAM-SHA-256.",
    NULL,
    NULL,
    NULL};

static int complain(const char *text) {
  (void)fprintf(stderr, "smtpcore account: %s\n", text);
  return EX_CONFIG;
}

// ------------------------------------------------------------------ removing

// Copies the lines of `old` to `out` but those of account `name`. It returns
// the length, and whether there was such a line in `*out_found`.
static size_t without(uint8_t *out, const smtpc_file *old, const char *name,
                      bool *out_found) {
  const size_t name_len = strlen(name);
  size_t used = 0u;
  size_t from = 0u;
  *out_found = false;
  while (from < old->len) {
    const uint8_t *line = old->data + from;
    const uint8_t *lf = memchr(line, '\n', old->len - from);
    const size_t len = lf == NULL ? old->len - from : (size_t)(lf - line) + 1u;
    if (len > name_len && memcmp(line, name, name_len) == 0 &&
        line[name_len] == (uint8_t)':') {
      *out_found = true;
    } else {
      memcpy(out + used, line, len);
      used += len;
    }
    from += len;
  }
  return used;
}

// With the file locked.
static int remove_from(const settings *s, smtpc_file_change *change) {
  smtpc_accounts *accounts = NULL;
  smtpc_store_error error;
  smtpc_file old = {0};
  smtpc_file rest = {0};
  bool found = false;
  int status = EX_OK;
  // Loading checks the file: who may write it, and each line.
  if (smtpc_accounts_load(&accounts, &error, s->accounts) != SMTPC_STORE_OK ||
      smtpc_file_read(&old, &error, s->accounts, SMTPC_ACCOUNTS_FILE_MAX) !=
          SMTPC_STORE_OK) {
    status = complain(error.text);
  } else {
    rest.data = malloc(old.len + 1u);
    rest.len =
        rest.data == NULL ? 0u : without(rest.data, &old, s->name, &found);
    if (!found) {
      status = complain("there is no account of that name");
    } else if (smtpc_file_change_commit(change, &error, s->accounts, rest.data,
                                        rest.len) != SMTPC_STORE_OK) {
      status = complain(error.text);
    }
  }
  smtpc_accounts_free(accounts);
  smtpc_file_free(&old);
  smtpc_file_free(&rest);
  return status;
}

static int remove_account(const settings *s) {
  smtpc_file_change change = {0};
  smtpc_store_error error;
  if (smtpc_file_change_begin(&change, &error, s->accounts) != SMTPC_STORE_OK) {
    return complain(error.text);
  }
  const int status = remove_from(s, &change);
  smtpc_file_change_abort(&change);
  return status;
}

// ------------------------------------------------------------------- writing

static int write_account(const settings *s) {
  smtpc_password password = {0};
  smtpc_accounts_entry entry = {0};
  smtpc_store_error error;
  char problem[SMTPC_PASSWORD_PROBLEM_MAX];
  const bool good =
      s->password_file != NULL
          ? smtpc_password_read(&password, s->password_file, problem)
          : smtpc_password_ask(&password, problem);
  int status = EX_OK;
  if (!good) {
    status = complain(problem);
  } else {
    entry.name = (const uint8_t *)s->name;
    entry.name_len = strlen(s->name);
    entry.password = password.data;
    entry.password_len = password.len;
    entry.cram_md5 = s->cram_md5;
    entry.scram_sha_1 = s->scram_sha_1;
    entry.scram_sha_256 = !s->no_scram;
    entry.iterations = s->iterations;
    if (smtpc_accounts_write_entry(&error, s->accounts, &entry) !=
        SMTPC_STORE_OK) {
      status = complain(error.text);
    }
  }
  smtpc_password_wipe(&password);
  return status;
}

int smtpc_main_account(int argc, char **argv) {
  settings s = {0};
  (void)argp_parse(&parser, argc, argv, 0, NULL, &s);
  return s.remove ? remove_account(&s) : write_account(&s);
}
