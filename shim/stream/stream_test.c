#include "shim/stream/stream.h"

#include <stdlib.h>
#include <string.h>

#include "shim/boringssl/testing.h"
#include "smtpcore/session.h"

#define MUCH 40000u
#define ALERT 0x15u
#define HANDSHAKE 0x16u
#define RECORD_HEAD 5u

// end is a stream, and what its session heard.
typedef struct end {
  smtpc_stream stream;
  uint8_t heard[MUCH];
  size_t heard_len;
  unsigned up;
  unsigned failed;
  unsigned ended;
  unsigned torn;
} end;

static end server;
static end client;

static void begin(end *e) {
  memset(e, 0x5a, sizeof *e);
  e->heard_len = 0u;
  e->up = e->failed = e->ended = e->torn = 0u;
  smtpc_stream_init(&e->stream);
}

static void finish(void) {
  smtpc_stream_free(&server.stream);
  smtpc_stream_free(&client.stream);
}

static void begin_both(void) {
  begin(&server);
  begin(&client);
}

// ------------------------------------------------------------------------ helpers

static void arrive(end *e, const void *data, size_t len) {
  const uint8_t *octets = data;
  size_t done = 0u;
  while (done < len) {
    size_t room = 0u;
    uint8_t *space = smtpc_stream_space(&e->stream, &room);
    const size_t n = len - done < room ? len - done : room;
    assert_true(n > 0u);
    memcpy(space, octets + done, n);
    smtpc_stream_arrived(&e->stream, n);
    done += n;
  }
}

static void count(end *e, smtpc_stream_event event) {
  e->up += event == SMTPC_STREAM_EVENT_TLS_UP;
  e->failed += event == SMTPC_STREAM_EVENT_TLS_FAILED;
  e->ended += event == SMTPC_STREAM_EVENT_END;
  e->torn += event == SMTPC_STREAM_EVENT_TORN;
}

// The session takes all that there is for it.
static void hear(end *e) {
  const uint8_t *data = NULL;
  smtpc_stream_event event = SMTPC_STREAM_EVENT_NONE;
  do {
    size_t len = smtpc_stream_peek(&e->stream, &data);
    while (len > 0u) {
      assert_true(e->heard_len + len <= sizeof e->heard);
      memcpy(e->heard + e->heard_len, data, len);
      e->heard_len += len;
      smtpc_stream_take(&e->stream, len);
      len = smtpc_stream_peek(&e->stream, &data);
    }
    event = smtpc_stream_take_event(&e->stream);
    count(e, event);
  } while (event != SMTPC_STREAM_EVENT_NONE);
}

// What waits to be sent, at most `most` octets of it, goes to `out`.
static size_t carry_out(end *e, uint8_t *out, size_t most) {
  smtpc_stream_part parts[2];
  size_t done = 0u;
  unsigned parts_count = smtpc_stream_parts(&e->stream, parts);
  while (parts_count > 0u && done < most) {
    const size_t n = parts[0].len < most - done ? parts[0].len : most - done;
    memcpy(out + done, parts[0].data, n);
    smtpc_stream_sent(&e->stream, n);
    done += n;
    parts_count = smtpc_stream_parts(&e->stream, parts);
  }
  return done;
}

// One piece of at most `cut` octets goes from one end to the other.
static size_t carry(end *from, end *to, size_t cut) {
  static uint8_t piece[SMTPC_STREAM_IN_MAX];
  size_t room = 0u;
  (void)smtpc_stream_space(&to->stream, &room);
  const size_t most = cut > 0u && cut < room ? cut : room;
  const size_t len = carry_out(from, piece, most);
  arrive(to, piece, len);
  hear(to);
  return len;
}

static void flow(size_t cut) {
  size_t moved = 1u;
  while (moved > 0u) {
    moved = carry(&client, &server, cut);
    moved += carry(&server, &client, cut);
  }
}

static void start(end *e, smtpc_tls_role role) {
  const smtpc_tls_peer peer = role == SMTPC_TLS_SERVER
                                  ? test_peer_server()
                                  : test_peer_client(TEST_HOST, 1);
  smtpc_stream_start_tls(
      &e->stream, role == SMTPC_TLS_SERVER ? test_tls.server : test_tls.client,
      &peer);
}

