#include <string.h>

#include "core/model/base64_model.h"
#include "fuzz/harness/world_client_parts.h"
#include "smtpcore/reply.h"

// --------------------------------------------------------------- what is owed

size_t wc_owed(const wc_account *a) {
  return a->queue_len;
}

void wc_owe(world_client *w, wc_kind kind, size_t count) {
  wc_account *a = &w->account;
  FUZZ_MUST(COUNT, a->queue_len < WC_QUEUE_MAX, "too many commands ahead");
  const size_t at = (a->queue_head + a->queue_len) % WC_QUEUE_MAX;
  w->queue[at] = (uint8_t)kind;
  w->owes[at] = (uint16_t)count;
  a->queue_len++;
}

wc_kind wc_head(const world_client *w) {
  const wc_account *a = &w->account;
  return a->queue_len > 0u ? (wc_kind)w->queue[a->queue_head] : WC_NOTHING;
}

// One reply has come.
static void settle(world_client *w) {
  wc_account *a = &w->account;
  uint16_t *left = &w->owes[a->queue_head];
  (*left)--;
  if (*left == 0u) {
    a->queue_head = (a->queue_head + 1u) % WC_QUEUE_MAX;
    a->queue_len--;
  }
}

void wc_bar(wc_account *a, fuzz_law law) {
  if (a->barred == 0u) {
    a->barred_law = (uint8_t)law;
  }
  a->barred = 1u;
}

void wc_begin(world_client *w) {
  if (w->policy.implicit_tls == 0u) {
    wc_owe(w, WC_GREETING, 1u);
  }
}

// --------------------------------------------------------------------- inputs

static void on_tls_up(world_client *w, const smtpc_input *in) {
  wc_account *a = &w->account;
  const int checked = in->tls.chain_ok == 1u && in->tls.name_ok == 1u;
  const int greeting = a->tls_next == 0u;
  FUZZ_MUST(HARNESS, a->tls_started != 0u && a->tls == 0u, "TLS out of turn");
  memset(&a->offer, 0, sizeof a->offer);
  a->tls = 1u;
  a->tls_next = 0u;
  // The 220 said that nothing but TLS may follow it.
  a->barred = 0u;
  a->hello = 0u;
  a->hello_sent = 0u;
  a->helo_sent = 0u;
  a->mails = 0u;
  a->distrusted = w->policy.tls == SMTPC_CLIENT_TLS_VERIFIED && !checked;
  if (greeting && a->distrusted == 0u) {
    wc_owe(w, WC_GREETING, 1u);
  }
  if (a->distrusted != 0u) {
    a->only_quit = 1u;
    if (greeting) {
      wc_bar(a, FUZZ_LAW_POLICY);
    }
  }
  w->reset_due = !greeting && a->distrusted == 0u;
}

void wc_before(world_client *w, const smtpc_input *in) {
  wc_account *a = &w->account;
  switch (in->kind) {
    case SMTPC_IN_OCTETS:
      if (in->len == 0u) {
        break;
      }
      if (in->channel != a->tls) {
        wc_bar(a, FUZZ_LAW_EPOCH);
      } else if (a->tls_started != 0u && a->tls == 0u) {
        wc_bar(a, FUZZ_LAW_FAILSTOP);
      } else if (wc_owed(a) == 0u) {
        a->surplus = 1u;
      }
      break;
    case SMTPC_IN_TLS_UP:
      on_tls_up(w, in);
      break;
    case SMTPC_IN_TLS_FAILED:
      a->ended = 1u;
      wc_bar(a, FUZZ_LAW_ONEWAY);
      break;
    case SMTPC_IN_END_OF_STREAM:
    case SMTPC_IN_DEADLINE:
    case SMTPC_IN_SHUTDOWN:
      a->ended = 1u;
      wc_bar(a, FUZZ_LAW_TERMINAL);
      break;
    case SMTPC_IN_ENVELOPE:
      memset(&a->letter, 0, offsetof(wc_letter, domain));
      memset(&a->letter.decided, 0,
             sizeof a->letter - offsetof(wc_letter, decided));
      a->letter.open = 1u;
      break;
    case SMTPC_IN_RECIPIENT:
      a->letter.given++;
      break;
    default:
      break;
  }
}

