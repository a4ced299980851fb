// Policy of a client: what it does after EHLO, and whether it may go on, each over the
// whole product, and law POLICY: a stricter setting never sends what a laxer one would
// not. With which mechanism it logs in is in `policy_order_test`.
#include <string.h>

#include "core/testing.h"
#include "smtpcore/policy.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define BIT(id) ((uint32_t)1 << (SMTPC_EXTENSION_##id))
#define ALL UINT32_MAX

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
  test_number(policy.lmtp, 0);
  test_number(policy.binding, 1);
  test_number(policy.drop, SMTPC_HAS(SIZE) | SMTPC_HAS(AUTH) | SMTPC_HAS(RET) |
                               SMTPC_HAS(ENVID) | SMTPC_HAS(NOTIFY) |
                               SMTPC_HAS(ORCPT));
  assert_true(policy.mechanisms == SMTPC_MECHS_PASSWORD);
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
  CLIENT_IS(policy.lmtp = 1u, SMTPC_OK);
  CLIENT_IS(policy.lmtp = 2u, SMTPC_E_ARGUMENT);
  CLIENT_IS(policy.binding = 2u, SMTPC_E_ARGUMENT);
  CLIENT_IS(policy.bdat = 2u, SMTPC_E_ARGUMENT);
  CLIENT_IS(policy.mechanisms = 0u, SMTPC_OK);
  CLIENT_IS(policy.mechanisms = SMTPC_MECHS_SPOKEN, SMTPC_OK);
  CLIENT_IS(policy.mechanisms = SMTPC_MECH(NTLM), SMTPC_E_ARGUMENT);
  CLIENT_IS(policy.mechanisms = 1u, SMTPC_E_ARGUMENT);
  CLIENT_IS(policy.drop = 0u, SMTPC_OK);
  CLIENT_IS(policy.drop = SMTPC_HAS(BY) | SMTPC_HAS(RRVS), SMTPC_OK);
  CLIENT_IS(policy.drop |= SMTPC_HAS(REQUIRETLS), SMTPC_E_ARGUMENT);
  CLIENT_IS(policy.drop |= SMTPC_HAS(BODY), SMTPC_E_ARGUMENT);
  CLIENT_IS(policy.drop |= SMTPC_HAS(SMTPUTF8), SMTPC_E_ARGUMENT);
  CLIENT_IS(policy.drop = (uint32_t)1 << SMTPC_PARAM_COUNT, SMTPC_E_ARGUMENT);
  CLIENT_IS(policy.quirks = SMTPC_QUIRK_ALL, SMTPC_OK);
  CLIENT_IS(policy.quirks = SMTPC_QUIRK_ALL + 1u, SMTPC_E_ARGUMENT);
  CLIENT_IS(policy.quirks = UINT32_MAX, SMTPC_E_ARGUMENT);
}

