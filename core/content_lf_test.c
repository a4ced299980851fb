// The quirk content-lf, and the content of chunks: what of a bare LF is kept, and
// that nothing which is kept looks like an end of data to anybody.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/model/content_model.h"
#include "core/testing.h"
#include "smtpcore/content.h"

#define CR SMTPC_ANOMALY_BARE_CR
#define LF SMTPC_ANOMALY_BARE_LF
#define NUL SMTPC_ANOMALY_NUL
#define EOD SMTPC_ANOMALY_EOD
#define KEPT SMTPC_ANOMALY_LF_KEPT
#define LOST SMTPC_ANOMALIES_LOST

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

// What was given out of a message.
typedef struct given {
  smtpc_status status;
  size_t used;
  size_t runs;  // that were not empty
  size_t len;
  uint8_t out[256];
} given;

static void start(smtpc_content *content, int keeps_lf) {
  smtpc_content_init(content);
  content->keeps_lf = (uint8_t)keeps_lf;
}

// Scans `data` to the end of the message, or of the octets.
static void scan(smtpc_content *content, const uint8_t *data, size_t len,
                 given *g) {
  size_t at = 0u;
  g->status = SMTPC_MORE;
  while (at < len && g->status == SMTPC_MORE) {
    size_t used = 0u;
    smtpc_run run = {9u, 9u};
    g->status = smtpc_content_scan(content, data + at, len - at, &used, &run);
    assert_true(used > 0u && used <= len - at);
    assert_true(run.begin <= run.end && run.end <= used);
    assert_true(g->len + (run.end - run.begin) <= sizeof g->out);
    memcpy(g->out + g->len, data + at + run.begin, run.end - run.begin);
    g->len += run.end - run.begin;
    g->runs += run.end > run.begin ? 1u : 0u;
    at += used;
  }
  g->used += at;
}

static void scan_cut(const uint8_t *data, size_t len, size_t cut,
                     smtpc_content *content, given *g) {
  size_t at = 0u;
  g->used = 0u;
  g->runs = 0u;
  g->len = 0u;
  g->status = SMTPC_MORE;
  start(content, 1);
  while (at < len && g->status == SMTPC_MORE) {
    const size_t piece = test_cut_next(cut, len - at);
    uint8_t *const copy = test_copy(data + at, piece);
    scan(content, copy, piece, g);
    free(copy);
    at += piece;
  }
}

// ------------------------------------------------------------------ golden

typedef struct row {
  const char *label;
  const char *wire;
  size_t len;
  unsigned anomalies;
  size_t off;        // of the anomaly that loses the message
  const char *text;  // else: what is given out
  size_t text_len;
} row;

#define KEEPS(label, wire, anomalies, text) \
  { label, wire, sizeof(wire) - 1u, anomalies, 0u, text, sizeof(text) - 1u }
#define LOSES(label, wire, anomalies, off) \
  { label, wire, sizeof(wire) - 1u, anomalies, off, "", 0u }
#define END "\r\n.\r\n"

