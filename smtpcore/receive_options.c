#include "smtpcore/receive_options.h"

#include <stdio.h>
#include <time.h>

#include "smtpcore/param.h"
#include "smtpcore/tls.h"

enum option_key {
  KEY_LISTEN = 0x100,
  KEY_TLS,
  KEY_IMPLICIT_TLS,
  KEY_CERT,
  KEY_KEY,
  KEY_HOSTNAME,
  KEY_DOMAIN,
  KEY_MAILDIR,
  KEY_ACCOUNTS,
  KEY_AUTH,
  KEY_MAX_SIZE,
  KEY_MAX_RECIPIENTS,
  KEY_MAX_SESSIONS,
  KEY_TLS_MIN,
  KEY_DEADLINE,
  KEY_LMTP,
  KEY_LOGIN_PROMPTS,
  KEY_PROXY,
  KEY_XCLIENT,
  KEY_OFFER,
  KEY_NO_OFFER,
  KEY_MAX_MESSAGES,
  KEY_HOLD_SECONDS,
  KEY_DELIVER_BY_SECONDS,
  KEY_PROFILE,
  KEY_QUIRK,
  KEY_LOG
};

static const struct argp_option options[] = {
    {"listen", KEY_LISTEN, "ADDR:PORT", 0,
     "Where to listen; * is all addresses, port 0 picks one "
     "(default 127.0.0.1:2525)",
     1},
    {"hostname", KEY_HOSTNAME, "NAME", 0,
     "Our name; mail for it is taken (default: the system's name if it is a "
     "domain name, else localhost)",
     1},
    {"domain", KEY_DOMAIN, "NAME", 0,
     "Take mail for this domain too; may be given again", 1},
    {"maildir", KEY_MAILDIR, "DIR", 0,
     "Where mail is stored; made if missing (default ./Maildir)", 1},
    {"lmtp", KEY_LMTP, NULL, 0, "Speak LMTP: one answer for each recipient", 1},
    {"proxy", KEY_PROXY, "ADDRESS/PREFIX", 0,
     "Peers that speak for others, and must begin with a PROXY header; may be "
     "given again",
     1},
    {"xclient", KEY_XCLIENT, "ADDRESS/PREFIX", 0,
     "Peers that may speak for others by XCLIENT and XFORWARD; may be given "
     "again",
     1},
    {"tls", KEY_TLS, "off|on|required", 0,
     "STARTTLS: not offered; offered; mail in plaintext refused (default off)",
     2},
    {"implicit-tls", KEY_IMPLICIT_TLS, NULL, 0, "TLS from the first octet", 2},
    {"cert", KEY_CERT, "FILE", 0, "PEM: our certificate, then its chain", 2},
    {"key", KEY_KEY, "FILE", 0, "PEM: the private key of the certificate", 2},
    {"tls-min", KEY_TLS_MIN, "VERSION", 0,
     "The oldest TLS to accept: 1.0, 1.1, 1.2 or 1.3 (default 1.2)", 2},
    {"auth", KEY_AUTH, "off|on|required", 0,
     "AUTH: not offered; offered; mail without it refused (default off)", 3},
    {"accounts", KEY_ACCOUNTS, "FILE", 0,
     "Who may log in; `smtpcore account` writes this file", 3},
    {"login-prompts", KEY_LOGIN_PROMPTS, "colon|draft", 0,
     "How LOGIN asks: \"Username:\", or \"User Name\" and a NUL as the draft "
     "has it (default colon)",
     3},
    {"offer", KEY_OFFER, "EXTENSION", 0,
     "Offer an extension that is not offered by default; `smtpcore policy` "
     "lists them; may be given again",
     4},
    {"no-offer", KEY_NO_OFFER, "EXTENSION", 0,
     "Do not offer an extension; may be given again", 4},
    {"hold-seconds", KEY_HOLD_SECONDS, "N", 0,
     "With --offer FUTURERELEASE: how long a message may wait (default 604800)",
     4},
    {"deliver-by-seconds", KEY_DELIVER_BY_SECONDS, "N", 0,
     "With --offer DELIVERBY: the least time that a sender may give, 0 for any "
     "(default 60)",
     4},
    {"max-size", KEY_MAX_SIZE, "BYTES", 0,
     "The greatest message (default 10485760)", 5},
    {"max-recipients", KEY_MAX_RECIPIENTS, "N", 0,
     "Recipients of one message (default 100)", 5},
    {"max-messages", KEY_MAX_MESSAGES, "N", 0,
     "Messages of one session (default 10000)", 5},
    {"max-sessions", KEY_MAX_SESSIONS, "N", 0,
     "Sessions at once (default 1000)", 5},
    {"deadline", KEY_DEADLINE, "NAME=SECONDS", 0,
     "How long to wait for the peer; `smtpcore policy` lists the names; may be "
     "given again",
     5},
    {"profile", KEY_PROFILE, "NAME[@ADDRESS/PREFIX]", 0,
     "Tolerate a set of deviations, such as printer; `smtpcore policy` lists "
     "them; may be given again",
     6},
    {"quirk", KEY_QUIRK, "NAME[@ADDRESS/PREFIX]", 0,
     "Tolerate one deviation, of all peers or of a range; `smtpcore policy` "
     "lists them; may be given again",
     6},
    {"log", KEY_LOG, "text|json", 0, "How events are printed (default text)",
     6},
    {0}};

