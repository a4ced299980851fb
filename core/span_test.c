// Span: octet classes against predicates that are written independently, numbers
// against schoolbook arithmetic, UTF-8 against a decoder, runs against a slow loop.
#include "smtpcore/span.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/testing.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

// -------------------------------------------------------------------- make

static void test_span_make_refuses_what_does_not_fit(void **state) {
  (void)state;
  static const struct {
    size_t begin;
    size_t end;
    size_t want_begin;
    size_t want_end;
  } rows[] = {
      {0u, 0u, 0u, 0u},
      {3u, 7u, 3u, 7u},
      {7u, 7u, 7u, 7u},
      {8u, 7u, 0u, 0u},
      {0u, 65535u, 0u, 65535u},
      {65535u, 65535u, 65535u, 65535u},
      {0u, 65536u, 0u, 0u},
      {1u, 65536u, 0u, 0u},
      {65535u, 65536u, 0u, 0u},
      {65536u, 65536u, 0u, 0u},
      {65537u, 65539u, 0u, 0u},
      {1u, SIZE_MAX, 0u, 0u},
      {SIZE_MAX, SIZE_MAX, 0u, 0u},
      {SIZE_MAX, 1u, 0u, 0u},
  };
  for (size_t i = 0u; i < COUNT(rows); i++) {
    const smtpc_span have = smtpc_span_make(rows[i].begin, rows[i].end);
    test_label("[%zu, %zu)", rows[i].begin, rows[i].end);
    test_number(have.begin, rows[i].want_begin);
    test_number(have.end, rows[i].want_end);
  }
}

static void test_span_len_of_a_malformed_span_is_0(void **state) {
  (void)state;
  const smtpc_span whole = {2u, 9u};
  const smtpc_span crossed = {9u, 2u};
  const smtpc_span longest = {0u, 65535u};
  const smtpc_span empty = {5u, 5u};
  test_label("len");
  test_number(smtpc_span_len(whole), 7);
  test_number(smtpc_span_len(crossed), 0);
  test_number(smtpc_span_len(longest), 65535);
  test_number(smtpc_span_len(empty), 0);
}

// ------------------------------------------------------------ next and peek

static void test_span_next_takes_each_octet_once(void **state) {
  (void)state;
  static const uint8_t text[] = {'a', 0x00u, 0xffu, '\r', 'b'};
  for (size_t from = 0u; from <= sizeof text; from++) {
    for (size_t to = from; to <= sizeof text; to++) {
      uint8_t *line = test_copy(text, to);
      smtpc_span rest = smtpc_span_make(from, to);
      uint8_t c = 0x55u;
      for (size_t at = from; at < to; at++) {
        test_label("[%zu, %zu) at %zu", from, to, at);
        test_number(smtpc_span_peek(line, rest), text[at]);
        assert_true(smtpc_span_next(line, &rest, &c));
        test_number(c, text[at]);
        test_number(rest.begin, at + 1u);
        test_number(rest.end, to);
      }
      c = 0x55u;
      assert_false(smtpc_span_next(line, &rest, &c));
      test_number(c, 0x55u);
      test_number(rest.begin, to);
      test_number(rest.end, to);
      test_number(smtpc_span_peek(line, rest), -1);
      free(line);
    }
  }
}

static void test_span_next_reaches_the_last_offset(void **state) {
  (void)state;
  uint8_t *line = calloc(65535u, 1u);
  assert_non_null(line);
  line[65534] = 'z';
  smtpc_span rest = {65534u, 65535u};
  uint8_t c = 0u;
  test_label("offset 65534");
  assert_true(smtpc_span_next(line, &rest, &c));
  test_number(c, 'z');
  test_number(rest.begin, 65535);
  assert_false(smtpc_span_next(line, &rest, &c));
  free(line);
}

