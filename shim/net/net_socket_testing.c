#define _POSIX_C_SOURCE 200809L

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "shim/boringssl/testing.h"
#include "shim/net/net_testing.h"

#define PATIENCE 30

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

// It returns -1 when there is nobody.
static int connect_to(uint16_t port) {
  const struct sockaddr_in address = loopback(port);
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0) {
    return -1;
  }
  set_patience(fd);
  if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
    (void)close(fd);
    return -1;
  }
  return fd;
}

int raw_connect(const rig *r) {
  const int fd = connect_to(smtpc_net_receiver_port(r->receiver));
  assert_true(fd >= 0);
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

void raw_send_octets(int fd, const void *data, size_t len) {
  send_all(fd, data, len);
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

// ------------------------------------------------------------------ by hand

static int send_raw(const hand *h, const uint8_t *data, size_t len) {
  size_t done = 0u;
  while (done < len) {
    const size_t piece =
        h->cut > 0u && h->cut < len - done ? h->cut : len - done;
    const ssize_t n = send(h->fd, data + done, piece, MSG_NOSIGNAL);
    if (n <= 0) {
      return 0;
    }
    done += (size_t)n;
  }
  return 1;
}

int hand_flush(hand *h) {
  uint8_t buffer[4096];
  size_t len = 0u;
  do {
    if (smtpc_tls_pull(h->tls, buffer, sizeof buffer, &len) != SMTPC_OK ||
        !send_raw(h, buffer, len)) {
      return 0;
    }
  } while (len > 0u);
  return 1;
}

int hand_fill(hand *h) {
  uint8_t buffer[4096];
  size_t done = 0u;
  const ssize_t n = recv(h->fd, buffer, sizeof buffer, 0);
  if (n <= 0) {
    return 0;
  }
  while (done < (size_t)n) {
    size_t used = 0u;
    if (smtpc_tls_push(h->tls, buffer + done, (size_t)n - done, &used) !=
            SMTPC_OK ||
        used == 0u) {
      return 0;
    }
    done += used;
  }
  return 1;
}

int hand_shake(hand *h) {
  smtpc_tls_facts facts = {0};
  smtpc_tls_state state = smtpc_tls_handshake(h->tls, &facts);
  int flows = hand_flush(h);
  while (state == SMTPC_TLS_HANDSHAKING && flows && hand_fill(h)) {
    state = smtpc_tls_handshake(h->tls, &facts);
    flows = hand_flush(h);
  }
  return state == SMTPC_TLS_UP;
}

static int hand_begin(hand *h, int fd, smtpc_tls_context *context,
                      smtpc_tls_role role) {
  static const hand none = {0};
  const smtpc_tls_peer peer = {.role = (uint8_t)role,
                               .min_version = SMTPC_TLS_1_2};
  *h = none;
  h->fd = fd;
  return smtpc_tls_open(&h->tls, context, &peer) == SMTPC_OK;
}

void hand_client(hand *h, int fd, size_t cut) {
  smtpc_tls_context *context = NULL;
  assert_int_equal(smtpc_boringssl_context_new(&context), SMTPC_BORINGSSL_NONE);
  assert_true(hand_begin(h, fd, context, SMTPC_TLS_CLIENT));
  h->context = context;
  h->cut = cut;
}

void hand_open(hand *h, const rig *r, size_t cut) {
  const int fd = raw_connect(r);
  raw_expect(fd, "220 ");
  raw_send(fd, "EHLO lamp.example\r\n");
  raw_expect(fd, "250 ");
  raw_send(fd, "STARTTLS\r\n");
  raw_expect(fd, "220 ");
  hand_client(h, fd, cut);
  assert_true(hand_shake(h));
}

void hand_close(hand *h) {
  smtpc_tls_free(h->tls);
  smtpc_boringssl_context_free(h->context);
  (void)close(h->fd);
}

void hand_say(hand *h, const char *text) {
  assert_int_equal(smtpc_tls_write(h->tls, (const uint8_t *)text, strlen(text)),
                   SMTPC_OK);
  assert_true(hand_flush(h));
}

int hand_octet(hand *h, smtpc_tls_state *out_state) {
  *out_state = SMTPC_TLS_UP;
  while (h->begin == h->end) {
    h->begin = 0u;
    *out_state = smtpc_tls_read(h->tls, h->plain, sizeof h->plain, &h->end);
    if (h->end > 0u) {
      break;
    }
    if (*out_state != SMTPC_TLS_UP || !hand_fill(h)) {
      return -1;
    }
  }
  h->begin++;
  return h->plain[h->begin - 1u];
}

int hand_line(hand *h, char *out, size_t cap) {
  size_t len = 0u;
  smtpc_tls_state state = SMTPC_TLS_UP;
  for (;;) {
    const int c = hand_octet(h, &state);
    if (c < 0) {
      out[len] = '\0';
      return 0;
    }
    if (c == '\n') {
      out[len] = '\0';
      return 1;
    }
    if (c != '\r' && len + 1u < cap) {
      out[len] = (char)c;
      len++;
    }
  }
}

void hand_hear(hand *h, const char *text) {
  char line[1024];
  int there = hand_line(h, line, sizeof line);
  while (there && strlen(line) >= 4u && line[3] == '-') {
    there = hand_line(h, line, sizeof line);
  }
  test_label("have: %s, want: %s", there ? line : "(the end)", text);
  test_number(there && strncmp(line, text, strlen(text)) == 0, 1);
}

// ------------------------------------------------------------ in the middle

// Overwrites `word` wherever a piece of what the server says has it.
static size_t strike(uint8_t *data, size_t len, const char *word) {
  const size_t n = word == NULL ? 0u : strlen(word);
  size_t count = 0u;
  for (size_t i = 0u; n > 0u && i + n <= len; i++) {
    if (memcmp(data + i, word, n) == 0) {
      memset(data + i, 'X', n);
      count++;
    }
  }
  return count;
}

// What one side has said goes to the other. It returns 0 at the end.
static int carry(hand *from, hand *to, const char *word, size_t *struck) {
  size_t len = 0u;
  smtpc_tls_state state = SMTPC_TLS_UP;
  int flows = 1;
  do {
    state = smtpc_tls_read(from->tls, from->plain, sizeof from->plain, &len);
    *struck += strike(from->plain, len, word);
    flows = flows && (len == 0u ||
                      smtpc_tls_write(to->tls, from->plain, len) == SMTPC_OK);
    flows = hand_flush(to) && flows;
  } while (len > 0u && flows);
  return flows && state == SMTPC_TLS_UP;
}

static void carry_both(rig_relay *relay, hand *client, hand *server) {
  size_t none = 0u;
  struct pollfd ready[2] = {{client->fd, POLLIN, 0}, {server->fd, POLLIN, 0}};
  // The greeting may have come with the last words of the handshake.
  int flows = carry(server, client, relay->strike, &relay->struck);
  while (flows && poll(ready, 2u, PATIENCE * 1000) > 0) {
    if (ready[0].revents != 0) {
      flows = hand_fill(client) && carry(client, server, NULL, &none);
    }
    if (flows && ready[1].revents != 0) {
      flows = hand_fill(server) &&
              carry(server, client, relay->strike, &relay->struck);
    }
  }
  smtpc_tls_close(client->tls);
  smtpc_tls_close(server->tls);
  (void)hand_flush(client);
  (void)hand_flush(server);
}

// No check of cmocka fails here: this is not the thread of the test.
static void *relay_run(void *arg) {
  rig_relay *relay = arg;
  static const hand none = {0};
  smtpc_tls_context *trusting = NULL;
  hand *client = malloc(sizeof *client);
  hand *server = malloc(sizeof *server);
  if (client == NULL || server == NULL ||
      smtpc_boringssl_context_new(&trusting) != SMTPC_BORINGSSL_NONE) {
    abort();
  }
  *client = none;
  *server = none;
  server->fd = -1;
  const int fd = accept(relay->listener, NULL, NULL);
  const int there =
      hand_begin(client, fd, relay->context, SMTPC_TLS_SERVER) &&
      hand_begin(server,
                 connect_to(smtpc_net_receiver_port(relay->to->receiver)),
                 trusting, SMTPC_TLS_CLIENT);
  if (there && hand_shake(client) && hand_shake(server)) {
    carry_both(relay, client, server);
  }
  hand_close(client);
  hand_close(server);
  smtpc_boringssl_context_free(trusting);
  free(client);
  free(server);
  return NULL;
}

void rig_relay_start(rig_relay *relay, const rig *to,
                     const smtpc_boringssl_pem *pem, uint16_t version) {
  static const rig_relay none = {0};
  *relay = none;
  relay->to = to;
  relay->context = rig_context(pem);
  test_limit_version(relay->context, SMTPC_TLS_SERVER, version);
  relay->listener = raw_listen(&relay->port);
  assert_int_equal(pthread_create(&relay->thread, NULL, relay_run, relay), 0);
}

void rig_relay_stop(rig_relay *relay) {
  (void)pthread_join(relay->thread, NULL);
  (void)close(relay->listener);
  smtpc_boringssl_context_free(relay->context);
}
