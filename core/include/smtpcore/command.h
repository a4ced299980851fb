// Command: a line to a verb and typed arguments.
//
// The verb is matched whole and without case (RFC 5321 section 2.4); a prefix or
// a suffix is another verb. One space stands between the verb and its argument.
// A command without an argument must have nothing after the verb: `STARTTLS foo`
// is an error, not STARTTLS (RFC 3207 section 4).
//
// The parser holds no phase and makes no decision: `policy` says whether the verb
// is legal now, `server` says what follows.
#ifndef SMTPCORE_COMMAND_H
#define SMTPCORE_COMMAND_H

#include <stdint.h>

#include "smtpcore/param.h"
#include "smtpcore/path.h"
#include "smtpcore/registry.h"
#include "smtpcore/span.h"
#include "smtpcore/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SMTPC_AUTH_LINE_MAX 12288u  // RFC 4954 section 4

// smtpc_node is what ETRN's argument begins with (RFC 1985 section 5.3).
typedef enum smtpc_node {
  SMTPC_NODE_NONE = 0,
  SMTPC_NODE_HOST = 1,    // a host
  SMTPC_NODE_DOMAIN = 2,  // `@`: a domain and all below it
  SMTPC_NODE_QUEUE = 3    // `#`: a queue of the server's own
} smtpc_node;

// smtpc_command is one parsed command. Spans lie in its line.
typedef struct smtpc_command {
  smtpc_params params;   // MAIL, RCPT, SEND, SOML, SAML
  uint64_t chunk_size;   // BDAT
  smtpc_path path;       // MAIL, RCPT, SEND, SOML, SAML
  smtpc_span argument;   // all after the verb and its space; ETRN: the name itself;
                         // BURL: the URL
  smtpc_span initial;    // AUTH: the initial response; `=` has length 1
  uint16_t quirks_used;  // bits of smtpc_quirk that were needed
  uint16_t attributes;   // XCLIENT, XFORWARD: SMTPC_ATTR bits that are there
  uint8_t verb;          // an smtpc_verb; NONE when unknown
  uint8_t last;          // BDAT, BURL: 1 with LAST
  uint8_t mechanism;     // AUTH: an smtpc_mechanism; NONE when unknown
  uint8_t has_initial;   // AUTH: 1 when an initial response is there
  uint8_t host;          // EHLO, HELO, LHLO: an smtpc_host_kind
  uint8_t foreign;       // verb NONE: 1 for the first words of another protocol
  uint8_t node;          // ETRN: an smtpc_node
  uint8_t reserved;      // 0
} smtpc_command;
SMTPC_SIZE_GUARD(smtpc_command, 120u, 120u);

// smtpc_command_parse reads `line[0 .. len)`, which has no CR, LF or NUL, into
// `*out`. `offered` is the set of extensions in force (for parameters and UTF-8),
// `quirks` the set of smtpc_quirk bits that are on.
//
//   SEND SOML SAML  as MAIL (RFC 821 section 3.4)
//   ETRN   ["@" / "#"] name: a domain; after `#` 1*(printable without space)
//   ATRN   [domain *("," domain)]
//   BURL   URL [SP "LAST"]: `imap://` or another scheme, printable, no space
//   XCLIENT, XFORWARD  NAME=xtext *(SP NAME=xtext), each name at most once and one of
//          the verb's own, with its value in the range of SMTPC_ATTRIBUTE_LIST once
//          its xtext is decoded; a port has no leading zeros
//
// It returns SMTPC_OK, or
//   SMTPC_E_VERB              the verb is unknown; `out->foreign` may be set
//   SMTPC_E_ARGUMENT_MISSING, SMTPC_E_ARGUMENT_SURPLUS
//   SMTPC_E_SYNTAX            a keyword such as FROM: is not there, or a space
//   SMTPC_E_CHUNK_SIZE        BDAT's size cannot be read
//   SMTPC_E_CONTROL, SMTPC_E_NON_ASCII, SMTPC_E_UTF8   octets not allowed here
//   SMTPC_E_PARAM_UNKNOWN, _DUPLICATE, _VALUE_MISSING, _VALUE, SMTPC_E_XTEXT
//                             an attribute of XCLIENT or XFORWARD
//   and what the parsers of paths, domains and parameters return.
// On an error `out->verb` tells which verb it was (NONE for SMTPC_E_VERB), `argument`
// is all after the verb and its space, and all else but `params.wrong`, `foreign` and
// `quirks_used` is zero.
//
// Each octet is looked at a bounded number of times. A command accepted without
// quirks is accepted with any, and means the same (`command_test`).
//= RFC 5321 section 4.1.1
SMTPC_NODISCARD smtpc_status smtpc_command_parse(const uint8_t *line,
                                                 size_t len, uint32_t offered,
                                                 uint32_t quirks,
                                                 smtpc_command *out);

// smtpc_verb_find returns the smtpc_verb that all of `span` of `line` spells, or
// SMTPC_VERB_NONE.
unsigned smtpc_verb_find(const uint8_t *line, smtpc_span span);

// smtpc_attribute_find returns where the value of attribute `id` stands in the
// `argument` of a parsed XCLIENT or XFORWARD: xtext, still encoded. It is empty when
// the attribute is not there, and when its value, decoded, is `[UNAVAILABLE]` or
// `[TEMPUNAVAIL]` in any case, which say that the proxy does not know it.
smtpc_span smtpc_attribute_find(const uint8_t *line, smtpc_span argument,
                                unsigned id);

// smtpc_mechanism_find returns the smtpc_mechanism that all of `span` spells, or
// SMTPC_MECHANISM_NONE.
unsigned smtpc_mechanism_find(const uint8_t *line, smtpc_span span);

#ifdef __cplusplus
}  // extern "C"
#endif

#endif  // SMTPCORE_COMMAND_H
