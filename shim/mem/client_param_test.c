// The sending session and the parameters of MAIL and RCPT: sent where their extension is
// offered on the channel in force, left out or refused where it is not, and kept within
// what the server announced. Then whole messages with all of them to our own server.

#include <string.h>

#include "shim/mem/dialogue_testing.h"

#define EHLO_OUT "C: EHLO localhost\n"
#define BYE "221 b\r\n"
#define OK "250 ok\r\n"

// ------------------------------------------------------------- each of them

// param_row is one parameter: the keyword that offers it, and how it stands in a line.
typedef struct param_row {
  unsigned id;
  const char *keyword;
  const char *text;
} param_row;

static const param_row params[] = {
    {SMTPC_PARAM_SIZE, "SIZE", "SIZE=12"},
    {SMTPC_PARAM_BODY, "8BITMIME", "BODY=8BITMIME"},
    {SMTPC_PARAM_AUTH, "AUTH PLAIN", "AUTH=u@a.example"},
    {SMTPC_PARAM_RET, "DSN", "RET=HDRS"},
    {SMTPC_PARAM_ENVID, "DSN", "ENVID=QQ+2B1"},
    {SMTPC_PARAM_SMTPUTF8, "SMTPUTF8", "SMTPUTF8"},
    {SMTPC_PARAM_REQUIRETLS, "REQUIRETLS", "REQUIRETLS"},
    {SMTPC_PARAM_BY, "DELIVERBY", "BY=120;RT"},
    {SMTPC_PARAM_HOLDFOR, "FUTURERELEASE 86400 2030-01-01T00:00:00Z",
     "HOLDFOR=60"},
    {SMTPC_PARAM_HOLDUNTIL, "FUTURERELEASE 86400 2030-01-01T00:00:00Z",
     "HOLDUNTIL=2029-12-31T23:59:59Z"},
    {SMTPC_PARAM_MT_PRIORITY, "MT-PRIORITY", "MT-PRIORITY=-3"},
    {SMTPC_PARAM_SOLICIT, "NO-SOLICITING", "SOLICIT=org.example:ADV"},
    {SMTPC_PARAM_MTRK, "MTRK", "MTRK=YWJjZGVmZ2hpamtsbW5vcHFyc3Q:9"},
    {SMTPC_PARAM_CONPERM, "CONPERM", "CONPERM"},
    {SMTPC_PARAM_TRANSID, "CHECKPOINT", "TRANSID=<12345@a.example>"},
    {SMTPC_PARAM_PRDR, "PRDR", "PRDR"},
    {SMTPC_PARAM_NOTIFY, "DSN", "NOTIFY=SUCCESS,FAILURE"},
    {SMTPC_PARAM_ORCPT, "DSN", "ORCPT=rfc822;r+2B1@b.example"},
    {SMTPC_PARAM_RRVS, "RRVS", "RRVS=2029-12-31T23:59:59Z;C"},
    {SMTPC_PARAM_CONNEG, "CONNEG", "CONNEG"},
};

static void set_text(const uint8_t **at, uint16_t *len, const char *text) {
  *at = (const uint8_t *)text;
  *len = (uint16_t)strlen(text);
}

// Values for all parameters; `seen` says which are sent.
static smtpc_envelope envelope_with(const char *address, uint32_t seen) {
  smtpc_envelope e = dialogue_address(address);
  e.seen = seen;
  e.size = 12u;
  e.body = SMTPC_BODY_8BITMIME;
  e.ret = SMTPC_RET_HDRS;
  e.by_mode = SMTPC_BY_RETURN;
  e.by_time = 120;
  e.by_trace = 1u;
  e.hold_for = 60u;
  e.when = 1893455999u;  // 2029-12-31T23:59:59Z
  e.mt_priority = -3;
  e.mtrk_timeout = 9u;
  e.notify = SMTPC_NOTIFY_SUCCESS | SMTPC_NOTIFY_FAILURE;
  e.rrvs = SMTPC_RRVS_CONTINUE;
  set_text(&e.auth, &e.auth_len, "u@a.example");
  set_text(&e.envid, &e.envid_len, "QQ+1");
  set_text(&e.solicit, &e.solicit_len, "org.example:ADV");
  set_text(&e.mtrk, &e.mtrk_len, "YWJjZGVmZ2hpamtsbW5vcHFyc3Q");
  set_text(&e.transid, &e.transid_len, "12345@a.example");
  set_text(&e.orcpt_type, &e.orcpt_type_len, "rfc822");
  set_text(&e.orcpt, &e.orcpt_len, "r+1@b.example");
  return e;
}

