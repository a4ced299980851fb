#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/harness/choice.h"
#include "fuzz/harness/watch.h"
#include "fuzz/harness/world.h"
#include "fuzz/harness/world_server_parts.h"

static world_server slots[WORLD_SLOTS];

// ------------------------------------------------------------------- trace

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
      print_octets("S", data, act->end - act->begin);
      break;
    case SMTPC_DO_REPORT:
      fprintf(stderr, "! %s @%llu\n", smtpc_finding_get(act->finding).name,
              (unsigned long long)act->pos);
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
    print_octets("C", in->data, in->len);
  } else if (in->kind != SMTPC_IN_NONE) {
    fprintf(stderr, "= %s\n", smtpc_in_name(in->kind));
  }
}

// ----------------------------------------------------------------- answers

static int is_question(unsigned kind) {
  return kind >= SMTPC_DO_ASK_SENDER && kind <= SMTPC_DO_ASK_MESSAGE;
}

// The next record of `tag` that was not used yet, or NULL.
static const script_record *next_record(const script *in, unsigned tag,
                                        size_t *next) {
  while (in != NULL && *next < in->count) {
    const script_record *record = &in->records[*next];
    (*next)++;
    if (record->tag == tag) {
      return record;
    }
  }
  return NULL;
}

static int begins(const world_server *w, const char *word) {
  const smtpc_span local = w->session.command.path.local;
  const size_t len = strlen(word);
  return smtpc_span_len(local) >= len &&
         memcmp(w->session.line.data + local.begin, word, len) == 0;
}

static smtpc_answer answer_path(const world_server *w) {
  static const struct {
    const char *word;
    smtpc_answer answer;
  } rows[] = {{"later", SMTPC_ANSWER_NOT_NOW},
              {"full", SMTPC_ANSWER_FULL},
              {"relay", SMTPC_ANSWER_RELAY},
              {"no", SMTPC_ANSWER_NO}};
  for (size_t i = 0u; i < sizeof rows / sizeof rows[0]; i++) {
    if (begins(w, rows[i].word)) {
      return rows[i].answer;
    }
  }
  return SMTPC_ANSWER_YES;
}

static smtpc_answer answer_credentials(const world_server *w,
                                       const smtpc_action *act) {
  static const uint8_t zero[SMTPC_DIGEST_MAX];
  const smtpc_sasl *sasl = &w->session.sasl;
  const uint8_t *secret = smtpc_server_octets(&w->session, act, NULL);
  const size_t len = act->end - act->begin;
  const size_t digest = smtpc_sasl_digest_len(act->mechanism);
  int right = act->mechanism == SMTPC_MECHANISM_EXTERNAL;
  if (sasl->name_len != sizeof WORLD_NAME - 1u ||
      memcmp(sasl->name, WORLD_NAME, sasl->name_len) != 0) {
    return SMTPC_ANSWER_NO;
  }
  if (digest > 0u) {
    right = len == digest && memcmp(secret, zero, len) == 0;
  } else if (right == 0) {
    right = len == sizeof WORLD_PASSWORD - 1u &&
            memcmp(secret, WORLD_PASSWORD, len) == 0;
  }
  return right != 0 ? SMTPC_ANSWER_YES : SMTPC_ANSWER_NO;
}

static smtpc_input verdict(world_server *w, const smtpc_action *act) {
  smtpc_input in = smtpc_input_make(SMTPC_IN_VERDICT);
  const script_record *record =
      next_record(w->answers, SCRIPT_ANSWER, &w->verdict_next);
  if (record != NULL) {
    in.answer = (uint8_t)(record->number % (SMTPC_ANSWER_RELAY + 1u));
  } else if (act->kind == SMTPC_DO_ASK_CREDENTIALS) {
    in.answer = (uint8_t)answer_credentials(w, act);
  } else if (act->kind == SMTPC_DO_ASK_SENDER ||
             act->kind == SMTPC_DO_ASK_RECIPIENT) {
    in.answer = (uint8_t)answer_path(w);
  } else {
    in.answer = SMTPC_ANSWER_YES;
  }
  if (act->kind == SMTPC_DO_ASK_CREDENTIALS && in.answer == SMTPC_ANSWER_YES &&
      smtpc_sasl_digest_len(act->mechanism) > SMTPC_MD5_LEN) {
    in.data = w->digest;
    in.len = smtpc_sasl_digest_len(act->mechanism);
  }
  return in;
}

