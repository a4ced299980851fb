// Moves on octets of a TLS peer: TLS records, and clear lines before and between them.
// All but a few keep records whole: what is changed in one, its head says.
#include <string.h>

#include "fuzz/mutator/mutator_parts_wire.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))
#define UNITS_MAX 256u
#define PIECE_MAX 32768u
#define MESSAGE_HEAD 4u
#define CLIENT_HELLO 1u
#define SERVER_HELLO 2u
// Version and random of a hello.
#define HELLO_FIXED 34u

// unit is a TLS record with its head, or a clear line: [begin, end). The record at the
// end may be cut off.
typedef struct unit {
  size_t begin;
  size_t end;
  int is_record;
} unit;

static unit units[UNITS_MAX];
static size_t unit_count;

// What comes in is made here first.
static uint8_t piece_octets[PIECE_MAX];

static fuzz_text piece_make(void) {
  const fuzz_text piece = {piece_octets, 0u, PIECE_MAX};
  return piece;
}

// --------------------------------------------------------------------- reading

static size_t get_number(const uint8_t *data, size_t width) {
  size_t number = 0u;
  for (size_t i = 0u; i < width; i++) {
    number = (number << 8u) | data[i];
  }
  return number;
}

static void put_number(uint8_t *data, size_t width, size_t number) {
  for (size_t i = width; i > 0u; i--) {
    data[i - 1u] = (uint8_t)(number & 0xffu);
    number >>= 8u;
  }
}

// Where a clear run ends that begins at `at`: behind a line's end or before a record.
static size_t clear_end(const fuzz_text *text, size_t at) {
  size_t end = at + 1u;
  while (end < text->len && text->data[end - 1u] != '\n' &&
         fuzz_wire_is_head(text->data + end, text->len - end) == 0) {
    end++;
  }
  return end;
}

// The last unit has all that is left.
static void read_units(const fuzz_text *text) {
  size_t at = 0u;
  unit_count = 0u;
  while (at < text->len) {
    const size_t left = text->len - at;
    unit *own = &units[unit_count];
    own->begin = at;
    own->is_record = fuzz_wire_is_head(text->data + at, left);
    if (own->is_record != 0) {
      const size_t len = FUZZ_WIRE_HEAD + get_number(text->data + at + 3u, 2u);
      own->end = at + (len < left ? len : left);
    } else {
      own->end = clear_end(text, at);
    }
    unit_count++;
    if (unit_count == UNITS_MAX) {
      own->end = text->len;
      own->is_record = 0;
    }
    at = own->end;
  }
}

static unit any_unit(fuzz_choice *choice) {
  static const unit none = {0u, 0u, 0};
  return unit_count > 0u ? units[fuzz_pick(choice, unit_count)] : none;
}

// A TLS record; the search begins anywhere. Returns `unit_count` when there is none.
static size_t find_record(fuzz_choice *choice) {
  const size_t first = fuzz_pick(choice, unit_count);
  for (size_t i = 0u; i < unit_count; i++) {
    const size_t at = (first + i) % unit_count;
    if (units[at].is_record != 0) {
      return at;
    }
  }
  return unit_count;
}

// Where a unit may come in: before one, or at the end.
static size_t any_border(const fuzz_text *text, fuzz_choice *choice) {
  const size_t at = fuzz_pick(choice, unit_count + 1u);
  return at < unit_count ? units[at].begin : text->len;
}

// A record's head says how many octets it has now that some came in or went.
static void mend_head(fuzz_text *text, unit at, size_t begin_len) {
  const size_t len = at.end - at.begin - FUZZ_WIRE_HEAD + text->len;
  put_number(text->data + at.begin + 3u, 2u, len - begin_len);
}

