#include "smtpcore/session.h"

#include "core/config_parts.h"

smtpc_input smtpc_input_make(unsigned kind) {
  smtpc_input input = {0};
  input.kind = (uint8_t)kind;
  return input;
}

smtpc_input smtpc_input_octets(unsigned channel, const uint8_t *data,
                               size_t len) {
  smtpc_input input = smtpc_input_make(SMTPC_IN_OCTETS);
  input.channel = (uint8_t)channel;
  input.data = data;
  input.len = len;
  return input;
}

smtpc_action smtpc_action_make(unsigned kind) {
  smtpc_action action = {0};
  action.kind = (uint8_t)kind;
  return action;
}

void smtpc_findings_add(smtpc_findings *set, unsigned finding) {
  if (finding > SMTPC_FINDING_NONE && finding < SMTPC_FINDING_COUNT) {
    set->bits[finding / 32u] |= (uint32_t)1 << (finding % 32u);
  }
}

unsigned smtpc_findings_take(smtpc_findings *set) {
  if (!smtpc_findings_any(set)) {
    return SMTPC_FINDING_NONE;
  }
  for (unsigned id = 1u; id < SMTPC_FINDING_COUNT; id++) {
    const uint32_t bit = (uint32_t)1 << (id % 32u);
    if ((set->bits[id / 32u] & bit) != 0u) {
      set->bits[id / 32u] &= ~bit;
      return id;
    }
  }
  return SMTPC_FINDING_NONE;
}

bool smtpc_findings_any(const smtpc_findings *set) {
  return (set->bits[0] | set->bits[1] | set->bits[2]) != 0u;
}

bool smtpc_input_is_whole(const smtpc_input *input) {
  return (input->len == 0u || input->data != NULL) &&
         (input->secret_len == 0u || input->secret != NULL);
}

const uint8_t *smtpc_action_octets(const smtpc_action *action,
                                   const smtpc_input *input, const uint8_t *out,
                                   const uint8_t *line) {
  const uint8_t *base = NULL;
  switch ((smtpc_source)action->source) {
    case SMTPC_SOURCE_INPUT:
      base = input->data;
      break;
    case SMTPC_SOURCE_OUT:
      base = out;
      break;
    case SMTPC_SOURCE_LINE:
      base = line;
      break;
    case SMTPC_SOURCE_NONE:
      break;
  }
  return base == NULL ? NULL : base + action->begin;
}

unsigned smtpc_finding_of(smtpc_status status) {
  switch ((unsigned)status) {
    case SMTPC_E_BARE_CR:
      return SMTPC_FINDING_BARE_CR;
    case SMTPC_E_BARE_LF:
      return SMTPC_FINDING_BARE_LF;
    case SMTPC_E_NUL:
      return SMTPC_FINDING_NUL;
    case SMTPC_E_LINE_TOO_LONG:
      return SMTPC_FINDING_LINE_TOO_LONG;
    case SMTPC_E_LINE_ENDLESS:
      return SMTPC_FINDING_LINE_ENDLESS;
    default:
      return SMTPC_FINDING_NONE;
  }
}

const char *smtpc_in_name(unsigned kind) {
  static const char *const names[SMTPC_IN_COUNT] = {
#define ROW(id, name) SMTPC_NAME(name),
      SMTPC_IN_LIST(ROW)
#undef ROW
  };
  return SMTPC_WITH(NAMES) && kind < SMTPC_IN_COUNT ? names[kind] : "";
}

const char *smtpc_do_name(unsigned kind) {
  static const char *const names[SMTPC_DO_COUNT] = {
#define ROW(id, name) SMTPC_NAME(name),
      SMTPC_DO_LIST(ROW)
#undef ROW
  };
  return SMTPC_WITH(NAMES) && kind < SMTPC_DO_COUNT ? names[kind] : "";
}

const char *smtpc_end_name(unsigned reason) {
  static const char *const names[SMTPC_END_COUNT] = {
#define ROW(id, name, what) SMTPC_NAME(name),
      SMTPC_END_LIST(ROW)
#undef ROW
  };
  return SMTPC_WITH(NAMES) && reason < SMTPC_END_COUNT ? names[reason] : "";
}

const char *smtpc_tls_failure_name(unsigned failure) {
  static const char *const names[SMTPC_TLS_FAILURE_COUNT] = {
#define ROW(id, name, meaning) SMTPC_NAME(name),
      SMTPC_TLS_FAILURE_LIST(ROW)
#undef ROW
  };
  return SMTPC_WITH(NAMES) && failure < SMTPC_TLS_FAILURE_COUNT ? names[failure]
                                                                : "";
}

const char *smtpc_binding_name(unsigned kind) {
  static const char *const names[SMTPC_BINDING_COUNT] = {"",
#define ROW(id, name, clause) name,
                                                         SMTPC_BINDING_LIST(ROW)
#undef ROW
  };
  return kind < SMTPC_BINDING_COUNT ? names[kind] : "";
}
