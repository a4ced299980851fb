#include "smtpcore/content.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/model/content_model.h"
#include "core/testing.h"

// What the core made of a stream. `out` is what it passed on.
typedef struct result {
  smtpc_status status;
  size_t used;
  unsigned anomalies;
  size_t first_off;
  size_t len;
  uint8_t *out;
  size_t room;
  bool keeps_lf;
} result;

static void take_run(result *r, const uint8_t *from, smtpc_run run,
                     size_t used) {
  assert_true(run.begin <= run.end);
  assert_true(run.end <= used);
  assert_true(r->len + (run.end - run.begin) <= r->room);
  if (run.end > run.begin) {
    memcpy(r->out + r->len, from + run.begin, run.end - run.begin);
  }
  r->len += run.end - run.begin;
}

static void scan_piece(smtpc_content *content, const uint8_t *from, size_t len,
                       result *r) {
  uint8_t *const piece = test_copy(from, len);
  size_t off = 0u;
  while (off < len && r->status == SMTPC_MORE) {
    size_t used = 0u;
    smtpc_run run = {9u, 9u};
    r->status =
        smtpc_content_scan(content, piece + off, len - off, &used, &run);
    assert_true(used > 0u && used <= len - off);
    take_run(r, piece + off, run, used);
    off += used;
  }
  r->used += off;
  free(piece);
}

static void start(result *r, smtpc_content *content, uint8_t *out,
                  size_t room) {
  const result fresh = {
      .status = SMTPC_MORE, .out = out, .room = room, .keeps_lf = r->keeps_lf};
  *r = fresh;
  smtpc_content_init(content);
  content->keeps_lf = r->keeps_lf ? 1u : 0u;
}

static void finish(result *r, const smtpc_content *content) {
  r->anomalies = content->anomalies;
  r->first_off = (size_t)content->first_off;
}

// Decodes a stream in pieces that end where `cuts` has a bit (bit 0: after the
// first octet), which reaches 64 octets far.
static void decode_masked(const uint8_t *data, size_t len, uint64_t cuts,
                          result *r) {
  smtpc_content content;
  start(r, &content, r->out, r->room);
  size_t from = 0u;
  for (size_t i = 0u; i < len && r->status == SMTPC_MORE; i++) {
    if (i + 1u == len || ((cuts >> i) & 1u) != 0u) {
      scan_piece(&content, data + from, i + 1u - from, r);
      from = i + 1u;
    }
  }
  finish(r, &content);
  test_number(content.octets, r->used);
}

// Decodes a stream in pieces of `cut` octets, 0: whole.
static void decode(const uint8_t *data, size_t len, size_t cut, result *r) {
  smtpc_content content;
  start(r, &content, r->out, r->room);
  size_t off = 0u;
  while (off < len && r->status == SMTPC_MORE) {
    const size_t piece = test_cut_next(cut, len - off);
    scan_piece(&content, data + off, piece, r);
    off += piece;
  }
  finish(r, &content);
  test_number(content.octets, r->used);
}

static void compare(const result *have, const smtpc_model_content *want,
                    const uint8_t *want_out) {
  test_number(have->status, want->status);
  test_number(have->used, want->used);
  test_number(have->anomalies, want->anomalies);
  test_number(have->first_off, want->first_off);
  if ((want->anomalies & SMTPC_ANOMALIES_LOST) == 0u) {
    test_octets(have->out, have->len, want_out, want->len);
  }
}

// With and without the quirk content-lf.
static void decode_compare_cuts(const uint8_t *data, size_t len, size_t cuts) {
  uint8_t want_out[1024];
  uint8_t have_out[1024];
  assert_true(len <= sizeof want_out);
  for (int keeps_lf = 0; keeps_lf <= 1; keeps_lf++) {
    result have = {
        .out = have_out, .room = sizeof have_out, .keeps_lf = keeps_lf != 0};
    const smtpc_model_content want =
        smtpc_model_content_decode(data, len, have.keeps_lf, want_out);
    for (size_t cut = 0u; cut <= cuts; cut++) {
      decode(data, len, cut, &have);
      compare(&have, &want, want_out);
    }
  }
}

