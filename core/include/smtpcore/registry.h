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
#include "smtpcore_config.h"

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
//   NODE       a host, `@` and a domain, or `#` and a queue name (ETRN)
//   DOMAINS    perhaps domains with commas between them (ATRN)
//   URL        a URL and perhaps LAST (BURL)
//   ATTRIBUTES one or more NAME=value (XCLIENT, XFORWARD)
// group, its place in a pipelined group (RFC 2920 section 3.1):
//   ANY        may be followed by another command at once
//   LAST       must be the last one before the client waits for replies
#define SMTPC_VERB_LIST(X)                                                  \
  X(EHLO, "EHLO", HOST, LAST, "RFC 5321 section 4.1.1.1")                   \
  X(HELO, "HELO", DOMAIN, LAST, "RFC 5321 section 4.1.1.1")                 \
  X(LHLO, "LHLO", HOST, LAST, "RFC 2033 section 4.1")                       \
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
  X(AUTH, "AUTH", MECHANISM, LAST, "RFC 4954 section 4")                    \
  X(ETRN, "ETRN", NODE, LAST, "RFC 1985 section 5")                         \
  X(ATRN, "ATRN", DOMAINS, LAST, "RFC 2645 section 5")                      \
  X(BURL, "BURL", URL, ANY, "RFC 4468 section 3")                           \
  X(XCLIENT, "XCLIENT", ATTRIBUTES, LAST, "Postfix XCLIENT_README")         \
  X(XFORWARD, "XFORWARD", ATTRIBUTES, LAST, "Postfix XFORWARD_README")      \
  X(SEND, "SEND", MAIL_PATH, ANY, "RFC 5321 appendix F.6")                  \
  X(SOML, "SOML", MAIL_PATH, ANY, "RFC 5321 appendix F.6")                  \
  X(SAML, "SAML", MAIL_PATH, ANY, "RFC 5321 appendix F.6")                  \
  X(TURN, "TURN", NONE, LAST, "RFC 5321 appendix F.1")                      \
  X(XANONYMOUSTLS, "X-ANONYMOUSTLS", NONE, LAST, "MS-OXSMTP")

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
  SMTPC_ARGUMENT_CHUNK,
  SMTPC_ARGUMENT_NODE,
  SMTPC_ARGUMENT_DOMAINS,
  SMTPC_ARGUMENT_URL,
  SMTPC_ARGUMENT_ATTRIBUTES
} smtpc_argument;

typedef enum smtpc_group { SMTPC_GROUP_ANY, SMTPC_GROUP_LAST } smtpc_group;

// SMTPC_ATTRIBUTE_LIST(X) is X(identifier, "NAME", value, verbs): what XCLIENT and
// XFORWARD may say of the peer behind a proxy.
//
// value (enum smtpc_attribute_value), each after decoding its xtext:
//   HOST     a domain       ADDRESS  `192.0.2.1` or `IPV6:2001:db8::1`
//   PORT     0 to 65535     PROTOCOL `SMTP` or `ESMTP`
//   SOURCE   `LOCAL` or `REMOTE`
//   TEXT     printable octets
//   `[UNAVAILABLE]` and `[TEMPUNAVAIL]` stand for each of them.
// verbs (enum smtpc_attribute_verbs): XCLIENT, XFORWARD or BOTH.
#define SMTPC_ATTRIBUTE_LIST(X)              \
  X(NAME, "NAME", HOST, BOTH)                \
  X(ADDR, "ADDR", ADDRESS, BOTH)             \
  X(PORT, "PORT", PORT, BOTH)                \
  X(PROTO, "PROTO", PROTOCOL, BOTH)          \
  X(HELO, "HELO", TEXT, BOTH)                \
  X(LOGIN, "LOGIN", TEXT, XCLIENT)           \
  X(DESTADDR, "DESTADDR", ADDRESS, XCLIENT)  \
  X(DESTPORT, "DESTPORT", PORT, XCLIENT)     \
  X(IDENT, "IDENT", TEXT, XFORWARD)          \
  X(SOURCE, "SOURCE", SOURCE, XFORWARD)

typedef enum smtpc_attribute {
#define SMTPC_ATTRIBUTE_ENUM(id, name, value, verbs) SMTPC_ATTRIBUTE_##id,
  SMTPC_ATTRIBUTE_LIST(SMTPC_ATTRIBUTE_ENUM)
#undef SMTPC_ATTRIBUTE_ENUM
  SMTPC_ATTRIBUTE_COUNT
} smtpc_attribute;

typedef enum smtpc_attribute_value {
  SMTPC_ATTRIBUTE_VALUE_HOST,
  SMTPC_ATTRIBUTE_VALUE_ADDRESS,
  SMTPC_ATTRIBUTE_VALUE_PORT,
  SMTPC_ATTRIBUTE_VALUE_PROTOCOL,
  SMTPC_ATTRIBUTE_VALUE_SOURCE,
  SMTPC_ATTRIBUTE_VALUE_TEXT
} smtpc_attribute_value;