// What the script says, or the usual. More than `most` octets would be misuse, which the
// target misuse is for.
static smtpc_input octets_of(unsigned kind, const script_record *said,
                             size_t most, const uint8_t *usual,
                             size_t usual_len) {
  const script_record *record = said != NULL && said->len <= most ? said : NULL;
  smtpc_input in = smtpc_input_make(kind);
  in.data = record != NULL ? record->data : usual;
  in.len = record != NULL ? record->len : usual_len;
  return in;
}

static void try_misuse(world_server *w, const smtpc_input *in) {
  smtpc_action act;
  size_t used = 0u;
  if (in->len > 0u) {
    (void)ws_law_misuse(w, in, &used, &act);
  }
}

static smtpc_input answer_to(world_server *w, const smtpc_action *act) {
  static const uint8_t usual[32] = {1, 2,  3,  4,  5,  6,  7,  8,
                                    9, 10, 11, 12, 13, 14, 15, 16};
  static const uint8_t zeros[32];
  const world_bound *bound = &w->bound[act->binding % SMTPC_BINDING_COUNT];
  smtpc_input in;
  switch (act->kind) {
    case SMTPC_DO_ASK_NONCE:
      in = octets_of(SMTPC_IN_NONCE,
                     next_record(w->answers, SCRIPT_NONCE, &w->nonce_next),
                     SMTPC_NONCE_LEN, usual, SMTPC_NONCE_LEN);
      return in.len == SMTPC_NONCE_LEN
                 ? in
                 : octets_of(SMTPC_IN_NONCE, NULL, 0u, usual, SMTPC_NONCE_LEN);
    case SMTPC_DO_ASK_SALT:
      in = octets_of(SMTPC_IN_SALT,
                     next_record(w->answers, SCRIPT_SALT, &w->salt_next),
                     SMTPC_SALT_MAX, usual, SMTPC_NONCE_LEN);
      // Too few: that is misuse, and must not be heard.
      in.number = SMTPC_ITERATIONS_MIN - 1u;
      try_misuse(w, &in);
      in.number = SMTPC_ITERATIONS_MIN;
      return in;
    case SMTPC_DO_ASK_BINDING:
      return octets_of(
          SMTPC_IN_BINDING,
          next_record(w->answers, SCRIPT_BINDING, &w->binding_next),
          SMTPC_BINDING_MAX, w->binds != 0u ? bound->data : zeros,
          w->binds != 0u ? bound->len : sizeof zeros);
    default:
      return verdict(w, act);
  }
}

// A message is stored once, whoever of its recipients it is for.
static void note_stored(world_server *w, const smtpc_action *act,
                        const smtpc_input *in) {
  ws_guard_verdict(w, act, in);
  if (act->kind != SMTPC_DO_ASK_MESSAGE) {
    return;
  }
  w->kept_message = act->number == 0u ? 0u : w->kept_message;
  if (in->answer == SMTPC_ANSWER_YES && w->kept_message == 0u) {
    w->kept_message = 1u;
    smtpc_octets_add(&w->stored, w->content.data, w->content.len);
    w->stored_count++;
    w->stored_tls += w->tls;
  }
}

// ------------------------------------------------------------------ actions

static void hash_number(world_server *w, uint64_t number) {
  w->hash = fuzz_hash_number(w->hash, number);
  w->tls_hash = fuzz_hash_number(w->tls_hash, number);
}

static void do_send(world_server *w, const smtpc_action *act,
                    const uint8_t *data) {
  const size_t len = act->end - act->begin;
  FUZZ_MUST(BOUNDS, data != NULL && len > 0u, "SEND of nothing");
  w->hash = fuzz_hash(w->hash ^ act->channel, data, len);
  w->tls_hash = fuzz_hash(w->tls_hash, data, len);
  smtpc_octets_add(&w->out, data, len);
  if (act->channel == SMTPC_CHANNEL_PLAIN) {
    w->out_clear = w->out.len;
  }
  ws_said(w, act, data, len);
}