// shot is what one row is about.
typedef struct shot {
  const param_row *row;
  uint32_t drop;
  bool in_clear;   // offered before TLS
  bool under_tls;  // offered under it
  bool tls;        // TLS is used
} shot;

static bool is_of_rcpt(const param_row *row) {
  return smtpc_param_get(row->id).verb == SMTPC_VERB_RCPT;
}

static void add_hello(smtpc_octets *out, const param_row *row, bool offers,
                      bool tls) {
  smtpc_octets_print(out, "250-mx\r\n%s", tls ? "250-STARTTLS\r\n" : "");
  if (offers) {
    smtpc_octets_print(out, "250-%s\r\n", row->keyword);
  }
  smtpc_octets_print(out, "250 X\r\n");
}

static size_t feed(smtpc_mem_client *mem, const smtpc_octets *text) {
  (void)smtpc_mem_client_feed(mem, mem->session.tls, text->data, text->len, 0u);
  return text->len;
}

// Leads `mem` to its RCPT, or to where it gives up. It returns how many octets of the
// channel in force the client has read before MAIL.
static size_t lead(smtpc_mem_client *mem, const shot *s) {
  smtpc_octets text = {NULL, 0u, 0u};
  size_t at = 0u;
  smtpc_octets_print(&text, "220 mx\r\n");
  add_hello(&text, s->row, s->in_clear, s->tls);
  smtpc_octets line = {text.data, 8u, 0u};
  at += feed(mem, &line);
  line.data = text.data + 8u;
  line.len = text.len - 8u;
  at += feed(mem, &line);
  if (s->tls) {
    smtpc_octets_clear(&text);
    smtpc_octets_print(&text, "220 go\r\n");
    (void)feed(mem, &text);
    smtpc_mem_client_tls_up(mem, SMTPC_TLS_1_3, 1);
    smtpc_octets_clear(&text);
    add_hello(&text, s->row, s->under_tls, false);
    at = feed(mem, &text);
  }
  smtpc_octets_clear(&text);
  smtpc_octets_print(&text, OK);
  (void)feed(mem, &text);
  smtpc_octets_free(&text);
  return at;
}

static void want_shot(smtpc_octets *want, const shot *s, size_t at) {
  const bool rcpt = is_of_rcpt(s->row);
  const bool offered = s->tls ? s->under_tls : s->in_clear;
  const bool sent = offered && (s->row->id != SMTPC_PARAM_REQUIRETLS || s->tls);
  const bool dropped = !sent && (s->drop >> s->row->id & 1u) != 0u;
  const bool quiet = sent || s->row->id == SMTPC_PARAM_SIZE;
  const char *text = sent ? s->row->text : "";
  const char *space = sent ? " " : "";
  smtpc_octets_print(want, EHLO_OUT);
  if (s->tls) {
    smtpc_octets_print(want, "C: STARTTLS\n= tls\n" EHLO_OUT);
  }
  if (!rcpt && !sent && !dropped) {
    smtpc_octets_print(want, "! extension-missing @%zu\nM: 0\nC: QUIT\n", at);
    smtpc_octets_print(want, ". close quit\n");
    return;
  }
  if (!rcpt && !quiet) {
    smtpc_octets_print(want, "! extension-dropped @%zu\n", at);
  }
  smtpc_octets_print(want, "C: MAIL FROM:<s@a.example>%s%s\n",
                     rcpt ? "" : space, rcpt ? "" : text);
  if (rcpt && !sent && !dropped) {
    // One recipient that must not be sent spoils the message.
    smtpc_octets_print(want, "! extension-missing @%zu\n", at + 8u);
    smtpc_octets_print(want, ". close local extension-missing\n");
    return;
  }
  if (rcpt && !quiet) {
    smtpc_octets_print(want, "! extension-dropped @%zu\n", at + 8u);
  }
  smtpc_octets_print(want, "C: RCPT TO:<r@b.example>%s%s\n", rcpt ? space : "",
                     rcpt ? text : "");
}

