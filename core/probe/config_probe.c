// Config probe: sessions in one configuration, with what is off tried as well.
//
// `config_test.py` compiles it with the sources of the core, once for each
// configuration, and runs it. It looks at the settings and says what must be: a session
// works whatever is off; what is off is refused by the policy's check, is not announced,
// and is answered like what nobody offers. It returns 1 after the first surprise.
#include <stdio.h>
#include <string.h>

#include "smtpcore/client.h"
#include "smtpcore/command.h"
#include "smtpcore/server.h"
#include "smtpcore/version.h"

static unsigned failures;

static void expect(const char *what, long long have, long long want) {
  if (have != want) {
    failures++;
    printf("FAILED %s: have %lld, want %lld\n", what, have, want);
  }
}

// Bits of what has a setting, and whether the configuration has it.
typedef struct feature {
  const char *name;
  uint64_t bits;
  int on;
} feature;

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

#define EXTRAS                                                                \
  (SMTPC_OFFERS(DELIVERBY) | SMTPC_OFFERS(MT_PRIORITY) | SMTPC_OFFERS(RRVS) | \
   SMTPC_OFFERS(NO_SOLICITING) | SMTPC_OFFERS(MTRK) | SMTPC_OFFERS(CONPERM) | \
   SMTPC_OFFERS(LIMITS))

static const feature mechanisms[] = {
    {"SCRAM-SHA-256", SMTPC_MECH(SCRAM_SHA_256), SMTPC_CONFIG_SCRAM},
    {"SCRAM-SHA-1-PLUS", SMTPC_MECH(SCRAM_SHA_1_PLUS), SMTPC_CONFIG_SCRAM},
    {"CRAM-MD5", SMTPC_MECH(CRAM_MD5), SMTPC_CONFIG_CRAM_MD5},
    {"PLAIN", SMTPC_MECH(PLAIN), SMTPC_CONFIG_PLAIN},
    {"LOGIN", SMTPC_MECH(LOGIN), SMTPC_CONFIG_LOGIN},
    {"EXTERNAL", SMTPC_MECH(EXTERNAL), SMTPC_CONFIG_EXTERNAL},
    {"OAUTHBEARER", SMTPC_MECH(OAUTHBEARER), SMTPC_CONFIG_OAUTHBEARER},
    {"XOAUTH2", SMTPC_MECH(XOAUTH2), SMTPC_CONFIG_XOAUTH2},
};

// ----------------------------------------------------------------- receiving

#if SMTPC_CONFIG_SERVER

static const feature extensions[] = {
    {"SMTPUTF8", SMTPC_OFFERS(SMTPUTF8), SMTPC_CONFIG_UTF8},
    {"CHUNKING", SMTPC_OFFERS(CHUNKING), SMTPC_CONFIG_BDAT},
    {"DSN", SMTPC_OFFERS(DSN), SMTPC_CONFIG_DSN},
    {"XCLIENT", SMTPC_OFFERS(XCLIENT), SMTPC_CONFIG_XCLIENT},
    {"XFORWARD", SMTPC_OFFERS(XFORWARD), SMTPC_CONFIG_XCLIENT},
    {"MTRK", EXTRAS, SMTPC_CONFIG_EXTRAS},
    {"AUTH", SMTPC_OFFERS(AUTH), SMTPC_CONFIG_AUTH},
};

static smtpc_server_policy server_policy;
static smtpc_server server;
static unsigned last_code;     // of the last reply
static char replies[4096];     // all that was said since the last line
static size_t content_octets;  // of the message
static int server_closed;

static void take_reply(const smtpc_action *act, const smtpc_input *in) {
  const uint8_t *octets = smtpc_server_octets(&server, act, in);
  const size_t len = act->end - act->begin;
  const size_t have = strlen(replies);
  last_code = act->code;
  if (have + len < sizeof replies) {
    memcpy(replies + have, octets, len);
    replies[have + len] = '\0';
  }
}

