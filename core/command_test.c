// Command: every verb with its argument, beside the neighbours that are
// refused; the inputs on which other tokenizers go wrong; quirks, one by one
// and in every set; and MAIL and RCPT against the models of their parts.
#include "core/command_testing.h"
#include "core/model/param_model.h"
#include "core/model/path_model.h"

// ----------------------------------------------------------------------- verbs

static void test_command_matches_each_verb_whole_and_in_any_case(void **state) {
  (void)state;
  for (unsigned id = 1u; id < SMTPC_VERB_COUNT; id++) {
    const smtpc_verb_row verb = smtpc_verb_get(id);
    for (unsigned mask = 0u; mask < 1u << verb.name_len; mask++) {
      uint8_t text[16];
      for (unsigned k = 0u; k < verb.name_len; k++) {
        const unsigned lower = (mask >> k) & 1u ? 32u : 0u;
        text[k] = (uint8_t)((unsigned)verb.name[k] | lower);
      }
      test_label("%.*s", (int)verb.name_len, (const char *)text);
      test_number(smtpc_verb_find(text, smtpc_span_make(0u, verb.name_len)),
                  id);
    }
  }
}

static void test_command_matches_no_other_octet_in_a_verb(void **state) {
  (void)state;
  for (unsigned id = 1u; id < SMTPC_VERB_COUNT; id++) {
    const smtpc_verb_row verb = smtpc_verb_get(id);
    for (unsigned at = 0u; at < verb.name_len; at++) {
      for (unsigned c = 0u; c < 256u; c++) {
        uint8_t text[16];
        memcpy(text, verb.name, verb.name_len);
        const unsigned own = text[at];
        text[at] = (uint8_t)c;
        const unsigned found =
            smtpc_verb_find(text, smtpc_span_make(0u, verb.name_len));
        test_label("%s with %u at %u", verb.name, c, at);
        const bool letter = own >= 'A' && own <= 'Z';
        test_number(found == id, c == own || (letter && c == own + 32u));
      }
    }
  }
}

static void test_command_refuses_prefix_and_suffix_of_a_verb(void **state) {
  (void)state;
  for (unsigned id = 1u; id < SMTPC_VERB_COUNT; id++) {
    const smtpc_verb_row verb = smtpc_verb_get(id);
    const size_t len = verb.name_len;
    for (unsigned c = 0u; c < 256u; c++) {
      uint8_t text[16];
      memcpy(text, verb.name, len);
      text[len] = (uint8_t)c;
      test_label("%s and %u", verb.name, c);
      test_number(smtpc_verb_find(text, smtpc_span_make(0u, len + 1u)), 0);
      smtpc_command out;
      if (c != ' ') {
        test_number(parse_octets(text, len + 1u, ALL_OFFERS, 0u, &out),
                    SMTPC_E_VERB);
      }
    }
    for (size_t cut = 0u; cut < len; cut++) {
      test_number(
          smtpc_verb_find((const uint8_t *)verb.name, smtpc_span_make(0u, cut)),
          0);
    }
  }
}

static void test_command_refuses_unknown_verbs(void **state) {
  (void)state;
  static const row rows[] = {
      {"", 0, SMTPC_E_VERB},
      {" ", 0, SMTPC_E_VERB},
      {" NOOP", 0, SMTPC_E_VERB},
      {"NOOPX", 0, SMTPC_E_VERB},
      {"DATAX", 0, SMTPC_E_VERB},
      {"RSETX", 0, SMTPC_E_VERB},
      {"NOO", 0, SMTPC_E_VERB},
      {"STARTTLSX", 0, SMTPC_E_VERB},
      {"SENT FROM:<a@b>", 0, SMTPC_E_VERB},
      {"TURNX", 0, SMTPC_E_VERB},
      {"XCLIENTS A=b", 0, SMTPC_E_VERB},
      {"XFORWARDS A=b", 0, SMTPC_E_VERB},
      {"X-ANONYMOUSTL", 0, SMTPC_E_VERB},
      {"X-ANONYMOUSTLSX", 0, SMTPC_E_VERB},
      {"XXANONYMOUSTLS", 0, SMTPC_E_VERB},
      {"X-ANONYM", 0, SMTPC_E_VERB},
      {"PROXY TCP4 192.0.2.1 192.0.2.2 1 25", 0, SMTPC_E_VERB},
      {"MAIL\tFROM:<a@b>", 0, SMTPC_E_VERB},
      {"NOOP\x01", 0, SMTPC_E_VERB},
      {"Q\rU\rIT", 0, SMTPC_E_VERB},
      {"QU\xc4\xb1T", 0, SMTPC_E_VERB},
  };
  TEST_ROWS(rows, 0u);
}

static void test_command_marks_other_protocols(void **state) {
  (void)state;
  static const struct {
    const char *text;
    unsigned foreign;
  } rows[] = {
      {"GET / HTTP/1.1", 1},
      {"get /", 1},
      {"POST /x", 1},
      {"OPTIONS *", 1},
      {"PRI * HTTP/2.0", 1},
      {"Host: example.com", 1},
      {"Content-Length: 3", 1},
      {"X-Y:z", 1},
      {"\x16\x03\x01", 0},
      {"\x80", 0},
      {"*1", 0},
      {"{\"a\":1}", 1},
      {".", 0},
      {"GETS /", 0},
      {"FOO", 0},
      {"FOO bar:", 0},
      {"", 0},
      {" GET /", 0},
      {"MAIL\tFROM:<a@b>", 0},
      {"EHL example.com", 0},
  };
  for (size_t i = 0u; i < sizeof rows / sizeof rows[0]; i++) {
    for (uint32_t quirks = 0u; quirks <= SMTPC_QUIRK_ALL; quirks++) {
      smtpc_command have;
      test_label("%s", rows[i].text);
      test_number(parse(rows[i].text, quirks, &have), SMTPC_E_VERB);
      test_number(have.foreign, rows[i].foreign);
    }
  }
}