static void run_shot(const shot *s) {
  static smtpc_mem_client mem;
  const uint32_t bit = (uint32_t)1 << s->row->id;
  const smtpc_envelope rcpt =
      envelope_with("r@b.example", is_of_rcpt(s->row) ? bit : 0u);
  smtpc_mem_message message = dialogue_message(&rcpt, 1u);
  message.envelope =
      envelope_with("s@a.example", is_of_rcpt(s->row) ? 0u : bit);
  smtpc_client_policy policy = dialogue_client_policy(
      s->tls ? SMTPC_CLIENT_TLS_VERIFIED : SMTPC_CLIENT_TLS_OFF);
  policy.drop = s->drop;
  smtpc_octets want = {NULL, 0u, 0u};
  memset(&mem, 0, sizeof mem);
  smtpc_mem_client_begin(&mem, &policy, &message, 1u);
  const size_t at = lead(&mem, s);
  want_shot(&want, s, at);
  test_label("%s, drop %u, in clear %d, under TLS %d, TLS %d", s->row->text,
             s->drop != 0u, s->in_clear, s->under_tls, s->tls);
  test_octets(mem.trace.data, mem.trace.len, want.data, want.len);
  smtpc_octets_free(&want);
  smtpc_mem_client_free(&mem);
}

static void test_client_params_by_what_is_offered(void **state) {
  (void)state;
  const uint32_t needed =
      SMTPC_HAS(REQUIRETLS) | SMTPC_HAS(BODY) | SMTPC_HAS(SMTPUTF8);
  test_number(DIALOGUE_COUNT(params), SMTPC_PARAM_COUNT);
  for (size_t i = 0u; i < DIALOGUE_COUNT(params); i++) {
    const uint32_t bit = (uint32_t)1 << params[i].id;
    test_number(params[i].id, i);
    for (unsigned k = 0u; k < 16u; k++) {
      const shot s = {&params[i], (k & 1u) != 0u ? bit & ~needed : 0u,
                      (k & 2u) != 0u, (k & 4u) != 0u, (k & 8u) != 0u};
      run_shot(&s);
    }
  }
}

static void test_client_params_that_are_never_dropped(void **state) {
  (void)state;
  static const uint32_t needed[] = {SMTPC_HAS(REQUIRETLS), SMTPC_HAS(BODY),
                                    SMTPC_HAS(SMTPUTF8)};
  for (size_t i = 0u; i < DIALOGUE_COUNT(needed); i++) {
    smtpc_client_policy policy = dialogue_client_policy(SMTPC_CLIENT_TLS_OFF);
    policy.drop |= needed[i];
    test_number(smtpc_client_policy_check(&policy), SMTPC_E_ARGUMENT);
  }
}

