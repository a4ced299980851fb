#include "core/client_parts.h"
#include "core/config_parts.h"
#include "smtpcore/span.h"
#include "smtpcore/write.h"

#if SMTPC_CONFIG_CLIENT

// ------------------------------------------------------------------ start

// A session that began under TLS, and one that came to it by STARTTLS, are made by
// this one function (law RESET).
static void begin_on_channel(smtpc_client *s, unsigned tls) {
  static const smtpc_client fresh = {0};
  *s = fresh;
  s->tls = (uint8_t)tls;
}

static void await_greeting(smtpc_client *s) {
  s->phase = SMTPC_CLIENT_GREETING;
  s->expect = 1u;
}

void smtpc_client_init(smtpc_client *session,
                       const smtpc_client_policy *policy) {
  begin_on_channel(session, 0u);
  await_greeting(session);
  if (policy->implicit_tls != 0u) {
    session->next = SMTPC_DO_START_TLS;
  }
}

// ------------------------------------------------------------ TLS and ends

static smtpc_status on_tls_up(const smtpc_client_policy *policy,
                              smtpc_client *s, const smtpc_input *in) {
  if (s->wait != SMTPC_DO_START_TLS) {
    return SMTPC_E_STATE;
  }
  const bool greeting = s->phase == SMTPC_CLIENT_GREETING;
  begin_on_channel(s, 1u);
  s->tls_facts = in->tls;
  if (in->tls.version < SMTPC_TLS_1_2) {
    smtpc_client_add_finding(s, SMTPC_FINDING_TLS_OLD);
  }
  const unsigned finding = smtpc_client_tls_verdict(policy, &in->tls);
  if (finding != SMTPC_FINDING_NONE) {
    // RFC 3207 section 4.1: a client that does not trust the server says QUIT. On
    // implicit TLS the greeting is still owed, so there is nothing to say.
    if (greeting) {
      smtpc_client_cut(s, SMTPC_END_REFUSED, finding);
    } else {
      smtpc_client_stop(s, SMTPC_END_REFUSED, finding);
    }
  } else if (greeting) {
    await_greeting(s);
  } else {
    smtpc_client_post_hello(
        policy, s, policy->lmtp != 0u ? SMTPC_VERB_LHLO : SMTPC_VERB_EHLO);
  }
  return SMTPC_OK;
}

static unsigned device_of(unsigned failure) {
  switch (failure) {
    case SMTPC_TLS_FAILURE_NO_COMMON_CIPHER:
    case SMTPC_TLS_FAILURE_NO_COMMON_VERSION:
      return SMTPC_DEVICE_841;
    case SMTPC_TLS_FAILURE_CLIENT_CERTIFICATE:
      return SMTPC_DEVICE_842;
    default:
      return SMTPC_DEVICE_NONE;
  }
}

static bool is_distrust(unsigned failure) {
  return failure == SMTPC_TLS_FAILURE_CERTIFICATE ||
         failure == SMTPC_TLS_FAILURE_CERTIFICATE_TIME ||
         failure == SMTPC_TLS_FAILURE_NAME;
}

static bool in_handshake(const smtpc_client *s) {
  return s->wait == SMTPC_DO_START_TLS || s->next == SMTPC_DO_START_TLS;
}

static smtpc_status on_tls_failed(smtpc_client *s, const smtpc_input *in) {
  const unsigned failure = in->tls.failure;
  const bool handshake = in_handshake(s);
  if (!handshake && s->tls == 0u) {
    return SMTPC_E_STATE;
  }
  // What was decided stands.
  if (s->next == SMTPC_DO_CLOSE) {
    return SMTPC_OK;
  }
  if (s->phase != SMTPC_CLIENT_QUIT) {
    s->device = (uint8_t)device_of(failure);
  }
  if (is_distrust(failure)) {
    smtpc_client_add_finding(s, SMTPC_FINDING_TLS_UNVERIFIED);
  }
  smtpc_client_cut(
      s, SMTPC_END_TLS,
      handshake ? SMTPC_FINDING_TLS_FAILED : SMTPC_FINDING_TLS_LOST);
  return SMTPC_OK;
}

