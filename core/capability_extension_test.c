// Capability, the values of each extension: what a client may hold a server to.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/model/capability_model.h"
#include "core/testing.h"
#include "smtpcore/capability.h"
#include "smtpcore/param.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

_Static_assert(sizeof(smtpc_capabilities) == 56u,
               "no octet between the fields: sessions are compared whole");

// Adds a line in an exact-size heap block, with an offset before it.
static void add(smtpc_capabilities *caps, const char *text, size_t len,
                uint32_t quirks) {
  uint8_t *const line = malloc(len + 4u);
  assert_non_null(line);
  memcpy(line, "250-", 4u);
  memcpy(line + 4, text, len);
  smtpc_capability_line(caps, 2u, line, smtpc_span_make(4u, len + 4u), quirks);
  free(line);
}

// Adds lines that have LF between them.
static smtpc_capabilities read_lines(const char *lines, uint32_t quirks) {
  smtpc_capabilities caps;
  const char *from = lines;
  smtpc_capability_init(&caps);
  for (const char *lf = strchr(from, '\n'); lf != NULL;
       lf = strchr(from, '\n')) {
    add(&caps, from, (size_t)(lf - from), quirks);
    from = lf + 1;
  }
  add(&caps, from, strlen(from), quirks);
  return caps;
}

// Field by field, so that the first difference has a name; then all octets.
static void compare(const smtpc_capabilities *have,
                    const smtpc_capabilities *want) {
  test_number(have->offered, want->offered);
  test_number(have->marks, want->marks);
  test_number(have->mechanisms, want->mechanisms);
  test_number(have->size, want->size);
  test_number(have->by_min, want->by_min);
  test_number(have->hold_for, want->hold_for);
  test_number(have->hold_until, want->hold_until);
  test_number(have->rcpt_max, want->rcpt_max);
  test_number(have->mail_max, want->mail_max);
  test_number(have->domain_max, want->domain_max);
  test_number(have->xclient, want->xclient);
  test_number(have->xforward, want->xforward);
  test_number(have->profile, want->profile);
  test_number(have->others, want->others);
  test_octets(have, sizeof *have, want, sizeof *want);
}

typedef struct golden {
  const char *lines;
  smtpc_capabilities want;
} golden;

static void check(const golden *rows, size_t count, uint32_t quirks) {
  for (size_t i = 0u; i < count; i++) {
    const smtpc_capabilities have = read_lines(rows[i].lines, quirks);
    test_label("%s", rows[i].lines);
    compare(&have, &rows[i].want);
  }
}

#define MALFORMED(lines)            \
  {                                 \
    lines, {                        \
      .marks = SMTPC_CAPS_MALFORMED \
    }                               \
  }

// -------------------------------------------------------------- one value each

#define BY(lines, seconds)                                    \
  {                                                           \
    lines, {                                                  \
      .offered = SMTPC_OFFERS(DELIVERBY), .by_min = (seconds) \
    }                                                         \
  }

