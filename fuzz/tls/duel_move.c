#define _GNU_SOURCE
#include <string.h>

#include "fuzz/harness/law.h"
#include "fuzz/tls/credentials.h"
#include "fuzz/tls/duel_parts.h"

// WIRE_MAX bounds what a replay may make of a wire.
#define WIRE_MAX 65536u
#define DELAY_MAX 4096u
#define ALERT_WARNING 1u
#define ALERT_FATAL 2u

static size_t at_most(uint64_t asked, size_t there) {
  return asked == 0u || asked > there ? there : (size_t)asked;
}

// ---------------------------------------------------------------- in the wires

static void drop(duel *d, unsigned to, uint64_t count) {
  duel_wire *wire = &d->wires[to];
  const size_t len = at_most(count, duel_wire_waits(wire));
  for (size_t i = 0u; i < len; i++) {
    const duel_tag tag = duel_wire_tag(wire, wire->from + i);
    d->touched_tls |= duel_tag_is_open(tag) == 0 ? 1u : 0u;
  }
  if (len > 0u) {
    duel_touch(d);
    wire->from += len;
  }
}

static void insert_at(duel *d, unsigned to, size_t at, const uint8_t *data,
                      size_t len) {
  if (len > 0u) {
    duel_touch(d);
    duel_wire_splice(&d->wires[to], at, 0u, data, len, DUEL_ATTACKER);
  }
}

// Behind the octets that wait and can be read, before those of a TLS engine.
static void insert(duel *d, unsigned to, const uint8_t *data, size_t len) {
  const duel_wire *wire = &d->wires[to];
  size_t at = wire->from;
  while (at < wire->data.len &&
         duel_tag_is_open(duel_wire_tag(wire, at)) != 0) {
    at++;
  }
  insert_at(d, to, at, data, len);
}

// Octets that come past an engine, before all that waits. What is told to somebody
// inside TLS would be encrypted, so these are given at once.
static void put_raw(duel *d, unsigned to, const uint8_t *data, size_t len) {
  duel_wire *wire = &d->wires[to];
  if (len > 0u) {
    duel_touch(d);
    duel_wire_splice(
        wire, wire->from, 0u, data, len,
        d->sides[to].side.started != 0u ? DUEL_BROKEN : DUEL_ATTACKER);
  }
}

static void rewrite(duel *d, unsigned to, const script_record *record) {
  duel_wire *wire = &d->wires[to];
  const size_t waits = duel_wire_waits(wire);
  if (record->len == 0u || waits < record->len) {
    return;
  }
  const uint8_t *found =
      memmem(wire->data.data + wire->from, waits, record->data, record->len);
  if (found != NULL) {
    const size_t at = (size_t)(found - wire->data.data);
    const int open = duel_tag_is_open(duel_wire_tag(wire, at));
    duel_touch(d);
    duel_wire_splice(wire, at, record->len, record->more, record->more_len,
                     open != 0 ? DUEL_ATTACKER : DUEL_BROKEN);
  }
}

static void repeat(duel_wire *wire, const smtpc_octets *data,
                   const smtpc_octets *tags, size_t from, size_t len) {
  for (size_t i = 0u; i < len; i++) {
    const uint8_t octet = data->data[from + i];
    const duel_tag tag = (duel_tag)tags->data[from + i];
    duel_wire_add(wire, &octet, 1u,
                  duel_tag_is_open(tag) != 0 ? DUEL_ATTACKER : DUEL_BROKEN);
  }
}

// The last octets that passed come again, behind all that waits; what is asked for beyond
// them are the last ones of the connection before.
static void replay(duel *d, unsigned to, uint64_t count) {
  duel_wire *wire = &d->wires[to];
  const size_t room =
      wire->data.len < WIRE_MAX ? WIRE_MAX - wire->data.len : 0u;
  const size_t all = count == 0u ? wire->from : at_most(count, room);
  const size_t want = all < room ? all : room;
  const size_t len = want < wire->from ? want : wire->from;
  const size_t more = want - len;
  const size_t old = more < wire->past.len ? more : wire->past.len;
  repeat(wire, &wire->past, &wire->past_tags, wire->past.len - old, old);
  repeat(wire, &wire->data, &wire->tags, wire->from - len, len);
  if (len + old > 0u) {
    duel_touch(d);
  }
}

static void mangle(duel *d, unsigned to, unsigned bits, uint64_t number) {
  duel_wire *wire = &d->wires[to];
  const size_t waits = duel_wire_waits(wire);
  if (waits > 0u) {
    duel_touch(d);
    duel_wire_change(wire, wire->from + (size_t)(number % waits),
                     (uint8_t)bits);
  }
}