// ------------------------------------------------------------------- arguments

static void test_command_allows_no_argument_after_bare_verbs(void **state) {
  (void)state;
  static const row rows[] = {
      {"DATA", V(DATA), SMTPC_OK},
      {"rset", V(RSET), SMTPC_OK},
      {"QUIT", V(QUIT), SMTPC_OK},
      {"STARTTLS", V(STARTTLS), SMTPC_OK},
      {"DATA ", V(DATA), SMTPC_E_ARGUMENT_SURPLUS},
      {"RSET x", V(RSET), SMTPC_E_ARGUMENT_SURPLUS},
      {"QUIT x", V(QUIT), SMTPC_E_ARGUMENT_SURPLUS},
      {"STARTTLS foo", V(STARTTLS), SMTPC_E_ARGUMENT_SURPLUS},
      {"TURN", V(TURN), SMTPC_OK},
      {"TURN ", V(TURN), SMTPC_E_ARGUMENT_SURPLUS},
      {"TURN example.com", V(TURN), SMTPC_E_ARGUMENT_SURPLUS},
      {"X-ANONYMOUSTLS", V(XANONYMOUSTLS), SMTPC_OK},
      {"x-AnonymousTls", V(XANONYMOUSTLS), SMTPC_OK},
      {"X-ANONYMOUSTLS x", V(XANONYMOUSTLS), SMTPC_E_ARGUMENT_SURPLUS},
      {"QUIT \x01", V(QUIT), SMTPC_E_CONTROL},
      {"QUIT \xc3\xa9", V(QUIT), SMTPC_E_NON_ASCII},
  };
  TEST_ROWS(rows, 0u);
}

static void test_command_reads_text(void **state) {
  (void)state;
  static const row rows[] = {
      {"NOOP", V(NOOP), SMTPC_OK},
      {"NOOP any text \"at all", V(NOOP), SMTPC_OK},
      {"NOOP \xe2\x82\xac", V(NOOP), SMTPC_OK},
      {"HELP", V(HELP), SMTPC_OK},
      {"HELP MAIL", V(HELP), SMTPC_OK},
      {"VRFY smith", V(VRFY), SMTPC_OK},
      {"VRFY j\xc3\xb6 SMTPUTF8", V(VRFY), SMTPC_OK},
      {"EXPN list", V(EXPN), SMTPC_OK},
      {"VRFY", V(VRFY), SMTPC_E_ARGUMENT_MISSING},
      {"VRFY ", V(VRFY), SMTPC_E_ARGUMENT_MISSING},
      {"EXPN", V(EXPN), SMTPC_E_ARGUMENT_MISSING},
      {"NOOP ", V(NOOP), SMTPC_E_SYNTAX},
      {"NOOP  x", V(NOOP), SMTPC_E_SYNTAX},
      {"NOOP x ", V(NOOP), SMTPC_E_SYNTAX},
      {"NOOP x\ty", V(NOOP), SMTPC_E_CONTROL},
      {"NOOP x\x7f", V(NOOP), SMTPC_E_CONTROL},
      {"NOOP \xc3", V(NOOP), SMTPC_E_UTF8},
      {"NOOP \xed\xa0\x80", V(NOOP), SMTPC_E_UTF8},
  };
  TEST_ROWS(rows, 0u);
  smtpc_command have;
  test_label("UTF-8 without the offer");
  test_number(parse_octets("NOOP \xe2\x82\xac", 8u, NO_UTF8, 0u, &have),
              SMTPC_E_NON_ASCII);
}

static void test_command_reads_hello(void **state) {
  (void)state;
  static const row rows[] = {
      {"EHLO example.com", V(EHLO), SMTPC_OK},
      {"ehlo [127.0.0.1]", V(EHLO), SMTPC_OK},
      {"EHLO [IPv6:::1]", V(EHLO), SMTPC_OK},
      {"HELO printer", V(HELO), SMTPC_OK},
      {"HELO [127.0.0.1]", V(HELO), SMTPC_E_DOMAIN},
      {"LHLO example.com", V(LHLO), SMTPC_OK},
      {"lhlo [192.0.2.1]", V(LHLO), SMTPC_OK},
      {"LHLO", V(LHLO), SMTPC_E_ARGUMENT_MISSING},
      {"LHLO a b", V(LHLO), SMTPC_E_DOMAIN},
      {"LHLO [192.0.2]", V(LHLO), SMTPC_E_ADDRESS_LITERAL},
      {"EHLO", V(EHLO), SMTPC_E_ARGUMENT_MISSING},
      {"EHLO ", V(EHLO), SMTPC_E_ARGUMENT_MISSING},
      {"HELO", V(HELO), SMTPC_E_ARGUMENT_MISSING},
      {"EHLO  x", V(EHLO), SMTPC_E_SYNTAX},
      {"EHLO a b", V(EHLO), SMTPC_E_DOMAIN},
      {"EHLO a_b", V(EHLO), SMTPC_E_DOMAIN},
      {"EHLO a.", V(EHLO), SMTPC_E_DOMAIN},
      {"EHLO $(id)", V(EHLO), SMTPC_E_DOMAIN},
      {"EHLO [1.2.3]", V(EHLO), SMTPC_E_ADDRESS_LITERAL},
      {"EHLO x\x01", V(EHLO), SMTPC_E_CONTROL},
      {"EHLO \xc3\xa9.example", V(EHLO), SMTPC_E_NON_ASCII},
  };
  TEST_ROWS(rows, 0u);
  smtpc_command have;
  test_label("host kinds");
  test_number(parse("EHLO a.b", 0u, &have), SMTPC_OK);
  test_number(have.host, SMTPC_HOST_NAME);
  test_number(have.argument.begin, 5);
  test_number(have.argument.end, 8);
  test_number(parse("EHLO [192.0.2.1]", 0u, &have), SMTPC_OK);
  test_number(have.host, SMTPC_HOST_IPV4);
  test_number(parse("LHLO [IPv6:2001:db8::1]", 0u, &have), SMTPC_OK);
  test_number(have.host, SMTPC_HOST_IPV6);
}

