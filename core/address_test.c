// Address: every way to write one, beside the neighbours that are refused, and
// against the C library's inet_pton; ranges with each prefix; quirks by range.
#include "smtpcore/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/model/proxy_model.h"
#include "core/testing.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

// Results are compared octet by octet.
_Static_assert(sizeof(smtpc_address) == 17u, "smtpc_address has no padding");
_Static_assert(sizeof(smtpc_range) == 18u, "smtpc_range has no padding");

static const smtpc_address no_address = {0};

static smtpc_status parse(const char *text, smtpc_address *out) {
  uint8_t *const copy = test_copy(text, strlen(text));
  memset(out, 0xa5, sizeof *out);
  const smtpc_status status =
      smtpc_address_parse(copy, smtpc_span_make(0u, strlen(text)), out);
  free(copy);
  return status;
}

static smtpc_address address_of(const char *text) {
  smtpc_address address;
  test_label("%s", text);
  test_number(parse(text, &address), SMTPC_OK);
  return address;
}

static smtpc_status parse_range(const char *text, smtpc_range *out) {
  uint8_t *const copy = test_copy(text, strlen(text));
  memset(out, 0xa5, sizeof *out);
  const smtpc_status status =
      smtpc_range_parse(copy, smtpc_span_make(0u, strlen(text)), out);
  free(copy);
  return status;
}

static smtpc_range range_of(const char *text) {
  smtpc_range range;
  test_label("%s", text);
  test_number(parse_range(text, &range), SMTPC_OK);
  return range;
}

// ------------------------------------------------------------------- addresses

// pton is what the C library makes of `text`, as we store it.
static smtpc_address pton(const char *text) {
  smtpc_address want = {0};
  uint8_t octets[16];
  static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255};
  if (inet_pton(AF_INET, text, want.octets) == 1) {
    want.family = SMTPC_FAMILY_IPV4;
  } else if (inet_pton(AF_INET6, text, octets) == 1) {
    const bool carries = memcmp(octets, mapped, sizeof mapped) == 0;
    want.family = carries ? SMTPC_FAMILY_IPV4 : SMTPC_FAMILY_IPV6;
    memcpy(want.octets, carries ? octets + 12 : octets, carries ? 4u : 16u);
  } else {
    memset(&want, 0, sizeof want);
  }
  return want;
}

static bool test_equals_pton(const char *text) {
  smtpc_address have;
  smtpc_address model;
  const smtpc_address want = pton(text);
  const smtpc_status status = parse(text, &have);
  test_label("%s", text);
  test_octets(&have, sizeof have, &want, sizeof want);
  // The model of the PROXY header has an address too.
  assert_true(model_address(text, strlen(text), &model) ==
              (want.family != SMTPC_FAMILY_NONE));
  test_octets(&model, sizeof model, &want, sizeof want);
  test_number(status, want.family == SMTPC_FAMILY_NONE ? SMTPC_E_ADDRESS_LITERAL
                                                       : SMTPC_OK);
  return status == SMTPC_OK;
}

static void test_address_reads_each_form(void **state) {
  (void)state;
  static const struct {
    const char *text;
    smtpc_address want;
  } rows[] = {
      {"0.0.0.0", {SMTPC_FAMILY_IPV4, {0}}},
      {"192.0.2.1", {SMTPC_FAMILY_IPV4, {192, 0, 2, 1}}},
      {"255.255.255.255", {SMTPC_FAMILY_IPV4, {255, 255, 255, 255}}},
      {"::", {SMTPC_FAMILY_IPV6, {0}}},
      {"::1",
       {SMTPC_FAMILY_IPV6, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}}},
      {"1::", {SMTPC_FAMILY_IPV6, {0, 1}}},
      {"2001:dB8::aF:0",
       {SMTPC_FAMILY_IPV6,
        {0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xaf}}},
      {"1:2:3:4:5:6:7:8",
       {SMTPC_FAMILY_IPV6, {0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8}}},
      {"::2:3:4:5:6:7:8",
       {SMTPC_FAMILY_IPV6, {0, 0, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8}}},
      {"1:2:3:4:5:6:7::",
       {SMTPC_FAMILY_IPV6, {0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 0}}},
      {"64:ff9b::192.0.2.33",
       {SMTPC_FAMILY_IPV6,
        {0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, 192, 0, 2, 33}}},
      {"1:2:3:4:5:6:9.8.7.6",
       {SMTPC_FAMILY_IPV6, {0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 9, 8, 7, 6}}},
      // What IPv6 carries is IPv4, however it is written.
      {"::ffff:192.0.2.1", {SMTPC_FAMILY_IPV4, {192, 0, 2, 1}}},
      {"::FFFF:c000:0201", {SMTPC_FAMILY_IPV4, {192, 0, 2, 1}}},
      {"0:0:0:0:0:ffff:1.2.3.4", {SMTPC_FAMILY_IPV4, {1, 2, 3, 4}}},
      {"::1.2.3.4",
       {SMTPC_FAMILY_IPV6, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4}}},
      {"::ffff:0:1.2.3.4",
       {SMTPC_FAMILY_IPV6,
        {0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 1, 2, 3, 4}}},
  };
  for (size_t i = 0u; i < COUNT_OF(rows); i++) {
    const smtpc_address have = address_of(rows[i].text);
    test_octets(&have, sizeof have, &rows[i].want, sizeof have);
    assert_true(test_equals_pton(rows[i].text));
  }
}

