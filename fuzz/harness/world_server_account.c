#include <string.h>

#include "core/model/content_model.h"
#include "fuzz/harness/choice.h"
#include "fuzz/harness/world_server_parts.h"
#include "smtpcore/command.h"

int ws_is(const world_server *w, const char *verb) {
  // Mostly the first octets tell, and `strcmp` is slow under a sanitizer.
  return w->account.verb[0] == verb[0] && strcmp(w->account.verb, verb) == 0;
}

int ws_is_end(const world_server *w) {
  return w->account.ends != 0u;
}

void ws_over(world_server *w) {
  smtpc_octets_clear(&w->content);
  w->account.mail = 0u;
  w->account.rcpts = 0u;
  w->account.chunks = 0u;
  w->account.failed = 0u;
}

// ----------------------------------------------------------------- a line

static size_t lf_ends(const world_server *w) {
  return (w->policy.quirks & (uint32_t)SMTPC_QUIRK_LINE_LF) != 0u;
}

// The length of a raw line without its end; SIZE_MAX when it has none.
static size_t text_len(const world_server *w) {
  const size_t len = w->raw.len;
  const uint8_t *raw = w->raw.data;
  if (len >= 2u && raw[len - 1u] == '\n' && raw[len - 2u] == '\r') {
    return len - 2u;
  }
  return len >= 1u && raw[len - 1u] == '\n' && lf_ends(w) ? len - 1u : SIZE_MAX;
}

// What is wrong with a line that is none: CR, LF or NUL inside.
static int is_bad(const uint8_t *raw, size_t len) {
  return len > 0u &&
         (memchr(raw, '\r', len) != NULL || memchr(raw, '\n', len) != NULL ||
          memchr(raw, 0, len) != NULL);
}

static void find_verb(world_server *w, size_t len) {
  size_t i = 0u;
  memset(w->account.verb, 0, sizeof w->account.verb);
  while (i < len && i + 1u < WS_VERB_MAX && w->raw.data[i] != ' ') {
    const uint8_t octet = w->raw.data[i];
    w->account.verb[i] =
        (char)(octet >= 'a' && octet <= 'z' ? octet - 0x20 : octet);
    i++;
  }
  w->account.bare = i == len;
  if (i < len && w->raw.data[i] != ' ') {
    // Longer than any verb.
    w->account.verb[0] = '\0';
  }
}

// The size that BDAT says, by code of our own. Returns 0 when it cannot be
// read.
static int chunk_of(const world_server *w, size_t len, uint64_t *size,
                    uint8_t *last) {
  const uint8_t *raw = w->raw.data;
  size_t i = 5u;
  const size_t digits = i;
  *size = 0u;
  *last = 0u;
  while (i < len && raw[i] >= '0' && raw[i] <= '9') {
    const uint64_t digit = (uint64_t)raw[i] - '0';
    if (*size > (UINT64_MAX - digit) / 10u) {
      return 0;
    }
    *size = *size * 10u + digit;
    i++;
  }
  if (i == digits || i - digits > 20u) {
    return 0;
  }
  size_t end = len;
  while ((w->policy.quirks & (uint32_t)SMTPC_QUIRK_TRAILING_SPACE) != 0u &&
         end > i && (raw[end - 1u] == ' ' || raw[end - 1u] == '\t')) {
    end--;
  }
  if (end == i + 5u && raw[i] == ' ') {
    *last = (raw[i + 1u] | 0x20) == 'l' && (raw[i + 2u] | 0x20) == 'a' &&
            (raw[i + 3u] | 0x20) == 's' && (raw[i + 4u] | 0x20) == 't';
  }
  return end == i || *last != 0u;
}

