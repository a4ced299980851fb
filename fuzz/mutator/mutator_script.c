// Moves on scripts: records are dropped, doubled, moved, split, merged and changed.
#include <string.h>

#include "fuzz/harness/target.h"
#include "fuzz/mutator/mutator_parts_script.h"

#define PARENT_MAX 131072u
#define ARENA_MAX 262144u
#define PIECE_MAX 20000u
#define PAYLOAD_MAX 65535u
#define HEAD 3u
#define PAIR_MAX 255u

static uint8_t parent[PARENT_MAX];
static uint8_t arena[ARENA_MAX];
static fuzz_work work_now;

// ------------------------------------------------------------------------ work

fuzz_text fuzz_work_text(fuzz_work *work) {
  const size_t left = ARENA_MAX - work->used;
  const fuzz_text text = {arena + work->used, 0u,
                          left < PIECE_MAX ? left : PIECE_MAX};
  return text;
}

void fuzz_work_keep(fuzz_work *work, const fuzz_text *text,
                    script_record *record) {
  record->data = text->data;
  record->len = text->len;
  work->used += text->len;
}

void fuzz_work_insert(fuzz_work *work, size_t at, const script_record *record) {
  script *now = &work->now;
  if (now->count == SCRIPT_RECORDS_MAX) {
    now->records[at < now->count ? at : now->count - 1u] = *record;
    return;
  }
  memmove(&now->records[at + 1u], &now->records[at],
          (now->count - at) * sizeof now->records[0]);
  now->records[at] = *record;
  now->count++;
}

void fuzz_work_remove(fuzz_work *work, size_t at, size_t count) {
  script *now = &work->now;
  memmove(&now->records[at], &now->records[at + count],
          (now->count - at - count) * sizeof now->records[0]);
  now->count -= count;
}

// A record for which `fits` holds; the search begins anywhere.
static size_t find_record(fuzz_work *work, int (*fits)(const script_record *)) {
  const size_t count = work->now.count;
  const size_t first = fuzz_pick(work->choice, count);
  for (size_t i = 0u; i < count; i++) {
    const size_t at = (first + i) % count;
    if (fits(&work->now.records[at]) != 0) {
      return at;
    }
  }
  return count;
}

size_t fuzz_work_find(fuzz_work *work, unsigned tag) {
  const size_t count = work->now.count;
  const size_t first = fuzz_pick(work->choice, count);
  for (size_t i = 0u; i < count; i++) {
    const size_t at = (first + i) % count;
    if (work->now.records[at].tag == tag) {
      return at;
    }
  }
  return count;
}

size_t fuzz_work_place(fuzz_work *work) {
  return fuzz_pick(work->choice, work->now.count + 1u);
}

fuzz_role fuzz_work_role(fuzz_work *work) {
  const int is_other = fuzz_one_in(work->choice, 12u);
  const int is_server = work->role == FUZZ_ROLE_SERVER;
  return is_server != is_other ? FUZZ_ROLE_SERVER : FUZZ_ROLE_CLIENT;
}

// What is said begins with digits: replies.
static int looks_like_replies(const script_record *record) {
  return record->len >= 3u && record->data[0] >= '2' &&
         record->data[0] <= '5' && record->data[1] >= '0' &&
         record->data[1] <= '9' && record->data[2] >= '0' &&
         record->data[2] <= '9';
}

static fuzz_role role_of(const script *in, fuzz_choice *choice) {
  size_t client = 0u;
  size_t server = 0u;
  for (size_t i = 0u; i < in->count; i++) {
    const script_record *record = &in->records[i];
    if (record->tag == SCRIPT_SAY) {
      const int replies = looks_like_replies(record);
      server += replies != 0 ? 2u : 0u;
      client += replies != 0 ? 0u : 2u;
    } else if (record->tag == SCRIPT_SERVER_SET ||
               record->tag == SCRIPT_ANSWER) {
      client++;
    } else if (record->tag == SCRIPT_CLIENT_SET ||
               (record->tag >= SCRIPT_MESSAGE &&
                record->tag <= SCRIPT_CREDENTIALS)) {
      server++;
    }
  }
  if (client == server) {
    return fuzz_one_in(choice, 2u) != 0 ? FUZZ_ROLE_SERVER : FUZZ_ROLE_CLIENT;
  }
  return client > server ? FUZZ_ROLE_CLIENT : FUZZ_ROLE_SERVER;
}