static const row rows[] = {
    KEEPS("no bare LF", "a\r\nb" END, 0u, "a\r\nb\r\n"),
    KEEPS("bare LF", "a\nb" END, KEPT, "a\nb\r\n"),
    KEEPS("first", "\nb" END, KEPT, "\nb\r\n"),
    KEEPS("last", "a\n" END, KEPT, "a\n\r\n"),
    KEEPS("many", "\n\n\na\n\n" END, KEPT, "\n\n\na\n\n\r\n"),
    KEEPS("after CRLF", "a\r\n\nb" END, KEPT, "a\r\n\nb\r\n"),
    KEEPS("a dot after it", "a\n.b" END, KEPT, "a\n.b\r\n"),
    KEEPS("two dots after it", "a\n..\nb" END, KEPT, "a\n..\nb\r\n"),
    KEEPS("two dots and CRLF", "a\n..\r\nb" END, KEPT, "a\n..\r\nb\r\n"),
    KEEPS("dot, space", "a\n. \nb" END, KEPT, "a\n. \nb\r\n"),
    KEEPS("a dot before it", "a.\nb" END, KEPT, "a.\nb\r\n"),
    KEEPS("a dot is taken off after CRLF alone", "\n.a\r\n.b" END, KEPT,
          "\n.a\r\nb\r\n"),
    KEEPS("a stuffed dot line", "a\nb\r\n.." END, KEPT, "a\nb\r\n.\r\n"),
    KEEPS("a stuffed dot and more", "\r\n..a\nb" END, KEPT, "\r\n.a\nb\r\n"),
    KEEPS("three dots", "\r\n...\nb" END, KEPT, "\r\n..\nb\r\n"),
    LOSES("LF . LF", "a\n.\nb" END, KEPT | EOD, 3u),
    LOSES("LF . CRLF", "a\n.\r\nb" END, KEPT | EOD, 3u),
    LOSES("LF . CRLF . CRLF", "a\n.\r\n.\r\n", KEPT | EOD, 3u),
    LOSES("LF . CR", "a\n.\rb" END, KEPT | EOD, 3u),
    LOSES("LF . CR CR LF", "a\n.\r\r\nb" END, KEPT | EOD, 3u),
    LOSES("CRLF . LF", "a\r\n.\nb" END, EOD, 4u),
    LOSES("CRLF . CR", "a\r\n.\rb" END, EOD, 4u),
    LOSES("first . LF", ".\nb" END, EOD, 1u),
    LOSES("first .. LF", "..\nb" END, EOD, 2u),
    LOSES("CRLF .. LF", "a\r\n..\nb" END, EOD, 5u),
    LOSES("LF CRLF .. LF", "\n\r\n..\nb" END, KEPT | EOD, 5u),
    LOSES("bare CR", "a\nb\rc" END, KEPT | CR, 3u),
    LOSES("CR CR LF", "a\r\r\nb" END, CR, 1u),
    LOSES("NUL", "a\nb\0" END, KEPT | NUL, 3u),
    LOSES("LF . NUL LF", "a\n.\0\nb" END, KEPT | NUL, 3u),
    LOSES("kept after a loss", "a\rb\nc" END, KEPT | CR, 1u),
};

static void test_content_lf_goldens(void **state) {
  (void)state;
  for (size_t i = 0u; i < COUNT(rows); i++) {
    const row *const r = &rows[i];
    for (size_t cut = 0u; cut <= TEST_CUT_MAX; cut++) {
      smtpc_content content;
      given g;
      test_label("%s, cut %zu", r->label, cut);
      scan_cut((const uint8_t *)r->wire, r->len, cut, &content, &g);
      test_number(g.status, SMTPC_OK);
      test_number(g.used, r->len);
      test_number(content.octets, r->len);
      test_number(content.anomalies, r->anomalies);
      test_number(content.first_off, r->off);
      if ((r->anomalies & LOST) == 0u) {
        test_octets(g.out, g.len, r->text, r->text_len);
      }
    }
  }
}

// The runs go on through it: no octet of a message without dots breaks them.
static void test_content_lf_is_one_run(void **state) {
  (void)state;
  static const uint8_t data[] =
      "one\ntwo\r\n\n\nthree is a line that is longer than a block of the scan "
      "is\nfour\n.five\r\nsix\n.\tseven, and so on, and so on, and so on\r\n";
  smtpc_content content;
  given g = {.len = 0u};
  start(&content, 1);
  scan(&content, data, sizeof data - 1u, &g);
  test_number(g.status, SMTPC_MORE);
  test_number(g.runs, 1);
  test_number(content.anomalies, KEPT);
  test_octets(g.out, g.len, data, sizeof data - 1u);
}

static void test_content_lf_is_strict_without_the_quirk(void **state) {
  (void)state;
  static const uint8_t data[] = "a\nb" END;
  smtpc_content content;
  given g = {.len = 0u};
  start(&content, 0);
  scan(&content, data, sizeof data - 1u, &g);
  test_number(g.status, SMTPC_OK);
  test_number(content.anomalies, LF);
  test_number(content.first_off, 1);
  test_number(g.len, 0);
}

// A message with the quirk is never one to send: what was kept must not go out.
static void test_content_lf_is_not_sent(void **state) {
  (void)state;
  static const uint8_t data[] = {'a', '\n', 'b', '\r', '\n'};
  for (size_t fed = 0u; fed <= sizeof data; fed++) {
    smtpc_content content;
    given g = {.len = 0u};
    size_t used = 9u;
    smtpc_run run = {9u, 9u};
    uint8_t dot = 9u;
    test_label("%zu octets", fed);
    start(&content, 1);
    scan(&content, data, fed, &g);
    const smtpc_content before = content;
    test_number(
        smtpc_content_stuff(&content, data, sizeof data, &used, &run, &dot),
        SMTPC_E_STATE);
    test_number(used, 0);
    test_number(run.end, 0);
    test_number(dot, 0);
    test_octets(&content, sizeof content, &before, sizeof before);
    if (fed > 1u) {
      test_number(smtpc_content_stuff_end(&content), SMTPC_E_CONTENT_END);
    }
  }
}

