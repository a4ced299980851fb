#include <string.h>

#include "core/model/content_model.h"
#include "core/model/header_model.h"
#include "fuzz/harness/world_server_parts.h"

static int was_found(const world_server *w, unsigned finding) {
  return (int)(w->found[finding / 32u] >> (finding % 32u) & 1u);
}

// -------------------------------------------------------------------- abuse

// What counts against a peer never falls, but for junk when a message ended: not by
// RSET, EHLO or STARTTLS.
static void check_counters(world_server *w) {
  const smtpc_abuse *now = &w->session.abuse;
  const smtpc_abuse *old = &w->counted;
  FUZZ_MUST(BOUNDS,
            now->errors >= old->errors && now->auth >= old->auth &&
                now->mails >= old->mails,
            "a counter of abuse fell");
  FUZZ_MUST(BOUNDS,
            now->junk >= old->junk ||
                (now->junk == 0u && w->account.junk_may_fall != 0u),
            "the counter of junk fell from %u to %u", old->junk, now->junk);
  w->account.junk_may_fall &= now->junk >= old->junk ? 1u : 0u;
  w->counted = *now;
}

void ws_guard_step(world_server *w, const smtpc_input *in, size_t used) {
  FUZZ_MUST(EPOCH, used == 0u || in->channel == w->tls,
            "octets of channel %u are taken under %u", in->channel, w->tls);
  check_counters(w);
  if (in->kind == SMTPC_IN_END_OF_STREAM && in->clean == 0u && w->tls != 0u &&
      w->session.end_reason == SMTPC_END_PEER) {
    w->ends_unclean = 1u;
  }
  if (in->kind == SMTPC_IN_TLS_UP && in->tls.version < SMTPC_TLS_1_2) {
    w->tls_old = 1u;
  }
}

// ---------------------------------------------------------------- questions

static void check_mechanism(const world_server *w, const smtpc_action *act) {
  const uint64_t bit = (uint64_t)1u << (act->mechanism % 64u);
  const uint64_t channel = SMTPC_MECHS_BOUND | SMTPC_MECH(EXTERNAL);
  FUZZ_MUST(POLICY, (w->policy.mechanisms & SMTPC_MECHS_SPOKEN & bit) != 0u,
            "mechanism %u is not offered", act->mechanism);
  FUZZ_MUST(POLICY, w->tls != 0u || (bit & channel) == 0u,
            "mechanism %u in clear", act->mechanism);
  FUZZ_MUST(
      SECRET,
      w->account.line_secret != 0u ||
          smtpc_mechanism_get(act->mechanism).exposure != SMTPC_EXPOSURE_CLEAR,
      "a line with a password is not marked");
}

// A sender's `TLS-Required: No` counts where the envelope has no REQUIRETLS.
//= RFC 8689 section 4.1
static void check_header(const world_server *w) {
  const smtpc_transaction *tx = &w->session.tx;
  const int says_no =
      smtpc_model_header_read(w->content.data, w->content.len).says_no;
  FUZZ_MUST(POLICY, tx->no_tls == (says_no != 0 && tx->require_tls == 0u),
            "TLS-Required is %d, REQUIRETLS %u, and TLS is given up: %u",
            says_no, tx->require_tls, tx->no_tls);
}

void ws_guard_question(world_server *w, const smtpc_action *act) {
  ws_account *a = &w->account;
  if (act->kind == SMTPC_DO_ASK_CREDENTIALS) {
    check_mechanism(w, act);
    FUZZ_MUST(SECRET, act->secret != 0u,
              "credentials are not marked as secret");
  } else if (act->kind == SMTPC_DO_ASK_SENDER) {
    const smtpc_params *params = &w->session.command.params;
    FUZZ_MUST(POLICY, a->logged_in != 0u || smtpc_span_len(params->auth) == 0u,
              "AUTH= of nobody is believed");
  } else if (act->kind == SMTPC_DO_ASK_MESSAGE) {
    a->lost = 0u;
    a->content_any = 0u;
    a->junk_may_fall = 1u;
    a->idle_chunks = 0u;
    check_header(w);
  }
}

void ws_guard_verdict(world_server *w, const smtpc_action *act,
                      const smtpc_input *in) {
  if (act->kind == SMTPC_DO_ASK_CREDENTIALS) {
    w->account.yes = in->answer == SMTPC_ANSWER_YES;
    w->account.failures += in->answer == SMTPC_ANSWER_NO;
    FUZZ_MUST(
        BOUNDS,
        w->account.failures <= w->policy.auth_max || w->account.failures == 1u,
        "%zu logins failed", w->account.failures);
  }
}

// ------------------------------------------------------------------ replies

