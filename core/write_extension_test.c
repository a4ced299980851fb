// Tests of `smtpcore/write.h`: the lines of an EHLO reply. What is written parses back to
// the facts that were meant.
#include <inttypes.h>
#include <stdio.h>

#include "core/write_testing.h"

static written extension_in(size_t cap, unsigned id, int last,
                            const smtpc_capabilities *facts) {
  written w = room(cap);
  w.status = smtpc_write_extension(w.data, w.cap, &w.len, id, last, facts);
  return w;
}

static written extension(unsigned id, int last,
                         const smtpc_capabilities *facts) {
  return extension_in(600u, id, last, facts);
}

static smtpc_capabilities capability(const written *w) {
  smtpc_capabilities caps;
  smtpc_capability_init(&caps);
  smtpc_capability_line(&caps, 2u, w->data, smtpc_span_make(4u, w->len - 2u),
                        0u);
  test_number(caps.marks & SMTPC_CAPS_MALFORMED, 0u);
  return caps;
}

static smtpc_capabilities some_facts(void) {
  smtpc_capabilities facts = {0};
  facts.size = 123456u;
  facts.mechanisms = SMTPC_MECHS_SPOKEN;
  facts.by_min = 60u;
  facts.hold_for = 999999999u;
  facts.hold_until = 1900000000u;
  facts.rcpt_max = 100u;
  facts.mail_max = 999999u;
  return facts;
}

static void test_write_extension_parses_back(void **state) {
  (void)state;
  const smtpc_capabilities facts = some_facts();
  smtpc_capabilities all = {0};
  for (unsigned id = 0u; id < SMTPC_EXTENSION_COUNT; id++) {
    for (int last = 0; last < 2; last++) {
      test_label("extension %u, last %d", id, last);
      written w = extension(id, last, &facts);
      test_number(w.status, SMTPC_OK);
      test_octets(w.data, 4u, last != 0 ? "250 " : "250-", 4u);
      test_number(capability(&w).offered, (uint32_t)1 << id);
      smtpc_capability_line(&all, 2u, w.data, smtpc_span_make(4u, w.len - 2u),
                            0u);
      check(w, SMTPC_OK, NULL);
    }
  }
  test_label("all of them");
  test_number(all.offered, UINT32_MAX);
  assert_true(all.size == facts.size && all.mechanisms == facts.mechanisms);
  assert_true(all.hold_until == facts.hold_until);
  test_number(all.by_min, facts.by_min);
  test_number(all.hold_for, facts.hold_for);
  test_number(all.rcpt_max, facts.rcpt_max);
  test_number(all.mail_max, facts.mail_max);
  for (unsigned id = 0u; id < SMTPC_ATTRIBUTE_COUNT; id++) {
    const uint8_t verbs = smtpc_attribute_get(id).verbs;
    test_label("attribute %u", id);
    test_number((all.xclient >> id) & 1u,
                verbs != SMTPC_ATTRIBUTE_VERBS_XFORWARD);
    test_number((all.xforward >> id) & 1u,
                verbs != SMTPC_ATTRIBUTE_VERBS_XCLIENT);
  }
  test_number(all.marks, SMTPC_CAPS_SIZE_LIMIT | SMTPC_CAPS_BURL_IMAP);
}

static void test_write_extension_size(void **state) {
  (void)state;
  const uint64_t sizes[] = {0u, 1u, 10240000u, UINT64_MAX};
  for (size_t i = 0u; i < COUNT_OF(sizes); i++) {
    char want[64];
    smtpc_capabilities facts = {0};
    facts.size = sizes[i];
    written w = extension(SMTPC_EXTENSION_SIZE, 0, &facts);
    const smtpc_capabilities caps = capability(&w);
    snprintf(want, sizeof want, "250-SIZE %" PRIu64 "\r\n", sizes[i]);
    test_label("%s", want);
    assert_true(caps.size == sizes[i]);
    // RFC 1870 section 4: 0 means that there is no limit.
    test_number(caps.marks, sizes[i] != 0u ? SMTPC_CAPS_SIZE_LIMIT : 0u);
    check(w, SMTPC_OK, want);
  }
}

