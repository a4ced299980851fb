#include "core/config_parts.h"
#include "core/sasl_parts.h"

#if SMTPC_CONFIG_CLIENT && SMTPC_CONFIG_AUTH

// What a shim gave: borrowed for one call.
typedef struct given {
  const uint8_t *name;
  const uint8_t *secret;
  size_t name_len;
  size_t secret_len;
} given;

static void forget_spans(smtpc_sasl_client *sasl) {
  const smtpc_span none = {0u, 0u};
  sasl->say = none;
  sasl->text = none;
  sasl->salt = none;
  sasl->final = none;
}

void smtpc_sasl_client_clear(smtpc_sasl_client *sasl) {
  sasl->iterations = 0u;
  forget_spans(sasl);
  sasl->mechanism = (uint8_t)SMTPC_MECHANISM_NONE;
  sasl->wants = (uint8_t)SMTPC_SASL_NOTHING;
  sasl->step = 0u;
  sasl->binding = (uint8_t)SMTPC_BINDING_NONE;
  sasl->flag = 0u;
  sasl->cancelled = 0u;
  sasl->proved = 0u;
  sasl->late = 0u;
  smtpc_wipe(sasl->nonce, sizeof sasl->nonce);
  smtpc_wipe(sasl->signature, sizeof sasl->signature);
}

// How many messages of the mechanism were sent: a lone AUTH line is one of LOGIN
// and CRAM-MD5 only.
static unsigned messages_sent(const smtpc_sasl_client *sasl) {
  return (unsigned)sasl->step - (sasl->late != 0u && sasl->step > 0u ? 1u : 0u);
}

static bool takes_token(unsigned kind) {
  return SMTPC_MECHS_TOKEN != 0u && (kind == SMTPC_MECHANISM_OAUTHBEARER ||
                                     kind == SMTPC_MECHANISM_XOAUTH2);
}

// ------------------------------------------------------------- credentials

static smtpc_status octets_check(const uint8_t *data, size_t len) {
  if (data == NULL && len > 0u) {
    return SMTPC_E_ARGUMENT;
  }
  for (size_t i = 0u; i < len; i++) {
    if (data[i] == 0u) {
      return SMTPC_E_NUL;
    }
  }
  return SMTPC_OK;
}

static smtpc_status name_check(const smtpc_sasl_client *sasl,
                               const uint8_t *name, size_t len) {
  const bool may_be_empty = sasl->mechanism == SMTPC_MECHANISM_EXTERNAL ||
                            sasl->mechanism == SMTPC_MECHANISM_OAUTHBEARER;
  if (len > SMTPC_NAME_MAX) {
    return SMTPC_E_TOO_LONG;
  }
  if (len == 0u) {
    return may_be_empty ? SMTPC_OK : SMTPC_E_SASL;
  }
  const smtpc_status status = octets_check(name, len);
  if (status != SMTPC_OK) {
    return status;
  }
  return smtpc_sasl_has_control(name, smtpc_span_make(0u, len))
             ? SMTPC_E_CONTROL
             : SMTPC_OK;
}

static smtpc_status secret_check(const smtpc_sasl_client *sasl,
                                 const uint8_t *secret, size_t len) {
  const unsigned kind = smtpc_sasl_kind(sasl->mechanism);
  if (kind == SMTPC_SASL_SCRAM || kind == SMTPC_MECHANISM_EXTERNAL) {
    return SMTPC_OK;
  }
  if (!takes_token(kind) && len > SMTPC_PASSWORD_MAX) {
    return SMTPC_E_TOO_LONG;
  }
  const smtpc_status status = octets_check(secret, len);
  if (status == SMTPC_OK && takes_token(kind) &&
      !smtpc_sasl_is_token(secret, 0u, len)) {
    return SMTPC_E_SASL;
  }
  return status;
}

// ------------------------------------------------------------------- lines

