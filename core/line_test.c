#include "smtpcore/line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/model/line_model.h"
#include "core/testing.h"

#define EVENTS_MAX 32u

// One thing that a stream held: a line, an error, or the end of an endless
// line.
typedef struct event {
  smtpc_status status;
  size_t error_off;
  size_t begin;  // where the line began in the stream
  size_t end;    // and where its end ended
  size_t len;
  bool lf;  // a bare LF ended it
} event;

typedef struct events {
  size_t count;
  size_t taken;   // octets taken of the stream
  bool is_empty;  // whether the assembler held nothing at the end
  event at[EVENTS_MAX];
} events;

// What the assembler is fed with, beside octets.
typedef struct limits {
  size_t max;
  bool lf_ends;
} limits;

static smtpc_line shared;

static void add_event(events *out, event one) {
  assert_true(out->count < EVENTS_MAX);
  out->at[out->count++] = one;
}

// Feeds one piece. Returns false when the line is endless.
static bool feed_piece(smtpc_line *line, limits by, const uint8_t *stream,
                       size_t len, events *out) {
  const uint8_t *const from = stream + out->taken;
  uint8_t *const piece = test_copy(from, len);
  size_t off = 0u;
  smtpc_status st = SMTPC_OK;
  while (off < len && st != SMTPC_E_LINE_ENDLESS) {
    size_t used = 0u;
    const size_t begin = out->taken - line->seen;
    st = smtpc_line_feed(line, by.max, by.lf_ends, piece + off, len - off,
                         &used);
    assert_true(used <= len - off);
    off += used;
    out->taken += used;
    if (st != SMTPC_MORE) {
      const event one = {st,         line->error_off, begin,
                         out->taken, line->len,       line->lf != 0u};
      add_event(out, one);
      test_octets(line->data, line->len, stream + begin, line->len);
      smtpc_line_next(line);
    } else {
      test_number(off, len);
    }
  }
  free(piece);
  return st != SMTPC_E_LINE_ENDLESS;
}

// Feeds all of a stream in pieces of `cut` octets.
static void run_core(const uint8_t *stream, size_t len, limits by, size_t cut,
                     events *out) {
  out->count = 0u;
  out->taken = 0u;
  if (shared.seen != 0u || shared.state != 0u) {
    smtpc_line_init(&shared);
  }
  size_t left = len;
  bool going = true;
  while (left > 0u && going) {
    const size_t piece = test_cut_next(cut, left);
    going = feed_piece(&shared, by, stream, piece, out);
    left -= piece;
  }
  out->is_empty = smtpc_line_is_empty(&shared) != 0;
}

static void run_model(const uint8_t *stream, size_t len, limits by,
                      events *out) {
  out->count = 0u;
  out->taken = 0u;
  out->is_empty = true;
  smtpc_status st = SMTPC_OK;
  while (out->taken < len && st != SMTPC_MORE && st != SMTPC_E_LINE_ENDLESS) {
    const size_t begin = out->taken;
    const smtpc_model_line line =
        smtpc_model_line_read(stream + begin, len - begin, by.max, by.lf_ends);
    st = line.status;
    out->taken += line.used;
    if (st != SMTPC_MORE) {
      const event one = {st,         line.error_off, begin,
                         out->taken, line.len,       line.lf};
      add_event(out, one);
    }
    out->is_empty = st != SMTPC_MORE && st != SMTPC_E_LINE_ENDLESS;
  }
}

static void compare(const events *have, const events *want) {
  test_number(have->count, want->count);
  test_number(have->taken, want->taken);
  test_number(have->is_empty, want->is_empty);
  for (size_t i = 0u; i < want->count; i++) {
    test_number(have->at[i].status, want->at[i].status);
    test_number(have->at[i].begin, want->at[i].begin);
    test_number(have->at[i].end, want->at[i].end);
    test_number(have->at[i].len, want->at[i].len);
    test_number(have->at[i].lf, want->at[i].lf);
    if (want->at[i].status != SMTPC_E_LINE_ENDLESS) {
      test_number(have->at[i].error_off, want->at[i].error_off);
    }
  }
}

// Compares the core, whole and in pieces of 1 to `cuts`, with the model, with
// and without the quirk line-lf.
static void compare_cuts(const uint8_t *stream, size_t len, size_t max,
                         size_t cuts) {
  events want;
  events have;
  for (int lf_ends = 0; lf_ends <= 1; lf_ends++) {
    const limits by = {max, lf_ends != 0};
    run_model(stream, len, by, &want);
    for (size_t cut = 0u; cut <= cuts; cut++) {
      run_core(stream, len, by, cut, &have);
      compare(&have, &want);
    }
  }
}

