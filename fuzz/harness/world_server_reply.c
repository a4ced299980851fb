#include <string.h>

#include "fuzz/harness/world_server_parts.h"
#include "smtpcore/reply.h"

// ------------------------------------------------------------------ grammar

// Laws WELLFORMED and CRLFOUT, by code of our own and by our parser.
static uint16_t check_grammar(const world_server *w, const uint8_t *data,
                              size_t len) {
  smtpc_reply reply;
  smtpc_span text;
  FUZZ_MUST(CRLFOUT,
            len >= 5u && data[len - 2u] == '\r' && data[len - 1u] == '\n',
            "a reply line of %zu octets without its end", len);
  FUZZ_MUST(CRLFOUT,
            memchr(data, '\r', len - 2u) == NULL &&
                memchr(data, '\n', len - 2u) == NULL &&
                memchr(data, 0, len) == NULL,
            "a reply line with an end, or NUL, inside");
  FUZZ_MUST(WELLFORMED, len <= 512u, "a reply line of %zu octets", len);
  FUZZ_MUST(WELLFORMED,
            data[0] >= '2' && data[0] <= '5' && data[1] >= '0' &&
                data[1] <= '5' && data[2] >= '0' && data[2] <= '9',
            "a reply without a code");
  FUZZ_MUST(WELLFORMED, data[3] == ' ' || data[3] == '-',
            "a reply without a separator");
  for (size_t i = 4u; i < len - 2u; i++) {
    FUZZ_MUST(WELLFORMED, data[i] >= 0x20u && data[i] < 0x7fu,
              "octet %02x in a reply", data[i]);
  }
  smtpc_reply_init(&reply);
  FUZZ_MUST(WELLFORMED,
            smtpc_reply_line(&reply, data, len - 2u, 0, &text) == SMTPC_OK,
            "our own parser refuses a reply");
  FUZZ_MUST(
      SECRET,
      w->account.secret_seen == 0u ||
          fuzz_find(data, len, WORLD_PASSWORD, sizeof WORLD_PASSWORD - 1u) == 0,
      "a password in a reply");
  return (uint16_t)((data[0] - '0') * 100 + (data[1] - '0') * 10 + data[2] -
                    '0');
}

// ----------------------------------------------------------------- meanings

// Law POLICY: what may be answered with success in clear under `required`.
static void check_required(const world_server *w, uint16_t code) {
  const int exempt = ws_is(w, "NOOP") || ws_is(w, "EHLO") || ws_is(w, "LHLO") ||
                     ws_is(w, "STARTTLS") || ws_is(w, "QUIT") ||
                     w->account.line_open == 0u || ws_is(w, "XCLIENT") ||
                     ws_is(w, "XFORWARD");
  FUZZ_MUST(POLICY,
            w->policy.tls != SMTPC_SERVER_TLS_REQUIRED || w->tls != 0u ||
                exempt || code >= 400u,
            "%s in clear under required: %u", w->account.verb, code);
}

static void said_hello(world_server *w) {
  w->account.hello = 1u;
  w->account.extended = !ws_is(w, "HELO");
  ws_over(w);
}

static void said_auth(world_server *w, uint16_t code) {
  ws_account *a = &w->account;
  if (code == 334u) {
    a->mode = WS_AUTH;
    return;
  }
  a->mode = WS_LINES;
  if (code == 235u) {
    FUZZ_MUST(POLICY, a->mail == 0u, "a login within a transaction");
    a->logged_in = 1u;
  }
}

static void said_mixed(world_server *w, uint16_t code);

static void said_data(world_server *w, uint16_t code) {
  ws_account *a = &w->account;
  if (code != 354u) {
    said_mixed(w, code);
    return;
  }
  FUZZ_MUST(
      TXN, a->mail != 0u && a->rcpts > 0u && a->chunks == 0u && a->failed == 0u,
      "354 without a transaction");
  a->mode = WS_DATA;
  // As after a CRLF: a dot line may come first.
  a->eod = 2u;
  smtpc_octets_clear(&w->body);
}

static void said_bdat(world_server *w, uint16_t code) {
  ws_account *a = &w->account;
  const int good = code / 100u == 2u;
  FUZZ_MUST(TXN, !good || (a->mail != 0u && a->rcpts > 0u && a->failed == 0u),
            "a chunk without a transaction");
  FUZZ_MUST(BDAT, a->mode != WS_CHUNK || !good,
            "a chunk is answered before it came");
  FUZZ_MUST(BDAT, a->mode != WS_CHUNK || w->session.next == SMTPC_DO_CLOSE,
            "a refused chunk is not taken");
  if (good && a->chunk_last == 0u) {
    a->chunks = 1u;
    a->idle_chunks += a->chunk_idle;
  } else if (a->owed == 0u) {
    ws_over(w);
    // Whatever was open has failed, and RSET alone goes on; but a whole message that
    // was not stored is over.
    a->failed = !good && a->hello != 0u && w->command.judged == 0u;
  }
}