// Both are under TLS.
static void come_up(size_t cut) {
  begin_both();
  start(&server, SMTPC_TLS_SERVER);
  start(&client, SMTPC_TLS_CLIENT);
  hear(&client);
  flow(cut);
  assert_int_equal(server.up, 1u);
  assert_int_equal(client.up, 1u);
}

static void say(end *e, unsigned channel, const char *text) {
  assert_true(smtpc_stream_room(&e->stream) >= strlen(text));
  assert_int_equal(smtpc_stream_send(&e->stream, channel, (const uint8_t *)text,
                                     strlen(text)),
                   1);
}

static void expect_heard(const end *e, const char *want) {
  test_octets(e->heard, e->heard_len, want, strlen(want));
}

static void expect_waits(end *e, const char *want) {
  uint8_t out[256];
  const size_t len = carry_out(e, out, sizeof out);
  test_octets(out, len, want, strlen(want));
}

// -------------------------------------------------------------------------- clear

static void test_stream_clear_octets_come_in_order(void **state) {
  (void)state;
  const uint8_t *data = NULL;
  begin(&server);
  arrive(&server, "EHLO", 4u);
  assert_int_equal(smtpc_stream_peek(&server.stream, &data), 4u);
  smtpc_stream_take(&server.stream, 1u);
  arrive(&server, " x", 2u);
  assert_int_equal(smtpc_stream_peek(&server.stream, &data), 5u);
  test_octets(data, 5u, "HLO x", 5u);
  smtpc_stream_take(&server.stream, 5u);
  assert_int_equal(smtpc_stream_peek(&server.stream, &data), 0u);
  assert_int_equal(server.stream.octets_in, 6u);
  finish();
}

static void test_stream_takes_no_more_than_there_is_room(void **state) {
  (void)state;
  static uint8_t full[SMTPC_STREAM_IN_MAX];
  const uint8_t *data = NULL;
  size_t room = 1u;
  begin(&server);
  memset(full, 'x', sizeof full);
  full[sizeof full - 1u] = 'z';
  arrive(&server, full, sizeof full);
  (void)smtpc_stream_space(&server.stream, &room);
  assert_int_equal(room, 0u);
  assert_int_equal(smtpc_stream_has_space(&server.stream), 0);
  smtpc_stream_take(&server.stream, 100u);
  assert_int_equal(smtpc_stream_has_space(&server.stream), 1);
  arrive(&server, "after", 5u);
  const size_t len = smtpc_stream_peek(&server.stream, &data);
  assert_int_equal(len, sizeof full - 95u);
  test_octets(data + len - 6u, 6u, "zafter", 6u);
  finish();
}

static void test_stream_ring_wraps(void **state) {
  (void)state;
  static uint8_t out[SMTPC_STREAM_OUT_MAX];
  static uint8_t much[SMTPC_STREAM_OUT_MAX - 1000u];
  smtpc_stream_part parts[2];
  begin(&server);
  memset(much, 'a', sizeof much);
  assert_int_equal(
      smtpc_stream_send(&server.stream, SMTPC_CHANNEL_PLAIN, much, sizeof much),
      1);
  // Less than what is worth while: nothing more is made.
  assert_int_equal(smtpc_stream_room(&server.stream), 0u);
  smtpc_stream_sent(&server.stream, sizeof much - 1u);
  memset(much, 'b', 2000u);
  assert_true(smtpc_stream_room(&server.stream) >= 2000u);
  assert_int_equal(
      smtpc_stream_send(&server.stream, SMTPC_CHANNEL_PLAIN, much, 2000u), 1);
  assert_int_equal(smtpc_stream_parts(&server.stream, parts), 2u);
  assert_int_equal(parts[0].len + parts[1].len, 2001u);
  assert_ptr_equal(parts[1].data, server.stream.out);
  assert_int_equal(carry_out(&server, out, sizeof out), 2001u);
  assert_int_equal(out[0], 'a');
  test_octets(out + 1u, 2000u, much, 2000u);
  assert_int_equal(smtpc_stream_is_idle(&server.stream), 1);
  assert_int_equal(server.stream.octets_out, sizeof much + 2000u);
  finish();
}

