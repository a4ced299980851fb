#define _GNU_SOURCE
#include <string.h>

#include "fuzz/harness/block.h"
#include "fuzz/harness/law.h"
#include "fuzz/tls/credentials.h"
#include "fuzz/tls/duel_parts.h"

static const char *const names[2] = {"server", "client"};

// ---------------------------------------------------------- as a pair would know it

// Octets that a side's session was told and did not take.
static size_t left_of(const duel *d, unsigned who) {
  const duel_side *end = &d->sides[who];
  const duel_side *peer = &d->sides[1u - who];
  size_t clear = 0u;
  (void)tls_side_output(&peer->side, &clear);
  const size_t said = clear + peer->said.len;
  const size_t heard = end->side.heard_clear + end->side.heard;
  return said > heard ? said - heard : 0u;
}

// The two may have TLS with each other, and the client will not trust it or they have no
// version in common.
static int is_misfit(const duel *d) {
  const smtpc_client_policy *client = d->client_policy;
  const int good = tls_identity_is_good(d->tls.identity, NULL, NULL) != 0 &&
                   d->tls.name % 4u == 0u;
  // Before TLS 1.2 there is no Ed25519, and the harness has no other keys; and before
  // TLS 1.3 a login can be bound to the certificate alone, which an Ed25519 key does not
  // allow (RFC 5929 section 4.1: its signature has no one hash).
  const int unbound = d->tls.high < SMTPC_TLS_1_3 && client->binding != 0u &&
                      client->auth != SMTPC_AUTH_OFF;
  return d->tls.floor > d->tls.high || d->tls.high < SMTPC_TLS_1_2 ||
                 unbound != 0 ||
                 (good == 0 && client->tls == SMTPC_CLIENT_TLS_VERIFIED)
             ? 1
             : 0;
}

void duel_view(const duel *d, pair *out) {
  memset(out, 0, sizeof *out);
  out->moves = d->moves;
  out->server_policy = d->server_policy;
  out->client_policy = d->client_policy;
  out->server = d->sides[PAIR_SERVER].side.server;
  out->client = d->sides[PAIR_CLIENT].side.client;
  for (unsigned who = 0u; who < 2u; who++) {
    const duel_side *end = &d->sides[who];
    pair_side *side = &out->sides[who];
    side->clear = end->out_clear;
    side->stored = end->stored;
    side->stored_count = end->stored_count;
    side->abuse = end->abuse;
    side->left = left_of(d, who);
    side->tls = end->noted;
    side->inside = end->inside != 0u && end->noted != 0u ? 1u : 0u;
    side->failed = end->side.failed;
  }
  out->moved = d->moved;
  out->touched = d->touched;
  out->touched_tls = d->touched_tls;
  out->answered = d->answered;
  out->deadlines = d->deadlines;
  out->misfit = (uint8_t)is_misfit(d);
}

// ------------------------------------------------------------------- at the wire

static int begins(const uint8_t *data, size_t len, const char *word) {
  const size_t word_len = strlen(word);
  return len >= word_len && memcmp(data, word, word_len) == 0;
}

static size_t line_len(const uint8_t *data, size_t len) {
  const uint8_t *end = memchr(data, '\n', len);
  return end != NULL ? (size_t)(end - data) + 1u : len;
}

// Nothing but greetings, STARTTLS and QUIT.
static int is_preamble(const uint8_t *data, size_t len) {
  static const char *const words[] = {"EHLO ", "LHLO ", "HELO ", "STARTTLS\r\n",
                                      "QUIT\r\n"};
  for (size_t at = 0u; at < len;) {
    int known = 0;
    for (size_t i = 0u; i < sizeof words / sizeof words[0]; i++) {
      known |= begins(data + at, len - at, words[i]);
    }
    if (known == 0) {
      return 0;
    }
    at += line_len(data + at, len - at);
  }
  return 1;
}

