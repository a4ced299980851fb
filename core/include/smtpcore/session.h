// Session: what goes into a session and what comes out of it.
//
// Both roles work alike. The shim gives one input and gets one action back:
//
//     size_t used = 0;
//     smtpc_action act;
//     st = smtpc_server_step(&policy, &session, &input, &used, &act);
//     // take `used` octets off the input, do `act`, and call again
//
// An input is a tagged value: octets on a named channel, the outcome of a
// handshake, an answer that the session asked for, a deadline, an end. An action is
// a tagged value too: it is to be done before the next call, and it says all that
// the shim needs. When the shim has nothing new to say it gives SMTPC_IN_NONE and
// the session goes on with what it still has to do, until it asks for input.
//
// The rules are few:
//   - Octets that a step did not take are given again, in the next step.
//   - After an SMTPC_DO_ASK_ action the next input is its answer. A server gets an
//     end of the stream, a deadline or a shutdown after that answer; a client may
//     get one, and octets too, in its place (`smtpcore/client.h`).
//   - After SMTPC_DO_START_TLS the shim gives every further octet of the peer to
//     its TLS engine, those it has already read included, and the next input is
//     SMTPC_IN_TLS_UP, SMTPC_IN_TLS_FAILED or an end.
//   - After SMTPC_DO_CLOSE the shim sends what it still holds, closes, and calls
//     no more. If it does, it gets SMTPC_DO_NOTHING, for ever (law TERMINAL).
#ifndef SMTPCORE_SESSION_H
#define SMTPCORE_SESSION_H

#include <stddef.h>
#include <stdint.h>

#include "smtpcore/registry.h"
#include "smtpcore/status.h"
#include "smtpcore/tls.h"
#include "smtpcore/write.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum smtpc_channel {
  SMTPC_CHANNEL_PLAIN = 0,
  SMTPC_CHANNEL_TLS = 1
} smtpc_channel;

// SMTPC_IN_LIST(X) is X(identifier, "name").
#define SMTPC_IN_LIST(X)                    \
  X(NONE, "none")                           \
  X(OCTETS, "octets")                       \
  X(TLS_UP, "tls-up")                       \
  X(TLS_FAILED, "tls-failed")               \
  X(END_OF_STREAM, "end-of-stream")         \
  X(DEADLINE, "deadline")                   \
  X(SHUTDOWN, "shutdown")                   \
  X(VERDICT, "verdict")                     \
  X(NONCE, "nonce")                         \
  X(SALT, "salt")                           \
  X(BINDING, "binding")                     \
  X(CREDENTIALS, "credentials")             \
  X(DIGEST, "digest")                       \
  X(ENVELOPE, "envelope")                   \
  X(RECIPIENT, "recipient")                 \
  X(CONTENT, "content")                     \
  X(END, "end")

typedef enum smtpc_in {
#define SMTPC_IN_ENUM(id, name) SMTPC_IN_##id,
  SMTPC_IN_LIST(SMTPC_IN_ENUM)
#undef SMTPC_IN_ENUM
  SMTPC_IN_COUNT
} smtpc_in;

// smtpc_answer is a shim's verdict on what a server asked.
typedef enum smtpc_answer {
  SMTPC_ANSWER_NO = 0,       // refused for good; the default, so that a verdict
                             // that was forgotten refuses
  SMTPC_ANSWER_YES = 1,
  SMTPC_ANSWER_NOT_NOW = 2,  // refused for now
  SMTPC_ANSWER_FULL = 3,     // storage is full, for now
  SMTPC_ANSWER_RELAY = 4     // recipient: not ours
} smtpc_answer;

