#include "smtpcore/proxy.h"

#include "smtpcore/span.h"

#if SMTPC_CONFIG_PROXY

static const smtpc_proxy none = {0};

#define SIGNATURE_LEN 12u

static const uint8_t signature[SIGNATURE_LEN] = {0x0du, 0x0au, 0x0du, 0x0au,
                                                 0x00u, 0x0du, 0x0au, 0x51u,
                                                 0x55u, 0x49u, 0x54u, 0x0au};

unsigned smtpc_proxy_version(uint8_t first) {
  if (first == (uint8_t)'P') {
    return 1u;
  }
  return first == signature[0] ? 2u : 0u;
}

// -------------------------------------------------------------- version 1

// Says whether `span` is exactly `word`: case counts here.
static bool is_word(const uint8_t *data, smtpc_span span, const char *word,
                    size_t len) {
  bool same = smtpc_span_len(span) == len;
  for (size_t i = 0u; same && i < len; i++) {
    same = data[span.begin + i] == (uint8_t)word[i];
  }
  return same;
}

// Takes the word at the front of `*rest`, and the one space behind it.
static smtpc_span take_word(const uint8_t *data, smtpc_span *rest) {
  const size_t end = smtpc_span_find(data, *rest, (uint8_t)' ');
  const smtpc_span word = smtpc_span_make(rest->begin, end);
  *rest = smtpc_span_make(end < rest->end ? end + 1u : end, rest->end);
  return word;
}

static smtpc_status take_port(const uint8_t *data, smtpc_span word,
                              uint16_t *out) {
  uint64_t port = 0u;
  if (smtpc_span_len(word) > 1u && smtpc_span_peek(data, word) == '0') {
    return SMTPC_E_SYNTAX;
  }
  const smtpc_status status = smtpc_span_number(data, word, 65535u, &port);
  *out = (uint16_t)port;
  return status;
}

// An address as version 1 writes it. IPv6 has a colon, IPv4 has none, also where one
// carries the other.
static smtpc_status take_address(const uint8_t *data, smtpc_span word,
                                 bool ipv6, smtpc_address *out) {
  const bool colon = smtpc_span_find(data, word, (uint8_t)':') < word.end;
  if (colon != ipv6) {
    return SMTPC_E_ADDRESS_LITERAL;
  }
  return smtpc_address_parse(data, word, out);
}

// Says whether `span` is words with one space between them, no more and no less.
static bool has_words(const uint8_t *data, smtpc_span span, unsigned count) {
  unsigned words = 0u;
  bool in_word = false;
  for (size_t i = span.begin; i < span.end; i++) {
    const bool space = data[i] == (uint8_t)' ';
    if (space && !in_word) {
      return false;
    }
    words += !space && !in_word ? 1u : 0u;
    in_word = !space;
  }
  return in_word && words == count;
}

static smtpc_status parse_peer(const uint8_t *data, smtpc_span rest, bool ipv6,
                               smtpc_proxy *out) {
  smtpc_span left = rest;
  if (!has_words(data, rest, 4u)) {
    return SMTPC_E_SYNTAX;
  }
  const smtpc_span source = take_word(data, &left);
  const smtpc_span destination = take_word(data, &left);
  const smtpc_span source_port = take_word(data, &left);
  const smtpc_span destination_port = left;
  smtpc_status status = take_address(data, source, ipv6, &out->source);
  if (status == SMTPC_OK) {
    status = take_address(data, destination, ipv6, &out->destination);
  }
  if (status == SMTPC_OK) {
    status = take_port(data, source_port, &out->source_port);
  }
  if (status == SMTPC_OK) {
    status = take_port(data, destination_port, &out->destination_port);
  }
  return status;
}

static smtpc_status parse_v1(const uint8_t *data, size_t len,
                             smtpc_proxy *out) {
  smtpc_span rest = smtpc_span_make(0u, len);
  if (len + 2u > SMTPC_PROXY_V1_MAX) {
    return SMTPC_E_TOO_LONG;
  }
  for (size_t i = 0u; i < len; i++) {
    if (data[i] < 32u || data[i] > 126u) {
      return SMTPC_E_SYNTAX;
    }
  }
  const smtpc_span head = take_word(data, &rest);
  const smtpc_span family = take_word(data, &rest);
  out->version = 1u;
  if (!is_word(data, head, "PROXY", 5u)) {
    return SMTPC_E_SYNTAX;
  }
  if (is_word(data, family, "UNKNOWN", 7u)) {
    return SMTPC_OK;
  }
  const bool ipv6 = is_word(data, family, "TCP6", 4u);
  if (!ipv6 && !is_word(data, family, "TCP4", 4u)) {
    return SMTPC_E_SYNTAX;
  }
  return parse_peer(data, rest, ipv6, out);
}

// -------------------------------------------------------------- version 2

#define FAMILY_UNSPEC 0u
#define FAMILY_INET 1u
#define FAMILY_INET6 2u
#define FAMILY_UNIX 3u
#define TRANSPORT_STREAM 1u
#define TRANSPORT_DGRAM 2u

