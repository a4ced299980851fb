// Policy of a server: how long a line may be, what its EHLO reply says, and which
// parameters are within its limits.
#include <string.h>

#include "core/testing.h"
#include "smtpcore/line.h"
#include "smtpcore/policy.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define BIT(id) ((uint32_t)1 << (SMTPC_EXTENSION_##id))
#define CLEAR_AUTH ((uint32_t)SMTPC_QUIRK_AUTH_IN_CLEAR)
#define ALL UINT32_MAX

static smtpc_server_policy base_policy(void) {
  smtpc_server_policy policy;
  smtpc_server_policy_init(&policy);
  policy.certificate = 1u;
  return policy;
}

static smtpc_server_policy full_policy(void) {
  smtpc_server_policy policy = base_policy();
  policy.tls = SMTPC_SERVER_TLS_REQUIRED;
  policy.auth = SMTPC_AUTH_REQUIRED;
  policy.quirks = SMTPC_QUIRK_ALL;
  return policy;
}

static size_t at_most_a_line(size_t len) {
  return len < SMTPC_LINE_MAX ? len : SMTPC_LINE_MAX;
}

// RFC 5321 section 4.5.3.1.4: 512, and what each extension adds to MAIL and RCPT.
static const struct {
  uint32_t extension;
  uint16_t mail;
  uint16_t rcpt;
} additions[] = {{BIT(SIZE), 26u, 0u},          {BIT(8BITMIME), 17u, 0u},
                 {BIT(AUTH), 500u, 0u},         {BIT(DSN), 524u, 524u},
                 {BIT(SMTPUTF8), 10u, 0u},      {BIT(BINARYMIME), 16u, 0u},
                 {BIT(REQUIRETLS), 11u, 0u},    {BIT(DELIVERBY), 17u, 0u},
                 {BIT(FUTURERELEASE), 34u, 0u}, {BIT(MT_PRIORITY), 15u, 0u},
                 {BIT(RRVS), 0u, 33u},          {BIT(NO_SOLICITING), 1007u, 0u},
                 {BIT(MTRK), 43u, 0u},          {BIT(CONPERM), 8u, 0u}};

static void check_line_max(uint32_t offered) {
  size_t mail = 512u;
  size_t rcpt = 512u;
  for (size_t i = 0u; i < COUNT(additions); i++) {
    if ((offered & additions[i].extension) != 0u) {
      mail += additions[i].mail;
      rcpt += additions[i].rcpt;
    }
  }
  for (unsigned verb = 0u; verb < SMTPC_VERB_COUNT + 2u; verb++) {
    size_t want = verb == SMTPC_VERB_AUTH ? 12288u : 512u;
    want = verb == SMTPC_VERB_MAIL ? mail : want;
    want = verb == SMTPC_VERB_RCPT ? rcpt : want;
    test_label("verb %u, offered 0x%x", verb, (unsigned)offered);
    test_number(smtpc_command_line_max(verb, offered), at_most_a_line(want));
  }
}

static void test_policy_command_line_max(void **state) {
  (void)state;
  uint64_t random = 1u;
  check_line_max(0u);
  check_line_max(ALL);
  for (unsigned id = 0u; id < SMTPC_EXTENSION_COUNT; id++) {
    check_line_max((uint32_t)1 << id);
    check_line_max(~((uint32_t)1 << id));
  }
  for (unsigned n = 0u; n < 2000u; n++) {
    check_line_max(test_random(&random));
  }
}

