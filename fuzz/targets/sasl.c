// An exchange of AUTH ends well only for who knows the secret, on the channel that was
// meant, after all messages of its mechanism; what it was given stays nowhere.
//
// The input is text. Its first line says who speaks, a mechanism, and what holds:
//
//     server PLAIN yes           lines are responses; a verdict would be yes
//     client SCRAM-SHA-1 could   a name, a secret, and then lines are challenges,
//                                `235`, or `*` for a client that cancels
//     both LOGIN                 a name, a secret, and the server's secret if it is
//                                another one: client and server talk to each other
//
// A line that begins with `"` is made base64 by the harness. Words of the first line:
// `offers` (our server names a bound mechanism), `could` (our client would have bound),
// `end-point`, `unbound`, `other-channel`, `draft` (prompts), `small` (little room).
//
// A digest is a toy: a hash of secret, salt and text that only who has them can make.
//
// Laws: SECRET, ROUNDTRIP, CRLFOUT, WELLFORMED, BOUNDS, TERMINAL, MISUSE, INVARIANT,
// COVER, PURE.
#include "smtpcore/sasl.h"

#include <string.h>

#include "fuzz/harness/block.h"
#include "fuzz/harness/choice.h"
#include "fuzz/harness/identity.h"
#include "fuzz/harness/law.h"
#include "fuzz/harness/target.h"
#include "fuzz/harness/witness.h"

const unsigned fuzz_target_kind = FUZZ_KIND_TOKENS;

#define INPUT_MAX 4096u
#define CAP_MAX 8192u
#define GUARD_LEN 64u
#define HOST_LEN 12u
#define LINES_MAX 16u
enum { OFFERS = 1, COULD = 2, YES = 4, END_POINT = 8 };
enum { UNBOUND = 16, OTHER_CHANNEL = 32, DRAFT = 64, SMALL = 128 };

typedef struct text {
  const uint8_t *data;
  size_t len;
} text;

// plan is what an input says.
typedef struct plan {
  text rest;  // lines that were not read
  unsigned mechanism;
  unsigned options;
  size_t cap;
  size_t salt_len;
  text name;
  text secret;
  text known;  // the secret that the server knows
} plan;

// side is the line buffer of one side: beyond `buffer.len` it is all zero.
typedef struct side {
  smtpc_sasl_buffer buffer;
  uint8_t data[CAP_MAX + GUARD_LEN];
} side;

static side client_side;
static side server_side;
static const uint8_t zeros[CAP_MAX + GUARD_LEN];
static const uint8_t client_nonce[SMTPC_NONCE_LEN] = {
    0xf0, 0xe1, 0xd2, 0xc3, 0xb4, 0xa5, 0x96, 0x87,
    0x78, 0x69, 0x5a, 0x4b, 0x3c, 0x2d, 0x1e, 0x0f};
static const uint8_t server_nonce[SMTPC_NONCE_LEN] = {
    0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
    0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};
static const uint8_t salt[SMTPC_SALT_MAX] = "0123456789abcdefghijklmnopqrstu";
static const uint8_t host[] = "mail.example";
static const uint8_t channel[] = "this channel, no other, 32 octets";
#define CHANNEL_LEN 32u

// --------------------------------------------------------------------- the input

static text next_line(text *rest) {
  text line = *rest;
  const uint8_t *const end =
      rest->len > 0u ? memchr(rest->data, '\n', rest->len) : NULL;
  line.len = end != NULL ? (size_t)(end - rest->data) : rest->len;
  const size_t taken = line.len + (end != NULL ? 1u : 0u);
  rest->data += taken;
  rest->len -= taken;
  return line;
}

static bool is(text word, const char *name) {
  return word.len == strlen(name) && memcmp(word.data, name, word.len) == 0;
}

static void take_word(plan *p, text word) {
  // In the order of their bits.
  static const char *const words[] = {"offers",    "could",   "yes",
                                      "end-point", "unbound", "other-channel",
                                      "draft",     "small"};
  for (size_t i = 0u; i < sizeof words / sizeof words[0]; i++) {
    p->options |= is(word, words[i]) ? 1u << i : 0u;
  }
  for (unsigned id = 1u; id < SMTPC_MECHANISM_COUNT; id++) {
    p->mechanism = is(word, smtpc_mechanism_get(id).name) ? id : p->mechanism;
  }
}

