// THREATS section 10: what the program itself hands over to be sent. One test for
// each row, named after it. Everything goes through a whole session, so that what is
// checked is what leaves: either nothing of a hostile value, or one line that a server
// reads as what was meant.

#include <stdlib.h>
#include <string.h>

#include "core/write_testing.h"
#include "shim/mem/dialogue_testing.h"
#include "smtpcore/client.h"

#define EHLO_OUT "C: EHLO localhost\n"
#define GREETING "220 mx\r\n"
// All that a message may ask for.
#define OFFERS                                               \
  "250-mx\r\n250-SIZE\r\n250-8BITMIME\r\n250-AUTH PLAIN\r\n" \
  "250-DSN\r\n250-SMTPUTF8\r\n250-DELIVERBY\r\n"             \
  "250-FUTURERELEASE 999999999 9999-12-31T23:59:59Z\r\n"     \
  "250-MT-PRIORITY\r\n250-RRVS\r\n250-NO-SOLICITING\r\n"     \
  "250-MTRK\r\n250-CONPERM\r\n250-CHECKPOINT\r\n"            \
  "250-PRDR\r\n250 CONNEG\r\n"
#define OFFERED (sizeof GREETING - 1u + sizeof OFFERS - 1u)

// ------------------------------------------------------------------ fields

// Every text that the envelope has, with a value that may be sent.
typedef enum field_id {
  FIELD_SENDER,
  FIELD_RECIPIENT,
  FIELD_ENVID,
  FIELD_AUTH,
  FIELD_SOLICIT,
  FIELD_MTRK,
  FIELD_TRANSID,
  FIELD_ORCPT,
  FIELD_ORCPT_TYPE,
  FIELD_COUNT
} field_id;

typedef struct field_row {
  const char *name;
  const char *value;
} field_row;

static const field_row fields[FIELD_COUNT] = {
    {"sender", "s@a.example"},      {"recipient", "r@b.example"},
    {"ENVID", "QQ314159"},          {"AUTH", "s@a.example"},
    {"SOLICIT", "org.example:ADV"}, {"MTRK", "YWJjZGVmZ2hpamtsbW5vcHFyc3Q"},
    {"TRANSID", "12345@a.example"}, {"ORCPT", "r@b.example"},
    {"ORCPT type", "rfc822"},
};

typedef struct job {
  smtpc_envelope mail;
  smtpc_envelope rcpt;
} job;

static job plain_job(void) {
  const job j = {dialogue_address("s@a.example"),
                 dialogue_address("r@b.example")};
  return j;
}

static void set_field(job *j, field_id id, const uint8_t *data, size_t size) {
  const uint16_t len = (uint16_t)size;
  switch (id) {
    case FIELD_SENDER:
      j->mail.address = data;
      j->mail.address_len = len;
      break;
    case FIELD_RECIPIENT:
      j->rcpt.address = data;
      j->rcpt.address_len = len;
      break;
    case FIELD_ENVID:
      j->mail.envid = data;
      j->mail.envid_len = len;
      j->mail.seen |= SMTPC_HAS(ENVID);
      break;
    case FIELD_AUTH:
      j->mail.auth = data;
      j->mail.auth_len = len;
      j->mail.seen |= SMTPC_HAS(AUTH);
      break;
    case FIELD_SOLICIT:
      j->mail.solicit = data;
      j->mail.solicit_len = len;
      j->mail.seen |= SMTPC_HAS(SOLICIT);
      break;
    case FIELD_MTRK:
      j->mail.mtrk = data;
      j->mail.mtrk_len = len;
      j->mail.seen |= SMTPC_HAS(MTRK);
      break;
    case FIELD_TRANSID:
      j->mail.transid = data;
      j->mail.transid_len = len;
      j->mail.seen |= SMTPC_HAS(TRANSID);
      break;
    case FIELD_ORCPT:
    case FIELD_ORCPT_TYPE:
      if (j->rcpt.orcpt == NULL) {
        j->rcpt.orcpt = (const uint8_t *)fields[FIELD_ORCPT].value;
        j->rcpt.orcpt_len = (uint16_t)strlen(fields[FIELD_ORCPT].value);
        j->rcpt.orcpt_type = (const uint8_t *)fields[FIELD_ORCPT_TYPE].value;
        j->rcpt.orcpt_type_len =
            (uint16_t)strlen(fields[FIELD_ORCPT_TYPE].value);
      }
      if (id == FIELD_ORCPT) {
        j->rcpt.orcpt = data;
        j->rcpt.orcpt_len = len;
      } else {
        j->rcpt.orcpt_type = data;
        j->rcpt.orcpt_type_len = len;
      }
      j->rcpt.seen |= SMTPC_HAS(ORCPT);
      break;
    case FIELD_COUNT:
      break;
  }
}

