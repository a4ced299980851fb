#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/harness/choice.h"
#include "fuzz/harness/watch.h"
#include "fuzz/harness/world.h"
#include "fuzz/harness/world_client_parts.h"

// ------------------------------------------------------------------- trace

// Read once: what it says holds for the life of the process.
static int is_traced(void) {
  static int traced = -1;
  if (traced < 0) {
    const char *value = getenv("SMTPCORE_FUZZ_TRACE");
    traced = value != NULL && strcmp(value, "1") == 0 ? 1 : 0;
  }
  return traced;
}

static void print_octets(const char *who, const uint8_t *data, size_t len) {
  fprintf(stderr, "%s: ", who);
  for (size_t i = 0u; i < len; i++) {
    if (data[i] >= 0x20u && data[i] < 0x7fu) {
      fputc(data[i], stderr);
    } else {
      fprintf(stderr, "\\x%02x", data[i]);
    }
  }
  fputc('\n', stderr);
}

static void trace_action(const smtpc_action *act, const uint8_t *data) {
  switch ((int)act->kind) {
    case SMTPC_DO_SEND:
      print_octets("C", data, act->end - act->begin);
      break;
    case SMTPC_DO_REPORT:
      fprintf(stderr, "! %s @%llu\n", smtpc_finding_get(act->finding).name,
              (unsigned long long)act->pos);
      break;
    case SMTPC_DO_RECIPIENT_DONE:
      fprintf(stderr, "R: %u %u\n", act->number, act->code);
      break;
    case SMTPC_DO_DELIVERY_DONE:
      fprintf(stderr, "D: %u %u\n", act->number, act->code);
      break;
    case SMTPC_DO_MESSAGE_DONE:
      fprintf(stderr, "M: %u\n", act->code);
      break;
    case SMTPC_DO_CLOSE:
      fprintf(stderr, ". close %s %s [%s]\n", smtpc_end_name(act->end_reason),
              smtpc_finding_get(act->finding).name,
              smtpc_device_get(act->device).text);
      break;
    default:
      fprintf(stderr, "? %s\n", smtpc_do_name(act->kind));
      break;
  }
}

static void trace_input(const smtpc_input *in) {
  if (in->kind == SMTPC_IN_OCTETS) {
    print_octets("S", in->data, in->len);
  } else if (in->kind != SMTPC_IN_NONE) {
    fprintf(stderr, "= %s\n", smtpc_in_name(in->kind));
  }
}

// ------------------------------------------------------------------- events

static int is_question(unsigned kind) {
  switch (kind) {
    case SMTPC_DO_ASK_ENVELOPE:
    case SMTPC_DO_ASK_NEXT_RECIPIENT:
    case SMTPC_DO_ASK_CONTENT:
    case SMTPC_DO_ASK_PASSWORD:
    case SMTPC_DO_ASK_DIGEST:
    case SMTPC_DO_ASK_NONCE:
    case SMTPC_DO_ASK_BINDING:
      return 1;
    default:
      return 0;
  }
}

// After such an action the session has nothing more to do by itself.
static int is_rest(unsigned kind) {
  return kind == SMTPC_DO_NEED_INPUT || kind == SMTPC_DO_START_TLS ||
         kind == SMTPC_DO_CLOSE || kind == SMTPC_DO_NOTHING ||
         is_question(kind);
}

static void hash_number(world_client *w, uint64_t number) {
  w->hash = fuzz_hash_number(w->hash, number);
}

// What is reported with a code.
static void hash_report(world_client *w, const smtpc_action *act) {
  const uint64_t enhanced = ((uint64_t)act->enhanced_class << 32u) |
                            ((uint64_t)act->enhanced_subject << 16u) |
                            act->enhanced_detail;
  hash_number(w, ((uint64_t)act->code << 32u) | act->number);
  hash_number(w, enhanced);
}

static void do_send(world_client *w, const smtpc_action *act,
                    const uint8_t *data) {
  const size_t len = act->end - act->begin;
  FUZZ_MUST(BOUNDS, data != NULL && act->end > act->begin, "SEND of nothing");
  // Runs of content follow the pieces that it came in: their sum is what counts.
  w->hash = fuzz_hash(w->hash ^ act->channel, data, len);
  if (w->light == 0u) {
    smtpc_octets_add(&w->out, data, len);
    if (act->channel == SMTPC_CHANNEL_PLAIN) {
      w->out_clear = w->out.len;
    }
    wc_sent(w, act, data, len);
    w->just_said = act->source == SMTPC_SOURCE_LINE ? 1u : 0u;
    if (w->reset_due != 0u) {
      w->reset_due = 0u;
      wc_law_reset(w);
    }
  }
}

