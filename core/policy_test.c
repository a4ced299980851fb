// Policy of a server: the table written out once more, each decision over the whole
// product of what it hangs on, and law POLICY: a stricter policy never accepts more.
// The client's part is in `policy_client_test`.
#include "smtpcore/policy.h"

#include <stdlib.h>
#include <string.h>

#include "core/testing.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define BIT(id) ((uint32_t)1 << (SMTPC_EXTENSION_##id))
#define CLEAR_AUTH ((uint32_t)SMTPC_QUIRK_AUTH_IN_CLEAR)
#define ALL UINT32_MAX

// The extensions that a verdict can hang on, as subsets: bit k of a number stands for
// the k-th of them; the last one stands for all the others.
#define SUBSETS 64u

static uint32_t subset_at(unsigned n) {
  static const uint32_t bits[6] = {
      BIT(STARTTLS),
      BIT(AUTH),
      BIT(CHUNKING),
      BIT(XCLIENT),
      BIT(XFORWARD),
      ALL & ~(BIT(STARTTLS) | BIT(AUTH) | BIT(CHUNKING) | BIT(XCLIENT) |
              BIT(XFORWARD))};
  uint32_t set = 0u;
  for (unsigned k = 0u; k < 6u; k++) {
    set |= ((n >> k) & 1u) != 0u ? bits[k] : 0u;
  }
  return set;
}

// -------------------------------------------------------------- the table

typedef struct golden {
  unsigned verb;
  const char *cells;  // start, ready, mail, rcpt, chunks, failed
} golden;

// '.' may go on; H send EHLO first; S bad sequence; R no recipients; C no
// transaction for this chunk; O not implemented.
static const golden goldens[] = {
    {SMTPC_VERB_EHLO, "......"},          {SMTPC_VERB_HELO, "......"},
    {SMTPC_VERB_LHLO, "......"},          {SMTPC_VERB_MAIL, "H.SSSS"},
    {SMTPC_VERB_RCPT, "HS..SS"},          {SMTPC_VERB_DATA, "HSR.SS"},
    {SMTPC_VERB_BDAT, "CCC..C"},          {SMTPC_VERB_RSET, "......"},
    {SMTPC_VERB_VRFY, "......"},          {SMTPC_VERB_EXPN, "OOOOOO"},
    {SMTPC_VERB_HELP, "......"},          {SMTPC_VERB_NOOP, "......"},
    {SMTPC_VERB_QUIT, "......"},          {SMTPC_VERB_STARTTLS, "H.SSSS"},
    {SMTPC_VERB_AUTH, "H.SSSS"},          {SMTPC_VERB_ETRN, "OOOOOO"},
    {SMTPC_VERB_ATRN, "OOOOOO"},          {SMTPC_VERB_BURL, "OOOOOO"},
    {SMTPC_VERB_XCLIENT, "..SSSS"},       {SMTPC_VERB_XFORWARD, "H.SSSS"},
    {SMTPC_VERB_SEND, "OOOOOO"},          {SMTPC_VERB_SOML, "OOOOOO"},
    {SMTPC_VERB_SAML, "OOOOOO"},          {SMTPC_VERB_TURN, "OOOOOO"},
    {SMTPC_VERB_XANONYMOUSTLS, "OOOOOO"},
};

static unsigned cell_of(char sign) {
  static const char signs[] = ".HSRCO";
  static const unsigned replies[] = {
      SMTPC_REPLY_NONE,      SMTPC_REPLY_HELLO_FIRST,    SMTPC_REPLY_SEQUENCE,
      SMTPC_REPLY_RCPT_NONE, SMTPC_REPLY_CHUNK_SEQUENCE, SMTPC_REPLY_VERB_OFF};
  return replies[strchr(signs, sign) - signs];
}

// What the golden table says; VERB_UNKNOWN outside of it.
static unsigned want_cell(unsigned verb, unsigned phase) {
  for (size_t i = 0u; i < COUNT(goldens) && phase < SMTPC_PHASE_COUNT; i++) {
    if (goldens[i].verb == verb) {
      return cell_of(goldens[i].cells[phase]);
    }
  }
  return SMTPC_REPLY_VERB_UNKNOWN;
}

static void test_policy_table_is_the_golden_one(void **state) {
  (void)state;
  test_number(SMTPC_PHASE_COUNT, 6);
  test_number(COUNT(goldens), SMTPC_VERB_COUNT - 1);
  for (unsigned verb = 0u; verb < SMTPC_VERB_COUNT + 3u; verb++) {
    for (unsigned phase = 0u; phase < SMTPC_PHASE_COUNT + 3u; phase++) {
      test_label("%s in %s", smtpc_verb_get(verb).name,
                 smtpc_phase_name(phase));
      test_number(smtpc_policy_cell(verb, phase), want_cell(verb, phase));
    }
  }
  test_label("far out of range");
  test_number(smtpc_policy_cell(256u + SMTPC_VERB_NOOP, 0u),
              SMTPC_REPLY_VERB_UNKNOWN);
  test_number(smtpc_policy_cell(SMTPC_VERB_NOOP, 256u),
              SMTPC_REPLY_VERB_UNKNOWN);
  test_number(smtpc_policy_cell(UINT32_MAX, UINT32_MAX),
              SMTPC_REPLY_VERB_UNKNOWN);
}

