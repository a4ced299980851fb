// Registry: what must hold of each list, whatever its rows, and the values that
// others may have stored or that the device shows to people.
#include "smtpcore/registry.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/registry_testing.h"
#include "core/testing.h"

// Numbers past a list of `count` rows, and such as wrap when they are shortened.
#define PAST(count) \
  { (count), (count) + 1u, 255u, 256u, 257u, 65536u, 0xffffffffu }
#define PAST_COUNT 7u

// ---------------------------------------------------------- names of lists

#define MAX_ROWS 256u

// What is common to the lists, gathered so that each rule is written once.
typedef struct gathered {
  const char *label;
  size_t count;
  const char *name[MAX_ROWS];
  const char *clause[MAX_ROWS];
  size_t name_len[MAX_ROWS];
} gathered;

static void gather(gathered *list, const char *name, const char *clause,
                   size_t name_len) {
  assert_true(list->count < MAX_ROWS);
  list->name[list->count] = name;
  list->clause[list->count] = clause;
  list->name_len[list->count] = name_len;
  list->count++;
}

static gathered verbs(void) {
  gathered list = {.label = "verb"};
  for (unsigned id = 1u; id < SMTPC_VERB_COUNT; id++) {
    const smtpc_verb_row row = smtpc_verb_get(id);
    gather(&list, row.name, row.clause, row.name_len);
  }
  return list;
}

static gathered extensions(void) {
  gathered list = {.label = "extension"};
  for (unsigned id = 0u; id < SMTPC_EXTENSION_COUNT; id++) {
    const smtpc_extension_row row = smtpc_extension_get(id);
    gather(&list, row.name, row.clause, row.name_len);
  }
  return list;
}

static gathered params(void) {
  gathered list = {.label = "parameter"};
  for (unsigned id = 0u; id < SMTPC_PARAM_COUNT; id++) {
    const smtpc_param_row row = smtpc_param_get(id);
    gather(&list, row.name, row.clause, row.name_len);
  }
  return list;
}

static gathered mechanisms(void) {
  gathered list = {.label = "mechanism"};
  for (unsigned id = 1u; id < SMTPC_MECHANISM_COUNT; id++) {
    const smtpc_mechanism_row row = smtpc_mechanism_get(id);
    gather(&list, row.name, row.clause, row.name_len);
  }
  return list;
}

static gathered attributes(void) {
  gathered list = {.label = "attribute"};
  for (unsigned id = 0u; id < SMTPC_ATTRIBUTE_COUNT; id++) {
    const smtpc_attribute_row row = smtpc_attribute_get(id);
    gather(&list, row.name, "Postfix XCLIENT_README", row.name_len);
  }
  return list;
}

static void check_words(const gathered *list, const char *set) {
  for (size_t i = 0u; i < list->count; i++) {
    test_label("%s %zu: %s", list->label, i, list->name[i]);
    // Names are upper case, because comparing folds the line only.
    test_number(only(list->name[i], set), true);
    test_number(list->name_len[i], strlen(list->name[i]));
    test_number(is_clause(list->clause[i]), true);
    // RFC 5321 section 4.1.1.1: a keyword does not begin with a hyphen.
    test_number(list->name[i][0] != '-', true);
    for (size_t k = 0u; k < i; k++) {
      test_number(strcasecmp(list->name[i], list->name[k]) != 0, true);
    }
  }
}

static void test_registry_verbs_are_upper_case_and_unique(void **state) {
  (void)state;
  const gathered list = verbs();
  test_number(list.count, SMTPC_VERB_COUNT - 1);
  check_words(&list, UPPER "-");
}

static void test_registry_extensions_are_keywords_and_unique(void **state) {
  (void)state;
  const gathered list = extensions();
  test_number(list.count, 32);
  check_words(&list, UPPER DIGITS "-");
}

static void test_registry_params_are_keywords_and_unique(void **state) {
  (void)state;
  const gathered list = params();
  test_number(list.count, 20);
  check_words(&list, UPPER DIGITS "-");
}

static void test_registry_attributes_are_words_and_unique(void **state) {
  (void)state;
  const gathered list = attributes();
  test_number(list.count, 10);
  check_words(&list, UPPER);
}

