// Tests of `smtpcore/write.h`: lines, replies, and commands but MAIL and RCPT.
#include "smtpcore/write.h"

#include <inttypes.h>
#include <stdio.h>

#include "core/write_testing.h"
#include "smtpcore/capability.h"
#include "smtpcore/reply.h"

static written reply(unsigned id, int last, int enhanced, const void *text,
                     size_t len) {
  written w = room(600u);
  uint8_t *copy = test_copy(text, len);
  w.status =
      smtpc_write_reply(w.data, w.cap, &w.len, id, last, enhanced, copy, len);
  free(copy);
  return w;
}

static written hello(unsigned verb, const void *name, size_t len) {
  written w = room(600u);
  uint8_t *copy = test_copy(name, len);
  w.status = smtpc_write_hello(w.data, w.cap, &w.len, verb, copy, len);
  free(copy);
  return w;
}

static written verb_line(unsigned verb, const void *argument, size_t len) {
  written w = room(600u);
  uint8_t *copy = test_copy(argument, len);
  w.status = smtpc_write_verb(w.data, w.cap, &w.len, verb, copy, len);
  free(copy);
  return w;
}

// -------------------------------------------------- a line under construction

static void test_out_stops_at_its_room(void **state) {
  (void)state;
  for (size_t cap = 0u; cap <= 10u; cap++) {
    uint8_t *data = malloc(cap > 0u ? cap : 1u);
    size_t len = 9u;
    assert_non_null(data);
    smtpc_out out = smtpc_out_begin(data, cap);
    smtpc_out_text(&out, "abcdef", 6u);
    const smtpc_status status = smtpc_out_end(&out, &len);
    test_label("cap %zu", cap);
    test_number(status, cap >= 8u ? SMTPC_OK : SMTPC_E_ROOM);
    test_octets(data, len, "abcdef\r\n", cap >= 8u ? 8u : 0u);
    free(data);
  }
}

static void test_out_line_is_at_most_512(void **state) {
  (void)state;
  for (size_t fill = 508u; fill <= 513u; fill++) {
    written w = room(4096u);
    smtpc_out out = smtpc_out_begin(w.data, w.cap);
    for (size_t i = 0u; i < fill; i++) {
      smtpc_out_octet(&out, (uint8_t)'x');
    }
    w.status = smtpc_out_end(&out, &w.len);
    test_label("%zu octets and CRLF", fill);
    test_number(w.len, fill <= 510u ? fill + 2u : 0u);
    check(w, fill <= 510u ? SMTPC_OK : SMTPC_E_ROOM, NULL);
  }
}

// A line behind others, with no bound but its room: what stands before it, and what
// lies beyond its room, stays as it is whether it ends well or not.
static void test_out_begin_at_keeps_what_is_before(void **state) {
  (void)state;
  static uint8_t data[1300];
  for (size_t begin = 0u; begin <= 600u; begin += 60u) {
    for (size_t fill = 0u; fill <= 600u; fill += 50u) {
      for (size_t cap = begin + fill; cap <= begin + fill + 3u; cap++) {
        size_t len = 9u;
        memset(data, '#', sizeof data);
        smtpc_out out = smtpc_out_begin_at(data, begin, cap);
        test_number(out.len, begin);
        for (size_t i = 0u; i < fill; i++) {
          smtpc_out_octet(&out, (uint8_t)'x');
        }
        test_number(out.len, begin + fill);
        const bool fits = cap >= begin + fill + 2u;
        const size_t end = begin + fill + 2u;
        const smtpc_status status = smtpc_out_end(&out, &len);
        test_label("begin %zu, fill %zu, cap %zu", begin, fill, cap);
        test_number(status, fits ? SMTPC_OK : SMTPC_E_ROOM);
        test_number(len, fits ? end : begin);
        test_number(out.len, len);
        for (size_t i = 0u; i < sizeof data; i++) {
          uint8_t want = (uint8_t)'#';
          if (i >= begin && i < end && i < cap) {
            want = fits ? (uint8_t)'x' : 0u;
            want = fits && i + 2u == end ? (uint8_t)'\r' : want;
            want = fits && i + 1u == end ? (uint8_t)'\n' : want;
          }
          test_number(data[i], want);
        }
      }
    }
  }
}

