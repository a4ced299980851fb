#include "smtpcore/header.h"

#include <stdlib.h>
#include <string.h>

#include "core/model/header_model.h"
#include "core/testing.h"

#define COUNT(list) (sizeof(list) / sizeof(list)[0])
#define FIELD "TLS-Required: No\r\n"

// Scans a message in pieces of `cut` octets, 0: whole.
static smtpc_header scan(const uint8_t *data, size_t len, size_t cut) {
  smtpc_header header;
  size_t at = 0u;
  smtpc_header_init(&header);
  while (at < len) {
    const size_t piece = test_cut_next(cut, len - at);
    uint8_t *const copy = test_copy(data + at, piece);
    smtpc_header_scan(&header, copy, piece);
    free(copy);
    at += piece;
  }
  return header;
}

// Checks what was scanned, before and after the message is said to be whole.
static void check(smtpc_header header, smtpc_model_header want) {
  test_number(smtpc_header_says_no_tls(&header), want.ended && want.says_no);
  for (unsigned n = 0u; n < 2u; n++) {
    smtpc_header_end(&header);
    test_number(smtpc_header_says_no_tls(&header), want.says_no);
  }
  smtpc_header_scan(&header, (const uint8_t *)FIELD, sizeof FIELD - 1u);
  test_number(smtpc_header_says_no_tls(&header), want.says_no);
}

// Whole, in pieces of 1 to 5, and in two pieces cut at each place.
static void compare_cuts(const uint8_t *data, size_t len) {
  const smtpc_model_header want = smtpc_model_header_read(data, len);
  smtpc_header prefix;
  for (size_t cut = 0u; cut <= TEST_CUT_MAX; cut++) {
    check(scan(data, len, cut), want);
  }
  smtpc_header_init(&prefix);
  for (size_t at = 0u; at < len; at++) {
    smtpc_header header = prefix;
    smtpc_header_scan(&header, data + at, len - at);
    check(header, want);
    smtpc_header_scan(&prefix, data + at, 1u);
  }
}

// ------------------------------------------------------------------ golden

typedef struct row {
  const char *label;
  const char *data;
  size_t len;
  int says_no;
} row;

#define ROW(label, data, says_no) \
  { label, data, sizeof(data) - 1u, says_no }

