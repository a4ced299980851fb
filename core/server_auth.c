#include "core/server_parts.h"
#include "smtpcore/span.h"

#if SMTPC_CONFIG_SERVER && SMTPC_CONFIG_AUTH

void smtpc_server_end_exchange(smtpc_server *s) {
  smtpc_sasl_clear(&s->sasl);
  s->mode = SMTPC_SERVER_COMMAND;
}

static void refuse_exchange(const smtpc_server_policy *policy, smtpc_server *s,
                            unsigned reply, unsigned finding) {
  smtpc_server_end_exchange(s);
  smtpc_server_refuse(policy, s, reply, finding);
}

// A response, a salt or a binding that does not do.
static void refuse_step(const smtpc_server_policy *policy, smtpc_server *s,
                        smtpc_status status) {
  switch ((unsigned)status) {
    case SMTPC_E_CANCELLED:
      refuse_exchange(policy, s, SMTPC_REPLY_AUTH_CANCELLED,
                      SMTPC_FINDING_AUTH_CANCELLED);
      break;
    case SMTPC_E_BINDING:
      refuse_exchange(policy, s, SMTPC_REPLY_AUTH_BAD,
                      SMTPC_FINDING_AUTH_BINDING);
      break;
    case SMTPC_E_ROOM:
      refuse_exchange(policy, s, SMTPC_REPLY_AUTH_LINE_LONG,
                      SMTPC_FINDING_LINE_TOO_LONG);
      break;
    default:
      refuse_exchange(policy, s, SMTPC_REPLY_AUTH_SYNTAX,
                      SMTPC_FINDING_AUTH_SYNTAX);
      break;
  }
}

// What the exchange wants next, as a reply or a question.
static void go_on(const smtpc_server_policy *policy, smtpc_server *s) {
  switch ((smtpc_sasl_wants)s->sasl.wants) {
    case SMTPC_SASL_SAY:
      s->mode = SMTPC_SERVER_AUTH;
      smtpc_server_answer(s, SMTPC_REPLY_AUTH_CONTINUE);
      break;
    case SMTPC_SASL_NONCE:
      s->next = SMTPC_DO_ASK_NONCE;
      break;
    case SMTPC_SASL_SALT:
      s->next = SMTPC_DO_ASK_SALT;
      break;
    case SMTPC_SASL_BINDING:
      s->next = SMTPC_DO_ASK_BINDING;
      break;
    case SMTPC_SASL_CHECK:
      s->next = SMTPC_DO_ASK_CREDENTIALS;
      break;
    case SMTPC_SASL_DONE:
      s->mode = SMTPC_SERVER_COMMAND;
      s->authenticated = 1u;
      smtpc_server_answer(s, SMTPC_REPLY_AUTH_OK);
      break;
    case SMTPC_SASL_REFUSED:
      // `count_failure` has told of it.
      refuse_exchange(policy, s, SMTPC_REPLY_AUTH_BAD, SMTPC_FINDING_NONE);
      break;
    case SMTPC_SASL_NOTHING:
    case SMTPC_SASL_WAIT:
    case SMTPC_SASL_PASSWORD:
    case SMTPC_SASL_DIGEST:
      // None of a server's.
      refuse_exchange(policy, s, SMTPC_REPLY_AUTH_NOT_NOW,
                      SMTPC_FINDING_AUTH_FAILED);
      break;
  }
}

void smtpc_server_on_response(const smtpc_server_policy *policy,
                              smtpc_server *s, smtpc_span span) {
  smtpc_sasl_buffer buffer = {s->line.data, s->line.len, SMTPC_LINE_MAX};
  smtpc_status status = smtpc_sasl_server_response(
      &s->sasl, &buffer, span, policy->hostname, policy->hostname_len);
  // What the exchange put behind the line is let go with it.
  if (smtpc_line_hold(&s->line, buffer.len) != SMTPC_OK) {
    status = SMTPC_E_ROOM;
  }
  if (status == SMTPC_OK) {
    go_on(policy, s);
  } else {
    refuse_step(policy, s, status);
  }
}

// RFC 4954 section 4: "=" is an initial response of zero octets.
static smtpc_span initial_response(const smtpc_server *s) {
  smtpc_span span = s->command.initial;
  if (smtpc_span_is(s->line.data, span, "=", 1u)) {
    span.begin = span.end;
  }
  return span;
}

// The mechanism of the same hash that is bound to TLS (RFC 5802 section 6).
static uint64_t bound_of(unsigned mechanism) {
  if (mechanism == SMTPC_MECHANISM_SCRAM_SHA_256) {
    return SMTPC_MECH(SCRAM_SHA_256_PLUS);
  }
  return mechanism == SMTPC_MECHANISM_SCRAM_SHA_1 ? SMTPC_MECH(SCRAM_SHA_1_PLUS)
                                                  : 0u;
}

