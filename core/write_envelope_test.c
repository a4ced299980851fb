// Tests of `smtpcore/write.h`: MAIL and RCPT.
#include "core/write_testing.h"

// Which part of an address is wrong is the path parser's word (`path_test`).
// Here it counts that it is refused: `want` SMTPC_E_PATH stands for each of its
// statuses.
static smtpc_status as_path(smtpc_status status) {
  const bool part = status == SMTPC_E_LOCAL_PART || status == SMTPC_E_DOMAIN ||
                    status == SMTPC_E_ADDRESS_LITERAL;
  return part ? SMTPC_E_PATH : status;
}

static written mail_address(const void *address, size_t len, bool utf8) {
  smtpc_envelope e = envelope(address, len);
  e.seen = utf8 ? SMTPC_HAS(SMTPUTF8) : 0u;
  written w = envelope_line(e, SMTPC_VERB_MAIL, 0, 600u);
  w.status = as_path(w.status);
  return w;
}

static written rcpt_address(const void *address, size_t len, bool utf8) {
  written w = envelope_line(envelope(address, len), SMTPC_VERB_RCPT,
                            utf8 ? 1 : 0, 600u);
  w.status = as_path(w.status);
  return w;
}

// ------------------------------------------------------------ the envelope

static void test_write_mail_is_golden(void **state) {
  (void)state;
  smtpc_envelope e = envelope(LIT("a@example.com"));
  check(envelope_line(e, SMTPC_VERB_MAIL, 0, 600u), SMTPC_OK,
        "MAIL FROM:<a@example.com>\r\n");
  check(mail_address(NULL, 0u, false), SMTPC_OK, "MAIL FROM:<>\r\n");
  e.size = 12345u;
  e.body = SMTPC_BODY_8BITMIME;
  e.ret = SMTPC_RET_HDRS;
  e.envid = (const uint8_t *)"QQ+1=2 x";
  e.envid_len = 8u;
  e.seen = SMTPC_HAS(SIZE) | SMTPC_HAS(BODY) | SMTPC_HAS(RET) |
           SMTPC_HAS(ENVID) | SMTPC_HAS(AUTH) | SMTPC_HAS(SMTPUTF8) |
           SMTPC_HAS(REQUIRETLS);
  check(envelope_line(e, SMTPC_VERB_MAIL, 0, 600u), SMTPC_OK,
        "MAIL FROM:<a@example.com> SIZE=12345 BODY=8BITMIME AUTH=<> RET=HDRS "
        "ENVID=QQ+2B1+3D2+20x SMTPUTF8 REQUIRETLS\r\n");
  test_label("RFC 4954 section 5.1");
  e = envelope(LIT("e=mc2@example.com"));
  e.auth = e.address;
  e.auth_len = e.address_len;
  e.seen = SMTPC_HAS(AUTH);
  check(envelope_line(e, SMTPC_VERB_MAIL, 0, 600u), SMTPC_OK,
        "MAIL FROM:<e=mc2@example.com> AUTH=e+3Dmc2@example.com\r\n");
}

static void test_write_rcpt_is_golden(void **state) {
  (void)state;
  smtpc_envelope e = envelope(LIT("Dana@Ivory.example"));
  check(envelope_line(e, SMTPC_VERB_RCPT, 0, 600u), SMTPC_OK,
        "RCPT TO:<Dana@Ivory.example>\r\n");
  e.notify = SMTPC_NOTIFY_SUCCESS | SMTPC_NOTIFY_FAILURE | SMTPC_NOTIFY_DELAY;
  e.orcpt_type = (const uint8_t *)"rfc822";
  e.orcpt_type_len = 6u;
  e.orcpt = (const uint8_t *)"Dana+x@Ivory.example";
  e.orcpt_len = 20u;
  e.seen = SMTPC_HAS(NOTIFY) | SMTPC_HAS(ORCPT);
  check(envelope_line(e, SMTPC_VERB_RCPT, 0, 600u), SMTPC_OK,
        "RCPT TO:<Dana@Ivory.example> NOTIFY=SUCCESS,FAILURE,DELAY "
        "ORCPT=rfc822;Dana+2Bx@Ivory.example\r\n");
  test_label("postmaster");
  check(rcpt_address(LIT("Postmaster"), false), SMTPC_OK,
        "RCPT TO:<Postmaster>\r\n");
  check(rcpt_address(LIT("postmasteR"), false), SMTPC_OK,
        "RCPT TO:<postmasteR>\r\n");
  check(mail_address(LIT("Postmaster"), false), SMTPC_E_PATH, "");
  check(rcpt_address(LIT("postmaste"), false), SMTPC_E_PATH, "");
}

