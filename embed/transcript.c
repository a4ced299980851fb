#include "embed/transcript.h"

#include "embed/mem.h"
#include "embed/played_tls.h"

static void put(transcript *t, char c) {
  if (t->len < TRANSCRIPT_MAX) {
    t->text[t->len] = c;
    t->len++;
  }
}

static void put_text(transcript *t, const char *text) {
  for (; *text != '\0'; text++) {
    put(t, *text);
  }
}

static void put_octet(transcript *t, char who, unsigned side, uint8_t octet) {
  if (t->middle[side] == 0u) {
    put(t, who);
    put_text(t, ": ");
  }
  put(t, (char)octet);
  t->middle[side] = (uint8_t)(octet != (uint8_t)0x0a);
}

static void put_pair(transcript *t, char who, unsigned side, uint8_t value) {
  const uint8_t kind = t->kind[side];
  t->kind[side] = 0u;
  if (kind == 0x16u) {
    t->tls[side] = 1u;
    if (t->tls[1u - side] != 0u) {
      put_text(t, "(TLS)\n");
    }
  } else if (kind == 0x17u && t->tls[0] != 0u && t->tls[1] != 0u) {
    put_octet(t, who, side, (uint8_t)(value ^ PLAYED_BITS));
  } else if (kind == 0x15u) {
    t->closed[side] = 1u;
  } else {
    put_text(t, "(clear in TLS)\n");
  }
}

void transcript_begin(transcript *t) {
  memset(t, 0, sizeof *t);
}

void transcript_add(transcript *t, char who, const uint8_t *data, size_t len) {
  const unsigned side = who == 'S' ? 0u : 1u;
  for (size_t i = 0u; i < len; i++) {
    const int pairs = t->tls[0] != 0u || t->tls[1] != 0u || data[i] == 0x16u;
    if (t->kind[side] != 0u) {
      put_pair(t, who, side, data[i]);
    } else if (pairs != 0) {
      t->kind[side] = data[i];
    } else {
      put_octet(t, who, side, data[i]);
    }
  }
}

int transcript_is(const transcript *t, const char *begin, const char *end) {
  const size_t first = strlen(begin);
  const size_t second = strlen(end);
  return t->len == first + second && memcmp(t->text, begin, first) == 0 &&
                 memcmp(t->text + first, end, second) == 0
             ? 1
             : 0;
}
