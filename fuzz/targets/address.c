// An address is one that the system's own parser and the model take, a range holds the
// addresses that share its first bits, and what is written of an address is that address.
//
// The input is a range, and behind a space an address; without a space one text is both.
//
// Laws: MODEL, COVER, PURE, ROUNDTRIP, NORM.
#include "smtpcore/address.h"

#include <arpa/inet.h>
#include <string.h>

#include "core/model/path_model.h"
#include "core/model/proxy_model.h"
#include "fuzz/harness/block.h"
#include "fuzz/harness/choice.h"
#include "fuzz/harness/law.h"
#include "fuzz/harness/target.h"
#include "smtpcore/path.h"

const unsigned fuzz_target_kind = FUZZ_KIND_TOKENS;

#define INPUT_MAX 1024u
// The longest text that inet_pton is asked for, with its NUL.
#define TEXT_MAX 128u

static int equal(const smtpc_address *a, const smtpc_address *b) {
  return a->family == b->family &&
         memcmp(a->octets, b->octets, sizeof a->octets) == 0;
}

static int is_none(const smtpc_address *a) {
  static const smtpc_address none;
  return equal(a, &none);
}

// ------------------------------------------------------------------- addresses

// by_system asks inet_pton. An address that IPv6 carries is unwrapped here.
static smtpc_address by_system(const uint8_t *text, size_t len) {
  static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255};
  smtpc_address out;
  uint8_t octets[16];
  char word[TEXT_MAX];
  memset(&out, 0, sizeof out);
  if (len >= sizeof word || memchr(text, 0, len) != NULL) {
    return out;
  }
  memcpy(word, text, len);
  word[len] = '\0';
  if (inet_pton(AF_INET, word, octets) == 1) {
    out.family = SMTPC_FAMILY_IPV4;
    memcpy(out.octets, octets, 4u);
  } else if (inet_pton(AF_INET6, word, octets) == 1) {
    const int carried = memcmp(octets, mapped, sizeof mapped) == 0;
    out.family = carried ? SMTPC_FAMILY_IPV4 : SMTPC_FAMILY_IPV6;
    memcpy(out.octets, carried ? octets + 12 : octets, carried ? 4u : 16u);
  }
  return out;
}

static smtpc_address parse(const uint8_t *text, size_t len) {
  smtpc_address out;
  memset(&out, 0xa5, sizeof out);
  const smtpc_status status =
      smtpc_address_parse(text, smtpc_span_make(0u, len), &out);
  FUZZ_MUST(COVER, (status == SMTPC_OK) == (out.family != SMTPC_FAMILY_NONE),
            "an address of family %u is %s", out.family,
            smtpc_status_name(status));
  FUZZ_MUST(COVER, status == SMTPC_OK || status == SMTPC_E_ADDRESS_LITERAL,
            "an address is %s", smtpc_status_name(status));
  FUZZ_MUST(COVER, status == SMTPC_OK || is_none(&out),
            "an address that is none is not zero");
  FUZZ_MUST(NORM,
            out.family != SMTPC_FAMILY_IPV4 ||
                memcmp(out.octets + 4, "\0\0\0\0\0\0\0\0\0\0\0\0", 12u) == 0,
            "an IPv4 address has more than four octets");
  return out;
}

// check_round_trip writes the address as the system does, and reads that.
static void check_round_trip(const smtpc_address *a) {
  char text[INET6_ADDRSTRLEN];
  const int ipv4 = a->family == SMTPC_FAMILY_IPV4;
  const char *const word =
      inet_ntop(ipv4 ? AF_INET : AF_INET6, a->octets, text, sizeof text);
  FUZZ_MUST(HARNESS, word != NULL, "an address cannot be written");
  const smtpc_address back = parse((const uint8_t *)text, strlen(text));
  FUZZ_MUST(ROUNDTRIP, equal(a, &back), "%s is another address", text);
  const smtpc_address made = smtpc_address_make(a->family, a->octets);
  FUZZ_MUST(ROUNDTRIP, equal(a, &made), "the octets of %s are another address",
            text);
  FUZZ_MUST(PURE, smtpc_address_equal(*a, back), "%s is not itself", text);
}

