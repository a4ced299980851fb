// World client parts: between the files of the world of a client.
//
// What the sources world_client*.c share among themselves. Nothing here is for targets:
// they include world.h.
//
//   world_client.c          drives the session: octets in, actions out, answers
//   world_client_mail.c     the answers: what is sent, and who sends it
//   world_client_account.c  the account of what the server said
//   world_client_offer.c    the account of what an EHLO reply offers
//   world_client_sent.c     the account of what the client said, and its laws
//   world_client_auth.c     the same of AUTH
//   world_client_law.c      laws of reports, of TLS and of the end
#ifndef SMTPCORE_FUZZ_HARNESS_WORLD_CLIENT_PARTS_H
#define SMTPCORE_FUZZ_HARNESS_WORLD_CLIENT_PARTS_H

#include "fuzz/harness/block.h"
#include "fuzz/harness/law.h"
#include "fuzz/harness/world.h"
#include "smtpcore/command.h"

// wc_kind is what a reply that the server owes answers.
typedef enum wc_kind {
  WC_NOTHING = 0,
  WC_GREETING,
  WC_HELLO,  // EHLO or LHLO
  WC_HELO,
  WC_STARTTLS,
  WC_AUTH,  // AUTH and each line of its exchange
  WC_MAIL,
  WC_RCPT,
  WC_DATA,
  WC_EOD,  // the end of data
  WC_CHUNK,
  WC_LAST,  // BDAT LAST
  WC_RSET,
  WC_QUIT
} wc_kind;

// WC_QUEUE_MAX is more than a script has recipients, and MAIL, DATA and some.
#define WC_QUEUE_MAX 256u

// wc_mode is what the octets that are sent are.
typedef enum wc_mode { WC_LINES = 0, WC_DATA_OCTETS, WC_CHUNK_OCTETS } wc_mode;

// wc_code is a reply's code with its enhanced code; class 0: it has none.
typedef struct wc_code {
  uint16_t code;
  uint16_t subject;
  uint16_t detail;
  uint8_t class;
} wc_code;

// wc_offer is what an EHLO reply offers. `surely` is offered without doubt; what is in
// `perhaps` alone has a value whose grammar is not judged here.
typedef struct wc_offer {
  uint64_t mechanisms;
  uint64_t size;
  uint32_t surely;
  uint32_t perhaps;
  uint32_t rcpt_max;
  uint32_t mail_max;
  uint32_t domain_max;
  uint8_t size_seen;
  uint8_t loose;  // 1: `AUTH=` was read by a quirk
} wc_offer;

// wc_letter is the account of one message.
typedef struct wc_letter {
  size_t sent;       // RCPT commands
  size_t answered;   // replies to them
  size_t ok;         // of these, accepted
  size_t told;       // LMTP: replies to the message
  size_t reported;   // RECIPIENT_DONE
  size_t delivered;  // DELIVERY_DONE
  size_t given;      // recipients that were handed over
  size_t data_from;  // where in `out` the octets after 354 begin
  size_t chunked;    // octets sent in chunks
  size_t domains;    // different domains among the recipients
  uint64_t domain[WC_QUEUE_MAX];
  wc_code decided;    // the reply that decided the message
  wc_code last_rcpt;  // the reply to the last RCPT that was answered
  wc_code last_told;  // LMTP: the last reply to the message
  uint8_t open;  // 1: the envelope was handed over, MESSAGE_DONE is to come
  uint8_t mail_sent;
  uint8_t mail_answered;
  uint8_t mail_ok;
  uint8_t data_sent;
  uint8_t go;     // 1: 354 came
  uint8_t whole;  // 1: the end of data, or BDAT LAST, was sent
  uint8_t
      accepted;  // 1: and the server said 250, under LMTP for each recipient
  uint8_t utf8;
  uint8_t binary;
} wc_letter;