static void do_message_done(world_client *w, const smtpc_action *act) {
  if (act->code / 100u == 2u) {
    w->delivered_count++;
    smtpc_octets_add(&w->delivered, w->handed.data, w->handed.len);
  }
}

static void do_action(world_client *w, const smtpc_action *act,
                      const smtpc_input *in) {
  const unsigned kind = act->kind;
  const uint8_t *data = NULL;
  if (kind == SMTPC_DO_SEND) {
    data = smtpc_client_octets(&w->session, act, in);
    do_send(w, act, data);
  } else if (!is_question(kind) && kind != SMTPC_DO_NEED_INPUT) {
    hash_number(w, kind);
    hash_report(w, act);
  }
  if (kind == SMTPC_DO_REPORT) {
    hash_number(
        w, (act->pos << 8u) ^ ((uint64_t)act->channel << 7u) ^ act->finding);
    FUZZ_MUST(INVARIANT, act->finding < SMTPC_FINDING_COUNT, "no such finding");
    w->found[act->finding / 32u] |= 1u << (act->finding % 32u);
  } else if (kind == SMTPC_DO_MESSAGE_DONE) {
    do_message_done(w, act);
  } else if (kind == SMTPC_DO_START_TLS) {
    w->where = SMTPC_MEM_HANDSHAKE;
  } else if (kind == SMTPC_DO_CLOSE) {
    hash_number(w, ((uint64_t)act->end_reason << 16u) |
                       ((uint64_t)act->finding << 8u) | act->device);
    w->where = SMTPC_MEM_CLOSED;
  }
  if (is_traced()) {
    trace_action(act, data);
  }
  const fuzz_watched watched = {in, act, data, w->slot, 1u};
  fuzz_watch_tell(&watched);
  if (w->light == 0u && kind != SMTPC_DO_SEND) {
    wc_law_action(w, act);
  }
  if (kind == SMTPC_DO_NEED_INPUT && w->just_said != 0u) {
    FUZZ_MUST(SECRET, w->session.line.len == 0u,
              "a line of an exchange is kept after it was sent");
    w->just_said = 0u;
  }
  w->asked = (uint8_t)(is_question(kind) ? kind : w->asked);
}

// ------------------------------------------------------------------- steps

// Gives one input and does what comes out. It returns the action's kind; NEED_INPUT
// when the session waits for an answer and has nothing else to do.
static unsigned step(world_client *w, const smtpc_input *in, size_t *used) {
  smtpc_action act;
  const int idle = in->len == 0u &&
                   (in->kind == SMTPC_IN_NONE || in->kind == SMTPC_IN_OCTETS);
  const int carries =
      in->kind == SMTPC_IN_OCTETS || in->kind == SMTPC_IN_CONTENT;
  if (w->light == 0u) {
    wc_before(w, in);
  }
  if (in->kind == SMTPC_IN_OCTETS && in->len > 0u) {
    w->just_said = 0u;
  }
  const smtpc_status status =
      smtpc_client_step(&w->policy, &w->session, in, used, &act);
  w->steps++;
  FUZZ_MUST(BOUNDS, w->steps <= w->steps_max, "no progress after %zu steps",
            w->steps);
  FUZZ_MUST(BOUNDS, *used <= (carries ? in->len : 0u),
            "%zu octets taken of %zu", *used, in->len);
  FUZZ_MUST(INVARIANT, smtpc_client_check(&w->session) == SMTPC_OK,
            "the session's own check, phase %u", w->session.phase);
  if (status == SMTPC_E_PENDING && idle && is_question(w->session.wait)) {
    FUZZ_MUST(MISUSE, act.kind == SMTPC_DO_NOTHING, "misuse has an action");
    return SMTPC_DO_NEED_INPUT;
  }
  FUZZ_MUST(MISUSE, status == SMTPC_OK, "input %s is %s",
            smtpc_in_name(in->kind), smtpc_status_name(status));
  if (w->light == 0u && in->kind == SMTPC_IN_OCTETS && in->len > 0u) {
    wc_heard(w, in->data, *used, in->len - *used);
  }
  if (in->kind == SMTPC_IN_CONTENT && *used > 0u) {
    smtpc_octets_add(&w->handed, in->data, *used);
  }
  do_action(w, &act, in);
  return act.kind;
}

