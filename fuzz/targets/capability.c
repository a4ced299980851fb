// Lines of an EHLO reply become the facts that their keywords name, whole and exact, and
// nothing else does: not the first line, not a word that only looks like a keyword.
//
// The input is a reply, a line each CRLF; what stands behind the first four octets of a
// line is its text, whatever it is. The facts are compared with the model, with and
// without quirks, with the letters in another case, with each line given twice, and with
// what our own server's lines say when it offers the same.
//
// Laws: MODEL, CODE, POLICY, ROUNDTRIP, CRLFOUT, WELLFORMED, COVER, PURE.
#include "smtpcore/capability.h"

#include <string.h>

#include "core/model/capability_model.h"
#include "fuzz/harness/block.h"
#include "fuzz/harness/choice.h"
#include "fuzz/harness/law.h"
#include "fuzz/harness/target.h"
#include "smtpcore/param.h"
#include "smtpcore/reply.h"
#include "smtpcore/write.h"

const unsigned fuzz_target_kind = FUZZ_KIND_REPLIES;

#define INPUT_MAX 2048u
#define PREFIX 4u
#define MODELLED 4u  // all of the first lines, and one in so many of the others

static uint8_t other[INPUT_MAX];

// facts are what the same lines say in each setting.
typedef struct facts {
  smtpc_capabilities plain;
  smtpc_capabilities quirky;  // quirk auth-equals
  unsigned number;            // of the line, from 1
  unsigned modelled;
} facts;

static bool same(const smtpc_capabilities *a, const smtpc_capabilities *b) {
  return memcmp(a, b, sizeof *a) == 0;
}

// ------------------------------------------------------------------- one line

// within returns whether all that `less` offers `more` offers too. Facts beside the
// extensions count but for `besides`, which are marks.
static bool within(const smtpc_capabilities *less,
                   const smtpc_capabilities *more, unsigned besides) {
  const unsigned marks = less->marks & ~(unsigned)more->marks & ~besides;
  return (less->offered & ~more->offered) == 0u &&
         (less->mechanisms & ~more->mechanisms) == 0u && marks == 0u &&
         ((unsigned)less->xclient & ~(unsigned)more->xclient) == 0u &&
         ((unsigned)less->xforward & ~(unsigned)more->xforward) == 0u &&
         ((unsigned)less->others & ~(unsigned)more->others) == 0u &&
         (less->rcpt_max == 0u || less->rcpt_max == more->rcpt_max) &&
         (less->mail_max == 0u || less->mail_max == more->mail_max) &&
         (less->domain_max == 0u || less->domain_max == more->domain_max);
}

static bool had(const smtpc_capabilities *caps, uint32_t offers) {
  return (caps->offered & offers) != 0u;
}

// check_first: the first value of a keyword stays.
static void check_first(const smtpc_capabilities *before,
                        const smtpc_capabilities *after) {
  FUZZ_MUST(CODE, within(before, after, 0u), "a line takes a fact away");
  FUZZ_MUST(CODE,
            !had(before, SMTPC_OFFERS(SIZE)) || before->size == after->size,
            "another SIZE takes the first one's place");
  FUZZ_MUST(
      CODE,
      !had(before, SMTPC_OFFERS(DELIVERBY)) || before->by_min == after->by_min,
      "another DELIVERBY takes the first one's place");
  FUZZ_MUST(CODE,
            !had(before, SMTPC_OFFERS(FUTURERELEASE)) ||
                (before->hold_for == after->hold_for &&
                 before->hold_until == after->hold_until),
            "another FUTURERELEASE takes the first one's place");
  FUZZ_MUST(CODE,
            !had(before, SMTPC_OFFERS(MT_PRIORITY)) ||
                before->profile == after->profile,
            "another MT-PRIORITY takes the first one's place");
}

// check_exact: what a line adds, it names: the whole word before its first space, and
// `AUTH=` with the quirk.
static void check_exact(const smtpc_capabilities *before,
                        const smtpc_capabilities *after, const uint8_t *text,
                        size_t len, bool quirk) {
  const uint32_t added = after->offered & ~before->offered;
  const uint8_t *const space = len > 0u ? memchr(text, ' ', len) : NULL;
  size_t word = space != NULL ? (size_t)(space - text) : len;
  FUZZ_MUST(CODE, (added & (added - (added != 0u ? 1u : 0u))) == 0u,
            "a line offers two extensions");
  for (unsigned id = 0u; id < SMTPC_EXTENSION_COUNT && added != 0u; id++) {
    if ((added >> id & 1u) == 0u) {
      continue;
    }
    const smtpc_extension_row row = smtpc_extension_get(id);
    if (quirk && id == SMTPC_EXTENSION_AUTH && word >= 5u && text[4] == '=') {
      word = 4u;
    }
    FUZZ_MUST(CODE, word == row.name_len, "%s is offered by %zu octets",
              row.name, word);
    for (size_t i = 0u; i < word; i++) {
      FUZZ_MUST(CODE, smtpc_upper(text[i]) == (uint8_t)row.name[i],
                "%s is offered by another word", row.name);
    }
  }
}

