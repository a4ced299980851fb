// Octets become the same lines whatever the cuts are: those that the model says, each of
// them exactly what came since the last line's end, and nothing of one stays behind.
//
// The input is what a peer sends. It is read with and without the quirk line-lf, with
// two longest lines, whole, cut in a few places and octet by octet. An input that begins
// with `~` stands behind so many octets that its line passes, or nearly passes, the
// discard limit.
//
// Laws: SPLIT, MODEL, COVER, EPOCH, SECRET, DRAIN, BOUNDS, MISUSE, PURE.
#include "smtpcore/line.h"

#include <string.h>

#include "core/model/line_model.h"
#include "fuzz/harness/block.h"
#include "fuzz/harness/choice.h"
#include "fuzz/harness/law.h"
#include "fuzz/harness/target.h"

const unsigned fuzz_target_kind = FUZZ_KIND_COMMANDS;

// The longest input, and the most lines that it can hold.
#define INPUT_MAX 8192u
#define LINES_MAX (INPUT_MAX + 1u)

// One assembler for all inputs, since its buffer is long: each input leaves it as it
// found it, all zero, and that is checked.
static struct {
  fuzz_guard before;
  smtpc_line line;
  fuzz_guard after;
} place;

static smtpc_line *const line = &place.line;

static const uint8_t zeros[SMTPC_LINE_MAX];

// What the model says of the input: the lines, the last of which may be no line yet.
static smtpc_model_line wanted[LINES_MAX];

// setting is how an input is read.
typedef struct setting {
  const uint8_t *data;
  size_t len;
  size_t max;
  int lf_ends;
  int probes;  // 1: misuse is tried
} setting;

// ------------------------------------------------------------------ questions

// Law SECRET: nothing of the first `count` octets that were held is still there.
static void check_clean(size_t count) {
  const size_t held = count < SMTPC_LINE_MAX ? count : SMTPC_LINE_MAX;
  FUZZ_MUST(DRAIN, smtpc_line_is_empty(line) == 1,
            "a line that was let go is not empty");
  FUZZ_MUST(SECRET, memcmp(line->data, zeros, held) == 0,
            "octets of a line stay behind it");
  FUZZ_MUST(SECRET, memcmp(line->head, zeros, sizeof line->head) == 0,
            "the head of a line stays behind it");
  FUZZ_MUST(INVARIANT,
            line->seen == 0u && line->error_off == 0u && line->len == 0u &&
                line->error == 0u && line->lf == 0u &&
                line->state == SMTPC_LINE_TEXT && line->reserved[0] == 0u,
            "an empty line has a state");
}

// The head of a bad line is its first octets, as many as stood before the error.
static void check_head(const setting *s, const smtpc_model_line *want,
                       size_t at) {
  size_t count = 0u;
  while (count < SMTPC_LINE_HEAD && line->head[count] != 0u) {
    count++;
  }
  FUZZ_MUST(COVER, count == 0u || memcmp(line->head, s->data + at, count) == 0,
            "the head of a line is not its first octets");
  FUZZ_MUST(COVER,
            memcmp(line->head + count, zeros, SMTPC_LINE_HEAD - count) == 0,
            "the head of a line goes on behind its end");
  const size_t before = want->error_off < SMTPC_LINE_HEAD
                            ? want->error_off
                            : (size_t)SMTPC_LINE_HEAD;
  // A line that is too short for its head may lose a part of it.
  FUZZ_MUST(MODEL, s->max < SMTPC_LINE_HEAD + 2u || count == before,
            "the head has %zu octets, not %zu", count, before);
}

// check_line compares a line that is held, and began at `at`, with the model.
static void check_line(const setting *s, const smtpc_model_line *want,
                       smtpc_status status, size_t at) {
  FUZZ_MUST(MODEL, status == want->status, "%s where the model has %s",
            smtpc_status_name(status), smtpc_status_name(want->status));
  FUZZ_MUST(MODEL, line->lf == (want->lf ? 1u : 0u),
            "the model sees another octet end the line");
  FUZZ_MUST(DRAIN, smtpc_line_is_empty(line) == 0, "a held line is empty");
  FUZZ_MUST(COVER, line->seen == want->used, "octets were not counted");
  if (status == SMTPC_OK) {
    FUZZ_MUST(MODEL, line->len == want->len,
              "%u octets where the model has %zu", line->len, want->len);
    FUZZ_MUST(EPOCH, memcmp(line->data, s->data + at, want->len) == 0,
              "a line has other octets than came since the last one");
    FUZZ_MUST(BOUNDS, want->used <= s->max,
              "a line is longer than the longest");
    return;
  }
  FUZZ_MUST(MODEL, line->error_off == want->error_off,
            "the error is at %u where the model has %zu", line->error_off,
            want->error_off);
  FUZZ_MUST(SECRET, line->len == 0u, "a bad line is held");
  FUZZ_MUST(
      SECRET,
      memcmp(line->data, zeros, want->used < s->max ? want->used : s->max) == 0,
      "octets of a bad line are held");
  check_head(s, want, at);
}

