#define _POSIX_C_SOURCE 200809L

#include <stdlib.h>
#include <string.h>

#include "shim/net/receiver_parts.h"
#include "smtpcore/span.h"

// --------------------------------------------------------------- what is told

#define CALL(session) (&(session)->receiver->options.callbacks)
#define USER(session) ((session)->receiver->options.user)

static void tell(smtpc_net_session *s, const smtpc_net_trace *event) {
  if (CALL(s)->trace != NULL) {
    CALL(s)->trace(USER(s), s, event);
  }
}

static unsigned channel_of(const smtpc_net_session *s) {
  return s->link.stream.channel == SMTPC_STREAM_CLEAR ? SMTPC_CHANNEL_PLAIN
                                                      : SMTPC_CHANNEL_TLS;
}

static void tell_content(smtpc_net_session *s) {
  smtpc_net_trace event = {0};
  if (s->untraced > 0u) {
    event.kind = SMTPC_NET_TRACE_CONTENT;
    event.from_peer = 1u;
    event.channel = (uint8_t)channel_of(s);
    event.len = s->untraced;
    s->untraced = 0u;
    tell(s, &event);
  }
}

static void tell_line(smtpc_net_session *s, const uint8_t *data, size_t len,
                      unsigned from_peer, unsigned secret) {
  smtpc_net_trace event = {0};
  tell_content(s);
  event.data = data;
  event.len = secret != 0u ? smtpc_net_visible(data, len) : len;
  event.from_peer = (uint8_t)from_peer;
  event.channel = (uint8_t)channel_of(s);
  event.secret = (uint8_t)secret;
  tell(s, &event);
}

static void tell_tls(smtpc_net_session *s) {
  smtpc_net_trace event = {0};
  if (s->link.stream.channel == SMTPC_STREAM_TLS) {
    event.kind = SMTPC_NET_TRACE_TLS;
    event.channel = SMTPC_CHANNEL_TLS;
    tell(s, &event);
  }
  if (CALL(s)->tls != NULL) {
    CALL(s)->tls(USER(s), s, &s->link.stream.facts);
  }
}

static void tell_finding(smtpc_net_session *s, const smtpc_action *act) {
  smtpc_net_finding finding = {0};
  finding.finding = act->finding;
  finding.channel = act->channel;
  finding.pos = act->pos;
  s->stats.findings++;
  if (CALL(s)->finding != NULL) {
    CALL(s)->finding(USER(s), s, &finding);
  }
}

// The session is over for the program; its connection lingers on.
static void end_session(smtpc_net_session *s, unsigned reason, unsigned finding,
                        unsigned device) {
  smtpc_net_end end = {0};
  tell_content(s);
  s->over = 1u;
  s->stats.octets_in = s->link.stream.octets_in;
  s->stats.octets_out = s->link.stream.octets_out;
  end.stats = s->stats;
  end.tls = s->link.stream.facts;
  end.reason = (uint8_t)reason;
  end.finding = (uint8_t)finding;
  end.device = (uint8_t)device;
  end.encrypted = s->core.tls;
  end.authenticated = s->core.authenticated;
  if (CALL(s)->session_end != NULL) {
    CALL(s)->session_end(USER(s), s, &end);
  }
  smtpc_net_link_finish(&s->link);
}

// What this shim cannot go on from: no last word, no doubt about what was said.
static void abort_session(smtpc_net_session *s) {
  smtpc_stream_mute(&s->link.stream);
  end_session(s, SMTPC_END_LOCAL, SMTPC_FINDING_NONE, SMTPC_DEVICE_NONE);
}

// ------------------------------------------------------------------ questions

static smtpc_net_mail mail_of(const smtpc_net_session *s) {
  const smtpc_path *path = &s->core.command.path;
  smtpc_net_mail mail = {0};
  size_t end = path->domain.end;
  if (smtpc_span_len(path->domain) == 0u) {
    end = path->local.end;
  }
  mail.line = s->core.line.data;
  mail.address = s->core.line.data + path->local.begin;
  mail.address_len = end - path->local.begin;
  mail.path = path;
  mail.params = &s->core.command.params;
  return mail;
}