// Until the session has nothing more to do by itself.
static void run_on(world_client *w, unsigned kind) {
  const smtpc_input none = smtpc_input_make(SMTPC_IN_NONE);
  size_t used = 0u;
  unsigned last = kind;
  while (w->where == SMTPC_MEM_INPUT && !is_rest(last)) {
    last = step(w, &none, &used);
  }
}

static void run(world_client *w, const smtpc_input *in) {
  size_t used = 0u;
  w->steps_max += SMTPC_MEM_STEPS_PER_OCTET;
  if (is_traced()) {
    trace_input(in);
  }
  run_on(w, step(w, in, &used));
}

// Whether an answer is to come late, now.
static int is_late(world_client *w) {
  if (w->late_next == 0u || w->late_after > 0u) {
    w->late_after -= w->late_after > 0u ? 1u : 0u;
    return 0;
  }
  w->late_left = w->late_next;
  w->late_next = 0u;
  return 1;
}

// Gives content until it is taken or no longer wanted. The rest of it may come late.
static void run_content(world_client *w, const smtpc_input *content) {
  uint8_t *block = fuzz_block(content->data, content->len);
  smtpc_input in = *content;
  unsigned kind = SMTPC_DO_SEND;
  in.data = block;
  w->piece_len = in.len;
  w->steps_max += (in.len + 1u) * SMTPC_MEM_STEPS_PER_OCTET;
  do {
    size_t used = 0u;
    kind = step(w, &in, &used);
    in.data += used;
    in.len -= used;
  } while (in.len > 0u && w->where == SMTPC_MEM_INPUT &&
           w->session.wait == SMTPC_DO_ASK_CONTENT && !is_late(w));
  const size_t given = content->len - in.len;
  w->rest = content->data + given;
  w->rest_len = in.len;
  run_on(w, kind);
  fuzz_block_free(block, content->data, content->len);
}

static smtpc_input content_rest(const world_client *w) {
  smtpc_input in = smtpc_input_make(SMTPC_IN_CONTENT);
  in.data = w->rest;
  in.len = w->rest_len;
  return in;
}

static void answer_one(world_client *w, unsigned kind) {
  smtpc_input in;
  switch (kind) {
    case SMTPC_DO_ASK_ENVELOPE:
      in = wc_next_message(w);
      break;
    case SMTPC_DO_ASK_NEXT_RECIPIENT:
      in = wc_next_recipient(w);
      break;
    case SMTPC_DO_ASK_CONTENT:
      in = w->rest_len > 0u ? content_rest(w) : wc_next_content(w);
      break;
    default:
      in = wc_answer_auth(w, kind);
      break;
  }
  if (in.kind == SMTPC_IN_CONTENT) {
    run_content(w, &in);
  } else {
    run(w, &in);
  }
}

// Answers what the session asks, unless the answer is to come late.
static void answer(world_client *w) {
  if (w->late_left > 0u) {
    w->late_left--;
    if (w->late_left > 0u) {
      return;
    }
  }
  while (w->where == SMTPC_MEM_INPUT && is_question(w->session.wait)) {
    FUZZ_MUST(INVARIANT, w->session.wait == w->asked,
              "the session waits for %s and asked %s",
              smtpc_do_name(w->session.wait), smtpc_do_name(w->asked));
    if (w->late_left > 0u || is_late(w)) {
      return;
    }
    answer_one(w, w->session.wait);
  }
}

// ------------------------------------------------------------------- octets

static size_t give_piece(world_client *w, unsigned channel, const uint8_t *data,
                         size_t len) {
  smtpc_input in = smtpc_input_octets(channel, data, len);
  unsigned kind = SMTPC_DO_NEED_INPUT;
  w->steps_max += (len + 1u) * SMTPC_MEM_STEPS_PER_OCTET;
  if (is_traced()) {
    trace_input(&in);
  }
  do {
    size_t used = 0u;
    kind = step(w, &in, &used);
    in.data += used;
    in.len -= used;
  } while (w->where == SMTPC_MEM_INPUT && in.len > 0u);
  run_on(w, kind);
  return len - in.len;
}

// How long the next piece is. Other cuts than those asked for (law SPLIT) keep each cut
// that comes after a line's end, and make none there: what the session says between two
// pieces is its own.
static size_t piece_len(world_client *w, const uint8_t *data, size_t at,
                        size_t len, size_t cut) {
  size_t left = len - at;
  if (w->recut == 0u) {
    return cut == 0u || cut > left ? left : cut;
  }
  if (cut != 0u) {
    size_t kept = (at / cut + 1u) * cut;
    while (kept < len && data[kept - 1u] != '\n') {
      kept += cut;
    }
    left = kept < len ? kept - at : left;
  }
  w->recut = fuzz_hash_number(w->recut, at);
  size_t piece = 1u + (size_t)(w->recut % (47u + len / 16u));
  while (piece < left && data[at + piece - 1u] == '\n') {
    piece++;
  }
  return piece < left ? piece : left;
}