// ------------------------------------------------------------------ golden

typedef struct golden {
  const char *label;
  const char *stream;
  size_t len;
  const char *want;  // one word for each line: status[text] or status@offset
} golden;

#define ROW(label, stream, want) \
  { label, stream, sizeof(stream) - 1u, want }

static const golden goldens[] = {
    ROW("one line", "QUIT\r\n", "ok[QUIT]"),
    ROW("an empty line", "\r\n", "ok[]"),
    ROW("two lines", "RSET\r\nQUIT\r\n", "ok[RSET] ok[QUIT]"),
    ROW("a line and a part", "RSET\r\nQU", "ok[RSET] more"),
    ROW("only a CR so far", "RSET\r", "more"),
    ROW("bare LF", "a\nb\r\nQUIT\r\n", "bare-lf@1 ok[QUIT]"),
    ROW("LF alone is no end", "QUIT\n", "more"),
    ROW("LF at the start", "\nQUIT\r\n", "bare-lf@0"),
    ROW("bare CR", "a\rb\r\nQUIT\r\n", "bare-cr@1 ok[QUIT]"),
    ROW("deleting CR would make QUIT", "Q\rU\rIT\r\n", "bare-cr@1"),
    ROW("CR CR LF", "QUIT\r\r\n", "bare-cr@4"),
    ROW("CR CR LF alone", "\r\r\nQUIT\r\n", "bare-cr@0 ok[QUIT]"),
    ROW("LF CR", "a\n\rb\r\n", "bare-lf@1"),
    ROW("NUL", "EHLO a\0b\r\nQUIT\r\n", "nul@6 ok[QUIT]"),
    ROW("NUL first",
        "\0"
        "250 x\r\n",
        "nul@0"),
    ROW("NUL between CR and LF", "a\r\0\n\r\n", "bare-cr@1"),
    ROW("the first error counts", "a\nb\rc\0\r\n", "bare-lf@1"),
    ROW("the tail of a bad line is no line", "a\nQUIT\r\nRSET\r\n",
        "bare-lf@1 ok[RSET]"),
    ROW("other controls are octets", "\001\t\013\014\033\177\r\n",
        "ok[\001\t\013\014\033\177]"),
    ROW("8-bit octets are octets", "\200\212\215\377\r\n",
        "ok[\200\212\215\377]"),
    ROW("CR and LF with the high bit", "a\215\212b\r\n", "ok[a\215\212b]"),
    ROW("Unicode line ends", "a\342\200\250b\302\205c\r\n",
        "ok[a\342\200\250b\302\205c]"),
};

// What the quirk line-lf makes of a stream. `,lf` marks a line that a bare LF
// ended.
static const golden lf_goldens[] = {
    ROW("CRLF stays an end", "RSET\r\nQUIT\r\n", "ok[RSET] ok[QUIT]"),
    ROW("LF is an end", "RSET\nQUIT\n", "ok[RSET],lf ok[QUIT],lf"),
    ROW("ends in turn", "a\nb\r\nc\n", "ok[a],lf ok[b] ok[c],lf"),
    ROW("an empty line", "\nQUIT\r\n", "ok[],lf ok[QUIT]"),
    ROW("LF LF", "\n\n", "ok[],lf ok[],lf"),
    ROW("LF CR LF", "a\n\r\n", "ok[a],lf ok[]"),
    ROW("a part", "RSET\nQU", "ok[RSET],lf more"),
    ROW("only a CR so far", "RSET\n\r", "ok[RSET],lf more"),
    ROW("after a bare CR", "a\rb\nQUIT\n", "bare-cr@1,lf ok[QUIT],lf"),
    ROW("CR is no end", "a\rb\r\n", "bare-cr@1"),
    ROW("CR CR LF", "QUIT\r\r\n", "bare-cr@4"),
    ROW("after NUL", "a\0b\nQUIT\n", "nul@1,lf ok[QUIT],lf"),
    ROW("NUL between CR and LF", "a\r\0\nb\n", "bare-cr@1,lf ok[b],lf"),
    ROW("LF with the high bit", "a\212b\n", "ok[a\212b],lf"),
    ROW("two lines where strict sees one", "STARTTLS\nRSET\r\n",
        "ok[STARTTLS],lf ok[RSET]"),
};

