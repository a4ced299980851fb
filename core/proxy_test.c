// Proxy: headers of both versions beside the neighbours that are refused; lengths
// that lie; every cut; and both versions against the model, mutated.
#include "smtpcore/proxy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/model/proxy_model.h"
#include "core/testing.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"

// Results are compared octet by octet.
_Static_assert(sizeof(smtpc_proxy) == 40u, "smtpc_proxy has no padding");

static const smtpc_proxy none = {0};

static smtpc_status parse(const void *data, size_t len, smtpc_proxy *out) {
  uint8_t *const copy = test_copy(data, len);
  memset(out, 0xa5, sizeof *out);
  const smtpc_status status = smtpc_proxy_parse(copy, len, out);
  free(copy);
  if (status != SMTPC_OK) {
    test_octets(out, sizeof *out, &none, sizeof none);
  }
  return status;
}

static smtpc_address address_of(const char *text) {
  smtpc_address address;
  assert_true(model_address(text, strlen(text), &address));
  return address;
}

static void test_ends(const smtpc_proxy *have, const char *source,
                      const char *destination, unsigned from, unsigned to) {
  const smtpc_address a = address_of(source);
  const smtpc_address b = address_of(destination);
  test_octets(&have->source, sizeof a, &a, sizeof a);
  test_octets(&have->destination, sizeof b, &b, sizeof b);
  test_number(have->source_port, from);
  test_number(have->destination_port, to);
}

// ------------------------------------------------------------------- version 1

static void test_proxy_reads_version_1(void **state) {
  (void)state;
  static const struct {
    const char *text;
    const char *source;
    const char *destination;
    unsigned from;
    unsigned to;
  } rows[] = {
      {"PROXY TCP4 192.0.2.1 192.0.2.2 56324 25", "192.0.2.1", "192.0.2.2",
       56324u, 25u},
      {"PROXY TCP4 0.0.0.0 255.255.255.255 0 65535", "0.0.0.0",
       "255.255.255.255", 0u, 65535u},
      {"PROXY TCP6 2001:db8::1 2001:DB8::2 1 2", "2001:db8::1", "2001:db8::2",
       1u, 2u},
      {"PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
       "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe 65535 65535",
       "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
       "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe", 65535u, 65535u},
      {"PROXY TCP6 ::ffff:192.0.2.1 :: 1 2", "192.0.2.1", "::", 1u, 2u},
  };
  for (size_t i = 0u; i < COUNT_OF(rows); i++) {
    smtpc_proxy have;
    test_label("%s", rows[i].text);
    test_number(parse(rows[i].text, strlen(rows[i].text), &have), SMTPC_OK);
    test_ends(&have, rows[i].source, rows[i].destination, rows[i].from,
              rows[i].to);
    test_number(have.version, 1);
    test_number(have.local, 0);
  }
}

static void test_proxy_ignores_what_stands_behind_unknown(void **state) {
  (void)state;
  static const char *const rows[] = {
      "PROXY UNKNOWN", "PROXY UNKNOWN ", "PROXY UNKNOWN  x",
      "PROXY UNKNOWN ffff:f:f:f:f:f:f:ffff ffff:f:f:f:f:f:f:ffff 65535 65535",
      "PROXY UNKNOWN TCP4 192.0.2.1 192.0.2.2 1 25"};
  for (size_t i = 0u; i < COUNT_OF(rows); i++) {
    static const smtpc_proxy want = {.version = 1u};
    smtpc_proxy have;
    test_label("%s", rows[i]);
    test_number(parse(rows[i], strlen(rows[i]), &have), SMTPC_OK);
    test_octets(&have, sizeof have, &want, sizeof want);
  }
}

