#define _GNU_SOURCE
#include <string.h>

#include "fuzz/harness/block.h"
#include "fuzz/harness/law.h"
#include "fuzz/harness/pair.h"

// --------------------------------------------------------------- what was said

// The octets from `at` on; an empty array has none.
static const uint8_t *from_at(const smtpc_octets *octets, size_t at) {
  return octets->data != NULL ? octets->data + at : NULL;
}

static int begins(const uint8_t *data, size_t len, const char *word) {
  const size_t word_len = strlen(word);
  return len >= word_len && memcmp(data, word, word_len) == 0;
}

// Length of the line at the start of `data`, its LF included.
static size_t line_len(const uint8_t *data, size_t len) {
  const uint8_t *end = len > 0u ? memchr(data, '\n', len) : NULL;
  return end != NULL ? (size_t)(end - data) + 1u : len;
}

// Returns 1 when `data` is nothing but greetings, STARTTLS and QUIT: nothing of mail, of
// its content or of credentials.
static int is_preamble(const uint8_t *data, size_t len) {
  size_t at = 0u;
  while (at < len) {
    const uint8_t *line = data + at;
    const size_t left = len - at;
    if (!begins(line, left, "EHLO ") && !begins(line, left, "LHLO ") &&
        !begins(line, left, "HELO ") && !begins(line, left, "STARTTLS\r\n") &&
        !begins(line, left, "QUIT\r\n")) {
      return 0;
    }
    at += line_len(line, left);
  }
  return 1;
}

// Returns 1 when a MAIL command was sent. Content that looks like one comes after one.
static int says_mail(const uint8_t *data, size_t len) {
  return begins(data, len, "MAIL FROM:") ||
                 fuzz_find(data, len, "\nMAIL FROM:", 11u) != 0
             ? 1
             : 0;
}

// The password as it is, and what base64 makes of it, by where it begins among three
// octets. What depends on its neighbours is left out.
static const char *const password_forms[4] = {
    WORLD_PASSWORD, "Y2FuYXJ5OnBhNTV3b3Jk", "NhbmFyeTpwYTU1d29yZ",
    "jYW5hcnk6cGE1NXdvcm"};

static void must_not_say(const uint8_t *data, size_t len, const char *who) {
  for (size_t i = 0u; i < 4u; i++) {
    const char *form = password_forms[i];
    FUZZ_MUST(SECRET, fuzz_find(data, len, form, strlen(form)) == 0,
              "the %s shows the password as %s", who, form);
  }
}

// ----------------------------------------------------------- policies, secrets

static int was_inside(const pair *p) {
  return p->sides[PAIR_SERVER].inside != 0u ||
         p->sides[PAIR_CLIENT].inside != 0u;
}

// A MAIL command with REQUIRETLS among its parameters is nowhere in these octets.
static void must_not_require(const uint8_t *data, size_t len) {
  for (size_t at = 0u; at < len;) {
    const uint8_t *line = data + at;
    const size_t all = line_len(line, len - at);
    const uint8_t *path =
        begins(line, all, "MAIL FROM:") != 0 ? memrchr(line, '>', all) : NULL;
    FUZZ_MUST(POLICY,
              path == NULL || fuzz_find(path, all - (size_t)(path - line),
                                        " REQUIRETLS", 11u) == 0,
              "REQUIRETLS goes where nobody was verified");
    at += all;
  }
}

// A message that demands TLS goes under TLS that was verified, whatever the policy.
static void check_requiretls(const pair *p) {
  size_t clear = 0u;
  const smtpc_octets *out = pair_out(p, PAIR_CLIENT, &clear);
  int content = 0;
  int asked = 0;
  for (size_t i = 0u; i < p->moves->count; i++) {
    const script_record *record = &p->moves->records[i];
    const int says =
        fuzz_find(record->data, record->len, "REQUIRETLS", 10u) != 0 ? 1 : 0;
    asked |= record->tag == SCRIPT_MESSAGE ? says : 0;
    content |= record->tag == SCRIPT_CONTENT ? says : 0;
  }
  if (asked != 0 && content == 0) {
    const int inside = p->sides[PAIR_CLIENT].inside != 0u;
    must_not_require(out->data, inside != 0 ? out->len : clear);
  }
}