static void print_events(const events *list, const uint8_t *stream, char *out,
                         size_t room) {
  size_t at = 0u;
  out[0] = '\0';
  for (size_t i = 0u; i < list->count; i++) {
    const event *one = &list->at[i];
    const char *const gap = i > 0u ? " " : "";
    const char *const name = smtpc_status_name(one->status);
    const char *const lf = one->lf ? ",lf" : "";
    int n = 0;
    if (one->status == SMTPC_OK) {
      n = snprintf(out + at, room - at, "%s%s[%.*s]%s", gap, name,
                   (int)one->len, (const char *)stream + one->begin, lf);
    } else {
      n = snprintf(out + at, room - at, "%s%s@%zu%s", gap, name, one->error_off,
                   lf);
    }
    at += (size_t)n;
  }
  if (!list->is_empty) {
    (void)snprintf(out + at, room - at, "%smore", at > 0u ? " " : "");
  }
}

static void check_goldens(const golden *rows, size_t count, bool lf_ends) {
  const limits by = {512u, lf_ends};
  for (size_t i = 0u; i < count; i++) {
    const golden *row = &rows[i];
    const uint8_t *const stream = (const uint8_t *)row->stream;
    for (size_t cut = 0u; cut <= TEST_CUT_MAX; cut++) {
      events have;
      char text[400];
      test_label("%s, cut %zu, lf_ends %d", row->label, cut, lf_ends);
      run_core(stream, row->len, by, cut, &have);
      print_events(&have, stream, text, sizeof text);
      test_octets(text, strlen(text), row->want, strlen(row->want));
    }
  }
}

static void test_line_goldens(void **state) {
  (void)state;
  check_goldens(goldens, sizeof goldens / sizeof goldens[0], false);
}

static void test_line_lf_goldens(void **state) {
  (void)state;
  check_goldens(lf_goldens, sizeof lf_goldens / sizeof lf_goldens[0], true);
}

// ---------------------------------------------------------------- compared

static void test_line_equals_model_on_all_short_strings(void **state) {
  (void)state;
  static const uint8_t alphabet[4] = {'\r', '\n', 0u, 'a'};
  static const size_t maxima[] = {2u, 3u, 4u, 5u, 7u, 512u};
  for (size_t len = 0u; len <= 8u; len++) {
    const size_t count = (size_t)1u << (2u * len);
    for (size_t n = 0u; n < count; n++) {
      uint8_t stream[8];
      for (size_t i = 0u; i < len; i++) {
        stream[i] = alphabet[(n >> (2u * i)) & 3u];
      }
      for (size_t m = 0u; m < sizeof maxima / sizeof maxima[0]; m++) {
        test_label("string %zu of length %zu, max %zu", n, len, maxima[m]);
        compare_cuts(stream, len, maxima[m], len <= 6u ? TEST_CUT_MAX : 0u);
      }
    }
  }
}

// A stream without a bare LF means the same with the quirk line-lf.
static void test_line_lf_changes_no_strict_line(void **state) {
  (void)state;
  static const uint8_t alphabet[4] = {'\r', '\n', 0u, 'a'};
  for (size_t n = 0u; n < (size_t)1u << 16u; n++) {
    uint8_t stream[8];
    events strict;
    events lax;
    bool bare = false;
    for (size_t i = 0u; i < sizeof stream; i++) {
      stream[i] = alphabet[(n >> (2u * i)) & 3u];
      bare |= stream[i] == 10u && (i == 0u || stream[i - 1u] != 13u);
    }
    test_label("string %zu", n);
    if (!bare) {
      run_core(stream, sizeof stream, (limits){512u, false}, 0u, &strict);
      run_core(stream, sizeof stream, (limits){512u, true}, 0u, &lax);
      compare(&lax, &strict);
    }
  }
}

// A special octet at each place of a line, so that each falls on each place of
// a scanner's block.
static void test_line_equals_model_at_each_place_of_a_block(void **state) {
  (void)state;
  static const char *const specials[] = {
      "\r", "\n", "\r\r", "\n\r", "\r\n", "\r\n\r", "\n\n", "x", "\r\r\n\n"};
  for (size_t s = 0u; s < sizeof specials / sizeof specials[0]; s++) {
    const size_t special = strlen(specials[s]);
    for (size_t at = 0u; at < 110u; at++) {
      uint8_t stream[140];
      memset(stream, 'a', sizeof stream);
      memcpy(stream + at, specials[s], special);
      memcpy(stream + 130, "\r\nQUIT\r\n", 8u);
      test_label("special %zu at %zu", s, at);
      compare_cuts(stream, 138u, 200u, TEST_CUT_MAX);
      compare_cuts(stream, 138u, 100u, 1u);
      stream[at] = 0u;
      compare_cuts(stream, 138u, 200u, TEST_CUT_MAX);
    }
  }
}

