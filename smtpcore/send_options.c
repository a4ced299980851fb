#include "smtpcore/send_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "smtpcore/names.h"
#include "smtpcore/param.h"
#include "smtpcore/path.h"
#include "smtpcore/span.h"
#include "smtpcore/wish.h"

// The mechanisms of a token.
#define MECHS_TOKEN (SMTPC_MECH(OAUTHBEARER) | SMTPC_MECH(XOAUTH2))

enum option_key {
  KEY_SERVER = 0x100,
  KEY_FROM,
  KEY_TO,
  KEY_HELO,
  KEY_LMTP,
  KEY_TLS,
  KEY_IMPLICIT_TLS,
  KEY_CA,
  KEY_SERVER_NAME,
  KEY_TLS_MIN,
  KEY_REQUIRE_TLS,
  KEY_HONOR_NO,
  KEY_ACCOUNT,
  KEY_PASSWORD_FILE,
  KEY_TOKEN_FILE,
  KEY_AUTH,
  KEY_AUTH_ORDER,
  KEY_MECHANISMS,
  KEY_NO_BINDING,
  KEY_BDAT,
  KEY_BODY,
  KEY_NOTIFY,
  KEY_RET,
  KEY_ENVID,
  KEY_BY,
  KEY_HOLD_FOR,
  KEY_HOLD_UNTIL,
  KEY_PRIORITY,
  KEY_SOLICIT,
  KEY_MTRK,
  KEY_RRVS,
  KEY_DROP,
  KEY_NEED,
  KEY_DEADLINE,
  KEY_QUIRK,
  KEY_TRACE,
  KEY_LOG
};

