#include "core/client_parts.h"
#include "core/config_parts.h"
#include "smtpcore/span.h"
#include "smtpcore/write.h"

#if SMTPC_CONFIG_CLIENT

// ------------------------------------------------------------- small parts

void smtpc_client_add_finding(smtpc_client *s, unsigned finding) {
  if (finding != SMTPC_FINDING_NONE) {
    smtpc_findings_add(&s->findings, finding);
    s->finding_pos = s->pos;
  }
}

static void set_end(smtpc_client *s, unsigned reason, unsigned finding) {
  s->end_reason = (uint8_t)reason;
  s->end_finding = (uint8_t)finding;
}

// Forgets all that waits; the session ends at once, without another octet.
void smtpc_client_cut(smtpc_client *s, unsigned reason, unsigned finding) {
  smtpc_client_add_finding(s, finding);
  // What was decided before QUIT stands, however the server takes QUIT.
  if (s->phase != SMTPC_CLIENT_QUIT) {
    set_end(s, reason, finding);
  }
  smtpc_wipe(s->out, SMTPC_OUT_MAX);
  s->out_len = 0u;
  s->send = 0u;
  s->owes = 0u;
  if (SMTPC_WITH(AUTH)) {
    smtpc_sasl_client_clear(&s->sasl);
  }
  s->wait = SMTPC_DO_NOTHING;
  s->next = SMTPC_DO_CLOSE;
}

// A line in `out` waits to be sent, and the server will owe `owes` replies for it.
void smtpc_client_post(smtpc_client *s, smtpc_status status, size_t len,
                       uint32_t owes) {
  if (status != SMTPC_OK) {
    smtpc_client_cut(s, SMTPC_END_LOCAL, SMTPC_FINDING_LOCAL_INPUT);
    return;
  }
  // What was sent is sent: nothing of a longer line stays behind this one.
  if (s->out_len > len) {
    smtpc_wipe(s->out + len, s->out_len - len);
  }
  s->out_len = (uint16_t)len;
  s->send = 1u;
  s->send_secret = 0u;
  s->owes = owes;
}

void smtpc_client_post_verb(smtpc_client *s, unsigned verb) {
  size_t len = 0u;
  const smtpc_status status =
      smtpc_write_verb(s->out, SMTPC_OUT_MAX, &len, verb, NULL, 0u);
  smtpc_client_post(s, status, len, 1u);
}

void smtpc_client_post_hello(const smtpc_client_policy *policy, smtpc_client *s,
                             unsigned verb) {
  size_t len = 0u;
  const smtpc_status status = smtpc_write_hello(
      s->out, SMTPC_OUT_MAX, &len, verb, policy->hello, policy->hello_len);
  smtpc_capability_init(&s->caps);
  s->esmtp = 0u;
  s->phase = verb == SMTPC_VERB_HELO ? SMTPC_CLIENT_HELO : SMTPC_CLIENT_EHLO;
  smtpc_client_post(s, status, len, 1u);
}

// Says QUIT and ends with what is given, once the reply to QUIT is there.
void smtpc_client_stop(smtpc_client *s, unsigned reason, unsigned finding) {
  smtpc_client_add_finding(s, finding);
  set_end(s, reason, finding);
  s->phase = SMTPC_CLIENT_QUIT;
  s->next = SMTPC_DO_NOTHING;
  smtpc_client_post_verb(s, SMTPC_VERB_QUIT);
}

int smtpc_client_offered(const smtpc_client *s, uint32_t extensions) {
  return (s->caps.offered & extensions) == extensions ? 1 : 0;
}

// ------------------------------------------------------- what is to be done

// Each of these fills `*act`, which is NOTHING.

static void do_close(smtpc_client *s, smtpc_action *act) {
  act->kind = SMTPC_DO_CLOSE;
  act->end_reason = s->end_reason;
  act->finding = s->end_finding;
  act->device = s->device;
  act->code = s->tx.code;
  smtpc_line_init(&s->line);
  if (SMTPC_WITH(AUTH)) {
    smtpc_sasl_client_clear(&s->sasl);
  }
  smtpc_wipe(s->out, SMTPC_OUT_MAX);
  s->phase = SMTPC_CLIENT_CLOSED;
  s->next = SMTPC_DO_NOTHING;
  s->wait = SMTPC_DO_NOTHING;
}

static void do_send(smtpc_client *s, smtpc_action *act) {
  act->kind = SMTPC_DO_SEND;
  act->source = SMTPC_SOURCE_OUT;
  act->end = s->out_len;
  act->channel = s->tls;
  act->secret = s->send_secret;
  if (SMTPC_WITH(AUTH) && s->send == SMTPC_CLIENT_SEND_SAY) {
    act->source = SMTPC_SOURCE_LINE;
    act->begin = s->sasl.say.begin;
    act->end = s->sasl.say.end;
    s->said = 1u;
    smtpc_sasl_client_said(&s->sasl);
  }
  if (s->phase == SMTPC_CLIENT_EHLO) {
    // Nothing of the greeting stays: it may have come before TLS (law RESET).
    smtpc_reply_init(&s->reply);
    smtpc_line_next(&s->line);
  }
  s->expect += s->owes;
  s->send = 0u;
  s->owes = 0u;
}

static void do_start_tls(smtpc_client *s, smtpc_action *act) {
  act->kind = SMTPC_DO_START_TLS;
  act->deadline = SMTPC_DEADLINE_HANDSHAKE;
  smtpc_line_next(&s->line);
  // A session that still awaits its greeting gets it under TLS.
  s->phase = s->phase == SMTPC_CLIENT_GREETING ? SMTPC_CLIENT_GREETING
                                               : SMTPC_CLIENT_HANDSHAKE;
  s->wait = SMTPC_DO_START_TLS;
  s->next = SMTPC_DO_NOTHING;
}

