// A policy's decisions are pure, total and monotonic, whatever is set in whatever order.
//
// The input is a program: pairs of octets, the first of which picks what is done (a field
// is set, a fact is changed, or something is asked), the second with what. Each question
// is asked again of stricter and of laxer policies.
//
// Laws: POLICY, SECRET, PURE, MISUSE, WELLFORMED.
#include "smtpcore/policy.h"

#include <string.h>

#include "fuzz/harness/law.h"
#include "fuzz/harness/target.h"
#include "fuzz/harness/witness.h"

const unsigned fuzz_target_kind = FUZZ_KIND_TOKENS;

#define STEPS_MAX 256u
#define BIT32(value) ((uint32_t)1u << ((value) % 32u))

// state is what a program works on.
typedef struct state {
  smtpc_server_policy server;
  smtpc_client_policy client;
  smtpc_server_facts facts;
  smtpc_capabilities caps;
  smtpc_params params;
  smtpc_tls_facts tls;
  uint8_t refused;
} state;

static const uint64_t edges[] = {0u,
                                 1u,
                                 2u,
                                 100u,
                                 999999999u,
                                 1000000000u,
                                 4294967295u,
                                 253402300799u,
                                 253402300800u,
                                 UINT64_MAX};

static uint64_t edge(unsigned value) {
  return edges[value % (sizeof edges / sizeof edges[0])];
}

// ------------------------------------------------------------------- server

static int accepts(const smtpc_server_policy *policy,
                   smtpc_server_facts facts) {
  return smtpc_server_decide(policy, facts).reply == SMTPC_REPLY_NONE;
}

// A policy that is stricter in one point accepts nothing that this one refuses, but for
// the command that the point itself turns on.
static void check_stricter(const state *s, unsigned value) {
  smtpc_server_policy stricter = s->server;
  const int now = accepts(&s->server, s->facts);
  const unsigned verb = s->facts.verb;
  if (stricter.tls < SMTPC_SERVER_TLS_REQUIRED) {
    stricter.tls++;
    FUZZ_MUST(POLICY,
              now != 0 || verb == SMTPC_VERB_STARTTLS ||
                  !accepts(&stricter, s->facts),
              "stricter about TLS accepts verb %u", verb);
    stricter.tls = s->server.tls;
  }
  if (stricter.auth < SMTPC_AUTH_REQUIRED) {
    stricter.auth++;
    FUZZ_MUST(
        POLICY,
        now != 0 || verb == SMTPC_VERB_AUTH || !accepts(&stricter, s->facts),
        "stricter about AUTH accepts verb %u", verb);
    stricter.auth = s->server.auth;
  }
  stricter.quirks = 0u;
  FUZZ_MUST(POLICY, now != 0 || !accepts(&stricter, s->facts),
            "without quirks verb %u is accepted", verb);
  stricter.quirks = s->server.quirks;
  stricter.offered &= ~BIT32(value);
  FUZZ_MUST(POLICY, now != 0 || !accepts(&stricter, s->facts),
            "without extension %u verb %u is accepted", value % 32u, verb);
  stricter.offered = 0u;
  FUZZ_MUST(POLICY, now != 0 || !accepts(&stricter, s->facts),
            "without extensions verb %u is accepted", verb);
}

