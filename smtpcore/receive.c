#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "shim/boringssl/tls_boringssl.h"
#include "smtpcore/commands.h"
#include "smtpcore/options.h"
#include "smtpcore/reception.h"
#include "smtpcore/span.h"

#define DOMAINS_MAX 64u
#define KEY_READABLE_BY_OTHERS 0007u
#define KEY_WRITABLE_BY_GROUP 0020u

typedef struct settings {
  smtpc_server_policy policy;
  smtpc_net_deadlines deadlines;
  smtpc_endpoint listen;
  const char *cert;
  const char *key;
  const char *maildir;
  const char *accounts;
  const char *domains[DOMAINS_MAX];
  size_t domains_count;
  uint32_t sessions_max;
  uint16_t tls_min;
  uint8_t log;
  bool host_given;
} settings;

enum option_key {
  KEY_LISTEN = 0x100,
  KEY_TLS,
  KEY_IMPLICIT_TLS,
  KEY_CERT,
  KEY_KEY,
  KEY_HOSTNAME,
  KEY_DOMAIN,
  KEY_MAILDIR,
  KEY_ACCOUNTS,
  KEY_AUTH,
  KEY_MAX_SIZE,
  KEY_MAX_RECIPIENTS,
  KEY_MAX_SESSIONS,
  KEY_TLS_MIN,
  KEY_DEADLINE,
  KEY_QUIRK,
  KEY_LOG
};

static const struct argp_option options[] = {
    {"listen", KEY_LISTEN, "ADDR:PORT", 0,
     "Where to listen; * is all addresses, port 0 picks one "
     "(default 127.0.0.1:2525)",
     1},
    {"hostname", KEY_HOSTNAME, "NAME", 0,
     "Our name; mail for it is taken (default: the system's name if it is a "
     "domain name, else localhost)",
     1},
    {"domain", KEY_DOMAIN, "NAME", 0,
     "Take mail for this domain too; may be given again", 1},
    {"maildir", KEY_MAILDIR, "DIR", 0,
     "Where mail is stored; made if missing (default ./Maildir)", 1},
    {"tls", KEY_TLS, "off|on|required", 0,
     "STARTTLS: not offered; offered; mail in plaintext refused (default off)",
     2},
    {"implicit-tls", KEY_IMPLICIT_TLS, NULL, 0, "TLS from the first octet", 2},
    {"cert", KEY_CERT, "FILE", 0, "PEM: our certificate, then its chain", 2},
    {"key", KEY_KEY, "FILE", 0, "PEM: the private key of the certificate", 2},
    {"tls-min", KEY_TLS_MIN, "VERSION", 0,
     "The oldest TLS to accept: 1.0, 1.1, 1.2 or 1.3 (default 1.2)", 2},
    {"auth", KEY_AUTH, "off|on|required", 0,
     "AUTH: not offered; offered; mail without it refused (default off)", 3},
    {"accounts", KEY_ACCOUNTS, "FILE", 0,
     "Who may log in; `smtpcore account` writes this file", 3},
    {"max-size", KEY_MAX_SIZE, "BYTES", 0,
     "The greatest message (default 10485760)", 4},
    {"max-recipients", KEY_MAX_RECIPIENTS, "N", 0,
     "Recipients of one message (default 100)", 4},
    {"max-sessions", KEY_MAX_SESSIONS, "N", 0,
     "Sessions at once (default 1000)", 4},
    {"deadline", KEY_DEADLINE, "NAME=SECONDS", 0,
     "How long to wait for the peer; `smtpcore policy` lists the names; may be "
     "given again",
     4},
    {"quirk", KEY_QUIRK, "NAME", 0,
     "Tolerate one deviation; `smtpcore policy` lists them; may be given again",
     5},
    {"log", KEY_LOG, "text|json", 0, "How events are printed (default text)",
     5},
    {0}};

// ------------------------------------------------------------------- options

static uint64_t take_number(const struct argp_state *state, const char *option,
                            const char *text, uint64_t max) {
  char want[80];
  uint64_t value = 0u;
  if (!smtpc_option_number(text, 1u, max, &value)) {
    (void)snprintf(want, sizeof want, "want a number from 1 to %llu",
                   (unsigned long long)max);
    smtpc_option_fail(state, option, text, want);
  }
  return value;
}

