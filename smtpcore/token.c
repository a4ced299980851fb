#include "smtpcore/token.h"

#include <stdio.h>
#include <string.h>

#include "smtpcore/span.h"

#define FILE_MAX (SMTPC_TOKEN_MAX + 2u)  // and its line end
#define READABLE_BY_OTHERS 0007u

static size_t without_line_end(const uint8_t *data, size_t len) {
  if (len > 0u && data[len - 1u] == (uint8_t)'\n') {
    len--;
    if (len > 0u && data[len - 1u] == (uint8_t)'\r') {
      len--;
    }
  }
  return len;
}

static bool is_token(const uint8_t *data, size_t len) {
  static const char others[] = "-._~+/";
  size_t i = 0u;
  while (i < len && (smtpc_is_alnum(data[i]) ||
                     (data[i] != 0u && strchr(others, (int)data[i]) != NULL))) {
    i++;
  }
  const size_t letters = i;
  while (i < len && data[i] == (uint8_t)'=') {
    i++;
  }
  return letters > 0u && i == len && len <= SMTPC_TOKEN_MAX;
}

bool smtpc_token_read(smtpc_token *out, const char *path,
                      char problem[SMTPC_TOKEN_PROBLEM_MAX]) {
  static const smtpc_token none = {0};
  smtpc_store_error error;
  *out = none;
  if (smtpc_file_read(&out->file, &error, path, FILE_MAX) != SMTPC_STORE_OK) {
    (void)snprintf(problem, SMTPC_TOKEN_PROBLEM_MAX, "%s", error.text);
    return false;
  }
  out->len = without_line_end(out->file.data, out->file.len);
  const bool open = (out->file.mode & READABLE_BY_OTHERS) != 0u;
  if (!open && is_token(out->file.data, out->len)) {
    return true;
  }
  (void)snprintf(problem, SMTPC_TOKEN_PROBLEM_MAX, "%.400s: %s", path,
                 open
                     ? "others can read this token; say chmod 600 to it"
                     : "this is no token; write it on the first and only line, "
                       "letters, digits and -._~+/ and perhaps = at the end");
  smtpc_token_wipe(out);
  return false;
}

void smtpc_token_wipe(smtpc_token *token) {
  smtpc_file_free(&token->file);
  token->len = 0u;
}
