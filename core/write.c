#include "smtpcore/write.h"

#include "smtpcore/path.h"

// ------------------------------------------------ a line under construction

smtpc_out smtpc_out_begin(uint8_t *data, size_t cap) {
  smtpc_out out = {data, 0u, 0u, SMTPC_OK};
  // RFC 5321 sections 4.5.3.1.4 and 4.5.3.1.5: the one place that bounds lines.
  out.cap = cap < SMTPC_OUT_MAX ? cap : SMTPC_OUT_MAX;
  return out;
}

void smtpc_out_fail(smtpc_out *out, smtpc_status status) {
  if (out->status == SMTPC_OK) {
    out->status = status;
  }
}

void smtpc_out_octet(smtpc_out *out, uint8_t octet) {
  const size_t at = out->len;
  if (out->status != SMTPC_OK) {
    return;
  }
  if (at >= out->cap) {
    out->status = SMTPC_E_ROOM;
    return;
  }
  out->data[at] = octet;
  out->len = at + 1u;
}

void smtpc_out_text(smtpc_out *out, const char *text, size_t len) {
  for (size_t i = 0u; i < len; i++) {
    smtpc_out_octet(out, (uint8_t)text[i]);
  }
}

static smtpc_status octet_check(uint8_t c, bool allow_8bit) {
  smtpc_status status = SMTPC_OK;
  if (c == (uint8_t)'\r') {
    status = SMTPC_E_BARE_CR;
  } else if (c == (uint8_t)'\n') {
    status = SMTPC_E_BARE_LF;
  } else if (c == 0u) {
    status = SMTPC_E_NUL;
  } else if (smtpc_is_control(c)) {
    status = SMTPC_E_CONTROL;
  } else if (c >= 0x80u && !allow_8bit) {
    status = SMTPC_E_NON_ASCII;
  }
  return status;
}

static smtpc_status octets_check(const uint8_t *data, size_t len,
                                 bool allow_8bit) {
  smtpc_status status = SMTPC_OK;
  if (data == NULL && len > 0u) {
    return SMTPC_E_ARGUMENT;
  }
  for (size_t i = 0u; i < len && status == SMTPC_OK; i++) {
    status = octet_check(data[i], allow_8bit);
  }
  return status;
}

void smtpc_out_octets(smtpc_out *out, const uint8_t *data, size_t len,
                      int allow_8bit) {
  // All octets are checked before the first is written, so that what is wrong
  // with a field is told even when the field would not fit.
  smtpc_out_fail(out, octets_check(data, len, allow_8bit != 0));
  for (size_t i = 0u; i < len && out->status == SMTPC_OK; i++) {
    smtpc_out_octet(out, data[i]);
  }
}

void smtpc_out_number(smtpc_out *out, uint64_t value) {
  uint8_t digits[20];  // 2^64-1 has 20 digits
  size_t at = sizeof digits;
  uint64_t left = value;
  do {
    at--;
    digits[at] = (uint8_t)((uint64_t)'0' + left % 10u);
    left /= 10u;
  } while (left > 0u && at > 0u);
  for (; at < sizeof digits; at++) {
    smtpc_out_octet(out, digits[at]);
  }
}

smtpc_status smtpc_out_end(smtpc_out *out, size_t *out_len) {
  smtpc_out_octet(out, (uint8_t)'\r');
  smtpc_out_octet(out, (uint8_t)'\n');
  *out_len = 0u;
  if (out->status != SMTPC_OK) {
    // A caller that overlooks the status must not find half a line.
    smtpc_wipe(out->data, out->len);
    out->len = 0u;
    return out->status;
  }
  *out_len = out->len;
  return SMTPC_OK;
}

// ---------------------------------------------------------------- replies

static void put_code(smtpc_out *out, unsigned code, int last) {
  smtpc_out_number(out, code);
  // RFC 4954 section 4: the space stands also before an empty text.
  smtpc_out_octet(out, last != 0 ? (uint8_t)' ' : (uint8_t)'-');
}