typedef enum smtpc_attribute_verbs {
  SMTPC_ATTRIBUTE_VERBS_BOTH,
  SMTPC_ATTRIBUTE_VERBS_XCLIENT,
  SMTPC_ATTRIBUTE_VERBS_XFORWARD
} smtpc_attribute_verbs;

// SMTPC_ATTR(id) is the bit of attribute `id` in a set of attributes.
#define SMTPC_ATTR(id) ((uint16_t)(1u << (SMTPC_ATTRIBUTE_##id)))

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

// SMTPC_EXTENSION_LIST(X) is X(identifier, "KEYWORD", value, channel, service,
// "clause").
//
// value, what follows the keyword in an EHLO reply (enum smtpc_value):
//   BARE  nothing;  NUMBER  perhaps a decimal number;  WORDS  words
// channel, where a server may offer it (enum smtpc_offer):
//   BOTH;  CLEAR  only before TLS;  TLS  only under TLS
// service, whether our server may offer it (enum smtpc_service):
//   DEFAULT  it does unless the policy takes it out
//   CHOICE   it does if the policy puts it in, since its shim must do a part of it
//   NEVER    it is known, and read by a client, but not served
#define SMTPC_EXTENSION_LIST(X)                                                \
  X(PIPELINING, "PIPELINING", BARE, BOTH, DEFAULT, "RFC 2920 section 2")       \
  X(SIZE, "SIZE", NUMBER, BOTH, DEFAULT, "RFC 1870 section 3")                 \
  X(8BITMIME, "8BITMIME", BARE, BOTH, DEFAULT, "RFC 6152 section 2")           \
  X(STARTTLS, "STARTTLS", BARE, CLEAR, DEFAULT, "RFC 3207 section 2")          \
  X(AUTH, "AUTH", WORDS, BOTH, DEFAULT, "RFC 4954 section 3")                  \
  X(DSN, "DSN", BARE, BOTH, DEFAULT, "RFC 3461 section 4")                     \
  X(SMTPUTF8, "SMTPUTF8", BARE, BOTH, DEFAULT, "RFC 6531 section 3.1")         \
  X(CHUNKING, "CHUNKING", BARE, BOTH, DEFAULT, "RFC 3030 section 2")           \
  X(BINARYMIME, "BINARYMIME", BARE, BOTH, CHOICE, "RFC 3030 section 3")        \
  X(REQUIRETLS, "REQUIRETLS", BARE, TLS, DEFAULT, "RFC 8689 section 2")        \
  X(DELIVERBY, "DELIVERBY", NUMBER, BOTH, CHOICE, "RFC 2852 section 4")        \
  X(FUTURERELEASE, "FUTURERELEASE", WORDS, BOTH, CHOICE,                       \
    "RFC 4865 section 4")                                                      \
  X(MT_PRIORITY, "MT-PRIORITY", WORDS, BOTH, CHOICE, "RFC 6710 section 3")     \
  X(RRVS, "RRVS", BARE, BOTH, CHOICE, "RFC 7293 section 3.1")                  \
  X(NO_SOLICITING, "NO-SOLICITING", WORDS, BOTH, CHOICE,                       \
    "RFC 3865 section 2")                                                      \
  X(MTRK, "MTRK", BARE, BOTH, CHOICE, "RFC 3885 section 3")                    \
  X(CONPERM, "CONPERM", BARE, BOTH, CHOICE, "RFC 4141 section 4")              \
  X(CONNEG, "CONNEG", BARE, BOTH, NEVER, "RFC 4141 section 5")                 \
  X(LIMITS, "LIMITS", WORDS, BOTH, CHOICE, "RFC 9422 section 3")               \
  X(CHECKPOINT, "CHECKPOINT", BARE, BOTH, NEVER, "RFC 1845 section 3")         \
  X(BURL, "BURL", WORDS, BOTH, NEVER, "RFC 4468 section 3")                    \
  X(ETRN, "ETRN", BARE, BOTH, NEVER, "RFC 1985 section 4")                     \
  X(ATRN, "ATRN", BARE, BOTH, NEVER, "RFC 2645 section 5")                     \
  X(XCLIENT, "XCLIENT", WORDS, BOTH, CHOICE, "Postfix XCLIENT_README")         \
  X(XFORWARD, "XFORWARD", WORDS, BOTH, CHOICE, "Postfix XFORWARD_README")      \
  X(PRDR, "PRDR", BARE, BOTH, NEVER, "draft-hall-prdr-00 section 3")           \
  X(VRFY, "VRFY", BARE, BOTH, CHOICE, "RFC 5321 section 3.5.2")                \
  X(EXPN, "EXPN", BARE, BOTH, NEVER, "RFC 5321 section 3.5.2")                 \
  X(HELP, "HELP", BARE, BOTH, CHOICE, "RFC 5321 section 4.1.1.8")              \
  X(CLIENTID, "CLIENTID", WORDS, BOTH, NEVER, "draft-yu-imap-client-id")       \
  X(XEXCH50, "XEXCH50", BARE, BOTH, NEVER, "MS-OXSMTP")                        \
  X(ENHANCEDSTATUSCODES, "ENHANCEDSTATUSCODES", BARE, BOTH, DEFAULT,           \
    "RFC 2034 section 2")