// smtpc_input is one input. Fields that its kind does not name are ignored; make it
// with `smtpc_input_make` so that they are zero. All pointers are borrowed for the
// one call.
//
//   NONE           nothing new
//   OCTETS         `data`, `len` on `channel`
//   TLS_UP         `tls`: what was negotiated
//   TLS_FAILED     `tls.failure`
//   END_OF_STREAM  `clean` 1: end of TCP in clear, or close_notify under TLS
//   DEADLINE       the deadline named by the last SMTPC_DO_NEED_INPUT has passed
//   SHUTDOWN       the program wants to stop
//   VERDICT        server: `answer`; on SCRAM's credentials with YES also our
//                  signature in `data`
//   NONCE          SMTPC_NONCE_LEN random octets in `data`
//   SALT           server: the salt of a name in `data`, its iterations in `number`;
//                  len 0: cannot be told now
//   BINDING        the binding of the TLS channel in `data`; len 0: there is none
//   CREDENTIALS    client: name in `data`, password or token in `secret`; len 0: none
//   DIGEST         client: name in `data`; in `secret` the digest (CRAM-MD5), or proof
//                  and server's signature (SCRAM)
//   ENVELOPE       client: `envelope` of a message to send
//   RECIPIENT      client: `envelope` of the next recipient
//   CONTENT        client: `data`, `len` of the message
//   END            client: no more recipients, content, or messages, as asked
typedef struct smtpc_input {
  const uint8_t *data;
  const uint8_t *secret;
  const smtpc_envelope *envelope;
  size_t len;
  size_t secret_len;
  smtpc_tls_facts tls;
  uint32_t number;
  uint8_t kind;     // an smtpc_in
  uint8_t channel;  // an smtpc_channel
  uint8_t answer;   // an smtpc_answer
  uint8_t clean;    // 0 or 1
} smtpc_input;
SMTPC_SIZE_GUARD(smtpc_input, 36u, 56u);

// smtpc_input_make returns an input of `kind` with all else zero.
smtpc_input smtpc_input_make(unsigned kind);

// smtpc_input_octets returns an OCTETS input.
smtpc_input smtpc_input_octets(unsigned channel, const uint8_t *data,
                               size_t len);

// SMTPC_DO_LIST(X) is X(identifier, "name").
#define SMTPC_DO_LIST(X)                    \
  X(NOTHING, "nothing")                     \
  X(NEED_INPUT, "need-input")               \
  X(SEND, "send")                           \
  X(START_TLS, "start-tls")                 \
  X(REPORT, "report")                       \
  X(CLOSE, "close")                         \
  X(ASK_SENDER, "ask-sender")               \
  X(ASK_RECIPIENT, "ask-recipient")         \
  X(ASK_CREDENTIALS, "ask-credentials")     \
  X(ASK_NONCE, "ask-nonce")                 \
  X(ASK_SALT, "ask-salt")                   \
  X(ASK_BINDING, "ask-binding")             \
  X(ASK_PEER, "ask-peer")                   \
  X(ASK_MESSAGE, "ask-message")             \
  X(CONTENT, "content")                     \
  X(DROP_MESSAGE, "drop-message")           \
  X(ASK_PASSWORD, "ask-password")           \
  X(ASK_DIGEST, "ask-digest")               \
  X(ASK_ENVELOPE, "ask-envelope")           \
  X(ASK_NEXT_RECIPIENT, "ask-next-recipient") \
  X(ASK_CONTENT, "ask-content")             \
  X(RECIPIENT_DONE, "recipient-done")       \
  X(DELIVERY_DONE, "delivery-done")         \
  X(MESSAGE_DONE, "message-done")

typedef enum smtpc_do {
#define SMTPC_DO_ENUM(id, name) SMTPC_DO_##id,
  SMTPC_DO_LIST(SMTPC_DO_ENUM)
#undef SMTPC_DO_ENUM
  SMTPC_DO_COUNT
} smtpc_do;

// smtpc_source says which octets `[begin, end)` of an action means.
typedef enum smtpc_source {
  SMTPC_SOURCE_NONE = 0,
  SMTPC_SOURCE_INPUT = 1,  // the data of the input of this very step
  SMTPC_SOURCE_OUT = 2,    // the session's output buffer
  SMTPC_SOURCE_LINE = 3    // the session's line buffer
} smtpc_source;

