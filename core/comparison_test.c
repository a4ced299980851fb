// What other implementations read, this one reads too, as a typed value: one row for
// each row of the tables of docs/COMPARISON.md.

#include <stdlib.h>
#include <string.h>

#include "core/testing.h"
#include "smtpcore/capability.h"
#include "smtpcore/command.h"
#include "smtpcore/proxy.h"
#include "smtpcore/reply.h"

#define LIST_MAX 32u
#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

// --------------------------------------------------------------- what is shown

// A name, and a line or text in which it is used as its standard has it.
typedef struct sample {
  const char *name;
  const char *text;
} sample;

static const sample verbs[] = {{"EHLO", "EHLO a.example"},
                               {"HELO", "HELO a.example"},
                               {"LHLO", "LHLO a.example"},
                               {"MAIL", "MAIL FROM:<>"},
                               {"RCPT", "RCPT TO:<a@b.example>"},
                               {"DATA", "DATA"},
                               {"BDAT", "BDAT 5 LAST"},
                               {"RSET", "RSET"},
                               {"VRFY", "VRFY a"},
                               {"EXPN", "EXPN a"},
                               {"HELP", "HELP"},
                               {"NOOP", "NOOP"},
                               {"QUIT", "QUIT"},
                               {"STARTTLS", "STARTTLS"},
                               {"AUTH", "AUTH PLAIN"},
                               {"ETRN", "ETRN @a.example"},
                               {"ATRN", "ATRN a.example,b.example"},
                               {"BURL", "BURL imap://u@a.example/x LAST"},
                               {"XCLIENT", "XCLIENT ADDR=192.0.2.1"},
                               {"XFORWARD", "XFORWARD SOURCE=LOCAL"},
                               {"SEND", "SEND FROM:<a@b.example>"},
                               {"SOML", "SOML FROM:<a@b.example>"},
                               {"SAML", "SAML FROM:<a@b.example>"},
                               {"TURN", "TURN"},
                               {"X-ANONYMOUSTLS", "X-ANONYMOUSTLS"}};

#define MAIL "MAIL FROM:<a@b.example> "
#define RCPT "RCPT TO:<a@b.example> "

static const sample params[] = {
    {"SIZE", MAIL "SIZE=5"},
    {"BODY", MAIL "BODY=BINARYMIME"},
    {"AUTH", MAIL "AUTH=<>"},
    {"RET", MAIL "RET=HDRS"},
    {"ENVID", MAIL "ENVID=a+2Bb"},
    {"SMTPUTF8", "MAIL FROM:<\xc3\xb6@b.example> SMTPUTF8"},
    {"REQUIRETLS", MAIL "REQUIRETLS"},
    {"BY", MAIL "BY=120;RT"},
    {"HOLDFOR", MAIL "HOLDFOR=60"},
    {"HOLDUNTIL", MAIL "HOLDUNTIL=2030-01-31T00:00:00Z"},
    {"MT-PRIORITY", MAIL "MT-PRIORITY=-9"},
    {"SOLICIT", MAIL "SOLICIT=org.example:ADV"},
    {"MTRK", MAIL "MTRK=AAAAAAAAAAAAAAAAAAAAAAAAAAA:60"},
    {"CONPERM", MAIL "CONPERM"},
    {"TRANSID", MAIL "TRANSID=<12@a.example>"},
    {"PRDR", MAIL "PRDR"},
    {"NOTIFY", RCPT "NOTIFY=SUCCESS,DELAY"},
    {"ORCPT", RCPT "ORCPT=x-fax;+2B4930"},
    {"RRVS", RCPT "RRVS=2020-01-31T00:00:00Z;R"},
    {"CONNEG", RCPT "CONNEG"}};