typedef enum smtpc_extension {
#define SMTPC_EXTENSION_ENUM(id, keyword, value, channel, service, clause) \
  SMTPC_EXTENSION_##id,
  SMTPC_EXTENSION_LIST(SMTPC_EXTENSION_ENUM)
#undef SMTPC_EXTENSION_ENUM
  SMTPC_EXTENSION_COUNT
} smtpc_extension;
SMTPC_STATIC_ASSERT(SMTPC_EXTENSION_COUNT <= 32, "an extension has a bit");

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

typedef enum smtpc_service {
  SMTPC_SERVICE_DEFAULT,
  SMTPC_SERVICE_CHOICE,
  SMTPC_SERVICE_NEVER
} smtpc_service;

// SMTPC_OFFERS(id) is the bit of extension `id` in a set of extensions.
#define SMTPC_OFFERS(id) ((uint32_t)1 << (SMTPC_EXTENSION_##id))

// SMTPC_EXTENSIONS_OFF is the set of the extensions that this configuration has not
// (`smtpcore_config.h`): never offered, and unknown when they are read.
#define SMTPC_EXTENSIONS_OFF                                              \
  (SMTPC_OFF(AUTH, SMTPC_OFFERS(AUTH)) |                                  \
   SMTPC_OFF(DSN, SMTPC_OFFERS(DSN)) |                                    \
   SMTPC_OFF(UTF8, SMTPC_OFFERS(SMTPUTF8)) |                              \
   SMTPC_OFF(BDAT, SMTPC_OFFERS(CHUNKING) | SMTPC_OFFERS(BINARYMIME)) |   \
   SMTPC_OFF(XCLIENT, SMTPC_OFFERS(XCLIENT) | SMTPC_OFFERS(XFORWARD)) |   \
   SMTPC_OFF(EXTRAS,                                                      \
             SMTPC_OFFERS(DELIVERBY) | SMTPC_OFFERS(FUTURERELEASE) |      \
                 SMTPC_OFFERS(MT_PRIORITY) | SMTPC_OFFERS(RRVS) |         \
                 SMTPC_OFFERS(NO_SOLICITING) | SMTPC_OFFERS(MTRK) |       \
                 SMTPC_OFFERS(CONPERM) | SMTPC_OFFERS(CONNEG) |           \
                 SMTPC_OFFERS(LIMITS) | SMTPC_OFFERS(CHECKPOINT) |        \
                 SMTPC_OFFERS(PRDR)))
#define SMTPC_OFF(setting, set) (SMTPC_CONFIG_##setting != 0 ? 0u : (set))

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
  X(BY, "BY", MAIL, NEEDED, DELIVERBY, "RFC 2852 section 4")                 \
  X(HOLDFOR, "HOLDFOR", MAIL, NEEDED, FUTURERELEASE, "RFC 4865 section 5")   \
  X(HOLDUNTIL, "HOLDUNTIL", MAIL, NEEDED, FUTURERELEASE,                     \
    "RFC 4865 section 5")                                                    \
  X(MT_PRIORITY, "MT-PRIORITY", MAIL, NEEDED, MT_PRIORITY,                   \
    "RFC 6710 section 3")                                                    \
  X(SOLICIT, "SOLICIT", MAIL, NEEDED, NO_SOLICITING, "RFC 3865 section 2")   \
  X(MTRK, "MTRK", MAIL, NEEDED, MTRK, "RFC 3885 section 3")                  \
  X(CONPERM, "CONPERM", MAIL, REFUSED, CONPERM, "RFC 4141 section 4")        \
  X(TRANSID, "TRANSID", MAIL, NEEDED, CHECKPOINT, "RFC 1845 section 3")      \
  X(PRDR, "PRDR", MAIL, REFUSED, PRDR, "draft-hall-prdr-00 section 3")       \
  X(NOTIFY, "NOTIFY", RCPT, NEEDED, DSN, "RFC 3461 section 4.1")             \
  X(ORCPT, "ORCPT", RCPT, NEEDED, DSN, "RFC 3461 section 4.2")               \
  X(RRVS, "RRVS", RCPT, NEEDED, RRVS, "RFC 7293 section 3.1")                \
  X(CONNEG, "CONNEG", RCPT, REFUSED, CONNEG, "RFC 4141 section 5")

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

