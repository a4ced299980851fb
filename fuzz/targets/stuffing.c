// What is stuffed and unstuffed is what it was, whatever the cuts on both sides, and
// content that a sender must not send is refused.
//
// The input is content to send under DATA. It is stuffed whole, cut in pieces and octet
// by octet; what comes out is compared with the model and read back. Then all that the
// header calls misuse is tried.
//
// Laws: STUFF, EOD, NORM, SPLIT, MODEL, COVER, CRLFOUT, MISUSE, TERMINAL, PURE.
#include <string.h>

#include "core/model/content_model.h"
#include "fuzz/harness/block.h"
#include "fuzz/harness/choice.h"
#include "fuzz/harness/law.h"
#include "fuzz/harness/target.h"
#include "smtpcore/content.h"

const unsigned fuzz_target_kind = FUZZ_KIND_CONTENT;

#define INPUT_MAX 4096u
#define WINDOW 64u  // this many octets of a longer input are sent one by one
#define END ".\r\n"
#define END_LEN 3u

// UNSEEN stands before what a search for new branches is not to see.
#if defined(__clang__)
#define UNSEEN __attribute__((no_sanitize("coverage")))
#else
#define UNSEEN
#endif

// What was made of the input, what the model makes of it, and what is read of that.
static uint8_t stuffed[2u * INPUT_MAX + END_LEN];
static uint8_t modelled[2u * INPUT_MAX];
static uint8_t again[2u * INPUT_MAX];

// sent is an encoder and how far it came.
typedef struct sent {
  smtpc_content content;
  smtpc_status status;
  size_t used;
  size_t len;
} sent;

// ------------------------------------------------------------------- stuffing

// check_refused: the answer is the same for ever, and nothing is taken.
static void check_refused(sent *s) {
  static const uint8_t good[] = "a\r\n.b\r\n";
  const smtpc_content before = s->content;
  size_t used = 9u;
  smtpc_run run = {9u, 9u};
  uint8_t dot = 9u;
  const smtpc_status status = smtpc_content_stuff(
      &s->content, good, before.dot_sent != 0u ? 0u : sizeof good - 1u, &used,
      &run, &dot);
  FUZZ_MUST(TERMINAL, status == s->status, "content that is %s is then %s",
            smtpc_status_name(s->status), smtpc_status_name(status));
  FUZZ_MUST(TERMINAL, used == 0u && run.end == 0u && dot == 0u,
            "octets behind a fault are sent");
  FUZZ_MUST(TERMINAL,
            before.first_off == s->content.first_off &&
                before.anomalies == s->content.anomalies,
            "a fault moves");
}

// stuff_piece stuffs a piece, all of it or up to a fault.
static void stuff_piece(sent *s, const uint8_t *piece, size_t len) {
  size_t at = 0u;
  bool dotted = false;
  while (at < len && s->status == SMTPC_MORE) {
    const size_t left = len - at;
    size_t used = SIZE_MAX;
    smtpc_run run = {SIZE_MAX, SIZE_MAX};
    uint8_t dot = 9u;
    s->status =
        smtpc_content_stuff(&s->content, piece + at, left, &used, &run, &dot);
    FUZZ_MUST(COVER, used <= left && run.begin == 0u && run.end == used,
              "%zu octets of %zu taken, a run of %zu", used, left, run.end);
    FUZZ_MUST(COVER,
              dot <= 1u && (used > 0u || dot == 1u || s->status != SMTPC_MORE),
              "a call does nothing");
    FUZZ_MUST(STUFF, dot == 0u || (used < left && piece[at + used] == '.'),
              "a dot is asked for where none stands");
    FUZZ_MUST(STUFF, !(dotted && used == 0u && dot == 1u),
              "a dot is asked for twice");
    memcpy(stuffed + s->len, piece + at, run.end);
    s->len += run.end;
    if (dot == 1u) {
      stuffed[s->len] = (uint8_t)'.';
      s->len++;
    }
    dotted = dot == 1u;
    at += used;
    s->used += used;
  }
}

