#include "smtpcore/sasl.h"

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

// --------------------------------------------------------- what both share

void smtpc_sasl_clear(smtpc_sasl *sasl) {
  smtpc_wipe(sasl->name, sizeof sasl->name);
  smtpc_wipe(sasl->nonce, sizeof sasl->nonce);
  smtpc_wipe(sasl->digest, sizeof sasl->digest);
  smtpc_wipe(&sasl->name_len, 1u);
  sasl->mechanism = (uint8_t)SMTPC_MECHANISM_NONE;
  sasl->step = 0u;
}

int smtpc_sasl_server_takes_initial(unsigned mechanism) {
  return mechanism == SMTPC_MECHANISM_PLAIN ||
         mechanism == SMTPC_MECHANISM_LOGIN;
}

int smtpc_sasl_client_speaks_first(unsigned mechanism) {
  return mechanism == SMTPC_MECHANISM_PLAIN;
}

int smtpc_sasl_needs_digest(unsigned mechanism) {
  return mechanism == SMTPC_MECHANISM_CRAM_MD5;
}

// How many responses the client of `mechanism` gives; 0 for no mechanism.
static unsigned responses_of(unsigned mechanism) {
  unsigned count = 0u;
  if (mechanism == SMTPC_MECHANISM_LOGIN) {
    count = 2u;
  } else if (mechanism == SMTPC_MECHANISM_PLAIN ||
             mechanism == SMTPC_MECHANISM_CRAM_MD5) {
    count = 1u;
  }
  return count;
}

// ------------------------------------------------------------- server side

static bool has_control(const uint8_t *line, smtpc_span span) {
  bool found = false;
  for (size_t i = span.begin; i < span.end; i++) {
    found = found || smtpc_is_control(line[i]);
  }
  return found;
}

static smtpc_status name_take(smtpc_sasl *sasl, const uint8_t *line,
                              smtpc_span span) {
  const size_t len = smtpc_span_len(span);
  if (len > SMTPC_NAME_MAX) {
    return SMTPC_E_TOO_LONG;
  }
  if (len == 0u || has_control(line, span)) {
    return SMTPC_E_SASL;
  }
  for (size_t i = 0u; i < len; i++) {
    sasl->name[i] = line[span.begin + i];
  }
  sasl->name_len = (uint8_t)len;
  return SMTPC_OK;
}

static bool spans_equal(const uint8_t *line, smtpc_span a, smtpc_span b) {
  if (smtpc_span_len(a) != smtpc_span_len(b)) {
    return false;
  }
  bool equal = true;
  size_t j = b.begin;
  for (size_t i = a.begin; i < a.end && j < b.end; i++) {
    equal = equal && line[i] == line[j];
    j++;
  }
  return equal;
}

static smtpc_status password_take(const uint8_t *line, smtpc_span span,
                                  smtpc_span *out_password) {
  // RFC 4616 section 2: passwd = 1*SAFE. To some directories an empty one is an
  // anonymous login, which they call a success.
  if (smtpc_span_len(span) == 0u ||
      smtpc_span_find(line, span, 0u) < span.end) {
    return SMTPC_E_SASL;
  }
  *out_password = span;
  return SMTPC_OK;
}

// RFC 4616 section 2: message = [authzid] NUL authcid NUL passwd
static smtpc_status plain_take(smtpc_sasl *sasl, const uint8_t *line,
                               smtpc_span message, smtpc_span *out_password) {
  const size_t first = smtpc_span_find(line, message, 0u);
  if (first >= message.end) {
    return SMTPC_E_SASL;
  }
  const smtpc_span rest = smtpc_span_make(first + 1u, message.end);
  const size_t second = smtpc_span_find(line, rest, 0u);
  if (second >= message.end) {
    return SMTPC_E_SASL;
  }
  const smtpc_span other = smtpc_span_make(message.begin, first);
  const smtpc_span name = smtpc_span_make(first + 1u, second);
  // Nobody may act for another: there is one identity, the name.
  if (smtpc_span_len(other) > 0u && !spans_equal(line, other, name)) {
    return SMTPC_E_SASL;
  }
  const smtpc_status status = name_take(sasl, line, name);
  if (status != SMTPC_OK) {
    return status;
  }
  return password_take(line, smtpc_span_make(second + 1u, message.end),
                       out_password);
}