static void check_client_policy(const pair *p) {
  const smtpc_client_policy *policy = p->client_policy;
  size_t clear = 0u;
  const smtpc_octets *out = pair_out(p, PAIR_CLIENT, &clear);
  const int mail_clear = is_preamble(out->data, clear) == 0;
  const int warned =
      world_client_found(p->client, SMTPC_FINDING_TLS_STRIPPED) != 0 ||
      world_client_found(p->client, SMTPC_FINDING_TLS_NOT_OFFERED) != 0 ||
      world_client_found(p->client, SMTPC_FINDING_STARTTLS_REFUSED) != 0;
  FUZZ_MUST(POLICY, policy->tls < SMTPC_CLIENT_TLS_REQUIRED || mail_clear == 0,
            "mail in clear, and the client's policy demands TLS");
  FUZZ_MUST(POLICY,
            policy->tls < SMTPC_CLIENT_TLS_REQUIRED ||
                fuzz_find(out->data, clear, "HELO ", 5u) == 0,
            "HELO, after which there is no STARTTLS, and TLS is demanded");
  FUZZ_MUST(POLICY,
            policy->tls != SMTPC_CLIENT_TLS_OPPORTUNISTIC || mail_clear == 0 ||
                warned != 0,
            "mail in clear, and the client says nothing of a downgrade");
  if (p->sides[PAIR_CLIENT].inside != 0u &&
      policy->tls == SMTPC_CLIENT_TLS_VERIFIED) {
    FUZZ_MUST(POLICY, is_preamble(from_at(out, clear), out->len - clear) != 0,
              "mail to a peer that was not verified");
    FUZZ_MUST(POLICY,
              world_client_found(p->client, SMTPC_FINDING_TLS_UNVERIFIED) != 0,
              "nothing is said of a peer that was not verified");
  }
}

// A login that is left out is told, and one that is demanded is not left out.
static void check_client_auth(const pair *p) {
  const unsigned auth = p->client_policy->auth;
  size_t clear = 0u;
  const smtpc_octets *out = pair_out(p, PAIR_CLIENT, &clear);
  const size_t from = p->sides[PAIR_CLIENT].tls != 0u ? clear : 0u;
  const int mail = says_mail(from_at(out, from), out->len - from);
  if (auth == SMTPC_AUTH_OFF || mail == 0) {
    return;
  }
  const int told =
      world_client_found(p->client, SMTPC_FINDING_AUTH_NOT_OFFERED) != 0 ||
      world_client_found(p->client, SMTPC_FINDING_AUTH_NO_MECHANISM) != 0;
  const int done = world_client_session(p->client)->authenticated == 1u;
  FUZZ_MUST(POLICY, done != 0 || told != 0,
            "mail without the login, and nothing is said of it");
  FUZZ_MUST(POLICY, done != 0 || auth != SMTPC_AUTH_REQUIRED,
            "mail without the login that the policy demands");
}

static void check_server_policy(const pair *p) {
  const pair_side *side = &p->sides[PAIR_SERVER];
  size_t all = 0u;
  const smtpc_octets *stored = world_server_stored(p->server, &all);
  const size_t under_tls = world_server_stored_tls(p->server);
  FUZZ_MUST(HARNESS, under_tls <= all && side->stored <= stored->len,
            "more was stored under TLS than at all");
  FUZZ_MUST(
      POLICY,
      p->server_policy->tls != SMTPC_SERVER_TLS_REQUIRED || under_tls == all,
      "the server demands TLS and stored mail that came in clear");
  FUZZ_MUST(EPOCH, side->tls != 0u || under_tls == 0u,
            "a message came under TLS, which never was");
  FUZZ_MUST(EPOCH, side->tls == 0u || under_tls == all - side->stored_count,
            "a message counts for the channel that it did not come on");
}

