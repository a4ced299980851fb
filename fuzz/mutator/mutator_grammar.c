// What a client says, made from the rows of the registry: commands, parameters, paths.
#include <string.h>

#include "fuzz/mutator/mutator_parts.h"
#include "smtpcore/registry.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))
#define PARAMS_MAX 4u

static void say_one(fuzz_text *out, fuzz_choice *choice,
                    const char *const *words, size_t count) {
  fuzz_text_say(out, words[fuzz_pick(choice, count)]);
}

#define SAY_ONE(out, choice, words) \
  say_one((out), (choice), (words), COUNT(words))

// ------------------------------------------------------------------- addresses

// A domain of exactly `len` octets, at least 1.
static void say_long_domain(fuzz_text *out, size_t len) {
  while (len > 0u) {
    // A label of 63 octets and its dot, but no dot at the end.
    const size_t label = len > 64u ? 62u : len > 63u ? 61u : len;
    fuzz_text_fill(out, 'd', label);
    len -= label;
    if (len > 0u) {
      fuzz_text_say(out, ".");
      len--;
    }
  }
}

void fuzz_grammar_domain(fuzz_text *out, fuzz_choice *choice) {
  static const char *const names[] = {"b.example",      "a.example",
                                      "localhost",      "x",
                                      "mx-1.b.example", "xn--bcher-kva.example",
                                      "1.example",      "a.b.c.d.e.f.example",
                                      "localhost",      "B.EXAMPLE"};
  if (fuzz_one_in(choice, 16u) != 0) {
    say_long_domain(out, 60u + fuzz_pick(choice, 9u));
  } else {
    SAY_ONE(out, choice, names);
  }
}

static void say_host(fuzz_text *out, fuzz_choice *choice) {
  static const char *const literals[] = {
      "[192.0.2.1]",       "[IPv6:2001:db8::1]",      "[IPv6:::1]",
      "[255.255.255.255]", "[IPv6:::ffff:192.0.2.1]", "[IPv6:1:2:3:4:5:6:7:8]",
      "[0.0.0.0]"};
  if (fuzz_one_in(choice, 4u) != 0) {
    SAY_ONE(out, choice, literals);
  } else {
    fuzz_grammar_domain(out, choice);
  }
}

void fuzz_grammar_mailbox(fuzz_text *out, fuzz_choice *choice) {
  static const char *const locals[] = {"a",
                                       "user",
                                       "a.b",
                                       "no",
                                       "later",
                                       "full",
                                       "relay",
                                       "user+tag",
                                       "\"a b\"",
                                       "\"a\\\"b\"",
                                       "\"\"",
                                       "\"@\"",
                                       "postmaster",
                                       "FAX=+81-3-5550100",
                                       "!#$%&'*+-/=?^_`{|}~",
                                       "\"<>\""};
  if (fuzz_one_in(choice, 16u) != 0) {
    // As long as each may be: 64 and 189 octets are a path of 256 with its brackets.
    fuzz_text_fill(out, 'l', 64u);
    fuzz_text_say(out, "@");
    say_long_domain(out, 180u + fuzz_pick(choice, 10u));
    return;
  }
  SAY_ONE(out, choice, locals);
  fuzz_text_say(out, "@");
  say_host(out, choice);
}

void fuzz_grammar_path(fuzz_text *out, fuzz_choice *choice) {
  fuzz_text_say(out, "<");
  if (fuzz_one_in(choice, 12u) != 0) {
    fuzz_text_say(out, fuzz_one_in(choice, 2u) != 0 ? "@r.example:"
                                                    : "@r.example,@s.example:");
    fuzz_text_say(out, "a@b.example");
  } else {
    fuzz_grammar_mailbox(out, choice);
  }
  fuzz_text_say(out, ">");
}

// ------------------------------------------------------------------ parameters

static void say_number(fuzz_text *out, fuzz_choice *choice, uint64_t least,
                       uint64_t most) {
  uint64_t number = fuzz_number(choice, least);
  number = number < least ? least : number;
  fuzz_text_number(out, number < most ? number : most);
}

static void say_date(fuzz_text *out, fuzz_choice *choice) {
  static const char *const dates[] = {
      "2030-01-31T23:59:59Z",      "1970-01-01T00:00:00Z",
      "9999-12-31T23:59:59Z",      "2016-12-31T23:59:60Z",
      "2028-02-29t00:00:00z",      "2030-06-30T12:00:00.5Z",
      "2030-01-01T00:00:00+23:59", "2030-01-01T00:00:00-23:59"};
  SAY_ONE(out, choice, dates);
}

static void say_by(fuzz_text *out, fuzz_choice *choice) {
  static const char *const values[] = {"120;R", "-1;N",         "+0;NT",
                                       "60;rt", "999999999;R",  "1;R",
                                       "0;N",   "-999999999;nt"};
  SAY_ONE(out, choice, values);
}

