#define _GNU_SOURCE
#include "fuzz/harness/pair.h"

#include <string.h>
#include <strings.h>

#include "fuzz/harness/law.h"

// What the hello of a handshake looks like on the wire: the type of its record.
#define HELLO_OCTET 0x16u
// WIRE_MAX bounds what a replay may make of a wire.
#define WIRE_MAX 65536u
// KEPT_MAX bounds the memory that a wire keeps from one pair to the next.
#define KEPT_MAX 65536u
// TURNS_MAX bounds the turns of a flow: each one has a command or a reply in it.
#define TURNS_MAX 4096u

static const char *const names[2] = {"server", "client"};

// ------------------------------------------------------------------- the sides

static smtpc_mem_where where_of(const pair *p, unsigned who) {
  return who == PAIR_SERVER ? world_server_where(p->server)
                            : world_client_where(p->client);
}

static int is_closed(const pair *p, unsigned who) {
  return where_of(p, who) == SMTPC_MEM_CLOSED;
}

static int in_handshake(const pair *p, unsigned who) {
  return where_of(p, who) == SMTPC_MEM_HANDSHAKE;
}

int pair_closed(const pair *p) {
  return is_closed(p, PAIR_SERVER) != 0 && is_closed(p, PAIR_CLIENT) != 0;
}

const smtpc_octets *pair_out(const pair *p, unsigned who, size_t *out_clear) {
  return who == PAIR_SERVER ? world_server_out(p->server, out_clear)
                            : world_client_out(p->client, out_clear);
}

static size_t out_len(const pair *p, unsigned who) {
  size_t clear = 0u;
  return pair_out(p, who, &clear)->len;
}

// ------------------------------------------------------------------- the wires

static void wire_add(pair_wire *wire, const uint8_t *data, size_t len,
                     pair_tag tag) {
  const size_t at = wire->tags.len;
  smtpc_octets_add(&wire->data, data, len);
  smtpc_octets_add(&wire->tags, data, len);
  if (len > 0u) {
    memset(wire->tags.data + at, (int)tag, len);
  }
}

static size_t wire_waits(const pair_wire *wire) {
  return wire->data.len - wire->from;
}

static pair_tag wire_tag(const pair_wire *wire, size_t at) {
  return (pair_tag)wire->tags.data[at];
}

// In place of `gone` octets at `at` stand `len` others.
static void wire_splice(pair_wire *wire, size_t at, size_t gone,
                        const uint8_t *data, size_t len, pair_tag tag) {
  const size_t rest = wire->data.len - at - gone;
  if (len > gone) {
    wire_add(wire, data, len - gone, tag);
  }
  memmove(wire->data.data + at + len, wire->data.data + at + gone, rest);
  memmove(wire->tags.data + at + len, wire->tags.data + at + gone, rest);
  if (len > 0u) {
    memcpy(wire->data.data + at, data, len);
    memset(wire->tags.data + at, (int)tag, len);
  }
  wire->data.len = at + len + rest;
  wire->tags.len = at + len + rest;
}

// The attacker can read such an octet on its way to `to`.
static int is_open_tag(const pair *p, unsigned to, pair_tag tag) {
  return tag == PAIR_CLEAR || tag == PAIR_ATTACKER ||
         (tag == PAIR_TLS && p->sides[1u - to].inside != 0u);
}

static int is_open(const pair *p, unsigned to, size_t at) {
  return is_open_tag(p, to, wire_tag(&p->wires[to], at));
}

// ---------------------------------------------------------------- what happens

static void fail_tls(pair *p, unsigned who, unsigned failure);

static void note_tls(pair *p, unsigned who, size_t clear) {
  pair_side *side = &p->sides[who];
  side->tls = 1u;
  side->clear = clear;
  if (who == PAIR_SERVER) {
    side->stored = world_server_stored(p->server, &side->stored_count)->len;
    side->abuse = world_server_session(p->server)->abuse;
  }
}

