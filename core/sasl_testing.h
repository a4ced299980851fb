// SASL testing: what the tests of the exchanges of `smtpcore/sasl.h` share.
#ifndef SMTPCORE_CORE_SASL_TESTING_H
#define SMTPCORE_CORE_SASL_TESTING_H

#include <stdlib.h>
#include <string.h>

#include "core/model/base64_model.h"
#include "core/testing.h"
#include "smtpcore/sasl.h"

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

// A string literal with its length, NULs inside included.
#define LIT(text) (text), sizeof(text) - 1u

// The same for spans, and a text without NUL.
#define test_span(w, span, text)                                            \
  test_octets((w).buffer.data + (span).begin, smtpc_span_len(span), (text), \
              strlen(text))

#define HOST "mail.example.com"

// Our nonces in all tests: hexadecimal 00112233..., and f0e1d2c3... of a client.
#define OUR_HEX "00112233445566778899aabbccddeeff"
#define CLIENT_HEX "f0e1d2c3b4a5968778695a4b3c2d1e0f"

static inline void our_nonce(uint8_t *out) {
  for (unsigned k = 0u; k < SMTPC_NONCE_LEN; k++) {
    out[k] = (uint8_t)(k * 0x11u);
  }
}

static inline void client_nonce(uint8_t *out) {
  for (unsigned k = 0u; k < SMTPC_NONCE_LEN; k++) {
    out[k] = (uint8_t)((15u - k) << 4 | k);
  }
}

// wire is a line as it came, in a block of exactly `buffer.cap` octets, the last
// `spare` of which are free.
#define FILL 0xeeu
typedef struct wire {
  smtpc_sasl_buffer buffer;
  smtpc_span span;
} wire;

static inline wire wire_text(const void *text, size_t len, size_t spare) {
  wire w;
  w.buffer.data = malloc(len + spare > 0u ? len + spare : 1u);
  w.buffer.len = len;
  w.buffer.cap = len + spare;
  w.span = smtpc_span_make(0u, len);
  assert_non_null(w.buffer.data);
  const uint8_t *octets = text;
  for (size_t i = 0u; i < len; i++) {
    w.buffer.data[i] = octets[i];
  }
  memset(w.buffer.data + len, FILL, spare);
  return w;
}

// The same of a message, which is encoded.
static inline wire wire_message(const void *message, size_t len, size_t spare) {
  uint8_t *text = malloc((len + 2u) / 3u * 4u + 1u);
  assert_non_null(text);
  const wire w =
      wire_text(text, base64_model_encode(message, len, text), spare);
  free(text);
  return w;
}

// What is free has never been written, or was wiped: no secret stays behind.
static inline void wire_check(const wire *w) {
  assert_true(w->buffer.len <= w->buffer.cap);
  for (size_t i = w->buffer.len; i < w->buffer.cap; i++) {
    const uint8_t c = w->buffer.data[i];
    if (c != FILL && c != 0u) {
      test_number(c, 0u);
    }
  }
}

static inline void wire_free(wire *w) {
  wire_check(w);
  free(w->buffer.data);
  w->buffer.data = NULL;
}

// text_of returns what a line of base64 in `data[from .. to)` says, and frees
// nothing: the caller frees it.
static inline uint8_t *text_of(const uint8_t *data, size_t from, size_t to,
                               size_t *len) {
  uint8_t *out = malloc(to - from + 1u);
  assert_non_null(out);
  assert_true(base64_model_decode(data + from, to - from, out, len));
  return out;
}

static inline bool span_is_inside(smtpc_span span, size_t len) {
  return span.begin <= span.end && span.end <= len;
}

static inline bool is_clear(const void *data, size_t len) {
  const uint8_t *octets = data;
  bool clear = true;
  for (size_t i = 0u; i < len; i++) {
    clear = clear && octets[i] == 0u;
  }
  return clear;
}

// What holds of a server's exchange at all times.
static inline void check_server(const smtpc_sasl *sasl, size_t len) {
  assert_true(span_is_inside(sasl->secret, len));
  assert_true(span_is_inside(sasl->text, len));
  assert_true(span_is_inside(sasl->bound, len));
  assert_true(sasl->peer_nonce_len <= SMTPC_PEER_NONCE_MAX);
  assert_true(sasl->held_len <= SMTPC_DIGEST_MAX);
  assert_true(
      sasl->wants <= SMTPC_SASL_REFUSED && sasl->wants != SMTPC_SASL_WAIT &&
      sasl->wants != SMTPC_SASL_PASSWORD && sasl->wants != SMTPC_SASL_DIGEST);
  assert_true(sasl->wants != SMTPC_SASL_NOTHING ||
              is_clear(sasl, sizeof *sasl));
  for (size_t i = 0u; i < sasl->name_len; i++) {
    assert_false(smtpc_is_control(sasl->name[i]));
  }
}