static void test_client_params_dropped_together(void **state) {
  (void)state;
  // One finding for all that is left out of a line; what is needed refuses it all.
  const smtpc_envelope rcpt =
      envelope_with("r@b.example", SMTPC_HAS(NOTIFY) | SMTPC_HAS(ORCPT));
  smtpc_mem_message message = dialogue_message(&rcpt, 1u);
  message.envelope =
      envelope_with("s@a.example", SMTPC_HAS(SIZE) | SMTPC_HAS(AUTH) |
                                       SMTPC_HAS(RET) | SMTPC_HAS(ENVID));
  static const dialogue dropped = {
      "the defaults drop DSN, AUTH and SIZE",
      {"220 mx\r\n", "250 mx\r\n", OK},
      EHLO_OUT
      "! extension-dropped @16\nC: MAIL FROM:<s@a.example>\n"
      "! extension-dropped @24\nC: RCPT TO:<r@b.example>\n"};
  const smtpc_client_policy policy =
      dialogue_client_policy(SMTPC_CLIENT_TLS_OFF);
  dialogue_client(&policy, &message, 1u, &dropped);
  message.envelope.seen |= SMTPC_HAS(MT_PRIORITY);
  static const dialogue refused = {
      "MT-PRIORITY is not among them",
      {"220 mx\r\n", "250 mx\r\n", BYE},
      EHLO_OUT "! extension-missing @16\nM: 0\nC: QUIT\n. close quit\n"};
  dialogue_client(&policy, &message, 1u, &refused);
}

// -------------------------------------------------------------- announced

static void run_limit(const smtpc_envelope *mail, const char *hello,
                      const char *line) {
  const smtpc_envelope rcpt = dialogue_address("r@b.example");
  smtpc_mem_message message = dialogue_message(&rcpt, 1u);
  const smtpc_client_policy policy =
      dialogue_client_policy(SMTPC_CLIENT_TLS_OFF);
  smtpc_octets want = {NULL, 0u, 0u};
  message.envelope = *mail;
  if (line == NULL) {
    smtpc_octets_print(&want,
                       EHLO_OUT
                       "! limit-kept @%zu\n! message-refused @%zu\n"
                       "M: 501\nC: QUIT\n. close quit\n",
                       8u + strlen(hello), 8u + strlen(hello));
  } else {
    smtpc_octets_print(&want,
                       EHLO_OUT
                       "C: MAIL FROM:<s@a.example> %s\n"
                       "! message-refused @%zu\nM: 550\nC: QUIT\n"
                       ". close quit\n",
                       line, 16u + strlen(hello));
  }
  smtpc_octets_add(&want, "", 1u);
  const dialogue d = {hello,
                      {"220 mx\r\n", hello, line != NULL ? "550 no\r\n" : BYE,
                       line != NULL ? BYE : NULL},
                      (const char *)want.data};
  dialogue_client(&policy, &message, 1u, &d);
  smtpc_octets_free(&want);
}

static void test_client_keeps_the_least_time_of_deliverby(void **state) {
  (void)state;
  // RFC 2852 section 4: the least time is of mode R only.
  typedef struct row {
    int32_t time;
    uint8_t mode;
    const char *hello;
    const char *line;
  } row;
#define BY_60 "250-mx\r\n250 DELIVERBY 60\r\n"
  static const row rows[] = {
      {59, SMTPC_BY_RETURN, BY_60, NULL},
      {1, SMTPC_BY_RETURN, BY_60, NULL},
      {60, SMTPC_BY_RETURN, BY_60, "BY=60;R"},
      {61, SMTPC_BY_RETURN, BY_60, "BY=61;R"},
      {59, SMTPC_BY_NOTIFY, BY_60, "BY=59;N"},
      {-1, SMTPC_BY_NOTIFY, BY_60, "BY=-1;N"},
      {1, SMTPC_BY_RETURN, "250-mx\r\n250 DELIVERBY\r\n", "BY=1;R"},
      {1, SMTPC_BY_RETURN, "250-mx\r\n250 DELIVERBY 0\r\n", "BY=1;R"},
      {999999998, SMTPC_BY_RETURN, "250-mx\r\n250 DELIVERBY 999999999\r\n",
       NULL},
      {59, SMTPC_BY_RETURN, "250-mx\r\n250 DELIVERBY 60,opt,opt\r\n", NULL},
  };
  for (size_t i = 0u; i < DIALOGUE_COUNT(rows); i++) {
    smtpc_envelope mail = dialogue_address("s@a.example");
    mail.seen = SMTPC_HAS(BY);
    mail.by_mode = rows[i].mode;
    mail.by_time = rows[i].time;
    run_limit(&mail, rows[i].hello, rows[i].line);
  }
}

