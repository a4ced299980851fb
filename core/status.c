#include "smtpcore/status.h"

#include "core/config_parts.h"

const char *smtpc_status_name(smtpc_status status) {
  const char *name = SMTPC_NAME("unknown");
  switch (status) {
#define SMTPC_STATUS_CASE(id, value, text) \
  case id:                                 \
    name = SMTPC_NAME(text);               \
    break;
    SMTPC_STATUS_LIST(SMTPC_STATUS_CASE)
#undef SMTPC_STATUS_CASE
  }
  return name;
}

static bool in_range(smtpc_status status, unsigned low, unsigned high) {
  const unsigned value = (unsigned)status;
  return value >= low && value <= high;
}

bool smtpc_status_is_more(smtpc_status status) {
  return in_range(status, 1u, 15u);
}

bool smtpc_status_is_misuse(smtpc_status status) {
  return in_range(status, 16u, 31u);
}

bool smtpc_status_is_malformed(smtpc_status status) {
  return in_range(status, 32u, 95u);
}

bool smtpc_status_is_limit(smtpc_status status) {
  return in_range(status, 96u, 111u);
}

bool smtpc_status_is_internal(smtpc_status status) {
  return in_range(status, 112u, 119u);
}