// RFC 2852 section 2: a least time, perhaps, and options after commas.
static void test_capability_deliverby(void **state) {
  (void)state;
  static const golden rows[] = {
      BY("DELIVERBY", 0u),
      BY("DELIVERBY 0", 0u),
      BY("DELIVERBY 240", 240u),
      BY("deliverby 999999999", 999999999u),
      BY("DELIVERBY 000000001", 1u),
      BY("DELIVERBY 240,x", 240u),
      BY("DELIVERBY 240,x=1,y", 240u),
      BY("DELIVERBY ,x", 0u),
      MALFORMED("DELIVERBY 1000000000"),
      MALFORMED("DELIVERBY 0000000001"),
      MALFORMED("DELIVERBY 99999999999999999999999"),
      MALFORMED("DELIVERBY 4294967297"),
      MALFORMED("DELIVERBY -1"),
      MALFORMED("DELIVERBY +1"),
      MALFORMED("DELIVERBY 1s"),
      MALFORMED("DELIVERBY x"),
      MALFORMED("DELIVERBY 1 2"),
      MALFORMED("DELIVERBY 1 ,x"),
      MALFORMED("DELIVERBY 1,"),
      MALFORMED("DELIVERBY ,"),
      MALFORMED("DELIVERBY 1,,x"),
      MALFORMED("DELIVERBY 1,x,"),
      MALFORMED("DELIVERBY "),
      MALFORMED("DELIVERBY=240"),
      // The first value stays.
      BY("DELIVERBY 240\nDELIVERBY 60", 240u),
      BY("DELIVERBY\nDELIVERBY 60", 0u),
      {"DELIVERBY 240\nDELIVERBY x",
       {.offered = SMTPC_OFFERS(DELIVERBY),
        .by_min = 240u,
        .marks = SMTPC_CAPS_MALFORMED}},
      {"DELIVERBY x\nDELIVERBY 60",
       {.offered = SMTPC_OFFERS(DELIVERBY),
        .by_min = 60u,
        .marks = SMTPC_CAPS_MALFORMED}},
  };
  check(rows, COUNT(rows), 0u);
}

#define HOLD(lines, interval, date)                                   \
  {                                                                   \
    lines, {                                                          \
      .offered = SMTPC_OFFERS(FUTURERELEASE), .hold_for = (interval), \
      .hold_until = date                                              \
    }                                                                 \
  }

// RFC 4865 section 4: both values are needed.
static void test_capability_futurerelease(void **state) {
  (void)state;
  static const golden rows[] = {
      HOLD("FUTURERELEASE 86400 2026-11-23T00:00:00Z", 86400u, 1795392000u),
      HOLD("futurerelease 1 1970-01-01t00:00:01z", 1u, 1u),
      HOLD("FUTURERELEASE 999999999 9999-12-31T23:59:59Z", 999999999u,
           253402300799u),
      HOLD("FUTURERELEASE 5 2026-11-23T02:00:00+02:00", 5u, 1795392000u),
      HOLD("FUTURERELEASE 5 2026-11-22T18:30:00.125-05:30", 5u, 1795392000u),
      MALFORMED("FUTURERELEASE"),
      MALFORMED("FUTURERELEASE 86400"),
      MALFORMED("FUTURERELEASE 2026-11-23T00:00:00Z"),
      MALFORMED("FUTURERELEASE 2026-11-23T00:00:00Z 86400"),
      MALFORMED("FUTURERELEASE 86400 2026-11-23"),
      MALFORMED("FUTURERELEASE 86400 1795392000"),
      MALFORMED("FUTURERELEASE 86400 2026-11-31T00:00:00Z"),
      MALFORMED("FUTURERELEASE 86400 2026-11-23T00:00:00"),
      MALFORMED("FUTURERELEASE 86400 2026-11-23T00:00:00Zx"),
      MALFORMED("FUTURERELEASE 86400 2026-11-23T00:00:00Z x"),
      MALFORMED("FUTURERELEASE 1000000000 2026-11-23T00:00:00Z"),
      MALFORMED("FUTURERELEASE -1 2026-11-23T00:00:00Z"),
      MALFORMED("FUTURERELEASE 1, 2026-11-23T00:00:00Z"),
      MALFORMED("FUTURERELEASE  1 2026-11-23T00:00:00Z"),
      MALFORMED("FUTURERELEASE 1  2026-11-23T00:00:00Z"),
      HOLD("FUTURERELEASE 5 2026-11-23T00:00:00Z\n"
           "FUTURERELEASE 9 2030-01-01T00:00:00Z",
           5u, 1795392000u),
  };
  check(rows, COUNT(rows), 0u);
}

#define PROFILE(lines, id)                                  \
  {                                                         \
    lines, {                                                \
      .offered = SMTPC_OFFERS(MT_PRIORITY), .profile = (id) \
    }                                                       \
  }

