#include "core/model/param_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/model/path_model.h"

#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"
#define HEX "0123456789ABCDEF"

// A piece of the text: [from, to).
typedef struct piece {
  const uint8_t *text;
  size_t from;
  size_t to;
} piece;

static bool in(uint8_t c, const char *set) {
  return c != 0u && strchr(set, (int)c) != NULL;
}

static bool all_in(piece p, const char *set) {
  for (size_t i = p.from; i < p.to; i++) {
    if (!in(p.text[i], set)) {
      return false;
    }
  }
  return true;
}

static bool named(piece p, const char *word) {
  if (p.to - p.from != strlen(word)) {
    return false;
  }
  for (size_t i = p.from; i < p.to; i++) {
    const char *const lower = strchr(LOWER, (int)p.text[i]);
    const uint8_t c = p.text[i] != 0u && lower != NULL
                          ? (uint8_t)UPPER[lower - LOWER]
                          : p.text[i];
    if (c != (uint8_t)word[i - p.from]) {
      return false;
    }
  }
  return true;
}

static size_t find(piece p, char c) {
  size_t i = p.from;
  while (i < p.to && p.text[i] != (uint8_t)c) {
    i++;
  }
  return i;
}

static smtpc_span span_of(piece p) {
  return (smtpc_span){(uint16_t)p.from, (uint16_t)p.to};
}

// ----------------------------------------------------------------------- xtext

// xtext = *( xchar / hexchar ), RFC 3461 section 4
long model_xtext(const uint8_t *text, size_t len, uint8_t *out) {
  if (len == 0u) {
    return 0;
  }
  size_t step = 1u;
  unsigned octet = text[0];
  if (text[0] == '+') {
    if (len < 3u || !in(text[1], HEX) || !in(text[2], HEX)) {
      return -1;
    }
    octet = (unsigned)((strchr(HEX, text[1]) - HEX) * 16 +
                       (strchr(HEX, text[2]) - HEX));
    step = 3u;
    if (octet < 32u || octet > 126u) {
      return -1;
    }
  } else if (octet < 33u || octet > 126u || octet == '=') {
    return -1;
  }
  *out = (uint8_t)octet;
  const long rest = model_xtext(text + step, len - step, out + 1);
  return rest < 0 ? -1 : rest + 1;
}

static bool is_xtext(piece p) {
  uint8_t *const out = malloc(p.to - p.from + 1u);
  const long len = model_xtext(p.text + p.from, p.to - p.from, out);
  free(out);
  return len >= 0;
}

// ----------------------------------------------------------------------- dates

#define YEARS 10000u

typedef struct day {
  unsigned year;
  unsigned month;
  unsigned mday;
} day;

static unsigned last_of(unsigned year, unsigned month) {
  if (month == 2u) {
    const bool leap =
        year % 400u == 0u || (year % 4u == 0u && year % 100u > 0u);
    return leap ? 29u : 28u;
  }
  return month == 4u || month == 6u || month == 9u || month == 11u ? 30u : 31u;
}

static day next_day(day d) {
  if (d.mday < last_of(d.year, d.month)) {
    return (day){d.year, d.month, d.mday + 1u};
  }
  return d.month < 12u ? (day){d.year, d.month + 1u, 1u}
                       : (day){d.year + 1u, 1u, 1u};
}

// january returns the number of 1 January of `year`; 1 January of the year 0 is 0.
// The first call counts all days up to the year 10000.
static long january(unsigned year) {
  static long starts[YEARS + 1u];
  if (starts[YEARS] == 0) {
    long number = 0;
    for (day d = {0u, 1u, 1u}; d.year < YEARS; d = next_day(d)) {
      number++;
      if (d.month == 12u && d.mday == 31u) {
        starts[d.year + 1u] = number;
      }
    }
  }
  return starts[year];
}

// number_of_day returns -1 when there is no such day.
static long number_of_day(day wanted) {
  long number = january(wanted.year);
  for (day d = {wanted.year, 1u, 1u}; d.year == wanted.year; d = next_day(d)) {
    if (d.month == wanted.month && d.mday == wanted.mday) {
      return number;
    }
    number++;
  }
  return -1;
}