// THREATS INJ-01, INJ-02, INJ-06: the address is one mailbox, or is refused.
static void test_write_address_refuses_injection(void **state) {
  (void)state;
  static const struct {
    const char *address;
    size_t len;
    smtpc_status status;
  } rows[] = {
      {LIT("a@b\r\nRCPT TO:<evil@x>"), SMTPC_E_BARE_CR},
      {LIT("a@b>\r\nRCPT TO:<evil@x"), SMTPC_E_BARE_CR},
      {LIT("a@b\nRCPT TO:<evil@x>"), SMTPC_E_BARE_LF},
      {LIT("a@b\rRCPT TO:<evil@x>"), SMTPC_E_BARE_CR},
      {LIT("a@b\n\rx"), SMTPC_E_BARE_LF},
      {LIT("\r\n"), SMTPC_E_BARE_CR},
      {LIT("\n"), SMTPC_E_BARE_LF},
      {LIT("\r"), SMTPC_E_BARE_CR},
      {LIT("\0"), SMTPC_E_NUL},
      {LIT("a@b\r\n"), SMTPC_E_BARE_CR},
      {LIT("a@b\r\n\r\n"), SMTPC_E_BARE_CR},
      {LIT("a@b\0"), SMTPC_E_NUL},
      {LIT("a@b\0c"), SMTPC_E_NUL},
      {LIT("a\0@b"), SMTPC_E_NUL},
      {LIT("a@b\t"), SMTPC_E_CONTROL},
      {LIT("\"a\r\nb\"@c"), SMTPC_E_BARE_CR},
      {LIT("\"a\\\rb\"@c"), SMTPC_E_BARE_CR},
      {LIT("\"a\\\nb\"@c"), SMTPC_E_BARE_LF},
      {LIT("a@[\r\n]"), SMTPC_E_BARE_CR},
      {LIT("a@b>"), SMTPC_E_PATH},
      {LIT("a@b> SIZE=1"), SMTPC_E_PATH},
      {LIT("a@b> SIZE=1 AUTH=<x>"), SMTPC_E_PATH},
      {LIT("a@b SIZE=1"), SMTPC_E_PATH},
      {LIT("a@b> <c@d"), SMTPC_E_PATH},
      {LIT("<a@b>"), SMTPC_E_PATH},
      {LIT("<>"), SMTPC_E_PATH},
      {LIT(">"), SMTPC_E_PATH},
      {LIT(" a@b"), SMTPC_E_PATH},
      {LIT("a@b "), SMTPC_E_PATH},
      {LIT("a b@c"), SMTPC_E_PATH},
      {LIT("a>@b"), SMTPC_E_PATH},
      {LIT("a@b@c"), SMTPC_E_PATH},
      {LIT("a"), SMTPC_E_PATH},
      {LIT("@b"), SMTPC_E_PATH},
      {LIT("a@"), SMTPC_E_PATH},
      {LIT("@x,@y:a@b"), SMTPC_E_PATH},
      {LIT("\"x\" SMTPUTF8@y"), SMTPC_E_PATH},
      {LIT("\"x\"> SMTPUTF8 <\"@y"), SMTPC_E_PATH},
      {LIT("\"x@y"), SMTPC_E_PATH},
      {LIT("\"x\\\"@y"), SMTPC_E_PATH},
      {LIT("a@[192.0.2.1]> SIZE=1"), SMTPC_E_PATH},
      {LIT("a@[x:>]"), SMTPC_OK},
      {LIT("\"a>b\"@c"), SMTPC_OK},
      {LIT("\"a> SIZE=1\"@c"), SMTPC_OK},
      {LIT("\">\"@c"), SMTPC_OK},
      {LIT("\"a\\\">b\"@c"), SMTPC_OK},
      {LIT("\"<x@y>\"@c"), SMTPC_OK},
      {LIT("\"\"@c"), SMTPC_OK},
      {LIT("FAX=+1-201/T33=2@fax.example"), SMTPC_OK},
      {LIT("a@[192.0.2.1]"), SMTPC_OK},
      {LIT("a@[IPv6:::1]"), SMTPC_OK},
  };
  for (size_t i = 0u; i < COUNT_OF(rows); i++) {
    const smtpc_envelope e = envelope(rows[i].address, rows[i].len);
    test_label("row %zu: %s", i, rows[i].address);
    written w = mail_address(rows[i].address, rows[i].len, false);
    if (w.status == SMTPC_OK) {
      check_back(&w, &e, SMTPC_VERB_MAIL);
    }
    check(w, rows[i].status, NULL);
    w = rcpt_address(rows[i].address, rows[i].len, false);
    if (w.status == SMTPC_OK) {
      check_back(&w, &e, SMTPC_VERB_RCPT);
    }
    check(w, rows[i].status, NULL);
    // SMTPUTF8 opens nothing for these.
    check(rcpt_address(rows[i].address, rows[i].len, true), rows[i].status,
          NULL);
  }
  test_label("nobody");
  check(rcpt_address(NULL, 0u, false), SMTPC_E_PATH, "");
}