static unsigned hex_value(uint8_t c) {
  const uint8_t up = smtpc_upper(c);
  unsigned value = 16u;
  if (smtpc_is_digit(c)) {
    value = (unsigned)c - (unsigned)'0';
  } else if (up >= (uint8_t)'A' && up <= (uint8_t)'F') {
    value = (unsigned)up - (unsigned)'A' + 10u;
  }
  return value;
}

static smtpc_status digest_take(smtpc_sasl *sasl, const uint8_t *line,
                                smtpc_span span) {
  if (smtpc_span_len(span) != 2u * SMTPC_MD5_LEN) {
    return SMTPC_E_SASL;
  }
  for (size_t k = 0u; k < SMTPC_MD5_LEN; k++) {
    const unsigned high = hex_value(line[span.begin + 2u * k]);
    const unsigned low = hex_value(line[span.begin + 2u * k + 1u]);
    if (high > 15u || low > 15u) {
      return SMTPC_E_SASL;
    }
    sasl->digest[k] = (uint8_t)(high << 4 | low);
  }
  return SMTPC_OK;
}

// RFC 2195 section 2: a name, a space, the digest. A name may have spaces, the
// digest has none, so the last space is the one between them.
static smtpc_status cram_take(smtpc_sasl *sasl, const uint8_t *line,
                              smtpc_span message) {
  size_t space = message.end;
  for (size_t i = message.begin; i < message.end; i++) {
    if (line[i] == (uint8_t)' ') {
      space = i;
    }
  }
  if (space >= message.end) {
    return SMTPC_E_SASL;
  }
  const smtpc_status status =
      name_take(sasl, line, smtpc_span_make(message.begin, space));
  if (status != SMTPC_OK) {
    return status;
  }
  return digest_take(sasl, line, smtpc_span_make(space + 1u, message.end));
}

static smtpc_status login_take(smtpc_sasl *sasl, const uint8_t *line,
                               smtpc_span message, smtpc_span *out_password) {
  if (sasl->step > 0u) {
    return password_take(line, message, out_password);
  }
  const smtpc_status status = name_take(sasl, line, message);
  return status == SMTPC_OK ? SMTPC_MORE : status;
}

static smtpc_status response_take(smtpc_sasl *sasl, uint8_t *line,
                                  smtpc_span span, smtpc_span *out_password) {
  smtpc_span message = {0u, 0u};
  // RFC 4954 section 4: exactly `*`, on a line of its own, cancels.
  if (smtpc_span_is(line, span, "*", 1u)) {
    return SMTPC_E_CANCELLED;
  }
  const smtpc_status status = smtpc_base64_decode(line, span, &message);
  if (status != SMTPC_OK) {
    return status;
  }
  if (sasl->mechanism == SMTPC_MECHANISM_PLAIN) {
    return plain_take(sasl, line, message, out_password);
  }
  if (sasl->mechanism == SMTPC_MECHANISM_LOGIN) {
    return login_take(sasl, line, message, out_password);
  }
  return cram_take(sasl, line, message);
}

smtpc_status smtpc_sasl_server_step(smtpc_sasl *sasl, uint8_t *line,
                                    smtpc_span span, smtpc_span *out_password) {
  *out_password = smtpc_span_make(0u, 0u);
  if (sasl->step >= responses_of(sasl->mechanism)) {
    return SMTPC_E_STATE;
  }
  const smtpc_status status = response_take(sasl, line, span, out_password);
  if (status == SMTPC_OK || status == SMTPC_MORE) {
    sasl->step++;
  } else {
    smtpc_sasl_clear(sasl);
  }
  return status;
}

// The challenge is said twice: encoded to the client, and in clear to whoever
// makes the digest. `encoder` NULL means in clear.
static void put_piece(smtpc_base64 *encoder, smtpc_out *out,
                      const uint8_t *data, size_t len) {
  if (encoder != NULL) {
    smtpc_base64_put(encoder, out, data, len);
  } else {
    smtpc_out_octets(out, data, len, 0);
  }
}

