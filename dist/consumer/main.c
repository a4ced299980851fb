// Consumer: a program that has smtpcore from a release folder, and receives a message with
// it. It returns 0 when the message is what was sent.
#include <stdio.h>
#include <string.h>

#include "smtpcore/server.h"
#include "smtpcore/version.h"

static const char input[] =
    "EHLO client.example\r\n"
    "MAIL FROM:<alice@a.example>\r\n"
    "RCPT TO:<bob@b.example>\r\n"
    "DATA\r\n"
    "Subject: hello\r\n\r\n..dot\r\n.\r\n"
    "QUIT\r\n";
static const char want[] = "Subject: hello\r\n\r\n.dot\r\n";

static smtpc_server session;
static char message[256];
static size_t message_len;

static void take(const smtpc_action *act, const smtpc_input *in) {
  const size_t len = act->end - act->begin;
  const uint8_t *octets = smtpc_server_octets(&session, act, in);
  if (act->kind == SMTPC_DO_SEND) {
    (void)fwrite(octets, 1u, len, stdout);
  } else if (act->kind == SMTPC_DO_CONTENT &&
             len <= sizeof message - message_len) {
    memcpy(message + message_len, octets, len);
    message_len += len;
  }
}

// The answer to what a session asks: yes.
static smtpc_input answer_to(unsigned kind) {
  smtpc_input in = smtpc_input_make(SMTPC_IN_NONE);
  if (kind == SMTPC_DO_ASK_SENDER || kind == SMTPC_DO_ASK_RECIPIENT ||
      kind == SMTPC_DO_ASK_MESSAGE) {
    in = smtpc_input_make(SMTPC_IN_VERDICT);
    in.answer = SMTPC_ANSWER_YES;
  }
  return in;
}

int main(void) {
  smtpc_server_policy policy;
  smtpc_action act;
  size_t at = 0u;
  smtpc_server_policy_init(&policy);
  policy.tls = SMTPC_SERVER_TLS_OFF;
  if (!SMTPC_MATCHES() ||
      smtpc_server_policy_check(&policy) != SMTPC_OK) {
    return 1;
  }
  smtpc_server_init(&session, &policy);
  act = smtpc_action_make(SMTPC_DO_NOTHING);
  for (unsigned turn = 0u; turn < 1000u && act.kind != SMTPC_DO_CLOSE; turn++) {
    size_t used = 0u;
    smtpc_input in = answer_to(act.kind);
    if (act.kind == SMTPC_DO_NEED_INPUT) {
      in = smtpc_input_make(SMTPC_IN_OCTETS);
      in.data = (const uint8_t *)input + at;
      in.len = sizeof input - 1u - at;
    }
    if (smtpc_server_step(&policy, &session, &in, &used, &act) != SMTPC_OK) {
      return 1;
    }
    at += used;
    take(&act, &in);
  }
  return message_len == sizeof want - 1u &&
                 memcmp(message, want, message_len) == 0
             ? 0
             : 1;
}