static void test_proxy_refuses_other_spellings(void **state) {
  (void)state;
  static const struct {
    const char *text;
    smtpc_status status;
  } rows[] = {
      {"", SMTPC_E_SYNTAX},
      {"P", SMTPC_E_SYNTAX},
      {"PROXY", SMTPC_E_SYNTAX},
      {"PROXY ", SMTPC_E_SYNTAX},
      {"proxy TCP4 192.0.2.1 192.0.2.2 1 2", SMTPC_E_SYNTAX},
      {"PROXy TCP4 192.0.2.1 192.0.2.2 1 2", SMTPC_E_SYNTAX},
      {"PROXYTCP4 192.0.2.1 192.0.2.2 1 2", SMTPC_E_SYNTAX},
      {" PROXY TCP4 192.0.2.1 192.0.2.2 1 2", SMTPC_E_SYNTAX},
      {"PROXY tcp4 192.0.2.1 192.0.2.2 1 2", SMTPC_E_SYNTAX},
      {"PROXY TCP 192.0.2.1 192.0.2.2 1 2", SMTPC_E_SYNTAX},
      {"PROXY TCP5 192.0.2.1 192.0.2.2 1 2", SMTPC_E_SYNTAX},
      {"PROXY TCP46 192.0.2.1 192.0.2.2 1 2", SMTPC_E_SYNTAX},
      {"PROXY UDP4 192.0.2.1 192.0.2.2 1 2", SMTPC_E_SYNTAX},
      {"PROXY unknown", SMTPC_E_SYNTAX},
      {"PROXY UNKNOWNX", SMTPC_E_SYNTAX},
      {"PROXY  UNKNOWN", SMTPC_E_SYNTAX},
      {"PROXY\tUNKNOWN", SMTPC_E_SYNTAX},
      {"PROXY UNKNOWN \x01", SMTPC_E_SYNTAX},
      {"PROXY UNKNOWN \xc3\xa9", SMTPC_E_SYNTAX},
      {"PROXY UNKNOWN\r", SMTPC_E_SYNTAX},
      {"PROXY UNKNOWN x\nEHLO a", SMTPC_E_SYNTAX},
      {"PROXY  TCP4 192.0.2.1 192.0.2.2 1 2", SMTPC_E_SYNTAX},
      {"PROXY TCP4  192.0.2.1 192.0.2.2 1 2", SMTPC_E_SYNTAX},
      {"PROXY TCP4 192.0.2.1  192.0.2.2 1 2", SMTPC_E_SYNTAX},
      {"PROXY TCP4 192.0.2.1 192.0.2.2  1 2", SMTPC_E_SYNTAX},
      {"PROXY TCP4 192.0.2.1 192.0.2.2 1  2", SMTPC_E_SYNTAX},
      {"PROXY TCP4 192.0.2.1 192.0.2.2 1 2 ", SMTPC_E_SYNTAX},
      {"PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3", SMTPC_E_SYNTAX},
      {"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n", SMTPC_E_SYNTAX},
      {"PROXY TCP4 192.0.2.1 192.0.2.2 1", SMTPC_E_SYNTAX},
      {"PROXY TCP4 192.0.2.1 192.0.2.2", SMTPC_E_SYNTAX},
      {"PROXY TCP4 192.0.2.1", SMTPC_E_SYNTAX},
      {"PROXY TCP4 ", SMTPC_E_SYNTAX},
      {"PROXY TCP4", SMTPC_E_SYNTAX},
      {"PROXY TCP4 192.0.2.1,192.0.2.2 1 2 3", SMTPC_E_ADDRESS_LITERAL},
      {"PROXY TCP4 192.0.2.01 192.0.2.2 1 2", SMTPC_E_ADDRESS_LITERAL},
      {"PROXY TCP4 192.0.2.256 192.0.2.2 1 2", SMTPC_E_ADDRESS_LITERAL},
      {"PROXY TCP4 192.0.2.1 x 1 2", SMTPC_E_ADDRESS_LITERAL},
      {"PROXY TCP4 2001:db8::1 2001:db8::2 1 2", SMTPC_E_ADDRESS_LITERAL},
      {"PROXY TCP4 192.0.2.1 2001:db8::2 1 2", SMTPC_E_ADDRESS_LITERAL},
      {"PROXY TCP4 ::ffff:192.0.2.1 192.0.2.2 1 2", SMTPC_E_ADDRESS_LITERAL},
      {"PROXY TCP6 192.0.2.1 192.0.2.2 1 2", SMTPC_E_ADDRESS_LITERAL},
      {"PROXY TCP6 2001:db8::1 192.0.2.2 1 2", SMTPC_E_ADDRESS_LITERAL},
      {"PROXY TCP6 [2001:db8::1] :: 1 2", SMTPC_E_ADDRESS_LITERAL},
      {"PROXY TCP6 fe80::1%eth0 :: 1 2", SMTPC_E_ADDRESS_LITERAL},
      {"PROXY TCP4 192.0.2.1 192.0.2.2 01 2", SMTPC_E_SYNTAX},
      {"PROXY TCP4 192.0.2.1 192.0.2.2 1 00", SMTPC_E_SYNTAX},
      {"PROXY TCP4 192.0.2.1 192.0.2.2 -1 2", SMTPC_E_NUMBER},
      {"PROXY TCP4 192.0.2.1 192.0.2.2 +1 2", SMTPC_E_NUMBER},
      {"PROXY TCP4 192.0.2.1 192.0.2.2 1 2x", SMTPC_E_NUMBER},
      {"PROXY TCP4 192.0.2.1 192.0.2.2 65536 2", SMTPC_E_NUMBER_TOO_LARGE},
      {"PROXY TCP4 192.0.2.1 192.0.2.2 1 65536", SMTPC_E_NUMBER_TOO_LARGE},
      {"PROXY TCP4 192.0.2.1 192.0.2.2 1 18446744073709551641",
       SMTPC_E_NUMBER_TOO_LARGE},
      {"EHLO example.com", SMTPC_E_SYNTAX},
      {"GET / HTTP/1.1", SMTPC_E_SYNTAX},
      {"POST / HTTP/1.1", SMTPC_E_SYNTAX},
      {"\x16\x03\x01", SMTPC_E_SYNTAX},
  };
  for (size_t i = 0u; i < COUNT_OF(rows); i++) {
    smtpc_proxy have;
    test_label("%s", rows[i].text);
    test_number(parse(rows[i].text, strlen(rows[i].text), &have),
                rows[i].status);
  }
  smtpc_proxy have;
  test_label("NUL");
  test_number(parse("PROXY UNKNOWN\0", 14u, &have), SMTPC_E_SYNTAX);
  test_number(parse("PROXY UNKNOWN \0", 15u, &have), SMTPC_E_SYNTAX);
  test_number(parse("PROXY TCP4 192.0.2.1\0 192.0.2.2 1 2", 35u, &have),
              SMTPC_E_SYNTAX);
}

