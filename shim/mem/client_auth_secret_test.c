// The sending session and AUTH, step by step: what is left in its memory, what it does
// with octets and ends that come while it waits for its shim, and whole exchanges with
// our own server.

#include <string.h>

#include "shim/mem/auth_row_testing.h"

#define PASSWORD "CANARYPASSWORD"
// A digest and a proof are all `P` here, and a server's signature is all `S`.
#define PROOF "PPPPPPPPPPPPPPPP"
#define PROOF_HEX "50505050505050505050505050505050"
#define SIGNED_20 "U1NTU1NTU1NTU1NTU1NTU1NTU1M="
#define SIGNED_32 "U1NTU1NTU1NTU1NTU1NTU1NTU1NTU1NTU1NTU1NTU1M="

// --------------------------------------------------------------------- rig

// rig is a session under implicit TLS, driven by hand: `act` is what it did last.
typedef struct rig {
  smtpc_client_policy policy;
  smtpc_client session;
  smtpc_action act;
  const auth_row *row;
  size_t turn;
  smtpc_octets said;  // the turn at hand
  size_t used;        // of it
} rig;

static void rig_begin(rig *r, const auth_row *row) {
  memset(r, 0, sizeof *r);
  r->policy = auth_policy();
  r->policy.mechanisms = row->mechanisms;
  r->row = row;
  smtpc_client_init(&r->session, &r->policy);
}

// The next turn of the server, if there is one.
static smtpc_input next_turn(rig *r) {
  smtpc_input in = smtpc_input_make(SMTPC_IN_NONE);
  if (r->used == r->said.len && r->row->turns[r->turn] != NULL) {
    smtpc_octets_clear(&r->said);
    auth_expand(&r->said, r->row->turns[r->turn]);
    r->used = 0u;
    r->turn++;
  }
  if (r->used < r->said.len) {
    in = smtpc_input_octets(SMTPC_CHANNEL_TLS, r->said.data + r->used,
                            r->said.len - r->used);
  }
  return in;
}

// What answers the last action.
static smtpc_input next_input(rig *r) {
  static uint8_t digest[2u * SMTPC_DIGEST_MAX];
  smtpc_input in = smtpc_input_make(SMTPC_IN_NONE);
  const size_t one = smtpc_sasl_digest_len(r->session.sasl.mechanism);
  memset(digest, 'S', sizeof digest);
  memset(digest, 'P', one);
  in.data = (const uint8_t *)"user";
  in.len = 4u;
  switch (r->act.kind) {
    case SMTPC_DO_START_TLS:
      in = smtpc_input_make(SMTPC_IN_TLS_UP);
      in.tls.version = SMTPC_TLS_1_3;
      in.tls.chain_ok = 1u;
      in.tls.name_ok = 1u;
      break;
    case SMTPC_DO_ASK_PASSWORD:
      in.kind = SMTPC_IN_CREDENTIALS;
      in.secret = (const uint8_t *)PASSWORD;
      in.secret_len = sizeof PASSWORD - 1u;
      break;
    case SMTPC_DO_ASK_DIGEST:
      in.kind = SMTPC_IN_DIGEST;
      in.secret = digest;
      in.secret_len = one == SMTPC_MD5_LEN ? one : 2u * one;
      break;
    case SMTPC_DO_ASK_NONCE:
      in.kind = SMTPC_IN_NONCE;
      in.data = (const uint8_t *)"0123456789abcdef";
      in.len = SMTPC_NONCE_LEN;
      break;
    case SMTPC_DO_ASK_BINDING:
      in.kind = SMTPC_IN_BINDING;
      in.data = (const uint8_t *)"a binding";
      in.len = 9u;
      break;
    case SMTPC_DO_ASK_ENVELOPE:
      in = smtpc_input_make(SMTPC_IN_END);
      break;
    case SMTPC_DO_NEED_INPUT:
      in = next_turn(r);
      break;
    default:
      in = smtpc_input_make(SMTPC_IN_NONE);
      break;
  }
  return in;
}

