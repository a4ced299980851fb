// Policy of a server: its defaults and ranges, what it offers, how long a line may be
// and which parameters are within its limits. The verdicts on commands are in
// `policy_test`.
#include <stdlib.h>
#include <string.h>

#include "core/testing.h"
#include "smtpcore/capability.h"
#include "smtpcore/line.h"
#include "smtpcore/policy.h"
#include "smtpcore/sasl.h"
#include "smtpcore/write.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define BIT(id) ((uint32_t)1 << (SMTPC_EXTENSION_##id))
#define CLEAR_AUTH ((uint32_t)SMTPC_QUIRK_AUTH_IN_CLEAR)
#define ALL ((uint32_t)(((uint64_t)1 << SMTPC_EXTENSION_COUNT) - 1u))
#define LAST_SECOND 253402300799u  // 9999-12-31T23:59:59Z

// What is offered unless a policy takes it out, and what is never offered.
#define BY_DEFAULT                                                           \
  (BIT(PIPELINING) | BIT(SIZE) | BIT(8BITMIME) | BIT(STARTTLS) | BIT(AUTH) | \
   BIT(DSN) | BIT(SMTPUTF8) | BIT(CHUNKING) | BIT(REQUIRETLS) |              \
   BIT(ENHANCEDSTATUSCODES))
#define NEVER                                                          \
  (BIT(CONNEG) | BIT(CHECKPOINT) | BIT(BURL) | BIT(ETRN) | BIT(ATRN) | \
   BIT(PRDR) | BIT(EXPN) | BIT(CLIENTID) | BIT(XEXCH50))

// Mechanisms that we speak: in any channel, and only under TLS.
#define MECHS_CLEAR                                               \
  (SMTPC_MECH(SCRAM_SHA_256) | SMTPC_MECH(SCRAM_SHA_1) |          \
   SMTPC_MECH(CRAM_MD5) | SMTPC_MECH(PLAIN) | SMTPC_MECH(LOGIN) | \
   SMTPC_MECH(OAUTHBEARER) | SMTPC_MECH(XOAUTH2))
#define MECHS_TLS                                                  \
  (SMTPC_MECH(SCRAM_SHA_256_PLUS) | SMTPC_MECH(SCRAM_SHA_1_PLUS) | \
   SMTPC_MECH(EXTERNAL))

static smtpc_server_policy base_policy(void) {
  smtpc_server_policy policy;
  smtpc_server_policy_init(&policy);
  policy.certificate = 1u;
  return policy;
}

// ----------------------------------------------------- defaults and ranges

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
  test_number(policy.lmtp, 0);
  test_number(policy.proxy, 0);
  test_number(policy.prompts, 0);
  test_number(policy.offered, BY_DEFAULT);
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

// What PEERS.md and the RFCs want: 10 MiB, 100 recipients and so on.
static void test_policy_server_default_limits(void **state) {
  (void)state;
  const smtpc_server_policy policy = base_policy();
  test_label("limits");
  test_number(policy.size_max, 10485760);
  test_number(policy.discard_max, 67108864);
  test_number(policy.rcpt_max, 100);
  test_number(policy.mail_max, 10000);
  test_number(policy.errors_max, 20);
  test_number(policy.junk_max, 100);
  test_number(policy.auth_max, 3);
  test_number(policy.by_min, 60);
  test_number(policy.hold_for_max, 604800);
  test_number(policy.hold_until_max, 0);
}