// What is in clear on the wire is what the session said in clear.
static void check_wire(const duel *d, unsigned who) {
  const tls_side *side = &d->sides[who].side;
  const size_t len = side->started != 0u ? side->wire_clear : side->wire.len;
  size_t clear = 0u;
  const smtpc_octets *out = tls_side_output(side, &clear);
  FUZZ_MUST(EPOCH,
            len <= clear &&
                (len == 0u || memcmp(side->wire.data, out->data, len) == 0),
            "the %s's clear octets on the wire are not those of its session",
            names[who]);
}

// LINES_READ bounds the lines of a session that are looked for, and LINE_MIN is how long
// one must be that does not come about by chance.
#define LINES_READ 12u
#define LINE_MIN 16u

// What a session says under TLS cannot be read on the wire.
static void check_sealed(const duel *d, unsigned who) {
  const duel_side *end = &d->sides[who];
  const tls_side *side = &end->side;
  const size_t from = side->wire_clear;
  size_t at = 0u;
  for (size_t i = 0u; i < LINES_READ && at < end->said.len; i++) {
    const uint8_t *line = end->said.data + at;
    const size_t len = line_len(line, end->said.len - at);
    FUZZ_MUST(SECRET,
              len < LINE_MIN || line[len - 1u] != '\n' ||
                  fuzz_find(side->wire.data + from, side->wire.len - from, line,
                            len) == 0,
              "what the %s says under TLS can be read on the wire", names[who]);
    at += len;
  }
}

// What an attacker can read of the client, octet by octet: what is in clear on the wire,
// and what its engine decrypts.
static void check_what_is_read(const duel *d) {
  const duel_side *end = &d->sides[PAIR_CLIENT];
  const tls_side *side = &end->side;
  const unsigned tls = d->client_policy->tls;
  const size_t len = side->started != 0u ? side->wire_clear : side->wire.len;
  FUZZ_MUST(
      POLICY,
      tls < SMTPC_CLIENT_TLS_REQUIRED || is_preamble(side->wire.data, len) != 0,
      "mail or credentials in clear on the wire, and TLS is demanded");
  FUZZ_MUST(POLICY,
            tls != SMTPC_CLIENT_TLS_VERIFIED ||
                is_preamble(end->read.data, end->read.len) != 0,
            "mail or credentials for an attacker, and a checked certificate "
            "is demanded");
}

// --------------------------------------------------------------------- handshakes

static int is_trusted(const tls_side *side) {
  return side->facts.chain_ok == 1u && side->facts.name_ok == 1u ? 1 : 0;
}

// A client that verifies says nothing of mail to a server with a bad certificate, honest
// or not, and tells of it.
static void check_trust(const duel *d) {
  const duel_side *end = &d->sides[PAIR_CLIENT];
  if (d->client_policy->tls != SMTPC_CLIENT_TLS_VERIFIED || end->noted == 0u ||
      is_trusted(&end->side) != 0) {
    return;
  }
  FUZZ_MUST(POLICY, is_preamble(end->said.data, end->said.len) != 0,
            "mail or credentials for whom the client does not trust");
  FUZZ_MUST(POLICY,
            tls_side_has_finding(&end->side, SMTPC_FINDING_TLS_UNVERIFIED) != 0,
            "the client says nothing of a peer that it does not trust");
}

// TLS that has failed is told.
static void check_failure(const duel *d) {
  const tls_side *side = &d->sides[PAIR_CLIENT].side;
  FUZZ_MUST(
      FAILSTOP,
      side->failed == 0u ||
          tls_side_has_finding(side, SMTPC_FINDING_TLS_FAILED) != 0 ||
          tls_side_has_finding(side, SMTPC_FINDING_TLS_LOST) != 0 ||
          world_client_session(side->client)->end_reason == SMTPC_END_QUIT,
      "the client says nothing of TLS that has failed");
  // A server that shows what must not be trusted, and nobody else, is not misunderstood.
  FUZZ_MUST(POLICY,
            side->failed == 0u || d->touched != 0u || d->intercepts != 0u ||
                side->peer.verify == 0u ||
                (side->truth.chain_ok == 1 && side->truth.name_ok == 1) ||
                side->stream.facts.failure != SMTPC_TLS_FAILURE_PROTOCOL,
            "the client takes distrust for a broken protocol");
}