// Law EPOCH: what the session holds is what came on this channel since the last
// line, octet for octet.
static void check_line(world_server *w, const smtpc_action *act, size_t len) {
  const smtpc_line *line = &w->session.line;
  if (line->state == SMTPC_LINE_DEAD) {
    FUZZ_MUST(BOUNDS, w->raw.len > SMTPC_LINE_DISCARD_MAX,
              "a line of %zu octets is endless", w->raw.len);
    return;
  }
  FUZZ_MUST(MODEL, len != SIZE_MAX, "a line was taken that has no end");
  const int bad = is_bad(w->raw.data, len);
  FUZZ_MUST(MODEL, bad == 0 || line->error != 0u || act->took_secret != 0u,
            "a line with CR, LF or NUL inside is taken for a good one");
  FUZZ_MUST(MODEL, line->error == 0u || bad != 0 || w->raw.len > 512u,
            "a good line is taken for a bad one");
  if (act->took_secret == 0u && line->error == 0u &&
      w->account.mode == WS_LINES && line->state == SMTPC_LINE_READY) {
    FUZZ_MUST(EPOCH,
              line->len == len &&
                  (len == 0u || memcmp(line->data, w->raw.data, len) == 0),
              "the line that is held is not what came");
  }
}

// Under LMTP each recipient has a reply to the message.
static void end_chunk(world_server *w) {
  ws_account *a = &w->account;
  a->mode = WS_LINES;
  if (w->policy.lmtp != 0u && a->chunk_last != 0u && a->rcpts > 1u) {
    a->owed += a->rcpts - 1u;
  }
}

static void begin_chunk(world_server *w, size_t len) {
  uint64_t size = 0u;
  uint8_t last = 0u;
  ws_account *a = &w->account;
  if (!chunk_of(w, len, &size, &last)) {
    return;
  }
  a->mode = WS_CHUNK;
  a->chunk_left = size;
  a->chunk_last = last;
  a->chunk_idle = size == 0u && last == 0u;
  if (a->chunks == 0u) {
    smtpc_octets_clear(&w->body);
  }
  if (size == 0u) {
    end_chunk(w);
  }
}

static void end_line(world_server *w, const smtpc_action *act) {
  ws_account *a = &w->account;
  const size_t len = text_len(w);
  check_line(w, act, len);
  w->hash = fuzz_hash(w->hash, w->raw.data, w->raw.len);
  w->tls_hash = fuzz_hash(w->tls_hash, w->raw.data, w->raw.len);
  a->bad = w->session.line.error != 0u;
  a->line_secret = act->took_secret;
  a->secret_seen |= act->took_secret;
  FUZZ_MUST(COUNT, a->line_open == 0u, "a line before the reply to the last");
  a->line_open = 1u;
  a->ends = 0u;
  a->owed++;
  a->line_len = w->raw.len;
  a->crlf = len != SIZE_MAX && len + 2u == w->raw.len;
  a->yes = a->mode == WS_LINES ? 0u : a->yes;
  if (a->mode == WS_LINES) {
    memset(a->verb, 0, sizeof a->verb);
    if (a->bad == 0u && len != SIZE_MAX) {
      find_verb(w, ws_command_len(w, len));
    }
  }
  ws_command_line(w, len);
  ws_secret_line(w, len, act->took_secret);
  if (a->mode == WS_LINES) {
    if (ws_is(w, "BDAT") && len > 5u) {
      begin_chunk(w, len);
    }
  }
  smtpc_octets_clear(&w->raw);
}

// ----------------------------------------------------------------- content

// How many octets of CRLF.CRLF were seen, after one more.
static size_t eod_next(size_t seen, uint8_t octet) {
  static const uint8_t want[5] = {'\r', '\n', '.', '\r', '\n'};
  if (octet == want[seen]) {
    return seen + 1u;
  }
  // After CRLF another CRLF may begin; a CR always may.
  return octet == '\r' ? 1u : 0u;
}

