// Mutator: what its outputs are, and that each of its moves happens. Seeds are fixed.
#include "fuzz/mutator/mutator.h"

#include <stdlib.h>
#include <string.h>

#include "core/testing.h"
#include "fuzz/harness/script.h"
#include "fuzz/harness/target.h"
#include "fuzz/mutator/mutator_parts.h"
#include "smtpcore/capability.h"
#include "smtpcore/command.h"
#include "smtpcore/registry.h"
#include "smtpcore/reply.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define ROUNDS 20000u
#define MAX 4096u

static uint8_t buffer[MAX + 1u];
static uint8_t other[MAX + 1u];

static const char dialogue[] =
    "smtpcore-script 1\n"
    "server-set tls 1\n"
    "say \"EHLO a.example\\r\\n\"\n"
    "say \"STARTTLS\\r\\n\"\n"
    "tls-up 3 772\n"
    "say \"EHLO a.example\\r\\nMAIL FROM:<a@b.example>\\r\\n\"\n"
    "say \"RCPT TO:<c@d.example>\\r\\nBDAT 5 LAST\\r\\nhello\"\n"
    "answer 1\n"
    "insert to-client \"220 ready\\r\\n\"\n"
    "cut 1\n";

static const char lines[] =
    "EHLO a.example\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\n"
    "BDAT 5 LAST\r\nhelloDATA\r\n.\r\n";

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

// How many records octets decode to.
static size_t records_of(const uint8_t *data, size_t len) {
  static script decoded;
  return script_decode(data, len, &decoded) == 1 ? decoded.count : 0u;
}

// -------------------------------------------------------------------- scripts

static void test_scripts_stay_scripts(void **state) {
  (void)state;
  static uint8_t parent[MAX];
  const size_t parent_len = parse(dialogue, parent);
  size_t decoded = 0u;
  for (uint64_t seed = 0u; seed < ROUNDS; seed++) {
    memcpy(buffer, parent, parent_len);
    const size_t len =
        fuzz_mutate(FUZZ_KIND_SCRIPT, buffer, parent_len, MAX, seed);
    assert_in_range(len, 1u, MAX);
    decoded += records_of(buffer, len) > 0u ? 1u : 0u;
  }
  // What the mutator promises is 80 in 100; what it does is told when it is less.
  test_label("outputs with a record, of %u", ROUNDS);
  test_number(decoded >= ROUNDS * 8u / 10u ? ROUNDS : decoded, ROUNDS);
}

static void test_chains_of_mutations_stay_scripts(void **state) {
  (void)state;
  size_t decoded = 0u;
  size_t len = 0u;
  for (uint64_t seed = 0u; seed < ROUNDS; seed++) {
    len = seed % 64u == 0u ? 0u : len;
    len = fuzz_mutate(FUZZ_KIND_SCRIPT, buffer, len, MAX, seed);
    assert_in_range(len, 1u, MAX);
    decoded += records_of(buffer, len) > 0u ? 1u : 0u;
  }
  test_label("of a chain");
  test_number(decoded >= ROUNDS * 8u / 10u ? ROUNDS : decoded, ROUNDS);
}

static void test_junk_becomes_what_a_script_says(void **state) {
  (void)state;
  static const char *const junks[] = {"A", "\x02junk", "EHLO a.example\r\n",
                                      "\x01 \xff\xff octets", "\xff\xff"};
  for (size_t i = 0u; i < COUNT(junks); i++) {
    const size_t junk_len = strlen(junks[i]);
    size_t decoded = 0u;
    for (uint64_t seed = 0u; seed < 200u; seed++) {
      memcpy(buffer, junks[i], junk_len);
      const size_t len =
          fuzz_mutate(FUZZ_KIND_SCRIPT, buffer, junk_len, MAX, seed);
      test_label("junk %zu, seed %u", i, (unsigned)seed);
      test_number(
          junk_len > 1u
              ? (fuzz_mutate_moves() >> (unsigned)FUZZ_MOVE_REFRAME) & 1u
              : 1u,
          1);
      decoded += records_of(buffer, len) > 0u ? 1u : 0u;
    }
    test_label("junk %zu", i);
    test_number(decoded, 200);
  }
}