static void add_domain(settings *s, const struct argp_state *state,
                       const char *text) {
  uint8_t name[255];
  uint8_t len = 0u;
  if (!smtpc_option_host(text, false, name, &len)) {
    smtpc_option_fail(state, "--domain", text, "want a domain name");
  }
  if (s->domains_count >= DOMAINS_MAX) {
    smtpc_option_fail(state, "--domain", text, "there can be at most 64");
  }
  s->domains[s->domains_count] = text;
  s->domains_count++;
}

// How TLS and AUTH are set; false: another option.
static bool take_protection(settings *s, const struct argp_state *state,
                            int key, const char *arg) {
  switch (key) {
    case KEY_TLS:
      s->policy.tls = smtpc_option_take_choice(
          state, "--tls", arg, smtpc_option_auth_words, 3u, SMTPC_WANT_AUTH);
      return true;
    case KEY_IMPLICIT_TLS:
      s->policy.implicit_tls = 1u;
      return true;
    case KEY_CERT:
      s->cert = arg;
      return true;
    case KEY_KEY:
      s->key = arg;
      return true;
    case KEY_TLS_MIN:
      if (!smtpc_option_tls_version(arg, &s->tls_min)) {
        smtpc_option_fail(state, "--tls-min", arg, SMTPC_WANT_TLS_VERSION);
      }
      return true;
    case KEY_AUTH:
      s->policy.auth = smtpc_option_take_choice(
          state, "--auth", arg, smtpc_option_auth_words, 3u, SMTPC_WANT_AUTH);
      return true;
    case KEY_ACCOUNTS:
      s->accounts = arg;
      return true;
    default:
      return false;
  }
}

static bool take_limit(settings *s, const struct argp_state *state, int key,
                       const char *arg) {
  switch (key) {
    case KEY_MAX_SIZE:
      s->policy.size_max = take_number(state, "--max-size", arg, INT64_MAX);
      return true;
    case KEY_MAX_RECIPIENTS:
      s->policy.rcpt_max =
          (uint16_t)take_number(state, "--max-recipients", arg, UINT16_MAX);
      return true;
    case KEY_MAX_SESSIONS:
      s->sessions_max =
          (uint32_t)take_number(state, "--max-sessions", arg, 100000u);
      return true;
    case KEY_DEADLINE:
      smtpc_option_take_deadline(state, arg, &s->deadlines);
      return true;
    case KEY_QUIRK:
      smtpc_option_take_quirk(state, arg, SMTPC_QUIRK_ALL, &s->policy.quirks);
      return true;
    default:
      return false;
  }
}

static void take_place(settings *s, const struct argp_state *state, int key,
                       const char *arg) {
  switch (key) {
    case KEY_LISTEN:
      if (!smtpc_option_endpoint(arg, &s->listen)) {
        smtpc_option_fail(state, "--listen", arg,
                          "want ADDR:PORT with a port from 0 to 65535, such as "
                          "127.0.0.1:2525, [::1]:2525 or *:2525");
      }
      break;
    case KEY_HOSTNAME:
      s->host_given = true;
      if (!smtpc_option_host(arg, true, s->policy.hostname,
                             &s->policy.hostname_len)) {
        smtpc_option_fail(state, "--hostname", arg, SMTPC_WANT_HOST);
      }
      break;
    case KEY_DOMAIN:
      add_domain(s, state, arg);
      break;
    case KEY_MAILDIR:
      s->maildir = arg;
      break;
    default:
      s->log = smtpc_option_take_choice(
          state, "--log", arg, smtpc_option_log_words, 2u, SMTPC_WANT_LOG);
      break;
  }
}

