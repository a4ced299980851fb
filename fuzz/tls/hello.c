#include "fuzz/tls/hello.h"

#include <string.h>

#define RECORD_HANDSHAKE 0x16u
#define CLIENT_HELLO 1u
#define SERVER_HELLO 2u
#define RANDOM_LEN 32u
#define TLS_MAJOR 3u

enum {
  EXTENSION_NAME = 0,
  EXTENSION_PROTOCOLS = 16,
  EXTENSION_TICKET = 35,
  EXTENSION_KEY = 41,
  EXTENSION_EARLY = 42,
  EXTENSION_VERSIONS = 43
};

// reader is octets that are read from their start. What is not there makes it bad, and
// then all that follows is empty.
typedef struct reader {
  const uint8_t *data;
  size_t len;
  int bad;
} reader;

static reader take(reader *from, size_t len) {
  reader part = {from->data, len, 0};
  if (from->bad != 0 || len > from->len) {
    from->bad = 1;
    from->len = 0u;
    part.data = NULL;
    part.len = 0u;
    return part;
  }
  from->data += len;
  from->len -= len;
  return part;
}

static unsigned number(reader *from, size_t octets) {
  const reader part = take(from, octets);
  unsigned value = 0u;
  for (size_t i = 0u; i < part.len; i++) {
    value = (value << 8u) | part.data[i];
  }
  return value;
}

// Octets behind their length, which has so many octets itself.
static reader behind_length(reader *from, size_t octets) {
  const size_t len = number(from, octets);
  return take(from, len);
}

static tls_part part_of(reader octets) {
  const tls_part part = {octets.len > 0u ? octets.data : NULL, octets.len};
  return part;
}

// RFC 6066 section 3.
static void read_name(reader body, tls_hello *out) {
  reader list = behind_length(&body, 2u);
  out->named = 1u;
  if (list.len > 0u && number(&list, 1u) == 0u) {
    out->name = part_of(behind_length(&list, 2u));
  }
}

static void read_versions(reader body, int client, tls_hello *out) {
  reader list = client != 0 ? behind_length(&body, 1u) : body;
  unsigned most = 0u;
  unsigned least = UINT16_MAX;
  while (list.len >= 2u) {
    const unsigned version = number(&list, 2u);
    // RFC 8701: what is reserved says nothing.
    if (version >> 8u == TLS_MAJOR) {
      most = version > most ? version : most;
      least = version < least ? version : least;
    }
  }
  if (most > 0u) {
    out->version = (uint16_t)most;
    out->lowest = (uint16_t)least;
  }
}

static void read_extension(unsigned type, reader body, int client,
                           tls_hello *out) {
  switch (type) {
    case EXTENSION_NAME:
      read_name(body, out);
      break;
    case EXTENSION_PROTOCOLS:
      out->protocols = part_of(behind_length(&body, 2u));
      break;
    case EXTENSION_TICKET:
      out->ticket = 1u;
      break;
    case EXTENSION_KEY:
      out->resumes = 1u;
      break;
    case EXTENSION_EARLY:
      out->early = 1u;
      break;
    case EXTENSION_VERSIONS:
      read_versions(body, client, out);
      break;
    default:
      break;
  }
}

static int read_hello(reader all, unsigned want, tls_hello *out) {
  const int client = want == CLIENT_HELLO;
  memset(out, 0, sizeof *out);
  const unsigned type = number(&all, 1u);
  (void)number(&all, 2u);
  reader record = behind_length(&all, 2u);
  const unsigned message = number(&record, 1u);
  reader body = behind_length(&record, 3u);
  out->version = (uint16_t)number(&body, 2u);
  out->lowest = out->version;
  (void)take(&body, RANDOM_LEN);
  (void)behind_length(&body, 1u);
  out->ciphers =
      part_of(client != 0 ? behind_length(&body, 2u) : take(&body, 2u));
  (void)(client != 0 ? behind_length(&body, 1u) : take(&body, 1u));
  reader extensions = {NULL, 0u, 0};
  if (body.len > 0u) {
    extensions = behind_length(&body, 2u);
  }
  while (extensions.len > 0u) {
    const unsigned extension = number(&extensions, 2u);
    read_extension(extension, behind_length(&extensions, 2u), client, out);
  }
  const int good = all.bad == 0 && record.bad == 0 && body.bad == 0 &&
                   extensions.bad == 0 && type == RECORD_HANDSHAKE &&
                   message == want;
  if (good == 0) {
    memset(out, 0, sizeof *out);
  }
  return good;
}

int tls_hello_read_client(const uint8_t *data, size_t len, tls_hello *out) {
  const reader all = {data, len, 0};
  return read_hello(all, CLIENT_HELLO, out);
}

int tls_hello_read_server(const uint8_t *data, size_t len, tls_hello *out) {
  const reader all = {data, len, 0};
  return read_hello(all, SERVER_HELLO, out);
}

unsigned tls_hello_cipher_at(const tls_hello *hello, size_t at) {
  if (at >= hello->ciphers.len / 2u) {
    return 0u;
  }
  const uint8_t *cipher = hello->ciphers.data + 2u * at;
  return ((unsigned)cipher[0] << 8u) | cipher[1];
}

int tls_cipher_is_good(unsigned cipher, unsigned floor) {
  // RFC 8446 section B.4; RFC 5289 and RFC 7905; RFC 4492, for peers without AEAD.
  static const uint16_t secret[] = {0x1301, 0x1302, 0x1303, 0xC02B, 0xC02F,
                                    0xC02C, 0xC030, 0xCCA9, 0xCCA8, 0xC009,
                                    0xC013, 0xC00A, 0xC014};
  // RFC 5288 and RFC 5246, with the key of the certificate.
  static const uint16_t old[] = {0x009C, 0x009D, 0x002F, 0x0035};
  int good = 0;
  for (size_t i = 0u; i < sizeof secret / sizeof secret[0]; i++) {
    good |= cipher == secret[i];
  }
  for (size_t i = 0u; i < sizeof old / sizeof old[0]; i++) {
    good |= floor < 0x0303u && cipher == old[i];
  }
  return good;
}

int tls_hello_speaks(const tls_hello *hello, const char *word) {
  const size_t len = strlen(word);
  reader list = {hello->protocols.data, hello->protocols.len, 0};
  int found = 0;
  while (list.len > 0u) {
    const reader protocol = behind_length(&list, 1u);
    found |= protocol.len == len && memcmp(protocol.data, word, len) == 0;
  }
  return found;
}
