#define _POSIX_C_SOURCE 200809L

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shim/net/net_testing.h"

static void rig_with_tls(rig *r) {
  rig_prepare(r);
  rig_use_tls(r, SMTPC_SERVER_TLS_REQUIRED, 0);
}

// TLS-04: many commands in one record, and one octet of ciphertext at a time.
static void test_tls_takes_records_in_any_cut(void **state) {
  (void)state;
  for (size_t cut = 0u; cut < 4u; cut++) {
    rig r;
    hand h;
    rig_with_tls(&r);
    rig_start(&r);
    hand_open(&h, &r, cut);
    hand_say(
        &h,
        "EHLO lamp.example\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nDATA\r\n"
        "x\r\n.\r\nNOOP\r\nNOOP\r\nQUIT\r\n");
    hand_hear(&h, "250 ");
    hand_hear(&h, "250 ");
    hand_hear(&h, "250 ");
    hand_hear(&h, "354 ");
    hand_hear(&h, "250 ");
    hand_hear(&h, "250 ");
    hand_hear(&h, "250 ");
    hand_hear(&h, "221 ");
    // The end is said under TLS too: close_notify.
    smtpc_tls_state last = SMTPC_TLS_UP;
    test_number(hand_octet(&h, &last), -1);
    test_number(last, SMTPC_TLS_CLOSED);
    hand_close(&h);
    rig_stop(&r);
    test_number(r.stored, 1);
    test_number(r.ends[0].reason, SMTPC_END_QUIT);
    rig_free(&r);
  }
}

static void test_tls_one_command_in_many_records(void **state) {
  static const char command[] = "EHLO lamp.example\r\n";
  rig r;
  hand h;
  (void)state;
  rig_with_tls(&r);
  rig_start(&r);
  hand_open(&h, &r, 0u);
  for (size_t i = 0u; i < sizeof command - 1u; i++) {
    const char octet[2] = {command[i], '\0'};
    hand_say(&h, octet);
  }
  hand_hear(&h, "250 ");
  hand_close(&h);
  rig_stop(&r);
  rig_free(&r);
}

static void begin_message(hand *h) {
  hand_say(
      h,
      "EHLO lamp.example\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nDATA\r\n");
  hand_hear(h, "250 ");
  hand_hear(h, "250 ");
  hand_hear(h, "250 ");
  hand_hear(h, "354 ");
}

// TLS-02: the end of TCP is not the end of TLS, and not the end of data.
static void test_tls_truncated_stream_is_no_message(void **state) {
  rig r;
  hand h;
  (void)state;
  rig_with_tls(&r);
  rig_start(&r);
  hand_open(&h, &r, 0u);
  begin_message(&h);
  hand_say(&h, "x\r\n.");
  hand_close(&h);
  rig_wait(&r, &r.ended, 1u);
  rig_stop(&r);
  test_number(r.stored, 0);
  test_number(r.dropped, 1);
  test_number(r.ends[0].finding, SMTPC_FINDING_TLS_LOST);
  rig_free(&r);
}

// TLS-01: clear octets after close_notify are nobody's.
static void test_tls_clear_octets_after_close_notify_are_not_read(
    void **state) {
  rig r;
  hand h;
  (void)state;
  rig_with_tls(&r);
  rig_start(&r);
  hand_open(&h, &r, 0u);
  begin_message(&h);
  hand_say(&h, "x\r\n");
  smtpc_tls_close(h.tls);
  assert_true(hand_flush(&h));
  raw_send(h.fd, "\r\n.\r\nRSET\r\nEHLO injected.example\r\n");
  rig_wait(&r, &r.ended, 1u);
  hand_close(&h);
  rig_stop(&r);
  test_number(r.stored, 0);
  test_number(r.dropped, 1);
  test_number(r.ends[0].reason, SMTPC_END_PEER);
  assert_null(strstr(r.trace.data, "injected"));
  rig_free(&r);
}

// Law ONEWAY: a broken record ends the session, and nothing is said in clear.
static void test_tls_clear_octets_under_tls_end(void **state) {
  rig r;
  hand h;
  uint8_t octets[512];
  (void)state;
  rig_with_tls(&r);
  rig_start(&r);
  hand_open(&h, &r, 0u);
  raw_send(h.fd, "EHLO injected.example\r\n");
  (void)shutdown(h.fd, SHUT_WR);
  for (ssize_t n = 1; n > 0;) {
    n = recv(h.fd, octets, sizeof octets, 0);
    for (ssize_t i = 0; i + 3 < n; i++) {
      assert_true(memcmp(octets + i, "421 ", 4u) != 0);
      assert_true(memcmp(octets + i, "500 ", 4u) != 0);
    }
  }
  hand_close(&h);
  rig_stop(&r);
  test_number(r.ends[0].reason, SMTPC_END_TLS);
  test_number(r.ends[0].finding, SMTPC_FINDING_TLS_LOST);
  test_number(r.ends[0].device, SMTPC_DEVICE_RECEIVE);
  test_number(r.handshakes, 1);
  assert_null(strstr(r.trace.data, "injected"));
  rig_free(&r);
}