static void rig_give(rig *r, const smtpc_input *in) {
  size_t used = 0u;
  test_number(smtpc_client_step(&r->policy, &r->session, in, &used, &r->act),
              SMTPC_OK);
  test_number(smtpc_client_check(&r->session), SMTPC_OK);
  r->used += in->kind == SMTPC_IN_OCTETS && in->data != NULL ? used : 0u;
}

// Goes on until the session does `kind`, or ends.
static void rig_until(rig *r, unsigned kind) {
  for (size_t step = 0u;
       step < 100u && r->act.kind != kind && r->act.kind != SMTPC_DO_CLOSE;
       step++) {
    const smtpc_input in = next_input(r);
    rig_give(r, &in);
  }
  test_number(r->act.kind, kind);
}

static void rig_end(rig *r) {
  smtpc_octets_free(&r->said);
}

// ----------------------------------------------------------------- secrets

static bool holds(const void *data, size_t size, const char *text, size_t len) {
  const uint8_t *octets = data;
  for (size_t i = 0u; i + len <= size; i++) {
    if (memcmp(octets + i, text, len) == 0) {
      return true;
    }
  }
  return false;
}

// The base64 of `text` behind `before` octets, without what its neighbours decide.
static smtpc_octets core_of(const char *text, size_t len, size_t before) {
  smtpc_octets plain = {NULL, 0u, 0u};
  smtpc_octets encoded = {NULL, 0u, 0u};
  smtpc_octets core = {NULL, 0u, 0u};
  smtpc_octets_add(&plain, "{xx", 1u + before);
  smtpc_octets_add(&plain, text, len);
  smtpc_octets_add(&plain, "}", 2u);
  auth_expand(&encoded, (const char *)plain.data);
  const size_t from = before == 0u ? 0u : before + 1u;
  const size_t to = (before + len) / 3u * 4u;
  smtpc_octets_add(&core, encoded.data + from, to - from);
  smtpc_octets_free(&plain);
  smtpc_octets_free(&encoded);
  return core;
}

// Says whether `text` is anywhere in `session`: as it is, as base64, or as the base64
// of its base64.
static bool is_kept(const smtpc_client *session, const char *text) {
  bool kept = holds(session, sizeof *session, text, strlen(text));
  for (size_t i = 0u; i < 3u; i++) {
    smtpc_octets once = core_of(text, strlen(text), i);
    kept = kept ||
           holds(session, sizeof *session, (const char *)once.data, once.len);
    for (size_t k = 0u; k < 3u; k++) {
      smtpc_octets twice = core_of((const char *)once.data, once.len, k);
      kept = kept || holds(session, sizeof *session, (const char *)twice.data,
                           twice.len);
      smtpc_octets_free(&twice);
    }
    smtpc_octets_free(&once);
  }
  return kept;
}

// Nothing secret is in the session but what is being sent, and nothing at all of an
// exchange that is over.
static void check_secrets(const rig *r) {
  static smtpc_client copy;
  copy = r->session;
  if (r->act.kind == SMTPC_DO_SEND && r->act.source == SMTPC_SOURCE_LINE) {
    memset(copy.line.data + r->act.begin, 0, r->act.end - r->act.begin);
  }
  if (copy.phase != SMTPC_CLIENT_AUTH || copy.next == SMTPC_DO_CLOSE) {
    static const smtpc_sasl_client none = {0};
    test_octets(&copy.sasl, sizeof none, &none, sizeof none);
  }
  assert_false(is_kept(&copy, PASSWORD));
  assert_false(is_kept(&copy, PROOF));
  assert_false(is_kept(&copy, PROOF_HEX));
}