static void took_data(world_server *w, const uint8_t *data, size_t used) {
  ws_account *a = &w->account;
  for (size_t i = 0u; i < used; i++) {
    FUZZ_MUST(EOD, a->eod < 5u, "octets behind the end are taken for content");
    a->eod = eod_next(a->eod, data[i]);
  }
  smtpc_octets_add(&w->body, data, used);
  // Greater limits than these no input can pass.
  FUZZ_MUST(BOUNDS,
            w->policy.size_max > UINT32_MAX ||
                w->policy.discard_max > UINT32_MAX ||
                w->body.len <= ws_turn_window(w),
            "%zu octets of a message are read", w->body.len);
  if (a->eod == 5u) {
    a->mode = WS_LINES;
    a->line_open = 1u;
    a->owed += w->policy.lmtp != 0u ? a->rcpts : 1u;
    a->verb[0] = '\0';
    a->ends = 1u;
    a->told = 0u;
    a->lost = 1u;
  }
}

static void took_chunk(world_server *w, const uint8_t *data, size_t used) {
  ws_account *a = &w->account;
  FUZZ_MUST(BDAT, used <= a->chunk_left, "%zu octets of a chunk of %llu", used,
            (unsigned long long)a->chunk_left);
  FUZZ_MUST(BOUNDS,
            w->session.chunk_refusal == SMTPC_REPLY_NONE || used == 0u ||
                w->session.mode != SMTPC_SERVER_CHUNK ||
                a->chunk_left <= w->policy.discard_max,
            "a refused chunk of %llu octets is read",
            (unsigned long long)a->chunk_left);
  a->chunk_left -= used;
  smtpc_octets_add(&w->body, data, used);
  if (a->chunk_left == 0u) {
    end_chunk(w);
  }
}

void ws_took(world_server *w, const uint8_t *data, size_t used,
             const smtpc_action *act) {
  ws_account *a = &w->account;
  if (used > 0u) {
    FUZZ_MUST(EPOCH, w->handshake == 0u, "octets are taken in a handshake");
  }
  switch ((ws_mode)a->mode) {
    case WS_DATA:
      FUZZ_MUST(EOD, act->took_line == 0u, "a line within content");
      took_data(w, data, used);
      break;
    case WS_CHUNK:
      FUZZ_MUST(BDAT, act->took_line == 0u, "a line within a chunk");
      took_chunk(w, data, used);
      break;
    case WS_PROXY:
    case WS_AUTH:
    case WS_LINES:
      smtpc_octets_add(&w->raw, data, used);
      if (act->took_line != 0u) {
        end_line(w, act);
      }
      break;
  }
}

void ws_gave(world_server *w, const uint8_t *data, size_t len) {
  const ws_account *a = &w->account;
  FUZZ_MUST(BOUNDS, data != NULL && len > 0u, "CONTENT of nothing");
  FUZZ_MUST(TXN, a->mail != 0u && a->rcpts > 0u, "content without recipients");
  FUZZ_MUST(POLICY, w->policy.tls != SMTPC_SERVER_TLS_REQUIRED || w->tls != 0u,
            "content in clear under required");
  smtpc_octets_add(&w->content, data, len);
  w->account.content_any = 1u;
}

void ws_dropped(world_server *w) {
  w->account.content_any = 0u;
  smtpc_octets_clear(&w->content);
}

// ---------------------------------------------------------------- questions