static void put_enhanced(smtpc_out *out, smtpc_reply_row row) {
  smtpc_out_number(out, row.enhanced_class);
  smtpc_out_octet(out, (uint8_t)'.');
  smtpc_out_number(out, row.enhanced_subject);
  smtpc_out_octet(out, (uint8_t)'.');
  smtpc_out_number(out, row.enhanced_detail);
  smtpc_out_octet(out, (uint8_t)' ');
}

smtpc_status smtpc_write_reply(uint8_t *out, size_t cap, size_t *out_len,
                               unsigned id, int last, int enhanced,
                               const uint8_t *text, size_t text_len) {
  smtpc_out line = smtpc_out_begin(out, cap);
  const smtpc_reply_row row = smtpc_reply_get(id);
  if (row.code == 0u) {
    smtpc_out_fail(&line, SMTPC_E_ARGUMENT);
  }
  put_code(&line, row.code, last);
  if (enhanced != 0 && row.enhanced_class != 0u) {
    put_enhanced(&line, row);
  }
  if (text_len > 0u) {
    smtpc_out_octets(&line, text, text_len, 0);
  } else {
    smtpc_out_text(&line, row.text, row.text_len);
  }
  return smtpc_out_end(&line, out_len);
}

static void put_mechanisms(smtpc_out *out, uint16_t mechanisms) {
  unsigned left = mechanisms;
  // RFC 4954 section 3: the keyword stands before at least one mechanism.
  if (left == 0u) {
    smtpc_out_fail(out, SMTPC_E_ARGUMENT);
  }
  for (unsigned id = 1u; id < SMTPC_MECHANISM_COUNT; id++) {
    if ((left & (1u << id)) != 0u) {
      const smtpc_mechanism_row row = smtpc_mechanism_get(id);
      smtpc_out_octet(out, (uint8_t)' ');
      smtpc_out_text(out, row.name, row.name_len);
      left &= ~(1u << id);
    }
  }
  if (left != 0u) {
    smtpc_out_fail(out, SMTPC_E_ARGUMENT);
  }
}

smtpc_status smtpc_write_extension(uint8_t *out, size_t cap, size_t *out_len,
                                   unsigned extension, int last, uint64_t size,
                                   uint16_t mechanisms) {
  smtpc_out line = smtpc_out_begin(out, cap);
  const smtpc_extension_row row = smtpc_extension_get(extension);
  if (row.name_len == 0u) {
    smtpc_out_fail(&line, SMTPC_E_ARGUMENT);
  }
  put_code(&line, smtpc_reply_get(SMTPC_REPLY_EHLO_OK).code, last);
  smtpc_out_text(&line, row.name, row.name_len);
  if (row.value == SMTPC_VALUE_NUMBER) {
    smtpc_out_octet(&line, (uint8_t)' ');
    smtpc_out_number(&line, size);
  } else if (row.value == SMTPC_VALUE_WORDS) {
    put_mechanisms(&line, mechanisms);
  }
  return smtpc_out_end(&line, out_len);
}

// --------------------------------------------------------------- commands

static void put_verb(smtpc_out *out, unsigned verb) {
  const smtpc_verb_row row = smtpc_verb_get(verb);
  if (row.name_len == 0u) {
    smtpc_out_fail(out, SMTPC_E_ARGUMENT);
  }
  smtpc_out_text(out, row.name, row.name_len);
}

smtpc_status smtpc_write_verb(uint8_t *out, size_t cap, size_t *out_len,
                              unsigned verb, const uint8_t *argument,
                              size_t argument_len) {
  smtpc_out line = smtpc_out_begin(out, cap);
  put_verb(&line, verb);
  if (argument_len > 0u) {
    smtpc_out_octet(&line, (uint8_t)' ');
    smtpc_out_octets(&line, argument, argument_len, 0);
  }
  return smtpc_out_end(&line, out_len);
}

static smtpc_status host_check(const uint8_t *name, size_t len,
                               bool allow_literal) {
  if (len > SMTPC_DOMAIN_MAX) {
    return SMTPC_E_TOO_LONG;
  }
  const smtpc_span span = smtpc_span_make(0u, len);
  if (allow_literal && smtpc_span_peek(name, span) == (int)'[') {
    uint8_t host = (uint8_t)SMTPC_HOST_NONE;
    return smtpc_literal_parse(name, span, &host);
  }
  return smtpc_domain_parse(name, span, 0u);
}