// The octets [from, to) of a record become others, and its head says so. Returns 0 when
// they do not fit.
static int replace_in(fuzz_text *text, unit at, size_t from, size_t to,
                      const fuzz_text *piece) {
  const size_t have = at.end - at.begin - FUZZ_WIRE_HEAD;
  const size_t len = have - (to - from) + piece->len;
  if (len > FUZZ_WIRE_RECORD_MAX ||
      piece->len > text->cap - (text->len - (to - from))) {
    return 0;
  }
  const size_t begin_len = text->len;
  fuzz_text_replace(text, from, to, piece->data, piece->len);
  mend_head(text, at, begin_len);
  return 1;
}

// ----------------------------------------------------------------- whole units

static void unit_drop(fuzz_text *text, fuzz_choice *choice) {
  const unit at = any_unit(choice);
  fuzz_text_replace(text, at.begin, at.end, NULL, 0u);
  fuzz_moved(FUZZ_MOVE_WIRE_DROP);
}

static void unit_double(fuzz_text *text, fuzz_choice *choice) {
  const unit at = any_unit(choice);
  fuzz_text piece = piece_make();
  fuzz_text_add(&piece, text->data + at.begin, at.end - at.begin);
  const size_t to =
      fuzz_one_in(choice, 2u) != 0 ? at.end : any_border(text, choice);
  if (piece.len == at.end - at.begin) {
    fuzz_text_replace(text, to, to, piece.data, piece.len);
  }
  fuzz_moved(FUZZ_MOVE_WIRE_DOUBLE);
}

static int unit_swap(fuzz_text *text, fuzz_choice *choice) {
  if (unit_count < 2u) {
    return 0;
  }
  const size_t first = fuzz_pick(choice, unit_count - 1u);
  const size_t second =
      fuzz_one_in(choice, 2u) != 0
          ? first + 1u
          : first + 1u + fuzz_pick(choice, unit_count - 1u - first);
  const unit a = units[first];
  const unit b = units[second];
  fuzz_text piece = piece_make();
  fuzz_text_add(&piece, text->data + b.begin, b.end - b.begin);
  fuzz_text_add(&piece, text->data + a.end, b.begin - a.end);
  fuzz_text_add(&piece, text->data + a.begin, a.end - a.begin);
  if (piece.len == b.end - a.begin) {
    fuzz_text_replace(text, a.begin, b.end, piece.data, piece.len);
  }
  fuzz_moved(FUZZ_MOVE_WIRE_SWAP);
  return 1;
}

// --------------------------------------------------------------------- records

static int record_cut(fuzz_text *text, fuzz_choice *choice) {
  const size_t index = find_record(choice);
  if (index == unit_count) {
    return 0;
  }
  const unit at = units[index];
  const size_t body = at.begin + FUZZ_WIRE_HEAD;
  const size_t from = body + fuzz_pick(choice, at.end - body + 1u);
  const fuzz_text nothing = {piece_octets, 0u, 0u};
  (void)replace_in(text, at, from, at.end, &nothing);
  fuzz_moved(FUZZ_MOVE_WIRE_CUT);
  return 1;
}

// The second part gets the head of the first.
static int record_split(fuzz_text *text, fuzz_choice *choice) {
  const size_t index = find_record(choice);
  if (index == unit_count || text->cap - text->len < FUZZ_WIRE_HEAD) {
    return 0;
  }
  const unit at = units[index];
  const size_t body = at.begin + FUZZ_WIRE_HEAD;
  const size_t len = at.end - body;
  const size_t few = len < 6u ? len : 6u;
  const size_t first =
      fuzz_pick(choice, (fuzz_one_in(choice, 2u) != 0 ? few : len) + 1u);
  uint8_t head[FUZZ_WIRE_HEAD];
  memcpy(head, text->data + at.begin, sizeof head);
  put_number(head + 3u, 2u, len - first);
  put_number(text->data + at.begin + 3u, 2u, first);
  fuzz_text_replace(text, body + first, body + first, head, sizeof head);
  fuzz_moved(FUZZ_MOVE_WIRE_SPLIT);
  return 1;
}

