// Tests of `smtpcore/write.h`: the parameters. What is written parses back to what was
// meant, and what must not be sent is refused (THREATS: INJ).
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "core/write_testing.h"

#define CERTIFIER "AAAAAAAAAAAAAAAAAAAAAAAAAAA"

static written line(smtpc_envelope e, unsigned verb, size_t cap) {
  e.address = (const uint8_t *)"a@b.example";
  e.address_len = 11u;
  return envelope_line(e, verb, 0, cap);
}

#define WORD(field, text) \
  .field = (const uint8_t *)(text), .field##_len = sizeof(text) - 1u
// What stands around the parameters in these tests.
#define MAIL_LINE(text) "MAIL FROM:<a@b.example>" text "\r\n"
#define RCPT_LINE(text) "RCPT TO:<a@b.example>" text "\r\n"

typedef struct row {
  unsigned verb;
  smtpc_envelope envelope;
  smtpc_status status;
  const char *want;
} row;

static const row rows[] = {
    {SMTPC_VERB_MAIL,
     {.seen = SMTPC_HAS(BODY), .body = SMTPC_BODY_BINARYMIME},
     SMTPC_OK,
     MAIL_LINE(" BODY=BINARYMIME")},
    {SMTPC_VERB_MAIL,
     {.seen = SMTPC_HAS(BY), .by_time = -999999999, .by_mode = 1u},
     SMTPC_OK,
     MAIL_LINE(" BY=-999999999;N")},
    {SMTPC_VERB_MAIL,
     {.seen = SMTPC_HAS(BY), .by_time = 1, .by_mode = 2u, .by_trace = 1u},
     SMTPC_OK,
     MAIL_LINE(" BY=1;RT")},
    {SMTPC_VERB_MAIL,
     {.seen = SMTPC_HAS(BY), .by_time = 0, .by_mode = 2u},
     SMTPC_E_PARAM_VALUE,
     ""},
    {SMTPC_VERB_MAIL,
     {.seen = SMTPC_HAS(BY), .by_time = 5, .by_mode = 0u},
     SMTPC_E_PARAM_VALUE,
     ""},
    {SMTPC_VERB_MAIL,
     {.seen = SMTPC_HAS(BY), .by_time = 5, .by_mode = 3u},
     SMTPC_E_PARAM_VALUE,
     ""},
    {SMTPC_VERB_MAIL,
     {.seen = SMTPC_HAS(BY), .by_time = INT32_MIN, .by_mode = 1u},
     SMTPC_E_NUMBER_TOO_LARGE,
     ""},
    {SMTPC_VERB_MAIL,
     {.seen = SMTPC_HAS(BY), .by_time = 1000000000, .by_mode = 2u},
     SMTPC_E_NUMBER_TOO_LARGE,
     ""},
    {SMTPC_VERB_MAIL,
     {.seen = SMTPC_HAS(BY), .by_time = -1, .by_mode = 2u},
     SMTPC_E_PARAM_VALUE,
     ""},
    {SMTPC_VERB_MAIL,
     {.seen = SMTPC_HAS(BY), .by_time = 5, .by_mode = 1u, .by_trace = 2u},
     SMTPC_E_PARAM_VALUE,
     ""},
    {SMTPC_VERB_MAIL,
     {.seen = SMTPC_HAS(BY), .by_time = 0, .by_mode = 1u, .by_trace = 1u},
     SMTPC_OK,
     MAIL_LINE(" BY=0;NT")},
    {SMTPC_VERB_MAIL,
     {.seen = SMTPC_HAS(HOLDFOR), .hold_for = 999999999u},
     SMTPC_OK,
     MAIL_LINE(" HOLDFOR=999999999")},
    {SMTPC_VERB_MAIL,
     {.seen = SMTPC_HAS(HOLDFOR), .hold_for = 1000000000u},
     SMTPC_E_NUMBER_TOO_LARGE,
     ""},
    {SMTPC_VERB_MAIL,
     {.seen = SMTPC_HAS(HOLDFOR), .hold_for = 0u},
     SMTPC_E_PARAM_VALUE,
     ""},
    {SMTPC_VERB_MAIL,
     {.seen = SMTPC_HAS(HOLDUNTIL), .when = 86400u},
     SMTPC_OK,
     MAIL_LINE(" HOLDUNTIL=1970-01-02T00:00:00Z")},
    {SMTPC_VERB_MAIL,
     {.seen = SMTPC_HAS(HOLDUNTIL), .when = 253402300800u},
     SMTPC_E_PARAM_VALUE,
     ""},
    {SMTPC_VERB_MAIL,
     {.seen = SMTPC_HAS(HOLDUNTIL), .when = 253402300799u},
     SMTPC_OK,
     MAIL_LINE(" HOLDUNTIL=9999-12-31T23:59:59Z")},
    {SMTPC_VERB_MAIL,
     {.seen = SMTPC_HAS(HOLDUNTIL), .when = UINT64_MAX},
     SMTPC_E_PARAM_VALUE,
     ""},
    {SMTPC_VERB_MAIL,
     {.seen = SMTPC_HAS(HOLDUNTIL) | SMTPC_HAS(HOLDFOR), .hold_for = 5u},
     SMTPC_E_PARAM_VALUE,
     ""},
    {SMTPC_VERB_MAIL,
     {.seen = SMTPC_HAS(MT_PRIORITY), .mt_priority = -9},
     SMTPC_OK,
     MAIL_LINE(" MT-PRIORITY=-9")},
    {SMTPC_VERB_MAIL,
     {.seen = SMTPC_HAS(MT_PRIORITY)},
     SMTPC_OK,
     MAIL_LINE(" MT-PRIORITY=0")},
    {SMTPC_VERB_MAIL,
     {.seen = SMTPC_HAS(MT_PRIORITY), .mt_priority = 9},
     SMTPC_OK,
     MAIL_LINE(" MT-PRIORITY=9")},
    {SMTPC_VERB_MAIL,
     {.seen = SMTPC_HAS(MT_PRIORITY), .mt_priority = 10},
     SMTPC_E_NUMBER_TOO_LARGE,
     ""},
    {SMTPC_VERB_MAIL,
     {.seen = SMTPC_HAS(MT_PRIORITY), .mt_priority = INT8_MIN},
     SMTPC_E_NUMBER_TOO_LARGE,
     ""},
    {SMTPC_VERB_MAIL,
     {.seen = SMTPC_HAS(SOLICIT), WORD(solicit, "org.example:ADV,b")},
     SMTPC_OK,
     MAIL_LINE(" SOLICIT=org.example:ADV,b")},
    {SMTPC_VERB_MAIL,
     {.seen = SMTPC_HAS(SOLICIT)},
     SMTPC_E_PARAM_VALUE_MISSING,
     ""},
    {SMTPC_VERB_MAIL,
     {.seen = SMTPC_HAS(SOLICIT), WORD(solicit, "a,,b")},
     SMTPC_E_PARAM_VALUE,
     ""},
    {SMTPC_VERB_MAIL,
     {.seen = SMTPC_HAS(SOLICIT), WORD(solicit, "a SIZE=1")},
     SMTPC_E_PARAM_VALUE,
     ""},
    {SMTPC_VERB_MAIL,
     {.seen = SMTPC_HAS(SOLICIT), WORD(solicit, "a\r\nRCPT TO:<x@y>")},
     SMTPC_E_BARE_CR,
     ""},
    {SMTPC_VERB_MAIL,
     {.seen = SMTPC_HAS(MTRK), WORD(mtrk, CERTIFIER)},
     SMTPC_OK,
     MAIL_LINE(" MTRK=" CERTIFIER)},
    {SMTPC_VERB_MAIL,
     {.seen = SMTPC_HAS(MTRK), WORD(mtrk, CERTIFIER), .mtrk_timeout = 60u},
     SMTPC_OK,
     MAIL_LINE(" MTRK=" CERTIFIER ":60")},
    {SMTPC_VERB_MAIL,
     {.seen = SMTPC_HAS(MTRK), WORD(mtrk, CERTIFIER), .mtrk_timeout = 1u},
     SMTPC_OK,
     MAIL_LINE(" MTRK=" CERTIFIER ":1")},
    {SMTPC_VERB_MAIL,
     {.seen = SMTPC_HAS(HOLDFOR), .hold_for = 1u},
     SMTPC_OK,
     MAIL_LINE(" HOLDFOR=1")},
    {SMTPC_VERB_MAIL,
     {.seen = SMTPC_HAS(MTRK), WORD(mtrk, "short")},
     SMTPC_E_PARAM_VALUE,
     ""},
    {SMTPC_VERB_MAIL,
     {.seen = SMTPC_HAS(MTRK),
      WORD(mtrk, CERTIFIER),
      .mtrk_timeout = UINT32_MAX},
     SMTPC_E_NUMBER_TOO_LARGE,
     ""},
    {SMTPC_VERB_MAIL,
     {.seen = SMTPC_HAS(MTRK),
      WORD(mtrk, CERTIFIER),
      .mtrk_timeout = 1000000000u},
     SMTPC_E_NUMBER_TOO_LARGE,
     ""},
    {SMTPC_VERB_MAIL,
     {.seen = SMTPC_HAS(MTRK)},
     SMTPC_E_PARAM_VALUE_MISSING,
     ""},
    {SMTPC_VERB_MAIL,
     {.seen = SMTPC_HAS(MTRK), WORD(mtrk, "AAAAAAAAAAAAAAAAAAAAAAAA:60")},
     SMTPC_E_PARAM_VALUE,
     ""},
    {SMTPC_VERB_MAIL,
     {.seen = SMTPC_HAS(MTRK), WORD(mtrk, CERTIFIER ":60")},
     SMTPC_E_PARAM_VALUE,
     ""},
    {SMTPC_VERB_MAIL,
     {.seen = SMTPC_HAS(MTRK), WORD(mtrk, "AAAAAAAAAAAAAAAAAAAAAAAAAAB")},
     SMTPC_E_PARAM_VALUE,
     ""},
    {SMTPC_VERB_MAIL,
     {.seen = SMTPC_HAS(MTRK), WORD(mtrk, "AAAAAAAAAAAAAAAAAA BODY=7BIT")},
     SMTPC_E_PARAM_VALUE,
     ""},
    {SMTPC_VERB_MAIL,
     {.seen = SMTPC_HAS(TRANSID)},
     SMTPC_E_PARAM_VALUE_MISSING,
     ""},
    {SMTPC_VERB_MAIL,
     {.seen = SMTPC_HAS(TRANSID), WORD(transid, "1@b> SIZE=1")},
     SMTPC_E_PARAM_VALUE,
     ""},
    {SMTPC_VERB_MAIL,
     {.seen = SMTPC_HAS(TRANSID), WORD(transid, "<1@b>")},
     SMTPC_E_PARAM_VALUE,
     ""},
    {SMTPC_VERB_MAIL,
     {.seen = SMTPC_HAS(TRANSID), WORD(transid, "12@a.example")},
     SMTPC_OK,
     MAIL_LINE(" TRANSID=<12@a.example>")},
    {SMTPC_VERB_MAIL,
     {.seen = SMTPC_HAS(TRANSID), WORD(transid, "a> SIZE")},
     SMTPC_E_PARAM_VALUE,
     ""},
    {SMTPC_VERB_MAIL,
     {.seen = SMTPC_HAS(TRANSID), WORD(transid, "a>b")},
     SMTPC_E_PARAM_VALUE,
     ""},
    {SMTPC_VERB_MAIL,
     {.seen = SMTPC_HAS(CONPERM) | SMTPC_HAS(PRDR) | SMTPC_HAS(REQUIRETLS)},
     SMTPC_OK,
     MAIL_LINE(" REQUIRETLS CONPERM PRDR")},
    {SMTPC_VERB_MAIL, {.seen = SMTPC_HAS(RRVS)}, SMTPC_E_ARGUMENT, ""},
    {SMTPC_VERB_RCPT,
     {.seen = SMTPC_HAS(RRVS), .when = 3600u},
     SMTPC_OK,
     RCPT_LINE(" RRVS=1970-01-01T01:00:00Z")},
    {SMTPC_VERB_RCPT,
     {.seen = SMTPC_HAS(RRVS), .when = 3600u, .rrvs = SMTPC_RRVS_REJECT},
     SMTPC_OK,
     RCPT_LINE(" RRVS=1970-01-01T01:00:00Z;R")},
    {SMTPC_VERB_RCPT,
     {.seen = SMTPC_HAS(RRVS), .when = 3600u, .rrvs = 3u},
     SMTPC_E_PARAM_VALUE,
     ""},
    {SMTPC_VERB_RCPT,
     {.seen = SMTPC_HAS(CONNEG)},
     SMTPC_OK,
     RCPT_LINE(" CONNEG")},
    {SMTPC_VERB_RCPT, {.seen = SMTPC_HAS(BY)}, SMTPC_E_ARGUMENT, ""},
};