static void test_address_refuses_the_neighbours(void **state) {
  (void)state;
  static const char *const rows[] = {
      "",
      " ",
      ".",
      ":",
      ":::",
      "1",
      "1.2.3",
      "1.2.3.",
      ".1.2.3",
      "1.2.3.4.",
      "1.2.3.4.5",
      "1..2.3",
      "1.2.3.256",
      "1.2.3.999",
      "1.2.3.1234",
      "01.2.3.4",
      "1.2.3.04",
      "1.2.3.00",
      "0x1.2.3.4",
      "1.2.3.4 ",
      " 1.2.3.4",
      "+1.2.3.4",
      "-1.2.3.4",
      "1.2.3.4/32",
      "1.2.3.a",
      "16909060",
      "1:2:3:4:5:6:7",
      "1:2:3:4:5:6:7:8:9",
      "1:2:3:4:5:6:7:8:",
      ":1:2:3:4:5:6:7:8",
      "1:2:3:4:5:6:7:8::",
      "::1:2:3:4:5:6:7:8",
      "1:2:3:4::5:6:7:8",
      "1::2::3",
      "1:::2",
      "1:",
      ":1",
      "::1:",
      "::12345",
      "::g",
      "::1 ",
      "::1%eth0",
      "::1/128",
      "[::1]",
      "IPv6:::1",
      "::1.2.3",
      "::1.2.3.4.5",
      "::1.2.3.04",
      "::256.2.3.4",
      "::a.2.3.4",
      "1.2.3.4::",
      "::1.2.3.4:5",
      "1:2:3:4:5:6:7:1.2.3.4",
      "1:2:3:4:5:6:7:8:1.2.3.4",
      "1:2:3:4:5:1.2.3.4",
      // Octets that would be a length, were they written behind the address.
      "1:2:3:4:5:6:7:1.2.12.0",
      "::1:2:3:4:5:6:7:1.2.8.0",
      "::ffff:1.2.3",
  };
  for (size_t i = 0u; i < COUNT_OF(rows); i++) {
    assert_false(test_equals_pton(rows[i]));
  }
}

static void test_address_reads_no_octet_but_its_span(void **state) {
  (void)state;
  const uint8_t text[] = "x192.0.2.1y";
  smtpc_address have;
  test_label("inside");
  test_number(smtpc_address_parse(text, smtpc_span_make(1u, 10u), &have),
              SMTPC_OK);
  test_number(smtpc_address_parse(text, smtpc_span_make(0u, 10u), &have),
              SMTPC_E_ADDRESS_LITERAL);
  test_number(smtpc_address_parse(text, smtpc_span_make(1u, 11u), &have),
              SMTPC_E_ADDRESS_LITERAL);
  test_number(smtpc_address_parse((const uint8_t *)"1.2.3.4\0",
                                  (smtpc_span){0, 8}, &have),
              SMTPC_E_ADDRESS_LITERAL);
  test_label("very long");
  uint8_t *const zeros = malloc(65535u);
  assert_non_null(zeros);
  memset(zeros, '0', 65535u);
  test_number(smtpc_address_parse(zeros, smtpc_span_make(0u, 65535u), &have),
              SMTPC_E_ADDRESS_LITERAL);
  memset(zeros, ':', 65535u);
  test_number(smtpc_address_parse(zeros, smtpc_span_make(0u, 65535u), &have),
              SMTPC_E_ADDRESS_LITERAL);
  free(zeros);
}

