#define _POSIX_C_SOURCE 200809L

#include <string.h>

#include "shim/net/address.h"
#include "shim/net/receiver_parts.h"
#include "smtpcore/command.h"
#include "smtpcore/param.h"
#include "smtpcore/span.h"

// What only a peer that is trusted to speak for others is offered.
#define FOR_PROXIES (SMTPC_OFFERS(XCLIENT) | SMTPC_OFFERS(XFORWARD))

static int is_proxy(const smtpc_net_receiver_options *options,
                    smtpc_address address) {
  for (size_t i = 0u; i < options->proxy_count; i++) {
    if (smtpc_range_holds(options->proxies[i], address)) {
      return 1;
    }
  }
  return 0;
}

// Gives the session what its policy has for `address` alone. None: for nobody.
static void judge(smtpc_net_session *s, smtpc_address address) {
  const smtpc_net_receiver_options *options = &s->receiver->options;
  s->policy.quirks =
      smtpc_quirks_for(options->quirk_rules, options->quirk_rule_count, address,
                       options->policy->quirks);
  s->policy.offered = options->policy->offered;
  if (!is_proxy(options, address)) {
    s->policy.offered &= ~FOR_PROXIES;
  }
}

void smtpc_net_session_meet(smtpc_net_session *session) {
  smtpc_net_session *s = session;
  s->address = smtpc_net_address_of_peer(&s->link.tcp, s->peer, sizeof s->peer);
  (void)smtpc_net_address_of_self(&s->link.tcp, s->self, sizeof s->self);
  s->policy = *s->receiver->options.policy;
  judge(s, s->address);
  if (!is_proxy(&s->receiver->options, s->address)) {
    s->policy.proxy = 0u;
  }
}

// ----------------------------------------------------------- a PROXY header

// The rights of the proxy are not those of whom it speaks for, known or not.
static void become_header(smtpc_net_session *s) {
  smtpc_proxy header;
  if (smtpc_proxy_parse(s->core.line.data, s->core.line.len, &header) !=
          SMTPC_OK ||
      header.local != 0u) {
    return;
  }
  if (header.source.family != SMTPC_FAMILY_NONE) {
    s->address = header.source;
    smtpc_net_address_text(header.source, header.source_port, s->peer,
                           sizeof s->peer);
  }
  if (header.destination.family != SMTPC_FAMILY_NONE) {
    smtpc_net_address_text(header.destination, header.destination_port, s->self,
                           sizeof s->self);
  }
  judge(s, header.source);
}

// ------------------------------------------------------------------ XCLIENT

// An address is the longest value that is looked at: "IPV6:" and 45 octets.
#define VALUE_MAX 64u

// The decoded value of an attribute; its length, 0: it is not there or not known.
static size_t value_of(const smtpc_net_session *s, unsigned id,
                       uint8_t out[VALUE_MAX]) {
  const uint8_t *line = s->core.line.data;
  const smtpc_span span =
      smtpc_attribute_find(line, s->core.command.argument, id);
  size_t len = 0u;
  if (smtpc_span_len(span) == 0u ||
      smtpc_xtext_decode(line, span, out, VALUE_MAX, &len) != SMTPC_OK) {
    len = 0u;
  }
  return len;
}

static smtpc_address address_of(const smtpc_net_session *s, unsigned id) {
  uint8_t text[VALUE_MAX];
  const smtpc_span all = smtpc_span_make(0u, value_of(s, id, text));
  smtpc_address address = smtpc_address_make(SMTPC_FAMILY_NONE, NULL);
  smtpc_span rest = all;
  if (smtpc_span_starts(text, all, "IPV6:", 5u)) {
    rest = smtpc_span_make((size_t)all.begin + 5u, all.end);
  }
  if (smtpc_address_parse(text, rest, &address) != SMTPC_OK) {
    address = smtpc_address_make(SMTPC_FAMILY_NONE, NULL);
  }
  return address;
}

static uint16_t port_of(const smtpc_net_session *s, unsigned id) {
  uint8_t text[VALUE_MAX];
  const smtpc_span all = smtpc_span_make(0u, value_of(s, id, text));
  uint64_t port = 0u;
  if (smtpc_span_number(text, all, UINT16_MAX, &port) != SMTPC_OK) {
    port = 0u;
  }
  return (uint16_t)port;
}

// ADDR that is not known makes the peer one that nobody knows.
static void become_client(smtpc_net_session *s) {
  const unsigned attributes = s->core.command.attributes;
  const smtpc_address self = address_of(s, SMTPC_ATTRIBUTE_DESTADDR);
  s->hello_len = 0u;
  if ((attributes & SMTPC_ATTR(ADDR)) != 0u) {
    s->address = address_of(s, SMTPC_ATTRIBUTE_ADDR);
    smtpc_net_address_text(s->address, port_of(s, SMTPC_ATTRIBUTE_PORT),
                           s->peer, sizeof s->peer);
    judge(s, s->address);
  }
  if (self.family != SMTPC_FAMILY_NONE) {
    smtpc_net_address_text(self, port_of(s, SMTPC_ATTRIBUTE_DESTPORT), s->self,
                           sizeof s->self);
  }
}

// ----------------------------------------------------------------- together

unsigned smtpc_net_session_ask_peer(smtpc_net_session *session,
                                    const smtpc_action *act) {
  smtpc_net_session *s = session;
  const smtpc_net_receiver_options *options = &s->receiver->options;
  smtpc_net_proxied proxied = {0};
  smtpc_proxy header;
  proxied.verb = s->core.command.verb;
  if (proxied.verb == SMTPC_VERB_NONE) {
    if (smtpc_proxy_parse(smtpc_server_octets(&s->core, act, NULL),
                          act->end - act->begin, &header) != SMTPC_OK) {
      return SMTPC_ANSWER_NO;
    }
    proxied.header = &header;
  } else {
    proxied.line = s->core.line.data;
    proxied.argument = s->core.command.argument;
    proxied.attributes = s->core.command.attributes;
  }
  return options->callbacks.proxied == NULL
             ? SMTPC_ANSWER_YES
             : options->callbacks.proxied(options->user, s, &proxied);
}

void smtpc_net_session_become(smtpc_net_session *session) {
  const unsigned verb = session->core.command.verb;
  if (verb == SMTPC_VERB_NONE) {
    become_header(session);
  } else if (verb == SMTPC_VERB_XCLIENT) {
    become_client(session);
  }
}
