#define _POSIX_C_SOURCE 200809L

#include "shim/net/net_testing.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "smtpcore/span.h"

#define PATIENCE 30

// The certificates of a test program: rigs and senders share them.
static const smtpc_boringssl_pem *make_identity(smtpc_boringssl_pem *pem) {
  if (pem->cert == NULL &&
      smtpc_boringssl_certificate_make(RIG_NAME, sizeof RIG_NAME - 1u,
                                       (int64_t)time(NULL), 1u,
                                       pem) != SMTPC_BORINGSSL_NONE) {
    abort();
  }
  return pem;
}

const smtpc_boringssl_pem *rig_identity(void) {
  static smtpc_boringssl_pem identity;
  return make_identity(&identity);
}

const smtpc_boringssl_pem *rig_stranger(void) {
  static smtpc_boringssl_pem stranger;
  return make_identity(&stranger);
}

smtpc_tls_context *rig_context(const smtpc_boringssl_pem *pem) {
  smtpc_tls_context *context = NULL;
  assert_int_equal(smtpc_boringssl_context_new(&context), SMTPC_BORINGSSL_NONE);
  assert_int_equal(smtpc_boringssl_context_set_identity(
                       context, (const uint8_t *)pem->cert, pem->cert_len,
                       (const uint8_t *)pem->key, pem->key_len, NULL),
                   SMTPC_BORINGSSL_NONE);
  return context;
}

smtpc_range rig_range(const char *text) {
  smtpc_range range;
  assert_int_equal(smtpc_range_parse((const uint8_t *)text,
                                     smtpc_span_make(0u, strlen(text)), &range),
                   SMTPC_OK);
  return range;
}

void rig_text_add(rig_text *text, const void *data, size_t len) {
  char *grown = realloc(text->data, text->len + len + 1u);
  if (grown == NULL) {
    abort();
  }
  text->data = grown;
  if (len > 0u) {
    memcpy(text->data + text->len, data, len);
  }
  text->len += len;
  text->data[text->len] = '\0';
}

static void add_string(rig_text *text, const char *string) {
  rig_text_add(text, string, strlen(string));
}

void rig_trace(rig_text *text, const smtpc_net_trace *event,
               int peer_is_client) {
  const int client = (event->from_peer != 0u) == (peer_is_client != 0);
  char number[48];
  if (event->kind == SMTPC_NET_TRACE_TLS) {
    add_string(text, "= tls\n");
  } else if (event->kind == SMTPC_NET_TRACE_CONTENT) {
    (void)snprintf(number, sizeof number, "M: %llu octets\n",
                   (unsigned long long)event->len);
    add_string(text, number);
  } else {
    add_string(text, client ? "C: " : "S: ");
    rig_text_add(text, event->data, (size_t)event->len);
    add_string(text, event->secret != 0u ? " ***\n" : "\n");
  }
}

// ------------------------------------------------------------ the callbacks

static void bump(rig *r, unsigned *counter) {
  (*counter)++;
  (void)pthread_cond_broadcast(&r->changed);
}

static int on_begin(void *user, smtpc_net_session *session) {
  rig *r = user;
  (void)session;
  (void)pthread_mutex_lock(&r->lock);
  bump(r, &r->begun);
  (void)pthread_mutex_unlock(&r->lock);
  return 1;
}

static unsigned judge(const smtpc_net_mail *mail) {
  static const struct {
    const char *word;
    unsigned answer;
  } rows[] = {{"no@", SMTPC_ANSWER_NO},
              {"later@", SMTPC_ANSWER_NOT_NOW},
              {"full@", SMTPC_ANSWER_FULL},
              {"relay@", SMTPC_ANSWER_RELAY}};
  for (size_t i = 0u; i < sizeof rows / sizeof rows[0]; i++) {
    const size_t len = strlen(rows[i].word);
    if (mail->address_len >= len &&
        memcmp(mail->address, rows[i].word, len) == 0) {
      return rows[i].answer;
    }
  }
  return SMTPC_ANSWER_YES;
}

static void note_hello(const smtpc_net_session *session, char out[256]) {
  size_t len = 0u;
  const uint8_t *hello = smtpc_net_session_hello(session, &len);
  memcpy(out, hello, len);
  out[len] = '\0';
}

static unsigned on_sender(void *user, smtpc_net_session *session,
                          const smtpc_net_mail *mail) {
  rig *r = user;
  note_hello(session, r->hello);
  (void)snprintf(r->peer, sizeof r->peer, "%s",
                 smtpc_net_session_peer(session));
  (void)snprintf(r->self, sizeof r->self, "%s",
                 smtpc_net_session_self(session));
  r->address = smtpc_net_session_address(session);
  rig_text_add(&r->envelope, mail->address, mail->address_len);
  add_string(&r->envelope, ">");
  return judge(mail);
}