static void say_xtext(fuzz_text *out, fuzz_choice *choice) {
  static const char *const values[] = {"QQ314159", "a", "a+2Bb+3Dc", "+20+7E",
                                       "a@b.example"};
  if (fuzz_one_in(choice, 8u) != 0) {
    fuzz_text_fill(out, 'x', 100u);
  } else {
    SAY_ONE(out, choice, values);
  }
}

static void say_solicit(fuzz_text *out, fuzz_choice *choice) {
  static const char *const values[] = {"net.example:ADV", "a",
                                       "net.example:ADV,org.example:ADV_2-x"};
  SAY_ONE(out, choice, values);
}

static void say_mtrk(fuzz_text *out, fuzz_choice *choice) {
  fuzz_text_fill(out, 'A', 27u);
  if (fuzz_one_in(choice, 2u) != 0) {
    fuzz_text_say(out, ":");
    say_number(out, choice, 1u, 999999999u);
  }
}

static void say_priority(fuzz_text *out, fuzz_choice *choice) {
  static const char *const values[] = {"0", "9", "-9", "1", "-1", "4"};
  SAY_ONE(out, choice, values);
}

static void say_rrvs(fuzz_text *out, fuzz_choice *choice) {
  static const char *const modes[] = {"", ";C", ";R", ";r"};
  say_date(out, choice);
  SAY_ONE(out, choice, modes);
}

static void say_value(fuzz_text *out, fuzz_choice *choice, unsigned id) {
  static const char *const bodies[] = {"7BIT", "8BITMIME", "BINARYMIME"};
  static const char *const rets[] = {"FULL", "HDRS", "full"};
  static const char *const auths[] = {"<>", "a@b.example", "a+2Bb@c.example"};
  static const char *const notifies[] = {"NEVER", "SUCCESS", "FAILURE,DELAY",
                                         "SUCCESS,FAILURE,DELAY", "delay"};
  static const char *const orcpts[] = {"rfc822;a@b.example", "x-id;1+2B2",
                                       "RFC822;c@d.example"};
  static const char *const transids[] = {"<a@b>", "<a.b.c@d.e>", "<1@2>"};
  switch ((smtpc_param)id) {
    case SMTPC_PARAM_SIZE:
      say_number(out, choice, 0u, UINT64_MAX);
      break;
    case SMTPC_PARAM_BODY:
      SAY_ONE(out, choice, bodies);
      break;
    case SMTPC_PARAM_AUTH:
      SAY_ONE(out, choice, auths);
      break;
    case SMTPC_PARAM_RET:
      SAY_ONE(out, choice, rets);
      break;
    case SMTPC_PARAM_ENVID:
      say_xtext(out, choice);
      break;
    case SMTPC_PARAM_BY:
      say_by(out, choice);
      break;
    case SMTPC_PARAM_HOLDFOR:
      say_number(out, choice, 1u, 999999999u);
      break;
    case SMTPC_PARAM_HOLDUNTIL:
      say_date(out, choice);
      break;
    case SMTPC_PARAM_MT_PRIORITY:
      say_priority(out, choice);
      break;
    case SMTPC_PARAM_SOLICIT:
      say_solicit(out, choice);
      break;
    case SMTPC_PARAM_MTRK:
      say_mtrk(out, choice);
      break;
    case SMTPC_PARAM_TRANSID:
      SAY_ONE(out, choice, transids);
      break;
    case SMTPC_PARAM_NOTIFY:
      SAY_ONE(out, choice, notifies);
      break;
    case SMTPC_PARAM_ORCPT:
      SAY_ONE(out, choice, orcpts);
      break;
    case SMTPC_PARAM_RRVS:
      say_rrvs(out, choice);
      break;
    case SMTPC_PARAM_SMTPUTF8:
    case SMTPC_PARAM_REQUIRETLS:
    case SMTPC_PARAM_CONPERM:
    case SMTPC_PARAM_PRDR:
    case SMTPC_PARAM_CONNEG:
    case SMTPC_PARAM_COUNT:
    default:
      break;
  }
}

void fuzz_grammar_param(fuzz_text *out, fuzz_choice *choice, unsigned id) {
  const smtpc_param_row row = smtpc_param_get(id);
  fuzz_text_say(out, " ");
  fuzz_text_say(out, row.name);
  if (row.value == SMTPC_PARAM_VALUE_NEEDED) {
    fuzz_text_say(out, "=");
    say_value(out, choice, id);
  }
}

