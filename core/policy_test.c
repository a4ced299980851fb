// Policy of a server: the table written out once more, each decision over the whole
// product of what it hangs on, and law POLICY: a stricter policy never accepts more.
// What a server offers and its limits are in `policy_limits_test`, the client's part
// in `policy_client_test` and `policy_order_test`.
#include "smtpcore/policy.h"

#include <string.h>

#include "core/testing.h"
#include "smtpcore/command.h"
#include "smtpcore/sasl.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define BIT(id) ((uint32_t)1 << (SMTPC_EXTENSION_##id))
#define CLEAR_AUTH ((uint32_t)SMTPC_QUIRK_AUTH_IN_CLEAR)
#define ALL ((uint32_t)(((uint64_t)1 << SMTPC_EXTENSION_COUNT) - 1u))

// -------------------------------------------------------------- the table

typedef struct golden {
  unsigned verb;
  const char *cells;  // start, ready, mail, rcpt, chunks, failed
  const char *clause;
} golden;

// '.' may go on; H send EHLO first; S bad sequence; R no recipients; C no
// transaction for this chunk; O not implemented.
static const golden goldens[] = {
    {SMTPC_VERB_EHLO, "......", "RFC 5321 section 4.1.4"},
    {SMTPC_VERB_HELO, "......", "RFC 5321 section 4.1.4"},
    {SMTPC_VERB_LHLO, "......", "RFC 2033 section 4.1"},
    {SMTPC_VERB_MAIL, "H.SSSS", "RFC 5321 section 4.1.4"},
    {SMTPC_VERB_RCPT, "HS..SS", "RFC 5321 section 3.3"},
    {SMTPC_VERB_DATA, "HSR.SS", "RFC 5321 section 3.3"},
    {SMTPC_VERB_BDAT, "CCC..C", "RFC 3030 section 2"},
    {SMTPC_VERB_RSET, "......", "RFC 5321 section 4.1.1.5"},
    {SMTPC_VERB_VRFY, "......", "RFC 5321 section 4.1.4"},
    {SMTPC_VERB_EXPN, "OOOOOO", "RFC 5321 section 7.3"},
    {SMTPC_VERB_HELP, "......", "RFC 5321 section 4.1.4"},
    {SMTPC_VERB_NOOP, "......", "RFC 5321 section 4.1.4"},
    {SMTPC_VERB_QUIT, "......", "RFC 5321 section 4.1.1.10"},
    {SMTPC_VERB_STARTTLS, "H.SSSS", "RFC 3207 section 4"},
    {SMTPC_VERB_AUTH, "H.SSSS", "RFC 4954 section 4"},
    {SMTPC_VERB_ETRN, "OOOOOO", "RFC 1985 section 5.1"},
    {SMTPC_VERB_ATRN, "OOOOOO", "RFC 2645 section 5"},
    {SMTPC_VERB_BURL, "OOOOOO", "RFC 4468 section 3"},
    {SMTPC_VERB_XCLIENT, "..SSSS", "Postfix XCLIENT_README"},
    {SMTPC_VERB_XFORWARD, "H.SSSS", "Postfix XFORWARD_README"},
    {SMTPC_VERB_SEND, "OOOOOO", "RFC 5321 appendix F.6"},
    {SMTPC_VERB_SOML, "OOOOOO", "RFC 5321 appendix F.6"},
    {SMTPC_VERB_SAML, "OOOOOO", "RFC 5321 appendix F.6"},
    {SMTPC_VERB_TURN, "OOOOOO", "RFC 5321 appendix F.1"},
    {SMTPC_VERB_XANONYMOUSTLS, "OOOOOO", "MS-OXSMTP"},
};

static unsigned reply_of(char sign) {
  static const char signs[] = ".HSRCO";
  static const unsigned replies[] = {
      SMTPC_REPLY_NONE,      SMTPC_REPLY_HELLO_FIRST,    SMTPC_REPLY_SEQUENCE,
      SMTPC_REPLY_RCPT_NONE, SMTPC_REPLY_CHUNK_SEQUENCE, SMTPC_REPLY_VERB_OFF};
  return replies[strchr(signs, sign) - signs];
}

static const golden *golden_of(unsigned verb) {
  for (size_t i = 0u; i < COUNT(goldens); i++) {
    if (goldens[i].verb == verb) {
      return &goldens[i];
    }
  }
  return NULL;
}

