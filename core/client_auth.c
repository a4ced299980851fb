#include "core/client_parts.h"
#include "smtpcore/command.h"
#include "smtpcore/span.h"

#if SMTPC_CONFIG_CLIENT && SMTPC_CONFIG_AUTH

static void fail_auth(smtpc_client *s, unsigned finding, unsigned device) {
  s->device = (uint8_t)device;
  smtpc_sasl_client_clear(&s->sasl);
  smtpc_client_stop(s, SMTPC_END_AUTH, finding);
}

// No AUTH that the policy allows: the end if it is demanded, else a finding.
static void do_without_auth(const smtpc_client_policy *policy, smtpc_client *s,
                            unsigned finding, unsigned device) {
  if (policy->auth == SMTPC_AUTH_REQUIRED) {
    fail_auth(s, finding, device);
  } else {
    smtpc_client_add_finding(s, finding);
    smtpc_client_ask_envelope(s);
  }
}

// The line that the exchange made waits to be sent.
static void post_say(smtpc_client *s) {
  const smtpc_span say = s->sasl.say;
  if (smtpc_span_len(say) > SMTPC_AUTH_LINE_MAX) {
    smtpc_client_cut(s, SMTPC_END_LOCAL, SMTPC_FINDING_LOCAL_INPUT);
    return;
  }
  smtpc_client_post(s, SMTPC_OK, 0u, 1u);
  s->send = SMTPC_CLIENT_SEND_SAY;
  // Only the name of a mechanism, and `*`, may be shown.
  const bool named = s->sasl.mechanism == SMTPC_MECHANISM_LOGIN ||
                     s->sasl.mechanism == SMTPC_MECHANISM_CRAM_MD5 ||
                     s->sasl.late != 0u;
  if ((named && s->sasl.step == 0u) || s->sasl.cancelled != 0u) {
    s->send_secret = 0u;
  } else {
    s->send_secret = 1u;
  }
}

// What the exchange wants next, as a line to send or a question.
static void go_on(smtpc_client *s) {
  switch ((smtpc_sasl_wants)s->sasl.wants) {
    case SMTPC_SASL_SAY:
      post_say(s);
      break;
    case SMTPC_SASL_NONCE:
      s->next = SMTPC_DO_ASK_NONCE;
      break;
    case SMTPC_SASL_PASSWORD:
      s->next = SMTPC_DO_ASK_PASSWORD;
      break;
    case SMTPC_SASL_BINDING:
      s->next = SMTPC_DO_ASK_BINDING;
      break;
    case SMTPC_SASL_DIGEST:
      s->next = SMTPC_DO_ASK_DIGEST;
      break;
    case SMTPC_SASL_NOTHING:
    case SMTPC_SASL_WAIT:
    case SMTPC_SASL_SALT:
    case SMTPC_SASL_CHECK:
    case SMTPC_SASL_DONE:
    case SMTPC_SASL_REFUSED:
      // None of a client's, here.
      fail_auth(s, SMTPC_FINDING_AUTH_EXCHANGE, SMTPC_DEVICE_843);
      break;
  }
}

static smtpc_sasl_buffer buffer_of(smtpc_client *s) {
  const smtpc_sasl_buffer buffer = {s->line.data, s->line.len, SMTPC_LINE_MAX};
  return buffer;
}

// A challenge so long that no answer fits behind it. That is the server's doing.
static void give_up_auth(smtpc_client *s) {
  s->device = SMTPC_DEVICE_843;
  smtpc_client_cut(s, SMTPC_END_AUTH, SMTPC_FINDING_AUTH_EXCHANGE);
}

// What the server said is not needed any more: `*` always finds room in its place.
static void cancel_auth(smtpc_client *s) {
  smtpc_sasl_buffer buffer = buffer_of(s);
  buffer.len = 0u;
  const smtpc_status status = smtpc_sasl_client_cancel(&s->sasl, &buffer);
  if (status == SMTPC_OK && smtpc_line_hold(&s->line, buffer.len) == SMTPC_OK) {
    post_say(s);
  } else {
    give_up_auth(s);
  }
}

void smtpc_client_begin_auth(const smtpc_client_policy *policy,
                             smtpc_client *s) {
  if (smtpc_client_offered(s, SMTPC_OFFERS(AUTH)) == 0) {
    do_without_auth(policy, s, SMTPC_FINDING_AUTH_NOT_OFFERED,
                    SMTPC_DEVICE_AUTH_NOT_OFFERED);
    return;
  }
  const uint64_t offered = s->caps.mechanisms;
  const unsigned mechanism = smtpc_client_mechanism(policy, offered, s->tls);
  if (mechanism == SMTPC_MECHANISM_NONE) {
    do_without_auth(policy, s, SMTPC_FINDING_AUTH_NO_MECHANISM,
                    SMTPC_DEVICE_AUTH_NO_MECHANISM);
    return;
  }
  if (smtpc_exposed(mechanism, s->tls) != 0) {
    smtpc_client_add_finding(s, SMTPC_FINDING_AUTH_IN_CLEAR);
  }
  s->phase = SMTPC_CLIENT_AUTH;
  // The reply at hand is done with: its place is the exchange's.
  smtpc_line_next(&s->line);
  smtpc_sasl_buffer buffer = buffer_of(s);
  smtpc_sasl_client_begin(
      &s->sasl, mechanism, smtpc_client_binding(&s->tls_facts),
      smtpc_client_could_bind(policy, mechanism, offered, s->tls), &buffer);
  if (smtpc_line_hold(&s->line, buffer.len) != SMTPC_OK) {
    smtpc_client_cut(s, SMTPC_END_LOCAL, SMTPC_FINDING_LOCAL_INPUT);
    return;
  }
  go_on(s);
}

