#include "fuzz/tls/talk.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>

#include "fuzz/harness/law.h"
#include "fuzz/tls/credentials.h"
#include "fuzz/tls/duel_parts.h"
#include "fuzz/tls/random.h"

#define PIECES_MAX 256u
#define TURNS_MAX 64u
#define KEPT_MAX 65536u
#define EXPORTER_LEN 32u
#define ED25519_LEAST TLS1_2_VERSION
#define ALPN_OTHERS 2u
#define SNI_BAD 3u
#define SUITE_OF_CERTIFICATE 4u
#define SUITES 6u
#define RECORD_ALERT 0x15u
#define RECORD_HANDSHAKE 0x16u
#define VERSION_MAJOR 3u

static int is_server(const tls_talk *t) {
  return t->side.server != NULL ? 1 : 0;
}

int tls_talk_by_starttls(const tls_talk *t) {
  return t->side.up != 0u && t->side.heard_clear > 0u ? 1 : 0;
}

// ------------------------------------------------------------------ octets move

static size_t waiting(const tls_talk *t) {
  return t->waits.len - t->waits_from;
}

static size_t piece(const tls_talk *t, size_t left) {
  const size_t hand = t->side.started != 0u && t->side.up == 0u ? t->recut : 0u;
  const size_t cut = hand > 0u ? hand : t->cut;
  return cut > 0u && cut < left ? cut : left;
}

// What arrives in the handshake must be what the peer's engine said for it, or no
// handshake can end well. What stands behind that in the same piece is another matter.
static void foretell(tls_talk *t) {
  t->side.truth.may_come_up =
      t->engine != NULL &&
      (t->touched == 0u || duel_flight_is_part(&t->got, &t->flight, 0u) != 0 ||
       (t->up != 0u && duel_flight_is_part(&t->flight, &t->got, 0u) != 0) ||
       // RFC 8446 section 4.2.10: a server that takes no early data passes over what it
       // cannot decrypt.
       (t->up != 0u && t->tls.early != 0u && is_server(t) != 0 &&
        duel_flight_is_within(&t->flight, &t->got) != 0));
}

// A piece comes to the side. What stands behind the line that TLS follows is for the
// engine: it is part of the handshake.
static void give_piece(tls_talk *t, const uint8_t *data, size_t len) {
  const int started = t->side.started != 0u;
  if (started == 0) {
    t->clear += len;
  } else if (t->side.up == 0u) {
    smtpc_octets_add(&t->got, data, len);
    foretell(t);
  }
  tls_side_give(&t->side, data, len);
  if (started == 0 && t->side.started != 0u) {
    const size_t behind = t->clear - t->side.heard_clear;
    smtpc_octets_add(&t->got, data + len - behind, behind);
  }
}

// Octets of the network come to the side.
static void give(tls_talk *t, const uint8_t *data, size_t len) {
  const size_t least = len / PIECES_MAX + 1u;
  size_t done = 0u;
  while (done < len && t->side.closed == 0u) {
    const size_t want = piece(t, len - done);
    const size_t n = want > least || len - done < least ? want : least;
    give_piece(t, data + done, n);
    done += n;
  }
}

// The side has begun TLS: now the peer has an engine.
static void attend(tls_talk *t, size_t at) {
  if (t->engine != NULL || t->side.started == 0u || t->side.closed != 0u) {
    return;
  }
  FUZZ_MUST(COUNT, is_server(t) == 0 || t->side.wire.len == t->side.wire_clear,
            "the server speaks first in the handshake");
  t->engine =
      tls_peer_open(is_server(t) != 0 ? SMTPC_TLS_CLIENT : SMTPC_TLS_SERVER,
                    t->tls.identity, &t->tls, t->tls.high);
  t->carried = t->side.wire_clear;
  foretell(t);
  t->begun_at = at;
  t->begun_cut = t->cut;
  t->begun_filled = t->filled;
}

static void keep(tls_talk *t) {
  const uint8_t *data = NULL;
  const size_t len = tls_peer_pull(t->engine, &data);
  if (waiting(t) == 0u) {
    smtpc_octets_clear(&t->waits);
    t->waits_from = 0u;
  }
  if (len > 0u) {
    if (t->flown == 0u) {
      smtpc_octets_add(&t->flight, data, len);
    }
    smtpc_octets_add(&t->waits, data, len);
    tls_peer_pulled(t->engine);
  }
}