// stuff stuffs the input: `cuts` 0 whole, 1 in pieces, 2 octet by octet.
static sent stuff(const uint8_t *data, size_t len, unsigned cuts,
                  fuzz_choice *choice) {
  sent s;
  memset(&s, 0, sizeof s);
  smtpc_content_init(&s.content);
  s.status = SMTPC_MORE;
  const size_t from =
      len > WINDOW ? fuzz_choose(choice, (uint32_t)(len - WINDOW) + 1u) : 0u;
  size_t at = 0u;
  for (unsigned k = 0u; at < len && s.status == SMTPC_MORE; k++) {
    const uint32_t left = (uint32_t)(len - at);
    size_t piece = left;
    if (cuts == 2u && at >= from && at < from + WINDOW) {
      const uint8_t octet = data[at];
      stuff_piece(&s, &octet, 1u);
      at++;
      continue;
    }
    if (cuts == 1u && k < 3u) {
      piece = 1u + fuzz_choose(choice, left);
    } else if (cuts == 2u && at < from) {
      piece = from - at;
    }
    uint8_t *const block = fuzz_block(data + at, piece);
    stuff_piece(&s, block, piece);
    fuzz_block_free(block, data + at, piece);
    at += piece;
  }
  if (s.status != SMTPC_MORE) {
    check_refused(&s);
  }
  return s;
}

// fault_of returns the first octet that must not be sent: bare CR, bare LF or NUL.
UNSEEN static smtpc_status fault_of(const uint8_t *data, size_t len,
                                    size_t *at) {
  for (size_t i = 0u; i < len; i++) {
    *at = i;
    if (data[i] == '\r' && i + 1u < len && data[i + 1u] != '\n') {
      return SMTPC_E_BARE_CR;
    }
    if (data[i] == '\n' && (i == 0u || data[i - 1u] != '\r')) {
      return SMTPC_E_BARE_LF;
    }
    if (data[i] == 0u) {
      return SMTPC_E_NUL;
    }
  }
  *at = 0u;
  return SMTPC_MORE;
}

static void check_stuffed(const sent *s, const uint8_t *data, size_t len) {
  size_t fault_at = 0u;
  const smtpc_status fault = fault_of(data, len, &fault_at);
  const smtpc_status end = smtpc_content_stuff_end(&s->content);
  const bool whole =
      len == 0u || (len >= 2u && memcmp(data + len - 2u, "\r\n", 2u) == 0);
  const bool good = fault == SMTPC_MORE && whole;
  FUZZ_MUST(NORM, s->status == fault, "content is %s, not %s",
            smtpc_status_name(s->status), smtpc_status_name(fault));
  FUZZ_MUST(CRLFOUT, end == (good ? SMTPC_OK : SMTPC_E_CONTENT_END),
            "content may end: %s", smtpc_status_name(end));
  FUZZ_MUST(NORM, s->content.first_off == fault_at, "the fault is at %zu",
            (size_t)s->content.first_off);
  FUZZ_MUST(COVER, fault != SMTPC_MORE || s->used == len,
            "%zu octets of %zu are sent", s->used, len);
  FUZZ_MUST(EOD, fuzz_find(stuffed, s->len, "\r\n.\r\n", 5u) == 0,
            "what is sent ends before its end");
  FUZZ_MUST(EOD, s->len < END_LEN || memcmp(stuffed, END, END_LEN) != 0,
            "what is sent ends where it begins");
}

static void check_model(const sent *s, const uint8_t *data, size_t len) {
  const smtpc_model_content want =
      smtpc_model_content_encode(data, len, modelled);
  const bool refused =
      want.status != SMTPC_OK && want.status != SMTPC_E_CONTENT_END;
  FUZZ_MUST(MODEL, s->status == (refused ? want.status : SMTPC_MORE),
            "%s where the model has %s", smtpc_status_name(s->status),
            smtpc_status_name(want.status));
  FUZZ_MUST(MODEL,
            refused || smtpc_content_stuff_end(&s->content) == want.status,
            "the model ends with %s", smtpc_status_name(want.status));
  FUZZ_MUST(MODEL, s->content.first_off == want.first_off,
            "the fault is at %zu where the model has %zu",
            (size_t)s->content.first_off, want.first_off);
  // A CR may have gone out before the octet that shows that it is bare.
  FUZZ_MUST(MODEL, refused ? s->len <= want.len + 1u : s->len == want.len,
            "%zu octets where the model has %zu", s->len, want.len);
  const size_t both = s->len < want.len ? s->len : want.len;
  FUZZ_MUST(MODEL, memcmp(stuffed, modelled, both) == 0,
            "other octets than the model's");
}

// ------------------------------------------------------------------ reading back

