#include "core/config_parts.h"
#include "core/policy_parts.h"
#include "smtpcore/command.h"
#include "smtpcore/line.h"
#include "smtpcore/path.h"
#include "smtpcore/sasl.h"
#include "smtpcore/span.h"

#if SMTPC_CONFIG_SERVER

// --------------------------------------------------------------- the table

// Short names for the cells: OK goes on to the policy's own rules.
#define OK SMTPC_REPLY_NONE
#define SEQ SMTPC_REPLY_SEQUENCE
#define HELLO SMTPC_REPLY_HELLO_FIRST
#define NO_RCPT SMTPC_REPLY_RCPT_NONE
#define CHUNK SMTPC_REPLY_CHUNK_SEQUENCE
#define OFF SMTPC_REPLY_VERB_OFF

// SMTPC_TABLE(X) is X(verb, start, ready, mail, rcpt, chunks, failed, "clause").
// A command that is refused leaves the transaction as it was, except that EHLO,
// HELO and RSET, when accepted, end it (RFC 5321 section 4.1.4).
#define SMTPC_TABLE(X)                                                  \
  X(EHLO, OK, OK, OK, OK, OK, OK, "RFC 5321 section 4.1.4")             \
  X(HELO, OK, OK, OK, OK, OK, OK, "RFC 5321 section 4.1.4")             \
  X(LHLO, OK, OK, OK, OK, OK, OK, "RFC 2033 section 4.1")               \
  X(MAIL, HELLO, OK, SEQ, SEQ, SEQ, SEQ, "RFC 5321 section 4.1.4")      \
  X(RCPT, HELLO, SEQ, OK, OK, SEQ, SEQ, "RFC 5321 section 3.3")         \
  X(DATA, HELLO, SEQ, NO_RCPT, OK, SEQ, SEQ, "RFC 5321 section 3.3")    \
  X(BDAT, CHUNK, CHUNK, CHUNK, OK, OK, CHUNK, "RFC 3030 section 2")     \
  X(RSET, OK, OK, OK, OK, OK, OK, "RFC 5321 section 4.1.1.5")           \
  X(VRFY, OK, OK, OK, OK, OK, OK, "RFC 5321 section 4.1.4")             \
  X(EXPN, OFF, OFF, OFF, OFF, OFF, OFF, "RFC 5321 section 7.3")         \
  X(HELP, OK, OK, OK, OK, OK, OK, "RFC 5321 section 4.1.4")             \
  X(NOOP, OK, OK, OK, OK, OK, OK, "RFC 5321 section 4.1.4")             \
  X(QUIT, OK, OK, OK, OK, OK, OK, "RFC 5321 section 4.1.1.10")          \
  X(STARTTLS, HELLO, OK, SEQ, SEQ, SEQ, SEQ, "RFC 3207 section 4")      \
  X(AUTH, HELLO, OK, SEQ, SEQ, SEQ, SEQ, "RFC 4954 section 4")          \
  X(ETRN, OFF, OFF, OFF, OFF, OFF, OFF, "RFC 1985 section 5.1")         \
  X(ATRN, OFF, OFF, OFF, OFF, OFF, OFF, "RFC 2645 section 5")           \
  X(BURL, OFF, OFF, OFF, OFF, OFF, OFF, "RFC 4468 section 3")           \
  X(XCLIENT, OK, OK, SEQ, SEQ, SEQ, SEQ, "Postfix XCLIENT_README")      \
  X(XFORWARD, HELLO, OK, SEQ, SEQ, SEQ, SEQ, "Postfix XFORWARD_README") \
  X(SEND, OFF, OFF, OFF, OFF, OFF, OFF, "RFC 5321 appendix F.6")        \
  X(SOML, OFF, OFF, OFF, OFF, OFF, OFF, "RFC 5321 appendix F.6")        \
  X(SAML, OFF, OFF, OFF, OFF, OFF, OFF, "RFC 5321 appendix F.6")        \
  X(TURN, OFF, OFF, OFF, OFF, OFF, OFF, "RFC 5321 appendix F.1")        \
  X(XANONYMOUSTLS, OFF, OFF, OFF, OFF, OFF, OFF, "MS-OXSMTP")