// What the side has sent reaches the engine.
static void pump(tls_talk *t) {
  if (t->engine == NULL) {
    return;
  }
  const smtpc_octets *wire = &t->side.wire;
  if (wire->len > t->carried) {
    tls_peer_push(t->engine, wire->data + t->carried, wire->len - t->carried);
    t->carried = wire->len;
  }
  if (t->state == TLS_PEER_SHAKES || t->state == TLS_PEER_UP) {
    t->state = tls_peer_step(t->engine, &t->read);
    t->up |= t->state == TLS_PEER_UP ? 1u : 0u;
  }
  keep(t);
  t->flown = t->up;
}

static void pass(tls_talk *t, size_t most) {
  const size_t len = most < waiting(t) ? most : waiting(t);
  const size_t from = t->waits_from;
  t->waits_from += len;
  if (len > 0u) {
    give(t, t->waits.data + from, len);
  }
  pump(t);
}

// Who speaks first under TLS: behind STARTTLS the client, else the server.
static void check_first(const tls_talk *t) {
  size_t clear = 0u;
  const smtpc_octets *out = tls_side_output(&t->side, &clear);
  if (t->side.up == 0u || t->said.len > 0u || t->prodded != 0u ||
      t->side.closed != 0u || t->side.failed != 0u) {
    return;
  }
  const int ours = is_server(t) != tls_talk_by_starttls(t);
  FUZZ_MUST(COUNT, (out->len > clear) == ours,
            "under TLS the wrong one speaks first");
}

// Until both are at rest.
static void settle(tls_talk *t, size_t at) {
  attend(t, at);
  pump(t);
  for (size_t i = 0u; waiting(t) > 0u && t->side.closed == 0u; i++) {
    FUZZ_MUST(BOUNDS, i < TURNS_MAX, "a handshake without end");
    pass(t, SIZE_MAX);
  }
  check_first(t);
}

// --------------------------------------------------------------------- the records

static void touch(tls_talk *t) {
  if (t->side.started != 0u) {
    t->touched = 1u;
    if (t->notified != 0u) {
      t->side.truth.clean = TLS_SIDE_WHATEVER;
    }
  }
}

static void say(tls_talk *t, const uint8_t *data, size_t len) {
  if (t->side.started == 0u) {
    give(t, data, len);
    // What stands behind the line that TLS follows came past the engine.
    if (t->got.len > 0u) {
      touch(t);
    }
    return;
  }
  // What is said goes into the account first: the side may hear it at once.
  if (t->engine != NULL && t->state == TLS_PEER_UP && t->notified == 0u &&
      tls_peer_write(t->engine, data, len) == 1) {
    smtpc_octets_add(&t->said, data, len);
    keep(t);
  }
}

static void fill(tls_talk *t, const script_record *record) {
  static uint8_t octets[SCRIPT_FILL_MAX];
  const size_t left = SCRIPT_FILL_MAX - t->filled;
  const size_t len = record->number < left ? (size_t)record->number : left;
  memset(octets, record->field, len);
  t->filled += len;
  say(t, octets, len);
}

static void raw(tls_talk *t, const uint8_t *data, size_t len) {
  if (len > 0u) {
    touch(t);
    give(t, data, len);
    pump(t);
  }
}

static void mangle(tls_talk *t, const script_record *record) {
  pump(t);
  if (record->number < waiting(t)) {
    uint8_t *octet = t->waits.data + t->waits_from + (size_t)record->number;
    *octet ^= record->field != 0u ? record->field : UINT8_MAX;
    touch(t);
  }
}

static void notify(tls_talk *t) {
  if (t->engine != NULL && t->state == TLS_PEER_UP && t->notified == 0u) {
    t->notified = 1u;
    t->side.truth.clean = t->touched != 0u ? TLS_SIDE_WHATEVER : 1;
    tls_peer_close(t->engine);
    keep(t);
  }
}

static void alert(tls_talk *t, uint64_t number) {
  if (number % 256u == 0u) {
    notify(t);
  } else if (t->engine != NULL) {
    // An alert is the engine's last word.
    t->alerted = 1u;
    t->side.truth.clean = TLS_SIDE_WHATEVER;
    tls_peer_alert(t->engine, (uint8_t)number);
    keep(t);
  }
}

static void hang_up(tls_talk *t, int reset) {
  t->hung_up = 1u;
  // What waits never comes, close_notify with it.
  if (waiting(t) > 0u && t->side.truth.clean == 1) {
    t->side.truth.clean = 0;
  }
  if (t->side.closed == 0u) {
    tls_side_hang_up(&t->side, reset);
    pump(t);
  }
}