static smtpc_address check_address(const uint8_t *text, size_t len) {
  const smtpc_address got = parse(text, len);
  const smtpc_address system = by_system(text, len);
  smtpc_address model;
  const bool good = model_address((const char *)text, len, &model);
  FUZZ_MUST(MODEL, equal(&got, &system), "inet_pton reads another address");
  FUZZ_MUST(MODEL, good == (got.family != 0u) && equal(&got, &model),
            "the model reads another address");
  if (good) {
    check_round_trip(&got);
  }
  return got;
}

// check_literal puts the text between brackets: what is an address is a literal then,
// though a literal may also have leading zeros.
static void check_literal(const uint8_t *text, size_t len, int tagged) {
  static const char tag[] = "[IPv6:";
  static uint8_t literal[INPUT_MAX + 8u];
  const size_t front = tagged ? sizeof tag - 1u : 1u;
  uint8_t host = 99u;
  memcpy(literal, tag, front);
  memcpy(literal + front, text, len);
  literal[front + len] = ']';
  const size_t whole = front + len + 1u;
  uint8_t *const block = fuzz_block(literal, whole);
  const smtpc_status status =
      smtpc_literal_parse(block, smtpc_span_make(0u, whole), &host);
  const smtpc_address system = by_system(text, len);
  const int colon = memchr(text, ':', len) != NULL;
  FUZZ_MUST(MODEL, host == model_literal(block, whole), "a literal of kind %u",
            host);
  FUZZ_MUST(MODEL, (status == SMTPC_OK) == (host != SMTPC_HOST_NONE),
            "a literal of kind %u is %s", host, smtpc_status_name(status));
  if (tagged) {
    // "::" that stands for one group is RFC 4291's, and not RFC 5321's.
    FUZZ_MUST(MODEL,
              host != SMTPC_HOST_IPV6 || system.family != 0u ||
                  memchr(text, '.', len) != NULL,
              "a literal is an address that inet_pton refuses");
    FUZZ_MUST(MODEL, host != SMTPC_HOST_IPV4 && host != SMTPC_HOST_GENERAL,
              "a literal with the tag IPv6 is something else");
  } else {
    FUZZ_MUST(MODEL, system.family == 0u || colon || host == SMTPC_HOST_IPV4,
              "an IPv4 address is no literal");
  }
  fuzz_block_free(block, literal, whole);
}

// ---------------------------------------------------------------------- ranges

// prefix_of reads a prefix as the header says it: in one spelling, up to `max`.
static int prefix_of(const uint8_t *text, size_t len, int max) {
  int value = 0;
  if (len < 1u || len > 3u || (len > 1u && text[0] == '0')) {
    return -1;
  }
  for (size_t i = 0u; i < len; i++) {
    if (text[i] < '0' || text[i] > '9') {
      return -1;
    }
    value = value * 10 + (text[i] - '0');
  }
  return value <= max ? value : -1;
}

// mask_at returns the bits of octet `i` that the first `prefix` bits of an address have.
static uint8_t mask_at(size_t i, unsigned prefix) {
  const unsigned before = (unsigned)i * 8u;
  if (prefix >= before + 8u) {
    return 0xffu;
  }
  return prefix <= before ? 0u
                          : (uint8_t)(0xff00u >> (prefix - before) & 0xffu);
}

// judge_range sets `*out` to the range that the text is, and returns whether it is one.
static int judge_range(const uint8_t *text, size_t len, smtpc_range *out) {
  const uint8_t *const slash = memchr(text, '/', len);
  const size_t name = slash != NULL ? (size_t)(slash - text) : len;
  const int ipv6 = memchr(text, ':', name) != NULL;
  memset(out, 0, sizeof *out);
  const smtpc_address a = by_system(text, name);
  const int carried = ipv6 && a.family == SMTPC_FAMILY_IPV4;
  int prefix = ipv6 ? 128 : 32;
  if (slash != NULL) {
    prefix = prefix_of(slash + 1, len - name - 1u, prefix);
  }
  prefix -= carried ? 96 : 0;
  if (a.family == 0u || prefix < 0) {
    return 0;
  }
  for (size_t i = 0u; i < sizeof a.octets; i++) {
    if ((a.octets[i] & ~mask_at(i, (unsigned)prefix)) != 0) {
      return 0;
    }
  }
  out->address = a;
  out->prefix = (uint8_t)prefix;
  return 1;
}

