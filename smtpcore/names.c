#include "smtpcore/names.h"

#include <stdio.h>
#include <string.h>

#include "smtpcore/options.h"
#include "smtpcore/policy.h"
#include "smtpcore/registry.h"
#include "smtpcore/span.h"

#define DEADLINE_SECONDS_MAX 86400u

// ------------------------------------------------------------ lists of names
//
// A list is a function from a number to a name. The bit of a name in a set is that
// of its number.

typedef const char *(*name_fn)(unsigned id);

static const char *extension_name(unsigned id) {
  return smtpc_extension_get(id).name;
}

static const char *parameter_name(unsigned id) {
  return smtpc_param_get(id).name;
}

static const char *mechanism_name(unsigned id) {
  return smtpc_mechanism_get(id).name;
}

static const char *deadline_name(unsigned id) {
  return smtpc_deadline_get(id).name;
}

static const char *profile_name(unsigned id) {
  return smtpc_profile_get(id).name;
}

static bool is_in(uint64_t set, unsigned id) {
  return ((set >> id) & 1u) != 0u;
}

// Adds `name` to the list in `out`, as far as there is room.
static void add_name(char *out, size_t cap, const char *name) {
  const size_t used = strlen(out);
  (void)snprintf(out + used, cap - used, "%s%s", used > 0u ? ", " : "", name);
}

static void list_names(name_fn name, unsigned count, uint64_t allowed,
                       char *out, size_t cap) {
  out[0] = '\0';
  for (unsigned id = 0u; id < count; id++) {
    if (is_in(allowed, id)) {
      add_name(out, cap, name(id));
    }
  }
}

// The number of the name `text[0 .. len)`, of those that are allowed; else `count`.
static unsigned find_name(name_fn name, unsigned count, uint64_t allowed,
                          const char *text, size_t len) {
  for (unsigned id = 0u; id < count; id++) {
    if (is_in(allowed, id) && len == strlen(name(id)) &&
        smtpc_span_is((const uint8_t *)text, smtpc_span_make(0u, len), name(id),
                      len)) {
      return id;
    }
  }
  return count;
}

bool smtpc_name_extension(const char *text, uint32_t allowed, uint32_t *set) {
  const unsigned id = find_name(extension_name, SMTPC_EXTENSION_COUNT, allowed,
                                text, strlen(text));
  *set |= id < SMTPC_EXTENSION_COUNT ? (uint32_t)1 << id : 0u;
  return id < SMTPC_EXTENSION_COUNT;
}

bool smtpc_name_parameter(const char *text, uint32_t allowed, uint32_t *set) {
  const unsigned id =
      find_name(parameter_name, SMTPC_PARAM_COUNT, allowed, text, strlen(text));
  *set |= id < SMTPC_PARAM_COUNT ? (uint32_t)1 << id : 0u;
  return id < SMTPC_PARAM_COUNT;
}

bool smtpc_name_mechanisms(const char *text, uint64_t allowed, uint64_t *set) {
  uint64_t named = 0u;
  for (const char *rest = text; rest != NULL;) {
    const size_t len = strcspn(rest, ",");
    const unsigned id =
        find_name(mechanism_name, SMTPC_MECHANISM_COUNT, allowed, rest, len);
    if (id == SMTPC_MECHANISM_COUNT) {
      return false;
    }
    named |= (uint64_t)1 << id;
    rest = rest[len] == ',' ? rest + len + 1u : NULL;
  }
  *set |= named;
  return true;
}

void smtpc_names_extensions(uint32_t allowed, char *out, size_t cap) {
  list_names(extension_name, SMTPC_EXTENSION_COUNT, allowed, out, cap);
}

void smtpc_names_parameters(uint32_t allowed, char *out, size_t cap) {
  list_names(parameter_name, SMTPC_PARAM_COUNT, allowed, out, cap);
}

void smtpc_names_mechanisms(uint64_t allowed, char *out, size_t cap) {
  list_names(mechanism_name, SMTPC_MECHANISM_COUNT, allowed, out, cap);
}

void smtpc_names_profiles(char *out, size_t cap) {
  list_names(profile_name, SMTPC_PROFILE_COUNT, UINT64_MAX, out, cap);
}

// ---------------------------------------------------------------- deadlines

void smtpc_names_deadlines(char *out, size_t cap) {
  list_names(deadline_name, SMTPC_DEADLINE_COUNT, UINT64_MAX, out, cap);
}