static const struct argp_option options[] = {
    {"server", KEY_SERVER, "HOST:PORT", 0, "The server to send to", 1},
    {"from", KEY_FROM, "ADDR", 0, "The sender; an empty word is <>", 1},
    {"to", KEY_TO, "ADDR", 0, "A recipient; may be given again", 1},
    {"helo", KEY_HELO, "NAME", 0,
     "Our name (default: the system's name if it is a domain name, else "
     "localhost)",
     1},
    {"lmtp", KEY_LMTP, NULL, 0, "Speak LMTP: one answer for each recipient", 1},
    {"tls", KEY_TLS, "off|opportunistic|required|verified", 0,
     "Plaintext; TLS when offered; TLS or nothing; TLS with a checked "
     "certificate and name (default verified)",
     2},
    {"implicit-tls", KEY_IMPLICIT_TLS, NULL, 0, "TLS from the first octet", 2},
    {"ca", KEY_CA, "FILE", 0,
     "PEM: the certificates to trust (default: those of the system)", 2},
    {"server-name", KEY_SERVER_NAME, "NAME", 0,
     "The name that the certificate must have (default: HOST of --server)", 2},
    {"tls-min", KEY_TLS_MIN, "VERSION", 0,
     "The oldest TLS to accept: 1.0, 1.1, 1.2 or 1.3 (default 1.2)", 2},
    {"require-tls", KEY_REQUIRE_TLS, NULL, 0,
     "Ask the server to pass the message on under TLS only (REQUIRETLS); this "
     "session is then verified",
     2},
    {"honor-tls-required-no", KEY_HONOR_NO, NULL, 0,
     "A message whose header says TLS-Required: No is sent without TLS too", 2},
    {"account", KEY_ACCOUNT, "NAME", 0, "Log in under this name", 3},
    {"password-file", KEY_PASSWORD_FILE, "FILE", 0,
     "The password, as the one line of this file", 3},
    {"token-file", KEY_TOKEN_FILE, "FILE", 0,
     "In place of a password: the token of OAUTHBEARER and XOAUTH2, as the one "
     "line of this file",
     3},
    {"auth", KEY_AUTH, "off|on|required", 0,
     "AUTH: never; when offered; or nothing is sent (default required with "
     "--account, else off)",
     3},
    {"auth-order", KEY_AUTH_ORDER, "NAME", 0,
     "The order in which mechanisms are tried: strong or manual (default "
     "strong)",
     3},
    {"mechanisms", KEY_MECHANISMS, "LIST", 0,
     "Use these mechanisms only, with commas between them", 3},
    {"no-binding", KEY_NO_BINDING, NULL, 0,
     "Never bind SCRAM to the TLS channel", 3},
    {"bdat", KEY_BDAT, NULL, 0, "Send by BDAT when the server offers it", 4},
    {"body", KEY_BODY, "7bit|8bitmime|binarymime", 0,
     "What the message is (default: 8bitmime when an octet is beyond ASCII); "
     "binarymime is sent as it is, by BDAT",
     4},
    {"notify", KEY_NOTIFY, "WHEN", 0,
     "Ask for a report: never, or some of success,failure,delay", 4},
    {"ret", KEY_RET, "full|hdrs", 0,
     "What a report of failure is to return of the message", 4},
    {"envid", KEY_ENVID, "TEXT", 0, "What a report is to quote", 4},
    {"by", KEY_BY, "SECONDS:N|R[:T]", 0,
     "Deliver in this time, else tell the sender (N) or give the message back "
     "(R); T: report relaying too",
     4},
    {"hold-for", KEY_HOLD_FOR, "SECONDS", 0,
     "Keep the message back for this long", 4},
    {"hold-until", KEY_HOLD_UNTIL, "DATE", 0,
     "Keep the message back until then, such as 2030-01-31T08:00:00Z", 4},
    {"priority", KEY_PRIORITY, "N", 0, "How urgent it is, -9 to 9", 4},
    {"solicit", KEY_SOLICIT, "WORDS", 0,
     "What the message advertises, with commas between the words", 4},
    {"mtrk", KEY_MTRK, "CERTIFIER[:SECONDS]", 0,
     "Let the message be tracked by who has the certifier's secret", 4},
    {"rrvs", KEY_RRVS, "DATE[:C|R]", 0,
     "Of the recipient in front: it had this owner on that date; else deliver "
     "(C) or refuse (R)",
     4},
    {"drop", KEY_DROP, "PARAMETER", 0,
     "Leave the parameter out when the server does not offer it; may be given "
     "again",
     4},
    {"need", KEY_NEED, "PARAMETER", 0,
     "Send nothing when the server does not offer the parameter; may be given "
     "again",
     4},
    {"deadline", KEY_DEADLINE, "NAME=SECONDS", 0,
     "How long to wait for the server; `smtpcore policy` lists the names; may "
     "be given again",
     5},
    {"quirk", KEY_QUIRK, "NAME", 0,
     "Tolerate one deviation, such as auth-in-clear, with which PLAIN and "
     "LOGIN "
     "may cross the network without TLS; may be given again",
     5},
    {"trace", KEY_TRACE, NULL, 0,
     "Print the dialogue, without secrets and content", 6},
    {"log", KEY_LOG, "text|json", 0, "How events are printed (default text)",
     6},
    {0}};

// -------------------------------------------------------------- the envelope

static bool is_ascii(const char *text) {
  for (size_t i = 0u; text[i] != '\0'; i++) {
    if ((uint8_t)text[i] > 0x7fu) {
      return false;
    }
  }
  return true;
}

static bool is_postmaster(const char *text) {
  static const char word[] = "POSTMASTER";
  return smtpc_span_is((const uint8_t *)text, smtpc_span_make(0u, strlen(text)),
                       word, sizeof word - 1u);
}

static bool is_mailbox(const char *text) {
  const size_t len = strlen(text);
  smtpc_path path;
  return len <= SMTPC_PATH_MAX &&
         smtpc_mailbox_parse((const uint8_t *)text, smtpc_span_make(0u, len),
                             SMTPC_ALLOW_UTF8, &path) == SMTPC_OK;
}