static size_t keep_as_it_is(uint8_t *data, size_t size, size_t max_size) {
  (void)data;
  assert_true(size <= max_size);
  return size;
}

static size_t fill_it(uint8_t *data, size_t size, size_t max_size) {
  (void)size;
  memset(data, 'F', max_size);
  return max_size;
}

static void test_an_engine_changes_one_payload(void **state) {
  (void)state;
  static uint8_t parent[MAX];
  const size_t parent_len = parse(dialogue, parent);
  for (uint64_t seed = 0u; seed < 500u; seed++) {
    memcpy(buffer, parent, parent_len);
    size_t len = fuzz_mutate_payload(FUZZ_KIND_SCRIPT, buffer, parent_len, MAX,
                                     seed, keep_as_it_is);
    test_octets(buffer, len, parent, parent_len);
    len =
        fuzz_mutate_payload(FUZZ_KIND_SCRIPT, buffer, len, 300u, seed, fill_it);
    assert_in_range(len, 1u, 300u);
    assert_true(records_of(buffer, len) > 0u);
    memcpy(buffer, "junk", 4u);
    len = fuzz_mutate_payload(FUZZ_KIND_SCRIPT, buffer, 4u, MAX, seed,
                              keep_as_it_is);
    test_octets(buffer, len, "\x01\x0a\x00\x04junk", 8u);
  }
}

static void test_scripts_cross_between_records(void **state) {
  (void)state;
  static uint8_t out[MAX];
  const size_t a_len = parse(dialogue, buffer);
  const size_t b_len = parse(
      "smtpcore-script 1\nclient-set tls 2\nsay \"220 a\\r\\n\"\ntls-up 1 771\n"
      "close 1\n",
      other);
  size_t longest = 0u;
  for (uint64_t seed = 0u; seed < 2000u; seed++) {
    const size_t len = fuzz_cross(FUZZ_KIND_SCRIPT, buffer, a_len, other, b_len,
                                  out, MAX, seed);
    assert_in_range(len, 1u, MAX);
    test_label("crossed, seed %u", (unsigned)seed);
    assert_true(records_of(out, len) > 0u);
    longest = records_of(out, len) > longest ? records_of(out, len) : longest;
  }
  test_label("records of both parents");
  test_number(longest, 9 + 4);
}

// ------------------------------------------------------------------- all kinds

static void test_outputs_are_never_too_long(void **state) {
  (void)state;
  static const size_t most[] = {1u, 2u, 3u, 4u, 5u, 16u, 64u, 200u, 513u};
  static uint8_t parent[MAX];
  const size_t parent_len = parse(dialogue, parent);
  for (unsigned kind = 0u; kind <= FUZZ_KIND_TLS; kind++) {
    for (size_t i = 0u; i < COUNT(most); i++) {
      for (uint64_t seed = 0u; seed < 300u; seed++) {
        uint8_t *block = test_copy(parent, MAX);
        const size_t max = most[i];
        const size_t size = parent_len < max ? parent_len : max;
        uint8_t *exact = test_copy(parent, max);
        const size_t len = fuzz_mutate(kind, exact, size, max, seed);
        assert_in_range(len, 1u, max);
        assert_in_range(
            fuzz_cross(kind, parent, parent_len, block, MAX, exact, max, seed),
            1u, max);
        free(block);
        free(exact);
      }
    }
    test_number(fuzz_mutate(kind, buffer, 0u, 0u, 1u), 0);
    test_number(fuzz_cross(kind, buffer, 1u, other, 1u, buffer, 0u, 1u), 0);
  }
}