// A password that the script says itself is no canary.
static int script_says(const script *moves) {
  for (size_t i = 0u; i < 4u * moves->count; i++) {
    const script_record *record = &moves->records[i / 4u];
    const char *form = password_forms[i % 4u];
    const size_t len = strlen(form);
    if (fuzz_find(record->data, record->len, form, len) != 0 ||
        fuzz_find(record->more, record->more_len, form, len) != 0) {
      return 1;
    }
  }
  return 0;
}

// The attacker sees what is in clear, and what is under its own TLS. With credentials of
// the script there is no canary.
static void check_secrets(const pair *p) {
  const smtpc_client_policy *policy = p->client_policy;
  const uint32_t quirk = (uint32_t)SMTPC_QUIRK_AUTH_IN_CLEAR;
  size_t clear = 0u;
  size_t count = 0u;
  if (p->answered != 0u || policy->auth == SMTPC_AUTH_OFF ||
      script_says(p->moves) != 0) {
    return;
  }
  const smtpc_octets *out = pair_out(p, PAIR_CLIENT, &clear);
  if ((policy->quirks & quirk) == 0u) {
    must_not_say(out->data, clear, "client");
  }
  if (p->sides[PAIR_CLIENT].inside != 0u &&
      policy->tls == SMTPC_CLIENT_TLS_VERIFIED) {
    must_not_say(from_at(out, clear), out->len - clear, "client under TLS");
  }
  out = pair_out(p, PAIR_SERVER, &clear);
  must_not_say(out->data, out->len, "server");
  // An attacker that was shown a password may put it where it likes.
  out = world_server_stored(p->server, &count);
  if ((policy->quirks & quirk) == 0u && p->sides[PAIR_CLIENT].inside == 0u) {
    must_not_say(out->data, out->len, "server's storage");
  }
}

// ------------------------------------------------------------------- delivery

static int starts_with(const smtpc_octets *all, const smtpc_octets *part) {
  return part->len <= all->len &&
         (part->len == 0u || memcmp(all->data, part->data, part->len) == 0);
}

// What the client reports as delivered, over a channel where only its server can have
// said so, the server stored: the same octets in the same order, each once. One more
// may be stored when the reply to it was lost.
static void check_delivered(const pair *p) {
  const smtpc_octets *contents = NULL;
  size_t stored_count = 0u;
  const size_t delivered = world_client_delivered(p->client, &contents);
  const smtpc_octets *all = world_server_stored(p->server, &stored_count);
  const pair_side *server = &p->sides[PAIR_SERVER];
  smtpc_octets stored = *all;
  const int sealed = server->tls != 0u && server->inside == 0u &&
                     p->sides[PAIR_CLIENT].tls != 0u;
  if (p->client_policy->lmtp != 0u || (p->touched != 0u && sealed == 0)) {
    return;
  }
  if (sealed != 0 && server->stored > 0u) {
    stored.data += server->stored;
    stored.len -= server->stored;
  }
  if (sealed != 0) {
    stored_count -= server->stored_count;
  }
  FUZZ_MUST(DELIVERED,
            stored_count == delivered ||
                (p->touched != 0u && stored_count == delivered + 1u),
            "%zu messages are delivered and %zu stored", delivered,
            stored_count);
  FUZZ_MUST(DELIVERED, starts_with(&stored, contents) != 0,
            "what was stored is not what was sent");
  FUZZ_MUST(DELIVERED, stored_count != delivered || stored.len == contents->len,
            "more was stored than was sent");
}

// ------------------------------------------------- what must go well, goes well

// letters is what the messages of a script come to.
typedef struct letters {
  size_t messages;
  size_t recipients;  // of the message with most of them
  size_t octets;      // of the message with most of them
  int plain;          // 1: nothing of them is out of the common
} letters;