static void test_registry_mechanisms_are_names_and_unique(void **state) {
  (void)state;
  const gathered list = mechanisms();
  check_words(&list, UPPER DIGITS "-_");
  for (unsigned id = 1u; id < SMTPC_MECHANISM_COUNT; id++) {
    const smtpc_mechanism_row row = smtpc_mechanism_get(id);
    test_label("%s", row.name);
    // RFC 4422 section 3.1; two names at IANA are longer.
    assert_true(row.speech == SMTPC_SPEECH_KNOWN || row.name_len <= 20u);
  }
}

#define FOREIGN(word) word,
static const char *const foreign[] = {SMTPC_FOREIGN_LIST(FOREIGN)};

static void test_registry_foreign_words_are_no_verbs(void **state) {
  (void)state;
  const gathered list = verbs();
  for (size_t i = 0u; i < COUNT(foreign); i++) {
    test_label("%s", foreign[i]);
    test_number(only(foreign[i], UPPER), true);
    for (size_t k = 0u; k < list.count; k++) {
      test_number(strcasecmp(foreign[i], list.name[k]) != 0, true);
    }
    for (size_t k = 0u; k < i; k++) {
      assert_string_not_equal(foreign[i], foreign[k]);
    }
  }
}

// ------------------------------------------------------------------ replies

// RFC 5321 section 4.2: %x32-35 %x30-35 %x30-39.
static bool is_code(unsigned code) {
  return code >= 200u && code <= 559u && code / 10u % 10u <= 5u;
}

static void check_reply(unsigned id) {
  const smtpc_reply_row row = smtpc_reply_get(id);
  char line[1024];
  test_label("reply %u: %u %s", id, row.code, row.text);
  test_number(is_code(row.code), true);
  test_number(is_printable(row.text), true);
  test_number(row.text_len, strlen(row.text));
  test_number(is_clause(row.clause), true);
  // The longest form: our host name before the text, as in the greeting.
  const int len = snprintf(line, sizeof line, "%u %u.%u.%u %0255d %s\r\n",
                           row.code, row.enhanced_class, row.enhanced_subject,
                           row.enhanced_detail, 0, row.text);
  assert_true(len > 0 && len <= 512);  // RFC 5321 section 4.5.3.1.5
}

static void test_registry_replies_are_well_formed(void **state) {
  (void)state;
  for (unsigned id = 1u; id < SMTPC_REPLY_COUNT; id++) {
    check_reply(id);
  }
}

// RFC 2034 section 4: the class is the code's first digit, and there is none in
// the greeting, the answer to EHLO, HELO and LHLO, and in 3yz replies.
static void test_registry_replies_enhanced_codes(void **state) {
  (void)state;
  for (unsigned id = 1u; id < SMTPC_REPLY_COUNT; id++) {
    const smtpc_reply_row row = smtpc_reply_get(id);
    const bool none = id == SMTPC_REPLY_GREETING || id == SMTPC_REPLY_HELO_OK ||
                      id == SMTPC_REPLY_EHLO_OK || id == SMTPC_REPLY_LHLO_OK ||
                      row.code / 100u == 3u;
    test_label("reply %u: %u %s", id, row.code, row.text);
    test_number(row.enhanced_class, none ? 0u : row.code / 100u);
    test_number(row.enhanced_class == 0u &&
                    (row.enhanced_subject != 0u || row.enhanced_detail != 0u),
                false);
    assert_true(row.enhanced_subject <= 7u);  // RFC 3463 section 3
  }
}

