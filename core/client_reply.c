#include "core/client_parts.h"
#include "smtpcore/span.h"
#include "smtpcore/write.h"

// ------------------------------------------------------------------- AUTH

static void fail_auth(smtpc_client *s, unsigned finding, unsigned device) {
  s->device = (uint8_t)device;
  smtpc_client_stop(s, SMTPC_END_AUTH, finding);
}

// No AUTH that the policy allows: the end if it is demanded, else a finding.
static void do_without_auth(const smtpc_client_policy *policy, smtpc_client *s,
                            unsigned finding) {
  if (policy->auth == SMTPC_AUTH_REQUIRED) {
    fail_auth(s, finding, SMTPC_DEVICE_843);
  } else {
    smtpc_client_add_finding(s, finding);
    smtpc_client_ask_envelope(s);
  }
}

static void begin_auth(const smtpc_client_policy *policy, smtpc_client *s) {
  if (smtpc_client_offered(s, SMTPC_OFFERS(AUTH)) == 0) {
    do_without_auth(policy, s, SMTPC_FINDING_AUTH_NOT_OFFERED);
    return;
  }
  const unsigned mechanism =
      smtpc_client_mechanism(policy, s->caps.mechanisms, s->tls);
  if (mechanism == SMTPC_MECHANISM_NONE) {
    do_without_auth(policy, s, SMTPC_FINDING_AUTH_NO_MECHANISM);
    return;
  }
  if (smtpc_exposed(mechanism, s->tls) != 0) {
    smtpc_client_add_finding(s, SMTPC_FINDING_AUTH_IN_CLEAR);
  }
  s->phase = SMTPC_CLIENT_AUTH;
  s->mechanism = (uint8_t)mechanism;
  s->step = 0u;
  if (smtpc_sasl_client_speaks_first(mechanism) != 0) {
    s->next = SMTPC_DO_ASK_PASSWORD;
    return;
  }
  size_t len = 0u;
  const smtpc_status status = smtpc_sasl_write_auth(
      mechanism, NULL, 0u, NULL, 0u, s->out, SMTPC_OUT_MAX, &len);
  smtpc_client_post(s, status, len, 1u);
}

smtpc_status smtpc_client_on_credentials(smtpc_client *s,
                                         const smtpc_input *in) {
  size_t len = 0u;
  smtpc_status status = SMTPC_E_SASL;
  if (s->mechanism == SMTPC_MECHANISM_PLAIN) {
    status = smtpc_sasl_write_auth(s->mechanism, in->data, in->len, in->secret,
                                   in->secret_len, s->out, SMTPC_OUT_MAX, &len);
  } else {
    status =
        smtpc_sasl_write_login(s->step, in->data, in->len, in->secret,
                               in->secret_len, s->out, SMTPC_OUT_MAX, &len);
  }
  s->wait = SMTPC_DO_NOTHING;
  s->step = (uint8_t)(s->step + 1u);
  smtpc_client_post(s, status, len, 1u);
  s->send_secret = 1u;
  return SMTPC_OK;
}

smtpc_status smtpc_client_on_digest(smtpc_client *s, const smtpc_input *in) {
  if (in->secret_len != SMTPC_MD5_LEN || in->secret == NULL) {
    return SMTPC_E_ARGUMENT;
  }
  size_t len = 0u;
  const smtpc_status status = smtpc_sasl_write_cram(
      in->data, in->len, in->secret, s->out, SMTPC_OUT_MAX, &len);
  s->wait = SMTPC_DO_NOTHING;
  s->step = (uint8_t)(s->step + 1u);
  smtpc_client_post(s, status, len, 1u);
  s->send_secret = 1u;
  return SMTPC_OK;
}

static void cancel_auth(smtpc_client *s) {
  size_t len = 0u;
  const smtpc_status status =
      smtpc_sasl_write_cancel(s->out, SMTPC_OUT_MAX, &len);
  s->cancelled = 1u;
  smtpc_client_post(s, status, len, 1u);
}

// A 334: the next response, or the end of an exchange that has no next one.
static void on_challenge(smtpc_client *s, smtpc_span text) {
  if (s->cancelled != 0u) {
    smtpc_client_cut(s, SMTPC_END_PROTOCOL, SMTPC_FINDING_REPLY_UNEXPECTED);
    return;
  }
  const bool login = s->mechanism == SMTPC_MECHANISM_LOGIN && s->step < 2u;
  const bool cram = smtpc_sasl_needs_digest(s->mechanism) != 0 && s->step == 0u;
  if (login) {
    s->next = SMTPC_DO_ASK_PASSWORD;
  } else if (cram && s->reply.lines == 1u &&
             smtpc_base64_decode(s->line.data, text, &s->challenge) ==
                 SMTPC_OK) {
    s->next = SMTPC_DO_ASK_DIGEST;
  } else {
    cancel_auth(s);
  }
}