// --------------------------------------------------------------------- misuse

// state is all of an assembler but what it holds.
typedef struct state {
  uint8_t octets[offsetof(smtpc_line, data)];
} state;

static state state_now(void) {
  state now;
  memcpy(&now, line, sizeof now);
  return now;
}

static void check_misuse(smtpc_status status, smtpc_status want, size_t used,
                         const state *before) {
  const state now = state_now();
  FUZZ_MUST(MISUSE, status == want, "misuse is told as %s, not as %s",
            smtpc_status_name(status), smtpc_status_name(want));
  FUZZ_MUST(MISUSE, used == 0u, "misuse takes octets");
  FUZZ_MUST(MISUSE, memcmp(&now, before, sizeof now) == 0,
            "misuse changes the state");
}

// misuse does all that must not be done while a line is held, which has no end, or has
// begun. None of it may change anything.
static void misuse(const setting *s) {
  if (s->probes == 0) {
    return;
  }
  static const uint8_t octets[3] = {'x', '\r', '\n'};
  const state before = state_now();
  const uint8_t first = line->data[0];
  size_t used = 9u;
  smtpc_status status =
      smtpc_line_feed(line, 1u, s->lf_ends, octets, 3u, &used);
  check_misuse(status, SMTPC_E_ARGUMENT, used, &before);
  used = 9u;
  status = smtpc_line_feed(line, SMTPC_LINE_MAX + 1u, 0, octets, 3u, &used);
  check_misuse(status, SMTPC_E_ARGUMENT, used, &before);
  used = 9u;
  status = smtpc_line_take(line, 0u, octets, 3u, &used);
  check_misuse(status, SMTPC_E_ARGUMENT, used, &before);
  used = 9u;
  status = smtpc_line_take(line, SMTPC_LINE_MAX + 1u, octets, 3u, &used);
  check_misuse(status, SMTPC_E_ARGUMENT, used, &before);
  status = smtpc_line_hold(line, SMTPC_LINE_MAX + 1u);
  check_misuse(status, SMTPC_E_STATE, 0u, &before);
  if (smtpc_line_is_empty(line) == 0 && line->state != SMTPC_LINE_BLOCK) {
    used = 9u;
    status = smtpc_line_take(line, 1u, octets, 3u, &used);
    check_misuse(status, SMTPC_E_STATE, used, &before);
  }
  if (line->state >= SMTPC_LINE_READY) {
    const bool dead = line->state == SMTPC_LINE_DEAD;
    used = 9u;
    status = smtpc_line_feed(line, s->max, s->lf_ends, octets, 3u, &used);
    check_misuse(status, dead ? SMTPC_E_LINE_ENDLESS : SMTPC_E_PENDING, used,
                 &before);
  }
  if (smtpc_line_is_empty(line) == 0 && line->state != SMTPC_LINE_READY) {
    status = smtpc_line_hold(line, 1u);
    check_misuse(status, SMTPC_E_STATE, 0u, &before);
  }
  FUZZ_MUST(MISUSE, line->data[0] == first, "misuse changes the octets");
}

// -------------------------------------------------------------------- reading

// expect asks the model for all lines of the input, and returns how many octets they
// are: all, since an input is not long enough for a line without an end.
static void expect(const setting *s) {
  size_t at = 0u;
  size_t count = 0u;
  do {
    wanted[count] = smtpc_model_line_read(s->data + at, s->len - at, s->max,
                                          s->lf_ends != 0);
    FUZZ_MUST(HARNESS, count + 1u < LINES_MAX, "too many lines");
    at += wanted[count].used;
    count++;
  } while (at < s->len && wanted[count - 1u].status != SMTPC_MORE);
  FUZZ_MUST(COVER, at == s->len, "the model leaves octets");
}

// let_go gives the line back and sees that it is gone.
static void let_go(size_t count) {
  smtpc_line_next(line);
  check_clean(count);
}