static bool is_first_of_month(long number) {
  unsigned year = 0u;
  while (january(year + 1u) <= number) {
    year++;
  }
  day d = {year, 1u, 1u};
  for (long k = january(year); k < number; k++) {
    d = next_day(d);
  }
  return d.mday == 1u;
}

// shaped returns whether `p` has the form of `form`, in which `d` is a digit, and
// stores the numbers that the digits make in `numbers`.
static bool shaped(piece p, const char *form, unsigned *numbers) {
  if (p.to - p.from != strlen(form)) {
    return false;
  }
  size_t n = 0u;
  for (size_t i = 0u; form[i] != '\0'; i++) {
    const piece one = {p.text, p.from + i, p.from + i + 1u};
    const char want[2] = {form[i], '\0'};
    if (form[i] != 'd') {
      if (!named(one, want)) {
        return false;
      }
      continue;
    }
    if (!all_in(one, DIGITS)) {
      return false;
    }
    if (i == 0u || form[i - 1u] != 'd') {
      numbers[n] = 0u;
      n++;
    }
    numbers[n - 1u] = numbers[n - 1u] * 10u +
                      (unsigned)(strchr(DIGITS, one.text[one.from]) - DIGITS);
  }
  return true;
}

// time-offset = "Z" / ("+" / "-") time-hour ":" time-minute, in seconds to add
static bool zone(piece p, long *out) {
  unsigned n[2] = {0u, 0u};
  const bool plus = shaped(p, "+dd:dd", n);
  if (shaped(p, "Z", n)) {
    *out = 0;
    return true;
  }
  if (!plus && !shaped(p, "-dd:dd", n)) {
    return false;
  }
  const long seconds = (long)n[0] * 3600 + (long)n[1] * 60;
  *out = plus ? -seconds : seconds;
  return n[0] < 24u && n[1] < 60u;
}

static bool date_time(piece p, uint64_t *out) {
  unsigned n[6] = {0u, 0u, 0u, 0u, 0u, 0u};
  const piece front = {p.text, p.from, p.from + 19u};
  if (p.to - p.from < 20u || !shaped(front, "dddd-dd-ddTdd:dd:dd", n)) {
    return false;
  }
  piece back = {p.text, p.from + 19u, p.to};
  if (p.text[back.from] == '.') {
    back.from++;
    const size_t digits = back.from;
    while (back.from < back.to && in(p.text[back.from], DIGITS)) {
      back.from++;
    }
    if (back.from == digits) {
      return false;
    }
  }
  long shift = 0;
  const long number = number_of_day((day){n[0], n[1], n[2]});
  if (number < 0 || n[3] > 23u || n[4] > 59u || n[5] > 60u ||
      !zone(back, &shift)) {
    return false;
  }
  const long long days = number - number_of_day((day){1970u, 1u, 1u});
  const long long seconds = days * 86400 + (long long)n[3] * 3600 +
                            (long long)n[4] * 60 + (long long)n[5] + shift;
  if (seconds < 0 || seconds > 253402300799) {
    return false;
  }
  const long utc_day =
      (long)(seconds / 86400) + number_of_day((day){1970u, 1u, 1u});
  if (n[5] == 60u && (seconds % 86400 != 0 || !is_first_of_month(utc_day))) {
    return false;
  }
  *out = (uint64_t)seconds;
  return true;
}

bool model_date(const uint8_t *text, size_t len, uint64_t *out) {
  *out = 0u;
  return date_time((piece){text, 0u, len}, out);
}

// ---------------------------------------------------------------------- values

static smtpc_status value_if(bool good) {
  return good ? SMTPC_OK : SMTPC_E_PARAM_VALUE;
}

// size-value = 1*20DIGIT, at most 2^64 - 1, compared as text.
static smtpc_status size_value(piece p, smtpc_params *out) {
  static const char most[] = "18446744073709551615";
  size_t len = p.to - p.from;
  if (len < 1u || len > 20u || !all_in(p, DIGITS)) {
    return SMTPC_E_NUMBER;
  }
  if (len == 20u && memcmp(p.text + p.from, most, 20u) > 0) {
    return SMTPC_E_NUMBER_TOO_LARGE;
  }
  char copy[21] = {0};
  memcpy(copy, p.text + p.from, len);
  out->size = strtoull(copy, NULL, 10);
  return SMTPC_OK;
}

