// Whom a session is with: the network's word, a PROXY header, XCLIENT and XFORWARD,
// and what hangs on it.
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shim/net/net_testing.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define SPACE ((uint32_t)SMTPC_QUIRK_PATH_SPACE)

// What a sender's address with a space in front gets, by quirk.
#define WITH_SPACE "MAIL FROM: <a@b.example>\r\n"

// A rig whose peer, this machine, is trusted when `range` holds it.
typedef struct trust {
  rig r;
  smtpc_range proxies[1];
  smtpc_quirk_rule rules[2];
} trust;

static void trust_prepare(trust *t, const char *range) {
  rig_prepare(&t->r);
  t->proxies[0] = rig_range(range);
  t->r.options.proxies = t->proxies;
  t->r.options.proxy_count = 1u;
  t->r.policy.offered |= SMTPC_OFFERS(XCLIENT) | SMTPC_OFFERS(XFORWARD);
}

static void trust_rule(trust *t, const char *range, uint32_t quirks) {
  smtpc_quirk_rule *rule = &t->rules[t->r.options.quirk_rule_count];
  rule->range = rig_range(range);
  rule->quirks = quirks;
  t->r.options.quirk_rules = t->rules;
  t->r.options.quirk_rule_count++;
}

static void close_all(rig *r, int fd) {
  (void)close(fd);
  rig_wait(r, &r->ended, 1u);
  rig_stop(r);
}

// Whether a line of the reply to EHLO begins with `keyword`.
static int offers(int fd, const char *keyword) {
  char line[1024];
  int found = 0;
  raw_send(fd, "EHLO lamp.example\r\n");
  do {
    assert_true(raw_line(fd, line, sizeof line) >= 4);
    found |= strncmp(line + 4, keyword, strlen(keyword)) == 0;
  } while (line[3] == '-');
  assert_memory_equal(line, "250", 3);
  return found;
}

// ----------------------------------------------------------- PROXY headers

#define V2 "\r\n\r\n\0\r\nQUIT\n"

typedef struct header {
  const char *what;
  const char *octets;
  size_t len;
  const char *proxied;  // NULL: this machine itself
  const char *peer;     // NULL: this machine itself
  const char *self;
} header;

#define OCTETS(text) text, sizeof(text) - 1u

static const header headers[] = {
    {"v1 TCP4", OCTETS("PROXY TCP4 192.0.2.7 198.51.100.1 1111 25\r\n"),
     "v1 192.0.2.7:1111>198.51.100.1:25;", "192.0.2.7:1111", "198.51.100.1:25"},
    {"v1 TCP6", OCTETS("PROXY TCP6 2001:db8::7 2001:db8::1 65535 0\r\n"),
     "v1 2001:db8::7:65535>2001:db8::1:0;", "[2001:db8::7]:65535",
     "[2001:db8::1]:0"},
    {"v1 TCP6 that carries IPv4",
     OCTETS("PROXY TCP6 ::ffff:192.0.2.7 2001:db8::1 7 25\r\n"),
     "v1 192.0.2.7:7>2001:db8::1:25;", "192.0.2.7:7", "[2001:db8::1]:25"},
    {"v1 UNKNOWN", OCTETS("PROXY UNKNOWN\r\n"), "v1 unknown:0>unknown:0;", NULL,
     NULL},
    {"v1 UNKNOWN with addresses, which count for nothing",
     OCTETS("PROXY UNKNOWN 192.0.2.7 192.0.2.8 1 2\r\n"),
     "v1 unknown:0>unknown:0;", NULL, NULL},
    {"v2 TCP4",
     OCTETS(V2 "\x21\x11\0\x0c\xc0\0\x02\x07\xc6\x33\x64\x01\x04\x57\0\x19"),
     "v2 192.0.2.7:1111>198.51.100.1:25;", "192.0.2.7:1111", "198.51.100.1:25"},
    {"v2 TCP6 with a field",
     OCTETS(V2 "\x21\x21\0\x28"
               "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07"
               "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"
               "\0\x07\0\x19"
               "\x04\0\x01x"),
     "v2 2001:db8::7:7>2001:db8::1:25;", "[2001:db8::7]:7", "[2001:db8::1]:25"},
    {"v2 LOCAL", OCTETS(V2 "\x20\x00\0\0"), "v2 local unknown:0>unknown:0;",
     NULL, NULL},
    {"v2 LOCAL with addresses, which count for nothing",
     OCTETS(V2 "\x20\x11\0\x0c\xc0\0\x02\x07\xc6\x33\x64\x01\x04\x57\0\x19"),
     "v2 local unknown:0>unknown:0;", NULL, NULL},
    {"v2 without addresses", OCTETS(V2 "\x21\x00\0\0"),
     "v2 unknown:0>unknown:0;", NULL, NULL}};

