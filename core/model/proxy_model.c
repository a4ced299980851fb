#include "core/model/proxy_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 128u

// A piece of a header as a C string.
typedef struct word {
  char text[TEXT_MAX];
} word;

static bool is(const word *w, const char *text) {
  return strcmp(w->text, text) == 0;
}

// ------------------------------------------------------------------- addresses

// number_of returns the number from 0 to `max` that `text` is, or -1.
// number = "0" / (%d49-57 *DIGIT)
static long number_of(const char *text, long max) {
  const size_t digits = strspn(text, "0123456789");
  const bool zero = text[0] == '0' && digits > 1u;
  if (digits < 1u || digits > 5u || text[digits] != '\0' || zero) {
    return -1;
  }
  const long number = strtol(text, NULL, 10);
  return number <= max ? number : -1;
}

// IPv4address = dec-octet "." dec-octet "." dec-octet "." dec-octet
static bool is_ipv4(const char *text, uint8_t *out) {
  char left[TEXT_MAX];
  char *at = left;
  (void)snprintf(left, sizeof left, "%s", text);
  for (int k = 0; k < 4; k++) {
    char *const dot = strchr(at, '.');
    if ((dot != NULL) != (k < 3)) {
      return false;
    }
    if (dot != NULL) {
      *dot = '\0';
    }
    const long number = number_of(at, 255);
    if (number < 0) {
      return false;
    }
    out[k] = (uint8_t)number;
    at = dot != NULL ? dot + 1 : at;
  }
  return true;
}

// h16 = 1*4HEXDIG
static int h16_of(const char *text) {
  static const char digits[] = "00112233445566778899aAbBcCdDeEfF";
  const size_t len = strlen(text);
  int value = 0;
  if (len < 1u || len > 4u) {
    return -1;
  }
  for (size_t k = 0u; k < len; k++) {
    const char *const at = strchr(digits, text[k]);
    if (at == NULL) {
      return -1;
    }
    value = value * 16 + (int)(at - digits) / 2;
  }
  return value;
}

// groups_of reads `text` as groups with one colon between them and returns how many
// octets they are, or -1. The last one may be an IPv4address if `ipv4`. No group is no
// octet.
static int groups_of(const char *text, bool ipv4, uint8_t *out) {
  char left[TEXT_MAX];
  const char *const colon = strchr(text, ':');
  if (text[0] == '\0') {
    return 0;
  }
  if (colon == NULL && ipv4 && strchr(text, '.') != NULL) {
    return is_ipv4(text, out) ? 4 : -1;
  }
  (void)snprintf(left, sizeof left, "%s", text);
  if (colon != NULL) {
    left[colon - text] = '\0';
  }
  const int value = h16_of(left);
  if (value < 0) {
    return -1;
  }
  uint8_t more[64];
  int octets = 0;
  if (colon != NULL) {
    octets = colon[1] != '\0' ? groups_of(colon + 1, ipv4, more) : -1;
  }
  if (octets < 0 || octets > 14) {
    return -1;
  }
  out[0] = (uint8_t)(value / 256);
  out[1] = (uint8_t)(value % 256);
  memcpy(out + 2, more, (size_t)octets);
  return octets + 2;
}

// RFC 4291 section 2.2: eight groups, or fewer with "::" once for one or more of 0.
static bool is_ipv6(const char *text, uint8_t *out) {
  char head[TEXT_MAX];
  uint8_t front[64];
  uint8_t back[64];
  const char *const gap = strstr(text, "::");
  memset(out, 0, 16u);
  if (gap == NULL) {
    const bool whole = groups_of(text, true, front) == 16;
    memcpy(out, front, whole ? 16u : 0u);
    return whole;
  }
  (void)snprintf(head, sizeof head, "%.*s", (int)(gap - text), text);
  const int first = groups_of(head, false, front);
  const int last = groups_of(gap + 2, true, back);
  if (first < 0 || last < 0 || first + last > 14) {
    return false;
  }
  memcpy(out, front, (size_t)first);
  memcpy(out + 16 - last, back, (size_t)last);
  return true;
}

static smtpc_address make(bool ipv6, const uint8_t *octets) {
  static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255};
  smtpc_address address;
  memset(&address, 0, sizeof address);
  if (ipv6 && memcmp(octets, mapped, sizeof mapped) != 0) {
    address.family = SMTPC_FAMILY_IPV6;
    memcpy(address.octets, octets, 16u);
  } else {
    address.family = SMTPC_FAMILY_IPV4;
    memcpy(address.octets, octets + (ipv6 ? 12 : 0), 4u);
  }
  return address;
}

