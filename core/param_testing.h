// Param testing: what the tests of `smtpcore/param.h` share.
#ifndef SMTPCORE_CORE_PARAM_TESTING_H
#define SMTPCORE_CORE_PARAM_TESTING_H

#include <stdlib.h>
#include <string.h>

#include "core/model/param_model.h"
#include "core/testing.h"
#include "smtpcore/param.h"

#define ALL_OFFERS UINT32_MAX
#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])
#define M SMTPC_VERB_MAIL
#define R SMTPC_VERB_RCPT

// Results are compared octet by octet.
_Static_assert(sizeof(smtpc_params) == 72u, "smtpc_params has no padding");

// ---------------------------------------------------------- compare with model

static inline void print_text(const uint8_t *text, size_t len) {
  print_error("  text: ");
  for (size_t i = 0u; i < len; i++) {
    print_error(text[i] >= 32u && text[i] < 127u ? "%c" : "\\x%02x", text[i]);
  }
  print_error("\n");
}

static inline void print_params(const char *name, const smtpc_params *p) {
  print_error(
      "  %s: seen %x wrong %u size %llu body %u ret %u notify %u auth %u-%u "
      "envid %u-%u orcpt %u-%u %u-%u\n",
      name, p->seen, p->wrong, (unsigned long long)p->size, p->body, p->ret,
      p->notify, p->auth.begin, p->auth.end, p->envid.begin, p->envid.end,
      p->orcpt_type.begin, p->orcpt_type.end, p->orcpt.begin, p->orcpt.end);
  print_error(
      "    when %llu hold %u by %d %u %u priority %d rrvs %u mtrk %u-%u %u "
      "solicit %u-%u transid %u-%u\n",
      (unsigned long long)p->when, p->hold_for, p->by_time, p->by_mode,
      p->by_trace, p->mt_priority, p->rrvs, p->mtrk.begin, p->mtrk.end,
      p->mtrk_timeout, p->solicit.begin, p->solicit.end, p->transid.begin,
      p->transid.end);
}

// compare runs both on an exact-size copy and returns whether it was taken. They
// must agree on the status and on each octet of the result, which has no padding.
static inline bool compare(const uint8_t *text, size_t len, unsigned verb,
                           uint32_t offered) {
  uint8_t *const copy = test_copy(text, len);
  smtpc_params have;
  smtpc_params want;
  memset(&have, 0xa5, sizeof have);
  const smtpc_status status =
      smtpc_params_parse(copy, smtpc_span_make(0u, len), verb, offered, &have);
  const smtpc_status model =
      model_params_status(copy, len, verb, offered, &want);
  const bool blamed =
      smtpc_status_is_malformed(status) || smtpc_status_is_limit(status);
  const bool same = model == SMTPC_E_INTERNAL ? blamed : status == model;
  if (!same || memcmp(&have, &want, sizeof have) != 0 ||
      blamed == (status == SMTPC_OK)) {
    print_error("params: status %s, model %s, verb %u, offered %x\n",
                smtpc_status_name(status), smtpc_status_name(model), verb,
                offered);
    print_text(copy, len);
    print_params("have", &have);
    print_params("want", &want);
    fail();
  }
  free(copy);
  return status == SMTPC_OK;
}

typedef bool (*each_text)(const uint8_t *text, size_t len);

// every calls `each` with all strings of `alphabet` up to `max` octets long,
// after `before`, and returns how many `each` returned true for.
static inline size_t every(const char *before, const char *alphabet, size_t max,
                           each_text each) {
  const size_t base = strlen(alphabet);
  const size_t front = strlen(before);
  uint8_t text[96];
  size_t taken = 0u;
  memcpy(text, before, front);
  for (size_t len = 0u; len <= max; len++) {
    size_t count = 1u;
    for (size_t k = 0u; k < len; k++) {
      count *= base;
    }
    for (size_t n = 0u; n < count; n++) {
      size_t left = n;
      for (size_t k = 0u; k < len; k++) {
        text[front + k] = (uint8_t)alphabet[left % base];
        left /= base;
      }
      taken += each(text, front + len) ? 1u : 0u;
    }
  }
  return taken;
}

static inline bool mail(const uint8_t *text, size_t len) {
  return compare(text, len, SMTPC_VERB_MAIL, ALL_OFFERS);
}

static inline bool rcpt(const uint8_t *text, size_t len) {
  return compare(text, len, SMTPC_VERB_RCPT, ALL_OFFERS);
}

static inline bool either(const uint8_t *text, size_t len) {
  const bool a = mail(text, len);
  const bool b = rcpt(text, len);
  return a || b;
}

// mutate changes, drops or doubles up to two octets of every third text or so.
static inline size_t mutate(uint8_t *text, size_t len, uint64_t *seed) {
  static const uint8_t odd[] = " =+;,<>@\"-\x00\x0a\x7f\xc3\xa9 0aF";
  const uint32_t dice = test_random(seed) % 5u;
  for (uint32_t n = dice > 2u ? 0u : dice; n > 0u && len > 1u; n--) {
    const size_t at = test_random(seed) % len;
    const uint32_t how = test_random(seed) % 3u;
    if (how == 0u) {
      text[at] = odd[test_random(seed) % (sizeof odd - 1u)];
    } else if (how == 1u) {
      memmove(text + at, text + at + 1u, len - at - 1u);
      len--;
    } else {
      memmove(text + at + 1u, text + at, len - at);
      len++;
    }
  }
  return len;
}

// ----------------------------------------------------------------------- tables

typedef struct refuse_row {
  const char *text;
  unsigned verb;
  smtpc_status status;
  unsigned wrong;  // the parameter plus 1, or 0
} refuse_row;

// WRONG(id) is what `smtpc_params.wrong` must be.
#define WRONG(id) (SMTPC_PARAM_##id + 1u)

// refuse checks all `count` rows with every extension offered.
static inline void refuse(const refuse_row *rows, size_t count) {
  for (size_t i = 0u; i < count; i++) {
    const size_t len = strlen(rows[i].text);
    uint8_t *const line = test_copy(rows[i].text, len);
    smtpc_params params;
    test_label("%s", rows[i].text);
    test_number(smtpc_params_parse(line, smtpc_span_make(0u, len), rows[i].verb,
                                   ALL_OFFERS, &params),
                rows[i].status);
    test_number(params.wrong, rows[i].wrong);
    free(line);
    compare((const uint8_t *)rows[i].text, len, rows[i].verb, ALL_OFFERS);
  }
}

// parse returns the parameters of `text`, which must be right.
static inline smtpc_params parse(const char *text, unsigned verb) {
  smtpc_params params;
  const size_t len = strlen(text);
  test_label("%s", text);
  const smtpc_status status =
      smtpc_params_parse((const uint8_t *)text, smtpc_span_make(0u, len), verb,
                         ALL_OFFERS, &params);
  test_number(status, SMTPC_OK);
  compare((const uint8_t *)text, len, verb, ALL_OFFERS);
  return params;
}

static inline void test_span(const char *text, smtpc_span span,
                             const char *want) {
  test_octets(text + span.begin, smtpc_span_len(span), want, strlen(want));
}

#endif  // SMTPCORE_CORE_PARAM_TESTING_H