// The header, and what the client says behind it, in one segment or octet by octet.
static void run_header(const header *row, unsigned slowly, unsigned later) {
  static const char rest[] = "EHLO lamp.example\r\nMAIL FROM:<a@b.example>\r\n";
  trust t;
  char all[512];
  char here[32];
  trust_prepare(&t, "127.0.0.0/8");
  t.r.policy.proxy = 1u;
  t.r.slow_peer = later;
  rig_start(&t.r);
  const int fd = raw_connect(&t.r);
  memcpy(all, row->octets, row->len);
  memcpy(all + row->len, rest, sizeof rest - 1u);
  const size_t len = row->len + sizeof rest - 1u;
  for (size_t i = 0u; slowly != 0u && i < len; i++) {
    raw_send_octets(fd, all + i, 1u);
  }
  if (slowly == 0u) {
    raw_send_octets(fd, all, len);
  }
  raw_expect(fd, "220 ");
  raw_expect(fd, "250 ");
  raw_expect(fd, "250 2.1.0 ");
  close_all(&t.r, fd);
  test_label("%s, peer %s", row->what, t.r.peer);
  assert_string_equal(t.r.proxied.data, row->proxied);
  (void)snprintf(here, sizeof here, "127.0.0.1:%u",
                 (unsigned)smtpc_net_receiver_port(t.r.receiver));
  assert_string_equal(t.r.self, row->self == NULL ? here : row->self);
  if (row->peer == NULL) {
    assert_memory_equal(t.r.peer, "127.0.0.1:", 10);
    test_number(
        smtpc_address_equal(t.r.address, rig_range("127.0.0.1").address), 1);
  } else {
    assert_string_equal(t.r.peer, row->peer);
  }
  test_number(t.r.ends[0].stats.lines, 2);
  rig_free(&t.r);
}

static void test_receiver_peer_is_whom_the_header_names(void **state) {
  (void)state;
  for (size_t i = 0u; i < COUNT(headers); i++) {
    run_header(&headers[i], 0u, 0u);
    run_header(&headers[i], 1u, 0u);
    run_header(&headers[i], 0u, 1u);
  }
}

static void test_receiver_peer_who_may_not_send_a_header_gets_500(
    void **state) {
  static const char *const ranges[] = {"192.0.2.0/24", "127.0.0.2", "::/0"};
  (void)state;
  for (size_t i = 0u; i < COUNT(ranges); i++) {
    trust t;
    trust_prepare(&t, ranges[i]);
    t.r.policy.proxy = 1u;
    rig_start(&t.r);
    const int fd = raw_connect(&t.r);
    raw_expect(fd, "220 ");
    raw_send(fd, "PROXY TCP4 192.0.2.7 198.51.100.1 1111 25\r\n");
    raw_expect(fd, "500 5.5.1 ");
    raw_send(fd, "EHLO lamp.example\r\nMAIL FROM:<a@b.example>\r\n");
    raw_expect(fd, "250 ");
    raw_expect(fd, "250 ");
    close_all(&t.r, fd);
    assert_null(t.r.proxied.data);
    assert_memory_equal(t.r.peer, "127.0.0.1:", 10);
    rig_free(&t.r);
  }
}

// Nobody is trusted unless somebody is named.
static void test_receiver_peer_is_not_trusted_by_default(void **state) {
  rig r;
  (void)state;
  rig_prepare(&r);
  r.policy.proxy = 1u;
  r.policy.offered |= SMTPC_OFFERS(XCLIENT);
  rig_start(&r);
  const int fd = raw_connect(&r);
  raw_expect(fd, "220 ");
  test_number(offers(fd, "XCLIENT"), 0);
  raw_send(fd, "PROXY UNKNOWN\r\n");
  raw_expect(fd, "500 5.5.1 ");
  close_all(&r, fd);
  rig_free(&r);
}