// One response, as the session gives it.
static inline smtpc_status respond(smtpc_sasl *sasl, wire *w) {
  const size_t len = w->buffer.len;
  uint8_t *host = test_copy(LIT(HOST));
  const smtpc_status status = smtpc_sasl_server_response(
      sasl, &w->buffer, w->span, host, sizeof HOST - 1u);
  free(host);
  assert_true(status == SMTPC_OK || w->buffer.len == len);
  assert_true(status == SMTPC_OK || status == SMTPC_E_STATE ||
              is_clear(sasl, sizeof *sasl));
  check_server(sasl, w->buffer.len);
  wire_check(w);
  return status;
}

static inline smtpc_status respond_text(smtpc_sasl *sasl, const char *text) {
  wire w = wire_text(text, strlen(text), 600u);
  const smtpc_status status = respond(sasl, &w);
  wire_free(&w);
  return status;
}

// One response given decoded.
static inline smtpc_status respond_message(smtpc_sasl *sasl,
                                           const void *message, size_t len) {
  wire w = wire_message(message, len, 4096u);
  const smtpc_status status = respond(sasl, &w);
  wire_free(&w);
  return status;
}

static inline smtpc_sasl exchange(unsigned mechanism) {
  smtpc_sasl sasl;
  memset(&sasl, 0xa5, sizeof sasl);
  smtpc_sasl_server_begin(&sasl, mechanism, 0);
  if (sasl.wants == SMTPC_SASL_NONCE) {
    uint8_t nonce[SMTPC_NONCE_LEN];
    our_nonce(nonce);
    test_number(smtpc_sasl_server_nonce(&sasl, nonce, sizeof nonce), SMTPC_OK);
  }
  return sasl;
}

// What holds of a client's exchange at all times.
static inline void check_client(const smtpc_sasl_client *sasl, size_t len) {
  assert_true(span_is_inside(sasl->say, len));
  assert_true(span_is_inside(sasl->text, len));
  assert_true(span_is_inside(sasl->salt, len));
  assert_true(span_is_inside(sasl->final, len));
  assert_true(sasl->wants <= SMTPC_SASL_DONE &&
              sasl->wants != SMTPC_SASL_SALT &&
              sasl->wants != SMTPC_SASL_CHECK);
  assert_true(smtpc_span_len(sasl->say) == 0u || sasl->wants == SMTPC_SASL_SAY);
  assert_true(sasl->wants != SMTPC_SASL_NOTHING ||
              (sasl->text.end | sasl->salt.end | sasl->final.end) == 0u);
  assert_true(sasl->wants != SMTPC_SASL_DIGEST ||
              smtpc_span_len(sasl->text) > 0u);
}

// room is an empty buffer of exactly `cap` octets.
static inline wire room(size_t cap) {
  wire w = wire_text("", 0u, cap);
  return w;
}

static inline smtpc_status credentials(smtpc_sasl_client *sasl, wire *w,
                                       const void *name, size_t name_len,
                                       const void *secret, size_t secret_len) {
  const size_t len = w->buffer.len;
  uint8_t *n = test_copy(name, name_len);
  uint8_t *s = test_copy(secret, secret_len);
  const smtpc_status status = smtpc_sasl_client_credentials(
      sasl, &w->buffer, n, name_len, s, secret_len);
  free(n);
  free(s);
  assert_true(status == SMTPC_OK || w->buffer.len == len);
  check_client(sasl, w->buffer.len);
  wire_check(w);
  return status;
}

// Checks the line that is to be sent, and sends it.
static inline void said(smtpc_sasl_client *sasl, const wire *w,
                        const char *want) {
  test_number(sasl->wants, SMTPC_SASL_SAY);
  test_octets(w->buffer.data + sasl->say.begin, smtpc_span_len(sasl->say), want,
              strlen(want));
  test_number(sasl->say.end, w->buffer.len);
  smtpc_sasl_client_said(sasl);
  test_number(sasl->wants, SMTPC_SASL_WAIT);
}

// A challenge, as the session gives it: a line "334 ..." in the buffer.
static inline smtpc_status challenge_text(smtpc_sasl_client *sasl, wire *w,
                                          const void *text, size_t len) {
  free(w->buffer.data);
  uint8_t *line = malloc(len + 4u);
  assert_non_null(line);
  memcpy(line, "334 ", 4u);
  if (len > 0u) {
    memcpy(line + 4u, text, len);
  }
  *w = wire_text(line, len + 4u, w->buffer.cap);
  free(line);
  w->span = smtpc_span_make(4u, len + 4u);
  const smtpc_status status =
      smtpc_sasl_client_challenge(sasl, &w->buffer, w->span);
  assert_true(status == SMTPC_OK || w->buffer.len == len + 4u);
  assert_true(status == SMTPC_OK || status == SMTPC_E_STATE ||
              sasl->wants == SMTPC_SASL_NOTHING);
  check_client(sasl, w->buffer.len);
  wire_check(w);
  return status;
}

static inline smtpc_status challenge_message(smtpc_sasl_client *sasl, wire *w,
                                             const void *message, size_t len) {
  uint8_t *text = malloc((len + 2u) / 3u * 4u + 1u);
  assert_non_null(text);
  const size_t text_len = base64_model_encode(message, len, text);
  const smtpc_status status = challenge_text(sasl, w, text, text_len);
  free(text);
  return status;
}

#endif  // SMTPCORE_CORE_SASL_TESTING_H