static bool is_of_rcpt(field_id id) {
  return id == FIELD_RECIPIENT || id == FIELD_ORCPT || id == FIELD_ORCPT_TYPE;
}

// ------------------------------------------------------------------- runs

static void feed(smtpc_mem_client *mem, const char *text) {
  (void)smtpc_mem_client_feed(mem, SMTPC_CHANNEL_PLAIN, text, strlen(text), 0u);
}

static void run(smtpc_mem_client *mem, const job *j) {
  const smtpc_client_policy policy =
      dialogue_client_policy(SMTPC_CLIENT_TLS_OFF);
  smtpc_mem_message message = dialogue_message(&j->rcpt, 1u);
  message.envelope = j->mail;
  memset(mem, 0, sizeof *mem);
  smtpc_mem_client_begin(mem, &policy, &message, 1u);
  feed(mem, GREETING);
  feed(mem, OFFERS);
  feed(mem, "250 ok\r\n");
  feed(mem, "250 ok\r\n");
}

// Nothing of a message whose MAIL may not be sent has left, and of a recipient that
// may not be sent nothing either. `mail` is the MAIL line that went before.
static void check_refused(smtpc_mem_client *mem, bool of_rcpt,
                          const char *mail) {
  smtpc_octets want = {NULL, 0u, 0u};
  if (of_rcpt) {
    smtpc_octets_print(&want, EHLO_OUT "C: %s\n! local-input @%zu\n", mail,
                       OFFERED + 8u);
    smtpc_octets_print(&want, ". close local local-input\n");
  } else {
    smtpc_octets_print(&want, EHLO_OUT "! local-input @%zu\nM: 0\nC: QUIT\n",
                       OFFERED);
    // The first `250 ok` answers QUIT.
    smtpc_octets_print(&want, ". close quit\n");
  }
  test_octets(mem->trace.data, mem->trace.len, want.data, want.len);
  smtpc_octets_free(&want);
}

// Line `number` of what was sent, with its CRLF.
static written line_sent(const smtpc_mem_client *mem, unsigned number) {
  size_t begin = 0u;
  size_t end = 0u;
  unsigned at = 0u;
  for (size_t i = 0u; i < mem->out.len && end == 0u; i++) {
    if (mem->out.data[i] == '\n') {
      end = at == number ? i + 1u : 0u;
      begin = at == number ? begin : i + 1u;
      at++;
    }
  }
  assert_true(end > begin);
  const written w = {mem->out.data + begin, end - begin, end - begin, SMTPC_OK};
  return w;
}

// Four lines were sent, and a server reads MAIL and RCPT as they were meant.
static void check_sent(const smtpc_mem_client *mem, const job *j) {
  static const char data[] = "DATA\r\n";
  const written mail = line_sent(mem, 1u);
  const written rcpt = line_sent(mem, 2u);
  const written last = line_sent(mem, 3u);
  check_law(&mail);
  check_law(&rcpt);
  check_back(&mail, &j->mail, SMTPC_VERB_MAIL);
  check_back(&rcpt, &j->rcpt, SMTPC_VERB_RCPT);
  test_octets(last.data, last.len, data, sizeof data - 1u);
  assert_true(last.data + last.len == mem->out.data + mem->out.len);
}

// A field with this value is refused, whole.
static void expect_refused(field_id id, const void *data, size_t len,
                           uint32_t seen) {
  static smtpc_mem_client mem;
  uint8_t *copy = test_copy(data, len);
  job j = plain_job();
  j.mail.seen = seen;
  set_field(&j, id, copy, len);
  run(&mem, &j);
  check_refused(&mem, is_of_rcpt(id),
                seen != 0u ? "MAIL FROM:<s@a.example> SMTPUTF8"
                           : "MAIL FROM:<s@a.example>");
  smtpc_mem_client_free(&mem);
  free(copy);
}

static void add_text(smtpc_octets *out, const char *text) {
  smtpc_octets_add(out, text, strlen(text));
}

// A field with this value is sent: `line` is MAIL or RCPT as the trace has it.
static void expect_sent(field_id id, const void *data, size_t len,
                        uint32_t seen, const char *line) {
  static smtpc_mem_client mem;
  uint8_t *copy = test_copy(data, len);
  const bool of_rcpt = is_of_rcpt(id);
  const char *mail = seen != 0u ? "MAIL FROM:<s@a.example> SMTPUTF8"
                                : "MAIL FROM:<s@a.example>";
  smtpc_octets want = {NULL, 0u, 0u};
  job j = plain_job();
  j.mail.seen = seen;
  set_field(&j, id, copy, len);
  run(&mem, &j);
  add_text(&want, EHLO_OUT "C: ");
  add_text(&want, of_rcpt ? mail : line);
  add_text(&want, "\nC: ");
  add_text(&want, of_rcpt ? line : "RCPT TO:<r@b.example>");
  add_text(&want, "\nR: 0 250\nC: DATA\n");
  test_octets(mem.trace.data, mem.trace.len, want.data, want.len);
  if (seen == 0u) {
    check_sent(&mem, &j);
  }
  smtpc_octets_free(&want);
  smtpc_mem_client_free(&mem);
  free(copy);
}