static void test_policy_each_row_has_a_clause(void **state) {
  (void)state;
  for (unsigned verb = 1u; verb < SMTPC_VERB_COUNT; verb++) {
    test_label("%s", smtpc_verb_get(verb).name);
    const char *clause = smtpc_policy_clause(verb);
    const bool postfix =
        verb == SMTPC_VERB_XCLIENT || verb == SMTPC_VERB_XFORWARD;
    const char *want = verb == SMTPC_VERB_XANONYMOUSTLS ? "MS-" : "RFC ";
    want = postfix ? "Postfix " : want;
    test_number(strncmp(clause, want, strlen(want)), 0);
  }
  assert_string_equal(smtpc_policy_clause(SMTPC_VERB_NONE), "");
  assert_string_equal(smtpc_policy_clause(SMTPC_VERB_COUNT), "");
  assert_string_equal(smtpc_policy_clause(UINT32_MAX), "");
}

static void test_policy_names(void **state) {
  (void)state;
  static const char *const phases[] = {"start", "ready",  "mail",
                                       "rcpt",  "chunks", "failed"};
  for (unsigned phase = 0u; phase < COUNT(phases); phase++) {
    assert_string_equal(smtpc_phase_name(phase), phases[phase]);
  }
  assert_string_equal(smtpc_phase_name(6u), "");
  assert_string_equal(smtpc_phase_name(UINT32_MAX), "");
  assert_string_equal(smtpc_auth_order_name(SMTPC_AUTH_ORDER_STRONG), "strong");
  assert_string_equal(smtpc_auth_order_name(SMTPC_AUTH_ORDER_MANUAL), "manual");
  assert_string_equal(smtpc_auth_order_name(2u), "");
  assert_string_equal(smtpc_auth_order_name(UINT32_MAX), "");
}

// ----------------------------------------------- the verdicts of a server

static bool is_mail(unsigned verb) {
  return verb == SMTPC_VERB_MAIL || verb == SMTPC_VERB_RCPT ||
         verb == SMTPC_VERB_DATA || verb == SMTPC_VERB_BDAT ||
         verb == SMTPC_VERB_SEND || verb == SMTPC_VERB_SOML ||
         verb == SMTPC_VERB_SAML || verb == SMTPC_VERB_BURL;
}

// One reason to refuse, each from its own clause: which reply says so.
typedef struct reason {
  bool holds;
  unsigned reply;
} reason;

#define REASON_COUNT 15u

// All reasons there are. A command is allowed if and only if none holds.
static void reasons_of(const smtpc_server_policy *p, smtpc_server_facts f,
                       reason *out) {
  const bool bare = f.tls == 0u;
  const bool starttls = f.verb == SMTPC_VERB_STARTTLS;
  const bool auth = f.verb == SMTPC_VERB_AUTH;
  const bool bdat = f.verb == SMTPC_VERB_BDAT;
  // RFC 3207 section 4: NOOP, EHLO (and LMTP's), STARTTLS and QUIT.
  const bool exempt = starttls || f.verb == SMTPC_VERB_NOOP ||
                      f.verb == SMTPC_VERB_EHLO || f.verb == SMTPC_VERB_LHLO ||
                      f.verb == SMTPC_VERB_QUIT;
  const bool greets = f.verb == SMTPC_VERB_EHLO || f.verb == SMTPC_VERB_HELO;
  unsigned cell = want_cell(f.verb, f.phase);
  if (cell == SMTPC_REPLY_HELLO_FIRST && p->lmtp != 0u) {
    cell = SMTPC_REPLY_LHLO_FIRST;
  }
  const reason all[REASON_COUNT] = {
      {cell != SMTPC_REPLY_NONE, cell},
      // RFC 2033 section 4.1
      {p->lmtp != 0u && greets, SMTPC_REPLY_LHLO_WANTED},
      {p->lmtp == 0u && f.verb == SMTPC_VERB_LHLO, SMTPC_REPLY_VERB_OFF},
      // RFC 3030 section 3
      {f.verb == SMTPC_VERB_DATA && f.binary != 0u, SMTPC_REPLY_BINARY_CHUNKS},
      {(f.verb == SMTPC_VERB_XCLIENT && (p->offered & BIT(XCLIENT)) == 0u) ||
           (f.verb == SMTPC_VERB_XFORWARD &&
            (p->offered & BIT(XFORWARD)) == 0u),
       SMTPC_REPLY_VERB_OFF},
      {p->tls == SMTPC_SERVER_TLS_REQUIRED && bare && !exempt,
       SMTPC_REPLY_TLS_FIRST},
      // RFC 3207 section 4.2: not twice. Section 2: as EHLO announced.
      {starttls && !bare, SMTPC_REPLY_SEQUENCE},
      {starttls && (p->tls == SMTPC_SERVER_TLS_OFF ||
                    (p->offered & BIT(STARTTLS)) == 0u),
       SMTPC_REPLY_VERB_OFF},
      // RFC 4954 section 4: not twice, and only where credentials may cross.
      {auth && (p->auth == SMTPC_AUTH_OFF || (p->offered & BIT(AUTH)) == 0u),
       SMTPC_REPLY_VERB_OFF},
      {auth && bare && (p->quirks & CLEAR_AUTH) == 0u, SMTPC_REPLY_AUTH_CLEAR},
      {(auth || starttls) && f.esmtp == 0u, SMTPC_REPLY_SEQUENCE},
      {(auth || starttls) && f.authenticated != 0u, SMTPC_REPLY_SEQUENCE},
      {bdat && (p->offered & BIT(CHUNKING)) == 0u, SMTPC_REPLY_VERB_OFF},
      {bdat && f.esmtp == 0u && f.phase != SMTPC_PHASE_START,
       SMTPC_REPLY_VERB_OFF},
      {p->auth == SMTPC_AUTH_REQUIRED && f.authenticated == 0u &&
           is_mail(f.verb),
       SMTPC_REPLY_AUTH_FIRST},
  };
  memcpy(out, all, sizeof all);
}

