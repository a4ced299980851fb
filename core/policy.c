#include "smtpcore/policy.h"

#include "smtpcore/command.h"
#include "smtpcore/line.h"
#include "smtpcore/path.h"
#include "smtpcore/span.h"

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
#define SMTPC_TABLE(X)                                               \
  X(EHLO, OK, OK, OK, OK, OK, OK, "RFC 5321 section 4.1.4")          \
  X(HELO, OK, OK, OK, OK, OK, OK, "RFC 5321 section 4.1.4")          \
  X(MAIL, HELLO, OK, SEQ, SEQ, SEQ, SEQ, "RFC 5321 section 4.1.4")   \
  X(RCPT, HELLO, SEQ, OK, OK, SEQ, SEQ, "RFC 5321 section 3.3")      \
  X(DATA, HELLO, SEQ, NO_RCPT, OK, SEQ, SEQ, "RFC 5321 section 3.3") \
  X(BDAT, CHUNK, CHUNK, CHUNK, OK, OK, CHUNK, "RFC 3030 section 2")  \
  X(RSET, OK, OK, OK, OK, OK, OK, "RFC 5321 section 4.1.1.5")        \
  X(VRFY, OK, OK, OK, OK, OK, OK, "RFC 5321 section 4.1.4")          \
  X(EXPN, OFF, OFF, OFF, OFF, OFF, OFF, "RFC 5321 section 7.3")      \
  X(HELP, OK, OK, OK, OK, OK, OK, "RFC 5321 section 4.1.4")          \
  X(NOOP, OK, OK, OK, OK, OK, OK, "RFC 5321 section 4.1.4")          \
  X(QUIT, OK, OK, OK, OK, OK, OK, "RFC 5321 section 4.1.1.10")       \
  X(STARTTLS, HELLO, OK, SEQ, SEQ, SEQ, SEQ, "RFC 3207 section 4")   \
  X(AUTH, HELLO, OK, SEQ, SEQ, SEQ, SEQ, "RFC 4954 section 4")

static const uint8_t cells[SMTPC_VERB_COUNT][SMTPC_PHASE_COUNT] = {
#define ROW(verb, start, ready, mail, rcpt, chunks, failed, clause) \
  [SMTPC_VERB_##verb] = {start, ready, mail, rcpt, chunks, failed},
    SMTPC_TABLE(ROW)
#undef ROW
};

static const char *const clauses[SMTPC_VERB_COUNT] = {[SMTPC_VERB_NONE] = "",
#define ROW(verb, start, ready, mail, rcpt, chunks, failed, clause) \
  [SMTPC_VERB_##verb] = clause,
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
#define ROW(id, name, seen) name,
      SMTPC_PHASE_LIST(ROW)
#undef ROW
  };
  return phase < SMTPC_PHASE_COUNT ? names[phase] : "";
}

unsigned smtpc_policy_cell(unsigned verb, unsigned phase) {
  if (verb == SMTPC_VERB_NONE || verb >= SMTPC_VERB_COUNT ||
      phase >= SMTPC_PHASE_COUNT) {
    return SMTPC_REPLY_VERB_UNKNOWN;
  }
  return cells[verb][phase];
}

const char *smtpc_policy_clause(unsigned verb) {
  return verb < SMTPC_VERB_COUNT ? clauses[verb] : "";
}

// ----------------------------------------------------------------- checks

static void set_name(uint8_t *name, uint8_t *len) {
  static const uint8_t local[9] = {'l', 'o', 'c', 'a', 'l', 'h', 'o', 's', 't'};
  smtpc_copy(name, local, sizeof local);
  *len = (uint8_t)sizeof local;
}

static smtpc_status check_name(const uint8_t *name, uint8_t len) {
  const smtpc_span span = smtpc_span_make(0u, len);
  uint8_t host = SMTPC_HOST_NONE;
  if (smtpc_domain_parse(name, span, 0u) == SMTPC_OK ||
      smtpc_literal_parse(name, span, &host) == SMTPC_OK) {
    return SMTPC_OK;
  }
  return SMTPC_E_DOMAIN;
}

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

#define ALL_EXTENSIONS (((uint32_t)1 << SMTPC_EXTENSION_COUNT) - 1u)

static uint16_t all_mechanisms(void) {
  uint16_t set = 0u;
  for (unsigned id = 1u; id < SMTPC_MECHANISM_COUNT; id++) {
    set |= (uint16_t)(1u << id);
  }
  return set;
}

void smtpc_server_policy_init(smtpc_server_policy *policy) {
  static const smtpc_server_policy zero = {0};
  *policy = zero;
  policy->size_max = 10u * 1024u * 1024u;
  policy->discard_max = 64u * 1024u * 1024u;
  policy->offered = ALL_EXTENSIONS;
  policy->mechanisms = all_mechanisms();
  policy->rcpt_max = 100u;
  policy->errors_max = 20u;
  policy->junk_max = 100u;
  policy->auth_max = 3u;
  set_name(policy->hostname, &policy->hostname_len);
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
          (policy->mechanisms & ~(unsigned)all_mechanisms()) == 0u &&
          (policy->offered & SMTPC_OFFERS(AUTH)) != 0u);
}

