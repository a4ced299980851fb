// Client parts: between the files of the sending session.
//
// What the source files of this module share among themselves. Nothing here is for
// users: they include "smtpcore/client.h".
#ifndef SMTPCORE_CORE_CLIENT_PARTS_H
#define SMTPCORE_CORE_CLIENT_PARTS_H

#include "smtpcore/client.h"

// ---------- client_say.c

// smtpc_client_add_finding: notes a finding, to be reported at the octet at
// hand.
void smtpc_client_add_finding(smtpc_client *s, unsigned finding);

// smtpc_client_cut: Forgets all that waits; the session ends at once, without
// another octet.
void smtpc_client_cut(smtpc_client *s, unsigned reason, unsigned finding);

// smtpc_client_post: A line in `out` waits to be sent, and the server will owe
// `owes` replies for it.
void smtpc_client_post(smtpc_client *s, smtpc_status status, size_t len,
                       uint32_t owes);

// smtpc_client_post_verb: makes a command without an argument wait to be sent.
void smtpc_client_post_verb(smtpc_client *s, unsigned verb);

// smtpc_client_post_hello: makes EHLO or HELO wait to be sent, and forgets what
// was offered.
void smtpc_client_post_hello(const smtpc_client_policy *policy, smtpc_client *s,
                             unsigned verb);

// smtpc_client_stop: Says QUIT and ends with what is given, once the reply to
// QUIT is there.
void smtpc_client_stop(smtpc_client *s, unsigned reason, unsigned finding);

// smtpc_client_offered: returns 1 when all of `extensions` are offered on this
// channel.
int smtpc_client_offered(const smtpc_client *s, uint32_t extensions);

// smtpc_client_do_need_input: says what octets are waited for, and how long.
void smtpc_client_do_need_input(const smtpc_client *s, smtpc_action *act);

// smtpc_client_take_waiting: The first thing that waits, in the one order there
// is. False: nothing waits.
bool smtpc_client_take_waiting(smtpc_client *s, smtpc_action *act);

// ---------- client_mail.c

// smtpc_client_ask_envelope: asks the shim for the next message.
void smtpc_client_ask_envelope(smtpc_client *s);

// smtpc_client_finish_message: The message has its verdict, `tx.code`. What the
// server may still hold of the transaction is taken back by RSET; after the end
// of data there is nothing.
void smtpc_client_finish_message(smtpc_client *s, int reset);

// smtpc_client_continue_group: What the group sends next, if it may send ahead;
// else replies come first.
void smtpc_client_continue_group(const smtpc_client_policy *policy,
                                 smtpc_client *s);

// smtpc_client_on_envelope: takes the envelope of a message.
smtpc_status smtpc_client_on_envelope(const smtpc_client_policy *policy,
                                      smtpc_client *s, const smtpc_input *in);

// smtpc_client_report_recipient: makes RECIPIENT_DONE wait.
void smtpc_client_report_recipient(smtpc_client *s, uint32_t number,
                                   unsigned code);

// smtpc_client_on_next_recipient: takes a recipient.
smtpc_status smtpc_client_on_next_recipient(const smtpc_client_policy *policy,
                                            smtpc_client *s,
                                            const smtpc_input *in);

// smtpc_client_send_end_of_data: makes the end of data wait to be sent.
void smtpc_client_send_end_of_data(const smtpc_client_policy *policy,
                                   smtpc_client *s);

// smtpc_client_on_content: takes content.
smtpc_status smtpc_client_on_content(smtpc_client *s, const smtpc_input *in,
                                     size_t *used, smtpc_action *act);

// smtpc_client_on_content_end: ends the content.
void smtpc_client_on_content_end(const smtpc_client_policy *policy,
                                 smtpc_client *s);

// ---------- client_auth.c

// smtpc_client_begin_auth: begins an exchange, or does without one as the policy says.
void smtpc_client_begin_auth(const smtpc_client_policy *policy,
                             smtpc_client *s);

// smtpc_client_on_auth_reply: takes a reply of an exchange, whose text is `text`.
void smtpc_client_on_auth_reply(smtpc_client *s, smtpc_span text);

// smtpc_client_on_sasl_input: takes a nonce, credentials, a binding or a digest.
smtpc_status smtpc_client_on_sasl_input(smtpc_client *s, const smtpc_input *in);

// ---------- client_reply.c

// smtpc_client_read_line: takes octets of a reply, and acts on it when it is
// whole.
void smtpc_client_read_line(const smtpc_client_policy *policy, smtpc_client *s,
                            const smtpc_input *in, size_t *used);

#endif  // SMTPCORE_CORE_CLIENT_PARTS_H
