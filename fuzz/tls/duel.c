#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fuzz/harness/law.h"
#include "fuzz/tls/credentials.h"
#include "fuzz/tls/duel_parts.h"
#include "fuzz/tls/random.h"
#include "shim/boringssl/tls_boringssl.h"

#define RECORD_HEAD 5u
// The type and length of a handshake's message: a change of them makes its reader wait.
#define MESSAGE_HEAD 4u
// KEPT_MAX bounds the memory that a buffer keeps from one duel to the next.
#define KEPT_MAX 65536u
// TURNS_MAX bounds the turns of a flow: each one has a command or a reply in it.
#define TURNS_MAX 4096u

static const char *const names[2] = {"server", "client"};

static int is_traced(void) {
  static int traced = -1;
  if (traced < 0) {
    const char *value = getenv("SMTPCORE_FUZZ_TRACE");
    traced = value != NULL && strcmp(value, "1") == 0 ? 1 : 0;
  }
  return traced;
}

void duel_trace(const char *what, unsigned to) {
  if (is_traced() != 0) {
    fprintf(stderr, "* %s (%s)\n", what, names[to]);
  }
}

// What TLS records look like from outside.
static void trace_octets(unsigned to, const uint8_t *data, size_t len) {
  if (is_traced() != 0 && len > 0u) {
    fprintf(stderr, "> %s: %zu octets, the first one %u\n", names[to], len,
            data[0]);
  }
}

int duel_is_closed(const duel *d, unsigned who) {
  return tls_side_is_closed(&d->sides[who].side);
}

int duel_in_handshake(const duel *d, unsigned who) {
  return tls_side_where(&d->sides[who].side) == SMTPC_MEM_HANDSHAKE;
}

int duel_closed(const duel *d) {
  return duel_is_closed(d, PAIR_SERVER) != 0 &&
         duel_is_closed(d, PAIR_CLIENT) != 0;
}

void duel_touch(duel *d) {
  d->touched = 1u;
  if (d->sides[PAIR_SERVER].side.up != 0u ||
      d->sides[PAIR_CLIENT].side.up != 0u) {
    d->touched_tls = 1u;
  }
}

// ------------------------------------------------------------- what a side says

// What its session said under TLS is what its peer's engine was given.
static void mirror(duel_side *end) {
  size_t clear = 0u;
  const smtpc_octets *out = tls_side_output(&end->side, &clear);
  const size_t have = clear + end->said.len;
  if (out->len > have) {
    smtpc_octets_add(&end->said, out->data + have, out->len - have);
  }
}

static void note_tls(duel *d, unsigned who) {
  duel_side *end = &d->sides[who];
  size_t clear = 0u;
  (void)tls_side_output(&end->side, &clear);
  end->noted = 1u;
  end->out_clear = clear;
  if (who == PAIR_SERVER) {
    const world_server *server = end->side.server;
    end->stored = world_server_stored(server, &end->stored_count)->len;
    end->abuse = world_server_session(server)->abuse;
  }
}

// Law COUNT, the first speaker: after STARTTLS the server says nothing before a command;
// on implicit TLS the client says nothing before the greeting.
static void check_first_speaker(const duel *d, unsigned who) {
  const duel_side *end = &d->sides[who];
  const int waits = who == PAIR_SERVER ? d->server_policy->implicit_tls == 0u
                                       : d->client_policy->implicit_tls != 0u;
  FUZZ_MUST(COUNT,
            waits == 0 || end->side.heard > 0u || end->said.len == 0u ||
                d->prodded != 0u,
            "the %s speaks first under TLS", names[who]);
}

// What `who` has put on the wire since the last time goes on: to the attacker's engine,
// or into the wire to its peer.
static void carry(duel *d, unsigned who) {
  duel_side *end = &d->sides[who];
  const tls_side *side = &end->side;
  duel_wire *wire = &d->wires[1u - who];
  const size_t clear = side->started != 0u ? side->wire_clear : side->wire.len;
  mirror(end);
  if (side->up != 0u && end->noted == 0u) {
    note_tls(d, who);
  }
  check_first_speaker(d, who);
  if (end->carried < clear) {
    duel_wire_add(wire, side->wire.data + end->carried, clear - end->carried,
                  DUEL_CLEAR);
    end->carried = clear;
  }
  if (end->carried < side->wire.len && end->inside == 0u) {
    duel_wire_add(wire, side->wire.data + end->carried,
                  side->wire.len - end->carried, DUEL_SEALED);
    end->carried = side->wire.len;
    if (side->failed == 0u) {
      end->covered = end->got.len;
    }
  }
}

