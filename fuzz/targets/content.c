// Content of DATA ends at CRLF.CRLF and nowhere else, goes through as it came but for
// the stuffing dots, and is lost when a lenient reader would see another end in it;
// chunks of BDAT are judged alike.
//
// The input is what comes after DATA's CRLF, or the payload of chunks. It is read with
// and without the quirk content-lf, whole, cut in pieces and octet by octet, and judged
// by a scanner of ten lines and by the model.
//
// Laws: EOD, NORM, SPLIT, MODEL, COVER, BDAT, TERMINAL, MISUSE, PURE, INVARIANT.
#include "smtpcore/content.h"

#include <string.h>

#include "core/model/content_model.h"
#include "fuzz/harness/block.h"
#include "fuzz/harness/choice.h"
#include "fuzz/harness/law.h"
#include "fuzz/harness/target.h"

const unsigned fuzz_target_kind = FUZZ_KIND_CONTENT;

#define INPUT_MAX 4096u
#define WINDOW 64u  // this many octets of a longer input are read one by one
#define SHORT 48u   // a longer input is judged in full with one setting only

// UNSEEN stands before what a search for new branches is not to see.
#if defined(__clang__)
#define UNSEEN __attribute__((no_sanitize("coverage")))
#else
#define UNSEEN
#endif

static uint8_t wanted[INPUT_MAX];    // content by the harness
static uint8_t modelled[INPUT_MAX];  // and by the model
static uint8_t given[INPUT_MAX];     // content by the core

// ------------------------------------------------------------- what must come out

// end_of is the whole law EOD: it returns where the message ends, past CRLF.CRLF (DATA's
// own CRLF stands before the first octet), or 0.
UNSEEN static size_t end_of(const uint8_t *data, size_t len) {
  if (len >= 3u && memcmp(data, ".\r\n", 3u) == 0) {
    return 3u;
  }
  for (size_t i = 0u; i + 5u <= len; i++) {
    if (memcmp(data + i, "\r\n.\r\n", 5u) == 0) {
      return i + 5u;
    }
  }
  return 0u;
}

// unstuff writes `data[0 .. len)` without the dot that begins a line to `wanted`.
UNSEEN static size_t unstuff(const uint8_t *data, size_t len) {
  size_t count = 0u;
  for (size_t i = 0u; i < len; i++) {
    const bool starts =
        i == 0u || (i >= 2u && data[i - 2u] == '\r' && data[i - 1u] == '\n');
    if (!starts || data[i] != '.') {
      wanted[count] = data[i];
      count++;
    }
  }
  return count;
}

// has_lookalike returns whether a reader that takes LF, or CR, for a line's end sees a
// line of one dot in `data` that a strict reader does not see.
UNSEEN static bool has_lookalike(const uint8_t *data, size_t len) {
  for (size_t i = 0u; i < len; i++) {
    const uint8_t before = i > 0u ? data[i - 1u] : (uint8_t)'\n';
    const uint8_t after = i + 1u < len ? data[i + 1u] : (uint8_t)'\n';
    const bool crlf = i < 2u || data[i - 2u] == '\r';
    const bool ends = after == '\n' || after == '\r';
    const bool whole = i + 1u >= len || after == '\r';
    if (data[i] == '.' && ends && (before == '\n' || before == '\r') &&
        !(before == '\n' && crlf && whole)) {
      return true;
    }
  }
  return false;
}

// bare returns what of bare CR, bare LF and NUL stands in a message that is whole.
UNSEEN static unsigned bare(const uint8_t *data, size_t len) {
  unsigned found = 0u;
  for (size_t i = 0u; i < len; i++) {
    const uint8_t next = i + 1u < len ? data[i + 1u] : 0u;
    const uint8_t before = i > 0u ? data[i - 1u] : 0u;
    found |= data[i] == '\r' && next != '\n' ? SMTPC_ANOMALY_BARE_CR : 0u;
    found |= data[i] == '\n' && before != '\r' ? SMTPC_ANOMALY_BARE_LF : 0u;
    found |= data[i] == 0u ? SMTPC_ANOMALY_NUL : 0u;
  }
  return found;
}

