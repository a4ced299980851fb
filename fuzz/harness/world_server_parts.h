// World server parts: between the files of the world of a server.
//
// What the sources world_server*.c share among themselves. Nothing here is for
// targets: they include world.h.
//
//   world_server.c          drives the session: octets in, actions out, answers
//   world_server_account.c  what the client said, and transactions
//   world_server_command.c  what a line means, what was offered, which reply fits
//   world_server_reply.c    what was answered
//   world_server_guard.c    abuse, credentials, findings
//   world_server_secret.c   passwords
//   world_server_turn.c     what has its time when
//   world_server_law.c      each step, TLS, misuse and the end
#ifndef SMTPCORE_FUZZ_HARNESS_WORLD_SERVER_PARTS_H
#define SMTPCORE_FUZZ_HARNESS_WORLD_SERVER_PARTS_H

#include "fuzz/harness/block.h"
#include "fuzz/harness/law.h"
#include "fuzz/harness/world.h"

// ws_mode is what the next octets of the client are.
typedef enum ws_mode {
  WS_LINES = 0,
  WS_AUTH,
  WS_DATA,
  WS_CHUNK,
  WS_PROXY
} ws_mode;

#define WS_VERB_MAX 16u

// ws_account is what octets and replies alone say of a session.
typedef struct ws_account {
  size_t owed;          // replies that are still to be said
  size_t eod;           // octets of CRLF.CRLF that were just seen, 0 to 5
  size_t rcpts;         // recipients accepted in this transaction
  uint64_t chunk_left;  // octets of the chunk at hand
  uint16_t code;        // of the reply at hand; 0: none is begun
  uint8_t mode;         // a ws_mode
  uint8_t mail;         // 1: MAIL was accepted, and its transaction is not over
  uint8_t chunks;       // 1: a chunk of it was accepted
  uint8_t failed;       // 1: a chunk of it was refused
  uint8_t chunk_last;
  uint8_t chunk_idle;      // 1: it has no octets, and is not the last one
  uint8_t chunk_lost;      // 1: the chunk at hand was refused before it came
  uint8_t hello;           // 1: EHLO and so on was accepted on this channel
  uint8_t extended;        // 1: and it was not HELO
  uint8_t logged_in;       // 1: 235 was said on this channel
  uint8_t bad;             // 1: the line at hand is malformed
  uint8_t line_secret;     // 1: the session says that it carries a password
  uint8_t line_open;       // 1: a line waits for its reply
  uint8_t ends;            // 1: it is the end of a message
  uint8_t told;            // 1: and one of its replies was said
  uint8_t bare;            // 1: the line at hand is a verb alone
  uint8_t crlf;            // 1: CRLF ended it
  uint8_t junk_may_fall;   // 1: a message ended: junk is counted anew
  uint8_t lost;            // 1: nothing was asked of the message that ended
  uint8_t yes;             // 1: the credentials of this exchange are right
  size_t line_len;         // of the line at hand, its end included
  size_t idle_chunks;      // chunks of no octets since the last message
  size_t failures;         // logins that failed; it survives STARTTLS
  uint8_t starttls;        // 1: 220 was said to STARTTLS
  uint8_t secret_seen;     // 1: a line with the world's password was taken
  uint8_t content_any;     // 1: something is to be stored or dropped
  char verb[WS_VERB_MAX];  // of the line at hand, in capitals
} ws_account;

// ws_command is what the line at hand says, read by code of our own, and what EHLO
// replies offered. Sets are of bits: SMTPC_OFFERS of extensions, and mechanisms.
typedef struct ws_command {
  uint64_t size;                // MAIL: what it declares
  uint64_t mechanism;           // AUTH: the one that it names
  uint64_t mechanisms;          // offered by the EHLO reply in force
  uint64_t offered_mechanisms;  // by the EHLO reply at hand, so far
  uint64_t needs;  // MAIL, RCPT: what the parameters need
  uint64_t offers;  // of the EHLO reply in force
  uint64_t offering;  // of the EHLO reply at hand, so far
  uint16_t lines;               // of the EHLO reply at hand
  uint8_t argument;             // 1: something follows the verb and its space
  uint8_t spaced;               // 1: a space follows the verb
  uint8_t high;                 // 1: an octet beyond ASCII is in it
  uint8_t null_path;            // 1: its path is <>
  uint8_t foreign;              // 1: it begins as another protocol does
  uint8_t binary;               // MAIL: 1: BODY=BINARYMIME
  uint8_t utf8;                 // MAIL: 1: SMTPUTF8
  uint8_t require_tls;          // MAIL: 1: REQUIRETLS
  uint8_t initial;              // AUTH: 1: an initial response
  uint8_t cancel;               // 1: it is `*` alone
  uint8_t judged;               // 1: the message that it ended was judged
  uint8_t tx_binary;            // the transaction at hand is of BINARYMIME
  uint8_t tx_utf8;              // and of SMTPUTF8
  uint8_t held;  // 1: MAIL was accepted, and what came of it neither stored nor dropped
} ws_command;