// -------------------------------------------------- the end-of-data matrix

// END: the message ends at `used`. REJ: an anomaly, and no end before the true
// one. CONT: content, as `content` shows it.
typedef enum verdict { END, REJ, CONT } verdict;

typedef struct row {
  const char *id;
  const char *wire;
  size_t len;
  verdict verdict;
  unsigned anomalies;
  size_t off;        // REJ: of the anomaly, in `wire`
  size_t used;       // END: octets of `wire` that the message takes
  const char *text;  // CONT: what becomes of `wire`
  size_t text_len;
  bool first;  // `wire` stands right after DATA's CRLF
} row;

#define WIRE(id, wire) id, wire, sizeof(wire) - 1u
#define CR SMTPC_ANOMALY_BARE_CR
#define LF SMTPC_ANOMALY_BARE_LF
#define NUL SMTPC_ANOMALY_NUL
#define EOD SMTPC_ANOMALY_EOD
#define ROW_END(id, wire, used) \
  { WIRE(id, wire), END, 0u, 0u, used, "", 0u, false }
#define ROW_FLAG(id, wire, used, anomalies, off) \
  { WIRE(id, wire), END, anomalies, off, used, "", 0u, false }
#define ROW_REJ(id, wire, anomalies, off) \
  { WIRE(id, wire), REJ, anomalies, off, 0u, "", 0u, false }
#define ROW_CONT(id, wire, text) \
  { WIRE(id, wire), CONT, 0u, 0u, 0u, text, sizeof(text) - 1u, false }

// The rows of the end-of-data matrix, by its ids. E-26 and E-32 are tests of
// their own below; E-31 is BDAT, whose octets never come here.
static const row matrix[] = {
    ROW_END("E_01", "\r\n.\r\n", 5u),
    ROW_REJ("E_02", "\n.\n", LF | EOD, 0u),
    ROW_REJ("E_03", "\n.\r\n", LF | EOD, 0u),
    ROW_REJ("E_04", "\r.\r", CR, 0u),
    ROW_REJ("E_05", "\r.\r\n", CR, 0u),
    ROW_REJ("E_06", "\r\n.\n", EOD, 3u),
    ROW_REJ("E_07", "\r\n.\r", EOD, 3u),
    ROW_FLAG("E_08", "\0\r\n.\r\n", 6u, NUL, 0u),
    ROW_REJ("E_09", "\r\n\0.\r\n", NUL, 2u),
    ROW_REJ("E_10", "\r\0\n.\r\n", CR | NUL | LF | EOD, 0u),
    ROW_REJ("E_11", "\r\n.\0\r\n", NUL, 3u),
    ROW_REJ("E_12", "\r\n.\r\0\n", EOD | NUL | LF, 3u),
    ROW_END("E_13", "\r\n.\r\n\0", 5u),
    ROW_REJ("E_14", "\r.\n", CR | LF, 0u),
    ROW_REJ("E_15", "\n.\r", LF | EOD, 0u),
    ROW_REJ("E_16", "\r\n.\r\r\n", EOD, 3u),
    ROW_REJ("E_17", "\r\r\n.\r\r\n", CR | EOD, 0u),
    ROW_FLAG("E_18", "\r\r\n.\r\n", 6u, CR, 0u),
    ROW_FLAG("E_19", "\n\r\n.\r\n", 6u, LF, 0u),
    ROW_END("E_20", "\r\n.\r\n.\r\n", 5u),
    ROW_CONT("E_21", "\r\n. \r\n", "\r\n \r\n"),
    ROW_CONT("E_21_tab", "\r\n.\t\r\n", "\r\n\t\r\n"),
    ROW_CONT("E_22", "\r\n..\r\n", "\r\n.\r\n"),
    ROW_CONT("E_23", "\r\n.a\r\n", "\r\na\r\n"),
    {WIRE("E_24", ".\r\n"), END, 0u, 0u, 3u, "", 0u, true},
    {WIRE("E_25", ".\n"), REJ, EOD, 1u, 0u, "", 0u, true},
    {WIRE("E_25_crlf", "\n.\r\n"), REJ, LF | EOD, 0u, 0u, "", 0u, true},
    ROW_CONT("E_28_vt", "\r\n\013.\013\r\n", "\r\n\013.\013\r\n"),
    ROW_CONT("E_28_ff", "\r\n\014.\014\r\n", "\r\n\014.\014\r\n"),
    ROW_CONT("E_28_fs", "\r\n\034.\034\r\n", "\r\n\034.\034\r\n"),
    ROW_CONT("E_28_gs", "\r\n\035.\035\r\n", "\r\n\035.\035\r\n"),
    ROW_CONT("E_28_rs", "\r\n\036.\036\r\n", "\r\n\036.\036\r\n"),
    ROW_CONT("E_28_c1", "\r\n\205.\205\r\n", "\r\n\205.\205\r\n"),
    ROW_CONT("E_28_ls", "a\342\200\250.\342\200\250\r\n",
             "a\342\200\250.\342\200\250\r\n"),
    ROW_CONT("E_28_nel", "a\302\205.\302\205\r\n", "a\302\205.\302\205\r\n"),
    ROW_CONT("E_28_after", "\r\n.\013\r\n", "\r\n\013\r\n"),
    ROW_CONT("E_29", "\215\212\256\215\212", "\215\212\256\215\212"),
    ROW_CONT("E_30", "\r\n\357\273\277.\r\n", "\r\n\357\273\277.\r\n"),
};
#define MATRIX_COUNT (sizeof matrix / sizeof matrix[0])

