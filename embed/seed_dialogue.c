// The dialogues of the device's manual, on the device: our sender against our receiver
// octet for octet as the wire has them, and each against lines as they stand, whole and
// in pieces. TLS is played (`played_tls.h`). The status is 0 when all of it held.

#include "embed/board.h"
#include "embed/device.h"
#include "embed/mem.h"
#include "embed/played_tls.h"
#include "embed/transcript.h"

static const char sender_name[] = "mail.example.com";
static const char receiver_name[] = "mail.imc.org";
static const char from[] = "device@mail.example.com";
static const char to[] = "person@mail.imc.org";
static const char content[] = "Subject: scan\r\n\r\n.\r\nend\r\n";

static const char talk_on[] =
    "S: 220 mail.imc.org SMTP service ready\r\n"
    "C: EHLO mail.example.com\r\n"
    "S: 250-mail.imc.org offers a warm hug of welcome\r\n"
    "S: 250-8BITMIME\r\n"
    "S: 250-STARTTLS\r\n"
    "S: 250 DSN\r\n"
    "C: STARTTLS\r\n"
    "S: 220 Go ahead\r\n"
    "(TLS)\n"
    "C: EHLO mail.example.com\r\n"
    "S: 250-mail.imc.org touches your hand gently for a moment\r\n"
    "S: 250-8BITMIME\r\n"
    "S: 250 DSN\r\n";
static const char talk_off[] =
    "S: 220 mail.imc.org SMTP service ready\r\n"
    "C: EHLO mail.example.com\r\n"
    "S: 250-mail.imc.org offers a warm hug of welcome\r\n"
    "S: 250-8BITMIME\r\n"
    "S: 250 DSN\r\n";
static const char talk_mail[] =
    "C: MAIL FROM:<device@mail.example.com>\r\n"
    "S: 250 Sender OK\r\n"
    "C: RCPT TO:<person@mail.imc.org>\r\n"
    "S: 250 Recipient OK\r\n"
    "C: DATA\r\n"
    "S: 354 End data with <CR><LF>.<CR><LF>\r\n"
    "C: Subject: scan\r\n"
    "C: \r\n"
    "C: ..\r\n"
    "C: end\r\n"
    "C: .\r\n"
    "S: 250 Message stored\r\n"
    "C: QUIT\r\n"
    "S: 221 Closing connection\r\n";

static smtpc_server_policy server_policy;
static smtpc_client_policy client_policy;
static device_receiver rx;
static device_sender tx;
static const device_tls played = {NULL, NULL, 0u, SMTPC_TLS_1_2};
static uint8_t stored[256];
static size_t stored_len;
static transcript said;
static unsigned passed;
static unsigned failed;

static void check(int holds, const char *what) {
  if (holds != 0) {
    passed++;
    return;
  }
  failed++;
  board_say("FAILED ");
  board_say(what);
  board_say("\n");
}

static void set_text(smtpc_text *text, const char *words) {
  text->len = (uint8_t)strlen(words);
  memcpy(text->data, words, text->len);
}

static void set_policies(unsigned server_tls, unsigned client_tls) {
  smtpc_server_policy *const s = &server_policy;
  smtpc_server_policy_init(s);
  s->tls = (uint8_t)server_tls;
  s->certificate = server_tls != SMTPC_SERVER_TLS_OFF ? 1u : 0u;
  s->size_max = DEVICE_MESSAGE_MAX;
  s->offered =
      SMTPC_OFFERS(8BITMIME) | SMTPC_OFFERS(STARTTLS) | SMTPC_OFFERS(DSN);
  s->hostname_len = sizeof receiver_name - 1u;
  memcpy(s->hostname, receiver_name, sizeof receiver_name - 1u);
  set_text(&s->greeting, "SMTP service ready");
  set_text(&s->hello, "offers a warm hug of welcome");
  set_text(&s->hello_tls, "touches your hand gently for a moment");
  set_text(&s->starttls, "Go ahead");
  smtpc_client_policy_init(&client_policy);
  client_policy.tls = (uint8_t)client_tls;
  client_policy.hello_len = sizeof sender_name - 1u;
  memcpy(client_policy.hello, sender_name, sizeof sender_name - 1u);
}

static const device_tls *played_if(unsigned tls) {
  return tls != 0u ? &played : NULL;
}

static void begin_receiver(void) {
  stored_len = 0u;
  check(device_receiver_begin(&rx, &server_policy,
                              played_if(server_policy.tls)) == SMTPC_OK,
        "the receiver begins");
}

