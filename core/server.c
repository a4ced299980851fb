#include "core/config_parts.h"
#include "core/server_parts.h"
#include "smtpcore/span.h"
#include "smtpcore/write.h"

#if SMTPC_CONFIG_SERVER

// ------------------------------------------------------------------ start

// A session that began under TLS, and one that came to it by STARTTLS, are made by
// this one function (law RESET).
static void begin_on_channel(smtpc_server *s, unsigned tls) {
  static const smtpc_server fresh = {0};
  *s = fresh;
  s->tls = (uint8_t)tls;
  s->mode = SMTPC_SERVER_COMMAND;
  s->tx.phase = SMTPC_PHASE_START;
}

void smtpc_server_begin_service(const smtpc_server_policy *policy,
                                smtpc_server *s) {
  if (policy->implicit_tls != 0u) {
    s->mode = SMTPC_SERVER_HANDSHAKE;
    s->next = SMTPC_DO_START_TLS;
    s->greets = 1u;
  } else {
    s->mode = SMTPC_SERVER_COMMAND;
    smtpc_server_answer(s, SMTPC_REPLY_GREETING);
  }
}

void smtpc_server_init(smtpc_server *session,
                       const smtpc_server_policy *policy) {
  begin_on_channel(session, 0u);
  if (SMTPC_WITH(PROXY) && policy->proxy != 0u) {
    session->mode = SMTPC_SERVER_PROXY;
  } else {
    smtpc_server_begin_service(policy, session);
  }
}

// ---------------------------------------------------------------- answers

// What a shim's verdict is told as, by the question: NO, YES, NOT_NOW, FULL, RELAY.
// A verdict out of range is a refusal.
#define ANSWERS 5u

static const uint8_t sender_replies[ANSWERS] = {
    SMTPC_REPLY_SENDER_REFUSED, SMTPC_REPLY_MAIL_OK, SMTPC_REPLY_MAIL_NOT_NOW,
    SMTPC_REPLY_STORAGE_FULL, SMTPC_REPLY_SENDER_REFUSED};

static const uint8_t recipient_replies[ANSWERS] = {
    SMTPC_REPLY_RCPT_REFUSED, SMTPC_REPLY_RCPT_OK, SMTPC_REPLY_RCPT_NOT_NOW,
    SMTPC_REPLY_STORAGE_FULL, SMTPC_REPLY_RELAY_REFUSED};

static const uint8_t message_replies[ANSWERS] = {
    SMTPC_REPLY_MESSAGE_REFUSED, SMTPC_REPLY_MESSAGE_OK,
    SMTPC_REPLY_MESSAGE_NOT_NOW, SMTPC_REPLY_STORAGE_FULL,
    SMTPC_REPLY_MESSAGE_REFUSED};

// Gives the reply that belongs to the verdict. True: it was YES.
static bool tell(const smtpc_server_policy *policy, smtpc_server *s,
                 const uint8_t replies[ANSWERS], unsigned verdict,
                 unsigned finding) {
  const unsigned known = verdict < ANSWERS ? verdict : SMTPC_ANSWER_NO;
  if (known == SMTPC_ANSWER_YES) {
    smtpc_server_answer(s, replies[known]);
    return true;
  }
  smtpc_server_refuse(policy, s, replies[known], finding);
  return false;
}

static void on_sender(const smtpc_server_policy *policy, smtpc_server *s,
                      unsigned verdict) {
  const smtpc_params *params = &s->command.params;
  if (tell(policy, s, sender_replies, verdict, SMTPC_FINDING_SENDER_REFUSED)) {
    smtpc_server_clear_transaction(s, SMTPC_PHASE_MAIL);
    s->abuse.mails = smtpc_server_plus_one(s->abuse.mails);
    s->tx.body = params->body;
    s->tx.utf8 = (params->seen & SMTPC_HAS(SMTPUTF8)) != 0u ? 1u : 0u;
    s->tx.require_tls = (params->seen & SMTPC_HAS(REQUIRETLS)) != 0u ? 1u : 0u;
  }
}