// THREATS INJ-06: U+010D and U+010A lose nothing on the way, or are refused.
static void test_write_address_utf8(void **state) {
  (void)state;
  static const struct {
    const char *address;
    smtpc_status with;
  } rows[] = {
      {"\xc4\x8d@example.com", SMTPC_OK},
      {"\xc4\x8d\xc4\x8a@example.com", SMTPC_OK},
      {"a@\xc4\x8d.example", SMTPC_OK},
      {"\"\xc4\x8d>\"@example.com", SMTPC_OK},
      {"\xef\xbc\x9e@example.com", SMTPC_OK},
      {"\xf0\x9f\x93\xa0@example.com", SMTPC_OK},
      {"\xc4@example.com", SMTPC_E_UTF8},
      {"\x8d@example.com", SMTPC_E_UTF8},
      {"\xc0\x8d@example.com", SMTPC_E_UTF8},
      {"\xe0\x80\x8d@example.com", SMTPC_E_UTF8},
      {"\xed\xa0\x80@example.com", SMTPC_E_UTF8},
      {"\xf4\x90\x80\x80@example.com", SMTPC_E_UTF8},
      {"a@b\xc4", SMTPC_E_UTF8},
      {"\xff\xfe@example.com", SMTPC_E_UTF8},
  };
  for (size_t i = 0u; i < COUNT_OF(rows); i++) {
    const char *address = rows[i].address;
    const size_t len = strlen(address);
    smtpc_envelope e = envelope(address, len);
    test_label("row %zu", i);
    check(mail_address(address, len, false), SMTPC_E_NON_ASCII, "");
    check(rcpt_address(address, len, false), SMTPC_E_NON_ASCII, "");
    written w = rcpt_address(address, len, true);
    if (rows[i].with == SMTPC_OK) {
      check_back(&w, &e, SMTPC_VERB_RCPT);
    }
    check(w, rows[i].with, NULL);
    e.seen = SMTPC_HAS(SMTPUTF8);
    w = mail_address(address, len, true);
    if (rows[i].with == SMTPC_OK) {
      check_back(&w, &e, SMTPC_VERB_MAIL);
    }
    check(w, rows[i].with, NULL);
  }
}

