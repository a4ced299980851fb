#include "core/client_parts.h"
#include "core/config_parts.h"
#include "smtpcore/span.h"
#include "smtpcore/write.h"

#if SMTPC_CONFIG_CLIENT

// ------------------------------------------------------------ transactions

static void clear_transaction(smtpc_client *s) {
  static const smtpc_outgoing none = {0};
  s->tx = none;
  smtpc_content_init(&s->content);
  s->chunk_left = 0u;
  s->chunk_end = 0u;
}

void smtpc_client_ask_envelope(smtpc_client *s) {
  s->phase = SMTPC_CLIENT_READY;
  s->next = SMTPC_DO_ASK_ENVELOPE;
}

// The message has its verdict, `tx.code`. What the server may still hold of the
// transaction is taken back by RSET; after the end of data there is nothing.
void smtpc_client_finish_message(smtpc_client *s, int reset) {
  const smtpc_outgoing done = s->tx;
  s->message_report = 1u;
  // Code 0: the server never heard of it.
  if (done.code >= 300u) {
    smtpc_client_add_finding(s, SMTPC_FINDING_MESSAGE_REFUSED);
  }
  clear_transaction(s);
  s->tx.code = done.code;
  s->tx.enhanced_class = done.enhanced_class;
  s->tx.enhanced_subject = done.enhanced_subject;
  s->tx.enhanced_detail = done.enhanced_detail;
  if (reset != 0) {
    s->phase = SMTPC_CLIENT_RSET;
    smtpc_client_post_verb(s, SMTPC_VERB_RSET);
  } else {
    smtpc_client_ask_envelope(s);
  }
}

static uint32_t in_flight(const smtpc_client *s) {
  return s->expect + (s->send != 0u ? s->owes : 0u);
}

static int may_send_ahead(const smtpc_client_policy *policy,
                          const smtpc_client *s) {
  if (in_flight(s) == 0u) {
    return 1;
  }
  return smtpc_client_offered(s, SMTPC_OFFERS(PIPELINING)) &&
         in_flight(s) < policy->group_max;
}

static int sends_chunks(const smtpc_client_policy *policy,
                        const smtpc_client *s) {
  // RFC 3030 section 3: BINARYMIME goes with BDAT only.
  const bool wanted = policy->bdat != 0u || s->tx.binary != 0u;
  return SMTPC_WITH(BDAT) && wanted &&
         smtpc_client_offered(s, SMTPC_OFFERS(CHUNKING));
}

// MAIL, and all recipients, have their replies, and DATA was not sent with them.
static void after_envelope(const smtpc_client_policy *policy, smtpc_client *s) {
  if (s->tx.mail_ok == 0u) {
    smtpc_client_finish_message(s, 0);
  } else if (s->tx.rcpt_ok == 0u) {
    smtpc_client_finish_message(s, 1);
  } else if (sends_chunks(policy, s) != 0) {
    s->phase = SMTPC_CLIENT_CHUNKS;
    s->next = SMTPC_DO_ASK_CONTENT;
  } else {
    s->tx.data_sent = 1u;
    smtpc_client_post_verb(s, SMTPC_VERB_DATA);
  }
}

// What the group sends next, if it may send ahead; else replies come first.
void smtpc_client_continue_group(const smtpc_client_policy *policy,
                                 smtpc_client *s) {
  const bool refused = s->tx.mail_answered != 0u && s->tx.mail_ok == 0u;
  if (s->tx.rcpt_end == 0u && !refused) {
    if (may_send_ahead(policy, s) != 0) {
      s->next = SMTPC_DO_ASK_NEXT_RECIPIENT;
    }
    return;
  }
  // DATA goes ahead only after a recipient: a message without any needs none.
  const bool ahead = s->tx.data_sent == 0u && !refused && s->tx.rcpt_sent > 0u;
  if (in_flight(s) == 0u && s->tx.data_sent == 0u) {
    after_envelope(policy, s);
  } else if (ahead && !sends_chunks(policy, s) && may_send_ahead(policy, s)) {
    s->tx.data_sent = 1u;
    smtpc_client_post_verb(s, SMTPC_VERB_DATA);
  }
}

// ------------------------------------------------------------ the envelope

static void refuse_message(smtpc_client *s, unsigned finding, unsigned code) {
  smtpc_client_add_finding(s, finding);
  s->tx.code = (uint16_t)code;
  smtpc_client_finish_message(s, 0);
}