static const row rows[] = {
    ROW("the field", FIELD "\r\n", 1),
    ROW("the field among others",
        "From: a@example.com\r\n" FIELD "Subject: x\r\n\r\nbody\r\n", 1),
    ROW("no empty line", "From: a@example.com\r\n" FIELD, 1),
    ROW("no message", "", 0),
    ROW("no header section", "\r\n" FIELD "\r\n", 0),
    ROW("in the body", "From: a@example.com\r\n\r\n" FIELD, 0),
    ROW("first line of the body is folded", "\r\n " FIELD "\r\n", 0),
    ROW("letters in any case", "tls-rEQUIRED: nO\r\n\r\n", 1),
    ROW("no white space", "TLS-Required:No\r\n\r\n", 1),
    ROW("tabs and spaces", "TLS-Required: \t No \t \r\n\r\n", 1),
    ROW("folded before", "TLS-Required:\r\n No\r\n\r\n", 1),
    ROW("folded twice before", "TLS-Required: \r\n \t\r\n\tNo\r\n\r\n", 1),
    ROW("folded after", "TLS-Required: No\r\n \r\n\t\r\n\r\n", 1),
    ROW("folded after, and a line", "TLS-Required: No\r\n \r\nA: b\r\n\r\n", 1),
    ROW("another value", "TLS-Required: Yes\r\n\r\n", 0),
    ROW("no value", "TLS-Required:\r\n\r\n", 0),
    ROW("white space as value", "TLS-Required: \r\n \r\n\r\n", 0),
    ROW("no value, and No as a line", "TLS-Required:\r\nNo\r\n\r\n", 0),
    ROW("N", "TLS-Required: N\r\n\r\n", 0),
    ROW("Not", "TLS-Required: Not\r\n\r\n", 0),
    ROW("N o", "TLS-Required: N o\r\n\r\n", 0),
    ROW("folded within", "TLS-Required: N\r\n o\r\n\r\n", 0),
    ROW("No No", "TLS-Required: No No\r\n\r\n", 0),
    ROW("more on a folded line", "TLS-Required: No\r\n way\r\n\r\n", 0),
    ROW("a comment", "TLS-Required: No (really)\r\n\r\n", 0),
    ROW("a comment before", "TLS-Required: (x) No\r\n\r\n", 0),
    ROW("quoted", "TLS-Required: \"No\"\r\n\r\n", 0),
    ROW("twice", FIELD FIELD "\r\n", 0),
    ROW("twice, others between", FIELD "A: b\r\n" FIELD "\r\n", 0),
    ROW("another value first", "TLS-Required: Yes\r\n" FIELD "\r\n", 0),
    ROW("another value second", FIELD "TLS-Required: Yes\r\n\r\n", 0),
    ROW("no value second", FIELD "TLS-Required:\r\n\r\n", 0),
    ROW("and once in the body", FIELD "\r\n" FIELD, 1),
    ROW("space before the colon", "TLS-Required : No\r\n\r\n", 0),
    ROW("and one well said", "TLS-Required : No\r\n" FIELD "\r\n", 0),
    ROW("one well said first", FIELD "TLS-Required\t: No\r\n\r\n", 0),
    ROW("a longer name", "TLS-Required-By: No\r\n\r\n", 0),
    ROW("a longer name beside", "TLS-Required-By: x\r\n" FIELD "\r\n", 1),
    ROW("a longer name in front", "X-TLS-Required: No\r\n\r\n", 0),
    ROW("a shorter name", "TLS-Require: No\r\n\r\n", 0),
    ROW("no colon", "TLS-Required\r\n\r\n", 0),
    ROW("the colon on the next line", "TLS-Required\r\n: No\r\n\r\n", 0),
    ROW("no colon, and one well said", "TLS-Required\r\n" FIELD "\r\n", 1),
    ROW("a part of the name", "TLS-\r\n" FIELD "\r\n", 1),
    ROW("the name begins again", "TLS-TLS-Required: No\r\n\r\n", 0),
    ROW("t, and a line", "T\r\n" FIELD "\r\n", 1),
    ROW("a folded line of another field", "A: b\r\n " FIELD "\r\n", 0),
    ROW("a folded first line", " " FIELD "\r\n", 0),
    ROW("space in front", FIELD " " FIELD "\r\n", 0),
    ROW("the value alone", "No\r\n:No\r\n\r\n", 0),
    // Only CRLF ends a line.
    ROW("LF in front", "A: b\n" FIELD "\r\n", 0),
    ROW("CR in front", "A: b\r" FIELD "\r\n", 0),
    ROW("LF first", "\n" FIELD "\r\n", 0),
    ROW("CR first", "\r" FIELD "\r\n", 0),
    ROW("LF after", "TLS-Required: No\n\r\n\r\n", 0),
    ROW("LF after, and a line", "TLS-Required: No\nA: b\r\n\r\n", 0),
    ROW("CR CR LF after", "TLS-Required: No\r\r\n\r\n", 0),
    ROW("CR after", "TLS-Required: No\rA: b\r\n\r\n", 0),
    ROW("LF before", "TLS-Required:\n No\r\n\r\n", 0),
    ROW("CR before", "TLS-Required:\r No\r\n\r\n", 0),
    ROW("CR CR LF before", "TLS-Required:\r\r\n No\r\n\r\n", 0),
    ROW("LF in the name", "TLS-\nRequired: No\r\n\r\n", 0),
    ROW("CR in the name", "TLS-\rRequired: No\r\n\r\n", 0),
    ROW("CRLF in the name", "TLS-\r\nRequired: No\r\n\r\n", 0),
    ROW("LF as the empty line", "A: b\r\n\n" FIELD "\r\n", 0),
    ROW("LF is no empty line", "A: b\r\n\nx\r\n" FIELD "\r\n", 1),
    ROW("CR CR LF is no empty line", "\r\r\n" FIELD "\r\n", 1),
    ROW("CR is no empty line", "\rA: b\r\n" FIELD "\r\n", 1),
    ROW("a space is no empty line", "A: b\r\n \r\n" FIELD "\r\n", 1),
    ROW("NUL in the name", "TLS-\0Required: No\r\n\r\n", 0),
    ROW("NUL after", "TLS-Required: No\0\r\n\r\n", 0),
    ROW("NUL before", "TLS-Required:\0No\r\n\r\n", 0),
    ROW("NUL for a letter", "TLS-Required: N\0\r\n\r\n", 0),
    ROW("NUL elsewhere", "A: \0\r\n" FIELD "\r\n", 1),
    ROW("other white space", "TLS-Required:\013No\r\n\r\n", 0),
    ROW("no-break space", "TLS-Required:\302\240No\r\n\r\n", 0),
    ROW("8-bit letters", "TLS-Required: \316\317\r\n\r\n", 0),
    ROW("dotless", "TLS-REQU\304\261RED: No\r\n\r\n", 0),
    // The end of the message in the field.
    ROW("no CRLF", "TLS-Required: No", 0),
    ROW("no LF", "TLS-Required: No\r", 0),
    ROW("a fold without an end", "TLS-Required: No\r\n ", 0),
    ROW("no value at the end", "TLS-Required:\r\n", 0),
    ROW("a CR after the field", FIELD "\r", 1),
    ROW("a part of a name after the field", FIELD "TLS-Requir", 1),
    ROW("a name after the field", FIELD "TLS-Required", 1),
    ROW("a name and a colon after the field", FIELD "TLS-Required:", 0),
};