static void test_content_takes_no_unknown_state(void **state) {
  (void)state;
  static const uint8_t data[] = END;
  for (unsigned value = 10u; value < 256u; value++) {
    smtpc_content content;
    size_t used = 9u;
    smtpc_run run = {9u, 9u};
    test_label("state %u", value);
    start(&content, (int)(value & 1u));
    content.state = (uint8_t)value;
    test_number(smtpc_content_scan(&content, data, 5u, &used, &run),
                SMTPC_E_CONTENT_END);
    test_number(used, 0);
    test_number(run.end, 0);
    smtpc_content_check(&content, data, 5u);
    test_number(content.octets, 0);
    test_number(content.anomalies, 0);
  }
}

// -------------------------------------------- what a lenient reader may see

// A reader to whom any LF ends a line, with a CR before it or not, and a CR too.
static bool ends_a_line(uint8_t c) {
  return c == 10u || c == 13u;
}

// Says whether the dot at `i` looks like an end of data to that reader.
static bool looks_like_end(const uint8_t *data, size_t len, size_t i) {
  const bool begins = i == 0u || ends_a_line(data[i - 1u]);
  const bool ends = i + 1u < len && ends_a_line(data[i + 1u]);
  return data[i] == (uint8_t)'.' && begins && ends;
}

// Says whether it is one to everybody: the start or CRLF before it, CRLF after.
static bool is_dot_line(const uint8_t *data, size_t len, size_t i) {
  const bool begins =
      i == 0u || (i >= 2u && memcmp(data + i - 2u, "\r\n", 2u) == 0);
  return begins && i + 3u <= len && memcmp(data + i, ".\r\n", 3u) == 0;
}

// Content may have dot lines that a strict reader sees as well, and no others.
static void check_content(const uint8_t *data, size_t len) {
  for (size_t i = 0u; i < len; i++) {
    if (looks_like_end(data, len, i)) {
      assert_true(is_dot_line(data, len, i));
    }
    assert_true(data[i] != 0u);
    assert_true(data[i] != 13u || (i + 1u < len && data[i + 1u] == 10u));
  }
}

// And when it is sent on, by a sender who sees CRLF alone as a line's end, a
// lenient receiver sees no end but the true one.
static void check_sent_on(const uint8_t *data, size_t len) {
  uint8_t wire[64];
  size_t at = 0u;
  for (size_t i = 0u; i < len; i++) {
    const bool begins =
        i == 0u || (i >= 2u && memcmp(data + i - 2u, "\r\n", 2u) == 0);
    if (begins && data[i] == (uint8_t)'.') {
      wire[at++] = (uint8_t)'.';
    }
    wire[at++] = data[i];
  }
  const size_t end = at;
  memcpy(wire + at, ".\r\n", 3u);
  for (size_t i = 0u; i < end; i++) {
    assert_false(looks_like_end(wire, end + 3u, i));
  }
}

static void make_string(size_t n, size_t len, uint8_t *out) {
  static const uint8_t alphabet[5] = {'\r', '\n', '.', 'a', 0u};
  size_t rest = n;
  for (size_t i = 0u; i < len; i++) {
    out[i] = alphabet[rest % 5u];
    rest /= 5u;
  }
}

static size_t count_strings(size_t len) {
  size_t count = 1u;
  for (size_t i = 0u; i < len; i++) {
    count *= 5u;
  }
  return count;
}

// Every string of 9 octets, with an end behind it.
static void test_content_lf_given_out_has_no_lookalike(void **state) {
  (void)state;
  size_t kept = 0u;
  for (size_t n = 0u; n < count_strings(9u); n++) {
    uint8_t data[14];
    smtpc_content content;
    given g;
    g.used = g.runs = g.len = 0u;
    make_string(n, 9u, data);
    memcpy(data + 9, END, 5u);
    test_label("string %zu", n);
    start(&content, 1);
    scan(&content, data, sizeof data, &g);
    test_number(g.status, SMTPC_OK);
    if ((content.anomalies & LOST) == 0u) {
      check_content(g.out, g.len);
      check_sent_on(g.out, g.len);
      kept += content.anomalies == KEPT ? 1u : 0u;
    }
  }
  // The check is worth nothing if all was thrown away.
  assert_true(kept > 1000u);
}