// A connection that must begin with a header, and does not, hears nothing at all.
static void test_receiver_peer_without_its_header_hears_nothing(void **state) {
  static const struct {
    const char *octets;
    size_t len;
  } rows[] = {{OCTETS("EHLO lamp.example\r\n")},
              {OCTETS("PROXY TCP4 192.0.2.7 198.51.100.1 1111\r\n")},
              {OCTETS("proxy UNKNOWN\r\n")},
              {OCTETS("PROXY UNKNOWN\nNOOP\r\n")},
              {OCTETS("\r\n\r\n\0\r\nQUIT\r\x20\x00\0\0")},
              {OCTETS(V2 "\x21\x11\x02\x09")},
              {OCTETS(V2 "\x31\x11\0\x0c")},
              {OCTETS("\0")}};
  (void)state;
  for (size_t i = 0u; i < COUNT(rows); i++) {
    trust t;
    trust_prepare(&t, "127.0.0.1/32");
    t.r.policy.proxy = 1u;
    rig_start(&t.r);
    const int fd = raw_connect(&t.r);
    raw_send_octets(fd, rows[i].octets, rows[i].len);
    raw_expect_end(fd);
    close_all(&t.r, fd);
    test_label("row %zu", i);
    test_number(t.r.ends[0].reason, SMTPC_END_PROTOCOL);
    test_number(t.r.findings[SMTPC_FINDING_PROXY_MALFORMED], 1);
    test_number(t.r.ends[0].stats.octets_out, 0);
    assert_null(t.r.proxied.data);
    rig_free(&t.r);
  }
}

static void test_receiver_peer_that_sends_half_a_header_is_cut_off(
    void **state) {
  trust t;
  (void)state;
  trust_prepare(&t, "127.0.0.1/32");
  t.r.policy.proxy = 1u;
  t.r.options.deadlines.seconds[SMTPC_DEADLINE_HANDSHAKE] = 1u;
  rig_start(&t.r);
  const int fd = raw_connect(&t.r);
  raw_send(fd, "PROXY TCP4 192.0.2.7 ");
  raw_expect_end(fd);
  close_all(&t.r, fd);
  test_number(t.r.ends[0].reason, SMTPC_END_TIMEOUT);
  test_number(t.r.ends[0].stats.octets_out, 0);
  rig_free(&t.r);
}

static void test_receiver_peer_whose_header_is_refused_hears_nothing(
    void **state) {
  (void)state;
  for (unsigned later = 0u; later < 2u; later++) {
    trust t;
    trust_prepare(&t, "127.0.0.1/32");
    t.r.policy.proxy = 1u;
    t.r.peer_answer = SMTPC_ANSWER_NO;
    t.r.slow_peer = later;
    rig_start(&t.r);
    const int fd = raw_connect(&t.r);
    raw_send(fd, "PROXY TCP4 192.0.2.7 198.51.100.1 1111 25\r\n");
    raw_expect_end(fd);
    close_all(&t.r, fd);
    test_number(t.r.ends[0].reason, SMTPC_END_REFUSED);
    test_number(t.r.findings[SMTPC_FINDING_PEER_REFUSED], 1);
    test_number(t.r.ends[0].stats.octets_out, 0);
    rig_free(&t.r);
  }
}

// ------------------------------------------------------ a header, then TLS

#define HEADER "PROXY TCP4 192.0.2.7 198.51.100.1 1111 25\r\n"

static void send_hello_behind_header(hand *h) {
  uint8_t all[4096];
  size_t len = 0u;
  memcpy(all, HEADER, sizeof HEADER - 1u);
  (void)smtpc_tls_handshake(h->tls, NULL);
  assert_int_equal(smtpc_tls_pull(h->tls, all + sizeof HEADER - 1u,
                                  sizeof all - sizeof HEADER, &len),
                   SMTPC_OK);
  assert_true(len > 0u);
  raw_send_octets(h->fd, all, sizeof HEADER - 1u + len);
}

