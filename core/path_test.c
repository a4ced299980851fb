// Path: golden cases beside their refused neighbours, every limit and one past
// it, and equality with `core/model/path_model.h` over small alphabets and over
// generated and mutated paths.
#include "smtpcore/path.h"

#include <stdlib.h>
#include <string.h>

#include "core/model/path_model.h"
#include "core/testing.h"

#define ALLOW_ALL                                                 \
  (SMTPC_ALLOW_NULL | SMTPC_ALLOW_POSTMASTER | SMTPC_ALLOW_UTF8 | \
   SMTPC_ALLOW_SPACE | SMTPC_ALLOW_BARE)
#define BOTH (SMTPC_ALLOW_NULL | SMTPC_ALLOW_POSTMASTER)

// ---------------------------------------------------------- compare with model

static bool same_span(smtpc_span a, smtpc_span b) {
  return a.begin == b.begin && a.end == b.end;
}

static bool same_path(const smtpc_path *a, const smtpc_path *b) {
  return same_span(a->whole, b->whole) && same_span(a->local, b->local) &&
         same_span(a->domain, b->domain) && same_span(a->fax, b->fax) &&
         a->kind == b->kind && a->host == b->host && a->marks == b->marks &&
         a->reserved == b->reserved;
}

static void print_path(const char *name, const smtpc_path *p) {
  print_error(
      "  %s: whole %u-%u local %u-%u domain %u-%u fax %u-%u kind %u "
      "host %u marks %u\n",
      name, p->whole.begin, p->whole.end, p->local.begin, p->local.end,
      p->domain.begin, p->domain.end, p->fax.begin, p->fax.end, p->kind,
      p->host, p->marks);
}

static void print_text(const uint8_t *text, size_t len) {
  print_error("  text: ");
  for (size_t i = 0u; i < len; i++) {
    print_error(text[i] >= 32u && text[i] < 127u ? "%c" : "\\x%02x", text[i]);
  }
  print_error("\n");
}

// The status classes are promises too: an octet that is wrong as such is named
// before any grammar.
static bool octet_status_fits(const uint8_t *text, size_t len, unsigned allow,
                              smtpc_status status) {
  bool control = false;
  bool high = false;
  for (size_t i = 0u; i < len; i++) {
    control = control || text[i] < 32u || text[i] == 127u;
    high = high || text[i] > 127u;
  }
  const bool utf8 = (allow & SMTPC_ALLOW_UTF8) != 0u;
  if (control) {
    return status == SMTPC_E_CONTROL;
  }
  if (high && !utf8) {
    return status == SMTPC_E_NON_ASCII;
  }
  return status != SMTPC_E_CONTROL && status != SMTPC_E_NON_ASCII &&
         (status != SMTPC_E_UTF8 || high);
}

// compare_path runs both on an exact-size copy: was the path taken?
static bool compare_path(const uint8_t *text, size_t len, unsigned allow) {
  static const smtpc_path zero;
  uint8_t *const copy = test_copy(text, len);
  smtpc_path have;
  smtpc_path want;
  size_t want_len = 0u;
  memset(&have, 0xa5, sizeof have);
  smtpc_span rest = smtpc_span_make(0u, len);
  const smtpc_status status = smtpc_path_parse(copy, &rest, allow, &have);
  const bool taken = model_path(copy, len, allow, &want, &want_len);
  bool ok = (status == SMTPC_OK) == taken && same_path(&have, &want) &&
            rest.begin == want_len && rest.end == len;
  if (taken && want.kind == SMTPC_PATH_MAILBOX) {
    ok = ok && have.local.begin < have.local.end &&
         have.domain.begin < have.domain.end && have.host != SMTPC_HOST_NONE;
  }
  if (!taken) {
    ok = ok && same_path(&have, &zero) &&
         octet_status_fits(copy, len, allow, status) &&
         (smtpc_status_is_malformed(status) || smtpc_status_is_limit(status));
  }
  if (!ok) {
    print_error("path: status %s, model %s, allow %u\n",
                smtpc_status_name(status), taken ? "takes it" : "refuses it",
                allow);
    print_text(copy, len);
    print_path("have", &have);
    print_path("want", &want);
    fail();
  }
  free(copy);
  return taken;
}

static void compare_mailbox(const uint8_t *text, size_t len, unsigned allow) {
  uint8_t *const copy = test_copy(text, len);
  smtpc_path have;
  smtpc_path want;
  const smtpc_status status =
      smtpc_mailbox_parse(copy, smtpc_span_make(0u, len), allow, &have);
  const bool taken = model_mailbox(copy, len, allow, &want);
  if ((status == SMTPC_OK) != taken || !same_path(&have, &want)) {
    print_error("mailbox: status %s\n", smtpc_status_name(status));
    print_text(copy, len);
    print_path("have", &have);
    print_path("want", &want);
    fail();
  }
  free(copy);
}