static void test_span_next_of_a_crossed_span_reads_nothing(void **state) {
  (void)state;
  uint8_t *line = test_copy("ab", 2u);
  smtpc_span crossed = {2u, 1u};
  uint8_t c = 0x55u;
  test_label("crossed");
  assert_false(smtpc_span_next(line, &crossed, &c));
  test_number(c, 0x55u);
  test_number(crossed.begin, 2);
  test_number(smtpc_span_peek(line, crossed), -1);
  test_number(smtpc_span_find(line, crossed, 'a'), 1);
  test_number(smtpc_utf8_len(line, crossed), 0);
  free(line);
}

// ------------------------------------------------------- find, is, starts

static void test_span_find_gives_the_first_or_the_end(void **state) {
  (void)state;
  uint8_t *line = test_copy("ab:cd:e", 7u);
  static const struct {
    size_t from;
    size_t to;
    char octet;
    size_t want;
  } rows[] = {
      {0u, 7u, ':', 2u}, {2u, 7u, ':', 2u}, {3u, 7u, ':', 5u},
      {3u, 5u, ':', 5u}, {6u, 7u, ':', 7u}, {0u, 7u, 'e', 6u},
      {0u, 6u, 'e', 6u}, {4u, 4u, 'd', 4u}, {0u, 7u, 'a', 0u},
      {0u, 7u, 'A', 7u}, {1u, 7u, 'a', 7u}, {7u, 7u, 'a', 7u},
  };
  for (size_t i = 0u; i < COUNT(rows); i++) {
    test_label("[%zu, %zu) %c", rows[i].from, rows[i].to, rows[i].octet);
    const smtpc_span span = smtpc_span_make(rows[i].from, rows[i].to);
    test_number(smtpc_span_find(line, span, (uint8_t)rows[i].octet),
                rows[i].want);
  }
  free(line);
}

typedef struct compared {
  const char *text;
  const char *word;
  bool is;
  bool starts;
} compared;

static void check_compared(const compared *row) {
  const size_t len = strlen(row->text);
  // The span lies between other octets, and ends where its block ends.
  char framed[40] = "QU";
  memcpy(framed + 2, row->text, len);
  uint8_t *line = test_copy(framed, len + 2u);
  const smtpc_span span = smtpc_span_make(2u, len + 2u);
  const size_t word_len = strlen(row->word);
  test_label("\"%s\" and \"%s\"", row->text, row->word);
  test_number(smtpc_span_is(line, span, row->word, word_len), row->is);
  test_number(smtpc_span_starts(line, span, row->word, word_len), row->starts);
  free(line);
}

static void test_span_is_and_starts(void **state) {
  (void)state;
  static const compared rows[] = {
      {"EHLO", "EHLO", true, true},
      {"ehlo", "EHLO", true, true},
      {"eHlO", "EHLO", true, true},
      {"EHL", "EHLO", false, false},
      {"EHLOX", "EHLO", false, true},
      {"XEHLO", "EHLO", false, false},
      {"", "EHLO", false, false},
      {"", "", true, true},
      {"E", "", false, true},
      {"FROM:<a>", "FROM:", false, true},
      {"from:", "FROM:", true, true},
      {"FROM", "FROM:", false, false},
      {"SIZE\x01", "SIZE!", false, false},
      // Octets that differ from a letter's or a sign's in bit 0x20 alone.
      {"\x1a", ":", false, false},
      {"`", "@", false, false},
      {"{", "[", false, false},
      {"@", "`", false, false},
      {"8bitmime", "8BITMIME", true, true},
      {"\xc5HLO", "EHLO", false, false},
  };
  for (size_t i = 0u; i < COUNT(rows); i++) {
    check_compared(&rows[i]);
  }
}

