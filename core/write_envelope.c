#include "core/config_parts.h"
#include "core/write_parts.h"
#include "smtpcore/path.h"

#if SMTPC_CONFIG_CLIENT

// ------------------------------------------------------------ the envelope

static bool is_postmaster(const uint8_t *address, size_t len) {
  return smtpc_span_is(address, smtpc_span_make(0u, len), "POSTMASTER", 10u);
}

static smtpc_status address_check(const smtpc_envelope *envelope, unsigned verb,
                                  bool utf8) {
  const uint8_t *address = envelope->address;
  const size_t len = envelope->address_len;
  smtpc_path path;
  const smtpc_status status = smtpc_write_check(address, len, utf8);
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
  smtpc_write_put_verb(out, verb);
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
  smtpc_out_fail(out, smtpc_write_check(data, len, false));
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
  smtpc_out_fail(out, smtpc_write_check(envelope->auth, len, false));
  if (out->status == SMTPC_OK) {
    const smtpc_status status = smtpc_mailbox_parse(
        envelope->auth, smtpc_span_make(0u, len), 0u, &path);
    const bool none = status != SMTPC_OK && status != SMTPC_E_TOO_LONG;
    out->status = (uint8_t)(none ? SMTPC_E_PARAM_VALUE : status);
  }
  put_xtext(out, envelope->auth, len, SMTPC_PARAM_AUTH_MAX);
}

