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

void identity_check(const identity_said *said, const smtpc_sasl *sasl,
                    const uint8_t *line, const uint8_t *nonce) {
  if (sasl->wants != SMTPC_SASL_CHECK && sasl->wants != SMTPC_SASL_BINDING) {
    return;
  }
  if (sasl->mechanism == SMTPC_MECHANISM_PLAIN) {
    check_plain(said, sasl);
  } else if (smtpc_sasl_digest_len(sasl->mechanism) > SMTPC_MD5_LEN) {
    check_scram(sasl, line, nonce);
  }
}
