#include "core/config_parts.h"
#include "core/server_parts.h"
#include "smtpcore/span.h"
#include "smtpcore/write.h"

#if SMTPC_CONFIG_SERVER

// ------------------------------------------------------------- small parts

void smtpc_server_add_finding(smtpc_server *s, unsigned finding) {
  if (finding != SMTPC_FINDING_NONE) {
    smtpc_findings_add(&s->findings, finding);
    s->finding_pos = s->pos;
  }
}

uint16_t smtpc_server_plus_one(uint16_t count) {
  return count < UINT16_MAX ? (uint16_t)(count + 1u) : count;
}

void smtpc_server_close_after(smtpc_server *s, unsigned reason,
                              unsigned finding) {
  smtpc_server_abandon_transaction(s, SMTPC_PHASE_READY);
  s->next = SMTPC_DO_CLOSE;
  s->end_reason = (uint8_t)reason;
  s->end_finding = (uint8_t)finding;
}

// The one way to end a transaction: all of it at once (law TXN).
void smtpc_server_clear_transaction(smtpc_server *s, unsigned phase) {
  static const smtpc_transaction none = {0};
  s->tx = none;
  s->tx.phase = (uint8_t)phase;
}

// What a shim keeps of a transaction is dropped, unless it was asked to store it.
void smtpc_server_abandon_transaction(smtpc_server *s, unsigned phase) {
  // What failed or was lost has been dropped already.
  const bool open =
      s->tx.phase >= SMTPC_PHASE_MAIL && s->tx.phase <= SMTPC_PHASE_CHUNKS;
  if (open && s->tx.refusal == SMTPC_REPLY_NONE) {
    s->drop = 1u;
  }
  smtpc_server_clear_transaction(s, phase);
}

// The message is lost: the shim drops it now, the peer hears of it at its end.
void smtpc_server_lose_message(smtpc_server *s, unsigned reply) {
  if (s->tx.refusal == SMTPC_REPLY_NONE) {
    s->tx.refusal = (uint8_t)reply;
    s->drop = 1u;
  }
}

void smtpc_server_answer(smtpc_server *s, unsigned reply) {
  s->reply = (uint8_t)reply;
  s->reply_line = 0u;
  s->again = 0u;
}

// A refusal counts; too many of them end the session.
void smtpc_server_refuse(const smtpc_server_policy *policy, smtpc_server *s,
                         unsigned reply, unsigned finding) {
  smtpc_server_answer(s, reply);
  smtpc_server_add_finding(s, finding);
  s->abuse.errors = smtpc_server_plus_one(s->abuse.errors);
  if (s->abuse.errors > policy->errors_max) {
    smtpc_server_answer(s, SMTPC_REPLY_ERRORS_MANY);
    smtpc_server_add_finding(s, SMTPC_FINDING_ERRORS_TOO_MANY);
    smtpc_server_close_after(s, SMTPC_END_REFUSED,
                             SMTPC_FINDING_ERRORS_TOO_MANY);
  }
}

void smtpc_server_count_junk(const smtpc_server_policy *policy,
                             smtpc_server *s) {
  s->abuse.junk = smtpc_server_plus_one(s->abuse.junk);
  if (s->abuse.junk > policy->junk_max) {
    smtpc_server_answer(s, SMTPC_REPLY_ERRORS_MANY);
    smtpc_server_add_finding(s, SMTPC_FINDING_ERRORS_TOO_MANY);
    smtpc_server_close_after(s, SMTPC_END_REFUSED,
                             SMTPC_FINDING_ERRORS_TOO_MANY);
  }
}

uint32_t smtpc_server_in_force(const smtpc_server_policy *policy,
                               const smtpc_server *s) {
  return s->esmtp != 0u ? smtpc_server_offers(policy, s->tls) : 0u;
}

// ----------------------------------------------------------- reply writing

static void put_named(smtpc_out *out, const smtpc_server_policy *policy,
                      const char *code, const smtpc_text *text,
                      unsigned reply) {
  const smtpc_reply_row row = smtpc_reply_get(reply);
  smtpc_out_text(out, code, 4u);
  smtpc_out_octets(out, policy->hostname, policy->hostname_len, 0);
  smtpc_out_octet(out, (uint8_t)' ');
  if (text->len > 0u) {
    smtpc_out_octets(out, text->data, text->len, 0);
  } else {
    smtpc_out_text(out, row.text, row.text_len);
  }
}