// --------------------------------------------------------------- INJ-01

typedef struct octets_row {
  const char *data;
  size_t len;
} octets_row;

// What no field may hold, wherever it stands.
static const octets_row line_ends[] = {
    {LIT("\r\n")},
    {LIT("\r")},
    {LIT("\n")},
    {LIT("\n\r")},
    {LIT("\0")},
    {LIT(">\r\nRCPT TO:<evil@x")},
    {LIT(">\nRCPT TO:<evil@x")},
    {LIT(">\rRCPT TO:<evil@x")},
    {LIT(">\0RCPT TO:<evil@x")},
    {LIT("\r\nDATA\r\nx\r\n.\r\n")},
    {LIT("\r\n.\r\n")},
    {LIT("\t")},
    {LIT("\x0b")},
    {LIT("\x0c")},
    {LIT("\x1b[2J")},
    {LIT("\x7f")},
    {LIT("\x85")},
    {LIT("\xc2\x85")},
    {LIT("\xe2\x80\xa8")},
};

static void test_inj_01_line_ends(void **state) {
  (void)state;
  static const octets_row rows[] = {
      {LIT("a@b>\r\nRCPT TO:<evil@x")},
      {LIT("a@b>\rRCPT TO:<evil@x")},
      {LIT("a@b>\nRCPT TO:<evil@x")},
      {LIT("a@b>\0RCPT TO:<evil@x")},
      {LIT("a@b\r\n")},
      {LIT("a@b\r")},
      {LIT("a@b\n")},
      {LIT("a@b\0")},
      {LIT("\r\na@b")},
      {LIT("\"a\r\nb\"@c")},
      {LIT("\"a\\\r\\\nb\"@c")},
      {LIT("\"a\r\n b\"@c")},
      {LIT("a@[192.0.2.1\r\n]")},
      {LIT("a@[x:y\nz]")},
  };
  for (size_t i = 0u; i < DIALOGUE_COUNT(rows); i++) {
    test_label("row %zu", i);
    expect_refused(FIELD_SENDER, rows[i].data, rows[i].len, 0u);
    expect_refused(FIELD_RECIPIENT, rows[i].data, rows[i].len, 0u);
    expect_refused(FIELD_SENDER, rows[i].data, rows[i].len,
                   SMTPC_HAS(SMTPUTF8));
    expect_refused(FIELD_RECIPIENT, rows[i].data, rows[i].len,
                   SMTPC_HAS(SMTPUTF8));
    expect_refused(FIELD_AUTH, rows[i].data, rows[i].len, 0u);
  }
}

// Puts `row` into the good value of field `id`, before octet `at`.
static void refuse_within(field_id id, const octets_row *row, size_t at) {
  const char *value = fields[id].value;
  const size_t len = strlen(value);
  uint8_t *data = malloc(len + row->len);
  assert_non_null(data);
  memcpy(data, value, at);
  memcpy(data + at, row->data, row->len);
  memcpy(data + at + row->len, value + at, len - at);
  expect_refused(id, data, len + row->len, 0u);
  free(data);
}

static void test_inj_01_line_ends_anywhere_in_any_field(void **state) {
  (void)state;
  for (unsigned id = 0u; id < FIELD_COUNT; id++) {
    for (size_t i = 0u; i < DIALOGUE_COUNT(line_ends); i++) {
      for (size_t at = 0u; at <= strlen(fields[id].value); at++) {
        test_label("%s, row %zu, at %zu", fields[id].name, i, at);
        refuse_within((field_id)id, &line_ends[i], at);
      }
    }
  }
}

// --------------------------------------------------------------- INJ-02