static unsigned pair_at(const uint8_t *data, size_t at) {
  return (unsigned)data[at] << 8 | data[at + 1u];
}

// Of families and transports there are seven pairs: none at all, and a stream or
// datagrams of each family.
static bool pair_exists(unsigned family, unsigned transport) {
  if (family == FAMILY_UNSPEC) {
    return transport == 0u;
  }
  return family <= FAMILY_UNIX &&
         (transport == TRANSPORT_STREAM || transport == TRANSPORT_DGRAM);
}

static bool head_holds(const uint8_t *data) {
  bool holds = true;
  for (size_t i = 0u; i < SIGNATURE_LEN; i++) {
    holds = holds && data[i] == signature[i];
  }
  // Version 2, LOCAL or PROXY.
  return holds && (data[12] == 0x20u || data[12] == 0x21u) &&
         pair_exists((unsigned)data[13] >> 4, data[13] & 15u);
}

smtpc_status smtpc_proxy_v2_size(const uint8_t *data, size_t *out_size) {
  *out_size = 0u;
  if (!head_holds(data)) {
    return SMTPC_E_SYNTAX;
  }
  const size_t size = SMTPC_PROXY_V2_HEAD + pair_at(data, 14u);
  if (size > SMTPC_PROXY_V2_MAX) {
    return SMTPC_E_TOO_LONG;
  }
  *out_size = size;
  return SMTPC_OK;
}

static size_t octets_of(unsigned family) {
  switch (family) {
    case FAMILY_INET:
      return 12u;
    case FAMILY_INET6:
      return 36u;
    case FAMILY_UNIX:
      return 216u;
    default:
      return 0u;
  }
}

static void take_ends(const uint8_t *data, unsigned family, smtpc_proxy *out) {
  const size_t at = SMTPC_PROXY_V2_HEAD;
  if (family == FAMILY_INET) {
    out->source = smtpc_address_make(SMTPC_FAMILY_IPV4, data + at);
    out->destination = smtpc_address_make(SMTPC_FAMILY_IPV4, data + at + 4u);
    out->source_port = (uint16_t)pair_at(data, at + 8u);
    out->destination_port = (uint16_t)pair_at(data, at + 10u);
  } else if (family == FAMILY_INET6) {
    out->source = smtpc_address_make(SMTPC_FAMILY_IPV6, data + at);
    out->destination = smtpc_address_make(SMTPC_FAMILY_IPV6, data + at + 16u);
    out->source_port = (uint16_t)pair_at(data, at + 32u);
    out->destination_port = (uint16_t)pair_at(data, at + 34u);
  }
}

// Says whether fields of type, length and value, one after the other, fill
// `data[from .. to)`. When `from` lies past `to`, nothing does.
static bool fields_fill(const uint8_t *data, size_t from, size_t to) {
  size_t i = from;
  while (i + 3u <= to) {
    i += 3u + pair_at(data, i + 1u);
  }
  return i == to;
}

// Reads what follows the head of a header that is as long as it says.
static smtpc_status parse_block(const uint8_t *data, size_t len,
                                smtpc_proxy *out) {
  const unsigned family = (unsigned)data[13] >> 4;
  const size_t fields = SMTPC_PROXY_V2_HEAD + octets_of(family);
  if ((data[13] & 15u) == TRANSPORT_DGRAM) {
    return SMTPC_E_PARAM_VALUE;
  }
  if (!fields_fill(data, fields, len)) {
    return SMTPC_E_SYNTAX;
  }
  take_ends(data, family, out);
  return SMTPC_OK;
}

static smtpc_status parse_v2(const uint8_t *data, size_t len,
                             smtpc_proxy *out) {
  size_t size = 0u;
  if (len < SMTPC_PROXY_V2_HEAD) {
    return SMTPC_E_SYNTAX;
  }
  const smtpc_status status = smtpc_proxy_v2_size(data, &size);
  if (status != SMTPC_OK || size != len) {
    return status != SMTPC_OK ? status : SMTPC_E_SYNTAX;
  }
  out->version = 2u;
  // LOCAL: whatever stands in the block is to be ignored.
  out->local = data[12] == 0x20u ? 1u : 0u;
  return out->local == 1u ? SMTPC_OK : parse_block(data, len, out);
}

smtpc_status smtpc_proxy_parse(const uint8_t *data, size_t len,
                               smtpc_proxy *out) {
  smtpc_status status = SMTPC_E_SYNTAX;
  *out = none;
  if (len > SMTPC_PROXY_V2_MAX) {
    return SMTPC_E_TOO_LONG;
  }
  const unsigned version = len > 0u ? smtpc_proxy_version(data[0]) : 0u;
  if (version == 1u) {
    status = parse_v1(data, len, out);
  } else if (version == 2u) {
    status = parse_v2(data, len, out);
  }
  if (status != SMTPC_OK) {
    *out = none;
  }
  return status;
}

#endif  // SMTPC_CONFIG_PROXY