static void do_report(world_server *w, const smtpc_action *act) {
  FUZZ_MUST(
      INVARIANT,
      act->finding != SMTPC_FINDING_NONE && act->finding < SMTPC_FINDING_COUNT,
      "no such finding");
  ws_guard_finding(w, act);
  if (act->finding == SMTPC_FINDING_ERRORS_TOO_MANY) {
    w->limited = 1u;
  }
  hash_number(w,
              (act->pos << 8u) ^ ((uint64_t)act->channel << 7u) ^ act->finding);
}

static void do_action(world_server *w, const smtpc_action *act,
                      const smtpc_input *in, size_t left) {
  const uint8_t *data = smtpc_server_octets(&w->session, act, in);
  const fuzz_watched watched = {in, act, data, w->slot, 0u};
  fuzz_watch_tell(&watched);
  if (is_traced()) {
    trace_action(act, data);
  }
  if (act->kind == SMTPC_DO_SEND) {
    do_send(w, act, data);
  } else if (act->kind == SMTPC_DO_CONTENT) {
    // Runs follow the cuts: what they add up to is what counts.
    ws_gave(w, data, act->end - act->begin);
  } else if (act->kind != SMTPC_DO_NEED_INPUT &&
             act->kind != SMTPC_DO_NOTHING) {
    hash_number(w, ((uint64_t)act->kind << 32u) | act->number);
  }
  if (act->kind == SMTPC_DO_REPORT) {
    do_report(w, act);
  } else if (act->kind == SMTPC_DO_START_TLS) {
    ws_law_start_tls(w, left);
    w->where = SMTPC_MEM_HANDSHAKE;
    w->handshake = 1u;
  } else if (act->kind == SMTPC_DO_DROP_MESSAGE) {
    ws_dropped(w);
  } else if (act->kind == SMTPC_DO_CLOSE) {
    hash_number(w, ((uint64_t)act->end_reason << 16u) |
                       ((uint64_t)act->finding << 8u) | act->device);
    ws_guard_close(w, act);
    w->border = act->finding == SMTPC_FINDING_STARTTLS_PIPELINED ||
                act->finding == SMTPC_FINDING_CLEAR_IN_HANDSHAKE;
    w->where = SMTPC_MEM_CLOSED;
    ws_secret_end(w);
  } else if (is_question(act->kind)) {
    w->asked = *act;
    ws_asked(w, act);
  }
}

// -------------------------------------------------------------------- steps

// From here on all is as if nothing had been before, but for counters of abuse.
static void note_tls(world_server *w) {
  w->tls_hash = 0u;
  w->tls_next[0] = w->verdict_next;
  w->tls_next[1] = w->nonce_next;
  w->tls_next[2] = w->salt_next;
  w->tls_next[3] = w->binding_next;
}

// Gives one input that is in turn, and does what comes of it.
static size_t step(world_server *w, const smtpc_input *in, smtpc_action *act) {
  size_t used = 0u;
  const uint8_t tls = w->session.tls;
  if (w->account.line_open == 0u) {
    w->tx_before = w->session.tx;
    w->errors_before = w->session.abuse.errors;
  }
  const smtpc_status status =
      smtpc_server_step(&w->policy, &w->session, in, &used, act);
  w->steps++;
  ws_law_step(w, in, status, used, act);
  w->asked.kind = SMTPC_DO_NOTHING;
  if (in->kind == SMTPC_IN_OCTETS) {
    ws_took(w, in->data, used, act);
  }
  if (tls == 0u && w->session.tls != 0u) {
    w->tls = 1u;
    w->handshake = 0u;
    w->where = SMTPC_MEM_INPUT;
    note_tls(w);
  }
  do_action(w, act, in, in->len - used);
  return used;
}

static int is_rest(const smtpc_action *act) {
  return act->kind == SMTPC_DO_NEED_INPUT || act->kind == SMTPC_DO_START_TLS ||
         act->kind == SMTPC_DO_CLOSE || act->kind == SMTPC_DO_NOTHING;
}

// Whether the answer to what is asked is to come late.
static int is_late(world_server *w) {
  if (w->late_next > 0u) {
    w->late_left = w->late_next;
    w->late_next = 0u;
  }
  return w->late_left > 0u;
}

// A line of a reply was said, and more of them follow.
static int is_halfway(const world_server *w, const smtpc_action *act) {
  return act->kind == SMTPC_DO_SEND && w->account.code != 0u;
}