// What each accepted command must have, by the clauses and not by the table.
static void check_accepted(const state *s) {
  const smtpc_server_facts f = s->facts;
  const int mail = f.verb == SMTPC_VERB_MAIL || f.verb == SMTPC_VERB_RCPT ||
                   f.verb == SMTPC_VERB_DATA || f.verb == SMTPC_VERB_BDAT;
  FUZZ_MUST(POLICY,
            !(s->server.tls == SMTPC_SERVER_TLS_REQUIRED && f.tls == 0u) ||
                (mail == 0 && f.verb != SMTPC_VERB_AUTH),
            "verb %u in clear under required", f.verb);
  FUZZ_MUST(POLICY,
            mail == 0 || s->server.auth != SMTPC_AUTH_REQUIRED ||
                f.authenticated != 0u,
            "verb %u of nobody", f.verb);
  FUZZ_MUST(SECRET,
            f.verb != SMTPC_VERB_AUTH || f.tls != 0u ||
                (s->server.quirks & (uint32_t)SMTPC_QUIRK_AUTH_IN_CLEAR) != 0u,
            "AUTH in clear");
  FUZZ_MUST(POLICY, f.verb != SMTPC_VERB_AUTH || f.authenticated == 0u,
            "AUTH a second time");
  FUZZ_MUST(ONEWAY, f.verb != SMTPC_VERB_STARTTLS || f.tls == 0u,
            "STARTTLS under TLS");
  FUZZ_MUST(RESET, f.verb != SMTPC_VERB_STARTTLS || f.authenticated == 0u,
            "STARTTLS of somebody who is authenticated");
  FUZZ_MUST(POLICY,
            (f.verb != SMTPC_VERB_STARTTLS && f.verb != SMTPC_VERB_AUTH) ||
                (f.esmtp != 0u && f.phase == SMTPC_PHASE_READY),
            "verb %u in phase %u, EHLO %u", f.verb, f.phase, f.esmtp);
  FUZZ_MUST(TXN,
            (f.verb != SMTPC_VERB_DATA && f.verb != SMTPC_VERB_BDAT) ||
                f.phase == SMTPC_PHASE_RCPT || f.phase == SMTPC_PHASE_CHUNKS,
            "content in phase %u", f.phase);
  FUZZ_MUST(TXN, f.verb != SMTPC_VERB_DATA || f.phase == SMTPC_PHASE_RCPT,
            "DATA in phase %u", f.phase);
  FUZZ_MUST(TXN, f.verb != SMTPC_VERB_MAIL || f.phase == SMTPC_PHASE_READY,
            "MAIL in phase %u", f.phase);
  FUZZ_MUST(TXN,
            f.verb != SMTPC_VERB_RCPT || f.phase == SMTPC_PHASE_MAIL ||
                f.phase == SMTPC_PHASE_RCPT,
            "RCPT in phase %u", f.phase);
  FUZZ_MUST(TXN, f.verb != SMTPC_VERB_DATA || f.binary == 0u,
            "DATA of a message that is binary");
}

static void ask_server(const state *s, unsigned value) {
  const smtpc_verdict verdict = smtpc_server_decide(&s->server, s->facts);
  const smtpc_verdict again = smtpc_server_decide(&s->server, s->facts);
  fuzz_witness_add(verdict.reply);
  fuzz_witness_add(verdict.finding);
  fuzz_witness_add((uint64_t)verdict.device * 2u + verdict.ends);
  FUZZ_MUST(PURE, memcmp(&verdict, &again, sizeof again) == 0,
            "the same facts have two verdicts");
  FUZZ_MUST(BDAT,
            s->facts.verb != SMTPC_VERB_BDAT || verdict.ends != 0u ||
                (s->server.offered & SMTPC_OFFERS(CHUNKING)) != 0u,
            "a payload that nobody asked for is guessed");
  FUZZ_MUST(BOUNDS,
            verdict.reply < SMTPC_REPLY_COUNT &&
                verdict.finding < SMTPC_FINDING_COUNT &&
                verdict.device < SMTPC_DEVICE_COUNT && verdict.ends < 2u,
            "a verdict out of range");
  FUZZ_MUST(POLICY,
            verdict.reply == SMTPC_REPLY_NONE ||
                verdict.finding != SMTPC_FINDING_NONE,
            "a refusal without a finding");
  FUZZ_MUST(POLICY,
            verdict.reply == SMTPC_REPLY_NONE ||
                smtpc_reply_get(verdict.reply).code >= 400u,
            "a refusal with %u", smtpc_reply_get(verdict.reply).code);
  if (verdict.reply == SMTPC_REPLY_NONE) {
    check_accepted(s);
  } else {
    check_stricter(s, value);
  }
}