static smtpc_status body_value(piece p, uint32_t offered, smtpc_params *out) {
  const bool bdat = (offered & SMTPC_OFFERS(CHUNKING)) != 0u &&
                    (offered & SMTPC_OFFERS(BINARYMIME)) != 0u;
  out->body = (uint8_t)(named(p, "7BIT")                 ? SMTPC_BODY_7BIT
                        : named(p, "8BITMIME")           ? SMTPC_BODY_8BITMIME
                        : bdat && named(p, "BINARYMIME") ? SMTPC_BODY_BINARYMIME
                                                         : SMTPC_BODY_NONE);
  return value_if(out->body != SMTPC_BODY_NONE);
}

static smtpc_status ret_value(piece p, smtpc_params *out) {
  out->ret = (uint8_t)(named(p, "FULL")   ? SMTPC_RET_FULL
                       : named(p, "HDRS") ? SMTPC_RET_HDRS
                                          : SMTPC_RET_NONE);
  return value_if(out->ret != SMTPC_RET_NONE);
}

static smtpc_status envid_value(piece p, smtpc_params *out) {
  out->envid = span_of(p);
  if (p.to - p.from > 100u) {
    return SMTPC_E_TOO_LONG;
  }
  return is_xtext(p) ? SMTPC_OK : SMTPC_E_XTEXT;
}

static smtpc_status orcpt_value(piece p, smtpc_params *out) {
  const size_t semicolon = find(p, ';');
  const piece type = {p.text, p.from, semicolon};
  const piece address = {p.text, semicolon + 1u, p.to};
  if (p.to - p.from > 500u) {
    return SMTPC_E_TOO_LONG;
  }
  if (semicolon >= p.to || type.from == type.to ||
      !all_in(type, UPPER LOWER DIGITS "!#$%&'*+-/?^_`{|}~")) {
    return SMTPC_E_PARAM_VALUE;
  }
  out->orcpt_type = span_of(type);
  out->orcpt = span_of(address);
  return is_xtext(address) ? SMTPC_OK : SMTPC_E_XTEXT;
}

static smtpc_status auth_value(piece p, smtpc_params *out) {
  const size_t n = p.to - p.from;
  uint8_t *const plain = malloc(n + 1u);
  const long len = model_xtext(p.text + p.from, n, plain);
  smtpc_path path;
  smtpc_status status = SMTPC_E_INTERNAL;
  if (n > 500u || len > 254) {
    status = SMTPC_E_TOO_LONG;
  } else if (len < 0) {
    status = SMTPC_E_XTEXT;
  } else if (len == 2 && memcmp(plain, "<>", 2u) == 0) {
    out->auth = (smtpc_span){(uint16_t)p.from, (uint16_t)p.from};
    status = SMTPC_OK;
  } else if (model_mailbox(plain, (size_t)len, 0u, &path)) {
    out->auth = span_of(p);
    status = SMTPC_OK;
  }
  free(plain);
  return status;
}

// notify-esmtp-value = "NEVER" / 1#notify-list-element, each at most once.
static bool notify_list(piece p, smtpc_params *out) {
  static const char *const words[] = {"SUCCESS", "FAILURE", "DELAY"};
  static const uint8_t bits[] = {SMTPC_NOTIFY_SUCCESS, SMTPC_NOTIFY_FAILURE,
                                 SMTPC_NOTIFY_DELAY};
  if (named(p, "NEVER")) {
    out->notify = SMTPC_NOTIFY_NEVER;
    return true;
  }
  const size_t comma = find(p, ',');
  const piece first = {p.text, p.from, comma};
  for (size_t k = 0u; k < 3u; k++) {
    if (named(first, words[k]) && (out->notify & bits[k]) == 0u) {
      out->notify = (uint8_t)(out->notify | bits[k]);
      const piece more = {p.text, comma + 1u, p.to};
      return comma == p.to || (!named(more, "NEVER") && notify_list(more, out));
    }
  }
  return false;
}