static void on_recipient(const smtpc_server_policy *policy, smtpc_server *s,
                         unsigned verdict) {
  const unsigned finding = verdict == SMTPC_ANSWER_RELAY
                               ? SMTPC_FINDING_RELAY_REFUSED
                               : SMTPC_FINDING_RECIPIENT_REFUSED;
  if (tell(policy, s, recipient_replies, verdict, finding)) {
    s->tx.rcpt_count = smtpc_server_plus_one(s->tx.rcpt_count);
    s->tx.phase = SMTPC_PHASE_RCPT;
  }
}

// LMTP asks for each recipient in turn (RFC 2033 section 4.2).
static void on_stored(const smtpc_server_policy *policy, smtpc_server *s,
                      unsigned verdict) {
  const uint16_t told = smtpc_server_plus_one(s->tx.rcpt_told);
  if (policy->lmtp != 0u && told < s->tx.rcpt_count) {
    s->tx.rcpt_told = told;
    s->next = SMTPC_DO_ASK_MESSAGE;
  } else {
    smtpc_server_clear_transaction(s, SMTPC_PHASE_READY);
  }
  if (tell(policy, s, message_replies, verdict, SMTPC_FINDING_NOT_STORED)) {
    s->abuse.junk = 0u;
  }
}

// Somebody else may say who the peer is.
#define PEER_IS_TOLD (SMTPC_WITH(PROXY) || SMTPC_WITH(XCLIENT))

static smtpc_status on_verdict(const smtpc_server_policy *policy,
                               smtpc_server *s, const smtpc_input *in) {
  const unsigned asked = s->wait;
  const unsigned verdict = in->answer;
  if (SMTPC_WITH(AUTH) && asked == SMTPC_DO_ASK_CREDENTIALS) {
    return smtpc_server_on_credentials(policy, s, in);
  }
  if (asked != SMTPC_DO_ASK_SENDER && asked != SMTPC_DO_ASK_RECIPIENT &&
      asked != SMTPC_DO_ASK_PEER && asked != SMTPC_DO_ASK_MESSAGE) {
    return SMTPC_E_STATE;
  }
  s->wait = SMTPC_DO_NOTHING;
  if (asked == SMTPC_DO_ASK_SENDER) {
    on_sender(policy, s, verdict);
  } else if (asked == SMTPC_DO_ASK_RECIPIENT) {
    on_recipient(policy, s, verdict);
  } else if (PEER_IS_TOLD && asked == SMTPC_DO_ASK_PEER) {
    smtpc_server_on_peer(policy, s, verdict);
  } else {
    on_stored(policy, s, verdict);
  }
  return SMTPC_OK;
}

// ------------------------------------------------------------ TLS and ends

static smtpc_status on_tls_up(smtpc_server *s, const smtpc_input *in) {
  if (s->wait != SMTPC_DO_START_TLS) {
    return SMTPC_E_STATE;
  }
  const smtpc_abuse abuse = s->abuse;
  const bool greets = s->greets != 0u;
  begin_on_channel(s, 1u);
  s->abuse = abuse;
  s->tls_facts = in->tls;
  if (in->tls.version < SMTPC_TLS_1_2) {
    smtpc_server_add_finding(s, SMTPC_FINDING_TLS_OLD);
  }
  if (greets) {
    smtpc_server_answer(s, SMTPC_REPLY_GREETING);
  }
  return SMTPC_OK;
}

void smtpc_server_end_at_once(smtpc_server *s, unsigned reason,
                              unsigned finding) {
  if (s->mode == SMTPC_SERVER_DATA) {
    smtpc_server_report_anomalies(s);
  }
  if (s->mode == SMTPC_SERVER_DATA || s->mode == SMTPC_SERVER_PROXY) {
    s->mode = SMTPC_SERVER_COMMAND;
  }
  s->reply = SMTPC_REPLY_NONE;
  s->reply_line = 0u;
  s->again = 0u;
  s->wait = SMTPC_DO_NOTHING;
  smtpc_server_abandon_transaction(s, SMTPC_PHASE_READY);
  smtpc_server_add_finding(s, finding);
  smtpc_server_close_after(s, reason, finding);
}

