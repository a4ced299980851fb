// Status: numbers and names are stable, and each value has one category. The table
// here is written out on its own: a change of the list must be made twice.
#include "smtpcore/status.h"

#include <string.h>

#include "core/testing.h"

typedef struct known {
  unsigned value;
  const char *name;
} known;

static const known table[] = {
    {0u, "ok"},
    {1u, "more"},
    {16u, "state"},
    {17u, "pending"},
    {18u, "argument"},
    {19u, "room"},
    {32u, "bare-cr"},
    {33u, "bare-lf"},
    {34u, "nul"},
    {35u, "control"},
    {36u, "non-ascii"},
    {37u, "utf8"},
    {38u, "syntax"},
    {39u, "verb"},
    {40u, "argument-missing"},
    {41u, "argument-surplus"},
    {42u, "domain"},
    {43u, "local-part"},
    {44u, "address-literal"},
    {45u, "path"},
    {46u, "param-unknown"},
    {47u, "param-duplicate"},
    {48u, "param-value-missing"},
    {49u, "param-value-surplus"},
    {50u, "param-value"},
    {51u, "xtext"},
    {52u, "number"},
    {53u, "base64"},
    {54u, "chunk-size"},
    {55u, "reply-code"},
    {56u, "reply-mixed"},
    {57u, "reply-text"},
    {58u, "keyword"},
    {59u, "sasl"},
    {60u, "cancelled"},
    {61u, "content-end"},
    {62u, "binding"},
    {96u, "line-too-long"},
    {97u, "line-endless"},
    {98u, "number-too-large"},
    {99u, "too-long"},
    {100u, "too-many"},
    {112u, "internal"},
};
#define COUNT (sizeof table / sizeof table[0])

static const char *name_of(unsigned value) {
  return smtpc_status_name((smtpc_status)value);
}

static void test_status_values_are_stable(void **state) {
  (void)state;
  size_t next = 0u;
  for (unsigned value = 0u; value < 256u; value++) {
    const bool is_known = next < COUNT && table[next].value == value;
    const char *want = is_known ? table[next].name : "unknown";
    test_label("value %u", value);
    test_octets(name_of(value), strlen(name_of(value)), want, strlen(want));
    next += is_known ? 1u : 0u;
  }
  test_number(next, COUNT);
}

#define ONE(id, value, name) +1u

static void test_status_list_has_no_other_row(void **state) {
  (void)state;
  test_label("rows of SMTPC_STATUS_LIST");
  test_number(0u SMTPC_STATUS_LIST(ONE), COUNT);
}

// The numbers that others may have stored: an identifier must not move.
static void test_status_identifiers_keep_their_numbers(void **state) {
  (void)state;
  test_label("identifiers");
  test_number(SMTPC_OK, 0);
  test_number(SMTPC_MORE, 1);
  test_number(SMTPC_E_STATE, 16);
  test_number(SMTPC_E_ROOM, 19);
  test_number(SMTPC_E_BARE_CR, 32);
  test_number(SMTPC_E_BARE_LF, 33);
  test_number(SMTPC_E_NUL, 34);
  test_number(SMTPC_E_VERB, 39);
  test_number(SMTPC_E_PATH, 45);
  test_number(SMTPC_E_NUMBER, 52);
  test_number(SMTPC_E_CONTENT_END, 61);
  test_number(SMTPC_E_LINE_TOO_LONG, 96);
  test_number(SMTPC_E_LINE_ENDLESS, 97);
  test_number(SMTPC_E_NUMBER_TOO_LARGE, 98);
  test_number(SMTPC_E_INTERNAL, 112);
}

static void test_status_names_are_unique(void **state) {
  (void)state;
  for (size_t i = 0u; i < COUNT; i++) {
    for (size_t k = i + 1u; k < COUNT; k++) {
      test_label("%u and %u", table[i].value, table[k].value);
      assert_string_not_equal(name_of(table[i].value), name_of(table[k].value));
    }
  }
}

typedef struct range {
  const char *label;
  unsigned low;
  unsigned high;
  bool (*holds)(smtpc_status status);
} range;

static const range ranges[] = {
    {"more", 1u, 15u, smtpc_status_is_more},
    {"misuse", 16u, 31u, smtpc_status_is_misuse},
    {"malformed", 32u, 95u, smtpc_status_is_malformed},
    {"limit", 96u, 111u, smtpc_status_is_limit},
    {"internal", 112u, 119u, smtpc_status_is_internal},
};
#define RANGE_COUNT (sizeof ranges / sizeof ranges[0])

static void test_status_categories_of_all_octets(void **state) {
  (void)state;
  for (unsigned value = 0u; value < 256u; value++) {
    for (size_t r = 0u; r < RANGE_COUNT; r++) {
      const bool want = value >= ranges[r].low && value <= ranges[r].high;
      test_label("value %u is %s", value, ranges[r].label);
      test_number(ranges[r].holds((smtpc_status)value), want);
    }
  }
}

// Each status that can be returned, but OK, says whose move it is, and only one.
static void test_status_has_one_category(void **state) {
  (void)state;
  for (size_t i = 0u; i < COUNT; i++) {
    unsigned categories = 0u;
    for (size_t r = 0u; r < RANGE_COUNT; r++) {
      categories += ranges[r].holds((smtpc_status)table[i].value) ? 1u : 0u;
    }
    test_label("%s", table[i].name);
    test_number(categories, table[i].value == 0u ? 0 : 1);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_status_values_are_stable),
      cmocka_unit_test(test_status_list_has_no_other_row),
      cmocka_unit_test(test_status_identifiers_keep_their_numbers),
      cmocka_unit_test(test_status_names_are_unique),
      cmocka_unit_test(test_status_categories_of_all_octets),
      cmocka_unit_test(test_status_has_one_category),
  };
  return cmocka_run_group_tests_name("status", tests, NULL, NULL);
}
