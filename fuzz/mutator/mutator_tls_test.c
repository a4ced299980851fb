// Mutator, TLS: what its moves do to scripts whose TLS is real and to octets of a TLS
// peer. Seeds are fixed.
#include <stdlib.h>
#include <string.h>

#include "core/testing.h"
#include "fuzz/harness/script.h"
#include "fuzz/harness/target.h"
#include "fuzz/harness/tls_numbers.h"
#include "fuzz/mutator/mutator.h"
#include "fuzz/mutator/mutator_parts_script.h"
#include "fuzz/mutator/mutator_parts_wire.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define ROUNDS 20000u
#define MAX 20000u
#define HEAD FUZZ_WIRE_HEAD
#define BIT(move) (UINT64_C(1) << (unsigned)FUZZ_MOVE_##move)

static uint8_t parent[MAX];
static uint8_t buffer[MAX];
static uint8_t other[MAX];

static const char dialogue[] =
    "smtpcore-script 1\n"
    "server-set tls 1\n"
    "tls-set identity 0\n"
    "say \"EHLO a.example\\r\\nSTARTTLS\\r\\n\"\n"
    "tls-up 3 772\n"
    "say \"EHLO a.example\\r\\nMAIL FROM:<a@b.example>\\r\\n\"\n"
    "answer 1\n"
    "raw \"\\x15\\x03\\x03\\x00\\x02\\x01\\x00\"\n"
    "close 1\n";

static const char attack[] =
    "smtpcore-script 1\n"
    "server-set tls 1\n"
    "client-set tls 3\n"
    "message \"a@b.example\"\n"
    "recipient \"c@d.example\"\n"
    "flow 5\n"
    "relay to-server 0\n"
    "insert to-client \"220 ready\\r\\n\"\n";

static size_t parse(const char *text, uint8_t *out) {
  smtpc_octets encoded = {NULL, 0u, 0u};
  const char *why = "";
  const size_t line =
      script_parse((const uint8_t *)text, strlen(text), &encoded, &why);
  test_label("%s", why);
  test_number(line, 0);
  assert_true(encoded.len <= MAX);
  const size_t len = encoded.len;
  memcpy(out, encoded.data, len);
  smtpc_octets_free(&encoded);
  return len;
}

// Forgets the moves that were made: a mutation without room makes none.
static void forget_moves(void) {
  test_number(fuzz_mutate(FUZZ_KIND_TLS, buffer, 0u, 0u, 0u), 0);
}

// -------------------------------------------------------------------- scripts

static uint64_t tags_of(const script *in) {
  uint64_t tags = 0u;
  for (size_t i = 0u; i < in->count; i++) {
    tags |= in->records[i].tag < 64u ? UINT64_C(1) << in->records[i].tag : 1u;
  }
  return tags;
}

static int has_tls(const script *in) {
  for (size_t i = 0u; i < in->count; i++) {
    if (fuzz_tls_is_record(in->records[i].tag) != 0) {
      return 1;
    }
  }
  return 0;
}

// Chains of mutations; returns how many outputs have a record.
static size_t chain(unsigned kind, const char *text, uint64_t *moves,
                    uint64_t *tags, uint64_t *fields) {
  static script decoded;
  const size_t parent_len = parse(text, parent);
  size_t count = 0u;
  size_t len = 0u;
  for (uint64_t seed = 0u; seed < ROUNDS; seed++) {
    if (seed % 16u == 0u) {
      memcpy(buffer, parent, parent_len);
      len = parent_len;
    }
    len = fuzz_mutate(kind, buffer, len, 4096u, seed);
    assert_in_range(len, 1u, 4096u);
    *moves |= fuzz_mutate_moves();
    count += script_decode(buffer, len, &decoded) == 1 && decoded.count > 0u;
    *tags |= tags_of(&decoded);
    for (size_t i = 0u; i < decoded.count; i++) {
      const script_record *record = &decoded.records[i];
      *fields |=
          record->tag == SCRIPT_TLS_SET ? UINT64_C(1) << record->field : 0u;
      assert_true(record->tag != SCRIPT_LATE || kind == FUZZ_KIND_SCRIPT);
    }
    assert_true(kind == FUZZ_KIND_TLS_SCRIPT || has_tls(&decoded) == 0);
  }
  return count;
}