// Ends the line that `sink` holds: it is what is to be sent.
static smtpc_status say(smtpc_sasl_client *sasl, smtpc_sasl_buffer *buffer,
                        smtpc_sasl_sink *sink) {
  const size_t begin = buffer->len;
  size_t end = begin;
  smtpc_base64_end(&sink->encoder, &sink->out);
  const smtpc_status status = smtpc_out_end(&sink->out, &end);
  if (status != SMTPC_OK) {
    return status;
  }
  buffer->len = end;
  forget_spans(sasl);
  sasl->say = smtpc_span_make(begin, end);
  sasl->wants = (uint8_t)SMTPC_SASL_SAY;
  return SMTPC_OK;
}

static void put_auth(const smtpc_sasl_client *sasl, smtpc_sasl_sink *sink) {
  const smtpc_mechanism_row row = smtpc_mechanism_get(sasl->mechanism);
  smtpc_out_text(&sink->out, "AUTH ", 5u);
  smtpc_out_text(&sink->out, row.name, row.name_len);
}

static smtpc_status say_auth(smtpc_sasl_client *sasl,
                             smtpc_sasl_buffer *buffer) {
  smtpc_sasl_sink sink = smtpc_sasl_sink_at(buffer, 1u);
  put_auth(sasl, &sink);
  return say(sasl, buffer, &sink);
}

static void put_bearer(smtpc_sasl_sink *sink, const given *g) {
  SMTPC_SASL_PUT(sink,
                 "\1"
                 "auth=Bearer ");
  smtpc_sasl_put(sink, g->secret, g->secret_len);
  SMTPC_SASL_PUT(sink, "\1\1");
}

// RFC 5802 section 7: client-first-message-bare
static void put_first_bare(const smtpc_sasl_client *sasl, smtpc_sasl_sink *sink,
                           const given *g) {
  SMTPC_SASL_PUT(sink, "n=");
  smtpc_sasl_put_escaped(sink, g->name, g->name_len);
  SMTPC_SASL_PUT(sink, ",r=");
  smtpc_sasl_put_hex(sink, sasl->nonce, sizeof sasl->nonce);
}

// The message that a client begins with.
static void put_first(const smtpc_sasl_client *sasl, smtpc_sasl_sink *sink,
                      const given *g) {
  switch (smtpc_sasl_kind(sasl->mechanism)) {
    case SMTPC_MECHANISM_PLAIN:
      smtpc_sasl_put_octet(sink, 0u);
      smtpc_sasl_put(sink, g->name, g->name_len);
      smtpc_sasl_put_octet(sink, 0u);
      smtpc_sasl_put(sink, g->secret, g->secret_len);
      break;
    case SMTPC_MECHANISM_OAUTHBEARER:
      if (SMTPC_WITH(OAUTHBEARER)) {
        smtpc_sasl_put_gs2(sink, (uint8_t)'n', SMTPC_BINDING_NONE, g->name,
                           g->name_len);
        put_bearer(sink, g);
      }
      break;
    case SMTPC_MECHANISM_XOAUTH2:
      if (SMTPC_WITH(XOAUTH2)) {
        SMTPC_SASL_PUT(sink, "user=");
        smtpc_sasl_put(sink, g->name, g->name_len);
        put_bearer(sink, g);
      }
      break;
    case SMTPC_SASL_SCRAM:
      if (SMTPC_WITH(SCRAM)) {
        smtpc_sasl_put_gs2(sink, sasl->flag, sasl->binding, NULL, 0u);
        put_first_bare(sasl, sink, g);
      }
      break;
    default:
      // EXTERNAL
      smtpc_sasl_put(sink, g->name, g->name_len);
      break;
  }
}