static void test_out_begin_at_wipes_only_its_line(void **state) {
  (void)state;
  uint8_t data[16];
  size_t len = 9u;
  memset(data, '#', sizeof data);
  smtpc_out out = smtpc_out_begin_at(data, 4u, sizeof data);
  smtpc_out_text(&out, "secret", 6u);
  smtpc_out_octets(&out, (const uint8_t *)"\n", 1u, 0);
  test_number(smtpc_out_end(&out, &len), SMTPC_E_BARE_LF);
  test_number(len, 4u);
  test_octets(data, sizeof data, "####\0\0\0\0\0\0######", 16u);
  test_label("begin at the end, and behind it");
  for (size_t begin = 16u; begin < 18u; begin++) {
    out = smtpc_out_begin_at(data, begin, sizeof data);
    test_number(smtpc_out_end(&out, &len), SMTPC_E_ROOM);
    test_number(len, begin);
  }
}

static void test_out_without_a_buffer(void **state) {
  (void)state;
  smtpc_capabilities facts = {0};
  smtpc_envelope e = {0};
  for (unsigned which = 0u; which < 6u; which++) {
    const uint8_t *name = (const uint8_t *)"a";
    size_t len = 9u;
    smtpc_status status = SMTPC_OK;
    if (which == 0u) {
      status = smtpc_write_reply(NULL, 0u, &len, SMTPC_REPLY_MAIL_OK, 1, 1,
                                 NULL, 0u);
    } else if (which == 1u) {
      status = smtpc_write_verb(NULL, 0u, &len, SMTPC_VERB_QUIT, NULL, 0u);
    } else if (which == 2u) {
      status = smtpc_write_hello(NULL, 0u, &len, SMTPC_VERB_EHLO, name, 1u);
    } else if (which == 3u) {
      status = smtpc_write_mail(NULL, 0u, &len, &e);
    } else if (which == 4u) {
      status = smtpc_write_bdat(NULL, 0u, &len, 1u, 1);
    } else {
      status = smtpc_write_extension(NULL, 0u, &len, SMTPC_EXTENSION_SIZE, 1,
                                     &facts);
    }
    test_label("function %u", which);
    test_number(status, SMTPC_E_ROOM);
    test_number(len, 0u);
  }
}

static void test_out_keeps_the_first_error(void **state) {
  (void)state;
  uint8_t data[8];
  size_t len = 9u;
  smtpc_out out = smtpc_out_begin(data, sizeof data);
  smtpc_out_octets(&out, (const uint8_t *)"a\nb\r", 4u, 0);
  smtpc_out_octets(&out, (const uint8_t *)"\0", 1u, 0);
  smtpc_out_text(&out, "more than fits", 14u);
  smtpc_out_fail(&out, SMTPC_E_STATE);
  test_number(smtpc_out_end(&out, &len), SMTPC_E_BARE_LF);
  test_number(len, 0u);
  test_label("a wrong field that would not fit either is a wrong field");
  out = smtpc_out_begin(data, 2u);
  smtpc_out_octets(&out, (const uint8_t *)"abcd\r", 5u, 0);
  test_number(smtpc_out_end(&out, &len), SMTPC_E_BARE_CR);
  test_label("NULL with a length");
  out = smtpc_out_begin(data, sizeof data);
  smtpc_out_octets(&out, NULL, 1u, 0);
  test_number(smtpc_out_end(&out, &len), SMTPC_E_ARGUMENT);
  test_label("NULL without one");
  out = smtpc_out_begin(data, sizeof data);
  smtpc_out_octets(&out, NULL, 0u, 0);
  test_number(smtpc_out_end(&out, &len), SMTPC_OK);
  test_octets(data, len, "\r\n", 2u);
}

static void test_out_octets_tries_each_octet(void **state) {
  (void)state;
  for (unsigned c = 0u; c < 256u; c++) {
    for (int wide = 0; wide < 2; wide++) {
      const uint8_t text[3] = {'a', (uint8_t)c, 'b'};
      written w = room(16u);
      smtpc_out out = smtpc_out_begin(w.data, w.cap);
      smtpc_out_octets(&out, text, 3u, wide);
      w.status = smtpc_out_end(&out, &w.len);
      test_label("octet %u, 8 bit %d", c, wide);
      if (wide != 0 && c >= 0x80u) {
        test_number(w.status, SMTPC_OK);
      } else {
        test_number(w.status, octet_status(c, true, SMTPC_OK));
      }
      test_octets(w.data, w.len > 2u ? w.len - 2u : 0u, text,
                  w.status == SMTPC_OK ? 3u : 0u);
      check(w, w.status, NULL);
    }
  }
}