static bool is_address(const char *text, bool ipv6, smtpc_address *out) {
  uint8_t octets[16];
  const bool good = ipv6 ? is_ipv6(text, octets) : is_ipv4(text, octets);
  if (good) {
    *out = make(ipv6, octets);
  }
  return good;
}

bool model_address(const char *text, size_t len, smtpc_address *out) {
  char whole[TEXT_MAX] = {0};
  memset(out, 0, sizeof *out);
  if (len >= TEXT_MAX || memchr(text, 0, len) != NULL) {
    return false;
  }
  memcpy(whole, text, len);
  return is_address(whole, false, out) || is_address(whole, true, out);
}

// ------------------------------------------------------------------- version 1

// "PROXY" SP ("TCP4" / "TCP6") SP source SP destination SP port SP port
static bool is_known(const word *words, size_t count, smtpc_proxy *out) {
  const bool ipv6 = count == 6u && is(&words[1], "TCP6");
  if (count != 6u || (!ipv6 && !is(&words[1], "TCP4"))) {
    return false;
  }
  const long from = number_of(words[4].text, 65535);
  const long to = number_of(words[5].text, 65535);
  if (!is_address(words[2].text, ipv6, &out->source) ||
      !is_address(words[3].text, ipv6, &out->destination) || from < 0 ||
      to < 0) {
    return false;
  }
  out->source_port = (uint16_t)from;
  out->destination_port = (uint16_t)to;
  return true;
}

static bool model_v1(const uint8_t *data, size_t len, smtpc_proxy *out) {
  word words[TEXT_MAX];
  size_t count = 1u;
  size_t at = 0u;
  memset(words, 0, sizeof words);
  if (len > 105u) {
    return false;
  }
  for (size_t i = 0u; i < len; i++) {
    if (data[i] < 32u || data[i] > 126u) {
      return false;
    }
    if (data[i] == ' ') {
      count++;
      at = 0u;
    } else {
      words[count - 1u].text[at++] = (char)data[i];
    }
  }
  out->version = 1u;
  if (!is(&words[0], "PROXY")) {
    return false;
  }
  return (count >= 2u && is(&words[1], "UNKNOWN")) ||
         is_known(words, count, out);
}

// ------------------------------------------------------------------- version 2

// fields returns whether `data[0 .. len)` is fields: none, or one and then fields.
static bool fields(const uint8_t *data, size_t len) {
  if (len < 3u) {
    return len == 0u;
  }
  const size_t one = 3u + 256u * data[1] + data[2];
  return one <= len && fields(data + one, len - one);
}

static uint16_t port(const uint8_t *data) {
  return (uint16_t)(256u * data[0] + data[1]);
}

// What a PROXY header says of its peer, by the one octet of family and transport.
static bool is_block(unsigned pair, const uint8_t *block, size_t len,
                     smtpc_proxy *out) {
  switch (pair) {
    case 0x00:
      return fields(block, len);
    case 0x11:
      if (len < 12u || !fields(block + 12, len - 12u)) {
        return false;
      }
      out->source = make(false, block);
      out->destination = make(false, block + 4);
      out->source_port = port(block + 8);
      out->destination_port = port(block + 10);
      return true;
    case 0x21:
      if (len < 36u || !fields(block + 36, len - 36u)) {
        return false;
      }
      out->source = make(true, block);
      out->destination = make(true, block + 16);
      out->source_port = port(block + 32);
      out->destination_port = port(block + 34);
      return true;
    case 0x31:
      return len >= 216u && fields(block + 216, len - 216u);
    default:
      return false;
  }
}

static bool model_v2(const uint8_t *data, size_t len, smtpc_proxy *out) {
  static const char pairs[] = "\x00\x11\x12\x21\x22\x31\x32";
  if (len < 16u || len > 536u ||
      memcmp(data, "\r\n\r\n\0\r\nQUIT\n", 12u) != 0 ||
      memchr(pairs, data[13], 7u) == NULL ||
      256u * data[14] + data[15] != len - 16u) {
    return false;
  }
  out->version = 2u;
  out->local = data[12] == 0x20u ? 1u : 0u;
  return data[12] == 0x20u ||
         (data[12] == 0x21u && is_block(data[13], data + 16, len - 16u, out));
}

bool model_proxy(const uint8_t *data, size_t len, smtpc_proxy *out) {
  memset(out, 0, sizeof *out);
  if (model_v1(data, len, out)) {
    return true;
  }
  memset(out, 0, sizeof *out);
  if (model_v2(data, len, out)) {
    return true;
  }
  memset(out, 0, sizeof *out);
  return false;
}
