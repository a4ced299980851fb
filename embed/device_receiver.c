#include "embed/device_link.h"
#include "smtpcore/registry.h"
#include "smtpcore/span.h"

#if SMTPC_CONFIG_SERVER

static void keep_content(device_receiver *r, const smtpc_action *act,
                         const smtpc_input *in) {
  const size_t len = act->end - act->begin;
  // The policy's greatest size fits, and the session keeps to it.
  if (len <= DEVICE_MESSAGE_MAX - r->message_len) {
    smtpc_copy(r->message + r->message_len,
               smtpc_server_octets(&r->session, act, in), len);
    r->message_len += len;
  }
}

static void receiver_do(device_receiver *r, const smtpc_action *act,
                        const smtpc_input *in) {
  switch ((smtpc_do)act->kind) {
    case SMTPC_DO_NEED_INPUT:
      r->idle = 1u;
      r->deadline = act->deadline;
      break;
    case SMTPC_DO_SEND:
      device_link_send(&r->link, act,
                       smtpc_server_octets(&r->session, act, in));
      break;
    case SMTPC_DO_START_TLS:
      device_link_start_tls(&r->link, r->tls, SMTPC_TLS_SERVER, 0);
      break;
    case SMTPC_DO_REPORT:
      smtpc_findings_add(&r->findings, act->finding);
      break;
    case SMTPC_DO_CONTENT:
      keep_content(r, act, in);
      break;
    case SMTPC_DO_DROP_MESSAGE:
      r->message_len = 0u;
      break;
    case SMTPC_DO_ASK_BINDING:
      r->action = *act;  // answered in the next step
      break;
    case SMTPC_DO_ASK_SENDER:
      r->message_len = 0u;  // it begins a message
      r->want = DEVICE_ANSWER;
      r->action = *act;
      break;
    case SMTPC_DO_ASK_RECIPIENT:
    case SMTPC_DO_ASK_MESSAGE:
    case SMTPC_DO_ASK_CREDENTIALS:
    case SMTPC_DO_ASK_NONCE:
    case SMTPC_DO_ASK_SALT:
    case SMTPC_DO_ASK_PEER:
      r->want = DEVICE_ANSWER;
      r->action = *act;
      break;
    case SMTPC_DO_CLOSE:
      r->want = DEVICE_CLOSED;
      r->action = *act;
      device_link_close(&r->link);
      break;
    case SMTPC_DO_NOTHING:
    case SMTPC_DO_ASK_PASSWORD:
    case SMTPC_DO_ASK_DIGEST:
    case SMTPC_DO_ASK_ENVELOPE:
    case SMTPC_DO_ASK_NEXT_RECIPIENT:
    case SMTPC_DO_ASK_CONTENT:
    case SMTPC_DO_RECIPIENT_DONE:
    case SMTPC_DO_DELIVERY_DONE:
    case SMTPC_DO_MESSAGE_DONE:
    case SMTPC_DO_COUNT:
      r->want = DEVICE_CLOSED;  // a server says none of these
      break;
  }
}

static smtpc_status receiver_step(device_receiver *r, const smtpc_input *in) {
  smtpc_action act;
  size_t used = 0u;
  const smtpc_status status =
      smtpc_server_step(r->policy, &r->session, in, &used, &act);
  if (status == SMTPC_OK) {
    r->idle = 0u;
    r->turn += act.kind != SMTPC_DO_NEED_INPUT ? 1u : 0u;
    receiver_do(r, &act, in);
    device_link_take(&r->link, in, used);
  }
  return status;
}

static smtpc_status receiver_bind(device_receiver *r) {
  uint8_t binding[SMTPC_BINDING_MAX];
  const smtpc_input in =
      device_link_binding(&r->link, r->action.binding, binding);
  return receiver_step(r, &in);
}

// Steps on until something must be sent, answered or received. Each step takes octets
// or does what the session still had to do.
static void receiver_go_on(device_receiver *r) {
  while (r->want == DEVICE_OCTETS && r->link.sending == 0u) {
    smtpc_input in = smtpc_input_make(SMTPC_IN_NONE);
    if (device_link_input(&r->link, &in) == 0) {
      if (r->idle != 0u) {
        return;
      }
      in = smtpc_input_make(SMTPC_IN_NONE);
    }
    smtpc_status status = receiver_step(r, &in);
    if (status == SMTPC_E_PENDING) {
      status = receiver_bind(r);
    }
    if (status != SMTPC_OK) {
      r->want = DEVICE_CLOSED;
    }
  }
}

smtpc_status device_receiver_begin(device_receiver *r,
                                   const smtpc_server_policy *policy,
                                   const device_tls *tls) {
  const smtpc_status status = smtpc_server_policy_check(policy);
  const int secure =
      policy->tls != SMTPC_SERVER_TLS_OFF || policy->implicit_tls != 0u;
  if (status != SMTPC_OK) {
    return status;
  }
  if (policy->size_max > DEVICE_MESSAGE_MAX ||
      (secure != 0 && device_tls_is_there(tls) == 0)) {
    return SMTPC_E_ARGUMENT;
  }
  smtpc_wipe((uint8_t *)r, sizeof *r);
  r->policy = policy;
  r->tls = tls;
  smtpc_server_init(&r->session, policy);
  receiver_go_on(r);
  return SMTPC_OK;
}

size_t device_receiver_push(device_receiver *r, const uint8_t *data,
                            size_t len) {
  r->link.raw = data;
  r->link.raw_len = len;
  receiver_go_on(r);
  const size_t left = r->link.raw_len;
  r->link.raw = NULL;
  r->link.raw_len = 0u;
  return len - left;
}

size_t device_receiver_pull(device_receiver *r, uint8_t *out, size_t cap) {
  size_t len = 0u;
  while (len < cap) {
    const size_t moved = device_link_pull(&r->link, out + len, cap - len);
    len += moved;
    if (moved == 0u) {
      if (r->link.sending == 0u) {
        break;
      }
      r->link.sending = 0u;
      receiver_go_on(r);
    }
  }
  return len;
}

smtpc_status device_receiver_answer(device_receiver *r,
                                    const smtpc_input *answer) {
  if (r->want != DEVICE_ANSWER) {
    return SMTPC_E_STATE;
  }
  r->want = DEVICE_OCTETS;
  const smtpc_status status = receiver_step(r, answer);
  if (status != SMTPC_OK) {
    r->want = DEVICE_ANSWER;
    return status;
  }
  receiver_go_on(r);
  return SMTPC_OK;
}

smtpc_status device_receiver_tell(device_receiver *r, unsigned kind) {
  if (kind != SMTPC_IN_END_OF_STREAM && kind != SMTPC_IN_DEADLINE &&
      kind != SMTPC_IN_SHUTDOWN) {
    return SMTPC_E_ARGUMENT;
  }
  if (r->want != DEVICE_OCTETS || r->link.sending != 0u) {
    return SMTPC_E_PENDING;
  }
  const smtpc_input in = device_link_end(&r->link, kind);
  const smtpc_status status = receiver_step(r, &in);
  receiver_go_on(r);
  return status;
}

uint32_t device_receiver_wait_ms(const device_receiver *r) {
  return smtpc_deadline_get(r->deadline).seconds * 1000u;
}

void device_receiver_wipe(device_receiver *r) {
  device_link_free(&r->link);
  smtpc_wipe((uint8_t *)r, sizeof *r);
}

#endif