static int is_label(const uint8_t *data, size_t len) {
  for (size_t i = 0u; i < len; i++) {
    const uint8_t c = data[i];
    if ((c < 'a' || c > 'z') && (c < '0' || c > '9')) {
      return 0;
    }
  }
  return len > 0u && len <= 30u ? 1 : 0;
}

// An address like any other, and one that no server refuses.
static int is_plain_address(const uint8_t *data, size_t len) {
  static const char *const refused[] = {"no", "later", "full", "relay"};
  const uint8_t *at = len > 0u ? memchr(data, '@', len) : NULL;
  if (at == NULL || is_label(data, (size_t)(at - data)) == 0 || len > 90u) {
    return 0;
  }
  for (size_t i = 0u; i < 4u; i++) {
    if (begins(data, len, refused[i])) {
      return 0;
    }
  }
  size_t from = (size_t)(at - data) + 1u;
  for (size_t i = from; i <= len; i++) {
    if (i == len || data[i] == '.') {
      if (is_label(data + from, i - from) == 0) {
        return 0;
      }
      from = i + 1u;
    }
  }
  return 1;
}

// Whole lines of printable octets.
static int is_plain_content(const uint8_t *data, size_t len) {
  size_t line = 0u;
  if (len < 2u || data[len - 1u] != '\n') {
    return 0;
  }
  for (size_t i = 0u; i < len; i++) {
    const int ends = data[i] == '\r' && i + 1u < len && data[i + 1u] == '\n';
    if (ends != 0) {
      i++;
      line = 0u;
    } else if (data[i] < 0x20u || data[i] > 0x7eu || line > 900u) {
      return 0;
    } else {
      line++;
    }
  }
  return 1;
}

// Reads the messages of a script; one without any has one that the world made up.
static letters read_letters(const script *moves) {
  letters all = {0u, 0u, 0u, 1};
  size_t recipients = 1u;
  size_t octets = 1u;
  for (size_t i = 0u; i < moves->count; i++) {
    const script_record *record = &moves->records[i];
    if (record->tag == SCRIPT_MESSAGE) {
      all.plain &= recipients > 0u && octets > 0u;
      all.plain &= is_plain_address(record->data, record->len);
      recipients = octets = 0u;
      all.messages++;
    } else if (record->tag == SCRIPT_RECIPIENT) {
      all.plain &= is_plain_address(record->data, record->len);
      recipients++;
    } else if (record->tag == SCRIPT_CONTENT) {
      all.plain &= is_plain_content(record->data, record->len);
      octets += record->len;
    }
    all.plain &= all.messages > 0u || recipients + octets == 2u;
    all.recipients = recipients > all.recipients ? recipients : all.recipients;
    all.octets = octets > all.octets ? octets : all.octets;
  }
  all.plain &= recipients > 0u && octets > 0u;
  all.octets = all.messages > 0u ? all.octets : 100u;
  all.messages = all.messages > 0u ? all.messages : 1u;
  return all;
}

static int tls_fits(const smtpc_server_policy *s,
                    const smtpc_client_policy *c) {
  const int offered =
      s->tls != SMTPC_SERVER_TLS_OFF || s->implicit_tls != 0u ? 1 : 0;
  if (s->implicit_tls != c->implicit_tls) {
    return 0;
  }
  if (offered == 0) {
    return c->tls < SMTPC_CLIENT_TLS_REQUIRED ? 1 : 0;
  }
  return c->tls != SMTPC_CLIENT_TLS_OFF || s->tls != SMTPC_SERVER_TLS_REQUIRED
             ? 1
             : 0;
}

