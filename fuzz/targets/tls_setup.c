// Whatever a TLS context is made of, and whenever memory ends, each call says what its
// contract says, changes nothing when it refuses, and leaves nothing behind.
//
// The input is text: a line is a call of shim/boringssl, and its words stand for octets
// (fuzz/tls/setup.h): certificates and keys that are good, of each other, broken, under a
// pass phrase or too many; files that cannot be read; names, dates, lists of ciphers;
// two engines of the context that talk to each other; digests, HMAC, PBKDF2 and SCRAM.
//
//     roots cert:authority
//     identity cert:good key:good
//     talk mx.b.example 1 1.2
//     starve 0 64 identity cert:wildcard key:wildcard
//
// `starve FROM COUNT` before a call makes it again and again: the allocation after FROM
// others fails, then the next, until none does or COUNT were tried.
//
// What the shim says is compared with a second opinion: PEM that is read by another way,
// digests from their definitions, what is known of the identities. Laws: MODEL, INVARIANT,
// NOOP, MISUSE, BOUNDS, POLICY, SECRET, PURE, FAILSTOP, TERMINAL, EPOCH, ONEWAY, ROUNDTRIP.
#include <openssl/err.h>
#include <string.h>

#include "fuzz/harness/law.h"
#include "fuzz/harness/target.h"
#include "fuzz/tls/memory.h"
#include "fuzz/tls/random.h"
#include "fuzz/tls/setup.h"
#include "fuzz/tls/system.h"

const unsigned fuzz_target_kind = FUZZ_KIND_TOKENS;

#define INPUT_MAX 16384u
#define LINES_MAX 48u
#define COUNT_MAX 64u
// What all calls of an input may cost. Most cost 1, and a handshake 4 times as much.
#define WORK_MAX 96u

static int run(const setup_line *line) {
  return setup_context_line(line) != 0 || setup_engine_line(line) != 0 ||
         setup_digest_line(line) != 0 || setup_strange_line(line) != 0;
}

static size_t cost_of(const setup_line *line) {
  static const struct {
    const char *word;
    size_t cost;
  } rows[] = {{"talk", 4u}, {"foreign", 4u}, {"early", 8u}, {"flood", 90u}};
  for (size_t i = 0u; i < sizeof rows / sizeof rows[0]; i++) {
    if (strcmp(line->words[0], rows[i].word) == 0) {
      return rows[i].cost;
    }
  }
  return 1u;
}

// Each returns what a line has cost, at most `most`. One that would cost more is left
// out.
static size_t call(const setup_line *line, size_t most) {
  const size_t cost = cost_of(line);
  if (cost > most) {
    return 0u;
  }
  (void)run(line);
  return cost;
}

static size_t starve(const setup_line *line, size_t most) {
  const setup_line what = setup_skip(line, 3u);
  const size_t from = (size_t)setup_number(line->words[1], SIZE_MAX / 2u);
  const size_t count = (size_t)setup_number(line->words[2], COUNT_MAX);
  size_t work = 0u;
  size_t before = setup_failures - 1u;
  for (size_t i = 0u; i < count && before != setup_failures; i++) {
    setup_hunger.skip = from + i;
    setup_hunger.count = 1u;
    before = setup_failures;
    work += call(&what, most - work);
  }
  setup_hunger.count = 0u;
  return work;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  setup_line line;
  size_t work = 0u;
  if (size > INPUT_MAX) {
    return -1;
  }
  setup_prepare();
  tls_random_reset(0u);
  tls_system_open(SETUP_CLOCK);
  setup_failures = 1u;
  tls_memory_mark();
  setup_begin(data, size);
  setup_context_begin();
  for (size_t i = 0u; i < LINES_MAX && setup_next(&line) != 0; i++) {
    work += strcmp(line.words[0], "starve") == 0
                ? starve(&line, WORK_MAX - work)
                : call(&line, WORK_MAX - work);
  }
  setup_context_end();
  tls_system_shut();
  FUZZ_MUST(BOUNDS, tls_memory_since() == setup_leaked,
            "%zu blocks of the library's heap are never freed",
            tls_memory_since());
  return 0;
}
