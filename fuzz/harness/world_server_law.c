#include <string.h>

#include "fuzz/harness/world_server_parts.h"

// ----------------------------------------------------------------- each step

static int may_follow_220(const smtpc_action *act) {
  return act->kind == SMTPC_DO_NOTHING || act->kind == SMTPC_DO_NEED_INPUT ||
         act->kind == SMTPC_DO_REPORT || act->kind == SMTPC_DO_CLOSE ||
         act->kind == SMTPC_DO_DROP_MESSAGE;
}

// Law TXN: the session's transaction is the one that replies told of. It is
// compared where a session rests: between, one of the two is a step ahead.
static void check_transaction(const world_server *w) {
  const smtpc_transaction *tx = &w->session.tx;
  const ws_account *a = &w->account;
  const int open = tx->phase == SMTPC_PHASE_MAIL ||
                   tx->phase == SMTPC_PHASE_RCPT ||
                   tx->phase == SMTPC_PHASE_CHUNKS;
  FUZZ_MUST(TXN, (tx->phase == SMTPC_PHASE_FAILED) == (a->failed != 0u),
            "phase %u, and a chunk was%s refused", tx->phase,
            a->failed != 0u ? "" : " not");
  FUZZ_MUST(TXN, open == (a->mail != 0u), "phase %u, sender %u", tx->phase,
            a->mail);
  FUZZ_MUST(TXN, tx->rcpt_count == a->rcpts, "%u recipients, and %zu were told",
            tx->rcpt_count, a->rcpts);
  FUZZ_MUST(TXN, (tx->phase == SMTPC_PHASE_START) == (a->hello == 0u),
            "phase %u, and %s EHLO", tx->phase, a->hello != 0u ? "an" : "no");
}

void ws_law_step(world_server *w, const smtpc_input *in, smtpc_status status,
                 size_t used, const smtpc_action *act) {
  const int octets = in->kind == SMTPC_IN_OCTETS;
  FUZZ_MUST(BOUNDS, w->steps <= w->steps_max, "no progress after %zu steps",
            w->steps);
  FUZZ_MUST(MISUSE, status == SMTPC_OK, "input %s is %s",
            smtpc_in_name(in->kind), smtpc_status_name(status));
  FUZZ_MUST(BOUNDS, used <= (octets ? in->len : 0u), "%zu octets taken of %zu",
            used, in->len);
  FUZZ_MUST(BOUNDS, act->kind < SMTPC_DO_COUNT && act->begin <= act->end,
            "no such action");
  FUZZ_MUST(INVARIANT, smtpc_server_check(&w->session) == SMTPC_OK,
            "the session's own check fails, mode %u", w->session.mode);
  FUZZ_MUST(ONEWAY, w->tls == 0u || w->session.tls != 0u, "TLS went off");
  FUZZ_MUST(
      FAILSTOP,
      w->handshake == 0u || in->kind == SMTPC_IN_TLS_UP || may_follow_220(act),
      "%s within the handshake", smtpc_do_name(act->kind));
  FUZZ_MUST(FAILSTOP,
            w->session.tls == 0u || w->tls != 0u ||
                (w->handshake != 0u && in->kind == SMTPC_IN_TLS_UP),
            "TLS without a handshake");
  ws_guard_step(w, in, used);
  ws_turn_step(w, in, used, act);
}

void ws_law_start_tls(world_server *w, size_t left) {
  w->abuse = w->session.abuse;
  FUZZ_MUST(DRAIN, left == 0u, "%zu octets wait when TLS starts", left);
  FUZZ_MUST(DRAIN, w->raw.len == 0u && w->account.mode == WS_LINES,
            "a part of a line waits when TLS starts");
  FUZZ_MUST(DRAIN, smtpc_line_is_empty(&w->session.line) != 0,
            "the line is not empty when TLS starts");
  FUZZ_MUST(DRAIN, w->account.owed == (w->policy.implicit_tls != 0u ? 1u : 0u),
            "%zu replies wait when TLS starts", w->account.owed);
  FUZZ_MUST(DRAIN, !smtpc_findings_any(&w->session.findings),
            "findings wait when TLS starts");
  FUZZ_MUST(ONEWAY, w->tls == 0u, "TLS starts under TLS");
  FUZZ_MUST(
      POLICY,
      (w->policy.tls != SMTPC_SERVER_TLS_OFF || w->policy.implicit_tls != 0u) &&
          w->policy.certificate != 0u,
      "TLS that is off starts");
  FUZZ_MUST(COUNT, w->policy.implicit_tls != 0u || w->account.starttls != 0u,
            "TLS starts without a 220");
}