static void test_write_param_values(void **state) {
  (void)state;
  for (size_t i = 0u; i < COUNT_OF(rows); i++) {
    test_label("row %zu", i);
    written w = line(rows[i].envelope, rows[i].verb, 600u);
    if (w.status == SMTPC_OK) {
      smtpc_envelope e = rows[i].envelope;
      e.address = (const uint8_t *)"a@b.example";
      e.address_len = 11u;
      check_back(&w, &e, rows[i].verb);
    }
    check(w, rows[i].status, rows[i].want);
  }
}

// Each field that holds text: where it stands in an envelope, the parameter that sends
// it, and a value that is one.
typedef struct field {
  unsigned verb;
  uint32_t seen;
  const char *sample;
} field;

enum { ENVID, AUTH, ORCPT, ORCPT_TYPE, SOLICIT, MTRK, TRANSID };

static const field fields[] = {
    {SMTPC_VERB_MAIL, SMTPC_HAS(ENVID), "abc"},
    {SMTPC_VERB_MAIL, SMTPC_HAS(AUTH), "abc@defgh"},
    {SMTPC_VERB_RCPT, SMTPC_HAS(ORCPT), "abc"},
    {SMTPC_VERB_RCPT, SMTPC_HAS(ORCPT), "abc"},
    {SMTPC_VERB_MAIL, SMTPC_HAS(SOLICIT), "abcd"},
    {SMTPC_VERB_MAIL, SMTPC_HAS(MTRK), CERTIFIER},
    {SMTPC_VERB_MAIL, SMTPC_HAS(TRANSID), "abc@def"},
};

