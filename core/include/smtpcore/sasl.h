// SASL: base64, and the exchanges of AUTH as pure steps, on both sides.
//
// No step computes a digest or compares a password: the session asks its shim for
// that by an action and gets the answer as an input. Secrets are never copied
// further than the step needs; who holds them wipes them.
//
// An exchange is a small machine. `wants` says what is to happen next, and one
// function takes each thing that can:
//
//   server                               client
//   SAY       write the challenge, and   SAY       send `say`, then _client_said
//             take the response to it    WAIT      a reply: 334 to _challenge,
//   NONCE     random octets                        235 to _success
//   SALT      salt and iterations        NONCE     random octets
//   BINDING   the channel's binding      PASSWORD  name, and password or token
//   CHECK     the verdict on it all      BINDING   the channel's binding
//   DONE      authenticated: 235         DIGEST    a digest
//   REFUSED   535                        DONE      authenticated
//
//   PLAIN        response
//   LOGIN        prompt, name, prompt, password
//   CRAM-MD5     challenge, name and digest
//   EXTERNAL     identity, perhaps empty: the shim knows the peer's certificate
//   OAUTHBEARER, XOAUTH2
//                name and token; when refused, an error that the client takes with
//                an empty answer (XOAUTH2) or an octet 1 (OAUTHBEARER)
//   SCRAM-*      first message, server's first message, final message with proof,
//                server's final message, which the client checks, an empty answer
//
// Names and passwords are taken octet for octet as UTF-8 without NUL. SASLprep
// (RFC 4013) is not applied, but a name has no control octet, which SASLprep
// prohibits too: names end in logs.
#ifndef SMTPCORE_SASL_H
#define SMTPCORE_SASL_H

#include <stddef.h>
#include <stdint.h>

#include "smtpcore/registry.h"
#include "smtpcore/span.h"
#include "smtpcore/status.h"
#include "smtpcore/tls.h"
#include "smtpcore/write.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SMTPC_NAME_MAX 255u        // octets of a user name
#define SMTPC_PASSWORD_MAX 255u    // octets of a password that we send
#define SMTPC_NONCE_LEN 16u        // random octets of a challenge or of SCRAM's nonce
#define SMTPC_MD5_LEN 16u          // octets of an MD5 digest
#define SMTPC_SHA1_LEN 20u         // octets of a SHA-1 digest
#define SMTPC_SHA256_LEN 32u       // octets of a SHA-256 digest
#define SMTPC_DIGEST_MAX 32u       // octets of the longest of them
#define SMTPC_SALT_MAX 32u         // octets of a salt that our server gives
#define SMTPC_PEER_NONCE_MAX 64u   // octets of a SCRAM client's nonce
#define SMTPC_CHALLENGE_HOST_MAX 190u  // octets of our name in a CRAM-MD5 challenge
#define SMTPC_ITERATIONS_MIN 4096u     // RFC 7677 section 4
#define SMTPC_ITERATIONS_MAX 2000000u  // more is a way to keep us busy

// smtpc_base64_decode decodes all of `span` of `data` in place, at `span.begin`,
// and stores where the result lies in `*out`.
//
// It returns SMTPC_OK (an empty span gives an empty result), or SMTPC_E_BASE64 for
// an octet outside the alphabet, a length that is no multiple of four, `=` in
// another place than the end, or bits after the end that are not 0. On an error
// `*out` is empty and `data` may be changed.
//= RFC 4648 section 4
//= RFC 4954 section 4
SMTPC_NODISCARD smtpc_status smtpc_base64_decode(uint8_t *data, smtpc_span span,
                                                 smtpc_span *out);

// smtpc_base64 is an encoder over any number of pieces. All-zero: nothing yet.
typedef struct smtpc_base64 {
  uint32_t bits;
  uint8_t count;        // octets held, 0 to 2
  uint8_t reserved[3];  // 0
} smtpc_base64;
SMTPC_SIZE_GUARD(smtpc_base64, 8u, 8u);

// smtpc_base64_put adds `len` octets of `data` and writes what is complete to
// `out`.
void smtpc_base64_put(smtpc_base64 *encoder, smtpc_out *out,
                      const uint8_t *data, size_t len);

// smtpc_base64_end writes the rest and its padding, and clears `encoder`.
void smtpc_base64_end(smtpc_base64 *encoder, smtpc_out *out);

