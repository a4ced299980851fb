#include "smtpcore/reception.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "shim/boringssl/tls_boringssl.h"
#include "smtpcore/proxied.h"
#include "smtpcore/session.h"
#include "smtpcore/span.h"
#include "smtpcore/stamp.h"

// login is what a client claims, for another thread.
typedef struct login {
  uint8_t name[SMTPC_NAME_MAX];
  size_t name_len;
  uint8_t *password;
  size_t password_len;
} login;

// visit is one session.
typedef struct visit {
  smtpc_reception *reception;
  smtpc_net_session *session;
  smtpc_seen seen;
  login login;
  FILE *lines;  // Return-Path and Delivered-To, as they come
  char *lines_text;
  size_t lines_len;
  smtpc_delivery *delivery;  // NULL: not begun, or failed
  smtpc_store_error error;   // why it failed
  uint64_t messages;         // begun, for ids
  uint64_t octets;           // of this message
  uint32_t recipients;       // of this message
  unsigned verdict;          // on this message, an smtpc_answer
  uint8_t mechanism;         // of the login
  uint8_t require_tls;       // of this message: MAIL had REQUIRETLS
  uint8_t no_tls;            // or its header says TLS-Required: No
  bool failed;
  char id[SMTPC_STAMP_ID_MAX];
} visit;

static visit *visit_of(const smtpc_net_session *session) {
  return smtpc_net_session_user(session);
}

static smtpc_log_event begin_event(const visit *v) {
  smtpc_log_event event = smtpc_log_begin();
  smtpc_log_number(&event, "session", smtpc_net_session_number(v->session));
  return event;
}

// ----------------------------------------------------------- begin and end

static int on_begin(void *user, smtpc_net_session *session) {
  visit *v = calloc(1u, sizeof *v);
  if (v == NULL) {
    return 0;
  }
  v->reception = user;
  v->session = session;
  smtpc_net_session_set_user(session, v);
  return 1;
}

// Forgets the message at hand, all of it.
static void forget_message(visit *v) {
  smtpc_maildir_abort(&v->delivery);
  if (v->lines != NULL) {
    (void)fclose(v->lines);
    v->lines = NULL;
  }
  free(v->lines_text);
  v->lines_text = NULL;
  v->lines_len = 0u;
  v->recipients = 0u;
  v->octets = 0u;
  v->failed = false;
}

static void forget_login(visit *v) {
  if (v->login.password != NULL) {
    smtpc_wipe(v->login.password, v->login.password_len);
    free(v->login.password);
    v->login.password = NULL;
  }
}

static void on_end(void *user, smtpc_net_session *session,
                   const smtpc_net_end *end) {
  smtpc_reception *reception = user;
  visit *v = visit_of(session);
  smtpc_log_event event = begin_event(v);
  smtpc_seen_add(&v->seen, end->finding);
  smtpc_log_text(&event, "peer", smtpc_net_session_peer(session));
  smtpc_log_text(&event, "end", smtpc_end_name(end->reason));
  smtpc_log_number(&event, "messages", end->stats.messages);
  smtpc_log_number(&event, "octets", end->stats.content);
  smtpc_log_seen(&event, "findings", &v->seen);
  if (end->device != SMTPC_DEVICE_NONE) {
    smtpc_log_text(&event, "device", smtpc_device_get(end->device).text);
  }
  smtpc_log_write(&reception->log, &event);
  reception->sessions++;
  reception->messages += end->stats.messages;
  forget_message(v);
  forget_login(v);
  free(v);
}

static void on_refused(void *user, const char *peer) {
  const smtpc_reception *reception = user;
  smtpc_log_event event = smtpc_log_begin();
  smtpc_log_text(&event, "peer", peer);
  smtpc_log_text(&event, "refused", "max-sessions");
  smtpc_log_write(&reception->log, &event);
}

// ------------------------------------------------------------------- events

static void on_finding(void *user, smtpc_net_session *session,
                       const smtpc_net_finding *finding) {
  const smtpc_reception *reception = user;
  visit *v = visit_of(session);
  const smtpc_finding_row row = smtpc_finding_get(finding->finding);
  smtpc_log_event event = begin_event(v);
  smtpc_seen_add(&v->seen, finding->finding);
  smtpc_log_text(&event, "finding", row.name);
  smtpc_log_text(&event, "severity", smtpc_severity_name(row.severity));
  smtpc_log_text(&event, "clause", row.clause);
  smtpc_log_number(&event, "offset", finding->pos);
  smtpc_log_text(&event, "channel",
                 finding->channel == SMTPC_CHANNEL_TLS ? "tls" : "plain");
  smtpc_log_write(&reception->log, &event);
}

