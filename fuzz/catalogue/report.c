#include "fuzz/catalogue/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "fuzz/harness/law.h"
#include "fuzz/harness/watch.h"

// More than a script of the catalogue has.
#define SESSIONS_MAX 8u
#define WORDS_MAX 2048u
#define LINE_ROOM 512u
#define VERB_MAX 12u

// tale is what is known of one session.
typedef struct tale {
  smtpc_tls_facts facts;  // when TLS came up
  size_t words_len;
  size_t line_len;  // octets of the line at hand
  unsigned number;  // of the connection, from 1
  unsigned lost;    // an smtpc_tls_failure, plus 1
  unsigned stored;
  unsigned logins;
  unsigned delivered;
  uint32_t found[3];
  smtpc_action end;  // the last one, when `ended` is 1
  uint8_t client;
  uint8_t started;  // 1: a handshake was begun
  uint8_t up;       // 1: it ended well
  uint8_t ended;
  uint8_t asked;         // an smtpc_do
  uint8_t stored_clear;  // 1
  uint8_t clear_mail;
  uint8_t clear_login;
  char line[LINE_ROOM];
  char words[WORDS_MAX];
} tale;

static tale tales[SESSIONS_MAX];
static size_t tale_count;

// ----------------------------------------------------------------- what happens

static void add_word(tale *t, const char *word) {
  const size_t len = strlen(word);
  FUZZ_MUST(HARNESS, t->words_len + len + 2u < WORDS_MAX,
            "a session of too many words");
  t->words[t->words_len] = ' ';
  memcpy(t->words + t->words_len + 1u, word, len + 1u);
  t->words_len += len + 1u;
}

static int is_verb(const char *word) {
  static const char *const verbs[] = {"AUTH", "BDAT", "DATA", "EHLO",
                                      "HELO", "LHLO", "MAIL", "NOOP",
                                      "QUIT", "RCPT", "RSET", "STARTTLS"};
  for (size_t i = 0u; i < sizeof verbs / sizeof verbs[0]; i++) {
    if (strcmp(verbs[i], word) == 0) {
      return 1;
    }
  }
  return 0;
}

// A line of a client, without its end. What is no verb is of an exchange of AUTH.
static void client_line(tale *t, int secret) {
  char verb[VERB_MAX + 1u];
  size_t len = 0u;
  while (len < t->line_len && len < VERB_MAX && t->line[len] != ' ') {
    verb[len] = t->line[len];
    len++;
  }
  verb[len] = '\0';
  const int auth = strcmp(verb, "AUTH") == 0;
  const int dot = t->line_len == 1u && t->line[0] == '.';
  add_word(t, dot || is_verb(verb) ? verb : "*");
  if (t->up == 0u) {
    t->clear_login |= auth || secret != 0 ? 1u : 0u;
    t->clear_mail |= strcmp(verb, "MAIL") == 0 ? 1u : 0u;
  }
}

// A line of a server: the last one of a reply has a space or nothing behind its code.
static void server_line(tale *t) {
  char code[4] = {0};
  memcpy(code, t->line, t->line_len < 3u ? t->line_len : 3u);
  if (t->line_len < 4u || t->line[3] == ' ') {
    add_word(t, code);
  }
}

static void add_line(tale *t, const uint8_t *data, size_t len, int secret) {
  for (size_t i = 0u; i < len; i++) {
    if (data[i] == '\n' && t->client != 0u) {
      client_line(t, secret);
    } else if (data[i] == '\n') {
      server_line(t);
    } else if (data[i] != '\r' && t->line_len + 1u < LINE_ROOM) {
      t->line[t->line_len] = (char)data[i];
      t->line_len++;
    }
    t->line_len = data[i] == '\n' ? 0u : t->line_len;
  }
}

static void add_content(tale *t) {
  const size_t at = t->words_len;
  if (at < 2u || strcmp(t->words + at - 2u, " +") != 0) {
    add_word(t, "+");
  }
  t->clear_mail |= t->up == 0u ? 1u : 0u;
}