static void test_line_only_cr_lf_nul_are_special(void **state) {
  (void)state;
  for (unsigned c = 0u; c < 256u; c++) {
    const uint8_t stream[] = {'a', (uint8_t)c, 'b', '\r', '\n'};
    events have;
    test_label("octet %u", c);
    run_core(stream, sizeof stream, (limits){512u, false}, 0u, &have);
    test_number(have.count, 1);
    const bool special = c == 0u || c == 10u || c == 13u;
    test_number(have.at[0].status == SMTPC_OK, !special);
    compare_cuts(stream, sizeof stream, 512u, TEST_CUT_MAX);
  }
}

// Law SPLIT, on streams longer than a scanner's block.
static void test_line_law_split(void **state) {
  (void)state;
  static const char *const parts[] = {
      "\r\n",
      "\r",
      "\n",
      "\r\n",
      "MAIL FROM:<a@example.com>",
      ".",
      "x\r\n",
      "a line that is longer than one block of the scanner, by some"};
  uint64_t seed = 20261u;
  for (unsigned n = 0u; n < 5000u; n++) {
    uint8_t stream[1024];
    size_t len = 0u;
    const uint32_t count = test_random(&seed) % 14u;
    for (uint32_t i = 0u; i < count; i++) {
      const char *const part = parts[test_random(&seed) % 8u];
      memcpy(stream + len, part, strlen(part));
      len += strlen(part);
    }
    if (len > 0u && test_random(&seed) % 4u == 0u) {
      stream[test_random(&seed) % len] = 0u;
    }
    test_label("stream %u", n);
    compare_cuts(stream, len, 64u + test_random(&seed) % 64u, TEST_CUT_MAX);
  }
}

// ------------------------------------------------------------------ limits

// A stream of `text` octets, `end`, and one more line; the caller frees it.
static uint8_t *long_line(size_t text, const char *end, size_t *len) {
  const size_t tail = strlen(end);
  *len = text + tail + 6u;
  uint8_t *const stream = malloc(*len);
  assert_non_null(stream);
  memset(stream, 'a', text);
  memcpy(stream + text, end, tail);
  memcpy(stream + text + tail, "NOOP\r\n", 6u);
  return stream;
}

static void check_long_line(size_t text, const char *end, size_t max,
                            smtpc_status want) {
  size_t len = 0u;
  uint8_t *const stream = long_line(text, end, &len);
  events have;
  test_label("%zu octets of text and %zu, max %zu", text, strlen(end), max);
  run_core(stream, len, (limits){max, strlen(end) == 1u}, 0u, &have);
  test_number(have.at[0].status, want);
  compare_cuts(stream, len, max, TEST_CUT_MAX);
  free(stream);
}

static void test_line_limit_counts_the_crlf(void **state) {
  (void)state;
  static const size_t maxima[] = {2u, 512u, 1024u, SMTPC_LINE_MAX};
  for (size_t i = 0u; i < sizeof maxima / sizeof maxima[0]; i++) {
    const size_t max = maxima[i];
    check_long_line(max - 2u, "\r\n", max, SMTPC_OK);
    check_long_line(max - 1u, "\r\n", max, SMTPC_E_LINE_TOO_LONG);
    check_long_line(max, "\r\n", max, SMTPC_E_LINE_TOO_LONG);
    check_long_line(max + 1u, "\r\n", max, SMTPC_E_LINE_TOO_LONG);
    check_long_line(max + 5000u, "\r\n", max, SMTPC_E_LINE_TOO_LONG);
  }
}

static void test_line_limit_counts_the_lf(void **state) {
  (void)state;
  static const size_t maxima[] = {2u, 512u, SMTPC_LINE_MAX};
  for (size_t i = 0u; i < sizeof maxima / sizeof maxima[0]; i++) {
    const size_t max = maxima[i];
    check_long_line(max - 1u, "\n", max, SMTPC_OK);
    check_long_line(max, "\n", max, SMTPC_E_LINE_TOO_LONG);
    check_long_line(max + 5000u, "\n", max, SMTPC_E_LINE_TOO_LONG);
  }
  const size_t limit = 512u + SMTPC_LINE_DISCARD_MAX;
  check_long_line(limit - 1u, "\n", 512u, SMTPC_E_LINE_TOO_LONG);
  check_long_line(limit, "\n", 512u, SMTPC_E_LINE_ENDLESS);
}

static void test_line_discards_up_to_a_limit(void **state) {
  (void)state;
  const size_t limit = 512u + SMTPC_LINE_DISCARD_MAX;
  check_long_line(limit - 2u, "\r\n", 512u, SMTPC_E_LINE_TOO_LONG);
  check_long_line(limit - 1u, "\r\n", 512u, SMTPC_E_LINE_ENDLESS);
  check_long_line(limit, "\r\n", 512u, SMTPC_E_LINE_ENDLESS);
  check_long_line(limit + 1u, "\r\n", 512u, SMTPC_E_LINE_ENDLESS);
}

