#include <signal.h>
#include <stdlib.h>
#include <sysexits.h>

#include "shim/boringssl/tls_boringssl.h"
#include "smtpcore/commands.h"
#include "smtpcore/receive_options.h"
#include "smtpcore/reception.h"

#define KEY_READABLE_BY_OTHERS 0007u
#define KEY_WRITABLE_BY_GROUP 0020u

// -------------------------------------------------------------- what it needs

static int complain(const char *text, const char *mend) {
  (void)fprintf(stderr, "smtpcore receive: %s%s%s\n", text,
                mend[0] == '\0' ? "" : "; ", mend);
  return EX_CONFIG;
}

#define MAKE_CERTIFICATE                                                      \
  "`smtpcore certificate --name HOST --out DIR` makes a certificate and its " \
  "key"

static int complain_identity(const smtpc_receive_options *s,
                             smtpc_boringssl_error error) {
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

static int set_identity(const smtpc_receive_options *s, smtpc_tls_context *tls,
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

static int load_identity(const smtpc_receive_options *s,
                         smtpc_tls_context *tls) {
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
static int prepare_tls(smtpc_receive_options *s, smtpc_tls_context **out) {
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

static int prepare_accounts(smtpc_receive_options *s, smtpc_accounts **out) {
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
  s->policy.mechanisms &= smtpc_accounts_mechanisms(*out);
  return EX_OK;
}

static int prepare_maildir(const smtpc_receive_options *s,
                           smtpc_maildir **out) {
  smtpc_store_error error;
  if (smtpc_maildir_open(out, &error, s->maildir, true) != SMTPC_STORE_OK) {
    return complain(error.text, "");
  }
  return EX_OK;
}

// -------------------------------------------------------------------- serving

// What is tolerated, of all peers or of some.
static void log_quirks(smtpc_log_event *event, uint32_t quirks) {
  smtpc_quirk_row row = smtpc_quirk_get(0u);
  smtpc_log_list(event, "quirks");
  for (unsigned i = 1u; row.bit != 0u; i++) {
    if ((quirks & row.bit) != 0u) {
      smtpc_log_list_add(event, "quirks", row.name);
    }
    row = smtpc_quirk_get(i);
  }
}

static void log_start(const smtpc_receive_options *s, const smtpc_log *log) {
  smtpc_log_event event = smtpc_log_begin();
  smtpc_log_text(&event, "start", SMTPC_PROGRAM_VERSION);
  smtpc_log_octets(&event, "hostname", s->policy.hostname,
                   s->policy.hostname_len);
  smtpc_log_text(&event, "protocol", s->policy.lmtp != 0u ? "lmtp" : "smtp");
  smtpc_log_text(&event, "tls", smtpc_option_auth_words[s->policy.tls]);
  smtpc_log_text(&event, "implicit-tls",
                 s->policy.implicit_tls != 0u ? "yes" : "no");
  smtpc_log_text(&event, "auth", smtpc_option_auth_words[s->policy.auth]);
  smtpc_log_text(&event, "maildir", s->maildir);
  log_quirks(&event, smtpc_rules_any(&s->rules));
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

static int serve(const smtpc_receive_options *s, smtpc_reception *reception,
                 smtpc_tls_context *tls) {
  const smtpc_ranges *proxies =
      s->policy.proxy != 0u ? &s->proxies : &s->xclient;
  smtpc_net_receiver_options o;
  smtpc_net_receiver *receiver = NULL;
  smtpc_net_error error;
  smtpc_net_receiver_options_init(&o);
  o.host = s->listen.host[0] == '\0' ? NULL : s->listen.host;
  o.port = s->listen.port;
  o.policy = &s->policy;
  o.quirk_rules = s->rules.list;
  o.quirk_rule_count = s->rules.count;
  o.proxies = proxies->list;
  o.proxy_count = proxies->count;
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

static int receive(smtpc_receive_options *s) {
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
    reception.lmtp = s->policy.lmtp != 0u;
    status = serve(s, &reception, tls);
  }
  smtpc_maildir_close(reception.maildir);
  smtpc_accounts_free(accounts);
  smtpc_boringssl_context_free(tls);
  return status;
}

int smtpc_main_receive(int argc, char **argv) {
  static smtpc_receive_options s;
  smtpc_receive_options_read(&s, argc, argv);
  // A limit of file sizes is a full disk, not a reason to die.
  (void)signal(SIGXFSZ, SIG_IGN);
  return receive(&s);
}
