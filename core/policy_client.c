#include "core/config_parts.h"
#include "core/policy_parts.h"
#include "smtpcore/path.h"
#include "smtpcore/span.h"

// --------------------------------------------------------- what both roles have

void smtpc_policy_set_name(uint8_t *name, uint8_t *len) {
  static const uint8_t local[9] = {'l', 'o', 'c', 'a', 'l', 'h', 'o', 's', 't'};
  smtpc_copy(name, local, sizeof local);
  *len = (uint8_t)sizeof local;
}

smtpc_status smtpc_policy_check_name(const uint8_t *name, uint8_t len) {
  const smtpc_span span = smtpc_span_make(0u, len);
  uint8_t host = SMTPC_HOST_NONE;
  if (smtpc_domain_parse(name, span, 0u) == SMTPC_OK ||
      smtpc_literal_parse(name, span, &host) == SMTPC_OK) {
    return SMTPC_OK;
  }
  return SMTPC_E_DOMAIN;
}

int smtpc_exposed(unsigned mechanism, int tls) {
  const smtpc_mechanism_row row = smtpc_mechanism_get(mechanism);
  return tls == 0 && row.name_len > 0u &&
         row.exposure != SMTPC_EXPOSURE_NOTHING;
}

#if SMTPC_CONFIG_CLIENT

// ------------------------------------------------------------------ the orders