static int binds_same(const tls_side *a, const tls_side *b) {
  return a->bound_len == b->bound_len &&
                 memcmp(a->bound, b->bound, a->bound_len) == 0
             ? 1
             : 0;
}

// TLS has two ends that know the same of it, or an attacker between them.
static void check_channel(const duel *d) {
  const duel_side *server = &d->sides[PAIR_SERVER];
  const duel_side *client = &d->sides[PAIR_CLIENT];
  if (server->noted == 0u || client->noted == 0u) {
    return;
  }
  const int inside = server->inside != 0u || client->inside != 0u;
  const int same = binds_same(&server->side, &client->side);
  FUZZ_MUST(EPOCH, inside != 0 || same != 0,
            "the two ends of TLS have different keys");
  FUZZ_MUST(EPOCH,
            inside != 0 ||
                (server->side.facts.version == client->side.facts.version &&
                 server->side.facts.cipher == client->side.facts.cipher),
            "the two ends of TLS do not agree about it");
  FUZZ_MUST(SECRET, inside == 0 || same == 0 || server->side.bound_len == 0u,
            "an attacker between two channels has one binding for both");
}

static int is_bound(unsigned mechanism) {
  return mechanism < SMTPC_MECHANISM_COUNT &&
                 smtpc_mechanism_get(mechanism).speech == SMTPC_SPEECH_BOUND
             ? 1
             : 0;
}

// An exchange that is bound to its channel does not pass through an attacker.
static void check_binding(const duel *d) {
  const duel_side *server = &d->sides[PAIR_SERVER];
  const duel_side *client = &d->sides[PAIR_CLIENT];
  const smtpc_server *s = world_server_session(server->side.server);
  if (d->answered != 0u || server->inside == 0u || client->inside == 0u ||
      server->noted == 0u || client->noted == 0u) {
    return;
  }
  FUZZ_MUST(SECRET, s->authenticated == 0u || is_bound(s->sasl.mechanism) == 0,
            "an exchange that is bound to TLS passed through an attacker");
}

// -------------------------------------------------------------- no silent downgrade

// protection is what guards the mail that a client sent.
typedef struct protection {
  int mail;      // 1: there was some
  unsigned tls;  // 0 none, 1 TLS, 2 and the peer was checked
  unsigned version;
  unsigned auth;  // greater is stronger; 0: no login
  int require;    // 1: a MAIL command had REQUIRETLS
} protection;

static int says_mail(const uint8_t *data, size_t len) {
  return begins(data, len, "MAIL FROM:") != 0 ||
                 fuzz_find(data, len, "\nMAIL FROM:", 11u) != 0
             ? 1
             : 0;
}

static int says_require(const uint8_t *data, size_t len) {
  for (size_t at = 0u; at < len;) {
    const size_t all = line_len(data + at, len - at);
    const uint8_t *path = begins(data + at, all, "MAIL FROM:") != 0
                              ? memrchr(data + at, '>', all)
                              : NULL;
    if (path != NULL && fuzz_find(path, all - (size_t)(path - (data + at)),
                                  " REQUIRETLS", 11u) != 0) {
      return 1;
    }
    at += all;
  }
  return 0;
}

static protection protection_of(const duel *d) {
  const duel_side *end = &d->sides[PAIR_CLIENT];
  const smtpc_client *s = world_client_session(end->side.client);
  size_t clear = 0u;
  const smtpc_octets *out = tls_side_output(&end->side, &clear);
  const smtpc_octets plain = {out->data, clear, 0u};
  const smtpc_octets *on = end->noted != 0u ? &end->said : &plain;
  protection p = {0, 0u, 0u, 0u, 0};
  p.mail = says_mail(on->data, on->len);
  p.require = says_require(on->data, on->len);
  if (end->noted != 0u) {
    p.tls = is_trusted(&end->side) != 0 ? 2u : 1u;
    p.version = end->side.facts.version;
  }
  if (s->authenticated == 1u) {
    p.auth = SMTPC_MECHANISM_COUNT - (unsigned)s->sasl.mechanism;
  }
  return p;
}

static int is_one_of(const duel *d, const unsigned *findings, size_t count) {
  int found = 0;
  for (size_t i = 0u; i < count; i++) {
    found |= tls_side_has_finding(&d->sides[PAIR_CLIENT].side, findings[i]);
  }
  return found;
}

