// Counts what the core executes: instructions for each command and each octet of content,
// of a server and of a client session, without the glue. It prints `name number` lines.
// `embed/count.py` runs it.

#include "embed/board.h"
#include "embed/mem.h"
#include "smtpcore/client.h"
#include "smtpcore/server.h"

// A counter that ticks every so many instructions is exact to that many, over ROUNDS.
#define ROUNDS 64u
#define CONTENT_LEN 4096u

static smtpc_server_policy server_policy;
static smtpc_client_policy client_policy;
static smtpc_server server_now;
static smtpc_server server_then;
static smtpc_client client_now;
static smtpc_client client_then;
static uint8_t content[CONTENT_LEN];
static uint32_t trouble;

static void say_number(const char *name, uint32_t number) {
  char text[16];
  size_t at = sizeof text - 2u;
  text[at] = '\n';
  text[at + 1u] = '\0';
  do {
    at--;
    text[at] = (char)('0' + number % 10u);
    number /= 10u;
  } while (number > 0u);
  board_say(name);
  board_say(" ");
  board_say(text + at);
}

static int asks(unsigned kind) {
  return kind == SMTPC_DO_ASK_SENDER || kind == SMTPC_DO_ASK_RECIPIENT ||
         kind == SMTPC_DO_ASK_MESSAGE;
}

// Gives octets to the server until it needs more; all that it asks is answered YES.
static void serve(const uint8_t *data, size_t len) {
  smtpc_action act = smtpc_action_make(SMTPC_DO_NOTHING);
  size_t at = 0u;
  while (at < len || act.kind != SMTPC_DO_NEED_INPUT) {
    smtpc_input in =
        smtpc_input_octets(SMTPC_CHANNEL_PLAIN, data + at, len - at);
    size_t used = 0u;
    if (asks(act.kind)) {
      in = smtpc_input_make(SMTPC_IN_VERDICT);
      in.answer = SMTPC_ANSWER_YES;
    }
    if (smtpc_server_step(&server_policy, &server_now, &in, &used, &act) !=
            SMTPC_OK ||
        act.kind == SMTPC_DO_CLOSE) {
      trouble++;
      return;
    }
    at += used;
  }
}

static void count_server(const char *name, const void *data, size_t len) {
  uint32_t total = 0u;
  server_then = server_now;
  for (unsigned i = 0u; i < ROUNDS; i++) {
    server_now = server_then;
    const uint32_t begin = board_count();
    serve(data, len);
    total += board_count() - begin;
  }
  say_number(name, total / ROUNDS);
}

#define COUNT_SERVER(name, text) \
  count_server("receiver." name, text, sizeof(text) - 1u)

static void count_receiver(void) {
  smtpc_server_policy_init(&server_policy);
  if (smtpc_server_policy_check(&server_policy) != SMTPC_OK) {
    trouble++;
  }
  smtpc_server_init(&server_now, &server_policy);
  COUNT_SERVER("greeting", "");
  COUNT_SERVER("EHLO", "EHLO mail.example.com\r\n");
  COUNT_SERVER("NOOP", "NOOP\r\n");
  COUNT_SERVER("MAIL", "MAIL FROM:<device@mail.example.com> SIZE=4096\r\n");
  COUNT_SERVER("RCPT", "RCPT TO:<person@mail.imc.org>\r\n");
  COUNT_SERVER("DATA", "DATA\r\n");
  count_server("receiver.content", content, CONTENT_LEN);
  COUNT_SERVER("end-of-data", ".\r\n");
  COUNT_SERVER("RSET", "RSET\r\n");
}

// -------------------------------------------------------------- client

static smtpc_envelope envelope;
static smtpc_envelope recipient;
static const uint8_t *given;
static size_t given_len;
static unsigned recipients;
static uint8_t stop;  // the question at which a count ends

