#include "smtpcore/registry.h"

#define LEN(text) ((uint8_t)(sizeof(text) - 1u))

static const smtpc_verb_row verbs[SMTPC_VERB_COUNT] = {{"", "", 0u, 0u, 0u},
#define ROW(id, text, argument, group, clause)                  \
  {text, clause, LEN(text), (uint8_t)SMTPC_ARGUMENT_##argument, \
   (uint8_t)SMTPC_GROUP_##group},
                                                       SMTPC_VERB_LIST(ROW)
#undef ROW
};

static const smtpc_extension_row extensions[SMTPC_EXTENSION_COUNT] = {
#define ROW(id, keyword, value, channel, service, clause) \
  {keyword,                                               \
   clause,                                                \
   LEN(keyword),                                          \
   (uint8_t)SMTPC_VALUE_##value,                          \
   (uint8_t)SMTPC_OFFER_##channel,                        \
   (uint8_t)SMTPC_SERVICE_##service},
    SMTPC_EXTENSION_LIST(ROW)
#undef ROW
};

static const smtpc_param_row params[SMTPC_PARAM_COUNT] = {
#define ROW(id, name, verb, value, extension, clause) \
  {name,                                              \
   clause,                                            \
   LEN(name),                                         \
   (uint8_t)SMTPC_VERB_##verb,                        \
   (uint8_t)SMTPC_PARAM_VALUE_##value,                \
   (uint8_t)SMTPC_EXTENSION_##extension},
    SMTPC_PARAM_LIST(ROW)
#undef ROW
};

static const smtpc_mechanism_row mechanisms[SMTPC_MECHANISM_COUNT] = {
    {"", "", 0u, 0u, 0u},
#define ROW(id, name, exposure, speech, clause)                 \
  {name, clause, LEN(name), (uint8_t)SMTPC_EXPOSURE_##exposure, \
   (uint8_t)SMTPC_SPEECH_##speech},
    SMTPC_MECHANISM_LIST(ROW)
#undef ROW
};

static const smtpc_reply_row replies[SMTPC_REPLY_COUNT] = {
    {"", "", 0u, 0u, 0u, 0u, 0u},
#define ROW(id, code, c, s, d, text, clause) \
  {text, clause, code, LEN(text), c, s, d},
    SMTPC_REPLY_LIST(ROW)
#undef ROW
};

static const smtpc_finding_row findings[SMTPC_FINDING_COUNT] = {
    {"", "", "", 0u},
#define ROW(id, name, severity, clause, meaning) \
  {name, clause, meaning, (uint8_t)SMTPC_SEVERITY_##severity},
    SMTPC_FINDING_LIST(ROW)
#undef ROW
};

static const smtpc_quirk_row quirks[] = {
#define ROW(id, number, name, finding, opens) \
  {name, opens, (uint32_t)1u << (number), (uint8_t)SMTPC_FINDING_##finding},
    SMTPC_QUIRK_LIST(ROW)
#undef ROW
};
#define QUIRK_COUNT (sizeof quirks / sizeof quirks[0])
_Static_assert(SMTPC_QUIRK_ALL == (1u << QUIRK_COUNT) - 1u,
               "SMTPC_QUIRK_ALL names every quirk");

static const smtpc_attribute_row attributes[SMTPC_ATTRIBUTE_COUNT] = {
#define ROW(id, name, value, verbs)                         \
  {name, LEN(name), (uint8_t)SMTPC_ATTRIBUTE_VALUE_##value, \
   (uint8_t)SMTPC_ATTRIBUTE_VERBS_##verbs},
    SMTPC_ATTRIBUTE_LIST(ROW)
#undef ROW
};

static const smtpc_profile_row profiles[SMTPC_PROFILE_COUNT] = {
#define ROW(id, name, quirks, purpose) {name, purpose, (uint32_t)(quirks)},
    SMTPC_PROFILE_LIST(ROW)
#undef ROW
};

static const smtpc_limit_row limits[SMTPC_LIMIT_COUNT] = {
#define ROW(id, name, value, scope, extension, clause)      \
  {name, clause, value, (uint8_t)SMTPC_LIMIT_SCOPE_##scope, \
   (uint8_t)SMTPC_EXTENSION_##extension},
    SMTPC_LIMIT_LIST(ROW)
#undef ROW
};

static const smtpc_device_row devices[SMTPC_DEVICE_COUNT] = {
    {"", ""},
#define ROW(id, text, when) {text, when},
    SMTPC_DEVICE_LIST(ROW)
#undef ROW
};

static const smtpc_deadline_row deadlines[SMTPC_DEADLINE_COUNT] = {
#define ROW(id, name, seconds, clause) {name, clause, seconds},
    SMTPC_DEADLINE_LIST(ROW)
#undef ROW
};

smtpc_verb_row smtpc_verb_get(unsigned id) {
  return verbs[id < SMTPC_VERB_COUNT ? id : 0u];
}

smtpc_extension_row smtpc_extension_get(unsigned id) {
  static const smtpc_extension_row none = {"", "", 0u, 0u, 0u, 0u};
  return id < SMTPC_EXTENSION_COUNT ? extensions[id] : none;
}

smtpc_attribute_row smtpc_attribute_get(unsigned id) {
  static const smtpc_attribute_row none = {"", 0u, 0u, 0u};
  return id < SMTPC_ATTRIBUTE_COUNT ? attributes[id] : none;
}

smtpc_profile_row smtpc_profile_get(unsigned id) {
  static const smtpc_profile_row none = {"", "", 0u};
  return id < SMTPC_PROFILE_COUNT ? profiles[id] : none;
}

smtpc_limit_row smtpc_limit_get(unsigned id) {
  static const smtpc_limit_row none = {"", "", 0u, 0u, 0u};
  return id < SMTPC_LIMIT_COUNT ? limits[id] : none;
}

smtpc_param_row smtpc_param_get(unsigned id) {
  static const smtpc_param_row none = {"", "", 0u, 0u, 0u, 0u};
  return id < SMTPC_PARAM_COUNT ? params[id] : none;
}

smtpc_mechanism_row smtpc_mechanism_get(unsigned id) {
  return mechanisms[id < SMTPC_MECHANISM_COUNT ? id : 0u];
}

smtpc_reply_row smtpc_reply_get(unsigned id) {
  return replies[id < SMTPC_REPLY_COUNT ? id : 0u];
}

smtpc_finding_row smtpc_finding_get(unsigned id) {
  return findings[id < SMTPC_FINDING_COUNT ? id : 0u];
}

smtpc_quirk_row smtpc_quirk_get(unsigned index) {
  static const smtpc_quirk_row none = {"", "", 0u, 0u};
  return index < QUIRK_COUNT ? quirks[index] : none;
}

smtpc_device_row smtpc_device_get(unsigned id) {
  return devices[id < SMTPC_DEVICE_COUNT ? id : 0u];
}

smtpc_deadline_row smtpc_deadline_get(unsigned id) {
  static const smtpc_deadline_row none = {"", "", 0u};
  return id < SMTPC_DEADLINE_COUNT ? deadlines[id] : none;
}

const char *smtpc_severity_name(unsigned severity) {
  static const char *const names[] = {"note", "refused", "tolerated",
                                      "downgrade", "attack"};
  return severity <= SMTPC_SEVERITY_ATTACK ? names[severity] : "";
}