// DATA after BDAT, and BURL in place of either, fail what was open. A line of
// theirs that is malformed is none of them, and of BURL's grammar nothing is
// known here.
static void said_mixed(world_server *w, uint16_t code) {
  ws_account *a = &w->account;
  const int fails = ws_is(w, "BURL") ? w->session.tx.phase == SMTPC_PHASE_FAILED
                                     : a->chunks != 0u && a->bare != 0u;
  if (code >= 400u && a->mail != 0u && fails != 0) {
    ws_over(w);
    a->failed = 1u;
  }
}

static void said_starttls(world_server *w, uint16_t code) {
  if (code == 220u) {
    FUZZ_MUST(ONEWAY, w->tls == 0u, "220 to STARTTLS under TLS");
    FUZZ_MUST(DRAIN, w->raw.len == 0u, "220 with a part of a line at hand");
    w->account.starttls = 1u;
  }
}

static void meaning(world_server *w, uint16_t code) {
  ws_account *a = &w->account;
  const int good = code / 100u == 2u;
  check_required(w, code);
  FUZZ_MUST(NOOP, a->line_open == 0u || a->bad == 0u || code >= 400u,
            "a bad line has %u", code);
  if (a->line_open != 0u && a->mode == WS_AUTH) {
    said_auth(w, code);
  } else if (a->line_open == 0u || a->bad != 0u) {
    return;
  } else if (ws_is(w, "AUTH")) {
    said_auth(w, code);
  } else if (ws_is(w, "EHLO") || ws_is(w, "HELO") || ws_is(w, "LHLO")) {
    if (good) {
      said_hello(w);
    }
  } else if (ws_is(w, "MAIL")) {
    a->mail |= (uint8_t)good;
    // From here on a shim holds something, which is to be stored or dropped.
    a->content_any |= (uint8_t)good;
  } else if (ws_is(w, "RCPT")) {
    FUZZ_MUST(TXN, !good || a->mail != 0u, "a recipient without a sender");
    a->rcpts += good != 0;
    FUZZ_MUST(BOUNDS, a->rcpts <= w->policy.rcpt_max, "%zu recipients",
              a->rcpts);
  } else if (ws_is(w, "DATA")) {
    said_data(w, code);
  } else if (ws_is(w, "BDAT")) {
    said_bdat(w, code);
  } else if (ws_is(w, "BURL")) {
    said_mixed(w, code);
  } else if (ws_is_end(w)) {
    if (a->owed == 0u) {
      ws_over(w);
    }
  } else if (ws_is(w, "RSET")) {
    if (good) {
      ws_over(w);
    }
  } else if (ws_is(w, "STARTTLS")) {
    said_starttls(w, code);
  } else if (ws_is(w, "XCLIENT") && code == 220u) {
    ws_over(w);
    a->hello = 0u;
    a->logged_in = 0u;
  }
}

// Law NOOP: a line that was refused leaves the transaction as it was.
static void check_noop(const world_server *w, uint16_t code) {
  smtpc_transaction now = w->session.tx;
  const ws_account *a = &w->account;
  const int moves = ws_is(w, "BDAT") || ws_is_end(w) || ws_is(w, "DATA") ||
                    ws_is(w, "BURL") || code == 421u ||
                    w->session.next == SMTPC_DO_CLOSE;
  // How many recipients were refused for the limit is a count of refusals.
  now.rcpt_over = w->tx_before.rcpt_over;
  FUZZ_MUST(NOOP,
            moves || a->line_open == 0u || code < 400u ||
                memcmp(&now, &w->tx_before, sizeof now) == 0,
            "%s was refused with %u and changed the transaction", a->verb,
            code);
}

void ws_said(world_server *w, const smtpc_action *act, const uint8_t *data,
             size_t len) {
  ws_account *a = &w->account;
  const uint16_t code = check_grammar(w, data, len);
  FUZZ_MUST(ONEWAY, act->channel == w->tls, "a reply for channel %u under %u",
            act->channel, w->tls);
  FUZZ_MUST(FAILSTOP, w->handshake == 0u, "a reply within the handshake");
  FUZZ_MUST(DRAIN, a->starttls == 0u, "a reply behind the 220 to STARTTLS");
  FUZZ_MUST(WELLFORMED, a->code == 0u || a->code == code,
            "codes %u and %u in one reply", a->code, code);
  a->code = data[3] == '-' ? code : 0u;
  ws_command_offer(w, data, len);
  ws_command_class(w, data, len);
  ws_secret_said(w, data, len);
  if (data[3] == '-') {
    FUZZ_MUST(ONEWAY,
              w->tls == 0u || fuzz_find(data, len, "STARTTLS", 8u) == 0 ||
                  !ws_is(w, "EHLO"),
              "STARTTLS is offered under TLS");
    return;
  }
  FUZZ_MUST(COUNT, a->owed > 0u || code == 421u || code / 100u == 5u,
            "%u to nothing", code);
  FUZZ_MUST(COUNT, a->owed > 0u || w->session.next == SMTPC_DO_CLOSE,
            "%u to nothing", code);
  a->owed -= a->owed > 0u ? 1u : 0u;
  check_noop(w, code);
  ws_guard_reply(w, code);
  ws_command_said(w, code);
  ws_turn_said(w, code);
  meaning(w, code);
  if (a->owed == 0u) {
    a->line_open = 0u;
    a->bad = 0u;
  }
}
