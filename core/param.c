#include "smtpcore/param.h"

#include "core/config_parts.h"
#include "smtpcore/path.h"

// A mailbox that fits into a path, the most that AUTH= may decode to.
#define MAILBOX_MAX (SMTPC_PATH_MAX - 2u)

static const smtpc_params none = {0};

// ----------------------------------------------------------------------- xtext

// hex_value returns the value of an upper-case HEXDIG, 16 for another octet.
static unsigned hex_value(uint8_t c) {
  unsigned value = 16u;
  if (smtpc_is_digit(c)) {
    value = (unsigned)c - (unsigned)'0';
  } else if (c >= (uint8_t)'A' && c <= (uint8_t)'F') {
    value = (unsigned)c - (unsigned)'A' + 10u;
  }
  return value;
}

// xtext_next takes one xchar or hexchar off `*rest` and stores what it stands
// for. It returns false for what is neither, or stands for no printable octet.
static bool xtext_next(const uint8_t *line, smtpc_span *rest, uint8_t *out) {
  uint8_t c = 0u;
  if (!smtpc_span_next(line, rest, &c)) {
    return false;
  }
  if (c != (uint8_t)'+') {
    *out = c;
    return c >= 33u && c <= 126u && c != (uint8_t)'=';
  }
  uint8_t high = 0u;
  uint8_t low = 0u;
  if (!smtpc_span_next(line, rest, &high) ||
      !smtpc_span_next(line, rest, &low)) {
    return false;
  }
  const unsigned value = hex_value(high) * 16u + hex_value(low);
  // RFC 3461 sections 4.2 and 4.4: the decoded text is printable. An octet that
  // is no HEXDIG counts as 16, and must not pass for a sum in range.
  *out = (uint8_t)(value & 0xffu);
  return hex_value(high) < 16u && hex_value(low) < 16u && value >= 32u &&
         value <= 126u;
}

smtpc_status smtpc_xtext_check(const uint8_t *line, smtpc_span span) {
  smtpc_span rest = span;
  while (rest.begin < rest.end) {
    uint8_t octet = 0u;
    if (!xtext_next(line, &rest, &octet)) {
      return SMTPC_E_XTEXT;
    }
  }
  return SMTPC_OK;
}

smtpc_status smtpc_xtext_decode(const uint8_t *line, smtpc_span span,
                                uint8_t *out, size_t cap, size_t *out_len) {
  *out_len = 0u;
  if (smtpc_xtext_check(line, span) != SMTPC_OK) {
    return SMTPC_E_XTEXT;
  }
  smtpc_span rest = span;
  size_t len = 0u;
  while (rest.begin < rest.end) {
    uint8_t octet = 0u;
    if (!xtext_next(line, &rest, &octet)) {
      return SMTPC_E_XTEXT;
    }
    if (len >= cap) {
      return SMTPC_E_ROOM;
    }
    out[len] = octet;
    len++;
  }
  *out_len = len;
  return SMTPC_OK;
}

// ---------------------------------------------------------------------- values

// RFC 6152 section 2, RFC 3030 section 3: BINARYMIME can be sent with BDAT only.
static smtpc_status take_body(const uint8_t *line, smtpc_span value,
                              uint32_t offered, smtpc_params *out) {
  const uint32_t binary = SMTPC_OFFERS(BINARYMIME) | SMTPC_OFFERS(CHUNKING);
  if (smtpc_span_is(line, value, "7BIT", 4u)) {
    out->body = SMTPC_BODY_7BIT;
  } else if (smtpc_span_is(line, value, "8BITMIME", 8u)) {
    out->body = SMTPC_BODY_8BITMIME;
  } else if (smtpc_span_is(line, value, "BINARYMIME", 10u) &&
             (offered & binary) == binary) {
    out->body = SMTPC_BODY_BINARYMIME;
  } else {
    return SMTPC_E_PARAM_VALUE;
  }
  return SMTPC_OK;
}

// RFC 3461 section 4.3
static smtpc_status take_ret(const uint8_t *line, smtpc_span value,
                             smtpc_params *out) {
  if (smtpc_span_is(line, value, "FULL", 4u)) {
    out->ret = SMTPC_RET_FULL;
  } else if (smtpc_span_is(line, value, "HDRS", 4u)) {
    out->ret = SMTPC_RET_HDRS;
  } else {
    return SMTPC_E_PARAM_VALUE;
  }
  return SMTPC_OK;
}

