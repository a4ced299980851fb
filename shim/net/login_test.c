// AUTH over real connections: every mechanism, somebody in the middle, and what goes
// wrong on either side.
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shim/boringssl/testing.h"
#include "shim/net/net_testing.h"
#include "shim/net/receiver_parts.h"
#include "smtpcore/sasl.h"
#include "smtpcore/span.h"

#define BIT(mechanism) ((uint64_t)1 << (mechanism))

static void rig_with_auth(rig *r, uint64_t mechanisms, uint16_t version,
                          int implicit) {
  rig_prepare(r);
  rig_use_tls(r, SMTPC_SERVER_TLS_REQUIRED, implicit);
  test_limit_version(r->context, SMTPC_TLS_SERVER, version);
  r->policy.auth = SMTPC_AUTH_REQUIRED;
  r->policy.mechanisms = mechanisms;
}

static void sender_with_auth(rig_sender *s, uint16_t port, uint64_t mechanisms,
                             const char *password) {
  rig_sender_prepare(s, port);
  rig_sender_use_tls(s, SMTPC_CLIENT_TLS_REQUIRED);
  s->policy.auth = SMTPC_AUTH_REQUIRED;
  s->policy.mechanisms = mechanisms;
  s->password = password;
}

static int is_token(unsigned mechanism) {
  return mechanism == SMTPC_MECHANISM_OAUTHBEARER ||
         mechanism == SMTPC_MECHANISM_XOAUTH2;
}

static void expect_no_secret(const rig_text *trace) {
  // "opensesame7" and its base64 in the three alignments, and so for a piece of the
  // token.
  static const char *const words[] = {
      "opensesame", "b3BlbnNlc2FtZT", "9wZW5zZXNhbWU3", "vcGVuc2VzYW1lN",
      "lamp-token", "bGFtcC10b2tlb",  "xhbXAtdG9rZW",   "sYW1wLXRva2Vu"};
  for (size_t i = 0u; i < TEST_COUNT(words); i++) {
    assert_null(strstr(trace->data, words[i]));
  }
  assert_non_null(strstr(trace->data, " ***\n"));
}

// One login and one message. `device` NONE: it succeeds.
static void log_in(unsigned mechanism, uint16_t version, const char *name,
                   const char *password, unsigned device) {
  rig r;
  rig_sender s;
  rig_with_auth(&r, BIT(mechanism), version, 0);
  rig_start(&r);
  sender_with_auth(&s, smtpc_net_receiver_port(r.receiver), BIT(mechanism),
                   password);
  s.name = name;
  test_number(rig_send(&s), SMTPC_NET_NONE);
  rig_wait(&r, &r.ended, 1u);
  rig_stop(&r);
  test_label("%s, %x, trace:\n%s", smtpc_mechanism_get(mechanism).name,
             (unsigned)version, s.trace.data);
  test_number(s.result.end.device, device);
  test_number(s.result.end.authenticated, device == SMTPC_DEVICE_NONE);
  test_number(r.ends[0].authenticated, device == SMTPC_DEVICE_NONE);
  test_number(r.stored, device == SMTPC_DEVICE_NONE);
  test_number(s.result.mechanism, mechanism);
  test_number(s.result.end.tls.version, version);
  expect_no_secret(&s.trace);
  expect_no_secret(&r.trace);
  rig_sender_free(&s);
  rig_free(&r);
}

static const uint8_t mechanisms[] = {SMTPC_MECHANISM_PLAIN,
                                     SMTPC_MECHANISM_LOGIN,
                                     SMTPC_MECHANISM_CRAM_MD5,
                                     SMTPC_MECHANISM_OAUTHBEARER,
                                     SMTPC_MECHANISM_XOAUTH2,
                                     SMTPC_MECHANISM_SCRAM_SHA_1,
                                     SMTPC_MECHANISM_SCRAM_SHA_256,
                                     SMTPC_MECHANISM_SCRAM_SHA_1_PLUS,
                                     SMTPC_MECHANISM_SCRAM_SHA_256_PLUS};

