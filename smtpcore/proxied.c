#include "smtpcore/proxied.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *smtpc_proxied_command(const smtpc_net_proxied *proxied) {
  return proxied->header != NULL ? "PROXY" : smtpc_verb_get(proxied->verb).name;
}

static void print_header(const smtpc_proxy *header, char out[96]) {
  char text[INET6_ADDRSTRLEN] = "";
  const bool six = header->source.family == SMTPC_FAMILY_IPV6;
  const char *words = header->local != 0u ? "LOCAL" : "UNKNOWN";
  if (header->local == 0u && header->source.family != SMTPC_FAMILY_NONE &&
      inet_ntop(six ? AF_INET6 : AF_INET, header->source.octets, text,
                sizeof text) != NULL) {
    (void)snprintf(out, 96u, "%s%s%s:%u", six ? "[" : "", text, six ? "]" : "",
                   (unsigned)header->source_port);
  } else {
    (void)snprintf(out, 96u, "%s", words);
  }
}

static char *copy_of(const char *octets, size_t len) {
  char *text = malloc(len + 1u);
  if (text != NULL) {
    memcpy(text, octets, len);
    text[len] = '\0';
  }
  return text;
}

char *smtpc_proxied_text(const smtpc_net_proxied *proxied) {
  char text[96];
  if (proxied->header != NULL) {
    print_header(proxied->header, text);
    return copy_of(text, strlen(text));
  }
  return copy_of((const char *)proxied->line + proxied->argument.begin,
                 smtpc_span_len(proxied->argument));
}
