// Registry: every name that the protocol or this library knows, once.
//
// Each list below is the one source of its facts. The enums, the name functions,
// the EHLO lines, the dictionary, the printed tables (`smtpcore policy`) and the
// tests are all generated from it. To add a name, add a row; the tests then say
// what else the row needs. Rows are ordered as they are offered or printed.
//
// Enumerators are stored in sessions as `uint8_t`: some compilers give an enum
// one octet and some four, and a saved session must not depend on that.
#ifndef SMTPCORE_REGISTRY_H
#define SMTPCORE_REGISTRY_H

#include <stddef.h>
#include <stdint.h>

#include "smtpcore/status.h"

#ifdef __cplusplus
extern "C" {
#endif

// ---------------------------------------------------------------- verbs

// SMTPC_VERB_LIST(X) is X(identifier, "SPELLING", argument, group, "clause").
//
// argument, what may follow the verb (enum smtpc_argument):
//   NONE       nothing
//   OPTIONAL   any text, ignored or left to the reader
//   TEXT       some text must follow
//   DOMAIN     a domain (HELO)
//   HOST       a domain or an address literal (EHLO)
//   MAIL_PATH  FROM:<reverse-path> and parameters
//   RCPT_PATH  TO:<forward-path> and parameters
//   MECHANISM  a SASL mechanism and perhaps an initial response
//   CHUNK      a chunk size and perhaps LAST
// group, its place in a pipelined group (RFC 2920 section 3.1):
//   ANY        may be followed by another command at once
//   LAST       must be the last one before the client waits for replies
#define SMTPC_VERB_LIST(X)                                                  \
  X(EHLO, "EHLO", HOST, LAST, "RFC 5321 section 4.1.1.1")                   \
  X(HELO, "HELO", DOMAIN, LAST, "RFC 5321 section 4.1.1.1")                 \
  X(MAIL, "MAIL", MAIL_PATH, ANY, "RFC 5321 section 4.1.1.2")               \
  X(RCPT, "RCPT", RCPT_PATH, ANY, "RFC 5321 section 4.1.1.3")               \
  X(DATA, "DATA", NONE, LAST, "RFC 5321 section 4.1.1.4")                   \
  X(BDAT, "BDAT", CHUNK, ANY, "RFC 3030 section 2")                         \
  X(RSET, "RSET", NONE, ANY, "RFC 5321 section 4.1.1.5")                    \
  X(VRFY, "VRFY", TEXT, LAST, "RFC 5321 section 4.1.1.6")                   \
  X(EXPN, "EXPN", TEXT, LAST, "RFC 5321 section 4.1.1.7")                   \
  X(HELP, "HELP", OPTIONAL, LAST, "RFC 5321 section 4.1.1.8")               \
  X(NOOP, "NOOP", OPTIONAL, LAST, "RFC 5321 section 4.1.1.9")               \
  X(QUIT, "QUIT", NONE, LAST, "RFC 5321 section 4.1.1.10")                  \
  X(STARTTLS, "STARTTLS", NONE, LAST, "RFC 3207 section 4")                 \
  X(AUTH, "AUTH", MECHANISM, LAST, "RFC 4954 section 4")

typedef enum smtpc_verb {
  SMTPC_VERB_NONE = 0,
#define SMTPC_VERB_ENUM(id, text, argument, group, clause) SMTPC_VERB_##id,
  SMTPC_VERB_LIST(SMTPC_VERB_ENUM)
#undef SMTPC_VERB_ENUM
  SMTPC_VERB_COUNT
} smtpc_verb;

typedef enum smtpc_argument {
  SMTPC_ARGUMENT_NONE,
  SMTPC_ARGUMENT_OPTIONAL,
  SMTPC_ARGUMENT_TEXT,
  SMTPC_ARGUMENT_DOMAIN,
  SMTPC_ARGUMENT_HOST,
  SMTPC_ARGUMENT_MAIL_PATH,
  SMTPC_ARGUMENT_RCPT_PATH,
  SMTPC_ARGUMENT_MECHANISM,
  SMTPC_ARGUMENT_CHUNK
} smtpc_argument;

typedef enum smtpc_group { SMTPC_GROUP_ANY, SMTPC_GROUP_LAST } smtpc_group;

// SMTPC_FOREIGN_LIST(X) is X("WORD"): first words of other protocols. A server
// that reads one at the start of a command line ends the session: another
// program was tricked into talking to it (THREATS: DWN-18).
#define SMTPC_FOREIGN_LIST(X) \
  X("GET")                    \
  X("POST")                   \
  X("PUT")                    \
  X("HEAD")                   \
  X("DELETE")                 \
  X("PATCH")                  \
  X("TRACE")                  \
  X("CONNECT")                \
  X("OPTIONS")                \
  X("PRI")

// ----------------------------------------------------------- extensions

// SMTPC_EXTENSION_LIST(X) is X(identifier, "KEYWORD", value, channel, "clause").
//
// value, what follows the keyword in an EHLO reply (enum smtpc_value):
//   BARE  nothing;  NUMBER  perhaps a decimal number;  WORDS  words
// channel, where a server may offer it (enum smtpc_offer):
//   BOTH;  CLEAR  only before TLS;  TLS  only under TLS
#define SMTPC_EXTENSION_LIST(X)                                              \
  X(PIPELINING, "PIPELINING", BARE, BOTH, "RFC 2920 section 2")              \
  X(SIZE, "SIZE", NUMBER, BOTH, "RFC 1870 section 3")                        \
  X(8BITMIME, "8BITMIME", BARE, BOTH, "RFC 6152 section 2")                  \
  X(STARTTLS, "STARTTLS", BARE, CLEAR, "RFC 3207 section 2")                 \
  X(AUTH, "AUTH", WORDS, BOTH, "RFC 4954 section 3")                         \
  X(DSN, "DSN", BARE, BOTH, "RFC 3461 section 4")                            \
  X(SMTPUTF8, "SMTPUTF8", BARE, BOTH, "RFC 6531 section 3.1")                \
  X(CHUNKING, "CHUNKING", BARE, BOTH, "RFC 3030 section 2")                  \
  X(REQUIRETLS, "REQUIRETLS", BARE, TLS, "RFC 8689 section 2")               \
  X(ENHANCEDSTATUSCODES, "ENHANCEDSTATUSCODES", BARE, BOTH,                  \
    "RFC 2034 section 2")

typedef enum smtpc_extension {
#define SMTPC_EXTENSION_ENUM(id, keyword, value, channel, clause) \
  SMTPC_EXTENSION_##id,
  SMTPC_EXTENSION_LIST(SMTPC_EXTENSION_ENUM)
#undef SMTPC_EXTENSION_ENUM
  SMTPC_EXTENSION_COUNT
} smtpc_extension;

typedef enum smtpc_value {
  SMTPC_VALUE_BARE,
  SMTPC_VALUE_NUMBER,
  SMTPC_VALUE_WORDS
} smtpc_value;

typedef enum smtpc_offer {
  SMTPC_OFFER_BOTH,
  SMTPC_OFFER_CLEAR,
  SMTPC_OFFER_TLS
} smtpc_offer;

// SMTPC_OFFERS(id) is the bit of extension `id` in a set of extensions.
#define SMTPC_OFFERS(id) ((uint32_t)1 << (SMTPC_EXTENSION_##id))

// ----------------------------------------------------------- parameters

// SMTPC_PARAM_LIST(X) is X(identifier, "NAME", verb, value, extension, "clause").
//
// value (enum smtpc_param_value): NEEDED, one must follow `=`; REFUSED, none may.
// extension: the parameter is known to a server only while it offers that one.
#define SMTPC_PARAM_LIST(X)                                                  \
  X(SIZE, "SIZE", MAIL, NEEDED, SIZE, "RFC 1870 section 3")                  \
  X(BODY, "BODY", MAIL, NEEDED, 8BITMIME, "RFC 6152 section 2")              \
  X(AUTH, "AUTH", MAIL, NEEDED, AUTH, "RFC 4954 section 5")                  \
  X(RET, "RET", MAIL, NEEDED, DSN, "RFC 3461 section 4.3")                   \
  X(ENVID, "ENVID", MAIL, NEEDED, DSN, "RFC 3461 section 4.4")               \
  X(SMTPUTF8, "SMTPUTF8", MAIL, REFUSED, SMTPUTF8, "RFC 6531 section 3.4")   \
  X(REQUIRETLS, "REQUIRETLS", MAIL, REFUSED, REQUIRETLS,                     \
    "RFC 8689 section 2")                                                    \
  X(NOTIFY, "NOTIFY", RCPT, NEEDED, DSN, "RFC 3461 section 4.1")             \
  X(ORCPT, "ORCPT", RCPT, NEEDED, DSN, "RFC 3461 section 4.2")

typedef enum smtpc_param {
#define SMTPC_PARAM_ENUM(id, name, verb, value, extension, clause) \
  SMTPC_PARAM_##id,
  SMTPC_PARAM_LIST(SMTPC_PARAM_ENUM)
#undef SMTPC_PARAM_ENUM
  SMTPC_PARAM_COUNT
} smtpc_param;

typedef enum smtpc_param_value {
  SMTPC_PARAM_VALUE_NEEDED,
  SMTPC_PARAM_VALUE_REFUSED
} smtpc_param_value;

// SMTPC_HAS(id) is the bit of parameter `id` in `smtpc_params.seen`.
#define SMTPC_HAS(id) ((uint32_t)1 << (SMTPC_PARAM_##id))

// ----------------------------------------------------------- mechanisms

// SMTPC_MECHANISM_LIST(X) is X(identifier, "NAME", password, "clause").
//
// password, what an observer of the clear exchange learns (enum smtpc_exposure):
//   CLEAR   the password itself
//   HASHED  enough to guess the password off line
#define SMTPC_MECHANISM_LIST(X)                              \
  X(CRAM_MD5, "CRAM-MD5", HASHED, "RFC 2195 section 2")      \
  X(PLAIN, "PLAIN", CLEAR, "RFC 4616 section 2")             \
  X(LOGIN, "LOGIN", CLEAR, "draft-murchison-sasl-login-00")

typedef enum smtpc_mechanism {
  SMTPC_MECHANISM_NONE = 0,
#define SMTPC_MECHANISM_ENUM(id, name, password, clause) SMTPC_MECHANISM_##id,
  SMTPC_MECHANISM_LIST(SMTPC_MECHANISM_ENUM)
#undef SMTPC_MECHANISM_ENUM
  SMTPC_MECHANISM_COUNT
} smtpc_mechanism;

typedef enum smtpc_exposure {
  SMTPC_EXPOSURE_CLEAR,
  SMTPC_EXPOSURE_HASHED
} smtpc_exposure;

// SMTPC_MECH(id) is the bit of mechanism `id` in a set of mechanisms.
#define SMTPC_MECH(id) ((uint16_t)(1u << (SMTPC_MECHANISM_##id)))

// -------------------------------------------------------------- replies

// SMTPC_REPLY_LIST(X) is X(identifier, code, class, subject, detail, "text",
// "clause"): every reply that the server can give. class 0: the reply carries no
// enhanced status code (RFC 2034 section 4: greeting, EHLO, 354, 334).
#define SMTPC_REPLY_LIST(X)                                                   \
  X(GREETING, 220, 0, 0, 0, "SMTP service ready", "RFC 5321 section 4.2")     \
  X(HELO_OK, 250, 0, 0, 0, "greets you", "RFC 5321 section 4.1.1.1")          \
  X(EHLO_OK, 250, 0, 0, 0, "greets you", "RFC 5321 section 4.1.1.1")          \
  X(STARTTLS_OK, 220, 2, 0, 0, "Ready to start TLS", "RFC 3207 section 4")    \
  X(MAIL_OK, 250, 2, 1, 0, "Sender OK", "RFC 5321 section 4.1.1.2")           \
  X(RCPT_OK, 250, 2, 1, 5, "Recipient OK", "RFC 5321 section 4.1.1.3")        \
  X(DATA_GO, 354, 0, 0, 0, "End data with <CR><LF>.<CR><LF>",                 \
    "RFC 5321 section 4.1.1.4")                                               \
  X(MESSAGE_OK, 250, 2, 0, 0, "Message stored", "RFC 5321 section 4.1.1.4")   \
  X(CHUNK_OK, 250, 2, 0, 0, "Chunk taken", "RFC 3030 section 2")              \
  X(RSET_OK, 250, 2, 0, 0, "Reset", "RFC 5321 section 4.1.1.5")               \
  X(NOOP_OK, 250, 2, 0, 0, "OK", "RFC 5321 section 4.1.1.9")                  \
  X(QUIT_OK, 221, 2, 0, 0, "Closing connection", "RFC 5321 section 4.1.1.10") \
  X(VRFY_MAYBE, 252, 2, 5, 0, "Send some mail, I will try",                   \
    "RFC 5321 section 3.5.3")                                                 \
  X(HELP_TEXT, 214, 2, 0, 0, "See RFC 5321", "RFC 5321 section 4.1.1.8")      \
  X(AUTH_OK, 235, 2, 7, 0, "Authentication succeeded",                        \
    "RFC 4954 section 6")                                                     \
  X(AUTH_CONTINUE, 334, 0, 0, 0, "", "RFC 4954 section 4")                    \
  X(SHUTDOWN, 421, 4, 3, 2, "Service shutting down",                          \
    "RFC 5321 section 3.8")                                                   \
  X(DEADLINE, 421, 4, 4, 2, "Timeout, closing connection",                    \
    "RFC 5321 section 4.5.3.2")                                               \
  X(ERRORS_MANY, 421, 4, 7, 0, "Too many errors, closing connection",         \
    "RFC 5321 section 4.3.2")                                                 \
  X(SESSIONS_MANY, 421, 4, 3, 2, "Too many sessions, try again later",        \
    "RFC 5321 section 3.8")                                                   \
  X(AUTH_NOT_NOW, 454, 4, 7, 0, "Temporary authentication failure",           \
    "RFC 4954 section 6")                                                     \
  X(MAIL_NOT_NOW, 451, 4, 3, 0, "Sender cannot be checked now",               \
    "RFC 5321 section 4.2.2")                                                 \
  X(RCPT_NOT_NOW, 451, 4, 3, 0, "Recipient cannot be checked now",            \
    "RFC 5321 section 4.2.2")                                                 \
  X(MESSAGE_NOT_NOW, 451, 4, 3, 0, "Message cannot be stored now",            \
    "RFC 5321 section 4.2.2")                                                 \
  X(STORAGE_FULL, 452, 4, 3, 1, "Not enough storage",                         \
    "RFC 5321 section 4.2.2")                                                 \
  X(RCPT_MANY, 452, 4, 5, 3, "Too many recipients",                           \
    "RFC 5321 section 4.5.3.1.10")                                            \
  X(VERB_UNKNOWN, 500, 5, 5, 1, "Command unrecognized",                       \
    "RFC 5321 section 4.2.4")                                                 \
  X(LINE_MALFORMED, 500, 5, 5, 2, "Line malformed",                           \
    "RFC 5321 section 2.3.8")                                                 \
  X(LINE_LONG, 500, 5, 5, 2, "Line too long",                                 \
    "RFC 5321 section 4.5.3.1.4")                                             \
  X(AUTH_LINE_LONG, 500, 5, 5, 6, "Authentication line too long",             \
    "RFC 4954 section 4")                                                     \
  X(ARGUMENT, 501, 5, 5, 4, "Syntax error in parameters or arguments",        \
    "RFC 5321 section 4.2.4")                                                 \
  X(SENDER_SYNTAX, 501, 5, 1, 7, "Bad sender address syntax",                 \
    "RFC 5321 section 4.1.2")                                                 \
  X(RCPT_SYNTAX, 501, 5, 1, 3, "Bad recipient address syntax",                \
    "RFC 5321 section 4.1.2")                                                 \
  X(AUTH_SYNTAX, 501, 5, 5, 2, "Cannot decode authentication response",       \
    "RFC 4954 section 4")                                                     \
  X(AUTH_INITIAL, 501, 5, 7, 0, "Initial response not allowed",               \
    "RFC 4954 section 4")                                                     \
  X(AUTH_CANCELLED, 501, 5, 7, 0, "Authentication cancelled",                 \
    "RFC 4954 section 4")                                                     \
  X(VERB_OFF, 502, 5, 5, 1, "Command not implemented",                        \
    "RFC 5321 section 4.2.4")                                                 \
  X(SEQUENCE, 503, 5, 5, 1, "Bad sequence of commands",                       \
    "RFC 5321 section 4.1.4")                                                 \
  X(HELLO_FIRST, 503, 5, 5, 1, "Send EHLO or HELO first",                     \
    "RFC 5321 section 4.1.4")                                                 \
  X(RCPT_NONE, 503, 5, 5, 1, "No valid recipients",                           \
    "RFC 5321 section 3.3")                                                   \
  X(CHUNK_SEQUENCE, 503, 5, 5, 1, "No transaction for this chunk",            \
    "RFC 3030 section 2")                                                     \
  X(MECHANISM_UNKNOWN, 504, 5, 5, 4, "Mechanism not offered",                 \
    "RFC 4954 section 4")                                                     \
  X(TLS_FIRST, 530, 5, 7, 0, "Must issue a STARTTLS command first",           \
    "RFC 3207 section 4")                                                     \
  X(AUTH_FIRST, 530, 5, 7, 0, "Authentication required",                      \
    "RFC 4954 section 6")                                                     \
  X(AUTH_BAD, 535, 5, 7, 8, "Authentication credentials invalid",             \
    "RFC 4954 section 6")                                                     \
  X(AUTH_CLEAR, 538, 5, 7, 11, "Encryption required for authentication",      \
    "RFC 4954 section 6")                                                     \
  X(SENDER_REFUSED, 550, 5, 7, 1, "Sender refused",                           \
    "RFC 5321 section 4.2.2")                                                 \
  X(RCPT_REFUSED, 550, 5, 1, 1, "No such mailbox here",                       \
    "RFC 5321 section 4.2.2")                                                 \
  X(RELAY_REFUSED, 550, 5, 7, 1, "Relaying refused",                          \
    "RFC 5321 section 3.6.2")                                                 \
  X(CONTENT_MALFORMED, 550, 5, 5, 2,                                          \
    "Lines must end with CRLF and have no other CR, LF or NUL",               \
    "RFC 5321 section 2.3.8")                                                 \
  X(MESSAGE_REFUSED, 554, 5, 6, 0, "Message refused",                         \
    "RFC 5321 section 4.2.2")                                                 \
  X(SIZE_EXCEEDED, 552, 5, 3, 4, "Message too big",                           \
    "RFC 1870 section 6.1")                                                   \
  X(UTF8_NEEDED, 553, 5, 6, 7, "SMTPUTF8 required for this address",          \
    "RFC 6531 section 3.5")                                                   \
  X(SURPLUS, 554, 5, 5, 0, "Octets follow STARTTLS, closing connection",      \
    "RFC 3207 section 4.2")                                                   \
  X(FOREIGN, 554, 5, 5, 0, "This is an SMTP server, closing connection",      \
    "RFC 5321 section 4.3.2")                                                 \
  X(PARAM_UNKNOWN, 555, 5, 5, 4, "Parameter not recognized",                  \
    "RFC 5321 section 4.1.1.11")                                              \
  X(PARAM_NO_EXTENSION, 555, 5, 5, 4, "Parameter needs EHLO",                 \
    "RFC 5321 section 4.1.1.11")

typedef enum smtpc_reply_id {
  SMTPC_REPLY_NONE = 0,
#define SMTPC_REPLY_ENUM(id, code, c, s, d, text, clause) SMTPC_REPLY_##id,
  SMTPC_REPLY_LIST(SMTPC_REPLY_ENUM)
#undef SMTPC_REPLY_ENUM
  SMTPC_REPLY_COUNT
} smtpc_reply_id;

// ------------------------------------------------------------- findings

// SMTPC_FINDING_LIST(X) is X(identifier, "stable-name", severity, "clause",
// "meaning"). severity (enum smtpc_severity):
//   NOTE       worth knowing, nothing was refused
//   REFUSED    the peer asked for something and did not get it
//   TOLERATED  a quirk let a deviation pass
//   DOWNGRADE  less protection than the setting wanted, and the session went on
//   ATTACK     what only an attacker or a broken program sends; the session ends
//              or the message is refused
#define SMTPC_FINDING_LIST(X)                                                  \
  X(BARE_CR, "bare-cr", REFUSED, "RFC 5321 section 2.3.8",                     \
    "a CR without LF in a command or reply line")                              \
  X(BARE_LF, "bare-lf", REFUSED, "RFC 5321 section 2.3.8",                     \
    "an LF without CR in a command or reply line")                             \
  X(NUL, "nul", REFUSED, "RFC 5321 section 4.1.2",                             \
    "a NUL octet in a command or reply line")                                  \
  X(LINE_TOO_LONG, "line-too-long", REFUSED, "RFC 5321 section 4.5.3.1.4",     \
    "a line longer than its limit; it was discarded up to its CRLF")           \
  X(LINE_ENDLESS, "line-endless", ATTACK, "RFC 5321 section 4.5.3.1",          \
    "a line that did not end within the discard limit")                        \
  X(COMMAND_UNKNOWN, "command-unknown", REFUSED, "RFC 5321 section 4.2.4",     \
    "a verb that is not in the registry, or not switched on")                  \
  X(COMMAND_SYNTAX, "command-syntax", REFUSED, "RFC 5321 section 4.1.2",       \
    "a command whose arguments break its grammar")                             \
  X(COMMAND_SEQUENCE, "command-sequence", REFUSED, "RFC 5321 section 4.1.4",   \
    "a command that this phase does not allow")                                \
  X(PARAM_REFUSED, "param-refused", REFUSED, "RFC 5321 section 4.1.1.11",      \
    "a parameter that is unknown, doubled, or out of its range")               \
  X(FOREIGN_PROTOCOL, "foreign-protocol", ATTACK, "RFC 5321 section 4.3.2",    \
    "the first words of another protocol, such as HTTP")                       \
  X(PLAINTEXT_REFUSED, "plaintext-refused", REFUSED, "RFC 3207 section 4",     \
    "a command that the policy allows only under TLS")                         \
  X(STARTTLS_PIPELINED, "starttls-pipelined", ATTACK, "RFC 3207 section 4.2",  \
    "octets followed the STARTTLS line: command injection")                    \
  X(CLEAR_IN_HANDSHAKE, "clear-in-handshake", ATTACK, "RFC 3207 section 4",    \
    "clear octets between the 220 reply and the end of the handshake")         \
  X(CHANNEL_MIXED, "channel-mixed", ATTACK, "RFC 3207 section 4.2",            \
    "octets on a channel that is not the one in force")                        \
  X(TLS_FAILED, "tls-failed", REFUSED, "RFC 3207 section 4.1",                 \
    "the TLS handshake failed")                                                \
  X(TLS_LOST, "tls-lost", ATTACK, "RFC 8446 section 6.1",                      \
    "TLS ended with an alert, a broken record or without close_notify")        \
  X(TLS_OLD, "tls-old", DOWNGRADE, "RFC 8996",                                 \
    "a TLS version below 1.2 was negotiated, as the policy allows")            \
  X(AUTH_REFUSED_CLEAR, "auth-refused-clear", REFUSED, "RFC 4954 section 4",   \
    "credentials were refused, unlooked at, because there is no TLS")          \
  X(AUTH_IN_CLEAR, "auth-in-clear", TOLERATED, "RFC 4954 section 14",          \
    "a password, or a hash of it, crossed the network without TLS")            \
  X(AUTH_FAILED, "auth-failed", REFUSED, "RFC 4954 section 6",                 \
    "the name or the password was refused")                                    \
  X(AUTH_SYNTAX, "auth-syntax", REFUSED, "RFC 4954 section 4",                 \
    "an authentication exchange that breaks its grammar")                      \
  X(AUTH_CANCELLED, "auth-cancelled", NOTE, "RFC 4954 section 4",              \
    "the client cancelled the authentication exchange")                        \
  X(AUTH_REQUIRED, "auth-required", REFUSED, "RFC 4954 section 6",             \
    "a mail command before the authentication that the policy demands")        \
  X(CONTENT_BARE_CR, "content-bare-cr", ATTACK, "RFC 5321 section 2.3.8",      \
    "a CR without LF in message content")                                      \
  X(CONTENT_BARE_LF, "content-bare-lf", ATTACK, "RFC 5321 section 2.3.8",      \
    "an LF without CR in message content")                                     \
  X(CONTENT_NUL, "content-nul", REFUSED, "RFC 5321 section 4.5.2",             \
    "a NUL octet in message content")                                          \
  X(EOD_LOOKALIKE, "eod-lookalike", ATTACK, "RFC 5321 section 4.1.1.4",        \
    "a dot line that only a lenient server takes as the end of data")          \
  X(SIZE_EXCEEDED, "size-exceeded", REFUSED, "RFC 1870 section 6.1",           \
    "a message, or its declared size, over the limit")                         \
  X(RCPT_TOO_MANY, "rcpt-too-many", REFUSED, "RFC 5321 section 4.5.3.1.10",    \
    "a recipient beyond the limit")                                            \
  X(SENDER_REFUSED, "sender-refused", REFUSED, "RFC 5321 section 3.3",         \
    "the receiver does not take mail from this sender, for now or for good")   \
  X(RECIPIENT_REFUSED, "recipient-refused", REFUSED,                           \
    "RFC 5321 section 3.3",                                                    \
    "the receiver has no such mailbox, or cannot take mail for it now")        \
  X(RELAY_REFUSED, "relay-refused", REFUSED, "RFC 5321 section 3.6.2",         \
    "a recipient elsewhere: this receiver does not relay")                     \
  X(NOT_STORED, "not-stored", REFUSED, "RFC 5321 section 4.2.2",               \
    "a whole message that the receiver did not store")                         \
  X(ERRORS_TOO_MANY, "errors-too-many", REFUSED, "RFC 5321 section 4.3.2",     \
    "the session passed its limit of errors, junk or failed logins")           \
  X(CHUNK_REFUSED, "chunk-refused", REFUSED, "RFC 3030 section 2",             \
    "a chunk was refused; its octets were discarded, not parsed")              \
  X(CHUNK_SIZE, "chunk-size", ATTACK, "RFC 3030 section 2",                    \
    "a chunk whose size cannot be read: where it ends is unknown")             \
  X(ABORTED, "aborted", NOTE, "RFC 5321 section 3.8",                          \
    "the stream ended inside a transaction or a reply")                        \
  X(DEADLINE, "deadline", NOTE, "RFC 5321 section 4.5.3.2",                    \
    "the peer took too long")                                                  \
  X(QUIRK_TRAILING_SPACE, "quirk-trailing-space", TOLERATED,                   \
    "RFC 5321 section 4.1.1", "white space at the end of a command line")      \
  X(QUIRK_PATH_SPACE, "quirk-path-space", TOLERATED,                           \
    "RFC 5321 section 3.3", "a space after MAIL FROM: or RCPT TO:")            \
  X(QUIRK_PATH_BARE, "quirk-path-bare", TOLERATED, "RFC 5321 section 4.1.2",   \
    "an address without angle brackets")                                       \
  X(QUIRK_HELLO_NAME, "quirk-hello-name", TOLERATED,                           \
    "RFC 5321 section 4.1.1.1", "an EHLO or HELO name that is no domain")      \
  X(REPLY_MALFORMED, "reply-malformed", ATTACK, "RFC 5321 section 4.2",        \
    "a reply that breaks the grammar of replies")                              \
  X(REPLY_UNSOLICITED, "reply-unsolicited", ATTACK, "RFC 2920 section 3.1",    \
    "a reply, or its beginning, with no command waiting for it")               \
  X(REPLY_UNEXPECTED, "reply-unexpected", REFUSED, "RFC 5321 section 4.3.2",   \
    "a reply code that its command cannot have")                               \
  X(STARTTLS_RESPONSE_SURPLUS, "starttls-response-surplus", ATTACK,            \
    "RFC 3207 section 4.2",                                                    \
    "octets followed the 220 to STARTTLS: response injection")                 \
  X(TLS_NOT_OFFERED, "tls-not-offered", DOWNGRADE, "RFC 3207 section 6",       \
    "TLS was wanted, STARTTLS was not offered")                                \
  X(TLS_STRIPPED, "tls-stripped", ATTACK, "RFC 3207 section 6",                \
    "a keyword in the EHLO reply was overwritten on the way")                  \
  X(STARTTLS_REFUSED, "starttls-refused", DOWNGRADE, "RFC 3207 section 4",     \
    "STARTTLS was offered and then refused")                                   \
  X(TLS_UNVERIFIED, "tls-unverified", REFUSED, "RFC 3207 section 4.1",         \
    "the policy demands a checked certificate and name")                       \
  X(EHLO_REFUSED, "ehlo-refused", DOWNGRADE, "RFC 5321 section 3.2",           \
    "EHLO was refused; the session went on with HELO, without extensions")     \
  X(AUTH_NOT_OFFERED, "auth-not-offered", DOWNGRADE, "RFC 4954 section 4",     \
    "credentials are set, the server offers no AUTH")                          \
  X(AUTH_NO_MECHANISM, "auth-no-mechanism", DOWNGRADE, "RFC 4954 section 4",   \
    "no mechanism in common that the policy allows here")                      \
  X(AUTH_EXCHANGE, "auth-exchange", REFUSED, "RFC 4954 section 4",             \
    "the authentication exchange failed for another reason")                   \
  X(EXTENSION_MISSING, "extension-missing", REFUSED,                           \
    "RFC 5321 section 2.2.1",                                                  \
    "the message needs an extension that the server does not offer")           \
  X(EXTENSION_DROPPED, "extension-dropped", DOWNGRADE,                         \
    "RFC 3461 section 5.2.2",                                                  \
    "a parameter was left out because the server does not offer it")           \
  X(SERVICE_REFUSED, "service-refused", REFUSED, "RFC 5321 section 3.1",       \
    "the server refused service: greeting, EHLO and HELO, or 421")             \
  X(MESSAGE_REFUSED, "message-refused", REFUSED, "RFC 5321 section 4.2.1",     \
    "the server refused the sender, all recipients, or the message")           \
  X(RCPT_REFUSED, "rcpt-refused", REFUSED, "RFC 5321 section 4.2.1",           \
    "the server refused one recipient")                                        \
  X(CAPABILITY_MALFORMED, "capability-malformed", NOTE,                        \
    "RFC 5321 section 4.1.1.1", "an EHLO line that breaks its grammar")        \
  X(LOCAL_INPUT, "local-input", REFUSED, "RFC 5321 section 4.1.2",             \
    "the program gave an address, name or content that must not be sent")

typedef enum smtpc_finding {
  SMTPC_FINDING_NONE = 0,
#define SMTPC_FINDING_ENUM(id, name, severity, clause, meaning) \
  SMTPC_FINDING_##id,
  SMTPC_FINDING_LIST(SMTPC_FINDING_ENUM)
#undef SMTPC_FINDING_ENUM
  SMTPC_FINDING_COUNT
} smtpc_finding;

typedef enum smtpc_severity {
  SMTPC_SEVERITY_NOTE,
  SMTPC_SEVERITY_REFUSED,
  SMTPC_SEVERITY_TOLERATED,
  SMTPC_SEVERITY_DOWNGRADE,
  SMTPC_SEVERITY_ATTACK
} smtpc_severity;

// --------------------------------------------------------------- quirks

// SMTPC_QUIRK_LIST(X) is X(identifier, number, "stable-name", finding, "what it
// opens"). A quirk is off unless a policy sets its bit; each use leaves its
// finding (`docs/PERMISSIVE.md`). A number is never used again.
#define SMTPC_QUIRK_LIST(X)                                                   \
  X(TRAILING_SPACE, 0, "trailing-space", QUIRK_TRAILING_SPACE,                \
    "space and tab at the end of a command line are left out, so two "        \
    "different lines mean the same command")                                  \
  X(PATH_SPACE, 1, "path-space", QUIRK_PATH_SPACE,                            \
    "one space may stand after MAIL FROM: and RCPT TO:, where a filter in "   \
    "front may read another address")                                         \
  X(PATH_BARE, 2, "path-bare", QUIRK_PATH_BARE,                               \
    "an address may stand without angle brackets, so its end is a guess at "  \
    "the first space")                                                        \
  X(HELLO_NAME, 3, "hello-name", QUIRK_HELLO_NAME,                            \
    "the EHLO or HELO name may be empty or malformed, so logs carry a name "  \
    "that means nothing")                                                     \
  X(AUTH_IN_CLEAR, 4, "auth-in-clear", AUTH_IN_CLEAR,                         \
    "AUTH is offered and taken without TLS: whoever can read the network "    \
    "reads the password")

typedef enum smtpc_quirk {
#define SMTPC_QUIRK_ENUM(id, number, name, finding, opens) \
  SMTPC_QUIRK_##id = (1 << (number)),
  SMTPC_QUIRK_LIST(SMTPC_QUIRK_ENUM)
#undef SMTPC_QUIRK_ENUM
  SMTPC_QUIRK_ALL = (1 << 5) - 1
} smtpc_quirk;

// -------------------------------------------------- device status, codes

// SMTPC_DEVICE_LIST(X) is X(identifier, "words on the device", "when"). The words
// are what a person reads on the device, to the letter.
#define SMTPC_DEVICE_LIST(X)                                                  \
  X(RECEIVE, "SSL Error (SMTP Receive)",                                      \
    "receiving: the TLS handshake failed, or TLS broke")                      \
  X(RECEIVE_REJECT, "SSL Error (SMTP RX Reject)",                             \
    "receiving with required TLS: a client sent mail in plaintext")           \
  X(839, "#839", "sending: the user name or the password was refused")        \
  X(841, "#841", "sending: no encryption algorithm in common")                \
  X(842, "#842", "sending: the server asked for a client certificate")        \
  X(843, "#843", "sending: the authentication failed for another reason")

typedef enum smtpc_device {
  SMTPC_DEVICE_NONE = 0,
#define SMTPC_DEVICE_ENUM(id, text, when) SMTPC_DEVICE_##id,
  SMTPC_DEVICE_LIST(SMTPC_DEVICE_ENUM)
#undef SMTPC_DEVICE_ENUM
  SMTPC_DEVICE_COUNT
} smtpc_device;

// ------------------------------------------------------------ deadlines

// SMTPC_DEADLINE_LIST(X) is X(identifier, "name", seconds, "clause"): how long a
// session may wait for its peer. The shim owns the clock; these are the values of
// RFC 5321 section 4.5.3.2 and the name under which a shim may change each. QUIT is
// short: all is decided by then.
#define SMTPC_DEADLINE_LIST(X)                                              \
  X(COMMAND, "command", 300, "RFC 5321 section 4.5.3.2.7")                  \
  X(GREETING, "greeting", 300, "RFC 5321 section 4.5.3.2.1")                \
  X(REPLY, "reply", 300, "RFC 5321 section 4.5.3.2.7")                      \
  X(MAIL, "mail", 300, "RFC 5321 section 4.5.3.2.2")                        \
  X(RCPT, "rcpt", 300, "RFC 5321 section 4.5.3.2.3")                        \
  X(DATA_START, "data-start", 120, "RFC 5321 section 4.5.3.2.4")            \
  X(DATA_BLOCK, "data-block", 180, "RFC 5321 section 4.5.3.2.5")            \
  X(DATA_END, "data-end", 600, "RFC 5321 section 4.5.3.2.6")                \
  X(QUIT, "quit", 10, "RFC 5321 section 4.1.1.10")                          \
  X(HANDSHAKE, "handshake", 60, "RFC 3207 section 4.1")

typedef enum smtpc_deadline {
#define SMTPC_DEADLINE_ENUM(id, name, seconds, clause) SMTPC_DEADLINE_##id,
  SMTPC_DEADLINE_LIST(SMTPC_DEADLINE_ENUM)
#undef SMTPC_DEADLINE_ENUM
  SMTPC_DEADLINE_COUNT
} smtpc_deadline;

// ---------------------------------------------------------- the lookups

// One row of each list, as data. A number that is not in its list gives a row of
// zeros with the name "".

// smtpc_verb_row is a row of SMTPC_VERB_LIST.
typedef struct smtpc_verb_row {
  const char *name;
  const char *clause;
  uint8_t name_len;
  uint8_t argument;
  uint8_t group;
} smtpc_verb_row;

// smtpc_extension_row is a row of SMTPC_EXTENSION_LIST.
typedef struct smtpc_extension_row {
  const char *name;
  const char *clause;
  uint8_t name_len;
  uint8_t value;
  uint8_t channel;
} smtpc_extension_row;

// smtpc_param_row is a row of SMTPC_PARAM_LIST.
typedef struct smtpc_param_row {
  const char *name;
  const char *clause;
  uint8_t name_len;
  uint8_t verb;
  uint8_t value;
  uint8_t extension;
} smtpc_param_row;

// smtpc_mechanism_row is a row of SMTPC_MECHANISM_LIST.
typedef struct smtpc_mechanism_row {
  const char *name;
  const char *clause;
  uint8_t name_len;
  uint8_t exposure;
} smtpc_mechanism_row;

// smtpc_reply_row is a row of SMTPC_REPLY_LIST.
typedef struct smtpc_reply_row {
  const char *text;
  const char *clause;
  uint16_t code;
  uint8_t text_len;
  uint8_t enhanced_class;
  uint8_t enhanced_subject;
  uint8_t enhanced_detail;
} smtpc_reply_row;

// smtpc_finding_row is a row of SMTPC_FINDING_LIST.
typedef struct smtpc_finding_row {
  const char *name;
  const char *clause;
  const char *meaning;
  uint8_t severity;
} smtpc_finding_row;

// smtpc_quirk_row is a row of SMTPC_QUIRK_LIST.
typedef struct smtpc_quirk_row {
  const char *name;
  const char *opens;
  uint32_t bit;
  uint8_t finding;
} smtpc_quirk_row;

// smtpc_device_row is a row of SMTPC_DEVICE_LIST.
typedef struct smtpc_device_row {
  const char *text;
  const char *when;
} smtpc_device_row;

// smtpc_deadline_row is a row of SMTPC_DEADLINE_LIST.
typedef struct smtpc_deadline_row {
  const char *name;
  const char *clause;
  uint16_t seconds;
} smtpc_deadline_row;

// smtpc_verb_get returns the row of verb `id` (an smtpc_verb).
smtpc_verb_row smtpc_verb_get(unsigned id);
// smtpc_extension_get returns the row of extension `id` (an smtpc_extension).
smtpc_extension_row smtpc_extension_get(unsigned id);
// smtpc_param_get returns the row of parameter `id` (an smtpc_param).
smtpc_param_row smtpc_param_get(unsigned id);
// smtpc_mechanism_get returns the row of mechanism `id` (an smtpc_mechanism).
smtpc_mechanism_row smtpc_mechanism_get(unsigned id);
// smtpc_reply_get returns the row of reply `id` (an smtpc_reply_id).
smtpc_reply_row smtpc_reply_get(unsigned id);
// smtpc_finding_get returns the row of finding `id` (an smtpc_finding).
smtpc_finding_row smtpc_finding_get(unsigned id);
// smtpc_quirk_get returns row `index` of the quirks, counted from 0; `bit` is 0
// past the last one.
smtpc_quirk_row smtpc_quirk_get(unsigned index);
// smtpc_device_get returns the row of device status `id` (an smtpc_device).
smtpc_device_row smtpc_device_get(unsigned id);
// smtpc_deadline_get returns the row of deadline `id` (an smtpc_deadline).
smtpc_deadline_row smtpc_deadline_get(unsigned id);
// smtpc_severity_name returns the lower-case name of `severity`, or "".
const char *smtpc_severity_name(unsigned severity);

#ifdef __cplusplus
}  // extern "C"
#endif

#endif  // SMTPCORE_REGISTRY_H