// --------------------------------------------------------------------- AUTH

// How many messages of the mechanism come before a verdict.
static unsigned whole_auth(unsigned mechanism) {
  switch (mechanism) {
    case SMTPC_MECHANISM_LOGIN:
      return 3u;
    case SMTPC_MECHANISM_PLAIN:
    case SMTPC_MECHANISM_EXTERNAL:
    case SMTPC_MECHANISM_OAUTHBEARER:
    case SMTPC_MECHANISM_XOAUTH2:
      return 1u;
    default:
      return 2u;
  }
}

static int is_scram(unsigned mechanism) {
  return mechanism >= SMTPC_MECHANISM_SCRAM_SHA_256_PLUS &&
         mechanism <= SMTPC_MECHANISM_SCRAM_SHA_1;
}

// The server's final message proves that it knows the password (RFC 5802 section 3).
static void take_proof(world_client *w, const uint8_t *text, size_t len) {
  static uint8_t message[SMTPC_LINE_MAX];
  static uint8_t value[SMTPC_LINE_MAX];
  wc_account *a = &w->account;
  size_t message_len = 0u;
  size_t value_len = 0u;
  if (is_scram(a->auth_mechanism) && a->auth_messages == 2u &&
      a->signature_len > 0u &&
      base64_model_decode(text, len, message, &message_len) &&
      message_len > 2u && memcmp(message, "v=", 2u) == 0 &&
      base64_model_decode(message + 2, message_len - 2u, value, &value_len)) {
    a->auth_proved = value_len == a->signature_len &&
                     memcmp(value, a->signature, value_len) == 0;
  }
}

static void on_auth_reply(world_client *w, unsigned code) {
  wc_account *a = &w->account;
  const unsigned whole = whole_auth(a->auth_mechanism);
  const int token = a->auth_mechanism == SMTPC_MECHANISM_OAUTHBEARER ||
                    a->auth_mechanism == SMTPC_MECHANISM_XOAUTH2;
  if (code == 334u) {
    if (a->auth_cancelled != 0u) {
      wc_bar(a, FUZZ_LAW_CODE);
    } else if (a->lines == 1u) {
      take_proof(w, w->line + 4, a->line_len > 6u ? a->line_len - 6u : 0u);
    } else {
      a->auth_lost = 1u;
    }
    return;
  }
  a->auth_over = 1u;
  if (code >= 400u) {
    a->only_quit = 1u;
  } else if (code == 235u && a->auth_cancelled == 0u &&
             (token ? a->auth_messages == whole : a->auth_messages >= whole) &&
             (!is_scram(a->auth_mechanism) || a->auth_proved != 0u)) {
    a->auth_ok = 1u;
  } else {
    wc_bar(a, FUZZ_LAW_CODE);
  }
}

// --------------------------------------------------------------- transactions

static void decide(wc_letter *l, const wc_code *reply) {
  l->decided = *reply;
}

static void on_rcpt_reply(wc_account *a) {
  wc_letter *l = &a->letter;
  wc_code reply = a->reply;
  if (reply.code == 552u) {
    // RFC 5321 section 4.5.3.1.10
    reply.code = 452u;
    reply.class = 0u;
    reply.subject = 0u;
    reply.detail = 0u;
  }
  const int ok = reply.code >= 250u && reply.code <= 252u;
  if (!ok && reply.code < 400u) {
    wc_bar(a, FUZZ_LAW_CODE);
    return;
  }
  l->last_rcpt = reply;
  l->answered++;
  if (ok && l->mail_ok != 0u) {
    l->ok++;
  } else if (l->mail_ok != 0u &&
             (l->decided.code == 0u ||
              (reply.code < 500u && l->decided.code >= 500u))) {
    decide(l, &reply);
  }
}

static void on_data_reply(world_client *w) {
  wc_account *a = &w->account;
  wc_letter *l = &a->letter;
  if (a->reply.code == 354u) {
    if (l->ok == 0u && w->policy.lmtp != 0u) {
      wc_bar(a, FUZZ_LAW_CODE);
    }
    l->go = 1u;
    l->data_from = w->out.len;
    a->mode = WC_DATA_OCTETS;
  } else if (a->reply.code < 400u) {
    wc_bar(a, FUZZ_LAW_CODE);
  } else if (l->ok > 0u || l->decided.code == 0u) {
    decide(l, &a->reply);
  }
}