// ------------------------------------------------------------- what a side gets

// How long the pieces are into which so many octets are cut.
static size_t cut_of(duel *d, size_t len) {
  const size_t pieces = d->cut > 0u ? len / d->cut : 0u;
  if (pieces > d->pieces) {
    return 0u;
  }
  d->pieces -= pieces;
  return d->cut;
}

// Whatever the handshake covers came as it was sent, or it does not end well.
static void foretell(duel *d, unsigned who) {
  duel_side *end = &d->sides[who];
  const duel_side *peer = &d->sides[1u - who];
  // What the peer had heard when it spoke last; what came later is not covered yet.
  const smtpc_octets heard = {peer->got.data, peer->covered, 0u};
  // What the peer said when it was up is not of the handshake.
  const size_t most = peer->side.up != 0u
                          ? peer->side.wire_up - peer->side.wire_clear
                          : end->got.len;
  const smtpc_octets got = {end->got.data,
                            most < end->got.len ? most : end->got.len, 0u};
  const int whole =
      peer->inside == 0u &&
      duel_flight_is_part(&got, &peer->side.wire, peer->side.wire_clear) != 0 &&
      duel_flight_is_part(&heard, &end->side.wire, end->side.wire_clear) != 0;
  end->side.truth.may_come_up = whole;
}

// A side that has come to stand in the handshake took nothing behind the line that led
// there: what an attacker put behind it was not eaten in silence.
static void check_drained(const duel *d, unsigned to) {
  static const char *const words[2] = {"STARTTLS", "220"};
  const duel_side *end = &d->sides[to];
  const size_t heard = end->side.heard_clear;
  const size_t len = strlen(words[to]);
  size_t from = heard > 0u ? heard - 1u : 0u;
  const int implicit = to == PAIR_SERVER ? d->server_policy->implicit_tls != 0u
                                         : d->client_policy->implicit_tls != 0u;
  if (implicit != 0) {
    FUZZ_MUST(DRAIN, heard == 0u, "clear octets on implicit TLS");
    return;
  }
  FUZZ_MUST(DRAIN, heard <= end->clear.len, "the %s heard what was not said",
            names[to]);
  while (from > 0u && end->clear.data[from - 1u] != '\n') {
    from--;
  }
  FUZZ_MUST(DRAIN,
            heard - from > len && end->clear.data[heard - 1u] == '\n' &&
                strncasecmp((const char *)end->clear.data + from, words[to],
                            len) == 0,
            "the %s took more than the line that TLS follows", names[to]);
}

static void give_piece(duel *d, unsigned to, const uint8_t *data, size_t len) {
  duel_side *end = &d->sides[to];
  const int started = end->side.started;
  if (started == 0) {
    smtpc_octets_add(&end->clear, data, len);
  } else if (end->side.up == 0u && end->inside == 0u) {
    smtpc_octets_add(&end->got, data, len);
    foretell(d, to);
  }
  trace_octets(to, data, len);
  tls_side_give(&end->side, data, len);
  d->work++;
  carry(d, to);
  if (started == 0 && end->side.started != 0u) {
    check_drained(d, to);
    // What stands behind that line is for the engine: it is part of the handshake.
    smtpc_octets_add(&end->got, end->clear.data + end->side.heard_clear,
                     end->clear.len - end->side.heard_clear);
  }
}

// Gives octets as they are.
static void give(duel *d, unsigned to, const uint8_t *data, size_t len) {
  duel_side *end = &d->sides[to];
  const size_t cut = cut_of(d, len);
  const size_t step = cut > 0u ? cut : len;
  end->side.cut = cut;
  for (size_t at = 0u; at < len && duel_is_closed(d, to) == 0; at += step) {
    give_piece(d, to, data + at, len - at < step ? len - at : step);
  }
}

// --------------------------------------------------------- the attacker's engines

// Which octet of `len`, the first of them a record's, is to be changed.
static size_t spoilt_octet(const duel_side *end, size_t len) {
  const size_t heads = RECORD_HEAD + MESSAGE_HEAD;
  return heads + (size_t)((end->tamper - 1u) % (len - heads));
}

