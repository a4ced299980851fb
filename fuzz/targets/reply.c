// Lines become the reply that the RFC's grammar says, one code over all of them, and
// the text of a line changes nothing but the text.
//
// The input is what a server sends. It is cut into lines by the assembler, whole and in
// pieces; each line is added to a reply twice, with octets beyond ASCII allowed and not,
// and judged by a reader of a few lines and, one line of each input, by the model.
//
// Laws: MODEL, CODE, COVER, SPLIT, BOUNDS, MISUSE, TERMINAL, PURE.
#include "smtpcore/reply.h"

#include <string.h>

#include "core/model/reply_model.h"
#include "fuzz/harness/block.h"
#include "fuzz/harness/choice.h"
#include "fuzz/harness/law.h"
#include "fuzz/harness/target.h"
#include "smtpcore/line.h"

const unsigned fuzz_target_kind = FUZZ_KIND_REPLIES;

#define INPUT_MAX 4096u

// UNSEEN stands before what a search for new branches is not to see.
#if defined(__clang__)
#define UNSEEN __attribute__((no_sanitize("coverage")))
#else
#define UNSEEN
#endif

// One assembler for all inputs: each leaves it empty.
static smtpc_line assembler;

// reading is one way to read the lines: replies in progress and what they came to.
typedef struct reading {
  smtpc_reply strict;  // octets beyond ASCII are not allowed
  smtpc_reply lax;     // they are
  uint64_t hash;       // of all that was found
  unsigned lines;
  unsigned modelled;  // the number of the line that the model sees
} reading;

// ------------------------------------------------------------ a second opinion

// opinion is what a line says by itself.
typedef struct opinion {
  unsigned code;  // 0: none
  unsigned enhanced[3];
  size_t text;
  bool last;
  bool control;  // a control octet in the text
  bool beyond;   // an octet beyond ASCII in it
} opinion;

// number reads "." 1*3DIGIT at `*at` into `*out`, and moves `*at` behind it.
UNSEEN static bool number(const uint8_t *line, size_t len, size_t *at,
                          unsigned *out) {
  size_t digits = 0u;
  if (*at >= len || line[*at] != '.') {
    return false;
  }
  *out = 0u;
  for (*at += 1u; *at < len && line[*at] >= '0' && line[*at] <= '9';
       *at += 1u) {
    *out = *out < 1000u ? *out * 10u + (unsigned)(line[*at] - '0') : 1000u;
    digits++;
  }
  return digits >= 1u && digits <= 3u;
}

UNSEEN static void read_enhanced(const uint8_t *line, size_t len,
                                 opinion *out) {
  size_t at = 5u;
  unsigned subject = 0u;
  unsigned detail = 0u;
  const bool class = len > 4u && line[4] == line[0] && line[4] != '3';
  if (class && number(line, len, &at, &subject) &&
      number(line, len, &at, &detail) && (at == len || line[at] == ' ')) {
    out->enhanced[0] = (unsigned)(line[0] - '0');
    out->enhanced[1] = subject;
    out->enhanced[2] = detail;
    out->text = at < len ? at + 1u : at;
  }
}

UNSEEN static opinion read_line(const uint8_t *line, size_t len) {
  opinion out = {0u, {0u, 0u, 0u}, len < 4u ? len : 4u, true, false, false};
  const bool three = len >= 3u && line[0] >= '2' && line[0] <= '5' &&
                     line[1] >= '0' && line[1] <= '5' && line[2] >= '0' &&
                     line[2] <= '9';
  if (!three || (len > 3u && line[3] != ' ' && line[3] != '-')) {
    return out;
  }
  out.last = len == 3u || line[3] == ' ';
  out.code = (unsigned)(line[0] - '0') * 100u +
             (unsigned)(line[1] - '0') * 10u + (unsigned)(line[2] - '0');
  for (size_t i = out.text; i < len; i++) {
    out.beyond |= line[i] > 0x7fu;
    out.control |= (line[i] < 0x20u && line[i] != '\t') || line[i] == 0x7fu;
  }
  read_enhanced(line, len, &out);
  return out;
}