// Mail that goes with less than without an attacker: the client says what it lost.
static void check_downgrade(const duel *d, const duel *other) {
  static const unsigned of_tls[] = {
      SMTPC_FINDING_TLS_STRIPPED, SMTPC_FINDING_TLS_NOT_OFFERED,
      SMTPC_FINDING_STARTTLS_REFUSED, SMTPC_FINDING_EHLO_REFUSED};
  static const unsigned of_auth[] = {SMTPC_FINDING_AUTH_NOT_OFFERED,
                                     SMTPC_FINDING_AUTH_NO_MECHANISM,
                                     SMTPC_FINDING_AUTH_IN_CLEAR};
  const protection now = protection_of(d);
  const protection then = protection_of(other);
  const smtpc_client *s =
      world_client_session(d->sides[PAIR_CLIENT].side.client);
  const unsigned tls = d->client_policy->tls;
  if (now.mail == 0 || then.mail == 0) {
    return;
  }
  const int less_tls = now.tls == 0u && then.tls > 0u;
  FUZZ_MUST(POLICY, less_tls == 0 || is_one_of(d, of_tls, 4u) != 0,
            "mail without TLS that there was to be, and nothing is said of it");
  FUZZ_MUST(POLICY, less_tls == 0 || tls < SMTPC_CLIENT_TLS_REQUIRED,
            "mail without TLS that the policy demands");
  FUZZ_MUST(POLICY, now.tls >= then.tls || tls < SMTPC_CLIENT_TLS_VERIFIED,
            "mail with less TLS than the policy demands");
  // What the session keeps of the channel is what the program may ask.
  FUZZ_MUST(POLICY,
            now.tls != 1u || s->tls_facts.chain_ok == 0u ||
                s->tls_facts.name_ok == 0u,
            "the session knows nothing of a peer that was not verified");
  FUZZ_MUST(POLICY, now.tls == 0u || s->tls_facts.version == now.version,
            "the session knows of another version than that of its TLS");
  FUZZ_MUST(POLICY,
            now.tls == 0u || now.version >= SMTPC_TLS_1_2 ||
                tls_side_has_finding(&d->sides[PAIR_CLIENT].side,
                                     SMTPC_FINDING_TLS_OLD) != 0,
            "nothing is said of an old version of TLS");
  FUZZ_MUST(POLICY,
            d->client_policy->auth == SMTPC_AUTH_OFF || now.auth > 0u ||
                then.auth == 0u || is_one_of(d, of_auth, 2u) != 0,
            "mail without the login that there was to be, and nothing is said");
  // A weaker mechanism only where TLS, or the trust in it, is gone as well; where TLS is
  // whole, nobody can have changed the offer.
  FUZZ_MUST(POLICY,
            now.auth >= then.auth || now.auth == 0u || now.tls < then.tls ||
                now.tls < 2u || d->sides[PAIR_CLIENT].inside != 0u,
            "a weaker mechanism under TLS that is whole");
  FUZZ_MUST(POLICY, now.require == 0 || now.tls == 2u,
            "REQUIRETLS goes where nobody was verified");
  FUZZ_MUST(POLICY,
            then.require == 0 || now.require != 0 || now.tls == 2u ||
                d->client_policy->tls == SMTPC_CLIENT_TLS_OFF ||
                s->mails == 0u || d->moves->count == 0u || now.tls < 2u,
            "REQUIRETLS was left out");
}

// ------------------------------------------------------------------------- delivery

// Who demands a checked server has nothing delivered but by TLS with that very server.
static void check_delivered(const duel *d) {
  const duel_side *server = &d->sides[PAIR_SERVER];
  const duel_side *client = &d->sides[PAIR_CLIENT];
  const smtpc_octets *contents = NULL;
  const size_t delivered =
      world_client_delivered(client->side.client, &contents);
  const unsigned tls = d->client_policy->tls;
  if (delivered == 0u) {
    return;
  }
  FUZZ_MUST(DELIVERED, tls < SMTPC_CLIENT_TLS_REQUIRED || client->noted != 0u,
            "mail is delivered without the TLS that is demanded");
  FUZZ_MUST(DELIVERED,
            tls != SMTPC_CLIENT_TLS_VERIFIED ||
                (client->inside == 0u && server->inside == 0u &&
                 server->noted != 0u && is_trusted(&client->side) != 0),
            "mail is delivered, and not to the server that is demanded");
}

