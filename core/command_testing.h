// Command testing: what the tests of `smtpcore/command.h` share.
#ifndef SMTPCORE_CORE_COMMAND_TESTING_H
#define SMTPCORE_CORE_COMMAND_TESTING_H

#include <stdlib.h>
#include <string.h>

#include "core/testing.h"
#include "smtpcore/command.h"

#define ALL_OFFERS UINT32_MAX
#define NO_UTF8 (ALL_OFFERS & ~SMTPC_OFFERS(SMTPUTF8))
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define V(id) SMTPC_VERB_##id

// Results are compared octet by octet.
_Static_assert(sizeof(smtpc_command) == 120u, "smtpc_command has no padding");

static inline smtpc_status parse_octets(const void *text, size_t len,
                                        uint32_t offered, uint32_t quirks,
                                        smtpc_command *out) {
  uint8_t *const line = test_copy(text, len);
  memset(out, 0xa5, sizeof *out);
  const smtpc_status status =
      smtpc_command_parse(line, len, offered, quirks, out);
  free(line);
  return status;
}

static inline smtpc_status parse(const char *text, uint32_t quirks,
                                 smtpc_command *out) {
  return parse_octets(text, strlen(text), ALL_OFFERS, quirks, out);
}

static inline bool same_command(const smtpc_command *a,
                                const smtpc_command *b) {
  return memcmp(a, b, sizeof *a) == 0;
}

static inline bool takes_params(unsigned verb) {
  return verb == V(MAIL) || verb == V(RCPT) || verb == V(SEND) ||
         verb == V(SOML) || verb == V(SAML);
}

// test_cleared fails unless a refused command is as its header promises.
static inline void test_cleared(smtpc_status status,
                                const smtpc_command *have) {
  smtpc_command want;
  memset(&want, 0, sizeof want);
  want.verb = have->verb;
  want.argument = have->argument;
  want.foreign = have->foreign;
  want.quirks_used = have->quirks_used;
  want.params.wrong = have->params.wrong;
  assert_true(same_command(have, &want));
  assert_false(smtpc_status_is_internal(status));
  test_number(have->verb == SMTPC_VERB_NONE, status == SMTPC_E_VERB);
  assert_true(have->foreign == 0u || status == SMTPC_E_VERB);
  assert_true(have->params.wrong == 0u || takes_params(have->verb));
  // Whatever is wrong with a chunk is one error: its end is unknown.
  test_number(have->verb == SMTPC_VERB_BDAT, status == SMTPC_E_CHUNK_SIZE);
}

typedef struct row {
  const char *text;
  unsigned verb;
  smtpc_status status;
} row;

static inline void test_rows(const row *rows, size_t count, uint32_t quirks) {
  for (size_t i = 0u; i < count; i++) {
    smtpc_command have;
    test_label("%s", rows[i].text);
    const smtpc_status status = parse(rows[i].text, quirks, &have);
    test_number(status, rows[i].status);
    test_number(have.verb, rows[i].verb);
    if (status != SMTPC_OK) {
      test_cleared(status, &have);
    }
  }
}

#define TEST_ROWS(rows, quirks) test_rows(rows, COUNT_OF(rows), quirks)

// --------------------------------------------------------------------- generate

static inline size_t put(uint8_t *text, size_t at, const char *piece) {
  memcpy(text + at, piece, strlen(piece));
  return at + strlen(piece);
}

#define PUT_ONE(pieces) \
  at = put(text, at, (pieces)[test_random(seed) % COUNT_OF(pieces)])

// mutate changes, drops or doubles at most two octets of `text`, and one time in
// two none.
static inline size_t mutate(uint8_t *text, size_t len, uint64_t *seed) {
  static const uint8_t odd[] =
      " =+<>@\":\x00\t\x7f\xc3\xa9\xff"
      "0aL";
  const uint32_t dice = test_random(seed) % 5u;
  for (uint32_t n = dice > 2u ? 0u : dice; n > 0u && len > 1u; n--) {
    const size_t at = test_random(seed) % len;
    const uint32_t how = test_random(seed) % 3u;
    if (how == 0u) {
      text[at] = odd[test_random(seed) % (sizeof odd - 1u)];
    } else if (how == 1u) {
      memmove(text + at, text + at + 1u, len - at - 1u);
      len--;
    } else {
      memmove(text + at + 1u, text + at, len - at);
      len++;
    }
  }
  return len;
}

#endif  // SMTPCORE_CORE_COMMAND_TESTING_H
