#define _POSIX_C_SOURCE 200809L

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "shim/net/net_testing.h"

#define DIALOGUE                   \
  "EHLO lamp.example\r\n"          \
  "MAIL FROM:<a@lamp.example>\r\n" \
  "RCPT TO:<b@mx.example>\r\n"

static void begin_message(int fd) {
  raw_expect(fd, "220 ");
  raw_send(fd, DIALOGUE "DATA\r\n");
  raw_expect(fd, "250 ");
  raw_expect(fd, "250 ");
  raw_expect(fd, "250 ");
  raw_expect(fd, "354 ");
}

static void send_message(int fd) {
  begin_message(fd);
  raw_send(fd, "Subject: a page\r\n\r\n..\r\n.\r\n");
  raw_expect(fd, "250 ");
}

static void quit(int fd) {
  raw_send(fd, "QUIT\r\n");
  raw_expect(fd, "221 ");
  raw_expect_end(fd);
  (void)close(fd);
}

static const char stored[] = "Subject: a page\r\n\r\n.\r\n";

static void test_receiver_stores_a_message(void **state) {
  rig r;
  (void)state;
  rig_prepare(&r);
  rig_start(&r);
  const int fd = raw_connect(&r);
  send_message(fd);
  quit(fd);
  rig_wait(&r, &r.ended, 1u);
  rig_stop(&r);
  test_octets(r.content.data, r.content.len, stored, sizeof stored - 1u);
  assert_string_equal(r.envelope.data, "a@lamp.example>b@mx.example,");
  assert_string_equal(r.hello, "lamp.example");
  test_number(r.ends[0].reason, SMTPC_END_QUIT);
  test_number(r.ends[0].stats.messages, 1);
  test_number(r.ends[0].stats.content, sizeof stored - 1u);
  test_number(r.ends[0].stats.lines, 5);
  assert_non_null(strstr(r.trace.data,
                         "C: DATA\n"
                         "S: 354 End data with <CR><LF>.<CR><LF>\n"
                         "M: 22 octets\n"
                         "S: 250 "));
  rig_free(&r);
}

// Law SPLIT, over sockets: the trace of one octet at a time is that of one piece.
static void test_receiver_takes_octets_one_at_a_time(void **state) {
  static const char all[] =
      DIALOGUE "DATA\r\nSubject: a page\r\n\r\n..\r\n.\r\nQUIT\r\n";
  rig r[2];
  (void)state;
  for (unsigned i = 0u; i < 2u; i++) {
    rig_prepare(&r[i]);
    rig_start(&r[i]);
    const int fd = raw_connect(&r[i]);
    if (i == 0u) {
      raw_send(fd, all);
    } else {
      raw_send_slowly(fd, all);
    }
    raw_expect(fd, "220 ");
    raw_expect(fd, "250 ");
    raw_expect(fd, "250 ");
    raw_expect(fd, "250 ");
    raw_expect(fd, "354 ");
    raw_expect(fd, "250 ");
    raw_expect(fd, "221 ");
    raw_expect_end(fd);
    (void)close(fd);
    rig_stop(&r[i]);
    test_octets(r[i].content.data, r[i].content.len, stored,
                sizeof stored - 1u);
  }
  test_octets(r[1].trace.data, r[1].trace.len, r[0].trace.data, r[0].trace.len);
  rig_free(&r[0]);
  rig_free(&r[1]);
}

// The client goes on talking while it is refused: the 530 must reach it all the same.
static void test_receiver_last_reply_survives_surplus(void **state) {
  rig r;
  char flood[4096];
  (void)state;
  memset(flood, 'x', sizeof flood - 1u);
  flood[sizeof flood - 1u] = '\0';
  rig_prepare(&r);
  rig_use_tls(&r, SMTPC_SERVER_TLS_REQUIRED, 0);
  rig_start(&r);
  const int fd = raw_connect(&r);
  raw_send(fd, DIALOGUE);
  for (unsigned i = 0u; i < 16u; i++) {
    raw_send(fd, flood);
  }
  raw_expect(fd, "220 ");
  raw_expect(fd, "250 ");
  raw_expect(fd, "530 5.7.0 Must issue a STARTTLS command first");
  raw_expect_end(fd);
  (void)close(fd);
  rig_stop(&r);
  test_number(r.ends[0].reason, SMTPC_END_REFUSED);
  test_number(r.ends[0].device, SMTPC_DEVICE_RECEIVE_REJECT);
  test_number(r.stored, 0);
  rig_free(&r);
}

