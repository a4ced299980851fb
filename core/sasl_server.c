#include "core/config_parts.h"
#include "core/sasl_parts.h"

#if SMTPC_CONFIG_SERVER && SMTPC_CONFIG_AUTH

void smtpc_sasl_clear(smtpc_sasl *sasl) {
  const smtpc_span none = {0u, 0u};
  sasl->iterations = 0u;
  sasl->secret = none;
  sasl->text = none;
  sasl->bound = none;
  sasl->mechanism = (uint8_t)SMTPC_MECHANISM_NONE;
  sasl->wants = (uint8_t)SMTPC_SASL_NOTHING;
  sasl->step = 0u;
  sasl->binding = (uint8_t)SMTPC_BINDING_NONE;
  sasl->flag = 0u;
  sasl->same_authzid = 0u;
  sasl->offers_bound = 0u;
  sasl->name_len = 0u;
  sasl->peer_nonce_len = 0u;
  sasl->held_len = 0u;
  smtpc_wipe(sasl->reserved, sizeof sasl->reserved);
  smtpc_wipe(sasl->name, sizeof sasl->name);
  smtpc_wipe(sasl->nonce, sizeof sasl->nonce);
  smtpc_wipe(sasl->peer_nonce, sizeof sasl->peer_nonce);
  smtpc_wipe(sasl->held, sizeof sasl->held);
}

void smtpc_sasl_server_begin(smtpc_sasl *sasl, unsigned mechanism,
                             int offers_bound) {
  const unsigned kind = smtpc_sasl_kind(mechanism);
  smtpc_sasl_clear(sasl);
  if (kind == SMTPC_MECHANISM_NONE) {
    return;
  }
  sasl->mechanism = (uint8_t)mechanism;
  sasl->offers_bound = offers_bound != 0 ? 1u : 0u;
  sasl->wants = (uint8_t)(kind == SMTPC_MECHANISM_CRAM_MD5 ? SMTPC_SASL_NONCE
                                                           : SMTPC_SASL_SAY);
}

int smtpc_sasl_server_takes_initial(unsigned mechanism) {
  const unsigned kind = smtpc_sasl_kind(mechanism);
  return kind != SMTPC_MECHANISM_NONE && kind != SMTPC_MECHANISM_CRAM_MD5;
}

// ------------------------------------------------------- names and secrets

static smtpc_status name_take(smtpc_sasl *sasl, const uint8_t *data,
                              smtpc_span span) {
  const size_t len = smtpc_span_len(span);
  if (len > SMTPC_NAME_MAX) {
    return SMTPC_E_TOO_LONG;
  }
  if (len == 0u || smtpc_sasl_has_control(data, span)) {
    return SMTPC_E_SASL;
  }
  smtpc_copy(sasl->name, data + span.begin, len);
  sasl->name_len = (uint8_t)len;
  return SMTPC_OK;
}

static bool spans_equal(const uint8_t *data, smtpc_span a, smtpc_span b) {
  if (smtpc_span_len(a) != smtpc_span_len(b)) {
    return false;
  }
  bool equal = true;
  size_t j = b.begin;
  for (size_t i = a.begin; i < a.end && j < b.end; i++) {
    equal = equal && data[i] == data[j];
    j++;
  }
  return equal;
}

static smtpc_status to_check(smtpc_sasl *sasl, smtpc_span secret) {
  sasl->secret = secret;
  sasl->wants = (uint8_t)SMTPC_SASL_CHECK;
  return SMTPC_OK;
}

static smtpc_status password_take(smtpc_sasl *sasl, const uint8_t *data,
                                  smtpc_span span) {
  // RFC 4616 section 2: passwd = 1*SAFE. To some directories an empty one is an
  // anonymous login, which they call a success.
  if (smtpc_span_len(span) == 0u ||
      smtpc_span_find(data, span, 0u) < span.end) {
    return SMTPC_E_SASL;
  }
  return to_check(sasl, span);
}

