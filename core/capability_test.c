#include "smtpcore/capability.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/model/capability_model.h"
#include "core/testing.h"
#include "smtpcore/line.h"
#include "smtpcore/reply.h"

// Adds the text of line `number`, with an offset, so that a reader which
// ignores the span's begin is found out.
static void add(smtpc_capabilities *caps, unsigned number, const char *text,
                size_t len, uint32_t quirks) {
  uint8_t *const line = malloc(len + 4u);
  assert_non_null(line);
  memcpy(line, "250-", 4u);
  memcpy(line + 4, text, len);
  smtpc_capability_line(caps, number, line, smtpc_span_make(4u, len + 4u),
                        quirks);
  free(line);
}

// Field by field, so that the first difference has a name; then all octets.
static void compare(const smtpc_capabilities *have,
                    const smtpc_capabilities *want) {
  test_number(have->offered, want->offered);
  test_number(have->mechanisms, want->mechanisms);
  test_number(have->marks, want->marks);
  test_number(have->others, want->others);
  test_number(have->size, want->size);
  test_number(have->rcpt_max, want->rcpt_max);
  test_number(have->mail_max, want->mail_max);
  test_number(have->domain_max, want->domain_max);
  test_octets(have, sizeof *have, want, sizeof *want);
}

// ------------------------------------------------------------- single lines

typedef struct golden {
  const char *text;
  size_t len;
  smtpc_capabilities want;
} golden;

#define TEXT(text) text, sizeof(text) - 1u
#define OFFERS(text, id)          \
  {                               \
    TEXT(text), {                 \
      .offered = SMTPC_OFFERS(id) \
    }                             \
  }
#define NOTHING(text) \
  {                   \
    TEXT(text), {     \
      0               \
    }                 \
  }
#define MALFORMED(text)             \
  {                                 \
    TEXT(text), {                   \
      .marks = SMTPC_CAPS_MALFORMED \
    }                               \
  }
#define TAMPERED(text)             \
  {                                \
    TEXT(text), {                  \
      .marks = SMTPC_CAPS_TAMPERED \
    }                              \
  }
#define SIZED(text, number)                            \
  {                                                    \
    TEXT(text), {                                      \
      .offered = SMTPC_OFFERS(SIZE), .size = (number), \
      .marks = SMTPC_CAPS_SIZE_LIMIT                   \
    }                                                  \
  }
#define MECHANISMS(text, set, mark)                                       \
  {                                                                       \
    TEXT(text), {                                                         \
      .offered = SMTPC_OFFERS(AUTH), .mechanisms = (set), .marks = (mark) \
    }                                                                     \
  }
#define LIMITS(text, rcpt, mail, domain)                                       \
  {                                                                            \
    TEXT(text), {                                                              \
      .offered = SMTPC_OFFERS(LIMITS), .rcpt_max = (rcpt), .mail_max = (mail), \
      .domain_max = (domain)                                                   \
    }                                                                          \
  }
#define OTHER SMTPC_CAPS_AUTH_OTHER