static void test_command_reads_mail_and_rcpt(void **state) {
  (void)state;
  static const row rows[] = {
      {"MAIL FROM:<>", V(MAIL), SMTPC_OK},
      {"mail from:<a@b> size=1", V(MAIL), SMTPC_OK},
      {"RCPT TO:<a@b> NOTIFY=NEVER", V(RCPT), SMTPC_OK},
      {"rcpt to:<Postmaster>", V(RCPT), SMTPC_OK},
      {"RCPT TO:<@a,@b:c@d>", V(RCPT), SMTPC_OK},
      {"MAIL", V(MAIL), SMTPC_E_ARGUMENT_MISSING},
      {"MAIL ", V(MAIL), SMTPC_E_ARGUMENT_MISSING},
      {"RCPT", V(RCPT), SMTPC_E_ARGUMENT_MISSING},
      {"MAIL  FROM:<a@b>", V(MAIL), SMTPC_E_SYNTAX},
      {"MAIL TO:<a@b>", V(MAIL), SMTPC_E_SYNTAX},
      {"RCPT FROM:<a@b>", V(RCPT), SMTPC_E_SYNTAX},
      {"MAIL FROM <a@b>", V(MAIL), SMTPC_E_SYNTAX},
      {"MAIL FROM :<a@b>", V(MAIL), SMTPC_E_SYNTAX},
      {"MAIL FROM", V(MAIL), SMTPC_E_SYNTAX},
      {"MAIL FROM:", V(MAIL), SMTPC_E_PATH},
      {"MAIL FROM: <a@b>", V(MAIL), SMTPC_E_PATH},
      {"MAIL FROM:a@b", V(MAIL), SMTPC_E_PATH},
      {"MAIL FROM:<Postmaster>", V(MAIL), SMTPC_E_PATH},
      {"RCPT TO:<>", V(RCPT), SMTPC_E_PATH},
      {"MAIL FROM:<a@b> ", V(MAIL), SMTPC_E_SYNTAX},
      {"MAIL FROM:<a@b>  SIZE=1", V(MAIL), SMTPC_E_SYNTAX},
      {"MAIL FROM:<a@b>\tSIZE=1", V(MAIL), SMTPC_E_CONTROL},
      {"MAIL FROM:<a@b> SIZE=1\x01", V(MAIL), SMTPC_E_CONTROL},
      {"MAIL FROM:<a\x07@b>", V(MAIL), SMTPC_E_CONTROL},
      {"RCPT TO:<a@b> SIZE=1", V(RCPT), SMTPC_E_PARAM_UNKNOWN},
      {"MAIL FROM:<a@b> NOTIFY=NEVER", V(MAIL), SMTPC_E_PARAM_UNKNOWN},
  };
  TEST_ROWS(rows, 0u);
}

static void test_command_wants_the_parameter_for_utf8_in_mail(void **state) {
  (void)state;
  static const char with[] = "MAIL FROM:<j\xc3\xb6@x> SMTPUTF8";
  static const row rows[] = {
      {"MAIL FROM:<j\xc3\xb6@x> SMTPUTF8", V(MAIL), SMTPC_OK},
      {"MAIL FROM:<j\xc3\xb6@x> SIZE=1 SMTPUTF8", V(MAIL), SMTPC_OK},
      {"MAIL FROM:<j\xc3\xb6@x>", V(MAIL), SMTPC_E_NON_ASCII},
      {"MAIL FROM:<j\xc3\xb6@x> SIZE=1", V(MAIL), SMTPC_E_NON_ASCII},
      {"MAIL FROM:<j@x> SMTPUTF8", V(MAIL), SMTPC_OK},
      {"MAIL FROM:<j\xc3@x> SMTPUTF8", V(MAIL), SMTPC_E_UTF8},
      // RCPT has no such parameter: the session knows what MAIL said.
      {"RCPT TO:<j\xc3\xb6@x>", V(RCPT), SMTPC_OK},
      {"RCPT TO:<j\xc3@x>", V(RCPT), SMTPC_E_UTF8},
  };
  TEST_ROWS(rows, 0u);
  smtpc_command have;
  test_label("without the offer");
  test_number(parse_octets(with, sizeof with - 1u, NO_UTF8, 0u, &have),
              SMTPC_E_NON_ASCII);
  test_number(parse_octets("RCPT TO:<\xc3\xb6@x>", 14u, NO_UTF8, 0u, &have),
              SMTPC_E_NON_ASCII);
}

