// Configuration: what of smtpcore is built. The one place where it is said.
//
// Every setting is a macro with a default. To change some, write a header with their
// `#define`s and say its name to the compiler,
//
//     -DSMTPC_CONFIG_FILE='"device_config.h"'
//
// or give them one by one, `-DSMTPC_CONFIG_CLIENT=0`. All files of the library, and all
// that include its headers, must be compiled with the same settings: some change the size
// of a session. A setting is 0 or 1 unless its comment says otherwise. A setting that
// makes no sense ends the build with a sentence that says why.
//
// A feature that is off behaves like one that a policy does not offer: a server answers
// 502, 504 or 555 to who asks for it, and the check of a policy that wants it returns
// SMTPC_E_ARGUMENT. Numbers of statuses, verbs, findings and all other enums are the same
// in every configuration. What each setting costs is in docs/EMBEDDING.md.
#ifndef SMTPCORE_CONFIG_H
#define SMTPCORE_CONFIG_H

#ifdef SMTPC_CONFIG_FILE
#include SMTPC_CONFIG_FILE
#endif

// ----------------------------------------------------------------- roles

// SMTPC_CONFIG_SERVER is the receiving role: `smtpcore/server.h`, and what of the other
// modules only a receiver needs. At least one role is on.
#ifndef SMTPC_CONFIG_SERVER
#define SMTPC_CONFIG_SERVER 1
#endif

// SMTPC_CONFIG_CLIENT is the sending role: `smtpcore/client.h`, and what of the other
// modules only a sender needs.
#ifndef SMTPC_CONFIG_CLIENT
#define SMTPC_CONFIG_CLIENT 1
#endif

// ----------------------------------------------------------------- texts

// SMTPC_CONFIG_NAMES keeps names, clauses and meanings as text: of findings, quirks,
// profiles, limits, deadlines, device status, statuses, inputs, actions, ends, TLS
// failures, phases. With 0 the functions that give them exist and give "", a row of the
// registry has all but those texts, and a log has numbers. What goes on the wire stays:
// verbs, keywords, parameters, mechanisms, attributes, bindings. The names of mechanisms
// that are known and not spoken, and keywords that no decision hangs on, go too.
#ifndef SMTPC_CONFIG_NAMES
#define SMTPC_CONFIG_NAMES 1
#endif

// SMTPC_CONFIG_REPLY_TEXTS gives each reply of a server a text of its own. With 0 a
// reply has its code, its enhanced code and a word for its class, such as
// `503 5.5.1 Refused`; a peer needs no more. The greeting, the reply to EHLO, the 354
// and `530 Must issue a STARTTLS command first` keep theirs.
#ifndef SMTPC_CONFIG_REPLY_TEXTS
#define SMTPC_CONFIG_REPLY_TEXTS 1
#endif

// -------------------------------------------------------------- features

// SMTPC_CONFIG_QUIRKS is the tolerances (`docs/PERMISSIVE.md`). With 0 there is the one
// strict grammar, and a policy with a quirk is refused. So a password never crosses in
// clear: AUTH is for TLS.
#ifndef SMTPC_CONFIG_QUIRKS
#define SMTPC_CONFIG_QUIRKS 1
#endif

// SMTPC_CONFIG_UTF8 is SMTPUTF8: addresses beyond ASCII. With 0 it is not offered,
// its parameter is unknown, and an address with such an octet is malformed.
#ifndef SMTPC_CONFIG_UTF8
#define SMTPC_CONFIG_UTF8 1
#endif

// SMTPC_CONFIG_BDAT is CHUNKING and BINARYMIME. With 0 they are not offered, BDAT gets
// 502 and ends the session, and a policy that offers them, or wants to send so, is
// refused.
#ifndef SMTPC_CONFIG_BDAT
#define SMTPC_CONFIG_BDAT 1
#endif

// SMTPC_CONFIG_DSN is RET, ENVID, NOTIFY and ORCPT. With 0 DSN is not offered, its
// parameters are unknown, and an envelope that has them is refused or sent without, as
// the policy says.
#ifndef SMTPC_CONFIG_DSN
#define SMTPC_CONFIG_DSN 1
#endif

