#include "core/client_parts.h"
#include "core/config_parts.h"
#include "smtpcore/span.h"
#include "smtpcore/write.h"

#if SMTPC_CONFIG_CLIENT

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
  if (SMTPC_WITH(AUTH) && policy->auth != SMTPC_AUTH_OFF) {
    smtpc_client_begin_auth(policy, s);
  } else {
    smtpc_client_ask_envelope(s);
  }
}

// The reply at hand decides, as `code`. An enhanced code of another class is not its
// own (RFC 2034 section 4).
static void decide(smtpc_client *s, unsigned code) {
  const bool own = s->reply.code == code;
  s->tx.code = (uint16_t)code;
  s->tx.enhanced_class = own ? s->reply.enhanced_class : 0u;
  s->tx.enhanced_subject = own ? s->reply.enhanced_subject : 0u;
  s->tx.enhanced_detail = own ? s->reply.enhanced_detail : 0u;
}

static void service_refused(smtpc_client *s) {
  decide(s, s->reply.code);
  smtpc_client_stop(s, SMTPC_END_SERVICE, SMTPC_FINDING_SERVICE_REFUSED);
}

static void unexpected(smtpc_client *s) {
  smtpc_client_cut(s, SMTPC_END_PROTOCOL, SMTPC_FINDING_REPLY_UNEXPECTED);
}

