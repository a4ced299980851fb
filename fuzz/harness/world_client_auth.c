#include <string.h>

#include "core/model/base64_model.h"
#include "fuzz/harness/world_client_parts.h"

// A message of an exchange, decoded.
typedef struct message {
  const uint8_t *data;
  size_t len;
} message;

static int shows_password(unsigned mechanism) {
  return mechanism == SMTPC_MECHANISM_PLAIN ||
         mechanism == SMTPC_MECHANISM_LOGIN ||
         mechanism == SMTPC_MECHANISM_OAUTHBEARER ||
         mechanism == SMTPC_MECHANISM_XOAUTH2;
}

static int is_bound(unsigned mechanism) {
  return mechanism == SMTPC_MECHANISM_SCRAM_SHA_256_PLUS ||
         mechanism == SMTPC_MECHANISM_SCRAM_SHA_1_PLUS;
}

// Takes `len` octets off the front, which must be `want`.
static int take(message *m, const void *want, size_t len) {
  if (m->len < len || (len > 0u && memcmp(m->data, want, len) != 0)) {
    return 0;
  }
  m->data += len;
  m->len -= len;
  return 1;
}
#define TAKE(m, text) take(m, text, sizeof(text) - 1u)

static int is_hex(const uint8_t *text, size_t len, const uint8_t *data) {
  static const char digits[] = "0123456789abcdef";
  for (size_t i = 0u; i < len; i++) {
    const char digit = digits[(data[i / 2u] >> (i % 2u == 0u ? 4u : 0u)) & 15u];
    if (text[i] != (uint8_t)digit) {
      return 0;
    }
  }
  return 1;
}

static int is_plain(const world_client *w, message m) {
  return TAKE(&m, "\0") && take(&m, w->name, w->name_len) && TAKE(&m, "\0") &&
         take(&m, w->password, w->password_len) && m.len == 0u;
}

static int is_login(const world_client *w, message m, unsigned number) {
  const int name = number == 2u;
  return take(&m, name ? w->name : w->password,
              name ? w->name_len : w->password_len) &&
         m.len == 0u;
}

static int is_cram(const world_client *w, message m) {
  return take(&m, w->name, w->name_len) && TAKE(&m, " ") &&
         m.len == 2u * SMTPC_MD5_LEN && is_hex(m.data, m.len, w->answer);
}

static int is_token(const world_client *w, message m, unsigned number) {
  if (number > 1u) {
    return m.len <= 1u;
  }
  if (w->account.auth_mechanism == SMTPC_MECHANISM_XOAUTH2) {
    return TAKE(&m, "user=") && take(&m, w->name, w->name_len) &&
           TAKE(&m, "\1auth=Bearer ") &&
           take(&m, w->password, w->password_len) && TAKE(&m, "\1\1") &&
           m.len == 0u;
  }
  return TAKE(&m, "n,") && m.len > w->password_len + 2u &&
         fuzz_find(m.data, m.len, w->password, w->password_len);
}

// The first message says how the exchange is bound; the last one, after the server's
// proof, is empty.
static int is_scram(const world_client *w, message m, unsigned number) {
  const int bound = is_bound(w->account.auth_mechanism);
  if (number == 1u) {
    return bound ? TAKE(&m, "p=tls-")
                 : (TAKE(&m, "n,,n=") || TAKE(&m, "y,,n="));
  }
  if (number == 2u) {
    return TAKE(&m, "c=");
  }
  return m.len == 0u && w->account.auth_proved != 0u;
}

// Message `number` of the exchange, counted from 1, is the one that was meant.
static int is_right(const world_client *w, message m, unsigned number) {
  switch (w->account.auth_mechanism) {
    case SMTPC_MECHANISM_PLAIN:
      return number == 1u && is_plain(w, m);
    case SMTPC_MECHANISM_LOGIN:
      return number <= 3u && is_login(w, m, number);
    case SMTPC_MECHANISM_CRAM_MD5:
      return number == 2u && is_cram(w, m);
    case SMTPC_MECHANISM_EXTERNAL:
      return number == 1u && take(&m, w->name, w->name_len) && m.len == 0u;
    case SMTPC_MECHANISM_OAUTHBEARER:
    case SMTPC_MECHANISM_XOAUTH2:
      return number <= 2u && is_token(w, m, number);
    default:
      return number <= 3u && is_scram(w, m, number);
  }
}