static int record_merge(fuzz_text *text, fuzz_choice *choice) {
  const size_t index = find_record(choice);
  if (index + 1u >= unit_count || units[index + 1u].is_record == 0) {
    return 0;
  }
  const unit at = units[index];
  const unit next = units[index + 1u];
  const unit both = {at.begin, next.end, 1};
  const fuzz_text nothing = {piece_octets, 0u, 0u};
  if (next.end - at.begin > FUZZ_WIRE_RECORD_MAX) {
    return 0;
  }
  (void)replace_in(text, both, next.begin, next.begin + FUZZ_WIRE_HEAD,
                   &nothing);
  fuzz_moved(FUZZ_MOVE_WIRE_MERGE);
  return 1;
}

static int record_head(fuzz_text *text, fuzz_choice *choice) {
  const size_t index = find_record(choice);
  if (index == unit_count) {
    return 0;
  }
  uint8_t *head = text->data + units[index].begin;
  if (fuzz_one_in(choice, 2u) != 0) {
    // Another one of the five.
    const unsigned more = 1u + fuzz_choose(choice, 4u);
    head[0] = (uint8_t)(FUZZ_WIRE_CIPHER + (head[0] - 20u + more) % 5u);
  } else {
    put_number(head + 1u, 2u, fuzz_wire_any_version(choice));
  }
  fuzz_moved(FUZZ_MOVE_WIRE_HEAD);
  return 1;
}

// A number beside what is there, or a boundary of the record layer.
static size_t other_length(fuzz_choice *choice, size_t old) {
  static const uint16_t bounds[] = {0u,     1u,     2u,     3u,     4u,
                                    5u,     255u,   256u,   16384u, 16385u,
                                    16640u, 16641u, 18432u, 18433u, 65535u};
  switch (fuzz_choose(choice, 3u)) {
    case 0u:
      return old > 0u ? old - 1u : 1u;
    case 1u:
      return old + 1u;
    default:
      return bounds[fuzz_pick(choice, COUNT(bounds))];
  }
}

static int record_length(fuzz_text *text, fuzz_choice *choice) {
  const size_t index = find_record(choice);
  if (index == unit_count) {
    return 0;
  }
  uint8_t *at = text->data + units[index].begin + 3u;
  put_number(at, 2u, other_length(choice, get_number(at, 2u)));
  fuzz_moved(FUZZ_MOVE_WIRE_LENGTH);
  return 1;
}

// ------------------------------------------------------------------- new units

// What does not fit whole is left out. It seldom stands first: most of what does ends a
// handshake before it began.
static void insert_piece(fuzz_text *text, fuzz_choice *choice,
                         const fuzz_text *piece, fuzz_move move) {
  size_t at = any_border(text, choice);
  if (at == 0u && unit_count > 0u && fuzz_one_in(choice, 4u) == 0) {
    at = units[0].end;
  }
  fuzz_text_replace(text, at, at, piece->data, piece->len);
  fuzz_moved(move);
}

static void insert_record(fuzz_text *text, fuzz_choice *choice) {
  fuzz_text piece = piece_make();
  fuzz_wire_record(&piece, choice);
  insert_piece(text, choice, &piece, FUZZ_MOVE_WIRE_INSERT);
}

static void insert_clear(fuzz_text *text, fuzz_choice *choice) {
  fuzz_text piece = piece_make();
  fuzz_wire_clear(&piece, choice);
  insert_piece(text, choice, &piece, FUZZ_MOVE_WIRE_CLEAR);
}

// Who speaks, by the hello that is there; else any.
static fuzz_role role_of(const fuzz_text *text, fuzz_choice *choice) {
  for (size_t i = 0u; i < unit_count; i++) {
    const size_t body = units[i].begin + FUZZ_WIRE_HEAD;
    if (units[i].is_record != 0 && units[i].end > body &&
        text->data[units[i].begin] == FUZZ_WIRE_HANDSHAKE) {
      return text->data[body] == SERVER_HELLO ? FUZZ_ROLE_SERVER
                                              : FUZZ_ROLE_CLIENT;
    }
  }
  return fuzz_one_in(choice, 2u) != 0 ? FUZZ_ROLE_SERVER : FUZZ_ROLE_CLIENT;
}