static void test_tls_deadline_is_said_under_tls(void **state) {
  rig r;
  hand h;
  (void)state;
  rig_with_tls(&r);
  r.options.deadlines.seconds[SMTPC_DEADLINE_COMMAND] = 1u;
  rig_start(&r);
  hand_open(&h, &r, 0u);
  hand_hear(&h, "421 4.4.2 ");
  hand_close(&h);
  rig_stop(&r);
  test_number(r.ends[0].reason, SMTPC_END_TIMEOUT);
  rig_free(&r);
}

#define NOOPS 4000u
#define BATCHES 400u

// Sends what fits. It returns what is left of `*data`.
static size_t send_some(hand *h, const uint8_t *data, size_t len) {
  size_t done = 0u;
  while (done < len) {
    const ssize_t n =
        send(h->fd, data + done, len - done, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n <= 0) {
      break;
    }
    done += (size_t)n;
  }
  return done;
}

typedef struct pile {
  uint8_t *data;
  size_t len;
  size_t sent;
} pile;

// All commands as ciphertext, made before any is sent.
static void make_pile(hand *h, pile *p) {
  static char noops[NOOPS * 6u + 1u];
  size_t len = 0u;
  for (size_t i = 0u; i < NOOPS; i++) {
    memcpy(noops + i * 6u, "NOOP\r\n", 6u);
  }
  p->sent = 0u;
  p->len = 0u;
  p->data = malloc((size_t)BATCHES * sizeof noops * 2u);
  assert_non_null(p->data);
  for (size_t i = 0u; i < BATCHES; i++) {
    assert_int_equal(
        smtpc_tls_write(h->tls, (const uint8_t *)noops, sizeof noops - 1u),
        SMTPC_OK);
    do {
      assert_int_equal(smtpc_tls_pull(h->tls, p->data + p->len, 65536u, &len),
                       SMTPC_OK);
      p->len += len;
    } while (len > 0u);
  }
}

static size_t count_replies(hand *h, size_t *left) {
  size_t count = 0u;
  for (size_t i = h->begin; i < h->end; i++) {
    count += h->plain[i] == (uint8_t)'\n' ? 1u : 0u;
  }
  *left -= count < *left ? count : *left;
  h->begin = 0u;
  h->end = 0u;
  return count;
}

// COUNT and DOS-09 under TLS: the engine and the ring are both full for a while.
static void test_tls_answers_all_to_a_late_reader(void **state) {
  rig r;
  hand h;
  pile p;
  size_t left = (size_t)NOOPS * BATCHES;
  (void)state;
  rig_with_tls(&r);
  r.policy.junk_max = 65535u;
  r.options.callbacks.trace = NULL;
  rig_start(&r);
  hand_open(&h, &r, 0u);
  make_pile(&h, &p);
  for (struct pollfd ready = {h.fd, POLLOUT, 0};
       p.sent < p.len && poll(&ready, 1u, 300) > 0;) {
    p.sent += send_some(&h, p.data + p.sent, p.len - p.sent);
  }
  while (left > 0u) {
    const smtpc_tls_state now =
        smtpc_tls_read(h.tls, h.plain, sizeof h.plain, &h.end);
    test_number(now, SMTPC_TLS_UP);
    if (count_replies(&h, &left) == 0u && left > 0u) {
      p.sent += send_some(&h, p.data + p.sent, p.len - p.sent);
      assert_true(hand_fill(&h));
    }
  }
  free(p.data);
  hand_close(&h);
  rig_wait(&r, &r.ended, 1u);
  rig_stop(&r);
  test_number(r.ends[0].stats.lines, (size_t)NOOPS * BATCHES + 2u);
  rig_free(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_tls_takes_records_in_any_cut),
      cmocka_unit_test(test_tls_one_command_in_many_records),
      cmocka_unit_test(test_tls_truncated_stream_is_no_message),
      cmocka_unit_test(test_tls_clear_octets_after_close_notify_are_not_read),
      cmocka_unit_test(test_tls_clear_octets_under_tls_end),
      cmocka_unit_test(test_tls_deadline_is_said_under_tls),
      cmocka_unit_test(test_tls_answers_all_to_a_late_reader),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