static unsigned want_finding(unsigned reply) {
  switch (reply) {
    case SMTPC_REPLY_NONE:
      return SMTPC_FINDING_NONE;
    case SMTPC_REPLY_VERB_OFF:
    case SMTPC_REPLY_LHLO_WANTED:
    case SMTPC_REPLY_VERB_UNKNOWN:
      return SMTPC_FINDING_COMMAND_UNKNOWN;
    case SMTPC_REPLY_TLS_FIRST:
      return SMTPC_FINDING_PLAINTEXT_REFUSED;
    case SMTPC_REPLY_AUTH_CLEAR:
      return SMTPC_FINDING_AUTH_REFUSED_CLEAR;
    case SMTPC_REPLY_AUTH_FIRST:
      return SMTPC_FINDING_AUTH_REQUIRED;
    default:
      return SMTPC_FINDING_COMMAND_SEQUENCE;
  }
}

static void label_of(const smtpc_server_policy *p, smtpc_server_facts f) {
  test_label(
      "%s in %s, tls %u, authenticated %u, esmtp %u under tls %u, "
      "auth %u, quirks 0x%x, offered 0x%x",
      smtpc_verb_get(f.verb).name, smtpc_phase_name(f.phase), f.tls,
      f.authenticated, f.esmtp, p->tls, p->auth, (unsigned)p->quirks,
      (unsigned)p->offered);
}

// Whether the verdict is one that the reasons allow, and all its fields agree.
static bool verdict_fits(const smtpc_server_policy *p, smtpc_server_facts f,
                         smtpc_verdict have) {
  reason reasons[REASON_COUNT];
  reasons_of(p, f, reasons);
  bool refused = false;
  bool named = false;
  for (size_t i = 0u; i < REASON_COUNT; i++) {
    refused = refused || reasons[i].holds;
    named = named || (reasons[i].holds && reasons[i].reply == have.reply);
  }
  const bool clear = have.reply == SMTPC_REPLY_TLS_FIRST;
  const bool reject = clear && is_mail(f.verb);
  const bool lost =
      have.reply == SMTPC_REPLY_VERB_OFF && f.verb == SMTPC_VERB_BDAT;
  const unsigned device =
      clear ? SMTPC_DEVICE_RECEIVE_REJECT : SMTPC_DEVICE_NONE;
  // A phase that does not exist is refused; with which finding is open.
  const bool finding = f.phase >= SMTPC_PHASE_COUNT
                           ? have.finding != SMTPC_FINDING_NONE
                           : have.finding == want_finding(have.reply);
  return have.reply < SMTPC_REPLY_COUNT &&
         (have.reply != SMTPC_REPLY_NONE) == refused && named == refused &&
         finding && have.device == device && have.ends == (reject || lost);
}

#define FACT_VERBS (SMTPC_VERB_COUNT + 2u)    // NONE, and one past the list
#define FACT_PHASES (SMTPC_PHASE_COUNT + 1u)  // and one past the list
#define FACT_COUNT (FACT_VERBS * FACT_PHASES * 16u)

static smtpc_server_facts facts_at(unsigned n) {
  smtpc_server_facts facts = {0};
  facts.tls = n & 1u;
  facts.authenticated = (n >> 1) & 1u;
  facts.esmtp = (n >> 2) & 1u;
  facts.binary = (n >> 3) & 1u;
  facts.phase = (uint8_t)(n / 16u % FACT_PHASES);
  const unsigned verb = n / 16u / FACT_PHASES;
  facts.verb = (uint8_t)(verb <= SMTPC_VERB_COUNT ? verb : 255u);
  return facts;
}

static void check_all_facts(const smtpc_server_policy *policy) {
  for (unsigned n = 0u; n < FACT_COUNT; n++) {
    const smtpc_server_facts facts = facts_at(n);
    const smtpc_verdict have = smtpc_server_decide(policy, facts);
    if (!verdict_fits(policy, facts, have)) {
      label_of(policy, facts);
      test_number(have.reply, -1);
    }
  }
}

static smtpc_server_policy base_policy(void) {
  smtpc_server_policy policy;
  smtpc_server_policy_init(&policy);
  policy.certificate = 1u;
  return policy;
}