static bool in_handshake(const smtpc_server *s) {
  return s->mode == SMTPC_SERVER_HANDSHAKE || s->next == SMTPC_DO_START_TLS;
}

static void on_tls_failed(smtpc_server *s) {
  const bool up = s->tls != 0u;
  s->device = SMTPC_DEVICE_RECEIVE;
  smtpc_server_end_at_once(
      s, SMTPC_END_TLS, up ? SMTPC_FINDING_TLS_LOST : SMTPC_FINDING_TLS_FAILED);
}

// No part of a command is held; a whole line that is held was answered.
static bool line_is_idle(const smtpc_server *s) {
  return s->line.state == SMTPC_LINE_READY ||
         smtpc_line_is_empty(&s->line) != 0;
}

static void on_end_of_stream(smtpc_server *s, const smtpc_input *in) {
  const bool busy = s->tx.phase >= SMTPC_PHASE_MAIL ||
                    s->mode != SMTPC_SERVER_COMMAND || !line_is_idle(s);
  if (in_handshake(s)) {
    on_tls_failed(s);
  } else if (s->tls != 0u && in->clean == 0u) {
    smtpc_server_end_at_once(s, SMTPC_END_PEER, SMTPC_FINDING_TLS_LOST);
  } else {
    smtpc_server_end_at_once(s, SMTPC_END_PEER,
                             busy ? SMTPC_FINDING_ABORTED : SMTPC_FINDING_NONE);
  }
}

// A last word, except where only TLS may speak (law FAILSTOP).
static void end_with(smtpc_server *s, unsigned reply, unsigned reason,
                     unsigned finding) {
  const bool handshake = in_handshake(s);
  const bool silent = handshake || s->mode == SMTPC_SERVER_PROXY;
  const bool halfway = s->reply_line > 0u;
  smtpc_server_end_at_once(s, reason, finding);
  if (handshake) {
    s->device = SMTPC_DEVICE_RECEIVE;
  } else if (!silent && !halfway) {
    smtpc_server_answer(s, reply);
  }
}

static bool awaits_verdict(const smtpc_server *s) {
  return s->wait != SMTPC_DO_NOTHING && s->wait != SMTPC_DO_START_TLS;
}

// An end may come at any time, but not before the answer that the shim owes: else
// a message could be stored and dropped at once.
static smtpc_status on_end(smtpc_server *s, const smtpc_input *in) {
  if (awaits_verdict(s)) {
    return SMTPC_E_PENDING;
  }
  // What was decided stands.
  if (s->next == SMTPC_DO_CLOSE) {
    return SMTPC_OK;
  }
  if (in->kind == SMTPC_IN_END_OF_STREAM) {
    on_end_of_stream(s, in);
  } else if (in->kind == SMTPC_IN_TLS_FAILED) {
    if (!in_handshake(s) && s->tls == 0u) {
      return SMTPC_E_STATE;
    }
    on_tls_failed(s);
  } else if (in->kind == SMTPC_IN_DEADLINE) {
    end_with(s, SMTPC_REPLY_DEADLINE, SMTPC_END_TIMEOUT,
             SMTPC_FINDING_DEADLINE);
  } else {
    end_with(s, SMTPC_REPLY_SHUTDOWN, SMTPC_END_SHUTDOWN, SMTPC_FINDING_NONE);
  }
  return SMTPC_OK;
}

// ------------------------------------------------------------------- step

// Octets that may not be looked at: on the wrong channel, or in a handshake.
static bool octets_are_fatal(smtpc_server *s, const smtpc_input *in) {
  const bool before_tls = s->next == SMTPC_DO_START_TLS;
  if (in->channel != s->tls) {
    smtpc_server_end_at_once(s, SMTPC_END_PROTOCOL,
                             SMTPC_FINDING_CHANNEL_MIXED);
    return true;
  }
  if (before_tls && s->reply == SMTPC_REPLY_STARTTLS_OK) {
    // They came before the 220 was given to be sent.
    smtpc_server_answer(s, SMTPC_REPLY_SURPLUS);
    smtpc_server_refuse_surplus(s);
    return true;
  }
  if (before_tls || s->mode == SMTPC_SERVER_HANDSHAKE) {
    s->device = SMTPC_DEVICE_RECEIVE;
    smtpc_server_end_at_once(s, SMTPC_END_PROTOCOL,
                             SMTPC_FINDING_CLEAR_IN_HANDSHAKE);
    return true;
  }
  return false;
}