static void test_client_keeps_the_most_of_futurerelease(void **state) {
  (void)state;
  typedef struct row {
    uint32_t seen;
    uint64_t value;
    const char *line;
  } row;
#define HOLD "250-mx\r\n250 FUTURERELEASE 3600 2030-01-01T00:00:00Z\r\n"
  static const row rows[] = {
      {SMTPC_HAS(HOLDFOR), 1u, "HOLDFOR=1"},
      {SMTPC_HAS(HOLDFOR), 3600u, "HOLDFOR=3600"},
      {SMTPC_HAS(HOLDFOR), 3601u, NULL},
      {SMTPC_HAS(HOLDFOR), 999999999u, NULL},
      {SMTPC_HAS(HOLDUNTIL), 1893455999u, "HOLDUNTIL=2029-12-31T23:59:59Z"},
      {SMTPC_HAS(HOLDUNTIL), 1893456000u, "HOLDUNTIL=2030-01-01T00:00:00Z"},
      {SMTPC_HAS(HOLDUNTIL), 1893456001u, NULL},
      {SMTPC_HAS(HOLDUNTIL), 253402300799u, NULL},
  };
  for (size_t i = 0u; i < DIALOGUE_COUNT(rows); i++) {
    smtpc_envelope mail = dialogue_address("s@a.example");
    mail.seen = rows[i].seen;
    mail.hold_for = (uint32_t)rows[i].value;
    mail.when = rows[i].value;
    run_limit(&mail, HOLD, rows[i].line);
  }
}

static void test_client_forgets_what_it_did_not_send(void **state) {
  (void)state;
  // A MAIL or RCPT that a limit held back is not left in the session.
  static smtpc_mem_client mem;
  static const char *const hellos[] = {"250-mx\r\n250 DELIVERBY 900\r\n",
                                       "250-mx\r\n250 LIMITS RCPTMAX=1\r\n"};
  const smtpc_envelope rcpts[2] = {dialogue_address("r@b.example"),
                                   dialogue_address("canary@b.example")};
  const smtpc_client_policy policy =
      dialogue_client_policy(SMTPC_CLIENT_TLS_OFF);
  for (size_t i = 0u; i < DIALOGUE_COUNT(hellos); i++) {
    smtpc_mem_message message = dialogue_message(rcpts, 2u);
    message.envelope.seen = i == 0u ? SMTPC_HAS(BY) : 0u;
    message.envelope.by_mode = SMTPC_BY_RETURN;
    message.envelope.by_time = 1;
    memset(&mem, 0, sizeof mem);
    smtpc_mem_client_begin(&mem, &policy, &message, 1u);
    const char *const turns[] = {"220 mx\r\n", hellos[i], OK, OK};
    for (size_t k = 0u; k < (i == 0u ? 2u : 4u); k++) {
      (void)smtpc_mem_client_feed(&mem, SMTPC_CHANNEL_PLAIN, turns[k],
                                  strlen(turns[k]), 0u);
    }
    test_label("%s", hellos[i]);
    for (size_t k = 6u; k < SMTPC_OUT_MAX; k++) {
      test_number(mem.session.out[k], 0u);
    }
    smtpc_mem_client_free(&mem);
  }
}