static void begin_sender(void) {
  static smtpc_envelope recipient;
  static device_message message;
  recipient.address = (const uint8_t *)to;
  recipient.address_len = sizeof to - 1u;
  message.envelope.address = (const uint8_t *)from;
  message.envelope.address_len = sizeof from - 1u;
  message.recipients = &recipient;
  message.recipient_count = 1u;
  message.content = (const uint8_t *)content;
  message.content_len = sizeof content - 1u;
  check(device_sender_begin(&tx, &client_policy, played_if(client_policy.tls),
                            &message) == SMTPC_OK,
        "the sender begins");
}

// The firmware's part: one mailbox, and one message in memory.
static void answer_receiver(void) {
  smtpc_input answer = smtpc_input_make(SMTPC_IN_VERDICT);
  const smtpc_span local = rx.session.command.path.local;
  answer.answer = SMTPC_ANSWER_YES;
  if (rx.action.kind == SMTPC_DO_ASK_RECIPIENT &&
      !(smtpc_span_len(local) == 6u &&
        memcmp(rx.session.line.data + local.begin, "person", 6u) == 0)) {
    answer.answer = SMTPC_ANSWER_NO;
  }
  if (rx.action.kind == SMTPC_DO_ASK_MESSAGE &&
      rx.message_len <= sizeof stored) {
    memcpy(stored, rx.message, rx.message_len);
    stored_len = rx.message_len;
  }
  check(device_receiver_answer(&rx, &answer) == SMTPC_OK, "an answer is taken");
}

// ------------------------------------------------- our sender, our receiver

typedef struct wire {
  uint8_t data[128];
  size_t len;
} wire;

static void wire_drop(wire *w, size_t len) {
  memmove(w->data, w->data + len, w->len - len);
  w->len -= len;
}

static size_t piece(size_t len, size_t cut) {
  return cut == 0u || cut > len ? len : cut;
}

static int carry_to_sender(wire *w, size_t cut) {
  const size_t got =
      device_receiver_pull(&rx, w->data + w->len, sizeof w->data - w->len);
  transcript_add(&said, 'S', w->data + w->len, got);
  w->len += got;
  const size_t taken = device_sender_push(&tx, w->data, piece(w->len, cut));
  wire_drop(w, taken);
  return got > 0u || taken > 0u;
}

static int carry_to_receiver(wire *w, size_t cut) {
  const size_t got =
      device_sender_pull(&tx, w->data + w->len, sizeof w->data - w->len);
  transcript_add(&said, 'C', w->data + w->len, got);
  w->len += got;
  const size_t taken = device_receiver_push(&rx, w->data, piece(w->len, cut));
  wire_drop(w, taken);
  if (rx.want == DEVICE_ANSWER) {
    answer_receiver();
    return 1;
  }
  return got > 0u || taken > 0u;
}

static void converse(size_t cut) {
  static wire down;
  static wire up;
  int moved = 1;
  down.len = 0u;
  up.len = 0u;
  transcript_begin(&said);
  while (moved != 0) {
    moved = carry_to_sender(&down, cut);
    moved |= carry_to_receiver(&up, cut);
  }
}

static void end_both(void) {
  device_receiver_wipe(&rx);
  device_sender_wipe(&tx);
}

static void whole_dialogue(unsigned server_tls, unsigned client_tls,
                           const char *talk) {
  for (size_t cut = 0u; cut <= 7u; cut++) {
    set_policies(server_tls, client_tls);
    begin_receiver();
    begin_sender();
    converse(cut);
    check(transcript_is(&said, talk, talk_mail), "the octets of both sides");
    check(stored_len == sizeof content - 1u &&
              memcmp(stored, content, stored_len) == 0,
          "the message, as it was");
    check(rx.want == DEVICE_CLOSED && tx.want == DEVICE_CLOSED, "both closed");
    check(rx.action.end_reason == SMTPC_END_QUIT &&
              tx.action.end_reason == SMTPC_END_QUIT,
          "both by QUIT");
    check(tx.code == 250u && tx.codes[0] == 250u, "codes of the message");
    check((rx.session.tls != 0u) == (server_tls != 0u && client_tls != 0u),
          "TLS as it was set");
    check((said.closed[0] != 0u) == (rx.session.tls != 0u) &&
              (said.closed[1] != 0u) == (tx.session.tls != 0u),
          "close_notify of both sides");
    end_both();
  }
}

// --------------------------------------- one side against lines as they stand