static void test_scripts_get_records_of_tls(void **state) {
  (void)state;
  static const char *const parents[] = {dialogue, attack};
  uint64_t moves = 0u;
  uint64_t tags = 0u;
  uint64_t fields = 0u;
  for (size_t i = 0u; i < COUNT(parents); i++) {
    const size_t count =
        chain(FUZZ_KIND_TLS_SCRIPT, parents[i], &moves, &tags, &fields);
    test_label("outputs of parent %zu with a record, of %u", i, ROUNDS);
    test_number(count >= ROUNDS * 8u / 10u ? ROUNDS : count, ROUNDS);
  }
  for (unsigned move = 1u; move <= FUZZ_MOVE_TLS_DIALOGUE; move++) {
    test_label("move %u", move);
    test_number((moves >> move) & 1u, 1);
  }
#define FIELD(id, number, word, what) \
  test_label("field %s", word);       \
  test_number((fields >> number) & 1u, 1);
  SCRIPT_TLS_FIELD_LIST(FIELD)
#undef FIELD
  for (unsigned tag = 0u; tag < 64u; tag++) {
    if (fuzz_tls_is_record(tag) != 0) {
      test_label("tag %u", tag);
      test_number((tags >> tag) & 1u, 1);
    }
  }
}

static void test_other_scripts_get_none(void **state) {
  (void)state;
  uint64_t moves = 0u;
  uint64_t tags = 0u;
  uint64_t fields = 0u;
  (void)chain(FUZZ_KIND_SCRIPT, attack, &moves, &tags, &fields);
  test_label("moves that are none of plain scripts");
  test_number(moves >> ((unsigned)FUZZ_MOVE_RANGE + 1u), 0);
}

// A script on its way, as the mutator has it, and its parent.
static fuzz_work work;
static script before;
static fuzz_choice choice;

static void begin_work(const char *text, int is_duel, uint64_t seed) {
  const size_t len = parse(text, parent);
  choice.state = seed;
  assert_int_equal(script_decode(parent, len, &before), 1);
  work.now = before;
  work.choice = &choice;
  work.role = FUZZ_ROLE_CLIENT;
  work.used = 0u;
  work.has_tls = 1;
  work.is_duel = is_duel;
}

static size_t count_tag(const script *in, unsigned tag) {
  size_t count = 0u;
  for (size_t i = 0u; i < in->count; i++) {
    count += in->records[i].tag == tag ? 1u : 0u;
  }
  return count;
}

static size_t first_of(const script *in, unsigned tag) {
  size_t at = 0u;
  while (at < in->count && in->records[at].tag != tag) {
    at++;
  }
  return at;
}

static int is_same(const script_record *a, const script_record *b) {
  return a->tag == b->tag && a->field == b->field && a->number == b->number &&
         a->len == b->len && a->more_len == b->more_len &&
         (a->len == 0u || memcmp(a->data, b->data, a->len) == 0);
}

// Whether all records of the parent are there still, in their order.
static int has_parent(void) {
  size_t found = 0u;
  for (size_t i = 0u; i < work.now.count && found < before.count; i++) {
    found +=
        is_same(&work.now.records[i], &before.records[found]) != 0 ? 1u : 0u;
  }
  return found == before.count;
}

// Whether what a record says is how the words behind the parent's handshake begin.
static int has_begin_of(const script_record *record, const script *in) {
  const script_record *behind = &in->records[first_of(in, SCRIPT_TLS_UP) + 1u];
  return record->len <= behind->len &&
         (record->len == 0u ||
          memcmp(record->data, behind->data, record->len) == 0);
}

// All that is said, before and after the handshake, is what was said before.
static void check_split(void) {
  static uint8_t have[2][256];
  size_t lens[2] = {0u, 0u};
  const script *ins[2] = {&before, &work.now};
  for (size_t k = 0u; k < 2u; k++) {
    for (size_t i = 0u; i < ins[k]->count; i++) {
      const script_record *record = &ins[k]->records[i];
      const int is_alert = record->len == 7u && record->data[0] == 0x15u;
      if ((record->tag == SCRIPT_SAY || record->tag == SCRIPT_RAW) &&
          is_alert == 0 && record->len > 0u) {
        memcpy(have[k] + lens[k], record->data, record->len);
        lens[k] += record->len;
      }
    }
  }
  test_octets(have[1], lens[1], have[0], lens[0]);
  const size_t said =
      count_tag(&work.now, SCRIPT_SAY) + count_tag(&work.now, SCRIPT_RAW);
  test_number(said, 4);
  // What came before the handshake is a part of what was behind it.
  const size_t up = first_of(&work.now, SCRIPT_TLS_UP);
  const size_t at = first_of(&work.now, SCRIPT_SAY);
  const size_t had = before.records[first_of(&before, SCRIPT_SAY)].len;
  const script_record *last = &work.now.records[up - 1u];
  test_number(up - at <= 2u, 1);
  test_number(up - at == 1u || work.now.records[at].len == had, 1);
  test_number(up - at == 2u || last->len <= had, 1);
  test_number(up - at == 1u || has_begin_of(last, &before), 1);
}