size_t world_client_feed(world_client *world, unsigned channel,
                         const uint8_t *data, size_t len, size_t cut) {
  size_t taken = 0u;
  while (taken < len && world->where != SMTPC_MEM_CLOSED) {
    const size_t piece = piece_len(world, data, taken, len, cut);
    uint8_t *block = fuzz_block(data + taken, piece);
    const smtpc_mem_where where = world->where;
    world->where = SMTPC_MEM_INPUT;
    const size_t used = give_piece(world, channel, block, piece);
    fuzz_block_free(block, data + taken, piece);
    FUZZ_MUST(FAILSTOP,
              where == SMTPC_MEM_INPUT || world->where == SMTPC_MEM_CLOSED,
              "octets in a handshake did not end the session");
    taken += used;
    if (used < piece || world->where != SMTPC_MEM_INPUT) {
      break;
    }
  }
  answer(world);
  return taken;
}

// ------------------------------------------------------------- other inputs

static int is_answer_in_turn(const world_client *w, const smtpc_input *in) {
  const unsigned wait = w->session.wait;
  const size_t one = smtpc_sasl_digest_len(w->session.sasl.mechanism);
  switch (in->kind) {
    case SMTPC_IN_ENVELOPE:
      return wait == SMTPC_DO_ASK_ENVELOPE && in->envelope != NULL;
    case SMTPC_IN_RECIPIENT:
      return wait == SMTPC_DO_ASK_NEXT_RECIPIENT && in->envelope != NULL;
    case SMTPC_IN_CONTENT:
      return wait == SMTPC_DO_ASK_CONTENT && in->len > 0u;
    case SMTPC_IN_CREDENTIALS:
      return wait == SMTPC_DO_ASK_PASSWORD;
    case SMTPC_IN_NONCE:
      return wait == SMTPC_DO_ASK_NONCE && in->len == SMTPC_NONCE_LEN;
    case SMTPC_IN_BINDING:
      return wait == SMTPC_DO_ASK_BINDING && in->len <= SMTPC_BINDING_MAX;
    case SMTPC_IN_DIGEST:
      return wait == SMTPC_DO_ASK_DIGEST &&
             in->secret_len == (one == SMTPC_MD5_LEN ? one : 2u * one);
    case SMTPC_IN_END:
      return wait == SMTPC_DO_ASK_ENVELOPE ||
             wait == SMTPC_DO_ASK_NEXT_RECIPIENT ||
             (wait == SMTPC_DO_ASK_CONTENT && w->session.chunk_left == 0u);
    default:
      return 0;
  }
}

static int is_in_turn(const world_client *w, const smtpc_input *in) {
  const int handshake = w->where == SMTPC_MEM_HANDSHAKE;
  switch (in->kind) {
    case SMTPC_IN_NONE:
    case SMTPC_IN_OCTETS:
      return !is_question(w->session.wait) && in->len == 0u;
    case SMTPC_IN_TLS_UP:
      return handshake;
    case SMTPC_IN_TLS_FAILED:
      return handshake || w->session.tls != 0u;
    case SMTPC_IN_END_OF_STREAM:
    case SMTPC_IN_DEADLINE:
    case SMTPC_IN_SHUTDOWN:
      return 1;
    default:
      return is_answer_in_turn(w, in);
  }
}

// TLS is up: what is compared with another session's begins here.
static void note_tls_up(world_client *w, const smtpc_input *in) {
  w->facts = in->tls;
  w->late_at_tls = w->late_next;
  w->late_after_at_tls = w->late_after;
  w->hash_clear = w->hash;
  w->hash = 0u;
}

void world_client_give(world_client *world, const smtpc_input *input) {
  if (world->where == SMTPC_MEM_CLOSED) {
    return;
  }
  if (!is_in_turn(world, input)) {
    if (world->light == 0u) {
      wc_law_misuse(world, input);
    }
    answer(world);
    return;
  }
  if (input->kind == SMTPC_IN_TLS_UP) {
    note_tls_up(world, input);
  }
  const smtpc_mem_where where = world->where;
  const int waits =
      where == SMTPC_MEM_HANDSHAKE &&
      (input->kind == SMTPC_IN_NONE || input->kind == SMTPC_IN_OCTETS);
  world->where = SMTPC_MEM_INPUT;
  run(world, input);
  if (waits) {
    world->where = SMTPC_MEM_HANDSHAKE;
  }
  answer(world);
}

