// Address: network addresses and ranges of them, as plain data.
//
// A policy may trust one range of peers with a PROXY header, or give a quirk to one
// range only. The core has no sockets: a shim gives the peer's address, and these
// functions answer.
#ifndef SMTPCORE_ADDRESS_H
#define SMTPCORE_ADDRESS_H

#include <stdint.h>

#include "smtpcore/span.h"
#include "smtpcore/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum smtpc_family {
  SMTPC_FAMILY_NONE = 0,
  SMTPC_FAMILY_IPV4 = 4,
  SMTPC_FAMILY_IPV6 = 6
} smtpc_family;

// smtpc_address is an address in network order. IPv4 uses the first four octets, the
// others are 0. All-zero: none.
typedef struct smtpc_address {
  uint8_t family;  // an smtpc_family
  uint8_t octets[16];
} smtpc_address;
SMTPC_SIZE_GUARD(smtpc_address, 17u, 17u);

// smtpc_range is all addresses that share the first `prefix` bits of `address`.
typedef struct smtpc_range {
  smtpc_address address;
  uint8_t prefix;
} smtpc_range;
SMTPC_SIZE_GUARD(smtpc_range, 18u, 18u);

// smtpc_address_parse reads all of `span` of `text` as an address: four numbers of 0
// to 255 without leading zeros and with dots between them, or IPv6 as RFC 4291
// section 2.2 writes it. An IPv4 address that IPv6 carries (::ffff:192.0.2.1)
// becomes the IPv4 address that it is.
//
// It returns SMTPC_OK, or SMTPC_E_ADDRESS_LITERAL with `*out` all zero.
SMTPC_NODISCARD smtpc_status smtpc_address_parse(const uint8_t *text,
                                                 smtpc_span span,
                                                 smtpc_address *out);

// smtpc_address_make returns the address of `family` (an smtpc_family) whose octets
// are `octets[0 .. 4)` or `[0 .. 16)`; none for another family. An IPv4 address that
// IPv6 carries becomes IPv4.
smtpc_address smtpc_address_make(unsigned family, const uint8_t *octets);

// smtpc_address_equal returns whether two addresses are the same.
bool smtpc_address_equal(smtpc_address a, smtpc_address b);

// smtpc_range_parse reads all of `span` of `text` as ADDRESS or ADDRESS/PREFIX, where
// the prefix is 0 to 32, or 0 to 128, without leading zeros, and no bit behind it is
// set. Without a prefix it is the one address. A prefix counts the bits of the address
// as it is written: ::ffff:192.0.2.0/120 is 192.0.2.0/24. It returns SMTPC_OK, or
// SMTPC_E_ADDRESS_LITERAL with `*out` all zero, which holds no address.
SMTPC_NODISCARD smtpc_status smtpc_range_parse(const uint8_t *text,
                                               smtpc_span span,
                                               smtpc_range *out);

// smtpc_range_holds returns whether `address` lies in `range`. An address of the
// other family, and none, lie in no range.
bool smtpc_range_holds(smtpc_range range, smtpc_address address);

// smtpc_quirk_rule gives quirks to one range of peers.
typedef struct smtpc_quirk_rule {
  smtpc_range range;
  uint32_t quirks;  // smtpc_quirk bits
} smtpc_quirk_rule;
SMTPC_SIZE_GUARD(smtpc_quirk_rule, 24u, 24u);

// smtpc_quirks_for returns the quirks of all rules of `rules[0 .. count)` whose range
// holds `address`, together with `always`. A shim calls it when a connection
// comes, and puts the result into the policy of that session.
uint32_t smtpc_quirks_for(const smtpc_quirk_rule *rules, size_t count,
                          smtpc_address address, uint32_t always);

#ifdef __cplusplus
}  // extern "C"
#endif

#endif  // SMTPCORE_ADDRESS_H
