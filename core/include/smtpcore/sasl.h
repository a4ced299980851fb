// SASL: base64, and the exchanges PLAIN, LOGIN and CRAM-MD5 as pure steps.
//
// No step computes a digest or compares a password: the session asks its shim for
// that by an action and gets the answer as an input. Secrets are never copied
// further than the step needs; who holds them wipes them.
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
#include "smtpcore/write.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SMTPC_NAME_MAX 255u      // octets of a user name
#define SMTPC_PASSWORD_MAX 255u  // octets of a password that we send
#define SMTPC_NONCE_LEN 16u      // random octets of a CRAM-MD5 challenge
#define SMTPC_MD5_LEN 16u        // octets of an MD5 digest
#define SMTPC_CHALLENGE_MAX 320u // octets of a CRAM-MD5 challenge that we make

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

// smtpc_base64_put adds `len` octets of `data` and writes what is complete to
// `out`.
void smtpc_base64_put(smtpc_base64 *encoder, smtpc_out *out,
                      const uint8_t *data, size_t len);

// smtpc_base64_end writes the rest and its padding, and clears `encoder`.
void smtpc_base64_end(smtpc_base64 *encoder, smtpc_out *out);

// smtpc_sasl is an exchange: plain data, in both roles. All-zero: none. A server
// begins one by setting `mechanism`, and for CRAM-MD5 `nonce`, in an all-zero one.
typedef struct smtpc_sasl {
  uint8_t mechanism;  // an smtpc_mechanism
  uint8_t step;       // responses taken, or sent, so far
  uint8_t name_len;
  uint8_t name[SMTPC_NAME_MAX];    // server: who claims to be; client: unused
  uint8_t nonce[SMTPC_NONCE_LEN];  // server, CRAM-MD5: of our challenge
  uint8_t digest[SMTPC_MD5_LEN];   // server, CRAM-MD5: what the client sent
} smtpc_sasl;

// smtpc_sasl_clear wipes an exchange: it is all-zero afterwards.
void smtpc_sasl_clear(smtpc_sasl *sasl);

// smtpc_sasl_server_takes_initial returns whether `mechanism` may come with an
// initial response: the client speaks first (PLAIN), or a common habit (LOGIN,
// whose inline name many devices send). CRAM-MD5 may not (RFC 4954 section 4).
int smtpc_sasl_server_takes_initial(unsigned mechanism);

// smtpc_sasl_server_step takes one response of the client, base64 in `span` of
// `line`, which it decodes in place. An empty response is an empty span; the
// initial response `=` means the same (RFC 4954 section 4), so for it the session
// passes an empty span; `=` on a line of its own is passed, and is not base64. `*`
// cancels in both places.
//
// It returns
//   SMTPC_MORE       ask for the next response: `smtpc_sasl_write_challenge`
//   SMTPC_OK         the credentials are there: `sasl->name`, and `*out_password`
//                    in `line` (PLAIN, LOGIN) or `sasl->digest` (CRAM-MD5)
//   SMTPC_E_BASE64   not base64
//   SMTPC_E_SASL     the message breaks the mechanism's grammar: NULs of PLAIN,
//                    an authorization identity that is not the name, an empty
//                    name or password, a control octet in a name, a NUL in a
//                    password, a digest that is not 32 hexadecimal digits
//   SMTPC_E_TOO_LONG a name over SMTPC_NAME_MAX
//   SMTPC_E_CANCELLED the response is `*`
//   SMTPC_E_STATE    misuse: no exchange, or no response is wanted
// After SMTPC_OK the exchange takes no further response and holds its name, nonce
// and digest. After an error other than SMTPC_E_STATE it is cleared. An empty
// password is not an error here: the verdict is the shim's. But for SMTPC_OK with
// PLAIN and LOGIN, `*out_password` is empty. `line` keeps what was decoded.
//= RFC 4616 section 2
//= RFC 2195 section 2
//= RFC 4954 section 4
SMTPC_NODISCARD smtpc_status smtpc_sasl_server_step(smtpc_sasl *sasl,
                                                    uint8_t *line,
                                                    smtpc_span span,
                                                    smtpc_span *out_password);