// An envelope that sends only field `id`, with these octets.
static smtpc_envelope only(unsigned id, const void *text, size_t len) {
  smtpc_envelope e = {.seen = fields[id].seen,
                      WORD(address, "a@b.example"),
                      WORD(orcpt, "x"),
                      WORD(orcpt_type, "y")};
  const uint8_t **const at[] = {&e.envid,   &e.auth, &e.orcpt,  &e.orcpt_type,
                                &e.solicit, &e.mtrk, &e.transid};
  uint16_t *const lens[] = {&e.envid_len,      &e.auth_len,    &e.orcpt_len,
                            &e.orcpt_type_len, &e.solicit_len, &e.mtrk_len,
                            &e.transid_len};
  *at[id] = text;
  *lens[id] = (uint16_t)len;
  return e;
}

static bool is_base64(unsigned c) {
  return is_let_dig(c) || c == '+' || c == '/';
}

// The last digit of a certifier ends in two bits that are 0.
#define LAST_DIGITS "AEIMQUYcgkosw048"

static bool is_transid_octet(unsigned c) {
  return c > 0x20u && c < 0x7fu && strchr("()<>@,;:\\\"/[]?=.", (int)c) == NULL;
}

// Whether printable octet `c` may stand at `at` of the sample of field `id`.
static bool may_stand(unsigned id, size_t at, unsigned c) {
  const size_t last = strlen(fields[id].sample) - 1u;
  const bool inner = at > 0u && at < last;
  const bool dot = c == '.' && inner;
  switch (id) {
    case AUTH:
      if (at == 3u) {
        return c == '@';
      }
      return at < 3u ? is_atext(c) || (c == '.' && at == 1u)
                     : is_let_dig(c) || (at > 4u && inner && (c == '-' || dot));
    case ORCPT_TYPE:
      return is_atext(c) && c != '=';
    case SOLICIT:
      return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
             (at > 0u && (is_let_dig(c) || strchr(".-_:", (int)c) != NULL)) ||
             (inner && c == ',');
    case MTRK:
      return at < last ? is_base64(c) : strchr(LAST_DIGITS, (int)c) != NULL;
    case TRANSID:
      return at == 3u ? c == '@'
                      : is_transid_octet(c) || (dot && (at == 1u || at == 5u));
    default:
      return true;
  }
}

