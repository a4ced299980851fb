// Orders of mechanisms, which are data: each row against a second listing, and the
// choice that a client makes by them over the whole product. Among it law POLICY: no
// password crosses in clear unless a quirk says so in words.
#include <string.h>

#include "core/testing.h"
#include "smtpcore/policy.h"
#include "smtpcore/sasl.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define CLEAR_AUTH ((uint32_t)SMTPC_QUIRK_AUTH_IN_CLEAR)

// ----------------------------------------------------------------- the orders

typedef struct golden {
  const char *name;
  bool tls_only;
} golden;

static const golden strong[] = {{"SCRAM-SHA-256-PLUS", true},
                                {"SCRAM-SHA-256", false},
                                {"SCRAM-SHA-1-PLUS", true},
                                {"SCRAM-SHA-1", false},
                                {"CRAM-MD5", false},
                                {"EXTERNAL", true},
                                {"OAUTHBEARER", true},
                                {"XOAUTH2", true},
                                {"PLAIN", true},
                                {"LOGIN", true}};

static const golden manual[] = {
    {"CRAM-MD5", false}, {"NTLM", false},  {"GSSAPI", false}, {"PLAIN", true},
    {"LOGIN", true},     {"LOGIN", false}, {"PLAIN", false}};

static unsigned mechanism_of(const char *name) {
  for (unsigned id = 1u; id < SMTPC_MECHANISM_COUNT; id++) {
    if (strcmp(smtpc_mechanism_get(id).name, name) == 0) {
      return id;
    }
  }
  fail();
  return SMTPC_MECHANISM_NONE;
}

static void check_order(unsigned order, const golden *rows, size_t count) {
  for (unsigned i = 0u; i < 40u; i++) {
    const smtpc_auth_choice have = smtpc_auth_choice_get(order, i);
    test_label("order %u, row %u", order, i);
    test_number(have.mechanism,
                i < count ? mechanism_of(rows[i].name) : SMTPC_MECHANISM_NONE);
    test_number(have.tls_only, i < count && rows[i].tls_only);
  }
}

static void test_policy_orders_are_the_golden_ones(void **state) {
  (void)state;
  test_number(SMTPC_AUTH_ORDER_COUNT, 2);
  check_order(SMTPC_AUTH_ORDER_STRONG, strong, COUNT(strong));
  check_order(SMTPC_AUTH_ORDER_MANUAL, manual, COUNT(manual));
  check_order(SMTPC_AUTH_ORDER_COUNT, NULL, 0u);
  check_order(UINT32_MAX, NULL, 0u);
  test_label("far out of range");
  test_number(smtpc_auth_choice_get(0u, UINT32_MAX).mechanism, 0);
  test_number(smtpc_auth_choice_get(256u, 0u).mechanism, 0);
}

static void test_policy_order_names(void **state) {
  (void)state;
  assert_string_equal(smtpc_auth_order_name(SMTPC_AUTH_ORDER_STRONG), "strong");
  assert_string_equal(smtpc_auth_order_name(SMTPC_AUTH_ORDER_MANUAL), "manual");
  assert_string_equal(smtpc_auth_order_name(2u), "");
  assert_string_equal(smtpc_auth_order_name(UINT32_MAX), "");
}

// `strong` has each mechanism that we speak, once.
static void test_policy_order_strong_has_all(void **state) {
  (void)state;
  uint64_t seen = 0u;
  for (size_t i = 0u; i < COUNT(strong); i++) {
    seen |= (uint64_t)1 << smtpc_auth_choice_get(0u, (unsigned)i).mechanism;
  }
  test_label("all that we speak");
  test_number(seen, SMTPC_MECHS_SPOKEN);
}

// ----------------------------------------------------------------- the choice

// What shows a password or a token; what is bound; what we only know by name.
#define SHOWN                                                        \
  (SMTPC_MECH(PLAIN) | SMTPC_MECH(LOGIN) | SMTPC_MECH(OAUTHBEARER) | \
   SMTPC_MECH(XOAUTH2))