// Extension number `index`, counted from 0, of the set; COUNT when there is none.
static unsigned nth_extension(uint32_t set, unsigned index) {
  unsigned left = index;
  for (unsigned id = 0u; id < SMTPC_EXTENSION_COUNT; id++) {
    if ((set & ((uint32_t)1 << id)) == 0u) {
      continue;
    }
    if (left == 0u) {
      return id;
    }
    left--;
  }
  return SMTPC_EXTENSION_COUNT;
}

// Line 0 names us, the lines after it are the extensions. Sets `*out_last`.
static smtpc_status write_ehlo(const smtpc_server_policy *policy,
                               smtpc_server *s, bool *out_last,
                               size_t *out_len) {
  const smtpc_capabilities facts = smtpc_server_facts_of(policy, s->tls);
  const uint32_t set = facts.offered;
  const unsigned line = s->reply_line;
  *out_last = nth_extension(set, line) == SMTPC_EXTENSION_COUNT;
  if (line > 0u) {
    return smtpc_write_extension(s->out, sizeof s->out, out_len,
                                 nth_extension(set, line - 1u),
                                 *out_last ? 1 : 0, &facts);
  }
  const smtpc_text *text = s->tls != 0u ? &policy->hello_tls : &policy->hello;
  smtpc_out out = smtpc_out_begin(s->out, sizeof s->out);
  put_named(&out, policy, *out_last ? "250 " : "250-", text, s->reply);
  return smtpc_out_end(&out, out_len);
}

static smtpc_status write_plain_reply(const smtpc_server_policy *policy,
                                      smtpc_server *s, size_t *out_len) {
  const bool enhanced =
      (policy->offered & SMTPC_OFFERS(ENHANCEDSTATUSCODES)) != 0u;
  const bool own = s->reply == SMTPC_REPLY_STARTTLS_OK;
  // A text of the policy's own stands as it is, without an enhanced code.
  const bool bare = own && policy->starttls.len > 0u;
  return smtpc_write_reply(s->out, sizeof s->out, out_len, s->reply, 1,
                           enhanced && !bare ? 1 : 0,
                           bare ? policy->starttls.data : NULL,
                           bare ? policy->starttls.len : 0u);
}

static smtpc_status write_reply(const smtpc_server_policy *policy,
                                smtpc_server *s, bool *out_last,
                                size_t *out_len) {
  smtpc_out out = smtpc_out_begin(s->out, sizeof s->out);
  *out_last = true;
  switch (s->reply) {
    case SMTPC_REPLY_GREETING:
      put_named(&out, policy, "220 ", &policy->greeting, s->reply);
      return smtpc_out_end(&out, out_len);
    case SMTPC_REPLY_HELO_OK:
      put_named(&out, policy, "250 ", &policy->hello, s->reply);
      return smtpc_out_end(&out, out_len);
    case SMTPC_REPLY_EHLO_OK:
    case SMTPC_REPLY_LHLO_OK:
      return write_ehlo(policy, s, out_last, out_len);
    case SMTPC_REPLY_AUTH_CONTINUE:
      return SMTPC_STEP(
          AUTH, smtpc_sasl_write_challenge(
                    &s->sasl, policy->prompts, policy->hostname,
                    policy->hostname_len, s->out, sizeof s->out, out_len));
    default:
      return write_plain_reply(policy, s, out_len);
  }
}

// ------------------------------------------------------- what is to be done

// Each of these fills `*act`, which is NOTHING.

static void do_close(smtpc_server *s, smtpc_action *act) {
  act->kind = SMTPC_DO_CLOSE;
  act->end_reason = s->end_reason;
  act->finding = s->end_finding;
  act->device = s->device;
  smtpc_line_init(&s->line);
  if (SMTPC_WITH(AUTH)) {
    smtpc_sasl_clear(&s->sasl);
  }
  s->mode = SMTPC_SERVER_CLOSED;
  s->reply = SMTPC_REPLY_NONE;
  s->next = SMTPC_DO_NOTHING;
  s->wait = SMTPC_DO_NOTHING;
}