// THREATS INJ-01, INJ-03: each octet at each place of each field. Whatever would end a
// field, its parameter or the line is refused, or encoded where there is an encoding.
static void test_write_param_tries_each_octet_everywhere(void **state) {
  (void)state;
  for (unsigned id = 0u; id < COUNT_OF(fields); id++) {
    const size_t len = strlen(fields[id].sample);
    for (size_t at = 0u; at < len; at++) {
      for (unsigned c = 0u; c < 256u; c++) {
        char text[32];
        memcpy(text, fields[id].sample, len + 1u);
        text[at] = (char)c;
        const smtpc_envelope e = only(id, text, len);
        const bool ok = c >= 0x20u && c < 0x7fu && may_stand(id, at, c);
        test_label("field %u, octet %u at %zu", id, c, at);
        written w = envelope_line(e, fields[id].verb, 0, 600u);
        test_number(w.status, octet_status(c, ok, SMTPC_E_PARAM_VALUE));
        if (w.status == SMTPC_OK) {
          check_back(&w, &e, fields[id].verb);
        }
        check(w, w.status, NULL);
      }
    }
  }
}

// NULL with a length is the caller's mistake, and never read.
static void test_write_param_null_is_misuse(void **state) {
  (void)state;
  for (unsigned id = 0u; id < COUNT_OF(fields); id++) {
    const smtpc_envelope e = only(id, NULL, 3u);
    written w = room(600u);
    w.status = fields[id].verb == SMTPC_VERB_MAIL
                   ? smtpc_write_mail(w.data, w.cap, &w.len, &e)
                   : smtpc_write_rcpt(w.data, w.cap, &w.len, &e, 0);
    test_label("field %u", id);
    check(w, SMTPC_E_ARGUMENT, "");
  }
  const smtpc_envelope e = {.address_len = 1u};
  written w = room(600u);
  w.status = smtpc_write_mail(w.data, w.cap, &w.len, &e);
  check(w, SMTPC_E_ARGUMENT, "");
  test_label("a parameter of the other verb, whatever else is wrong");
  smtpc_envelope other = only(SOLICIT, "\r", 1u);
  other.seen |= SMTPC_HAS(CONNEG);
  check(envelope_line(other, SMTPC_VERB_MAIL, 0, 600u), SMTPC_E_ARGUMENT, "");
  test_label("a bit that is no parameter");
  other = only(ENVID, "x", 1u);
  other.seen |= (uint32_t)1 << 31u;
  check(envelope_line(other, SMTPC_VERB_MAIL, 0, 600u), SMTPC_E_ARGUMENT, "");
  check(envelope_line(other, SMTPC_VERB_RCPT, 0, 600u), SMTPC_E_ARGUMENT, "");
}