// SMTPC_END_LIST(X) is X(identifier, "name", "what happened"): why a session ended,
// and for a client how its work went.
#define SMTPC_END_LIST(X)                                                    \
  X(QUIT, "quit", "the work was done and QUIT was said")                     \
  X(PEER, "peer", "the peer ended the stream")                               \
  X(REFUSED, "refused", "the policy refused what the peer did or offered")   \
  X(PROTOCOL, "protocol", "the peer broke the protocol")                     \
  X(TLS, "tls", "TLS failed")                                                \
  X(AUTH, "auth", "authentication failed")                                   \
  X(SERVICE, "service", "the peer refused service")                          \
  X(TIMEOUT, "timeout", "a deadline passed")                                 \
  X(SHUTDOWN, "shutdown", "the program stops")                               \
  X(LOCAL, "local", "the program's own input was refused")

typedef enum smtpc_end {
#define SMTPC_END_ENUM(id, name, what) SMTPC_END_##id,
  SMTPC_END_LIST(SMTPC_END_ENUM)
#undef SMTPC_END_ENUM
  SMTPC_END_COUNT
} smtpc_end;

// smtpc_action is one action. What the fields mean by kind:
//
//   NOTHING         the session has ended
//   NEED_INPUT      wait for octets, at most as long as `deadline` allows
//   SEND            send `[begin, end)` of `source` on `channel`; with `secret`
//                   these octets must not be logged
//   START_TLS       begin a handshake; `deadline` HANDSHAKE
//   REPORT          a finding: `finding`, at octet `pos` of `channel`
//   CLOSE           the end: `end`, and `finding`, `device` that go with it
//   ASK_SENDER      server: may `session.command.path` send? Answer: VERDICT
//   ASK_RECIPIENT   server: is `session.command.path` a mailbox here? VERDICT
//   ASK_CREDENTIALS server: are the credentials of `mechanism` right? The name is
//                   `session.sasl.name`. `[begin, end)` of `source` is the password,
//                   the token, the digest of CRAM-MD5 or the proof of SCRAM; what the
//                   last two are made over is `session.sasl.text`, in the session's
//                   line. EXTERNAL has no secret: the shim knows the peer's
//                   certificate. VERDICT
//   ASK_NONCE       random octets. Answer: NONCE
//   ASK_SALT        server: salt and iterations of `session.sasl.name` for `mechanism`.
//                   Answer: SALT
//   ASK_BINDING     the TLS channel's binding of kind `binding`. Answer: BINDING
//   ASK_PEER        server: `[begin, end)` of `source` is a PROXY header
//                   (`smtpc_proxy_parse`; `session.command.verb` is NONE), or the
//                   attributes of XCLIENT or XFORWARD (`smtpc_attribute_find`): may the
//                   peer say so? The shim may change the policy's quirks, and whether
//                   XCLIENT and XFORWARD are offered, before it answers. VERDICT
//   ASK_MESSAGE     server: the message is whole: is it stored? VERDICT. Under LMTP
//                   it is asked for each recipient that was accepted, `number` counts
//                   them from 0
//   CONTENT         server: `[begin, end)` of the input is content of the message
//   DROP_MESSAGE    server: forget what was stored of this message
//   ASK_PASSWORD    client: name, and password or token, for `mechanism`. Asked once
//                   for each message of an exchange that needs them. Answer:
//                   CREDENTIALS
//   ASK_DIGEST      client: for CRAM-MD5 HMAC-MD5 of `[begin, end)` of `source`, keyed
//                   with the password; for SCRAM proof and signature over the same,
//                   with the salt `session.sasl.salt`, in the session's line, and
//                   `session.sasl.iterations`. Answer: DIGEST
//   ASK_ENVELOPE    client: a message to send? Answer: ENVELOPE or END
//   ASK_NEXT_RECIPIENT client: its next recipient? Answer: RECIPIENT or END
//   ASK_CONTENT     client: its content? Answer: CONTENT or END
//   RECIPIENT_DONE  client: recipient `number`, counted from 0, got `code`; 452 with
//                   finding LIMIT_KEPT: it was not sent, the server's limit was reached
//   DELIVERY_DONE   client, LMTP: of the recipients that were accepted, number
//                   `number`, counted from 0, got `code` for the message
//   MESSAGE_DONE    client: the message got `code`; 0 when it was never sent
//
// `took_line` is 1 when this step of a server took the end of a line:
// `session.line` holds it until the next step. `took_secret` is 1 when that line
// carries a password: a trace must not show it. `code` and `enhanced_` are of one and
// the same reply; `enhanced_class` 0: it has no enhanced code of the class of `code`.
typedef struct smtpc_action {
  uint64_t pos;
  size_t begin;
  size_t end;
  uint32_t number;
  uint16_t code;
  uint16_t enhanced_subject;
  uint16_t enhanced_detail;
  uint8_t enhanced_class;
  uint8_t kind;         // an smtpc_do
  uint8_t source;       // an smtpc_source
  uint8_t channel;      // an smtpc_channel
  uint8_t secret;       // 0 or 1
  uint8_t took_line;    // 0 or 1
  uint8_t took_secret;  // 0 or 1
  uint8_t deadline;     // an smtpc_deadline
  uint8_t finding;      // an smtpc_finding
  uint8_t device;       // an smtpc_device
  uint8_t end_reason;   // an smtpc_end
  uint8_t mechanism;    // an smtpc_mechanism
  uint8_t binding;      // an smtpc_binding
  uint8_t reserved;     // 0; without it there would be an octet of no value
} smtpc_action;
SMTPC_SIZE_GUARD(smtpc_action, 40u, 48u);