static void test_stream_that_is_sent_too_much_says_nothing(void **state) {
  (void)state;
  static const uint8_t much[SMTPC_STREAM_OUT_MAX + 1u];
  begin(&server);
  say(&server, SMTPC_CHANNEL_PLAIN, "250 ok\r\n");
  assert_int_equal(
      smtpc_stream_send(&server.stream, SMTPC_CHANNEL_PLAIN, much, sizeof much),
      0);
  expect_waits(&server, "");
  say(&server, SMTPC_CHANNEL_PLAIN, "250 ok\r\n");
  expect_waits(&server, "");
  finish();
}

static void test_stream_of_another_channel_says_nothing(void **state) {
  (void)state;
  begin(&server);
  say(&server, SMTPC_CHANNEL_PLAIN, "250 ok\r\n");
  assert_int_equal(smtpc_stream_send(&server.stream, SMTPC_CHANNEL_TLS,
                                     (const uint8_t *)"x", 1u),
                   0);
  expect_waits(&server, "");
  finish();
  come_up(0u);
  assert_int_equal(smtpc_stream_send(&server.stream, SMTPC_CHANNEL_PLAIN,
                                     (const uint8_t *)"x", 1u),
                   0);
  expect_waits(&server, "");
  assert_int_equal(smtpc_stream_room(&server.stream), SMTPC_STREAM_OUT_MAX);
  finish();
}

// Somebody is sending what is held: it stays where it is, whatever happens.
static void test_stream_keeps_what_is_held(void **state) {
  (void)state;
  smtpc_stream_part parts[2];
  begin(&server);
  say(&server, SMTPC_CHANNEL_PLAIN, "221 bye\r\n");
  assert_int_equal(smtpc_stream_parts(&server.stream, parts), 1u);
  smtpc_stream_hold(&server.stream, 3u);
  smtpc_stream_mute(&server.stream);
  assert_int_equal(smtpc_stream_is_idle(&server.stream), 0);
  test_octets(parts[0].data, 3u, "221", 3u);
  smtpc_stream_sent(&server.stream, 3u);
  assert_int_equal(smtpc_stream_is_idle(&server.stream), 1);
  finish();
}

// ------------------------------------------------------------------ ends in clear

static void test_stream_ends_behind_its_octets(void **state) {
  (void)state;
  begin(&server);
  arrive(&server, "QUIT\r\n", 6u);
  smtpc_stream_end(&server.stream, SMTPC_STREAM_ENDED);
  assert_int_equal(smtpc_stream_take_event(&server.stream),
                   SMTPC_STREAM_EVENT_NONE);
  hear(&server);
  expect_heard(&server, "QUIT\r\n");
  assert_int_equal(server.ended, 1u);
  smtpc_stream_end(&server.stream, SMTPC_STREAM_ENDED);
  hear(&server);
  assert_int_equal(server.ended, 1u);
  say(&server, SMTPC_CHANNEL_PLAIN, "221 bye\r\n");
  expect_waits(&server, "221 bye\r\n");
  finish();
}

static void test_stream_that_broke_is_torn_and_mute(void **state) {
  (void)state;
  begin(&server);
  smtpc_stream_end(&server.stream, SMTPC_STREAM_RESET);
  hear(&server);
  assert_int_equal(server.torn, 1u);
  assert_int_equal(server.ended, 0u);
  say(&server, SMTPC_CHANNEL_PLAIN, "421 x\r\n");
  expect_waits(&server, "");
  finish();
}

// ----------------------------------------------------------------------- the switch