// add adds a line to `caps`, and checks what it may do.
static void add(smtpc_capabilities *caps, unsigned number, const uint8_t *line,
                size_t len, uint32_t quirks) {
  const smtpc_capabilities before = *caps;
  const size_t begin = len < PREFIX ? len : PREFIX;
  const bool quirk = (quirks & SMTPC_QUIRK_AUTH_EQUALS) != 0u;
  const smtpc_span text = smtpc_span_make(begin, len);
  smtpc_capability_line(caps, number, line, text, quirks);
  if (number < 2u) {
    FUZZ_MUST(CODE, same(caps, &before), "the first line offers something");
    return;
  }
  check_first(&before, caps);
  check_exact(&before, caps, line + begin, len - begin, quirk);
  FUZZ_MUST(CODE,
            quirk || ((caps->marks ^ before.marks) & SMTPC_CAPS_EQUALS) == 0u,
            "a quirk that is off is told");
  FUZZ_MUST(
      CODE,
      !had(caps, SMTPC_OFFERS(SIZE)) ||
          (caps->size > 0u) == ((caps->marks & SMTPC_CAPS_SIZE_LIMIT) != 0u),
      "a size of 0 is a limit");
  smtpc_capabilities twice = *caps;
  smtpc_capability_line(&twice, number, line, text, quirks);
  FUZZ_MUST(CODE, same(&twice, caps), "the same line says more when repeated");
  smtpc_capability_line(&twice, 1u, line, text, quirks);
  smtpc_capability_line(&twice, 0u, line, text, quirks);
  FUZZ_MUST(CODE, same(&twice, caps), "a first line offers something");
}

// check_case: the case of letters means nothing.
static void check_case(const smtpc_capabilities *before,
                       const smtpc_capabilities *after, unsigned number,
                       const uint8_t *line, size_t len) {
  smtpc_capabilities caps = *before;
  for (size_t i = 0u; i < len; i++) {
    other[i] = smtpc_is_alpha(line[i]) ? line[i] ^ 0x20u : line[i];
  }
  smtpc_capability_line(&caps, number, other,
                        smtpc_span_make(len < PREFIX ? len : PREFIX, len),
                        SMTPC_QUIRK_AUTH_EQUALS);
  FUZZ_MUST(CODE, same(&caps, after), "letters in another case say more");
}

static void check_model(facts *f, const uint8_t *text, size_t len,
                        const smtpc_capabilities *plain,
                        const smtpc_capabilities *quirky) {
  smtpc_capabilities want = *plain;
  smtpc_model_capability_line(&want, f->number, text, len, 0u);
  FUZZ_MUST(MODEL, same(&want, &f->plain),
            "offered %x, marks %u where the model has %x, %u", f->plain.offered,
            f->plain.marks, want.offered, want.marks);
  if (len < 5u || text[4] != '=') {
    return;
  }
  want = *quirky;
  smtpc_model_capability_line(&want, f->number, text, len,
                              SMTPC_QUIRK_AUTH_EQUALS);
  FUZZ_MUST(MODEL, same(&want, &f->quirky),
            "offered %x, marks %u where the model has %x, %u",
            f->quirky.offered, f->quirky.marks, want.offered, want.marks);
}

static void take_line(facts *f, const uint8_t *line, size_t len) {
  const smtpc_capabilities plain = f->plain;
  const smtpc_capabilities quirky = f->quirky;
  const size_t begin = len < PREFIX ? len : PREFIX;
  uint8_t *const block = fuzz_block(line, len);
  f->number++;
  // Quirks of other things mean nothing here.
  add(&f->plain, f->number, block, len,
      f->number % 2u == 0u ? 0u : ~(uint32_t)SMTPC_QUIRK_AUTH_EQUALS);
  add(&f->quirky, f->number, block, len,
      f->number % 2u == 0u ? SMTPC_QUIRK_AUTH_EQUALS : ~(uint32_t)0u);
  FUZZ_MUST(POLICY,
            within(&f->plain, &f->quirky, (unsigned)SMTPC_CAPS_MALFORMED),
            "a quirk that is on takes a fact away");
  check_case(&quirky, &f->quirky, f->number, block, len);
  if (f->number <= MODELLED || f->number % MODELLED == f->modelled) {
    check_model(f, block + begin, len - begin, &plain, &quirky);
  }
  fuzz_block_free(block, line, len);
}

// --------------------------------------------------------------------- and back