static smtpc_status say_initial(smtpc_sasl_client *sasl,
                                smtpc_sasl_buffer *buffer, const given *g) {
  smtpc_sasl_sink sink = smtpc_sasl_sink_at(buffer, 1u);
  const bool bounded = sink.out.cap >= buffer->len &&
                       sink.out.cap - buffer->len >= SMTPC_OUT_MAX;
  if (bounded) {
    sink.out.cap = buffer->len + SMTPC_OUT_MAX;
  }
  put_auth(sasl, &sink);
  smtpc_out_octet(&sink.out, (uint8_t)' ');
  const size_t begin = sink.out.len;
  put_first(sasl, &sink, g);
  if (sink.out.len == begin && sink.encoder.count == 0u) {
    // RFC 4954 section 4: a response of no octets.
    smtpc_out_octet(&sink.out, (uint8_t)'=');
  }
  const smtpc_status status = say(sasl, buffer, &sink);
  if (status == SMTPC_E_ROOM && bounded) {
    // RFC 4954 section 4: AUTH is a command line of at most 512 octets. What does
    // not fit it waits for a challenge.
    sasl->late = 1u;
    return say_auth(sasl, buffer);
  }
  return status;
}

// ------------------------------------------------------------------- begin

static uint8_t flag_of(unsigned mechanism, int could_bind) {
  uint8_t flag = 0u;
  if (smtpc_sasl_is_bound(mechanism)) {
    flag = (uint8_t)'p';
  } else if (smtpc_sasl_kind(mechanism) == SMTPC_SASL_SCRAM) {
    flag = could_bind != 0 ? (uint8_t)'y' : (uint8_t)'n';
  }
  return flag;
}

void smtpc_sasl_client_begin(smtpc_sasl_client *sasl, unsigned mechanism,
                             unsigned binding, int could_bind,
                             smtpc_sasl_buffer *buffer) {
  const unsigned kind = smtpc_sasl_kind(mechanism);
  const bool bound = smtpc_sasl_is_bound(mechanism);
  const bool binds =
      binding != SMTPC_BINDING_NONE && binding < SMTPC_BINDING_COUNT;
  smtpc_sasl_client_clear(sasl);
  if (kind == SMTPC_MECHANISM_NONE || (bound && !binds)) {
    return;
  }
  sasl->mechanism = (uint8_t)mechanism;
  sasl->binding = (uint8_t)(bound ? binding : SMTPC_BINDING_NONE);
  sasl->flag = flag_of(mechanism, could_bind);
  if (kind == SMTPC_SASL_SCRAM) {
    sasl->wants = (uint8_t)SMTPC_SASL_NONCE;
  } else if (kind != SMTPC_MECHANISM_LOGIN &&
             kind != SMTPC_MECHANISM_CRAM_MD5) {
    sasl->wants = (uint8_t)SMTPC_SASL_PASSWORD;
  } else if (say_auth(sasl, buffer) != SMTPC_OK) {
    smtpc_sasl_client_clear(sasl);
  }
}

smtpc_status smtpc_sasl_client_nonce(smtpc_sasl_client *sasl,
                                     const uint8_t *data, size_t len) {
  if (!SMTPC_WITH(SCRAM) || sasl->wants != SMTPC_SASL_NONCE) {
    return SMTPC_E_STATE;
  }
  if (data == NULL || len != SMTPC_NONCE_LEN) {
    return SMTPC_E_ARGUMENT;
  }
  smtpc_copy(sasl->nonce, data, len);
  sasl->wants = (uint8_t)SMTPC_SASL_PASSWORD;
  return SMTPC_OK;
}

// ------------------------------------------------------------------- SCRAM

// RFC 5802 section 7: client-final-message-without-proof
static void put_final(const smtpc_sasl_client *sasl, smtpc_sasl_sink *sink,
                      const smtpc_sasl_buffer *buffer, const uint8_t *data,
                      size_t len) {
  SMTPC_SASL_PUT(sink, "c=");
  sink->encodes = 1u;
  smtpc_sasl_put_gs2(sink, sasl->flag, sasl->binding, NULL, 0u);
  smtpc_sasl_put(sink, data, len);
  smtpc_base64_end(&sink->encoder, &sink->out);
  sink->encodes = 0u;
  SMTPC_SASL_PUT(sink, ",r=");
  // Until it is made `final` is the nonce.
  smtpc_sasl_put(sink, buffer->data + sasl->final.begin,
                 smtpc_span_len(sasl->final));
}

