// A script that was decoded is the same script after it was encoded or printed and read
// back, and whatever is read decodes to something within its bounds: the encoder and the
// decoder, and the printer and the parser, are each other's inverse.
//
// Laws: ROUNDTRIP, COVER (data lie in what was decoded), BOUNDS (records, fill), PURE
// (a text that is refused leaves no octets), POLICY (a policy that a script says is one
// that the core takes), HARNESS.
//
// The input is taken as an encoding and as a text; what the first `say` record says is
// taken as the lines of a text too.
#include "fuzz/harness/script.h"

#include <string.h>

#include "fuzz/harness/block.h"
#include "fuzz/harness/law.h"
#include "fuzz/harness/target.h"

#define HEAD "smtpcore-script 1\n"

const unsigned fuzz_target_kind = FUZZ_KIND_SCRIPT;

// -------------------------------------------------------------------- decoding

static int lies_in(const uint8_t *part, size_t part_len, const uint8_t *data,
                   size_t len) {
  return part >= data && part <= data + len &&
         part_len <= (size_t)(data + len - part);
}

static void check_octets(const script_record *record, const uint8_t *data,
                         size_t len) {
  const unsigned form = script_form_of(record->tag);
  const int has_more = form == SCRIPT_FORM_PAIR || form == SCRIPT_FORM_SWAP;
  const int has_data =
      has_more != 0 || form == SCRIPT_FORM_OCTETS || form == SCRIPT_FORM_AIMED;
  FUZZ_MUST(COVER,
            has_data != 0 ? lies_in(record->data, record->len, data, len)
                          : record->data == NULL && record->len == 0u,
            "data of tag %u", (unsigned)record->tag);
  FUZZ_MUST(COVER,
            has_more != 0 ? lies_in(record->more, record->more_len, data, len)
                          : record->more == NULL && record->more_len == 0u,
            "more of tag %u", (unsigned)record->tag);
  FUZZ_MUST(COVER, has_data == 0 || record->number == 0u,
            "tag %u has octets and a number", (unsigned)record->tag);
}

// Octets of the records overlap nowhere and stand in their order.
static void check_decoded(const script *in, const uint8_t *data, size_t len) {
  uint64_t fill = 0u;
  const uint8_t *after = data;
  FUZZ_MUST(BOUNDS, in->count <= SCRIPT_RECORDS_MAX, "%zu records", in->count);
  for (size_t i = 0u; i < in->count; i++) {
    const script_record *record = &in->records[i];
    FUZZ_MUST(HARNESS, script_word(record->tag)[0] != '\0',
              "tag %u is unknown and was not skipped", (unsigned)record->tag);
    check_octets(record, data, len);
    if (record->data != NULL) {
      FUZZ_MUST(COVER, record->data >= after, "record %zu out of order", i);
      after = record->data + record->len + record->more_len;
    }
    if (record->tag == SCRIPT_FILL) {
      FUZZ_MUST(BOUNDS, record->number <= SCRIPT_FILL_MAX - fill,
                "more is filled than may be");
      fill += record->number;
    }
  }
}

static void check_same(const script *one, const script *other) {
  FUZZ_MUST(ROUNDTRIP, one->count == other->count, "%zu records are %zu",
            one->count, other->count);
  for (size_t i = 0u; i < one->count; i++) {
    const script_record *a = &one->records[i];
    const script_record *b = &other->records[i];
    FUZZ_MUST(ROUNDTRIP, a->tag == b->tag, "tag of record %zu", i);
    FUZZ_MUST(ROUNDTRIP, a->field == b->field, "field of record %zu", i);
    FUZZ_MUST(ROUNDTRIP, a->number == b->number, "number of record %zu", i);
    FUZZ_MUST(ROUNDTRIP, a->len == b->len && a->more_len == b->more_len,
              "lengths of record %zu", i);
    FUZZ_MUST(ROUNDTRIP, a->len == 0u || memcmp(a->data, b->data, a->len) == 0,
              "data of record %zu", i);
    FUZZ_MUST(ROUNDTRIP,
              a->more_len == 0u || memcmp(a->more, b->more, a->more_len) == 0,
              "more of record %zu", i);
  }
}

static void must_equal(const smtpc_octets *have, const smtpc_octets *want,
                       size_t from, const char *what) {
  FUZZ_MUST(ROUNDTRIP,
            have->len - from == want->len &&
                memcmp(have->data + from, want->data, want->len) == 0,
            "%s: %zu octets are %zu", what, want->len, have->len - from);
}

// ------------------------------------------------------------------ both forms

// `*encoded` holds the encoding of `*in`; it decodes to the same.
static void check_encoding(const script *in, const smtpc_octets *encoded) {
  static script again;
  smtpc_octets twice = {NULL, 0u, 0u};
  FUZZ_MUST(ROUNDTRIP, script_decode(encoded->data, encoded->len, &again) == 1,
            "an encoding is not decoded");
  check_decoded(&again, encoded->data, encoded->len);
  check_same(in, &again);
  script_encode(&again, &twice);
  must_equal(&twice, encoded, 0u, "encoded again");
  smtpc_octets_free(&twice);
}

// UNSEEN keeps the coverage of an engine out of a loop over each octet, which would take
// more time than all that is tried.
#if defined(__clang__)
#define UNSEEN __attribute__((no_sanitize("coverage", "address")))
#else
#define UNSEEN
#endif

