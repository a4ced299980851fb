#include "core/config_parts.h"
#include "core/server_parts.h"
#include "smtpcore/span.h"
#include "smtpcore/write.h"

#if SMTPC_CONFIG_SERVER

// --------------------------------------------------------------- commands

// Whether a parameter is to blame: the status says so, or the parser names one.
static bool is_param_error(const smtpc_server *s, smtpc_status status) {
  const unsigned value = (unsigned)status;
  return (value >= SMTPC_E_PARAM_UNKNOWN && value <= SMTPC_E_NUMBER) ||
         value == SMTPC_E_NUMBER_TOO_LARGE || s->command.params.wrong != 0u;
}

static unsigned path_reply(const smtpc_server_policy *policy,
                           const smtpc_server *s, smtpc_status status) {
  const bool utf8 = SMTPC_WITH(UTF8) && (smtpc_server_in_force(policy, s) &
                                         SMTPC_OFFERS(SMTPUTF8)) != 0u;
  if (status == SMTPC_E_NON_ASCII && utf8) {
    return SMTPC_REPLY_UTF8_NEEDED;
  }
  return s->command.verb == SMTPC_VERB_MAIL ? SMTPC_REPLY_SENDER_SYNTAX
                                            : SMTPC_REPLY_RCPT_SYNTAX;
}

static unsigned envelope_reply(const smtpc_server_policy *policy,
                               const smtpc_server *s, smtpc_status status) {
  if (status == SMTPC_E_PARAM_UNKNOWN) {
    return s->esmtp != 0u ? SMTPC_REPLY_PARAM_UNKNOWN
                          : SMTPC_REPLY_PARAM_NO_EXTENSION;
  }
  if (status == SMTPC_E_NUMBER_TOO_LARGE &&
      s->command.params.wrong == SMTPC_PARAM_SIZE + 1u) {
    return SMTPC_REPLY_SIZE_EXCEEDED;
  }
  if (is_param_error(s, status) || status == SMTPC_E_SYNTAX) {
    return SMTPC_REPLY_ARGUMENT;
  }
  return path_reply(policy, s, status);
}

// Where the payload ends is unknown (THREATS: BDT-01).
static void lose_chunk(smtpc_server *s) {
  smtpc_server_add_finding(s, SMTPC_FINDING_CHUNK_SIZE);
  smtpc_server_close_after(s, SMTPC_END_PROTOCOL, SMTPC_FINDING_CHUNK_SIZE);
}

// A command that its parser refused. The transaction stays (law NOOP).
static void refuse_syntax(const smtpc_server_policy *policy, smtpc_server *s,
                          smtpc_status status) {
  const unsigned verb = s->command.verb;
  unsigned reply = SMTPC_REPLY_ARGUMENT;
  if (verb == SMTPC_VERB_MAIL || verb == SMTPC_VERB_RCPT) {
    reply = envelope_reply(policy, s, status);
  }
  smtpc_server_refuse(policy, s, reply,
                      is_param_error(s, status) ? SMTPC_FINDING_PARAM_REFUSED
                                                : SMTPC_FINDING_COMMAND_SYNTAX);
  if (status == SMTPC_E_CHUNK_SIZE) {
    lose_chunk(s);
  }
}

// A line that is longer than its verb may have it. That of BDAT is so only by what the
// quirk trailing-space takes off; its payload follows all the same.
static void refuse_long_line(const smtpc_server_policy *policy,
                             smtpc_server *s) {
  smtpc_server_refuse(policy, s, SMTPC_REPLY_LINE_LONG,
                      SMTPC_FINDING_LINE_TOO_LONG);
  if (s->command.verb == SMTPC_VERB_BDAT) {
    lose_chunk(s);
  }
}

// What a device shows of the session, unless it showed something before.
static void keep_device(smtpc_server *s, smtpc_verdict verdict) {
  if (verdict.device != SMTPC_DEVICE_NONE) {
    s->device = verdict.device;
  }
}