static void tamper(duel *d, unsigned to, uint64_t number) {
  if (duel_is_closed(d, to) == 0) {
    // Once is enough; what is to come is touched when it comes.
    d->sides[to].tamper = number % DELAY_MAX + 1u;
    duel_touch(d);
  }
}

// ---------------------------------------------------------- streams and engines

// The stream to `to` ends, and what waits is lost. Nobody but the peer ends TLS cleanly.
static void hang_up(duel *d, unsigned to, uint64_t number) {
  duel_wire *wire = &d->wires[to];
  if (duel_is_closed(d, to) == 0 && d->sides[to].ended == 0u) {
    duel_touch(d);
    d->touched_tls = 1u;
    wire->from = wire->data.len;
    duel_hang_up(d, to, number == 1u, number != 1u);
  }
}

// An alert of the attacker's: by its engine, if that is the peer, or as a record in clear.
static void alert(duel *d, unsigned to, int fatal, uint64_t number) {
  duel_side *end = &d->sides[to];
  const uint8_t code = (uint8_t)(number & 0xffu);
  const uint8_t record[7] = {
      21u, 3u, 3u, 0u, 2u, fatal != 0 ? ALERT_FATAL : ALERT_WARNING, code};
  if (end->engine_up == 0u) {
    put_raw(d, to, record, sizeof record);
    return;
  }
  duel_touch(d);
  // An engine says close_notify only as a warning.
  if (fatal != 0 && code != 0u) {
    tls_peer_alert(end->engine, code);
    end->engine_over = 1u;
  } else {
    tls_peer_close(end->engine);
  }
  duel_pump(d, to);
}

static void key_update(duel *d, unsigned to, uint64_t number) {
  duel_side *end = &d->sides[to];
  if (end->engine_up != 0u && end->engine_over == 0u) {
    duel_touch(d);
    tls_peer_update(end->engine, number != 0u);
    duel_pump(d, to);
  }
}

// An attacker has a certificate that the client must not trust: where the script gives it
// a good one, it is what the record says of it.
static void set_facts(duel *d, const script_record *record) {
  static const unsigned shown[4] = {TLS_SELF_SIGNED, TLS_OTHER_NAME,
                                    TLS_STRANGER, TLS_GOOD};
  const unsigned bits = record->field & 3u;
  d->intercepts = bits != 3u ? 1u : 0u;
  d->attacker = d->tls.attacker;
  if (tls_identity_is_good(d->attacker, NULL, NULL) != 0) {
    // Bit 1 is the chain, bit 2 the name.
    d->attacker = shown[bits];
  }
  if (record->number >= SMTPC_TLS_1_0 && record->number <= SMTPC_TLS_1_3) {
    d->high = (unsigned)record->number;
  }
  if (d->intercepts != 0u) {
    duel_touch(d);
  }
}

// -------------------------------------------------------------------- Opossum

// What a side said in clear is kept from the other one.
static void keep_back(duel *d, unsigned from) {
  duel_wire_take_out(&d->wires[1u - from], DUEL_CLEAR);
}

// One line of the attacker's reaches `to`, before anything else.
static void say_first(duel *d, unsigned to, const char *line) {
  const size_t len = strlen(line);
  if (duel_is_closed(d, to) == 0 && d->sides[to].side.started == 0u) {
    duel_wire *wire = &d->wires[to];
    wire->delay = 0u;
    duel_wire_splice(wire, wire->from, 0u, (const uint8_t *)line, len,
                     DUEL_ATTACKER);
    duel_deliver(d, to, len);
    keep_back(d, to);
  }
}

// The attacker leads `to` to its handshake, and the other side is its peer from there on.
static void splice(duel *d, unsigned to) {
  duel_touch(d);
  keep_back(d, to);
  if (to == PAIR_SERVER) {
    say_first(d, to,
              d->server_policy->lmtp != 0u ? "LHLO evil.example\r\n"
                                           : "EHLO evil.example\r\n");
    say_first(d, to, "STARTTLS\r\n");
  } else {
    say_first(d, to, "220 mx.b.example ESMTP\r\n");
    say_first(d, to, "250-mx.b.example\r\n250 STARTTLS\r\n");
    say_first(d, to, "220 go\r\n");
  }
}

// ------------------------------------------------------------------------ both