static void test_command_reads_chunks(void **state) {
  (void)state;
  static const struct {
    const char *text;
    uint64_t size;
    unsigned last;
  } good[] = {
      {"BDAT 0", 0u, 0},
      {"BDAT 0 LAST", 0u, 1},
      {"bdat 10 last", 10u, 1},
      {"BDAT 007", 7u, 0},
      {"BDAT 18446744073709551615 LAST", UINT64_MAX, 1},
      {"BDAT 00000000000000000001", 1u, 0},
  };
  for (size_t i = 0u; i < sizeof good / sizeof good[0]; i++) {
    smtpc_command have;
    test_label("%s", good[i].text);
    test_number(parse(good[i].text, 0u, &have), SMTPC_OK);
    assert_true(have.chunk_size == good[i].size);
    test_number(have.last, good[i].last);
  }
  static const char *const bad[] = {"BDAT",
                                    "BDAT ",
                                    "BDAT x",
                                    "BDAT -1",
                                    "BDAT +5",
                                    "BDAT 0x10",
                                    "BDAT  10",
                                    "BDAT 10LAST",
                                    "BDAT 10 LASTX",
                                    "BDAT 10  LAST",
                                    "BDAT 10 LAST x",
                                    "BDAT 10 LAST ",
                                    "BDAT 10 ",
                                    "BDAT 10 LAS",
                                    "BDAT LAST",
                                    "BDAT 1 0",
                                    "BDAT 10\tLAST",
                                    "BDAT 10\x01",
                                    "BDAT \xd9\xa1",
                                    "BDAT 18446744073709551616",
                                    "BDAT 99999999999999999999",
                                    "BDAT 000000000000000000001",
                                    "BDAT 184467440737095516151 LAST"};
  for (size_t i = 0u; i < sizeof bad / sizeof bad[0]; i++) {
    smtpc_command have;
    test_label("%s", bad[i]);
    test_number(parse(bad[i], 0u, &have), SMTPC_E_CHUNK_SIZE);
    test_cleared(SMTPC_E_CHUNK_SIZE, &have);
  }
}

static void test_command_reads_auth(void **state) {
  (void)state;
  static const row rows[] = {
      {"AUTH PLAIN", V(AUTH), SMTPC_OK},
      {"auth cram-md5", V(AUTH), SMTPC_OK},
      {"AUTH PLAIN AGEAYg==", V(AUTH), SMTPC_OK},
      {"AUTH PLAIN =", V(AUTH), SMTPC_OK},
      {"AUTH X_Y-9", V(AUTH), SMTPC_OK},
      {"AUTH ABCDEFGHIJKLMNOPQRST", V(AUTH), SMTPC_OK},
      {"AUTH ABCDEFGHIJKLMNOPQRSTU", V(AUTH), SMTPC_E_SYNTAX},
      // IANA lists it, but RFC 4422 section 3.1 has names of at most 20 characters.
      {"AUTH ECDSA-NIST256P-CHALLENGE", V(AUTH), SMTPC_E_SYNTAX},
      {"AUTH ECDH-X25519-CHALLENGE", V(AUTH), SMTPC_E_SYNTAX},
      {"AUTH 9798-M-RSA-SHA1-ENC", V(AUTH), SMTPC_OK},
      {"AUTH", V(AUTH), SMTPC_E_ARGUMENT_MISSING},
      {"AUTH ", V(AUTH), SMTPC_E_ARGUMENT_MISSING},
      {"AUTH  PLAIN", V(AUTH), SMTPC_E_SYNTAX},
      {"AUTH PLAIN ", V(AUTH), SMTPC_E_SYNTAX},
      {"AUTH PLAIN  AA==", V(AUTH), SMTPC_E_SYNTAX},
      {"AUTH PLAIN A B", V(AUTH), SMTPC_E_SYNTAX},
      {"AUTH PL+AIN", V(AUTH), SMTPC_E_SYNTAX},
      {"AUTH PLAIN A\x01", V(AUTH), SMTPC_E_CONTROL},
      {"AUTH PLAIN \xc3\xa9", V(AUTH), SMTPC_E_NON_ASCII},
  };
  TEST_ROWS(rows, 0u);
  smtpc_command have;
  test_label("mechanisms");
  test_number(parse("AUTH plain =", 0u, &have), SMTPC_OK);
  test_number(have.mechanism, SMTPC_MECHANISM_PLAIN);
  test_number(have.has_initial, 1);
  test_number(have.initial.begin, 11);
  test_number(have.initial.end, 12);
  test_number(parse("AUTH LOGIN", 0u, &have), SMTPC_OK);
  test_number(have.mechanism, SMTPC_MECHANISM_LOGIN);
  test_number(have.has_initial, 0);
  test_number(parse("AUTH PLAINX AA==", 0u, &have), SMTPC_OK);
  test_number(have.mechanism, SMTPC_MECHANISM_NONE);
  for (unsigned id = 1u; id < SMTPC_MECHANISM_COUNT; id++) {
    const smtpc_mechanism_row mech = smtpc_mechanism_get(id);
    test_number(smtpc_mechanism_find((const uint8_t *)mech.name,
                                     smtpc_span_make(0u, mech.name_len)),
                id);
  }
}

static void test_command_reads_the_longest_auth_line(void **state) {
  (void)state;
  uint8_t text[SMTPC_AUTH_LINE_MAX];
  memset(text, 'A', sizeof text);
  memcpy(text, "AUTH PLAIN ", 11u);
  smtpc_command have;
  test_number(parse_octets(text, sizeof text, ALL_OFFERS, 0u, &have), SMTPC_OK);
  test_number(have.initial.end, SMTPC_AUTH_LINE_MAX);
}

// ----------------------------------- inputs on which other tokenizers go wrong