// smtpc_sasl_wants is what an exchange waits for.
typedef enum smtpc_sasl_wants {
  SMTPC_SASL_NOTHING = 0,  // there is no exchange
  SMTPC_SASL_SAY = 1,
  SMTPC_SASL_WAIT = 2,
  SMTPC_SASL_NONCE = 3,
  SMTPC_SASL_SALT = 4,
  SMTPC_SASL_PASSWORD = 5,
  SMTPC_SASL_BINDING = 6,
  SMTPC_SASL_DIGEST = 7,
  SMTPC_SASL_CHECK = 8,
  SMTPC_SASL_DONE = 9,
  SMTPC_SASL_REFUSED = 10
} smtpc_sasl_wants;

// smtpc_sasl_buffer is where messages are read and made: the session's line buffer.
// `data[0 .. len)` is in use; what a step makes it puts behind that, and raises `len`.
// Nothing is written at or past `cap`.
typedef struct smtpc_sasl_buffer {
  uint8_t *data;
  size_t len;
  size_t cap;
} smtpc_sasl_buffer;
SMTPC_SIZE_GUARD(smtpc_sasl_buffer, 12u, 24u);

// smtpc_sasl_digest_len returns the octets of a digest of `mechanism`: MD5, SHA-1,
// SHA-256, or 0 for one without digests.
size_t smtpc_sasl_digest_len(unsigned mechanism);

// ---------------------------------------------------------------- server

// smtpc_sasl is a server's exchange: plain data. All-zero: none.
typedef struct smtpc_sasl {
  uint32_t iterations;   // SCRAM: of `held`, while it is the salt
  smtpc_span secret;     // CHECK: in the buffer: the password, the token, the digest of
                         // CRAM-MD5 (16 octets), the proof of SCRAM; empty for
                         // EXTERNAL
  smtpc_span text;       // CHECK: in the buffer: what the digest or proof is made over
  smtpc_span bound;      // BINDING: in the buffer: what the client says of it, decoded
  uint8_t mechanism;     // an smtpc_mechanism
  uint8_t wants;         // an smtpc_sasl_wants
  uint8_t step;          // responses taken so far
  uint8_t binding;       // an smtpc_binding: the one that the client chose
  uint8_t flag;          // SCRAM: `n`, `y` or `p`; 0 before its first message
  uint8_t same_authzid;  // SCRAM: 1 when the client named itself twice
  uint8_t offers_bound;  // 1: our EHLO reply named a mechanism that is bound to TLS
  uint8_t name_len;
  uint8_t peer_nonce_len;
  uint8_t held_len;
  uint8_t reserved[3];  // 0
  uint8_t name[SMTPC_NAME_MAX];  // who claims to be; after DONE, who it is
  uint8_t nonce[SMTPC_NONCE_LEN];
  uint8_t peer_nonce[SMTPC_PEER_NONCE_MAX];  // SCRAM: the client's nonce
  uint8_t held[SMTPC_DIGEST_MAX];  // SCRAM: the salt; after CHECK our signature
} smtpc_sasl;
SMTPC_SIZE_GUARD(smtpc_sasl, 396u, 396u);

// smtpc_sasl_clear wipes an exchange: it is all-zero afterwards.
void smtpc_sasl_clear(smtpc_sasl *sasl);

// smtpc_sasl_server_begin begins an exchange of `mechanism` in `*sasl`, whatever it
// held. `offers_bound` says whether our EHLO reply named the mechanism of the same hash
// that is bound to TLS: a SCRAM client that says it saw none (flag `y`) was lied to.
// For a mechanism that is not spoken `wants` is NOTHING.
void smtpc_sasl_server_begin(smtpc_sasl *sasl, unsigned mechanism,
                             int offers_bound);

// smtpc_sasl_server_takes_initial returns whether `mechanism` may come with an
// initial response: the client speaks first, or a common habit (LOGIN, whose inline
// name many devices send). CRAM-MD5 may not (RFC 4954 section 4).
int smtpc_sasl_server_takes_initial(unsigned mechanism);

