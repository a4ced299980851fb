// Policy of a client: what it does after EHLO, whether it may go on, and with which
// mechanism, each over the whole product, and law POLICY: a stricter setting never
// sends what a laxer one would not.
#include <string.h>

#include "core/testing.h"
#include "smtpcore/policy.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define BIT(id) ((uint32_t)1 << (SMTPC_EXTENSION_##id))
#define CLEAR_AUTH ((uint32_t)SMTPC_QUIRK_AUTH_IN_CLEAR)
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

// The orders once more: what is tried, first to last, and only under TLS.
typedef struct choice {
  unsigned mechanism;
  bool tls;
} choice;

#define M(id) SMTPC_MECHANISM_##id
#define CHOICES 10u

static const choice wanted[2][CHOICES] = {{{M(SCRAM_SHA_256_PLUS), true},
                                           {M(SCRAM_SHA_256), false},
                                           {M(SCRAM_SHA_1_PLUS), true},
                                           {M(SCRAM_SHA_1), false},
                                           {M(CRAM_MD5), false},
                                           {M(EXTERNAL), true},
                                           {M(OAUTHBEARER), true},
                                           {M(XOAUTH2), true},
                                           {M(PLAIN), true},
                                           {M(LOGIN), true}},
                                          {{M(CRAM_MD5), false},
                                           {M(NTLM), false},
                                           {M(GSSAPI), false},
                                           {M(PLAIN), true},
                                           {M(LOGIN), true},
                                           {M(LOGIN), false},
                                           {M(PLAIN), false}}};

static bool is_clear(unsigned mechanism) {
  return mechanism == M(PLAIN) || mechanism == M(LOGIN) ||
         mechanism == M(OAUTHBEARER) || mechanism == M(XOAUTH2);
}

static bool is_bound(unsigned mechanism) {
  return mechanism == M(SCRAM_SHA_256_PLUS) || mechanism == M(SCRAM_SHA_1_PLUS);
}

static unsigned want_mechanism(const smtpc_client_policy *policy,
                               uint64_t offered, bool tls) {
  const bool quirk = (policy->quirks & CLEAR_AUTH) != 0u;
  for (size_t i = 0u; i < CHOICES; i++) {
    const unsigned id = wanted[policy->auth_order][i].mechanism;
    // NTLM and GSSAPI stand in the manual's order; nobody here speaks them.
    const bool spoken = id != 0u && id != M(NTLM) && id != M(GSSAPI);
    const bool both = (offered & policy->mechanisms & (uint64_t)1 << id) != 0u;
    const bool channel =
        tls || (!wanted[policy->auth_order][i].tls && (quirk || !is_clear(id)));
    const bool binds = !is_bound(id) || (tls && policy->binding == 1u);
    if (spoken && both && channel && binds) {
      return id;
    }
  }
  return SMTPC_MECHANISM_NONE;
}

static void test_policy_orders_are_data(void **state) {
  (void)state;
  for (unsigned order = 0u; order < 2u; order++) {
    for (unsigned i = 0u; i < CHOICES; i++) {
      const smtpc_auth_choice have = smtpc_auth_choice_get(order, i);
      test_label("order %u, place %u", order, i);
      test_number(have.mechanism, wanted[order][i].mechanism);
      test_number(have.tls_only, wanted[order][i].tls);
    }
    test_number(smtpc_auth_choice_get(order, CHOICES).mechanism, 0);
    test_number(smtpc_auth_choice_get(order, UINT32_MAX).mechanism, 0);
  }
  test_number(smtpc_auth_choice_get(2u, 0u).mechanism, 0);
}

// Each order x each set of the first twelve mechanisms x tls x binding x the quirk x
// three kinds of credentials. Among it law POLICY: no password or token crosses in
// clear unless the quirk says so in words.
static void test_policy_client_mechanism(void **state) {
  (void)state;
  static const uint64_t serves[3] = {SMTPC_MECHS_PASSWORD, SMTPC_MECHS_SPOKEN,
                                     SMTPC_MECH(OAUTHBEARER)};
  smtpc_client_policy policy;
  smtpc_client_policy_init(&policy);
  for (unsigned n = 0u; n < 2u * 2u * 2u * 2u * 3u; n++) {
    const bool tls = n / 2u % 2u != 0u;
    policy.auth_order = (uint8_t)(n % 2u);
    policy.binding = (uint8_t)(n / 4u % 2u);
    policy.quirks = n / 8u % 2u != 0u ? CLEAR_AUTH : 0u;
    policy.mechanisms = serves[n / 16u];
    for (uint64_t offered = 0u; offered < 8192u; offered++) {
      const unsigned have =
          smtpc_client_mechanism(&policy, offered, tls ? 1 : 0);
      const unsigned want = want_mechanism(&policy, offered, tls);
      if (have != want) {
        test_label("setting %u, offered 0x%x", n, (unsigned)offered);
        test_number(have, want);
      }
      if (!tls && is_clear(have) && policy.quirks == 0u) {
        test_number(have, SMTPC_MECHANISM_NONE);
      }
    }
  }
  policy.auth_order = SMTPC_AUTH_ORDER_COUNT;
  test_label("no such order");
  test_number(smtpc_client_mechanism(&policy, UINT64_MAX, 1), 0);
}