static plan plan_of(const uint8_t *data, size_t size, fuzz_choice *choice) {
  plan p;
  memset(&p, 0, sizeof p);
  p.rest.data = data;
  p.rest.len = size;
  text line = next_line(&p.rest);
  size_t from = 0u;
  for (size_t i = 0u; i <= line.len; i++) {
    if (i == line.len || line.data[i] == ' ') {
      const text word = {line.data + from, i - from};
      if (from > 0u) {
        take_word(&p, word);
      }
      from = i + 1u;
    }
  }
  const size_t room = size > 512u ? CAP_MAX : 2048u;
  p.cap = (p.options & SMALL) != 0u ? size + fuzz_choose(choice, 400u) : room;
  p.salt_len = 1u + fuzz_choose(choice, SMTPC_SALT_MAX);
  return p;
}

static bool is_scram(unsigned mechanism) {
  return smtpc_sasl_digest_len(mechanism) > SMTPC_MD5_LEN;
}

static bool is_bound(unsigned mechanism) {
  return (SMTPC_MECHS_BOUND >> mechanism & 1u) != 0u;
}

static bool is_spoken(unsigned mechanism) {
  return (SMTPC_MECHS_SPOKEN >> mechanism & 1u) != 0u;
}

static bool is_token(unsigned mechanism) {
  return mechanism == SMTPC_MECHANISM_OAUTHBEARER ||
         mechanism == SMTPC_MECHANISM_XOAUTH2;
}

// ------------------------------------------------------------------ line buffers

// What is not in use has never been written, or was wiped.
static void check_side(const side *s) {
  FUZZ_MUST(BOUNDS, s->buffer.data == s->data && s->buffer.len <= s->buffer.cap,
            "%zu octets in a room of %zu", s->buffer.len, s->buffer.cap);
  FUZZ_MUST(SECRET,
            memcmp(s->data + s->buffer.len, zeros,
                   s->buffer.cap + GUARD_LEN - s->buffer.len) == 0,
            "octets stay behind what is in use");
}

// renew lets go of the line, as a session does.
static void renew(side *s, size_t cap) {
  memset(s->data, 0, s->buffer.len);
  s->buffer.data = s->data;
  s->buffer.len = 0u;
  s->buffer.cap = cap;
}

static void put(side *s, const void *data, size_t len) {
  if (s->buffer.len + len > s->buffer.cap) {
    s->buffer.cap = s->buffer.len + len;
  }
  memcpy(s->data + s->buffer.len, data, len);
  s->buffer.len += len;
}

// put_line puts a line of the input, `"` in base64, and returns where it lies.
static smtpc_span put_line(side *s, text line) {
  const size_t begin = s->buffer.len;
  if (line.len == 0u || line.data[0] != '"') {
    put(s, line.data, line.len);
  } else {
    smtpc_out out = smtpc_out_begin_at(s->data, begin, CAP_MAX);
    smtpc_base64 encoder = {0u, 0u, {0u, 0u, 0u}};
    smtpc_base64_put(&encoder, &out, line.data + 1u, line.len - 1u);
    smtpc_base64_end(&encoder, &out);
    s->buffer.len = out.len;
    s->buffer.cap = s->buffer.cap < out.len ? out.len : s->buffer.cap;
  }
  return smtpc_span_make(begin, s->buffer.len);
}

static bool is_inside(smtpc_span span, const side *s) {
  return span.begin <= span.end && span.end <= s->buffer.len;
}

// knows returns whether the octets of `thing` hold the secret, and hold it for no other
// reason than that somebody kept it.
static bool knows(const void *thing, size_t len, const plan *p, text secret) {
  const text public[] = {p->name,
                         {client_nonce, SMTPC_NONCE_LEN},
                         {server_nonce, SMTPC_NONCE_LEN},
                         {salt, sizeof salt}};
  // Short ones, and zeros, are found by chance.
  bool may = secret.len < 8u || memchr(secret.data, 0, secret.len) != NULL;
  for (size_t i = 0u; i < sizeof public / sizeof public[0]; i++) {
    may = may || fuzz_find(public[i].data, public[i].len, secret.data,
                           secret.len) != 0;
  }
  return !may && fuzz_find(thing, len, secret.data, secret.len) != 0;
}

// ------------------------------------------------------------------------ digests

// toy writes a digest of `len` octets: a hash of all that it is made over.
static void toy(uint8_t *out, size_t len, unsigned label, text secret,
                text salted, text over) {
  const text parts[] = {secret, salted, over};
  uint64_t hash = label;
  for (size_t k = 0u; k < 3u; k++) {
    hash = fuzz_hash_number(hash, parts[k].len);
    hash = fuzz_hash(hash, parts[k].data, parts[k].len);
  }
  for (size_t i = 0u; i < len; i++) {
    hash = i % 8u == 0u ? fuzz_hash_number(hash, i) : hash >> 8u;
    out[i] = (uint8_t)(hash & 0xffu);
  }
}