static void on_end_of_stream(smtpc_client *s, const smtpc_input *in) {
  if (in_handshake(s)) {
    smtpc_client_cut(s, SMTPC_END_TLS, SMTPC_FINDING_TLS_FAILED);
  } else if (s->phase == SMTPC_CLIENT_QUIT && s->send == 0u) {
    // QUIT was said; that the server closed without a word changes nothing.
    s->next = SMTPC_DO_CLOSE;
  } else if (s->tls != 0u && in->clean == 0u) {
    smtpc_client_cut(s, SMTPC_END_PEER, SMTPC_FINDING_TLS_LOST);
  } else {
    smtpc_client_cut(s, SMTPC_END_PEER, SMTPC_FINDING_ABORTED);
  }
}

static smtpc_status on_end(smtpc_client *s, const smtpc_input *in) {
  if (s->next == SMTPC_DO_CLOSE) {
    return SMTPC_OK;
  }
  switch (in->kind) {
    case SMTPC_IN_END_OF_STREAM:
      on_end_of_stream(s, in);
      break;
    case SMTPC_IN_DEADLINE:
      smtpc_client_cut(s, SMTPC_END_TIMEOUT, SMTPC_FINDING_DEADLINE);
      break;
    default:
      smtpc_client_cut(s, SMTPC_END_SHUTDOWN, SMTPC_FINDING_NONE);
      break;
  }
  return SMTPC_OK;
}

// ------------------------------------------------------------------- step

// What the shim was asked for is no longer wanted: the server speaks out of turn.
static void begin_surplus(smtpc_client *s) {
  if (s->phase == SMTPC_CLIENT_QUIT) {
    smtpc_client_cut(s, SMTPC_END_PROTOCOL, SMTPC_FINDING_REPLY_UNSOLICITED);
    return;
  }
  smtpc_wipe(s->out, s->out_len);
  s->out_len = 0u;
  s->send = 0u;
  s->owes = 0u;
  if (SMTPC_WITH(AUTH)) {
    smtpc_sasl_client_clear(&s->sasl);
  }
  s->wait = SMTPC_DO_NOTHING;
  s->next = SMTPC_DO_NOTHING;
  s->phase = SMTPC_CLIENT_SURPLUS;
}

static bool octets_are_fatal(smtpc_client *s, const smtpc_input *in) {
  if (in->channel != s->tls) {
    smtpc_client_cut(s, SMTPC_END_PROTOCOL, SMTPC_FINDING_CHANNEL_MIXED);
    return true;
  }
  if (s->wait == SMTPC_DO_START_TLS) {
    smtpc_client_cut(s, SMTPC_END_PROTOCOL, SMTPC_FINDING_CLEAR_IN_HANDSHAKE);
    return true;
  }
  if (s->next == SMTPC_DO_START_TLS) {
    const bool first = s->phase == SMTPC_CLIENT_GREETING;
    smtpc_client_cut(s, SMTPC_END_PROTOCOL,
                     first ? SMTPC_FINDING_CLEAR_IN_HANDSHAKE
                           : SMTPC_FINDING_STARTTLS_RESPONSE_SURPLUS);
    return true;
  }
  return false;
}

static bool reports_wait(const smtpc_client *s) {
  return smtpc_findings_any(&s->findings) || s->rcpt_report != 0u ||
         s->message_report != 0u;
}

static bool something_waits(const smtpc_client *s) {
  return reports_wait(s) || s->send != 0u || s->next != SMTPC_DO_NOTHING;
}

// Octets while no reply is owed. Judged before anything else is sent, so that a
// reply that came early can never answer a later command (THREATS: RIT-05).
static bool nothing_is_owed(const smtpc_client *s) {
  return s->expect == 0u && s->next != SMTPC_DO_CLOSE &&
         s->phase != SMTPC_CLIENT_SURPLUS;
}

static void read_octets(const smtpc_client_policy *policy, smtpc_client *s,
                        const smtpc_input *in, size_t *used) {
  bool idle = true;
  while (*used < in->len && idle) {
    smtpc_client_read_line(policy, s, in, used);
    idle = !something_waits(s);
  }
  // What came with the last reply that was owed is judged before anything is sent.
  if (*used < in->len && s->next == SMTPC_DO_START_TLS) {
    (void)octets_are_fatal(s, in);
  } else if (*used < in->len && nothing_is_owed(s)) {
    begin_surplus(s);
  }
}