static smtpc_status notify_value(piece p, smtpc_params *out) {
  return value_if(notify_list(p, out));
}

// 1*9DIGIT
static smtpc_status nine_digits(piece p, uint32_t *out) {
  char copy[10] = {0};
  if (p.from >= p.to || !all_in(p, DIGITS)) {
    return SMTPC_E_NUMBER;
  }
  if (p.to - p.from > 9u) {
    return SMTPC_E_NUMBER_TOO_LARGE;
  }
  memcpy(copy, p.text + p.from, p.to - p.from);
  *out = (uint32_t)strtoul(copy, NULL, 10);
  return SMTPC_OK;
}

// by-value = ["-" / "+"] 1*9digit ";" ("N" / "R") ["T"]
static smtpc_status by_value(piece p, smtpc_params *out) {
  const size_t semicolon = find(p, ';');
  piece time = {p.text, p.from, semicolon};
  const piece mode = {p.text, semicolon + 1u, p.to};
  if (semicolon == p.to) {
    return SMTPC_E_PARAM_VALUE;
  }
  time.from += in(p.text[p.from], "+-") ? 1u : 0u;
  uint32_t seconds = 0u;
  const smtpc_status status = nine_digits(time, &seconds);
  if (status != SMTPC_OK) {
    return status;
  }
  out->by_time =
      p.text[p.from] == '-' ? 0 - (int32_t)seconds : (int32_t)seconds;
  out->by_trace = named(mode, "NT") || named(mode, "RT") ? 1u : 0u;
  if (named(mode, "N") || named(mode, "NT")) {
    out->by_mode = SMTPC_BY_NOTIFY;
    return SMTPC_OK;
  }
  out->by_mode = SMTPC_BY_RETURN;
  return value_if((named(mode, "R") || named(mode, "RT")) && out->by_time > 0);
}

static smtpc_status hold_for_value(piece p, smtpc_params *out) {
  if ((out->seen & SMTPC_HAS(HOLDUNTIL)) != 0u) {
    return SMTPC_E_PARAM_VALUE;
  }
  const smtpc_status status = nine_digits(p, &out->hold_for);
  return status != SMTPC_OK ? status : value_if(out->hold_for != 0u);
}

static smtpc_status hold_until_value(piece p, smtpc_params *out) {
  return value_if((out->seen & SMTPC_HAS(HOLDFOR)) == 0u &&
                  date_time(p, &out->when));
}

// One of the nineteen numbers, written as they are.
static smtpc_status priority_value(piece p, smtpc_params *out) {
  for (int number = -9; number <= 9; number++) {
    char text[16];
    (void)snprintf(text, sizeof text, "%d", number);
    if (named(p, text)) {
      out->mt_priority = (int8_t)number;
      return SMTPC_OK;
    }
  }
  const bool minus = p.text[p.from] == '-';
  const piece digits = {p.text, p.from + (minus ? 1u : 0u), p.to};
  const bool number = digits.from < digits.to && all_in(digits, DIGITS) &&
                      p.text[digits.from] != '0';
  return number ? SMTPC_E_NUMBER_TOO_LARGE : SMTPC_E_NUMBER;
}

// word = ALPHA *(ALPHA / DIGIT / "." / "-" / "_" / ":")
static bool solicit_words(piece p) {
  const size_t comma = find(p, ',');
  const piece initial = {p.text, p.from, p.from + 1u};
  const piece word = {p.text, p.from, comma};
  if (p.from == comma || !all_in(initial, UPPER LOWER) ||
      !all_in(word, UPPER LOWER DIGITS ".-_:")) {
    return false;
  }
  return comma == p.to || solicit_words((piece){p.text, comma + 1u, p.to});
}

static smtpc_status solicit_value(piece p, smtpc_params *out) {
  out->solicit = span_of(p);
  return p.to - p.from > 1000u ? SMTPC_E_TOO_LONG : value_if(solicit_words(p));
}