static const golden goldens[] = {
    OFFERS("PIPELINING", PIPELINING),
    OFFERS("8BITMIME", 8BITMIME),
    OFFERS("STARTTLS", STARTTLS),
    OFFERS("starttls", STARTTLS),
    OFFERS("StartTls", STARTTLS),
    OFFERS("DSN", DSN),
    OFFERS("SMTPUTF8", SMTPUTF8),
    OFFERS("CHUNKING", CHUNKING),
    OFFERS("REQUIRETLS", REQUIRETLS),
    OFFERS("ENHANCEDSTATUSCODES", ENHANCEDSTATUSCODES),
    // Whole words only.
    NOTHING("XSTARTTLS"),
    NOTHING("STARTTL"),
    NOTHING("STARTTLSX"),
    NOTHING("STARTTLS-"),
    NOTHING("X-STARTTLS"),
    NOTHING("X"),
    NOTHING("XXX"),
    NOTHING("X-EXPS GSSAPI NTLM"),
    NOTHING("HELPER STARTTLS"),
    MALFORMED("HELP STARTTLS"),
    MALFORMED("STARTTLS foo"),
    OFFERS("SMTPUTF8 foo bar", SMTPUTF8),
    MALFORMED("SMTPUTF8 "),
    MALFORMED("SMTPUTF8  foo"),
    MALFORMED("SMTPUTF8 \200"),
    MALFORMED("SMTPUTF8=foo"),
    MALFORMED("STARTTLS "),
    MALFORMED(" STARTTLS"),
    MALFORMED("\tSTARTTLS"),
    MALFORMED("STARTTLS\tfoo"),
    MALFORMED("STARTTLS\t"),
    MALFORMED("STARTTLS\0"),
    MALFORMED("START\0TLS"),
    MALFORMED("STARTTLS;"),
    MALFORMED("STARTTLS_"),
    MALFORMED("STARTTLS."),
    MALFORMED("-STARTTLS"),
    MALFORMED("STARTTLS\200"),
    MALFORMED("2.5.0 STARTTLS"),
    MALFORMED("PIPELINING 1"),
    MALFORMED(""),
    MALFORMED(" "),
    MALFORMED("-"),
    MALFORMED("DSN  "),
    // Overwritten on the way.
    TAMPERED("XXXX"),
    TAMPERED("XXXXXXXX"),
    TAMPERED("XXXXXXXA"),
    TAMPERED("XXXXXXXXXXXXXXXXXXXX"),
    TAMPERED("XXXX XXXXX"),
    NOTHING("XXXXXXAA"),
    NOTHING("XXXXXXX1"),
    NOTHING("XXX-XXXX"),
    NOTHING("AXXXXXXX"),
    MALFORMED("XXXXXXX "),
    // SIZE
    OFFERS("SIZE", SIZE),
    OFFERS("SIZE 0", SIZE),
    OFFERS("size 00000000000000000000", SIZE),
    SIZED("SIZE 1", 1u),
    SIZED("SIZE 10485760", 10485760u),
    SIZED("Size 0000000000000000042", 42u),
    SIZED("SIZE 18446744073709551615", UINT64_MAX),
    MALFORMED("SIZE 18446744073709551616"),
    MALFORMED("SIZE 184467440737095516150"),
    MALFORMED("SIZE 99999999999999999999"),
    MALFORMED("SIZE 99999999999999999999999"),
    MALFORMED("SIZE 000000000000000000001"),
    MALFORMED("SIZE -1"),
    MALFORMED("SIZE +1"),
    MALFORMED("SIZE 1k"),
    MALFORMED("SIZE 1 2"),
    MALFORMED("SIZE  1"),
    MALFORMED("SIZE 1 "),
    MALFORMED("SIZE "),
    MALFORMED("SIZE=1"),
    // AUTH
    MECHANISMS("AUTH PLAIN", SMTPC_MECH(PLAIN), 0u),
    MECHANISMS("auth plain login", SMTPC_MECH(PLAIN) | SMTPC_MECH(LOGIN), 0u),
    MECHANISMS("AUTH CRAM-MD5 PLAIN LOGIN",
               SMTPC_MECH(CRAM_MD5) | SMTPC_MECH(PLAIN) | SMTPC_MECH(LOGIN),
               0u),
    MECHANISMS("AUTH PLAIN PLAIN", SMTPC_MECH(PLAIN), 0u),
    MECHANISMS("AUTH", 0u, 0u),
    MECHANISMS("AUTH GSSAPI", SMTPC_MECH(GSSAPI), 0u),
    MECHANISMS("AUTH PLAINX XPLAIN PLAI", 0u, OTHER),
    MECHANISMS("AUTH LOGIN X-SECRET", SMTPC_MECH(LOGIN), OTHER),
    MECHANISMS("AUTH X-SECRET LOGIN", SMTPC_MECH(LOGIN), OTHER),
    MECHANISMS("AUTH =LOGIN", 0u, OTHER),
    MALFORMED("AUTH=LOGIN"),
    MALFORMED("AUTH=LOGIN PLAIN"),
    MALFORMED("AUTH "),
    MALFORMED("AUTH PLAIN  LOGIN"),
    MALFORMED("AUTH PLAIN\tLOGIN"),
    MALFORMED("AUTH PL\0AIN"),
    // LIMITS
    LIMITS("LIMITS RCPTMAX=100", 100u, 0u, 0u),
    LIMITS("limits rcptmax=1 Mailmax=2 RCPTDOMAINMAX=3", 1u, 2u, 3u),
    LIMITS("LIMITS RCPTMAX=999999", 999999u, 0u, 0u),
    LIMITS("LIMITS RCPTMAX=1000000", 0u, 0u, 0u),
    LIMITS("LIMITS RCPTMAX=4294967296", 0u, 0u, 0u),
    LIMITS("LIMITS RCPTMAX=0", 0u, 0u, 0u),
    LIMITS("LIMITS RCPTMAX=01", 0u, 0u, 0u),
    LIMITS("LIMITS RCPTMAX=", 0u, 0u, 0u),
    LIMITS("LIMITS RCPTMAX", 0u, 0u, 0u),
    LIMITS("LIMITS RCPTMAX=-1 MAILMAX=5", 0u, 5u, 0u),
    LIMITS("LIMITS RCPTMAX=1=2", 0u, 0u, 0u),
    LIMITS("LIMITS XRCPTMAX=1 RCPTMAXX=2 =3", 0u, 0u, 0u),
    LIMITS("LIMITS RCPTMAX=7 RCPTMAX=8", 7u, 0u, 0u),
    LIMITS("LIMITS RCPTMAX=0 RCPTMAX=8", 8u, 0u, 0u),
    LIMITS("LIMITS", 0u, 0u, 0u),
    MALFORMED("LIMITS RCPTMAX=1 "),
};
#define GOLDEN_COUNT (sizeof goldens / sizeof goldens[0])

