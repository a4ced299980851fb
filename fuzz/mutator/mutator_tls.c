// Moves on scripts whose TLS is real: settings of the other end, what happens at a
// handshake, and whole sessions with both.
//
// Most of them work at a handshake: before it, on its way, or behind it. Where that is in
// a script is a guess, which the records allow well enough.
#include <string.h>

#include "fuzz/mutator/mutator_parts_script.h"
#include "fuzz/mutator/mutator_parts_wire.h"
#include "smtpcore/policy.h"
#include "smtpcore/tls.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))
// Identities are numbered from 0, and begin anew behind the last one.
#define IDENTITIES 10u

enum {
#define TLS_FIELD(id, number, word, what) TLS_##id = number,
  SCRIPT_TLS_FIELD_LIST(TLS_FIELD)
#undef TLS_FIELD
#define SERVER_FIELD(id, number, word) SERVER_##id = number,
      SCRIPT_SERVER_FIELD_LIST(SERVER_FIELD)
#undef SERVER_FIELD
#define CLIENT_FIELD(id, number, word) CLIENT_##id = number,
          SCRIPT_CLIENT_FIELD_LIST(CLIENT_FIELD)
#undef CLIENT_FIELD
};

static const uint8_t fields[] = {
#define TLS_FIELD(id, number, word, what) number,
    SCRIPT_TLS_FIELD_LIST(TLS_FIELD)
#undef TLS_FIELD
};

static uint64_t pick_one(fuzz_work *work, uint32_t count) {
  return fuzz_choose(work->choice, count);
}

// --------------------------------------------------------------------- numbers

int fuzz_tls_is_record(unsigned tag) {
  switch (tag) {
    case SCRIPT_TLS_SET:
    case SCRIPT_RAW:
    case SCRIPT_MANGLE:
    case SCRIPT_PASS:
    case SCRIPT_NOTIFY:
    case SCRIPT_ALERT:
    case SCRIPT_KEY_UPDATE:
    case SCRIPT_RENEGOTIATE:
    case SCRIPT_SPLICE:
      return 1;
    default:
      return 0;
  }
}

unsigned fuzz_tls_field(fuzz_work *work) {
  return fields[fuzz_pick(work->choice, COUNT(fields))];
}

static uint64_t setting(fuzz_work *work, unsigned field) {
  static const uint16_t versions[] = {0u,
                                      0u,
                                      SMTPC_TLS_1_0,
                                      SMTPC_TLS_1_1,
                                      SMTPC_TLS_1_2,
                                      SMTPC_TLS_1_2,
                                      SMTPC_TLS_1_3,
                                      SMTPC_TLS_1_3};
  static const uint16_t records[] = {0u,  1u,   2u,   5u,    16u,
                                     64u, 100u, 512u, 1000u, 16384u};
  switch (field) {
    case TLS_identity:
    case TLS_attacker:
      return pick_one(work, IDENTITIES);
    case TLS_low:
    case TLS_high:
    case TLS_floor:
      return versions[fuzz_pick(work->choice, COUNT(versions))];
    case TLS_record:
      return records[fuzz_pick(work->choice, COUNT(records))];
    case TLS_asks:
      return pick_one(work, 3u);
    case TLS_ticket:
    case TLS_early:
      return pick_one(work, 2u);
    case TLS_suite:
    case TLS_group:
      return pick_one(work, 8u);
    default:
      return pick_one(work, 4u);
  }
}

// How far into what an engine says: heads of records, of messages, fields of a hello,
// and what a whole flight has.
static uint64_t distance(fuzz_work *work) {
  static const uint16_t bounds[] = {1u,   2u,   4u,   5u,   6u,   9u,   10u,
                                    11u,  43u,  44u,  76u,  77u,  80u,  127u,
                                    128u, 133u, 200u, 256u, 400u, 512u, 600u};
  return fuzz_one_in(work->choice, 3u) != 0
             ? pick_one(work, 1024u)
             : bounds[fuzz_pick(work->choice, COUNT(bounds))];
}

