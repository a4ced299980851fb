#include "smtpcore/password.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "shim/store/files.h"
#include "smtpcore/span.h"

#define FILE_MAX 4096u
#define READABLE_BY_OTHERS 0007u

static bool has_octet(const uint8_t *data, size_t len, uint8_t octet) {
  return len > 0u && memchr(data, octet, len) != NULL;
}

static size_t without_line_end(const uint8_t *data, size_t len) {
  if (len > 0u && data[len - 1u] == (uint8_t)'\n') {
    len--;
    if (len > 0u && data[len - 1u] == (uint8_t)'\r') {
      len--;
    }
  }
  return len;
}

static const char *problem_of(const uint8_t *data, size_t len) {
  if (len == 0u) {
    return "the password is empty";
  }
  if (len > SMTPC_PASSWORD_LINE_MAX) {
    return "the password is longer than 255 octets";
  }
  if (has_octet(data, len, 0u) || has_octet(data, len, (uint8_t)'\r') ||
      has_octet(data, len, (uint8_t)'\n')) {
    return "a password is one line without NUL and CR";
  }
  return NULL;
}

bool smtpc_password_set(smtpc_password *out, const uint8_t *data, size_t len,
                        char problem[SMTPC_PASSWORD_PROBLEM_MAX]) {
  const size_t whole = without_line_end(data, len);
  const char *why = problem_of(data, whole);
  smtpc_password_wipe(out);
  if (why != NULL) {
    (void)snprintf(problem, SMTPC_PASSWORD_PROBLEM_MAX, "%s", why);
    return false;
  }
  memcpy(out->data, data, whole);
  out->len = whole;
  return true;
}

bool smtpc_password_read(smtpc_password *out, const char *path,
                         char problem[SMTPC_PASSWORD_PROBLEM_MAX]) {
  smtpc_file file = {0};
  smtpc_store_error error;
  char why[SMTPC_PASSWORD_PROBLEM_MAX];
  if (smtpc_file_read(&file, &error, path, FILE_MAX) != SMTPC_STORE_OK) {
    (void)snprintf(problem, SMTPC_PASSWORD_PROBLEM_MAX, "%s", error.text);
    return false;
  }
  bool good = false;
  if ((file.mode & READABLE_BY_OTHERS) != 0u) {
    (void)snprintf(problem, SMTPC_PASSWORD_PROBLEM_MAX,
                   "%.400s: others can read this password; say chmod 600 to it",
                   path);
  } else {
    good = smtpc_password_set(out, file.data, file.len, why);
    if (!good) {
      (void)snprintf(problem, SMTPC_PASSWORD_PROBLEM_MAX,
                     "%.400s: %.100s; write the password on its first and only "
                     "line",
                     path, why);
    }
  }
  smtpc_file_free(&file);
  return good;
}

void smtpc_password_wipe(smtpc_password *password) {
  smtpc_wipe(password->data, sizeof password->data);
  password->len = 0u;
}

// ---------------------------------------------------------------- terminal

// What to go back to; a signal handler reads it.
static struct termios before;

static void restore_and_die(int number) {
  (void)tcsetattr(STDIN_FILENO, TCSANOW, &before);
  (void)signal(number, SIG_DFL);
  (void)raise(number);
}

static void catch_ends(void (*handler)(int)) {
  static const int numbers[4] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
  for (size_t i = 0u; i < 4u; i++) {
    (void)signal(numbers[i], handler);
  }
}

static bool ask_once(const char *words, smtpc_password *out,
                     char problem[SMTPC_PASSWORD_PROBLEM_MAX]) {
  uint8_t line[SMTPC_PASSWORD_LINE_MAX + 64u];
  (void)fputs(words, stderr);
  (void)fflush(stderr);
  // A terminal gives one line at a time.
  const ssize_t got = read(STDIN_FILENO, line, sizeof line);
  (void)fputc('\n', stderr);
  const bool good =
      smtpc_password_set(out, line, got > 0 ? (size_t)got : 0u, problem);
  smtpc_wipe(line, sizeof line);
  return good;
}

static bool ask_twice(smtpc_password *out,
                      char problem[SMTPC_PASSWORD_PROBLEM_MAX]) {
  smtpc_password again = {0};
  bool good = ask_once("Password: ", out, problem) &&
              ask_once("The same again: ", &again, problem);
  if (good && (again.len != out->len ||
               memcmp(again.data, out->data, again.len) != 0)) {
    (void)snprintf(problem, SMTPC_PASSWORD_PROBLEM_MAX,
                   "the two passwords differ; try again");
    good = false;
  }
  smtpc_password_wipe(&again);
  return good;
}

bool smtpc_password_ask(smtpc_password *out,
                        char problem[SMTPC_PASSWORD_PROBLEM_MAX]) {
  if (isatty(STDIN_FILENO) == 0 || tcgetattr(STDIN_FILENO, &before) != 0) {
    (void)snprintf(problem, SMTPC_PASSWORD_PROBLEM_MAX,
                   "standard input is no terminal to ask at; name a file with "
                   "--password-file FILE");
    return false;
  }
  struct termios silent = before;
  silent.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
  silent.c_lflag |= (tcflag_t)ICANON;
  catch_ends(restore_and_die);
  (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  const bool good = ask_twice(out, problem);
  (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
  catch_ends(SIG_DFL);
  return good;
}