static void test_capability_lines(void **state) {
  (void)state;
  for (size_t i = 0u; i < GOLDEN_COUNT; i++) {
    smtpc_capabilities have;
    test_label("%s", goldens[i].text);
    smtpc_capability_init(&have);
    add(&have, 2u, goldens[i].text, goldens[i].len, 0u);
    compare(&have, &goldens[i].want);
  }
}

// The first line is the server's name, whatever it says.
static void test_capability_line_1_offers_nothing(void **state) {
  (void)state;
  const smtpc_capabilities none = {0};
  for (size_t i = 0u; i < GOLDEN_COUNT; i++) {
    smtpc_capabilities have;
    test_label("%s", goldens[i].text);
    smtpc_capability_init(&have);
    add(&have, 1u, goldens[i].text, goldens[i].len, SMTPC_QUIRK_ALL);
    add(&have, 0u, goldens[i].text, goldens[i].len, 0u);
    compare(&have, &none);
  }
}

// What a keyword alone offers. FUTURERELEASE is no offer without its values.
static uint32_t offer_of(const char *text, size_t len) {
  uint32_t bits = 0u;
  for (unsigned id = 0u; id < SMTPC_EXTENSION_COUNT; id++) {
    const smtpc_extension_row row = smtpc_extension_get(id);
    const bool same =
        strlen(row.name) == len && strncasecmp(row.name, text, len) == 0;
    bits |=
        same && id != SMTPC_EXTENSION_FUTURERELEASE ? (uint32_t)1 << id : 0u;
  }
  return bits;
}

// Any one octet replaced by any other takes the offer away, but for case.
static void check_other_octets(const char *keyword) {
  const size_t len = strlen(keyword);
  for (size_t at = 0u; at < len; at++) {
    for (unsigned c = 0u; c < 256u; c++) {
      char text[32];
      smtpc_capabilities have;
      memcpy(text, keyword, len);
      text[at] = (char)c;
      test_label("%s with octet %u at %zu", keyword, c, at);
      smtpc_capability_init(&have);
      add(&have, 2u, text, len, 0u);
      test_number(have.offered, offer_of(text, len));
    }
  }
}