// What the parser says of " NAME=" and the value as it stands.
static smtpc_status parser_status(const char *before, const char *text,
                                  size_t len, const char *after) {
  char raw[1200];
  smtpc_params params;
  const int n =
      snprintf(raw, sizeof raw, "%s%.*s%s", before, (int)len, text, after);
  uint8_t *copy = test_copy(raw, (size_t)n);
  const smtpc_status status =
      smtpc_params_parse(copy, smtpc_span_make(0u, (size_t)n), SMTPC_VERB_MAIL,
                         UINT32_MAX, &params);
  free(copy);
  return status;
}

// A word of each length: the status is the parser's, but for a line that is too long.
static void test_write_param_words_are_bounded(void **state) {
  (void)state;
  char text[1100];
  for (size_t len = 1u; len <= 1010u; len++) {
    memset(text, 'A', sizeof text);
    text[0] = 'b';
    text[1] = '@';
    const smtpc_status want[] = {
        parser_status(" SOLICIT=", text + 2u, len, ""),
        parser_status(" MTRK=", text + 2u, len, ""),
        parser_status(" TRANSID=<", text, len, ">"),
    };
    for (unsigned k = 0u; k < COUNT_OF(want); k++) {
      const unsigned id = SOLICIT + k;
      const char *from = id == TRANSID ? text : text + 2u;
      const bool long_line =
          id == SOLICIT && len + strlen(MAIL_LINE(" SOLICIT=")) > SMTPC_OUT_MAX;
      test_label("field %u of %zu", id, len);
      check(envelope_line(only(id, from, len), SMTPC_VERB_MAIL, 0, 2000u),
            want[k] == SMTPC_OK && long_line ? SMTPC_E_ROOM : want[k], NULL);
    }
  }
}

// ------------------------------------------------- the C library's envelope

typedef struct text {
  char data[1024];
  size_t len;
} text;

__attribute__((format(printf, 2, 3))) static void add(text *t,
                                                      const char *format, ...) {
  va_list list;
  va_start(list, format);
  const int n =
      vsnprintf(t->data + t->len, sizeof t->data - t->len, format, list);
  va_end(list);
  assert_true(n >= 0 && t->len + (size_t)n < sizeof t->data);
  t->len += (size_t)n;
}

static void add_octets(text *t, const uint8_t *data, size_t len) {
  add(t, "%.*s", (int)len, (const char *)data);
}

static void add_xtext(text *t, const uint8_t *data, size_t len) {
  for (size_t i = 0u; i < len; i++) {
    const unsigned c = data[i];
    add(t, c > 32u && c < 127u && c != '+' && c != '=' ? "%c" : "+%02X", c);
  }
}

static void add_date(text *t, uint64_t when) {
  const time_t seconds = (time_t)when;
  const struct tm *tm = gmtime(&seconds);
  assert_non_null(tm);
  t->len += strftime(t->data + t->len, sizeof t->data - t->len,
                     "%Y-%m-%dT%H:%M:%SZ", tm);
}