// A message of which nothing was asked was lost: to an anomaly, and then the session
// ends, since its peer may believe that the message ended before; or to the limit.
static void check_lost(const world_server *w, uint16_t code) {
  const bool keeps_lf =
      (w->policy.quirks & (uint32_t)SMTPC_QUIRK_CONTENT_LF) != 0u;
  uint8_t *out = fuzz_block(w->body.data, w->body.len);
  const smtpc_model_content model =
      smtpc_model_content_decode(w->body.data, w->body.len, keeps_lf, out);
  const int anomaly = (model.anomalies & SMTPC_ANOMALIES_LOST) != 0u;
  memcpy(out, w->body.data, w->body.len);
  fuzz_block_free(out, w->body.data, w->body.len);
  FUZZ_MUST(EOD, anomaly == 0 || w->session.next == SMTPC_DO_CLOSE,
            "the session goes on after anomalies %x", model.anomalies);
  FUZZ_MUST(MODEL,
            anomaly != 0 || model.len > w->policy.size_max || code == 421u,
            "a good message of %zu octets is refused", model.len);
}

static void check_limits(const world_server *w, uint16_t code) {
  const ws_account *a = &w->account;
  const int plain = ws_is(w, "NOOP") || ws_is(w, "RSET") || ws_is(w, "EHLO") ||
                    ws_is(w, "HELO") || ws_is(w, "VRFY") || ws_is(w, "HELP");
  FUZZ_MUST(BOUNDS, !plain || code >= 400u || a->line_len <= 512u,
            "%s with a line of %zu octets", a->verb, a->line_len);
  FUZZ_MUST(BOUNDS,
            a->mode != WS_LINES || code != 500u ||
                w->session.abuse.errors > w->errors_before ||
                w->session.abuse.errors == UINT16_MAX,
            "%s is refused and not counted", a->verb);
}

void ws_guard_reply(world_server *w, uint16_t code) {
  const ws_account *a = &w->account;
  if (a->line_open == 0u) {
    return;
  }
  FUZZ_MUST(COUNT,
            a->mode != WS_AUTH || code == 334u || code == 235u || code >= 400u,
            "%u within an exchange", code);
  FUZZ_MUST(POLICY, code != 235u || a->yes != 0u,
            "235 without the right credentials");
  FUZZ_MUST(EPOCH, code != 220u || !ws_is(w, "STARTTLS") || a->crlf != 0u,
            "STARTTLS that a bare LF ended");
  if (ws_is_end(w) && a->lost != 0u) {
    check_lost(w, code);
  }
  if (!ws_is_end(w)) {
    check_limits(w, code);
  }
}

void ws_guard_finding(world_server *w, const smtpc_action *act) {
  w->found[act->finding / 32u] |= (uint32_t)1u << (act->finding % 32u);
  FUZZ_MUST(
      DRAIN,
      act->finding != SMTPC_FINDING_STARTTLS_PIPELINED || ws_is(w, "STARTTLS"),
      "octets behind STARTTLS are found behind %s", w->account.verb);
}

// --------------------------------------------------------------------- rest

// The session and the account read the next octets as the same thing.
static void check_mode(const world_server *w) {
  const unsigned mode = w->session.mode;
  const unsigned want = w->account.mode;
  const int same = (mode == SMTPC_SERVER_COMMAND && want == WS_LINES) ||
                   (mode == SMTPC_SERVER_AUTH && want == WS_AUTH) ||
                   (mode == SMTPC_SERVER_DATA && want == WS_DATA) ||
                   (mode == SMTPC_SERVER_CHUNK && want == WS_CHUNK) ||
                   (mode == SMTPC_SERVER_PROXY && want == WS_PROXY) ||
                   mode == SMTPC_SERVER_HANDSHAKE;
  FUZZ_MUST(COUNT, same, "mode %u, and the replies say %u", mode, want);
}

void ws_guard_rest(const world_server *w) {
  static const smtpc_sasl none;
  const ws_account *a = &w->account;
  check_mode(w);
  FUZZ_MUST(POLICY, w->session.authenticated == a->logged_in,
            "authenticated %u, and 235 was%s said", w->session.authenticated,
            a->logged_in != 0u ? "" : " not");
  FUZZ_MUST(SECRET,
            a->mode != WS_LINES || a->logged_in != 0u ||
                memcmp(&w->session.sasl, &none, sizeof none) == 0,
            "an exchange that is over is kept");
  FUZZ_MUST(BOUNDS, w->session.abuse.errors <= w->policy.errors_max,
            "%u errors", w->session.abuse.errors);
  FUZZ_MUST(BOUNDS, a->idle_chunks <= w->policy.junk_max,
            "%zu chunks of no octets", a->idle_chunks);
  FUZZ_MUST(TXN, a->content_any == 0u || a->mail != 0u,
            "content of a transaction that is over is not dropped");
  FUZZ_MUST(POLICY,
            w->tls_old == 0u || was_found(w, SMTPC_FINDING_TLS_OLD) != 0,
            "an old TLS version is not told");
}

void ws_guard_close(const world_server *w, const smtpc_action *act) {
  FUZZ_MUST(TXN, w->account.content_any == 0u,
            "content is not dropped at the end");
  FUZZ_MUST(ONEWAY,
            w->ends_unclean == 0u || act->finding == SMTPC_FINDING_TLS_LOST,
            "a stream that broke off under TLS is not told");
}