// SMTPC_CONFIG_EXTRAS is what few use: DELIVERBY, FUTURERELEASE, MT-PRIORITY, RRVS,
// NO-SOLICITING, MTRK, CONPERM, LIMITS, and of a client TRANSID, PRDR and CONNEG. With 0
// they are neither offered nor understood, a client does not read LIMITS, and a server
// does not look for `TLS-Required: No` in the header of a message.
#ifndef SMTPC_CONFIG_EXTRAS
#define SMTPC_CONFIG_EXTRAS 1
#endif

// ------------------------------------------------------------------ AUTH

// SMTPC_CONFIG_AUTH is AUTH and its parameter of MAIL. With 0 there is no SASL at all:
// AUTH gets 502, and a policy that wants it is refused. A mechanism needs it; each
// mechanism that is not set follows it.
#ifndef SMTPC_CONFIG_AUTH
#define SMTPC_CONFIG_AUTH 1
#endif

// SMTPC_CONFIG_PLAIN is the mechanism PLAIN.
#ifndef SMTPC_CONFIG_PLAIN
#define SMTPC_CONFIG_PLAIN SMTPC_CONFIG_AUTH
#endif

// SMTPC_CONFIG_LOGIN is the mechanism LOGIN.
#ifndef SMTPC_CONFIG_LOGIN
#define SMTPC_CONFIG_LOGIN SMTPC_CONFIG_AUTH
#endif

// SMTPC_CONFIG_CRAM_MD5 is the mechanism CRAM-MD5.
#ifndef SMTPC_CONFIG_CRAM_MD5
#define SMTPC_CONFIG_CRAM_MD5 SMTPC_CONFIG_AUTH
#endif

// SMTPC_CONFIG_SCRAM is SCRAM-SHA-256 and SCRAM-SHA-1, each with its -PLUS form. It
// costs more than all the others together.
#ifndef SMTPC_CONFIG_SCRAM
#define SMTPC_CONFIG_SCRAM SMTPC_CONFIG_AUTH
#endif

// SMTPC_CONFIG_EXTERNAL is the mechanism EXTERNAL: who one is by a TLS certificate.
#ifndef SMTPC_CONFIG_EXTERNAL
#define SMTPC_CONFIG_EXTERNAL SMTPC_CONFIG_AUTH
#endif

// SMTPC_CONFIG_XOAUTH2 is the mechanism XOAUTH2.
#ifndef SMTPC_CONFIG_XOAUTH2
#define SMTPC_CONFIG_XOAUTH2 SMTPC_CONFIG_AUTH
#endif

// SMTPC_CONFIG_OAUTHBEARER is the mechanism OAUTHBEARER.
#ifndef SMTPC_CONFIG_OAUTHBEARER
#define SMTPC_CONFIG_OAUTHBEARER SMTPC_CONFIG_AUTH
#endif

// ----------------------------------------- what a proxy says of its peer

// SMTPC_CONFIG_PROXY is the PROXY header before a session. It needs the server, and
// follows it if it is not set.
#ifndef SMTPC_CONFIG_PROXY
#define SMTPC_CONFIG_PROXY SMTPC_CONFIG_SERVER
#endif

// SMTPC_CONFIG_XCLIENT is XCLIENT and XFORWARD. It needs the server, and follows it if
// it is not set.
#ifndef SMTPC_CONFIG_XCLIENT
#define SMTPC_CONFIG_XCLIENT SMTPC_CONFIG_SERVER
#endif

// --------------------------------------------------------------- numbers

// SMTPC_LINE_MAX is the size of the line buffer of a session, CRLF included, 1024 to
// 65000: nearly all of the memory that a session needs. 12288 holds the longest AUTH
// line that RFC 4954 section 4.5.3 recommends. A small device may set 1024, which takes
// every command and reply but the longest AUTH lines, and MAIL and RCPT with the longest
// parameters (`smtpc_command_line_max`): these are refused as too long.
#ifndef SMTPC_LINE_MAX
#define SMTPC_LINE_MAX 12288
#endif