smtpc_status smtpc_write_hello(uint8_t *out, size_t cap, size_t *out_len,
                               unsigned verb, const uint8_t *name,
                               size_t name_len) {
  smtpc_out line = smtpc_out_begin(out, cap);
  const bool ehlo = verb == SMTPC_VERB_EHLO;
  if (!ehlo && verb != SMTPC_VERB_HELO) {
    smtpc_out_fail(&line, SMTPC_E_ARGUMENT);
  }
  smtpc_out_fail(&line, octets_check(name, name_len, false));
  if (line.status == SMTPC_OK) {
    line.status = host_check(name, name_len, ehlo);
  }
  put_verb(&line, verb);
  smtpc_out_octet(&line, (uint8_t)' ');
  smtpc_out_octets(&line, name, name_len, 0);
  return smtpc_out_end(&line, out_len);
}

smtpc_status smtpc_write_bdat(uint8_t *out, size_t cap, size_t *out_len,
                              uint64_t size, int last) {
  smtpc_out line = smtpc_out_begin(out, cap);
  put_verb(&line, SMTPC_VERB_BDAT);
  smtpc_out_octet(&line, (uint8_t)' ');
  smtpc_out_number(&line, size);
  if (last != 0) {
    smtpc_out_text(&line, " LAST", 5u);
  }
  return smtpc_out_end(&line, out_len);
}

// ------------------------------------------------------------ the envelope

static bool is_postmaster(const uint8_t *address, size_t len) {
  return smtpc_span_is(address, smtpc_span_make(0u, len), "POSTMASTER", 10u);
}

static smtpc_status address_check(const smtpc_envelope *envelope, unsigned verb,
                                  bool utf8) {
  const uint8_t *address = envelope->address;
  const size_t len = envelope->address_len;
  smtpc_path path;
  const smtpc_status status = octets_check(address, len, utf8);
  if (status != SMTPC_OK) {
    return status;
  }
  if (len == 0u) {
    return verb == SMTPC_VERB_MAIL ? SMTPC_OK : SMTPC_E_PATH;
  }
  if (len + 2u > SMTPC_PATH_MAX) {
    return SMTPC_E_TOO_LONG;
  }
  // RFC 5321 section 4.1.1.3: the one recipient without a domain.
  if (verb == SMTPC_VERB_RCPT && is_postmaster(address, len)) {
    return SMTPC_OK;
  }
  return smtpc_mailbox_parse(address, smtpc_span_make(0u, len),
                             utf8 ? SMTPC_ALLOW_UTF8 : 0u, &path);
}

static void put_path(smtpc_out *out, const smtpc_envelope *envelope,
                     unsigned verb, bool utf8) {
  smtpc_out_fail(out, address_check(envelope, verb, utf8));
  put_verb(out, verb);
  if (verb == SMTPC_VERB_MAIL) {
    smtpc_out_text(out, " FROM:<", 7u);
  } else {
    smtpc_out_text(out, " TO:<", 5u);
  }
  smtpc_out_octets(out, envelope->address, envelope->address_len, utf8 ? 1 : 0);
  smtpc_out_octet(out, (uint8_t)'>');
}

// RFC 3461 section 4: what stands for itself in xtext.
static bool is_xchar(uint8_t c) {
  return c > 0x20u && c < 0x7fu && c != (uint8_t)'+' && c != (uint8_t)'=';
}

static void put_xchar(smtpc_out *out, uint8_t c) {
  static const char hex[] = "0123456789ABCDEF";
  if (is_xchar(c)) {
    smtpc_out_octet(out, c);
    return;
  }
  smtpc_out_octet(out, (uint8_t)'+');
  smtpc_out_octet(out, (uint8_t)hex[c >> 4]);
  smtpc_out_octet(out, (uint8_t)hex[c & 15u]);
}