static const auth_row exchanges[] = {
    {"PLAIN",
     SMTPC_MECH(PLAIN),
     {"220 mx\r\n", OFFER("PLAIN"), "235 ok\r\n", "221 b\r\n"},
     NULL,
     NULL},
    {"LOGIN",
     SMTPC_MECH(LOGIN),
     {"220 mx\r\n", OFFER("LOGIN"), "334 {Username:}\r\n",
      "334 {Password:}\r\n", "235 ok\r\n", "221 b\r\n"},
     NULL,
     NULL},
    {"CRAM-MD5",
     SMTPC_MECH(CRAM_MD5),
     {"220 mx\r\n", OFFER("CRAM-MD5"), "334 {<1@mx>}\r\n", "235 ok\r\n",
      "221 b\r\n"},
     NULL,
     NULL},
    {"XOAUTH2",
     SMTPC_MECH(XOAUTH2),
     {"220 mx\r\n", OFFER("XOAUTH2"), "235 ok\r\n", "221 b\r\n"},
     NULL,
     NULL},
    {"OAUTHBEARER refused",
     SMTPC_MECH(OAUTHBEARER),
     {"220 mx\r\n", OFFER("OAUTHBEARER"), "334 {e}\r\n", "535 no\r\n",
      "221 b\r\n"},
     NULL,
     NULL},
    {"SCRAM-SHA-256",
     SMTPC_MECH(SCRAM_SHA_256),
     {"220 mx\r\n", OFFER("SCRAM-SHA-256"),
      "334 {r=30313233343536373839616263646566xyz,s=c2FsdA==,i=4096}\r\n",
      "334 {v=" SIGNED_32 "}\r\n", "235 ok\r\n", "221 b\r\n"},
     NULL,
     NULL},
    {"SCRAM-SHA-1-PLUS",
     SMTPC_MECH(SCRAM_SHA_1_PLUS),
     {"220 mx\r\n", OFFER("SCRAM-SHA-1-PLUS"),
      "334 {r=30313233343536373839616263646566xyz,s=c2FsdA==,i=4096}\r\n",
      "334 {v=" SIGNED_20 "}\r\n", "235 ok\r\n", "221 b\r\n"},
     NULL,
     NULL},
    {"SCRAM-SHA-256, a server that lies",
     SMTPC_MECH(SCRAM_SHA_256),
     {"220 mx\r\n", OFFER("SCRAM-SHA-256"),
      "334 {r=30313233343536373839616263646566xyz,s=c2FsdA==,i=4096}\r\n",
      "334 {v=" ZERO_32 "}\r\n"},
     NULL,
     NULL},
};

static void test_client_auth_keeps_no_secret(void **state) {
  (void)state;
  static rig r;
  for (size_t i = 0u; i < DIALOGUE_COUNT(exchanges); i++) {
    bool seen = false;
    rig_begin(&r, &exchanges[i]);
    test_label("%s", exchanges[i].label);
    for (size_t step = 0u; step < 100u && r.act.kind != SMTPC_DO_CLOSE;
         step++) {
      const smtpc_input in = next_input(&r);
      rig_give(&r, &in);
      seen = seen || is_kept(&r.session, PASSWORD) ||
             is_kept(&r.session, PROOF) || is_kept(&r.session, PROOF_HEX);
      check_secrets(&r);
    }
    test_number(r.act.kind, SMTPC_DO_CLOSE);
    // The scan does find what it looks for.
    test_number(seen, 1);
    static const smtpc_sasl_client none = {0};
    test_octets(&r.session.sasl, sizeof none, &none, sizeof none);
    rig_end(&r);
  }
}