// The nine settings of TLS and AUTH, each with some quirks and offers.
static void check_settings(uint32_t quirks, uint32_t offered) {
  smtpc_server_policy policy = base_policy();
  policy.quirks = quirks;
  policy.offered = offered;
  for (unsigned setting = 0u; setting < 18u; setting++) {
    policy.tls = (uint8_t)(setting % 3u);
    policy.auth = (uint8_t)(setting / 3u % 3u);
    policy.lmtp = (uint8_t)(setting / 9u);
    check_all_facts(&policy);
  }
}

// Verb x phase x tls x authenticated x esmtp x TLS setting x AUTH setting x each
// subset of the extensions x the quirk that means something here.
static void test_policy_decides_the_whole_product(void **state) {
  (void)state;
  for (unsigned n = 0u; n < SUBSETS; n++) {
    check_settings(0u, subset_at(n));
    check_settings(CLEAR_AUTH, subset_at(n));
  }
}

// And each subset of the quirks.
static void test_policy_other_quirks_decide_nothing(void **state) {
  (void)state;
  for (uint32_t quirks = 0u; quirks <= SMTPC_QUIRK_ALL; quirks++) {
    for (unsigned n = 0u; n < 3u; n++) {
      check_settings(quirks, subset_at(n * (SUBSETS - 1u) / 2u));
    }
  }
}

// Of several reasons the one that gives least away, and costs least, is said.
static void test_policy_order_of_reasons(void **state) {
  (void)state;
  static const struct {
    const char *label;
    smtpc_server_facts facts;  // verb, phase, tls, authenticated, esmtp
    uint8_t tls;
    uint8_t auth;
    uint32_t offered;
    unsigned want;
  } rows[] = {
      {"required: an unknown verb learns nothing",
       {SMTPC_VERB_NONE, SMTPC_PHASE_READY, 0, 0, 1, 0},
       2,
       0,
       ALL,
       SMTPC_REPLY_TLS_FIRST},
      {"required: before the phase",
       {SMTPC_VERB_MAIL, 0, 0, 0, 0, 0},
       2,
       2,
       ALL,
       SMTPC_REPLY_TLS_FIRST},
      {"required: HELO is not exempt",
       {SMTPC_VERB_HELO, 0, 0, 0, 0, 0},
       2,
       0,
       ALL,
       SMTPC_REPLY_TLS_FIRST},
      {"required: AUTH",
       {SMTPC_VERB_AUTH, SMTPC_PHASE_READY, 0, 0, 1, 0},
       2,
       1,
       ALL,
       SMTPC_REPLY_TLS_FIRST},
      {"required: EXPN",
       {SMTPC_VERB_EXPN, SMTPC_PHASE_READY, 0, 0, 1, 0},
       2,
       0,
       ALL,
       SMTPC_REPLY_TLS_FIRST},
      {"the phase before AUTH required",
       {SMTPC_VERB_MAIL, 0, 1, 0, 0, 0},
       1,
       2,
       ALL,
       SMTPC_REPLY_HELLO_FIRST},
      {"AUTH in clear before the phase",
       {SMTPC_VERB_AUTH, 0, 0, 0, 0, 0},
       1,
       1,
       ALL,
       SMTPC_REPLY_AUTH_CLEAR},
      {"AUTH that is off",
       {SMTPC_VERB_AUTH, 0, 0, 0, 0, 0},
       1,
       0,
       ALL,
       SMTPC_REPLY_VERB_OFF},
      {"STARTTLS twice",
       {SMTPC_VERB_STARTTLS, SMTPC_PHASE_READY, 1, 0, 1, 0},
       1,
       0,
       ALL,
       SMTPC_REPLY_SEQUENCE},
      {"STARTTLS under implicit TLS",
       {SMTPC_VERB_STARTTLS, 0, 1, 0, 0, 0},
       0,
       0,
       ALL,
       SMTPC_REPLY_SEQUENCE},
      {"STARTTLS that is off",
       {SMTPC_VERB_STARTTLS, 0, 0, 0, 0, 0},
       0,
       0,
       ALL,
       SMTPC_REPLY_VERB_OFF},
      {"STARTTLS before EHLO",
       {SMTPC_VERB_STARTTLS, 0, 0, 0, 1, 0},
       1,
       0,
       ALL,
       SMTPC_REPLY_HELLO_FIRST},
      {"BDAT without CHUNKING",
       {SMTPC_VERB_BDAT, 0, 0, 0, 0, 0},
       0,
       0,
       0,
       SMTPC_REPLY_VERB_OFF},
      {"BDAT first of all",
       {SMTPC_VERB_BDAT, 0, 0, 0, 0, 0},
       0,
       0,
       ALL,
       SMTPC_REPLY_CHUNK_SEQUENCE},
  };
  for (size_t i = 0u; i < COUNT(rows); i++) {
    smtpc_server_policy policy = base_policy();
    policy.tls = rows[i].tls;
    policy.auth = rows[i].auth;
    policy.offered = rows[i].offered;
    test_label("%s", rows[i].label);
    test_number(smtpc_server_decide(&policy, rows[i].facts).reply,
                rows[i].want);
  }
}

// ------------------------------------------------------------- law POLICY