static void test_capability_keyword_is_matched_whole(void **state) {
  (void)state;
  for (unsigned id = 0u; id < SMTPC_EXTENSION_COUNT; id++) {
    const smtpc_extension_row row = smtpc_extension_get(id);
    check_other_octets(row.name);
    for (size_t cut = 0u; cut < row.name_len; cut++) {
      smtpc_capabilities have;
      test_label("%s cut to %zu", row.name, cut);
      smtpc_capability_init(&have);
      add(&have, 2u, row.name, cut, 0u);
      test_number(have.offered, 0);
    }
  }
}

// ------------------------------------------------------------ whole replies

typedef struct dialogue {
  const char *label;
  const char *stream;
  smtpc_capabilities want;
} dialogue;

static const dialogue dialogues[] = {
    {"what a server of ours offers",
     "250-mail.example at your service\r\n250-PIPELINING\r\n250-SIZE 1000\r\n"
     "250-8BITMIME\r\n250-STARTTLS\r\n250-AUTH PLAIN LOGIN\r\n250-DSN\r\n"
     "250-SMTPUTF8\r\n250-CHUNKING\r\n250-REQUIRETLS\r\n"
     "250-LIMITS RCPTMAX=20\r\n250 ENHANCEDSTATUSCODES\r\n",
     {.offered = SMTPC_OFFERS(PIPELINING) | SMTPC_OFFERS(SIZE) |
                 SMTPC_OFFERS(8BITMIME) | SMTPC_OFFERS(STARTTLS) |
                 SMTPC_OFFERS(AUTH) | SMTPC_OFFERS(DSN) |
                 SMTPC_OFFERS(SMTPUTF8) | SMTPC_OFFERS(CHUNKING) |
                 SMTPC_OFFERS(REQUIRETLS) | SMTPC_OFFERS(LIMITS) |
                 SMTPC_OFFERS(ENHANCEDSTATUSCODES),
      .size = 1000u,
      .rcpt_max = 20u,
      .mechanisms = SMTPC_MECH(PLAIN) | SMTPC_MECH(LOGIN),
      .marks = SMTPC_CAPS_SIZE_LIMIT}},
    {"one line, a keyword in place of a name", "250 STARTTLS\r\n", {0}},
    {"a keyword in the greeting's place",
     "250-STARTTLS\r\n250 DSN\r\n",
     {.offered = SMTPC_OFFERS(DSN)}},
    {"a keyword in the greeting's text",
     "250-mail.example STARTTLS\r\n250 DSN\r\n",
     {.offered = SMTPC_OFFERS(DSN)}},
    {"an empty last line",
     "250-mail.example\r\n250-DSN\r\n250\r\n",
     {.offered = SMTPC_OFFERS(DSN), .marks = SMTPC_CAPS_MALFORMED}},
    {"a blank line",
     "250-mail.example\r\n250- \r\n250 DSN\r\n",
     {.offered = SMTPC_OFFERS(DSN), .marks = SMTPC_CAPS_MALFORMED}},
    {"an enhanced code hides no keyword",
     "250-mail.example\r\n250-2.5.0 STARTTLS\r\n250 DSN\r\n",
     {.offered = SMTPC_OFFERS(DSN), .marks = SMTPC_CAPS_MALFORMED}},
    {"overwritten",
     "250-mail.example\r\n250-XXXXXXXA\r\n250 DSN\r\n",
     {.offered = SMTPC_OFFERS(DSN), .marks = SMTPC_CAPS_TAMPERED}},
    {"keywords twice",
     "250-mail.example\r\n250-DSN\r\n250-DSN\r\n250-AUTH LOGIN\r\n"
     "250 AUTH PLAIN X-SECRET\r\n",
     {.offered = SMTPC_OFFERS(DSN) | SMTPC_OFFERS(AUTH),
      .mechanisms = SMTPC_MECH(PLAIN) | SMTPC_MECH(LOGIN),
      .marks = OTHER}},
    {"AUTH and its old form",
     "250-mail.example\r\n250-AUTH LOGIN\r\n250 AUTH=LOGIN PLAIN\r\n",
     {.offered = SMTPC_OFFERS(AUTH),
      .mechanisms = SMTPC_MECH(LOGIN),
      .marks = SMTPC_CAPS_MALFORMED}},
    {"the same SIZE twice",
     "250-mail.example\r\n250-SIZE 5\r\n250 SIZE 05\r\n",
     {.offered = SMTPC_OFFERS(SIZE),
      .size = 5u,
      .marks = SMTPC_CAPS_SIZE_LIMIT}},
    {"another SIZE",
     "250-mail.example\r\n250-SIZE 5\r\n250 SIZE 9\r\n",
     {.offered = SMTPC_OFFERS(SIZE),
      .size = 5u,
      .marks = SMTPC_CAPS_SIZE_LIMIT | SMTPC_CAPS_MALFORMED}},
    {"no limit, then one",
     "250-mail.example\r\n250-SIZE\r\n250 SIZE 9\r\n",
     {.offered = SMTPC_OFFERS(SIZE), .marks = SMTPC_CAPS_MALFORMED}},
    {"a limit, then none",
     "250-mail.example\r\n250-SIZE 9\r\n250 SIZE\r\n",
     {.offered = SMTPC_OFFERS(SIZE),
      .size = 9u,
      .marks = SMTPC_CAPS_SIZE_LIMIT | SMTPC_CAPS_MALFORMED}},
    {"limits on two lines",
     "250-mail.example\r\n250-LIMITS RCPTMAX=5\r\n"
     "250 LIMITS RCPTMAX=9 MAILMAX=3\r\n",
     {.offered = SMTPC_OFFERS(LIMITS), .rcpt_max = 5u, .mail_max = 3u}},
};