static void test_client_auth_marks_what_is_secret(void **state) {
  (void)state;
  // A program that logs what has no `secret` mark never logs a password.
  static rig r;
  for (size_t i = 0u; i < DIALOGUE_COUNT(exchanges); i++) {
    smtpc_octets shown = {NULL, 0u, 0u};
    rig_begin(&r, &exchanges[i]);
    for (size_t step = 0u; step < 100u && r.act.kind != SMTPC_DO_CLOSE;
         step++) {
      const smtpc_input in = next_input(&r);
      rig_give(&r, &in);
      if (r.act.kind == SMTPC_DO_SEND && r.act.secret == 0u) {
        smtpc_octets_add(&shown, smtpc_client_octets(&r.session, &r.act, &in),
                         r.act.end - r.act.begin);
      }
    }
    test_label("%s", exchanges[i].label);
    static const char login[] = "EHLO localhost\r\nAUTH LOGIN\r\nQUIT\r\n";
    static const char cram[] = "EHLO localhost\r\nAUTH CRAM-MD5\r\nQUIT\r\n";
    static const char others[] = "EHLO localhost\r\nQUIT\r\n";
    static const char cut[] = "EHLO localhost\r\n";
    const char *want = others;
    want = exchanges[i].mechanisms == SMTPC_MECH(LOGIN) ? login : want;
    want = exchanges[i].mechanisms == SMTPC_MECH(CRAM_MD5) ? cram : want;
    want = i + 1u == DIALOGUE_COUNT(exchanges) ? cut : want;
    test_octets(shown.data, shown.len, want, strlen(want));
    smtpc_octets_free(&shown);
    rig_end(&r);
  }
}

// ----------------------------------------------------- while the shim thinks

typedef struct question {
  size_t exchange;
  unsigned kind;  // what is asked
} question;

// Each question that an exchange can ask.
static const question questions[] = {
    {0u, SMTPC_DO_ASK_PASSWORD}, {1u, SMTPC_DO_ASK_PASSWORD},
    {2u, SMTPC_DO_ASK_DIGEST},   {3u, SMTPC_DO_ASK_PASSWORD},
    {5u, SMTPC_DO_ASK_NONCE},    {5u, SMTPC_DO_ASK_PASSWORD},
    {5u, SMTPC_DO_ASK_DIGEST},   {6u, SMTPC_DO_ASK_BINDING},
    {6u, SMTPC_DO_ASK_DIGEST}};

static void ask(rig *r, const question *q) {
  rig_begin(r, &exchanges[q->exchange]);
  test_label("%s, %s", exchanges[q->exchange].label, smtpc_do_name(q->kind));
  rig_until(r, q->kind);
}

// Gives `in` in place of the answer; the session must then end so.
static void want_end(rig *r, const smtpc_input *in, unsigned reason,
                     unsigned finding) {
  const smtpc_input none = smtpc_input_make(SMTPC_IN_NONE);
  rig_give(r, in);
  for (size_t step = 0u; step < 5u && r->act.kind != SMTPC_DO_CLOSE; step++) {
    assert_true(r->act.kind == SMTPC_DO_REPORT ||
                r->act.kind == SMTPC_DO_NEED_INPUT);
    check_secrets(r);
    rig_give(r, &none);
  }
  test_number(r->act.kind, SMTPC_DO_CLOSE);
  test_number(r->act.end_reason, reason);
  test_number(r->act.finding, finding);
  check_secrets(r);
  rig_give(r, in);
  test_number(r->act.kind, SMTPC_DO_NOTHING);
  rig_end(r);
}

static void test_client_auth_octets_while_the_shim_thinks(void **state) {
  (void)state;
  static rig r;
  static const uint8_t more[] = "250 ok\r\n";
  static const uint8_t success[] = "235 ok\r\n";
  static const uint8_t challenge[] = "334 \r\n";
  static const uint8_t down[] = "421 down\r\n";
  const smtpc_input inputs[] = {
      smtpc_input_octets(SMTPC_CHANNEL_TLS, more, sizeof more - 1u),
      smtpc_input_octets(SMTPC_CHANNEL_TLS, success, sizeof success - 1u),
      smtpc_input_octets(SMTPC_CHANNEL_TLS, challenge, sizeof challenge - 1u),
      smtpc_input_octets(SMTPC_CHANNEL_TLS, down, sizeof down - 1u),
      smtpc_input_octets(SMTPC_CHANNEL_PLAIN, more, sizeof more - 1u)};
  static const uint8_t reasons[][2] = {
      {SMTPC_END_PROTOCOL, SMTPC_FINDING_REPLY_UNSOLICITED},
      {SMTPC_END_PROTOCOL, SMTPC_FINDING_REPLY_UNSOLICITED},
      {SMTPC_END_PROTOCOL, SMTPC_FINDING_REPLY_UNSOLICITED},
      {SMTPC_END_SERVICE, SMTPC_FINDING_SERVICE_REFUSED},
      {SMTPC_END_PROTOCOL, SMTPC_FINDING_CHANNEL_MIXED}};
  for (size_t i = 0u; i < DIALOGUE_COUNT(questions); i++) {
    for (size_t k = 0u; k < DIALOGUE_COUNT(inputs); k++) {
      ask(&r, &questions[i]);
      want_end(&r, &inputs[k], reasons[k][0], reasons[k][1]);
    }
  }
}