static void test_proxy_bounds_version_1(void **state) {
  (void)state;
  static char text[70000];
  smtpc_proxy have;
  memset(text, 'x', sizeof text);
  memcpy(text, "PROXY UNKNOWN ", 14u);
  // 107 octets with CRLF.
  static const size_t lens[] = {106u, 107u, 536u, 537u, 65535u, 65536u, 70000u};
  test_label("longest");
  test_number(parse(text, 105u, &have), SMTPC_OK);
  for (size_t i = 0u; i < COUNT_OF(lens); i++) {
    test_label("%zu", lens[i]);
    test_number(parse(text, lens[i], &have), SMTPC_E_TOO_LONG);
  }
}

// ------------------------------------------------------------------- version 2

// block is a header of version 2 and what it needs to be built.
typedef struct block {
  uint8_t data[700];
  size_t len;
} block;

static void add(block *b, const void *octets, size_t len) {
  assert_true(b->len + len <= sizeof b->data);
  memcpy(b->data + b->len, octets, len);
  b->len += len;
}

static void set_length(block *b, size_t length) {
  b->data[14] = (uint8_t)(length >> 8);
  b->data[15] = (uint8_t)length;
}

// header begins a block and adds `body`, of which it says the length.
static block header(unsigned command, unsigned pair, const void *body,
                    size_t len) {
  block b = {.len = 0u};
  const uint8_t head[4] = {(uint8_t)command, (uint8_t)pair, 0u, 0u};
  add(&b, SIGNATURE, 12u);
  add(&b, head, 4u);
  add(&b, body, len);
  set_length(&b, len);
  return b;
}

