#include <string.h>

#include "fuzz/harness/world_server_parts.h"

// --------------------------------------------------------------------- words

typedef struct word {
  const uint8_t *data;
  size_t len;
} word;

static uint8_t upper(uint8_t octet) {
  return octet >= 'a' && octet <= 'z' ? (uint8_t)(octet - 0x20u) : octet;
}

static int is_word(word at, const char *text) {
  const size_t len = strlen(text);
  if (at.len != len) {
    return 0;
  }
  for (size_t i = 0u; i < len; i++) {
    if (upper(at.data[i]) != (uint8_t)text[i]) {
      return 0;
    }
  }
  return 1;
}

// The word up to the next `end`, which is taken off `rest` with it.
static word next_word(word *rest, char end) {
  word at = {rest->data, 0u};
  while (at.len < rest->len && rest->data[at.len] != (uint8_t)end) {
    at.len++;
  }
  const size_t taken = at.len < rest->len ? at.len + 1u : at.len;
  rest->data += taken;
  rest->len -= taken;
  return at;
}

static int has_quirk(const world_server *w, unsigned quirk) {
  return (w->policy.quirks & quirk) != 0u;
}

// The line at hand without its end, and without what a quirk leaves out.
static word line_of(const world_server *w, size_t len) {
  word line = {w->raw.data, len};
  while (
      has_quirk(w, SMTPC_QUIRK_TRAILING_SPACE) && line.len > 0u &&
      (line.data[line.len - 1u] == ' ' || line.data[line.len - 1u] == '\t')) {
    line.len--;
  }
  return line;
}

size_t ws_command_len(const world_server *w, size_t len) {
  return line_of(w, len).len;
}

// ------------------------------------------------------- MAIL, RCPT and AUTH

// WS_STRANGE is needed by a parameter that nobody knows.
// Sets of 64 bits have room for it beside all extensions.
#define WS_STRANGE ((uint64_t)1 << 63)