static void add_mail(text *t, const smtpc_envelope *e) {
  static const char *const bodies[] = {"", "7BIT", "8BITMIME", "BINARYMIME"};
  static const char *const rets[] = {"", "FULL", "HDRS"};
#define SAYS(id) ((e->seen & SMTPC_HAS(id)) != 0u)
  if (SAYS(SIZE)) {
    add(t, " SIZE=%" PRIu64, e->size);
  }
  if (SAYS(BODY)) {
    add(t, " BODY=%s", bodies[e->body]);
  }
  if (SAYS(AUTH)) {
    add(t, e->auth_len > 0u ? " AUTH=" : " AUTH=<>");
    add_xtext(t, e->auth, e->auth_len);
  }
  if (SAYS(RET)) {
    add(t, " RET=%s", rets[e->ret]);
  }
  if (SAYS(ENVID)) {
    add(t, " ENVID=");
    add_xtext(t, e->envid, e->envid_len);
  }
  if (SAYS(SMTPUTF8)) {
    add(t, " SMTPUTF8");
  }
  if (SAYS(REQUIRETLS)) {
    add(t, " REQUIRETLS");
  }
  if (SAYS(BY)) {
    add(t, " BY=%" PRId32 ";%c%s", e->by_time,
        e->by_mode == SMTPC_BY_RETURN ? 'R' : 'N', e->by_trace ? "T" : "");
  }
  if (SAYS(HOLDFOR)) {
    add(t, " HOLDFOR=%" PRIu32, e->hold_for);
  }
  if (SAYS(HOLDUNTIL)) {
    add(t, " HOLDUNTIL=");
    add_date(t, e->when);
  }
  if (SAYS(MT_PRIORITY)) {
    add(t, " MT-PRIORITY=%d", e->mt_priority);
  }
  if (SAYS(SOLICIT)) {
    add(t, " SOLICIT=");
    add_octets(t, e->solicit, e->solicit_len);
  }
  if (SAYS(MTRK)) {
    add(t, " MTRK=");
    add_octets(t, e->mtrk, e->mtrk_len);
    if (e->mtrk_timeout > 0u) {
      add(t, ":%" PRIu32, e->mtrk_timeout);
    }
  }
  if (SAYS(CONPERM)) {
    add(t, " CONPERM");
  }
  if (SAYS(TRANSID)) {
    add(t, " TRANSID=<");
    add_octets(t, e->transid, e->transid_len);
    add(t, ">");
  }
  if (SAYS(PRDR)) {
    add(t, " PRDR");
  }
}

static void add_rcpt(text *t, const smtpc_envelope *e) {
  static const char *const notify[] = {"",
                                       "NEVER",
                                       "SUCCESS",
                                       "",
                                       "FAILURE",
                                       "",
                                       "SUCCESS,FAILURE",
                                       "",
                                       "DELAY",
                                       "",
                                       "SUCCESS,DELAY",
                                       "",
                                       "FAILURE,DELAY",
                                       "",
                                       "SUCCESS,FAILURE,DELAY"};
  static const char *const rrvs[] = {"", ";C", ";R"};
  if (SAYS(NOTIFY)) {
    add(t, " NOTIFY=%s", notify[e->notify]);
  }
  if (SAYS(ORCPT)) {
    add(t, " ORCPT=");
    add_octets(t, e->orcpt_type, e->orcpt_type_len);
    add(t, ";");
    add_xtext(t, e->orcpt, e->orcpt_len);
  }
  if (SAYS(RRVS)) {
    add(t, " RRVS=");
    add_date(t, e->when);
    add(t, "%s", rrvs[e->rrvs]);
  }
  if (SAYS(CONNEG)) {
    add(t, " CONNEG");
  }
}

// --------------------------------------------------------- random envelopes

typedef struct words {
  uint8_t address[40];
  uint8_t envid[33];
  uint8_t auth[40];
  uint8_t orcpt[60];
  uint8_t orcpt_type[20];
  uint8_t solicit[60];
  uint8_t mtrk[SMTPC_MTRK_LEN];
  uint8_t transid[40];
} words;

static uint32_t below(uint64_t *seed, uint32_t n) {
  return test_random(seed) % n;
}

// One to `max` octets of `symbols` (NULL: any printable one, and space).
static size_t pick(uint64_t *seed, uint8_t *out, size_t max,
                   const char *symbols) {
  const size_t len = 1u + below(seed, (uint32_t)max);
  for (size_t i = 0u; i < len; i++) {
    out[i] = symbols != NULL
                 ? (uint8_t)symbols[below(seed, (uint32_t)strlen(symbols))]
                 : (uint8_t)(32u + below(seed, 95u));
  }
  return len;
}

#define ATEXT "abcXYZ019!#$%&'*+-/?^_`{|}~"
#define DIGITS64 \
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// A mailbox: plain or quoted, and with `utf8` perhaps beyond ASCII.
static uint16_t make_mailbox(uint64_t *seed, uint8_t *out, bool utf8) {
  static const char *const domains[] = {"@b", "@b.example", "@[192.0.2.1]",
                                        "@[IPv6:2001:db8::1]"};
  const char *domain = domains[below(seed, COUNT_OF(domains))];
  size_t len = 0u;
  if (below(seed, 3u) == 0u) {
    out[len++] = '"';
    len += pick(seed, out + len, 10u, ATEXT " @<>()=,;:[].");
    out[len++] = '"';
  } else {
    len = pick(seed, out, 12u, ATEXT "=");
  }
  if (utf8 && below(seed, 2u) == 0u) {
    memcpy(out, "\xc4\x8d", 2u);
    len = 2u;
  }
  memcpy(out + len, domain, strlen(domain));
  return (uint16_t)(len + strlen(domain));
}