// Those that the device's manual or the protocol fixes, to the letter.
static void test_registry_replies_word_for_word(void **state) {
  (void)state;
  static const struct {
    unsigned id;
    const char *want;
  } rows[] = {
      {SMTPC_REPLY_GREETING, "220 0.0.0 SMTP service ready"},
      {SMTPC_REPLY_STARTTLS_OK, "220 2.0.0 Ready to start TLS"},
      {SMTPC_REPLY_TLS_FIRST, "530 5.7.0 Must issue a STARTTLS command first"},
      {SMTPC_REPLY_AUTH_FIRST, "530 5.7.0 Authentication required"},
      {SMTPC_REPLY_AUTH_BAD, "535 5.7.8 Authentication credentials invalid"},
      {SMTPC_REPLY_AUTH_CLEAR,
       "538 5.7.11 Encryption required for authentication"},
      {SMTPC_REPLY_DATA_GO, "354 0.0.0 End data with <CR><LF>.<CR><LF>"},
      {SMTPC_REPLY_AUTH_OK, "235 2.7.0 Authentication succeeded"},
      {SMTPC_REPLY_SIZE_EXCEEDED, "552 5.3.4 Message too big"},
      {SMTPC_REPLY_AUTH_CONTINUE, "334 0.0.0 "},
  };
  for (size_t i = 0u; i < COUNT(rows); i++) {
    const smtpc_reply_row row = smtpc_reply_get(rows[i].id);
    char have[128];
    (void)snprintf(have, sizeof have, "%u %u.%u.%u %s", row.code,
                   row.enhanced_class, row.enhanced_subject,
                   row.enhanced_detail, row.text);
    assert_string_equal(have, rows[i].want);
  }
}

// ----------------------------------------------------------------- findings

static void test_registry_findings_are_kebab_case_and_unique(void **state) {
  (void)state;
  for (unsigned id = 1u; id < SMTPC_FINDING_COUNT; id++) {
    const smtpc_finding_row row = smtpc_finding_get(id);
    test_label("finding %u: %s", id, row.name);
    test_number(is_kebab(row.name), true);
    test_number(is_clause(row.clause), true);
    test_number(row.meaning[0] != '\0' && is_printable(row.meaning), true);
    test_number(row.severity <= SMTPC_SEVERITY_ATTACK, true);
    for (unsigned k = 1u; k < id; k++) {
      assert_string_not_equal(row.name, smtpc_finding_get(k).name);
      assert_string_not_equal(row.meaning, smtpc_finding_get(k).meaning);
    }
  }
}

// Injection and smuggling are attacks; less protection than wanted is a downgrade.
static void test_registry_findings_severities(void **state) {
  (void)state;
  static const struct {
    unsigned id;
    unsigned want;
  } rows[] = {
      {SMTPC_FINDING_STARTTLS_PIPELINED, SMTPC_SEVERITY_ATTACK},
      {SMTPC_FINDING_STARTTLS_RESPONSE_SURPLUS, SMTPC_SEVERITY_ATTACK},
      {SMTPC_FINDING_CLEAR_IN_HANDSHAKE, SMTPC_SEVERITY_ATTACK},
      {SMTPC_FINDING_CHANNEL_MIXED, SMTPC_SEVERITY_ATTACK},
      {SMTPC_FINDING_EOD_LOOKALIKE, SMTPC_SEVERITY_ATTACK},
      {SMTPC_FINDING_CONTENT_BARE_LF, SMTPC_SEVERITY_ATTACK},
      {SMTPC_FINDING_TLS_STRIPPED, SMTPC_SEVERITY_ATTACK},
      {SMTPC_FINDING_TLS_NOT_OFFERED, SMTPC_SEVERITY_DOWNGRADE},
      {SMTPC_FINDING_STARTTLS_REFUSED, SMTPC_SEVERITY_DOWNGRADE},
      {SMTPC_FINDING_EHLO_REFUSED, SMTPC_SEVERITY_DOWNGRADE},
      {SMTPC_FINDING_TLS_OLD, SMTPC_SEVERITY_DOWNGRADE},
      {SMTPC_FINDING_AUTH_NOT_OFFERED, SMTPC_SEVERITY_DOWNGRADE},
      {SMTPC_FINDING_PLAINTEXT_REFUSED, SMTPC_SEVERITY_REFUSED},
      {SMTPC_FINDING_AUTH_IN_CLEAR, SMTPC_SEVERITY_TOLERATED},
  };
  for (size_t i = 0u; i < COUNT(rows); i++) {
    const smtpc_finding_row row = smtpc_finding_get(rows[i].id);
    test_label("%s", row.name);
    test_number(row.severity, rows[i].want);
  }
}

static void test_registry_severity_names(void **state) {
  (void)state;
  static const char *const want[] = {"note", "refused", "tolerated",
                                     "downgrade", "attack"};
  for (unsigned i = 0u; i < COUNT(want); i++) {
    assert_string_equal(smtpc_severity_name(i), want[i]);
  }
  assert_string_equal(smtpc_severity_name(5u), "");
  assert_string_equal(smtpc_severity_name(0xffffffffu), "");
}