static void test_inj_02_parameter_smuggling(void **state) {
  (void)state;
  static const char *const refused[] = {"a@b> SIZE=1 AUTH=<x>",
                                        "a@b> SIZE=1",
                                        "a@b>",
                                        "a@b>x",
                                        "a@b SIZE=1",
                                        "a@b ",
                                        " a@b",
                                        "a @b",
                                        "a@ b",
                                        "<a@b>",
                                        "<>",
                                        ">",
                                        "a@b> <c@d",
                                        "a@b>,<c@d",
                                        "a@b,c@d",
                                        "a@b;c@d",
                                        "a@b(x)",
                                        "a@b@c",
                                        "a>@b",
                                        "a<@b",
                                        "@x:a@b",
                                        "@x,@y:a@b",
                                        "\"x\" SMTPUTF8@y",
                                        "\"x\"> SMTPUTF8 <\"@y",
                                        "\"x\"@y> SMTPUTF8",
                                        "\"x@y",
                                        "x\"@y",
                                        "\"x\\\"@y",
                                        "\"x\"y@z",
                                        "\"x\".\"y\"@z",
                                        "a@b=c",
                                        "a@[192.0.2.1]> SIZE=1",
                                        "a@[192.0.2.1",
                                        "a@[x:y]z",
                                        "a@[x:y]]",
                                        "a@[x: y]",
                                        "a",
                                        "@b",
                                        "a@"};
  for (size_t i = 0u; i < DIALOGUE_COUNT(refused); i++) {
    test_label("%s", refused[i]);
    expect_refused(FIELD_SENDER, refused[i], strlen(refused[i]), 0u);
    expect_refused(FIELD_RECIPIENT, refused[i], strlen(refused[i]), 0u);
    expect_refused(FIELD_AUTH, refused[i], strlen(refused[i]), 0u);
  }
}

static void test_inj_02_quotes_stay_what_they_are(void **state) {
  (void)state;
  // A `>` or a space within quotes is a part of the address, and the quotes stay.
  static const char *const sent[] = {"\"a>b\"@c.example",
                                     "\"a> SIZE=1\"@c.example",
                                     "\"a> SIZE=1 AUTH=<x>\"@c.example",
                                     "\"x SMTPUTF8\"@c.example",
                                     "\">\"@c.example",
                                     "\"<x@y>\"@c.example",
                                     "\"a\\\">b\"@c.example",
                                     "\"a\\\\\"@c.example",
                                     "\"\"@c.example",
                                     "\"evil@x.example x\"@c.example",
                                     "\"evil@x.example\"@c.example",
                                     "a@[x:>]",
                                     "a@[192.0.2.1]",
                                     "a=b@c.example",
                                     "a+b@c.example"};
  for (size_t i = 0u; i < DIALOGUE_COUNT(sent); i++) {
    smtpc_octets mail = {NULL, 0u, 0u};
    smtpc_octets rcpt = {NULL, 0u, 0u};
    smtpc_octets_print(&mail, "MAIL FROM:<%s>", sent[i]);
    smtpc_octets_print(&rcpt, "RCPT TO:<%s>", sent[i]);
    smtpc_octets_add(&mail, "", 1u);
    smtpc_octets_add(&rcpt, "", 1u);
    test_label("%s", sent[i]);
    expect_sent(FIELD_SENDER, sent[i], strlen(sent[i]), 0u,
                (const char *)mail.data);
    expect_sent(FIELD_RECIPIENT, sent[i], strlen(sent[i]), 0u,
                (const char *)rcpt.data);
    smtpc_octets_free(&mail);
    smtpc_octets_free(&rcpt);
  }
}

typedef struct value_row {
  field_id id;
  const char *value;
  const char *line;  // NULL: refused
} value_row;

