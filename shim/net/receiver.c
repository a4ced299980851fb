#define _POSIX_C_SOURCE 200809L

#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "shim/net/address.h"
#include "shim/net/receiver_parts.h"

#define BACKLOG 511
#define SPARE_FILES 64u   // open files that are no sessions
#define REFUSALS_MAX 64u  // connections that are told 421 at once
#define SESSIONS_TOP 100000u
#define THREADS_TOP 128u

int smtpc_net_accept(smtpc_net_receiver *receiver, smtpc_net_link *link) {
  link->linger_ms = receiver->options.linger_ms;
  if (smtpc_net_link_init(link, &receiver->loop) != 0) {
    return 0;
  }
  (void)uv_accept((uv_stream_t *)&receiver->listener,
                  (uv_stream_t *)&link->tcp);
  return 1;
}

// ------------------------------------------------------------- one too many

typedef struct refusal {
  smtpc_net_link link;
  smtpc_net_receiver *receiver;
} refusal;

static void on_refusal_wake(smtpc_net_link *link) {
  smtpc_net_link_finish(link);
}

static void on_refusal_gone(smtpc_net_link *link) {
  refusal *refused = link->owner;
  refused->receiver->refusals--;
  free(refused);
}

// Under implicit TLS there is no way to say it: only TLS may speak.
static void say_many(refusal *refused) {
  const smtpc_server_policy *policy = refused->receiver->options.policy;
  const int enhanced =
      (policy->offered & SMTPC_OFFERS(ENHANCEDSTATUSCODES)) != 0u;
  uint8_t line[SMTPC_OUT_MAX];
  size_t len = 0u;
  if (policy->implicit_tls == 0u &&
      smtpc_write_reply(line, sizeof line, &len, SMTPC_REPLY_SESSIONS_MANY, 1,
                        enhanced, NULL, 0u) == SMTPC_OK) {
    (void)smtpc_stream_send(&refused->link.stream, SMTPC_CHANNEL_PLAIN, line,
                            len);
  }
}

static void refuse_connection(smtpc_net_receiver *r, refusal *refused) {
  char peer[SMTPC_NET_ADDRESS_MAX];
  refused->receiver = r;
  refused->link.owner = refused;
  refused->link.wake = on_refusal_wake;
  refused->link.gone = on_refusal_gone;
  if (!smtpc_net_accept(r, &refused->link)) {
    free(refused);
    return;
  }
  (void)smtpc_net_address_of_peer(&refused->link.tcp, peer, sizeof peer);
  if (r->options.callbacks.refused != NULL) {
    r->options.callbacks.refused(r->options.user, peer);
  }
  r->refusals++;
  if (r->refusals > REFUSALS_MAX) {
    smtpc_net_link_drop(&refused->link);
    return;
  }
  smtpc_net_link_start(&refused->link);
  say_many(refused);
  smtpc_net_link_finish(&refused->link);
}

// ----------------------------------------------------------------- accepting

static void accept_one(smtpc_net_receiver *r);

static void on_spare_closed(uv_handle_t *handle) {
  smtpc_net_receiver *r = handle->data;
  const unsigned wanted = r->spare_wanted;
  r->spare_busy = 0u;
  r->spare_wanted = 0u;
  if (wanted != 0u && r->listening != 0u) {
    accept_one(r);
  }
}

// Without memory a connection is taken and closed: one that is not taken would stop
// the listener for ever.
static void accept_without_memory(smtpc_net_receiver *r) {
  if (r->spare_busy != 0u) {
    r->spare_wanted = 1u;
    return;
  }
  if (uv_tcp_init(&r->loop, &r->spare) == 0) {
    r->spare.data = r;
    r->spare_busy = 1u;
    (void)uv_accept((uv_stream_t *)&r->listener, (uv_stream_t *)&r->spare);
    uv_close((uv_handle_t *)&r->spare, on_spare_closed);
  }
}

