// SASL parts: between the files of the exchanges of AUTH.
//
// What the source files of this module share among themselves. Nothing here is for
// users: they include "smtpcore/sasl.h".
#ifndef SMTPCORE_CORE_SASL_PARTS_H
#define SMTPCORE_CORE_SASL_PARTS_H

#include "smtpcore/sasl.h"

// SMTPC_SASL_SCRAM stands for all SCRAM mechanisms: they have the same messages.
#define SMTPC_SASL_SCRAM ((unsigned)SMTPC_MECHANISM_SCRAM_SHA_256)

// smtpc_sasl_kind: returns the mechanism whose messages `mechanism` has, or NONE
// when it is not spoken.
unsigned smtpc_sasl_kind(unsigned mechanism);

// smtpc_sasl_is_bound: returns whether `mechanism` is bound to TLS.
bool smtpc_sasl_is_bound(unsigned mechanism);

// ---------- messages under way

// smtpc_sasl_sink is a message under construction behind what a buffer has: as it
// is, or base64.
typedef struct smtpc_sasl_sink {
  smtpc_out out;
  smtpc_base64 encoder;
  uint8_t encodes;  // 1: base64
} smtpc_sasl_sink;

// smtpc_sasl_sink_at: begins a message behind `buffer->len`.
smtpc_sasl_sink smtpc_sasl_sink_at(const smtpc_sasl_buffer *buffer,
                                   unsigned encodes);

void smtpc_sasl_put_octet(smtpc_sasl_sink *sink, uint8_t octet);
void smtpc_sasl_put(smtpc_sasl_sink *sink, const uint8_t *data, size_t len);
void smtpc_sasl_put_text(smtpc_sasl_sink *sink, const char *text, size_t len);
#define SMTPC_SASL_PUT(sink, text) \
  smtpc_sasl_put_text(sink, text, sizeof(text) - 1u)

// smtpc_sasl_put_hex: adds `data` as lower-case hexadecimal digits.
void smtpc_sasl_put_hex(smtpc_sasl_sink *sink, const uint8_t *data, size_t len);

// smtpc_sasl_put_number: adds `value` in decimal.
void smtpc_sasl_put_number(smtpc_sasl_sink *sink, uint32_t value);

// smtpc_sasl_put_base64: adds at most SMTPC_DIGEST_MAX octets as base64, inside a
// message that may be base64 itself.
void smtpc_sasl_put_base64(smtpc_sasl_sink *sink, const uint8_t *data,
                           size_t len);

// smtpc_sasl_put_escaped: adds a name as SCRAM writes it (saslname).
void smtpc_sasl_put_escaped(smtpc_sasl_sink *sink, const uint8_t *name,
                            size_t len);

// smtpc_sasl_put_gs2: adds the header that SCRAM and OAUTHBEARER begin with.
// `binding` counts with flag `p`; `name_len` 0: without an identity.
void smtpc_sasl_put_gs2(smtpc_sasl_sink *sink, uint8_t flag, unsigned binding,
                        const uint8_t *name, size_t name_len);

// smtpc_sasl_keep: makes what `sink` holds a part of the buffer, and `*out` its
// span. On an error it wipes it, and changes neither.
SMTPC_NODISCARD smtpc_status smtpc_sasl_keep(smtpc_sasl_buffer *buffer,
                                             const smtpc_sasl_sink *sink,
                                             smtpc_span *out);

// smtpc_sasl_undo: wipes what a step put behind `len`.
void smtpc_sasl_undo(smtpc_sasl_buffer *buffer, size_t len);

// ---------- parts of messages

// smtpc_sasl_field: takes `*out` off `*rest`, up to its first comma, and the comma.
// False: there is none, and `*out` was all.
bool smtpc_sasl_field(const uint8_t *data, smtpc_span *rest, smtpc_span *out);

// smtpc_sasl_attribute: returns whether `field` is "L=", L being `letter`, and a
// value, perhaps empty.
bool smtpc_sasl_attribute(const uint8_t *data, smtpc_span field, uint8_t letter,
                          smtpc_span *out);

// smtpc_sasl_has_control: returns whether a control octet is in `span`.
bool smtpc_sasl_has_control(const uint8_t *data, smtpc_span span);

// smtpc_sasl_is_nonce: returns whether `span` may be a nonce of SCRAM, not empty.
bool smtpc_sasl_is_nonce(const uint8_t *data, smtpc_span span);

// smtpc_sasl_begins_with_hex: returns whether `span` begins with the
// SMTPC_NONCE_LEN octets of `nonce` as `smtpc_sasl_put_hex` writes them.
bool smtpc_sasl_begins_with_hex(const uint8_t *data, smtpc_span span,
                                const uint8_t *nonce);

// smtpc_sasl_same: returns whether `len` octets are the same. The time that it takes
// does not tell how many of them are.
bool smtpc_sasl_same(const uint8_t *a, const uint8_t *b, size_t len);

// smtpc_sasl_is_token: returns whether `data[from .. to)` is a bearer token.
bool smtpc_sasl_is_token(const uint8_t *data, size_t from, size_t to);

// ---------- sasl_challenge.c: what is said to a client, and a proof made over

// smtpc_sasl_put_cram: adds the challenge of CRAM-MD5. SMTPC_E_DOMAIN for a host that
// it cannot name.
void smtpc_sasl_put_cram(const smtpc_sasl *sasl, const uint8_t *host,
                         size_t host_len, smtpc_sasl_sink *sink);

// smtpc_sasl_put_server_first: adds SCRAM's first message of a server.
void smtpc_sasl_put_server_first(const smtpc_sasl *sasl, smtpc_sasl_sink *sink);

#endif  // SMTPCORE_CORE_SASL_PARTS_H