// More moves of an attacker than octets of a peer.
static int is_duel(const script *in, fuzz_choice *choice) {
  size_t moves = 0u;
  size_t said = 0u;
  for (size_t i = 0u; i < in->count; i++) {
    const unsigned tag = in->records[i].tag;
    moves += tag >= SCRIPT_RELAY ? 1u : 0u;
    said += tag == SCRIPT_SAY || tag == SCRIPT_FILL ? 1u : 0u;
  }
  return moves == said ? fuzz_one_in(choice, 2u) : moves > said;
}

// What is no script, or one that says nothing, becomes what a script says.
static void begin(fuzz_work *work, unsigned kind, const uint8_t *data,
                  size_t size, fuzz_choice *choice) {
  const size_t len = size < PARENT_MAX ? size : PARENT_MAX;
  work->choice = choice;
  work->used = 0u;
  if (len > 0u) {
    memcpy(parent, data, len);
  }
  const int is_script = script_decode(parent, len, &work->now);
  if (len > 1u && (is_script == 0 || work->now.count == 0u)) {
    const script_record said = {.tag = SCRIPT_SAY,
                                .data = parent,
                                .len = len < PAYLOAD_MAX ? len : PAYLOAD_MAX};
    work->now.records[0] = said;
    work->now.count = 1u;
    fuzz_moved(FUZZ_MOVE_REFRAME);
  }
  work->role = role_of(&work->now, choice);
  work->has_tls = kind == FUZZ_KIND_TLS_SCRIPT;
  work->is_duel = work->has_tls != 0 && is_duel(&work->now, choice) != 0;
}

// --------------------------------------------------------------------- the end

static int has_octets(const script_record *record) {
  const unsigned form = script_form_of(record->tag);
  return form == SCRIPT_FORM_OCTETS || form == SCRIPT_FORM_AIMED ||
         form == SCRIPT_FORM_PAIR || form == SCRIPT_FORM_SWAP;
}

static int is_pair(const script_record *record) {
  const unsigned form = script_form_of(record->tag);
  return form == SCRIPT_FORM_PAIR || form == SCRIPT_FORM_SWAP;
}

// One record without a version. Its memory is static: it is never too small, and so is
// never made anew.
static smtpc_octets encode_one(const script_record *record) {
  static uint8_t octets[PAYLOAD_MAX + 64u];
  static script one;
  smtpc_octets out = {octets, 0u, sizeof octets};
  one.count = 1u;
  one.records[0] = *record;
  script_encode(&one, &out);
  out.data++;
  out.len--;
  return out;
}

// A record that does not fit is made shorter if it can be; else it and what follows are
// left out.
static size_t finish(const fuzz_work *work, uint8_t *out, size_t max) {
  size_t len = 1u;
  out[0] = SCRIPT_VERSION;
  for (size_t i = 0u; i < work->now.count; i++) {
    script_record record = work->now.records[i];
    smtpc_octets encoded = encode_one(&record);
    if (encoded.len > max - len && has_octets(&record) != 0 &&
        is_pair(&record) == 0) {
      const size_t over = encoded.len - (max - len);
      record.len = record.len > over ? record.len - over : 0u;
      encoded = encode_one(&record);
    }
    if (encoded.len > max - len) {
      break;
    }
    memcpy(out + len, encoded.data, encoded.len);
    len += encoded.len;
  }
  return len;
}

// --------------------------------------------------------------- whole records

static void record_drop(fuzz_work *work) {
  const size_t at = fuzz_pick(work->choice, work->now.count);
  const size_t left = work->now.count - at;
  const size_t run = fuzz_one_in(work->choice, 4u) != 0
                         ? 1u + fuzz_pick(work->choice, left)
                         : 1u;
  fuzz_work_remove(work, at, run);
  fuzz_moved(FUZZ_MOVE_RECORD_DROP);
}