static void test_inj_02_values_smuggle_nothing(void **state) {
  (void)state;
  static const value_row rows[] = {
      // xtext is made of what is neither a line's end nor a control octet.
      {FIELD_ENVID, "x SIZE=1", "MAIL FROM:<s@a.example> ENVID=x+20SIZE+3D1"},
      {FIELD_ENVID, "x+0D+0ARCPT",
       "MAIL FROM:<s@a.example> ENVID=x+2B0D+2B0ARCPT"},
      {FIELD_ENVID, "x> <y", "MAIL FROM:<s@a.example> ENVID=x>+20<y"},
      {FIELD_AUTH, "\"x SIZE=1\"@c.example",
       "MAIL FROM:<s@a.example> AUTH=\"x+20SIZE+3D1\"@c.example"},
      {FIELD_AUTH, "e+3D@c.example",
       "MAIL FROM:<s@a.example> AUTH=e+2B3D@c.example"},
      {FIELD_AUTH, "<>", NULL},
      {FIELD_ORCPT, "x NOTIFY=NEVER",
       "RCPT TO:<r@b.example> ORCPT=rfc822;x+20NOTIFY+3DNEVER"},
      {FIELD_ORCPT, "x;y", "RCPT TO:<r@b.example> ORCPT=rfc822;x;y"},
      {FIELD_ORCPT, "", NULL},
      {FIELD_ENVID, "", NULL},
      {FIELD_ORCPT_TYPE, "", NULL},
      {FIELD_ORCPT_TYPE, "rfc822;x", NULL},
      {FIELD_ORCPT_TYPE, "rfc822 x", NULL},
      {FIELD_ORCPT_TYPE, "rfc+38",
       "RCPT TO:<r@b.example> ORCPT=rfc+38;r@b.example"},
      {FIELD_ORCPT_TYPE, "x=y", NULL},
      {FIELD_ORCPT_TYPE, "x.y", NULL},
      {FIELD_SOLICIT, "a b", NULL},
      {FIELD_SOLICIT, "a SIZE=1", NULL},
      {FIELD_SOLICIT, "a=b", NULL},
      {FIELD_SOLICIT, "a,,b", NULL},
      {FIELD_SOLICIT, ",a", NULL},
      {FIELD_SOLICIT, "", NULL},
      {FIELD_SOLICIT, "a,b:c", "MAIL FROM:<s@a.example> SOLICIT=a,b:c"},
      {FIELD_MTRK, "", NULL},
      {FIELD_MTRK, "x SIZE=1", NULL},
      {FIELD_MTRK, "YWJjZGVmZ2hpamtsbW5vcHFyc3Q:1", NULL},
      {FIELD_MTRK, "YWJjZGVmZ2hpamtsbW5vcHFyc3Q=", NULL},
      {FIELD_MTRK, "YWJjZGVmZ2hpamtsbW5vcHFyc3R", NULL},
      {FIELD_MTRK, "YWJjZGVmZ2hpamtsbW5vcHFyc3", NULL},
      {FIELD_TRANSID, "", NULL},
      {FIELD_TRANSID, "a@b> SIZE=1", NULL},
      {FIELD_TRANSID, "a@b>", NULL},
      {FIELD_TRANSID, "<a@b>", NULL},
      {FIELD_TRANSID, "a b@c", NULL},
      {FIELD_TRANSID, "a=b@c", NULL},
      {FIELD_TRANSID, "a", NULL},
  };
  for (size_t i = 0u; i < DIALOGUE_COUNT(rows); i++) {
    const value_row *r = &rows[i];
    test_label("%s: %s", fields[r->id].name, r->value);
    if (r->line != NULL) {
      expect_sent(r->id, r->value, strlen(r->value), 0u, r->line);
    } else {
      expect_refused(r->id, r->value, strlen(r->value), 0u);
    }
  }
}

// --------------------------------------------------------------- INJ-03

static void test_inj_03_every_octet_in_every_field(void **state) {
  (void)state;
  // Whatever stands in a field: it is refused whole, or a server reads it back.
  static smtpc_mem_client mem;
  for (unsigned id = 0u; id < FIELD_COUNT; id++) {
    for (unsigned octet = 0u; octet <= 255u; octet++) {
      uint8_t data[40];
      const size_t len = strlen(fields[id].value);
      memcpy(data, fields[id].value, len);
      data[len / 2u] = (uint8_t)octet;
      job j = plain_job();
      set_field(&j, (field_id)id, data, len);
      run(&mem, &j);
      test_label("%s, octet %u", fields[id].name, octet);
      if (mem.session.phase == SMTPC_CLIENT_GROUP) {
        assert_true(octet >= 0x20u && octet < 0x7fu);
        check_sent(&mem, &j);
      } else {
        check_refused(&mem, is_of_rcpt((field_id)id),
                      "MAIL FROM:<s@a.example>");
      }
      smtpc_mem_client_free(&mem);
    }
  }
}

static void expect_number(const smtpc_envelope *mail,
                          const smtpc_envelope *rcpt, const char *line) {
  static smtpc_mem_client mem;
  job j = plain_job();
  const bool of_rcpt = rcpt != NULL;
  if (mail != NULL) {
    j.mail = *mail;
  }
  if (of_rcpt) {
    j.rcpt = *rcpt;
  }
  run(&mem, &j);
  if (line == NULL) {
    check_refused(&mem, of_rcpt, "MAIL FROM:<s@a.example>");
  } else {
    const written w = line_sent(&mem, of_rcpt ? 2u : 1u);
    test_octets(w.data, w.len - 2u, line, strlen(line));
    check_sent(&mem, &j);
  }
  smtpc_mem_client_free(&mem);
}