static void test_line_endless_is_for_ever(void **state) {
  (void)state;
  static smtpc_line line;
  smtpc_line_init(&line);
  uint8_t piece[4096];
  memset(piece, 'a', sizeof piece);
  smtpc_status st = SMTPC_MORE;
  size_t total = 0u;
  for (unsigned n = 0u; n < 100u && st == SMTPC_MORE; n++) {
    size_t used = 0u;
    st = smtpc_line_feed(&line, 512u, 0, piece, sizeof piece, &used);
    total += used;
  }
  test_number(st, SMTPC_E_LINE_ENDLESS);
  test_number(total, 512u + SMTPC_LINE_DISCARD_MAX);
  for (unsigned n = 0u; n < 3u; n++) {
    size_t used = 7u;
    smtpc_line_next(&line);
    const uint8_t crlf[] = {'\r', '\n'};
    st = smtpc_line_feed(&line, 512u, 0, crlf, sizeof crlf, &used);
    test_number(st, SMTPC_E_LINE_ENDLESS);
    test_number(used, 0);
    test_number(smtpc_line_feed(&line, 512u, 0, crlf, 0u, &used),
                SMTPC_E_LINE_ENDLESS);
    test_number(smtpc_line_is_empty(&line), 0);
  }
  smtpc_line_init(&line);
  test_number(smtpc_line_is_empty(&line), 1);
}

// ------------------------------------------------------------------ misuse

static void test_line_must_be_let_go(void **state) {
  (void)state;
  static smtpc_line line;
  smtpc_line_init(&line);
  uint8_t *const data = test_copy("RSET\r\nQUIT\r\n", 12u);
  size_t used = 0u;
  test_number(smtpc_line_feed(&line, 512u, 0, data, 12u, &used), SMTPC_OK);
  test_number(used, 6);
  test_number(smtpc_line_is_empty(&line), 0);
  smtpc_line before = line;
  test_number(smtpc_line_feed(&line, 512u, 0, data + 6, 6u, &used),
              SMTPC_E_PENDING);
  test_number(used, 0);
  test_octets(&line, sizeof line, &before, sizeof before);
  smtpc_line_next(&line);
  test_number(smtpc_line_is_empty(&line), 1);
  test_number(smtpc_line_feed(&line, 512u, 0, data + 6, 6u, &used), SMTPC_OK);
  test_octets(line.data, line.len, "QUIT", 4u);
  free(data);
}

static void test_line_refuses_a_bad_maximum(void **state) {
  (void)state;
  static const size_t maxima[] = {0u, 1u, SMTPC_LINE_MAX + 1u, SIZE_MAX};
  static smtpc_line line;
  smtpc_line_init(&line);
  for (size_t i = 0u; i < sizeof maxima / sizeof maxima[0]; i++) {
    const uint8_t data[] = {'a', '\r', '\n'};
    size_t used = 7u;
    test_label("max %zu", maxima[i]);
    test_number(smtpc_line_feed(&line, maxima[i], 0, data, 3u, &used),
                SMTPC_E_ARGUMENT);
    test_number(used, 0);
    test_number(smtpc_line_is_empty(&line), 1);
  }
}

static void test_line_takes_nothing_from_nothing(void **state) {
  (void)state;
  static smtpc_line line;
  smtpc_line_init(&line);
  size_t used = 7u;
  test_number(smtpc_line_feed(&line, 512u, 0, NULL, 0u, &used), SMTPC_MORE);
  test_number(used, 0);
  test_number(smtpc_line_is_empty(&line), 1);
}

// Law SECRET: a line may carry a password, and a bad one is of no use to
// anybody.
static void test_line_wipes_what_it_held(void **state) {
  (void)state;
  static const struct {
    const char *label;
    const char *stream;
    int lf_ends;
  } rows[] = {
      {"a line", "AUTH PLAIN AGEAc2VjcmV0\r\n", 0},
      {"bare LF", "AUTH PLAIN AGEAc2VjcmV0\n\r\n", 0},
      {"bare CR", "AUTH PLAIN AGEAc2VjcmV0\ra\r\n", 0},
      {"too long", "AUTH PLAIN AGEAc2VjcmV0AGEAc2VjcmV0AGEAc2VjcmV0\r\n", 0},
      {"a line with LF", "AUTH PLAIN AGEAc2VjcmV0\n", 1},
      {"bare CR, with LF", "AUTH PLAIN AGEAc2VjcmV0\ra\n", 1},
  };
  static smtpc_line fresh;
  static smtpc_line line;
  smtpc_line_init(&fresh);
  for (size_t i = 0u; i < sizeof rows / sizeof rows[0]; i++) {
    const uint8_t *const stream = (const uint8_t *)rows[i].stream;
    size_t used = 0u;
    test_label("%s", rows[i].label);
    smtpc_line_init(&line);
    const smtpc_status st = smtpc_line_feed(&line, 40u, rows[i].lf_ends, stream,
                                            strlen(rows[i].stream), &used);
    test_number(used, strlen(rows[i].stream));
    test_number(line.lf, rows[i].lf_ends);
    if (st != SMTPC_OK) {
      test_octets(line.data, sizeof line.data, fresh.data, sizeof fresh.data);
    }
    smtpc_line_next(&line);
    test_octets(&line, sizeof line, &fresh, sizeof fresh);
  }
}