// Folding holds for letters alone, in all 256 values and against each upper-case
// octet that a word may hold.
static void test_span_is_folds_letters_alone(void **state) {
  (void)state;
  for (unsigned w = 1u; w < 128u; w++) {
    if (w >= 'a' && w <= 'z') {
      continue;  // not upper case: not a word
    }
    const char word[1] = {(char)w};
    for (unsigned c = 0u; c < 256u; c++) {
      const uint8_t octet = (uint8_t)c;
      uint8_t *line = test_copy(&octet, 1u);
      const bool letter = w >= 'A' && w <= 'Z';
      const bool want = c == w || (letter && c == w + ('a' - 'A'));
      const smtpc_span span = {0u, 1u};
      test_label("octet %u, word %u", c, w);
      test_number(smtpc_span_is(line, span, word, 1u), want);
      test_number(smtpc_span_starts(line, span, word, 1u), want);
      free(line);
    }
  }
}

// ------------------------------------------------------------------ numbers

// Schoolbook: decimal strings without leading zeros are compared by length and
// then digit by digit. No arithmetic that could wrap as the code's could.
static bool decimal_over(const char *digits, size_t len, const char *max) {
  while (len > 1u && *digits == '0') {
    digits++;
    len--;
  }
  const size_t max_len = strlen(max);
  return len != max_len ? len > max_len : memcmp(digits, max, len) > 0;
}

static void check_number(const char *text, size_t len, uint64_t max) {
  char max_text[24];
  char have_text[24];
  (void)snprintf(max_text, sizeof max_text, "%llu", (unsigned long long)max);
  smtpc_status want = SMTPC_OK;
  if (len == 0u || len > 20u || strspn(text, "0123456789") < len) {
    want = SMTPC_E_NUMBER;
  } else if (decimal_over(text, len, max_text)) {
    want = SMTPC_E_NUMBER_TOO_LARGE;
  }
  uint8_t *line = test_copy(text, len);
  uint64_t have = 77u;
  test_label("\"%.*s\", max %s", (int)len, text, max_text);
  test_number(smtpc_span_number(line, smtpc_span_make(0u, len), max, &have),
              want);
  if (want == SMTPC_OK) {
    while (len > 1u && *text == '0') {
      text++;
      len--;
    }
    (void)snprintf(have_text, sizeof have_text, "%llu",
                   (unsigned long long)have);
    test_octets(have_text, strlen(have_text), text, len);
  } else {
    test_number(have, 0);
  }
  free(line);
}

static void test_span_number_goldens(void **state) {
  (void)state;
  static const char *const texts[] = {
      "",
      "0",
      "9",
      "00",
      "007",
      "10",
      "255",
      "256",
      "65535",
      "65536",
      "4294967295",
      "4294967296",
      "9223372036854775807",
      "9223372036854775808",
      "1844674407370955161",
      "18446744073709551609",
      "18446744073709551610",
      "18446744073709551614",
      "18446744073709551615",
      "18446744073709551616",
      "18446744073709551617",
      "18446744073709551619",
      "18446744073709551620",
      "18446744073709551625",
      "18446744073709551700",
      "18446744073709552000",
      "28446744073709551615",
      "28446744073709551610",
      "36893488147419103232",
      "55340232221128654848",
      "99999999999999999999",
      "09999999999999999999",
      "00000000000000000001",
      "00000000000000000000",
      "000000000000000000001",
      "018446744073709551615",
      "184467440737095516150",
      "100000000000000000000",
      "-1",
      "+1",
      " 1",
      "1 ",
      "1,000",
      "0x10",
      "1e3",
      "1.5",
      "/",
      ":",
      "12/",
      "12:",
      "99999999999999999999x",
      "9999999999999999999x",
      "1844674407370955161x",
      "x",
      "1\x80",
      "\xb1",
  };
  static const uint64_t maxima[] = {0u,
                                    1u,
                                    9u,
                                    10u,
                                    254u,
                                    255u,
                                    256u,
                                    65535u,
                                    4294967295u,
                                    4294967296u,
                                    INT64_MAX,
                                    (uint64_t)INT64_MAX + 1u,
                                    999999999999999999u,
                                    10000000000000000000u,
                                    UINT64_MAX - 1u,
                                    UINT64_MAX};
  for (size_t i = 0u; i < COUNT(texts); i++) {
    for (size_t m = 0u; m < COUNT(maxima); m++) {
      check_number(texts[i], strlen(texts[i]), maxima[m]);
    }
  }
  // A NUL is an octet that is no digit.
  uint8_t *line = test_copy("1\0", 2u);
  uint64_t value = 7u;
  test_number(smtpc_span_number(line, smtpc_span_make(0u, 2u), 99u, &value),
              SMTPC_E_NUMBER);
  test_number(value, 0);
  free(line);
}