// The header is in clear, and what follows is the TLS engine's, to the octet.
static void test_receiver_peer_header_comes_before_implicit_tls(void **state) {
  (void)state;
  for (unsigned i = 0u; i < 3u; i++) {
    trust t;
    hand h;
    trust_prepare(&t, "127.0.0.1/32");
    rig_use_tls(&t.r, SMTPC_SERVER_TLS_REQUIRED, 1);
    t.r.policy.proxy = 1u;
    t.r.slow_peer = i == 2u ? 1u : 0u;
    rig_start(&t.r);
    hand_client(&h, raw_connect(&t.r), 0u);
    if (i == 1u) {
      raw_send(h.fd, HEADER);
    } else {
      send_hello_behind_header(&h);
    }
    assert_true(hand_shake(&h));
    hand_hear(&h, "220 ");
    hand_say(&h, "EHLO lamp.example\r\nMAIL FROM:<a@b.example>\r\nQUIT\r\n");
    hand_hear(&h, "250 ");
    hand_hear(&h, "250 ");
    hand_hear(&h, "221 ");
    hand_close(&h);
    rig_wait(&t.r, &t.r.ended, 1u);
    rig_stop(&t.r);
    assert_string_equal(t.r.peer, "192.0.2.7:1111");
    test_number(t.r.ends[0].encrypted, 1);
    test_number(t.r.ends[0].reason, SMTPC_END_QUIT);
    rig_free(&t.r);
  }
}

static void test_receiver_peer_header_comes_before_starttls(void **state) {
  trust t;
  hand h;
  (void)state;
  trust_prepare(&t, "127.0.0.1/32");
  rig_use_tls(&t.r, SMTPC_SERVER_TLS_REQUIRED, 0);
  t.r.policy.proxy = 1u;
  trust_rule(&t, "192.0.2.7", SPACE);
  rig_start(&t.r);
  const int fd = raw_connect(&t.r);
  raw_send(fd, HEADER "EHLO lamp.example\r\n");
  raw_expect(fd, "220 ");
  raw_expect(fd, "250 ");
  raw_send(fd, "STARTTLS\r\n");
  raw_expect(fd, "220 ");
  hand_client(&h, fd, 0u);
  assert_true(hand_shake(&h));
  // Whom it is with survives STARTTLS; no second header is wanted, or taken.
  hand_say(&h, HEADER "EHLO lamp.example\r\n" WITH_SPACE "QUIT\r\n");
  hand_hear(&h, "500 ");
  hand_hear(&h, "250 ");
  hand_hear(&h, "250 ");
  hand_hear(&h, "221 ");
  hand_close(&h);
  rig_wait(&t.r, &t.r.ended, 1u);
  rig_stop(&t.r);
  assert_string_equal(t.r.peer, "192.0.2.7:1111");
  assert_string_equal(t.r.proxied.data, "v1 192.0.2.7:1111>198.51.100.1:25;");
  rig_free(&t.r);
}

// Clear octets behind a header, where TLS is due, are no commands.
static void test_receiver_peer_clear_octets_behind_a_header_end(void **state) {
  trust t;
  char line[64];
  (void)state;
  trust_prepare(&t, "127.0.0.1/32");
  rig_use_tls(&t.r, SMTPC_SERVER_TLS_REQUIRED, 1);
  t.r.policy.proxy = 1u;
  rig_start(&t.r);
  const int fd = raw_connect(&t.r);
  raw_send(fd, HEADER "EHLO injected.example\r\n");
  assert_true(raw_line(fd, line, sizeof line) < 0);
  assert_true(line[0] == '\0' || line[0] == 0x15);
  close_all(&t.r, fd);
  test_number(t.r.ends[0].reason, SMTPC_END_TLS);
  assert_true(t.r.trace.data == NULL ||
              strstr(t.r.trace.data, "injected") == NULL);
  rig_free(&t.r);
}

// ---------------------------------------------------------- what hangs on it

typedef struct quirk_row {
  const char *rule;    // the range that has the quirk
  const char *header;  // NULL: none is wanted
  const char *reply;   // to what needs it
} quirk_row;