static bool pair_is(const uint8_t *data, smtpc_span rest, char first,
                    char second) {
  return smtpc_span_len(rest) >= 2u && data[rest.begin] == (uint8_t)first &&
         data[rest.begin + 1u] == (uint8_t)second;
}

// Decodes a saslname in place (RFC 5802 section 7). False: another escape.
static bool unescape(uint8_t *data, smtpc_span *name) {
  size_t to = name->begin;
  smtpc_span rest = *name;
  uint8_t c = 0u;
  while (smtpc_span_next(data, &rest, &c)) {
    if (c == (uint8_t)'=') {
      if (pair_is(data, rest, '2', 'C')) {
        c = (uint8_t)',';
      } else if (!pair_is(data, rest, '3', 'D')) {
        return false;
      }
      rest = smtpc_span_make(rest.begin + 2u, rest.end);
    }
    data[to] = c;
    to++;
  }
  *name = smtpc_span_make(name->begin, to);
  return true;
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

// ----------------------------------------------- PLAIN, CRAM-MD5, EXTERNAL

// RFC 4616 section 2: message = [authzid] NUL authcid NUL passwd
static smtpc_status plain_take(smtpc_sasl *sasl, const uint8_t *data,
                               smtpc_span message) {
  const size_t first = smtpc_span_find(data, message, 0u);
  if (first >= message.end) {
    return SMTPC_E_SASL;
  }
  const smtpc_span rest = smtpc_span_make(first + 1u, message.end);
  const size_t second = smtpc_span_find(data, rest, 0u);
  if (second >= message.end) {
    return SMTPC_E_SASL;
  }
  const smtpc_span other = smtpc_span_make(message.begin, first);
  const smtpc_span name = smtpc_span_make(first + 1u, second);
  // Nobody may act for another: there is one identity, the name.
  if (smtpc_span_len(other) > 0u && !spans_equal(data, other, name)) {
    return SMTPC_E_SASL;
  }
  const smtpc_status status = name_take(sasl, data, name);
  if (status != SMTPC_OK) {
    return status;
  }
  return password_take(sasl, data, smtpc_span_make(second + 1u, message.end));
}

static smtpc_status login_take(smtpc_sasl *sasl, const uint8_t *data,
                               smtpc_span message) {
  // `wants` stays SAY after the name: the second prompt comes.
  return sasl->step == 0u ? name_take(sasl, data, message)
                          : password_take(sasl, data, message);
}

static smtpc_status external_take(smtpc_sasl *sasl, const uint8_t *data,
                                  smtpc_span message) {
  smtpc_status status = SMTPC_OK;
  if (smtpc_span_len(message) > 0u) {
    status = name_take(sasl, data, message);
  }
  return status == SMTPC_OK ? to_check(sasl, smtpc_span_make(0u, 0u)) : status;
}

// Decodes 32 hexadecimal digits in place.
static bool unhex(uint8_t *data, smtpc_span *digest) {
  if (smtpc_span_len(*digest) != 2u * SMTPC_MD5_LEN) {
    return false;
  }
  for (size_t k = 0u; k < SMTPC_MD5_LEN; k++) {
    const unsigned high = hex_value(data[digest->begin + 2u * k]);
    const unsigned low = hex_value(data[digest->begin + 2u * k + 1u]);
    if (high > 15u || low > 15u) {
      return false;
    }
    data[digest->begin + k] = (uint8_t)(high << 4 | low);
  }
  *digest = smtpc_span_make(digest->begin, digest->begin + SMTPC_MD5_LEN);
  return true;
}

// RFC 2195 section 2: a name, a space, the digest. A name may have spaces, the
// digest has none, so the last space is the one between them.
static smtpc_status cram_take(smtpc_sasl *sasl, smtpc_sasl_buffer *buffer,
                              smtpc_span message, const uint8_t *host,
                              size_t host_len) {
  size_t space = message.end;
  for (size_t i = message.begin; i < message.end; i++) {
    if (buffer->data[i] == (uint8_t)' ') {
      space = i;
    }
  }
  if (space >= message.end) {
    return SMTPC_E_SASL;
  }
  smtpc_status status =
      name_take(sasl, buffer->data, smtpc_span_make(message.begin, space));
  if (status != SMTPC_OK) {
    return status;
  }
  smtpc_span digest = smtpc_span_make(space + 1u, message.end);
  if (!unhex(buffer->data, &digest)) {
    return SMTPC_E_SASL;
  }
  smtpc_sasl_sink sink = smtpc_sasl_sink_at(buffer, 0u);
  smtpc_sasl_put_cram(sasl, host, host_len, &sink);
  status = smtpc_sasl_keep(buffer, &sink, &sasl->text);
  return status == SMTPC_OK ? to_check(sasl, digest) : status;
}

// ------------------------------------------------------------- gs2-header

static bool is_name(const uint8_t *data, smtpc_span span, const char *name) {
  size_t k = 0u;
  for (size_t i = span.begin; i < span.end; i++) {
    if (name[k] == '\0' || data[i] != (uint8_t)name[k]) {
      return false;
    }
    k++;
  }
  return k > 0u && name[k] == '\0';
}

static unsigned binding_named(const uint8_t *data, smtpc_span name) {
  unsigned found = SMTPC_BINDING_NONE;
  for (unsigned kind = 1u; kind < SMTPC_BINDING_COUNT; kind++) {
    if (is_name(data, name, smtpc_binding_name(kind))) {
      found = kind;
    }
  }
  return found;
}

static smtpc_status flag_take(smtpc_sasl *sasl, const uint8_t *data,
                              smtpc_span field) {
  smtpc_span kind = {0u, 0u};
  const bool bound = smtpc_sasl_attribute(data, field, (uint8_t)'p', &kind);
  if (bound) {
    sasl->flag = (uint8_t)'p';
    sasl->binding = (uint8_t)binding_named(data, kind);
  } else if (smtpc_span_len(field) == 1u &&
             (data[field.begin] == (uint8_t)'n' ||
              data[field.begin] == (uint8_t)'y')) {
    sasl->flag = data[field.begin];
  } else {
    return SMTPC_E_SASL;
  }
  // RFC 5802 section 6: somebody between may have cut our offer short, or the
  // binding out.
  const bool lied = sasl->flag == (uint8_t)'y' && sasl->offers_bound != 0u &&
                    smtpc_sasl_kind(sasl->mechanism) == SMTPC_SASL_SCRAM;
  const bool known = !bound || sasl->binding != SMTPC_BINDING_NONE;
  return bound == smtpc_sasl_is_bound(sasl->mechanism) && known && !lied
             ? SMTPC_OK
             : SMTPC_E_BINDING;
}

// RFC 5801 section 4: gs2-header, taken off `*rest`. An identity in it becomes
// `*authzid`, decoded; without one it is empty.
static smtpc_status gs2_take(smtpc_sasl *sasl, uint8_t *data, smtpc_span *rest,
                             smtpc_span *authzid) {
  smtpc_span field = {0u, 0u};
  *authzid = smtpc_span_make(0u, 0u);
  if (!smtpc_sasl_field(data, rest, &field)) {
    return SMTPC_E_SASL;
  }
  const smtpc_status status = flag_take(sasl, data, field);
  if (status != SMTPC_OK) {
    return status;
  }
  if (!smtpc_sasl_field(data, rest, &field)) {
    return SMTPC_E_SASL;
  }
  if (smtpc_span_len(field) == 0u) {
    return SMTPC_OK;
  }
  return smtpc_sasl_attribute(data, field, (uint8_t)'a', authzid) &&
                 unescape(data, authzid) && smtpc_span_len(*authzid) > 0u
             ? SMTPC_OK
             : SMTPC_E_SASL;
}

// ---------------------------------------------------- OAUTHBEARER, XOAUTH2

#define SEPARATOR 1u

// RFC 6750 section 2.1: "Bearer" 1*SP b64token
static smtpc_status bearer_take(smtpc_sasl *sasl, const uint8_t *data,
                                smtpc_span value) {
  static const char scheme[] = "BEARER ";
  if (!smtpc_span_starts(data, value, scheme, sizeof scheme - 1u)) {
    return SMTPC_E_SASL;
  }
  size_t i = value.begin + sizeof scheme - 1u;
  while (i < value.end && data[i] == (uint8_t)' ') {
    i++;
  }
  if (!smtpc_sasl_is_token(data, i, value.end)) {
    return SMTPC_E_SASL;
  }
  return to_check(sasl, smtpc_span_make(i, value.end));
}

// RFC 7628 section 3.1: key = 1*ALPHA, value = *(VCHAR / SP / HTAB / CR / LF)
static bool pair_split(const uint8_t *data, smtpc_span pair, smtpc_span *key,
                       smtpc_span *value) {
  const size_t equals = smtpc_span_find(data, pair, (uint8_t)'=');
  if (equals >= pair.end || equals == pair.begin) {
    return false;
  }
  *key = smtpc_span_make(pair.begin, equals);
  *value = smtpc_span_make(equals + 1u, pair.end);
  bool good = true;
  for (size_t i = key->begin; i < key->end; i++) {
    good = good && smtpc_is_alpha(data[i]);
  }
  for (size_t i = value->begin; i < value->end; i++) {
    const uint8_t c = data[i];
    good = good && ((c >= 0x20u && c < 0x7fu) || c == (uint8_t)'\t' ||
                    c == (uint8_t)'\r' || c == (uint8_t)'\n');
  }
  return good;
}

static smtpc_status pair_take(smtpc_sasl *sasl, const uint8_t *data,
                              smtpc_span pair) {
  smtpc_span key = {0u, 0u};
  smtpc_span value = {0u, 0u};
  if (!pair_split(data, pair, &key, &value)) {
    return SMTPC_E_SASL;
  }
  if (!is_name(data, key, "auth")) {
    return SMTPC_OK;
  }
  // `wants` says whether one came before.
  return sasl->wants == SMTPC_SASL_CHECK ? SMTPC_E_SASL
                                         : bearer_take(sasl, data, value);
}

// client-resp = gs2-header kvsep *kvpair kvsep, each kvpair with its own kvsep
static smtpc_status pairs_take(smtpc_sasl *sasl, const uint8_t *data,
                               smtpc_span rest) {
  uint8_t c = 0u;
  if (!smtpc_span_next(data, &rest, &c) || c != SEPARATOR) {
    return SMTPC_E_SASL;
  }
  bool ended = false;
  while (!ended && rest.begin < rest.end) {
    const size_t at = smtpc_span_find(data, rest, SEPARATOR);
    const smtpc_span pair = smtpc_span_make(rest.begin, at);
    if (at >= rest.end) {
      return SMTPC_E_SASL;
    }
    rest = smtpc_span_make(at + 1u, rest.end);
    ended = smtpc_span_len(pair) == 0u;
    const smtpc_status status = ended ? SMTPC_OK : pair_take(sasl, data, pair);
    if (status != SMTPC_OK) {
      return status;
    }
  }
  return ended && rest.begin == rest.end && sasl->wants == SMTPC_SASL_CHECK
             ? SMTPC_OK
             : SMTPC_E_SASL;
}

static smtpc_status oauthbearer_take(smtpc_sasl *sasl, uint8_t *data,
                                     smtpc_span message) {
  smtpc_span rest = message;
  smtpc_span name = {0u, 0u};
  smtpc_status status = gs2_take(sasl, data, &rest, &name);
  if (status == SMTPC_OK && smtpc_span_len(name) > 0u) {
    status = name_take(sasl, data, name);
  }
  return status == SMTPC_OK ? pairs_take(sasl, data, rest) : status;
}

// "user=" name ^A "auth=Bearer " token ^A ^A
static smtpc_status xoauth2_take(smtpc_sasl *sasl, const uint8_t *data,
                                 smtpc_span message) {
  const size_t first = smtpc_span_find(data, message, SEPARATOR);
  const size_t len = smtpc_span_len(message);
  smtpc_span key = {0u, 0u};
  smtpc_span value = {0u, 0u};
  if (first + 3u > message.end || data[message.end - 1u] != SEPARATOR ||
      data[message.end - 2u] != SEPARATOR || len < 5u ||
      !is_name(data, smtpc_span_make(message.begin, message.begin + 5u),
               "user=")) {
    return SMTPC_E_SASL;
  }
  const smtpc_status status =
      name_take(sasl, data, smtpc_span_make(message.begin + 5u, first));
  if (status != SMTPC_OK) {
    return status;
  }
  if (!pair_split(data, smtpc_span_make(first + 1u, message.end - 2u), &key,
                  &value) ||
      !is_name(data, key, "auth")) {
    return SMTPC_E_SASL;
  }
  return bearer_take(sasl, data, value);
}

// The answer to the error of a token that was refused. Whatever it is, nothing is
// accepted after it (RFC 7628 section 3.2.3).
static smtpc_status error_taken(smtpc_sasl *sasl, const uint8_t *data,
                                smtpc_span message) {
  const size_t len = smtpc_span_len(message);
  const bool dummy = sasl->mechanism == SMTPC_MECHANISM_OAUTHBEARER &&
                     len == 1u && data[message.begin] == SEPARATOR;
  if (len != 0u && !dummy) {
    return SMTPC_E_SASL;
  }
  sasl->wants = (uint8_t)SMTPC_SASL_REFUSED;
  return SMTPC_OK;
}

static smtpc_status token_take(smtpc_sasl *sasl, uint8_t *data,
                               smtpc_span message) {
  if (sasl->step > 0u) {
    return error_taken(sasl, data, message);
  }
  return sasl->mechanism == SMTPC_MECHANISM_XOAUTH2
             ? SMTPC_STEP(XOAUTH2, xoauth2_take(sasl, data, message))
             : SMTPC_STEP(OAUTHBEARER, oauthbearer_take(sasl, data, message));
}

// ------------------------------------------------------------------ SCRAM

// RFC 5802 section 7: client-first-message, without extensions
static smtpc_status scram_first(smtpc_sasl *sasl, uint8_t *data,
                                smtpc_span message) {
  smtpc_span rest = message;
  smtpc_span authzid = {0u, 0u};
  smtpc_span field = {0u, 0u};
  smtpc_span name = {0u, 0u};
  smtpc_span nonce = {0u, 0u};
  smtpc_status status = gs2_take(sasl, data, &rest, &authzid);
  if (status != SMTPC_OK) {
    return status;
  }
  if (!smtpc_sasl_field(data, &rest, &field) ||
      !smtpc_sasl_attribute(data, field, (uint8_t)'n', &name) ||
      !unescape(data, &name) ||
      !smtpc_sasl_attribute(data, rest, (uint8_t)'r', &nonce) ||
      !smtpc_sasl_is_nonce(data, nonce)) {
    return SMTPC_E_SASL;
  }
  const size_t len = smtpc_span_len(nonce);
  if (len > SMTPC_PEER_NONCE_MAX) {
    return SMTPC_E_TOO_LONG;
  }
  sasl->same_authzid = smtpc_span_len(authzid) > 0u ? 1u : 0u;
  if (sasl->same_authzid != 0u && !spans_equal(data, authzid, name)) {
    return SMTPC_E_SASL;
  }
  status = name_take(sasl, data, name);
  smtpc_copy(sasl->peer_nonce, data + nonce.begin, len);
  sasl->peer_nonce_len = (uint8_t)len;
  sasl->wants = (uint8_t)SMTPC_SASL_NONCE;
  return status;
}

static bool nonce_is_ours(const smtpc_sasl *sasl, const uint8_t *data,
                          smtpc_span nonce) {
  const size_t peer_len = sasl->peer_nonce_len;
  if (smtpc_span_len(nonce) != peer_len + 2u * SMTPC_NONCE_LEN) {
    return false;
  }
  bool same = true;
  for (size_t i = 0u; i < peer_len; i++) {
    same = same && data[nonce.begin + i] == sasl->peer_nonce[i];
  }
  return same && smtpc_sasl_begins_with_hex(
                     data, smtpc_span_make(nonce.begin + peer_len, nonce.end),
                     sasl->nonce);
}

// RFC 5802 section 3: AuthMessage. The last part stands as the client wrote it;
// what our grammar takes of the first has one spelling only.
static smtpc_status auth_message(smtpc_sasl *sasl, smtpc_sasl_buffer *buffer,
                                 smtpc_span without_proof) {
  smtpc_sasl_sink sink = smtpc_sasl_sink_at(buffer, 0u);
  SMTPC_SASL_PUT(&sink, "n=");
  smtpc_sasl_put_escaped(&sink, sasl->name, sasl->name_len);
  SMTPC_SASL_PUT(&sink, ",r=");
  smtpc_sasl_put(&sink, sasl->peer_nonce, sasl->peer_nonce_len);
  SMTPC_SASL_PUT(&sink, ",");
  smtpc_sasl_put_server_first(sasl, &sink);
  SMTPC_SASL_PUT(&sink, ",");
  smtpc_sasl_put(&sink, buffer->data + without_proof.begin,
                 smtpc_span_len(without_proof));
  return smtpc_sasl_keep(buffer, &sink, &sasl->text);
}

// Takes the header of the first message off `*said`. It is made again behind the
// buffer, to be compared, and wiped.
static smtpc_status header_repeated(const smtpc_sasl *sasl,
                                    smtpc_sasl_buffer *buffer,
                                    smtpc_span *said) {
  const size_t len = buffer->len;
  smtpc_span header = {0u, 0u};
  smtpc_sasl_sink sink = smtpc_sasl_sink_at(buffer, 0u);
  smtpc_sasl_put_gs2(&sink, sasl->flag, sasl->binding, sasl->name,
                     sasl->same_authzid != 0u ? sasl->name_len : 0u);
  const smtpc_status status = smtpc_sasl_keep(buffer, &sink, &header);
  if (status != SMTPC_OK) {
    return status;
  }
  const size_t header_len = smtpc_span_len(header);
  bool same = smtpc_span_len(*said) >= header_len;
  if (same) {
    const size_t end = said->begin + header_len;
    same = spans_equal(buffer->data, header, smtpc_span_make(said->begin, end));
    *said = smtpc_span_make(end, said->end);
  }
  smtpc_sasl_undo(buffer, len);
  return same ? SMTPC_OK : SMTPC_E_BINDING;
}

// RFC 5802 section 5.1: c= has the header of the first message and the binding.
static smtpc_status channel_take(smtpc_sasl *sasl, smtpc_sasl_buffer *buffer,
                                 smtpc_span value) {
  smtpc_span said = {0u, 0u};
  if (smtpc_base64_decode(buffer->data, value, &said) != SMTPC_OK) {
    return SMTPC_E_SASL;
  }
  const smtpc_status status = header_repeated(sasl, buffer, &said);
  if (status != SMTPC_OK) {
    return status;
  }
  if (sasl->flag != (uint8_t)'p' && smtpc_span_len(said) > 0u) {
    return SMTPC_E_BINDING;
  }
  sasl->bound = said;
  return SMTPC_OK;
}

// RFC 5802 section 7: client-final-message, without extensions
static smtpc_status scram_final(smtpc_sasl *sasl, smtpc_sasl_buffer *buffer,
                                smtpc_span message) {
  uint8_t *const data = buffer->data;
  smtpc_span rest = message;
  smtpc_span field[2] = {{0u, 0u}, {0u, 0u}};
  smtpc_span channel = {0u, 0u};
  smtpc_span nonce = {0u, 0u};
  smtpc_span proof = {0u, 0u};
  if (!smtpc_sasl_field(data, &rest, &field[0]) ||
      !smtpc_sasl_field(data, &rest, &field[1]) ||
      !smtpc_sasl_attribute(data, field[0], (uint8_t)'c', &channel) ||
      !smtpc_sasl_attribute(data, field[1], (uint8_t)'r', &nonce) ||
      !smtpc_sasl_attribute(data, rest, (uint8_t)'p', &proof) ||
      !nonce_is_ours(sasl, data, nonce)) {
    return SMTPC_E_SASL;
  }
  // Before c= is decoded in place.
  smtpc_status status =
      auth_message(sasl, buffer, smtpc_span_make(message.begin, field[1].end));
  if (status == SMTPC_OK) {
    status = channel_take(sasl, buffer, channel);
  }
  if (status != SMTPC_OK) {
    return status;
  }
  if (smtpc_base64_decode(data, proof, &sasl->secret) != SMTPC_OK ||
      smtpc_span_len(sasl->secret) != smtpc_sasl_digest_len(sasl->mechanism)) {
    return SMTPC_E_SASL;
  }
  sasl->wants = (uint8_t)(sasl->flag == (uint8_t)'p' ? SMTPC_SASL_BINDING
                                                     : SMTPC_SASL_CHECK);
  return SMTPC_OK;
}

static smtpc_status scram_take(smtpc_sasl *sasl, smtpc_sasl_buffer *buffer,
                               smtpc_span message) {
  if (sasl->step == 0u) {
    return scram_first(sasl, buffer->data, message);
  }
  if (sasl->step == 1u) {
    return scram_final(sasl, buffer, message);
  }
  if (smtpc_span_len(message) > 0u) {
    return SMTPC_E_SASL;
  }
  sasl->wants = (uint8_t)SMTPC_SASL_DONE;
  return SMTPC_OK;
}

// ------------------------------------------------------------------- steps

static smtpc_status response_take(smtpc_sasl *sasl, smtpc_sasl_buffer *buffer,
                                  smtpc_span span, const uint8_t *host,
                                  size_t host_len) {
  smtpc_span message = {0u, 0u};
  // RFC 4954 section 4: exactly `*`, on a line of its own, cancels.
  if (smtpc_span_is(buffer->data, span, "*", 1u)) {
    return SMTPC_E_CANCELLED;
  }
  const smtpc_status status = smtpc_base64_decode(buffer->data, span, &message);
  if (status != SMTPC_OK) {
    return status;
  }
  switch (smtpc_sasl_kind(sasl->mechanism)) {
    case SMTPC_MECHANISM_PLAIN:
      return SMTPC_STEP(PLAIN, plain_take(sasl, buffer->data, message));
    case SMTPC_MECHANISM_LOGIN:
      return SMTPC_STEP(LOGIN, login_take(sasl, buffer->data, message));
    case SMTPC_MECHANISM_CRAM_MD5:
      return SMTPC_STEP(CRAM_MD5,
                        cram_take(sasl, buffer, message, host, host_len));
    case SMTPC_MECHANISM_EXTERNAL:
      return SMTPC_STEP(EXTERNAL, external_take(sasl, buffer->data, message));
    case SMTPC_SASL_SCRAM:
      return SMTPC_STEP(SCRAM, scram_take(sasl, buffer, message));
    default:
      return SMTPC_MECHS_TOKEN != 0u ? token_take(sasl, buffer->data, message)
                                     : SMTPC_E_INTERNAL;
  }
}

smtpc_status smtpc_sasl_server_response(smtpc_sasl *sasl,
                                        smtpc_sasl_buffer *buffer,
                                        smtpc_span span, const uint8_t *host,
                                        size_t host_len) {
  const size_t len = buffer->len;
  if (sasl->wants != SMTPC_SASL_SAY) {
    return SMTPC_E_STATE;
  }
  const smtpc_status status = response_take(sasl, buffer, span, host, host_len);
  if (status != SMTPC_OK) {
    smtpc_sasl_clear(sasl);
    smtpc_sasl_undo(buffer, len);
    return status;
  }
  sasl->step++;
  return SMTPC_OK;
}

// Some mechanism has a nonce of the server's.
#define ASKS_NONCE (SMTPC_WITH(SCRAM) || SMTPC_WITH(CRAM_MD5))

smtpc_status smtpc_sasl_server_nonce(smtpc_sasl *sasl, const uint8_t *data,
                                     size_t len) {
  if (!ASKS_NONCE || sasl->wants != SMTPC_SASL_NONCE) {
    return SMTPC_E_STATE;
  }
  if (data == NULL || len != SMTPC_NONCE_LEN) {
    return SMTPC_E_ARGUMENT;
  }
  smtpc_copy(sasl->nonce, data, len);
  sasl->wants =
      (uint8_t)(sasl->mechanism == SMTPC_MECHANISM_CRAM_MD5 ? SMTPC_SASL_SAY
                                                            : SMTPC_SASL_SALT);
  return SMTPC_OK;
}

smtpc_status smtpc_sasl_server_salt(smtpc_sasl *sasl, const uint8_t *salt,
                                    size_t len, uint32_t iterations) {
  if (!SMTPC_WITH(SCRAM) || sasl->wants != SMTPC_SASL_SALT) {
    return SMTPC_E_STATE;
  }
  if (salt == NULL || len == 0u || len > SMTPC_SALT_MAX ||
      iterations < SMTPC_ITERATIONS_MIN || iterations > SMTPC_ITERATIONS_MAX) {
    return SMTPC_E_ARGUMENT;
  }
  smtpc_copy(sasl->held, salt, len);
  sasl->held_len = (uint8_t)len;
  sasl->iterations = iterations;
  sasl->wants = (uint8_t)SMTPC_SASL_SAY;
  return SMTPC_OK;
}

smtpc_status smtpc_sasl_server_binding(smtpc_sasl *sasl,
                                       const smtpc_sasl_buffer *buffer,
                                       const uint8_t *data, size_t len) {
  if (!SMTPC_WITH(SCRAM) || sasl->wants != SMTPC_SASL_BINDING) {
    return SMTPC_E_STATE;
  }
  const smtpc_span bound = sasl->bound;
  if (data == NULL || len == 0u || smtpc_span_len(bound) != len ||
      bound.end > buffer->len ||
      !smtpc_sasl_same(buffer->data + bound.begin, data, len)) {
    smtpc_sasl_clear(sasl);
    return SMTPC_E_BINDING;
  }
  sasl->bound = smtpc_span_make(0u, 0u);
  sasl->wants = (uint8_t)SMTPC_SASL_CHECK;
  return SMTPC_OK;
}

// What follows on a verdict: a mechanism may have something left to say.
static smtpc_sasl_wants after_verdict(unsigned kind, bool yes) {
  const bool token =
      kind == SMTPC_MECHANISM_OAUTHBEARER || kind == SMTPC_MECHANISM_XOAUTH2;
  smtpc_sasl_wants wants = yes ? SMTPC_SASL_DONE : SMTPC_SASL_REFUSED;
  if (yes ? kind == SMTPC_SASL_SCRAM : token) {
    wants = SMTPC_SASL_SAY;
  }
  return wants;
}

smtpc_status smtpc_sasl_server_verdict(smtpc_sasl *sasl, int yes,
                                       const uint8_t *signature, size_t len) {
  const smtpc_span none = {0u, 0u};
  const unsigned kind = smtpc_sasl_kind(sasl->mechanism);
  const bool signs = SMTPC_WITH(SCRAM) && yes != 0 && kind == SMTPC_SASL_SCRAM;
  if (sasl->wants != SMTPC_SASL_CHECK) {
    return SMTPC_E_STATE;
  }
  if (signs &&
      (signature == NULL || len != smtpc_sasl_digest_len(sasl->mechanism))) {
    return SMTPC_E_ARGUMENT;
  }
  sasl->secret = none;
  sasl->text = none;
  sasl->bound = none;
  sasl->iterations = 0u;
  smtpc_wipe(sasl->held, sizeof sasl->held);
  sasl->held_len = 0u;
  if (signs) {
    smtpc_copy(sasl->held, signature, len);
    sasl->held_len = (uint8_t)len;
  }
  sasl->wants = (uint8_t)after_verdict(kind, yes != 0);
  return SMTPC_OK;
}

#endif  // SMTPC_CONFIG_SERVER && SMTPC_CONFIG_AUTH