// RFC 3461 section 4.4
static smtpc_status take_envid(const uint8_t *line, smtpc_span value,
                               smtpc_params *out) {
  if (smtpc_span_len(value) > SMTPC_ENVID_MAX) {
    return SMTPC_E_TOO_LONG;
  }
  out->envid = value;
  return smtpc_xtext_check(line, value);
}

// RFC 3461 section 4.2: addr-type ";" xtext. An addr-type is an atom, but `=`
// cannot stand in an esmtp-value.
static smtpc_status take_orcpt(const uint8_t *line, smtpc_span value,
                               smtpc_params *out) {
  if (smtpc_span_len(value) > SMTPC_ORCPT_MAX) {
    return SMTPC_E_TOO_LONG;
  }
  const size_t semicolon = smtpc_span_find(line, value, (uint8_t)';');
  if (semicolon == value.begin || semicolon >= value.end) {
    return SMTPC_E_PARAM_VALUE;
  }
  for (size_t i = value.begin; i < semicolon; i++) {
    const uint8_t c = line[i];
    if (!smtpc_is_atext(c) || c == (uint8_t)'=') {
      return SMTPC_E_PARAM_VALUE;
    }
  }
  out->orcpt_type = smtpc_span_make(value.begin, semicolon);
  out->orcpt = smtpc_span_make(semicolon + 1u, value.end);
  return smtpc_xtext_check(line, out->orcpt);
}

// RFC 4954 section 5: what the xtext stands for is a Mailbox or "<>".
static smtpc_status take_auth(const uint8_t *line, smtpc_span value,
                              smtpc_params *out) {
  if (smtpc_span_len(value) > SMTPC_PARAM_AUTH_MAX) {
    return SMTPC_E_TOO_LONG;
  }
  uint8_t mailbox[MAILBOX_MAX];
  size_t len = 0u;
  smtpc_status status =
      smtpc_xtext_decode(line, value, mailbox, sizeof mailbox, &len);
  if (status != SMTPC_OK) {
    return status == SMTPC_E_ROOM ? SMTPC_E_TOO_LONG : status;
  }
  const smtpc_span all = smtpc_span_make(0u, len);
  if (smtpc_span_is(mailbox, all, "<>", 2u)) {
    out->auth = smtpc_span_make(value.begin, value.begin);
    return SMTPC_OK;
  }
  smtpc_path path;
  status = smtpc_mailbox_parse(mailbox, all, 0u, &path);
  out->auth = value;
  if (status != SMTPC_OK && status != SMTPC_E_TOO_LONG) {
    status = SMTPC_E_PARAM_VALUE;
  }
  return status;
}

static uint8_t notify_bit(const uint8_t *line, smtpc_span word) {
  uint8_t bit = 0u;
  if (smtpc_span_is(line, word, "NEVER", 5u)) {
    bit = SMTPC_NOTIFY_NEVER;
  } else if (smtpc_span_is(line, word, "SUCCESS", 7u)) {
    bit = SMTPC_NOTIFY_SUCCESS;
  } else if (smtpc_span_is(line, word, "FAILURE", 7u)) {
    bit = SMTPC_NOTIFY_FAILURE;
  } else if (smtpc_span_is(line, word, "DELAY", 5u)) {
    bit = SMTPC_NOTIFY_DELAY;
  }
  return bit;
}

// RFC 3461 section 4.1: NEVER alone, or a list of the others. Each at most
// once, so there are at most three commas.
static smtpc_status take_notify(const uint8_t *line, smtpc_span value,
                                smtpc_params *out) {
  size_t from = value.begin;
  for (unsigned k = 0u; k < 4u; k++) {
    const smtpc_span rest = smtpc_span_make(from, value.end);
    const size_t comma = smtpc_span_find(line, rest, (uint8_t)',');
    const uint8_t bit = notify_bit(line, smtpc_span_make(from, comma));
    if (bit == 0u || (out->notify & bit) != 0u) {
      return SMTPC_E_PARAM_VALUE;
    }
    out->notify |= bit;
    if (comma >= value.end) {
      const bool never = (out->notify & SMTPC_NOTIFY_NEVER) != 0u;
      const bool alone = out->notify == SMTPC_NOTIFY_NEVER;
      return never && !alone ? SMTPC_E_PARAM_VALUE : SMTPC_OK;
    }
    from = comma + 1u;
  }
  return SMTPC_E_PARAM_VALUE;
}

