#include "smtpcore/options.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/testing.h"
#include "smtpcore/tls.h"

static void test_endpoint_takes_host_and_port(void **state) {
  (void)state;
  static const struct {
    const char *text;
    const char *host;
    unsigned port;
  } rows[] = {
      {"127.0.0.1:2525", "127.0.0.1", 2525u},
      {"mail.example.com:25", "mail.example.com", 25u},
      {"localhost:0", "localhost", 0u},
      {"localhost:65535", "localhost", 65535u},
      {"[::1]:25", "::1", 25u},
      {"[2001:db8::7]:587", "2001:db8::7", 587u},
      {"*:25", "", 25u},
  };
  for (size_t i = 0u; i < sizeof rows / sizeof rows[0]; i++) {
    smtpc_endpoint have = {"x", 1u};
    test_label("%s", rows[i].text);
    test_number(smtpc_option_endpoint(rows[i].text, &have), true);
    test_octets(have.host, strlen(have.host), rows[i].host,
                strlen(rows[i].host));
    test_number(have.port, rows[i].port);
  }
}

static void test_endpoint_refuses_the_rest(void **state) {
  (void)state;
  static const char *const rows[] = {
      "",
      ":",
      "25",
      "host",
      "host:",
      ":25",
      "host:65536",
      "host:-1",
      "host:+1",
      "host: 25",
      "host:25 ",
      "host:0x19",
      "::1:25",
      "[::1:25",
      "::1]:25",
      "[::1]25",
      "[]:25",
      "[::1]:",
      "[127.0.0.1]:25",
      "[[::1]]:25",
      "host:99999999999999999999999",
  };
  for (size_t i = 0u; i < sizeof rows / sizeof rows[0]; i++) {
    smtpc_endpoint have = {"x", 1u};
    test_label("%s", rows[i]);
    test_number(smtpc_option_endpoint(rows[i], &have), false);
    test_octets(have.host, strlen(have.host), "x", 1u);
    test_number(have.port, 1);
  }
}

static void test_endpoint_refuses_a_long_host(void **state) {
  (void)state;
  char text[300];
  smtpc_endpoint have;
  memset(text, 'a', sizeof text);
  memcpy(text + 255, ":25", 4u);
  assert_true(smtpc_option_endpoint(text, &have));
  memcpy(text + 256, ":25", 4u);
  text[255] = 'a';
  assert_false(smtpc_option_endpoint(text, &have));
}

static void test_number_keeps_its_range(void **state) {
  (void)state;
  static const struct {
    const char *text;
    uint64_t min;
    uint64_t max;
    bool good;
  } rows[] = {
      {"1", 1u, 10u, true},
      {"10", 1u, 10u, true},
      {"0", 1u, 10u, false},
      {"11", 1u, 10u, false},
      {"", 0u, 10u, false},
      {"-1", 0u, 10u, false},
      {"+1", 0u, 10u, false},
      {" 1", 0u, 10u, false},
      {"1 ", 0u, 10u, false},
      {"1k", 0u, 10u, false},
      {"18446744073709551615", 0u, UINT64_MAX, true},
      {"18446744073709551616", 0u, UINT64_MAX, false},
      {"100000000000000000000", 0u, UINT64_MAX, false},
  };
  for (size_t i = 0u; i < sizeof rows / sizeof rows[0]; i++) {
    uint64_t have = 77u;
    test_label("%s", rows[i].text);
    test_number(
        smtpc_option_number(rows[i].text, rows[i].min, rows[i].max, &have),
        rows[i].good);
    test_number(have == 77u, !rows[i].good);
  }
}