static void input(tls_talk *t, const script_record *record) {
  const smtpc_input in = world_input_of(record);
  t->prodded = 1u;
  tls_side_input(&t->side, &in);
}

// An input that nobody asked for. Octets, ends and what TLS does are never out of turn, or
// are moves of their own.
static void misuse(tls_talk *t, const script_record *record) {
  const smtpc_input in = world_input_of(record);
  const smtpc_mem_where where = tls_side_where(&t->side);
  const int out_of_turn =
      in.kind >= SMTPC_IN_VERDICT ||
      (in.kind == SMTPC_IN_TLS_UP && where != SMTPC_MEM_HANDSHAKE);
  size_t clear = 0u;
  const size_t before = tls_side_output(&t->side, &clear)->len;
  if (out_of_turn != 0 && t->side.closed == 0u) {
    tls_side_input(&t->side, &in);
    FUZZ_MUST(MISUSE,
              tls_side_output(&t->side, &clear)->len == before &&
                  t->side.closed == 0u,
              "an input out of turn makes a difference");
  }
}

// Whether what waits goes on waiting when a record is played. What stands behind PASS or
// MANGLE finds it so too, but for octets that the peer cannot say yet.
static int is_at_once(const tls_talk *t, unsigned tag, unsigned before) {
  const int held = before == SCRIPT_PASS || before == SCRIPT_MANGLE;
  const int says = tag == SCRIPT_SAY || tag == SCRIPT_FILL;
  return tag == SCRIPT_PASS || tag == SCRIPT_MANGLE || tag == SCRIPT_CUT ||
         tag == SCRIPT_RAW || tag == SCRIPT_STRAY ||
         tag == SCRIPT_RENEGOTIATE ||
         (held != 0 && (says == 0 || t->state == TLS_PEER_UP));
}

static void play_record(tls_talk *t, const script_record *record) {
  static const uint8_t hello_request[] = {0x16u, 3u, 3u, 0u, 4u,
                                          0u,    0u, 0u, 0u};
  switch (record->tag) {
    case SCRIPT_SAY:
      say(t, record->data, record->len);
      break;
    case SCRIPT_FILL:
      fill(t, record);
      break;
    case SCRIPT_STRAY:
    case SCRIPT_RAW:
      raw(t, record->data, record->len);
      break;
    case SCRIPT_RENEGOTIATE:
      raw(t, hello_request, sizeof hello_request);
      break;
    case SCRIPT_CUT:
      t->cut = (size_t)(record->number % 4096u);
      break;
    case SCRIPT_MANGLE:
      mangle(t, record);
      break;
    case SCRIPT_PASS:
      pump(t);
      pass(t, record->number == 0u || record->number > SIZE_MAX
                  ? SIZE_MAX
                  : (size_t)record->number);
      break;
    case SCRIPT_NOTIFY:
      notify(t);
      break;
    case SCRIPT_ALERT:
      alert(t, record->number);
      break;
    case SCRIPT_KEY_UPDATE:
      if (t->state == TLS_PEER_UP && t->notified == 0u) {
        tls_peer_update(t->engine, record->number != 0u);
        keep(t);
      }
      break;
    case SCRIPT_CLOSE:
      hang_up(t, record->number != 1u);
      break;
    case SCRIPT_DEADLINE:
    case SCRIPT_SHUTDOWN:
      input(t, record);
      break;
    case SCRIPT_MISUSE:
      misuse(t, record);
      break;
    default:
      break;
  }
}

// ----------------------------------------------------------------- what must hold

// Two ends that cannot have TLS with each other, whatever comes.
static int is_misfit(const tls_talk *t) {
  const unsigned high = t->tls.high;
  const int old = high == TLS1_2_VERSION;
  const int refused = is_server(t) != 0 && (t->tls.sni % 4u == SNI_BAD ||
                                            t->tls.alpn % 4u == ALPN_OTHERS);
  return high < ED25519_LEAST || t->tls.floor > high || t->tls.low > high ||
                 t->tls.group % 2u != 0u || refused != 0 ||
                 (old != 0 && t->tls.suite % SUITES == SUITE_OF_CERTIFICATE)
             ? 1
             : 0;
}

int tls_talk_is_fair(const tls_talk *t) {
  return t->engine != NULL && t->touched == 0u && t->alerted == 0u &&
                 t->prodded == 0u && t->hung_up == 0u && is_misfit(t) == 0
             ? 1
             : 0;
}

