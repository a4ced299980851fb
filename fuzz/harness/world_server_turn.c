#include <stdlib.h>
#include <string.h>

#include "core/model/content_model.h"
#include "fuzz/harness/world_server_parts.h"

// --------------------------------------------------------------------- spans

static int is_question(unsigned kind) {
  return kind >= SMTPC_DO_ASK_SENDER && kind <= SMTPC_DO_ASK_MESSAGE;
}

// Law BOUNDS: what an action names lies where it says.
static void check_span(const world_server *w, const smtpc_input *in,
                       size_t used, const smtpc_action *act) {
  size_t size = 0u;
  switch (act->source) {
    case SMTPC_SOURCE_INPUT:
      // Content is of what was just taken.
      size = in->kind == SMTPC_IN_OCTETS ? used : 0u;
      break;
    case SMTPC_SOURCE_OUT:
      size = w->session.out_len;
      break;
    case SMTPC_SOURCE_LINE:
      size = sizeof w->session.line.data;
      break;
    default:
      break;
  }
  FUZZ_MUST(BOUNDS, act->begin <= act->end && act->end <= size,
            "%s names octets %zu to %zu of %zu", smtpc_do_name(act->kind),
            act->begin, act->end, size);
}

// ------------------------------------------------------------------ findings

// Findings of content, and the anomalies of the reference version that they tell of.
static const struct {
  uint8_t finding;
  uint8_t anomaly;
} findings[] = {{SMTPC_FINDING_CONTENT_BARE_CR, SMTPC_ANOMALY_BARE_CR},
                {SMTPC_FINDING_CONTENT_BARE_LF, SMTPC_ANOMALY_BARE_LF},
                {SMTPC_FINDING_CONTENT_NUL, SMTPC_ANOMALY_NUL},
                {SMTPC_FINDING_EOD_LOOKALIKE, SMTPC_ANOMALY_EOD},
                {SMTPC_FINDING_QUIRK_CONTENT_LF, SMTPC_ANOMALY_LF_KEPT}};

static void note_finding(world_server *w, const smtpc_action *act) {
  for (size_t i = 0u; i < sizeof findings / sizeof findings[0]; i++) {
    if (act->finding == findings[i].finding) {
      w->anomalies |= findings[i].anomaly;
      w->anomaly_at = act->pos;
    }
  }
}

// Law MODEL: of a message that ended each anomaly was told, no other, and where.
static void check_findings(world_server *w, uint16_t code) {
  const int keeps_lf = (w->policy.quirks & SMTPC_QUIRK_CONTENT_LF) != 0u;
  uint8_t *out = fuzz_block(w->body.data, w->body.len);
  const smtpc_model_content model =
      smtpc_model_content_decode(w->body.data, w->body.len, keeps_lf, out);
  const uint64_t at = w->taken - w->body.len + model.first_off;
  free(out);
  FUZZ_MUST(MODEL, w->anomalies == model.anomalies,
            "anomalies %x are told, and there are %x", w->anomalies,
            model.anomalies);
  FUZZ_MUST(MODEL,
            (model.anomalies & SMTPC_ANOMALIES_LOST) == 0u || code == 421u ||
                w->anomaly_at == at,
            "an anomaly at %llu is told at %llu", (unsigned long long)at,
            (unsigned long long)w->anomaly_at);
}

// ---------------------------------------------------------------- each action

static int may_follow_last_word(const smtpc_action *act) {
  return act->kind == SMTPC_DO_REPORT || act->kind == SMTPC_DO_DROP_MESSAGE ||
         act->kind == SMTPC_DO_CLOSE;
}

// Each wait has the deadline of what it waits for.
static void check_deadline(const world_server *w, const smtpc_action *act) {
  unsigned want = SMTPC_DEADLINE_COMMAND;
  if (w->account.mode == WS_DATA || w->account.mode == WS_CHUNK) {
    want = SMTPC_DEADLINE_DATA_BLOCK;
  }
  if (w->handshake != 0u || w->account.mode == WS_PROXY) {
    want = SMTPC_DEADLINE_HANDSHAKE;
  }
  FUZZ_MUST(BOUNDS, act->deadline == want, "deadline %u, and %u is meant",
            act->deadline, want);
}

static void check_report(const world_server *w, const smtpc_input *in,
                         const smtpc_action *act) {
  const unsigned tls = in->kind == SMTPC_IN_TLS_UP ? 1u : w->tls;
  FUZZ_MUST(EPOCH, act->channel == tls, "a finding of channel %u under %u",
            act->channel, tls);
  FUZZ_MUST(BOUNDS, act->pos <= w->taken, "a finding at %llu of %llu",
            (unsigned long long)act->pos, (unsigned long long)w->taken);
}

