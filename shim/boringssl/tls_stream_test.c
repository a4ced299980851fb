#include <openssl/ssl.h>

#include <stdlib.h>
#include <string.h>

#include "shim/boringssl/testing.h"
#include "shim/boringssl/tls_boringssl.h"

#define FAILURE(id) SMTPC_TLS_FAILURE_##id

// --- Octets that are not TLS -------------------------------------------------

typedef struct octets_row {
  const char *label;
  const char *data;
  size_t len;
  smtpc_tls_failure failure;
  int silent;  // 1: not one octet of answer
} octets_row;

static const octets_row server_rows[] = {
    {"smtp", TEST_OCTETS("EHLO x\r\n"), FAILURE(NOT_TLS), 1},
    {"one letter", TEST_OCTETS("E"), FAILURE(NOT_TLS), 1},
    {"quit", TEST_OCTETS("QUIT\r\n"), FAILURE(NOT_TLS), 1},
    {"http get", TEST_OCTETS("GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
     FAILURE(NOT_TLS), 1},
    {"http post", TEST_OCTETS("POST / HTTP/1.1\r\n\r\n"), FAILURE(NOT_TLS), 1},
    {"proxy", TEST_OCTETS("CONNECT a:25 HTTP/1.1\r\n\r\n"), FAILURE(NOT_TLS),
     1},
    {"line end", TEST_OCTETS("\r\n"), FAILURE(NOT_TLS), 1},
    {"zeros", TEST_OCTETS("\0\0\0\0\0"), FAILURE(NOT_TLS), 1},
    {"hello of SSL 2",
     TEST_OCTETS(
         "\x80\x1f\x01\x03\x01\x00\x06\x00\x00\x00\x10\x00\x00\x2f\x00\x00"
         "\x35\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"
         "\x10"),
     FAILURE(NOT_TLS), 1},
    {"application data", TEST_OCTETS("\x17\x03\x03\x00\x01x"), FAILURE(NOT_TLS),
     1},
    {"bad major", TEST_OCTETS("\x16\x02\x00\x00\x01\x01"), FAILURE(NOT_TLS), 1},
    {"hello request", TEST_OCTETS("\x16\x03\x01\x00\x04\x00\x00\x00\x00"),
     FAILURE(PROTOCOL), 0},
    {"broken hello", TEST_OCTETS("\x16\x03\x01\x00\x05\x01\x00\x00\x01\x41"),
     FAILURE(PROTOCOL), 0},
    {"record too long", TEST_OCTETS("\x16\x03\x01\xff\xff"), FAILURE(PROTOCOL),
     0},
    {"message too long", TEST_OCTETS("\x16\x03\x01\x00\x04\x01\xff\xff\xff"),
     FAILURE(PROTOCOL), 0},
    {"handshake_failure", TEST_OCTETS("\x15\x03\x01\x00\x02\x02\x28"),
     FAILURE(NO_COMMON_CIPHER), 1},
    {"insufficient_security", TEST_OCTETS("\x15\x03\x01\x00\x02\x02\x47"),
     FAILURE(NO_COMMON_CIPHER), 1},
    {"protocol_version", TEST_OCTETS("\x15\x03\x01\x00\x02\x02\x46"),
     FAILURE(NO_COMMON_VERSION), 1},
    {"inappropriate_fallback", TEST_OCTETS("\x15\x03\x01\x00\x02\x02\x56"),
     FAILURE(NO_COMMON_VERSION), 1},
    {"no_application_protocol", TEST_OCTETS("\x15\x03\x01\x00\x02\x02\x78"),
     FAILURE(ALPN), 1},
    {"unknown_ca", TEST_OCTETS("\x15\x03\x01\x00\x02\x02\x30"),
     FAILURE(CERTIFICATE), 1},
    {"certificate_expired", TEST_OCTETS("\x15\x03\x01\x00\x02\x02\x2d"),
     FAILURE(CERTIFICATE_TIME), 1},
    {"internal_error", TEST_OCTETS("\x15\x03\x01\x00\x02\x02\x50"),
     FAILURE(ALERT), 1},
    {"close_notify", TEST_OCTETS("\x15\x03\x01\x00\x02\x01\x00"),
     FAILURE(ALERT), 1},
};

static const octets_row client_rows[] = {
    {"reply", TEST_OCTETS("220 ready\r\n"), FAILURE(NOT_TLS), 1},
    {"refusal", TEST_OCTETS("454 4.7.0 TLS not available\r\n"),
     FAILURE(NOT_TLS), 1},
    {"http", TEST_OCTETS("HTTP/1.1 400 Bad Request\r\n"), FAILURE(NOT_TLS), 1},
    {"zeros", TEST_OCTETS("\0\0\0\0\0"), FAILURE(NOT_TLS), 1},
    {"handshake_failure", TEST_OCTETS("\x15\x03\x03\x00\x02\x02\x28"),
     FAILURE(NO_COMMON_CIPHER), 1},
    {"protocol_version", TEST_OCTETS("\x15\x03\x03\x00\x02\x02\x46"),
     FAILURE(NO_COMMON_VERSION), 1},
    {"no_application_protocol", TEST_OCTETS("\x15\x03\x03\x00\x02\x02\x78"),
     FAILURE(ALPN), 1},
    {"certificate_required", TEST_OCTETS("\x15\x03\x03\x00\x02\x02\x74"),
     FAILURE(CLIENT_CERTIFICATE), 1},
    // Nobody asked this client for a certificate: the alert is about nothing.
    {"unknown_ca", TEST_OCTETS("\x15\x03\x03\x00\x02\x02\x30"), FAILURE(ALERT),
     1},
    {"unrecognized_name", TEST_OCTETS("\x15\x03\x03\x00\x02\x02\x70"),
     FAILURE(ALERT), 1},
    {"close_notify", TEST_OCTETS("\x15\x03\x03\x00\x02\x01\x00"),
     FAILURE(ALERT), 1},
    {"broken hello", TEST_OCTETS("\x16\x03\x03\x00\x05\x02\x00\x00\x01\x41"),
     FAILURE(PROTOCOL), 0},
};

static void drain(smtpc_tls *tls) {
  uint8_t octets[512];
  size_t len = 1u;
  while (len > 0u) {
    test_number(smtpc_tls_pull(tls, octets, sizeof octets, &len), SMTPC_OK);
  }
}

static void check_octets(const octets_row *row, smtpc_tls *tls, size_t cut) {
  uint8_t octets[512];
  size_t len = 99u;
  test_number(smtpc_tls_handshake(tls, NULL), SMTPC_TLS_HANDSHAKING);
  drain(tls);
  test_push(tls, row->data, row->len, cut);
  test_expect_end(tls, row->failure);
  test_number(smtpc_tls_pull(tls, octets, sizeof octets, &len), SMTPC_OK);
  test_number(len == 0u, row->silent);
  test_expect_dead(tls, SMTPC_TLS_FAILED);
}

static void test_tls_server_refuses_what_is_no_hello(void **state) {
  (void)state;
  const smtpc_tls_peer peer = test_peer_server();
  for (size_t i = 0u; i < TEST_COUNT(server_rows); i++) {
    for (size_t cut = 0u; cut <= TEST_CUT_MAX; cut++) {
      test_label("%s, cut %zu", server_rows[i].label, cut);
      smtpc_tls *tls = test_open(test_tls.server, &peer);
      check_octets(&server_rows[i], tls, cut);
      smtpc_tls_free(tls);
    }
  }
}

static void test_tls_client_refuses_what_is_no_hello(void **state) {
  (void)state;
  const smtpc_tls_peer peer = test_peer_client(TEST_HOST, 0);
  for (size_t i = 0u; i < TEST_COUNT(client_rows); i++) {
    for (size_t cut = 0u; cut <= TEST_CUT_MAX; cut++) {
      test_label("%s, cut %zu", client_rows[i].label, cut);
      smtpc_tls *tls = test_open(test_tls.client, &peer);
      check_octets(&client_rows[i], tls, cut);
      smtpc_tls_free(tls);
    }
  }
}

static void test_tls_flood_of_empty_records_ends(void **state) {
  (void)state;
  static const uint8_t empty[] = {0x16u, 0x03u, 0x01u, 0x00u, 0x00u};
  const smtpc_tls_peer peer = test_peer_server();
  smtpc_tls *tls = test_open(test_tls.server, &peer);
  size_t count = 0u;
  test_label("empty records");
  while (count < 1000u &&
         smtpc_tls_handshake(tls, NULL) == SMTPC_TLS_HANDSHAKING) {
    test_push(tls, empty, sizeof empty, 0u);
    count++;
  }
  test_expect_end(tls, SMTPC_TLS_FAILURE_PROTOCOL);
  assert_true(count < 100u);
  smtpc_tls_free(tls);
}

// A server's Certificate message of 100000 octets, each in a record of its own,
// is within every limit of the library. The limit of the shim ends it.
static void test_tls_handshake_octets_are_bounded(void **state) {
  (void)state;
  static const uint8_t head[] = {0x16u, 0x03u, 0x03u, 0x00u, 0x04u,
                                 0x0bu, 0x01u, 0x86u, 0x00u};
  static const uint8_t grain[] = {0x16u, 0x03u, 0x03u, 0x00u, 0x01u, 0x00u};
  test_label("flood");
  test_pair two = test_pair_open(TEST_HOST, 1);
  test_set_versions(two.server, SMTPC_TLS_1_2, SMTPC_TLS_1_2);
  size_t len = 0u;
  size_t used = 1u;
  (void)smtpc_tls_handshake(two.client, NULL);
  (void)test_move(two.client, two.server, 0u);
  uint8_t *flight = test_pull_all(two.server, 8192u, &len);
  // The ServerHello alone, in a record of its own.
  assert_true(len > 9u && flight[0] == 0x16u && flight[5] == 0x02u);
  const size_t hello = 4u + ((size_t)flight[7] << 8) + flight[8];
  flight[3] = (uint8_t)(hello >> 8);
  flight[4] = (uint8_t)hello;
  test_push(two.client, flight, 5u + hello, 0u);
  test_push(two.client, head, sizeof head, 0u);
  test_number(smtpc_tls_handshake(two.client, NULL), SMTPC_TLS_HANDSHAKING);
  size_t total = 5u + hello + sizeof head;
  size_t rounds = 0u;
  smtpc_status status = SMTPC_OK;
  while (status == SMTPC_OK && rounds < 100000u) {
    status = smtpc_tls_push(two.client, grain, sizeof grain, &used);
    total += used;
    if (used == sizeof grain) {
      test_number(smtpc_tls_handshake(two.client, NULL), SMTPC_TLS_HANDSHAKING);
    }
    rounds++;
  }
  test_number(status, SMTPC_E_STATE);
  test_number(total, SMTPC_BORINGSSL_HANDSHAKE_MAX);
  test_expect_end(two.client, SMTPC_TLS_FAILURE_PROTOCOL);
  test_expect_dead(two.client, SMTPC_TLS_FAILED);
  free(flight);
  test_pair_free(&two);
}

// --- Ends --------------------------------------------------------------------

static void test_tls_stream_that_ends_in_the_handshake_is_truncated(
    void **state) {
  (void)state;
  const smtpc_tls_peer server = test_peer_server();
  test_pair two = test_pair_open(TEST_HOST, 1);
  size_t len = 0u;
  (void)smtpc_tls_handshake(two.client, NULL);
  uint8_t *hello = test_pull_all(two.client, 8192u, &len);
  for (size_t i = 0u; i <= len; i++) {
    test_label("%zu of %zu octets", i, len);
    smtpc_tls *tls = test_open(test_tls.server, &server);
    test_push(tls, hello, i, 0u);
    test_number(smtpc_tls_end_of_stream(tls), SMTPC_TLS_FAILED);
    test_expect_end(tls, SMTPC_TLS_FAILURE_TRUNCATED);
    drain(tls);
    test_expect_dead(tls, SMTPC_TLS_FAILED);
    smtpc_tls_free(tls);
  }
  free(hello);
  test_pair_free(&two);
}

// The alert that came with the end is the reason, though nobody looked at it.
static void test_tls_alert_before_the_end_of_stream_is_the_reason(
    void **state) {
  (void)state;
  static const uint8_t alert[] = {0x15u, 0x03u, 0x03u, 0u, 2u, 2u, 0x28u};
  const smtpc_tls_peer peer = test_peer_client(TEST_HOST, 1);
  smtpc_tls *tls = test_open(test_tls.client, &peer);
  size_t used = 0u;
  test_label("alert, end");
  (void)smtpc_tls_handshake(tls, NULL);
  test_number(smtpc_tls_push(tls, alert, sizeof alert, &used), SMTPC_OK);
  test_number(smtpc_tls_end_of_stream(tls), SMTPC_TLS_FAILED);
  test_expect_end(tls, SMTPC_TLS_FAILURE_NO_COMMON_CIPHER);
  smtpc_tls_free(tls);
}

static void test_tls_end_without_close_notify_is_truncated(void **state) {
  (void)state;
  for (size_t i = 2u; i < TEST_VERSION_COUNT; i++) {
    test_label("version %x", test_versions[i]);
    test_pair two = test_pair_up(test_versions[i]);
    test_number(smtpc_tls_write(two.client, (const uint8_t *)"DATA\r\n", 6u),
                SMTPC_OK);
    (void)test_move(two.client, two.server, 0u);
    test_expect_read(two.server, "DATA\r\n");
    test_number(smtpc_tls_end_of_stream(two.server), SMTPC_TLS_FAILED);
    test_expect_end(two.server, SMTPC_TLS_FAILURE_TRUNCATED);
    test_expect_dead(two.server, SMTPC_TLS_FAILED);
    test_pair_free(&two);
  }
}

static void test_tls_close_notify_closes(void **state) {
  (void)state;
  for (size_t i = 2u; i < TEST_VERSION_COUNT; i++) {
    for (size_t cut = 0u; cut <= TEST_CUT_MAX; cut++) {
      test_label("version %x, cut %zu", test_versions[i], cut);
      test_pair two = test_pair_up(test_versions[i]);
      uint8_t octets[16];
      size_t len = 99u;
      test_number(smtpc_tls_write(two.client, (const uint8_t *)"QUIT\r\n", 6u),
                  SMTPC_OK);
      smtpc_tls_close(two.client);
      test_number(smtpc_tls_write(two.client, octets, 1u), SMTPC_E_STATE);
      (void)test_move(two.client, two.server, cut);
      // Once: the second has nothing to say.
      smtpc_tls_close(two.client);
      test_number(smtpc_tls_pull(two.client, octets, sizeof octets, &len),
                  SMTPC_OK);
      test_number(len, 0);
      test_number(smtpc_tls_read(two.server, octets, sizeof octets, &len),
                  SMTPC_TLS_UP);
      test_octets(octets, len, "QUIT\r\n", 6u);
      test_number(smtpc_tls_read(two.server, octets, sizeof octets, &len),
                  SMTPC_TLS_CLOSED);
      // A server may still answer with close_notify of its own.
      smtpc_tls_close(two.server);
      assert_true(test_move(two.server, two.client, cut) > 0u);
      test_number(smtpc_tls_read(two.client, octets, sizeof octets, &len),
                  SMTPC_TLS_CLOSED);
      test_number(smtpc_tls_end_of_stream(two.client), SMTPC_TLS_CLOSED);
      test_number(smtpc_tls_failure_of(two.client), SMTPC_TLS_FAILURE_NONE);
      test_expect_dead(two.client, SMTPC_TLS_CLOSED);
      test_expect_dead(two.server, SMTPC_TLS_CLOSED);
      test_pair_free(&two);
    }
  }
}

static void test_tls_close_notify_counts_at_the_end_of_stream(void **state) {
  (void)state;
  test_label("pushed, not read");
  test_pair two = test_pair_up(SMTPC_TLS_1_3);
  smtpc_tls_close(two.client);
  (void)test_move(two.client, two.server, 0u);
  test_number(smtpc_tls_end_of_stream(two.server), SMTPC_TLS_CLOSED);
  test_expect_dead(two.server, SMTPC_TLS_CLOSED);
  test_pair_free(&two);
}

// THREATS TLS-01: after close_notify nothing is read, be it clear or a record.
static void test_tls_octets_after_close_notify_are_dead(void **state) {
  (void)state;
  for (size_t i = 2u; i < TEST_VERSION_COUNT; i++) {
    for (int record = 0; record <= 1; record++) {
      test_label("version %x, record %d", test_versions[i], record);
      test_pair two = test_pair_up(test_versions[i]);
      size_t len = 0u;
      size_t surplus_len = 0u;
      uint8_t wire[1024];
      uint8_t octets[64];
      test_number(smtpc_tls_write(two.client, (const uint8_t *)"RSET\r\n", 6u),
                  SMTPC_OK);
      uint8_t *surplus = test_pull_all(two.client, 512u, &surplus_len);
      smtpc_tls_close(two.client);
      test_number(smtpc_tls_pull(two.client, wire, 512u, &len), SMTPC_OK);
      if (record == 1) {
        memcpy(wire + len, surplus, surplus_len);
        len += surplus_len;
      } else {
        memcpy(wire + len, "RSET\r\n", 6u);
        len += 6u;
      }
      // The record of the RSET comes late, or the RSET in clear: all the same.
      test_push(two.server, wire, len, 0u);
      const smtpc_tls_state state_now =
          smtpc_tls_read(two.server, octets, sizeof octets, &len);
      test_number(len, 0);
      assert_true(state_now == SMTPC_TLS_CLOSED ||
                  state_now == SMTPC_TLS_FAILED);
      test_expect_dead(two.server, state_now);
      free(surplus);
      test_pair_free(&two);
    }
  }
}

static void test_tls_clear_octets_in_the_session_end_it(void **state) {
  (void)state;
  for (size_t i = 2u; i < TEST_VERSION_COUNT; i++) {
    for (size_t cut = 0u; cut <= TEST_CUT_MAX; cut++) {
      test_label("version %x, cut %zu", test_versions[i], cut);
      test_pair two = test_pair_up(test_versions[i]);
      uint8_t octets[64];
      size_t len = 99u;
      test_push(two.server, "RSET\r\n", 6u, cut);
      test_number(smtpc_tls_read(two.server, octets, sizeof octets, &len),
                  SMTPC_TLS_FAILED);
      test_number(len, 0);
      test_expect_end(two.server, SMTPC_TLS_FAILURE_NOT_TLS);
      test_expect_dead(two.server, SMTPC_TLS_FAILED);
      test_pair_free(&two);
    }
  }
}

static void test_tls_changed_record_ends_the_session(void **state) {
  (void)state;
  for (size_t i = 0u; i < 2u; i++) {
    size_t size = 0u;
    for (size_t at = 5u; at == 5u || at < size; at++) {
      test_pair two = test_pair_up(test_versions[2u + i]);
      uint8_t octets[64];
      size_t len = 0u;
      test_label("version %x, octet %zu", test_versions[2u + i], at);
      test_number(smtpc_tls_write(two.client, (const uint8_t *)"NOOP\r\n", 6u),
                  SMTPC_OK);
      uint8_t *wire = test_pull_all(two.client, 512u, &size);
      wire[at] = (uint8_t)(wire[at] ^ 1u);
      test_push(two.server, wire, size, 0u);
      test_number(smtpc_tls_read(two.server, octets, sizeof octets, &len),
                  SMTPC_TLS_FAILED);
      test_number(len, 0);
      test_expect_end(two.server, SMTPC_TLS_FAILURE_PROTOCOL);
      free(wire);
      test_pair_free(&two);
    }
  }
}

static void test_tls_replayed_record_ends_the_session(void **state) {
  (void)state;
  test_label("replay");
  test_pair two = test_pair_up(SMTPC_TLS_1_3);
  uint8_t octets[64];
  size_t len = 0u;
  size_t size = 0u;
  test_number(smtpc_tls_write(two.client, (const uint8_t *)"NOOP\r\n", 6u),
              SMTPC_OK);
  uint8_t *wire = test_pull_all(two.client, 512u, &size);
  test_push(two.server, wire, size, 0u);
  test_push(two.server, wire, size, 0u);
  test_number(smtpc_tls_read(two.server, octets, sizeof octets, &len),
              SMTPC_TLS_UP);
  test_octets(octets, len, "NOOP\r\n", 6u);
  test_number(smtpc_tls_read(two.server, octets, sizeof octets, &len),
              SMTPC_TLS_FAILED);
  test_expect_end(two.server, SMTPC_TLS_FAILURE_PROTOCOL);
  free(wire);
  test_pair_free(&two);
}

// --- Clear octets ------------------------------------------------------------

static void test_tls_carries_much_for_every_cut(void **state) {
  (void)state;
  for (size_t cut = 0u; cut <= TEST_CUT_MAX; cut++) {
    const size_t size = cut == 0u ? 300000u : 20000u;
    uint8_t *data = malloc(size);
    uint8_t *back = malloc(size + 1u);
    uint64_t seed = 7u;
    size_t done = 0u;
    assert_non_null(data);
    assert_non_null(back);
    for (size_t i = 0u; i < size; i++) {
      data[i] = (uint8_t)test_random(&seed);
    }
    test_label("cut %zu", cut);
    test_pair two = test_pair_up(SMTPC_TLS_1_3);
    test_number(smtpc_tls_write(two.client, data, size), SMTPC_OK);
    size_t len = 1u;
    uint8_t piece[8192];
    while (len > 0u) {
      const size_t room = test_cut_next(cut, sizeof piece);
      test_number(smtpc_tls_pull(two.client, piece, room, &len), SMTPC_OK);
      test_push(two.server, piece, len, 0u);
      size_t got = 1u;
      while (got > 0u) {
        test_number(
            smtpc_tls_read(two.server, back + done, size + 1u - done, &got),
            SMTPC_TLS_UP);
        done += got;
      }
    }
    test_octets(back, done, data, size);
    test_pair_free(&two);
    free(data);
    free(back);
  }
}

// THREATS TLS-04: many records in one push, one octet in each.
static void test_tls_reads_every_record_of_one_push(void **state) {
  (void)state;
  char want[201];
  size_t len = 0u;
  test_label("records of one octet");
  test_pair two = test_pair_up(SMTPC_TLS_1_3);
  for (size_t i = 0u; i < 200u; i++) {
    const uint8_t octet = (uint8_t)('a' + (int)(i % 26u));
    want[i] = (char)octet;
    test_number(smtpc_tls_write(two.client, &octet, 1u), SMTPC_OK);
  }
  want[200] = '\0';
  uint8_t *wire = test_pull_all(two.client, 8192u, &len);
  test_push(two.server, wire, len, 0u);
  test_expect_read(two.server, want);
  free(wire);
  test_pair_free(&two);
}

// What the engine cannot hold it does not take, and takes after reading.
static void test_tls_push_takes_what_it_has_room_for(void **state) {
  (void)state;
  const size_t size = 100000u;
  uint8_t *data = calloc(1u, size);
  size_t len = 0u;
  size_t used = 0u;
  size_t done = 0u;
  size_t total = 0u;
  assert_non_null(data);
  test_label("room");
  test_pair two = test_pair_up(SMTPC_TLS_1_3);
  test_number(smtpc_tls_write(two.client, data, size), SMTPC_OK);
  uint8_t *wire = test_pull_all(two.client, size * 2u, &len);
  test_number(smtpc_tls_push(two.server, wire, len, &used), SMTPC_OK);
  assert_true(used > 0u && used < len);
  done = used;
  test_number(smtpc_tls_push(two.server, wire + done, len - done, &used),
              SMTPC_OK);
  test_number(used, 0);
  for (size_t rounds = 0u; rounds < 1000u && total < size; rounds++) {
    size_t got = 0u;
    test_number(smtpc_tls_read(two.server, data, size, &got), SMTPC_TLS_UP);
    total += got;
    if (got == 0u) {
      test_number(smtpc_tls_push(two.server, wire + done, len - done, &used),
                  SMTPC_OK);
      done += used;
    }
  }
  test_number(total, size);
  test_number(done, len);
  free(wire);
  free(data);
  test_pair_free(&two);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST_TLS_CASE(test_tls_server_refuses_what_is_no_hello),
      TEST_TLS_CASE(test_tls_client_refuses_what_is_no_hello),
      TEST_TLS_CASE(test_tls_flood_of_empty_records_ends),
      TEST_TLS_CASE(test_tls_handshake_octets_are_bounded),
      TEST_TLS_CASE(test_tls_stream_that_ends_in_the_handshake_is_truncated),
      TEST_TLS_CASE(test_tls_alert_before_the_end_of_stream_is_the_reason),
      TEST_TLS_CASE(test_tls_end_without_close_notify_is_truncated),
      TEST_TLS_CASE(test_tls_close_notify_closes),
      TEST_TLS_CASE(test_tls_close_notify_counts_at_the_end_of_stream),
      TEST_TLS_CASE(test_tls_octets_after_close_notify_are_dead),
      TEST_TLS_CASE(test_tls_clear_octets_in_the_session_end_it),
      TEST_TLS_CASE(test_tls_changed_record_ends_the_session),
      TEST_TLS_CASE(test_tls_replayed_record_ends_the_session),
      TEST_TLS_CASE(test_tls_carries_much_for_every_cut),
      TEST_TLS_CASE(test_tls_reads_every_record_of_one_push),
      TEST_TLS_CASE(test_tls_push_takes_what_it_has_room_for),
  };
  return cmocka_run_group_tests(tests, test_tls_set_up, test_tls_tear_down);
}
