#include "smtpcore/param.h"

#define DAY_MINUTES 1440u
#define DAY_SECONDS 86400u
// Days are counted from 1 March of the year -400, so that none is negative and a
// leap day is the last of its year. This is 1 January 1970.
#define EPOCH_DAY 865565u
#define LAST_SECOND 253402300799u  // 9999-12-31T23:59:59Z

// A date-time whose parts are each in their range. `west` is what to add to get
// UTC, in minutes, plus a day.
typedef struct moment {
  uint32_t year;
  uint32_t month;
  uint32_t day;
  uint32_t hour;
  uint32_t minute;
  uint32_t second;
  uint32_t west;
} moment;

// take_octet takes `octet` off `*rest`; a letter must be upper case, and stands
// for both cases.
static bool take_octet(const uint8_t *line, smtpc_span *rest, uint8_t octet) {
  uint8_t c = 0u;
  return smtpc_span_next(line, rest, &c) && smtpc_upper(c) == octet;
}

// take_part takes `count` digits off `*rest`, a number of at most `max`.
static bool take_part(const uint8_t *line, smtpc_span *rest, unsigned count,
                      uint32_t max, uint32_t *out) {
  uint32_t value = 0u;
  for (unsigned k = 0u; k < count; k++) {
    uint8_t c = 0u;
    if (!smtpc_span_next(line, rest, &c) || !smtpc_is_digit(c)) {
      return false;
    }
    value = value * 10u + ((uint32_t)c - (uint32_t)'0');
  }
  *out = value;
  return value <= max;
}

// month_days returns how many days a month from 1 to 12 has; the month 0 has none.
static uint32_t month_days(uint32_t year, uint32_t month) {
  static const uint8_t days[13] = {0u,  31u, 28u, 31u, 30u, 31u, 30u,
                                   31u, 31u, 30u, 31u, 30u, 31u};
  const bool leap = year % 4u == 0u && (year % 100u != 0u || year % 400u == 0u);
  return (uint32_t)days[month % 13u] + (month == 2u && leap ? 1u : 0u);
}

// full-date = date-fullyear "-" date-month "-" date-mday
static bool take_date(const uint8_t *line, smtpc_span *rest, moment *out) {
  return take_part(line, rest, 4u, 9999u, &out->year) &&
         take_octet(line, rest, (uint8_t)'-') &&
         take_part(line, rest, 2u, 12u, &out->month) &&
         take_octet(line, rest, (uint8_t)'-') &&
         take_part(line, rest, 2u, month_days(out->year, out->month),
                   &out->day) &&
         out->day > 0u;
}

// take_fraction takes time-secfrac = "." 1*DIGIT off `*rest`, if it is there.
static bool take_fraction(const uint8_t *line, smtpc_span *rest) {
  if (smtpc_span_peek(line, *rest) != '.') {
    return true;
  }
  size_t i = (size_t)rest->begin + 1u;
  const size_t from = i;
  while (i < rest->end && smtpc_is_digit(line[i])) {
    i++;
  }
  *rest = smtpc_span_make(i, rest->end);
  return i > from;
}

// partial-time = time-hour ":" time-minute ":" time-second [time-secfrac]
static bool take_time(const uint8_t *line, smtpc_span *rest, moment *out) {
  return take_part(line, rest, 2u, 23u, &out->hour) &&
         take_octet(line, rest, (uint8_t)':') &&
         take_part(line, rest, 2u, 59u, &out->minute) &&
         take_octet(line, rest, (uint8_t)':') &&
         take_part(line, rest, 2u, 60u, &out->second) &&
         take_fraction(line, rest);
}

// time-offset = "Z" / ("+" / "-") time-hour ":" time-minute
static bool take_offset(const uint8_t *line, smtpc_span *rest, moment *out) {
  uint8_t sign = 0u;
  uint32_t hour = 0u;
  uint32_t minute = 0u;
  if (!smtpc_span_next(line, rest, &sign)) {
    return false;
  }
  out->west = DAY_MINUTES;
  if (smtpc_upper(sign) == (uint8_t)'Z') {
    return true;
  }
  if (!take_part(line, rest, 2u, 23u, &hour) ||
      !take_octet(line, rest, (uint8_t)':') ||
      !take_part(line, rest, 2u, 59u, &minute)) {
    return false;
  }
  const uint32_t offset = hour * 60u + minute;
  const bool east = sign == (uint8_t)'+';
  out->west = east ? DAY_MINUTES - offset : DAY_MINUTES + offset;
  return east || sign == (uint8_t)'-';
}

