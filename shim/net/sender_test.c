#define _POSIX_C_SOURCE 200809L

#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "shim/net/net_testing.h"

// ----------------------------------------------------- sender to receiver

static void expect_delivered(rig_sender *s) {
  const smtpc_net_error_kind kind = rig_send(s);
  test_label("%s", s->error.text);
  test_number(kind, SMTPC_NET_NONE);
  test_label("trace:\n%s", s->trace.data == NULL ? "" : s->trace.data);
  test_number(s->done, 1);
  test_number(s->codes[0], 250);
  test_number(s->result.end.reason, SMTPC_END_QUIT);
  test_number(s->result.end.stats.messages, 1);
}

static void test_sender_delivers_in_clear(void **state) {
  rig r;
  rig_sender s;
  (void)state;
  rig_prepare(&r);
  rig_start(&r);
  rig_sender_prepare(&s, smtpc_net_receiver_port(r.receiver));
  expect_delivered(&s);
  rig_stop(&r);
  test_octets(r.content.data, r.content.len, s.content, s.content_len);
  // Both sides saw the same dialogue, but for the receiver's view of content:
  // it is counted without the stuffed dot, and the dot that ends it is no line.
  assert_string_equal(s.trace.data,
                      "S: 220 mx.example SMTP service ready\n"
                      "C: EHLO lamp.example\n"
                      "S: 250-mx.example greets you\n"
                      "S: 250-PIPELINING\n"
                      "S: 250-SIZE 10485760\n"
                      "S: 250-8BITMIME\n"
                      "S: 250-DSN\n"
                      "S: 250-SMTPUTF8\n"
                      "S: 250-CHUNKING\n"
                      "S: 250 ENHANCEDSTATUSCODES\n"
                      "C: MAIL FROM:<a@lamp.example>\n"
                      "C: RCPT TO:<b@mx.example>\n"
                      "C: DATA\n"
                      "S: 250 2.1.0 Sender OK\n"
                      "S: 250 2.1.5 Recipient OK\n"
                      "S: 354 End data with <CR><LF>.<CR><LF>\n"
                      "M: 32 octets\n"
                      "C: .\n"
                      "S: 250 2.0.0 Message stored\n"
                      "C: QUIT\n"
                      "S: 221 2.0.0 Closing connection\n");
  rig_sender_free(&s);
  rig_free(&r);
}

static uint8_t *make_content(size_t lines, size_t *out_len) {
  const size_t line = 64u;
  uint8_t *content = malloc(lines * line);
  assert_non_null(content);
  for (size_t i = 0u; i < lines; i++) {
    uint8_t *at = content + i * line;
    memset(at, 'a' + (int)(i % 26u), line - 2u);
    if (i % 7u == 0u) {
      at[0] = (uint8_t)'.';
    }
    at[line - 2u] = (uint8_t)'\r';
    at[line - 1u] = (uint8_t)'\n';
  }
  *out_len = lines * line;
  return content;
}

static void deliver_large(unsigned tls, int implicit, int bdat) {
  rig r;
  rig_sender s;
  size_t len = 0u;
  uint8_t *content = make_content(32768u, &len);
  rig_prepare(&r);
  rig_use_tls(&r, SMTPC_SERVER_TLS_REQUIRED, implicit);
  if (tls == SMTPC_CLIENT_TLS_OFF) {
    r.policy.tls = SMTPC_SERVER_TLS_OFF;
  }
  rig_start(&r);
  rig_sender_prepare(&s, smtpc_net_receiver_port(r.receiver));
  if (tls != SMTPC_CLIENT_TLS_OFF) {
    rig_sender_use_tls(&s, tls);
  }
  s.policy.implicit_tls = implicit != 0 ? 1u : 0u;
  s.policy.bdat = bdat != 0 ? 1u : 0u;
  s.content = content;
  s.content_len = len;
  s.block = 100000u;
  expect_delivered(&s);
  rig_stop(&r);
  test_octets(r.content.data, r.content.len, content, len);
  test_number(s.result.end.encrypted, tls != SMTPC_CLIENT_TLS_OFF);
  test_number(r.ends[0].encrypted, tls != SMTPC_CLIENT_TLS_OFF);
  test_number(s.result.end.stats.content, len);
  test_number(r.ends[0].stats.content, len);
  if (tls != SMTPC_CLIENT_TLS_OFF) {
    test_number(s.result.end.tls.version, SMTPC_TLS_1_3);
    assert_non_null(strstr(s.trace.data, "= tls\n"));
  }
  rig_sender_free(&s);
  rig_free(&r);
  free(content);
}

