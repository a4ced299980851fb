// Param, the parameters of extensions beyond DSN and SIZE: golden cases beside
// their refused neighbours, every limit and one past it, and equality with
// `core/model/param_model.h` over small alphabets and over generated lines.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/param_testing.h"
#include "core/testing.h"
#include "smtpcore/param.h"

// 27 base64 digits, the last of which is a multiple of four: twenty octets.
#define CERTIFIER "ABCDEFGHIJKLMNOPQRSTUVWXYZY"
#define DATE "2030-01-31T23:59:59Z"

// ---------------------------------------------------------------------- golden

static const refuse_row refused[] = {
    {" BY=120", M, SMTPC_E_PARAM_VALUE, WRONG(BY)},
    {" BY=120;", M, SMTPC_E_PARAM_VALUE, WRONG(BY)},
    {" BY=120;X", M, SMTPC_E_PARAM_VALUE, WRONG(BY)},
    {" BY=120;T", M, SMTPC_E_PARAM_VALUE, WRONG(BY)},
    {" BY=120;NR", M, SMTPC_E_PARAM_VALUE, WRONG(BY)},
    {" BY=120;TN", M, SMTPC_E_PARAM_VALUE, WRONG(BY)},
    {" BY=120;NTT", M, SMTPC_E_PARAM_VALUE, WRONG(BY)},
    {" BY=120;N;", M, SMTPC_E_PARAM_VALUE, WRONG(BY)},
    {" BY=120;;N", M, SMTPC_E_PARAM_VALUE, WRONG(BY)},
    {" BY=120,N", M, SMTPC_E_PARAM_VALUE, WRONG(BY)},
    {" BY=0;R", M, SMTPC_E_PARAM_VALUE, WRONG(BY)},
    {" BY=-0;R", M, SMTPC_E_PARAM_VALUE, WRONG(BY)},
    {" BY=-5;R", M, SMTPC_E_PARAM_VALUE, WRONG(BY)},
    {" BY=-5;RT", M, SMTPC_E_PARAM_VALUE, WRONG(BY)},
    {" BY=;N", M, SMTPC_E_NUMBER, WRONG(BY)},
    {" BY=-;N", M, SMTPC_E_NUMBER, WRONG(BY)},
    {" BY=+-1;N", M, SMTPC_E_NUMBER, WRONG(BY)},
    {" BY=1a;N", M, SMTPC_E_NUMBER, WRONG(BY)},
    {" BY=1.5;N", M, SMTPC_E_NUMBER, WRONG(BY)},
    {" BY=1000000000;N", M, SMTPC_E_NUMBER_TOO_LARGE, WRONG(BY)},
    {" BY=-1000000000;N", M, SMTPC_E_NUMBER_TOO_LARGE, WRONG(BY)},
    {" BY=0000000001;R", M, SMTPC_E_NUMBER_TOO_LARGE, WRONG(BY)},
    {" BY=4294967297;R", M, SMTPC_E_NUMBER_TOO_LARGE, WRONG(BY)},
    {" BY=18446744073709551617;R", M, SMTPC_E_NUMBER_TOO_LARGE, WRONG(BY)},
    {" BY=99999999999999999999999x;R", M, SMTPC_E_NUMBER, WRONG(BY)},
    {" BY=1;N BY=1;N", M, SMTPC_E_PARAM_DUPLICATE, WRONG(BY)},
    {" BY", M, SMTPC_E_PARAM_VALUE_MISSING, WRONG(BY)},
    {" BY=1;N", R, SMTPC_E_PARAM_UNKNOWN, 0u},
    {" HOLDFOR=0", M, SMTPC_E_PARAM_VALUE, WRONG(HOLDFOR)},
    {" HOLDFOR=000000000", M, SMTPC_E_PARAM_VALUE, WRONG(HOLDFOR)},
    {" HOLDFOR=-1", M, SMTPC_E_NUMBER, WRONG(HOLDFOR)},
    {" HOLDFOR=+1", M, SMTPC_E_NUMBER, WRONG(HOLDFOR)},
    {" HOLDFOR=1s", M, SMTPC_E_NUMBER, WRONG(HOLDFOR)},
    {" HOLDFOR=0x1", M, SMTPC_E_NUMBER, WRONG(HOLDFOR)},
    {" HOLDFOR=1000000000", M, SMTPC_E_NUMBER_TOO_LARGE, WRONG(HOLDFOR)},
    {" HOLDFOR=4294967297", M, SMTPC_E_NUMBER_TOO_LARGE, WRONG(HOLDFOR)},
    {" HOLDFOR=0000000000", M, SMTPC_E_NUMBER_TOO_LARGE, WRONG(HOLDFOR)},
    {" HOLDFOR=340282366920938463463374607431768211457", M,
     SMTPC_E_NUMBER_TOO_LARGE, WRONG(HOLDFOR)},
    {" HOLDFOR=", M, SMTPC_E_PARAM_VALUE_MISSING, WRONG(HOLDFOR)},
    {" HOLDFOR=1 HOLDFOR=1", M, SMTPC_E_PARAM_DUPLICATE, WRONG(HOLDFOR)},
    {" HOLDFOR=1 HOLDUNTIL=" DATE, M, SMTPC_E_PARAM_VALUE, WRONG(HOLDUNTIL)},
    {" HOLDUNTIL=" DATE " HOLDFOR=1", M, SMTPC_E_PARAM_VALUE, WRONG(HOLDFOR)},
    {" HOLDUNTIL=" DATE " HOLDFOR=x", M, SMTPC_E_PARAM_VALUE, WRONG(HOLDFOR)},
    {" HOLDUNTIL=" DATE " HOLDFOR", M, SMTPC_E_PARAM_VALUE_MISSING,
     WRONG(HOLDFOR)},
    {" HOLDFOR=1 SIZE=1 HOLDUNTIL=" DATE, M, SMTPC_E_PARAM_VALUE,
     WRONG(HOLDUNTIL)},
    {" HOLDUNTIL=2030-02-29T00:00:00Z", M, SMTPC_E_PARAM_VALUE,
     WRONG(HOLDUNTIL)},
    {" HOLDUNTIL=1893456000", M, SMTPC_E_PARAM_VALUE, WRONG(HOLDUNTIL)},
    {" HOLDUNTIL=" DATE ";R", M, SMTPC_E_PARAM_VALUE, WRONG(HOLDUNTIL)},
    {" MT-PRIORITY=10", M, SMTPC_E_NUMBER_TOO_LARGE, WRONG(MT_PRIORITY)},
    {" MT-PRIORITY=-10", M, SMTPC_E_NUMBER_TOO_LARGE, WRONG(MT_PRIORITY)},
    {" MT-PRIORITY=99", M, SMTPC_E_NUMBER_TOO_LARGE, WRONG(MT_PRIORITY)},
    {" MT-PRIORITY=256", M, SMTPC_E_NUMBER_TOO_LARGE, WRONG(MT_PRIORITY)},
    {" MT-PRIORITY=4294967296", M, SMTPC_E_NUMBER_TOO_LARGE,
     WRONG(MT_PRIORITY)},
    {" MT-PRIORITY=-0", M, SMTPC_E_NUMBER, WRONG(MT_PRIORITY)},
    {" MT-PRIORITY=+1", M, SMTPC_E_NUMBER, WRONG(MT_PRIORITY)},
    {" MT-PRIORITY=01", M, SMTPC_E_NUMBER, WRONG(MT_PRIORITY)},
    {" MT-PRIORITY=00", M, SMTPC_E_NUMBER, WRONG(MT_PRIORITY)},
    {" MT-PRIORITY=-09", M, SMTPC_E_NUMBER, WRONG(MT_PRIORITY)},
    {" MT-PRIORITY=0000000009", M, SMTPC_E_NUMBER, WRONG(MT_PRIORITY)},
    {" MT-PRIORITY=--1", M, SMTPC_E_NUMBER, WRONG(MT_PRIORITY)},
    {" MT-PRIORITY=-", M, SMTPC_E_NUMBER, WRONG(MT_PRIORITY)},
    {" MT-PRIORITY=3a", M, SMTPC_E_NUMBER, WRONG(MT_PRIORITY)},
    {" MT-PRIORITY=99a", M, SMTPC_E_NUMBER, WRONG(MT_PRIORITY)},
    {" MT-PRIORITY", M, SMTPC_E_PARAM_VALUE_MISSING, WRONG(MT_PRIORITY)},
    {" MT_PRIORITY=1", M, SMTPC_E_SYNTAX, 0u},
    {" SOLICIT=1a", M, SMTPC_E_PARAM_VALUE, WRONG(SOLICIT)},
    {" SOLICIT=.a", M, SMTPC_E_PARAM_VALUE, WRONG(SOLICIT)},
    {" SOLICIT=a,", M, SMTPC_E_PARAM_VALUE, WRONG(SOLICIT)},
    {" SOLICIT=,a", M, SMTPC_E_PARAM_VALUE, WRONG(SOLICIT)},
    {" SOLICIT=a,,b", M, SMTPC_E_PARAM_VALUE, WRONG(SOLICIT)},
    {" SOLICIT=a,1", M, SMTPC_E_PARAM_VALUE, WRONG(SOLICIT)},
    {" SOLICIT=a;b", M, SMTPC_E_PARAM_VALUE, WRONG(SOLICIT)},
    {" SOLICIT=a\xc3\xa9", M, SMTPC_E_PARAM_VALUE, WRONG(SOLICIT)},
    {" SOLICIT=a\rb", M, SMTPC_E_PARAM_VALUE, WRONG(SOLICIT)},
    {" MTRK=" CERTIFIER "=", M, SMTPC_E_PARAM_VALUE, WRONG(MTRK)},
    {" MTRK=" CERTIFIER "A", M, SMTPC_E_PARAM_VALUE, WRONG(MTRK)},
    {" MTRK=ABCDEFGHIJKLMNOPQRSTUVWXYZ", M, SMTPC_E_PARAM_VALUE, WRONG(MTRK)},
    {" MTRK=ABCDEFGHIJKLMNOPQRSTUVWXYZZ", M, SMTPC_E_PARAM_VALUE, WRONG(MTRK)},
    {" MTRK=ABCDEFGHIJKLMNOPQRSTUVWXYZa", M, SMTPC_E_PARAM_VALUE, WRONG(MTRK)},
    {" MTRK=ABCDEFGHIJKLM-OPQRSTUVWXYZY", M, SMTPC_E_PARAM_VALUE, WRONG(MTRK)},
    {" MTRK=:60", M, SMTPC_E_PARAM_VALUE, WRONG(MTRK)},
    {" MTRK=" CERTIFIER ":", M, SMTPC_E_NUMBER, WRONG(MTRK)},
    {" MTRK=" CERTIFIER ":-1", M, SMTPC_E_NUMBER, WRONG(MTRK)},
    {" MTRK=" CERTIFIER ":1:1", M, SMTPC_E_NUMBER, WRONG(MTRK)},
    {" MTRK=" CERTIFIER ":1000000000", M, SMTPC_E_NUMBER_TOO_LARGE,
     WRONG(MTRK)},
    {" CONPERM=", M, SMTPC_E_PARAM_VALUE_SURPLUS, WRONG(CONPERM)},
    {" CONPERM=yes", M, SMTPC_E_PARAM_VALUE_SURPLUS, WRONG(CONPERM)},
    {" CONPERM CONPERM", M, SMTPC_E_PARAM_DUPLICATE, WRONG(CONPERM)},
    {" CONPERM", R, SMTPC_E_PARAM_UNKNOWN, 0u},
    {" PRDR=1", M, SMTPC_E_PARAM_VALUE_SURPLUS, WRONG(PRDR)},
    {" CONNEG=1", R, SMTPC_E_PARAM_VALUE_SURPLUS, WRONG(CONNEG)},
    {" CONNEG", M, SMTPC_E_PARAM_UNKNOWN, 0u},
    {" TRANSID=a@b", M, SMTPC_E_PARAM_VALUE, WRONG(TRANSID)},
    {" TRANSID=<a@b", M, SMTPC_E_PARAM_VALUE, WRONG(TRANSID)},
    {" TRANSID=a@b>", M, SMTPC_E_PARAM_VALUE, WRONG(TRANSID)},
    {" TRANSID=<", M, SMTPC_E_PARAM_VALUE, WRONG(TRANSID)},
    {" TRANSID=<>", M, SMTPC_E_PARAM_VALUE, WRONG(TRANSID)},
    {" TRANSID=<@>", M, SMTPC_E_PARAM_VALUE, WRONG(TRANSID)},
    {" TRANSID=<a@>", M, SMTPC_E_PARAM_VALUE, WRONG(TRANSID)},
    {" TRANSID=<@b>", M, SMTPC_E_PARAM_VALUE, WRONG(TRANSID)},
    {" TRANSID=<ab>", M, SMTPC_E_PARAM_VALUE, WRONG(TRANSID)},
    {" TRANSID=<a@b@c>", M, SMTPC_E_PARAM_VALUE, WRONG(TRANSID)},
    {" TRANSID=<a.@b>", M, SMTPC_E_PARAM_VALUE, WRONG(TRANSID)},
    {" TRANSID=<a@.b>", M, SMTPC_E_PARAM_VALUE, WRONG(TRANSID)},
    {" TRANSID=<a..c@b>", M, SMTPC_E_PARAM_VALUE, WRONG(TRANSID)},
    {" TRANSID=<<a@b>>", M, SMTPC_E_PARAM_VALUE, WRONG(TRANSID)},
    {" TRANSID=<a=c@b>", M, SMTPC_E_PARAM_VALUE, WRONG(TRANSID)},
    {" TRANSID=<a@[192.0.2.1]>", M, SMTPC_E_PARAM_VALUE, WRONG(TRANSID)},
    {" TRANSID=<a\x7f@b>", M, SMTPC_E_PARAM_VALUE, WRONG(TRANSID)},
    {" TRANSID=<a@b\xff>", M, SMTPC_E_PARAM_VALUE, WRONG(TRANSID)},
    {" RRVS=" DATE ";", R, SMTPC_E_PARAM_VALUE, WRONG(RRVS)},
    {" RRVS=" DATE ";X", R, SMTPC_E_PARAM_VALUE, WRONG(RRVS)},
    {" RRVS=" DATE ";CR", R, SMTPC_E_PARAM_VALUE, WRONG(RRVS)},
    {" RRVS=" DATE ";C;R", R, SMTPC_E_PARAM_VALUE, WRONG(RRVS)},
    {" RRVS=;C", R, SMTPC_E_PARAM_VALUE, WRONG(RRVS)},
    {" RRVS=2030-01-32T23:59:59Z;C", R, SMTPC_E_PARAM_VALUE, WRONG(RRVS)},
    {" RRVS=" DATE, M, SMTPC_E_PARAM_UNKNOWN, 0u},
    {" BODY=BINARYMIM", M, SMTPC_E_PARAM_VALUE, WRONG(BODY)},
    {" BODY=BINARYMIMEX", M, SMTPC_E_PARAM_VALUE, WRONG(BODY)},
    {" HOLDFOR=1 \tSIZE=1", M, SMTPC_E_SYNTAX, 0u},
    {" HOLDFOR=1 XSIZE=1", M, SMTPC_E_PARAM_UNKNOWN, 0u},
};

