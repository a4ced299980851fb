#include "smtpcore/names.h"

#include <stdlib.h>
#include <string.h>

#include "core/testing.h"
#include "smtpcore/options.h"
#include "smtpcore/policy.h"

// ------------------------------------------------------------------- quirks

static void test_quirk_sets_its_bit_and_no_other(void **state) {
  (void)state;
  for (unsigned i = 0u; smtpc_quirk_get(i).bit != 0u; i++) {
    const smtpc_quirk_row row = smtpc_quirk_get(i);
    uint32_t set = 0u;
    test_label("%s", row.name);
    test_number(smtpc_name_quirk(row.name, SMTPC_QUIRK_ALL, &set), true);
    test_number(set, row.bit);
    // One that the command does not have.
    test_number(smtpc_name_quirk(row.name, SMTPC_QUIRK_ALL & ~row.bit, &set),
                false);
  }
  uint32_t set = 0u;
  assert_false(smtpc_name_quirk("", SMTPC_QUIRK_ALL, &set));
  assert_false(smtpc_name_quirk("AUTH-IN-CLEAR", SMTPC_QUIRK_ALL, &set));
  test_number(set, 0u);
}

// Each quirk is one that some session looks at.
static void test_quirks_of_both_commands_are_all(void **state) {
  (void)state;
  test_number(SMTPC_QUIRKS_SEND | SMTPC_QUIRKS_RECEIVE, SMTPC_QUIRK_ALL);
  test_number(SMTPC_QUIRKS_SEND & SMTPC_QUIRKS_RECEIVE,
              SMTPC_QUIRK_AUTH_IN_CLEAR);
}

// ----------------------------------------------------------- protocol's names

static void test_extension_sets_its_bit_in_any_case(void **state) {
  (void)state;
  for (unsigned id = 0u; id < SMTPC_EXTENSION_COUNT; id++) {
    const char *name = smtpc_extension_get(id).name;
    char lower[64];
    size_t i = 0u;
    for (; name[i] != '\0'; i++) {
      const bool upper = name[i] >= 'A' && name[i] <= 'Z';
      lower[i] = (char)(upper ? name[i] + 32 : name[i]);
    }
    lower[i] = '\0';
    uint32_t set = 0u;
    test_label("%s", name);
    test_number(smtpc_name_extension(name, UINT32_MAX, &set), true);
    test_number(set, (uint32_t)1 << id);
    test_number(smtpc_name_extension(lower, UINT32_MAX, &set), true);
    test_number(set, (uint32_t)1 << id);
    test_number(
        smtpc_name_extension(name, UINT32_MAX & ~((uint32_t)1 << id), &set),
        false);
  }
  uint32_t set = 0u;
  assert_false(smtpc_name_extension("", UINT32_MAX, &set));
  assert_false(smtpc_name_extension("SIZ", UINT32_MAX, &set));
  assert_false(smtpc_name_extension("SIZES", UINT32_MAX, &set));
  test_number(set, 0u);
}

static void test_parameter_sets_its_bit(void **state) {
  (void)state;
  for (unsigned id = 0u; id < SMTPC_PARAM_COUNT; id++) {
    uint32_t set = 0u;
    test_label("%s", smtpc_param_get(id).name);
    test_number(
        smtpc_name_parameter(smtpc_param_get(id).name, UINT32_MAX, &set), true);
    test_number(set, (uint32_t)1 << id);
  }
  uint32_t set = 0u;
  assert_false(smtpc_name_parameter("ENVID,RET", UINT32_MAX, &set));
}