// ------------------------------------------------------------------- quirks

// Numbers of quirks are never used again, so bits and names are fixed.
static void test_registry_quirks_keep_their_bits(void **state) {
  (void)state;
  static const struct {
    const char *name;
    const char *finding;
    uint32_t bit;
  } rows[] = {
      {"trailing-space", "quirk-trailing-space", 1u},
      {"path-space", "quirk-path-space", 2u},
      {"path-bare", "quirk-path-bare", 4u},
      {"hello-name", "quirk-hello-name", 8u},
      {"auth-in-clear", "auth-in-clear", 16u},
      {"line-lf", "quirk-line-lf", 32u},
      {"content-lf", "quirk-content-lf", 64u},
      {"auth-equals", "quirk-auth-equals", 128u},
      {"reply-8bit", "quirk-reply-8bit", 256u},
  };
  uint32_t all = 0u;
  for (unsigned i = 0u; i < COUNT(rows); i++) {
    const smtpc_quirk_row row = smtpc_quirk_get(i);
    const smtpc_finding_row finding = smtpc_finding_get(row.finding);
    test_label("quirk %u: %s", i, row.name);
    assert_string_equal(row.name, rows[i].name);
    assert_string_equal(finding.name, rows[i].finding);
    test_number(row.bit, rows[i].bit);
    test_number(all & row.bit, 0);
    test_number(finding.severity, SMTPC_SEVERITY_TOLERATED);
    test_number(row.opens[0] != '\0' && is_printable(row.opens), true);
    all |= row.bit;
  }
  test_label("all quirks");
  test_number(all, SMTPC_QUIRK_ALL);
  test_number(smtpc_quirk_get(COUNT(rows)).bit, 0);
}

// And the other way round: what is tolerated has a quirk.
static void test_registry_tolerated_findings_have_a_quirk(void **state) {
  (void)state;
  for (unsigned id = 1u; id < SMTPC_FINDING_COUNT; id++) {
    bool found = false;
    for (unsigned i = 0u; smtpc_quirk_get(i).bit != 0u; i++) {
      found = found || smtpc_quirk_get(i).finding == id;
    }
    test_label("%s", smtpc_finding_get(id).name);
    test_number(found,
                smtpc_finding_get(id).severity == SMTPC_SEVERITY_TOLERATED);
  }
}

// ---------------------------------------------------- devices and deadlines

static void test_registry_devices_word_for_word(void **state) {
  (void)state;
  static const struct {
    unsigned id;
    const char *text;
  } rows[] = {
      {SMTPC_DEVICE_NONE, ""},
      {SMTPC_DEVICE_RECEIVE, "SSL Error (SMTP Receive)"},
      {SMTPC_DEVICE_RECEIVE_REJECT, "SSL Error (SMTP RX Reject)"},
      {SMTPC_DEVICE_839, "#839"},
      {SMTPC_DEVICE_841, "#841"},
      {SMTPC_DEVICE_842, "#842"},
      {SMTPC_DEVICE_843, "#843"},
      {SMTPC_DEVICE_AUTH_NOT_OFFERED, "SMTP AUTH Error (Not Offered)"},
      {SMTPC_DEVICE_AUTH_NO_MECHANISM, "SMTP AUTH Error (No Common Method)"},
  };
  test_number(SMTPC_DEVICE_COUNT, COUNT(rows));
  for (size_t i = 0u; i < COUNT(rows); i++) {
    const smtpc_device_row row = smtpc_device_get(rows[i].id);
    assert_string_equal(row.text, rows[i].text);
    test_label("%s", row.text);
    test_number(row.when[0] == '\0', i == 0u);
  }
}

