// A path, a mailbox, a domain and a literal are what the grammar says, whatever else is
// allowed, and a mailbox that is written is read as the same mailbox.
//
// The input is what stands behind `FROM:` or `TO:`: a path and perhaps more. It is read as
// a path, and as a mailbox, a domain and a literal of its own.
//
// Laws: MODEL, COVER, PURE, ROUNDTRIP, NORM, POLICY.
#include "smtpcore/path.h"

#include <string.h>

#include "core/model/path_model.h"
#include "fuzz/harness/block.h"
#include "fuzz/harness/choice.h"
#include "fuzz/harness/envelope.h"
#include "fuzz/harness/law.h"
#include "fuzz/harness/target.h"
#include "smtpcore/command.h"
#include "smtpcore/write.h"

const unsigned fuzz_target_kind = FUZZ_KIND_TOKENS;

#define INPUT_MAX 2048u
#define ALLOW_ALL 31u

// read is what one parse gave: a path, or a mailbox, and where it ends.
typedef struct read {
  smtpc_path path;
  smtpc_span rest;
  smtpc_status status;
} read;

static int same(const read *a, const read *b) {
  return a->status == b->status && a->rest.begin == b->rest.begin &&
         a->rest.end == b->rest.end &&
         memcmp(&a->path, &b->path, sizeof a->path) == 0;
}

static int is_zero(const smtpc_path *path) {
  static const smtpc_path none;
  return memcmp(path, &none, sizeof none) == 0;
}

// ---------------------------------------------------------------------- octets

// faults says which octets stand in the text that can be right nowhere.
typedef struct faults {
  int control;
  int high;
} faults;

static faults faults_of(const uint8_t *text, size_t len) {
  faults f = {0, 0};
  for (size_t i = 0u; i < len; i++) {
    f.control = f.control || text[i] < 32u || text[i] == 127u;
    f.high = f.high || text[i] > 127u;
  }
  return f;
}

// check_status: octets that are wrong anywhere are told before all else.
static void check_status(smtpc_status status, faults f, unsigned allow) {
  const int utf8 = (allow & SMTPC_ALLOW_UTF8) != 0u;
  FUZZ_MUST(INVARIANT,
            status == SMTPC_OK || smtpc_status_is_malformed(status) ||
                status == SMTPC_E_TOO_LONG,
            "a path is %s", smtpc_status_name(status));
  if (status == SMTPC_OK) {
    return;
  }
  FUZZ_MUST(NORM, (status == SMTPC_E_CONTROL) == (f.control != 0),
            "a control octet is told as %s", smtpc_status_name(status));
  FUZZ_MUST(NORM,
            f.control || (status == SMTPC_E_NON_ASCII) == (f.high && !utf8),
            "an octet beyond ASCII is told as %s", smtpc_status_name(status));
  FUZZ_MUST(NORM, status != SMTPC_E_UTF8 || (f.high && utf8),
            "ASCII is called bad UTF-8");
}

// --------------------------------------------------------------------- parsing

static read read_path(const uint8_t *text, size_t len, unsigned allow) {
  read r;
  memset(&r.path, 0xa5, sizeof r.path);
  r.rest = smtpc_span_make(0u, len);
  r.status = smtpc_path_parse(text, &r.rest, allow, &r.path);
  if (r.status != SMTPC_OK) {
    FUZZ_MUST(COVER, r.rest.begin == 0u && r.rest.end == len,
              "a refused path is taken off");
    FUZZ_MUST(COVER, is_zero(&r.path), "a refused path is not zero");
  }
  return r;
}

static read read_mailbox(const uint8_t *text, size_t len, unsigned allow) {
  read r;
  memset(&r.path, 0xa5, sizeof r.path);
  r.rest = smtpc_span_make(0u, 0u);
  r.status =
      smtpc_mailbox_parse(text, smtpc_span_make(0u, len), allow, &r.path);
  FUZZ_MUST(COVER, r.status == SMTPC_OK || is_zero(&r.path),
            "a refused mailbox is not zero");
  return r;
}