// What stands around a row: an octet before it, and a true end after it.
#define AFTER "y\r\n.\r\n"

static void check_row(const row *r, const result *have, size_t before,
                      size_t len, bool cut_off) {
  test_number(have->anomalies, r->anomalies);
  test_number(have->first_off, r->anomalies != 0u ? r->off + before : 0u);
  if (r->verdict == END) {
    test_number(have->status, SMTPC_OK);
    test_number(have->used, before + r->used);
    return;
  }
  test_number(have->status, cut_off ? SMTPC_MORE : SMTPC_OK);
  test_number(have->used, len);
  if (r->verdict == CONT) {
    uint8_t want[64] = "x";
    memcpy(want + before, r->text, r->text_len);
    memcpy(want + before + r->text_len, "y\r\n", 3u);
    const size_t tail = cut_off ? 1u : 3u;
    test_octets(have->out, have->len, want, before + r->text_len + tail);
  }
}

static void test_matrix_row(void **state) {
  const row *const r = *state;
  uint8_t stream[64] = "x";
  uint8_t out[64];
  const size_t before = r->first ? 0u : 1u;
  memcpy(stream + before, r->wire, r->len);
  memcpy(stream + before + r->len, AFTER, sizeof AFTER);
  const size_t len = before + r->len + sizeof AFTER - 1u;
  for (size_t cut = 0u; cut <= TEST_CUT_MAX; cut++) {
    result have = {.out = out, .room = sizeof out};
    test_label("%s, cut %zu", r->id, cut);
    decode(stream, len, cut, &have);
    check_row(r, &have, before, len, false);
    // Without the true end nothing has ended but the rows that say so.
    test_label("%s, cut %zu, no end", r->id, cut);
    decode(stream, len - 5u, cut, &have);
    check_row(r, &have, before, len - 5u, true);
  }
  decode_compare_cuts(stream, len, TEST_CUT_MAX);
}

// E-26: any split of the end, over all sets of cuts.
static void test_content_E_26_end_in_any_pieces(void **state) {
  (void)state;
  static const uint8_t stream[] = "x\r\n.\r\nQUIT\r\n";
  for (uint64_t cuts = 0u; cuts < 4096u; cuts++) {
    uint8_t out[16];
    result have = {.out = out, .room = sizeof out};
    test_label("cuts %llx", (unsigned long long)cuts);
    decode_masked(stream, 12u, cuts, &have);
    test_number(have.status, SMTPC_OK);
    test_number(have.used, 6);
    test_number(have.anomalies, 0);
    test_octets(have.out, have.len, "x\r\n", 3u);
  }
}