static void test_sender_delivers_much_in_clear(void **state) {
  (void)state;
  deliver_large(SMTPC_CLIENT_TLS_OFF, 0, 0);
}

static void test_sender_delivers_chunks_in_clear(void **state) {
  (void)state;
  deliver_large(SMTPC_CLIENT_TLS_OFF, 0, 1);
}

static void test_sender_delivers_after_starttls(void **state) {
  (void)state;
  deliver_large(SMTPC_CLIENT_TLS_VERIFIED, 0, 0);
}

static void test_sender_delivers_chunks_after_starttls(void **state) {
  (void)state;
  deliver_large(SMTPC_CLIENT_TLS_REQUIRED, 0, 1);
}

static void test_sender_delivers_under_implicit_tls(void **state) {
  (void)state;
  deliver_large(SMTPC_CLIENT_TLS_VERIFIED, 1, 0);
}

static void test_sender_marks_where_encryption_begins(void **state) {
  rig r;
  rig_sender s;
  (void)state;
  rig_prepare(&r);
  rig_use_tls(&r, SMTPC_SERVER_TLS_REQUIRED, 0);
  rig_start(&r);
  rig_sender_prepare(&s, smtpc_net_receiver_port(r.receiver));
  rig_sender_use_tls(&s, SMTPC_CLIENT_TLS_VERIFIED);
  expect_delivered(&s);
  rig_stop(&r);
  assert_non_null(strstr(s.trace.data,
                         "C: STARTTLS\n"
                         "S: 220 2.0.0 Ready to start TLS\n"
                         "= tls\n"
                         "C: EHLO lamp.example\n"));
  assert_non_null(strstr(r.trace.data,
                         "C: STARTTLS\n"
                         "S: 220 2.0.0 Ready to start TLS\n"
                         "= tls\n"
                         "C: EHLO lamp.example\n"));
  test_number(r.handshakes, 1);
  rig_sender_free(&s);
  rig_free(&r);
}

static void test_sender_wrong_name_gets_no_mail(void **state) {
  rig r;
  rig_sender s;
  (void)state;
  rig_prepare(&r);
  rig_use_tls(&r, SMTPC_SERVER_TLS_ON, 0);
  rig_start(&r);
  rig_sender_prepare(&s, smtpc_net_receiver_port(r.receiver));
  rig_sender_use_tls(&s, SMTPC_CLIENT_TLS_VERIFIED);
  s.options.server_name = "other.example";
  test_number(rig_send(&s), SMTPC_NET_NONE);
  rig_wait(&r, &r.ended, 1u);
  rig_stop(&r);
  test_number(s.result.end.reason, SMTPC_END_TLS);
  test_number(s.result.end.tls.failure, SMTPC_TLS_FAILURE_NAME);
  test_number(s.findings[SMTPC_FINDING_TLS_UNVERIFIED], 1);
  assert_null(r.envelope.data);
  rig_sender_free(&s);
  rig_free(&r);
}

static void test_sender_in_clear_meets_530(void **state) {
  rig r;
  rig_sender s;
  (void)state;
  rig_prepare(&r);
  rig_use_tls(&r, SMTPC_SERVER_TLS_REQUIRED, 0);
  rig_start(&r);
  rig_sender_prepare(&s, smtpc_net_receiver_port(r.receiver));
  test_number(rig_send(&s), SMTPC_NET_NONE);
  rig_wait(&r, &r.ended, 1u);
  rig_stop(&r);
  test_number(r.ends[0].device, SMTPC_DEVICE_RECEIVE_REJECT);
  test_number(r.stored, 0);
  assert_non_null(strstr(s.trace.data, "S: 530 5.7.0 Must issue"));
  rig_sender_free(&s);
  rig_free(&r);
}

