#include "fuzz/mutator/mutator.h"

#include <string.h>

#include "fuzz/harness/target.h"
#include "fuzz/mutator/mutator_parts.h"
#include "smtpcore/registry.h"

#define MOVES_MAX 4u

static uint64_t moves;
_Static_assert(FUZZ_MOVE_COUNT <= 64, "a bit for each move");

void fuzz_moved(fuzz_move move) {
  moves |= UINT64_C(1) << (unsigned)move;
}

uint64_t fuzz_mutate_moves(void) {
  return moves;
}

// ------------------------------------------------------------------------ text

void fuzz_text_add(fuzz_text *text, const void *data, size_t len) {
  const size_t room = text->cap - text->len;
  const size_t fits = len < room ? len : room;
  if (fits > 0u) {
    memcpy(text->data + text->len, data, fits);
    text->len += fits;
  }
}

void fuzz_text_say(fuzz_text *text, const char *words) {
  fuzz_text_add(text, words, strlen(words));
}

void fuzz_text_number(fuzz_text *text, uint64_t number) {
  char digits[20];
  size_t at = sizeof digits;
  do {
    digits[--at] = (char)('0' + (int)(number % 10u));
    number /= 10u;
  } while (number != 0u);
  fuzz_text_add(text, digits + at, sizeof digits - at);
}

void fuzz_text_fill(fuzz_text *text, uint8_t octet, size_t count) {
  const size_t room = text->cap - text->len;
  const size_t fits = count < room ? count : room;
  memset(text->data + text->len, octet, fits);
  text->len += fits;
}

void fuzz_text_replace(fuzz_text *text, size_t from, size_t to,
                       const void *data, size_t len) {
  if (from > to || to > text->len ||
      len > text->cap - (text->len - (to - from))) {
    return;
  }
  memmove(text->data + from + len, text->data + to, text->len - to);
  if (len > 0u) {
    memcpy(text->data + from, data, len);
  }
  text->len = text->len - (to - from) + len;
}

// --------------------------------------------------------------------- choices

size_t fuzz_pick(fuzz_choice *choice, size_t count) {
  return count == 0u ? 0u : (size_t)(fuzz_choose_bits(choice) % count);
}

int fuzz_one_in(fuzz_choice *choice, uint32_t count) {
  return fuzz_choose(choice, count) == 0u;
}

// At most 2 less or more; it never wraps.
static uint64_t beside(fuzz_choice *choice, uint64_t number) {
  const uint64_t off = fuzz_choose(choice, 3u);
  if (fuzz_one_in(choice, 2u) != 0) {
    return number >= off ? number - off : 0u;
  }
  return number <= UINT64_MAX - off ? number + off : UINT64_MAX;
}

uint64_t fuzz_number(fuzz_choice *choice, uint64_t old) {
  static const uint32_t bounds[] = {
      0u,    1u,     2u,     3u,     4u,     5u,          7u,
      8u,    16u,    20u,    63u,    64u,    100u,        128u,
      255u,  256u,   510u,   512u,   998u,   1000u,       1001u,
      1024u, 12288u, 65535u, 65536u, 80000u, 0x7fffffffu, 0xffffffffu};
  switch (fuzz_choose(choice, 8u)) {
    case 0u:
      return fuzz_choose(choice, 4u);
    case 1u:
    case 2u:
      return bounds[fuzz_pick(choice, sizeof bounds / sizeof bounds[0])];
    case 3u:
      return beside(choice, smtpc_limit_get(
                                (unsigned)fuzz_pick(choice, SMTPC_LIMIT_COUNT))
                                .value);
    case 4u:
      return UINT64_C(1) << fuzz_choose(choice, 64u);
    case 5u:
      return UINT64_MAX - fuzz_choose(choice, 3u);
    case 6u:
      return old ^ (UINT64_C(1) << fuzz_choose(choice, 64u));
    default:
      return beside(choice, old);
  }
}

// ----------------------------------------------------------------------- moves

#define SCRATCH_MAX 131072u
static uint8_t scratch[SCRATCH_MAX];

static int is_script(unsigned kind) {
  return kind == FUZZ_KIND_SCRIPT || kind == FUZZ_KIND_TLS_SCRIPT;
}

size_t fuzz_mutate(unsigned kind, uint8_t *data, size_t size, size_t max_size,
                   uint64_t seed) {
  fuzz_choice choice = {seed};
  moves = 0u;
  if (max_size == 0u) {
    return 0u;
  }
  if (is_script(kind) != 0) {
    return fuzz_script_mutate(kind, data, size, max_size, &choice);
  }
  fuzz_text text = {scratch, 0u,
                    max_size < SCRATCH_MAX ? max_size : SCRATCH_MAX};
  fuzz_text_add(&text, data, size);
  const uint32_t count = 1u + fuzz_choose(&choice, MOVES_MAX);
  for (uint32_t i = 0u; i < count; i++) {
    if (kind == FUZZ_KIND_TLS) {
      fuzz_wire_mutate(&text, &choice);
    } else {
      fuzz_lines_mutate(&text, &choice, kind);
    }
  }
  if (text.len == 0u) {
    fuzz_text_fill(&text, '\n', 1u);
  }
  memcpy(data, text.data, text.len);
  return text.len;
}

size_t fuzz_mutate_payload(unsigned kind, uint8_t *data, size_t size,
                           size_t max_size, uint64_t seed,
                           fuzz_octets_fn engine) {
  fuzz_choice choice = {seed};
  moves = 0u;
  if (max_size == 0u) {
    return 0u;
  }
  if (is_script(kind) != 0) {
    return fuzz_script_payload(kind, data, size, max_size, &choice, engine);
  }
  if (kind == FUZZ_KIND_TLS && size < max_size) {
    fuzz_text text = {data, size, max_size};
    fuzz_wire_payload(&text, &choice, engine);
    return text.len;
  }
  const size_t len = engine(data, size, max_size);
  return len < max_size ? len : max_size;
}

size_t fuzz_cross(unsigned kind, const uint8_t *a, size_t a_size,
                  const uint8_t *b, size_t b_size, uint8_t *out, size_t max,
                  uint64_t seed) {
  fuzz_choice choice = {seed};
  moves = 0u;
  if (max == 0u) {
    return 0u;
  }
  if (is_script(kind) != 0) {
    return fuzz_script_cross(kind, a, a_size, b, b_size, out, max, &choice);
  }
  fuzz_text text = {scratch, 0u, max < SCRATCH_MAX ? max : SCRATCH_MAX};
  // The parents are only read.
  const fuzz_text first = {(uint8_t *)(uintptr_t)a, a_size, a_size};
  const fuzz_text second = {(uint8_t *)(uintptr_t)b, b_size, b_size};
  if (kind == FUZZ_KIND_TLS) {
    fuzz_wire_cross(&first, &second, &text, &choice);
  } else {
    fuzz_lines_cross(&first, &second, &text, &choice);
  }
  if (text.len == 0u) {
    fuzz_text_fill(&text, '\n', 1u);
  }
  memcpy(out, text.data, text.len);
  return text.len;
}