static void check_inside(void) {
  const size_t pass = first_of(&work.now, SCRIPT_PASS);
  assert_true(pass + 1u < work.now.count);
  assert_true(work.now.count >= before.count + 2u);
  assert_true(has_parent());
}

static void check_end(void) {
  static const uint8_t tags[] = {SCRIPT_CLOSE,    SCRIPT_NOTIFY,
                                 SCRIPT_ALERT,    SCRIPT_HANGUP,
                                 SCRIPT_DEADLINE, SCRIPT_SHUTDOWN};
  size_t have = 0u;
  for (size_t i = 0u; i < sizeof tags; i++) {
    have += count_tag(&work.now, tags[i]) - count_tag(&before, tags[i]);
  }
  assert_in_range(have, 1u, 2u);
  assert_true(has_parent());
}

static void check_identity(void) {
  const size_t at = first_of(&work.now, SCRIPT_TLS_SET);
  assert_true(at < work.now.count);
  test_number(work.now.records[at].number < 10u, 1);
  assert_true(work.now.count <= before.count + 1u);
  test_number(count_tag(&work.now, SCRIPT_SAY), count_tag(&before, SCRIPT_SAY));
}

static void check_move(unsigned move) {
  test_label("move %u", move);
  switch (move) {
    case FUZZ_MOVE_TLS_SETTING:
      test_number(work.now.records[0].tag, SCRIPT_TLS_SET);
      assert_true(has_parent());
      break;
    case FUZZ_MOVE_TLS_IDENTITY:
      check_identity();
      break;
    case FUZZ_MOVE_TLS_RECORD:
      assert_in_range(work.now.count, before.count + 1u, before.count + 2u);
      assert_true(has_parent());
      break;
    case FUZZ_MOVE_TLS_RAW:
      test_number(count_tag(&work.now, SCRIPT_RAW),
                  count_tag(&before, SCRIPT_RAW) + 1u);
      assert_true(has_parent());
      break;
    case FUZZ_MOVE_TLS_PLACE:
      assert_in_range(work.now.count, before.count, before.count + 2u);
      break;
    case FUZZ_MOVE_TLS_SPLIT:
      check_split();
      break;
    case FUZZ_MOVE_TLS_INSIDE:
      check_inside();
      break;
    case FUZZ_MOVE_TLS_END:
      check_end();
      break;
    case FUZZ_MOVE_TLS_ATTACK:
      assert_true(work.now.count > before.count);
      assert_true(has_parent());
      break;
    default:
      test_number(move, FUZZ_MOVE_TLS_DIALOGUE);
      test_number(work.now.records[first_of(&work.now, SCRIPT_SERVER_SET)].tag,
                  SCRIPT_SERVER_SET);
      assert_true(first_of(&work.now, SCRIPT_TLS_SET) < work.now.count);
      assert_true(count_tag(&work.now, SCRIPT_CLIENT_SET) >
                  count_tag(&before, SCRIPT_CLIENT_SET));
      break;
  }
}

static void test_each_move_on_a_script_does_what_it_says(void **state) {
  (void)state;
  uint64_t seen = 0u;
  for (uint64_t seed = 0u; seed < 4000u; seed++) {
    const int is_duel = seed % 2u == 0u;
    begin_work(is_duel != 0 ? attack : dialogue, is_duel, seed);
    forget_moves();
    fuzz_tls_make(&work);
    const uint64_t moves = fuzz_mutate_moves();
    for (unsigned move = FUZZ_MOVE_TLS_SETTING; move <= FUZZ_MOVE_TLS_DIALOGUE;
         move++) {
      // A session is made of other moves too.
      if ((moves >> move & 1u) != 0u) {
        check_move(move);
      }
    }
    seen |= moves;
  }
  test_label("moves");
  test_number((seen >> (unsigned)FUZZ_MOVE_TLS_SETTING) & 0x3ffu, 0x3ff);
}