// RFC 5321 section 4.5.3.2, minutes there; our own for the handshake.
static void test_registry_deadlines_by_the_rfc(void **state) {
  (void)state;
  static const struct {
    unsigned id;
    unsigned seconds;
    const char *clause;
  } rows[] = {
      {SMTPC_DEADLINE_GREETING, 5u * 60u, "RFC 5321 section 4.5.3.2.1"},
      {SMTPC_DEADLINE_MAIL, 5u * 60u, "RFC 5321 section 4.5.3.2.2"},
      {SMTPC_DEADLINE_RCPT, 5u * 60u, "RFC 5321 section 4.5.3.2.3"},
      {SMTPC_DEADLINE_DATA_START, 2u * 60u, "RFC 5321 section 4.5.3.2.4"},
      {SMTPC_DEADLINE_DATA_BLOCK, 3u * 60u, "RFC 5321 section 4.5.3.2.5"},
      {SMTPC_DEADLINE_DATA_END, 10u * 60u, "RFC 5321 section 4.5.3.2.6"},
      {SMTPC_DEADLINE_COMMAND, 5u * 60u, "RFC 5321 section 4.5.3.2.7"},
      {SMTPC_DEADLINE_REPLY, 5u * 60u, "RFC 5321 section 4.5.3.2.7"},
      {SMTPC_DEADLINE_QUIT, 10u, "RFC 5321 section 4.1.1.10"},
      {SMTPC_DEADLINE_HANDSHAKE, 60u, "RFC 3207 section 4.1"},
  };
  test_number(SMTPC_DEADLINE_COUNT, COUNT(rows));
  for (size_t i = 0u; i < COUNT(rows); i++) {
    const smtpc_deadline_row row = smtpc_deadline_get(rows[i].id);
    test_label("%s", row.name);
    test_number(row.seconds, rows[i].seconds);
    assert_string_equal(row.clause, rows[i].clause);
    test_number(is_kebab(row.name), true);
    for (size_t k = 0u; k < i; k++) {
      assert_string_not_equal(row.name, smtpc_deadline_get(rows[k].id).name);
    }
  }
}

// -------------------------------------------------------------- out of range

#define EMPTY(text) test_number((text)[0], 0)

static void check_words_empty(unsigned id) {
  const smtpc_verb_row verb = smtpc_verb_get(id);
  EMPTY(verb.name);
  EMPTY(verb.clause);
  test_number(verb.name_len + verb.argument + verb.group, 0);
  const smtpc_mechanism_row mechanism = smtpc_mechanism_get(id);
  EMPTY(mechanism.name);
  EMPTY(mechanism.clause);
  test_number(mechanism.name_len + mechanism.exposure + mechanism.speech, 0);
}

static void check_outcomes_empty(unsigned id) {
  const smtpc_reply_row reply = smtpc_reply_get(id);
  EMPTY(reply.text);
  EMPTY(reply.clause);
  test_number(reply.code, 0);
  test_number(reply.text_len + reply.enhanced_class + reply.enhanced_subject +
                  reply.enhanced_detail,
              0);
  const smtpc_finding_row finding = smtpc_finding_get(id);
  EMPTY(finding.name);
  EMPTY(finding.clause);
  EMPTY(finding.meaning);
  test_number(finding.severity, 0);
  const smtpc_device_row device = smtpc_device_get(id);
  EMPTY(device.text);
  EMPTY(device.when);
}

static void test_registry_rows_past_the_lists_are_zero(void **state) {
  (void)state;
  static const unsigned past[PAST_COUNT] = PAST(250u);
  assert_true(SMTPC_REPLY_COUNT < 250);
  assert_true(SMTPC_FINDING_COUNT < 250);
  for (size_t i = 0u; i < PAST_COUNT; i++) {
    test_label("number %u", past[i]);
    check_words_empty(past[i]);
    check_outcomes_empty(past[i]);
  }
  test_label("number 0 is none");
  check_words_empty(0u);
  check_outcomes_empty(0u);
}

static void test_registry_one_past_each_list_is_zero(void **state) {
  (void)state;
  test_label("one past");
  EMPTY(smtpc_verb_get(SMTPC_VERB_COUNT).name);
  EMPTY(smtpc_mechanism_get(SMTPC_MECHANISM_COUNT).name);
  EMPTY(smtpc_reply_get(SMTPC_REPLY_COUNT).text);
  test_number(smtpc_reply_get(SMTPC_REPLY_COUNT).code, 0);
  EMPTY(smtpc_finding_get(SMTPC_FINDING_COUNT).name);
  EMPTY(smtpc_device_get(SMTPC_DEVICE_COUNT).text);
}