static unsigned on_recipient(void *user, smtpc_net_session *session,
                             const smtpc_net_mail *mail) {
  static const char release[] = "release@";
  rig *r = user;
  (void)session;
  rig_text_add(&r->envelope, mail->address, mail->address_len);
  add_string(&r->envelope, ",");
  if (r->waiting != NULL && mail->address_len >= sizeof release - 1u &&
      memcmp(mail->address, release, sizeof release - 1u) == 0) {
    smtpc_net_session *waiting = r->waiting;
    r->waiting = NULL;
    (void)smtpc_net_session_answer(waiting, SMTPC_ANSWER_YES);
  }
  return judge(mail);
}

// ------------------------------------------------------------------- logins

static int is_same(const uint8_t *data, size_t len, const char *text) {
  return len == strlen(text) && memcmp(data, text, len) == 0;
}

// The salt of the one account, and of all names that there are not.
static void make_salt(const uint8_t *name, size_t len, uint8_t out[32]) {
  const uint8_t key = 1u;
  if (smtpc_boringssl_digest_hmac(SMTPC_BORINGSSL_SHA256, &key, 1u, name, len,
                                  out) != SMTPC_OK) {
    abort();
  }
}

static int on_salt(void *user, smtpc_net_session *session, unsigned mechanism,
                   const uint8_t *name, size_t name_len, smtpc_net_salt *out) {
  const rig *r = user;
  (void)session;
  (void)mechanism;
  make_salt(name, name_len, out->salt);
  out->len = 16u;
  out->iterations = r->iterations;
  return 1;
}

// Keys of the password for any name: who does not exist fails at the end alone.
static int is_proved(const rig *r, const rig_login *l) {
  static const char password[] = RIG_PASSWORD;
  uint8_t salt[32];
  uint8_t keys[2u * SMTPC_BORINGSSL_DIGEST_MAX];
  smtpc_boringssl_hash hash = SMTPC_BORINGSSL_MD5;
  make_salt(l->name, l->name_len, salt);
  const smtpc_boringssl_secret secret = {(const uint8_t *)password,
                                         sizeof password - 1u, salt, 16u,
                                         r->iterations};
  if (!smtpc_boringssl_hash_of(l->mechanism, &hash) ||
      smtpc_boringssl_scram_keys(hash, &secret, keys) != SMTPC_OK) {
    return 0;
  }
  const smtpc_boringssl_proof proof = {
      keys,      2u * smtpc_boringssl_digest_len(hash),
      l->text,   l->text_len,
      l->secret, l->secret_len};
  return smtpc_boringssl_scram_server(hash, &proof, l->signature);
}

static int is_digest(const rig_login *l) {
  static const char password[] = RIG_PASSWORD;
  uint8_t digest[SMTPC_MD5_LEN];
  return smtpc_boringssl_digest_hmac(
             SMTPC_BORINGSSL_MD5, (const uint8_t *)password,
             sizeof password - 1u, l->text, l->text_len, digest) == SMTPC_OK &&
         smtpc_boringssl_equal(digest, sizeof digest, l->secret, l->secret_len);
}

static int is_right(const rig *r, const rig_login *l) {
  const int known = is_same(l->name, l->name_len, RIG_USER);
  switch (l->mechanism) {
    case SMTPC_MECHANISM_PLAIN:
    case SMTPC_MECHANISM_LOGIN:
      return known && is_same(l->secret, l->secret_len, RIG_PASSWORD);
    case SMTPC_MECHANISM_OAUTHBEARER:
    case SMTPC_MECHANISM_XOAUTH2:
      return known && is_same(l->secret, l->secret_len, RIG_TOKEN);
    case SMTPC_MECHANISM_CRAM_MD5:
      return known && is_digest(l);
    default:
      return is_proved(r, l) && known;
  }
}

static unsigned login_work(void *arg) {
  rig *r = arg;
  (void)pthread_mutex_lock(&r->lock);
  bump(r, &r->working);
  while (r->gate == 0u) {
    (void)pthread_cond_wait(&r->changed, &r->lock);
  }
  (void)pthread_mutex_unlock(&r->lock);
  const int right = is_right(r, &r->login);
  smtpc_wipe((uint8_t *)&r->login, sizeof r->login);
  return right ? SMTPC_ANSWER_YES : SMTPC_ANSWER_NO;
}

static void copy(uint8_t *out, size_t cap, const uint8_t *data, size_t len) {
  assert_true(len <= cap);
  if (len > 0u) {
    memcpy(out, data, len);
  }
}

