#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "shim/boringssl/tls_boringssl.h"
#include "smtpcore/commands.h"
#include "smtpcore/options.h"
#include "smtpcore/param.h"
#include "smtpcore/path.h"
#include "smtpcore/sending.h"
#include "smtpcore/span.h"

typedef struct settings {
  smtpc_client_policy policy;
  smtpc_net_deadlines deadlines;
  smtpc_endpoint server;
  const char *server_name;
  const char *ca;
  const char *from;
  const char **to;
  size_t to_count;
  const char *account;
  const char *password_file;
  const char *envid;
  const char *file;
  uint16_t tls_min;
  uint8_t log;
  uint8_t ret;
  uint8_t notify;
  bool server_given;
  bool auth_given;
  bool helo_given;
  bool utf8;
  bool require_tls;
  bool trace;
} settings;

enum option_key {
  KEY_SERVER = 0x100,
  KEY_FROM,
  KEY_TO,
  KEY_HELO,
  KEY_TLS,
  KEY_IMPLICIT_TLS,
  KEY_CA,
  KEY_SERVER_NAME,
  KEY_TLS_MIN,
  KEY_REQUIRE_TLS,
  KEY_ACCOUNT,
  KEY_PASSWORD_FILE,
  KEY_AUTH,
  KEY_AUTH_ORDER,
  KEY_BDAT,
  KEY_NOTIFY,
  KEY_RET,
  KEY_ENVID,
  KEY_DEADLINE,
  KEY_QUIRK,
  KEY_TRACE,
  KEY_LOG
};

static const struct argp_option options[] = {
    {"server", KEY_SERVER, "HOST:PORT", 0, "The server to send to", 1},
    {"from", KEY_FROM, "ADDR", 0, "The sender; an empty word is <>", 1},
    {"to", KEY_TO, "ADDR", 0, "A recipient; may be given again", 1},
    {"helo", KEY_HELO, "NAME", 0,
     "Our name (default: the system's name if it is a domain name, else "
     "localhost)",
     1},
    {"tls", KEY_TLS, "off|opportunistic|required|verified", 0,
     "Plaintext; TLS when offered; TLS or nothing; TLS with a checked "
     "certificate and name (default verified)",
     2},
    {"implicit-tls", KEY_IMPLICIT_TLS, NULL, 0, "TLS from the first octet", 2},
    {"ca", KEY_CA, "FILE", 0,
     "PEM: the certificates to trust (default: those of the system)", 2},
    {"server-name", KEY_SERVER_NAME, "NAME", 0,
     "The name that the certificate must have (default: HOST of --server)", 2},
    {"tls-min", KEY_TLS_MIN, "VERSION", 0,
     "The oldest TLS to accept: 1.0, 1.1, 1.2 or 1.3 (default 1.2)", 2},
    {"require-tls", KEY_REQUIRE_TLS, NULL, 0,
     "Ask the server to pass the message on under TLS only (REQUIRETLS)", 2},
    {"account", KEY_ACCOUNT, "NAME", 0, "Log in under this name", 3},
    {"password-file", KEY_PASSWORD_FILE, "FILE", 0,
     "The password, as the one line of this file", 3},
    {"auth", KEY_AUTH, "off|on|required", 0,
     "AUTH: never; when offered; or nothing is sent (default required with "
     "--account, else off)",
     3},
    {"auth-order", KEY_AUTH_ORDER, "NAME", 0,
     "The order in which mechanisms are tried: strong or manual (default "
     "strong)",
     3},
    {"bdat", KEY_BDAT, NULL, 0, "Send by BDAT when the server offers it", 4},
    {"notify", KEY_NOTIFY, "WHEN", 0,
     "Ask for a report: never, or some of success,failure,delay", 4},
    {"ret", KEY_RET, "full|hdrs", 0,
     "What a report of failure is to return of the message", 4},
    {"envid", KEY_ENVID, "TEXT", 0, "What a report is to quote", 4},
    {"deadline", KEY_DEADLINE, "NAME=SECONDS", 0,
     "How long to wait for the server; `smtpcore policy` lists the names; may "
     "be given again",
     5},
    {"quirk", KEY_QUIRK, "NAME", 0,
     "Tolerate one deviation: auth-in-clear lets PLAIN and LOGIN cross the "
     "network without TLS, with --auth-order manual",
     5},
    {"trace", KEY_TRACE, NULL, 0,
     "Print the dialogue, without secrets and content", 6},
    {"log", KEY_LOG, "text|json", 0, "How events are printed (default text)",
     6},
    {0}};

