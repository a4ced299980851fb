#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "shim/boringssl/tls_boringssl.h"
#include "smtpcore/commands.h"
#include "smtpcore/header.h"
#include "smtpcore/param.h"
#include "smtpcore/send_options.h"

// -------------------------------------------------------------- what it needs

static int complain(const char *text, int status) {
  (void)fprintf(stderr, "smtpcore send: %s\n", text);
  return status;
}

static int complain_message(const smtpc_send_options *s,
                            const smtpc_message *message,
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

static int read_message(const smtpc_send_options *s, smtpc_message *out) {
  const bool standard = strcmp(s->file, "-") == 0;
  const int fd = standard ? STDIN_FILENO : open(s->file, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    out->cause = errno;
    return complain_message(s, out, SMTPC_MESSAGE_READ);
  }
  out->binary = s->mail.body == SMTPC_BODY_BINARYMIME;
  const smtpc_message_status status = smtpc_message_read(out, fd);
  if (!standard) {
    (void)close(fd);
  }
  return status == SMTPC_MESSAGE_OK ? EX_OK : complain_message(s, out, status);
}

// What --body says of the message must be true.
static int check_body(const smtpc_send_options *s,
                      const smtpc_message *message) {
  char text[600];
  const bool seven =
      (s->mail.seen & SMTPC_HAS(BODY)) != 0u && s->mail.body == SMTPC_BODY_7BIT;
  if (!seven || !message->eight_bit) {
    return EX_OK;
  }
  (void)snprintf(text, sizeof text,
                 "%.400s: an octet is beyond ASCII, which --body 7bit denies",
                 s->file);
  return complain(text, EX_USAGE);
}

static int read_secret(const smtpc_send_options *s, smtpc_password *password,
                       smtpc_token *token) {
  char problem[SMTPC_PASSWORD_PROBLEM_MAX];
  if (s->password_file != NULL &&
      !smtpc_password_read(password, s->password_file, problem)) {
    return complain(problem, EX_CONFIG);
  }
  if (s->token_file != NULL &&
      !smtpc_token_read(token, s->token_file, problem)) {
    return complain(problem, EX_CONFIG);
  }
  return EX_OK;
}
_Static_assert(SMTPC_TOKEN_PROBLEM_MAX <= SMTPC_PASSWORD_PROBLEM_MAX,
               "one buffer does for both");

static int says_no_tls(const smtpc_message *message) {
  smtpc_header header;
  smtpc_header_init(&header);
  smtpc_header_scan(&header, message->data, message->len);
  smtpc_header_end(&header);
  return smtpc_header_says_no_tls(&header);
}

// The TLS that this message wants, and the finding that it leaves.
static unsigned choose_tls(smtpc_send_options *s,
                           const smtpc_message *message) {
  unsigned finding = SMTPC_FINDING_NONE;
  const bool require = (s->mail.seen & SMTPC_HAS(REQUIRETLS)) != 0u;
  s->policy.tls = (uint8_t)smtpc_client_tls_for(
      s->policy.tls, require ? 1 : 0, says_no_tls(message),
      s->honours_no ? 1 : 0, &finding);
  return finding;
}

static int load_roots(const smtpc_send_options *s, smtpc_tls_context *tls) {
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

static int prepare_tls(const smtpc_send_options *s, smtpc_tls_context **out) {
  if (s->policy.tls == SMTPC_CLIENT_TLS_OFF) {
    return EX_OK;
  }
  if (smtpc_boringssl_context_new(out) != SMTPC_BORINGSSL_NONE) {
    return complain("no memory for TLS", EX_OSERR);
  }
  return load_roots(s, *out);
}

// -------------------------------------------------------------------- sending

static int transfer(const smtpc_send_options *s, smtpc_sending *sending,
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

static int deliver(const smtpc_send_options *s, smtpc_sending *sending,
                   smtpc_tls_context *tls, unsigned finding) {
  sending->from = s->from;
  sending->to = s->to;
  sending->to_count = s->to_count;
  sending->account = s->account;
  sending->mail = s->mail;
  sending->trace = s->trace ? stdout : NULL;
  sending->log.stream = stderr;
  sending->log.format = s->log;
  sending->utf8 = s->utf8;
  sending->lmtp = s->policy.lmtp != 0u;
  if (finding != SMTPC_FINDING_NONE) {
    smtpc_sending_note(sending, finding);
  }
  return transfer(s, sending, tls);
}

static int send_message(smtpc_send_options *s) {
  static smtpc_sending sending;
  static smtpc_password password;
  static smtpc_token token;
  static smtpc_message message;
  smtpc_tls_context *tls = NULL;
  unsigned finding = SMTPC_FINDING_NONE;
  int status = read_message(s, &message);
  if (status == EX_OK) {
    status = check_body(s, &message);
  }
  if (status == EX_OK) {
    status = read_secret(s, &password, &token);
  }
  if (status == EX_OK) {
    finding = choose_tls(s, &message);
    status = prepare_tls(s, &tls);
  }
  if (status == EX_OK) {
    sending.message = &message;
    sending.password = &password;
    sending.token = &token;
    status = deliver(s, &sending, tls, finding);
  }
  smtpc_boringssl_context_free(tls);
  smtpc_password_wipe(&password);
  smtpc_token_wipe(&token);
  smtpc_message_free(&message);
  return status;
}

int smtpc_main_send(int argc, char **argv) {
  static smtpc_send_options s;
  if (!smtpc_send_options_read(&s, argc, argv)) {
    return complain("no memory", EX_OSERR);
  }
  const int status = send_message(&s);
  smtpc_send_options_free(&s);
  return status;
}
