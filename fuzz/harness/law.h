// Law: how a fuzz target says that a law is broken.
//
// An oracle is a line `FUZZ_MUST(LAW, condition, "what went wrong", ...)`. When the
// condition does not hold, the process prints
//
//     smtpcore-fuzz: law EPOCH is broken: line of another channel (server.c:120)
//
// and aborts, which each engine takes for a crash. The bench of planted bugs and the
// campaign read that line: a crash has the name of its oracle. Oracles are always on, in
// each engine, each sanitizer and each replay.
#ifndef SMTPCORE_FUZZ_HARNESS_LAW_H
#define SMTPCORE_FUZZ_HARNESS_LAW_H

// FUZZ_LAW_LIST(X) is X(identifier, "what must hold"): the twenty laws of
// docs/GUARANTEES.md, and those that only a harness can have.
#define FUZZ_LAW_LIST(X)                                                       \
  X(EPOCH, "octets of one token come from one channel, the one in force")      \
  X(DRAIN, "when TLS starts, nothing waits")                                   \
  X(RESET, "after TLS starts, the session equals a fresh one")                 \
  X(ONEWAY, "TLS never goes off again")                                        \
  X(FAILSTOP, "between the 220 and the handshake's end only TLS or the end")   \
  X(SPLIT, "cuts change nothing")                                              \
  X(COUNT, "one reply for each command, in order")                             \
  X(EOD, "DATA ends at CRLF.CRLF and nowhere else")                            \
  X(STUFF, "unstuff(stuff(x)) = x")                                            \
  X(NORM, "nothing is repaired")                                               \
  X(CRLFOUT, "a line that is sent has one CRLF and parses back")               \
  X(TXN, "a transaction is whole, and ends all at once")                       \
  X(BDAT, "octets taken = size declared, and payload is never parsed")         \
  X(POLICY, "what a policy demands holds, and stricter never accepts more")    \
  X(SECRET, "secrets are seen by nobody else")                                 \
  X(CODE, "a client decides by codes and keywords, never by text")             \
  X(WELLFORMED, "each reply that is sent is one that the RFC's grammar takes") \
  X(BOUNDS, "memory and work are bounded")                                     \
  X(TERMINAL, "after the end: nothing")                                        \
  X(NOOP, "a refused line leaves the transaction as it was")                   \
  X(MODEL, "the core and its slow reference version agree")                    \
  X(COVER, "spans lie in the octets that were given, and partition them")      \
  X(ROUNDTRIP, "what is written parses back to what was meant")                \
  X(PURE, "the same input gives the same, and inputs are left as they were")   \
  X(MISUSE, "misuse is told, and changes nothing")                             \
  X(INVARIANT, "a session's own check holds, and nothing is `internal`")       \
  X(DELIVERED, "what a client reports as delivered, its server stored, once")  \
  X(HARNESS, "the harness itself is as it should be")

typedef enum fuzz_law {
#define FUZZ_LAW_ENUM(id, what) FUZZ_LAW_##id,
  FUZZ_LAW_LIST(FUZZ_LAW_ENUM)
#undef FUZZ_LAW_ENUM
      FUZZ_LAWS
} fuzz_law;

// fuzz_law_name returns the name of `law`, "EPOCH" and so on, or "".
const char *fuzz_law_name(unsigned law);

// fuzz_broken prints that `law` is broken and aborts. The format is printf's.
void fuzz_broken(fuzz_law law, const char *file, int line, const char *format,
                 ...) __attribute__((noreturn, format(printf, 4, 5)));

// FUZZ_MUST(LAW, condition, format, ...) aborts unless `condition` holds.
#define FUZZ_MUST(law, condition, ...)                              \
  do {                                                              \
    if (!(condition)) {                                             \
      fuzz_broken(FUZZ_LAW_##law, __FILE__, __LINE__, __VA_ARGS__); \
    }                                                               \
  } while (0)

#endif  // SMTPCORE_FUZZ_HARNESS_LAW_H
