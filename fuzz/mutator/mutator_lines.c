// Moves on lines and octets: what is done to what one side says, whatever it is.
#include <string.h>

#include "fuzz/harness/target.h"
#include "fuzz/mutator/mutator_parts.h"
#include "smtpcore/registry.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))
#define PIECE_MAX 32768u

// What comes in is made here first.
static uint8_t piece_octets[PIECE_MAX];

static fuzz_text piece_make(void) {
  const fuzz_text piece = {piece_octets, 0u, PIECE_MAX};
  return piece;
}

typedef struct octets_row {
  const char *data;
  size_t len;
} octets_row;

#define OCTETS(text) \
  { (text), sizeof(text) - 1u }

// ----------------------------------------------------------------------- lines

// line is [begin, end) with its LF, if it has one.
typedef struct line {
  size_t begin;
  size_t end;
} line;

static size_t count_lines(const fuzz_text *text) {
  size_t count = 0u;
  for (size_t i = 0u; i < text->len; i++) {
    count += text->data[i] == '\n' ? 1u : 0u;
  }
  const int is_open = text->len > 0u && text->data[text->len - 1u] != '\n';
  return count + (is_open != 0 ? 1u : 0u);
}

static line line_at(const fuzz_text *text, size_t index) {
  line found = {0u, 0u};
  for (size_t i = 0u; i <= index; i++) {
    found.begin = found.end;
    const uint8_t *lf =
        text->len > found.begin
            ? memchr(text->data + found.begin, '\n', text->len - found.begin)
            : NULL;
    found.end = lf != NULL ? (size_t)(lf - text->data) + 1u : text->len;
  }
  return found;
}

static line any_line(const fuzz_text *text, fuzz_choice *choice) {
  return line_at(text, fuzz_pick(choice, count_lines(text)));
}

// The end of a line's own octets, before its CR and LF.
static size_t body_end(const fuzz_text *text, line at) {
  size_t end = at.end;
  if (end > at.begin && text->data[end - 1u] == '\n') {
    end--;
  }
  return end > at.begin && text->data[end - 1u] == '\r' ? end - 1u : end;
}

static void copy_line(fuzz_text *to, const fuzz_text *from, line at) {
  fuzz_text_add(to, from->data + at.begin, at.end - at.begin);
}

static void line_drop(fuzz_text *text, fuzz_choice *choice) {
  const line at = any_line(text, choice);
  fuzz_text_replace(text, at.begin, at.end, NULL, 0u);
  fuzz_moved(FUZZ_MOVE_LINE_DROP);
}

static void line_double(fuzz_text *text, fuzz_choice *choice) {
  fuzz_text piece = piece_make();
  copy_line(&piece, text, any_line(text, choice));
  const line to = any_line(text, choice);
  fuzz_text_replace(text, to.end, to.end, piece.data, piece.len);
  fuzz_moved(FUZZ_MOVE_LINE_DOUBLE);
}

static void line_swap(fuzz_text *text, fuzz_choice *choice) {
  const size_t count = count_lines(text);
  if (count < 2u) {
    line_double(text, choice);
    return;
  }
  const size_t first = fuzz_pick(choice, count - 1u);
  const size_t second = first + 1u + fuzz_pick(choice, count - 1u - first);
  const line a = line_at(text, first);
  const line b = line_at(text, second);
  fuzz_text piece = piece_make();
  copy_line(&piece, text, b);
  fuzz_text_add(&piece, text->data + a.end, b.begin - a.end);
  copy_line(&piece, text, a);
  if (piece.len == b.end - a.begin) {
    fuzz_text_replace(text, a.begin, b.end, piece.data, piece.len);
  }
  fuzz_moved(FUZZ_MOVE_LINE_SWAP);
}

static void say_turn(fuzz_text *out, fuzz_choice *choice, unsigned kind) {
  if (kind == FUZZ_KIND_CONTENT) {
    fuzz_grammar_content(out, choice);
  } else if (kind == FUZZ_KIND_TOKENS) {
    fuzz_grammar_token(out, choice);
  } else {
    fuzz_grammar_turn(
        out, choice,
        kind == FUZZ_KIND_REPLIES ? FUZZ_ROLE_SERVER : FUZZ_ROLE_CLIENT);
  }
}

static void line_insert(fuzz_text *text, fuzz_choice *choice, unsigned kind) {
  fuzz_text piece = piece_make();
  const line at = any_line(text, choice);
  say_turn(&piece, choice, kind);
  fuzz_text_replace(text, at.begin, fuzz_one_in(choice, 4u) ? at.end : at.begin,
                    piece.data, piece.len);
  fuzz_moved(FUZZ_MOVE_LINE_INSERT);
}