static void test_client_requiretls(void **state) {
  (void)state;
  // RFC 8689 section 4.2.1: offered, under TLS, and the server is who it should be.
  const smtpc_envelope rcpt = dialogue_address("r@b.example");
  smtpc_mem_message message = dialogue_message(&rcpt, 1u);
  message.envelope.seen = SMTPC_HAS(REQUIRETLS);
#define STARTTLS_IN "220 mx\r\n", "250-mx\r\n250 STARTTLS\r\n", "220 go\r\n"
#define REQUIRES "250-mx\r\n250 REQUIRETLS\r\n"
#define MISSING(at) "! extension-missing @" at "\nM: 0\nC: QUIT\n. close quit\n"
  static const dialogue rows[] = {
      {"checked and offered",
       {STARTTLS_IN, "=up", REQUIRES},
       EHLO_OUT "C: STARTTLS\n= tls\n" EHLO_OUT
                "C: MAIL FROM:<s@a.example> REQUIRETLS\n"},
      {"not checked",
       {STARTTLS_IN, "=unverified", REQUIRES, BYE},
       EHLO_OUT "C: STARTTLS\n= tls\n" EHLO_OUT MISSING("24")},
      {"not offered",
       {STARTTLS_IN, "=up", "250 mx\r\n", BYE},
       EHLO_OUT "C: STARTTLS\n= tls\n" EHLO_OUT MISSING("8")},
      {"offered in clear only",
       {"220 mx\r\n", "250-mx\r\n250-STARTTLS\r\n250 REQUIRETLS\r\n",
        "220 go\r\n", "=up", "250 mx\r\n", BYE},
       EHLO_OUT "C: STARTTLS\n= tls\n" EHLO_OUT MISSING("8")},
      {"no TLS",
       {"220 mx\r\n", REQUIRES, BYE},
       EHLO_OUT "! tls-not-offered @32\n" MISSING("32")},
      {"STARTTLS refused",
       {"220 mx\r\n", "250-mx\r\n250-STARTTLS\r\n250 REQUIRETLS\r\n",
        "454 no\r\n", BYE},
       EHLO_OUT "C: STARTTLS\n! starttls-refused @54\n" MISSING("54")},
      {"HELO",
       {"220 mx\r\n", "500 no\r\n", "250 mx\r\n", BYE},
       EHLO_OUT "! ehlo-refused @16\nC: HELO localhost\n"
                "! tls-not-offered @24\n" MISSING("24")},
  };
  const smtpc_client_policy policy =
      dialogue_client_policy(SMTPC_CLIENT_TLS_OPPORTUNISTIC);
  for (size_t i = 0u; i < DIALOGUE_COUNT(rows); i++) {
    dialogue_client(&policy, &message, 1u, &rows[i]);
  }
}

// ----------------------------------------------------------- conversations

// All that our server can offer.
static smtpc_server_policy full_server(bool tls) {
  smtpc_server_policy policy;
  smtpc_server_policy_init(&policy);
  policy.offered = 0u;
  for (unsigned id = 0u; id < SMTPC_EXTENSION_COUNT; id++) {
    const smtpc_extension_row row = smtpc_extension_get(id);
    policy.offered |=
        row.service != SMTPC_SERVICE_NEVER ? (uint32_t)1 << id : 0u;
  }
  policy.offered &= ~(SMTPC_OFFERS(XCLIENT) | SMTPC_OFFERS(XFORWARD) |
                      SMTPC_OFFERS(ENHANCEDSTATUSCODES) | SMTPC_OFFERS(HELP) |
                      SMTPC_OFFERS(VRFY) | SMTPC_OFFERS(AUTH));
  policy.hold_until_max = 1893456000u;
  policy.size_max = 1000u;
  policy.rcpt_max = 7u;
  policy.mail_max = 3u;
  policy.certificate = 1u;
  policy.tls = tls ? SMTPC_SERVER_TLS_REQUIRED : SMTPC_SERVER_TLS_OFF;
  policy.offered &= ~(tls ? 0u : SMTPC_OFFERS(STARTTLS));
  return policy;
}