// smtpc_findings is a set of findings that wait to be reported.
typedef struct smtpc_findings {
  uint32_t bits[3];
} smtpc_findings;
SMTPC_SIZE_GUARD(smtpc_findings, 12u, 12u);
SMTPC_STATIC_ASSERT(SMTPC_FINDING_COUNT <= 96, "a finding has a bit");

// smtpc_findings_add puts `finding` into the set; NONE and numbers out of range
// change nothing.
void smtpc_findings_add(smtpc_findings *set, unsigned finding);

// smtpc_findings_take removes the finding of the smallest number from the set and
// returns it, or SMTPC_FINDING_NONE when the set is empty.
unsigned smtpc_findings_take(smtpc_findings *set);

// smtpc_findings_any returns whether the set is not empty.
bool smtpc_findings_any(const smtpc_findings *set);

// smtpc_finding_of returns the finding that goes with a line's or content's
// status: SMTPC_E_BARE_LF to SMTPC_FINDING_BARE_LF and so on; NONE for others.
unsigned smtpc_finding_of(smtpc_status status);

// smtpc_action_make returns an action of `kind` with all else zero.
smtpc_action smtpc_action_make(unsigned kind);

// smtpc_input_is_whole returns whether each length of `input` has its pointer.
bool smtpc_input_is_whole(const smtpc_input *input);

// smtpc_action_octets returns where `[begin, end)` of `action` begins, given the
// buffers that its source may name, or NULL when it names none. The sessions'
// `_octets` functions are made of it.
const uint8_t *smtpc_action_octets(const smtpc_action *action,
                                   const smtpc_input *input,
                                   const uint8_t *out, const uint8_t *line);

// smtpc_in_name returns the name of an input kind, or "".
const char *smtpc_in_name(unsigned kind);
// smtpc_do_name returns the name of an action kind, or "".
const char *smtpc_do_name(unsigned kind);
// smtpc_end_name returns the name of an end reason, or "".
const char *smtpc_end_name(unsigned reason);
// smtpc_tls_failure_name returns the name of a TLS failure, or "".
const char *smtpc_tls_failure_name(unsigned failure);

#ifdef __cplusplus
}  // extern "C"
#endif

#endif  // SMTPCORE_SESSION_H