// Goes on from `act` until the session waits for input, or for an answer that
// is late.
static void run_on(world_server *w, smtpc_action *act) {
  while (w->where != SMTPC_MEM_CLOSED && !is_rest(act)) {
    smtpc_input in = smtpc_input_make(SMTPC_IN_NONE);
    if (is_question(act->kind)) {
      if (is_late(w) != 0) {
        return;
      }
      in = answer_to(w, act);
      note_stored(w, act, &in);
    }
    w->steps_max += SMTPC_MEM_STEPS_PER_OCTET;
    (void)step(w, &in, act);
    if (w->late_next > 0u && is_halfway(w, act) != 0) {
      // The rest of the reply is said when the next record comes.
      w->late_next = 0u;
      return;
    }
  }
  if (act->kind == SMTPC_DO_NEED_INPUT) {
    ws_law_rest(w, act);
  }
}

static int is_waiting(const world_server *w) {
  return w->where == SMTPC_MEM_INPUT && is_question(w->session.wait);
}

// Octets until they are taken, or the session wants something else.
static size_t give_piece(world_server *w, unsigned channel, const uint8_t *data,
                         size_t len) {
  smtpc_input in = smtpc_input_octets(channel, data, len);
  const smtpc_mem_where where = w->where;
  smtpc_action act;
  w->steps_max += (len + 1u) * SMTPC_MEM_STEPS_PER_OCTET;
  if (is_traced()) {
    trace_input(&in);
  }
  do {
    const size_t used = step(w, &in, &act);
    in.data += used;
    in.len -= used;
    if (is_question(act.kind)) {
      run_on(w, &act);
    }
  } while (in.len > 0u && w->where == where && !is_waiting(w));
  if (!is_waiting(w)) {
    run_on(w, &act);
  }
  return len - in.len;
}

static void keep(world_server *w, unsigned channel, const uint8_t *data,
                 size_t len) {
  w->kept_channel = channel;
  smtpc_octets_add(&w->kept, data, len);
}

// An answer is awaited: octets are misuse now, and are kept for later.
static void give_late(world_server *w, unsigned channel, const uint8_t *data,
                      size_t len) {
  const smtpc_input in = smtpc_input_octets(channel, data, len);
  smtpc_action act;
  size_t used = 0u;
  const smtpc_status status = ws_law_misuse(w, &in, &used, &act);
  FUZZ_MUST(MISUSE, status == SMTPC_E_PENDING, "octets before an answer: %s",
            smtpc_status_name(status));
  keep(w, channel, data, len);
}

// Counts a record. When the late answer's time has come it is given, and then
// what was kept.
static void tick(world_server *w) {
  if (w->late_left == 0u || !is_waiting(w)) {
    return;
  }
  w->late_left--;
  if (w->late_left == 0u) {
    const smtpc_action asked = w->asked;
    smtpc_action act;
    const smtpc_input in = answer_to(w, &asked);
    note_stored(w, &asked, &in);
    w->steps_max += SMTPC_MEM_STEPS_PER_OCTET;
    (void)step(w, &in, &act);
    run_on(w, &act);
    if (w->kept.len > 0u && w->where == SMTPC_MEM_INPUT) {
      smtpc_octets kept = w->kept;
      memset(&w->kept, 0, sizeof w->kept);
      (void)world_server_feed(w, w->kept_channel, kept.data, kept.len, 0u);
      smtpc_octets_free(&kept);
    }
  }
}

// ---------------------------------------------------------------- interface

world_server *world_server_begin(unsigned slot,
                                 const smtpc_server_policy *policy,
                                 const script *answers) {
  world_server *w = &slots[slot];
  smtpc_action act;
  const smtpc_input none = smtpc_input_make(SMTPC_IN_NONE);
  memset(w, 0, offsetof(world_server, policy));
  memset(w->digest, 0, sizeof w->digest);
  w->slot = slot;
  fuzz_guard_set(&w->before);
  fuzz_guard_set(&w->after);
  w->policy = *policy;
  w->policy_before = *policy;
  w->answers = answers;
  w->account.mode = policy->proxy != 0u ? WS_PROXY : WS_LINES;
  // The greeting is owed; under implicit TLS, and after a PROXY header, it is
  // later.
  w->account.owed = 1u;
  w->steps_max = SMTPC_MEM_STEPS_PER_OCTET;
  smtpc_server_init(&w->session, &w->policy);
  const fuzz_watched first = {NULL, NULL, NULL, slot, 0u};
  fuzz_watch_tell(&first);
  (void)step(w, &none, &act);
  run_on(w, &act);
  return w;
}