static void test_address_equals_pton_for_every_short_text(void **state) {
  (void)state;
  static const char alphabet[] = "01:.f";
  const size_t base = sizeof alphabet - 1u;
  size_t taken = 0u;
  for (size_t len = 1u; len <= 8u; len++) {
    size_t count = 1u;
    for (size_t k = 0u; k < len; k++) {
      count *= base;
    }
    for (size_t n = 0u; n < count; n++) {
      char text[9] = {0};
      size_t left = n;
      for (size_t k = 0u; k < len; k++) {
        text[k] = alphabet[left % base];
        left /= base;
      }
      taken += test_equals_pton(text) ? 1u : 0u;
    }
  }
  assert_true(taken > 1000u);
}

// make_text writes an address as the C library does, or groups one by one.
static void make_text(char *text, uint64_t *seed) {
  uint8_t octets[16];
  const uint32_t sparse = test_random(seed) & test_random(seed);
  for (unsigned k = 0u; k < 16u; k++) {
    octets[k] = (sparse >> k & 1u) != 0u ? (uint8_t)test_random(seed) : 0u;
  }
  const uint32_t how = test_random(seed) % 4u;
  if (how == 0u) {
    assert_non_null(inet_ntop(AF_INET, octets, text, 64));
  } else if (how == 1u) {
    memset(octets, 0, 10u);
    octets[10] = octets[11] = (test_random(seed) & 1u) != 0u ? 255u : 0u;
    assert_non_null(inet_ntop(AF_INET6, octets, text, 64));
  } else {
    assert_non_null(inet_ntop(AF_INET6, octets, text, 64));
  }
}

static void mutate(char *text, uint64_t *seed) {
  static const char odd[] = ":.0123456789abcdefABCDEFg%/ ";
  const uint32_t times = test_random(seed) % 4u;
  for (uint32_t n = 0u; n < times && text[0] != '\0'; n++) {
    const size_t len = strlen(text);
    const size_t at = test_random(seed) % len;
    const uint32_t how = test_random(seed) % 3u;
    if (how == 0u) {
      text[at] = odd[test_random(seed) % (sizeof odd - 1u)];
    } else if (how == 1u) {
      memmove(text + at, text + at + 1, len - at);
    } else {
      memmove(text + at + 1, text + at, len - at + 1u);
    }
  }
}

static void test_address_equals_pton_for_mutated_texts(void **state) {
  (void)state;
  uint64_t seed = 4291u;
  size_t taken = 0u;
  for (unsigned n = 0u; n < 400000u; n++) {
    char text[80];
    make_text(text, &seed);
    mutate(text, &seed);
    taken += test_equals_pton(text) ? 1u : 0u;
  }
  assert_in_range(taken, 100000u, 300000u);
}

static void test_address_make_knows_two_families(void **state) {
  (void)state;
  static const uint8_t octets[16] = {0, 0, 0,    0,    0, 0, 0, 0,
                                     0, 0, 0xff, 0xff, 9, 8, 7, 6};
  uint8_t other[16];
  test_label("families");
  for (unsigned family = 0u; family < 300u; family++) {
    const smtpc_address have = smtpc_address_make(
        family, family == 4u || family == 6u ? octets : NULL);
    test_number(have.family, family == 4u || family == 6u ? 4u : 0u);
  }
  const smtpc_address four = smtpc_address_make(SMTPC_FAMILY_IPV4, octets);
  const smtpc_address zeros = {SMTPC_FAMILY_IPV4, {0}};
  test_octets(&four, sizeof four, &zeros, sizeof zeros);
  const smtpc_address carried = smtpc_address_make(SMTPC_FAMILY_IPV6, octets);
  const smtpc_address want = {SMTPC_FAMILY_IPV4, {9, 8, 7, 6}};
  test_octets(&carried, sizeof carried, &want, sizeof want);
  for (unsigned bit = 0u; bit < 96u; bit++) {
    memcpy(other, octets, sizeof other);
    other[bit / 8u] = (uint8_t)(other[bit / 8u] ^ (1u << bit % 8u));
    const smtpc_address six = smtpc_address_make(SMTPC_FAMILY_IPV6, other);
    test_label("bit %u", bit);
    test_number(six.family, SMTPC_FAMILY_IPV6);
    test_octets(six.octets, 16u, other, 16u);
  }
}

static void test_address_equal_sees_each_octet(void **state) {
  (void)state;
  const smtpc_address a = address_of("2001:db8::1");
  assert_true(smtpc_address_equal(a, a));
  assert_true(smtpc_address_equal(no_address, no_address));
  assert_true(
      smtpc_address_equal(address_of("::ffff:1.2.3.4"), address_of("1.2.3.4")));
  assert_false(smtpc_address_equal(address_of("::"), address_of("0.0.0.0")));
  assert_false(smtpc_address_equal(no_address, address_of("0.0.0.0")));
  for (unsigned k = 0u; k < 16u; k++) {
    smtpc_address b = a;
    b.octets[k] ^= 0x80u;
    assert_false(smtpc_address_equal(a, b));
  }
}