// judge_holds compares the octets under a mask.
static int judge_holds(const smtpc_range *range, const smtpc_address *a) {
  int holds = a->family != 0u && a->family == range->address.family;
  for (size_t i = 0u; i < sizeof a->octets; i++) {
    const unsigned other = a->octets[i] ^ range->address.octets[i];
    holds = holds && (other & mask_at(i, range->prefix)) == 0u;
  }
  return holds;
}

static smtpc_range check_range(const uint8_t *text, size_t len) {
  smtpc_range got;
  smtpc_range want;
  memset(&got, 0xa5, sizeof got);
  const smtpc_status status =
      smtpc_range_parse(text, smtpc_span_make(0u, len), &got);
  const int good = judge_range(text, len, &want);
  FUZZ_MUST(MODEL, good == (status == SMTPC_OK), "a range is %s",
            smtpc_status_name(status));
  FUZZ_MUST(COVER, status == SMTPC_OK || status == SMTPC_E_ADDRESS_LITERAL,
            "a range is %s", smtpc_status_name(status));
  FUZZ_MUST(MODEL,
            equal(&got.address, &want.address) && got.prefix == want.prefix,
            "a range of %u bits, not %u", got.prefix, want.prefix);
  FUZZ_MUST(NORM, good == (int)smtpc_range_holds(got, got.address),
            "a range does not hold its own address");
  return got;
}

// near returns an address that differs from that of the range in one bit, or in none.
static smtpc_address near(const smtpc_range *range, fuzz_choice *choice) {
  smtpc_address a = range->address;
  const unsigned bits = a.family == SMTPC_FAMILY_IPV4 ? 32u : 128u;
  // About the prefix, where it matters most.
  const unsigned at =
      (range->prefix + fuzz_choose(choice, 4u) + bits - 2u) % bits;
  if (a.family != 0u && fuzz_choose(choice, 4u) != 0u) {
    a.octets[at / 8u] ^= (uint8_t)(0x80u >> at % 8u);
  }
  return a;
}

static void check_holds(const smtpc_range *range, const smtpc_address *a) {
  static const smtpc_address nobody;
  const int holds = judge_holds(range, a);
  FUZZ_MUST(MODEL, (int)smtpc_range_holds(*range, *a) == holds,
            "a range of %u bits %s an address", range->prefix,
            holds ? "does not hold" : "holds");
  FUZZ_MUST(NORM, !smtpc_range_holds(*range, nobody),
            "a range holds no address");
  const smtpc_quirk_rule rules[2] = {{*range, 6u}, {*range, 8u}};
  const uint32_t want = holds ? 15u : 1u;
  FUZZ_MUST(POLICY, smtpc_quirks_for(rules, 2u, *a, 1u) == want,
            "quirks are another range's");
  FUZZ_MUST(POLICY, smtpc_quirks_for(rules, 0u, *a, 1u) == 1u,
            "quirks without a rule");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size > INPUT_MAX) {
    return -1;
  }
  fuzz_choice choice = fuzz_choice_of(data, size);
  uint8_t *const text = fuzz_block(data, size);
  const uint8_t *const space = size > 0u ? memchr(text, ' ', size) : NULL;
  const size_t first = space != NULL ? (size_t)(space - text) : size;
  const size_t second = space != NULL ? first + 1u : 0u;
  const smtpc_range range = check_range(text, first);
  const smtpc_address a = check_address(text + second, size - second);
  if (space != NULL) {
    (void)check_address(text, first);
  }
  const smtpc_address b = near(&range, &choice);
  check_holds(&range, &a);
  check_holds(&range, &b);
  FUZZ_MUST(PURE, smtpc_address_equal(a, b) == (equal(&a, &b) != 0),
            "two addresses are one, or one is two");
  check_literal(data + second, size - second, 0);
  check_literal(data + second, size - second, 1);
  fuzz_block_free(text, data, size);
  return 0;
}