static void test_params_refuse_of_extensions(void **state) {
  (void)state;
  refuse(refused, COUNT_OF(refused));
}

static void test_params_accept_by(void **state) {
  (void)state;
  static const struct {
    const char *text;
    int32_t time;
    uint8_t mode;
    uint8_t trace;
  } rows[] = {
      {" BY=120;R", 120, SMTPC_BY_RETURN, 0u},
      {" by=120;rt", 120, SMTPC_BY_RETURN, 1u},
      {" BY=+1;R", 1, SMTPC_BY_RETURN, 0u},
      {" BY=000000001;RT", 1, SMTPC_BY_RETURN, 1u},
      {" BY=999999999;R", 999999999, SMTPC_BY_RETURN, 0u},
      {" BY=0;N", 0, SMTPC_BY_NOTIFY, 0u},
      {" BY=-0;n", 0, SMTPC_BY_NOTIFY, 0u},
      {" BY=-5;NT", -5, SMTPC_BY_NOTIFY, 1u},
      {" BY=-999999999;Nt", -999999999, SMTPC_BY_NOTIFY, 1u},
  };
  for (size_t i = 0u; i < COUNT_OF(rows); i++) {
    const smtpc_params p = parse(rows[i].text, M);
    test_number(p.seen, SMTPC_HAS(BY));
    test_number(p.by_time, rows[i].time);
    test_number(p.by_mode, rows[i].mode);
    test_number(p.by_trace, rows[i].trace);
  }
}