// SMTPC_CONFIG_RCPT_MAX is how many recipients of one message a server policy begins
// with (`rcpt_max`), 1 to 65535. RFC 5321 section 4.5.3.1.8 wants 100 at least.
#ifndef SMTPC_CONFIG_RCPT_MAX
#define SMTPC_CONFIG_RCPT_MAX 100
#endif

// ---------------------------------------------------------------- checks

#if SMTPC_CONFIG_SERVER != 0 && SMTPC_CONFIG_SERVER != 1
#error "SMTPC_CONFIG_SERVER must be 0 or 1"
#endif
#if SMTPC_CONFIG_CLIENT != 0 && SMTPC_CONFIG_CLIENT != 1
#error "SMTPC_CONFIG_CLIENT must be 0 or 1"
#endif
#if SMTPC_CONFIG_NAMES != 0 && SMTPC_CONFIG_NAMES != 1
#error "SMTPC_CONFIG_NAMES must be 0 or 1"
#endif
#if SMTPC_CONFIG_REPLY_TEXTS != 0 && SMTPC_CONFIG_REPLY_TEXTS != 1
#error "SMTPC_CONFIG_REPLY_TEXTS must be 0 or 1"
#endif
#if SMTPC_CONFIG_QUIRKS != 0 && SMTPC_CONFIG_QUIRKS != 1
#error "SMTPC_CONFIG_QUIRKS must be 0 or 1"
#endif
#if SMTPC_CONFIG_UTF8 != 0 && SMTPC_CONFIG_UTF8 != 1
#error "SMTPC_CONFIG_UTF8 must be 0 or 1"
#endif
#if SMTPC_CONFIG_BDAT != 0 && SMTPC_CONFIG_BDAT != 1
#error "SMTPC_CONFIG_BDAT must be 0 or 1"
#endif
#if SMTPC_CONFIG_DSN != 0 && SMTPC_CONFIG_DSN != 1
#error "SMTPC_CONFIG_DSN must be 0 or 1"
#endif
#if SMTPC_CONFIG_EXTRAS != 0 && SMTPC_CONFIG_EXTRAS != 1
#error "SMTPC_CONFIG_EXTRAS must be 0 or 1"
#endif
#if SMTPC_CONFIG_AUTH != 0 && SMTPC_CONFIG_AUTH != 1
#error "SMTPC_CONFIG_AUTH must be 0 or 1"
#endif
#if SMTPC_CONFIG_PLAIN != 0 && SMTPC_CONFIG_PLAIN != 1
#error "SMTPC_CONFIG_PLAIN must be 0 or 1"
#endif
#if SMTPC_CONFIG_LOGIN != 0 && SMTPC_CONFIG_LOGIN != 1
#error "SMTPC_CONFIG_LOGIN must be 0 or 1"
#endif
#if SMTPC_CONFIG_CRAM_MD5 != 0 && SMTPC_CONFIG_CRAM_MD5 != 1
#error "SMTPC_CONFIG_CRAM_MD5 must be 0 or 1"
#endif
#if SMTPC_CONFIG_SCRAM != 0 && SMTPC_CONFIG_SCRAM != 1
#error "SMTPC_CONFIG_SCRAM must be 0 or 1"
#endif
#if SMTPC_CONFIG_EXTERNAL != 0 && SMTPC_CONFIG_EXTERNAL != 1
#error "SMTPC_CONFIG_EXTERNAL must be 0 or 1"
#endif
#if SMTPC_CONFIG_XOAUTH2 != 0 && SMTPC_CONFIG_XOAUTH2 != 1
#error "SMTPC_CONFIG_XOAUTH2 must be 0 or 1"
#endif
#if SMTPC_CONFIG_OAUTHBEARER != 0 && SMTPC_CONFIG_OAUTHBEARER != 1
#error "SMTPC_CONFIG_OAUTHBEARER must be 0 or 1"
#endif
#if SMTPC_CONFIG_PROXY != 0 && SMTPC_CONFIG_PROXY != 1
#error "SMTPC_CONFIG_PROXY must be 0 or 1"
#endif
#if SMTPC_CONFIG_XCLIENT != 0 && SMTPC_CONFIG_XCLIENT != 1
#error "SMTPC_CONFIG_XCLIENT must be 0 or 1"
#endif
#if SMTPC_LINE_MAX < 1024 || SMTPC_LINE_MAX > 65000
#error "SMTPC_LINE_MAX must be 1024 to 65000"
#endif
#if SMTPC_CONFIG_RCPT_MAX < 1 || SMTPC_CONFIG_RCPT_MAX > 65535
#error "SMTPC_CONFIG_RCPT_MAX must be 1 to 65535"
#endif
#if SMTPC_CONFIG_SERVER == 0 && SMTPC_CONFIG_CLIENT == 0
#error "SMTPC_CONFIG_SERVER and SMTPC_CONFIG_CLIENT are both 0: choose a role"
#endif
#if SMTPC_CONFIG_AUTH == 0 && SMTPC_CONFIG_PLAIN == 1
#error "SMTPC_CONFIG_PLAIN needs SMTPC_CONFIG_AUTH: it is a mechanism of AUTH"
#endif
#if SMTPC_CONFIG_AUTH == 0 && SMTPC_CONFIG_LOGIN == 1
#error "SMTPC_CONFIG_LOGIN needs SMTPC_CONFIG_AUTH: it is a mechanism of AUTH"
#endif
#if SMTPC_CONFIG_AUTH == 0 && SMTPC_CONFIG_CRAM_MD5 == 1
#error "SMTPC_CONFIG_CRAM_MD5 needs SMTPC_CONFIG_AUTH: it is a mechanism of AUTH"
#endif
#if SMTPC_CONFIG_AUTH == 0 && SMTPC_CONFIG_SCRAM == 1
#error "SMTPC_CONFIG_SCRAM needs SMTPC_CONFIG_AUTH: it is a mechanism of AUTH"
#endif
#if SMTPC_CONFIG_AUTH == 0 && SMTPC_CONFIG_EXTERNAL == 1
#error "SMTPC_CONFIG_EXTERNAL needs SMTPC_CONFIG_AUTH: it is a mechanism of AUTH"
#endif
#if SMTPC_CONFIG_AUTH == 0 && SMTPC_CONFIG_XOAUTH2 == 1
#error "SMTPC_CONFIG_XOAUTH2 needs SMTPC_CONFIG_AUTH: it is a mechanism of AUTH"
#endif
#if SMTPC_CONFIG_AUTH == 0 && SMTPC_CONFIG_OAUTHBEARER == 1
#error "SMTPC_CONFIG_OAUTHBEARER needs SMTPC_CONFIG_AUTH: it is a mechanism of AUTH"
#endif
#if SMTPC_CONFIG_AUTH == 1 && SMTPC_CONFIG_PLAIN == 0 && \
    SMTPC_CONFIG_LOGIN == 0 && \
    SMTPC_CONFIG_CRAM_MD5 == 0 && \
    SMTPC_CONFIG_SCRAM == 0 && \
    SMTPC_CONFIG_EXTERNAL == 0 && \
    SMTPC_CONFIG_XOAUTH2 == 0 && \
    SMTPC_CONFIG_OAUTHBEARER == 0
#error "SMTPC_CONFIG_AUTH is 1 and each mechanism is 0: set one, or AUTH to 0"
#endif
#if SMTPC_CONFIG_SERVER == 0 && SMTPC_CONFIG_PROXY == 1
#error "SMTPC_CONFIG_PROXY needs SMTPC_CONFIG_SERVER: a sender hears of no proxy"
#endif
#if SMTPC_CONFIG_SERVER == 0 && SMTPC_CONFIG_XCLIENT == 1
#error "SMTPC_CONFIG_XCLIENT needs SMTPC_CONFIG_SERVER: a sender hears of no proxy"
#endif

#endif  // SMTPCORE_CONFIG_H