// As `pick` does, of each part one, with `between` between them.
static uint16_t make_parts(uint64_t *seed, uint8_t *out, const char *first,
                           const char *rest, const char *between,
                           unsigned parts) {
  size_t len = 0u;
  for (unsigned n = 0u; n < parts; n++) {
    if (n > 0u) {
      out[len++] = (uint8_t)between[below(seed, (uint32_t)strlen(between))];
    }
    len += pick(seed, out + len, 1u, first);
    len += pick(seed, out + len, 8u, rest);
  }
  return (uint16_t)len;
}

static void make_words(uint64_t *seed, words *w, smtpc_envelope *e, bool utf8) {
  e->address = w->address;
  e->address_len = make_mailbox(seed, w->address, utf8);
  e->envid = w->envid;
  e->envid_len = (uint16_t)pick(seed, w->envid, sizeof w->envid, NULL);
  e->auth = w->auth;
  e->auth_len = below(seed, 4u) == 0u ? 0u : make_mailbox(seed, w->auth, false);
  e->orcpt = w->orcpt;
  e->orcpt_len = (uint16_t)pick(seed, w->orcpt, sizeof w->orcpt, NULL);
  e->orcpt_type = w->orcpt_type;
  e->orcpt_type_len =
      (uint16_t)pick(seed, w->orcpt_type, sizeof w->orcpt_type, ATEXT);
  e->solicit = w->solicit;
  e->solicit_len = make_parts(seed, w->solicit, "abcXYZ", "abcXYZ019.-_:", ",",
                              1u + below(seed, 4u));
  e->mtrk = w->mtrk;
  e->mtrk_len = sizeof w->mtrk;
  for (size_t i = 0u; i < sizeof w->mtrk; i++) {
    (void)pick(seed, w->mtrk + i, 1u,
               i + 1u < sizeof w->mtrk ? DIGITS64 : LAST_DIGITS);
  }
  e->transid = w->transid;
  e->transid_len =
      make_parts(seed, w->transid, "abc019~", "abcXYZ019!#$%&'*+-^_`{|}~", ".",
                 1u + below(seed, 2u));
  w->transid[e->transid_len++] = '@';
  e->transid_len =
      (uint16_t)(e->transid_len + make_parts(seed, w->transid + e->transid_len,
                                             "abc", "abc019!#", ".", 2u));
}

// An envelope with nothing wrong: each value from all of its range.
static smtpc_envelope make_envelope(uint64_t *seed, words *w, unsigned verb,
                                    bool utf8) {
  static const uint8_t notify[] = {1u, 2u, 4u, 6u, 8u, 10u, 12u, 14u};
  smtpc_envelope e = {0};
  e.seen = test_random(seed);
  for (unsigned id = 0u; id < 32u; id++) {
    const bool fits =
        id < SMTPC_PARAM_COUNT && smtpc_param_get(id).verb == verb;
    e.seen &= fits ? UINT32_MAX : ~((uint32_t)1 << id);
  }
  e.seen &=
      ~(below(seed, 2u) == 0u ? SMTPC_HAS(HOLDFOR) : SMTPC_HAS(HOLDUNTIL));
  e.size = (uint64_t)test_random(seed) << below(seed, 33u);
  e.when = ((uint64_t)test_random(seed) << 10u) % 253402300800u;
  e.hold_for = 1u + below(seed, SMTPC_SECONDS_MAX);
  e.by_mode = (uint8_t)(1u + below(seed, 2u));
  e.by_time = (int32_t)(1u + below(seed, SMTPC_SECONDS_MAX));
  e.by_time -= e.by_mode == SMTPC_BY_NOTIFY && below(seed, 2u) == 0u
                   ? (int32_t)SMTPC_SECONDS_MAX
                   : 0;
  e.by_trace = (uint8_t)below(seed, 2u);
  e.mtrk_timeout = below(seed, 2u) == 0u ? 0u : below(seed, 1000000000u);
  e.body = (uint8_t)(1u + below(seed, 3u));
  e.ret = (uint8_t)(1u + below(seed, 2u));
  e.notify = notify[below(seed, COUNT_OF(notify))];
  e.mt_priority = (int8_t)((int)below(seed, 19u) - 9);
  e.rrvs = (uint8_t)below(seed, 3u);
  make_words(
      seed, w, &e,
      verb == SMTPC_VERB_MAIL ? (e.seen & SMTPC_HAS(SMTPUTF8)) != 0u : utf8);
  return e;
}