// MAIL and RCPT without their space look like the name of a header field.
static bool is_squeezed(const smtpc_server *s) {
  const smtpc_span all = smtpc_span_make(0u, s->line.len);
  return smtpc_span_starts(s->line.data, all, "MAILFROM:", 9u) ||
         smtpc_span_starts(s->line.data, all, "RCPTTO:", 7u);
}

static void on_unknown(const smtpc_server_policy *policy, smtpc_server *s,
                       smtpc_verdict verdict) {
  if (s->command.foreign != 0u && !is_squeezed(s)) {
    smtpc_server_answer(s, SMTPC_REPLY_FOREIGN);
    smtpc_server_add_finding(s, SMTPC_FINDING_FOREIGN_PROTOCOL);
    smtpc_server_close_after(s, SMTPC_END_PROTOCOL,
                             SMTPC_FINDING_FOREIGN_PROTOCOL);
  } else {
    smtpc_server_refuse(policy, s, verdict.reply, verdict.finding);
    keep_device(s, verdict);
  }
}

static void on_hello(const smtpc_server_policy *policy, smtpc_server *s) {
  unsigned reply = SMTPC_REPLY_HELO_OK;
  if (s->command.verb == SMTPC_VERB_EHLO) {
    reply = SMTPC_REPLY_EHLO_OK;
  } else if (s->command.verb == SMTPC_VERB_LHLO) {
    reply = SMTPC_REPLY_LHLO_OK;
  }
  s->esmtp = reply != SMTPC_REPLY_HELO_OK ? 1u : 0u;
  smtpc_server_abandon_transaction(s, SMTPC_PHASE_READY);
  smtpc_server_answer(s, reply);
  smtpc_server_count_junk(policy, s);
}

static void on_mail(const smtpc_server_policy *policy, smtpc_server *s) {
  const smtpc_verdict verdict =
      smtpc_server_judge_params(policy, &s->command.params);
  if (verdict.reply != SMTPC_REPLY_NONE) {
    smtpc_server_refuse(policy, s, verdict.reply, verdict.finding);
  } else if (policy->mail_max != 0u && s->abuse.mails >= policy->mail_max) {
    smtpc_server_answer(s, SMTPC_REPLY_MAIL_MANY);
    smtpc_server_add_finding(s, SMTPC_FINDING_ERRORS_TOO_MANY);
    smtpc_server_close_after(s, SMTPC_END_REFUSED,
                             SMTPC_FINDING_ERRORS_TOO_MANY);
  } else {
    if (s->authenticated == 0u) {
      // RFC 4954 section 5: then AUTH= is worth no more than AUTH=<>.
      s->command.params.auth = smtpc_span_make(0u, 0u);
    }
    s->next = SMTPC_DO_ASK_SENDER;
  }
}

// So many recipients beyond the limit are no errors: the sender keeps those that were
// accepted, and comes again for the others (RFC 5321 section 4.5.3.1.10).
#define RCPT_OVER_MAX 1000u

static void refuse_surplus_recipient(const smtpc_server_policy *policy,
                                     smtpc_server *s) {
  s->tx.rcpt_over = smtpc_server_plus_one(s->tx.rcpt_over);
  if (s->tx.rcpt_over > RCPT_OVER_MAX) {
    smtpc_server_refuse(policy, s, SMTPC_REPLY_RCPT_MANY,
                        SMTPC_FINDING_RCPT_TOO_MANY);
  } else {
    smtpc_server_answer(s, SMTPC_REPLY_RCPT_MANY);
    smtpc_server_add_finding(s, SMTPC_FINDING_RCPT_TOO_MANY);
  }
}

static void on_rcpt(const smtpc_server_policy *policy, smtpc_server *s) {
  const bool utf8 =
      SMTPC_WITH(UTF8) && (s->command.path.marks & SMTPC_MARK_UTF8) != 0u;
  if (utf8 && s->tx.utf8 == 0u) {
    smtpc_server_refuse(policy, s, SMTPC_REPLY_UTF8_NEEDED,
                        SMTPC_FINDING_COMMAND_SYNTAX);
  } else if (s->tx.rcpt_count >= policy->rcpt_max) {
    refuse_surplus_recipient(policy, s);
  } else {
    s->next = SMTPC_DO_ASK_RECIPIENT;
  }
}