// reader is where reading is: which line, where it began, what is taken of it.
typedef struct reader {
  const setting *s;
  size_t number;
  size_t begin;
  size_t taken;
} reader;

// read_piece feeds one piece, all of it, and checks each line that ends in it.
static void read_piece(reader *r, const uint8_t *piece, size_t len) {
  size_t at = 0u;
  while (at < len) {
    const smtpc_model_line *const want = &wanted[r->number];
    size_t used = SIZE_MAX;
    const smtpc_status status = smtpc_line_feed(line, r->s->max, r->s->lf_ends,
                                                piece + at, len - at, &used);
    FUZZ_MUST(COVER, used >= 1u && used <= len - at, "%zu octets of %zu taken",
              used, len - at);
    at += used;
    r->taken += used;
    if (status == SMTPC_MORE) {
      FUZZ_MUST(SPLIT, at == len, "octets are left behind a line");
      FUZZ_MUST(SPLIT,
                want->status == SMTPC_MORE ? r->taken <= want->used
                                           : r->taken < want->used,
                "a line goes on behind its end");
      FUZZ_MUST(DRAIN, smtpc_line_is_empty(line) == 0,
                "a part of a line is lost");
    } else {
      FUZZ_MUST(SPLIT, r->taken == want->used,
                "a line of %zu octets where the model has %zu", r->taken,
                want->used);
      check_line(r->s, want, status, r->begin);
      let_go(want->used);
      r->begin += r->taken;
      r->taken = 0u;
      r->number++;
    }
  }
}

// finish makes the assembler empty, however the input ended.
static void finish(reader *r) {
  static const uint8_t end[2] = {'\r', '\n'};
  size_t used = 0u;
  FUZZ_MUST(COVER, r->begin + r->taken == r->s->len, "octets are lost");
  FUZZ_MUST(DRAIN, smtpc_line_is_empty(line) == (r->taken == 0u ? 1 : 0),
            "what is left is not what the assembler says");
  if (r->taken == 0u) {
    return;
  }
  misuse(r->s);
  smtpc_line_next(line);
  FUZZ_MUST(MISUSE, smtpc_line_is_empty(line) == 0,
            "a part of a line was let go");
  const smtpc_status status =
      smtpc_line_feed(line, r->s->max, r->s->lf_ends, end, 2u, &used);
  FUZZ_MUST(SPLIT, status != SMTPC_MORE && used <= 2u, "CRLF ends no line");
  let_go(r->taken + 2u);
}

static void read_whole(const setting *s) {
  reader r = {s, 0u, 0u, 0u};
  uint8_t *const block = fuzz_block(s->data, s->len);
  read_piece(&r, block, s->len);
  fuzz_block_free(block, s->data, s->len);
  finish(&r);
}

static void read_in_pieces(const setting *s, fuzz_choice *choice) {
  reader r = {s, 0u, 0u, 0u};
  size_t at = 0u;
  for (unsigned k = 0u; at < s->len; k++) {
    const size_t left = s->len - at;
    const size_t len = k < 3u ? 1u + fuzz_choose(choice, (uint32_t)left) : left;
    uint8_t *const block = fuzz_block(s->data + at, len);
    read_piece(&r, block, len);
    fuzz_block_free(block, s->data + at, len);
    at += len;
  }
  finish(&r);
}

static void read_octets(const setting *s) {
  reader r = {s, 0u, 0u, 0u};
  for (size_t i = 0u; i < s->len; i++) {
    // Of its own, so that a sanitizer sees the octet beside it read.
    const uint8_t octet = s->data[i];
    read_piece(&r, &octet, 1u);
  }
  finish(&r);
}

// ---------------------------------------------------------- blocks and holding