// RFC 6710 sections 3 and 11
static void test_capability_mt_priority(void **state) {
  (void)state;
  static const golden rows[] = {
      PROFILE("MT-PRIORITY", SMTPC_PRIORITY_DEFAULT),
      PROFILE("MT-PRIORITY MIXER", SMTPC_PRIORITY_MIXER),
      PROFILE("mt-priority mixer", SMTPC_PRIORITY_MIXER),
      PROFILE("MT-PRIORITY STANAG4406", SMTPC_PRIORITY_STANAG4406),
      PROFILE("MT-PRIORITY NSEP", SMTPC_PRIORITY_NSEP),
      PROFILE("MT-PRIORITY NSEPX", SMTPC_PRIORITY_OTHER),
      PROFILE("MT-PRIORITY MIXE", SMTPC_PRIORITY_OTHER),
      PROFILE("MT-PRIORITY 9", SMTPC_PRIORITY_OTHER),
      MALFORMED("MT-PRIORITY MIXER NSEP"),
      MALFORMED("MT-PRIORITY "),
      MALFORMED("MT-PRIORITY=MIXER"),
      MALFORMED("MT-PRIORITY\tMIXER"),
      {"MTPRIORITY MIXER", {0}},
      PROFILE("MT-PRIORITY NSEP\nMT-PRIORITY MIXER", SMTPC_PRIORITY_NSEP),
      PROFILE("MT-PRIORITY\nMT-PRIORITY MIXER", SMTPC_PRIORITY_DEFAULT),
  };
  check(rows, COUNT(rows), 0u);
}

#define SOLICITING(lines)                    \
  {                                          \
    lines, {                                 \
      .offered = SMTPC_OFFERS(NO_SOLICITING) \
    }                                        \
  }

// RFC 3865 section 2
static void test_capability_no_soliciting(void **state) {
  (void)state;
  static const golden rows[] = {
      SOLICITING("NO-SOLICITING"),
      SOLICITING("NO-SOLICITING net.example:ADV"),
      SOLICITING("no-soliciting org.example:ADV:ADLT,net.example:ADV"),
      SOLICITING("NO-SOLICITING a,b,c"),
      SOLICITING("NO-SOLICITING a1-_.:"),
      MALFORMED("NO-SOLICITING net.example:ADV net.example:ADLT"),
      MALFORMED("NO-SOLICITING a,"),
      MALFORMED("NO-SOLICITING ,a"),
      MALFORMED("NO-SOLICITING a,,b"),
      MALFORMED("NO-SOLICITING ,"),
      MALFORMED("NO-SOLICITING 1a"),
      MALFORMED("NO-SOLICITING a,1a"),
      MALFORMED("NO-SOLICITING a,.b"),
      MALFORMED("NO-SOLICITING a;b"),
      MALFORMED("NO-SOLICITING a="),
      MALFORMED("NO-SOLICITING "),
  };
  check(rows, COUNT(rows), 0u);
}

static void test_capability_no_soliciting_has_a_greatest_length(void **state) {
  (void)state;
  for (size_t len = 995u; len <= 1005u; len++) {
    char text[1100];
    memset(text, 'a', sizeof text);
    memcpy(text, "NO-SOLICITING ", 14u);
    smtpc_capabilities have;
    test_label("list of %zu", len);
    smtpc_capability_init(&have);
    add(&have, text, 14u + len, 0u);
    test_number(have.offered != 0u, len <= SMTPC_SOLICIT_MAX);
    test_number(have.marks != 0u, len > SMTPC_SOLICIT_MAX);
  }
}

// ------------------------------------------------------------------ many values