// Every response that the mechanism has was sent (THREATS: AUT-06).
static bool exchange_is_whole(const smtpc_client *s) {
  const unsigned want = s->mechanism == SMTPC_MECHANISM_LOGIN ? 2u : 1u;
  return s->step == want && s->cancelled == 0u;
}

static void on_auth_reply(smtpc_client *s, smtpc_span text) {
  const uint16_t code = s->reply.code;
  if (code == 334u) {
    on_challenge(s, text);
  } else if (code == 235u && exchange_is_whole(s)) {
    s->authenticated = 1u;
    smtpc_client_ask_envelope(s);
  } else if (code == 535u && exchange_is_whole(s)) {
    fail_auth(s, SMTPC_FINDING_AUTH_FAILED, SMTPC_DEVICE_839);
  } else if (code >= 400u) {
    fail_auth(s, SMTPC_FINDING_AUTH_EXCHANGE, SMTPC_DEVICE_843);
  } else {
    s->device = SMTPC_DEVICE_843;
    smtpc_client_cut(s, SMTPC_END_PROTOCOL, SMTPC_FINDING_REPLY_UNEXPECTED);
  }
}

// ----------------------------------------------------------------- replies

static void go_on(const smtpc_client_policy *policy, smtpc_client *s) {
  const smtpc_client_decision decision =
      smtpc_client_after_hello(policy, &s->caps, s->tls, s->refused);
  if (decision.next == SMTPC_CLIENT_STOP) {
    smtpc_client_stop(s, SMTPC_END_REFUSED, decision.finding);
    return;
  }
  if (decision.next == SMTPC_CLIENT_STARTTLS) {
    s->phase = SMTPC_CLIENT_STLS;
    smtpc_client_post_verb(s, SMTPC_VERB_STARTTLS);
    return;
  }
  smtpc_client_add_finding(s, decision.finding);
  if (policy->auth != SMTPC_AUTH_OFF) {
    begin_auth(policy, s);
  } else {
    smtpc_client_ask_envelope(s);
  }
}

static void service_refused(smtpc_client *s) {
  s->tx.code = s->reply.code;
  smtpc_client_stop(s, SMTPC_END_SERVICE, SMTPC_FINDING_SERVICE_REFUSED);
}

static void unexpected(smtpc_client *s) {
  smtpc_client_cut(s, SMTPC_END_PROTOCOL, SMTPC_FINDING_REPLY_UNEXPECTED);
}

static void on_greeting(const smtpc_client_policy *policy, smtpc_client *s) {
  if (s->reply.code == 220u) {
    smtpc_client_post_hello(policy, s, SMTPC_VERB_EHLO);
  } else if (s->reply.code >= 400u) {
    service_refused(s);
  } else {
    unexpected(s);
  }
}

static void on_ehlo_reply(const smtpc_client_policy *policy, smtpc_client *s) {
  const uint16_t code = s->reply.code;
  if (code == 250u) {
    s->esmtp = 1u;
    if ((s->caps.marks & SMTPC_CAPS_MALFORMED) != 0u) {
      smtpc_client_add_finding(s, SMTPC_FINDING_CAPABILITY_MALFORMED);
    }
    if ((s->caps.marks & SMTPC_CAPS_TAMPERED) != 0u) {
      smtpc_client_add_finding(s, SMTPC_FINDING_TLS_STRIPPED);
    }
    go_on(policy, s);
  } else if (code >= 500u && smtpc_client_may_helo(policy, s->tls) != 0) {
    smtpc_client_add_finding(s, SMTPC_FINDING_EHLO_REFUSED);
    smtpc_client_post_hello(policy, s, SMTPC_VERB_HELO);
  } else if (code >= 500u) {
    smtpc_client_stop(s, SMTPC_END_REFUSED, SMTPC_FINDING_EHLO_REFUSED);
  } else if (code >= 400u) {
    service_refused(s);
  } else {
    unexpected(s);
  }
}

static void on_helo_reply(const smtpc_client_policy *policy, smtpc_client *s) {
  if (s->reply.code == 250u) {
    go_on(policy, s);
  } else if (s->reply.code >= 400u) {
    service_refused(s);
  } else {
    unexpected(s);
  }
}

