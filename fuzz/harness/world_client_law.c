#include <string.h>

#include "core/model/content_model.h"
#include "fuzz/harness/world_client_parts.h"

int wc_is_zero(const void *data, size_t len) {
  static const uint8_t zero[sizeof(smtpc_client)];
  return len <= sizeof zero && memcmp(data, zero, len) == 0;
}

// ---------------------------------------------------------------- waiting

static size_t owed_replies(const world_client *w) {
  const wc_account *a = &w->account;
  size_t sum = 0u;
  for (size_t i = 0u; i < a->queue_len; i++) {
    sum += w->owes[(a->queue_head + i) % WC_QUEUE_MAX];
  }
  return sum;
}

static int in_handshake(const wc_account *a) {
  return a->tls_started != 0u && a->tls == 0u;
}

// While it waits for octets somebody owes the session something, and it owes nothing.
static void on_need_input(const world_client *w) {
  const wc_account *a = &w->account;
  const smtpc_client *s = &w->session;
  if (in_handshake(a)) {
    return;
  }
  if (a->barred != 0u) {
    fuzz_broken((fuzz_law)a->barred_law, __FILE__, __LINE__,
                "the session goes on where it must end");
  }
  FUZZ_MUST(BOUNDS,
            wc_owed(a) > 0u || a->surplus != 0u || s->wait != SMTPC_DO_NOTHING,
            "the session waits for ever");
  FUZZ_MUST(COUNT, a->surplus != 0u || s->expect == owed_replies(w),
            "%u replies are expected, and %zu are owed", s->expect,
            owed_replies(w));
  FUZZ_MUST(BOUNDS, s->send == 0u && s->out_len == 0u,
            "something to say waits for input");
}

// The password is let go as soon as it was used.
static void check_silence(world_client *w) {
  const smtpc_client *s = &w->session;
  if (w->silenced != 0u || w->account.auth_ok == 0u) {
    return;
  }
  w->silenced = 1u;
  FUZZ_MUST(
      SECRET,
      wc_is_zero(s->line.data + s->line.len, sizeof s->line.data - s->line.len),
      "a line of an exchange stays in memory");
  FUZZ_MUST(SECRET, wc_is_zero(s->out, sizeof s->out),
            "output of an exchange stays in memory");
  FUZZ_MUST(SECRET, wc_is_zero(&s->sasl, sizeof s->sasl),
            "an exchange stays in memory");
  FUZZ_MUST(SECRET,
            w->canary == 0u || !fuzz_find(s->line.data, s->line.len,
                                          w->password, w->password_len),
            "the password stays in memory");
}

static void on_question(world_client *w, unsigned kind) {
  const wc_account *a = &w->account;
  const wc_letter *l = &a->letter;
  if (a->barred != 0u) {
    fuzz_broken((fuzz_law)a->barred_law, __FILE__, __LINE__,
                "%s where the session must end", smtpc_do_name(kind));
  }
  FUZZ_MUST(COUNT, a->surplus == 0u, "%s after octets that nobody waited for",
            smtpc_do_name(kind));
  FUZZ_MUST(POLICY, a->tls != 0u || w->policy.tls < SMTPC_CLIENT_TLS_REQUIRED,
            "%s in clear where TLS is demanded", smtpc_do_name(kind));
  FUZZ_MUST(POLICY, a->only_quit == 0u, "%s where only QUIT may be said",
            smtpc_do_name(kind));
  FUZZ_MUST(TXN, a->hello != 0u, "%s before EHLO", smtpc_do_name(kind));
  FUZZ_MUST(INVARIANT, w->session.wait == kind, "a question without a wait");
  wc_check_downgrade(w);
  switch (kind) {
    case SMTPC_DO_ASK_ENVELOPE:
      FUZZ_MUST(TXN, l->open == 0u, "a message is asked for within another");
      FUZZ_MUST(TXN, a->holds == 0u,
                "a message is asked for, and the server holds the last one");
      FUZZ_MUST(COUNT, wc_owed(a) == 0u,
                "a message is asked for, and replies are owed");
      check_silence(w);
      break;
    case SMTPC_DO_ASK_NEXT_RECIPIENT:
      FUZZ_MUST(TXN, l->mail_sent != 0u && l->data_sent == 0u,
                "a recipient of nothing");
      break;
    case SMTPC_DO_ASK_CONTENT:
      FUZZ_MUST(TXN, l->ok > 0u, "content for nobody");
      FUZZ_MUST(COUNT, wc_owed(a) == 0u,
                "content is asked for, and replies are owed");
      FUZZ_MUST(TXN, l->whole == 0u, "content after its end");
      break;
    default:
      FUZZ_MUST(POLICY, w->policy.auth != SMTPC_AUTH_OFF && l->open == 0u,
                "AUTH that is not wanted");
      break;
  }
}