void world_client_bind(world_client *w, unsigned kind, const uint8_t *data,
                       size_t len) {
  FUZZ_MUST(HARNESS, kind < SMTPC_BINDING_COUNT && len <= SMTPC_BINDING_MAX,
            "no such binding");
  w->binds = 1u;
  w->bound[kind].len = len;
  if (len > 0u) {
    memcpy(w->bound[kind].data, data, len);
  }
}

void world_client_late(world_client *world, size_t count, size_t after) {
  world->late_next = count;
  world->late_after = after;
}

void world_client_recut(world_client *world, uint64_t number) {
  world->recut = number | 1u;
}

// ------------------------------------------------------------------- world

static world_client *begin(unsigned slot, const smtpc_client_policy *policy,
                           const script *answers, uint8_t light) {
  static world_client worlds[WORLD_SLOTS];
  world_client *w = &worlds[slot % WORLD_SLOTS];
  const smtpc_input none = smtpc_input_make(SMTPC_IN_NONE);
  FUZZ_MUST(HARNESS, smtpc_client_policy_check(policy) == SMTPC_OK,
            "a policy that was not checked");
  memset(w, 0, offsetof(world_client, queue));
  w->script = answers;
  w->slot = slot;
  w->policy = *policy;
  w->policy_before = *policy;
  w->light = light;
  fuzz_guard_set(&w->before);
  fuzz_guard_set(&w->after);
  wc_find_credentials(w);
  wc_begin(w);
  smtpc_client_init(&w->session, &w->policy);
  const fuzz_watched first = {NULL, NULL, NULL, slot, 1u};
  fuzz_watch_tell(&first);
  run(w, &none);
  return w;
}

world_client *world_client_begin(unsigned slot,
                                 const smtpc_client_policy *policy,
                                 const script *answers) {
  return begin(slot, policy, answers, 0u);
}

world_client *world_client_begin_light(unsigned slot,
                                       const smtpc_client_policy *policy,
                                       const script *answers) {
  return begin(slot, policy, answers, 1u);
}

smtpc_mem_where world_client_where(const world_client *world) {
  return world->where;
}

int world_client_tls(const world_client *world) {
  return world->session.tls != 0u;
}

const smtpc_octets *world_client_out(const world_client *world,
                                     size_t *out_clear) {
  *out_clear = world->out_clear;
  return &world->out;
}

size_t world_client_delivered(const world_client *world,
                              const smtpc_octets **contents) {
  *contents = &world->delivered;
  return world->delivered_count;
}

uint64_t world_client_event_hash(const world_client *world) {
  return fuzz_hash_number(world->hash_clear, world->hash);
}

uint64_t world_client_tls_hash(const world_client *world) {
  return world->hash;
}

void world_client_late_as(world_client *world, const world_client *other) {
  world->late_next = other->late_at_tls;
  world->late_after = other->late_after_at_tls;
}

const uint8_t *world_client_twin(const world_client *world, size_t *out_len) {
  *out_len = world->account.twin_len;
  return world->twin;
}

const smtpc_client *world_client_session(const world_client *world) {
  return &world->session;
}

int world_client_found(const world_client *world, unsigned finding) {
  return finding < SMTPC_FINDING_COUNT &&
                 ((world->found[finding / 32u] >> (finding % 32u)) & 1u) != 0u
             ? 1
             : 0;
}

void world_client_end(world_client *world) {
  // Without TLS there is no version of it.
  FUZZ_MUST(POLICY,
            world->account.tls == 0u || world->facts.version >= SMTPC_TLS_1_2 ||
                world_client_found(world, SMTPC_FINDING_TLS_OLD),
            "an old TLS version is not told");
  if (world->light == 0u) {
    fuzz_guard_check(&world->before);
    fuzz_guard_check(&world->after);
    FUZZ_MUST(PURE,
              memcmp(&world->policy, &world->policy_before,
                     sizeof world->policy) == 0,
              "the policy was written to");
    if (world->where == SMTPC_MEM_CLOSED) {
      wc_law_terminal(world);
    }
  }
  smtpc_octets_free(&world->out);
  smtpc_octets_free(&world->handed);
  smtpc_octets_free(&world->delivered);
}