static void take_from(smtpc_send_options *s, const struct argp_state *state,
                      const char *arg) {
  const bool null = arg[0] == '\0' || strcmp(arg, "<>") == 0;
  if (!null && !is_mailbox(arg)) {
    smtpc_option_fail(state, "--from", arg,
                      "want an address such as name@domain, without brackets");
  }
  s->from = null ? "" : arg;
  s->utf8 = s->utf8 || !is_ascii(arg);
}

static void take_to(smtpc_send_options *s, const struct argp_state *state,
                    const char *arg) {
  const bool postmaster = strlen(arg) == 10u && is_postmaster(arg);
  if (!postmaster && !is_mailbox(arg)) {
    smtpc_option_fail(state, "--to", arg,
                      "want an address such as name@domain, without brackets");
  }
  s->to[s->to_count].address = arg;
  s->to_count++;
  s->utf8 = s->utf8 || !is_ascii(arg);
}

static void take_server(smtpc_send_options *s, const struct argp_state *state,
                        const char *arg) {
  s->server_given = true;
  if (!smtpc_option_endpoint(arg, &s->server) || s->server.host[0] == '\0' ||
      s->server.port == 0u) {
    smtpc_option_fail(state, "--server", arg,
                      "want HOST:PORT with a port from 1 to 65535, such as "
                      "mail.example.com:25 or [::1]:25");
  }
}

static bool take_peer(smtpc_send_options *s, const struct argp_state *state,
                      int key, const char *arg) {
  switch (key) {
    case KEY_SERVER:
      take_server(s, state, arg);
      return true;
    case KEY_FROM:
      take_from(s, state, arg);
      return true;
    case KEY_TO:
      take_to(s, state, arg);
      return true;
    case KEY_LMTP:
      s->policy.lmtp = 1u;
      return true;
    case KEY_HELO:
      s->helo_given = true;
      if (!smtpc_option_host(arg, true, s->policy.hello,
                             &s->policy.hello_len)) {
        smtpc_option_fail(state, "--helo", arg, SMTPC_WANT_HOST);
      }
      return true;
    default:
      return false;
  }
}

// ------------------------------------------------------------ the parameters

static void take_envid(smtpc_send_options *s, const struct argp_state *state,
                       const char *arg) {
  const size_t len = strlen(arg);
  bool good = len > 0u && len <= SMTPC_ENVID_MAX && is_ascii(arg);
  for (size_t i = 0u; i < len; i++) {
    good = good && !smtpc_is_control((uint8_t)arg[i]);
  }
  if (!good) {
    smtpc_option_fail(state, "--envid", arg,
                      "want 1 to 100 printable ASCII characters");
  }
  s->mail.seen |= SMTPC_HAS(ENVID);
  s->mail.envid = (const uint8_t *)arg;
  s->mail.envid_len = (uint16_t)len;
}

static void take_body(smtpc_send_options *s, const struct argp_state *state,
                      const char *arg) {
  static const char *const words[3] = {"7bit", "8bitmime", "binarymime"};
  s->mail.seen |= SMTPC_HAS(BODY);
  s->mail.body = (uint8_t)(SMTPC_BODY_7BIT +
                           smtpc_option_take_choice(
                               state, "--body", arg, words, 3u,
                               "want one of 7bit, 8bitmime, binarymime"));
}

// The recipient in front of this option.
static void take_rrvs(smtpc_send_options *s, const struct argp_state *state,
                      const char *arg) {
  if (s->to_count == 0u) {
    smtpc_option_fail(state, "--rrvs", arg, "it stands behind its --to ADDR");
  }
  smtpc_wish_option(state, "--rrvs", SMTPC_PARAM_RRVS, arg,
                    "want DATE, DATE:C or DATE:R, with a date such as "
                    "2030-01-31T08:00:00Z",
                    &s->to[s->to_count - 1u].envelope);
}

// wish is an option whose value is that of a parameter, for MAIL or for every RCPT.
typedef struct wish {
  int key;
  unsigned param;
  const char *option;
  const char *want;
} wish;