static smtpc_status take_octets(const smtpc_client_policy *policy,
                                smtpc_client *s, const smtpc_input *in,
                                size_t *used) {
  const size_t len = in->kind == SMTPC_IN_OCTETS ? in->len : 0u;
  if (len == 0u) {
    const bool asked =
        s->wait != SMTPC_DO_NOTHING && s->wait != SMTPC_DO_START_TLS;
    const bool idle = !something_waits(s);
    return asked && idle ? SMTPC_E_PENDING : SMTPC_OK;
  }
  if (reports_wait(s) || s->next == SMTPC_DO_CLOSE || octets_are_fatal(s, in)) {
    return SMTPC_OK;
  }
  if (nothing_is_owed(s)) {
    begin_surplus(s);
  }
  if (s->send == 0u && s->next == SMTPC_DO_NOTHING) {
    read_octets(policy, s, in, used);
  }
  return SMTPC_OK;
}

static smtpc_status on_no_more(const smtpc_client_policy *policy,
                               smtpc_client *s) {
  switch (s->wait) {
    case SMTPC_DO_ASK_ENVELOPE:
      s->wait = SMTPC_DO_NOTHING;
      smtpc_client_stop(s, SMTPC_END_QUIT, SMTPC_FINDING_NONE);
      return SMTPC_OK;
    case SMTPC_DO_ASK_NEXT_RECIPIENT:
      s->wait = SMTPC_DO_NOTHING;
      s->tx.rcpt_end = 1u;
      smtpc_client_continue_group(policy, s);
      return SMTPC_OK;
    case SMTPC_DO_ASK_CONTENT:
      if (s->chunk_left > 0u) {
        return SMTPC_E_ARGUMENT;
      }
      smtpc_client_on_content_end(policy, s);
      return SMTPC_OK;
    default:
      return SMTPC_E_STATE;
  }
}

// The question that an answer of this kind belongs to.
static unsigned question_of(unsigned kind) {
  switch (kind) {
    case SMTPC_IN_ENVELOPE:
      return SMTPC_DO_ASK_ENVELOPE;
    case SMTPC_IN_RECIPIENT:
      return SMTPC_DO_ASK_NEXT_RECIPIENT;
    case SMTPC_IN_CONTENT:
      return SMTPC_DO_ASK_CONTENT;
    case SMTPC_IN_CREDENTIALS:
      return SMTPC_DO_ASK_PASSWORD;
    case SMTPC_IN_DIGEST:
      return SMTPC_DO_ASK_DIGEST;
    case SMTPC_IN_NONCE:
      return SMTPC_DO_ASK_NONCE;
    case SMTPC_IN_BINDING:
      return SMTPC_DO_ASK_BINDING;
    default:
      return SMTPC_DO_NOTHING;
  }
}

static smtpc_status take_answer(const smtpc_client_policy *policy,
                                smtpc_client *s, const smtpc_input *in,
                                size_t *used, smtpc_action *act) {
  // A session that is about to end wants no more of an answer that it began to take.
  if (s->next == SMTPC_DO_CLOSE) {
    return SMTPC_OK;
  }
  if (s->wait != question_of(in->kind)) {
    return SMTPC_E_STATE;
  }
  // A dot, or the announcement of a chunk, goes out before the octets after it.
  if (s->send != 0u || reports_wait(s)) {
    return SMTPC_OK;
  }
  switch (in->kind) {
    case SMTPC_IN_ENVELOPE:
      return smtpc_client_on_envelope(policy, s, in);
    case SMTPC_IN_RECIPIENT:
      return smtpc_client_on_next_recipient(policy, s, in);
    case SMTPC_IN_CONTENT:
      return smtpc_client_on_content(s, in, used, act);
    default:
      return SMTPC_STEP(AUTH, smtpc_client_on_sasl_input(s, in));
  }
}