// wc_account is what the octets alone say of a session.
typedef struct wc_account {
  // what the server said
  size_t line_len;   // octets of the line at hand, its end included
  size_t line_from;  // where it begins in `twin`
  size_t twin_len;
  uint8_t twin_full;  // 1: `twin` has no room for more
  uint32_t lines;     // lines of the reply at hand
  wc_code reply;      // the first line of it
  uint8_t prev_cr;
  uint8_t bad;      // 1: the line at hand is malformed
  uint8_t endless;  // 1: a line without an end
  wc_offer offer;
  // what the server owes
  size_t queue_head;
  size_t queue_len;
  // what the client may do
  uint8_t tls;
  uint8_t greeted;
  uint8_t hello;       // 1: EHLO or HELO was accepted on this channel
  uint8_t hello_sent;  // 1: EHLO was sent on this channel
  uint8_t helo_sent;
  uint8_t ehlo_refused;
  uint8_t tls_asked;    // 1: STARTTLS was sent
  uint8_t tls_refused;  // 1: and refused
  uint8_t tls_next;     // 1: and accepted: TLS or the end
  uint8_t tls_started;  // 1: START_TLS was done
  uint8_t distrusted;   // 1: TLS is up, and the policy does not trust it
  uint8_t quit_sent;
  uint8_t only_quit;   // 1: nothing but QUIT may be said
  uint8_t barred;      // 1: nothing may be said
  uint8_t barred_law;  // and the law that says so
  uint8_t surplus;     // 1: octets came that nobody waits for
  uint8_t ended;       // 1: the stream, the time or the program ended
  uint8_t service;     // 1: 421 came
  uint8_t holds;       // 1: the server holds a transaction
  uint8_t mode;        // a wc_mode
  uint64_t chunk_left;
  uint32_t mails;  // MAIL commands on this channel
  // AUTH
  uint8_t auth;       // 1: an exchange was begun
  uint8_t auth_ok;    // 1: 235 ended it well
  uint8_t auth_over;  // 1: it ended
  uint8_t auth_mechanism;
  uint8_t auth_messages;  // messages of the mechanism that were sent
  uint8_t auth_lines;
  uint8_t auth_cancelled;
  uint8_t auth_lost;    // 1: a challenge had many lines, so it is none
  uint8_t auth_proved;  // SCRAM: the server knows the password
  uint8_t signature[SMTPC_DIGEST_MAX];
  uint8_t signature_len;
  wc_letter letter;
} wc_account;

struct world_client {
  // All up to `queue` is made zero by `world_client_begin`.
  const script *script;
  unsigned slot;
  const uint8_t *name;
  const uint8_t *password;
  size_t name_len;
  size_t password_len;
  uint64_t hash;
  uint64_t hash_clear;
  size_t steps;
  size_t steps_max;
  const uint8_t *rest;  // content that was handed over, and not yet taken
  size_t rest_len;
  size_t late_next;
  size_t late_left;
  size_t late_after;
  size_t late_at_tls;
  size_t late_after_at_tls;
  smtpc_octets out;
  size_t out_clear;
  smtpc_octets handed;     // the content of the message at hand, as handed over
  smtpc_octets delivered;  // contents of those with a 2yz code
  size_t delivered_count;
  uint64_t recut;       // not 0: other cuts, by this number
  size_t message_at;    // the record of the message at hand
  size_t message_next;  // where the next one is looked for
  size_t recipient_next;
  size_t content_next;
  size_t nonce_next;
  size_t binding_next;
  uint8_t binds;  // 1: `bound` is the shim's answer
  world_bound bound[SMTPC_BINDING_COUNT];
  size_t digest_next;
  uint32_t found[3];
  smtpc_tls_facts facts;
  size_t piece_len;     // the piece of content that is handed over now
  size_t mail_len;      // the record that `mail` was made of
  smtpc_envelope mail;  // as handed over
  smtpc_envelope rcpt;
  smtpc_mem_where where;
  uint8_t light;         // 1: no account is kept
  uint8_t canary;        // 1: the script does not say the password
  uint8_t reset_due;     // 1: the next SEND shows whether TLS began anew
  uint8_t own_messages;  // 1: the script has none
  uint8_t silenced;      // 1: the password was looked for after AUTH
  uint8_t just_said;     // 1: a line of AUTH was sent, and no octet came since
  uint8_t asked;         // the last ASK_ action
  uint8_t mail_raw;  // 1: `mail` could not be read, and is given as it stands
  wc_account account;
  // Not made zero from here on.
  uint8_t queue[WC_QUEUE_MAX];
  uint16_t owes[WC_QUEUE_MAX];
  smtpc_client_policy policy;
  smtpc_client_policy policy_before;
  uint8_t text[2][3][512];  // of `mail` and `rcpt`: ENVID, AUTH, ORCPT decoded
  uint8_t answer[SMTPC_DIGEST_MAX * 2u];
  uint8_t line[SMTPC_LINE_MAX];
  fuzz_guard before;
  smtpc_client session;
  fuzz_guard after;
  // What the server said, with another text in its replies.
  uint8_t twin[SCRIPT_FILL_MAX * 2u];
};