static void test_inj_03_numbers_and_words_of_mail(void **state) {
  (void)state;
  typedef struct row {
    smtpc_envelope e;
    const char *line;
  } row;
#define OF(id, ...) \
  { .seen = SMTPC_HAS(id), __VA_ARGS__ }
#define M "MAIL FROM:<s@a.example> "
  static const row rows[] = {
      {OF(SIZE, .size = 0u), M "SIZE=0"},
      {OF(SIZE, .size = UINT64_MAX), M "SIZE=18446744073709551615"},
      {OF(BODY, .body = 0u), NULL},
      {OF(BODY, .body = 4u), NULL},
      {OF(BODY, .body = 255u), NULL},
      {OF(RET, .ret = 0u), NULL},
      {OF(RET, .ret = 3u), NULL},
      {OF(BY, .by_mode = 0u, .by_time = 1), NULL},
      {OF(BY, .by_mode = 3u, .by_time = 1), NULL},
      {OF(BY, .by_mode = SMTPC_BY_RETURN, .by_time = 0), NULL},
      {OF(BY, .by_mode = SMTPC_BY_RETURN, .by_time = -1), NULL},
      {OF(BY, .by_mode = SMTPC_BY_NOTIFY, .by_time = INT32_MIN), NULL},
      {OF(BY, .by_mode = SMTPC_BY_NOTIFY, .by_time = 1000000000), NULL},
      {OF(BY, .by_mode = SMTPC_BY_NOTIFY, .by_time = 1, .by_trace = 2u), NULL},
      {OF(BY, .by_mode = SMTPC_BY_NOTIFY, .by_time = -999999999,
          .by_trace = 1u),
       M "BY=-999999999;NT"},
      {OF(HOLDFOR, .hold_for = 0u), NULL},
      {OF(HOLDFOR, .hold_for = 1000000000u), NULL},
      {OF(HOLDFOR, .hold_for = 999999999u), M "HOLDFOR=999999999"},
      {OF(HOLDUNTIL, .when = 253402300799u),
       M "HOLDUNTIL=9999-12-31T23:59:59Z"},
      {OF(MT_PRIORITY, .mt_priority = -128), NULL},
      {OF(MT_PRIORITY, .mt_priority = 127), NULL},
      {OF(MT_PRIORITY, .mt_priority = 10), NULL},
      {OF(MT_PRIORITY, .mt_priority = -9), M "MT-PRIORITY=-9"},
      {OF(NOTIFY, .notify = SMTPC_NOTIFY_NEVER), NULL},
      {OF(ORCPT, .ret = 0u), NULL},
      {OF(RRVS, .ret = 0u), NULL},
      {OF(CONNEG, .ret = 0u), NULL},
  };
#undef M
  for (size_t i = 0u; i < DIALOGUE_COUNT(rows); i++) {
    smtpc_envelope e = rows[i].e;
    e.address = (const uint8_t *)"s@a.example";
    e.address_len = 11u;
    test_label("row %zu", i);
    expect_number(&e, NULL, rows[i].line);
  }
}

static void test_inj_03_numbers_and_words_of_rcpt(void **state) {
  (void)state;
  typedef struct row {
    smtpc_envelope e;
    const char *line;
  } row;
#define R "RCPT TO:<r@b.example> "
  static const row rows[] = {
      {OF(NOTIFY, .notify = 0u), NULL},
      {OF(NOTIFY, .notify = 3u), NULL},
      {OF(NOTIFY, .notify = 16u), NULL},
      {OF(NOTIFY, .notify = 255u), NULL},
      {OF(NOTIFY, .notify = 14u), R "NOTIFY=SUCCESS,FAILURE,DELAY"},
      {OF(RRVS, .when = 253402300800u), NULL},
      {OF(RRVS, .when = 0u, .rrvs = 3u), NULL},
      {OF(RRVS, .when = 0u, .rrvs = SMTPC_RRVS_REJECT),
       R "RRVS=1970-01-01T00:00:00Z;R"},
      {OF(SIZE, .size = 1u), NULL},
  };
#undef R
  for (size_t i = 0u; i < DIALOGUE_COUNT(rows); i++) {
    smtpc_envelope e = rows[i].e;
    e.address = (const uint8_t *)"r@b.example";
    e.address_len = 11u;
    test_label("row %zu", i);
    expect_number(NULL, &e, rows[i].line);
  }
}

// ------------------------------------------------------- INJ-04 to INJ-06

static void test_inj_04_content_goes_as_it_is_or_not_at_all(void **state) {
  (void)state;
  // The core makes no header: what a program puts there is content. Lone CR, LF and NUL
  // in it end the session without an end of data, wherever they stand.
  static const octets_row rows[] = {{LIT("Subject: a\nBcc: evil@x\r\n\r\n")},
                                    {LIT("Subject: a\rBcc: evil@x\r\n\r\n")},
                                    {LIT("Subject: a\0Bcc: evil@x\r\n\r\n")},
                                    {LIT("Subject: a\r\n\n")},
                                    {LIT("Subject: a\r\n\r")},
                                    {LIT("From: \"a\n.\r\n\r\n")},
                                    {LIT("Subject: a")}};
  const smtpc_client_policy policy =
      dialogue_client_policy(SMTPC_CLIENT_TLS_OFF);
  const smtpc_envelope rcpt = dialogue_address("r@b.example");
  for (size_t i = 0u; i < DIALOGUE_COUNT(rows); i++) {
    smtpc_mem_message message = dialogue_message(&rcpt, 1u);
    uint8_t *copy = test_copy(rows[i].data, rows[i].len);
    message.content = copy;
    message.content_len = rows[i].len;
    const dialogue d = {
        "content",
        {GREETING, "250 mx\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n"},
        EHLO_OUT
        "C: MAIL FROM:<s@a.example>\nC: RCPT TO:<r@b.example>\n"
        "R: 0 250\nC: DATA\n! local-input @40\n"
        ". close local local-input\n"};
    dialogue_client(&policy, &message, 1u, &d);
    free(copy);
  }
}