static bool compare_domain(const uint8_t *text, size_t len, bool utf8) {
  uint8_t *const copy = test_copy(text, len);
  const unsigned allow = utf8 ? SMTPC_ALLOW_UTF8 : 0u;
  const smtpc_status status =
      smtpc_domain_parse(copy, smtpc_span_make(0u, len), allow);
  const bool taken = model_domain(copy, len, utf8);
  if ((status == SMTPC_OK) != taken) {
    print_error("domain: status %s\n", smtpc_status_name(status));
    print_text(copy, len);
    fail();
  }
  free(copy);
  return taken;
}

static bool compare_literal(const uint8_t *text, size_t len) {
  uint8_t *const copy = test_copy(text, len);
  uint8_t have = 99u;
  const smtpc_status status =
      smtpc_literal_parse(copy, smtpc_span_make(0u, len), &have);
  const unsigned want = model_literal(copy, len);
  if (have != want || (status == SMTPC_OK) != (want != SMTPC_HOST_NONE) ||
      (status != SMTPC_OK && status != SMTPC_E_ADDRESS_LITERAL)) {
    print_error("literal: have %u, want %u, status %s\n", have, want,
                smtpc_status_name(status));
    print_text(copy, len);
    fail();
  }
  free(copy);
  return want != SMTPC_HOST_NONE;
}

// every calls `each` with all strings of `alphabet` up to `max` octets long,
// with `before` and `after` around them, and returns how many `each` returned
// true for.
typedef bool (*each_text)(const uint8_t *text, size_t len);

static size_t every(const char *before, const char *alphabet, size_t max,
                    const char *after, each_text each) {
  const size_t base = strlen(alphabet);
  const size_t front = strlen(before);
  const size_t back = strlen(after);
  uint8_t text[64];
  size_t taken = 0u;
  memcpy(text, before, front);
  for (size_t len = 0u; len <= max; len++) {
    size_t count = 1u;
    for (size_t k = 0u; k < len; k++) {
      count *= base;
    }
    memcpy(text + front + len, after, back);
    for (size_t n = 0u; n < count; n++) {
      size_t left = n;
      for (size_t k = 0u; k < len; k++) {
        text[front + k] = (uint8_t)alphabet[left % base];
        left /= base;
      }
      taken += each(text, front + len + back) ? 1u : 0u;
    }
  }
  return taken;
}

// ------------------------------------------------------------------ exhaustive

static bool path_strict(const uint8_t *text, size_t len) {
  return compare_path(text, len, BOTH);
}

static bool path_all(const uint8_t *text, size_t len) {
  return compare_path(text, len, ALLOW_ALL);
}

static bool domain_ascii(const uint8_t *text, size_t len) {
  return compare_domain(text, len, false);
}

static bool domain_utf8(const uint8_t *text, size_t len) {
  return compare_domain(text, len, true);
}

static void test_path_equals_model_on_every_short_inner_path(void **state) {
  (void)state;
  assert_true(every("<", "a@.\"\\ >", 6u, ">", path_strict) > 50u);
  assert_true(every("<@", "a@,:", 9u, ">", path_strict) > 20u);
}

static void test_path_equals_model_on_every_short_text(void **state) {
  (void)state;
  assert_true(every("", "<>a@ \"", 7u, "", path_all) > 50u);
}

static void test_path_equals_model_on_every_octet(void **state) {
  (void)state;
  static const char *const frames[][2] = {
      {"<", "@b>"},       {"<a", "c@b>"},     {"<\"", "\"@b>"},
      {"<\"\\", "\"@b>"}, {"<a@", ">"},       {"<a@b", "c>"},
      {"<a@b.", ">"},     {"<a@b>", ""},      {"", "<a@b>"},
      {"<a@[x:", "]>"},   {"<a@[", ":x]>"},   {"<a@[IPv6:::", "]>"},
      {"<@b", ":a@c>"},   {"<FAX=1", "2@b>"}, {"<FAX=", "2@b>"},
  };
  for (size_t f = 0u; f < sizeof frames / sizeof frames[0]; f++) {
    for (unsigned c = 0u; c < 256u; c++) {
      uint8_t text[32];
      const size_t front = strlen(frames[f][0]);
      const size_t back = strlen(frames[f][1]);
      memcpy(text, frames[f][0], front);
      text[front] = (uint8_t)c;
      memcpy(text + front + 1u, frames[f][1], back);
      compare_path(text, front + 1u + back, BOTH);
      compare_path(text, front + 1u + back, ALLOW_ALL);
    }
  }
}

static void test_domain_equals_model_on_every_short_text(void **state) {
  (void)state;
  assert_true(every("", "a-._Z", 7u, "", domain_ascii) > 1000u);
  assert_true(every("", "a-.\xc3\xa9\xff", 6u, "", domain_utf8) > 100u);
}

