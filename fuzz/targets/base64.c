// Base64 is read as RFC 4648 section 4 writes it, and has one spelling only: what is
// decoded encodes to the same text, what is encoded decodes to the same octets, and
// nothing else is taken.
//
// The input is one text. It is decoded as base64, at its place in a longer buffer, and
// encoded as octets, in pieces and in too little room.
//
// Laws: MODEL, ROUNDTRIP, COVER, SPLIT, BOUNDS, PURE.
#include <string.h>

#include "core/model/base64_model.h"
#include "fuzz/harness/block.h"
#include "fuzz/harness/choice.h"
#include "fuzz/harness/law.h"
#include "fuzz/harness/target.h"
#include "smtpcore/sasl.h"

const unsigned fuzz_target_kind = FUZZ_KIND_TOKENS;

#define INPUT_MAX 1024u
#define TEXT_MAX (4u * ((INPUT_MAX + 2u) / 3u))
#define BEFORE_MAX 8u

// UNSEEN stands before what a search for new branches is not to see.
#if defined(__clang__)
#define UNSEEN __attribute__((no_sanitize("coverage")))
#else
#define UNSEEN
#endif

// What the model says of the input, and what the core makes of it.
static uint8_t decoded[INPUT_MAX];
static uint8_t wanted[TEXT_MAX];
static uint8_t text[TEXT_MAX];

// ------------------------------------------------------------------- encoding

// encode writes `data[0 .. len)` to `out[0 .. cap)`, cut in two at `cut`.
static smtpc_status encode(const uint8_t *data, size_t len, size_t cut,
                           uint8_t *out, size_t cap, size_t *out_len) {
  smtpc_out sink = smtpc_out_begin_at(out, 0u, cap);
  smtpc_base64 encoder = {0u, 0u, {0u, 0u, 0u}};
  smtpc_base64_put(&encoder, &sink, data, cut);
  FUZZ_MUST(BOUNDS, encoder.count == cut % 3u, "%u octets are held back",
            encoder.count);
  smtpc_base64_put(&encoder, &sink, data + cut, len - cut);
  smtpc_base64_end(&encoder, &sink);
  FUZZ_MUST(ROUNDTRIP, encoder.count == 0u && encoder.bits == 0u,
            "an encoder that ended holds octets");
  *out_len = sink.len;
  return sink.status;
}

// check_encoding compares the encoder with the model, in and out of room.
static void check_encoding(const uint8_t *data, size_t len,
                           fuzz_choice *choice) {
  uint8_t *const block = fuzz_block(data, len);
  const size_t want = base64_model_encode(data, len, wanted);
  const size_t cut = fuzz_choose(choice, (uint32_t)len + 1u);
  size_t used = 0u;
  FUZZ_MUST(MODEL, want == (len + 2u) / 3u * 4u, "the model has %zu digits",
            want);
  smtpc_status status = encode(block, len, cut, text, want, &used);
  FUZZ_MUST(MODEL, status == SMTPC_OK && used == want,
            "%zu digits where the model has %zu", used, want);
  FUZZ_MUST(MODEL, memcmp(text, wanted, want) == 0,
            "other digits than the model's");
  if (want > 0u) {
    const size_t cap = fuzz_choose(choice, (uint32_t)want);
    text[cap] = 0xa5u;
    status = encode(block, len, cut, text, cap, &used);
    FUZZ_MUST(BOUNDS, status == SMTPC_E_ROOM, "no room is told as %s",
              smtpc_status_name(status));
    FUZZ_MUST(BOUNDS, text[cap] == 0xa5u && used <= cap,
              "an octet is written past the room");
    FUZZ_MUST(MODEL, memcmp(text, wanted, used) == 0,
              "what had room is not how the text begins");
  }
  fuzz_block_free(block, data, len);
}