// What the receiver says to `in`, given in pieces; then the peer is gone.
static void play_receiver(const char *in, size_t cut) {
  static uint8_t buf[32];
  size_t at = 0u;
  const size_t len = strlen(in);
  transcript_begin(&said);
  begin_receiver();
  for (;;) {
    size_t got = device_receiver_pull(&rx, buf, sizeof buf);
    while (got > 0u) {
      transcript_add(&said, 'S', buf, got);
      got = device_receiver_pull(&rx, buf, sizeof buf);
    }
    if (rx.want == DEVICE_ANSWER) {
      answer_receiver();
    } else if (rx.want == DEVICE_OCTETS && at < len) {
      at += device_receiver_push(&rx, (const uint8_t *)in + at,
                                 piece(len - at, cut));
    } else if (rx.want == DEVICE_OCTETS) {
      check(device_receiver_tell(&rx, SMTPC_IN_END_OF_STREAM) == SMTPC_OK,
            "the end is told");
    } else {
      return;
    }
  }
}

// The same of the sender. A `|` parts what the server says when it is asked.
static void play_sender(const char *in, size_t cut) {
  static uint8_t buf[32];
  size_t at = 0u;
  const size_t len = strlen(in);
  transcript_begin(&said);
  begin_sender();
  for (;;) {
    size_t got = device_sender_pull(&tx, buf, sizeof buf);
    while (got > 0u) {
      transcript_add(&said, 'C', buf, got);
      got = device_sender_pull(&tx, buf, sizeof buf);
    }
    if (tx.want != DEVICE_OCTETS) {
      return;
    }
    size_t end = at;
    while (end < len && in[end] != '|') {
      end++;
    }
    if (at < end) {
      at += device_sender_push(&tx, (const uint8_t *)in + at,
                               piece(end - at, cut));
    } else if (end < len) {
      at++;
    } else {
      check(device_sender_tell(&tx, SMTPC_IN_END_OF_STREAM) == SMTPC_OK,
            "the end is told");
    }
  }
}

static void settings_of_receiving(size_t cut) {
  // required: mail in clear is refused
  set_policies(SMTPC_SERVER_TLS_REQUIRED, 0u);
  play_receiver("EHLO a.example\r\nMAIL FROM:<a@a.example>\r\n", cut);
  check(transcript_is(&said,
                      "S: 220 mail.imc.org SMTP service ready\r\n"
                      "S: 250-mail.imc.org offers a warm hug of welcome\r\n"
                      "S: 250-8BITMIME\r\n"
                      "S: 250-STARTTLS\r\n"
                      "S: 250 DSN\r\n"
                      "S: 530 Must issue a STARTTLS command first\r\n",
                      ""),
        "required: 530");
  check(rx.action.device == SMTPC_DEVICE_RECEIVE_REJECT,
        "required: device status");
  device_receiver_wipe(&rx);
  // on: a TLS failure ends it
  set_policies(SMTPC_SERVER_TLS_ON, 0u);
  play_receiver("EHLO a.example\r\nSTARTTLS\r\n", cut);
  check(rx.action.device == SMTPC_DEVICE_RECEIVE, "on: device status");
  check(rx.action.end_reason == SMTPC_END_TLS, "on: TLS failed");
  device_receiver_wipe(&rx);
  // on: what was said ahead of TLS is never heard
  set_policies(SMTPC_SERVER_TLS_ON, 0u);
  play_receiver("EHLO a.example\r\nSTARTTLS\r\nNOOP\r\n", cut);
  check(rx.action.end_reason == SMTPC_END_PROTOCOL ||
            rx.action.end_reason == SMTPC_END_TLS,
        "on: surplus ends it");
  check(rx.session.tls == 0u && rx.session.pos <= 26u, "on: no surplus taken");
  device_receiver_wipe(&rx);
  // off: a stranger's recipient is refused, and the message that ends at once is lost
  set_policies(SMTPC_SERVER_TLS_OFF, 0u);
  play_receiver(
      "HELO a.example\r\nMAIL FROM:<>\r\nRCPT TO:<x@a.example>\r\n"
      "RCPT TO:<person@a.example>\r\nDATA\r\nhalf",
      cut);
  check(transcript_is(&said,
                      "S: 220 mail.imc.org SMTP service ready\r\n"
                      "S: 250 mail.imc.org offers a warm hug of welcome\r\n"
                      "S: 250 Sender OK\r\n"
                      "S: 550 No such mailbox here\r\n"
                      "S: 250 Recipient OK\r\n"
                      "S: 354 End data with <CR><LF>.<CR><LF>\r\n",
                      ""),
        "off: lines");
  check(stored_len == 0u && rx.message_len == 0u, "half a message is none");
  device_receiver_wipe(&rx);
}