// Each octet in the local part, in a quoted one, and in the domain.
static void test_write_address_tries_each_octet(void **state) {
  (void)state;
  static const char *const forms[] = {"a?b@example.com", "\"a?b\"@example.com",
                                      "a@x?y"};
  for (unsigned c = 0u; c < 256u; c++) {
    const bool ok[] = {is_atext(c) || c == '.',
                       c >= 0x20u && c < 0x7fu && c != '"',
                       is_let_dig(c) || c == '-' || c == '.'};
    for (size_t f = 0u; f < COUNT_OF(forms); f++) {
      char address[32];
      const size_t len = strlen(forms[f]);
      memcpy(address, forms[f], len + 1u);
      *strchr(address, '?') = (char)c;
      const smtpc_envelope e = envelope(address, len);
      const smtpc_status want = octet_status(c, ok[f], SMTPC_E_PATH);
      test_label("%s, octet %u", forms[f], c);
      written w = mail_address(address, len, false);
      if (w.status == SMTPC_OK) {
        check_back(&w, &e, SMTPC_VERB_MAIL);
      }
      check(w, want, NULL);
      check(rcpt_address(address, len, false), want, NULL);
      if (c >= 0x80u) {
        check(rcpt_address(address, len, true), SMTPC_E_UTF8, NULL);
      }
    }
  }
}

// THREATS INJ-05, RFC 5321 section 4.5.3.1: 64, 255 and 256.
static void test_write_address_bounds(void **state) {
  (void)state;
  char address[700];
  for (size_t local = 1u; local <= 66u; local++) {
    for (size_t domain = 180u; domain <= 260u; domain++) {
      memset(address, 'l', local);
      address[local] = '@';
      fill_domain(address + local + 1u, domain);
      const size_t len = local + 1u + domain;
      const bool fits = local <= 64u && domain <= 255u && len + 2u <= 256u;
      test_label("local %zu, domain %zu", local, domain);
      const smtpc_envelope e = envelope(address, len);
      written w = rcpt_address(address, len, false);
      if (fits) {
        check_back(&w, &e, SMTPC_VERB_RCPT);
      }
      check(w, fits ? SMTPC_OK : SMTPC_E_TOO_LONG, NULL);
    }
  }
  static uint8_t huge[65535];
  memset(huge, 'a', sizeof huge);
  huge[1] = '@';
  test_label("65535");
  check(rcpt_address(huge, sizeof huge, false), SMTPC_E_TOO_LONG, "");
}

// A MAIL with one parameter that has text.
static written envid_line(const void *envid, size_t len) {
  smtpc_envelope e = envelope(LIT("a@b"));
  e.envid = envid;
  e.envid_len = (uint16_t)len;
  e.seen = SMTPC_HAS(ENVID);
  written w = envelope_line(e, SMTPC_VERB_MAIL, 0, 600u);
  if (w.status == SMTPC_OK) {
    check_back(&w, &e, SMTPC_VERB_MAIL);
  }
  return w;
}

static written auth_line(const void *auth, size_t len) {
  smtpc_envelope e = envelope(LIT("a@b"));
  e.auth = auth;
  e.auth_len = (uint16_t)len;
  e.seen = SMTPC_HAS(AUTH);
  written w = envelope_line(e, SMTPC_VERB_MAIL, 0, 600u);
  if (w.status == SMTPC_OK && len > 0u) {
    check_back(&w, &e, SMTPC_VERB_MAIL);
  }
  return w;
}