// The parameters of `seen` whose extension is not offered on this channel. They
// would be remote nonsense, or worse (THREATS: DWN-25).
static uint32_t not_offered(const smtpc_client *s,
                            const smtpc_envelope *envelope) {
  const uint32_t seen = envelope->seen;
  uint32_t set = 0u;
  for (unsigned id = 0u; id < SMTPC_PARAM_COUNT; id++) {
    const uint32_t bit = (uint32_t)1 << id;
    const smtpc_param_row row = smtpc_param_get(id);
    if ((seen & bit) != 0u &&
        smtpc_client_offered(s, (uint32_t)1 << row.extension) == 0) {
      set |= bit;
    }
  }
  // RFC 8689 section 4.2.1: it counts only where TLS is in force, and checked.
  if ((seen & SMTPC_HAS(REQUIRETLS)) != 0u &&
      smtpc_client_requires(s->tls, &s->tls_facts) == 0) {
    set |= SMTPC_HAS(REQUIRETLS);
  }
  if ((seen & SMTPC_HAS(BODY)) != 0u &&
      envelope->body == SMTPC_BODY_BINARYMIME &&
      smtpc_client_offered(
          s, SMTPC_OFFERS(BINARYMIME) | SMTPC_OFFERS(CHUNKING)) == 0) {
    set |= SMTPC_HAS(BODY);
  }
  return set;
}

// Leaves out of `*envelope` what may be left out. False: something must not be.
static bool fit_params(const smtpc_client_policy *policy, smtpc_client *s,
                       smtpc_envelope *envelope) {
  const uint32_t missing = not_offered(s, envelope);
  if ((missing & ~policy->drop) != 0u) {
    return false;
  }
  // SIZE only informs: nobody misses it.
  if ((missing & ~SMTPC_HAS(SIZE)) != 0u) {
    smtpc_client_add_finding(s, SMTPC_FINDING_EXTENSION_DROPPED);
  }
  envelope->seen &= ~missing;
  return true;
}

static bool too_big(const smtpc_client *s, const smtpc_envelope *envelope) {
  return (envelope->seen & SMTPC_HAS(SIZE)) != 0u &&
         (s->caps.marks & SMTPC_CAPS_SIZE_LIMIT) != 0u &&
         envelope->size > s->caps.size;
}

// The server said what it takes at most, or at least (RFC 2852 section 4, RFC 4865
// section 4).
static bool beyond_limits(const smtpc_client *s,
                          const smtpc_envelope *envelope) {
  const smtpc_capabilities *caps = &s->caps;
  const uint32_t seen = envelope->seen;
  const bool soon = (seen & SMTPC_HAS(BY)) != 0u &&
                    envelope->by_mode == SMTPC_BY_RETURN &&
                    envelope->by_time < (int64_t)caps->by_min;
  const bool hold =
      (seen & SMTPC_HAS(HOLDFOR)) != 0u && envelope->hold_for > caps->hold_for;
  const bool until =
      (seen & SMTPC_HAS(HOLDUNTIL)) != 0u && envelope->when > caps->hold_until;
  return soon || hold || until;
}

// RFC 9422 section 4.1
static bool mails_are_many(const smtpc_client *s) {
  return SMTPC_WITH(EXTRAS) && s->caps.mail_max != 0u &&
         s->mails >= s->caps.mail_max;
}

// What a server would say to a message that is beyond what it announced; 0: it is not.
static unsigned code_of_limit(const smtpc_client *s,
                              const smtpc_envelope *mail) {
  unsigned code = 0u;
  if (too_big(s, mail)) {
    code = 552u;
  } else if (mails_are_many(s)) {
    code = 452u;
  } else if (SMTPC_WITH(EXTRAS) && beyond_limits(s, mail)) {
    code = 501u;
  }
  return code;
}

smtpc_status smtpc_client_on_envelope(const smtpc_client_policy *policy,
                                      smtpc_client *s, const smtpc_input *in) {
  if (in->envelope == NULL) {
    return SMTPC_E_ARGUMENT;
  }
  smtpc_envelope mail = *in->envelope;
  size_t len = 0u;
  s->wait = SMTPC_DO_NOTHING;
  clear_transaction(s);
  if (!fit_params(policy, s, &mail)) {
    refuse_message(s, SMTPC_FINDING_EXTENSION_MISSING, 0u);
    return SMTPC_OK;
  }
  const smtpc_status status =
      smtpc_write_mail(s->out, SMTPC_OUT_MAX, &len, &mail);
  if (status != SMTPC_OK) {
    refuse_message(s, SMTPC_FINDING_LOCAL_INPUT, 0u);
    return SMTPC_OK;
  }
  const unsigned code = code_of_limit(s, &mail);
  if (code != 0u) {
    smtpc_wipe(s->out, len);
    refuse_message(
        s,
        code == 552u ? SMTPC_FINDING_SIZE_EXCEEDED : SMTPC_FINDING_LIMIT_KEPT,
        code);
    return SMTPC_OK;
  }
  s->phase = SMTPC_CLIENT_GROUP;
  s->tx.mail_sent = 1u;
  s->mails++;
  s->tx.utf8 = (mail.seen & SMTPC_HAS(SMTPUTF8)) != 0u ? 1u : 0u;
  s->tx.binary =
      (mail.seen & SMTPC_HAS(BODY)) != 0u && mail.body == SMTPC_BODY_BINARYMIME
          ? 1u
          : 0u;
  smtpc_client_post(s, status, len, 1u);
  smtpc_client_continue_group(policy, s);
  return SMTPC_OK;
}

