#include "smtpcore/log.h"

#include <stdlib.h>
#include <string.h>

#include "core/testing.h"

// What an event is printed as. The caller frees it.
static char *printed(unsigned format, smtpc_log_event *event) {
  char *text = NULL;
  size_t len = 0u;
  smtpc_log log = {open_memstream(&text, &len), (uint8_t)format};
  assert_non_null(log.stream);
  smtpc_log_write(&log, event);
  (void)fclose(log.stream);
  return text;
}

static smtpc_log_event session_end(void) {
  smtpc_log_event event = smtpc_log_begin();
  smtpc_seen seen = {0};
  smtpc_seen_add(&seen, SMTPC_FINDING_BARE_LF);
  smtpc_seen_add(&seen, SMTPC_FINDING_AUTH_IN_CLEAR);
  smtpc_seen_add(&seen, SMTPC_FINDING_BARE_LF);
  smtpc_log_number(&event, "session", 12u);
  smtpc_log_text(&event, "peer", "127.0.0.1:40112");
  smtpc_log_text(&event, "end", "quit");
  smtpc_log_number(&event, "messages", 1u);
  smtpc_log_number(&event, "octets", 812u);
  smtpc_log_seen(&event, "findings", &seen);
  smtpc_log_text(&event, "device", smtpc_device_get(SMTPC_DEVICE_RECEIVE).text);
  return event;
}

static void test_write_text(void **state) {
  (void)state;
  smtpc_log_event event = session_end();
  char *have = printed(SMTPC_LOG_TEXT, &event);
  assert_string_equal(
      have,
      "session 12 peer 127.0.0.1:40112 end quit messages 1 octets 812 "
      "findings bare-lf,auth-in-clear device \"SSL Error (SMTP "
      "Receive)\"\n");
  free(have);
}

static void test_write_json(void **state) {
  (void)state;
  smtpc_log_event event = session_end();
  char *have = printed(SMTPC_LOG_JSON, &event);
  assert_string_equal(
      have,
      "{\"session\":12,\"peer\":\"127.0.0.1:40112\",\"end\":\"quit\","
      "\"messages\":1,\"octets\":812,\"findings\":[\"bare-lf\","
      "\"auth-in-clear\"],\"device\":\"SSL Error (SMTP Receive)\"}\n");
  free(have);
}

static void test_write_empty_list(void **state) {
  (void)state;
  for (unsigned format = 0u; format < 2u; format++) {
    smtpc_log_event event = smtpc_log_begin();
    const smtpc_seen none = {0};
    smtpc_log_seen(&event, "findings", &none);
    char *have = printed(format, &event);
    assert_string_equal(have, format == SMTPC_LOG_TEXT ? "findings -\n"
                                                       : "{\"findings\":[]}\n");
    free(have);
  }
}

static void test_write_quotes_what_is_no_word(void **state) {
  (void)state;
  static const struct {
    const char *value;
    const char *want;
  } rows[] = {{"a-b_c.d:e/f@g[h]", "k a-b_c.d:e/f@g[h]\n"},
              {"", "k \"\"\n"},
              {"two words", "k \"two words\"\n"},
              {"say \"so\"", "k \"say \\\"so\\\"\"\n"},
              {"a\\b", "k \"a\\\\b\"\n"},
              {"x\nsession 13", "k \"x\\x0asession 13\"\n"}};
  for (size_t i = 0u; i < sizeof rows / sizeof rows[0]; i++) {
    smtpc_log_event event = smtpc_log_begin();
    smtpc_log_text(&event, "k", rows[i].value);
    char *have = printed(SMTPC_LOG_TEXT, &event);
    test_label("%s", rows[i].value);
    test_octets(have, strlen(have), rows[i].want, strlen(rows[i].want));
    free(have);
  }
}

