// Mutator: makes new inputs out of old ones, knowing what an input is.
//
// One core in C serves every engine: `libfuzzer.c` and `afl.c` are its interfaces. A
// script stays a script: its records are moved, split, merged and changed, and octets
// cross the border of a handshake. What is said is made by the grammar of the registry,
// of either role, and then often broken in one place. Records for real TLS come into
// scripts of FUZZ_KIND_TLS_SCRIPT alone. Octets of a TLS peer are taken as TLS records
// with clear lines between them, and mostly stay so.
//
// No heap: all that is made lies in static scratch, so one thread may use it. The same
// arguments make the same result.
#ifndef SMTPCORE_FUZZ_MUTATOR_MUTATOR_H
#define SMTPCORE_FUZZ_MUTATOR_MUTATOR_H

#include <stddef.h>
#include <stdint.h>

// FUZZ_MOVE_LIST(X) is X(identifier, "what it does"): the moves.
#define FUZZ_MOVE_LIST(X)                                             \
  X(REFRAME, "an input that is no script becomes what a script says") \
  X(RECORD_DROP, "a record, or a run of them, is left out")           \
  X(RECORD_DOUBLE, "a record comes again, here or elsewhere")         \
  X(RECORD_SWAP, "two records change places")                         \
  X(RECORD_SPLIT, "what one record says, two say")                    \
  X(RECORD_MERGE, "what two records say, one says")                   \
  X(RECORD_RETAG, "a record becomes another one of its form")         \
  X(CUT_MOVE, "what follows comes in other pieces")                   \
  X(NUMBER, "a record has another number")                            \
  X(FIELD, "a record has another field or direction")                 \
  X(BORDER_MOVE, "octets cross the border of a handshake")            \
  X(BORDER_MAKE, "a handshake with something before and after it")    \
  X(EVENT, "an event comes in")                                       \
  X(ANSWER, "an answer comes in")                                     \
  X(ATTACK, "a move of an attacker comes in")                         \
  X(SETTING, "a field of a policy is set")                            \
  X(SENDING, "a message, a recipient or credentials come in")         \
  X(FILL, "one octet comes many times, up to a boundary")             \
  X(SAY, "a turn of the grammar comes in as a record")                \
  X(SAY_MORE, "a turn of the grammar is added to what is said")       \
  X(DIALOGUE, "the turns of a whole session come in")                 \
  X(LINE_DROP, "a line is left out")                                  \
  X(LINE_DOUBLE, "a line comes twice")                                \
  X(LINE_SWAP, "two lines change places")                             \
  X(LINE_INSERT, "a turn of the grammar comes in between lines")      \
  X(LINE_LENGTH, "a line is made as long as a limit")                 \
  X(LINE_END, "the end of a line is another one")                     \
  X(LINE_PLANT, "a line is broken in one place")                      \
  X(DOT, "dots and ends of data")                                     \
  X(CHUNK, "the size of a chunk fits, or is off by one")              \
  X(TOKEN, "a token of the grammar comes in")                         \
  X(OCTET, "an octet is changed, comes in, or is left out")           \
  X(RANGE, "a run of octets is left out, doubled or moved")           \
  X(TLS_SETTING, "a field of how the other end stands is set")        \
  X(TLS_IDENTITY, "another certificate is shown")                     \
  X(TLS_RECORD, "a record of real TLS comes in")                      \
  X(TLS_RAW, "octets come past the peer's engine")                    \
  X(TLS_PLACE, "a record stands elsewhere at a handshake")            \
  X(TLS_SPLIT, "what is said lies on both sides of a handshake")      \
  X(TLS_INSIDE, "a handshake is stopped on its way")                  \
  X(TLS_END, "the end comes at a handshake")                          \
  X(TLS_ATTACK, "a move of an attacker comes in at a handshake")      \
  X(TLS_DIALOGUE, "a session with settings of TLS comes in")          \
  X(WIRE_DROP, "a TLS record, or a clear line, is left out")          \
  X(WIRE_DOUBLE, "one comes again, here or elsewhere")                \
  X(WIRE_SWAP, "two change places")                                   \
  X(WIRE_CUT, "a TLS record says less, and its head says so")         \
  X(WIRE_SPLIT, "what one TLS record has, two have")                  \
  X(WIRE_MERGE, "what two TLS records have, one has")                 \
  X(WIRE_HEAD, "a TLS record has another type or version")            \
  X(WIRE_LENGTH, "a TLS record's head has another length")            \
  X(WIRE_INSERT, "another TLS record comes in")                       \
  X(WIRE_CLEAR, "clear lines come in between TLS records")            \
  X(WIRE_MESSAGE, "a message has another type or length")             \
  X(WIRE_EXTENSION, "an extension of a hello is changed")             \
  X(WIRE_OCTET, "octets in a TLS record are changed")                 \
  X(WIRE_SESSION, "the TLS records of a whole session come in")

typedef enum fuzz_move {
#define FUZZ_MOVE_ENUM(id, what) FUZZ_MOVE_##id,
  FUZZ_MOVE_LIST(FUZZ_MOVE_ENUM)
#undef FUZZ_MOVE_ENUM
      FUZZ_MOVE_COUNT
} fuzz_move;

// fuzz_mutate changes `data[0 .. size)`, an input of `kind` (a fuzz_kind), where
// `max_size` octets have room, and returns how many it then has: at most `max_size`,
// and 0 only when that is 0. A script stays one, and what is none becomes one.
size_t fuzz_mutate(unsigned kind, uint8_t *data, size_t size, size_t max_size,
                   uint64_t seed);

// fuzz_cross writes an input that begins as `a` and goes on as `b` to `out[0 .. max)`,
// and returns how many octets it has. Scripts are cut between records, and where they can
// be at a border of actions (a handshake, a setting's end); lines between lines, TLS
// records between them.
size_t fuzz_cross(unsigned kind, const uint8_t *a, size_t a_size,
                  const uint8_t *b, size_t b_size, uint8_t *out, size_t max,
                  uint64_t seed);

// fuzz_octets_fn changes `data[0 .. size)` with room for `max_size` octets, and returns
// how many it then has: an engine's own mutator.
typedef size_t (*fuzz_octets_fn)(uint8_t *data, size_t size, size_t max_size);

// fuzz_mutate_payload lets `engine` change what one record of a script says, or what one
// TLS record has; when `kind` is one without records, all of it. Returns and limits are those of `fuzz_mutate`.
size_t fuzz_mutate_payload(unsigned kind, uint8_t *data, size_t size,
                           size_t max_size, uint64_t seed,
                           fuzz_octets_fn engine);

// fuzz_mutate_moves returns which moves the last call made: bit N for fuzz_move N.
uint64_t fuzz_mutate_moves(void);

#endif  // SMTPCORE_FUZZ_MUTATOR_MUTATOR_H