static void put_hex(smtpc_base64 *encoder, smtpc_out *out, const uint8_t *data,
                    size_t len) {
  static const char hex[] = "0123456789abcdef";
  for (size_t i = 0u; i < len; i++) {
    const uint8_t pair[2] = {(uint8_t)hex[data[i] >> 4],
                             (uint8_t)hex[data[i] & 15u]};
    put_piece(encoder, out, pair, sizeof pair);
  }
}

static smtpc_status host_check(const uint8_t *host, size_t len) {
  if (host == NULL || len == 0u) {
    return SMTPC_E_DOMAIN;
  }
  if (len > 255u) {
    return SMTPC_E_TOO_LONG;
  }
  for (size_t i = 0u; i < len; i++) {
    const uint8_t c = host[i];
    if (c <= 0x20u || c >= 0x7fu || c == (uint8_t)'<' || c == (uint8_t)'>' ||
        c == (uint8_t)'@') {
      return SMTPC_E_DOMAIN;
    }
  }
  return SMTPC_OK;
}

// RFC 2195 section 2: the challenge has the form of a message identifier.
static void put_cram(const smtpc_sasl *sasl, const uint8_t *host,
                     size_t host_len, smtpc_base64 *encoder, smtpc_out *out) {
  static const uint8_t open = '<';
  static const uint8_t at = '@';
  static const uint8_t close = '>';
  smtpc_out_fail(out, host_check(host, host_len));
  if (out->status != SMTPC_OK) {
    return;
  }
  put_piece(encoder, out, &open, 1u);
  put_hex(encoder, out, sasl->nonce, sizeof sasl->nonce);
  put_piece(encoder, out, &at, 1u);
  put_piece(encoder, out, host, host_len);
  put_piece(encoder, out, &close, 1u);
}

smtpc_status smtpc_sasl_write_challenge(const smtpc_sasl *sasl,
                                        const uint8_t *host, size_t host_len,
                                        uint8_t *out, size_t cap,
                                        size_t *out_len) {
  static const uint8_t prompts[2][9] = {
      {'U', 's', 'e', 'r', 'n', 'a', 'm', 'e', ':'},
      {'P', 'a', 's', 's', 'w', 'o', 'r', 'd', ':'}};
  smtpc_out line = smtpc_out_begin(out, cap);
  smtpc_base64 encoder = {0u, 0u, {0u, 0u, 0u}};
  const unsigned step = sasl->step;
  smtpc_out_text(&line, "334 ", 4u);
  if (step >= responses_of(sasl->mechanism)) {
    smtpc_out_fail(&line, SMTPC_E_STATE);
  } else if (sasl->mechanism == SMTPC_MECHANISM_LOGIN) {
    smtpc_base64_put(&encoder, &line, prompts[step & 1u], sizeof prompts[0]);
  } else if (sasl->mechanism == SMTPC_MECHANISM_CRAM_MD5) {
    put_cram(sasl, host, host_len, &encoder, &line);
  }
  smtpc_base64_end(&encoder, &line);
  return smtpc_out_end(&line, out_len);
}

smtpc_status smtpc_sasl_cram_challenge(const smtpc_sasl *sasl,
                                       const uint8_t *host, size_t host_len,
                                       uint8_t *out, size_t cap,
                                       size_t *out_len) {
  smtpc_out text = smtpc_out_begin(out, cap);
  if (sasl->mechanism != SMTPC_MECHANISM_CRAM_MD5) {
    smtpc_out_fail(&text, SMTPC_E_STATE);
  } else {
    put_cram(sasl, host, host_len, NULL, &text);
  }
  *out_len = text.status == SMTPC_OK ? text.len : 0u;
  return text.status;
}

// ------------------------------------------------------------- client side

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

static smtpc_status name_check(const uint8_t *name, size_t len) {
  if (len > SMTPC_NAME_MAX) {
    return SMTPC_E_TOO_LONG;
  }
  if (len == 0u) {
    return SMTPC_E_SASL;
  }
  const smtpc_status status = octets_check(name, len);
  if (status != SMTPC_OK) {
    return status;
  }
  return has_control(name, smtpc_span_make(0u, len)) ? SMTPC_E_CONTROL
                                                     : SMTPC_OK;
}

