#define _POSIX_C_SOURCE 200809L

#include "shim/net/sender.h"

#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "shim/net/address.h"
#include "shim/net/link.h"
#include "smtpcore/span.h"

typedef struct sender {
  smtpc_net_link link;
  const smtpc_net_sender_options *options;
  smtpc_net_error *error;
  smtpc_net_result *result;
  uv_loop_t loop;
  uv_getaddrinfo_t lookup;
  uv_connect_t connect;
  uv_timer_t clock;          // of resolving, and of connecting to one address
  uint64_t late_at;          // when both must be done; 0: no limit
  uv_signal_t signals[2];
  struct addrinfo *addresses;
  struct addrinfo *next;     // the address that is tried next
  const uint8_t *block;      // content of the program that is left to send
  size_t block_len;
  uint64_t untraced;         // octets of content the trace has not heard of
  smtpc_tls_peer peer;
  smtpc_net_stats stats;
  uint32_t messages;         // MESSAGE_DONE so far
  uint8_t asked;             // 1: `core.wait` is a question that is open
  uint8_t idle;              // 1: the core waits for input
  uint8_t deadline;          // with this smtpc_deadline
  uint8_t progress;          // 1: a line was taken, or sent, since it was set
  uint8_t stalled;           // 1: the server does not read what we sent
  uint8_t handshaking;
  uint8_t content_lost;      // 1: the program could not go on with its content
  uint8_t stop;              // 1: a signal came
  uint8_t looking;           // 1: the resolver is at work
  uint8_t running;
  uint8_t over;              // 1: the session has ended, or there will be none
  uint8_t closed;            // 1: the handles of the loop are being closed
  uint8_t seen_cr;           // of the server's line at hand
  uint16_t line_len;
  uint8_t digest[SMTPC_MD5_LEN];
  uint8_t line[SMTPC_NET_REPLY_MAX];       // the server's line at hand
  smtpc_envelope envelope;
  smtpc_client core;
} sender;

#define CALL(sender) (&(sender)->options->callbacks)
#define USER(sender) ((sender)->options->user)

// --------------------------------------------------------------- what is told

static void tell(sender *s, const smtpc_net_trace *event) {
  if (CALL(s)->trace != NULL) {
    CALL(s)->trace(USER(s), event);
  }
}

static unsigned channel_of(const sender *s) {
  return s->link.channel == SMTPC_NET_CLEAR ? SMTPC_CHANNEL_PLAIN
                                            : SMTPC_CHANNEL_TLS;
}

static void tell_content(sender *s) {
  smtpc_net_trace event = {0};
  if (s->untraced > 0u) {
    event.kind = SMTPC_NET_TRACE_CONTENT;
    event.channel = (uint8_t)channel_of(s);
    event.len = s->untraced;
    s->untraced = 0u;
    tell(s, &event);
  }
}