// 2^64 is 18446744073709551616: all numbers of 20 digits around it, and around
// ten times as much and a tenth.
static void test_span_number_around_the_border(void **state) {
  (void)state;
  char text[24];
  for (unsigned low = 0u; low < 10000u; low++) {
    (void)snprintf(text, sizeof text, "1844674407370955%04u", low);
    check_number(text, 20u, UINT64_MAX);
    check_number(text, 19u, UINT64_MAX);
    check_number(text + 1, 19u, UINT64_MAX);
  }
  uint64_t random = 1u;
  for (unsigned turn = 0u; turn < 20000u; turn++) {
    const size_t len = 1u + test_random(&random) % 21u;
    for (size_t i = 0u; i < len; i++) {
      text[i] = (char)('0' + test_random(&random) % 10u);
    }
    text[len] = '\0';
    const unsigned shift = test_random(&random) % 64u;
    check_number(text, len, UINT64_MAX);
    check_number(text, len, UINT64_MAX >> shift);
  }
}

static void test_span_number_checks_every_octet(void **state) {
  (void)state;
  for (size_t len = 1u; len <= 20u; len++) {
    for (size_t at = 0u; at < len; at++) {
      for (unsigned c = 1u; c < 256u; c++) {
        char text[24] = "99999999999999999999";
        text[len] = '\0';
        text[at] = (char)c;
        check_number(text, len, UINT64_MAX);
      }
    }
  }
}

static void test_span_number_of_a_malformed_span(void **state) {
  (void)state;
  uint8_t *line = test_copy("123", 3u);
  const smtpc_span crossed = {3u, 1u};
  uint64_t value = 7u;
  test_label("crossed");
  test_number(smtpc_span_number(line, crossed, 999u, &value), SMTPC_E_NUMBER);
  test_number(value, 0);
  const smtpc_span inner = {1u, 2u};
  test_number(smtpc_span_number(line, inner, 999u, &value), SMTPC_OK);
  test_number(value, 2);
  free(line);
}

// --------------------------------------------------------------- plain run

static size_t slow_run(const uint8_t *data, size_t from, size_t to) {
  size_t i = from;
  while (i < to && strchr("\r\n", data[i]) == NULL) {
    i++;  // strchr finds NUL as well
  }
  return i;
}

static void check_run(const uint8_t *data, size_t from, size_t to) {
  test_label("[%zu, %zu)", from, to);
  test_number(smtpc_plain_run(data, from, to), slow_run(data, from, to));
}

// One special octet at each place of a block of each length, at each alignment;
// the block ends where its memory ends.
static void test_span_plain_run_all_places(void **state) {
  (void)state;
  static const uint8_t specials[] = {'\r', '\n', 0u};
  for (size_t from = 0u; from < 34u; from++) {
    for (size_t len = 0u; len <= 100u; len++) {
      uint8_t *data = malloc(from + len + 1u);
      assert_non_null(data);
      memset(data, '\r', from);
      memset(data + from, 'a', len + 1u);
      uint8_t *exact = test_copy(data, from + len);
      check_run(exact, from, from + len);
      for (size_t at = 0u; at < len; at++) {
        const uint8_t special = specials[(from + len + at) % 3u];
        exact[from + at] = special;
        check_run(exact, from, from + len);
        exact[from + at] = 'a';
      }
      free(exact);
      free(data);
    }
  }
}