static const uint8_t cells[SMTPC_VERB_COUNT][SMTPC_PHASE_COUNT] = {
#define ROW(verb, start, ready, mail, rcpt, chunks, failed, clause) \
  [SMTPC_VERB_##verb] = {start, ready, mail, rcpt, chunks, failed},
    SMTPC_TABLE(ROW)
#undef ROW
};

static const char *const clauses[SMTPC_VERB_COUNT] = {[SMTPC_VERB_NONE] = "",
#define ROW(verb, start, ready, mail, rcpt, chunks, failed, clause) \
  [SMTPC_VERB_##verb] = SMTPC_NAME(clause),
                                                      SMTPC_TABLE(ROW)
#undef ROW
};

// As many rows as verbs: the table is total.
#define ROW(verb, start, ready, mail, rcpt, chunks, failed, clause) +1
_Static_assert(0 SMTPC_TABLE(ROW) == SMTPC_VERB_COUNT - 1,
               "each verb has one row");
#undef ROW

const char *smtpc_phase_name(unsigned phase) {
  static const char *const names[SMTPC_PHASE_COUNT] = {
#define ROW(id, name, seen) SMTPC_NAME(name),
      SMTPC_PHASE_LIST(ROW)
#undef ROW
  };
  return SMTPC_WITH(NAMES) && phase < SMTPC_PHASE_COUNT ? names[phase] : "";
}

unsigned smtpc_policy_cell(unsigned verb, unsigned phase) {
  if (verb == SMTPC_VERB_NONE || verb >= SMTPC_VERB_COUNT ||
      phase >= SMTPC_PHASE_COUNT) {
    return SMTPC_REPLY_VERB_UNKNOWN;
  }
  return cells[verb][phase];
}

const char *smtpc_policy_clause(unsigned verb) {
  return SMTPC_WITH(NAMES) && verb < SMTPC_VERB_COUNT ? clauses[verb] : "";
}

// ----------------------------------------------------------------- checks

static smtpc_status check_text(const smtpc_text *text) {
  if (text->len > SMTPC_TEXT_MAX) {
    return SMTPC_E_ARGUMENT;
  }
  for (size_t i = 0u; i < text->len; i++) {
    if (smtpc_is_control(text->data[i]) || text->data[i] > 0x7eu) {
      return SMTPC_E_REPLY_TEXT;
    }
  }
  return SMTPC_OK;
}

// ----------------------------------------------------------------- server

// The limits of the registry as constants: who asks for one row pays for one row.
enum {
#define ROW(id, name, value, scope, extension, clause) LIMIT_##id = (value),
  SMTPC_LIMIT_LIST(ROW)
#undef ROW
};
#define LIMIT(id) ((uint32_t)LIMIT_##id)

// Sets of extensions by their rows, made at compile time.
#define IN_CLEAR_ONLY(id, keyword, value, channel, service, clause) \
  | (SMTPC_OFFER_##channel == SMTPC_OFFER_CLEAR ? SMTPC_OFFERS(id) : 0u)
#define IN_TLS_ONLY(id, keyword, value, channel, service, clause) \
  | (SMTPC_OFFER_##channel == SMTPC_OFFER_TLS ? SMTPC_OFFERS(id) : 0u)
#define NEVER_SERVED(id, keyword, value, channel, service, clause) \
  | (SMTPC_SERVICE_##service == SMTPC_SERVICE_NEVER ? SMTPC_OFFERS(id) : 0u)
#define BY_DEFAULT(id, keyword, value, channel, service, clause) \
  | (SMTPC_SERVICE_##service == SMTPC_SERVICE_DEFAULT ? SMTPC_OFFERS(id) : 0u)

// Never served, or not in this configuration; and offered unless a policy takes it out.
static const uint32_t never =
    SMTPC_EXTENSIONS_OFF SMTPC_EXTENSION_LIST(NEVER_SERVED);
static const uint32_t by_default =
    (0u SMTPC_EXTENSION_LIST(BY_DEFAULT)) & ~SMTPC_EXTENSIONS_OFF;

void smtpc_server_policy_init(smtpc_server_policy *policy) {
  static const smtpc_server_policy zero = {0};
  *policy = zero;
  policy->size_max = LIMIT(SIZE);
  policy->discard_max = LIMIT(DISCARD);
  policy->offered = by_default;
  policy->mechanisms = SMTPC_MECHS_PASSWORD;
  policy->rcpt_max = (uint16_t)LIMIT(RCPT);
  policy->mail_max = (uint16_t)LIMIT(MAIL);
  policy->errors_max = (uint16_t)LIMIT(ERRORS);
  policy->junk_max = (uint16_t)LIMIT(JUNK);
  policy->auth_max = (uint16_t)LIMIT(AUTH);
  policy->by_min = LIMIT(BY);
  policy->hold_for_max = LIMIT(HOLD);
  smtpc_policy_set_name(policy->hostname, &policy->hostname_len);
}

// What is switched on can be had: STARTTLS and AUTH are among the extensions.
static bool offers_can_hold(const smtpc_server_policy *policy) {
  const bool starttls =
      policy->tls != SMTPC_SERVER_TLS_OFF && policy->implicit_tls == 0u;
  if (starttls && (policy->offered & SMTPC_OFFERS(STARTTLS)) == 0u) {
    return false;
  }
  return policy->auth == SMTPC_AUTH_OFF ||
         (policy->mechanisms != 0u &&
          (policy->offered & SMTPC_OFFERS(AUTH)) != 0u);
}

// FUTURERELEASE names both in the EHLO reply: an interval, and a date that can be
// written.
static bool holds_hold(const smtpc_server_policy *policy) {
  uint8_t date[SMTPC_DATE_LEN];
  return policy->hold_for_max != 0u && policy->hold_until_max != 0u &&
         smtpc_date_write(policy->hold_until_max, date) == SMTPC_OK;
}

// What an extension that is offered says of itself can be said, and is served.
static bool values_hold(const smtpc_server_policy *policy) {
  const uint32_t offered = policy->offered;
  const uint32_t binary = SMTPC_OFFERS(BINARYMIME);
  const bool chunks = (offered & SMTPC_OFFERS(CHUNKING)) != 0u;
  const bool holds =
      SMTPC_WITH(EXTRAS) && (offered & SMTPC_OFFERS(FUTURERELEASE)) != 0u;
  if ((offered & never) != 0u || ((offered & binary) != 0u && !chunks)) {
    return false;
  }
  return (!holds || holds_hold(policy)) &&
         policy->hold_for_max <= SMTPC_SECONDS_MAX &&
         policy->by_min <= SMTPC_SECONDS_MAX;
}

static bool server_flags_hold(const smtpc_server_policy *policy) {
  return policy->tls <= SMTPC_SERVER_TLS_REQUIRED &&
         policy->auth <= SMTPC_AUTH_REQUIRED && policy->implicit_tls <= 1u &&
         policy->certificate <= 1u && policy->lmtp <= 1u &&
         policy->proxy <= (SMTPC_WITH(PROXY) ? 1u : 0u) &&
         policy->prompts <= SMTPC_PROMPTS_DRAFT;
}

static bool server_ranges_hold(const smtpc_server_policy *policy) {
  if (policy->size_max == 0u || policy->rcpt_max == 0u ||
      (policy->mechanisms & ~SMTPC_MECHS_SPOKEN) != 0u ||
      (policy->quirks & ~SMTPC_QUIRKS_KNOWN) != 0u) {
    return false;
  }
  const bool wants_tls =
      policy->tls != SMTPC_SERVER_TLS_OFF || policy->implicit_tls != 0u;
  if (wants_tls && policy->certificate == 0u) {
    return false;
  }
  return server_flags_hold(policy) && offers_can_hold(policy) &&
         values_hold(policy);
}

smtpc_status smtpc_server_policy_check(const smtpc_server_policy *policy) {
  if (!server_ranges_hold(policy)) {
    return SMTPC_E_ARGUMENT;
  }
  const smtpc_text *const texts[4] = {&policy->greeting, &policy->hello,
                                      &policy->hello_tls, &policy->starttls};
  for (size_t i = 0u; i < 4u; i++) {
    const smtpc_status status = check_text(texts[i]);
    if (status != SMTPC_OK) {
      return status;
    }
  }
  return smtpc_policy_check_name(policy->hostname, policy->hostname_len);
}

static bool clear_auth_allowed(uint32_t quirks) {
  return SMTPC_QUIRK_IS(quirks, AUTH_IN_CLEAR);
}

uint64_t smtpc_server_mechanisms(const smtpc_server_policy *policy, int tls) {
  // Both need the channel: one its binding, the other its certificate.
  const uint64_t channel = SMTPC_MECHS_BOUND | SMTPC_MECH(EXTERNAL);
  return policy->mechanisms &
         (tls != 0 ? SMTPC_MECHS_SPOKEN : SMTPC_MECHS_SPOKEN & ~channel);
}

static uint32_t hidden_from(int tls) {
  static const uint32_t under_tls = 0u SMTPC_EXTENSION_LIST(IN_CLEAR_ONLY);
  static const uint32_t in_clear = 0u SMTPC_EXTENSION_LIST(IN_TLS_ONLY);
  return tls != 0 ? under_tls : in_clear;
}

uint32_t smtpc_server_offers(const smtpc_server_policy *policy, int tls) {
  uint32_t set = policy->offered & ~never & ~hidden_from(tls);
  if (policy->tls == SMTPC_SERVER_TLS_OFF) {
    set &= ~SMTPC_OFFERS(STARTTLS);
  }
  const bool clear_too = clear_auth_allowed(policy->quirks) &&
                         policy->tls != SMTPC_SERVER_TLS_REQUIRED;
  if (policy->auth == SMTPC_AUTH_OFF || (tls == 0 && !clear_too) ||
      smtpc_server_mechanisms(policy, tls) == 0u) {
    set &= ~SMTPC_OFFERS(AUTH);
  }
  return set;
}

// The attributes that a command may name.
static uint16_t attributes_of(unsigned verbs) {
  uint16_t set = 0u;
  for (unsigned id = 0u; id < SMTPC_ATTRIBUTE_COUNT; id++) {
    const uint8_t of = smtpc_attribute_get(id).verbs;
    if (of == SMTPC_ATTRIBUTE_VERBS_BOTH || of == verbs) {
      set |= (uint16_t)(1u << id);
    }
  }
  return set;
}

static bool offers(const smtpc_capabilities *facts, uint32_t extension) {
  return (facts->offered & extension) != 0u;
}

static void say_extras(const smtpc_server_policy *policy,
                       smtpc_capabilities *facts) {
  if (offers(facts, SMTPC_OFFERS(DELIVERBY))) {
    facts->by_min = policy->by_min;
  }
  if (offers(facts, SMTPC_OFFERS(FUTURERELEASE))) {
    facts->hold_for = policy->hold_for_max;
    facts->hold_until = policy->hold_until_max;
  }
  if (offers(facts, SMTPC_OFFERS(LIMITS))) {
    facts->rcpt_max = policy->rcpt_max;
    facts->mail_max = policy->mail_max;
  }
}

smtpc_capabilities smtpc_server_facts_of(const smtpc_server_policy *policy,
                                         int tls) {
  smtpc_capabilities facts = {0};
  facts.offered = smtpc_server_offers(policy, tls);
  if (offers(&facts, SMTPC_OFFERS(SIZE))) {
    facts.size = policy->size_max;
    facts.marks |= SMTPC_CAPS_SIZE_LIMIT;
  }
  if (SMTPC_WITH(AUTH) && offers(&facts, SMTPC_OFFERS(AUTH))) {
    facts.mechanisms = smtpc_server_mechanisms(policy, tls);
  }
  if (SMTPC_WITH(EXTRAS)) {
    say_extras(policy, &facts);
  }
  if (SMTPC_WITH(XCLIENT) && offers(&facts, SMTPC_OFFERS(XCLIENT))) {
    facts.xclient = attributes_of(SMTPC_ATTRIBUTE_VERBS_XCLIENT);
  }
  if (SMTPC_WITH(XCLIENT) && offers(&facts, SMTPC_OFFERS(XFORWARD))) {
    facts.xforward = attributes_of(SMTPC_ATTRIBUTE_VERBS_XFORWARD);
  }
  return facts;
}

// What a limit adds to a line of MAIL or RCPT while its extension is in force.
#define MORE(scope, value, first, second)                          \
  (SMTPC_LIMIT_SCOPE_##scope == SMTPC_LIMIT_SCOPE_##first ||       \
           SMTPC_LIMIT_SCOPE_##scope == SMTPC_LIMIT_SCOPE_##second \
       ? (uint32_t)(value)                                         \
       : 0u)

// Most rows add nothing, which the compiler sees.
#define ADD(scope, value, extension, which)     \
  max += MORE(scope, value, which, BOTH_MORE) * \
         ((offered >> (SMTPC_EXTENSION_##extension & 31)) & 1u);

static uint32_t mail_line_max(uint32_t offered) {
  uint32_t max = LIMIT(COMMAND_LINE);
#define ROW(id, name, value, scope, extension, clause) \
  ADD(scope, value, extension, MAIL_MORE)
  SMTPC_LIMIT_LIST(ROW)
#undef ROW
  return max;
}

static uint32_t rcpt_line_max(uint32_t offered) {
  uint32_t max = LIMIT(COMMAND_LINE);
#define ROW(id, name, value, scope, extension, clause) \
  ADD(scope, value, extension, RCPT_MORE)
  SMTPC_LIMIT_LIST(ROW)
#undef ROW
  return max;
}

size_t smtpc_command_line_max(unsigned verb, uint32_t offered) {
  uint32_t max = LIMIT(COMMAND_LINE);
  if (verb == SMTPC_VERB_AUTH) {
    max = LIMIT(AUTH_LINE);
  } else if (verb == SMTPC_VERB_MAIL) {
    max = mail_line_max(offered & ~SMTPC_EXTENSIONS_OFF);
  } else if (verb == SMTPC_VERB_RCPT) {
    max = rcpt_line_max(offered & ~SMTPC_EXTENSIONS_OFF);
  }
  return max < SMTPC_LINE_MAX ? max : SMTPC_LINE_MAX;
}

static smtpc_verdict refuse(unsigned reply, unsigned finding) {
  smtpc_verdict verdict = {0};
  verdict.reply = (uint8_t)reply;
  verdict.finding = (uint8_t)finding;
  return verdict;
}

static bool is_mail_verb(unsigned verb) {
  return verb == SMTPC_VERB_MAIL || verb == SMTPC_VERB_RCPT ||
         verb == SMTPC_VERB_DATA || verb == SMTPC_VERB_BDAT ||
         verb == SMTPC_VERB_SEND || verb == SMTPC_VERB_SOML ||
         verb == SMTPC_VERB_SAML || verb == SMTPC_VERB_BURL;
}

// RFC 3207 section 4: all but NOOP, EHLO, STARTTLS and QUIT. HELO is not exempt.
// LHLO is LMTP's EHLO.
static bool is_allowed_before_tls(unsigned verb) {
  return verb == SMTPC_VERB_NOOP || verb == SMTPC_VERB_EHLO ||
         verb == SMTPC_VERB_LHLO || verb == SMTPC_VERB_STARTTLS ||
         verb == SMTPC_VERB_QUIT;
}

static smtpc_verdict decide_required_tls(smtpc_server_facts facts) {
  smtpc_verdict verdict =
      refuse(SMTPC_REPLY_TLS_FIRST, SMTPC_FINDING_PLAINTEXT_REFUSED);
  // A plaintext client was turned away, even if it gives up by itself. STARTTLS
  // forgets it.
  verdict.device = SMTPC_DEVICE_RECEIVE_REJECT;
  // The device ends the connection when the client goes on with mail.
  if (is_mail_verb(facts.verb)) {
    verdict.ends = 1u;
  }
  return verdict;
}

static smtpc_verdict decide_starttls(const smtpc_server_policy *policy,
                                     smtpc_server_facts facts) {
  if (facts.tls != 0u) {
    return refuse(SMTPC_REPLY_SEQUENCE, SMTPC_FINDING_COMMAND_SEQUENCE);
  }
  if ((smtpc_server_offers(policy, 0) & SMTPC_OFFERS(STARTTLS)) == 0u) {
    return refuse(SMTPC_REPLY_VERB_OFF, SMTPC_FINDING_COMMAND_UNKNOWN);
  }
  // RFC 3207 section 2: the extension is announced by EHLO, so HELO is not enough.
  // Who is already authenticated would carry that over (THREATS: SIT-07).
  if (facts.esmtp == 0u || facts.authenticated != 0u) {
    return refuse(SMTPC_REPLY_SEQUENCE, SMTPC_FINDING_COMMAND_SEQUENCE);
  }
  return refuse(SMTPC_REPLY_NONE, SMTPC_FINDING_NONE);
}

static smtpc_verdict decide_auth(const smtpc_server_policy *policy,
                                 smtpc_server_facts facts) {
  if (!SMTPC_WITH(AUTH) || policy->auth == SMTPC_AUTH_OFF ||
      (policy->offered & SMTPC_OFFERS(AUTH)) == 0u ||
      smtpc_server_mechanisms(policy, 1) == 0u) {
    return refuse(SMTPC_REPLY_VERB_OFF, SMTPC_FINDING_COMMAND_UNKNOWN);
  }
  // Before anything of the credentials is looked at (THREATS: DWN-15). Without TLS
  // there may be no mechanism either: all that are offered need it.
  if (facts.tls == 0u && (!clear_auth_allowed(policy->quirks) ||
                          smtpc_server_mechanisms(policy, 0) == 0u)) {
    return refuse(SMTPC_REPLY_AUTH_CLEAR, SMTPC_FINDING_AUTH_REFUSED_CLEAR);
  }
  if (facts.esmtp == 0u || facts.authenticated != 0u) {
    return refuse(SMTPC_REPLY_SEQUENCE, SMTPC_FINDING_COMMAND_SEQUENCE);
  }
  return refuse(SMTPC_REPLY_NONE, SMTPC_FINDING_NONE);
}

static smtpc_verdict decide_bdat(const smtpc_server_policy *policy,
                                 smtpc_server_facts facts) {
  smtpc_verdict verdict = refuse(SMTPC_REPLY_NONE, SMTPC_FINDING_NONE);
  const bool offered =
      SMTPC_WITH(BDAT) && (policy->offered & SMTPC_OFFERS(CHUNKING)) != 0u;
  if (!offered || (facts.esmtp == 0u && facts.phase != SMTPC_PHASE_START)) {
    // What follows is payload that we would have to guess (THREATS: BDT-09).
    verdict = refuse(SMTPC_REPLY_VERB_OFF, SMTPC_FINDING_COMMAND_UNKNOWN);
    verdict.ends = 1u;
  }
  return verdict;
}

// RFC 2033 section 4.1: LMTP has its own greeting, and no other.
static smtpc_verdict decide_hello(const smtpc_server_policy *policy,
                                  smtpc_server_facts facts) {
  const bool lmtp = facts.verb == SMTPC_VERB_LHLO;
  if (lmtp == (policy->lmtp != 0u)) {
    return refuse(SMTPC_REPLY_NONE, SMTPC_FINDING_NONE);
  }
  return refuse(lmtp ? SMTPC_REPLY_VERB_OFF : SMTPC_REPLY_LHLO_WANTED,
                SMTPC_FINDING_COMMAND_UNKNOWN);
}

static smtpc_verdict decide_proxied(const smtpc_server_policy *policy,
                                    smtpc_server_facts facts) {
  const uint32_t extension = facts.verb == SMTPC_VERB_XCLIENT
                                 ? SMTPC_OFFERS(XCLIENT)
                                 : SMTPC_OFFERS(XFORWARD);
  if (!SMTPC_WITH(XCLIENT) ||
      (smtpc_server_offers(policy, facts.tls) & extension) == 0u) {
    return refuse(SMTPC_REPLY_VERB_OFF, SMTPC_FINDING_COMMAND_UNKNOWN);
  }
  return refuse(SMTPC_REPLY_NONE, SMTPC_FINDING_NONE);
}

// What one verb needs beyond the table.
static smtpc_verdict decide_verb(const smtpc_server_policy *policy,
                                 smtpc_server_facts facts) {
  switch (facts.verb) {
    case SMTPC_VERB_EHLO:
    case SMTPC_VERB_HELO:
    case SMTPC_VERB_LHLO:
      return decide_hello(policy, facts);
    case SMTPC_VERB_STARTTLS:
      return decide_starttls(policy, facts);
    case SMTPC_VERB_AUTH:
      return decide_auth(policy, facts);
    case SMTPC_VERB_BDAT:
      return decide_bdat(policy, facts);
    case SMTPC_VERB_XCLIENT:
    case SMTPC_VERB_XFORWARD:
      return decide_proxied(policy, facts);
    default:
      return refuse(SMTPC_REPLY_NONE, SMTPC_FINDING_NONE);
  }
}

// What the table says, in LMTP's words.
static unsigned cell_of(const smtpc_server_policy *policy,
                        smtpc_server_facts facts) {
  const unsigned cell = smtpc_policy_cell(facts.verb, facts.phase);
  return cell == SMTPC_REPLY_HELLO_FIRST && policy->lmtp != 0u
             ? SMTPC_REPLY_LHLO_FIRST
             : cell;
}

smtpc_verdict smtpc_server_decide(const smtpc_server_policy *policy,
                                  smtpc_server_facts facts) {
  if (policy->tls == SMTPC_SERVER_TLS_REQUIRED && facts.tls == 0u &&
      !is_allowed_before_tls(facts.verb)) {
    return decide_required_tls(facts);
  }
  if (facts.verb == SMTPC_VERB_NONE || facts.verb >= SMTPC_VERB_COUNT) {
    return refuse(SMTPC_REPLY_VERB_UNKNOWN, SMTPC_FINDING_COMMAND_UNKNOWN);
  }
  smtpc_verdict verdict = decide_verb(policy, facts);
  if (verdict.reply != SMTPC_REPLY_NONE) {
    return verdict;
  }
  const unsigned cell = cell_of(policy, facts);
  if (cell != SMTPC_REPLY_NONE) {
    const unsigned finding = cell == SMTPC_REPLY_VERB_OFF
                                 ? SMTPC_FINDING_COMMAND_UNKNOWN
                                 : SMTPC_FINDING_COMMAND_SEQUENCE;
    return refuse(cell, finding);
  }
  if (policy->auth == SMTPC_AUTH_REQUIRED && facts.authenticated == 0u &&
      is_mail_verb(facts.verb)) {
    return refuse(SMTPC_REPLY_AUTH_FIRST, SMTPC_FINDING_AUTH_REQUIRED);
  }
  // RFC 3030 section 3: what is binary has no end that DATA could find.
  if (facts.verb == SMTPC_VERB_DATA && facts.binary != 0u) {
    return refuse(SMTPC_REPLY_BINARY_CHUNKS, SMTPC_FINDING_COMMAND_SEQUENCE);
  }
  return verdict;
}

smtpc_verdict smtpc_server_judge_params(const smtpc_server_policy *policy,
                                        const smtpc_params *params) {
  const uint32_t seen = params->seen;
  if ((seen & SMTPC_HAS(SIZE)) != 0u && params->size > policy->size_max) {
    return refuse(SMTPC_REPLY_SIZE_EXCEEDED, SMTPC_FINDING_SIZE_EXCEEDED);
  }
  if (!SMTPC_WITH(EXTRAS)) {
    return refuse(SMTPC_REPLY_NONE, SMTPC_FINDING_NONE);
  }
  if ((seen & SMTPC_HAS(BY)) != 0u && params->by_mode == SMTPC_BY_RETURN &&
      params->by_time < (int64_t)policy->by_min) {
    return refuse(SMTPC_REPLY_BY_TOO_SOON, SMTPC_FINDING_PARAM_REFUSED);
  }
  if (((seen & SMTPC_HAS(HOLDFOR)) != 0u &&
       params->hold_for > policy->hold_for_max) ||
      ((seen & SMTPC_HAS(HOLDUNTIL)) != 0u &&
       params->when > policy->hold_until_max)) {
    return refuse(SMTPC_REPLY_HOLD_TOO_LONG, SMTPC_FINDING_PARAM_REFUSED);
  }
  return refuse(SMTPC_REPLY_NONE, SMTPC_FINDING_NONE);
}

#endif  // SMTPC_CONFIG_SERVER