// A policy that uses all it may; each row changes one thing of it.
static smtpc_server_policy full_policy(void) {
  smtpc_server_policy policy = base_policy();
  policy.tls = SMTPC_SERVER_TLS_REQUIRED;
  policy.auth = SMTPC_AUTH_REQUIRED;
  policy.quirks = SMTPC_QUIRK_ALL;
  policy.offered = ALL & ~NEVER;
  policy.mechanisms = MECHS_CLEAR | MECHS_TLS;
  policy.hold_until_max = 2000000000u;
  policy.lmtp = 1u;
  policy.proxy = 1u;
  policy.prompts = SMTPC_PROMPTS_DRAFT;
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
  SERVER_IS(policy.certificate = 2u, SMTPC_E_ARGUMENT);
  SERVER_IS(policy.lmtp = 0u, SMTPC_OK);
  SERVER_IS(policy.lmtp = 2u, SMTPC_E_ARGUMENT);
  SERVER_IS(policy.proxy = 0u, SMTPC_OK);
  SERVER_IS(policy.proxy = 2u, SMTPC_E_ARGUMENT);
  SERVER_IS(policy.prompts = 0u, SMTPC_OK);
  SERVER_IS(policy.prompts = SMTPC_PROMPTS_DRAFT + 1u, SMTPC_E_ARGUMENT);
  SERVER_IS(policy.size_max = 0u, SMTPC_E_ARGUMENT);
  SERVER_IS(policy.size_max = 1u, SMTPC_OK);
  SERVER_IS(policy.size_max = UINT64_MAX, SMTPC_OK);
  SERVER_IS(policy.rcpt_max = 0u, SMTPC_E_ARGUMENT);
  SERVER_IS(policy.rcpt_max = 1u, SMTPC_OK);
  SERVER_IS(policy.mail_max = 0u, SMTPC_OK);
  SERVER_IS(policy.mail_max = UINT16_MAX, SMTPC_OK);
}

// Each bit by itself, in each of the sets.
static void test_policy_server_check_sets(void **state) {
  (void)state;
  for (unsigned i = 0u; i < 64u; i++) {
    const uint64_t mechanism = (uint64_t)1 << i;
    const bool spoken = (mechanism & (MECHS_CLEAR | MECHS_TLS)) != 0u;
    SERVER_IS(policy.mechanisms = mechanism,
              spoken ? SMTPC_OK : SMTPC_E_ARGUMENT);
    SERVER_IS(policy.mechanisms |= mechanism,
              spoken ? SMTPC_OK : SMTPC_E_ARGUMENT);
  }
  for (unsigned i = 0u; i < 32u; i++) {
    const uint32_t bit = (uint32_t)1 << i;
    SERVER_IS(policy.quirks = bit, i < 9u ? SMTPC_OK : SMTPC_E_ARGUMENT);
    SERVER_IS(policy.quirks |= bit, i < 9u ? SMTPC_OK : SMTPC_E_ARGUMENT);
    SERVER_IS(policy.offered |= bit,
              (bit & NEVER) == 0u ? SMTPC_OK : SMTPC_E_ARGUMENT);
    // What another setting or extension needs cannot be taken out.
    const uint32_t needed = BIT(STARTTLS) | BIT(AUTH) | BIT(CHUNKING);
    SERVER_IS(policy.offered &= ~bit,
              (bit & needed) == 0u ? SMTPC_OK : SMTPC_E_ARGUMENT);
  }
  test_number(SMTPC_QUIRK_ALL, 511);
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
  SERVER_IS(policy.offered &= ~BIT(STARTTLS);
            policy.tls = 1u, SMTPC_E_ARGUMENT);
  SERVER_IS(policy.offered &= ~BIT(STARTTLS); policy.tls = 0u, SMTPC_OK);
  SERVER_IS(policy.offered &= ~BIT(STARTTLS);
            policy.implicit_tls = 1u, SMTPC_OK);
  SERVER_IS(policy.offered &= ~BIT(AUTH); policy.auth = 1u, SMTPC_E_ARGUMENT);
  SERVER_IS(policy.offered &= ~BIT(AUTH); policy.auth = 0u, SMTPC_OK);
  SERVER_IS(policy.mechanisms = 0u, SMTPC_E_ARGUMENT);
  SERVER_IS(policy.mechanisms = 0u; policy.auth = 1u, SMTPC_E_ARGUMENT);
  SERVER_IS(policy.mechanisms = 0u; policy.auth = 0u, SMTPC_OK);
  SERVER_IS(policy.offered &= ~BIT(CHUNKING), SMTPC_E_ARGUMENT);
  SERVER_IS(policy.offered &= ~(BIT(CHUNKING) | BIT(BINARYMIME)), SMTPC_OK);
  SERVER_IS(policy.offered &= ~BIT(BINARYMIME), SMTPC_OK);
}

