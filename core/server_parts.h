// Server parts: between the files of the receiving session.
//
// What the source files of this module share among themselves. Nothing here is for
// users: they include "smtpcore/server.h".
#ifndef SMTPCORE_CORE_SERVER_PARTS_H
#define SMTPCORE_CORE_SERVER_PARTS_H

#include "smtpcore/server.h"

// ---------- server_say.c

// smtpc_server_add_finding: notes a finding, to be reported at the octet at
// hand.
void smtpc_server_add_finding(smtpc_server *s, unsigned finding);

// smtpc_server_plus_one: returns `count` and one more, or `count` when it is
// full.
uint16_t smtpc_server_plus_one(uint16_t count);

// smtpc_server_close_after: ends the session once what waits has been said.
void smtpc_server_close_after(smtpc_server *s, unsigned reason,
                              unsigned finding);

// smtpc_server_clear_transaction: The one way to end a transaction: all of it
// at once (law TXN).
void smtpc_server_clear_transaction(smtpc_server *s, unsigned phase);

// smtpc_server_abandon_transaction: What a shim keeps of a transaction is
// dropped, unless it was asked to store it.
void smtpc_server_abandon_transaction(smtpc_server *s, unsigned phase);

// smtpc_server_lose_message: The message is lost: the shim drops it now, the
// peer hears of it at its end.
void smtpc_server_lose_message(smtpc_server *s, unsigned reply);

// smtpc_server_answer: makes a reply wait, in place of one that waited.
void smtpc_server_answer(smtpc_server *s, unsigned reply);

// smtpc_server_end_at_once: forgets what was still to be said and done; the session
// ends without another word.
void smtpc_server_end_at_once(smtpc_server *s, unsigned reason,
                              unsigned finding);

// smtpc_server_refuse: A refusal counts; too many of them end the session.
void smtpc_server_refuse(const smtpc_server_policy *policy, smtpc_server *s,
                         unsigned reply, unsigned finding);

// smtpc_server_count_junk: counts a command that leads to no mail, and ends the
// session when there were too many.
void smtpc_server_count_junk(const smtpc_server_policy *policy,
                             smtpc_server *s);

// smtpc_server_in_force: returns the extensions in force: none after HELO.
uint32_t smtpc_server_in_force(const smtpc_server_policy *policy,
                               const smtpc_server *s);

// smtpc_server_do_need_input: says what octets are waited for, and how long. `*act` is
// NOTHING before.
void smtpc_server_do_need_input(const smtpc_server *s, smtpc_action *act);

// smtpc_server_take_waiting: The first thing that waits, in the one order there
// is. False: nothing waits.
bool smtpc_server_take_waiting(const smtpc_server_policy *policy,
                               smtpc_server *s, smtpc_action *act);

// ---------- server_command.c

// smtpc_server_refuse_surplus: notes that octets followed STARTTLS, and ends
// the session.
void smtpc_server_refuse_surplus(smtpc_server *s);

// smtpc_server_begin_service: what a session does first, once it knows its peer.
void smtpc_server_begin_service(const smtpc_server_policy *policy,
                                smtpc_server *s);

// ---------- server_auth.c

// smtpc_server_on_auth: begins an exchange.
void smtpc_server_on_auth(const smtpc_server_policy *policy, smtpc_server *s);

// smtpc_server_on_response: takes a response, `span` of the line at hand.
void smtpc_server_on_response(const smtpc_server_policy *policy,
                              smtpc_server *s, smtpc_span span);

// smtpc_server_end_exchange: forgets an exchange that came to nothing.
void smtpc_server_end_exchange(smtpc_server *s);

// smtpc_server_on_credentials: follows the verdict on the credentials. Misuse
// changes nothing.
smtpc_status smtpc_server_on_credentials(const smtpc_server_policy *policy,
                                         smtpc_server *s,
                                         const smtpc_input *in);

// smtpc_server_on_sasl_input: takes a nonce, a salt or a binding.
smtpc_status smtpc_server_on_sasl_input(const smtpc_server_policy *policy,
                                        smtpc_server *s, const smtpc_input *in);

// ---------- server_command.c

// smtpc_server_on_peer: follows the verdict on what a proxy said of its peer.
void smtpc_server_on_peer(const smtpc_server_policy *policy, smtpc_server *s,
                          unsigned verdict);

// smtpc_server_read_proxy: takes octets of a PROXY header.
void smtpc_server_read_proxy(smtpc_server *s, const smtpc_input *in,
                             size_t *used);

// smtpc_server_read_line: takes octets of a line, and acts on it when it is
// whole.
void smtpc_server_read_line(const smtpc_server_policy *policy, smtpc_server *s,
                            const smtpc_input *in, size_t *used,
                            smtpc_action *act);

// ---------- server_content.c

// smtpc_server_begin_chunk: The octets of a chunk are taken whatever was said
// of it (RFC 3030 section 2).
void smtpc_server_begin_chunk(const smtpc_server_policy *policy,
                              smtpc_server *s, unsigned refusal);

// smtpc_server_on_bdat: begins a chunk that the policy allows.
void smtpc_server_on_bdat(const smtpc_server_policy *policy, smtpc_server *s);

// smtpc_server_begin_message: makes the session ready for the content of a message.
void smtpc_server_begin_message(const smtpc_server_policy *policy,
                                smtpc_server *s);

// smtpc_server_report_anomalies: notes what was wrong in the content at hand.
void smtpc_server_report_anomalies(smtpc_server *s);

// smtpc_server_read_data: takes octets of DATA content.
void smtpc_server_read_data(const smtpc_server_policy *policy, smtpc_server *s,
                            const smtpc_input *in, size_t *used,
                            smtpc_action *act);

// smtpc_server_read_chunk: takes octets of a chunk.
void smtpc_server_read_chunk(const smtpc_server_policy *policy, smtpc_server *s,
                             const smtpc_input *in, size_t *used,
                             smtpc_action *act);

#endif  // SMTPCORE_CORE_SERVER_PARTS_H
