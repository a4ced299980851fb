// World: sessions in a world of octets, driven by scripts, with every law watched.
//
// A world is to a fuzz target what shim/mem is to a test: it carries octets in and out,
// answers what a session asks, and plays TLS as a plain tag. Beside that it keeps a
// second, simple account of what was said, and after each step compares the session with
// it: what it sees go wrong it reports by FUZZ_MUST (law.h). The account is made from
// octets and replies alone, by the reference versions of core/model and by code of its
// own; it reads the session's fields only to compare them.
//
// The session lies between guards. Each piece of octets that is fed lies in a heap
// block of its exact size. With the environment's SMTPCORE_FUZZ_TRACE set to 1 each
// event is printed to stderr as shim/mem traces it.
#ifndef SMTPCORE_FUZZ_HARNESS_WORLD_H
#define SMTPCORE_FUZZ_HARNESS_WORLD_H

#include <stddef.h>
#include <stdint.h>

#include "fuzz/harness/script.h"
#include "shim/mem/mem.h"

// world_bound is a channel binding of each kind, as a shim gives it.
typedef struct world_bound {
  size_t len;  // 0: there is none
  uint8_t data[SMTPC_BINDING_MAX];
} world_bound;

// A world lives in static memory that is used again: 13 kB for each session would be
// slow to make anew. There are WORLD_SLOTS of each role.
#define WORLD_SLOTS 3u

typedef struct world_server world_server;
typedef struct world_client world_client;

// The name and password of the world's one account, and the password of its client: no
// script says these octets, so where they appear they came from the session.
#define WORLD_NAME "canary-user"
#define WORLD_PASSWORD "canary:pa55word"

// ------------------------------------------------------------------ server

// world_server_begin begins a session in `slot` and runs it up to its first wait.
// Answers come from the records of `answers` (ANSWER, NONCE, SALT, BINDING, LATE) in
// their order, each used once; when they are used up, or `answers` is NULL, from
// defaults: a local part that begins with "no", "later", "full" or "relay" is answered
// so, all others yes; credentials are right when they are WORLD_NAME and WORLD_PASSWORD
// (a digest or proof when it is all zero); each message is stored.
world_server *world_server_begin(unsigned slot,
                                 const smtpc_server_policy *policy,
                                 const script *answers);

// world_server_feed gives octets on `channel`, in pieces of `cut` octets (0: whole),
// until they are taken or the session waits for something else. It returns how many were
// taken.
size_t world_server_feed(world_server *world, unsigned channel,
                         const uint8_t *data, size_t len, size_t cut);

// world_server_give gives one input of another kind and runs on. What is out of turn
// must be misuse, and change nothing (law MISUSE).
void world_server_give(world_server *world, const smtpc_input *input);

// world_server_where says what the session waits for.
smtpc_mem_where world_server_where(const world_server *world);

// world_server_tls returns 1 when TLS is in force.
int world_server_tls(const world_server *world);

// world_server_out returns all that was sent, on both channels; `*out_clear` is how many
// octets of it, the first ones, were sent in clear.
const smtpc_octets *world_server_out(const world_server *world,
                                     size_t *out_clear);

// world_server_stored returns the contents of all stored messages, one after the other,
// and how many there are. `world_server_stored_tls` returns how many came under TLS.
const smtpc_octets *world_server_stored(const world_server *world,
                                        size_t *out_count);
size_t world_server_stored_tls(const world_server *world);

// world_server_event_hash returns a hash of all that happened that cuts may not change:
// lines taken, octets sent with their channel, findings with their offsets, contents,
// verdicts, the end.
uint64_t world_server_event_hash(const world_server *world);

// world_server_session returns the session, to look at.
const smtpc_server *world_server_session(const world_server *world);

// world_server_border returns 1 when octets behind STARTTLS ended the session: whether
// the session saw them, or the handshake met them, hangs on the cuts.
int world_server_border(const world_server *world);

// world_server_tls_hash is `world_server_event_hash` of what happened since TLS came up.
uint64_t world_server_tls_hash(const world_server *world);

