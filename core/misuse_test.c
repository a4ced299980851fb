// Misuse: at each step of a session of either role every input is tried that a program
// can give, right or wrong. What the session refuses with a misuse status leaves it as it
// was, octet for octet, and says so: no octet is taken, and there is nothing to do. After
// the end nothing is refused and nothing is done.
#include <string.h>

#include "core/testing.h"
#include "smtpcore/client.h"
#include "smtpcore/server.h"

// How often each status was seen, so that no test passes because nothing was tried.
static unsigned seen[128];

static const uint8_t octets[] = "x\r\n";
static const uint8_t address[] = "a@b.example";
static smtpc_envelope envelope;

// What can be wrong beside the kind of an input.
enum { AS_IT_IS, OTHER_CHANNEL, NO_DATA, NO_SECRET, NOTHING_IN_IT, WAYS };

static smtpc_input input_of(unsigned kind, unsigned way) {
  smtpc_input in = smtpc_input_make(kind);
  in.data = octets;
  in.len = sizeof octets - 1u;
  in.secret = octets;
  in.secret_len = sizeof octets - 1u;
  in.envelope = &envelope;
  in.answer = SMTPC_ANSWER_YES;
  in.tls.version = SMTPC_TLS_1_3;
  if (way == OTHER_CHANNEL) {
    in.channel = SMTPC_CHANNEL_TLS;
  } else if (way == NO_DATA) {
    in.data = NULL;
  } else if (way == NO_SECRET) {
    in.secret = NULL;
  } else if (way == NOTHING_IN_IT) {
    in = smtpc_input_make(kind);
  }
  return in;
}

static const unsigned kinds[] = {SMTPC_IN_NONE,
                                 SMTPC_IN_OCTETS,
                                 SMTPC_IN_TLS_UP,
                                 SMTPC_IN_TLS_FAILED,
                                 SMTPC_IN_END_OF_STREAM,
                                 SMTPC_IN_DEADLINE,
                                 SMTPC_IN_SHUTDOWN,
                                 SMTPC_IN_VERDICT,
                                 SMTPC_IN_NONCE,
                                 SMTPC_IN_SALT,
                                 SMTPC_IN_BINDING,
                                 SMTPC_IN_CREDENTIALS,
                                 SMTPC_IN_DIGEST,
                                 SMTPC_IN_ENVELOPE,
                                 SMTPC_IN_RECIPIENT,
                                 SMTPC_IN_CONTENT,
                                 SMTPC_IN_END,
                                 SMTPC_IN_COUNT,
                                 255u};
#define KINDS (sizeof kinds / sizeof kinds[0])

static void check_refusal(smtpc_status status, size_t used,
                          const smtpc_action *act, bool same) {
  static const smtpc_action nothing = {0};
  seen[(unsigned)status]++;
  if (smtpc_status_is_misuse(status)) {
    test_number(used, 0);
    assert_memory_equal(act, &nothing, sizeof nothing);
    assert_true(same);
  } else {
    test_number(status, SMTPC_OK);
  }
}

// ------------------------------------------------------------------ receiving

static smtpc_server_policy server_policy;
static smtpc_server server;

static void try_server(void) {
  static smtpc_server copy;
  for (unsigned i = 0u; i < KINDS * WAYS; i++) {
    const smtpc_input in = input_of(kinds[i / WAYS], i % WAYS);
    smtpc_action act;
    size_t used = 99u;
    copy = server;
    test_label("kind %u, way %u, mode %u, wait %u", in.kind, i % WAYS,
               server.mode, server.wait);
    const smtpc_status status =
        smtpc_server_step(&server_policy, &copy, &in, &used, &act);
    check_refusal(status, used, &act, memcmp(&copy, &server, sizeof copy) == 0);
    test_number(smtpc_server_check(&copy), SMTPC_OK);
    if (server.mode == SMTPC_SERVER_CLOSED) {
      test_number(status, SMTPC_OK);
      test_number(act.kind, SMTPC_DO_NOTHING);
      assert_memory_equal(&copy, &server, sizeof copy);
    }
  }
}