// expected returns what `smtpc_reply_line` must return.
static smtpc_status expected(const smtpc_reply *before, const opinion *line,
                             int allow_8bit) {
  smtpc_status status = SMTPC_OK;
  if (line->code == 0u) {
    status = SMTPC_E_REPLY_CODE;
  } else if (before->lines > 0u && before->code != line->code) {
    status = SMTPC_E_REPLY_MIXED;
  } else if (line->control || (line->beyond && allow_8bit == 0)) {
    status = SMTPC_E_REPLY_TEXT;
  } else if (before->lines >= SMTPC_REPLY_LINES_MAX) {
    status = SMTPC_E_TOO_MANY;
  }
  return status;
}

// ------------------------------------------------------------------ one line

// check_reply compares a reply to which `line` was added with what it must be.
static void check_reply(const smtpc_reply *before, const smtpc_reply *reply,
                        const opinion *line) {
  const bool first = before->lines == 0u;
  const unsigned class = first ? line->enhanced[0] : before->enhanced_class;
  const unsigned subject = first ? line->enhanced[1] : before->enhanced_subject;
  const unsigned detail = first ? line->enhanced[2] : before->enhanced_detail;
  FUZZ_MUST(MODEL, reply->code == line->code, "code %u, not %u", reply->code,
            line->code);
  FUZZ_MUST(MODEL, reply->lines == before->lines + 1u, "%u lines, not %u",
            reply->lines, before->lines + 1u);
  FUZZ_MUST(MODEL, reply->done == (line->last ? 1u : 0u),
            "a line that ends it: %d", line->last ? 1 : 0);
  FUZZ_MUST(
      MODEL,
      reply->enhanced_class == class && reply->enhanced_subject == subject &&
          reply->enhanced_detail == detail,
      "enhanced %u.%u.%u, not %u.%u.%u", reply->enhanced_class,
      reply->enhanced_subject, reply->enhanced_detail, class, subject, detail);
  FUZZ_MUST(BOUNDS, reply->lines <= SMTPC_REPLY_LINES_MAX,
            "%u lines are one reply", reply->lines);
}

// add adds a line, and checks all but what the model says.
static smtpc_status add(smtpc_reply *reply, const uint8_t *line, size_t len,
                        int allow_8bit, const opinion *want, smtpc_span *text) {
  const smtpc_reply before = *reply;
  const smtpc_status must = expected(&before, want, allow_8bit);
  *text = smtpc_span_make(9u, 9u);
  const smtpc_status status =
      smtpc_reply_line(reply, line, len, allow_8bit, text);
  FUZZ_MUST(MODEL, status == must, "%s, not %s", smtpc_status_name(status),
            smtpc_status_name(must));
  if (status != SMTPC_OK) {
    FUZZ_MUST(COVER, text->begin == 0u && text->end == 0u,
              "a bad line has text");
    FUZZ_MUST(MISUSE, memcmp(reply, &before, sizeof before) == 0,
              "a bad line changes the reply");
    return status;
  }
  FUZZ_MUST(COVER, text->end == len, "the text of %zu octets ends at %u", len,
            text->end);
  FUZZ_MUST(COVER, text->begin == want->text, "the text begins at %u, not %zu",
            text->begin, want->text);
  check_reply(&before, reply, want);
  return status;
}

// check_model compares a line with what the slow version of the grammar says of it.
static void check_model(const uint8_t *line, size_t len, const opinion *have) {
  const smtpc_model_reply want = smtpc_model_reply_read(line, len, 1);
  FUZZ_MUST(MODEL, have->code == want.code, "code %u where the model has %u",
            have->code, want.code);
  if (want.code == 0u) {
    return;
  }
  FUZZ_MUST(MODEL, have->control == (want.status == SMTPC_E_REPLY_TEXT),
            "the model has %s", smtpc_status_name(want.status));
  FUZZ_MUST(MODEL, have->text == want.text && have->last == (want.last != 0),
            "text at %zu where the model has %zu", have->text, want.text);
  FUZZ_MUST(MODEL,
            memcmp(have->enhanced, want.enhanced, sizeof want.enhanced) == 0,
            "another enhanced code than the model's");
}

