// A message says `TLS-Required: No` only in its header section, once, and as RFC 8689
// section 3 writes it; cuts, other fields and the body change nothing.
//
// The input is the content of a message. It is read whole, cut in pieces and octet by
// octet, ended at several places, and compared with the model; then once more with
// another field before it, another body behind it, and the field twice.
//
// Laws: MODEL, SPLIT, POLICY, PURE, INVARIANT.
#include "smtpcore/header.h"

#include <string.h>

#include "core/model/header_model.h"
#include "fuzz/harness/block.h"
#include "fuzz/harness/choice.h"
#include "fuzz/harness/law.h"
#include "fuzz/harness/target.h"
#include "smtpcore/span.h"

const unsigned fuzz_target_kind = FUZZ_KIND_CONTENT;

#define INPUT_MAX 2048u
#define WINDOW 64u  // this many octets of a longer input are read one by one
#define EXTRA_MAX 64u
#define FIELD "tls-required: no\r\n"

// UNSEEN stands before what a search for new branches is not to see.
#if defined(__clang__)
#define UNSEEN __attribute__((no_sanitize("coverage")))
#else
#define UNSEEN
#endif

// The input with octets before or behind it.
static uint8_t other[INPUT_MAX + EXTRA_MAX];

// ------------------------------------------------------------------ questions

// What holds of a scanner at all times.
static void check_invariant(const smtpc_header *header) {
  FUZZ_MUST(INVARIANT,
            header->state <= SMTPC_HEADER_END && header->matched < 15u &&
                header->found <= 1u && header->reserved == 0u,
            "state %u, %u octets matched", header->state, header->matched);
  FUZZ_MUST(POLICY,
            smtpc_header_says_no_tls(header) == 0 ||
                header->state == SMTPC_HEADER_END,
            "a header section that goes on says something");
}

// read returns the scanner after `data[0 .. len)` in a block of its size.
static smtpc_header scan(smtpc_header header, const uint8_t *data, size_t len) {
  uint8_t *const block = fuzz_block(data, len);
  smtpc_header_scan(&header, block, len);
  fuzz_block_free(block, data, len);
  check_invariant(&header);
  return header;
}

// says returns what a message that ends after `header` says.
static int says(smtpc_header header) {
  smtpc_header_end(&header);
  check_invariant(&header);
  FUZZ_MUST(INVARIANT, header.state == SMTPC_HEADER_END,
            "the end of a message is none");
  const int yes = smtpc_header_says_no_tls(&header);
  const smtpc_header ended = header;
  static const uint8_t more[] = FIELD "\r\n";
  smtpc_header_scan(&header, more, sizeof more - 1u);
  smtpc_header_end(&header);
  FUZZ_MUST(PURE, memcmp(&header, &ended, sizeof header) == 0,
            "a message goes on behind its end");
  return yes;
}

static smtpc_header fresh(void) {
  smtpc_header header;
  memset(&header, 0x5a, sizeof header);
  smtpc_header_init(&header);
  return header;
}

// --------------------------------------------------------------------- reading

// check_prefix: a message that ends after `len` octets says what the model says.
static smtpc_header check_prefix(const uint8_t *data, size_t len) {
  const smtpc_header header = scan(fresh(), data, len);
  const smtpc_model_header want = smtpc_model_header_read(data, len);
  FUZZ_MUST(MODEL, says(header) == (want.says_no ? 1 : 0),
            "a message of %zu octets says %d", len, says(header));
  FUZZ_MUST(MODEL, !want.ended || header.state == SMTPC_HEADER_END,
            "the header section goes on behind its empty line");
  FUZZ_MUST(
      MODEL,
      smtpc_header_says_no_tls(&header) == (want.ended && want.says_no ? 1 : 0),
      "before its end a message says %d", smtpc_header_says_no_tls(&header));
  return header;
}