#define HELLO_1                                                        \
  "S: 250-localhost greets you\nS: 250-PIPELINING\nS: 250-SIZE 1000\n" \
  "S: 250-8BITMIME\n"
#define HELLO_2 \
  "S: 250-DSN\nS: 250-SMTPUTF8\nS: 250-CHUNKING\nS: 250-BINARYMIME\n"
#define HELLO_3                                                            \
  "S: 250-DELIVERBY 60\n"                                                  \
  "S: 250-FUTURERELEASE 604800 2030-01-01T00:00:00Z\nS: 250-MT-PRIORITY\n" \
  "S: 250-RRVS\nS: 250-NO-SOLICITING\nS: 250-MTRK\nS: 250-CONPERM\n"       \
  "S: 250 LIMITS RCPTMAX=7 MAILMAX=3\n"
#define GREETING_OUT "S: 220 localhost SMTP service ready\n" EHLO_OUT
#define START_TLS_OUT                         \
  HELLO_1 "S: 250-STARTTLS\n" HELLO_2 HELLO_3 \
          "C: STARTTLS\nS: 220 Ready to start TLS\n(TLS)\n" EHLO_OUT

static const uint32_t of_mail =
    SMTPC_HAS(SIZE) | SMTPC_HAS(BODY) | SMTPC_HAS(RET) | SMTPC_HAS(ENVID) |
    SMTPC_HAS(SMTPUTF8) | SMTPC_HAS(BY) | SMTPC_HAS(MT_PRIORITY) |
    SMTPC_HAS(SOLICIT) | SMTPC_HAS(MTRK) | SMTPC_HAS(CONPERM);
static const uint32_t of_rcpt =
    SMTPC_HAS(NOTIFY) | SMTPC_HAS(ORCPT) | SMTPC_HAS(RRVS);

static void talk(bool tls, const smtpc_mem_message *message,
                 const smtpc_server_policy *sp, unsigned bdat, size_t cut,
                 const char *want) {
  static smtpc_mem_server server;
  static smtpc_mem_client client;
  smtpc_client_policy cp = dialogue_client_policy(
      tls ? SMTPC_CLIENT_TLS_VERIFIED : SMTPC_CLIENT_TLS_OFF);
  smtpc_octets have = {NULL, 0u, 0u};
  cp.bdat = (uint8_t)bdat;
  cp.lmtp = sp->lmtp;
  memset(&server, 0, sizeof server);
  memset(&client, 0, sizeof client);
  smtpc_mem_server_begin(&server, sp);
  smtpc_mem_client_begin(&client, &cp, message, 1u);
  (void)smtpc_mem_converse(&client, &server, cut, &have);
  test_label("TLS %d, BDAT %u, cut %zu", tls, bdat, cut);
  test_octets(have.data, have.len, want, strlen(want));
  test_octets(server.stored.data, server.stored.len, message->content,
              message->content_len);
  test_number(client.last.end_reason, SMTPC_END_QUIT);
  test_number(client.last_code, 250u);
  test_number(server.last.end_reason, SMTPC_END_QUIT);
  smtpc_octets_free(&have);
  smtpc_mem_server_free(&server);
  smtpc_mem_client_free(&client);
}

#define MAIL_MORE                           \
  "MT-PRIORITY=-3 SOLICIT=org.example:ADV " \
  "MTRK=YWJjZGVmZ2hpamtsbW5vcHFyc3Q:9 CONPERM\n"
#define MAIL_LESS \
  "C: MAIL FROM:<s@a.example> SIZE=12 BODY=8BITMIME RET=HDRS ENVID=QQ+2B1 "
#define RCPT_ALL                                     \
  "C: RCPT TO:<r@b.example> NOTIFY=SUCCESS,FAILURE " \
  "ORCPT=rfc822;r+2B1@b.example RRVS=2029-12-31T23:59:59Z;C\n"