// ------------------------------------------------------------------- options

static void add_domain(smtpc_receive_options *s, const struct argp_state *state,
                       const char *text) {
  uint8_t name[255];
  uint8_t len = 0u;
  if (!smtpc_option_host(text, false, name, &len)) {
    smtpc_option_fail(state, "--domain", text, "want a domain name");
  }
  if (s->domains_count >= SMTPC_RECEIVE_DOMAINS_MAX) {
    smtpc_option_fail(state, "--domain", text, "there can be at most 64");
  }
  s->domains[s->domains_count] = text;
  s->domains_count++;
}

// How TLS and AUTH are set; false: another option.
static bool take_protection(smtpc_receive_options *s,
                            const struct argp_state *state, int key,
                            const char *arg) {
  switch (key) {
    case KEY_TLS:
      s->policy.tls = smtpc_option_take_choice(
          state, "--tls", arg, smtpc_option_auth_words, 3u, SMTPC_WANT_AUTH);
      return true;
    case KEY_IMPLICIT_TLS:
      s->policy.implicit_tls = 1u;
      return true;
    case KEY_CERT:
      s->cert = arg;
      return true;
    case KEY_KEY:
      s->key = arg;
      return true;
    case KEY_TLS_MIN:
      if (!smtpc_option_tls_version(arg, &s->tls_min)) {
        smtpc_option_fail(state, "--tls-min", arg, SMTPC_WANT_TLS_VERSION);
      }
      return true;
    case KEY_AUTH:
      s->policy.auth = smtpc_option_take_choice(
          state, "--auth", arg, smtpc_option_auth_words, 3u, SMTPC_WANT_AUTH);
      return true;
    case KEY_ACCOUNTS:
      s->accounts = arg;
      return true;
    default:
      return false;
  }
}

static bool take_limit(smtpc_receive_options *s, const struct argp_state *state,
                       int key, const char *arg) {
  smtpc_server_policy *p = &s->policy;
  switch (key) {
    case KEY_MAX_SIZE:
      p->size_max =
          smtpc_option_take_number(state, "--max-size", arg, 1u, INT64_MAX);
      return true;
    case KEY_MAX_RECIPIENTS:
      p->rcpt_max = (uint16_t)smtpc_option_take_number(
          state, "--max-recipients", arg, 1u, UINT16_MAX);
      return true;
    case KEY_MAX_MESSAGES:
      p->mail_max = (uint16_t)smtpc_option_take_number(state, "--max-messages",
                                                       arg, 1u, UINT16_MAX);
      return true;
    case KEY_MAX_SESSIONS:
      s->sessions_max = (uint32_t)smtpc_option_take_number(
          state, "--max-sessions", arg, 1u, 100000u);
      return true;
    case KEY_DEADLINE:
      smtpc_names_take_deadline(state, arg, &s->deadlines);
      return true;
    default:
      return false;
  }
}