static void test_the_same_seed_makes_the_same(void **state) {
  (void)state;
  static uint8_t parent[MAX];
  const size_t script_len = parse(dialogue, parent);
  for (unsigned kind = 0u; kind <= FUZZ_KIND_TLS; kind++) {
    const int is_script =
        kind == FUZZ_KIND_SCRIPT || kind == FUZZ_KIND_TLS_SCRIPT;
    const void *from = is_script != 0 ? (const void *)parent : lines;
    const size_t len = is_script != 0 ? script_len : sizeof lines - 1u;
    size_t changed = 0u;
    for (uint64_t seed = 0u; seed < 1000u; seed++) {
      memcpy(buffer, from, len);
      const size_t one = fuzz_mutate(kind, buffer, len, MAX, seed);
      memcpy(other, from, len);
      const size_t two = fuzz_mutate(kind, other, len, MAX, seed);
      test_label("kind %u, seed %u", kind, (unsigned)seed);
      test_octets(buffer, one, other, two);
      changed += one != len || memcmp(buffer, from, len) != 0 ? 1u : 0u;
    }
    assert_true(changed > 900u);
  }
}

static uint64_t moves_on(unsigned kind, const void *from, size_t from_len) {
  uint64_t moves = 0u;
  for (uint64_t seed = 0u; seed < ROUNDS; seed++) {
    memcpy(buffer, from, from_len);
    (void)fuzz_mutate(kind, buffer, from_len, MAX, seed);
    moves |= fuzz_mutate_moves();
  }
  return moves;
}

static void must_have(uint64_t moves, unsigned from, unsigned to,
                      const char *of) {
  for (unsigned move = from; move <= to; move++) {
    test_label("move %u of %s", move, of);
    test_number((moves >> move) & 1u, 1);
  }
}

static void test_each_move_happens(void **state) {
  (void)state;
  static const char *const names[] = {"commands", "replies", "content",
                                      "tokens"};
  static uint8_t parent[MAX];
  const size_t len = parse(dialogue, parent);
  const uint64_t junk = moves_on(FUZZ_KIND_SCRIPT, "junk", 4u);
  must_have(junk | moves_on(FUZZ_KIND_SCRIPT, parent, len), 0u, FUZZ_MOVE_RANGE,
            "scripts");
  for (unsigned kind = 0u; kind < FUZZ_KIND_SCRIPT; kind++) {
    must_have(moves_on(kind, lines, sizeof lines - 1u), FUZZ_MOVE_LINE_DROP,
              FUZZ_MOVE_RANGE, names[kind]);
  }
}

// --------------------------------------------------------------------- grammar

static void must_parse(const uint8_t *line, size_t len) {
  smtpc_command command;
  uint8_t *copy = test_copy(line, len);
  test_label("%.*s", (int)(len < 200u ? len : 200u), (const char *)line);
  test_number(smtpc_command_parse(copy, len, UINT32_MAX, 0u, &command),
              SMTPC_OK);
  free(copy);
}

static void test_commands_of_the_grammar_are_well_formed(void **state) {
  (void)state;
  uint32_t verbs = 0u;
  uint32_t params = 0u;
  fuzz_choice choice = {1u};
  for (size_t i = 0u; i < 2u * ROUNDS; i++) {
    fuzz_text text = {buffer, 0u, MAX};
    smtpc_command command;
    fuzz_grammar_command(&text, &choice);
    must_parse(text.data, text.len);
    assert_int_equal(
        smtpc_command_parse(text.data, text.len, UINT32_MAX, 0u, &command),
        SMTPC_OK);
    verbs |= (uint32_t)1 << command.verb;
    params |= command.params.seen;
  }
  test_label("verbs");
  test_number(verbs, ((uint32_t)1 << SMTPC_VERB_COUNT) - 2u);
  test_label("parameters");
  test_number(params, ((uint32_t)1 << SMTPC_PARAM_COUNT) - 1u);
}

static void test_replies_of_the_grammar_are_well_formed(void **state) {
  (void)state;
  fuzz_choice choice = {2u};
  for (size_t i = 0u; i < ROUNDS; i++) {
    fuzz_text text = {buffer, 0u, MAX};
    smtpc_reply reply;
    smtpc_span said;
    fuzz_grammar_reply(&text, &choice);
    smtpc_reply_init(&reply);
    test_label("%.*s", (int)text.len, (const char *)text.data);
    test_number(smtpc_reply_line(&reply, text.data, text.len, 0, &said),
                SMTPC_OK);
  }
}

