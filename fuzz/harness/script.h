// Script: what happens to a session, as data. It is the input of the targets server,
// client and pair, and of those with real TLS: tls_server, tls_client and duel.
//
// In the tree a script is text that a person reads and writes, one record a line:
//
//     smtpcore-script 1
//     # the classic injection (CVE-2011-0411)
//     server-set tls 1
//     say "EHLO a.example\r\n"
//     say "STARTTLS\r\nRSET\r\n"
//     tls-up 3 772
//
// Octets stand between quotes, with the escapes \r \n \t \" \\ \xNN. Numbers are decimal,
// or hexadecimal after 0x. A field and a direction are words; where a field has no
// words it is a number. What a `fill` repeats is a string of one octet. White space
// stands between the parts of a line.
//
// For the engines it is encoded as tag-length-value:
//
//     script  = version *record        version = %x01
//     record  = tag length payload     tag: 1 octet; length: 2 octets, greatest first
//
// A record whose tag or field is unknown is skipped; a record that is cut off, or whose
// payload is not of its tag's form, is too. What `fill` records ask for beyond
// SCRIPT_FILL_MAX is taken off. So every octet string decodes to something,
// but for one that has another version. Tags and fields that are given up are never used
// again. `script_encode` and `script_print` are each other's inverse on what
// `script_decode` gives.
#ifndef SMTPCORE_FUZZ_HARNESS_SCRIPT_H
#define SMTPCORE_FUZZ_HARNESS_SCRIPT_H

#include <stddef.h>
#include <stdint.h>

#include "shim/mem/mem.h"

#define SCRIPT_VERSION 1u
// SCRIPT_RECORDS_MAX bounds the records of a script; those beyond it are not read.
#define SCRIPT_RECORDS_MAX 128u
// SCRIPT_FILL_MAX bounds the octets that all `fill` records of a script make.
#define SCRIPT_FILL_MAX 80000u

// script_form is what a record's payload holds, in this order.
//
//   NONE     nothing
//   NUMBER   number: 0 to 8 octets, least first
//   FIELD    field: 1 octet; number
//   TWO      field: 1 octet; number      as FIELD, but the field is a number in text
//   OCTETS   data: the rest
//   AIMED    field: 1 octet; data        field is a direction: 0 `to-server`,
//                                        1 `to-client`
//   CUTOFF   field: 1 octet; number      likewise
//   PAIR     length of data: 1 octet; data; more: the rest
//   SWAP     field: 1 octet, a direction; length of data: 1 octet; data; more: the rest
//   FILL     field: 1 octet, that is repeated; number: how often
typedef enum script_form {
  SCRIPT_FORM_NONE = 0,
  SCRIPT_FORM_NUMBER,
  SCRIPT_FORM_FIELD,
  SCRIPT_FORM_TWO,
  SCRIPT_FORM_OCTETS,
  SCRIPT_FORM_AIMED,
  SCRIPT_FORM_CUTOFF,
  SCRIPT_FORM_PAIR,
  SCRIPT_FORM_SWAP,
  SCRIPT_FORM_FILL
} script_form;