// ws_secret is the last password that a client said.
typedef struct ws_secret {
  uint64_t mechanism;  // of the exchange, a bit
  size_t responses;    // of the exchange
  size_t len;          // 0: none
  uint8_t data[256];
} ws_secret;

struct world_server {
  // All up to `policy` is made zero by `world_server_begin`.
  const script *answers;
  unsigned slot;
  size_t verdict_next;
  size_t nonce_next;
  size_t salt_next;
  size_t binding_next;
  uint8_t binds;  // 1: `bound` is the shim's answer
  world_bound bound[SMTPC_BINDING_COUNT];
  size_t late_next;
  size_t late_left;
  smtpc_octets kept;  // octets that came while an answer was late
  unsigned kept_channel;
  smtpc_octets out;
  size_t out_clear;
  size_t reply_from;     // where in `out` the line at hand begins
  smtpc_octets raw;      // octets of the line at hand, as they were taken
  smtpc_octets body;     // of the message at hand, as they were taken
  smtpc_octets content;  // of the message at hand, as it was given out
  smtpc_octets stored;
  size_t stored_count;
  size_t stored_tls;
  size_t steps;
  size_t steps_max;
  uint64_t hash;
  smtpc_transaction tx_before;
  smtpc_abuse abuse;       // when TLS started
  smtpc_abuse counted;     // after the last step
  uint32_t errors_before;  // when the line at hand was taken
  uint32_t found[3];       // findings that were reported
  uint8_t ends_unclean;    // 1: the stream broke off under TLS
  uint8_t tls_old;         // 1: TLS of an old version came up
  smtpc_mem_where where;
  uint8_t tls;
  uint8_t border;         // 1: octets behind STARTTLS ended the session
  uint8_t handshake;      // 1: START_TLS was done, and its end is to come
  uint8_t kept_message;   // 1: the message at hand is stored
  uint32_t asked_number;  // of the last question
  ws_account account;
  ws_command command;
  ws_secret secret;
  smtpc_action asked;  // the question that waits for its answer; NOTHING: none
  uint64_t taken;      // octets taken on the channel in force
  uint64_t tls_hash;   // as `hash`, of what happened since TLS came up
  size_t tls_next[4];  // where the answers stood then
  uint64_t anomaly_at; // where the last anomaly of content was told to be
  unsigned anomalies;  // of the message at hand, that were told: SMTPC_ANOMALY_ bits
  unsigned judged;     // the question that had the last verdict; NOTHING: none
  unsigned verdict;    // that verdict
  uint16_t last;       // 221 or 421 when it was said, and the end must follow
  uint8_t limited;     // 1: a limit of abuse ended the session
  // Not made zero from here on.
  smtpc_server_policy policy;
  smtpc_server_policy policy_before;
  uint8_t digest[SMTPC_DIGEST_MAX];
  fuzz_guard before;
  smtpc_server session;
  fuzz_guard after;
};

// ---------- world_server_account.c

// ws_took notes that `used` octets of an input were taken in a step with this
// action, and judges a line that ended.
void ws_took(world_server *w, const uint8_t *data, size_t used,
             const smtpc_action *act);

// ws_gave notes content that was given out.
void ws_gave(world_server *w, const uint8_t *data, size_t len);

// ws_asked judges a question, ASK_MESSAGE among them.
void ws_asked(world_server *w, const smtpc_action *act);

// ws_dropped notes that the message at hand is forgotten.
void ws_dropped(world_server *w);

// ws_over ends the transaction of the account.
void ws_over(world_server *w);

// ws_is_end returns whether a message that has just ended waits for its reply.
int ws_is_end(const world_server *w);

// ws_is returns whether the line at hand has this verb.
int ws_is(const world_server *w, const char *verb);

