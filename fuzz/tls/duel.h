// Duel: a client and a server with real TLS, joined through an attacker.
//
// It is to octets what pair.h is to tags, and its scripts have the same moves, so a
// script of the one means something in the other. Two sides (side.h) and between them
// two wires, one for each direction. What a side sends waits in its wire until a move
// lets it pass; when the moves are used up, all flows undisturbed until neither side has
// more to say, and then the deadlines of both fall.
//
// Each octet of a wire has a shadow tag: who said it, and where. The attacker may do what
// a network can do with any of them; what is under TLS it cannot read, and what it
// changes there should not pass. Where a script says `tls-up` with a bad chain or name,
// the attacker is from then on the peer of the handshakes: it has an engine of its own
// for each side, and the wires carry what the two sides say under TLS, in clear.
//
//   tls-up      two bits: 1 the chain, 2 the name are good; the highest version of the
//               attacker's engines. With both bits it leaves the handshakes alone
//   tls-set     `identity`, `low` and `high` are the server's, and the last two the
//               attacker's; `attacker` is the identity that it shows, when that is not a
//               good one: an attacker has no good one; with `ticket` it gives tickets,
//               with `asks` it asks the client for a certificate
//   tamper      an octet of what waits in TLS records is changed; with nothing there, of
//               the next record
//   insert      stands behind what waits in clear, before the records of an engine
//   rewrite     changes octets of TLS too
//   replay      of more than has passed goes back into the connection before
//   splice      the attacker says in clear all that leads this side to its handshake,
//               and keeps the answers; what the other side says goes on there (Opossum)
//   hangup      1: the stream ends; else it breaks
//
// Some moves have no direction; they are for that of the last move which has one:
//
//   raw         the attacker's octets stand before all that waits
//   mangle      the octet so far from the start of what waits is changed: the field says
//               which bits, 0: all
//   pass        is `relay`
//   notify, alert, key-update   are said by the attacker's engine; when there is none,
//               the first two come as records in clear, before all that waits
#ifndef SMTPCORE_FUZZ_TLS_DUEL_H
#define SMTPCORE_FUZZ_TLS_DUEL_H

#include <stddef.h>
#include <stdint.h>

#include "fuzz/harness/pair.h"
#include "fuzz/harness/script.h"
#include "fuzz/tls/side.h"

// DUEL_CONNECTIONS bounds the connections of a script: a client whose connection ended
// while moves are left tries again.
#define DUEL_CONNECTIONS 3u

// DUEL_PIECES bounds the pieces that the octets of a connection are cut into.
#define DUEL_PIECES 64u

// duel_tag says what an octet of a wire is. Sides and directions are pair.h's pair_who.
typedef enum duel_tag {
  DUEL_CLEAR = 0,     // its sender sent it in clear
  DUEL_INSIDE = 1,    // its sender said it under TLS to the attacker's engine
  DUEL_SEALED = 2,    // of a record of its sender's engine
  DUEL_ATTACKER = 3,  // the attacker's
  DUEL_BROKEN = 4     // once of a record, and now changed or out of place
} duel_tag;

// duel_wire is one direction: octets and their tags. Those before `from` have passed, or
// were lost; the others wait.
typedef struct duel_wire {
  smtpc_octets data;
  smtpc_octets tags;
  smtpc_octets past;  // those of the connection before
  smtpc_octets past_tags;
  size_t from;
  size_t delay;  // moves for which nothing passes
} duel_wire;

// duel_side is a side, and what is known of it.
typedef struct duel_side {
  tls_side side;
  smtpc_octets said;      // by its session under TLS
  smtpc_octets clear;     // that arrived before its TLS began
  smtpc_octets got;       // that arrived between that and the handshake's end
  smtpc_octets told;      // that the attacker's engine was given for it
  smtpc_octets read;      // that the attacker's engine decrypted
  struct ssl_st *engine;  // the attacker's; NULL: none
  size_t carried;         // octets of its wire that went on
  size_t covered;         // octets of `got` that had come when it spoke last
  size_t stored;          // server: octets stored before TLS
  size_t stored_count;
  size_t out_clear;   // octets of its output when TLS came up
  smtpc_abuse abuse;  // server: when TLS came up
  uint64_t
      tamper;     // an octet of its next record is to be changed: which, plus 1
  uint8_t noted;  // 1: TLS came up
  uint8_t inside;       // 1: the attacker is its peer under TLS
  uint8_t engine_up;    // 1
  uint8_t engine_over;  // 1: the attacker's engine failed, or was closed
  uint8_t clean;        // 1: it was told close_notify
  uint8_t ended;        // 1: the side was told the end of the stream
  uint8_t spoilt;  // 1: what arrived under TLS was not all of its engine's peer
} duel_side;

typedef struct duel {
  const script *moves;
  const smtpc_server_policy *server_policy;
  const smtpc_client_policy *client_policy;
  script_tls tls;
  duel_wire wires[2];
  duel_side sides[2];
  unsigned attacker;  // the identity that it shows: never a good one
  unsigned high;      // the highest version of its engines
  unsigned number;   // of the connection, from 0: each has other random numbers
  unsigned aim;      // the direction of the last move that has one
  size_t cut;        // octets of a piece; 0: whole
  size_t pieces;     // that may still be cut: then all is whole
  size_t work;       // counts all that happened
  size_t deadlines;  // that had to fall at the end
  uint8_t intercepts;   // 1: the attacker answers handshakes
  uint8_t moved;        // 1: a move was done
  uint8_t touched;      // 1: the attacker changed something
  uint8_t touched_tls;  // 1: also under TLS
  uint8_t answered;     // 1: the script has answers of its own
  uint8_t prodded;      // 1: a side was told something that makes it speak
} duel;

// duel_begin begins both sessions in `slot` and runs them to their first wait. `*d` is
// zero but for `number`, or was given to `duel_end` and `number` set; scripts and
// policies are borrowed until then. The script has no LATE.
void duel_begin(duel *d, unsigned slot, const script *moves,
                const smtpc_server_policy *server,
                const smtpc_client_policy *client);

// duel_move does one record; those that are no moves do nothing.
void duel_move(duel *d, const script_record *record);

// duel_settle lets all flow undisturbed, and then the deadlines fall. Law BOUNDS: both
// sides are closed after it.
void duel_settle(duel *d);

// duel_closed returns 1 when both sides are closed.
int duel_closed(const duel *d);

// duel_view fills `*out` with what a pair would know: what holds in a pair holds here.
void duel_view(const duel *d, pair *out);

// duel_peace is an undisturbed duel of the same script, to compare with. All-zero but
// for `slot`: none has run yet. Connections of one script share it.
typedef struct duel_peace {
  duel duel;
  unsigned slot;  // of its worlds
  int ran;        // 1
} duel_peace;

// duel_check checks what must hold between the two of a settled duel. It runs `*peace`
// when it needs it.
void duel_check(const duel *d, duel_peace *peace);

// duel_compare checks law PURE: of two connections with the same moves, one after others
// and one alone, each octet is the same.
void duel_compare(const duel *d, const duel *other);

// duel_peace_end ends what ran. `*peace` may be used again.
void duel_peace_end(duel_peace *peace);

// duel_remember makes the octets of an ended duel what its next one can replay, and
// duel_recall makes `*d` able to replay the same as `*other`. duel_forget ends that.
void duel_remember(duel *d);
void duel_recall(duel *d, const duel *other);
void duel_forget(duel *d);

// duel_end ends both sides. Buffers keep their memory for the next duel, unless it grew
// large.
void duel_end(duel *d);

#endif  // SMTPCORE_FUZZ_TLS_DUEL_H