static void on_greeting(const smtpc_client_policy *policy, smtpc_client *s) {
  if (s->reply.code == 220u) {
    smtpc_client_post_hello(
        policy, s, policy->lmtp != 0u ? SMTPC_VERB_LHLO : SMTPC_VERB_EHLO);
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
    if ((s->caps.marks & SMTPC_CAPS_EQUALS) != 0u) {
      smtpc_client_add_finding(s, SMTPC_FINDING_QUIRK_AUTH_EQUALS);
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

static void on_data_reply(const smtpc_client_policy *policy, smtpc_client *s) {
  if (s->reply.code == 354u) {
    if (s->tx.rcpt_ok == 0u && policy->lmtp != 0u) {
      // RFC 2033 section 4.2: such a DATA is refused, and its end has no reply.
      unexpected(s);
    } else if (s->tx.rcpt_ok == 0u) {
      // RFC 2920 section 3.1: nobody gets this message; it must be ended at once.
      s->tx.lost = 1u;
      smtpc_client_send_end_of_data(policy, s);
    } else {
      s->phase = SMTPC_CLIENT_CONTENT;
      s->next = SMTPC_DO_ASK_CONTENT;
    }
  } else if (reply_class(s) >= 4u) {
    if (s->tx.rcpt_ok > 0u || s->tx.code == 0u) {
      decide(s, s->reply.code);
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
    decide(s, s->reply.code);
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
      decide(s, code);
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
    on_data_reply(policy, s);
  }
}

// LMTP: one of the replies to a message. The whole is refused if one recipient is, and
// for now rather than for good, so that nobody gives up too early.
static void on_delivery(smtpc_client *s) {
  const uint16_t code = s->reply.code;
  const bool first = s->tx.rcpt_told == 0u;
  const bool worse = s->tx.code < 300u && code >= 400u;
  const bool softer = s->tx.code >= 500u && code >= 400u && code < 500u;
  if (first || worse || softer) {
    decide(s, code);
  }
  smtpc_client_report_recipient(s, s->tx.rcpt_told, code);
  s->report = SMTPC_CLIENT_REPORT_DELIVERY;
  s->tx.rcpt_told++;
}

static void on_final_reply(const smtpc_client_policy *policy, smtpc_client *s) {
  if (reply_class(s) == 3u || is_odd_success(s)) {
    unexpected(s);
    return;
  }
  if (policy->lmtp != 0u) {
    on_delivery(s);
    if (s->tx.rcpt_told < s->tx.rcpt_ok) {
      return;
    }
  } else if (s->tx.lost == 0u) {
    decide(s, s->reply.code);
  }
  smtpc_client_finish_message(s, 0);
}

static void on_chunk_reply(const smtpc_client_policy *policy, smtpc_client *s) {
  if (s->chunk_left > 0u) {
    // An answer to a chunk that is not yet sent: what would go out next would be
    // taken for payload, or payload for a command.
    smtpc_client_cut(s, SMTPC_END_PROTOCOL, SMTPC_FINDING_REPLY_UNSOLICITED);
  } else if (reply_class(s) == 3u || is_odd_success(s)) {
    unexpected(s);
  } else if (reply_class(s) == 2u && s->chunk_end == 0u) {
    s->next = SMTPC_DO_ASK_CONTENT;
  } else if (policy->lmtp != 0u && s->chunk_end != 0u) {
    on_final_reply(policy, s);
  } else {
    decide(s, s->reply.code);
    smtpc_client_finish_message(s, reply_class(s) != 2u ? 1 : 0);
  }
}

// RFC 5321 section 4.3.2: 250 alone. A server that refuses RSET may still hold the old
// transaction, and its recipients would get the next message.
static void on_rset_reply(smtpc_client *s) {
  if (s->reply.code == 250u) {
    smtpc_client_ask_envelope(s);
  } else if (reply_class(s) >= 4u) {
    service_refused(s);
  } else {
    unexpected(s);
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
      if (SMTPC_WITH(AUTH)) {
        smtpc_client_on_auth_reply(s, text);
      }
      break;
    case SMTPC_CLIENT_GROUP:
      on_group_reply(policy, s);
      break;
    case SMTPC_CLIENT_CHUNKS:
      if (SMTPC_WITH(BDAT)) {
        on_chunk_reply(policy, s);
      }
      break;
    case SMTPC_CLIENT_FINAL:
      on_final_reply(policy, s);
      break;
    case SMTPC_CLIENT_RSET:
      on_rset_reply(s);
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
    decide(s, s->reply.code);
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

// RFC 6531 section 3.7.4.1: after MAIL with SMTPUTF8 replies may hold UTF-8; without
// it only the quirk lets octets beyond ASCII pass.
static smtpc_status add_line(const smtpc_client_policy *policy, smtpc_client *s,
                             smtpc_span *text) {
  const bool quirk = SMTPC_QUIRK_IS(policy->quirks, REPLY_8BIT);
  smtpc_status status =
      smtpc_reply_line(&s->reply, s->line.data, s->line.len, s->tx.utf8, text);
  if (status == SMTPC_E_REPLY_TEXT && quirk && s->tx.utf8 == 0u) {
    status = smtpc_reply_line(&s->reply, s->line.data, s->line.len, 1, text);
    if (status == SMTPC_OK) {
      smtpc_client_add_finding(s, SMTPC_FINDING_QUIRK_REPLY_8BIT);
    }
  }
  return status;
}

static void on_reply_line(const smtpc_client_policy *policy, smtpc_client *s) {
  smtpc_span text = {0u, 0u};
  if (s->reply.done != 0u) {
    smtpc_reply_init(&s->reply);
  }
  const smtpc_status status = add_line(policy, s, &text);
  if (status != SMTPC_OK) {
    on_bad_reply(s, status);
    return;
  }
  if (s->phase == SMTPC_CLIENT_EHLO && s->reply.code == 250u) {
    // All after the separator: a keyword is never behind an enhanced code.
    const size_t from = s->line.len < 4u ? s->line.len : 4u;
    smtpc_capability_line(&s->caps, s->reply.lines, s->line.data,
                          smtpc_span_make(from, s->line.len), policy->quirks);
  }
  if (s->reply.done != 0u) {
    on_whole_reply(policy, s, text);
  }
}

void smtpc_client_read_line(const smtpc_client_policy *policy, smtpc_client *s,
                            const smtpc_input *in, size_t *used) {
  size_t taken = 0u;
  smtpc_line_next(&s->line);
  s->said = 0u;
  const size_t max =
      s->phase == SMTPC_CLIENT_AUTH ? SMTPC_LINE_MAX : SMTPC_REPLY_LINE_MAX;
  const smtpc_status status = smtpc_line_feed(
      &s->line, max, 0, in->data + *used, in->len - *used, &taken);
  *used += taken;
  s->pos += taken;
  if (status == SMTPC_OK) {
    on_reply_line(policy, s);
  } else if (status != SMTPC_MORE) {
    on_bad_reply(s, status);
  }
}

#endif  // SMTPC_CONFIG_CLIENT