enum { PROOF, SIGNATURE };
static text text_at(const side *s, smtpc_span span) {
  const text t = {s->data + span.begin, smtpc_span_len(span)};
  return t;
}

// ------------------------------------------------------------------------- server

// server is an exchange, and what the harness knows of it.
typedef struct server {
  smtpc_sasl sasl;
  bool said_yes;  // the verdict
  bool bound;     // the channel is the one that the client says
  text known;     // the secret; NULL: the verdict is the plan's
} server;

static void check_server(const server *s, const plan *p, const text *secret) {
  const smtpc_sasl *const sasl = &s->sasl;
  FUZZ_MUST(COVER,
            is_inside(sasl->secret, &server_side) &&
                is_inside(sasl->text, &server_side) &&
                is_inside(sasl->bound, &server_side),
            "a span lies outside of the line");
  FUZZ_MUST(INVARIANT,
            sasl->wants <= SMTPC_SASL_REFUSED &&
                sasl->peer_nonce_len <= SMTPC_PEER_NONCE_MAX &&
                sasl->held_len <= SMTPC_DIGEST_MAX,
            "a server wants %u", sasl->wants);
  FUZZ_MUST(SECRET,
            sasl->wants != SMTPC_SASL_NOTHING ||
                memcmp(sasl, zeros, sizeof *sasl) == 0,
            "an exchange that is none keeps something");
  for (size_t i = 0u; i < sasl->name_len; i++) {
    FUZZ_MUST(INVARIANT, !smtpc_is_control(sasl->name[i]),
              "a control octet is in a name");
  }
  FUZZ_MUST(SECRET,
            sasl->wants != SMTPC_SASL_DONE ||
                (s->said_yes && (s->bound || !is_bound(sasl->mechanism))),
            "an exchange is done without a yes, or on another channel");
  FUZZ_MUST(SECRET, secret == NULL || !knows(sasl, sizeof *sasl, p, *secret),
            "an exchange keeps the secret");
  check_side(&server_side);
}

// misuse_server gives what is never wanted: nothing of it is taken.
static void misuse_server(smtpc_sasl *sasl) {
  const smtpc_sasl before = *sasl;
  const uint32_t least = SMTPC_ITERATIONS_MIN;
  const uint32_t most = SMTPC_ITERATIONS_MAX;
  smtpc_sasl_buffer *const line = &server_side.buffer;
  const bool speaks = sasl->wants == SMTPC_SASL_SAY;
  const bool checks =
      sasl->wants == SMTPC_SASL_CHECK && !is_scram(sasl->mechanism);
  FUZZ_MUST(
      MISUSE,
      smtpc_sasl_server_nonce(sasl, zeros, 3u) != SMTPC_OK &&
          smtpc_sasl_server_salt(sasl, zeros, 1u, most + 1u) != SMTPC_OK &&
          smtpc_sasl_server_salt(sasl, zeros, 1u, least - 1u) != SMTPC_OK &&
          (checks ||
           smtpc_sasl_server_verdict(sasl, 1, zeros, 3u) != SMTPC_OK) &&
          (speaks || smtpc_sasl_server_response(sasl, line, sasl->text, host,
                                                HOST_LEN) == SMTPC_E_STATE),
      "misuse is taken");
  FUZZ_MUST(MISUSE, memcmp(sasl, &before, sizeof before) == 0,
            "misuse changes an exchange");
}

// judge gives the verdict of who knows the secret.
static smtpc_status judge(server *s, const plan *p) {
  const size_t len = smtpc_sasl_digest_len(s->sasl.mechanism);
  const text over = text_at(&server_side, s->sasl.text);
  const text claim = text_at(&server_side, s->sasl.secret);
  const text salted = {s->sasl.held,
                       is_scram(s->sasl.mechanism) ? s->sasl.held_len : 0u};
  uint8_t signature[SMTPC_DIGEST_MAX] = {0};
  uint8_t proof[SMTPC_DIGEST_MAX] = {0};
  bool yes = (p->options & YES) != 0u;
  FUZZ_MUST(INVARIANT, len == 0u || (claim.len == len && over.len > 0u),
            "a digest of %zu octets is claimed", claim.len);
  if (s->known.data != NULL) {
    toy(proof, len, PROOF, s->known, salted, over);
    toy(signature, len, SIGNATURE, s->known, salted, over);
    const text want = {len > 0u ? proof : s->known.data,
                       len > 0u ? len : s->known.len};
    yes =
        s->sasl.mechanism == SMTPC_MECHANISM_EXTERNAL ||
        (claim.len == want.len && memcmp(claim.data, want.data, want.len) == 0);
  }
  s->said_yes = yes;
  const smtpc_status status =
      smtpc_sasl_server_verdict(&s->sasl, yes ? 1 : 0, signature, len);
  FUZZ_MUST(SECRET,
            yes || (s->sasl.wants != SMTPC_SASL_DONE && s->sasl.held_len == 0u),
            "a no is done, or signed");
  return status;
}