// Of two specials the first counts, whichever they are.
static void test_span_plain_run_stops_at_the_first(void **state) {
  (void)state;
  static const uint8_t specials[] = {'\r', '\n', 0u};
  for (size_t first = 0u; first < 70u; first++) {
    for (size_t second = first; second < 70u; second++) {
      for (size_t kind = 0u; kind < 9u; kind++) {
        uint8_t data[70];
        memset(data, 'a', sizeof data);
        data[second] = specials[kind / 3u];
        data[first] = specials[kind % 3u];
        uint8_t *exact = test_copy(data, sizeof data);
        check_run(exact, 0u, sizeof data);
        free(exact);
      }
    }
  }
}

// All 256 octets at each place of a short, a full and a long block, among octets
// that arithmetic on many octets at once could mistake for special ones.
static void test_span_plain_run_all_octets(void **state) {
  (void)state;
  static const size_t lens[] = {1u, 7u, 8u, 15u, 16u, 17u, 31u, 32u, 33u, 65u};
  static const uint8_t fills[] = {0x01u, 0x0bu, 0x0cu, 0x0eu, 0x80u, 0x8du};
  for (size_t n = 0u; n < COUNT(lens); n++) {
    uint8_t *data = malloc(lens[n]);
    assert_non_null(data);
    for (size_t f = 0u; f < COUNT(fills); f++) {
      memset(data, fills[f], lens[n]);
      for (size_t at = 0u; at < lens[n]; at++) {
        for (unsigned c = 0u; c < 256u; c++) {
          data[at] = (uint8_t)c;
          check_run(data, 0u, lens[n]);
        }
        data[at] = fills[f];
      }
    }
    free(data);
  }
}

static void test_span_plain_run_random(void **state) {
  (void)state;
  uint64_t random = 7u;
  for (unsigned turn = 0u; turn < 3000u; turn++) {
    const size_t len = test_random(&random) % 200u;
    uint8_t *data = malloc(len > 0u ? len : 1u);
    assert_non_null(data);
    for (size_t i = 0u; i < len; i++) {
      data[i] = (uint8_t)test_random(&random);
    }
    for (size_t from = 0u; from <= len; from++) {
      check_run(data, from, len);
    }
    free(data);
  }
}

// ------------------------------------------------------------- copy and wipe

static void test_span_copy_copies_that_much(void **state) {
  (void)state;
  smtpc_copy(NULL, NULL, 0u);
  for (size_t len = 0u; len <= 130u; len++) {
    for (size_t at = 0u; at < 9u; at++) {
      uint8_t source[140];
      uint8_t target[150];
      for (size_t i = 0u; i < sizeof source; i++) {
        source[i] = (uint8_t)(i + 1u);
      }
      memset(target, 0xee, sizeof target);
      uint8_t *from = test_copy(source, len);
      uint8_t *to = test_copy(target, at + len);
      smtpc_copy(to + at, from, len);
      test_label("%zu octets at %zu", len, at);
      test_octets(to + at, len, source, len);
      test_octets(to, at, target, at);
      test_octets(from, len, source, len);
      free(from);
      free(to);
      smtpc_copy(target + at, source, len);
      for (size_t i = at + len; i < sizeof target; i++) {
        test_number(target[i], 0xee);
      }
    }
  }
}

static void test_span_wipe_wipes_that_much(void **state) {
  (void)state;
  smtpc_wipe(NULL, 0u);
  for (size_t len = 0u; len <= 70u; len++) {
    for (size_t at = 0u; at < 9u; at++) {
      uint8_t want[90];
      memset(want, 0xee, sizeof want);
      uint8_t *have = test_copy(want, at + len + 3u);
      smtpc_wipe(have + at, len);
      memset(want + at, 0, len);
      test_label("%zu octets at %zu", len, at);
      test_octets(have, at + len + 3u, want, at + len + 3u);
      free(have);
      have = test_copy(want, at + len);
      smtpc_wipe(have + at, len);
      free(have);
    }
  }
}

// ------------------------------------------------------------------ classes

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"
// RFC 5322 section 3.2.3, sign by sign in the order of its lines.
#define SIGNS "!#$%&'*+-/=?^_`{|}~"

