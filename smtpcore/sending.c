#include "smtpcore/sending.h"

#include <stdlib.h>
#include <string.h>

#include "shim/boringssl/tls_boringssl.h"
#include "smtpcore/session.h"

// ------------------------------------------------------------------ questions

static bool wants_token(unsigned mechanism) {
  return mechanism == SMTPC_MECHANISM_OAUTHBEARER ||
         mechanism == SMTPC_MECHANISM_XOAUTH2;
}

static int on_password(void *user, unsigned mechanism, smtpc_net_login *out) {
  const smtpc_sending *s = user;
  if (s->account == NULL) {
    return 0;
  }
  out->name = (const uint8_t *)s->account;
  out->name_len = strlen(s->account);
  if (wants_token(mechanism)) {
    out->password = s->token->file.data;
    out->password_len = s->token->len;
  } else {
    out->password = s->password->data;
    out->password_len = s->password->len;
  }
  return 1;
}

static int on_digest(void *user, const smtpc_net_digest *ask,
                     smtpc_net_login *out,
                     uint8_t digest[2u * SMTPC_DIGEST_MAX]) {
  const smtpc_sending *s = user;
  smtpc_boringssl_secret secret = {0};
  size_t len = 0u;
  if (on_password(user, ask->mechanism, out) == 0) {
    return 0;
  }
  secret.password = s->password->data;
  secret.password_len = s->password->len;
  secret.salt = ask->salt;
  secret.salt_len = ask->salt_len;
  secret.iterations = ask->iterations;
  return smtpc_boringssl_sasl_digest(ask->mechanism, &secret, ask->text,
                                     ask->text_len, digest, &len) == SMTPC_OK;
}

static int on_random(void *user, uint8_t *out, size_t len) {
  (void)user;
  return smtpc_boringssl_random(out, len) == SMTPC_OK;
}

static void set_address(smtpc_envelope *out, const char *address) {
  out->address = address[0] == '\0' ? NULL : (const uint8_t *)address;
  out->address_len = (uint16_t)strlen(address);
}

static int on_envelope(void *user, smtpc_envelope *out) {
  smtpc_sending *s = user;
  if (s->given) {
    return 0;
  }
  s->given = true;
  *out = s->mail;
  set_address(out, s->from);
  out->seen |= SMTPC_HAS(SIZE);
  out->size = s->message->len;
  if (s->message->eight_bit && (out->seen & SMTPC_HAS(BODY)) == 0u) {
    out->seen |= SMTPC_HAS(BODY);
    out->body = SMTPC_BODY_8BITMIME;
  }
  if (s->utf8) {
    out->seen |= SMTPC_HAS(SMTPUTF8);
  }
  return 1;
}

static int on_recipient(void *user, smtpc_envelope *out) {
  smtpc_sending *s = user;
  if (s->to_next >= s->to_count) {
    return 0;
  }
  *out = s->to[s->to_next].envelope;
  set_address(out, s->to[s->to_next].address);
  s->to_next++;
  return 1;
}

static int on_content(void *user, const uint8_t **out_data, size_t *out_len) {
  smtpc_sending *s = user;
  if (s->content_given || s->message->len == 0u) {
    return 0;
  }
  s->content_given = true;
  *out_data = s->message->data;
  *out_len = s->message->len;
  return 1;
}

// ------------------------------------------------------------------- the trace

static void print_octets(FILE *out, const uint8_t *data, size_t len) {
  const size_t cap = len * 4u + 1u;
  char *text = malloc(cap);
  if (text != NULL) {
    (void)smtpc_log_escape(data, len, text, cap);
    (void)fputs(text, out);
    free(text);
  }
}

static void print_line(const smtpc_sending *s, const smtpc_net_trace *event) {
  FILE *out = s->trace;
  (void)fputs(event->from_peer != 0u ? "S: " : "C: ", out);
  print_octets(out, event->data, (size_t)event->len);
  if (event->secret != 0u) {
    (void)fputs(event->len > 0u ? " (secret)" : "(secret)", out);
  }
  (void)fputc('\n', out);
}

