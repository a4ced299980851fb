// Pair: a client session and a server session, joined through an attacker.
//
// Two worlds (world.h) and between them two wires, one for each direction. What a side
// sends waits in the wire until a move lets it pass. The attacker's moves are the
// records of a script; when they are used up, all flows undisturbed until neither side
// has more to say, and then the deadlines of both fall.
//
// TLS is played as a tag on each octet, with three rules of a real engine:
//
//   handshake   a client that stands in it says one octet, its hello; a server that
//               stands in it and gets that octet says its own; when that comes back,
//               TLS is up on both sides, with the same facts. Any other octet that
//               reaches a side in the handshake makes it fail there.
//   records     octets under TLS are seen and changed by nobody. When some of them are
//               lost, come again, or when clear octets come between them, the engine of
//               who gets that fails.
//   ends        only a peer that is up can end TLS cleanly; an end that the attacker
//               made is none of them.
//
// Where a script says facts with a bad chain or a bad name, the attacker is the peer of
// each handshake: it reads what is said under TLS, and writes.
//
// The laws that hold between the two are checked by pair_law.c; those of each session
// by its world.
#ifndef SMTPCORE_FUZZ_HARNESS_PAIR_H
#define SMTPCORE_FUZZ_HARNESS_PAIR_H

#include <stddef.h>
#include <stdint.h>

#include "fuzz/harness/script.h"
#include "fuzz/harness/world.h"
#include "shim/mem/mem.h"

// PAIR_CONNECTIONS bounds the connections of a script: a client whose connection ended
// while moves are left tries again.
#define PAIR_CONNECTIONS 2u

// PAIR_PIECES bounds the pieces that the octets of a connection are cut into. Each piece
// costs as much as a line does; the targets server and client cut without a bound.
#define PAIR_PIECES 48u

// pair_who is a side, and the wire that leads to it: the directions of script.h.
typedef enum pair_who { PAIR_SERVER = 0, PAIR_CLIENT = 1 } pair_who;

// pair_tag says what an octet of a wire is.
typedef enum pair_tag {
  PAIR_CLEAR = 0,     // its sender sent it in clear
  PAIR_TLS = 1,       // its sender sent it under TLS
  PAIR_HELLO = 2,     // its sender's part of the handshake
  PAIR_ATTACKER = 3,  // the attacker's, in clear
  PAIR_BROKEN = 4     // once under TLS, or of a handshake, and now out of place
} pair_tag;

// pair_wire is one direction: octets and their tags. Those before `from` have passed, or
// were lost; the others wait.
typedef struct pair_wire {
  smtpc_octets data;
  smtpc_octets tags;
  size_t from;
  size_t delay;  // moves for which nothing passes
  int torn;      // 1: octets under TLS were lost
  int holed;     // 1: some octets were lost
} pair_wire;

typedef struct pair_side {
  size_t sent;          // octets of its output that are in the wire
  size_t clear;         // those of them that were sent before TLS
  size_t stored;        // server: octets stored before TLS
  size_t stored_count;  // server: messages stored before TLS
  size_t left;          // octets that it did not take before it closed
  smtpc_abuse abuse;    // server: when TLS came up
  unsigned tamper;  // its handshake shall fail: an smtpc_tls_failure, plus 1
  uint8_t hello;    // 1: its part of the handshake is said
  uint8_t tls;      // 1: TLS came up
  uint8_t inside;   // 1: the attacker is its peer under TLS
  uint8_t failed;   // 1: its engine failed
  uint8_t ended;    // 1: it was told the end of the stream
} pair_side;

typedef struct pair {
  const script *moves;
  const smtpc_server_policy *server_policy;
  const smtpc_client_policy *client_policy;
  world_server *server;
  world_client *client;
  pair_wire wires[2];
  pair_side sides[2];
  smtpc_tls_facts facts;   // of the handshakes to come
  smtpc_tls_facts up;      // of that which brought TLS up on both sides
  smtpc_tls_facts inside;  // of that which the attacker answered
  size_t cut;              // octets of a piece; 0: whole
  size_t pieces;           // that may still be cut: then all is whole
  size_t work;             // counts all that happened
  size_t deadlines;        // that had to fall at the end
  uint8_t moved;           // 1: a move was done
  uint8_t touched;         // 1: the attacker changed something
  uint8_t touched_tls;     // 1: also under TLS
  uint8_t answered;        // 1: the script has answers of its own
  uint8_t misfit;  // 1: the TLS that the two can have is not what both want
} pair;

// pair_begin begins both sessions in `slot` and runs them to their first wait. The
// facts of the handshake are good ones of TLS 1.3 until a record says others. `*p` is
// zero, or was given to `pair_end`; scripts and policies are borrowed until then. The
// script has no LATE: each answer comes at once.
void pair_begin(pair *p, unsigned slot, const script *moves,
                const smtpc_server_policy *server,
                const smtpc_client_policy *client);

// pair_move does one record; those that are no moves of a pair do nothing.
void pair_move(pair *p, const script_record *record);

// pair_settle lets all flow undisturbed, and then the deadlines fall. Law BOUNDS: both
// sides are closed after it.
void pair_settle(pair *p);

// pair_closed returns 1 when both sides are closed.
int pair_closed(const pair *p);

// pair_out returns what `who` sent; `*out_clear` is how many octets of it in clear.
const smtpc_octets *pair_out(const pair *p, unsigned who, size_t *out_clear);

// pair_peace is an undisturbed pair of the same script, to compare with. All-zero: none
// has run yet. Connections of one script share it.
typedef struct pair_peace {
  pair pair;
  unsigned slot;  // of its worlds
  int ran;        // 1
} pair_peace;

// pair_check checks what must hold between the two of a settled pair. It runs `*peace`
// when it needs it.
void pair_check(const pair *p, pair_peace *peace);

// pair_check_alone is the part of `pair_check` that needs no other pair.
void pair_check_alone(const pair *p);

// pair_compares returns 1 when the pair is to be compared with an undisturbed one, and
// pair_compare does so.
int pair_compares(const pair *p);
void pair_compare(const pair *p, const pair *other);

// pair_peace_end ends what ran. `*peace` may be used again.
void pair_peace_end(pair_peace *peace);

// pair_end ends both worlds. The wires keep their memory for the next pair, unless it
// grew large.
void pair_end(pair *p);

#endif  // SMTPCORE_FUZZ_HARNESS_PAIR_H
