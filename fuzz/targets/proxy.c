// A PROXY header means what the reference says it means, in whatever pieces it comes.
//
// The input is a header: version 1 with or without its CRLF, or the block of version 2,
// and perhaps octets behind it. The same octets are also taken for the attributes of
// XCLIENT and XFORWARD.
//
// Laws: MODEL, COVER, SPLIT, PURE, BOUNDS, SECRET.
#include "smtpcore/proxy.h"

#include <string.h>

#include "core/model/proxy_model.h"
#include "fuzz/harness/block.h"
#include "fuzz/harness/choice.h"
#include "fuzz/harness/law.h"
#include "fuzz/harness/target.h"
#include "smtpcore/command.h"
#include "smtpcore/line.h"

const unsigned fuzz_target_kind = FUZZ_KIND_TOKENS;

static const smtpc_proxy nobody;

// A whole header: the core and the model agree on what it says.
static smtpc_status parse(const uint8_t *data, size_t len, smtpc_proxy *out) {
  smtpc_proxy again;
  smtpc_proxy want;
  uint8_t *block = fuzz_block(data, len);
  const smtpc_status status = smtpc_proxy_parse(block, len, out);
  FUZZ_MUST(PURE, smtpc_proxy_parse(block, len, &again) == status,
            "the same header is another one");
  FUZZ_MUST(MODEL, model_proxy(block, len, &want) == (status == SMTPC_OK),
            "the model does not agree: %s", smtpc_status_name(status));
  fuzz_block_free(block, data, len);
  FUZZ_MUST(MODEL, memcmp(out, &want, sizeof want) == 0,
            "the model reads other addresses");
  FUZZ_MUST(PURE, memcmp(out, &again, sizeof again) == 0,
            "the same header has other addresses");
  FUZZ_MUST(COVER,
            status == SMTPC_OK || memcmp(out, &nobody, sizeof nobody) == 0,
            "a header that is none says something");
  FUZZ_MUST(INVARIANT,
            smtpc_status_is_misuse(status) == 0 &&
                smtpc_status_is_internal(status) == 0,
            "a header is %s", smtpc_status_name(status));
  return status;
}

// What was read is of one of the two versions, within their limits.
static void check_meaning(const smtpc_proxy *proxy, size_t len) {
  FUZZ_MUST(COVER, proxy->version == 1u || proxy->version == 2u, "version %u",
            proxy->version);
  FUZZ_MUST(BOUNDS,
            len <= (proxy->version == 1u ? SMTPC_PROXY_V1_MAX - 2u
                                         : SMTPC_PROXY_V2_MAX),
            "a header of %zu octets", len);
  FUZZ_MUST(COVER, proxy->version == 2u || proxy->local == 0u,
            "version 1 speaks for itself");
  // One of two IPv6 addresses may stand for an IPv4 address, and then is one.
  FUZZ_MUST(COVER,
            (proxy->source.family == 0u) == (proxy->destination.family == 0u),
            "one address in a header");
  FUZZ_MUST(COVER,
            proxy->source.family != 0u ||
                (proxy->source_port == 0u && proxy->destination_port == 0u),
            "ports without addresses");
}

// ------------------------------------------------------------ by assembler

// Takes a block of version 2 from pieces, as a session does: first its head, which says
// how long it is. Returns whether a block was held whole.
static int take_block(smtpc_line *line, const uint8_t *data, size_t len,
                      fuzz_choice *choice, size_t *out_taken) {
  size_t want = SMTPC_PROXY_V2_HEAD;
  *out_taken = 0u;
  while (*out_taken < len) {
    const size_t left = len - *out_taken;
    size_t piece = 1u + fuzz_choose(choice, 24u);
    size_t used = 0u;
    piece = piece < left ? piece : left;
    uint8_t *block = fuzz_block(data + *out_taken, piece);
    const smtpc_status status =
        smtpc_line_take(line, want, block, piece, &used);
    fuzz_block_free(block, data + *out_taken, piece);
    FUZZ_MUST(COVER, used <= piece, "%zu octets taken of %zu", used, piece);
    *out_taken += used;
    FUZZ_MUST(COVER, *out_taken <= want, "more taken than wanted");
    if (status == SMTPC_OK && want > SMTPC_PROXY_V2_HEAD) {
      return 1;
    }
    if (status == SMTPC_OK) {
      const smtpc_status size = smtpc_proxy_v2_size(line->data, &want);
      FUZZ_MUST(COVER, (size == SMTPC_OK) == (want != 0u),
                "a size of %zu with %s", want, smtpc_status_name(size));
      FUZZ_MUST(BOUNDS, want <= SMTPC_PROXY_V2_MAX, "a size of %zu", want);
      if (size != SMTPC_OK || want == SMTPC_PROXY_V2_HEAD) {
        return size == SMTPC_OK;
      }
    }
  }
  return 0;
}

