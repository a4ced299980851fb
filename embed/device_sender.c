#include "embed/device_link.h"
#include "smtpcore/registry.h"
#include "smtpcore/span.h"

#if SMTPC_CONFIG_CLIENT

static void keep_code(device_sender *s, const smtpc_action *act) {
  if (act->number < DEVICE_RECIPIENTS_MAX) {
    s->codes[act->number] = act->code;
  }
}

static void sender_do(device_sender *s, const smtpc_action *act,
                      const smtpc_input *in) {
  switch ((smtpc_do)act->kind) {
    case SMTPC_DO_NEED_INPUT:
      s->idle = 1u;
      s->deadline = act->deadline;
      break;
    case SMTPC_DO_SEND:
      device_link_send(&s->link, act,
                       smtpc_client_octets(&s->session, act, in));
      break;
    case SMTPC_DO_START_TLS:
      device_link_start_tls(&s->link, s->tls, SMTPC_TLS_CLIENT,
                            s->policy->tls == SMTPC_CLIENT_TLS_VERIFIED);
      break;
    case SMTPC_DO_REPORT:
      smtpc_findings_add(&s->findings, act->finding);
      break;
    case SMTPC_DO_RECIPIENT_DONE:
      keep_code(s, act);
      break;
    case SMTPC_DO_MESSAGE_DONE:
      s->code = act->code;
      break;
    case SMTPC_DO_ASK_ENVELOPE:
    case SMTPC_DO_ASK_NEXT_RECIPIENT:
    case SMTPC_DO_ASK_CONTENT:
    case SMTPC_DO_ASK_PASSWORD:
    case SMTPC_DO_ASK_BINDING:
    case SMTPC_DO_ASK_DIGEST:
    case SMTPC_DO_ASK_NONCE:
      s->action = *act;  // answered when nothing else is left to do
      break;
    case SMTPC_DO_CLOSE:
      s->want = DEVICE_CLOSED;
      s->action = *act;
      device_link_close(&s->link);
      break;
    case SMTPC_DO_DELIVERY_DONE:  // LMTP's second reply: `code` is the message's
    case SMTPC_DO_NOTHING:
      break;
    case SMTPC_DO_ASK_SENDER:
    case SMTPC_DO_ASK_RECIPIENT:
    case SMTPC_DO_ASK_MESSAGE:
    case SMTPC_DO_ASK_CREDENTIALS:
    case SMTPC_DO_ASK_SALT:
    case SMTPC_DO_ASK_PEER:
    case SMTPC_DO_CONTENT:
    case SMTPC_DO_DROP_MESSAGE:
    case SMTPC_DO_COUNT:
      s->want = DEVICE_CLOSED;  // a client says none of these
      break;
  }
}

static smtpc_status sender_step(device_sender *s, const smtpc_input *in) {
  smtpc_action act;
  size_t used = 0u;
  const smtpc_status status =
      smtpc_client_step(s->policy, &s->session, in, &used, &act);
  if (status == SMTPC_OK) {
    s->idle = 0u;
    s->turn += act.kind != SMTPC_DO_NEED_INPUT ? 1u : 0u;
    s->content_next += in->kind == SMTPC_IN_CONTENT ? used : 0u;
    sender_do(s, &act, in);
    device_link_take(&s->link, in, used);
  }
  return status;
}

static smtpc_input next_recipient(device_sender *s) {
  smtpc_input in = smtpc_input_make(SMTPC_IN_END);
  if (s->recipient_next < s->message->recipient_count) {
    in.kind = SMTPC_IN_RECIPIENT;
    in.envelope = &s->message->recipients[s->recipient_next];
    s->recipient_next++;
  }
  return in;
}

static smtpc_input next_content(const device_sender *s) {
  smtpc_input in = smtpc_input_make(SMTPC_IN_END);
  if (s->content_next < s->message->content_len) {
    in.kind = SMTPC_IN_CONTENT;
    in.data = s->message->content + s->content_next;
    in.len = s->message->content_len - s->content_next;
    in.len = in.len < DEVICE_PIECE_MAX ? in.len : DEVICE_PIECE_MAX;
  }
  return in;
}

static smtpc_input credentials(const device_sender *s) {
  smtpc_input in = smtpc_input_make(SMTPC_IN_CREDENTIALS);
  if (s->message->name != NULL) {
    in.data = (const uint8_t *)s->message->name;
    in.len = s->message->name_len;
    in.secret = (const uint8_t *)s->message->password;
    in.secret_len = s->message->password_len;
  }
  return in;
}