// Laws NORM, EOD and BDAT: what was given out is what came, but for stuffing
// dots.
static void check_message(world_server *w, const smtpc_action *act) {
  const ws_account *a = &w->account;
  const bool keeps_lf =
      (w->policy.quirks & (uint32_t)SMTPC_QUIRK_CONTENT_LF) != 0u;
  if (a->chunks != 0u || ws_is(w, "BDAT")) {
    FUZZ_MUST(BDAT,
              w->content.len == w->body.len &&
                  (w->body.len == 0u ||
                   memcmp(w->content.data, w->body.data, w->body.len) == 0),
              "another message than its chunks");
    const smtpc_model_content model =
        smtpc_model_content_check(w->body.data, w->body.len, keeps_lf, true);
    FUZZ_MUST(NORM,
              w->session.tx.body == SMTPC_BODY_BINARYMIME ||
                  (model.anomalies & SMTPC_ANOMALIES_LOST) == 0u,
              "chunks with anomalies %x are kept", model.anomalies);
  } else {
    uint8_t *want = fuzz_block(w->body.data, w->body.len);
    const smtpc_model_content model =
        smtpc_model_content_decode(w->body.data, w->body.len, keeps_lf, want);
    FUZZ_MUST(EOD, model.status == SMTPC_OK && model.used == w->body.len,
              "the message ends elsewhere");
    FUZZ_MUST(NORM, (model.anomalies & SMTPC_ANOMALIES_LOST) == 0u,
              "a message with anomalies %x is kept", model.anomalies);
    FUZZ_MUST(
        NORM,
        w->content.len == model.len &&
            (model.len == 0u || memcmp(w->content.data, want, model.len) == 0),
        "the message is another one");
    memcpy(want, w->body.data, w->body.len);
    fuzz_block_free(want, w->body.data, w->body.len);
  }
  FUZZ_MUST(BOUNDS, w->content.len <= w->policy.size_max,
            "a message of %zu octets", w->content.len);
  if (act->number == 0u) {
    w->hash = fuzz_hash(w->hash, w->content.data, w->content.len);
    w->tls_hash = fuzz_hash(w->tls_hash, w->content.data, w->content.len);
  }
}

static void check_needs_mail(const world_server *w, const char *what) {
  FUZZ_MUST(POLICY, w->policy.tls != SMTPC_SERVER_TLS_REQUIRED || w->tls != 0u,
            "%s in clear under required", what);
  FUZZ_MUST(POLICY,
            w->policy.auth != SMTPC_AUTH_REQUIRED || w->account.logged_in != 0u,
            "%s of nobody", what);
}

void ws_asked(world_server *w, const smtpc_action *act) {
  const ws_account *a = &w->account;
  ws_guard_question(w, act);
  ws_command_asked(w, act);
  const int clear_auth =
      (w->policy.quirks & (uint32_t)SMTPC_QUIRK_AUTH_IN_CLEAR) != 0u;
  switch (act->kind) {
    case SMTPC_DO_ASK_SENDER:
      FUZZ_MUST(TXN, a->mail == 0u && a->hello != 0u && ws_is(w, "MAIL"),
                "a sender within a transaction, or before EHLO");
      check_needs_mail(w, "a sender");
      break;
    case SMTPC_DO_ASK_RECIPIENT:
      FUZZ_MUST(TXN, a->mail != 0u && ws_is(w, "RCPT"),
                "a recipient without a sender");
      check_needs_mail(w, "a recipient");
      break;
    case SMTPC_DO_ASK_MESSAGE:
      FUZZ_MUST(TXN, a->mail != 0u && a->rcpts > 0u && a->failed == 0u,
                "a message without a transaction");
      check_needs_mail(w, "a message");
      check_message(w, act);
      break;
    case SMTPC_DO_ASK_CREDENTIALS:
    case SMTPC_DO_ASK_SALT:
    case SMTPC_DO_ASK_NONCE:
      FUZZ_MUST(SECRET, w->tls != 0u || clear_auth != 0,
                "credentials are looked at in clear");
      FUZZ_MUST(POLICY,
                w->policy.tls != SMTPC_SERVER_TLS_REQUIRED || w->tls != 0u,
                "AUTH in clear under required");
      FUZZ_MUST(POLICY, a->logged_in == 0u, "a second login");
      FUZZ_MUST(POLICY, w->policy.auth != SMTPC_AUTH_OFF, "AUTH that is off");
      break;
    case SMTPC_DO_ASK_PEER:
      if (a->mode == WS_PROXY) {
        // The header is whole: what comes next is TLS, or the greeting.
        w->account.mode = WS_LINES;
        smtpc_octets_clear(&w->raw);
      }
      break;
    default:
      break;
  }
}
