// Session: the set of findings, the names, and the makers of inputs and actions.
#include "smtpcore/session.h"

#include <stdlib.h>
#include <string.h>

#include "core/testing.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

// ----------------------------------------------------------------- findings

static void test_findings_of_an_empty_set(void **state) {
  (void)state;
  smtpc_findings set = {{0u, 0u, 0u}};
  test_label("empty");
  test_number(smtpc_findings_take(&set), SMTPC_FINDING_NONE);
  test_number(smtpc_findings_take(&set), SMTPC_FINDING_NONE);
}

static void test_findings_each_alone(void **state) {
  (void)state;
  for (unsigned id = 1u; id < SMTPC_FINDING_COUNT; id++) {
    smtpc_findings set = {{0u, 0u, 0u}};
    smtpc_findings_add(&set, id);
    test_label("%s", smtpc_finding_get(id).name);
    test_number(smtpc_findings_take(&set), id);
    test_number(set.bits[0] | set.bits[1] | set.bits[2], 0);
    test_number(smtpc_findings_take(&set), SMTPC_FINDING_NONE);
  }
}

// A finding that is not in the list changes nothing, wherever its bit would be.
static void test_findings_ignore_numbers_out_of_range(void **state) {
  (void)state;
  static const unsigned none[] = {0u,
                                  SMTPC_FINDING_COUNT,
                                  SMTPC_FINDING_COUNT + 1u,
                                  95u,
                                  96u,
                                  97u,
                                  128u,
                                  255u,
                                  256u,
                                  257u,
                                  0x10001u,
                                  0xffffffffu};
  for (size_t i = 0u; i < COUNT(none); i++) {
    // On the heap, so that a write past the set is seen.
    smtpc_findings *set = calloc(1u, sizeof *set);
    assert_non_null(set);
    smtpc_findings_add(set, none[i]);
    test_label("number %u", none[i]);
    test_number(set->bits[0] | set->bits[1] | set->bits[2], 0);
    smtpc_findings_add(set, SMTPC_FINDING_BARE_CR);
    smtpc_findings_add(set, none[i]);
    test_number(smtpc_findings_take(set), SMTPC_FINDING_BARE_CR);
    test_number(smtpc_findings_take(set), SMTPC_FINDING_NONE);
    free(set);
  }
}

// Random sets, added in random order and some twice, come out by number, each
// once. The set is held against an array of booleans.
static void test_findings_come_out_by_number(void **state) {
  (void)state;
  uint64_t random = 3u;
  for (unsigned turn = 0u; turn < 2000u; turn++) {
    smtpc_findings set = {{0u, 0u, 0u}};
    bool has[SMTPC_FINDING_COUNT] = {false};
    const unsigned adds = test_random(&random) % (2u * SMTPC_FINDING_COUNT);
    for (unsigned i = 0u; i < adds; i++) {
      const unsigned id = test_random(&random) % SMTPC_FINDING_COUNT;
      smtpc_findings_add(&set, id);
      has[id] = id != SMTPC_FINDING_NONE;
    }
    for (unsigned id = 1u; id < SMTPC_FINDING_COUNT; id++) {
      if (has[id]) {
        test_label("turn %u", turn);
        test_number(smtpc_findings_take(&set), id);
      }
    }
    test_number(smtpc_findings_take(&set), SMTPC_FINDING_NONE);
  }
}

static void test_findings_full_set(void **state) {
  (void)state;
  smtpc_findings set = {{0u, 0u, 0u}};
  for (unsigned id = SMTPC_FINDING_COUNT; id > 0u; id--) {
    smtpc_findings_add(&set, id - 1u);
  }
  // What was added again between two takes comes in its turn.
  test_label("full");
  test_number(smtpc_findings_take(&set), 1);
  smtpc_findings_add(&set, 1u);
  for (unsigned id = 1u; id < SMTPC_FINDING_COUNT; id++) {
    test_number(smtpc_findings_take(&set), id);
  }
  test_number(smtpc_findings_take(&set), SMTPC_FINDING_NONE);
}