// Feeds a reply through `smtpc_line` and `smtpc_reply`, in pieces of `cut`
// octets.
static void read_dialogue(const dialogue *row, size_t cut,
                          smtpc_capabilities *caps) {
  static smtpc_line line;
  smtpc_reply reply;
  const size_t len = strlen(row->stream);
  size_t off = 0u;
  smtpc_line_init(&line);
  smtpc_reply_init(&reply);
  smtpc_capability_init(caps);
  while (off < len) {
    const size_t piece = test_cut_next(cut, len - off);
    uint8_t *const data = test_copy(row->stream + off, piece);
    size_t used = 0u;
    const smtpc_status st =
        smtpc_line_feed(&line, SMTPC_REPLY_LINE_MAX, 0, data, piece, &used);
    off += used;
    free(data);
    if (st == SMTPC_OK) {
      smtpc_span text;
      test_number(smtpc_reply_line(&reply, line.data, line.len, 0, &text),
                  SMTPC_OK);
      smtpc_capability_line(caps, reply.lines, line.data,
                            smtpc_span_make(4u, line.len), 0u);
      smtpc_line_next(&line);
    } else {
      test_number(st, SMTPC_MORE);
    }
  }
  test_number(reply.done, 1);
}

static void test_capability_replies(void **state) {
  (void)state;
  for (size_t i = 0u; i < sizeof dialogues / sizeof dialogues[0]; i++) {
    for (size_t cut = 0u; cut <= TEST_CUT_MAX; cut++) {
      smtpc_capabilities have;
      test_label("%s, cut %zu", dialogues[i].label, cut);
      read_dialogue(&dialogues[i], cut, &have);
      compare(&have, &dialogues[i].want);
    }
  }
}

// Ten thousand lines change no more than the first of them.
static void test_capability_many_lines(void **state) {
  (void)state;
  smtpc_capabilities once;
  smtpc_capabilities many;
  smtpc_capability_init(&once);
  smtpc_capability_init(&many);
  for (unsigned n = 2u; n < 10002u; n++) {
    const golden *const row = &goldens[n % GOLDEN_COUNT];
    add(&many, n, row->text, row->len, 0u);
    if (n < 2u + GOLDEN_COUNT) {
      add(&once, n, row->text, row->len, 0u);
    }
  }
  test_octets(&many, sizeof many, &once, sizeof once);
  assert_true(many.offered != 0u);
}

// ---------------------------------------------------------------- compared