// What `who` has said since the last time is put into the wire.
static void carry(pair *p, unsigned who) {
  pair_side *side = &p->sides[who];
  pair_wire *wire = &p->wires[1u - who];
  size_t clear = 0u;
  const smtpc_octets *out = pair_out(p, who, &clear);
  const int tls = who == PAIR_SERVER ? world_server_tls(p->server)
                                     : world_client_tls(p->client);
  FUZZ_MUST(HARNESS, clear <= out->len && side->sent <= out->len,
            "the %s's output shrank", names[who]);
  FUZZ_MUST(ONEWAY, side->tls == 0u || clear == side->clear,
            "the %s spoke in clear after TLS", names[who]);
  FUZZ_MUST(ONEWAY, side->tls == 0u || tls == 1 || is_closed(p, who) != 0,
            "TLS went off at the %s", names[who]);
  if (tls == 1 && side->tls == 0u) {
    note_tls(p, who, clear);
  }
  if (side->sent < clear) {
    wire_add(wire, out->data + side->sent, clear - side->sent, PAIR_CLEAR);
    side->sent = clear;
  }
  if (side->sent < out->len) {
    wire_add(wire, out->data + side->sent, out->len - side->sent, PAIR_TLS);
    side->sent = out->len;
  }
  if (in_handshake(p, who) == 0) {
    return;
  }
  if (who == PAIR_CLIENT && side->hello == 0u) {
    const uint8_t hello = HELLO_OCTET;
    wire_add(wire, &hello, 1u, PAIR_HELLO);
    side->hello = 1u;
  }
  if (side->tamper != 0u) {
    fail_tls(p, who, side->tamper - 1u);
  }
}

// Gives one input that is no octets. Law FAILSTOP: in the handshake a side says nothing
// but under TLS.
static void give(pair *p, unsigned who, const smtpc_input *input) {
  const int handshake = in_handshake(p, who);
  const size_t before = out_len(p, who);
  if (is_closed(p, who) != 0) {
    return;
  }
  p->work++;
  if (who == PAIR_SERVER) {
    world_server_give(p->server, input);
  } else {
    world_client_give(p->client, input);
  }
  FUZZ_MUST(FAILSTOP,
            handshake == 0 || input->kind == SMTPC_IN_TLS_UP ||
                out_len(p, who) == before,
            "the %s spoke in the handshake", names[who]);
  carry(p, who);
}

static void fail_tls(pair *p, unsigned who, unsigned failure) {
  const size_t before = out_len(p, who);
  smtpc_input input = smtpc_input_make(SMTPC_IN_TLS_FAILED);
  input.tls = p->facts;
  input.tls.failure = (uint8_t)failure;
  p->sides[who].failed = 1u;
  p->touched_tls |= p->sides[who].tls;
  give(p, who, &input);
  FUZZ_MUST(FAILSTOP, is_closed(p, who) != 0,
            "the %s goes on after TLS has failed", names[who]);
  FUZZ_MUST(FAILSTOP, out_len(p, who) == before,
            "the %s speaks after TLS has failed", names[who]);
  FUZZ_MUST(FAILSTOP,
            who == PAIR_SERVER ||
                world_client_found(p->client, SMTPC_FINDING_TLS_FAILED) != 0 ||
                world_client_found(p->client, SMTPC_FINDING_TLS_LOST) != 0,
            "the client says nothing of TLS that has failed");
}

static void end_stream(pair *p, unsigned who, int clean) {
  smtpc_input input = smtpc_input_make(SMTPC_IN_END_OF_STREAM);
  input.clean = clean != 0 ? 1u : 0u;
  p->sides[who].ended = 1u;
  give(p, who, &input);
  FUZZ_MUST(BOUNDS, is_closed(p, who) != 0,
            "the %s goes on after the end of the stream", names[who]);
}