static void test_literal_equals_model_on_every_short_text(void **state) {
  (void)state;
  assert_true(every("[IPv6:", "1:.", 10u, "]", compare_literal) > 10u);
  assert_true(every("[IPv6:1:2:3:", "a:.g", 8u, "]", compare_literal) > 10u);
  assert_true(every("[IPv6:1:2:3:4:", "5:", 12u, "]", compare_literal) > 10u);
  assert_true(every("[1.2.", "025.", 8u, "]", compare_literal) > 100u);
  assert_true(every("[", "a-:[\\]1", 6u, "]", compare_literal) > 100u);
  assert_true(every("", "[1]:", 7u, "", compare_literal) > 10u);
}

static void test_path_equals_model_on_every_utf8_boundary(void **state) {
  (void)state;
  static const uint8_t firsts[] = {0x41, 0x7f, 0x80, 0xbf, 0xc0, 0xc1, 0xc2,
                                   0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef,
                                   0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff};
  static const uint8_t nexts[] = {0x41, 0x7f, 0x80, 0x8f, 0x90,
                                  0x9f, 0xa0, 0xbf, 0xc0};
  for (size_t a = 0u; a < sizeof firsts; a++) {
    for (size_t b = 0u; b < sizeof nexts; b++) {
      for (size_t c = 0u; c < sizeof nexts; c++) {
        for (size_t d = 0u; d < sizeof nexts; d++) {
          const uint8_t x[4] = {firsts[a], nexts[b], nexts[c], nexts[d]};
          for (size_t n = 1u; n <= 4u; n++) {
            uint8_t text[16] = {'<'};
            memcpy(text + 1, x, n);
            memcpy(text + 1 + n, "@b>", 3u);
            compare_path(text, n + 4u, SMTPC_ALLOW_UTF8);
            compare_domain(x, n, true);
          }
        }
      }
    }
  }
}

// ------------------------------------------------------------------- generated

static size_t put(uint8_t *text, size_t at, const char *piece) {
  memcpy(text + at, piece, strlen(piece));
  return at + strlen(piece);
}

static size_t put_one(uint8_t *text, size_t at, uint64_t *seed,
                      const char *const *pieces, size_t count) {
  return put(text, at, pieces[test_random(seed) % count]);
}

#define PUT_ONE(pieces) \
  at = put_one(text, at, seed, pieces, sizeof(pieces) / sizeof((pieces)[0]))

static size_t make_path(uint8_t *text, uint64_t *seed) {
  static const char *const spaces[] = {"", "", "", "", " "};
  static const char *const opens[] = {"<", "<", "<", "<", "", "<<"};
  static const char *const routes[] = {
      "", "", "", "", "@a:", "@a,@b.c:", "@a,b:", "@[1.2.3.4]:"};
  static const char *const locals[] = {"a",
                                       "john.doe",
                                       "\"a b\"",
                                       "\"a\\\"b\"",
                                       "\"a>b\"",
                                       "a..b",
                                       "FAX=+1-2.3",
                                       "fax=12/T33S=6",
                                       "FAX=+",
                                       "Postmaster",
                                       "a+b=c",
                                       "\"\"",
                                       "\xc3\xa9",
                                       "\"\xe2\x82\xac\"",
                                       "a%b!c",
                                       "\"@\"",
                                       "$(id)",
                                       "a\"b\"c",
                                       "\"\\\xc3\xa9\""};
  static const char *const hosts[] = {"b",
                                      "example.com",
                                      "a-b.c",
                                      "b.",
                                      "-b",
                                      "[1.2.3.4]",
                                      "[IPv6:::1]",
                                      "[ipv6:1::2:3]",
                                      "[x-y:z]",
                                      "[256.1.1.1]",
                                      "[12297829388247330440.1.1.1]",
                                      "[IPv6:1:2:3:4:5:6:7:8]",
                                      "[IPv6:::ffff:1.2.3.4]",
                                      "b_c",
                                      "\xc3\xa9.de",
                                      "[IPv6:1::2::3]",
                                      "xn--4ca.de"};
  static const char *const closes[] = {">", ">", ">", ">", "", ">>"};
  static const char *const tails[] = {"", "", " SIZE=1", "SIZE=1", " ", "\t"};
  size_t at = 0u;
  PUT_ONE(spaces);
  PUT_ONE(opens);
  PUT_ONE(routes);
  PUT_ONE(locals);
  at = put(text, at, "@");
  PUT_ONE(hosts);
  PUT_ONE(closes);
  PUT_ONE(tails);
  return at;
}