static void test_out_number_is_decimal(void **state) {
  (void)state;
  uint64_t values[] = {0u,
                       1u,
                       9u,
                       10u,
                       99u,
                       100u,
                       65535u,
                       UINT32_MAX,
                       (uint64_t)UINT32_MAX + 1u,
                       9999999999999999999u,
                       10000000000000000000u,
                       UINT64_MAX};
  for (size_t i = 0u; i < COUNT_OF(values); i++) {
    char want[32];
    uint8_t data[32];
    size_t len = 0u;
    smtpc_out out = smtpc_out_begin(data, sizeof data);
    smtpc_out_number(&out, values[i]);
    test_number(smtpc_out_end(&out, &len), SMTPC_OK);
    const int n = snprintf(want, sizeof want, "%" PRIu64 "\r\n", values[i]);
    test_label("%s", want);
    test_octets(data, len, want, (size_t)n);
  }
}

// ---------------------------------------------------------------- replies

// Writes reply `id`, compares it with what printf makes of its row, and parses
// it back: laws CRLFOUT and WELLFORMED.
static void check_reply(unsigned id, int last, int enhanced) {
  const smtpc_reply_row row = smtpc_reply_get(id);
  char code[32] = "";
  char want[600];
  const bool with = enhanced != 0 && row.enhanced_class != 0u;
  if (with) {
    snprintf(code, sizeof code, "%u.%u.%u ", row.enhanced_class,
             row.enhanced_subject, row.enhanced_detail);
  }
  snprintf(want, sizeof want, "%u%c%s%s\r\n", row.code, last != 0 ? ' ' : '-',
           code, row.text);
  written w = reply(id, last, enhanced, NULL, 0u);
  smtpc_reply back;
  smtpc_span text = {0u, 0u};
  smtpc_reply_init(&back);
  test_label("reply %u, last %d, enhanced %d", id, last, enhanced);
  test_number(w.status, SMTPC_OK);
  test_number(smtpc_reply_line(&back, w.data, w.len - 2u, 0, &text), SMTPC_OK);
  test_number(back.code, row.code);
  test_number(back.done, last);
  test_number(back.enhanced_class, with ? row.enhanced_class : 0u);
  test_number(back.enhanced_subject, with ? row.enhanced_subject : 0u);
  test_number(back.enhanced_detail, with ? row.enhanced_detail : 0u);
  check_span(&w, text, row.text, row.text_len);
  check(w, SMTPC_OK, want);
}

static void test_write_reply_wellformed_for_the_registry(void **state) {
  (void)state;
  for (unsigned id = 1u; id < SMTPC_REPLY_COUNT; id++) {
    for (int last = 0; last < 2; last++) {
      check_reply(id, last, 0);
      check_reply(id, last, 1);
    }
  }
}

static void test_write_reply_is_golden(void **state) {
  (void)state;
  check(reply(SMTPC_REPLY_MAIL_OK, 1, 1, NULL, 0u), SMTPC_OK,
        "250 2.1.0 Sender OK\r\n");
  check(reply(SMTPC_REPLY_MAIL_OK, 1, 0, NULL, 0u), SMTPC_OK,
        "250 Sender OK\r\n");
  check(reply(SMTPC_REPLY_AUTH_CONTINUE, 1, 1, NULL, 0u), SMTPC_OK, "334 \r\n");
  check(reply(SMTPC_REPLY_EHLO_OK, 0, 1, LIT("mail.imc.org greets you")),
        SMTPC_OK, "250-mail.imc.org greets you\r\n");
  check(reply(SMTPC_REPLY_TLS_FIRST, 1, 1, NULL, 0u), SMTPC_OK,
        "530 5.7.0 Must issue a STARTTLS command first\r\n");
  check(reply(SMTPC_REPLY_AUTH_CLEAR, 1, 1, LIT("No")), SMTPC_OK,
        "538 5.7.11 No\r\n");
  check(reply(SMTPC_REPLY_RCPT_OK, 0, 1, LIT(" x ")), SMTPC_OK,
        "250-2.1.5  x \r\n");
}

static void test_write_reply_misuse(void **state) {
  (void)state;
  check(reply(SMTPC_REPLY_NONE, 1, 1, LIT("text")), SMTPC_E_ARGUMENT, "");
  check(reply(SMTPC_REPLY_COUNT, 1, 1, NULL, 0u), SMTPC_E_ARGUMENT, "");
  check(reply(UINT32_MAX, 1, 0, NULL, 0u), SMTPC_E_ARGUMENT, "");
}

static void test_write_reply_text_tries_each_octet(void **state) {
  (void)state;
  for (unsigned c = 0u; c < 256u; c++) {
    const uint8_t text[3] = {'a', (uint8_t)c, 'b'};
    test_label("octet %u", c);
    check(reply(SMTPC_REPLY_HELP_TEXT, 1, 1, text, 3u),
          octet_status(c, true, SMTPC_OK), NULL);
  }
  check(reply(SMTPC_REPLY_HELP_TEXT, 1, 1, LIT("a\r\n250 b")), SMTPC_E_BARE_CR,
        "");
}