// A line, CRLF included, of a length that is a limit or beside one. What is added stands
// at a random place of it; what is too much is taken off its end.
static void line_length(fuzz_text *text, fuzz_choice *choice) {
  static const uint16_t lengths[] = {
      63u,   64u,   65u,   254u,  255u,   256u,   257u,   510u,   511u,
      512u,  513u,  514u,  998u,  999u,   1000u,  1001u,  1002u,  1003u,
      1023u, 1024u, 1025u, 1026u, 12286u, 12287u, 12288u, 12289u, 12290u};
  const line at = any_line(text, choice);
  const size_t end = body_end(text, at);
  const size_t body = end - at.begin;
  // Long ones are rare: they cost a search its speed.
  const size_t few =
      fuzz_one_in(choice, 16u) != 0 ? COUNT(lengths) : COUNT(lengths) - 5u;
  const size_t want = lengths[fuzz_pick(choice, few)] - 2u;
  if (body >= want) {
    fuzz_text_replace(text, at.begin + want, end, NULL, 0u);
  } else {
    static const char octets[] = {'a', '0', ' ', '.', '='};
    fuzz_text piece = piece_make();
    fuzz_text_fill(&piece, (uint8_t)octets[fuzz_pick(choice, sizeof octets)],
                   want - body);
    const size_t to = at.begin + fuzz_pick(choice, body + 1u);
    fuzz_text_replace(text, to, to, piece.data, piece.len);
  }
  fuzz_moved(FUZZ_MOVE_LINE_LENGTH);
}

static void line_end(fuzz_text *text, fuzz_choice *choice) {
  static const octets_row ends[] = {
      OCTETS("\r\n"),     OCTETS("\n"),      OCTETS("\r"),
      OCTETS("\r\r\n"),   OCTETS("\n\r"),    OCTETS("\r\n\r\n"),
      OCTETS("\0\r\n"),   OCTETS(" \r\n"),   OCTETS("\t\r\n"),
      OCTETS("\r\0\n"),   OCTETS(""),        OCTETS("\r\n\n"),
      OCTETS("\xc2\x85"), OCTETS("\x0b\r\n")};
  const line at = any_line(text, choice);
  const octets_row row = ends[fuzz_pick(choice, COUNT(ends))];
  fuzz_text_replace(text, body_end(text, at), at.end, row.data, row.len);
  fuzz_moved(FUZZ_MOVE_LINE_END);
}

static void line_plant(fuzz_text *text, fuzz_choice *choice) {
  fuzz_text piece = piece_make();
  const line at = any_line(text, choice);
  const line body = {at.begin, body_end(text, at)};
  copy_line(&piece, text, body);
  fuzz_grammar_plant(&piece, 0u, choice);
  fuzz_text_replace(text, body.begin, body.end, piece.data, piece.len);
  fuzz_moved(FUZZ_MOVE_LINE_PLANT);
}

// ---------------------------------------------------------------- dots, chunks

void fuzz_dots_mutate(fuzz_text *text, fuzz_choice *choice) {
  static const octets_row dots[] = {
      OCTETS("."),
      OCTETS(".."),
      OCTETS(".\r\n"),
      OCTETS("\r\n.\r\n"),
      OCTETS("\n.\n"),
      OCTETS("\n.\r\n"),
      OCTETS("\r\n.\n"),
      OCTETS("\r.\r"),
      OCTETS("\r\n.\r"),
      OCTETS("\r.\r\n"),
      OCTETS("\r\n.\r\r\n"),
      OCTETS("\r\r\n.\r\n"),
      OCTETS("\r\n\0.\r\n"),
      OCTETS("\r\n.\0\r\n"),
      OCTETS("\r\n. \r\n"),
      OCTETS("\r\n..\r\n"),
      OCTETS("\r\n.\r\n.\r\n"),
      OCTETS("\n.\r\nMAIL FROM:<>\r\nRCPT TO:<a@b.example>\r\nDATA\r\n")};
  const octets_row row = dots[fuzz_pick(choice, COUNT(dots))];
  // At a line's begin mostly, since only there dots mean something.
  const size_t at = fuzz_one_in(choice, 3u) != 0
                        ? fuzz_pick(choice, text->len + 1u)
                        : any_line(text, choice).begin;
  if (fuzz_one_in(choice, 4u) != 0 && at < text->len && text->data[at] == '.') {
    fuzz_text_replace(text, at, at + 1u, NULL, 0u);
  } else {
    fuzz_text_replace(text, at, at, row.data, row.len);
  }
  fuzz_moved(FUZZ_MOVE_DOT);
}

// The size of the first BDAT at or after a random place becomes what follows its line,
// or one more or less. Returns 0 when there is none.
static int chunk_size(fuzz_text *text, fuzz_choice *choice) {
  const size_t count = count_lines(text);
  const size_t first = fuzz_pick(choice, count);
  for (size_t i = 0u; i < count; i++) {
    const line at = line_at(text, (first + i) % count);
    if (at.end - at.begin > 5u &&
        memcmp(text->data + at.begin, "BDAT ", 5u) == 0) {
      size_t to = at.begin + 5u;
      while (to < at.end && text->data[to] >= '0' && text->data[to] <= '9') {
        to++;
      }
      const size_t after = text->len - at.end + fuzz_pick(choice, 3u);
      fuzz_text piece = piece_make();
      fuzz_text_number(&piece, after > 0u ? after - 1u : 0u);
      fuzz_text_replace(text, at.begin + 5u, to, piece.data, piece.len);
      fuzz_moved(FUZZ_MOVE_CHUNK);
      return 1;
    }
  }
  return 0;
}