#define IPV4_ENDS "\xc0\x00\x02\x01\xc0\x00\x02\x02\xdc\x04\x00\x19"
#define IPV6_ENDS                              \
  "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01" \
  "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02\xdc\x04\x00\x19"
#define FIELDS                     \
  "\x04\0\0\x01\0\x02h2\x05\0\x03" \
  "abc"
#define FIELDS_LEN 14u

static smtpc_status parse_block(const block *b, smtpc_proxy *out) {
  return parse(b->data, b->len, out);
}

static void test_proxy_reads_version_2(void **state) {
  (void)state;
  static const struct {
    const char *name;
    unsigned command;
    unsigned pair;
    const char *body;
    size_t len;
    const char *source;  // NULL: no addresses
    const char *destination;
  } rows[] = {
      {"IPv4", 0x21u, 0x11u, IPV4_ENDS, 12u, "192.0.2.1", "192.0.2.2"},
      {"IPv4 and fields", 0x21u, 0x11u, IPV4_ENDS FIELDS, 12u + FIELDS_LEN,
       "192.0.2.1", "192.0.2.2"},
      {"IPv6", 0x21u, 0x21u, IPV6_ENDS, 36u, "2001:db8::1", "2001:db8::2"},
      {"IPv6 and fields", 0x21u, 0x21u, IPV6_ENDS FIELDS, 36u + FIELDS_LEN,
       "2001:db8::1", "2001:db8::2"},
      {"no family", 0x21u, 0x00u, "", 0u, NULL, NULL},
      {"no family, fields", 0x21u, 0x00u, FIELDS, FIELDS_LEN, NULL, NULL},
      {"local", 0x20u, 0x00u, "", 0u, NULL, NULL},
      {"local, IPv4", 0x20u, 0x11u, IPV4_ENDS, 12u, NULL, NULL},
      {"local, datagram", 0x20u, 0x12u, IPV4_ENDS, 12u, NULL, NULL},
      {"local, anything", 0x20u, 0x21u, "?", 1u, NULL, NULL},
  };
  for (size_t i = 0u; i < COUNT_OF(rows); i++) {
    const block b =
        header(rows[i].command, rows[i].pair, rows[i].body, rows[i].len);
    smtpc_proxy have;
    test_label("%s", rows[i].name);
    test_number(parse_block(&b, &have), SMTPC_OK);
    test_number(have.version, 2);
    test_number(have.local, rows[i].command == 0x20u);
    if (rows[i].source != NULL) {
      test_ends(&have, rows[i].source, rows[i].destination, 56324u, 25u);
    } else {
      const smtpc_proxy want = {.version = 2u, .local = have.local};
      test_octets(&have, sizeof have, &want, sizeof want);
    }
  }
}

static void test_proxy_gives_no_address_of_a_named_socket(void **state) {
  (void)state;
  static const smtpc_proxy want = {.version = 2u};
  uint8_t names[216 + FIELDS_LEN];
  memset(names, '/', 216u);
  memcpy(names + 216, FIELDS, FIELDS_LEN);
  for (size_t len = 210u; len <= sizeof names; len++) {
    const block b = header(0x21u, 0x31u, names, len);
    const bool good =
        len == 216u || len == 219u || len == 224u || len == sizeof names;
    smtpc_proxy have;
    test_label("%zu", len);
    test_number(parse_block(&b, &have), good ? SMTPC_OK : SMTPC_E_SYNTAX);
    test_octets(&have, sizeof have, good ? &want : &none, sizeof have);
  }
}

