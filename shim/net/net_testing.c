#define _POSIX_C_SOURCE 200809L

#include "shim/net/net_testing.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE 30

// The one certificate of a test program: rigs and senders share it.
static smtpc_boringssl_pem identity;

static const smtpc_boringssl_pem *the_identity(void) {
  if (identity.cert == NULL &&
      smtpc_boringssl_certificate_make(RIG_NAME, sizeof RIG_NAME - 1u,
                                       (int64_t)time(NULL), 1u,
                                       &identity) != SMTPC_BORINGSSL_NONE) {
    abort();
  }
  return &identity;
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

static unsigned on_sender(void *user, smtpc_net_session *session,
                          const smtpc_net_mail *mail) {
  rig *r = user;
  size_t len = 0u;
  const uint8_t *hello = smtpc_net_session_hello(session, &len);
  memcpy(r->hello, hello, len);
  r->hello[len] = '\0';
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

static unsigned on_credentials(void *user, smtpc_net_session *session,
                               const smtpc_net_credentials *c) {
  static const char password[] = RIG_PASSWORD;
  uint8_t digest[SMTPC_MD5_LEN];
  (void)user;
  (void)session;
  if (c->name_len != sizeof RIG_USER - 1u ||
      memcmp(c->name, RIG_USER, c->name_len) != 0) {
    return SMTPC_ANSWER_NO;
  }
  if (c->digest == NULL) {
    return c->password_len == sizeof password - 1u &&
                   memcmp(c->password, password, c->password_len) == 0
               ? SMTPC_ANSWER_YES
               : SMTPC_ANSWER_NO;
  }
  if (smtpc_boringssl_digest_hmac(
          SMTPC_BORINGSSL_MD5, (const uint8_t *)password, sizeof password - 1u,
          c->challenge, c->challenge_len, digest) != SMTPC_OK) {
    return SMTPC_ANSWER_NOT_NOW;
  }
  return memcmp(digest, c->digest, sizeof digest) == 0 ? SMTPC_ANSWER_YES
                                                       : SMTPC_ANSWER_NO;
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

static unsigned on_message_end(void *user, smtpc_net_session *session) {
  rig *r = user;
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
  if (r->mode != RIG_NOT_NOW) {
    bump(r, &r->stored);
  }
  (void)pthread_mutex_unlock(&r->lock);
  return r->mode == RIG_NOT_NOW ? SMTPC_ANSWER_NOT_NOW : SMTPC_ANSWER_YES;
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
  (void)session;
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
      (uint16_t)(SMTPC_MECH(CRAM_MD5) | SMTPC_MECH(PLAIN) | SMTPC_MECH(LOGIN));
  smtpc_net_receiver_options_init(&r->options);
  r->options.host = "127.0.0.1";
  r->options.policy = &r->policy;
  r->options.user = r;
  r->options.signals = 0u;
  call->session_begin = on_begin;
  call->sender = on_sender;
  call->recipient = on_recipient;
  call->credentials = on_credentials;
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
  const smtpc_boringssl_pem *pem = the_identity();
  assert_int_equal(smtpc_boringssl_context_new(&r->context),
                   SMTPC_BORINGSSL_NONE);
  assert_int_equal(smtpc_boringssl_context_set_identity(
                       r->context, (const uint8_t *)pem->cert, pem->cert_len,
                       (const uint8_t *)pem->key, pem->key_len, NULL),
                   SMTPC_BORINGSSL_NONE);
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
  (void)pthread_cond_destroy(&r->changed);
  (void)pthread_mutex_destroy(&r->lock);
}

// --------------------------------------------------------------- raw sockets

static void set_patience(int fd) {
  const struct timeval limit = {PATIENCE, 0};
  const int one = 1;
  (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

static struct sockaddr_in loopback(uint16_t port) {
  struct sockaddr_in address;
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int raw_connect(const rig *r) {
  const struct sockaddr_in address =
      loopback(smtpc_net_receiver_port(r->receiver));
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  assert_true(fd >= 0);
  set_patience(fd);
  assert_int_equal(
      connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
  return fd;
}

int raw_listen(uint16_t *out_port) {
  struct sockaddr_in address = loopback(0u);
  socklen_t len = sizeof address;
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  assert_true(fd >= 0);
  assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address),
                   0);
  assert_int_equal(listen(fd, 8), 0);
  assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
  *out_port = ntohs(address.sin_port);
  return fd;
}

static void send_all(int fd, const char *data, size_t len) {
  size_t done = 0u;
  while (done < len) {
    const ssize_t n = send(fd, data + done, len - done, MSG_NOSIGNAL);
    assert_true(n > 0);
    done += (size_t)n;
  }
}

void raw_send(int fd, const char *text) {
  send_all(fd, text, strlen(text));
}

void raw_send_slowly(int fd, const char *text) {
  for (size_t i = 0u; text[i] != '\0'; i++) {
    send_all(fd, text + i, 1u);
  }
}

int raw_line(int fd, char *out, size_t cap) {
  size_t len = 0u;
  char c = '\0';
  while (len + 1u < cap) {
    const ssize_t n = recv(fd, &c, 1u, 0);
    if (n <= 0) {
      out[len] = '\0';
      return -1;
    }
    if (c == '\n') {
      break;
    }
    if (c != '\r') {
      out[len] = c;
      len++;
    }
  }
  out[len] = '\0';
  return (int)len;
}

void raw_expect(int fd, const char *text) {
  char line[1024];
  int len = raw_line(fd, line, sizeof line);
  while (len >= 4 && line[3] == '-') {
    len = raw_line(fd, line, sizeof line);
  }
  if (len < 0 || strncmp(line, text, strlen(text)) != 0) {
    print_error("have: %s\nwant: %s\n", len < 0 ? "(the end)" : line, text);
    fail();
  }
}

void raw_expect_end(int fd) {
  char octet = '\0';
  const ssize_t n = recv(fd, &octet, 1u, 0);
  if (n != 0) {
    print_error("have: %s\nwant: the end\n",
                n < 0 ? strerror(errno) : "an octet");
    fail();
  }
}

void raw_reset(int fd) {
  const struct linger at_once = {1, 0};
  (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  (void)close(fd);
}

// ------------------------------------------------------------------- senders

static int on_password(void *user, smtpc_net_login *out) {
  const rig_sender *s = user;
  if (s->password == NULL) {
    return 0;
  }
  out->name = (const uint8_t *)RIG_USER;
  out->name_len = sizeof RIG_USER - 1u;
  out->password = (const uint8_t *)s->password;
  out->password_len = strlen(s->password);
  return 1;
}

static int on_digest(void *user, const uint8_t *challenge, size_t len,
                     smtpc_net_login *out, uint8_t digest[SMTPC_MD5_LEN]) {
  return on_password(user, out) != 0 &&
         smtpc_boringssl_digest_hmac(SMTPC_BORINGSSL_MD5, out->password,
                                     out->password_len, challenge, len,
                                     digest) == SMTPC_OK;
}

static int on_envelope(void *user, smtpc_envelope *out) {
  rig_sender *s = user;
  if (s->message_next >= s->messages) {
    return 0;
  }
  s->message_next++;
  s->to_next = 0u;
  s->content_next = 0u;
  out->address = (const uint8_t *)s->from;
  out->address_len = (uint16_t)strlen(s->from);
  out->seen = s->seen;
  out->size = s->content_len;
  return 1;
}

static int on_next_recipient(void *user, smtpc_envelope *out) {
  rig_sender *s = user;
  const char *to = s->to_next < 4u ? s->to[s->to_next] : NULL;
  if (to == NULL) {
    return 0;
  }
  s->to_next++;
  out->address = (const uint8_t *)to;
  out->address_len = (uint16_t)strlen(to);
  return 1;
}

static int on_next_content(void *user, const uint8_t **out_data,
                           size_t *out_len) {
  rig_sender *s = user;
  const size_t left = s->content_len - s->content_next;
  if (s->fail_at > 0u && s->content_next >= s->fail_at) {
    return -1;
  }
  *out_data = s->content + s->content_next;
  *out_len = left < s->block ? left : s->block;
  s->content_next += *out_len;
  return left > 0u;
}

static void on_recipient_done(void *user, const smtpc_net_reply *reply) {
  rig_sender *s = user;
  if (s->rcpt_done < 16u) {
    s->rcpt_codes[s->rcpt_done] = reply->code;
    s->rcpt_done++;
  }
}

static void on_message_done(void *user, const smtpc_net_reply *reply) {
  rig_sender *s = user;
  if (s->done < 16u) {
    s->codes[s->done] = reply->code;
    s->done++;
  }
}

static void on_sender_finding(void *user, const smtpc_net_finding *finding) {
  rig_sender *s = user;
  s->findings[finding->finding] = 1u;
}

static void on_sender_trace(void *user, const smtpc_net_trace *event) {
  rig_sender *s = user;
  rig_trace(&s->trace, event, 0);
}

void rig_sender_prepare(rig_sender *s, uint16_t port) {
  static const rig_sender none = {0};
  static const char message[] = "Subject: a page\r\n\r\n.\r\nOne line\r\n";
  smtpc_net_sender_callbacks *call = &s->options.callbacks;
  *s = none;
  smtpc_client_policy_init(&s->policy);
  s->policy.tls = SMTPC_CLIENT_TLS_OFF;
  memcpy(s->policy.hello, "lamp.example", 12u);
  s->policy.hello_len = 12u;
  smtpc_net_sender_options_init(&s->options);
  s->options.host = "127.0.0.1";
  s->options.port = port;
  s->options.policy = &s->policy;
  s->options.user = s;
  s->from = "a@lamp.example";
  s->to[0] = "b@mx.example";
  s->content = (const uint8_t *)message;
  s->content_len = sizeof message - 1u;
  s->block = 32768u;
  s->messages = 1u;
  call->password = on_password;
  call->digest = on_digest;
  call->envelope = on_envelope;
  call->recipient = on_next_recipient;
  call->content = on_next_content;
  call->recipient_done = on_recipient_done;
  call->message_done = on_message_done;
  call->finding = on_sender_finding;
  call->trace = on_sender_trace;
}

void rig_sender_use_tls(rig_sender *s, unsigned tls) {
  const smtpc_boringssl_pem *pem = the_identity();
  assert_int_equal(smtpc_boringssl_context_new(&s->context),
                   SMTPC_BORINGSSL_NONE);
  assert_int_equal(
      smtpc_boringssl_context_add_roots(s->context, (const uint8_t *)pem->cert,
                                        pem->cert_len, NULL),
      SMTPC_BORINGSSL_NONE);
  s->policy.tls = (uint8_t)tls;
  s->options.tls = s->context;
  s->options.server_name = RIG_NAME;
}

smtpc_net_error_kind rig_send(rig_sender *s) {
  return smtpc_net_send(&s->options, &s->result, &s->error);
}

void rig_sender_free(rig_sender *s) {
  smtpc_boringssl_context_free(s->context);
  free(s->trace.data);
}