static void test_mechanisms_takes_a_list_or_nothing(void **state) {
  (void)state;
  static const struct {
    const char *text;
    uint64_t set;
  } rows[] = {
      {"PLAIN", SMTPC_MECH(PLAIN)},
      {"scram-sha-256-plus,CRAM-MD5",
       SMTPC_MECH(SCRAM_SHA_256_PLUS) | SMTPC_MECH(CRAM_MD5)},
      {"PLAIN,PLAIN", SMTPC_MECH(PLAIN)},
      {"", 0u},
      {"PLAIN,", 0u},
      {",PLAIN", 0u},
      {"PLAIN,LOGI", 0u},
      {"PLAIN LOGIN", 0u},
      {"PLAIN,,LOGIN", 0u},
      // Known, and not among those that are allowed here.
      {"NTLM", 0u},
      {"PLAIN,XOAUTH2", 0u},
  };
  for (size_t i = 0u; i < sizeof rows / sizeof rows[0]; i++) {
    uint64_t set = 0u;
    test_label("%s", rows[i].text);
    test_number(smtpc_name_mechanisms(rows[i].text, SMTPC_MECHS_PASSWORD, &set),
                rows[i].set != 0u);
    test_number(set, rows[i].set);
  }
}

// An option that is given again adds to what it said before.
static void test_names_add_up(void **state) {
  (void)state;
  uint64_t mechanisms = SMTPC_MECH(PLAIN);
  uint32_t set = SMTPC_OFFERS(SIZE);
  assert_true(
      smtpc_name_mechanisms("LOGIN", SMTPC_MECHS_PASSWORD, &mechanisms));
  test_number(mechanisms, SMTPC_MECH(PLAIN) | SMTPC_MECH(LOGIN));
  assert_true(smtpc_name_extension("DSN", UINT32_MAX, &set));
  test_number(set, SMTPC_OFFERS(SIZE) | SMTPC_OFFERS(DSN));
  set = SMTPC_HAS(BY);
  assert_true(smtpc_name_parameter("RET", UINT32_MAX, &set));
  test_number(set, SMTPC_HAS(BY) | SMTPC_HAS(RET));
  set = SMTPC_QUIRK_PATH_BARE;
  assert_true(smtpc_name_quirk("path-space", SMTPC_QUIRK_ALL, &set));
  test_number(set, SMTPC_QUIRK_PATH_BARE | SMTPC_QUIRK_PATH_SPACE);
}

// Who cannot be named is not listed, and all others are.
static void test_lists_name_what_is_allowed(void **state) {
  (void)state;
  char names[SMTPC_NAMES_MAX];
  smtpc_names_quirks(SMTPC_QUIRK_AUTH_IN_CLEAR, names, sizeof names);
  assert_string_equal(names, "auth-in-clear");
  smtpc_names_extensions(SMTPC_OFFERS(SIZE) | SMTPC_OFFERS(LIMITS), names,
                         sizeof names);
  assert_string_equal(names, "SIZE, LIMITS");
  smtpc_names_parameters(SMTPC_HAS(BY) | SMTPC_HAS(RRVS), names, sizeof names);
  assert_string_equal(names, "BY, RRVS");
  smtpc_names_mechanisms(SMTPC_MECHS_BOUND, names, sizeof names);
  assert_string_equal(names, "SCRAM-SHA-256-PLUS, SCRAM-SHA-1-PLUS");
  smtpc_names_profiles(names, sizeof names);
  assert_string_equal(names, "strict, printer");
  smtpc_names_mechanisms(UINT64_MAX, names, sizeof names);
  // All of the longest list have room.
  assert_non_null(strstr(names, "XOAUTH2"));
  assert_true(strlen(names) + 1u < sizeof names);
}

static void test_offers_are_those_that_are_served(void **state) {
  (void)state;
  for (unsigned id = 0u; id < SMTPC_EXTENSION_COUNT; id++) {
    const uint32_t bit = (uint32_t)1 << id;
    const unsigned service = smtpc_extension_get(id).service;
    const bool proxy =
        id == SMTPC_EXTENSION_XCLIENT || id == SMTPC_EXTENSION_XFORWARD;
    test_label("%s", smtpc_extension_get(id).name);
    test_number((smtpc_names_offer() & bit) != 0u,
                service == SMTPC_SERVICE_CHOICE && !proxy);
    test_number((smtpc_names_no_offer() & bit) != 0u,
                service != SMTPC_SERVICE_NEVER);
  }
}