// Law CODE: another text, and none, give the same reply.
static void check_code(const smtpc_reply *before, const smtpc_reply *after,
                       const uint8_t *line, size_t len, smtpc_span text) {
  uint8_t other[SMTPC_REPLY_LINE_MAX];
  smtpc_span found = {0u, 0u};
  smtpc_reply reply = *before;
  FUZZ_MUST(BOUNDS, len < sizeof other, "a line of %zu octets", len);
  memcpy(other, line, text.begin);
  // Nothing that begins like an enhanced code, and words that somebody may look for.
  static const char words[] = "x 550 5.7.1 STARTTLS 250-\tESMTP refused ";
  const size_t count = len - text.begin < sizeof words - 1u ? len - text.begin
                                                            : sizeof words - 1u;
  memcpy(other + text.begin, words, count);
  memset(other + text.begin + count, '~', len - text.begin - count);
  smtpc_status status = smtpc_reply_line(&reply, other, len, 0, &found);
  FUZZ_MUST(CODE, status == SMTPC_OK, "another text is %s",
            smtpc_status_name(status));
  FUZZ_MUST(CODE, memcmp(&reply, after, sizeof reply) == 0,
            "another text makes another reply");
  reply = *before;
  status = smtpc_reply_line(&reply, other, text.begin, 0, &found);
  FUZZ_MUST(CODE, status == SMTPC_OK && smtpc_span_len(found) == 0u,
            "no text is %s", smtpc_status_name(status));
  FUZZ_MUST(CODE, memcmp(&reply, after, sizeof reply) == 0,
            "no text makes another reply");
}

// check_done: nothing is added to a whole reply.
static void check_done(smtpc_reply *reply, const uint8_t *line, size_t len) {
  const smtpc_reply before = *reply;
  smtpc_span text = {9u, 9u};
  const smtpc_status status = smtpc_reply_line(reply, line, len, 1, &text);
  FUZZ_MUST(MISUSE, status == SMTPC_E_STATE, "a line behind the last is %s",
            smtpc_status_name(status));
  FUZZ_MUST(TERMINAL,
            text.end == 0u && memcmp(reply, &before, sizeof before) == 0,
            "a line behind the last is added");
}

// check_length: a line that no span can name is misuse, and is not looked at.
static void check_length(smtpc_reply *reply, const uint8_t *line) {
  const smtpc_reply before = *reply;
  smtpc_span text = {9u, 9u};
  const smtpc_status status = smtpc_reply_line(reply, line, 65536u, 1, &text);
  FUZZ_MUST(MISUSE,
            status == (before.done != 0u ? SMTPC_E_STATE : SMTPC_E_ARGUMENT),
            "a line of 65536 octets is %s", smtpc_status_name(status));
  FUZZ_MUST(MISUSE,
            text.end == 0u && memcmp(reply, &before, sizeof before) == 0,
            "a line of 65536 octets is added");
}

// ------------------------------------------------------------------- reading

static void note(reading *r, smtpc_status status, smtpc_span text) {
  r->hash = fuzz_hash_number(
      r->hash, (uint64_t)status << 48u | (uint64_t)r->lax.code << 32u |
                   (uint64_t)text.begin << 16u | text.end);
}

// A whole reply, or one that is void, makes room for the next.
static void restart(reading *r, smtpc_status status) {
  if (status != SMTPC_OK || r->lax.done != 0u) {
    smtpc_reply_init(&r->strict);
    smtpc_reply_init(&r->lax);
  }
}