// read_back unstuffs what was sent, in pieces of its own, and compares.
static void read_back(const sent *s, const uint8_t *data, size_t len,
                      unsigned cuts, fuzz_choice *choice) {
  smtpc_content content;
  smtpc_content_init(&content);
  memcpy(stuffed + s->len, END, END_LEN);
  const size_t all = s->len + END_LEN;
  smtpc_status status = SMTPC_MORE;
  size_t at = 0u;
  size_t count = 0u;
  while (at < all && status == SMTPC_MORE) {
    const uint32_t left = (uint32_t)(all - at);
    size_t piece = cuts == 2u ? 1u : left;
    piece = cuts == 1u ? 1u + fuzz_choose(choice, left) : piece;
    piece = count > WINDOW ? left : piece;
    size_t used = 0u;
    smtpc_run run = {0u, 0u};
    status = smtpc_content_scan(&content, stuffed + at, piece, &used, &run);
    FUZZ_MUST(STUFF, used >= 1u && used <= piece && run.end <= used,
              "%zu octets of %zu are read back", used, piece);
    memcpy(again + count, stuffed + at + run.begin, run.end - run.begin);
    count += run.end - run.begin;
    at += used;
  }
  FUZZ_MUST(EOD, status == SMTPC_OK && at == all,
            "what was sent ends at %zu, not at %zu", at, all);
  FUZZ_MUST(STUFF, content.anomalies == 0u, "what was sent has anomalies %u",
            content.anomalies);
  FUZZ_MUST(STUFF, count == len && memcmp(again, data, len) == 0,
            "what is read back is not what was sent");
}

// ---------------------------------------------------------------------- misuse

static void check_misuse(smtpc_content *content, const uint8_t *data,
                         size_t len, smtpc_status want) {
  const smtpc_content before = *content;
  size_t used = 9u;
  smtpc_run run = {9u, 9u};
  uint8_t dot = 9u;
  const smtpc_status status =
      smtpc_content_stuff(content, data, len, &used, &run, &dot);
  FUZZ_MUST(MISUSE, status == want, "misuse is told as %s, not as %s",
            smtpc_status_name(status), smtpc_status_name(want));
  FUZZ_MUST(MISUSE, used == 0u && run.begin == 0u && run.end == 0u && dot == 0u,
            "misuse takes octets");
  FUZZ_MUST(MISUSE, memcmp(content, &before, sizeof before) == 0,
            "misuse changes the state");
}

// misuse_dot: after a dot was asked for, the octets must begin with it. No octets at
// all are no misuse, and change nothing.
static void misuse_dot(const uint8_t *data, size_t len) {
  static const uint8_t line[] = ".x";
  smtpc_content content;
  size_t used = 9u;
  smtpc_run run = {9u, 9u};
  uint8_t dot = 0u;
  smtpc_content_init(&content);
  smtpc_status status =
      smtpc_content_stuff(&content, line, 2u, &used, &run, &dot);
  FUZZ_MUST(STUFF, status == SMTPC_MORE && used == 0u && dot == 1u,
            "a dot that begins content is not stuffed");
  FUZZ_MUST(STUFF, smtpc_content_stuff_end(&content) == SMTPC_E_CONTENT_END,
            "content may end with a dot that stands before nothing");
  if (len > 0u && data[0] != '.') {
    check_misuse(&content, data, len, SMTPC_E_ARGUMENT);
  }
  status = smtpc_content_stuff(&content, line, 0u, &used, &run, &dot);
  FUZZ_MUST(STUFF, status == SMTPC_MORE && used == 0u && dot == 0u,
            "no octets ask for a dot again");
  status = smtpc_content_stuff(&content, line, 2u, &used, &run, &dot);
  FUZZ_MUST(STUFF, status == SMTPC_MORE && used == 2u && dot == 0u,
            "the dot is not taken");
}

// misuse_decoder: a decoder is an encoder only while it took neither dot nor end.
static void misuse_decoder(const uint8_t *data, size_t len) {
  smtpc_content content;
  size_t used = 0u;
  smtpc_run run = {0u, 0u};
  smtpc_content_init(&content);
  content.keeps_lf = 1u;
  check_misuse(&content, data, len, SMTPC_E_STATE);
  content.keeps_lf = 0u;
  (void)!smtpc_content_scan(&content, data, len, &used, &run);
  if (content.state > SMTPC_CONTENT_SEEN_CR &&
      content.state != SMTPC_CONTENT_LF_BOL) {
    check_misuse(&content, data, len, SMTPC_E_STATE);
    FUZZ_MUST(MISUSE, smtpc_content_stuff_end(&content) == SMTPC_E_CONTENT_END,
              "a decoder may end");
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size > INPUT_MAX) {
    return -1;
  }
  fuzz_choice choice = fuzz_choice_of(data, size);
  for (unsigned cuts = 0u; cuts <= 2u; cuts++) {
    const sent s = stuff(data, size, cuts, &choice);
    check_stuffed(&s, data, size);
    if (cuts == 0u) {
      check_model(&s, data, size);
    }
    if (smtpc_content_stuff_end(&s.content) == SMTPC_OK) {
      read_back(&s, data, size, 2u - cuts, &choice);
    }
  }
  misuse_dot(data, size);
  misuse_decoder(data, size);
  return 0;
}
