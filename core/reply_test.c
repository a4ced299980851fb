#include "smtpcore/reply.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/model/reply_model.h"
#include "core/testing.h"
#include "smtpcore/line.h"

// ------------------------------------------------------------- single lines

typedef struct golden {
  const char *label;
  const char *line;
  size_t len;
  smtpc_status status;
  unsigned code;
  unsigned done;
  unsigned class;
  unsigned subject;
  unsigned detail;
  const char *text;
} golden;

#define LINE(label, line) label, line, sizeof(line) - 1u
#define GOOD(label, line, code, done, text) \
  { LINE(label, line), SMTPC_OK, code, done, 0u, 0u, 0u, text }
#define ENHANCED(label, line, code, done, c, s, d, text) \
  { LINE(label, line), SMTPC_OK, code, done, c, s, d, text }
#define BAD(label, line, status) \
  { LINE(label, line), status, 0u, 0u, 0u, 0u, 0u, "" }

static const golden goldens[] = {
    GOOD("code and text", "250 OK", 250u, 1u, "OK"),
    GOOD("code and hyphen", "250-first", 250u, 0u, "first"),
    GOOD("code alone", "250", 250u, 1u, ""),
    GOOD("code and space", "250 ", 250u, 1u, ""),
    GOOD("code and hyphen alone", "250-", 250u, 0u, ""),
    GOOD("the text keeps its spaces", "250  a ", 250u, 1u, " a "),
    GOOD("tab in the text", "250 a\tb", 250u, 1u, "a\tb"),
    GOOD("lowest code", "200 a", 200u, 1u, "a"),
    GOOD("highest code", "559 a", 559u, 1u, "a"),
    GOOD("354", "354 End data", 354u, 1u, "End data"),
    GOOD("a format string is text", "250 %s%n", 250u, 1u, "%s%n"),
    BAD("empty", "", SMTPC_E_REPLY_CODE),
    BAD("one digit", "2", SMTPC_E_REPLY_CODE),
    BAD("two digits", "25", SMTPC_E_REPLY_CODE),
    BAD("four digits", "2500", SMTPC_E_REPLY_CODE),
    BAD("four digits and text", "2500 OK", SMTPC_E_REPLY_CODE),
    BAD("no separator", "250x", SMTPC_E_REPLY_CODE),
    BAD("tab as separator", "250\tOK", SMTPC_E_REPLY_CODE),
    BAD("underscore as separator", "250_OK", SMTPC_E_REPLY_CODE),
    BAD("NUL as separator", "250\0OK", SMTPC_E_REPLY_CODE),
    BAD("000", "000 a", SMTPC_E_REPLY_CODE),
    BAD("199", "199 a", SMTPC_E_REPLY_CODE),
    BAD("260", "260 a", SMTPC_E_REPLY_CODE),
    BAD("600", "600 a", SMTPC_E_REPLY_CODE),
    BAD("999", "999 a", SMTPC_E_REPLY_CODE),
    BAD("a letter", "25o a", SMTPC_E_REPLY_CODE),
    BAD("a sign", "-250 a", SMTPC_E_REPLY_CODE),
    BAD("another sign", "+250 a", SMTPC_E_REPLY_CODE),
    BAD("a space first", " 250 a", SMTPC_E_REPLY_CODE),
    BAD("NUL first",
        "\0"
        "250 a",
        SMTPC_E_REPLY_CODE),
    BAD("hexadecimal", "0x250", SMTPC_E_REPLY_CODE),
    BAD("digits of another script", "\331\242\331\245\331\240 a",
        SMTPC_E_REPLY_CODE),
    BAD("NUL in the text", "250 a\0b", SMTPC_E_REPLY_TEXT),
    BAD("CR in the text", "250 a\rb", SMTPC_E_REPLY_TEXT),
    BAD("LF in the text", "250 a\nb", SMTPC_E_REPLY_TEXT),
    BAD("escape in the text", "250 a\033[2Jb", SMTPC_E_REPLY_TEXT),
    BAD("DEL in the text", "250 a\177", SMTPC_E_REPLY_TEXT),
    BAD("control after a tab", "250 \t\001", SMTPC_E_REPLY_TEXT),
    ENHANCED("enhanced code", "250 2.1.5 OK", 250u, 1u, 2u, 1u, 5u, "OK"),
    ENHANCED("enhanced code alone", "550 5.7.2", 550u, 1u, 5u, 7u, 2u, ""),
    ENHANCED("enhanced code, hyphen", "250-2.1.5 OK", 250u, 0u, 2u, 1u, 5u,
             "OK"),
    ENHANCED("enhanced code and space", "450 4.7.0 ", 450u, 1u, 4u, 7u, 0u, ""),
    ENHANCED("two spaces", "450 4.7.0  a", 450u, 1u, 4u, 7u, 0u, " a"),
    ENHANCED("longest enhanced code", "550 5.999.999 a", 550u, 1u, 5u, 999u,
             999u, "a"),
    GOOD("class 5 in a 250", "250 5.1.1 OK", 250u, 1u, "5.1.1 OK"),
    GOOD("class 2 in a 550", "550 2.1.1 no", 550u, 1u, "2.1.1 no"),
    GOOD("class 3 has none", "354 3.0.0 go", 354u, 1u, "3.0.0 go"),
    GOOD("four digits of subject", "550 5.1000.1 no", 550u, 1u, "5.1000.1 no"),
    GOOD("four digits of detail", "550 5.1.1000 no", 550u, 1u, "5.1.1000 no"),
    GOOD("no subject", "550 5..1 no", 550u, 1u, "5..1 no"),
    GOOD("no detail", "550 5.1. no", 550u, 1u, "5.1. no"),
    GOOD("two parts", "550 5.1 no", 550u, 1u, "5.1 no"),
    GOOD("two parts and the end", "550 5.1", 550u, 1u, "5.1"),
    GOOD("class and dot", "550 5.", 550u, 1u, "5."),
    GOOD("class alone", "550 5", 550u, 1u, "5"),
    GOOD("four parts", "550 5.1.1.1 no", 550u, 1u, "5.1.1.1 no"),
    GOOD("a letter after it", "550 5.1.1x no", 550u, 1u, "5.1.1x no"),
    GOOD("a tab after it", "550 5.1.1\tno", 550u, 1u, "5.1.1\tno"),
    GOOD("a space before it", "550  5.1.1 no", 550u, 1u, " 5.1.1 no"),
};