static void test_write_reply_text_is_never_cut(void **state) {
  (void)state;
  char text[600];
  memset(text, 't', sizeof text);
  for (size_t len = 490u; len <= 520u; len++) {
    const bool fits = len + strlen("214 2.0.0 \r\n") <= 512u;
    test_label("text of %zu", len);
    written w = reply(SMTPC_REPLY_HELP_TEXT, 1, 1, text, len);
    test_number(w.len, fits ? len + 12u : 0u);
    check(w, fits ? SMTPC_OK : SMTPC_E_ROOM, NULL);
  }
}

// --------------------------------------------------------------- commands

static void test_write_verb_parses_back(void **state) {
  (void)state;
  static const unsigned bare[] = {SMTPC_VERB_DATA, SMTPC_VERB_RSET,
                                  SMTPC_VERB_NOOP, SMTPC_VERB_QUIT,
                                  SMTPC_VERB_HELP, SMTPC_VERB_STARTTLS};
  for (size_t i = 0u; i < COUNT_OF(bare); i++) {
    written w = verb_line(bare[i], NULL, 0u);
    test_label("verb %u", bare[i]);
    test_number(w.status, SMTPC_OK);
    test_number(parse(&w).verb, bare[i]);
    check(w, SMTPC_OK, NULL);
  }
  check(verb_line(SMTPC_VERB_QUIT, NULL, 0u), SMTPC_OK, "QUIT\r\n");
  check(verb_line(SMTPC_VERB_NOOP, LIT("a b")), SMTPC_OK, "NOOP a b\r\n");
  test_label("misuse");
  check(verb_line(SMTPC_VERB_NONE, NULL, 0u), SMTPC_E_ARGUMENT, "");
  check(verb_line(SMTPC_VERB_COUNT, LIT("x")), SMTPC_E_ARGUMENT, "");
  for (unsigned c = 0u; c < 256u; c++) {
    const uint8_t text[3] = {'a', (uint8_t)c, 'b'};
    test_label("octet %u", c);
    check(verb_line(SMTPC_VERB_NOOP, text, 3u), octet_status(c, true, SMTPC_OK),
          NULL);
  }
}

static void test_write_hello_checks_the_name(void **state) {
  (void)state;
  static const struct {
    const char *name;
    size_t len;
    smtpc_status ehlo;
    smtpc_status helo;
  } rows[] = {
      {LIT("mail.example.com"), SMTPC_OK, SMTPC_OK},
      {LIT("localhost"), SMTPC_OK, SMTPC_OK},
      {LIT("[192.0.2.1]"), SMTPC_OK, SMTPC_E_DOMAIN},
      {LIT("[IPv6:2001:db8::1]"), SMTPC_OK, SMTPC_E_DOMAIN},
      {LIT(""), SMTPC_E_DOMAIN, SMTPC_E_DOMAIN},
      {LIT("a b"), SMTPC_E_DOMAIN, SMTPC_E_DOMAIN},
      {LIT("a..b"), SMTPC_E_DOMAIN, SMTPC_E_DOMAIN},
      {LIT("-a"), SMTPC_E_DOMAIN, SMTPC_E_DOMAIN},
      {LIT("[192.0.2.256]"), SMTPC_E_ADDRESS_LITERAL, SMTPC_E_DOMAIN},
      {LIT("[192.0.2.1"), SMTPC_E_ADDRESS_LITERAL, SMTPC_E_DOMAIN},
      {LIT("[192.0.2.1] x"), SMTPC_E_ADDRESS_LITERAL, SMTPC_E_DOMAIN},
      {LIT("a\r\nMAIL FROM:<x@y>"), SMTPC_E_BARE_CR, SMTPC_E_BARE_CR},
      {LIT("a\nQUIT"), SMTPC_E_BARE_LF, SMTPC_E_BARE_LF},
      {LIT("a\0b"), SMTPC_E_NUL, SMTPC_E_NUL},
      {LIT("[a\r]"), SMTPC_E_BARE_CR, SMTPC_E_BARE_CR},
      {LIT("\xc4\x8d.example"), SMTPC_E_NON_ASCII, SMTPC_E_NON_ASCII},
  };
  static const unsigned verbs[] = {SMTPC_VERB_EHLO, SMTPC_VERB_HELO,
                                   SMTPC_VERB_LHLO};
  for (size_t i = 0u; i < COUNT_OF(rows); i++) {
    for (size_t v = 0u; v < COUNT_OF(verbs); v++) {
      const bool helo = verbs[v] == SMTPC_VERB_HELO;
      test_label("row %zu, verb %u", i, verbs[v]);
      written w = hello(verbs[v], rows[i].name, rows[i].len);
      if (w.status == SMTPC_OK) {
        const smtpc_command command = parse(&w);
        test_number(command.verb, verbs[v]);
        check_span(&w, command.argument, rows[i].name, rows[i].len);
      }
      check(w, helo ? rows[i].helo : rows[i].ehlo, NULL);
    }
  }
  check(hello(SMTPC_VERB_EHLO, LIT("mail.example.com")), SMTPC_OK,
        "EHLO mail.example.com\r\n");
  check(hello(SMTPC_VERB_HELO, LIT("mail.example.com")), SMTPC_OK,
        "HELO mail.example.com\r\n");
  check(hello(SMTPC_VERB_LHLO, LIT("[IPv6:::1]")), SMTPC_OK,
        "LHLO [IPv6:::1]\r\n");
  test_label("misuse");
  check(hello(SMTPC_VERB_NOOP, LIT("mail.example.com")), SMTPC_E_ARGUMENT, "");
  check(hello(SMTPC_VERB_NONE, LIT("mail.example.com")), SMTPC_E_ARGUMENT, "");
}