static void test_receiver_surplus_after_starttls_ends(void **state) {
  rig r;
  (void)state;
  rig_prepare(&r);
  rig_use_tls(&r, SMTPC_SERVER_TLS_ON, 0);
  rig_start(&r);
  const int fd = raw_connect(&r);
  raw_expect(fd, "220 ");
  raw_send(fd, "EHLO lamp.example\r\n");
  raw_expect(fd, "250 ");
  raw_send(fd, "STARTTLS\r\nEHLO injected.example\r\n");
  raw_expect(fd, "554 ");
  raw_expect_end(fd);
  (void)close(fd);
  rig_stop(&r);
  test_number(r.findings[SMTPC_FINDING_STARTTLS_PIPELINED], 1);
  assert_null(strstr(r.trace.data, "injected"));
  rig_free(&r);
}

// Law FAILSTOP: clear octets where TLS is due never reach the session.
static void test_receiver_clear_octets_in_handshake_end(void **state) {
  rig r;
  char line[256];
  (void)state;
  rig_prepare(&r);
  rig_use_tls(&r, SMTPC_SERVER_TLS_ON, 0);
  rig_start(&r);
  const int fd = raw_connect(&r);
  raw_expect(fd, "220 ");
  raw_send(fd, "EHLO lamp.example\r\n");
  raw_expect(fd, "250 ");
  raw_send(fd, "STARTTLS\r\n");
  raw_expect(fd, "220 ");
  raw_send(fd, "EHLO injected.example\r\n");
  // What comes back, if anything, is a TLS alert.
  const int len = raw_line(fd, line, sizeof line);
  assert_true(len < 0);
  assert_true(line[0] == '\0' || line[0] == 0x15);
  (void)close(fd);
  rig_stop(&r);
  assert_null(strstr(r.trace.data, "injected"));
  test_number(r.ends[0].reason, SMTPC_END_TLS);
  test_number(r.ends[0].device, SMTPC_DEVICE_RECEIVE);
  test_number(r.ends[0].tls.failure, SMTPC_TLS_FAILURE_NOT_TLS);
  rig_free(&r);
}

static void test_receiver_session_too_many_is_told(void **state) {
  rig r;
  int fds[2];
  (void)state;
  rig_prepare(&r);
  r.options.sessions_max = 2u;
  rig_start(&r);
  for (unsigned i = 0u; i < 2u; i++) {
    fds[i] = raw_connect(&r);
    raw_expect(fds[i], "220 ");
  }
  const int third = raw_connect(&r);
  raw_expect(third, "421 4.3.2 ");
  raw_expect_end(third);
  (void)close(third);
  quit(fds[0]);
  quit(fds[1]);
  rig_wait(&r, &r.ended, 2u);
  rig_stop(&r);
  test_number(r.begun, 2);
  test_number(r.refused, 1);
  rig_free(&r);
}

// Under implicit TLS nothing may be said in clear, not even that.
static void test_receiver_session_too_many_hears_nothing_in_clear(
    void **state) {
  rig r;
  (void)state;
  rig_prepare(&r);
  rig_use_tls(&r, SMTPC_SERVER_TLS_REQUIRED, 1);
  r.options.sessions_max = 1u;
  rig_start(&r);
  const int first = raw_connect(&r);
  rig_wait(&r, &r.begun, 1u);
  const int second = raw_connect(&r);
  raw_expect_end(second);
  (void)close(second);
  (void)close(first);
  rig_wait(&r, &r.ended, 1u);
  rig_stop(&r);
  test_number(r.refused, 1);
  rig_free(&r);
}

static void test_receiver_deadline_ends_a_silent_session(void **state) {
  rig r;
  (void)state;
  rig_prepare(&r);
  r.options.deadlines.seconds[SMTPC_DEADLINE_COMMAND] = 1u;
  rig_start(&r);
  const int fd = raw_connect(&r);
  raw_expect(fd, "220 ");
  raw_send(fd, "EHL");
  raw_expect(fd, "421 4.4.2 ");
  raw_expect_end(fd);
  (void)close(fd);
  rig_stop(&r);
  test_number(r.ends[0].reason, SMTPC_END_TIMEOUT);
  test_number(r.ends[0].finding, SMTPC_FINDING_DEADLINE);
  rig_free(&r);
}