static void test_content_lf_chunks_have_no_lookalike(void **state) {
  (void)state;
  size_t kept = 0u;
  for (size_t n = 0u; n < count_strings(9u); n++) {
    uint8_t data[11];
    smtpc_content content;
    make_string(n, 9u, data);
    test_label("string %zu", n);
    start(&content, 1);
    smtpc_content_check(&content, data, 9u);
    smtpc_content_check_end(&content);
    if ((content.anomalies & LOST) == 0u) {
      // To send it on under DATA, its last line is made whole.
      memcpy(data + 9, "\r\n", 2u);
      check_content(data, data[8] == 10u ? 9u : 11u);
      check_sent_on(data, data[8] == 10u ? 9u : 11u);
      kept += content.anomalies == KEPT ? 1u : 0u;
    }
  }
  assert_true(kept > 1000u);
}

// ------------------------------------------------------------------ chunks

static void check_in_pieces(const uint8_t *data, size_t len, size_t cut,
                            uint64_t cuts, smtpc_content *content) {
  size_t from = 0u;
  for (size_t i = 0u; i < len; i++) {
    const bool full = cut > 0u && i + 1u - from == cut;
    const bool marked = i < 64u && ((cuts >> i) & 1u) != 0u;
    if (i + 1u == len || full || marked) {
      uint8_t *const piece = test_copy(data + from, i + 1u - from);
      smtpc_content_check(content, piece, i + 1u - from);
      free(piece);
      from = i + 1u;
    }
  }
}

static void check_one(const uint8_t *data, size_t len, size_t cut,
                      uint64_t cuts, int keeps_lf) {
  smtpc_content content;
  start(&content, keeps_lf);
  check_in_pieces(data, len, cut, cuts, &content);
  smtpc_model_content want =
      smtpc_model_content_check(data, len, keeps_lf != 0, false);
  test_number(content.anomalies, want.anomalies);
  test_number(content.first_off, want.first_off);
  test_number(content.octets, len);
  smtpc_content_check_end(&content);
  want = smtpc_model_content_check(data, len, keeps_lf != 0, true);
  test_number(content.anomalies, want.anomalies);
  test_number(content.first_off, want.first_off);
  test_number(content.octets, len);
}

static void test_content_check_equals_model_on_all_short_strings(void **state) {
  (void)state;
  for (size_t len = 0u; len <= 8u; len++) {
    for (size_t n = 0u; n < count_strings(len); n++) {
      uint8_t data[8];
      make_string(n, len, data);
      const unsigned joints = len > 0u && len <= 6u ? (unsigned)len - 1u : 0u;
      for (uint64_t cuts = 0u; cuts < (uint64_t)1u << joints; cuts++) {
        test_label("string %zu of length %zu, cuts %llx", n, len,
                   (unsigned long long)cuts);
        check_one(data, len, 0u, cuts, 0);
        check_one(data, len, 0u, cuts, 1);
      }
    }
  }
}

static void test_content_check_at_each_place_of_a_block(void **state) {
  (void)state;
  for (size_t len = 1u; len <= 4u; len++) {
    for (size_t n = 0u; n < count_strings(len); n++) {
      for (size_t at = 0u; at < 70u; at++) {
        uint8_t data[110];
        memset(data, 'a', sizeof data);
        make_string(n, len, data + at);
        test_label("string %zu of length %zu at %zu", n, len, at);
        check_one(data, sizeof data, 0u, 0u, 0);
        check_one(data, sizeof data, 0u, 0u, 1);
      }
    }
  }
}

static void test_content_check_on_long_messages(void **state) {
  (void)state;
  static const char *const parts[] = {
      "\r\n",     "\r\n",    ".",
      "\n",       "..",      "a",
      "\200\377", "a word ", "a line that is longer than a block, so"};
  uint64_t seed = 53u;
  for (unsigned n = 0u; n < 20000u; n++) {
    uint8_t data[1024];
    size_t len = 0u;
    const uint32_t count = test_random(&seed) % 20u;
    for (uint32_t i = 0u; i < count; i++) {
      const char *const part = parts[test_random(&seed) % COUNT(parts)];
      memcpy(data + len, part, strlen(part));
      len += strlen(part);
    }
    if (len > 0u && test_random(&seed) % 8u == 0u) {
      data[test_random(&seed) % len] = n % 2u == 0u ? 0u : 13u;
    }
    for (size_t cut = 0u; cut <= TEST_CUT_MAX; cut++) {
      test_label("message %u, cut %zu", n, cut);
      check_one(data, len, cut, 0u, 0);
      check_one(data, len, cut, 0u, 1);
    }
  }
}

