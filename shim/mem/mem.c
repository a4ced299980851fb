#include "shim/mem/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ------------------------------------------------------------------ octets

void smtpc_octets_add(smtpc_octets *octets, const void *data, size_t len) {
  if (len == 0u) {
    return;
  }
  if (octets->cap - octets->len < len) {
    const size_t cap = (octets->len + len) * 2u + 64u;
    uint8_t *grown = realloc(octets->data, cap);
    if (grown == NULL) {
      abort();
    }
    octets->data = grown;
    octets->cap = cap;
  }
  memcpy(octets->data + octets->len, data, len);
  octets->len += len;
}

void smtpc_octets_print(smtpc_octets *octets, const char *format, ...) {
  char text[512];
  va_list args;
  va_start(args, format);
  const int len = vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (len < 0 || (size_t)len >= sizeof text) {
    abort();
  }
  smtpc_octets_add(octets, text, (size_t)len);
}

void smtpc_octets_clear(smtpc_octets *octets) {
  octets->len = 0u;
}

void smtpc_octets_free(smtpc_octets *octets) {
  free(octets->data);
  memset(octets, 0, sizeof *octets);
}

// Lines are printed with what is not printable as \xNN, so a trace is text.
static void trace_octets(smtpc_octets *trace, const uint8_t *data, size_t len) {
  for (size_t i = 0u; i < len; i++) {
    if (data[i] >= 0x20u && data[i] < 0x7fu) {
      smtpc_octets_add(trace, &data[i], 1u);
    } else {
      smtpc_octets_print(trace, "\\x%02x", data[i]);
    }
  }
}

static void trace_line(smtpc_octets *trace, const char *who,
                       const uint8_t *data, size_t len) {
  smtpc_octets_print(trace, "%s: ", who);
  trace_octets(trace, data, len);
  smtpc_octets_print(trace, "\n");
}

static void trace_sent(smtpc_octets *trace, const char *who,
                       const uint8_t *data, size_t len, int secret) {
  static const uint8_t hidden[] = "(secret)";
  const size_t end = len >= 2u && data[len - 2u] == '\r' ? len - 2u : len;
  if (secret != 0) {
    trace_line(trace, who, hidden, sizeof hidden - 1u);
  } else {
    trace_line(trace, who, data, end);
  }
}

static void trace_close(smtpc_octets *trace, const smtpc_action *act) {
  smtpc_octets_print(trace, ". close %s", smtpc_end_name(act->end_reason));
  if (act->finding != SMTPC_FINDING_NONE) {
    smtpc_octets_print(trace, " %s", smtpc_finding_get(act->finding).name);
  }
  if (act->device != SMTPC_DEVICE_NONE) {
    smtpc_octets_print(trace, " [%s]", smtpc_device_get(act->device).text);
  }
  smtpc_octets_print(trace, "\n");
}

static void must_hold(smtpc_status status, const char *what) {
  if (status != SMTPC_OK) {
    fprintf(stderr, "shim/mem: %s: %s\n", what, smtpc_status_name(status));
    abort();
  }
}

static void count_step(size_t *steps, size_t limit) {
  (*steps)++;
  if (*steps > limit) {
    fprintf(stderr, "shim/mem: no progress after %zu steps\n", *steps);
    abort();
  }
}

// ------------------------------------------------------------------ server

static int begins(const smtpc_mem_server *mem, const char *word) {
  const smtpc_span local = mem->session.command.path.local;
  const size_t len = strlen(word);
  return smtpc_span_len(local) >= len &&
         memcmp(mem->session.line.data + local.begin, word, len) == 0;
}

static smtpc_answer answer_path(const smtpc_mem_server *mem) {
  if (begins(mem, "later")) {
    return SMTPC_ANSWER_NOT_NOW;
  }
  if (begins(mem, "full")) {
    return SMTPC_ANSWER_FULL;
  }
  if (begins(mem, "relay")) {
    return SMTPC_ANSWER_RELAY;
  }
  return begins(mem, "no") ? SMTPC_ANSWER_NO : SMTPC_ANSWER_YES;
}