static void tls_up(pair *p, unsigned who, smtpc_tls_facts facts, int inside) {
  smtpc_input input = smtpc_input_make(SMTPC_IN_TLS_UP);
  input.tls = facts;
  p->sides[who].inside = inside != 0 ? 1u : 0u;
  give(p, who, &input);
}

static int facts_are_bad(const smtpc_tls_facts *facts) {
  return facts->chain_ok != 1u || facts->name_ok != 1u ? 1 : 0;
}

// The attacker answers the handshake of `who` itself; the hello goes no further.
static void answer_handshake(pair *p, unsigned who) {
  pair_wire *wire = &p->wires[1u - who];
  for (size_t at = wire->data.len; at > wire->from; at--) {
    if (wire_tag(wire, at - 1u) == PAIR_HELLO) {
      wire_splice(wire, at - 1u, 1u, NULL, 0u, PAIR_CLEAR);
    }
  }
  if (p->sides[PAIR_SERVER].inside == 0u &&
      p->sides[PAIR_CLIENT].inside == 0u) {
    p->inside = p->facts;
  }
  tls_up(p, who, p->inside, 1);
}

// A hello reaches `who`, who stands in the handshake.
static void take_hello(pair *p, unsigned who) {
  const uint8_t hello = HELLO_OCTET;
  const int inside = facts_are_bad(&p->facts);
  if (who == PAIR_SERVER && p->sides[PAIR_SERVER].hello == 0u) {
    wire_add(&p->wires[PAIR_CLIENT], &hello, 1u, PAIR_HELLO);
    p->sides[PAIR_SERVER].hello = 1u;
  } else if (who == PAIR_CLIENT && in_handshake(p, PAIR_SERVER) != 0) {
    if (inside != 0) {
      p->inside = p->facts;
    }
    p->up = p->facts;
    tls_up(p, PAIR_SERVER, p->facts, inside);
    tls_up(p, PAIR_CLIENT, p->facts, inside);
  } else {
    fail_tls(p, who, SMTPC_TLS_FAILURE_PROTOCOL);
  }
}

// ------------------------------------------------------------------- delivery

// What an octet is to the side that gets it.
typedef enum arrival {
  ARRIVES_PLAIN,  // octets in clear
  ARRIVES_TLS,    // octets under TLS
  ARRIVES_HELLO,  // the peer's part of the handshake
  ARRIVES_BAD,    // what makes an engine fail
  ARRIVES_LATER   // what the attacker holds until it can pass it on
} arrival;

static arrival arrival_of(const pair *p, unsigned to, pair_tag tag) {
  const pair_side *side = &p->sides[to];
  const int sealed = tag == PAIR_TLS && p->sides[1u - to].inside == 0u;
  if (in_handshake(p, to) != 0) {
    if (tag == PAIR_TLS) {
      return ARRIVES_LATER;
    }
    return tag == PAIR_HELLO ? ARRIVES_HELLO : ARRIVES_BAD;
  }
  if (side->tls == 0u) {
    FUZZ_MUST(HARNESS, sealed == 0, "TLS has one side");
    return ARRIVES_PLAIN;
  }
  if (side->inside != 0u) {
    return is_open_tag(p, to, tag) != 0 ? ARRIVES_TLS : ARRIVES_BAD;
  }
  return sealed != 0 && p->wires[to].torn == 0 ? ARRIVES_TLS : ARRIVES_BAD;
}

// How long the pieces are into which so many octets are cut.
static size_t cut_of(pair *p, size_t len) {
  const size_t pieces = p->cut > 0u ? len / p->cut : 0u;
  if (pieces > p->pieces) {
    return 0u;
  }
  p->pieces -= pieces;
  return p->cut;
}