// SMTPC_MECHANISM_LIST(X) is X(identifier, "NAME", exposure, speech, "clause").
//
// exposure, what an observer of the clear exchange learns (enum smtpc_exposure):
//   CLEAR    the password or the token itself
//   HASHED   enough to guess the password off line
//   NOTHING  nothing that helps to guess one
// speech, whether we speak it (enum smtpc_speech):
//   SPOKEN   yes
//   BOUND    yes, and only under TLS, to which it is bound (RFC 5929, RFC 9266)
//   KNOWN    no: its name is read, and it is never chosen and never offered
// Those that are spoken stand first, strongest first.
#define SMTPC_MECHANISM_LIST(X)                                                \
  X(SCRAM_SHA_256_PLUS, "SCRAM-SHA-256-PLUS", HASHED, BOUND, "RFC 7677")       \
  X(SCRAM_SHA_256, "SCRAM-SHA-256", HASHED, SPOKEN, "RFC 7677")                \
  X(SCRAM_SHA_1_PLUS, "SCRAM-SHA-1-PLUS", HASHED, BOUND, "RFC 5802")           \
  X(SCRAM_SHA_1, "SCRAM-SHA-1", HASHED, SPOKEN, "RFC 5802")                    \
  X(CRAM_MD5, "CRAM-MD5", HASHED, SPOKEN, "RFC 2195 section 2")                \
  X(PLAIN, "PLAIN", CLEAR, SPOKEN, "RFC 4616 section 2")                       \
  X(LOGIN, "LOGIN", CLEAR, SPOKEN, "draft-murchison-sasl-login-00")            \
  X(EXTERNAL, "EXTERNAL", NOTHING, SPOKEN, "RFC 4422 appendix A")              \
  X(OAUTHBEARER, "OAUTHBEARER", CLEAR, SPOKEN, "RFC 7628 section 3")           \
  X(XOAUTH2, "XOAUTH2", CLEAR, SPOKEN, "Google XOAUTH2 protocol")              \
  X(NTLM, "NTLM", HASHED, KNOWN, "MS-SMTPNTLM")                                \
  X(GSSAPI, "GSSAPI", HASHED, KNOWN, "RFC 4752")                               \
  X(DIGEST_MD5, "DIGEST-MD5", HASHED, KNOWN, "RFC 6331")                       \
  X(ANONYMOUS, "ANONYMOUS", NOTHING, KNOWN, "RFC 4505")                        \
  X(9798_M_DSA_SHA1, "9798-M-DSA-SHA1", NOTHING, KNOWN, "RFC 3163")            \
  X(9798_M_ECDSA_SHA1, "9798-M-ECDSA-SHA1", NOTHING, KNOWN, "RFC 3163")        \
  X(9798_M_RSA_SHA1_ENC, "9798-M-RSA-SHA1-ENC", NOTHING, KNOWN, "RFC 3163")    \
  X(9798_U_DSA_SHA1, "9798-U-DSA-SHA1", NOTHING, KNOWN, "RFC 3163")            \
  X(9798_U_ECDSA_SHA1, "9798-U-ECDSA-SHA1", NOTHING, KNOWN, "RFC 3163")        \
  X(9798_U_RSA_SHA1_ENC, "9798-U-RSA-SHA1-ENC", NOTHING, KNOWN, "RFC 3163")    \
  X(EAP_AES128, "EAP-AES128", HASHED, KNOWN, "RFC 7055")                       \
  X(EAP_AES128_PLUS, "EAP-AES128-PLUS", HASHED, KNOWN, "RFC 7055")             \
  X(ECDH_X25519_CHALLENGE, "ECDH-X25519-CHALLENGE", NOTHING, KNOWN, "IANA")    \
  X(ECDSA_NIST256P_CHALLENGE, "ECDSA-NIST256P-CHALLENGE", NOTHING, KNOWN,      \
    "IANA")                                                                    \
  X(GS2_KRB5, "GS2-KRB5", HASHED, KNOWN, "RFC 5801")                           \
  X(GS2_KRB5_PLUS, "GS2-KRB5-PLUS", HASHED, KNOWN, "RFC 5801")                 \
  X(GSS_SPNEGO, "GSS-SPNEGO", HASHED, KNOWN, "RFC 4752")                       \
  X(KERBEROS_V4, "KERBEROS_V4", HASHED, KNOWN, "RFC 2222")                     \
  X(KERBEROS_V5, "KERBEROS_V5", HASHED, KNOWN, "IANA")                         \
  X(NMAS_SAMBA_AUTH, "NMAS-SAMBA-AUTH", HASHED, KNOWN, "IANA")                 \
  X(NMAS_AUTHEN, "NMAS_AUTHEN", HASHED, KNOWN, "IANA")                         \
  X(NMAS_LOGIN, "NMAS_LOGIN", HASHED, KNOWN, "IANA")                           \
  X(OAUTH10A, "OAUTH10A", CLEAR, KNOWN, "RFC 7628 section 3")                  \
  X(OPENID20, "OPENID20", NOTHING, KNOWN, "RFC 6616")                          \
  X(OTP, "OTP", HASHED, KNOWN, "RFC 2444")                                     \
  X(SAML20, "SAML20", NOTHING, KNOWN, "RFC 6595")                              \
  X(SECURID, "SECURID", CLEAR, KNOWN, "RFC 2808")                              \
  X(SKEY, "SKEY", HASHED, KNOWN, "RFC 2222")                                   \
  X(SPNEGO, "SPNEGO", HASHED, KNOWN, "RFC 5801")                               \
  X(SPNEGO_PLUS, "SPNEGO-PLUS", HASHED, KNOWN, "RFC 5801")                     \
  X(SXOVER_PLUS, "SXOVER-PLUS", HASHED, KNOWN, "IANA")                         \
  X(XOAUTH, "XOAUTH", CLEAR, KNOWN, "IANA")