// A mailbox of `local` octets before the @ and `domain` after it.
static char *mailbox(size_t local, size_t domain) {
  char *text = malloc(local + domain + 2u);
  assert_non_null(text);
  memset(text, 'l', local);
  text[local] = '@';
  fill_domain(text + local + 1u, domain);
  text[local + 1u + domain] = '\0';
  return text;
}

static void test_inj_05_long_addresses(void **state) {
  (void)state;
  typedef struct row {
    size_t local;
    size_t domain;
    bool sent;
  } row;
  static const row rows[] = {
      {64u, 189u, true},  {64u, 190u, false}, {65u, 10u, false},
      {1u, 252u, true},   {1u, 253u, false},  {1u, 256u, false},
      {600u, 10u, false}, {1u, 600u, false},  {30000u, 30000u, false}};
  for (size_t i = 0u; i < DIALOGUE_COUNT(rows); i++) {
    char *text = mailbox(rows[i].local, rows[i].domain);
    const size_t len = strlen(text);
    char *mail = dialogue_filled("MAIL FROM:<", '"', 0u, text);
    char *mail_line = dialogue_filled(mail, '>', 1u, "");
    char *rcpt = dialogue_filled("RCPT TO:<", '"', 0u, text);
    char *rcpt_line = dialogue_filled(rcpt, '>', 1u, "");
    test_label("%zu@%zu", rows[i].local, rows[i].domain);
    if (rows[i].sent) {
      expect_sent(FIELD_SENDER, text, len, 0u, mail_line);
      expect_sent(FIELD_RECIPIENT, text, len, 0u, rcpt_line);
    } else {
      expect_refused(FIELD_SENDER, text, len, 0u);
      expect_refused(FIELD_RECIPIENT, text, len, 0u);
      expect_refused(FIELD_AUTH, text, len, 0u);
    }
    free(text);
    free(mail);
    free(mail_line);
    free(rcpt);
    free(rcpt_line);
  }
}

static void test_inj_05_long_values(void **state) {
  (void)state;
  // The most that a field may have, or that its line has room for, and one more.
  typedef struct row {
    field_id id;
    size_t most;
    const char *head;
    const char *tail;
  } row;
  static const row rows[] = {
      {FIELD_ENVID, 100u, "MAIL FROM:<s@a.example> ENVID=", ""},
      {FIELD_SOLICIT, 478u, "MAIL FROM:<s@a.example> SOLICIT=", ""},
      {FIELD_MTRK, 27u, "MAIL FROM:<s@a.example> MTRK=", ""},
      {FIELD_ORCPT, 475u, "RCPT TO:<r@b.example> ORCPT=rfc822;", ""},
      {FIELD_ORCPT_TYPE, 470u, "RCPT TO:<r@b.example> ORCPT=", ";r@b.example"}};
  for (size_t i = 0u; i < DIALOGUE_COUNT(rows); i++) {
    const row *r = &rows[i];
    char *text = dialogue_filled("", 'A', 65535u, "");
    char *line = dialogue_filled(r->head, 'A', r->most, r->tail);
    test_label("%s", fields[r->id].name);
    expect_sent(r->id, text, r->most, 0u, line);
    expect_refused(r->id, text, r->most + 1u, 0u);
    expect_refused(r->id, text, 512u, 0u);
    expect_refused(r->id, text, 1001u, 0u);
    expect_refused(r->id, text, 65535u, 0u);
    free(line);
    free(text);
  }
}

static void test_inj_05_a_line_is_whole_or_is_not_sent(void **state) {
  (void)state;
  // 512 octets, CRLF included: RFC 5321 section 4.5.3.1.4.
  for (size_t more = 0u; more <= 3u; more++) {
    static smtpc_mem_client mem;
    char *sender = mailbox(64u, 189u);
    char *envid = dialogue_filled("", 'e', 100u, "");
    char *auth = mailbox(1u, 128u + more);
    job j = plain_job();
    set_field(&j, FIELD_SENDER, (const uint8_t *)sender, strlen(sender));
    set_field(&j, FIELD_ENVID, (const uint8_t *)envid, strlen(envid));
    set_field(&j, FIELD_AUTH, (const uint8_t *)auth, strlen(auth));
    run(&mem, &j);
    test_label("%zu octets", 511u + more);
    if (more <= 1u) {
      const written w = line_sent(&mem, 1u);
      test_number(w.len, 511u + more);
      check_sent(&mem, &j);
    } else {
      check_refused(&mem, false, "");
    }
    smtpc_mem_client_free(&mem);
    free(sender);
    free(envid);
    free(auth);
  }
}