// What the EHLO reply says.
static bool take_offer(smtpc_receive_options *s, const struct argp_state *state,
                       int key, const char *arg) {
  switch (key) {
    case KEY_OFFER:
      smtpc_names_take(state, "--offer", arg, SMTPC_LIST_EXTENSIONS,
                       smtpc_names_offer(), &s->offer);
      return true;
    case KEY_NO_OFFER:
      smtpc_names_take(state, "--no-offer", arg, SMTPC_LIST_EXTENSIONS,
                       smtpc_names_no_offer(), &s->no_offer);
      return true;
    case KEY_HOLD_SECONDS:
      s->hold_given = true;
      s->policy.hold_for_max = (uint32_t)smtpc_option_take_number(
          state, "--hold-seconds", arg, 1u, SMTPC_SECONDS_MAX);
      return true;
    case KEY_DELIVER_BY_SECONDS:
      s->by_given = true;
      s->policy.by_min = (uint32_t)smtpc_option_take_number(
          state, "--deliver-by-seconds", arg, 0u, SMTPC_SECONDS_MAX);
      return true;
    default:
      return false;
  }
}

// Who is trusted, and what is tolerated.
static bool take_peers(smtpc_receive_options *s, const struct argp_state *state,
                       int key, const char *arg) {
  switch (key) {
    case KEY_PROXY:
      smtpc_ranges_take(state, "--proxy", arg, &s->proxies);
      return true;
    case KEY_XCLIENT:
      smtpc_ranges_take(state, "--xclient", arg, &s->xclient);
      return true;
    case KEY_PROFILE:
      smtpc_rules_take_profile(state, arg, SMTPC_QUIRKS_RECEIVE, &s->rules);
      return true;
    case KEY_QUIRK:
      smtpc_rules_take_quirk(state, arg, SMTPC_QUIRKS_RECEIVE, &s->rules);
      return true;
    default:
      return false;
  }
}

static void take_prompts(smtpc_receive_options *s,
                         const struct argp_state *state, const char *arg) {
  // In the order of smtpc_prompts.
  static const char *const words[2] = {"colon", "draft"};
  s->policy.prompts = smtpc_option_take_choice(
      state, "--login-prompts", arg, words, 2u, "want colon or draft");
}

static void take_place(smtpc_receive_options *s, const struct argp_state *state,
                       int key, const char *arg) {
  switch (key) {
    case KEY_LISTEN:
      if (!smtpc_option_endpoint(arg, &s->listen)) {
        smtpc_option_fail(state, "--listen", arg,
                          "want ADDR:PORT with a port from 0 to 65535, such as "
                          "127.0.0.1:2525, [::1]:2525 or *:2525");
      }
      break;
    case KEY_HOSTNAME:
      s->host_given = true;
      if (!smtpc_option_host(arg, true, s->policy.hostname,
                             &s->policy.hostname_len)) {
        smtpc_option_fail(state, "--hostname", arg, SMTPC_WANT_HOST);
      }
      break;
    case KEY_DOMAIN:
      add_domain(s, state, arg);
      break;
    case KEY_MAILDIR:
      s->maildir = arg;
      break;
    case KEY_LMTP:
      s->policy.lmtp = 1u;
      break;
    case KEY_LOGIN_PROMPTS:
      take_prompts(s, state, arg);
      break;
    default:
      s->log = smtpc_option_take_choice(
          state, "--log", arg, smtpc_option_log_words, 2u, SMTPC_WANT_LOG);
      break;
  }
}

// --------------------------------------------- what no single option can tell

static void check_auth(const smtpc_receive_options *s,
                       const struct argp_state *state) {
  const smtpc_server_policy *p = &s->policy;
  const bool tls = p->tls != SMTPC_SERVER_TLS_OFF || p->implicit_tls != 0u;
  const uint32_t quirks = smtpc_rules_any(&s->rules);
  const bool clear = (quirks & (uint32_t)SMTPC_QUIRK_AUTH_IN_CLEAR) != 0u;
  if (p->auth != SMTPC_AUTH_OFF && s->accounts == NULL) {
    smtpc_option_fail(state, "--auth", NULL,
                      "name the accounts with --accounts FILE; `smtpcore "
                      "account` writes one");
  }
  if (p->auth == SMTPC_AUTH_OFF && s->accounts != NULL) {
    smtpc_option_fail(state, "--accounts", NULL,
                      "say --auth on or --auth required as well");
  }
  if (p->auth != SMTPC_AUTH_OFF && !tls && !clear) {
    smtpc_option_fail(state, "--auth", NULL,
                      "nobody could log in without TLS: say --tls on or --tls "
                      "required, or --quirk auth-in-clear to let passwords "
                      "cross the network in clear");
  }
}