// The extension that brings a parameter, by the names of the registry.
static uint64_t needed_by(word name, int mail) {
#define MATCH(id, text, verb, value, extension, clause)                        \
  if (is_word(name, text) && mail == (SMTPC_VERB_##verb == SMTPC_VERB_MAIL)) { \
    return SMTPC_OFFERS(extension);                                            \
  }
  SMTPC_PARAM_LIST(MATCH)
#undef MATCH
  return WS_STRANGE;
}

static uint64_t number_of(word digits) {
  uint64_t number = 0u;
  for (size_t i = 0u; i < digits.len; i++) {
    const uint64_t digit = (uint64_t)(digits.data[i] & 0x0fu);
    if (number > (UINT64_MAX - digit) / 10u) {
      return UINT64_MAX;
    }
    number = number * 10u + digit;
  }
  return number;
}

static void read_param(ws_command *c, word param, int mail) {
  word value = param;
  const word name = next_word(&value, '=');
  c->needs |= needed_by(name, mail);
  if (mail != 0 && is_word(name, "SIZE")) {
    c->size = number_of(value);
  } else if (mail != 0 && is_word(name, "BODY")) {
    c->binary = is_word(value, "BINARYMIME") != 0;
    c->needs |= c->binary != 0u ? SMTPC_OFFERS(BINARYMIME) : 0u;
  } else if (mail != 0 && is_word(name, "SMTPUTF8")) {
    c->utf8 = 1u;
  } else if (mail != 0 && is_word(name, "REQUIRETLS")) {
    c->require_tls = 1u;
  }
}

// What is inside quotes or an address literal ends no path.
static size_t path_len(word path) {
  int quoted = 0;
  int literal = 0;
  const char end = path.len > 0u && path.data[0] == '<' ? '>' : ' ';
  for (size_t i = 0u; i < path.len; i++) {
    const uint8_t octet = path.data[i];
    if (quoted != 0 && octet == '\\') {
      i++;
    } else if (octet == '"') {
      quoted = !quoted;
    } else if (quoted == 0 && (octet == '[' || octet == ']')) {
      literal = octet == '[';
    } else if (quoted == 0 && literal == 0 && octet == (uint8_t)end) {
      return end == '>' ? i + 1u : i;
    }
  }
  return path.len;
}

static void read_path(ws_command *c, word rest, int mail) {
  (void)next_word(&rest, ':');
  if (rest.len > 0u && rest.data[0] == ' ') {
    rest.data++;
    rest.len--;
  }
  const size_t len = path_len(rest);
  c->null_path = len == 2u && rest.data[0] == '<' && rest.data[1] == '>';
  rest.data += len;
  rest.len -= len;
  if (rest.len > 0u) {
    // The space, or what is there in its place.
    c->needs |= rest.data[0] == ' ' ? 0u : WS_STRANGE;
    rest.data++;
    rest.len--;
  }
  while (rest.len > 0u) {
    read_param(c, next_word(&rest, ' '), mail);
  }
}

// The mechanisms that `words` name, a bit each.
static uint64_t mechanism_of(word name) {
#define MATCH(id, text, exposure, speech, clause)                 \
  if (is_word(name, text)) {                                      \
    return (uint64_t)1 << ((unsigned)SMTPC_MECHANISM_##id & 63u); \
  }
  SMTPC_MECHANISM_LIST(MATCH)
#undef MATCH
  return 0u;
}

static int is_foreign(word first) {
#define MATCH(text) is_word(first, text) ||
  return SMTPC_FOREIGN_LIST(MATCH) is_word(first, "HOST:") ||
         is_word(first, "USER-AGENT:") || is_word(first, "CONTENT-LENGTH:");
#undef MATCH
}

void ws_command_line(world_server *w, size_t len) {
  ws_command *c = &w->command;
  const uint64_t offers = c->offers;
  const uint64_t mechanisms = c->mechanisms;
  const uint8_t binary = c->tx_binary;
  const uint8_t utf8 = c->tx_utf8;
  const uint8_t held = c->held;
  memset(c, 0, sizeof *c);
  c->offers = offers;
  c->mechanisms = mechanisms;
  c->tx_binary = binary;
  c->tx_utf8 = utf8;
  c->held = held;
  if (len == SIZE_MAX || w->account.bad != 0u) {
    return;
  }
  word rest = line_of(w, len);
  for (size_t i = 0u; i < rest.len; i++) {
    c->high |= rest.data[i] >> 7u;
  }
  c->cancel = rest.len == 1u && rest.data[0] == '*';
  const word verb = next_word(&rest, ' ');
  c->argument = rest.len > 0u;
  c->spaced = verb.len < len;
  c->foreign = is_foreign(verb) != 0;
  if (is_word(verb, "MAIL") || is_word(verb, "RCPT")) {
    read_path(c, rest, is_word(verb, "MAIL"));
  } else if (is_word(verb, "AUTH")) {
    c->mechanism = mechanism_of(next_word(&rest, ' '));
    c->initial = rest.len > 0u;
  }
}

// -------------------------------------------------------------------- offers

static uint64_t extension_of(word name) {
#define MATCH(id, keyword, value, channel, service, clause) \
  if (is_word(name, keyword)) {                             \
    return SMTPC_OFFERS(id);                                \
  }
  SMTPC_EXTENSION_LIST(MATCH)
#undef MATCH
  return WS_STRANGE;
}

// Whether the policy lets an extension be offered on this channel.
static int may_offer(const world_server *w, uint64_t bit) {
  const smtpc_server_policy *p = &w->policy;
  const int clear = w->tls == 0u;
  if ((p->offered & bit) == 0u) {
    return 0;
  }
  if (bit == SMTPC_OFFERS(STARTTLS)) {
    return clear && p->tls != SMTPC_SERVER_TLS_OFF && p->certificate != 0u;
  }
  if (bit == SMTPC_OFFERS(REQUIRETLS)) {
    return !clear;
  }
  if (bit == SMTPC_OFFERS(AUTH)) {
    return p->auth != SMTPC_AUTH_OFF &&
           (!clear || (has_quirk(w, SMTPC_QUIRK_AUTH_IN_CLEAR) &&
                       p->tls != SMTPC_SERVER_TLS_REQUIRED));
  }
  return 1;
}

static void read_offer(world_server *w, word line) {
  ws_command *c = &w->command;
  word rest = line;
  const word name = next_word(&rest, ' ');
  const uint64_t bit = extension_of(name);
  FUZZ_MUST(WELLFORMED, bit != WS_STRANGE, "a keyword that nobody knows");
  FUZZ_MUST(WELLFORMED, (c->offering & bit) == 0u, "a keyword twice, bit %llx",
            (unsigned long long)bit);
  FUZZ_MUST(POLICY, may_offer(w, bit) != 0,
            "the extension of bit %llx is offered, TLS %u",
            (unsigned long long)bit, w->tls);
  c->offering |= bit;
  if (bit == SMTPC_OFFERS(SIZE)) {
    FUZZ_MUST(POLICY, number_of(rest) == w->policy.size_max,
              "another SIZE is offered");
  }
  while (bit == SMTPC_OFFERS(AUTH) && rest.len > 0u) {
    const uint64_t mechanism = mechanism_of(next_word(&rest, ' '));
    FUZZ_MUST(POLICY, (w->policy.mechanisms & mechanism) != 0u,
              "a mechanism that the policy has not is offered");
    c->offered_mechanisms |= mechanism;
  }
}

void ws_command_offer(world_server *w, const uint8_t *data, size_t len) {
  ws_command *c = &w->command;
  const int extended = ws_is(w, "EHLO") || ws_is(w, "LHLO");
  if (w->account.line_open == 0u || w->account.mode != WS_LINES || !extended ||
      data[0] != '2') {
    return;
  }
  c->lines++;
  if (c->lines > 1u) {
    const word line = {data + 4u, len - 6u};
    read_offer(w, line);
  }
  if (data[3] == '-') {
    return;
  }
  FUZZ_MUST(POLICY,
            may_offer(w, SMTPC_OFFERS(STARTTLS)) == 0 ||
                (c->offering & SMTPC_OFFERS(STARTTLS)) != 0u,
            "STARTTLS is not offered");
  c->offers = c->offering;
  c->mechanisms = c->offered_mechanisms;
}

void ws_command_forget(world_server *w) {
  w->command.offers = 0u;
  w->command.mechanisms = 0u;
  w->command.tx_binary = 0u;
  w->command.tx_utf8 = 0u;
}

// ------------------------------------------------------------------- replies

// Which codes a verb may have: RFC 5321 section 4.3.2 and the verbs' own RFCs, as far
// as this server says them. `good` and `also` are successes; `bad` are refusals beside
// those that each line may have.
typedef struct codes {
  const char *verb;
  uint16_t good;
  uint16_t also;
  uint16_t bad[6];
} codes;

static const codes rows[] = {
    {"EHLO", 250u, 0u, {0u}},
    {"HELO", 250u, 0u, {0u}},
    {"LHLO", 250u, 0u, {0u}},
    {"MAIL", 250u, 0u, {451u, 452u, 550u, 552u, 553u, 555u}},
    {"RCPT", 250u, 0u, {451u, 452u, 550u, 553u, 555u}},
    {"DATA", 354u, 0u, {0u}},
    {"BDAT", 250u, 0u, {451u, 452u, 550u, 552u, 554u}},
    {"RSET", 250u, 0u, {0u}},
    {"NOOP", 250u, 0u, {0u}},
    {"VRFY", 252u, 0u, {0u}},
    {"HELP", 214u, 0u, {0u}},
    {"QUIT", 221u, 0u, {0u}},
    {"STARTTLS", 220u, 0u, {554u}},
    {"AUTH", 235u, 334u, {454u, 504u, 535u, 538u}},
    {"XCLIENT", 220u, 0u, {550u}},
    {"XFORWARD", 250u, 0u, {550u}},
    // SEND, SOML and SAML have no row: they are never done, as all others.
    {"", 0u, 0u, {554u}},
};
static const codes exchange = {"", 235u, 334u, {454u, 535u}};
static const codes content = {"", 250u, 0u, {451u, 452u, 550u, 552u, 554u}};
static const codes malformed = {"", 0u, 0u, {0u}};

static const codes *codes_of(const world_server *w) {
  size_t at = 0u;
  if (ws_is_end(w)) {
    return &content;
  }
  if (w->account.mode == WS_AUTH) {
    return &exchange;
  }
  if (w->account.bad != 0u) {
    return &malformed;
  }
  while (rows[at].verb[0] != '\0' && !ws_is(w, rows[at].verb)) {
    at++;
  }
  return &rows[at];
}

static int is_common(uint16_t code) {
  return code == 421u || (code >= 500u && code <= 503u) || code == 530u;
}

static void check_code(const world_server *w, uint16_t code) {
  const codes *row = codes_of(w);
  int fits =
      code == row->good || (code != 0u && code == row->also) || is_common(code);
  for (size_t i = 0u; i < sizeof row->bad / sizeof row->bad[0]; i++) {
    fits = fits || code == row->bad[i];
  }
  FUZZ_MUST(MODEL,
            code != 553u || (w->command.offers & SMTPC_OFFERS(SMTPUTF8)) != 0u,
            "SMTPUTF8 is asked for, and was not offered");
  FUZZ_MUST(COUNT, fits, "%u is no reply to %s%s", code, w->account.verb,
            ws_is_end(w) ? "a message" : "");
}

// What a line must be to be done.
static void check_form(const world_server *w) {
  const ws_command *c = &w->command;
  const int alone = ws_is(w, "DATA") || ws_is(w, "RSET") || ws_is(w, "QUIT") ||
                    ws_is(w, "STARTTLS");
  const int named = ws_is(w, "EHLO") || ws_is(w, "HELO") || ws_is(w, "LHLO");
  const int told = ws_is(w, "VRFY") || ws_is(w, "MAIL") || ws_is(w, "RCPT") ||
                   ws_is(w, "BDAT") || ws_is(w, "AUTH") ||
                   ws_is(w, "XCLIENT") || ws_is(w, "XFORWARD");
  FUZZ_MUST(
      MODEL,
      !alone || (c->argument == 0u &&
                 (c->spaced == 0u || has_quirk(w, SMTPC_QUIRK_TRAILING_SPACE))),
      "%s with an argument is done", w->account.verb);
  FUZZ_MUST(MODEL,
            c->argument != 0u || !(told || named) ||
                (named && has_quirk(w, SMTPC_QUIRK_HELLO_NAME)),
            "%s without an argument is done", w->account.verb);
}

// What must have been offered, and said before, for a line to be done.
static void check_done(const world_server *w) {
  const ws_command *c = &w->command;
  const ws_account *a = &w->account;
  if (ws_is(w, "STARTTLS")) {
    FUZZ_MUST(POLICY,
              (c->offers & SMTPC_OFFERS(STARTTLS)) != 0u && a->extended != 0u,
              "STARTTLS is done and was not offered");
  } else if (ws_is(w, "BDAT")) {
    FUZZ_MUST(POLICY, (c->offers & SMTPC_OFFERS(CHUNKING)) != 0u,
              "BDAT is done and was not offered");
  } else if (ws_is(w, "AUTH")) {
    FUZZ_MUST(POLICY, (c->mechanism & c->mechanisms) != 0u,
              "AUTH is done by a mechanism that was not offered");
  } else if (ws_is(w, "DATA")) {
    FUZZ_MUST(POLICY, c->tx_binary == 0u, "DATA of BINARYMIME is done");
  } else if (ws_is(w, "XCLIENT")) {
    FUZZ_MUST(POLICY, may_offer(w, SMTPC_OFFERS(XCLIENT)) && a->mail == 0u,
              "XCLIENT is done");
  } else if (ws_is(w, "XFORWARD")) {
    FUZZ_MUST(POLICY, may_offer(w, SMTPC_OFFERS(XFORWARD)), "XFORWARD is done");
  }
}

// Law POLICY: RFC 3207 section 4 names what may be done in clear.
static void check_clear(const world_server *w) {
  const int exempt = ws_is(w, "NOOP") || ws_is(w, "EHLO") || ws_is(w, "LHLO") ||
                     ws_is(w, "STARTTLS") || ws_is(w, "QUIT");
  FUZZ_MUST(
      POLICY,
      w->policy.tls != SMTPC_SERVER_TLS_REQUIRED || w->tls != 0u || exempt,
      "%s is done in clear under required", w->account.verb);
}

// RFC 2034 section 4: each reply but the greeting, EHLO's and 3yz has an enhanced code,
// of the class of its code.
void ws_command_class(const world_server *w, const uint8_t *data, size_t len) {
  const int offered =
      (w->policy.offered & SMTPC_OFFERS(ENHANCEDSTATUSCODES)) != 0u;
  const int lines = w->account.line_open != 0u && w->account.mode == WS_LINES &&
                    w->account.bad == 0u && !ws_is_end(w);
  const int hello = (w->account.line_open == 0u && data[0] == '2') ||
                    (lines && data[0] == '2' &&
                     (ws_is(w, "EHLO") || ws_is(w, "HELO") ||
                      ws_is(w, "LHLO") || ws_is(w, "XCLIENT")));
  const int has =
      len > 9u && data[4] >= '2' && data[4] <= '5' && data[5] == '.';
  const int wants = offered && data[0] != '3' && !hello;
  FUZZ_MUST(WELLFORMED, hello || data[0] == '3' || has == wants,
            "an enhanced code is%s there", has ? "" : " not");
  FUZZ_MUST(WELLFORMED, !wants || data[4] == data[0],
            "class %c in a reply %c%c%c", data[4], data[0], data[1], data[2]);
}

void ws_command_said(world_server *w, uint16_t code) {
  ws_command *c = &w->command;
  const ws_account *a = &w->account;
  if (a->line_open == 0u) {
    return;
  }
  check_code(w, code);
  if (a->mode == WS_AUTH) {
    FUZZ_MUST(MODEL, c->cancel == 0u || code == 501u || code == 421u,
              "an exchange is cancelled, and %u", code);
    return;
  }
  if (a->bad != 0u || ws_is_end(w)) {
    return;
  }
  FUZZ_MUST(POLICY, c->foreign == 0u || w->session.next == SMTPC_DO_CLOSE,
            "the session goes on with another protocol");
  if (code >= 400u) {
    return;
  }
  check_form(w);
  check_clear(w);
  check_done(w);
  if (ws_is(w, "MAIL")) {
    c->tx_binary = c->binary;
    c->tx_utf8 = c->utf8;
    c->held = 1u;
  } else if (ws_is(w, "HELO") || ws_is(w, "XCLIENT")) {
    ws_command_forget(w);
    w->account.extended = 0u;
  }
}

// ----------------------------------------------------------------- questions

static void check_envelope(const world_server *w, const char *what) {
  const ws_command *c = &w->command;
  FUZZ_MUST(MODEL, (c->needs & WS_STRANGE) == 0u,
            "%s with a parameter that nobody knows", what);
  FUZZ_MUST(MODEL, (c->needs & ~c->offers) == 0u,
            "%s with a parameter that was not offered, bits %llx", what,
            (unsigned long long)(c->needs & ~c->offers));
}

void ws_command_asked(world_server *w, const smtpc_action *act) {
  ws_command *c = &w->command;
  if (act->kind == SMTPC_DO_ASK_SENDER) {
    check_envelope(w, "a sender");
    FUZZ_MUST(POLICY, c->size <= w->policy.size_max,
              "a message of %llu octets is declared and not refused",
              (unsigned long long)c->size);
    FUZZ_MUST(MODEL, c->high == 0u || c->utf8 != 0u,
              "a sender in UTF-8 without SMTPUTF8");
    FUZZ_MUST(POLICY, c->require_tls == 0u || w->tls != 0u,
              "REQUIRETLS in clear");
  } else if (act->kind == SMTPC_DO_ASK_RECIPIENT) {
    check_envelope(w, "a recipient");
    FUZZ_MUST(MODEL, c->high == 0u || c->tx_utf8 != 0u,
              "a recipient in UTF-8 without SMTPUTF8");
    FUZZ_MUST(MODEL, c->null_path == 0u, "a recipient that is nobody");
  } else if (act->kind == SMTPC_DO_ASK_MESSAGE) {
    FUZZ_MUST(NORM,
              w->session.tx.body != SMTPC_BODY_BINARYMIME || c->tx_binary != 0u,
              "a message is binary, and MAIL did not say so");
    c->held = 0u;
    c->judged = 1u;
  } else if (act->kind == SMTPC_DO_ASK_PEER) {
    return;
  } else if (act->kind == SMTPC_DO_ASK_CREDENTIALS &&
             act->mechanism != SMTPC_MECHANISM_EXTERNAL) {
    FUZZ_MUST(SECRET, act->begin < act->end, "an empty password is judged");
  } else if (w->account.mode == WS_LINES) {
    // A question of AUTH.
    FUZZ_MUST(POLICY, (c->mechanism & c->mechanisms) != 0u,
              "AUTH goes on by a mechanism that was not offered");
  }
}