typedef enum smtpc_mechanism {
  SMTPC_MECHANISM_NONE = 0,
#define SMTPC_MECHANISM_ENUM(id, name, exposure, speech, clause) \
  SMTPC_MECHANISM_##id,
  SMTPC_MECHANISM_LIST(SMTPC_MECHANISM_ENUM)
#undef SMTPC_MECHANISM_ENUM
  SMTPC_MECHANISM_COUNT
} smtpc_mechanism;
SMTPC_STATIC_ASSERT(SMTPC_MECHANISM_COUNT <= 64, "a mechanism has a bit");

typedef enum smtpc_exposure {
  SMTPC_EXPOSURE_CLEAR,
  SMTPC_EXPOSURE_HASHED,
  SMTPC_EXPOSURE_NOTHING
} smtpc_exposure;

typedef enum smtpc_speech {
  SMTPC_SPEECH_SPOKEN,
  SMTPC_SPEECH_BOUND,
  SMTPC_SPEECH_KNOWN
} smtpc_speech;

// SMTPC_MECH(id) is the bit of mechanism `id` in a set of mechanisms.
#define SMTPC_MECH(id) ((uint64_t)1 << (SMTPC_MECHANISM_##id))

// SMTPC_MECHS_BOUND and the others are sets of mechanisms, as far as this configuration
// has them: those that are bound to TLS, all of SCRAM, those that a name and a password
// serve, those that a token serves, and all that we speak.
#define SMTPC_MECHS_BOUND                                   \
  SMTPC_ON(SCRAM, SMTPC_MECH(SCRAM_SHA_256_PLUS) |          \
                      SMTPC_MECH(SCRAM_SHA_1_PLUS))
#define SMTPC_MECHS_SCRAM                                   \
  (SMTPC_MECHS_BOUND |                                      \
   SMTPC_ON(SCRAM, SMTPC_MECH(SCRAM_SHA_256) | SMTPC_MECH(SCRAM_SHA_1)))
#define SMTPC_MECHS_PASSWORD                                \
  (SMTPC_MECHS_SCRAM | SMTPC_ON(CRAM_MD5, SMTPC_MECH(CRAM_MD5)) | \
   SMTPC_ON(PLAIN, SMTPC_MECH(PLAIN)) | SMTPC_ON(LOGIN, SMTPC_MECH(LOGIN)))
#define SMTPC_MECHS_TOKEN                                   \
  (SMTPC_ON(OAUTHBEARER, SMTPC_MECH(OAUTHBEARER)) |         \
   SMTPC_ON(XOAUTH2, SMTPC_MECH(XOAUTH2)))
#define SMTPC_MECHS_SPOKEN                                  \
  (SMTPC_MECHS_PASSWORD | SMTPC_MECHS_TOKEN |               \
   SMTPC_ON(EXTERNAL, SMTPC_MECH(EXTERNAL)))
