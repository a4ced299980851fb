#include "core/write_parts.h"
#include "smtpcore/path.h"

// ------------------------------------------------ a line under construction

smtpc_out smtpc_out_begin(uint8_t *data, size_t cap) {
  // RFC 5321 sections 4.5.3.1.4 and 4.5.3.1.5: the one place that bounds lines.
  return smtpc_out_begin_at(data, 0u,
                            cap < SMTPC_OUT_MAX ? cap : SMTPC_OUT_MAX);
}

smtpc_out smtpc_out_begin_at(uint8_t *data, size_t begin, size_t cap) {
  const smtpc_out out = {data, cap, begin, begin, SMTPC_OK};
  return out;
}

void smtpc_out_fail(smtpc_out *out, smtpc_status status) {
  if (out->status == SMTPC_OK) {
    out->status = (uint8_t)status;
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

smtpc_status smtpc_write_check(const uint8_t *data, size_t len,
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
  smtpc_out_fail(out, smtpc_write_check(data, len, allow_8bit != 0));
  for (size_t i = 0u; i < len && out->status == SMTPC_OK; i++) {
    smtpc_out_octet(out, data[i]);
  }
}

// Divides by ten and returns what is left over, 16 bits at a time: a processor that
// divides numbers of 32 bits at most needs no function for those of 64.
static uint32_t divide_by_ten(uint64_t *value) {
  uint64_t quotient = 0u;
  uint32_t rest = 0u;
  for (unsigned shift = 64u; shift > 0u; shift -= 16u) {
    const uint32_t part = (uint32_t)((*value >> (shift - 16u)) & 0xffffu);
    const uint32_t all = (rest << 16u) | part;
    quotient = (quotient << 16u) | (all / 10u);
    rest = all % 10u;
  }
  *value = quotient;
  return rest;
}

void smtpc_out_number(smtpc_out *out, uint64_t value) {
  uint8_t digits[20];  // 2^64-1 has 20 digits
  size_t at = sizeof digits;
  uint64_t left = value;
  do {
    at--;
    digits[at] = (uint8_t)((uint32_t)'0' + divide_by_ten(&left));
  } while (left > 0u && at > 0u);
  for (; at < sizeof digits; at++) {
    smtpc_out_octet(out, digits[at]);
  }
}

smtpc_status smtpc_out_end(smtpc_out *out, size_t *out_len) {
  smtpc_out_octet(out, (uint8_t)'\r');
  smtpc_out_octet(out, (uint8_t)'\n');
  if (out->status != SMTPC_OK && out->len > out->begin) {
    // A caller that overlooks the status must not find half a line.
    smtpc_wipe(out->data + out->begin, out->len - out->begin);
    out->len = out->begin;
  }
  *out_len = out->len;
  return (smtpc_status)out->status;
}

// ---------------------------------------------------------------- replies

#if SMTPC_CONFIG_SERVER

void smtpc_write_put_code(smtpc_out *out, unsigned code, int last) {
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
  smtpc_write_put_code(&line, row.code, last);
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

#endif  // SMTPC_CONFIG_SERVER

// --------------------------------------------------------------- commands

#if SMTPC_CONFIG_CLIENT

void smtpc_write_put_verb(smtpc_out *out, unsigned verb) {
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
  smtpc_write_put_verb(&line, verb);
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
  const bool ehlo = verb == SMTPC_VERB_EHLO || verb == SMTPC_VERB_LHLO;
  if (!ehlo && verb != SMTPC_VERB_HELO) {
    smtpc_out_fail(&line, SMTPC_E_ARGUMENT);
  }
  smtpc_out_fail(&line, smtpc_write_check(name, name_len, false));
  if (line.status == SMTPC_OK) {
    line.status = (uint8_t)host_check(name, name_len, ehlo);
  }
  smtpc_write_put_verb(&line, verb);
  smtpc_out_octet(&line, (uint8_t)' ');
  smtpc_out_octets(&line, name, name_len, 0);
  return smtpc_out_end(&line, out_len);
}

smtpc_status smtpc_write_bdat(uint8_t *out, size_t cap, size_t *out_len,
                              uint64_t size, int last) {
  smtpc_out line = smtpc_out_begin(out, cap);
  smtpc_write_put_verb(&line, SMTPC_VERB_BDAT);
  smtpc_out_octet(&line, (uint8_t)' ');
  smtpc_out_number(&line, size);
  if (last != 0) {
    smtpc_out_text(&line, " LAST", 5u);
  }
  return smtpc_out_end(&line, out_len);
}

#endif  // SMTPC_CONFIG_CLIENT
