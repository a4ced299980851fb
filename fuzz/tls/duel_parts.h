// What the files of the duel share. Nobody else includes it.
#ifndef SMTPCORE_FUZZ_TLS_DUEL_PARTS_H
#define SMTPCORE_FUZZ_TLS_DUEL_PARTS_H

#include "fuzz/tls/duel.h"
#include "fuzz/tls/peer.h"

// ------------------------------------------------------------ the wires (duel_wire.c)

// duel_wire_waits returns how many octets wait, and duel_wire_tag what one of them is.
size_t duel_wire_waits(const duel_wire *wire);
duel_tag duel_wire_tag(const duel_wire *wire, size_t at);

// duel_tag_is_open returns 1 when the attacker can read such an octet.
int duel_tag_is_open(duel_tag tag);

void duel_wire_add(duel_wire *wire, const uint8_t *data, size_t len,
                   duel_tag tag);

// duel_wire_splice puts `len` octets in the place of `gone` octets at `at`.
void duel_wire_splice(duel_wire *wire, size_t at, size_t gone,
                      const uint8_t *data, size_t len, duel_tag tag);

// duel_wire_take_out takes out of what waits all octets of a tag.
void duel_wire_take_out(duel_wire *wire, duel_tag tag);

void duel_wire_change(duel_wire *wire, size_t at, uint8_t bits);

// duel_flight_is_part returns 1 when the handshake records of `got` are the first ones
// of `said[from ..]`, in their order and unchanged. Records that a handshake does not
// cover, and one that is not whole yet, are passed over.
int duel_flight_is_part(const smtpc_octets *got, const smtpc_octets *said,
                        size_t from);

// duel_flight_is_within returns 1 when the handshake records of `said` are all in `got`, in
// their order and unchanged; others may stand between them.
int duel_flight_is_within(const smtpc_octets *said, const smtpc_octets *got);

// ------------------------------------------------------------- what happens (duel.c)

void duel_deliver(duel *d, unsigned to, size_t most);
void duel_flow(duel *d, size_t most);
void duel_touch(duel *d);
void duel_trace(const char *what, unsigned to);

// duel_intercept makes the attacker the peer of `who`, which stands in its handshake.
void duel_intercept(duel *d, unsigned who);

// duel_pump lets the attacker's engine and `who` talk until both are at rest.
void duel_pump(duel *d, unsigned who);

int duel_is_closed(const duel *d, unsigned who);
int duel_in_handshake(const duel *d, unsigned who);

// duel_input gives both what is no octets; duel_hang_up ends what arrives at `to`.
void duel_input(duel *d, unsigned who, const smtpc_input *input);
void duel_hang_up(duel *d, unsigned to, int clean, int reset);

#endif  // SMTPCORE_FUZZ_TLS_DUEL_PARTS_H