static void test_registry_lists_without_a_none_row(void **state) {
  (void)state;
  static const unsigned extension_past[PAST_COUNT] =
      PAST(SMTPC_EXTENSION_COUNT);
  static const unsigned param_past[PAST_COUNT] = PAST(SMTPC_PARAM_COUNT);
  static const unsigned deadline_past[PAST_COUNT] = PAST(SMTPC_DEADLINE_COUNT);
  for (size_t i = 0u; i < PAST_COUNT; i++) {
    test_label("past %zu", i);
    const smtpc_extension_row extension =
        smtpc_extension_get(extension_past[i]);
    EMPTY(extension.name);
    EMPTY(extension.clause);
    test_number(extension.name_len + extension.value + extension.channel +
                    extension.service,
                0);
    const smtpc_param_row param = smtpc_param_get(param_past[i]);
    EMPTY(param.name);
    EMPTY(param.clause);
    test_number(param.name_len + param.verb + param.value + param.extension, 0);
    const smtpc_deadline_row deadline = smtpc_deadline_get(deadline_past[i]);
    EMPTY(deadline.name);
    EMPTY(deadline.clause);
    test_number(deadline.seconds, 0);
    const smtpc_quirk_row quirk = smtpc_quirk_get(extension_past[i]);
    EMPTY(quirk.name);
    EMPTY(quirk.opens);
    test_number(quirk.bit, 0);
    test_number(quirk.finding, 0);
  }
}

static void test_registry_rows_past_the_sets_are_zero(void **state) {
  (void)state;
  static const unsigned attribute_past[PAST_COUNT] =
      PAST(SMTPC_ATTRIBUTE_COUNT);
  static const unsigned profile_past[PAST_COUNT] = PAST(SMTPC_PROFILE_COUNT);
  static const unsigned limit_past[PAST_COUNT] = PAST(SMTPC_LIMIT_COUNT);
  for (size_t i = 0u; i < PAST_COUNT; i++) {
    test_label("past %zu", i);
    const smtpc_attribute_row attribute =
        smtpc_attribute_get(attribute_past[i]);
    EMPTY(attribute.name);
    test_number(attribute.name_len + attribute.value + attribute.verbs, 0);
    const smtpc_profile_row profile = smtpc_profile_get(profile_past[i]);
    EMPTY(profile.name);
    EMPTY(profile.purpose);
    test_number(profile.quirks, 0);
    const smtpc_limit_row limit = smtpc_limit_get(limit_past[i]);
    EMPTY(limit.name);
    EMPTY(limit.clause);
    test_number(limit.value, 0);
    test_number(limit.scope + limit.extension, 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_registry_verbs_are_upper_case_and_unique),
      cmocka_unit_test(test_registry_extensions_are_keywords_and_unique),
      cmocka_unit_test(test_registry_params_are_keywords_and_unique),
      cmocka_unit_test(test_registry_attributes_are_words_and_unique),
      cmocka_unit_test(test_registry_mechanisms_are_names_and_unique),
      cmocka_unit_test(test_registry_foreign_words_are_no_verbs),
      cmocka_unit_test(test_registry_replies_are_well_formed),
      cmocka_unit_test(test_registry_replies_enhanced_codes),
      cmocka_unit_test(test_registry_replies_word_for_word),
      cmocka_unit_test(test_registry_findings_are_kebab_case_and_unique),
      cmocka_unit_test(test_registry_findings_severities),
      cmocka_unit_test(test_registry_severity_names),
      cmocka_unit_test(test_registry_quirks_keep_their_bits),
      cmocka_unit_test(test_registry_tolerated_findings_have_a_quirk),
      cmocka_unit_test(test_registry_devices_word_for_word),
      cmocka_unit_test(test_registry_deadlines_by_the_rfc),
      cmocka_unit_test(test_registry_rows_past_the_lists_are_zero),
      cmocka_unit_test(test_registry_one_past_each_list_is_zero),
      cmocka_unit_test(test_registry_lists_without_a_none_row),
      cmocka_unit_test(test_registry_rows_past_the_sets_are_zero),
  };
  return cmocka_run_group_tests_name("registry", tests, NULL, NULL);
}