// mutate changes, drops or doubles a few octets and returns the new length.
static size_t mutate(uint8_t *text, size_t len, uint64_t *seed) {
  static const uint8_t odd[] =
      "<>@.\"\\ :,-[]\x00\x01\x7f\xc3\xa9\xff"
      "a1";
  const uint32_t dice = test_random(seed) % 6u;
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

static void test_path_equals_model_on_generated_paths(void **state) {
  (void)state;
  uint64_t seed = 20260807u;
  size_t taken = 0u;
  for (unsigned n = 0u; n < 150000u; n++) {
    uint8_t text[256];
    const size_t len = mutate(text, make_path(text, &seed), &seed);
    const unsigned allow = test_random(&seed) & ALLOW_ALL;
    taken += compare_path(text, len, allow) ? 1u : 0u;
    compare_mailbox(text + 1, len - 1u, allow);
  }
  // Neither side of the comparison may be empty.
  assert_in_range(taken, 10000u, 140000u);
}

// ---------------------------------------------------------------------- golden

typedef struct accept_row {
  const char *text;
  unsigned allow;
  unsigned kind;
  unsigned host;
  unsigned marks;
  const char *local;
  const char *domain;
  const char *fax;
  size_t left;  // octets that the parse leaves
} accept_row;

static void test_span(const uint8_t *line, smtpc_span span, const char *want) {
  test_octets(line + span.begin, smtpc_span_len(span), want, strlen(want));
}

static void test_path_accepts(void **state) {
  (void)state;
  static const accept_row rows[] = {
      {"<>", SMTPC_ALLOW_NULL, SMTPC_PATH_NULL, 0, 0, "", "", "", 0},
      {"<> SIZE=1", BOTH, SMTPC_PATH_NULL, 0, 0, "", "", "", 7},
      {"<Postmaster>", SMTPC_ALLOW_POSTMASTER, SMTPC_PATH_POSTMASTER, 0, 0,
       "Postmaster", "", "", 0},
      {"<pOSTMASTEr> X", BOTH, SMTPC_PATH_POSTMASTER, 0, 0, "pOSTMASTEr", "",
       "", 2},
      {"<postmaster@b>", 0, SMTPC_PATH_MAILBOX, SMTPC_HOST_NAME, 0,
       "postmaster", "b", "", 0},
      {"<a@b>", 0, SMTPC_PATH_MAILBOX, SMTPC_HOST_NAME, 0, "a", "b", "", 0},
      {"<a.b!c%d@x-y.example.com>", 0, SMTPC_PATH_MAILBOX, SMTPC_HOST_NAME, 0,
       "a.b!c%d", "x-y.example.com", "", 0},
      {"<\"a b\"@x>", 0, SMTPC_PATH_MAILBOX, SMTPC_HOST_NAME, SMTPC_MARK_QUOTED,
       "\"a b\"", "x", "", 0},
      {"<\"a\\\"b@evil\"@x>", 0, SMTPC_PATH_MAILBOX, SMTPC_HOST_NAME,
       SMTPC_MARK_QUOTED, "\"a\\\"b@evil\"", "x", "", 0},
      {"<\"a>b\"@x>", 0, SMTPC_PATH_MAILBOX, SMTPC_HOST_NAME, SMTPC_MARK_QUOTED,
       "\"a>b\"", "x", "", 0},
      {"<\"a> <b\"@x> Y", 0, SMTPC_PATH_MAILBOX, SMTPC_HOST_NAME,
       SMTPC_MARK_QUOTED, "\"a> <b\"", "x", "", 2},
      {"<@a,@b:c@d>", 0, SMTPC_PATH_MAILBOX, SMTPC_HOST_NAME, SMTPC_MARK_ROUTE,
       "c", "d", "", 0},
      {"<fax@[192.0.2.1]>", 0, SMTPC_PATH_MAILBOX, SMTPC_HOST_IPV4, 0, "fax",
       "[192.0.2.1]", "", 0},
      {"<fax@[IPv6:2001:db8::1]>", 0, SMTPC_PATH_MAILBOX, SMTPC_HOST_IPV6, 0,
       "fax", "[IPv6:2001:db8::1]", "", 0},
      {"<a@[tag:x]>", 0, SMTPC_PATH_MAILBOX, SMTPC_HOST_GENERAL, 0, "a",
       "[tag:x]", "", 0},
      {"<FAX=+1-555.123@h>", 0, SMTPC_PATH_MAILBOX, SMTPC_HOST_NAME,
       SMTPC_MARK_FAX, "FAX=+1-555.123", "h", "+1-555.123", 0},
      {"<fax=1555/T33S=6@h>", 0, SMTPC_PATH_MAILBOX, SMTPC_HOST_NAME,
       SMTPC_MARK_FAX, "fax=1555/T33S=6", "h", "1555", 0},
      {"<FAX=@h>", 0, SMTPC_PATH_MAILBOX, SMTPC_HOST_NAME, 0, "FAX=", "h", "",
       0},
      {"<FAX=1+2@h>", 0, SMTPC_PATH_MAILBOX, SMTPC_HOST_NAME, 0, "FAX=1+2", "h",
       "", 0},
      {"<j\xc3\xb6@x>", SMTPC_ALLOW_UTF8, SMTPC_PATH_MAILBOX, SMTPC_HOST_NAME,
       SMTPC_MARK_UTF8, "j\xc3\xb6", "x", "", 0},
      {"<j@\xc3\xb6.x>", SMTPC_ALLOW_UTF8, SMTPC_PATH_MAILBOX, SMTPC_HOST_NAME,
       SMTPC_MARK_UTF8, "j", "\xc3\xb6.x", "", 0},
      {" <a@b>", SMTPC_ALLOW_SPACE, SMTPC_PATH_MAILBOX, SMTPC_HOST_NAME,
       SMTPC_MARK_SPACE, "a", "b", "", 0},
      {"a@b SIZE=1", SMTPC_ALLOW_BARE, SMTPC_PATH_MAILBOX, SMTPC_HOST_NAME,
       SMTPC_MARK_BARE, "a", "b", "", 7},
      {" a@b", SMTPC_ALLOW_BARE | SMTPC_ALLOW_SPACE, SMTPC_PATH_MAILBOX,
       SMTPC_HOST_NAME, SMTPC_MARK_BARE | SMTPC_MARK_SPACE, "a", "b", "", 0},
  };
  for (size_t i = 0u; i < sizeof rows / sizeof rows[0]; i++) {
    const accept_row *const row = &rows[i];
    const size_t len = strlen(row->text);
    test_label("%s", row->text);
    uint8_t *const line = test_copy(row->text, len);
    smtpc_span rest = smtpc_span_make(0u, len);
    smtpc_path path;
    test_number(smtpc_path_parse(line, &rest, row->allow, &path), SMTPC_OK);
    test_number(path.kind, row->kind);
    test_number(path.host, row->host);
    test_number(path.marks, row->marks);
    test_number(path.reserved, 0);
    test_number(len - rest.begin, row->left);
    test_number(path.whole.end, len - row->left);
    test_span(line, path.local, row->local);
    test_span(line, path.domain, row->domain);
    test_span(line, path.fax, row->fax);
    free(line);
    compare_path((const uint8_t *)row->text, len, row->allow);
  }
}

typedef struct refuse_row {
  const char *text;
  unsigned allow;
  smtpc_status status;
} refuse_row;

static void test_path_refuses(void **state) {
  (void)state;
  static const refuse_row rows[] = {
      {"", BOTH, SMTPC_E_PATH},
      {"a@b", BOTH, SMTPC_E_PATH},
      {" <a@b>", BOTH, SMTPC_E_PATH},
      {"  <a@b>", SMTPC_ALLOW_SPACE, SMTPC_E_PATH},
      {"\t<a@b>", SMTPC_ALLOW_SPACE, SMTPC_E_CONTROL},
      {"<>", SMTPC_ALLOW_POSTMASTER, SMTPC_E_PATH},
      {"<Postmaster>", SMTPC_ALLOW_NULL, SMTPC_E_PATH},
      {"<a@b", BOTH, SMTPC_E_PATH},
      {"a@b>", BOTH, SMTPC_E_PATH},
      {"a@b>", SMTPC_ALLOW_BARE, SMTPC_E_DOMAIN},
      {"<a@b>x", BOTH, SMTPC_E_PATH},
      {"<a@b>SIZE=5", BOTH, SMTPC_E_PATH},
      {"<>x", BOTH, SMTPC_E_PATH},
      {"<a@b>>", BOTH, SMTPC_E_PATH},
      {"<<a@b>>", BOTH, SMTPC_E_LOCAL_PART},
      {"<", BOTH, SMTPC_E_LOCAL_PART},
      {"<a>", BOTH, SMTPC_E_DOMAIN},
      {"<a@>", BOTH, SMTPC_E_DOMAIN},
      {"<@b>", BOTH, SMTPC_E_PATH},
      {"<a..b@c>", BOTH, SMTPC_E_LOCAL_PART},
      {"<.a@c>", BOTH, SMTPC_E_LOCAL_PART},
      {"<a.@c>", BOTH, SMTPC_E_LOCAL_PART},
      {"<a b@c>", BOTH, SMTPC_E_LOCAL_PART},
      {"<a\"b\"c@d>", BOTH, SMTPC_E_LOCAL_PART},
      {"<\"a@c>", BOTH, SMTPC_E_LOCAL_PART},
      {"<\"a\\\"@c>", BOTH, SMTPC_E_LOCAL_PART},
      {"<a@b@c>", BOTH, SMTPC_E_DOMAIN},
      {"<a@b.>", BOTH, SMTPC_E_DOMAIN},
      {"<a@.b>", BOTH, SMTPC_E_DOMAIN},
      {"<a@b..c>", BOTH, SMTPC_E_DOMAIN},
      {"<a@-b>", BOTH, SMTPC_E_DOMAIN},
      {"<a@b->", BOTH, SMTPC_E_DOMAIN},
      {"<a@b_c>", BOTH, SMTPC_E_DOMAIN},
      {"<a@b >", BOTH, SMTPC_E_DOMAIN},
      {"<a@[1.2.3.4>", BOTH, SMTPC_E_ADDRESS_LITERAL},
      {"<a@[999.1.1.1]>", BOTH, SMTPC_E_ADDRESS_LITERAL},
      {"<a@[1.2.3.4]b>", BOTH, SMTPC_E_ADDRESS_LITERAL},
      {"<a@[IPv6:1::2::3]>", BOTH, SMTPC_E_ADDRESS_LITERAL},
      {"<@a,b:c@d>", BOTH, SMTPC_E_PATH},
      {"<@a,:c@d>", BOTH, SMTPC_E_PATH},
      {"<@a:>", BOTH, SMTPC_E_LOCAL_PART},
      {"<@[1.2.3.4]:c@d>", BOTH, SMTPC_E_PATH},
      {"<j\xc3\xb6@x>", BOTH, SMTPC_E_NON_ASCII},
      {"<j\xc3@x>", SMTPC_ALLOW_UTF8, SMTPC_E_UTF8},
      {"<j\xc0\xaf@x>", SMTPC_ALLOW_UTF8, SMTPC_E_UTF8},
      {"<j\xed\xa0\x80@x>", SMTPC_ALLOW_UTF8, SMTPC_E_UTF8},
      {"<a\x01@x>", BOTH, SMTPC_E_CONTROL},
      {"<a\x7f@x>", BOTH, SMTPC_E_CONTROL},
      {"<\"a\r\n\"@x>", BOTH, SMTPC_E_CONTROL},
      {"<\"\\\x07\"@x>", BOTH, SMTPC_E_CONTROL},
      // quoted-pairSMTP is ASCII, also with SMTPUTF8.
      {"<\"\\\xc3\xb6\"@x>", SMTPC_ALLOW_UTF8, SMTPC_E_LOCAL_PART},
  };
  for (size_t i = 0u; i < sizeof rows / sizeof rows[0]; i++) {
    const size_t len = strlen(rows[i].text);
    test_label("%s", rows[i].text);
    uint8_t *const line = test_copy(rows[i].text, len);
    smtpc_span rest = smtpc_span_make(0u, len);
    smtpc_path path;
    test_number(smtpc_path_parse(line, &rest, rows[i].allow, &path),
                rows[i].status);
    test_number(rest.begin, 0);
    free(line);
    compare_path((const uint8_t *)rows[i].text, len, rows[i].allow);
  }
}

static void test_path_refuses_nul_inside(void **state) {
  (void)state;
  static const uint8_t text[] = "<a@b\0.evil>";
  smtpc_span rest = smtpc_span_make(0u, sizeof text - 1u);
  smtpc_path path;
  test_number(smtpc_path_parse(text, &rest, BOTH, &path), SMTPC_E_CONTROL);
}

// ---------------------------------------------------------------------- limits

static smtpc_status parse_sized(size_t local, size_t domain, bool brackets) {
  uint8_t text[700];
  size_t at = 0u;
  text[at++] = '<';
  memset(text + at, 'a', local);
  at += local;
  text[at++] = '@';
  for (size_t k = 0u; k < domain; k++) {
    text[at++] = k % 51u == 50u && k + 1u < domain ? '.' : 'b';
  }
  text[at++] = '>';
  compare_path(text, at, 0u);
  compare_mailbox(text + 1, at - 2u, 0u);
  smtpc_path path;
  smtpc_span rest = smtpc_span_make(0u, at);
  return brackets ? smtpc_path_parse(text, &rest, 0u, &path)
                  : smtpc_mailbox_parse(text, smtpc_span_make(1u, at - 1u), 0u,
                                        &path);
}

static void test_path_limits_are_exact(void **state) {
  (void)state;
  for (int b = 0; b < 2; b++) {
    test_label("brackets %d", b);
    test_number(parse_sized(64u, 10u, b != 0), SMTPC_OK);
    test_number(parse_sized(65u, 10u, b != 0), SMTPC_E_TOO_LONG);
    test_number(parse_sized(1u, 252u, b != 0), SMTPC_OK);
    test_number(parse_sized(1u, 253u, b != 0), SMTPC_E_TOO_LONG);
    test_number(parse_sized(64u, 189u, b != 0), SMTPC_OK);
    test_number(parse_sized(64u, 190u, b != 0), SMTPC_E_TOO_LONG);
    test_number(parse_sized(64u, 500u, b != 0), SMTPC_E_TOO_LONG);
  }
}

static void test_domain_limits_are_exact(void **state) {
  (void)state;
  uint8_t text[300];
  memset(text, 'a', sizeof text);
  for (size_t k = 31u; k < sizeof text; k += 32u) {
    text[k] = '.';
  }
  text[31] = 'a';
  const smtpc_status ok =
      smtpc_domain_parse(text, smtpc_span_make(0u, 255u), 0u);
  test_number(ok, SMTPC_OK);
  text[255] = 'a';  // a label of 32
  test_number(smtpc_domain_parse(text, smtpc_span_make(0u, 256u), 0u),
              SMTPC_E_TOO_LONG);
  test_number(smtpc_domain_parse(text, smtpc_span_make(0u, 63u), 0u), SMTPC_OK);
  text[63] = 'a';
  test_number(smtpc_domain_parse(text, smtpc_span_make(0u, 64u), 0u),
              SMTPC_E_TOO_LONG);
  for (size_t len = 250u; len <= 260u; len++) {
    compare_domain(text, len, false);
  }
  // What is too long and also malformed is malformed.
  text[70] = '_';
  test_number(smtpc_domain_parse(text, smtpc_span_make(0u, 100u), 0u),
              SMTPC_E_DOMAIN);
}

static void test_domain_counts_characters_of_a_u_label(void **state) {
  (void)state;
  uint8_t text[200];
  for (size_t k = 0u; k < sizeof text; k += 2u) {
    text[k] = 0xc3u;
    text[k + 1u] = 0xa9u;
  }
  test_number(
      smtpc_domain_parse(text, smtpc_span_make(0u, 126u), SMTPC_ALLOW_UTF8),
      SMTPC_OK);
  test_number(
      smtpc_domain_parse(text, smtpc_span_make(0u, 128u), SMTPC_ALLOW_UTF8),
      SMTPC_E_TOO_LONG);
  compare_domain(text, 126u, true);
  compare_domain(text, 128u, true);
}

static void test_literal_limit_is_exact(void **state) {
  (void)state;
  uint8_t text[300];
  memset(text, 'x', sizeof text);
  memcpy(text, "[a:", 3u);
  for (size_t len = 250u; len <= 300u; len++) {
    text[len - 1u] = ']';
    test_label("length %zu", len);
    assert_true(compare_literal(text, len) == (len <= 255u));
    text[len - 1u] = 'x';
  }
}

static void test_literal_forms(void **state) {
  (void)state;
  static const struct {
    const char *text;
    unsigned host;
  } rows[] = {
      {"[0.0.0.0]", SMTPC_HOST_IPV4},
      {"[255.255.255.255]", SMTPC_HOST_IPV4},
      // Snum is 1*3DIGIT: the grammar takes leading zeros.
      {"[001.002.003.004]", SMTPC_HOST_IPV4},
      {"[0001.2.3.4]", SMTPC_HOST_NONE},
      {"[256.1.1.1]", SMTPC_HOST_NONE},
      {"[1.2.3]", SMTPC_HOST_NONE},
      {"[1.2.3.4.5]", SMTPC_HOST_NONE},
      {"[1.2.3.4", SMTPC_HOST_NONE},
      {"1.2.3.4", SMTPC_HOST_NONE},
      {"[]", SMTPC_HOST_NONE},
      {"[::1]", SMTPC_HOST_NONE},
      {"[IPv6:::]", SMTPC_HOST_IPV6},
      {"[IPv6:::1]", SMTPC_HOST_IPV6},
      {"[ipV6:1::]", SMTPC_HOST_IPV6},
      {"[IPv6:1:2:3:4:5:6:7:8]", SMTPC_HOST_IPV6},
      {"[IPv6:1:2:3:4:5:6:7]", SMTPC_HOST_NONE},
      {"[IPv6:1:2:3:4:5:6:7:8:9]", SMTPC_HOST_NONE},
      {"[IPv6:1:2:3::4:5:6]", SMTPC_HOST_IPV6},
      {"[IPv6:1:2:3::4:5:6:7]", SMTPC_HOST_NONE},
      {"[IPv6:1:2:3:4:5:6::]", SMTPC_HOST_IPV6},
      {"[IPv6:1:2:3:4:5:6:7::]", SMTPC_HOST_NONE},
      {"[IPv6:1:2:3:4:5:6:1.2.3.4]", SMTPC_HOST_IPV6},
      {"[IPv6:1:2:3:4:5:6:7:1.2.3.4]", SMTPC_HOST_NONE},
      {"[IPv6:1:2:3:4:5:1.2.3.4]", SMTPC_HOST_NONE},
      {"[IPv6:::ffff:1.2.3.4]", SMTPC_HOST_IPV6},
      {"[IPv6:1:2::3:4:1.2.3.4]", SMTPC_HOST_IPV6},
      {"[IPv6:1:2::3:4:5:1.2.3.4]", SMTPC_HOST_NONE},
      {"[IPv6:::1.2.3.4:5]", SMTPC_HOST_NONE},
      {"[IPv6:1.2.3.4]", SMTPC_HOST_NONE},
      {"[IPv6:1::2::3]", SMTPC_HOST_NONE},
      {"[IPv6::::]", SMTPC_HOST_NONE},
      {"[IPv6:12345::]", SMTPC_HOST_NONE},
      {"[IPv6:g::]", SMTPC_HOST_NONE},
      {"[IPv6:]", SMTPC_HOST_NONE},
      {"[IPv6:fe80::1%eth0]", SMTPC_HOST_NONE},
      {"[tag:content]", SMTPC_HOST_GENERAL},
      {"[-t:!^~]", SMTPC_HOST_GENERAL},
      {"[t-:x]", SMTPC_HOST_NONE},
      {"[tag:]", SMTPC_HOST_NONE},
      {"[:x]", SMTPC_HOST_NONE},
      {"[tag:a b]", SMTPC_HOST_NONE},
      {"[tag:a\\b]", SMTPC_HOST_NONE},
      {"[tag:a]b]", SMTPC_HOST_NONE},
      {"[tag:a[b]", SMTPC_HOST_NONE},
  };
  for (size_t i = 0u; i < sizeof rows / sizeof rows[0]; i++) {
    const size_t len = strlen(rows[i].text);
    uint8_t host = 99u;
    test_label("%s", rows[i].text);
    const smtpc_status status = smtpc_literal_parse(
        (const uint8_t *)rows[i].text, smtpc_span_make(0u, len), &host);
    test_number(host, rows[i].host);
    test_number(status == SMTPC_OK, rows[i].host != SMTPC_HOST_NONE);
    compare_literal((const uint8_t *)rows[i].text, len);
  }
}

// All addresses of up to nine groups, one of them perhaps empty at each place,
// with and without an IPv4 address at the end.
static void test_literal_equals_model_on_every_group_count(void **state) {
  (void)state;
  size_t taken = 0u;
  for (unsigned mask = 0u; mask < 1024u; mask++) {
    for (unsigned groups = 0u; groups <= 10u; groups++) {
      for (unsigned v4 = 0u; v4 < 2u; v4++) {
        uint8_t text[64];
        size_t at = put(text, 0u, "[IPv6:");
        for (unsigned k = 0u; k < groups; k++) {
          at = put(text, at, ((mask >> k) & 1u) != 0u ? "" : "f");
          at = put(text, at, k + 1u < groups || v4 != 0u ? ":" : "");
        }
        at = put(text, at, v4 != 0u ? "1.2.3.4]" : "]");
        taken += compare_literal(text, at) ? 1u : 0u;
      }
    }
  }
  assert_true(taken > 50u);
}

static void test_route_counts_into_the_path(void **state) {
  (void)state;
  uint8_t text[600];
  for (size_t hops = 60u; hops <= 120u; hops++) {
    size_t at = put(text, 0u, "<");
    for (size_t k = 0u; k < hops; k++) {
      at = put(text, at, k == 0u ? "@a" : ",@a");
    }
    at = put(text, at, ":c@d>");
    test_label("%zu hops", hops);
    assert_true(compare_path(text, at, 0u) == (at <= 256u));
  }
}

static void test_path_ends_at_its_span(void **state) {
  (void)state;
  // The octets beyond the span would complete the path.
  static const uint8_t text[] = "<a@b> SIZE=1";
  for (size_t len = 0u; len < 5u; len++) {
    smtpc_span rest = smtpc_span_make(0u, len);
    smtpc_path path;
    test_label("length %zu", len);
    assert_true(smtpc_path_parse(text, &rest, BOTH, &path) != SMTPC_OK);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_path_accepts),
      cmocka_unit_test(test_path_refuses),
      cmocka_unit_test(test_path_refuses_nul_inside),
      cmocka_unit_test(test_path_limits_are_exact),
      cmocka_unit_test(test_path_ends_at_its_span),
      cmocka_unit_test(test_route_counts_into_the_path),
      cmocka_unit_test(test_domain_limits_are_exact),
      cmocka_unit_test(test_domain_counts_characters_of_a_u_label),
      cmocka_unit_test(test_literal_limit_is_exact),
      cmocka_unit_test(test_literal_forms),
      cmocka_unit_test(test_literal_equals_model_on_every_group_count),
      cmocka_unit_test(test_path_equals_model_on_every_short_inner_path),
      cmocka_unit_test(test_path_equals_model_on_every_short_text),
      cmocka_unit_test(test_path_equals_model_on_every_octet),
      cmocka_unit_test(test_path_equals_model_on_every_utf8_boundary),
      cmocka_unit_test(test_domain_equals_model_on_every_short_text),
      cmocka_unit_test(test_literal_equals_model_on_every_short_text),
      cmocka_unit_test(test_path_equals_model_on_generated_paths),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
