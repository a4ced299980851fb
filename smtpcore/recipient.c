#include "smtpcore/recipient.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "smtpcore/span.h"

#define IPV6_TAG 5u  // IPv6:

static bool is_name(const uint8_t *domain, size_t len, const uint8_t *name,
                    size_t name_len) {
  if (len != name_len) {
    return false;
  }
  for (size_t i = 0u; i < len; i++) {
    if (smtpc_upper(domain[i]) != smtpc_upper(name[i])) {
      return false;
    }
  }
  return true;
}

static bool is_text(const uint8_t *domain, size_t len, const char *name) {
  return is_name(domain, len, (const uint8_t *)name, strlen(name));
}

static bool is_one_of_ours(const smtpc_here *here, const uint8_t *domain,
                           size_t len) {
  if (is_name(domain, len, here->host, here->host_len) ||
      is_text(domain, len, "localhost")) {
    return true;
  }
  for (size_t i = 0u; i < here->domains_count; i++) {
    if (is_text(domain, len, here->domains[i])) {
      return true;
    }
  }
  return false;
}

// Reads `text[0 .. len)` as an address of `family` into 16 octets.
static bool read_address(int family, const char *text, size_t len,
                         uint8_t out[16]) {
  char copy[INET6_ADDRSTRLEN];
  if (len >= sizeof copy) {
    return false;
  }
  memcpy(copy, text, len);
  copy[len] = '\0';
  memset(out, 0, 16u);
  return inet_pton(family, copy, out) == 1;
}

// The address of "192.0.2.1:25" or "[2001:db8::1]:25".
static bool read_self(const char *self, int family, uint8_t out[16]) {
  const char *colon = strrchr(self, ':');
  const bool six = self[0] == '[';
  if (colon == NULL || six != (family == AF_INET6)) {
    return false;
  }
  const size_t brackets = six ? 2u : 0u;
  const size_t len = (size_t)(colon - self);
  return len > brackets &&
         read_address(family, self + brackets / 2u, len - brackets, out);
}

static bool is_self(const char *self, const uint8_t *domain, size_t len,
                    unsigned kind) {
  const bool six = kind == SMTPC_HOST_IPV6;
  const int family = six ? AF_INET6 : AF_INET;
  const size_t skip = 1u + (six ? IPV6_TAG : 0u);
  uint8_t ours[16];
  uint8_t theirs[16];
  return len > skip + 1u && read_self(self, family, ours) &&
         read_address(family, (const char *)domain + skip, len - skip - 1u,
                      theirs) &&
         memcmp(ours, theirs, sizeof ours) == 0;
}

bool smtpc_recipient_is_here(const smtpc_here *here, const char *self,
                             const uint8_t *line, const smtpc_path *path) {
  const uint8_t *domain = line + path->domain.begin;
  const size_t len = smtpc_span_len(path->domain);
  if (path->kind == SMTPC_PATH_POSTMASTER) {
    return true;
  }
  if (path->kind != SMTPC_PATH_MAILBOX) {
    return false;
  }
  if (is_one_of_ours(here, domain, len)) {
    return true;
  }
  const bool address =
      path->host == SMTPC_HOST_IPV4 || path->host == SMTPC_HOST_IPV6;
  return address && is_self(self, domain, len, path->host);
}