static const wish wishes[] = {
    {KEY_NOTIFY, SMTPC_PARAM_NOTIFY, "--notify",
     "want never, or some of success,failure,delay"},
    {KEY_RET, SMTPC_PARAM_RET, "--ret", "want full or hdrs"},
    {KEY_BY, SMTPC_PARAM_BY, "--by",
     "want SECONDS:N or SECONDS:R, and perhaps :T behind, with at most nine "
     "digits, such as 3600:R"},
    {KEY_HOLD_FOR, SMTPC_PARAM_HOLDFOR, "--hold-for",
     "want a number from 1 to 999999999"},
    {KEY_HOLD_UNTIL, SMTPC_PARAM_HOLDUNTIL, "--hold-until",
     "want a date such as 2030-01-31T08:00:00Z"},
    {KEY_PRIORITY, SMTPC_PARAM_MT_PRIORITY, "--priority",
     "want a number from -9 to 9"},
    {KEY_SOLICIT, SMTPC_PARAM_SOLICIT, "--solicit",
     "want words with commas between them, each of letters, digits and .-_: "
     "after a letter"},
    {KEY_MTRK, SMTPC_PARAM_MTRK, "--mtrk",
     "want the 27 base64 digits of a SHA-1, and perhaps :SECONDS behind"}};

static bool take_wish(smtpc_send_options *s, const struct argp_state *state,
                      int key, const char *arg) {
  for (size_t i = 0u; i < sizeof wishes / sizeof wishes[0]; i++) {
    const wish *w = &wishes[i];
    if (w->key == key) {
      const bool rcpt = smtpc_param_get(w->param).verb == SMTPC_VERB_RCPT;
      smtpc_wish_option(state, w->option, w->param, arg, w->want,
                        rcpt ? &s->rcpt : &s->mail);
      return true;
    }
  }
  return false;
}

static bool take_parameter(smtpc_send_options *s,
                           const struct argp_state *state, int key,
                           const char *arg) {
  switch (key) {
    case KEY_ENVID:
      take_envid(s, state, arg);
      return true;
    case KEY_BODY:
      take_body(s, state, arg);
      return true;
    case KEY_RRVS:
      take_rrvs(s, state, arg);
      return true;
    case KEY_REQUIRE_TLS:
      s->mail.seen |= SMTPC_HAS(REQUIRETLS);
      return true;
    case KEY_DROP:
      smtpc_names_take(state, "--drop", arg, SMTPC_LIST_PARAMETERS,
                       smtpc_names_drop(), &s->drop);
      return true;
    case KEY_NEED:
      smtpc_names_take(state, "--need", arg, SMTPC_LIST_PARAMETERS,
                       smtpc_names_drop(), &s->need);
      return true;
    default:
      return take_wish(s, state, key, arg);
  }
}

// ------------------------------------------------------------- TLS and AUTH

static bool take_tls(smtpc_send_options *s, const struct argp_state *state,
                     int key, const char *arg) {
  static const char *const words[4] = {"off", "opportunistic", "required",
                                       "verified"};
  switch (key) {
    case KEY_TLS:
      s->policy.tls = smtpc_option_take_choice(
          state, "--tls", arg, words, 4u,
          "want one of off, opportunistic, required, verified");
      return true;
    case KEY_IMPLICIT_TLS:
      s->policy.implicit_tls = 1u;
      return true;
    case KEY_HONOR_NO:
      s->honours_no = true;
      return true;
    case KEY_CA:
      s->ca = arg;
      return true;
    case KEY_SERVER_NAME:
      s->server_name = arg;
      return true;
    case KEY_TLS_MIN:
      if (!smtpc_option_tls_version(arg, &s->tls_min)) {
        smtpc_option_fail(state, "--tls-min", arg, SMTPC_WANT_TLS_VERSION);
      }
      return true;
    default:
      return false;
  }
}

static void take_order(smtpc_send_options *s, const struct argp_state *state,
                       const char *arg) {
  const char *names[SMTPC_AUTH_ORDER_COUNT];
  for (unsigned i = 0u; i < SMTPC_AUTH_ORDER_COUNT; i++) {
    names[i] = smtpc_auth_order_name(i);
  }
  s->policy.auth_order =
      smtpc_option_take_choice(state, "--auth-order", arg, names,
                               SMTPC_AUTH_ORDER_COUNT, "want strong or manual");
}