static void test_a_full_script_is_never_too_long(void **state) {
  (void)state;
  for (uint64_t seed = 0u; seed < 2000u; seed++) {
    begin_work(dialogue, seed % 2u == 0u, seed);
    while (work.now.count < SCRIPT_RECORDS_MAX - seed % 8u) {
      fuzz_work_insert(&work, work.now.count, &before.records[seed % 8u]);
    }
    fuzz_tls_make(&work);
    assert_in_range(work.now.count, 1u, SCRIPT_RECORDS_MAX);
  }
}

// ----------------------------------------------------------------- TLS records

static size_t number_of(const uint8_t *data, size_t width) {
  size_t number = 0u;
  for (size_t i = 0u; i < width; i++) {
    number = number << 8u | data[i];
  }
  return number;
}

// Returns how many TLS records there are, with what they hold in `*out`, or SIZE_MAX when
// one is not whole. Clear lines are gone over.
static size_t framed(const uint8_t *data, size_t len, fuzz_text *out) {
  size_t records = 0u;
  size_t at = 0u;
  while (at < len) {
    if (data[at] < 20u || data[at] > 24u) {
      at++;
      continue;
    }
    if (len - at < HEAD || data[at + 1u] != 3u ||
        len - at - HEAD < number_of(data + at + 3u, 2u)) {
      return SIZE_MAX;
    }
    const size_t body = number_of(data + at + 3u, 2u);
    if (out != NULL) {
      fuzz_text_add(out, data + at + HEAD, body);
    }
    at += HEAD + body;
    records++;
  }
  return records;
}

// A client in clear, its hello, and what it says next.
static size_t make_wire(uint8_t *out) {
  fuzz_text text = {out, 0u, MAX};
  fuzz_choice own = {5u};
  fuzz_text_say(&text, "EHLO a.example\r\nSTARTTLS\r\n");
  fuzz_wire_hello(&text, &own, FUZZ_ROLE_CLIENT);
  fuzz_text_add(&text, "\x14\x03\x03\0\1\1", 6u);
  fuzz_text_add(&text,
                "\x16\x03\x03\0\x10\x14\0\0\x0c"
                "abcdefghijkl",
                21u);
  fuzz_text_add(&text,
                "\x17\x03\x03\0\x0b"
                "EHLO hello\n",
                16u);
  fuzz_text_add(&text, "\x15\x03\x03\0\2\1\0", 7u);
  return text.len;
}
#define WIRE_RECORDS 5u

static void test_records_stay_framed(void **state) {
  (void)state;
  const size_t parent_len = make_wire(parent);
  const uint64_t odd = BIT(WIRE_LENGTH) | BIT(WIRE_HEAD);
  uint64_t moves = 0u;
  size_t whole = 0u;
  size_t len = 0u;
  test_number(framed(parent, parent_len, NULL), WIRE_RECORDS);
  for (uint64_t seed = 0u; seed < ROUNDS; seed++) {
    memcpy(buffer, parent, parent_len);
    len = fuzz_mutate(FUZZ_KIND_TLS, buffer, parent_len, MAX, seed);
    assert_in_range(len, 1u, MAX);
    const int is_framed = framed(buffer, len, NULL) != SIZE_MAX;
    test_label("framed, seed %u", (unsigned)seed);
    test_number((fuzz_mutate_moves() & odd) != 0u || is_framed != 0, 1);
    whole += is_framed != 0 ? 1u : 0u;
    moves |= fuzz_mutate_moves();
  }
  test_label("of %u", ROUNDS);
  test_number(whole >= ROUNDS * 8u / 10u ? ROUNDS : whole, ROUNDS);
  test_label("moves");
  test_number(
      moves >> (unsigned)FUZZ_MOVE_WIRE_DROP,
      (UINT64_C(1) << (unsigned)(FUZZ_MOVE_COUNT - FUZZ_MOVE_WIRE_DROP)) - 1u);
}

// How many octets differ, of the same number of them.
static size_t differing(const uint8_t *a, const uint8_t *b, size_t len) {
  size_t count = 0u;
  for (size_t i = 0u; i < len; i++) {
    count += a[i] != b[i] ? 1u : 0u;
  }
  return count;
}