static void test_receiver_peer_has_the_quirks_of_its_range(void **state) {
  static const quirk_row rows[] = {
      {"127.0.0.1/32", NULL, "250 2.1.0"},
      {"127.0.0.0/8", NULL, "250 2.1.0"},
      {"0.0.0.0/0", NULL, "250 2.1.0"},
      {"127.0.0.2/32", NULL, "501 "},
      {"192.0.2.0/24", NULL, "501 "},
      {"::/0", NULL, "501 "},
      {"192.0.2.0/29", "PROXY TCP4 192.0.2.7 127.0.0.1 1 25\r\n", "250 2.1.0"},
      {"192.0.2.0/29", "PROXY TCP4 192.0.2.8 127.0.0.1 1 25\r\n", "501 "},
      {"2001:db8::/32", "PROXY TCP6 2001:db8::7 ::1 1 25\r\n", "250 2.1.0"},
      // Nobody behind a proxy has the quirks of the proxy.
      {"127.0.0.0/8", "PROXY TCP4 192.0.2.7 127.0.0.1 1 25\r\n", "501 "},
      {"127.0.0.0/8", "PROXY UNKNOWN\r\n", "501 "}};
  (void)state;
  for (size_t i = 0u; i < COUNT(rows); i++) {
    trust t;
    trust_prepare(&t, "127.0.0.1");
    t.r.policy.proxy = rows[i].header != NULL ? 1u : 0u;
    // Another quirk for all, beside it.
    t.r.policy.quirks = SMTPC_QUIRK_PATH_BARE;
    trust_rule(&t, "198.51.100.0/24", SMTPC_QUIRK_ALL);
    trust_rule(&t, rows[i].rule, SPACE);
    rig_start(&t.r);
    const int fd = raw_connect(&t.r);
    if (rows[i].header != NULL) {
      raw_send(fd, rows[i].header);
    }
    raw_expect(fd, "220 ");
    test_label("row %zu", i);
    raw_send(fd, "EHLO lamp.example\r\nMAIL FROM:a@b.example\r\n");
    raw_expect(fd, "250 ");
    raw_expect(fd, "250 2.1.0");
    raw_send(fd, "RSET\r\n" WITH_SPACE);
    raw_expect(fd, "250 ");
    raw_expect(fd, rows[i].reply);
    close_all(&t.r, fd);
    rig_free(&t.r);
  }
}

// A health check of the proxy is the proxy's own.
static void test_receiver_peer_local_header_leaves_the_proxy_itself(
    void **state) {
  trust t;
  (void)state;
  trust_prepare(&t, "127.0.0.1");
  t.r.policy.proxy = 1u;
  trust_rule(&t, "127.0.0.0/8", SPACE);
  rig_start(&t.r);
  const int fd = raw_connect(&t.r);
  raw_send_octets(fd, V2 "\x20\x00\0\0", 16u);
  raw_expect(fd, "220 ");
  test_number(offers(fd, "XCLIENT "), 1);
  raw_send(fd, WITH_SPACE);
  raw_expect(fd, "250 2.1.0");
  close_all(&t.r, fd);
  rig_free(&t.r);
}

typedef struct right_row {
  const char *trusted;
  const char *header;
  int offered;
} right_row;

// XCLIENT and XFORWARD are for those who are trusted themselves.
static void test_receiver_peer_behind_a_proxy_may_not_speak_for_others(
    void **state) {
  static const right_row rows[] = {
      {"127.0.0.1", NULL, 1},
      {"127.0.0.0/8", NULL, 1},
      {"192.0.2.0/24", NULL, 0},
      {"127.0.0.1", "PROXY TCP4 192.0.2.7 127.0.0.1 1 25\r\n", 0},
      {"127.0.0.1", "PROXY UNKNOWN\r\n", 0},
      {"127.0.0.0/8", "PROXY TCP4 127.0.0.9 127.0.0.1 1 25\r\n", 1}};
  (void)state;
  for (size_t i = 0u; i < COUNT(rows); i++) {
    trust t;
    trust_prepare(&t, rows[i].trusted);
    t.r.policy.proxy = rows[i].header != NULL ? 1u : 0u;
    rig_start(&t.r);
    const int fd = raw_connect(&t.r);
    if (rows[i].header != NULL) {
      raw_send(fd, rows[i].header);
    }
    raw_expect(fd, "220 ");
    test_label("row %zu", i);
    test_number(offers(fd, "XCLIENT NAME ADDR"), rows[i].offered);
    test_number(offers(fd, "XFORWARD NAME ADDR"), rows[i].offered);
    raw_send(fd, "XFORWARD NAME=x.example\r\nXCLIENT ADDR=192.0.2.9\r\n");
    raw_expect(fd, rows[i].offered ? "250 " : "502 ");
    raw_expect(fd, rows[i].offered ? "220 " : "502 ");
    close_all(&t.r, fd);
    test_number(t.r.findings[SMTPC_FINDING_COMMAND_UNKNOWN], !rows[i].offered);
    rig_free(&t.r);
  }
}

// ------------------------------------------------------------------ XCLIENT