uint64_t fuzz_tls_number(fuzz_work *work, const script_record *record) {
  switch (record->tag) {
    case SCRIPT_TLS_SET:
      return setting(work, record->field);
    case SCRIPT_MANGLE:
      return fuzz_one_in(work->choice, 3u) != 0 ? pick_one(work, 12u)
                                                : distance(work);
    case SCRIPT_PASS:
      return fuzz_one_in(work->choice, 4u) != 0 ? 0u : distance(work);
    case SCRIPT_ALERT:
      return fuzz_wire_any_alert(work->choice);
    default:
      return pick_one(work, 2u);
  }
}

// Which bits of an octet are mangled; 0: all.
static uint8_t any_bits(fuzz_work *work) {
  return fuzz_one_in(work->choice, 3u) != 0
             ? 0u
             : (uint8_t)(1u << fuzz_choose(work->choice, 8u));
}

uint8_t fuzz_tls_two_field(fuzz_work *work, unsigned tag) {
  return tag == SCRIPT_MANGLE ? any_bits(work)
                              : (uint8_t)fuzz_choose(work->choice, 8u);
}

// --------------------------------------------------------------------- records

static void insert_setting(fuzz_work *work, unsigned field, uint64_t number) {
  fuzz_work_number(work, 0u, SCRIPT_TLS_SET, field, number);
}

// Those settings that say most come most.
static void make_setting(fuzz_work *work) {
  static const uint8_t often[] = {TLS_identity, TLS_low, TLS_high, TLS_floor,
                                  TLS_name,     TLS_sni, TLS_alpn};
  const unsigned field = fuzz_one_in(work->choice, 2u) != 0
                             ? often[fuzz_pick(work->choice, COUNT(often))]
                             : fuzz_tls_field(work);
  const script_record record = {.tag = SCRIPT_TLS_SET, .field = (uint8_t)field};
  insert_setting(work, field, fuzz_script_number(work, &record));
}

// Another certificate; the setting that is there says so, if there is one.
static void make_identity(fuzz_work *work) {
  const unsigned field =
      fuzz_one_in(work->choice, 3u) != 0 ? TLS_attacker : TLS_identity;
  const uint64_t number = pick_one(work, IDENTITIES);
  for (size_t i = 0u; i < work->now.count; i++) {
    script_record *record = &work->now.records[i];
    if (record->tag == SCRIPT_TLS_SET && record->field == field) {
      record->number = number;
      return;
    }
  }
  insert_setting(work, field, number);
}

static void insert_raw(fuzz_work *work, size_t at) {
  fuzz_text text = fuzz_work_text(work);
  if (fuzz_one_in(work->choice, 2u) != 0) {
    fuzz_wire_clear(&text, work->choice);
  } else {
    fuzz_wire_record(&text, work->choice);
  }
  fuzz_work_octets(work, at, SCRIPT_RAW, 0u, &text);
}

// Any record of real TLS but a setting.
static void insert_any(fuzz_work *work, size_t at) {
  static const uint8_t tags[] = {
      SCRIPT_RAW,    SCRIPT_RAW,   SCRIPT_MANGLE,     SCRIPT_MANGLE,
      SCRIPT_PASS,   SCRIPT_PASS,  SCRIPT_NOTIFY,     SCRIPT_ALERT,
      SCRIPT_SPLICE, SCRIPT_ALERT, SCRIPT_KEY_UPDATE, SCRIPT_RENEGOTIATE};
  script_record record = {.tag = tags[fuzz_pick(work->choice, sizeof tags)]};
  if (record.tag == SCRIPT_RAW) {
    insert_raw(work, at);
    return;
  }
  if (record.tag == SCRIPT_MANGLE) {
    record.field = any_bits(work);
  } else if (record.tag == SCRIPT_SPLICE) {
    record.field = (uint8_t)pick_one(work, 2u);
  }
  if (script_form_of(record.tag) != SCRIPT_FORM_NONE) {
    record.number = fuzz_script_number(work, &record);
  }
  fuzz_work_insert(work, at, &record);
}

// ---------------------------------------------------------------- the handshake