static bool among(unsigned c, const char *set) {
  return c != 0u && c < 128u && strchr(set, (int)c) != NULL;
}

static void test_span_classes_generated(void **state) {
  (void)state;
  for (unsigned c = 0u; c < 256u; c++) {
    const uint8_t octet = (uint8_t)c;
    test_label("octet %u", c);
    test_number(smtpc_is_alpha(octet), among(c, LOWER UPPER));
    test_number(smtpc_is_digit(octet), among(c, DIGITS));
    test_number(smtpc_is_alnum(octet), among(c, LOWER UPPER DIGITS));
    test_number(smtpc_is_atext(octet), among(c, LOWER UPPER DIGITS SIGNS));
    test_number(smtpc_is_control(octet), c == 127u || c / 32u == 0u);
  }
}

static void test_span_upper_generated(void **state) {
  (void)state;
  for (unsigned c = 0u; c < 256u; c++) {
    const char *at = among(c, LOWER) ? strchr(LOWER, (int)c) : NULL;
    const unsigned want = at != NULL ? (uint8_t)UPPER[at - LOWER] : c;
    test_label("octet %u", c);
    test_number(smtpc_upper((uint8_t)c), want);
  }
}

// -------------------------------------------------------------------- UTF-8

// RFC 3629 section 3, by the number: decode without any check, then ask whether
// the number needs just that many octets and may be encoded at all.
static size_t decoded_len(const uint8_t *s, size_t len) {
  static const uint32_t least[5] = {0u, 0u, 0x80u, 0x800u, 0x10000u};
  size_t need = 0u;
  uint32_t number = 0u;
  for (size_t n = 2u; n <= 4u; n++) {
    const uint32_t mark = (0xf00u >> n) & 0xffu;   // 110, 1110, 11110
    const uint32_t mask = (0xff80u >> n) & 0xffu;  // and the bit after it
    if (len > 0u && (s[0] & mask) == mark) {
      need = n;
      number = s[0] & ~mask & 0xffu;
    }
  }
  if (need == 0u || need > len) {
    return 0u;
  }
  for (size_t i = 1u; i < need; i++) {
    if (s[i] / 64u != 2u) {
      return 0u;
    }
    number = number * 64u + s[i] % 64u;
  }
  const bool surrogate = number / 0x800u == 0x1bu;  // D800 to DFFF
  return number >= least[need] && !surrogate && number < 0x110000u ? need : 0u;
}

// Each length up to the whole, each in a block of its own size.
static void check_utf8(const uint8_t *s, size_t len) {
  uint8_t *line = test_copy(s, len);
  const size_t have = smtpc_utf8_len(line, smtpc_span_make(0u, len));
  const size_t want = decoded_len(s, len);
  if (have != want) {
    test_label("%02x %02x %02x %02x, len %zu", s[0], len > 1u ? s[1] : 0u,
               len > 2u ? s[2] : 0u, len > 3u ? s[3] : 0u, len);
    test_number(have, want);
  }
  free(line);
}

static void test_span_utf8_reference_is_sound(void **state) {
  (void)state;
  static const struct {
    const char *text;
    size_t want;
  } rows[] = {
      {"A", 0u},
      {"\x7f", 0u},
      {"\xc3\xa9", 2u},
      {"\xe2\x82\xac", 3u},
      {"\xf0\x9f\x98\x80", 4u},
      {"\xc2\x80", 2u},
      {"\xc1\xbf", 0u},
      {"\xc0\x80", 0u},
      {"\xe0\x9f\xbf", 0u},
      {"\xe0\xa0\x80", 3u},
      {"\xed\x9f\xbf", 3u},
      {"\xed\xa0\x80", 0u},
      {"\xee\x80\x80", 3u},
      {"\xf0\x8f\xbf\xbf", 0u},
      {"\xf0\x90\x80\x80", 4u},
      {"\xf4\x8f\xbf\xbf", 4u},
      {"\xf4\x90\x80\x80", 0u},
      {"\xf5\x80\x80\x80", 0u},
      {"\x80", 0u},
      {"\xff\xff", 0u},
      {"\xc3", 0u},
      {"\xe2\x82", 0u},
      {"\xf0\x9f\x98", 0u},
      {"\xc3\xa9\xc3", 2u},
  };
  for (size_t i = 0u; i < COUNT(rows); i++) {
    const uint8_t *s = (const uint8_t *)rows[i].text;
    const size_t len = strlen(rows[i].text);
    test_label("row %zu", i);
    test_number(decoded_len(s, len), rows[i].want);
    uint8_t *line = test_copy(s, len);
    test_number(smtpc_utf8_len(line, smtpc_span_make(0u, len)), rows[i].want);
    free(line);
  }
}