static bool is_lost(const smtpc_content *content) {
  return (content->anomalies & SMTPC_ANOMALIES_LOST) != 0u;
}

static smtpc_content start(unsigned keeps_lf) {
  smtpc_content content;
  memset(&content, 0x5a, sizeof content);
  smtpc_content_init(&content);
  content.keeps_lf = (uint8_t)keeps_lf;
  return content;
}

static void check_invariant(const smtpc_content *content) {
  FUZZ_MUST(INVARIANT,
            content->state <= SMTPC_CONTENT_LINE_DOT &&
                (content->anomalies & ~31u) == 0u && content->dot_sent == 0u,
            "state %u, anomalies %u", content->state, content->anomalies);
  FUZZ_MUST(INVARIANT,
            is_lost(content) ? content->first_off < content->octets
                             : content->first_off == 0u,
            "an anomaly stands behind what was taken");
}

// ------------------------------------------------------------------------ DATA

// taken is what was read of a message, and what came out.
typedef struct taken {
  smtpc_content content;
  smtpc_status status;
  size_t used;
  size_t len;
} taken;

// take_piece reads a piece, all of it or up to the end.
static void take_piece(taken *t, const uint8_t *piece, size_t len) {
  size_t at = 0u;
  while (at < len && t->status == SMTPC_MORE) {
    const bool lost = is_lost(&t->content);
    const size_t left = len - at;
    size_t used = SIZE_MAX;
    smtpc_run run = {SIZE_MAX, SIZE_MAX};
    t->status = smtpc_content_scan(&t->content, piece + at, left, &used, &run);
    FUZZ_MUST(COVER, used >= 1u && used <= left, "%zu octets of %zu taken",
              used, left);
    FUZZ_MUST(COVER, run.begin <= run.end && run.end <= used,
              "a run lies outside of what was taken");
    FUZZ_MUST(EOD, t->status == SMTPC_MORE || t->status == SMTPC_OK,
              "content is %s", smtpc_status_name(t->status));
    FUZZ_MUST(NORM, !lost || is_lost(&t->content), "an anomaly is forgotten");
    FUZZ_MUST(NORM, !is_lost(&t->content) || run.begin == run.end,
              "a message that is lost goes on");
    memcpy(given + t->len, piece + at + run.begin, run.end - run.begin);
    t->len += run.end - run.begin;
    at += used;
    t->used += used;
  }
}

static void take_block(taken *t, const uint8_t *data, size_t len) {
  uint8_t *const block = fuzz_block(data, len);
  take_piece(t, block, len);
  fuzz_block_free(block, data, len);
}

// piece_of returns how many octets the next piece has: with `cuts` 0 all that are left,
// 1 a few pieces, 2 one in a window that begins at `from`.
static size_t piece_of(size_t at, size_t len, unsigned cuts, size_t from,
                       unsigned k, fuzz_choice *choice) {
  const uint32_t left = (uint32_t)(len - at);
  size_t piece = left;
  if (cuts == 1u && k < 3u) {
    piece = 1u + fuzz_choose(choice, k == 0u || left < 8u ? left : 8u);
  } else if (cuts == 2u && at < from) {
    piece = from - at;
  } else if (cuts == 2u && at < from + WINDOW) {
    piece = 1u;
  }
  return piece;
}

static size_t window_of(size_t len, fuzz_choice *choice) {
  return len > WINDOW ? fuzz_choose(choice, (uint32_t)(len - WINDOW) + 1u) : 0u;
}

// take reads the input.
static taken take(const uint8_t *data, size_t len, unsigned keeps_lf,
                  unsigned cuts, fuzz_choice *choice) {
  taken t = {start(keeps_lf), SMTPC_MORE, 0u, 0u};
  const size_t from = window_of(len, choice);
  size_t at = 0u;
  for (unsigned k = 0u; at < len && t.status == SMTPC_MORE; k++) {
    const size_t piece = piece_of(at, len, cuts, from, k, choice);
    if (piece == 1u) {
      const uint8_t octet = data[at];
      take_piece(&t, &octet, 1u);
    } else {
      take_block(&t, data + at, piece);
    }
    at += piece;
  }
  check_invariant(&t.content);
  return t;
}