static void check_golden(const golden *row) {
  smtpc_reply reply;
  smtpc_span text = {9u, 9u};
  uint8_t *const line = test_copy(row->line, row->len);
  test_label("%s", row->label);
  smtpc_reply_init(&reply);
  test_number(smtpc_reply_line(&reply, line, row->len, 0, &text), row->status);
  test_number(reply.code, row->code);
  test_number(reply.done, row->done);
  test_number(reply.lines, row->status == SMTPC_OK);
  test_number(reply.enhanced_class, row->class);
  test_number(reply.enhanced_subject, row->subject);
  test_number(reply.enhanced_detail, row->detail);
  assert_true(text.end <= row->len);
  test_octets(line + text.begin, smtpc_span_len(text), row->text,
              strlen(row->text));
  free(line);
}

static void test_reply_lines(void **state) {
  (void)state;
  for (size_t i = 0u; i < sizeof goldens / sizeof goldens[0]; i++) {
    check_golden(&goldens[i]);
  }
}

static void test_reply_takes_8bit_only_when_asked(void **state) {
  (void)state;
  static const uint8_t line[] = "250 gr\303\274n";
  smtpc_reply reply;
  smtpc_span text;
  smtpc_reply_init(&reply);
  test_number(smtpc_reply_line(&reply, line, sizeof line - 1u, 0, &text),
              SMTPC_E_REPLY_TEXT);
  test_number(smtpc_reply_line(&reply, line, sizeof line - 1u, 1, &text),
              SMTPC_OK);
  test_octets(line + text.begin, smtpc_span_len(text), "gr\303\274n", 5u);
}

static void test_reply_every_code_of_three_octets(void **state) {
  (void)state;
  unsigned good = 0u;
  for (unsigned n = 0u; n < 256u * 4096u; n++) {
    // All octets in the first place, and those near the digits in the others.
    const uint8_t line[3] = {(uint8_t)(n >> 12), (uint8_t)(n >> 6 & 63u),
                             (uint8_t)(n & 63u)};
    smtpc_reply reply;
    smtpc_span text;
    smtpc_reply_init(&reply);
    if (smtpc_reply_line(&reply, line, 3u, 1, &text) == SMTPC_OK) {
      char want[16];
      (void)snprintf(want, sizeof want, "%u", (unsigned)reply.code);
      test_octets(line, 3u, want, strlen(want));
      good++;
    }
  }
  test_number(good, 4u * 6u * 10u);
}