static void on_send(tale *t, const fuzz_watched *what) {
  const smtpc_action *act = what->act;
  const size_t len = act->end - act->begin;
  // What a client sends of its input is content; so is a dot that is put before it.
  if (t->client != 0u && (act->source == SMTPC_SOURCE_INPUT ||
                          (len == 1u && what->data[0] == '.'))) {
    add_content(t);
    return;
  }
  add_line(t, what->data, len, act->secret);
}

static void on_input(tale *t, const smtpc_input *in) {
  if (in->kind == SMTPC_IN_TLS_UP && t->up == 0u && t->started != 0u) {
    t->up = 1u;
    t->facts = in->tls;
    add_word(t, "|");
  } else if (in->kind == SMTPC_IN_TLS_FAILED) {
    t->lost = in->tls.failure + 1u;
  } else if (in->kind == SMTPC_IN_VERDICT && in->answer == SMTPC_ANSWER_YES) {
    const unsigned stored = t->asked == SMTPC_DO_ASK_MESSAGE ? 1u : 0u;
    t->stored += stored;
    t->stored_clear |= stored != 0u && t->up == 0u ? 1u : 0u;
    t->logins += t->asked == SMTPC_DO_ASK_CREDENTIALS ? 1u : 0u;
  }
}

static void on_action(tale *t, const fuzz_watched *what) {
  const smtpc_action *act = what->act;
  switch ((int)act->kind) {
    case SMTPC_DO_SEND:
      on_send(t, what);
      break;
    case SMTPC_DO_START_TLS:
      t->started = 1u;
      break;
    case SMTPC_DO_REPORT:
      t->found[act->finding / 32u] |= 1u << (act->finding % 32u);
      break;
    case SMTPC_DO_MESSAGE_DONE:
      t->delivered += act->code / 100u == 2u ? 1u : 0u;
      break;
    case SMTPC_DO_CLOSE:
      t->ended = 1u;
      t->end = *act;
      break;
    default:
      break;
  }
  t->asked = act->kind;
}

static tale *new_tale(const fuzz_watched *what) {
  unsigned number = 1u;
  FUZZ_MUST(HARNESS, tale_count < SESSIONS_MAX, "a script of many sessions");
  for (size_t i = 0u; i < tale_count; i++) {
    number += tales[i].client == what->client ? 1u : 0u;
  }
  tale *t = &tales[tale_count];
  tale_count++;
  memset(t, 0, sizeof *t);
  t->client = what->client;
  t->number = number;
  return t;
}

static void watch(const fuzz_watched *what) {
  tale *t = NULL;
  if (what->slot != 0u) {
    return;
  }
  if (what->act == NULL) {
    (void)new_tale(what);
    return;
  }
  for (size_t i = 0u; i < tale_count; i++) {
    t = tales[i].client == what->client ? &tales[i] : t;
  }
  FUZZ_MUST(HARNESS, t != NULL, "a session that never began");
  on_input(t, what->in);
  on_action(t, what);
}

// -------------------------------------------------------------------- the lines