static void test_stream_comes_up_in_any_pieces(void **state) {
  (void)state;
  static const size_t cuts[] = {0u, 1u, 2u, 7u, 100u};
  uint8_t ours[SMTPC_BINDING_MAX];
  uint8_t theirs[SMTPC_BINDING_MAX];
  for (size_t i = 0u; i < sizeof cuts / sizeof cuts[0]; i++) {
    test_label("%zu", cuts[i]);
    come_up(cuts[i]);
    assert_int_equal(server.stream.channel, SMTPC_STREAM_TLS);
    assert_int_equal(client.stream.facts.chain_ok, 1u);
    assert_int_equal(client.stream.facts.name_ok, 1u);
    const size_t len =
        smtpc_stream_binding(&server.stream, SMTPC_BINDING_EXPORTER, ours);
    assert_true(len > 0u);
    assert_int_equal(
        smtpc_stream_binding(&client.stream, SMTPC_BINDING_EXPORTER, theirs),
        len);
    assert_memory_equal(ours, theirs, len);
    say(&client, SMTPC_CHANNEL_TLS, "EHLO x\r\n");
    say(&server, SMTPC_CHANNEL_TLS, "220 y\r\n");
    flow(cuts[i]);
    expect_heard(&server, "EHLO x\r\n");
    expect_heard(&client, "220 y\r\n");
    finish();
  }
}

// Law DRAIN: THREATS SIT-01, RIT-01.
static void test_stream_clear_octets_do_not_cross_the_switch(void **state) {
  (void)state;
  begin_both();
  arrive(&server, "STARTTLS\r\nRSET\r\n", 16u);
  smtpc_stream_take(&server.stream, 10u);
  start(&server, SMTPC_TLS_SERVER);
  hear(&server);
  assert_int_equal(server.heard_len, 0u);
  assert_int_equal(server.failed, 1u);
  assert_int_equal(server.stream.facts.failure, SMTPC_TLS_FAILURE_NOT_TLS);
  finish();
}

// What arrived early is the engine's: a ClientHello in the segment of STARTTLS.
static void test_stream_early_hello_is_the_engines(void **state) {
  (void)state;
  uint8_t hello[2048];
  begin_both();
  start(&client, SMTPC_TLS_CLIENT);
  hear(&client);
  const size_t len = carry_out(&client, hello, sizeof hello);
  arrive(&server, hello, len);
  start(&server, SMTPC_TLS_SERVER);
  hear(&server);
  flow(0u);
  assert_int_equal(server.up, 1u);
  assert_int_equal(client.up, 1u);
  assert_int_equal(server.heard_len, 0u);
  finish();
}

static void test_stream_clear_output_goes_before_the_handshake(void **state) {
  (void)state;
  uint8_t out[2048];
  begin(&client);
  say(&client, SMTPC_CHANNEL_PLAIN, "STARTTLS\r\n");
  start(&client, SMTPC_TLS_CLIENT);
  hear(&client);
  const size_t len = carry_out(&client, out, sizeof out);
  assert_true(len > 10u + RECORD_HEAD);
  test_octets(out, 10u, "STARTTLS\r\n", 10u);
  assert_int_equal(out[10], HANDSHAKE);
  smtpc_stream_free(&client.stream);
}

static void test_stream_starts_tls_once(void **state) {
  (void)state;
  come_up(0u);
  start(&server, SMTPC_TLS_SERVER);
  hear(&server);
  assert_int_equal(server.failed, 1u);
  assert_int_equal(server.stream.facts.failure, SMTPC_TLS_FAILURE_INTERNAL);
  assert_int_equal(smtpc_stream_send(&server.stream, SMTPC_CHANNEL_TLS,
                                     (const uint8_t *)"x", 1u),
                   0);
  finish();
}

static void test_stream_without_a_context_fails(void **state) {
  (void)state;
  const smtpc_tls_peer peer = test_peer_server();
  begin(&server);
  smtpc_stream_start_tls(&server.stream, NULL, &peer);
  hear(&server);
  assert_int_equal(server.failed, 1u);
  assert_int_equal(server.stream.facts.failure, SMTPC_TLS_FAILURE_INTERNAL);
  smtpc_stream_free(&server.stream);
}