static void test_params_accept_priorities_and_no_others(void **state) {
  (void)state;
  for (int number = -200; number <= 200; number++) {
    char text[32];
    (void)snprintf(text, sizeof text, " MT-PRIORITY=%d", number);
    if (number >= -9 && number <= 9) {
      test_number(parse(text, M).mt_priority, number);
    } else {
      assert_false(mail((const uint8_t *)text, strlen(text)));
    }
  }
}

static void test_params_accept_holds_and_rrvs(void **state) {
  (void)state;
  test_number(parse(" HOLDFOR=1", M).hold_for, 1);
  test_number(parse(" HOLDFOR=999999999", M).hold_for, SMTPC_SECONDS_MAX);
  test_number((long long)parse(" HOLDUNTIL=" DATE, M).when, 1896134399);
  test_number(
      (long long)parse(" holduntil=2030-01-31t23:59:59.9+01:00", M).when,
      1896130799);
  const smtpc_params plain = parse(" RRVS=" DATE, R);
  test_number((long long)plain.when, 1896134399);
  test_number(plain.rrvs, SMTPC_RRVS_NONE);
  test_number(parse(" RRVS=1970-01-01T00:00:00Z;C", R).rrvs,
              SMTPC_RRVS_CONTINUE);
  test_number(parse(" RRVS=" DATE ";c", R).rrvs, SMTPC_RRVS_CONTINUE);
  test_number(parse(" RRVS=" DATE ";R", R).rrvs, SMTPC_RRVS_REJECT);
  test_number((long long)parse(" RRVS=" DATE ";r", R).when, 1896134399);
}