static unsigned ask_credentials(smtpc_net_session *s, const smtpc_action *act) {
  const smtpc_sasl *sasl = &s->core.sasl;
  const size_t digest = smtpc_sasl_digest_len(act->mechanism);
  const size_t secret = act->end - act->begin;
  smtpc_net_credentials c = {0};
  if (CALL(s)->credentials == NULL) {
    return SMTPC_ANSWER_NO;
  }
  c.mechanism = act->mechanism;
  c.name = sasl->name;
  c.name_len = sasl->name_len;
  c.secret = secret > 0u ? smtpc_server_octets(&s->core, act, NULL) : NULL;
  c.secret_len = secret;
  if (digest > 0u) {
    c.text = s->core.line.data + sasl->text.begin;
    c.text_len = smtpc_span_len(sasl->text);
  }
  if (digest > SMTPC_MD5_LEN) {
    // What the program does not write is no signature of anything.
    memset(s->signature, 0, sizeof s->signature);
    c.signature = s->signature;
    s->signature_len = digest;
  }
  return CALL(s)->credentials(USER(s), s, &c);
}

static unsigned ask_program(smtpc_net_session *s, const smtpc_action *act) {
  const smtpc_net_receiver_callbacks *call = CALL(s);
  const smtpc_net_mail mail = mail_of(s);
  if (act->kind == SMTPC_DO_ASK_CREDENTIALS) {
    return ask_credentials(s, act);
  }
  if (act->kind == SMTPC_DO_ASK_PEER) {
    return smtpc_net_session_ask_peer(s, act);
  }
  if (act->kind == SMTPC_DO_ASK_SENDER && call->sender != NULL) {
    return call->sender(USER(s), s, &mail);
  }
  if (act->kind == SMTPC_DO_ASK_RECIPIENT && call->recipient != NULL) {
    return call->recipient(USER(s), s, &mail);
  }
  if (act->kind == SMTPC_DO_ASK_MESSAGE && call->message_end != NULL) {
    return call->message_end(USER(s), s, act->number);
  }
  return SMTPC_ANSWER_NO;
}

static void set_answer(smtpc_net_session *s, unsigned answer) {
  s->answered = 1u;
  s->answer =
      (uint8_t)(answer <= SMTPC_ANSWER_RELAY ? answer : SMTPC_ANSWER_NO);
}

static void ask(smtpc_net_session *s, const smtpc_action *act) {
  tell_content(s);
  s->question = act->kind;
  s->answered = 0u;
  s->asking = 1u;
  if (act->kind == SMTPC_DO_ASK_MESSAGE && act->number == 0u) {
    s->counted = 0u;
  }
  const unsigned answer = ask_program(s, act);
  s->asking = 0u;
  if (s->working == 0u && answer != SMTPC_NET_LATER) {
    set_answer(s, answer);
  }
}

static void ask_nonce(smtpc_net_session *s) {
  if (CALL(s)->random == NULL ||
      CALL(s)->random(USER(s), s->gift, SMTPC_NONCE_LEN) == 0) {
    abort_session(s);
    return;
  }
  s->gift_len = SMTPC_NONCE_LEN;
  s->ready = SMTPC_IN_NONCE;
}

// What the core would call misuse is an account that cannot be used now.
static int is_salt(const smtpc_net_salt *salt) {
  return salt->len > 0u && salt->len <= sizeof salt->salt &&
         salt->iterations >= SMTPC_ITERATIONS_MIN &&
         salt->iterations <= SMTPC_ITERATIONS_MAX;
}

static void ask_salt(smtpc_net_session *s, const smtpc_action *act) {
  const smtpc_sasl *sasl = &s->core.sasl;
  smtpc_net_salt salt = {0};
  s->gift_len = 0u;
  if (CALL(s)->salt != NULL &&
      CALL(s)->salt(USER(s), s, act->mechanism, sasl->name, sasl->name_len,
                    &salt) != 0 &&
      is_salt(&salt)) {
    memcpy(s->gift, salt.salt, salt.len);
    s->gift_len = salt.len;
    s->gift_number = salt.iterations;
  }
  s->ready = SMTPC_IN_SALT;
}