static void test_command_peer_numbers_do_not_wrap(void **state) {
  (void)state;
  static const row rows[] = {
      {"MAIL FROM:<a@b> SIZE=99999999999999999999999", V(MAIL), SMTPC_E_NUMBER},
      {"MAIL FROM:<a@b> SIZE=184467440737095516150", V(MAIL), SMTPC_E_NUMBER},
      {"MAIL FROM:<a@b> SIZE=18446744073709551616", V(MAIL),
       SMTPC_E_NUMBER_TOO_LARGE},
      {"BDAT 184467440737095516151 LAST", V(BDAT), SMTPC_E_CHUNK_SIZE},
      {"MAIL FROM:<a@b> HOLDFOR=99999999999999999997", V(MAIL),
       SMTPC_E_NUMBER_TOO_LARGE},
      {"MAIL FROM:<a@b> BY=99999999999999999999;R", V(MAIL),
       SMTPC_E_NUMBER_TOO_LARGE},
      {"MAIL FROM:<a@b> MT-PRIORITY=99", V(MAIL), SMTPC_E_NUMBER_TOO_LARGE},
  };
  TEST_ROWS(rows, 0u);
}

static void test_command_peer_laxity_is_refused(void **state) {
  (void)state;
  static const row rows[] = {
      {"Q\rU\rIT", 0, SMTPC_E_VERB},
      {"QUIT foo", V(QUIT), SMTPC_E_ARGUMENT_SURPLUS},
      {"DATA foo", V(DATA), SMTPC_E_ARGUMENT_SURPLUS},
      {"STARTTLS foo", V(STARTTLS), SMTPC_E_ARGUMENT_SURPLUS},
      {"   QUIT", 0, SMTPC_E_VERB},
      {"MAIL FROM:<a@b> SIZE=1 SIZE=2", V(MAIL), SMTPC_E_PARAM_DUPLICATE},
      {"MAIL FROM:<a@b.c>SIZE=5", V(MAIL), SMTPC_E_PATH},
      {"RCPT TO:<a@b> NOTIFY=NEVER,SUCCESS", V(RCPT), SMTPC_E_PARAM_VALUE},
      {"MAIL FROM:<a@b> ENVID=a+0D+0Ab", V(MAIL), SMTPC_E_XTEXT},
      {"RCPT TO:<a@b> ORCPT=rfc822;a+0D+0Ab", V(RCPT), SMTPC_E_XTEXT},
      {"MAIL FROM:<a\"b\"c@d>", V(MAIL), SMTPC_E_LOCAL_PART},
      {"MAIL FROM:<a\xff@b> SMTPUTF8", V(MAIL), SMTPC_E_UTF8},
  };
  TEST_ROWS(rows, 0u);
}

static void test_command_peer_nul_is_refused(void **state) {
  (void)state;
  smtpc_command have;
  test_label("EHLO a NUL b");
  test_number(parse_octets("EHLO a\0b", 8u, ALL_OFFERS, SMTPC_QUIRK_ALL, &have),
              SMTPC_E_CONTROL);
  test_number(parse_octets("QUIT\0", 5u, ALL_OFFERS, 0u, &have), SMTPC_E_VERB);
}

static void test_command_peer_postmaster_is_not_null(void **state) {
  (void)state;
  smtpc_command have;
  test_label("postmaster");
  test_number(parse("RCPT TO:<postmaster>", 0u, &have), SMTPC_OK);
  test_number(have.path.kind, SMTPC_PATH_POSTMASTER);
  test_number(smtpc_span_len(have.path.local), 10);
}

static void test_command_peer_device_addresses_are_taken(void **state) {
  (void)state;
  smtpc_command have;
  test_label("literals");
  test_number(parse("RCPT TO:<fax@[192.0.2.1]>", 0u, &have), SMTPC_OK);
  test_number(have.path.host, SMTPC_HOST_IPV4);
  test_number(parse("RCPT TO:<fax@[IPv6:2001:db8::1]>", 0u, &have), SMTPC_OK);
  test_number(have.path.host, SMTPC_HOST_IPV6);
  test_number(parse("RCPT TO:<FAX=+1555@host>", 0u, &have), SMTPC_OK);
  test_number(have.path.marks, SMTPC_MARK_FAX);
  test_number(parse("RCPT TO:<a@b> ORCPT=fax;+2B1555", 0u, &have), SMTPC_OK);
  test_number(smtpc_span_len(have.params.orcpt_type), 3);
}

// ---------------------------------------------------------------------- quirks

static void test_command_quirk_trailing_space(void **state) {
  (void)state;
  static const char *const lines[] = {"QUIT ",
                                      "DATA\t",
                                      "MAIL FROM:<a@b> \t ",
                                      "NOOP ",
                                      "NOOP x \t",
                                      "VRFY x ",
                                      "EHLO a ",
                                      "BDAT 10 LAST ",
                                      "BDAT 10\t",
                                      "AUTH PLAIN ",
                                      "RCPT TO:<a@b> NOTIFY=NEVER "};
  for (size_t i = 0u; i < sizeof lines / sizeof lines[0]; i++) {
    smtpc_command have;
    test_label("%s", lines[i]);
    assert_int_not_equal(parse(lines[i],
                               SMTPC_QUIRK_ALL & ~SMTPC_QUIRK_TRAILING_SPACE &
                                   ~SMTPC_QUIRK_HELLO_NAME,
                               &have),
                         SMTPC_OK);
    test_number(parse(lines[i], SMTPC_QUIRK_TRAILING_SPACE, &have), SMTPC_OK);
    test_number(have.quirks_used, SMTPC_QUIRK_TRAILING_SPACE);
  }
  static const row rows[] = {
      {"EHLO ", V(EHLO), SMTPC_E_ARGUMENT_MISSING},
      {"MAIL ", V(MAIL), SMTPC_E_ARGUMENT_MISSING},
      {"STARTTLS x ", V(STARTTLS), SMTPC_E_ARGUMENT_SURPLUS},
      {" QUIT", 0, SMTPC_E_VERB},
      {" \t", 0, SMTPC_E_VERB},
      {"BDAT ", V(BDAT), SMTPC_E_CHUNK_SIZE},
  };
  TEST_ROWS(rows, SMTPC_QUIRK_TRAILING_SPACE);
}