// LMTP: one of the replies to a message.
static void on_delivery(wc_account *a) {
  wc_letter *l = &a->letter;
  const unsigned code = a->reply.code;
  const unsigned now = l->decided.code;
  if (l->told == 0u || (now < 300u && code >= 400u) ||
      (now >= 500u && code >= 400u && code < 500u)) {
    decide(l, &a->reply);
  }
  l->last_told = a->reply;
  l->told++;
}

static void on_end_reply(world_client *w, wc_kind kind) {
  wc_account *a = &w->account;
  wc_letter *l = &a->letter;
  const unsigned code = a->reply.code;
  const int lost = l->ok == 0u;
  if (code != 250u && code < 400u) {
    wc_bar(a, FUZZ_LAW_CODE);
    return;
  }
  if (kind == WC_CHUNK) {
    if (a->chunk_left > 0u) {
      wc_bar(a, FUZZ_LAW_COUNT);
    } else if (code != 250u) {
      decide(l, &a->reply);
      l->whole = 1u;
    }
    return;
  }
  if (w->policy.lmtp != 0u) {
    on_delivery(a);
    l->accepted = l->told == l->ok && l->decided.code == 250u;
    a->holds = l->told < l->ok;
  } else {
    if (!lost) {
      decide(l, &a->reply);
    }
    l->accepted = !lost && code == 250u;
    // A chunk that was refused leaves the transaction (RFC 3030 section 2).
    a->holds = kind == WC_LAST && code != 250u;
  }
}

static void on_mail_reply(wc_account *a) {
  wc_letter *l = &a->letter;
  l->mail_answered = 1u;
  if (a->reply.code == 250u) {
    l->mail_ok = 1u;
    a->holds = 1u;
  } else if (a->reply.code >= 400u) {
    decide(l, &a->reply);
  } else {
    wc_bar(a, FUZZ_LAW_CODE);
  }
}

// --------------------------------------------------------------------- replies

// A reply of which only `good` lets the session go on as it was; after a refusal
// nothing but QUIT is left.
static int is_good(wc_account *a, unsigned good) {
  if (a->reply.code == good) {
    return 1;
  }
  if (a->reply.code >= 400u) {
    a->only_quit = 1u;
  } else {
    wc_bar(a, FUZZ_LAW_CODE);
  }
  return 0;
}

static void on_hello_reply(world_client *w, wc_kind kind) {
  wc_account *a = &w->account;
  const unsigned code = a->reply.code;
  if (kind == WC_HELLO && code >= 500u) {
    a->ehlo_refused = 1u;
  } else if (is_good(a, 250u)) {
    a->hello = 1u;
    if (kind == WC_HELLO) {
      wc_offer_check(w);
    }
  }
}

static void on_starttls_reply(world_client *w) {
  wc_account *a = &w->account;
  const unsigned code = a->reply.code;
  if (code == 220u) {
    a->tls_next = 1u;
    wc_bar(a, FUZZ_LAW_FAILSTOP);
  } else if (code >= 400u) {
    a->tls_refused = 1u;
    a->only_quit = w->policy.tls >= SMTPC_CLIENT_TLS_REQUIRED;
  } else {
    wc_bar(a, FUZZ_LAW_CODE);
  }
}

