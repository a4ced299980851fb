// Policy of a client: what it does after EHLO, whether it may go on, and with which
// mechanism, each over the whole product, and law POLICY: a stricter setting never
// sends what a laxer one would not.
#include <string.h>

#include "core/testing.h"
#include "smtpcore/policy.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define BIT(id) ((uint32_t)1 << (SMTPC_EXTENSION_##id))
#define CLEAR_AUTH ((uint32_t)SMTPC_QUIRK_AUTH_IN_CLEAR)
#define ALL ((uint32_t)((1u << SMTPC_EXTENSION_COUNT) - 1u))

// ------------------------------------------------------- defaults and ranges

static void test_policy_client_defaults_are_strict(void **state) {
  (void)state;
  smtpc_client_policy policy;
  memset(&policy, 0xa5, sizeof policy);
  smtpc_client_policy_init(&policy);
  test_label("defaults");
  test_number(policy.tls, SMTPC_CLIENT_TLS_VERIFIED);
  test_number(policy.auth, SMTPC_AUTH_OFF);
  test_number(policy.auth_order, SMTPC_AUTH_ORDER_STRONG);
  test_number(policy.implicit_tls, 0);
  test_number(policy.quirks, 0);
  test_number(policy.group_max, 50);
  test_number(policy.bdat, 0);
  test_number(policy.drop_dsn, 1);
  test_octets(policy.hello, policy.hello_len, "localhost", 9u);
  test_number(smtpc_client_policy_check(&policy), SMTPC_OK);
}