size_t world_server_feed(world_server *w, unsigned channel, const uint8_t *data,
                         size_t len, size_t cut) {
  size_t at = 0u;
  tick(w);
  if (is_waiting(w)) {
    give_late(w, channel, data, len);
    return len;
  }
  while (at < len && w->where != SMTPC_MEM_CLOSED) {
    const size_t left = len - at;
    const size_t piece = cut > 0u && cut < left ? cut : left;
    uint8_t *block = fuzz_block(data + at, piece);
    const smtpc_mem_where where = w->where;
    const size_t taken = give_piece(w, channel, block, piece);
    fuzz_block_free(block, data + at, piece);
    at += taken;
    if (is_waiting(w)) {
      keep(w, channel, data + at, len - at);
      return len;
    }
    if (taken == 0u || w->where != where) {
      break;
    }
  }
  return at;
}

void world_server_give(world_server *w, const smtpc_input *input) {
  smtpc_action act;
  size_t used = 0u;
  tick(w);
  if (is_traced()) {
    trace_input(input);
  }
  w->steps_max += SMTPC_MEM_STEPS_PER_OCTET;
  if (w->where == SMTPC_MEM_CLOSED) {
    return;
  }
  if (input->kind == SMTPC_IN_TLS_UP && w->where == SMTPC_MEM_HANDSHAKE) {
    (void)step(w, input, &act);
    ws_law_reset(w, &input->tls);
  } else {
    const smtpc_status status = ws_law_misuse(w, input, &used, &act);
    if (status != SMTPC_OK) {
      return;
    }
    w->asked.kind = SMTPC_DO_NOTHING;
    do_action(w, &act, input, 0u);
  }
  run_on(w, &act);
}

smtpc_mem_where world_server_where(const world_server *w) {
  return w->where;
}

int world_server_tls(const world_server *w) {
  return w->tls;
}

const smtpc_octets *world_server_out(const world_server *w, size_t *out_clear) {
  *out_clear = w->out_clear;
  return &w->out;
}

const smtpc_octets *world_server_stored(const world_server *w,
                                        size_t *out_count) {
  *out_count = w->stored_count;
  return &w->stored;
}

size_t world_server_stored_tls(const world_server *w) {
  return w->stored_tls;
}

uint64_t world_server_event_hash(const world_server *w) {
  return w->hash;
}

const smtpc_server *world_server_session(const world_server *w) {
  return &w->session;
}

uint64_t world_server_tls_hash(const world_server *w) {
  return w->tls_hash;
}

int world_server_limited(const world_server *w) {
  return w->limited;
}

void world_server_answers_as(world_server *w, const world_server *other) {
  w->verdict_next = other->tls_next[0];
  w->nonce_next = other->tls_next[1];
  w->salt_next = other->tls_next[2];
  w->binding_next = other->tls_next[3];
}

int world_server_border(const world_server *w) {
  return w->border;
}

void world_server_bind(world_server *w, unsigned kind, const uint8_t *data,
                       size_t len) {
  FUZZ_MUST(HARNESS, kind < SMTPC_BINDING_COUNT && len <= SMTPC_BINDING_MAX,
            "no such binding");
  w->binds = 1u;
  w->bound[kind].len = len;
  if (len > 0u) {
    memcpy(w->bound[kind].data, data, len);
  }
}

void world_server_late(world_server *w, size_t count) {
  w->late_next = count;
}

void world_server_end(world_server *w) {
  if (w->where == SMTPC_MEM_CLOSED) {
    ws_law_terminal(w);
  }
  fuzz_guard_check(&w->before);
  fuzz_guard_check(&w->after);
  FUZZ_MUST(PURE, memcmp(&w->policy, &w->policy_before, sizeof w->policy) == 0,
            "the policy was changed");
  smtpc_octets_free(&w->kept);
  smtpc_octets_free(&w->out);
  smtpc_octets_free(&w->raw);
  smtpc_octets_free(&w->body);
  smtpc_octets_free(&w->content);
  smtpc_octets_free(&w->stored);
}