static void test_login_by_every_mechanism_and_version(void **state) {
  static const uint16_t versions[] = {SMTPC_TLS_1_2, SMTPC_TLS_1_3};
  (void)state;
  for (size_t i = 0u; i < TEST_COUNT(mechanisms); i++) {
    for (size_t k = 0u; k < TEST_COUNT(versions); k++) {
      log_in(mechanisms[i], versions[k], RIG_USER,
             is_token(mechanisms[i]) ? RIG_TOKEN : RIG_PASSWORD,
             SMTPC_DEVICE_NONE);
    }
  }
}

static void test_login_with_a_wrong_secret_is_839(void **state) {
  (void)state;
  for (size_t i = 0u; i < TEST_COUNT(mechanisms); i++) {
    log_in(mechanisms[i], SMTPC_TLS_1_3, RIG_USER,
           is_token(mechanisms[i]) ? "ya29.lamp-tokem" : RIG_PASSWORD "8",
           SMTPC_DEVICE_839);
  }
}

// The right password of a name that there is not.
static void test_login_with_an_unknown_name_is_839(void **state) {
  (void)state;
  for (size_t i = 0u; i < TEST_COUNT(mechanisms); i++) {
    log_in(mechanisms[i], SMTPC_TLS_1_3, "lamq",
           is_token(mechanisms[i]) ? RIG_TOKEN : RIG_PASSWORD,
           SMTPC_DEVICE_839);
  }
}

// Of all that both speak, the strongest is bound to the channel.
static void test_login_takes_the_strongest(void **state) {
  rig r;
  rig_sender s;
  (void)state;
  rig_with_auth(&r, SMTPC_MECHS_PASSWORD, SMTPC_TLS_1_3, 0);
  rig_start(&r);
  sender_with_auth(&s, smtpc_net_receiver_port(r.receiver),
                   SMTPC_MECHS_PASSWORD, RIG_PASSWORD);
  test_number(rig_send(&s), SMTPC_NET_NONE);
  rig_stop(&r);
  test_number(s.done, 1);
  test_number(s.result.mechanism, SMTPC_MECHANISM_SCRAM_SHA_256_PLUS);
  rig_sender_free(&s);
  rig_free(&r);
}

// ------------------------------------------------------------ in the middle

typedef struct between {
  const char *what;
  uint64_t server;
  uint64_t client;
  uint16_t version;
  uint8_t same;     // 1: whoever is in the middle has the server's key
  uint8_t finding;  // of the receiver
  const char *strike;
} between;

static void run_between(const between *row) {
  rig r;
  rig_sender s;
  rig_relay relay;
  rig_with_auth(&r, row->server, row->version, 1);
  rig_start(&r);
  rig_relay_start(&relay, &r, row->same != 0u ? rig_identity() : rig_stranger(),
                  row->version);
  relay.strike = row->strike;
  sender_with_auth(&s, relay.port, row->client, RIG_PASSWORD);
  s.policy.implicit_tls = 1u;
  test_number(rig_send(&s), SMTPC_NET_NONE);
  rig_relay_stop(&relay);
  rig_wait(&r, &r.ended, 1u);
  rig_stop(&r);
  const int accepted = row->finding == SMTPC_FINDING_NONE;
  test_label("%s, trace:\n%s", row->what, s.trace.data);
  test_number(s.result.end.authenticated, accepted);
  test_number(r.ends[0].authenticated, accepted);
  test_number(r.stored, accepted);
  test_number(r.findings[SMTPC_FINDING_AUTH_BINDING], !accepted);
  test_number(s.result.end.tls.version, row->version);
  test_number(relay.struck, row->strike != NULL);
  rig_sender_free(&s);
  rig_free(&r);
}

