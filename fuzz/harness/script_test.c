// Script: golden rows of both forms for each tag, and what is skipped or refused.
#include "fuzz/harness/script.h"

#include <stdlib.h>
#include <string.h>

#include "core/testing.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define HEAD "smtpcore-script 1\n"

static script decoded;

typedef struct row {
  const char *text;  // without the first line
  const char *data;  // without the version
  size_t len;
} row;

#define ROW(text, data) \
  { (text), (data), sizeof(data) - 1u }

// The encodings are those of version 1 and stay so: corpora hold them.
static const row rows[] = {
    ROW("server-set tls 2\n", "\x01\0\x02\x01\x02"),
    ROW("server-set implicit-tls 1\n", "\x01\0\x02\x02\x01"),
    ROW("server-set certificate 0\n", "\x01\0\x01\x03"),
    ROW("server-set auth 1\n", "\x01\0\x02\x04\x01"),
    ROW("server-set quirks 511\n", "\x01\0\x03\x05\xff\x01"),
    ROW("server-set offered 65536\n", "\x01\0\x04\x06\0\0\x01"),
    ROW("server-set mechanisms 18446744073709551615\n",
        "\x01\0\x09\x07\xff\xff\xff\xff\xff\xff\xff\xff"),
    ROW("server-set lmtp 1\n", "\x01\0\x02\x08\x01"),
    ROW("server-set proxy 1\n", "\x01\0\x02\x09\x01"),
    ROW("server-set prompts 1\n", "\x01\0\x02\x0a\x01"),
    ROW("server-set size-max 1\n", "\x01\0\x02\x0b\x01"),
    ROW("server-set discard-max 1\n", "\x01\0\x02\x0c\x01"),
    ROW("server-set rcpt-max 1\n", "\x01\0\x02\x0d\x01"),
    ROW("server-set mail-max 1\n", "\x01\0\x02\x0e\x01"),
    ROW("server-set errors-max 1\n", "\x01\0\x02\x0f\x01"),
    ROW("server-set junk-max 1\n", "\x01\0\x02\x10\x01"),
    ROW("server-set auth-max 1\n", "\x01\0\x02\x11\x01"),
    ROW("server-set hold-until-max 1\n", "\x01\0\x02\x12\x01"),
    ROW("server-set hold-for-max 1\n", "\x01\0\x02\x13\x01"),
    ROW("server-set by-min 1\n", "\x01\0\x02\x14\x01"),
    ROW("client-set tls 3\n", "\x02\0\x02\x01\x03"),
    ROW("client-set implicit-tls 1\n", "\x02\0\x02\x02\x01"),
    ROW("client-set auth 1\n", "\x02\0\x02\x03\x01"),
    ROW("client-set quirks 1\n", "\x02\0\x02\x04\x01"),
    ROW("client-set mechanisms 1\n", "\x02\0\x02\x05\x01"),
    ROW("client-set auth-order 1\n", "\x02\0\x02\x06\x01"),
    ROW("client-set group-max 1\n", "\x02\0\x02\x07\x01"),
    ROW("client-set drop 1\n", "\x02\0\x02\x08\x01"),
    ROW("client-set binding 1\n", "\x02\0\x02\x09\x01"),
    ROW("client-set bdat 1\n", "\x02\0\x02\x0a\x01"),
    ROW("client-set lmtp 1\n", "\x02\0\x02\x0b\x01"),
    ROW("message \"a@b.example SIZE=5\"\n",
        "\x03\0\x12"
        "a@b.example SIZE=5"),
    ROW("recipient \"c@d.example\"\n",
        "\x04\0\x0b"
        "c@d.example"),
    ROW("content \"text\\r\\n\"\n", "\x05\0\x06text\r\n"),
    ROW("credentials \"u\" \"pw\"\n", "\x06\0\x04\x01upw"),
    ROW("say \"EHLO a.example\\r\\n\"\n",
        "\x0a\0\x10"
        "EHLO a.example\r\n"),
    ROW("say \"\\x00\\t\\\"\\\\\\x7f\\xff\"\n", "\x0a\0\x06\0\t\"\\\x7f\xff"),
    ROW("say \"\"\n", "\x0a\0\0"),
    ROW("stray \"x\"\n", "\x0b\0\x01x"),
    ROW("fill \"A\" 600\n",
        "\x0c\0\x03"
        "A\x58\x02"),
    ROW("fill \"\\\"\" 0\n", "\x0c\0\x01\""),
    ROW("cut 0\n", "\x0d\0\0"),
    ROW("cut 1\n", "\x0d\0\x01\x01"),
    ROW("tls-up 3 772\n", "\x14\0\x03\x03\x04\x03"),
    ROW("tls-failed 2\n", "\x15\0\x01\x02"),
    ROW("close 1\n", "\x16\0\x01\x01"),
    ROW("deadline\n", "\x17\0\0"),
    ROW("shutdown\n", "\x18\0\0"),
    ROW("answer 4\n", "\x1e\0\x01\x04"),
    ROW("nonce \"0\"\n",
        "\x1f\0\x01"
        "0"),
    ROW("salt \"\"\n", "\x20\0\0"),
    ROW("binding \"b\"\n",
        "\x21\0\x01"
        "b"),
    ROW("digest \"d\"\n",
        "\x22\0\x01"
        "d"),
    ROW("late 3\n", "\x23\0\x01\x03"),
    ROW("misuse 7\n", "\x24\0\x01\x07"),
    ROW("relay to-server 0\n", "\x3c\0\x01\0"),
    ROW("drop to-client 3\n", "\x3d\0\x02\x01\x03"),
    ROW("insert to-client \"220 ready\\r\\n\"\n",
        "\x3e\0\x0c\x01"
        "220 ready\r\n"),
    ROW("rewrite to-client \"STARTTLS\" \"XXXXXXXX\"\n",
        "\x3f\0\x12\x01\x08STARTTLSXXXXXXXX"),
    ROW("rewrite to-server \"\" \"\"\n", "\x3f\0\x02\0\0"),
    ROW("delay to-server 2\n", "\x40\0\x02\0\x02"),
    ROW("replay to-client 6\n", "\x41\0\x02\x01\x06"),
    ROW("hangup to-server 1\n", "\x42\0\x02\0\x01"),
    ROW("tamper to-client 1\n", "\x43\0\x02\x01\x01"),
    ROW("flow 4\n", "\x44\0\x01\x04"),
    ROW("raw \"\\x16\"\n", "\x29\0\x01\x16"),
    ROW("mangle 5 128\n", "\x2a\0\x02\x05\x80"),
    ROW("pass 3\n", "\x2b\0\x01\x03"),
    ROW("notify\n", "\x2c\0\0"),
    ROW("alert 40\n", "\x2d\0\x01\x28"),
    ROW("key-update 1\n", "\x2e\0\x01\x01"),
    ROW("renegotiate\n", "\x2f\0\0"),
    ROW("splice to-server 0\n", "\x46\0\x01\0"),
    ROW("tls-set identity 1\n", "\x28\0\x02\x01\x01"),
    ROW("tls-set attacker 1\n", "\x28\0\x02\x02\x01"),
    ROW("tls-set low 1\n", "\x28\0\x02\x03\x01"),
    ROW("tls-set high 1\n", "\x28\0\x02\x04\x01"),
    ROW("tls-set floor 1\n", "\x28\0\x02\x05\x01"),
    ROW("tls-set name 1\n", "\x28\0\x02\x06\x01"),
    ROW("tls-set sni 1\n", "\x28\0\x02\x07\x01"),
    ROW("tls-set alpn 1\n", "\x28\0\x02\x08\x01"),
    ROW("tls-set asks 1\n", "\x28\0\x02\x09\x01"),
    ROW("tls-set record 1\n", "\x28\0\x02\x0a\x01"),
    ROW("tls-set ticket 1\n", "\x28\0\x02\x0b\x01"),
    ROW("tls-set early 1\n", "\x28\0\x02\x0c\x01"),
    ROW("tls-set suite 1\n", "\x28\0\x02\x0d\x01"),
    ROW("tls-set group 1\n", "\x28\0\x02\x0e\x01"),
};

