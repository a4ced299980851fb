#include "shim/net/net.h"

#include <string.h>

const char *smtpc_net_error_name(smtpc_net_error_kind kind) {
  static const char *const names[SMTPC_NET_ERROR_COUNT] = {
#define ROW(id, name, meaning) name,
      SMTPC_NET_ERROR_LIST(ROW)
#undef ROW
  };
  const size_t index = (size_t)kind;
  return index < SMTPC_NET_ERROR_COUNT ? names[index] : "unknown";
}

void smtpc_net_deadlines_init(smtpc_net_deadlines *out) {
  for (unsigned id = 0u; id < SMTPC_DEADLINE_COUNT; id++) {
    out->seconds[id] = smtpc_deadline_get(id).seconds;
  }
}

static int is_upper_of(uint8_t octet, char upper) {
  const uint8_t c = octet >= (uint8_t)'a' && octet <= (uint8_t)'z'
                        ? (uint8_t)(octet - 32u)
                        : octet;
  return c == (uint8_t)upper;
}

static int begins(const uint8_t *line, size_t len, const char *word,
                  size_t word_len) {
  if (len < word_len) {
    return 0;
  }
  for (size_t i = 0u; i < word_len; i++) {
    if (!is_upper_of(line[i], word[i])) {
      return 0;
    }
  }
  return 1;
}

size_t smtpc_net_visible(const uint8_t *line, size_t len) {
  const size_t verb = 5u;
  if (!begins(line, len, "AUTH ", verb)) {
    return 0u;
  }
  for (unsigned id = 1u; id < SMTPC_MECHANISM_COUNT; id++) {
    const smtpc_mechanism_row row = smtpc_mechanism_get(id);
    const size_t end = verb + row.name_len;
    if (begins(line + verb, len - verb, row.name, row.name_len) &&
        (len == end || line[end] == (uint8_t)' ')) {
      return end;
    }
  }
  return 0u;
}