// --------------------------------------------------------- several lines

// Feeds a stream of lines in pieces of `cut` octets; returns the first error,
// or SMTPC_OK. `*done` counts the replies that were whole.
static smtpc_status read_stream(const char *stream, size_t cut, unsigned *done,
                                smtpc_reply *reply, char *texts) {
  static smtpc_line line;
  const size_t len = strlen(stream);
  size_t off = 0u;
  smtpc_status st = SMTPC_OK;
  smtpc_line_init(&line);
  smtpc_reply_init(reply);
  *done = 0u;
  texts[0] = '\0';
  while (off < len && st == SMTPC_OK) {
    const size_t piece = test_cut_next(cut, len - off);
    uint8_t *const data = test_copy(stream + off, piece);
    size_t used = 0u;
    const smtpc_status fed =
        smtpc_line_feed(&line, SMTPC_REPLY_LINE_MAX, 0, data, piece, &used);
    off += used;
    free(data);
    if (fed == SMTPC_MORE) {
      continue;
    }
    smtpc_span text = {0u, 0u};
    if (reply->done != 0u) {
      smtpc_reply_init(reply);
    }
    st = fed == SMTPC_OK
             ? smtpc_reply_line(reply, line.data, line.len, 0, &text)
             : fed;
    *done += reply->done;
    (void)strncat(texts, (const char *)line.data + text.begin,
                  smtpc_span_len(text));
    (void)strcat(texts, "|");
    smtpc_line_next(&line);
  }
  return st;
}

static void test_reply_of_several_lines(void **state) {
  (void)state;
  static const struct {
    const char *label;
    const char *stream;
    smtpc_status status;
    unsigned code;
    unsigned done;
    const char *texts;
  } rows[] = {
      {"one line", "220 mail.example ready\r\n", SMTPC_OK, 220u, 1u,
       "mail.example ready|"},
      {"three lines", "250-a\r\n250-b\r\n250 c\r\n", SMTPC_OK, 250u, 1u,
       "a|b|c|"},
      {"the last one bare", "220-a\r\n220\r\n", SMTPC_OK, 220u, 1u, "a||"},
      {"empty lines of text", "250-\r\n250-\r\n250 \r\n", SMTPC_OK, 250u, 1u,
       "|||"},
      {"no last line yet", "250-a\r\n250-b\r\n", SMTPC_OK, 250u, 0u, "a|b|"},
      {"two replies", "250 a\r\n550 b\r\n", SMTPC_OK, 550u, 2u, "a|b|"},
      {"enhanced code on each line", "250-2.0.0 a\r\n250 2.0.0 b\r\n", SMTPC_OK,
       250u, 1u, "a|b|"},
      {"another code", "250-a\r\n550 b\r\n", SMTPC_E_REPLY_MIXED, 250u, 0u,
       "a||"},
      {"another code, not the last", "250-a\r\n251-b\r\n250 c\r\n",
       SMTPC_E_REPLY_MIXED, 250u, 0u, "a||"},
      {"no separator", "250-a\r\n250b\r\n", SMTPC_E_REPLY_CODE, 250u, 0u,
       "a||"},
      {"no code", "250-a\r\n-b\r\n", SMTPC_E_REPLY_CODE, 250u, 0u, "a||"},
      {"an empty line", "250-a\r\n\r\n250 b\r\n", SMTPC_E_REPLY_CODE, 250u, 0u,
       "a||"},
      {"a bare LF between", "250-a\n250 b\r\n", SMTPC_E_BARE_LF, 0u, 0u, "|"},
      {"a bare CR", "250-ST\rARTTLS\r\n", SMTPC_E_BARE_CR, 0u, 0u, "|"},
  };
  for (size_t i = 0u; i < sizeof rows / sizeof rows[0]; i++) {
    for (size_t cut = 0u; cut <= TEST_CUT_MAX; cut++) {
      smtpc_reply reply;
      unsigned done = 0u;
      char texts[200];
      test_label("%s, cut %zu", rows[i].label, cut);
      const smtpc_status st =
          read_stream(rows[i].stream, cut, &done, &reply, texts);
      test_number(st, rows[i].status);
      test_number(reply.code, rows[i].code);
      test_number(done, rows[i].done);
      test_octets(texts, strlen(texts), rows[i].texts, strlen(rows[i].texts));
    }
  }
}

