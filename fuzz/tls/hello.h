// Hello: what the first messages of a TLS handshake say, read by an account of its own.
//
// It knows as much of RFC 8446 section 4.1 and RFC 5246 section 7.4.1 as an onlooker
// needs to say whether a ClientHello offers, and a ServerHello takes, what it must not.
#ifndef SMTPCORE_FUZZ_TLS_HELLO_H
#define SMTPCORE_FUZZ_TLS_HELLO_H

#include <stddef.h>
#include <stdint.h>

// tls_part is octets of what was read.
typedef struct tls_part {
  const uint8_t *data;  // NULL: there are none
  size_t len;
} tls_part;

typedef struct tls_hello {
  uint16_t
      version;  // the one of the message, or of its extension when that has one
  uint16_t
      lowest;  // client: the lowest that its extension offers, or `version`
  tls_part ciphers;    // two octets each; server: the one that it took
  tls_part name;       // the first host name
  tls_part protocols;  // each with its length before it
  uint8_t named;       // 1: there is a server_name extension
  uint8_t ticket;      // 1: there is a session_ticket extension
  uint8_t early;       // 1: early data are offered or taken
  uint8_t resumes;     // 1: a key of an earlier session is offered or taken
} tls_hello;

// tls_hello_read_client and tls_hello_read_server read a ClientHello or a ServerHello at
// the start of `data`, which are records. They return 1, or 0 when there is none that is
// whole, well formed and in one record: then `*out` is all-zero.
int tls_hello_read_client(const uint8_t *data, size_t len, tls_hello *out);
int tls_hello_read_server(const uint8_t *data, size_t len, tls_hello *out);

// tls_hello_cipher_at returns a cipher of the hello, or 0 when it has no so many.
unsigned tls_hello_cipher_at(const tls_hello *hello, size_t at);

// tls_cipher_is_good returns 1 when TLS of the lowest version `floor` may take `cipher`:
// forward secret, and below TLS 1.2 some that are not.
int tls_cipher_is_good(unsigned cipher, unsigned floor);

// tls_hello_speaks returns 1 when the hello offers the protocol `word`.
int tls_hello_speaks(const tls_hello *hello, const char *word);

#endif  // SMTPCORE_FUZZ_TLS_HELLO_H