// Each set of the first sixteen, and each mechanism alone.
static void test_write_extension_auth(void **state) {
  (void)state;
  for (uint32_t n = 0u; n < 65536u + 64u; n++) {
    smtpc_capabilities facts = {0};
    const uint64_t set = n < 65536u ? n : (uint64_t)1 << (n - 65536u);
    const bool ok = set != 0u && (set & ~SMTPC_MECHS_SPOKEN) == 0u;
    facts.mechanisms = set;
    test_label("mechanisms %#llx", (unsigned long long)set);
    written w = extension(SMTPC_EXTENSION_AUTH, 1, &facts);
    if (ok) {
      const smtpc_capabilities caps = capability(&w);
      assert_true(caps.mechanisms == set);
      test_number(caps.marks, 0u);
    }
    check(w, ok ? SMTPC_OK : SMTPC_E_ARGUMENT, NULL);
  }
  smtpc_capabilities two = {0};
  two.mechanisms = SMTPC_MECH(LOGIN) | SMTPC_MECH(PLAIN);
  check(extension(SMTPC_EXTENSION_AUTH, 0, &two), SMTPC_OK,
        "250-AUTH PLAIN LOGIN\r\n");
}

typedef struct row {
  unsigned id;
  smtpc_capabilities facts;
  smtpc_status status;
  const char *want;
} row;

static const row rows[] = {
    {SMTPC_EXTENSION_DELIVERBY, {.by_min = 0u}, SMTPC_OK, "250 DELIVERBY\r\n"},
    {SMTPC_EXTENSION_DELIVERBY,
     {.by_min = 999999999u},
     SMTPC_OK,
     "250 DELIVERBY 999999999\r\n"},
    {SMTPC_EXTENSION_DELIVERBY, {.by_min = 1000000000u}, SMTPC_E_ARGUMENT, ""},
    {SMTPC_EXTENSION_FUTURERELEASE,
     {.hold_for = 60u, .hold_until = 86400u},
     SMTPC_OK,
     "250 FUTURERELEASE 60 1970-01-02T00:00:00Z\r\n"},
    {SMTPC_EXTENSION_FUTURERELEASE, {.hold_for = 60u}, SMTPC_E_ARGUMENT, ""},
    {SMTPC_EXTENSION_FUTURERELEASE, {.hold_until = 60u}, SMTPC_E_ARGUMENT, ""},
    {SMTPC_EXTENSION_FUTURERELEASE,
     {.hold_for = 1000000000u, .hold_until = 60u},
     SMTPC_E_ARGUMENT,
     ""},
    {SMTPC_EXTENSION_FUTURERELEASE,
     {.hold_for = 1u, .hold_until = 253402300800u},
     SMTPC_E_ARGUMENT,
     ""},
    {SMTPC_EXTENSION_LIMITS,
     {.rcpt_max = 1u},
     SMTPC_OK,
     "250 LIMITS RCPTMAX=1\r\n"},
    {SMTPC_EXTENSION_LIMITS,
     {.mail_max = 999999u},
     SMTPC_OK,
     "250 LIMITS MAILMAX=999999\r\n"},
    {SMTPC_EXTENSION_LIMITS, {.mail_max = 1000000u}, SMTPC_E_ARGUMENT, ""},
    {SMTPC_EXTENSION_LIMITS, {0}, SMTPC_E_ARGUMENT, ""},
    {SMTPC_EXTENSION_XFORWARD,
     {0},
     SMTPC_OK,
     "250 XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE\r\n"},
    {SMTPC_EXTENSION_LIMITS,
     {.rcpt_max = 100u, .mail_max = 20u, .domain_max = 7u},
     SMTPC_OK,
     "250 LIMITS RCPTMAX=100 MAILMAX=20\r\n"},
    {SMTPC_EXTENSION_LIMITS,
     {.rcpt_max = 1000000u, .mail_max = 1u},
     SMTPC_E_ARGUMENT,
     ""},
    {SMTPC_EXTENSION_BURL, {0}, SMTPC_OK, "250 BURL imap\r\n"},
    {SMTPC_EXTENSION_COUNT, {0}, SMTPC_E_ARGUMENT, ""},
    {UINT32_MAX, {0}, SMTPC_E_ARGUMENT, ""},
};

static void test_write_extension_values(void **state) {
  (void)state;
  for (size_t i = 0u; i < COUNT_OF(rows); i++) {
    test_label("row %zu", i);
    check(extension(rows[i].id, 1, &rows[i].facts), rows[i].status,
          rows[i].want);
  }
}