static void engine_says(duel *d, unsigned who) {
  duel_side *end = &d->sides[who];
  const uint8_t *data = NULL;
  const size_t len = tls_peer_pull(end->engine, &data);
  if (len > 0u) {
    uint8_t *copy = malloc(len);
    FUZZ_MUST(HARNESS, copy != NULL, "no memory");
    memcpy(copy, data, len);
    tls_peer_pulled(end->engine);
    if (end->tamper != 0u && len > RECORD_HEAD + MESSAGE_HEAD) {
      copy[spoilt_octet(end, len)] ^= 1u;
      end->tamper = 0u;
      end->spoilt = 1u;
      duel_touch(d);
    }
    give(d, who, copy, len);
    free(copy);
  }
}

// One turn of the two. It returns 1 when something moved.
static int pump_turn(duel *d, unsigned who) {
  duel_side *end = &d->sides[who];
  const tls_side *side = &end->side;
  const size_t before = d->work;
  const size_t read = end->read.len;
  if (end->carried < side->wire.len && end->engine_over == 0u) {
    tls_peer_push(end->engine, side->wire.data + end->carried,
                  side->wire.len - end->carried);
  }
  end->carried = side->wire.len;
  const tls_peer_state state = end->engine_over != 0u
                                   ? TLS_PEER_FAILED
                                   : tls_peer_step(end->engine, &end->read);
  if (state == TLS_PEER_UP && end->engine_up == 0u) {
    duel_trace("the attacker's engine is up", who);
    end->engine_up = 1u;
  }
  if (state == TLS_PEER_CLOSED || state == TLS_PEER_FAILED) {
    end->engine_over = 1u;
    end->clean |= state == TLS_PEER_CLOSED ? 1u : 0u;
  }
  if (end->read.len > read) {
    FUZZ_MUST(EPOCH,
              end->read.len <= end->said.len &&
                  memcmp(end->read.data + read, end->said.data + read,
                         end->read.len - read) == 0,
              "the %s sends under TLS what its session did not say",
              names[who]);
    duel_wire_add(&d->wires[1u - who], end->read.data + read,
                  end->read.len - read, DUEL_INSIDE);
  }
  engine_says(d, who);
  return d->work != before || end->carried < side->wire.len ? 1 : 0;
}

void duel_pump(duel *d, unsigned who) {
  size_t turns = 0u;
  while (d->sides[who].engine != NULL && pump_turn(d, who) != 0) {
    turns++;
    FUZZ_MUST(BOUNDS, turns < TURNS_MAX, "two engines talk for ever");
  }
}

void duel_intercept(duel *d, unsigned who) {
  duel_side *end = &d->sides[who];
  const smtpc_tls_role role =
      who == PAIR_SERVER ? SMTPC_TLS_CLIENT : SMTPC_TLS_SERVER;
  int chain_ok = TLS_SIDE_WHATEVER;
  int name_ok = TLS_SIDE_WHATEVER;
  duel_trace("the attacker answers the handshake", who);
  duel_wire_take_out(&d->wires[PAIR_SERVER], DUEL_SEALED);
  duel_wire_take_out(&d->wires[PAIR_CLIENT], DUEL_SEALED);
  end->inside = 1u;
  end->carried = end->side.wire_clear;
  end->engine = tls_peer_open(role, d->attacker, &d->tls, d->high);
  if (who == PAIR_CLIENT) {
    (void)tls_identity_is_good(d->attacker, &chain_ok, &name_ok);
    name_ok = d->tls.name % 4u == 0u ? name_ok : 0;
  }
  end->side.truth.may_come_up = 1;
  end->side.truth.chain_ok = chain_ok;
  end->side.truth.name_ok = name_ok;
  end->side.truth.said = &end->told;
  duel_pump(d, who);
}

// An attacker who is the peer of one side under TLS is that of the other one too. Where a
// side has heard something of its handshake already, it is too late for that.
static void answer_handshakes(duel *d) {
  for (unsigned who = 0u; who < 2u; who++) {
    const duel_side *end = &d->sides[who];
    if (end->inside == 0u && duel_in_handshake(d, who) != 0 &&
        end->got.len == 0u &&
        (d->intercepts != 0u || d->sides[1u - who].inside != 0u)) {
      duel_touch(d);
      duel_intercept(d, who);
    }
  }
}

// ------------------------------------------------------------------- delivery