static unsigned code_of(const smtpc_net_trace *event) {
  unsigned code = 0u;
  if (event->len < 3u) {
    return 0u;
  }
  for (size_t i = 0u; i < 3u; i++) {
    const uint8_t c = event->data[i];
    if (c < (uint8_t)'0' || c > (uint8_t)'9') {
      return 0u;
    }
    code = code * 10u + (unsigned)(c - (uint8_t)'0');
  }
  return code;
}

static const smtpc_sending_said *find_said(const smtpc_sending *s,
                                           unsigned code) {
  for (size_t i = 0u; i < SMTPC_SENDING_SAID; i++) {
    if (code != 0u && s->said[i].code == code) {
      return &s->said[i];
    }
  }
  return NULL;
}

// Keeps the first line with each code: replies to commands that were sent ahead
// of a refusal come after it and say less.
static void note_said(smtpc_sending *s, const smtpc_net_trace *event) {
  const unsigned code = code_of(event);
  if (code == 0u || (code >= 400u && find_said(s, code) != NULL)) {
    return;
  }
  smtpc_sending_said *said = &s->said[s->said_next % SMTPC_SENDING_SAID];
  for (size_t i = 0u; i < SMTPC_SENDING_SAID; i++) {
    if (s->said[i].code == code) {
      said = &s->said[i];
    }
  }
  if (said->code != code) {
    s->said_next++;
  }
  said->code = (uint16_t)code;
  said->len = event->len < SMTPC_NET_REPLY_MAX ? (uint16_t)event->len
                                               : (uint16_t)SMTPC_NET_REPLY_MAX;
  memcpy(said->text, event->data, said->len);
}

static void on_trace(void *user, const smtpc_net_trace *event) {
  smtpc_sending *s = user;
  if (event->kind == SMTPC_NET_TRACE_LINE && event->from_peer != 0u) {
    note_said(s, event);
  }
  if (s->trace == NULL) {
    return;
  }
  if (event->kind == SMTPC_NET_TRACE_LINE) {
    print_line(s, event);
  } else if (event->kind == SMTPC_NET_TRACE_CONTENT) {
    (void)fprintf(s->trace, "C: (%llu octets of content)\n",
                  (unsigned long long)event->len);
  }
  (void)fflush(s->trace);
}

static void on_connected(void *user, const char *peer) {
  const smtpc_sending *s = user;
  if (s->trace != NULL) {
    (void)fprintf(s->trace, "--- connected to %s ---\n", peer);
    (void)fflush(s->trace);
  }
}

static void on_tls(void *user, const smtpc_tls_facts *facts) {
  const smtpc_sending *s = user;
  if (s->trace == NULL) {
    return;
  }
  if (facts->version == SMTPC_TLS_VERSION_NONE) {
    (void)fprintf(s->trace, "--- TLS failed: %s ---\n",
                  smtpc_tls_failure_name(facts->failure));
  } else {
    (void)fprintf(s->trace,
                  "--- encryption begins (TLS 1.%u, cipher 0x%04x, certificate "
                  "checked: %s) ---\n",
                  (unsigned)(facts->version - SMTPC_TLS_1_0),
                  (unsigned)facts->cipher,
                  facts->chain_ok != 0u && facts->name_ok != 0u ? "yes" : "no");
  }
  (void)fflush(s->trace);
}

// --------------------------------------------------------------------- events

static void on_finding(void *user, const smtpc_net_finding *finding) {
  smtpc_sending *s = user;
  const smtpc_finding_row row = smtpc_finding_get(finding->finding);
  smtpc_seen_add(&s->attempt.seen, finding->finding);
  if (s->trace != NULL) {
    (void)fprintf(s->trace, "! %s (%s, %s): %s\n", row.name,
                  smtpc_severity_name(row.severity), row.clause, row.meaning);
    (void)fflush(s->trace);
  }
  // Who reads the dialogue has read it there.
  if (s->trace == NULL || s->log.format == SMTPC_LOG_JSON) {
    smtpc_log_event event = smtpc_log_begin();
    smtpc_log_text(&event, "finding", row.name);
    smtpc_log_text(&event, "severity", smtpc_severity_name(row.severity));
    smtpc_log_text(&event, "clause", row.clause);
    smtpc_log_number(&event, "offset", finding->pos);
    smtpc_log_text(&event, "channel",
                   finding->channel == SMTPC_CHANNEL_TLS ? "tls" : "plain");
    smtpc_log_write(&s->log, &event);
  }
}