static void do_reply(const smtpc_server_policy *policy, smtpc_server *s,
                     smtpc_action *act) {
  bool last = true;
  size_t len = 0u;
  const smtpc_status status = write_reply(policy, s, &last, &len);
  if (status != SMTPC_OK) {
    // A checked policy writes every reply; else nothing half-made is sent.
    smtpc_server_close_after(s, SMTPC_END_LOCAL, SMTPC_FINDING_LOCAL_INPUT);
    do_close(s, act);
    return;
  }
  act->kind = SMTPC_DO_SEND;
  act->code = smtpc_reply_get(s->reply).code;
  s->out_len = (uint16_t)len;
  s->reply_line = (uint8_t)(s->reply_line + 1u);
  if (last) {
    s->reply_line = 0u;
    s->reply = s->again > 0u ? s->reply : SMTPC_REPLY_NONE;
    s->again = (uint16_t)(s->again - (s->again > 0u ? 1u : 0u));
  }
  act->source = SMTPC_SOURCE_OUT;
  act->end = len;
  act->channel = s->tls;
}

static void do_start_tls(smtpc_server *s, smtpc_action *act) {
  act->kind = SMTPC_DO_START_TLS;
  act->deadline = SMTPC_DEADLINE_HANDSHAKE;
  smtpc_line_next(&s->line);
  s->mode = SMTPC_SERVER_HANDSHAKE;
  s->wait = SMTPC_DO_START_TLS;
  s->next = SMTPC_DO_NOTHING;
}

// What the shim is asked, as far as it hangs on the kind of question.
static void fill_question(const smtpc_server *s, smtpc_action *act) {
  smtpc_span span = s->command.argument;
  switch (act->kind) {
    case SMTPC_DO_ASK_PEER:
      if (s->command.verb == SMTPC_VERB_NONE) {
        span = smtpc_span_make(0u, s->line.len);
      }
      break;
    case SMTPC_DO_ASK_CREDENTIALS:
      span = s->sasl.secret;
      act->secret = 1u;
      act->mechanism = s->sasl.mechanism;
      break;
    case SMTPC_DO_ASK_BINDING:
      act->binding = s->sasl.binding;
      return;
    case SMTPC_DO_ASK_SALT:
      act->mechanism = s->sasl.mechanism;
      return;
    case SMTPC_DO_ASK_MESSAGE:
      act->number = s->tx.rcpt_told;
      return;
    default:
      return;
  }
  act->source = SMTPC_SOURCE_LINE;
  act->begin = span.begin;
  act->end = span.end;
}

static void do_next(smtpc_server *s, smtpc_action *act) {
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
  fill_question(s, act);
}

static void do_report(const smtpc_server *s, unsigned finding,
                      smtpc_action *act) {
  act->kind = SMTPC_DO_REPORT;
  act->finding = (uint8_t)finding;
  act->pos = s->finding_pos;
  act->channel = s->tls;
}

void smtpc_server_do_need_input(const smtpc_server *s, smtpc_action *act) {
  const bool content =
      s->mode == SMTPC_SERVER_DATA || s->mode == SMTPC_SERVER_CHUNK;
  act->kind = SMTPC_DO_NEED_INPUT;
  act->deadline = content ? SMTPC_DEADLINE_DATA_BLOCK : SMTPC_DEADLINE_COMMAND;
  if (s->mode == SMTPC_SERVER_PROXY) {
    // A balancer has its header ready.
    act->deadline = SMTPC_DEADLINE_HANDSHAKE;
  }
}

// The first thing that waits, in the one order there is. False: nothing waits.
bool smtpc_server_take_waiting(const smtpc_server_policy *policy,
                               smtpc_server *s, smtpc_action *act) {
  const unsigned finding = smtpc_findings_take(&s->findings);
  if (finding != SMTPC_FINDING_NONE) {
    do_report(s, finding, act);
    return true;
  }
  if (s->drop != 0u) {
    s->drop = 0u;
    act->kind = SMTPC_DO_DROP_MESSAGE;
    return true;
  }
  if (s->reply != SMTPC_REPLY_NONE) {
    do_reply(policy, s, act);
    return true;
  }
  if (s->next != SMTPC_DO_NOTHING) {
    do_next(s, act);
    return true;
  }
  return false;
}

#endif  // SMTPC_CONFIG_SERVER