// The values of DELIVERBY and FUTURERELEASE, which their EHLO lines must be able to
// say.
static void test_policy_server_check_values(void **state) {
  (void)state;
  const uint32_t release = BIT(FUTURERELEASE);
  SERVER_IS(policy.hold_for_max = 0u, SMTPC_E_ARGUMENT);
  SERVER_IS(policy.hold_for_max = 1u, SMTPC_OK);
  SERVER_IS(policy.hold_until_max = 0u, SMTPC_E_ARGUMENT);
  SERVER_IS(policy.hold_until_max = 1u, SMTPC_OK);
  SERVER_IS(policy.hold_until_max = LAST_SECOND, SMTPC_OK);
  SERVER_IS(policy.hold_until_max = LAST_SECOND + (uint64_t)1,
            SMTPC_E_ARGUMENT);
  SERVER_IS(policy.hold_until_max = UINT64_MAX, SMTPC_E_ARGUMENT);
  SERVER_IS(policy.hold_for_max = 0u; policy.offered &= ~release, SMTPC_OK);
  SERVER_IS(policy.hold_until_max = 0u; policy.offered &= ~release, SMTPC_OK);
  SERVER_IS(policy.hold_for_max = SMTPC_SECONDS_MAX, SMTPC_OK);
  SERVER_IS(policy.hold_for_max = SMTPC_SECONDS_MAX + 1u, SMTPC_E_ARGUMENT);
  SERVER_IS(policy.hold_for_max = SMTPC_SECONDS_MAX + 1u;
            policy.offered &= ~release, SMTPC_E_ARGUMENT);
  SERVER_IS(policy.by_min = 0u, SMTPC_OK);
  SERVER_IS(policy.by_min = SMTPC_SECONDS_MAX, SMTPC_OK);
  SERVER_IS(policy.by_min = SMTPC_SECONDS_MAX + 1u, SMTPC_E_ARGUMENT);
  SERVER_IS(policy.by_min = UINT32_MAX, SMTPC_E_ARGUMENT);
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

// The settings of TLS and AUTH, the quirk, and which mechanisms: 9 x 2 x 4.
#define SETTINGS 72u

static smtpc_server_policy setting_at(unsigned n) {
  static const uint64_t mechs[] = {0u, MECHS_TLS, MECHS_CLEAR,
                                   MECHS_CLEAR | MECHS_TLS};
  smtpc_server_policy policy = base_policy();
  policy.tls = (uint8_t)(n % 3u);
  policy.auth = (uint8_t)(n / 3u % 3u);
  policy.quirks = n / 9u % 2u != 0u ? CLEAR_AUTH : 0u;
  policy.mechanisms = mechs[n / 18u];
  return policy;
}

// Sets of extensions: none, all, each one and each two of them, alone and left out,
// and any.
#define SETS (2u + 1024u + 1024u + 1000u)

static uint32_t set_at(unsigned n, uint64_t *random) {
  if (n < 2u) {
    return n == 0u ? 0u : UINT32_MAX;
  }
  const unsigned pair = (n - 2u) % 1024u;
  const uint32_t two = (uint32_t)1 << pair % 32u | (uint32_t)1 << pair / 32u;
  if (n < 2u + 2048u) {
    return n < 2u + 1024u ? two : ~two;
  }
  return test_random(random);
}

static uint64_t want_mechanisms(const smtpc_server_policy *policy, int tls) {
  const uint64_t may = tls != 0 ? MECHS_CLEAR | MECHS_TLS : MECHS_CLEAR;
  return policy->mechanisms & may;
}

// AUTH is offered where a client may use it, and nowhere else: a client that reads
// it in clear sends its password in clear.
static uint32_t want_offers(const smtpc_server_policy *policy, int tls) {
  const bool starttls = tls == 0 && policy->tls != SMTPC_SERVER_TLS_OFF;
  const bool clear = policy->tls != SMTPC_SERVER_TLS_REQUIRED &&
                     (policy->quirks & CLEAR_AUTH) != 0u;
  const bool auth = policy->auth != SMTPC_AUTH_OFF && (tls != 0 || clear) &&
                    want_mechanisms(policy, tls) != 0u;
  uint32_t want = policy->offered & ~NEVER;
  want &= starttls ? UINT32_MAX : ~BIT(STARTTLS);
  want &= auth ? UINT32_MAX : ~BIT(AUTH);
  want &= tls != 0 ? UINT32_MAX : ~BIT(REQUIRETLS);
  return want;
}

static void test_policy_offers_over_the_whole_product(void **state) {
  (void)state;
  uint64_t random = 3u;
  for (unsigned n = 0u; n < SETTINGS; n++) {
    smtpc_server_policy policy = setting_at(n);
    for (unsigned set = 0u; set < SETS; set++) {
      policy.offered = set_at(set, &random);
      for (int tls = 0; tls <= 1; tls++) {
        test_label("setting %u, tls %d, offered 0x%x", n, tls,
                   (unsigned)policy.offered);
        test_number(smtpc_server_offers(&policy, tls),
                    want_offers(&policy, tls));
      }
    }
  }
}

static void test_policy_mechanisms_by_channel(void **state) {
  (void)state;
  smtpc_server_policy policy = base_policy();
  for (unsigned i = 0u; i < 65u; i++) {
    policy.mechanisms = i < 64u ? (uint64_t)1 << i : UINT64_MAX;
    for (int tls = 0; tls <= 1; tls++) {
      test_label("mechanism %u (%s), tls %d", i, smtpc_mechanism_get(i).name,
                 tls);
      test_number(smtpc_server_mechanisms(&policy, tls),
                  want_mechanisms(&policy, tls));
    }
  }
}

// What EHLO offers and what is then taken agree, for each command that stands behind
// an extension.
static void test_policy_offers_what_is_taken(void **state) {
  (void)state;
  static const struct {
    uint8_t verb;
    uint32_t extension;
  } rows[] = {
      {SMTPC_VERB_AUTH, BIT(AUTH)},       {SMTPC_VERB_STARTTLS, BIT(STARTTLS)},
      {SMTPC_VERB_XCLIENT, BIT(XCLIENT)}, {SMTPC_VERB_XFORWARD, BIT(XFORWARD)},
      {SMTPC_VERB_ETRN, BIT(ETRN)},       {SMTPC_VERB_ATRN, BIT(ATRN)},
      {SMTPC_VERB_EXPN, BIT(EXPN)},       {SMTPC_VERB_BURL, BIT(BURL)}};
  uint64_t random = 5u;
  for (unsigned n = 0u; n < SETTINGS * 64u; n++) {
    smtpc_server_policy policy = setting_at(n % SETTINGS);
    policy.offered = test_random(&random);
    const uint8_t tls = n / SETTINGS % 2u;
    const uint32_t offers = smtpc_server_offers(&policy, tls);
    for (size_t i = 0u; i < COUNT(rows); i++) {
      smtpc_server_facts facts = {0};
      facts.verb = rows[i].verb;
      facts.phase = SMTPC_PHASE_READY;
      facts.tls = tls;
      facts.esmtp = 1u;
      const bool must_encrypt =
          policy.tls == SMTPC_SERVER_TLS_REQUIRED && tls == 0u;
      const bool offered = (offers & rows[i].extension) != 0u &&
                           (!must_encrypt || facts.verb == SMTPC_VERB_STARTTLS);
      test_label("%s, setting %u, tls %u, offered 0x%x",
                 smtpc_verb_get(facts.verb).name, n % SETTINGS, tls,
                 (unsigned)policy.offered);
      test_number(smtpc_server_decide(&policy, facts).reply == SMTPC_REPLY_NONE,
                  offered);
    }
  }
}

// --------------------------------------------------------------------- facts

static void check_same_facts(smtpc_capabilities have, smtpc_capabilities want) {
  test_number(have.offered, want.offered);
  test_number(have.size, want.size);
  test_number(have.mechanisms, want.mechanisms);
  test_number(have.hold_until, want.hold_until);
  test_number(have.hold_for, want.hold_for);
  test_number(have.rcpt_max, want.rcpt_max);
  test_number(have.mail_max, want.mail_max);
  test_number(have.domain_max, want.domain_max);
  test_number(have.by_min, want.by_min);
  test_number(have.xclient, want.xclient);
  test_number(have.xforward, want.xforward);
  test_number(have.marks, want.marks);
  test_number(have.profile, want.profile);
  test_number(have.others, want.others);
  test_number(have.reserved, 0);
}

static smtpc_server_policy facts_policy(unsigned n, uint64_t *random) {
  smtpc_server_policy policy = setting_at(n % SETTINGS);
  policy.size_max = (uint64_t)test_random(random) + 1u;
  policy.by_min = test_random(random) % 1000u;
  policy.hold_for_max = test_random(random) % 1000u + 1u;
  policy.hold_until_max = (uint64_t)test_random(random) + 1u;
  policy.rcpt_max = (uint16_t)(test_random(random) % 65535u + 1u);
  policy.mail_max = (uint16_t)(test_random(random) % 5u);
  return policy;
}

static smtpc_capabilities want_facts(const smtpc_server_policy *policy,
                                     int tls) {
  const uint32_t has = want_offers(policy, tls);
  const uint16_t both = SMTPC_ATTR(NAME) | SMTPC_ATTR(ADDR) | SMTPC_ATTR(PORT) |
                        SMTPC_ATTR(PROTO) | SMTPC_ATTR(HELO);
  const uint16_t xclient =
      both | SMTPC_ATTR(LOGIN) | SMTPC_ATTR(DESTADDR) | SMTPC_ATTR(DESTPORT);
  const uint16_t xforward = both | SMTPC_ATTR(IDENT) | SMTPC_ATTR(SOURCE);
  smtpc_capabilities want = {0};
  want.offered = has;
  want.size = (has & BIT(SIZE)) != 0u ? policy->size_max : 0u;
  want.marks = (has & BIT(SIZE)) != 0u ? SMTPC_CAPS_SIZE_LIMIT : 0u;
  want.mechanisms = (has & BIT(AUTH)) != 0u ? want_mechanisms(policy, tls) : 0u;
  want.by_min = (has & BIT(DELIVERBY)) != 0u ? policy->by_min : 0u;
  if ((has & BIT(FUTURERELEASE)) != 0u) {
    want.hold_for = policy->hold_for_max;
    want.hold_until = policy->hold_until_max;
  }
  if ((has & BIT(LIMITS)) != 0u) {
    want.rcpt_max = policy->rcpt_max;
    want.mail_max = policy->mail_max;
  }
  want.xclient = (has & BIT(XCLIENT)) != 0u ? xclient : 0u;
  want.xforward = (has & BIT(XFORWARD)) != 0u ? xforward : 0u;
  return want;
}

static void test_policy_facts_are_the_policys(void **state) {
  (void)state;
  uint64_t random = 7u;
  for (unsigned n = 0u; n < SETTINGS; n++) {
    for (unsigned set = 0u; set < SETS; set++) {
      smtpc_server_policy policy = facts_policy(n, &random);
      policy.offered = set_at(set, &random);
      for (int tls = 0; tls <= 1; tls++) {
        test_label("setting %u, tls %d, offered 0x%x", n, tls,
                   (unsigned)policy.offered);
        check_same_facts(smtpc_server_facts_of(&policy, tls),
                         want_facts(&policy, tls));
      }
    }
  }
}

// Writes each extension of `facts` as a line of an EHLO reply and reads it back.
static smtpc_capabilities as_a_client_reads(const smtpc_capabilities *facts) {
  smtpc_capabilities read;
  unsigned number = 2u;
  smtpc_capability_init(&read);
  for (unsigned id = 0u; id < SMTPC_EXTENSION_COUNT; id++) {
    uint8_t line[SMTPC_OUT_MAX];
    size_t len = 0u;
    if (((facts->offered >> id) & 1u) == 0u) {
      continue;
    }
    test_number(smtpc_write_extension(line, sizeof line, &len, id, 0, facts),
                SMTPC_OK);
    assert_true(len > 6u);
    // Past "250-", and without CRLF.
    uint8_t *copy = test_copy(line + 4, len - 6u);
    smtpc_capability_line(&read, number, copy, smtpc_span_make(0u, len - 6u),
                          0u);
    free(copy);
    number++;
  }
  return read;
}

// A client reads in the EHLO reply what the facts say, for each policy that passes
// the check.
static void test_policy_facts_are_what_a_client_reads(void **state) {
  (void)state;
  uint64_t random = 9u;
  unsigned passed = 0u;
  for (unsigned n = 0u; n < SETTINGS * 100u; n++) {
    smtpc_server_policy policy = facts_policy(n, &random);
    policy.offered = test_random(&random) & ~NEVER;
    policy.offered |= BIT(STARTTLS) | BIT(AUTH) | BIT(CHUNKING);
    if (smtpc_server_policy_check(&policy) != SMTPC_OK) {
      continue;
    }
    passed++;
    for (int tls = 0; tls <= 1; tls++) {
      const smtpc_capabilities facts = smtpc_server_facts_of(&policy, tls);
      test_label("setting %u, tls %d, offered 0x%x", n % SETTINGS, tls,
                 (unsigned)policy.offered);
      check_same_facts(as_a_client_reads(&facts), facts);
    }
  }
  assert_true(passed > 4000u);
}

// --------------------------------------------------------------------- lines

// What each extension adds to MAIL and to RCPT, from its RFC.
static const struct {
  uint32_t extension;
  size_t mail;
  size_t rcpt;
} line_rows[] = {
    // RFC 1870 section 3, RFC 6152 section 2, RFC 4954 section 3.
    {BIT(SIZE), 26u, 0u},
    {BIT(8BITMIME), 17u, 0u},
    {BIT(AUTH), 500u, 0u},
    // RFC 3461 section 5.4: 1036 in all, for both.
    {BIT(DSN), 1036u - 512u, 1036u - 512u},
    // RFC 6531 section 3.1, RFC 3030 section 3, RFC 8689 section 2.
    {BIT(SMTPUTF8), 10u, 0u},
    {BIT(BINARYMIME), 16u, 0u},
    {BIT(REQUIRETLS), 11u, 0u},
    // RFC 2852 section 4, RFC 4865 section 4, RFC 6710 section 3.
    {BIT(DELIVERBY), 17u, 0u},
    {BIT(FUTURERELEASE), 34u, 0u},
    {BIT(MT_PRIORITY), 15u, 0u},
    // RFC 7293 section 3.1, RFC 3865 section 2.
    {BIT(RRVS), 0u, 33u},
    {BIT(NO_SOLICITING), 1007u, 0u},
    // RFC 3885 section 3: the longest one, " MTRK=", 27 digits, ":" and 9 digits.
    {BIT(MTRK), 6u + 27u + 1u + 9u, 0u},
    // RFC 4141 section 4: " CONPERM".
    {BIT(CONPERM), 8u, 0u},
};

static size_t want_line(unsigned verb, uint32_t offered) {
  if (verb == SMTPC_VERB_AUTH) {
    return 12288u;
  }
  size_t want = 512u;
  for (size_t i = 0u; i < COUNT(line_rows); i++) {
    const bool has = (offered & line_rows[i].extension) != 0u;
    want += has && verb == SMTPC_VERB_MAIL ? line_rows[i].mail : 0u;
    want += has && verb == SMTPC_VERB_RCPT ? line_rows[i].rcpt : 0u;
  }
  return want;
}

// Only MAIL, RCPT and AUTH may be longer than 512 octets. XCLIENT and XFORWARD are
// split by their senders.
static void test_policy_command_line_max(void **state) {
  (void)state;
  uint64_t random = 11u;
  for (unsigned set = 0u; set < SETS; set++) {
    const uint32_t offered = set_at(set, &random);
    for (unsigned verb = 0u; verb < SMTPC_VERB_COUNT + 2u; verb++) {
      test_label("%s, offered 0x%x", smtpc_verb_get(verb).name,
                 (unsigned)offered);
      test_number(smtpc_command_line_max(verb, offered),
                  want_line(verb, offered));
    }
  }
  test_label("a line buffer holds each of them");
  test_number(SMTPC_LINE_MAX, 12288);
  test_number(smtpc_command_line_max(SMTPC_VERB_AUTH, 0u), SMTPC_LINE_MAX);
  test_number(smtpc_command_line_max(UINT32_MAX, UINT32_MAX), 512);
}

// --------------------------------------------------------------------- params

static smtpc_params params_of(uint32_t seen) {
  smtpc_params params;
  memset(&params, 0, sizeof params);
  params.seen = seen;
  return params;
}

static smtpc_server_policy judge_policy(void) {
  smtpc_server_policy policy = full_policy();
  policy.size_max = 1000u;
  policy.by_min = 60u;
  policy.hold_for_max = 500u;
  policy.hold_until_max = 2000u;
  return policy;
}

static unsigned finding_of(unsigned reply) {
  if (reply == SMTPC_REPLY_NONE) {
    return SMTPC_FINDING_NONE;
  }
  return reply == SMTPC_REPLY_SIZE_EXCEEDED ? SMTPC_FINDING_SIZE_EXCEEDED
                                            : SMTPC_FINDING_PARAM_REFUSED;
}

#define JUDGED(seen_bits, change, want)                                     \
  do {                                                                      \
    const smtpc_server_policy policy = judge_policy();                      \
    smtpc_params params = params_of(seen_bits);                             \
    change;                                                                 \
    test_label("%s, %s", #seen_bits, #change);                              \
    const smtpc_verdict have = smtpc_server_judge_params(&policy, &params); \
    test_number(have.reply, want);                                          \
    test_number(have.finding, finding_of(want));                            \
    test_number(have.device, SMTPC_DEVICE_NONE);                            \
    test_number(have.ends, 0);                                              \
  } while (0)

static void test_policy_judges_size(void **state) {
  (void)state;
  JUDGED(SMTPC_HAS(SIZE), params.size = 0u, SMTPC_REPLY_NONE);
  JUDGED(SMTPC_HAS(SIZE), params.size = 1000u, SMTPC_REPLY_NONE);
  JUDGED(SMTPC_HAS(SIZE), params.size = 1001u, SMTPC_REPLY_SIZE_EXCEEDED);
  JUDGED(SMTPC_HAS(SIZE), params.size = UINT64_MAX, SMTPC_REPLY_SIZE_EXCEEDED);
  JUDGED(0u, params.size = UINT64_MAX, SMTPC_REPLY_NONE);
  JUDGED(~SMTPC_HAS(SIZE) & ~SMTPC_HAS(BY), params.size = UINT64_MAX,
         SMTPC_REPLY_NONE);
}

// RFC 2852 section 4: the least time is one of mode R only.
static void test_policy_judges_by(void **state) {
  (void)state;
  JUDGED(SMTPC_HAS(BY), params.by_mode = SMTPC_BY_RETURN;
         params.by_time = 60, SMTPC_REPLY_NONE);
  JUDGED(SMTPC_HAS(BY), params.by_mode = SMTPC_BY_RETURN;
         params.by_time = 59, SMTPC_REPLY_BY_TOO_SOON);
  JUDGED(SMTPC_HAS(BY), params.by_mode = SMTPC_BY_RETURN;
         params.by_time = 1, SMTPC_REPLY_BY_TOO_SOON);
  JUDGED(SMTPC_HAS(BY), params.by_mode = SMTPC_BY_RETURN;
         params.by_time = 999999999, SMTPC_REPLY_NONE);
  JUDGED(SMTPC_HAS(BY), params.by_mode = SMTPC_BY_NOTIFY;
         params.by_time = 59, SMTPC_REPLY_NONE);
  JUDGED(SMTPC_HAS(BY), params.by_mode = SMTPC_BY_NOTIFY;
         params.by_time = -999999999, SMTPC_REPLY_NONE);
  JUDGED(0u, params.by_mode = SMTPC_BY_RETURN;
         params.by_time = 1, SMTPC_REPLY_NONE);
}

static void test_policy_judges_hold(void **state) {
  (void)state;
  JUDGED(SMTPC_HAS(HOLDFOR), params.hold_for = 500u, SMTPC_REPLY_NONE);
  JUDGED(SMTPC_HAS(HOLDFOR), params.hold_for = 501u, SMTPC_REPLY_HOLD_TOO_LONG);
  JUDGED(SMTPC_HAS(HOLDFOR), params.hold_for = 1u;
         params.when = UINT64_MAX, SMTPC_REPLY_NONE);
  JUDGED(SMTPC_HAS(HOLDUNTIL), params.when = 2000u, SMTPC_REPLY_NONE);
  JUDGED(SMTPC_HAS(HOLDUNTIL), params.when = 2001u, SMTPC_REPLY_HOLD_TOO_LONG);
  JUDGED(SMTPC_HAS(HOLDUNTIL), params.when = 1u;
         params.hold_for = UINT32_MAX, SMTPC_REPLY_NONE);
  // RRVS has the same field, and no limit here.
  JUDGED(SMTPC_HAS(RRVS), params.when = UINT64_MAX, SMTPC_REPLY_NONE);
}

// SIZE, BY, HOLDFOR, HOLDUNTIL: the first one that is out of its range is named.
static void test_policy_judges_in_order(void **state) {
  (void)state;
  static const struct {
    uint32_t seen;
    unsigned want;
  } rows[] = {
      {SMTPC_HAS(SIZE), SMTPC_REPLY_SIZE_EXCEEDED},
      {SMTPC_HAS(BY), SMTPC_REPLY_BY_TOO_SOON},
      {SMTPC_HAS(HOLDFOR), SMTPC_REPLY_HOLD_TOO_LONG},
      {SMTPC_HAS(HOLDUNTIL), SMTPC_REPLY_HOLD_TOO_LONG},
  };
  const smtpc_server_policy policy = judge_policy();
  for (unsigned set = 0u; set < 16u; set++) {
    smtpc_params params = params_of(0u);
    unsigned want = SMTPC_REPLY_NONE;
    params.size = 1001u;
    params.by_mode = SMTPC_BY_RETURN;
    params.by_time = 59;
    params.hold_for = 501u;
    params.when = 2001u;
    for (size_t i = COUNT(rows); i > 0u; i--) {
      if (((set >> (i - 1u)) & 1u) != 0u) {
        params.seen |= rows[i - 1u].seen;
        want = rows[i - 1u].want;
      }
    }
    test_label("set %u", set);
    test_number(smtpc_server_judge_params(&policy, &params).reply, want);
  }
}

// A policy whose four limits are taken from `n`, each laxer with its digit.
static smtpc_server_policy limits_at(unsigned n) {
  smtpc_server_policy policy = full_policy();
  policy.size_max = n % 3u + 1u;
  policy.by_min = 3u - n / 3u % 3u;
  policy.hold_for_max = n / 9u % 3u + 1u;
  policy.hold_until_max = n / 27u + 1u;
  return policy;
}

static bool may_pass(const smtpc_server_policy *policy, unsigned n) {
  smtpc_params params = params_of(n % 16u == 0u ? 0u : SMTPC_HAS(SIZE));
  params.seen |= (n & 1u) != 0u ? SMTPC_HAS(BY) : 0u;
  params.seen |= (n & 2u) != 0u ? SMTPC_HAS(HOLDFOR) : 0u;
  params.seen |= (n & 4u) != 0u ? SMTPC_HAS(HOLDUNTIL) : 0u;
  params.by_mode = (n & 8u) != 0u ? SMTPC_BY_RETURN : SMTPC_BY_NOTIFY;
  params.size = n / 16u % 5u;
  params.by_time = (int32_t)(n / 80u % 5u);
  params.hold_for = n / 400u % 5u;
  params.when = n / 2000u;
  return smtpc_server_judge_params(policy, &params).reply == SMTPC_REPLY_NONE;
}

// Law POLICY: who sets a limit stricter never lets more pass.
static void test_policy_law_policy_limits(void **state) {
  (void)state;
  size_t refused = 0u;
  for (unsigned lax = 0u; lax < 81u; lax++) {
    const smtpc_server_policy laxer = limits_at(lax);
    for (unsigned digit = 1u; digit < 81u; digit *= 3u) {
      if (lax / digit % 3u == 0u) {
        continue;
      }
      const smtpc_server_policy stricter = limits_at(lax - digit);
      for (unsigned n = 0u; n < 10000u; n++) {
        const bool strict_may = may_pass(&stricter, n);
        const bool lax_may = may_pass(&laxer, n);
        test_label("limits %u, digit %u, params %u", lax, digit, n);
        test_number(strict_may && !lax_may, false);
        refused += lax_may && !strict_may ? 1u : 0u;
      }
    }
  }
  assert_true(refused > 1000u);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_policy_server_defaults_are_strict),
      cmocka_unit_test(test_policy_server_default_limits),
      cmocka_unit_test(test_policy_server_check_ranges),
      cmocka_unit_test(test_policy_server_check_sets),
      cmocka_unit_test(test_policy_server_check_needs),
      cmocka_unit_test(test_policy_server_check_values),
      cmocka_unit_test(test_policy_check_names),
      cmocka_unit_test(test_policy_server_check_texts),
      cmocka_unit_test(test_policy_offers_over_the_whole_product),
      cmocka_unit_test(test_policy_mechanisms_by_channel),
      cmocka_unit_test(test_policy_offers_what_is_taken),
      cmocka_unit_test(test_policy_facts_are_the_policys),
      cmocka_unit_test(test_policy_facts_are_what_a_client_reads),
      cmocka_unit_test(test_policy_command_line_max),
      cmocka_unit_test(test_policy_judges_size),
      cmocka_unit_test(test_policy_judges_by),
      cmocka_unit_test(test_policy_judges_hold),
      cmocka_unit_test(test_policy_judges_in_order),
      cmocka_unit_test(test_policy_law_policy_limits),
  };
  return cmocka_run_group_tests_name("policy_limits", tests, NULL, NULL);
}