// Now and then it takes the place of all.
static void insert_session(fuzz_text *text, fuzz_choice *choice) {
  fuzz_text piece = piece_make();
  fuzz_wire_session(&piece, choice, role_of(text, choice));
  if (fuzz_one_in(choice, 3u) != 0) {
    fuzz_text_replace(text, 0u, text->len, piece.data, piece.len);
    fuzz_moved(FUZZ_MOVE_WIRE_SESSION);
  } else {
    insert_piece(text, choice, &piece, FUZZ_MOVE_WIRE_SESSION);
  }
}

// ------------------------------------------------------------------- messages

// message is a handshake message in a record: its head at `begin`, and `end`, which is at
// most the record's.
typedef struct message {
  unit in;
  size_t begin;
  size_t end;
} message;

static int has_message(const fuzz_text *text, unit at) {
  const uint8_t type = text->data[at.begin];
  return at.is_record != 0 &&
         (type == FUZZ_WIRE_HANDSHAKE || type == FUZZ_WIRE_DATA) &&
         at.end - at.begin >= FUZZ_WIRE_HEAD + MESSAGE_HEAD;
}

// A message of that record, any of its first few.
static message message_in(const fuzz_text *text, fuzz_choice *choice, unit at) {
  message own = {at, at.begin + FUZZ_WIRE_HEAD, 0u};
  size_t skip = fuzz_pick(choice, 4u);
  for (;;) {
    const size_t len = get_number(text->data + own.begin + 1u, 3u);
    const size_t left = at.end - own.begin - MESSAGE_HEAD;
    own.end = own.begin + MESSAGE_HEAD + (len < left ? len : left);
    if (skip == 0u || at.end - own.end < MESSAGE_HEAD) {
      return own;
    }
    own.begin = own.end;
    skip--;
  }
}

static size_t find_message(const fuzz_text *text, fuzz_choice *choice) {
  const size_t first = fuzz_pick(choice, unit_count);
  for (size_t i = 0u; i < unit_count; i++) {
    const size_t at = (first + i) % unit_count;
    if (has_message(text, units[at]) != 0) {
      return at;
    }
  }
  return unit_count;
}

static int message_head(fuzz_text *text, fuzz_choice *choice) {
  const size_t index = find_message(text, choice);
  if (index == unit_count) {
    return 0;
  }
  static const uint32_t lengths[] = {0u,      1u,      2u,       255u,
                                     16384u,  65535u,  65536u,   0x1ffffu,
                                     0x7fffu, 100000u, 0xffffffu};
  const message own = message_in(text, choice, units[index]);
  uint8_t *head = text->data + own.begin;
  const size_t have = own.end - own.begin - MESSAGE_HEAD;
  switch (fuzz_choose(choice, 4u)) {
    case 0u:
      put_number(head + 1u, 3u, lengths[fuzz_pick(choice, COUNT(lengths))]);
      break;
    case 1u:
      put_number(head + 1u, 3u, have + fuzz_choose(choice, 3u));
      break;
    default:
      head[0] = (uint8_t)fuzz_wire_any_message(choice);
      break;
  }
  fuzz_moved(FUZZ_MOVE_WIRE_MESSAGE);
  return 1;
}

// ----------------------------------------------------------------- extensions

// hello_list is where a hello's extensions are: [begin, end), behind their length.
typedef struct hello_list {
  message in;
  size_t begin;
  size_t end;
} hello_list;

// Goes over a part whose length stands in `width` octets; 0 when it is cut off.
static int skip_part(const fuzz_text *text, size_t *at, size_t end,
                     size_t width) {
  if (end - *at < width) {
    return 0;
  }
  const size_t len = get_number(text->data + *at, width);
  *at += width;
  if (end - *at < len) {
    return 0;
  }
  *at += len;
  return 1;
}