static void test_login_is_bound_to_its_channel(void **state) {
  static const uint64_t plus =
      SMTPC_MECH(SCRAM_SHA_1_PLUS) | SMTPC_MECH(SCRAM_SHA_256_PLUS);
  static const uint64_t both = SMTPC_MECH(SCRAM_SHA_256_PLUS) |
                               SMTPC_MECH(SCRAM_SHA_256) |
                               SMTPC_MECH(SCRAM_SHA_1_PLUS);
  static const between rows[] = {
      {"tls-exporter", plus, plus, SMTPC_TLS_1_3, 0u,
       SMTPC_FINDING_AUTH_BINDING, NULL},
      {"tls-exporter, the same key", plus, plus, SMTPC_TLS_1_3, 1u,
       SMTPC_FINDING_AUTH_BINDING, NULL},
      {"tls-server-end-point, another certificate", plus, plus, SMTPC_TLS_1_2,
       0u, SMTPC_FINDING_AUTH_BINDING, NULL},
      // What this binding cannot see: a front that has the certificate.
      {"tls-server-end-point, the same certificate", plus, plus, SMTPC_TLS_1_2,
       1u, SMTPC_FINDING_NONE, NULL},
      {"the offer cut out", both, both, SMTPC_TLS_1_3, 0u,
       SMTPC_FINDING_AUTH_BINDING, "SCRAM-SHA-256-PLUS"},
      {"no binding asked for", SMTPC_MECH(SCRAM_SHA_256),
       SMTPC_MECH(SCRAM_SHA_256), SMTPC_TLS_1_3, 0u, SMTPC_FINDING_NONE, NULL}};
  (void)state;
  for (size_t i = 0u; i < TEST_COUNT(rows); i++) {
    run_between(&rows[i]);
  }
}

// --------------------------------------------------- what a receiver answers

static size_t decode(char *text) {
  smtpc_span out = {0u, 0u};
  assert_int_equal(smtpc_base64_decode((uint8_t *)text,
                                       smtpc_span_make(0u, strlen(text)), &out),
                   SMTPC_OK);
  text[out.end] = '\0';
  return out.end;
}

// The server's first message to a name: from its salt on.
static void ask_salt(const rig *r, const char *first, char *out, size_t cap) {
  hand h;
  char line[1024];
  hand_open(&h, r, 0u);
  hand_say(&h, "EHLO lamp.example\r\n");
  hand_hear(&h, "250 ");
  hand_say(&h, first);
  assert_true(hand_line(&h, line, sizeof line));
  assert_memory_equal(line, "334 ", 4);
  (void)decode(line + 4);
  const char *salt = strstr(line + 4, ",s=");
  assert_non_null(salt);
  assert_true(strlen(salt) < cap);
  memcpy(out, salt, strlen(salt) + 1u);
  hand_say(&h, "*\r\n");
  hand_hear(&h, "501 ");
  hand_close(&h);
}

// Nobody learns from the salt whether there is such a name.
static void test_login_salt_of_an_unknown_name_stays(void **state) {
  // n,,n=nobody,r=abc and n,,n=lamp,r=abc
  static const char nobody[] =
      "AUTH SCRAM-SHA-256 biwsbj1ub2JvZHkscj1hYmM=\r\n";
  static const char lamp[] = "AUTH SCRAM-SHA-256 biwsbj1sYW1wLHI9YWJj\r\n";
  char salts[3][64];
  rig r;
  (void)state;
  rig_with_auth(&r, SMTPC_MECHS_PASSWORD, SMTPC_TLS_1_3, 0);
  rig_start(&r);
  ask_salt(&r, nobody, salts[0], sizeof salts[0]);
  ask_salt(&r, nobody, salts[1], sizeof salts[1]);
  ask_salt(&r, lamp, salts[2], sizeof salts[2]);
  rig_stop(&r);
  assert_string_equal(salts[0], salts[1]);
  assert_string_not_equal(salts[0], salts[2]);
  test_number(strlen(salts[0]), strlen(salts[2]));
  rig_free(&r);
}

static int no_salt(void *user, smtpc_net_session *session, unsigned mechanism,
                   const uint8_t *name, size_t name_len, smtpc_net_salt *out) {
  (void)user;
  (void)session;
  (void)mechanism;
  (void)name;
  (void)name_len;
  out->len = 4u;
  out->iterations = SMTPC_ITERATIONS_MIN;
  return 0;
}

static int empty_salt(void *user, smtpc_net_session *session,
                      unsigned mechanism, const uint8_t *name, size_t name_len,
                      smtpc_net_salt *out) {
  (void)no_salt(user, session, mechanism, name, name_len, out);
  out->len = 0u;
  return 1;
}

static int long_salt(void *user, smtpc_net_session *session, unsigned mechanism,
                     const uint8_t *name, size_t name_len,
                     smtpc_net_salt *out) {
  (void)no_salt(user, session, mechanism, name, name_len, out);
  out->len = sizeof out->salt + 1u;
  return 1;
}

