#include "smtpcore/stamp.h"

#include <stdlib.h>
#include <string.h>

#include "core/testing.h"

static smtpc_stamp sample(void) {
  smtpc_stamp stamp = {0};
  stamp.peer = "192.0.2.7:40112";
  stamp.hello = (const uint8_t *)"client.example";
  stamp.hello_len = 14u;
  stamp.host = (const uint8_t *)"device.example";
  stamp.host_len = 14u;
  stamp.id = "69-12-1";
  stamp.time = 1793613600;
  stamp.esmtp = true;
  return stamp;
}

static char *received(const smtpc_stamp *stamp) {
  char *text = NULL;
  size_t len = 0u;
  FILE *out = open_memstream(&text, &len);
  assert_non_null(out);
  smtpc_stamp_received(out, stamp);
  (void)fclose(out);
  return text;
}

static void expect_received(const smtpc_stamp *stamp, const char *want) {
  char *have = received(stamp);
  test_octets(have, strlen(have), want, strlen(want));
  free(have);
}

static void test_received_says_who_and_how(void **state) {
  (void)state;
  smtpc_stamp stamp = sample();
  stamp.tls = true;
  test_label("by name");
  expect_received(&stamp,
                  "Received: from client.example ([192.0.2.7])\r\n"
                  "\tby device.example with ESMTPS id 69-12-1;\r\n"
                  "\tMon, 02 Nov 2026 10:00:00 +0000\r\n");
  stamp.hello = (const uint8_t *)"[IPv6:2001:db8::1]";
  stamp.hello_len = 18u;
  stamp.peer = "[2001:db8::1]:25";
  test_label("by address");
  expect_received(&stamp,
                  "Received: from [IPv6:2001:db8::1] ([IPv6:2001:db8::1])\r\n"
                  "\tby device.example with ESMTPS id 69-12-1;\r\n"
                  "\tMon, 02 Nov 2026 10:00:00 +0000\r\n");
}

// What is no name stays out: it could end the line or open a comment.
static void test_received_leaves_out_what_is_no_name(void **state) {
  (void)state;
  static const char *const names[] = {
      "",         "a b",        "evil\r\nX: y",
      "(comment", "[tag:a(b)]", "\xc3\xa4.example",
      "a..b",     "\"q\""};
  for (size_t i = 0u; i < sizeof names / sizeof names[0]; i++) {
    smtpc_stamp stamp = sample();
    uint8_t *copy = test_copy(names[i], strlen(names[i]));
    stamp.hello = copy;
    stamp.hello_len = strlen(names[i]);
    test_label("%s", names[i]);
    expect_received(&stamp,
                    "Received: from [192.0.2.7] ([192.0.2.7])\r\n"
                    "\tby device.example with ESMTP id 69-12-1;\r\n"
                    "\tMon, 02 Nov 2026 10:00:00 +0000\r\n");
    free(copy);
  }
}

static void test_protocol_is_a_registered_word(void **state) {
  (void)state;
  static const struct {
    bool esmtp, tls, authenticated, utf8, lmtp;
    const char *want;
  } rows[] = {{false, false, false, false, false, "SMTP"},
              {false, true, false, false, false, "SMTP"},
              {true, false, false, false, false, "ESMTP"},
              {true, true, false, false, false, "ESMTPS"},
              {true, false, true, false, false, "ESMTPA"},
              {true, true, true, false, false, "ESMTPSA"},
              {true, false, false, true, false, "UTF8SMTP"},
              {true, true, false, true, false, "UTF8SMTPS"},
              {true, false, true, true, false, "UTF8SMTPA"},
              {true, true, true, true, false, "UTF8SMTPSA"},
              {true, false, false, false, true, "LMTP"},
              {true, true, false, false, true, "LMTPS"},
              {true, false, true, false, true, "LMTPA"},
              {true, true, true, false, true, "LMTPSA"},
              {true, false, false, true, true, "UTF8LMTP"},
              {true, true, false, true, true, "UTF8LMTPS"},
              {true, false, true, true, true, "UTF8LMTPA"},
              {true, true, true, true, true, "UTF8LMTPSA"}};
  for (size_t i = 0u; i < sizeof rows / sizeof rows[0]; i++) {
    smtpc_stamp stamp = sample();
    stamp.esmtp = rows[i].esmtp;
    stamp.tls = rows[i].tls;
    stamp.authenticated = rows[i].authenticated;
    stamp.utf8 = rows[i].utf8;
    stamp.lmtp = rows[i].lmtp;
    assert_string_equal(smtpc_stamp_protocol(&stamp), rows[i].want);
  }
}

static void test_date_is_utc_without_a_locale(void **state) {
  (void)state;
  static const struct {
    int64_t time;
    const char *want;
  } rows[] = {{0, "Thu, 01 Jan 1970 00:00:00 +0000"},
              {951782399, "Mon, 28 Feb 2000 23:59:59 +0000"},
              {951782400, "Tue, 29 Feb 2000 00:00:00 +0000"},
              {4102444799, "Thu, 31 Dec 2099 23:59:59 +0000"}};
  for (size_t i = 0u; i < sizeof rows / sizeof rows[0]; i++) {
    char have[48];
    smtpc_stamp_date(have, rows[i].time);
    assert_string_equal(have, rows[i].want);
  }
}

static void test_literal_of_both_families(void **state) {
  (void)state;
  char have[96];
  smtpc_stamp_literal("192.0.2.1:4000", have);
  assert_string_equal(have, "[192.0.2.1]");
  smtpc_stamp_literal("[2001:db8::1]:4000", have);
  assert_string_equal(have, "[IPv6:2001:db8::1]");
  smtpc_stamp_literal("unknown", have);
  assert_string_equal(have, "[unknown]");
}

static void test_id_is_an_atom_that_differs(void **state) {
  (void)state;
  char one[SMTPC_STAMP_ID_MAX];
  char two[SMTPC_STAMP_ID_MAX];
  smtpc_stamp_id(one, 1793613600, 12u, 1u);
  assert_string_equal(one, "6ae85f20-12-1");
  smtpc_stamp_id(two, 1793613600, 1u, 21u);
  assert_string_not_equal(one, two);
}

static void test_address_lines(void **state) {
  (void)state;
  static const struct {
    const char *address;
    const char *want;
  } rows[] = {{"a@b.example",
               "Return-Path: <a@b.example>\r\n"
               "Delivered-To: a@b.example\r\n"},
              {"", "Return-Path: <>\r\nDelivered-To: \r\n"},
              // A line end would make another header line: nothing is written.
              {"a\r\nX: y", ""},
              {"a\x01@b", ""}};
  for (size_t i = 0u; i < sizeof rows / sizeof rows[0]; i++) {
    char *text = NULL;
    size_t len = 0u;
    const size_t address_len = strlen(rows[i].address);
    uint8_t *copy = test_copy(rows[i].address, address_len);
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    smtpc_stamp_path(out, copy, address_len);
    smtpc_stamp_recipient(out, copy, address_len);
    (void)fclose(out);
    test_label("%s", rows[i].address);
    test_octets(text, len, rows[i].want, strlen(rows[i].want));
    free(text);
    free(copy);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_received_says_who_and_how),
      cmocka_unit_test(test_received_leaves_out_what_is_no_name),
      cmocka_unit_test(test_protocol_is_a_registered_word),
      cmocka_unit_test(test_date_is_utc_without_a_locale),
      cmocka_unit_test(test_literal_of_both_families),
      cmocka_unit_test(test_id_is_an_atom_that_differs),
      cmocka_unit_test(test_address_lines),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