static void test_write_hello_tries_each_octet(void **state) {
  (void)state;
  for (unsigned c = 0u; c < 256u; c++) {
    const uint8_t name[3] = {'a', (uint8_t)c, 'b'};
    const bool ok = is_let_dig(c) || c == '-' || c == '.';
    test_label("octet %u", c);
    check(hello(SMTPC_VERB_EHLO, name, 3u), octet_status(c, ok, SMTPC_E_DOMAIN),
          NULL);
    check(hello(SMTPC_VERB_HELO, name, 3u), octet_status(c, ok, SMTPC_E_DOMAIN),
          NULL);
    check(hello(SMTPC_VERB_LHLO, name, 3u), octet_status(c, ok, SMTPC_E_DOMAIN),
          NULL);
  }
}

static void test_write_hello_bounds_the_name(void **state) {
  (void)state;
  static char name[70000];
  const size_t lens[] = {254u, 255u, 256u, 505u, 65535u, 65536u, 65539u};
  for (size_t i = 0u; i < COUNT_OF(lens); i++) {
    fill_domain(name, lens[i]);
    test_label("name of %zu", lens[i]);
    check(hello(SMTPC_VERB_EHLO, name, lens[i]),
          lens[i] <= 255u ? SMTPC_OK : SMTPC_E_TOO_LONG, NULL);
  }
}

static void test_write_bdat_parses_back(void **state) {
  (void)state;
  const uint64_t sizes[] = {0u, 1u, 65536u, 4294967296u, INT64_MAX};
  for (size_t i = 0u; i < COUNT_OF(sizes); i++) {
    for (int last = 0; last < 2; last++) {
      char want[64];
      written w = room(64u);
      w.status = smtpc_write_bdat(w.data, w.cap, &w.len, sizes[i], last);
      snprintf(want, sizeof want, "BDAT %" PRIu64 "%s\r\n", sizes[i],
               last != 0 ? " LAST" : "");
      test_label("%s", want);
      const smtpc_command command = parse(&w);
      test_number(command.verb, SMTPC_VERB_BDAT);
      assert_true(command.chunk_size == sizes[i]);
      test_number(command.last, last);
      check(w, SMTPC_OK, want);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_out_stops_at_its_room),
      cmocka_unit_test(test_out_line_is_at_most_512),
      cmocka_unit_test(test_out_begin_at_keeps_what_is_before),
      cmocka_unit_test(test_out_begin_at_wipes_only_its_line),
      cmocka_unit_test(test_out_without_a_buffer),
      cmocka_unit_test(test_out_keeps_the_first_error),
      cmocka_unit_test(test_out_octets_tries_each_octet),
      cmocka_unit_test(test_out_number_is_decimal),
      cmocka_unit_test(test_write_reply_wellformed_for_the_registry),
      cmocka_unit_test(test_write_reply_is_golden),
      cmocka_unit_test(test_write_reply_misuse),
      cmocka_unit_test(test_write_reply_text_tries_each_octet),
      cmocka_unit_test(test_write_reply_text_is_never_cut),
      cmocka_unit_test(test_write_verb_parses_back),
      cmocka_unit_test(test_write_hello_checks_the_name),
      cmocka_unit_test(test_write_hello_tries_each_octet),
      cmocka_unit_test(test_write_hello_bounds_the_name),
      cmocka_unit_test(test_write_bdat_parses_back),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