static void test_drop_is_what_a_policy_may_drop(void **state) {
  (void)state;
  const uint32_t needed =
      SMTPC_HAS(REQUIRETLS) | SMTPC_HAS(BODY) | SMTPC_HAS(SMTPUTF8);
  const uint32_t all = ((uint32_t)1 << SMTPC_PARAM_COUNT) - 1u;
  smtpc_client_policy policy;
  smtpc_client_policy_init(&policy);
  test_number(smtpc_names_drop(), all & ~needed);
  policy.drop = smtpc_names_drop();
  test_number(smtpc_client_policy_check(&policy), SMTPC_OK);
}

// ---------------------------------------------------------------- deadlines

static void test_deadline_changes_one(void **state) {
  (void)state;
  smtpc_net_deadlines before;
  smtpc_net_deadlines have;
  smtpc_net_deadlines_init(&before);
  have = before;
  assert_true(smtpc_name_deadline("data-end=7", &have));
  test_number(have.seconds[SMTPC_DEADLINE_DATA_END], 7);
  have.seconds[SMTPC_DEADLINE_DATA_END] =
      before.seconds[SMTPC_DEADLINE_DATA_END];
  assert_memory_equal(&have, &before, sizeof have);
  static const char *const wrong[] = {
      "data-end", "data-end=",   "data-end=0",  "data-en=1",
      "=1",       "data-end=-1", "data-ends=1", "data-end=86401"};
  for (size_t i = 0u; i < sizeof wrong / sizeof wrong[0]; i++) {
    test_label("%s", wrong[i]);
    test_number(smtpc_name_deadline(wrong[i], &have), false);
    assert_memory_equal(&have, &before, sizeof have);
  }
}

// ------------------------------------------------------------- ranges of peers

static smtpc_address address_of(const char *text) {
  smtpc_address address;
  assert_int_equal(
      smtpc_address_parse((const uint8_t *)text,
                          smtpc_span_make(0u, strlen(text)), &address),
      SMTPC_OK);
  return address;
}

static uint32_t quirks_of(const smtpc_rules *rules, const char *peer) {
  return smtpc_quirks_for(rules->list, rules->count, address_of(peer),
                          rules->always);
}

static void test_rules_are_for_all_or_for_a_range(void **state) {
  (void)state;
  static smtpc_rules rules;
  const uint32_t all = SMTPC_QUIRKS_RECEIVE;
  assert_int_equal(smtpc_rules_add_quirk(&rules, "path-space", all),
                   SMTPC_NAMED_OK);
  assert_int_equal(smtpc_rules_add_quirk(&rules, "path-bare@192.0.2.0/24", all),
                   SMTPC_NAMED_OK);
  assert_int_equal(
      smtpc_rules_add_quirk(&rules, "hello-name@2001:db8::/32", all),
      SMTPC_NAMED_OK);
  assert_int_equal(smtpc_rules_add_quirk(&rules, "line-lf@192.0.2.7", all),
                   SMTPC_NAMED_OK);
  const uint32_t space = SMTPC_QUIRK_PATH_SPACE;
  test_number(quirks_of(&rules, "198.51.100.1"), space);
  test_number(quirks_of(&rules, "192.0.2.1"), space | SMTPC_QUIRK_PATH_BARE);
  test_number(quirks_of(&rules, "192.0.2.7"),
              space | SMTPC_QUIRK_PATH_BARE | SMTPC_QUIRK_LINE_LF);
  test_number(quirks_of(&rules, "2001:db8::1"), space | SMTPC_QUIRK_HELLO_NAME);
  test_number(smtpc_rules_any(&rules), space | SMTPC_QUIRK_PATH_BARE |
                                           SMTPC_QUIRK_LINE_LF |
                                           SMTPC_QUIRK_HELLO_NAME);
}