// check_parts: a mailbox has a local part and a domain, with one octet between them.
static void check_parts(const uint8_t *text, const smtpc_path *p) {
  FUZZ_MUST(COVER, p->kind != SMTPC_PATH_NONE && p->reserved == 0u,
            "a path of no kind");
  if (p->kind == SMTPC_PATH_NULL) {
    FUZZ_MUST(COVER,
              smtpc_span_len(p->whole) == 2u &&
                  smtpc_span_len(p->local) == 0u &&
                  smtpc_span_len(p->domain) == 0u,
              "the null path has parts");
    return;
  }
  FUZZ_MUST(COVER,
            p->whole.begin <= p->local.begin && p->local.begin < p->local.end &&
                p->local.end <= p->whole.end,
            "a local part is not in its path");
  FUZZ_MUST(BOUNDS,
            smtpc_span_len(p->whole) <= SMTPC_PATH_MAX &&
                smtpc_span_len(p->local) <= SMTPC_LOCAL_PART_MAX &&
                smtpc_span_len(p->domain) <= SMTPC_DOMAIN_MAX,
            "a path is too long");
  if (p->kind != SMTPC_PATH_MAILBOX) {
    return;
  }
  FUZZ_MUST(COVER,
            p->domain.begin == p->local.end + 1u && text[p->local.end] == '@' &&
                p->domain.begin < p->domain.end &&
                p->domain.end <= p->whole.end,
            "a domain is not behind its local part");
  FUZZ_MUST(COVER, p->host != SMTPC_HOST_NONE, "a mailbox without a host");
  FUZZ_MUST(COVER,
            (p->host == SMTPC_HOST_NAME) == (text[p->domain.begin] != '['),
            "a literal is a name");
}

static void check_path(const uint8_t *text, size_t len, unsigned allow,
                       const read *r) {
  smtpc_path want;
  size_t want_len = 0u;
  const bool good = model_path(text, len, allow, &want, &want_len);
  FUZZ_MUST(MODEL, good == (r->status == SMTPC_OK),
            "the model %s a path that is %s", good ? "takes" : "refuses",
            smtpc_status_name(r->status));
  FUZZ_MUST(MODEL, memcmp(&want, &r->path, sizeof want) == 0,
            "the model reads another path");
  FUZZ_MUST(MODEL, r->rest.begin == want_len, "a path of %u octets, not %zu",
            r->rest.begin, want_len);
  if (good) {
    FUZZ_MUST(COVER, r->rest.end == len && r->path.whole.end == want_len,
              "a path ends elsewhere");
    FUZZ_MUST(COVER, want_len == len || text[want_len] == ' ',
              "a path is followed by something");
    check_parts(text, &r->path);
  }
}

static void check_mailbox(const uint8_t *text, size_t len, unsigned allow,
                          const read *r) {
  smtpc_path want;
  const bool good = model_mailbox(text, len, allow, &want);
  FUZZ_MUST(MODEL, good == (r->status == SMTPC_OK),
            "the model %s a mailbox that is %s", good ? "takes" : "refuses",
            smtpc_status_name(r->status));
  FUZZ_MUST(MODEL, memcmp(&want, &r->path, sizeof want) == 0,
            "the model reads another mailbox");
  if (good) {
    FUZZ_MUST(COVER, r->path.domain.end == len, "a mailbox ends elsewhere");
    check_parts(text, &r->path);
  }
}

// ----------------------------------------------------------------------- hosts

static void check_hosts(const uint8_t *text, size_t len) {
  const smtpc_span all = smtpc_span_make(0u, len);
  uint8_t host = 99u;
  const smtpc_status ascii = smtpc_domain_parse(text, all, 0u);
  const smtpc_status utf8 = smtpc_domain_parse(text, all, SMTPC_ALLOW_UTF8);
  const smtpc_status literal = smtpc_literal_parse(text, all, &host);
  FUZZ_MUST(MODEL, model_domain(text, len, false) == (ascii == SMTPC_OK),
            "a domain is %s", smtpc_status_name(ascii));
  FUZZ_MUST(MODEL, model_domain(text, len, true) == (utf8 == SMTPC_OK),
            "a domain of UTF-8 is %s", smtpc_status_name(utf8));
  FUZZ_MUST(POLICY, ascii != SMTPC_OK || utf8 == SMTPC_OK,
            "SMTPUTF8 refuses a domain");
  FUZZ_MUST(MODEL, host == model_literal(text, len), "a literal of kind %u",
            host);
  FUZZ_MUST(COVER, (literal == SMTPC_OK) == (host != SMTPC_HOST_NONE),
            "a literal of kind %u is %s", host, smtpc_status_name(literal));
  FUZZ_MUST(COVER, literal == SMTPC_OK || literal == SMTPC_E_ADDRESS_LITERAL,
            "a literal is %s", smtpc_status_name(literal));
}

// ------------------------------------------------------------------- relations