static void accept_one(smtpc_net_receiver *r) {
  if (r->sessions >= r->options.sessions_max) {
    refusal *refused = calloc(1u, sizeof *refused);
    if (refused != NULL) {
      refuse_connection(r, refused);
      return;
    }
  } else {
    smtpc_net_session *session = calloc(1u, sizeof *session);
    if (session != NULL) {
      smtpc_net_session_begin(r, session);
      return;
    }
  }
  accept_without_memory(r);
}

static void on_connection(uv_stream_t *listener, int status) {
  if (status == 0) {
    accept_one(listener->data);
  }
}

// ------------------------------------------------------------------ stopping

static void close_listener(smtpc_net_receiver *r) {
  if (r->listening != 0u) {
    r->listening = 0u;
    uv_close((uv_handle_t *)&r->listener, NULL);
  }
}

static void run_all(smtpc_net_receiver *r) {
  for (smtpc_net_session *s = r->first; s != NULL; s = s->next) {
    smtpc_net_session_run(s);
  }
}

static void stop_at_once(smtpc_net_receiver *r) {
  r->stopping = 2u;
  for (smtpc_net_session *s = r->first; s != NULL; s = s->next) {
    smtpc_net_session_cut(s);
  }
}

static void on_grace(uv_timer_t *timer) {
  stop_at_once(timer->data);
}

static void begin_stop(smtpc_net_receiver *r) {
  r->stopping = 1u;
  close_listener(r);
  (void)uv_timer_start(&r->grace, on_grace,
                       (uint64_t)r->options.stop_seconds * 1000u, 0);
  uv_unref((uv_handle_t *)&r->grace);
  run_all(r);
}

static void on_stop(uv_async_t *async) {
  smtpc_net_receiver *r = async->data;
  const unsigned stops = atomic_load(&r->stops);
  if (stops > 0u && r->stopping == 0u) {
    begin_stop(r);
  }
  if (stops > 1u && r->stopping == 1u) {
    stop_at_once(r);
  }
}

void smtpc_net_receiver_stop(smtpc_net_receiver *receiver) {
  (void)atomic_fetch_add(&receiver->stops, 1u);
  (void)uv_async_send(&receiver->async);
}

static void on_signal(uv_signal_t *handle, int number) {
  (void)number;
  smtpc_net_receiver_stop(handle->data);
}

// ----------------------------------------------------------------- beginning

void smtpc_net_receiver_options_init(smtpc_net_receiver_options *out) {
  static const smtpc_net_receiver_options none = {0};
  *out = none;
  smtpc_net_deadlines_init(&out->deadlines);
  out->sessions_max = 1000u;
  out->session_seconds = 3600u;
  out->stop_seconds = 10u;
  out->linger_ms = 2000u;
  out->threads = 16u;
  out->tls_min_version = SMTPC_TLS_1_2;
  out->signals = 1u;
}

static int is_range(smtpc_range range) {
  const unsigned family = range.address.family;
  return (family == SMTPC_FAMILY_IPV4 && range.prefix <= 32u) ||
         (family == SMTPC_FAMILY_IPV6 && range.prefix <= 128u);
}

// A range that holds nobody is a setting that came to nothing.
static const char *wrong_peers(const smtpc_net_receiver_options *o) {
  if ((o->quirk_rules == NULL && o->quirk_rule_count > 0u) ||
      (o->proxies == NULL && o->proxy_count > 0u)) {
    return "a list of address ranges is missing";
  }
  for (size_t i = 0u; i < o->quirk_rule_count; i++) {
    const smtpc_quirk_rule *rule = &o->quirk_rules[i];
    if (!is_range(rule->range) ||
        (rule->quirks & ~(uint32_t)SMTPC_QUIRK_ALL) != 0u) {
      return "a rule for quirks has no address range, or an unknown quirk";
    }
  }
  for (size_t i = 0u; i < o->proxy_count; i++) {
    if (!is_range(o->proxies[i])) {
      return "a trusted proxy has no address range";
    }
  }
  return NULL;
}