static unsigned on_credentials(void *user, smtpc_net_session *session,
                               const smtpc_net_credentials *c) {
  rig *r = user;
  rig_login *l = &r->login;
  copy(l->name, sizeof l->name, c->name, c->name_len);
  copy(l->secret, sizeof l->secret, c->secret, c->secret_len);
  copy(l->text, sizeof l->text, c->text, c->text_len);
  l->name_len = c->name_len;
  l->secret_len = c->secret_len;
  l->text_len = c->text_len;
  l->signature = c->signature;
  l->mechanism = c->mechanism;
  if (r->slow_login != 0u) {
    return smtpc_net_work(session, login_work, r);
  }
  return is_right(r, l) ? SMTPC_ANSWER_YES : SMTPC_ANSWER_NO;
}

// ------------------------------------------------------------------ proxies

static unsigned peer_work(void *arg) {
  const rig *r = arg;
  return r->peer_answer;
}

static void add_address(rig_text *text, smtpc_address address, uint16_t port) {
  char out[64] = "unknown";
  char end[16];
  if (address.family != SMTPC_FAMILY_NONE) {
    (void)inet_ntop(address.family == SMTPC_FAMILY_IPV4 ? AF_INET : AF_INET6,
                    address.octets, out, sizeof out);
  }
  (void)snprintf(end, sizeof end, ":%u", (unsigned)port);
  add_string(text, out);
  add_string(text, end);
}

static unsigned on_proxied(void *user, smtpc_net_session *session,
                           const smtpc_net_proxied *proxied) {
  rig *r = user;
  const smtpc_proxy *h = proxied->header;
  if (h != NULL) {
    add_string(&r->proxied, h->version == 1u ? "v1 " : "v2 ");
    add_string(&r->proxied, h->local != 0u ? "local " : "");
    add_address(&r->proxied, h->source, h->source_port);
    add_string(&r->proxied, ">");
    add_address(&r->proxied, h->destination, h->destination_port);
  } else {
    add_string(&r->proxied, smtpc_verb_get(proxied->verb).name);
    add_string(&r->proxied, " ");
    rig_text_add(&r->proxied, proxied->line + proxied->argument.begin,
                 smtpc_span_len(proxied->argument));
  }
  add_string(&r->proxied, ";");
  return r->slow_peer != 0u ? smtpc_net_work(session, peer_work, r)
                            : r->peer_answer;
}

static int on_random(void *user, uint8_t *out, size_t len) {
  (void)user;
  return smtpc_boringssl_random(out, len) == SMTPC_OK;
}

static void on_content(void *user, smtpc_net_session *session,
                       const uint8_t *data, size_t len) {
  rig *r = user;
  (void)session;
  rig_text_add(&r->content, data, len);
}

static unsigned work(void *arg) {
  rig *r = arg;
  (void)pthread_mutex_lock(&r->lock);
  bump(r, &r->working);
  while (r->gate == 0u) {
    (void)pthread_cond_wait(&r->changed, &r->lock);
  }
  bump(r, &r->stored);
  (void)pthread_mutex_unlock(&r->lock);
  return SMTPC_ANSWER_YES;
}

static unsigned on_message_end(void *user, smtpc_net_session *session,
                               uint32_t number) {
  rig *r = user;
  char text[16];
  (void)snprintf(text, sizeof text, "%lu,", (unsigned long)number);
  add_string(&r->numbers, text);
  if (r->mode == RIG_BY_WORK) {
    return smtpc_net_work(session, work, r);
  }
  (void)pthread_mutex_lock(&r->lock);
  if (r->mode == RIG_LATER && r->waiting == NULL && r->stored == 0u) {
    r->waiting = session;
    bump(r, &r->stored);
    (void)pthread_mutex_unlock(&r->lock);
    return SMTPC_NET_LATER;
  }
  const unsigned answer = r->mode == RIG_NOT_NOW
                              ? SMTPC_ANSWER_NOT_NOW
                              : r->answers[number % RIG_ANSWERS_MAX];
  if (answer == SMTPC_ANSWER_YES) {
    bump(r, &r->stored);
  }
  (void)pthread_mutex_unlock(&r->lock);
  return answer;
}

static void on_drop(void *user, smtpc_net_session *session) {
  rig *r = user;
  (void)session;
  (void)pthread_mutex_lock(&r->lock);
  bump(r, &r->dropped);
  (void)pthread_mutex_unlock(&r->lock);
}

static void on_finding(void *user, smtpc_net_session *session,
                       const smtpc_net_finding *finding) {
  rig *r = user;
  (void)session;
  r->findings[finding->finding] = 1u;
}

static void on_trace(void *user, smtpc_net_session *session,
                     const smtpc_net_trace *event) {
  rig *r = user;
  (void)session;
  rig_trace(&r->trace, event, 1);
}

static void on_tls(void *user, smtpc_net_session *session,
                   const smtpc_tls_facts *facts) {
  rig *r = user;
  (void)session;
  (void)facts;
  (void)pthread_mutex_lock(&r->lock);
  bump(r, &r->handshakes);
  (void)pthread_mutex_unlock(&r->lock);
}