static void test_finding_of_each_status(void **state) {
  (void)state;
  for (unsigned status = 0u; status < 256u; status++) {
    unsigned want = SMTPC_FINDING_NONE;
    want = status == 32u ? SMTPC_FINDING_BARE_CR : want;
    want = status == 33u ? SMTPC_FINDING_BARE_LF : want;
    want = status == 34u ? SMTPC_FINDING_NUL : want;
    want = status == 96u ? SMTPC_FINDING_LINE_TOO_LONG : want;
    want = status == 97u ? SMTPC_FINDING_LINE_ENDLESS : want;
    test_label("status %u", status);
    test_number(smtpc_finding_of((smtpc_status)status), want);
  }
}

// -------------------------------------------------------------------- names

typedef struct names {
  const char *label;
  const char *(*name)(unsigned number);
  unsigned count;
} names;

static const names all_names[] = {
    {"in", smtpc_in_name, SMTPC_IN_COUNT},
    {"do", smtpc_do_name, SMTPC_DO_COUNT},
    {"end", smtpc_end_name, SMTPC_END_COUNT},
    {"tls failure", smtpc_tls_failure_name, SMTPC_TLS_FAILURE_COUNT},
};

// Lower-case words with single hyphens between them.
static bool is_kebab(const char *name) {
  const size_t len = strlen(name);
  return len > 0u && strspn(name, "abcdefghijklmnopqrstuvwxyz-") == len &&
         name[0] != '-' && name[len - 1u] != '-' && strstr(name, "--") == NULL;
}

static void test_session_names_are_kebab_case_and_unique(void **state) {
  (void)state;
  for (size_t n = 0u; n < COUNT(all_names); n++) {
    const names *list = &all_names[n];
    for (unsigned i = 0u; i < list->count; i++) {
      test_label("%s %u: %s", list->label, i, list->name(i));
      test_number(is_kebab(list->name(i)), true);
      for (unsigned k = 0u; k < i; k++) {
        assert_string_not_equal(list->name(i), list->name(k));
      }
    }
  }
}

static void test_session_names_out_of_range_are_empty(void **state) {
  (void)state;
  for (size_t n = 0u; n < COUNT(all_names); n++) {
    const names *list = &all_names[n];
    assert_string_equal(list->name(list->count), "");
    assert_string_equal(list->name(list->count + 1u), "");
    assert_string_equal(list->name(255u), "");
    assert_string_equal(list->name(256u), "");
    assert_string_equal(list->name(0xffffffffu), "");
  }
}

// An identifier and its name belong together.
static void test_session_names_of_some(void **state) {
  (void)state;
  assert_string_equal(smtpc_in_name(SMTPC_IN_NONE), "none");
  assert_string_equal(smtpc_in_name(SMTPC_IN_OCTETS), "octets");
  assert_string_equal(smtpc_in_name(SMTPC_IN_END), "end");
  assert_string_equal(smtpc_do_name(SMTPC_DO_NOTHING), "nothing");
  assert_string_equal(smtpc_do_name(SMTPC_DO_START_TLS), "start-tls");
  assert_string_equal(smtpc_do_name(SMTPC_DO_MESSAGE_DONE), "message-done");
  assert_string_equal(smtpc_end_name(SMTPC_END_QUIT), "quit");
  assert_string_equal(smtpc_end_name(SMTPC_END_LOCAL), "local");
  assert_string_equal(smtpc_tls_failure_name(SMTPC_TLS_FAILURE_NONE), "none");
  assert_string_equal(smtpc_tls_failure_name(SMTPC_TLS_FAILURE_TRUNCATED),
                      "truncated");
}

// ------------------------------------------------------------------- makers

