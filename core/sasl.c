#include "smtpcore/sasl.h"

#include "core/sasl_parts.h"

#if SMTPC_CONFIG_AUTH

// ------------------------------------------------------------------ base64

#define NO_DIGIT 64u

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static unsigned digit_value(uint8_t c) {
  unsigned value = NO_DIGIT;
  if (c >= (uint8_t)'A' && c <= (uint8_t)'Z') {
    value = (unsigned)c - (unsigned)'A';
  } else if (c >= (uint8_t)'a' && c <= (uint8_t)'z') {
    value = (unsigned)c - (unsigned)'a' + 26u;
  } else if (smtpc_is_digit(c)) {
    value = (unsigned)c - (unsigned)'0' + 52u;
  } else if (c == (uint8_t)'+') {
    value = 62u;
  } else if (c == (uint8_t)'/') {
    value = 63u;
  }
  return value;
}

static size_t padding_of(const uint8_t *data, size_t from, size_t to) {
  size_t padding = 0u;
  if (from < to && data[to - 1u] == (uint8_t)'=') {
    padding = data[to - 2u] == (uint8_t)'=' ? 2u : 1u;
  }
  return padding;
}

// Decodes `count` digits (2 to 4) at `from` to `count - 1` octets at `to`,
// never past `from`. False: an octet that is no digit, or bits left over.
static bool group_decode(uint8_t *data, size_t from, size_t count, size_t to) {
  uint32_t bits = 0u;
  for (size_t k = 0u; k < 4u; k++) {
    const unsigned value = k < count ? digit_value(data[from + k]) : 0u;
    if (value == NO_DIGIT) {
      return false;
    }
    bits = (bits << 6) | value;
  }
  for (size_t k = 0u; k + 1u < count; k++) {
    data[to + k] = (uint8_t)(bits >> 16);
    bits = (bits << 8) & 0xffffffu;
  }
  // RFC 4648 section 3.5: what does not fill an octet is 0.
  return count == 4u || bits == 0u;
}

smtpc_status smtpc_base64_decode(uint8_t *data, smtpc_span span,
                                 smtpc_span *out) {
  const size_t len = smtpc_span_len(span);
  size_t to = span.begin;
  *out = smtpc_span_make(0u, 0u);
  if (len % 4u != 0u) {
    return SMTPC_E_BASE64;
  }
  const size_t end = (size_t)span.begin + len;
  const size_t padding = padding_of(data, span.begin, end);
  for (size_t i = span.begin; i < end; i += 4u) {
    const size_t count = i + 4u == end ? 4u - padding : 4u;
    if (!group_decode(data, i, count, to)) {
      return SMTPC_E_BASE64;
    }
    to += count - 1u;
  }
  *out = smtpc_span_make(span.begin, to);
  return SMTPC_OK;
}

static void put_digit(smtpc_out *out, uint32_t value) {
  smtpc_out_octet(out, (uint8_t)alphabet[value & 63u]);
}

void smtpc_base64_put(smtpc_base64 *encoder, smtpc_out *out,
                      const uint8_t *data, size_t len) {
  for (size_t i = 0u; i < len; i++) {
    encoder->bits = (encoder->bits << 8) | data[i];
    encoder->count++;
    if (encoder->count == 3u) {
      put_digit(out, encoder->bits >> 18);
      put_digit(out, encoder->bits >> 12);
      put_digit(out, encoder->bits >> 6);
      put_digit(out, encoder->bits);
      encoder->bits = 0u;
      encoder->count = 0u;
    }
  }
}

void smtpc_base64_end(smtpc_base64 *encoder, smtpc_out *out) {
  if (encoder->count == 1u) {
    put_digit(out, encoder->bits >> 2);
    put_digit(out, encoder->bits << 4);
    smtpc_out_text(out, "==", 2u);
  } else if (encoder->count == 2u) {
    put_digit(out, encoder->bits >> 10);
    put_digit(out, encoder->bits >> 4);
    put_digit(out, encoder->bits << 2);
    smtpc_out_octet(out, (uint8_t)'=');
  }
  encoder->bits = 0u;
  encoder->count = 0u;
}

// ------------------------------------------------------------- mechanisms

static bool is_one_of(uint64_t mechanisms, unsigned mechanism) {
  return mechanism < SMTPC_MECHANISM_COUNT &&
         ((mechanisms >> mechanism) & 1u) != 0u;
}