static const sample keywords[] = {
    {"PIPELINING", "PIPELINING"},
    {"SIZE", "SIZE 1000"},
    {"8BITMIME", "8BITMIME"},
    {"STARTTLS", "STARTTLS"},
    {"AUTH", "AUTH PLAIN LOGIN"},
    {"DSN", "DSN"},
    {"SMTPUTF8", "SMTPUTF8"},
    {"CHUNKING", "CHUNKING"},
    {"BINARYMIME", "BINARYMIME"},
    {"REQUIRETLS", "REQUIRETLS"},
    {"DELIVERBY", "DELIVERBY 60"},
    {"FUTURERELEASE", "FUTURERELEASE 60 2030-01-31T00:00:00Z"},
    {"MT-PRIORITY", "MT-PRIORITY MIXER"},
    {"RRVS", "RRVS"},
    {"NO-SOLICITING", "NO-SOLICITING org.example:ADV"},
    {"MTRK", "MTRK"},
    {"CONPERM", "CONPERM"},
    {"CONNEG", "CONNEG"},
    {"LIMITS", "LIMITS RCPTMAX=20 MAILMAX=5"},
    {"CHECKPOINT", "CHECKPOINT"},
    {"BURL", "BURL imap"},
    {"ETRN", "ETRN"},
    {"ATRN", "ATRN"},
    {"XCLIENT", "XCLIENT NAME ADDR"},
    {"XFORWARD", "XFORWARD NAME ADDR"},
    {"PRDR", "PRDR"},
    {"VRFY", "VRFY"},
    {"EXPN", "EXPN"},
    {"HELP", "HELP"},
    {"CLIENTID", "CLIENTID"},
    {"XEXCH50", "XEXCH50"},
    {"ENHANCEDSTATUSCODES", "ENHANCEDSTATUSCODES"}};

static const char *text_of(const sample *samples, size_t count,
                           const char *name) {
  for (size_t i = 0u; i < count; i++) {
    if (strcmp(samples[i].name, name) == 0) {
      return samples[i].text;
    }
  }
  fail_msg("no sample of %s", name);
  return "";
}

static smtpc_command parse(const char *text) {
  smtpc_command command;
  const size_t len = strlen(text);
  uint8_t *line = test_copy(text, len);
  test_label("%s", text);
  test_number(smtpc_command_parse(line, len, UINT32_MAX, 0u, &command),
              SMTPC_OK);
  free(line);
  return command;
}

static smtpc_capabilities offer(const char *text, uint32_t quirks) {
  smtpc_capabilities caps;
  const size_t len = strlen(text);
  uint8_t *line = test_copy(text, len);
  smtpc_capability_init(&caps);
  smtpc_capability_line(&caps, 2u, line, smtpc_span_make(0u, len), quirks);
  free(line);
  return caps;
}

// -------------------------------------------------------- reading commands

// A row of the table of servers: what the peer reads. "PROXY" among the verbs stands
// for the header.
typedef struct server_row {
  const char *peer;
  const char *verbs[LIST_MAX];
  const char *params[LIST_MAX];
  const char *mechanisms[LIST_MAX];
} server_row;