static uint32_t day_of_date(uint32_t year, uint32_t month, uint32_t day) {
  const bool early = month < 3u;
  const uint32_t from_march = early ? month + 9u : month - 3u;
  const uint32_t y = year + 400u - (early ? 1u : 0u);
  return y * 365u + y / 4u - y / 100u + y / 400u +
         (from_march * 153u + 2u) / 5u + day - 1u;
}

// date_of_day is the inverse of `day_of_date`.
static moment date_of_day(uint32_t number) {
  const uint32_t cycle = number / 146097u;  // days of 400 years
  const uint32_t in_cycle = number % 146097u;
  const uint32_t y =
      (in_cycle - in_cycle / 1460u + in_cycle / 36524u - in_cycle / 146096u) /
      365u;
  const uint32_t in_year = in_cycle - (y * 365u + y / 4u - y / 100u);
  const uint32_t from_march = (in_year * 5u + 2u) / 153u;
  const bool early = from_march >= 10u;
  moment date = {0u, 0u, 0u, 0u, 0u, 0u, 0u};
  date.day = in_year - (from_march * 153u + 2u) / 5u + 1u;
  date.month = early ? from_march - 9u : from_march + 3u;
  date.year = cycle * 400u + y + (early ? 1u : 0u) - 400u;
  return date;
}

//= RFC 3339 section 5.6
smtpc_status smtpc_date_parse(const uint8_t *line, smtpc_span span,
                              uint64_t *out) {
  smtpc_span rest = span;
  moment at = {0u, 0u, 0u, 0u, 0u, 0u, 0u};
  *out = 0u;
  if (!take_date(line, &rest, &at) || !take_octet(line, &rest, (uint8_t)'T') ||
      !take_time(line, &rest, &at) || !take_offset(line, &rest, &at) ||
      rest.begin < rest.end) {
    return SMTPC_E_PARAM_VALUE;
  }
  const uint32_t minutes = at.hour * 60u + at.minute + at.west;
  const uint32_t minute = minutes % DAY_MINUTES;
  const uint32_t day =
      day_of_date(at.year, at.month, at.day) + minutes / DAY_MINUTES - 1u;
  // RFC 3339 section 5.7: a leap second ends the last day of a month, in UTC.
  if (at.second == 60u &&
      (minute != DAY_MINUTES - 1u || date_of_day(day + 1u).day != 1u)) {
    return SMTPC_E_PARAM_VALUE;
  }
  const uint64_t seconds =
      (uint64_t)day * DAY_SECONDS + minute * 60u + at.second;
  const uint64_t epoch = (uint64_t)EPOCH_DAY * DAY_SECONDS;
  if (seconds < epoch || seconds - epoch > LAST_SECOND) {
    return SMTPC_E_PARAM_VALUE;
  }
  *out = seconds - epoch;
  return SMTPC_OK;
}

// put_part writes the last `count` digits of `value` at `out[at]`.
static void put_part(uint8_t *out, size_t at, size_t count, uint32_t value) {
  uint32_t left = value;
  for (size_t k = count; k > 0u; k--) {
    out[at + k - 1u] = (uint8_t)((uint32_t)'0' + left % 10u);
    left /= 10u;
  }
}

smtpc_status smtpc_date_write(uint64_t seconds, uint8_t *out) {
  static const uint8_t form[] = "0000-00-00T00:00:00Z";
  if (seconds > LAST_SECOND) {
    return SMTPC_E_ARGUMENT;
  }
  // A day has 675 * 2^7 seconds: this way a small processor need not divide
  // numbers of 64 bits.
  const uint32_t days = (uint32_t)(seconds >> 7u) / (DAY_SECONDS >> 7u);
  const uint32_t left = (uint32_t)(seconds - (uint64_t)days * DAY_SECONDS);
  const moment date = date_of_day(days + EPOCH_DAY);
  smtpc_copy(out, form, SMTPC_DATE_LEN);
  put_part(out, 0u, 4u, date.year);
  put_part(out, 5u, 2u, date.month);
  put_part(out, 8u, 2u, date.day);
  put_part(out, 11u, 2u, left / 3600u);
  put_part(out, 14u, 2u, left / 60u % 60u);
  put_part(out, 17u, 2u, left % 60u);
  return SMTPC_OK;
}
