#include "smtpcore/address.h"

static const smtpc_address no_address = {0};

#define IPV4_BITS 32u
#define IPV6_BITS 128u

static bool is_hex(uint8_t c, unsigned *value) {
  const uint8_t up = smtpc_upper(c);
  if (smtpc_is_digit(c)) {
    *value = (unsigned)c - (unsigned)'0';
    return true;
  }
  if (up >= (uint8_t)'A' && up <= (uint8_t)'F') {
    *value = (unsigned)up - (unsigned)'A' + 10u;
    return true;
  }
  return false;
}

// Reads four numbers of 0 to 255, without leading zeros, with dots between them, that
// are all of `text[from .. to)`, into four octets at `out`.
static bool take_ipv4(const uint8_t *text, size_t from, size_t to,
                      uint8_t *out) {
  size_t i = from;
  for (unsigned k = 0u; k < 4u; k++) {
    unsigned value = 0u;
    const size_t begin = i;
    while (i < to && i < begin + 3u && smtpc_is_digit(text[i])) {
      value = value * 10u + ((unsigned)text[i] - (unsigned)'0');
      i++;
    }
    const bool zero = i > begin + 1u && text[begin] == (uint8_t)'0';
    if (i == begin || zero || value > 255u) {
      return false;
    }
    out[k] = (uint8_t)value;
    if (k < 3u) {
      if (i >= to || text[i] != (uint8_t)'.') {
        return false;
      }
      i++;
    }
  }
  return i == to;
}

// groups is what was read of an IPv6 address: octets in order, and where "::" stood.
typedef struct groups {
  uint8_t octets[16];
  size_t len;  // octets so far
  size_t gap;  // of these, before "::"; 16 and more: there was none
} groups;

#define NO_GAP 17u

// Reads one to four hexadecimal digits at `*at`, or four numbers up to `to`.
static bool take_group(const uint8_t *text, size_t to, size_t *at,
                       groups *got) {
  size_t i = *at;
  unsigned value = 0u;
  unsigned digit = 0u;
  while (i < to && i < *at + 4u && is_hex(text[i], &digit)) {
    value = value * 16u + digit;
    i++;
  }
  if (i < to && text[i] == (uint8_t)'.') {
    if (got->len > 12u || !take_ipv4(text, *at, to, got->octets + got->len)) {
      return false;
    }
    got->len += 4u;
    *at = to;
    return true;
  }
  if (i == *at || got->len > 14u) {
    return false;
  }
  got->octets[got->len] = (uint8_t)(value >> 8);
  got->octets[got->len + 1u] = (uint8_t)(value & 0xffu);
  got->len += 2u;
  *at = i;
  return true;
}

// Takes ":" or "::" after a group; a group must follow the first.
static bool take_colon(const uint8_t *text, size_t to, size_t *at,
                       groups *got) {
  size_t i = *at;
  if (text[i] != (uint8_t)':') {
    return false;
  }
  i++;
  if (i < to && text[i] == (uint8_t)':') {
    if (got->gap != NO_GAP) {
      return false;
    }
    got->gap = got->len;
    i++;
  } else if (i == to) {
    return false;
  }
  *at = i;
  return true;
}

// RFC 4291 section 2.2
static bool take_ipv6(const uint8_t *text, size_t from, size_t to,
                      uint8_t *out) {
  groups got = {{0u}, 0u, NO_GAP};
  size_t i = from;
  if (from + 2u <= to && text[from] == (uint8_t)':' &&
      text[from + 1u] == (uint8_t)':') {
    got.gap = 0u;
    i = from + 2u;
  }
  // A group is at least one octet of text, and there are at most eight.
  for (unsigned k = 0u; k < 8u && i < to; k++) {
    if (!take_group(text, to, &i, &got) ||
        (i < to && !take_colon(text, to, &i, &got))) {
      return false;
    }
  }
  const bool whole = got.gap == NO_GAP ? got.len == 16u : got.len <= 14u;
  if (i != to || !whole) {
    return false;
  }
  const size_t head = got.gap == NO_GAP ? 16u : got.gap;
  for (size_t k = 0u; k < 16u; k++) {
    out[k] = 0u;
  }
  smtpc_copy(out, got.octets, head);
  smtpc_copy(out + 16u - (got.len - head), got.octets + head, got.len - head);
  return true;
}

static bool is_mapped(const uint8_t *octets) {
  bool mapped = octets[10] == 0xffu && octets[11] == 0xffu;
  for (size_t i = 0u; i < 10u; i++) {
    mapped = mapped && octets[i] == 0u;
  }
  return mapped;
}

