// Path: where mail comes from and where it goes.
//
// The grammar is RFC 5321 section 4.1.2 and 4.1.3, with RFC 6531 section 3.3 when
// UTF-8 is allowed:
//
//   Reverse-path = Path / "<>"
//   Forward-path = "<Postmaster>" / Path
//   Path         = "<" [ A-d-l ":" ] Mailbox ">"
//   Mailbox      = Local-part "@" ( Domain / address-literal )
//   Local-part   = Dot-string / Quoted-string
//
// Limits (section 4.5.3.1): local part 64, domain 255, path 256 octets with the
// brackets. A parse stores offsets into the line, and never copies or rewrites:
// the quotes of a local part are a part of it.
#ifndef SMTPCORE_PATH_H
#define SMTPCORE_PATH_H

#include <stdint.h>

#include "smtpcore/span.h"
#include "smtpcore/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SMTPC_LOCAL_PART_MAX 64u
#define SMTPC_DOMAIN_MAX 255u
#define SMTPC_PATH_MAX 256u
#define SMTPC_LABEL_MAX 63u

typedef enum smtpc_path_kind {
  SMTPC_PATH_NONE = 0,
  SMTPC_PATH_NULL = 1,        // <>
  SMTPC_PATH_POSTMASTER = 2,  // <Postmaster>, in any case
  SMTPC_PATH_MAILBOX = 3
} smtpc_path_kind;

typedef enum smtpc_host_kind {
  SMTPC_HOST_NONE = 0,
  SMTPC_HOST_NAME = 1,    // a domain name
  SMTPC_HOST_IPV4 = 2,    // [192.0.2.1]
  SMTPC_HOST_IPV6 = 3,    // [IPv6:2001:db8::1]
  SMTPC_HOST_GENERAL = 4  // [tag:content]
} smtpc_host_kind;

// Facts of a path that its parser noticed, as bits of `smtpc_path.marks`.
#define SMTPC_MARK_QUOTED 1u   // the local part is a Quoted-string
#define SMTPC_MARK_UTF8 2u     // some octet is not ASCII
#define SMTPC_MARK_ROUTE 4u    // a source route stood in front and is ignored
#define SMTPC_MARK_SPACE 8u    // quirk: a space stood before the path
#define SMTPC_MARK_BARE 16u    // quirk: the brackets were missing
#define SMTPC_MARK_FAX 32u     // the local part is FAX=... (RFC 3192)

// smtpc_path is a parsed path. All spans lie in the line it was parsed from.
typedef struct smtpc_path {
  smtpc_span whole;   // with the brackets, or the bare address
  smtpc_span local;   // local part, quotes included; empty for NULL
  smtpc_span domain;  // domain, or literal with its brackets
  smtpc_span fax;     // with MARK_FAX: the number after FAX=, up to `/` or end
  uint8_t kind;       // an smtpc_path_kind
  uint8_t host;       // an smtpc_host_kind
  uint8_t marks;      // SMTPC_MARK_ bits
  uint8_t reserved;   // 0
} smtpc_path;
SMTPC_SIZE_GUARD(smtpc_path, 20u, 20u);

// What a caller allows, as bits of `allow`.
#define SMTPC_ALLOW_NULL 1u        // <> (reverse-path)
#define SMTPC_ALLOW_POSTMASTER 2u  // <Postmaster> (forward-path)
#define SMTPC_ALLOW_UTF8 4u        // octets beyond ASCII, as strict UTF-8
#define SMTPC_ALLOW_SPACE 8u       // quirk path-space
#define SMTPC_ALLOW_BARE 16u       // quirk path-bare

// smtpc_path_parse reads one path at the front of `*rest` of `line` into `*out`
// and advances `*rest` past it. What follows must be a space or the end of the
// span; it is not consumed.
//
// It returns SMTPC_OK; SMTPC_E_PATH for missing or surplus brackets, a bad source
// route, `<>` or `<Postmaster>` where not allowed, or an octet after `>`;
// SMTPC_E_LOCAL_PART, SMTPC_E_DOMAIN, SMTPC_E_ADDRESS_LITERAL for the part that is
// wrong; SMTPC_E_CONTROL, SMTPC_E_NON_ASCII (UTF-8 not allowed), SMTPC_E_UTF8
// (not well-formed) for octets that are wrong anywhere; SMTPC_E_TOO_LONG past a
// limit. On an error `*out` is all zero and `*rest` is unchanged.
//= RFC 5321 section 4.1.2
SMTPC_NODISCARD smtpc_status smtpc_path_parse(const uint8_t *line,
                                              smtpc_span *rest, unsigned allow,
                                              smtpc_path *out);

// smtpc_mailbox_parse reads all of `span` as a Mailbox without brackets into
// `*out`. Returns and limits are those of `smtpc_path_parse`. `write` uses it to
// check an address that a program hands over before it is sent.
SMTPC_NODISCARD smtpc_status smtpc_mailbox_parse(const uint8_t *line,
                                                 smtpc_span span,
                                                 unsigned allow,
                                                 smtpc_path *out);

// smtpc_domain_parse checks that all of `span` is a Domain (names of letters,
// digits and inner hyphens, labels 1 to 63, 255 in all; U-labels with
// SMTPC_ALLOW_UTF8). It returns SMTPC_OK, SMTPC_E_DOMAIN, SMTPC_E_NON_ASCII,
// SMTPC_E_UTF8 or SMTPC_E_TOO_LONG.
//= RFC 5321 section 4.1.2
SMTPC_NODISCARD smtpc_status smtpc_domain_parse(const uint8_t *line,
                                                smtpc_span span,
                                                unsigned allow);

// smtpc_literal_parse checks that all of `span` is an address literal, brackets
// included, and stores its smtpc_host_kind in `*out_host`. It returns SMTPC_OK or
// SMTPC_E_ADDRESS_LITERAL; on the latter `*out_host` is SMTPC_HOST_NONE.
//= RFC 5321 section 4.1.3
SMTPC_NODISCARD smtpc_status smtpc_literal_parse(const uint8_t *line,
                                                 smtpc_span span,
                                                 uint8_t *out_host);

#ifdef __cplusplus
}  // extern "C"
#endif

#endif  // SMTPCORE_PATH_H