// RFC 5802 section 3: AuthMessage, as far as it is known now
static smtpc_status make_text(smtpc_sasl_client *sasl,
                              smtpc_sasl_buffer *buffer, const given *g) {
  const bool bound = sasl->flag == (uint8_t)'p';
  smtpc_sasl_sink sink = smtpc_sasl_sink_at(buffer, 0u);
  smtpc_span text = {0u, 0u};
  put_first_bare(sasl, &sink, g);
  SMTPC_SASL_PUT(&sink, ",");
  // Until it is made `text` is the server's first message.
  smtpc_sasl_put(&sink, buffer->data + sasl->text.begin,
                 smtpc_span_len(sasl->text));
  SMTPC_SASL_PUT(&sink, ",");
  const size_t begin = sink.out.len;
  if (!bound) {
    put_final(sasl, &sink, buffer, NULL, 0u);
  }
  const smtpc_status status = smtpc_sasl_keep(buffer, &sink, &text);
  if (status != SMTPC_OK) {
    return status;
  }
  sasl->text = text;
  if (!bound) {
    sasl->final = smtpc_span_make(begin, text.end);
  }
  sasl->wants = (uint8_t)(bound ? SMTPC_SASL_BINDING : SMTPC_SASL_DIGEST);
  return SMTPC_OK;
}

smtpc_status smtpc_sasl_client_binding(smtpc_sasl_client *sasl,
                                       smtpc_sasl_buffer *buffer,
                                       const uint8_t *data, size_t len) {
  // The rest of `text` goes right behind it.
  if (!SMTPC_WITH(SCRAM) || sasl->wants != SMTPC_SASL_BINDING ||
      sasl->text.end != buffer->len) {
    return SMTPC_E_STATE;
  }
  if (data == NULL || len == 0u || len > SMTPC_BINDING_MAX) {
    return SMTPC_E_ARGUMENT;
  }
  smtpc_sasl_sink sink = smtpc_sasl_sink_at(buffer, 0u);
  smtpc_span final = {0u, 0u};
  put_final(sasl, &sink, buffer, data, len);
  const smtpc_status status = smtpc_sasl_keep(buffer, &sink, &final);
  if (status != SMTPC_OK) {
    return status;
  }
  sasl->text = smtpc_span_make(sasl->text.begin, final.end);
  sasl->final = final;
  sasl->wants = (uint8_t)SMTPC_SASL_DIGEST;
  return SMTPC_OK;
}

// RFC 5802 section 7: the salt is copied, since the message that it is in is a part
// of what the proof is made over.
static smtpc_status salt_take(smtpc_sasl_client *sasl,
                              smtpc_sasl_buffer *buffer, smtpc_span value) {
  smtpc_span copy = {0u, 0u};
  smtpc_sasl_sink sink = smtpc_sasl_sink_at(buffer, 0u);
  smtpc_sasl_put(&sink, buffer->data + value.begin, smtpc_span_len(value));
  const smtpc_status status = smtpc_sasl_keep(buffer, &sink, &copy);
  if (status != SMTPC_OK) {
    return status;
  }
  if (smtpc_base64_decode(buffer->data, copy, &sasl->salt) != SMTPC_OK ||
      smtpc_span_len(sasl->salt) == 0u) {
    return SMTPC_E_SASL;
  }
  return SMTPC_OK;
}

// posit-number = %x31-39 *DIGIT
static smtpc_status iterations_take(smtpc_sasl_client *sasl,
                                    const uint8_t *data, smtpc_span value) {
  uint64_t number = 0u;
  const bool padded =
      smtpc_span_len(value) > 1u && data[value.begin] == (uint8_t)'0';
  const smtpc_status status =
      smtpc_span_number(data, value, SMTPC_ITERATIONS_MAX, &number);
  if (status == SMTPC_E_NUMBER || padded) {
    return SMTPC_E_SASL;
  }
  if (status != SMTPC_OK || number < SMTPC_ITERATIONS_MIN) {
    return SMTPC_E_NUMBER_TOO_LARGE;
  }
  sasl->iterations = (uint32_t)number;
  return SMTPC_OK;
}