// What a session is that began under TLS: nothing but that, and what a peer may
// not shake off (RFC 3207 section 4.2).
void ws_law_reset(world_server *w, const smtpc_tls_facts *facts) {
  static smtpc_server fresh;
  const smtpc_server *s = &w->session;
  ws_account *a = &w->account;
  FUZZ_MUST(RESET, memcmp(&s->abuse, &w->abuse, sizeof w->abuse) == 0,
            "counters of abuse change with the handshake");
  if (w->policy.implicit_tls == 0u) {
    memset(&fresh, 0, sizeof fresh);
    fresh.tls = 1u;
    fresh.mode = SMTPC_SERVER_COMMAND;
    fresh.tx.phase = SMTPC_PHASE_START;
    fresh.abuse = w->abuse;
    fresh.tls_facts = *facts;
    FUZZ_MUST(RESET, memcmp(s, &fresh, sizeof fresh) == 0,
              "something survives STARTTLS: phase %u, esmtp %u, login %u",
              s->tx.phase, s->esmtp, s->authenticated);
  }
  ws_over(w);
  ws_command_forget(w);
  a->hello = 0u;
  a->extended = 0u;
  a->logged_in = 0u;
  a->starttls = 0u;
  a->line_open = 0u;
  a->secret_seen = 0u;
  a->verb[0] = '\0';
}

// ---------------------------------------------------------------------- rest

// A password was taken, and its line let go: nothing of it is left.
static void check_secret(world_server *w) {
  if (w->account.secret_seen != 0u && w->account.mode == WS_LINES &&
      w->raw.len == 0u) {
    FUZZ_MUST(SECRET,
              fuzz_find(&w->session, sizeof w->session, WORLD_PASSWORD,
                        sizeof WORLD_PASSWORD - 1u) == 0,
              "a password stays in the session");
    w->account.secret_seen = 0u;
  }
}

void ws_law_rest(world_server *w, const smtpc_action *act) {
  const ws_account *a = &w->account;
  const int greets = w->policy.implicit_tls != 0u && w->tls == 0u;
  const size_t owed =
      a->mode == WS_CHUNK || a->mode == WS_PROXY || greets ? 1u : 0u;
  ws_turn_rest(w, act);
  if (w->handshake != 0u) {
    return;
  }
  FUZZ_MUST(COUNT, a->owed == owed, "%zu replies are owed at rest, mode %u",
            a->owed, a->mode);
  FUZZ_MUST(WELLFORMED, a->code == 0u, "a reply without its last line");
  if (a->mode == WS_LINES || a->mode == WS_DATA) {
    check_transaction(w);
  }
  check_secret(w);
  if (a->mode == WS_LINES && w->raw.len == 0u) {
    ws_secret_gone(w);
  }
  ws_guard_rest(w);
}

// -------------------------------------------------------------------- misuse

smtpc_status ws_law_misuse(world_server *w, const smtpc_input *in, size_t *used,
                           smtpc_action *act) {
  static smtpc_server before;
  memcpy(&before, &w->session, sizeof before);
  const smtpc_status status =
      smtpc_server_step(&w->policy, &w->session, in, used, act);
  w->steps++;
  FUZZ_MUST(INVARIANT, status == SMTPC_OK || smtpc_status_is_misuse(status),
            "input %s is %s", smtpc_in_name(in->kind),
            smtpc_status_name(status));
  ws_turn_misuse(w, in, status);
  if (status != SMTPC_OK) {
    FUZZ_MUST(MISUSE, *used == 0u && act->kind == SMTPC_DO_NOTHING,
              "misuse has an action");
    FUZZ_MUST(MISUSE, memcmp(&before, &w->session, sizeof before) == 0,
              "misuse changed the session");
  } else {
    ws_law_step(w, in, status, *used, act);
  }
  return status;
}

void ws_law_terminal(world_server *w) {
  static smtpc_server before;
  static const uint8_t octets[] = "NOOP\r\n";
  memcpy(&before, &w->session, sizeof before);
  for (unsigned kind = 0u; kind < SMTPC_IN_COUNT; kind++) {
    smtpc_input in = smtpc_input_octets(w->tls, octets, sizeof octets - 1u);
    smtpc_action act;
    size_t used = 0u;
    in.kind = (uint8_t)kind;
    const smtpc_status status =
        smtpc_server_step(&w->policy, &w->session, &in, &used, &act);
    FUZZ_MUST(TERMINAL, status == SMTPC_OK && act.kind == SMTPC_DO_NOTHING,
              "input %s after the end has action %s", smtpc_in_name(kind),
              smtpc_do_name(act.kind));
  }
  FUZZ_MUST(TERMINAL, memcmp(&before, &w->session, sizeof before) == 0,
            "a session changed after its end");
}