static bool server_ranges_hold(const smtpc_server_policy *policy) {
  if (policy->tls > SMTPC_SERVER_TLS_REQUIRED ||
      policy->auth > SMTPC_AUTH_REQUIRED || policy->implicit_tls > 1u) {
    return false;
  }
  if (policy->size_max == 0u || policy->rcpt_max == 0u ||
      (policy->quirks & ~(uint32_t)SMTPC_QUIRK_ALL) != 0u) {
    return false;
  }
  const bool wants_tls =
      policy->tls != SMTPC_SERVER_TLS_OFF || policy->implicit_tls != 0u;
  if (wants_tls && policy->certificate == 0u) {
    return false;
  }
  return offers_can_hold(policy);
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
  return check_name(policy->hostname, policy->hostname_len);
}

static bool clear_auth_allowed(uint32_t quirks) {
  return (quirks & (uint32_t)SMTPC_QUIRK_AUTH_IN_CLEAR) != 0u;
}

uint32_t smtpc_server_offers(const smtpc_server_policy *policy, int tls) {
  uint32_t set = policy->offered & ALL_EXTENSIONS;
  for (unsigned id = 0u; id < SMTPC_EXTENSION_COUNT; id++) {
    const uint8_t channel = smtpc_extension_get(id).channel;
    const bool hidden = (channel == SMTPC_OFFER_CLEAR && tls != 0) ||
                        (channel == SMTPC_OFFER_TLS && tls == 0);
    if (hidden) {
      set &= ~((uint32_t)1 << id);
    }
  }
  if (policy->tls == SMTPC_SERVER_TLS_OFF) {
    set &= ~SMTPC_OFFERS(STARTTLS);
  }
  const bool clear_too = clear_auth_allowed(policy->quirks) &&
                         policy->tls != SMTPC_SERVER_TLS_REQUIRED;
  if (policy->auth == SMTPC_AUTH_OFF || (tls == 0 && !clear_too)) {
    set &= ~SMTPC_OFFERS(AUTH);
  }
  return set;
}

static size_t mail_line_max(uint32_t offered) {
  size_t max = SMTPC_COMMAND_LINE_MAX;
  max += (offered & SMTPC_OFFERS(SIZE)) != 0u ? 26u : 0u;
  max += (offered & SMTPC_OFFERS(AUTH)) != 0u ? 500u : 0u;
  max += (offered & SMTPC_OFFERS(SMTPUTF8)) != 0u ? 10u : 0u;
  max += (offered & SMTPC_OFFERS(REQUIRETLS)) != 0u ? 11u : 0u;
  max += (offered & SMTPC_OFFERS(DSN)) != 0u
             ? SMTPC_COMMAND_LINE_DSN_MAX - SMTPC_COMMAND_LINE_MAX
             : 0u;
  return max;
}