#define BOUND (SMTPC_MECH(SCRAM_SHA_256_PLUS) | SMTPC_MECH(SCRAM_SHA_1_PLUS))
#define SPOKEN                                                           \
  (SHOWN | BOUND | SMTPC_MECH(SCRAM_SHA_256) | SMTPC_MECH(SCRAM_SHA_1) | \
   SMTPC_MECH(CRAM_MD5) | SMTPC_MECH(EXTERNAL))

static bool has(uint64_t set, unsigned mechanism) {
  return ((set >> mechanism) & 1u) != 0u;
}

// Whether a row is taken, by the words of the header.
static bool is_taken(const smtpc_client_policy *policy, const golden *row,
                     uint64_t offered, int tls) {
  const unsigned id = mechanism_of(row->name);
  const bool quirk = (policy->quirks & CLEAR_AUTH) != 0u;
  return (tls == 1 || !row->tls_only) && has(SPOKEN, id) &&
         has(policy->mechanisms, id) && has(offered, id) &&
         (!has(BOUND, id) || policy->binding == 1u) &&
         (tls == 1 || !has(SHOWN, id) || quirk);
}

static unsigned want_mechanism(const smtpc_client_policy *policy,
                               uint64_t offered, int tls) {
  const bool first = policy->auth_order == SMTPC_AUTH_ORDER_STRONG;
  const golden *rows = first ? strong : manual;
  const size_t count = first ? COUNT(strong) : COUNT(manual);
  for (size_t i = 0u; i < count; i++) {
    if (is_taken(policy, &rows[i], offered, tls)) {
      return mechanism_of(rows[i].name);
    }
  }
  return SMTPC_MECHANISM_NONE;
}

// A set of the twelve mechanisms that an order names, by number.
#define NAMED 4096u

static uint64_t named_at(unsigned n) {
  static const unsigned ids[12] = {SMTPC_MECHANISM_SCRAM_SHA_256_PLUS,
                                   SMTPC_MECHANISM_SCRAM_SHA_256,
                                   SMTPC_MECHANISM_SCRAM_SHA_1_PLUS,
                                   SMTPC_MECHANISM_SCRAM_SHA_1,
                                   SMTPC_MECHANISM_CRAM_MD5,
                                   SMTPC_MECHANISM_PLAIN,
                                   SMTPC_MECHANISM_LOGIN,
                                   SMTPC_MECHANISM_EXTERNAL,
                                   SMTPC_MECHANISM_OAUTHBEARER,
                                   SMTPC_MECHANISM_XOAUTH2,
                                   SMTPC_MECHANISM_NTLM,
                                   SMTPC_MECHANISM_GSSAPI};
  uint64_t set = 0u;
  for (unsigned i = 0u; i < 12u; i++) {
    set |= ((n >> i) & 1u) != 0u ? (uint64_t)1 << ids[i] : 0u;
  }
  return set;
}

static smtpc_client_policy policy_of(unsigned order, unsigned binding,
                                     uint32_t quirks, uint64_t mechanisms) {
  smtpc_client_policy policy;
  smtpc_client_policy_init(&policy);
  policy.auth_order = (uint8_t)order;
  policy.binding = (uint8_t)binding;
  policy.quirks = quirks;
  policy.mechanisms = mechanisms;
  return policy;
}

static void check_choice(const smtpc_client_policy *policy, uint64_t offered,
                         int tls) {
  const unsigned have = smtpc_client_mechanism(policy, offered, tls);
  test_label("order %u, binding %u, quirks 0x%x, may 0x%llx, 0x%llx, tls %d",
             policy->auth_order, policy->binding, (unsigned)policy->quirks,
             (unsigned long long)policy->mechanisms,
             (unsigned long long)offered, tls);
  test_number(have, want_mechanism(policy, offered, tls));
}