static void ask_binding(smtpc_net_session *s, const smtpc_action *act) {
  s->gift_len = smtpc_stream_binding(&s->link.stream, act->binding, s->gift);
  s->ready = SMTPC_IN_BINDING;
}

// A message is one, however many recipients LMTP asks for.
static void count_message(smtpc_net_session *s) {
  if (s->counted == 0u) {
    s->counted = 1u;
    s->stats.messages++;
  }
}

static smtpc_input answer_input(smtpc_net_session *s) {
  smtpc_input input = smtpc_input_make(SMTPC_IN_VERDICT);
  const int yes = s->answer == SMTPC_ANSWER_YES;
  input.answer = s->answer;
  if (s->question == SMTPC_DO_ASK_CREDENTIALS && yes) {
    input.data = s->signature;
    input.len = s->signature_len;
  }
  if (s->question == SMTPC_DO_ASK_MESSAGE && yes) {
    count_message(s);
  }
  if (s->question == SMTPC_DO_ASK_PEER && yes) {
    smtpc_net_session_become(s);
  }
  s->question = SMTPC_DO_NOTHING;
  s->answered = 0u;
  return input;
}

// What the core was given of `gift` and `signature` it has taken.
static void wipe_given(smtpc_net_session *s) {
  smtpc_wipe(s->gift, sizeof s->gift);
  smtpc_wipe(s->signature, sizeof s->signature);
  s->gift_len = 0u;
  s->gift_number = 0u;
  s->signature_len = 0u;
}

// -------------------------------------------------------------------- actions

static void do_send(smtpc_net_session *s, const smtpc_action *act) {
  const uint8_t *octets = smtpc_server_octets(&s->core, act, NULL);
  const size_t len = act->end - act->begin;
  if (smtpc_stream_send(&s->link.stream, act->channel, octets, len) == 0) {
    abort_session(s);
    return;
  }
  tell_line(s, octets, len >= 2u ? len - 2u : 0u, 0u, act->secret);
}

static void do_start_tls(smtpc_net_session *s) {
  smtpc_tls_peer peer = {0};
  peer.role = SMTPC_TLS_SERVER;
  peer.min_version = s->receiver->options.tls_min_version;
  smtpc_stream_start_tls(&s->link.stream, s->receiver->options.tls, &peer);
  s->handshaking = 1u;
  s->hello_len = 0u;
  s->idle = 1u;
  s->deadline = SMTPC_DEADLINE_HANDSHAKE;
  s->progress = 1u;
}

static void do_content(smtpc_net_session *s, const smtpc_action *act,
                       const smtpc_input *input) {
  const size_t len = act->end - act->begin;
  s->untraced += len;
  s->stats.content += len;
  if (CALL(s)->content != NULL) {
    CALL(s)->content(USER(s), s, smtpc_server_octets(&s->core, act, input),
                     len);
  }
}

static void do_drop(smtpc_net_session *s) {
  tell_content(s);
  if (CALL(s)->drop != NULL) {
    CALL(s)->drop(USER(s), s);
  }
}