// DOS-01: an octet now and then does not put the deadline off. The peer goes on until
// it is cut off, for at most 30 times the deadline.
static void test_receiver_deadline_is_not_put_off_by_octets(void **state) {
  const struct timespec pause = {0, 20000000};
  rig r;
  unsigned sent = 0u;
  (void)state;
  rig_prepare(&r);
  r.options.deadlines.seconds[SMTPC_DEADLINE_COMMAND] = 1u;
  r.options.linger_ms = 0u;
  rig_start(&r);
  const int fd = raw_connect(&r);
  while (sent < 1500u && send(fd, "x", 1u, MSG_NOSIGNAL) == 1) {
    sent++;
    (void)nanosleep(&pause, NULL);
  }
  assert_true(sent < 1500u);
  (void)close(fd);
  rig_wait(&r, &r.ended, 1u);
  rig_stop(&r);
  test_number(r.ends[0].reason, SMTPC_END_TIMEOUT);
  rig_free(&r);
}

static void test_receiver_session_limit_ends_a_busy_session(void **state) {
  const struct timespec pause = {0, 20000000};
  rig r;
  unsigned sent = 0u;
  (void)state;
  rig_prepare(&r);
  r.policy.junk_max = 65535u;
  r.options.session_seconds = 1u;
  r.options.linger_ms = 0u;
  rig_start(&r);
  const int fd = raw_connect(&r);
  while (sent < 1500u && send(fd, "NOOP\r\n", 6u, MSG_NOSIGNAL) == 6) {
    sent++;
    (void)nanosleep(&pause, NULL);
  }
  assert_true(sent < 1500u);
  (void)close(fd);
  rig_wait(&r, &r.ended, 1u);
  rig_stop(&r);
  test_number(r.ends[0].reason, SMTPC_END_TIMEOUT);
  rig_free(&r);
}

static void test_receiver_handshake_has_a_deadline(void **state) {
  rig r;
  (void)state;
  rig_prepare(&r);
  rig_use_tls(&r, SMTPC_SERVER_TLS_REQUIRED, 1);
  r.options.deadlines.seconds[SMTPC_DEADLINE_HANDSHAKE] = 1u;
  rig_start(&r);
  const int fd = raw_connect(&r);
  raw_expect_end(fd);
  (void)close(fd);
  rig_stop(&r);
  test_number(r.ends[0].reason, SMTPC_END_TIMEOUT);
  test_number(r.ends[0].device, SMTPC_DEVICE_RECEIVE);
  rig_free(&r);
}

// Sends commands until the system takes no more for half a second, or all are sent.
static size_t flood(int fd, size_t count) {
  static const char noops[] =
      "NOOP\r\nNOOP\r\nNOOP\r\nNOOP\r\nNOOP\r\nNOOP\r\nNOOP\r\nNOOP\r\n";
  size_t sent = 0u;
  (void)fcntl(fd, F_SETFL, O_NONBLOCK);
  while (sent < count) {
    struct pollfd ready = {fd, POLLOUT, 0};
    if (poll(&ready, 1u, 500) <= 0) {
      break;
    }
    const ssize_t n =
        send(fd, noops + sent % 48u, 48u - sent % 48u, MSG_NOSIGNAL);
    if (n > 0) {
      sent += (size_t)n;
    } else if (n < 0) {
      break;
    }
  }
  return sent;
}

#define FLOOD ((size_t)48 * 1024 * 1024)

static int connect_greeted(const rig *r) {
  const int fd = raw_connect(r);
  raw_expect(fd, "220 ");
  return fd;
}

// DOS-09: a client that never reads makes the receiver stop reading, and is cut off.
static void test_receiver_stops_reading_when_replies_are_not_read(
    void **state) {
  rig r;
  (void)state;
  rig_prepare(&r);
  r.policy.junk_max = 65535u;
  r.options.callbacks.trace = NULL;
  r.options.deadlines.seconds[SMTPC_DEADLINE_DATA_BLOCK] = 2u;
  rig_start(&r);
  const int fd = connect_greeted(&r);
  const size_t sent = flood(fd, FLOOD);
  assert_true(sent < FLOOD);
  rig_wait(&r, &r.ended, 1u);
  rig_stop(&r);
  (void)close(fd);
  test_number(r.ends[0].reason, SMTPC_END_TIMEOUT);
  assert_true(r.ends[0].stats.octets_in < FLOOD);
  rig_free(&r);
}