// ------------------------------------------------------------------ reports

static int same_code(const smtpc_action *act, const wc_code *code) {
  return act->code == code->code && act->enhanced_class == code->class &&
         act->enhanced_subject == code->subject &&
         act->enhanced_detail == code->detail;
}

static void on_recipient_done(world_client *w, const smtpc_action *act) {
  const wc_offer *offer = &w->account.offer;
  wc_letter *l = &w->account.letter;
  if (act->number < l->sent) {
    FUZZ_MUST(COUNT, act->number == l->reported,
              "recipient %u is reported out of turn", act->number);
    FUZZ_MUST(COUNT, l->reported + 1u == l->answered,
              "recipient %u is reported before its reply", act->number);
    FUZZ_MUST(COUNT, same_code(act, &l->last_rcpt),
              "recipient %u is reported with %u, and got %u", act->number,
              act->code, l->last_rcpt.code);
    l->reported++;
    return;
  }
  FUZZ_MUST(TXN, act->number + 1u == l->given,
            "recipient %u is reported, and was not given", act->number);
  FUZZ_MUST(TXN, act->code == 452u && act->enhanced_class == 0u,
            "recipient %u was not sent, and is reported with %u", act->number,
            act->code);
  FUZZ_MUST(TXN, offer->rcpt_max != 0u || offer->domain_max != 0u,
            "recipient %u was not sent, and no limit says so", act->number);
  FUZZ_MUST(TXN, world_client_found(w, SMTPC_FINDING_LIMIT_KEPT),
            "a recipient was not sent, in silence");
}

static void on_delivery_done(world_client *w, const smtpc_action *act) {
  wc_letter *l = &w->account.letter;
  FUZZ_MUST(COUNT, act->number == l->delivered && l->delivered < l->told,
            "delivery %u is reported out of turn", act->number);
  FUZZ_MUST(COUNT, same_code(act, &l->last_told),
            "delivery %u is reported with %u, and got %u", act->number,
            act->code, l->last_told.code);
  l->delivered++;
}

// Whether MAIL for the message at hand can be said: its address is one, all its
// extensions are surely offered, and the line is short enough. Parameters that are read
// and written again are never longer.
static int may_be_sent(const world_client *w) {
  const smtpc_envelope *e = &w->mail;
  const uint32_t utf8 = e->seen & SMTPC_HAS(SMTPUTF8);
  uint32_t wanted = 0u;
  smtpc_path path;
  for (unsigned id = 0u; id < SMTPC_PARAM_COUNT; id++) {
    if (((e->seen >> id) & 1u) != 0u) {
      wanted |= (uint32_t)1 << smtpc_param_get(id).extension;
    }
  }
  if (e->body == SMTPC_BODY_BINARYMIME) {
    wanted |= SMTPC_OFFERS(BINARYMIME) | SMTPC_OFFERS(CHUNKING);
  }
  const int offered = (w->account.offer.surely & wanted) == wanted;
  const int trusted = (e->seen & SMTPC_HAS(REQUIRETLS)) == 0u ||
                      (w->account.tls != 0u && w->facts.chain_ok == 1u &&
                       w->facts.name_ok == 1u);
  if (w->mail_raw != 0u || w->mail_len + 20u > SMTPC_OUT_MAX || !offered ||
      !trusted || e->address_len + 2u > SMTPC_PATH_MAX) {
    return 0;
  }
  return e->address_len == 0u ||
         smtpc_mailbox_parse(e->address, smtpc_span_make(0u, e->address_len),
                             utf8 != 0u ? SMTPC_ALLOW_UTF8 : 0u,
                             &path) == SMTPC_OK;
}