static void test_params_accept_mtrk(void **state) {
  (void)state;
  const smtpc_params plain = parse(" MTRK=" CERTIFIER, M);
  test_span(" MTRK=" CERTIFIER, plain.mtrk, CERTIFIER);
  test_number(plain.mtrk_timeout, 0);
  const smtpc_params timed = parse(" MTRK=" CERTIFIER ":999999999", M);
  test_span(" MTRK=" CERTIFIER ":999999999", timed.mtrk, CERTIFIER);
  test_number(timed.mtrk_timeout, SMTPC_SECONDS_MAX);
  test_number(parse(" MTRK=abcdefghijklmnopqrstuvwxy+0:007", M).mtrk_timeout,
              7);
  // The last digit has four bits of the twenty octets: one of 16 digits.
  unsigned taken = 0u;
  for (unsigned c = 0u; c < 256u; c++) {
    uint8_t text[] = " MTRK=/BCDEFGHIJKLMNOPQRSTUVWXYZY";
    text[sizeof text - 2u] = (uint8_t)c;
    taken += mail(text, sizeof text - 1u) ? 1u : 0u;
  }
  test_number(taken, 16);
}

static void test_params_accept_solicit_and_transid(void **state) {
  (void)state;
  static const char all[] = " SOLICIT=org.example:ADV-1_x,net.example,A";
  test_span(all, parse(all, M).solicit, "org.example:ADV-1_x,net.example,A");
  test_span(" SOLICIT=a", parse(" SOLICIT=a", M).solicit, "a");
  static const char id[] = " TRANSID=<12345.aB!#$%&'*+-^_`{|}~@client.example>";
  test_span(id, parse(id, M).transid,
            "12345.aB!#$%&'*+-^_`{|}~@client.example");
  test_span(" TRANSID=<a@b>", parse(" TRANSID=<a@b>", M).transid, "a@b");
}

