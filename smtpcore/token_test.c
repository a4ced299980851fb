#include "smtpcore/token.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/testing.h"

static char folder[] = "/tmp/token_test.XXXXXX";
static char path[sizeof folder + 8u];

static int make_folder(void **state) {
  (void)state;
  if (mkdtemp(folder) == NULL) {
    return 1;
  }
  (void)snprintf(path, sizeof path, "%s/token", folder);
  return 0;
}

static int remove_folder(void **state) {
  (void)state;
  (void)unlink(path);
  return rmdir(folder);
}

static void write_file(const char *octets, size_t len, mode_t mode) {
  (void)unlink(path);
  const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, octets, len), len);
  assert_int_equal(fchmod(fd, mode), 0);
  (void)close(fd);
}

static void test_token_is_one_line(void **state) {
  (void)state;
  static const struct {
    const char *text;
    size_t len;  // of the token; 0: it is none
  } rows[] = {{"ya29.a0-_~+/Xy==\n", 16u},
              {"a", 1u},
              {"a\r\n", 1u},
              {"=", 0u},
              {"a=b\n", 0u},
              {"", 0u},
              {"\n", 0u},
              {"a\nb\n", 0u},
              {"a\n\n", 0u},
              {"a b\n", 0u},
              {"a\x01", 0u},
              {"\xc3\xa4\n", 0u}};
  for (size_t i = 0u; i < sizeof rows / sizeof rows[0]; i++) {
    char problem[SMTPC_TOKEN_PROBLEM_MAX] = "";
    smtpc_token token;
    write_file(rows[i].text, strlen(rows[i].text), 0600);
    test_label("%s", rows[i].text);
    test_number(smtpc_token_read(&token, path, problem), rows[i].len > 0u);
    test_number(token.len, rows[i].len);
    if (rows[i].len > 0u) {
      test_octets(token.file.data, token.len, rows[i].text, rows[i].len);
    } else {
      assert_non_null(strstr(problem, path));
      assert_null(token.file.data);
    }
    smtpc_token_wipe(&token);
    assert_null(token.file.data);
  }
}

static void test_token_has_no_nul(void **state) {
  (void)state;
  char problem[SMTPC_TOKEN_PROBLEM_MAX];
  smtpc_token token;
  write_file("a\0b", 3u, 0600);
  assert_false(smtpc_token_read(&token, path, problem));
}

static void test_token_has_a_longest_length(void **state) {
  (void)state;
  static char text[SMTPC_TOKEN_MAX + 2u];
  for (size_t more = 0u; more < 2u; more++) {
    char problem[SMTPC_TOKEN_PROBLEM_MAX];
    smtpc_token token;
    memset(text, 'a', sizeof text);
    write_file(text, SMTPC_TOKEN_MAX + more, 0600);
    test_label("%zu more", more);
    test_number(smtpc_token_read(&token, path, problem), more == 0u);
    smtpc_token_wipe(&token);
  }
}

static void test_token_is_nobody_elses(void **state) {
  (void)state;
  static const struct {
    mode_t mode;
    bool good;
  } rows[] = {{0600, true}, {0640, true}, {0644, false}, {0601, false}};
  for (size_t i = 0u; i < sizeof rows / sizeof rows[0]; i++) {
    char problem[SMTPC_TOKEN_PROBLEM_MAX] = "";
    smtpc_token token;
    write_file("token\n", 6u, rows[i].mode);
    test_label("mode %o", (unsigned)rows[i].mode);
    test_number(smtpc_token_read(&token, path, problem), rows[i].good);
    if (!rows[i].good) {
      assert_non_null(strstr(problem, "chmod 600"));
      assert_null(strstr(problem, ": token"));
    }
    smtpc_token_wipe(&token);
  }
}

static void test_token_that_is_not_there(void **state) {
  (void)state;
  char problem[SMTPC_TOKEN_PROBLEM_MAX] = "";
  smtpc_token token;
  (void)unlink(path);
  assert_false(smtpc_token_read(&token, path, problem));
  assert_non_null(strstr(problem, path));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_token_is_one_line),
      cmocka_unit_test(test_token_has_no_nul),
      cmocka_unit_test(test_token_has_a_longest_length),
      cmocka_unit_test(test_token_is_nobody_elses),
      cmocka_unit_test(test_token_that_is_not_there),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