static written orcpt_line(const void *type, size_t type_len, const void *orcpt,
                          size_t len) {
  smtpc_envelope e = envelope(LIT("a@b"));
  e.orcpt_type = type;
  e.orcpt_type_len = (uint16_t)type_len;
  e.orcpt = orcpt;
  e.orcpt_len = (uint16_t)len;
  e.seen = SMTPC_HAS(ORCPT);
  written w = envelope_line(e, SMTPC_VERB_RCPT, 0, 600u);
  if (w.status == SMTPC_OK) {
    check_back(&w, &e, SMTPC_VERB_RCPT);
  }
  return w;
}

// THREATS INJ-03, AUT-04: nothing in a parameter ends the line or the
// parameter.
static void test_write_params_try_each_octet(void **state) {
  (void)state;
  for (unsigned c = 0u; c < 256u; c++) {
    const uint8_t text[3] = {'a', (uint8_t)c, 'b'};
    const uint8_t mailbox[6] = {'a', (uint8_t)c, 'b', '@', 'x', 'y'};
    const smtpc_status printable = octet_status(c, true, SMTPC_OK);
    test_label("octet %u", c);
    check(envid_line(text, 3u), printable, NULL);
    check(orcpt_line(LIT("rfc822"), text, 3u), printable, NULL);
    check(orcpt_line(text, 3u, LIT("a@b")),
          octet_status(c, is_atext(c) && c != '=', SMTPC_E_PARAM_VALUE), NULL);
    check(auth_line(mailbox, 6u),
          octet_status(c, is_atext(c) || c == '.', SMTPC_E_PARAM_VALUE), NULL);
  }
}

static void test_write_params_refuse_what_is_none(void **state) {
  (void)state;
  test_label("ENVID");
  check(envid_line(NULL, 0u), SMTPC_E_PARAM_VALUE_MISSING, "");
  check(envid_line(LIT("x\r\nDATA")), SMTPC_E_BARE_CR, "");
  test_label("AUTH");
  check(auth_line(NULL, 0u), SMTPC_OK, "MAIL FROM:<a@b> AUTH=<>\r\n");
  check(auth_line(LIT("<>")), SMTPC_E_PARAM_VALUE, "");
  check(auth_line(LIT("a")), SMTPC_E_PARAM_VALUE, "");
  check(auth_line(LIT("a@b>")), SMTPC_E_PARAM_VALUE, "");
  check(auth_line(LIT("a@b SIZE=1")), SMTPC_E_PARAM_VALUE, "");
  check(auth_line(LIT("a@[192.0.2.256]")), SMTPC_E_PARAM_VALUE, "");
  check(auth_line(LIT("a@b\r\nRCPT")), SMTPC_E_BARE_CR, "");
  check(auth_line(LIT("\"a b\"@c")), SMTPC_OK,
        "MAIL FROM:<a@b> AUTH=\"a+20b\"@c\r\n");
  check(auth_line(LIT("\xc4\x8d@example.com")), SMTPC_E_NON_ASCII, "");
  test_label("ORCPT");
  check(orcpt_line(LIT("rfc822"), NULL, 0u), SMTPC_E_PARAM_VALUE_MISSING, "");
  check(orcpt_line(NULL, 0u, LIT("a@b")), SMTPC_E_PARAM_VALUE_MISSING, "");
  check(orcpt_line(LIT("a;b"), LIT("a@b")), SMTPC_E_PARAM_VALUE, "");
  check(orcpt_line(LIT("a b"), LIT("a@b")), SMTPC_E_PARAM_VALUE, "");
  check(orcpt_line(LIT("rfc822"), LIT("a@b\n")), SMTPC_E_BARE_LF, "");
  check(orcpt_line(LIT("rfc822\r"), LIT("a@b")), SMTPC_E_BARE_CR, "");
  check(orcpt_line(LIT("rfc822"), LIT("a;b=c")), SMTPC_OK,
        "RCPT TO:<a@b> ORCPT=rfc822;a;b+3Dc\r\n");
}