static void on_message_done(world_client *w, const smtpc_action *act) {
  const wc_account *a = &w->account;
  wc_letter *l = &w->account.letter;
  FUZZ_MUST(TXN, l->open != 0u, "a message is done that was not begun");
  FUZZ_MUST(TXN, act->code / 100u != 2u || l->accepted != 0u,
            "a message is reported as accepted (%u), and was not", act->code);
  FUZZ_MUST(TXN, act->code / 100u == 2u || l->accepted == 0u,
            "a message was accepted, and is reported with %u", act->code);
  if (l->mail_sent == 0u) {
    FUZZ_MUST(TXN,
              act->code == 0u || act->code == 552u || act->code == 452u ||
                  act->code == 501u,
              "a message that was not sent got %u", act->code);
    FUZZ_MUST(ROUNDTRIP, act->code != 0u || !may_be_sent(w),
              "a message that may be sent was not");
  } else {
    FUZZ_MUST(COUNT, wc_owed(a) == 0u, "a message is done before its replies");
    FUZZ_MUST(COUNT, l->reported == l->answered && l->answered == l->sent,
              "a message is done, and a recipient was not reported");
    FUZZ_MUST(COUNT, w->policy.lmtp == 0u || l->delivered == l->told,
              "a message is done, and a delivery was not reported");
    FUZZ_MUST(TXN, same_code(act, &l->decided),
              "a message is reported with %u, and got %u", act->code,
              l->decided.code);
  }
  l->open = 0u;
  l->mail_sent = 0u;
}

// ---------------------------------------------------------------------- TLS

static void on_start_tls(world_client *w) {
  wc_account *a = &w->account;
  const smtpc_client *s = &w->session;
  FUZZ_MUST(ONEWAY, a->tls == 0u, "TLS within TLS");
  FUZZ_MUST(FAILSTOP, a->tls_started == 0u, "TLS starts twice");
  FUZZ_MUST(DRAIN, a->surplus == 0u,
            "TLS starts, and octets stand behind the 220");
  FUZZ_MUST(TERMINAL, a->ended == 0u, "TLS starts after the end");
  FUZZ_MUST(DRAIN, a->line_len == 0u, "TLS starts within a line");
  FUZZ_MUST(DRAIN, wc_owed(a) == 0u, "TLS starts, and a reply is owed");
  FUZZ_MUST(DRAIN, s->expect == w->policy.implicit_tls,
            "TLS starts, and %u replies are expected", s->expect);
  FUZZ_MUST(DRAIN, s->send == 0u && s->out_len == 0u,
            "TLS starts, and something waits to be said");
  FUZZ_MUST(DRAIN, smtpc_line_is_empty(&s->line) != 0,
            "TLS starts, and octets wait in the line");
  FUZZ_MUST(CODE, w->policy.implicit_tls != 0u || a->tls_next != 0u,
            "TLS starts without a 220 to STARTTLS");
  FUZZ_MUST(DRAIN, w->policy.implicit_tls == 0u || w->out.len == 0u,
            "implicit TLS starts after something was said");
  a->tls_started = 1u;
}

// A session that came to TLS by itself, up to where it says EHLO.
static void make_fresh(const world_client *w, smtpc_client *fresh) {
  static const uint8_t greeting[] = "220 x\r\n";
  smtpc_client_policy policy = w->policy;
  smtpc_input in = smtpc_input_make(SMTPC_IN_NONE);
  smtpc_action act = smtpc_action_make(SMTPC_DO_NOTHING);
  size_t used = 0u;
  policy.implicit_tls = 1u;
  smtpc_client_init(fresh, &policy);
  FUZZ_MUST(RESET,
            smtpc_client_step(&policy, fresh, &in, &used, &act) == SMTPC_OK &&
                act.kind == SMTPC_DO_START_TLS,
            "implicit TLS does not begin with TLS");
  in.kind = SMTPC_IN_TLS_UP;
  in.tls = w->facts;
  for (unsigned i = 0u; i < 8u && act.kind != SMTPC_DO_SEND; i++) {
    FUZZ_MUST(RESET,
              smtpc_client_step(&policy, fresh, &in, &used, &act) == SMTPC_OK,
              "a session under TLS does not begin");
    in = smtpc_input_make(SMTPC_IN_NONE);
    if (act.kind == SMTPC_DO_NEED_INPUT) {
      in =
          smtpc_input_octets(SMTPC_CHANNEL_TLS, greeting, sizeof greeting - 1u);
    }
  }
}