// E-27: the stream ends inside of the end.
static void test_content_E_27_no_end_at_end_of_stream(void **state) {
  (void)state;
  static const char *const streams[] = {"\r\n.", "\r\n.\r", ".",
                                        ".\r",   "x\r",     "x\r\n"};
  for (size_t i = 0u; i < sizeof streams / sizeof streams[0]; i++) {
    for (size_t cut = 0u; cut <= TEST_CUT_MAX; cut++) {
      uint8_t out[8];
      result have = {.out = out, .room = sizeof out};
      test_label("stream %zu, cut %zu", i, cut);
      const uint8_t *const stream = (const uint8_t *)streams[i];
      decode(stream, strlen(streams[i]), cut, &have);
      test_number(have.status, SMTPC_MORE);
      test_number(have.anomalies, 0);
    }
  }
}

// Decodes `data` in two pieces, the first of `first` octets.
static void check_two_pieces(const uint8_t *data, size_t len, size_t first,
                             uint8_t *out, size_t text) {
  smtpc_content content;
  result have = {.keeps_lf = false};
  start(&have, &content, out, len);
  scan_piece(&content, data, first, &have);
  test_number(have.status, first < len ? SMTPC_MORE : SMTPC_OK);
  if (first < len) {
    scan_piece(&content, data + first, len - first, &have);
  }
  finish(&have, &content);
  test_number(have.status, SMTPC_OK);
  test_number(have.used, len);
  test_number(have.anomalies, 0);
  test_octets(have.out, have.len, data, text + 2u);
}

// E-32, and an over-long line that is cut at each place around its CRLF
// (THREATS: SMG-08).
static void test_content_E_32_after_long_lines(void **state) {
  (void)state;
  static const size_t lengths[] = {997u,  998u,  999u,    1000u,
                                   1001u, 4096u, 1000000u};
  for (size_t i = 0u; i < sizeof lengths / sizeof lengths[0]; i++) {
    const size_t text = lengths[i];
    const size_t len = text + 5u;
    uint8_t *const data = malloc(len);
    uint8_t *const out = malloc(len);
    assert_non_null(data);
    assert_non_null(out);
    memset(data, '.', len);
    data[0] = 'a';
    memcpy(data + text, "\r\n.\r\n", 5u);
    for (size_t first = text - 3u; first <= len; first++) {
      test_label("line of %zu, cut at %zu", text, first);
      check_two_pieces(data, len, first, out, text);
    }
    for (size_t first = 1u; first < 70u; first++) {
      test_label("line of %zu, cut at %zu", text, first);
      check_two_pieces(data, len, text < 5000u ? first : len, out, text);
    }
    free(out);
    free(data);
  }
}

// ---------------------------------------------------------------- compared

// String number `n` of length `len` over the first `letters` of the alphabet.
static void make_string(size_t n, size_t len, size_t letters, uint8_t *out) {
  static const uint8_t alphabet[5] = {'\r', '\n', '.', 'a', 0u};
  size_t rest = n;
  for (size_t i = 0u; i < len; i++) {
    out[i] = alphabet[rest % letters];
    rest /= letters;
  }
}

static size_t count_strings(size_t len, size_t letters) {
  size_t count = 1u;
  for (size_t i = 0u; i < len; i++) {
    count *= letters;
  }
  return count;
}

// Laws EOD and SPLIT: every string of up to 9 octets whole, up to 7 in pieces
// of 1 to 5, up to 6 with every set of cuts.
static void test_content_law_eod(void **state) {
  (void)state;
  for (size_t len = 0u; len <= 9u; len++) {
    const size_t count = count_strings(len, 5u);
    for (size_t n = 0u; n < count; n++) {
      uint8_t data[9];
      make_string(n, len, 5u, data);
      test_label("string %zu of length %zu", n, len);
      decode_compare_cuts(data, len, len <= 7u ? TEST_CUT_MAX : 0u);
    }
  }
}