// smtpc_sasl_server_response takes one response of the client, base64 in `span` of
// `buffer->data`, which it decodes in place; SAY is what must be wanted. An empty
// response is an empty span; the initial response `=` means the same (RFC 4954
// section 4), so for it the session passes an empty span; `=` on a line of its own is
// passed, and is not base64. `*` cancels in both places.
//
// It returns
//   SMTPC_OK          taken: `sasl->wants` says what comes next
//   SMTPC_E_BASE64    not base64
//   SMTPC_E_SASL      the message breaks the mechanism's grammar: NULs of PLAIN, an
//                     authorization identity that is not the name, an empty name
//                     (EXTERNAL and OAUTHBEARER may have none) or password, a control
//                     octet in a name, a NUL in a password, a digest that is not 32
//                     hexadecimal digits, a token with another octet than RFC 6750's,
//                     SCRAM's attributes in another order, a nonce that is not ours,
//                     an extension (`m=`), base64 inside that is none, a proof of
//                     another length, another answer than the one that ends an
//                     exchange
//   SMTPC_E_BINDING   a client that says it saw no bound mechanism when we offered one,
//                     a bound mechanism without binding, a binding of an unknown kind,
//                     a binding in a mechanism that has none, or SCRAM's `c=` that does
//                     not repeat how the exchange began
//   SMTPC_E_TOO_LONG  a name over SMTPC_NAME_MAX, a nonce over SMTPC_PEER_NONCE_MAX
//   SMTPC_E_DOMAIN    CRAM-MD5: `host` is none for a challenge
//   SMTPC_E_ROOM      the buffer cannot hold the text that a proof is made over
//   SMTPC_E_CANCELLED the response is `*`
//   SMTPC_E_STATE     misuse: SAY is not wanted
// After an error other than SMTPC_E_STATE the exchange is cleared, and `buffer->len` is
// as it was.
//= RFC 4616 section 2
//= RFC 2195 section 2
//= RFC 5802 section 5
//= RFC 7628 section 3.1
//= RFC 4954 section 4
SMTPC_NODISCARD smtpc_status smtpc_sasl_server_response(
    smtpc_sasl *sasl, smtpc_sasl_buffer *buffer, smtpc_span span,
    const uint8_t *host, size_t host_len);

// smtpc_sasl_server_nonce takes SMTPC_NONCE_LEN random octets. SMTPC_OK;
// SMTPC_E_ARGUMENT for another length; SMTPC_E_STATE when NONCE is not wanted.
SMTPC_NODISCARD smtpc_status smtpc_sasl_server_nonce(smtpc_sasl *sasl,
                                                     const uint8_t *data,
                                                     size_t len);

// smtpc_sasl_server_salt takes the salt, 1 to SMTPC_SALT_MAX octets, and the
// iterations of `sasl->name`, SMTPC_ITERATIONS_MIN to _MAX. For a name that it does
// not know a shim makes them up, the same ones each time (RFC 5802 section 5.1).
// SMTPC_OK; SMTPC_E_ARGUMENT; SMTPC_E_STATE when SALT is not wanted.
SMTPC_NODISCARD smtpc_status smtpc_sasl_server_salt(smtpc_sasl *sasl,
                                                    const uint8_t *salt,
                                                    size_t len,
                                                    uint32_t iterations);

// smtpc_sasl_server_binding compares the channel's binding `data[0 .. len)`, of kind
// `sasl->binding`, with what the client said (`sasl->bound`). SMTPC_OK, CHECK comes
// next; SMTPC_E_BINDING when they differ or `len` is 0, and the exchange is cleared;
// SMTPC_E_STATE when BINDING is not wanted. The time that it takes hangs on the
// lengths only.
SMTPC_NODISCARD smtpc_status smtpc_sasl_server_binding(
    smtpc_sasl *sasl, const smtpc_sasl_buffer *buffer, const uint8_t *data,
    size_t len);

// smtpc_sasl_server_verdict takes the verdict on what CHECK named. With `yes` a SCRAM
// exchange also needs the server's signature over `text`, of the length of its
// digest; the others look at none. Next is DONE; SAY, for SCRAM's final message, and
// for the error of a token that was refused; or REFUSED. SMTPC_OK; SMTPC_E_ARGUMENT for
// a signature of another length; SMTPC_E_STATE when CHECK is not wanted. The spans are
// empty afterwards.
SMTPC_NODISCARD smtpc_status smtpc_sasl_server_verdict(smtpc_sasl *sasl,
                                                       int yes,
                                                       const uint8_t *signature,
                                                       size_t len);