static smtpc_octets text_of(const char *text) {
  smtpc_octets out = {NULL, 0u, 0u};
  smtpc_octets_add(&out, HEAD, sizeof HEAD - 1u);
  smtpc_octets_add(&out, text, strlen(text));
  return out;
}

static smtpc_octets data_of(const char *data, size_t len) {
  smtpc_octets out = {NULL, 0u, 0u};
  smtpc_octets_add(&out, "\x01", 1u);
  smtpc_octets_add(&out, data, len);
  return out;
}

// ---------------------------------------------------------------------- golden

static void test_each_row_is_the_same_in_both_forms(void **state) {
  (void)state;
  for (size_t i = 0u; i < COUNT(rows); i++) {
    smtpc_octets text = text_of(rows[i].text);
    smtpc_octets data = data_of(rows[i].data, rows[i].len);
    smtpc_octets have = {NULL, 0u, 0u};
    const char *why = "";
    test_label("row %zu: %s", i, rows[i].text);
    test_number(script_parse(text.data, text.len, &have, &why), 0);
    test_octets(have.data, have.len, data.data, data.len);
    test_number(script_decode(data.data, data.len, &decoded), 1);
    test_number(decoded.count, 1);
    smtpc_octets_clear(&have);
    script_encode(&decoded, &have);
    test_octets(have.data, have.len, data.data, data.len);
    smtpc_octets_clear(&have);
    script_print(&decoded, &have);
    test_octets(have.data, have.len, text.data, text.len);
    smtpc_octets_free(&text);
    smtpc_octets_free(&data);
    smtpc_octets_free(&have);
  }
}