// The values of what is offered, and of nothing else.
static void test_policy_facts_of_a_server(void **state) {
  (void)state;
  smtpc_server_policy policy = full_policy();
  policy.offered = ALL & ~(BIT(LIMITS) | BIT(SIZE));
  policy.hold_until_max = 7u;
  policy.mechanisms = SMTPC_MECHS_SPOKEN;
  const smtpc_capabilities tls = smtpc_server_facts_of(&policy, 1);
  test_label("under TLS");
  test_number(tls.offered, smtpc_server_offers(&policy, 1));
  test_number(tls.size, 0);
  test_number(tls.marks, 0);
  test_number(tls.rcpt_max, 0);
  test_number(tls.mail_max, 0);
  assert_true(tls.mechanisms == SMTPC_MECHS_SPOKEN);
  test_number(tls.by_min, 60);
  test_number(tls.hold_for, 604800);
  test_number(tls.hold_until, 7);
  test_number(tls.xclient & SMTPC_ATTR(LOGIN), SMTPC_ATTR(LOGIN));
  test_number(tls.xclient & SMTPC_ATTR(SOURCE), 0);
  test_number(tls.xforward & SMTPC_ATTR(SOURCE), SMTPC_ATTR(SOURCE));
  policy.tls = SMTPC_SERVER_TLS_ON;
  policy.quirks = CLEAR_AUTH;
  policy.offered = BIT(SIZE) | BIT(LIMITS) | BIT(AUTH) | BIT(STARTTLS);
  const smtpc_capabilities clear = smtpc_server_facts_of(&policy, 0);
  test_label("in clear");
  test_number(clear.size, policy.size_max);
  test_number(clear.marks, SMTPC_CAPS_SIZE_LIMIT);
  test_number(clear.rcpt_max, 100);
  test_number(clear.mail_max, 10000);
  test_number(clear.xclient + clear.xforward + clear.by_min + clear.hold_for,
              0);
  // What needs the channel is not said without one.
  assert_true(
      clear.mechanisms ==
      (SMTPC_MECHS_SPOKEN & ~(SMTPC_MECHS_BOUND | SMTPC_MECH(EXTERNAL))));
  policy.mechanisms = SMTPC_MECH(EXTERNAL);
  test_number(smtpc_server_offers(&policy, 0) & BIT(AUTH), 0);
  test_number(smtpc_server_offers(&policy, 1) & BIT(AUTH), BIT(AUTH));
}

static void test_policy_judges_params(void **state) {
  (void)state;
  static const struct {
    const char *label;
    smtpc_params params;
    unsigned reply;
    unsigned finding;
  } rows[] = {
      {"none", {0}, 0u, 0u},
      {"size", {.seen = SMTPC_HAS(SIZE), .size = 10485760u}, 0u, 0u},
      {"size over",
       {.seen = SMTPC_HAS(SIZE), .size = 10485761u},
       SMTPC_REPLY_SIZE_EXCEEDED,
       SMTPC_FINDING_SIZE_EXCEEDED},
      {"size that was not said", {.size = UINT64_MAX}, 0u, 0u},
      {"by", {.seen = SMTPC_HAS(BY), .by_time = 60, .by_mode = 2u}, 0u, 0u},
      {"by, too soon",
       {.seen = SMTPC_HAS(BY), .by_time = 59, .by_mode = 2u},
       SMTPC_REPLY_BY_TOO_SOON,
       SMTPC_FINDING_PARAM_REFUSED},
      {"by, only told",
       {.seen = SMTPC_HAS(BY), .by_time = -9, .by_mode = 1u},
       0u,
       0u},
      {"hold", {.seen = SMTPC_HAS(HOLDFOR), .hold_for = 604800u}, 0u, 0u},
      {"hold, too long",
       {.seen = SMTPC_HAS(HOLDFOR), .hold_for = 604801u},
       SMTPC_REPLY_HOLD_TOO_LONG,
       SMTPC_FINDING_PARAM_REFUSED},
      {"until", {.seen = SMTPC_HAS(HOLDUNTIL), .when = 1000u}, 0u, 0u},
      {"until, too late",
       {.seen = SMTPC_HAS(HOLDUNTIL), .when = 1001u},
       SMTPC_REPLY_HOLD_TOO_LONG,
       SMTPC_FINDING_PARAM_REFUSED},
      {"the size first",
       {.seen = SMTPC_HAS(SIZE) | SMTPC_HAS(HOLDFOR),
        .size = UINT64_MAX,
        .hold_for = 999999999u},
       SMTPC_REPLY_SIZE_EXCEEDED,
       SMTPC_FINDING_SIZE_EXCEEDED},
  };
  smtpc_server_policy policy = base_policy();
  policy.hold_until_max = 1000u;
  for (size_t i = 0u; i < COUNT(rows); i++) {
    const smtpc_verdict have =
        smtpc_server_judge_params(&policy, &rows[i].params);
    test_label("%s", rows[i].label);
    test_number(have.reply, rows[i].reply);
    test_number(have.finding, rows[i].finding);
    test_number(have.ends, 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_policy_command_line_max),
      cmocka_unit_test(test_policy_facts_of_a_server),
      cmocka_unit_test(test_policy_judges_params),
  };
  return cmocka_run_group_tests_name("policy_limits", tests, NULL, NULL);
}