// ---------------------------------------------------------------------- ranges

static void test_range_reads_and_refuses(void **state) {
  (void)state;
  static const struct {
    const char *text;
    unsigned prefix;
  } good[] = {
      {"192.0.2.1", 32},
      {"192.0.2.1/32", 32},
      {"192.0.2.0/24", 24},
      {"0.0.0.0/0", 0},
      {"128.0.0.0/1", 1},
      {"10.0.0.0/8", 8},
      {"192.0.2.2/31", 31},
      {"::1", 128},
      {"::/0", 0},
      {"2001:db8::/32", 32},
      {"2001:db8::/29", 29},
      {"fe80::/10", 10},
      {"2001:db8::1/128", 128},
      {"::ffff:192.0.2.1", 32},
      {"::ffff:192.0.2.0/120", 24},
      {"::ffff:0:0/96", 0},
      {"::ffff:a00:0/104", 8},
  };
  for (size_t i = 0u; i < COUNT_OF(good); i++) {
    test_number(range_of(good[i].text).prefix, good[i].prefix);
  }
  static const char *const bad[] = {
      "",
      "/",
      "/0",
      "/24",
      "192.0.2.0/",
      "192.0.2.0/33",
      "192.0.2.0/024",
      "0.0.0.0/00",
      "192.0.2.0/-1",
      "192.0.2.0/+24",
      "192.0.2.0/24 ",
      "192.0.2.0 /24",
      "192.0.2.0/24/24",
      "192.0.2.0/255.255.255.0",
      "192.0.2.0/4294967320",
      "192.0.2.0/18446744073709551640",
      "192.0.2.0/x",
      "192.0.2.1/24",
      "192.0.2.1/31",
      "192.0.2.128/24",
      "0.0.0.1/0",
      "192.0.2/24",
      "192.0.2.",
      "2001:db8::/129",
      "2001:db8::/28",
      "2001:db8::1/64",
      "::1/0",
      "::ffff:192.0.2.0/24",
      "::ffff:192.0.3.0/119",
      "::ffff:0:0/95",
      "::ffff:192.0.2.0/129",
      "printers",
  };
  for (size_t i = 0u; i < COUNT_OF(bad); i++) {
    static const smtpc_range none = {0};
    smtpc_range have;
    test_label("%s", bad[i]);
    test_number(parse_range(bad[i], &have), SMTPC_E_ADDRESS_LITERAL);
    test_octets(&have, sizeof have, &none, sizeof none);
    assert_false(smtpc_range_holds(have, address_of("0.0.0.0")));
    assert_false(smtpc_range_holds(have, address_of("::")));
    assert_false(smtpc_range_holds(have, no_address));
  }
}

static void test_range_holds_its_own(void **state) {
  (void)state;
  static const struct {
    const char *range;
    const char *address;
    bool want;
  } rows[] = {
      {"192.0.2.0/24", "192.0.2.0", true},
      {"192.0.2.0/24", "192.0.2.255", true},
      {"192.0.2.0/24", "192.0.3.0", false},
      {"192.0.2.0/24", "192.0.1.255", false},
      {"192.0.2.0/24", "::ffff:192.0.2.9", true},
      {"::ffff:192.0.2.0/120", "192.0.2.9", true},
      {"192.0.2.7", "192.0.2.7", true},
      {"192.0.2.7", "192.0.2.6", false},
      {"0.0.0.0/0", "255.255.255.255", true},
      {"0.0.0.0/0", "::", false},
      {"0.0.0.0/0", "::1", false},
      {"::/0", "0.0.0.0", false},
      {"::/0", "::ffff:1.2.3.4", false},
      {"::/0", "ffff::", true},
      {"2001:db8::/33", "2001:db8:7fff::", true},
      {"2001:db8::/33", "2001:db8:8000::", false},
      {"2001:db8::/127", "2001:db8::1", true},
      {"2001:db8::/127", "2001:db8::2", false},
  };
  for (size_t i = 0u; i < COUNT_OF(rows); i++) {
    const smtpc_range range = range_of(rows[i].range);
    const smtpc_address address = address_of(rows[i].address);
    test_label("%s in %s", rows[i].address, rows[i].range);
    test_number(smtpc_range_holds(range, address), rows[i].want);
    assert_false(smtpc_range_holds(range, no_address));
  }
}