static void test_client_auth_ends_while_the_shim_thinks(void **state) {
  (void)state;
  static rig r;
  static const uint8_t rows[][3] = {
      {SMTPC_IN_END_OF_STREAM, SMTPC_END_PEER, SMTPC_FINDING_ABORTED},
      {SMTPC_IN_DEADLINE, SMTPC_END_TIMEOUT, SMTPC_FINDING_DEADLINE},
      {SMTPC_IN_SHUTDOWN, SMTPC_END_SHUTDOWN, SMTPC_FINDING_NONE},
      {SMTPC_IN_TLS_FAILED, SMTPC_END_TLS, SMTPC_FINDING_TLS_LOST}};
  for (size_t i = 0u; i < DIALOGUE_COUNT(questions); i++) {
    for (size_t k = 0u; k < DIALOGUE_COUNT(rows); k++) {
      smtpc_input in = smtpc_input_make(rows[k][0]);
      in.clean = 1u;
      ask(&r, &questions[i]);
      want_end(&r, &in, rows[k][1], rows[k][2]);
    }
  }
}

static void test_client_auth_a_late_answer_is_misuse(void **state) {
  (void)state;
  // A part of a reply came in place of the answer: the exchange is void.
  static rig r;
  static const uint8_t part[] = "2";
  const smtpc_input octets =
      smtpc_input_octets(SMTPC_CHANNEL_TLS, part, sizeof part - 1u);
  for (size_t i = 0u; i < DIALOGUE_COUNT(questions); i++) {
    ask(&r, &questions[i]);
    const smtpc_input answer = next_input(&r);
    rig_give(&r, &octets);
    test_number(r.act.kind, SMTPC_DO_NEED_INPUT);
    check_secrets(&r);
    static const smtpc_sasl_client none = {0};
    test_octets(&r.session.sasl, sizeof none, &none, sizeof none);
    static smtpc_client before;
    size_t used = 0u;
    before = r.session;
    test_number(
        smtpc_client_step(&r.policy, &r.session, &answer, &used, &r.act),
        SMTPC_E_STATE);
    test_octets(&r.session, sizeof before, &before, sizeof before);
    smtpc_input end = smtpc_input_make(SMTPC_IN_END_OF_STREAM);
    end.clean = 1u;
    want_end(&r, &end, SMTPC_END_PEER, SMTPC_FINDING_ABORTED);
  }
}

static void refuse_answer(rig *r, const smtpc_input *in, smtpc_status want) {
  static smtpc_client before;
  smtpc_action act;
  size_t used = 0u;
  before = r->session;
  test_number(smtpc_client_step(&r->policy, &r->session, in, &used, &act),
              want);
  test_number(act.kind, SMTPC_DO_NOTHING);
  test_octets(&r->session, sizeof before, &before, sizeof before);
}