static void check_close(const world_server *w, const smtpc_action *act) {
  FUZZ_MUST(INVARIANT,
            act->end_reason < SMTPC_END_COUNT &&
                act->finding < SMTPC_FINDING_COUNT &&
                act->device < SMTPC_DEVICE_COUNT,
            "no such end");
  FUZZ_MUST(COUNT, (act->end_reason == SMTPC_END_QUIT) == (w->last == 221u),
            "the end is %s after %u", smtpc_end_name(act->end_reason), w->last);
  FUZZ_MUST(INVARIANT, act->end_reason != SMTPC_END_LOCAL,
            "a reply could not be written");
  FUZZ_MUST(TXN, w->command.held == 0u,
            "a transaction is not dropped at the end");
}

void ws_turn_step(world_server *w, const smtpc_input *in, size_t used,
                  const smtpc_action *act) {
  if (in->kind == SMTPC_IN_TLS_UP) {
    w->taken = 0u;
  }
  if (in->kind == SMTPC_IN_VERDICT) {
    w->judged = w->asked.kind;
    w->verdict = in->answer;
  }
  w->taken += used;
  FUZZ_MUST(EPOCH, used == 0u || w->handshake == 0u,
            "octets are taken in a handshake");
  // What TLS begins with is for law RESET to say.
  FUZZ_MUST(MODEL, w->session.pos == w->taken || in->kind == SMTPC_IN_TLS_UP,
            "the session counts %llu octets of %llu",
            (unsigned long long)w->session.pos, (unsigned long long)w->taken);
  FUZZ_MUST(EPOCH,
            act->took_line == 0u || used > 0u ||
                w->session.line.state == SMTPC_LINE_DEAD,
            "a line is taken, and no octet");
  check_span(w, in, used, act);
  FUZZ_MUST(TERMINAL, w->last == 0u || may_follow_last_word(act) != 0,
            "%s after the last word, %u", smtpc_do_name(act->kind), w->last);
  switch (act->kind) {
    case SMTPC_DO_REPORT:
      check_report(w, in, act);
      note_finding(w, act);
      break;
    case SMTPC_DO_DROP_MESSAGE:
      FUZZ_MUST(TXN, w->command.held != 0u, "nothing is there to be dropped");
      w->command.held = 0u;
      break;
    case SMTPC_DO_CLOSE:
      check_close(w, act);
      break;
    default:
      break;
  }
}

void ws_turn_rest(const world_server *w, const smtpc_action *act) {
  FUZZ_MUST(EOD,
            w->account.ends == 0u || w->account.line_open == 0u ||
                w->session.mode != SMTPC_SERVER_DATA,
            "the session does not see the end of a message");
  FUZZ_MUST(BOUNDS, w->raw.len <= SMTPC_LINE_MAX + SMTPC_LINE_DISCARD_MAX,
            "a line of %zu octets goes on", w->raw.len);
  if (w->account.line_open != 0u || w->account.code != 0u) {
    // For law COUNT to say.
    return;
  }
  check_deadline(w, act);
  FUZZ_MUST(TXN, w->command.held == 0u || w->account.mail != 0u,
            "a transaction is over, and not dropped");
  FUZZ_MUST(
      POLICY,
      w->account.mode != WS_LINES || w->session.esmtp == w->account.extended,
      "EHLO is in force: %u, and said: %u", w->session.esmtp,
      w->account.extended);
}

// What was answered is what is told: 2yz for yes, 4yz for later, 5yz for no. And what
// was not asked is not granted.
static void check_verdict(world_server *w, uint16_t code) {
  const unsigned judged = w->judged;
  const int line = w->account.line_open != 0u && w->account.mode == WS_LINES &&
                   w->account.bad == 0u;
  const int later =
      w->verdict == SMTPC_ANSWER_NOT_NOW || w->verdict == SMTPC_ANSWER_FULL;
  const unsigned want = w->verdict == SMTPC_ANSWER_YES ? 2u : later ? 4u : 5u;
  w->judged = SMTPC_DO_NOTHING;
  FUZZ_MUST(TXN,
            !line || code / 100u != 2u || !(ws_is(w, "MAIL") || ws_is_end(w)) ||
                judged != SMTPC_DO_NOTHING,
            "%u, and nobody was asked", code);
  FUZZ_MUST(TXN,
            !line || code / 100u != 2u || !ws_is(w, "RCPT") ||
                judged == SMTPC_DO_ASK_RECIPIENT,
            "%u to RCPT, and nobody was asked", code);
  if (judged == SMTPC_DO_NOTHING || judged == SMTPC_DO_ASK_CREDENTIALS ||
      judged == SMTPC_DO_ASK_PEER || code == 421u) {
    return;
  }
  FUZZ_MUST(TXN, code / 100u == want, "%s has verdict %u, and %u is said",
            smtpc_do_name(judged), w->verdict, code);
}