static text model_line(const smtpc_envelope *e, unsigned verb) {
  text want = {.len = 0u};
  add(&want, verb == SMTPC_VERB_MAIL ? "MAIL FROM:<" : "RCPT TO:<");
  add_octets(&want, e->address, e->address_len);
  add(&want, ">");
  if (verb == SMTPC_VERB_MAIL) {
    add_mail(&want, e);
  } else {
    add_rcpt(&want, e);
  }
  add(&want, "\r\n");
  return want;
}

// THREATS INJ-02, INJ-05: what is written is what printf writes of the same values, it
// parses back to them, it fits a buffer of just its length, and no shorter one.
static void test_write_param_random_round_trip(void **state) {
  (void)state;
  uint64_t seed = 7u;
  unsigned taken = 0u;
  uint32_t sent = 0u;
  for (unsigned n = 0u; n < 200000u; n++) {
    words text_of;
    const unsigned verb = n % 3u != 0u ? SMTPC_VERB_MAIL : SMTPC_VERB_RCPT;
    const int utf8 = (int)(n % 2u);
    const smtpc_envelope e = make_envelope(&seed, &text_of, verb, utf8 != 0);
    const text want = model_line(&e, verb);
    test_label("round %u: %s", n, want.data);
    if (want.len > SMTPC_OUT_MAX) {
      check(envelope_line(e, verb, utf8, want.len), SMTPC_E_ROOM, "");
      continue;
    }
    written w = envelope_line(e, verb, utf8, want.len);
    test_number(w.status, SMTPC_OK);
    check_back(&w, &e, verb);
    check(w, SMTPC_OK, want.data);
    // Every shorter buffer for some, one for each.
    const size_t from = n % 4096u == 0u ? 0u : below(&seed, (uint32_t)want.len);
    const size_t to = n % 4096u == 0u ? want.len : from + 1u;
    for (size_t cap = from; cap < to; cap++) {
      check(envelope_line(e, verb, utf8, cap), SMTPC_E_ROOM, "");
    }
    taken++;
    sent |= e.seen;
  }
  test_label("rounds that were taken: %u", taken);
  assert_true(taken >= 150000u);
  test_number(sent, ((uint32_t)1 << SMTPC_PARAM_COUNT) - 1u);
}

// THREATS INJ-01 to INJ-03: one octet of one field of a good envelope becomes another.
// It is refused, or the field carries it and nothing else changes.
static void test_write_param_random_octet(void **state) {
  (void)state;
  static const char nasty[] = "\r\n\0 >=<\t+;,\"\\:@.\x7f\x80\xff";
  uint64_t seed = 11u;
  unsigned refused = 0u;
  for (unsigned n = 0u; n < 200000u; n++) {
    words text_of;
    const unsigned verb = n % 3u != 0u ? SMTPC_VERB_MAIL : SMTPC_VERB_RCPT;
    const smtpc_envelope e = make_envelope(&seed, &text_of, verb, false);
    uint8_t *const at[] = {text_of.address, text_of.envid,      text_of.auth,
                           text_of.orcpt,   text_of.orcpt_type, text_of.solicit,
                           text_of.mtrk,    text_of.transid};
    const size_t lens[] = {e.address_len, e.envid_len,      e.auth_len,
                           e.orcpt_len,   e.orcpt_type_len, e.solicit_len,
                           e.mtrk_len,    e.transid_len};
    const size_t k = below(&seed, COUNT_OF(at));
    const char c = nasty[below(&seed, sizeof nasty - 1u)];
    if (lens[k] > 0u) {
      at[k][below(&seed, (uint32_t)lens[k])] = (uint8_t)c;
    }
    test_label("round %u: octet %d in field %zu", n, c, k);
    written w = envelope_line(e, verb, 0, 600u);
    assert_false(smtpc_status_is_internal(w.status));
    assert_false(smtpc_status_is_misuse(w.status) && w.status != SMTPC_E_ROOM);
    if (w.status == SMTPC_OK) {
      check_back(&w, &e, verb);
    } else {
      refused++;
    }
    check(w, w.status, NULL);
  }
  test_label("rounds that were refused: %u", refused);
  assert_true(refused > 20000u && refused < 180000u);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_write_param_values),
      cmocka_unit_test(test_write_param_tries_each_octet_everywhere),
      cmocka_unit_test(test_write_param_null_is_misuse),
      cmocka_unit_test(test_write_param_words_are_bounded),
      cmocka_unit_test(test_write_param_random_round_trip),
      cmocka_unit_test(test_write_param_random_octet),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