// Gives one input, and does all that follows: every question is answered YES.
static void give(smtpc_input in) {
  size_t used = 0u;
  smtpc_action act;
  for (;;) {
    expect("step", smtpc_server_step(&server_policy, &server, &in, &used, &act),
           SMTPC_OK);
    expect("invariants", smtpc_server_check(&server), SMTPC_OK);
    if (used > 0u) {
      in.data += used;
      in.len -= used;
    }
    if (act.kind == SMTPC_DO_SEND) {
      take_reply(&act, &in);
    } else if (act.kind == SMTPC_DO_CONTENT) {
      content_octets += act.end - act.begin;
    } else if (act.kind == SMTPC_DO_CLOSE) {
      server_closed = 1;
      return;
    } else if (act.kind == SMTPC_DO_NOTHING || act.kind == SMTPC_DO_START_TLS ||
               (act.kind == SMTPC_DO_NEED_INPUT && in.len == 0u) ||
               failures > 0u) {
      return;
    } else if (act.kind >= SMTPC_DO_ASK_SENDER &&
               act.kind <= SMTPC_DO_ASK_MESSAGE) {
      const smtpc_input rest = in;
      if (act.kind == SMTPC_DO_ASK_NONCE ||
          act.kind == SMTPC_DO_ASK_CREDENTIALS) {
        return;
      }
      in = smtpc_input_make(SMTPC_IN_VERDICT);
      in.answer = SMTPC_ANSWER_YES;
      give(in);
      in = rest;
    }
    if (in.len == 0u) {
      in = smtpc_input_make(SMTPC_IN_NONE);
    }
  }
}

// Says octets of a client one by one, and returns the code of the last reply.
static unsigned say(const char *text) {
  last_code = 0u;
  replies[0] = '\0';
  for (size_t i = 0u; text[i] != '\0' && !server_closed; i++) {
    give(smtpc_input_octets(server.tls, (const uint8_t *)text + i, 1u));
  }
  return last_code;
}

static void begin(uint32_t more) {
  smtpc_server_policy_init(&server_policy);
  server_policy.offered |= more & ~SMTPC_EXTENSIONS_OFF;
  server_policy.certificate = 1u;
  server_policy.tls = SMTPC_SERVER_TLS_ON;
  expect("policy", smtpc_server_policy_check(&server_policy), SMTPC_OK);
  server_closed = 0;
  content_octets = 0u;
  replies[0] = '\0';
  smtpc_server_init(&server, &server_policy);
  give(smtpc_input_make(SMTPC_IN_NONE));
  expect("greeting", last_code, 220);
  expect("EHLO", say("EHLO there.example\r\n"), 250);
}

static void start_tls(void) {
  smtpc_input up = smtpc_input_make(SMTPC_IN_TLS_UP);
  up.tls.version = SMTPC_TLS_1_3;
  expect("STARTTLS", say("STARTTLS\r\n"), 220);
  give(up);
  expect("EHLO under TLS", say("EHLO there.example\r\n"), 250);
}

static void receive_a_message(void) {
  begin(0u);
  expect("MAIL", say("MAIL FROM:<a@there.example> SIZE=100\r\n"), 250);
  for (unsigned i = 0u; i < SMTPC_CONFIG_RCPT_MAX && i < 100u; i++) {
    expect("RCPT", say("RCPT TO:<b@[192.0.2.1]>\r\n"), 250);
  }
  if (SMTPC_CONFIG_RCPT_MAX <= 100) {
    expect("one more", say("RCPT TO:<postmaster>\r\n"), 452);
  }
  expect("DATA", say("DATA\r\n"), 354);
  expect("end", say("Subject: x\r\n\r\n..dot\r\n.\r\n"), 250);
  expect("content", (long long)content_octets, 20);
  expect("VRFY", say("VRFY b\r\n"), 252);
  expect("EXPN", say("EXPN b\r\n"), 502);
  expect("ETRN", say("ETRN there.example\r\n"), 502);
  expect("BURL", say("BURL imap://x/y LAST\r\n"), 502);
  expect("unknown", say("HELLO\r\n"), 500);
  expect("BODY", say("MAIL FROM:<> BODY=8BITMIME\r\n"), 250);
  expect("QUIT", say("QUIT\r\n"), 221);
  expect("closed", server_closed, 1);
}