static void tell_line(sender *s, const uint8_t *data, size_t len,
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

static void tell_tls(sender *s) {
  smtpc_net_trace event = {0};
  if (s->link.channel == SMTPC_NET_TLS) {
    event.kind = SMTPC_NET_TRACE_TLS;
    event.channel = SMTPC_CHANNEL_TLS;
    tell(s, &event);
  }
  if (CALL(s)->tls != NULL) {
    CALL(s)->tls(USER(s), &s->link.facts);
  }
}

static void tell_finding(sender *s, const smtpc_action *act) {
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

static void end_line(sender *s) {
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
static void note_octets(sender *s, const uint8_t *data, size_t len) {
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

static void close_loop(sender *s) {
  if (s->closed == 0u) {
    s->closed = 1u;
    uv_close((uv_handle_t *)&s->clock, NULL);
    uv_close((uv_handle_t *)&s->signals[0], NULL);
    uv_close((uv_handle_t *)&s->signals[1], NULL);
  }
}

static void end_session(sender *s, const smtpc_action *act) {
  smtpc_net_end *end = &s->result->end;
  tell_content(s);
  s->over = 1u;
  s->stats.octets_in = s->link.octets_in;
  s->stats.octets_out = s->link.octets_out;
  end->stats = s->stats;
  end->tls = s->link.facts;
  end->reason = act->end_reason;
  end->finding = act->finding;
  end->device = act->device;
  end->encrypted = s->core.tls;
  end->authenticated = s->core.authenticated;
  if (s->content_lost != 0u) {
    end->reason = SMTPC_END_LOCAL;
    end->finding = SMTPC_FINDING_LOCAL_INPUT;
  }
  s->result->code = act->code;
  s->result->mechanism = s->core.mechanism;
  s->result->capabilities = s->core.caps;
  s->result->messages_done = s->messages;
  smtpc_net_link_finish(&s->link);
}

static void abort_session(sender *s) {
  smtpc_action act = smtpc_action_make(SMTPC_DO_CLOSE);
  act.end_reason = SMTPC_END_LOCAL;
  smtpc_net_link_mute(&s->link);
  end_session(s, &act);
}

// -------------------------------------------------------------------- actions

static void do_send(sender *s, const smtpc_action *act,
                    const smtpc_input *input) {
  const uint8_t *octets = smtpc_client_octets(&s->core, act, input);
  const size_t len = act->end - act->begin;
  if (smtpc_net_link_send(&s->link, act->channel, octets, len) == 0) {
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

static void do_start_tls(sender *s) {
  smtpc_net_link_start_tls(&s->link, s->options->tls, &s->peer);
  s->handshaking = 1u;
  s->idle = 1u;
  s->deadline = SMTPC_DEADLINE_HANDSHAKE;
  s->progress = 1u;
}

static smtpc_net_reply reply_of(const sender *s, const smtpc_action *act) {
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

static void do_recipient_done(sender *s, const smtpc_action *act) {
  const smtpc_net_reply reply = reply_of(s, act);
  if (CALL(s)->recipient_done != NULL) {
    CALL(s)->recipient_done(USER(s), &reply);
  }
}

static void do_message_done(sender *s, const smtpc_action *act) {
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

static int has_question(const sender *s) {
  return s->core.wait != SMTPC_DO_NOTHING &&
         s->core.wait != SMTPC_DO_START_TLS;
}

static void perform(sender *s, const smtpc_action *act,
                    const smtpc_input *input) {
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
    case SMTPC_DO_MESSAGE_DONE:
      do_message_done(s, act);
      break;
    case SMTPC_DO_ASK_PASSWORD:
    case SMTPC_DO_ASK_DIGEST:
    case SMTPC_DO_ASK_ENVELOPE:
    case SMTPC_DO_ASK_NEXT_RECIPIENT:
    case SMTPC_DO_ASK_CONTENT:
      s->asked = 1u;
      break;
    case SMTPC_DO_NOTHING:
    case SMTPC_DO_ASK_SENDER:
    case SMTPC_DO_ASK_RECIPIENT:
    case SMTPC_DO_ASK_CREDENTIALS:
    case SMTPC_DO_ASK_NONCE:
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

static int answer_password(sender *s, smtpc_input *in) {
  smtpc_net_login login = {0};
  *in = smtpc_input_make(SMTPC_IN_CREDENTIALS);
  if (CALL(s)->password != NULL && CALL(s)->password(USER(s), &login) != 0) {
    in->data = login.name;
    in->len = login.name_len;
    in->secret = login.password;
    in->secret_len = login.password_len;
  }
  return 1;
}

static int answer_digest(sender *s, smtpc_input *in) {
  const smtpc_span at = s->core.challenge;
  smtpc_net_login login = {0};
  *in = smtpc_input_make(SMTPC_IN_DIGEST);
  memset(s->digest, 0, sizeof s->digest);
  if (CALL(s)->digest != NULL &&
      CALL(s)->digest(USER(s), s->core.line.data + at.begin,
                      smtpc_span_len(at), &login, s->digest) != 0) {
    in->data = login.name;
    in->len = login.name_len;
  }
  in->secret = s->digest;
  in->secret_len = sizeof s->digest;
  return 1;
}

static int answer_envelope(sender *s, unsigned kind, smtpc_input *in,
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
static size_t slice_of(const sender *s, size_t room) {
  const int announces = s->core.phase == SMTPC_CLIENT_CHUNKS &&
                        s->core.chunk_left == 0u;
  return announces || s->block_len < room ? s->block_len : room;
}

static int answer_content(sender *s, smtpc_input *in) {
  int more = 1;
  if (s->block_len == 0u) {
    more = CALL(s)->content == NULL
               ? 0
               : CALL(s)->content(USER(s), &s->block, &s->block_len);
  }
  if (more < 0) {
    // Without its end of data the server has no message (THREATS: TLS-02).
    s->content_lost = 1u;
    s->block_len = 0u;
    *in = smtpc_input_make(SMTPC_IN_SHUTDOWN);
  } else if (more == 0 || s->block_len == 0u) {
    s->block_len = 0u;
    *in = smtpc_input_make(SMTPC_IN_END);
  } else {
    *in = smtpc_input_make(SMTPC_IN_CONTENT);
    in->data = s->block;
    in->len = slice_of(s, smtpc_net_link_room(&s->link));
  }
  return 1;
}

static int answer(sender *s, smtpc_input *in) {
  switch (s->core.wait) {
    case SMTPC_DO_ASK_PASSWORD:
      return answer_password(s, in);
    case SMTPC_DO_ASK_DIGEST:
      return answer_digest(s, in);
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

static int take_event(sender *s, smtpc_input *in) {
  const smtpc_net_event event = smtpc_net_link_event(&s->link);
  switch (event) {
    case SMTPC_NET_EVENT_NONE:
      return 0;
    case SMTPC_NET_EVENT_TLS_UP:
    case SMTPC_NET_EVENT_TLS_FAILED:
      *in = smtpc_input_make(event == SMTPC_NET_EVENT_TLS_UP
                                 ? SMTPC_IN_TLS_UP
                                 : SMTPC_IN_TLS_FAILED);
      in->tls = s->link.facts;
      if (s->handshaking != 0u) {
        s->handshaking = 0u;
        s->line_len = 0u;
        tell_tls(s);
      }
      return 1;
    case SMTPC_NET_EVENT_END:
    case SMTPC_NET_EVENT_TORN:
      *in = smtpc_input_make(SMTPC_IN_END_OF_STREAM);
      in->clean = event == SMTPC_NET_EVENT_END ? 1u : 0u;
      return 1;
  }
  return 0;
}

static int take_own_end(sender *s, smtpc_input *in) {
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
static int is_stalled(sender *s) {
  const smtpc_net_deadlines *deadlines = &s->options->deadlines;
  s->stalled = 0u;
  if (smtpc_net_link_room(&s->link) > 0u) {
    return 0;
  }
  if (s->link.fired != 0u || s->stop != 0u) {
    smtpc_net_link_mute(&s->link);
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
static int take_octets(sender *s, smtpc_input *in) {
  const uint8_t *data = NULL;
  const size_t len = smtpc_net_link_peek(&s->link, &data);
  if (len == 0u) {
    return 0;
  }
  *in = smtpc_input_octets(channel_of(s), data, len);
  return 1;
}

// The next input. It returns 0 when there is none: the session waits.
static int take_input(sender *s, smtpc_input *in) {
  const int stalled = s->idle == 0u && is_stalled(s);
  if ((s->asked != 0u || !stalled) && take_octets(s, in)) {
    return 1;
  }
  if (stalled) {
    return 0;
  }
  if (s->asked != 0u) {
    s->asked = 0u;
    return answer(s, in);
  }
  if (take_own_end(s, in)) {
    return 1;
  }
  if (s->idle == 0u && s->link.muted == 0u) {
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

static void took(sender *s, const smtpc_input *in, size_t used) {
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

static void step(sender *s, const smtpc_input *in) {
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
  took(s, in, used);
  perform(s, &act, in);
}

static void set_deadline(sender *s) {
  const smtpc_net_deadlines *deadlines = &s->options->deadlines;
  if (s->idle != 0u) {
    smtpc_net_link_await(&s->link, s->deadline,
                         deadlines->seconds[s->deadline], s->progress);
    s->progress = 0u;
  }
}

// Goes on as far as it goes. Each turn takes octets or an event, or does what the
// core still had to do; content stops it when the link is full.
static void run(sender *s) {
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
      ended = s->link.ended;
      set_deadline(s);
      smtpc_net_link_pump(&s->link);
    }
    // Writing may have shown that the server is gone.
  } while (s->over == 0u && ended != s->link.ended);
  s->running = 0u;
}

static void on_wake(smtpc_net_link *link) { run(link->owner); }

// ----------------------------------------------------------------- connecting

static void connect_next(sender *s);

static void give_up(sender *s, smtpc_net_error_kind kind, const char *why) {
  if (s->error->kind == SMTPC_NET_NONE) {
    (void)smtpc_net_fail(s->error, kind, "cannot reach %s port %u: %s",
                         s->options->host, (unsigned)s->options->port, why);
  }
  s->over = 1u;
  close_loop(s);
}

// Why there will be no more attempts, if so.
static int is_called_off(sender *s) {
  if (s->stop != 0u) {
    give_up(s, SMTPC_NET_STOPPED, "stopped by a signal");
  } else if (s->late_at != 0u && uv_now(&s->loop) >= s->late_at) {
    give_up(s, SMTPC_NET_TIMEOUT, "no answer in time");
  }
  return s->over;
}

static void on_gone(smtpc_net_link *link) {
  sender *s = link->owner;
  if (s->over != 0u) {
    close_loop(s);
  } else {
    connect_next(s);
  }
}

static void begin_session(sender *s) {
  (void)uv_timer_stop(&s->clock);
  smtpc_net_address_of_peer(&s->link.tcp, s->result->peer,
                            sizeof s->result->peer);
  if (CALL(s)->connected != NULL) {
    CALL(s)->connected(USER(s), s->result->peer);
  }
  smtpc_client_init(&s->core, s->options->policy);
  smtpc_net_link_limit(&s->link, s->options->session_seconds);
  smtpc_net_link_start(&s->link);
  run(s);
}

static void on_connected(uv_connect_t *request, int status) {
  sender *s = request->data;
  if (status == UV_ECANCELED || s->over != 0u) {
    return;
  }
  if (status != 0) {
    if (s->next == NULL && !is_called_off(s)) {
      give_up(s, SMTPC_NET_CONNECT, uv_strerror(status));
    }
    smtpc_net_link_drop(&s->link);
    return;
  }
  begin_session(s);
}

// What is under way is cancelled, and ends by its own callback.
static void call_off(sender *s) {
  if (s->looking != 0u) {
    (void)uv_cancel((uv_req_t *)&s->lookup);
  }
  if (s->link.handles > 0u) {
    smtpc_net_link_drop(&s->link);
  }
}

static void on_clock(uv_timer_t *timer) { call_off(timer->data); }

// An address that does not answer leaves its share of the time to the others.
static void start_clock(sender *s) {
  const uint64_t now = uv_now(&s->loop);
  uint64_t count = 1u;
  for (const struct addrinfo *a = s->next; a != NULL; a = a->ai_next) {
    count++;
  }
  if (s->late_at > now) {
    (void)uv_timer_start(&s->clock, on_clock, (s->late_at - now) / count + 1u,
                         0);
  }
}

// One address. On failure the link's handles are closed, and `on_gone` goes on.
static void connect_next(sender *s) {
  static const smtpc_net_link none = {0};
  const struct addrinfo *address = s->next;
  if (is_called_off(s)) {
    return;
  }
  if (address == NULL) {
    give_up(s, SMTPC_NET_CONNECT, "no address answers");
    return;
  }
  s->next = address->ai_next;
  s->link = none;
  s->link.owner = s;
  s->link.wake = on_wake;
  s->link.gone = on_gone;
  s->link.linger_ms = s->options->linger_ms;
  s->connect.data = s;
  start_clock(s);
  int status = smtpc_net_link_init(&s->link, &s->loop);
  if (status != 0) {
    give_up(s, SMTPC_NET_SYSTEM, uv_strerror(status));
    return;
  }
  status = uv_tcp_connect(&s->connect, &s->link.tcp, address->ai_addr,
                          on_connected);
  if (status != 0) {
    if (s->next == NULL) {
      give_up(s, SMTPC_NET_CONNECT, uv_strerror(status));
    }
    smtpc_net_link_drop(&s->link);
  }
}

static void on_lookup(uv_getaddrinfo_t *request, int status,
                      struct addrinfo *addresses) {
  sender *s = request->data;
  s->looking = 0u;
  s->addresses = addresses;
  s->next = addresses;
  if (is_called_off(s)) {
    return;
  }
  if (status != 0) {
    give_up(s, SMTPC_NET_RESOLVE, uv_strerror(status));
    return;
  }
  connect_next(s);
}

static void on_signal(uv_signal_t *handle, int number) {
  sender *s = handle->data;
  (void)number;
  s->stop = 1u;
  if (s->over != 0u) {
    return;
  }
  if (s->result->peer[0] == '\0') {
    call_off(s);
  } else {
    run(s);
  }
}

// ------------------------------------------------------------------ beginning

void smtpc_net_sender_options_init(smtpc_net_sender_options *out) {
  static const smtpc_net_sender_options none = {0};
  *out = none;
  smtpc_net_deadlines_init(&out->deadlines);
  out->connect_seconds = 60u;
  out->session_seconds = 14400u;
  out->linger_ms = 2000u;
  out->port = 25u;
  out->tls_min_version = SMTPC_TLS_1_2;
}

// A name that the engine refuses is left out when nobody checks it.
static int fit_name(smtpc_tls_context *ctx, smtpc_tls_peer *peer) {
  smtpc_tls *probe = NULL;
  smtpc_status status = smtpc_tls_open(&probe, ctx, peer);
  smtpc_tls_free(probe);
  if (status == SMTPC_E_ARGUMENT && peer->verify == 0u) {
    peer->name_len = 0u;
    probe = NULL;
    status = smtpc_tls_open(&probe, ctx, peer);
    smtpc_tls_free(probe);
  }
  return status == SMTPC_OK;
}

static int make_peer(const smtpc_net_sender_options *o, smtpc_tls_peer *out) {
  static const smtpc_tls_peer none = {0};
  const char *name = o->server_name != NULL ? o->server_name : o->host;
  const size_t len = strlen(name);
  *out = none;
  out->role = SMTPC_TLS_CLIENT;
  out->verify = o->policy->tls == SMTPC_CLIENT_TLS_VERIFIED ? 1u : 0u;
  out->min_version = o->tls_min_version;
  if (len <= SMTPC_TLS_NAME_MAX) {
    memcpy(out->name, name, len);
    out->name_len = (uint16_t)len;
  }
  if (out->verify != 0u && out->name_len == 0u) {
    return 0;
  }
  return fit_name(o->tls, out);
}

static const char *wrong_option(const smtpc_net_sender_options *o,
                                smtpc_tls_peer *out_peer) {
  if (o->host == NULL || o->host[0] == '\0') {
    return "there is no server";
  }
  if (o->policy == NULL || smtpc_client_policy_check(o->policy) != SMTPC_OK) {
    return "the policy does not pass its check";
  }
  if (o->policy->tls == SMTPC_CLIENT_TLS_OFF) {
    return NULL;
  }
  if (o->tls == NULL) {
    return "TLS is wanted, but there is no TLS context";
  }
  if (!make_peer(o, out_peer)) {
    return "TLS cannot be set up: the server name or the TLS version is wrong";
  }
  return NULL;
}

static int open_loop(sender *s) {
  static const int numbers[2] = {SIGTERM, SIGINT};
  const int status = uv_loop_init(&s->loop);
  if (status != 0) {
    return status;
  }
  (void)uv_timer_init(&s->loop, &s->clock);
  s->clock.data = s;
  uv_unref((uv_handle_t *)&s->clock);
  for (unsigned i = 0u; i < 2u; i++) {
    (void)uv_signal_init(&s->loop, &s->signals[i]);
    s->signals[i].data = s;
    uv_unref((uv_handle_t *)&s->signals[i]);
    if (s->options->signals != 0u) {
      (void)uv_signal_start(&s->signals[i], on_signal, numbers[i]);
    }
  }
  return 0;
}

static int begin_lookup(sender *s) {
  struct addrinfo hints;
  char service[8];
  memset(&hints, 0, sizeof hints);
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  (void)snprintf(service, sizeof service, "%u", (unsigned)s->options->port);
  s->lookup.data = s;
  if (s->options->connect_seconds > 0u) {
    const uint64_t ms = (uint64_t)s->options->connect_seconds * 1000u;
    s->late_at = uv_now(&s->loop) + ms;
    (void)uv_timer_start(&s->clock, on_clock, ms, 0);
  }
  const int status = uv_getaddrinfo(&s->loop, &s->lookup, on_lookup,
                                    s->options->host, service, &hints);
  s->looking = status == 0 ? 1u : 0u;
  return status;
}

static void converse(sender *s) {
  int status = open_loop(s);
  if (status != 0) {
    s->closed = 1u;  // there is nothing to close
    give_up(s, SMTPC_NET_SYSTEM, uv_strerror(status));
    return;
  }
  status = begin_lookup(s);
  if (status != 0) {
    give_up(s, SMTPC_NET_RESOLVE, uv_strerror(status));
  }
  (void)uv_run(&s->loop, UV_RUN_DEFAULT);
  uv_freeaddrinfo(s->addresses);
  (void)uv_loop_close(&s->loop);
}

smtpc_net_error_kind smtpc_net_send(const smtpc_net_sender_options *options,
                                    smtpc_net_result *out,
                                    smtpc_net_error *error) {
  static const smtpc_net_result none = {0};
  smtpc_tls_peer peer = {0};
  *out = none;
  (void)smtpc_net_fail(error, SMTPC_NET_NONE, "%s", "");
  const char *wrong = wrong_option(options, &peer);
  if (wrong != NULL) {
    return smtpc_net_fail(error, SMTPC_NET_ARGUMENT, "%s", wrong);
  }
  smtpc_net_ignore_sigpipe();
  sender *s = calloc(1u, sizeof *s);
  if (s == NULL) {
    return smtpc_net_fail(error, SMTPC_NET_MEMORY, "no memory for a session");
  }
  s->options = options;
  s->error = error;
  s->result = out;
  s->peer = peer;
  converse(s);
  smtpc_wipe((uint8_t *)s, sizeof *s);
  free(s);
  return error->kind;
}