static void test_proxy_makes_ipv4_of_what_ipv6_carries(void **state) {
  (void)state;
  static const uint8_t ends[36] = {0, 0, 0,    0,    0,   0, 0, 0,
                                   0, 0, 0xff, 0xff, 192, 0, 2, 9};
  const block b = header(0x21u, 0x21u, ends, sizeof ends);
  smtpc_proxy have;
  test_label("carried");
  test_number(parse_block(&b, &have), SMTPC_OK);
  test_ends(&have, "192.0.2.9", "::", 0u, 0u);
}

static void test_proxy_knows_two_commands_and_seven_pairs(void **state) {
  (void)state;
  uint8_t body[216] = {0};
  for (unsigned command = 0u; command < 256u; command++) {
    for (unsigned pair = 0u; pair < 256u; pair++) {
      const size_t len = pair == 0x11u || pair == 0x12u   ? 12u
                         : pair == 0x21u || pair == 0x22u ? 36u
                         : pair == 0x31u || pair == 0x32u ? 216u
                                                          : 0u;
      const block b = header(command, pair, body, len);
      const bool exists = pair == 0u || len > 0u;
      const bool datagram = (pair & 15u) == 2u;
      smtpc_status want = SMTPC_E_SYNTAX;
      size_t size = 1u;
      if (exists && command == 0x20u) {
        want = SMTPC_OK;
      } else if (exists && command == 0x21u) {
        want = datagram ? SMTPC_E_PARAM_VALUE : SMTPC_OK;
      }
      smtpc_proxy have;
      test_label("command %02x, pair %02x", command, pair);
      test_number(parse_block(&b, &have), want);
      const bool head = want != SMTPC_E_SYNTAX;
      test_number(smtpc_proxy_v2_size(b.data, &size),
                  head ? SMTPC_OK : SMTPC_E_SYNTAX);
      test_number(size, head ? 16u + len : 0u);
    }
  }
}

static void test_proxy_wants_each_octet_of_the_signature(void **state) {
  (void)state;
  for (unsigned k = 0u; k < 12u; k++) {
    for (unsigned bit = 0u; bit < 8u; bit++) {
      block b = header(0x21u, 0x11u, IPV4_ENDS, 12u);
      size_t size = 1u;
      smtpc_proxy have;
      b.data[k] ^= (uint8_t)(1u << bit);
      test_label("octet %u, bit %u", k, bit);
      test_number(parse_block(&b, &have), SMTPC_E_SYNTAX);
      test_number(smtpc_proxy_v2_size(b.data, &size), SMTPC_E_SYNTAX);
      test_number(size, 0);
    }
  }
}

static void test_proxy_refuses_every_cut(void **state) {
  (void)state;
  const block blocks[] = {
      header(0x21u, 0x11u, IPV4_ENDS FIELDS, 12u + FIELDS_LEN),
      header(0x21u, 0x21u, IPV6_ENDS FIELDS, 36u + FIELDS_LEN),
      header(0x20u, 0x00u, FIELDS, FIELDS_LEN)};
  for (size_t i = 0u; i < COUNT_OF(blocks); i++) {
    smtpc_proxy have;
    for (size_t len = 0u; len < blocks[i].len; len++) {
      test_label("%zu, %zu of %zu", i, len, blocks[i].len);
      test_number(parse(blocks[i].data, len, &have), SMTPC_E_SYNTAX);
    }
    block more = blocks[i];
    add(&more, "", 1u);
    test_number(parse_block(&more, &have), SMTPC_E_SYNTAX);
  }
  // Version 1 has no such length: each front of a line is a line, or none.
  static const char line[] = "PROXY TCP4 192.0.2.1 192.0.2.2 56324 25";
  for (size_t len = 0u; len < sizeof line; len++) {
    smtpc_proxy have;
    smtpc_proxy want;
    test_label("%.*s", (int)len, line);
    const bool good = model_proxy((const uint8_t *)line, len, &want);
    test_number(parse(line, len, &have) == SMTPC_OK, good);
    test_octets(&have, sizeof have, &want, sizeof want);
  }
}

