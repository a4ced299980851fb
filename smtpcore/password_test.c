#include "smtpcore/password.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/testing.h"

#define TEXT(s) s, sizeof(s) - 1u

static void test_set_takes_one_line(void **state) {
  (void)state;
  static const struct {
    const char *in;
    size_t in_len;
    const char *want;
    size_t want_len;  // 0: refused
  } rows[] = {{TEXT("secret"), TEXT("secret")},
              {TEXT("secret\n"), TEXT("secret")},
              {TEXT("secret\r\n"), TEXT("secret")},
              {TEXT(" two words "), TEXT(" two words ")},
              {TEXT("Gr\xc3\xbc\xc3\x9f\n"), TEXT("Gr\xc3\xbc\xc3\x9f")},
              {TEXT("x"), TEXT("x")},
              {TEXT(""), TEXT("")},
              {TEXT("\n"), TEXT("")},
              {TEXT("\r\n"), TEXT("")},
              {TEXT("a\n\n"), TEXT("")},
              {TEXT("a\nb"), TEXT("")},
              {TEXT("a\rb\n"), TEXT("")},
              {TEXT("a\r"), TEXT("")},
              {TEXT("a\0b\n"), TEXT("")}};
  for (size_t i = 0u; i < sizeof rows / sizeof rows[0]; i++) {
    char problem[SMTPC_PASSWORD_PROBLEM_MAX] = "";
    smtpc_password have = {3u, "old"};
    uint8_t *copy = test_copy(rows[i].in, rows[i].in_len);
    test_label("row %zu", i);
    test_number(smtpc_password_set(&have, copy, rows[i].in_len, problem),
                rows[i].want_len > 0u);
    test_octets(have.data, have.len, rows[i].want, rows[i].want_len);
    test_number(problem[0] == '\0', rows[i].want_len > 0u);
    free(copy);
  }
}

static void test_set_refuses_a_long_one(void **state) {
  (void)state;
  char problem[SMTPC_PASSWORD_PROBLEM_MAX] = "";
  smtpc_password have = {0};
  uint8_t *octets = malloc(257u);
  assert_non_null(octets);
  memset(octets, 'x', 257u);
  octets[255] = '\n';
  assert_true(smtpc_password_set(&have, octets, 256u, problem));
  test_number(have.len, 255);
  octets[255] = 'x';
  assert_false(smtpc_password_set(&have, octets, 256u, problem));
  test_number(have.len, 0);
  free(octets);
}

static void write_file(const char *path, const char *text, mode_t mode) {
  FILE *out = fopen(path, "w");
  assert_non_null(out);
  (void)fputs(text, out);
  (void)fclose(out);
  assert_int_equal(chmod(path, mode), 0);
}

static void test_read_wants_a_file_of_ones_own(void **state) {
  (void)state;
  char folder[] = "/tmp/smtpcore-password-XXXXXX";
  char path[64];
  char problem[SMTPC_PASSWORD_PROBLEM_MAX] = "";
  smtpc_password have = {0};
  assert_non_null(mkdtemp(folder));
  (void)snprintf(path, sizeof path, "%s/p", folder);
  assert_false(smtpc_password_read(&have, path, problem));
  assert_non_null(strstr(problem, path));
  write_file(path, "secret\n", 0600);
  assert_true(smtpc_password_read(&have, path, problem));
  test_octets(have.data, have.len, "secret", 6u);
  static const mode_t open_modes[] = {0604, 0602, 0601, 0644};
  for (size_t i = 0u; i < sizeof open_modes / sizeof open_modes[0]; i++) {
    assert_int_equal(chmod(path, open_modes[i]), 0);
    test_label("mode %o", (unsigned)open_modes[i]);
    test_number(smtpc_password_read(&have, path, problem), false);
    assert_non_null(strstr(problem, path));
    assert_non_null(strstr(problem, "chmod 600"));
  }
  write_file(path, "one\ntwo\n", 0600);
  assert_false(smtpc_password_read(&have, path, problem));
  // The words name the file, and nothing of what is in it.
  assert_non_null(strstr(problem, path));
  assert_null(strstr(problem, "two"));
  assert_int_equal(unlink(path), 0);
  assert_int_equal(rmdir(folder), 0);
}

static void test_ask_wants_a_terminal(void **state) {
  (void)state;
  char problem[SMTPC_PASSWORD_PROBLEM_MAX] = "";
  smtpc_password have = {0};
  FILE *none = freopen("/dev/null", "r", stdin);
  assert_non_null(none);
  assert_false(smtpc_password_ask(&have, problem));
  assert_non_null(strstr(problem, "--password-file"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_set_takes_one_line),
      cmocka_unit_test(test_set_refuses_a_long_one),
      cmocka_unit_test(test_read_wants_a_file_of_ones_own),
      cmocka_unit_test(test_ask_wants_a_terminal),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