static void test_client_auth_wrong_answers_are_misuse(void **state) {
  (void)state;
  static rig r;
  static const uint8_t kinds[] = {SMTPC_IN_NONCE,    SMTPC_IN_CREDENTIALS,
                                  SMTPC_IN_BINDING,  SMTPC_IN_DIGEST,
                                  SMTPC_IN_ENVELOPE, SMTPC_IN_END};
  for (size_t i = 0u; i < DIALOGUE_COUNT(questions); i++) {
    ask(&r, &questions[i]);
    const smtpc_input right = next_input(&r);
    for (size_t k = 0u; k < DIALOGUE_COUNT(kinds); k++) {
      smtpc_input in = right;
      in.kind = kinds[k];
      if (in.kind != right.kind) {
        refuse_answer(&r, &in, SMTPC_E_STATE);
      }
    }
    // The right kind, and of another length.
    smtpc_input in = right;
    in.len -= 1u;
    in.secret_len -= in.secret_len > 0u ? 1u : 0u;
    if (right.kind == SMTPC_IN_NONCE || right.kind == SMTPC_IN_DIGEST) {
      refuse_answer(&r, &in, SMTPC_E_ARGUMENT);
      in.len += 2u;
      in.secret_len += in.secret_len > 0u ? 2u : 0u;
      refuse_answer(&r, &in, SMTPC_E_ARGUMENT);
    }
    if (right.kind == SMTPC_IN_BINDING) {
      static const uint8_t long_one[SMTPC_BINDING_MAX + 1u] = {0};
      in.data = long_one;
      in.len = sizeof long_one;
      refuse_answer(&r, &in, SMTPC_E_ARGUMENT);
    }
    rig_end(&r);
  }
}

static void test_client_auth_a_channel_without_binding(void **state) {
  (void)state;
  // The exchange cannot go on: it is cancelled, and no other mechanism is tried.
  static rig r;
  ask(&r, &questions[7]);
  const smtpc_input none = smtpc_input_make(SMTPC_IN_BINDING);
  rig_give(&r, &none);
  test_number(r.act.kind, SMTPC_DO_SEND);
  test_octets(smtpc_client_octets(&r.session, &r.act, NULL),
              r.act.end - r.act.begin, "*\r\n", 3u);
  static const uint8_t cancelled[] = "501 c\r\n";
  const smtpc_input octets =
      smtpc_input_octets(SMTPC_CHANNEL_TLS, cancelled, sizeof cancelled - 1u);
  rig_give(&r, &octets);
  test_number(r.act.kind, SMTPC_DO_REPORT);
  test_number(r.act.finding, SMTPC_FINDING_AUTH_EXCHANGE);
  rig_end(&r);
}

// ----------------------------------------------------------- conversations

typedef struct talk {
  const char *label;
  uint64_t mechanism;
  unsigned prompts;
  int clear;          // 1: without TLS, quirk auth-in-clear in both
  const char *offer;  // the server's AUTH line
  const char *text;   // what is said from AUTH to 235
} talk;

static smtpc_server_policy talk_server(const talk *t) {
  smtpc_server_policy policy;
  smtpc_server_policy_init(&policy);
  policy.offered = SMTPC_OFFERS(AUTH) | SMTPC_OFFERS(STARTTLS);
  policy.auth = SMTPC_AUTH_REQUIRED;
  policy.mechanisms = t->mechanism;
  policy.prompts = (uint8_t)t->prompts;
  policy.certificate = 1u;
  policy.tls = t->clear != 0 ? SMTPC_SERVER_TLS_OFF : SMTPC_SERVER_TLS_REQUIRED;
  policy.quirks = t->clear != 0 ? (uint32_t)SMTPC_QUIRK_AUTH_IN_CLEAR : 0u;
  if (t->clear != 0) {
    policy.offered = SMTPC_OFFERS(AUTH);
  }
  return policy;
}