static bool something_waits(const smtpc_server *s) {
  return smtpc_findings_any(&s->findings) || s->drop != 0u ||
         s->reply != SMTPC_REPLY_NONE || s->next != SMTPC_DO_NOTHING;
}

// Takes octets until there is something to do, a line was taken, or none are left.
// Each turn takes at least one.
static void read_octets(const smtpc_server_policy *policy, smtpc_server *s,
                        const smtpc_input *in, size_t *used,
                        smtpc_action *act) {
  while (*used < in->len && !something_waits(s) &&
         act->kind == SMTPC_DO_NOTHING && act->took_line == 0u) {
    switch ((smtpc_server_mode)s->mode) {
      case SMTPC_SERVER_DATA:
        smtpc_server_read_data(policy, s, in, used, act);
        break;
      case SMTPC_SERVER_CHUNK:
        if (SMTPC_WITH(BDAT)) {
          smtpc_server_read_chunk(policy, s, in, used, act);
        }
        break;
      case SMTPC_SERVER_PROXY:
        if (SMTPC_WITH(PROXY)) {
          smtpc_server_read_proxy(s, in, used);
        }
        break;
      case SMTPC_SERVER_COMMAND:
      case SMTPC_SERVER_AUTH:
        smtpc_server_read_line(policy, s, in, used, act);
        break;
      case SMTPC_SERVER_HANDSHAKE:
      case SMTPC_SERVER_CLOSED:
        // `octets_are_fatal` and the caller leave no octets for these.
        *used = in->len;
        break;
    }
  }
}

static smtpc_status take_octets(const smtpc_server_policy *policy,
                                smtpc_server *s, const smtpc_input *in,
                                size_t *used, smtpc_action *act) {
  const size_t len = in->kind == SMTPC_IN_OCTETS ? in->len : 0u;
  if (awaits_verdict(s) && !something_waits(s)) {
    return SMTPC_E_PENDING;
  }
  const bool ending = s->next == SMTPC_DO_CLOSE;
  if (len > 0u && !ending && octets_are_fatal(s, in)) {
    return SMTPC_OK;
  }
  if (len > 0u && !something_waits(s)) {
    read_octets(policy, s, in, used, act);
  }
  return SMTPC_OK;
}

static smtpc_status take_input(const smtpc_server_policy *policy,
                               smtpc_server *s, const smtpc_input *in,
                               size_t *used, smtpc_action *act) {
  switch ((smtpc_in)in->kind) {
    case SMTPC_IN_NONE:
    case SMTPC_IN_OCTETS:
      return take_octets(policy, s, in, used, act);
    case SMTPC_IN_TLS_UP:
      return on_tls_up(s, in);
    case SMTPC_IN_VERDICT:
      return on_verdict(policy, s, in);
    case SMTPC_IN_NONCE:
    case SMTPC_IN_SALT:
    case SMTPC_IN_BINDING:
      return SMTPC_WITH(AUTH) ? smtpc_server_on_sasl_input(policy, s, in)
                              : SMTPC_E_STATE;
    case SMTPC_IN_TLS_FAILED:
    case SMTPC_IN_END_OF_STREAM:
    case SMTPC_IN_DEADLINE:
    case SMTPC_IN_SHUTDOWN:
      return on_end(s, in);
    case SMTPC_IN_CREDENTIALS:
    case SMTPC_IN_DIGEST:
    case SMTPC_IN_ENVELOPE:
    case SMTPC_IN_RECIPIENT:
    case SMTPC_IN_CONTENT:
    case SMTPC_IN_END:
    case SMTPC_IN_COUNT:
      break;
  }
  return SMTPC_E_ARGUMENT;
}