// ------------------------------------------------------------------------- together

// Nothing but what is bound to a channel depends on which connection it is.
static const duel *run_peace(const duel *d, duel_peace *peace) {
  if (peace->ran != 0 && d->client_policy->binding != 0u &&
      peace->duel.number != d->number) {
    duel_peace_end(peace);
  }
  if (peace->ran == 0) {
    peace->duel.number = d->number;
    duel_begin(&peace->duel, peace->slot, d->moves, d->server_policy,
               d->client_policy);
    duel_settle(&peace->duel);
    peace->ran = 1;
  }
  return &peace->duel;
}

void duel_peace_end(duel_peace *peace) {
  if (peace->ran != 0) {
    peace->ran = 0;
    duel_end(&peace->duel);
  }
}

static void check_facts_same(const duel *d, const duel *other) {
  for (unsigned who = 0u; who < 2u; who++) {
    FUZZ_MUST(SPLIT,
              memcmp(&d->sides[who].side.facts, &other->sides[who].side.facts,
                     sizeof(smtpc_tls_facts)) == 0,
              "the %s's TLS is another one than without an attacker",
              names[who]);
  }
}

// What is bound to a channel is not the same on another one.
static int binds_alike(const duel *d, const duel *other) {
  return d->client_policy->binding == 0u ||
                 binds_same(&d->sides[PAIR_CLIENT].side,
                            &other->sides[PAIR_CLIENT].side) != 0
             ? 1
             : 0;
}

static void check_beside(const duel *d, const pair *view, duel_peace *peace) {
  const int whole = pair_compares(view);
  pair other;
  if (d->moved == 0u || (whole == 0 && d->touched == 0u)) {
    return;
  }
  const int mail = protection_of(d).mail;
  if (whole != 0) {
    const duel *calm = run_peace(d, peace);
    duel_view(calm, &other);
    if (calm->sides[PAIR_SERVER].noted != 0u &&
        calm->sides[PAIR_CLIENT].noted != 0u) {
      check_facts_same(d, calm);
    }
    if (binds_alike(d, calm) != 0) {
      pair_compare(view, &other);
    }
  }
  if (mail != 0 && d->touched != 0u && d->answered == 0u) {
    check_downgrade(d, run_peace(d, peace));
  }
}

void duel_check(const duel *d, duel_peace *peace) {
  pair view;
  FUZZ_MUST(HARNESS, duel_closed(d) != 0, "a duel that is not settled");
  duel_view(d, &view);
  for (unsigned who = 0u; who < 2u; who++) {
    check_wire(d, who);
    check_sealed(d, who);
  }
  check_what_is_read(d);
  check_trust(d);
  check_failure(d);
  check_channel(d);
  check_binding(d);
  check_delivered(d);
  pair_check_alone(&view);
  check_beside(d, &view, peace);
}

void duel_compare(const duel *d, const duel *other) {
  for (unsigned who = 0u; who < 2u; who++) {
    const smtpc_octets *a = &d->sides[who].side.wire;
    const smtpc_octets *b = &other->sides[who].side.wire;
    FUZZ_MUST(PURE,
              a->len == b->len &&
                  (a->len == 0u || memcmp(a->data, b->data, a->len) == 0),
              "the %s says something else after another connection",
              names[who]);
  }
  const tls_side *server = &d->sides[PAIR_SERVER].side;
  const tls_side *client = &d->sides[PAIR_CLIENT].side;
  FUZZ_MUST(
      PURE,
      world_server_event_hash(server->server) ==
              world_server_event_hash(other->sides[PAIR_SERVER].side.server) &&
          world_client_event_hash(client->client) ==
              world_client_event_hash(other->sides[PAIR_CLIENT].side.client),
      "another connection leaves something behind");
}