// smtpc_prompts is how a server spells LOGIN's prompts: as draft-murchison-sasl-login-00
// section 2.1 does, or as most servers do. A client takes any.
typedef enum smtpc_prompts {
  SMTPC_PROMPTS_COLON = 0,  // "Username:", "Password:"
  SMTPC_PROMPTS_DRAFT = 1   // "User Name" and a NUL, "Password" and a NUL
} smtpc_prompts;

// smtpc_sasl_write_challenge writes the server's next "334 " line. `host` is our
// name, of which CRAM-MD5 says at most the first SMTPC_CHALLENGE_HOST_MAX octets; the
// others ignore it.
//
// It returns SMTPC_OK; SMTPC_E_STATE when SAY is not wanted; SMTPC_E_ROOM; and for
// CRAM-MD5 SMTPC_E_DOMAIN for an empty host or one with another octet than 33 to 126
// without `<`, `>` and `@`.
SMTPC_NODISCARD smtpc_status smtpc_sasl_write_challenge(
    const smtpc_sasl *sasl, unsigned prompts, const uint8_t *host,
    size_t host_len, uint8_t *out, size_t cap, size_t *out_len);

// ---------------------------------------------------------------- client

// smtpc_sasl_client is a client's exchange: plain data. All-zero: none.
typedef struct smtpc_sasl_client {
  uint32_t iterations;  // DIGEST, SCRAM: how often to hash
  smtpc_span say;       // SAY: in the buffer: the line to send, with its CRLF
  smtpc_span text;      // DIGEST: in the buffer: what the digest is made over
  smtpc_span salt;      // DIGEST, SCRAM: in the buffer: the salt, decoded
  smtpc_span final;     // SCRAM: in the buffer: the final message without its proof
  uint8_t mechanism;    // an smtpc_mechanism
  uint8_t wants;        // an smtpc_sasl_wants
  uint8_t step;         // messages sent so far
  uint8_t binding;      // an smtpc_binding; NONE: the exchange is not bound
  uint8_t flag;         // SCRAM: `n`, `y` or `p`
  uint8_t cancelled;    // 1: `*` was made
  uint8_t proved;       // SCRAM: 1 when the server's signature was right
  uint8_t late;         // 1: the AUTH line could not hold the first message
  uint8_t nonce[SMTPC_NONCE_LEN];
  uint8_t signature[SMTPC_DIGEST_MAX];  // SCRAM: what the server must prove
} smtpc_sasl_client;
SMTPC_SIZE_GUARD(smtpc_sasl_client, 76u, 76u);

// smtpc_sasl_client_clear wipes an exchange: it is all-zero afterwards.
void smtpc_sasl_client_clear(smtpc_sasl_client *sasl);

// smtpc_sasl_client_begin begins an exchange of `mechanism`. `binding` (an
// smtpc_binding) is the kind to use with a bound mechanism. `could_bind` says that a
// bound mechanism would have been taken if the server had offered one, which SCRAM
// then tells it (flag `y`), so that a server whose offer was cut out hears of it.
// `wants` is NOTHING for a mechanism that is not spoken, for a bound one without a kind
// of binding, and when the buffer has no room for "AUTH" and its name.
void smtpc_sasl_client_begin(smtpc_sasl_client *sasl, unsigned mechanism,
                             unsigned binding, int could_bind,
                             smtpc_sasl_buffer *buffer);

// smtpc_sasl_client_nonce takes SMTPC_NONCE_LEN random octets. SMTPC_OK;
// SMTPC_E_ARGUMENT for another length; SMTPC_E_STATE when NONCE is not wanted.
SMTPC_NODISCARD smtpc_status smtpc_sasl_client_nonce(smtpc_sasl_client *sasl,
                                                     const uint8_t *data,
                                                     size_t len);