// A block is taken in two steps, as PROXY version 2 is: its head, then all of it.
static void take_block(const setting *s, fuzz_choice *choice) {
  const size_t head = 1u + fuzz_choose(choice, 16u);
  const size_t want = head + fuzz_choose(choice, 600u);
  size_t used = 0u;
  smtpc_status status = smtpc_line_take(line, head, s->data, s->len, &used);
  size_t taken = used;
  FUZZ_MUST(COVER, taken == (s->len < head ? s->len : head),
            "a head of %zu octets takes %zu", head, taken);
  FUZZ_MUST(SPLIT, (status == SMTPC_OK) == (taken == head),
            "a head is told as %s", smtpc_status_name(status));
  FUZZ_MUST(DRAIN, smtpc_line_is_empty(line) == (taken == 0u ? 1 : 0),
            "a block is lost");
  while (taken < want && taken < s->len) {
    const size_t left = s->len - taken;
    const size_t len = 1u + fuzz_choose(choice, (uint32_t)left);
    uint8_t *const block = fuzz_block(s->data + taken, len);
    status = smtpc_line_take(line, want, block, len, &used);
    fuzz_block_free(block, s->data + taken, len);
    const size_t missing = want - taken;
    FUZZ_MUST(COVER, used == (len < missing ? len : missing),
              "%zu octets taken of %zu, %zu are missing", used, len, missing);
    taken += used;
    FUZZ_MUST(SPLIT, (status == SMTPC_OK) == (taken == want),
              "a block is told as %s", smtpc_status_name(status));
  }
  FUZZ_MUST(EPOCH,
            line->len == taken && memcmp(line->data, s->data, taken) == 0,
            "a block has other octets than came");
  FUZZ_MUST(COVER, line->seen == taken, "octets of a block were not counted");
  // What is there already is a block too, and so is as much as can be.
  status = smtpc_line_take(line, 1u, s->data, s->len, &used);
  FUZZ_MUST(COVER, status == (taken > 0u ? SMTPC_OK : SMTPC_MORE) && used == 0u,
            "a block that is there is told as %s", smtpc_status_name(status));
  status = smtpc_line_take(line, SMTPC_LINE_MAX, s->data, 0u, &used);
  FUZZ_MUST(BOUNDS, status == SMTPC_MORE && used == 0u,
            "the longest block is told as %s", smtpc_status_name(status));
  misuse(s);
  let_go(taken);
}

// An owner puts octets of its own in place of a held line, and all of them are wiped.
static void hold(const setting *s, fuzz_choice *choice) {
  const size_t line_len = wanted[0].status == SMTPC_OK ? wanted[0].len : 0u;
  const size_t room = 1u + fuzz_choose(choice, 48u);
  const size_t keep = fuzz_choose(choice, (uint32_t)room + 1u);
  size_t used = 0u;
  size_t count = room;
  if (wanted[0].status == SMTPC_OK) {
    const smtpc_status status =
        smtpc_line_feed(line, s->max, s->lf_ends, s->data, s->len, &used);
    FUZZ_MUST(PURE, status == SMTPC_OK, "the first line is another one");
    count = used > room ? used : room;
  }
  FUZZ_MUST(MISUSE, smtpc_line_hold(line, line_len) == SMTPC_OK,
            "a line cannot be held");
  // The owner first says how much it uses, as `smtpc_line_hold` lets it.
  FUZZ_MUST(MISUSE, smtpc_line_hold(line, room) == SMTPC_OK,
            "octets cannot be held");
  FUZZ_MUST(SECRET,
            line_len <= room ||
                memcmp(line->data + room, zeros, line_len - room) == 0,
            "what a line had beyond is left");
  FUZZ_MUST(BOUNDS, smtpc_line_hold(line, SMTPC_LINE_MAX) == SMTPC_OK,
            "as many octets as there is room for cannot be held");
  line->data[SMTPC_LINE_MAX - 1u] = 's';
  FUZZ_MUST(MISUSE, smtpc_line_hold(line, room) == SMTPC_OK,
            "octets cannot be held");
  FUZZ_MUST(SECRET, line->data[SMTPC_LINE_MAX - 1u] == 0u,
            "the last octet of the longest line is left");
  memset(line->data, 's', room);
  FUZZ_MUST(MISUSE, smtpc_line_hold(line, keep) == SMTPC_OK,
            "fewer octets cannot be held");
  FUZZ_MUST(SECRET, memcmp(line->data + keep, zeros, room - keep) == 0,
            "octets beyond those that are held are left");
  FUZZ_MUST(DRAIN, smtpc_line_is_empty(line) == 0 && line->len == keep,
            "held octets are lost");
  misuse(s);
  let_go(count);
}

// -------------------------------------------------------------- without an end

// fill makes the assembler one that has taken `count` octets of text, more than the
// longest line. All but the first of them only raise a count, which stands in for them:
// 65536 octets for each input would be slow.
static void fill(const setting *s, size_t count) {
  size_t used = 0u;
  uint8_t text[600];
  memset(text, 'x', sizeof text);
  const smtpc_status status =
      smtpc_line_feed(line, s->max, s->lf_ends, text, s->max + 1u, &used);
  FUZZ_MUST(MODEL, status == SMTPC_MORE && line->error_off == s->max,
            "a line that is too long is %s", smtpc_status_name(status));
  FUZZ_MUST(BOUNDS, memcmp(line->data, zeros, s->max) == 0,
            "a line that is too long is held");
  FUZZ_MUST(COVER, used == s->max + 1u && line->seen == used,
            "octets of a long line are not counted");
  line->seen = (uint32_t)count;
}