// What no single option can tell.
static void check_together(const settings *s, const struct argp_state *state) {
  const smtpc_server_policy *p = &s->policy;
  const bool tls = p->tls != SMTPC_SERVER_TLS_OFF || p->implicit_tls != 0u;
  const bool clear = (p->quirks & (uint32_t)SMTPC_QUIRK_AUTH_IN_CLEAR) != 0u;
  if (p->auth != SMTPC_AUTH_OFF && s->accounts == NULL) {
    smtpc_option_fail(state, "--auth", NULL,
                      "name the accounts with --accounts FILE; `smtpcore "
                      "account` writes one");
  }
  if (p->auth == SMTPC_AUTH_OFF && s->accounts != NULL) {
    smtpc_option_fail(state, "--accounts", NULL,
                      "say --auth on or --auth required as well");
  }
  if (p->auth != SMTPC_AUTH_OFF && !tls && !clear) {
    smtpc_option_fail(state, "--auth", NULL,
                      "nobody could log in without TLS: say --tls on or --tls "
                      "required, or --quirk auth-in-clear to let passwords "
                      "cross the network in clear");
  }
}

static error_t parse(int key, char *arg, struct argp_state *state) {
  settings *s = state->input;
  if (key == ARGP_KEY_ARG) {
    smtpc_option_fail(state, "surplus word", arg, "want options only");
  } else if (key == ARGP_KEY_END) {
    check_together(s, state);
  } else if (key < KEY_LISTEN || key > KEY_LOG) {
    return ARGP_ERR_UNKNOWN;
  } else if (!take_protection(s, state, key, arg) &&
             !take_limit(s, state, key, arg)) {
    take_place(s, state, key, arg);
  }
  return 0;
}

static const struct argp parser = {
    options,
    parse,
    NULL,
    "Receives mail by SMTP and stores it in a Maildir. Mail for other domains "
    "is "
    "refused.\v"
    "When it is ready it prints `listening on ADDR:PORT`, then one line for "
    "each "
    "event. SIGTERM and SIGINT end it: sessions are told, and nothing is lost.",
    NULL,
    NULL,
    NULL};

// -------------------------------------------------------------- what it needs

static int complain(const char *text, const char *mend) {
  (void)fprintf(stderr, "smtpcore receive: %s%s%s\n", text,
                mend[0] == '\0' ? "" : "; ", mend);
  return EX_CONFIG;
}

#define MAKE_CERTIFICATE                                                      \
  "`smtpcore certificate --name HOST --out DIR` makes a certificate and its " \
  "key"

static int complain_identity(const settings *s, smtpc_boringssl_error error) {
  char text[600];
  const bool key = error == SMTPC_BORINGSSL_KEY_PEM ||
                   error == SMTPC_BORINGSSL_KEY_ENCRYPTED ||
                   error == SMTPC_BORINGSSL_KEY_UNUSABLE;
  if (error == SMTPC_BORINGSSL_KEY_MISMATCH) {
    (void)snprintf(text, sizeof text, "%s and %s: %s", s->cert, s->key,
                   smtpc_boringssl_error_text(error));
  } else {
    (void)snprintf(text, sizeof text, "%s: %s", key ? s->key : s->cert,
                   smtpc_boringssl_error_text(error));
  }
  return complain(text, MAKE_CERTIFICATE);
}

static int set_identity(const settings *s, smtpc_tls_context *tls,
                        const smtpc_file *cert, const smtpc_file *key) {
  char text[600];
  smtpc_boringssl_identity identity;
  if ((key->mode & (KEY_READABLE_BY_OTHERS | KEY_WRITABLE_BY_GROUP)) != 0u) {
    (void)snprintf(text, sizeof text, "%s: others can use this private key",
                   s->key);
    return complain(text,
                    "say chmod 600 to it, and use another key if it may "
                    "have been read");
  }
  const smtpc_boringssl_error error = smtpc_boringssl_context_set_identity(
      tls, cert->data, cert->len, key->data, key->len, &identity);
  if (error != SMTPC_BORINGSSL_NONE) {
    return complain_identity(s, error);
  }
  if (identity.expired != 0u || identity.not_yet != 0u) {
    (void)fprintf(stderr, "smtpcore receive: warning: %s: the certificate %s\n",
                  s->cert,
                  identity.expired != 0u ? "has expired" : "is not yet valid");
  }
  return EX_OK;
}

