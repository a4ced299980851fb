#include "shim/mem/dialogue_testing.h"

#include <stdlib.h>
#include <string.h>

typedef enum event_kind {
  EVENT_UP,
  EVENT_UNVERIFIED,
  EVENT_RESET,
  EVENT_INPUT
} event_kind;

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
    {"=reset", EVENT_RESET, SMTPC_IN_END_OF_STREAM},
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
  input.clean = (uint8_t)(e.kind == EVENT_RESET ? 0u : 1u);
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
  if (e.kind == EVENT_INPUT || e.kind == EVENT_RESET) {
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
  if (e.kind == EVENT_INPUT || e.kind == EVENT_RESET) {
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

// Text as the trace has it.
static void add_text(smtpc_octets *out, const char *text) {
  for (size_t i = 0u; text[i] != '\0'; i++) {
    const unsigned c = (uint8_t)text[i];
    if (c >= 0x20u && c < 0x7fu) {
      smtpc_octets_add(out, &text[i], 1u);
    } else {
      smtpc_octets_print(out, "\\x%02x", c);
    }
  }
}

// What must come of `r` after `scene`.
static void want_line(smtpc_octets *want, const smtpc_server_policy *policy,
                      const dialogue_scene *scene, const dialogue_line *r) {
  const int enhanced =
      (policy->offered & SMTPC_OFFERS(ENHANCEDSTATUSCODES)) != 0u;
  smtpc_octets_add(want, scene->want, strlen(scene->want));
  smtpc_octets_print(want, "C: ");
  add_text(want, scene->hidden != 0 ? "(secret)" : r->line);
  smtpc_octets_print(want, "\n");
  if (r->finding != NULL) {
    smtpc_octets_print(want, "! %s @%zu\n", r->finding,
                       strlen(scene->in) + strlen(r->line) + 2u);
  }
  smtpc_octets_print(want, "S: %s\nC: NOOP\nS: 250 %sOK\n", r->reply,
                     enhanced != 0 ? "2.0.0 " : "");
}

static void feed_text(smtpc_mem_server *mem, const char *text, size_t cut) {
  (void)smtpc_mem_server_feed(mem, mem->session.tls, text, strlen(text), cut);
}

static void run_line(const smtpc_server_policy *policy,
                     const dialogue_scene *scene, const dialogue_line *r,
                     const smtpc_octets *want, size_t cut) {
  smtpc_mem_server mem = {0};
  smtpc_mem_server_begin(&mem, policy);
  if (policy->implicit_tls != 0u) {
    smtpc_mem_server_tls_up(&mem, SMTPC_TLS_1_3);
  }
  feed_text(&mem, scene->in, cut);
  const smtpc_transaction before = mem.session.tx;
  feed_text(&mem, r->line, cut);
  feed_text(&mem, "\r\n", cut);
  const smtpc_transaction after = mem.session.tx;
  feed_text(&mem, "NOOP\r\n", cut);
  test_label("%s, cut %zu", r->line, cut);
  test_octets(mem.trace.data, mem.trace.len, want->data, want->len);
  if (r->finding != NULL) {
    test_octets(&after, sizeof after, &before, sizeof before);
  }
  smtpc_mem_server_free(&mem);
}

void dialogue_lines(const smtpc_server_policy *policy,
                    const dialogue_scene *scene, const dialogue_line *rows,
                    size_t count) {
  for (size_t i = 0u; i < count; i++) {
    smtpc_octets want = {NULL, 0u, 0u};
    want_line(&want, policy, scene, &rows[i]);
    for (size_t cut = 0u; cut <= TEST_CUT_MAX; cut++) {
      run_line(policy, scene, &rows[i], &want, cut);
    }
    smtpc_octets_free(&want);
  }
}

char *dialogue_filled(const char *head, char fill, size_t count,
                      const char *tail) {
  const size_t head_len = strlen(head);
  const size_t tail_len = strlen(tail);
  char *text = malloc(head_len + count + tail_len + 1u);
  assert_non_null(text);
  memcpy(text, head, head_len);
  memset(text + head_len, fill, count);
  memcpy(text + head_len + count, tail, tail_len + 1u);
  return text;
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