static void on_starttls_reply(const smtpc_client_policy *policy,
                              smtpc_client *s) {
  if (s->reply.code == 220u) {
    s->next = SMTPC_DO_START_TLS;
  } else if (s->reply.code >= 400u) {
    s->refused = 1u;
    go_on(policy, s);
  } else {
    // A success that is not 220 is a tampered 220, or worse (THREATS: RIT-08).
    unexpected(s);
  }
}

static unsigned reply_class(const smtpc_client *s) {
  return s->reply.code / 100u;
}

static void on_data_reply(smtpc_client *s) {
  if (s->reply.code == 354u) {
    if (s->tx.rcpt_ok == 0u) {
      // RFC 2920 section 3.1: nobody gets this message; it must be ended at once.
      s->tx.lost = 1u;
      smtpc_client_send_end_of_data(s);
    } else {
      s->phase = SMTPC_CLIENT_CONTENT;
      s->next = SMTPC_DO_ASK_CONTENT;
    }
  } else if (reply_class(s) >= 4u) {
    if (s->tx.rcpt_ok > 0u || s->tx.code == 0u) {
      s->tx.code = s->reply.code;
    }
    smtpc_client_finish_message(s, s->tx.mail_ok);
  } else {
    unexpected(s);
  }
}

// RFC 5321 section 4.3.2: the one success of MAIL, of the end of data and of a chunk.
// Another one answers another command: the replies are out of step (RIT-06).
static bool is_odd_success(const smtpc_client *s) {
  return reply_class(s) == 2u && s->reply.code != 250u;
}

static void on_mail_reply(const smtpc_client_policy *policy, smtpc_client *s) {
  s->tx.mail_answered = 1u;
  if (s->reply.code == 250u) {
    s->tx.mail_ok = 1u;
  } else if (reply_class(s) >= 4u) {
    s->tx.code = s->reply.code;
  } else {
    unexpected(s);
    return;
  }
  smtpc_client_continue_group(policy, s);
}

// RFC 5321 section 4.5.3.1.10: older servers say 552 where 452 is meant, too many
// recipients for now.
static unsigned rcpt_code(const smtpc_client *s) {
  return s->reply.code == 552u ? 452u : s->reply.code;
}

static void on_rcpt_reply(const smtpc_client_policy *policy, smtpc_client *s) {
  const unsigned code = rcpt_code(s);
  const unsigned class = code / 100u;
  // 251 and 252: taken, to be forwarded or tried.
  const bool ok = code >= 250u && code <= 252u;
  if (!ok && class < 4u) {
    unexpected(s);
    return;
  }
  smtpc_client_report_recipient(s, s->tx.rcpt_answered, code);
  s->tx.rcpt_answered++;
  if (ok && s->tx.mail_ok != 0u) {
    s->tx.rcpt_ok++;
  } else {
    smtpc_client_add_finding(s, SMTPC_FINDING_RCPT_REFUSED);
    // The first refusal that may pass later decides, so that nobody gives up on a
    // message too early.
    const bool softer = class == 4u && s->tx.code >= 500u;
    if (s->tx.mail_ok != 0u && (s->tx.code == 0u || softer)) {
      s->tx.code = (uint16_t)code;
    }
  }
  smtpc_client_continue_group(policy, s);
}

static void on_group_reply(const smtpc_client_policy *policy, smtpc_client *s) {
  if (s->tx.mail_answered == 0u) {
    on_mail_reply(policy, s);
  } else if (s->tx.rcpt_answered < s->tx.rcpt_sent) {
    on_rcpt_reply(policy, s);
  } else {
    on_data_reply(s);
  }
}

static void on_final_reply(smtpc_client *s) {
  if (reply_class(s) == 3u || is_odd_success(s)) {
    unexpected(s);
    return;
  }
  if (s->tx.lost == 0u) {
    s->tx.code = s->reply.code;
  }
  smtpc_client_finish_message(s, 0);
}

static void on_chunk_reply(smtpc_client *s) {
  if (s->chunk_left > 0u) {
    // An answer to a chunk that is not yet sent: what would go out next would be
    // taken for payload, or payload for a command.
    smtpc_client_cut(s, SMTPC_END_PROTOCOL, SMTPC_FINDING_REPLY_UNSOLICITED);
  } else if (reply_class(s) == 3u || is_odd_success(s)) {
    unexpected(s);
  } else if (reply_class(s) == 2u && s->chunk_end == 0u) {
    s->next = SMTPC_DO_ASK_CONTENT;
  } else {
    s->tx.code = s->reply.code;
    smtpc_client_finish_message(s, reply_class(s) != 2u ? 1 : 0);
  }
}