// How many octets of the wire go together: those of one piece that a sender's engine
// made, or others. In a handshake each record goes alone, so that what was heard before
// its end is known to the octet.
static size_t run_of(const duel *d, unsigned to, size_t most) {
  const duel_wire *wire = &d->wires[to];
  const int open = duel_tag_is_open(duel_wire_tag(wire, wire->from));
  const uint8_t *head = wire->data.data + wire->from;
  size_t run = 1u;
  if (open == 0 && d->sides[to].side.up == 0u && most > RECORD_HEAD) {
    const size_t record = RECORD_HEAD + (((size_t)head[3] << 8u) | head[4]);
    most = record < most ? record : most;
  }
  while (run < most &&
         duel_tag_is_open(duel_wire_tag(wire, wire->from + run)) == open) {
    run++;
  }
  return run;
}

// An octet of the records that wait first is changed.
static void spoil(duel *d, unsigned to, size_t run) {
  duel_side *end = &d->sides[to];
  if (end->tamper != 0u && end->side.started != 0u &&
      run > RECORD_HEAD + MESSAGE_HEAD) {
    duel_wire_change(&d->wires[to], d->wires[to].from + spoilt_octet(end, run),
                     1u);
    end->tamper = 0u;
    duel_touch(d);
  }
}

// Not all of them are of a record as it was sent.
static int is_out_of_place(const duel_wire *wire, size_t run) {
  for (size_t i = 0u; i < run; i++) {
    if (duel_wire_tag(wire, wire->from + i) != DUEL_SEALED) {
      return 1;
    }
  }
  return 0;
}

// Lets octets that go together go to `to`, at most `most`. It returns how many went.
static size_t deliver_run(duel *d, unsigned to, size_t most) {
  duel_wire *wire = &d->wires[to];
  duel_side *end = &d->sides[to];
  const size_t run = run_of(d, to, most);
  const int open = duel_tag_is_open(duel_wire_tag(wire, wire->from));
  if (end->inside != 0u && open != 0) {
    if (end->engine_up == 0u) {
      // The attacker holds it until it can pass it on.
      return 0u;
    }
    const uint8_t *data = wire->data.data + wire->from;
    smtpc_octets_add(&end->told, data, run);
    (void)tls_peer_write(end->engine, data, run);
    wire->from += run;
    d->work++;
  } else {
    if (open == 0) {
      spoil(d, to, run);
    }
    if (is_out_of_place(wire, run) != 0 && end->side.started != 0u) {
      d->touched_tls = 1u;
      end->spoilt = 1u;
    }
    wire->from += run;
    give(d, to, wire->data.data + wire->from - run, run);
  }
  if (end->inside != 0u) {
    duel_pump(d, to);
  }
  return run;
}

void duel_deliver(duel *d, unsigned to, size_t most) {
  duel_wire *wire = &d->wires[to];
  const size_t waits = duel_wire_waits(wire);
  size_t left = most < waits ? most : waits;
  answer_handshakes(d);
  if (wire->delay > 0u) {
    return;
  }
  // Answering a handshake takes octets out of the wire.
  left = left < duel_wire_waits(wire) ? left : duel_wire_waits(wire);
  while (left > 0u && duel_is_closed(d, to) == 0) {
    const size_t went = deliver_run(d, to, left);
    if (went == 0u) {
      break;
    }
    left -= went;
  }
  if (duel_is_closed(d, to) != 0) {
    wire->from = wire->data.len;
  }
}

void duel_input(duel *d, unsigned who, const smtpc_input *input) {
  duel_side *end = &d->sides[who];
  if (duel_is_closed(d, who) == 0) {
    d->work++;
    tls_side_input(&end->side, input);
    carry(d, who);
    duel_pump(d, who);
  }
}

// Who knows how a stream ends: an engine of the attacker's, or a side that closed when
// all that it said has arrived as it was said.
static void foretell_end(duel *d, unsigned to, int clean, int reset) {
  const duel_side *peer = &d->sides[1u - to];
  tls_side_truth *truth = &d->sides[to].side.truth;
  if (d->sides[to].inside != 0u) {
    // Behind something that is no record a close_notify is none either.
    truth->clean =
        clean != 0 && d->sides[to].spoilt != 0u ? TLS_SIDE_WHATEVER : clean;
  } else if (d->touched_tls == 0u || clean == 0 || reset != 0) {
    truth->clean = clean != 0 && reset == 0 && peer->noted != 0u &&
                           peer->side.closed != 0u && peer->side.failed == 0u
                       ? 1
                       : 0;
  }
}

void duel_hang_up(duel *d, unsigned to, int clean, int reset) {
  duel_side *end = &d->sides[to];
  end->ended = 1u;
  foretell_end(d, to, clean, reset);
  d->work++;
  if (end->inside != 0u && clean != 0) {
    tls_peer_close(end->engine);
    duel_pump(d, to);
  }
  if (duel_is_closed(d, to) == 0) {
    tls_side_hang_up(&end->side, reset);
  }
  carry(d, to);
  duel_pump(d, to);
}