// What the golden table says; VERB_UNKNOWN outside of it.
static unsigned want_cell(unsigned verb, unsigned phase) {
  const golden *row = golden_of(verb);
  return row != NULL && phase < SMTPC_PHASE_COUNT ? reply_of(row->cells[phase])
                                                  : SMTPC_REPLY_VERB_UNKNOWN;
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

// What is known and refused is 502, and what is unknown is 500.
static void test_policy_known_and_refused_is_502(void **state) {
  (void)state;
  test_number(smtpc_reply_get(SMTPC_REPLY_VERB_OFF).code, 502);
  test_number(smtpc_reply_get(SMTPC_REPLY_VERB_UNKNOWN).code, 500);
  test_number(smtpc_reply_get(SMTPC_REPLY_LHLO_WANTED).code, 500);
  test_number(smtpc_reply_get(SMTPC_REPLY_BINARY_CHUNKS).code, 503);
  test_number(smtpc_reply_get(SMTPC_REPLY_LHLO_FIRST).code, 503);
}

static void test_policy_each_row_has_its_clause(void **state) {
  (void)state;
  for (unsigned verb = 1u; verb < SMTPC_VERB_COUNT; verb++) {
    const golden *row = golden_of(verb);
    test_label("%s", smtpc_verb_get(verb).name);
    assert_non_null(row);
    assert_string_equal(smtpc_policy_clause(verb), row->clause);
  }
  assert_string_equal(smtpc_policy_clause(SMTPC_VERB_NONE), "");
  assert_string_equal(smtpc_policy_clause(SMTPC_VERB_COUNT), "");
  assert_string_equal(smtpc_policy_clause(UINT32_MAX), "");
}

static void test_policy_phase_names(void **state) {
  (void)state;
  static const char *const phases[] = {"start", "ready",  "mail",
                                       "rcpt",  "chunks", "failed"};
  for (unsigned phase = 0u; phase < COUNT(phases); phase++) {
    assert_string_equal(smtpc_phase_name(phase), phases[phase]);
  }
  assert_string_equal(smtpc_phase_name(6u), "");
  assert_string_equal(smtpc_phase_name(UINT32_MAX), "");
}

// ----------------------------------------------- the verdicts of a server

static bool is_one_of(unsigned verb, const unsigned *verbs, size_t count) {
  for (size_t i = 0u; i < count; i++) {
    if (verbs[i] == verb) {
      return true;
    }
  }
  return false;
}

static bool is_mail(unsigned verb) {
  static const unsigned verbs[] = {
      SMTPC_VERB_MAIL, SMTPC_VERB_RCPT, SMTPC_VERB_DATA, SMTPC_VERB_BDAT,
      SMTPC_VERB_SEND, SMTPC_VERB_SOML, SMTPC_VERB_SAML, SMTPC_VERB_BURL};
  return is_one_of(verb, verbs, COUNT(verbs));
}

// RFC 3207 section 4: NOOP, EHLO, STARTTLS and QUIT; LHLO is an EHLO.
static bool is_exempt(unsigned verb) {
  static const unsigned verbs[] = {SMTPC_VERB_NOOP, SMTPC_VERB_EHLO,
                                   SMTPC_VERB_LHLO, SMTPC_VERB_STARTTLS,
                                   SMTPC_VERB_QUIT};
  return is_one_of(verb, verbs, COUNT(verbs));
}

// Mechanisms that work without TLS.
#define MECHS_CLEAR                                               \
  (SMTPC_MECH(SCRAM_SHA_256) | SMTPC_MECH(SCRAM_SHA_1) |          \
   SMTPC_MECH(CRAM_MD5) | SMTPC_MECH(PLAIN) | SMTPC_MECH(LOGIN) | \
   SMTPC_MECH(OAUTHBEARER) | SMTPC_MECH(XOAUTH2))

// One reason to refuse, each from its own clause: which reply says so.
typedef struct reason {
  bool holds;
  unsigned reply;
} reason;

#define REASON_COUNT 16u

// What the table says, where LMTP has LHLO for EHLO and HELO.
static reason reason_of_phase(const smtpc_server_policy *p,
                              smtpc_server_facts f) {
  const unsigned cell = want_cell(f.verb, f.phase);
  const bool lmtp = cell == SMTPC_REPLY_HELLO_FIRST && p->lmtp == 1u;
  const reason phase = {cell != SMTPC_REPLY_NONE,
                        lmtp ? SMTPC_REPLY_LHLO_FIRST : cell};
  return phase;
}

// All reasons there are. A command is allowed if and only if none holds.
static void reasons_of(const smtpc_server_policy *p, smtpc_server_facts f,
                       reason *out) {
  const bool bare = f.tls == 0u;
  const bool starttls = f.verb == SMTPC_VERB_STARTTLS;
  const bool auth = f.verb == SMTPC_VERB_AUTH;
  const bool bdat = f.verb == SMTPC_VERB_BDAT;
  const bool smtp = f.verb == SMTPC_VERB_EHLO || f.verb == SMTPC_VERB_HELO;
  const reason all[REASON_COUNT] = {
      reason_of_phase(p, f),
      {p->tls == SMTPC_SERVER_TLS_REQUIRED && bare && !is_exempt(f.verb),
       SMTPC_REPLY_TLS_FIRST},
      // RFC 3207 section 4.2: not twice. Section 2: as EHLO announced.
      {starttls && !bare, SMTPC_REPLY_SEQUENCE},
      {starttls && (p->tls == SMTPC_SERVER_TLS_OFF ||
                    (p->offered & BIT(STARTTLS)) == 0u),
       SMTPC_REPLY_VERB_OFF},
      // RFC 4954 section 4: not twice, and only where credentials may cross.
      {auth && (p->auth == SMTPC_AUTH_OFF || (p->offered & BIT(AUTH)) == 0u ||
                p->mechanisms == 0u),
       SMTPC_REPLY_VERB_OFF},
      {auth && bare &&
           ((p->quirks & CLEAR_AUTH) == 0u ||
            (p->mechanisms & MECHS_CLEAR) == 0u),
       SMTPC_REPLY_AUTH_CLEAR},
      {(auth || starttls) && f.esmtp == 0u, SMTPC_REPLY_SEQUENCE},
      {(auth || starttls) && f.authenticated != 0u, SMTPC_REPLY_SEQUENCE},
      {bdat && (p->offered & BIT(CHUNKING)) == 0u, SMTPC_REPLY_VERB_OFF},
      {bdat && f.esmtp == 0u && f.phase != SMTPC_PHASE_START,
       SMTPC_REPLY_VERB_OFF},
      {p->auth == SMTPC_AUTH_REQUIRED && f.authenticated == 0u &&
           is_mail(f.verb),
       SMTPC_REPLY_AUTH_FIRST},
      // RFC 2033 section 4.1: each protocol has its own greeting.
      {smtp && p->lmtp == 1u, SMTPC_REPLY_LHLO_WANTED},
      {f.verb == SMTPC_VERB_LHLO && p->lmtp == 0u, SMTPC_REPLY_VERB_OFF},
      {f.verb == SMTPC_VERB_XCLIENT && (p->offered & BIT(XCLIENT)) == 0u,
       SMTPC_REPLY_VERB_OFF},
      {f.verb == SMTPC_VERB_XFORWARD && (p->offered & BIT(XFORWARD)) == 0u,
       SMTPC_REPLY_VERB_OFF},
      // RFC 3030 section 3. The last one: it counts where DATA may go on.
      {f.verb == SMTPC_VERB_DATA && f.binary == 1u, SMTPC_REPLY_BINARY_CHUNKS},
  };
  memcpy(out, all, sizeof all);
}

static unsigned want_finding(unsigned reply) {
  switch (reply) {
    case SMTPC_REPLY_NONE:
      return SMTPC_FINDING_NONE;
    case SMTPC_REPLY_VERB_OFF:
    case SMTPC_REPLY_VERB_UNKNOWN:
    case SMTPC_REPLY_LHLO_WANTED:
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
      "%s in %s, tls %u, authenticated %u, esmtp %u, binary %u under tls %u, "
      "auth %u, lmtp %u, quirks 0x%x, offered 0x%x, mechanisms 0x%llx",
      smtpc_verb_get(f.verb).name, smtpc_phase_name(f.phase), f.tls,
      f.authenticated, f.esmtp, f.binary, p->tls, p->auth, p->lmtp,
      (unsigned)p->quirks, (unsigned)p->offered,
      (unsigned long long)p->mechanisms);
}

// Whether the reply is one that the reasons allow.
static bool reply_fits(const smtpc_server_policy *p, smtpc_server_facts f,
                       unsigned reply) {
  reason reasons[REASON_COUNT];
  reasons_of(p, f, reasons);
  size_t hold = 0u;
  bool named = false;
  for (size_t i = 0u; i < REASON_COUNT; i++) {
    hold += reasons[i].holds ? 1u : 0u;
    named = named || (reasons[i].holds && reasons[i].reply == reply);
  }
  if (reply == SMTPC_REPLY_BINARY_CHUNKS && hold != 1u) {
    return false;
  }
  return (reply != SMTPC_REPLY_NONE) == (hold > 0u) && named == (hold > 0u);
}

// Whether the verdict is one that the reasons allow, and all its fields agree.
static bool verdict_fits(const smtpc_server_policy *p, smtpc_server_facts f,
                         smtpc_verdict have) {
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
  return reply_fits(p, f, have.reply) && finding && have.device == device &&
         have.ends == (reject || lost);
}

#define FACT_VERBS (SMTPC_VERB_COUNT + 2u)  // NONE, one past the list, and 255
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

static smtpc_server_policy base_policy(void) {
  smtpc_server_policy policy;
  smtpc_server_policy_init(&policy);
  policy.certificate = 1u;
  return policy;
}

// The policies of the product, by number: a digit for each field that a verdict
// hangs on. Each digit goes from strict to lax, or is a set.
typedef struct digits {
  unsigned tls;      // an smtpc_server_tls
  unsigned auth;     // an smtpc_auth
  unsigned lmtp;     // 0 or 1
  unsigned quirk;    // 1: auth-in-clear
  unsigned mechs;    // 1: SCRAM-SHA-256-PLUS and EXTERNAL; 2: PLAIN
  unsigned offered;  // a set of the five extensions that stand for a command
} digits;

#define OFFER_SETS 32u
#define POLICY_COUNT (3u * 3u * 2u * 2u * 4u * OFFER_SETS)

static digits digits_at(unsigned n) {
  const digits d = {n % 3u,       n / 3u % 3u,  n / 9u % 2u,
                    n / 18u % 2u, n / 36u % 4u, n / 144u};
  return d;
}

static unsigned number_of(digits d) {
  return d.tls + 3u * d.auth + 9u * d.lmtp + 18u * d.quirk + 36u * d.mechs +
         144u * d.offered;
}

static smtpc_server_policy policy_of(digits d) {
  static const uint32_t bits[] = {BIT(STARTTLS), BIT(AUTH), BIT(CHUNKING),
                                  BIT(XCLIENT), BIT(XFORWARD)};
  smtpc_server_policy policy = base_policy();
  policy.tls = (uint8_t)d.tls;
  policy.auth = (uint8_t)d.auth;
  policy.lmtp = (uint8_t)d.lmtp;
  policy.quirks = d.quirk != 0u ? CLEAR_AUTH : 0u;
  policy.mechanisms = 0u;
  if ((d.mechs & 1u) != 0u) {
    policy.mechanisms |= SMTPC_MECH(SCRAM_SHA_256_PLUS) | SMTPC_MECH(EXTERNAL);
  }
  if ((d.mechs & 2u) != 0u) {
    policy.mechanisms |= SMTPC_MECH(PLAIN);
  }
  policy.offered = 0u;
  for (size_t i = 0u; i < COUNT(bits); i++) {
    policy.offered |= ((d.offered >> i) & 1u) != 0u ? bits[i] : 0u;
  }
  return policy;
}

// Verb x phase x tls x authenticated x esmtp x binary x TLS setting x AUTH setting x
// LMTP x the quirk that means something here x mechanisms x each subset of the
// extensions that stand for a command.
static void test_policy_decides_the_whole_product(void **state) {
  (void)state;
  for (unsigned p = 0u; p < POLICY_COUNT; p++) {
    const smtpc_server_policy policy = policy_of(digits_at(p));
    for (unsigned n = 0u; n < FACT_COUNT; n++) {
      const smtpc_server_facts facts = facts_at(n);
      const smtpc_verdict have = smtpc_server_decide(&policy, facts);
      if (!verdict_fits(&policy, facts, have)) {
        label_of(&policy, facts);
        test_number(have.reply, -1);
      }
    }
  }
}

// What no verdict hangs on: each other quirk, extension and field.
static void twist(smtpc_server_policy *policy, unsigned which) {
  const uint32_t mine =
      BIT(STARTTLS) | BIT(AUTH) | BIT(CHUNKING) | BIT(XCLIENT) | BIT(XFORWARD);
  if (which < 32u) {
    policy->offered ^= ((uint32_t)1 << which) & ~mine;
  } else if (which < 64u) {
    policy->quirks ^= ((uint32_t)1 << (which - 32u)) & ~CLEAR_AUTH;
  } else if (which == 64u) {
    policy->proxy = 1u;
  } else if (which == 65u) {
    policy->prompts = SMTPC_PROMPTS_DRAFT;
  } else if (which == 66u) {
    policy->size_max = 1u;
    policy->rcpt_max = 1u;
    policy->mail_max = 1u;
    policy->errors_max = 0u;
    policy->junk_max = 0u;
    policy->auth_max = 0u;
  } else if (which == 67u) {
    policy->by_min = SMTPC_SECONDS_MAX;
    policy->hold_for_max = 1u;
    policy->hold_until_max = 1u;
    policy->discard_max = 0u;
  } else {
    policy->implicit_tls ^= 1u;
    policy->certificate ^= 1u;
    policy->hostname_len = 0u;
  }
}

static void test_policy_other_fields_decide_nothing(void **state) {
  (void)state;
  for (unsigned p = 0u; p < POLICY_COUNT; p += 97u) {
    const smtpc_server_policy plain = policy_of(digits_at(p));
    for (unsigned which = 0u; which <= 68u; which++) {
      smtpc_server_policy twisted = plain;
      twist(&twisted, which);
      for (unsigned n = 0u; n < FACT_COUNT; n++) {
        const smtpc_server_facts facts = facts_at(n);
        const smtpc_verdict a = smtpc_server_decide(&plain, facts);
        const smtpc_verdict b = smtpc_server_decide(&twisted, facts);
        if (memcmp(&a, &b, sizeof a) != 0) {
          label_of(&twisted, facts);
          test_number(b.reply, a.reply);
        }
      }
    }
  }
}

// And each subset of the quirks.
static void test_policy_other_quirks_decide_nothing(void **state) {
  (void)state;
  for (unsigned setting = 0u; setting < 18u; setting++) {
    smtpc_server_policy policy = base_policy();
    policy.offered = setting % 2u != 0u ? ALL : ALL & ~BIT(CHUNKING);
    policy.tls = (uint8_t)(setting % 3u);
    policy.auth = (uint8_t)(setting / 3u % 3u);
    policy.lmtp = (uint8_t)(setting / 9u);
    for (unsigned n = 0u; n < FACT_COUNT; n++) {
      const smtpc_server_facts facts = facts_at(n);
      smtpc_verdict want[2];
      policy.quirks = 0u;
      want[0] = smtpc_server_decide(&policy, facts);
      policy.quirks = CLEAR_AUTH;
      want[1] = smtpc_server_decide(&policy, facts);
      for (uint32_t quirks = 0u; quirks <= SMTPC_QUIRK_ALL; quirks++) {
        policy.quirks = quirks;
        const smtpc_verdict have = smtpc_server_decide(&policy, facts);
        const unsigned clear = (quirks & CLEAR_AUTH) != 0u ? 1u : 0u;
        if (memcmp(&have, &want[clear], sizeof have) != 0) {
          label_of(&policy, facts);
          test_number(have.reply, want[clear].reply);
        }
      }
    }
  }
}

// LMTP is SMTP with LHLO for EHLO (RFC 2033 section 4.1): all else is decided alike.
static void test_policy_lmtp_changes_the_greeting_only(void **state) {
  (void)state;
  for (unsigned p = 0u; p < POLICY_COUNT; p++) {
    digits d = digits_at(p);
    d.lmtp = 0u;
    const smtpc_server_policy smtp = policy_of(d);
    d.lmtp = 1u;
    const smtpc_server_policy lmtp = policy_of(d);
    for (unsigned n = 0u; n < FACT_COUNT; n += 3u) {
      smtpc_server_facts facts = facts_at(n);
      if (facts.verb == SMTPC_VERB_HELO || facts.verb == SMTPC_VERB_EHLO) {
        continue;
      }
      smtpc_verdict want = smtpc_server_decide(&smtp, facts);
      if (facts.verb == SMTPC_VERB_LHLO) {
        facts.verb = SMTPC_VERB_EHLO;
        want = smtpc_server_decide(&smtp, facts);
        facts.verb = SMTPC_VERB_LHLO;
      } else if (want.reply == SMTPC_REPLY_HELLO_FIRST) {
        want.reply = SMTPC_REPLY_LHLO_FIRST;
      }
      const smtpc_verdict have = smtpc_server_decide(&lmtp, facts);
      if (memcmp(&have, &want, sizeof have) != 0) {
        label_of(&lmtp, facts);
        test_number(have.reply, want.reply);
      }
    }
  }
}

#define START SMTPC_PHASE_START
#define READY SMTPC_PHASE_READY
#define NO_MECHS 0u
#define TLS_MECHS 1u
#define ALL_MECHS 3u

// Of several reasons the one that gives least away, and costs least, is said.
static const struct {
  const char *label;
  unsigned verb;
  unsigned phase;
  const char *facts;   // t TLS, a authenticated, e EHLO, b binary
  const char *policy;  // TLS setting, AUTH setting; l LMTP, q the quirk
  unsigned mechs;
  unsigned offered;
  unsigned want;
} order_rows[] = {
    {"required: an unknown verb learns nothing", SMTPC_VERB_NONE, READY, "e",
     "20", ALL_MECHS, 31u, SMTPC_REPLY_TLS_FIRST},
    {"required: before the phase", SMTPC_VERB_MAIL, START, "", "22", ALL_MECHS,
     31u, SMTPC_REPLY_TLS_FIRST},
    {"required: HELO is not exempt", SMTPC_VERB_HELO, START, "", "20",
     ALL_MECHS, 31u, SMTPC_REPLY_TLS_FIRST},
    {"required: HELO is not exempt under LMTP", SMTPC_VERB_HELO, START, "",
     "20l", ALL_MECHS, 31u, SMTPC_REPLY_TLS_FIRST},
    {"required: EHLO learns that it is LMTP", SMTPC_VERB_EHLO, START, "", "20l",
     ALL_MECHS, 31u, SMTPC_REPLY_LHLO_WANTED},
    {"required: LHLO greets", SMTPC_VERB_LHLO, START, "", "20l", ALL_MECHS, 31u,
     SMTPC_REPLY_NONE},
    {"required: LHLO is off in SMTP", SMTPC_VERB_LHLO, START, "", "20",
     ALL_MECHS, 31u, SMTPC_REPLY_VERB_OFF},
    {"required: AUTH", SMTPC_VERB_AUTH, READY, "e", "21q", ALL_MECHS, 31u,
     SMTPC_REPLY_TLS_FIRST},
    {"required: EXPN", SMTPC_VERB_EXPN, READY, "e", "20", ALL_MECHS, 31u,
     SMTPC_REPLY_TLS_FIRST},
    {"required: SEND", SMTPC_VERB_SEND, READY, "e", "20", ALL_MECHS, 31u,
     SMTPC_REPLY_TLS_FIRST},
    {"required: XCLIENT", SMTPC_VERB_XCLIENT, START, "", "20", ALL_MECHS, 31u,
     SMTPC_REPLY_TLS_FIRST},
    {"required: XFORWARD", SMTPC_VERB_XFORWARD, READY, "e", "20", ALL_MECHS, 0u,
     SMTPC_REPLY_TLS_FIRST},
    {"the phase before AUTH required", SMTPC_VERB_MAIL, START, "t", "12",
     ALL_MECHS, 31u, SMTPC_REPLY_HELLO_FIRST},
    {"the phase in LMTP's words", SMTPC_VERB_MAIL, START, "t", "12l", ALL_MECHS,
     31u, SMTPC_REPLY_LHLO_FIRST},
    {"AUTH in clear before the phase", SMTPC_VERB_AUTH, START, "", "11",
     ALL_MECHS, 31u, SMTPC_REPLY_AUTH_CLEAR},
    {"AUTH in clear, and all mechanisms need TLS", SMTPC_VERB_AUTH, READY, "e",
     "11q", TLS_MECHS, 31u, SMTPC_REPLY_AUTH_CLEAR},
    {"AUTH in clear, as the quirk says", SMTPC_VERB_AUTH, READY, "e", "11q",
     ALL_MECHS, 31u, SMTPC_REPLY_NONE},
    {"AUTH that is off", SMTPC_VERB_AUTH, START, "", "10", ALL_MECHS, 31u,
     SMTPC_REPLY_VERB_OFF},
    {"AUTH without a mechanism", SMTPC_VERB_AUTH, READY, "te", "11", NO_MECHS,
     31u, SMTPC_REPLY_VERB_OFF},
    {"AUTH twice", SMTPC_VERB_AUTH, READY, "tae", "11", ALL_MECHS, 31u,
     SMTPC_REPLY_SEQUENCE},
    {"STARTTLS twice", SMTPC_VERB_STARTTLS, READY, "te", "10", ALL_MECHS, 31u,
     SMTPC_REPLY_SEQUENCE},
    {"STARTTLS under implicit TLS", SMTPC_VERB_STARTTLS, START, "t", "00",
     ALL_MECHS, 31u, SMTPC_REPLY_SEQUENCE},
    {"STARTTLS that is off", SMTPC_VERB_STARTTLS, START, "", "00", ALL_MECHS,
     31u, SMTPC_REPLY_VERB_OFF},
    {"STARTTLS before EHLO", SMTPC_VERB_STARTTLS, START, "e", "10", ALL_MECHS,
     31u, SMTPC_REPLY_HELLO_FIRST},
    {"STARTTLS before LHLO", SMTPC_VERB_STARTTLS, START, "e", "10l", ALL_MECHS,
     31u, SMTPC_REPLY_LHLO_FIRST},
    {"BDAT without CHUNKING", SMTPC_VERB_BDAT, START, "", "00", ALL_MECHS, 0u,
     SMTPC_REPLY_VERB_OFF},
    {"BDAT first of all", SMTPC_VERB_BDAT, START, "", "00", ALL_MECHS, 31u,
     SMTPC_REPLY_CHUNK_SEQUENCE},
    {"XCLIENT first of all", SMTPC_VERB_XCLIENT, START, "", "00", ALL_MECHS,
     31u, SMTPC_REPLY_NONE},
    {"XCLIENT to a server that trusts nobody", SMTPC_VERB_XCLIENT,
     SMTPC_PHASE_MAIL, "e", "00", ALL_MECHS, 23u, SMTPC_REPLY_VERB_OFF},
    {"XFORWARD first of all", SMTPC_VERB_XFORWARD, START, "", "00", ALL_MECHS,
     31u, SMTPC_REPLY_HELLO_FIRST},
    {"XFORWARD that is off", SMTPC_VERB_XFORWARD, START, "", "00", ALL_MECHS,
     15u, SMTPC_REPLY_VERB_OFF},
    {"binary DATA", SMTPC_VERB_DATA, SMTPC_PHASE_RCPT, "eb", "00", ALL_MECHS,
     31u, SMTPC_REPLY_BINARY_CHUNKS},
    {"binary DATA without a recipient", SMTPC_VERB_DATA, SMTPC_PHASE_MAIL, "eb",
     "00", ALL_MECHS, 31u, SMTPC_REPLY_RCPT_NONE},
    {"binary DATA before AUTH", SMTPC_VERB_DATA, SMTPC_PHASE_RCPT, "eb", "02",
     ALL_MECHS, 31u, SMTPC_REPLY_AUTH_FIRST},
    {"binary BDAT", SMTPC_VERB_BDAT, SMTPC_PHASE_RCPT, "eb", "00", ALL_MECHS,
     31u, SMTPC_REPLY_NONE},
    {"TURN under required AUTH", SMTPC_VERB_TURN, READY, "e", "02", ALL_MECHS,
     31u, SMTPC_REPLY_VERB_OFF},
    {"SEND under required AUTH", SMTPC_VERB_SEND, READY, "e", "02", ALL_MECHS,
     31u, SMTPC_REPLY_VERB_OFF},
};

static void test_policy_order_of_reasons(void **state) {
  (void)state;
  for (size_t i = 0u; i < COUNT(order_rows); i++) {
    const char *settings = order_rows[i].policy;
    const digits d = {
        (unsigned)(settings[0] - '0'), (unsigned)(settings[1] - '0'),
        strchr(settings, 'l') != NULL, strchr(settings, 'q') != NULL,
        order_rows[i].mechs,           order_rows[i].offered};
    const smtpc_server_policy policy = policy_of(d);
    const char *letters = order_rows[i].facts;
    smtpc_server_facts facts = {0};
    facts.verb = (uint8_t)order_rows[i].verb;
    facts.phase = (uint8_t)order_rows[i].phase;
    facts.tls = strchr(letters, 't') != NULL;
    facts.authenticated = strchr(letters, 'a') != NULL;
    facts.esmtp = strchr(letters, 'e') != NULL;
    facts.binary = strchr(letters, 'b') != NULL;
    test_label("%s", order_rows[i].label);
    test_number(smtpc_server_decide(&policy, facts).reply, order_rows[i].want);
  }
}

// ------------------------------------------------------------- law POLICY

// What may go on in clear under `required` is this, and nothing else, whatever the
// other fields say. A client that goes on with mail is cut off.
static void test_policy_law_policy_required(void **state) {
  (void)state;
  for (unsigned turn = 0u; turn < 6u * (SMTPC_QUIRK_ALL + 1u); turn++) {
    smtpc_server_policy policy = base_policy();
    policy.tls = SMTPC_SERVER_TLS_REQUIRED;
    policy.offered = ALL;
    policy.mechanisms = SMTPC_MECHS_SPOKEN;
    policy.auth = (uint8_t)(turn % 3u);
    policy.lmtp = (uint8_t)(turn / 3u % 2u);
    policy.quirks = turn / 6u;
    for (unsigned n = 0u; n < FACT_COUNT; n += 2u) {
      const smtpc_server_facts facts = facts_at(n);
      const smtpc_verdict have = smtpc_server_decide(&policy, facts);
      const bool may = is_exempt(facts.verb);
      const bool cut = is_mail(facts.verb);
      if (!may && (have.reply != SMTPC_REPLY_TLS_FIRST || have.ends != cut)) {
        label_of(&policy, facts);
        test_number(have.reply, SMTPC_REPLY_TLS_FIRST);
        test_number(have.ends, cut);
      }
    }
  }
}

// Strictness, field by field. A policy is at least as strict as another one when
//   tls         off, on, required: it is not before the other
//   auth        off, on, required: it is not before the other
//   quirks      it has no quirk that the other has not
//   mechanisms  it has no mechanism that the other has not
//   offered     it has no extension that the other has not
//   lmtp        it is the same: another protocol is neither
// Two of these steps add a command as well, and that one alone is left out: `on`
// brings STARTTLS and AUTH `on` brings AUTH. Neither carries mail; both lead to
// more protection. Going from off to on takes nothing away and gives no other.
static bool is_stricter(digits strict, digits lax) {
  return strict.tls >= lax.tls && strict.auth >= lax.auth &&
         strict.lmtp == lax.lmtp && strict.quirk <= lax.quirk &&
         (strict.mechs & ~lax.mechs) == 0u &&
         (strict.offered & ~lax.offered) == 0u;
}

#define WORDS ((FACT_COUNT + 63u) / 64u)

static uint64_t allowed[POLICY_COUNT][WORDS];
static uint64_t of_starttls[WORDS];
static uint64_t of_auth[WORDS];

static void fill_allowed(void) {
  memset(allowed, 0, sizeof allowed);
  for (unsigned n = 0u; n < FACT_COUNT; n++) {
    const uint64_t bit = (uint64_t)1 << (n % 64u);
    const unsigned verb = facts_at(n).verb;
    of_starttls[n / 64u] |= verb == SMTPC_VERB_STARTTLS ? bit : 0u;
    of_auth[n / 64u] |= verb == SMTPC_VERB_AUTH ? bit : 0u;
  }
  for (unsigned p = 0u; p < POLICY_COUNT; p++) {
    const smtpc_server_policy policy = policy_of(digits_at(p));
    for (unsigned n = 0u; n < FACT_COUNT; n++) {
      const smtpc_verdict have = smtpc_server_decide(&policy, facts_at(n));
      const bool may = have.reply == SMTPC_REPLY_NONE;
      allowed[p][n / 64u] |= may ? (uint64_t)1 << (n % 64u) : 0u;
    }
  }
}

static void fail_pair(unsigned lax_at, unsigned word, uint64_t wrong) {
  const smtpc_server_policy lax = policy_of(digits_at(lax_at));
  unsigned bit = 0u;
  while (((wrong >> bit) & 1u) == 0u) {
    bit++;
  }
  label_of(&lax, facts_at(64u * word + bit));
  test_number(false, true);
}

// Compares one pair, and returns whether the laxer one alone allows something.
static bool check_pair(digits strict, digits lax) {
  const unsigned strict_at = number_of(strict);
  const unsigned lax_at = number_of(lax);
  const bool starts = strict.tls != 0u && lax.tls == 0u;
  const bool logs_in = strict.auth != 0u && lax.auth == 0u;
  bool more = false;
  for (unsigned i = 0u; i < WORDS; i++) {
    uint64_t wrong = allowed[strict_at][i] & ~allowed[lax_at][i];
    wrong &= starts ? ~of_starttls[i] : UINT64_MAX;
    wrong &= logs_in ? ~of_auth[i] : UINT64_MAX;
    if (wrong != 0u) {
      fail_pair(lax_at, i, wrong);
    }
    more = more || (allowed[lax_at][i] & ~allowed[strict_at][i]) != 0u;
  }
  return more;
}

static void test_policy_law_policy_monotonic(void **state) {
  (void)state;
  size_t pairs = 0u;
  size_t more = 0u;
  fill_allowed();
  for (unsigned strict_at = 0u; strict_at < POLICY_COUNT; strict_at++) {
    const digits strict = digits_at(strict_at);
    for (unsigned lax_at = 0u; lax_at < POLICY_COUNT; lax_at++) {
      const digits lax = digits_at(lax_at);
      if (is_stricter(strict, lax)) {
        pairs++;
        more += check_pair(strict, lax) ? 1u : 0u;
      }
    }
  }
  // The comparison is not empty: strictness does refuse. 6 pairs of TLS settings, 6
  // of AUTH, 2 of LMTP, 3 of the quirk, 9 of mechanisms, 3^5 of offers.
  test_label("pairs");
  test_number(pairs, 6 * 6 * 2 * 3 * 9 * 243);
  assert_true(more > pairs / 2u);
}

// Each field alone refuses something.
static void test_policy_each_field_counts(void **state) {
  (void)state;
  fill_allowed();
  for (unsigned lmtp = 0u; lmtp < 2u; lmtp++) {
    const digits lax = {1u, 1u, lmtp, 1u, ALL_MECHS, 31u};
    digits strict = lax;
    test_label("each field, lmtp %u", lmtp);
    test_number(check_pair(lax, lax), false);
    strict.tls = SMTPC_SERVER_TLS_REQUIRED;
    test_number(check_pair(strict, lax), true);
    strict = lax;
    strict.auth = SMTPC_AUTH_REQUIRED;
    test_number(check_pair(strict, lax), true);
    strict = lax;
    strict.quirk = 0u;
    test_number(check_pair(strict, lax), true);
    strict = lax;
    strict.mechs = TLS_MECHS;
    test_number(check_pair(strict, lax), true);
    strict.mechs = NO_MECHS;
    test_number(check_pair(strict, lax), true);
    for (unsigned i = 0u; i < 5u; i++) {
      strict = lax;
      strict.offered &= ~(1u << i);
      test_number(check_pair(strict, lax), true);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_policy_table_is_the_golden_one),
      cmocka_unit_test(test_policy_known_and_refused_is_502),
      cmocka_unit_test(test_policy_each_row_has_its_clause),
      cmocka_unit_test(test_policy_phase_names),
      cmocka_unit_test(test_policy_decides_the_whole_product),
      cmocka_unit_test(test_policy_other_fields_decide_nothing),
      cmocka_unit_test(test_policy_other_quirks_decide_nothing),
      cmocka_unit_test(test_policy_lmtp_changes_the_greeting_only),
      cmocka_unit_test(test_policy_order_of_reasons),
      cmocka_unit_test(test_policy_law_policy_required),
      cmocka_unit_test(test_policy_law_policy_monotonic),
      cmocka_unit_test(test_policy_each_field_counts),
  };
  return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