// How many octets are neither printable nor an LF.
UNSEEN static size_t odd_octets(const uint8_t *text, size_t len) {
  size_t odd = 0u;
  for (size_t i = 0u; i < len; i++) {
    const unsigned octet = text[i];
    odd += (unsigned)(octet > 0x7eu) |
           ((unsigned)(octet < 0x20u) & (unsigned)(octet != '\n'));
  }
  return odd;
}

// The text of `*in` parses to `*encoded`, appended to what was there.
static void check_text(const script *in, const smtpc_octets *encoded) {
  static const uint8_t before[3] = {'a', 'b', 'c'};
  smtpc_octets text = {NULL, 0u, 0u};
  smtpc_octets parsed = {NULL, 0u, 0u};
  const char *why = "";
  script_print(in, &text);
  FUZZ_MUST(ROUNDTRIP, odd_octets(text.data, text.len) == 0u,
            "a text has an octet that is not printable");
  smtpc_octets_add(&parsed, before, sizeof before);
  const size_t line = script_parse(text.data, text.len, &parsed, &why);
  FUZZ_MUST(ROUNDTRIP, line == 0u, "line %zu of what was printed: %s", line,
            why);
  FUZZ_MUST(PURE, memcmp(parsed.data, before, sizeof before) == 0,
            "what was there was written to");
  must_equal(&parsed, encoded, sizeof before, "printed and parsed");
  smtpc_octets_free(&text);
  smtpc_octets_free(&parsed);
}

static int has_settings(const script *in) {
  for (size_t i = 0u; i < in->count; i++) {
    if (in->records[i].tag <= SCRIPT_CLIENT_SET) {
      return 1;
    }
  }
  return 0;
}

static void check_policies(const script *in) {
  static smtpc_server_policy server;
  static smtpc_client_policy client;
  const int server_said = script_server_policy(in, &server);
  const int client_said = script_client_policy(in, &client);
  FUZZ_MUST(POLICY, smtpc_server_policy_check(&server) == SMTPC_OK,
            "a server's policy is refused");
  FUZZ_MUST(POLICY, smtpc_client_policy_check(&client) == SMTPC_OK,
            "a client's policy is refused");
  FUZZ_MUST(
      HARNESS,
      (server_said | client_said) <= 1 && server_said >= 0 && client_said >= 0,
      "neither 0 nor 1");
}

UNSEEN static size_t lines_of(const uint8_t *text, size_t len) {
  size_t lines = 1u;
  for (size_t i = 0u; i < len; i++) {
    lines += text[i] == '\n' ? 1u : 0u;
  }
  return lines;
}

// Whatever is a text: its encoding holds each record, and is canonical.
static void check_any_text(const uint8_t *text, size_t len) {
  static script decoded;
  smtpc_octets encoded = {NULL, 0u, 0u};
  const char *why = NULL;
  const size_t line = script_parse(text, len, &encoded, &why);
  if (line != 0u) {
    FUZZ_MUST(PURE, encoded.len == 0u, "a refused text left octets");
    FUZZ_MUST(COVER, why != NULL && why[0] != '\0', "no reason is given");
    FUZZ_MUST(COVER, line <= lines_of(text, len), "line %zu is none", line);
  } else {
    smtpc_octets canonical = {NULL, 0u, 0u};
    FUZZ_MUST(ROUNDTRIP,
              script_decode(encoded.data, encoded.len, &decoded) == 1,
              "a parsed text is not decoded");
    check_decoded(&decoded, encoded.data, encoded.len);
    script_encode(&decoded, &canonical);
    must_equal(&canonical, &encoded, 0u, "parsed, decoded and encoded");
    check_text(&decoded, &encoded);
    smtpc_octets_free(&canonical);
  }
  smtpc_octets_free(&encoded);
}

// What the first `say` says, as the lines of a text.
static void check_said(const script *in) {
  size_t i = 0u;
  while (i < in->count && in->records[i].tag != SCRIPT_SAY) {
    i++;
  }
  if (i == in->count) {
    return;
  }
  smtpc_octets text = {NULL, 0u, 0u};
  smtpc_octets_add(&text, HEAD, sizeof HEAD - 1u);
  smtpc_octets_add(&text, in->records[i].data, in->records[i].len);
  uint8_t *block = fuzz_block(text.data, text.len);
  check_any_text(block, text.len);
  fuzz_block_free(block, text.data, text.len);
  smtpc_octets_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static script decoded;
  uint8_t *block = fuzz_block(data, size);
  const int is_script = script_decode(block, size, &decoded);
  FUZZ_MUST(HARNESS,
            is_script == (size > 0u && data[0] == SCRIPT_VERSION ? 1 : 0),
            "only the version decides");
  FUZZ_MUST(HARNESS, is_script == 1 || decoded.count == 0u,
            "records of no script");
  if (is_script == 1) {
    smtpc_octets encoded = {NULL, 0u, 0u};
    check_decoded(&decoded, block, size);
    script_encode(&decoded, &encoded);
    check_encoding(&decoded, &encoded);
    check_text(&decoded, &encoded);
    if (has_settings(&decoded) != 0) {
      check_policies(&decoded);
    }
    check_said(&decoded);
    smtpc_octets_free(&encoded);
  } else {
    check_any_text(block, size);
  }
  fuzz_block_free(block, data, size);
  return 0;
}