// RFC 5802 section 7: server-first-message, without extensions
static smtpc_status server_first(smtpc_sasl_client *sasl,
                                 smtpc_sasl_buffer *buffer,
                                 smtpc_span message) {
  const uint8_t *const data = buffer->data;
  smtpc_span rest = message;
  smtpc_span field[2] = {{0u, 0u}, {0u, 0u}};
  smtpc_span nonce = {0u, 0u};
  smtpc_span salt = {0u, 0u};
  smtpc_span count = {0u, 0u};
  if (!smtpc_sasl_field(data, &rest, &field[0]) ||
      !smtpc_sasl_field(data, &rest, &field[1]) ||
      !smtpc_sasl_attribute(data, field[0], (uint8_t)'r', &nonce) ||
      !smtpc_sasl_attribute(data, field[1], (uint8_t)'s', &salt) ||
      !smtpc_sasl_attribute(data, rest, (uint8_t)'i', &count) ||
      !smtpc_sasl_is_nonce(data, nonce) ||
      !smtpc_sasl_begins_with_hex(data, nonce, sasl->nonce) ||
      smtpc_span_len(nonce) == 2u * SMTPC_NONCE_LEN) {
    return SMTPC_E_SASL;
  }
  smtpc_status status = iterations_take(sasl, data, count);
  if (status == SMTPC_OK) {
    status = salt_take(sasl, buffer, salt);
  }
  sasl->text = message;
  sasl->final = nonce;
  sasl->wants = (uint8_t)SMTPC_SASL_PASSWORD;
  return status;
}

// RFC 5802 section 7: server-final-message
static smtpc_status server_final(smtpc_sasl_client *sasl,
                                 smtpc_sasl_buffer *buffer,
                                 smtpc_span message) {
  const size_t len = smtpc_sasl_digest_len(sasl->mechanism);
  smtpc_span value = {0u, 0u};
  smtpc_span have = {0u, 0u};
  if (!smtpc_sasl_attribute(buffer->data, message, (uint8_t)'v', &value) ||
      smtpc_base64_decode(buffer->data, value, &have) != SMTPC_OK) {
    return SMTPC_E_SASL;
  }
  if (smtpc_span_len(have) != len ||
      !smtpc_sasl_same(buffer->data + have.begin, sasl->signature, len)) {
    return SMTPC_E_BINDING;
  }
  sasl->proved = 1u;
  smtpc_sasl_sink sink = smtpc_sasl_sink_at(buffer, 1u);
  return say(sasl, buffer, &sink);
}

// ------------------------------------------------------------------- steps

smtpc_status smtpc_sasl_client_credentials(smtpc_sasl_client *sasl,
                                           smtpc_sasl_buffer *buffer,
                                           const uint8_t *name, size_t name_len,
                                           const uint8_t *secret,
                                           size_t secret_len) {
  const given g = {name, secret, name_len, secret_len};
  const unsigned sent = messages_sent(sasl);
  if (sasl->wants != SMTPC_SASL_PASSWORD) {
    return SMTPC_E_STATE;
  }
  smtpc_status status = name_check(sasl, name, name_len);
  if (status == SMTPC_OK) {
    status = secret_check(sasl, secret, secret_len);
  }
  if (status != SMTPC_OK) {
    return status;
  }
  if (sasl->step == 0u) {
    return say_initial(sasl, buffer, &g);
  }
  if (SMTPC_WITH(SCRAM) && sasl->flag != 0u && sent > 0u) {
    return make_text(sasl, buffer, &g);
  }
  smtpc_sasl_sink sink = smtpc_sasl_sink_at(buffer, 1u);
  if (sasl->mechanism != SMTPC_MECHANISM_LOGIN) {
    put_first(sasl, &sink, &g);
  } else if (sent == 1u) {
    smtpc_sasl_put(&sink, name, name_len);
  } else {
    smtpc_sasl_put(&sink, secret, secret_len);
  }
  return say(sasl, buffer, &sink);
}