// Law COUNT, through back-pressure: one that reads late gets a reply to each command.
static void test_receiver_answers_all_to_a_late_reader(void **state) {
  rig r;
  char line[64];
  size_t replies = 0u;
  (void)state;
  rig_prepare(&r);
  r.policy.junk_max = 65535u;
  r.options.callbacks.trace = NULL;
  rig_start(&r);
  const int fd = connect_greeted(&r);
  const size_t sent = flood(fd, FLOOD);
  (void)fcntl(fd, F_SETFL, 0);
  (void)shutdown(fd, SHUT_WR);
  FILE *in = fdopen(fd, "r");
  assert_non_null(in);
  while (fgets(line, sizeof line, in) != NULL) {
    assert_memory_equal(line, "250 2.0.0 OK\r\n", 14);
    replies++;
  }
  (void)fclose(in);
  assert_true(sent < FLOOD);
  test_number(replies, sent / 6u);
  print_message("%zu commands sent before the first reply was read\n", replies);
  rig_stop(&r);
  test_number(r.ends[0].reason, SMTPC_END_PEER);
  rig_free(&r);
}

static void test_receiver_half_closed_client_gets_its_replies(void **state) {
  rig r;
  (void)state;
  rig_prepare(&r);
  rig_start(&r);
  const int fd = raw_connect(&r);
  raw_send(fd, DIALOGUE "DATA\r\nSubject: a page\r\n\r\n..\r\n.\r\n");
  (void)shutdown(fd, SHUT_WR);
  raw_expect(fd, "220 ");
  raw_expect(fd, "250 ");
  raw_expect(fd, "250 ");
  raw_expect(fd, "250 ");
  raw_expect(fd, "354 ");
  raw_expect(fd, "250 ");
  raw_expect_end(fd);
  (void)close(fd);
  rig_stop(&r);
  test_number(r.stored, 1);
  test_number(r.ends[0].reason, SMTPC_END_PEER);
  test_number(r.ends[0].finding, SMTPC_FINDING_NONE);
  rig_free(&r);
}

// E-27: the end of the stream is no end of data.
static void test_receiver_end_of_stream_is_no_end_of_data(void **state) {
  rig r;
  (void)state;
  rig_prepare(&r);
  rig_start(&r);
  const int fd = raw_connect(&r);
  begin_message(fd);
  raw_send(fd, "Subject: a page\r\n.\r");
  (void)shutdown(fd, SHUT_WR);
  raw_expect_end(fd);
  (void)close(fd);
  rig_stop(&r);
  test_number(r.stored, 0);
  test_number(r.dropped, 1);
  test_number(r.ends[0].finding, SMTPC_FINDING_ABORTED);
  rig_free(&r);
}

static void test_receiver_reset_in_data_drops_the_message(void **state) {
  rig r;
  (void)state;
  rig_prepare(&r);
  rig_start(&r);
  const int fd = raw_connect(&r);
  begin_message(fd);
  raw_send(fd, "Subject: a page\r\n");
  raw_reset(fd);
  rig_wait(&r, &r.ended, 1u);
  rig_stop(&r);
  test_number(r.stored, 0);
  test_number(r.dropped, 1);
  test_number(r.ends[0].reason, SMTPC_END_PEER);
  rig_free(&r);
}

static void test_receiver_stop_tells_idle_sessions(void **state) {
  rig r;
  (void)state;
  rig_prepare(&r);
  rig_start(&r);
  const int fd = raw_connect(&r);
  raw_expect(fd, "220 ");
  smtpc_net_receiver_stop(r.receiver);
  raw_expect(fd, "421 4.3.2 ");
  raw_expect_end(fd);
  (void)close(fd);
  rig_join(&r);
  test_number(r.ends[0].reason, SMTPC_END_SHUTDOWN);
  rig_free(&r);
}

// What was promised by a commit that runs is said before the session ends.
static void test_receiver_stop_waits_for_a_commit(void **state) {
  rig r;
  (void)state;
  rig_prepare(&r);
  r.mode = RIG_BY_WORK;
  rig_start(&r);
  const int fd = raw_connect(&r);
  begin_message(fd);
  raw_send(fd, "Subject: a page\r\n.\r\n");
  rig_wait(&r, &r.working, 1u);
  smtpc_net_receiver_stop(r.receiver);
  rig_open_gate(&r);
  raw_expect(fd, "250 ");
  raw_expect(fd, "421 ");
  raw_expect_end(fd);
  (void)close(fd);
  rig_join(&r);
  test_number(r.ends[0].stats.messages, 1);
  test_number(r.ends[0].reason, SMTPC_END_SHUTDOWN);
  rig_free(&r);
}