static int load_identity(const settings *s, smtpc_tls_context *tls) {
  smtpc_file cert = {0};
  smtpc_file key = {0};
  smtpc_store_error error;
  int status = EX_OK;
  if (smtpc_file_read(&cert, &error, s->cert, SMTPC_BORINGSSL_FILE_MAX) !=
          SMTPC_STORE_OK ||
      smtpc_file_read(&key, &error, s->key, SMTPC_BORINGSSL_FILE_MAX) !=
          SMTPC_STORE_OK) {
    status = complain(error.text, MAKE_CERTIFICATE);
  } else {
    status = set_identity(s, tls, &cert, &key);
  }
  smtpc_file_free(&cert);
  smtpc_file_free(&key);
  return status;
}

// A setting that cannot be kept is refused, never weakened.
static int prepare_tls(settings *s, smtpc_tls_context **out) {
  if (s->policy.tls == SMTPC_SERVER_TLS_OFF && s->policy.implicit_tls == 0u) {
    return EX_OK;
  }
  if (s->cert == NULL || s->key == NULL) {
    return complain(
        "TLS wants a certificate and its key",
        "name them with --cert FILE and --key FILE; " MAKE_CERTIFICATE);
  }
  if (smtpc_boringssl_context_new(out) != SMTPC_BORINGSSL_NONE) {
    return complain("no memory for TLS", "");
  }
  const int status = load_identity(s, *out);
  s->policy.certificate = status == EX_OK ? 1u : 0u;
  return status;
}

static int prepare_accounts(settings *s, smtpc_accounts **out) {
  smtpc_store_error error;
  if (s->accounts == NULL) {
    return EX_OK;
  }
  if (smtpc_accounts_load(out, &error, s->accounts) != SMTPC_STORE_OK) {
    return complain(error.text, "");
  }
  const char *warning = smtpc_accounts_warning(*out);
  if (warning[0] != '\0') {
    (void)fprintf(stderr, "smtpcore receive: warning: %s\n", warning);
  }
  if (!smtpc_accounts_has_cram_md5(*out)) {
    s->policy.mechanisms &= (uint16_t)~SMTPC_MECH(CRAM_MD5);
  }
  return EX_OK;
}

static int prepare_maildir(const settings *s, smtpc_maildir **out) {
  smtpc_store_error error;
  if (smtpc_maildir_open(out, &error, s->maildir, true) != SMTPC_STORE_OK) {
    return complain(error.text, "");
  }
  return EX_OK;
}

// -------------------------------------------------------------------- serving

static void log_start(const settings *s, const smtpc_log *log) {
  smtpc_log_event event = smtpc_log_begin();
  smtpc_log_text(&event, "start", SMTPC_PROGRAM_VERSION);
  smtpc_log_octets(&event, "hostname", s->policy.hostname,
                   s->policy.hostname_len);
  smtpc_log_text(&event, "tls", smtpc_option_auth_words[s->policy.tls]);
  smtpc_log_text(&event, "implicit-tls",
                 s->policy.implicit_tls != 0u ? "yes" : "no");
  smtpc_log_text(&event, "auth", smtpc_option_auth_words[s->policy.auth]);
  smtpc_log_text(&event, "maildir", s->maildir);
  smtpc_log_write(log, &event);
}

static void log_stop(const smtpc_reception *reception) {
  smtpc_log_event event = smtpc_log_begin();
  smtpc_log_text(&event, "stop", "signal");
  smtpc_log_number(&event, "sessions", reception->sessions);
  smtpc_log_number(&event, "messages", reception->messages);
  smtpc_log_write(&reception->log, &event);
}

static int status_of(smtpc_net_error_kind kind) {
  switch (kind) {
    case SMTPC_NET_ARGUMENT:
      return EX_USAGE;
    case SMTPC_NET_RESOLVE:
    case SMTPC_NET_ADDRESS:
    case SMTPC_NET_PERMISSION:
      return EX_CONFIG;
    case SMTPC_NET_NONE:
    case SMTPC_NET_MEMORY:
    case SMTPC_NET_IN_USE:
    case SMTPC_NET_CONNECT:
    case SMTPC_NET_TIMEOUT:
    case SMTPC_NET_STOPPED:
    case SMTPC_NET_SYSTEM:
    case SMTPC_NET_ERROR_COUNT:
      break;
  }
  return EX_UNAVAILABLE;
}