static void test_command_quirk_path_space(void **state) {
  (void)state;
  smtpc_command have;
  test_label("one space");
  test_number(parse("MAIL FROM: <a@b>", SMTPC_QUIRK_PATH_SPACE, &have),
              SMTPC_OK);
  test_number(have.quirks_used, SMTPC_QUIRK_PATH_SPACE);
  test_number(parse("MAIL FROM:<a@b>", SMTPC_QUIRK_PATH_SPACE, &have),
              SMTPC_OK);
  test_number(have.quirks_used, 0);
  static const row rows[] = {
      {"RCPT TO: <a@b> NOTIFY=NEVER", V(RCPT), SMTPC_OK},
      {"MAIL FROM:  <a@b>", V(MAIL), SMTPC_E_PATH},
      {"MAIL FROM:\t<a@b>", V(MAIL), SMTPC_E_CONTROL},
      {"MAIL FROM :<a@b>", V(MAIL), SMTPC_E_SYNTAX},
      {"MAIL FROM: a@b", V(MAIL), SMTPC_E_PATH},
  };
  TEST_ROWS(rows, SMTPC_QUIRK_PATH_SPACE);
}

static void test_command_quirk_path_bare(void **state) {
  (void)state;
  smtpc_command have;
  test_label("bare");
  test_number(parse("MAIL FROM:a@b SIZE=1", SMTPC_QUIRK_PATH_BARE, &have),
              SMTPC_OK);
  test_number(have.quirks_used, SMTPC_QUIRK_PATH_BARE);
  test_number((long long)have.params.size, 1);
  test_number(smtpc_span_len(have.path.whole), 3);
  test_number(parse("RCPT TO: a@b",
                    SMTPC_QUIRK_PATH_BARE | SMTPC_QUIRK_PATH_SPACE, &have),
              SMTPC_OK);
  test_number(have.quirks_used, SMTPC_QUIRK_PATH_BARE | SMTPC_QUIRK_PATH_SPACE);
  static const row rows[] = {
      {"MAIL FROM:", V(MAIL), SMTPC_E_PATH},
      {"MAIL FROM:a@b>", V(MAIL), SMTPC_E_DOMAIN},
      {"MAIL FROM:<a@b", V(MAIL), SMTPC_E_PATH},
      {"MAIL FROM:@a:b@c", V(MAIL), SMTPC_E_LOCAL_PART},
      {"RCPT TO:postmaster", V(RCPT), SMTPC_E_DOMAIN},
  };
  TEST_ROWS(rows, SMTPC_QUIRK_PATH_BARE);
}

static void test_command_quirk_hello_name(void **state) {
  (void)state;
  static const char *const odd[] = {"EHLO",       "EHLO ",    "HELO",
                                    "LHLO",       "LHLO x_y", "HELO [1.2.3.4]",
                                    "EHLO a b",   "EHLO a_b", "EHLO [1.2",
                                    "EHLO $(id)", "EHLO x."};
  for (size_t i = 0u; i < sizeof odd / sizeof odd[0]; i++) {
    smtpc_command have;
    test_label("%s", odd[i]);
    test_number(parse(odd[i], SMTPC_QUIRK_HELLO_NAME, &have), SMTPC_OK);
    test_number(have.quirks_used, SMTPC_QUIRK_HELLO_NAME);
    test_number(have.host, SMTPC_HOST_NONE);
  }
  static const row rows[] = {
      {"EHLO a", V(EHLO), SMTPC_OK},
      {"EHLO  a", V(EHLO), SMTPC_E_SYNTAX},
      {"EHLO a\x01", V(EHLO), SMTPC_E_CONTROL},
      {"EHLO a\tb", V(EHLO), SMTPC_E_CONTROL},
      {"EHLO \xc3\xa9", V(EHLO), SMTPC_E_NON_ASCII},
  };
  TEST_ROWS(rows, SMTPC_QUIRK_HELLO_NAME);
  smtpc_command have;
  uint8_t text[300];
  memset(text, '_', sizeof text);
  memcpy(text, "EHLO ", 5u);
  test_label("longest name");
  test_number(parse_octets(text, 260u, ALL_OFFERS, SMTPC_QUIRK_ALL, &have),
              SMTPC_OK);
  test_number(parse_octets(text, 261u, ALL_OFFERS, SMTPC_QUIRK_ALL, &have),
              SMTPC_E_TOO_LONG);
}

// ------------------------------------------------------------------- generated

// The quirks that a command can need; the others change nothing here.
#define COMMAND_QUIRKS                                              \
  ((uint32_t)(SMTPC_QUIRK_TRAILING_SPACE | SMTPC_QUIRK_PATH_SPACE | \
              SMTPC_QUIRK_PATH_BARE | SMTPC_QUIRK_HELLO_NAME))