static void ask_offers(const state *s) {
  const uint32_t clear = smtpc_server_offers(&s->server, 0);
  const uint32_t under = smtpc_server_offers(&s->server, 1);
  fuzz_witness_add((uint64_t)clear << 32u | under);
  FUZZ_MUST(POLICY, ((clear | under) & ~s->server.offered) == 0u,
            "more is offered than the policy says");
  FUZZ_MUST(ONEWAY, (under & SMTPC_OFFERS(STARTTLS)) == 0u,
            "STARTTLS is offered under TLS");
  FUZZ_MUST(POLICY, (clear & SMTPC_OFFERS(REQUIRETLS)) == 0u,
            "REQUIRETLS is offered in clear");
  FUZZ_MUST(SECRET,
            (clear & SMTPC_OFFERS(AUTH)) == 0u ||
                (s->server.quirks & (uint32_t)SMTPC_QUIRK_AUTH_IN_CLEAR) != 0u,
            "AUTH is offered in clear");
  for (int tls = 0; tls < 2; tls++) {
    const smtpc_capabilities facts = smtpc_server_facts_of(&s->server, tls);
    fuzz_witness_add(facts.size);
    fuzz_witness_add(facts.mechanisms);
    fuzz_witness_add((uint64_t)facts.rcpt_max << 32u | facts.mail_max);
    fuzz_witness_add((uint64_t)facts.by_min << 32u | facts.hold_for);
    fuzz_witness_add(facts.hold_until);
    fuzz_witness_add((uint64_t)facts.xclient << 16u | facts.xforward);
    FUZZ_MUST(WELLFORMED, facts.offered == smtpc_server_offers(&s->server, tls),
              "two answers to what is offered");
    FUZZ_MUST(POLICY,
              (smtpc_server_mechanisms(&s->server, tls) &
               ~s->server.mechanisms) == 0u,
              "a mechanism that the policy does not name");
  }
  FUZZ_MUST(POLICY,
            (smtpc_server_mechanisms(&s->server, 0) &
             ~smtpc_server_mechanisms(&s->server, 1)) == 0u,
            "a mechanism in clear alone");
}

static void ask_params(const state *s) {
  smtpc_server_policy laxer = s->server;
  const smtpc_verdict verdict =
      smtpc_server_judge_params(&s->server, &s->params);
  fuzz_witness_add((uint64_t)verdict.reply << 8u | verdict.finding);
  FUZZ_MUST(POLICY,
            verdict.reply != SMTPC_REPLY_NONE ||
                (s->params.seen & SMTPC_HAS(SIZE)) == 0u ||
                s->params.size <= s->server.size_max,
            "SIZE over the limit is accepted");
  laxer.size_max = UINT64_MAX;
  laxer.hold_for_max = UINT32_MAX;
  laxer.hold_until_max = UINT64_MAX;
  laxer.by_min = 0u;
  FUZZ_MUST(POLICY,
            verdict.reply != SMTPC_REPLY_NONE ||
                smtpc_server_judge_params(&laxer, &s->params).reply ==
                    SMTPC_REPLY_NONE,
            "a laxer policy refuses parameters that a stricter one takes");
}

static int is_printable(const smtpc_text *text) {
  for (size_t i = 0u; i < text->len; i++) {
    if (text->data[i] < 0x20u || text->data[i] > 0x7eu) {
      return 0;
    }
  }
  return 1;
}