static void test_tls_version_is_one_of_four(void **state) {
  (void)state;
  static const struct {
    const char *text;
    unsigned version;
  } rows[] = {{"1.0", SMTPC_TLS_1_0},
              {"1.1", SMTPC_TLS_1_1},
              {"1.2", SMTPC_TLS_1_2},
              {"1.3", SMTPC_TLS_1_3},
              {"0.9", 7u},
              {"1.4", 7u},
              {"1", 7u},
              {"", 7u},
              {"TLS1.2", 7u}};
  for (size_t i = 0u; i < sizeof rows / sizeof rows[0]; i++) {
    uint16_t have = 7u;
    test_label("%s", rows[i].text);
    test_number(smtpc_option_tls_version(rows[i].text, &have),
                rows[i].version != 7u);
    test_number(have, rows[i].version);
  }
}

static void test_host_is_a_domain_or_a_literal(void **state) {
  (void)state;
  static const struct {
    const char *text;
    bool domain;
    bool literal;
  } rows[] = {{"device.example", true, true},
              {"localhost", true, true},
              {"[192.0.2.1]", false, true},
              {"[IPv6:::1]", false, true},
              {"", false, false},
              {"not a name", false, false},
              {"a..b", false, false},
              {"-a.example", false, false},
              {"a\r\nb", false, false},
              {"192.0.2.1]", false, false}};
  for (size_t i = 0u; i < sizeof rows / sizeof rows[0]; i++) {
    uint8_t name[255];
    uint8_t len = 0u;
    test_label("%s", rows[i].text);
    test_number(smtpc_option_host(rows[i].text, false, name, &len),
                rows[i].domain);
    test_number(smtpc_option_host(rows[i].text, true, name, &len),
                rows[i].literal);
    if (rows[i].literal) {
      test_octets(name, len, rows[i].text, strlen(rows[i].text));
    }
  }
}

static void test_own_host_is_always_a_name(void **state) {
  (void)state;
  uint8_t name[255];
  char text[256];
  uint8_t len = 0u;
  smtpc_option_own_host(name, &len);
  memcpy(text, name, len);
  text[len] = '\0';
  assert_true(smtpc_option_host(text, false, name, &len));
}

static error_t parse_and_fail(int key, char *arg, struct argp_state *state) {
  (void)arg;
  if (key == ARGP_KEY_END) {
    smtpc_option_fail(state, "--quirk", state->input, "want one of a, b");
  }
  return 0;
}

// What a wrong option says, and the status of the process that had it.
static int fails_with(char *value, char *out, size_t cap) {
  int ends[2];
  int status = -1;
  assert_int_equal(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    static char name[] = "smtpcore test";
    static const struct argp parser = {.parser = parse_and_fail};
    char *words[] = {name, NULL};
    (void)dup2(ends[1], STDERR_FILENO);
    (void)close(ends[1]);
    (void)argp_parse(&parser, 1, words, 0, NULL, value);
    _exit(0);
  }
  (void)close(ends[1]);
  size_t used = 0u;
  ssize_t got = 1;
  while (got > 0 && used < cap - 1u) {
    got = read(ends[0], out + used, cap - 1u - used);
    used += got > 0 ? (size_t)got : 0u;
  }
  out[used] = '\0';
  (void)close(ends[0]);
  assert_int_equal(waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_fail_names_option_value_and_mend(void **state) {
  (void)state;
  char said[1024];
  char value[] = "no\x1b[31m\nsuch";
  test_number(fails_with(value, said, sizeof said), 64);
  assert_non_null(strstr(said,
                         "smtpcore test: --quirk: want one of a, b; it is "
                         "\"no\\x1b[31m\\x0asuch\""));
  test_number(fails_with(NULL, said, sizeof said), 64);
  assert_non_null(strstr(said, "smtpcore test: --quirk: want one of a, b\n"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_endpoint_takes_host_and_port),
      cmocka_unit_test(test_endpoint_refuses_the_rest),
      cmocka_unit_test(test_endpoint_refuses_a_long_host),
      cmocka_unit_test(test_number_keeps_its_range),
      cmocka_unit_test(test_tls_version_is_one_of_four),
      cmocka_unit_test(test_host_is_a_domain_or_a_literal),
      cmocka_unit_test(test_own_host_is_always_a_name),
      cmocka_unit_test(test_fail_names_option_value_and_mend),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