static int auth_fits(const smtpc_server_policy *s,
                     const smtpc_client_policy *c) {
  const int tls = c->implicit_tls != 0u || (c->tls != SMTPC_CLIENT_TLS_OFF &&
                                            s->tls != SMTPC_SERVER_TLS_OFF)
                      ? 1
                      : 0;
  const int offered =
      (smtpc_server_offers(s, tls) & SMTPC_OFFERS(AUTH)) != 0u ? 1 : 0;
  const unsigned mechanism =
      smtpc_client_mechanism(c, smtpc_server_mechanisms(s, tls), tls);
  if (c->auth == SMTPC_AUTH_OFF) {
    return s->auth != SMTPC_AUTH_REQUIRED ? 1 : 0;
  }
  // The world's password is no token: it has a colon.
  return offered != 0 && mechanism != SMTPC_MECHANISM_NONE &&
         mechanism != SMTPC_MECHANISM_OAUTHBEARER &&
         mechanism != SMTPC_MECHANISM_XOAUTH2;
}

static int limits_fit(const smtpc_server_policy *s, const letters *all) {
  return s->proxy == 0u && s->size_max >= all->octets &&
         s->rcpt_max >= all->recipients && s->errors_max > 0u &&
         s->junk_max > 4u && s->auth_max > 0u &&
         (s->mail_max == 0u || s->mail_max >= all->messages);
}

// The two policies let every message of the script pass.
static int fits(const pair *p, const letters *all) {
  const smtpc_server_policy *s = p->server_policy;
  const smtpc_client_policy *c = p->client_policy;
  return all->plain != 0 && p->misfit == 0u && s->lmtp == c->lmtp &&
         tls_fits(s, c) != 0 && auth_fits(s, c) != 0 && limits_fit(s, all) != 0;
}

// ---------------------------------------------------------- without an attacker

static int quits(const pair *p) {
  const smtpc_client *client = world_client_session(p->client);
  return client->end_reason == SMTPC_END_QUIT &&
         world_server_session(p->server)->end_reason == SMTPC_END_QUIT;
}

static void check_undisturbed(const pair *p) {
  const letters all = read_letters(p->moves);
  const smtpc_octets *contents = NULL;
  FUZZ_MUST(COUNT,
            quits(p) == 0 || (p->sides[PAIR_SERVER].left == 0u &&
                              p->sides[PAIR_CLIENT].left == 0u),
            "octets were left at a clean end");
  if (fits(p, &all) == 0) {
    return;
  }
  FUZZ_MUST(BOUNDS, p->deadlines == 0u,
            "two sides that fit wait for each other");
  FUZZ_MUST(DELIVERED,
            world_client_delivered(p->client, &contents) == all.messages,
            "%zu of %zu messages are delivered",
            world_client_delivered(p->client, &contents), all.messages);
  FUZZ_MUST(DELIVERED, quits(p) != 0, "two sides that fit do not quit");
  FUZZ_MUST(POLICY,
            p->sides[PAIR_CLIENT].tls != 0u ||
                p->client_policy->tls == SMTPC_CLIENT_TLS_OFF ||
                p->server_policy->tls == SMTPC_SERVER_TLS_OFF,
            "both want TLS, and there is none");
}

static void must_equal(const smtpc_octets *a, size_t a_from,
                       const smtpc_octets *b, size_t b_from, int part,
                       const char *what) {
  const size_t a_len = a->len - a_from;
  const size_t b_len = b->len - b_from;
  FUZZ_MUST(EPOCH, part != 0 ? a_len <= b_len : a_len == b_len,
            "clear octets changed under TLS: %zu octets of %s for %zu", a_len,
            what, b_len);
  FUZZ_MUST(
      EPOCH,
      a_len == 0u || memcmp(a->data + a_from, b->data + b_from, a_len) == 0,
      "clear octets changed under TLS: %s", what);
}

// Cuts and partial relays change nothing.
static void check_same(const pair *p, const pair *other) {
  for (unsigned who = 0u; who < 2u; who++) {
    size_t clear = 0u;
    size_t other_clear = 0u;
    const smtpc_octets *a = pair_out(p, who, &clear);
    const smtpc_octets *b = pair_out(other, who, &other_clear);
    FUZZ_MUST(SPLIT,
              a->len == b->len && clear == other_clear &&
                  (a->len == 0u || memcmp(a->data, b->data, a->len) == 0),
              "cuts change what the %s says",
              who == PAIR_SERVER ? "server" : "client");
  }
}