static smtpc_answer answer_credentials(const smtpc_mem_server *mem,
                                       const smtpc_action *act) {
  static const uint8_t zero[SMTPC_DIGEST_MAX] = {0};
  const smtpc_sasl *sasl = &mem->session.sasl;
  const uint8_t *secret = smtpc_server_octets(&mem->session, act, NULL);
  const size_t len = act->end - act->begin;
  const int name = sasl->name_len == 4u && memcmp(sasl->name, "user", 4u) == 0;
  int right = 0;
  if (act->mechanism == SMTPC_MECHANISM_EXTERNAL) {
    right = 1;
  } else if (smtpc_sasl_digest_len(act->mechanism) > 0u) {
    right = len == smtpc_sasl_digest_len(act->mechanism) &&
            memcmp(secret, zero, len) == 0;
  } else {
    right = len == 6u && memcmp(secret, "secret", 6u) == 0;
  }
  return name != 0 && right != 0 ? SMTPC_ANSWER_YES : SMTPC_ANSWER_NO;
}

static smtpc_answer answer_server(const smtpc_mem_server *mem,
                                  const smtpc_action *act) {
  if (mem->answer != NULL) {
    return mem->answer(mem->answer_user, mem, act);
  }
  if (act->kind == SMTPC_DO_ASK_CREDENTIALS) {
    return answer_credentials(mem, act);
  }
  return act->kind == SMTPC_DO_ASK_MESSAGE || act->kind == SMTPC_DO_ASK_PEER
             ? SMTPC_ANSWER_YES
             : answer_path(mem);
}

static smtpc_input verdict(smtpc_answer answer) {
  smtpc_input input = smtpc_input_make(SMTPC_IN_VERDICT);
  input.answer = (uint8_t)answer;
  return input;
}

// SCRAM's signature of a server is all zero, as its proofs are.
static smtpc_input verdict_on_credentials(const smtpc_mem_server *mem,
                                          const smtpc_action *act) {
  static const uint8_t zero[SMTPC_DIGEST_MAX] = {0};
  smtpc_input input = verdict(answer_server(mem, act));
  const size_t len = smtpc_sasl_digest_len(act->mechanism);
  if (input.answer == SMTPC_ANSWER_YES && len > SMTPC_MD5_LEN) {
    input.data = zero;
    input.len = len;
  }
  return input;
}

static smtpc_input made_up(unsigned kind, const uint8_t *data, size_t len) {
  smtpc_input input = smtpc_input_make(kind);
  input.data = data;
  input.len = len;
  return input;
}