static void test_params_accept_all_extensions_at_once(void **state) {
  (void)state;
  static const char text[] =
      " PRDR BY=60;NT CONPERM SIZE=1 MT-PRIORITY=-9 BODY=binarymime SOLICIT=a "
      "MTRK=" CERTIFIER " TRANSID=<a@b> HOLDFOR=2 REQUIRETLS";
  const smtpc_params p = parse(text, M);
  test_number(p.body, SMTPC_BODY_BINARYMIME);
  test_number(p.by_time, 60);
  test_number(p.mt_priority, -9);
  test_number(p.hold_for, 2);
  test_number(p.seen, SMTPC_HAS(PRDR) | SMTPC_HAS(BY) | SMTPC_HAS(CONPERM) |
                          SMTPC_HAS(SIZE) | SMTPC_HAS(MT_PRIORITY) |
                          SMTPC_HAS(BODY) | SMTPC_HAS(SOLICIT) |
                          SMTPC_HAS(MTRK) | SMTPC_HAS(TRANSID) |
                          SMTPC_HAS(HOLDFOR) | SMTPC_HAS(REQUIRETLS));
  const smtpc_params q = parse(" CONNEG RRVS=" DATE " NOTIFY=NEVER", R);
  test_number(q.seen, SMTPC_HAS(CONNEG) | SMTPC_HAS(RRVS) | SMTPC_HAS(NOTIFY));
}

// ---------------------------------------------------------------------- limits