// A failure says why, to the session and to the peer, and is the end: ONEWAY.
static void test_stream_that_failed_stays_so(void **state) {
  (void)state;
  static const uint8_t broken[] = "\x16\x03\x01\x00\x05\x01\x00\x00\x01\x41";
  uint8_t out[64];
  begin(&server);
  start(&server, SMTPC_TLS_SERVER);
  arrive(&server, broken, sizeof broken - 1u);
  hear(&server);
  assert_int_equal(server.failed, 1u);
  assert_true(carry_out(&server, out, sizeof out) > RECORD_HEAD);
  assert_int_equal(out[0], ALERT);
  arrive(&server, "EHLO x\r\n", 8u);
  smtpc_stream_end(&server.stream, SMTPC_STREAM_ENDED);
  hear(&server);
  assert_int_equal(server.failed, 1u);
  assert_int_equal(server.ended + server.torn, 0u);
  assert_int_equal(server.heard_len, 0u);
  assert_int_equal(
      smtpc_stream_binding(&server.stream, SMTPC_BINDING_EXPORTER, out), 0u);
  assert_int_equal(smtpc_stream_send(&server.stream, SMTPC_CHANNEL_PLAIN,
                                     (const uint8_t *)"x", 1u),
                   0);
  expect_waits(&server, "");
  smtpc_stream_free(&server.stream);
}

static void test_stream_that_ends_in_its_handshake_fails(void **state) {
  (void)state;
  static const smtpc_stream_ending endings[] = {SMTPC_STREAM_ENDED,
                                                SMTPC_STREAM_RESET};
  uint8_t out[64];
  for (size_t i = 0u; i < 2u; i++) {
    begin(&server);
    start(&server, SMTPC_TLS_SERVER);
    arrive(&server, "\x16\x03\x01", 3u);
    hear(&server);
    assert_int_equal(server.failed, 0u);
    smtpc_stream_end(&server.stream, endings[i]);
    hear(&server);
    assert_int_equal(server.failed, 1u);
    assert_int_equal(server.stream.facts.failure, SMTPC_TLS_FAILURE_TRUNCATED);
    if (endings[i] == SMTPC_STREAM_RESET) {
      assert_int_equal(carry_out(&server, out, sizeof out), 0u);
    }
    smtpc_stream_free(&server.stream);
  }
}

// ------------------------------------------------------------------------ under TLS

static void test_stream_carries_much_in_any_pieces(void **state) {
  (void)state;
  static const size_t cuts[] = {0u, 1u, 5u, 1000u, 16383u};
  static uint8_t much[MUCH];
  for (size_t i = 0u; i < MUCH; i++) {
    much[i] = (uint8_t)(i * 31u >> 3u);
  }
  for (size_t i = 0u; i < sizeof cuts / sizeof cuts[0]; i++) {
    size_t done = 0u;
    test_label("%zu", cuts[i]);
    come_up(0u);
    while (done < MUCH) {
      const size_t room = smtpc_stream_room(&client.stream);
      const size_t n = MUCH - done < room ? MUCH - done : room;
      assert_int_equal(
          smtpc_stream_send(&client.stream, SMTPC_CHANNEL_TLS, much + done, n),
          1);
      done += n;
      (void)carry(&client, &server, cuts[i]);
    }
    flow(cuts[i]);
    test_octets(server.heard, server.heard_len, much, MUCH);
    finish();
  }
}

// THREATS TLS-04: no octet that arrives later is needed for those that are there.
static void test_stream_decrypts_all_that_arrived_at_once(void **state) {
  (void)state;
  come_up(0u);
  say(&client, SMTPC_CHANNEL_TLS, "one ");
  say(&client, SMTPC_CHANNEL_TLS, "two ");
  say(&client, SMTPC_CHANNEL_TLS, "three");
  (void)carry(&client, &server, 0u);
  expect_heard(&server, "one two three");
  finish();
}

// THREATS TLS-01 and TLS-02: close_notify is the end, and nothing else is.
static void test_stream_tells_an_end_from_a_cut(void **state) {
  (void)state;
  come_up(0u);
  say(&client, SMTPC_CHANNEL_TLS, "QUIT\r\n");
  smtpc_stream_close(&client.stream);
  flow(0u);
  expect_heard(&server, "QUIT\r\n");
  assert_int_equal(server.ended, 1u);
  assert_int_equal(server.torn, 0u);
  arrive(&server, "RSET\r\n", 6u);
  smtpc_stream_end(&server.stream, SMTPC_STREAM_ENDED);
  hear(&server);
  expect_heard(&server, "QUIT\r\n");
  assert_int_equal(server.ended + server.torn, 1u);
  finish();
  for (unsigned reset = 0u; reset < 2u; reset++) {
    come_up(0u);
    say(&client, SMTPC_CHANNEL_TLS, "DATA");
    flow(0u);
    smtpc_stream_end(&server.stream,
                     reset != 0u ? SMTPC_STREAM_RESET : SMTPC_STREAM_ENDED);
    hear(&server);
    expect_heard(&server, "DATA");
    assert_int_equal(server.torn, 1u);
    assert_int_equal(server.ended, 0u);
    finish();
  }
}