static void ask_server_check(const state *s) {
  const smtpc_status status = smtpc_server_policy_check(&s->server);
  fuzz_witness_add((uint64_t)status);
  const smtpc_server_policy *p = &s->server;
  FUZZ_MUST(MISUSE,
            status == SMTPC_OK || status == SMTPC_E_ARGUMENT ||
                status == SMTPC_E_DOMAIN || status == SMTPC_E_REPLY_TEXT,
            "the check says %s", smtpc_status_name(status));
  FUZZ_MUST(MISUSE,
            status != SMTPC_OK ||
                (p->tls <= SMTPC_SERVER_TLS_REQUIRED &&
                 p->auth <= SMTPC_AUTH_REQUIRED && p->size_max != 0u),
            "a field out of range passes the check");
  FUZZ_MUST(POLICY,
            status != SMTPC_OK || p->certificate != 0u ||
                (p->tls == SMTPC_SERVER_TLS_OFF && p->implicit_tls == 0u),
            "TLS without a certificate passes the check");
  for (size_t i = 0u; status == SMTPC_OK && i < 4u; i++) {
    const smtpc_text *const texts[] = {&p->greeting, &p->hello, &p->hello_tls,
                                       &p->starttls};
    FUZZ_MUST(CRLFOUT, texts[i]->len <= SMTPC_TEXT_MAX,
              "a text of %u octets passes the check", texts[i]->len);
    FUZZ_MUST(CRLFOUT, is_printable(texts[i]) != 0,
              "a text with a control octet passes the check");
  }
  FUZZ_MUST(MISUSE,
            status != SMTPC_OK || (p->proxy <= 1u && p->implicit_tls <= 1u &&
                                   p->certificate <= 1u && p->rcpt_max > 0u &&
                                   p->hostname_len > 0u),
            "a flag out of range passes the check");
}

// ------------------------------------------------------------------- client

static void ask_hello(const state *s) {
  smtpc_client_policy policy = s->client;
  int laxer_goes_on = 1;
  for (unsigned tls = SMTPC_CLIENT_TLS_OFF; tls <= SMTPC_CLIENT_TLS_VERIFIED;
       tls++) {
    policy.tls = (uint8_t)tls;
    const smtpc_client_decision have =
        smtpc_client_after_hello(&policy, &s->caps, s->facts.tls, s->refused);
    fuzz_witness_add((uint64_t)have.next << 8u | have.finding);
    const int clear = have.next == SMTPC_CLIENT_GO_ON && s->facts.tls == 0u;
    FUZZ_MUST(
        BOUNDS,
        have.next <= SMTPC_CLIENT_STOP && have.finding < SMTPC_FINDING_COUNT,
        "a decision out of range");
    FUZZ_MUST(POLICY, clear == 0 || tls < SMTPC_CLIENT_TLS_REQUIRED,
              "mail in clear under setting %u", tls);
    FUZZ_MUST(POLICY, clear == 0 || laxer_goes_on != 0,
              "setting %u goes on where a laxer one does not", tls);
    FUZZ_MUST(POLICY,
              clear == 0 || tls == SMTPC_CLIENT_TLS_OFF ||
                  have.finding != SMTPC_FINDING_NONE,
              "a silent downgrade under setting %u", tls);
    FUZZ_MUST(POLICY,
              have.next != SMTPC_CLIENT_STARTTLS ||
                  ((s->caps.offered & SMTPC_OFFERS(STARTTLS)) != 0u &&
                   s->facts.tls == 0u),
              "STARTTLS that is not offered, or under TLS");
    laxer_goes_on = s->facts.tls != 0u || clear;
  }
}

// A client that would have taken the bound mechanism of the same hash says that it could.
static void check_bound(const state *s, unsigned have) {
  const int sha1 = have == SMTPC_MECHANISM_SCRAM_SHA_1;
  const unsigned bound = sha1 != 0 ? SMTPC_MECHANISM_SCRAM_SHA_1_PLUS
                                   : SMTPC_MECHANISM_SCRAM_SHA_256_PLUS;
  const uint64_t bit = (uint64_t)1u << bound;
  const int want = (sha1 != 0 || have == SMTPC_MECHANISM_SCRAM_SHA_256) &&
                   s->facts.tls != 0u && s->client.binding != 0u &&
                   (s->client.mechanisms & bit) != 0u &&
                   (s->caps.mechanisms & bit) == 0u;
  FUZZ_MUST(POLICY,
            want == smtpc_client_could_bind(&s->client, have,
                                            s->caps.mechanisms, s->facts.tls),
            "mechanism %u: that it could bind is %d", have, want);
}