static int weak_salt(void *user, smtpc_net_session *session, unsigned mechanism,
                     const uint8_t *name, size_t name_len,
                     smtpc_net_salt *out) {
  (void)no_salt(user, session, mechanism, name, name_len, out);
  out->iterations = SMTPC_ITERATIONS_MIN - 1u;
  return 1;
}

static int slow_salt(void *user, smtpc_net_session *session, unsigned mechanism,
                     const uint8_t *name, size_t name_len,
                     smtpc_net_salt *out) {
  (void)no_salt(user, session, mechanism, name, name_len, out);
  out->iterations = SMTPC_ITERATIONS_MAX + 1u;
  return 1;
}

// An account that cannot be used now is 454, and the session goes on.
static void test_login_without_a_salt_is_refused_for_now(void **state) {
  int (*const salts[])(void *, smtpc_net_session *, unsigned, const uint8_t *,
                       size_t, smtpc_net_salt *) = {
      no_salt, empty_salt, long_salt, weak_salt, slow_salt};
  (void)state;
  for (size_t i = 0u; i < TEST_COUNT(salts); i++) {
    rig r;
    hand h;
    rig_with_auth(&r, SMTPC_MECH(SCRAM_SHA_1), SMTPC_TLS_1_3, 0);
    r.options.callbacks.salt = salts[i];
    rig_start(&r);
    hand_open(&h, &r, 0u);
    hand_say(&h, "EHLO lamp.example\r\n");
    hand_hear(&h, "250 ");
    hand_say(&h, "AUTH SCRAM-SHA-1 biwsbj1sYW1wLHI9YWJj\r\n");
    hand_hear(&h, "454 4.7.0 ");
    hand_say(&h, "QUIT\r\n");
    hand_hear(&h, "221 ");
    hand_close(&h);
    rig_stop(&r);
    test_number(r.ends[0].reason, SMTPC_END_QUIT);
    rig_free(&r);
  }
}

static int no_random(void *user, uint8_t *out, size_t len) {
  (void)user;
  (void)out;
  (void)len;
  return 0;
}

// Without chance there is no exchange that could be trusted.
static void test_login_without_random_octets_ends(void **state) {
  static const char *const lines[] = {
      "AUTH CRAM-MD5\r\n", "AUTH SCRAM-SHA-1 biwsbj1sYW1wLHI9YWJj\r\n"};
  (void)state;
  for (size_t i = 0u; i < TEST_COUNT(lines); i++) {
    rig r;
    hand h;
    char line[64];
    rig_with_auth(&r, SMTPC_MECH(SCRAM_SHA_1) | SMTPC_MECH(CRAM_MD5),
                  SMTPC_TLS_1_3, 0);
    r.options.callbacks.random = no_random;
    rig_start(&r);
    hand_open(&h, &r, 0u);
    hand_say(&h, "EHLO lamp.example\r\n");
    hand_hear(&h, "250 ");
    hand_say(&h, lines[i]);
    test_number(hand_line(&h, line, sizeof line), 0);
    hand_close(&h);
    rig_wait(&r, &r.ended, 1u);
    rig_stop(&r);
    test_number(r.ends[0].reason, SMTPC_END_LOCAL);
    rig_free(&r);
  }
}

// ------------------------------------------------------------ what stays behind

static unsigned left_behind;

static unsigned count_left(const uint8_t *data, size_t len) {
  unsigned count = 0u;
  for (size_t i = 0u; i < len; i++) {
    count += data[i] != 0u ? 1u : 0u;
  }
  return count;
}

static unsigned look_at_session(void *user, smtpc_net_session *session,
                                const smtpc_net_mail *mail) {
  (void)user;
  (void)mail;
  left_behind += count_left(session->gift, sizeof session->gift) +
                 count_left(session->signature, sizeof session->signature);
  return SMTPC_ANSWER_YES;
}