// ------------------------------------------------------------------- options

static bool is_ascii(const char *text) {
  for (size_t i = 0u; text[i] != '\0'; i++) {
    if ((uint8_t)text[i] > 0x7fu) {
      return false;
    }
  }
  return true;
}

static bool is_postmaster(const char *text) {
  static const char word[] = "POSTMASTER";
  return smtpc_span_is((const uint8_t *)text, smtpc_span_make(0u, strlen(text)),
                       word, sizeof word - 1u);
}

static bool is_mailbox(const char *text) {
  const size_t len = strlen(text);
  smtpc_path path;
  return len <= SMTPC_PATH_MAX &&
         smtpc_mailbox_parse((const uint8_t *)text, smtpc_span_make(0u, len),
                             SMTPC_ALLOW_UTF8, &path) == SMTPC_OK;
}

static void take_from(settings *s, const struct argp_state *state,
                      const char *arg) {
  const bool null = arg[0] == '\0' || strcmp(arg, "<>") == 0;
  if (!null && !is_mailbox(arg)) {
    smtpc_option_fail(state, "--from", arg,
                      "want an address such as name@domain, without brackets");
  }
  s->from = null ? "" : arg;
  s->utf8 = s->utf8 || !is_ascii(arg);
}

static void take_to(settings *s, const struct argp_state *state,
                    const char *arg) {
  const bool postmaster = strlen(arg) == 10u && is_postmaster(arg);
  if (!postmaster && !is_mailbox(arg)) {
    smtpc_option_fail(state, "--to", arg,
                      "want an address such as name@domain, without brackets");
  }
  s->to[s->to_count] = arg;
  s->to_count++;
  s->utf8 = s->utf8 || !is_ascii(arg);
}

static void take_server(settings *s, const struct argp_state *state,
                        const char *arg) {
  s->server_given = true;
  if (!smtpc_option_endpoint(arg, &s->server) || s->server.host[0] == '\0' ||
      s->server.port == 0u) {
    smtpc_option_fail(state, "--server", arg,
                      "want HOST:PORT with a port from 1 to 65535, such as "
                      "mail.example.com:25 or [::1]:25");
  }
}

static void take_notify(settings *s, const struct argp_state *state,
                        const char *arg) {
  static const char *const words[4] = {"never", "success", "failure", "delay"};
  const char *rest = arg;
  s->notify = 0u;
  for (size_t i = 0u; rest != NULL && i < 4u; i++) {
    char word[16] = "";
    uint8_t index = 0u;
    const size_t len = strcspn(rest, ",");
    if (len < sizeof word) {
      memcpy(word, rest, len);
    }
    if (!smtpc_option_choice(word, words, 4u, &index)) {
      break;
    }
    s->notify |= (uint8_t)(1u << index);
    rest = rest[len] == ',' ? rest + len + 1u : NULL;
  }
  const bool never = (s->notify & SMTPC_NOTIFY_NEVER) != 0u;
  if (rest != NULL || (never && s->notify != SMTPC_NOTIFY_NEVER)) {
    smtpc_option_fail(state, "--notify", arg,
                      "want never, or some of success,failure,delay");
  }
}

static void take_envid(settings *s, const struct argp_state *state,
                       const char *arg) {
  const size_t len = strlen(arg);
  bool good = len > 0u && len <= SMTPC_ENVID_MAX && is_ascii(arg);
  for (size_t i = 0u; i < len; i++) {
    good = good && !smtpc_is_control((uint8_t)arg[i]);
  }
  if (!good) {
    smtpc_option_fail(state, "--envid", arg,
                      "want 1 to 100 printable ASCII characters");
  }
  s->envid = arg;
}