void smtpc_client_report_recipient(smtpc_client *s, uint32_t number,
                                   unsigned code) {
  s->rcpt_report = number + 1u;
  s->rcpt_code = (uint16_t)code;
}

// A number that stands for the domain of an address, without regard to case. Two
// domains may share it: then the server counts better than we do.
static uint32_t domain_hash(const smtpc_envelope *rcpt) {
  uint32_t hash = 2166136261u;
  for (size_t i = 0u; i < rcpt->address_len; i++) {
    const uint8_t c = smtpc_upper(rcpt->address[i]);
    const uint64_t next = (uint64_t)(hash ^ c) * 16777619u;
    hash = c == (uint8_t)'@' ? 2166136261u : (uint32_t)(next & UINT32_MAX);
  }
  return hash;
}

// Says whether one more recipient keeps within the server's limits (RFC 9422 section
// 4). Recipients come in the shim's order, so a domain that comes again counts again:
// too many is never sent. After the first that does not fit none is sent.
static bool within_limits(smtpc_client *s, const smtpc_envelope *rcpt) {
  const uint32_t hash = domain_hash(rcpt);
  const uint32_t more = s->tx.rcpt_sent == 0u || hash != s->tx.domain ? 1u : 0u;
  const bool many =
      s->caps.rcpt_max != 0u && s->tx.rcpt_sent >= s->caps.rcpt_max;
  const bool wide =
      s->caps.domain_max != 0u && s->tx.domains + more > s->caps.domain_max;
  if (s->tx.limited != 0u || many || wide) {
    s->tx.limited = 1u;
    return false;
  }
  s->tx.domain = hash;
  s->tx.domains += more;
  return true;
}

smtpc_status smtpc_client_on_next_recipient(const smtpc_client_policy *policy,
                                            smtpc_client *s,
                                            const smtpc_input *in) {
  if (in->envelope == NULL) {
    return SMTPC_E_ARGUMENT;
  }
  smtpc_envelope rcpt = *in->envelope;
  size_t len = 0u;
  s->wait = SMTPC_DO_NOTHING;
  const bool fits = fit_params(policy, s, &rcpt);
  const smtpc_status status =
      smtpc_write_rcpt(s->out, SMTPC_OUT_MAX, &len, &rcpt, s->tx.utf8);
  if (!fits || status != SMTPC_OK) {
    // One recipient that must not be sent spoils the message: the caller is told
    // at once, and the server hears nothing of it.
    smtpc_client_cut(
        s, SMTPC_END_LOCAL,
        fits ? SMTPC_FINDING_LOCAL_INPUT : SMTPC_FINDING_EXTENSION_MISSING);
    return SMTPC_OK;
  }
  s->tx.rcpt_given++;
  if (SMTPC_WITH(EXTRAS) && !within_limits(s, &rcpt)) {
    smtpc_wipe(s->out, len);
    smtpc_client_add_finding(s, SMTPC_FINDING_LIMIT_KEPT);
    smtpc_client_report_recipient(s, s->tx.rcpt_given - 1u, 452u);
    s->report = SMTPC_CLIENT_REPORT_UNSENT;
    smtpc_client_continue_group(policy, s);
    return SMTPC_OK;
  }
  s->tx.rcpt_sent++;
  smtpc_client_post(s, status, len, 1u);
  smtpc_client_continue_group(policy, s);
  return SMTPC_OK;
}

// ------------------------------------------------------------- the content

// LMTP: as many replies as recipients were accepted (RFC 2033 section 4.2).
static uint32_t final_replies(const smtpc_client_policy *policy,
                              const smtpc_client *s) {
  return policy->lmtp != 0u ? s->tx.rcpt_ok : 1u;
}