// A side that has come to stand in the handshake took nothing behind the line that led
// there: what an attacker put behind it was not eaten in silence.
static void check_drained(const pair *p, unsigned to, size_t taken) {
  static const char *const words[2] = {"STARTTLS", "220"};
  const pair_wire *wire = &p->wires[to];
  const size_t end = wire->from + taken;
  const size_t len = strlen(words[to]);
  size_t from = end > 0u ? end - 1u : 0u;
  if (in_handshake(p, to) == 0 || wire->holed != 0 ||
      (to == PAIR_SERVER && p->server_policy->implicit_tls != 0u)) {
    return;
  }
  while (from > 0u && wire->data.data[from - 1u] != '\n') {
    from--;
  }
  FUZZ_MUST(DRAIN,
            end - from > len && wire->data.data[end - 1u] == '\n' &&
                strncasecmp((const char *)wire->data.data + from, words[to],
                            len) == 0,
            "the %s took more than the line that TLS follows", names[to]);
}

static size_t feed(pair *p, unsigned to, unsigned channel, size_t len) {
  const size_t cut = cut_of(p, len);
  const uint8_t *data = p->wires[to].data.data + p->wires[to].from;
  const size_t taken =
      to == PAIR_SERVER ? world_server_feed(p->server, channel, data, len, cut)
                        : world_client_feed(p->client, channel, data, len, cut);
  FUZZ_MUST(BOUNDS, taken <= len, "more was taken than given");
  FUZZ_MUST(BOUNDS, taken == len || where_of(p, to) != SMTPC_MEM_INPUT,
            "the %s waits for octets and does not take them", names[to]);
  check_drained(p, to, taken);
  return taken;
}

// Lets a run of octets that arrive alike go to `to`, at most `most`. It returns how many
// went.
static size_t deliver_run(pair *p, unsigned to, size_t most) {
  const pair_wire *wire = &p->wires[to];
  const pair_tag first = wire_tag(wire, wire->from);
  const arrival kind = arrival_of(p, to, first);
  size_t run = 1u;
  size_t taken = 0u;
  while (run < most) {
    const pair_tag tag = wire_tag(wire, wire->from + run);
    if (tag != first && arrival_of(p, to, tag) != kind) {
      break;
    }
    run++;
  }
  switch (kind) {
    case ARRIVES_PLAIN:
    case ARRIVES_TLS:
      taken = feed(
          p, to, kind == ARRIVES_TLS ? SMTPC_CHANNEL_TLS : SMTPC_CHANNEL_PLAIN,
          run);
      p->wires[to].from += taken;
      carry(p, to);
      break;
    case ARRIVES_HELLO:
      taken = 1u;
      p->wires[to].from += taken;
      take_hello(p, to);
      break;
    case ARRIVES_BAD:
      fail_tls(p, to, SMTPC_TLS_FAILURE_PROTOCOL);
      break;
    case ARRIVES_LATER:
      break;
  }
  p->work += taken;
  return taken;
}

// Lets at most `most` octets go to `to`; what reaches a closed side is lost.
static void deliver(pair *p, unsigned to, size_t most) {
  pair_wire *wire = &p->wires[to];
  size_t left = most < wire_waits(wire) ? most : wire_waits(wire);
  if (wire->delay > 0u) {
    return;
  }
  while (left > 0u && is_closed(p, to) == 0) {
    const size_t went = deliver_run(p, to, left);
    if (went == 0u) {
      break;
    }
    left -= went;
  }
  if (is_closed(p, to) != 0) {
    p->sides[to].left += wire_waits(wire);
    wire->from = wire->data.len;
  }
}

// A side that has closed ends its stream behind what it said.
static void pass_end(pair *p, unsigned to) {
  const pair_side *peer = &p->sides[1u - to];
  const pair_wire *wire = &p->wires[to];
  if (is_closed(p, 1u - to) != 0 && is_closed(p, to) == 0 &&
      wire_waits(wire) == 0u && wire->delay == 0u && p->sides[to].ended == 0u) {
    end_stream(p, to, peer->failed == 0u && wire->torn == 0 ? 1 : 0);
  }
}

// An attacker who is the peer of one side under TLS is that of the other one too.
static void pass_handshake(pair *p) {
  for (unsigned who = 0u; who < 2u; who++) {
    if (p->sides[1u - who].inside != 0u && in_handshake(p, who) != 0) {
      answer_handshake(p, who);
    }
  }
}