// RFC 3461 section 4.2: addr-type is an atom. `=` is atext, but no esmtp-value
// may have it (RFC 5321 section 4.1.2).
static smtpc_status orcpt_type_check(const uint8_t *type, size_t len) {
  smtpc_status status = smtpc_write_check(type, len, false);
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
  } else if (body == SMTPC_BODY_BINARYMIME) {
    smtpc_out_text(out, "BINARYMIME", 10u);
  } else {
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

static void put_seconds(smtpc_out *out, uint32_t seconds) {
  if (seconds > SMTPC_SECONDS_MAX) {
    smtpc_out_fail(out, SMTPC_E_NUMBER_TOO_LARGE);
  }
  smtpc_out_number(out, seconds);
}

// RFC 2852 section 4
static void put_by(smtpc_out *out, const smtpc_envelope *envelope) {
  const int32_t time = envelope->by_time;
  const bool returns = envelope->by_mode == SMTPC_BY_RETURN;
  const uint32_t seconds =
      time < 0 ? (uint32_t)(-(int64_t)time) : (uint32_t)time;
  if (envelope->by_mode == SMTPC_BY_NONE ||
      envelope->by_mode > SMTPC_BY_RETURN || (returns && time <= 0) ||
      envelope->by_trace > 1u) {
    smtpc_out_fail(out, SMTPC_E_PARAM_VALUE);
  }
  if (time < 0) {
    smtpc_out_octet(out, (uint8_t)'-');
  }
  put_seconds(out, seconds);
  smtpc_out_octet(out, (uint8_t)';');
  smtpc_out_octet(out, returns ? (uint8_t)'R' : (uint8_t)'N');
  if (envelope->by_trace != 0u) {
    smtpc_out_octet(out, (uint8_t)'T');
  }
}

static void put_date(smtpc_out *out, uint64_t when) {
  uint8_t date[SMTPC_DATE_LEN];
  if (smtpc_date_write(when, date) != SMTPC_OK) {
    smtpc_out_fail(out, SMTPC_E_PARAM_VALUE);
    return;
  }
  smtpc_out_octets(out, date, sizeof date, 0);
}

// RFC 4865 section 5: one of the two, and a time that is positive.
static void put_hold(smtpc_out *out, const smtpc_envelope *envelope) {
  if ((envelope->seen & SMTPC_HAS(HOLDUNTIL)) != 0u ||
      envelope->hold_for == 0u) {
    smtpc_out_fail(out, SMTPC_E_PARAM_VALUE);
  }
  put_seconds(out, envelope->hold_for);
}

// RFC 6710 section 3
static void put_priority(smtpc_out *out, int priority) {
  if (priority < -9 || priority > 9) {
    smtpc_out_fail(out, SMTPC_E_NUMBER_TOO_LARGE);
    return;
  }
  if (priority < 0) {
    smtpc_out_octet(out, (uint8_t)'-');
  }
  smtpc_out_number(out, (uint64_t)(priority < 0 ? -priority : priority));
}

static void put_rrvs(smtpc_out *out, const smtpc_envelope *envelope) {
  put_date(out, envelope->when);
  if (envelope->rrvs == SMTPC_RRVS_CONTINUE) {
    smtpc_out_text(out, ";C", 2u);
  } else if (envelope->rrvs == SMTPC_RRVS_REJECT) {
    smtpc_out_text(out, ";R", 2u);
  } else if (envelope->rrvs != SMTPC_RRVS_NONE) {
    smtpc_out_fail(out, SMTPC_E_PARAM_VALUE);
  }
}

// A value that stands as it is. What may stand in it is the parser's to say: `put_params`
// asks it when the line is whole.
static void put_word(smtpc_out *out, const uint8_t *data, size_t len,
                     size_t max) {
  if (len == 0u) {
    smtpc_out_fail(out, SMTPC_E_PARAM_VALUE_MISSING);
  }
  smtpc_out_fail(out, smtpc_write_check(data, len, false));
  if (len > max) {
    smtpc_out_fail(out, SMTPC_E_TOO_LONG);
  }
  for (size_t i = 0u; i < len && out->status == SMTPC_OK; i++) {
    if (data[i] == (uint8_t)' ' || data[i] == (uint8_t)'=') {
      smtpc_out_fail(out, SMTPC_E_PARAM_VALUE);
    }
  }
  smtpc_out_octets(out, data, len, 0);
}

static void put_mtrk(smtpc_out *out, const smtpc_envelope *envelope) {
  const size_t len = envelope->mtrk_len;
  smtpc_out_fail(out, smtpc_write_check(envelope->mtrk, len, false));
  if (len > 0u && len != SMTPC_MTRK_LEN) {
    smtpc_out_fail(out, SMTPC_E_PARAM_VALUE);
  }
  put_word(out, envelope->mtrk, len, SMTPC_MTRK_LEN);
  if (envelope->mtrk_timeout > 0u) {
    smtpc_out_octet(out, (uint8_t)':');
    put_seconds(out, envelope->mtrk_timeout);
  }
}

static void put_transid(smtpc_out *out, const smtpc_envelope *envelope) {
  smtpc_out_octet(out, (uint8_t)'<');
  put_word(out, envelope->transid, envelope->transid_len,
           SMTPC_TRANSID_MAX - 2u);
  smtpc_out_octet(out, (uint8_t)'>');
}

// `seen_check` lets no parameter come here that this configuration has not.
#define PUT(setting, step)     \
  do {                         \
    if (SMTPC_WITH(setting)) { \
      step;                    \
    }                          \
  } while (false)

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
      PUT(AUTH, put_auth(out, envelope));
      break;
    case SMTPC_PARAM_RET:
      PUT(DSN, put_ret(out, envelope->ret));
      break;
    case SMTPC_PARAM_ENVID:
      PUT(DSN, put_envid(out, envelope));
      break;
    case SMTPC_PARAM_BY:
      PUT(EXTRAS, put_by(out, envelope));
      break;
    case SMTPC_PARAM_HOLDFOR:
      PUT(EXTRAS, put_hold(out, envelope));
      break;
    case SMTPC_PARAM_HOLDUNTIL:
      PUT(EXTRAS, put_date(out, envelope->when));
      break;
    case SMTPC_PARAM_MT_PRIORITY:
      PUT(EXTRAS, put_priority(out, envelope->mt_priority));
      break;
    case SMTPC_PARAM_SOLICIT:
      PUT(EXTRAS, put_word(out, envelope->solicit, envelope->solicit_len,
                           SMTPC_SOLICIT_MAX));
      break;
    case SMTPC_PARAM_MTRK:
      PUT(EXTRAS, put_mtrk(out, envelope));
      break;
    case SMTPC_PARAM_TRANSID:
      PUT(EXTRAS, put_transid(out, envelope));
      break;
    case SMTPC_PARAM_NOTIFY:
      PUT(DSN, put_notify(out, envelope->notify));
      break;
    case SMTPC_PARAM_ORCPT:
      PUT(DSN, put_orcpt(out, envelope));
      break;
    case SMTPC_PARAM_RRVS:
      PUT(EXTRAS, put_rrvs(out, envelope));
      break;
    case SMTPC_PARAM_SMTPUTF8:
    case SMTPC_PARAM_REQUIRETLS:
    case SMTPC_PARAM_CONPERM:
    case SMTPC_PARAM_PRDR:
    case SMTPC_PARAM_CONNEG:
    case SMTPC_PARAM_COUNT:
      // These have no value, so the registry never leads here.
      smtpc_out_fail(out, SMTPC_E_INTERNAL);
      break;
  }
}