// Whether `now` is the parent with a run of octets put in.
static int is_inserted(const uint8_t *now, size_t len, size_t parent_len) {
  size_t same = 0u;
  while (same < parent_len && now[same] == parent[same]) {
    same++;
  }
  const size_t tail = parent_len - same;
  return len >= parent_len &&
         memcmp(now + len - tail, parent + same, tail) == 0;
}

static void check_payload(size_t len, size_t parent_len, size_t want) {
  static uint8_t a[MAX];
  static uint8_t b[MAX];
  fuzz_text had = {a, 0u, MAX};
  fuzz_text has = {b, 0u, MAX};
  (void)framed(parent, parent_len, &had);
  test_number(framed(buffer, len, &has), want);
  test_octets(has.data, has.len, had.data, had.len);
}

static void check_wire(uint64_t move, size_t len, size_t parent_len) {
  test_label("move of bits 0x%llx", (unsigned long long)move);
  if (move == BIT(WIRE_DROP)) {
    assert_true(len < parent_len);
  } else if (move == BIT(WIRE_DOUBLE)) {
    assert_true(len > parent_len && is_inserted(buffer, len, parent_len));
  } else if (move == BIT(WIRE_SWAP)) {
    test_number(len, parent_len);
    test_number(framed(buffer, len, NULL), WIRE_RECORDS);
  } else if (move == BIT(WIRE_CUT)) {
    assert_true(len <= parent_len);
    test_number(framed(buffer, len, NULL), WIRE_RECORDS);
  } else if (move == BIT(WIRE_SPLIT)) {
    check_payload(len, parent_len, WIRE_RECORDS + 1u);
  } else if (move == BIT(WIRE_MERGE)) {
    check_payload(len, parent_len, WIRE_RECORDS - 1u);
  } else if (move == BIT(WIRE_HEAD) || move == BIT(WIRE_LENGTH)) {
    test_number(len, parent_len);
    assert_in_range(differing(buffer, parent, len), 0u, 2u);
  } else if (move == BIT(WIRE_INSERT) || move == BIT(WIRE_CLEAR)) {
    assert_true(is_inserted(buffer, len, parent_len));
    assert_true(framed(buffer, len, NULL) >= WIRE_RECORDS);
  } else if (move == BIT(WIRE_MESSAGE)) {
    test_number(len, parent_len);
    assert_in_range(differing(buffer, parent, len), 0u, 3u);
    test_number(framed(buffer, len, NULL), WIRE_RECORDS);
  } else {
    assert_true(framed(buffer, len, NULL) != SIZE_MAX);
  }
}

static void test_each_move_on_records_does_what_it_says(void **state) {
  (void)state;
  const size_t parent_len = make_wire(parent);
  uint64_t seen = 0u;
  for (uint64_t seed = 0u; seed < 4000u; seed++) {
    fuzz_text text = {buffer, parent_len, MAX};
    fuzz_choice own = {seed};
    memcpy(buffer, parent, parent_len);
    forget_moves();
    fuzz_wire_mutate(&text, &own);
    check_wire(fuzz_mutate_moves(), text.len, parent_len);
    seen |= fuzz_mutate_moves();
  }
  test_number(seen >> (unsigned)FUZZ_MOVE_WIRE_DROP, 0x3fff);
}

// Goes over a part with its length of `width` octets, which must fit.
static void go_over(const uint8_t *data, size_t *at, size_t end, size_t width) {
  assert_true(end - *at >= width);
  const size_t len = number_of(data + *at, width);
  *at += width;
  assert_true(end - *at >= len);
  *at += len;
}

// Reads a record that is a hello: each length in it fits. Returns how many extensions.
static size_t check_hello(const uint8_t *data, size_t len, int is_client) {
  size_t count = 0u;
  size_t at = HEAD + 4u + 34u;
  test_number(data[0], 22);
  test_number(number_of(data + 3u, 2u), len - HEAD);
  test_number(data[HEAD], is_client != 0 ? 1 : 2);
  test_number(number_of(data + HEAD + 1u, 3u), len - HEAD - 4u);
  go_over(data, &at, len, 1u);
  if (is_client != 0) {
    go_over(data, &at, len, 2u);
    go_over(data, &at, len, 1u);
  } else {
    at += 3u;
  }
  test_number(number_of(data + at, 2u), len - at - 2u);
  at += 2u;
  while (at < len) {
    at += 2u;
    go_over(data, &at, len, 2u);
    count++;
  }
  return count;
}