unsigned smtpc_sasl_kind(unsigned mechanism) {
  unsigned kind = SMTPC_MECHANISM_NONE;
  if (is_one_of(SMTPC_MECHS_SCRAM, mechanism)) {
    kind = SMTPC_SASL_SCRAM;
  } else if (is_one_of(SMTPC_MECHS_SPOKEN, mechanism)) {
    kind = mechanism;
  }
  return kind;
}

bool smtpc_sasl_is_bound(unsigned mechanism) {
  return is_one_of(SMTPC_MECHS_BOUND, mechanism);
}

size_t smtpc_sasl_digest_len(unsigned mechanism) {
  size_t len = 0u;
  if (mechanism == SMTPC_MECHANISM_CRAM_MD5) {
    len = SMTPC_MD5_LEN;
  } else if (mechanism == SMTPC_MECHANISM_SCRAM_SHA_1 ||
             mechanism == SMTPC_MECHANISM_SCRAM_SHA_1_PLUS) {
    len = SMTPC_SHA1_LEN;
  } else if (is_one_of(SMTPC_MECHS_SCRAM, mechanism)) {
    len = SMTPC_SHA256_LEN;
  }
  return len;
}

// ----------------------------------------------------- messages under way

smtpc_sasl_sink smtpc_sasl_sink_at(const smtpc_sasl_buffer *buffer,
                                   unsigned encodes) {
  // A span has 16 bits.
  const size_t cap = buffer->cap < UINT16_MAX ? buffer->cap : UINT16_MAX;
  const smtpc_sasl_sink sink = {
      smtpc_out_begin_at(buffer->data, buffer->len, cap),
      {0u, 0u, {0u, 0u, 0u}},
      (uint8_t)encodes};
  return sink;
}

void smtpc_sasl_put_octet(smtpc_sasl_sink *sink, uint8_t octet) {
  if (sink->encodes != 0u) {
    smtpc_base64_put(&sink->encoder, &sink->out, &octet, 1u);
  } else {
    smtpc_out_octet(&sink->out, octet);
  }
}

void smtpc_sasl_put(smtpc_sasl_sink *sink, const uint8_t *data, size_t len) {
  for (size_t i = 0u; i < len; i++) {
    smtpc_sasl_put_octet(sink, data[i]);
  }
}

void smtpc_sasl_put_text(smtpc_sasl_sink *sink, const char *text, size_t len) {
  for (size_t i = 0u; i < len; i++) {
    smtpc_sasl_put_octet(sink, (uint8_t)text[i]);
  }
}

static const char hex[] = "0123456789abcdef";

void smtpc_sasl_put_hex(smtpc_sasl_sink *sink, const uint8_t *data,
                        size_t len) {
  for (size_t i = 0u; i < len; i++) {
    smtpc_sasl_put_octet(sink, (uint8_t)hex[data[i] >> 4]);
    smtpc_sasl_put_octet(sink, (uint8_t)hex[data[i] & 15u]);
  }
}

void smtpc_sasl_put_number(smtpc_sasl_sink *sink, uint32_t value) {
  uint8_t digits[10];  // 2^32-1 has 10 digits
  size_t at = sizeof digits;
  uint32_t left = value;
  do {
    at--;
    digits[at] = (uint8_t)((uint32_t)'0' + left % 10u);
    left /= 10u;
  } while (left > 0u && at > 0u);
  smtpc_sasl_put(sink, digits + at, sizeof digits - at);
}

void smtpc_sasl_put_base64(smtpc_sasl_sink *sink, const uint8_t *data,
                           size_t len) {
  uint8_t text[4u * ((SMTPC_DIGEST_MAX + 2u) / 3u)];
  smtpc_out inner = smtpc_out_begin(text, sizeof text);
  smtpc_base64 encoder = {0u, 0u, {0u, 0u, 0u}};
  smtpc_base64_put(&encoder, &inner, data, len);
  smtpc_base64_end(&encoder, &inner);
  smtpc_out_fail(&sink->out, inner.status);
  smtpc_sasl_put(sink, text, inner.len);
}

void smtpc_sasl_put_escaped(smtpc_sasl_sink *sink, const uint8_t *name,
                            size_t len) {
  for (size_t i = 0u; i < len; i++) {
    if (name[i] == (uint8_t)',') {
      SMTPC_SASL_PUT(sink, "=2C");
    } else if (name[i] == (uint8_t)'=') {
      SMTPC_SASL_PUT(sink, "=3D");
    } else {
      smtpc_sasl_put_octet(sink, name[i]);
    }
  }
}