static void say(smtpc_octets *out, const tale *t, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void say(smtpc_octets *out, const tale *t, const char *format, ...) {
  char text[WORDS_MAX + 64u];
  va_list args;
  int len = snprintf(text, sizeof text, "%s",
                     t->client != 0u ? "client " : "server ");
  if (t->number > 1u) {
    len += snprintf(text + len, sizeof text - (size_t)len, "%u ", t->number);
  }
  va_start(args, format);
  len += vsnprintf(text + len, sizeof text - (size_t)len, format, args);
  va_end(args);
  FUZZ_MUST(HARNESS, len > 0 && (size_t)len < sizeof text, "a long line");
  smtpc_octets_add(out, text, (size_t)len);
  smtpc_octets_add(out, "\n", 1u);
}

static void say_tls(smtpc_octets *out, const tale *t) {
  const char *lost = t->lost > 0u ? smtpc_tls_failure_name(t->lost - 1u) : "";
  if (t->up == 0u) {
    const char *state = t->started == 0u ? "none" : "begun";
    say(out, t, "tls %s%s", t->lost > 0u ? "failed " : state, lost);
    return;
  }
  const unsigned minor = (t->facts.version & 0xffu) - 1u;
  const char *whom = "";
  if (t->client != 0u) {
    const unsigned good = t->facts.chain_ok * 2u + t->facts.name_ok;
    static const char *const words[4] = {" bad-chain bad-name", " bad-chain",
                                         " bad-name", " verified"};
    whom = words[good & 3u];
  }
  say(out, t, "tls 1.%u%s%s%s", minor, whom, t->lost > 0u ? " lost " : "",
      lost);
}

static void say_end(smtpc_octets *out, const tale *t) {
  if (t->ended == 0u) {
    say(out, t, "end open");
    return;
  }
  const char *finding = smtpc_finding_get(t->end.finding).name;
  const char *words = smtpc_device_get(t->end.device).text;
  const int found = t->end.finding != SMTPC_FINDING_NONE;
  const int worded = words != NULL && words[0] != '\0';
  say(out, t, "end %s%s%s%s%s%s", smtpc_end_name(t->end.end_reason),
      found ? " " : "", found ? finding : "", worded ? " \"" : "",
      worded ? words : "", worded ? "\"" : "");
}

static void say_client(smtpc_octets *out, const tale *t) {
  const char *mail = t->clear_mail != 0u ? " mail" : "";
  const char *login = t->clear_login != 0u ? " login" : "";
  const int nothing = t->clear_mail == 0u && t->clear_login == 0u;
  say(out, t, "delivered %u", t->delivered);
  say(out, t, "clear%s%s%s", nothing ? " nothing" : "", mail, login);
}

static void say_server(smtpc_octets *out, const tale *t) {
  say(out, t, "stored %u%s", t->stored, t->stored_clear != 0u ? " clear" : "");
  if (t->logins > 0u) {
    say(out, t, "login %u", t->logins);
  }
}

static void say_tale(smtpc_octets *out, const tale *t) {
  say(out, t, "%s%s", t->client != 0u ? "says" : "replies", t->words);
  say_tls(out, t);
  for (unsigned f = 1u; f < SMTPC_FINDING_COUNT; f++) {
    if (((t->found[f / 32u] >> (f % 32u)) & 1u) != 0u) {
      say(out, t, "finding %s", smtpc_finding_get(f).name);
    }
  }
  say_end(out, t);
  if (t->client != 0u) {
    say_client(out, t);
  } else {
    say_server(out, t);
  }
}

// -------------------------------------------------------------------- interface

void report_begin(void) {
  tale_count = 0u;
  fuzz_watch_set(watch);
}

void report_end(smtpc_octets *out) {
  fuzz_watch_set(NULL);
  for (size_t i = 0u; i < tale_count; i++) {
    say_tale(out, &tales[i]);
  }
}

// How long the line at `at` is, its end included.
static size_t line_at(const smtpc_octets *in, size_t at) {
  const uint8_t *end = memchr(in->data + at, '\n', in->len - at);
  return end != NULL ? (size_t)(end - in->data) + 1u - at : in->len - at;
}

static size_t count_of(const smtpc_octets *in, size_t most, const uint8_t *line,
                       size_t len) {
  size_t count = 0u;
  for (size_t at = 0u; at < most; at += line_at(in, at)) {
    count += line_at(in, at) == len && memcmp(in->data + at, line, len) == 0;
  }
  return count;
}

// Lines of `left` that `right` does not have, or not so often.
static size_t compare_one(const smtpc_octets *left, const smtpc_octets *right,
                          const char *word, smtpc_octets *out) {
  size_t wrong = 0u;
  for (size_t at = 0u; at < left->len; at += line_at(left, at)) {
    const uint8_t *line = left->data + at;
    const size_t len = line_at(left, at);
    if (count_of(left, at + len, line, len) >
        count_of(right, right->len, line, len)) {
      smtpc_octets_add(out, word, strlen(word));
      smtpc_octets_add(out, line, len);
      wrong++;
    }
  }
  return wrong;
}

size_t report_compare(const smtpc_octets *expected, const smtpc_octets *have,
                      smtpc_octets *out) {
  const size_t missing = compare_one(expected, have, "  missing: ", out);
  return missing + compare_one(have, expected, "  surplus: ", out);
}