// Each name of the registry by itself, and all in one line, in both cases.
static void test_capability_every_mechanism(void **state) {
  (void)state;
  char all[1024] = "AUTH";
  uint64_t set = 0u;
  for (unsigned id = 1u; id < SMTPC_MECHANISM_COUNT; id++) {
    const smtpc_mechanism_row row = smtpc_mechanism_get(id);
    char text[64];
    (void)snprintf(text, sizeof text, "AUTH %s", row.name);
    const smtpc_capabilities have = read_lines(text, 0u);
    test_label("%s", text);
    test_number(have.mechanisms, (uint64_t)1 << id);
    test_number(have.marks, 0);
    (void)strcat(all, " ");
    (void)strcat(all, row.name);
    set |= (uint64_t)1 << id;
  }
  for (size_t i = 0u; all[i] != '\0'; i++) {
    all[i] = (char)(all[i] >= 'A' && all[i] <= 'Z' ? all[i] + 32 : all[i]);
  }
  const smtpc_capabilities have = read_lines(all, 0u);
  test_label("all");
  test_number(have.mechanisms, set);
  test_number(have.marks, 0);
}

#define PROXY(lines, client, forward)                                \
  {                                                                  \
    lines, {                                                         \
      .offered = ((client) != 0u ? SMTPC_OFFERS(XCLIENT) : 0u) |     \
                 ((forward) != 0u ? SMTPC_OFFERS(XFORWARD) : 0u),    \
      .xclient = (uint16_t)(client), .xforward = (uint16_t)(forward) \
    }                                                                \
  }
#define PEER (SMTPC_ATTR(NAME) | SMTPC_ATTR(ADDR))

static void test_capability_attributes(void **state) {
  (void)state;
  static const golden rows[] = {
      PROXY("XCLIENT NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT",
            PEER | SMTPC_ATTR(PORT) | SMTPC_ATTR(PROTO) | SMTPC_ATTR(HELO) |
                SMTPC_ATTR(LOGIN) | SMTPC_ATTR(DESTADDR) | SMTPC_ATTR(DESTPORT),
            0u),
      PROXY("XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE", 0u,
            PEER | SMTPC_ATTR(PORT) | SMTPC_ATTR(PROTO) | SMTPC_ATTR(HELO) |
                SMTPC_ATTR(IDENT) | SMTPC_ATTR(SOURCE)),
      PROXY("xclient name addr", PEER, 0u),
      // Each verb has attributes of its own.
      PROXY("XCLIENT NAME IDENT SOURCE", SMTPC_ATTR(NAME), 0u),
      PROXY("XFORWARD NAME LOGIN DESTADDR DESTPORT", 0u, SMTPC_ATTR(NAME)),
      PROXY("XCLIENT NAME\nXFORWARD ADDR", SMTPC_ATTR(NAME), SMTPC_ATTR(ADDR)),
      PROXY("XCLIENT NAME\nXCLIENT ADDR", PEER, 0u),
      PROXY("XCLIENT NAME REVERSE_NAME NAMES NAM NAME=x", SMTPC_ATTR(NAME), 0u),
      {"XCLIENT", {.offered = SMTPC_OFFERS(XCLIENT)}},
      {"XFORWARD", {.offered = SMTPC_OFFERS(XFORWARD)}},
      MALFORMED("XCLIENT NAME  ADDR"),
      MALFORMED("XFORWARD NAME "),
  };
  check(rows, COUNT(rows), 0u);
}

#define IMAP(lines, mark)                            \
  {                                                  \
    lines, {                                         \
      .offered = SMTPC_OFFERS(BURL), .marks = (mark) \
    }                                                \
  }

// RFC 4468 section 3: `imap` alone says that any server of IMAP will do.
static void test_capability_burl(void **state) {
  (void)state;
  static const golden rows[] = {
      IMAP("BURL", 0u),
      IMAP("BURL imap", SMTPC_CAPS_BURL_IMAP),
      IMAP("burl IMAP", SMTPC_CAPS_BURL_IMAP),
      IMAP("BURL http imap ftp", SMTPC_CAPS_BURL_IMAP),
      IMAP("BURL imap://imap.example", 0u),
      IMAP("BURL imap:", 0u),
      IMAP("BURL imaps", 0u),
      IMAP("BURL\nBURL imap", SMTPC_CAPS_BURL_IMAP),
      MALFORMED("BURL  imap"),
  };
  check(rows, COUNT(rows), 0u);
}