static void test_hellos_are_whole(void **state) {
  (void)state;
  size_t most = 0u;
  for (uint64_t seed = 0u; seed < 2000u; seed++) {
    const int is_client = seed % 2u == 0u;
    fuzz_text text = {buffer, 0u, MAX};
    fuzz_choice own = {seed};
    fuzz_wire_hello(&text, &own,
                    is_client != 0 ? FUZZ_ROLE_CLIENT : FUZZ_ROLE_SERVER);
    test_label("hello, seed %u", (unsigned)seed);
    const size_t count = check_hello(buffer, text.len, is_client);
    most = count > most ? count : most;
  }
  test_label("extensions");
  test_number(most, 11);
}

// A session is whole records; what is a handshake begins with the hello of its role.
static void test_sessions_are_whole(void **state) {
  (void)state;
  for (uint64_t seed = 0u; seed < 2000u; seed++) {
    const int is_client = seed % 2u == 0u;
    fuzz_text text = {buffer, 0u, MAX};
    fuzz_choice own = {seed};
    fuzz_wire_session(&text, &own,
                      is_client != 0 ? FUZZ_ROLE_CLIENT : FUZZ_ROLE_SERVER);
    test_label("session, seed %u", (unsigned)seed);
    assert_in_range(framed(buffer, text.len, NULL), 2u, 8u);
    const uint8_t *hello = memchr(buffer, 22, text.len);
    assert_non_null(hello);
    test_number(hello[HEAD], is_client != 0 ? 1 : 2);
    test_number(hello == buffer || hello[-1] == '\n', 1);
    // In a server's flight the messages fill their record.
    size_t at = HEAD;
    while (is_client == 0 && at < HEAD + number_of(hello + 3u, 2u)) {
      at += 4u + number_of(hello + at + 1u, 3u);
    }
    test_number(is_client != 0 || at == HEAD + number_of(hello + 3u, 2u), 1);
  }
}

// An extension that comes or goes takes all lengths around it with it.
static void test_lengths_follow_extensions(void **state) {
  (void)state;
  fuzz_choice make = {9u};
  fuzz_text hello = {parent, 0u, MAX};
  size_t seen = 0u;
  fuzz_wire_hello(&hello, &make, FUZZ_ROLE_CLIENT);
  const size_t had = check_hello(parent, hello.len, 1);
  for (uint64_t seed = 0u; seed < 4000u; seed++) {
    fuzz_text text = {buffer, hello.len, MAX};
    fuzz_choice own = {seed};
    memcpy(buffer, parent, hello.len);
    forget_moves();
    fuzz_wire_mutate(&text, &own);
    if (fuzz_mutate_moves() == BIT(WIRE_EXTENSION) && text.len != hello.len) {
      const size_t has = check_hello(buffer, text.len, 1);
      test_number(has == had + 1u || has + 1u == had, 1);
      seen |= has > had ? 1u : 2u;
    }
  }
  test_number(seen, 3);
}