// ---------- world_client_mail.c

// wc_next_message, wc_next_recipient and wc_next_content make the answer to
// ASK_ENVELOPE, ASK_NEXT_RECIPIENT and ASK_CONTENT.
smtpc_input wc_next_message(world_client *w);
smtpc_input wc_next_recipient(world_client *w);
smtpc_input wc_next_content(world_client *w);

// wc_answer_auth makes the answer to ASK_PASSWORD, ASK_DIGEST, ASK_NONCE or ASK_BINDING.
smtpc_input wc_answer_auth(world_client *w, unsigned kind);

// wc_find_credentials sets name and password, and whether the script says it.
void wc_find_credentials(world_client *w);

// ---------- world_client_account.c

// wc_begin begins the account.
void wc_begin(world_client *w);

// wc_before notes an input that is about to be given.
void wc_before(world_client *w, const smtpc_input *in);

// wc_heard notes that `used` octets of an input were taken; `left` were not.
void wc_heard(world_client *w, const uint8_t *data, size_t used, size_t left);

// wc_owed returns how many replies the server owes.
size_t wc_owed(const wc_account *a);

// wc_owe adds a reply that the server owes, `count` of them.
void wc_owe(world_client *w, wc_kind kind, size_t count);

// wc_head returns what the next reply answers.
wc_kind wc_head(const world_client *w);

// wc_bar says that from now on the client may say nothing, and which law says so.
void wc_bar(wc_account *a, fuzz_law law);

// ---------- world_client_offer.c

// wc_offer_line adds a line of an EHLO reply, all after its separator.
void wc_offer_line(const world_client *w, wc_offer *offer, const uint8_t *text,
                   size_t len);

// wc_offer_check compares the offer with what the session read (law MODEL).
void wc_offer_check(const world_client *w);

// ---------- world_client_sent.c

// wc_sent notes octets that the client sent, and judges them.
void wc_sent(world_client *w, const smtpc_action *act, const uint8_t *data,
             size_t len);

// wc_check_downgrade: TLS was taken where it was offered and wanted, and that it was
// not there was said.
void wc_check_downgrade(const world_client *w);

// wc_may_show returns whether a password may be shown on the channel in force.
int wc_may_show(const world_client *w);

// ---------- world_client_auth.c

// wc_sent_auth judges AUTH, wc_sent_response another line of its exchange, without its
// end.
void wc_sent_auth(world_client *w, const smtpc_action *act,
                  const smtpc_command *cmd, const uint8_t *line);
void wc_sent_response(world_client *w, const smtpc_action *act,
                      const uint8_t *line, size_t len);

// ---------- world_client_law.c

// wc_law_action judges an action that sends nothing.
void wc_law_action(world_client *w, const smtpc_action *act);

// wc_law_reset compares the session with a fresh one under TLS.
void wc_law_reset(const world_client *w);

// wc_law_close judges the end.
void wc_law_close(world_client *w, const smtpc_action *act);

// wc_law_terminal gives inputs after the end.
void wc_law_terminal(world_client *w);

// wc_law_misuse gives an input that is out of turn.
void wc_law_misuse(world_client *w, const smtpc_input *in);

// wc_is_zero returns whether all octets are 0.
int wc_is_zero(const void *data, size_t len);

#endif  // SMTPCORE_FUZZ_HARNESS_WORLD_CLIENT_PARTS_H