static void ask_mechanism(const state *s, unsigned value) {
  const int tls = s->facts.tls;
  const unsigned have =
      smtpc_client_mechanism(&s->client, s->caps.mechanisms, tls);
  fuzz_witness_add(have);
  FUZZ_MUST(BOUNDS, have < SMTPC_MECHANISM_COUNT, "a mechanism out of range");
  if (have == SMTPC_MECHANISM_NONE) {
    return;
  }
  check_bound(s, have);
  const uint64_t bit = (uint64_t)1u << have;
  FUZZ_MUST(POLICY, (s->caps.mechanisms & s->client.mechanisms & bit) != 0u,
            "mechanism %u is not offered, or not permitted", have);
  FUZZ_MUST(
      POLICY,
      (bit & SMTPC_MECHS_BOUND) == 0u || (tls != 0 && s->client.binding != 0u),
      "a bound mechanism without a binding");
  FUZZ_MUST(SECRET,
            tls != 0 ||
                smtpc_mechanism_get(have).exposure != SMTPC_EXPOSURE_CLEAR ||
                (s->client.quirks & (uint32_t)SMTPC_QUIRK_AUTH_IN_CLEAR) != 0u,
            "mechanism %u shows the password in clear", have);
  // What comes beside it in an offer, and is weaker in our order, changes nothing.
  const unsigned more = smtpc_client_mechanism(
      &s->client, s->caps.mechanisms | (uint64_t)1u << (value % 64u), tls);
  FUZZ_MUST(POLICY, more == have || more == value % 64u,
            "one more mechanism in the offer makes %u of %u", more, have);
}

static void ask_tls_for(const state *s, unsigned value) {
  const int require = (int)(value & 1u);
  const int says_no = (int)(value >> 1u & 1u);
  const int honours = (int)(value >> 2u & 1u);
  unsigned finding = 0u;
  const unsigned tls = s->client.tls % 4u;
  const unsigned have =
      smtpc_client_tls_for(tls, require, says_no, honours, &finding);
  fuzz_witness_add((uint64_t)have << 8u | finding);
  FUZZ_MUST(POLICY, have <= SMTPC_CLIENT_TLS_VERIFIED,
            "a setting out of range");
  FUZZ_MUST(POLICY, require == 0 || have == SMTPC_CLIENT_TLS_VERIFIED,
            "REQUIRETLS goes with setting %u", have);
  FUZZ_MUST(POLICY, have >= tls || finding == SMTPC_FINDING_TLS_NOT_REQUIRED,
            "a setting is given up in silence");
  FUZZ_MUST(POLICY, have >= tls || (says_no != 0 && honours != 0),
            "a setting is given up that nobody gave up");
  const int channel = smtpc_client_requires(s->facts.tls, &s->tls);
  FUZZ_MUST(POLICY,
            channel == 0 || (s->facts.tls != 0u && s->tls.chain_ok != 0u &&
                             s->tls.name_ok != 0u),
            "REQUIRETLS over a channel that was not checked");
  FUZZ_MUST(
      POLICY,
      s->client.tls != SMTPC_CLIENT_TLS_VERIFIED ||
          smtpc_client_tls_verdict(&s->client, &s->tls) != SMTPC_FINDING_NONE ||
          (s->tls.chain_ok != 0u && s->tls.name_ok != 0u),
      "verified is satisfied by what was not checked");
}