static void test_header_goldens(void **state) {
  (void)state;
  for (size_t i = 0u; i < COUNT(rows); i++) {
    const uint8_t *const data = (const uint8_t *)rows[i].data;
    for (size_t cut = 0u; cut <= TEST_CUT_MAX; cut++) {
      smtpc_header header = scan(data, rows[i].len, cut);
      test_label("%s, cut %zu", rows[i].label, cut);
      smtpc_header_end(&header);
      test_number(smtpc_header_says_no_tls(&header), rows[i].says_no);
    }
    test_label("%s", rows[i].label);
    compare_cuts(data, rows[i].len);
  }
}

// The field is believed when the header section is over, and not before.
static void test_header_says_it_at_the_end(void **state) {
  (void)state;
  static const uint8_t data[] = "A: b\r\n" FIELD "C: d\r\n\r\n";
  smtpc_header header;
  smtpc_header_init(&header);
  for (size_t i = 0u; i + 1u < sizeof data; i++) {
    test_label("octet %zu", i);
    test_number(smtpc_header_says_no_tls(&header), 0);
    smtpc_header_scan(&header, data + i, 1u);
  }
  test_number(smtpc_header_says_no_tls(&header), 1);
  smtpc_header_init(&header);
  test_number(smtpc_header_says_no_tls(&header), 0);
  smtpc_header_end(&header);
  test_number(smtpc_header_says_no_tls(&header), 0);
}

// A state that is none takes nothing and says nothing.
static void test_header_survives_any_state(void **state) {
  (void)state;
  for (unsigned value = 0u; value < 256u; value++) {
    for (unsigned matched = 0u; matched < 256u; matched++) {
      smtpc_header header = {(uint8_t)value, (uint8_t)matched, 0u, 0u};
      test_label("state %u, matched %u", value, matched);
      smtpc_header_scan(&header, (const uint8_t *)"a:No\r\n\r\n", 8u);
      if (value > SMTPC_HEADER_END) {
        test_number(header.state, value);
      }
      test_number(smtpc_header_says_no_tls(&header), 0);
    }
  }
}

static void test_header_reads_only_names_without_case(void **state) {
  (void)state;
  for (size_t at = 0u; at < sizeof FIELD - 1u; at++) {
    for (unsigned c = 0u; c < 256u; c++) {
      uint8_t data[] = FIELD "\r\n";
      const uint8_t old = data[at];
      const bool letter = (old | 0x20u) >= 'a' && (old | 0x20u) <= 'z';
      const bool space = old == (uint8_t)' ' && (c == 9u || c == 32u);
      const bool same =
          c == old || (letter && (c | 0x20u) == (unsigned)(old | 0x20u));
      data[at] = (uint8_t)c;
      smtpc_header header = scan(data, sizeof data - 1u, 0u);
      test_label("octet %u at %zu", c, at);
      smtpc_header_end(&header);
      test_number(smtpc_header_says_no_tls(&header), same || space);
    }
  }
}

// ---------------------------------------------------------------- compared

// Every sequence of up to 6 of these.
static void test_header_equals_model_on_all_short_sequences(void **state) {
  (void)state;
  static const char *const tokens[] = {"TLS-Required", ":",  " ",  "No",
                                       "\r\n",         "\r", "\n", "x"};
  for (size_t count = 0u; count <= 6u; count++) {
    for (size_t n = 0u; n < (size_t)1u << (3u * count); n++) {
      uint8_t data[80];
      size_t len = 0u;
      for (size_t i = 0u; i < count; i++) {
        const char *const token = tokens[(n >> (3u * i)) & 7u];
        memcpy(data + len, token, strlen(token));
        len += strlen(token);
      }
      test_label("sequence %zu of %zu", n, count);
      const smtpc_model_header want = smtpc_model_header_read(data, len);
      check(scan(data, len, 0u), want);
      check(scan(data, len, 1u), want);
    }
  }
}