#define REST                                             \
  "C: DATA\nS: 250 Sender OK\nS: 250 Recipient OK\n"     \
  "S: 354 End data with <CR><LF>.<CR><LF>\nC: x\nC: .\n" \
  "S: 250 Message stored\nC: QUIT\nS: 221 Closing connection\n"

static void test_client_says_all_params_to_our_server(void **state) {
  (void)state;
  for (size_t cut = 0u; cut <= TEST_CUT_MAX; cut++) {
    const smtpc_envelope rcpt = envelope_with("r@b.example", of_rcpt);
    smtpc_mem_message message = dialogue_message(&rcpt, 1u);
    smtpc_server_policy clear = full_server(false);
    smtpc_server_policy tls = full_server(true);
    message.envelope =
        envelope_with("s@a.example", of_mail | SMTPC_HAS(HOLDFOR));
    talk(false, &message, &clear, 0u, cut,
         GREETING_OUT HELLO_1 HELLO_2 HELLO_3 MAIL_LESS
         "SMTPUTF8 BY=120;RT HOLDFOR=60 " MAIL_MORE RCPT_ALL REST);
    message.envelope.seen = of_mail | SMTPC_HAS(HOLDUNTIL);
    talk(false, &message, &clear, 0u, cut,
         GREETING_OUT HELLO_1 HELLO_2 HELLO_3 MAIL_LESS
         "SMTPUTF8 BY=120;RT HOLDUNTIL=2029-12-31T23:59:59Z " MAIL_MORE RCPT_ALL
             REST);
    message.envelope.seen =
        of_mail | SMTPC_HAS(HOLDFOR) | SMTPC_HAS(REQUIRETLS);
    talk(true, &message, &tls, 0u, cut,
         GREETING_OUT START_TLS_OUT HELLO_1 HELLO_2
         "S: 250-REQUIRETLS\n" HELLO_3 MAIL_LESS
         "SMTPUTF8 REQUIRETLS BY=120;RT HOLDFOR=60 " MAIL_MORE RCPT_ALL REST);
  }
}

static void test_client_says_binarymime_to_our_server(void **state) {
  (void)state;
  static const uint8_t content[] = "a\0b\nc\rd\r\n.\r\n\xff";
  const smtpc_envelope rcpt = dialogue_address("r@b.example");
  smtpc_mem_message message = dialogue_message(&rcpt, 1u);
  message.envelope.seen = SMTPC_HAS(BODY);
  message.envelope.body = SMTPC_BODY_BINARYMIME;
  message.content = content;
  message.content_len = sizeof content - 1u;
  smtpc_server_policy sp = full_server(false);
  static const char want[] = GREETING_OUT HELLO_1 HELLO_2 HELLO_3
      "C: MAIL FROM:<s@a.example> BODY=BINARYMIME\n"
      "C: RCPT TO:<r@b.example>\nS: 250 Sender OK\nS: 250 Recipient OK\n"
      "C: BDAT 13\nC: a\\x00b\nC: c\\x0dd\nC: .\nC: \\xff\n"
      "S: 250 Chunk taken\nC: BDAT 0 LAST\nS: 250 Message stored\nC: QUIT\n"
      "S: 221 Closing connection\n";
  for (size_t cut = 0u; cut <= TEST_CUT_MAX; cut++) {
    talk(false, &message, &sp, 0u, cut, want);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_client_params_by_what_is_offered),
      cmocka_unit_test(test_client_params_that_are_never_dropped),
      cmocka_unit_test(test_client_params_dropped_together),
      cmocka_unit_test(test_client_keeps_the_least_time_of_deliverby),
      cmocka_unit_test(test_client_keeps_the_most_of_futurerelease),
      cmocka_unit_test(test_client_forgets_what_it_did_not_send),
      cmocka_unit_test(test_client_requiretls),
      cmocka_unit_test(test_client_says_all_params_to_our_server),
      cmocka_unit_test(test_client_says_binarymime_to_our_server),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