// Some parameters of a verb, each once; HOLDFOR and HOLDUNTIL exclude each other.
static void say_params(fuzz_text *out, fuzz_choice *choice, unsigned verb) {
  const uint32_t holds = SMTPC_HAS(HOLDFOR) | SMTPC_HAS(HOLDUNTIL);
  const size_t count =
      fuzz_one_in(choice, 2u) != 0 ? 0u : fuzz_pick(choice, PARAMS_MAX + 1u);
  uint32_t seen = 0u;
  for (size_t i = 0u; i < count; i++) {
    const unsigned id = (unsigned)fuzz_pick(choice, SMTPC_PARAM_COUNT);
    const uint32_t bit = (uint32_t)1 << id;
    if (smtpc_param_get(id).verb == verb && (seen & bit) == 0u) {
      fuzz_grammar_param(out, choice, id);
      seen |= (bit & holds) != 0u ? holds : bit;
    }
  }
}

// ------------------------------------------------------------------ attributes

static void say_attribute_value(fuzz_text *out, fuzz_choice *choice,
                                unsigned value) {
  static const char *const addresses[] = {"192.0.2.1", "IPV6:2001:db8::1",
                                          "255.255.255.255", "IPV6:::1"};
  switch ((smtpc_attribute_value)value) {
    case SMTPC_ATTRIBUTE_VALUE_HOST:
      fuzz_grammar_domain(out, choice);
      break;
    case SMTPC_ATTRIBUTE_VALUE_ADDRESS:
      SAY_ONE(out, choice, addresses);
      break;
    case SMTPC_ATTRIBUTE_VALUE_PORT:
      say_number(out, choice, 0u, 65535u);
      break;
    case SMTPC_ATTRIBUTE_VALUE_PROTOCOL:
      fuzz_text_say(out, fuzz_one_in(choice, 2u) != 0 ? "SMTP" : "ESMTP");
      break;
    case SMTPC_ATTRIBUTE_VALUE_SOURCE:
      fuzz_text_say(out, fuzz_one_in(choice, 2u) != 0 ? "LOCAL" : "REMOTE");
      break;
    case SMTPC_ATTRIBUTE_VALUE_TEXT:
    default:
      fuzz_text_say(out, "a+2Bb");
      break;
  }
}

void fuzz_grammar_attribute(fuzz_text *out, fuzz_choice *choice, unsigned id) {
  const smtpc_attribute_row row = smtpc_attribute_get(id);
  fuzz_text_say(out, row.name);
  fuzz_text_say(out, "=");
  if (fuzz_one_in(choice, 8u) != 0) {
    fuzz_text_say(
        out, fuzz_one_in(choice, 2u) != 0 ? "[UNAVAILABLE]" : "[TEMPUNAVAIL]");
  } else {
    say_attribute_value(out, choice, row.value);
  }
}

static void say_attributes(fuzz_text *out, fuzz_choice *choice, unsigned verb) {
  const unsigned own = verb == SMTPC_VERB_XCLIENT
                           ? SMTPC_ATTRIBUTE_VERBS_XCLIENT
                           : SMTPC_ATTRIBUTE_VERBS_XFORWARD;
  const unsigned first = (unsigned)fuzz_pick(choice, SMTPC_ATTRIBUTE_COUNT);
  size_t left = 1u + fuzz_pick(choice, 3u);
  for (unsigned i = 0u; i < SMTPC_ATTRIBUTE_COUNT && left > 0u; i++) {
    const unsigned id = (first + i) % SMTPC_ATTRIBUTE_COUNT;
    const unsigned verbs = smtpc_attribute_get(id).verbs;
    if (verbs == SMTPC_ATTRIBUTE_VERBS_BOTH || verbs == own) {
      fuzz_text_say(out, " ");
      fuzz_grammar_attribute(out, choice, id);
      left--;
    }
  }
}

// -------------------------------------------------------------------- commands

static void say_mechanism(fuzz_text *out, fuzz_choice *choice) {
  // Those that are spoken stand first, and PLAIN is what most exchanges are.
  const uint32_t few = 10u;
  unsigned id = 1u + (unsigned)fuzz_pick(choice, few);
  if (fuzz_one_in(choice, 8u) != 0) {
    id = 1u + (unsigned)fuzz_pick(choice, SMTPC_MECHANISM_COUNT - 1u);
  }
  // RFC 4422 section 3.1: a longer name is registered, and is none that AUTH may have.
  if (smtpc_mechanism_get(id).name_len > 20u) {
    id = SMTPC_MECHANISM_PLAIN;
  }
  fuzz_text_say(out, " ");
  fuzz_text_say(out, smtpc_mechanism_get(id).name);
}