static bool take_auth(smtpc_send_options *s, const struct argp_state *state,
                      int key, const char *arg) {
  switch (key) {
    case KEY_ACCOUNT:
      s->account = arg;
      return true;
    case KEY_PASSWORD_FILE:
      s->password_file = arg;
      return true;
    case KEY_TOKEN_FILE:
      s->token_file = arg;
      return true;
    case KEY_AUTH:
      s->auth_given = true;
      s->policy.auth = smtpc_option_take_choice(
          state, "--auth", arg, smtpc_option_auth_words, 3u, SMTPC_WANT_AUTH);
      return true;
    case KEY_AUTH_ORDER:
      take_order(s, state, arg);
      return true;
    case KEY_MECHANISMS:
      smtpc_names_take_mechanisms(state, "--mechanisms", arg,
                                  SMTPC_MECHS_PASSWORD | MECHS_TOKEN,
                                  &s->mechanisms);
      return true;
    case KEY_NO_BINDING:
      s->policy.binding = 0u;
      return true;
    default:
      return false;
  }
}

static void take_rest(smtpc_send_options *s, const struct argp_state *state,
                      int key, const char *arg) {
  switch (key) {
    case KEY_BDAT:
      s->policy.bdat = 1u;
      break;
    case KEY_DEADLINE:
      smtpc_names_take_deadline(state, arg, &s->deadlines);
      break;
    case KEY_QUIRK:
      smtpc_names_take(state, "--quirk", arg, SMTPC_LIST_QUIRKS,
                       SMTPC_QUIRKS_SEND, &s->policy.quirks);
      break;
    case KEY_TRACE:
      s->trace = true;
      break;
    default:
      s->log = smtpc_option_take_choice(
          state, "--log", arg, smtpc_option_log_words, 2u, SMTPC_WANT_LOG);
      break;
  }
}

// --------------------------------------------- what no single option can tell

static void check_mechanisms(smtpc_send_options *s,
                             const struct argp_state *state) {
  char names[SMTPC_NAMES_MAX];
  char want[SMTPC_NAMES_MAX + 64u];
  const uint64_t served =
      s->token_file != NULL ? MECHS_TOKEN : SMTPC_MECHS_PASSWORD;
  if ((s->mechanisms & ~served) != 0u) {
    smtpc_names_mechanisms(s->mechanisms & ~served, names, sizeof names);
    (void)snprintf(want, sizeof want, "%s: say %s", names,
                   s->token_file != NULL ? "--password-file in place of "
                                           "--token-file"
                                         : "--token-file");
    smtpc_option_fail(state, "--mechanisms", NULL, want);
  }
  s->policy.mechanisms = s->mechanisms != 0u ? s->mechanisms : served;
}

static void check_auth(smtpc_send_options *s, const struct argp_state *state) {
  const bool secret = s->password_file != NULL || s->token_file != NULL;
  if ((s->account != NULL) != secret) {
    smtpc_option_fail(state, "--account", NULL,
                      "it stands with --password-file FILE or --token-file "
                      "FILE, and only so");
  }
  if (s->password_file != NULL && s->token_file != NULL) {
    smtpc_option_fail(state, "--token-file", NULL,
                      "it stands in place of --password-file");
  }
  if (!s->auth_given && s->account != NULL) {
    s->policy.auth = SMTPC_AUTH_REQUIRED;
  }
  if (s->policy.auth != SMTPC_AUTH_OFF && s->account == NULL) {
    smtpc_option_fail(state, "--auth", NULL,
                      "say --account NAME --password-file FILE as well");
  }
  check_mechanisms(s, state);
}