// Each tag of the list has a row, and each field.
static void test_no_tag_is_without_a_row(void **state) {
  (void)state;
  uint8_t seen[256] = {0};
  uint8_t fields[256][256] = {{0}};
  for (size_t i = 0u; i < COUNT(rows); i++) {
    const uint8_t tag = (uint8_t)rows[i].data[0];
    seen[tag] = 1u;
    fields[tag][rows[i].len > 3u ? (uint8_t)rows[i].data[3] : 0u] = 1u;
  }
#define SEEN(id, number, word, form, what) \
  test_label("tag %s", word);              \
  test_number(seen[number], 1);
  SCRIPT_TAG_LIST(SEEN)
#undef SEEN
#define SEEN(id, number, word)  \
  test_label("field %s", word); \
  test_number(fields[1][number], 1);
  SCRIPT_SERVER_FIELD_LIST(SEEN)
#undef SEEN
#define SEEN(id, number, word)  \
  test_label("field %s", word); \
  test_number(fields[2][number], 1);
  SCRIPT_CLIENT_FIELD_LIST(SEEN)
#undef SEEN
#define SEEN(id, number, word, what) \
  test_label("field %s", word);      \
  test_number(fields[SCRIPT_TLS_SET][number], 1);
  SCRIPT_TLS_FIELD_LIST(SEEN)
#undef SEEN
}

// What TLS_SET records say, and the floor, which is never below what there is.
static void test_tls_of(void **state) {
  (void)state;
  static const struct {
    const char *text;
    uint16_t identity;
    uint16_t floor;
  } cases[] = {
      {"say \"x\"\n", 0u, SMTPC_TLS_1_2},
      {"tls-set identity 3\ntls-set identity 65538\n", 2u, SMTPC_TLS_1_2},
      {"tls-set floor 769\n", 0u, SMTPC_TLS_1_0},
      {"tls-set floor 768\n", 0u, SMTPC_TLS_1_2},
      {"tls-set floor 772\n", 0u, SMTPC_TLS_1_3},
      {"tls-set floor 773\n", 0u, SMTPC_TLS_1_2},
  };
  for (size_t i = 0u; i < COUNT(cases); i++) {
    smtpc_octets text = text_of(cases[i].text);
    smtpc_octets data = {NULL, 0u, 0u};
    const char *why = "";
    script_tls tls;
    test_label("%s", cases[i].text);
    test_number(script_parse(text.data, text.len, &data, &why), 0);
    test_number(script_decode(data.data, data.len, &decoded), 1);
    script_tls_of(&decoded, &tls);
    test_number(tls.identity, cases[i].identity);
    test_number(tls.floor, cases[i].floor);
    test_number(tls.name, 0);
    smtpc_octets_free(&text);
    smtpc_octets_free(&data);
  }
}

static void test_words_and_forms(void **state) {
  (void)state;
  assert_string_equal(script_word(SCRIPT_SAY), "say");
  assert_string_equal(script_word(SCRIPT_FLOW), "flow");
  assert_string_equal(script_word(0u), "");
  assert_string_equal(script_word(255u), "");
  assert_string_equal(script_word(256u), "");
  test_number(script_form_of(SCRIPT_TLS_UP), SCRIPT_FORM_TWO);
  test_number(script_form_of(SCRIPT_DEADLINE), SCRIPT_FORM_NONE);
  test_number(script_form_of(9u), SCRIPT_FORM_NONE);
  test_number(script_form_of(1000u), SCRIPT_FORM_NONE);
}