// Answers what the server asks, and gives it `text` piece by piece, as far as it takes
// it. Tries everything before each step.
static void serve(const char *text) {
  const uint8_t *at = (const uint8_t *)text;
  size_t left = strlen(text);
  smtpc_input in = smtpc_input_make(SMTPC_IN_NONE);
  for (unsigned turn = 0u; turn < 1000u; turn++) {
    smtpc_action act;
    size_t used = 0u;
    try_server();
    const smtpc_status status =
        smtpc_server_step(&server_policy, &server, &in, &used, &act);
    test_number(status, SMTPC_OK);
    at += used;
    left -= used;
    in = smtpc_input_make(SMTPC_IN_NONE);
    if (act.kind == SMTPC_DO_START_TLS) {
      in.kind = SMTPC_IN_TLS_UP;
      in.tls.version = SMTPC_TLS_1_3;
    } else if (act.kind == SMTPC_DO_ASK_NONCE) {
      in.kind = SMTPC_IN_NONCE;
      in.data = (const uint8_t *)"0123456789abcdef0123456789abcdef";
      in.len = SMTPC_NONCE_LEN;
    } else if (act.kind >= SMTPC_DO_ASK_SENDER &&
               act.kind <= SMTPC_DO_ASK_MESSAGE) {
      in.kind = SMTPC_IN_VERDICT;
      in.answer = SMTPC_ANSWER_YES;
    } else if (act.kind == SMTPC_DO_NEED_INPUT && left > 0u) {
      // To the end of a line, so that nothing follows STARTTLS.
      const uint8_t *end = memchr(at, '\n', left);
      in = smtpc_input_octets(server.tls, at, (size_t)(end - at) + 1u);
    } else if (act.kind == SMTPC_DO_NEED_INPUT || act.kind == SMTPC_DO_CLOSE) {
      break;
    }
  }
  test_number(left, 0);
  try_server();
}

static void test_misuse_of_a_server(void **state) {
  (void)state;
  memset(seen, 0, sizeof seen);
  smtpc_server_policy_init(&server_policy);
  server_policy.tls = SMTPC_SERVER_TLS_ON;
  server_policy.certificate = 1u;
  server_policy.auth = SMTPC_AUTH_ON;
  server_policy.mechanisms = SMTPC_MECHS_SPOKEN;
  server_policy.offered |= SMTPC_OFFERS(XCLIENT);
  test_number(smtpc_server_policy_check(&server_policy), SMTPC_OK);
  smtpc_server_init(&server, &server_policy);
  serve(
      "XCLIENT NAME=a.example\r\nEHLO a.example\r\nSTARTTLS\r\n"
      "EHLO a.example\r\nAUTH CRAM-MD5\r\n"
      "YSAwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZg==\r\n"
      "MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n"
      "Subject: x\r\n\r\ntext\r\n.\r\n"
      "MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\n"
      "BDAT 6\r\ntext\r\nBDAT 0 LAST\r\nFOO\r\nQUIT\r\n");
  test_number(server.mode, SMTPC_SERVER_CLOSED);
  assert_true(seen[SMTPC_E_STATE] > 100u);
  assert_true(seen[SMTPC_E_PENDING] > 10u);
  assert_true(seen[SMTPC_E_ARGUMENT] > 100u);
  assert_true(seen[SMTPC_OK] > 100u);
}

// -------------------------------------------------------------------- sending

static smtpc_client_policy client_policy;
static smtpc_client client;

static void try_client(void) {
  static smtpc_client copy;
  for (unsigned i = 0u; i < KINDS * WAYS; i++) {
    const smtpc_input in = input_of(kinds[i / WAYS], i % WAYS);
    smtpc_action act;
    size_t used = 99u;
    copy = client;
    test_label("kind %u, way %u, phase %u, wait %u", in.kind, i % WAYS,
               client.phase, client.wait);
    const smtpc_status status =
        smtpc_client_step(&client_policy, &copy, &in, &used, &act);
    check_refusal(status, used, &act, memcmp(&copy, &client, sizeof copy) == 0);
    test_number(smtpc_client_check(&copy), SMTPC_OK);
    if (client.phase == SMTPC_CLIENT_CLOSED) {
      test_number(status, SMTPC_OK);
      test_number(act.kind, SMTPC_DO_NOTHING);
      assert_memory_equal(&copy, &client, sizeof copy);
    }
  }
}