static size_t make_path_line(uint8_t *text, uint64_t *seed) {
  static const char *const fronts[] = {
      "MAIL FROM:", "MAIL FROM:", "RCPT TO:",   "RCPT TO:",  "mail from:",
      "rcpt To:",   "SEND FROM:", "soml from:", "SAML FROM:"};
  static const char *const paths[] = {
      "<a@b>",        "<>",        "<Postmaster>",  "<\"a b\"@c>",
      "<@a,@b:c@d>",  "<a@[::1]>", "<a@[1.2.3.4]>", "<FAX=+1@h>",
      "<\xc3\xa9@x>", " <a@b>",    "a@b",           "<a@b>x"};
  static const char *const params[] = {"",           "",
                                       " SIZE=1",    " BODY=8BITMIME",
                                       " ",          " AUTH=<>",
                                       " SMTPUTF8",  " NOTIFY=NEVER",
                                       " RET=X",     " ENVID=a+20",
                                       " ORCPT=a;b", " SIZE=1 SIZE=1",
                                       " HOLDFOR=7", " BY=60;R"};
  size_t at = 0u;
  PUT_ONE(fronts);
  PUT_ONE(paths);
  PUT_ONE(params);
  PUT_ONE(params);
  return at;
}

static size_t make_other_line(uint8_t *text, uint64_t *seed) {
  static const char *const fronts[] = {
      "EHLO",    "HELO",     "DATA", "BDAT",          "RSET", "VRFY",
      "EXPN",    "HELP",     "NOOP", "QUIT",          "AUTH", "STARTTLS",
      "XYZ",     "GET",      "LHLO", "ETRN",          "ATRN", "BURL",
      "XCLIENT", "XFORWARD", "TURN", "X-ANONYMOUSTLS"};
  static const char *const tails[] = {"",
                                      " ",
                                      " a.b",
                                      " [1.2.3.4]",
                                      " 10",
                                      " 10 LAST",
                                      " PLAIN",
                                      " PLAIN AA==",
                                      " a b",
                                      " \xc3\xa9",
                                      " x_y",
                                      " \"a b\"",
                                      " LOGIN =",
                                      " a ",
                                      " 10 LAST ",
                                      " @a.b",
                                      " #q",
                                      " a.b,c",
                                      " imap://h/1",
                                      " imap://h/1 LAST",
                                      " NAME=a.b",
                                      " ADDR=192.0.2.1 HELO=+20 "};
  size_t at = 0u;
  PUT_ONE(fronts);
  PUT_ONE(tails);
  return at;
}

// judge returns whether a line is `front`, a path and parameters, by the models of
// path and parameters.
static bool judge(const uint8_t *text, size_t len, uint32_t offered,
                  const char *front, unsigned verb) {
  const unsigned utf8 =
      (offered & SMTPC_OFFERS(SMTPUTF8)) != 0u ? SMTPC_ALLOW_UTF8 : 0u;
  const unsigned own =
      verb == SMTPC_VERB_MAIL ? SMTPC_ALLOW_NULL : SMTPC_ALLOW_POSTMASTER;
  const size_t begin = strlen(front);
  for (size_t k = 0u; k < begin; k++) {
    const uint8_t c = k < len ? text[k] : 0u;
    const bool lower = c >= 'a' && c <= 'z';
    if ((lower ? c - 32 : c) != front[k]) {
      return false;
    }
  }
  smtpc_path path;
  smtpc_params params;
  size_t path_len = 0u;
  if (!model_path(text + begin, len - begin, utf8 | own, &path, &path_len)) {
    return false;
  }
  const size_t at = begin + path_len;
  if (!model_params(text + at, len - at, verb, offered, &params)) {
    return false;
  }
  return verb == SMTPC_VERB_RCPT || (path.marks & SMTPC_MARK_UTF8) == 0u ||
         (params.seen & SMTPC_HAS(SMTPUTF8)) != 0u;
}

static bool model_line(const uint8_t *text, size_t len, uint32_t offered) {
  static const char *const mails[] = {
      "MAIL FROM:", "SEND FROM:", "SOML FROM:", "SAML FROM:"};
  bool good = judge(text, len, offered, "RCPT TO:", SMTPC_VERB_RCPT);
  for (size_t k = 0u; k < COUNT_OF(mails); k++) {
    good = good || judge(text, len, offered, mails[k], SMTPC_VERB_MAIL);
  }
  return good;
}

static void test_command_mail_and_rcpt_equal_their_models(void **state) {
  (void)state;
  uint64_t seed = 5321u;
  size_t taken = 0u;
  for (unsigned n = 0u; n < 120000u; n++) {
    uint8_t text[256];
    const size_t len = mutate(text, make_path_line(text, &seed), &seed);
    const uint32_t offered =
        (test_random(&seed) & 3u) != 0u ? ALL_OFFERS : test_random(&seed);
    smtpc_command have;
    const smtpc_status status = parse_octets(text, len, offered, 0u, &have);
    const bool want = model_line(text, len, offered);
    test_label("%.*s (%s)", (int)len, (const char *)text,
               smtpc_status_name(status));
    test_number(status == SMTPC_OK, want);
    taken += want ? 1u : 0u;
  }
  assert_in_range(taken, 5000u, 100000u);
}