static void settings_of_sending(size_t cut) {
  static const char server[] =
      "220 mail.imc.org SMTP service ready\r\n|"
      "250-mail.imc.org offers a warm hug of welcome\r\n"
      "250-8BITMIME\r\n250 DSN\r\n";
  // required: no TLS, no mail
  set_policies(0u, SMTPC_CLIENT_TLS_REQUIRED);
  play_sender(server, cut);
  check(transcript_is(&said, "C: EHLO mail.example.com\r\nC: QUIT\r\n", ""),
        "required: nothing is sent");
  check(tx.code == 0u && tx.action.end_reason == SMTPC_END_REFUSED,
        "required: refused");
  device_sender_wipe(&tx);
  // opportunistic: the downgrade leaves its finding
  set_policies(0u, SMTPC_CLIENT_TLS_OPPORTUNISTIC);
  play_sender(server, cut);
  const uint32_t bits = tx.findings.bits[SMTPC_FINDING_TLS_NOT_OFFERED / 32u];
  check((bits >> (SMTPC_FINDING_TLS_NOT_OFFERED % 32u) & 1u) == 1u,
        "opportunistic: finding");
  device_sender_wipe(&tx);
}

static void misuse(void) {
  const smtpc_input verdict = smtpc_input_make(SMTPC_IN_VERDICT);
  set_policies(SMTPC_SERVER_TLS_ON, SMTPC_CLIENT_TLS_REQUIRED);
  check(device_receiver_begin(&rx, &server_policy, NULL) == SMTPC_E_ARGUMENT,
        "TLS that is not there");
  set_policies(0u, 0u);
  server_policy.size_max = DEVICE_MESSAGE_MAX + 1u;
  check(device_receiver_begin(&rx, &server_policy, NULL) == SMTPC_E_ARGUMENT,
        "a message that does not fit");
  set_policies(0u, 0u);
  begin_receiver();
  check(device_receiver_answer(&rx, &verdict) == SMTPC_E_STATE,
        "an answer to nothing");
  check(device_receiver_tell(&rx, SMTPC_IN_OCTETS) == SMTPC_E_ARGUMENT,
        "what is no end");
  check(device_receiver_tell(&rx, SMTPC_IN_DEADLINE) == SMTPC_E_PENDING,
        "an end before what is to be sent");
  check(device_receiver_wait_ms(&rx) <= 600000u, "a deadline");
  while (device_receiver_pull(&rx, stored, sizeof stored) > 0u) {
  }
  check(device_receiver_wait_ms(&rx) == 300000u, "the deadline of a command");
  check(device_receiver_tell(&rx, SMTPC_IN_DEADLINE) == SMTPC_OK, "it passes");
  const size_t len = device_receiver_pull(&rx, stored, sizeof stored);
  check(len > 4u && memcmp(stored, "421 ", 4u) == 0, "421");
  check(rx.want == DEVICE_CLOSED && rx.action.end_reason == SMTPC_END_TIMEOUT,
        "and the end");
  check(device_receiver_push(&rx, stored, 4u) == 0u, "nothing after the end");
  device_receiver_wipe(&rx);
}

static void say_number(unsigned number, const char *after) {
  char text[16];
  size_t at = sizeof text - 1u;
  text[at] = '\0';
  do {
    at--;
    text[at] = (char)('0' + number % 10u);
    number /= 10u;
  } while (number > 0u);
  board_say(text + at);
  board_say(after);
}

int board_main(void) {
  whole_dialogue(SMTPC_SERVER_TLS_ON, SMTPC_CLIENT_TLS_OPPORTUNISTIC, talk_on);
  whole_dialogue(SMTPC_SERVER_TLS_ON, SMTPC_CLIENT_TLS_REQUIRED, talk_on);
  whole_dialogue(SMTPC_SERVER_TLS_REQUIRED, SMTPC_CLIENT_TLS_VERIFIED, talk_on);
  whole_dialogue(SMTPC_SERVER_TLS_OFF, SMTPC_CLIENT_TLS_OFF, talk_off);
  whole_dialogue(SMTPC_SERVER_TLS_OFF, SMTPC_CLIENT_TLS_OPPORTUNISTIC,
                 talk_off);
  for (size_t cut = 0u; cut <= 3u; cut++) {
    settings_of_receiving(cut);
    settings_of_sending(cut);
  }
  misuse();
  say_number(passed, " passed, ");
  say_number(failed, " failed\n");
  return failed == 0u ? 0 : 1;
}