// The answer of a shim, taken by the step that it belongs to.
static smtpc_status take(smtpc_client *s, const smtpc_input *in,
                         smtpc_sasl_buffer *buffer) {
  switch (in->kind) {
    case SMTPC_IN_NONCE:
      return smtpc_sasl_client_nonce(&s->sasl, in->data, in->len);
    case SMTPC_IN_BINDING:
      return smtpc_sasl_client_binding(&s->sasl, buffer, in->data, in->len);
    case SMTPC_IN_CREDENTIALS:
      return smtpc_sasl_client_credentials(&s->sasl, buffer, in->data, in->len,
                                           in->secret, in->secret_len);
    default:
      return smtpc_sasl_client_digest(&s->sasl, buffer, in->data, in->len,
                                      in->secret, in->secret_len);
  }
}

// A token may be too long by itself; all else that is said has room unless the server's
// challenge took it.
static bool is_crowded(const smtpc_client *s, smtpc_status status) {
  return status == SMTPC_E_ROOM &&
         s->sasl.mechanism != SMTPC_MECHANISM_OAUTHBEARER &&
         s->sasl.mechanism != SMTPC_MECHANISM_XOAUTH2;
}

smtpc_status smtpc_client_on_sasl_input(smtpc_client *s,
                                        const smtpc_input *in) {
  smtpc_sasl_buffer buffer = buffer_of(s);
  if (in->kind == SMTPC_IN_BINDING && in->len == 0u) {
    // The channel has none: the exchange cannot go on.
    s->wait = SMTPC_DO_NOTHING;
    cancel_auth(s);
    return SMTPC_OK;
  }
  const smtpc_status status = take(s, in, &buffer);
  if (status == SMTPC_E_ARGUMENT || status == SMTPC_E_STATE) {
    return status;
  }
  s->wait = SMTPC_DO_NOTHING;
  if (status == SMTPC_OK && smtpc_line_hold(&s->line, buffer.len) == SMTPC_OK) {
    go_on(s);
  } else if (is_crowded(s, status)) {
    give_up_auth(s);
  } else {
    smtpc_client_cut(s, SMTPC_END_LOCAL, SMTPC_FINDING_LOCAL_INPUT);
  }
  return SMTPC_OK;
}

// ----------------------------------------------------------------- replies

// RFC 5802 section 5: who cannot prove that it knows the password is not the
// server, and hears nothing more.
static void distrust(smtpc_client *s) {
  s->device = SMTPC_DEVICE_843;
  smtpc_client_cut(s, SMTPC_END_AUTH, SMTPC_FINDING_AUTH_SERVER);
}

// A 334: the next message, or the end of an exchange that has no next one.
static void on_challenge(smtpc_client *s, smtpc_span text) {
  smtpc_sasl_buffer buffer = buffer_of(s);
  if (s->sasl.cancelled != 0u) {
    s->device = SMTPC_DEVICE_843;
    smtpc_client_cut(s, SMTPC_END_PROTOCOL, SMTPC_FINDING_REPLY_UNEXPECTED);
    return;
  }
  smtpc_status status = SMTPC_E_SASL;
  if (s->reply.lines == 1u) {
    status = smtpc_sasl_client_challenge(&s->sasl, &buffer, text);
  }
  if (status == SMTPC_E_BINDING) {
    distrust(s);
  } else if (status == SMTPC_OK &&
             smtpc_line_hold(&s->line, buffer.len) == SMTPC_OK) {
    go_on(s);
  } else {
    cancel_auth(s);
  }
}

static void on_success(smtpc_client *s) {
  const smtpc_status status = smtpc_sasl_client_success(&s->sasl);
  if (status == SMTPC_OK) {
    s->authenticated = 1u;
    smtpc_sasl_client_clear(&s->sasl);
    smtpc_client_ask_envelope(s);
  } else if (status == SMTPC_E_BINDING) {
    distrust(s);
  } else {
    s->device = SMTPC_DEVICE_843;
    smtpc_client_cut(s, SMTPC_END_PROTOCOL, SMTPC_FINDING_REPLY_UNEXPECTED);
  }
}

void smtpc_client_on_auth_reply(smtpc_client *s, smtpc_span text) {
  const uint16_t code = s->reply.code;
  if (code == 334u) {
    on_challenge(s, text);
  } else if (code == 235u) {
    on_success(s);
  } else if (code == 535u && smtpc_sasl_client_is_whole(&s->sasl) != 0) {
    fail_auth(s, SMTPC_FINDING_AUTH_FAILED, SMTPC_DEVICE_839);
  } else if (code >= 400u) {
    fail_auth(s, SMTPC_FINDING_AUTH_EXCHANGE, SMTPC_DEVICE_843);
  } else {
    s->device = SMTPC_DEVICE_843;
    smtpc_client_cut(s, SMTPC_END_PROTOCOL, SMTPC_FINDING_REPLY_UNEXPECTED);
  }
}

#endif  // SMTPC_CONFIG_CLIENT && SMTPC_CONFIG_AUTH