// `max` bounds the encoded length, which is what the peer counts.
static void put_xtext(smtpc_out *out, const uint8_t *data, size_t len,
                      size_t max) {
  size_t encoded = 0u;
  smtpc_out_fail(out, octets_check(data, len, false));
  for (size_t i = 0u; i < len && out->status == SMTPC_OK; i++) {
    encoded += is_xchar(data[i]) ? 1u : 3u;
  }
  if (encoded > max) {
    smtpc_out_fail(out, SMTPC_E_TOO_LONG);
  }
  for (size_t i = 0u; i < len && out->status == SMTPC_OK; i++) {
    put_xchar(out, data[i]);
  }
}

static void put_envid(smtpc_out *out, const smtpc_envelope *envelope) {
  if (envelope->envid_len == 0u) {
    smtpc_out_fail(out, SMTPC_E_PARAM_VALUE_MISSING);
  }
  put_xtext(out, envelope->envid, envelope->envid_len, SMTPC_ENVID_MAX);
}

// RFC 4954 section 5: a mailbox, or `<>` for nobody.
static void put_auth(smtpc_out *out, const smtpc_envelope *envelope) {
  const size_t len = envelope->auth_len;
  smtpc_path path;
  if (len == 0u) {
    smtpc_out_text(out, "<>", 2u);
    return;
  }
  smtpc_out_fail(out, octets_check(envelope->auth, len, false));
  if (out->status == SMTPC_OK) {
    out->status = smtpc_mailbox_parse(envelope->auth, smtpc_span_make(0u, len),
                                      0u, &path);
  }
  put_xtext(out, envelope->auth, len, SMTPC_PARAM_AUTH_MAX);
}

// RFC 3461 section 4.2: addr-type is an atom. `=` is atext, but no esmtp-value
// may have it (RFC 5321 section 4.1.2).
static smtpc_status orcpt_type_check(const uint8_t *type, size_t len) {
  smtpc_status status = octets_check(type, len, false);
  for (size_t i = 0u; i < len && status == SMTPC_OK; i++) {
    const uint8_t c = type[i];
    if (!smtpc_is_atext(c) || c == (uint8_t)'=') {
      status = SMTPC_E_PARAM_VALUE;
    }
  }
  if (status == SMTPC_OK && len >= SMTPC_ORCPT_MAX) {
    status = SMTPC_E_TOO_LONG;
  }
  return status;
}

static void put_orcpt(smtpc_out *out, const smtpc_envelope *envelope) {
  const size_t len = envelope->orcpt_type_len;
  if (len == 0u || envelope->orcpt_len == 0u) {
    smtpc_out_fail(out, SMTPC_E_PARAM_VALUE_MISSING);
  }
  smtpc_out_fail(out, orcpt_type_check(envelope->orcpt_type, len));
  if (out->status != SMTPC_OK) {
    return;
  }
  smtpc_out_octets(out, envelope->orcpt_type, len, 0);
  smtpc_out_octet(out, (uint8_t)';');
  put_xtext(out, envelope->orcpt, envelope->orcpt_len,
            SMTPC_ORCPT_MAX - 1u - len);
}

static void put_body(smtpc_out *out, unsigned body) {
  if (body == SMTPC_BODY_7BIT) {
    smtpc_out_text(out, "7BIT", 4u);
  } else if (body == SMTPC_BODY_8BITMIME) {
    smtpc_out_text(out, "8BITMIME", 8u);
  } else {
    // RFC 3030 section 3: BINARYMIME needs an extension that we do not have.
    smtpc_out_fail(out, SMTPC_E_PARAM_VALUE);
  }
}

static void put_ret(smtpc_out *out, unsigned ret) {
  if (ret == SMTPC_RET_FULL) {
    smtpc_out_text(out, "FULL", 4u);
  } else if (ret == SMTPC_RET_HDRS) {
    smtpc_out_text(out, "HDRS", 4u);
  } else {
    smtpc_out_fail(out, SMTPC_E_PARAM_VALUE);
  }
}