void wc_law_reset(const world_client *w) {
  static smtpc_client fresh;
  make_fresh(w, &fresh);
  // The fresh one has read its greeting on this channel.
  fresh.pos = w->session.pos;
  FUZZ_MUST(RESET, memcmp(&fresh, &w->session, sizeof fresh) == 0,
            "the session is not a fresh one under TLS");
}

// ---------------------------------------------------------------------- end

// What was sent of a message that did not end is its beginning.
static void check_beginning(const world_client *w) {
  static uint8_t text[SCRIPT_FILL_MAX * 2u];
  const size_t from = w->account.letter.data_from;
  const size_t len = w->out.len - from;
  if (len == 0u) {
    return;
  }
  FUZZ_MUST(HARNESS, len <= sizeof text, "a message too big for the harness");
  const smtpc_model_content model =
      smtpc_model_content_decode(w->out.data + from, len, false, text);
  FUZZ_MUST(EOD, model.status == SMTPC_MORE,
            "a message that was not ended has an end of data");
  // A CR waits for its LF.
  FUZZ_MUST(
      STUFF,
      model.len <= w->handed.len &&
          (model.len == 0u || memcmp(text, w->handed.data, model.len) == 0),
      "what was sent is not the beginning of the content");
}

static void check_reason(const world_client *w, const smtpc_action *act) {
  const wc_account *a = &w->account;
  const unsigned reason = act->end_reason;
  FUZZ_MUST(INVARIANT, reason < SMTPC_END_COUNT, "no such end");
  FUZZ_MUST(CODE,
            reason != SMTPC_END_PROTOCOL || a->barred != 0u || a->surplus != 0u,
            "the session ended, and nobody broke the protocol");
  FUZZ_MUST(
      CODE,
      reason != SMTPC_END_SERVICE || a->service != 0u || a->only_quit != 0u,
      "the session ended, and service was not refused");
  FUZZ_MUST(CODE, a->service == 0u || reason == SMTPC_END_SERVICE,
            "421 ended the session as %s", smtpc_end_name(reason));
  FUZZ_MUST(CODE, a->service == 0u || act->code == a->letter.decided.code,
            "421, and the session has code %u", act->code);
  FUZZ_MUST(CODE,
            a->ended != 0u ||
                (reason != SMTPC_END_TIMEOUT && reason != SMTPC_END_SHUTDOWN &&
                 reason != SMTPC_END_PEER),
            "the session ended as %s by itself", smtpc_end_name(reason));
  FUZZ_MUST(TXN, reason != SMTPC_END_QUIT || a->quit_sent != 0u,
            "the work was done, and nobody said QUIT");
  FUZZ_MUST(
      TXN,
      reason != SMTPC_END_QUIT || (a->letter.open == 0u && a->only_quit == 0u),
      "the work is said to be done, and was not");
}

void wc_law_close(world_client *w, const smtpc_action *act) {
  const wc_account *a = &w->account;
  const smtpc_client *s = &w->session;
  check_reason(w, act);
  FUZZ_MUST(COUNT,
            a->letter.reported == a->letter.answered || a->letter.open == 0u,
            "a recipient's reply was not reported");
  FUZZ_MUST(SECRET, wc_is_zero(s->line.data, sizeof s->line.data),
            "a line stays in memory after the end");
  FUZZ_MUST(SECRET, wc_is_zero(s->out, sizeof s->out),
            "output stays in memory after the end");
  FUZZ_MUST(SECRET, wc_is_zero(&s->sasl, sizeof s->sasl),
            "an exchange stays in memory after the end");
  FUZZ_MUST(SECRET,
            w->canary == 0u || !fuzz_find(s, offsetof(smtpc_client, out),
                                          w->password, w->password_len),
            "the password stays in memory after the end");
  if (a->mode == WC_DATA_OCTETS) {
    check_beginning(w);
  }
}

