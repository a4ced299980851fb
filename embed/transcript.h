// Transcript: what two sides said, read off the wire, as text with a side before each
// line: "S: ...", "C: ...", and "(TLS)" where the played handshake is done.
#ifndef SMTPCORE_EMBED_TRANSCRIPT_H
#define SMTPCORE_EMBED_TRANSCRIPT_H

#include <stddef.h>
#include <stdint.h>

#define TRANSCRIPT_MAX 2048u

typedef struct transcript {
  char text[TRANSCRIPT_MAX];
  size_t len;
  unsigned tls[2];    // halves of the handshake that were said, by side
  uint8_t kind[2];    // the first octet of a pair that is not whole; 0: none
  uint8_t middle[2];  // 1: in a line
  uint8_t closed[2];  // close_notify was said
} transcript;

// transcript_begin empties it.
void transcript_begin(transcript *t);

// transcript_add adds octets of side `who`, 'S' or 'C', as they went over the wire.
void transcript_add(transcript *t, char who, const uint8_t *data, size_t len);

// transcript_is returns whether it is `begin` followed by `end`.
int transcript_is(const transcript *t, const char *begin, const char *end);

#endif  // SMTPCORE_EMBED_TRANSCRIPT_H