// smtpc_sasl_write_challenge writes the server's next "334 " line: empty for PLAIN,
// the prompts of LOGIN, the challenge of CRAM-MD5, `<` nonce in lower-case
// hexadecimal `@` host `>`.
//
// It returns SMTPC_OK; SMTPC_E_STATE when no response is wanted; SMTPC_E_ROOM; and for
// CRAM-MD5 SMTPC_E_DOMAIN for an empty host or one with another octet than 33 to 126
// without `<`, `>` and `@`, or SMTPC_E_TOO_LONG for one over 255 octets. PLAIN and
// LOGIN ignore the host.
SMTPC_NODISCARD smtpc_status smtpc_sasl_write_challenge(
    const smtpc_sasl *sasl, const uint8_t *host, size_t host_len, uint8_t *out,
    size_t cap, size_t *out_len);

// smtpc_sasl_cram_challenge writes the CRAM-MD5 challenge itself, not encoded and
// without CRLF: what the digest is made over, before and after the response was
// taken. Returns are those of `smtpc_sasl_write_challenge`; SMTPC_E_STATE means
// another mechanism.
SMTPC_NODISCARD smtpc_status smtpc_sasl_cram_challenge(
    const smtpc_sasl *sasl, const uint8_t *host, size_t host_len, uint8_t *out,
    size_t cap, size_t *out_len);

// smtpc_sasl_client_speaks_first returns whether the client sends an initial
// response with AUTH (PLAIN).
int smtpc_sasl_client_speaks_first(unsigned mechanism);

// smtpc_sasl_needs_digest returns whether `mechanism` answers its challenge with a
// digest (CRAM-MD5) rather than with the password.
int smtpc_sasl_needs_digest(unsigned mechanism);

// smtpc_sasl_write_auth writes "AUTH MECHANISM", and with PLAIN its initial
// response.
//
// It returns SMTPC_OK; SMTPC_E_ROOM when the line is longer than `cap` or
// SMTPC_OUT_MAX (with PLAIN: name and password over 370 octets together);
// SMTPC_E_SASL for an empty name; SMTPC_E_TOO_LONG for a name over SMTPC_NAME_MAX or a
// password over SMTPC_PASSWORD_MAX; SMTPC_E_NUL for a NUL in either; SMTPC_E_CONTROL
// for another control octet in the name; SMTPC_E_ARGUMENT for a mechanism that is not
// in the registry. With a mechanism that does not begin with its credentials they are
// ignored here, and checked when they are sent.
SMTPC_NODISCARD smtpc_status smtpc_sasl_write_auth(
    unsigned mechanism, const uint8_t *name, size_t name_len,
    const uint8_t *password, size_t password_len, uint8_t *out, size_t cap,
    size_t *out_len);

// smtpc_sasl_write_login writes response number `step` of LOGIN, counted from 0:
// the name, then the password. Other steps are SMTPC_E_SASL; other returns are those
// of `smtpc_sasl_write_auth`.
SMTPC_NODISCARD smtpc_status smtpc_sasl_write_login(
    unsigned step, const uint8_t *name, size_t name_len,
    const uint8_t *password, size_t password_len, uint8_t *out, size_t cap,
    size_t *out_len);

// smtpc_sasl_write_cram writes the response of CRAM-MD5: name, space, digest of
// SMTPC_MD5_LEN octets in lower-case hexadecimal. Returns are those of
// `smtpc_sasl_write_auth`.
SMTPC_NODISCARD smtpc_status smtpc_sasl_write_cram(
    const uint8_t *name, size_t name_len, const uint8_t *digest, uint8_t *out,
    size_t cap, size_t *out_len);

// smtpc_sasl_write_cancel writes "*" (RFC 4954 section 4).
SMTPC_NODISCARD smtpc_status smtpc_sasl_write_cancel(uint8_t *out, size_t cap,
                                                     size_t *out_len);

#ifdef __cplusplus
}  // extern "C"
#endif

#endif  // SMTPCORE_SASL_H