// Order x TLS x quirk x binding x each set that is offered, when all is permitted.
static void test_policy_mechanism_by_what_is_offered(void **state) {
  (void)state;
  for (unsigned n = 0u; n < 16u; n++) {
    const smtpc_client_policy policy = policy_of(
        n & 1u, (n >> 1) & 1u, (n & 4u) != 0u ? CLEAR_AUTH : 0u, UINT64_MAX);
    for (unsigned set = 0u; set < NAMED; set++) {
      check_choice(&policy, named_at(set), (int)(n >> 3));
    }
  }
}

// The same for each set that is permitted, when all is offered.
static void test_policy_mechanism_by_what_is_permitted(void **state) {
  (void)state;
  for (unsigned n = 0u; n < 16u; n++) {
    smtpc_client_policy policy =
        policy_of(n & 1u, (n >> 1) & 1u, (n & 4u) != 0u ? CLEAR_AUTH : 0u, 0u);
    for (unsigned set = 0u; set < NAMED; set++) {
      policy.mechanisms = named_at(set);
      check_choice(&policy, UINT64_MAX, (int)(n >> 3));
    }
  }
}

// Any of both, and each set of the quirks: only one of them means something here.
static void test_policy_mechanism_by_any_of_both(void **state) {
  (void)state;
  uint64_t random = 3u;
  for (unsigned n = 0u; n < 8u * (SMTPC_QUIRK_ALL + 1u); n++) {
    for (unsigned turn = 0u; turn < 40u; turn++) {
      const uint64_t may = named_at(test_random(&random) % NAMED);
      const uint64_t offered = (uint64_t)test_random(&random) << 32 |
                               named_at(test_random(&random) % NAMED);
      const smtpc_client_policy policy =
          policy_of(n & 1u, (n >> 1) & 1u, n >> 3, may);
      check_choice(&policy, offered, (int)((n >> 2) & 1u));
    }
  }
}

static void test_policy_mechanism_of_no_order(void **state) {
  (void)state;
  const smtpc_client_policy policy =
      policy_of(SMTPC_AUTH_ORDER_COUNT, 1u, CLEAR_AUTH, UINT64_MAX);
  test_label("no such order");
  test_number(smtpc_client_mechanism(&policy, UINT64_MAX, 1), 0);
}

// What is only known, each by itself and all of them: never chosen.
static void test_policy_mechanism_known_is_skipped(void **state) {
  (void)state;
  for (unsigned n = 0u; n < 4u; n++) {
    const smtpc_client_policy policy =
        policy_of(n & 1u, 1u, CLEAR_AUTH, UINT64_MAX);
    for (unsigned id = 0u; id < 64u; id++) {
      const uint64_t bit = (uint64_t)1 << id;
      test_label("mechanism %u, order %u", id, n & 1u);
      test_number(smtpc_client_mechanism(&policy, bit & ~SPOKEN, (int)(n >> 1)),
                  SMTPC_MECHANISM_NONE);
    }
    test_number(smtpc_client_mechanism(&policy, ~SPOKEN, (int)(n >> 1)),
                SMTPC_MECHANISM_NONE);
  }
}