static void test_params_binarymime_needs_both_extensions(void **state) {
  (void)state;
  static const uint8_t text[] = " BODY=BINARYMIME";
  const uint32_t with[3] = {SMTPC_OFFERS(8BITMIME), SMTPC_OFFERS(BINARYMIME),
                            SMTPC_OFFERS(CHUNKING)};
  for (unsigned n = 0u; n < 16u; n++) {
    // The fourth bit adds everything else that there is.
    uint32_t offered = (n & 8u) != 0u ? ~(with[0] | with[1] | with[2]) : 0u;
    for (unsigned k = 0u; k < 3u; k++) {
      offered |= ((n >> k) & 1u) != 0u ? with[k] : 0u;
    }
    const smtpc_status want = (n & 1u) == 0u   ? SMTPC_E_PARAM_UNKNOWN
                              : (n & 6u) == 6u ? SMTPC_OK
                                               : SMTPC_E_PARAM_VALUE;
    smtpc_params params;
    test_label("offers %u", n);
    test_number(smtpc_params_parse(text, smtpc_span_make(0u, sizeof text - 1u),
                                   M, offered, &params),
                want);
    test_number(params.body,
                want == SMTPC_OK ? SMTPC_BODY_BINARYMIME : SMTPC_BODY_NONE);
    compare(text, sizeof text - 1u, M, offered);
  }
}

// filled returns what `before`, `count` octets of `fill` and `after` give.
static smtpc_status filled(const char *before, char fill, size_t count,
                           const char *after) {
  char text[1200];
  const size_t front = strlen(before);
  const size_t back = strlen(after);
  memcpy(text, before, front);
  memset(text + front, fill, count);
  memcpy(text + front + count, after, back);
  const size_t len = front + count + back;
  smtpc_params params;
  test_label("%s %zu times %c %s", before, count, fill, after);
  compare((const uint8_t *)text, len, M, ALL_OFFERS);
  return smtpc_params_parse((const uint8_t *)text, smtpc_span_make(0u, len), M,
                            ALL_OFFERS, &params);
}

static void test_params_digits_beyond_nine_are_too_large(void **state) {
  (void)state;
  for (size_t count = 1u; count <= 60u; count++) {
    for (char digit = '1'; digit <= '9'; digit++) {
      const smtpc_status want =
          count > 9u ? SMTPC_E_NUMBER_TOO_LARGE : SMTPC_OK;
      test_number(filled(" BY=", digit, count, ";R"), want);
      test_number(filled(" BY=-", digit, count, ";NT"), want);
      test_number(filled(" HOLDFOR=", digit, count, ""), want);
      test_number(filled(" MTRK=" CERTIFIER ":", digit, count, ""), want);
      test_number(filled(" MT-PRIORITY=-", digit, count, ""),
                  count > 1u ? SMTPC_E_NUMBER_TOO_LARGE : SMTPC_OK);
      test_number(filled(" HOLDFOR=", digit, count, "x"), SMTPC_E_NUMBER);
    }
  }
}

static void test_params_lengths_of_extensions_are_exact(void **state) {
  (void)state;
  test_number(filled(" SOLICIT=", 'a', 1000u, ""), SMTPC_OK);
  test_number(filled(" SOLICIT=", 'a', 1001u, ""), SMTPC_E_TOO_LONG);
  test_number(filled(" SOLICIT=", ',', 1001u, ""), SMTPC_E_TOO_LONG);
  test_number(filled(" TRANSID=<", 'a', 76u, "@b>"), SMTPC_OK);
  test_number(filled(" TRANSID=<", 'a', 77u, "@b>"), SMTPC_E_TOO_LONG);
  test_number(filled(" TRANSID=<a@", 'b', 76u, ">"), SMTPC_OK);
  test_number(filled(" TRANSID=<a@", 'b', 77u, ">"), SMTPC_E_TOO_LONG);
  for (size_t count = 0u; count <= 60u; count++) {
    test_number(filled(" MTRK=", 'A', count, ""),
                count == 0u    ? SMTPC_E_PARAM_VALUE_MISSING
                : count == 27u ? SMTPC_OK
                               : SMTPC_E_PARAM_VALUE);
  }
}

// ------------------------------------------------------------------ exhaustive