static void test_receiver_second_stop_ends_at_once(void **state) {
  rig r;
  (void)state;
  rig_prepare(&r);
  r.options.linger_ms = 600000u;
  r.options.stop_seconds = 600u;
  rig_start(&r);
  const int fd = raw_connect(&r);
  raw_expect(fd, "220 ");
  smtpc_net_receiver_stop(r.receiver);
  raw_expect(fd, "421 ");
  smtpc_net_receiver_stop(r.receiver);
  rig_join(&r);
  (void)close(fd);
  rig_free(&r);
}

static void test_receiver_signal_stops_it(void **state) {
  static const int numbers[2] = {SIGTERM, SIGINT};
  (void)state;
  for (unsigned i = 0u; i < 2u; i++) {
    rig r;
    rig_prepare(&r);
    r.options.signals = 1u;
    rig_start(&r);
    const int fd = raw_connect(&r);
    // Its greeting says that the loop runs, and so that signals are caught.
    raw_expect(fd, "220 ");
    (void)kill(getpid(), numbers[i]);
    raw_expect(fd, "421 ");
    raw_expect_end(fd);
    (void)close(fd);
    rig_join(&r);
    rig_free(&r);
  }
}

static void test_receiver_grace_ends_what_is_left(void **state) {
  rig r;
  (void)state;
  rig_prepare(&r);
  r.mode = RIG_LATER;
  r.options.stop_seconds = 1u;
  rig_start(&r);
  const int fd = raw_connect(&r);
  begin_message(fd);
  raw_send(fd, "Subject: a page\r\n.\r\n");
  rig_wait(&r, &r.stored, 1u);
  // Nobody will ever answer this one.
  smtpc_net_receiver_stop(r.receiver);
  rig_join(&r);
  (void)close(fd);
  test_number(r.ends[0].stats.messages, 0);
  test_number(r.ends[0].reason, SMTPC_END_SHUTDOWN);
  rig_free(&r);
}

static void test_receiver_commit_outlives_its_client(void **state) {
  rig r;
  (void)state;
  rig_prepare(&r);
  r.mode = RIG_BY_WORK;
  rig_start(&r);
  const int fd = raw_connect(&r);
  begin_message(fd);
  raw_send(fd, "Subject: a page\r\n.\r\n");
  rig_wait(&r, &r.working, 1u);
  raw_reset(fd);
  test_number(r.ended, 0);
  rig_open_gate(&r);
  rig_wait(&r, &r.ended, 1u);
  rig_stop(&r);
  test_number(r.stored, 1);
  test_number(r.dropped, 0);
  test_number(r.ends[0].reason, SMTPC_END_PEER);
  rig_free(&r);
}

static void test_receiver_answer_may_come_later(void **state) {
  rig r;
  (void)state;
  rig_prepare(&r);
  r.mode = RIG_LATER;
  rig_start(&r);
  const int first = raw_connect(&r);
  begin_message(first);
  raw_send(first, "Subject: a page\r\n.\r\nNOOP\r\n");
  rig_wait(&r, &r.stored, 1u);
  const int second = raw_connect(&r);
  raw_expect(second, "220 ");
  raw_send(second,
           "EHLO b.example\r\nMAIL FROM:<>\r\nRCPT TO:<release@x.y>\r\n");
  raw_expect(second, "250 ");
  raw_expect(second, "250 ");
  raw_expect(second, "250 ");
  raw_expect(first, "250 2.0.0 Message stored");
  raw_expect(first, "250 2.0.0 OK");
  quit(first);
  quit(second);
  rig_wait(&r, &r.ended, 2u);
  rig_stop(&r);
  rig_free(&r);
}