static void give_both(duel *d, const script_record *record) {
  const smtpc_input input = world_input_of(record);
  for (unsigned who = 0u; who < 2u; who++) {
    if (duel_is_closed(d, who) == 0) {
      duel_touch(d);
      d->touched_tls = 1u;
      d->prodded = 1u;
      duel_input(d, who, &input);
    }
  }
}

// Both sides get an input that neither has asked for. Octets, ends and what TLS does are
// never out of turn, or are moves of their own.
static void misuse(duel *d, const script_record *record) {
  static const char *const names[2] = {"server", "client"};
  const smtpc_input input = world_input_of(record);
  for (unsigned who = 0u; who < 2u; who++) {
    size_t clear = 0u;
    const tls_side *side = &d->sides[who].side;
    const size_t before = tls_side_output(side, &clear)->len;
    const int out_of_turn =
        input.kind >= SMTPC_IN_VERDICT ||
        (input.kind == SMTPC_IN_TLS_UP && duel_in_handshake(d, who) == 0);
    if (out_of_turn != 0 && duel_is_closed(d, who) == 0) {
      duel_input(d, who, &input);
      FUZZ_MUST(MISUSE,
                tls_side_output(side, &clear)->len == before &&
                    duel_is_closed(d, who) == 0,
                "the %s acts on an input out of turn", names[who]);
    }
  }
}

// ------------------------------------------------------------------- the moves

// Those without a direction.
static void move_other(duel *d, const script_record *record) {
  switch (record->tag) {
    case SCRIPT_CUT:
      d->cut = (size_t)(record->number < SIZE_MAX ? record->number : 0u);
      break;
    case SCRIPT_TLS_UP:
      set_facts(d, record);
      break;
    case SCRIPT_TLS_FAILED:
      tamper(d, PAIR_SERVER, record->number);
      tamper(d, PAIR_CLIENT, record->number);
      break;
    case SCRIPT_CLOSE:
      hang_up(d, PAIR_SERVER, record->number);
      hang_up(d, PAIR_CLIENT, record->number);
      break;
    case SCRIPT_DEADLINE:
    case SCRIPT_SHUTDOWN:
      give_both(d, record);
      break;
    case SCRIPT_MISUSE:
      misuse(d, record);
      break;
    case SCRIPT_RAW:
      put_raw(d, d->aim, record->data, record->len);
      break;
    case SCRIPT_MANGLE:
      mangle(d, d->aim, record->field, record->number);
      break;
    case SCRIPT_PASS:
      duel_deliver(d, d->aim, at_most(record->number, SIZE_MAX));
      break;
    case SCRIPT_NOTIFY:
      alert(d, d->aim, 0, 0u);
      break;
    case SCRIPT_ALERT:
      alert(d, d->aim, 1, record->number);
      break;
    case SCRIPT_KEY_UPDATE:
      key_update(d, d->aim, record->number);
      break;
    default:
      break;
  }
}

static int move_aimed(duel *d, const script_record *record) {
  const unsigned to = record->field & 1u;
  switch (record->tag) {
    case SCRIPT_RELAY:
      duel_deliver(d, to, at_most(record->number, SIZE_MAX));
      break;
    case SCRIPT_DROP:
      drop(d, to, record->number);
      break;
    case SCRIPT_INSERT:
      insert(d, to, record->data, record->len);
      break;
    case SCRIPT_REWRITE:
      rewrite(d, to, record);
      break;
    case SCRIPT_REPLAY:
      replay(d, to, record->number);
      break;
    case SCRIPT_HANGUP:
      hang_up(d, to, record->number);
      break;
    case SCRIPT_TAMPER:
      tamper(d, to, record->number);
      break;
    case SCRIPT_SPLICE:
      splice(d, to);
      break;
    default:
      return 0;
  }
  d->aim = to;
  return 1;
}

static void pass_delays(duel *d) {
  for (unsigned to = 0u; to < 2u; to++) {
    if (d->wires[to].delay > 0u) {
      d->wires[to].delay--;
    }
  }
}

void duel_move(duel *d, const script_record *record) {
  d->moved = 1u;
  duel_trace(script_word(record->tag), record->field & 1u);
  if (record->tag == SCRIPT_DELAY) {
    d->aim = record->field & 1u;
    d->wires[d->aim].delay =
        record->number < DELAY_MAX ? (size_t)record->number : DELAY_MAX;
    return;
  }
  if (record->tag == SCRIPT_FLOW) {
    duel_flow(d, at_most(record->number, SIZE_MAX));
  } else if (move_aimed(d, record) == 0) {
    move_other(d, record);
  }
  if (record->tag >= SCRIPT_RELAY) {
    pass_delays(d);
  }
}