// What the client is answered, line by line; an empty one stands for TLS.
static const char *const replies[] = {
    "220 there\r\n",
    "250-there\r\n250 STARTTLS\r\n",
    "220 go on\r\n",
    "",
    "250-there\r\n250 AUTH LOGIN\r\n",
    "334 VXNlcm5hbWU6\r\n",
    "334 UGFzc3dvcmQ6\r\n",
    "235 welcome\r\n",
    "250 ok\r\n",
    "250 ok\r\n",
    "354 go on\r\n",
    "250 ok\r\n",
    "221 bye\r\n",
};
#define REPLIES (sizeof replies / sizeof replies[0])

static smtpc_input answer_to(const smtpc_action *act, unsigned *reply,
                             unsigned *asked) {
  smtpc_input in = smtpc_input_make(SMTPC_IN_NONE);
  const bool first = act->kind < SMTPC_DO_COUNT && asked[act->kind] == 0u;
  asked[act->kind]++;
  switch (act->kind) {
    case SMTPC_DO_START_TLS:
      in.kind = SMTPC_IN_TLS_UP;
      in.tls.version = SMTPC_TLS_1_3;
      in.tls.chain_ok = 1u;
      in.tls.name_ok = 1u;
      (*reply)++;
      break;
    case SMTPC_DO_NEED_INPUT:
      if (*reply < REPLIES) {
        const char *text = replies[*reply];
        in =
            smtpc_input_octets(client.tls, (const uint8_t *)text, strlen(text));
        (*reply)++;
      }
      break;
    case SMTPC_DO_ASK_PASSWORD:
      in = input_of(SMTPC_IN_CREDENTIALS, AS_IT_IS);
      in.data = address;
      in.len = 1u;
      in.secret_len = 1u;
      break;
    case SMTPC_DO_ASK_ENVELOPE:
      in = input_of(first ? SMTPC_IN_ENVELOPE : SMTPC_IN_END, AS_IT_IS);
      break;
    case SMTPC_DO_ASK_NEXT_RECIPIENT:
      in = input_of(first ? SMTPC_IN_RECIPIENT : SMTPC_IN_END, AS_IT_IS);
      break;
    case SMTPC_DO_ASK_CONTENT:
      in = input_of(first ? SMTPC_IN_CONTENT : SMTPC_IN_END, AS_IT_IS);
      break;
    default:
      break;
  }
  return in;
}

static void test_misuse_of_a_client(void **state) {
  (void)state;
  unsigned asked[256] = {0u};
  unsigned reply = 0u;
  memset(seen, 0, sizeof seen);
  envelope.address = address;
  envelope.address_len = (uint16_t)(sizeof address - 1u);
  smtpc_client_policy_init(&client_policy);
  client_policy.auth = SMTPC_AUTH_REQUIRED;
  test_number(smtpc_client_policy_check(&client_policy), SMTPC_OK);
  smtpc_client_init(&client, &client_policy);
  smtpc_input in = smtpc_input_make(SMTPC_IN_NONE);
  for (unsigned turn = 0u; turn < 200u; turn++) {
    smtpc_action act;
    size_t used = 0u;
    try_client();
    const smtpc_status status =
        smtpc_client_step(&client_policy, &client, &in, &used, &act);
    test_number(status, SMTPC_OK);
    if (used > 0u) {
      in.data += used;
      in.len -= used;
    }
    if (in.len == 0u || used == 0u || act.kind >= SMTPC_DO_ASK_SENDER ||
        act.kind == SMTPC_DO_NEED_INPUT) {
      in = answer_to(&act, &reply, asked);
    }
    if (act.kind == SMTPC_DO_CLOSE) {
      break;
    }
  }
  try_client();
  test_number(client.phase, SMTPC_CLIENT_CLOSED);
  test_number(asked[SMTPC_DO_MESSAGE_DONE], 1);
  test_number(reply, REPLIES);
  assert_true(seen[SMTPC_E_STATE] > 100u);
  assert_true(seen[SMTPC_E_PENDING] > 10u);
  assert_true(seen[SMTPC_E_ARGUMENT] > 100u);
  assert_true(seen[SMTPC_OK] > 100u);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_misuse_of_a_server),
      cmocka_unit_test(test_misuse_of_a_client),
  };
  return cmocka_run_group_tests_name("misuse", tests, NULL, NULL);
}