// serve_server gives what the server wants, until it says something or has ended.
static smtpc_status serve_server(server *s, const plan *p, const text *secret) {
  smtpc_status status = SMTPC_OK;
  while (status == SMTPC_OK && s->sasl.wants != SMTPC_SASL_SAY &&
         s->sasl.wants < SMTPC_SASL_DONE &&
         s->sasl.wants != SMTPC_SASL_NOTHING) {
    misuse_server(&s->sasl);
    switch (s->sasl.wants) {
      case SMTPC_SASL_NONCE:
        status =
            smtpc_sasl_server_nonce(&s->sasl, server_nonce, SMTPC_NONCE_LEN);
        break;
      case SMTPC_SASL_SALT:
        status = smtpc_sasl_server_salt(&s->sasl, salt, p->salt_len,
                                        SMTPC_ITERATIONS_MIN);
        break;
      case SMTPC_SASL_BINDING:
        status = smtpc_sasl_server_binding(
            &s->sasl, &server_side.buffer,
            (p->options & OTHER_CHANNEL) != 0u ? salt : channel, CHANNEL_LEN);
        s->bound = status == SMTPC_OK;
        break;
      default:
        status = judge(s, p);
        break;
    }
    check_server(s, p, secret);
  }
  return status;
}

static smtpc_status respond(server *s, const plan *p, smtpc_span span,
                            const text *secret) {
  const size_t len = server_side.buffer.len;
  const identity_said said =
      identity_of(server_side.data + span.begin, smtpc_span_len(span));
  const smtpc_status status = smtpc_sasl_server_response(
      &s->sasl, &server_side.buffer, span, host, HOST_LEN);
  FUZZ_MUST(MISUSE, status != SMTPC_E_STATE, "a response is not wanted");
  FUZZ_MUST(
      SECRET,
      status == SMTPC_OK || (server_side.buffer.len == len &&
                             memcmp(&s->sasl, zeros, sizeof s->sasl) == 0),
      "what was refused is kept");
  identity_check(&said, &s->sasl, server_side.data, server_nonce);
  fuzz_witness_add((uint64_t)status << 8u | s->sasl.wants);
  check_server(s, p, secret);
  return status;
}

// challenge writes what the server says: a line of base64.
static void challenge(const server *s, const plan *p, uint8_t *line) {
  uint8_t copy[SMTPC_OUT_MAX];
  size_t len = 0u;
  smtpc_span out = {0u, 0u};
  const unsigned prompts =
      (p->options & DRAFT) != 0u ? SMTPC_PROMPTS_DRAFT : SMTPC_PROMPTS_COLON;
  smtpc_status status = smtpc_sasl_write_challenge(
      &s->sasl, prompts, host, HOST_LEN, line, SMTPC_OUT_MAX, &len);
  FUZZ_MUST(CRLFOUT,
            status == SMTPC_OK && len >= 6u &&
                memcmp(line + len - 2u, "\r\n", 2u) == 0 &&
                smtpc_plain_run(line, 0u, len) == len - 2u,
            "a challenge is %s", smtpc_status_name(status));
  memcpy(copy, line, len);
  status = smtpc_base64_decode(copy, smtpc_span_make(4u, len - 2u), &out);
  FUZZ_MUST(WELLFORMED, status == SMTPC_OK && memcmp(line, "334 ", 4u) == 0,
            "a challenge is no 334");
}

static void end_server(server *s) {
  misuse_server(&s->sasl);
  smtpc_sasl_clear(&s->sasl);
  FUZZ_MUST(SECRET, memcmp(&s->sasl, zeros, sizeof s->sasl) == 0,
            "an exchange that was cleared keeps something");
}