#define SMTPC_ON(setting, set) \
  (SMTPC_CONFIG_##setting != 0 ? (set) : (uint64_t)0)

// -------------------------------------------------------------- replies

// SMTPC_REPLY_LIST(X) is X(identifier, code, class, subject, detail, "text",
// "clause"): every reply that the server can give. class 0: the reply carries no
// enhanced status code (RFC 2034 section 4: greeting, EHLO, 354, 334).
#define SMTPC_REPLY_LIST(X)                                                   \
  X(GREETING, 220, 0, 0, 0, "SMTP service ready", "RFC 5321 section 4.2")     \
  X(HELO_OK, 250, 0, 0, 0, "greets you", "RFC 5321 section 4.1.1.1")          \
  X(EHLO_OK, 250, 0, 0, 0, "greets you", "RFC 5321 section 4.1.1.1")          \
  X(LHLO_OK, 250, 0, 0, 0, "greets you", "RFC 2033 section 4.1")              \
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
  X(XFORWARD_OK, 250, 2, 0, 0, "Attributes taken",                            \
    "Postfix XFORWARD_README")                                                \
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
  X(MAIL_MANY, 421, 4, 7, 0, "Too many messages, closing connection",         \
    "RFC 9422 section 4.1")                                                   \
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
  X(LHLO_WANTED, 500, 5, 5, 1, "This is LMTP: send LHLO",                     \
    "RFC 2033 section 4.1")                                                   \
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
  X(BY_TOO_SOON, 501, 5, 5, 4, "Cannot deliver that soon",                    \
    "RFC 2852 section 4")                                                     \
  X(HOLD_TOO_LONG, 501, 5, 5, 4, "Cannot hold a message that long",           \
    "RFC 4865 section 4")                                                     \
  X(AUTH_CANCELLED, 501, 5, 7, 0, "Authentication cancelled",                 \
    "RFC 4954 section 4")                                                     \
  X(VERB_OFF, 502, 5, 5, 1, "Command not implemented",                        \
    "RFC 5321 section 4.2.4")                                                 \
  X(SEQUENCE, 503, 5, 5, 1, "Bad sequence of commands",                       \
    "RFC 5321 section 4.1.4")                                                 \
  X(HELLO_FIRST, 503, 5, 5, 1, "Send EHLO or HELO first",                     \
    "RFC 5321 section 4.1.4")                                                 \
  X(LHLO_FIRST, 503, 5, 5, 1, "Send LHLO first", "RFC 2033 section 4.1")      \
  X(BINARY_CHUNKS, 503, 5, 5, 1, "BINARYMIME goes with BDAT",                 \
    "RFC 3030 section 3")                                                     \
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
  X(PEER_REFUSED, 550, 5, 7, 0, "Attributes refused",                         \
    "Postfix XCLIENT_README")                                                 \
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
  X(AUTH_BINDING, "auth-binding", ATTACK, "RFC 5802 section 6",                \
    "the exchange is not bound to this TLS channel: somebody is between")      \
  X(AUTH_SERVER, "auth-server", ATTACK, "RFC 5802 section 5",                  \
    "the server did not prove that it knows the password")                     \
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
  X(QUIRK_LINE_LF, "quirk-line-lf", TOLERATED, "RFC 5321 section 2.3.8",       \
    "a command line that ends with a bare LF")                                 \
  X(QUIRK_CONTENT_LF, "quirk-content-lf", TOLERATED,                           \
    "RFC 5321 section 2.3.8", "a bare LF in content, passed on as it is")      \
  X(QUIRK_AUTH_EQUALS, "quirk-auth-equals", TOLERATED,                         \
    "RFC 4954 section 3", "AUTH= in the EHLO reply, read as AUTH")             \
  X(QUIRK_REPLY_8BIT, "quirk-reply-8bit", TOLERATED,                           \
    "RFC 5321 section 4.2", "octets beyond ASCII in the text of a reply")      \
  X(PROXY_MALFORMED, "proxy-malformed", ATTACK, "PROXY protocol section 2",    \
    "a connection that must begin with a PROXY header does not")               \
  X(PEER_REFUSED, "peer-refused", REFUSED, "Postfix XCLIENT_README",           \
    "what a proxy said of its peer was refused")                               \
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
  X(LIMIT_KEPT, "limit-kept", NOTE, "RFC 9422 section 4",                      \
    "a recipient or message was not sent: the server announced its limit")     \
  X(TLS_NOT_REQUIRED, "tls-not-required", DOWNGRADE, "RFC 8689 section 3",     \
    "the message says TLS-Required: No, so TLS was not demanded for it")       \
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
    "reads the password")                                                     \
  X(LINE_LF, 5, "line-lf", QUIRK_LINE_LF,                                     \
    "a bare LF ends a command line too, where a filter in front may read one "\
    "line; never STARTTLS")                                                   \
  X(CONTENT_LF, 6, "content-lf", QUIRK_CONTENT_LF,                            \
    "a bare LF in content is passed on as it is, and a reader behind may take "\
    "it for a line's end; a dot line beside one is still refused")            \
  X(AUTH_EQUALS, 7, "auth-equals", QUIRK_AUTH_EQUALS,                         \
    "AUTH= in an EHLO reply counts as AUTH")                                  \
  X(REPLY_8BIT, 8, "reply-8bit", QUIRK_REPLY_8BIT,                            \
    "the text of a reply may hold octets beyond ASCII, which logs must escape")

typedef enum smtpc_quirk {
#define SMTPC_QUIRK_ENUM(id, number, name, finding, opens) \
  SMTPC_QUIRK_##id = (1 << (number)),
  SMTPC_QUIRK_LIST(SMTPC_QUIRK_ENUM)
#undef SMTPC_QUIRK_ENUM
  SMTPC_QUIRK_ALL = (1 << 9) - 1
} smtpc_quirk;

// SMTPC_QUIRKS_KNOWN is the set of the quirks that this configuration has.
#define SMTPC_QUIRKS_KNOWN \
  (SMTPC_CONFIG_QUIRKS != 0 ? (uint32_t)SMTPC_QUIRK_ALL : 0u)