static size_t mutate(uint64_t *seed, char *text, size_t len, size_t room) {
  static const char likely[] = " =-0123456789XxSA\t\0\200;.\177";
  const size_t at = len > 0u ? test_random(seed) % len : 0u;
  const uint32_t pick = test_random(seed);
  const char octet = pick % 4u == 0u
                         ? (char)(pick >> 8 & 127u)
                         : likely[(pick >> 8) % (sizeof likely - 1u)];
  const uint32_t how = test_random(seed) % 4u;
  if (how == 0u && len > 0u) {
    text[at] = octet;
  } else if (how == 1u && len > 0u) {
    memmove(text + at, text + at + 1u, len - at - 1u);
    len--;
  } else if (how == 2u && len > 0u) {
    text[at] = (char)(text[at] ^ 0x20);
  } else if (len < room) {
    memmove(text + at + 1u, text + at, len - at);
    text[at] = octet;
    len++;
  }
  return len;
}

// Replies of up to 5 lines, each a golden line with up to 3 changes.
static void test_capability_equals_model_on_mutated_lines(void **state) {
  (void)state;
  uint64_t seed = 4111u;
  for (unsigned n = 0u; n < 60000u; n++) {
    smtpc_capabilities have;
    smtpc_capabilities want = {0};
    smtpc_capability_init(&have);
    const unsigned lines = 1u + test_random(&seed) % 5u;
    const uint32_t quirks = test_random(&seed) & SMTPC_QUIRK_ALL;
    test_label("reply %u", n);
    for (unsigned i = 0u; i < lines; i++) {
      const golden *const row = &goldens[test_random(&seed) % GOLDEN_COUNT];
      char text[64];
      size_t len = row->len;
      memcpy(text, row->text, len);
      const uint32_t changes = test_random(&seed) % 4u;
      for (uint32_t k = 0u; k < changes; k++) {
        len = mutate(&seed, text, len, sizeof text);
      }
      add(&have, i + 1u + n % 2u, text, len, quirks);
      smtpc_model_capability_line(&want, i + 1u + n % 2u, (const uint8_t *)text,
                                  len, quirks);
    }
    compare(&have, &want);
  }
}

// All short lines over letters that make up keywords, parameters and their
// bounds.
static void test_capability_equals_model_on_all_short_lines(void **state) {
  (void)state;
  static const char letters[6] = {'X', ',', ' ', '=', '1', '\t'};
  for (size_t len = 0u; len <= 6u; len++) {
    size_t count = 1u;
    for (size_t i = 0u; i < len; i++) {
      count *= 6u;
    }
    for (size_t n = 0u; n < count; n++) {
      static const char *const heads[] = {"", "SIZE", "LIMITS MAILMAX", "AUTH",
                                          "DELIVERBY"};
      for (size_t h = 0u; h < 5u; h++) {
        char text[32];
        smtpc_capabilities have;
        smtpc_capabilities want = {0};
        size_t rest = n;
        const size_t head = strlen(heads[h]);
        memcpy(text, heads[h], head);
        for (size_t i = 0u; i < len; i++) {
          text[head + i] = letters[rest % 6u];
          rest /= 6u;
        }
        test_label("line %zu of length %zu after '%s'", n, len, heads[h]);
        smtpc_capability_init(&have);
        add(&have, 2u, text, head + len, SMTPC_QUIRK_AUTH_EQUALS);
        smtpc_model_capability_line(&want, 2u, (const uint8_t *)text,
                                    head + len, SMTPC_QUIRK_AUTH_EQUALS);
        compare(&have, &want);
      }
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_capability_lines),
      cmocka_unit_test(test_capability_line_1_offers_nothing),
      cmocka_unit_test(test_capability_keyword_is_matched_whole),
      cmocka_unit_test(test_capability_replies),
      cmocka_unit_test(test_capability_many_lines),
      cmocka_unit_test(test_capability_equals_model_on_mutated_lines),
      cmocka_unit_test(test_capability_equals_model_on_all_short_lines),
  };
  return cmocka_run_group_tests_name("capability", tests, NULL, NULL);
}
