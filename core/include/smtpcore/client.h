// Client: the session that sends mail.
//
// Plain data without pointers, like the server. It asks its shim for what to send
// (envelope, recipients, content, name and password) and says what to do. It
// decides by reply codes and EHLO keywords only, never by text (law CODE).
//
// Replies are counted. `expect` is how many replies the server owes; an octet that
// comes while it owes none is fatal, unless it begins a 421. That is judged when
// the octets arrive, so a shim gives octets as soon as it has them, also while the
// session waits for an answer of the shim. An end (end of stream, deadline,
// shutdown) may be given then too, in place of the answer: when a program cannot go
// on with its content, SHUTDOWN ends the session without an end of data.
//
// With PIPELINING (RFC 2920) the group MAIL, RCPT..., DATA goes out ahead of its
// replies, at most `policy.group_max` commands. EHLO, STARTTLS, AUTH, BDAT, RSET
// and QUIT always wait.
#ifndef SMTPCORE_CLIENT_H
#define SMTPCORE_CLIENT_H

#include <stddef.h>
#include <stdint.h>

#include "smtpcore/capability.h"
#include "smtpcore/content.h"
#include "smtpcore/line.h"
#include "smtpcore/policy.h"
#include "smtpcore/reply.h"
#include "smtpcore/sasl.h"
#include "smtpcore/session.h"