// check_return decodes what the model encoded.
static void check_return(const uint8_t *data, size_t len) {
  const size_t want = (len + 2u) / 3u * 4u;
  uint8_t *const block = fuzz_block(wanted, want);
  smtpc_span out = {9u, 9u};
  const smtpc_status status =
      smtpc_base64_decode(block, smtpc_span_make(0u, want), &out);
  FUZZ_MUST(ROUNDTRIP, status == SMTPC_OK && smtpc_span_len(out) == len,
            "what was encoded is %s", smtpc_status_name(status));
  FUZZ_MUST(ROUNDTRIP, len == 0u || memcmp(block + out.begin, data, len) == 0,
            "what was encoded decodes to other octets");
  fuzz_block_free(block, block, want);
}

// ------------------------------------------------------------------- decoding

// is_well_formed: no octet string but by its form, as RFC 4648 section 4 has it. The
// bits of the last digit are for the model and for the round trip.
UNSEEN static int is_well_formed(const uint8_t *data, size_t len) {
  static const char alphabet[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  size_t digits = len;
  for (unsigned k = 0u; k < 2u && digits > 0u && data[digits - 1u] == '=';
       k++) {
    digits--;
  }
  for (size_t i = 0u; i < digits; i++) {
    if (data[i] == 0u || strchr(alphabet, data[i]) == NULL) {
      return 0;
    }
  }
  return len % 4u == 0u && (digits > 0u || len == 0u) ? 1 : 0;
}

// check_taken: a text that was taken has one spelling.
static void check_taken(const uint8_t *data, size_t len, const uint8_t *octets,
                        size_t count) {
  size_t used = 0u;
  FUZZ_MUST(ROUNDTRIP, is_well_formed(data, len) == 1,
            "a text of another form is taken");
  FUZZ_MUST(BOUNDS, count <= len / 4u * 3u, "%zu octets of %zu digits", count,
            len);
  const smtpc_status status = encode(octets, count, 0u, text, len, &used);
  FUZZ_MUST(ROUNDTRIP,
            status == SMTPC_OK && used == len && memcmp(text, data, len) == 0,
            "a text that has another spelling is taken");
}

// check_decoding decodes the input behind `before` octets that are not its own.
static void check_decoding(const uint8_t *data, size_t len, size_t before) {
  static const uint8_t fill[BEFORE_MAX] = {'Q', 'Q', 'Q', 'Q',
                                           'Q', 'Q', 'Q', 'Q'};
  size_t count = 0u;
  uint8_t line[BEFORE_MAX + INPUT_MAX];
  memcpy(line, fill, before);
  memcpy(line + before, data, len);
  uint8_t *const block = fuzz_block(line, before + len);
  smtpc_span out = {9u, 9u};
  const bool want = base64_model_decode(data, len, decoded, &count);
  const smtpc_status status =
      smtpc_base64_decode(block, smtpc_span_make(before, before + len), &out);
  FUZZ_MUST(MODEL, (status == SMTPC_OK) == want, "%s where the model has %d",
            smtpc_status_name(status), want ? 1 : 0);
  FUZZ_MUST(COVER, memcmp(block, fill, before) == 0,
            "an octet before the text is written");
  if (status != SMTPC_OK) {
    FUZZ_MUST(MODEL, status == SMTPC_E_BASE64, "no base64 is told as %s",
              smtpc_status_name(status));
    FUZZ_MUST(COVER, out.begin == 0u && out.end == 0u, "an error has a result");
  } else {
    FUZZ_MUST(COVER, out.begin == before && out.end <= before + len,
              "the result lies elsewhere");
    FUZZ_MUST(MODEL, smtpc_span_len(out) == count,
              "%zu octets where the model has %zu", smtpc_span_len(out), count);
    FUZZ_MUST(MODEL, memcmp(block + out.begin, decoded, count) == 0,
              "other octets than the model's");
    FUZZ_MUST(COVER,
              memcmp(block + out.begin + len / 4u * 3u, data + len / 4u * 3u,
                     len - len / 4u * 3u) == 0,
              "an octet behind the result is written");
    check_taken(data, len, block + out.begin, count);
  }
  fuzz_block_free(block, block, before + len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size > INPUT_MAX) {
    return -1;
  }
  fuzz_choice choice = fuzz_choice_of(data, size);
  check_decoding(data, size, fuzz_choose(&choice, BEFORE_MAX + 1u));
  check_encoding(data, size, &choice);
  check_return(data, size);
  return 0;
}
