#include "core/config_parts.h"

// The rows that people read, and numbers that go with them.

#define TEXT(texts, id) (SMTPC_WITH(NAMES) ? (texts)[id] : "")

// ---------------------------------------------------------------- findings

static const uint8_t severities[SMTPC_FINDING_COUNT] = {0u,
#define ROW(id, name, severity, clause, meaning) SMTPC_SEVERITY_##severity,
                                                        SMTPC_FINDING_LIST(ROW)
#undef ROW
};

// Name, clause, meaning.
static const char *const finding_texts[SMTPC_FINDING_COUNT][3] = {
    {"", "", ""},
#define ROW(id, name, severity, clause, meaning) \
  {SMTPC_NAME(name), SMTPC_NAME(clause), SMTPC_NAME(meaning)},
    SMTPC_FINDING_LIST(ROW)
#undef ROW
};

smtpc_finding_row smtpc_finding_get(unsigned id) {
  const unsigned at = id < SMTPC_FINDING_COUNT ? id : 0u;
  const smtpc_finding_row row = {TEXT(finding_texts[at], 0),
                                 TEXT(finding_texts[at], 1),
                                 TEXT(finding_texts[at], 2), severities[at]};
  return row;
}

const char *smtpc_severity_name(unsigned severity) {
  static const char *const names[] = {
      SMTPC_NAME("note"), SMTPC_NAME("refused"), SMTPC_NAME("tolerated"),
      SMTPC_NAME("downgrade"), SMTPC_NAME("attack")};
  return severity <= SMTPC_SEVERITY_ATTACK ? TEXT(names, severity) : "";
}

// ---------------------------------------------------------------- profiles

static const uint32_t profile_quirks[SMTPC_PROFILE_COUNT] = {
#define ROW(id, name, quirks, purpose) (uint32_t)(quirks),
    SMTPC_PROFILE_LIST(ROW)
#undef ROW
};

static const char *const profile_texts[SMTPC_PROFILE_COUNT][2] = {
#define ROW(id, name, quirks, purpose) {SMTPC_NAME(name), SMTPC_NAME(purpose)},
    SMTPC_PROFILE_LIST(ROW)
#undef ROW
};

smtpc_profile_row smtpc_profile_get(unsigned id) {
  smtpc_profile_row row = {"", "", 0u};
  if (id < SMTPC_PROFILE_COUNT) {
    row.name = TEXT(profile_texts[id], 0);
    row.purpose = TEXT(profile_texts[id], 1);
    row.quirks = SMTPC_WITH(QUIRKS) ? profile_quirks[id] : 0u;
  }
  return row;
}

// ------------------------------------------------------------------ limits

typedef struct limit {
  uint32_t value;
  uint8_t scope;
  uint8_t extension;
} limit;

static const limit limits[SMTPC_LIMIT_COUNT] = {
#define ROW(id, name, value, scope, extension, clause) \
  {value, SMTPC_LIMIT_SCOPE_##scope, SMTPC_EXTENSION_##extension},
    SMTPC_LIMIT_LIST(ROW)
#undef ROW
};

static const char *const limit_texts[SMTPC_LIMIT_COUNT][2] = {
#define ROW(id, name, value, scope, extension, clause) \
  {SMTPC_NAME(name), SMTPC_NAME(clause)},
    SMTPC_LIMIT_LIST(ROW)
#undef ROW
};

smtpc_limit_row smtpc_limit_get(unsigned id) {
  smtpc_limit_row row = {"", "", 0u, 0u, 0u};
  if (id < SMTPC_LIMIT_COUNT) {
    row.name = TEXT(limit_texts[id], 0);
    row.clause = TEXT(limit_texts[id], 1);
    row.value = limits[id].value;
    row.scope = limits[id].scope;
    row.extension = limits[id].extension;
  }
  return row;
}

// ----------------------------------------------------- devices, deadlines

static const char *const device_texts[SMTPC_DEVICE_COUNT][2] = {
    {"", ""},
#define ROW(id, text, when) {SMTPC_NAME(text), SMTPC_NAME(when)},
    SMTPC_DEVICE_LIST(ROW)
#undef ROW
};

smtpc_device_row smtpc_device_get(unsigned id) {
  const unsigned at = id < SMTPC_DEVICE_COUNT ? id : 0u;
  const smtpc_device_row row = {TEXT(device_texts[at], 0),
                                TEXT(device_texts[at], 1)};
  return row;
}

static const uint16_t deadline_seconds[SMTPC_DEADLINE_COUNT] = {
#define ROW(id, name, seconds, clause) seconds,
    SMTPC_DEADLINE_LIST(ROW)
#undef ROW
};

static const char *const deadline_texts[SMTPC_DEADLINE_COUNT][2] = {
#define ROW(id, name, seconds, clause) {SMTPC_NAME(name), SMTPC_NAME(clause)},
    SMTPC_DEADLINE_LIST(ROW)
#undef ROW
};

smtpc_deadline_row smtpc_deadline_get(unsigned id) {
  smtpc_deadline_row row = {"", "", 0u};
  if (id < SMTPC_DEADLINE_COUNT) {
    row.name = TEXT(deadline_texts[id], 0);
    row.clause = TEXT(deadline_texts[id], 1);
    row.seconds = deadline_seconds[id];
  }
  return row;
}