static smtpc_status take_input(const smtpc_client_policy *policy,
                               smtpc_client *s, const smtpc_input *in,
                               size_t *used, smtpc_action *act) {
  switch ((smtpc_in)in->kind) {
    case SMTPC_IN_NONE:
    case SMTPC_IN_OCTETS:
      return take_octets(policy, s, in, used);
    case SMTPC_IN_TLS_UP:
      return on_tls_up(policy, s, in);
    case SMTPC_IN_TLS_FAILED:
      return on_tls_failed(s, in);
    case SMTPC_IN_END_OF_STREAM:
    case SMTPC_IN_DEADLINE:
    case SMTPC_IN_SHUTDOWN:
      return on_end(s, in);
    case SMTPC_IN_NONCE:
    case SMTPC_IN_BINDING:
    case SMTPC_IN_CREDENTIALS:
    case SMTPC_IN_DIGEST:
    case SMTPC_IN_ENVELOPE:
    case SMTPC_IN_RECIPIENT:
    case SMTPC_IN_CONTENT:
      return take_answer(policy, s, in, used, act);
    case SMTPC_IN_END:
      return on_no_more(policy, s);
    case SMTPC_IN_VERDICT:
    case SMTPC_IN_SALT:
    case SMTPC_IN_COUNT:
      break;
  }
  return SMTPC_E_ARGUMENT;
}

smtpc_status smtpc_client_step(const smtpc_client_policy *policy,
                               smtpc_client *session, const smtpc_input *input,
                               size_t *out_used, smtpc_action *out_action) {
  *out_used = 0u;
  *out_action = smtpc_action_make(SMTPC_DO_NOTHING);
  if (session->phase == SMTPC_CLIENT_CLOSED) {
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
  if (session->said != 0u) {
    // What was sent is sent: no credentials stay behind.
    smtpc_line_next(&session->line);
    session->said = 0u;
  }
  if (out_action->kind != SMTPC_DO_NOTHING) {
    return SMTPC_OK;
  }
  if (session->send == 0u) {
    // What was sent is sent: nothing of it stays behind.
    smtpc_wipe(session->out, session->out_len);
    session->out_len = 0u;
  }
  if (!smtpc_client_take_waiting(session, out_action)) {
    smtpc_client_do_need_input(session, out_action);
  }
  return SMTPC_OK;
}

const uint8_t *smtpc_client_octets(const smtpc_client *session,
                                   const smtpc_action *action,
                                   const smtpc_input *input) {
  return smtpc_action_octets(action, input, session->out, session->line.data);
}

// ------------------------------------------------------------- invariants

static bool outgoing_holds(const smtpc_outgoing *tx) {
  return tx->rcpt_ok <= tx->rcpt_answered &&
         tx->rcpt_answered <= tx->rcpt_sent &&
         (tx->rcpt_sent == 0u || tx->mail_sent != 0u) &&
         (tx->mail_answered == 0u || tx->mail_sent != 0u) &&
         tx->rcpt_told <= tx->rcpt_ok && tx->rcpt_sent <= tx->rcpt_given &&
         (tx->rcpt_ok == 0u || tx->mail_ok != 0u);
}

smtpc_status smtpc_client_check(const smtpc_client *session) {
  const smtpc_client *s = session;
  const bool ranges = s->phase <= SMTPC_CLIENT_CLOSED && s->tls <= 1u &&
                      s->next < SMTPC_DO_COUNT && s->wait < SMTPC_DO_COUNT &&
                      s->out_len <= SMTPC_OUT_MAX;
  const bool closed = s->phase != SMTPC_CLIENT_CLOSED ||
                      (s->wait == SMTPC_DO_NOTHING && s->send == 0u &&
                       s->next == SMTPC_DO_NOTHING);
  // DRAIN: while TLS is awaited nothing of the clear phase waits anywhere.
  const bool drained =
      s->wait != SMTPC_DO_START_TLS ||
      (s->send == 0u && s->tls == 0u && smtpc_line_is_empty(&s->line) != 0);
  if (ranges && closed && drained && outgoing_holds(&s->tx)) {
    return SMTPC_OK;
  }
  return SMTPC_E_INTERNAL;
}

#endif  // SMTPC_CONFIG_CLIENT