// ----------------------------------------------------------------- auth-equals

#define EQUALS(lines, set, mark)                          \
  {                                                       \
    lines, {                                              \
      .offered = SMTPC_OFFERS(AUTH), .mechanisms = (set), \
      .marks = (uint8_t)(SMTPC_CAPS_EQUALS | (mark))      \
    }                                                     \
  }
#define BOTH (SMTPC_MECH(LOGIN) | SMTPC_MECH(PLAIN))

static const golden equals_rows[] = {
    EQUALS("AUTH=LOGIN", SMTPC_MECH(LOGIN), 0u),
    EQUALS("auth=login", SMTPC_MECH(LOGIN), 0u),
    EQUALS("AUTH=LOGIN PLAIN", BOTH, 0u),
    EQUALS("AUTH= LOGIN PLAIN", BOTH, 0u),
    EQUALS("AUTH=", 0u, 0u),
    EQUALS("AUTH=X-SECRET LOGIN", SMTPC_MECH(LOGIN), SMTPC_CAPS_AUTH_OTHER),
    EQUALS("AUTH==LOGIN", 0u, SMTPC_CAPS_AUTH_OTHER),
    EQUALS("AUTH LOGIN\nAUTH=PLAIN", BOTH, 0u),
    EQUALS("AUTH=PLAIN\nAUTH LOGIN", BOTH, 0u),
};

static void test_capability_quirk_auth_equals(void **state) {
  (void)state;
  static const golden refused[] = {
      MALFORMED("AUTH=LOGIN "),
      MALFORMED("AUTH=LOGIN  PLAIN"),
      MALFORMED("AUTH=\tLOGIN"),
      MALFORMED("AUTH=LOGIN\t"),
      MALFORMED("AUTH=LOGIN\200"),
      MALFORMED("AUTH =LOGIN "),
      MALFORMED("=LOGIN"),
      MALFORMED("XAUTH=LOGIN"),
      MALFORMED("AUTHX=LOGIN"),
      MALFORMED("SIZE=5"),
      MALFORMED("STARTTLS="),
      MALFORMED("AUTH:LOGIN"),
      {"AUTH LOGIN",
       {.offered = SMTPC_OFFERS(AUTH), .mechanisms = SMTPC_MECH(LOGIN)}},
  };
  check(equals_rows, COUNT(equals_rows), SMTPC_QUIRK_AUTH_EQUALS);
  check(equals_rows, COUNT(equals_rows), SMTPC_QUIRK_ALL);
  check(refused, COUNT(refused), SMTPC_QUIRK_AUTH_EQUALS);
}

// No other quirk reads it.
static void test_capability_auth_equals_is_malformed(void **state) {
  (void)state;
  const uint32_t others = SMTPC_QUIRK_ALL & ~(uint32_t)SMTPC_QUIRK_AUTH_EQUALS;
  for (size_t i = 0u; i < COUNT(equals_rows); i++) {
    const char *const lines = equals_rows[i].lines;
    for (unsigned k = 0u; k < 2u; k++) {
      const smtpc_capabilities have = read_lines(lines, k == 0u ? 0u : others);
      const bool plain = strchr(lines, '\n') != NULL;
      test_label("%s", lines);
      test_number(have.marks, SMTPC_CAPS_MALFORMED);
      test_number(have.offered, plain ? SMTPC_OFFERS(AUTH) : 0u);
    }
  }
}

// ------------------------------------------------------------ what peers type