// The enhanced code is that of the first line, and nothing of an earlier reply.
static void test_reply_keeps_the_first_enhanced_code(void **state) {
  (void)state;
  smtpc_reply reply;
  unsigned done = 0u;
  char texts[200];
  test_number(
      read_stream("550-5.1.1 a\r\n550 5.7.2 b\r\n", 0u, &done, &reply, texts),
      SMTPC_OK);
  test_number(reply.enhanced_class, 5);
  test_number(reply.enhanced_subject, 1);
  test_number(reply.enhanced_detail, 1);
  test_number(read_stream("550-a\r\n550 5.7.2 b\r\n", 0u, &done, &reply, texts),
              SMTPC_OK);
  test_number(reply.enhanced_class, 0);
  test_number(read_stream("550 5.1.1 a\r\n550 b\r\n", 0u, &done, &reply, texts),
              SMTPC_OK);
  test_number(reply.enhanced_class, 0);
  test_number(reply.enhanced_subject, 0);
  test_number(reply.enhanced_detail, 0);
}

// Law CODE: two replies that differ in their text alone are the same to a
// client.
static void test_reply_law_code(void **state) {
  (void)state;
  static const char *const texts[] = {
      "", " ", " OK", " 550 no", " ESMTP", " 354 go ahead", " 4.x"};
  smtpc_reply want;
  smtpc_span text;
  smtpc_reply_init(&want);
  const uint8_t bare[] = {'2', '5', '0'};
  test_number(smtpc_reply_line(&want, bare, 3u, 0, &text), SMTPC_OK);
  for (size_t i = 0u; i < sizeof texts / sizeof texts[0]; i++) {
    char line[32];
    (void)snprintf(line, sizeof line, "250%s", texts[i]);
    uint8_t *const copy = test_copy(line, strlen(line));
    smtpc_reply have;
    test_label("%s", line);
    smtpc_reply_init(&have);
    test_number(smtpc_reply_line(&have, copy, strlen(line), 0, &text),
                SMTPC_OK);
    test_octets(&have, sizeof have, &want, sizeof want);
    free(copy);
  }
}

static void test_reply_has_a_greatest_number_of_lines(void **state) {
  (void)state;
  static const uint8_t more[] = {'2', '5', '0', '-', 'a'};
  static const uint8_t last[] = {'2', '5', '0', ' ', 'a'};
  smtpc_reply reply;
  smtpc_span text;
  smtpc_reply_init(&reply);
  for (unsigned n = 1u; n < SMTPC_REPLY_LINES_MAX; n++) {
    test_number(smtpc_reply_line(&reply, more, 5u, 0, &text), SMTPC_OK);
  }
  smtpc_reply other = reply;
  test_number(smtpc_reply_line(&other, last, 5u, 0, &text), SMTPC_OK);
  test_number(other.lines, SMTPC_REPLY_LINES_MAX);
  test_number(other.done, 1);
  test_number(smtpc_reply_line(&reply, more, 5u, 0, &text), SMTPC_OK);
  for (unsigned n = 0u; n < 3u; n++) {
    test_number(smtpc_reply_line(&reply, more, 5u, 0, &text), SMTPC_E_TOO_MANY);
    test_number(smtpc_reply_line(&reply, last, 5u, 0, &text), SMTPC_E_TOO_MANY);
    test_number(reply.lines, SMTPC_REPLY_LINES_MAX);
    test_number(reply.done, 0);
  }
}

static void test_reply_done_takes_no_line(void **state) {
  (void)state;
  static const uint8_t line[] = {'2', '5', '0', ' ', 'a'};
  smtpc_reply reply;
  smtpc_span text;
  smtpc_reply_init(&reply);
  test_number(smtpc_reply_line(&reply, line, 5u, 0, &text), SMTPC_OK);
  const smtpc_reply before = reply;
  test_number(smtpc_reply_line(&reply, line, 5u, 0, &text), SMTPC_E_STATE);
  test_octets(&reply, sizeof reply, &before, sizeof before);
  test_number(smtpc_span_len(text), 0);
}