// SCRIPT_TAG_LIST(X) is X(identifier, number, "word", form, "what it does").
//
// The moves of a pair (pair.h) are CUT, TLS_UP to SHUTDOWN, MISUSE and all from RELAY on.
// What waits in a direction is what was sent and has not passed. Then
//
//   INSERT      stands behind what waits in clear, before the octets of a TLS engine
//   REWRITE     finds what is in clear, and the hello of a handshake, which is \x16
//   REPLAY      means the last octets that passed, 0: all; they wait behind all others
//   TAMPER      with no handshake yet: the next one of this side fails
//   FLOW        0: until nothing more happens
//   TLS_UP      says what handshakes will find from now on; with a bad chain or name
//               the attacker answers them itself, those that stand open at once
//   TLS_FAILED  is TAMPER, and CLOSE is HANGUP, in both directions
//   DEADLINE, SHUTDOWN, MISUSE  go to both sides
#define SCRIPT_TAG_LIST(X)                                                        \
  X(SERVER_SET, 1, "server-set", FIELD, "a field of the server's policy")         \
  X(CLIENT_SET, 2, "client-set", FIELD, "a field of the client's policy")         \
  X(MESSAGE, 3, "message", OCTETS,                                                \
    "client: a message to send: sender, then parameters as MAIL has them")        \
  X(RECIPIENT, 4, "recipient", OCTETS,                                            \
    "client: a recipient of that message: address, then parameters of RCPT")      \
  X(CONTENT, 5, "content", OCTETS, "client: a piece of that message's content")   \
  X(CREDENTIALS, 6, "credentials", PAIR, "client: name and password")             \
  X(SAY, 10, "say", OCTETS, "the peer says octets on the channel in force")       \
  X(STRAY, 11, "stray", OCTETS, "octets come on the channel not in force")        \
  X(FILL, 12, "fill", FILL, "the peer says one octet many times")                 \
  X(CUT, 13, "cut", NUMBER, "what follows comes in pieces of so many octets")     \
  X(TLS_UP, 20, "tls-up", TWO,                                                    \
    "the handshake ended well; bits: 1 chain, 2 name, 4 resumed; TLS version")    \
  X(TLS_FAILED, 21, "tls-failed", NUMBER, "it failed: an smtpc_tls_failure")      \
  X(CLOSE, 22, "close", NUMBER, "the stream ends; 1: cleanly")                    \
  X(DEADLINE, 23, "deadline", NONE, "the deadline passes")                        \
  X(SHUTDOWN, 24, "shutdown", NONE, "the program wants to stop")                  \
  X(ANSWER, 30, "answer", NUMBER, "the next verdict: an smtpc_answer")            \
  X(NONCE, 31, "nonce", OCTETS, "the next random octets")                         \
  X(SALT, 32, "salt", OCTETS, "the next salt; empty: cannot be told")             \
  X(BINDING, 33, "binding", OCTETS, "the next channel binding; empty: none")      \
  X(DIGEST, 34, "digest", OCTETS, "the next digest, proof and signature")         \
  X(LATE, 35, "late", NUMBER, "the next answer waits for so many records")        \
  X(MISUSE, 36, "misuse", NUMBER, "an input of this kind out of turn")            \
  X(RELAY, 60, "relay", CUTOFF, "pair: so many octets pass; 0: all that wait")    \
  X(DROP, 61, "drop", CUTOFF, "pair: so many octets are lost; 0: all that wait")  \
  X(INSERT, 62, "insert", AIMED, "pair: the attacker's octets, in clear")         \
  X(REWRITE, 63, "rewrite", SWAP,                                                 \
    "pair: where data stands first in what waits, more stands instead")           \
  X(DELAY, 64, "delay", CUTOFF, "pair: nothing passes for so many moves")         \
  X(REPLAY, 65, "replay", CUTOFF, "pair: so many octets that passed come again")  \
  X(HANGUP, 66, "hangup", CUTOFF, "pair: this side's stream ends; 1: cleanly")    \
  X(TAMPER, 67, "tamper", CUTOFF, "pair: the handshake fails; why")               \
  X(FLOW, 68, "flow", NUMBER, "pair: so many turns without an attacker")         \
  X(TLS_SET, 40, "tls-set", FIELD, "TLS: a field of how the other end stands")    \
  X(RAW, 41, "raw", OCTETS, "TLS: octets come past the peer's engine")            \
  X(MANGLE, 42, "mangle", TWO,                                                    \
    "TLS: of what waits, the octet this far from the start is changed; how")      \
  X(PASS, 43, "pass", NUMBER,                                                     \
    "TLS: so many octets that the peer's engine said come; 0: all")               \
  X(NOTIFY, 44, "notify", NONE, "TLS: the peer says close_notify")                \
  X(ALERT, 45, "alert", NUMBER, "TLS: the peer says a fatal alert, and which")    \
  X(KEY_UPDATE, 46, "key-update", NUMBER,                                         \
    "TLS 1.3: the peer changes its keys; 1: and asks for ours")                   \
  X(RENEGOTIATE, 47, "renegotiate", NONE,                                         \
    "TLS 1.2: the peer begins another handshake")                                 \
  X(SPLICE, 70, "splice", CUTOFF,                                                 \
    "duel: this side's connection goes on as the other side's new one")

typedef enum script_tag {
#define SCRIPT_TAG_ENUM(id, number, word, form, what) SCRIPT_##id = number,
  SCRIPT_TAG_LIST(SCRIPT_TAG_ENUM)
#undef SCRIPT_TAG_ENUM
} script_tag;

// SCRIPT_SERVER_FIELD_LIST(X) is X(identifier, number, "word"): the fields of
// smtpc_server_policy that SERVER_SET may set, by the name of their member.
#define SCRIPT_SERVER_FIELD_LIST(X)        \
  X(tls, 1, "tls")                         \
  X(implicit_tls, 2, "implicit-tls")       \
  X(certificate, 3, "certificate")         \
  X(auth, 4, "auth")                       \
  X(quirks, 5, "quirks")                   \
  X(offered, 6, "offered")                 \
  X(mechanisms, 7, "mechanisms")           \
  X(lmtp, 8, "lmtp")                       \
  X(proxy, 9, "proxy")                     \
  X(prompts, 10, "prompts")                \
  X(size_max, 11, "size-max")              \
  X(discard_max, 12, "discard-max")        \
  X(rcpt_max, 13, "rcpt-max")              \
  X(mail_max, 14, "mail-max")              \
  X(errors_max, 15, "errors-max")          \
  X(junk_max, 16, "junk-max")              \
  X(auth_max, 17, "auth-max")              \
  X(hold_until_max, 18, "hold-until-max")  \
  X(hold_for_max, 19, "hold-for-max")      \
  X(by_min, 20, "by-min")