// String number `n` with every set of cuts.
static void compare_all_cuts(size_t n, size_t len, bool keeps_lf) {
  uint8_t data[6];
  uint8_t want_out[6];
  uint8_t have_out[6];
  result have = {
      .out = have_out, .room = sizeof have_out, .keeps_lf = keeps_lf};
  make_string(n, len, 5u, data);
  const smtpc_model_content want =
      smtpc_model_content_decode(data, len, keeps_lf, want_out);
  for (uint64_t cuts = 0u; cuts < (uint64_t)1u << (len - 1u); cuts++) {
    test_label("string %zu of length %zu, cuts %llx, keeps_lf %d", n, len,
               (unsigned long long)cuts, keeps_lf);
    decode_masked(data, len, cuts, &have);
    compare(&have, &want, want_out);
  }
}

static void test_content_law_split(void **state) {
  (void)state;
  for (size_t len = 1u; len <= 6u; len++) {
    const size_t count = count_strings(len, 5u);
    for (size_t n = 0u; n < count; n++) {
      compare_all_cuts(n, len, false);
      compare_all_cuts(n, len, true);
    }
  }
}

// Each short string at each place of a scanner's block.
static void test_content_equals_model_at_each_place_of_a_block(void **state) {
  (void)state;
  for (size_t len = 1u; len <= 5u; len++) {
    const size_t count = count_strings(len, 5u);
    for (size_t n = 0u; n < count; n++) {
      for (size_t at = 0u; at < 70u; at += len < 5u ? 1u : 3u) {
        uint8_t data[110];
        memset(data, 'a', sizeof data);
        make_string(n, len, 5u, data + at);
        memcpy(data + 105, "\r\n.\r\n", 5u);
        test_label("string %zu of length %zu at %zu", n, len, at);
        decode_compare_cuts(data, sizeof data, 0u);
      }
    }
  }
}

// A random message, mostly whole lines.
static size_t make_message(uint64_t *seed, uint8_t *out, bool clean) {
  static const char *const parts[] = {
      "\r\n",
      "\r\n",
      ".",
      "\r\n.",
      "..",
      "a",
      "\t",
      "\200\377",
      "a word ",
      "a line of text that is longer than a block of the scanner is, so\r\n",
      "\r",
      "\n"};
  size_t len = 0u;
  const uint32_t count = test_random(seed) % 16u;
  for (uint32_t i = 0u; i < count; i++) {
    const char *const part = parts[test_random(seed) % (clean ? 10u : 12u)];
    memcpy(out + len, part, strlen(part));
    len += strlen(part);
  }
  if (!clean && len > 0u && test_random(seed) % 8u == 0u) {
    out[test_random(seed) % len] = 0u;
  }
  return len;
}

static void test_content_equals_model_on_long_messages(void **state) {
  (void)state;
  uint64_t seed = 51u;
  for (unsigned n = 0u; n < 20000u; n++) {
    uint8_t data[1024];
    const size_t len = make_message(&seed, data, n % 2u == 0u);
    test_label("message %u", n);
    decode_compare_cuts(data, len, TEST_CUT_MAX);
  }
}

// Law NORM: nothing is repaired. Each octet but CR, LF and NUL comes through as
// it came, at the start of a line and inside of one.
static void test_content_law_norm(void **state) {
  (void)state;
  for (unsigned c = 1u; c < 256u; c++) {
    const uint8_t o = (uint8_t)c;
    uint8_t data[] = {o, o, 'a', o, '\r', '\n', o, '\r', '\n', '.', '\r', '\n'};
    uint8_t out[sizeof data];
    result have = {.out = out, .room = sizeof out};
    if (c == 10u || c == 13u || c == 46u) {
      continue;
    }
    for (size_t cut = 0u; cut <= TEST_CUT_MAX; cut++) {
      test_label("octet %u, cut %zu", c, cut);
      decode(data, sizeof data, cut, &have);
      test_number(have.status, SMTPC_OK);
      test_number(have.anomalies, 0);
      test_octets(have.out, have.len, data, sizeof data - 3u);
    }
  }
}