static void say_auth(fuzz_text *out, fuzz_choice *choice) {
  say_mechanism(out, choice);
  const uint32_t how = fuzz_choose(choice, 8u);
  if (how == 0u) {
    fuzz_text_say(out, " =");
  } else if (how < 6u) {
    fuzz_text_say(out, " ");
    const size_t from = out->len;
    fuzz_grammar_sasl(out, choice, FUZZ_ROLE_CLIENT);
    // A cancellation is no initial response, and an empty one is `=`.
    if (out->len == from || out->data[from] == '*') {
      out->len = from;
      fuzz_text_say(out, "=");
    }
  }
}

static void say_chunk(fuzz_text *out, fuzz_choice *choice) {
  fuzz_text_say(out, " ");
  if (fuzz_one_in(choice, 4u) != 0) {
    say_number(out, choice, 0u, UINT64_MAX);
  } else {
    fuzz_text_number(out, fuzz_pick(choice, 40u));
  }
  if (fuzz_one_in(choice, 2u) != 0) {
    fuzz_text_say(out, fuzz_one_in(choice, 8u) != 0 ? " last" : " LAST");
  }
}

static void say_from(fuzz_text *out, fuzz_choice *choice) {
  fuzz_text_say(out, fuzz_one_in(choice, 8u) != 0 ? " from:" : " FROM:");
  if (fuzz_one_in(choice, 4u) != 0) {
    fuzz_text_say(out, "<>");
  } else {
    fuzz_grammar_path(out, choice);
  }
  say_params(out, choice, SMTPC_VERB_MAIL);
}

static void say_to(fuzz_text *out, fuzz_choice *choice) {
  fuzz_text_say(out, " TO:");
  if (fuzz_one_in(choice, 8u) != 0) {
    fuzz_text_say(out, "<Postmaster>");
  } else {
    fuzz_grammar_path(out, choice);
  }
  say_params(out, choice, SMTPC_VERB_RCPT);
}

static void say_argument(fuzz_text *out, fuzz_choice *choice, unsigned verb) {
  static const char *const texts[] = {" user", " a b c", " <a@b.example>"};
  static const char *const optional[] = {"", "", " text", " a  b"};
  static const char *const nodes[] = {" a.example", " @a.example", " #queue"};
  static const char *const domains[] = {"", " a.example",
                                        " a.example,b.example"};
  static const char *const urls[] = {
      " imap://a.example/INBOX;UID=1", " http://a.example/ LAST",
      " imap://u@a.example/x;urlauth=submit+u:internal:00 LAST"};
  switch ((smtpc_argument)smtpc_verb_get(verb).argument) {
    case SMTPC_ARGUMENT_NONE:
      break;
    case SMTPC_ARGUMENT_OPTIONAL:
      SAY_ONE(out, choice, optional);
      break;
    case SMTPC_ARGUMENT_TEXT:
      SAY_ONE(out, choice, texts);
      break;
    case SMTPC_ARGUMENT_DOMAIN:
      fuzz_text_say(out, " ");
      fuzz_grammar_domain(out, choice);
      break;
    case SMTPC_ARGUMENT_HOST:
      fuzz_text_say(out, " ");
      say_host(out, choice);
      break;
    case SMTPC_ARGUMENT_MAIL_PATH:
      say_from(out, choice);
      break;
    case SMTPC_ARGUMENT_RCPT_PATH:
      say_to(out, choice);
      break;
    case SMTPC_ARGUMENT_MECHANISM:
      say_auth(out, choice);
      break;
    case SMTPC_ARGUMENT_CHUNK:
      say_chunk(out, choice);
      break;
    case SMTPC_ARGUMENT_NODE:
      SAY_ONE(out, choice, nodes);
      break;
    case SMTPC_ARGUMENT_DOMAINS:
      SAY_ONE(out, choice, domains);
      break;
    case SMTPC_ARGUMENT_URL:
      SAY_ONE(out, choice, urls);
      break;
    case SMTPC_ARGUMENT_ATTRIBUTES:
      say_attributes(out, choice, verb);
      break;
  }
}

void fuzz_grammar_verb(fuzz_text *out, fuzz_choice *choice, unsigned verb) {
  fuzz_text_say(out, smtpc_verb_get(verb).name);
  say_argument(out, choice, verb);
}

void fuzz_grammar_command(fuzz_text *out, fuzz_choice *choice) {
  // Those that a session mostly has come more often than the others.
  static const uint8_t often[] = {
      SMTPC_VERB_EHLO, SMTPC_VERB_MAIL,     SMTPC_VERB_RCPT, SMTPC_VERB_DATA,
      SMTPC_VERB_BDAT, SMTPC_VERB_STARTTLS, SMTPC_VERB_AUTH, SMTPC_VERB_RSET};
  const unsigned verb =
      fuzz_one_in(choice, 2u) != 0
          ? often[fuzz_pick(choice, COUNT(often))]
          : 1u + (unsigned)fuzz_pick(choice, SMTPC_VERB_COUNT - 1u);
  fuzz_grammar_verb(out, choice, verb);
}