static void test_fields_of_a_record(void **state) {
  (void)state;
  const smtpc_octets data = data_of(
      "\x3f\0\x05\x01\x02"
      "abc",
      8u);
  test_number(script_decode(data.data, data.len, &decoded), 1);
  const script_record *record = &decoded.records[0];
  test_label("rewrite");
  test_number(record->tag, SCRIPT_REWRITE);
  test_number(record->field, 1);
  test_number(record->number, 0);
  test_octets(record->data, record->len, "ab", 2u);
  test_octets(record->more, record->more_len, "c", 1u);
  assert_true(record->data == data.data + 6);
  free(data.data);
}

// ---------------------------------------------------------------------- decode

// What is decoded, as text, without its first line.
static void must_print(const char *data, size_t len, const char *want) {
  smtpc_octets have = {NULL, 0u, 0u};
  uint8_t *copy = test_copy(data, len);
  test_number(script_decode(copy, len, &decoded), 1);
  script_print(&decoded, &have);
  test_octets(have.data + sizeof HEAD - 1u, have.len - (sizeof HEAD - 1u), want,
              strlen(want));
  smtpc_octets_free(&have);
  free(copy);
}

static void test_what_is_not_known_or_not_whole_is_skipped(void **state) {
  (void)state;
  static const struct {
    const char *what;
    const char *data;
    size_t len;
    const char *want;
  } cases[] = {
#define CASE(what, data, want) {(what), (data), sizeof(data) - 1u, (want)}
      CASE("no record", "\x01", ""),
      CASE("tag 0", "\x01\0\0\0\x17\0\0", "deadline\n"),
      CASE("tag 200", "\x01\xc8\0\x02xx\x17\0\0", "deadline\n"),
      CASE("server's field 21", "\x01\x01\0\x02\x15\x01\x17\0\0", "deadline\n"),
      CASE("server's field 0", "\x01\x01\0\x02\0\x01\x17\0\0", "deadline\n"),
      CASE("client's field 12", "\x01\x02\0\x02\x0c\x01\x17\0\0", "deadline\n"),
      CASE("no field", "\x01\x01\0\0\x14\0\0\x0c\0\0\x17\0\0", "deadline\n"),
      CASE("direction 2", "\x01\x3c\0\x01\x02\x3e\0\x01\x02\x3f\0\x02\x02\0",
           ""),
      CASE("no direction", "\x01\x3c\0\0\x3e\0\0\x3f\0\0\x3f\0\x01\x01", ""),
      CASE("a long number",
           "\x01\x0d\0\x09"
           "123456789\x17\0\0",
           "deadline\n"),
      CASE("zeros of a number", "\x01\x0d\0\x03\x05\0\0", "cut 5\n"),
      CASE("octets of none", "\x01\x17\0\x01x\x18\0\0", "shutdown\n"),
      CASE("a pair too short", "\x01\x06\0\x02\x02x\x06\0\0", ""),
      CASE("a pair that fits", "\x01\x06\0\x02\x01x",
           "credentials \"x\" \"\"\n"),
      CASE("cut off in the head", "\x01\x17\0\0\x17\0", "deadline\n"),
      CASE("cut off in the payload", "\x01\x17\0\0\x0a\0\x02x", "deadline\n"),
      CASE("length of two octets", "\x01\x17\0\0\x0a\x01\0x", "deadline\n"),
#undef CASE
  };
  for (size_t i = 0u; i < COUNT(cases); i++) {
    test_label("%s", cases[i].what);
    must_print(cases[i].data, cases[i].len, cases[i].want);
  }
}

static void test_another_version_is_no_script(void **state) {
  (void)state;
  static const char *const others[] = {"\x02\x17", "\x17", "s", "\xff"};
  for (size_t i = 0u; i < COUNT(others); i++) {
    decoded.count = 9u;
    test_label("version %zu", i);
    test_number(
        script_decode((const uint8_t *)others[i], strlen(others[i]), &decoded),
        0);
    test_number(decoded.count, 0);
  }
  decoded.count = 9u;
  test_number(script_decode(NULL, 0u, &decoded), 0);
  test_number(decoded.count, 0);
}