// Answers what the session asks from the message, or leaves it to the firmware.
static void sender_reply(device_sender *s) {
  uint8_t binding[SMTPC_BINDING_MAX];
  smtpc_input in = smtpc_input_make(SMTPC_IN_END);
  switch (s->action.kind) {
    case SMTPC_DO_ASK_ENVELOPE:
      in.kind = s->given == 0u ? SMTPC_IN_ENVELOPE : SMTPC_IN_END;
      in.envelope = &s->message->envelope;
      s->given = 1u;
      break;
    case SMTPC_DO_ASK_NEXT_RECIPIENT:
      in = next_recipient(s);
      break;
    case SMTPC_DO_ASK_CONTENT:
      in = next_content(s);
      break;
    case SMTPC_DO_ASK_PASSWORD:
      in = credentials(s);
      break;
    case SMTPC_DO_ASK_BINDING:
      in = device_link_binding(&s->link, s->action.binding, binding);
      break;
    default:
      s->want = DEVICE_ANSWER;
      return;
  }
  if (sender_step(s, &in) != SMTPC_OK) {
    s->want = DEVICE_CLOSED;
  }
}

// Octets of the server come before answers: it may have said something that ends all.
static void sender_go_on(device_sender *s) {
  while (s->want == DEVICE_OCTETS && s->link.sending == 0u) {
    smtpc_input in = smtpc_input_make(SMTPC_IN_NONE);
    if (device_link_input(&s->link, &in) == 0) {
      if (s->idle != 0u) {
        return;
      }
      in = smtpc_input_make(SMTPC_IN_NONE);
    }
    const smtpc_status status = sender_step(s, &in);
    if (status == SMTPC_E_PENDING) {
      sender_reply(s);
    } else if (status != SMTPC_OK) {
      s->want = DEVICE_CLOSED;
    }
  }
}

smtpc_status device_sender_begin(device_sender *s,
                                 const smtpc_client_policy *policy,
                                 const device_tls *tls,
                                 const device_message *message) {
  const smtpc_status status = smtpc_client_policy_check(policy);
  if (status != SMTPC_OK) {
    return status;
  }
  if (message->recipient_count > DEVICE_RECIPIENTS_MAX ||
      (policy->tls != SMTPC_CLIENT_TLS_OFF && device_tls_is_there(tls) == 0)) {
    return SMTPC_E_ARGUMENT;
  }
  smtpc_wipe((uint8_t *)s, sizeof *s);
  s->policy = policy;
  s->tls = tls;
  s->message = message;
  smtpc_client_init(&s->session, policy);
  sender_go_on(s);
  return SMTPC_OK;
}

size_t device_sender_push(device_sender *s, const uint8_t *data, size_t len) {
  s->link.raw = data;
  s->link.raw_len = len;
  sender_go_on(s);
  const size_t left = s->link.raw_len;
  s->link.raw = NULL;
  s->link.raw_len = 0u;
  return len - left;
}

size_t device_sender_pull(device_sender *s, uint8_t *out, size_t cap) {
  size_t len = 0u;
  while (len < cap) {
    const size_t moved = device_link_pull(&s->link, out + len, cap - len);
    len += moved;
    if (moved == 0u) {
      if (s->link.sending == 0u) {
        break;
      }
      s->link.sending = 0u;
      sender_go_on(s);
    }
  }
  return len;
}

smtpc_status device_sender_answer(device_sender *s, const smtpc_input *answer) {
  if (s->want != DEVICE_ANSWER) {
    return SMTPC_E_STATE;
  }
  s->want = DEVICE_OCTETS;
  const smtpc_status status = sender_step(s, answer);
  if (status != SMTPC_OK) {
    s->want = DEVICE_ANSWER;
    return status;
  }
  sender_go_on(s);
  return SMTPC_OK;
}

smtpc_status device_sender_tell(device_sender *s, unsigned kind) {
  if (kind != SMTPC_IN_END_OF_STREAM && kind != SMTPC_IN_DEADLINE &&
      kind != SMTPC_IN_SHUTDOWN) {
    return SMTPC_E_ARGUMENT;
  }
  if (s->want == DEVICE_CLOSED || s->link.sending != 0u) {
    return SMTPC_E_PENDING;
  }
  const smtpc_input in = device_link_end(&s->link, kind);
  s->want = DEVICE_OCTETS;
  const smtpc_status status = sender_step(s, &in);
  sender_go_on(s);
  return status;
}

uint32_t device_sender_wait_ms(const device_sender *s) {
  return smtpc_deadline_get(s->deadline).seconds * 1000u;
}

void device_sender_wipe(device_sender *s) {
  device_link_free(&s->link);
  smtpc_wipe((uint8_t *)s, sizeof *s);
}

#endif