static void perform(smtpc_net_session *s, const smtpc_action *act,
                    const smtpc_input *input) {
  switch ((smtpc_do)act->kind) {
    case SMTPC_DO_NEED_INPUT:
      s->idle = 1u;
      s->deadline = act->deadline;
      break;
    case SMTPC_DO_SEND:
      do_send(s, act);
      break;
    case SMTPC_DO_START_TLS:
      do_start_tls(s);
      break;
    case SMTPC_DO_REPORT:
      tell_finding(s, act);
      break;
    case SMTPC_DO_CLOSE:
      end_session(s, act->end_reason, act->finding, act->device);
      break;
    case SMTPC_DO_ASK_SENDER:
    case SMTPC_DO_ASK_RECIPIENT:
    case SMTPC_DO_ASK_CREDENTIALS:
    case SMTPC_DO_ASK_PEER:
    case SMTPC_DO_ASK_MESSAGE:
      ask(s, act);
      break;
    case SMTPC_DO_ASK_NONCE:
      ask_nonce(s);
      break;
    case SMTPC_DO_ASK_SALT:
      ask_salt(s, act);
      break;
    case SMTPC_DO_ASK_BINDING:
      ask_binding(s, act);
      break;
    case SMTPC_DO_CONTENT:
      do_content(s, act, input);
      break;
    case SMTPC_DO_DROP_MESSAGE:
      do_drop(s);
      break;
    case SMTPC_DO_NOTHING:
    case SMTPC_DO_ASK_PASSWORD:
    case SMTPC_DO_ASK_DIGEST:
    case SMTPC_DO_ASK_ENVELOPE:
    case SMTPC_DO_ASK_NEXT_RECIPIENT:
    case SMTPC_DO_ASK_CONTENT:
    case SMTPC_DO_RECIPIENT_DONE:
    case SMTPC_DO_DELIVERY_DONE:
    case SMTPC_DO_MESSAGE_DONE:
    case SMTPC_DO_COUNT:
      // No server says these.
      abort_session(s);
      break;
  }
}

// The name of EHLO or HELO, as far as the parser found one.
static void note_hello(smtpc_net_session *s) {
  const smtpc_command *command = &s->core.command;
  const size_t len = smtpc_span_len(command->argument);
  const int hello = command->verb == SMTPC_VERB_EHLO ||
                    command->verb == SMTPC_VERB_HELO ||
                    command->verb == SMTPC_VERB_LHLO;
  if (hello && command->host != SMTPC_HOST_NONE && len <= sizeof s->hello) {
    memcpy(s->hello, s->core.line.data + command->argument.begin, len);
    s->hello_len = (uint8_t)len;
  }
}

static void took_line(smtpc_net_session *s, const smtpc_action *act) {
  s->stats.lines++;
  s->progress = 1u;
  tell_line(s, s->core.line.data, s->core.line.len, 1u, act->took_secret);
  note_hello(s);
}

// --------------------------------------------------------------------- inputs

static int take_event(smtpc_net_session *s, smtpc_input *in) {
  const smtpc_stream_event event = smtpc_stream_take_event(&s->link.stream);
  switch (event) {
    case SMTPC_STREAM_EVENT_NONE:
      return 0;
    case SMTPC_STREAM_EVENT_TLS_UP:
    case SMTPC_STREAM_EVENT_TLS_FAILED:
      *in = smtpc_input_make(event == SMTPC_STREAM_EVENT_TLS_UP
                                 ? SMTPC_IN_TLS_UP
                                 : SMTPC_IN_TLS_FAILED);
      in->tls = s->link.stream.facts;
      if (s->handshaking != 0u) {
        s->handshaking = 0u;
        tell_tls(s);
      }
      return 1;
    case SMTPC_STREAM_EVENT_END:
    case SMTPC_STREAM_EVENT_TORN:
      *in = smtpc_input_make(SMTPC_IN_END_OF_STREAM);
      in->clean = event == SMTPC_STREAM_EVENT_END ? 1u : 0u;
      return 1;
  }
  return 0;
}

// A peer that does not read gets no more work done. It has the time of a block.
static int is_stalled(smtpc_net_session *s) {
  const smtpc_net_deadlines *deadlines = &s->receiver->options.deadlines;
  s->stalled = 0u;
  if (smtpc_net_link_room(&s->link) > 0u) {
    return 0;
  }
  if (s->link.fired != 0u || s->receiver->stopping > 1u) {
    smtpc_stream_mute(&s->link.stream);
    return 0;
  }
  smtpc_net_link_await(&s->link, SMTPC_DEADLINE_DATA_BLOCK,
                       deadlines->seconds[SMTPC_DEADLINE_DATA_BLOCK],
                       s->link.moved);
  s->stalled = 1u;
  return 1;
}

static int wants_shutdown(const smtpc_net_session *s) {
  return s->receiver->stopping != 0u && s->told == 0u;
}