// The one grammar of parameters: what is written must read as what was meant. Values
// that stand as they are rest on this.
static smtpc_status reads_back(const smtpc_out *out, size_t from,
                               const smtpc_envelope *envelope, unsigned verb) {
  smtpc_params params;
  const smtpc_span span = smtpc_span_make(from, out->len);
  const smtpc_status status =
      smtpc_params_parse(out->data, span, verb, UINT32_MAX, &params);
  if (status != SMTPC_OK) {
    return status;
  }
  return params.seen == envelope->seen ? SMTPC_OK : SMTPC_E_PARAM_VALUE;
}

// Parameters stand in the order of the registry, so equal envelopes give equal
// lines.
static void put_params(smtpc_out *out, const smtpc_envelope *envelope,
                       unsigned verb) {
  const size_t from = out->len;
  for (unsigned id = 0u; id < SMTPC_PARAM_COUNT; id++) {
    const smtpc_param_row row = smtpc_param_get(id);
    if (((envelope->seen >> id) & 1u) != 0u && out->status == SMTPC_OK) {
      smtpc_out_octet(out, (uint8_t)' ');
      smtpc_out_text(out, row.name, row.name_len);
      if (row.value == SMTPC_PARAM_VALUE_NEEDED) {
        smtpc_out_octet(out, (uint8_t)'=');
        put_value(out, envelope, id);
      }
    }
  }
  if (SMTPC_WITH(EXTRAS) && out->status == SMTPC_OK && envelope->seen != 0u) {
    smtpc_out_fail(out, reads_back(out, from, envelope, verb));
  }
}

static smtpc_status seen_check(uint32_t seen, unsigned verb) {
  uint32_t left = seen;
  for (unsigned id = 0u; id < SMTPC_PARAM_COUNT; id++) {
    const smtpc_param_row row = smtpc_param_get(id);
    const bool known =
        ((SMTPC_EXTENSIONS_OFF >> (row.extension & 31u)) & 1u) == 0u;
    if (row.verb == verb && known) {
      left &= ~((uint32_t)1u << id);
    }
  }
  return left == 0u ? SMTPC_OK : SMTPC_E_ARGUMENT;
}

smtpc_status smtpc_write_mail(uint8_t *out, size_t cap, size_t *out_len,
                              const smtpc_envelope *mail) {
  smtpc_out line = smtpc_out_begin(out, cap);
  const bool utf8 = (mail->seen & SMTPC_HAS(SMTPUTF8)) != 0u;
  smtpc_out_fail(&line, seen_check(mail->seen, SMTPC_VERB_MAIL));
  put_path(&line, mail, SMTPC_VERB_MAIL, utf8);
  put_params(&line, mail, SMTPC_VERB_MAIL);
  return smtpc_out_end(&line, out_len);
}

smtpc_status smtpc_write_rcpt(uint8_t *out, size_t cap, size_t *out_len,
                              const smtpc_envelope *rcpt, int utf8) {
  smtpc_out line = smtpc_out_begin(out, cap);
  smtpc_out_fail(&line, seen_check(rcpt->seen, SMTPC_VERB_RCPT));
  put_path(&line, rcpt, SMTPC_VERB_RCPT, utf8 != 0);
  put_params(&line, rcpt, SMTPC_VERB_RCPT);
  return smtpc_out_end(&line, out_len);
}

#endif  // SMTPC_CONFIG_CLIENT