// Cut with a length that fits: the addresses or a field are cut.
static void test_proxy_refuses_what_does_not_fill_its_place(void **state) {
  (void)state;
  for (size_t len = 0u; len <= 12u + FIELDS_LEN; len++) {
    const block b = header(0x21u, 0x11u, IPV4_ENDS FIELDS, len);
    const bool good =
        len == 12u || len == 15u || len == 20u || len == 12u + FIELDS_LEN;
    smtpc_proxy have;
    test_label("IPv4 %zu", len);
    test_number(parse_block(&b, &have), good ? SMTPC_OK : SMTPC_E_SYNTAX);
  }
  for (size_t len = 0u; len <= 36u; len++) {
    const block b = header(0x21u, 0x21u, IPV6_ENDS, len);
    smtpc_proxy have;
    test_label("IPv6 %zu", len);
    test_number(parse_block(&b, &have), len == 36u ? SMTPC_OK : SMTPC_E_SYNTAX);
  }
}

static void test_proxy_refuses_fields_past_the_end(void **state) {
  (void)state;
  static const struct {
    const char *name;
    uint8_t field[8];
    size_t len;
    smtpc_status status;
  } rows[] = {
      {"empty", {4, 0, 0}, 3u, SMTPC_OK},
      {"two empty", {4, 0, 0, 4, 0, 0}, 6u, SMTPC_OK},
      {"one octet", {4, 0, 1, 9}, 4u, SMTPC_OK},
      {"type alone", {4}, 1u, SMTPC_E_SYNTAX},
      {"half a length", {4, 0}, 2u, SMTPC_E_SYNTAX},
      {"one past the end", {4, 0, 1}, 3u, SMTPC_E_SYNTAX},
      {"one past the end, two there", {4, 0, 3, 9, 9}, 5u, SMTPC_E_SYNTAX},
      {"one short of the end", {4, 0, 1, 9, 9}, 5u, SMTPC_E_SYNTAX},
      {"two short of the end", {4, 0, 0, 9, 9}, 5u, SMTPC_E_SYNTAX},
      {"65535", {4, 0xff, 0xff}, 3u, SMTPC_E_SYNTAX},
      {"65533: round to the start", {4, 0xff, 0xfd}, 3u, SMTPC_E_SYNTAX},
      {"65535 behind a good one", {4, 0, 0, 4, 0xff, 0xff}, 6u, SMTPC_E_SYNTAX},
      {"little-endian", {4, 1, 0, 9}, 4u, SMTPC_E_SYNTAX},
  };
  for (size_t i = 0u; i < COUNT_OF(rows); i++) {
    uint8_t body[32];
    memcpy(body, IPV4_ENDS, 12u);
    memcpy(body + 12, rows[i].field, rows[i].len);
    const block b = header(0x21u, 0x11u, body, 12u + rows[i].len);
    const block bare = header(0x21u, 0x00u, rows[i].field, rows[i].len);
    smtpc_proxy have;
    test_label("%s", rows[i].name);
    test_number(parse_block(&b, &have), rows[i].status);
    test_number(parse_block(&bare, &have), rows[i].status);
  }
}