static void test_rules_of_a_profile(void **state) {
  (void)state;
  static const smtpc_rules none = {0};
  static smtpc_rules rules;
  const uint32_t printer =
      smtpc_profile_get(SMTPC_PROFILE_PRINTER).quirks & SMTPC_QUIRKS_RECEIVE;
  assert_int_equal(smtpc_rules_add_profile(&rules, "printer@127.0.0.1",
                                           SMTPC_QUIRKS_RECEIVE),
                   SMTPC_NAMED_OK);
  assert_int_equal(
      smtpc_rules_add_profile(&rules, "strict", SMTPC_QUIRKS_RECEIVE),
      SMTPC_NAMED_OK);
  test_number(quirks_of(&rules, "127.0.0.1"), printer);
  test_number(quirks_of(&rules, "127.0.0.2"), 0u);
  rules = none;
  assert_int_equal(
      smtpc_rules_add_profile(&rules, "printer", SMTPC_QUIRKS_RECEIVE),
      SMTPC_NAMED_OK);
  test_number(rules.always, printer);
}

static void test_rules_refuse_the_rest(void **state) {
  (void)state;
  static const struct {
    const char *text;
    smtpc_named want;
  } rows[] = {{"", SMTPC_NAMED_NAME},
              {"@127.0.0.1", SMTPC_NAMED_NAME},
              {"path-spac@127.0.0.1", SMTPC_NAMED_NAME},
              {"path-space-@127.0.0.1", SMTPC_NAMED_NAME},
              // A sender's quirk.
              {"reply-8bit", SMTPC_NAMED_NAME},
              {"path-space@", SMTPC_NAMED_RANGE},
              {"path-space@localhost", SMTPC_NAMED_RANGE},
              {"path-space@127.0.0.1/33", SMTPC_NAMED_RANGE},
              {"path-space@127.0.0.1/8", SMTPC_NAMED_RANGE},
              {"path-space@127.0.0.1@127.0.0.1", SMTPC_NAMED_RANGE},
              {"path-space@[::1]", SMTPC_NAMED_RANGE}};
  for (size_t i = 0u; i < sizeof rows / sizeof rows[0]; i++) {
    static const smtpc_rules none = {0};
    static smtpc_rules rules;
    rules = none;
    test_label("%s", rows[i].text);
    test_number(
        smtpc_rules_add_quirk(&rules, rows[i].text, SMTPC_QUIRKS_RECEIVE),
        rows[i].want);
    assert_memory_equal(&rules, &none, sizeof rules);
  }
}

static void test_ranges_have_an_end(void **state) {
  (void)state;
  static smtpc_ranges ranges;
  static smtpc_rules rules;
  for (size_t i = 0u; i < SMTPC_RANGES_MAX; i++) {
    assert_int_equal(smtpc_ranges_add(&ranges, "::1"), SMTPC_NAMED_OK);
    assert_int_equal(
        smtpc_rules_add_quirk(&rules, "path-space@::1", SMTPC_QUIRK_ALL),
        SMTPC_NAMED_OK);
  }
  assert_int_equal(smtpc_ranges_add(&ranges, "::1"), SMTPC_NAMED_MANY);
  assert_int_equal(
      smtpc_rules_add_quirk(&rules, "path-space@::1", SMTPC_QUIRK_ALL),
      SMTPC_NAMED_MANY);
  test_number(ranges.count, SMTPC_RANGES_MAX);
  test_number(rules.count, SMTPC_RANGES_MAX);
  assert_int_equal(smtpc_ranges_add(&ranges, "nowhere"), SMTPC_NAMED_RANGE);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_quirk_sets_its_bit_and_no_other),
      cmocka_unit_test(test_quirks_of_both_commands_are_all),
      cmocka_unit_test(test_extension_sets_its_bit_in_any_case),
      cmocka_unit_test(test_parameter_sets_its_bit),
      cmocka_unit_test(test_mechanisms_takes_a_list_or_nothing),
      cmocka_unit_test(test_names_add_up),
      cmocka_unit_test(test_lists_name_what_is_allowed),
      cmocka_unit_test(test_offers_are_those_that_are_served),
      cmocka_unit_test(test_drop_is_what_a_policy_may_drop),
      cmocka_unit_test(test_deadline_changes_one),
      cmocka_unit_test(test_rules_are_for_all_or_for_a_range),
      cmocka_unit_test(test_rules_of_a_profile),
      cmocka_unit_test(test_rules_refuse_the_rest),
      cmocka_unit_test(test_ranges_have_an_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