static void receive_long_lines(void) {
  static char line[SMTPC_LINE_MAX + 3];
  begin(0u);
  memset(line, 'x', SMTPC_LINE_MAX);
  memcpy(line, "NOOP ", 5u);
  memcpy(line + SMTPC_LINE_MAX, "\r\n", 3u);
  expect("too long", say(line), 500);
  memcpy(line + 510u, "\r\n", 3u);
  expect("just fits", say(line), 250);
}

// What is off is refused where it is asked for, and what is on works.
static void receive_features(void) {
  begin(0u);
  expect("RET", say("MAIL FROM:<a@b.example> RET=HDRS\r\n"),
         SMTPC_CONFIG_DSN ? 250 : 555);
  expect("RSET", say("RSET\r\n"), 250);
  expect("SMTPUTF8", say("MAIL FROM:<\xc3\xa9@b.example> SMTPUTF8\r\n"),
         SMTPC_CONFIG_UTF8 ? 250 : 501);
  expect("RSET", say("RSET\r\n"), 250);
  expect("SMTPUTF8 alone", say("MAIL FROM:<a@b.example> SMTPUTF8\r\n"),
         SMTPC_CONFIG_UTF8 ? 250 : 555);
  expect("space", say("NOOP \r\n"), 501);
  begin(EXTRAS);
  expect("BY", say("MAIL FROM:<a@b.example> BY=120;R\r\n"),
         SMTPC_CONFIG_EXTRAS ? 250 : 555);
  begin(SMTPC_OFFERS(XFORWARD));
  expect("XFORWARD", say("XFORWARD NAME=a.example\r\n"),
         SMTPC_CONFIG_XCLIENT ? 250 : 502);
  begin(SMTPC_OFFERS(XCLIENT));
  expect("XCLIENT", say("XCLIENT NAME=a.example\r\n"),
         SMTPC_CONFIG_XCLIENT ? 220 : 502);
  begin(0u);
  (void)say("MAIL FROM:<a@b.example>\r\n");
  (void)say("RCPT TO:<c@d.example>\r\n");
  expect("BDAT", say("BDAT 4\r\nabcd"), SMTPC_CONFIG_BDAT ? 250 : 502);
  expect("BDAT that is off ends it", server_closed, !SMTPC_CONFIG_BDAT);
}

static void receive_logins(void) {
  begin(0u);
  expect("AUTH is off", say("AUTH PLAIN\r\n"), 502);
  for (size_t i = 0u; i < COUNT(mechanisms); i++) {
    char line[64];
    smtpc_server_policy_init(&server_policy);
    server_policy.auth = SMTPC_AUTH_ON;
    server_policy.mechanisms = mechanisms[i].bits;
    expect(mechanisms[i].name, smtpc_server_policy_check(&server_policy),
           mechanisms[i].on ? SMTPC_OK : SMTPC_E_ARGUMENT);
    if (!SMTPC_CONFIG_AUTH) {
      continue;
    }
    begin(0u);
    start_tls();
    server_policy.auth = SMTPC_AUTH_ON;
    server_policy.mechanisms = SMTPC_MECHS_SPOKEN;
    (void)snprintf(line, sizeof line, "AUTH %s\r\n", mechanisms[i].name);
    // CRAM-MD5 wants a nonce first.
    const int asks = mechanisms[i].bits == SMTPC_MECH(CRAM_MD5);
    expect(mechanisms[i].name, say(line),
           !mechanisms[i].on ? 504 : (asks ? 0 : 334));
  }
}

