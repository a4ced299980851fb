#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>

#include "shim/boringssl/tls_boringssl.h"
#include "shim/store/files.h"
#include "smtpcore/commands.h"
#include "smtpcore/log.h"
#include "smtpcore/options.h"

#define CERT_MODE 0644

typedef struct settings {
  const char *name;
  const char *out;
  uint32_t days;
  bool force;
} settings;

enum option_key { KEY_NAME = 0x100, KEY_OUT, KEY_DAYS, KEY_FORCE };

static const struct argp_option options[] = {
    {"name", KEY_NAME, "HOST", 0,
     "The server's name: a host name or an IP address", 1},
    {"out", KEY_OUT, "DIR", 0, "Where cert.pem and key.pem go; made if missing",
     1},
    {"days", KEY_DAYS, "N", 0,
     "How long the certificate is valid (default 365)", 1},
    {"force", KEY_FORCE, NULL, 0, "Replace files that are there", 1},
    {0}};

static error_t parse(int key, char *arg, struct argp_state *state) {
  settings *s = state->input;
  uint64_t days = 0u;
  switch (key) {
    case KEY_NAME:
      s->name = arg;
      break;
    case KEY_OUT:
      s->out = arg;
      break;
    case KEY_DAYS:
      if (!smtpc_option_number(arg, 1u, SMTPC_BORINGSSL_DAYS_MAX, &days)) {
        smtpc_option_fail(state, "--days", arg,
                          "want a number from 1 to 36500");
      }
      s->days = (uint32_t)days;
      break;
    case KEY_FORCE:
      s->force = true;
      break;
    case ARGP_KEY_ARG:
      smtpc_option_fail(state, "surplus word", arg, "want options only");
      break;
    case ARGP_KEY_END:
      if (s->name == NULL || s->out == NULL) {
        smtpc_option_fail(state, s->name == NULL ? "--name" : "--out", NULL,
                          "it must be given: --name HOST --out DIR");
      }
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
    "Makes a P-256 key and a certificate for it that is signed by itself.\v"
    "A sender that is to trust it names cert.pem with --ca. Keep key.pem to "
    "yourself.",
    NULL,
    NULL,
    NULL};

static int complain(const char *text) {
  (void)fprintf(stderr, "smtpcore certificate: %s\n", text);
  return EX_CANTCREAT;
}

static int complain_errno(const char *path) {
  char text[600];
  (void)snprintf(text, sizeof text, "%s: %s", path, strerror(errno));
  return complain(text);
}

// pair is the two files while they are replaced. Both are locked before either
// is written.
typedef struct pair {
  char *cert_path;
  char *key_path;
  smtpc_file_change cert;
  smtpc_file_change key;
} pair;

static bool is_there(const char *path) {
  struct stat facts;
  return lstat(path, &facts) == 0;
}

static int check_free(const pair *p, bool force) {
  char text[600];
  const bool cert = is_there(p->cert_path);
  if (force || (!cert && !is_there(p->key_path))) {
    return EX_OK;
  }
  (void)snprintf(text, sizeof text,
                 "%s: it is there already; choose another folder, or say "
                 "--force to replace it",
                 cert ? p->cert_path : p->key_path);
  return complain(text);
}

// The key first: a certificate without its key is the better half to be
// missing.
static int write_pair(pair *p, const smtpc_boringssl_pem *pem) {
  smtpc_store_error error;
  if (smtpc_file_change_commit(&p->key, &error, p->key_path,
                               (const uint8_t *)pem->key,
                               pem->key_len) != SMTPC_STORE_OK ||
      smtpc_file_change_commit(&p->cert, &error, p->cert_path,
                               (const uint8_t *)pem->cert,
                               pem->cert_len) != SMTPC_STORE_OK) {
    return complain(error.text);
  }
  if (chmod(p->cert_path, CERT_MODE) != 0) {
    return complain_errno(p->cert_path);
  }
  (void)printf("%s\n%s\n", p->cert_path, p->key_path);
  return EX_OK;
}

static int replace_pair(pair *p, const smtpc_boringssl_pem *pem, bool force) {
  smtpc_store_error error;
  int status = EX_CANTCREAT;
  if (smtpc_file_change_begin(&p->key, &error, p->key_path) != SMTPC_STORE_OK ||
      smtpc_file_change_begin(&p->cert, &error, p->cert_path) !=
          SMTPC_STORE_OK) {
    status = complain(error.text);
  } else {
    status = check_free(p, force);
    if (status == EX_OK) {
      status = write_pair(p, pem);
    }
  }
  smtpc_file_change_abort(&p->key);
  smtpc_file_change_abort(&p->cert);
  return status;
}

static int store(const settings *s, const smtpc_boringssl_pem *pem) {
  pair p = {0};
  int status = EX_OSERR;
  if (mkdir(s->out, 0700) != 0 && errno != EEXIST) {
    return complain_errno(s->out);
  }
  p.cert_path = smtpc_store_join(s->out, "/", "cert.pem");
  p.key_path = smtpc_store_join(s->out, "/", "key.pem");
  if (p.cert_path == NULL || p.key_path == NULL) {
    (void)complain("no memory");
  } else {
    status = replace_pair(&p, pem, s->force);
  }
  free(p.cert_path);
  free(p.key_path);
  return status;
}

int smtpc_main_certificate(int argc, char **argv) {
  settings s = {0};
  smtpc_boringssl_pem pem = {0};
  char shown[300];
  s.days = 365u;
  (void)argp_parse(&parser, argc, argv, 0, NULL, &s);
  const smtpc_boringssl_error error = smtpc_boringssl_certificate_make(
      s.name, strlen(s.name), (int64_t)time(NULL), s.days, &pem);
  if (error != SMTPC_BORINGSSL_NONE) {
    (void)smtpc_log_escape((const uint8_t *)s.name, strlen(s.name), shown,
                           sizeof shown);
    (void)fprintf(stderr, "smtpcore certificate: --name: %s; it is \"%s\"\n",
                  smtpc_boringssl_error_text(error), shown);
    return error == SMTPC_BORINGSSL_LIBRARY ? EX_OSERR : EX_USAGE;
  }
  const int status = store(&s, &pem);
  smtpc_boringssl_pem_free(&pem);
  return status;
}