smtpc_status smtpc_server_step(const smtpc_server_policy *policy,
                               smtpc_server *session, const smtpc_input *input,
                               size_t *out_used, smtpc_action *out_action) {
  *out_used = 0u;
  *out_action = smtpc_action_make(SMTPC_DO_NOTHING);
  if (session->mode == SMTPC_SERVER_CLOSED) {
    return SMTPC_OK;
  }
  if (!smtpc_input_is_whole(input)) {
    return SMTPC_E_ARGUMENT;
  }
  const smtpc_status status =
      take_input(policy, session, input, out_used, out_action);
  if (status != SMTPC_OK) {
    return status;
  }
  // What the last action meant has been done: nothing of it stays behind.
  smtpc_wipe(session->out, session->out_len);
  session->out_len = 0u;
  if (out_action->kind != SMTPC_DO_NOTHING) {
    return SMTPC_OK;
  }
  if (!smtpc_server_take_waiting(policy, session, out_action)) {
    smtpc_server_do_need_input(session, out_action);
    if (out_action->took_line == 0u && session->mode != SMTPC_SERVER_PROXY) {
      // Its command is answered: nothing of it stays behind.
      smtpc_line_next(&session->line);
    }
    if (session->wait == SMTPC_DO_START_TLS) {
      out_action->deadline = SMTPC_DEADLINE_HANDSHAKE;
    }
  }
  return SMTPC_OK;
}

const uint8_t *smtpc_server_octets(const smtpc_server *session,
                                   const smtpc_action *action,
                                   const smtpc_input *input) {
  return smtpc_action_octets(action, input, session->out, session->line.data);
}

// ------------------------------------------------------------- invariants

static bool transaction_holds(const smtpc_transaction *tx) {
  if (tx->phase >= SMTPC_PHASE_COUNT) {
    return false;
  }
  const bool open =
      tx->phase == SMTPC_PHASE_RCPT || tx->phase == SMTPC_PHASE_CHUNKS;
  const bool none = tx->phase == SMTPC_PHASE_START ||
                    tx->phase == SMTPC_PHASE_READY ||
                    tx->phase == SMTPC_PHASE_FAILED;
  if ((open && tx->rcpt_count == 0u) || tx->rcpt_told > tx->rcpt_count) {
    return false;
  }
  return !none ||
         (tx->rcpt_count == 0u && tx->rcpt_over == 0u && tx->size == 0u &&
          tx->utf8 == 0u && tx->body == 0u && tx->refusal == SMTPC_REPLY_NONE);
}

// DRAIN: while TLS is awaited nothing of the clear phase waits anywhere.
static bool drain_holds(const smtpc_server *s) {
  if (s->wait != SMTPC_DO_START_TLS) {
    return true;
  }
  return s->mode == SMTPC_SERVER_HANDSHAKE && s->reply == SMTPC_REPLY_NONE &&
         s->tls == 0u && s->drop == 0u && smtpc_line_is_empty(&s->line) != 0;
}

smtpc_status smtpc_server_check(const smtpc_server *session) {
  const smtpc_server *s = session;
  const bool ranges = s->mode <= SMTPC_SERVER_PROXY && s->tls <= 1u &&
                      s->reply < SMTPC_REPLY_COUNT &&
                      s->next < SMTPC_DO_COUNT && s->wait < SMTPC_DO_COUNT &&
                      s->out_len <= SMTPC_SERVER_OUT_MAX &&
                      s->line.len <= SMTPC_LINE_MAX;
  const bool closed =
      s->mode != SMTPC_SERVER_CLOSED ||
      (s->wait == SMTPC_DO_NOTHING && s->next == SMTPC_DO_NOTHING &&
       s->reply == SMTPC_REPLY_NONE);
  const bool data =
      s->mode != SMTPC_SERVER_DATA || s->tx.phase == SMTPC_PHASE_RCPT;
  if (ranges && closed && data && transaction_holds(&s->tx) && drain_holds(s)) {
    return SMTPC_OK;
  }
  return SMTPC_E_INTERNAL;
}

#endif  // SMTPC_CONFIG_SERVER