// What an exchange was given is wiped when it was taken.
static void test_login_leaves_nothing_behind(void **state) {
  (void)state;
  left_behind = 0u;
  for (size_t i = 0u; i < TEST_COUNT(mechanisms); i++) {
    rig r;
    rig_sender s;
    rig_with_auth(&r, BIT(mechanisms[i]), SMTPC_TLS_1_3, 0);
    r.options.callbacks.sender = look_at_session;
    rig_start(&r);
    sender_with_auth(&s, smtpc_net_receiver_port(r.receiver),
                     BIT(mechanisms[i]),
                     is_token(mechanisms[i]) ? RIG_TOKEN : RIG_PASSWORD);
    test_number(rig_send(&s), SMTPC_NET_NONE);
    rig_stop(&r);
    test_number(s.done, 1);
    rig_sender_free(&s);
    rig_free(&r);
  }
  test_number(left_behind, 0);
}

// ------------------------------------------------------- answers that come late

static void test_login_may_be_judged_on_another_thread(void **state) {
  static const uint8_t slow[] = {
      SMTPC_MECHANISM_PLAIN, SMTPC_MECHANISM_CRAM_MD5,
      SMTPC_MECHANISM_SCRAM_SHA_256_PLUS, SMTPC_MECHANISM_OAUTHBEARER};
  (void)state;
  for (size_t i = 0u; i < 2u * TEST_COUNT(slow); i++) {
    const unsigned mechanism = slow[i / 2u];
    const int right = i % 2u == 0u;
    rig r;
    rig_sender s;
    rig_with_auth(&r, BIT(mechanism), SMTPC_TLS_1_3, 0);
    r.slow_login = 1u;
    r.gate = 1u;
    rig_start(&r);
    sender_with_auth(&s, smtpc_net_receiver_port(r.receiver), BIT(mechanism),
                     is_token(mechanism) ? RIG_TOKEN : RIG_PASSWORD);
    s.name = right ? RIG_USER : "lamq";
    test_number(rig_send(&s), SMTPC_NET_NONE);
    rig_stop(&r);
    test_label("%s, trace:\n%s", smtpc_mechanism_get(mechanism).name,
               s.trace.data);
    test_number(r.working, 1);
    test_number(s.result.end.authenticated, right);
    test_number(r.stored, right);
    rig_sender_free(&s);
    rig_free(&r);
  }
}

static void put_base64(const uint8_t *data, size_t len, char *out, size_t cap) {
  size_t end = 0u;
  smtpc_base64 encoder = {0u, 0u, {0u, 0u, 0u}};
  smtpc_out line = smtpc_out_begin((uint8_t *)out, cap - 1u);
  smtpc_base64_put(&encoder, &line, data, len);
  smtpc_base64_end(&encoder, &line);
  assert_int_equal(smtpc_out_end(&line, &end), SMTPC_OK);
  out[end - 2u] = '\0';
}

// The client's final message, without CRLF, to the server's first one, which came for
// "n,,n=lamp,r=abc": r=nonce,s=salt,i=4096.
static void make_final(const char *first, char *out, size_t cap) {
  static const char password[] = RIG_PASSWORD;
  char without[256];
  char text[2048];
  char salt[64];
  char message[512];
  uint8_t proof[2u * SMTPC_DIGEST_MAX];
  size_t len = 0u;
  const char *at = strstr(first, ",s=");
  assert_non_null(at);
  (void)snprintf(salt, sizeof salt, "%.*s", (int)strcspn(at + 3, ","), at + 3);
  (void)snprintf(without, sizeof without, "c=biws,%.*s", (int)(at - first),
                 first);
  (void)snprintf(text, sizeof text, "n=lamp,r=abc,%s,%s", first, without);
  const smtpc_boringssl_secret secret = {
      (const uint8_t *)password, sizeof password - 1u, (const uint8_t *)salt,
      decode(salt), SMTPC_ITERATIONS_MIN};
  assert_int_equal(smtpc_boringssl_sasl_digest(SMTPC_MECHANISM_SCRAM_SHA_1,
                                               &secret, (const uint8_t *)text,
                                               strlen(text), proof, &len),
                   SMTPC_OK);
  put_base64(proof, SMTPC_SHA1_LEN, salt, sizeof salt);
  (void)snprintf(message, sizeof message, "%s,p=%s", without, salt);
  put_base64((const uint8_t *)message, strlen(message), out, cap);
}