typedef struct client_row {
  const char *command;
  const char *peer;   // NULL: this machine
  const char *self;   // NULL: likewise
  int offered;        // XCLIENT, after it
  const char *reply;  // to what needs the quirk of 192.0.2.0/29
} client_row;

static void run_client(const client_row *row, unsigned later) {
  trust t;
  trust_prepare(&t, "127.0.0.1");
  t.r.slow_peer = later;
  trust_rule(&t, "192.0.2.0/29", SPACE);
  rig_start(&t.r);
  const int fd = raw_connect(&t.r);
  raw_expect(fd, "220 ");
  test_number(offers(fd, "XCLIENT "), 1);
  raw_send(fd, WITH_SPACE);
  raw_expect(fd, "501 ");
  raw_send(fd, row->command);
  raw_expect(fd, "220 ");
  test_label("%s", row->command);
  test_number(offers(fd, "XCLIENT "), row->offered);
  test_number(offers(fd, "XFORWARD "), row->offered);
  raw_send(fd, WITH_SPACE "RSET\r\nMAIL FROM:<a@b.example>\r\n");
  raw_expect(fd, row->reply);
  raw_expect(fd, "250 ");
  raw_expect(fd, "250 ");
  close_all(&t.r, fd);
  if (row->peer != NULL) {
    assert_string_equal(t.r.peer, row->peer);
  } else {
    assert_memory_equal(t.r.peer, "127.0.0.1:", 10);
  }
  if (row->self != NULL) {
    assert_string_equal(t.r.self, row->self);
  } else {
    assert_memory_equal(t.r.self, "127.0.0.1:", 10);
  }
  rig_free(&t.r);
}

static void test_receiver_peer_is_whom_xclient_names(void **state) {
  static const client_row rows[] = {
      {"XCLIENT ADDR=192.0.2.7 PORT=1111 NAME=x.example\r\n", "192.0.2.7:1111",
       NULL, 0, "250 2.1.0"},
      {"XCLIENT NAME=x.example ADDR=192.0.2.8\r\n", "192.0.2.8:0", NULL, 0,
       "501 "},
      {"xclient addr=IPV6:2001:db8::7 port=7 "
       "destaddr=IPV6:2001:db8::1 destport=25\r\n",
       "[2001:db8::7]:7", "[2001:db8::1]:25", 0, "501 "},
      {"XCLIENT ADDR=IPV6:::ffff:192.0.2.7\r\n", "192.0.2.7:0", NULL, 0,
       "250 2.1.0"},
      // In xtext.
      {"XCLIENT ADDR=192+2E0+2E2+2E7\r\n", "192.0.2.7:0", NULL, 0, "250 2.1.0"},
      {"XCLIENT ADDR=[UNAVAILABLE] PORT=7\r\n", "unknown", NULL, 0, "501 "},
      {"XCLIENT ADDR=[tempunavail]\r\n", "unknown", NULL, 0, "501 "},
      // Another proxy that is trusted.
      {"XCLIENT ADDR=127.0.0.1 PORT=2\r\n", "127.0.0.1:2", NULL, 1, "501 "},
      // Who it is has not been said.
      {"XCLIENT NAME=x.example HELO=x PORT=7\r\n", NULL, NULL, 1, "501 "},
      {"XCLIENT LOGIN=me DESTADDR=[UNAVAILABLE]\r\n", NULL, NULL, 1, "501 "}};
  (void)state;
  for (size_t i = 0u; i < COUNT(rows); i++) {
    run_client(&rows[i], 0u);
    run_client(&rows[i], 1u);
  }
}

static void test_receiver_peer_xclient_that_is_refused_changes_nothing(
    void **state) {
  trust t;
  (void)state;
  trust_prepare(&t, "127.0.0.1");
  t.r.peer_answer = SMTPC_ANSWER_NO;
  rig_start(&t.r);
  const int fd = raw_connect(&t.r);
  raw_expect(fd, "220 ");
  test_number(offers(fd, "XCLIENT "), 1);
  raw_send(fd, "XCLIENT ADDR=192.0.2.7\r\n");
  raw_expect(fd, "550 5.7.0 ");
  raw_send(fd, "XFORWARD ADDR=192.0.2.7\r\nMAIL FROM:<a@b.example>\r\n");
  raw_expect(fd, "550 5.7.0 ");
  raw_expect(fd, "250 ");
  test_number(offers(fd, "XCLIENT "), 1);
  close_all(&t.r, fd);
  assert_memory_equal(t.r.peer, "127.0.0.1:", 10);
  assert_string_equal(t.r.hello, "lamp.example");
  rig_free(&t.r);
}

