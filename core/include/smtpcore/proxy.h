// Proxy: the header that a load balancer puts in front of a connection.
//
// The PROXY protocol says, before the first octet of SMTP, who the peer behind the
// balancer is. Anybody could send it, so a policy must demand it for a peer that it
// trusts, and then a connection that does not begin with it ends. Version 1 is a line
// of text with CRLF, version 2 a block of octets.
//
//   v1 = "PROXY" SP ("TCP4" / "TCP6") SP source SP destination SP port SP port CRLF
//      / "PROXY UNKNOWN" [ SP anything printable ] CRLF        at most 107 octets
//   v2 = 12 octets of signature, version and command, family, length, addresses,
//        then type-length-value fields                         at most 536 octets
#ifndef SMTPCORE_PROXY_H
#define SMTPCORE_PROXY_H

#include <stdint.h>

#include "smtpcore/address.h"
#include "smtpcore/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SMTPC_PROXY_V1_MAX 107u   // with CRLF
#define SMTPC_PROXY_V2_HEAD 16u   // octets up to and with the length
#define SMTPC_PROXY_V2_MAX 536u   // octets in all that we take

// smtpc_proxy is a parsed header. With `local` 1 the balancer speaks for itself (a
// health check), and with no addresses it does not know its peer: then the peer is
// who the network says.
typedef struct smtpc_proxy {
  smtpc_address source;       // the peer behind the balancer; none: unknown
  smtpc_address destination;  // where it connected to
  uint16_t source_port;
  uint16_t destination_port;
  uint8_t version;            // 1 or 2
  uint8_t local;              // 1: v2's LOCAL
} smtpc_proxy;
SMTPC_SIZE_GUARD(smtpc_proxy, 40u, 40u);

// smtpc_proxy_version returns 1 or 2 for the first octet of a header of that version,
// and 0 for an octet that begins none.
unsigned smtpc_proxy_version(uint8_t first);

// smtpc_proxy_v2_size reads the first SMTPC_PROXY_V2_HEAD octets of a version 2
// header and stores its whole size, these included, in `*out_size`. It returns
// SMTPC_OK; SMTPC_E_SYNTAX for a wrong signature, version, command, or a pair of family
// and transport that is none of 00 11 12 21 22 31 32 (hexadecimal); SMTPC_E_TOO_LONG
// past SMTPC_PROXY_V2_MAX. On an error `*out_size` is 0.
SMTPC_NODISCARD smtpc_status smtpc_proxy_v2_size(const uint8_t *data,
                                                 size_t *out_size);

// smtpc_proxy_parse reads a whole header, `data[0 .. len)`: version 1 without its
// CRLF, or version 2 with all its octets. Of a block with LOCAL only the length counts.
// Else its addresses and fields must fill it; fields are not looked into. Sockets with
// names (31) and no family (00) give no addresses.
//
// It returns SMTPC_OK; SMTPC_E_SYNTAX for what breaks the grammar above: another
// spelling or case, two spaces, a port with leading zeros, v2's fields that do not fill
// their place, a length too short for its addresses or other than `len`;
// SMTPC_E_ADDRESS_LITERAL for an address that is none or of another family than was
// said; SMTPC_E_NUMBER or _NUMBER_TOO_LARGE for a port; SMTPC_E_PARAM_VALUE for a
// transport other than a stream; SMTPC_E_TOO_LONG. On an error `*out` is all zero.
SMTPC_NODISCARD smtpc_status smtpc_proxy_parse(const uint8_t *data, size_t len,
                                               smtpc_proxy *out);

#ifdef __cplusplus
}  // extern "C"
#endif

#endif  // SMTPCORE_PROXY_H