// world_server_limited returns 1 when a limit of errors, of commands without mail or of
// messages ended the session. What counts towards it outlives STARTTLS.
int world_server_limited(const world_server *world);

// world_server_answers_as makes the answers of `world` go on where those of `other`, of
// the same script, stood when TLS came up.
void world_server_answers_as(world_server *world, const world_server *other);

// world_server_late makes the next answer wait while `count` records (calls of `_feed` and
// `_give`) are given. Octets that come meanwhile are misuse, and are kept for later.
void world_server_late(world_server *world, size_t count);

// world_server_bind gives the channel's binding `kind` (an smtpc_binding), at most
// SMTPC_BINDING_MAX octets: the answer where the script has none of its own.
void world_server_bind(world_server *world, unsigned kind, const uint8_t *data,
                       size_t len);

// world_server_end watches what can be watched only at the end (TERMINAL among it) and
// lets go of all memory but the slot.
void world_server_end(world_server *world);

// ------------------------------------------------------------------ client

// world_client_begin is the same for a client: it sends the messages of `script`
// (MESSAGE, RECIPIENT, CONTENT), or, when it has none, one from s@a.example to
// r@b.example. Its password is that of CREDENTIALS, or WORLD_NAME and WORLD_PASSWORD.
// NONCE, BINDING and DIGEST are taken from `answers`, cut or filled with zeros to their
// length; LATE is not: `world_client_late` says it when its time has come.
world_client *world_client_begin(unsigned slot,
                                 const smtpc_client_policy *policy,
                                 const script *answers);
size_t world_client_feed(world_client *world, unsigned channel,
                         const uint8_t *data, size_t len, size_t cut);
void world_client_give(world_client *world, const smtpc_input *input);
smtpc_mem_where world_client_where(const world_client *world);
int world_client_tls(const world_client *world);
const smtpc_octets *world_client_out(const world_client *world,
                                     size_t *out_clear);

// world_client_delivered returns how many messages were reported with a 2yz code, and
// in `contents` what was handed over of them, one after the other.
size_t world_client_delivered(const world_client *world,
                              const smtpc_octets **contents);
uint64_t world_client_event_hash(const world_client *world);
const smtpc_client *world_client_session(const world_client *world);

void world_client_bind(world_client *world, unsigned kind, const uint8_t *data,
                       size_t len);

// world_client_found returns 1 when `finding` was reported.
int world_client_found(const world_client *world, unsigned finding);
void world_client_end(world_client *world);

// world_client_begin_light is `world_client_begin` without the account: no law is
// watched but those that a step shows by itself. It is for a second run, whose hash is
// compared with the first one's.
world_client *world_client_begin_light(unsigned slot,
                                       const smtpc_client_policy *policy,
                                       const script *answers);

// world_client_late makes an answer wait while `count` records (calls of `_feed` and
// `_give`) are given: the next one, or the one that comes after `after` others. The
// rest of a piece of content that the session takes in parts is an answer too.
void world_client_late(world_client *world, size_t count, size_t after);

// world_client_recut makes `_feed` cut elsewhere, by `number`: within lines only, and
// where `cut` cuts behind a line's end. Law SPLIT says that this changes nothing.
void world_client_recut(world_client *world, uint64_t number);

// world_client_twin returns the octets that the session took of its server, with other
// letters in the texts of replies. Law CODE says that they lead to the same.
const uint8_t *world_client_twin(const world_client *world, size_t *out_len);

// world_client_tls_hash returns a hash of what happened since TLS came up.
uint64_t world_client_tls_hash(const world_client *world);

// world_client_late_as makes the answers of `world` as late as those of `other` were to
// be when TLS came up.
void world_client_late_as(world_client *world, const world_client *other);

// ----------------------------------------------------------------- scripts

// world_input_of makes the input that a record of kind TLS_UP, TLS_FAILED, CLOSE,
// DEADLINE, SHUTDOWN or MISUSE says; for another kind NONE.
smtpc_input world_input_of(const script_record *record);

#endif  // SMTPCORE_FUZZ_HARNESS_WORLD_H