static const uint8_t some_nonce[SMTPC_NONCE_LEN] = {
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

static void trace_taken(smtpc_mem_server *mem, const smtpc_action *act) {
  static const uint8_t hidden[] = "(secret)";
  static const uint8_t malformed[] = "(malformed)";
  if (act->took_line == 0u) {
    return;
  }
  if (act->took_secret != 0u) {
    trace_line(&mem->trace, "C", hidden, sizeof hidden - 1u);
  } else if (mem->session.line.error != 0u) {
    trace_line(&mem->trace, "C", malformed, sizeof malformed - 1u);
  } else {
    trace_line(&mem->trace, "C", mem->session.line.data, mem->session.line.len);
  }
}

static void server_send(smtpc_mem_server *mem, const smtpc_action *act,
                        const smtpc_input *in) {
  const uint8_t *data = smtpc_server_octets(&mem->session, act, in);
  const size_t len = act->end - act->begin;
  smtpc_octets_add(&mem->out, data, len);
  if (act->channel == SMTPC_CHANNEL_PLAIN) {
    mem->out_clear = mem->out.len;
  }
  if (mem->quiet == 0) {
    trace_sent(&mem->trace, "S", data, len, act->secret);
  }
}

static smtpc_input store_message(smtpc_mem_server *mem,
                                 const smtpc_action *act) {
  const smtpc_answer answer = answer_server(mem, act);
  if (mem->quiet == 0) {
    smtpc_octets_print(&mem->trace, "M: %zu octets, %s\n", mem->content.len,
                       answer == SMTPC_ANSWER_YES ? "stored" : "not stored");
  }
  if (answer == SMTPC_ANSWER_YES) {
    smtpc_octets_add(&mem->stored, mem->content.data, mem->content.len);
    mem->stored_count++;
  }
  // LMTP asks for each recipient of the one message.
  if (mem->policy.lmtp == 0u ||
      act->number + 1u >= mem->session.tx.rcpt_count) {
    smtpc_octets_clear(&mem->content);
  }
  return verdict(answer);
}

// Does one action. Returns the input that answers it, NONE when there is none.
static smtpc_input server_do(smtpc_mem_server *mem, const smtpc_action *act,
                             const smtpc_input *in) {
  smtpc_input reply = smtpc_input_make(SMTPC_IN_NONE);
  switch ((smtpc_do)act->kind) {
    case SMTPC_DO_SEND:
      server_send(mem, act, in);
      break;
    case SMTPC_DO_START_TLS:
      mem->where = SMTPC_MEM_HANDSHAKE;
      break;
    case SMTPC_DO_REPORT:
      smtpc_octets_print(&mem->trace, "! %s @%llu\n",
                         smtpc_finding_get(act->finding).name,
                         (unsigned long long)act->pos);
      break;
    case SMTPC_DO_CLOSE:
      mem->where = SMTPC_MEM_CLOSED;
      mem->last = *act;
      trace_close(&mem->trace, act);
      break;
    case SMTPC_DO_CONTENT:
      smtpc_octets_add(&mem->content,
                       smtpc_server_octets(&mem->session, act, in),
                       act->end - act->begin);
      break;
    case SMTPC_DO_DROP_MESSAGE:
      smtpc_octets_clear(&mem->content);
      smtpc_octets_print(&mem->trace, "M: dropped\n");
      break;
    case SMTPC_DO_ASK_MESSAGE:
      return store_message(mem, act);
    case SMTPC_DO_ASK_SENDER:
    case SMTPC_DO_ASK_RECIPIENT:
    case SMTPC_DO_ASK_PEER:
      return verdict(answer_server(mem, act));
    case SMTPC_DO_ASK_CREDENTIALS:
      return verdict_on_credentials(mem, act);
    case SMTPC_DO_ASK_NONCE:
      return made_up(SMTPC_IN_NONCE, some_nonce, sizeof some_nonce);
    case SMTPC_DO_ASK_BINDING:
      return made_up(SMTPC_IN_BINDING, mem->binding, sizeof mem->binding);
    case SMTPC_DO_ASK_SALT:
      reply = made_up(SMTPC_IN_SALT, some_nonce, sizeof some_nonce);
      reply.number = SMTPC_ITERATIONS_MIN;
      break;
    case SMTPC_DO_NOTHING:
    case SMTPC_DO_NEED_INPUT:
      break;
    case SMTPC_DO_ASK_PASSWORD:
    case SMTPC_DO_ASK_DIGEST:
    case SMTPC_DO_ASK_ENVELOPE:
    case SMTPC_DO_ASK_NEXT_RECIPIENT:
    case SMTPC_DO_ASK_CONTENT:
    case SMTPC_DO_RECIPIENT_DONE:
    case SMTPC_DO_DELIVERY_DONE:
    case SMTPC_DO_MESSAGE_DONE:
    case SMTPC_DO_COUNT:
      must_hold(SMTPC_E_INTERNAL, "a server asked what only a client asks");
      break;
  }
  return reply;
}

// One step and its action. Returns how many octets it took; `*next` is its answer.
static size_t server_step(smtpc_mem_server *mem, const smtpc_input *in,
                          smtpc_input *next, unsigned *kind) {
  smtpc_action act;
  size_t used = 0u;
  must_hold(smtpc_server_step(&mem->policy, &mem->session, in, &used, &act),
            "server step");
  must_hold(smtpc_server_check(&mem->session), "server check");
  if (mem->quiet == 0) {
    trace_taken(mem, &act);
  }
  *next = server_do(mem, &act, in);
  *kind = act.kind;
  return used;
}

static size_t server_run(smtpc_mem_server *mem, smtpc_input in) {
  const size_t limit = mem->steps + (in.len + 1u) * SMTPC_MEM_STEPS_PER_OCTET;
  smtpc_input next = smtpc_input_make(SMTPC_IN_NONE);
  size_t taken = 0u;
  unsigned kind = SMTPC_DO_NOTHING;
  const int octets = in.kind == SMTPC_IN_OCTETS;
  do {
    count_step(&mem->steps, limit);
    const size_t used = server_step(mem, &in, &next, &kind);
    taken += used;
    in.data = octets != 0 ? in.data + used : in.data;
    in.len -= octets != 0 ? used : 0u;
    // An answer is one input of its own; the octets come back after it.
    while (next.kind != SMTPC_IN_NONE) {
      const smtpc_input answer = next;
      count_step(&mem->steps, limit);
      (void)server_step(mem, &answer, &next, &kind);
    }
    if (octets == 0) {
      in = smtpc_input_make(SMTPC_IN_NONE);
    }
  } while (mem->where == SMTPC_MEM_INPUT &&
           (kind != SMTPC_DO_NEED_INPUT || (octets != 0 && in.len > 0u)));
  return taken;
}

void smtpc_mem_server_begin(smtpc_mem_server *mem,
                            const smtpc_server_policy *policy) {
  const smtpc_mem_answer_fn answer = mem->answer;
  void *const user = mem->answer_user;
  const int quiet = mem->quiet;
  memset(mem, 0, sizeof *mem);
  mem->answer = answer;
  mem->answer_user = user;
  mem->quiet = quiet;
  mem->policy = *policy;
  must_hold(smtpc_server_policy_check(policy), "server policy");
  smtpc_server_init(&mem->session, policy);
  (void)server_run(mem, smtpc_input_make(SMTPC_IN_NONE));
}

size_t smtpc_mem_server_feed(smtpc_mem_server *mem, unsigned channel,
                             const void *data, size_t len, size_t cut) {
  const uint8_t *octets = data;
  size_t taken = 0u;
  while (taken < len && mem->where == SMTPC_MEM_INPUT) {
    const size_t left = len - taken;
    const size_t piece = cut == 0u || cut > left ? left : cut;
    // An exact-size copy of each piece: a read past it is seen by a sanitizer.
    uint8_t *copy = malloc(piece);
    if (copy == NULL) {
      abort();
    }
    memcpy(copy, octets + taken, piece);
    const size_t used =
        server_run(mem, smtpc_input_octets(channel, copy, piece));
    free(copy);
    taken += used;
    if (used < piece) {
      break;
    }
  }
  return taken;
}

void smtpc_mem_server_give(smtpc_mem_server *mem, const smtpc_input *input) {
  if (mem->where != SMTPC_MEM_CLOSED) {
    mem->where = SMTPC_MEM_INPUT;
    (void)server_run(mem, *input);
  }
}

void smtpc_mem_server_tls_up(smtpc_mem_server *mem, unsigned version) {
  smtpc_input input = smtpc_input_make(SMTPC_IN_TLS_UP);
  input.tls.version = (uint16_t)version;
  smtpc_octets_print(&mem->trace, "= tls\n");
  smtpc_mem_server_give(mem, &input);
}

void smtpc_mem_server_free(smtpc_mem_server *mem) {
  smtpc_octets_free(&mem->out);
  smtpc_octets_free(&mem->content);
  smtpc_octets_free(&mem->stored);
  smtpc_octets_free(&mem->trace);
}

// ------------------------------------------------------------------ client

static const smtpc_mem_message *message_at_hand(const smtpc_mem_client *mem) {
  return &mem->messages[mem->message_next - 1u];
}

static smtpc_input next_envelope(smtpc_mem_client *mem) {
  smtpc_input input = smtpc_input_make(SMTPC_IN_END);
  if (mem->message_next < mem->message_count) {
    input.kind = SMTPC_IN_ENVELOPE;
    input.envelope = &mem->messages[mem->message_next].envelope;
    mem->message_next++;
    mem->recipient_next = 0u;
    mem->content_next = 0u;
  }
  return input;
}

static smtpc_input next_recipient(smtpc_mem_client *mem) {
  const smtpc_mem_message *message = message_at_hand(mem);
  smtpc_input input = smtpc_input_make(SMTPC_IN_END);
  if (mem->recipient_next < message->recipient_count) {
    input.kind = SMTPC_IN_RECIPIENT;
    input.envelope = &message->recipients[mem->recipient_next];
    mem->recipient_next++;
  }
  return input;
}

static smtpc_input next_content(smtpc_mem_client *mem) {
  const smtpc_mem_message *message = message_at_hand(mem);
  const size_t left = message->content_len - mem->content_next;
  const size_t cut = message->content_cut;
  smtpc_input input = smtpc_input_make(SMTPC_IN_END);
  if (left > 0u) {
    input.kind = SMTPC_IN_CONTENT;
    input.len = cut == 0u || cut > left ? left : cut;
    input.data = message->content + mem->content_next;
    mem->content_next += input.len;
  }
  return input;
}

static smtpc_input credentials(const smtpc_mem_client *mem) {
  smtpc_input input = smtpc_input_make(SMTPC_IN_CREDENTIALS);
  if (mem->name != NULL) {
    input.data = (const uint8_t *)mem->name;
    input.len = strlen(mem->name);
    input.secret = (const uint8_t *)mem->password;
    input.secret_len = strlen(mem->password);
  }
  return input;
}

static smtpc_input digest(const smtpc_mem_client *mem) {
  smtpc_input input = credentials(mem);
  input.kind = SMTPC_IN_DIGEST;
  const size_t len = smtpc_sasl_digest_len(mem->session.sasl.mechanism);
  input.secret = mem->digest;
  input.secret_len = len > SMTPC_MD5_LEN ? 2u * len : len;
  return input;
}

static void client_send(smtpc_mem_client *mem, const smtpc_action *act,
                        const smtpc_input *in) {
  const uint8_t *data = smtpc_client_octets(&mem->session, act, in);
  const size_t len = act->end - act->begin;
  smtpc_octets_add(&mem->out, data, len);
  if (act->channel == SMTPC_CHANNEL_PLAIN) {
    mem->out_clear = mem->out.len;
  }
  if (act->source != SMTPC_SOURCE_INPUT) {
    trace_sent(&mem->trace, "C", data, len, act->secret);
  }
}

static void client_do(smtpc_mem_client *mem, const smtpc_action *act,
                      const smtpc_input *in) {
  switch ((smtpc_do)act->kind) {
    case SMTPC_DO_SEND:
      client_send(mem, act, in);
      break;
    case SMTPC_DO_START_TLS:
      mem->where = SMTPC_MEM_HANDSHAKE;
      break;
    case SMTPC_DO_REPORT:
      smtpc_octets_print(&mem->trace, "! %s @%llu\n",
                         smtpc_finding_get(act->finding).name,
                         (unsigned long long)act->pos);
      break;
    case SMTPC_DO_CLOSE:
      mem->where = SMTPC_MEM_CLOSED;
      mem->last = *act;
      trace_close(&mem->trace, act);
      break;
    case SMTPC_DO_RECIPIENT_DONE:
      smtpc_octets_print(&mem->trace, "R: %u %u\n", act->number, act->code);
      break;
    case SMTPC_DO_DELIVERY_DONE:
      smtpc_octets_print(&mem->trace, "D: %u %u\n", act->number, act->code);
      break;
    case SMTPC_DO_MESSAGE_DONE:
      smtpc_octets_print(&mem->trace, "M: %u\n", act->code);
      mem->last_code = act->code;
      mem->done_count += act->code / 100u == 2u ? 1u : 0u;
      break;
    case SMTPC_DO_ASK_ENVELOPE:
    case SMTPC_DO_ASK_NEXT_RECIPIENT:
    case SMTPC_DO_ASK_CONTENT:
    case SMTPC_DO_ASK_PASSWORD:
    case SMTPC_DO_ASK_DIGEST:
    case SMTPC_DO_ASK_NONCE:
    case SMTPC_DO_ASK_BINDING:
    case SMTPC_DO_NOTHING:
    case SMTPC_DO_NEED_INPUT:
      break;
    case SMTPC_DO_ASK_SENDER:
    case SMTPC_DO_ASK_RECIPIENT:
    case SMTPC_DO_ASK_PEER:
    case SMTPC_DO_ASK_CREDENTIALS:
    case SMTPC_DO_ASK_SALT:
    case SMTPC_DO_ASK_MESSAGE:
    case SMTPC_DO_CONTENT:
    case SMTPC_DO_DROP_MESSAGE:
    case SMTPC_DO_COUNT:
      must_hold(SMTPC_E_INTERNAL, "a client asked what only a server asks");
      break;
  }
}

// The answer to an ASK_ action; NONE to any other. It is made only when it is
// given: octets that come first may make the question void.
static smtpc_input answer_client(smtpc_mem_client *mem, unsigned kind) {
  switch (kind) {
    case SMTPC_DO_ASK_ENVELOPE:
      return next_envelope(mem);
    case SMTPC_DO_ASK_NEXT_RECIPIENT:
      return next_recipient(mem);
    case SMTPC_DO_ASK_CONTENT:
      return next_content(mem);
    case SMTPC_DO_ASK_PASSWORD:
      return credentials(mem);
    case SMTPC_DO_ASK_DIGEST:
      return digest(mem);
    case SMTPC_DO_ASK_NONCE:
      return made_up(SMTPC_IN_NONCE, some_nonce, sizeof some_nonce);
    case SMTPC_DO_ASK_BINDING:
      return made_up(SMTPC_IN_BINDING, mem->binding, sizeof mem->binding);
    default:
      return smtpc_input_make(SMTPC_IN_NONE);
  }
}

static size_t client_step(smtpc_mem_client *mem, const smtpc_input *in,
                          unsigned *kind) {
  smtpc_action act;
  size_t used = 0u;
  must_hold(smtpc_client_step(&mem->policy, &mem->session, in, &used, &act),
            "client step");
  must_hold(smtpc_client_check(&mem->session), "client check");
  client_do(mem, &act, in);
  *kind = act.kind;
  return used;
}

// Gives one answer, content as often as it takes until all of it is taken.
static void client_answer(smtpc_mem_client *mem, smtpc_input answer,
                          unsigned *kind, size_t limit) {
  do {
    count_step(&mem->steps, limit);
    const size_t used = client_step(mem, &answer, kind);
    if (answer.kind == SMTPC_IN_CONTENT) {
      answer.data += used;
      answer.len -= used;
    }
  } while (answer.kind == SMTPC_IN_CONTENT && answer.len > 0u &&
           mem->where == SMTPC_MEM_INPUT);
}

static size_t client_limit(const smtpc_mem_client *mem, size_t octets) {
  size_t work = octets + 1u;
  for (size_t i = 0u; i < mem->message_count; i++) {
    work += mem->messages[i].content_len + mem->messages[i].recipient_count;
  }
  return mem->steps + work * SMTPC_MEM_STEPS_PER_OCTET;
}

static size_t client_run(smtpc_mem_client *mem, smtpc_input in) {
  const size_t limit = client_limit(mem, in.len);
  const int octets = in.kind == SMTPC_IN_OCTETS;
  size_t taken = 0u;
  unsigned kind = SMTPC_DO_NOTHING;
  do {
    count_step(&mem->steps, limit);
    const size_t used = client_step(mem, &in, &kind);
    taken += used;
    if (octets != 0) {
      in.data += used;
      in.len -= used;
    } else {
      in = smtpc_input_make(SMTPC_IN_NONE);
    }
    smtpc_input answer = smtpc_input_make(SMTPC_IN_NONE);
    while (in.len == 0u && mem->where == SMTPC_MEM_INPUT) {
      answer = answer_client(mem, kind);
      if (answer.kind == SMTPC_IN_NONE) {
        break;
      }
      client_answer(mem, answer, &kind, limit);
    }
  } while (mem->where == SMTPC_MEM_INPUT &&
           (kind != SMTPC_DO_NEED_INPUT || in.len > 0u));
  return taken;
}

void smtpc_mem_client_begin(smtpc_mem_client *mem,
                            const smtpc_client_policy *policy,
                            const smtpc_mem_message *messages,
                            size_t message_count) {
  const char *const name = mem->name;
  const char *const password = mem->password;
  memset(mem, 0, sizeof *mem);
  mem->name = name;
  mem->password = password;
  mem->policy = *policy;
  mem->messages = messages;
  mem->message_count = message_count;
  must_hold(smtpc_client_policy_check(policy), "client policy");
  smtpc_client_init(&mem->session, policy);
  (void)client_run(mem, smtpc_input_make(SMTPC_IN_NONE));
}

size_t smtpc_mem_client_feed(smtpc_mem_client *mem, unsigned channel,
                             const void *data, size_t len, size_t cut) {
  const uint8_t *octets = data;
  size_t taken = 0u;
  while (taken < len && mem->where == SMTPC_MEM_INPUT) {
    const size_t left = len - taken;
    const size_t piece = cut == 0u || cut > left ? left : cut;
    uint8_t *copy = malloc(piece);
    if (copy == NULL) {
      abort();
    }
    memcpy(copy, octets + taken, piece);
    const size_t used =
        client_run(mem, smtpc_input_octets(channel, copy, piece));
    free(copy);
    taken += used;
    if (used < piece) {
      break;
    }
  }
  return taken;
}

void smtpc_mem_client_give(smtpc_mem_client *mem, const smtpc_input *input) {
  if (mem->where != SMTPC_MEM_CLOSED) {
    mem->where = SMTPC_MEM_INPUT;
    (void)client_run(mem, *input);
  }
}

void smtpc_mem_client_tls_up(smtpc_mem_client *mem, unsigned version,
                             int verified) {
  smtpc_input input = smtpc_input_make(SMTPC_IN_TLS_UP);
  input.tls.version = (uint16_t)version;
  input.tls.chain_ok = verified != 0 ? 1u : 0u;
  input.tls.name_ok = input.tls.chain_ok;
  smtpc_octets_print(&mem->trace, "= tls\n");
  smtpc_mem_client_give(mem, &input);
}

void smtpc_mem_client_free(smtpc_mem_client *mem) {
  smtpc_octets_free(&mem->out);
  smtpc_octets_free(&mem->trace);
}

// -------------------------------------------------------------------- pair

static void transcribe(smtpc_octets *transcript, const char *who,
                       const uint8_t *data, size_t len) {
  size_t begin = 0u;
  if (transcript == NULL) {
    return;
  }
  for (size_t i = 0u; i < len; i++) {
    if (data[i] == '\n') {
      const size_t end = i > begin && data[i - 1u] == '\r' ? i - 1u : i;
      trace_line(transcript, who, data + begin, end - begin);
      begin = i + 1u;
    }
  }
  if (begin < len) {
    trace_line(transcript, who, data + begin, len - begin);
  }
}

// What one side has sent since `*from`, to the other. True: something was said.
static int carry_to_client(smtpc_mem_client *client, smtpc_mem_server *server,
                           size_t *from, size_t cut, smtpc_octets *text) {
  const size_t len = server->out.len - *from;
  if (len == 0u) {
    return 0;
  }
  const uint8_t *data = server->out.data + *from;
  const unsigned channel =
      *from >= server->out_clear ? SMTPC_CHANNEL_TLS : SMTPC_CHANNEL_PLAIN;
  *from = server->out.len;
  transcribe(text, "S", data, len);
  (void)smtpc_mem_client_feed(client, channel, data, len, cut);
  return 1;
}

static int carry_to_server(smtpc_mem_client *client, smtpc_mem_server *server,
                           size_t *from, size_t cut, smtpc_octets *text) {
  const size_t len = client->out.len - *from;
  if (len == 0u) {
    return 0;
  }
  const uint8_t *data = client->out.data + *from;
  const unsigned channel =
      *from >= client->out_clear ? SMTPC_CHANNEL_TLS : SMTPC_CHANNEL_PLAIN;
  *from = client->out.len;
  transcribe(text, "C", data, len);
  (void)smtpc_mem_server_feed(server, channel, data, len, cut);
  return 1;
}

size_t smtpc_mem_converse(smtpc_mem_client *client, smtpc_mem_server *server,
                          size_t cut, smtpc_octets *transcript) {
  size_t server_from = 0u;
  size_t client_from = 0u;
  size_t turns = 0u;
  int said = 1;
  while (said != 0) {
    said = carry_to_client(client, server, &server_from, cut, transcript);
    said |= carry_to_server(client, server, &client_from, cut, transcript);
    if (said == 0 && client->where == SMTPC_MEM_HANDSHAKE &&
        server->where == SMTPC_MEM_HANDSHAKE) {
      if (transcript != NULL) {
        smtpc_octets_print(transcript, "(TLS)\n");
      }
      smtpc_mem_server_tls_up(server, SMTPC_TLS_1_3);
      smtpc_mem_client_tls_up(client, SMTPC_TLS_1_3, 1);
      said = 1;
    }
    turns++;
  }
  return turns;
}