static void test_params_equal_model_on_every_short_value(void **state) {
  (void)state;
  // Each count can be made by hand from the grammar.
  test_number(every(" BY=", "01-+;NRtx", 5u, mail), 56u);
  test_number(every(" BY=5", ";nrT +", 5u, mail), 4u);
  test_number(every(" BY=99999999", "90;Nx", 5u, mail), 3u);
  test_number(every(" HOLDFOR=", "019-x ", 6u, mail), 1086u);
  test_number(every(" HOLDFOR=99999999", "019x", 4u, mail), 4u);
  test_number(every(" MT-PRIORITY=", "0189-+a", 6u, mail), 7u);
  test_number(every(" SOLICIT=", "aZ0.,-:", 6u, mail), 22754u);
  test_number(every(" TRANSID=", "<>@ab.=", 7u, mail), 84u);
  test_number(every(" TRANSID=<a", "@b.>;", 6u, mail), 18u);
  test_number(every(" MTRK=ABCDEFGHIJKLMNOPQRSTUVWXY", "ABZ:0=", 6u, mail),
              32u);
  test_number(every(" RRVS=" DATE, ";cR+0: ", 5u, rcpt), 3u);
  test_number(every(" CONPERM", "=1 PRD", 6u, mail), 2u);
}

static void test_params_equal_model_on_every_octet_of_extensions(void **state) {
  (void)state;
  static const char *const texts[] = {
      " BY=-12;NT",       " HOLDFOR=120",          " HOLDUNTIL=" DATE,
      " SOLICIT=a.b,c",   " MTRK=" CERTIFIER ":9", " MT-PRIORITY=-3",
      " TRANSID=<a@b.c>", " CONPERM PRDR",         " RRVS=" DATE ";R",
      " CONNEG",          " BODY=BINARYMIME"};
  for (size_t t = 0u; t < COUNT_OF(texts); t++) {
    const size_t len = strlen(texts[t]);
    for (size_t at = 0u; at < len; at++) {
      for (unsigned c = 0u; c < 256u; c++) {
        uint8_t text[64];
        memcpy(text, texts[t], len);
        text[at] = (uint8_t)c;
        either(text, len);
      }
      // And every prefix.
      either((const uint8_t *)texts[t], at);
    }
  }
}

// ------------------------------------------------------------------- generated

static size_t put_date(char *out, size_t cap, uint64_t *seed) {
  static const unsigned years[] = {1970u, 1969u, 1972u, 2000u,
                                   2100u, 2024u, 9999u, 0u};
  static const char *const zones[] = {"Z",      "z",      "+00:00",
                                      "-00:00", "+23:59", "-23:59",
                                      "+05:30", "-08:00", "+24:00"};
  static const char *const fractions[] = {"", "", "", ".5", ".", ".123456789"};
  const uint32_t a = test_random(seed);
  const uint32_t b = test_random(seed);
  const bool leap = a % 16u == 0u;
  const unsigned year =
      (a & 0x100u) != 0u ? years[b % COUNT_OF(years)] : 1960u + b % 200u;
  const int len =
      snprintf(out, cap, "%04u-%02u-%02uT%02u:%02u:%02u%s%s", year,
               (a >> 16) % 14u == 0u ? 13u : 1u + (a >> 16) % 12u,
               leap ? 31u : (b >> 8) % 32u, leap ? 23u : (b >> 16) % 25u,
               leap ? 59u : (a >> 24) % 60u, leap ? 60u : (b >> 24) % 61u,
               fractions[(a >> 4) % COUNT_OF(fractions)],
               zones[(leap ? b % 4u : (a >> 9)) % COUNT_OF(zones)]);
  return (size_t)len;
}

static size_t put_certifier(char *out, uint64_t *seed) {
  static const char digits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const size_t len = test_random(seed) % 8u == 0u ? 26u : 27u;
  for (size_t i = 0u; i < len; i++) {
    out[i] = digits[test_random(seed) % 64u];
  }
  if (test_random(seed) % 4u != 0u) {
    out[len - 1u] = digits[test_random(seed) % 16u * 4u];
  }
  return len;
}

// put_digits writes a number that is small, at the edge, or too long.
static size_t put_digits(char *out, uint64_t *seed) {
  const uint32_t dice = test_random(seed);
  const size_t len = dice % 4u == 0u ? 8u + (dice >> 8) % 4u : 1u + dice % 3u;
  for (size_t i = 0u; i < len; i++) {
    out[i] = (char)('0' + test_random(seed) % 10u);
  }
  return len;
}

