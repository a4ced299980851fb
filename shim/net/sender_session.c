#define _POSIX_C_SOURCE 200809L

#include <string.h>

#include "shim/net/sender_parts.h"
#include "smtpcore/span.h"

#define RESERVE 1024u  // room for a line that content leaves

#define CALL(sender) (&(sender)->options->callbacks)
#define USER(sender) ((sender)->options->user)

// --------------------------------------------------------------- what is told

static void tell(smtpc_net_sender *s, const smtpc_net_trace *event) {
  if (CALL(s)->trace != NULL) {
    CALL(s)->trace(USER(s), event);
  }
}

static unsigned channel_of(const smtpc_net_sender *s) {
  return s->link.stream.channel == SMTPC_STREAM_CLEAR ? SMTPC_CHANNEL_PLAIN
                                                      : SMTPC_CHANNEL_TLS;
}

static void tell_content(smtpc_net_sender *s) {
  smtpc_net_trace event = {0};
  if (s->untraced > 0u) {
    event.kind = SMTPC_NET_TRACE_CONTENT;
    event.channel = (uint8_t)channel_of(s);
    event.len = s->untraced;
    s->untraced = 0u;
    tell(s, &event);
  }
}

static void tell_line(smtpc_net_sender *s, const uint8_t *data, size_t len,
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

static void tell_tls(smtpc_net_sender *s) {
  smtpc_net_trace event = {0};
  if (s->link.stream.channel == SMTPC_STREAM_TLS) {
    event.kind = SMTPC_NET_TRACE_TLS;
    event.channel = SMTPC_CHANNEL_TLS;
    tell(s, &event);
  }
  if (CALL(s)->tls != NULL) {
    CALL(s)->tls(USER(s), &s->link.stream.facts);
  }
}

static void tell_finding(smtpc_net_sender *s, const smtpc_action *act) {
  smtpc_net_finding finding = {0};
  finding.finding = act->finding;
  finding.channel = act->channel;
  finding.pos = act->pos;
  s->stats.findings++;
  if (CALL(s)->finding != NULL) {
    CALL(s)->finding(USER(s), &finding);
  }
}

// ------------------------------------------------------------ the server's lines

static void end_line(smtpc_net_sender *s) {
  smtpc_net_result *result = s->result;
  s->stats.lines++;
  s->progress = 1u;
  memcpy(result->text, s->line, s->line_len);
  result->text_len = s->line_len;
  tell_line(s, s->line, s->line_len, 1u, 0u);
  s->line_len = 0u;
}

// Splits what the core took at CRLF, for the trace alone: what a line means is the
// core's to say. CR, LF and NUL that are elsewhere, and what is too long, are left
// out; the core's finding says so.
static void note_octets(smtpc_net_sender *s, const uint8_t *data, size_t len) {
  for (size_t i = 0u; i < len; i++) {
    const uint8_t c = data[i];
    const int end = c == (uint8_t)'\n' && s->seen_cr != 0u;
    s->seen_cr = c == (uint8_t)'\r' ? 1u : 0u;
    if (end) {
      end_line(s);
    } else if (c != (uint8_t)'\r' && c != (uint8_t)'\n' && c != 0u &&
               s->line_len < SMTPC_NET_REPLY_MAX) {
      s->line[s->line_len] = c;
      s->line_len = (uint16_t)(s->line_len + 1u);
    }
  }
}

// ------------------------------------------------------------------- the end

static void end_session(smtpc_net_sender *s, const smtpc_action *act) {
  smtpc_net_end *end = &s->result->end;
  tell_content(s);
  s->over = 1u;
  s->stats.octets_in = s->link.stream.octets_in;
  s->stats.octets_out = s->link.stream.octets_out;
  end->stats = s->stats;
  end->tls = s->link.stream.facts;
  end->reason = act->end_reason;
  end->finding = act->finding;
  end->device = act->device;
  end->encrypted = s->core.tls;
  end->authenticated = s->core.authenticated;
  if (s->lost != 0u) {
    end->reason = SMTPC_END_LOCAL;
    end->finding = SMTPC_FINDING_LOCAL_INPUT;
  }
  s->result->code = act->code;
  s->result->capabilities = s->core.caps;
  s->result->messages_done = s->messages;
  smtpc_net_link_finish(&s->link);
}

static void abort_session(smtpc_net_sender *s) {
  smtpc_action act = smtpc_action_make(SMTPC_DO_CLOSE);
  act.end_reason = SMTPC_END_LOCAL;
  smtpc_stream_mute(&s->link.stream);
  end_session(s, &act);
}

// -------------------------------------------------------------------- actions

static void do_send(smtpc_net_sender *s, const smtpc_action *act,
                    const smtpc_input *input) {
  const uint8_t *octets = smtpc_client_octets(&s->core, act, input);
  const size_t len = act->end - act->begin;
  if (smtpc_stream_send(&s->link.stream, act->channel, octets, len) == 0) {
    abort_session(s);
    return;
  }
  s->progress = 1u;
  if (act->source == SMTPC_SOURCE_INPUT) {
    s->untraced += len;
    s->stats.content += len;
  } else if (len >= 2u) {
    tell_line(s, octets, len - 2u, 0u, act->secret);
  }
  // A single octet is a dot that was stuffed: it is no content and no line.
}

static void do_start_tls(smtpc_net_sender *s) {
  smtpc_stream_start_tls(&s->link.stream, s->options->tls, &s->peer);
  s->handshaking = 1u;
  s->idle = 1u;
  s->deadline = SMTPC_DEADLINE_HANDSHAKE;
  s->progress = 1u;
}

static smtpc_net_reply reply_of(const smtpc_net_sender *s,
                                const smtpc_action *act) {
  smtpc_net_reply reply = {0};
  reply.text = s->result->text;
  reply.text_len = s->result->text_len;
  reply.number = act->number;
  reply.code = act->code;
  reply.enhanced_class = act->enhanced_class;
  reply.enhanced_subject = act->enhanced_subject;
  reply.enhanced_detail = act->enhanced_detail;
  return reply;
}

static void do_recipient_done(smtpc_net_sender *s, const smtpc_action *act) {
  const smtpc_net_reply reply = reply_of(s, act);
  if (CALL(s)->recipient_done != NULL) {
    CALL(s)->recipient_done(USER(s), &reply);
  }
}

static void do_delivery_done(smtpc_net_sender *s, const smtpc_action *act) {
  const smtpc_net_reply reply = reply_of(s, act);
  if (CALL(s)->delivery_done != NULL) {
    CALL(s)->delivery_done(USER(s), &reply);
  }
}

static void do_message_done(smtpc_net_sender *s, const smtpc_action *act) {
  smtpc_net_reply reply = reply_of(s, act);
  tell_content(s);
  reply.number = s->messages;
  s->messages++;
  if (act->code >= 200u && act->code < 300u) {
    s->stats.messages++;
  }
  if (CALL(s)->message_done != NULL) {
    CALL(s)->message_done(USER(s), &reply);
  }
}

static int has_question(const smtpc_net_sender *s) {
  return s->core.wait != SMTPC_DO_NOTHING && s->core.wait != SMTPC_DO_START_TLS;
}

static void perform(smtpc_net_sender *s, const smtpc_action *act,
                    const smtpc_input *input) {
  if (s->core.sasl.mechanism != SMTPC_MECHANISM_NONE) {
    s->result->mechanism = s->core.sasl.mechanism;
  }
  switch ((smtpc_do)act->kind) {
    case SMTPC_DO_NEED_INPUT:
      // A question may still be open: octets that came do not always close it.
      s->asked = has_question(s) ? 1u : 0u;
      s->idle = s->asked == 0u ? 1u : 0u;
      s->deadline = act->deadline;
      break;
    case SMTPC_DO_SEND:
      do_send(s, act, input);
      break;
    case SMTPC_DO_START_TLS:
      do_start_tls(s);
      break;
    case SMTPC_DO_REPORT:
      tell_finding(s, act);
      break;
    case SMTPC_DO_CLOSE:
      end_session(s, act);
      break;
    case SMTPC_DO_RECIPIENT_DONE:
      do_recipient_done(s, act);
      break;
    case SMTPC_DO_DELIVERY_DONE:
      do_delivery_done(s, act);
      break;
    case SMTPC_DO_MESSAGE_DONE:
      do_message_done(s, act);
      break;
    case SMTPC_DO_ASK_PASSWORD:
    case SMTPC_DO_ASK_DIGEST:
    case SMTPC_DO_ASK_NONCE:
    case SMTPC_DO_ASK_BINDING:
    case SMTPC_DO_ASK_ENVELOPE:
    case SMTPC_DO_ASK_NEXT_RECIPIENT:
    case SMTPC_DO_ASK_CONTENT:
      s->asked = 1u;
      break;
    case SMTPC_DO_NOTHING:
    case SMTPC_DO_ASK_SENDER:
    case SMTPC_DO_ASK_RECIPIENT:
    case SMTPC_DO_ASK_CREDENTIALS:
    case SMTPC_DO_ASK_PEER:
    case SMTPC_DO_ASK_SALT:
    case SMTPC_DO_ASK_MESSAGE:
    case SMTPC_DO_CONTENT:
    case SMTPC_DO_DROP_MESSAGE:
    case SMTPC_DO_COUNT:
      // No client says these.
      abort_session(s);
      break;
  }
}

// -------------------------------------------------------------------- answers

// The session ends without another word. Zeros in place of a digest would be a proof
// and a signature that anybody can make, so there is no way on without one; and
// without its end of data the server has no message (THREATS: TLS-02).
static int give_up(smtpc_net_sender *s, smtpc_input *in) {
  smtpc_action act = smtpc_action_make(SMTPC_DO_REPORT);
  act.finding = SMTPC_FINDING_LOCAL_INPUT;
  act.channel = s->core.tls;
  act.pos = s->core.pos;
  tell_finding(s, &act);
  s->lost = 1u;
  *in = smtpc_input_make(SMTPC_IN_SHUTDOWN);
  return 1;
}

static int answer_password(smtpc_net_sender *s, smtpc_input *in) {
  smtpc_net_login login = {0};
  *in = smtpc_input_make(SMTPC_IN_CREDENTIALS);
  if (CALL(s)->password == NULL ||
      CALL(s)->password(USER(s), s->core.sasl.mechanism, &login) == 0) {
    return give_up(s, in);
  }
  in->data = login.name;
  in->len = login.name_len;
  in->secret = login.password;
  in->secret_len = login.password_len;
  return 1;
}

static int answer_digest(smtpc_net_sender *s, smtpc_input *in) {
  const smtpc_sasl_client *sasl = &s->core.sasl;
  const size_t len = smtpc_sasl_digest_len(sasl->mechanism);
  smtpc_net_login login = {0};
  smtpc_net_digest ask = {0};
  ask.mechanism = sasl->mechanism;
  ask.text = s->core.line.data + sasl->text.begin;
  ask.text_len = smtpc_span_len(sasl->text);
  ask.salt = s->core.line.data + sasl->salt.begin;
  ask.salt_len = smtpc_span_len(sasl->salt);
  ask.iterations = sasl->iterations;
  *in = smtpc_input_make(SMTPC_IN_DIGEST);
  if (CALL(s)->digest == NULL ||
      CALL(s)->digest(USER(s), &ask, &login, s->digest) == 0) {
    return give_up(s, in);
  }
  in->data = login.name;
  in->len = login.name_len;
  in->secret = s->digest;
  in->secret_len = len > SMTPC_MD5_LEN ? 2u * len : len;
  return 1;
}

static int answer_nonce(smtpc_net_sender *s, smtpc_input *in) {
  *in = smtpc_input_make(SMTPC_IN_NONCE);
  if (CALL(s)->random == NULL ||
      CALL(s)->random(USER(s), s->digest, SMTPC_NONCE_LEN) == 0) {
    return give_up(s, in);
  }
  in->data = s->digest;
  in->len = SMTPC_NONCE_LEN;
  return 1;
}

static int answer_binding(smtpc_net_sender *s, smtpc_input *in) {
  *in = smtpc_input_make(SMTPC_IN_BINDING);
  in->len =
      smtpc_stream_binding(&s->link.stream, s->core.sasl.binding, s->digest);
  in->data = s->digest;
  return 1;
}

static int answer_envelope(smtpc_net_sender *s, unsigned kind, smtpc_input *in,
                           int (*next)(void *user, smtpc_envelope *out)) {
  static const smtpc_envelope none = {0};
  s->envelope = none;
  if (next == NULL || next(USER(s), &s->envelope) == 0) {
    *in = smtpc_input_make(SMTPC_IN_END);
  } else {
    *in = smtpc_input_make(kind);
    in->envelope = &s->envelope;
  }
  return 1;
}

// What fits the link now. The announcement of a chunk says how long the whole block
// is, and takes nothing of it.
static size_t slice_of(const smtpc_net_sender *s, size_t room) {
  const int announces =
      s->core.phase == SMTPC_CLIENT_CHUNKS && s->core.chunk_left == 0u;
  const size_t most = room > RESERVE ? room - RESERVE : 0u;
  return announces || s->block_len < most ? s->block_len : most;
}

static int answer_content(smtpc_net_sender *s, smtpc_input *in) {
  int more = 1;
  if (s->block_len == 0u) {
    more = CALL(s)->content == NULL
               ? 0
               : CALL(s)->content(USER(s), &s->block, &s->block_len);
  }
  if (more < 0) {
    s->block_len = 0u;
    return give_up(s, in);
  }
  if (more == 0 || s->block_len == 0u) {
    s->block_len = 0u;
    *in = smtpc_input_make(SMTPC_IN_END);
  } else {
    *in = smtpc_input_make(SMTPC_IN_CONTENT);
    in->data = s->block;
    in->len = slice_of(s, smtpc_net_link_room(&s->link));
  }
  return 1;
}

static int answer(smtpc_net_sender *s, smtpc_input *in) {
  switch (s->core.wait) {
    case SMTPC_DO_ASK_PASSWORD:
      return answer_password(s, in);
    case SMTPC_DO_ASK_DIGEST:
      return answer_digest(s, in);
    case SMTPC_DO_ASK_NONCE:
      return answer_nonce(s, in);
    case SMTPC_DO_ASK_BINDING:
      return answer_binding(s, in);
    case SMTPC_DO_ASK_ENVELOPE:
      s->block_len = 0u;
      return answer_envelope(s, SMTPC_IN_ENVELOPE, in, CALL(s)->envelope);
    case SMTPC_DO_ASK_NEXT_RECIPIENT:
      return answer_envelope(s, SMTPC_IN_RECIPIENT, in, CALL(s)->recipient);
    case SMTPC_DO_ASK_CONTENT:
      return answer_content(s, in);
    default:
      return 0;
  }
}

// --------------------------------------------------------------------- inputs

static int take_event(smtpc_net_sender *s, smtpc_input *in) {
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
        s->line_len = 0u;
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

static int take_own_end(smtpc_net_sender *s, smtpc_input *in) {
  if (s->stop != 0u) {
    s->stop = 0u;
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

// A server that does not read what we sent has the time of a block.
static int is_stalled(smtpc_net_sender *s) {
  const smtpc_net_deadlines *deadlines = &s->options->deadlines;
  s->stalled = 0u;
  if (smtpc_net_link_room(&s->link) > 0u) {
    return 0;
  }
  if (s->link.fired != 0u || s->stop != 0u) {
    smtpc_stream_mute(&s->link.stream);
    return 0;
  }
  smtpc_net_link_await(&s->link, SMTPC_DEADLINE_DATA_BLOCK,
                       deadlines->seconds[SMTPC_DEADLINE_DATA_BLOCK],
                       s->link.moved);
  s->stalled = 1u;
  return 1;
}

// What the server says goes first, so that it is judged before anything else is
// said (THREATS: RIT-05), and also when it does not read.
static int take_octets(smtpc_net_sender *s, smtpc_input *in) {
  const uint8_t *data = NULL;
  const size_t len = smtpc_stream_peek(&s->link.stream, &data);
  if (len == 0u) {
    return 0;
  }
  *in = smtpc_input_octets(channel_of(s), data, len);
  return 1;
}

// What the core would say next does not fit now. While content goes out that is a
// stuffed dot at most, for which `slice_of` leaves room: so the core comes to ask for
// content, where it can hear the server.
static int must_wait(const smtpc_net_sender *s) {
  return s->stalled != 0u && s->core.send != 0u &&
         s->core.phase != SMTPC_CLIENT_CONTENT;
}

// The next input. It returns 0 when there is none: the session waits.
static int take_input(smtpc_net_sender *s, smtpc_input *in) {
  const int stalled = s->idle == 0u && is_stalled(s);
  if (stalled && must_wait(s)) {
    return 0;
  }
  if (take_octets(s, in)) {
    return 1;
  }
  if (s->asked != 0u && stalled) {
    return 0;
  }
  if (s->asked != 0u) {
    s->asked = 0u;
    return answer(s, in);
  }
  if (take_own_end(s, in)) {
    return 1;
  }
  if (s->idle == 0u && s->link.stream.muted == 0u) {
    *in = smtpc_input_make(SMTPC_IN_NONE);
    return 1;
  }
  if (take_event(s, in)) {
    return 1;
  }
  *in = smtpc_input_make(SMTPC_IN_NONE);
  return s->idle == 0u;
}

// ------------------------------------------------------------------- the loop

static void took(smtpc_net_sender *s, const smtpc_input *in, size_t used) {
  if (in->kind == SMTPC_IN_OCTETS) {
    // Taken octets stay where they are until the next peek. They are taken on the
    // channel that they came on, so before the action, which may be START_TLS.
    smtpc_net_link_take(&s->link, used);
    note_octets(s, in->data, used);
  } else if (in->kind == SMTPC_IN_CONTENT) {
    s->block += used;
    s->block_len -= used;
  }
}

static void step(smtpc_net_sender *s, const smtpc_input *in) {
  size_t used = 0u;
  smtpc_action act;
  const smtpc_status status =
      smtpc_client_step(s->options->policy, &s->core, in, &used, &act);
  if (status == SMTPC_E_PENDING) {
    // The question that was put off by what the server said is still open.
    s->asked = 1u;
    return;
  }
  if (status != SMTPC_OK) {
    abort_session(s);
    return;
  }
  s->idle = 0u;
  s->asked = 0u;
  if (in->data == s->digest || in->secret == s->digest) {
    smtpc_wipe(s->digest, sizeof s->digest);
  }
  took(s, in, used);
  perform(s, &act, in);
}

static void set_deadline(smtpc_net_sender *s) {
  const smtpc_net_deadlines *deadlines = &s->options->deadlines;
  if (s->idle != 0u) {
    smtpc_net_link_await(&s->link, s->deadline, deadlines->seconds[s->deadline],
                         s->progress);
    s->progress = 0u;
  }
}

// Goes on as far as it goes. Each turn takes octets or an event, or does what the
// core still had to do; content stops it when the link is full.
static void run(smtpc_net_sender *s) {
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
    // Writing may have shown that the server is gone.
  } while (s->over == 0u && ended != s->link.stream.ending);
  s->running = 0u;
}

void smtpc_net_converse_on(smtpc_net_sender *sender) {
  run(sender);
}

static void on_wake(smtpc_net_link *link) {
  run(link->owner);
}

void smtpc_net_converse(smtpc_net_sender *sender) {
  smtpc_client_init(&sender->core, sender->options->policy);
  sender->link.wake = on_wake;
  smtpc_net_link_limit(&sender->link, sender->options->session_seconds);
  smtpc_net_link_start(&sender->link);
  run(sender);
}