// Each bit by itself, in each of the sets.
static void test_policy_client_check_sets(void **state) {
  (void)state;
  const uint64_t spoken =
      SMTPC_MECH(SCRAM_SHA_256_PLUS) | SMTPC_MECH(SCRAM_SHA_256) |
      SMTPC_MECH(SCRAM_SHA_1_PLUS) | SMTPC_MECH(SCRAM_SHA_1) |
      SMTPC_MECH(CRAM_MD5) | SMTPC_MECH(PLAIN) | SMTPC_MECH(LOGIN) |
      SMTPC_MECH(EXTERNAL) | SMTPC_MECH(OAUTHBEARER) | SMTPC_MECH(XOAUTH2);
  const uint32_t needed =
      SMTPC_HAS(REQUIRETLS) | SMTPC_HAS(BODY) | SMTPC_HAS(SMTPUTF8);
  for (unsigned i = 0u; i < 64u; i++) {
    const uint64_t bit = (uint64_t)1 << i;
    CLIENT_IS(policy.mechanisms = bit,
              (bit & spoken) != 0u ? SMTPC_OK : SMTPC_E_ARGUMENT);
    CLIENT_IS(policy.mechanisms |= bit,
              (bit & spoken) != 0u ? SMTPC_OK : SMTPC_E_ARGUMENT);
  }
  for (unsigned i = 0u; i < 32u; i++) {
    const uint32_t bit = (uint32_t)1 << i;
    const bool may = i < SMTPC_PARAM_COUNT && (bit & needed) == 0u;
    CLIENT_IS(policy.drop = bit, may ? SMTPC_OK : SMTPC_E_ARGUMENT);
    CLIENT_IS(policy.drop |= bit, may ? SMTPC_OK : SMTPC_E_ARGUMENT);
    CLIENT_IS(policy.quirks = bit, i < 9u ? SMTPC_OK : SMTPC_E_ARGUMENT);
  }
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
  for (unsigned n = 0u; n < 4u * 64u * 2u; n++) {
    // STARTTLS and all else, there or not.
    smtpc_capabilities caps = {0};
    caps.offered = (n / 128u % 2u != 0u ? BIT(STARTTLS) : 0u) |
                   (n / 256u != 0u ? ~BIT(STARTTLS) : 0u);
    caps.marks = (uint8_t)(n / 2u % 64u);
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
  for (unsigned n = 0u; n < 4u * 3u * 2u * 2u; n++) {
    smtpc_client_policy policy;
    smtpc_client_policy_init(&policy);
    policy.tls = (uint8_t)(n % 4u);
    policy.auth = (uint8_t)(n / 4u % 3u);
    policy.lmtp = (uint8_t)(n / 24u);
    const int tls = (int)(n / 12u % 2u);
    // HELO has neither STARTTLS nor AUTH (THREATS: DWN-04), and LMTP has no HELO.
    const bool want = policy.auth != SMTPC_AUTH_REQUIRED && policy.lmtp == 0u &&
                      (tls == 1 || policy.tls < SMTPC_CLIENT_TLS_REQUIRED);
    test_label("setting %u, auth %u, tls %d", policy.tls, policy.auth, tls);
    test_number(smtpc_client_may_helo(&policy, tls) != 0, want);
  }
}

// RFC 5321 section 4.1.1.1: HELO has a domain; EHLO may have an address literal.
static void test_policy_client_may_helo_by_name(void **state) {
  (void)state;
  static const struct {
    const char *name;
    bool may;
  } rows[] = {{"a.example", true},
              {"a", true},
              {"[192.0.2.1]", false},
              {"[IPv6:2001:db8::1]", false},
              {"", false}};
  for (size_t i = 0u; i < COUNT(rows); i++) {
    smtpc_client_policy policy;
    smtpc_client_policy_init(&policy);
    policy.tls = SMTPC_CLIENT_TLS_OFF;
    memcpy(policy.hello, rows[i].name, strlen(rows[i].name));
    policy.hello_len = (uint8_t)strlen(rows[i].name);
    test_label("name %s", rows[i].name);
    test_number(smtpc_client_may_helo(&policy, 0) != 0, rows[i].may);
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

// ------------------------------------------------------------ for one message

// RFC 8689: REQUIRETLS in the envelope wins over TLS-Required: No in the header.
static void test_policy_client_tls_for(void **state) {
  (void)state;
  for (unsigned n = 0u; n < 4u * 2u * 2u * 2u; n++) {
    const unsigned tls = n % 4u;
    const int require = (int)(n / 4u % 2u);
    const int says_no = (int)(n / 8u % 2u);
    const int honours = (int)(n / 16u);
    unsigned finding = UINT32_MAX;
    const unsigned have =
        smtpc_client_tls_for(tls, require, says_no, honours, &finding);
    const bool lower = require == 0 && says_no == 1 && honours == 1 &&
                       tls >= SMTPC_CLIENT_TLS_REQUIRED;
    unsigned want = lower ? SMTPC_CLIENT_TLS_OPPORTUNISTIC : tls;
    want = require == 1 ? SMTPC_CLIENT_TLS_VERIFIED : want;
    test_label("setting %u, REQUIRETLS %d, No %d, honoured %d", tls, require,
               says_no, honours);
    test_number(have, want);
    test_number(finding,
                lower ? SMTPC_FINDING_TLS_NOT_REQUIRED : SMTPC_FINDING_NONE);
    // What is demanded of the message itself is never given up (law POLICY).
    assert_true(have >= tls || lower);
    assert_true(require == 0 || have == SMTPC_CLIENT_TLS_VERIFIED);
    assert_true(tls == SMTPC_CLIENT_TLS_OFF || have > SMTPC_CLIENT_TLS_OFF);
  }
}

static void test_policy_client_requires(void **state) {
  (void)state;
  for (unsigned n = 0u; n < 2u * 3u * 3u; n++) {
    smtpc_tls_facts facts = {0};
    const int tls = (int)(n % 2u);
    facts.chain_ok = (uint8_t)(n / 2u % 3u);
    facts.name_ok = (uint8_t)(n / 6u);
    test_label("tls %d, chain %u, name %u", tls, facts.chain_ok, facts.name_ok);
    test_number(smtpc_client_requires(tls, &facts),
                tls == 1 && facts.chain_ok == 1u && facts.name_ok == 1u);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_policy_client_defaults_are_strict),
      cmocka_unit_test(test_policy_client_check_ranges),
      cmocka_unit_test(test_policy_client_check_sets),
      cmocka_unit_test(test_policy_client_after_hello),
      cmocka_unit_test(test_policy_law_policy_client),
      cmocka_unit_test(test_policy_client_may_helo),
      cmocka_unit_test(test_policy_client_may_helo_by_name),
      cmocka_unit_test(test_policy_client_tls_verdict),
      cmocka_unit_test(test_policy_client_tls_for),
      cmocka_unit_test(test_policy_client_requires),
  };
  return cmocka_run_group_tests_name("policy_client", tests, NULL, NULL);
}