void smtpc_sending_note(smtpc_sending *sending, unsigned finding) {
  smtpc_net_finding note = {0};
  note.finding = (uint8_t)finding;
  on_finding(sending, &note);
}

// The server's words, unless they are of another reply: a recipient that was never
// sent has a code, and no words.
static bool has_words(const smtpc_net_reply *reply) {
  smtpc_net_trace line = {0};
  line.data = reply->text;
  line.len = reply->text_len;
  return code_of(&line) == reply->code;
}

static void log_recipient(const smtpc_sending *s, const char *address,
                          const smtpc_net_reply *reply) {
  smtpc_log_event event = smtpc_log_begin();
  smtpc_log_text(&event, "recipient", address);
  smtpc_log_number(&event, "code", reply->code);
  if (has_words(reply)) {
    smtpc_log_octets(&event, "reply", reply->text, reply->text_len);
  }
  smtpc_log_write(&s->log, &event);
}

static void add_name(smtpc_sending_names *names, const char *address) {
  if (names->out == NULL) {
    names->out = open_memstream(&names->text, &names->len);
  }
  if (names->out != NULL) {
    (void)fputs(names->len > 0u ? ", " : "", names->out);
    print_octets(names->out, (const uint8_t *)address, strlen(address));
    (void)fflush(names->out);
  }
}

static void free_names(smtpc_sending_names *names) {
  if (names->out != NULL) {
    (void)fclose(names->out);
  }
  free(names->text);
}

static bool is_success(unsigned code) {
  return code >= 200u && code < 300u;
}

// A recipient that will not get the message, now or for good.
static void fail_recipient(smtpc_sending *s, const char *address,
                           const smtpc_net_reply *reply) {
  const bool refused = reply->code >= 500u;
  s->attempt.rcpt_refused += refused ? 1u : 0u;
  s->attempt.rcpt_later += refused ? 0u : 1u;
  log_recipient(s, address, reply);
  add_name(refused ? &s->refused : &s->later, address);
}

static void on_recipient_done(void *user, const smtpc_net_reply *reply) {
  smtpc_sending *s = user;
  if (reply->number >= s->to_count) {
    return;
  }
  smtpc_sending_recipient *to = &s->to[reply->number];
  if (is_success(reply->code)) {
    s->attempt.rcpt_taken++;
    to->taken = true;
  } else {
    fail_recipient(s, to->address, reply);
  }
}

// Recipient `number` of those that were taken; NULL: there are not so many.
static const char *taken_at(const smtpc_sending *s, uint32_t number) {
  uint32_t seen = 0u;
  for (size_t i = 0u; i < s->to_count; i++) {
    if (s->to[i].taken && seen++ == number) {
      return s->to[i].address;
    }
  }
  return NULL;
}

static void on_delivery_done(void *user, const smtpc_net_reply *reply) {
  smtpc_sending *s = user;
  const char *address = taken_at(s, reply->number);
  if (address == NULL) {
    return;
  }
  if (is_success(reply->code)) {
    s->attempt.delivered++;
    log_recipient(s, address, reply);
  } else {
    fail_recipient(s, address, reply);
  }
}

static void on_message_done(void *user, const smtpc_net_reply *reply) {
  smtpc_sending *s = user;
  s->attempt.message_done = true;
  s->attempt.message_code = reply->code;
  if (!s->lmtp && is_success(reply->code)) {
    s->attempt.delivered = s->attempt.rcpt_taken;
  }
}

smtpc_net_sender_callbacks smtpc_sending_callbacks(void) {
  smtpc_net_sender_callbacks callbacks = {0};
  callbacks.password = on_password;
  callbacks.digest = on_digest;
  callbacks.random = on_random;
  callbacks.envelope = on_envelope;
  callbacks.recipient = on_recipient;
  callbacks.content = on_content;
  callbacks.recipient_done = on_recipient_done;
  callbacks.delivery_done = on_delivery_done;
  callbacks.message_done = on_message_done;
  callbacks.connected = on_connected;
  callbacks.finding = on_finding;
  callbacks.trace = on_trace;
  callbacks.tls = on_tls;
  return callbacks;
}