// SMTPC_PROFILE_LIST(X) is X(identifier, "name", quirks, "what it is for"): sets of
// quirks with a name. None of them has auth-in-clear: a password is never shown
// because of the name of a profile.
#define SMTPC_PROFILE_LIST(X)                                                 \
  X(STRICT, "strict", 0, "programs that keep to RFC 5321")                    \
  X(PRINTER, "printer",                                                       \
    SMTPC_QUIRK_TRAILING_SPACE | SMTPC_QUIRK_PATH_SPACE |                     \
        SMTPC_QUIRK_PATH_BARE | SMTPC_QUIRK_HELLO_NAME |                      \
        SMTPC_QUIRK_LINE_LF | SMTPC_QUIRK_CONTENT_LF |                        \
        SMTPC_QUIRK_AUTH_EQUALS | SMTPC_QUIRK_REPLY_8BIT,                     \
    "old printers, scanners and controllers on the same network")

typedef enum smtpc_profile {
#define SMTPC_PROFILE_ENUM(id, name, quirks, purpose) SMTPC_PROFILE_##id,
  SMTPC_PROFILE_LIST(SMTPC_PROFILE_ENUM)
#undef SMTPC_PROFILE_ENUM
  SMTPC_PROFILE_COUNT
} smtpc_profile;

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
  X(843, "#843", "sending: the authentication failed for another reason")     \
  X(AUTH_NOT_OFFERED, "SMTP AUTH Error (Not Offered)",                        \
    "sending: the server offers no authentication")                           \
  X(AUTH_NO_MECHANISM, "SMTP AUTH Error (No Common Method)",                  \
    "sending: no method of authentication in common")

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

// --------------------------------------------------------------- limits

// SMTPC_LIMIT_LIST(X) is X(identifier, "name", value, scope, extension, "clause"):
// every limit, by the extension that brings it (COUNT: none). Policies begin with
// these values; `smtpc_command_line_max` adds them up.
//
// scope (enum smtpc_limit_scope):
//   VALUE      a value by itself, in the unit of its name
//   LINE       octets of a line, CRLF included
//   MAIL_MORE  octets that MAIL's line may have more while the extension is in force
//   RCPT_MORE  the same for RCPT
//   BOTH_MORE  the same for both
#define SMTPC_LIMIT_LIST(X)                                                    \
  X(COMMAND_LINE, "command-line", 512, LINE, COUNT,                            \
    "RFC 5321 section 4.5.3.1.4")                                              \
  X(AUTH_LINE, "auth-line", 12288, LINE, AUTH, "RFC 4954 section 4")           \
  X(REPLY_LINE, "reply-line", 1024, LINE, COUNT, "RFC 5321 section 4.5.3.1.5") \
  X(LINE_SIZE, "line-size", 26, MAIL_MORE, SIZE, "RFC 1870 section 3")         \
  X(LINE_8BITMIME, "line-8bitmime", 17, MAIL_MORE, 8BITMIME,                   \
    "RFC 6152 section 2")                                                      \
  X(LINE_AUTH, "line-auth", 500, MAIL_MORE, AUTH, "RFC 4954 section 3")        \
  X(LINE_DSN, "line-dsn", 524, BOTH_MORE, DSN, "RFC 3461 section 5.4")         \
  X(LINE_SMTPUTF8, "line-smtputf8", 10, MAIL_MORE, SMTPUTF8,                   \
    "RFC 6531 section 3.1")                                                    \
  X(LINE_BINARYMIME, "line-binarymime", 16, MAIL_MORE, BINARYMIME,             \
    "RFC 3030 section 3")                                                      \
  X(LINE_REQUIRETLS, "line-requiretls", 11, MAIL_MORE, REQUIRETLS,             \
    "RFC 8689 section 2")                                                      \
  X(LINE_DELIVERBY, "line-deliverby", 17, MAIL_MORE, DELIVERBY,                \
    "RFC 2852 section 4")                                                      \
  X(LINE_FUTURERELEASE, "line-futurerelease", 34, MAIL_MORE, FUTURERELEASE,    \
    "RFC 4865 section 4")                                                      \
  X(LINE_MT_PRIORITY, "line-mt-priority", 15, MAIL_MORE, MT_PRIORITY,          \
    "RFC 6710 section 3")                                                      \
  X(LINE_RRVS, "line-rrvs", 33, RCPT_MORE, RRVS, "RFC 7293 section 3.1")       \
  X(LINE_SOLICIT, "line-solicit", 1007, MAIL_MORE, NO_SOLICITING,              \
    "RFC 3865 section 2")                                                      \
  X(LINE_MTRK, "line-mtrk", 43, MAIL_MORE, MTRK, "RFC 3885 section 3")         \
  X(LINE_CONPERM, "line-conperm", 8, MAIL_MORE, CONPERM, "RFC 4141 section 4") \
  X(LINE_DISCARD, "line-discard", 65536, VALUE, COUNT,                         \
    "RFC 5321 section 4.5.3.1")                                                \
  X(LOCAL_PART, "local-part-octets", 64, VALUE, COUNT,                         \
    "RFC 5321 section 4.5.3.1.1")                                              \
  X(DOMAIN, "domain-octets", 255, VALUE, COUNT, "RFC 5321 section 4.5.3.1.2")  \
  X(PATH, "path-octets", 256, VALUE, COUNT, "RFC 5321 section 4.5.3.1.3")      \
  X(ENVID, "envid-octets", 100, VALUE, DSN, "RFC 3461 section 4.4")            \
  X(ORCPT, "orcpt-octets", 500, VALUE, DSN, "RFC 3461 section 4.2")            \
  X(SOLICIT, "solicit-octets", 1000, VALUE, NO_SOLICITING,                     \
    "RFC 3865 section 2")                                                      \
  X(TRANSID, "transid-octets", 80, VALUE, CHECKPOINT, "RFC 1845 section 3")    \
  X(SECONDS, "seconds", 999999999, VALUE, COUNT, "RFC 2852 section 4")         \
  X(LOGIN, "name-octets", 255, VALUE, AUTH, "RFC 4616 section 2")              \
  X(PASSWORD, "password-octets", 255, VALUE, AUTH, "RFC 4616 section 2")       \
  X(PEER_NONCE, "scram-nonce-octets", 64, VALUE, AUTH, "RFC 5802 section 5.1") \
  X(ITERATIONS_MIN, "scram-iterations-least", 4096, VALUE, AUTH,               \
    "RFC 7677 section 4")                                                      \
  X(ITERATIONS_MAX, "scram-iterations-most", 2000000, VALUE, AUTH,             \
    "RFC 5802 section 9")                                                      \
  X(PROXY, "proxy-octets", 536, VALUE, COUNT, "PROXY protocol section 2.2")    \
  X(SIZE, "message-octets", 10485760, VALUE, SIZE, "RFC 1870 section 4")       \
  X(DISCARD, "discard-octets", 67108864, VALUE, COUNT,                         \
    "RFC 5321 section 4.5.3.1")                                                \
  X(RCPT, "recipients", SMTPC_CONFIG_RCPT_MAX, VALUE, LIMITS,                  \
    "RFC 5321 section 4.5.3.1.8")                                              \
  X(MAIL, "messages", 10000, VALUE, LIMITS, "RFC 9422 section 4.1")            \
  X(ERRORS, "errors", 20, VALUE, COUNT, "RFC 5321 section 4.3.2")              \
  X(JUNK, "junk-commands", 100, VALUE, COUNT, "RFC 5321 section 4.3.2")        \
  X(AUTH, "failed-logins", 3, VALUE, AUTH, "RFC 4954 section 9")               \
  X(BY, "deliver-by-seconds", 60, VALUE, DELIVERBY, "RFC 2852 section 4")      \
  X(HOLD, "hold-seconds", 604800, VALUE, FUTURERELEASE, "RFC 4865 section 4")  \
  X(GROUP, "commands-ahead", 50, VALUE, PIPELINING, "RFC 2920 section 3.1")    \
  X(REPLY_LINES, "reply-lines", 512, VALUE, COUNT, "RFC 5321 section 4.2.1")