// read_endless reads the input behind `count` octets of text. The line is too long if it
// ends within the limit, else it has no end.
static void read_endless(const setting *s, size_t count) {
  const size_t limit = s->max + SMTPC_LINE_DISCARD_MAX;
  const smtpc_model_line want =
      smtpc_model_line_read(s->data, s->len, SMTPC_LINE_MAX, s->lf_ends != 0);
  const bool ends = want.status != SMTPC_MORE;
  const bool endless = count + want.used > limit;
  size_t used = 0u;
  fill(s, count);
  const smtpc_status status =
      smtpc_line_feed(line, s->max, s->lf_ends, s->data, s->len, &used);
  FUZZ_MUST(BOUNDS, count + used <= limit, "a line passed the limit");
  if (endless) {
    FUZZ_MUST(BOUNDS, status == SMTPC_E_LINE_ENDLESS && count + used == limit,
              "a line without an end is %s", smtpc_status_name(status));
    // The same when the line stops at the limit, and what is too much comes later.
    line->state = SMTPC_LINE_TEXT;
    const smtpc_status again =
        smtpc_line_feed(line, s->max, s->lf_ends, s->data, s->len, &used);
    FUZZ_MUST(SPLIT, again == SMTPC_E_LINE_ENDLESS && used == 0u,
              "a line at the limit goes on");
    misuse(s);
    smtpc_line_next(line);
    FUZZ_MUST(BOUNDS, line->state == SMTPC_LINE_DEAD,
              "a line without an end was let go");
  } else {
    FUZZ_MUST(MODEL, status == (ends ? SMTPC_E_LINE_TOO_LONG : SMTPC_MORE),
              "a long line is %s", smtpc_status_name(status));
    FUZZ_MUST(COVER, used == want.used, "%zu octets taken, not %zu", used,
              want.used);
    FUZZ_MUST(MODEL, line->error_off == s->max, "the error is at %u",
              line->error_off);
  }
  smtpc_line_init(line);
  check_clean(s->max);
}

// ------------------------------------------------------------------ the target

// The longest lines: the least, those about a head, RFC 5321's, and the greatest.
static const uint16_t longest[] = {
    2u,  3u,   4u,   5u,    6u,    8u,    16u,
    64u, 512u, 999u, 1024u, 2048u, 4096u, SMTPC_LINE_MAX};

static void try_setting(const setting *s, fuzz_choice *choice) {
  expect(s);
  read_whole(s);
  if (s->len > 1u) {
    read_in_pieces(s, choice);
    if (s->len <= 32u || fuzz_choose(choice, 16u) == 0u) {
      read_octets(s);
    }
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size > INPUT_MAX) {
    return -1;
  }
  fuzz_choice choice = fuzz_choice_of(data, size);
  fuzz_guard_set(&place.before);
  fuzz_guard_set(&place.after);
  FUZZ_MUST(HARNESS, smtpc_line_is_empty(line) == 1, "an input left a line");
  // Misuse is tried with a fourth of the inputs, since it takes as long as reading.
  const int probes = fuzz_choose(&choice, 4u) == 0u;
  setting s = {data, size, 512u, (int)fuzz_choose(&choice, 2u), probes};
  if (size > 0u && data[0] == '~') {
    const size_t before = fuzz_choose(&choice, 3u);
    read_endless(&s, s.max + SMTPC_LINE_DISCARD_MAX -
                         (size > before ? size - before : size));
  } else {
    try_setting(&s, &choice);
    take_block(&s, &choice);
    hold(&s, &choice);
    s.max = longest[fuzz_choose(&choice, sizeof longest / sizeof longest[0])];
    s.lf_ends = 1 - s.lf_ends;
    try_setting(&s, &choice);
  }
  if (fuzz_choose(&choice, 64u) == 0u) {
    line->reserved[0] = 's';
    smtpc_line_init(line);
    check_clean(SMTPC_LINE_MAX);
  }
  fuzz_guard_check(&place.before);
  fuzz_guard_check(&place.after);
  return 0;
}