static void begin_server(server *s, const plan *p) {
  memset(s, 0x5a, sizeof *s);
  s->said_yes = false;
  s->bound = false;
  s->known = p->known;
  renew(&server_side, p->cap);
  smtpc_sasl_server_begin(&s->sasl, p->mechanism,
                          (p->options & OFFERS) != 0u ? 1 : 0);
  check_server(s, p, NULL);
}

// check_repeated: SCRAM's last message says again how its first began.
static void check_repeated(text first, text last) {
  const bool known = first.len >= 8u && last.len >= 8u &&
                     last.data != first.data && last.data[0] == '"';
  const bool n = known && memcmp(first.data, "\"n,,", 4u) == 0;
  const bool y = known && memcmp(first.data, "\"y,,", 4u) == 0;
  FUZZ_MUST(SECRET,
            (!n || memcmp(last.data, "\"c=biws,", 8u) == 0) &&
                (!y || memcmp(last.data, "\"c=eSws,", 8u) == 0),
            "an exchange began otherwise than it ends");
}

// run_server gives the lines of the input to a server.
static void run_server(plan *p) {
  server s;
  text first = {NULL, 0u};
  uint8_t line[SMTPC_OUT_MAX];
  begin_server(&s, p);
  smtpc_status status = SMTPC_OK;
  for (unsigned k = 0u; k < LINES_MAX && status == SMTPC_OK; k++) {
    status = serve_server(&s, p, NULL);
    if (status != SMTPC_OK || s.sasl.wants != SMTPC_SASL_SAY ||
        p->rest.len == 0u) {
      break;
    }
    challenge(&s, p, line);
    renew(&server_side, p->cap);
    const text answer = next_line(&p->rest);
    const bool last = s.sasl.step == 1u && is_scram(p->mechanism);
    status = respond(&s, p, put_line(&server_side, answer), NULL);
    first = k == 0u || status != SMTPC_OK ? answer : first;
    check_repeated(first, last ? answer : first);
    FUZZ_MUST(SECRET, !is(answer, "*") || status == SMTPC_E_CANCELLED,
              "a client that cancels is told %s", smtpc_status_name(status));
  }
  end_server(&s);
}

// ------------------------------------------------------------------------- client

static void check_client(const smtpc_sasl_client *sasl, const plan *p) {
  FUZZ_MUST(COVER,
            is_inside(sasl->say, &client_side) &&
                is_inside(sasl->text, &client_side) &&
                is_inside(sasl->salt, &client_side) &&
                is_inside(sasl->final, &client_side),
            "a span lies outside of the line");
  FUZZ_MUST(INVARIANT,
            (smtpc_span_len(sasl->say) > 0u) == (sasl->wants == SMTPC_SASL_SAY),
            "there is a line to send, or none");
  FUZZ_MUST(SECRET, !knows(sasl, sizeof *sasl, p, p->secret),
            "an exchange keeps the secret");
  check_side(&client_side);
}

// misuse_client gives what is never wanted: nothing of it is taken.
static void misuse_client(smtpc_sasl_client *sasl, const plan *p) {
  const smtpc_sasl_client before = *sasl;
  smtpc_sasl_buffer *const line = &client_side.buffer;
  const size_t len = line->len;
  const bool waits = sasl->wants == SMTPC_SASL_WAIT;
  FUZZ_MUST(MISUSE,
            smtpc_sasl_client_nonce(sasl, zeros, 3u) != SMTPC_OK &&
                smtpc_sasl_client_binding(sasl, line, zeros, 0u) != SMTPC_OK &&
                smtpc_sasl_client_digest(sasl, line, p->name.data, p->name.len,
                                         zeros, 7u) != SMTPC_OK &&
                (waits || (smtpc_sasl_client_challenge(sasl, line, sasl->say) ==
                               SMTPC_E_STATE &&
                           smtpc_sasl_client_success(sasl) == SMTPC_E_STATE)),
            "misuse is taken");
  FUZZ_MUST(MISUSE,
            line->len == len && memcmp(sasl, &before, sizeof before) == 0,
            "misuse changes an exchange");
}

static smtpc_status give_digest(smtpc_sasl_client *sasl, const plan *p,
                                bool fixed) {
  const size_t len = smtpc_sasl_digest_len(sasl->mechanism);
  const text over = text_at(&client_side, sasl->text);
  const text salted = text_at(&client_side, sasl->salt);
  uint8_t digest[2u * SMTPC_DIGEST_MAX];
  toy(digest, len, PROOF, p->secret, salted, over);
  toy(digest + len, len, SIGNATURE, p->secret, salted, over);
  for (size_t i = 0u; i < len && fixed; i++) {
    digest[len + i] = (uint8_t)(0x40u + i);
  }
  FUZZ_MUST(INVARIANT,
            !is_scram(sasl->mechanism) ||
                (sasl->iterations >= SMTPC_ITERATIONS_MIN &&
                 sasl->iterations <= SMTPC_ITERATIONS_MAX && salted.len > 0u),
            "%u iterations over a salt of %zu", sasl->iterations, salted.len);
  return smtpc_sasl_client_digest(sasl, &client_side.buffer, p->name.data,
                                  p->name.len, digest,
                                  is_scram(sasl->mechanism) ? 2u * len : len);
}