static bool take_envelope(settings *s, const struct argp_state *state, int key,
                          const char *arg) {
  static const char *const rets[2] = {"full", "hdrs"};
  switch (key) {
    case KEY_SERVER:
      take_server(s, state, arg);
      return true;
    case KEY_FROM:
      take_from(s, state, arg);
      return true;
    case KEY_TO:
      take_to(s, state, arg);
      return true;
    case KEY_NOTIFY:
      take_notify(s, state, arg);
      return true;
    case KEY_RET:
      s->ret = (uint8_t)(SMTPC_RET_FULL +
                         smtpc_option_take_choice(state, "--ret", arg, rets, 2u,
                                                  "want full or hdrs"));
      return true;
    case KEY_ENVID:
      take_envid(s, state, arg);
      return true;
    case KEY_HELO:
      s->helo_given = true;
      if (!smtpc_option_host(arg, true, s->policy.hello,
                             &s->policy.hello_len)) {
        smtpc_option_fail(state, "--helo", arg, SMTPC_WANT_HOST);
      }
      return true;
    default:
      return false;
  }
}

static bool take_tls(settings *s, const struct argp_state *state, int key,
                     const char *arg) {
  static const char *const words[4] = {"off", "opportunistic", "required",
                                       "verified"};
  switch (key) {
    case KEY_TLS:
      s->policy.tls = smtpc_option_take_choice(
          state, "--tls", arg, words, 4u,
          "want one of off, opportunistic, required, verified");
      return true;
    case KEY_IMPLICIT_TLS:
      s->policy.implicit_tls = 1u;
      return true;
    case KEY_CA:
      s->ca = arg;
      return true;
    case KEY_SERVER_NAME:
      s->server_name = arg;
      return true;
    case KEY_TLS_MIN:
      if (!smtpc_option_tls_version(arg, &s->tls_min)) {
        smtpc_option_fail(state, "--tls-min", arg, SMTPC_WANT_TLS_VERSION);
      }
      return true;
    case KEY_REQUIRE_TLS:
      s->require_tls = true;
      return true;
    default:
      return false;
  }
}

static void take_order(settings *s, const struct argp_state *state,
                       const char *arg) {
  const char *names[SMTPC_AUTH_ORDER_COUNT];
  for (unsigned i = 0u; i < SMTPC_AUTH_ORDER_COUNT; i++) {
    names[i] = smtpc_auth_order_name(i);
  }
  s->policy.auth_order =
      smtpc_option_take_choice(state, "--auth-order", arg, names,
                               SMTPC_AUTH_ORDER_COUNT, "want strong or manual");
}

static bool take_auth(settings *s, const struct argp_state *state, int key,
                      const char *arg) {
  switch (key) {
    case KEY_ACCOUNT:
      s->account = arg;
      return true;
    case KEY_PASSWORD_FILE:
      s->password_file = arg;
      return true;
    case KEY_AUTH:
      s->auth_given = true;
      s->policy.auth = smtpc_option_take_choice(
          state, "--auth", arg, smtpc_option_auth_words, 3u, SMTPC_WANT_AUTH);
      return true;
    case KEY_AUTH_ORDER:
      take_order(s, state, arg);
      return true;
    case KEY_QUIRK:
      smtpc_option_take_quirk(state, arg, SMTPC_QUIRK_AUTH_IN_CLEAR,
                              &s->policy.quirks);
      return true;
    default:
      return false;
  }
}

static void take_rest(settings *s, const struct argp_state *state, int key,
                      const char *arg) {
  switch (key) {
    case KEY_BDAT:
      s->policy.bdat = 1u;
      break;
    case KEY_DEADLINE:
      smtpc_option_take_deadline(state, arg, &s->deadlines);
      break;
    case KEY_TRACE:
      s->trace = true;
      break;
    default:
      s->log = smtpc_option_take_choice(
          state, "--log", arg, smtpc_option_log_words, 2u, SMTPC_WANT_LOG);
      break;
  }
}

static void check_auth(settings *s, const struct argp_state *state) {
  if ((s->account == NULL) != (s->password_file == NULL)) {
    smtpc_option_fail(state, "--account", NULL,
                      "it stands with --password-file FILE, and only so");
  }
  if (!s->auth_given && s->account != NULL) {
    s->policy.auth = SMTPC_AUTH_REQUIRED;
  }
  if (s->policy.auth != SMTPC_AUTH_OFF && s->account == NULL) {
    smtpc_option_fail(state, "--auth", NULL,
                      "say --account NAME --password-file FILE as well");
  }
}