// Every keyword that some other parser of EHLO replies gives a type, and what
// it must become here.
static void test_capability_types_what_peers_type(void **state) {
  (void)state;
  static const struct {
    const char *line;
    uint32_t offered;
    uint8_t others;
  } rows[] = {
      {"8BITMIME", SMTPC_OFFERS(8BITMIME), 0u},
      {"ATRN", SMTPC_OFFERS(ATRN), 0u},
      {"AUTH PLAIN", SMTPC_OFFERS(AUTH), 0u},
      {"BINARYMIME", SMTPC_OFFERS(BINARYMIME), 0u},
      {"BURL imap", SMTPC_OFFERS(BURL), 0u},
      {"CHECKPOINT", SMTPC_OFFERS(CHECKPOINT), 0u},
      {"CHUNKING", SMTPC_OFFERS(CHUNKING), 0u},
      {"CLIENTID UUID", SMTPC_OFFERS(CLIENTID), 0u},
      {"CONNEG", SMTPC_OFFERS(CONNEG), 0u},
      {"CONPERM", SMTPC_OFFERS(CONPERM), 0u},
      {"DELIVERBY 240", SMTPC_OFFERS(DELIVERBY), 0u},
      {"DSN", SMTPC_OFFERS(DSN), 0u},
      {"ENHANCEDSTATUSCODES", SMTPC_OFFERS(ENHANCEDSTATUSCODES), 0u},
      {"ETRN", SMTPC_OFFERS(ETRN), 0u},
      {"EXPN", SMTPC_OFFERS(EXPN), 0u},
      {"FUTURERELEASE 1 2030-01-01T00:00:00Z", SMTPC_OFFERS(FUTURERELEASE), 0u},
      {"HELP", SMTPC_OFFERS(HELP), 0u},
      {"IGNOREQUOTA", 0u, SMTPC_OTHER_IGNOREQUOTA},
      {"LIMITS RCPTMAX=100", SMTPC_OFFERS(LIMITS), 0u},
      {"MT-PRIORITY MIXER", SMTPC_OFFERS(MT_PRIORITY), 0u},
      {"MTRK", SMTPC_OFFERS(MTRK), 0u},
      {"NO-SOLICITING net.example:ADV", SMTPC_OFFERS(NO_SOLICITING), 0u},
      {"ONEX", 0u, SMTPC_OTHER_ONEX},
      {"PIPECONNECT", 0u, SMTPC_OTHER_PIPECONNECT},
      {"PIPELINING", SMTPC_OFFERS(PIPELINING), 0u},
      {"PRDR", SMTPC_OFFERS(PRDR), 0u},
      {"REQUIRETLS", SMTPC_OFFERS(REQUIRETLS), 0u},
      {"RRVS", SMTPC_OFFERS(RRVS), 0u},
      {"SIZE 1000", SMTPC_OFFERS(SIZE), 0u},
      {"SMTPUTF8", SMTPC_OFFERS(SMTPUTF8), 0u},
      {"STARTTLS", SMTPC_OFFERS(STARTTLS), 0u},
      {"VERB", 0u, SMTPC_OTHER_VERB},
      {"VERP a=b c", 0u, SMTPC_OTHER_VERP},
      {"VRFY", SMTPC_OFFERS(VRFY), 0u},
      {"XCLIENT NAME", SMTPC_OFFERS(XCLIENT), 0u},
      {"XEXCH50", SMTPC_OFFERS(XEXCH50), 0u},
      {"XFORWARD NAME", SMTPC_OFFERS(XFORWARD), 0u},
      {"xusr", 0u, SMTPC_OTHER_XUSR},
  };
  uint32_t all = 0u;
  for (size_t i = 0u; i < COUNT(rows); i++) {
    const smtpc_capabilities have = read_lines(rows[i].line, 0u);
    test_label("%s", rows[i].line);
    test_number(have.offered, rows[i].offered);
    test_number(have.others, rows[i].others);
    test_number(have.marks & SMTPC_CAPS_MALFORMED, 0);
    all |= have.offered;
  }
  // And every row of the registry is one of these.
  test_label("all");
  test_number(all, ((uint64_t)1 << SMTPC_EXTENSION_COUNT) - 1u);
}

// ---------------------------------------------------------------- compared

static const char *pick(uint64_t *seed, const char *const *words,
                        size_t count) {
  return words[test_random(seed) % count];
}