static void record_double(fuzz_work *work) {
  const size_t from = fuzz_pick(work->choice, work->now.count);
  const script_record record = work->now.records[from];
  const size_t to =
      fuzz_one_in(work->choice, 2u) != 0 ? from : fuzz_work_place(work);
  fuzz_work_insert(work, to, &record);
  fuzz_moved(FUZZ_MOVE_RECORD_DOUBLE);
}

static void record_swap(fuzz_work *work) {
  const size_t count = work->now.count;
  const size_t a = fuzz_pick(work->choice, count);
  const size_t b = fuzz_one_in(work->choice, 2u) != 0
                       ? (a + 1u) % count
                       : fuzz_pick(work->choice, count);
  const script_record record = work->now.records[a];
  work->now.records[a] = work->now.records[b];
  work->now.records[b] = record;
  fuzz_moved(FUZZ_MOVE_RECORD_SWAP);
}

static int is_said(const script_record *record) {
  return (record->tag == SCRIPT_SAY || record->tag == SCRIPT_CONTENT ||
          record->tag == SCRIPT_INSERT || record->tag == SCRIPT_RAW) &&
         record->len > 1u;
}

// Where to cut octets: mostly after a line, or within its CRLF.
static size_t split_point(fuzz_choice *choice, const uint8_t *data,
                          size_t len) {
  const size_t from = fuzz_pick(choice, len);
  const uint8_t *lf = memchr(data + from, '\n', len - from);
  if (lf == NULL || fuzz_one_in(choice, 3u) != 0) {
    return from;
  }
  return (size_t)(lf - data) + (fuzz_one_in(choice, 4u) != 0 ? 0u : 1u);
}

size_t fuzz_work_cut(fuzz_work *work, const script_record *record) {
  return split_point(work->choice, record->data, record->len);
}

static int record_split(fuzz_work *work) {
  const size_t at = find_record(work, is_said);
  if (at == work->now.count || work->now.count == SCRIPT_RECORDS_MAX) {
    return 0;
  }
  script_record *record = &work->now.records[at];
  script_record rest = *record;
  const size_t cut = split_point(work->choice, record->data, record->len);
  record->len = cut;
  rest.data += cut;
  rest.len -= cut;
  fuzz_work_insert(work, at + 1u, &rest);
  fuzz_moved(FUZZ_MOVE_RECORD_SPLIT);
  return 1;
}

static int record_merge(fuzz_work *work) {
  const size_t at = find_record(work, is_said);
  if (at + 1u >= work->now.count ||
      has_octets(&work->now.records[at + 1u]) == 0) {
    return 0;
  }
  script_record *record = &work->now.records[at];
  const script_record next = work->now.records[at + 1u];
  fuzz_text text = fuzz_work_text(work);
  fuzz_text_add(&text, record->data, record->len);
  fuzz_text_add(&text, next.data, next.len);
  fuzz_work_keep(work, &text, record);
  fuzz_work_remove(work, at + 1u, 1u);
  fuzz_moved(FUZZ_MOVE_RECORD_MERGE);
  return 1;
}

static void record_retag(fuzz_work *work) {
  static const uint8_t tags[] = {
#define TAG(id, number, word, form, what) number,
      SCRIPT_TAG_LIST(TAG)
#undef TAG
  };
  script_record *record =
      &work->now.records[fuzz_pick(work->choice, work->now.count)];
  const size_t first = fuzz_pick(work->choice, sizeof tags);
  for (size_t i = 0u; i < sizeof tags; i++) {
    const uint8_t tag = tags[(first + i) % sizeof tags];
    const int is_out =
        work->has_tls != 0 ? tag == SCRIPT_LATE : fuzz_tls_is_record(tag);
    // Another tag may not know the field of a policy.
    if (tag != record->tag && is_out == 0 &&
        script_form_of(tag) == script_form_of(record->tag) &&
        script_form_of(tag) != SCRIPT_FORM_FIELD) {
      record->tag = tag;
      break;
    }
  }
  fuzz_moved(FUZZ_MOVE_RECORD_RETAG);
}

// -------------------------------------------------------------- numbers, fields