static int read_hello(const fuzz_text *text, unit in, hello_list *out) {
  message own = {in, in.begin + FUZZ_WIRE_HEAD, in.end};
  const uint8_t type = text->data[own.begin];
  size_t at = own.begin + MESSAGE_HEAD;
  if ((type != CLIENT_HELLO && type != SERVER_HELLO) ||
      in.end - at < HELLO_FIXED) {
    return 0;
  }
  at += HELLO_FIXED;
  if (skip_part(text, &at, in.end, 1u) == 0) {
    return 0;
  }
  const size_t fixed = 3u;
  if (type == SERVER_HELLO) {
    at += in.end - at < fixed ? in.end - at : fixed;
  } else if (skip_part(text, &at, in.end, 2u) == 0 ||
             skip_part(text, &at, in.end, 1u) == 0) {
    return 0;
  }
  if (in.end - at < 2u) {
    return 0;
  }
  const size_t len = get_number(text->data + at, 2u);
  out->in = own;
  out->begin = at + 2u;
  out->end = in.end - out->begin < len ? in.end : out->begin + len;
  return 1;
}

// Lengths of extensions, message and record follow what came in or went.
static void splice_extension(fuzz_text *text, const hello_list *list,
                             size_t from, size_t to, const fuzz_text *piece) {
  const size_t message_at = list->in.begin + 1u;
  const size_t gone = to - from;
  const size_t message_len = get_number(text->data + message_at, 3u);
  const size_t list_len = list->end - list->begin;
  if (message_len < gone || list_len < gone ||
      replace_in(text, list->in.in, from, to, piece) == 0) {
    return;
  }
  put_number(text->data + message_at, 3u, message_len - gone + piece->len);
  put_number(text->data + list->begin - 2u, 2u, list_len - gone + piece->len);
}

// The extension [*from, *to), any of the list; 0 when there is none.
static int any_extension(const fuzz_text *text, fuzz_choice *choice,
                         const hello_list *list, size_t *from, size_t *to) {
  size_t skip = fuzz_pick(choice, 12u);
  size_t at = list->begin;
  *to = at;
  while (list->end - at >= 4u) {
    *from = at;
    at += 2u;
    if (skip_part(text, &at, list->end, 2u) == 0) {
      *to = list->end;
      return 1;
    }
    *to = at;
    if (skip == 0u) {
      break;
    }
    skip--;
  }
  return *to > list->begin ? 1 : 0;
}

static int hello_extension(fuzz_text *text, fuzz_choice *choice) {
  const size_t index = find_message(text, choice);
  hello_list list;
  size_t from = 0u;
  size_t to = 0u;
  if (index == unit_count || read_hello(text, units[index], &list) == 0 ||
      any_extension(text, choice, &list, &from, &to) == 0) {
    return 0;
  }
  uint8_t *head = text->data + from;
  fuzz_text piece = piece_make();
  switch (fuzz_choose(choice, 5u)) {
    case 0u:
      put_number(head, 2u, fuzz_wire_any_extension(choice));
      break;
    case 1u:
      put_number(head + 2u, 2u,
                 other_length(choice, get_number(head + 2u, 2u)));
      break;
    case 2u:
      splice_extension(text, &list, from, to, &piece);
      break;
    case 3u:
      fuzz_text_add(&piece, head, to - from);
      splice_extension(text, &list, from, from, &piece);
      break;
    default:
      if (to - from > 4u) {
        head[4u + fuzz_pick(choice, to - from - 4u)] ^=
            (uint8_t)(1u << fuzz_choose(choice, 8u));
      } else {
        fuzz_text_add(&piece, "\xff\x01\0\x01\0", 5u);
        splice_extension(text, &list, to, to, &piece);
      }
      break;
  }
  fuzz_moved(FUZZ_MOVE_WIRE_EXTENSION);
  return 1;
}

// ---------------------------------------------------------------------- octets