static void ask_helo(const state *s) {
  const int may = smtpc_client_may_helo(&s->client, s->facts.tls);
  FUZZ_MUST(
      POLICY,
      may == 0 ||
          ((s->facts.tls != 0u || s->client.tls < SMTPC_CLIENT_TLS_REQUIRED) &&
           s->client.auth != SMTPC_AUTH_REQUIRED && s->client.lmtp == 0u),
      "HELO where TLS or AUTH is demanded");
  const smtpc_status status = smtpc_client_policy_check(&s->client);
  fuzz_witness_add((uint64_t)status * 2u + (may != 0));
  FUZZ_MUST(MISUSE,
            status == SMTPC_OK || status == SMTPC_E_ARGUMENT ||
                status == SMTPC_E_DOMAIN,
            "the check says %s", smtpc_status_name(status));
  FUZZ_MUST(MISUSE,
            status != SMTPC_OK || s->client.tls <= SMTPC_CLIENT_TLS_VERIFIED,
            "a field out of range passes the check");
  FUZZ_MUST(POLICY,
            status != SMTPC_OK || s->client.implicit_tls == 0u ||
                s->client.tls != SMTPC_CLIENT_TLS_OFF,
            "implicit TLS with TLS off passes the check");
  FUZZ_MUST(
      MISUSE,
      status != SMTPC_OK || (s->client.group_max > 0u &&
                             s->client.binding <= 1u && s->client.bdat <= 1u &&
                             s->client.lmtp <= 1u && s->client.hello_len > 0u &&
                             s->client.auth_order < SMTPC_AUTH_ORDER_COUNT),
      "a flag out of range passes the check");
}

// ------------------------------------------------------------------ program

static void set_server(state *s, unsigned field, unsigned value) {
  smtpc_server_policy *p = &s->server;
  switch (field) {
    case 0u:
      p->tls = (uint8_t)(value % 4u);
      break;
    case 1u:
      p->auth = (uint8_t)(value % 4u);
      break;
    case 2u:
      p->quirks ^= BIT32(value);
      break;
    case 3u:
      p->offered ^= BIT32(value);
      break;
    case 4u:
      p->mechanisms ^= (uint64_t)1u << (value % 64u);
      break;
    case 5u:
      p->lmtp = (uint8_t)(value % 3u);
      break;
    case 6u:
      p->certificate = (uint8_t)(value % 2u);
      break;
    case 7u:
      p->implicit_tls = (uint8_t)(value % 2u);
      break;
    case 8u:
      p->size_max = edge(value);
      break;
    case 9u:
      p->by_min = (uint32_t)(edge(value) & UINT32_MAX);
      break;
    case 10u:
      p->hold_for_max = (uint32_t)(edge(value) & UINT32_MAX);
      break;
    default:
      p->hold_until_max = edge(value);
      break;
  }
}

static void set_client(state *s, unsigned field, unsigned value) {
  smtpc_client_policy *p = &s->client;
  switch (field) {
    case 0u:
      p->tls = (uint8_t)(value % 5u);
      break;
    case 1u:
      p->auth = (uint8_t)(value % 4u);
      break;
    case 2u:
      p->quirks ^= BIT32(value);
      break;
    case 3u:
      p->mechanisms ^= (uint64_t)1u << (value % 64u);
      break;
    case 4u:
      p->auth_order = (uint8_t)(value % SMTPC_AUTH_ORDER_COUNT);
      break;
    case 5u:
      p->binding = (uint8_t)(value % 2u);
      break;
    case 6u:
      p->implicit_tls = (uint8_t)(value % 2u);
      break;
    case 7u:
      p->lmtp = (uint8_t)(value % 2u);
      break;
    case 8u:
      p->drop ^= BIT32(value);
      break;
    case 9u:
      s->caps.offered ^= BIT32(value);
      break;
    case 10u:
      s->caps.mechanisms ^= (uint64_t)1u << (value % 64u);
      break;
    default:
      s->caps.marks = (uint8_t)(value % 64u);
      break;
  }
}