// The receiver that a signal stops.
static smtpc_net_receiver *volatile at_work;

static void on_signal(int number) {
  (void)number;
  smtpc_net_receiver_stop(at_work);
}

// Called before anybody is told that there is a receiver: who starts it may
// stop it at once.
static void catch_signals(smtpc_net_receiver *receiver) {
  struct sigaction action = {0};
  at_work = receiver;
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  (void)sigemptyset(&action.sa_mask);
  (void)sigaction(SIGTERM, &action, NULL);
  (void)sigaction(SIGINT, &action, NULL);
}

static void ignore_signals(void) {
  (void)signal(SIGTERM, SIG_IGN);
  (void)signal(SIGINT, SIG_IGN);
}

static int serve(const settings *s, smtpc_reception *reception,
                 smtpc_tls_context *tls) {
  smtpc_net_receiver_options o;
  smtpc_net_receiver *receiver = NULL;
  smtpc_net_error error;
  smtpc_net_receiver_options_init(&o);
  o.host = s->listen.host[0] == '\0' ? NULL : s->listen.host;
  o.port = s->listen.port;
  o.policy = &s->policy;
  o.tls = tls;
  o.user = reception;
  o.callbacks = smtpc_reception_callbacks();
  o.deadlines = s->deadlines;
  o.sessions_max = s->sessions_max;
  o.tls_min_version = s->tls_min;
  o.signals = 0u;
  smtpc_net_error_kind kind = smtpc_net_receiver_new(&receiver, &o, &error);
  if (kind == SMTPC_NET_NONE) {
    catch_signals(receiver);
    (void)printf("listening on %s\n", smtpc_net_receiver_address(receiver));
    (void)fflush(stdout);
    log_start(s, &reception->log);
    kind = smtpc_net_receiver_run(receiver, &error);
    ignore_signals();
    log_stop(reception);
    smtpc_net_receiver_free(receiver);
  }
  if (kind != SMTPC_NET_NONE) {
    (void)fprintf(stderr, "smtpcore receive: %s%s\n", error.text,
                  kind == SMTPC_NET_IN_USE
                      ? "; stop what listens there, or choose another port "
                        "with --listen"
                      : "");
    return status_of(kind);
  }
  return EX_OK;
}

static int receive(settings *s) {
  smtpc_tls_context *tls = NULL;
  smtpc_accounts *accounts = NULL;
  smtpc_reception reception = {0};
  int status = prepare_tls(s, &tls);
  if (status == EX_OK) {
    status = prepare_accounts(s, &accounts);
  }
  if (status == EX_OK) {
    status = prepare_maildir(s, &reception.maildir);
  }
  if (status == EX_OK) {
    reception.accounts = accounts;
    reception.log.stream = stdout;
    reception.log.format = s->log;
    reception.here.host = s->policy.hostname;
    reception.here.host_len = s->policy.hostname_len;
    reception.here.domains = s->domains;
    reception.here.domains_count = s->domains_count;
    status = serve(s, &reception, tls);
  }
  smtpc_maildir_close(reception.maildir);
  smtpc_accounts_free(accounts);
  smtpc_boringssl_context_free(tls);
  return status;
}

int smtpc_main_receive(int argc, char **argv) {
  static settings s;
  smtpc_server_policy_init(&s.policy);
  smtpc_net_deadlines_init(&s.deadlines);
  (void)smtpc_option_endpoint("127.0.0.1:2525", &s.listen);
  s.maildir = "Maildir";
  s.sessions_max = 1000u;
  s.tls_min = SMTPC_TLS_1_2;
  (void)argp_parse(&parser, argc, argv, 0, NULL, &s);
  if (!s.host_given) {
    smtpc_option_own_host(s.policy.hostname, &s.policy.hostname_len);
  }
  // A limit of file sizes is a full disk, not a reason to die.
  (void)signal(SIGXFSZ, SIG_IGN);
  return receive(&s);
}