static void on_data(const smtpc_server_policy *policy, smtpc_server *s) {
  smtpc_server_begin_message(policy, s);
  s->mode = SMTPC_SERVER_DATA;
  smtpc_server_answer(s, SMTPC_REPLY_DATA_GO);
}

static void on_rset(const smtpc_server_policy *policy, smtpc_server *s) {
  // RSET before EHLO changes nothing, not even that EHLO must come.
  const bool greeted = s->tx.phase != SMTPC_PHASE_START;
  smtpc_server_abandon_transaction(
      s, greeted ? SMTPC_PHASE_READY : SMTPC_PHASE_START);
  smtpc_server_answer(s, SMTPC_REPLY_RSET_OK);
  smtpc_server_count_junk(policy, s);
}

static void on_quit(smtpc_server *s) {
  smtpc_server_abandon_transaction(s, SMTPC_PHASE_READY);
  smtpc_server_answer(s, SMTPC_REPLY_QUIT_OK);
  smtpc_server_close_after(s, SMTPC_END_QUIT, SMTPC_FINDING_NONE);
}

void smtpc_server_refuse_surplus(smtpc_server *s) {
  smtpc_server_add_finding(s, SMTPC_FINDING_STARTTLS_PIPELINED);
  smtpc_server_close_after(s, SMTPC_END_PROTOCOL,
                           SMTPC_FINDING_STARTTLS_PIPELINED);
}

static void on_starttls(const smtpc_server_policy *policy, smtpc_server *s,
                        size_t surplus) {
  if (SMTPC_WITH(QUIRKS) && s->line.lf != 0u) {
    // The quirk line-lf stops here: both sides must agree where TLS begins.
    smtpc_server_refuse(policy, s, SMTPC_REPLY_LINE_MALFORMED,
                        SMTPC_FINDING_BARE_LF);
  } else if (surplus > 0u) {
    smtpc_server_answer(s, SMTPC_REPLY_SURPLUS);
    smtpc_server_refuse_surplus(s);
  } else {
    smtpc_server_answer(s, SMTPC_REPLY_STARTTLS_OK);
    s->next = SMTPC_DO_START_TLS;
  }
}

// ------------------------------------------------------ what a proxy says

// The peer is another one from here on: the session begins anew, but for what its
// connection has done so far.
static void become(smtpc_server *s) {
  smtpc_server_abandon_transaction(s, SMTPC_PHASE_START);
  if (SMTPC_WITH(AUTH)) {
    smtpc_sasl_clear(&s->sasl);
  }
  s->authenticated = 0u;
  s->esmtp = 0u;
  smtpc_server_answer(s, SMTPC_REPLY_GREETING);
}

void smtpc_server_on_peer(const smtpc_server_policy *policy, smtpc_server *s,
                          unsigned verdict) {
  const unsigned verb = s->command.verb;
  const bool yes = verdict == SMTPC_ANSWER_YES;
  smtpc_line_next(&s->line);
  if (verb == SMTPC_VERB_NONE && yes) {
    smtpc_server_begin_service(policy, s);
  } else if (verb == SMTPC_VERB_NONE) {
    smtpc_server_end_at_once(s, SMTPC_END_REFUSED, SMTPC_FINDING_PEER_REFUSED);
  } else if (!yes) {
    smtpc_server_refuse(policy, s, SMTPC_REPLY_PEER_REFUSED,
                        SMTPC_FINDING_PEER_REFUSED);
  } else if (verb == SMTPC_VERB_XCLIENT) {
    become(s);
  } else {
    smtpc_server_answer(s, SMTPC_REPLY_XFORWARD_OK);
  }
}

#if SMTPC_CONFIG_PROXY

// Takes octets as version 1, a line, or version 2, a block whose size it says.
static smtpc_status take_header(smtpc_server *s, unsigned version,
                                const uint8_t *data, size_t len,
                                size_t *taken) {
  if (version == 1u) {
    return smtpc_line_feed(&s->line, SMTPC_PROXY_V1_MAX, 0, data, len, taken);
  }
  size_t want = SMTPC_PROXY_V2_HEAD;
  if (s->line.len >= SMTPC_PROXY_V2_HEAD) {
    const smtpc_status status = smtpc_proxy_v2_size(s->line.data, &want);
    if (status != SMTPC_OK) {
      return status;
    }
  }
  return smtpc_line_take(&s->line, want, data, len, taken);
}