// serve_client gives what the client wants, until it has a line to send, or waits.
static smtpc_status serve_client(smtpc_sasl_client *sasl, const plan *p,
                                 bool fixed) {
  smtpc_status status = SMTPC_OK;
  while (status == SMTPC_OK && sasl->wants != SMTPC_SASL_SAY &&
         sasl->wants != SMTPC_SASL_WAIT && sasl->wants != SMTPC_SASL_DONE &&
         sasl->wants != SMTPC_SASL_NOTHING) {
    const size_t len = client_side.buffer.len;
    misuse_client(sasl, p);
    const smtpc_sasl_client before = *sasl;
    switch (sasl->wants) {
      case SMTPC_SASL_NONCE:
        status = smtpc_sasl_client_nonce(sasl, client_nonce, SMTPC_NONCE_LEN);
        break;
      case SMTPC_SASL_PASSWORD:
        status = smtpc_sasl_client_credentials(sasl, &client_side.buffer,
                                               p->name.data, p->name.len,
                                               p->secret.data, p->secret.len);
        break;
      case SMTPC_SASL_BINDING:
        status = smtpc_sasl_client_binding(sasl, &client_side.buffer, channel,
                                           CHANNEL_LEN);
        break;
      default:
        status = give_digest(sasl, p, fixed);
        break;
    }
    FUZZ_MUST(SECRET,
              status == SMTPC_OK || (client_side.buffer.len == len &&
                                     memcmp(sasl, &before, sizeof before) == 0),
              "what was refused changes something");
    check_client(sasl, p);
  }
  return status;
}

// check_say checks a line to send: AUTH, or base64, and one CRLF.
static text check_say(const smtpc_sasl_client *sasl, bool first) {
  text line = text_at(&client_side, sasl->say);
  FUZZ_MUST(CRLFOUT,
            line.len >= 2u &&
                smtpc_plain_run(line.data, 0u, line.len) == line.len - 2u &&
                line.data[line.len - 1u] == '\n',
            "a line of %zu octets has another end", line.len);
  line.len -= 2u;
  if (first) {
    const smtpc_mechanism_row row = smtpc_mechanism_get(sasl->mechanism);
    FUZZ_MUST(WELLFORMED,
              line.len + 2u <= SMTPC_OUT_MAX && line.len >= 5u + row.name_len &&
                  memcmp(line.data, "AUTH ", 5u) == 0 &&
                  memcmp(line.data + 5u, row.name, row.name_len) == 0,
              "a first line of %zu octets is no AUTH", line.len);
    line.data += 5u + row.name_len;
    line.len -= 5u + row.name_len;
  }
  return line;
}

// take_line gives a line of the input to a client that waits.
static smtpc_status take_line(smtpc_sasl_client *sasl, const plan *p,
                              text line) {
  renew(&client_side, p->cap);
  if (is(line, "235")) {
    const unsigned sent = (unsigned)sasl->step - sasl->late;
    const bool whole =
        smtpc_sasl_client_is_whole(sasl) != 0 && sasl->cancelled == 0u;
    const bool proved = sasl->proved != 0u || !is_scram(sasl->mechanism);
    const bool refused = is_token(sasl->mechanism) && sent > 1u;
    const smtpc_status status = smtpc_sasl_client_success(sasl);
    FUZZ_MUST(SECRET, status != SMTPC_OK || (whole && proved && !refused),
              "a success is believed too early");
    return status == SMTPC_OK ? SMTPC_MORE : status;
  }
  if (is(line, "*")) {
    return smtpc_sasl_client_cancel(sasl, &client_side.buffer);
  }
  put(&client_side, "334 ", 4u);
  const smtpc_span span = put_line(&client_side, line);
  const size_t len = client_side.buffer.len;
  // What the server must say to prove itself: octets 0x40 and on.
  const bool right =
      is(line, "\"v=QEFCQ0RFRkdISUpLTE1OT1BRUlM=") ||
      is(line, "\"v=QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8=");
  const bool proved = sasl->proved != 0u;
  const smtpc_status status =
      smtpc_sasl_client_challenge(sasl, &client_side.buffer, span);
  FUZZ_MUST(SECRET,
            proved || sasl->proved == 0u || right || line.data[0] != '"',
            "a server that proved nothing is believed");
  FUZZ_MUST(SECRET,
            status == SMTPC_OK || (client_side.buffer.len == len &&
                                   sasl->wants == SMTPC_SASL_NOTHING),
            "what was refused is kept");
  return status;
}