static void on_tls(void *user, smtpc_net_session *session,
                   const smtpc_tls_facts *facts) {
  const smtpc_reception *reception = user;
  smtpc_log_event event = begin_event(visit_of(session));
  if (facts->failure != SMTPC_TLS_FAILURE_NONE) {
    smtpc_log_text(&event, "tls", "failed");
    smtpc_log_text(&event, "reason", smtpc_tls_failure_name(facts->failure));
  } else {
    char version[8];
    char cipher[8];
    (void)snprintf(version, sizeof version, "1.%u",
                   (unsigned)(facts->version - SMTPC_TLS_1_0) & 0xffu);
    (void)snprintf(cipher, sizeof cipher, "0x%04x", (unsigned)facts->cipher);
    smtpc_log_text(&event, "tls", version);
    smtpc_log_text(&event, "cipher", cipher);
  }
  smtpc_log_write(&reception->log, &event);
}

// Who it is is logged with the session's end; here, what the proxy said of it.
static unsigned on_proxied(void *user, smtpc_net_session *session,
                           const smtpc_net_proxied *proxied) {
  const smtpc_reception *reception = user;
  char *said = smtpc_proxied_text(proxied);
  smtpc_log_event event = begin_event(visit_of(session));
  smtpc_log_text(&event, "proxy", smtpc_net_session_peer(session));
  smtpc_log_text(&event, "command", smtpc_proxied_command(proxied));
  if (said != NULL) {
    smtpc_log_text(&event, "says", said);
  }
  smtpc_log_write(&reception->log, &event);
  free(said);
  return SMTPC_ANSWER_YES;
}

// --------------------------------------------------------------- envelopes

// What a command asks for beside its address is not done here, but said: as it came,
// which the core has checked. SIZE asks for nothing.
static void log_asks(const visit *v, const char *who,
                     const smtpc_net_mail *mail) {
  const smtpc_line *line = &smtpc_net_session_core(v->session)->line;
  size_t begin = mail->path->whole.end;
  size_t end = line->len;
  if ((mail->params->seen & ~SMTPC_HAS(SIZE)) == 0u) {
    return;
  }
  while (begin < end && line->data[begin] == (uint8_t)' ') {
    begin++;
  }
  while (end > begin && (line->data[end - 1u] == (uint8_t)' ' ||
                         line->data[end - 1u] == (uint8_t)'\t')) {
    end--;
  }
  smtpc_log_event event = begin_event(v);
  smtpc_log_number(&event, "message", v->messages);
  smtpc_log_octets(&event, who, mail->address, mail->address_len);
  smtpc_log_octets(&event, "asks", line->data + begin, end - begin);
  smtpc_log_write(&v->reception->log, &event);
}

static unsigned on_sender(void *user, smtpc_net_session *session,
                          const smtpc_net_mail *mail) {
  (void)user;
  visit *v = visit_of(session);
  forget_message(v);
  v->messages++;
  v->lines = open_memstream(&v->lines_text, &v->lines_len);
  if (v->lines == NULL) {
    return SMTPC_ANSWER_NOT_NOW;
  }
  smtpc_stamp_path(v->lines, mail->address, mail->address_len);
  log_asks(v, "sender", mail);
  return SMTPC_ANSWER_YES;
}

static unsigned on_recipient(void *user, smtpc_net_session *session,
                             const smtpc_net_mail *mail) {
  const smtpc_reception *reception = user;
  visit *v = visit_of(session);
  if (!smtpc_recipient_is_here(&reception->here,
                               smtpc_net_session_self(session), mail->line,
                               mail->path)) {
    return SMTPC_ANSWER_RELAY;
  }
  smtpc_stamp_recipient(v->lines, mail->address, mail->address_len);
  if (fflush(v->lines) != 0) {
    return SMTPC_ANSWER_NOT_NOW;
  }
  v->recipients++;
  log_asks(v, "recipient", mail);
  return SMTPC_ANSWER_YES;
}

// ------------------------------------------------------------------- content

static void log_failure(const visit *v) {
  smtpc_log_event event = begin_event(v);
  smtpc_log_number(&event, "message", v->messages);
  smtpc_log_text(&event, "storage", smtpc_store_status_name(v->error.status));
  smtpc_log_text(&event, "problem", v->error.text);
  smtpc_log_write(&v->reception->log, &event);
}

static void note_failure(visit *v, smtpc_store_status status) {
  if (status != SMTPC_STORE_OK) {
    v->failed = true;
    smtpc_maildir_abort(&v->delivery);
    log_failure(v);
  }
}