static void test_write_params_numbered_values(void **state) {
  (void)state;
  for (unsigned value = 0u; value < 256u; value++) {
    smtpc_envelope e = envelope(LIT("a@b"));
    e.body = (uint8_t)value;
    e.ret = (uint8_t)value;
    e.notify = (uint8_t)value;
    static const uint32_t seen[] = {SMTPC_HAS(BODY), SMTPC_HAS(RET),
                                    SMTPC_HAS(NOTIFY)};
    const bool ok[] = {
        value >= SMTPC_BODY_7BIT && value <= SMTPC_BODY_BINARYMIME,
        value == SMTPC_RET_FULL || value == SMTPC_RET_HDRS,
        value == SMTPC_NOTIFY_NEVER ||
            (value != 0u && value < 16u && value % 2u == 0u)};
    for (size_t i = 0u; i < COUNT_OF(seen); i++) {
      const unsigned verb = i < 2u ? SMTPC_VERB_MAIL : SMTPC_VERB_RCPT;
      e.seen = seen[i];
      test_label("value %u, parameter %zu", value, i);
      written w = envelope_line(e, verb, 0, 600u);
      if (ok[i]) {
        check_back(&w, &e, verb);
      }
      check(w, ok[i] ? SMTPC_OK : SMTPC_E_PARAM_VALUE, NULL);
    }
  }
}

// The limits of `param.h` count encoded octets: `+` is three.
static void test_write_params_bounds(void **state) {
  (void)state;
  char text[600];
  for (size_t len = 1u; len <= 110u; len++) {
    memset(text, 'x', sizeof text);
    test_label("ENVID of %zu", len);
    check(envid_line(text, len), len <= 100u ? SMTPC_OK : SMTPC_E_TOO_LONG,
          NULL);
    memset(text, '+', sizeof text);
    check(envid_line(text, len), len <= 33u ? SMTPC_OK : SMTPC_E_TOO_LONG,
          NULL);
  }
  memset(text, 'x', sizeof text);
  for (size_t len = 470u; len <= 500u; len++) {
    const size_t whole = strlen("RCPT TO:<a@b> ORCPT=rfc822;") + len + 2u;
    const smtpc_status want = len + 7u > SMTPC_ORCPT_MAX ? SMTPC_E_TOO_LONG
                              : whole <= SMTPC_OUT_MAX   ? SMTPC_OK
                                                         : SMTPC_E_ROOM;
    test_label("ORCPT of %zu", len);
    check(orcpt_line(LIT("rfc822"), text, len), want, NULL);
  }
  for (size_t len = 490u; len <= 510u; len++) {
    test_label("ORCPT type of %zu", len);
    written w = orcpt_line(text, len, LIT("x"));
    assert_true(w.status == SMTPC_E_ROOM || w.status == SMTPC_E_TOO_LONG);
    check(w, w.status, "");
  }
}

static uint32_t params_of(unsigned verb) {
  uint32_t set = 0u;
  for (unsigned id = 0u; id < SMTPC_PARAM_COUNT; id++) {
    set |= smtpc_param_get(id).verb == verb ? (uint32_t)1 << id : 0u;
  }
  return set;
}