static void test_records_beyond_the_cap_are_not_read(void **state) {
  (void)state;
  smtpc_octets data = data_of("", 0u);
  for (size_t i = 0u; i < SCRIPT_RECORDS_MAX + 2u; i++) {
    // Those that are skipped do not count.
    smtpc_octets_add(&data, i % 2u == 0u ? "\x17\0\0\xc8\0\0" : "\x18\0\0",
                     i % 2u == 0u ? 6u : 3u);
  }
  test_number(script_decode(data.data, data.len, &decoded), 1);
  test_number(decoded.count, SCRIPT_RECORDS_MAX);
  test_number(decoded.records[SCRIPT_RECORDS_MAX - 1u].tag, SCRIPT_SHUTDOWN);
  smtpc_octets_free(&data);
}

static void test_fills_are_cut_to_the_cap(void **state) {
  (void)state;
  static const char data[] =
      "\x01\x0c\0\x04"
      "a\x7f\x38\x01"  // 79999
      "\x0c\0\x02"
      "b\x05"
      "\x0c\0\x09"
      "c\xff\xff\xff\xff\xff\xff\xff\xff"
      "\x0c\0\x01"
      "d";
  test_label("fill");
  must_print(data, sizeof data - 1u,
             "fill \"a\" 79999\nfill \"b\" 1\nfill \"c\" 0\nfill \"d\" 0\n");
}

// A payload is at most 65535 octets, and the first of two strings 255.
static void test_the_encoder_cuts_what_no_record_can_hold(void **state) {
  (void)state;
  static uint8_t octets[70000];
  static script one;
  smtpc_octets data = {NULL, 0u, 0u};
  memset(octets, 'x', sizeof octets);
  one.count = 3u;
  one.records[0] =
      (script_record){.tag = SCRIPT_SAY, .data = octets, .len = 70000u};
  one.records[1] = (script_record){.tag = SCRIPT_CREDENTIALS,
                                   .data = octets,
                                   .len = 300u,
                                   .more = octets,
                                   .more_len = 70000u};
  one.records[2] = (script_record){.tag = SCRIPT_DEADLINE};
  script_encode(&one, &data);
  test_number(script_decode(data.data, data.len, &decoded), 1);
  test_label("cut");
  test_number(decoded.count, 3);
  test_number(decoded.records[0].len, 65535);
  test_number(decoded.records[1].len, 255);
  test_number(decoded.records[1].more_len, 65535 - 256);
  test_number(decoded.records[2].tag, SCRIPT_DEADLINE);
  smtpc_octets_free(&data);
}

// ----------------------------------------------------------------------- parse

static void test_bad_lines_are_named(void **state) {
  (void)state;
  static const struct {
    const char *text;
    size_t line;
  } cases[] = {
      {"", 1u},
      {"\n# nothing\n", 2u},
      {"say \"x\"\n", 1u},
      {"smtpcore-script\n", 1u},
      {"smtpcore-script 2\n", 1u},
      {"\n# a\nsmtpcore-script 1 2\n", 3u},
      {HEAD "say\n", 2u},
      {HEAD "\n\n# x\nsay x\n", 5u},
      {HEAD "say \"x\n", 2u},
      {HEAD "say \"x\\\n", 2u},
      {HEAD "say \"\\q\"\n", 2u},
      {HEAD "say \"\\x1\"\n", 2u},
      {HEAD "say \"\\xg0\"\n", 2u},
      {HEAD "say \"a\tb\"\n", 2u},
      {HEAD "say \"a\" \"b\"\n", 2u},
      {HEAD "say \"a\"\r\n", 2u},
      {HEAD "close 1\nshout \"x\"\n", 3u},
      {HEAD "SAY \"x\"\n", 2u},
      {HEAD "cut\n", 2u},
      {HEAD "cut x\n", 2u},
      {HEAD "cut -1\n", 2u},
      {HEAD "cut 0x\n", 2u},
      {HEAD "cut 1a\n", 2u},
      {HEAD "cut 18446744073709551616\n", 2u},
      {HEAD "cut 0x10000000000000000\n", 2u},
      {HEAD "deadline 1\n", 2u},
      {HEAD "server-set colour 1\n", 2u},
      {HEAD "server-set 21 1\n", 2u},
      {HEAD "server-set tls\n", 2u},
      {HEAD "client-set proxy 1\n", 2u},
      {HEAD "tls-up 772 3\n", 2u},
      {HEAD "relay 0\n", 2u},
      {HEAD "relay to-peer 0\n", 2u},
      {HEAD "relay 2 0\n", 2u},
      {HEAD "insert \"x\"\n", 2u},
      {HEAD "rewrite to-client \"a\"\n", 2u},
      {HEAD "credentials \"a\"\n", 2u},
      {HEAD "fill \"\" 1\n", 2u},
      {HEAD "fill \"ab\" 1\n", 2u},
      {HEAD "fill \"a\" 80001\n", 2u},
      {HEAD "fill \"a\" 79999\nfill \"a\" 2\n", 3u},
      {HEAD "smtpcore-script 1\n", 2u},
  };
  for (size_t i = 0u; i < COUNT(cases); i++) {
    smtpc_octets out = {NULL, 0u, 0u};
    const char *why = "";
    smtpc_octets_add(&out, "kept", 4u);
    test_label("%s", cases[i].text);
    const size_t len = strlen(cases[i].text);
    uint8_t *copy = test_copy(cases[i].text, len);
    test_number(script_parse(copy, len, &out, &why), cases[i].line);
    assert_true(why[0] != '\0');
    test_octets(out.data, out.len, "kept", 4u);
    smtpc_octets_free(&out);
    free(copy);
  }
}