smtpc_address smtpc_address_make(unsigned family, const uint8_t *octets) {
  smtpc_address address = no_address;
  if (family == SMTPC_FAMILY_IPV4) {
    address.family = (uint8_t)SMTPC_FAMILY_IPV4;
    smtpc_copy(address.octets, octets, 4u);
  } else if (family == SMTPC_FAMILY_IPV6 && is_mapped(octets)) {
    address.family = (uint8_t)SMTPC_FAMILY_IPV4;
    smtpc_copy(address.octets, octets + 12, 4u);
  } else if (family == SMTPC_FAMILY_IPV6) {
    address.family = (uint8_t)SMTPC_FAMILY_IPV6;
    smtpc_copy(address.octets, octets, 16u);
  }
  return address;
}

smtpc_status smtpc_address_parse(const uint8_t *text, smtpc_span span,
                                 smtpc_address *out) {
  uint8_t octets[16];
  *out = no_address;
  if (take_ipv4(text, span.begin, span.end, octets)) {
    *out = smtpc_address_make(SMTPC_FAMILY_IPV4, octets);
  } else if (take_ipv6(text, span.begin, span.end, octets)) {
    *out = smtpc_address_make(SMTPC_FAMILY_IPV6, octets);
  }
  return out->family == SMTPC_FAMILY_NONE ? SMTPC_E_ADDRESS_LITERAL : SMTPC_OK;
}

bool smtpc_address_equal(smtpc_address a, smtpc_address b) {
  bool equal = a.family == b.family;
  for (size_t i = 0u; i < sizeof a.octets; i++) {
    equal = equal && a.octets[i] == b.octets[i];
  }
  return equal;
}

// Bit `index` of the octets, counted from the first one's highest.
static unsigned bit_at(const uint8_t *octets, unsigned index) {
  const unsigned octet = octets[(index / 8u) & 15u];
  return (octet >> (7u - index % 8u)) & 1u;
}

static unsigned bits_of(unsigned family) {
  return family == SMTPC_FAMILY_IPV4 ? IPV4_BITS : IPV6_BITS;
}

// Reads all of `span` as a number up to `max`, in its one spelling.
static bool take_prefix(const uint8_t *text, smtpc_span span, unsigned max,
                        unsigned *out) {
  uint64_t prefix = 0u;
  const bool zero =
      smtpc_span_len(span) > 1u && smtpc_span_peek(text, span) == '0';
  const smtpc_status status = smtpc_span_number(text, span, max, &prefix);
  *out = (unsigned)prefix;
  return status == SMTPC_OK && !zero;
}

// Says whether no bit of the address from bit `prefix` on is set.
static bool ends_at(smtpc_address address, unsigned prefix) {
  const unsigned bits = bits_of(address.family);
  bool clear = true;
  for (unsigned i = prefix; i < bits; i++) {
    clear = clear && bit_at(address.octets, i) == 0u;
  }
  return clear;
}

static bool take_range(const uint8_t *text, smtpc_span span,
                       smtpc_range *range) {
  const size_t slash = smtpc_span_find(text, span, (uint8_t)'/');
  const smtpc_span name = smtpc_span_make(span.begin, slash);
  if (smtpc_address_parse(text, name, &range->address) != SMTPC_OK) {
    return false;
  }
  // Written as IPv6, a prefix counts IPv6's bits, also when an IPv4 address is in it.
  const bool ipv6 = smtpc_span_find(text, name, (uint8_t)':') < name.end;
  const unsigned written = ipv6 ? IPV6_BITS : IPV4_BITS;
  const unsigned before = written - bits_of(range->address.family);
  unsigned prefix = written;
  if (slash < span.end &&
      !take_prefix(text, smtpc_span_make(slash + 1u, span.end), written,
                   &prefix)) {
    return false;
  }
  if (prefix < before) {
    return false;
  }
  range->prefix = (uint8_t)(prefix - before);
  return ends_at(range->address, range->prefix);
}

smtpc_status smtpc_range_parse(const uint8_t *text, smtpc_span span,
                               smtpc_range *out) {
  static const smtpc_range none = {0};
  *out = none;
  if (!take_range(text, span, out)) {
    *out = none;
    return SMTPC_E_ADDRESS_LITERAL;
  }
  return SMTPC_OK;
}

bool smtpc_range_holds(smtpc_range range, smtpc_address address) {
  bool holds = address.family != SMTPC_FAMILY_NONE &&
               range.address.family == address.family;
  const unsigned bits = bits_of(address.family);
  for (unsigned i = 0u; i < range.prefix && i < bits; i++) {
    holds =
        holds && bit_at(range.address.octets, i) == bit_at(address.octets, i);
  }
  return holds;
}

uint32_t smtpc_quirks_for(const smtpc_quirk_rule *rules, size_t count,
                          smtpc_address address, uint32_t always) {
  uint32_t quirks = always;
  for (size_t i = 0u; i < count; i++) {
    if (smtpc_range_holds(rules[i].range, address)) {
      quirks |= rules[i].quirks;
    }
  }
  return quirks;
}