// take_seconds reads all of `span` as 1*9DIGIT.
static smtpc_status take_seconds(const uint8_t *line, smtpc_span span,
                                 uint32_t *out) {
  uint32_t value = 0u;
  for (size_t i = span.begin; i < span.end; i++) {
    const uint8_t c = line[i];
    if (!smtpc_is_digit(c)) {
      return SMTPC_E_NUMBER;
    }
    // Nine digits fit. The sum of more is not used, so it may not grow.
    if (value <= SMTPC_SECONDS_MAX / 10u) {
      value = value * 10u + ((uint32_t)c - (uint32_t)'0');
    }
  }
  const size_t len = smtpc_span_len(span);
  if (len == 0u || len > 9u) {
    return len == 0u ? SMTPC_E_NUMBER : SMTPC_E_NUMBER_TOO_LARGE;
  }
  *out = value;
  return SMTPC_OK;
}

// by-mode [by-trace], when the time is known. RFC 2852 section 4: mail that is to
// be returned needs time left.
static smtpc_status take_by_mode(const uint8_t *line, smtpc_span mode,
                                 smtpc_params *out) {
  const bool trace = smtpc_span_len(mode) == 2u &&
                     smtpc_upper(line[mode.begin + 1u]) == (uint8_t)'T';
  const size_t len = smtpc_span_len(mode) - (trace ? 1u : 0u);
  const smtpc_span letter =
      smtpc_span_make(mode.begin, (size_t)mode.begin + len);
  out->by_trace = trace ? 1u : 0u;
  if (smtpc_span_is(line, letter, "N", 1u)) {
    out->by_mode = SMTPC_BY_NOTIFY;
    return SMTPC_OK;
  }
  if (smtpc_span_is(line, letter, "R", 1u) && out->by_time > 0) {
    out->by_mode = SMTPC_BY_RETURN;
    return SMTPC_OK;
  }
  return SMTPC_E_PARAM_VALUE;
}

// RFC 2852 section 4: by-time ";" by-mode [by-trace]
static smtpc_status take_by(const uint8_t *line, smtpc_span value,
                            smtpc_params *out) {
  const size_t semicolon = smtpc_span_find(line, value, (uint8_t)';');
  if (semicolon >= value.end) {
    return SMTPC_E_PARAM_VALUE;
  }
  const int sign = smtpc_span_peek(line, value);
  const bool has_sign = sign == '-' || sign == '+';
  const size_t from = (size_t)value.begin + (has_sign ? 1u : 0u);
  uint32_t seconds = 0u;
  const smtpc_status status =
      take_seconds(line, smtpc_span_make(from, semicolon), &seconds);
  if (status != SMTPC_OK) {
    return status;
  }
  out->by_time = sign == '-' ? -(int32_t)seconds : (int32_t)seconds;
  return take_by_mode(line, smtpc_span_make(semicolon + 1u, value.end), out);
}

// RFC 4865 section 5: HOLDFOR or HOLDUNTIL. The bit of the one in hand is set.
static bool held_twice(const smtpc_params *params) {
  const uint32_t both = SMTPC_HAS(HOLDFOR) | SMTPC_HAS(HOLDUNTIL);
  return (params->seen & both) == both;
}

static smtpc_status take_hold_for(const uint8_t *line, smtpc_span value,
                                  smtpc_params *out) {
  if (held_twice(out)) {
    return SMTPC_E_PARAM_VALUE;
  }
  const smtpc_status status = take_seconds(line, value, &out->hold_for);
  const bool now = status == SMTPC_OK && out->hold_for == 0u;
  return now ? SMTPC_E_PARAM_VALUE : status;
}

static smtpc_status take_hold_until(const uint8_t *line, smtpc_span value,
                                    smtpc_params *out) {
  if (held_twice(out)) {
    return SMTPC_E_PARAM_VALUE;
  }
  return smtpc_date_parse(line, value, &out->when);
}