// Which version the first octet began.
static unsigned version_of(const smtpc_server *s, uint8_t first) {
  unsigned version = smtpc_proxy_version(first);
  if (smtpc_line_is_empty(&s->line) == 0) {
    // A line that is already malformed is wiped, and version 2 is no line.
    const bool bad = s->line.error != SMTPC_OK;
    version = bad ? 1u : smtpc_proxy_version(s->line.data[0]);
  }
  return version;
}

void smtpc_server_read_proxy(smtpc_server *s, const smtpc_input *in,
                             size_t *used) {
  size_t taken = 0u;
  smtpc_proxy header;
  const unsigned version = version_of(s, in->data[*used]);
  smtpc_status status = SMTPC_E_SYNTAX;
  if (version != 0u) {
    status = take_header(s, version, in->data + *used, in->len - *used, &taken);
  }
  *used += taken;
  s->pos += taken;
  const bool head = version == 2u && s->line.len == SMTPC_PROXY_V2_HEAD;
  if (status == SMTPC_OK && head) {
    size_t size = 0u;
    status = smtpc_proxy_v2_size(s->line.data, &size);
    if (status == SMTPC_OK && size > SMTPC_PROXY_V2_HEAD) {
      return;
    }
  }
  if (status == SMTPC_OK) {
    status = smtpc_proxy_parse(s->line.data, s->line.len, &header);
  }
  if (status == SMTPC_OK) {
    s->next = SMTPC_DO_ASK_PEER;
  } else if (status != SMTPC_MORE) {
    smtpc_server_end_at_once(s, SMTPC_END_PROTOCOL,
                             SMTPC_FINDING_PROXY_MALFORMED);
  }
}

#endif  // SMTPC_CONFIG_PROXY

// --------------------------------------------------------- the line at hand

static void perform(const smtpc_server_policy *policy, smtpc_server *s,
                    size_t surplus) {
  switch ((smtpc_verb)s->command.verb) {
    case SMTPC_VERB_EHLO:
    case SMTPC_VERB_HELO:
    case SMTPC_VERB_LHLO:
      on_hello(policy, s);
      break;
    case SMTPC_VERB_MAIL:
      on_mail(policy, s);
      break;
    case SMTPC_VERB_RCPT:
      on_rcpt(policy, s);
      break;
    case SMTPC_VERB_DATA:
      on_data(policy, s);
      break;
    case SMTPC_VERB_BDAT:
      if (SMTPC_WITH(BDAT)) {
        smtpc_server_on_bdat(policy, s);
      }
      break;
    case SMTPC_VERB_RSET:
      on_rset(policy, s);
      break;
    case SMTPC_VERB_VRFY:
      smtpc_server_answer(s, SMTPC_REPLY_VRFY_MAYBE);
      smtpc_server_count_junk(policy, s);
      break;
    case SMTPC_VERB_HELP:
      smtpc_server_answer(s, SMTPC_REPLY_HELP_TEXT);
      smtpc_server_count_junk(policy, s);
      break;
    case SMTPC_VERB_NOOP:
      smtpc_server_answer(s, SMTPC_REPLY_NOOP_OK);
      smtpc_server_count_junk(policy, s);
      break;
    case SMTPC_VERB_QUIT:
      on_quit(s);
      break;
    case SMTPC_VERB_STARTTLS:
      on_starttls(policy, s, surplus);
      break;
    case SMTPC_VERB_AUTH:
      if (SMTPC_WITH(AUTH)) {
        smtpc_server_on_auth(policy, s);
      }
      break;
    case SMTPC_VERB_XCLIENT:
    case SMTPC_VERB_XFORWARD:
      s->next = SMTPC_DO_ASK_PEER;
      break;
    case SMTPC_VERB_EXPN:
    case SMTPC_VERB_ETRN:
    case SMTPC_VERB_ATRN:
    case SMTPC_VERB_BURL:
    case SMTPC_VERB_SEND:
    case SMTPC_VERB_SOML:
    case SMTPC_VERB_SAML:
    case SMTPC_VERB_TURN:
    case SMTPC_VERB_XANONYMOUSTLS:
    case SMTPC_VERB_NONE:
    case SMTPC_VERB_COUNT:
      // The table lets none of these come here.
      smtpc_server_refuse(policy, s, SMTPC_REPLY_VERB_OFF,
                          SMTPC_FINDING_COMMAND_UNKNOWN);
      break;
  }
}