// spoken returns the facts that our own server would offer with the extension: what
// `smtpc_write_extension` leaves out is not among them.
static smtpc_capabilities spoken(const smtpc_capabilities *caps, unsigned id) {
  smtpc_capabilities want;
  smtpc_capability_init(&want);
  want.offered = (uint32_t)1 << id;
  if (id == SMTPC_EXTENSION_SIZE) {
    want.size = caps->size;
    want.marks = caps->size > 0u ? SMTPC_CAPS_SIZE_LIMIT : 0u;
  } else if (id == SMTPC_EXTENSION_AUTH) {
    want.mechanisms = caps->mechanisms & SMTPC_MECHS_SPOKEN;
  } else if (id == SMTPC_EXTENSION_DELIVERBY) {
    want.by_min = caps->by_min;
  } else if (id == SMTPC_EXTENSION_FUTURERELEASE) {
    want.hold_for = caps->hold_for;
    want.hold_until = caps->hold_until;
  } else if (id == SMTPC_EXTENSION_LIMITS) {
    want.rcpt_max = caps->rcpt_max;
    want.mail_max = caps->mail_max;
  } else if (id == SMTPC_EXTENSION_BURL) {
    want.marks = SMTPC_CAPS_BURL_IMAP;
  }
  for (unsigned k = 0u; k < SMTPC_ATTRIBUTE_COUNT; k++) {
    const unsigned verbs = smtpc_attribute_get(k).verbs;
    const uint16_t bit = (uint16_t)(1u << k);
    if (id == SMTPC_EXTENSION_XCLIENT &&
        verbs != SMTPC_ATTRIBUTE_VERBS_XFORWARD) {
      want.xclient |= bit;
    }
    if (id == SMTPC_EXTENSION_XFORWARD &&
        verbs != SMTPC_ATTRIBUTE_VERBS_XCLIENT) {
      want.xforward |= bit;
    }
  }
  return want;
}

// can_be_written returns whether the facts are enough for a line.
static bool can_be_written(const smtpc_capabilities *want, unsigned id) {
  bool can = true;
  if (id == SMTPC_EXTENSION_AUTH) {
    can = want->mechanisms != 0u;
  } else if (id == SMTPC_EXTENSION_FUTURERELEASE) {
    can = want->hold_for != 0u && want->hold_until != 0u;
  } else if (id == SMTPC_EXTENSION_LIMITS) {
    can = want->rcpt_max != 0u || want->mail_max != 0u;
  }
  return can;
}

// check_written: a line that is written parses back to the facts.
static void check_written(const smtpc_capabilities *want, unsigned id,
                          int last) {
  uint8_t line[SMTPC_OUT_MAX];
  size_t len = 9u;
  smtpc_reply reply;
  smtpc_span text = {0u, 0u};
  smtpc_capabilities back;
  smtpc_status status =
      smtpc_write_extension(line, sizeof line, &len, id, last, want);
  if (!can_be_written(want, id)) {
    FUZZ_MUST(MISUSE, status == SMTPC_E_ARGUMENT && len == 0u,
              "facts that are none are %s", smtpc_status_name(status));
    return;
  }
  FUZZ_MUST(ROUNDTRIP, status == SMTPC_OK, "extension %u is %s", id,
            smtpc_status_name(status));
  FUZZ_MUST(CRLFOUT,
            len >= 2u && smtpc_plain_run(line, 0u, len) == len - 2u &&
                memcmp(line + len - 2u, "\r\n", 2u) == 0,
            "a line of %zu octets has another end", len);
  smtpc_reply_init(&reply);
  status = smtpc_reply_line(&reply, line, len - 2u, 0, &text);
  FUZZ_MUST(WELLFORMED,
            status == SMTPC_OK && reply.code == 250u &&
                reply.done == (last != 0 ? 1u : 0u),
            "a line of our own is %s", smtpc_status_name(status));
  smtpc_capability_init(&back);
  smtpc_capability_line(&back, 2u, line, smtpc_span_make(PREFIX, len - 2u), 0u);
  FUZZ_MUST(ROUNDTRIP, same(&back, want),
            "extension %u is read as %x, marks %u", id, back.offered,
            back.marks);
}

static void check_round_trip(const smtpc_capabilities *caps) {
  for (unsigned id = 0u; id < SMTPC_EXTENSION_COUNT; id++) {
    if ((caps->offered >> id & 1u) != 0u) {
      const smtpc_capabilities want = spoken(caps, id);
      check_written(&want, id, (int)(id & 1u));
    }
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size > INPUT_MAX) {
    return -1;
  }
  fuzz_choice choice = fuzz_choice_of(data, size);
  facts f;
  memset(&f, 0x5a, sizeof f);
  smtpc_capability_init(&f.plain);
  smtpc_capability_init(&f.quirky);
  f.number = 0u;
  f.modelled = fuzz_choose(&choice, MODELLED);
  size_t at = 0u;
  while (at < size) {
    const uint8_t *const end = memchr(data + at, '\n', size - at);
    const size_t next = end != NULL ? (size_t)(end - data) : size;
    const bool crlf = end != NULL && next > at && data[next - 1u] == '\r';
    take_line(&f, data + at, next - at - (crlf ? 1u : 0u));
    at = next + 1u;
  }
  FUZZ_MUST(CODE, f.plain.reserved == 0u && f.quirky.reserved == 0u,
            "a field that is reserved is set");
  check_round_trip(&f.quirky);
  return 0;
}