static void on_end(void *user, smtpc_net_session *session,
                   const smtpc_net_end *end) {
  rig *r = user;
  note_hello(session, r->last_hello);
  (void)pthread_mutex_lock(&r->lock);
  if (r->ended < RIG_ENDS_MAX) {
    r->ends[r->ended] = *end;
  }
  bump(r, &r->ended);
  (void)pthread_mutex_unlock(&r->lock);
}

static void on_refused(void *user, const char *peer) {
  rig *r = user;
  (void)peer;
  (void)pthread_mutex_lock(&r->lock);
  bump(r, &r->refused);
  (void)pthread_mutex_unlock(&r->lock);
}

// ------------------------------------------------------------------- the rig

void rig_prepare(rig *r) {
  static const rig none = {0};
  smtpc_net_receiver_callbacks *call = &r->options.callbacks;
  *r = none;
  smtpc_server_policy_init(&r->policy);
  memcpy(r->policy.hostname, RIG_NAME, sizeof RIG_NAME - 1u);
  r->policy.hostname_len = sizeof RIG_NAME - 1u;
  r->policy.mechanisms =
      SMTPC_MECH(CRAM_MD5) | SMTPC_MECH(PLAIN) | SMTPC_MECH(LOGIN);
  memset(r->answers, SMTPC_ANSWER_YES, sizeof r->answers);
  r->peer_answer = SMTPC_ANSWER_YES;
  r->iterations = SMTPC_ITERATIONS_MIN;
  smtpc_net_receiver_options_init(&r->options);
  r->options.host = "127.0.0.1";
  r->options.policy = &r->policy;
  r->options.user = r;
  r->options.signals = 0u;
  call->session_begin = on_begin;
  call->sender = on_sender;
  call->recipient = on_recipient;
  call->credentials = on_credentials;
  call->salt = on_salt;
  call->proxied = on_proxied;
  call->random = on_random;
  call->content = on_content;
  call->message_end = on_message_end;
  call->drop = on_drop;
  call->finding = on_finding;
  call->trace = on_trace;
  call->tls = on_tls;
  call->session_end = on_end;
  call->refused = on_refused;
}

void rig_use_tls(rig *r, unsigned tls, int implicit) {
  r->context = rig_context(rig_identity());
  r->policy.certificate = 1u;
  r->policy.tls = (uint8_t)tls;
  r->policy.implicit_tls = implicit != 0 ? 1u : 0u;
  r->options.tls = r->context;
}

static void *serve(void *arg) {
  rig *r = arg;
  smtpc_net_error error;
  r->result = smtpc_net_receiver_run(r->receiver, &error);
  return NULL;
}

void rig_start(rig *r) {
  smtpc_net_error error;
  (void)pthread_mutex_init(&r->lock, NULL);
  (void)pthread_cond_init(&r->changed, NULL);
  const smtpc_net_error_kind kind =
      smtpc_net_receiver_new(&r->receiver, &r->options, &error);
  if (kind != SMTPC_NET_NONE) {
    print_error("%s\n", error.text);
  }
  assert_int_equal(kind, SMTPC_NET_NONE);
  assert_int_equal(pthread_create(&r->thread, NULL, serve, r), 0);
}

void rig_wait(rig *r, const unsigned *counter, unsigned count) {
  struct timespec until;
  int status = 0;
  (void)clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += PATIENCE;
  (void)pthread_mutex_lock(&r->lock);
  while (*counter < count && status == 0) {
    status = pthread_cond_timedwait(&r->changed, &r->lock, &until);
  }
  const unsigned have = *counter;
  (void)pthread_mutex_unlock(&r->lock);
  assert_true(have >= count);
}

void rig_open_gate(rig *r) {
  (void)pthread_mutex_lock(&r->lock);
  r->gate = 1u;
  (void)pthread_cond_broadcast(&r->changed);
  (void)pthread_mutex_unlock(&r->lock);
}

void rig_join(rig *r) {
  assert_int_equal(pthread_join(r->thread, NULL), 0);
  assert_int_equal(r->result, SMTPC_NET_NONE);
  assert_int_equal(smtpc_net_receiver_sessions(r->receiver), 0);
}

void rig_stop(rig *r) {
  smtpc_net_receiver_stop(r->receiver);
  rig_join(r);
}

void rig_free(rig *r) {
  smtpc_net_receiver_free(r->receiver);
  smtpc_boringssl_context_free(r->context);
  free(r->trace.data);
  free(r->content.data);
  free(r->envelope.data);
  free(r->numbers.data);
  free(r->proxied.data);
  (void)pthread_cond_destroy(&r->changed);
  (void)pthread_mutex_destroy(&r->lock);
}