// RFC 5801 section 4: gs2-header
void smtpc_sasl_put_gs2(smtpc_sasl_sink *sink, uint8_t flag, unsigned binding,
                        const uint8_t *name, size_t name_len) {
  smtpc_sasl_put_octet(sink, flag);
  if (flag == (uint8_t)'p') {
    const char *kind = smtpc_binding_name(binding);
    SMTPC_SASL_PUT(sink, "=");
    for (size_t i = 0u; kind[i] != '\0'; i++) {
      smtpc_sasl_put_octet(sink, (uint8_t)kind[i]);
    }
  }
  SMTPC_SASL_PUT(sink, ",");
  if (name_len > 0u) {
    SMTPC_SASL_PUT(sink, "a=");
    smtpc_sasl_put_escaped(sink, name, name_len);
  }
  SMTPC_SASL_PUT(sink, ",");
}

smtpc_status smtpc_sasl_keep(smtpc_sasl_buffer *buffer,
                             const smtpc_sasl_sink *sink, smtpc_span *out) {
  const size_t begin = buffer->len;
  const size_t end = sink->out.len;
  if (sink->out.status != SMTPC_OK) {
    // `end` is `begin` when the line could not even begin.
    smtpc_wipe(buffer->data + begin, end - begin);
    return sink->out.status;
  }
  buffer->len = end;
  *out = smtpc_span_make(begin, end);
  return SMTPC_OK;
}

void smtpc_sasl_undo(smtpc_sasl_buffer *buffer, size_t len) {
  if (buffer->len > len) {
    smtpc_wipe(buffer->data + len, buffer->len - len);
    buffer->len = len;
  }
}

// ---------------------------------------------------- parts of messages

bool smtpc_sasl_field(const uint8_t *data, smtpc_span *rest, smtpc_span *out) {
  const size_t comma = smtpc_span_find(data, *rest, (uint8_t)',');
  const bool found = comma < rest->end;
  *out = smtpc_span_make(rest->begin, comma);
  *rest = smtpc_span_make(found ? comma + 1u : comma, rest->end);
  return found;
}

bool smtpc_sasl_attribute(const uint8_t *data, smtpc_span field, uint8_t letter,
                          smtpc_span *out) {
  if (smtpc_span_len(field) < 2u || data[field.begin] != letter ||
      data[field.begin + 1u] != (uint8_t)'=') {
    return false;
  }
  *out = smtpc_span_make(field.begin + 2u, field.end);
  return true;
}

bool smtpc_sasl_has_control(const uint8_t *data, smtpc_span span) {
  bool found = false;
  for (size_t i = span.begin; i < span.end; i++) {
    found = found || smtpc_is_control(data[i]);
  }
  return found;
}

// RFC 5802 section 7: printable
bool smtpc_sasl_is_nonce(const uint8_t *data, smtpc_span span) {
  bool good = span.begin < span.end;
  for (size_t i = span.begin; i < span.end; i++) {
    good =
        good && data[i] > 0x20u && data[i] < 0x7fu && data[i] != (uint8_t)',';
  }
  return good;
}

bool smtpc_sasl_begins_with_hex(const uint8_t *data, smtpc_span span,
                                const uint8_t *nonce) {
  if (smtpc_span_len(span) < 2u * SMTPC_NONCE_LEN) {
    return false;
  }
  bool same = true;
  size_t at = span.begin;
  for (size_t k = 0u; k < SMTPC_NONCE_LEN; k++) {
    same = same && data[at] == (uint8_t)hex[nonce[k] >> 4] &&
           data[at + 1u] == (uint8_t)hex[nonce[k] & 15u];
    at += 2u;
  }
  return same;
}

bool smtpc_sasl_same(const uint8_t *a, const uint8_t *b, size_t len) {
  uint8_t differs = 0u;
  for (size_t i = 0u; i < len; i++) {
    differs |= (uint8_t)(a[i] ^ b[i]);
  }
  return differs == 0u;
}

static bool is_token_octet(uint8_t c) {
  return smtpc_is_alnum(c) || c == (uint8_t)'-' || c == (uint8_t)'.' ||
         c == (uint8_t)'_' || c == (uint8_t)'~' || c == (uint8_t)'+' ||
         c == (uint8_t)'/';
}

// RFC 6750 section 2.1: b64token, in which `=` stands only at the end.
bool smtpc_sasl_is_token(const uint8_t *data, size_t from, size_t to) {
  size_t i = from;
  while (i < to && is_token_octet(data[i])) {
    i++;
  }
  const bool any = i > from;
  while (i < to && data[i] == (uint8_t)'=') {
    i++;
  }
  return any && i == to;
}

#endif  // SMTPC_CONFIG_AUTH
