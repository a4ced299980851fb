// A number that is in a list has that list's row and name, and any other number has a row
// of zeros with the name "".
//
// The input is a number of up to four octets, least first, which all lists are asked for
// as it is, and brought down to a number of their own; and the first that is not theirs.
// What they must say is expanded once more from the lists of the headers.
//
// Laws: MODEL, ROUNDTRIP, MISUSE, PURE.
#include <string.h>

#include "fuzz/harness/law.h"
#include "fuzz/harness/rows.h"
#include "fuzz/harness/target.h"
#include "smtpcore/command.h"
#include "smtpcore/policy.h"

const unsigned fuzz_target_kind = FUZZ_KIND_TOKENS;

static void check_row(const fuzz_list *l, unsigned id) {
  static const fuzz_row nothing = {"", 0u, 0u};
  const fuzz_row want = id < l->count ? l->rows[id] : nothing;
  const fuzz_row have = l->get(id);
  FUZZ_MUST(MODEL, strcmp(have.name, want.name) == 0,
            "number %u is \"%s\" and not \"%s\"", id, have.name, want.name);
  FUZZ_MUST(MODEL, have.len == want.len, "\"%s\" has %zu octets, not %zu",
            want.name, have.len, want.len);
  FUZZ_MUST(MODEL, have.rest == want.rest || id >= l->count,
            "\"%s\" has another row", want.name);
  FUZZ_MUST(MISUSE, have.rest == 0u || id < l->count,
            "number %u, which is none, has a row", id);
}

// Law ROUNDTRIP: a name is found again, in upper and in lower case.
static void check_found(unsigned id) {
  uint8_t text[64];
  const fuzz_row v = fuzz_lists[FUZZ_LIST_VERB].get(id);
  const fuzz_row m = fuzz_lists[FUZZ_LIST_MECHANISM].get(id);
  FUZZ_MUST(HARNESS, v.len < sizeof text && m.len < sizeof text, "a long name");
  for (size_t i = 0u; i < v.len; i++) {
    const uint8_t c = (uint8_t)v.name[i];
    text[i] = c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20u) : c;
  }
  const smtpc_span all = smtpc_span_make(0u, v.len);
  FUZZ_MUST(ROUNDTRIP, smtpc_verb_find((const uint8_t *)v.name, all) == id,
            "\"%s\" is another verb", v.name);
  FUZZ_MUST(ROUNDTRIP, smtpc_verb_find(text, all) == id,
            "\"%s\" in lower case is another verb", v.name);
  const smtpc_span word = smtpc_span_make(0u, m.len);
  FUZZ_MUST(ROUNDTRIP,
            smtpc_mechanism_find((const uint8_t *)m.name, word) ==
                (m.len > 0u ? id : (unsigned)SMTPC_MECHANISM_NONE),
            "\"%s\" is another mechanism", m.name);
}

// Every decision can name its clause, and what is not in the table has none.
static void check_table(unsigned id) {
  const int verb_is = id > 0u && id < fuzz_lists[FUZZ_LIST_VERB].count;
  FUZZ_MUST(POLICY, (smtpc_policy_clause(id)[0] != '\0') == verb_is,
            "verb %u and its clause", id);
  for (unsigned phase = 0u; verb_is == 0 && phase < 8u; phase++) {
    FUZZ_MUST(MISUSE, smtpc_policy_cell(id, phase) == SMTPC_REPLY_VERB_UNKNOWN,
              "verb %u has a row", id);
  }
  FUZZ_MUST(
      MISUSE,
      id < fuzz_lists[FUZZ_LIST_PHASE].count ||
          smtpc_policy_cell(SMTPC_VERB_NOOP, id) == SMTPC_REPLY_VERB_UNKNOWN,
      "phase %u has a column", id);
}

// The orders of mechanisms: no row is beyond an order, nor an order beyond the two.
static void check_orders(unsigned id) {
  const unsigned order = id % 4u;
  unsigned known = 1u;
  for (unsigned index = 0u; index < 16u; index++) {
    const smtpc_auth_choice choice = smtpc_auth_choice_get(order, index);
    FUZZ_MUST(POLICY, known != 0u || choice.mechanism == SMTPC_MECHANISM_NONE,
              "order %u has a row behind its end", order);
    known = choice.mechanism != SMTPC_MECHANISM_NONE;
    FUZZ_MUST(MISUSE,
              (order < SMTPC_AUTH_ORDER_COUNT && index < 11u) || known == 0u,
              "order %u has row %u", order, index);
    FUZZ_MUST(SECRET,
              order != SMTPC_AUTH_ORDER_STRONG || choice.tls_only != 0u ||
                  (choice.mechanism != SMTPC_MECHANISM_PLAIN &&
                   choice.mechanism != SMTPC_MECHANISM_LOGIN),
              "a password in clear");
    FUZZ_MUST(POLICY, index > 0u || known == (order < SMTPC_AUTH_ORDER_COUNT),
              "order %u begins with mechanism %u", order, choice.mechanism);
  }
  const smtpc_auth_choice far = smtpc_auth_choice_get(id, id);
  FUZZ_MUST(MISUSE,
            id < SMTPC_AUTH_ORDER_COUNT ||
                (far.mechanism == SMTPC_MECHANISM_NONE && far.tls_only == 0u),
            "order %u has a row", id);
}

// A status has one class at most, by its number alone, and the name of its list.
static void check_status(unsigned id) {
  const smtpc_status status = (smtpc_status)(id & 0x7fu);
  const char *name = "unknown";
#define STATUS(is, value, text) \
  if (status == is) {           \
    name = text;                \
  }
  SMTPC_STATUS_LIST(STATUS)
#undef STATUS
  FUZZ_MUST(MODEL, strcmp(smtpc_status_name(status), name) == 0,
            "status %u is \"%s\" and not \"%s\"", id & 0x7fu,
            smtpc_status_name(status), name);
  const unsigned classes = (smtpc_status_is_more(status) ? 1u : 0u) |
                           (smtpc_status_is_misuse(status) ? 2u : 0u) |
                           (smtpc_status_is_malformed(status) ? 4u : 0u) |
                           (smtpc_status_is_limit(status) ? 8u : 0u) |
                           (smtpc_status_is_internal(status) ? 16u : 0u);
  const unsigned n = id & 0x7fu;
  const unsigned want = n == 0u || n >= 120u ? 0u
                        : n < 16u            ? 1u
                        : n < 32u            ? 2u
                        : n < 96u            ? 4u
                        : n < 112u           ? 8u
                                             : 16u;
  FUZZ_MUST(MODEL, classes == want, "status %u is of classes %u", n, classes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  unsigned number = 0u;
  if (size > 4u) {
    return -1;
  }
  for (size_t i = 0u; i < size; i++) {
    number |= (unsigned)data[i] << (8u * i);
  }
  for (size_t k = 0u; k < FUZZ_LISTS; k++) {
    check_row(&fuzz_lists[k], fuzz_lists[k].count);
    check_row(&fuzz_lists[k], number % fuzz_lists[k].count);
    check_row(&fuzz_lists[k], number);
  }
  check_found(number % fuzz_lists[FUZZ_LIST_VERB].count);
  check_table(number);
  check_table(fuzz_lists[FUZZ_LIST_VERB].count);
  check_orders(number);
  check_status(number);
  return 0;
}
