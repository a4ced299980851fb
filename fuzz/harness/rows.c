#include "fuzz/harness/rows.h"

#include <string.h>

#include "smtpcore/policy.h"
#include "smtpcore/registry.h"
#include "smtpcore/session.h"
#include "smtpcore/tls.h"

#define JOIN(a, b, c) \
  ((uint64_t)(a) << 32u | (uint64_t)(b) << 16u | (uint64_t)(c))
#define LEN(text) (sizeof(text) - 1u)

// ----------------------------------------------------------- what must be said

static const fuzz_row verbs[] = {{"", 0u, 0u},
#define ROW(id, text, argument, group, clause) \
  {text, LEN(text), JOIN(0, SMTPC_ARGUMENT_##argument, SMTPC_GROUP_##group)},
                                 SMTPC_VERB_LIST(ROW)
#undef ROW
};

static const fuzz_row extensions[] = {
#define ROW(id, text, value, channel, service, clause) \
  {text, LEN(text),                                    \
   JOIN(SMTPC_VALUE_##value, SMTPC_OFFER_##channel, SMTPC_SERVICE_##service)},
    SMTPC_EXTENSION_LIST(ROW)
#undef ROW
};

static const fuzz_row attributes[] = {
#define ROW(id, text, value, which) \
  {text, LEN(text),                 \
   JOIN(0, SMTPC_ATTRIBUTE_VALUE_##value, SMTPC_ATTRIBUTE_VERBS_##which)},
    SMTPC_ATTRIBUTE_LIST(ROW)
#undef ROW
};

static const fuzz_row params[] = {
#define ROW(id, text, verb, value, extension, clause) \
  {text, LEN(text),                                   \
   JOIN(SMTPC_VERB_##verb, SMTPC_PARAM_VALUE_##value, \
        SMTPC_EXTENSION_##extension)},
    SMTPC_PARAM_LIST(ROW)
#undef ROW
};

static const fuzz_row mechanisms[] = {{"", 0u, 0u},
#define ROW(id, text, exposure, speech, clause) \
  {text, LEN(text), JOIN(0, SMTPC_EXPOSURE_##exposure, SMTPC_SPEECH_##speech)},
                                      SMTPC_MECHANISM_LIST(ROW)
#undef ROW
};

static const fuzz_row replies[] = {{"", 0u, 0u},
#define ROW(id, code, c, s, d, text, clause) \
  {text, LEN(text), JOIN(code, c, (s) << 8 | (d))},
                                   SMTPC_REPLY_LIST(ROW)
#undef ROW
};

static const fuzz_row findings[] = {{"", 0u, 0u},
#define ROW(id, text, severity, clause, meaning) \
  {text, LEN(text), SMTPC_SEVERITY_##severity},
                                    SMTPC_FINDING_LIST(ROW)
#undef ROW
};

static const fuzz_row quirks[] = {
#define ROW(id, number, text, finding, opens) \
  {text, LEN(text), JOIN((uint64_t)1 << (number), 0, SMTPC_FINDING_##finding)},
    SMTPC_QUIRK_LIST(ROW)
#undef ROW
};

static const fuzz_row profiles[] = {
#define ROW(id, text, opens, purpose) {text, LEN(text), (uint32_t)(opens)},
    SMTPC_PROFILE_LIST(ROW)
#undef ROW
};

static const fuzz_row limits[] = {
#define ROW(id, text, value, scope, extension, clause) \
  {text, LEN(text),                                    \
   JOIN(value, SMTPC_LIMIT_SCOPE_##scope, SMTPC_EXTENSION_##extension)},
    SMTPC_LIMIT_LIST(ROW)
#undef ROW
};

static const fuzz_row devices[] = {{"", 0u, 0u},
#define ROW(id, text, when) {text, LEN(text), 0u},
                                   SMTPC_DEVICE_LIST(ROW)
#undef ROW
};

static const fuzz_row deadlines[] = {
#define ROW(id, text, seconds, clause) {text, LEN(text), seconds},
    SMTPC_DEADLINE_LIST(ROW)
#undef ROW
};

#define NAME2(id, text) {text, LEN(text), 0u},
#define NAME3(id, text, what) {text, LEN(text), 0u},

static const fuzz_row ins[] = {SMTPC_IN_LIST(NAME2)};
static const fuzz_row dos[] = {SMTPC_DO_LIST(NAME2)};
static const fuzz_row ends[] = {SMTPC_END_LIST(NAME3)};
static const fuzz_row phases[] = {SMTPC_PHASE_LIST(NAME3)};
static const fuzz_row failures[] = {SMTPC_TLS_FAILURE_LIST(NAME3)};
static const fuzz_row bindings[] = {{"", 0u, 0u}, SMTPC_BINDING_LIST(NAME3)};
static const fuzz_row orders[] = {{"strong", 6u, 0u}, {"manual", 6u, 0u}};
static const fuzz_row severities[] = {{"note", 4u, 0u},
                                      {"refused", 7u, 0u},
                                      {"tolerated", 9u, 0u},
                                      {"downgrade", 9u, 0u},
                                      {"attack", 6u, 0u}};

// ------------------------------------------------------------- what is said

static fuzz_row verb(unsigned id) {
  const smtpc_verb_row r = smtpc_verb_get(id);
  return (fuzz_row){r.name, r.name_len, JOIN(0, r.argument, r.group)};
}

static fuzz_row extension(unsigned id) {
  const smtpc_extension_row r = smtpc_extension_get(id);
  return (fuzz_row){r.name, r.name_len, JOIN(r.value, r.channel, r.service)};
}

static fuzz_row attribute(unsigned id) {
  const smtpc_attribute_row r = smtpc_attribute_get(id);
  return (fuzz_row){r.name, r.name_len, JOIN(0, r.value, r.verbs)};
}

static fuzz_row param(unsigned id) {
  const smtpc_param_row r = smtpc_param_get(id);
  return (fuzz_row){r.name, r.name_len, JOIN(r.verb, r.value, r.extension)};
}

static fuzz_row mechanism(unsigned id) {
  const smtpc_mechanism_row r = smtpc_mechanism_get(id);
  return (fuzz_row){r.name, r.name_len, JOIN(0, r.exposure, r.speech)};
}

static fuzz_row reply(unsigned id) {
  const smtpc_reply_row r = smtpc_reply_get(id);
  return (fuzz_row){
      r.text, r.text_len,
      JOIN(r.code, r.enhanced_class,
           (unsigned)r.enhanced_subject << 8u | r.enhanced_detail)};
}

static fuzz_row finding(unsigned id) {
  const smtpc_finding_row r = smtpc_finding_get(id);
  return (fuzz_row){r.name, strlen(r.name), r.severity};
}

static fuzz_row quirk(unsigned id) {
  const smtpc_quirk_row r = smtpc_quirk_get(id);
  return (fuzz_row){r.name, strlen(r.name), JOIN(r.bit, 0, r.finding)};
}

static fuzz_row profile(unsigned id) {
  const smtpc_profile_row r = smtpc_profile_get(id);
  return (fuzz_row){r.name, strlen(r.name), r.quirks};
}

static fuzz_row limit(unsigned id) {
  const smtpc_limit_row r = smtpc_limit_get(id);
  return (fuzz_row){r.name, strlen(r.name),
                    JOIN(r.value, r.scope, r.extension)};
}

static fuzz_row device(unsigned id) {
  const smtpc_device_row r = smtpc_device_get(id);
  return (fuzz_row){r.text, strlen(r.text), 0u};
}

static fuzz_row deadline(unsigned id) {
  const smtpc_deadline_row r = smtpc_deadline_get(id);
  return (fuzz_row){r.name, strlen(r.name), r.seconds};
}

#define NAMED(function, name)                  \
  static fuzz_row function(unsigned id) {      \
    const char *const text = name(id);         \
    return (fuzz_row){text, strlen(text), 0u}; \
  }
NAMED(in_name, smtpc_in_name)
NAMED(do_name, smtpc_do_name)
NAMED(end_name, smtpc_end_name)
NAMED(phase_name, smtpc_phase_name)
NAMED(failure_name, smtpc_tls_failure_name)
NAMED(binding_name, smtpc_binding_name)
NAMED(order_name, smtpc_auth_order_name)
NAMED(severity_name, smtpc_severity_name)

// ------------------------------------------------------------------ the lists

#define LIST(get, rows) \
  { get, rows, sizeof rows / sizeof rows[0] }

const fuzz_list fuzz_lists[FUZZ_LISTS] = {
    LIST(verb, verbs),
    LIST(extension, extensions),
    LIST(attribute, attributes),
    LIST(param, params),
    LIST(mechanism, mechanisms),
    LIST(reply, replies),
    LIST(finding, findings),
    LIST(quirk, quirks),
    LIST(profile, profiles),
    LIST(limit, limits),
    LIST(device, devices),
    LIST(deadline, deadlines),
    LIST(in_name, ins),
    LIST(do_name, dos),
    LIST(end_name, ends),
    LIST(phase_name, phases),
    LIST(failure_name, failures),
    LIST(binding_name, bindings),
    LIST(order_name, orders),
    LIST(severity_name, severities),
};