static int says(const script_record *record, const char *words) {
  const size_t len = strlen(words);
  for (size_t i = 0u; record->tag == SCRIPT_SAY && i + len <= record->len;
       i++) {
    if (memcmp(record->data + i, words, len) == 0) {
      return 1;
    }
  }
  return 0;
}

// The place of a handshake: that of a `tls-up`; else behind what asks for one or agrees
// to it, behind what passes, or anywhere.
static size_t handshake_of(fuzz_work *work) {
  const size_t count = work->now.count;
  const size_t up = fuzz_work_find(work, SCRIPT_TLS_UP);
  if (up < count && fuzz_one_in(work->choice, 8u) == 0) {
    return up;
  }
  for (size_t i = 0u; i < count; i++) {
    const script_record *record = &work->now.records[i];
    if (says(record, "STARTTLS\r\n") != 0 || says(record, "220 ") != 0) {
      return i + 1u;
    }
  }
  const size_t flow = fuzz_work_find(work, SCRIPT_FLOW);
  return flow < count ? flow + 1u : fuzz_work_place(work);
}

// Some of what an engine says comes, and so a handshake is on its way at `at`.
static size_t insert_part(fuzz_work *work, size_t at) {
  if (work->now.count == SCRIPT_RECORDS_MAX) {
    return at;
  }
  fuzz_work_number(work, at, SCRIPT_PASS, 0u, distance(work));
  return at + 1u;
}

// Returns the place, with the handshake on its way or over if that is what is chosen.
static size_t phase_of(fuzz_work *work) {
  const size_t up = handshake_of(work);
  switch (fuzz_choose(work->choice, 3u)) {
    case 0u:
      return up;
    case 1u:
      return insert_part(work, up);
    default:
      return up < work->now.count ? up + 1u : up;
  }
}

int fuzz_tls_is_setting(unsigned tag) {
  return tag <= SCRIPT_CREDENTIALS || tag == SCRIPT_TLS_SET;
}

// A record that happens comes to a handshake; it may stay where it was as well.
static int place_move(fuzz_work *work) {
  if (work->now.count == 0u) {
    return 0;
  }
  const size_t from = fuzz_pick(work->choice, work->now.count);
  const script_record record = work->now.records[from];
  if (fuzz_tls_is_setting(record.tag) != 0 || record.tag == SCRIPT_TLS_UP) {
    return 0;
  }
  if (fuzz_one_in(work->choice, 3u) != 0) {
    fuzz_work_remove(work, from, 1u);
  }
  fuzz_work_insert(work, phase_of(work), &record);
  return 1;
}

// One record that says something becomes two, on both sides of a handshake; what is
// behind it may come in clear.
static int split_move(fuzz_work *work) {
  const size_t up = fuzz_work_find(work, SCRIPT_TLS_UP);
  const size_t count = work->now.count;
  const size_t at = fuzz_work_find(work, SCRIPT_SAY);
  if (up == count || at == count || count == SCRIPT_RECORDS_MAX ||
      work->now.records[at].len == 0u) {
    return 0;
  }
  script_record *said = &work->now.records[at];
  script_record other = *said;
  const size_t cut = fuzz_work_cut(work, said);
  const int is_raw = fuzz_one_in(work->choice, 4u);
  other.tag = is_raw != 0 ? SCRIPT_RAW : SCRIPT_SAY;
  if (at < up) {
    said->len = cut;
    other.data += cut;
    other.len -= cut;
    fuzz_work_insert(work, up + 1u, &other);
  } else {
    said->data += cut;
    said->len -= cut;
    other.len = cut;
    fuzz_work_insert(work, up, &other);
  }
  return 1;
}