static void test_content_check_goldens(void **state) {
  (void)state;
  static const struct {
    const char *label;
    const char *data;
    size_t len;
    unsigned strict;
    unsigned quirk;
    size_t off[2];
  } table[] = {
      {"nothing", "", 0u, 0u, 0u, {0u, 0u}},
      {"lines", "a\r\nb\r\n", 6u, 0u, 0u, {0u, 0u}},
      {"no last CRLF", "a\r\nb", 4u, 0u, 0u, {0u, 0u}},
      {"a dot line is content", "a\r\n.\r\nb", 7u, 0u, 0u, {0u, 0u}},
      {"dots are content", "..\r\n...", 7u, 0u, 0u, {0u, 0u}},
      {"bare LF", "a\nb", 3u, LF, KEPT, {1u, 0u}},
      {"bare CR", "a\rb", 3u, CR, CR, {1u, 1u}},
      {"a CR at the end", "ab\r", 3u, CR, CR, {2u, 2u}},
      {"NUL", "a\0b", 3u, NUL, NUL, {1u, 1u}},
      {"LF . CRLF", "a\n.\r\nb", 6u, LF | EOD, KEPT | EOD, {1u, 3u}},
      {"LF . LF", "a\n.\nb", 5u, LF | EOD, KEPT | EOD, {1u, 3u}},
      {"LF . at the end", "a\n.", 3u, LF | EOD, KEPT | EOD, {1u, 2u}},
      {"LF . CR at the end", "a\n.\r", 4u, LF | EOD, KEPT | EOD, {1u, 3u}},
      {"CRLF . LF", "a\r\n.\nb", 6u, LF, EOD, {4u, 4u}},
      {"first . LF", ".\nb", 3u, LF, EOD, {1u, 1u}},
      {"CRLF . at the end", "a\r\n.", 4u, 0u, 0u, {0u, 0u}},
  };
  for (size_t i = 0u; i < COUNT(table); i++) {
    for (int keeps_lf = 0; keeps_lf <= 1; keeps_lf++) {
      smtpc_content content;
      test_label("%s, keeps_lf %d", table[i].label, keeps_lf);
      start(&content, keeps_lf);
      check_in_pieces((const uint8_t *)table[i].data, table[i].len, 0u, 0u,
                      &content);
      smtpc_content_check_end(&content);
      test_number(content.anomalies,
                  keeps_lf != 0 ? table[i].quirk : table[i].strict);
      test_number(content.first_off, table[i].off[keeps_lf]);
    }
  }
}

static void test_content_check_ended_is_ended(void **state) {
  (void)state;
  static const uint8_t data[] = "a\r";
  smtpc_content content;
  size_t used = 9u;
  smtpc_run run = {9u, 9u};
  start(&content, 0);
  smtpc_content_check(&content, data, 2u);
  test_number(content.anomalies, 0);
  smtpc_content_check_end(&content);
  test_number(content.anomalies, CR);
  const smtpc_content before = content;
  for (unsigned n = 0u; n < 2u; n++) {
    smtpc_content_check_end(&content);
    smtpc_content_check(&content, (const uint8_t *)"\n\0", 2u);
    test_number(smtpc_content_scan(&content, data, 2u, &used, &run),
                SMTPC_E_CONTENT_END);
    test_octets(&content, sizeof content, &before, sizeof before);
  }
  smtpc_content_init(&content);
  smtpc_content_check(&content, NULL, 0u);
  smtpc_content_check_end(&content);
  test_number(content.anomalies, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_content_lf_goldens),
      cmocka_unit_test(test_content_lf_is_one_run),
      cmocka_unit_test(test_content_lf_is_strict_without_the_quirk),
      cmocka_unit_test(test_content_lf_is_not_sent),
      cmocka_unit_test(test_content_takes_no_unknown_state),
      cmocka_unit_test(test_content_lf_given_out_has_no_lookalike),
      cmocka_unit_test(test_content_lf_chunks_have_no_lookalike),
      cmocka_unit_test(test_content_check_goldens),
      cmocka_unit_test(test_content_check_equals_model_on_all_short_strings),
      cmocka_unit_test(test_content_check_at_each_place_of_a_block),
      cmocka_unit_test(test_content_check_on_long_messages),
      cmocka_unit_test(test_content_check_ended_is_ended),
  };
  return cmocka_run_group_tests_name("content_lf", tests, NULL, NULL);
}