static void test_what_a_person_may_write(void **state) {
  (void)state;
  static const char text[] = "# a note\n\n  smtpcore-script\t1\n";
  static const char more[] =
      "# a note\n\nsmtpcore-script 0x1 \n"
      "  # indented\n"
      "\tcut\t 0x0A\n"
      "server-set 1 0XFF\n";
  static const char good[] =
      "# a note\n\nsmtpcore-script 0x1 \n"
      "  # indented\n"
      "\tcut\t 0x0A\n"
      "server-set 1 0xFf\n"
      "relay 1 007\n"
      "say\"\xc3\xa9\"";
  smtpc_octets out = {NULL, 0u, 0u};
  const char *why = "";
  test_label("a tab after the first word");
  test_number(script_parse((const uint8_t *)text, sizeof text - 1u, &out, &why),
              3);
  test_label("0X");
  test_number(script_parse((const uint8_t *)more, sizeof more - 1u, &out, &why),
              6);
  test_label("good");
  test_number(script_parse((const uint8_t *)good, sizeof good - 1u, &out, &why),
              0);
  must_print((const char *)out.data, out.len,
             "cut 10\nserver-set tls 255\nrelay to-client 7\n"
             "say \"\\xc3\\xa9\"\n");
  smtpc_octets_free(&out);
}

static void test_texts_that_are_too_much(void **state) {
  (void)state;
  smtpc_octets text = text_of("");
  smtpc_octets out = {NULL, 0u, 0u};
  const char *why = "";
  for (size_t i = 0u; i < SCRIPT_RECORDS_MAX; i++) {
    smtpc_octets_add(&text, "deadline\n", 9u);
  }
  test_label("as many records as may be");
  test_number(script_parse(text.data, text.len, &out, &why), 0);
  smtpc_octets_add(&text, "deadline\n", 9u);
  test_label("one more");
  test_number(script_parse(text.data, text.len, &out, &why),
              SCRIPT_RECORDS_MAX + 2u);
  for (size_t len = 65535u; len <= 65536u; len++) {
    smtpc_octets_clear(&text);
    smtpc_octets_clear(&out);
    smtpc_octets_add(&text, HEAD "say \"", sizeof HEAD + 4u);
    for (size_t i = 0u; i < len; i++) {
      smtpc_octets_add(&text, "x", 1u);
    }
    smtpc_octets_add(&text, "\"", 1u);
    test_label("%zu octets", len);
    test_number(script_parse(text.data, text.len, &out, &why),
                len > 65535u ? 2u : 0u);
  }
  smtpc_octets_free(&text);
  smtpc_octets_free(&out);
}