// What the client asked, answered. 0: it asked what is not to be answered now.
static int answer(unsigned kind, smtpc_input *in) {
  *in = smtpc_input_make(SMTPC_IN_END);
  if (kind == stop) {
    return 0;
  }
  if (kind == SMTPC_DO_ASK_ENVELOPE) {
    in->kind = SMTPC_IN_ENVELOPE;
    in->envelope = &envelope;
  } else if (kind == SMTPC_DO_ASK_NEXT_RECIPIENT && recipients > 0u) {
    in->kind = SMTPC_IN_RECIPIENT;
    in->envelope = &recipient;
    recipients--;
  } else if (kind == SMTPC_DO_ASK_CONTENT && given_len > 0u) {
    in->kind = SMTPC_IN_CONTENT;
    in->data = given;
    in->len = given_len;
  }
  return 1;
}

// Gives what the server says, and what the session asks for, until it needs more, or
// asks `stop`.
static void send_on(const void *data, size_t len) {
  const uint8_t *octets = data;
  unsigned asked = client_now.wait;
  smtpc_action act = smtpc_action_make(SMTPC_DO_NOTHING);
  size_t at = 0u;
  while (at < len || act.kind != SMTPC_DO_NEED_INPUT) {
    smtpc_input in =
        smtpc_input_octets(SMTPC_CHANNEL_PLAIN, octets + at, len - at);
    size_t used = 0u;
    if (at == len && asked != SMTPC_DO_NOTHING && answer(asked, &in) == 0) {
      return;
    }
    if (smtpc_client_step(&client_policy, &client_now, &in, &used, &act) !=
            SMTPC_OK ||
        act.kind == SMTPC_DO_CLOSE) {
      trouble++;
      return;
    }
    if (in.kind == SMTPC_IN_CONTENT) {
      given += used;
      given_len -= used;
    } else if (in.kind == SMTPC_IN_OCTETS) {
      at += used;
    }
    asked = client_now.wait;
  }
}

static void count_client(const char *name, const char *reply, unsigned until) {
  uint32_t total = 0u;
  const unsigned others = recipients;
  client_then = client_now;
  stop = (uint8_t)until;
  for (unsigned i = 0u; i < ROUNDS; i++) {
    client_now = client_then;
    recipients = others;
    given = content;
    given_len = CONTENT_LEN;
    const uint32_t begin = board_count();
    send_on(reply, strlen(reply));
    total += board_count() - begin;
  }
  say_number(name, total / ROUNDS);
}

static void count_sender(void) {
  static const char from[] = "device@mail.example.com";
  static const char to[] = "person@mail.imc.org";
  envelope.address = (const uint8_t *)from;
  envelope.address_len = sizeof from - 1u;
  recipient.address = (const uint8_t *)to;
  recipient.address_len = sizeof to - 1u;
  recipients = 1u;
  smtpc_client_policy_init(&client_policy);
  client_policy.tls = SMTPC_CLIENT_TLS_OFF;
  if (smtpc_client_policy_check(&client_policy) != SMTPC_OK) {
    trouble++;
  }
  smtpc_client_init(&client_now, &client_policy);
  count_client("sender.greeting-EHLO", "220 mail.imc.org ready\r\n", 0u);
  count_client("sender.EHLO-reply",
               "250-mail.imc.org\r\n250-8BITMIME\r\n250 DSN\r\n",
               SMTPC_DO_ASK_ENVELOPE);
  count_client("sender.MAIL", "", 0u);
  count_client("sender.RCPT", "250 Sender OK\r\n", 0u);
  count_client("sender.DATA", "250 Recipient OK\r\n", 0u);
  count_client("sender.content-and-end", "354 End data with a dot\r\n", 0u);
  count_client("sender.end-reply", "250 Message stored\r\n",
               SMTPC_DO_ASK_ENVELOPE);
}

int board_main(void) {
  for (size_t i = 0u; i < CONTENT_LEN; i++) {
    const size_t column = i % 64u;
    content[i] = (uint8_t)(column == 62u ? '\r' : column == 63u ? '\n' : 'x');
  }
  count_receiver();
  count_sender();
  say_number("content-octets", CONTENT_LEN);
  say_number("trouble", trouble);
  return trouble == 0u ? 0 : 1;
}