// take_line checks one line in all ways.
static void take_line(reading *r, const uint8_t *line, size_t len) {
  uint8_t *const block = fuzz_block(line, len);
  const smtpc_reply before = r->lax;
  const opinion want = read_line(line, len);
  smtpc_span text = {0u, 0u};
  smtpc_span same = {0u, 0u};
  FUZZ_MUST(BOUNDS, len <= SMTPC_REPLY_LINE_MAX - 2u, "a line of %zu octets",
            len);
  if (r->lines == r->modelled) {
    check_model(block, len, &want);
  }
  const smtpc_status lax = add(&r->lax, block, len, 1, &want, &text);
  const smtpc_status strict = add(&r->strict, block, len, 0, &want, &same);
  if (lax == SMTPC_OK) {
    check_code(&before, &r->lax, line, len, text);
  }
  if (strict == SMTPC_OK) {
    FUZZ_MUST(MODEL,
              lax == SMTPC_OK && text.begin == same.begin &&
                  memcmp(&r->strict, &r->lax, sizeof r->lax) == 0,
              "a line that is ASCII hangs on more being allowed");
  } else {
    // A reply that is void here goes on where octets beyond ASCII are allowed.
    r->strict = r->lax;
  }
  if (r->lax.done != 0u) {
    check_done(&r->lax, block, len);
  }
  check_length(&r->lax, block);
  note(r, lax, text);
  fuzz_block_free(block, line, len);
  restart(r, lax);
}

// take_again adds a line that was checked.
static void take_again(reading *r, const uint8_t *line, size_t len) {
  smtpc_span text = {0u, 0u};
  const smtpc_status status = smtpc_reply_line(&r->lax, line, len, 1, &text);
  note(r, status, text);
  restart(r, status);
}

// take_piece feeds octets to the assembler; `again` adds lines without looking.
static void take_piece(reading *r, const uint8_t *piece, size_t len,
                       bool again) {
  size_t at = 0u;
  while (at < len) {
    size_t used = 0u;
    const smtpc_status status = smtpc_line_feed(
        &assembler, SMTPC_REPLY_LINE_MAX, 0, piece + at, len - at, &used);
    FUZZ_MUST(COVER, used >= 1u && used <= len - at, "%zu octets of %zu taken",
              used, len - at);
    at += used;
    if (status == SMTPC_MORE) {
      return;
    }
    if (status != SMTPC_OK) {
      // A line that is none makes the reply void.
      note(r, status, smtpc_span_make(0u, 0u));
      restart(r, status);
    } else if (again) {
      take_again(r, assembler.data, assembler.len);
    } else {
      take_line(r, assembler.data, assembler.len);
    }
    r->lines++;
    smtpc_line_next(&assembler);
  }
}

// finish ends a line that did not end, so that the assembler is empty.
static void finish(void) {
  static const uint8_t end[2] = {'\r', '\n'};
  size_t used = 0u;
  if (smtpc_line_is_empty(&assembler) == 0) {
    (void)!smtpc_line_feed(&assembler, SMTPC_REPLY_LINE_MAX, 0, end, 2u, &used);
    smtpc_line_next(&assembler);
  }
  FUZZ_MUST(HARNESS, smtpc_line_is_empty(&assembler) == 1,
            "an input left a line");
}

static reading begin(unsigned modelled) {
  reading r;
  memset(&r, 0, sizeof r);
  smtpc_reply_init(&r.strict);
  smtpc_reply_init(&r.lax);
  r.modelled = modelled;
  return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size > INPUT_MAX) {
    return -1;
  }
  fuzz_choice choice = fuzz_choice_of(data, size);
  reading whole = begin(fuzz_choose(&choice, 4u));
  take_piece(&whole, data, size, false);
  finish();
  reading cut = begin(0u);
  size_t at = 0u;
  for (unsigned k = 0u; at < size; k++) {
    const uint32_t left = (uint32_t)(size - at);
    const size_t piece = k < 2u ? 1u + fuzz_choose(&choice, left) : left;
    take_piece(&cut, data + at, piece, true);
    at += piece;
  }
  finish();
  FUZZ_MUST(SPLIT, cut.lines == whole.lines && cut.hash == whole.hash,
            "cut, the lines are other replies");
  return 0;
}
