// Policy: facts to a verdict.
//
// Two structs of plain data hold all that a session may be told: there are no
// hidden defaults and no globals. The decisions are pure and total, and monotonic:
// a stricter policy never accepts what a laxer one refused (law POLICY;
// `policy_test` tries the whole product). What is legal when is one constant table,
// verb by phase, with the clause in each row (`smtpc_policy_cell`).
#ifndef SMTPCORE_POLICY_H
#define SMTPCORE_POLICY_H

#include <stdint.h>

#include "smtpcore/capability.h"
#include "smtpcore/param.h"
#include "smtpcore/registry.h"
#include "smtpcore/status.h"
#include "smtpcore/tls.h"

#ifdef __cplusplus
extern "C" {
#endif

// --------------------------------------------------------------- phases

// SMTPC_PHASE_LIST(X) is X(identifier, "name", "what was seen"): where a server
// session stands when it reads a command line.
#define SMTPC_PHASE_LIST(X)                                     \
  X(START, "start", "no EHLO or HELO yet on this channel")      \
  X(READY, "ready", "EHLO or HELO accepted, no transaction")    \
  X(MAIL, "mail", "MAIL accepted, no recipient yet")            \
  X(RCPT, "rcpt", "at least one recipient accepted")            \
  X(CHUNKS, "chunks", "BDAT accepted, the last chunk not yet")  \
  X(FAILED, "failed", "a chunk was refused; RSET goes on")

typedef enum smtpc_phase {
#define SMTPC_PHASE_ENUM(id, name, seen) SMTPC_PHASE_##id,
  SMTPC_PHASE_LIST(SMTPC_PHASE_ENUM)
#undef SMTPC_PHASE_ENUM
  SMTPC_PHASE_COUNT
} smtpc_phase;

// smtpc_phase_name returns the name of `phase`, or "".
const char *smtpc_phase_name(unsigned phase);

// smtpc_policy_cell returns what the table says of `verb` in `phase`:
// SMTPC_REPLY_NONE, the command may go on to the policy's own rules; else the
// smtpc_reply_id that refuses it. Out of range: SMTPC_REPLY_VERB_UNKNOWN.
unsigned smtpc_policy_cell(unsigned verb, unsigned phase);

// smtpc_policy_clause returns the clause of the table's row for `verb`, or "".
const char *smtpc_policy_clause(unsigned verb);

// --------------------------------------------------------------- server

// smtpc_server_tls is the setting of the device's "Allow SSL (SMTP Receive)", laxest
// first.
typedef enum smtpc_server_tls {
  SMTPC_SERVER_TLS_OFF = 0,      // STARTTLS is not offered
  SMTPC_SERVER_TLS_ON = 1,       // offered; plaintext is served too
  SMTPC_SERVER_TLS_REQUIRED = 2  // mail in plaintext is refused
} smtpc_server_tls;

typedef enum smtpc_auth {
  SMTPC_AUTH_OFF = 0,
  SMTPC_AUTH_ON = 1,
  SMTPC_AUTH_REQUIRED = 2
} smtpc_auth;

#define SMTPC_TEXT_MAX 64u

// smtpc_text is a short text of printable ASCII in place; length 0: the
// registry's own text.
typedef struct smtpc_text {
  uint8_t len;
  uint8_t data[SMTPC_TEXT_MAX];
} smtpc_text;
SMTPC_SIZE_GUARD(smtpc_text, 65u, 65u);

// smtpc_server_policy is all that a server session may be told. Make it with
// `smtpc_server_policy_init`, change fields, then call
// `smtpc_server_policy_check`. It must stay as it is while a session uses it.
typedef struct smtpc_server_policy {
  uint64_t size_max;       // greatest message, octets after unstuffing; not 0
  uint64_t discard_max;    // octets to read on for the end of a refused message,
                           // beyond twice size_max; or of a refused chunk
  uint32_t offered;        // SMTPC_OFFERS bits to offer where their row allows
  uint64_t mechanisms;     // SMTPC_MECH bits to offer; bound ones only under TLS
  uint64_t hold_until_max; // FUTURERELEASE: latest date, seconds since 1970
  uint32_t hold_for_max;   // FUTURERELEASE: longest interval, seconds
  uint32_t by_min;         // DELIVERBY: least time of mode R, seconds; 0: any
  uint32_t quirks;         // smtpc_quirk bits
  uint16_t rcpt_max;       // recipients of a message (at least 100 by the RFC)
  uint16_t mail_max;       // messages of a session; 0: any number
  uint16_t errors_max;     // refused commands before 421
  uint16_t junk_max;       // NOOP, RSET, VRFY... without mail before 421
  uint16_t auth_max;       // failed logins before 421
  uint8_t tls;             // an smtpc_server_tls
  uint8_t implicit_tls;    // 1: TLS from the first octet (RFC 8314)
  uint8_t certificate;     // 1: the shim holds a usable certificate and key
  uint8_t auth;            // an smtpc_auth
  uint8_t prompts;         // an smtpc_prompts: how LOGIN asks
  uint8_t lmtp;            // 1: LMTP (RFC 2033), one reply for each recipient
  uint8_t proxy;           // 1: the peer is trusted to begin with a PROXY header,
                           // and must
  uint8_t hostname_len;
  uint8_t hostname[255];   // our name: a domain or an address literal
  smtpc_text greeting;     // after the host name in the greeting
  smtpc_text hello;        // after the host name in the EHLO reply, in clear
  smtpc_text hello_tls;    // the same under TLS
  smtpc_text starttls;     // the 220 to STARTTLS
} smtpc_server_policy;
// The smaller size is that of processors that align a uint64_t to 4 octets.
SMTPC_STATIC_ASSERT(sizeof(smtpc_server_policy) == 592 || sizeof(smtpc_server_policy) == 584,
                    "the size of smtpc_server_policy is a part of the ABI");

// smtpc_server_policy_init fills `*policy` with the strict defaults: TLS off, AUTH
// off, no quirks, the extensions that the registry offers by default, the mechanisms
// that a password serves, the limits of SMTPC_LIMIT_LIST, host name "localhost", no
// LMTP, no PROXY header. `hold_until_max` is 0: who offers FUTURERELEASE sets it.
void smtpc_server_policy_init(smtpc_server_policy *policy);

// smtpc_server_policy_check returns SMTPC_OK; SMTPC_E_ARGUMENT for a field out of
// range, TLS without a certificate (a setting is refused, never weakened), TLS on
// or required without STARTTLS in `offered`, AUTH on or required without AUTH in
// `offered` or without a spoken mechanism; a mechanism that is not spoken; an
// extension that is never served; BINARYMIME without CHUNKING; FUTURERELEASE with an
// interval or a date of 0, or a date past the year 9999; seconds over SMTPC_SECONDS_MAX;
// SMTPC_E_DOMAIN for the host name; SMTPC_E_REPLY_TEXT for a text.
SMTPC_NODISCARD smtpc_status smtpc_server_policy_check(
    const smtpc_server_policy *policy);

// smtpc_server_offers returns the extensions that a server offers in its EHLO
// reply under TLS (`tls` 1) or in clear (0): STARTTLS only in clear, REQUIRETLS
// only under TLS, AUTH only where credentials may cross and a mechanism is left.
uint32_t smtpc_server_offers(const smtpc_server_policy *policy, int tls);

// smtpc_server_mechanisms returns the mechanisms that a server offers under TLS (`tls`
// 1) or in clear (0): those that are bound to TLS, and EXTERNAL, only under it.
uint64_t smtpc_server_mechanisms(const smtpc_server_policy *policy, int tls);

// smtpc_server_facts_of returns what a server says in its EHLO reply, as a client
// would read it: the extensions and their values.
smtpc_capabilities smtpc_server_facts_of(const smtpc_server_policy *policy,
                                         int tls);

// smtpc_command_line_max returns the longest line, CRLF included, of `verb` when
// `offered` extensions are in force: the sum of the limits of SMTPC_LIMIT_LIST, and at
// most SMTPC_LINE_MAX.
//= RFC 5321 section 4.5.3.1.4
size_t smtpc_command_line_max(unsigned verb, uint32_t offered);

// smtpc_server_facts is what the verdict on a command hangs on.
typedef struct smtpc_server_facts {
  uint8_t verb;           // an smtpc_verb
  uint8_t phase;          // an smtpc_phase
  uint8_t tls;            // 1: TLS is in force
  uint8_t authenticated;  // 1: AUTH succeeded
  uint8_t esmtp;          // 1: the last greeting was EHLO or LHLO, not HELO
  uint8_t binary;         // 1: MAIL had BODY=BINARYMIME
} smtpc_server_facts;
SMTPC_SIZE_GUARD(smtpc_server_facts, 6u, 6u);

// smtpc_verdict is a decision. `reply` SMTPC_REPLY_NONE: go on. Else the reply to
// give, the finding to report, the device status that the session has from then on,
// and whether it ends.
typedef struct smtpc_verdict {
  uint8_t reply;    // an smtpc_reply_id
  uint8_t finding;  // an smtpc_finding
  uint8_t device;   // an smtpc_device
  uint8_t ends;     // 1: the session ends after the reply
} smtpc_verdict;
SMTPC_SIZE_GUARD(smtpc_verdict, 4u, 4u);

// smtpc_server_decide says whether a well-formed command may be done now. Under LMTP
// only LHLO greets, elsewhere LHLO is off. XCLIENT and XFORWARD are off unless they are
// offered, and XCLIENT comes before mail. AUTH goes on only where it is offered. DATA
// after BODY=BINARYMIME is refused.
//= RFC 5321 section 4.1.4
//= RFC 3207 section 4
//= RFC 4954 section 4
//= RFC 2033 section 4.1
//= RFC 3030 section 3
smtpc_verdict smtpc_server_decide(const smtpc_server_policy *policy,
                                  smtpc_server_facts facts);

// smtpc_server_judge_params says whether the parameters of MAIL, well-formed, are
// within the policy's limits: SIZE, BY, HOLDFOR, HOLDUNTIL. It gives SMTPC_REPLY_NONE,
// or the reply and its finding.
//= RFC 1870 section 6.1
//= RFC 2852 section 4
//= RFC 4865 section 4
smtpc_verdict smtpc_server_judge_params(const smtpc_server_policy *policy,
                                        const smtpc_params *params);

// --------------------------------------------------------------- client

// smtpc_client_tls is the setting of "Allow SSL (SMTP Send)", laxest first, and two
// stricter ones.
typedef enum smtpc_client_tls {
  SMTPC_CLIENT_TLS_OFF = 0,            // plaintext
  SMTPC_CLIENT_TLS_OPPORTUNISTIC = 1,  // TLS when offered, else plaintext
  SMTPC_CLIENT_TLS_REQUIRED = 2,       // TLS or nothing
  SMTPC_CLIENT_TLS_VERIFIED = 3        // TLS with a checked chain and name
} smtpc_client_tls;

// smtpc_auth_order names an order of mechanisms, which is data. A row holds where
// a TLS condition says ANY, or TLS and TLS is in force. Of the rows that hold, whose
// mechanism we speak, that the policy permits (`mechanisms`) and the server offers, the
// first one is taken.
typedef enum smtpc_auth_order {
  SMTPC_AUTH_ORDER_STRONG = 0,  // the SCRAMs, SHA-256 before SHA-1 and of each the
                                // bound one first, CRAM-MD5; under TLS EXTERNAL,
                                // OAUTHBEARER, XOAUTH2, PLAIN, LOGIN
  SMTPC_AUTH_ORDER_MANUAL = 1,  // the device manual's: CRAM-MD5, NTLM, GSSAPI, PLAIN
                                // and LOGIN under TLS, then LOGIN and PLAIN in
                                // clear, which quirk auth-in-clear must allow as well
  SMTPC_AUTH_ORDER_COUNT
} smtpc_auth_order;

// smtpc_auth_choice is one row of an order.
typedef struct smtpc_auth_choice {
  uint8_t mechanism;  // an smtpc_mechanism; NONE past the end
  uint8_t tls_only;   // 1: only under TLS
} smtpc_auth_choice;
SMTPC_SIZE_GUARD(smtpc_auth_choice, 2u, 2u);

// smtpc_auth_choice_get returns row `index`, counted from 0, of `order`.
smtpc_auth_choice smtpc_auth_choice_get(unsigned order, unsigned index);

// smtpc_auth_order_name returns "strong" or "manual", or "".
const char *smtpc_auth_order_name(unsigned order);

// smtpc_client_policy is all that a client session may be told.
typedef struct smtpc_client_policy {
  uint64_t mechanisms;    // SMTPC_MECH bits that the credentials can serve
  uint32_t quirks;        // smtpc_quirk bits
  uint32_t drop;          // SMTPC_HAS bits: parameters to leave out when their
                          // extension is not offered; others refuse the message
  uint16_t group_max;     // commands to send ahead of their replies
  uint8_t tls;            // an smtpc_client_tls
  uint8_t implicit_tls;   // 1: TLS from the first octet (RFC 8314)
  uint8_t auth;           // an smtpc_auth; ON and REQUIRED need credentials
  uint8_t auth_order;     // an smtpc_auth_order
  uint8_t binding;        // 1: the TLS shim can bind an exchange to its channel
  uint8_t bdat;           // 1: send by BDAT when CHUNKING is offered
  uint8_t lmtp;           // 1: LMTP (RFC 2033)
  uint8_t hello_len;
  uint8_t hello[255];     // our name: a domain or an address literal
} smtpc_client_policy;
// The smaller size is that of processors that align a uint64_t to 4 octets.
SMTPC_STATIC_ASSERT(sizeof(smtpc_client_policy) == 288 || sizeof(smtpc_client_policy) == 284,
                    "the size of smtpc_client_policy is a part of the ABI");

// smtpc_client_policy_init fills `*policy` with the strict defaults: TLS verified,
// AUTH off, order strong, the mechanisms that a password serves, bound where they can
// be, pipelining as SMTPC_LIMIT_LIST says, DATA, SMTP, name "localhost". SIZE, AUTH and
// DSN's parameters are dropped, all but SIZE with a finding.
void smtpc_client_policy_init(smtpc_client_policy *policy);

// smtpc_client_policy_check returns SMTPC_OK, SMTPC_E_ARGUMENT for a field out of
// range (implicit TLS with TLS off, a mechanism that is not spoken, REQUIRETLS, BODY or
// SMTPUTF8 among what may be dropped), SMTPC_E_DOMAIN for the name.
SMTPC_NODISCARD smtpc_status smtpc_client_policy_check(
    const smtpc_client_policy *policy);

// smtpc_client_next is what a client does after an EHLO reply.
typedef enum smtpc_client_next {
  SMTPC_CLIENT_GO_ON = 0,     // AUTH or mail, on the channel in force
  SMTPC_CLIENT_STARTTLS = 1,  // send STARTTLS
  SMTPC_CLIENT_STOP = 2       // QUIT: the policy wants what is not there
} smtpc_client_next;

// smtpc_client_decision is a decision with the finding that it leaves, if any.
typedef struct smtpc_client_decision {
  uint8_t next;     // an smtpc_client_next
  uint8_t finding;  // an smtpc_finding
} smtpc_client_decision;
SMTPC_SIZE_GUARD(smtpc_client_decision, 2u, 2u);

// smtpc_client_after_hello decides by the keywords of the last EHLO reply (all
// zero after HELO) and by whether TLS is in force. `refused` is 1 when STARTTLS
// was tried on this connection and refused.
//= RFC 3207 section 6
smtpc_client_decision smtpc_client_after_hello(
    const smtpc_client_policy *policy, const smtpc_capabilities *caps, int tls,
    int refused);

// smtpc_client_may_helo returns whether a refused EHLO may be followed by HELO:
// not when TLS or AUTH is demanded (THREATS: DWN-04), nor when our name is an
// address literal, which HELO cannot say.
int smtpc_client_may_helo(const smtpc_client_policy *policy, int tls);

// smtpc_client_tls_verdict returns SMTPC_FINDING_NONE when a finished handshake
// satisfies the policy, else SMTPC_FINDING_TLS_UNVERIFIED.
unsigned smtpc_client_tls_verdict(const smtpc_client_policy *policy,
                                  const smtpc_tls_facts *facts);

// smtpc_client_mechanism returns the first mechanism of the policy's order that
// `offered` (SMTPC_MECH bits) names and that may be used, or SMTPC_MECHANISM_NONE. A
// bound mechanism needs TLS and `policy->binding`.
unsigned smtpc_client_mechanism(const smtpc_client_policy *policy,
                                uint64_t offered, int tls);

// smtpc_client_could_bind returns whether the bound mechanism with the hash of
// `mechanism` was not offered, and would have been taken if it had been: SCRAM's flag
// `y`. The bound one of another hash says nothing: an attacker may leave it in.
//= RFC 5802 section 6
int smtpc_client_could_bind(const smtpc_client_policy *policy,
                            unsigned mechanism, uint64_t offered, int tls);

// smtpc_client_binding returns the smtpc_binding to use on a channel: tls-exporter
// under TLS 1.3, tls-server-end-point under older versions.
//= RFC 9266 section 3
unsigned smtpc_client_binding(const smtpc_tls_facts *facts);

// smtpc_client_tls_for returns the smtpc_client_tls to use for one message, whose
// policy is `tls`, before a connection is made. A message that is sent with REQUIRETLS
// needs VERIFIED. One whose header says `TLS-Required: No` (`header.h`) is sent by
// OPPORTUNISTIC if `honours` is 1 and it has no REQUIRETLS; what was demanded is then
// given up, and `*out_finding` is TLS_NOT_REQUIRED; else it is NONE. OFF stays OFF
// but for REQUIRETLS.
//= RFC 8689 section 4.1
unsigned smtpc_client_tls_for(unsigned tls, int require_tls, int says_no,
                              int honours, unsigned *out_finding);

// smtpc_client_requires returns whether the channel in force is one over which a message
// with REQUIRETLS may go: TLS, with the certificate and the name checked.
//= RFC 8689 section 4.2.1
int smtpc_client_requires(int tls, const smtpc_tls_facts *facts);

// smtpc_exposed returns whether `mechanism` shows its password, or a hash of it,
// when it is used with TLS as `tls` says: the finding auth-in-clear follows.
int smtpc_exposed(unsigned mechanism, int tls);

#ifdef __cplusplus
}  // extern "C"
#endif

#endif  // SMTPCORE_POLICY_H