bool smtpc_name_deadline(const char *text, smtpc_net_deadlines *deadlines) {
  const char *equals = strchr(text, '=');
  uint64_t seconds = 0u;
  if (equals == NULL ||
      !smtpc_option_number(equals + 1, 1u, DEADLINE_SECONDS_MAX, &seconds)) {
    return false;
  }
  const size_t len = (size_t)(equals - text);
  for (unsigned id = 0u; id < SMTPC_DEADLINE_COUNT; id++) {
    const char *name = deadline_name(id);
    if (strlen(name) == len && memcmp(name, text, len) == 0) {
      deadlines->seconds[id] = (uint32_t)seconds;
      return true;
    }
  }
  return false;
}

// ------------------------------------------------------------------- quirks

// Names of our own: their case counts.
static uint32_t quirk_bit(const char *text, size_t len, uint32_t allowed) {
  smtpc_quirk_row row = smtpc_quirk_get(0u);
  for (unsigned i = 1u; row.bit != 0u; i++) {
    if ((allowed & row.bit) != 0u && strlen(row.name) == len &&
        memcmp(text, row.name, len) == 0) {
      return row.bit;
    }
    row = smtpc_quirk_get(i);
  }
  return 0u;
}

bool smtpc_name_quirk(const char *text, uint32_t allowed, uint32_t *set) {
  const uint32_t bit = quirk_bit(text, strlen(text), allowed);
  *set |= bit;
  return bit != 0u;
}

void smtpc_names_quirks(uint32_t allowed, char *out, size_t cap) {
  smtpc_quirk_row row = smtpc_quirk_get(0u);
  out[0] = '\0';
  for (unsigned i = 1u; row.bit != 0u; i++) {
    if ((allowed & row.bit) != 0u) {
      add_name(out, cap, row.name);
    }
    row = smtpc_quirk_get(i);
  }
}

// ---------------------------------------------------------- what may be named

static uint32_t extensions_of(unsigned service) {
  uint32_t set = 0u;
  for (unsigned id = 0u; id < SMTPC_EXTENSION_COUNT; id++) {
    if (smtpc_extension_get(id).service == service) {
      set |= (uint32_t)1 << id;
    }
  }
  return set;
}

uint32_t smtpc_names_offer(void) {
  return extensions_of(SMTPC_SERVICE_CHOICE) &
         ~(SMTPC_OFFERS(XCLIENT) | SMTPC_OFFERS(XFORWARD));
}

uint32_t smtpc_names_no_offer(void) {
  return extensions_of(SMTPC_SERVICE_DEFAULT) |
         extensions_of(SMTPC_SERVICE_CHOICE);
}

// The policy's own check says which these are.
uint32_t smtpc_names_drop(void) {
  smtpc_client_policy policy;
  uint32_t set = 0u;
  smtpc_client_policy_init(&policy);
  for (unsigned id = 0u; id < SMTPC_PARAM_COUNT; id++) {
    policy.drop = (uint32_t)1 << id;
    if (smtpc_client_policy_check(&policy) == SMTPC_OK) {
      set |= policy.drop;
    }
  }
  return set;
}

// ------------------------------------------------------------- ranges of peers

static bool read_range(const char *text, smtpc_range *out) {
  const size_t len = strlen(text);
  return len > 0u && len < 64u &&
         smtpc_range_parse((const uint8_t *)text, smtpc_span_make(0u, len),
                           out) == SMTPC_OK;
}

smtpc_named smtpc_ranges_add(smtpc_ranges *ranges, const char *text) {
  smtpc_range range;
  if (!read_range(text, &range)) {
    return SMTPC_NAMED_RANGE;
  }
  if (ranges->count >= SMTPC_RANGES_MAX) {
    return SMTPC_NAMED_MANY;
  }
  ranges->list[ranges->count] = range;
  ranges->count++;
  return SMTPC_NAMED_OK;
}

// Gives `quirks` to the peers that are named after the `@` in `text`, else to all.
static smtpc_named add_rule(smtpc_rules *rules, const char *text,
                            uint32_t quirks) {
  const char *at = strchr(text, '@');
  smtpc_quirk_rule rule;
  if (at == NULL) {
    rules->always |= quirks;
    return SMTPC_NAMED_OK;
  }
  rule.quirks = quirks;
  if (!read_range(at + 1, &rule.range)) {
    return SMTPC_NAMED_RANGE;
  }
  if (rules->count >= SMTPC_RANGES_MAX) {
    return SMTPC_NAMED_MANY;
  }
  rules->list[rules->count] = rule;
  rules->count++;
  return SMTPC_NAMED_OK;
}

smtpc_named smtpc_rules_add_quirk(smtpc_rules *rules, const char *text,
                                  uint32_t allowed) {
  const uint32_t bit = quirk_bit(text, strcspn(text, "@"), allowed);
  return bit == 0u ? SMTPC_NAMED_NAME : add_rule(rules, text, bit);
}