// Every set of parameters, on the right verb and on the wrong one.
static void test_write_params_all_sets(void **state) {
  (void)state;
  const uint32_t of_mail = params_of(SMTPC_VERB_MAIL);
  const uint32_t of_rcpt = params_of(SMTPC_VERB_RCPT);
  smtpc_envelope e = envelope(LIT("\"x>y\"@example.com"));
  e.size = UINT64_MAX;
  e.body = SMTPC_BODY_7BIT;
  e.ret = SMTPC_RET_FULL;
  e.notify = SMTPC_NOTIFY_DELAY;
  e.auth = (const uint8_t *)"u+v@example.com";
  e.auth_len = 15u;
  e.envid = (const uint8_t *)"=+ ~";
  e.envid_len = 4u;
  e.orcpt_type = (const uint8_t *)"x-400+";
  e.orcpt_type_len = 6u;
  e.orcpt = (const uint8_t *)"a;b c=d";
  e.orcpt_len = 7u;
  e.by_mode = SMTPC_BY_RETURN;
  e.by_time = 60;
  e.hold_for = 5u;
  e.when = 86400u;
  e.mt_priority = -3;
  e.solicit = (const uint8_t *)"a:b";
  e.solicit_len = 3u;
  e.mtrk = (const uint8_t *)"AAAAAAAAAAAAAAAAAAAAAAAAAAA";
  e.mtrk_len = SMTPC_MTRK_LEN;
  e.transid = (const uint8_t *)"1@b";
  e.transid_len = 3u;
  // The parameters of MAIL stand first in the registry: all their sets, and all sets
  // of RCPT's with none, one or all of MAIL's beside them.
  const uint32_t mails = of_mail + 1u;
  for (uint32_t n = 0u; n < mails + 64u; n++) {
    const uint32_t beyond = n < mails ? 0u : n - mails;
    const uint32_t extra = beyond / 16u;
    const uint32_t beside = extra == 3u ? of_mail : extra;
    const uint32_t seen = n < mails ? n : (beyond % 16u) * mails | beside;
    const uint32_t both = SMTPC_HAS(HOLDFOR) | SMTPC_HAS(HOLDUNTIL);
    e.seen = seen;
    test_label("seen %#x", (unsigned)seen);
    written w = envelope_line(e, SMTPC_VERB_MAIL, 0, 600u);
    const bool mail = (seen & ~of_mail) == 0u;
    const bool held = (seen & both) == both;
    if (mail && !held) {
      check_back(&w, &e, SMTPC_VERB_MAIL);
    }
    const smtpc_status value = held ? SMTPC_E_PARAM_VALUE : SMTPC_OK;
    check(w, mail ? value : SMTPC_E_ARGUMENT, NULL);
    w = envelope_line(e, SMTPC_VERB_RCPT, 0, 600u);
    const bool rcpt = (seen & ~of_rcpt) == 0u;
    if (rcpt) {
      check_back(&w, &e, SMTPC_VERB_RCPT);
    }
    check(w, rcpt ? SMTPC_OK : SMTPC_E_ARGUMENT, NULL);
  }
}

// THREATS INJ-05: with less room than the line needs there is no line.
static void test_write_never_cuts(void **state) {
  (void)state;
  smtpc_envelope e = envelope(LIT("a@example.com"));
  e.size = 77u;
  e.envid = (const uint8_t *)"a+b";
  e.envid_len = 3u;
  e.seen = SMTPC_HAS(SIZE) | SMTPC_HAS(ENVID) | SMTPC_HAS(SMTPUTF8);
  const size_t need =
      strlen("MAIL FROM:<a@example.com> SIZE=77 ENVID=a+2Bb SMTPUTF8\r\n");
  for (size_t cap = 0u; cap <= need + 2u; cap++) {
    const smtpc_status want = cap >= need ? SMTPC_OK : SMTPC_E_ROOM;
    test_label("cap %zu", cap);
    check(envelope_line(e, SMTPC_VERB_MAIL, 0, cap), want, NULL);
    written w = room(cap);
    w.status = smtpc_write_reply(w.data, cap, &w.len, SMTPC_REPLY_MAIL_OK, 1, 1,
                                 NULL, 0u);
    check(w, cap >= strlen("250 2.1.0 Sender OK\r\n") ? SMTPC_OK : SMTPC_E_ROOM,
          NULL);
    w = room(cap);
    w.status = smtpc_write_bdat(w.data, cap, &w.len, 1000u, 1);
    check(w, cap >= strlen("BDAT 1000 LAST\r\n") ? SMTPC_OK : SMTPC_E_ROOM,
          NULL);
  }
}

// Random octets from `symbols` into `out`; most lengths are short.
static uint16_t scramble(uint64_t *seed, uint8_t *out, size_t max,
                         const char *symbols, size_t count) {
  const size_t len = test_random(seed) % (max + 1u);
  for (size_t i = 0u; i < len; i++) {
    out[i] = (uint8_t)symbols[test_random(seed) % count];
  }
  return (uint16_t)len;
}