static void test_first_strings_have_255_octets(void **state) {
  (void)state;
  for (size_t len = 255u; len <= 256u; len++) {
    smtpc_octets text = text_of("credentials \"");
    smtpc_octets out = {NULL, 0u, 0u};
    const char *why = "";
    for (size_t i = 0u; i < len; i++) {
      smtpc_octets_add(&text, "x", 1u);
    }
    smtpc_octets_add(&text, "\" \"y\"", 5u);
    test_label("%zu octets", len);
    test_number(script_parse(text.data, text.len, &out, &why),
                len > 255u ? 2u : 0u);
    smtpc_octets_free(&text);
    smtpc_octets_free(&out);
  }
}

// -------------------------------------------------------------------- policies

static void decode_text(const char *lines, smtpc_octets *out) {
  smtpc_octets text = text_of(lines);
  const char *why = "";
  test_label("%s", lines);
  smtpc_octets_clear(out);
  test_number(script_parse(text.data, text.len, out, &why), 0);
  test_number(script_decode(out->data, out->len, &decoded), 1);
  smtpc_octets_free(&text);
}

static void test_policies_of_the_server(void **state) {
  (void)state;
  smtpc_server_policy have;
  smtpc_octets data = {NULL, 0u, 0u};
  decode_text("", &data);
  test_number(script_server_policy(&decoded, &have), 1);
  test_number(have.certificate, 1);
  test_number(have.size_max, 1000);
  test_number(have.rcpt_max, 5);
  test_number(have.errors_max, 20);
  test_number(have.tls, SMTPC_SERVER_TLS_OFF);
  test_number(have.offered & SMTPC_OFFERS(XCLIENT), 0);
  decode_text(
      "server-set tls 0x102\nserver-set size-max 0x100000001\n"
      "server-set rcpt-max 65543\nserver-set by-min 0x100000009\n",
      &data);
  test_number(script_server_policy(&decoded, &have), 1);
  test_number(have.tls, SMTPC_SERVER_TLS_REQUIRED);
  test_number(have.size_max, 0x100000001);
  test_number(have.rcpt_max, 7);
  test_number(have.by_min, 9);
  decode_text(
      "server-set rcpt-max 9\nserver-set certificate 0\nserver-set tls 1\n",
      &data);
  test_number(script_server_policy(&decoded, &have), 0);
  test_number(have.certificate, 1);
  test_number(have.rcpt_max, 5);
  smtpc_octets_free(&data);
}

static void test_policies_of_the_client(void **state) {
  (void)state;
  smtpc_client_policy have;
  smtpc_octets data = {NULL, 0u, 0u};
  decode_text("server-set tls 1\n", &data);
  test_number(script_client_policy(&decoded, &have), 1);
  test_number(have.tls, SMTPC_CLIENT_TLS_OPPORTUNISTIC);
  test_number(have.auth, SMTPC_AUTH_ON);
  decode_text(
      "client-set tls 1\nclient-set tls 3\nclient-set group-max 0x10002\n",
      &data);
  test_number(script_client_policy(&decoded, &have), 1);
  test_number(have.tls, SMTPC_CLIENT_TLS_VERIFIED);
  test_number(have.group_max, 2);
  decode_text("client-set tls 3\nclient-set group-max 0\n", &data);
  test_number(script_client_policy(&decoded, &have), 0);
  test_number(have.tls, SMTPC_CLIENT_TLS_OPPORTUNISTIC);
  assert_true(have.group_max > 0u);
  smtpc_octets_free(&data);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_each_row_is_the_same_in_both_forms),
      cmocka_unit_test(test_no_tag_is_without_a_row),
      cmocka_unit_test(test_tls_of),
      cmocka_unit_test(test_words_and_forms),
      cmocka_unit_test(test_fields_of_a_record),
      cmocka_unit_test(test_what_is_not_known_or_not_whole_is_skipped),
      cmocka_unit_test(test_another_version_is_no_script),
      cmocka_unit_test(test_records_beyond_the_cap_are_not_read),
      cmocka_unit_test(test_fills_are_cut_to_the_cap),
      cmocka_unit_test(test_the_encoder_cuts_what_no_record_can_hold),
      cmocka_unit_test(test_bad_lines_are_named),
      cmocka_unit_test(test_what_a_person_may_write),
      cmocka_unit_test(test_texts_that_are_too_much),
      cmocka_unit_test(test_first_strings_have_255_octets),
      cmocka_unit_test(test_policies_of_the_server),
      cmocka_unit_test(test_policies_of_the_client),
  };
  return cmocka_run_group_tests_name("script", tests, NULL, NULL);
}