static void test_reply_refuses_a_line_beyond_spans(void **state) {
  (void)state;
  uint8_t *const line = malloc(65536u);
  assert_non_null(line);
  memset(line, 'a', 65536u);
  memcpy(line, "250 ", 4u);
  smtpc_reply reply;
  smtpc_span text;
  smtpc_reply_init(&reply);
  test_number(smtpc_reply_line(&reply, line, 65536u, 0, &text),
              SMTPC_E_ARGUMENT);
  test_number(smtpc_reply_line(&reply, line, 65535u, 0, &text), SMTPC_OK);
  test_number(smtpc_span_len(text), 65531);
  free(line);
}

// ---------------------------------------------------------------- compared

static void compare_line(const uint8_t *data, size_t len, int allow_8bit) {
  uint8_t *const line = test_copy(data, len);
  const smtpc_model_reply want = smtpc_model_reply_read(line, len, allow_8bit);
  smtpc_reply have;
  smtpc_span text;
  smtpc_reply_init(&have);
  test_number(smtpc_reply_line(&have, line, len, allow_8bit, &text),
              want.status);
  if (want.status == SMTPC_OK) {
    test_number(have.code, want.code);
    test_number(have.done, want.last);
    test_number(have.enhanced_class, want.enhanced[0]);
    test_number(have.enhanced_subject, want.enhanced[1]);
    test_number(have.enhanced_detail, want.enhanced[2]);
    test_number(text.begin, want.text);
    test_number(text.end, len);
  } else {
    test_number(have.code, 0);
    test_number(smtpc_span_len(text), 0);
  }
  free(line);
}

// Changes a line in one place: an octet replaced, taken out, put in or doubled.
static size_t mutate(uint64_t *seed, uint8_t *line, size_t len, size_t room) {
  static const uint8_t likely[] = "0123456789.- \t\0\r\n\177\200x25";
  const size_t at = len > 0u ? test_random(seed) % len : 0u;
  const uint32_t pick = test_random(seed);
  const uint8_t octet = pick % 4u == 0u
                            ? (uint8_t)(pick >> 8)
                            : likely[(pick >> 8) % (sizeof likely - 1u)];
  const uint32_t how = test_random(seed) % 3u;
  if (how == 0u && len > 0u) {
    line[at] = octet;
  } else if (how == 1u && len > 0u) {
    memmove(line + at, line + at + 1u, len - at - 1u);
    len--;
  } else if (len < room) {
    memmove(line + at + 1u, line + at, len - at);
    line[at] = octet;
    len++;
  }
  return len;
}

static void test_reply_equals_model_on_mutated_lines(void **state) {
  (void)state;
  uint64_t seed = 250u;
  for (unsigned n = 0u; n < 200000u; n++) {
    const golden *const row =
        &goldens[test_random(&seed) % (sizeof goldens / sizeof goldens[0])];
    uint8_t line[64];
    size_t len = row->len;
    memcpy(line, row->line, len);
    const uint32_t changes = test_random(&seed) % 4u;
    for (uint32_t i = 0u; i < changes; i++) {
      len = mutate(&seed, line, len, sizeof line);
    }
    test_label("line %u", n);
    compare_line(line, len, (int)(n & 1u));
  }
}

// Adds one line to both, and compares all that they know of the reply.
static void add_to_both(smtpc_reply *have, smtpc_model_whole *want,
                        const uint8_t *data, size_t len, int allow_8bit) {
  uint8_t *const line = test_copy(data, len);
  smtpc_span text = {9u, 9u};
  size_t begin = 0u;
  const smtpc_status status =
      smtpc_model_reply_add(want, line, len, allow_8bit, &begin);
  test_number(smtpc_reply_line(have, line, len, allow_8bit, &text), status);
  test_number(have->lines, want->lines);
  test_number(have->done, want->done);
  test_number(have->code, want->first.code);
  test_number(have->enhanced_class, want->first.enhanced[0]);
  test_number(have->enhanced_subject, want->first.enhanced[1]);
  test_number(have->enhanced_detail, want->first.enhanced[2]);
  test_number(have->reserved[0] + have->reserved[1], 0);
  test_number(smtpc_span_len(text), len - begin);
  if (status == SMTPC_OK) {
    test_number(text.begin, begin);
  }
  free(line);
}