static void on_message(world_client *w, const smtpc_action *act,
                       const uint8_t *text, size_t len) {
  static uint8_t data[SMTPC_LINE_MAX];
  wc_account *a = &w->account;
  message m = {data, 0u};
  a->auth_messages++;
  FUZZ_MUST(SECRET, act->secret != 0u,
            "a line of AUTH is not marked as secret");
  FUZZ_MUST(CRLFOUT, base64_model_decode(text, len, data, &m.len),
            "a line of AUTH that is not base64");
  FUZZ_MUST(SECRET, wc_may_show(w) || !shows_password(a->auth_mechanism),
            "a password in clear");
  FUZZ_MUST(SECRET,
            w->canary == 0u || shows_password(a->auth_mechanism) ||
                a->auth_messages > 1u ||
                !fuzz_find(m.data, m.len, w->password, w->password_len),
            "a mechanism that hides the password showed it");
  FUZZ_MUST(CRLFOUT, is_right(w, m, a->auth_messages),
            "message %u of an exchange is not the one that was meant",
            a->auth_messages);
}

static void check_mechanism(const world_client *w, unsigned mechanism) {
  const wc_account *a = &w->account;
  const uint64_t bit = (uint64_t)1 << (mechanism & 63u);
  FUZZ_MUST(POLICY, w->policy.auth != SMTPC_AUTH_OFF && a->hello != 0u,
            "AUTH that is not wanted");
  FUZZ_MUST(TXN, a->auth == 0u && a->letter.open == 0u && a->mails == 0u,
            "AUTH out of turn");
  FUZZ_MUST(POLICY, (a->offer.perhaps & SMTPC_OFFERS(AUTH)) != 0u,
            "AUTH that is not offered");
  FUZZ_MUST(POLICY,
            (w->policy.mechanisms & bit) != 0u &&
                (a->offer.loose != 0u || (a->offer.mechanisms & bit) != 0u),
            "mechanism %s is not wanted or not offered",
            smtpc_mechanism_get(mechanism).name);
  FUZZ_MUST(POLICY,
            !is_bound(mechanism) || (a->tls != 0u && w->policy.binding != 0u),
            "a bound mechanism without anything to bind it to");
  FUZZ_MUST(SECRET, wc_may_show(w) || !shows_password(mechanism),
            "mechanism %s in clear", smtpc_mechanism_get(mechanism).name);
  FUZZ_MUST(SECRET,
            a->tls != 0u || mechanism == SMTPC_MECHANISM_EXTERNAL ||
                world_client_found(w, SMTPC_FINDING_AUTH_IN_CLEAR),
            "AUTH in clear leaves no finding");
}

void wc_sent_auth(world_client *w, const smtpc_action *act,
                  const smtpc_command *cmd, const uint8_t *line) {
  wc_account *a = &w->account;
  check_mechanism(w, cmd->mechanism);
  a->auth = 1u;
  a->auth_lines = 1u;
  a->auth_mechanism = cmd->mechanism;
  if (cmd->mechanism == SMTPC_MECHANISM_LOGIN ||
      cmd->mechanism == SMTPC_MECHANISM_CRAM_MD5) {
    FUZZ_MUST(CRLFOUT, cmd->has_initial == 0u,
              "a response before its challenge");
    a->auth_messages = 1u;
  } else if (cmd->has_initial != 0u) {
    const uint8_t *text = line + cmd->initial.begin;
    const size_t len = smtpc_span_len(cmd->initial);
    on_message(w, act, text, len == 1u && text[0] == '=' ? 0u : len);
  }
  wc_owe(w, WC_AUTH, 1u);
}

void wc_sent_response(world_client *w, const smtpc_action *act,
                      const uint8_t *line, size_t len) {
  wc_account *a = &w->account;
  FUZZ_MUST(COUNT, wc_owed(a) == 0u, "a response without a challenge");
  FUZZ_MUST(BOUNDS, len + 2u <= SMTPC_AUTH_LINE_MAX && a->auth_lines < 6u,
            "an exchange without end");
  FUZZ_MUST(CODE, a->auth_cancelled == 0u, "a response after the cancel");
  FUZZ_MUST(CODE, a->auth_lost == 0u || (len == 1u && line[0] == '*'),
            "a response to a challenge of many lines");
  a->auth_lines++;
  if (len == 1u && line[0] == '*') {
    a->auth_cancelled = 1u;
  } else {
    on_message(w, act, line, len);
  }
  wc_owe(w, WC_AUTH, 1u);
}
