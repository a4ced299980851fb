#include "shim/mem/dialogue_testing.h"

#include <string.h>

typedef enum event_kind { EVENT_UP, EVENT_UNVERIFIED, EVENT_INPUT } event_kind;

typedef struct event {
  const char *name;
  event_kind kind;
  uint8_t input;
} event;

static const event events[] = {
    {"=up", EVENT_UP, SMTPC_IN_TLS_UP},
    {"=unverified", EVENT_UNVERIFIED, SMTPC_IN_TLS_UP},
    {"=failed", EVENT_INPUT, SMTPC_IN_TLS_FAILED},
    {"=end", EVENT_INPUT, SMTPC_IN_END_OF_STREAM},
    {"=deadline", EVENT_INPUT, SMTPC_IN_DEADLINE},
    {"=shutdown", EVENT_INPUT, SMTPC_IN_SHUTDOWN}};

static event event_of(const char *name) {
  static const event none = {NULL, EVENT_INPUT, SMTPC_IN_NONE};
  for (size_t i = 0u; i < DIALOGUE_COUNT(events); i++) {
    if (strcmp(events[i].name, name) == 0) {
      return events[i];
    }
  }
  fail_msg("no such event: %s", name);
  return none;
}

static smtpc_input input_of(event e) {
  smtpc_input input = smtpc_input_make(e.input);
  input.clean = 1u;
  input.tls.failure = e.input == SMTPC_IN_TLS_FAILED
                          ? (uint8_t)SMTPC_TLS_FAILURE_NO_COMMON_CIPHER
                          : 0u;
  return input;
}

static void server_turn(smtpc_mem_server *mem, const char *turn, size_t cut) {
  if (turn[0] != '=') {
    (void)smtpc_mem_server_feed(mem, mem->session.tls, turn, strlen(turn), cut);
    return;
  }
  const event e = event_of(turn);
  const smtpc_input input = input_of(e);
  if (e.kind == EVENT_INPUT) {
    smtpc_mem_server_give(mem, &input);
  } else {
    smtpc_mem_server_tls_up(mem, SMTPC_TLS_1_3);
  }
}

static void client_turn(smtpc_mem_client *mem, const char *turn, size_t cut) {
  if (turn[0] != '=') {
    (void)smtpc_mem_client_feed(mem, mem->session.tls, turn, strlen(turn), cut);
    return;
  }
  const event e = event_of(turn);
  const smtpc_input input = input_of(e);
  if (e.kind == EVENT_INPUT) {
    smtpc_mem_client_give(mem, &input);
  } else {
    smtpc_mem_client_tls_up(mem, SMTPC_TLS_1_3, e.kind == EVENT_UP ? 1 : 0);
  }
}

void dialogue_server(const smtpc_server_policy *policy, const dialogue *d) {
  for (size_t cut = 0u; cut <= TEST_CUT_MAX; cut++) {
    smtpc_mem_server mem = {0};
    smtpc_mem_server_begin(&mem, policy);
    for (size_t i = 0u; i < DIALOGUE_TURNS_MAX && d->turns[i] != NULL; i++) {
      server_turn(&mem, d->turns[i], cut);
    }
    test_label("%s, cut %zu", d->label, cut);
    test_octets(mem.trace.data, mem.trace.len, d->want, strlen(d->want));
    smtpc_mem_server_free(&mem);
  }
}

void dialogue_servers(const smtpc_server_policy *policy, const dialogue *rows,
                      size_t count) {
  for (size_t i = 0u; i < count; i++) {
    dialogue_server(policy, &rows[i]);
  }
}

void dialogue_octets(const smtpc_server_policy *policy, const char *label,
                     const void *octets, size_t len, const char *want) {
  for (size_t cut = 0u; cut <= TEST_CUT_MAX; cut++) {
    smtpc_mem_server mem = {0};
    smtpc_mem_server_begin(&mem, policy);
    (void)smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_PLAIN, octets, len, cut);
    test_label("%s, cut %zu", label, cut);
    test_octets(mem.trace.data, mem.trace.len, want, strlen(want));
    smtpc_mem_server_free(&mem);
  }
}

void dialogue_rows(const smtpc_server_policy *policy, const dialogue_row *rows,
                   size_t count) {
  for (size_t i = 0u; i < count; i++) {
    dialogue_octets(policy, rows[i].label, rows[i].in, rows[i].in_len,
                    rows[i].want);
  }
}

void dialogue_client(const smtpc_client_policy *policy,
                     const smtpc_mem_message *messages, size_t count,
                     const dialogue *d) {
  for (size_t cut = 0u; cut <= TEST_CUT_MAX; cut++) {
    smtpc_mem_client mem = {0};
    mem.name = "user";
    mem.password = "secret";
    smtpc_mem_client_begin(&mem, policy, messages, count);
    for (size_t i = 0u; i < DIALOGUE_TURNS_MAX && d->turns[i] != NULL; i++) {
      client_turn(&mem, d->turns[i], cut);
    }
    test_label("%s, cut %zu", d->label, cut);
    test_octets(mem.trace.data, mem.trace.len, d->want, strlen(d->want));
    smtpc_mem_client_free(&mem);
  }
}

void dialogue_clients(const smtpc_client_policy *policy, const dialogue *rows,
                      size_t count) {
  const smtpc_envelope recipient = dialogue_address("r@b.example");
  const smtpc_mem_message message = dialogue_message(&recipient, 1u);
  for (size_t i = 0u; i < count; i++) {
    dialogue_client(policy, &message, 1u, &rows[i]);
  }
}

smtpc_envelope dialogue_address(const char *text) {
  smtpc_envelope envelope = {0};
  envelope.address = (const uint8_t *)text;
  envelope.address_len = (uint16_t)strlen(text);
  return envelope;
}

smtpc_mem_message dialogue_message(const smtpc_envelope *recipients,
                                   size_t count) {
  static const uint8_t content[] = "x\r\n";
  smtpc_mem_message message = {0};
  message.envelope = dialogue_address("s@a.example");
  message.recipients = recipients;
  message.recipient_count = count;
  message.content = content;
  message.content_len = sizeof content - 1u;
  return message;
}

smtpc_server_policy dialogue_server_policy(void) {
  smtpc_server_policy policy;
  smtpc_server_policy_init(&policy);
  policy.offered = SMTPC_OFFERS(SIZE) | SMTPC_OFFERS(CHUNKING);
  policy.size_max = 1000u;
  return policy;
}

smtpc_client_policy dialogue_client_policy(unsigned tls) {
  smtpc_client_policy policy;
  smtpc_client_policy_init(&policy);
  policy.tls = (uint8_t)tls;
  return policy;
}