// An honest peer that the side must take.
static int is_welcome(const tls_talk *t) {
  const int trusted =
      t->side.peer.verify == 0u ||
      (t->side.truth.chain_ok == 1 && t->side.truth.name_ok == 1);
  return tls_talk_is_fair(t) != 0 && t->tls.asks < 2u && trusted != 0 ? 1 : 0;
}

static void check_liveness(const tls_talk *t) {
  FUZZ_MUST(POLICY, t->side.up == 0u || is_misfit(t) == 0,
            "TLS is up with who must be refused");
  FUZZ_MUST(BOUNDS, is_welcome(t) == 0 || t->side.up != 0u,
            "an honest peer that fits is not taken");
  if (t->touched == 0u && t->hung_up == 0u && t->alerted == 0u &&
      t->prodded == 0u) {
    tls_side_must_have_heard(&t->side);
    FUZZ_MUST(BOUNDS, t->notified == 0u || t->side.closed != 0u,
              "close_notify has come, and the side goes on");
  }
}

// A connection begins with a record of the handshake, or with an alert.
static void check_first_octets(const tls_talk *t) {
  const uint8_t *head = t->got.data;
  if (t->got.len == 0u ||
      ((head[0] == RECORD_HANDSHAKE || head[0] == RECORD_ALERT) &&
       (t->got.len == 1u || head[1] == VERSION_MAJOR))) {
    return;
  }
  FUZZ_MUST(FAILSTOP,
            t->side.failed != 0u &&
                t->side.stream.facts.failure == SMTPC_TLS_FAILURE_NOT_TLS,
            "what is no TLS ends with failure %u",
            t->side.stream.facts.failure);
}

static void check_read(const tls_talk *t) {
  size_t clear = 0u;
  const smtpc_octets *out = tls_side_output(&t->side, &clear);
  const size_t said = out->len - clear;
  FUZZ_MUST(EPOCH,
            t->read.len <= said &&
                (t->read.len == 0u ||
                 memcmp(t->read.data, out->data + clear, t->read.len) == 0),
            "under TLS arrives what the session did not say");
  FUZZ_MUST(EPOCH,
            t->up == 0u || t->alerted != 0u || t->state == TLS_PEER_FAILED ||
                t->read.len == said,
            "%zu of %zu octets arrive under TLS", t->read.len, said);
}

static void check_keys(const tls_talk *t) {
  uint8_t ours[SMTPC_BINDING_MAX];
  uint8_t theirs[EXPORTER_LEN];
  const smtpc_tls_facts *facts = &t->side.facts;
  if (t->side.up == 0u || t->up == 0u) {
    FUZZ_MUST(EPOCH, t->side.up == 0u || t->engine != NULL,
              "TLS is up without a peer");
    return;
  }
  FUZZ_MUST(EPOCH,
            facts->version == SSL_version(t->engine) &&
                facts->cipher == SSL_CIPHER_get_protocol_id(
                                     SSL_get_current_cipher(t->engine)),
            "the two ends of TLS do not agree about it");
  const size_t len =
      smtpc_stream_binding(&t->side.stream, SMTPC_BINDING_EXPORTER, ours);
  // Of a channel that the peer has closed nothing is told any more.
  FUZZ_MUST(SECRET,
            t->side.stream.channel != SMTPC_STREAM_TLS ||
                (len == 0u && t->notified != 0u) ||
                (len == tls_peer_exporter(t->engine, theirs) &&
                 memcmp(ours, theirs, len) == 0),
            "the two ends of TLS are bound to different keys");
  FUZZ_MUST(POLICY,
            tls_peer_speaks_smtp(t->engine) ==
                (is_server(t) != 0 && t->tls.alpn % 2u != 0u),
            "SMTP was offered and not taken, or the other way round");
}

static void check_close(const tls_talk *t) {
  FUZZ_MUST(ONEWAY,
            t->side.closed == 0u || t->side.up == 0u || t->up == 0u ||
                t->alerted != 0u || t->hung_up != 0u || t->notified != 0u ||
                t->touched != 0u || t->side.failed != 0u ||
                t->state == TLS_PEER_CLOSED,
            "the side is closed, and its peer was told nothing");
}

void tls_talk_check(const tls_talk *t) {
  check_first_octets(t);
  check_read(t);
  check_keys(t);
  check_close(t);
}

// ---------------------------------------------------------------------- interface