static void check_cuts(const uint8_t *data, size_t len,
                       const smtpc_header *whole, fuzz_choice *choice) {
  smtpc_header header = fresh();
  size_t at = 0u;
  for (unsigned k = 0u; at < len; k++) {
    const uint32_t left = (uint32_t)(len - at);
    const size_t piece = k < 2u ? 1u + fuzz_choose(choice, left) : left;
    header = scan(header, data + at, piece);
    at += piece;
  }
  FUZZ_MUST(SPLIT, memcmp(&header, whole, sizeof header) == 0,
            "pieces end in another state");
  const size_t from =
      len > WINDOW ? fuzz_choose(choice, (uint32_t)(len - WINDOW) + 1u) : 0u;
  const size_t to = len > WINDOW ? from + WINDOW : len;
  header = scan(fresh(), data, from);
  for (size_t i = from; i < to; i++) {
    const uint8_t octet = data[i];
    smtpc_header_scan(&header, &octet, 1u);
  }
  smtpc_header_scan(&header, NULL, 0u);
  header = scan(header, data + to, len - to);
  FUZZ_MUST(SPLIT, memcmp(&header, whole, sizeof header) == 0,
            "octets end in another state");
}

// ------------------------------------------------------------------ what it says

// count_of returns how often the name of the field stands in `data`, in any case.
UNSEEN static unsigned count_of(const uint8_t *data, size_t len) {
  static const char name[] = "TLS-REQUIRED:";
  const size_t name_len = sizeof name - 1u;
  unsigned count = 0u;
  for (size_t i = 0u; i + name_len <= len; i++) {
    size_t k = 0u;
    while (k < name_len && smtpc_upper(data[i + k]) == (uint8_t)name[k]) {
      k++;
    }
    count += k == name_len ? 1u : 0u;
  }
  return count;
}

// end_of returns where the header section ends: behind its empty line, or `len`.
UNSEEN static size_t end_of(const uint8_t *data, size_t len) {
  if (len >= 2u && memcmp(data, "\r\n", 2u) == 0) {
    return 2u;
  }
  for (size_t i = 0u; i + 4u <= len; i++) {
    if (memcmp(data + i, "\r\n\r\n", 4u) == 0) {
      return i + 4u;
    }
  }
  return len;
}

// check_before: fields of others before it change nothing; the field itself does.
static void check_before(const uint8_t *data, size_t len, int yes) {
  static const char *const fields[] = {
      "X: y\r\n", "Received: z\r\n\tx\r\n", "TLS-Required\r\n",
      "XTLS-Required: No\r\n", "TLS-Required-X: No\r\n"};
  const char *field = fields[len % (sizeof fields / sizeof fields[0])];
  const size_t field_len = strlen(field);
  memcpy(other, field, field_len);
  memcpy(other + field_len, data, len);
  FUZZ_MUST(POLICY, says(scan(fresh(), other, field_len + len)) == yes,
            "another field before it changes what a message says");
  const char *const once = len % 2u == 0u ? FIELD : "TLS-Required : No\r\n";
  const size_t twice = strlen(once);
  memcpy(other, once, twice);
  memcpy(other + twice, data, len);
  FUZZ_MUST(POLICY, yes == 0 || says(scan(fresh(), other, twice + len)) == 0,
            "the field twice, or with space before its colon, is taken");
}

// check_behind: the body does not matter.
static void check_behind(const uint8_t *data, size_t len, int yes) {
  const size_t end = end_of(data, len);
  FUZZ_MUST(POLICY, yes == 0 || count_of(data, end) >= 1u,
            "a message without the field says it");
  FUZZ_MUST(POLICY, yes == 0 || fuzz_find(data, end, "\r\n", 2u) != 0,
            "a line without its end says something");
  if (end < len) {
    static const uint8_t body[] = FIELD "\r\n";
    memcpy(other, data, end);
    memcpy(other + end, body, sizeof body - 1u);
    FUZZ_MUST(POLICY, says(scan(fresh(), other, end + sizeof body - 1u)) == yes,
              "a body changes what the header section says");
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size > INPUT_MAX) {
    return -1;
  }
  fuzz_choice choice = fuzz_choice_of(data, size);
  const smtpc_header whole = check_prefix(data, size);
  const int yes = says(whole);
  (void)check_prefix(data, fuzz_choose(&choice, (uint32_t)size + 1u));
  check_cuts(data, size, &whole, &choice);
  check_before(data, size, yes);
  check_behind(data, size, yes);
  return 0;
}