static void test_alerts_are_those_of_the_list(void **state) {
  (void)state;
  static uint8_t seen[256];
  for (uint64_t seed = 0u; seed < 4000u; seed++) {
    fuzz_text text = {buffer, 0u, MAX};
    fuzz_choice own = {seed};
    fuzz_wire_alert(&text, &own);
    test_number(text.len, HEAD + 2u);
    test_number(buffer[0], 21);
    seen[buffer[HEAD + 1u]] = 1u;
  }
#define ALERT(name, number)   \
  test_label("alert " #name); \
  test_number(seen[number], 1);
  FUZZ_TLS_ALERT_LIST(ALERT)
#undef ALERT
}

// --------------------------------------------------------------------- engines

static size_t keep_as_it_is(uint8_t *data, size_t size, size_t max_size) {
  (void)data;
  assert_true(size <= max_size);
  return size;
}

static size_t fill_it(uint8_t *data, size_t size, size_t max_size) {
  const size_t len = max_size < 300u ? max_size : 300u;
  (void)size;
  memset(data, 'F', len);
  return len;
}

static void test_an_engine_changes_what_one_record_has(void **state) {
  (void)state;
  const size_t parent_len = make_wire(parent);
  size_t whole = 0u;
  for (uint64_t seed = 0u; seed < 1000u; seed++) {
    memcpy(buffer, parent, parent_len);
    size_t len = fuzz_mutate_payload(FUZZ_KIND_TLS, buffer, parent_len, MAX,
                                     seed, keep_as_it_is);
    test_octets(buffer, len, parent, parent_len);
    len = fuzz_mutate_payload(FUZZ_KIND_TLS, buffer, len, MAX, seed, fill_it);
    assert_in_range(len, 1u, MAX);
    whole += framed(buffer, len, NULL) == WIRE_RECORDS ? 1u : 0u;
  }
  assert_in_range(whole, 600u, 900u);
}

// More lines and records than are looked at one by one.
static void test_there_may_be_many_records(void **state) {
  (void)state;
  for (size_t i = 0u; i + 6u <= MAX / 2u; i += 6u) {
    memcpy(parent + i, i % 12u == 0u ? "\x17\x03\x03\0\1a" : "NOOP\r\n", 6u);
  }
  const size_t parent_len = MAX / 2u / 6u * 6u;
  for (uint64_t seed = 0u; seed < 500u; seed++) {
    memcpy(buffer, parent, parent_len);
    assert_in_range(fuzz_mutate(FUZZ_KIND_TLS, buffer, parent_len, MAX, seed),
                    1u, MAX);
  }
}

// Junk that looks like records, cut at any place, in memory of exactly its size.
static void test_no_move_goes_outside(void **state) {
  (void)state;
  const size_t parent_len = make_wire(parent);
  for (uint64_t seed = 0u; seed < 6000u; seed++) {
    fuzz_choice own = {seed};
    const size_t size = fuzz_pick(&own, parent_len + 1u);
    const size_t max = size + fuzz_pick(&own, 40u);
    for (size_t i = 0u; i < size; i++) {
      const uint32_t how = fuzz_choose(&own, 24u);
      other[i] = how == 0u   ? (uint8_t)fuzz_choose(&own, 256u)
                 : how == 1u ? (uint8_t)(20u + fuzz_choose(&own, 5u))
                             : parent[i];
    }
    if (max > 0u) {
      uint8_t *exact = malloc(max);
      uint8_t *from = malloc(size > 0u ? size : 1u);
      assert_non_null(exact);
      assert_non_null(from);
      memcpy(from, other, size);
      memcpy(exact, other, size);
      assert_in_range(fuzz_mutate(FUZZ_KIND_TLS, exact, size, max, seed), 1u,
                      max);
      memcpy(exact, other, size);
      assert_true(fuzz_mutate_payload(FUZZ_KIND_TLS, exact, size, max, seed,
                                      fill_it) <= max);
      assert_in_range(
          fuzz_cross(FUZZ_KIND_TLS, from, size, from, size, exact, max, seed),
          1u, max);
      free(exact);
      free(from);
    }
  }
}

static void test_records_cross_between_units(void **state) {
  (void)state;
  const size_t parent_len = make_wire(parent);
  size_t most = 0u;
  for (uint64_t seed = 0u; seed < 2000u; seed++) {
    const size_t len = fuzz_cross(FUZZ_KIND_TLS, parent, parent_len, parent,
                                  parent_len, buffer, MAX, seed);
    const size_t records = framed(buffer, len, NULL);
    test_label("crossed, seed %u", (unsigned)seed);
    assert_in_range(records, 0u, 2u * WIRE_RECORDS);
    most = records > most ? records : most;
  }
  test_number(most, 2u * WIRE_RECORDS);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_scripts_get_records_of_tls),
      cmocka_unit_test(test_other_scripts_get_none),
      cmocka_unit_test(test_each_move_on_a_script_does_what_it_says),
      cmocka_unit_test(test_a_full_script_is_never_too_long),
      cmocka_unit_test(test_records_stay_framed),
      cmocka_unit_test(test_each_move_on_records_does_what_it_says),
      cmocka_unit_test(test_hellos_are_whole),
      cmocka_unit_test(test_sessions_are_whole),
      cmocka_unit_test(test_lengths_follow_extensions),
      cmocka_unit_test(test_alerts_are_those_of_the_list),
      cmocka_unit_test(test_an_engine_changes_what_one_record_has),
      cmocka_unit_test(test_there_may_be_many_records),
      cmocka_unit_test(test_no_move_goes_outside),
      cmocka_unit_test(test_records_cross_between_units),
  };
  return cmocka_run_group_tests_name("mutator_tls", tests, NULL, NULL);
}