uint64_t ws_turn_window(const world_server *w) {
  const smtpc_server_policy *p = &w->policy;
  const uint64_t most = UINT64_MAX / 4u;
  const uint64_t size = p->size_max < most ? p->size_max : most;
  const uint64_t more = p->discard_max < most ? p->discard_max : most;
  return 2u * size + 5u + more;
}

void ws_turn_said(world_server *w, uint16_t code) {
  const ws_account *a = &w->account;
  if (code == 421u || code == 221u) {
    w->last = code;
  }
  if (code == 354u) {
    w->anomalies = 0u;
  } else if (a->ends != 0u && a->told == 0u) {
    w->account.told = 1u;
    check_findings(w, code);
  }
  // Only what is too long is answered before it ends.
  const int window = w->body.len >= ws_turn_window(w);
  check_verdict(w, code);
  FUZZ_MUST(EOD, a->mode != WS_DATA || code == 421u || (code == 552u && window),
            "%u within content", code);
}

// -------------------------------------------------------------------- misuse

static int is_verdict(unsigned asked) {
  return asked == SMTPC_DO_ASK_SENDER || asked == SMTPC_DO_ASK_RECIPIENT ||
         asked == SMTPC_DO_ASK_CREDENTIALS || asked == SMTPC_DO_ASK_PEER ||
         asked == SMTPC_DO_ASK_MESSAGE;
}

// What an answer is, by what was asked.
static smtpc_status of_answer(const world_server *w, const smtpc_input *in) {
  const unsigned asked = w->asked.kind;
  const int right =
      (in->kind == SMTPC_IN_VERDICT && is_verdict(asked)) ||
      (in->kind == SMTPC_IN_BINDING && asked == SMTPC_DO_ASK_BINDING);
  const int salt = in->len == 0u || (in->len <= SMTPC_SALT_MAX &&
                                     in->number >= SMTPC_ITERATIONS_MIN &&
                                     in->number <= SMTPC_ITERATIONS_MAX);
  if (in->kind == SMTPC_IN_SALT && asked == SMTPC_DO_ASK_SALT) {
    return salt ? SMTPC_OK : SMTPC_E_ARGUMENT;
  }
  if (in->kind == SMTPC_IN_NONCE && asked == SMTPC_DO_ASK_NONCE) {
    return in->len == SMTPC_NONCE_LEN ? SMTPC_OK : SMTPC_E_ARGUMENT;
  }
  return right ? SMTPC_OK : SMTPC_E_STATE;
}

static smtpc_status expected(const world_server *w, const smtpc_input *in) {
  const int waits = is_question((unsigned)w->asked.kind);
  switch (in->kind) {
    case SMTPC_IN_NONE:
    case SMTPC_IN_OCTETS:
    case SMTPC_IN_END_OF_STREAM:
    case SMTPC_IN_DEADLINE:
    case SMTPC_IN_SHUTDOWN:
      return waits ? SMTPC_E_PENDING : SMTPC_OK;
    case SMTPC_IN_TLS_UP:
      return w->handshake != 0u ? SMTPC_OK : SMTPC_E_STATE;
    case SMTPC_IN_TLS_FAILED:
      if (waits) {
        return SMTPC_E_PENDING;
      }
      return w->handshake != 0u || w->tls != 0u ? SMTPC_OK : SMTPC_E_STATE;
    case SMTPC_IN_VERDICT:
    case SMTPC_IN_NONCE:
    case SMTPC_IN_SALT:
    case SMTPC_IN_BINDING:
      return of_answer(w, in);
    default:
      return SMTPC_E_ARGUMENT;
  }
}

void ws_turn_misuse(const world_server *w, const smtpc_input *in,
                    smtpc_status status) {
  const smtpc_status want = expected(w, in);
  // A session that ends by itself takes any end.
  const int open = (w->last != 0u || w->account.code != 0u) &&
                   in->kind == SMTPC_IN_TLS_FAILED;
  FUZZ_MUST(MISUSE, status == want || open, "input %s is %s, and should be %s",
            smtpc_in_name(in->kind), smtpc_status_name(status),
            smtpc_status_name(want));
}