static void on_reply(world_client *w) {
  wc_account *a = &w->account;
  const wc_kind kind = wc_head(w);
  if (a->reply.code == 421u && a->quit_sent == 0u) {
    a->service = 1u;
    wc_bar(a, FUZZ_LAW_CODE);
    if (a->letter.decided.code == 0u || a->letter.mail_sent == 0u) {
      decide(&a->letter, &a->reply);
    }
    return;
  }
  if (kind == WC_NOTHING) {
    wc_bar(a, FUZZ_LAW_COUNT);
    return;
  }
  settle(w);
  switch (kind) {
    case WC_GREETING:
      a->greeted = (uint8_t)is_good(a, 220u);
      break;
    case WC_HELLO:
    case WC_HELO:
      on_hello_reply(w, kind);
      break;
    case WC_STARTTLS:
      on_starttls_reply(w);
      break;
    case WC_AUTH:
      on_auth_reply(w, a->reply.code);
      break;
    case WC_MAIL:
      on_mail_reply(a);
      break;
    case WC_RCPT:
      on_rcpt_reply(a);
      break;
    case WC_DATA:
      on_data_reply(w);
      break;
    case WC_RSET:
      a->holds = (uint8_t)!is_good(a, 250u);
      break;
    case WC_QUIT:
      wc_bar(a, FUZZ_LAW_TERMINAL);
      break;
    case WC_EOD:
    case WC_CHUNK:
    case WC_LAST:
    case WC_NOTHING:
      on_end_reply(w, kind);
      break;
  }
}

// --------------------------------------------------------------- reply lines

static int is_text_octet(const world_client *w, uint8_t c) {
  const uint32_t quirk = (uint32_t)SMTPC_QUIRK_REPLY_8BIT;
  if (c >= 0x80u) {
    return w->account.letter.utf8 != 0u || (w->policy.quirks & quirk) != 0u;
  }
  return c == '\t' || (c >= 0x20u && c != 0x7fu);
}

// The code of a line, and whether it is the last one; 0: it is no reply line.
static unsigned read_code(const world_client *w, const uint8_t *line,
                          size_t len, int *out_last) {
  *out_last = len == 3u || (len > 3u && line[3] == ' ');
  if (len < 3u || line[0] < '2' || line[0] > '5' || line[1] < '0' ||
      line[1] > '5' || line[2] < '0' || line[2] > '9' ||
      (len > 3u && line[3] != ' ' && line[3] != '-')) {
    return 0u;
  }
  for (size_t i = 4u; i < len; i++) {
    if (!is_text_octet(w, line[i])) {
      return 0u;
    }
  }
  return (unsigned)(line[0] - '0') * 100u + (unsigned)(line[1] - '0') * 10u +
         (unsigned)(line[2] - '0');
}

// 1 to 3 digits; returns how many, 0: none.
static size_t read_digits(const uint8_t *data, size_t len, uint16_t *out) {
  size_t at = 0u;
  *out = 0u;
  while (at < len && at < 3u && data[at] >= '0' && data[at] <= '9') {
    *out = (uint16_t)(*out * 10u + (data[at] - '0'));
    at++;
  }
  return at;
}

// class "." subject "." detail, and a space or the end (RFC 2034 section 4). Returns
// where the text behind it begins.
static size_t read_enhanced(const uint8_t *line, size_t len, unsigned code,
                            wc_code *out) {
  uint16_t subject = 0u;
  uint16_t detail = 0u;
  memset(out, 0, sizeof *out);
  out->code = (uint16_t)code;
  if (len < 6u || line[4] != line[0] || line[5] != '.' || line[0] == '3') {
    return 4u;
  }
  size_t at = 6u;
  const size_t one = read_digits(line + at, len - at, &subject);
  at += one;
  if (one == 0u || at >= len || line[at] != '.') {
    return 4u;
  }
  at++;
  const size_t two = read_digits(line + at, len - at, &detail);
  at += two;
  if (two == 0u || (at < len && line[at] != ' ')) {
    return 4u;
  }
  out->class = (uint8_t)(line[4] - '0');
  out->subject = subject;
  out->detail = detail;
  return at;
}

// Another text for the line: letters become other letters. What begins like an enhanced
// code stays as it is, or it would become one.
static void change_text(world_client *w, size_t from, size_t len) {
  uint8_t *text = w->twin + w->account.line_from;
  for (size_t i = from; i < len && w->account.twin_full == 0u; i++) {
    const uint8_t c = text[i];
    if (c >= 'a' && c <= 'z') {
      text[i] = (uint8_t)(c == 'z' ? 'a' : c + 1);
    } else if (c >= 'A' && c <= 'Z') {
      text[i] = (uint8_t)(c == 'Z' ? 'A' : c + 1);
    }
  }
}