static void begin(tls_talk *t, const script *moves) {
  t->moves = moves;
  t->engine = NULL;
  smtpc_octets_clear(&t->waits);
  smtpc_octets_clear(&t->said);
  smtpc_octets_clear(&t->read);
  smtpc_octets_clear(&t->flight);
  smtpc_octets_clear(&t->got);
  t->clear = 0u;
  t->flown = 0u;
  t->waits_from = t->carried = t->cut = t->recut = t->filled = 0u;
  t->begun_at = t->begun_cut = t->begun_filled = 0u;
  t->state = TLS_PEER_SHAKES;
  t->up = t->touched = t->notified = t->hung_up = 0u;
  t->alerted = t->prodded = 0u;
  script_tls_of(moves, &t->tls);
  if (t->tls.high < TLS1_VERSION || t->tls.high > TLS1_3_VERSION) {
    t->tls.high = TLS1_3_VERSION;
  }
  // A peer has no lowest version that nobody knows.
  if (t->tls.low < TLS1_VERSION || t->tls.low > TLS1_3_VERSION) {
    t->tls.low = 0u;
  }
  tls_peer_prepare();
  tls_random_reset(0u);
}

static void tell_truth(tls_talk *t) {
  int chain_ok = TLS_SIDE_WHATEVER;
  int name_ok = TLS_SIDE_WHATEVER;
  if (is_server(t) == 0) {
    (void)tls_identity_is_good(t->tls.identity, &chain_ok, &name_ok);
    name_ok = t->tls.name % 4u != 0u ? 0 : name_ok;
  }
  t->side.truth.said = &t->said;
  t->side.truth.chain_ok = chain_ok;
  t->side.truth.name_ok = name_ok;
  t->side.truth.clean = 0;
}

void tls_talk_begin_server(tls_talk *t, unsigned slot, const script *moves,
                           const smtpc_server_policy *policy) {
  begin(t, moves);
  tls_side_begin_server(&t->side, slot, moves, policy, &t->tls,
                        tls_context(t->tls.identity));
  tell_truth(t);
  attend(t, 0u);
}

void tls_talk_begin_client(tls_talk *t, unsigned slot, const script *moves,
                           const smtpc_client_policy *policy) {
  begin(t, moves);
  tls_side_begin_client(&t->side, slot, moves, policy, &t->tls,
                        tls_context(TLS_GOOD));
  tell_truth(t);
  attend(t, 0u);
}

void tls_talk_recut(tls_talk *t, size_t cut) {
  t->recut = cut;
}

void tls_talk_say(tls_talk *t, const char *text) {
  say(t, (const uint8_t *)text, strlen(text));
  attend(t, 0u);
}

void tls_talk_play(tls_talk *t, size_t from) {
  static const script_record deadline = {.tag = SCRIPT_DEADLINE};
  size_t at = from;
  unsigned before = SCRIPT_SAY;
  while (at < t->moves->count && t->side.closed == 0u) {
    const script_record *record = &t->moves->records[at];
    if (is_at_once(t, record->tag, before) == 0) {
      settle(t, at);
    }
    before = record->tag;
    play_record(t, record);
    at++;
    attend(t, at);
  }
  settle(t, at);
  check_liveness(t);
  for (unsigned i = 0u; i < 2u && t->side.closed == 0u; i++) {
    input(t, &deadline);
  }
  pump(t);
}

void tls_talk_play_as(tls_talk *t, const tls_talk *other) {
  t->cut = other->begun_cut;
  t->filled = other->begun_filled;
  tls_talk_play(t, other->begun_at);
}

static uint64_t hash_of(const tls_talk *t) {
  return t->side.server != NULL ? world_server_tls_hash(t->side.server)
                                : world_client_tls_hash(t->side.client);
}

int tls_talk_is_same(const tls_talk *t, const tls_talk *other) {
  const smtpc_octets *a = &t->side.wire;
  const smtpc_octets *b = &other->side.wire;
  const size_t len = a->len - t->side.wire_clear;
  return t->side.up == other->side.up && hash_of(t) == hash_of(other) &&
                 len == b->len - other->side.wire_clear &&
                 (len == 0u ||
                  memcmp(a->data + t->side.wire_clear,
                         b->data + other->side.wire_clear, len) == 0)
             ? 1
             : 0;
}

static void let_go(smtpc_octets *octets) {
  if (octets->cap > KEPT_MAX) {
    smtpc_octets_free(octets);
  }
}

void tls_talk_end(tls_talk *t) {
  tls_side_end(&t->side);
  if (t->engine != NULL) {
    tls_peer_free(t->engine);
    t->engine = NULL;
  }
  let_go(&t->waits);
  let_go(&t->said);
  let_go(&t->read);
  let_go(&t->flight);
  let_go(&t->got);
  ERR_clear_error();
}