// Each line of an EHLO reply is a line of a reply of 250, and each keyword is taken.
static void test_ehlo_replies_of_the_grammar_are_whole(void **state) {
  (void)state;
  uint32_t offered = 0u;
  fuzz_choice choice = {3u};
  for (size_t i = 0u; i < ROUNDS; i++) {
    fuzz_text text = {buffer, 0u, MAX};
    smtpc_capabilities caps;
    smtpc_reply reply;
    size_t at = 0u;
    fuzz_grammar_ehlo(&text, &choice);
    smtpc_reply_init(&reply);
    smtpc_capability_init(&caps);
    while (at < text.len) {
      const uint8_t *cr = memchr(text.data + at, '\r', text.len - at);
      assert_non_null(cr);
      const size_t end = (size_t)(cr - text.data);
      smtpc_span said;
      test_label("%.*s", (int)(end - at), (const char *)text.data + at);
      test_number(smtpc_reply_line(&reply, text.data + at, end - at, 0, &said),
                  SMTPC_OK);
      smtpc_capability_line(&caps, reply.lines, text.data + at,
                            smtpc_span_make(4u, end - at), 0u);
      at = end + 2u;
    }
    test_number(reply.done, 1);
    test_number(reply.code, 250);
    offered |= caps.offered;
  }
  test_label("extensions");
  test_number(offered, UINT32_MAX >> (32u - SMTPC_EXTENSION_COUNT));
}

static void test_base64_is_that_of_the_rfc(void **state) {
  (void)state;
  // RFC 4648 section 10.
  static const char *const rows[][2] = {{"", ""},
                                        {"f", "Zg=="},
                                        {"fo", "Zm8="},
                                        {"foo", "Zm9v"},
                                        {"foob", "Zm9vYg=="},
                                        {"fooba", "Zm9vYmE="},
                                        {"foobar", "Zm9vYmFy"}};
  for (size_t i = 0u; i < COUNT(rows); i++) {
    fuzz_text text = {buffer, 0u, MAX};
    fuzz_grammar_base64(&text, (const uint8_t *)rows[i][0], strlen(rows[i][0]));
    test_label("row %zu", i);
    test_octets(text.data, text.len, rows[i][1], strlen(rows[i][1]));
  }
}

// A boundary is met to the octet: lines of exactly these lengths are made.
static void test_lines_of_boundary_lengths_are_made(void **state) {
  (void)state;
  static const size_t lengths[] = {510u, 512u, 513u, 998u, 1000u, 1001u};
  unsigned found = 0u;
  for (uint64_t seed = 0u; seed < ROUNDS; seed++) {
    memcpy(buffer, "NOOP\r\n", 6u);
    const size_t len = fuzz_mutate(FUZZ_KIND_COMMANDS, buffer, 6u, MAX, seed);
    for (size_t i = 0u; i < COUNT(lengths); i++) {
      const uint8_t *lf = memchr(buffer, '\n', len);
      if (lf != NULL && (size_t)(lf - buffer) + 1u == lengths[i]) {
        found |= 1u << i;
      }
    }
  }
  test_label("lengths");
  test_number(found, (1u << COUNT(lengths)) - 1u);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_scripts_stay_scripts),
      cmocka_unit_test(test_chains_of_mutations_stay_scripts),
      cmocka_unit_test(test_junk_becomes_what_a_script_says),
      cmocka_unit_test(test_an_engine_changes_one_payload),
      cmocka_unit_test(test_scripts_cross_between_records),
      cmocka_unit_test(test_outputs_are_never_too_long),
      cmocka_unit_test(test_the_same_seed_makes_the_same),
      cmocka_unit_test(test_each_move_happens),
      cmocka_unit_test(test_commands_of_the_grammar_are_well_formed),
      cmocka_unit_test(test_replies_of_the_grammar_are_well_formed),
      cmocka_unit_test(test_ehlo_replies_of_the_grammar_are_whole),
      cmocka_unit_test(test_base64_is_that_of_the_rfc),
      cmocka_unit_test(test_lines_of_boundary_lengths_are_made),
  };
  return cmocka_run_group_tests_name("mutator", tests, NULL, NULL);
}
