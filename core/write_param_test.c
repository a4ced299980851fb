// Tests of `smtpcore/write.h`: the parameters of the extensions. What is written parses
// back to what was meant, and what must not be sent is refused (THREATS: INJ).
#include "core/write_testing.h"

#define CERTIFIER "AAAAAAAAAAAAAAAAAAAAAAAAAAA"

static written line(smtpc_envelope e, unsigned verb, size_t cap) {
  written w = room(cap);
  uint8_t *solicit = test_copy(e.solicit, e.solicit_len);
  uint8_t *mtrk = test_copy(e.mtrk, e.mtrk_len);
  uint8_t *transid = test_copy(e.transid, e.transid_len);
  e.address = (const uint8_t *)"a@b.example";
  e.address_len = 11u;
  e.solicit = solicit;
  e.mtrk = mtrk;
  e.transid = transid;
  w.status = verb == SMTPC_VERB_MAIL
                 ? smtpc_write_mail(w.data, cap, &w.len, &e)
                 : smtpc_write_rcpt(w.data, cap, &w.len, &e, 0);
  free(solicit);
  free(mtrk);
  free(transid);
  return w;
}

#define WORD(field, text) \
  .field = (const uint8_t *)(text), .field##_len = sizeof(text) - 1u
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
     {.seen = SMTPC_HAS(MT_PRIORITY), .mt_priority = 10},
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
      test_number(parse(&w).params.seen, rows[i].envelope.seen);
    }
    check(w, rows[i].status, rows[i].want);
  }
}

// No octet of a word that stands as it is can do more than be refused.
static void test_write_param_words_hold_no_other_octet(void **state) {
  (void)state;
  for (unsigned c = 0u; c < 256u; c++) {
    for (unsigned field = 0u; field < 3u; field++) {
      uint8_t word[27];
      smtpc_envelope e = {0};
      memset(word, 'A', sizeof word);
      word[5] = (uint8_t)c;
      word[12] = field == 2u ? (uint8_t)'@' : (uint8_t)'A';
      e.seen = field == 0u   ? SMTPC_HAS(SOLICIT)
               : field == 1u ? SMTPC_HAS(MTRK)
                             : SMTPC_HAS(TRANSID);
      e.solicit = word;
      e.mtrk = word;
      e.transid = word;
      e.solicit_len = sizeof word;
      e.mtrk_len = sizeof word;
      e.transid_len = sizeof word;
      test_label("octet %u, field %u", c, field);
      written w = line(e, SMTPC_VERB_MAIL, 600u);
      const smtpc_status status = w.status;
      assert_true(status == SMTPC_OK || w.len == 0u);
      if (status == SMTPC_OK) {
        assert_true(c > 32u && c < 127u && c != '=' && c != '>');
        test_number(parse(&w).params.seen, e.seen);
      }
      check(w, status, NULL);
    }
  }
}

// Envelopes with any of the parameters of MAIL that fit one line: each that is taken
// parses back to the same values, in a buffer of just its length, and in none shorter.
static void test_write_param_random_round_trip(void **state) {
  (void)state;
  uint64_t random = 7u;
  unsigned taken = 0u;
  const uint32_t from = SMTPC_HAS(SIZE) | SMTPC_HAS(BODY) | SMTPC_HAS(BY) |
                        SMTPC_HAS(HOLDFOR) | SMTPC_HAS(HOLDUNTIL) |
                        SMTPC_HAS(MT_PRIORITY) | SMTPC_HAS(SOLICIT) |
                        SMTPC_HAS(MTRK) | SMTPC_HAS(CONPERM) |
                        SMTPC_HAS(TRANSID) | SMTPC_HAS(PRDR);
  for (unsigned n = 0u; n < 120000u; n++) {
    smtpc_envelope e = {WORD(solicit, "a:b,c"), WORD(mtrk, CERTIFIER),
                        WORD(transid, "1@b")};
    e.seen = test_random(&random) & from;
    e.size = test_random(&random);
    e.body = (uint8_t)(test_random(&random) % 4u);
    e.by_time = (int32_t)test_random(&random) / (n % 2u == 0u ? 1 : 4000);
    e.by_mode = (uint8_t)(test_random(&random) % 4u);
    e.by_trace = (uint8_t)(test_random(&random) % 2u);
    e.hold_for = test_random(&random) / (n % 3u == 0u ? 1u : 9u);
    e.when = test_random(&random);
    e.mt_priority = (int8_t)(test_random(&random) % 22u - 11u);
    e.mtrk_timeout = test_random(&random) % 1200000000u;
    test_label("round %u", n);
    written w = line(e, SMTPC_VERB_MAIL, 600u);
    if (w.status == SMTPC_OK) {
      const smtpc_params have = parse(&w).params;
      taken++;
      test_number(have.seen, e.seen);
#define SAME(bit, a, b) \
  assert_true((e.seen & SMTPC_HAS(bit)) == 0u || (a) == (b))
      SAME(SIZE, have.size, e.size);
      SAME(BODY, have.body, e.body);
      SAME(BY, have.by_time, e.by_time);
      SAME(BY, have.by_mode, e.by_mode);
      SAME(BY, have.by_trace, e.by_trace);
      SAME(HOLDFOR, have.hold_for, e.hold_for);
      SAME(HOLDUNTIL, have.when, e.when);
      SAME(MT_PRIORITY, have.mt_priority, e.mt_priority);
      SAME(MTRK, have.mtrk_timeout, e.mtrk_timeout);
      const size_t len = w.len;
      check(line(e, SMTPC_VERB_MAIL, len), SMTPC_OK, NULL);
      check(line(e, SMTPC_VERB_MAIL, test_random(&random) % len), SMTPC_E_ROOM,
            "");
    }
    check(w, w.status, NULL);
  }
  test_label("rounds that were taken: %u", taken);
  assert_true(taken > 10000u);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_write_param_values),
      cmocka_unit_test(test_write_param_words_hold_no_other_octet),
      cmocka_unit_test(test_write_param_random_round_trip),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