static void test_sender_without_starttls_stops_or_says_so(void **state) {
  rig r;
  rig_sender s;
  (void)state;
  rig_prepare(&r);
  rig_start(&r);
  rig_sender_prepare(&s, smtpc_net_receiver_port(r.receiver));
  rig_sender_use_tls(&s, SMTPC_CLIENT_TLS_REQUIRED);
  test_number(rig_send(&s), SMTPC_NET_NONE);
  test_number(s.result.end.reason, SMTPC_END_REFUSED);
  test_number(s.done, 0);
  rig_sender_free(&s);
  rig_sender_prepare(&s, smtpc_net_receiver_port(r.receiver));
  rig_sender_use_tls(&s, SMTPC_CLIENT_TLS_OPPORTUNISTIC);
  expect_delivered(&s);
  test_number(s.findings[SMTPC_FINDING_TLS_NOT_OFFERED], 1);
  rig_sender_free(&s);
  rig_stop(&r);
  test_number(r.stored, 1);
  rig_free(&r);
}

static void test_sender_reports_each_recipient(void **state) {
  rig r;
  rig_sender s;
  (void)state;
  rig_prepare(&r);
  rig_start(&r);
  rig_sender_prepare(&s, smtpc_net_receiver_port(r.receiver));
  s.to[0] = "no@mx.example";
  s.to[1] = "b@mx.example";
  s.to[2] = "later@mx.example";
  s.messages = 2u;
  test_number(rig_send(&s), SMTPC_NET_NONE);
  rig_stop(&r);
  test_number(s.rcpt_done, 6);
  for (unsigned i = 0u; i < 6u; i += 3u) {
    test_number(s.rcpt_codes[i], 550);
    test_number(s.rcpt_codes[i + 1u], 250);
    test_number(s.rcpt_codes[i + 2u], 451);
  }
  test_number(s.done, 2);
  test_number(s.result.messages_done, 2);
  test_number(r.stored, 2);
  rig_sender_free(&s);
  rig_free(&r);
}

// TLS-02: a message whose content could not be read to its end is none.
static void test_sender_lost_content_is_no_message(void **state) {
  rig r;
  rig_sender s;
  (void)state;
  for (unsigned bdat = 0u; bdat < 2u; bdat++) {
    rig_prepare(&r);
    rig_start(&r);
    rig_sender_prepare(&s, smtpc_net_receiver_port(r.receiver));
    s.policy.bdat = (uint8_t)bdat;
    s.block = 19u;
    s.fail_at = 19u;
    test_number(rig_send(&s), SMTPC_NET_NONE);
    rig_wait(&r, &r.ended, 1u);
    rig_stop(&r);
    test_number(s.result.end.reason, SMTPC_END_LOCAL);
    test_number(r.stored, 0);
    test_number(r.dropped, 1);
    rig_sender_free(&s);
    rig_free(&r);
  }
}

#define MANY 16u

static void *send_one(void *arg) {
  (void)rig_send(arg);
  return NULL;
}

static void test_sender_many_at_once(void **state) {
  rig r;
  rig_sender s[MANY];
  pthread_t threads[MANY];
  (void)state;
  rig_prepare(&r);
  rig_use_tls(&r, SMTPC_SERVER_TLS_REQUIRED, 0);
  rig_start(&r);
  for (unsigned i = 0u; i < MANY; i++) {
    rig_sender_prepare(&s[i], smtpc_net_receiver_port(r.receiver));
    rig_sender_use_tls(&s[i], SMTPC_CLIENT_TLS_VERIFIED);
    s[i].messages = 5u;
  }
  for (unsigned i = 0u; i < MANY; i++) {
    assert_int_equal(pthread_create(&threads[i], NULL, send_one, &s[i]), 0);
  }
  for (unsigned i = 0u; i < MANY; i++) {
    (void)pthread_join(threads[i], NULL);
    test_number(s[i].done, 5);
    test_number(s[i].result.end.reason, SMTPC_END_QUIT);
    rig_sender_free(&s[i]);
  }
  rig_stop(&r);
  test_number(r.stored, MANY * 5u);
  rig_free(&r);
}