// What may go on in clear under `required` is this, and nothing else.
static void test_policy_law_policy_required(void **state) {
  (void)state;
  static const unsigned exempt[] = {SMTPC_VERB_EHLO, SMTPC_VERB_NOOP,
                                    SMTPC_VERB_QUIT, SMTPC_VERB_STARTTLS,
                                    SMTPC_VERB_LHLO};
  smtpc_server_policy policy = base_policy();
  policy.tls = SMTPC_SERVER_TLS_REQUIRED;
  for (unsigned turn = 0u; turn < 3u * (SMTPC_QUIRK_ALL + 1u); turn++) {
    policy.auth = (uint8_t)(turn % 3u);
    policy.quirks = turn / 3u;
    for (unsigned n = 0u; n < FACT_COUNT; n++) {
      const smtpc_server_facts facts = facts_at(n);
      bool may = facts.tls != 0u;
      for (size_t i = 0u; i < COUNT(exempt); i++) {
        may = may || facts.verb == exempt[i];
      }
      if (!may &&
          smtpc_server_decide(&policy, facts).reply == SMTPC_REPLY_NONE) {
        label_of(&policy, facts);
        test_number(may, true);
      }
    }
  }
}

// Strictness, field by field. A policy is at least as strict as another one when
//   tls      off, on, required: it is not before the other
//   auth     off, on, required: it is not before the other
//   quirks   it has no quirk that the other has not
//   offered  it has no extension that the other has not
// Two of these steps add a command as well, and that one alone is left out: `on`
// brings STARTTLS and AUTH `on` brings AUTH. Neither carries mail; both lead to
// more protection. Going from off to on takes nothing away and gives no other.
static bool is_stricter(const smtpc_server_policy *strict,
                        const smtpc_server_policy *lax) {
  return strict->tls >= lax->tls && strict->auth >= lax->auth &&
         (strict->quirks & ~lax->quirks) == 0u &&
         (strict->offered & ~lax->offered) == 0u;
}

static bool is_added(const smtpc_server_policy *strict,
                     const smtpc_server_policy *lax, unsigned verb) {
  return (verb == SMTPC_VERB_STARTTLS && strict->tls != SMTPC_SERVER_TLS_OFF &&
          lax->tls == SMTPC_SERVER_TLS_OFF) ||
         (verb == SMTPC_VERB_AUTH && strict->auth != SMTPC_AUTH_OFF &&
          lax->auth == SMTPC_AUTH_OFF);
}

#define POLICY_COUNT (3u * 3u * 2u * 16u)

static smtpc_server_policy policy_at(unsigned n) {
  smtpc_server_policy policy = base_policy();
  policy.tls = (uint8_t)(n % 3u);
  policy.auth = (uint8_t)(n / 3u % 3u);
  policy.quirks = n / 9u % 2u != 0u ? CLEAR_AUTH : 0u;
  const unsigned subset = n / 18u;
  policy.offered = (subset & 1u) != 0u ? BIT(STARTTLS) : 0u;
  policy.offered |= (subset & 2u) != 0u ? BIT(AUTH) : 0u;
  policy.offered |= (subset & 4u) != 0u ? BIT(CHUNKING) : 0u;
  policy.offered |= (subset & 8u) != 0u ? BIT(SIZE) : 0u;
  return policy;
}

static bool allowed[POLICY_COUNT][FACT_COUNT];

static void fill_allowed(void) {
  for (unsigned p = 0u; p < POLICY_COUNT; p++) {
    const smtpc_server_policy policy = policy_at(p);
    for (unsigned n = 0u; n < FACT_COUNT; n++) {
      allowed[p][n] =
          smtpc_server_decide(&policy, facts_at(n)).reply == SMTPC_REPLY_NONE;
    }
  }
}

// Compares one pair, and returns how many facts the laxer one alone allows.
static size_t check_pair(unsigned strict_at, unsigned lax_at) {
  const smtpc_server_policy strict = policy_at(strict_at);
  const smtpc_server_policy lax = policy_at(lax_at);
  size_t more = 0u;
  if (!is_stricter(&strict, &lax)) {
    return 0u;
  }
  for (unsigned n = 0u; n < FACT_COUNT; n++) {
    const smtpc_server_facts facts = facts_at(n);
    if (allowed[strict_at][n] && !allowed[lax_at][n] &&
        !is_added(&strict, &lax, facts.verb)) {
      label_of(&lax, facts);
      test_number(allowed[lax_at][n], true);
    }
    more += allowed[lax_at][n] && !allowed[strict_at][n] ? 1u : 0u;
  }
  return more;
}

static void test_policy_law_policy_monotonic(void **state) {
  (void)state;
  size_t more = 0u;
  fill_allowed();
  for (unsigned strict = 0u; strict < POLICY_COUNT; strict++) {
    for (unsigned lax = 0u; lax < POLICY_COUNT; lax++) {
      more += check_pair(strict, lax);
    }
  }
  // The comparison is not empty: strictness does refuse.
  assert_true(more > 100000u);
}

// Each field alone refuses something: on->required, auth, the quirk, and each of
// the three extensions that stand for a command.
static void test_policy_each_field_counts(void **state) {
  (void)state;
  // Policy 1 + 3 * 1 + 9 + 18 * 15: TLS on, AUTH on, the quirk, all extensions.
  const unsigned lax = 1u + 3u + 9u + 18u * 15u;
  fill_allowed();
  test_label("each field");
  assert_true(check_pair(lax + 1u, lax) > 0u);
  assert_true(check_pair(lax + 3u, lax) > 0u);
  assert_true(check_pair(lax - 9u, lax) > 0u);
  assert_true(check_pair(lax - 18u, lax) > 0u);
  assert_true(check_pair(lax - 36u, lax) > 0u);
  assert_true(check_pair(lax - 72u, lax) > 0u);
  test_number(check_pair(lax - 144u, lax), 0);
}