static void check_parameters(const smtpc_send_options *s,
                             const struct argp_state *state) {
  const uint32_t hold = SMTPC_HAS(HOLDFOR) | SMTPC_HAS(HOLDUNTIL);
  if ((s->mail.seen & hold) == hold) {
    smtpc_option_fail(state, "--hold-for", NULL,
                      "it contradicts --hold-until: leave one of them out");
  }
  if ((s->drop & s->need) != 0u) {
    smtpc_option_fail(state, "--drop", NULL,
                      "it contradicts --need: leave one of them out");
  }
}

static void check_together(smtpc_send_options *s,
                           const struct argp_state *state) {
  if (!s->server_given) {
    smtpc_option_fail(state, "--server", NULL, "it must be given: HOST:PORT");
  }
  if (s->from == NULL) {
    smtpc_option_fail(state, "--from", NULL, "it must be given: the sender");
  }
  if (s->to_count == 0u) {
    smtpc_option_fail(state, "--to", NULL, "it must be given: a recipient");
  }
  if (s->file == NULL) {
    smtpc_option_fail(state, "FILE", NULL,
                      "name the file of the message; - is standard input");
  }
  if (s->policy.implicit_tls != 0u && s->policy.tls == SMTPC_CLIENT_TLS_OFF) {
    smtpc_option_fail(state, "--implicit-tls", NULL,
                      "it contradicts --tls off: leave one of them out");
  }
  if ((s->mail.seen & SMTPC_HAS(REQUIRETLS)) != 0u &&
      s->policy.tls == SMTPC_CLIENT_TLS_OFF) {
    smtpc_option_fail(state, "--require-tls", NULL,
                      "it contradicts --tls off: leave one of them out");
  }
  check_auth(s, state);
  check_parameters(s, state);
}

// Puts together what several options say.
static void complete(smtpc_send_options *s) {
  s->policy.drop = (s->policy.drop | s->drop) & ~s->need;
  for (size_t i = 0u; i < s->to_count; i++) {
    s->to[i].envelope.seen |= s->rcpt.seen;
    s->to[i].envelope.notify = s->rcpt.notify;
  }
  if (!s->helo_given) {
    smtpc_option_own_host(s->policy.hello, &s->policy.hello_len);
  }
}

static error_t parse(int key, char *arg, struct argp_state *state) {
  smtpc_send_options *s = state->input;
  if (key == ARGP_KEY_ARG) {
    if (s->file != NULL) {
      smtpc_option_fail(state, "surplus word", arg, "want one FILE");
    }
    s->file = arg;
  } else if (key == ARGP_KEY_END) {
    check_together(s, state);
    complete(s);
  } else if (key < KEY_SERVER || key > KEY_LOG) {
    return ARGP_ERR_UNKNOWN;
  } else if (!take_peer(s, state, key, arg) &&
             !take_parameter(s, state, key, arg) &&
             !take_tls(s, state, key, arg) && !take_auth(s, state, key, arg)) {
    take_rest(s, state, key, arg);
  }
  return 0;
}

static const struct argp parser = {
    options,
    parse,
    "FILE",
    "Sends one message, FILE, by SMTP or LMTP; - is standard input. Lines may "
    "end in LF or CRLF.\v"
    "Exit status: 0 delivered, 75 try again later, 69 refused for good, 77 "
    "authentication (#839, #843, not offered, no common method), 76 protocol, "
    "TLS or policy (#841, #842), 64 usage or the message, 78 a file that an "
    "option names. The last line on standard error says what happened, and "
    "every downgrade.",
    NULL,
    NULL,
    NULL};

bool smtpc_send_options_read(smtpc_send_options *out, int argc, char **argv) {
  // There cannot be more recipients than words.
  out->to = calloc((size_t)argc, sizeof *out->to);
  if (out->to == NULL) {
    return false;
  }
  smtpc_client_policy_init(&out->policy);
  smtpc_net_deadlines_init(&out->deadlines);
  out->tls_min = SMTPC_TLS_1_2;
  (void)argp_parse(&parser, argc, argv, 0, NULL, out);
  return true;
}

void smtpc_send_options_free(smtpc_send_options *read) {
  free(read->to);
  read->to = NULL;
}