static void test_command_quirks_change_nothing_that_is_strict(void **state) {
  (void)state;
  uint64_t seed = 421u;
  size_t taken = 0u;
  size_t more = 0u;
  for (unsigned n = 0u; n < 40000u; n++) {
    uint8_t text[256];
    const size_t made = (n & 1u) != 0u ? make_path_line(text, &seed)
                                       : make_other_line(text, &seed);
    const size_t len = mutate(text, made, &seed);
    smtpc_command strict;
    const smtpc_status status =
        parse_octets(text, len, ALL_OFFERS, 0u, &strict);
    test_label("%.*s", (int)len, (const char *)text);
    test_number(strict.quirks_used, 0);
    taken += status == SMTPC_OK ? 1u : 0u;
    for (uint32_t set = 1u; set <= COMMAND_QUIRKS; set++) {
      smtpc_command have;
      const uint32_t others = test_random(&seed) & ~COMMAND_QUIRKS;
      const uint32_t quirks = set | others;
      const smtpc_status lax =
          parse_octets(text, len, ALL_OFFERS, quirks, &have);
      test_number(have.quirks_used & ~set, 0);
      if (status == SMTPC_OK) {
        test_number(lax, SMTPC_OK);
        assert_true(same_command(&have, &strict));
      } else if (lax == SMTPC_OK) {
        assert_true(have.quirks_used != 0u);
        more++;
      } else {
        test_cleared(lax, &have);
      }
    }
  }
  assert_true(taken > 5000u && more > 5000u);
}

// No CR, LF, NUL or other control leaves a command that is taken, in no field.
static void test_command_takes_no_control_octet(void **state) {
  (void)state;
  uint64_t seed = 28021u;
  for (unsigned n = 0u; n < 60000u; n++) {
    uint8_t text[256];
    const size_t len = (n & 1u) != 0u ? make_path_line(text, &seed)
                                      : make_other_line(text, &seed);
    const size_t at = test_random(&seed) % len;
    const uint8_t control = (uint8_t)(test_random(&seed) % 33u);
    text[at] = control == 32u ? (uint8_t)127u : control;
    smtpc_command have;
    // A tab at the end of the line is what trailing-space leaves out.
    const uint32_t quirks =
        SMTPC_QUIRK_ALL & ~(uint32_t)SMTPC_QUIRK_TRAILING_SPACE;
    test_label("%.*s", (int)len, (const char *)text);
    assert_int_not_equal(parse_octets(text, len, ALL_OFFERS, quirks, &have),
                         SMTPC_OK);
  }
}

static void test_command_survives_every_short_line(void **state) {
  (void)state;
  static const char *const fronts[] = {
      "",      "MAIL FROM:", "BDAT ",     "AUTH ",
      "EHLO ", "NOOP ",      "RCPT TO:<", "ETRN ",
      "ATRN ", "BURL a:",    "XCLIENT ",  "XFORWARD HELO="};
  static const uint8_t alphabet[] = " <>@a1\t\xc3\xa9";
  const size_t base = sizeof alphabet - 1u;
  for (size_t f = 0u; f < sizeof fronts / sizeof fronts[0]; f++) {
    for (size_t n = 0u; n < base * base * base * base; n++) {
      uint8_t text[32];
      size_t at = put(text, 0u, fronts[f]);
      for (size_t left = n; left > 0u; left /= base) {
        text[at++] = alphabet[left % base];
      }
      smtpc_command have;
      const uint32_t quirks = (uint32_t)(n % (SMTPC_QUIRK_ALL + 1u));
      const smtpc_status status =
          parse_octets(text, at, ALL_OFFERS, quirks, &have);
      assert_false(smtpc_status_is_internal(status));
      assert_false(smtpc_status_is_misuse(status));
      if (status != SMTPC_OK) {
        test_cleared(status, &have);
      }
    }
  }
}

static void test_command_misuse(void **state) {
  (void)state;
  const size_t len = 65536u;
  uint8_t *const line = malloc(len);
  assert_non_null(line);
  memset(line, 'A', len);
  memcpy(line, "NOOP ", 5u);
  smtpc_command have;
  test_label("a line that no span can hold");
  test_number(smtpc_command_parse(line, len, ALL_OFFERS, 0u, &have),
              SMTPC_E_ARGUMENT);
  test_number(have.verb, SMTPC_VERB_NONE);
  test_number(smtpc_command_parse(line, len - 1u, ALL_OFFERS, 0u, &have),
              SMTPC_OK);
  free(line);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_command_matches_each_verb_whole_and_in_any_case),
      cmocka_unit_test(test_command_matches_no_other_octet_in_a_verb),
      cmocka_unit_test(test_command_refuses_prefix_and_suffix_of_a_verb),
      cmocka_unit_test(test_command_refuses_unknown_verbs),
      cmocka_unit_test(test_command_marks_other_protocols),
      cmocka_unit_test(test_command_allows_no_argument_after_bare_verbs),
      cmocka_unit_test(test_command_reads_text),
      cmocka_unit_test(test_command_reads_hello),
      cmocka_unit_test(test_command_reads_mail_and_rcpt),
      cmocka_unit_test(test_command_wants_the_parameter_for_utf8_in_mail),
      cmocka_unit_test(test_command_reads_chunks),
      cmocka_unit_test(test_command_reads_auth),
      cmocka_unit_test(test_command_reads_the_longest_auth_line),
      cmocka_unit_test(test_command_peer_numbers_do_not_wrap),
      cmocka_unit_test(test_command_peer_laxity_is_refused),
      cmocka_unit_test(test_command_peer_nul_is_refused),
      cmocka_unit_test(test_command_peer_postmaster_is_not_null),
      cmocka_unit_test(test_command_peer_device_addresses_are_taken),
      cmocka_unit_test(test_command_quirk_trailing_space),
      cmocka_unit_test(test_command_quirk_path_space),
      cmocka_unit_test(test_command_quirk_path_bare),
      cmocka_unit_test(test_command_quirk_hello_name),
      cmocka_unit_test(test_command_mail_and_rcpt_equal_their_models),
      cmocka_unit_test(test_command_quirks_change_nothing_that_is_strict),
      cmocka_unit_test(test_command_takes_no_control_octet),
      cmocka_unit_test(test_command_survives_every_short_line),
      cmocka_unit_test(test_command_misuse),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