// An end of our own making. It goes before octets, so that a peer that never stops
// talking cannot put it off.
static int take_own_end(smtpc_net_session *s, smtpc_input *in) {
  if (s->idle == 0u) {
    return 0;
  }
  if (wants_shutdown(s)) {
    s->told = 1u;
    *in = smtpc_input_make(SMTPC_IN_SHUTDOWN);
    return 1;
  }
  if (s->link.fired != 0u) {
    s->link.fired = 0u;
    *in = smtpc_input_make(SMTPC_IN_DEADLINE);
    return 1;
  }
  return 0;
}

// The next input. It returns 0 when there is none: the session waits.
static int take_input(smtpc_net_session *s, smtpc_input *in) {
  const uint8_t *data = NULL;
  if (s->ready != SMTPC_IN_NONE) {
    *in = smtpc_input_make(s->ready);
    s->ready = SMTPC_IN_NONE;
    in->data = s->gift;
    in->len = s->gift_len;
    in->number = s->gift_number;
    return 1;
  }
  if (s->question != SMTPC_DO_NOTHING) {
    if (s->answered != 0u) {
      *in = answer_input(s);
      return 1;
    }
    return 0;
  }
  if (is_stalled(s)) {
    return 0;
  }
  if (take_own_end(s, in)) {
    return 1;
  }
  const size_t len = smtpc_stream_peek(&s->link.stream, &data);
  if (len > 0u) {
    *in = smtpc_input_octets(channel_of(s), data, len);
    return 1;
  }
  if (s->idle == 0u) {
    *in = smtpc_input_make(SMTPC_IN_NONE);
    return 1;
  }
  return take_event(s, in);
}

// ------------------------------------------------------------------- the loop

static void step(smtpc_net_session *s, const smtpc_input *in) {
  const smtpc_server_policy *policy = &s->policy;
  size_t used = 0u;
  smtpc_action act;
  const smtpc_status status =
      smtpc_server_step(policy, &s->core, in, &used, &act);
  if (status != SMTPC_OK) {
    abort_session(s);
    return;
  }
  s->idle = 0u;
  if (in->kind == SMTPC_IN_VERDICT || in->data == s->gift) {
    wipe_given(s);
  }
  // Taken octets stay where they are until the next peek. They are taken on the
  // channel that they came on, so before the action, which may be START_TLS.
  if (in->kind == SMTPC_IN_OCTETS) {
    smtpc_net_link_take(&s->link, used);
  }
  if (act.took_line != 0u) {
    took_line(s, &act);
  }
  perform(s, &act, in);
}

static void set_deadline(smtpc_net_session *s) {
  const smtpc_net_deadlines *deadlines = &s->receiver->options.deadlines;
  if (s->question != SMTPC_DO_NOTHING) {
    smtpc_net_link_rest(&s->link);
  } else if (s->idle != 0u && s->stalled == 0u) {
    const int block = s->deadline == SMTPC_DEADLINE_DATA_BLOCK &&
                      s->link.block >= SMTPC_NET_BLOCK;
    smtpc_net_link_await(&s->link, s->deadline, deadlines->seconds[s->deadline],
                         s->progress != 0u || block);
    s->progress = 0u;
  }
}

// Goes on as far as it goes. Each turn takes octets or an event, or does what the
// core still had to do, which is bounded by the octets that it took (law BOUNDS).
static void run(smtpc_net_session *s) {
  smtpc_input in;
  unsigned ended = 0u;
  if (s->running != 0u) {
    return;
  }
  s->running = 1u;
  do {
    while (s->over == 0u && take_input(s, &in)) {
      step(s, &in);
    }
    if (s->over == 0u) {
      ended = s->link.stream.ending;
      set_deadline(s);
      smtpc_net_link_pump(&s->link);
    }
    // Writing may have shown that the peer is gone.
  } while (s->over == 0u && ended != s->link.stream.ending);
  s->running = 0u;
}

void smtpc_net_session_run(smtpc_net_session *session) {
  run(session);
}

static void on_wake(smtpc_net_link *link) {
  run(link->owner);
}

// -------------------------------------------------------------- slow answers

int smtpc_net_session_answer(smtpc_net_session *session, unsigned answer) {
  if (session->question == SMTPC_DO_NOTHING || session->answered != 0u ||
      session->asking != 0u || session->working != 0u) {
    return 0;
  }
  set_answer(session, answer);
  run(session);
  return 1;
}