// Its client goes away, or the receiver is stopped at once, while the thread still
// writes the signature into the session: both wait for it.
static void test_login_outlives_its_client_while_it_is_judged(void **state) {
  (void)state;
  for (unsigned i = 0u; i < 2u; i++) {
    rig r;
    hand h;
    char line[1024];
    char text[SMTPC_OUT_MAX + 1u];
    rig_with_auth(&r, SMTPC_MECH(SCRAM_SHA_1), SMTPC_TLS_1_3, 0);
    r.slow_login = 1u;
    rig_start(&r);
    hand_open(&h, &r, 0u);
    hand_say(&h, "EHLO lamp.example\r\n");
    hand_hear(&h, "250 ");
    hand_say(&h, "AUTH SCRAM-SHA-1 biwsbj1sYW1wLHI9YWJj\r\n");
    assert_true(hand_line(&h, line, sizeof line));
    (void)decode(line + 4);
    make_final(line + 4, text, sizeof text);
    hand_say(&h, text);
    hand_say(&h, "\r\n");
    rig_wait(&r, &r.working, 1u);
    if (i == 0u) {
      raw_reset(h.fd);
      h.fd = -1;
    } else {
      smtpc_net_receiver_stop(r.receiver);
      smtpc_net_receiver_stop(r.receiver);
    }
    test_number(r.ended, 0);
    rig_open_gate(&r);
    rig_wait(&r, &r.ended, 1u);
    rig_stop(&r);
    // The proof was right, but nobody was there to take the signature for it.
    test_number(r.findings[SMTPC_FINDING_AUTH_FAILED], 0);
    test_number(r.ends[0].authenticated, 0);
    hand_close(&h);
    rig_free(&r);
  }
}

// ------------------------------------------------------- what a sender is given

static int zero_random(void *user, uint8_t *out, size_t len) {
  (void)user;
  memset(out, 0, len);
  return 1;
}

static int no_digest(void *user, const smtpc_net_digest *ask,
                     smtpc_net_login *out,
                     uint8_t digest[2u * SMTPC_DIGEST_MAX]) {
  (void)user;
  (void)ask;
  (void)out;
  (void)digest;
  return 0;
}

// r=<32 zeros>x,s=c2FsdA==,i=4096, and v=<32 zeros> in base64
#define FIRST                                                            \
  "334 cj0wMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMHgscz1jMkZzZEE9PSxp" \
  "PTQwOTY=\r\n"
#define FINAL \
  "334 dj1BQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBPQ==\r\n"

// A server that bets on a client without a digest: its signature would be zeros.
static const rig_step bet[] = {
    {"", "220 x\r\n"},  {"EHLO", "250-x\r\n250 AUTH SCRAM-SHA-256\r\n"},
    {"AUTH", FIRST},    {"Yz1", FINAL},
    {"", "235 ok\r\n"}, {"MAIL", "250 ok\r\n"},
    {"", NULL}};

static void sender_in_clear(rig_sender *s, uint64_t with) {
  rig_sender_prepare(s, 0u);
  s->policy.auth = SMTPC_AUTH_REQUIRED;
  s->policy.mechanisms = with;
  s->password = RIG_PASSWORD;
  for (unsigned i = 0u; i < SMTPC_DEADLINE_COUNT; i++) {
    s->options.deadlines.seconds[i] = 20u;
  }
}

static void expect_gave_up(rig_sender *s) {
  test_number(s->result.end.reason, SMTPC_END_LOCAL);
  test_number(s->result.end.finding, SMTPC_FINDING_LOCAL_INPUT);
  test_number(s->findings[SMTPC_FINDING_LOCAL_INPUT], 1);
  test_number(s->result.end.authenticated, 0);
  test_number(s->done, 0);
  assert_null(strstr(s->trace.data, "MAIL"));
}

static void test_login_sender_without_a_digest_gives_up(void **state) {
  rig_sender s;
  (void)state;
  sender_in_clear(&s, SMTPC_MECH(SCRAM_SHA_256));
  s.options.callbacks.random = zero_random;
  s.options.callbacks.digest = no_digest;
  rig_send_to(bet, 1, &s);
  expect_gave_up(&s);
  // The server's first message was understood; no proof followed it.
  assert_non_null(
      strstr(s.trace.data, "C: AUTH SCRAM-SHA-256 ***\nS: 334 cj0"));
  test_number(s.result.end.stats.lines, 4);
  rig_sender_free(&s);
}