// RFC 6710 section 3: "0" or a digit more than it, perhaps with "-". No other
// spelling of a number, so that none can be compared wrongly as text.
static smtpc_status take_priority(const uint8_t *line, smtpc_span value,
                                  smtpc_params *out) {
  const bool minus = smtpc_span_peek(line, value) == '-';
  const size_t from = (size_t)value.begin + (minus ? 1u : 0u);
  const smtpc_span digits = smtpc_span_make(from, value.end);
  uint32_t number = 0u;
  const smtpc_status status = take_seconds(line, digits, &number);
  if (status == SMTPC_E_NUMBER) {
    return status;
  }
  const bool zero = smtpc_span_peek(line, digits) == '0';
  const bool one = smtpc_span_len(digits) == 1u;
  if (zero && (minus || !one)) {
    return SMTPC_E_NUMBER;
  }
  if (!one) {
    return SMTPC_E_NUMBER_TOO_LARGE;
  }
  out->mt_priority = (int8_t)(minus ? -(int)number : (int)number);
  return SMTPC_OK;
}

// RFC 3865 section 2.2: word *("," word)
static smtpc_status take_solicit(const uint8_t *line, smtpc_span value,
                                 smtpc_params *out) {
  if (smtpc_span_len(value) > SMTPC_SOLICIT_MAX) {
    return SMTPC_E_TOO_LONG;
  }
  bool in_word = false;
  for (size_t i = value.begin; i < value.end; i++) {
    const uint8_t c = line[i];
    const bool inner = c == (uint8_t)'.' || c == (uint8_t)'-' ||
                       c == (uint8_t)'_' || c == (uint8_t)':' ||
                       smtpc_is_digit(c);
    const bool comma = c == (uint8_t)',';
    if (!smtpc_is_alpha(c) && !(in_word && (inner || comma))) {
      return SMTPC_E_PARAM_VALUE;
    }
    in_word = !comma;
  }
  out->solicit = value;
  return in_word ? SMTPC_OK : SMTPC_E_PARAM_VALUE;
}