// One turn: what waits passes, to the server and then to the client. It returns 1 when
// something happened.
static int turn(pair *p) {
  const size_t before = p->work;
  deliver(p, PAIR_SERVER, SIZE_MAX);
  deliver(p, PAIR_CLIENT, SIZE_MAX);
  pass_handshake(p);
  pass_end(p, PAIR_SERVER);
  pass_end(p, PAIR_CLIENT);
  return p->work != before ? 1 : 0;
}

// So many turns, or until nothing happens.
static void flow(pair *p, size_t most) {
  size_t turns = 0u;
  while (turns < most && turn(p) != 0) {
    turns++;
    FUZZ_MUST(BOUNDS, turns < TURNS_MAX, "two sides talk for ever");
  }
}

// ----------------------------------------------------------------------- moves

static void touch(pair *p) {
  p->touched = 1u;
  if (p->sides[PAIR_SERVER].tls != 0u || p->sides[PAIR_CLIENT].tls != 0u) {
    p->touched_tls = 1u;
  }
}

static size_t at_most(uint64_t asked, size_t there) {
  return asked == 0u || asked > there ? there : (size_t)asked;
}

static void drop(pair *p, unsigned to, uint64_t count) {
  pair_wire *wire = &p->wires[to];
  const size_t end = wire->from + at_most(count, wire_waits(wire));
  if (end > wire->from) {
    touch(p);
    wire->holed = 1;
  }
  for (; wire->from < end; wire->from++) {
    if (wire_tag(wire, wire->from) == PAIR_TLS &&
        is_open(p, to, wire->from) == 0) {
      wire->torn = 1;
    }
  }
}

// Behind the octets that wait and can be read, before those of a TLS engine.
static void insert(pair *p, unsigned to, const uint8_t *data, size_t len) {
  pair_wire *wire = &p->wires[to];
  size_t at = wire->from;
  while (at < wire->data.len && is_open(p, to, at) != 0) {
    at++;
  }
  if (len > 0u) {
    touch(p);
    wire_splice(wire, at, 0u, data, len, PAIR_ATTACKER);
  }
}

// What can be read can be changed, and a hello can, too.
static int all_open(const pair *p, unsigned to, size_t at, size_t len) {
  for (size_t i = 0u; i < len; i++) {
    if (is_open(p, to, at + i) == 0 &&
        wire_tag(&p->wires[to], at + i) != PAIR_HELLO) {
      return 0;
    }
  }
  return 1;
}

static void rewrite(pair *p, unsigned to, const script_record *record) {
  pair_wire *wire = &p->wires[to];
  size_t at = wire->from;
  while (record->len > 0u && wire->data.len - at >= record->len) {
    const uint8_t *found = memmem(wire->data.data + at, wire->data.len - at,
                                  record->data, record->len);
    if (found == NULL) {
      return;
    }
    at = (size_t)(found - wire->data.data);
    if (all_open(p, to, at, record->len) != 0) {
      const int inside = wire_tag(wire, at) == PAIR_TLS;
      touch(p);
      wire_splice(wire, at, record->len, record->more, record->more_len,
                  inside != 0 ? PAIR_TLS : PAIR_ATTACKER);
      return;
    }
    at++;
  }
}

// The last octets that passed come again, behind all that waits.
static void replay(pair *p, unsigned to, uint64_t count) {
  pair_wire *wire = &p->wires[to];
  const size_t room =
      wire->data.len < WIRE_MAX ? WIRE_MAX - wire->data.len : 0u;
  const size_t all = at_most(count, wire->from);
  const size_t len = all < room ? all : room;
  const size_t from = wire->from - len;
  for (size_t i = 0u; i < len; i++) {
    const uint8_t octet = wire->data.data[from + i];
    const int open = is_open(p, to, from + i);
    const int inside = open != 0 && wire_tag(wire, from + i) == PAIR_TLS;
    const pair_tag clear = open != 0 ? PAIR_ATTACKER : PAIR_BROKEN;
    wire_add(wire, &octet, 1u, inside != 0 ? PAIR_TLS : clear);
  }
  if (len > 0u) {
    touch(p);
  }
}