// What an exchange of AUTH will ask the program for.
static const char *wrong_callbacks(const smtpc_net_receiver_options *o) {
  const uint64_t scram =
      SMTPC_MECHS_BOUND | SMTPC_MECH(SCRAM_SHA_256) | SMTPC_MECH(SCRAM_SHA_1);
  const uint64_t nonces = scram | SMTPC_MECH(CRAM_MD5);
  if (o->policy->auth == SMTPC_AUTH_OFF) {
    return NULL;
  }
  if ((o->policy->mechanisms & nonces) != 0u && o->callbacks.random == NULL) {
    return "CRAM-MD5 and SCRAM need random octets, which nobody gives";
  }
  if ((o->policy->mechanisms & scram) != 0u && o->callbacks.salt == NULL) {
    return "SCRAM needs the salts of names, which nobody gives";
  }
  return NULL;
}

static const char *wrong_option(const smtpc_net_receiver_options *o) {
  if (o->policy == NULL || smtpc_server_policy_check(o->policy) != SMTPC_OK) {
    return "the policy does not pass its check";
  }
  const int tls =
      o->policy->tls != SMTPC_SERVER_TLS_OFF || o->policy->implicit_tls != 0u;
  if (tls && o->tls == NULL) {
    return "TLS is on, but there is no TLS context";
  }
  if (o->sessions_max == 0u || o->sessions_max > SESSIONS_TOP) {
    return "the number of sessions must be 1 to 100000";
  }
  if (o->threads == 0u || o->threads > THREADS_TOP) {
    return "the number of threads must be 1 to 128";
  }
  const char *wrong = wrong_peers(o);
  return wrong != NULL ? wrong : wrong_callbacks(o);
}

static void raise_file_limit(uint32_t sessions) {
  struct rlimit limit;
  const rlim_t wanted = (rlim_t)sessions * 2u + SPARE_FILES + REFUSALS_MAX;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < wanted) {
    const int capped =
        limit.rlim_max != RLIM_INFINITY && limit.rlim_max < wanted;
    limit.rlim_cur = capped ? limit.rlim_max : wanted;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
  }
}

static void prepare_process(const smtpc_net_receiver_options *options) {
  char threads[16];
  (void)snprintf(threads, sizeof threads, "%u", (unsigned)options->threads);
  (void)setenv("UV_THREADPOOL_SIZE", threads, 0);
  smtpc_net_ignore_sigpipe();
  raise_file_limit(options->sessions_max);
}

static void own_handles(smtpc_net_receiver *r) {
  r->listener.data = r;
  r->async.data = r;
  r->grace.data = r;
  // None of these keeps the loop alive: the listener and the sessions do.
  uv_unref((uv_handle_t *)&r->async);
  for (unsigned i = 0u; i < 2u; i++) {
    (void)uv_signal_init(&r->loop, &r->signals[i]);
    r->signals[i].data = r;
    uv_unref((uv_handle_t *)&r->signals[i]);
  }
}

static int open_loop(smtpc_net_receiver *r) {
  int status = uv_loop_init(&r->loop);
  if (status != 0) {
    return status;
  }
  status = uv_async_init(&r->loop, &r->async, on_stop);
  if (status != 0) {
    (void)uv_loop_close(&r->loop);
    return status;
  }
  (void)uv_timer_init(&r->loop, &r->grace);
  (void)uv_tcp_init(&r->loop, &r->listener);
  own_handles(r);
  r->listening = 1u;
  return 0;
}

static int listen_on(smtpc_net_receiver *r, const struct sockaddr *address) {
  int status = uv_tcp_bind(&r->listener, address, 0);
  if (status == 0) {
    status = uv_listen((uv_stream_t *)&r->listener, BACKLOG, on_connection);
  }
  if (status == 0) {
    r->port =
        smtpc_net_address_of_self(&r->listener, r->address, sizeof r->address);
  }
  return status;
}