static unsigned binding_of(const plan *p) {
  const unsigned kind = (p->options & END_POINT) != 0u
                            ? (unsigned)SMTPC_BINDING_END_POINT
                            : (unsigned)SMTPC_BINDING_EXPORTER;
  return (p->options & UNBOUND) != 0u ? (unsigned)SMTPC_BINDING_NONE : kind;
}

static void begin_client(smtpc_sasl_client *sasl, const plan *p) {
  memset(sasl, 0x5a, sizeof *sasl);
  renew(&client_side, p->cap);
  smtpc_sasl_client_begin(sasl, p->mechanism, binding_of(p),
                          (p->options & COULD) != 0u ? 1 : 0,
                          &client_side.buffer);
  const bool unbound = is_bound(p->mechanism) && (p->options & UNBOUND) != 0u;
  FUZZ_MUST(SECRET,
            (is_spoken(p->mechanism) && !unbound) ||
                sasl->wants == SMTPC_SASL_NOTHING,
            "a mechanism is spoken that is none, or unbound");
  check_client(sasl, p);
}

static void end_client(smtpc_sasl_client *sasl, const plan *p) {
  misuse_client(sasl, p);
  smtpc_sasl_client_clear(sasl);
  FUZZ_MUST(SECRET, memcmp(sasl, zeros, sizeof *sasl) == 0,
            "an exchange that was cleared keeps something");
}

// run_client gives the lines of the input to a client.
static void run_client(plan *p) {
  smtpc_sasl_client sasl;
  p->name = next_line(&p->rest);
  p->secret = next_line(&p->rest);
  begin_client(&sasl, p);
  for (unsigned k = 0u; k < LINES_MAX; k++) {
    if (serve_client(&sasl, p, true) != SMTPC_OK ||
        sasl.wants != SMTPC_SASL_SAY) {
      break;
    }
    (void)check_say(&sasl, k == 0u);
    smtpc_sasl_client_said(&sasl);
    check_client(&sasl, p);
    if (p->rest.len == 0u ||
        take_line(&sasl, p, next_line(&p->rest)) != SMTPC_OK) {
      break;
    }
    check_client(&sasl, p);
  }
  end_client(&sasl, p);
}

// --------------------------------------------------------- client against server

static bool name_is_good(const plan *p) {
  bool good = p->name.len <= SMTPC_NAME_MAX &&
              (p->name.len > 0u || p->mechanism == SMTPC_MECHANISM_EXTERNAL ||
               p->mechanism == SMTPC_MECHANISM_OAUTHBEARER);
  for (size_t i = 0u; i < p->name.len; i++) {
    good = good && p->name.data[i] >= 0x20u && p->name.data[i] != 0x7fu;
  }
  return good;
}

// token_is_good: RFC 6750 section 2.1, 1*( ALPHA / DIGIT / "-._~+/" ) *"="
static bool token_is_good(text token) {
  size_t len = token.len;
  while (len > 0u && token.data[len - 1u] == '=') {
    len--;
  }
  for (size_t i = 0u; i < len; i++) {
    const uint8_t c = token.data[i];
    if (!smtpc_is_alnum(c) && (c == 0u || strchr("-._~+/", c) == NULL)) {
      return false;
    }
  }
  return len > 0u;
}

static bool secret_is_good(const plan *p) {
  const text s = p->secret;
  if (p->mechanism == SMTPC_MECHANISM_EXTERNAL ||
      smtpc_sasl_digest_len(p->mechanism) > 0u) {
    // It is not given to the core.
    return true;
  }
  const bool good = s.len > 0u && s.len <= SMTPC_PASSWORD_MAX &&
                    memchr(s.data, 0, s.len) == NULL;
  return is_token(p->mechanism) ? token_is_good(s) : good;
}