// ---------- world_server_reply.c

// ws_said judges a line that was sent.
void ws_said(world_server *w, const smtpc_action *act, const uint8_t *data,
             size_t len);

// ---------- world_server_guard.c

// ws_guard_step judges the counters of abuse, and the channel of octets.
void ws_guard_step(world_server *w, const smtpc_input *in, size_t used);

// ws_guard_question judges a question about credentials, a sender or a message.
void ws_guard_question(world_server *w, const smtpc_action *act);

// ws_guard_verdict notes the verdict on credentials.
void ws_guard_verdict(world_server *w, const smtpc_action *act,
                      const smtpc_input *in);

// ws_guard_reply judges a whole reply with this code to the line at hand.
void ws_guard_reply(world_server *w, uint16_t code);

// ws_guard_finding judges a finding.
void ws_guard_finding(world_server *w, const smtpc_action *act);

// ws_guard_rest judges a session that waits for input.
void ws_guard_rest(const world_server *w);

// ws_guard_close judges the end.
void ws_guard_close(const world_server *w, const smtpc_action *act);

// ---------- world_server_command.c

// ws_command_len returns the length of the line at hand, which is `len` octets without
// its end, without what the quirk trailing-space leaves out.
size_t ws_command_len(const world_server *w, size_t len);

// ws_command_line reads the line at hand, `len` octets without its end.
void ws_command_line(world_server *w, size_t len);

// ws_command_offer judges a line of an EHLO reply.
void ws_command_offer(world_server *w, const uint8_t *data, size_t len);

// ws_command_class judges the enhanced code of a line that is sent.
void ws_command_class(const world_server *w, const uint8_t *data, size_t len);

// ws_command_said judges a reply with this code by what the line says.
void ws_command_said(world_server *w, uint16_t code);

// ws_command_asked judges a question by what the line says.
void ws_command_asked(world_server *w, const smtpc_action *act);

// ws_command_forget forgets what was offered and what a transaction is of.
void ws_command_forget(world_server *w);

// ---------- world_server_secret.c

// ws_secret_line notes the password of a line, and judges whether it is `marked`.
void ws_secret_line(world_server *w, size_t len, unsigned marked);

// ws_secret_said judges a line that is sent: no password is in it.
void ws_secret_said(const world_server *w, const uint8_t *data, size_t len);

// ws_secret_gone judges a session whose exchange is over: no password is in it.
void ws_secret_gone(world_server *w);

// ws_secret_end judges a session that has ended: nothing of a line is in it.
void ws_secret_end(world_server *w);

// ---------- world_server_turn.c

// ws_turn_step judges an action by itself: what it names, and whether its time is now.
void ws_turn_step(world_server *w, const smtpc_input *in, size_t used,
                  const smtpc_action *act);

// ws_turn_rest judges NEED_INPUT.
void ws_turn_rest(const world_server *w, const smtpc_action *act);

// ws_turn_said judges a whole reply: whether its time is now.
void ws_turn_said(world_server *w, uint16_t code);

// ws_turn_window returns how many octets of a message may be read in all.
uint64_t ws_turn_window(const world_server *w);

// ws_turn_misuse judges what an input that may be out of turn was told.
void ws_turn_misuse(const world_server *w, const smtpc_input *in,
                    smtpc_status status);

// ---------- world_server_law.c

// ws_law_step judges a step that was taken, before its action is done.
void ws_law_step(world_server *w, const smtpc_input *in, smtpc_status status,
                 size_t used, const smtpc_action *act);

// ws_law_start_tls judges START_TLS; `left` octets of the piece were not taken.
void ws_law_start_tls(world_server *w, size_t left);

// ws_law_reset compares the session with a fresh one under TLS, and begins the
// account anew.
void ws_law_reset(world_server *w, const smtpc_tls_facts *facts);

// ws_law_rest judges a session that waits for input.
void ws_law_rest(world_server *w, const smtpc_action *act);

// ws_law_misuse gives an input and says that nothing may change when it is
// misuse. It returns the status.
smtpc_status ws_law_misuse(world_server *w, const smtpc_input *in, size_t *used,
                           smtpc_action *act);

// ws_law_terminal gives inputs after the end.
void ws_law_terminal(world_server *w);

#endif  // SMTPCORE_FUZZ_HARNESS_WORLD_SERVER_PARTS_H