static smtpc_client_policy talk_client(const talk *t) {
  smtpc_client_policy policy = dialogue_client_policy(
      t->clear != 0 ? SMTPC_CLIENT_TLS_OFF : SMTPC_CLIENT_TLS_VERIFIED);
  policy.auth = SMTPC_AUTH_REQUIRED;
  policy.mechanisms = t->mechanism;
  if (t->clear != 0) {
    policy.auth_order = SMTPC_AUTH_ORDER_MANUAL;
    policy.quirks = SMTPC_QUIRK_AUTH_IN_CLEAR;
  }
  return policy;
}

static void add_text(smtpc_octets *out, const char *text) {
  smtpc_octets_add(out, text, strlen(text));
}

static void want_talk(smtpc_octets *want, const talk *t) {
  add_text(want,
           "S: 220 localhost SMTP service ready\nC: EHLO localhost\n"
           "S: 250-localhost greets you\n");
  if (t->clear == 0) {
    add_text(want,
             "S: 250 STARTTLS\nC: STARTTLS\nS: 220 Ready to start TLS\n"
             "(TLS)\nC: EHLO localhost\n"
             "S: 250-localhost greets you\n");
  }
  add_text(want, "S: 250 AUTH ");
  add_text(want, t->offer);
  add_text(want, "\n");
  auth_expand(want, t->text);
  add_text(want,
           "S: 235 Authentication succeeded\n"
           "C: MAIL FROM:<s@a.example>\nS: 250 Sender OK\n"
           "C: RCPT TO:<r@b.example>\nS: 250 Recipient OK\nC: DATA\n"
           "S: 354 End data with <CR><LF>.<CR><LF>\nC: x\nC: .\n"
           "S: 250 Message stored\nC: QUIT\n"
           "S: 221 Closing connection\n");
}

static void run_talk(const talk *t, size_t cut) {
  static smtpc_mem_server server;
  static smtpc_mem_client client;
  const smtpc_server_policy sp = talk_server(t);
  const smtpc_client_policy cp = talk_client(t);
  const smtpc_envelope recipient = dialogue_address("r@b.example");
  const smtpc_mem_message message = dialogue_message(&recipient, 1u);
  smtpc_octets have = {NULL, 0u, 0u};
  smtpc_octets want = {NULL, 0u, 0u};
  memset(&server, 0, sizeof server);
  memset(&client, 0, sizeof client);
  client.name = "user";
  client.password = "secret";
  smtpc_mem_server_begin(&server, &sp);
  smtpc_mem_client_begin(&client, &cp, &message, 1u);
  (void)smtpc_mem_converse(&client, &server, cut, &have);
  want_talk(&want, t);
  test_label("%s, cut %zu", t->label, cut);
  test_octets(have.data, have.len, want.data, want.len);
  test_octets(server.stored.data, server.stored.len, "x\r\n", 3u);
  test_number(client.last.end_reason, SMTPC_END_QUIT);
  test_number(server.last.end_reason, SMTPC_END_QUIT);
  smtpc_octets_free(&have);
  smtpc_octets_free(&want);
  smtpc_mem_server_free(&server);
  smtpc_mem_client_free(&client);
}