// ------------------------------------------------- sender to a played server

static void test_sender_server_that_closes_early_changes_nothing(void **state) {
  static const rig_step steps[] = {{"", "220 x\r\n"},
                                   {"EHLO", "250 x\r\n"},
                                   {"MAIL", "250 ok\r\n"},
                                   {"RCPT", "250 ok\r\n"},
                                   {"DATA", "354 go\r\n"},
                                   {".", "250 stored\r\n"},
                                   {"", NULL}};
  rig_sender s;
  (void)state;
  rig_sender_prepare(&s, 0u);
  s.content = (const uint8_t *)"x\r\n";
  s.content_len = 3u;
  rig_send_to(steps, 0, &s);
  test_number(s.done, 1);
  test_number(s.codes[0], 250);
  test_number(s.result.end.stats.messages, 1);
  test_number(s.result.text_len, 10);
  assert_memory_equal(s.result.text, "250 stored", 10);
  rig_sender_free(&s);
}

static void test_sender_silent_server_meets_the_deadline(void **state) {
  static const rig_step steps[] = {{"", NULL}};
  rig_sender s;
  (void)state;
  rig_sender_prepare(&s, 0u);
  s.options.deadlines.seconds[SMTPC_DEADLINE_GREETING] = 1u;
  rig_send_to(steps, 1, &s);
  test_number(s.result.end.reason, SMTPC_END_TIMEOUT);
  test_number(s.done, 0);
  rig_sender_free(&s);
}

// A server that greets, takes the envelope, says 354, and reads no more.
static int accept_envelope(int listener) {
  static const rig_step steps[] = {
      {"", "220 x\r\n"},      {"EHLO", "250 x\r\n"},  {"MAIL", "250 ok\r\n"},
      {"RCPT", "250 ok\r\n"}, {"DATA", "354 go\r\n"}, {"", NULL}};
  const int fd = accept(listener, NULL, NULL);
  for (size_t i = 0u; steps[i].say != NULL; i++) {
    assert_true(rig_wait_for(fd, steps[i].wait));
    raw_send(fd, steps[i].say);
  }
  return fd;
}

// Waits until no more octets come, which nobody reads.
static void wait_until_full(int fd) {
  const struct timespec pause = {0, 200000000};
  int before = -1;
  int now = 0;
  for (unsigned i = 0u; i < 100u && before != now; i++) {
    before = now;
    (void)nanosleep(&pause, NULL);
    assert_int_equal(ioctl(fd, FIONREAD, &now), 0);
  }
}

static void send_to_deaf_server(rig_sender *s, const char *last_word) {
  pthread_t thread;
  char octet = '\0';
  size_t len = 0u;
  uint8_t *content = make_content(1048576u, &len);
  const int listener = raw_listen(&s->options.port);
  s->content = content;
  s->content_len = len;
  s->options.linger_ms = 0u;
  assert_int_equal(pthread_create(&thread, NULL, send_one, s), 0);
  const int fd = accept_envelope(listener);
  wait_until_full(fd);
  raw_send(fd, last_word);
  (void)pthread_join(thread, NULL);
  while (recv(fd, &octet, 1u, 0) > 0) {
  }
  (void)close(fd);
  (void)close(listener);
  assert_true(s->result.end.stats.content < len);
  free(content);
}

// The server has said its last word and reads no more. It is heard all the same,
// while octets of ours wait.
static void test_sender_hears_421_while_it_cannot_send(void **state) {
  rig_sender s;
  (void)state;
  rig_sender_prepare(&s, 0u);
  s.options.deadlines.seconds[SMTPC_DEADLINE_DATA_BLOCK] = 20u;
  send_to_deaf_server(&s, "421 4.3.2 going down\r\n");
  test_number(s.result.end.reason, SMTPC_END_SERVICE);
  test_number(s.result.code, 421);
  rig_sender_free(&s);
}