// What the proxy called itself is not what its client does.
static void test_receiver_peer_xclient_forgets_the_name_of_ehlo(void **state) {
  static const char *const commands[] = {"XCLIENT ADDR=192.0.2.7\r\n",
                                         "XCLIENT NAME=x.example\r\n"};
  (void)state;
  for (size_t i = 0u; i < COUNT(commands); i++) {
    trust t;
    trust_prepare(&t, "127.0.0.1");
    rig_start(&t.r);
    const int fd = raw_connect(&t.r);
    raw_expect(fd, "220 ");
    raw_send(fd, "EHLO proxy.example\r\n");
    raw_expect(fd, "250 ");
    raw_send(fd, commands[i]);
    raw_expect(fd, "220 ");
    close_all(&t.r, fd);
    assert_string_equal(t.r.last_hello, "");
    rig_free(&t.r);
  }
}

static void test_receiver_peer_greets_again_after_xclient(void **state) {
  trust t;
  (void)state;
  trust_prepare(&t, "127.0.0.1");
  rig_start(&t.r);
  const int fd = raw_connect(&t.r);
  raw_expect(fd, "220 ");
  raw_send(fd, "EHLO proxy.example\r\nXCLIENT ADDR=192.0.2.7\r\n");
  raw_expect(fd, "250 ");
  raw_expect(fd, "220 ");
  raw_send(fd, "MAIL FROM:<a@b.example>\r\nHELO x\r\nMAIL FROM:<>\r\n");
  raw_expect(fd, "503 ");
  raw_expect(fd, "250 ");
  raw_expect(fd, "250 ");
  close_all(&t.r, fd);
  assert_string_equal(t.r.hello, "x");
  assert_string_equal(t.r.proxied.data, "XCLIENT ADDR=192.0.2.7;");
  rig_free(&t.r);
}

// XFORWARD is for the log: it changes nobody.
static void test_receiver_peer_xforward_changes_nothing(void **state) {
  trust t;
  (void)state;
  trust_prepare(&t, "127.0.0.1");
  trust_rule(&t, "192.0.2.7", SPACE);
  rig_start(&t.r);
  const int fd = raw_connect(&t.r);
  raw_expect(fd, "220 ");
  test_number(offers(fd, "XFORWARD "), 1);
  raw_send(fd, "XFORWARD ADDR=192.0.2.7 PORT=7 IDENT=ab\r\n" WITH_SPACE
               "MAIL FROM:<a@b.example>\r\n");
  raw_expect(fd, "250 2.0.0 ");
  raw_expect(fd, "501 ");
  raw_expect(fd, "250 2.1.0 ");
  close_all(&t.r, fd);
  assert_memory_equal(t.r.peer, "127.0.0.1:", 10);
  assert_string_equal(t.r.hello, "lamp.example");
  assert_string_equal(t.r.proxied.data,
                      "XFORWARD ADDR=192.0.2.7 PORT=7 IDENT=ab;");
  rig_free(&t.r);
}

// Without the callback those who are trusted are believed.
static void test_receiver_peer_needs_no_callback(void **state) {
  trust t;
  (void)state;
  trust_prepare(&t, "127.0.0.1");
  t.r.policy.proxy = 1u;
  t.r.options.callbacks.proxied = NULL;
  rig_start(&t.r);
  const int fd = raw_connect(&t.r);
  raw_send(fd, "PROXY TCP4 127.0.0.1 127.0.0.1 1 25\r\n");
  raw_expect(fd, "220 ");
  raw_send(fd, "XCLIENT ADDR=192.0.2.7\r\nHELO x\r\nMAIL FROM:<>\r\n");
  raw_expect(fd, "220 ");
  raw_expect(fd, "250 ");
  raw_expect(fd, "250 ");
  close_all(&t.r, fd);
  assert_string_equal(t.r.peer, "192.0.2.7:0");
  rig_free(&t.r);
}

// ------------------------------------------------------------- what is wrong

static void expect_refused(const rig *r, int refused) {
  smtpc_net_receiver *receiver = NULL;
  smtpc_net_error error;
  const smtpc_net_error_kind kind =
      smtpc_net_receiver_new(&receiver, &r->options, &error);
  test_label("%s", error.text);
  test_number(kind, refused ? SMTPC_NET_ARGUMENT : SMTPC_NET_NONE);
  smtpc_net_receiver_free(receiver);
}