// The same server and a client that has its password: the signature is wrong.
static void test_login_sender_checks_the_servers_signature(void **state) {
  rig_sender s;
  (void)state;
  sender_in_clear(&s, SMTPC_MECH(SCRAM_SHA_256));
  s.options.callbacks.random = zero_random;
  rig_send_to(bet, 1, &s);
  test_number(s.result.end.reason, SMTPC_END_AUTH);
  test_number(s.result.end.device, SMTPC_DEVICE_843);
  test_number(s.findings[SMTPC_FINDING_AUTH_SERVER], 1);
  test_number(s.result.end.authenticated, 0);
  assert_null(strstr(s.trace.data, "MAIL"));
  rig_sender_free(&s);
}

static void test_login_sender_without_random_octets_gives_up(void **state) {
  rig_sender s;
  (void)state;
  for (unsigned i = 0u; i < 2u; i++) {
    sender_in_clear(&s, SMTPC_MECH(SCRAM_SHA_256));
    s.options.callbacks.random = i == 0u ? no_random : NULL;
    rig_send_to(bet, 1, &s);
    expect_gave_up(&s);
    assert_null(strstr(s.trace.data, "C: AUTH"));
    rig_sender_free(&s);
  }
}

static void test_login_sender_without_a_password_gives_up(void **state) {
  static const rig_step steps[] = {
      {"", "220 x\r\n"},
      {"EHLO", "250-x\r\n250 AUTH LOGIN PLAIN EXTERNAL CRAM-MD5\r\n"},
      {"AUTH", "334 PDFAeD4=\r\n"},
      {"", NULL}};
  static const uint8_t with[] = {SMTPC_MECHANISM_PLAIN, SMTPC_MECHANISM_LOGIN,
                                 SMTPC_MECHANISM_CRAM_MD5};
  (void)state;
  for (size_t i = 0u; i < TEST_COUNT(with); i++) {
    rig_sender s;
    sender_in_clear(&s, BIT(with[i]));
    s.policy.quirks = SMTPC_QUIRK_AUTH_IN_CLEAR;
    s.policy.auth_order = SMTPC_AUTH_ORDER_MANUAL;
    s.password = NULL;
    rig_send_to(steps, 1, &s);
    expect_gave_up(&s);
    rig_sender_free(&s);
  }
}

// EXTERNAL needs no name and no password; one that has none did not ask for it.
static void test_login_sender_without_credentials_says_no_external(
    void **state) {
  rig r;
  rig_sender s;
  (void)state;
  rig_with_auth(&r, SMTPC_MECH(EXTERNAL), SMTPC_TLS_1_3, 0);
  rig_start(&r);
  sender_with_auth(&s, smtpc_net_receiver_port(r.receiver),
                   SMTPC_MECH(EXTERNAL), NULL);
  test_number(rig_send(&s), SMTPC_NET_NONE);
  rig_wait(&r, &r.ended, 1u);
  rig_stop(&r);
  expect_gave_up(&s);
  assert_null(strstr(r.trace.data, "C: AUTH"));
  rig_sender_free(&s);
  rig_free(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_login_by_every_mechanism_and_version),
      cmocka_unit_test(test_login_with_a_wrong_secret_is_839),
      cmocka_unit_test(test_login_with_an_unknown_name_is_839),
      cmocka_unit_test(test_login_takes_the_strongest),
      cmocka_unit_test(test_login_is_bound_to_its_channel),
      cmocka_unit_test(test_login_salt_of_an_unknown_name_stays),
      cmocka_unit_test(test_login_without_a_salt_is_refused_for_now),
      cmocka_unit_test(test_login_without_random_octets_ends),
      cmocka_unit_test(test_login_leaves_nothing_behind),
      cmocka_unit_test(test_login_may_be_judged_on_another_thread),
      cmocka_unit_test(test_login_outlives_its_client_while_it_is_judged),
      cmocka_unit_test(test_login_sender_without_a_digest_gives_up),
      cmocka_unit_test(test_login_sender_checks_the_servers_signature),
      cmocka_unit_test(test_login_sender_without_random_octets_gives_up),
      cmocka_unit_test(test_login_sender_without_a_password_gives_up),
      cmocka_unit_test(test_login_sender_without_credentials_says_no_external),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