// -------------------------------------------------------------- the last line

static const char *meaning_of_failure(unsigned failure) {
  static const char *const meanings[SMTPC_TLS_FAILURE_COUNT] = {
#define ROW(id, name, meaning) meaning,
      SMTPC_TLS_FAILURE_LIST(ROW)
#undef ROW
  };
  return failure < SMTPC_TLS_FAILURE_COUNT ? meanings[failure] : "";
}

static const char *meaning_of_end(unsigned reason) {
  static const char *const meanings[SMTPC_END_COUNT] = {
#define ROW(id, name, what) what,
      SMTPC_END_LIST(ROW)
#undef ROW
  };
  return reason < SMTPC_END_COUNT ? meanings[reason] : "";
}

static const char *meaning_of_device(unsigned device) {
  static const char prefix[] = "sending: ";
  const char *when = smtpc_device_get(device).when;
  const size_t len = sizeof prefix - 1u;
  return strncmp(when, prefix, len) == 0 ? when + len : when;
}

static const char *headline(const smtpc_sending *s, smtpc_outcome outcome) {
  if (s->attempt.delivered > 0u && outcome != SMTPC_OUTCOME_DELIVERED) {
    return "delivered to some recipients only";
  }
  switch (outcome) {
    case SMTPC_OUTCOME_DELIVERED:
      return "delivered";
    case SMTPC_OUTCOME_REFUSED:
      return "refused for good";
    case SMTPC_OUTCOME_LATER:
      return "not delivered, try again later";
    case SMTPC_OUTCOME_USAGE:
      return "not sent";
    case SMTPC_OUTCOME_PROTOCOL:
    case SMTPC_OUTCOME_AUTHENTICATION:
      return "not delivered";
    case SMTPC_OUTCOME_INTERNAL:
      break;
  }
  return "not delivered, which is a defect of this program";
}

// Why a message, or some recipient, was not even offered to the server, if so.
static void print_unsent(FILE *out, const smtpc_seen *seen) {
  static const uint8_t reasons[4] = {
      SMTPC_FINDING_EXTENSION_MISSING, SMTPC_FINDING_SIZE_EXCEEDED,
      SMTPC_FINDING_LIMIT_KEPT, SMTPC_FINDING_LOCAL_INPUT};
  for (size_t i = 0u; i < sizeof reasons; i++) {
    if (smtpc_seen_has(seen, reasons[i]) != 0) {
      (void)fprintf(out, ": %s", smtpc_finding_get(reasons[i]).meaning);
    }
  }
}

// Why, in words, beside what a server said.
static void print_reason(FILE *out, const smtpc_sending *s) {
  const smtpc_attempt *a = &s->attempt;
  if (a->error != SMTPC_NET_NONE) {
    (void)fputs(": ", out);
    print_octets(out, (const uint8_t *)s->problem, strlen(s->problem));
    return;
  }
  if (a->message_done) {
    print_unsent(out, &a->seen);
    return;
  }
  if (a->end.device != SMTPC_DEVICE_NONE) {
    (void)fprintf(out, ", %s: %s", smtpc_device_get(a->end.device).text,
                  meaning_of_device(a->end.device));
  } else if (a->end.tls.failure != SMTPC_TLS_FAILURE_NONE &&
             (a->end.reason == SMTPC_END_TLS ||
              a->end.finding == SMTPC_FINDING_TLS_UNVERIFIED)) {
    (void)fprintf(out, ": TLS failed: %s",
                  meaning_of_failure(a->end.tls.failure));
  } else {
    (void)fprintf(out, ": %s", meaning_of_end(a->end.reason));
    if (a->end.finding != SMTPC_FINDING_NONE) {
      (void)fprintf(out, ": %s", smtpc_finding_get(a->end.finding).meaning);
    }
  }
}

// What the server said when it decided.
static const smtpc_sending_said *verdict(const smtpc_sending *s) {
  const smtpc_attempt *a = &s->attempt;
  return find_said(s, a->message_done ? a->message_code : a->session_code);
}