static void test_inj_06_no_octet_is_made_of_another(void **state) {
  (void)state;
  // U+010D and U+010A have the low octets CR and LF, U+013E and U+FF1E that of `>` or
  // its shape: without SMTPUTF8 they are refused, with it they go octet for octet.
  typedef struct row {
    octets_row address;
    const char *path;  // with SMTPUTF8, as the trace has it; NULL: refused
  } row;
  static const row rows[] = {
      {{LIT("\xc4\x8d\xc4\x8aRCPT@c.example")},
       "\\xc4\\x8d\\xc4\\x8aRCPT@c.example"},
      {{LIT("a\xc4\xbe@c.example")}, "a\\xc4\\xbe@c.example"},
      {{LIT("a\xef\xbc\x9e@c.example")}, "a\\xef\\xbc\\x9e@c.example"},
      {{LIT("\"a\xef\xbc\x9e b\"@c.example")},
       "\"a\\xef\\xbc\\x9e b\"@c.example"},
      {{LIT("a@b\xc3\xbc"
            "cher.example")},
       "a@b\\xc3\\xbccher.example"},
      // Not UTF-8: overlong CR, LF and `>`, surrogates, beyond U+10FFFF, cut short.
      {{LIT("a\xc0\x8d@c.example")}, NULL},
      {{LIT("a\xc0\x8a@c.example")}, NULL},
      {{LIT("a\xc0\xbe@c.example")}, NULL},
      {{LIT("a\xe0\x80\x8a@c.example")}, NULL},
      {{LIT("a\xf0\x80\x80\x8a@c.example")}, NULL},
      {{LIT("a\xed\xa0\x80@c.example")}, NULL},
      {{LIT("a\xf4\x90\x80\x80@c.example")}, NULL},
      {{LIT("a\xf8\x88\x80\x80\x80@c.example")}, NULL},
      {{LIT("a\xc4@c.example")}, NULL},
      {{LIT("a\x8d@c.example")}, NULL},
      {{LIT("a@c.example\xef\xbc")}, NULL},
      {{LIT("a\xff@c.example")}, NULL},
  };
  for (size_t i = 0u; i < DIALOGUE_COUNT(rows); i++) {
    const octets_row *a = &rows[i].address;
    smtpc_octets line = {NULL, 0u, 0u};
    test_label("row %zu", i);
    expect_refused(FIELD_SENDER, a->data, a->len, 0u);
    expect_refused(FIELD_RECIPIENT, a->data, a->len, 0u);
    expect_refused(FIELD_AUTH, a->data, a->len, 0u);
    if (rows[i].path == NULL) {
      expect_refused(FIELD_SENDER, a->data, a->len, SMTPC_HAS(SMTPUTF8));
      expect_refused(FIELD_RECIPIENT, a->data, a->len, SMTPC_HAS(SMTPUTF8));
    } else {
      smtpc_octets_print(&line, "MAIL FROM:<%s> SMTPUTF8", rows[i].path);
      smtpc_octets_add(&line, "", 1u);
      expect_sent(FIELD_SENDER, a->data, a->len, SMTPC_HAS(SMTPUTF8),
                  (const char *)line.data);
      smtpc_octets_clear(&line);
      smtpc_octets_print(&line, "RCPT TO:<%s>", rows[i].path);
      smtpc_octets_add(&line, "", 1u);
      expect_sent(FIELD_RECIPIENT, a->data, a->len, SMTPC_HAS(SMTPUTF8),
                  (const char *)line.data);
    }
    smtpc_octets_free(&line);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_inj_01_line_ends),
      cmocka_unit_test(test_inj_01_line_ends_anywhere_in_any_field),
      cmocka_unit_test(test_inj_02_parameter_smuggling),
      cmocka_unit_test(test_inj_02_quotes_stay_what_they_are),
      cmocka_unit_test(test_inj_02_values_smuggle_nothing),
      cmocka_unit_test(test_inj_03_every_octet_in_every_field),
      cmocka_unit_test(test_inj_03_numbers_and_words_of_mail),
      cmocka_unit_test(test_inj_03_numbers_and_words_of_rcpt),
      cmocka_unit_test(test_inj_04_content_goes_as_it_is_or_not_at_all),
      cmocka_unit_test(test_inj_05_long_addresses),
      cmocka_unit_test(test_inj_05_long_values),
      cmocka_unit_test(test_inj_05_a_line_is_whole_or_is_not_sent),
      cmocka_unit_test(test_inj_06_no_octet_is_made_of_another),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
