#include <string.h>

#include "fuzz/tls/duel_parts.h"

#define RECORD_HEAD 5u
#define RECORD_HANDSHAKE 22u
#define RECORD_DATA 23u

size_t duel_wire_waits(const duel_wire *wire) {
  return wire->data.len - wire->from;
}

duel_tag duel_wire_tag(const duel_wire *wire, size_t at) {
  return (duel_tag)wire->tags.data[at];
}

int duel_tag_is_open(duel_tag tag) {
  return tag == DUEL_CLEAR || tag == DUEL_INSIDE || tag == DUEL_ATTACKER;
}

void duel_wire_add(duel_wire *wire, const uint8_t *data, size_t len,
                   duel_tag tag) {
  const size_t at = wire->tags.len;
  smtpc_octets_add(&wire->data, data, len);
  smtpc_octets_add(&wire->tags, data, len);
  if (len > 0u) {
    memset(wire->tags.data + at, (int)tag, len);
  }
}

void duel_wire_splice(duel_wire *wire, size_t at, size_t gone,
                      const uint8_t *data, size_t len, duel_tag tag) {
  const size_t rest = wire->data.len - at - gone;
  if (len > gone) {
    duel_wire_add(wire, data, len - gone, tag);
  }
  if (rest > 0u) {
    memmove(wire->data.data + at + len, wire->data.data + at + gone, rest);
    memmove(wire->tags.data + at + len, wire->tags.data + at + gone, rest);
  }
  if (len > 0u) {
    memcpy(wire->data.data + at, data, len);
    memset(wire->tags.data + at, (int)tag, len);
  }
  wire->data.len = at + len + rest;
  wire->tags.len = at + len + rest;
}

void duel_wire_take_out(duel_wire *wire, duel_tag tag) {
  size_t kept = wire->from;
  for (size_t at = wire->from; at < wire->data.len; at++) {
    if (duel_wire_tag(wire, at) != tag) {
      wire->data.data[kept] = wire->data.data[at];
      wire->tags.data[kept] = wire->tags.data[at];
      kept++;
    }
  }
  wire->data.len = kept;
  wire->tags.len = kept;
}

void duel_wire_change(duel_wire *wire, size_t at, uint8_t bits) {
  const duel_tag tag = duel_wire_tag(wire, at);
  const uint8_t mask = bits != 0u ? bits : 0xffu;
  wire->data.data[at] = (uint8_t)(wire->data.data[at] ^ mask);
  wire->tags.data[at] =
      (uint8_t)(duel_tag_is_open(tag) != 0 ? DUEL_ATTACKER : DUEL_BROKEN);
}

// walk goes through the records of a run of octets that a handshake covers.
typedef struct walk {
  const uint8_t *data;
  size_t len;
  const uint8_t *body;
  size_t body_len;
  unsigned type;
} walk;

// Finds the next one. Empty records, changes of the cipher and alerts are none. It
// returns 0 at the end.
static int walk_on(walk *w) {
  while (w->len >= RECORD_HEAD) {
    const size_t body = ((size_t)w->data[3] << 8u) | w->data[4];
    if (w->len - RECORD_HEAD < body) {
      return 0;
    }
    w->type = w->data[0];
    w->body = w->data + RECORD_HEAD;
    w->body_len = body;
    w->data += RECORD_HEAD + body;
    w->len -= RECORD_HEAD + body;
    if (body > 0u && (w->type == RECORD_HANDSHAKE || w->type == RECORD_DATA)) {
      return 1;
    }
  }
  return 0;
}

static walk walk_from(const smtpc_octets *octets, size_t from) {
  walk w = {NULL, 0u, NULL, 0u, 0u};
  if (octets->len > from) {
    w.data = octets->data + from;
    w.len = octets->len - from;
  }
  return w;
}

int duel_flight_is_part(const smtpc_octets *got, const smtpc_octets *said,
                        size_t from) {
  walk a = walk_from(got, 0u);
  walk b = walk_from(said, from);
  while (walk_on(&a) != 0) {
    if (walk_on(&b) == 0 || a.type != b.type || a.body_len != b.body_len ||
        memcmp(a.body, b.body, a.body_len) != 0) {
      return 0;
    }
  }
  return 1;
}

int duel_flight_is_within(const smtpc_octets *said, const smtpc_octets *got) {
  walk a = walk_from(said, 0u);
  walk b = walk_from(got, 0u);
  while (walk_on(&a) != 0) {
    int same = 0;
    while (same == 0) {
      if (walk_on(&b) == 0) {
        return 0;
      }
      same = a.type == b.type && a.body_len == b.body_len &&
             memcmp(a.body, b.body, a.body_len) == 0;
    }
  }
  return 1;
}