// A side that has closed ends its stream behind what it said. An attacker that is a peer
// ends the other one's TLS as the first one's was ended.
static void pass_end(duel *d, unsigned to) {
  const duel_side *peer = &d->sides[1u - to];
  const duel_wire *wire = &d->wires[to];
  const int over =
      duel_is_closed(d, 1u - to) != 0 || d->sides[to].engine_over != 0u;
  if (over != 0 && duel_is_closed(d, to) == 0 && wire->delay == 0u &&
      d->sides[to].ended == 0u &&
      (duel_wire_waits(wire) == 0u || d->sides[to].engine_over != 0u)) {
    duel_trace("the end is passed on", to);
    duel_hang_up(d, to, peer->inside != 0u ? peer->clean : 1, 0);
  }
}

// One turn: what waits passes, to the server and then to the client. It returns 1 when
// something happened.
static int turn(duel *d) {
  const size_t before = d->work;
  duel_deliver(d, PAIR_SERVER, SIZE_MAX);
  duel_deliver(d, PAIR_CLIENT, SIZE_MAX);
  answer_handshakes(d);
  pass_end(d, PAIR_SERVER);
  pass_end(d, PAIR_CLIENT);
  return d->work != before ? 1 : 0;
}

void duel_flow(duel *d, size_t most) {
  size_t turns = 0u;
  while (turns < most && turn(d) != 0) {
    turns++;
    FUZZ_MUST(BOUNDS, turns < TURNS_MAX, "two sides talk for ever");
  }
}

// ------------------------------------------------------------ beginning and end

static int is_answer(unsigned tag) {
  return tag == SCRIPT_ANSWER || tag == SCRIPT_NONCE || tag == SCRIPT_SALT ||
         tag == SCRIPT_BINDING || tag == SCRIPT_DIGEST ||
         tag == SCRIPT_CREDENTIALS;
}

static void clear_side(duel_side *end) {
  smtpc_octets_clear(&end->said);
  smtpc_octets_clear(&end->clear);
  smtpc_octets_clear(&end->got);
  smtpc_octets_clear(&end->told);
  smtpc_octets_clear(&end->read);
  end->engine = NULL;
  end->carried = end->stored = end->stored_count = end->out_clear = 0u;
  end->covered = 0u;
  memset(&end->abuse, 0, sizeof end->abuse);
  end->tamper = 0u;
  end->noted = end->inside = end->engine_up = end->engine_over = 0u;
  end->clean = end->ended = end->spoilt = 0u;
}

// The server is the other end: its versions are from `low` to `high`. A client has no
// highest one of its own.
static script_tls server_tls(const script_tls *tls) {
  script_tls own = *tls;
  own.floor = tls->low;
  if (own.floor < SMTPC_TLS_1_0 || own.floor > tls->high) {
    own.floor = tls->high < SMTPC_TLS_1_2 ? tls->high : SMTPC_TLS_1_2;
  }
  return own;
}

static smtpc_tls_context *server_context(const script_tls *tls) {
  smtpc_tls_context *context = tls_context(tls->identity);
  SSL_CTX *native = smtpc_boringssl_context_native(context, SMTPC_TLS_SERVER);
  if (SSL_CTX_set_max_proto_version(native, tls->high) != 1) {
    (void)SSL_CTX_set_max_proto_version(native, TLS1_3_VERSION);
  }
  ERR_clear_error();
  return context;
}

static void tell_truth(duel *d) {
  int chain_ok = 0;
  int name_ok = 0;
  (void)tls_identity_is_good(d->tls.identity, &chain_ok, &name_ok);
  for (unsigned who = 0u; who < 2u; who++) {
    tls_side_truth *truth = &d->sides[who].side.truth;
    truth->said = &d->sides[1u - who].said;
    truth->may_come_up = 0;
    truth->chain_ok = who == PAIR_CLIENT ? chain_ok : TLS_SIDE_WHATEVER;
    truth->name_ok = who == PAIR_CLIENT ? name_ok : TLS_SIDE_WHATEVER;
  }
  if (d->tls.name % 4u != 0u) {
    d->sides[PAIR_CLIENT].side.truth.name_ok = 0;
  }
}