static void test_receiver_peer_options_that_are_wrong_are_said(void **state) {
  trust t;
  (void)state;
  trust_prepare(&t, "127.0.0.1");
  trust_rule(&t, "127.0.0.1", SMTPC_QUIRK_ALL);
  expect_refused(&t.r, 0);
  t.rules[0].quirks = (uint32_t)SMTPC_QUIRK_ALL + 1u;
  expect_refused(&t.r, 1);
  t.rules[0].quirks = SPACE;
  t.rules[0].range.prefix = 33u;
  expect_refused(&t.r, 1);
  t.rules[0].range = rig_range("::1");
  expect_refused(&t.r, 0);
  t.rules[0].range.prefix = 129u;
  expect_refused(&t.r, 1);
  t.rules[0].range.address.family = SMTPC_FAMILY_NONE;
  expect_refused(&t.r, 1);
  t.r.options.quirk_rule_count = 0u;
  expect_refused(&t.r, 0);
  t.proxies[0].prefix = 33u;
  expect_refused(&t.r, 1);
  t.r.options.proxies = NULL;
  expect_refused(&t.r, 1);
  t.r.options.proxy_count = 0u;
  expect_refused(&t.r, 0);
  t.r.options.quirk_rules = NULL;
  t.r.options.quirk_rule_count = 1u;
  expect_refused(&t.r, 1);
}

// AUTH that would end in the middle of an exchange is no setting.
static void test_receiver_auth_needs_its_callbacks(void **state) {
  rig r;
  (void)state;
  rig_prepare(&r);
  r.policy.auth = SMTPC_AUTH_ON;
  r.policy.mechanisms = SMTPC_MECH(PLAIN) | SMTPC_MECH(SCRAM_SHA_256_PLUS);
  expect_refused(&r, 0);
  r.options.callbacks.salt = NULL;
  expect_refused(&r, 1);
  r.policy.mechanisms = SMTPC_MECH(CRAM_MD5);
  expect_refused(&r, 0);
  r.options.callbacks.random = NULL;
  expect_refused(&r, 1);
  r.policy.mechanisms = SMTPC_MECH(PLAIN) | SMTPC_MECH(OAUTHBEARER);
  expect_refused(&r, 0);
  r.policy.mechanisms = SMTPC_MECHS_PASSWORD;
  expect_refused(&r, 1);
  r.policy.auth = SMTPC_AUTH_OFF;
  expect_refused(&r, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_receiver_peer_is_whom_the_header_names),
      cmocka_unit_test(test_receiver_peer_who_may_not_send_a_header_gets_500),
      cmocka_unit_test(test_receiver_peer_is_not_trusted_by_default),
      cmocka_unit_test(test_receiver_peer_without_its_header_hears_nothing),
      cmocka_unit_test(test_receiver_peer_that_sends_half_a_header_is_cut_off),
      cmocka_unit_test(
          test_receiver_peer_whose_header_is_refused_hears_nothing),
      cmocka_unit_test(test_receiver_peer_header_comes_before_implicit_tls),
      cmocka_unit_test(test_receiver_peer_header_comes_before_starttls),
      cmocka_unit_test(test_receiver_peer_clear_octets_behind_a_header_end),
      cmocka_unit_test(test_receiver_peer_has_the_quirks_of_its_range),
      cmocka_unit_test(test_receiver_peer_local_header_leaves_the_proxy_itself),
      cmocka_unit_test(
          test_receiver_peer_behind_a_proxy_may_not_speak_for_others),
      cmocka_unit_test(test_receiver_peer_is_whom_xclient_names),
      cmocka_unit_test(
          test_receiver_peer_xclient_that_is_refused_changes_nothing),
      cmocka_unit_test(test_receiver_peer_xclient_forgets_the_name_of_ehlo),
      cmocka_unit_test(test_receiver_peer_greets_again_after_xclient),
      cmocka_unit_test(test_receiver_peer_xforward_changes_nothing),
      cmocka_unit_test(test_receiver_peer_needs_no_callback),
      cmocka_unit_test(test_receiver_peer_options_that_are_wrong_are_said),
      cmocka_unit_test(test_receiver_auth_needs_its_callbacks),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