// check_more: what is taken is taken with more allowed, and is the same.
static void check_more(const read *less, const read *more, unsigned added) {
  FUZZ_MUST(POLICY, less->status != SMTPC_OK || same(less, more),
            "with %x allowed too a path is another one", added);
  FUZZ_MUST(POLICY,
            more->status != SMTPC_OK || less->status == SMTPC_OK || added != 0u,
            "the same path is refused");
}

// check_marks: what a path needed to be allowed is told.
static void check_marks(const read *r, unsigned allow) {
  const unsigned marks = r->path.marks;
  const unsigned kind = r->path.kind;
  FUZZ_MUST(POLICY,
            (marks & SMTPC_MARK_UTF8) == 0u || (allow & SMTPC_ALLOW_UTF8) != 0u,
            "UTF-8 is taken where it is not allowed");
  FUZZ_MUST(
      POLICY,
      (marks & SMTPC_MARK_SPACE) == 0u || (allow & SMTPC_ALLOW_SPACE) != 0u,
      "a space is taken where it is not allowed");
  FUZZ_MUST(POLICY,
            (marks & SMTPC_MARK_BARE) == 0u || (allow & SMTPC_ALLOW_BARE) != 0u,
            "a bare path is taken where it is not allowed");
  FUZZ_MUST(POLICY, kind != SMTPC_PATH_NULL || (allow & SMTPC_ALLOW_NULL) != 0u,
            "the null path is taken where it is not allowed");
  FUZZ_MUST(
      POLICY,
      kind != SMTPC_PATH_POSTMASTER || (allow & SMTPC_ALLOW_POSTMASTER) != 0u,
      "Postmaster is taken where it is not allowed");
}

// check_round_trip writes the mailbox of `r` into RCPT, and reads that.
static void check_round_trip(const uint8_t *text, const read *r) {
  static const smtpc_params none;
  fuzz_envelope e;
  uint8_t out[SMTPC_OUT_MAX];
  size_t len = 0u;
  smtpc_command back;
  smtpc_status status = SMTPC_OK;
  fuzz_envelope_of(&e, text, &r->path, &none);
  if (r->path.kind == SMTPC_PATH_NULL) {
    status = smtpc_write_mail(out, sizeof out, &len, &e.envelope);
  } else {
    status = smtpc_write_rcpt(out, sizeof out, &len, &e.envelope, 1);
  }
  FUZZ_MUST(ROUNDTRIP, status == SMTPC_OK && len > 2u,
            "a path that was taken cannot be written: %s",
            smtpc_status_name(status));
  uint8_t *const block = fuzz_block(out, len - 2u);
  status =
      smtpc_command_parse(block, len - 2u, SMTPC_OFFERS(SMTPUTF8), 0u, &back);
  FUZZ_MUST(ROUNDTRIP, status == SMTPC_OK, "a path that was written is %s",
            smtpc_status_name(status));
  FUZZ_MUST(ROUNDTRIP, fuzz_same_path(text, &r->path, block, &back.path) != 0,
            "a path that was written is another one");
  fuzz_block_free(block, out, len - 2u);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_choice choice = fuzz_choice_of(data, size);
  if (size > INPUT_MAX) {
    return -1;
  }
  const unsigned allow = fuzz_choose(&choice, ALLOW_ALL + 1u);
  const faults f = faults_of(data, size);
  uint8_t *const text = fuzz_block(data, size);
  const read all = read_path(text, size, ALLOW_ALL);
  const read some = read_path(text, size, allow);
  const read mailbox = read_mailbox(text, size, ALLOW_ALL);
  const read ascii = read_mailbox(text, size, 0u);
  check_status(all.status, f, ALLOW_ALL);
  check_status(some.status, f, allow);
  check_status(mailbox.status, f, ALLOW_ALL);
  check_status(ascii.status, f, 0u);
  check_path(text, size, ALLOW_ALL, &all);
  check_path(text, size, allow, &some);
  check_mailbox(text, size, ALLOW_ALL, &mailbox);
  check_mailbox(text, size, 0u, &ascii);
  check_hosts(text, size);
  check_more(&some, &all, ALLOW_ALL & ~allow);
  check_more(&ascii, &mailbox, SMTPC_ALLOW_UTF8);
  check_marks(&some, allow);
  check_marks(&ascii, 0u);
  if (all.status == SMTPC_OK) {
    const read again = read_path(text, size, ALLOW_ALL);
    FUZZ_MUST(PURE, same(&all, &again), "the same path is another one");
    check_round_trip(text, &all);
  }
  fuzz_block_free(text, data, size);
  return 0;
}