static void test_stream_close_drops_what_arrived(void **state) {
  (void)state;
  begin(&server);
  arrive(&server, "MAIL", 4u);
  say(&server, SMTPC_CHANNEL_PLAIN, "221 bye\r\n");
  smtpc_stream_close(&server.stream);
  hear(&server);
  assert_int_equal(server.heard_len, 0u);
  expect_waits(&server, "221 bye\r\n");
  finish();
}

static void test_stream_clear_octets_under_tls_are_its_end(void **state) {
  (void)state;
  come_up(0u);
  arrive(&server, "RSET\r\n", 6u);
  hear(&server);
  assert_int_equal(server.heard_len, 0u);
  assert_int_equal(server.failed, 1u);
  assert_int_not_equal(server.stream.facts.failure, SMTPC_TLS_FAILURE_NONE);
  finish();
}

static void test_stream_that_is_mute_says_nothing_under_tls(void **state) {
  (void)state;
  uint8_t out[64];
  come_up(0u);
  smtpc_stream_mute(&server.stream);
  assert_int_equal(smtpc_stream_room(&server.stream), SMTPC_STREAM_OUT_MAX);
  say(&server, SMTPC_CHANNEL_TLS, "250 ok\r\n");
  smtpc_stream_close(&server.stream);
  assert_int_equal(carry_out(&server, out, sizeof out), 0u);
  // It still hears.
  say(&client, SMTPC_CHANNEL_TLS, "NOOP\r\n");
  (void)carry(&client, &server, 0u);
  expect_heard(&server, "NOOP\r\n");
  assert_int_equal(carry_out(&server, out, sizeof out), 0u);
  finish();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST_TLS_CASE(test_stream_clear_octets_come_in_order),
      TEST_TLS_CASE(test_stream_takes_no_more_than_there_is_room),
      TEST_TLS_CASE(test_stream_ring_wraps),
      TEST_TLS_CASE(test_stream_that_is_sent_too_much_says_nothing),
      TEST_TLS_CASE(test_stream_of_another_channel_says_nothing),
      TEST_TLS_CASE(test_stream_keeps_what_is_held),
      TEST_TLS_CASE(test_stream_ends_behind_its_octets),
      TEST_TLS_CASE(test_stream_that_broke_is_torn_and_mute),
      TEST_TLS_CASE(test_stream_comes_up_in_any_pieces),
      TEST_TLS_CASE(test_stream_clear_octets_do_not_cross_the_switch),
      TEST_TLS_CASE(test_stream_early_hello_is_the_engines),
      TEST_TLS_CASE(test_stream_clear_output_goes_before_the_handshake),
      TEST_TLS_CASE(test_stream_starts_tls_once),
      TEST_TLS_CASE(test_stream_without_a_context_fails),
      TEST_TLS_CASE(test_stream_that_failed_stays_so),
      TEST_TLS_CASE(test_stream_that_ends_in_its_handshake_fails),
      TEST_TLS_CASE(test_stream_carries_much_in_any_pieces),
      TEST_TLS_CASE(test_stream_decrypts_all_that_arrived_at_once),
      TEST_TLS_CASE(test_stream_tells_an_end_from_a_cut),
      TEST_TLS_CASE(test_stream_close_drops_what_arrived),
      TEST_TLS_CASE(test_stream_clear_octets_under_tls_are_its_end),
      TEST_TLS_CASE(test_stream_that_is_mute_says_nothing_under_tls),
  };
  return cmocka_run_group_tests_name("stream", tests, test_tls_set_up,
                                     test_tls_tear_down);
}