static void test_sender_stalled_server_meets_the_deadline(void **state) {
  rig_sender s;
  (void)state;
  rig_sender_prepare(&s, 0u);
  s.options.deadlines.seconds[SMTPC_DEADLINE_DATA_BLOCK] = 1u;
  send_to_deaf_server(&s, "");
  test_number(s.result.end.reason, SMTPC_END_TIMEOUT);
  rig_sender_free(&s);
}

static void test_sender_response_injection_ends(void **state) {
  static const rig_step steps[] = {{"", "220 x\r\n"},
                                   {"EHLO", "250-x\r\n250 STARTTLS\r\n"},
                                   {"STARTTLS", "220 go\r\n250 injected\r\n"},
                                   {"", NULL}};
  rig_sender s;
  (void)state;
  rig_sender_prepare(&s, 0u);
  rig_sender_use_tls(&s, SMTPC_CLIENT_TLS_REQUIRED);
  rig_send_to(steps, 1, &s);
  test_number(s.result.end.reason, SMTPC_END_PROTOCOL);
  test_number(s.findings[SMTPC_FINDING_STARTTLS_RESPONSE_SURPLUS], 1);
  test_number(s.done, 0);
  rig_sender_free(&s);
}

// The 220 in one segment, clear text in the next one: TLS sees it, and fails.
static void test_sender_clear_octets_in_handshake_end(void **state) {
  static const rig_step steps[] = {{"", "220 x\r\n"},
                                   {"EHLO", "250-x\r\n250 STARTTLS\r\n"},
                                   {"STARTTLS", "220 go\r\n"},
                                   {"", "250 injected\r\n"},
                                   {"", NULL}};
  rig_sender s;
  (void)state;
  rig_sender_prepare(&s, 0u);
  rig_sender_use_tls(&s, SMTPC_CLIENT_TLS_OPPORTUNISTIC);
  rig_send_to(steps, 1, &s);
  assert_true(s.result.end.reason == SMTPC_END_TLS ||
              s.result.end.reason == SMTPC_END_PROTOCOL);
  test_number(s.done, 0);
  assert_null(strstr(s.trace.data, "MAIL"));
  rig_sender_free(&s);
}

static void test_sender_handshake_cut_off_ends(void **state) {
  static const rig_step steps[] = {{"", "220 x\r\n"},
                                   {"EHLO", "250-x\r\n250 STARTTLS\r\n"},
                                   {"STARTTLS", "220 go\r\n"},
                                   {"", NULL}};
  rig_sender s;
  (void)state;
  rig_sender_prepare(&s, 0u);
  rig_sender_use_tls(&s, SMTPC_CLIENT_TLS_OPPORTUNISTIC);
  rig_send_to(steps, 0, &s);
  test_number(s.result.end.reason, SMTPC_END_TLS);
  test_number(s.result.end.tls.failure, SMTPC_TLS_FAILURE_TRUNCATED);
  test_number(s.done, 0);
  rig_sender_free(&s);
}

// -------------------------------------------------------------- no session

static void expect_error(rig_sender *s, smtpc_net_error_kind want) {
  const smtpc_net_error_kind kind = rig_send(s);
  test_label("%s", s->error.text);
  test_number(kind, want);
  test_number(s->error.kind, want);
  assert_true(strlen(s->error.text) > 10u);
  assert_int_equal(s->result.peer[0], 0);
}

static void test_sender_no_server_is_said(void **state) {
  static const char no_host[] =
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
  rig_sender s;
  uint16_t port = 0u;
  const int listener = raw_listen(&port);
  (void)state;
  (void)close(listener);
  rig_sender_prepare(&s, port);
  expect_error(&s, SMTPC_NET_CONNECT);
  s.options.host = no_host;
  expect_error(&s, SMTPC_NET_RESOLVE);
  s.options.host = "";
  expect_error(&s, SMTPC_NET_ARGUMENT);
  s.options.host = "127.0.0.1";
  s.policy.tls = SMTPC_CLIENT_TLS_REQUIRED;
  expect_error(&s, SMTPC_NET_ARGUMENT);
  rig_sender_use_tls(&s, SMTPC_CLIENT_TLS_VERIFIED);
  s.options.server_name = "not a name";
  expect_error(&s, SMTPC_NET_ARGUMENT);
  rig_sender_free(&s);
}