static void cut_move(fuzz_work *work) {
  static const uint16_t cuts[] = {0u, 1u, 1u, 1u, 2u, 3u, 5u, 7u, 64u, 512u};
  const size_t at = fuzz_work_find(work, SCRIPT_CUT);
  script_record cut = {
      .tag = SCRIPT_CUT,
      .number = cuts[fuzz_pick(work->choice, sizeof cuts / sizeof cuts[0])]};
  if (at < work->now.count && fuzz_one_in(work->choice, 2u) != 0) {
    cut.number = fuzz_one_in(work->choice, 2u) != 0
                     ? cut.number
                     : work->now.records[at].number;
    fuzz_work_remove(work, at, 1u);
  }
  fuzz_work_insert(work, fuzz_work_place(work), &cut);
  fuzz_moved(FUZZ_MOVE_CUT_MOVE);
}

static int has_number(const script_record *record) {
  const unsigned form = script_form_of(record->tag);
  return form != SCRIPT_FORM_NONE && has_octets(record) == 0;
}

static int number_move(fuzz_work *work) {
  const size_t at = find_record(work, has_number);
  if (at == work->now.count) {
    return 0;
  }
  script_record *record = &work->now.records[at];
  record->number = fuzz_script_number(work, record);
  fuzz_moved(FUZZ_MOVE_NUMBER);
  return 1;
}

static int has_field(const script_record *record) {
  const unsigned form = script_form_of(record->tag);
  return form != SCRIPT_FORM_NONE && form != SCRIPT_FORM_NUMBER &&
         form != SCRIPT_FORM_OCTETS && form != SCRIPT_FORM_PAIR;
}

static int field_move(fuzz_work *work) {
  const size_t at = find_record(work, has_field);
  if (at == work->now.count) {
    return 0;
  }
  script_record *record = &work->now.records[at];
  const unsigned form = script_form_of(record->tag);
  if (form == SCRIPT_FORM_FIELD) {
    // Fields are numbered from 1; one of the last is none of the client's.
    const uint32_t count = record->tag == SCRIPT_SERVER_SET ? 20u : 11u;
    record->field = record->tag == SCRIPT_TLS_SET
                        ? (uint8_t)fuzz_tls_field(work)
                        : (uint8_t)(1u + fuzz_choose(work->choice, count));
    record->number = fuzz_script_number(work, record);
  } else if (form == SCRIPT_FORM_FILL) {
    static const char octets[] = {'A',  '0',  ' ', '.',   '\r',
                                  '\n', '\0', '=', '\xff'};
    record->field = (uint8_t)octets[fuzz_pick(work->choice, sizeof octets)];
  } else if (form == SCRIPT_FORM_TWO) {
    record->field = fuzz_tls_two_field(work, record->tag);
  } else {
    record->field ^= 1u;
  }
  fuzz_moved(FUZZ_MOVE_FIELD);
  return 1;
}

// ------------------------------------------------------------------ the border

// The nearest record before, or after, `at` that says something; `count` if none.
static size_t said_beside(const fuzz_work *work, size_t at, int is_after) {
  const size_t count = work->now.count;
  for (size_t i = 1u; i <= count; i++) {
    if (is_after != 0 ? at + i >= count : i > at) {
      break;
    }
    const size_t near = is_after != 0 ? at + i : at - i;
    if (work->now.records[near].tag == SCRIPT_SAY) {
      return near;
    }
  }
  return count;
}

// How many octets of a record cross: a line, some, or all.
static size_t crossing(fuzz_work *work, const script_record *record) {
  switch (fuzz_choose(work->choice, 3u)) {
    case 0u:
      return record->len;
    case 1u:
      return split_point(work->choice, record->data, record->len);
    default:
      return fuzz_pick(work->choice, record->len + 1u);
  }
}

static void put_before(fuzz_work *work, script_record *record,
                       const uint8_t *data, size_t len) {
  fuzz_text text = fuzz_work_text(work);
  fuzz_text_add(&text, data, len);
  fuzz_text_add(&text, record->data, record->len);
  fuzz_work_keep(work, &text, record);
}

static void put_after(fuzz_work *work, script_record *record,
                      const uint8_t *data, size_t len) {
  fuzz_text text = fuzz_work_text(work);
  fuzz_text_add(&text, record->data, record->len);
  fuzz_text_add(&text, data, len);
  fuzz_work_keep(work, &text, record);
}