// Some mechanism answers with a digest.
#define ASKS_DIGEST (SMTPC_WITH(SCRAM) || SMTPC_WITH(CRAM_MD5))

smtpc_status smtpc_sasl_client_digest(smtpc_sasl_client *sasl,
                                      smtpc_sasl_buffer *buffer,
                                      const uint8_t *name, size_t name_len,
                                      const uint8_t *digest, size_t len) {
  const size_t one = smtpc_sasl_digest_len(sasl->mechanism);
  const bool cram = sasl->mechanism == SMTPC_MECHANISM_CRAM_MD5;
  if (!ASKS_DIGEST || sasl->wants != SMTPC_SASL_DIGEST) {
    return SMTPC_E_STATE;
  }
  if (digest == NULL || len != (cram ? one : 2u * one)) {
    return SMTPC_E_ARGUMENT;
  }
  smtpc_sasl_sink sink = smtpc_sasl_sink_at(buffer, 1u);
  if (cram) {
    // RFC 2195 section 2
    const smtpc_status status = name_check(sasl, name, name_len);
    if (status != SMTPC_OK) {
      return status;
    }
    smtpc_sasl_put(&sink, name, name_len);
    SMTPC_SASL_PUT(&sink, " ");
    smtpc_sasl_put_hex(&sink, digest, one);
    return say(sasl, buffer, &sink);
  }
  smtpc_sasl_put(&sink, buffer->data + sasl->final.begin,
                 smtpc_span_len(sasl->final));
  SMTPC_SASL_PUT(&sink, ",p=");
  smtpc_sasl_put_base64(&sink, digest, one);
  const smtpc_status status = say(sasl, buffer, &sink);
  if (status == SMTPC_OK) {
    smtpc_copy(sasl->signature, digest + one, one);
  }
  return status;
}

void smtpc_sasl_client_said(smtpc_sasl_client *sasl) {
  if (sasl->wants == SMTPC_SASL_SAY) {
    sasl->say = smtpc_span_make(0u, 0u);
    sasl->step++;
    sasl->wants = (uint8_t)SMTPC_SASL_WAIT;
  }
}

static smtpc_status login_challenge(smtpc_sasl_client *sasl) {
  if (sasl->step > 2u) {
    return SMTPC_E_SASL;
  }
  sasl->wants = (uint8_t)SMTPC_SASL_PASSWORD;
  return SMTPC_OK;
}

static smtpc_status cram_challenge(smtpc_sasl_client *sasl,
                                   smtpc_span message) {
  if (sasl->step > 1u || smtpc_span_len(message) == 0u) {
    return SMTPC_E_SASL;
  }
  sasl->text = message;
  sasl->wants = (uint8_t)SMTPC_SASL_DIGEST;
  return SMTPC_OK;
}

// RFC 7628 section 3.2.3: the server says why it refuses, and waits for an answer.
static smtpc_status token_challenge(smtpc_sasl_client *sasl,
                                    smtpc_sasl_buffer *buffer,
                                    smtpc_span message) {
  if (messages_sent(sasl) > 1u || smtpc_span_len(message) == 0u) {
    return SMTPC_E_SASL;
  }
  smtpc_sasl_sink sink = smtpc_sasl_sink_at(buffer, 1u);
  if (sasl->mechanism == SMTPC_MECHANISM_OAUTHBEARER) {
    smtpc_sasl_put_octet(&sink, 1u);
  }
  return say(sasl, buffer, &sink);
}

static smtpc_status scram_challenge(smtpc_sasl_client *sasl,
                                    smtpc_sasl_buffer *buffer,
                                    smtpc_span message) {
  const unsigned sent = messages_sent(sasl);
  if (sent > 2u) {
    return SMTPC_E_SASL;
  }
  return sent == 1u ? server_first(sasl, buffer, message)
                    : server_final(sasl, buffer, message);
}