// The stream to `to` ends, and what waits is lost. Nobody but the peer ends TLS cleanly.
static void hang_up(pair *p, unsigned to, uint64_t number) {
  const pair_side *side = &p->sides[to];
  pair_wire *wire = &p->wires[to];
  const int sealed = side->tls != 0u && side->inside == 0u;
  if (is_closed(p, to) == 0 && side->ended == 0u) {
    touch(p);
    wire->from = wire->data.len;
    wire->holed = 1;
    end_stream(p, to, number == 1u && sealed == 0 ? 1 : 0);
  }
}

static void tamper(pair *p, unsigned to, uint64_t number) {
  const unsigned failure = (unsigned)(number % SMTPC_TLS_FAILURE_COUNT);
  if (is_closed(p, to) != 0) {
    return;
  }
  touch(p);
  if (in_handshake(p, to) != 0 || p->sides[to].tls != 0u) {
    fail_tls(p, to, failure);
  } else {
    p->sides[to].tamper = failure + 1u;
  }
}

// Says what the next handshake will find. An attacker with a bad certificate answers at
// once who stands in it.
static void set_facts(pair *p, const script_record *record) {
  const smtpc_input input = world_input_of(record);
  p->facts = input.tls;
  if (facts_are_bad(&p->facts) != 0) {
    touch(p);
    for (unsigned who = 0u; who < 2u; who++) {
      if (in_handshake(p, who) != 0) {
        answer_handshake(p, who);
      }
    }
  }
}

static void give_both(pair *p, const script_record *record) {
  const smtpc_input input = world_input_of(record);
  for (unsigned who = 0u; who < 2u; who++) {
    if (is_closed(p, who) == 0) {
      touch(p);
      give(p, who, &input);
    }
  }
}

// Both sides get an input that neither has asked for. Octets, ends and what TLS does are
// never out of turn, or are moves of their own.
static void misuse(pair *p, const script_record *record) {
  const smtpc_input input = world_input_of(record);
  for (unsigned who = 0u; who < 2u; who++) {
    const size_t before = out_len(p, who);
    const int out_of_turn =
        input.kind >= SMTPC_IN_VERDICT ||
        (input.kind == SMTPC_IN_TLS_UP && in_handshake(p, who) == 0);
    if (out_of_turn != 0 && is_closed(p, who) == 0) {
      give(p, who, &input);
      FUZZ_MUST(MISUSE, out_len(p, who) == before && is_closed(p, who) == 0,
                "the %s acts on an input out of turn", names[who]);
    }
  }
}

static void move_other(pair *p, const script_record *record) {
  switch (record->tag) {
    case SCRIPT_CUT:
      p->cut = (size_t)(record->number < SIZE_MAX ? record->number : 0u);
      break;
    case SCRIPT_TLS_UP:
      set_facts(p, record);
      break;
    case SCRIPT_TLS_FAILED:
      tamper(p, PAIR_SERVER, record->number);
      tamper(p, PAIR_CLIENT, record->number);
      break;
    case SCRIPT_CLOSE:
      hang_up(p, PAIR_SERVER, record->number);
      hang_up(p, PAIR_CLIENT, record->number);
      break;
    case SCRIPT_DEADLINE:
    case SCRIPT_SHUTDOWN:
      give_both(p, record);
      break;
    case SCRIPT_MISUSE:
      misuse(p, record);
      break;
    default:
      break;
  }
}

static void pass_delays(pair *p) {
  for (unsigned to = 0u; to < 2u; to++) {
    if (p->wires[to].delay > 0u) {
      p->wires[to].delay--;
    }
  }
}