static void must_be_nothing(world_client *w, const smtpc_input *in) {
  size_t used = 1u;
  smtpc_action act;
  const smtpc_status status =
      smtpc_client_step(&w->policy, &w->session, in, &used, &act);
  FUZZ_MUST(TERMINAL, status == SMTPC_OK, "%s after the end: %s",
            smtpc_in_name(in->kind), smtpc_status_name(status));
  FUZZ_MUST(TERMINAL, used == 0u, "octets are taken after the end");
  FUZZ_MUST(TERMINAL, act.kind == SMTPC_DO_NOTHING, "%s after the end: %s",
            smtpc_in_name(in->kind), smtpc_do_name(act.kind));
}

void wc_law_terminal(world_client *w) {
  static const uint8_t octets[] = "250 ok\r\n";
  static smtpc_client before;
  smtpc_input in = smtpc_input_octets(w->session.tls, octets, 8u);
  before = w->session;
  must_be_nothing(w, &in);
  in.kind = SMTPC_IN_CONTENT;
  must_be_nothing(w, &in);
  for (unsigned kind = 0u; kind < SMTPC_IN_COUNT; kind++) {
    in = smtpc_input_make(kind);
    must_be_nothing(w, &in);
  }
  FUZZ_MUST(TERMINAL, memcmp(&before, &w->session, sizeof before) == 0,
            "the session changed after its end");
}

void wc_law_misuse(world_client *w, const smtpc_input *in) {
  static smtpc_client before;
  size_t used = 1u;
  smtpc_action act;
  before = w->session;
  const smtpc_status status =
      smtpc_client_step(&w->policy, &w->session, in, &used, &act);
  FUZZ_MUST(MISUSE, smtpc_status_is_misuse(status), "%s out of turn is %s",
            smtpc_in_name(in->kind), smtpc_status_name(status));
  FUZZ_MUST(MISUSE, used == 0u, "misuse takes octets");
  FUZZ_MUST(MISUSE, act.kind == SMTPC_DO_NOTHING, "misuse has an action");
  FUZZ_MUST(MISUSE, memcmp(&before, &w->session, sizeof before) == 0,
            "misuse changed the session");
}

// ------------------------------------------------------------------ actions

void wc_law_action(world_client *w, const smtpc_action *act) {
  switch (act->kind) {
    case SMTPC_DO_NEED_INPUT:
      on_need_input(w);
      break;
    case SMTPC_DO_START_TLS:
      on_start_tls(w);
      break;
    case SMTPC_DO_REPORT:
      FUZZ_MUST(EPOCH, act->channel == w->account.tls,
                "a finding of the other channel");
      break;
    case SMTPC_DO_CLOSE:
      wc_law_close(w, act);
      break;
    case SMTPC_DO_ASK_ENVELOPE:
    case SMTPC_DO_ASK_NEXT_RECIPIENT:
    case SMTPC_DO_ASK_CONTENT:
    case SMTPC_DO_ASK_PASSWORD:
    case SMTPC_DO_ASK_DIGEST:
    case SMTPC_DO_ASK_NONCE:
    case SMTPC_DO_ASK_BINDING:
      on_question(w, act->kind);
      break;
    case SMTPC_DO_RECIPIENT_DONE:
      on_recipient_done(w, act);
      break;
    case SMTPC_DO_DELIVERY_DONE:
      on_delivery_done(w, act);
      break;
    case SMTPC_DO_MESSAGE_DONE:
      on_message_done(w, act);
      break;
    default:
      FUZZ_MUST(INVARIANT, 0, "action %s of a client",
                smtpc_do_name(act->kind));
      break;
  }
}
