// Setup: what the lines of the target tls_setup are made of: words, and octets that words
// stand for. The lines themselves do their work in setup_context.c, setup_engine.c,
// setup_strange.c and setup_digest.c, and each has its oracles there.
#ifndef SMTPCORE_FUZZ_TLS_SETUP_H
#define SMTPCORE_FUZZ_TLS_SETUP_H

#include <openssl/base.h>
#include <stddef.h>
#include <stdint.h>

#include "fuzz/tls/credentials.h"
#include "shim/boringssl/tls_boringssl.h"
#include "shim/mem/mem.h"

#define SETUP_WORDS_MAX 12u
#define SETUP_LINE_MAX 2048u
// No word stands for more octets.
#define SETUP_OCTETS_MAX 65536u

// setup_line is a line, cut at its spaces. Words that are not there are "".
typedef struct setup_line {
  char text[SETUP_LINE_MAX];
  const char *words[SETUP_WORDS_MAX];
} setup_line;

// setup_input is an input: lines, and texts behind them. A line that is "%" ends the
// lines, and each text.
typedef struct setup_input {
  const uint8_t *data;
  size_t len;
  size_t at;     // where the next line begins
  size_t texts;  // where the first text begins
} setup_input;

// setup_prepare makes what words stand for and no input changes. Each input calls it
// first.
void setup_prepare(void);

// setup_begin begins an input, which is borrowed until the next.
void setup_begin(const uint8_t *data, size_t len);

// setup_next reads the next line; it returns 0 at the end. Longer lines and more words
// are cut off.
int setup_next(setup_line *out);

// setup_skip returns a line without its first `count` words.
setup_line setup_skip(const setup_line *line, size_t count);

// setup_number returns the number that a word says, at most `most`; 0 when it is none.
uint64_t setup_number(const char *word, uint64_t most);

// setup_has returns 1 when `word` is one of the line's.
int setup_has(const setup_line *line, const char *word);

// setup_octets is octets that a word stands for, in a block of their size.
typedef struct setup_octets {
  uint8_t *data;
  size_t len;
  size_t claimed;     // the length to tell: `len`, or more than an int holds
  smtpc_octets copy;  // the same, to see that nobody wrote to them
} setup_octets;

// setup_read returns what a word stands for: parts with '+' between them.
//
//   null           NULL, and no octets
//   cert:NAME      PEM of the certificate of an identity (credentials.h), or of
//                  `authority`, `p256`, `x25519` or `made`
//   key:NAME       PEM of its private key
//   locked:NAME    the same under a pass phrase
//   alg:HEX        PEM of the certificate `good` with another signature algorithm, in DER
//   text:N         the N-th text of the input, from 0
//   hex:HEX        octets
//   fill:N         N times 'a'
//   endless        one octet, and a length that no int holds
//   N*PART         a part, N times
//   N/PART         the first N octets of a part
//   anything else  itself
setup_octets setup_read(const char *word);

// setup_free frees octets and checks that nobody wrote to them (law PURE).
void setup_free(setup_octets *octets);

// setup_made keeps a certificate and key that were made, for `cert:made`. They are
// copied.
void setup_made(const smtpc_boringssl_pem *pem);

// setup_secret_of returns the private octets of a key that is Ed25519, 32 of them; NULL
// for a NAME without such a key.
const uint8_t *setup_secret_of(const char *name);

// ------------------------------------------------------------------ the lines

// setup_context is the context of an input, and what is known of it.
typedef struct setup_context {
  smtpc_tls_context *context;  // NULL: it could not be made
  int64_t now;                 // 0: the clock of the system
  int has_identity;
  int identity;       // a tls_identity, or -1: another
  int has_authority;  // 1: a client trusts the authority
  int others;         // 1: it may trust others too
  char ciphers[512];  // "": those of the shim
} setup_context;

extern setup_context setup_own;

// SETUP_CLOCK is what the clock of the system says (system.h).
#define SETUP_CLOCK (TLS_NOW + 3600)

// setup_starve is which allocations fail while a line calls the shim: `count` of them,
// after `skip` that do not. With `count` 0 none does.
typedef struct setup_starve {
  size_t skip;
  size_t count;
} setup_starve;

extern setup_starve setup_hunger;

// setup_failures counts the allocations that failed.
extern size_t setup_failures;

// setup_leaked counts the blocks that the library is known to lose without memory.
extern size_t setup_leaked;

// setup_arm stands before a call of the shim, and setup_disarm behind it, which returns
// 1 when an allocation failed between the two: then a call may say that there is no
// memory, and must leave nothing half-made all the same. It also checks that no error is
// left in the library's queue (INVARIANT).
void setup_arm(void);
int setup_disarm(const char *what);

// Each returns 1 when the line is one of its own.
int setup_context_line(const setup_line *line);
int setup_engine_line(const setup_line *line);
int setup_digest_line(const setup_line *line);
int setup_strange_line(const setup_line *line);

// setup_context_begin makes the context of an input; setup_context_end frees it.
void setup_context_begin(void);
void setup_context_end(void);

// setup_is_name is an account of its own of what a server's name may be: 2 for the text
// of an IP address, 1 for a host name, else 0.
int setup_is_name(const uint8_t *name, size_t len);

#endif  // SMTPCORE_FUZZ_TLS_SETUP_H