void smtpc_server_on_auth(const smtpc_server_policy *policy, smtpc_server *s) {
  const unsigned mechanism = s->command.mechanism;
  const uint64_t offered = smtpc_server_mechanisms(policy, s->tls);
  if (mechanism == SMTPC_MECHANISM_NONE ||
      ((offered >> (mechanism & 63u)) & 1u) == 0u) {
    smtpc_server_refuse(policy, s, SMTPC_REPLY_MECHANISM_UNKNOWN,
                        SMTPC_FINDING_COMMAND_SYNTAX);
    return;
  }
  if (s->command.has_initial != 0u &&
      smtpc_sasl_server_takes_initial(mechanism) == 0) {
    smtpc_server_refuse(policy, s, SMTPC_REPLY_AUTH_INITIAL,
                        SMTPC_FINDING_AUTH_SYNTAX);
    return;
  }
  if (smtpc_exposed(mechanism, s->tls) != 0) {
    smtpc_server_add_finding(s, SMTPC_FINDING_AUTH_IN_CLEAR);
  }
  smtpc_sasl_server_begin(&s->sasl, mechanism,
                          (offered & bound_of(mechanism)) != 0u ? 1 : 0);
  if (s->command.has_initial != 0u) {
    smtpc_server_on_response(policy, s, initial_response(s));
  } else {
    go_on(policy, s);
  }
}

// ------------------------------------------------------------ what was asked

// A failed login counts when it is known, not when it is told: a client that goes
// away in between has tried all the same (THREATS: AUT-07).
static bool count_failure(const smtpc_server_policy *policy, smtpc_server *s) {
  s->abuse.auth = smtpc_server_plus_one(s->abuse.auth);
  smtpc_server_add_finding(s, SMTPC_FINDING_AUTH_FAILED);
  if (s->abuse.auth < policy->auth_max) {
    return false;
  }
  smtpc_server_end_exchange(s);
  smtpc_server_answer(s, SMTPC_REPLY_ERRORS_MANY);
  smtpc_server_add_finding(s, SMTPC_FINDING_ERRORS_TOO_MANY);
  smtpc_server_close_after(s, SMTPC_END_REFUSED, SMTPC_FINDING_ERRORS_TOO_MANY);
  return true;
}

smtpc_status smtpc_server_on_credentials(const smtpc_server_policy *policy,
                                         smtpc_server *s,
                                         const smtpc_input *in) {
  const bool yes = in->answer == SMTPC_ANSWER_YES;
  const bool later =
      in->answer == SMTPC_ANSWER_NOT_NOW || in->answer == SMTPC_ANSWER_FULL;
  const smtpc_status status = smtpc_sasl_server_verdict(
      &s->sasl, yes ? 1 : 0, yes ? in->data : NULL, yes ? in->len : 0u);
  if (status != SMTPC_OK) {
    return status;
  }
  s->wait = SMTPC_DO_NOTHING;
  s->mode = SMTPC_SERVER_COMMAND;
  // The password in it has been looked at.
  smtpc_line_next(&s->line);
  if (later) {
    refuse_exchange(policy, s, SMTPC_REPLY_AUTH_NOT_NOW,
                    SMTPC_FINDING_AUTH_FAILED);
  } else if (yes || !count_failure(policy, s)) {
    go_on(policy, s);
  }
  return SMTPC_OK;
}

static smtpc_status on_salt(const smtpc_server_policy *policy, smtpc_server *s,
                            const smtpc_input *in) {
  if (in->len > 0u) {
    return smtpc_sasl_server_salt(&s->sasl, in->data, in->len, in->number);
  }
  refuse_exchange(policy, s, SMTPC_REPLY_AUTH_NOT_NOW,
                  SMTPC_FINDING_AUTH_FAILED);
  return SMTPC_OK;
}

static smtpc_status on_binding(const smtpc_server_policy *policy,
                               smtpc_server *s, const smtpc_input *in) {
  const smtpc_sasl_buffer buffer = {s->line.data, s->line.len, SMTPC_LINE_MAX};
  const smtpc_status status =
      smtpc_sasl_server_binding(&s->sasl, &buffer, in->data, in->len);
  if (status == SMTPC_E_BINDING) {
    smtpc_line_next(&s->line);
    refuse_step(policy, s, status);
    return SMTPC_OK;
  }
  return status;
}

smtpc_status smtpc_server_on_sasl_input(const smtpc_server_policy *policy,
                                        smtpc_server *s,
                                        const smtpc_input *in) {
  const unsigned asked = s->wait;
  smtpc_status status = SMTPC_E_STATE;
  if (in->kind == SMTPC_IN_NONCE && asked == SMTPC_DO_ASK_NONCE) {
    status = smtpc_sasl_server_nonce(&s->sasl, in->data, in->len);
  } else if (in->kind == SMTPC_IN_SALT && asked == SMTPC_DO_ASK_SALT) {
    status = on_salt(policy, s, in);
  } else if (in->kind == SMTPC_IN_BINDING && asked == SMTPC_DO_ASK_BINDING) {
    status = on_binding(policy, s, in);
  }
  if (status != SMTPC_OK) {
    return status;
  }
  s->wait = SMTPC_DO_NOTHING;
  if (s->sasl.mechanism != SMTPC_MECHANISM_NONE) {
    go_on(policy, s);
  }
  return SMTPC_OK;
}

#endif  // SMTPC_CONFIG_SERVER && SMTPC_CONFIG_AUTH