static smtpc_status challenge_take(smtpc_sasl_client *sasl,
                                   smtpc_sasl_buffer *buffer, smtpc_span span) {
  smtpc_span message = {0u, 0u};
  const smtpc_status status = smtpc_base64_decode(buffer->data, span, &message);
  if (status != SMTPC_OK) {
    return status;
  }
  if (sasl->cancelled != 0u) {
    return SMTPC_E_SASL;
  }
  if (messages_sent(sasl) == 0u) {
    // AUTH was sent alone: a challenge of no octets asks for what comes first.
    sasl->wants = (uint8_t)SMTPC_SASL_PASSWORD;
    return smtpc_span_len(message) == 0u ? SMTPC_OK : SMTPC_E_SASL;
  }
  switch (smtpc_sasl_kind(sasl->mechanism)) {
    case SMTPC_MECHANISM_LOGIN:
      return SMTPC_STEP(LOGIN, login_challenge(sasl));
    case SMTPC_MECHANISM_CRAM_MD5:
      return SMTPC_STEP(CRAM_MD5, cram_challenge(sasl, message));
    case SMTPC_MECHANISM_OAUTHBEARER:
    case SMTPC_MECHANISM_XOAUTH2:
      return SMTPC_MECHS_TOKEN != 0u ? token_challenge(sasl, buffer, message)
                                     : SMTPC_E_INTERNAL;
    case SMTPC_SASL_SCRAM:
      return SMTPC_STEP(SCRAM, scram_challenge(sasl, buffer, message));
    default:
      // PLAIN and EXTERNAL have said all.
      return SMTPC_E_SASL;
  }
}

smtpc_status smtpc_sasl_client_challenge(smtpc_sasl_client *sasl,
                                         smtpc_sasl_buffer *buffer,
                                         smtpc_span span) {
  const size_t len = buffer->len;
  if (sasl->wants != SMTPC_SASL_WAIT) {
    return SMTPC_E_STATE;
  }
  const smtpc_status status = challenge_take(sasl, buffer, span);
  if (status != SMTPC_OK) {
    smtpc_sasl_undo(buffer, len);
    forget_spans(sasl);
    sasl->wants = (uint8_t)SMTPC_SASL_NOTHING;
  }
  return status;
}

smtpc_status smtpc_sasl_client_cancel(smtpc_sasl_client *sasl,
                                      smtpc_sasl_buffer *buffer) {
  smtpc_sasl_sink sink = smtpc_sasl_sink_at(buffer, 0u);
  SMTPC_SASL_PUT(&sink, "*");
  const smtpc_status status = say(sasl, buffer, &sink);
  if (status == SMTPC_OK) {
    sasl->cancelled = 1u;
  }
  return status;
}

int smtpc_sasl_client_is_whole(const smtpc_sasl_client *sasl) {
  unsigned whole = 1u;
  switch (smtpc_sasl_kind(sasl->mechanism)) {
    case SMTPC_MECHANISM_NONE:
      return 0;
    case SMTPC_MECHANISM_LOGIN:
      whole = 3u;
      break;
    case SMTPC_MECHANISM_CRAM_MD5:
    case SMTPC_SASL_SCRAM:
      whole = 2u;
      break;
    default:
      break;
  }
  return sasl->cancelled == 0u && messages_sent(sasl) >= whole;
}

smtpc_status smtpc_sasl_client_success(smtpc_sasl_client *sasl) {
  const unsigned kind = smtpc_sasl_kind(sasl->mechanism);
  // A token whose error was taken was refused.
  const bool refused = takes_token(kind) && messages_sent(sasl) > 1u;
  if (sasl->wants != SMTPC_SASL_WAIT || refused ||
      smtpc_sasl_client_is_whole(sasl) == 0) {
    return SMTPC_E_STATE;
  }
  if (kind == SMTPC_SASL_SCRAM && sasl->proved == 0u) {
    sasl->wants = (uint8_t)SMTPC_SASL_NOTHING;
    return SMTPC_E_BINDING;
  }
  sasl->wants = (uint8_t)SMTPC_SASL_DONE;
  return SMTPC_OK;
}

#endif  // SMTPC_CONFIG_CLIENT && SMTPC_CONFIG_AUTH
