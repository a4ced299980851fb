#include "smtpcore/proxied.h"

#include <stdlib.h>
#include <string.h>

#include "core/testing.h"
#include "smtpcore/command.h"

static void expect(const smtpc_net_proxied *proxied, const char *command,
                   const char *text) {
  char *have = smtpc_proxied_text(proxied);
  assert_non_null(have);
  assert_string_equal(smtpc_proxied_command(proxied), command);
  test_octets(have, strlen(have), text, strlen(text));
  free(have);
}

static void test_header_names_the_peer(void **state) {
  (void)state;
  static const struct {
    const char *line;
    const char *want;
  } rows[] = {
      {"PROXY TCP4 192.0.2.7 198.51.100.1 40112 25", "192.0.2.7:40112"},
      {"PROXY TCP6 2001:db8::7 2001:db8::1 40112 25", "[2001:db8::7]:40112"},
      {"PROXY UNKNOWN", "UNKNOWN"}};
  for (size_t i = 0u; i < sizeof rows / sizeof rows[0]; i++) {
    smtpc_proxy header;
    smtpc_net_proxied proxied = {0};
    const size_t len = strlen(rows[i].line);
    uint8_t *copy = test_copy(rows[i].line, len);
    assert_int_equal(smtpc_proxy_parse(copy, len, &header), SMTPC_OK);
    free(copy);
    proxied.header = &header;
    test_label("%s", rows[i].line);
    expect(&proxied, "PROXY", rows[i].want);
    header.local = 1u;
    expect(&proxied, "PROXY", "LOCAL");
  }
}

static void test_attributes_come_as_they_were(void **state) {
  (void)state;
  static const char line[] = "XCLIENT NAME=[UNAVAILABLE] ADDR=192.0.2.7";
  const size_t len = sizeof line - 1u;
  uint8_t *copy = test_copy(line, len);
  smtpc_command command;
  smtpc_net_proxied proxied = {0};
  assert_int_equal(smtpc_command_parse(copy, len, UINT32_MAX, 0u, &command),
                   SMTPC_OK);
  proxied.line = copy;
  proxied.argument = command.argument;
  proxied.verb = command.verb;
  expect(&proxied, "XCLIENT", "NAME=[UNAVAILABLE] ADDR=192.0.2.7");
  proxied.verb = SMTPC_VERB_XFORWARD;
  expect(&proxied, "XFORWARD", "NAME=[UNAVAILABLE] ADDR=192.0.2.7");
  free(copy);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_header_names_the_peer),
      cmocka_unit_test(test_attributes_come_as_they_were),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