static void test_content_is_lost_from_the_first_anomaly_on(void **state) {
  (void)state;
  static const uint8_t data[] = "one\r\ntwo\n.\r\nthree\r\n.\r\n";
  uint8_t out[64];
  result have = {.out = out, .room = sizeof out};
  decode(data, sizeof data - 1u, 0u, &have);
  test_number(have.status, SMTPC_OK);
  test_number(have.used, sizeof data - 1u);
  test_number(have.anomalies, LF | EOD);
  test_number(have.first_off, 8);
  test_number(have.len, 0);
}

static void test_content_ended_is_ended(void **state) {
  (void)state;
  smtpc_content content;
  size_t used = 0u;
  smtpc_run run;
  uint8_t dot = 0u;
  const uint8_t end[] = {'.', '\r', '\n'};
  smtpc_content_init(&content);
  test_number(smtpc_content_scan(&content, end, 0u, &used, &run), SMTPC_MORE);
  test_number(used, 0);
  test_number(smtpc_content_scan(&content, end, 3u, &used, &run), SMTPC_OK);
  test_number(used, 3);
  test_number(run.end - run.begin, 0);
  const smtpc_content before = content;
  for (unsigned n = 0u; n < 3u; n++) {
    test_number(smtpc_content_scan(&content, end, 3u, &used, &run),
                SMTPC_E_CONTENT_END);
    test_number(used, 0);
    test_number(smtpc_content_stuff(&content, end, 3u, &used, &run, &dot),
                SMTPC_E_STATE);
    test_number(used, 0);
    test_octets(&content, sizeof content, &before, sizeof before);
  }
  smtpc_content_init(&content);
  test_number(smtpc_content_scan(&content, end, 3u, &used, &run), SMTPC_OK);
}

// ----------------------------------------------------------------- sending

static void stuff_piece(smtpc_content *content, const uint8_t *from, size_t len,
                        result *r) {
  uint8_t *const piece = test_copy(from, len);
  size_t off = 0u;
  unsigned idle = 0u;
  while (off < len && r->status == SMTPC_MORE) {
    size_t used = 9u;
    smtpc_run run = {9u, 9u};
    uint8_t dot = 9u;
    r->status =
        smtpc_content_stuff(content, piece + off, len - off, &used, &run, &dot);
    assert_true(used <= len - off);
    take_run(r, piece + off, run, used);
    if (dot != 0u) {
      assert_true(r->len < r->room);
      r->out[r->len++] = '.';
    }
    // Two calls in a row that take nothing would be a hang.
    idle = used == 0u && r->status == SMTPC_MORE ? idle + 1u : 0u;
    assert_true(idle < 2u);
    off += used;
  }
  r->used += off;
  free(piece);
}

static void stuff_masked(const uint8_t *data, size_t len, size_t cut,
                         uint64_t cuts, result *r) {
  smtpc_content content;
  start(r, &content, r->out, r->room);
  size_t from = 0u;
  for (size_t i = 0u; i < len && r->status == SMTPC_MORE; i++) {
    const bool whole_piece = cut > 0u && i + 1u - from == cut;
    if (i + 1u == len || whole_piece || (i < 64u && ((cuts >> i) & 1u) != 0u)) {
      stuff_piece(&content, data + from, i + 1u - from, r);
      from = i + 1u;
    }
  }
  finish(r, &content);
  const smtpc_status end = smtpc_content_stuff_end(&content);
  if (r->status == SMTPC_MORE) {
    r->status = end;
  } else {
    test_number(end, SMTPC_E_CONTENT_END);
  }
}

static void check_stuffed(const uint8_t *data, size_t len, const result *have,
                          const smtpc_model_content *want,
                          const uint8_t *want_out) {
  test_number(have->status, want->status);
  test_number(have->first_off, want->first_off);
  if (want->status != SMTPC_OK && want->status != SMTPC_E_CONTENT_END) {
    return;
  }
  test_octets(have->out, have->len, want_out, want->len);
  if (want->status == SMTPC_OK) {
    uint8_t wire[2051];
    uint8_t back_out[2051];
    result back = {.out = back_out, .room = sizeof back_out};
    memcpy(wire, have->out, have->len);
    memcpy(wire + have->len, ".\r\nQUIT", 7u);
    decode(wire, have->len + 7u, 0u, &back);
    test_number(back.status, SMTPC_OK);
    test_number(back.used, have->len + 3u);
    test_number(back.anomalies, 0);
    test_octets(back.out, back.len, data, len);
  }
}