// Some of a handshake comes, then something else does, then the rest. What mangles stands
// before the part that it mangles.
static int inside_move(fuzz_work *work) {
  if (work->now.count + 4u > SCRIPT_RECORDS_MAX) {
    return 0;
  }
  size_t at = handshake_of(work);
  if (fuzz_one_in(work->choice, 4u) != 0) {
    fuzz_work_number(work, at, SCRIPT_MANGLE, any_bits(work), distance(work));
    at++;
  }
  at = insert_part(work, at);
  switch (fuzz_choose(work->choice, 5u)) {
    case 0u:
    case 1u:
      insert_raw(work, at);
      break;
    case 2u:
      fuzz_work_number(work, at, SCRIPT_CUT, 0u, 1u + pick_one(work, 6u));
      break;
    default:
      insert_any(work, at);
      break;
  }
  if (fuzz_one_in(work->choice, 2u) != 0) {
    fuzz_work_number(work, at + 1u, SCRIPT_PASS, 0u, 0u);
  }
  return 1;
}

static void end_move(fuzz_work *work) {
  static const uint8_t tags[] = {
      SCRIPT_CLOSE,  SCRIPT_CLOSE,    SCRIPT_NOTIFY,
      SCRIPT_NOTIFY, SCRIPT_ALERT,    SCRIPT_HANGUP,
      SCRIPT_HANGUP, SCRIPT_DEADLINE, SCRIPT_SHUTDOWN};
  const size_t at = phase_of(work);
  script_record record = {.tag = tags[fuzz_pick(work->choice, sizeof tags)]};
  if (record.tag == SCRIPT_HANGUP) {
    record.field = (uint8_t)pick_one(work, 2u);
  }
  if (script_form_of(record.tag) != SCRIPT_FORM_NONE) {
    record.number = fuzz_script_number(work, &record);
  }
  fuzz_work_insert(work, at, &record);
  // Dead.Letter: clear octets behind close_notify, then the end.
  if (record.tag == SCRIPT_NOTIFY && fuzz_one_in(work->choice, 2u) != 0) {
    const size_t after = at < work->now.count ? at + 1u : at;
    insert_raw(work, after);
    if (fuzz_one_in(work->choice, 2u) != 0) {
      fuzz_work_number(work, after < work->now.count ? after + 1u : after,
                       SCRIPT_CLOSE, 0u, pick_one(work, 2u));
    }
  }
}

// -------------------------------------------------------------------- attackers

// What an attacker does to a hello or to a record of an engine, as octets.
static void insert_swap(fuzz_work *work, size_t at, uint8_t side) {
  static const struct {
    const char *from;
    const char *to;
    uint8_t from_len;
    uint8_t to_len;
  } rows[] = {{"\x16\x03", "\x17\x03", 2u, 2u},
              {"\x16\x03", "\x15\x03", 2u, 2u},
              {"\x16\x03\x01", "\x16\x03\x00", 3u, 3u},
              {"\x16\x03", "EHLO", 2u, 4u},
              {"\x16", "", 1u, 0u},
              {"\x03\x04", "\x03\x03", 2u, 2u},
              {"\x04smtp", "\x04imap", 5u, 5u},
              {"\x13\x01", "\x13\x03", 2u, 2u},
              {"\x00\x2b", "\xff\x2b", 2u, 2u},
              {"\xff\x01", "\xff\x02", 2u, 2u},
              {"mx.b.example", "mx.c.example", 12u, 12u},
              {"\x17\x03\x03", "\x16\x03\x03", 3u, 3u},
              {"\x14\x03\x03", "", 3u, 0u},
              {"\x15\x03", "\x17\x03", 2u, 2u}};
  const size_t i = fuzz_pick(work->choice, COUNT(rows));
  const script_record record = {.tag = SCRIPT_REWRITE,
                                .field = side,
                                .data = (const uint8_t *)rows[i].from,
                                .len = rows[i].from_len,
                                .more = (const uint8_t *)rows[i].to,
                                .more_len = rows[i].to_len};
  fuzz_work_insert(work, at, &record);
}

static void insert_clear(fuzz_work *work, size_t at, uint8_t side) {
  fuzz_text text = fuzz_work_text(work);
  fuzz_wire_clear(&text, work->choice);
  fuzz_work_octets(work, at, SCRIPT_INSERT, side, &text);
}

