#include "core/config_parts.h"
#include "core/write_parts.h"
#include "smtpcore/param.h"

#if SMTPC_CONFIG_SERVER

// LIMITS has at most six digits (RFC 9422 section 3).
#define LIMIT_MOST 999999u

static void put_mechanisms(smtpc_out *out, uint64_t mechanisms) {
  // RFC 4954 section 3: the keyword stands before at least one mechanism.
  if (mechanisms == 0u || (mechanisms & ~SMTPC_MECHS_SPOKEN) != 0u) {
    smtpc_out_fail(out, SMTPC_E_ARGUMENT);
  }
  for (unsigned id = 1u; id < SMTPC_MECHANISM_COUNT; id++) {
    if (((mechanisms >> id) & 1u) != 0u) {
      const smtpc_mechanism_row row = smtpc_mechanism_get(id);
      smtpc_out_octet(out, (uint8_t)' ');
      smtpc_out_text(out, row.name, row.name_len);
    }
  }
}

// RFC 4865 section 4: the longest interval and the latest date.
static void put_release(smtpc_out *out, const smtpc_capabilities *facts) {
  uint8_t date[SMTPC_DATE_LEN];
  const bool known = facts->hold_for > 0u && facts->hold_until > 0u &&
                     facts->hold_for <= SMTPC_SECONDS_MAX;
  if (!known || smtpc_date_write(facts->hold_until, date) != SMTPC_OK) {
    smtpc_out_fail(out, SMTPC_E_ARGUMENT);
    return;
  }
  smtpc_out_octet(out, (uint8_t)' ');
  smtpc_out_number(out, facts->hold_for);
  smtpc_out_octet(out, (uint8_t)' ');
  smtpc_out_octets(out, date, sizeof date, 0);
}

static void put_limit(smtpc_out *out, const char *text, size_t len,
                      uint32_t value) {
  if (value > LIMIT_MOST) {
    smtpc_out_fail(out, SMTPC_E_ARGUMENT);
  }
  if (value > 0u) {
    smtpc_out_text(out, text, len);
    smtpc_out_number(out, value);
  }
}

static void put_limits(smtpc_out *out, const smtpc_capabilities *facts) {
  if (facts->rcpt_max == 0u && facts->mail_max == 0u) {
    smtpc_out_fail(out, SMTPC_E_ARGUMENT);
  }
  put_limit(out, " RCPTMAX=", 9u, facts->rcpt_max);
  put_limit(out, " MAILMAX=", 9u, facts->mail_max);
}

static void put_attributes(smtpc_out *out, unsigned verbs) {
  for (unsigned id = 0u; id < SMTPC_ATTRIBUTE_COUNT; id++) {
    const smtpc_attribute_row row = smtpc_attribute_get(id);
    if (row.verbs == SMTPC_ATTRIBUTE_VERBS_BOTH || row.verbs == verbs) {
      smtpc_out_octet(out, (uint8_t)' ');
      smtpc_out_text(out, row.name, row.name_len);
    }
  }
}

// RFC 2852 section 4: the least time, if there is one.
static void put_least(smtpc_out *out, uint32_t seconds) {
  if (seconds > SMTPC_SECONDS_MAX) {
    smtpc_out_fail(out, SMTPC_E_ARGUMENT);
  }
  if (seconds > 0u) {
    smtpc_out_octet(out, (uint8_t)' ');
    smtpc_out_number(out, seconds);
  }
}

static void put_value(smtpc_out *out, unsigned extension,
                      const smtpc_capabilities *facts) {
  if (((SMTPC_EXTENSIONS_OFF >> (extension & 31u)) & 1u) != 0u) {
    smtpc_out_fail(out, SMTPC_E_ARGUMENT);
    return;
  }
  switch (extension) {
    case SMTPC_EXTENSION_SIZE:
      smtpc_out_octet(out, (uint8_t)' ');
      smtpc_out_number(out, facts->size);
      break;
    case SMTPC_EXTENSION_DELIVERBY:
      if (SMTPC_WITH(EXTRAS)) {
        put_least(out, facts->by_min);
      }
      break;
    case SMTPC_EXTENSION_AUTH:
      if (SMTPC_WITH(AUTH)) {
        put_mechanisms(out, facts->mechanisms);
      }
      break;
    case SMTPC_EXTENSION_FUTURERELEASE:
      if (SMTPC_WITH(EXTRAS)) {
        put_release(out, facts);
      }
      break;
    case SMTPC_EXTENSION_LIMITS:
      if (SMTPC_WITH(EXTRAS)) {
        put_limits(out, facts);
      }
      break;
    case SMTPC_EXTENSION_XCLIENT:
      if (SMTPC_WITH(XCLIENT)) {
        put_attributes(out, SMTPC_ATTRIBUTE_VERBS_XCLIENT);
      }
      break;
    case SMTPC_EXTENSION_XFORWARD:
      if (SMTPC_WITH(XCLIENT)) {
        put_attributes(out, SMTPC_ATTRIBUTE_VERBS_XFORWARD);
      }
      break;
    case SMTPC_EXTENSION_BURL:
      smtpc_out_text(out, " imap", 5u);
      break;
    default:
      // A keyword alone says it.
      break;
  }
}

smtpc_status smtpc_write_extension(uint8_t *out, size_t cap, size_t *out_len,
                                   unsigned extension, int last,
                                   const smtpc_capabilities *facts) {
  smtpc_out line = smtpc_out_begin(out, cap);
  const smtpc_extension_row row = smtpc_extension_get(extension);
  if (row.name_len == 0u) {
    smtpc_out_fail(&line, SMTPC_E_ARGUMENT);
  }
  smtpc_write_put_code(&line, smtpc_reply_get(SMTPC_REPLY_EHLO_OK).code, last);
  smtpc_out_text(&line, row.name, row.name_len);
  put_value(&line, extension, facts);
  return smtpc_out_end(&line, out_len);
}

#endif  // SMTPC_CONFIG_SERVER