static void test_proxy_refuses_lengths_that_lie(void **state) {
  (void)state;
  static uint8_t data[70000];
  block b = header(0x21u, 0x11u, IPV4_ENDS, 12u);
  for (size_t length = 0u; length <= UINT16_MAX; length++) {
    set_length(&b, length);
    size_t size = 1u;
    smtpc_proxy have;
    const bool fits = length <= 520u;
    test_label("length %zu", length);
    test_number(smtpc_proxy_v2_size(b.data, &size),
                fits ? SMTPC_OK : SMTPC_E_TOO_LONG);
    test_number(size, fits ? length + 16u : 0u);
    const smtpc_status want = length == 12u ? SMTPC_OK
                              : fits        ? SMTPC_E_SYNTAX
                                            : SMTPC_E_TOO_LONG;
    test_number(parse_block(&b, &have), want);
  }
  // All that it says is there, and more than we take.
  static const size_t lens[] = {537u, 65535u, 65551u, 65552u};
  memcpy(data, b.data, b.len);
  for (size_t i = 0u; i < COUNT_OF(lens); i++) {
    smtpc_proxy have;
    test_label("%zu octets", lens[i]);
    test_number(parse(data, lens[i], &have), SMTPC_E_TOO_LONG);
  }
  test_label("as long as we take");
  smtpc_proxy have;
  uint8_t body[520] = {0};
  memcpy(body, IPV4_ENDS, 12u);
  body[12] = 4u;
  body[13] = 1u;
  body[14] = (uint8_t)(520u - 12u - 3u - 256u);
  b = header(0x21u, 0x11u, body, sizeof body);
  test_number(parse_block(&b, &have), SMTPC_OK);
}

static void test_proxy_version_looks_at_one_octet(void **state) {
  (void)state;
  for (unsigned c = 0u; c < 256u; c++) {
    test_label("%u", c);
    test_number(smtpc_proxy_version((uint8_t)c), c == 'P'    ? 1u
                                                 : c == '\r' ? 2u
                                                             : 0u);
  }
}

// ------------------------------------------------------------------- generated

static bool test_equals_model(const uint8_t *data, size_t len) {
  smtpc_proxy have;
  smtpc_proxy want;
  const smtpc_status status = parse(data, len, &have);
  const bool good = model_proxy(data, len, &want);
  test_label("%.*s (%s)", (int)len, (const char *)data,
             smtpc_status_name(status));
  test_number(status == SMTPC_OK, good);
  test_octets(&have, sizeof have, &want, sizeof want);
  assert_false(smtpc_status_is_internal(status));
  assert_false(smtpc_status_is_misuse(status));
  return good;
}

static void mutate(block *b, uint64_t *seed, const char *odd, size_t odd_len) {
  const uint32_t times = test_random(seed) % 4u;
  for (uint32_t n = 0u; n < times && b->len > 1u; n++) {
    const size_t at = test_random(seed) % b->len;
    const uint32_t how = test_random(seed) % 3u;
    if (how == 0u) {
      b->data[at] = (uint8_t)odd[test_random(seed) % odd_len];
    } else if (how == 1u) {
      memmove(b->data + at, b->data + at + 1, b->len - at - 1u);
      b->len--;
    } else {
      memmove(b->data + at + 1, b->data + at, b->len - at);
      b->len++;
    }
  }
}

static const char *pick(const char *const *words, size_t count,
                        uint64_t *seed) {
  return words[test_random(seed) % count];
}

static void test_proxy_version_1_equals_the_model(void **state) {
  (void)state;
  static const char *const families[] = {"TCP4", "TCP4",    "TCP6",
                                         "TCP6", "UNKNOWN", "UDP4"};
  static const char *const four[] = {"0.0.0.0", "192.0.2.1", "10.20.30.40",
                                     "255.255.255.255"};
  static const char *const six[] = {"::",
                                    "::1",
                                    "2001:db8::1:0:ff",
                                    "::ffff:10.0.0.1",
                                    "1:2:3:4:5:6:7:8",
                                    "fe80::1:2:3:4"};
  static const char *const ports[] = {"0", "25", "587", "56324", "65535"};
  static const char odd[] = " .:0123456789afPROXYTCU\r\n\t\xff";
  uint64_t seed = 107u;
  size_t taken = 0u;
  for (unsigned n = 0u; n < 200000u; n++) {
    block b = {.len = 0u};
    const char *const family = pick(families, COUNT_OF(families), &seed);
    const bool ipv6 = family[3] == '6';
    const char *const *const words = ipv6 ? six : four;
    const size_t count = ipv6 ? COUNT_OF(six) : COUNT_OF(four);
    const char *const from = pick(words, count, &seed);
    const char *const to = pick(words, count, &seed);
    char line[200];
    (void)snprintf(line, sizeof line, "PROXY %s %s %s %s %s", family, from, to,
                   pick(ports, COUNT_OF(ports), &seed),
                   pick(ports, COUNT_OF(ports), &seed));
    add(&b, line, strlen(line));
    mutate(&b, &seed, odd, sizeof odd - 1u);
    taken += test_equals_model(b.data, b.len) ? 1u : 0u;
  }
  assert_in_range(taken, 50000u, 150000u);
}

