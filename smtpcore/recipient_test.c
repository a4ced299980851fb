#include "smtpcore/recipient.h"

#include <stdlib.h>
#include <string.h>

#include "core/testing.h"

static const char *const domains[] = {"office.example", "Lab.Example"};

static const smtpc_here here = {(const uint8_t *)"device.example", 14u, domains,
                                2u};

// Parses `path` as RCPT would, and judges it.
static int is_here(const smtpc_here *where, const char *self,
                   const char *path) {
  const size_t len = strlen(path);
  uint8_t *line = test_copy(path, len);
  smtpc_span rest = smtpc_span_make(0u, len);
  smtpc_path parsed;
  const smtpc_status status =
      smtpc_path_parse(line, &rest, SMTPC_ALLOW_POSTMASTER, &parsed);
  const int answer =
      status == SMTPC_OK && smtpc_recipient_is_here(where, self, line, &parsed);
  free(line);
  assert_int_equal(status, SMTPC_OK);
  return answer;
}

static void test_is_here_by_name(void **state) {
  (void)state;
  static const struct {
    const char *path;
    int want;
  } rows[] = {{"<fax@device.example>", 1},
              {"<fax@DEVICE.example>", 1},
              {"<anything.at-all@device.example>", 1},
              {"<fax@localhost>", 1},
              {"<fax@LocalHost>", 1},
              {"<fax@office.example>", 1},
              {"<fax@LAB.EXAMPLE>", 1},
              {"<Postmaster>", 1},
              {"<postmaster@device.example>", 1},
              {"<postmaster@elsewhere.example>", 0},
              {"<fax@elsewhere.example>", 0},
              {"<fax@example>", 0},
              {"<fax@device.exampl>", 0},
              {"<fax@device.example.com>", 0},
              {"<fax@sub.device.example>", 0},
              {"<fax@xdevice.example>", 0},
              {"<\"fax@device.example\"@elsewhere.example>", 0},
              // The route is ignored: the address alone decides.
              {"<@device.example:fax@elsewhere.example>", 0},
              {"<@elsewhere.example:fax@device.example>", 1}};
  for (size_t i = 0u; i < sizeof rows / sizeof rows[0]; i++) {
    test_label("%s", rows[i].path);
    test_number(is_here(&here, "127.0.0.1:25", rows[i].path), rows[i].want);
  }
}

// Our name has no NUL at its end.
static void test_is_here_reads_the_name_and_no_more(void **state) {
  (void)state;
  uint8_t *host = test_copy("device.example", 14u);
  const smtpc_here exact = {host, 14u, NULL, 0u};
  assert_int_equal(is_here(&exact, "127.0.0.1:25", "<fax@device.example>"), 1);
  assert_int_equal(is_here(&exact, "127.0.0.1:25", "<fax@device.example.com>"),
                   0);
  assert_int_equal(is_here(&exact, "127.0.0.1:25", "<fax@device.exampl>"), 0);
  free(host);
}

static void test_is_here_by_address(void **state) {
  (void)state;
  static const struct {
    const char *self;
    const char *path;
    int want;
  } rows[] = {{"127.0.0.1:2525", "<fax@[127.0.0.1]>", 1},
              {"127.0.0.1:2525", "<fax@[127.0.0.2]>", 0},
              {"127.0.0.1:2525", "<fax@[127.0.0.11]>", 0},
              {"127.0.0.1:2525", "<fax@[IPv6:::1]>", 0},
              {"[2001:db8::1]:25", "<fax@[IPv6:2001:db8::1]>", 1},
              {"[2001:db8::1]:25", "<fax@[IPv6:2001:DB8:0:0:0:0:0:1]>", 1},
              {"[2001:db8::1]:25", "<fax@[IPv6:2001:db8::2]>", 0},
              {"[2001:db8::1]:25", "<fax@[127.0.0.1]>", 0},
              {"unknown", "<fax@[127.0.0.1]>", 0},
              {"127.0.0.1:2525", "<fax@[tag:127.0.0.1]>", 0}};
  for (size_t i = 0u; i < sizeof rows / sizeof rows[0]; i++) {
    test_label("%s %s", rows[i].self, rows[i].path);
    test_number(is_here(&here, rows[i].self, rows[i].path), rows[i].want);
  }
}

static void test_is_here_when_our_name_is_an_address(void **state) {
  (void)state;
  const smtpc_here numeric = {(const uint8_t *)"[192.0.2.1]", 11u, NULL, 0u};
  assert_int_equal(is_here(&numeric, "10.0.0.1:25", "<fax@[192.0.2.1]>"), 1);
  assert_int_equal(is_here(&numeric, "10.0.0.1:25", "<fax@[192.0.2.2]>"), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_is_here_by_name),
      cmocka_unit_test(test_is_here_reads_the_name_and_no_more),
      cmocka_unit_test(test_is_here_by_address),
      cmocka_unit_test(test_is_here_when_our_name_is_an_address),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