static void stuff_compare(const uint8_t *data, size_t len, size_t cut,
                          uint64_t cuts) {
  uint8_t want_out[2048];
  uint8_t have_out[2048];
  result have = {.out = have_out, .room = sizeof have_out};
  const smtpc_model_content want =
      smtpc_model_content_encode(data, len, want_out);
  stuff_masked(data, len, cut, cuts, &have);
  check_stuffed(data, len, &have, &want, want_out);
}

// Law STUFF over every string of up to 8 octets in pieces of 1 to 5, and up to
// 6 with every set of cuts.
static void test_content_law_stuff(void **state) {
  (void)state;
  for (size_t len = 0u; len <= 8u; len++) {
    const size_t count = count_strings(len, 4u);
    for (size_t n = 0u; n < count; n++) {
      uint8_t data[8];
      make_string(n, len, 4u, data);
      for (size_t cut = 0u; cut <= TEST_CUT_MAX; cut++) {
        test_label("string %zu of length %zu, cut %zu", n, len, cut);
        stuff_compare(data, len, cut, 0u);
      }
      const unsigned joints = len > 0u && len <= 6u ? (unsigned)len - 1u : 0u;
      for (uint64_t cuts = 1u; cuts < (uint64_t)1u << joints; cuts++) {
        test_label("string %zu of length %zu, cuts %llx", n, len,
                   (unsigned long long)cuts);
        stuff_compare(data, len, 0u, cuts);
      }
    }
  }
}

static void test_content_stuffs_at_each_place_of_a_block(void **state) {
  (void)state;
  for (size_t len = 1u; len <= 5u; len++) {
    const size_t count = count_strings(len, 5u);
    for (size_t n = 0u; n < count; n++) {
      for (size_t at = 0u; at < 70u; at += len < 5u ? 1u : 3u) {
        uint8_t data[107];
        memset(data, 'a', sizeof data);
        make_string(n, len, 5u, data + at);
        memcpy(data + 105, "\r\n", 2u);
        test_label("string %zu of length %zu at %zu", n, len, at);
        stuff_compare(data, sizeof data, 0u, 0u);
      }
    }
  }
}

static void test_content_stuffs_long_messages(void **state) {
  (void)state;
  uint64_t seed = 52u;
  for (unsigned n = 0u; n < 20000u; n++) {
    uint8_t data[1024];
    const size_t len = make_message(&seed, data, n % 4u != 0u);
    for (size_t cut = 0u; cut <= TEST_CUT_MAX; cut++) {
      test_label("message %u, cut %zu", n, cut);
      stuff_compare(data, len, cut, 0u);
    }
  }
}

static void test_content_refuses_to_send_for_ever(void **state) {
  (void)state;
  static const struct {
    const char *label;
    const char *data;
    smtpc_status want;
    size_t off;
  } rows[] = {
      {"bare LF", "a\n.\r\n", SMTPC_E_BARE_LF, 1u},
      {"bare CR", "a\r.\r\n", SMTPC_E_BARE_CR, 1u},
      {"CR CR LF", "a\r\r\n", SMTPC_E_BARE_CR, 1u},
      {"LF first", "\n.\r\n", SMTPC_E_BARE_LF, 0u},
  };
  for (size_t i = 0u; i < sizeof rows / sizeof rows[0]; i++) {
    const uint8_t *const data = (const uint8_t *)rows[i].data;
    smtpc_content content;
    size_t used = 9u;
    smtpc_run run = {9u, 9u};
    uint8_t dot = 9u;
    test_label("%s", rows[i].label);
    smtpc_content_init(&content);
    for (unsigned n = 0u; n < 3u; n++) {
      test_number(smtpc_content_stuff(&content, data, strlen(rows[i].data),
                                      &used, &run, &dot),
                  rows[i].want);
      test_number(used, 0);
      test_number(run.end - run.begin, 0);
      test_number(dot, 0);
      test_number(content.first_off, rows[i].off);
      test_number(smtpc_content_stuff_end(&content), SMTPC_E_CONTENT_END);
    }
  }
}

