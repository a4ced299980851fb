#include "smtpcore/outcome.h"

#include "smtpcore/session.h"

const char *smtpc_outcome_name(smtpc_outcome outcome) {
  switch (outcome) {
#define ROW(id, status, name) \
  case SMTPC_OUTCOME_##id:    \
    return name;
    SMTPC_OUTCOME_LIST(ROW)
#undef ROW
  }
  return "";
}

static smtpc_outcome of_code(uint16_t code) {
  return code >= 500u && code < 600u ? SMTPC_OUTCOME_REFUSED
                                     : SMTPC_OUTCOME_LATER;
}

// Some recipient has the message.
static smtpc_outcome of_some(const smtpc_attempt *a, smtpc_outcome all) {
  if (a->rcpt_refused > 0u) {
    return SMTPC_OUTCOME_REFUSED;
  }
  return a->rcpt_later > 0u ? SMTPC_OUTCOME_LATER : all;
}

static smtpc_outcome of_message(const smtpc_attempt *a) {
  if (a->message_code >= 200u && a->message_code < 300u) {
    return of_some(a, SMTPC_OUTCOME_DELIVERED);
  }
  if (a->delivered > 0u) {
    return of_some(a, SMTPC_OUTCOME_LATER);
  }
  if (a->message_code != 0u) {
    return of_code(a->message_code);
  }
  // It was never sent: the server lacks something, or it must not be sent.
  return smtpc_seen_has(&a->seen, SMTPC_FINDING_EXTENSION_MISSING) != 0
             ? SMTPC_OUTCOME_REFUSED
             : SMTPC_OUTCOME_USAGE;
}

static smtpc_outcome of_device(unsigned device) {
  switch (device) {
    case SMTPC_DEVICE_839:
    case SMTPC_DEVICE_843:
    case SMTPC_DEVICE_AUTH_NOT_OFFERED:
    case SMTPC_DEVICE_AUTH_NO_MECHANISM:
      return SMTPC_OUTCOME_AUTHENTICATION;
    default:
      return SMTPC_OUTCOME_PROTOCOL;
  }
}

static smtpc_outcome of_local(unsigned finding) {
  if (finding == SMTPC_FINDING_EXTENSION_MISSING) {
    return SMTPC_OUTCOME_REFUSED;
  }
  return finding == SMTPC_FINDING_LOCAL_INPUT ? SMTPC_OUTCOME_USAGE
                                              : SMTPC_OUTCOME_INTERNAL;
}

// The session was lost, or the server ended it, before the message had its
// verdict. `session_code` is then the refusal that would have decided it, but
// with recipients that were not yet answered nothing is decided.
static smtpc_outcome of_lost(const smtpc_attempt *a) {
  const bool some = a->rcpt_taken > 0u ||
                    (a->rcpt_refused > 0u && a->rcpt_refused < a->rcpt_count);
  return some ? SMTPC_OUTCOME_LATER : of_code(a->session_code);
}

static smtpc_outcome of_end(const smtpc_attempt *a) {
  switch ((smtpc_end)a->end.reason) {
    case SMTPC_END_PEER:
    case SMTPC_END_TIMEOUT:
    case SMTPC_END_SERVICE:
      return of_lost(a);
    case SMTPC_END_SHUTDOWN:
      return SMTPC_OUTCOME_LATER;
    case SMTPC_END_AUTH:
      return SMTPC_OUTCOME_AUTHENTICATION;
    case SMTPC_END_TLS:
    case SMTPC_END_PROTOCOL:
    case SMTPC_END_REFUSED:
      return SMTPC_OUTCOME_PROTOCOL;
    case SMTPC_END_LOCAL:
      return of_local(a->end.finding);
    case SMTPC_END_QUIT:
    case SMTPC_END_COUNT:
      break;
  }
  return SMTPC_OUTCOME_INTERNAL;
}

smtpc_outcome smtpc_outcome_of(const smtpc_attempt *attempt) {
  if (attempt->error == SMTPC_NET_ARGUMENT) {
    return SMTPC_OUTCOME_USAGE;
  }
  if (attempt->error != SMTPC_NET_NONE) {
    return SMTPC_OUTCOME_LATER;
  }
  // What the server said of the message stands, whatever came after it.
  if (attempt->message_done) {
    return of_message(attempt);
  }
  if (attempt->end.device != SMTPC_DEVICE_NONE) {
    return of_device(attempt->end.device);
  }
  return of_end(attempt);
}