static void work_do(uv_work_t *work) {
  smtpc_net_session *s = work->data;
  s->work_answer = s->work_fn(s->work_arg);
}

static void work_done(uv_work_t *work, int status) {
  smtpc_net_session *s = work->data;
  s->working = 0u;
  set_answer(s, status == 0 ? s->work_answer : SMTPC_ANSWER_NOT_NOW);
  run(s);
}

unsigned smtpc_net_work(smtpc_net_session *session, smtpc_net_work_fn work,
                        void *arg) {
  if (session->asking == 0u || session->working != 0u) {
    return SMTPC_ANSWER_NOT_NOW;
  }
  session->work.data = session;
  session->work_fn = work;
  session->work_arg = arg;
  if (uv_queue_work(&session->receiver->loop, &session->work, work_do,
                    work_done) != 0) {
    return SMTPC_ANSWER_NOT_NOW;
  }
  session->working = 1u;
  return SMTPC_NET_LATER;
}

// ----------------------------------------------------------- begin and end

static void unlink_session(smtpc_net_session *s) {
  if (s->previous != NULL) {
    s->previous->next = s->next;
  } else {
    s->receiver->first = s->next;
  }
  if (s->next != NULL) {
    s->next->previous = s->previous;
  }
  s->receiver->sessions--;
}

static void link_session(smtpc_net_session *s) {
  smtpc_net_receiver *r = s->receiver;
  s->next = r->first;
  if (r->first != NULL) {
    r->first->previous = s;
  }
  r->first = s;
  r->sessions++;
}

static void on_gone(smtpc_net_link *link) {
  smtpc_net_session *s = link->owner;
  unlink_session(s);
  smtpc_wipe((uint8_t *)s, sizeof *s);
  free(s);
}

void smtpc_net_session_begin(smtpc_net_receiver *receiver,
                             smtpc_net_session *session) {
  smtpc_net_receiver *r = receiver;
  smtpc_net_session *s = session;
  s->receiver = r;
  s->link.owner = s;
  s->link.wake = on_wake;
  s->link.gone = on_gone;
  if (!smtpc_net_accept(r, &s->link)) {
    free(s);
    return;
  }
  r->number++;
  s->number = r->number;
  link_session(s);
  smtpc_net_session_meet(s);
  smtpc_server_init(&s->core, &s->policy);
  if (CALL(s)->session_begin != NULL &&
      CALL(s)->session_begin(USER(s), s) == 0) {
    s->over = 1u;
    smtpc_net_link_drop(&s->link);
    return;
  }
  smtpc_net_link_limit(&s->link, r->options.session_seconds);
  smtpc_net_link_start(&s->link);
  run(s);
}

void smtpc_net_session_cut(smtpc_net_session *session) {
  const int waits =
      session->question != SMTPC_DO_NOTHING && session->answered == 0u;
  if (session->over != 0u) {
    smtpc_net_link_drop(&session->link);
    return;
  }
  if (waits && session->working == 0u) {
    set_answer(session, SMTPC_ANSWER_NOT_NOW);
  }
  smtpc_stream_mute(&session->link.stream);
  run(session);
}

// ------------------------------------------------------------------ questions

void smtpc_net_session_set_user(smtpc_net_session *session, void *user) {
  session->user = user;
}

void *smtpc_net_session_user(const smtpc_net_session *session) {
  return session->user;
}

uint64_t smtpc_net_session_number(const smtpc_net_session *session) {
  return session->number;
}

const char *smtpc_net_session_peer(const smtpc_net_session *session) {
  return session->peer;
}

smtpc_address smtpc_net_session_address(const smtpc_net_session *session) {
  return session->address;
}

const char *smtpc_net_session_self(const smtpc_net_session *session) {
  return session->self;
}

const uint8_t *smtpc_net_session_hello(const smtpc_net_session *session,
                                       size_t *out_len) {
  *out_len = session->hello_len;
  return session->hello;
}

const smtpc_server *smtpc_net_session_core(const smtpc_net_session *session) {
  return &session->core;
}