// A message that was received with an anomaly cannot be sent on as it is.
static void test_content_stays_refused(void **state) {
  (void)state;
  static const uint8_t data[] = {'\n', '\r', '\n'};
  smtpc_content content;
  size_t used = 9u;
  smtpc_run run;
  uint8_t dot = 0u;
  smtpc_content_init(&content);
  test_number(smtpc_content_scan(&content, data, 3u, &used, &run), SMTPC_MORE);
  test_number(content.state, SMTPC_CONTENT_BOL);
  test_number(smtpc_content_stuff_end(&content), SMTPC_E_CONTENT_END);
  test_number(smtpc_content_stuff(&content, data, 0u, &used, &run, &dot),
              SMTPC_E_BARE_LF);
}

static void test_content_dot_needs_its_line(void **state) {
  (void)state;
  smtpc_content content;
  size_t used = 9u;
  smtpc_run run;
  uint8_t dot = 0u;
  const uint8_t line[] = {'.', 'a', '\r', '\n'};
  smtpc_content_init(&content);
  test_number(smtpc_content_stuff_end(&content), SMTPC_OK);
  test_number(smtpc_content_stuff(&content, line, 4u, &used, &run, &dot),
              SMTPC_MORE);
  test_number(used, 0);
  test_number(dot, 1);
  test_number(smtpc_content_stuff_end(&content), SMTPC_E_CONTENT_END);
  const smtpc_content before = content;
  test_number(smtpc_content_stuff(&content, line + 1, 3u, &used, &run, &dot),
              SMTPC_E_ARGUMENT);
  test_number(used, 0);
  test_number(dot, 0);
  test_octets(&content, sizeof content, &before, sizeof before);
  test_number(smtpc_content_stuff(&content, line, 0u, &used, &run, &dot),
              SMTPC_MORE);
  test_number(dot, 0);
  test_number(smtpc_content_stuff(&content, line, 4u, &used, &run, &dot),
              SMTPC_MORE);
  test_number(used, 4);
  test_number(dot, 0);
  test_number(smtpc_content_stuff_end(&content), SMTPC_OK);
}

int main(void) {
  const struct CMUnitTest others[] = {
      cmocka_unit_test(test_content_E_26_end_in_any_pieces),
      cmocka_unit_test(test_content_E_27_no_end_at_end_of_stream),
      cmocka_unit_test(test_content_E_32_after_long_lines),
      cmocka_unit_test(test_content_law_eod),
      cmocka_unit_test(test_content_law_split),
      cmocka_unit_test(test_content_equals_model_at_each_place_of_a_block),
      cmocka_unit_test(test_content_equals_model_on_long_messages),
      cmocka_unit_test(test_content_law_norm),
      cmocka_unit_test(test_content_is_lost_from_the_first_anomaly_on),
      cmocka_unit_test(test_content_ended_is_ended),
      cmocka_unit_test(test_content_law_stuff),
      cmocka_unit_test(test_content_stuffs_at_each_place_of_a_block),
      cmocka_unit_test(test_content_stuffs_long_messages),
      cmocka_unit_test(test_content_refuses_to_send_for_ever),
      cmocka_unit_test(test_content_stays_refused),
      cmocka_unit_test(test_content_dot_needs_its_line),
  };
  // One test for each row of the matrix, with the row's id in its name.
  struct CMUnitTest tests[MATRIX_COUNT + sizeof others / sizeof others[0]];
  static row rows[MATRIX_COUNT];
  static char names[MATRIX_COUNT][32];
  memcpy(rows, matrix, sizeof matrix);
  for (size_t i = 0u; i < MATRIX_COUNT; i++) {
    (void)snprintf(names[i], sizeof names[i], "test_content_%s", rows[i].id);
    const struct CMUnitTest test = {names[i], test_matrix_row, NULL, NULL,
                                    &rows[i]};
    tests[i] = test;
  }
  memcpy(tests + MATRIX_COUNT, others, sizeof others);
  return cmocka_run_group_tests_name("content", tests, NULL, NULL);
}