static void check_server_policy(void) {
  for (size_t i = 0u; i < COUNT(extensions); i++) {
    smtpc_server_policy_init(&server_policy);
    server_policy.offered |= (uint32_t)extensions[i].bits;
    expect(extensions[i].name, smtpc_server_policy_check(&server_policy),
           extensions[i].on ? SMTPC_OK : SMTPC_E_ARGUMENT);
    smtpc_server_policy_init(&server_policy);
    if (extensions[i].bits != SMTPC_OFFERS(AUTH)) {
      begin((uint32_t)extensions[i].bits);
      (void)say("EHLO there.example\r\n");
      expect(extensions[i].name, strstr(replies, extensions[i].name) != NULL,
             extensions[i].on);
    }
  }
  smtpc_server_policy_init(&server_policy);
  expect("rcpt_max", server_policy.rcpt_max, SMTPC_CONFIG_RCPT_MAX);
  server_policy.proxy = 1u;
  expect("PROXY", smtpc_server_policy_check(&server_policy),
         SMTPC_CONFIG_PROXY ? SMTPC_OK : SMTPC_E_ARGUMENT);
  smtpc_server_policy_init(&server_policy);
  server_policy.quirks = (uint32_t)SMTPC_QUIRK_LINE_LF;
  expect("quirk", smtpc_server_policy_check(&server_policy),
         SMTPC_CONFIG_QUIRKS ? SMTPC_OK : SMTPC_E_ARGUMENT);
}

static void check_reply_texts(void) {
  begin(0u);
  (void)say("MAIL FROM:<a@b.example>\r\n");
  expect("text of a reply", strcmp(replies, "250 2.1.0 OK\r\n") == 0,
         !SMTPC_CONFIG_REPLY_TEXTS);
  (void)say("MAIL FROM:<a@b.example>\r\n");
  expect("text of a refusal", strcmp(replies, "503 5.5.1 Refused\r\n") == 0,
         !SMTPC_CONFIG_REPLY_TEXTS);
  begin(0u);
  server_policy.tls = SMTPC_SERVER_TLS_REQUIRED;
  (void)say("MAIL FROM:<a@b.example>\r\n");
  expect("the device's 530",
         strcmp(replies, "530 5.7.0 Must issue a STARTTLS command first\r\n"),
         0);
}

static void probe_server(void) {
  receive_a_message();
  receive_long_lines();
  receive_features();
  receive_logins();
  check_server_policy();
  check_reply_texts();
}

#else

static void probe_server(void) {}

#endif  // SMTPC_CONFIG_SERVER

// ------------------------------------------------------------------- sending

#if SMTPC_CONFIG_CLIENT

static smtpc_client_policy client_policy;
static smtpc_client client;
static char said[4096];  // all that the client said

// What the server of the probe says to each line of the client.
static const char *answer_to(const char *line) {
  if (strncmp(line, "EHLO", 4u) == 0) {
    return "250-there\r\n250-SIZE 1000\r\n250-DSN\r\n250-SMTPUTF8\r\n"
           "250-PRDR\r\n250-CHUNKING\r\n250-NO-SOLICITING\r\n250-LIMITS "
           "MAILMAX=2\r\n"
           "250 AUTH PLAIN LOGIN\r\n";
  }
  if (strncmp(line, "DATA", 4u) == 0) {
    return "354 go on\r\n";
  }
  return strncmp(line, "QUIT", 4u) == 0 ? "221 bye\r\n" : "250 ok\r\n";
}

static void remember(const smtpc_action *act, const smtpc_input *in) {
  const size_t have = strlen(said);
  const size_t len = act->end - act->begin;
  if (have + len < sizeof said) {
    memcpy(said + have, smtpc_client_octets(&client, act, in), len);
    said[have + len] = '\0';
  }
}