// smtpc_sasl_client_credentials takes the name, and the password or token. They are
// wanted once for each message that needs them, and must be the same each time.
// EXTERNAL's name may be empty, and so may OAUTHBEARER's; no secret is looked at for
// EXTERNAL, nor for SCRAM, whose digest needs it instead. A password may be empty.
//
// A first message that makes AUTH a line of more than SMTPC_OUT_MAX octets does not go
// with it: `say` is AUTH alone, and the empty 334 that follows wants PASSWORD again
// (RFC 4954 section 4).
//
// It returns SMTPC_OK; SMTPC_E_SASL for an empty name or token, or a token with another
// octet than RFC 6750 section 2.1 has; SMTPC_E_TOO_LONG for a name over SMTPC_NAME_MAX
// or a password over SMTPC_PASSWORD_MAX; SMTPC_E_NUL for a NUL in either;
// SMTPC_E_CONTROL for another control octet in the name; SMTPC_E_ARGUMENT for NULL with
// a length; SMTPC_E_ROOM; SMTPC_E_STATE when PASSWORD is not wanted. An error changes
// nothing: `buffer->len` is as it was.
//= RFC 4954 section 4
SMTPC_NODISCARD smtpc_status smtpc_sasl_client_credentials(
    smtpc_sasl_client *sasl, smtpc_sasl_buffer *buffer, const uint8_t *name,
    size_t name_len, const uint8_t *secret, size_t secret_len);

// smtpc_sasl_client_binding takes the channel's binding, 1 to SMTPC_BINDING_MAX
// octets. SMTPC_OK; SMTPC_E_ARGUMENT; SMTPC_E_ROOM; SMTPC_E_STATE when BINDING is not
// wanted, or `buffer->len` is not what the last step left.
SMTPC_NODISCARD smtpc_status smtpc_sasl_client_binding(
    smtpc_sasl_client *sasl, smtpc_sasl_buffer *buffer, const uint8_t *data,
    size_t len);

// smtpc_sasl_client_digest takes what a digest was asked for: with CRAM-MD5
// HMAC-MD5 over `text`, keyed with the password, and the name; with SCRAM the proof
// of the client and behind it the signature of the server, each of the digest's
// length, made of password, salt, iterations and `text` (RFC 5802 section 3).
//
// It returns SMTPC_OK; SMTPC_E_ARGUMENT for another length; what
// `smtpc_sasl_client_credentials` says of the name (CRAM-MD5); SMTPC_E_ROOM;
// SMTPC_E_STATE when DIGEST is not wanted.
SMTPC_NODISCARD smtpc_status smtpc_sasl_client_digest(
    smtpc_sasl_client *sasl, smtpc_sasl_buffer *buffer, const uint8_t *name,
    size_t name_len, const uint8_t *digest, size_t len);

// smtpc_sasl_client_said says that `say` was sent: WAIT comes next.
void smtpc_sasl_client_said(smtpc_sasl_client *sasl);

// smtpc_sasl_client_challenge takes a 334 whose text is `span` of `buffer->data`.
//
// It returns SMTPC_OK; SMTPC_E_BASE64; SMTPC_E_SASL for a challenge that the mechanism
// does not have here, a nonce that does not begin with ours or adds nothing to it,
// an empty or broken salt, an extension; SMTPC_E_NUMBER_TOO_LARGE for iterations
// outside SMTPC_ITERATIONS_MIN to _MAX; SMTPC_E_BINDING for a server's signature that is
// wrong; SMTPC_E_ROOM; SMTPC_E_STATE when WAIT is not wanted. After another error nothing
// is wanted, `buffer->len` is as it was, and the session cancels.
//= RFC 5802 section 5
SMTPC_NODISCARD smtpc_status smtpc_sasl_client_challenge(
    smtpc_sasl_client *sasl, smtpc_sasl_buffer *buffer, smtpc_span span);

// smtpc_sasl_client_cancel makes `*` the line to send (RFC 4954 section 4).
// SMTPC_OK, or SMTPC_E_ROOM.
SMTPC_NODISCARD smtpc_status smtpc_sasl_client_cancel(
    smtpc_sasl_client *sasl, smtpc_sasl_buffer *buffer);

// smtpc_sasl_client_is_whole returns whether every message that the mechanism has
// before a verdict was sent, and none of them was `*`: only then can a reply be a
// verdict on name and password (THREATS: AUT-06).
int smtpc_sasl_client_is_whole(const smtpc_sasl_client *sasl);

// smtpc_sasl_client_success takes a 235. SMTPC_OK: it may be believed, and `wants` is
// DONE; SMTPC_E_STATE: it came too early, or after the error of a token;
// SMTPC_E_BINDING: with SCRAM, the server did not prove that it knows the password.
SMTPC_NODISCARD smtpc_status smtpc_sasl_client_success(smtpc_sasl_client *sasl);

#ifdef __cplusplus
}  // extern "C"
#endif

#endif  // SMTPCORE_SASL_H