static void test_receiver_answers_reach_the_client(void **state) {
  rig r;
  (void)state;
  rig_prepare(&r);
  r.mode = RIG_NOT_NOW;
  rig_start(&r);
  const int fd = raw_connect(&r);
  raw_expect(fd, "220 ");
  raw_send(fd, "EHLO lamp.example\r\nMAIL FROM:<no@a.example>\r\n");
  raw_expect(fd, "250 ");
  raw_expect(fd, "550 ");
  raw_send(fd,
           "MAIL FROM:<>\r\nRCPT TO:<no@b.c>\r\nRCPT TO:<later@b.c>\r\n"
           "RCPT TO:<full@b.c>\r\nRCPT TO:<relay@b.c>\r\n"
           "RCPT TO:<Postmaster>\r\nDATA\r\n.\r\n");
  raw_expect(fd, "250 ");
  raw_expect(fd, "550 5.1.1");
  raw_expect(fd, "451 ");
  raw_expect(fd, "452 ");
  raw_expect(fd, "550 5.7.1");
  raw_expect(fd, "250 ");
  raw_expect(fd, "354 ");
  raw_expect(fd, "451 ");
  quit(fd);
  rig_stop(&r);
  assert_string_equal(r.envelope.data,
                      "no@a.example>>no@b.c,later@b.c,full@b.c,relay@b.c,"
                      "Postmaster,");
  test_number(r.ends[0].stats.messages, 0);
  rig_free(&r);
}

static void test_receiver_trace_hides_passwords(void **state) {
  rig r;
  (void)state;
  rig_prepare(&r);
  r.policy.auth = SMTPC_AUTH_ON;
  r.policy.quirks = SMTPC_QUIRK_AUTH_IN_CLEAR;
  rig_start(&r);
  const int fd = raw_connect(&r);
  raw_expect(fd, "220 ");
  // NUL lamp NUL opensesame7
  raw_send(fd, "EHLO lamp.example\r\nAUTH PLAIN AGxhbXAAb3BlbnNlc2FtZTc=\r\n");
  raw_expect(fd, "250 ");
  raw_expect(fd, "235 ");
  quit(fd);
  rig_stop(&r);
  assert_non_null(strstr(r.trace.data, "C: AUTH PLAIN ***\n"));
  assert_null(strstr(r.trace.data, "AGxhbXAA"));
  test_number(r.ends[0].authenticated, 1);
  rig_free(&r);
}

// As many as a receiver serves at once by default.
#define MANY 1000u

static void expect_all(const int *fds, const char *text) {
  for (unsigned i = 0u; i < MANY; i++) {
    raw_expect(fds[i], text);
  }
}

static void send_to_all(const int *fds, const char *text) {
  for (unsigned i = 0u; i < MANY; i++) {
    raw_send(fds[i], text);
  }
}

static void test_receiver_serves_a_thousand_sessions_at_once(void **state) {
  rig r;
  int fds[MANY];
  (void)state;
  rig_prepare(&r);
  r.mode = RIG_BY_WORK;
  rig_start(&r);
  for (unsigned i = 0u; i < MANY; i++) {
    fds[i] = raw_connect(&r);
  }
  expect_all(fds, "220 ");
  send_to_all(fds, "EHLO lamp.example\r\n");
  expect_all(fds, "250 ");
  send_to_all(fds, "MAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nDATA\r\n");
  expect_all(fds, "250 ");
  expect_all(fds, "250 ");
  expect_all(fds, "354 ");
  rig_open_gate(&r);
  send_to_all(fds, "x\r\n.\r\n");
  expect_all(fds, "250 ");
  for (unsigned i = 0u; i < MANY; i++) {
    quit(fds[i]);
  }
  rig_wait(&r, &r.ended, MANY);
  rig_stop(&r);
  test_number(r.stored, MANY);
  test_number(r.content.len, MANY * 3u);
  rig_free(&r);
}

// ------------------------------------------------------------- cannot start

static void expect_error(const smtpc_net_receiver_options *options,
                         smtpc_net_error_kind want) {
  smtpc_net_receiver *receiver = NULL;
  smtpc_net_error error;
  const smtpc_net_error_kind kind =
      smtpc_net_receiver_new(&receiver, options, &error);
  test_label("%s", error.text);
  test_number(kind, want);
  test_number(error.kind, want);
  assert_null(receiver);
  assert_true(strlen(error.text) > 10u);
}

static void test_receiver_port_in_use_is_said(void **state) {
  rig r;
  smtpc_net_receiver_options second;
  (void)state;
  rig_prepare(&r);
  rig_start(&r);
  second = r.options;
  second.port = smtpc_net_receiver_port(r.receiver);
  expect_error(&second, SMTPC_NET_IN_USE);
  rig_stop(&r);
  rig_free(&r);
}