// SCRIPT_CLIENT_FIELD_LIST(X) is the same for smtpc_client_policy and CLIENT_SET.
#define SCRIPT_CLIENT_FIELD_LIST(X)  \
  X(tls, 1, "tls")                   \
  X(implicit_tls, 2, "implicit-tls") \
  X(auth, 3, "auth")                 \
  X(quirks, 4, "quirks")             \
  X(mechanisms, 5, "mechanisms")     \
  X(auth_order, 6, "auth-order")     \
  X(group_max, 7, "group-max")       \
  X(drop, 8, "drop")                 \
  X(binding, 9, "binding")           \
  X(bdat, 10, "bdat")                \
  X(lmtp, 11, "lmtp")

// SCRIPT_TLS_FIELD_LIST(X) is X(identifier, number, "word", "what it is"): the fields that
// TLS_SET may set, each of 16 bits; 0 is what an honest end of today does. Identities are
// those of fuzz/tls/credentials.h.
#define SCRIPT_TLS_FIELD_LIST(X)                                                  \
  X(identity, 1, "identity", "the certificate that the server's end shows")       \
  X(attacker, 2, "attacker", "duel: the certificate that the attacker shows")     \
  X(low, 3, "low", "lowest version of the other end, as the wire has it")         \
  X(high, 4, "high", "highest version of the other end")                          \
  X(floor, 5, "floor", "lowest version that we take")                             \
  X(name, 6, "name", "client: 0 the server's name, 1 none, 2 another, 3 an address") \
  X(sni, 7, "sni", "peer of a server: 0 right, 1 none, 2 another, 3 no host name") \
  X(alpn, 8, "alpn", "peer of a server: 0 none, 1 smtp, 2 others, 3 others and smtp") \
  X(asks, 9, "asks", "peer of a client: 1 asks for a certificate, 2 demands one") \
  X(record, 10, "record", "octets of the other end's records; 0: whole")          \
  X(ticket, 11, "ticket", "1: the other end wants to resume")                     \
  X(early, 12, "early", "1: the other end tries early data")                      \
  X(suite, 13, "suite", "which cipher suites the other end has")                  \
  X(group, 14, "group", "which groups the other end has")

// script_tls is what the TLS_SET records of a script say.
typedef struct script_tls {
#define SCRIPT_TLS_MEMBER(id, number, word, what) uint16_t id;
  SCRIPT_TLS_FIELD_LIST(SCRIPT_TLS_MEMBER)
#undef SCRIPT_TLS_MEMBER
} script_tls;

// script_record is one record. Octets lie in what was decoded. What its form does not
// have is 0.
typedef struct script_record {
  const uint8_t *data;
  const uint8_t *more;
  size_t len;
  size_t more_len;
  uint64_t number;
  uint8_t tag;    // a script_tag
  uint8_t field;
} script_record;

typedef struct script {
  size_t count;
  script_record records[SCRIPT_RECORDS_MAX];
} script;

// script_decode reads `data[0 .. len)`, which must outlive `*out`. It returns 1, or 0
// with no records when the first octet is not SCRIPT_VERSION.
int script_decode(const uint8_t *data, size_t len, script *out);

// script_encode appends the encoding of `*in` to `out`: numbers in as few octets as
// they need, payloads of at most 65535 octets.
void script_encode(const script *in, smtpc_octets *out);

// script_print appends `*in` as text to `out`.
void script_print(const script *in, smtpc_octets *out);

// script_parse reads text, `text[0 .. len)`, and appends its encoding to `out`. Empty
// lines and lines that begin with `#` mean nothing; the first other one says the
// version. It returns 0, and then `script_decode` gives each record of the text; or the
// number, counted from 1, of the first line that is no record, with why in `*out_why` (a
// literal), and `out` is as it was.
size_t script_parse(const uint8_t *text, size_t len, smtpc_octets *out,
                    const char **out_why);

// script_word returns the word of `tag`, or "".
const char *script_word(unsigned tag);

// script_form_of returns the script_form of `tag`; NONE for an unknown one.
unsigned script_form_of(unsigned tag);

// script_server_policy makes the policy that the script's SERVER_SET records say,
// beginning with the harness's own default: every extension that is a choice is off,
// `certificate` 1, small limits (size_max 1000, rcpt_max 5, errors_max 20). Numbers
// are cut to the width of their field. When `smtpc_server_policy_check` refuses it,
// the default is taken instead, and 0 returned; else 1.
int script_server_policy(const script *in, smtpc_server_policy *out);

// script_client_policy is the same for the client: TLS opportunistic, AUTH on.
int script_client_policy(const script *in, smtpc_client_policy *out);

// script_tls_of makes what the script's TLS_SET records say; the last one of a field
// counts. Numbers are cut to 16 bits. Of `floor` less than SMTPC_TLS_1_0 is TLS 1.2.
void script_tls_of(const script *in, script_tls *out);

#endif  // SMTPCORE_FUZZ_HARNESS_SCRIPT_H