// Whatever octets a peer says: one line of printable ASCII, in both formats,
// and JSON that reads back to the escaped text.
static void test_write_any_octet_stays_in_its_line(void **state) {
  (void)state;
  for (unsigned octet = 0u; octet < 256u; octet++) {
    const uint8_t raw[3] = {'a', (uint8_t)octet, 'b'};
    for (unsigned format = 0u; format < 2u; format++) {
      uint8_t *copy = test_copy(raw, sizeof raw);
      smtpc_log_event event = smtpc_log_begin();
      smtpc_log_octets(&event, "said", copy, sizeof raw);
      char *have = printed(format, &event);
      const size_t len = strlen(have);
      test_label("octet 0x%02x format %u", octet, format);
      test_number(have[len - 1u], '\n');
      for (size_t i = 0u; i + 1u < len; i++) {
        test_number(have[i] >= 0x20 && have[i] <= 0x7e, 1);
      }
      if (format == SMTPC_LOG_JSON) {
        char escaped[16];
        json_t *back = json_loads(have, 0, NULL);
        assert_non_null(back);
        (void)smtpc_log_escape(raw, sizeof raw, escaped, sizeof escaped);
        assert_string_equal(json_string_value(json_object_get(back, "said")),
                            escaped);
        json_decref(back);
      }
      free(have);
      free(copy);
    }
  }
}

static void test_escape_is_reversible_and_ascii(void **state) {
  (void)state;
  static const struct {
    const char *raw;
    size_t len;
    const char *want;
  } rows[] = {{"plain text~", 11u, "plain text~"},
              {"\x1b[31m", 5u, "\\x1b[31m"},
              {"a\0b", 3u, "a\\x00b"},
              {"\r\n\t", 3u, "\\x0d\\x0a\\x09"},
              {"\x7f\x80\xff", 3u, "\\x7f\\x80\\xff"},
              {"\\x41", 4u, "\\\\x41"},
              {"", 0u, ""}};
  for (size_t i = 0u; i < sizeof rows / sizeof rows[0]; i++) {
    char have[64];
    uint8_t *copy = test_copy(rows[i].raw, rows[i].len);
    const size_t len = smtpc_log_escape(copy, rows[i].len, have, sizeof have);
    test_label("row %zu", i);
    test_octets(have, len, rows[i].want, strlen(rows[i].want));
    test_number(strlen(have), len);
    free(copy);
  }
}

static void test_escape_never_cuts_an_escape(void **state) {
  (void)state;
  const uint8_t raw[4] = {'a', 0x1bu, 'b', '\\'};
  static const char *const want[] = {
      "", "a", "a", "a", "a", "a\\x1b", "a\\x1bb", "a\\x1bb", "a\\x1bb\\\\"};
  for (size_t cap = 1u; cap <= 9u; cap++) {
    char *have = malloc(cap);
    assert_non_null(have);
    const size_t len = smtpc_log_escape(raw, sizeof raw, have, cap);
    test_label("room %zu", cap);
    test_octets(have, len, want[cap - 1u], strlen(want[cap - 1u]));
    free(have);
  }
}

static void test_seen_holds_each_finding_once(void **state) {
  (void)state;
  smtpc_seen seen = {0};
  smtpc_seen_add(&seen, SMTPC_FINDING_NONE);
  smtpc_seen_add(&seen, SMTPC_FINDING_COUNT);
  smtpc_seen_add(&seen, 255u);
  test_number(seen.count, 0);
  for (unsigned turn = 0u; turn < 2u; turn++) {
    for (unsigned id = SMTPC_FINDING_COUNT - 1u; id > 0u; id--) {
      smtpc_seen_add(&seen, id);
    }
  }
  test_number(seen.count, SMTPC_FINDING_COUNT - 1);
  test_number(seen.finding[0], SMTPC_FINDING_COUNT - 1);
  test_number(smtpc_seen_has(&seen, SMTPC_FINDING_BARE_CR), 1);
  test_number(smtpc_seen_has(&seen, SMTPC_FINDING_NONE), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_write_text),
      cmocka_unit_test(test_write_json),
      cmocka_unit_test(test_write_empty_list),
      cmocka_unit_test(test_write_quotes_what_is_no_word),
      cmocka_unit_test(test_write_any_octet_stays_in_its_line),
      cmocka_unit_test(test_escape_is_reversible_and_ascii),
      cmocka_unit_test(test_escape_never_cuts_an_escape),
      cmocka_unit_test(test_seen_holds_each_finding_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