static void test_receiver_bad_options_are_said(void **state) {
  static const char no_host[] =
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
  rig r;
  (void)state;
  rig_prepare(&r);
  r.options.host = "192.0.2.1";
  expect_error(&r.options, SMTPC_NET_ADDRESS);
  r.options.host = no_host;
  expect_error(&r.options, SMTPC_NET_RESOLVE);
  r.options.host = "127.0.0.1";
  r.options.sessions_max = 0u;
  expect_error(&r.options, SMTPC_NET_ARGUMENT);
  r.options.sessions_max = 10u;
  r.policy.tls = SMTPC_SERVER_TLS_ON;
  expect_error(&r.options, SMTPC_NET_ARGUMENT);
  r.policy.certificate = 1u;
  expect_error(&r.options, SMTPC_NET_ARGUMENT);
}

static void test_receiver_address_is_printed(void **state) {
  rig r;
  char want[64];
  (void)state;
  rig_prepare(&r);
  rig_start(&r);
  (void)snprintf(want, sizeof want, "127.0.0.1:%u",
                 (unsigned)smtpc_net_receiver_port(r.receiver));
  assert_string_equal(smtpc_net_receiver_address(r.receiver), want);
  rig_stop(&r);
  rig_free(&r);
}

static void test_net_visible_shows_no_more_than_the_mechanism(void **state) {
  static const struct {
    const char *line;
    size_t want;
  } rows[] = {{"AUTH PLAIN AGE=", 10u},
              {"auth login bGFtcA==", 10u},
              {"AUTH CRAM-MD5", 13u},
              {"AUTH PLAINTEXT", 0u},
              {"AUTH c2VjcmV0", 0u},
              {"bGFtcA==", 0u},
              {"AUTH", 0u},
              {"", 0u}};
  (void)state;
  for (size_t i = 0u; i < sizeof rows / sizeof rows[0]; i++) {
    const size_t len = strlen(rows[i].line);
    uint8_t *line = test_copy(rows[i].line, len);
    test_label("%s", rows[i].line);
    test_number(smtpc_net_visible(line, len), rows[i].want);
    free(line);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_receiver_stores_a_message),
      cmocka_unit_test(test_receiver_takes_octets_one_at_a_time),
      cmocka_unit_test(test_receiver_last_reply_survives_surplus),
      cmocka_unit_test(test_receiver_surplus_after_starttls_ends),
      cmocka_unit_test(test_receiver_clear_octets_in_handshake_end),
      cmocka_unit_test(test_receiver_session_too_many_is_told),
      cmocka_unit_test(test_receiver_session_too_many_hears_nothing_in_clear),
      cmocka_unit_test(test_receiver_deadline_ends_a_silent_session),
      cmocka_unit_test(test_receiver_deadline_is_not_put_off_by_octets),
      cmocka_unit_test(test_receiver_session_limit_ends_a_busy_session),
      cmocka_unit_test(test_receiver_handshake_has_a_deadline),
      cmocka_unit_test(test_receiver_stops_reading_when_replies_are_not_read),
      cmocka_unit_test(test_receiver_answers_all_to_a_late_reader),
      cmocka_unit_test(test_receiver_half_closed_client_gets_its_replies),
      cmocka_unit_test(test_receiver_end_of_stream_is_no_end_of_data),
      cmocka_unit_test(test_receiver_reset_in_data_drops_the_message),
      cmocka_unit_test(test_receiver_stop_tells_idle_sessions),
      cmocka_unit_test(test_receiver_stop_waits_for_a_commit),
      cmocka_unit_test(test_receiver_second_stop_ends_at_once),
      cmocka_unit_test(test_receiver_signal_stops_it),
      cmocka_unit_test(test_receiver_grace_ends_what_is_left),
      cmocka_unit_test(test_receiver_commit_outlives_its_client),
      cmocka_unit_test(test_receiver_answer_may_come_later),
      cmocka_unit_test(test_receiver_answers_reach_the_client),
      cmocka_unit_test(test_receiver_trace_hides_passwords),
      cmocka_unit_test(test_receiver_serves_a_thousand_sessions_at_once),
      cmocka_unit_test(test_receiver_port_in_use_is_said),
      cmocka_unit_test(test_receiver_bad_options_are_said),
      cmocka_unit_test(test_receiver_address_is_printed),
      cmocka_unit_test(test_net_visible_shows_no_more_than_the_mechanism),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