static void report_quirks(smtpc_server *s) {
  if (SMTPC_WITH(QUIRKS) && s->line.lf != 0u) {
    smtpc_server_add_finding(s, SMTPC_FINDING_QUIRK_LINE_LF);
  }
  for (unsigned i = 0u; SMTPC_WITH(QUIRKS) && smtpc_quirk_get(i).bit != 0u;
       i++) {
    const smtpc_quirk_row row = smtpc_quirk_get(i);
    if ((s->command.quirks_used & row.bit) != 0u) {
      smtpc_server_add_finding(s, row.finding);
    }
  }
}

// DATA after BDAT, and BURL instead of either, leave a message with a hole in it:
// what was open has failed (RFC 3030 section 2, THREATS: BDT-08, BDT-09).
static void fail_mixed_content(smtpc_server *s) {
  const unsigned verb = s->command.verb;
  const unsigned phase = s->tx.phase;
  const bool chunks = phase == SMTPC_PHASE_CHUNKS;
  const bool data = verb == SMTPC_VERB_DATA && chunks;
  const bool burl =
      verb == SMTPC_VERB_BURL && (chunks || phase == SMTPC_PHASE_RCPT);
  if (data || burl) {
    smtpc_server_abandon_transaction(s, SMTPC_PHASE_FAILED);
  }
}

static void follow_verdict(const smtpc_server_policy *policy, smtpc_server *s,
                           smtpc_verdict verdict, smtpc_status status) {
  const bool chunk = s->command.verb == SMTPC_VERB_BDAT && status == SMTPC_OK;
  if (status == SMTPC_E_CHUNK_SIZE && verdict.ends == 0u) {
    refuse_syntax(policy, s, status);
    return;
  }
  smtpc_server_add_finding(s, verdict.finding);
  if (SMTPC_WITH(BDAT) && chunk && verdict.ends == 0u) {
    smtpc_server_begin_chunk(policy, s, verdict.reply);
    return;
  }
  if (status == SMTPC_OK) {
    fail_mixed_content(s);
  }
  smtpc_server_refuse(policy, s, verdict.reply, verdict.finding);
  keep_device(s, verdict);
  if (verdict.ends != 0u) {
    smtpc_server_abandon_transaction(s, SMTPC_PHASE_READY);
    smtpc_server_close_after(s, SMTPC_END_REFUSED, verdict.finding);
  }
}

// A line that breaks the grammar of AUTH may hold a password anywhere, and so may
// what a client sends after an AUTH that was refused, without waiting to hear that.
static void mark_secret(smtpc_server *s, unsigned verb, smtpc_status status) {
  const bool auth = verb == SMTPC_VERB_AUTH;
  const bool shown = status == SMTPC_OK && s->command.has_initial == 0u;
  if (verb == SMTPC_VERB_NONE) {
    s->took_secret = s->after_auth;
  } else {
    s->took_secret = auth && !shown ? 1u : 0u;
    s->after_auth = auth ? 1u : 0u;
  }
}