typedef enum smtpc_limit {
#define SMTPC_LIMIT_ENUM(id, name, value, scope, extension, clause) \
  SMTPC_LIMIT_##id,
  SMTPC_LIMIT_LIST(SMTPC_LIMIT_ENUM)
#undef SMTPC_LIMIT_ENUM
  SMTPC_LIMIT_COUNT
} smtpc_limit;

typedef enum smtpc_limit_scope {
  SMTPC_LIMIT_SCOPE_VALUE,
  SMTPC_LIMIT_SCOPE_LINE,
  SMTPC_LIMIT_SCOPE_MAIL_MORE,
  SMTPC_LIMIT_SCOPE_RCPT_MORE,
  SMTPC_LIMIT_SCOPE_BOTH_MORE
} smtpc_limit_scope;

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
  uint8_t service;
} smtpc_extension_row;

// smtpc_attribute_row is a row of SMTPC_ATTRIBUTE_LIST.
typedef struct smtpc_attribute_row {
  const char *name;
  uint8_t name_len;
  uint8_t value;
  uint8_t verbs;
} smtpc_attribute_row;

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
  uint8_t speech;
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

// smtpc_profile_row is a row of SMTPC_PROFILE_LIST.
typedef struct smtpc_profile_row {
  const char *name;
  const char *purpose;
  uint32_t quirks;
} smtpc_profile_row;

// smtpc_limit_row is a row of SMTPC_LIMIT_LIST. `extension` is
// SMTPC_EXTENSION_COUNT for a limit that no extension brings.
typedef struct smtpc_limit_row {
  const char *name;
  const char *clause;
  uint32_t value;
  uint8_t scope;
  uint8_t extension;
} smtpc_limit_row;

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
// smtpc_attribute_get returns the row of attribute `id` (an smtpc_attribute).
smtpc_attribute_row smtpc_attribute_get(unsigned id);
// smtpc_profile_get returns the row of profile `id` (an smtpc_profile).
smtpc_profile_row smtpc_profile_get(unsigned id);
// smtpc_limit_get returns the row of limit `id` (an smtpc_limit).
smtpc_limit_row smtpc_limit_get(unsigned id);
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