// With each prefix: the bit before its end counts, the bit behind it does not.
static void test_range_ends_at_its_prefix(void **state) {
  (void)state;
  for (unsigned family = 4u; family <= 6u; family += 2u) {
    const unsigned bits = family == 4u ? 32u : 128u;
    for (unsigned prefix = 0u; prefix <= bits; prefix++) {
      smtpc_range range = {{(uint8_t)family, {0}}, (uint8_t)prefix};
      for (unsigned k = 0u; k < bits / 8u; k++) {
        range.address.octets[k] = (uint8_t)(0x5au ^ k);
      }
      for (unsigned bit = 0u; bit < bits; bit++) {
        smtpc_address other = range.address;
        other.octets[bit / 8u] =
            (uint8_t)(other.octets[bit / 8u] ^ (0x80u >> bit % 8u));
        test_label("bit %u of /%u", bit, prefix);
        test_number(smtpc_range_holds(range, other), bit >= prefix);
      }
    }
    // A prefix that no parser gives.
    const smtpc_range odd = {{(uint8_t)family, {1}}, 255u};
    const smtpc_address same = {(uint8_t)family, {1}};
    const smtpc_address other = {(uint8_t)family, {2}};
    assert_true(smtpc_range_holds(odd, same));
    assert_false(smtpc_range_holds(odd, other));
  }
}

static void test_range_takes_the_prefixes_that_it_prints(void **state) {
  (void)state;
  for (unsigned prefix = 0u; prefix <= 40u; prefix++) {
    char text[64];
    uint32_t mask = prefix == 0u || prefix > 32u
                        ? 0u
                        : 0xffffffffu >> (32u - prefix) << (32u - prefix);
    (void)snprintf(text, sizeof text, "%u.%u.%u.%u/%u", mask >> 24,
                   mask >> 16 & 255u, mask >> 8 & 255u, mask & 255u, prefix);
    smtpc_range have;
    test_label("%s", text);
    test_number(parse_range(text, &have),
                prefix <= 32u ? SMTPC_OK : SMTPC_E_ADDRESS_LITERAL);
    if (prefix > 1u && prefix <= 32u) {
      (void)snprintf(text, sizeof text, "%u.%u.%u.%u/%u", mask >> 24,
                     mask >> 16 & 255u, mask >> 8 & 255u, mask & 255u,
                     prefix - 1u);
      test_label("%s", text);
      test_number(parse_range(text, &have), SMTPC_E_ADDRESS_LITERAL);
    }
  }
}

static void test_quirks_for_joins_the_rules_that_fit(void **state) {
  (void)state;
  const smtpc_quirk_rule rules[] = {
      {range_of("192.0.2.0/24"), 1u},
      {range_of("192.0.2.7"), 2u},
      {range_of("2001:db8::/32"), 4u},
      {range_of("0.0.0.0/0"), 8u},
      {{{0}, 0u}, 16u},
  };
  static const struct {
    const char *address;
    uint32_t want;
  } rows[] = {
      {"192.0.2.7", 11u},        {"192.0.2.8", 9u},   {"192.0.3.7", 8u},
      {"::ffff:192.0.2.7", 11u}, {"2001:db8::7", 4u}, {"2001:db9::7", 0u},
  };
  for (size_t i = 0u; i < COUNT_OF(rows); i++) {
    const smtpc_address address = address_of(rows[i].address);
    test_label("%s", rows[i].address);
    test_number(smtpc_quirks_for(rules, COUNT_OF(rules), address, 0u),
                rows[i].want);
    test_number(smtpc_quirks_for(rules, COUNT_OF(rules), address, 64u),
                rows[i].want | 64u);
    test_number(smtpc_quirks_for(NULL, 0u, address, 64u), 64u);
  }
  test_label("no address");
  test_number(smtpc_quirks_for(rules, COUNT_OF(rules), no_address, 64u), 64u);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_address_reads_each_form),
      cmocka_unit_test(test_address_refuses_the_neighbours),
      cmocka_unit_test(test_address_reads_no_octet_but_its_span),
      cmocka_unit_test(test_address_equals_pton_for_every_short_text),
      cmocka_unit_test(test_address_equals_pton_for_mutated_texts),
      cmocka_unit_test(test_address_make_knows_two_families),
      cmocka_unit_test(test_address_equal_sees_each_octet),
      cmocka_unit_test(test_range_reads_and_refuses),
      cmocka_unit_test(test_range_holds_its_own),
      cmocka_unit_test(test_range_ends_at_its_prefix),
      cmocka_unit_test(test_range_takes_the_prefixes_that_it_prints),
      cmocka_unit_test(test_quirks_for_joins_the_rules_that_fit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