static void on_command(const smtpc_server_policy *policy, smtpc_server *s,
                       size_t surplus) {
  smtpc_server_facts facts = {0};
  smtpc_status status = smtpc_command_parse(s->line.data, s->line.len,
                                            smtpc_server_in_force(policy, s),
                                            policy->quirks, &s->command);
  facts.verb = s->command.verb;
  facts.phase = s->tx.phase;
  facts.tls = s->tls;
  facts.authenticated = s->authenticated;
  facts.esmtp = s->esmtp;
  facts.binary = s->tx.body == SMTPC_BODY_BINARYMIME ? 1u : 0u;
  mark_secret(s, facts.verb, status);
  const smtpc_verdict verdict = smtpc_server_decide(policy, facts);
  const size_t max =
      smtpc_command_line_max(facts.verb, smtpc_server_in_force(policy, s));
  if (facts.verb == SMTPC_VERB_NONE) {
    on_unknown(policy, s, verdict);
  } else if (verdict.reply != SMTPC_REPLY_NONE) {
    follow_verdict(policy, s, verdict, status);
  } else if ((size_t)s->line.len + 2u > max && status != SMTPC_E_CHUNK_SIZE) {
    refuse_long_line(policy, s);
  } else if (status != SMTPC_OK) {
    refuse_syntax(policy, s, status);
  } else {
    perform(policy, s, surplus);
  }
}

// What a malformed line would have been.
static bool began_with(const smtpc_server *s, unsigned verb) {
  const smtpc_span head = smtpc_span_make(0u, SMTPC_LINE_HEAD);
  return smtpc_verb_find(s->line.head, head) == verb;
}

static void on_bad_line(const smtpc_server_policy *policy, smtpc_server *s,
                        smtpc_status status) {
  const bool auth = s->mode == SMTPC_SERVER_AUTH;
  unsigned reply = SMTPC_REPLY_LINE_MALFORMED;
  if (status == SMTPC_E_LINE_TOO_LONG || status == SMTPC_E_LINE_ENDLESS) {
    reply = auth || began_with(s, SMTPC_VERB_AUTH) ? SMTPC_REPLY_AUTH_LINE_LONG
                                                   : SMTPC_REPLY_LINE_LONG;
  }
  if (SMTPC_WITH(AUTH) && auth) {
    smtpc_server_end_exchange(s);
  }
  smtpc_server_refuse(policy, s, reply, smtpc_finding_of(status));
  if (status == SMTPC_E_LINE_ENDLESS) {
    smtpc_server_close_after(s, SMTPC_END_PROTOCOL, SMTPC_FINDING_LINE_ENDLESS);
  } else if (!auth && began_with(s, SMTPC_VERB_BDAT)) {
    // Payload follows a BDAT line, whatever else is wrong with it.
    lose_chunk(s);
  }
}

static size_t longest_line(const smtpc_server_policy *policy,
                           const smtpc_server *s) {
  const bool auth =
      s->mode == SMTPC_SERVER_AUTH ||
      (smtpc_server_in_force(policy, s) & SMTPC_OFFERS(AUTH)) != 0u;
  return smtpc_command_line_max(auth ? SMTPC_VERB_AUTH : SMTPC_VERB_MAIL,
                                smtpc_server_in_force(policy, s));
}

void smtpc_server_read_line(const smtpc_server_policy *policy, smtpc_server *s,
                            const smtpc_input *in, size_t *used,
                            smtpc_action *act) {
  static const smtpc_command none = {0};
  size_t taken = 0u;
  smtpc_line_next(&s->line);
  const int lf_ends = SMTPC_QUIRK_IS(policy->quirks, LINE_LF) ? 1 : 0;
  const smtpc_status status =
      smtpc_line_feed(&s->line, longest_line(policy, s), lf_ends,
                      in->data + *used, in->len - *used, &taken);
  *used += taken;
  s->pos += taken;
  if (status == SMTPC_MORE) {
    return;
  }
  s->command = none;
  s->took_secret = s->mode == SMTPC_SERVER_AUTH ? 1u : 0u;
  if (status != SMTPC_OK) {
    on_bad_line(policy, s, status);
  } else if (SMTPC_WITH(AUTH) && s->mode == SMTPC_SERVER_AUTH) {
    smtpc_server_on_response(policy, s, smtpc_span_make(0u, s->line.len));
  } else {
    on_command(policy, s, in->len - *used);
  }
  report_quirks(s);
  act->took_line = 1u;
  act->took_secret = s->took_secret;
}

#endif  // SMTPC_CONFIG_SERVER