// The lines in front of the message; their length is in `*out_len`. The caller
// frees them. NULL: no memory.
static char *make_header(visit *v, size_t *out_len) {
  char *text = NULL;
  size_t len = 0u;
  smtpc_stamp stamp = {0};
  const smtpc_server *core = smtpc_net_session_core(v->session);
  const smtpc_here *here = &v->reception->here;
  FILE *out = open_memstream(&text, &len);
  if (out == NULL) {
    return NULL;
  }
  stamp.peer = smtpc_net_session_peer(v->session);
  stamp.hello = smtpc_net_session_hello(v->session, &stamp.hello_len);
  stamp.host = here->host;
  stamp.host_len = here->host_len;
  stamp.time = (int64_t)time(NULL);
  stamp.esmtp = core->esmtp != 0u;
  stamp.tls = core->tls != 0u;
  stamp.authenticated = core->authenticated != 0u;
  stamp.utf8 = core->tx.utf8 != 0u;
  stamp.lmtp = v->reception->lmtp;
  stamp.id = v->id;
  smtpc_stamp_id(v->id, stamp.time, smtpc_net_session_number(v->session),
                 v->messages);
  (void)fwrite(v->lines_text, 1u, v->lines_len, out);
  smtpc_stamp_received(out, &stamp);
  if (fclose(out) != 0) {
    free(text);
    return NULL;
  }
  *out_len = len;
  return text;
}

// Begins the file, unless that was done or has failed.
static void open_delivery(visit *v) {
  size_t len = 0u;
  if (v->delivery != NULL || v->failed) {
    return;
  }
  smtpc_store_status status =
      smtpc_maildir_begin(v->reception->maildir, &v->delivery, &v->error);
  if (status == SMTPC_STORE_OK) {
    char *header = make_header(v, &len);
    status = header == NULL
                 ? smtpc_store_fail(&v->error, SMTPC_STORE_BUSY, "no memory")
                 : smtpc_maildir_append(v->delivery, &v->error,
                                        (const uint8_t *)header, len);
    free(header);
  }
  note_failure(v, status);
}

static void on_content(void *user, smtpc_net_session *session,
                       const uint8_t *data, size_t len) {
  (void)user;
  visit *v = visit_of(session);
  open_delivery(v);
  if (!v->failed) {
    v->octets += len;
    note_failure(v, smtpc_maildir_append(v->delivery, &v->error, data, len));
  }
}

static unsigned answer_of(const visit *v) {
  return v->error.status == SMTPC_STORE_FULL ? SMTPC_ANSWER_FULL
                                             : SMTPC_ANSWER_NOT_NOW;
}

static void log_stored(const visit *v, const char *file) {
  smtpc_log_event event = begin_event(v);
  smtpc_log_number(&event, "message", v->messages);
  smtpc_log_text(&event, "stored", file);
  smtpc_log_text(&event, "id", v->id);
  smtpc_log_number(&event, "recipients", v->recipients);
  smtpc_log_number(&event, "octets", v->octets);
  if (v->require_tls != 0u) {
    smtpc_log_text(&event, "require-tls", "yes");
  }
  if (v->no_tls != 0u) {
    smtpc_log_text(&event, "tls-required", "no");
  }
  smtpc_log_write(&v->reception->log, &event);
}

// On another thread. The session waits, so nobody else touches the visit.
static unsigned store(void *arg) {
  visit *v = arg;
  char file[512];
  (void)snprintf(file, sizeof file, "%s", smtpc_maildir_name(v->delivery));
  if (smtpc_maildir_commit(&v->delivery, &v->error) != SMTPC_STORE_OK) {
    log_failure(v);
    v->verdict = answer_of(v);
  } else {
    log_stored(v, file);
    v->verdict = SMTPC_ANSWER_YES;
  }
  return v->verdict;
}

// All recipients share one file. So under LMTP, which asks for each, the others hear
// what the first one heard.
static unsigned on_message_end(void *user, smtpc_net_session *session,
                               uint32_t number) {
  (void)user;
  visit *v = visit_of(session);
  const smtpc_transaction *tx = &smtpc_net_session_core(session)->tx;
  if (number > 0u) {
    return v->verdict;
  }
  open_delivery(v);
  v->require_tls = tx->require_tls;
  v->no_tls = tx->no_tls;
  v->verdict = v->failed ? answer_of(v) : SMTPC_ANSWER_NOT_NOW;
  if (v->failed) {
    return v->verdict;
  }
  const unsigned answer = smtpc_net_work(session, store, v);
  if (answer != SMTPC_NET_LATER) {
    smtpc_maildir_abort(&v->delivery);
  }
  return answer;
}

static void on_drop(void *user, smtpc_net_session *session) {
  (void)user;
  forget_message(visit_of(session));
}

// --------------------------------------------------------------------- AUTH

static void log_login(const visit *v, const uint8_t *name, size_t len,
                      unsigned mechanism) {
  smtpc_log_event event = begin_event(v);
  smtpc_log_octets(&event, "account", name, len);
  smtpc_log_text(&event, "mechanism", smtpc_mechanism_get(mechanism).name);
  smtpc_log_write(&v->reception->log, &event);
}