// check_end: after the end nothing is taken.
static void check_end(taken *t) {
  static const uint8_t more[] = "\r\n.\r\nMAIL FROM:<>\r\n";
  const smtpc_content before = t->content;
  size_t used = 9u;
  smtpc_run run = {9u, 9u};
  const smtpc_status status =
      smtpc_content_scan(&t->content, more, sizeof more - 1u, &used, &run);
  FUZZ_MUST(MISUSE, status == SMTPC_E_CONTENT_END,
            "octets behind the end are %s", smtpc_status_name(status));
  FUZZ_MUST(TERMINAL, used == 0u && run.begin == 0u && run.end == 0u,
            "octets behind the end are taken");
  FUZZ_MUST(TERMINAL, memcmp(&before, &t->content, sizeof before) == 0,
            "a message that ended goes on");
}

// check_content judges what came out against what must.
static void check_content(const taken *t, const uint8_t *data, size_t len) {
  const size_t end = end_of(data, len);
  FUZZ_MUST(EOD, (t->status == SMTPC_OK) == (end > 0u), "the end at %zu is %s",
            end, smtpc_status_name(t->status));
  FUZZ_MUST(EOD, t->used == (end > 0u ? end : len),
            "a message of %zu octets ends at %zu", end, t->used);
  FUZZ_MUST(COVER, t->content.octets == t->used, "octets are not counted");
  if (is_lost(&t->content) || end == 0u) {
    return;
  }
  const size_t count = unstuff(data, end - 3u);
  FUZZ_MUST(NORM, t->len == count && memcmp(given, wanted, count) == 0,
            "content is not what came without its dots");
  FUZZ_MUST(EOD, !has_lookalike(given, count),
            "content that is kept shows another end");
  FUZZ_MUST(EOD, !has_lookalike(data, end),
            "a message that is kept had another end");
  const unsigned found = bare(given, count);
  const unsigned may = t->content.keeps_lf != 0u ? SMTPC_ANOMALY_BARE_LF : 0u;
  FUZZ_MUST(NORM, (found & ~may) == 0u, "bare octets %u are kept", found);
  FUZZ_MUST(NORM,
            ((t->content.anomalies & SMTPC_ANOMALY_LF_KEPT) != 0u) ==
                ((found & may) != 0u),
            "a bare LF is kept and not told");
}

static void check_model(const taken *t, const uint8_t *data, size_t len) {
  const smtpc_model_content want = smtpc_model_content_decode(
      data, len, t->content.keeps_lf != 0u, modelled);
  FUZZ_MUST(MODEL, t->status == want.status && t->used == want.used,
            "%s at %zu where the model has %s at %zu",
            smtpc_status_name(t->status), t->used,
            smtpc_status_name(want.status), want.used);
  FUZZ_MUST(MODEL, t->content.anomalies == want.anomalies,
            "anomalies %u where the model has %u", t->content.anomalies,
            want.anomalies);
  FUZZ_MUST(MODEL, t->content.first_off == want.first_off,
            "the first anomaly is at %zu where the model has %zu",
            (size_t)t->content.first_off, want.first_off);
  FUZZ_MUST(MODEL,
            is_lost(&t->content) ||
                (t->len == want.len && memcmp(given, modelled, want.len) == 0),
            "other content than the model's");
}

static void check_data(const uint8_t *data, size_t len, unsigned keeps_lf,
                       bool full, fuzz_choice *choice) {
  taken whole = take(data, len, keeps_lf, 0u, choice);
  check_content(&whole, data, len);
  memcpy(modelled, given, whole.len);
  if (full) {
    check_model(&whole, data, len);
  }
  for (unsigned cuts = 1u; cuts <= (full ? 2u : 1u); cuts++) {
    const taken t = take(data, len, keeps_lf, cuts, choice);
    FUZZ_MUST(SPLIT, t.status == whole.status && t.used == whole.used,
              "cut, a message ends at %zu, not at %zu", t.used, whole.used);
    FUZZ_MUST(SPLIT, memcmp(&t.content, &whole.content, sizeof t.content) == 0,
              "cut, a message ends in another state");
    FUZZ_MUST(SPLIT,
              is_lost(&t.content) ||
                  (t.len == whole.len && memcmp(given, modelled, t.len) == 0),
              "cut, a message has other content");
  }
  if (whole.status == SMTPC_OK) {
    check_end(&whole);
  }
}