static void test_line_keeps_the_head_of_a_malformed_line(void **state) {
  (void)state;
  static const struct {
    const char *text;
    size_t len;
    const char *head;  // SMTPC_LINE_HEAD octets
  } rows[] = {
      {"BDAT 5\0\r\n", 9u, "BDAT"},        {"BDAT\n5\r\n", 8u, "BDAT"},
      {"BD\rAT\r\n", 7u, "BD\0\0"},        {"\0BDAT\r\n", 7u, "\0\0\0\0"},
      {"BDAT 123456789\r\n", 16u, "BDAT"}, {"BDAT\r\n", 6u, "\0\0\0\0"},
  };
  for (size_t i = 0u; i < sizeof rows / sizeof rows[0]; i++) {
    for (size_t cut = 0u; cut <= TEST_CUT_MAX; cut++) {
      static smtpc_line line;
      uint8_t *copy = test_copy(rows[i].text, rows[i].len);
      size_t at = 0u;
      size_t used = 0u;
      smtpc_status status = SMTPC_MORE;
      smtpc_line_init(&line);
      while (at < rows[i].len && status == SMTPC_MORE) {
        status = smtpc_line_feed(&line, 12u, 0, copy + at,
                                 test_cut_next(cut, rows[i].len - at), &used);
        at += used;
      }
      test_label("row %zu, cut %zu", i, cut);
      test_number(at, rows[i].len);
      test_octets(line.head, SMTPC_LINE_HEAD, rows[i].head, SMTPC_LINE_HEAD);
      smtpc_line_next(&line);
      test_octets(line.head, SMTPC_LINE_HEAD, "\0\0\0\0", SMTPC_LINE_HEAD);
      free(copy);
    }
  }
}

// ------------------------------------------------------------------ blocks

// A header of 28 octets whose first 16 say so, as a session reads it: 16, then
// all. The octets are any, CRLF and a whole line among them.
static void test_line_takes_a_block(void **state) {
  (void)state;
  static const uint8_t block[28] =
      "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c-a-long-one";
  for (size_t cut = 0u; cut <= TEST_CUT_MAX; cut++) {
    static smtpc_line line;
    size_t at = 0u;
    size_t want = 16u;
    test_label("cut %zu", cut);
    smtpc_line_init(&line);
    while (at < sizeof block) {
      const size_t len = test_cut_next(cut, sizeof block - at);
      uint8_t *const piece = test_copy(block + at, len);
      size_t used = 9u;
      const smtpc_status st = smtpc_line_take(&line, want, piece, len, &used);
      at += used;
      test_number(st, at == want ? SMTPC_OK : SMTPC_MORE);
      test_number(used, at == want ? used : len);
      test_number(line.len, at);
      test_octets(line.data, line.len, block, at);
      test_number(smtpc_line_is_empty(&line), 0);
      want = at == want ? sizeof block : want;
      free(piece);
    }
    size_t used = 9u;
    test_number(smtpc_line_take(&line, 28u, block, 5u, &used), SMTPC_OK);
    test_number(used, 0);
    test_number(smtpc_line_take(&line, 7u, block, 5u, &used), SMTPC_OK);
    test_number(used, 0);
    test_number(line.len, 28);
  }
}