// A keyword of the registry, or one beside it.
static const char *pick_keyword(uint64_t *seed) {
  static const char *const beside[] = {
      "ONEX",        "VERB",       "VERP", "XUSR",  "IGNOREQUOTA",
      "PIPECONNECT", "X-PRIVATE",  "XXXX", "XXXXA", "XXXXXXXX",
      "AUTH=LOGIN",  "AUTH=PLAIN", "AUTH", "AUTH",  "AUTH="};
  const uint32_t id = test_random(seed) % (SMTPC_EXTENSION_COUNT + 12u);
  return id < SMTPC_EXTENSION_COUNT ? smtpc_extension_get(id).name
                                    : pick(seed, beside, COUNT(beside));
}

// A parameter of any keyword; half of the time one that `keyword` may have.
static const char *pick_param(uint64_t *seed, const char *keyword) {
  static const char *const any[] = {"0",
                                    "1",
                                    "240",
                                    "999999999",
                                    "1000000000",
                                    "18446744073709551615",
                                    "18446744073709551616",
                                    "86400",
                                    "2030-01-31T23:59:59Z",
                                    "2028-02-29T12:00:00+01:00",
                                    "2027-02-29T12:00:00Z",
                                    "1970-01-01T00:00:00Z",
                                    "2016-12-31T23:59:60Z",
                                    "MIXER",
                                    "nsep",
                                    "STANAG4406",
                                    "net.example:ADV",
                                    "a,b.c",
                                    "a,,b",
                                    "1a",
                                    "RCPTMAX=100",
                                    "MAILMAX=7",
                                    "RCPTDOMAINMAX=999999",
                                    "RCPTMAX=0",
                                    "MAILMAX=1000000",
                                    "imap",
                                    "imap://imap.example",
                                    "http",
                                    "NAME",
                                    "ADDR",
                                    "PORT",
                                    "PROTO",
                                    "HELO",
                                    "LOGIN",
                                    "DESTADDR",
                                    "DESTPORT",
                                    "IDENT",
                                    "SOURCE",
                                    "=",
                                    "240,x",
                                    ",x",
                                    "240,",
                                    "KERBEROS_V4",
                                    "X-SECRET",
                                    "UUID"};
  static const char *const limits[] = {"RCPTMAX=5", "MAILMAX=6",
                                       "RCPTDOMAINMAX=7", "RCPTMAX=8"};
  static const char *const peers[] = {"NAME", "ADDR",  "IDENT",
                                      "PORT", "LOGIN", "DESTPORT"};
  if (test_random(seed) % 2u == 0u) {
    return pick(seed, any, COUNT(any));
  }
  if (keyword[0] == 'X') {
    return pick(seed, peers, COUNT(peers));
  }
  if (keyword[0] == 'L') {
    return pick(seed, limits, COUNT(limits));
  }
  const uint32_t id = 1u + test_random(seed) % (SMTPC_MECHANISM_COUNT - 1u);
  return keyword[0] == 'A' ? smtpc_mechanism_get(id).name
                           : pick(seed, any, COUNT(any));
}

#define ROOM 400u

// Writes a line: a keyword and up to three parameters.
static size_t generate(uint64_t *seed, char *text) {
  const char *const keyword = pick_keyword(seed);
  const bool hold = strcmp(keyword, "FUTURERELEASE") == 0;
  const uint32_t few = test_random(seed) % 8u;
  uint32_t params = few < 3u ? 0u : few < 6u ? 1u : few - 4u;
  (void)strcpy(text, keyword);
  if (hold && few % 2u == 0u) {
    (void)strcat(text, " 86400 2030-01-31T23:59:59Z");
    params /= 2u;
  }
  for (uint32_t k = 0u; k < params; k++) {
    (void)strcat(text, " ");
    (void)strcat(text, pick_param(seed, keyword));
  }
  return strlen(text);
}