static void on_line(world_client *w) {
  wc_account *a = &w->account;
  const size_t len = a->line_len - 2u;
  int last = 0;
  if (a->bad != 0u || len > sizeof w->line) {
    wc_bar(a, FUZZ_LAW_COUNT);
    return;
  }
  const unsigned code = read_code(w, w->line, len, &last);
  const wc_kind kind = wc_head(w);
  wc_code said;
  if (code == 0u || (a->lines > 0u && a->reply.code != code) ||
      a->lines >= SMTPC_REPLY_LINES_MAX) {
    wc_bar(a, FUZZ_LAW_COUNT);
    return;
  }
  const size_t text = read_enhanced(w->line, len, code, &said);
  if (a->lines == 0u) {
    a->reply = said;
  }
  a->lines++;
  const int keyword = kind == WC_HELLO && code == 250u && a->lines > 1u;
  if (keyword) {
    const size_t from = len < 4u ? len : 4u;
    wc_offer_line(w, &a->offer, w->line + from, len - from);
  } else if (code != 334u) {
    change_text(w, text, len);
  }
  if (last) {
    on_reply(w);
    a->lines = 0u;
  }
}

// ------------------------------------------------------------------- octets

// The longest line: AUTH's challenges may be longer.
static size_t line_max(const world_client *w) {
  return wc_head(w) == WC_AUTH ? SMTPC_LINE_MAX : SMTPC_REPLY_LINE_MAX;
}

// Adds octets, of which at most the last one is LF. Returns 1 when a line has ended.
static int add_octets(world_client *w, const uint8_t *data, size_t len) {
  wc_account *a = &w->account;
  const int lf = data[len - 1u] == '\n';
  const size_t body = lf ? len - 1u : len;
  const int cr = body > 0u ? data[body - 1u] == '\r' : a->prev_cr != 0u;
  // A CR may stand right before the LF only, or at the end, where it waits for one.
  size_t plain = body;
  if (body > 0u && cr) {
    plain--;
  }
  if (memchr(data, 0, plain) != NULL || memchr(data, '\r', plain) != NULL ||
      (a->prev_cr != 0u && body > 0u) || (lf && !cr)) {
    a->bad = 1u;
  }
  if (a->line_len < sizeof w->line) {
    const size_t room = sizeof w->line - a->line_len;
    memcpy(w->line + a->line_len, data, len < room ? len : room);
  }
  a->line_len += len;
  a->prev_cr = (uint8_t)(cr && !lf);
  if (lf && cr && a->line_len > line_max(w)) {
    a->bad = 1u;
  }
  return lf && cr;
}

void wc_heard(world_client *w, const uint8_t *data, size_t used, size_t left) {
  wc_account *a = &w->account;
  size_t at = 0u;
  if (used > 0u && a->barred != 0u && a->surplus == 0u && a->quit_sent == 0u) {
    fuzz_broken((fuzz_law)a->barred_law, __FILE__, __LINE__,
                "octets were taken that nobody may take");
  }
  a->twin_full |= used > sizeof w->twin - a->twin_len;
  if (a->twin_full == 0u && used > 0u) {
    memcpy(w->twin + a->twin_len, data, used);
  }
  while (at < used) {
    if (a->line_len == 0u) {
      a->line_from = a->twin_len;
      a->bad = 0u;
    }
    const uint8_t *lf = memchr(data + at, '\n', used - at);
    const size_t len = lf != NULL ? (size_t)(lf - data) + 1u - at : used - at;
    const int ended = add_octets(w, data + at, len);
    at += len;
    a->twin_len += a->twin_full == 0u ? len : 0u;
    if (ended) {
      if (a->barred == 0u || a->surplus != 0u) {
        on_line(w);
      }
      a->line_len = 0u;
    }
  }
  if (left > 0u && a->line_len >= line_max(w) + SMTPC_LINE_DISCARD_MAX) {
    a->endless = 1u;
    wc_bar(a, FUZZ_LAW_BOUNDS);
  }
  if (left > 0u && wc_owed(a) == 0u && a->barred == 0u) {
    a->surplus = 1u;
  }
  if (left > 0u && a->tls_next != 0u) {
    // Something stands behind the 220: neither TLS nor another word.
    a->surplus = 1u;
  }
}