static smtpc_status password_check(const uint8_t *password, size_t len) {
  return len > SMTPC_PASSWORD_MAX ? SMTPC_E_TOO_LONG
                                  : octets_check(password, len);
}

static smtpc_status credentials_check(const uint8_t *name, size_t name_len,
                                      const uint8_t *password,
                                      size_t password_len) {
  const smtpc_status status = name_check(name, name_len);
  return status == SMTPC_OK ? password_check(password, password_len) : status;
}

smtpc_status smtpc_sasl_write_auth(unsigned mechanism, const uint8_t *name,
                                   size_t name_len, const uint8_t *password,
                                   size_t password_len, uint8_t *out,
                                   size_t cap, size_t *out_len) {
  static const uint8_t nul = 0u;
  smtpc_out line = smtpc_out_begin(out, cap);
  smtpc_base64 encoder = {0u, 0u, {0u, 0u, 0u}};
  const smtpc_mechanism_row row = smtpc_mechanism_get(mechanism);
  if (row.name_len == 0u) {
    smtpc_out_fail(&line, SMTPC_E_ARGUMENT);
  }
  const bool first = smtpc_sasl_client_speaks_first(mechanism) != 0;
  if (first) {
    smtpc_out_fail(&line,
                   credentials_check(name, name_len, password, password_len));
  }
  smtpc_out_text(&line, "AUTH ", 5u);
  smtpc_out_text(&line, row.name, row.name_len);
  if (line.status == SMTPC_OK && first) {
    smtpc_out_octet(&line, (uint8_t)' ');
    smtpc_base64_put(&encoder, &line, &nul, 1u);
    smtpc_base64_put(&encoder, &line, name, name_len);
    smtpc_base64_put(&encoder, &line, &nul, 1u);
    smtpc_base64_put(&encoder, &line, password, password_len);
    smtpc_base64_end(&encoder, &line);
  }
  return smtpc_out_end(&line, out_len);
}

smtpc_status smtpc_sasl_write_login(unsigned step, const uint8_t *name,
                                    size_t name_len, const uint8_t *password,
                                    size_t password_len, uint8_t *out,
                                    size_t cap, size_t *out_len) {
  smtpc_out line = smtpc_out_begin(out, cap);
  smtpc_base64 encoder = {0u, 0u, {0u, 0u, 0u}};
  if (step > 1u) {
    smtpc_out_fail(&line, SMTPC_E_SASL);
  }
  smtpc_out_fail(&line,
                 credentials_check(name, name_len, password, password_len));
  if (line.status == SMTPC_OK && step == 0u) {
    smtpc_base64_put(&encoder, &line, name, name_len);
  } else if (line.status == SMTPC_OK) {
    smtpc_base64_put(&encoder, &line, password, password_len);
  }
  smtpc_base64_end(&encoder, &line);
  return smtpc_out_end(&line, out_len);
}

smtpc_status smtpc_sasl_write_cram(const uint8_t *name, size_t name_len,
                                   const uint8_t *digest, uint8_t *out,
                                   size_t cap, size_t *out_len) {
  static const uint8_t space = ' ';
  smtpc_out line = smtpc_out_begin(out, cap);
  smtpc_base64 encoder = {0u, 0u, {0u, 0u, 0u}};
  smtpc_out_fail(&line, name_check(name, name_len));
  if (digest == NULL) {
    smtpc_out_fail(&line, SMTPC_E_ARGUMENT);
  }
  if (line.status == SMTPC_OK) {
    smtpc_base64_put(&encoder, &line, name, name_len);
    smtpc_base64_put(&encoder, &line, &space, 1u);
    put_hex(&encoder, &line, digest, SMTPC_MD5_LEN);
  }
  smtpc_base64_end(&encoder, &line);
  return smtpc_out_end(&line, out_len);
}

smtpc_status smtpc_sasl_write_cancel(uint8_t *out, size_t cap,
                                     size_t *out_len) {
  smtpc_out line = smtpc_out_begin(out, cap);
  smtpc_out_octet(&line, (uint8_t)'*');
  return smtpc_out_end(&line, out_len);
}