// ----------------------------------------------------------- server policy

static void test_policy_server_defaults_are_strict(void **state) {
  (void)state;
  smtpc_server_policy policy;
  memset(&policy, 0xa5, sizeof policy);
  smtpc_server_policy_init(&policy);
  test_label("defaults");
  test_number(policy.tls, SMTPC_SERVER_TLS_OFF);
  test_number(policy.auth, SMTPC_AUTH_OFF);
  test_number(policy.implicit_tls, 0);
  test_number(policy.certificate, 0);
  test_number(policy.quirks, 0);
  uint32_t offered = 0u;
  for (unsigned id = 0u; id < SMTPC_EXTENSION_COUNT; id++) {
    const bool on = smtpc_extension_get(id).service == SMTPC_SERVICE_DEFAULT;
    offered |= on ? (uint32_t)1 << id : 0u;
  }
  test_number(policy.offered, offered);
  assert_true((policy.offered & (BIT(XCLIENT) | BIT(XFORWARD) | BIT(ETRN) |
                                 BIT(ATRN) | BIT(BURL))) == 0u);
  test_number(policy.lmtp, 0);
  test_number(policy.proxy, 0);
  test_number(policy.prompts, 0);
  test_number(policy.mail_max, 10000);
  test_number(policy.size_max, 10485760);
  test_number(policy.discard_max > policy.size_max, true);
  test_number(policy.rcpt_max, 100);
  test_number(policy.errors_max, 20);
  test_number(policy.junk_max, 100);
  test_number(policy.auth_max, 3);
  test_number(policy.mechanisms,
              SMTPC_MECH(SCRAM_SHA_256_PLUS) | SMTPC_MECH(SCRAM_SHA_256) |
                  SMTPC_MECH(SCRAM_SHA_1_PLUS) | SMTPC_MECH(SCRAM_SHA_1) |
                  SMTPC_MECH(CRAM_MD5) | SMTPC_MECH(PLAIN) | SMTPC_MECH(LOGIN));
  test_octets(policy.hostname, policy.hostname_len, "localhost", 9u);
  test_number(policy.greeting.len + policy.hello.len + policy.hello_tls.len +
                  policy.starttls.len,
              0);
  test_number(smtpc_server_policy_check(&policy), SMTPC_OK);
}

// A policy that uses all it may; each row changes one thing of it.
static smtpc_server_policy full_policy(void) {
  smtpc_server_policy policy = base_policy();
  policy.tls = SMTPC_SERVER_TLS_REQUIRED;
  policy.auth = SMTPC_AUTH_REQUIRED;
  policy.quirks = SMTPC_QUIRK_ALL;
  return policy;
}