static void check_together(settings *s, const struct argp_state *state) {
  if (!s->server_given) {
    smtpc_option_fail(state, "--server", NULL, "it must be given: HOST:PORT");
  }
  if (s->from == NULL) {
    smtpc_option_fail(state, "--from", NULL, "it must be given: the sender");
  }
  if (s->to_count == 0u) {
    smtpc_option_fail(state, "--to", NULL, "it must be given: a recipient");
  }
  if (s->file == NULL) {
    smtpc_option_fail(state, "FILE", NULL,
                      "name the file of the message; - is standard input");
  }
  if (s->policy.implicit_tls != 0u && s->policy.tls == SMTPC_CLIENT_TLS_OFF) {
    smtpc_option_fail(state, "--implicit-tls", NULL,
                      "it contradicts --tls off: leave one of them out");
  }
  check_auth(s, state);
}

static error_t parse(int key, char *arg, struct argp_state *state) {
  settings *s = state->input;
  if (key == ARGP_KEY_ARG) {
    if (s->file != NULL) {
      smtpc_option_fail(state, "surplus word", arg, "want one FILE");
    }
    s->file = arg;
  } else if (key == ARGP_KEY_END) {
    check_together(s, state);
  } else if (key < KEY_SERVER || key > KEY_LOG) {
    return ARGP_ERR_UNKNOWN;
  } else if (!take_envelope(s, state, key, arg) &&
             !take_tls(s, state, key, arg) && !take_auth(s, state, key, arg)) {
    take_rest(s, state, key, arg);
  }
  return 0;
}

static const struct argp parser = {
    options,
    parse,
    "FILE",
    "Sends one message, FILE, by SMTP; - is standard input. Lines may end in "
    "LF "
    "or CRLF.\v"
    "Exit status: 0 delivered, 75 try again later, 69 refused for good, 77 "
    "authentication (#839, #843), 76 protocol, TLS or policy (#841, #842), 64 "
    "usage or the message, 78 a file that an option names. The last line on "
    "standard error says what happened, and every downgrade.",
    NULL,
    NULL,
    NULL};

// -------------------------------------------------------------- what it needs

static int complain(const char *text, int status) {
  (void)fprintf(stderr, "smtpcore send: %s\n", text);
  return status;
}

static int complain_message(const settings *s, const smtpc_message *message,
                            smtpc_message_status status) {
  char text[600];
  const unsigned long long line = message->line;
  switch (status) {
    case SMTPC_MESSAGE_CR:
      (void)snprintf(text, sizeof text,
                     "%.400s:%llu: a CR that no LF follows; lines must end in "
                     "LF or CRLF",
                     s->file, line);
      break;
    case SMTPC_MESSAGE_NUL:
      (void)snprintf(text, sizeof text,
                     "%.400s:%llu: a NUL octet; encode binary content, for "
                     "example as base64",
                     s->file, line);
      break;
    case SMTPC_MESSAGE_LARGE:
      (void)snprintf(text, sizeof text, "%.400s: over 1 GiB", s->file);
      break;
    case SMTPC_MESSAGE_READ:
      (void)snprintf(text, sizeof text, "%.400s: %s", s->file,
                     strerror(message->cause));
      break;
    case SMTPC_MESSAGE_OK:
    case SMTPC_MESSAGE_MEMORY:
      (void)snprintf(text, sizeof text, "%.400s: no memory for it", s->file);
      break;
  }
  return complain(text, EX_USAGE);
}

static int read_message(const settings *s, smtpc_message *out) {
  const bool standard = strcmp(s->file, "-") == 0;
  const int fd = standard ? STDIN_FILENO : open(s->file, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    out->cause = errno;
    return complain_message(s, out, SMTPC_MESSAGE_READ);
  }
  const smtpc_message_status status = smtpc_message_read(out, fd);
  if (!standard) {
    (void)close(fd);
  }
  return status == SMTPC_MESSAGE_OK ? EX_OK : complain_message(s, out, status);
}

static int read_password(const settings *s, smtpc_password *out) {
  char problem[SMTPC_PASSWORD_PROBLEM_MAX];
  if (s->password_file != NULL &&
      !smtpc_password_read(out, s->password_file, problem)) {
    return complain(problem, EX_CONFIG);
  }
  return EX_OK;
}