static void test_client_auth_talks_to_our_server(void **state) {
  (void)state;
#define SCRAM_TALK(name, flag, c, zero)         \
  "C: AUTH " name " {" flag ",,n=user,r=" NONCE \
  "}\n"                                         \
  "S: 334 {r=" NONCE NONCE                      \
  ",s=AQIDBAUGBwgJCgsMDQ4PEA==,i=4096}\n"       \
  "C: {c=" c ",r=" NONCE NONCE ",p=" zero "}\nS: 334 {v=" zero "}\nC: \n"
  static const talk talks[] = {
      {"PLAIN", SMTPC_MECH(PLAIN), 0u, 0, "PLAIN",
       "C: AUTH PLAIN {~user~secret}\n"},
      {"LOGIN", SMTPC_MECH(LOGIN), SMTPC_PROMPTS_COLON, 0, "LOGIN",
       "C: AUTH LOGIN\nS: 334 {Username:}\nC: {user}\nS: 334 {Password:}\n"
       "C: {secret}\n"},
      {"LOGIN, the draft's prompts", SMTPC_MECH(LOGIN), SMTPC_PROMPTS_DRAFT, 0,
       "LOGIN",
       "C: AUTH LOGIN\nS: 334 {User Name~}\nC: {user}\n"
       "S: 334 {Password~}\nC: {secret}\n"},
      {"CRAM-MD5", SMTPC_MECH(CRAM_MD5), 0u, 0, "CRAM-MD5",
       "C: AUTH CRAM-MD5\nS: 334 {<" NONCE "@localhost>}\n"
       "C: {user 00000000000000000000000000000000}\n"},
      {"EXTERNAL", SMTPC_MECH(EXTERNAL), 0u, 0, "EXTERNAL",
       "C: AUTH EXTERNAL {user}\n"},
      {"XOAUTH2", SMTPC_MECH(XOAUTH2), 0u, 0, "XOAUTH2",
       "C: AUTH XOAUTH2 {user=user\1auth=Bearer secret\1\1}\n"},
      {"OAUTHBEARER", SMTPC_MECH(OAUTHBEARER), 0u, 0, "OAUTHBEARER",
       "C: AUTH OAUTHBEARER {n,a=user,\1auth=Bearer secret\1\1}\n"},
      {"SCRAM-SHA-1", SMTPC_MECH(SCRAM_SHA_1), 0u, 0, "SCRAM-SHA-1",
       SCRAM_TALK("SCRAM-SHA-1", "n", "biws", ZERO_20)},
      {"SCRAM-SHA-256", SMTPC_MECH(SCRAM_SHA_256), 0u, 0, "SCRAM-SHA-256",
       SCRAM_TALK("SCRAM-SHA-256", "n", "biws", ZERO_32)},
      {"SCRAM-SHA-1-PLUS", SMTPC_MECH(SCRAM_SHA_1_PLUS), 0u, 0,
       "SCRAM-SHA-1-PLUS",
       SCRAM_TALK("SCRAM-SHA-1-PLUS", "p=tls-exporter", EXPORTER_32, ZERO_20)},
      {"SCRAM-SHA-256-PLUS", SMTPC_MECH(SCRAM_SHA_256_PLUS), 0u, 0,
       "SCRAM-SHA-256-PLUS",
       SCRAM_TALK("SCRAM-SHA-256-PLUS", "p=tls-exporter", EXPORTER_32,
                  ZERO_32)},
      {"PLAIN in clear", SMTPC_MECH(PLAIN), 0u, 1, "PLAIN",
       "C: AUTH PLAIN {~user~secret}\n"},
      {"LOGIN in clear", SMTPC_MECH(LOGIN), SMTPC_PROMPTS_COLON, 1, "LOGIN",
       "C: AUTH LOGIN\nS: 334 {Username:}\nC: {user}\nS: 334 {Password:}\n"
       "C: {secret}\n"},
      {"CRAM-MD5 in clear", SMTPC_MECH(CRAM_MD5), 0u, 1, "CRAM-MD5",
       "C: AUTH CRAM-MD5\nS: 334 {<" NONCE "@localhost>}\n"
       "C: {user 00000000000000000000000000000000}\n"},
  };
  for (size_t i = 0u; i < DIALOGUE_COUNT(talks); i++) {
    for (size_t cut = 0u; cut <= TEST_CUT_MAX; cut++) {
      run_talk(&talks[i], cut);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_client_auth_keeps_no_secret),
      cmocka_unit_test(test_client_auth_marks_what_is_secret),
      cmocka_unit_test(test_client_auth_octets_while_the_shim_thinks),
      cmocka_unit_test(test_client_auth_ends_while_the_shim_thinks),
      cmocka_unit_test(test_client_auth_a_late_answer_is_misuse),
      cmocka_unit_test(test_client_auth_wrong_answers_are_misuse),
      cmocka_unit_test(test_client_auth_a_channel_without_binding),
      cmocka_unit_test(test_client_auth_talks_to_our_server),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