#define SERVER_IS(change, want)                            \
  do {                                                     \
    smtpc_server_policy policy = full_policy();            \
    change;                                                \
    test_label("%s", #change);                             \
    test_number(smtpc_server_policy_check(&policy), want); \
  } while (0)

static void test_policy_server_check_ranges(void **state) {
  (void)state;
  SERVER_IS(policy.tls = 2u, SMTPC_OK);
  SERVER_IS(policy.tls = 3u, SMTPC_E_ARGUMENT);
  SERVER_IS(policy.tls = 255u, SMTPC_E_ARGUMENT);
  SERVER_IS(policy.auth = 3u, SMTPC_E_ARGUMENT);
  SERVER_IS(policy.auth = 255u, SMTPC_E_ARGUMENT);
  SERVER_IS(policy.implicit_tls = 1u, SMTPC_OK);
  SERVER_IS(policy.implicit_tls = 2u, SMTPC_E_ARGUMENT);
  SERVER_IS(policy.size_max = 0u, SMTPC_E_ARGUMENT);
  SERVER_IS(policy.size_max = 1u, SMTPC_OK);
  SERVER_IS(policy.size_max = UINT64_MAX, SMTPC_OK);
  SERVER_IS(policy.rcpt_max = 0u, SMTPC_E_ARGUMENT);
  SERVER_IS(policy.rcpt_max = 1u, SMTPC_OK);
  SERVER_IS(policy.quirks = SMTPC_QUIRK_ALL + 1u, SMTPC_E_ARGUMENT);
  SERVER_IS(policy.lmtp = 1u, SMTPC_OK);
  SERVER_IS(policy.lmtp = 2u, SMTPC_E_ARGUMENT);
  SERVER_IS(policy.proxy = 1u, SMTPC_OK);
  SERVER_IS(policy.proxy = 2u, SMTPC_E_ARGUMENT);
  SERVER_IS(policy.prompts = 1u, SMTPC_OK);
  SERVER_IS(policy.prompts = 2u, SMTPC_E_ARGUMENT);
  SERVER_IS(policy.mail_max = 0u, SMTPC_OK);
  SERVER_IS(policy.by_min = 999999999u, SMTPC_OK);
  SERVER_IS(policy.by_min = 1000000000u, SMTPC_E_ARGUMENT);
  SERVER_IS(policy.hold_for_max = 1000000000u, SMTPC_E_ARGUMENT);
  SERVER_IS(policy.quirks = 0x80000000u, SMTPC_E_ARGUMENT);
  SERVER_IS(policy.quirks = UINT32_MAX, SMTPC_E_ARGUMENT);
}

// A setting that cannot be kept is refused, never weakened.
static void test_policy_server_check_needs(void **state) {
  (void)state;
  SERVER_IS(policy.certificate = 0u, SMTPC_E_ARGUMENT);
  SERVER_IS(policy.certificate = 0u; policy.tls = 1u, SMTPC_E_ARGUMENT);
  SERVER_IS(policy.certificate = 0u; policy.tls = 0u, SMTPC_OK);
  SERVER_IS(policy.certificate = 0u; policy.tls = 0u;
            policy.implicit_tls = 1u, SMTPC_E_ARGUMENT);
  SERVER_IS(policy.offered |= BIT(BINARYMIME), SMTPC_OK);
  SERVER_IS(policy.offered |= BIT(BINARYMIME);
            policy.offered &= ~BIT(CHUNKING), SMTPC_E_ARGUMENT);
  SERVER_IS(policy.offered |= BIT(FUTURERELEASE), SMTPC_E_ARGUMENT);
  SERVER_IS(policy.offered |= BIT(FUTURERELEASE);
            policy.hold_until_max = 1u, SMTPC_OK);
  SERVER_IS(policy.offered |= BIT(FUTURERELEASE); policy.hold_until_max = 1u;
            policy.hold_for_max = 0u, SMTPC_E_ARGUMENT);
  for (unsigned id = 0u; id < SMTPC_EXTENSION_COUNT; id++) {
    const bool never = smtpc_extension_get(id).service == SMTPC_SERVICE_NEVER;
    SERVER_IS(policy.offered |= (uint32_t)1 << id;
              policy.hold_until_max = 1u, never ? SMTPC_E_ARGUMENT : SMTPC_OK);
  }
  for (unsigned id = 0u; id < 64u; id++) {
    const smtpc_mechanism_row row = smtpc_mechanism_get(id);
    const bool spoken =
        id > 0u && row.name_len > 0u && row.speech != SMTPC_SPEECH_KNOWN;
    SERVER_IS(policy.mechanisms = (uint64_t)1 << id,
              spoken ? SMTPC_OK : SMTPC_E_ARGUMENT);
  }
  SERVER_IS(policy.mechanisms = 0u, SMTPC_E_ARGUMENT);
  SERVER_IS(policy.mechanisms = 0u; policy.auth = 1u, SMTPC_E_ARGUMENT);
  SERVER_IS(policy.mechanisms = 0u; policy.auth = 0u, SMTPC_OK);
}

static void check_hostname(const char *name, smtpc_status want) {
  smtpc_server_policy policy = full_policy();
  smtpc_client_policy client;
  smtpc_client_policy_init(&client);
  memset(policy.hostname, 'x', sizeof policy.hostname);
  memset(client.hello, 'x', sizeof client.hello);
  memcpy(policy.hostname, name, strlen(name));
  memcpy(client.hello, name, strlen(name));
  policy.hostname_len = (uint8_t)strlen(name);
  client.hello_len = (uint8_t)strlen(name);
  test_label("name \"%s\"", name);
  test_number(smtpc_server_policy_check(&policy), want);
  test_number(smtpc_client_policy_check(&client), want);
}

static void test_policy_check_names(void **state) {
  (void)state;
  static const char *const good[] = {
      "localhost", "a",           "mail.example.com", "a-b.example",
      "1.example", "[127.0.0.1]", "[IPv6:::1]",       "[IPv6:2001:db8::1]"};
  static const char *const bad[] = {"",         "-a",
                                    "a-",       "a..b",
                                    ".a",       "a b",
                                    "a_b",      "a\r\nb",
                                    "a\r\n",    "[1.2.3]",
                                    "[1.2.3.4", "1.2.3.4]",
                                    "[]",       "\xc3\xa9.example",
                                    "a\x7f"};
  for (size_t i = 0u; i < COUNT(good); i++) {
    check_hostname(good[i], SMTPC_OK);
  }
  for (size_t i = 0u; i < COUNT(bad); i++) {
    check_hostname(bad[i], SMTPC_E_DOMAIN);
  }
}

static smtpc_text *text_of(smtpc_server_policy *policy, unsigned which) {
  smtpc_text *const texts[] = {&policy->greeting, &policy->hello,
                               &policy->hello_tls, &policy->starttls};
  return texts[which];
}

// Each octet at the first and the last place of each text: a CRLF in one of them
// would be a reply that we did not mean.
static void test_policy_server_check_texts(void **state) {
  (void)state;
  for (unsigned which = 0u; which < 4u; which++) {
    smtpc_server_policy policy = full_policy();
    smtpc_text *text = text_of(&policy, which);
    memset(text->data, 'a', sizeof text->data);
    text->len = SMTPC_TEXT_MAX;
    for (unsigned c = 0u; c < 256u; c++) {
      const bool good = c >= 0x20u && c <= 0x7eu;
      for (unsigned at = 0u; at < SMTPC_TEXT_MAX; at += SMTPC_TEXT_MAX - 1u) {
        text->data[at] = (uint8_t)c;
        test_label("text %u, octet %u at %u", which, c, at);
        test_number(smtpc_server_policy_check(&policy),
                    good ? SMTPC_OK : SMTPC_E_REPLY_TEXT);
        text->data[at] = 'a';
      }
    }
    text->len = SMTPC_TEXT_MAX + 1u;
    test_label("text %u, too long", which);
    test_number(smtpc_server_policy_check(&policy), SMTPC_E_ARGUMENT);
    text->len = 255u;
    test_number(smtpc_server_policy_check(&policy), SMTPC_E_ARGUMENT);
    // Octets past the length mean nothing.
    text->len = 1u;
    text->data[1] = '\n';
    test_number(smtpc_server_policy_check(&policy), SMTPC_OK);
  }
}

// ------------------------------------------------------------------- offers

// AUTH is offered where a client may use it, and nowhere else: a client that reads
// it in clear sends its password in clear.
static uint32_t want_offers(const smtpc_server_policy *policy, int tls) {
  const bool starttls = tls == 0 && policy->tls != SMTPC_SERVER_TLS_OFF;
  const bool clear = policy->tls != SMTPC_SERVER_TLS_REQUIRED &&
                     (policy->quirks & CLEAR_AUTH) != 0u;
  const bool auth = policy->auth != SMTPC_AUTH_OFF && (tls != 0 || clear);
  uint32_t want = policy->offered;
  for (unsigned id = 0u; id < SMTPC_EXTENSION_COUNT; id++) {
    const bool never = smtpc_extension_get(id).service == SMTPC_SERVICE_NEVER;
    want &= never ? ~((uint32_t)1 << id) : UINT32_MAX;
  }
  want &= starttls ? UINT32_MAX : ~BIT(STARTTLS);
  want &= auth ? UINT32_MAX : ~BIT(AUTH);
  want &= tls != 0 ? UINT32_MAX : ~BIT(REQUIRETLS);
  return want;
}

static void test_policy_offers_over_the_whole_product(void **state) {
  (void)state;
  smtpc_server_policy policy = base_policy();
  for (unsigned setting = 0u; setting < 9u * 2u; setting++) {
    policy.tls = (uint8_t)(setting % 3u);
    policy.auth = (uint8_t)(setting / 3u % 3u);
    policy.quirks = setting / 9u != 0u ? CLEAR_AUTH : 0u;
    // Each pair of extensions, alone and left out.
    for (uint32_t n = 0u; n < 2u * 32u * 32u; n++) {
      const uint32_t pair = (uint32_t)1 << (n % 32u) | (uint32_t)1
                                                           << (n / 32u % 32u);
      const uint32_t offered = n < 1024u ? pair : ~pair;
      policy.offered = offered;
      for (int tls = 0; tls <= 1; tls++) {
        test_label("tls %d under tls %u, auth %u, quirks 0x%x, 0x%x", tls,
                   policy.tls, policy.auth, (unsigned)policy.quirks,
                   (unsigned)offered);
        test_number(smtpc_server_offers(&policy, tls),
                    want_offers(&policy, tls));
      }
    }
  }
}

// What EHLO offers and what is then taken agree: for STARTTLS and AUTH.
static void test_policy_offers_what_is_taken(void **state) {
  (void)state;
  for (unsigned p = 0u; p < POLICY_COUNT; p++) {
    const smtpc_server_policy policy = policy_at(p);
    for (uint8_t tls = 0u; tls <= 1u; tls++) {
      smtpc_server_facts facts = {
          SMTPC_VERB_AUTH, SMTPC_PHASE_READY, tls, 0u, 1u, 0u};
      const uint32_t offers = smtpc_server_offers(&policy, tls);
      label_of(&policy, facts);
      test_number((offers & BIT(AUTH)) != 0u,
                  smtpc_server_decide(&policy, facts).reply == 0u);
      facts.verb = SMTPC_VERB_STARTTLS;
      label_of(&policy, facts);
      test_number((offers & BIT(STARTTLS)) != 0u,
                  smtpc_server_decide(&policy, facts).reply == 0u);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_policy_table_is_the_golden_one),
      cmocka_unit_test(test_policy_each_row_has_a_clause),
      cmocka_unit_test(test_policy_names),
      cmocka_unit_test(test_policy_decides_the_whole_product),
      cmocka_unit_test(test_policy_other_quirks_decide_nothing),
      cmocka_unit_test(test_policy_order_of_reasons),
      cmocka_unit_test(test_policy_law_policy_required),
      cmocka_unit_test(test_policy_law_policy_monotonic),
      cmocka_unit_test(test_policy_each_field_counts),
      cmocka_unit_test(test_policy_server_defaults_are_strict),
      cmocka_unit_test(test_policy_server_check_ranges),
      cmocka_unit_test(test_policy_server_check_needs),
      cmocka_unit_test(test_policy_check_names),
      cmocka_unit_test(test_policy_server_check_texts),
      cmocka_unit_test(test_policy_offers_over_the_whole_product),
      cmocka_unit_test(test_policy_offers_what_is_taken),
  };
  return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