void pair_move(pair *p, const script_record *record) {
  const unsigned to = record->field;
  p->moved = 1u;
  switch (record->tag) {
    case SCRIPT_RELAY:
      deliver(p, to, record->number == 0u ? SIZE_MAX : (size_t)record->number);
      break;
    case SCRIPT_DROP:
      drop(p, to, record->number);
      break;
    case SCRIPT_INSERT:
      insert(p, to, record->data, record->len);
      break;
    case SCRIPT_REWRITE:
      rewrite(p, to, record);
      break;
    case SCRIPT_DELAY:
      p->wires[to].delay =
          record->number < TURNS_MAX ? (size_t)record->number : TURNS_MAX;
      return;
    case SCRIPT_REPLAY:
      replay(p, to, record->number);
      break;
    case SCRIPT_HANGUP:
      hang_up(p, to, record->number);
      break;
    case SCRIPT_TAMPER:
      tamper(p, to, record->number);
      break;
    case SCRIPT_FLOW:
      flow(p, record->number == 0u ? SIZE_MAX : (size_t)record->number);
      break;
    default:
      move_other(p, record);
      return;
  }
  pass_delays(p);
}

// ------------------------------------------------------------ beginning and end

static int is_answer(unsigned tag) {
  return tag == SCRIPT_ANSWER || tag == SCRIPT_NONCE || tag == SCRIPT_SALT ||
         tag == SCRIPT_BINDING || tag == SCRIPT_DIGEST ||
         tag == SCRIPT_CREDENTIALS;
}

void pair_begin(pair *p, unsigned slot, const script *moves,
                const smtpc_server_policy *server,
                const smtpc_client_policy *client) {
  static const pair_side fresh = {0};
  static const smtpc_tls_facts none = {0};
  p->moves = moves;
  p->server_policy = server;
  p->client_policy = client;
  p->facts = none;
  p->facts.version = SMTPC_TLS_1_3;
  p->facts.chain_ok = 1u;
  p->facts.name_ok = 1u;
  p->up = p->facts;
  p->cut = p->work = p->deadlines = 0u;
  p->pieces = PAIR_PIECES;
  p->moved = p->touched = p->touched_tls = p->answered = 0u;
  p->misfit = 0u;
  for (unsigned who = 0u; who < 2u; who++) {
    pair_wire *wire = &p->wires[who];
    p->sides[who] = fresh;
    smtpc_octets_clear(&wire->data);
    smtpc_octets_clear(&wire->tags);
    wire->from = wire->delay = 0u;
    wire->torn = wire->holed = 0;
  }
  for (size_t i = 0u; i < moves->count; i++) {
    p->answered |= is_answer(moves->records[i].tag) != 0 ? 1u : 0u;
  }
  p->server = world_server_begin(slot, server, moves);
  p->client = world_client_begin(slot, client, moves);
  carry(p, PAIR_SERVER);
  carry(p, PAIR_CLIENT);
}

void pair_settle(pair *p) {
  const smtpc_input deadline = smtpc_input_make(SMTPC_IN_DEADLINE);
  p->wires[PAIR_SERVER].delay = 0u;
  p->wires[PAIR_CLIENT].delay = 0u;
  flow(p, SIZE_MAX);
  while (pair_closed(p) == 0) {
    p->deadlines++;
    FUZZ_MUST(BOUNDS, p->deadlines <= 2u, "a side waits after its deadline");
    give(p, PAIR_SERVER, &deadline);
    give(p, PAIR_CLIENT, &deadline);
    flow(p, SIZE_MAX);
  }
}

static void let_go(smtpc_octets *octets) {
  if (octets->cap > KEPT_MAX) {
    smtpc_octets_free(octets);
  }
}

void pair_end(pair *p) {
  world_server_end(p->server);
  world_client_end(p->client);
  for (unsigned who = 0u; who < 2u; who++) {
    let_go(&p->wires[who].data);
    let_go(&p->wires[who].tags);
  }
}