// may_succeed is what must hold for both sides to be content.
static bool may_succeed(const plan *p) {
  const bool same = p->secret.len == p->known.len &&
                    memcmp(p->secret.data, p->known.data, p->known.len) == 0;
  const bool lied = is_scram(p->mechanism) && !is_bound(p->mechanism) &&
                    (p->options & COULD) != 0u && (p->options & OFFERS) != 0u;
  const bool bound =
      !is_bound(p->mechanism) || (p->options & (UNBOUND | OTHER_CHANNEL)) == 0u;
  return is_spoken(p->mechanism) && name_is_good(p) && secret_is_good(p) &&
         (same || p->mechanism == SMTPC_MECHANISM_EXTERNAL) && !lied && bound;
}

// carry takes the client's line to the server.
static smtpc_status carry(server *s, smtpc_sasl_client *sasl, const plan *p,
                          bool first) {
  text line = check_say(sasl, first);
  if (first && line.len == 0u) {
    smtpc_sasl_client_said(sasl);
    return SMTPC_OK;
  }
  const size_t skip = first ? 1u : 0u;
  renew(&server_side, p->cap);
  put(&server_side, line.data + skip, line.len - skip);
  smtpc_span span = smtpc_span_make(0u, line.len - skip);
  if (first && line.len == 2u && line.data[1] == '=') {
    span = smtpc_span_make(0u, 0u);
  }
  smtpc_sasl_client_said(sasl);
  return respond(s, p, span, &p->known);
}

// talk lets both sides talk, and returns SMTPC_OK when the server is done.
static smtpc_status talk(server *s, smtpc_sasl_client *sasl, const plan *p) {
  uint8_t line[SMTPC_OUT_MAX];
  smtpc_status status = serve_server(s, p, &p->known);
  for (unsigned turn = 0u; turn < LINES_MAX && status == SMTPC_OK; turn++) {
    status = serve_client(sasl, p, false);
    if (status != SMTPC_OK || sasl->wants != SMTPC_SASL_SAY) {
      return SMTPC_E_STATE;
    }
    status = carry(s, sasl, p, turn == 0u);
    if (status == SMTPC_OK) {
      status = serve_server(s, p, &p->known);
    }
    if (status != SMTPC_OK || s->sasl.wants >= SMTPC_SASL_DONE) {
      break;
    }
    challenge(s, p, line);
    renew(&client_side, p->cap);
    put(&client_side, line, strcspn((const char *)line, "\r"));
    status = smtpc_sasl_client_challenge(
        sasl, &client_side.buffer, smtpc_span_make(4u, client_side.buffer.len));
    check_client(sasl, p);
  }
  return s->sasl.wants == SMTPC_SASL_DONE ? SMTPC_OK : SMTPC_E_SASL;
}

static void run_both(plan *p) {
  server s;
  smtpc_sasl_client sasl;
  p->name = next_line(&p->rest);
  p->secret = next_line(&p->rest);
  p->known = p->rest.len > 0u ? next_line(&p->rest) : p->secret;
  begin_server(&s, p);
  begin_client(&sasl, p);
  const bool may = may_succeed(p);
  const smtpc_status status =
      sasl.wants == SMTPC_SASL_NOTHING ? SMTPC_E_STATE : talk(&s, &sasl, p);
  FUZZ_MUST(SECRET, status != SMTPC_OK || may,
            "mechanism %u is done for who does not know", p->mechanism);
  FUZZ_MUST(ROUNDTRIP, !may || status == SMTPC_OK || (p->options & SMALL) != 0u,
            "mechanism %u is %s for who knows", p->mechanism,
            smtpc_status_name(status));
  FUZZ_MUST(ROUNDTRIP,
            status != SMTPC_OK ||
                (s.sasl.name_len == p->name.len &&
                 memcmp(s.sasl.name, p->name.data, p->name.len) == 0),
            "the server knows another name");
  const smtpc_status success = smtpc_sasl_client_success(&sasl);
  FUZZ_MUST(ROUNDTRIP, status != SMTPC_OK || success == SMTPC_OK,
            "a client does not believe a server that is done: %s",
            smtpc_status_name(success));
  FUZZ_MUST(
      SECRET,
      status == SMTPC_OK || success != SMTPC_OK || !is_scram(p->mechanism),
      "a client believes a server that proved nothing");
  end_client(&sasl, p);
  end_server(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size > INPUT_MAX || size == 0u) {
    return -1;
  }
  fuzz_choice choice = fuzz_choice_of(data, size);
  plan p = plan_of(data, size, &choice);
  if (data[0] == 's') {
    run_server(&p);
  } else if (data[0] == 'c') {
    run_client(&p);
  } else {
    run_both(&p);
  }
  renew(&client_side, 0u);
  renew(&server_side, 0u);
  return 0;
}