// base64_value returns the value of a base64 digit, 64 for another octet.
static unsigned base64_value(uint8_t c) {
  unsigned value = 64u;
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

// RFC 3885 section 3: certifier [":" timeout]
static smtpc_status take_mtrk(const uint8_t *line, smtpc_span value,
                              smtpc_params *out) {
  const size_t colon = smtpc_span_find(line, value, (uint8_t)':');
  out->mtrk = smtpc_span_make(value.begin, colon);
  if (smtpc_span_len(out->mtrk) != SMTPC_MTRK_LEN) {
    return SMTPC_E_PARAM_VALUE;
  }
  unsigned last = 0u;
  for (size_t i = out->mtrk.begin; i < out->mtrk.end; i++) {
    last = base64_value(line[i]);
    if (last > 63u) {
      return SMTPC_E_PARAM_VALUE;
    }
  }
  // 27 digits are 162 bits: two more than 20 octets have.
  if ((last & 3u) != 0u) {
    return SMTPC_E_PARAM_VALUE;
  }
  if (colon >= value.end) {
    return SMTPC_OK;
  }
  return take_seconds(line, smtpc_span_make(colon + 1u, value.end),
                      &out->mtrk_timeout);
}

// transid-atom: printable octets but tspecials (RFC 2045 section 5.1) and ".".
static bool is_transid_atom(uint8_t c) {
  static const uint8_t special[] = "()<>@,;:\\\"/[]?=.";
  bool plain = c > 32u && c < 127u;
  for (size_t k = 0u; k + 1u < sizeof special; k++) {
    plain = plain && c != special[k];
  }
  return plain;
}

// transid-token = transid-atom *("." transid-atom)
static bool is_transid_token(const uint8_t *line, smtpc_span token) {
  bool in_atom = false;
  for (size_t i = token.begin; i < token.end; i++) {
    const bool dot = line[i] == (uint8_t)'.';
    if (!is_transid_atom(line[i]) && !(in_atom && dot)) {
      return false;
    }
    in_atom = !dot;
  }
  return in_atom;
}

// RFC 1845 section 2: "<" transid-token "@" transid-token ">"
static smtpc_status take_transid(const uint8_t *line, smtpc_span value,
                                 smtpc_params *out) {
  const size_t len = smtpc_span_len(value);
  if (len > SMTPC_TRANSID_MAX) {
    return SMTPC_E_TOO_LONG;
  }
  if (len < 2u || line[value.begin] != (uint8_t)'<' ||
      line[value.end - 1u] != (uint8_t)'>') {
    return SMTPC_E_PARAM_VALUE;
  }
  const smtpc_span inner =
      smtpc_span_make((size_t)value.begin + 1u, (size_t)value.end - 1u);
  const size_t at = smtpc_span_find(line, inner, (uint8_t)'@');
  out->transid = inner;
  const bool ok = is_transid_token(line, smtpc_span_make(inner.begin, at)) &&
                  is_transid_token(line, smtpc_span_make(at + 1u, inner.end));
  return ok ? SMTPC_OK : SMTPC_E_PARAM_VALUE;
}

// RFC 7293 section 3.1: date-time [";" ("C" / "R")]
static smtpc_status take_rrvs(const uint8_t *line, smtpc_span value,
                              smtpc_params *out) {
  const size_t semicolon = smtpc_span_find(line, value, (uint8_t)';');
  const smtpc_span date = smtpc_span_make(value.begin, semicolon);
  const smtpc_status status = smtpc_date_parse(line, date, &out->when);
  if (status != SMTPC_OK || semicolon >= value.end) {
    return status;
  }
  const smtpc_span letter = smtpc_span_make(semicolon + 1u, value.end);
  if (smtpc_span_is(line, letter, "C", 1u)) {
    out->rrvs = SMTPC_RRVS_CONTINUE;
  } else if (smtpc_span_is(line, letter, "R", 1u)) {
    out->rrvs = SMTPC_RRVS_REJECT;
  } else {
    return SMTPC_E_PARAM_VALUE;
  }
  return SMTPC_OK;
}

static smtpc_status take_value(const uint8_t *line, smtpc_span value,
                               smtpc_param id, uint32_t offered,
                               smtpc_params *out) {
  smtpc_status status = SMTPC_OK;
  switch (id) {
    case SMTPC_PARAM_SIZE:
      status = smtpc_span_number(line, value, UINT64_MAX, &out->size);
      break;
    case SMTPC_PARAM_BODY:
      status = take_body(line, value, offered, out);
      break;
    case SMTPC_PARAM_AUTH:
      status = SMTPC_STEP(AUTH, take_auth(line, value, out));
      break;
    case SMTPC_PARAM_RET:
      status = SMTPC_STEP(DSN, take_ret(line, value, out));
      break;
    case SMTPC_PARAM_ENVID:
      status = SMTPC_STEP(DSN, take_envid(line, value, out));
      break;
    case SMTPC_PARAM_NOTIFY:
      status = SMTPC_STEP(DSN, take_notify(line, value, out));
      break;
    case SMTPC_PARAM_ORCPT:
      status = SMTPC_STEP(DSN, take_orcpt(line, value, out));
      break;
    case SMTPC_PARAM_BY:
      status = SMTPC_STEP(EXTRAS, take_by(line, value, out));
      break;
    case SMTPC_PARAM_HOLDFOR:
      status = SMTPC_STEP(EXTRAS, take_hold_for(line, value, out));
      break;
    case SMTPC_PARAM_HOLDUNTIL:
      status = SMTPC_STEP(EXTRAS, take_hold_until(line, value, out));
      break;
    case SMTPC_PARAM_MT_PRIORITY:
      status = SMTPC_STEP(EXTRAS, take_priority(line, value, out));
      break;
    case SMTPC_PARAM_SOLICIT:
      status = SMTPC_STEP(EXTRAS, take_solicit(line, value, out));
      break;
    case SMTPC_PARAM_MTRK:
      status = SMTPC_STEP(EXTRAS, take_mtrk(line, value, out));
      break;
    case SMTPC_PARAM_TRANSID:
      status = SMTPC_STEP(EXTRAS, take_transid(line, value, out));
      break;
    case SMTPC_PARAM_RRVS:
      status = SMTPC_STEP(EXTRAS, take_rrvs(line, value, out));
      break;
    case SMTPC_PARAM_SMTPUTF8:
    case SMTPC_PARAM_REQUIRETLS:
    case SMTPC_PARAM_CONPERM:
    case SMTPC_PARAM_PRDR:
    case SMTPC_PARAM_CONNEG:
      break;
    case SMTPC_PARAM_COUNT:
      status = SMTPC_E_INTERNAL;
      break;
  }
  return status;
}

// ------------------------------------------------------------------ parameters

// param_find returns the parameter that `word` names for `verb` while `offered`
// is in force, or SMTPC_PARAM_COUNT.
static smtpc_param param_find(const uint8_t *line, smtpc_span word,
                              unsigned verb, uint32_t offered) {
  smtpc_param found = SMTPC_PARAM_COUNT;
  for (unsigned id = 0u; id < SMTPC_PARAM_COUNT; id++) {
    const smtpc_param_row row = smtpc_param_get(id);
    if (row.verb == verb && smtpc_span_is(line, word, row.name, row.name_len)) {
      const uint32_t known = offered & ~SMTPC_EXTENSIONS_OFF;
      const bool there = ((known >> (row.extension & 31u)) & 1u) != 0u;
      found = there ? (smtpc_param)id : SMTPC_PARAM_COUNT;
      break;
    }
  }
  return found;
}

// keyword_end returns where the esmtp-keyword at `rest.begin` ends.
// esmtp-keyword = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-")
static size_t keyword_end(const uint8_t *line, smtpc_span rest) {
  size_t i = rest.begin;
  while (i < rest.end) {
    const uint8_t c = line[i];
    const bool hyphen = c == (uint8_t)'-' && i > rest.begin;
    if (!smtpc_is_alnum(c) && !hyphen) {
      break;
    }
    i++;
  }
  return i;
}

// take_typed checks that parameter `id` may stand here, with or without a
// value, and reads it. `value` begins with its `=` when there is one.
static smtpc_status take_typed(const uint8_t *line, smtpc_span value,
                               smtpc_param id, uint32_t offered,
                               smtpc_params *out) {
  const uint32_t bit = (uint32_t)1u << ((unsigned)id & 31u);
  const size_t len = smtpc_span_len(value);
  if ((out->seen & bit) != 0u) {
    return SMTPC_E_PARAM_DUPLICATE;
  }
  out->seen |= bit;
  if (smtpc_param_get(id).value == SMTPC_PARAM_VALUE_REFUSED) {
    return len > 0u ? SMTPC_E_PARAM_VALUE_SURPLUS : SMTPC_OK;
  }
  // esmtp-value = 1*(...): `=` alone is no value.
  if (len < 2u) {
    return SMTPC_E_PARAM_VALUE_MISSING;
  }
  const size_t from = (size_t)value.begin + 1u;
  return take_value(line, smtpc_span_make(from, value.end), id, offered, out);
}

// take_param takes SP esmtp-keyword ["=" esmtp-value] off the front of `*rest`.
// It leaves the parameter, if it is one, in `out->wrong`.
static smtpc_status take_param(const uint8_t *line, smtpc_span *rest,
                               unsigned verb, uint32_t offered,
                               smtpc_params *out) {
  uint8_t space = 0u;
  out->wrong = 0u;
  if (!smtpc_span_next(line, rest, &space) || space != (uint8_t)' ') {
    return SMTPC_E_SYNTAX;
  }
  const smtpc_span word =
      smtpc_span_make(rest->begin, keyword_end(line, *rest));
  const smtpc_span after = smtpc_span_make(word.end, rest->end);
  const int next = smtpc_span_peek(line, after);
  if (smtpc_span_len(word) == 0u ||
      (next != -1 && next != ' ' && next != '=')) {
    return SMTPC_E_SYNTAX;
  }
  const size_t end = smtpc_span_find(line, after, (uint8_t)' ');
  const smtpc_param id = param_find(line, word, verb, offered);
  if (id == SMTPC_PARAM_COUNT) {
    return SMTPC_E_PARAM_UNKNOWN;
  }
  *rest = smtpc_span_make(end, rest->end);
  out->wrong = (uint8_t)((unsigned)id + 1u);
  return take_typed(line, smtpc_span_make(word.end, end), id, offered, out);
}

smtpc_status smtpc_params_parse(const uint8_t *line, smtpc_span rest,
                                unsigned verb, uint32_t offered,
                                smtpc_params *out) {
  smtpc_status status = SMTPC_OK;
  smtpc_span ahead = rest;
  *out = none;
  if (verb != SMTPC_VERB_MAIL && verb != SMTPC_VERB_RCPT) {
    return SMTPC_E_ARGUMENT;
  }
  while (status == SMTPC_OK && ahead.begin < ahead.end) {
    status = take_param(line, &ahead, verb, offered, out);
  }
  const uint8_t wrong = status == SMTPC_OK ? 0u : out->wrong;
  if (status != SMTPC_OK) {
    *out = none;
  }
  out->wrong = wrong;
  return status;
}