// Law DRAIN: a part of a block is not nothing, and law SECRET: it is wiped.
static void test_line_lets_go_of_a_block(void **state) {
  (void)state;
  static smtpc_line fresh;
  static smtpc_line line;
  uint8_t data[40];
  memset(data, 's', sizeof data);
  smtpc_line_init(&fresh);
  for (size_t len = 0u; len <= sizeof data; len++) {
    size_t used = 9u;
    test_label("%zu of 40", len);
    smtpc_line_init(&line);
    test_number(smtpc_line_take(&line, 40u, data, len, &used),
                len == 40u ? SMTPC_OK : SMTPC_MORE);
    test_number(used, len);
    test_number(smtpc_line_is_empty(&line), len == 0u);
    if (len > 0u) {
      const smtpc_line before = line;
      const uint8_t crlf[] = {'\r', '\n'};
      test_number(smtpc_line_feed(&line, 512u, 0, crlf, 2u, &used),
                  SMTPC_E_PENDING);
      test_number(used, 0);
      test_number(smtpc_line_hold(&line, len), SMTPC_E_STATE);
      test_octets(&line, sizeof line, &before, sizeof before);
    }
    smtpc_line_next(&line);
    test_octets(&line, sizeof line, &fresh, sizeof fresh);
    test_number(
        smtpc_line_feed(&line, 512u, 0, (const uint8_t *)"a\r\n", 3u, &used),
        SMTPC_OK);
    test_number(line.len, 1);
  }
}

static void test_line_takes_as_much_as_it_has_room_for(void **state) {
  (void)state;
  static smtpc_line line;
  static uint8_t data[SMTPC_LINE_MAX + 1u];
  static const size_t bad[] = {0u, SMTPC_LINE_MAX + 1u, SIZE_MAX};
  size_t used = 9u;
  memset(data, 's', sizeof data);
  smtpc_line_init(&line);
  for (size_t i = 0u; i < sizeof bad / sizeof bad[0]; i++) {
    test_label("want %zu", bad[i]);
    used = 9u;
    test_number(smtpc_line_take(&line, bad[i], data, 9u, &used),
                SMTPC_E_ARGUMENT);
    test_number(used, 0);
    test_number(smtpc_line_is_empty(&line), 1);
  }
  test_number(smtpc_line_take(&line, SMTPC_LINE_MAX, data, sizeof data, &used),
              SMTPC_OK);
  test_number(used, SMTPC_LINE_MAX);
  test_octets(line.data, line.len, data, SMTPC_LINE_MAX);
}

static void test_line_takes_no_block_beside_a_line(void **state) {
  (void)state;
  static const struct {
    const char *label;
    const char *stream;
  } rows[] = {{"a part", "a"},           {"a CR", "\r"},
              {"a line", "a\r\n"},       {"an empty line", "\r\n"},
              {"a bad line", "a\n\r\n"}, {"a part of a bad line", "\n"}};
  static smtpc_line line;
  for (size_t i = 0u; i < sizeof rows / sizeof rows[0]; i++) {
    size_t used = 9u;
    test_label("%s", rows[i].label);
    smtpc_line_init(&line);
    const smtpc_status st =
        smtpc_line_feed(&line, 512u, 0, (const uint8_t *)rows[i].stream,
                        strlen(rows[i].stream), &used);
    assert_true(st != SMTPC_E_ARGUMENT);
    const smtpc_line before = line;
    test_number(smtpc_line_take(&line, 16u, (const uint8_t *)"abc", 3u, &used),
                SMTPC_E_STATE);
    test_number(used, 0);
    test_octets(&line, sizeof line, &before, sizeof before);
  }
}

// ------------------------------------------------------- octets of the owner

// What stands in the buffer, how much of it is held, and what is left of it
// then; at last nothing is.
static void test_line_holds_what_the_owner_put(void **state) {
  (void)state;
  static const struct {
    const char *label;
    const char *stream;  // fed first
    size_t from;         // where the owner writes "SECRET"
    size_t len;          // and how much is held then
    const char *want;    // what the buffer begins with
  } rows[] = {
      {"beside a line", "AUTH x\r\n", 6u, 12u, "AUTH xSECRET\0\0\0\0"},
      {"in place of a line", "AUTH a-long-one\r\n", 0u, 6u,
       "SECRET\0\0\0\0\0\0\0\0\0\0"},
      {"in the middle", "AUTH a-long-one\r\n", 5u, 11u,
       "AUTH SECRET\0\0\0\0\0"},
      {"without a line", "", 0u, 6u, "SECRET\0\0\0\0\0\0\0\0\0\0"},
      {"beside a bad line", "AUTH x\r \r\n", 0u, 6u,
       "SECRET\0\0\0\0\0\0\0\0\0\0"},
  };
  static smtpc_line fresh;
  static smtpc_line line;
  smtpc_line_init(&fresh);
  for (size_t i = 0u; i < sizeof rows / sizeof rows[0]; i++) {
    size_t used = 0u;
    test_label("%s", rows[i].label);
    smtpc_line_init(&line);
    const smtpc_status fed =
        smtpc_line_feed(&line, 512u, 0, (const uint8_t *)rows[i].stream,
                        strlen(rows[i].stream), &used);
    assert_true(fed != SMTPC_E_PENDING);
    memcpy(line.data + rows[i].from, "SECRET", 6u);
    test_number(smtpc_line_hold(&line, rows[i].len), SMTPC_OK);
    test_number(line.len, rows[i].len);
    test_octets(line.data, 16u, rows[i].want, 16u);
    test_number(smtpc_line_is_empty(&line), 0);
    test_number(
        smtpc_line_feed(&line, 512u, 0, (const uint8_t *)"a", 1u, &used),
        SMTPC_E_PENDING);
    smtpc_line_next(&line);
    test_octets(&line, sizeof line, &fresh, sizeof fresh);
  }
}