// After the field, every sequence of up to 6 of these octets.
static void test_header_equals_model_after_the_field(void **state) {
  (void)state;
  static const uint8_t alphabet[8] = {'\r', '\n', ' ', 'n', 'o', 't', ':', 0u};
  static const char *const before[] = {"TLS-Required:", "TLS-Required: No",
                                       FIELD};
  for (size_t b = 0u; b < COUNT(before); b++) {
    const size_t from = strlen(before[b]);
    for (size_t n = 0u; n < (size_t)1u << 18u; n++) {
      uint8_t data[32];
      memcpy(data, before[b], from);
      for (size_t i = 0u; i < 6u; i++) {
        data[from + i] = alphabet[(n >> (3u * i)) & 7u];
      }
      const size_t len = from + n % 7u;
      test_label("sequence %zu after %zu", n, b);
      const smtpc_model_header want = smtpc_model_header_read(data, len);
      check(scan(data, len, 0u), want);
      check(scan(data, len, 1u), want);
    }
  }
}

static size_t make_message(uint64_t *seed, uint8_t *out) {
  static const char *const parts[] = {
      FIELD,
      FIELD,
      "TLS-Required: no\r\n",
      "TLS-Required:\r\n No \r\n",
      "TLS-Required: No\r\n\t\r\n",
      "tls-required:NO\r\n",
      "TLS-Required : No\r\n",
      "TLS-Required: Yes\r\n",
      "TLS-Required-X: No\r\n",
      "TLS-Req",
      "A: b\r\n",
      "A: b\r\n c\r\n",
      "B: a line that is longer than a block of the scanner\r\n",
      "No",
      " ",
      "\r\n",
      "\n",
      "\r",
      "\r\n\r\n"};
  const uint32_t count = test_random(seed) % 6u;
  size_t len = 0u;
  for (uint32_t i = 0u; i < count; i++) {
    const char *const part = parts[test_random(seed) % COUNT(parts)];
    memcpy(out + len, part, strlen(part));
    len += strlen(part);
  }
  return len;
}

// Changes, removes or inserts an octet.
static size_t mutate(uint64_t *seed, uint8_t *data, size_t len) {
  static const uint8_t octets[] = "\r\n \t:TLS-requiredNo\0x\r\n";
  const uint8_t c = octets[test_random(seed) % sizeof octets];
  const size_t at = len > 0u ? test_random(seed) % len : 0u;
  const uint32_t how = test_random(seed) % 3u;
  if (how == 0u || len == 0u) {
    memmove(data + at + 1u, data + at, len - at);
    data[at] = c;
    return len + 1u;
  }
  if (how == 1u) {
    memmove(data + at, data + at + 1u, len - at - 1u);
    return len - 1u;
  }
  data[at] = c;
  return len;
}

static void test_header_equals_model_on_mutated_messages(void **state) {
  (void)state;
  uint64_t seed = 8689u;
  unsigned said = 0u;
  for (unsigned n = 0u; n < 250000u; n++) {
    uint8_t data[512];
    size_t len = make_message(&seed, data);
    const uint32_t changes = test_random(&seed) % 4u;
    for (uint32_t i = 0u; i < changes; i++) {
      len = mutate(&seed, data, len);
    }
    test_label("message %u", n);
    compare_cuts(data, len);
    said += smtpc_model_header_read(data, len).says_no ? 1u : 0u;
  }
  // Both answers are common, or the comparison means little.
  assert_true(said > 25000u && said < 225000u);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_header_goldens),
      cmocka_unit_test(test_header_says_it_at_the_end),
      cmocka_unit_test(test_header_survives_any_state),
      cmocka_unit_test(test_header_reads_only_names_without_case),
      cmocka_unit_test(test_header_equals_model_on_all_short_sequences),
      cmocka_unit_test(test_header_equals_model_after_the_field),
      cmocka_unit_test(test_header_equals_model_on_mutated_messages),
  };
  return cmocka_run_group_tests_name("header", tests, NULL, NULL);
}