static void on_reply(const smtpc_client_policy *policy, smtpc_client *s,
                     smtpc_span text) {
  switch ((smtpc_client_phase)s->phase) {
    case SMTPC_CLIENT_GREETING:
      on_greeting(policy, s);
      break;
    case SMTPC_CLIENT_EHLO:
      on_ehlo_reply(policy, s);
      break;
    case SMTPC_CLIENT_HELO:
      on_helo_reply(policy, s);
      break;
    case SMTPC_CLIENT_STLS:
      on_starttls_reply(policy, s);
      break;
    case SMTPC_CLIENT_AUTH:
      on_auth_reply(s, text);
      break;
    case SMTPC_CLIENT_GROUP:
      on_group_reply(policy, s);
      break;
    case SMTPC_CLIENT_CHUNKS:
      on_chunk_reply(s);
      break;
    case SMTPC_CLIENT_FINAL:
      on_final_reply(s);
      break;
    case SMTPC_CLIENT_RSET:
      smtpc_client_ask_envelope(s);
      break;
    case SMTPC_CLIENT_QUIT:
      s->next = SMTPC_DO_CLOSE;
      break;
    case SMTPC_CLIENT_READY:
    case SMTPC_CLIENT_CONTENT:
    case SMTPC_CLIENT_SURPLUS:
    case SMTPC_CLIENT_HANDSHAKE:
    case SMTPC_CLIENT_CLOSED:
      // No reply is owed in these.
      unexpected(s);
      break;
  }
}

// A 421 may come in place of any reply, and unasked; the server then closes.
static void on_service_closing(smtpc_client *s) {
  // A message that is done keeps its code to itself.
  if (s->tx.code == 0u || s->tx.mail_sent == 0u) {
    s->tx.code = s->reply.code;
  }
  smtpc_client_cut(s, SMTPC_END_SERVICE, SMTPC_FINDING_SERVICE_REFUSED);
}

static void on_bad_reply(smtpc_client *s, smtpc_status status) {
  smtpc_client_add_finding(s, smtpc_finding_of(status));
  smtpc_client_cut(s, SMTPC_END_PROTOCOL, SMTPC_FINDING_REPLY_MALFORMED);
}

static void on_whole_reply(const smtpc_client_policy *policy, smtpc_client *s,
                           smtpc_span text) {
  const bool owed = s->expect > 0u;
  const bool quitting = s->phase == SMTPC_CLIENT_QUIT;
  if (s->reply.code == 421u && !quitting) {
    on_service_closing(s);
  } else if (!owed) {
    smtpc_client_cut(s, SMTPC_END_PROTOCOL, SMTPC_FINDING_REPLY_UNSOLICITED);
  } else {
    s->expect--;
    // What the shim was asked for may no longer be wanted; if it is, it is asked
    // again.
    if (s->wait == SMTPC_DO_ASK_NEXT_RECIPIENT) {
      s->wait = SMTPC_DO_NOTHING;
    }
    on_reply(policy, s, text);
  }
}

static void on_reply_line(const smtpc_client_policy *policy, smtpc_client *s) {
  smtpc_span text = {0u, 0u};
  if (s->reply.done != 0u) {
    smtpc_reply_init(&s->reply);
  }
  // RFC 6531 section 3.7.4.1: after MAIL with SMTPUTF8 replies may hold UTF-8.
  const smtpc_status status =
      smtpc_reply_line(&s->reply, s->line.data, s->line.len, s->tx.utf8, &text);
  if (status != SMTPC_OK) {
    on_bad_reply(s, status);
    return;
  }
  if (s->phase == SMTPC_CLIENT_EHLO && s->reply.code == 250u) {
    // All after the separator: a keyword is never behind an enhanced code.
    const size_t from = s->line.len < 4u ? s->line.len : 4u;
    smtpc_capability_line(&s->caps, s->reply.lines, s->line.data,
                          smtpc_span_make(from, s->line.len));
  }
  if (s->reply.done != 0u) {
    on_whole_reply(policy, s, text);
  }
}

void smtpc_client_read_line(const smtpc_client_policy *policy, smtpc_client *s,
                            const smtpc_input *in, size_t *used) {
  size_t taken = 0u;
  smtpc_line_next(&s->line);
  const size_t max =
      s->phase == SMTPC_CLIENT_AUTH ? SMTPC_LINE_MAX : SMTPC_REPLY_LINE_MAX;
  const smtpc_status status =
      smtpc_line_feed(&s->line, max, in->data + *used, in->len - *used, &taken);
  *used += taken;
  s->pos += taken;
  if (status == SMTPC_OK) {
    on_reply_line(policy, s);
  } else if (status != SMTPC_MORE) {
    on_bad_reply(s, status);
  }
}