// make_line joins up to four parameters. In a piece, `#` stands for digits, `~`
// for a date, and `^` for a certifier.
static size_t make_line(uint8_t *text, uint64_t *seed, unsigned verb) {
  static const char *const mails[] = {" BY=#;N",
                                      " BY=-#;NT",
                                      " BY=+#;R",
                                      " by=#;rt",
                                      " BY=0;R",
                                      " BY=#",
                                      " HOLDFOR=#",
                                      " HOLDFOR=#",
                                      " holdfor=0",
                                      " HOLDUNTIL=~",
                                      " HOLDUNTIL=~",
                                      " HOLDUNTIL=#",
                                      " MT-PRIORITY=#",
                                      " MT-PRIORITY=-#",
                                      " MT-PRIORITY=3",
                                      " mt-priority=-9",
                                      " MT-PRIORITY=-0",
                                      " SOLICIT=a.b:c",
                                      " SOLICIT=a,b-1",
                                      " SOLICIT=1",
                                      " MTRK=^",
                                      " MTRK=^:#",
                                      " mtrk=^=",
                                      " CONPERM",
                                      " TRANSID=<#@b>",
                                      " TRANSID=<a.#@b.c>",
                                      " TRANSID=#@b",
                                      " PRDR",
                                      " prdr",
                                      " PRDR=1",
                                      " BODY=BINARYMIME",
                                      " SIZE=#",
                                      " BODY=8BITMIME",
                                      " RET=FULL",
                                      " ENVID=#",
                                      " AUTH=<>",
                                      " SMTPUTF8",
                                      " REQUIRETLS",
                                      " XFOO=#",
                                      " AUTH=a@b"};
  static const char *const rcpts[] = {
      " RRVS=~",           " RRVS=~;C",
      " rrvs=~;r",         " RRVS=~;#",
      " RRVS=#",           " CONNEG",
      " conneg",           " CONNEG=#",
      " NOTIFY=NEVER",     " NOTIFY=DELAY,SUCCESS",
      " ORCPT=rfc822;a@b", " XBAR"};
  size_t at = 0u;
  for (uint32_t n = 1u + test_random(seed) % 4u; n > 0u; n--) {
    const char *piece = verb == M ? mails[test_random(seed) % COUNT_OF(mails)]
                                  : rcpts[test_random(seed) % COUNT_OF(rcpts)];
    for (; *piece != '\0'; piece++) {
      char *const out = (char *)text + at;
      if (*piece == '#') {
        at += put_digits(out, seed);
      } else if (*piece == '~') {
        at += put_date(out, 48u, seed);
      } else if (*piece == '^') {
        at += put_certifier(out, seed);
      } else {
        text[at++] = (uint8_t)*piece;
      }
    }
  }
  return at;
}

static size_t compare_lines(uint64_t seed, unsigned count, bool subsets) {
  size_t taken = 0u;
  for (unsigned n = 0u; n < count; n++) {
    uint8_t text[512];
    const unsigned verb = n % 3u == 0u ? R : M;
    // Three of four extensions, so that lines of some parameters still pass.
    const uint32_t some = test_random(&seed) | test_random(&seed);
    const size_t len = mutate(text, make_line(text, &seed, verb), &seed);
    taken += compare(text, len, verb, subsets ? some : ALL_OFFERS) ? 1u : 0u;
  }
  return taken;
}

static void test_params_equal_model_on_lines_of_all_extensions(void **state) {
  (void)state;
  const size_t taken = compare_lines(2852u, 240000u, false);
  assert_in_range(taken, 30000u, 150000u);
}

static void test_params_equal_model_on_lines_of_some_extensions(void **state) {
  (void)state;
  const size_t taken = compare_lines(4865u, 240000u, true);
  assert_in_range(taken, 20000u, 150000u);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_params_accept_by),
      cmocka_unit_test(test_params_accept_priorities_and_no_others),
      cmocka_unit_test(test_params_accept_holds_and_rrvs),
      cmocka_unit_test(test_params_accept_mtrk),
      cmocka_unit_test(test_params_accept_solicit_and_transid),
      cmocka_unit_test(test_params_accept_all_extensions_at_once),
      cmocka_unit_test(test_params_refuse_of_extensions),
      cmocka_unit_test(test_params_binarymime_needs_both_extensions),
      cmocka_unit_test(test_params_digits_beyond_nine_are_too_large),
      cmocka_unit_test(test_params_lengths_of_extensions_are_exact),
      cmocka_unit_test(test_params_equal_model_on_every_short_value),
      cmocka_unit_test(test_params_equal_model_on_every_octet_of_extensions),
      cmocka_unit_test(test_params_equal_model_on_lines_of_all_extensions),
      cmocka_unit_test(test_params_equal_model_on_lines_of_some_extensions),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