// Lines of one reply, most of them with its code and a hyphen.
static void test_reply_equals_model_on_replies_of_several_lines(void **state) {
  (void)state;
  static const char *const starts[] = {"250-", "250-", "250-", "250 ",
                                       "250",  "550-", "251-", "25-"};
  static const char *const texts[] = {"",           "2.1.5",        "2.1.5 a",
                                      "5.1.1 a",    "mail.example", "2.0.0\t",
                                      "2.999.999 ", "\303\274"};
  uint64_t seed = 2034u;
  unsigned errors = 0u;
  for (unsigned n = 0u; n < 60000u; n++) {
    smtpc_reply have;
    smtpc_model_whole want = {0};
    smtpc_reply_init(&have);
    test_label("reply %u", n);
    for (unsigned i = 0u; i < 6u; i++) {
      uint8_t line[64];
      const size_t room = sizeof line;
      size_t len = (size_t)snprintf((char *)line, room, "%s%s",
                                    starts[test_random(&seed) % 8u],
                                    texts[test_random(&seed) % 8u]);
      if (test_random(&seed) % 8u == 0u) {
        len = mutate(&seed, line, len, room);
      }
      add_to_both(&have, &want, line, len, (int)(n & 1u));
      errors += want.lines != i + 1u;
    }
  }
  test_label("replies with errors");
  assert_true(errors > 60000u);
}

// To the greatest number of lines and past it.
static void test_reply_equals_model_on_long_replies(void **state) {
  (void)state;
  smtpc_reply have;
  smtpc_model_whole want = {0};
  smtpc_reply_init(&have);
  for (unsigned n = 0u; n < 520u; n++) {
    test_label("line %u", n);
    add_to_both(&have, &want, (const uint8_t *)"250-a", 5u, 0);
  }
  add_to_both(&have, &want, (const uint8_t *)"250 a", 5u, 0);
  add_to_both(&have, &want, (const uint8_t *)"550 a", 5u, 0);
  add_to_both(&have, &want, (const uint8_t *)"250 \001", 5u, 0);
}

// Each octet at each place of a text that is longer than a block of the
// scanner.
static void test_reply_equals_model_at_each_place_of_a_block(void **state) {
  (void)state;
  for (size_t len = 4u; len < 80u; len++) {
    uint8_t line[80];
    memset(line, 'a', sizeof line);
    memcpy(line, "250-", 4u);
    test_label("line of %zu", len);
    compare_line(line, len, 0);
  }
  for (size_t at = 0u; at < 45u; at++) {
    for (unsigned c = 0u; c < 256u; c++) {
      uint8_t line[49];
      memset(line, 'a', sizeof line);
      memcpy(line, "250-", 4u);
      line[4u + at] = (uint8_t)c;
      test_label("octet %u at %zu", c, at);
      compare_line(line, sizeof line, 0);
      compare_line(line, sizeof line, 1);
    }
  }
}

// All short texts over the letters of an enhanced code.
static void test_reply_equals_model_on_all_short_texts(void **state) {
  (void)state;
  static const uint8_t letters[4] = {'2', '.', ' ', '5'};
  for (size_t len = 0u; len <= 8u; len++) {
    for (size_t n = 0u; n < (size_t)1u << (2u * len); n++) {
      uint8_t line[16] = {'2', '5', '0', ' '};
      for (size_t i = 0u; i < len; i++) {
        line[4u + i] = letters[n >> (2u * i) & 3u];
      }
      test_label("text %zu of length %zu", n, len);
      compare_line(line, 4u + len, 0);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_reply_lines),
      cmocka_unit_test(test_reply_takes_8bit_only_when_asked),
      cmocka_unit_test(test_reply_every_code_of_three_octets),
      cmocka_unit_test(test_reply_of_several_lines),
      cmocka_unit_test(test_reply_keeps_the_first_enhanced_code),
      cmocka_unit_test(test_reply_law_code),
      cmocka_unit_test(test_reply_has_a_greatest_number_of_lines),
      cmocka_unit_test(test_reply_done_takes_no_line),
      cmocka_unit_test(test_reply_refuses_a_line_beyond_spans),
      cmocka_unit_test(test_reply_equals_model_on_mutated_lines),
      cmocka_unit_test(test_reply_equals_model_on_replies_of_several_lines),
      cmocka_unit_test(test_reply_equals_model_on_long_replies),
      cmocka_unit_test(test_reply_equals_model_at_each_place_of_a_block),
      cmocka_unit_test(test_reply_equals_model_on_all_short_texts),
  };
  return cmocka_run_group_tests_name("reply", tests, NULL, NULL);
}