// A keyword of the registry that has no row above stands alone: nothing of `facts`
// comes out that is not its value.
static void test_write_extension_bare(void **state) {
  (void)state;
  const smtpc_capabilities facts = some_facts();
  static const uint32_t with_value =
      SMTPC_OFFERS(SIZE) | SMTPC_OFFERS(AUTH) | SMTPC_OFFERS(DELIVERBY) |
      SMTPC_OFFERS(FUTURERELEASE) | SMTPC_OFFERS(LIMITS) |
      SMTPC_OFFERS(XCLIENT) | SMTPC_OFFERS(XFORWARD) | SMTPC_OFFERS(BURL);
  for (unsigned id = 0u; id < SMTPC_EXTENSION_COUNT; id++) {
    char want[64];
    snprintf(want, sizeof want, "250-%s\r\n", smtpc_extension_get(id).name);
    test_label("extension %u", id);
    written w = extension(id, 0, &facts);
    const bool bare = w.len == strlen(want);
    test_number(bare, (with_value >> id & 1u) == 0u);
    check(w, SMTPC_OK, bare ? want : NULL);
  }
}

// THREATS INJ-05: each line in each room.
static void test_write_extension_never_cuts(void **state) {
  (void)state;
  const smtpc_capabilities facts = some_facts();
  for (unsigned id = 0u; id < SMTPC_EXTENSION_COUNT; id++) {
    written w = extension(id, 0, &facts);
    for (size_t cap = 0u; cap <= w.len; cap++) {
      test_label("extension %u, cap %zu", id, cap);
      check(extension_in(cap, id, 0, &facts),
            cap == w.len ? SMTPC_OK : SMTPC_E_ROOM, NULL);
    }
    free(w.data);
  }
}

// Random facts are read as they were meant, and those that cannot be said are refused.
static void test_write_extension_random_facts(void **state) {
  (void)state;
  static const unsigned ids[] = {
      SMTPC_EXTENSION_SIZE, SMTPC_EXTENSION_DELIVERBY,
      SMTPC_EXTENSION_FUTURERELEASE, SMTPC_EXTENSION_LIMITS};
  uint64_t seed = 5u;
  for (unsigned n = 0u; n < 100000u; n++) {
    smtpc_capabilities facts = {0};
    const unsigned id = ids[n % COUNT_OF(ids)];
    const unsigned shift = test_random(&seed) % 32u;
    facts.size = (uint64_t)test_random(&seed) << test_random(&seed) % 33u;
    facts.by_min = test_random(&seed) >> shift;
    facts.hold_for = test_random(&seed) >> test_random(&seed) % 32u;
    facts.hold_until = (uint64_t)test_random(&seed) << shift >> 20u;
    facts.rcpt_max = test_random(&seed) >> test_random(&seed) % 33u / 2u;
    facts.mail_max = test_random(&seed) % 3u == 0u
                         ? 0u
                         : test_random(&seed) >> (8u + shift / 2u);
    const bool ok[] = {
        true, facts.by_min <= 999999999u,
        facts.hold_for != 0u && facts.hold_for <= 999999999u &&
            facts.hold_until != 0u && facts.hold_until < 253402300800u,
        (facts.rcpt_max | facts.mail_max) != 0u && facts.rcpt_max <= 999999u &&
            facts.mail_max <= 999999u};
    test_label("round %u, extension %u", n, id);
    written w = extension(id, 1, &facts);
    if (w.status == SMTPC_OK) {
      const smtpc_capabilities caps = capability(&w);
      assert_true(n % 4u != 0u || caps.size == facts.size);
      assert_true(n % 4u != 1u || caps.by_min == facts.by_min);
      assert_true(n % 4u != 2u || (caps.hold_for == facts.hold_for &&
                                   caps.hold_until == facts.hold_until));
      assert_true(n % 4u != 3u || (caps.rcpt_max == facts.rcpt_max &&
                                   caps.mail_max == facts.mail_max));
    }
    check(w, ok[n % 4u] ? SMTPC_OK : SMTPC_E_ARGUMENT, NULL);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_write_extension_parses_back),
      cmocka_unit_test(test_write_extension_size),
      cmocka_unit_test(test_write_extension_auth),
      cmocka_unit_test(test_write_extension_values),
      cmocka_unit_test(test_write_extension_bare),
      cmocka_unit_test(test_write_extension_never_cuts),
      cmocka_unit_test(test_write_extension_random_facts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