static void set_fact(state *s, unsigned field, unsigned value) {
  switch (field) {
    case 0u:
      s->facts.phase = (uint8_t)(value % SMTPC_PHASE_COUNT);
      break;
    case 1u:
      s->facts.tls = (uint8_t)(value % 2u);
      break;
    case 2u:
      s->facts.authenticated = (uint8_t)(value % 2u);
      break;
    case 3u:
      s->facts.esmtp = (uint8_t)(value % 2u);
      break;
    case 4u:
      s->facts.binary = (uint8_t)(value % 2u);
      break;
    case 5u:
      s->params.seen ^= BIT32(value);
      break;
    case 6u:
      s->params.size = edge(value);
      break;
    case 7u:
      s->params.when = edge(value);
      break;
    case 8u:
      s->params.by_time = (int32_t)(edge(value) & 0x3fffffffu);
      break;
    case 9u:
      s->params.hold_for = (uint32_t)(edge(value) & UINT32_MAX);
      break;
    case 10u:
      s->refused = (uint8_t)(value % 2u);
      break;
    default:
      s->tls.chain_ok = (uint8_t)(value & 1u);
      s->tls.name_ok = (uint8_t)(value >> 1u & 1u);
      break;
  }
}

// What only a check is to look at.
static void set_oddity(state *s, unsigned field, unsigned value) {
  smtpc_text *const texts[] = {&s->server.greeting, &s->server.hello,
                               &s->server.hello_tls, &s->server.starttls};
  switch (field) {
    case 0u:
      texts[value % 4u]->len = (uint8_t)(value / 2u);
      break;
    case 1u:
      texts[value % 4u]->data[value / 4u] = (uint8_t)(value * 5u % 256u);
      break;
    case 2u:
      memset(texts[value % 4u]->data, 'x', SMTPC_TEXT_MAX);
      break;
    case 3u:
      s->server.hostname_len = (uint8_t)value;
      break;
    case 4u:
      s->server.proxy = (uint8_t)(value % 3u);
      break;
    case 5u:
      s->server.prompts = (uint8_t)(value % 4u);
      break;
    case 6u:
      s->server.rcpt_max = (uint16_t)(value % 3u);
      break;
    case 7u:
      s->server.implicit_tls = (uint8_t)(value % 3u);
      s->server.certificate = (uint8_t)(value / 3u % 3u);
      break;
    case 8u:
      s->client.hello_len = (uint8_t)value;
      break;
    case 9u:
      s->client.implicit_tls = (uint8_t)(value % 3u);
      s->client.binding = (uint8_t)(value / 3u % 3u);
      break;
    case 10u:
      s->client.bdat = (uint8_t)(value % 3u);
      s->client.lmtp = (uint8_t)(value / 3u % 3u);
      break;
    case 11u:
      s->client.group_max = (uint16_t)(value % 2u);
      break;
    case 12u:
      s->client.auth_order = (uint8_t)(value % (SMTPC_AUTH_ORDER_COUNT + 1u));
      break;
    case 13u:
      s->params.by_mode = (uint8_t)(value % 3u);
      break;
    case 14u:
      s->client.hello[0] = (uint8_t)value;
      break;
    default:
      s->server.hostname[0] = (uint8_t)value;
      break;
  }
}

static void ask(state *s, unsigned question, unsigned value) {
  switch (question) {
    case 0u:
      ask_offers(s);
      break;
    case 1u:
      ask_params(s);
      break;
    case 2u:
      ask_server_check(s);
      break;
    case 3u:
      ask_hello(s);
      break;
    case 4u:
      ask_mechanism(s, value);
      break;
    case 5u:
      ask_tls_for(s, value);
      break;
    case 6u:
      ask_helo(s);
      break;
    default:
      s->facts.verb = (uint8_t)(value % (SMTPC_VERB_COUNT + 2u));
      ask_server(s, value);
      break;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  state s;
  memset(&s, 0, sizeof s);
  smtpc_server_policy_init(&s.server);
  smtpc_client_policy_init(&s.client);
  for (size_t i = 0u; i + 1u < size && i < 2u * STEPS_MAX; i += 2u) {
    const unsigned op = data[i] % 64u;
    const unsigned value = data[i + 1u];
    if (op < 12u) {
      set_server(&s, op, value);
    } else if (op < 24u) {
      set_client(&s, op - 12u, value);
    } else if (op < 36u) {
      set_fact(&s, op - 24u, value);
    } else if (op < 48u) {
      ask(&s, op - 36u, value);
    } else {
      set_oddity(&s, op - 48u, value);
    }
  }
  return 0;
}
