#define _POSIX_C_SOURCE 200809L

#include "shim/net/address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int has_ipv6(void) {
  struct sockaddr_in6 any;
  memset(&any, 0, sizeof any);
  any.sin6_family = AF_INET6;
  const int fd = socket(AF_INET6, SOCK_STREAM, 0);
  if (fd < 0) {
    return 0;
  }
  const int status = bind(fd, (const struct sockaddr *)&any, sizeof any);
  (void)close(fd);
  return status == 0;
}

// The unspecified address of both families is all zero.
static void any_address(uint16_t port, struct sockaddr_storage *out) {
  struct sockaddr_in any;
  struct sockaddr_in6 any6;
  memset(&any, 0, sizeof any);
  memset(&any6, 0, sizeof any6);
  any.sin_family = AF_INET;
  any.sin_port = htons(port);
  any6.sin6_family = AF_INET6;
  any6.sin6_port = htons(port);
  if (has_ipv6()) {
    memcpy(out, &any6, sizeof any6);
  } else {
    memcpy(out, &any, sizeof any);
  }
}

int smtpc_net_address_find(uv_loop_t *loop, const char *host, uint16_t port,
                           struct sockaddr_storage *out) {
  struct addrinfo hints;
  uv_getaddrinfo_t request;
  char service[8];
  memset(out, 0, sizeof *out);
  if (host == NULL) {
    any_address(port, out);
    return 0;
  }
  memset(&hints, 0, sizeof hints);
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  (void)snprintf(service, sizeof service, "%u", (unsigned)port);
  const int status =
      uv_getaddrinfo(loop, &request, NULL, host, service, &hints);
  if (status != 0) {
    return status;
  }
  memcpy(out, request.addrinfo->ai_addr, request.addrinfo->ai_addrlen);
  uv_freeaddrinfo(request.addrinfo);
  return 0;
}

static uint16_t print_ipv4(const void *octets, uint16_t port, char *out,
                           size_t cap) {
  char text[INET_ADDRSTRLEN] = "";
  (void)inet_ntop(AF_INET, octets, text, sizeof text);
  (void)snprintf(out, cap, "%s:%u", text, (unsigned)port);
  return port;
}

static uint16_t print_ipv6(const struct sockaddr_in6 *in6, char *out,
                           size_t cap) {
  char text[INET6_ADDRSTRLEN] = "";
  const uint16_t port = ntohs(in6->sin6_port);
  if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
    return print_ipv4(in6->sin6_addr.s6_addr + 12, port, out, cap);
  }
  (void)inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof text);
  (void)snprintf(out, cap, "[%s]:%u", text, (unsigned)port);
  return port;
}

uint16_t smtpc_net_address_print(const struct sockaddr_storage *address,
                                 char *out, size_t cap) {
  if (address->ss_family == AF_INET) {
    struct sockaddr_in in;
    memcpy(&in, address, sizeof in);
    return print_ipv4(&in.sin_addr, ntohs(in.sin_port), out, cap);
  }
  if (address->ss_family == AF_INET6) {
    struct sockaddr_in6 in6;
    memcpy(&in6, address, sizeof in6);
    return print_ipv6(&in6, out, cap);
  }
  (void)snprintf(out, cap, "unknown");
  return 0u;
}

smtpc_address smtpc_net_address_take(const struct sockaddr_storage *address) {
  if (address->ss_family == AF_INET) {
    struct sockaddr_in in;
    memcpy(&in, address, sizeof in);
    uint8_t octets[4];
    memcpy(octets, &in.sin_addr, sizeof octets);
    return smtpc_address_make(SMTPC_FAMILY_IPV4, octets);
  }
  if (address->ss_family == AF_INET6) {
    struct sockaddr_in6 in6;
    memcpy(&in6, address, sizeof in6);
    return smtpc_address_make(SMTPC_FAMILY_IPV6, in6.sin6_addr.s6_addr);
  }
  return smtpc_address_make(SMTPC_FAMILY_NONE, NULL);
}

void smtpc_net_address_text(smtpc_address address, uint16_t port, char *out,
                            size_t cap) {
  struct sockaddr_in6 in6;
  memset(&in6, 0, sizeof in6);
  in6.sin6_port = htons(port);
  if (address.family == SMTPC_FAMILY_IPV4) {
    (void)print_ipv4(address.octets, port, out, cap);
  } else if (address.family == SMTPC_FAMILY_IPV6) {
    memcpy(in6.sin6_addr.s6_addr, address.octets, sizeof address.octets);
    (void)print_ipv6(&in6, out, cap);
  } else {
    (void)snprintf(out, cap, "unknown");
  }
}

smtpc_address smtpc_net_address_of_peer(const uv_tcp_t *tcp, char *out,
                                        size_t cap) {
  struct sockaddr_storage address;
  int len = sizeof address;
  memset(&address, 0, sizeof address);
  (void)uv_tcp_getpeername(tcp, (struct sockaddr *)&address, &len);
  (void)smtpc_net_address_print(&address, out, cap);
  return smtpc_net_address_take(&address);
}

uint16_t smtpc_net_address_of_self(const uv_tcp_t *tcp, char *out, size_t cap) {
  struct sockaddr_storage address;
  int len = sizeof address;
  memset(&address, 0, sizeof address);
  (void)uv_tcp_getsockname(tcp, (struct sockaddr *)&address, &len);
  return smtpc_net_address_print(&address, out, cap);
}

smtpc_net_error_kind smtpc_net_fail(smtpc_net_error *error,
                                    smtpc_net_error_kind kind,
                                    const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  error->kind = kind;
  (void)vsnprintf(error->text, sizeof error->text, format, arguments);
  va_end(arguments);
  return kind;
}

smtpc_net_error_kind smtpc_net_kind_of(int status) {
  switch (status) {
    case UV_EADDRINUSE:
      return SMTPC_NET_IN_USE;
    case UV_EADDRNOTAVAIL:
      return SMTPC_NET_ADDRESS;
    case UV_EACCES:
    case UV_EPERM:
      return SMTPC_NET_PERMISSION;
    case UV_ENOMEM:
      return SMTPC_NET_MEMORY;
    default:
      return SMTPC_NET_SYSTEM;
  }
}

void smtpc_net_ignore_sigpipe(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = SIG_IGN;
  (void)sigaction(SIGPIPE, &action, NULL);
}
