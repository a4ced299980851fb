#include "smtpcore/outcome.h"

#include <string.h>

#include "core/testing.h"
#include "smtpcore/session.h"

typedef struct row {
  const char *what;
  smtpc_attempt attempt;
  unsigned finding;  // that was seen
  smtpc_outcome want;
} row;

#define END(r, f, d)                    \
  .end = {.reason = SMTPC_END_##r,      \
          .finding = SMTPC_FINDING_##f, \
          .device = SMTPC_DEVICE_##d}
#define DONE(c) .message_done = true, .message_code = (c)
#define RCPT(count, taken, later, refused)                             \
  .rcpt_count = (count), .rcpt_taken = (taken), .rcpt_later = (later), \
  .rcpt_refused = (refused)
// Under LMTP `later` and `refused` count answers to the message too.
#define HAVE(n) .delivered = (n)

static const row rows[] = {
    {"delivered",
     {END(QUIT, NONE, NONE), DONE(250u), RCPT(1u, 1u, 0u, 0u)},
     0u,
     SMTPC_OUTCOME_DELIVERED},
    {"delivered, then the stream broke",
     {END(PEER, TLS_LOST, NONE), DONE(250u), RCPT(1u, 1u, 0u, 0u)},
     0u,
     SMTPC_OUTCOME_DELIVERED},
    {"delivered, then the server lost its mind",
     {END(PROTOCOL, REPLY_UNSOLICITED, NONE), DONE(250u), RCPT(1u, 1u, 0u, 0u)},
     0u,
     SMTPC_OUTCOME_DELIVERED},
    {"one of two refused",
     {END(QUIT, NONE, NONE), DONE(250u), RCPT(2u, 1u, 0u, 1u)},
     0u,
     SMTPC_OUTCOME_REFUSED},
    {"one of two later",
     {END(QUIT, NONE, NONE), DONE(250u), RCPT(2u, 1u, 1u, 0u)},
     0u,
     SMTPC_OUTCOME_LATER},
    {"one later, one refused",
     {END(QUIT, NONE, NONE), DONE(250u), RCPT(3u, 1u, 1u, 1u)},
     0u,
     SMTPC_OUTCOME_REFUSED},
    {"LMTP: all have it",
     {END(QUIT, NONE, NONE), DONE(250u), RCPT(2u, 2u, 0u, 0u), HAVE(2u)},
     0u,
     SMTPC_OUTCOME_DELIVERED},
    {"LMTP: one has it, one is refused",
     {END(QUIT, NONE, NONE), DONE(550u), RCPT(2u, 2u, 0u, 1u), HAVE(1u)},
     0u,
     SMTPC_OUTCOME_REFUSED},
    {"LMTP: one has it, one later",
     {END(QUIT, NONE, NONE), DONE(452u), RCPT(2u, 2u, 1u, 0u), HAVE(1u)},
     0u,
     SMTPC_OUTCOME_LATER},
    {"LMTP: one has it, one later, one is refused",
     {END(QUIT, NONE, NONE), DONE(452u), RCPT(3u, 3u, 1u, 1u), HAVE(1u)},
     0u,
     SMTPC_OUTCOME_REFUSED},
    {"LMTP: nobody has it, and one may later",
     {END(QUIT, NONE, NONE), DONE(452u), RCPT(2u, 2u, 1u, 1u)},
     0u,
     SMTPC_OUTCOME_LATER},
    {"LMTP: nobody will have it",
     {END(QUIT, NONE, NONE), DONE(554u), RCPT(2u, 2u, 0u, 2u)},
     0u,
     SMTPC_OUTCOME_REFUSED},
    {"LMTP: one has it, then the peer left",
     {END(PEER, ABORTED, NONE), RCPT(2u, 2u, 0u, 0u), HAVE(1u)},
     0u,
     SMTPC_OUTCOME_LATER},
    {"a recipient beyond the server's limit",
     {END(QUIT, NONE, NONE), DONE(250u), RCPT(2u, 1u, 1u, 0u), HAVE(1u)},
     SMTPC_FINDING_LIMIT_KEPT,
     SMTPC_OUTCOME_LATER},
    {"a message beyond the server's limit",
     {END(QUIT, NONE, NONE), DONE(452u)},
     SMTPC_FINDING_LIMIT_KEPT,
     SMTPC_OUTCOME_LATER},
    {"held for longer than the server does",
     {END(QUIT, NONE, NONE), DONE(501u)},
     SMTPC_FINDING_LIMIT_KEPT,
     SMTPC_OUTCOME_REFUSED},
    {"message 4xx",
     {END(QUIT, NONE, NONE), DONE(452u)},
     0u,
     SMTPC_OUTCOME_LATER},
    {"message 5xx",
     {END(QUIT, NONE, NONE), DONE(554u)},
     0u,
     SMTPC_OUTCOME_REFUSED},
    {"message 5xx, then the peer left",
     {END(PEER, ABORTED, NONE), DONE(554u)},
     0u,
     SMTPC_OUTCOME_REFUSED},
    {"8BITMIME is missing",
     {END(QUIT, NONE, NONE), DONE(0u)},
     SMTPC_FINDING_EXTENSION_MISSING,
     SMTPC_OUTCOME_REFUSED},
    {"too big for the server",
     {END(QUIT, NONE, NONE), DONE(552u)},
     SMTPC_FINDING_SIZE_EXCEEDED,
     SMTPC_OUTCOME_REFUSED},
    {"an address that must not be sent",
     {END(QUIT, NONE, NONE), DONE(0u)},
     SMTPC_FINDING_LOCAL_INPUT,
     SMTPC_OUTCOME_USAGE},
    {"greeting 554",
     {END(SERVICE, SERVICE_REFUSED, NONE), .session_code = 554u},
     0u,
     SMTPC_OUTCOME_REFUSED},
    {"greeting 421",
     {END(SERVICE, SERVICE_REFUSED, NONE), .session_code = 421u},
     0u,
     SMTPC_OUTCOME_LATER},
    {"sender refused, then the peer left",
     {END(PEER, ABORTED, NONE), .session_code = 530u, RCPT(1u, 0u, 0u, 0u)},
     0u,
     SMTPC_OUTCOME_REFUSED},
    {"sender later, then the peer left",
     {END(PEER, ABORTED, NONE), .session_code = 451u, RCPT(1u, 0u, 0u, 0u)},
     0u,
     SMTPC_OUTCOME_LATER},
    {"one recipient refused, the other lost",
     {END(PEER, ABORTED, NONE), .session_code = 550u, RCPT(2u, 0u, 0u, 1u)},
     0u,
     SMTPC_OUTCOME_LATER},
    {"one recipient refused, then 421",
     {END(SERVICE, SERVICE_REFUSED, NONE), .session_code = 550u,
      RCPT(2u, 1u, 0u, 1u)},
     0u,
     SMTPC_OUTCOME_LATER},
    {"all recipients refused, then the peer left",
     {END(PEER, ABORTED, NONE), .session_code = 550u, RCPT(2u, 0u, 0u, 2u)},
     0u,
     SMTPC_OUTCOME_REFUSED},
    {"the peer left", {END(PEER, ABORTED, NONE)}, 0u, SMTPC_OUTCOME_LATER},
    {"a deadline", {END(TIMEOUT, DEADLINE, NONE)}, 0u, SMTPC_OUTCOME_LATER},
    {"a signal", {END(SHUTDOWN, NONE, NONE)}, 0u, SMTPC_OUTCOME_LATER},
    {"a signal after a refusal",
     {END(SHUTDOWN, NONE, NONE), .session_code = 550u},
     0u,
     SMTPC_OUTCOME_LATER},
    {"no TLS",
     {END(REFUSED, TLS_NOT_OFFERED, NONE)},
     0u,
     SMTPC_OUTCOME_PROTOCOL},
    {"TLS failed", {END(TLS, TLS_FAILED, NONE)}, 0u, SMTPC_OUTCOME_PROTOCOL},
    {"no common cipher",
     {END(TLS, TLS_FAILED, 841)},
     0u,
     SMTPC_OUTCOME_PROTOCOL},
    {"client certificate",
     {END(TLS, TLS_LOST, 842)},
     0u,
     SMTPC_OUTCOME_PROTOCOL},
    {"protocol",
     {END(PROTOCOL, REPLY_MALFORMED, NONE)},
     0u,
     SMTPC_OUTCOME_PROTOCOL},
    {"bad password",
     {END(AUTH, AUTH_FAILED, 839)},
     0u,
     SMTPC_OUTCOME_AUTHENTICATION},
    {"AUTH failed otherwise",
     {END(AUTH, AUTH_EXCHANGE, 843)},
     0u,
     SMTPC_OUTCOME_AUTHENTICATION},
    {"AUTH is not offered",
     {END(REFUSED, AUTH_NOT_OFFERED, AUTH_NOT_OFFERED)},
     0u,
     SMTPC_OUTCOME_AUTHENTICATION},
    {"no mechanism in common",
     {END(REFUSED, AUTH_NO_MECHANISM, AUTH_NO_MECHANISM)},
     0u,
     SMTPC_OUTCOME_AUTHENTICATION},
    {"the server did not prove itself",
     {END(AUTH, AUTH_SERVER, 843)},
     0u,
     SMTPC_OUTCOME_AUTHENTICATION},
    {"AUTH answered by nonsense",
     {END(PROTOCOL, REPLY_UNEXPECTED, 843)},
     0u,
     SMTPC_OUTCOME_AUTHENTICATION},
    {"bad content", {END(LOCAL, LOCAL_INPUT, NONE)}, 0u, SMTPC_OUTCOME_USAGE},
    {"bad recipient parameter",
     {END(LOCAL, EXTENSION_MISSING, NONE)},
     0u,
     SMTPC_OUTCOME_REFUSED},
    {"a defect", {END(LOCAL, NONE, NONE)}, 0u, SMTPC_OUTCOME_INTERNAL},
    {"QUIT without a message",
     {END(QUIT, NONE, NONE)},
     0u,
     SMTPC_OUTCOME_INTERNAL},
    {"no address", {.error = SMTPC_NET_RESOLVE}, 0u, SMTPC_OUTCOME_LATER},
    {"nobody listens", {.error = SMTPC_NET_CONNECT}, 0u, SMTPC_OUTCOME_LATER},
    {"stopped", {.error = SMTPC_NET_STOPPED}, 0u, SMTPC_OUTCOME_LATER},
    {"a name for TLS that is none",
     {.error = SMTPC_NET_ARGUMENT},
     0u,
     SMTPC_OUTCOME_USAGE},
};

static void test_outcome_of_each_end(void **state) {
  (void)state;
  for (size_t i = 0u; i < sizeof rows / sizeof rows[0]; i++) {
    smtpc_attempt attempt = rows[i].attempt;
    smtpc_seen_add(&attempt.seen, rows[i].finding);
    test_label("%s", rows[i].what);
    test_number(smtpc_outcome_of(&attempt), rows[i].want);
  }
}

// Only a message that was answered 2xx counts as delivered, whatever else is
// true.
static void test_outcome_is_delivered_by_2xx_only(void **state) {
  (void)state;
  for (unsigned reason = 0u; reason <= SMTPC_END_COUNT; reason++) {
    for (unsigned code = 0u; code < 700u; code += 50u) {
      for (unsigned device = 0u; device < SMTPC_DEVICE_COUNT; device++) {
        smtpc_attempt attempt = {0};
        attempt.end.reason = (uint8_t)reason;
        attempt.end.device = (uint8_t)device;
        attempt.session_code = (uint16_t)code;
        test_label("reason %u code %u device %u", reason, code, device);
        test_number(smtpc_outcome_of(&attempt) != SMTPC_OUTCOME_DELIVERED, 1);
        attempt.message_done = true;
        attempt.message_code = (uint16_t)code;
        test_number(smtpc_outcome_of(&attempt) == SMTPC_OUTCOME_DELIVERED,
                    code >= 200u && code < 300u);
      }
    }
  }
}

// With LMTP some may have it, whatever decided the message: never all is well.
static void test_outcome_of_some_is_never_delivered(void **state) {
  (void)state;
  for (unsigned code = 0u; code < 700u; code += 50u) {
    smtpc_attempt attempt = {0};
    attempt.message_done = true;
    attempt.message_code = (uint16_t)code;
    attempt.delivered = 1u;
    test_label("code %u", code);
    test_number(smtpc_outcome_of(&attempt) == SMTPC_OUTCOME_DELIVERED,
                code >= 200u && code < 300u);
    attempt.rcpt_later = 1u;
    test_number(smtpc_outcome_of(&attempt), SMTPC_OUTCOME_LATER);
    attempt.rcpt_refused = 1u;
    test_number(smtpc_outcome_of(&attempt), SMTPC_OUTCOME_REFUSED);
  }
}

// A device status that a sender can have is an outcome of its own kind.
static void test_outcome_of_each_device(void **state) {
  (void)state;
  for (unsigned device = 1u; device < SMTPC_DEVICE_COUNT; device++) {
    smtpc_attempt attempt = {0};
    attempt.end.reason = SMTPC_END_REFUSED;
    attempt.end.device = (uint8_t)device;
    const char *when = smtpc_device_get(device).when;
    const bool authentication = strstr(when, "authentication") != NULL ||
                                strstr(when, "password") != NULL;
    test_label("%s", when);
    test_number(smtpc_outcome_of(&attempt), authentication
                                                ? SMTPC_OUTCOME_AUTHENTICATION
                                                : SMTPC_OUTCOME_PROTOCOL);
  }
}

static void test_statuses_are_those_of_the_manual(void **state) {
  (void)state;
  static const int want[] = {0, 64, 69, 70, 75, 76, 77};
  static const smtpc_outcome have[] = {
#define ROW(id, status, name) SMTPC_OUTCOME_##id,
      SMTPC_OUTCOME_LIST(ROW)
#undef ROW
  };
  for (size_t i = 0u; i < sizeof want / sizeof want[0]; i++) {
    test_number(have[i], want[i]);
    assert_true(strlen(smtpc_outcome_name(have[i])) > 0u);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_outcome_of_each_end),
      cmocka_unit_test(test_outcome_is_delivered_by_2xx_only),
      cmocka_unit_test(test_outcome_of_some_is_never_delivered),
      cmocka_unit_test(test_outcome_of_each_device),
      cmocka_unit_test(test_statuses_are_those_of_the_manual),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