// The extensions that other options, and other extensions, cannot do without.
static uint32_t needed_extensions(const smtpc_receive_options *s) {
  const smtpc_server_policy *p = &s->policy;
  uint32_t set = 0u;
  if (p->tls != SMTPC_SERVER_TLS_OFF && p->implicit_tls == 0u) {
    set |= SMTPC_OFFERS(STARTTLS);
  }
  if (p->auth != SMTPC_AUTH_OFF) {
    set |= SMTPC_OFFERS(AUTH);
  }
  if ((s->offer & SMTPC_OFFERS(BINARYMIME)) != 0u) {
    set |= SMTPC_OFFERS(CHUNKING);
  }
  // RFC 2033 section 5
  if (p->lmtp != 0u) {
    set |= SMTPC_OFFERS(PIPELINING) | SMTPC_OFFERS(ENHANCEDSTATUSCODES);
  }
  return set;
}

static void check_offers(const smtpc_receive_options *s,
                         const struct argp_state *state) {
  char names[SMTPC_NAMES_MAX];
  char want[SMTPC_NAMES_MAX + 64u];
  const uint32_t both = s->no_offer & (s->offer | needed_extensions(s));
  if (both != 0u) {
    smtpc_names_extensions(both, names, sizeof names);
    (void)snprintf(want, sizeof want, "other options want %s: leave one out",
                   names);
    smtpc_option_fail(state, "--no-offer", NULL, want);
  }
  if (s->hold_given && (s->offer & SMTPC_OFFERS(FUTURERELEASE)) == 0u) {
    smtpc_option_fail(state, "--hold-seconds", NULL,
                      "say --offer FUTURERELEASE as well");
  }
  if (s->by_given && (s->offer & SMTPC_OFFERS(DELIVERBY)) == 0u) {
    smtpc_option_fail(state, "--deliver-by-seconds", NULL,
                      "say --offer DELIVERBY as well");
  }
  if (s->proxies.count > 0u && s->xclient.count > 0u) {
    smtpc_option_fail(
        state, "--proxy", NULL,
        "it stands without --xclient: a proxy speaks one of both");
  }
}

// Puts together what several options say.
static void complete(smtpc_receive_options *s) {
  smtpc_server_policy *p = &s->policy;
  p->quirks = s->rules.always;
  p->proxy = s->proxies.count > 0u ? 1u : 0u;
  p->offered |= s->offer;
  if (s->xclient.count > 0u) {
    p->offered |= SMTPC_OFFERS(XCLIENT) | SMTPC_OFFERS(XFORWARD);
  }
  p->offered &= ~s->no_offer;
  p->hold_until_max = (uint64_t)time(NULL) + p->hold_for_max;
  if (!s->host_given) {
    smtpc_option_own_host(p->hostname, &p->hostname_len);
  }
}

static error_t parse(int key, char *arg, struct argp_state *state) {
  smtpc_receive_options *s = state->input;
  if (key == ARGP_KEY_ARG) {
    smtpc_option_fail(state, "surplus word", arg, "want options only");
  } else if (key == ARGP_KEY_END) {
    check_auth(s, state);
    check_offers(s, state);
    complete(s);
  } else if (key < KEY_LISTEN || key > KEY_LOG) {
    return ARGP_ERR_UNKNOWN;
  } else if (!take_protection(s, state, key, arg) &&
             !take_limit(s, state, key, arg) &&
             !take_offer(s, state, key, arg) &&
             !take_peers(s, state, key, arg)) {
    take_place(s, state, key, arg);
  }
  return 0;
}

static const struct argp parser = {
    options,
    parse,
    NULL,
    "Receives mail by SMTP or LMTP and stores it in a Maildir. Mail for other "
    "domains "
    "is "
    "refused.\v"
    "When it is ready it prints `listening on ADDR:PORT`, then one line for "
    "each "
    "event. SIGTERM and SIGINT end it: sessions are told, and nothing is lost.",
    NULL,
    NULL,
    NULL};

void smtpc_receive_options_read(smtpc_receive_options *out, int argc,
                                char **argv) {
  smtpc_server_policy_init(&out->policy);
  smtpc_net_deadlines_init(&out->deadlines);
  (void)smtpc_option_endpoint("127.0.0.1:2525", &out->listen);
  out->maildir = "Maildir";
  out->sessions_max = 1000u;
  out->tls_min = SMTPC_TLS_1_2;
  (void)argp_parse(&parser, argc, argv, 0, NULL, out);
}