// 27 digits are 162 bits; the two that 20 octets do not fill must be 0.
static bool is_certifier(piece p) {
  static const char digits[] = UPPER LOWER DIGITS "+/";
  uint8_t bits[27u * 6u] = {0};
  if (p.to - p.from != 27u || !all_in(p, digits)) {
    return false;
  }
  for (size_t i = 0u; i < 27u; i++) {
    const long value = strchr(digits, p.text[p.from + i]) - digits;
    for (size_t k = 0u; k < 6u; k++) {
      bits[i * 6u + k] = (uint8_t)((value >> (5u - k)) & 1);
    }
  }
  return bits[160] == 0u && bits[161] == 0u;
}

static smtpc_status mtrk_value(piece p, smtpc_params *out) {
  const size_t colon = find(p, ':');
  const piece certifier = {p.text, p.from, colon};
  const piece timeout = {p.text, colon + 1u, p.to};
  out->mtrk = span_of(certifier);
  if (!is_certifier(certifier)) {
    return SMTPC_E_PARAM_VALUE;
  }
  return colon == p.to ? SMTPC_OK : nine_digits(timeout, &out->mtrk_timeout);
}

// transid-token = transid-atom *("." transid-atom), without RFC 2045's tspecials
static bool transid_token(piece p) {
  const size_t dot = find(p, '.');
  const piece atom = {p.text, p.from, dot};
  return p.from < dot && all_in(atom, UPPER LOWER DIGITS "!#$%&'*+-^_`{|}~") &&
         (dot == p.to || transid_token((piece){p.text, dot + 1u, p.to}));
}

static smtpc_status transid_value(piece p, smtpc_params *out) {
  const size_t at = find(p, '@');
  if (p.to - p.from > 80u) {
    return SMTPC_E_TOO_LONG;
  }
  if (at == p.to || p.text[p.from] != '<' || p.text[p.to - 1u] != '>') {
    return SMTPC_E_PARAM_VALUE;
  }
  out->transid = span_of((piece){p.text, p.from + 1u, p.to - 1u});
  return value_if(at > p.from && at < p.to - 1u &&
                  transid_token((piece){p.text, p.from + 1u, at}) &&
                  transid_token((piece){p.text, at + 1u, p.to - 1u}));
}

// rrvs-param = date-time [ ";" ( "C" / "R" ) ]
static smtpc_status rrvs_value(piece p, smtpc_params *out) {
  const size_t semicolon = find(p, ';');
  const piece letter = {p.text, semicolon + 1u, p.to};
  const bool none = semicolon == p.to;
  const bool c = !none && named(letter, "C");
  const bool r = !none && named(letter, "R");
  out->rrvs = (uint8_t)(c   ? SMTPC_RRVS_CONTINUE
                        : r ? SMTPC_RRVS_REJECT
                            : SMTPC_RRVS_NONE);
  return value_if((none || c || r) &&
                  date_time((piece){p.text, p.from, semicolon}, &out->when));
}

// ------------------------------------------------------------------ parameters

typedef smtpc_status (*value_reader)(piece p, smtpc_params *out);

typedef struct rule {
  const char *name;
  unsigned verb;
  uint32_t offer;
  smtpc_param id;
  value_reader read;  // NULL: no value may be there
} rule;