// Octets from before a handshake come after it, or from after it before.
static int border_move(fuzz_work *work) {
  const size_t tls = fuzz_work_find(work, SCRIPT_TLS_UP);
  if (tls == work->now.count) {
    return 0;
  }
  const size_t before = said_beside(work, tls, 0);
  const size_t after = said_beside(work, tls, 1);
  if (before == work->now.count || after == work->now.count) {
    return 0;
  }
  script_record *first = &work->now.records[before];
  script_record *second = &work->now.records[after];
  const int is_double = fuzz_one_in(work->choice, 3u);
  if (fuzz_one_in(work->choice, 2u) != 0) {
    const size_t len = crossing(work, second);
    put_after(work, first, second->data, len);
    if (is_double == 0) {
      second->data += len;
      second->len -= len;
    }
  } else {
    const size_t len = crossing(work, first);
    put_before(work, second, first->data + (first->len - len), len);
    first->len -= is_double == 0 ? len : 0u;
  }
  fuzz_moved(FUZZ_MOVE_BORDER_MOVE);
  return 1;
}

// ----------------------------------------------------------------- what is said

static int is_text(const script_record *record) {
  return has_octets(record);
}

static int said_move(fuzz_work *work) {
  size_t at = fuzz_work_find(work, SCRIPT_SAY);
  if (at == work->now.count || fuzz_one_in(work->choice, 5u) != 0) {
    at = find_record(work, is_text);
  }
  if (at == work->now.count) {
    return 0;
  }
  script_record *record = &work->now.records[at];
  const int is_content = record->tag == SCRIPT_CONTENT;
  const int is_token = record->tag == SCRIPT_MESSAGE ||
                       record->tag == SCRIPT_RECIPIENT ||
                       record->tag == SCRIPT_CREDENTIALS;
  const unsigned said = fuzz_work_role(work) == FUZZ_ROLE_SERVER
                            ? FUZZ_KIND_REPLIES
                            : FUZZ_KIND_COMMANDS;
  fuzz_text text = fuzz_work_text(work);
  fuzz_text_add(&text, record->data, record->len);
  if (record->tag == SCRIPT_RAW && fuzz_one_in(work->choice, 4u) == 0) {
    fuzz_wire_mutate(&text, work->choice);
  } else {
    fuzz_lines_mutate(&text, work->choice,
                      is_content != 0 ? (unsigned)FUZZ_KIND_CONTENT
                      : is_token != 0 ? (unsigned)FUZZ_KIND_TOKENS
                                      : said);
  }
  fuzz_work_keep(work, &text, record);
  return 1;
}

// ----------------------------------------------------------------------- moves

// Makes one move and returns 1, or 0 when the script has nothing for it.
static int change(fuzz_work *work) {
  switch (fuzz_choose(work->choice, 16u)) {
    case 0u:
      record_drop(work);
      return 1;
    case 1u:
      record_double(work);
      return 1;
    case 2u:
      record_swap(work);
      return 1;
    case 3u:
      return record_split(work);
    case 4u:
      return record_merge(work);
    case 5u:
      record_retag(work);
      return 1;
    case 6u:
      cut_move(work);
      return 1;
    case 7u:
    case 8u:
      return number_move(work);
    case 9u:
      return field_move(work);
    case 10u:
    case 11u:
      return border_move(work);
    default:
      return said_move(work);
  }
}

static void one_move(fuzz_work *work) {
  static const uint8_t makes[] = {
      FUZZ_MOVE_BORDER_MAKE, FUZZ_MOVE_EVENT,    FUZZ_MOVE_EVENT,
      FUZZ_MOVE_ANSWER,      FUZZ_MOVE_ATTACK,   FUZZ_MOVE_ATTACK,
      FUZZ_MOVE_SETTING,     FUZZ_MOVE_SETTING,  FUZZ_MOVE_SENDING,
      FUZZ_MOVE_FILL,        FUZZ_MOVE_SAY,      FUZZ_MOVE_SAY,
      FUZZ_MOVE_SAY,         FUZZ_MOVE_SAY_MORE, FUZZ_MOVE_SAY_MORE,
      FUZZ_MOVE_DIALOGUE};
  if (work->has_tls != 0 && fuzz_one_in(work->choice, 2u) != 0) {
    fuzz_tls_make(work);
  } else if (work->now.count == 0u || fuzz_one_in(work->choice, 3u) != 0 ||
             change(work) == 0) {
    fuzz_script_make(work, makes[fuzz_pick(work->choice, sizeof makes)]);
  }
}