// One move of an attacker who stands in a handshake.
static void insert_attack(fuzz_work *work, size_t at, uint8_t side) {
  static const uint8_t tags[] = {SCRIPT_RELAY,  SCRIPT_DROP,   SCRIPT_DELAY,
                                 SCRIPT_REPLAY, SCRIPT_HANGUP, SCRIPT_TAMPER,
                                 SCRIPT_SPLICE, SCRIPT_SPLICE, SCRIPT_TAMPER};
  script_record record = {.tag = tags[fuzz_pick(work->choice, sizeof tags)],
                          .field = side};
  switch (fuzz_choose(work->choice, 7u)) {
    case 0u:
      insert_swap(work, at, side);
      break;
    case 1u:
      insert_clear(work, at, side);
      break;
    case 2u:
      insert_any(work, at);
      break;
    case 3u:
      // A bad chain, name, or both: from here on the attacker answers handshakes.
      fuzz_work_number(work, at, SCRIPT_TLS_UP, fuzz_choose(work->choice, 4u),
                       SMTPC_TLS_1_3 - fuzz_choose(work->choice, 2u));
      break;
    default:
      record.number = record.tag == SCRIPT_RELAY || record.tag == SCRIPT_DROP ||
                              record.tag == SCRIPT_REPLAY
                          ? distance(work)
                          : fuzz_script_number(work, &record);
      fuzz_work_insert(work, at, &record);
      break;
  }
}

// All flows up to about a handshake, or what stands there stays; some octets pass, the
// attacker moves, and now and then all flows again.
static int attack_move(fuzz_work *work) {
  if (work->now.count + 6u > SCRIPT_RECORDS_MAX) {
    return 0;
  }
  const uint8_t side = (uint8_t)pick_one(work, 2u);
  size_t at = handshake_of(work);
  if (fuzz_one_in(work->choice, 2u) != 0) {
    fuzz_work_number(work, at, SCRIPT_FLOW, 0u, 1u + pick_one(work, 9u));
    at++;
  }
  if (fuzz_one_in(work->choice, 2u) != 0) {
    fuzz_work_number(work, at, SCRIPT_RELAY, side, distance(work));
    at++;
  }
  for (size_t i = 1u + fuzz_pick(work->choice, 2u); i > 0u; i--) {
    insert_attack(work, at, side);
    at++;
  }
  if (fuzz_one_in(work->choice, 3u) != 0) {
    fuzz_work_number(work, at, SCRIPT_FLOW, 0u, 0u);
  }
  return 1;
}

// -------------------------------------------------------------------- sessions

// Both policies want TLS; now and then it begins at once, as on port 465.
static void want_tls(fuzz_work *work, int is_implicit) {
  fuzz_work_number(work, 0u, SCRIPT_SERVER_SET, SERVER_tls,
                   1u + pick_one(work, 2u));
  fuzz_work_number(work, 0u, SCRIPT_CLIENT_SET, CLIENT_tls,
                   1u + pick_one(work, 3u));
  if (is_implicit != 0) {
    fuzz_work_number(work, 0u, SCRIPT_SERVER_SET, SERVER_implicit_tls, 1u);
    fuzz_work_number(work, 0u, SCRIPT_CLIENT_SET, CLIENT_implicit_tls, 1u);
  }
}

static void make_versions(fuzz_work *work) {
  const unsigned version =
      fuzz_one_in(work->choice, 2u) != 0 ? SMTPC_TLS_1_2 : SMTPC_TLS_1_3;
  insert_setting(work, TLS_high, version);
  if (fuzz_one_in(work->choice, 2u) != 0) {
    insert_setting(work, TLS_low, version);
  }
}

// With TLS from the beginning the first thing that happens is the handshake.
static void begin_with_tls(fuzz_work *work) {
  size_t at = 0u;
  while (at < work->now.count &&
         fuzz_tls_is_setting(work->now.records[at].tag) != 0) {
    at++;
  }
  fuzz_work_number(work, at, SCRIPT_TLS_UP, 3u, SMTPC_TLS_1_3);
}