static void test_line_holds_only_beside_a_line_or_nothing(void **state) {
  (void)state;
  static const struct {
    const char *label;
    const char *stream;
    size_t len;
    smtpc_status want;
  } rows[] = {
      {"nothing", "", 0u, SMTPC_OK},
      {"all of the buffer", "", SMTPC_LINE_MAX, SMTPC_OK},
      {"one more", "", SMTPC_LINE_MAX + 1u, SMTPC_E_STATE},
      {"far more", "", SIZE_MAX, SMTPC_E_STATE},
      {"a line, far more", "a\r\n", (size_t)UINT16_MAX + 1u, SMTPC_E_STATE},
      {"a line", "a\r\n", 9u, SMTPC_OK},
      {"a part", "a", 9u, SMTPC_E_STATE},
      {"a CR", "\r", 9u, SMTPC_E_STATE},
      {"a part of a bad line", "\n", 9u, SMTPC_E_STATE},
  };
  static smtpc_line line;
  for (size_t i = 0u; i < sizeof rows / sizeof rows[0]; i++) {
    size_t used = 0u;
    test_label("%s", rows[i].label);
    smtpc_line_init(&line);
    const smtpc_status fed =
        smtpc_line_feed(&line, 512u, 0, (const uint8_t *)rows[i].stream,
                        strlen(rows[i].stream), &used);
    assert_true(fed != SMTPC_E_PENDING);
    const smtpc_line before = line;
    test_number(smtpc_line_hold(&line, rows[i].len), rows[i].want);
    if (rows[i].want != SMTPC_OK) {
      test_octets(&line, sizeof line, &before, sizeof before);
    }
  }
}

static void test_line_endless_holds_nothing(void **state) {
  (void)state;
  static smtpc_line line;
  static uint8_t data[512u + SMTPC_LINE_DISCARD_MAX + 1u];
  size_t used = 9u;
  memset(data, 'a', sizeof data);
  smtpc_line_init(&line);
  test_number(smtpc_line_feed(&line, 512u, 1, data, sizeof data, &used),
              SMTPC_E_LINE_ENDLESS);
  test_number(smtpc_line_take(&line, 1u, data, 1u, &used), SMTPC_E_STATE);
  test_number(used, 0);
  test_number(smtpc_line_hold(&line, 1u), SMTPC_E_STATE);
  test_number(smtpc_line_is_empty(&line), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_line_keeps_the_head_of_a_malformed_line),
      cmocka_unit_test(test_line_goldens),
      cmocka_unit_test(test_line_lf_goldens),
      cmocka_unit_test(test_line_lf_changes_no_strict_line),
      cmocka_unit_test(test_line_equals_model_on_all_short_strings),
      cmocka_unit_test(test_line_equals_model_at_each_place_of_a_block),
      cmocka_unit_test(test_line_only_cr_lf_nul_are_special),
      cmocka_unit_test(test_line_law_split),
      cmocka_unit_test(test_line_limit_counts_the_crlf),
      cmocka_unit_test(test_line_limit_counts_the_lf),
      cmocka_unit_test(test_line_discards_up_to_a_limit),
      cmocka_unit_test(test_line_endless_is_for_ever),
      cmocka_unit_test(test_line_must_be_let_go),
      cmocka_unit_test(test_line_refuses_a_bad_maximum),
      cmocka_unit_test(test_line_takes_nothing_from_nothing),
      cmocka_unit_test(test_line_wipes_what_it_held),
      cmocka_unit_test(test_line_takes_a_block),
      cmocka_unit_test(test_line_lets_go_of_a_block),
      cmocka_unit_test(test_line_takes_as_much_as_it_has_room_for),
      cmocka_unit_test(test_line_takes_no_block_beside_a_line),
      cmocka_unit_test(test_line_holds_what_the_owner_put),
      cmocka_unit_test(test_line_holds_only_beside_a_line_or_nothing),
      cmocka_unit_test(test_line_endless_holds_nothing),
  };
  return cmocka_run_group_tests_name("line", tests, NULL, NULL);
}