// Sends one message to a server that takes everything. Returns the code that the
// message got.
static unsigned send_message(const smtpc_envelope *mail) {
  static const uint8_t body[] = "Subject: x\r\n\r\n.dot\r\n";
  static const uint8_t there[] = "b@there.example";
  smtpc_envelope rcpt = {0};
  unsigned code = 999u;
  unsigned asked = 0u;
  unsigned given = 0u;
  const char *answer = "220 there\r\n";
  smtpc_input in = smtpc_input_make(SMTPC_IN_NONE);
  rcpt.address = there;
  rcpt.address_len = (uint16_t)(sizeof there - 1u);
  said[0] = '\0';
  smtpc_client_init(&client, &client_policy);
  for (unsigned turn = 0u; turn < 2000u && failures == 0u; turn++) {
    size_t used = 0u;
    smtpc_action act;
    expect("step", smtpc_client_step(&client_policy, &client, &in, &used, &act),
           SMTPC_OK);
    expect("invariants", smtpc_client_check(&client), SMTPC_OK);
    const smtpc_input was = in;
    if (in.kind == SMTPC_IN_OCTETS && used > 0u) {
      answer++;
    }
    in = smtpc_input_make(SMTPC_IN_NONE);
    if (was.kind == SMTPC_IN_CONTENT && used < was.len) {
      in = was;
      in.data += used;
      in.len -= used;
    }
    switch (act.kind) {
      case SMTPC_DO_SEND: {
        const size_t before = strlen(said);
        remember(&act, &was);
        const char *line = said + before;
        if (act.source == SMTPC_SOURCE_OUT && strcmp(line, ".") != 0) {
          answer = answer_to(line);
        }
        break;
      }
      case SMTPC_DO_NEED_INPUT:
        in = smtpc_input_octets(client.tls, (const uint8_t *)answer, 1u);
        break;
      case SMTPC_DO_ASK_ENVELOPE:
        in = smtpc_input_make(asked == 0u ? SMTPC_IN_ENVELOPE : SMTPC_IN_END);
        in.envelope = mail;
        asked = 1u;
        break;
      case SMTPC_DO_ASK_NEXT_RECIPIENT:
        in = smtpc_input_make(given == 0u ? SMTPC_IN_RECIPIENT : SMTPC_IN_END);
        in.envelope = &rcpt;
        given = 1u;
        break;
      case SMTPC_DO_ASK_CONTENT:
        in = smtpc_input_make(given == 1u ? SMTPC_IN_CONTENT : SMTPC_IN_END);
        in.data = body;
        in.len = sizeof body - 1u;
        given = 2u;
        break;
      case SMTPC_DO_MESSAGE_DONE:
        code = act.code;
        break;
      case SMTPC_DO_CLOSE:
        return code;
      default:
        break;
    }
  }
  return code;
}

static smtpc_envelope envelope(void) {
  static const uint8_t here[] = "a@here.example";
  smtpc_envelope mail = {0};
  mail.address = here;
  mail.address_len = (uint16_t)(sizeof here - 1u);
  mail.seen = SMTPC_HAS(SIZE);
  mail.size = 20u;
  return mail;
}

static void send_messages(void) {
  static const uint8_t words[] = "net.example:ADV";
  smtpc_envelope mail = envelope();
  smtpc_client_policy_init(&client_policy);
  client_policy.tls = SMTPC_CLIENT_TLS_OFF;
  expect("policy", smtpc_client_policy_check(&client_policy), SMTPC_OK);
  expect("a message", send_message(&mail), 250);
  expect("stuffed", strstr(said, "\r\n\r\n..dot\r\n.\r\n") != NULL, 1);
  expect("size", strstr(said, "MAIL FROM:<a@here.example> SIZE=20\r\n") != NULL,
         1);
  mail.seen |= SMTPC_HAS(RET);
  mail.ret = SMTPC_RET_HDRS;
  expect("DSN", send_message(&mail), 250);
  expect("RET", strstr(said, " RET=HDRS") != NULL, SMTPC_CONFIG_DSN);
  // What may not be left out is not sent without.
  client_policy.drop &= ~SMTPC_HAS(RET);
  expect("DSN that must be", send_message(&mail), SMTPC_CONFIG_DSN ? 250 : 0);
  mail = envelope();
  mail.seen |= SMTPC_HAS(SMTPUTF8);
  expect("SMTPUTF8", send_message(&mail), SMTPC_CONFIG_UTF8 ? 250 : 0);
  mail = envelope();
  mail.seen |= SMTPC_HAS(SOLICIT);
  mail.solicit = words;
  mail.solicit_len = (uint16_t)(sizeof words - 1u);
  expect("SOLICIT", send_message(&mail), SMTPC_CONFIG_EXTRAS ? 250 : 0);
  mail = envelope();
  mail.seen |= SMTPC_HAS(PRDR);
  expect("PRDR", send_message(&mail), SMTPC_CONFIG_EXTRAS ? 250 : 0);
  if (SMTPC_CONFIG_BDAT) {
    mail = envelope();
    client_policy.bdat = 1u;
    expect("BDAT", send_message(&mail), 250);
    expect("chunk", strstr(said, "BDAT 20\r\n") != NULL, 1);
  }
}