static void put_notify_word(smtpc_out *out, unsigned *left, unsigned bit,
                            const char *word, size_t len) {
  if ((*left & bit) == 0u) {
    return;
  }
  smtpc_out_text(out, word, len);
  *left &= ~bit;
  if (*left != 0u) {
    smtpc_out_octet(out, (uint8_t)',');
  }
}

static void put_notify(smtpc_out *out, unsigned notify) {
  unsigned left = notify;
  if (notify == SMTPC_NOTIFY_NEVER) {
    smtpc_out_text(out, "NEVER", 5u);
    return;
  }
  put_notify_word(out, &left, SMTPC_NOTIFY_SUCCESS, "SUCCESS", 7u);
  put_notify_word(out, &left, SMTPC_NOTIFY_FAILURE, "FAILURE", 7u);
  put_notify_word(out, &left, SMTPC_NOTIFY_DELAY, "DELAY", 5u);
  // RFC 3461 section 4.1: NEVER stands alone, and something must stand.
  if (left != 0u || notify == 0u) {
    smtpc_out_fail(out, SMTPC_E_PARAM_VALUE);
  }
}

static void put_value(smtpc_out *out, const smtpc_envelope *envelope,
                      unsigned id) {
  switch ((smtpc_param)id) {
    case SMTPC_PARAM_SIZE:
      smtpc_out_number(out, envelope->size);
      break;
    case SMTPC_PARAM_BODY:
      put_body(out, envelope->body);
      break;
    case SMTPC_PARAM_AUTH:
      put_auth(out, envelope);
      break;
    case SMTPC_PARAM_RET:
      put_ret(out, envelope->ret);
      break;
    case SMTPC_PARAM_ENVID:
      put_envid(out, envelope);
      break;
    case SMTPC_PARAM_NOTIFY:
      put_notify(out, envelope->notify);
      break;
    case SMTPC_PARAM_ORCPT:
      put_orcpt(out, envelope);
      break;
    case SMTPC_PARAM_SMTPUTF8:
    case SMTPC_PARAM_REQUIRETLS:
    case SMTPC_PARAM_COUNT:
      // These have no value, so the registry never leads here.
      smtpc_out_fail(out, SMTPC_E_INTERNAL);
      break;
  }
}

// Parameters stand in the order of the registry, so equal envelopes give equal
// lines.
static void put_params(smtpc_out *out, const smtpc_envelope *envelope,
                       unsigned verb) {
  uint32_t left = envelope->seen;
  for (unsigned id = 0u; id < SMTPC_PARAM_COUNT; id++) {
    const uint32_t bit = (uint32_t)1u << id;
    const smtpc_param_row row = smtpc_param_get(id);
    if ((left & bit) != 0u && row.verb == verb) {
      left &= ~bit;
      smtpc_out_octet(out, (uint8_t)' ');
      smtpc_out_text(out, row.name, row.name_len);
      if (row.value == SMTPC_PARAM_VALUE_NEEDED) {
        smtpc_out_octet(out, (uint8_t)'=');
        put_value(out, envelope, id);
      }
    }
  }
  if (left != 0u) {
    smtpc_out_fail(out, SMTPC_E_ARGUMENT);
  }
}

smtpc_status smtpc_write_mail(uint8_t *out, size_t cap, size_t *out_len,
                              const smtpc_envelope *mail) {
  smtpc_out line = smtpc_out_begin(out, cap);
  const bool utf8 = (mail->seen & SMTPC_HAS(SMTPUTF8)) != 0u;
  put_path(&line, mail, SMTPC_VERB_MAIL, utf8);
  put_params(&line, mail, SMTPC_VERB_MAIL);
  return smtpc_out_end(&line, out_len);
}

smtpc_status smtpc_write_rcpt(uint8_t *out, size_t cap, size_t *out_len,
                              const smtpc_envelope *rcpt, int utf8) {
  smtpc_out line = smtpc_out_begin(out, cap);
  put_path(&line, rcpt, SMTPC_VERB_RCPT, utf8 != 0);
  put_params(&line, rcpt, SMTPC_VERB_RCPT);
  return smtpc_out_end(&line, out_len);
}
