#define _POSIX_C_SOURCE 200809L

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shim/net/address.h"
#include "shim/net/sender_parts.h"
#include "smtpcore/span.h"

// ----------------------------------------------------------------- connecting

static void connect_next(smtpc_net_sender *s);

static void close_loop(smtpc_net_sender *s) {
  if (s->closed == 0u) {
    s->closed = 1u;
    uv_close((uv_handle_t *)&s->clock, NULL);
    uv_close((uv_handle_t *)&s->signals[0], NULL);
    uv_close((uv_handle_t *)&s->signals[1], NULL);
  }
}

static void give_up(smtpc_net_sender *s, smtpc_net_error_kind kind,
                    const char *why) {
  if (s->error->kind == SMTPC_NET_NONE) {
    (void)smtpc_net_fail(s->error, kind, "cannot reach %s port %u: %s",
                         s->options->host, (unsigned)s->options->port, why);
  }
  s->over = 1u;
  close_loop(s);
}

// Why there will be no more attempts, if so.
static int is_called_off(smtpc_net_sender *s) {
  if (s->stop != 0u) {
    give_up(s, SMTPC_NET_STOPPED, "stopped by a signal");
  } else if (s->late_at != 0u && uv_now(&s->loop) >= s->late_at) {
    give_up(s, SMTPC_NET_TIMEOUT, "no answer in time");
  }
  return s->over;
}

static void on_gone(smtpc_net_link *link) {
  smtpc_net_sender *s = link->owner;
  if (s->over != 0u) {
    close_loop(s);
  } else {
    connect_next(s);
  }
}

static void begin_session(smtpc_net_sender *s) {
  (void)uv_timer_stop(&s->clock);
  (void)smtpc_net_address_of_peer(&s->link.tcp, s->result->peer,
                                  sizeof s->result->peer);
  if (s->options->callbacks.connected != NULL) {
    s->options->callbacks.connected(s->options->user, s->result->peer);
  }
  smtpc_net_converse(s);
}

static void on_connected(uv_connect_t *request, int status) {
  smtpc_net_sender *s = request->data;
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
static void call_off(smtpc_net_sender *s) {
  if (s->looking != 0u) {
    (void)uv_cancel((uv_req_t *)&s->lookup);
  }
  if (s->link.handles > 0u) {
    smtpc_net_link_drop(&s->link);
  }
}

static void on_clock(uv_timer_t *timer) {
  call_off(timer->data);
}

// An address that does not answer leaves its share of the time to the others.
static void start_clock(smtpc_net_sender *s) {
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
static void connect_next(smtpc_net_sender *s) {
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
  s->link.gone = on_gone;
  s->link.linger_ms = s->options->linger_ms;
  s->connect.data = s;
  start_clock(s);
  int status = smtpc_net_link_init(&s->link, &s->loop);
  if (status != 0) {
    give_up(s, SMTPC_NET_SYSTEM, uv_strerror(status));
    return;
  }
  status =
      uv_tcp_connect(&s->connect, &s->link.tcp, address->ai_addr, on_connected);
  if (status != 0) {
    if (s->next == NULL) {
      give_up(s, SMTPC_NET_CONNECT, uv_strerror(status));
    }
    smtpc_net_link_drop(&s->link);
  }
}

static void on_lookup(uv_getaddrinfo_t *request, int status,
                      struct addrinfo *addresses) {
  smtpc_net_sender *s = request->data;
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
  smtpc_net_sender *s = handle->data;
  (void)number;
  s->stop = 1u;
  if (s->over != 0u) {
    return;
  }
  if (s->result->peer[0] == '\0') {
    call_off(s);
  } else {
    smtpc_net_converse_on(s);
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

static int open_loop(smtpc_net_sender *s) {
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

static int begin_lookup(smtpc_net_sender *s) {
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

static void run_loop(smtpc_net_sender *s) {
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
  smtpc_net_sender *s = calloc(1u, sizeof *s);
  if (s == NULL) {
    return smtpc_net_fail(error, SMTPC_NET_MEMORY, "no memory for a session");
  }
  s->options = options;
  s->error = error;
  s->result = out;
  s->peer = peer;
  run_loop(s);
  smtpc_wipe((uint8_t *)s, sizeof *s);
  free(s);
  return error->kind;
}