static void do_recipient_done(smtpc_client *s, smtpc_action *act) {
  act->kind = s->report == SMTPC_CLIENT_REPORT_DELIVERY
                  ? SMTPC_DO_DELIVERY_DONE
                  : SMTPC_DO_RECIPIENT_DONE;
  act->number = s->rcpt_report - 1u;
  act->code = s->rcpt_code;
  // A recipient that was not sent has no reply, and a 452 that stands for 552 has no
  // enhanced code of its class.
  if (s->report != SMTPC_CLIENT_REPORT_UNSENT &&
      s->reply.code == s->rcpt_code) {
    act->enhanced_class = s->reply.enhanced_class;
    act->enhanced_subject = s->reply.enhanced_subject;
    act->enhanced_detail = s->reply.enhanced_detail;
  }
  s->rcpt_report = 0u;
  s->report = SMTPC_CLIENT_REPORT_REPLY;
}

static void do_message_done(smtpc_client *s, smtpc_action *act) {
  act->kind = SMTPC_DO_MESSAGE_DONE;
  act->code = s->tx.code;
  act->enhanced_class = s->tx.enhanced_class;
  act->enhanced_subject = s->tx.enhanced_subject;
  act->enhanced_detail = s->tx.enhanced_detail;
  s->message_report = 0u;
}

static void do_next(smtpc_client *s, smtpc_action *act) {
  const unsigned kind = s->next;
  if (kind == SMTPC_DO_CLOSE) {
    do_close(s, act);
    return;
  }
  if (kind == SMTPC_DO_START_TLS) {
    do_start_tls(s, act);
    return;
  }
  act->kind = (uint8_t)kind;
  s->next = SMTPC_DO_NOTHING;
  s->wait = (uint8_t)kind;
  if (kind == SMTPC_DO_ASK_PASSWORD || kind == SMTPC_DO_ASK_DIGEST) {
    act->mechanism = s->sasl.mechanism;
  }
  if (kind == SMTPC_DO_ASK_BINDING) {
    act->binding = s->sasl.binding;
  }
  if (kind == SMTPC_DO_ASK_DIGEST) {
    act->source = SMTPC_SOURCE_LINE;
    act->begin = s->sasl.text.begin;
    act->end = s->sasl.text.end;
  }
}

static void do_report(const smtpc_client *s, unsigned finding,
                      smtpc_action *act) {
  act->kind = SMTPC_DO_REPORT;
  act->finding = (uint8_t)finding;
  act->pos = s->finding_pos;
  act->channel = s->tls;
}

static unsigned deadline_of(const smtpc_client *s) {
  switch ((smtpc_client_phase)s->phase) {
    case SMTPC_CLIENT_GREETING:
      return SMTPC_DEADLINE_GREETING;
    case SMTPC_CLIENT_HANDSHAKE:
      return SMTPC_DEADLINE_HANDSHAKE;
    case SMTPC_CLIENT_GROUP:
      if (s->tx.mail_answered == 0u) {
        return SMTPC_DEADLINE_MAIL;
      }
      return s->tx.rcpt_answered < s->tx.rcpt_sent ? SMTPC_DEADLINE_RCPT
                                                   : SMTPC_DEADLINE_DATA_START;
    case SMTPC_CLIENT_CONTENT:
      return SMTPC_DEADLINE_DATA_BLOCK;
    case SMTPC_CLIENT_CHUNKS:
      // After the last chunk the server may take long to store (RFC 5321 section
      // 4.5.3.2.6); who gives up early sends the message twice.
      return s->chunk_end != 0u ? SMTPC_DEADLINE_DATA_END
                                : SMTPC_DEADLINE_DATA_BLOCK;
    case SMTPC_CLIENT_FINAL:
      return SMTPC_DEADLINE_DATA_END;
    case SMTPC_CLIENT_QUIT:
      return SMTPC_DEADLINE_QUIT;
    case SMTPC_CLIENT_EHLO:
    case SMTPC_CLIENT_HELO:
    case SMTPC_CLIENT_STLS:
    case SMTPC_CLIENT_AUTH:
    case SMTPC_CLIENT_READY:
    case SMTPC_CLIENT_RSET:
    case SMTPC_CLIENT_SURPLUS:
    case SMTPC_CLIENT_CLOSED:
      break;
  }
  return SMTPC_DEADLINE_REPLY;
}

void smtpc_client_do_need_input(const smtpc_client *s, smtpc_action *act) {
  act->kind = SMTPC_DO_NEED_INPUT;
  act->deadline = (uint8_t)(s->wait == SMTPC_DO_START_TLS
                                ? (unsigned)SMTPC_DEADLINE_HANDSHAKE
                                : deadline_of(s));
}

// The first thing that waits, in the one order there is. False: nothing waits.
bool smtpc_client_take_waiting(smtpc_client *s, smtpc_action *act) {
  const unsigned finding = smtpc_findings_take(&s->findings);
  if (finding != SMTPC_FINDING_NONE) {
    do_report(s, finding, act);
    return true;
  }
  if (s->rcpt_report != 0u) {
    do_recipient_done(s, act);
    return true;
  }
  if (s->message_report != 0u) {
    do_message_done(s, act);
    return true;
  }
  if (s->send != 0u) {
    do_send(s, act);
    return true;
  }
  if (s->next != SMTPC_DO_NOTHING) {
    do_next(s, act);
    return true;
  }
  return false;
}

#endif  // SMTPC_CONFIG_CLIENT