static void make_dialogue(fuzz_work *work) {
  const int is_implicit = fuzz_one_in(work->choice, 5u);
  if (work->is_duel != 0) {
    fuzz_work_number(work, fuzz_work_place(work), SCRIPT_FLOW, 0u,
                     pick_one(work, 10u));
    fuzz_script_make(work, FUZZ_MOVE_SENDING);
  } else {
    fuzz_script_make(work, FUZZ_MOVE_DIALOGUE);
  }
  want_tls(work, is_implicit);
  if (is_implicit != 0 && work->is_duel == 0) {
    begin_with_tls(work);
  }
  make_versions(work);
  if (fuzz_one_in(work->choice, 2u) != 0) {
    make_identity(work);
  }
  for (size_t i = fuzz_pick(work->choice, 3u); i > 0u; i--) {
    make_setting(work);
  }
}

// ----------------------------------------------------------------------- moves

// Makes the move, and returns 0 when the script has nothing for it.
static int make(fuzz_work *work, unsigned what) {
  switch (what) {
    case FUZZ_MOVE_TLS_SETTING:
      make_setting(work);
      return 1;
    case FUZZ_MOVE_TLS_IDENTITY:
      make_identity(work);
      return 1;
    case FUZZ_MOVE_TLS_RAW:
      insert_raw(work, phase_of(work));
      return 1;
    case FUZZ_MOVE_TLS_PLACE:
      return place_move(work);
    case FUZZ_MOVE_TLS_SPLIT:
      return split_move(work);
    case FUZZ_MOVE_TLS_INSIDE:
      return inside_move(work);
    case FUZZ_MOVE_TLS_END:
      end_move(work);
      return 1;
    case FUZZ_MOVE_TLS_ATTACK:
      return attack_move(work);
    case FUZZ_MOVE_TLS_DIALOGUE:
      make_dialogue(work);
      return 1;
    default:
      insert_any(work, fuzz_one_in(work->choice, 4u) != 0
                           ? fuzz_work_place(work)
                           : phase_of(work));
      return 1;
  }
}

void fuzz_tls_make(fuzz_work *work) {
  static const uint8_t one_side[] = {
      FUZZ_MOVE_TLS_SETTING, FUZZ_MOVE_TLS_SETTING, FUZZ_MOVE_TLS_IDENTITY,
      FUZZ_MOVE_TLS_RECORD,  FUZZ_MOVE_TLS_RECORD,  FUZZ_MOVE_TLS_RAW,
      FUZZ_MOVE_TLS_RAW,     FUZZ_MOVE_TLS_PLACE,   FUZZ_MOVE_TLS_SPLIT,
      FUZZ_MOVE_TLS_SPLIT,   FUZZ_MOVE_TLS_INSIDE,  FUZZ_MOVE_TLS_INSIDE,
      FUZZ_MOVE_TLS_INSIDE,  FUZZ_MOVE_TLS_END,     FUZZ_MOVE_TLS_END,
      FUZZ_MOVE_TLS_DIALOGUE};
  static const uint8_t duel[] = {
      FUZZ_MOVE_TLS_SETTING, FUZZ_MOVE_TLS_IDENTITY, FUZZ_MOVE_TLS_IDENTITY,
      FUZZ_MOVE_TLS_RECORD,  FUZZ_MOVE_TLS_RAW,      FUZZ_MOVE_TLS_PLACE,
      FUZZ_MOVE_TLS_INSIDE,  FUZZ_MOVE_TLS_END,      FUZZ_MOVE_TLS_ATTACK,
      FUZZ_MOVE_TLS_ATTACK,  FUZZ_MOVE_TLS_ATTACK,   FUZZ_MOVE_TLS_ATTACK,
      FUZZ_MOVE_TLS_DIALOGUE};
  // A guess may be wrong.
  const int is_duel = work->is_duel != fuzz_one_in(work->choice, 16u);
  const unsigned what =
      is_duel != 0 ? duel[fuzz_pick(work->choice, sizeof duel)]
                   : one_side[fuzz_pick(work->choice, sizeof one_side)];
  if (make(work, what) != 0) {
    fuzz_moved((fuzz_move)what);
  } else {
    insert_any(work, phase_of(work));
    fuzz_moved(FUZZ_MOVE_TLS_RECORD);
  }
}