static void test_policy_exposed(void **state) {
  (void)state;
  for (unsigned mechanism = 0u; mechanism < 300u; mechanism++) {
    const smtpc_mechanism_row row = smtpc_mechanism_get(mechanism);
    const bool shows = mechanism > 0u && mechanism < SMTPC_MECHANISM_COUNT &&
                       row.exposure != SMTPC_EXPOSURE_NOTHING;
    test_label("mechanism %u", mechanism);
    test_number(smtpc_exposed(mechanism, 0) != 0, shows);
    test_number(smtpc_exposed(mechanism, 1) != 0, false);
  }
  assert_true(smtpc_exposed(M(SCRAM_SHA_256), 0) != 0);
  assert_true(smtpc_exposed(M(EXTERNAL), 0) == 0);
}

// SCRAM's flag `y`: said only when a bound mechanism would have been taken, and the
// server offered none.
static void test_policy_client_could_bind(void **state) {
  (void)state;
  smtpc_client_policy policy;
  smtpc_client_policy_init(&policy);
  const uint64_t plain = SMTPC_MECH(SCRAM_SHA_256) | SMTPC_MECH(PLAIN);
  test_label("could");
  test_number(smtpc_client_could_bind(&policy, M(SCRAM_SHA_256), plain, 1), 1);
  test_number(smtpc_client_could_bind(&policy, M(SCRAM_SHA_1),
                                      SMTPC_MECH(SCRAM_SHA_1), 1),
              1);
  test_label("no TLS");
  test_number(smtpc_client_could_bind(&policy, M(SCRAM_SHA_256), plain, 0), 0);
  test_label("another mechanism");
  test_number(smtpc_client_could_bind(&policy, M(PLAIN), plain, 1), 0);
  test_label("the one of the same hash was offered");
  test_number(
      smtpc_client_could_bind(&policy, M(SCRAM_SHA_256),
                              plain | SMTPC_MECH(SCRAM_SHA_256_PLUS), 1),
      0);
  test_label("one of another hash was offered");
  test_number(smtpc_client_could_bind(&policy, M(SCRAM_SHA_256),
                                      plain | SMTPC_MECH(SCRAM_SHA_1_PLUS), 1),
              1);
  policy.binding = 0u;
  test_label("the shim cannot");
  test_number(smtpc_client_could_bind(&policy, M(SCRAM_SHA_256), plain, 1), 0);
  policy.binding = 1u;
  policy.mechanisms = SMTPC_MECH(SCRAM_SHA_256);
  test_label("the policy does not want it");
  test_number(smtpc_client_could_bind(&policy, M(SCRAM_SHA_256), plain, 1), 0);
}

static void test_policy_client_binding(void **state) {
  (void)state;
  smtpc_tls_facts facts = {0};
  facts.version = SMTPC_TLS_1_3;
  test_number(smtpc_client_binding(&facts), SMTPC_BINDING_EXPORTER);
  facts.version = SMTPC_TLS_1_2;
  test_number(smtpc_client_binding(&facts), SMTPC_BINDING_END_POINT);
}

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
    // What is demanded of the message itself is never given up.
    assert_true(have >= tls || lower);
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
      cmocka_unit_test(test_policy_client_after_hello),
      cmocka_unit_test(test_policy_law_policy_client),
      cmocka_unit_test(test_policy_client_may_helo),
      cmocka_unit_test(test_policy_client_tls_verdict),
      cmocka_unit_test(test_policy_client_mechanism),
      cmocka_unit_test(test_policy_orders_are_data),
      cmocka_unit_test(test_policy_exposed),
      cmocka_unit_test(test_policy_client_could_bind),
      cmocka_unit_test(test_policy_client_binding),
      cmocka_unit_test(test_policy_client_tls_for),
      cmocka_unit_test(test_policy_client_requires),
  };
  return cmocka_run_group_tests_name("policy_client", tests, NULL, NULL);
}