// On another thread: the hash is slow on purpose.
static unsigned check_password(void *arg) {
  visit *v = arg;
  const bool right = smtpc_accounts_check_password(
      v->reception->accounts, v->login.name, v->login.name_len,
      v->login.password, v->login.password_len);
  forget_login(v);
  if (right) {
    log_login(v, v->login.name, v->login.name_len, v->mechanism);
  }
  return right ? SMTPC_ANSWER_YES : SMTPC_ANSWER_NO;
}

// Takes microseconds, unlike a password.
static unsigned check_digest(visit *v, const smtpc_net_credentials *c) {
  const smtpc_accounts *accounts = v->reception->accounts;
  const smtpc_accounts_proof proof = {c->mechanism, c->name,     c->name_len,
                                      c->text,      c->text_len, c->secret,
                                      c->secret_len};
  bool right = false;
  if (c->mechanism == SMTPC_MECHANISM_CRAM_MD5) {
    right = c->secret_len == SMTPC_ACCOUNTS_DIGEST_LEN &&
            smtpc_accounts_check_cram_md5(accounts, c->name, c->name_len,
                                          c->text, c->text_len, c->secret);
  } else {
    right = c->signature != NULL &&
            smtpc_accounts_check_scram(accounts, &proof, c->signature);
  }
  if (right) {
    log_login(v, c->name, c->name_len, c->mechanism);
  }
  return right ? SMTPC_ANSWER_YES : SMTPC_ANSWER_NO;
}

static unsigned begin_check(visit *v, const smtpc_net_credentials *c) {
  forget_login(v);
  v->login.password = malloc(c->secret_len + 1u);
  if (v->login.password == NULL) {
    return SMTPC_ANSWER_NOT_NOW;
  }
  memcpy(v->login.name, c->name, c->name_len);
  v->login.name_len = c->name_len;
  memcpy(v->login.password, c->secret, c->secret_len);
  v->login.password_len = c->secret_len;
  v->mechanism = c->mechanism;
  const unsigned answer = smtpc_net_work(v->session, check_password, v);
  if (answer != SMTPC_NET_LATER) {
    forget_login(v);
  }
  return answer;
}

static unsigned on_credentials(void *user, smtpc_net_session *session,
                               const smtpc_net_credentials *c) {
  const smtpc_reception *reception = user;
  visit *v = visit_of(session);
  if (reception->accounts == NULL || c->name_len > sizeof v->login.name ||
      c->secret_len == 0u) {
    return SMTPC_ANSWER_NO;
  }
  switch (c->mechanism) {
    case SMTPC_MECHANISM_PLAIN:
    case SMTPC_MECHANISM_LOGIN:
      return begin_check(v, c);
    case SMTPC_MECHANISM_CRAM_MD5:
    case SMTPC_MECHANISM_SCRAM_SHA_1:
    case SMTPC_MECHANISM_SCRAM_SHA_1_PLUS:
    case SMTPC_MECHANISM_SCRAM_SHA_256:
    case SMTPC_MECHANISM_SCRAM_SHA_256_PLUS:
      return check_digest(v, c);
    default:
      // The accounts hold neither tokens nor certificates.
      return SMTPC_ANSWER_NO;
  }
}

static int on_salt(void *user, smtpc_net_session *session, unsigned mechanism,
                   const uint8_t *name, size_t name_len, smtpc_net_salt *out) {
  const smtpc_reception *reception = user;
  (void)session;
  out->len = SMTPC_ACCOUNTS_SALT_LEN;
  return reception->accounts != NULL &&
         smtpc_accounts_scram_salt(reception->accounts, mechanism, name,
                                   name_len, out->salt, &out->iterations);
}
_Static_assert(SMTPC_ACCOUNTS_SALT_LEN <= SMTPC_SALT_MAX &&
                   SMTPC_ACCOUNTS_SIGNATURE_MAX <= SMTPC_DIGEST_MAX,
               "the store's salts and signatures fit a session");

static int on_random(void *user, uint8_t *out, size_t len) {
  (void)user;
  return smtpc_boringssl_random(out, len) == SMTPC_OK;
}

smtpc_net_receiver_callbacks smtpc_reception_callbacks(void) {
  smtpc_net_receiver_callbacks callbacks = {0};
  callbacks.session_begin = on_begin;
  callbacks.sender = on_sender;
  callbacks.recipient = on_recipient;
  callbacks.credentials = on_credentials;
  callbacks.salt = on_salt;
  callbacks.random = on_random;
  callbacks.proxied = on_proxied;
  callbacks.content = on_content;
  callbacks.message_end = on_message_end;
  callbacks.drop = on_drop;
  callbacks.finding = on_finding;
  callbacks.tls = on_tls;
  callbacks.session_end = on_end;
  callbacks.refused = on_refused;
  return callbacks;
}