static int load_roots(const settings *s, smtpc_tls_context *tls) {
  char text[600];
  size_t count = 0u;
  smtpc_boringssl_error error = SMTPC_BORINGSSL_NONE;
  if (s->ca != NULL) {
    error = smtpc_boringssl_context_add_roots_file(tls, s->ca, &count);
  } else if (s->policy.tls == SMTPC_CLIENT_TLS_VERIFIED) {
    error = smtpc_boringssl_context_add_roots_system(tls, &count);
  }
  if (error == SMTPC_BORINGSSL_NONE) {
    return EX_OK;
  }
  (void)snprintf(text, sizeof text, "%.400s: %s; %s",
                 s->ca != NULL ? s->ca : "the system's certificates",
                 smtpc_boringssl_error_text(error),
                 s->ca != NULL ? "name a PEM file with --ca"
                               : "install ca-certificates, or say --ca FILE");
  return complain(text, EX_CONFIG);
}

static int prepare_tls(const settings *s, smtpc_tls_context **out) {
  if (s->policy.tls == SMTPC_CLIENT_TLS_OFF) {
    return EX_OK;
  }
  if (smtpc_boringssl_context_new(out) != SMTPC_BORINGSSL_NONE) {
    return complain("no memory for TLS", EX_OSERR);
  }
  return load_roots(s, *out);
}

// -------------------------------------------------------------------- sending

static int transfer(const settings *s, smtpc_sending *sending,
                    smtpc_tls_context *tls) {
  static smtpc_net_result result;
  smtpc_net_sender_options o;
  smtpc_net_error error = {SMTPC_NET_NONE, ""};
  smtpc_net_sender_options_init(&o);
  o.host = s->server.host;
  o.port = s->server.port;
  o.server_name = s->server_name;
  o.policy = &s->policy;
  o.tls = tls;
  o.user = sending;
  o.callbacks = smtpc_sending_callbacks();
  o.deadlines = s->deadlines;
  o.tls_min_version = s->tls_min;
  o.signals = 1u;
  // What went wrong is in `error`, and is said at the end.
  const smtpc_net_error_kind kind = smtpc_net_send(&o, &result, &error);
  error.kind = kind;
  return (int)smtpc_sending_end(sending, &result, &error);
}

static int deliver(const settings *s, const smtpc_message *message,
                   const smtpc_password *password, smtpc_tls_context *tls) {
  static smtpc_sending sending;
  sending.from = s->from;
  sending.to = s->to;
  sending.to_count = s->to_count;
  sending.account = s->account;
  sending.password = password;
  sending.message = message;
  sending.envid = s->envid;
  sending.trace = s->trace ? stdout : NULL;
  sending.log.stream = stderr;
  sending.log.format = s->log;
  sending.ret = s->ret;
  sending.notify = s->notify;
  sending.utf8 = s->utf8;
  sending.require_tls = s->require_tls;
  return transfer(s, &sending, tls);
}

static int send_message(const settings *s) {
  smtpc_message message = {0};
  smtpc_password password = {0};
  smtpc_tls_context *tls = NULL;
  int status = read_message(s, &message);
  if (status == EX_OK) {
    status = read_password(s, &password);
  }
  if (status == EX_OK) {
    status = prepare_tls(s, &tls);
  }
  if (status == EX_OK) {
    status = deliver(s, &message, &password, tls);
  }
  smtpc_boringssl_context_free(tls);
  smtpc_password_wipe(&password);
  smtpc_message_free(&message);
  return status;
}

int smtpc_main_send(int argc, char **argv) {
  static settings s;
  // There cannot be more recipients than words.
  s.to = calloc((size_t)argc, sizeof *s.to);
  if (s.to == NULL) {
    return complain("no memory", EX_OSERR);
  }
  smtpc_client_policy_init(&s.policy);
  smtpc_net_deadlines_init(&s.deadlines);
  s.tls_min = SMTPC_TLS_1_2;
  (void)argp_parse(&parser, argc, argv, 0, NULL, &s);
  if (!s.helo_given) {
    smtpc_option_own_host(s.policy.hello, &s.policy.hello_len);
  }
  const int status = send_message(&s);
  free(s.to);
  return status;
}