static smtpc_net_error_kind start(smtpc_net_receiver *r,
                                  smtpc_net_error *error) {
  struct sockaddr_storage address;
  char where[SMTPC_NET_ADDRESS_MAX];
  const char *host = r->options.host;
  int status =
      smtpc_net_address_find(&r->loop, host, r->options.port, &address);
  if (status != 0) {
    return smtpc_net_fail(error, SMTPC_NET_RESOLVE,
                          "cannot find an address for %s: %s",
                          host == NULL ? "*" : host, uv_strerror(status));
  }
  status = listen_on(r, (const struct sockaddr *)&address);
  if (status == 0) {
    return SMTPC_NET_NONE;
  }
  (void)smtpc_net_address_print(&address, where, sizeof where);
  return smtpc_net_fail(error, smtpc_net_kind_of(status),
                        "cannot listen on %s: %s", where, uv_strerror(status));
}

smtpc_net_error_kind smtpc_net_receiver_new(
    smtpc_net_receiver **out, const smtpc_net_receiver_options *options,
    smtpc_net_error *error) {
  const char *wrong = wrong_option(options);
  *out = NULL;
  (void)smtpc_net_fail(error, SMTPC_NET_NONE, "%s", "");
  if (wrong != NULL) {
    return smtpc_net_fail(error, SMTPC_NET_ARGUMENT, "%s", wrong);
  }
  smtpc_net_receiver *r = calloc(1u, sizeof *r);
  if (r == NULL) {
    return smtpc_net_fail(error, SMTPC_NET_MEMORY, "no memory for a receiver");
  }
  r->options = *options;
  prepare_process(options);
  const int status = open_loop(r);
  if (status != 0) {
    free(r);
    return smtpc_net_fail(error, SMTPC_NET_SYSTEM,
                          "cannot make an event loop: %s", uv_strerror(status));
  }
  const smtpc_net_error_kind kind = start(r, error);
  if (kind != SMTPC_NET_NONE) {
    smtpc_net_receiver_free(r);
    return kind;
  }
  *out = r;
  return SMTPC_NET_NONE;
}

smtpc_net_error_kind smtpc_net_receiver_run(smtpc_net_receiver *receiver,
                                            smtpc_net_error *error) {
  static const int numbers[2] = {SIGTERM, SIGINT};
  (void)smtpc_net_fail(error, SMTPC_NET_NONE, "%s", "");
  for (unsigned i = 0u; receiver->options.signals != 0u && i < 2u; i++) {
    const int status =
        uv_signal_start(&receiver->signals[i], on_signal, numbers[i]);
    if (status != 0) {
      return smtpc_net_fail(error, SMTPC_NET_SYSTEM,
                            "cannot catch signal %d: %s", numbers[i],
                            uv_strerror(status));
    }
  }
  (void)uv_run(&receiver->loop, UV_RUN_DEFAULT);
  for (unsigned i = 0u; i < 2u; i++) {
    (void)uv_signal_stop(&receiver->signals[i]);
  }
  return SMTPC_NET_NONE;
}

void smtpc_net_receiver_free(smtpc_net_receiver *receiver) {
  if (receiver == NULL) {
    return;
  }
  close_listener(receiver);
  uv_close((uv_handle_t *)&receiver->async, NULL);
  uv_close((uv_handle_t *)&receiver->grace, NULL);
  uv_close((uv_handle_t *)&receiver->signals[0], NULL);
  uv_close((uv_handle_t *)&receiver->signals[1], NULL);
  (void)uv_run(&receiver->loop, UV_RUN_DEFAULT);
  (void)uv_loop_close(&receiver->loop);
  free(receiver);
}

// ------------------------------------------------------------------ questions

const char *smtpc_net_receiver_address(const smtpc_net_receiver *receiver) {
  return receiver->address;
}

uint16_t smtpc_net_receiver_port(const smtpc_net_receiver *receiver) {
  return receiver->port;
}

uint32_t smtpc_net_receiver_sessions(const smtpc_net_receiver *receiver) {
  return receiver->sessions;
}