smtpc_named smtpc_rules_add_profile(smtpc_rules *rules, const char *text,
                                    uint32_t allowed) {
  const size_t len = strcspn(text, "@");
  for (unsigned id = 0u; id < SMTPC_PROFILE_COUNT; id++) {
    const smtpc_profile_row row = smtpc_profile_get(id);
    if (strlen(row.name) == len && memcmp(text, row.name, len) == 0) {
      return add_rule(rules, text, row.quirks & allowed);
    }
  }
  return SMTPC_NAMED_NAME;
}

uint32_t smtpc_rules_any(const smtpc_rules *rules) {
  uint32_t set = rules->always;
  for (size_t i = 0u; i < rules->count; i++) {
    set |= rules->list[i].quirks;
  }
  return set;
}

// --------------------------------------------------------------------- options

static void fail_with_names(const struct argp_state *state, const char *option,
                            const char *text, const char *names) {
  char want[SMTPC_NAMES_MAX + 32u];
  (void)snprintf(want, sizeof want, "want one of %s", names);
  smtpc_option_fail(state, option, text, want);
}

void smtpc_names_take(const struct argp_state *state, const char *option,
                      const char *text, smtpc_names_list list, uint32_t allowed,
                      uint32_t *set) {
  char names[SMTPC_NAMES_MAX] = "";
  bool good = false;
  switch (list) {
    case SMTPC_LIST_EXTENSIONS:
      good = smtpc_name_extension(text, allowed, set);
      smtpc_names_extensions(allowed, names, sizeof names);
      break;
    case SMTPC_LIST_PARAMETERS:
      good = smtpc_name_parameter(text, allowed, set);
      smtpc_names_parameters(allowed, names, sizeof names);
      break;
    case SMTPC_LIST_QUIRKS:
      good = smtpc_name_quirk(text, allowed, set);
      smtpc_names_quirks(allowed, names, sizeof names);
      break;
  }
  if (!good) {
    fail_with_names(state, option, text, names);
  }
}

void smtpc_names_take_mechanisms(const struct argp_state *state,
                                 const char *option, const char *text,
                                 uint64_t allowed, uint64_t *set) {
  char names[SMTPC_NAMES_MAX];
  char want[SMTPC_NAMES_MAX + 64u];
  if (!smtpc_name_mechanisms(text, allowed, set)) {
    smtpc_names_mechanisms(allowed, names, sizeof names);
    (void)snprintf(want, sizeof want, "want some of %s with commas between",
                   names);
    smtpc_option_fail(state, option, text, want);
  }
}

void smtpc_names_take_deadline(const struct argp_state *state, const char *text,
                               smtpc_net_deadlines *deadlines) {
  char names[SMTPC_NAMES_MAX];
  char want[SMTPC_NAMES_MAX + 64u];
  if (!smtpc_name_deadline(text, deadlines)) {
    smtpc_names_deadlines(names, sizeof names);
    (void)snprintf(want, sizeof want,
                   "want NAME=SECONDS, 1 to 86400, with NAME one of %s", names);
    smtpc_option_fail(state, "--deadline", text, want);
  }
}

static void take_named(const struct argp_state *state, const char *option,
                       const char *text, smtpc_named named, const char *names) {
  switch (named) {
    case SMTPC_NAMED_OK:
      break;
    case SMTPC_NAMED_NAME:
      fail_with_names(state, option, text, names);
      break;
    case SMTPC_NAMED_RANGE:
      smtpc_option_fail(state, option, text,
                        "want an address, or ADDRESS/PREFIX with no bit set "
                        "behind the prefix, such as 192.0.2.0/24 or "
                        "2001:db8::/32");
      break;
    case SMTPC_NAMED_MANY:
      smtpc_option_fail(state, option, text, "there can be at most 64 ranges");
      break;
  }
}

void smtpc_ranges_take(const struct argp_state *state, const char *option,
                       const char *text, smtpc_ranges *ranges) {
  take_named(state, option, text, smtpc_ranges_add(ranges, text), "");
}

void smtpc_rules_take_quirk(const struct argp_state *state, const char *text,
                            uint32_t allowed, smtpc_rules *rules) {
  char names[SMTPC_NAMES_MAX];
  smtpc_names_quirks(allowed, names, sizeof names);
  take_named(state, "--quirk", text,
             smtpc_rules_add_quirk(rules, text, allowed), names);
}

void smtpc_rules_take_profile(const struct argp_state *state, const char *text,
                              uint32_t allowed, smtpc_rules *rules) {
  char names[SMTPC_NAMES_MAX];
  smtpc_names_profiles(names, sizeof names);
  take_named(state, "--profile", text,
             smtpc_rules_add_profile(rules, text, allowed), names);
}