static void check_client_policy(void) {
  for (size_t i = 0u; i < COUNT(mechanisms); i++) {
    smtpc_client_policy_init(&client_policy);
    client_policy.mechanisms = mechanisms[i].bits;
    expect(mechanisms[i].name, smtpc_client_policy_check(&client_policy),
           mechanisms[i].on ? SMTPC_OK : SMTPC_E_ARGUMENT);
  }
  smtpc_client_policy_init(&client_policy);
  client_policy.auth = SMTPC_AUTH_ON;
  expect("AUTH", smtpc_client_policy_check(&client_policy),
         SMTPC_CONFIG_AUTH ? SMTPC_OK : SMTPC_E_ARGUMENT);
  smtpc_client_policy_init(&client_policy);
  client_policy.bdat = 1u;
  expect("BDAT", smtpc_client_policy_check(&client_policy),
         SMTPC_CONFIG_BDAT ? SMTPC_OK : SMTPC_E_ARGUMENT);
  smtpc_client_policy_init(&client_policy);
  client_policy.quirks = (uint32_t)SMTPC_QUIRK_REPLY_8BIT;
  expect("quirk", smtpc_client_policy_check(&client_policy),
         SMTPC_CONFIG_QUIRKS ? SMTPC_OK : SMTPC_E_ARGUMENT);
}

static void probe_client(void) {
  send_messages();
  check_client_policy();
}

#else

static void probe_client(void) {}

#endif  // SMTPC_CONFIG_CLIENT

// --------------------------------------------------------------------- texts

static void probe_names(void) {
  const char *const names[] = {smtpc_status_name(SMTPC_E_STATE),
                               smtpc_finding_get(1u).name,
                               smtpc_finding_get(1u).meaning,
                               smtpc_quirk_get(0u).name,
                               smtpc_limit_get(0u).name,
                               smtpc_device_get(1u).text,
                               smtpc_deadline_get(0u).name,
                               smtpc_verb_get(1u).clause,
                               smtpc_severity_name(0u),
                               smtpc_profile_get(0u).name,
                               smtpc_in_name(0u),
                               smtpc_do_name(0u),
                               smtpc_end_name(0u),
                               smtpc_reply_get(1u).clause,
                               smtpc_param_get(0u).clause,
                               smtpc_extension_get(0u).clause,
                               smtpc_tls_failure_name(1u)};
  for (size_t i = 0u; i < COUNT(names); i++) {
    expect("a name", names[i][0] != '\0', SMTPC_CONFIG_NAMES);
  }
  // Numbers and the words of the wire stay.
  expect("seconds", smtpc_deadline_get(SMTPC_DEADLINE_COMMAND).seconds, 300);
  expect("limit", smtpc_limit_get(SMTPC_LIMIT_COMMAND_LINE).value, 512);
  expect("severity", smtpc_finding_get(SMTPC_FINDING_NUL).severity,
         SMTPC_SEVERITY_REFUSED);
  expect("verb", strcmp(smtpc_verb_get(SMTPC_VERB_MAIL).name, "MAIL"), 0);
  expect("reply", smtpc_reply_get(SMTPC_REPLY_TLS_FIRST).code, 530);
  expect("class", smtpc_reply_get(SMTPC_REPLY_TLS_FIRST).enhanced_class, 5);
  expect("no class", smtpc_reply_get(SMTPC_REPLY_GREETING).enhanced_class, 0);
  expect("build", SMTPC_MATCHES(), 1);
}

int main(void) {
  probe_names();
  probe_server();
  probe_client();
  return failures > 0u ? 1 : 0;
}