static const server_row servers[] = {
    {"smtp-proto",
     {"EHLO", "HELO", "LHLO", "MAIL", "RCPT", "DATA", "BDAT", "RSET", "VRFY",
      "EXPN", "HELP", "NOOP", "QUIT", "ETRN", "ATRN", "BURL", "STARTTLS",
      "AUTH"},
     {"BODY", "SIZE", "TRANSID", "BY", "NOTIFY", "ORCPT", "RET", "ENVID",
      "SOLICIT", "MTRK", "AUTH", "HOLDFOR", "HOLDUNTIL", "SMTPUTF8", "CONPERM",
      "CONNEG", "MT-PRIORITY", "RRVS", "REQUIRETLS"},
     {"SCRAM-SHA-256-PLUS",
      "SCRAM-SHA-256",
      "SCRAM-SHA-1-PLUS",
      "SCRAM-SHA-1",
      "OAUTHBEARER",
      "XOAUTH",
      "XOAUTH2",
      "9798-M-DSA-SHA1",
      "ANONYMOUS",
      "CRAM-MD5",
      "DIGEST-MD5",
      "EAP-AES128",
      "ECDH-X25519-CHALLENGE",
      "EXTERNAL",
      "GS2-KRB5",
      "GSSAPI",
      "KERBEROS_V5",
      "LOGIN",
      "NMAS_LOGIN",
      "NTLM",
      "OAUTH10A",
      "OPENID20",
      "OTP",
      "PLAIN",
      "SAML20",
      "SECURID",
      "SKEY",
      "SPNEGO-PLUS",
      "SXOVER-PLUS"}},
    {"Dovecot lib-smtp",
     {"EHLO", "HELO", "LHLO", "AUTH", "STARTTLS", "MAIL", "RCPT", "DATA",
      "BDAT", "RSET", "VRFY", "NOOP", "QUIT", "XCLIENT"},
     {"AUTH", "BODY", "ENVID", "RET", "SIZE", "NOTIFY", "ORCPT", "SMTPUTF8"},
     {"PLAIN"}},
    {"Postfix smtpd",
     {"HELO", "EHLO", "XCLIENT", "XFORWARD", "STARTTLS", "AUTH", "MAIL", "RCPT",
      "DATA", "BDAT", "RSET", "NOOP", "VRFY", "ETRN", "QUIT", "HELP"},
     {"SMTPUTF8", "BODY", "SIZE", "REQUIRETLS", "AUTH", "RET", "ENVID",
      "NOTIFY", "ORCPT"},
     {"PLAIN"}},
    {"Exim",
     {"RSET", "HELO", "EHLO", "AUTH", "STARTTLS", "XCLIENT", "MAIL", "RCPT",
      "DATA", "BDAT", "QUIT", "NOOP", "ATRN", "ETRN", "VRFY", "EXPN", "HELP"},
     {"SIZE", "BODY", "AUTH", "RET", "ENVID", "PRDR", "SMTPUTF8", "NOTIFY",
      "ORCPT"},
     {"PLAIN"}},
    {"OpenSMTPD",
     {"HELO", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "RSET",
      "QUIT", "NOOP", "HELP"},
     {"SIZE", "BODY", "AUTH", "RET", "ENVID", "NOTIFY", "ORCPT"},
     {"PLAIN", "LOGIN"}},
    {"nginx mail",
     {"HELO", "EHLO", "AUTH", "QUIT", "NOOP", "MAIL", "RSET", "RCPT", "VRFY",
      "EXPN", "HELP", "STARTTLS"},
     {NULL},
     {"PLAIN", "LOGIN", "CRAM-MD5", "EXTERNAL"}},
    {"Suricata",
     {"STARTTLS", "DATA", "BDAT", "HELO", "EHLO", "MAIL", "RCPT", "RSET",
      "QUIT"},
     {NULL},
     {NULL}},
    {"Zeek",
     {"EHLO", "HELO",     "MAIL",           "RCPT", "DATA",
      "QUIT", "RSET",     "VRFY",           "EXPN", "HELP",
      "NOOP", "STARTTLS", "X-ANONYMOUSTLS", "SEND", "SOML",
      "SAML", "TURN",     "BDAT",           "ETRN", "AUTH"},
     {NULL},
     {NULL}},
    {"go-smtp",
     {"HELO", "EHLO", "LHLO", "MAIL", "RCPT", "VRFY", "NOOP", "RSET", "BDAT",
      "DATA", "QUIT", "AUTH", "STARTTLS"},
     {"SIZE", "SMTPUTF8", "REQUIRETLS", "BODY", "RET", "ENVID", "AUTH",
      "NOTIFY", "ORCPT", "RRVS", "BY", "MT-PRIORITY"},
     {"PLAIN", "LOGIN", "EXTERNAL", "OAUTHBEARER", "ANONYMOUS"}},
    {"chasquid",
     {"HELO", "EHLO", "HELP", "NOOP", "RSET", "VRFY", "EXPN", "MAIL", "RCPT",
      "DATA", "STARTTLS", "AUTH", "QUIT"},
     {NULL},
     {"PLAIN"}},
    {"mox",
     {"HELO", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "RSET",
      "VRFY", "EXPN", "HELP", "NOOP", "QUIT"},
     {"SIZE", "BODY", "AUTH", "SMTPUTF8", "REQUIRETLS", "HOLDFOR", "HOLDUNTIL"},
     {"PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256",
      "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS", "EXTERNAL"}},
    {"aiosmtpd",
     {"HELO", "EHLO", "LHLO", "NOOP", "QUIT", "STARTTLS", "AUTH", "HELP",
      "VRFY", "MAIL", "RCPT", "RSET", "DATA", "EXPN"},
     {"SIZE", "BODY", "SMTPUTF8", "AUTH"},
     {"PLAIN", "LOGIN"}},
    {"Haraka",
     {"HELO", "EHLO", "QUIT", "RSET", "VRFY", "NOOP", "HELP", "MAIL", "RCPT",
      "DATA", "PROXY", "STARTTLS", "AUTH", "XCLIENT"},
     {NULL},
     {"PLAIN", "LOGIN", "CRAM-MD5"}},
    {"nodemailer smtp-server",
     {"EHLO", "HELO", "LHLO", "QUIT", "NOOP", "RSET", "HELP", "VRFY", "XCLIENT",
      "XFORWARD", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA"},
     {"SIZE", "BODY", "SMTPUTF8", "RET", "ENVID", "NOTIFY", "ORCPT",
      "REQUIRETLS"},
     {"PLAIN", "LOGIN", "XOAUTH2", "CRAM-MD5"}},
    {"KumoMTA rfc5321",
     {"EHLO", "HELO", "LHLO", "MAIL", "RCPT", "DATA", "RSET", "QUIT", "VRFY",
      "EXPN", "HELP", "NOOP", "STARTTLS", "AUTH", "XCLIENT"},
     {NULL},
     {NULL}},
    {"kannader smtp-message",
     {"EHLO", "HELO", "LHLO", "MAIL", "RCPT", "DATA", "RSET", "VRFY", "EXPN",
      "HELP", "NOOP", "QUIT", "STARTTLS"},
     {NULL},
     {NULL}}};

static void read_verb(const char *name) {
  static const uint8_t header[] = "PROXY TCP4 192.0.2.1 192.0.2.2 1025 25";
  smtpc_proxy proxy;
  if (strcmp(name, "PROXY") == 0) {
    test_number(smtpc_proxy_parse(header, sizeof header - 1u, &proxy),
                SMTPC_OK);
    test_number(proxy.source_port, 1025);
    return;
  }
  const smtpc_command command = parse(text_of(verbs, COUNT(verbs), name));
  const char *have = smtpc_verb_get(command.verb).name;
  test_octets(have, strlen(have), name, strlen(name));
}

static void read_param(const char *name) {
  const smtpc_command command = parse(text_of(params, COUNT(params), name));
  for (unsigned id = 0u; id < SMTPC_PARAM_COUNT; id++) {
    const bool named = strcmp(smtpc_param_get(id).name, name) == 0;
    const bool seen = ((command.params.seen >> id) & 1u) != 0u;
    assert_true(seen == (named && smtpc_param_get(id).verb == command.verb));
  }
}

static void read_mechanism(const char *name) {
  const size_t len = strlen(name);
  uint8_t *line = test_copy(name, len);
  test_label("%s", name);
  assert_true(smtpc_mechanism_find(line, smtpc_span_make(0u, len)) !=
              SMTPC_MECHANISM_NONE);
  free(line);
}

static void test_comparison_reads_what_each_server_reads(void **state) {
  (void)state;
  for (size_t i = 0u; i < COUNT(servers); i++) {
    const server_row *row = &servers[i];
    for (size_t k = 0u; k < LIST_MAX && row->verbs[k] != NULL; k++) {
      read_verb(row->verbs[k]);
    }
    for (size_t k = 0u; k < LIST_MAX && row->params[k] != NULL; k++) {
      read_param(row->params[k]);
    }
    for (size_t k = 0u; k < LIST_MAX && row->mechanisms[k] != NULL; k++) {
      read_mechanism(row->mechanisms[k]);
    }
  }
}

// ------------------------------------------------------- value by extension

static void test_comparison_types_each_extension(void **state) {
  (void)state;
  const smtpc_params size = parse(MAIL "SIZE=123").params;
  test_number(size.size, 123);
  test_number(parse(MAIL "BODY=8BITMIME").params.body, SMTPC_BODY_8BITMIME);
  const smtpc_command utf8 =
      parse("MAIL FROM:<\xc3\xb6@\xc3\xbc.example> SMTPUTF8");
  assert_true((utf8.path.marks & SMTPC_MARK_UTF8) != 0u);
  const smtpc_params dsn = parse(MAIL "RET=FULL ENVID=x").params;
  test_number(dsn.ret, SMTPC_RET_FULL);
  test_number(smtpc_span_len(dsn.envid), 1);
  const smtpc_params rcpt =
      parse(RCPT "NOTIFY=NEVER ORCPT=rfc822;a@b.example").params;
  test_number(rcpt.notify, SMTPC_NOTIFY_NEVER);
  test_number(smtpc_span_len(rcpt.orcpt_type), 6);
  const smtpc_command chunk = parse("BDAT 18446744073709551615 LAST");
  assert_true(chunk.chunk_size == UINT64_MAX && chunk.last == 1u);
  test_number(parse(MAIL "BODY=BINARYMIME").params.body, SMTPC_BODY_BINARYMIME);
  const smtpc_params by = parse(MAIL "BY=-5;NT").params;
  test_number(by.by_time, -5);
  test_number(by.by_mode, SMTPC_BY_NOTIFY);
  test_number(by.by_trace, 1);
  test_number(parse(MAIL "HOLDFOR=60").params.hold_for, 60);
  test_number(parse(MAIL "HOLDUNTIL=1970-01-02T00:00:00Z").params.when, 86400);
  test_number(parse(MAIL "MT-PRIORITY=-9").params.mt_priority, -9);
  test_number(smtpc_span_len(parse(MAIL "SOLICIT=a,b").params.solicit), 3);
  const smtpc_params rrvs = parse(RCPT "RRVS=1970-01-01T01:00:00Z;R").params;
  test_number(rrvs.when, 3600);
  test_number(rrvs.rrvs, SMTPC_RRVS_REJECT);
  test_number(parse("XCLIENT PORT=25 LOGIN=joe").attributes,
              SMTPC_ATTR(PORT) | SMTPC_ATTR(LOGIN));
  test_number(parse("XFORWARD SOURCE=LOCAL").attributes, SMTPC_ATTR(SOURCE));
  test_number(parse("BURL imap://a.example/x LAST").last, 1);
  test_number(parse("ATRN a.example,b.example").verb, SMTPC_VERB_ATRN);
  test_number(parse("ETRN #queue").node, SMTPC_NODE_QUEUE);
  // What none of the other libraries reads: RFC 9422.
  const smtpc_capabilities limits =
      offer("LIMITS RCPTMAX=20 MAILMAX=5 RCPTDOMAINMAX=1", 0u);
  test_number(limits.rcpt_max, 20);
  test_number(limits.mail_max, 5);
  test_number(limits.domain_max, 1);
}

// ---------------------------------------------------------- reading replies

typedef struct client_row {
  const char *peer;
  const char *keywords[LIST_MAX];
} client_row;

static const client_row clients[] = {
    {"smtp-proto",
     {"8BITMIME",    "ATRN",       "AUTH",          "BINARYMIME",
      "BURL",        "CHECKPOINT", "CHUNKING",      "CONNEG",
      "CONPERM",     "DELIVERBY",  "DSN",           "ENHANCEDSTATUSCODES",
      "ETRN",        "EXPN",       "FUTURERELEASE", "HELP",
      "MT-PRIORITY", "MTRK",       "NO-SOLICITING", "PIPELINING",
      "REQUIRETLS",  "RRVS",       "SIZE",          "SMTPUTF8",
      "STARTTLS",    "VRFY"}},
    {"Dovecot lib-smtp", {"8BITMIME", "SIZE", "XCLIENT"}},
    {"curl", {"STARTTLS", "SIZE", "SMTPUTF8", "AUTH"}},
    {"Postfix client",
     {"8BITMIME", "PIPELINING", "SIZE", "VRFY", "ETRN", "AUTH", "STARTTLS",
      "ENHANCEDSTATUSCODES", "DSN", "SMTPUTF8", "CHUNKING", "XCLIENT",
      "XFORWARD", "REQUIRETLS"}},
    {"msmtp",
     {"STARTTLS", "DSN", "PIPELINING", "SIZE", "AUTH", "ETRN", "SMTPUTF8"}},
    {"libESMTP",
     {"8BITMIME", "AUTH", "BINARYMIME", "CHUNKING", "DELIVERBY", "DSN",
      "ENHANCEDSTATUSCODES", "ETRN", "PIPELINING", "SIZE", "STARTTLS",
      "XEXCH50"}},
    {"libetpan",
     {"EXPN", "8BITMIME", "SIZE", "ETRN", "STARTTLS", "DSN", "PIPELINING",
      "CLIENTID"}},
    {"vmime",
     {"PIPELINING", "CHUNKING", "DSN", "SMTPUTF8", "SIZE", "STARTTLS"}},
    {"go-smtp", {"STARTTLS", "AUTH", "SIZE", "8BITMIME"}},
    {"lwIP", {"AUTH"}},
    {"NetX Duo", {"AUTH"}},
    {"CycloneTCP", {"STARTTLS", "AUTH"}},
    {"NuttX, uIP", {NULL}},
    {"somnisoft", {"STARTTLS", "AUTH"}},
    {"mbedTLS ssl_mail_client", {NULL}}};

static void test_comparison_types_what_each_client_types(void **state) {
  (void)state;
  for (size_t i = 0u; i < COUNT(clients); i++) {
    for (size_t k = 0u; k < LIST_MAX && clients[i].keywords[k] != NULL; k++) {
      const char *name = clients[i].keywords[k];
      const smtpc_capabilities caps =
          offer(text_of(keywords, COUNT(keywords), name), 0u);
      unsigned id = 0u;
      while (id < SMTPC_EXTENSION_COUNT &&
             strcmp(smtpc_extension_get(id).name, name) != 0) {
        id++;
      }
      test_label("%s of %s", name, clients[i].peer);
      assert_true(id < SMTPC_EXTENSION_COUNT);
      test_number(caps.offered, (uint32_t)1 << id);
      test_number(caps.marks & SMTPC_CAPS_MALFORMED, 0);
    }
  }
}

static void test_comparison_reads_sendmails_auth_by_quirk(void **state) {
  (void)state;
  const smtpc_capabilities strict = offer("AUTH=LOGIN PLAIN", 0u);
  const smtpc_capabilities quirk =
      offer("AUTH=LOGIN PLAIN", SMTPC_QUIRK_AUTH_EQUALS);
  test_number(strict.offered, 0);
  assert_true(quirk.mechanisms == (SMTPC_MECH(LOGIN) | SMTPC_MECH(PLAIN)));
  assert_true((quirk.marks & SMTPC_CAPS_EQUALS) != 0u);
}

typedef struct reply_row {
  const char *label;
  const char *lines[3];
  smtpc_status want;  // of the last line
  uint16_t code;
  uint8_t enhanced_class;
} reply_row;

static const reply_row replies[] = {
    {"one code", {"250-a", "250 b"}, SMTPC_OK, 250u, 0u},
    {"another code", {"250-a", "550 b"}, SMTPC_E_REPLY_MIXED, 250u, 0u},
    {"code 000", {"000 a"}, SMTPC_E_REPLY_CODE, 0u, 0u},
    {"code 199", {"199 a"}, SMTPC_E_REPLY_CODE, 0u, 0u},
    {"code 260", {"260 a"}, SMTPC_E_REPLY_CODE, 0u, 0u},
    {"code 560", {"560 a"}, SMTPC_E_REPLY_CODE, 0u, 0u},
    {"code 999", {"999 a"}, SMTPC_E_REPLY_CODE, 0u, 0u},
    {"enhanced code", {"550 5.1.1 no"}, SMTPC_OK, 550u, 5u},
    {"enhanced code of another class", {"250 5.1.1 no"}, SMTPC_OK, 250u, 0u}};

static void test_comparison_reads_replies_as_the_best(void **state) {
  (void)state;
  for (size_t i = 0u; i < COUNT(replies); i++) {
    smtpc_reply reply;
    smtpc_status status = SMTPC_OK;
    smtpc_reply_init(&reply);
    for (size_t k = 0u; k < 3u && replies[i].lines[k] != NULL; k++) {
      smtpc_span text;
      const size_t len = strlen(replies[i].lines[k]);
      uint8_t *line = test_copy(replies[i].lines[k], len);
      status = smtpc_reply_line(&reply, line, len, 0, &text);
      free(line);
    }
    test_label("%s", replies[i].label);
    test_number(status, replies[i].want);
    test_number(reply.code, replies[i].code);
    test_number(reply.enhanced_class, replies[i].enhanced_class);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_comparison_reads_what_each_server_reads),
      cmocka_unit_test(test_comparison_types_each_extension),
      cmocka_unit_test(test_comparison_types_what_each_client_types),
      cmocka_unit_test(test_comparison_reads_sendmails_auth_by_quirk),
      cmocka_unit_test(test_comparison_reads_replies_as_the_best),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