void smtpc_client_send_end_of_data(const smtpc_client_policy *policy,
                                   smtpc_client *s) {
  s->out[0] = (uint8_t)'.';
  s->out[1] = (uint8_t)'\r';
  s->out[2] = (uint8_t)'\n';
  s->phase = SMTPC_CLIENT_FINAL;
  smtpc_client_post(s, SMTPC_OK, 3u, final_replies(policy, s));
}

static void send_run(smtpc_client *s, size_t begin, size_t end,
                     smtpc_action *act) {
  if (end > begin) {
    *act = smtpc_action_make(SMTPC_DO_SEND);
    act->source = SMTPC_SOURCE_INPUT;
    act->begin = begin;
    act->end = end;
    act->channel = s->tls;
    act->secret = 1u;
  }
}

// One run, and the dot that follows it.
static void stuff_content(smtpc_client *s, const smtpc_input *in, size_t *used,
                          smtpc_action *act) {
  smtpc_run run = {0u, 0u};
  uint8_t dot = 0u;
  const smtpc_status status =
      smtpc_content_stuff(&s->content, in->data, in->len, used, &run, &dot);
  if (status != SMTPC_MORE) {
    // The server must not take what it has got for a message: no end of data.
    smtpc_client_cut(s, SMTPC_END_LOCAL, SMTPC_FINDING_LOCAL_INPUT);
    return;
  }
  send_run(s, run.begin, run.end, act);
  if (dot != 0u) {
    s->out[0] = (uint8_t)'.';
    smtpc_client_post(s, SMTPC_OK, 1u, 0u);
  }
  if (*used == in->len) {
    s->wait = SMTPC_DO_NOTHING;
    s->next = SMTPC_DO_ASK_CONTENT;
  }
}

static void begin_chunk(smtpc_client *s, uint64_t size, int last,
                        uint32_t owes) {
  size_t len = 0u;
  const smtpc_status status =
      smtpc_write_bdat(s->out, SMTPC_OUT_MAX, &len, size, last);
  s->chunk_left = size;
  s->chunk_end = last != 0 ? 1u : 0u;
  smtpc_client_post(s, status, len, owes);
}

// The octets of the chunk that was announced, as they are.
static void send_chunk(smtpc_client *s, const smtpc_input *in, size_t *used,
                       smtpc_action *act) {
  const size_t taken =
      s->chunk_left < in->len ? (size_t)s->chunk_left : in->len;
  if (s->tx.binary == 0u) {
    smtpc_content_check(&s->content, in->data, taken);
  }
  if (s->content.anomalies != 0u) {
    // RFC 3030 section 3: only BINARYMIME may have such octets. The chunk is not
    // whole, so the server has no message.
    smtpc_client_cut(s, SMTPC_END_LOCAL, SMTPC_FINDING_LOCAL_INPUT);
    return;
  }
  send_run(s, 0u, taken, act);
  *used = taken;
  s->chunk_left -= taken;
  if (s->chunk_left == 0u) {
    s->wait = SMTPC_DO_NOTHING;
  }
}

smtpc_status smtpc_client_on_content(smtpc_client *s, const smtpc_input *in,
                                     size_t *used, smtpc_action *act) {
  if (in->len == 0u) {
    return SMTPC_E_ARGUMENT;
  }
  if (s->phase == SMTPC_CLIENT_CONTENT) {
    stuff_content(s, in, used, act);
  } else if (!SMTPC_WITH(BDAT)) {
    return SMTPC_E_STATE;
  } else if (s->chunk_left > 0u) {
    send_chunk(s, in, used, act);
  } else {
    // The size is announced first; the octets go with the next step.
    begin_chunk(s, in->len, 0, 1u);
  }
  return SMTPC_OK;
}

void smtpc_client_on_content_end(const smtpc_client_policy *policy,
                                 smtpc_client *s) {
  s->wait = SMTPC_DO_NOTHING;
  if (SMTPC_WITH(BDAT) && s->phase == SMTPC_CLIENT_CHUNKS) {
    smtpc_content_check_end(&s->content);
    if (s->tx.binary == 0u && s->content.anomalies != 0u) {
      smtpc_client_cut(s, SMTPC_END_LOCAL, SMTPC_FINDING_LOCAL_INPUT);
    } else {
      begin_chunk(s, 0u, 1, final_replies(policy, s));
    }
  } else if (smtpc_content_stuff_end(&s->content) != SMTPC_OK) {
    smtpc_client_cut(s, SMTPC_END_LOCAL, SMTPC_FINDING_LOCAL_INPUT);
  } else {
    smtpc_client_send_end_of_data(policy, s);
  }
}

#endif  // SMTPC_CONFIG_CLIENT