#define RULE(name, verb, offer, id, read) \
  { name, SMTPC_VERB_##verb, SMTPC_OFFERS(offer), SMTPC_PARAM_##id, read }

// BODY is not here: its value depends on what is offered.
static const rule rules[] = {
    RULE("SIZE", MAIL, SIZE, SIZE, size_value),
    RULE("AUTH", MAIL, AUTH, AUTH, auth_value),
    RULE("RET", MAIL, DSN, RET, ret_value),
    RULE("ENVID", MAIL, DSN, ENVID, envid_value),
    RULE("SMTPUTF8", MAIL, SMTPUTF8, SMTPUTF8, NULL),
    RULE("REQUIRETLS", MAIL, REQUIRETLS, REQUIRETLS, NULL),
    RULE("BY", MAIL, DELIVERBY, BY, by_value),
    RULE("HOLDFOR", MAIL, FUTURERELEASE, HOLDFOR, hold_for_value),
    RULE("HOLDUNTIL", MAIL, FUTURERELEASE, HOLDUNTIL, hold_until_value),
    RULE("MT-PRIORITY", MAIL, MT_PRIORITY, MT_PRIORITY, priority_value),
    RULE("SOLICIT", MAIL, NO_SOLICITING, SOLICIT, solicit_value),
    RULE("MTRK", MAIL, MTRK, MTRK, mtrk_value),
    RULE("CONPERM", MAIL, CONPERM, CONPERM, NULL),
    RULE("TRANSID", MAIL, CHECKPOINT, TRANSID, transid_value),
    RULE("PRDR", MAIL, PRDR, PRDR, NULL),
    RULE("NOTIFY", RCPT, DSN, NOTIFY, notify_value),
    RULE("ORCPT", RCPT, DSN, ORCPT, orcpt_value),
    RULE("RRVS", RCPT, RRVS, RRVS, rrvs_value),
    RULE("CONNEG", RCPT, CONNEG, CONNEG, NULL),
};

// rule_of returns the rule of the parameter, or one with the verb 0.
static rule rule_of(piece name, unsigned verb, uint32_t offered) {
  const rule body = RULE("BODY", MAIL, 8BITMIME, BODY, NULL);
  rule found = {"", 0u, 0u, SMTPC_PARAM_COUNT, NULL};
  for (size_t k = 0u; k <= sizeof rules / sizeof rules[0]; k++) {
    const rule r = k < sizeof rules / sizeof rules[0] ? rules[k] : body;
    if (named(name, r.name) && r.verb == verb && (r.offer & offered) != 0u) {
      found = r;
    }
  }
  return found;
}

// esmtp-keyword = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-")
static bool is_keyword(piece p) {
  return p.from < p.to && all_in(p, UPPER LOWER DIGITS "-") &&
         p.text[p.from] != '-';
}

// esmtp-param = esmtp-keyword ["=" esmtp-value]
static smtpc_status one_param(piece p, unsigned verb, uint32_t offered,
                              smtpc_params *out) {
  const size_t equals = find(p, '=');
  const piece name = {p.text, p.from, equals};
  const piece value = {p.text, equals + 1u, p.to};
  const rule r = rule_of(name, verb, offered);
  if (!is_keyword(name)) {
    return SMTPC_E_SYNTAX;
  }
  if (r.verb == 0u) {
    return SMTPC_E_PARAM_UNKNOWN;
  }
  out->wrong = (uint8_t)(r.id + 1u);
  if ((out->seen >> r.id) % 2u == 1u) {
    return SMTPC_E_PARAM_DUPLICATE;
  }
  out->seen += (uint32_t)1 << r.id;
  if (r.read == NULL && r.id != SMTPC_PARAM_BODY) {
    return equals == p.to ? SMTPC_OK : SMTPC_E_PARAM_VALUE_SURPLUS;
  }
  if (equals == p.to || value.from == value.to) {
    return SMTPC_E_PARAM_VALUE_MISSING;
  }
  return r.read == NULL ? body_value(value, offered, out) : r.read(value, out);
}

// *( SP esmtp-param )
static smtpc_status params_in(piece p, unsigned verb, uint32_t offered,
                              smtpc_params *out) {
  out->wrong = 0u;
  if (p.from == p.to) {
    return SMTPC_OK;
  }
  if (p.text[p.from] != ' ') {
    return SMTPC_E_SYNTAX;
  }
  const piece after = {p.text, p.from + 1u, p.to};
  const size_t space = find(after, ' ');
  const piece first = {p.text, after.from, space};
  const piece more = {p.text, space, p.to};
  const smtpc_status status = one_param(first, verb, offered, out);
  return status != SMTPC_OK ? status : params_in(more, verb, offered, out);
}

smtpc_status model_params_status(const uint8_t *text, size_t len, unsigned verb,
                                 uint32_t offered, smtpc_params *out) {
  memset(out, 0, sizeof *out);
  const smtpc_status status =
      params_in((piece){text, 0u, len}, verb, offered, out);
  if (status != SMTPC_OK) {
    const uint8_t wrong = out->wrong;
    memset(out, 0, sizeof *out);
    out->wrong = wrong;
  }
  return status;
}

bool model_params(const uint8_t *text, size_t len, unsigned verb,
                  uint32_t offered, smtpc_params *out) {
  return model_params_status(text, len, verb, offered, out) == SMTPC_OK;
}