// Law CRLFOUT: whatever a program asks for, it is refused, or it is one line
// that parses back to what was asked. An address that the path parser takes is
// written.
static void test_write_crlfout_random_envelopes(void **state) {
  (void)state;
  static const char nasty[] = "ab.@<>\" \\:;,=+\r\n[]1\xc4\x8d";
  static const char mild[] = "ab.@\">\\ +=";
  uint64_t seed = 31u;
  unsigned taken = 0u;
  for (unsigned round = 0u; round < 300000u; round++) {
    const bool soft = round % 4u != 0u;
    const char *symbols = soft ? mild : nasty;
    const size_t count = soft ? sizeof mild - 1u : sizeof nasty;
    uint8_t fields[5][12];
    smtpc_envelope e = envelope(fields[0], 0u);
    e.address_len = scramble(&seed, fields[0], 8u, symbols, count);
    if (round % 3u != 0u) {
      memcpy(fields[0] + e.address_len, "@b.c", 4u);
      e.address_len = (uint16_t)(e.address_len + 4u);
    }
    e.envid = fields[1];
    e.envid_len = scramble(&seed, fields[1], 6u, symbols, count);
    e.auth = fields[2];
    e.auth_len = scramble(&seed, fields[2], 6u, symbols, count);
    e.orcpt = fields[3];
    e.orcpt_len = scramble(&seed, fields[3], 6u, symbols, count);
    e.orcpt_type = fields[4];
    e.orcpt_type_len = scramble(&seed, fields[4], 3u, symbols, count);
    e.size = test_random(&seed);
    e.body = (uint8_t)(test_random(&seed) % 4u);
    e.ret = (uint8_t)(test_random(&seed) % 3u);
    e.notify = (uint8_t)(test_random(&seed) % 17u);
    const unsigned verb = round % 2u == 0u ? SMTPC_VERB_MAIL : SMTPC_VERB_RCPT;
    // One parameter, or none: two wrong ones would hide each other.
    e.seen = (uint32_t)1 << test_random(&seed) % SMTPC_PARAM_COUNT;
    e.seen &= params_of(verb);
    const int utf8 = (int)(test_random(&seed) % 2u);
    const bool wide = verb == SMTPC_VERB_MAIL
                          ? (e.seen & SMTPC_HAS(SMTPUTF8)) != 0u
                          : utf8 != 0;
    test_label("round %u", round);
    written w = envelope_line(e, verb, utf8, 600u);
    assert_false(smtpc_status_is_internal(w.status));
    if (w.status == SMTPC_OK) {
      check_back(&w, &e, verb);
      taken++;
    } else if (e.seen == 0u) {
      smtpc_path path;
      assert_true(
          smtpc_mailbox_parse(fields[0], smtpc_span_make(0u, e.address_len),
                              wide ? SMTPC_ALLOW_UTF8 : 0u, &path) != SMTPC_OK);
    }
    check(w, w.status, NULL);
  }
  test_label("rounds that were taken: %u", taken);
  assert_true(taken > 10000u);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_write_mail_is_golden),
      cmocka_unit_test(test_write_rcpt_is_golden),
      cmocka_unit_test(test_write_address_refuses_injection),
      cmocka_unit_test(test_write_address_utf8),
      cmocka_unit_test(test_write_address_tries_each_octet),
      cmocka_unit_test(test_write_address_bounds),
      cmocka_unit_test(test_write_params_try_each_octet),
      cmocka_unit_test(test_write_params_refuse_what_is_none),
      cmocka_unit_test(test_write_params_numbered_values),
      cmocka_unit_test(test_write_params_bounds),
      cmocka_unit_test(test_write_params_all_sets),
      cmocka_unit_test(test_write_never_cuts),
      cmocka_unit_test(test_write_crlfout_random_envelopes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