// What a record has is changed as a token is, by a bit, or by a few octets.
static int record_octet(fuzz_text *text, fuzz_choice *choice) {
  const size_t index = find_record(choice);
  if (index == unit_count) {
    return 0;
  }
  const unit at = units[index];
  const size_t body = at.begin + FUZZ_WIRE_HEAD;
  if (at.end == body || fuzz_one_in(choice, 4u) != 0) {
    fuzz_text piece = piece_make();
    fuzz_text_fill(&piece, (uint8_t)fuzz_choose(choice, 256u),
                   1u + fuzz_pick(choice, 4u));
    const size_t to = body + fuzz_pick(choice, at.end - body + 1u);
    (void)replace_in(text, at, to, to, &piece);
  } else {
    uint8_t *octet = text->data + body + fuzz_pick(choice, at.end - body);
    if (fuzz_one_in(choice, 2u) != 0) {
      *octet ^= (uint8_t)(1u << fuzz_choose(choice, 8u));
    } else {
      *octet = (uint8_t)fuzz_choose(choice, 256u);
    }
  }
  fuzz_moved(FUZZ_MOVE_WIRE_OCTET);
  return 1;
}

// ----------------------------------------------------------------------- moves

// Makes one move and returns 1, or 0 when there is nothing for it.
static int change(fuzz_text *text, fuzz_choice *choice) {
  switch (fuzz_choose(choice, 16u)) {
    case 0u:
      unit_drop(text, choice);
      return 1;
    case 1u:
      unit_double(text, choice);
      return 1;
    case 2u:
      return unit_swap(text, choice);
    case 3u:
      return record_cut(text, choice);
    case 4u:
      return record_split(text, choice);
    case 5u:
      return record_merge(text, choice);
    case 6u:
      return record_head(text, choice);
    case 7u:
      return record_length(text, choice);
    case 8u:
    case 9u:
      return message_head(text, choice);
    case 10u:
    case 11u:
    case 12u:
      return hello_extension(text, choice);
    default:
      return record_octet(text, choice);
  }
}

void fuzz_wire_mutate(fuzz_text *text, fuzz_choice *choice) {
  read_units(text);
  if (unit_count > 0u && fuzz_one_in(choice, 3u) == 0 &&
      change(text, choice) != 0) {
    return;
  }
  switch (fuzz_choose(choice, 6u)) {
    case 0u:
    case 1u:
    case 2u:
      insert_record(text, choice);
      break;
    case 3u:
      insert_session(text, choice);
      break;
    default:
      insert_clear(text, choice);
      break;
  }
}

void fuzz_wire_payload(fuzz_text *text, fuzz_choice *choice,
                       fuzz_octets_fn engine) {
  read_units(text);
  const size_t index = find_record(choice);
  if (index == unit_count || fuzz_one_in(choice, 4u) != 0) {
    const size_t len = engine(text->data, text->len, text->cap);
    text->len = len < text->cap ? len : text->cap;
    return;
  }
  const unit at = units[index];
  const size_t body = at.begin + FUZZ_WIRE_HEAD;
  const size_t have = at.end - body;
  const size_t room = have + (text->cap - text->len);
  fuzz_text piece = piece_make();
  piece.cap = room < FUZZ_WIRE_RECORD_MAX ? room : FUZZ_WIRE_RECORD_MAX;
  fuzz_text_add(&piece, text->data + body, have);
  // An engine wants room.
  if (piece.cap > 0u) {
    const size_t len = engine(piece.data, piece.len, piece.cap);
    piece.len = len < piece.cap ? len : piece.cap;
    (void)replace_in(text, at, body, at.end, &piece);
  }
}

void fuzz_wire_cross(const fuzz_text *a, const fuzz_text *b, fuzz_text *out,
                     fuzz_choice *choice) {
  read_units(a);
  fuzz_text_add(out, a->data, any_border(a, choice));
  read_units(b);
  const size_t from = any_border(b, choice);
  fuzz_text_add(out, b->data + from, b->len - from);
}