// A listener whose queue is full answers nothing.
static void test_sender_connecting_has_a_limit(void **state) {
  rig_sender s;
  int fds[4];
  struct sockaddr_in address;
  socklen_t len = sizeof address;
  uint16_t port = 0u;
  const int listener = raw_listen(&port);
  (void)state;
  assert_int_equal(listen(listener, 0), 0);
  assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
  for (unsigned i = 0u; i < 4u; i++) {
    fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    (void)connect(fds[i], (const struct sockaddr *)&address, len);
  }
  rig_sender_prepare(&s, port);
  s.options.connect_seconds = 1u;
  expect_error(&s, SMTPC_NET_TIMEOUT);
  for (unsigned i = 0u; i < 4u; i++) {
    (void)close(fds[i]);
  }
  (void)close(listener);
  rig_sender_free(&s);
}

static void test_sender_signal_ends_the_session(void **state) {
  rig_sender s;
  pthread_t thread;
  uint16_t port = 0u;
  const int listener = raw_listen(&port);
  (void)state;
  rig_sender_prepare(&s, port);
  s.options.signals = 1u;
  assert_int_equal(pthread_create(&thread, NULL, send_one, &s), 0);
  const int fd = accept(listener, NULL, NULL);
  raw_send(fd, "220 x\r\n");
  assert_true(rig_wait_for(fd, "EHLO"));
  (void)kill(getpid(), SIGTERM);
  assert_false(rig_wait_for(fd, "QUIT"));
  (void)close(fd);
  (void)pthread_join(thread, NULL);
  (void)close(listener);
  test_number(s.error.kind, SMTPC_NET_NONE);
  test_number(s.result.end.reason, SMTPC_END_SHUTDOWN);
  rig_sender_free(&s);
}

// "localhost" has one address or two; a receiver listens on one of them.
static void test_sender_tries_the_next_address(void **state) {
  rig r;
  rig_sender s;
  (void)state;
  rig_prepare(&r);
  rig_start(&r);
  rig_sender_prepare(&s, smtpc_net_receiver_port(r.receiver));
  s.options.host = "localhost";
  expect_delivered(&s);
  assert_string_equal(s.result.peer, smtpc_net_receiver_address(r.receiver));
  rig_stop(&r);
  rig_sender_free(&s);
  rig_free(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_sender_delivers_in_clear),
      cmocka_unit_test(test_sender_delivers_much_in_clear),
      cmocka_unit_test(test_sender_delivers_chunks_in_clear),
      cmocka_unit_test(test_sender_delivers_after_starttls),
      cmocka_unit_test(test_sender_delivers_chunks_after_starttls),
      cmocka_unit_test(test_sender_delivers_under_implicit_tls),
      cmocka_unit_test(test_sender_marks_where_encryption_begins),
      cmocka_unit_test(test_sender_wrong_name_gets_no_mail),
      cmocka_unit_test(test_sender_in_clear_meets_530),
      cmocka_unit_test(test_sender_without_starttls_stops_or_says_so),
      cmocka_unit_test(test_sender_reports_each_recipient),
      cmocka_unit_test(test_sender_lost_content_is_no_message),
      cmocka_unit_test(test_sender_many_at_once),
      cmocka_unit_test(test_sender_server_that_closes_early_changes_nothing),
      cmocka_unit_test(test_sender_silent_server_meets_the_deadline),
      cmocka_unit_test(test_sender_hears_421_while_it_cannot_send),
      cmocka_unit_test(test_sender_stalled_server_meets_the_deadline),
      cmocka_unit_test(test_sender_response_injection_ends),
      cmocka_unit_test(test_sender_clear_octets_in_handshake_end),
      cmocka_unit_test(test_sender_handshake_cut_off_ends),
      cmocka_unit_test(test_sender_no_server_is_said),
      cmocka_unit_test(test_sender_connecting_has_a_limit),
      cmocka_unit_test(test_sender_signal_ends_the_session),
      cmocka_unit_test(test_sender_tries_the_next_address),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