size_t fuzz_script_mutate(unsigned kind, uint8_t *data, size_t size,
                          size_t max_size, fuzz_choice *choice) {
  begin(&work_now, kind, data, size, choice);
  size_t moves = 1u;
  while (moves < 6u && fuzz_one_in(choice, 2u) != 0) {
    moves++;
  }
  for (size_t i = 0u; i < moves; i++) {
    one_move(&work_now);
  }
  if (work_now.now.count == 0u) {
    fuzz_script_make(&work_now, FUZZ_MOVE_SAY);
  }
  return finish(&work_now, data, max_size);
}

size_t fuzz_script_payload(unsigned kind, uint8_t *data, size_t size,
                           size_t max_size, fuzz_choice *choice,
                           fuzz_octets_fn engine) {
  fuzz_work *work = &work_now;
  begin(work, kind, data, size, choice);
  size_t at = fuzz_work_find(work, SCRIPT_SAY);
  if (at == work->now.count || fuzz_one_in(choice, 3u) != 0) {
    at = find_record(work, is_text);
  }
  if (at == work->now.count) {
    const script_record empty = {.tag = SCRIPT_SAY, .data = parent};
    at = fuzz_work_place(work);
    fuzz_work_insert(work, at, &empty);
    at = at < work->now.count ? at : work->now.count - 1u;
  }
  script_record *record = &work->now.records[at];
  fuzz_text text = fuzz_work_text(work);
  text.cap = text.cap < max_size ? text.cap : max_size;
  text.cap = is_pair(record) != 0 && text.cap > PAIR_MAX ? PAIR_MAX : text.cap;
  fuzz_text_add(&text, record->data, record->len);
  const size_t len = engine(text.data, text.len, text.cap);
  text.len = len < text.cap ? len : text.cap;
  fuzz_work_keep(work, &text, record);
  return finish(work, data, max_size);
}

// ------------------------------------------------------------------- cross-over

// A border of actions: an event, or the end of the settings.
static int is_border(const script *in, size_t at) {
  const unsigned tag = in->records[at].tag;
  const unsigned last =
      at > 0u ? in->records[at - 1u].tag : (unsigned)SCRIPT_SAY;
  return (tag >= SCRIPT_TLS_UP && tag <= SCRIPT_SHUTDOWN) ||
         (last >= SCRIPT_TLS_UP && last <= SCRIPT_SHUTDOWN) ||
         (fuzz_tls_is_setting(last) != 0 && fuzz_tls_is_setting(tag) == 0);
}

static size_t border_of(const script *in, fuzz_choice *choice) {
  const size_t first = fuzz_pick(choice, in->count);
  for (size_t i = 0u; i < in->count && fuzz_one_in(choice, 4u) == 0; i++) {
    const size_t at = (first + i) % in->count;
    if (is_border(in, at) != 0) {
      return at;
    }
  }
  return fuzz_pick(choice, in->count + 1u);
}

size_t fuzz_script_cross(unsigned kind, const uint8_t *a, size_t a_size,
                         const uint8_t *b, size_t b_size, uint8_t *out,
                         size_t max, fuzz_choice *choice) {
  static script other;
  fuzz_work *work = &work_now;
  begin(work, kind, a, a_size, choice);
  const int is_script = script_decode(b, b_size, &other);
  if (is_script == 0 && b_size > 0u) {
    const script_record said = {
        .tag = SCRIPT_SAY,
        .data = b,
        .len = b_size < PAYLOAD_MAX ? b_size : PAYLOAD_MAX};
    other.records[0] = said;
    other.count = 1u;
  }
  work->now.count = border_of(&work->now, choice);
  for (size_t i = border_of(&other, choice);
       i < other.count && work->now.count < SCRIPT_RECORDS_MAX; i++) {
    work->now.records[work->now.count] = other.records[i];
    work->now.count++;
  }
  if (work->now.count == 0u) {
    fuzz_script_make(work, FUZZ_MOVE_SAY);
  }
  return finish(work, out, max);
}