// Law SPLIT: the block that comes out of pieces is the first octets of the input.
static void try_block(const uint8_t *data, size_t len, fuzz_choice *choice) {
  static smtpc_line line;
  static const uint8_t zeros[SMTPC_PROXY_V2_MAX];
  size_t taken = 0u;
  if (take_block(&line, data, len, choice, &taken) != 0) {
    smtpc_proxy pieces;
    smtpc_proxy whole;
    FUZZ_MUST(SPLIT, memcmp(line.data, data, taken) == 0,
              "pieces make another block");
    (void)parse(line.data, taken, &pieces);
    (void)parse(data, taken, &whole);
    FUZZ_MUST(SPLIT, memcmp(&pieces, &whole, sizeof whole) == 0,
              "pieces make another header");
  }
  smtpc_line_next(&line);
  FUZZ_MUST(DRAIN, smtpc_line_is_empty(&line) != 0, "the block is still held");
  FUZZ_MUST(SECRET, memcmp(line.data, zeros, sizeof zeros) == 0,
            "octets of the block stay behind it");
}

// --------------------------------------------------------------- attributes

static void check_attributes(const uint8_t *line,
                             const smtpc_command *command) {
  for (unsigned id = 0u; id < SMTPC_ATTRIBUTE_COUNT; id++) {
    const smtpc_span value = smtpc_attribute_find(line, command->argument, id);
    const int there = (command->attributes >> id & 1u) != 0u;
    FUZZ_MUST(COVER,
              value.begin <= value.end && value.end <= command->argument.end,
              "an attribute's value lies outside");
    FUZZ_MUST(COVER,
              smtpc_span_len(value) == 0u ||
                  (there != 0 && value.begin > command->argument.begin &&
                   line[value.begin - 1u] == '='),
              "attribute %u has a value that is not there", id);
    FUZZ_MUST(CRLFOUT,
              smtpc_span_len(value) == 0u ||
                  smtpc_xtext_check(line, value) == SMTPC_OK,
              "attribute %u is no xtext", id);
  }
}

static void try_attributes(const uint8_t *data, size_t len) {
  static const char *const verbs[] = {"XCLIENT ", "XFORWARD "};
  uint8_t line[1024];
  for (size_t i = 0u; i < 2u; i++) {
    const size_t head = strlen(verbs[i]);
    smtpc_command command;
    if (head + len > sizeof line || memchr(data, 0, len) != NULL ||
        memchr(data, '\r', len) != NULL || memchr(data, '\n', len) != NULL) {
      return;
    }
    memcpy(line, verbs[i], head);
    memcpy(line + head, data, len);
    uint8_t *block = fuzz_block(line, head + len);
    if (smtpc_command_parse(block, head + len, UINT32_MAX, 0u, &command) ==
        SMTPC_OK) {
      FUZZ_MUST(COVER, command.attributes != 0u, "a command of no attributes");
      check_attributes(block, &command);
    } else {
      FUZZ_MUST(NOOP, command.attributes == 0u,
                "a command that is none has attributes");
    }
    fuzz_block_free(block, line, head + len);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  smtpc_proxy proxy;
  fuzz_choice choice = fuzz_choice_of(data, size);
  if (size == 0u || size > 1024u) {
    return -1;
  }
  const unsigned version = smtpc_proxy_version(data[0]);
  FUZZ_MUST(MODEL,
            version == (data[0] == 'P'    ? 1u
                        : data[0] == '\r' ? 2u
                                          : 0u),
            "an octet %02x begins version %u", data[0], version);
  if (parse(data, size, &proxy) == SMTPC_OK) {
    check_meaning(&proxy, size);
    FUZZ_MUST(COVER, proxy.version == version, "another version was read");
  }
  // A line of version 1 comes without its CRLF.
  if (size > 2u && memcmp(data + size - 2u, "\r\n", 2u) == 0) {
    (void)parse(data, size - 2u, &proxy);
  }
  try_block(data, size, &choice);
  try_attributes(data, size);
  return 0;
}
