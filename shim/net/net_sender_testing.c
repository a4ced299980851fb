#define _POSIX_C_SOURCE 200809L

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shim/net/net_testing.h"

// ------------------------------------------------------------------- senders

static int on_password(void *user, unsigned mechanism, smtpc_net_login *out) {
  const rig_sender *s = user;
  (void)mechanism;
  if (s->password == NULL) {
    return 0;
  }
  out->name = (const uint8_t *)s->name;
  out->name_len = strlen(s->name);
  out->password = (const uint8_t *)s->password;
  out->password_len = strlen(s->password);
  return 1;
}

static int on_digest(void *user, const smtpc_net_digest *ask,
                     smtpc_net_login *out,
                     uint8_t digest[2u * SMTPC_DIGEST_MAX]) {
  size_t len = 0u;
  if (on_password(user, ask->mechanism, out) == 0) {
    return 0;
  }
  const smtpc_boringssl_secret secret = {out->password, out->password_len,
                                         ask->salt, ask->salt_len,
                                         ask->iterations};
  return smtpc_boringssl_sasl_digest(ask->mechanism, &secret, ask->text,
                                     ask->text_len, digest, &len) == SMTPC_OK;
}

static int on_random(void *user, uint8_t *out, size_t len) {
  (void)user;
  return smtpc_boringssl_random(out, len) == SMTPC_OK;
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
  out->body = s->body;
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

static void on_delivery_done(void *user, const smtpc_net_reply *reply) {
  rig_sender *s = user;
  if (s->deliveries < 16u) {
    s->delivery_codes[s->deliveries] = reply->code;
    s->delivery_numbers[s->deliveries] = reply->number;
    s->deliveries++;
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
  s->name = RIG_USER;
  s->from = "a@lamp.example";
  s->to[0] = "b@mx.example";
  s->content = (const uint8_t *)message;
  s->content_len = sizeof message - 1u;
  s->block = 32768u;
  s->messages = 1u;
  call->password = on_password;
  call->digest = on_digest;
  call->random = on_random;
  call->envelope = on_envelope;
  call->recipient = on_next_recipient;
  call->content = on_next_content;
  call->recipient_done = on_recipient_done;
  call->delivery_done = on_delivery_done;
  call->message_done = on_message_done;
  call->finding = on_sender_finding;
  call->trace = on_sender_trace;
}

void rig_sender_use_tls(rig_sender *s, unsigned tls) {
  const smtpc_boringssl_pem *pem = rig_identity();
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

// ------------------------------------------------------------ played servers

typedef struct server {
  const rig_step *steps;
  pthread_t thread;
  int listener;
  int hold;
  uint16_t port;
} server;

int rig_wait_for(int fd, const char *text) {
  char line[2048];
  while (text[0] != '\0') {
    if (raw_line(fd, line, sizeof line) < 0) {
      return 0;
    }
    if (strncmp(line, text, strlen(text)) == 0) {
      break;
    }
  }
  return 1;
}

static void *play(void *arg) {
  const server *v = arg;
  char octet = '\0';
  const int fd = accept(v->listener, NULL, NULL);
  for (size_t i = 0u; v->steps[i].say != NULL; i++) {
    if (!rig_wait_for(fd, v->steps[i].wait)) {
      break;
    }
    (void)send(fd, v->steps[i].say, strlen(v->steps[i].say), MSG_NOSIGNAL);
  }
  while (v->hold != 0 && recv(fd, &octet, 1u, 0) > 0) {
  }
  (void)close(fd);
  return NULL;
}

void rig_send_to(const rig_step *steps, int hold, rig_sender *s) {
  server v = {.steps = steps, .hold = hold};
  v.listener = raw_listen(&v.port);
  s->options.port = v.port;
  assert_int_equal(pthread_create(&v.thread, NULL, play, &v), 0);
  test_number(rig_send(s), SMTPC_NET_NONE);
  (void)pthread_join(v.thread, NULL);
  (void)close(v.listener);
  test_label("trace:\n%s", s->trace.data == NULL ? "" : s->trace.data);
}