static void check_no_facts(const smtpc_tls_facts *tls) {
  test_number(tls->version, 0);
  test_number(tls->cipher, 0);
  test_number(tls->failure, 0);
  test_number(tls->chain_ok, 0);
  test_number(tls->name_ok, 0);
  test_number(tls->resumed, 0);
}

static void check_input(const smtpc_input *have, const smtpc_input *want) {
  test_number(have->kind, want->kind);
  test_number(have->channel, want->channel);
  test_number(have->data == want->data, true);
  test_number(have->len, want->len);
  test_number(have->secret == NULL, true);
  test_number(have->secret_len, 0);
  test_number(have->envelope == NULL, true);
  test_number(have->answer, SMTPC_ANSWER_NO);
  test_number(have->clean, 0);
  check_no_facts(&have->tls);
}

static void test_session_inputs_are_zero_but_for_their_kind(void **state) {
  (void)state;
  static const uint8_t octets[] = "EHLO a";
  smtpc_input want = {0};
  for (unsigned kind = 0u; kind < 256u; kind++) {
    const smtpc_input have = smtpc_input_make(kind);
    want.kind = (uint8_t)kind;
    test_label("kind %u", kind);
    check_input(&have, &want);
  }
  want.kind = SMTPC_IN_OCTETS;
  want.data = octets;
  want.len = 6u;
  for (unsigned channel = 0u; channel < 2u; channel++) {
    const smtpc_input have = smtpc_input_octets(channel, octets, 6u);
    want.channel = (uint8_t)channel;
    test_label("channel %u", channel);
    check_input(&have, &want);
  }
}

static void test_session_actions_are_zero_but_for_their_kind(void **state) {
  (void)state;
  for (unsigned kind = 0u; kind < SMTPC_DO_COUNT; kind++) {
    const smtpc_action have = smtpc_action_make(kind);
    test_label("%s", smtpc_do_name(kind));
    test_number(have.kind, kind);
    test_number(have.pos, 0);
    test_number(have.begin, 0);
    test_number(have.end, 0);
    test_number(have.number, 0);
    test_number(have.code, 0);
    test_number(have.enhanced_class, 0);
    test_number(have.enhanced_subject, 0);
    test_number(have.enhanced_detail, 0);
    test_number(have.source, SMTPC_SOURCE_NONE);
    test_number(have.channel, SMTPC_CHANNEL_PLAIN);
    test_number(have.secret, 0);
    test_number(have.took_line, 0);
    test_number(have.took_secret, 0);
    test_number(have.deadline, 0);
    test_number(have.finding, SMTPC_FINDING_NONE);
    test_number(have.device, SMTPC_DEVICE_NONE);
    test_number(have.end_reason, 0);
    test_number(have.mechanism, SMTPC_MECHANISM_NONE);
  }
}

// A verdict that a shim forgot to fill in refuses.
static void test_session_a_forgotten_verdict_refuses(void **state) {
  (void)state;
  const smtpc_input verdict = smtpc_input_make(SMTPC_IN_VERDICT);
  test_label("verdict");
  test_number(verdict.answer, SMTPC_ANSWER_NO);
  assert_true((unsigned)SMTPC_ANSWER_YES != 0u);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_findings_of_an_empty_set),
      cmocka_unit_test(test_findings_each_alone),
      cmocka_unit_test(test_findings_ignore_numbers_out_of_range),
      cmocka_unit_test(test_findings_come_out_by_number),
      cmocka_unit_test(test_findings_full_set),
      cmocka_unit_test(test_finding_of_each_status),
      cmocka_unit_test(test_session_names_are_kebab_case_and_unique),
      cmocka_unit_test(test_session_names_out_of_range_are_empty),
      cmocka_unit_test(test_session_names_of_some),
      cmocka_unit_test(test_session_inputs_are_zero_but_for_their_kind),
      cmocka_unit_test(test_session_actions_are_zero_but_for_their_kind),
      cmocka_unit_test(test_session_a_forgotten_verdict_refuses),
  };
  return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
