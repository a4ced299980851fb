#define _POSIX_C_SOURCE 200809L

#include <arpa/inet.h>
#include <string.h>

#include "shim/boringssl/internal.h"

#define LABEL_MAX 63u

static bool is_digit(uint8_t c) {
  return c >= (uint8_t)'0' && c <= (uint8_t)'9';
}

static bool is_ldh_octet(uint8_t c) {
  const uint8_t lower = (uint8_t)(c | 0x20u);
  return is_digit(c) || c == (uint8_t)'-' ||
         (lower >= (uint8_t)'a' && lower <= (uint8_t)'z');
}

static bool is_label(const uint8_t *name, size_t from, size_t to) {
  if (from >= to || to - from > LABEL_MAX) {
    return false;
  }
  for (size_t i = from; i < to; i++) {
    if (!is_ldh_octet(name[i])) {
      return false;
    }
  }
  return name[from] != (uint8_t)'-' && name[to - 1u] != (uint8_t)'-';
}

bool smtpc_bssl_is_ldh(const uint8_t *name, size_t len) {
  if (len == 0u || len > SMTPC_TLS_NAME_MAX) {
    return false;
  }
  size_t from = 0u;
  for (size_t i = 0u; i < len; i++) {
    if (name[i] == (uint8_t)'.') {
      if (!is_label(name, from, i)) {
        return false;
      }
      from = i + 1u;
    }
  }
  return is_label(name, from, len);
}

static bool ends_in_number(const uint8_t *name, size_t len) {
  size_t i = len;
  while (i > 0u && is_digit(name[i - 1u])) {
    i--;
  }
  return i < len && (i == 0u || name[i - 1u] == (uint8_t)'.');
}

void smtpc_bssl_name_read(const uint8_t *name, size_t len,
                          smtpc_bssl_name *out) {
  memset(out, 0, sizeof *out);
  if (len == 0u || len > SMTPC_TLS_NAME_MAX || memchr(name, 0, len) != NULL) {
    return;
  }
  memcpy(out->text, name, len);
  if (inet_pton(AF_INET, out->text, out->ip) == 1) {
    out->kind = SMTPC_BSSL_NAME_IP;
    out->ip_len = 4u;
  } else if (inet_pton(AF_INET6, out->text, out->ip) == 1) {
    out->kind = SMTPC_BSSL_NAME_IP;
    out->ip_len = 16u;
  } else if (smtpc_bssl_is_ldh(name, len) && !ends_in_number(name, len)) {
    out->kind = SMTPC_BSSL_NAME_HOST;
  }
}
