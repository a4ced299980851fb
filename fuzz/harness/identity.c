#include "fuzz/harness/identity.h"

#include <string.h>

#include "core/model/base64_model.h"
#include "fuzz/harness/law.h"
#include "smtpcore/span.h"

identity_said identity_of(const uint8_t *text, size_t len) {
  identity_said said;
  said.len = 0u;
  if (len <= IDENTITY_MAX) {
    (void)base64_model_decode(text, len, said.data, &said.len);
  }
  return said;
}

static void check_plain(const identity_said *said, const smtpc_sasl *sasl) {
  const uint8_t *nul = said->len > 0u ? memchr(said->data, 0, said->len) : NULL;
  const size_t other = nul != NULL ? (size_t)(nul - said->data) : 0u;
  FUZZ_MUST(SECRET,
            other == 0u || (other == sasl->name_len &&
                            memcmp(said->data, sasl->name, other) == 0),
            "one identity acts for another");
}

static void check_scram(const smtpc_sasl *sasl, const uint8_t *line,
                        const uint8_t *nonce) {
  static const char hex[] = "0123456789abcdef";
  const size_t len = smtpc_span_len(sasl->text);
  FUZZ_MUST(SECRET, len >= 2u * SMTPC_NONCE_LEN,
            "a proof is made over %zu octets", len);
  const uint8_t *at = line + sasl->text.end - 2u * SMTPC_NONCE_LEN;
  for (size_t i = 0u; i < SMTPC_NONCE_LEN; i++) {
    FUZZ_MUST(SECRET,
              at[2u * i] == (uint8_t)hex[nonce[i] >> 4u] &&
                  at[2u * i + 1u] == (uint8_t)hex[nonce[i] & 15u],
              "a proof is made over another nonce");
  }
}

// The header of the first message, up to and with its second comma; 0: there is none.
static size_t header_len(const identity_said *said) {
  size_t commas = 0u;
  for (size_t i = 0u; i < said->len; i++) {
    commas += said->data[i] == ',';
    if (commas == 2u) {
      return i + 1u;
    }
  }
  return 0u;
}

// The last message repeats the header of the first one (RFC 5802 section 6): who changed
// it on the way, so that the binding seems not to be offered, is found out by that.
static void check_header(const identity_said *first, const identity_said *last,
                         int bound) {
  uint8_t header[IDENTITY_MAX];
  size_t len = 0u;
  const uint8_t *comma =
      last->len > 2u ? memchr(last->data, ',', last->len) : NULL;
  const size_t want = header_len(first);
  if (first->len == 0u || last->len == 0u) {
    // Longer than what is kept of it.
    return;
  }
  FUZZ_MUST(SECRET, comma != NULL && comma >= last->data + 2u && want > 0u,
            "a proof without the header");
  FUZZ_MUST(
      SECRET,
      base64_model_decode(last->data + 2u, (size_t)(comma - last->data) - 2u,
                          header, &len),
      "a header that is no base64");
  FUZZ_MUST(SECRET,
            (bound != 0 ? len >= want : len == want) &&
                memcmp(header, first->data, want) == 0,
            "another header than the first message had");
}

void identity_check(const identity_said *said, const smtpc_sasl *sasl,
                    const uint8_t *line, const uint8_t *nonce) {
  static identity_said first;
  if (sasl->wants != SMTPC_SASL_CHECK && sasl->wants != SMTPC_SASL_BINDING) {
    // The first message of SCRAM, if there is another one.
    first = *said;
    return;
  }
  if (sasl->mechanism == SMTPC_MECHANISM_PLAIN) {
    check_plain(said, sasl);
  } else if (smtpc_sasl_digest_len(sasl->mechanism) > SMTPC_MD5_LEN) {
    check_scram(sasl, line, nonce);
    check_header(&first, said,
                 (SMTPC_MECHS_BOUND >> sasl->mechanism & 1u) != 0u);
  }
}