// What happens under TLS is what happens under it without an attacker, or the beginning
// of that: all that came in clear is forgotten but for the counters of abuse.
static void check_under_tls(const pair *p, const pair *other) {
  const int part =
      p->touched_tls != 0u ||
      memcmp(&p->sides[PAIR_SERVER].abuse, &other->sides[PAIR_SERVER].abuse,
             sizeof p->sides[PAIR_SERVER].abuse) != 0;
  const smtpc_octets *delivered[2] = {NULL, NULL};
  size_t count = 0u;
  if (other->sides[PAIR_SERVER].tls == 0u ||
      other->sides[PAIR_CLIENT].tls == 0u) {
    return;
  }
  for (unsigned who = 0u; who < 2u; who++) {
    size_t clear = 0u;
    size_t other_clear = 0u;
    const smtpc_octets *a = pair_out(p, who, &clear);
    const smtpc_octets *b = pair_out(other, who, &other_clear);
    if (who == PAIR_CLIENT || part == 0) {
      must_equal(a, clear, b, other_clear, part,
                 who == PAIR_CLIENT ? "commands" : "replies");
    }
  }
  const smtpc_octets stored = *world_server_stored(p->server, &count);
  must_equal(&stored, p->sides[PAIR_SERVER].stored,
             world_server_stored(other->server, &count),
             other->sides[PAIR_SERVER].stored, part, "messages");
  (void)world_client_delivered(p->client, &delivered[0]);
  (void)world_client_delivered(other->client, &delivered[1]);
  must_equal(delivered[0], 0u, delivered[1], 0u, part, "what is delivered");
}

// Runs the same two sides without an attacker, unless that has been done.
static const pair *run_peace(const pair *p, pair_peace *peace) {
  pair *other = &peace->pair;
  if (peace->ran != 0 && memcmp(&other->facts, &p->up, sizeof p->up) != 0) {
    pair_peace_end(peace);
  }
  if (peace->ran == 0) {
    pair_begin(other, peace->slot, p->moves, p->server_policy,
               p->client_policy);
    other->facts = p->up;
    pair_settle(other);
    peace->ran = 1;
  }
  return other;
}

void pair_peace_end(pair_peace *peace) {
  if (peace->ran != 0) {
    peace->ran = 0;
    pair_end(&peace->pair);
  }
}

static int was_cut(const pair *p) {
  return p->touched == 0u && p->moved != 0u ? 1 : 0;
}

// A script's own answers go to another question when the attacker asks one.
int pair_compares(const pair *p) {
  const int sealed = p->touched != 0u && was_inside(p) == 0 &&
                     p->answered == 0u && p->sides[PAIR_SERVER].tls != 0u &&
                     p->sides[PAIR_CLIENT].tls != 0u;
  return was_cut(p) != 0 || sealed != 0 ? 1 : 0;
}

void pair_compare(const pair *p, const pair *other) {
  if (was_cut(p) != 0) {
    check_same(p, other);
  } else {
    check_under_tls(p, other);
  }
}

void pair_check_alone(const pair *p) {
  FUZZ_MUST(HARNESS, pair_closed(p) != 0, "a pair that is not settled");
  check_client_policy(p);
  check_requiretls(p);
  check_client_auth(p);
  check_server_policy(p);
  check_secrets(p);
  check_delivered(p);
  if (p->touched == 0u && p->answered == 0u) {
    check_undisturbed(p);
  }
}

void pair_check(const pair *p, pair_peace *peace) {
  pair_check_alone(p);
  if (pair_compares(p) != 0) {
    pair_compare(p, run_peace(p, peace));
  }
}