static int is_downgrade(unsigned finding) {
  const unsigned severity = smtpc_finding_get(finding).severity;
  return severity == SMTPC_SEVERITY_DOWNGRADE ||
         severity == SMTPC_SEVERITY_TOLERATED;
}

// The findings that are downgrades, or those that are not.
static smtpc_seen part_of(const smtpc_seen *seen, int downgrades) {
  smtpc_seen part = {0};
  for (size_t i = 0u; i < seen->count; i++) {
    if (is_downgrade(seen->finding[i]) == downgrades) {
      smtpc_seen_add(&part, seen->finding[i]);
    }
  }
  return part;
}

static void print_seen(FILE *out, const char *head, const smtpc_seen *seen) {
  for (size_t i = 0u; i < seen->count; i++) {
    (void)fprintf(out, "%s%s", i == 0u ? head : ", ",
                  smtpc_finding_get(seen->finding[i]).name);
  }
}

static void print_names(FILE *out, const char *head,
                        const smtpc_sending_names *names) {
  if (names->len > 0u) {
    (void)fprintf(out, "%s%s", head, names->text);
  }
}

static void print_sentence(FILE *out, const smtpc_sending *s,
                           smtpc_outcome outcome) {
  const smtpc_seen downgrades = part_of(&s->attempt.seen, 1);
  const smtpc_seen others = part_of(&s->attempt.seen, 0);
  const smtpc_sending_said *said = verdict(s);
  (void)fputs(headline(s, outcome), out);
  print_reason(out, s);
  if (said != NULL) {
    (void)fputs(" (the server said: ", out);
    print_octets(out, said->text, said->len);
    (void)fputs(")", out);
  }
  print_names(out, "; refused recipients: ", &s->refused);
  print_names(out, "; recipients to try again later: ", &s->later);
  print_seen(out, "; downgrades: ", &downgrades);
  print_seen(out, "; findings: ", &others);
}

static void log_end(const smtpc_sending *s, smtpc_outcome outcome) {
  const smtpc_seen downgrades = part_of(&s->attempt.seen, 1);
  const smtpc_sending_said *said = verdict(s);
  char *text = NULL;
  size_t len = 0u;
  smtpc_log_event event = smtpc_log_begin();
  FILE *out = open_memstream(&text, &len);
  smtpc_log_text(&event, "outcome", smtpc_outcome_name(outcome));
  smtpc_log_number(&event, "exit", (uint64_t)outcome);
  smtpc_log_number(&event, "recipients", s->to_count);
  smtpc_log_number(&event, "accepted", s->attempt.rcpt_taken);
  smtpc_log_number(&event, "delivered", s->attempt.delivered);
  if (said != NULL) {
    smtpc_log_octets(&event, "reply", said->text, said->len);
  }
  if (s->attempt.end.device != SMTPC_DEVICE_NONE) {
    smtpc_log_text(&event, "device",
                   smtpc_device_get(s->attempt.end.device).text);
  }
  smtpc_log_seen(&event, "downgrades", &downgrades);
  smtpc_log_seen(&event, "findings", &s->attempt.seen);
  if (out != NULL) {
    print_sentence(out, s, outcome);
    (void)fclose(out);
    smtpc_log_text(&event, "words", text);
    free(text);
  }
  smtpc_log_write(&s->log, &event);
}

smtpc_outcome smtpc_sending_end(smtpc_sending *sending,
                                const smtpc_net_result *result,
                                const smtpc_net_error *error) {
  smtpc_sending *s = sending;
  s->attempt.error = error->kind;
  s->attempt.end = result->end;
  s->attempt.session_code = result->code;
  s->attempt.rcpt_count = (uint32_t)s->to_count;
  smtpc_seen_add(&s->attempt.seen, result->end.finding);
  (void)snprintf(s->problem, sizeof s->problem, "%s", error->text);
  const smtpc_outcome outcome = smtpc_outcome_of(&s->attempt);
  if (s->log.format == SMTPC_LOG_JSON) {
    log_end(s, outcome);
  } else {
    (void)fputs("smtpcore send: ", s->log.stream);
    print_sentence(s->log.stream, s, outcome);
    (void)fputc('\n', s->log.stream);
  }
  free_names(&s->refused);
  free_names(&s->later);
  return outcome;
}