// Law POLICY. In clear, without the quirk, nothing crosses that shows a password or
// a token; with it, and in the order `strong`, neither. Nothing is bound to TLS that
// is not there. To take away the quirk or the binding never brings another mechanism
// in clear: what was chosen stays, or none is.
static void test_policy_law_policy_mechanism(void **state) {
  (void)state;
  size_t shown = 0u;
  for (unsigned set = 0u; set < NAMED; set++) {
    const uint64_t offered = named_at(set);
    for (unsigned order = 0u; order < SMTPC_AUTH_ORDER_COUNT; order++) {
      const smtpc_client_policy lax =
          policy_of(order, 1u, SMTPC_QUIRK_ALL, UINT64_MAX);
      const smtpc_client_policy strict =
          policy_of(order, 1u, SMTPC_QUIRK_ALL & ~CLEAR_AUTH, UINT64_MAX);
      const smtpc_client_policy unbound =
          policy_of(order, 0u, SMTPC_QUIRK_ALL, UINT64_MAX);
      const unsigned by_lax = smtpc_client_mechanism(&lax, offered, 0);
      const unsigned by_strict = smtpc_client_mechanism(&strict, offered, 0);
      test_label("order %u, offered 0x%llx", order,
                 (unsigned long long)offered);
      test_number(has(SHOWN | BOUND, by_strict), false);
      test_number(has(BOUND, by_lax), false);
      test_number(by_strict == by_lax || by_strict == SMTPC_MECHANISM_NONE, 1);
      test_number(smtpc_client_mechanism(&unbound, offered, 0), by_lax);
      shown += has(SHOWN, by_lax) ? 1u : 0u;
      if (order == SMTPC_AUTH_ORDER_STRONG) {
        test_number(has(SHOWN, by_lax), false);
      }
    }
  }
  assert_true(shown > 0u);
}

// ------------------------------------------------------------ channel binding

#define SHA_256 SMTPC_MECHANISM_SCRAM_SHA_256
#define SHA_1 SMTPC_MECHANISM_SCRAM_SHA_1
#define WITH_256 SMTPC_MECH(SCRAM_SHA_256_PLUS)
#define WITH_1 SMTPC_MECH(SCRAM_SHA_1_PLUS)

static void test_policy_could_bind(void **state) {
  (void)state;
  const uint64_t both = SMTPC_MECH(SCRAM_SHA_256) | SMTPC_MECH(SCRAM_SHA_1);
  const struct {
    const char *label;
    unsigned mechanism;
    uint64_t offered;
    uint64_t may;
    unsigned binding;
    int tls;
    int want;
  } rows[] = {
      {"none was offered", SHA_256, both, SPOKEN, 1u, 1, 1},
      {"none was offered, the other hash", SHA_1, SMTPC_MECH(SCRAM_SHA_1),
       SPOKEN, 1u, 1, 1},
      // The other one was left in, so that we would not ask.
      {"one was cut out", SHA_256, both | WITH_1, SPOKEN, 1u, 1, 1},
      {"it was offered", SHA_256, both | WITH_256, SPOKEN, 1u, 1, 0},
      {"no TLS", SHA_256, both, SPOKEN, 1u, 0, 0},
      {"the shim cannot bind", SHA_256, both, SPOKEN, 0u, 1, 0},
      {"it is not permitted", SHA_256, both, SPOKEN & ~WITH_256, 1u, 1, 0},
      {"only the other one is permitted", SHA_1, both, SPOKEN & ~WITH_1, 1u, 1,
       0},
      {"another mechanism", SMTPC_MECHANISM_CRAM_MD5, both, SPOKEN, 1u, 1, 0},
      {"PLAIN", SMTPC_MECHANISM_PLAIN, both, SPOKEN, 1u, 1, 0},
      {"a bound one", SMTPC_MECHANISM_SCRAM_SHA_256_PLUS, both, SPOKEN, 1u, 1,
       0},
      {"none", SMTPC_MECHANISM_NONE, both, SPOKEN, 1u, 1, 0},
      {"no such mechanism", 255u, both, SPOKEN, 1u, 1, 0},
  };
  for (size_t i = 0u; i < COUNT(rows); i++) {
    smtpc_client_policy policy =
        policy_of(SMTPC_AUTH_ORDER_STRONG, rows[i].binding, 0u, rows[i].may);
    test_label("%s", rows[i].label);
    test_number(smtpc_client_could_bind(&policy, rows[i].mechanism,
                                        rows[i].offered, rows[i].tls),
                rows[i].want);
    policy.auth_order = SMTPC_AUTH_ORDER_MANUAL;
    test_label("%s, in an order that has none", rows[i].label);
    test_number(smtpc_client_could_bind(&policy, rows[i].mechanism,
                                        rows[i].offered, rows[i].tls),
                0);
  }
}

