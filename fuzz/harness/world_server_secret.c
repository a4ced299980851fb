#define _GNU_SOURCE

#include <string.h>

#include "core/model/base64_model.h"
#include "fuzz/harness/world_server_parts.h"

// A password that a client said, decoded by the reference version. It is compared with
// what is sent and with the session's memory, so it must be one that nothing else says:
// long enough, printable, and no part of the name that stays.
#define LONG_ENOUGH 8u

static int is_printable(const uint8_t *data, size_t len) {
  for (size_t i = 0u; i < len; i++) {
    if (data[i] <= 0x20u || data[i] >= 0x7fu) {
      return 0;
    }
  }
  return 1;
}

static void keep(world_server *w, const uint8_t *data, size_t len) {
  ws_secret *secret = &w->secret;
  if (len >= LONG_ENOUGH && len <= sizeof secret->data &&
      is_printable(data, len) != 0) {
    memcpy(secret->data, data, len);
    secret->len = len;
  }
}

// The password is what is behind the last NUL (PLAIN), all of the second response
// (LOGIN), or what stands between "Bearer " and \x01 (the tokens).
static void keep_of(world_server *w, const uint8_t *data, size_t len) {
  const uint64_t mechanism = w->secret.mechanism;
  if (mechanism == SMTPC_MECH(PLAIN)) {
    size_t at = len;
    while (at > 0u && data[at - 1u] != 0u) {
      at--;
    }
    keep(w, data + at, at > 0u ? len - at : 0u);
  } else if (mechanism == SMTPC_MECH(LOGIN) && w->secret.responses == 2u) {
    keep(w, data, len);
  } else if (mechanism == SMTPC_MECH(XOAUTH2) ||
             mechanism == SMTPC_MECH(OAUTHBEARER)) {
    const uint8_t *bearer = len > 0u ? memmem(data, len, "Bearer ", 7u) : NULL;
    const size_t at = bearer != NULL ? (size_t)(bearer - data) + 7u : len;
    const uint8_t *end = at < len ? memchr(data + at, 1, len - at) : NULL;
    keep(w, data + at, end != NULL ? (size_t)(end - data) - at : 0u);
  }
}

void ws_secret_line(world_server *w, size_t len, unsigned marked) {
  static uint8_t decoded[SMTPC_LINE_MAX];
  ws_secret *secret = &w->secret;
  const uint8_t *raw = w->raw.data;
  const int within = w->account.mode == WS_AUTH;
  size_t at = 0u;
  size_t out = 0u;
  if (len == SIZE_MAX || len > sizeof decoded || w->account.bad != 0u) {
    return;
  }
  FUZZ_MUST(SECRET, !within || marked != 0u,
            "a response within an exchange is not marked");
  if (!within) {
    secret->responses = 0u;
    if (!ws_is(w, "AUTH")) {
      return;
    }
    secret->mechanism = w->command.mechanism;
    if (w->command.initial == 0u) {
      return;
    }
    FUZZ_MUST(SECRET, marked != 0u, "an initial response is not marked");
    at = len;
    while (at > 0u && raw[at - 1u] != ' ') {
      at--;
    }
  }
  secret->responses++;
  if (base64_model_decode(raw + at, len - at, decoded, &out)) {
    keep_of(w, decoded, out);
  }
  memset(decoded, 0, out);
}

void ws_secret_said(const world_server *w, const uint8_t *data, size_t len) {
  const ws_secret *secret = &w->secret;
  // Words that a reply may have by itself are not told from an echo.
  const int rare = memchr(secret->data, '~', secret->len) != NULL ||
                   memchr(secret->data, '#', secret->len) != NULL ||
                   memchr(secret->data, '!', secret->len) != NULL;
  FUZZ_MUST(SECRET,
            secret->len == 0u || !rare ||
                fuzz_find(data, len, secret->data, secret->len) == 0,
            "a password in a reply");
}

void ws_secret_gone(world_server *w) {
  ws_secret *secret = &w->secret;
  const smtpc_sasl *sasl = &w->session.sasl;
  if (secret->len > 0u &&
      fuzz_find(sasl->name, sasl->name_len, secret->data, secret->len) == 0) {
    FUZZ_MUST(SECRET,
              fuzz_find(&w->session, sizeof w->session, secret->data,
                        secret->len) == 0,
              "a password of %zu octets stays in the session", secret->len);
  }
  secret->len = 0u;
}

void ws_secret_end(world_server *w) {
  // A response that was not whole is a part of a password too.
  const size_t len = w->raw.len < LONG_ENOUGH ? 0u : LONG_ENOUGH;
  ws_secret_gone(w);
  FUZZ_MUST(
      SECRET,
      len == 0u || is_printable(w->raw.data, len) == 0 ||
          fuzz_find(&w->session, sizeof w->session, w->raw.data, len) == 0,
      "a part of a line stays in the session after its end");
}