// ---------------------------------------------------------------------- octets

static void octet_change(fuzz_text *text, fuzz_choice *choice) {
  static const char octets[] = {'\0', '\r', '\n', '\t', ' ',    '.',    '-',
                                '=',  '<',  '>',  '@',  '"',    '\\',   '+',
                                '*',  '0',  '9',  'A',  '\x7f', '\x80', '\xff'};
  const uint8_t octet = (uint8_t)octets[fuzz_pick(choice, sizeof octets)];
  const size_t at = fuzz_pick(choice, text->len + 1u);
  const uint32_t how = fuzz_choose(choice, 4u);
  if (how == 0u || at == text->len) {
    fuzz_text_replace(text, at, at, &octet, 1u);
  } else if (how == 1u) {
    fuzz_text_replace(text, at, at + 1u, NULL, 0u);
  } else if (how == 2u) {
    text->data[at] = octet;
  } else {
    text->data[at] ^= (uint8_t)(1u << fuzz_choose(choice, 8u));
  }
  fuzz_moved(FUZZ_MOVE_OCTET);
}

static void range_change(fuzz_text *text, fuzz_choice *choice) {
  const size_t from = fuzz_pick(choice, text->len);
  const size_t most = text->len - from < 64u ? text->len - from : 64u;
  const size_t to = from + fuzz_pick(choice, most + 1u);
  fuzz_text piece = piece_make();
  fuzz_text_add(&piece, text->data + from, to - from);
  if (fuzz_one_in(choice, 2u) != 0) {
    fuzz_text_replace(text, from, to, NULL, 0u);
  }
  if (fuzz_one_in(choice, 2u) != 0) {
    const size_t at = fuzz_pick(choice, text->len + 1u);
    fuzz_text_replace(text, at, at, piece.data, piece.len);
  }
  fuzz_moved(FUZZ_MOVE_RANGE);
}

static void token_insert(fuzz_text *text, fuzz_choice *choice) {
  fuzz_text piece = piece_make();
  const size_t at = fuzz_pick(choice, text->len + 1u);
  const size_t left = text->len - at;
  const size_t most = left < 16u ? left : 16u;
  fuzz_grammar_token(&piece, choice);
  fuzz_text_replace(
      text, at,
      at + (fuzz_one_in(choice, 2u) != 0 ? fuzz_pick(choice, most + 1u) : 0u),
      piece.data, piece.len);
  fuzz_moved(FUZZ_MOVE_TOKEN);
}

void fuzz_octets_mutate(fuzz_text *text, fuzz_choice *choice) {
  switch (fuzz_choose(choice, 4u)) {
    case 0u:
      range_change(text, choice);
      break;
    case 1u:
      token_insert(text, choice);
      break;
    default:
      octet_change(text, choice);
      break;
  }
}

// ----------------------------------------------------------------------- moves

void fuzz_lines_mutate(fuzz_text *text, fuzz_choice *choice, unsigned kind) {
  switch (fuzz_choose(choice, 14u)) {
    case 0u:
      line_drop(text, choice);
      break;
    case 1u:
      line_double(text, choice);
      break;
    case 2u:
      line_swap(text, choice);
      break;
    case 3u:
    case 4u:
    case 5u:
      line_insert(text, choice, kind);
      break;
    case 6u:
      line_length(text, choice);
      break;
    case 7u:
      line_end(text, choice);
      break;
    case 8u:
      line_plant(text, choice);
      break;
    case 9u:
      fuzz_dots_mutate(text, choice);
      break;
    case 10u:
      if (chunk_size(text, choice) == 0) {
        line_insert(text, choice, kind);
      }
      break;
    default:
      fuzz_octets_mutate(text, choice);
      break;
  }
}

void fuzz_lines_cross(const fuzz_text *a, const fuzz_text *b, fuzz_text *out,
                      fuzz_choice *choice) {
  // Tokens have no lines; there, and now and then elsewhere, any octet will do.
  const int anywhere = count_lines(a) < 2u || count_lines(b) < 2u ||
                       fuzz_one_in(choice, 8u) != 0;
  const size_t from_a =
      anywhere != 0 ? fuzz_pick(choice, a->len + 1u) : any_line(a, choice).end;
  const size_t from_b = anywhere != 0 ? fuzz_pick(choice, b->len + 1u)
                                      : any_line(b, choice).begin;
  fuzz_text_add(out, a->data, from_a);
  fuzz_text_add(out, b->data + from_b, b->len - from_b);
}