size_t smtpc_command_line_max(unsigned verb, uint32_t offered) {
  size_t max = SMTPC_COMMAND_LINE_MAX;
  if (verb == SMTPC_VERB_MAIL || verb == SMTPC_VERB_RCPT) {
    max = mail_line_max(offered);
  } else if (verb == SMTPC_VERB_AUTH) {
    max = SMTPC_AUTH_LINE_MAX;
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
         verb == SMTPC_VERB_DATA || verb == SMTPC_VERB_BDAT;
}

// RFC 3207 section 4: all but NOOP, EHLO, STARTTLS and QUIT. HELO is not exempt.
static bool is_allowed_before_tls(unsigned verb) {
  return verb == SMTPC_VERB_NOOP || verb == SMTPC_VERB_EHLO ||
         verb == SMTPC_VERB_STARTTLS || verb == SMTPC_VERB_QUIT;
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
  if (policy->auth == SMTPC_AUTH_OFF ||
      (policy->offered & SMTPC_OFFERS(AUTH)) == 0u) {
    return refuse(SMTPC_REPLY_VERB_OFF, SMTPC_FINDING_COMMAND_UNKNOWN);
  }
  // Before anything of the credentials is looked at (THREATS: DWN-15).
  if (facts.tls == 0u && !clear_auth_allowed(policy->quirks)) {
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
  const bool offered = (policy->offered & SMTPC_OFFERS(CHUNKING)) != 0u;
  if (!offered || (facts.esmtp == 0u && facts.phase != SMTPC_PHASE_START)) {
    // What follows is payload that we would have to guess (THREATS: BDT-09).
    verdict = refuse(SMTPC_REPLY_VERB_OFF, SMTPC_FINDING_COMMAND_UNKNOWN);
    verdict.ends = 1u;
  }
  return verdict;
}

// What one verb needs beyond the table.
static smtpc_verdict decide_verb(const smtpc_server_policy *policy,
                                 smtpc_server_facts facts) {
  switch (facts.verb) {
    case SMTPC_VERB_STARTTLS:
      return decide_starttls(policy, facts);
    case SMTPC_VERB_AUTH:
      return decide_auth(policy, facts);
    case SMTPC_VERB_BDAT:
      return decide_bdat(policy, facts);
    default:
      return refuse(SMTPC_REPLY_NONE, SMTPC_FINDING_NONE);
  }
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
  const unsigned cell = smtpc_policy_cell(facts.verb, facts.phase);
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
  return verdict;
}

// ----------------------------------------------------------------- client

typedef struct auth_choice {
  uint8_t mechanism;
  uint8_t tls_only;
} auth_choice;

#define ORDER_MAX 5u

// Unused places are NONE.
static const auth_choice orders[SMTPC_AUTH_ORDER_COUNT][ORDER_MAX] = {
    {{SMTPC_MECHANISM_CRAM_MD5, 0u},
     {SMTPC_MECHANISM_PLAIN, 1u},
     {SMTPC_MECHANISM_LOGIN, 1u},
     {SMTPC_MECHANISM_NONE, 0u},
     {SMTPC_MECHANISM_NONE, 0u}},
    {{SMTPC_MECHANISM_CRAM_MD5, 0u},
     {SMTPC_MECHANISM_PLAIN, 1u},
     {SMTPC_MECHANISM_LOGIN, 1u},
     {SMTPC_MECHANISM_LOGIN, 0u},
     {SMTPC_MECHANISM_PLAIN, 0u}}};

const char *smtpc_auth_order_name(unsigned order) {
  static const char *const names[SMTPC_AUTH_ORDER_COUNT] = {"strong", "manual"};
  return order < SMTPC_AUTH_ORDER_COUNT ? names[order] : "";
}

void smtpc_client_policy_init(smtpc_client_policy *policy) {
  static const smtpc_client_policy zero = {0};
  *policy = zero;
  policy->group_max = 50u;
  policy->tls = SMTPC_CLIENT_TLS_VERIFIED;
  policy->auth_order = SMTPC_AUTH_ORDER_STRONG;
  policy->drop_dsn = 1u;
  set_name(policy->hello, &policy->hello_len);
}

smtpc_status smtpc_client_policy_check(const smtpc_client_policy *policy) {
  if (policy->tls > SMTPC_CLIENT_TLS_VERIFIED ||
      policy->auth > SMTPC_AUTH_REQUIRED || policy->implicit_tls > 1u ||
      policy->auth_order >= SMTPC_AUTH_ORDER_COUNT) {
    return SMTPC_E_ARGUMENT;
  }
  if (policy->group_max == 0u ||
      (policy->quirks & ~(uint32_t)SMTPC_QUIRK_ALL) != 0u) {
    return SMTPC_E_ARGUMENT;
  }
  if (policy->implicit_tls != 0u && policy->tls == SMTPC_CLIENT_TLS_OFF) {
    return SMTPC_E_ARGUMENT;
  }
  return check_name(policy->hello, policy->hello_len);
}

static smtpc_client_decision next_is(unsigned next, unsigned finding) {
  smtpc_client_decision decision = {(uint8_t)next, (uint8_t)finding};
  return decision;
}

smtpc_client_decision smtpc_client_after_hello(
    const smtpc_client_policy *policy, const smtpc_capabilities *caps, int tls,
    int refused) {
  if (tls != 0 || policy->tls == SMTPC_CLIENT_TLS_OFF) {
    return next_is(SMTPC_CLIENT_GO_ON, SMTPC_FINDING_NONE);
  }
  const bool offered = (caps->offered & SMTPC_OFFERS(STARTTLS)) != 0u;
  if (offered && refused == 0) {
    return next_is(SMTPC_CLIENT_STARTTLS, SMTPC_FINDING_NONE);
  }
  unsigned finding = SMTPC_FINDING_TLS_NOT_OFFERED;
  if (refused != 0) {
    finding = SMTPC_FINDING_STARTTLS_REFUSED;
  } else if ((caps->marks & SMTPC_CAPS_TAMPERED) != 0u) {
    finding = SMTPC_FINDING_TLS_STRIPPED;
  }
  const bool may = policy->tls == SMTPC_CLIENT_TLS_OPPORTUNISTIC;
  return next_is(may ? SMTPC_CLIENT_GO_ON : SMTPC_CLIENT_STOP, finding);
}

int smtpc_client_may_helo(const smtpc_client_policy *policy, int tls) {
  const bool tls_settled =
      tls != 0 || policy->tls <= SMTPC_CLIENT_TLS_OPPORTUNISTIC;
  // RFC 5321 section 4.1.1.1: HELO has a domain, no address literal.
  const bool named = policy->hello_len > 0u && policy->hello[0] != (uint8_t)'[';
  return tls_settled && named && policy->auth != SMTPC_AUTH_REQUIRED;
}

unsigned smtpc_client_tls_verdict(const smtpc_client_policy *policy,
                                  const smtpc_tls_facts *facts) {
  const bool checked = facts->chain_ok == 1u && facts->name_ok == 1u;
  if (policy->tls == SMTPC_CLIENT_TLS_VERIFIED && !checked) {
    return SMTPC_FINDING_TLS_UNVERIFIED;
  }
  return SMTPC_FINDING_NONE;
}

int smtpc_exposed(unsigned mechanism, int tls) {
  return tls == 0 && mechanism > SMTPC_MECHANISM_NONE &&
         mechanism < SMTPC_MECHANISM_COUNT;
}

static bool choice_allowed(const smtpc_client_policy *policy,
                           auth_choice choice, int tls) {
  if (choice.mechanism == SMTPC_MECHANISM_NONE) {
    return false;
  }
  if (tls != 0) {
    return true;
  }
  if (choice.tls_only != 0u) {
    return false;
  }
  const uint8_t exposure = smtpc_mechanism_get(choice.mechanism).exposure;
  return exposure == SMTPC_EXPOSURE_HASHED ||
         clear_auth_allowed(policy->quirks);
}

unsigned smtpc_client_mechanism(const smtpc_client_policy *policy,
                                uint16_t offered, int tls) {
  if (policy->auth_order >= SMTPC_AUTH_ORDER_COUNT) {
    return SMTPC_MECHANISM_NONE;
  }
  for (size_t i = 0u; i < ORDER_MAX; i++) {
    const auth_choice choice = orders[policy->auth_order][i];
    const uint16_t bit = (uint16_t)(1u << choice.mechanism);
    if (choice_allowed(policy, choice, tls) && (offered & bit) != 0u) {
      return choice.mechanism;
    }
  }
  return SMTPC_MECHANISM_NONE;
}