#ifdef __cplusplus
extern "C" {
#endif

// smtpc_client_phase is what the session is about.
typedef enum smtpc_client_phase {
  SMTPC_CLIENT_GREETING = 0,   // the greeting is awaited
  SMTPC_CLIENT_EHLO = 1,       // EHLO was sent
  SMTPC_CLIENT_HELO = 2,       // HELO was sent
  SMTPC_CLIENT_STLS = 3,       // STARTTLS was sent
  SMTPC_CLIENT_HANDSHAKE = 4,  // TLS or the end
  SMTPC_CLIENT_AUTH = 5,       // an AUTH exchange goes on
  SMTPC_CLIENT_READY = 6,      // no transaction
  SMTPC_CLIENT_GROUP = 7,      // MAIL, RCPT, DATA: commands and their replies
  SMTPC_CLIENT_CONTENT = 8,    // 354 was read; content goes out
  SMTPC_CLIENT_CHUNKS = 9,     // BDAT: content goes out in chunks
  SMTPC_CLIENT_FINAL = 10,     // the end of data was sent
  SMTPC_CLIENT_RSET = 11,      // RSET was sent
  SMTPC_CLIENT_QUIT = 12,      // QUIT was sent
  SMTPC_CLIENT_SURPLUS = 13,   // octets came that nobody waits for
  SMTPC_CLIENT_CLOSED = 14     // nothing, for ever
} smtpc_client_phase;

// smtpc_client_send is what waits to be sent.
typedef enum smtpc_client_send {
  SMTPC_CLIENT_SEND_NOTHING = 0,
  SMTPC_CLIENT_SEND_OUT = 1,  // the output buffer
  SMTPC_CLIENT_SEND_SAY = 2   // AUTH's line, `sasl.say` of the line buffer
} smtpc_client_send;

// smtpc_client_report is what is reported of a recipient.
typedef enum smtpc_client_report {
  SMTPC_CLIENT_REPORT_REPLY = 0,    // the reply to its RCPT
  SMTPC_CLIENT_REPORT_DELIVERY = 1, // LMTP: the reply to the message
  SMTPC_CLIENT_REPORT_UNSENT = 2    // that it was not sent
} smtpc_client_report;

// smtpc_outgoing is one mail transaction of a client. All-zero: none.
typedef struct smtpc_outgoing {
  uint32_t rcpt_given;     // recipients that the shim gave
  uint32_t rcpt_sent;      // RCPT commands sent
  uint32_t rcpt_answered;  // replies to them
  uint32_t rcpt_ok;        // of these, accepted
  uint32_t rcpt_told;      // LMTP: of these, replies to the message
  uint32_t domains;        // LIMITS: changes of the domain among the recipients
  uint32_t domain;         // LIMITS: a hash of the last recipient's domain
  uint16_t code;           // the reply that decided the message; 0: none yet
  uint16_t enhanced_subject;  // its enhanced code
  uint16_t enhanced_detail;
  uint8_t enhanced_class;  // 0: it has none
  uint8_t mail_sent;       // 1: MAIL was sent
  uint8_t mail_answered;   // 1: its reply came
  uint8_t mail_ok;         // 1: and accepted it
  uint8_t rcpt_end;        // 1: there are no more recipients
  uint8_t data_sent;       // 1: DATA was sent
  uint8_t utf8;            // 1: MAIL had SMTPUTF8
  uint8_t binary;          // 1: MAIL had BODY=BINARYMIME
  uint8_t lost;            // 1: 354 came without a recipient: send a lone dot
  uint8_t limited;         // 1: a limit of the server was reached: no more RCPT
  uint8_t reserved[3];     // 0
} smtpc_outgoing;
SMTPC_SIZE_GUARD(smtpc_outgoing, 48u, 48u);

// smtpc_client is a session. A shim may read `caps`, `reply`, `line`, `tls`,
// `tls_facts`, `authenticated`, `sasl`, `wait`, `phase`, `send` and `chunk_left`; it
// writes nothing.
typedef struct smtpc_client {
  uint64_t pos;          // octets taken on the channel in force
  uint64_t finding_pos;  // where the findings that wait were made
  uint64_t chunk_left;   // BDAT: octets of this chunk still to send
  smtpc_capabilities caps;
  smtpc_outgoing tx;
  smtpc_content content;
  smtpc_reply reply;
  smtpc_findings findings;
  smtpc_tls_facts tls_facts;
  uint32_t expect;        // replies that the server owes
  uint32_t owes;          // replies that what waits to be sent will be owed
  uint32_t mails;         // LIMITS: MAIL commands sent
  uint32_t rcpt_report;   // recipient whose RECIPIENT_DONE or DELIVERY_DONE waits,
                          // plus 1; 0: none
  uint16_t rcpt_code;     // and its code
  uint16_t out_len;
  uint8_t phase;          // an smtpc_client_phase
  uint8_t wait;           // the ASK_ action, or START_TLS, whose answer must come
                          // next; NOTHING: none
  uint8_t tls;            // 1: TLS is in force
  uint8_t esmtp;          // 1: EHLO was accepted
  uint8_t refused;        // 1: STARTTLS was refused on this connection
  uint8_t authenticated;  // 1
  uint8_t report;         // an smtpc_client_report: of the recipient whose report waits
  uint8_t send;           // an smtpc_client_send
  uint8_t send_secret;    // 1: it must not be logged
  uint8_t said;           // 1: the line buffer holds a line of ours that was sent
  uint8_t message_report; // 1: MESSAGE_DONE waits
  uint8_t next;           // an smtpc_do that waits for all that; NOTHING: decide
  uint8_t device;         // an smtpc_device for the end
  uint8_t end_reason;     // an smtpc_end
  uint8_t end_finding;    // an smtpc_finding for the end
  uint8_t chunk_end;      // 1: BDAT LAST was sent
  smtpc_sasl_client sasl;
  uint8_t out[SMTPC_OUT_MAX];
  smtpc_line line;
} smtpc_client;
SMTPC_STATIC_ASSERT(offsetof(smtpc_client, line) == 808,
                    "the size of smtpc_client is a part of the ABI");
SMTPC_STATIC_ASSERT(sizeof(smtpc_client) - sizeof(smtpc_line) <= 1024,
               "session state beside the line is at most 1 KiB");

// smtpc_client_init begins a session. With `policy->implicit_tls` its first action
// is START_TLS, else it waits for the greeting. `policy` must have passed
// `smtpc_client_policy_check`.
void smtpc_client_init(smtpc_client *session,
                       const smtpc_client_policy *policy);

// smtpc_client_step gives `*input` to the session and gets one action. Returns and
// rules are those of `smtpc_server_step`. Octets of `input->data` are taken from
// OCTETS and CONTENT inputs only.
//
// What holds after each call: the laws of `docs/GUARANTEES.md`, checked by
// `client_test`, `law_test` and `law_tls_test`. Cuts within what the server says between
// two of our commands do not matter (SPLIT).
//= RFC 5321 section 4.3
//= RFC 3207 section 4.2
//= RFC 2920 section 3.1
SMTPC_NODISCARD smtpc_status smtpc_client_step(const smtpc_client_policy *policy,
                                               smtpc_client *session,
                                               const smtpc_input *input,
                                               size_t *out_used,
                                               smtpc_action *out_action);

// smtpc_client_octets returns the start of what `action` means by `begin` and
// `end`, or NULL when it means nothing. Valid until the next step, and while the
// input's data is.
const uint8_t *smtpc_client_octets(const smtpc_client *session,
                                   const smtpc_action *action,
                                   const smtpc_input *input);

// smtpc_client_check returns SMTPC_OK when the invariants of a session hold, else
// SMTPC_E_INTERNAL.
SMTPC_NODISCARD smtpc_status smtpc_client_check(const smtpc_client *session);

#ifdef __cplusplus
}  // extern "C"
#endif

#endif  // SMTPCORE_CLIENT_H