static size_t make_fields(uint8_t *body, uint64_t *seed) {
  const uint32_t count = test_random(seed) % 4u;
  size_t len = 0u;
  for (uint32_t i = 0u; i < count; i++) {
    const size_t value = test_random(seed) % 40u;
    body[len] = (uint8_t)test_random(seed);
    body[len + 1u] = 0u;
    body[len + 2u] = (uint8_t)value;
    memset(body + len + 3u, 'v', value);
    len += 3u + value;
  }
  return len;
}

static void test_proxy_version_2_equals_the_model(void **state) {
  (void)state;
  static const uint8_t pairs[] = {0x00, 0x11, 0x11, 0x21, 0x21, 0x31, 0x12};
  static const uint8_t commands[] = {0x21, 0x21, 0x21, 0x20};
  static const char odd[] =
      "\0\x01\x02\x03\x0c\x11\x20\x21\x22\x31\r\n\x7f\xff";
  uint64_t seed = 536u;
  size_t taken = 0u;
  for (unsigned n = 0u; n < 300000u; n++) {
    uint8_t body[400];
    const unsigned pair = pairs[test_random(&seed) % COUNT_OF(pairs)];
    const size_t ends = pair == 0x11u || pair == 0x12u ? 12u
                        : pair == 0x21u                ? 36u
                        : pair == 0x31u                ? 216u
                                                       : 0u;
    for (size_t k = 0u; k < ends; k++) {
      const uint32_t dice = test_random(&seed) % 4u;
      body[k] = dice == 0u   ? (uint8_t)test_random(&seed)
                : dice == 1u ? 0xffu
                             : 0u;
    }
    const size_t len = ends + make_fields(body + ends, &seed);
    block b = header(commands[test_random(&seed) % COUNT_OF(commands)], pair,
                     body, len);
    mutate(&b, &seed, odd, sizeof odd - 1u);
    // Half of those that grew or shrank say so.
    if ((test_random(&seed) & 1u) != 0u && b.len >= 16u) {
      set_length(&b, b.len - 16u);
    }
    taken += test_equals_model(b.data, b.len) ? 1u : 0u;
  }
  assert_in_range(taken, 50000u, 250000u);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_proxy_reads_version_1),
      cmocka_unit_test(test_proxy_ignores_what_stands_behind_unknown),
      cmocka_unit_test(test_proxy_refuses_other_spellings),
      cmocka_unit_test(test_proxy_bounds_version_1),
      cmocka_unit_test(test_proxy_reads_version_2),
      cmocka_unit_test(test_proxy_gives_no_address_of_a_named_socket),
      cmocka_unit_test(test_proxy_makes_ipv4_of_what_ipv6_carries),
      cmocka_unit_test(test_proxy_knows_two_commands_and_seven_pairs),
      cmocka_unit_test(test_proxy_wants_each_octet_of_the_signature),
      cmocka_unit_test(test_proxy_refuses_every_cut),
      cmocka_unit_test(test_proxy_refuses_what_does_not_fill_its_place),
      cmocka_unit_test(test_proxy_refuses_fields_past_the_end),
      cmocka_unit_test(test_proxy_refuses_lengths_that_lie),
      cmocka_unit_test(test_proxy_version_looks_at_one_octet),
      cmocka_unit_test(test_proxy_version_1_equals_the_model),
      cmocka_unit_test(test_proxy_version_2_equals_the_model),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