#define CLIENT_IS(change, want)                            \
  do {                                                     \
    smtpc_client_policy policy;                            \
    smtpc_client_policy_init(&policy);                     \
    change;                                                \
    test_label("%s", #change);                             \
    test_number(smtpc_client_policy_check(&policy), want); \
  } while (0)

static void test_policy_client_check_ranges(void **state) {
  (void)state;
  CLIENT_IS(policy.tls = 0u, SMTPC_OK);
  CLIENT_IS(policy.tls = 3u, SMTPC_OK);
  CLIENT_IS(policy.tls = 4u, SMTPC_E_ARGUMENT);
  CLIENT_IS(policy.auth = 2u, SMTPC_OK);
  CLIENT_IS(policy.auth = 3u, SMTPC_E_ARGUMENT);
  CLIENT_IS(policy.auth_order = 1u, SMTPC_OK);
  CLIENT_IS(policy.auth_order = 2u, SMTPC_E_ARGUMENT);
  CLIENT_IS(policy.implicit_tls = 1u, SMTPC_OK);
  CLIENT_IS(policy.implicit_tls = 2u, SMTPC_E_ARGUMENT);
  CLIENT_IS(policy.implicit_tls = 1u; policy.tls = 0u, SMTPC_E_ARGUMENT);
  CLIENT_IS(policy.implicit_tls = 1u; policy.tls = 1u, SMTPC_OK);
  CLIENT_IS(policy.group_max = 0u, SMTPC_E_ARGUMENT);
  CLIENT_IS(policy.group_max = 1u, SMTPC_OK);
  CLIENT_IS(policy.quirks = SMTPC_QUIRK_ALL, SMTPC_OK);
  CLIENT_IS(policy.quirks = SMTPC_QUIRK_ALL + 1u, SMTPC_E_ARGUMENT);
  CLIENT_IS(policy.quirks = UINT32_MAX, SMTPC_E_ARGUMENT);
}

// --------------------------------------------------------------- decisions

// What a client does after EHLO, as a table: setting by what it met in clear.
// g go on, S STARTTLS, x stop; under TLS it always goes on.
static const struct {
  const char *met;
  uint32_t offered;
  uint8_t marks;
  int refused;
  const char *want;  // off, opportunistic, required, verified
  unsigned finding;  // of all but off
} met_rows[] = {
    {"offered", BIT(STARTTLS), 0u, 0, "gSSS", SMTPC_FINDING_NONE},
    {"offered, refused", BIT(STARTTLS), 0u, 1, "ggxx",
     SMTPC_FINDING_STARTTLS_REFUSED},
    {"not offered", 0u, 0u, 0, "ggxx", SMTPC_FINDING_TLS_NOT_OFFERED},
    {"all else offered", ALL & ~BIT(STARTTLS), 0u, 0, "ggxx",
     SMTPC_FINDING_TLS_NOT_OFFERED},
    {"overwritten", 0u, SMTPC_CAPS_TAMPERED, 0, "ggxx",
     SMTPC_FINDING_TLS_STRIPPED},
    {"another one overwritten", BIT(STARTTLS), SMTPC_CAPS_TAMPERED, 0, "gSSS",
     SMTPC_FINDING_NONE},
    {"malformed only", 0u, SMTPC_CAPS_MALFORMED | SMTPC_CAPS_SIZE_LIMIT, 0,
     "ggxx", SMTPC_FINDING_TLS_NOT_OFFERED},
    {"refused, then gone", 0u, 0u, 1, "ggxx", SMTPC_FINDING_STARTTLS_REFUSED},
};

static void check_met(size_t i, smtpc_client_policy *policy, int tls) {
  smtpc_capabilities caps = {0};
  caps.offered = met_rows[i].offered;
  caps.marks = met_rows[i].marks;
  const smtpc_client_decision have =
      smtpc_client_after_hello(policy, &caps, tls, met_rows[i].refused);
  const char want = tls != 0 ? 'g' : met_rows[i].want[policy->tls];
  const bool silent = tls != 0 || policy->tls == SMTPC_CLIENT_TLS_OFF;
  test_label("%s, setting %u, tls %d", met_rows[i].met, policy->tls, tls);
  assert_true(have.next <= SMTPC_CLIENT_STOP);
  test_number("gSx"[have.next], want);
  test_number(have.finding, silent ? SMTPC_FINDING_NONE : met_rows[i].finding);
}

static void test_policy_client_after_hello(void **state) {
  (void)state;
  smtpc_client_policy policy;
  smtpc_client_policy_init(&policy);
  for (size_t i = 0u; i < COUNT(met_rows); i++) {
    for (unsigned setting = 0u; setting < 4u; setting++) {
      policy.tls = (uint8_t)setting;
      check_met(i, &policy, 0);
      check_met(i, &policy, 1);
    }
  }
}

static bool goes_on_in_clear(unsigned setting, const smtpc_capabilities *caps,
                             int refused) {
  smtpc_client_policy policy;
  smtpc_client_policy_init(&policy);
  policy.tls = (uint8_t)setting;
  const smtpc_client_decision have =
      smtpc_client_after_hello(&policy, caps, 0, refused);
  // A downgrade is never silent, and what is tried must be there.
  const bool down = have.next == SMTPC_CLIENT_GO_ON && setting > 0u;
  const bool starts = have.next == SMTPC_CLIENT_STARTTLS;
  if ((down && have.finding == SMTPC_FINDING_NONE) ||
      (starts && (caps->offered & BIT(STARTTLS)) == 0u)) {
    test_number(have.next, -1);
  }
  return have.next == SMTPC_CLIENT_GO_ON;
}

// Each set of keywords x each set of marks x refused x each setting. Strictness
// is the order off, opportunistic, required, verified; what it is about is mail in
// clear, and STARTTLS is the way out of that, at every setting.
static void test_policy_law_policy_client(void **state) {
  (void)state;
  for (unsigned n = 0u; n < (ALL + 1u) * 16u; n++) {
    smtpc_capabilities caps = {0};
    caps.offered = n / 16u;
    caps.marks = n / 2u % 8u;
    const int refused = (int)(n % 2u);
    test_label("offered 0x%x, marks %u, refused %d", (unsigned)caps.offered,
               caps.marks, refused);
    bool laxer = true;
    for (unsigned setting = 0u; setting < 4u; setting++) {
      const bool have = goes_on_in_clear(setting, &caps, refused);
      if ((have && setting >= SMTPC_CLIENT_TLS_REQUIRED) || (have && !laxer)) {
        test_number(have, false);
      }
      laxer = have;
    }
  }
}

static void test_policy_client_may_helo(void **state) {
  (void)state;
  for (unsigned n = 0u; n < 4u * 3u * 2u; n++) {
    smtpc_client_policy policy;
    smtpc_client_policy_init(&policy);
    policy.tls = (uint8_t)(n % 4u);
    policy.auth = (uint8_t)(n / 4u % 3u);
    const int tls = (int)(n / 12u);
    // HELO has neither STARTTLS nor AUTH (THREATS: DWN-04).
    const bool want = policy.auth != SMTPC_AUTH_REQUIRED &&
                      (tls == 1 || policy.tls < SMTPC_CLIENT_TLS_REQUIRED);
    test_label("setting %u, auth %u, tls %d", policy.tls, policy.auth, tls);
    test_number(smtpc_client_may_helo(&policy, tls) != 0, want);
  }
}

static void test_policy_client_tls_verdict(void **state) {
  (void)state;
  for (unsigned n = 0u; n < 4u * 9u; n++) {
    smtpc_client_policy policy;
    smtpc_client_policy_init(&policy);
    policy.tls = (uint8_t)(n % 4u);
    smtpc_tls_facts facts = {0};
    facts.version = SMTPC_TLS_1_3;
    facts.chain_ok = (uint8_t)(n / 4u % 3u);  // 2 is no yes
    facts.name_ok = (uint8_t)(n / 12u);
    const bool checked = facts.chain_ok == 1u && facts.name_ok == 1u;
    const bool want = policy.tls == SMTPC_CLIENT_TLS_VERIFIED && !checked;
    test_label("setting %u, chain %u, name %u", policy.tls, facts.chain_ok,
               facts.name_ok);
    test_number(smtpc_client_tls_verdict(&policy, &facts),
                want ? SMTPC_FINDING_TLS_UNVERIFIED : SMTPC_FINDING_NONE);
  }
}

// -------------------------------------------------------------- mechanisms

#define C SMTPC_MECHANISM_CRAM_MD5
#define P SMTPC_MECHANISM_PLAIN
#define L SMTPC_MECHANISM_LOGIN

// What is tried, first to last: order x tls x quirk auth-in-clear.
static const unsigned preferred[2][2][2][3] = {
    {{{C, 0, 0}, {C, 0, 0}}, {{C, P, L}, {C, P, L}}},
    {{{C, 0, 0}, {C, L, P}}, {{C, P, L}, {C, P, L}}},
};

static unsigned want_mechanism(const unsigned *order, uint32_t offered) {
  for (size_t i = 0u; i < 3u; i++) {
    if (order[i] != 0u && (offered >> order[i] & 1u) != 0u) {
      return order[i];
    }
  }
  return SMTPC_MECHANISM_NONE;
}

// Each order x each set of 16 bits x tls x each set of quirks. Among it law POLICY:
// no password crosses in clear unless the quirk says so in words, and to take the
// quirk away never brings a mechanism that shows more.
static void test_policy_client_mechanism(void **state) {
  (void)state;
  smtpc_client_policy policy;
  smtpc_client_policy_init(&policy);
  for (unsigned n = 0u; n < 2u * 2u * (SMTPC_QUIRK_ALL + 1u); n++) {
    const unsigned tls = n / 2u % 2u;
    policy.auth_order = n % 2u;
    policy.quirks = n / 4u;
    const unsigned quirk = (policy.quirks & CLEAR_AUTH) != 0u ? 1u : 0u;
    const unsigned *order = preferred[policy.auth_order][tls][quirk];
    for (uint32_t offered = 0u; offered < 65536u; offered++) {
      const unsigned have =
          smtpc_client_mechanism(&policy, (uint16_t)offered, (int)tls);
      const bool shown = tls == 0u && (have == P || have == L);
      if (have != want_mechanism(order, offered) || (shown && quirk == 0u)) {
        test_label("order %u, tls %u, quirks 0x%x, offered 0x%x", n % 2u, tls,
                   (unsigned)policy.quirks, (unsigned)offered);
        test_number(have, want_mechanism(order, offered));
      }
    }
  }
  policy.auth_order = SMTPC_AUTH_ORDER_COUNT;
  test_label("no such order");
  test_number(smtpc_client_mechanism(&policy, 0xffffu, 1), 0);
}

static void test_policy_exposed(void **state) {
  (void)state;
  for (unsigned mechanism = 0u; mechanism < 300u; mechanism++) {
    const bool known = mechanism == C || mechanism == P || mechanism == L;
    test_label("mechanism %u", mechanism);
    test_number(smtpc_exposed(mechanism, 0) != 0, known);
    test_number(smtpc_exposed(mechanism, 1) != 0, false);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_policy_client_defaults_are_strict),
      cmocka_unit_test(test_policy_client_check_ranges),
      cmocka_unit_test(test_policy_client_after_hello),
      cmocka_unit_test(test_policy_law_policy_client),
      cmocka_unit_test(test_policy_client_may_helo),
      cmocka_unit_test(test_policy_client_tls_verdict),
      cmocka_unit_test(test_policy_client_mechanism),
      cmocka_unit_test(test_policy_exposed),
  };
  return cmocka_run_group_tests_name("policy_client", tests, NULL, NULL);
}