static void test_span_utf8_equals_a_decoder(void **state) {
  (void)state;
  static const uint8_t tails[] = {0x00u, 0x2eu, 0x7fu, 0x80u, 0x81u, 0x8fu,
                                  0x90u, 0x9fu, 0xa0u, 0xbfu, 0xc0u, 0xffu};
  uint8_t s[5] = {0};
  check_utf8(s, 0u);
  for (unsigned first = 0u; first < 256u; first++) {
    s[0] = (uint8_t)first;
    check_utf8(s, 1u);
    for (unsigned second = 0u; second < 256u; second++) {
      s[1] = (uint8_t)second;
      check_utf8(s, 2u);
      for (size_t third = 0u; third < COUNT(tails); third++) {
        s[2] = tails[third];
        check_utf8(s, 3u);
        for (size_t fourth = 0u; first >= 0xefu && fourth < COUNT(tails);
             fourth++) {
          s[3] = tails[fourth];
          check_utf8(s, 4u);
          s[4] = 0x80u;
          check_utf8(s, 5u);
        }
      }
    }
  }
}

static void test_span_utf8_all_third_octets(void **state) {
  (void)state;
  for (unsigned first = 0xe0u; first < 0xf5u; first++) {
    for (unsigned third = 0u; third < 256u; third++) {
      const uint8_t s[4] = {(uint8_t)first, 0x90u, (uint8_t)third, 0xa5u};
      const uint8_t t[4] = {(uint8_t)first, 0x8fu, 0xa5u, (uint8_t)third};
      check_utf8(s, 4u);
      check_utf8(t, 4u);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_span_make_refuses_what_does_not_fit),
      cmocka_unit_test(test_span_len_of_a_malformed_span_is_0),
      cmocka_unit_test(test_span_next_takes_each_octet_once),
      cmocka_unit_test(test_span_next_reaches_the_last_offset),
      cmocka_unit_test(test_span_next_of_a_crossed_span_reads_nothing),
      cmocka_unit_test(test_span_find_gives_the_first_or_the_end),
      cmocka_unit_test(test_span_is_and_starts),
      cmocka_unit_test(test_span_is_folds_letters_alone),
      cmocka_unit_test(test_span_number_goldens),
      cmocka_unit_test(test_span_number_around_the_border),
      cmocka_unit_test(test_span_number_checks_every_octet),
      cmocka_unit_test(test_span_number_of_a_malformed_span),
      cmocka_unit_test(test_span_plain_run_all_places),
      cmocka_unit_test(test_span_plain_run_stops_at_the_first),
      cmocka_unit_test(test_span_plain_run_all_octets),
      cmocka_unit_test(test_span_plain_run_random),
      cmocka_unit_test(test_span_copy_copies_that_much),
      cmocka_unit_test(test_span_wipe_wipes_that_much),
      cmocka_unit_test(test_span_classes_generated),
      cmocka_unit_test(test_span_upper_generated),
      cmocka_unit_test(test_span_utf8_reference_is_sound),
      cmocka_unit_test(test_span_utf8_equals_a_decoder),
      cmocka_unit_test(test_span_utf8_all_third_octets),
  };
  return cmocka_run_group_tests_name("span", tests, NULL, NULL);
}