// Whatever an attacker cuts out of an offer that had a bound mechanism of ours: the
// client is bound, or says that it could have been, or took one that is not SCRAM.
static void test_policy_cut_offer_is_seen(void **state) {
  (void)state;
  const smtpc_client_policy policy =
      policy_of(SMTPC_AUTH_ORDER_STRONG, 1u, 0u, SPOKEN);
  for (unsigned set = 0u; set < NAMED; set++) {
    const uint64_t offered = named_at(set);
    const unsigned taken = smtpc_client_mechanism(&policy, offered, 1);
    if (taken != SHA_256 && taken != SHA_1) {
      continue;
    }
    test_label("offered 0x%llx", (unsigned long long)offered);
    test_number(smtpc_client_could_bind(&policy, taken, offered, 1), 1);
  }
}

static void test_policy_binding_by_version(void **state) {
  (void)state;
  static const struct {
    uint16_t version;
    unsigned want;
  } rows[] = {{SMTPC_TLS_1_3, SMTPC_BINDING_EXPORTER},
              {SMTPC_TLS_1_3 + 1u, SMTPC_BINDING_EXPORTER},
              {SMTPC_TLS_1_2, SMTPC_BINDING_END_POINT},
              {0u, SMTPC_BINDING_END_POINT}};
  for (size_t i = 0u; i < COUNT(rows); i++) {
    smtpc_tls_facts facts;
    memset(&facts, 0, sizeof facts);
    facts.version = rows[i].version;
    test_label("version 0x%x", rows[i].version);
    test_number(smtpc_client_binding(&facts), rows[i].want);
  }
}

// -------------------------------------------------------------------- exposed

// In clear, all but what shows nothing that helps to guess a password.
static void test_policy_exposed(void **state) {
  (void)state;
  static const char *const nothing[] = {"EXTERNAL",
                                        "ANONYMOUS",
                                        "9798-M-DSA-SHA1",
                                        "9798-M-ECDSA-SHA1",
                                        "9798-M-RSA-SHA1-ENC",
                                        "9798-U-DSA-SHA1",
                                        "9798-U-ECDSA-SHA1",
                                        "9798-U-RSA-SHA1-ENC",
                                        "ECDH-X25519-CHALLENGE",
                                        "ECDSA-NIST256P-CHALLENGE",
                                        "OPENID20",
                                        "SAML20"};
  for (unsigned id = 0u; id < 600u; id++) {
    bool want = id > 0u && id < SMTPC_MECHANISM_COUNT;
    for (size_t i = 0u; i < COUNT(nothing); i++) {
      want = want && id != mechanism_of(nothing[i]);
    }
    test_label("mechanism %u (%s)", id, smtpc_mechanism_get(id).name);
    test_number(smtpc_exposed(id, 0) != 0, want);
    test_number(smtpc_exposed(id, 1) != 0, false);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_policy_orders_are_the_golden_ones),
      cmocka_unit_test(test_policy_order_names),
      cmocka_unit_test(test_policy_order_strong_has_all),
      cmocka_unit_test(test_policy_mechanism_by_what_is_offered),
      cmocka_unit_test(test_policy_mechanism_by_what_is_permitted),
      cmocka_unit_test(test_policy_mechanism_by_any_of_both),
      cmocka_unit_test(test_policy_mechanism_of_no_order),
      cmocka_unit_test(test_policy_mechanism_known_is_skipped),
      cmocka_unit_test(test_policy_law_policy_mechanism),
      cmocka_unit_test(test_policy_could_bind),
      cmocka_unit_test(test_policy_cut_offer_is_seen),
      cmocka_unit_test(test_policy_binding_by_version),
      cmocka_unit_test(test_policy_exposed),
  };
  return cmocka_run_group_tests_name("policy_order", tests, NULL, NULL);
}