// Changes a line in one place: an octet replaced, taken out, put in, or a letter
// in its other case.
static size_t mutate(uint64_t *seed, char *text, size_t len) {
  static const char likely[] = " =,-:0123456789.XxSAtz\t\0\200;\177";
  const size_t at = len > 0u ? test_random(seed) % len : 0u;
  const uint32_t which = test_random(seed);
  const char octet = which % 4u == 0u
                         ? (char)(which >> 8 & 255u)
                         : likely[(which >> 8) % (sizeof likely - 1u)];
  const uint32_t how = test_random(seed) % 4u;
  if (how == 0u && len > 0u) {
    text[at] = octet;
  } else if (how == 1u && len > 0u) {
    memmove(text + at, text + at + 1u, len - at - 1u);
    len--;
  } else if (how == 2u && len > 0u) {
    text[at] = (char)(text[at] ^ 0x20);
  } else if (len < ROOM) {
    memmove(text + at + 1u, text + at, len - at);
    text[at] = octet;
    len++;
  }
  return len;
}

// Replies of up to 6 lines, under random quirks. What the generator writes must
// reach each value and each mark, else the comparison says little.
static void test_capability_equals_model_on_generated_replies(void **state) {
  (void)state;
  uint64_t seed = 9422u;
  smtpc_capabilities seen = {0};
  unsigned lines = 0u;
  for (unsigned n = 0u; lines < 300000u; n++) {
    smtpc_capabilities have;
    smtpc_capabilities want = {0};
    const uint32_t quirks = test_random(&seed) & SMTPC_QUIRK_ALL;
    const unsigned count = 1u + test_random(&seed) % 6u;
    smtpc_capability_init(&have);
    for (unsigned i = 0u; i < count; i++) {
      char text[ROOM + 1u];
      size_t len = generate(&seed, text);
      const uint32_t changes = test_random(&seed) % 8u;
      for (uint32_t k = 4u; k < changes; k++) {
        len = mutate(&seed, text, len);
      }
      test_label("reply %u, line %u: %.*s", n, i, (int)len, text);
      add(&have, text, len, quirks);
      smtpc_model_capability_line(&want, 2u, (const uint8_t *)text, len,
                                  quirks);
      compare(&have, &want);
    }
    lines += count;
    seen.offered |= have.offered;
    seen.mechanisms |= have.mechanisms;
    seen.marks |= have.marks;
    seen.others |= have.others;
    seen.xclient |= have.xclient;
    seen.xforward |= have.xforward;
    seen.by_min |= have.by_min;
    seen.hold_until |= have.hold_until;
    seen.profile |= have.profile;
  }
  test_label("what was reached");
  test_number(seen.offered, ((uint64_t)1 << SMTPC_EXTENSION_COUNT) - 1u);
  test_number(seen.mechanisms, ((uint64_t)1 << SMTPC_MECHANISM_COUNT) - 2u);
  test_number(seen.marks, 63);
  test_number(seen.others, 63);
  test_number(seen.profile, 7);
  assert_true(seen.by_min != 0u && seen.hold_until != 0u);
  assert_true(seen.xclient != 0u && seen.xforward != 0u);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_capability_deliverby),
      cmocka_unit_test(test_capability_futurerelease),
      cmocka_unit_test(test_capability_mt_priority),
      cmocka_unit_test(test_capability_no_soliciting),
      cmocka_unit_test(test_capability_no_soliciting_has_a_greatest_length),
      cmocka_unit_test(test_capability_every_mechanism),
      cmocka_unit_test(test_capability_attributes),
      cmocka_unit_test(test_capability_burl),
      cmocka_unit_test(test_capability_quirk_auth_equals),
      cmocka_unit_test(test_capability_auth_equals_is_malformed),
      cmocka_unit_test(test_capability_types_what_peers_type),
      cmocka_unit_test(test_capability_equals_model_on_generated_replies),
  };
  return cmocka_run_group_tests_name("capability_extension", tests, NULL, NULL);
}