void duel_begin(duel *d, unsigned slot, const script *moves,
                const smtpc_server_policy *server,
                const smtpc_client_policy *client) {
  d->moves = moves;
  d->server_policy = server;
  d->client_policy = client;
  script_tls_of(moves, &d->tls);
  d->attacker = d->tls.attacker;
  d->high = TLS1_3_VERSION;
  if (d->tls.high >= SMTPC_TLS_1_0 && d->tls.high <= SMTPC_TLS_1_3) {
    d->high = d->tls.high;
  }
  d->tls.high = (uint16_t)d->high;
  d->aim = PAIR_SERVER;
  d->cut = d->work = d->deadlines = 0u;
  d->pieces = DUEL_PIECES;
  d->intercepts = d->moved = d->touched = d->touched_tls = 0u;
  d->answered = d->prodded = 0u;
  for (unsigned who = 0u; who < 2u; who++) {
    duel_wire *wire = &d->wires[who];
    clear_side(&d->sides[who]);
    smtpc_octets_clear(&wire->data);
    smtpc_octets_clear(&wire->tags);
    wire->from = wire->delay = 0u;
  }
  for (size_t i = 0u; i < moves->count; i++) {
    d->answered |= is_answer(moves->records[i].tag) != 0 ? 1u : 0u;
  }
  tls_random_reset(d->number);
  const script_tls other = server_tls(&d->tls);
  tls_side_begin_server(&d->sides[PAIR_SERVER].side, slot, moves, server,
                        &other, server_context(&other));
  tls_side_begin_client(&d->sides[PAIR_CLIENT].side, slot, moves, client,
                        &d->tls, tls_context(TLS_GOOD));
  tell_truth(d);
  carry(d, PAIR_SERVER);
  carry(d, PAIR_CLIENT);
}

// All that was said under TLS has come, where nobody disturbed it.
static void check_heard(const duel *d) {
  for (unsigned who = 0u; who < 2u && d->touched_tls == 0u; who++) {
    tls_side_must_have_heard(&d->sides[who].side);
  }
}

void duel_settle(duel *d) {
  const smtpc_input deadline = smtpc_input_make(SMTPC_IN_DEADLINE);
  d->wires[PAIR_SERVER].delay = 0u;
  d->wires[PAIR_CLIENT].delay = 0u;
  duel_flow(d, SIZE_MAX);
  check_heard(d);
  while (duel_closed(d) == 0) {
    d->deadlines++;
    d->prodded = 1u;
    FUZZ_MUST(BOUNDS, d->deadlines <= 2u, "a side waits after its deadline");
    duel_input(d, PAIR_SERVER, &deadline);
    duel_input(d, PAIR_CLIENT, &deadline);
    duel_flow(d, SIZE_MAX);
  }
}

void duel_remember(duel *d) {
  for (unsigned to = 0u; to < 2u; to++) {
    duel_wire *wire = &d->wires[to];
    const smtpc_octets past[2] = {wire->past, wire->past_tags};
    wire->past = wire->data;
    wire->past_tags = wire->tags;
    wire->data = past[0];
    wire->tags = past[1];
  }
}

void duel_recall(duel *d, const duel *other) {
  duel_forget(d);
  for (unsigned to = 0u; to < 2u; to++) {
    const duel_wire *wire = &other->wires[to];
    smtpc_octets_add(&d->wires[to].past, wire->past.data, wire->past.len);
    smtpc_octets_add(&d->wires[to].past_tags, wire->past_tags.data,
                     wire->past_tags.len);
  }
}

void duel_forget(duel *d) {
  for (unsigned to = 0u; to < 2u; to++) {
    smtpc_octets_clear(&d->wires[to].past);
    smtpc_octets_clear(&d->wires[to].past_tags);
  }
}

static void let_go(smtpc_octets *octets) {
  if (octets->cap > KEPT_MAX) {
    smtpc_octets_free(octets);
  }
}

void duel_end(duel *d) {
  for (unsigned who = 0u; who < 2u; who++) {
    duel_side *end = &d->sides[who];
    tls_side_end(&end->side);
    if (end->engine != NULL) {
      tls_peer_free(end->engine);
      end->engine = NULL;
    }
    let_go(&end->said);
    let_go(&end->clear);
    let_go(&end->got);
    let_go(&end->told);
    let_go(&end->read);
    let_go(&d->wires[who].data);
    let_go(&d->wires[who].tags);
    let_go(&d->wires[who].past);
    let_go(&d->wires[who].past_tags);
  }
  ERR_clear_error();
}