// ------------------------------------------------------------------------ BDAT

static smtpc_content check_chunks(const uint8_t *data, size_t len,
                                  unsigned keeps_lf, unsigned cuts,
                                  fuzz_choice *choice) {
  smtpc_content content = start(keeps_lf);
  const size_t from = window_of(len, choice);
  size_t at = 0u;
  for (unsigned k = 0u; at < len; k++) {
    const size_t piece = piece_of(at, len, cuts, from, k, choice);
    if (piece == 1u) {
      const uint8_t octet = data[at];
      smtpc_content_check(&content, &octet, 1u);
    } else {
      uint8_t *const block = fuzz_block(data + at, piece);
      smtpc_content_check(&content, block, piece);
      fuzz_block_free(block, data + at, piece);
    }
    at += piece;
  }
  check_invariant(&content);
  FUZZ_MUST(BDAT, content.octets == len, "chunks of %zu octets count as %zu",
            len, (size_t)content.octets);
  return content;
}

static void check_verdict(const smtpc_content *content, const uint8_t *data,
                          size_t len, bool ended) {
  const smtpc_model_content want =
      smtpc_model_content_check(data, len, content->keeps_lf != 0u, ended);
  FUZZ_MUST(MODEL, content->anomalies == want.anomalies,
            "chunks have anomalies %u where the model has %u",
            content->anomalies, want.anomalies);
  FUZZ_MUST(MODEL, content->first_off == want.first_off,
            "their first is at %zu where the model has %zu",
            (size_t)content->first_off, want.first_off);
}

static void check_bdat(const uint8_t *data, size_t len, unsigned keeps_lf,
                       bool full, fuzz_choice *choice) {
  smtpc_content content = check_chunks(data, len, keeps_lf, 0u, choice);
  if (full) {
    check_verdict(&content, data, len, false);
  }
  for (unsigned cuts = 1u; cuts <= (full ? 2u : 1u); cuts++) {
    const smtpc_content cut = check_chunks(data, len, keeps_lf, cuts, choice);
    FUZZ_MUST(SPLIT, memcmp(&cut, &content, sizeof cut) == 0,
              "cut, chunks end in another state");
  }
  smtpc_content_check_end(&content);
  if (full) {
    check_verdict(&content, data, len, true);
  }
  const unsigned found = bare(data, len);
  if (!is_lost(&content)) {
    FUZZ_MUST(BDAT,
              (found & ~(keeps_lf != 0u ? SMTPC_ANOMALY_BARE_LF : 0u)) == 0u,
              "bare octets %u of chunks are kept", found);
    FUZZ_MUST(EOD, !has_lookalike(data, len),
              "chunks that are kept show another end");
  }
  FUZZ_MUST(BDAT, found != 0u || content.anomalies == 0u,
            "chunks without a bare octet have anomalies %u", content.anomalies);
  const smtpc_content ended = content;
  smtpc_content_check(&content, (const uint8_t *)"\r\0\n.", 4u);
  FUZZ_MUST(TERMINAL, memcmp(&content, &ended, sizeof ended) == 0,
            "chunks go on behind their end");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size > INPUT_MAX) {
    return -1;
  }
  fuzz_choice choice = fuzz_choice_of(data, size);
  const uint32_t chosen = fuzz_choose(&choice, 2u);
  for (unsigned keeps_lf = 0u; keeps_lf <= 1u; keeps_lf++) {
    const bool full = size <= SHORT || keeps_lf == chosen;
    check_data(data, size, keeps_lf, full, &choice);
    check_bdat(data, size, keeps_lf, full, &choice);
  }
  return 0;
}