#define ORDER_MAX 11u
#define ANY(id) \
  { SMTPC_MECHANISM_##id, 0u }
#define TLS(id) \
  { SMTPC_MECHANISM_##id, 1u }

// Unused places are NONE.
static const smtpc_auth_choice orders[SMTPC_AUTH_ORDER_COUNT][ORDER_MAX] = {
    {TLS(SCRAM_SHA_256_PLUS), ANY(SCRAM_SHA_256), TLS(SCRAM_SHA_1_PLUS),
     ANY(SCRAM_SHA_1), ANY(CRAM_MD5), TLS(EXTERNAL), TLS(OAUTHBEARER),
     TLS(XOAUTH2), TLS(PLAIN), TLS(LOGIN), ANY(NONE)},
    {ANY(CRAM_MD5), ANY(NTLM), ANY(GSSAPI), TLS(PLAIN), TLS(LOGIN), ANY(LOGIN),
     ANY(PLAIN), ANY(NONE), ANY(NONE), ANY(NONE), ANY(NONE)}};

smtpc_auth_choice smtpc_auth_choice_get(unsigned order, unsigned index) {
  static const smtpc_auth_choice none = ANY(NONE);
  return order < SMTPC_AUTH_ORDER_COUNT && index < ORDER_MAX
             ? orders[order][index]
             : none;
}

const char *smtpc_auth_order_name(unsigned order) {
  static const char *const names[SMTPC_AUTH_ORDER_COUNT] = {
      SMTPC_NAME("strong"), SMTPC_NAME("manual")};
  return SMTPC_WITH(NAMES) && order < SMTPC_AUTH_ORDER_COUNT ? names[order]
                                                             : "";
}

#define DSN_PARAMS \
  (SMTPC_HAS(RET) | SMTPC_HAS(ENVID) | SMTPC_HAS(NOTIFY) | SMTPC_HAS(ORCPT))

// What cannot be left out: the message would go where, or as, it must not.
#define NEEDED_PARAMS \
  (SMTPC_HAS(REQUIRETLS) | SMTPC_HAS(BODY) | SMTPC_HAS(SMTPUTF8))

// How many commands may go ahead, as the registry says.
#define GROUP_MAX (0 SMTPC_LIMIT_LIST(GROUP_OF))
#define GROUP_OF(id, name, value, scope, extension, clause) \
  +(SMTPC_LIMIT_##id == SMTPC_LIMIT_GROUP ? (value) : 0)

void smtpc_client_policy_init(smtpc_client_policy *policy) {
  static const smtpc_client_policy zero = {0};
  *policy = zero;
  policy->group_max = (uint16_t)GROUP_MAX;
  policy->tls = SMTPC_CLIENT_TLS_VERIFIED;
  policy->auth_order = SMTPC_AUTH_ORDER_STRONG;
  policy->mechanisms = SMTPC_MECHS_PASSWORD;
  policy->binding = 1u;
  policy->drop = SMTPC_HAS(SIZE) | SMTPC_HAS(AUTH) | DSN_PARAMS;
  smtpc_policy_set_name(policy->hello, &policy->hello_len);
}

static bool client_flags_hold(const smtpc_client_policy *policy) {
  return policy->tls <= SMTPC_CLIENT_TLS_VERIFIED &&
         policy->auth <=
             (SMTPC_WITH(AUTH) ? SMTPC_AUTH_REQUIRED : SMTPC_AUTH_OFF) &&
         policy->implicit_tls <= 1u &&
         policy->auth_order < SMTPC_AUTH_ORDER_COUNT && policy->binding <= 1u &&
         policy->bdat <= (SMTPC_WITH(BDAT) ? 1u : 0u) && policy->lmtp <= 1u;
}

smtpc_status smtpc_client_policy_check(const smtpc_client_policy *policy) {
  const uint32_t params = ((uint32_t)1 << SMTPC_PARAM_COUNT) - 1u;
  if (!client_flags_hold(policy) || policy->group_max == 0u ||
      (policy->quirks & ~SMTPC_QUIRKS_KNOWN) != 0u) {
    return SMTPC_E_ARGUMENT;
  }
  if ((policy->mechanisms & ~SMTPC_MECHS_SPOKEN) != 0u ||
      (policy->drop & NEEDED_PARAMS) != 0u || (policy->drop & ~params) != 0u) {
    return SMTPC_E_ARGUMENT;
  }
  if (policy->implicit_tls != 0u && policy->tls == SMTPC_CLIENT_TLS_OFF) {
    return SMTPC_E_ARGUMENT;
  }
  return smtpc_policy_check_name(policy->hello, policy->hello_len);
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
  // LMTP has no HELO (RFC 2033 section 4.1).
  return tls_settled && named && policy->lmtp == 0u &&
         policy->auth != SMTPC_AUTH_REQUIRED;
}

unsigned smtpc_client_tls_verdict(const smtpc_client_policy *policy,
                                  const smtpc_tls_facts *facts) {
  const bool checked = facts->chain_ok == 1u && facts->name_ok == 1u;
  if (policy->tls == SMTPC_CLIENT_TLS_VERIFIED && !checked) {
    return SMTPC_FINDING_TLS_UNVERIFIED;
  }
  return SMTPC_FINDING_NONE;
}

// We speak it, the credentials serve it, and the channel is right for it.
static bool is_permitted(const smtpc_client_policy *policy, unsigned mechanism,
                         int tls) {
  const smtpc_mechanism_row row = smtpc_mechanism_get(mechanism);
  const bool serves = ((policy->mechanisms >> (mechanism & 63u)) & 1u) != 0u;
  if (mechanism == SMTPC_MECHANISM_NONE || row.name_len == 0u || !serves ||
      row.speech == SMTPC_SPEECH_KNOWN) {
    return false;
  }
  if (row.speech == SMTPC_SPEECH_BOUND) {
    return tls != 0 && policy->binding != 0u;
  }
  const bool shows = row.exposure == SMTPC_EXPOSURE_CLEAR && tls == 0;
  return !shows || SMTPC_QUIRK_IS(policy->quirks, AUTH_IN_CLEAR);
}

unsigned smtpc_client_mechanism(const smtpc_client_policy *policy,
                                uint64_t offered, int tls) {
  for (unsigned i = 0u; i < ORDER_MAX; i++) {
    const smtpc_auth_choice choice =
        smtpc_auth_choice_get(policy->auth_order, i);
    const bool there = ((offered >> (choice.mechanism & 63u)) & 1u) != 0u;
    if (there && (choice.tls_only == 0u || tls != 0) &&
        is_permitted(policy, choice.mechanism, tls)) {
      return choice.mechanism;
    }
  }
  return SMTPC_MECHANISM_NONE;
}

int smtpc_client_could_bind(const smtpc_client_policy *policy,
                            unsigned mechanism, uint64_t offered, int tls) {
  unsigned bound = SMTPC_MECHANISM_NONE;
  if (mechanism == SMTPC_MECHANISM_SCRAM_SHA_256) {
    bound = SMTPC_MECHANISM_SCRAM_SHA_256_PLUS;
  } else if (mechanism == SMTPC_MECHANISM_SCRAM_SHA_1) {
    bound = SMTPC_MECHANISM_SCRAM_SHA_1_PLUS;
  }
  // RFC 5802 section 6: only of the same hash. Who cuts one bound name out of the
  // offer may have left the other one in.
  const uint64_t bit = (uint64_t)1 << bound;
  return bound != SMTPC_MECHANISM_NONE && (offered & bit) == 0u &&
         smtpc_client_mechanism(policy, offered | bit, tls) == bound;
}

unsigned smtpc_client_binding(const smtpc_tls_facts *facts) {
  return facts->version >= SMTPC_TLS_1_3 ? SMTPC_BINDING_EXPORTER
                                         : SMTPC_BINDING_END_POINT;
}

unsigned smtpc_client_tls_for(unsigned tls, int require_tls, int says_no,
                              int honours, unsigned *out_finding) {
  *out_finding = SMTPC_FINDING_NONE;
  if (require_tls != 0) {
    return SMTPC_CLIENT_TLS_VERIFIED;
  }
  if (says_no != 0 && honours != 0 && tls > SMTPC_CLIENT_TLS_OPPORTUNISTIC) {
    *out_finding = SMTPC_FINDING_TLS_NOT_REQUIRED;
    return SMTPC_CLIENT_TLS_OPPORTUNISTIC;
  }
  return tls;
}

int smtpc_client_requires(int tls, const smtpc_tls_facts *facts) {
  return tls != 0 && facts->chain_ok == 1u && facts->name_ok == 1u ? 1 : 0;
}

#endif  // SMTPC_CONFIG_CLIENT
