#include "core/model/base64_model.h"

#include <string.h>

static const char digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "abcdefghijklmnopqrstuvwxyz"
    "0123456789+/";

// bit_of returns bit `n` of `in`, the first octet's highest bit being 0, and 0
// for every bit after the last.
static unsigned bit_of(const uint8_t *in, size_t len, size_t n) {
  return n / 8u < len ? (in[n / 8u] >> (7u - n % 8u)) & 1u : 0u;
}

// encoded_at returns octet `n` of the encoding of `in[0 .. len)`.
static uint8_t encoded_at(const uint8_t *in, size_t len, size_t n) {
  unsigned value = 0u;
  if (n * 6u >= len * 8u) {
    return (uint8_t)'=';
  }
  for (size_t k = 0u; k < 6u; k++) {
    value = value * 2u + bit_of(in, len, n * 6u + k);
  }
  return (uint8_t)digits[value];
}

static size_t encoded_len(size_t len) { return (len + 2u) / 3u * 4u; }

size_t base64_model_encode(const uint8_t *in, size_t len, uint8_t *out) {
  const size_t out_len = encoded_len(len);
  for (size_t n = 0u; n < out_len; n++) {
    out[n] = encoded_at(in, len, n);
  }
  return out_len;
}

// set_bits sets in `out` the bits of digit number `n` of the text, whose value
// is `value`.
static void set_bits(uint8_t *out, size_t cap, size_t n, unsigned value) {
  for (size_t k = 0u; k < 6u; k++) {
    const size_t bit = n * 6u + k;
    if (bit / 8u < cap && ((value >> (5u - k)) & 1u) != 0u) {
      out[bit / 8u] |= (uint8_t)(0x80u >> (bit % 8u));
    }
  }
}

// The text is right exactly when encoding what it seems to say gives it back:
// that covers its length, the place of each `=` and the bits left over at once.
bool base64_model_decode(const uint8_t *in, size_t len, uint8_t *out,
                         size_t *out_len) {
  size_t count = 0u;
  *out_len = 0u;
  for (size_t i = 0u; i < len; i++) {
    out[i] = 0u;
  }
  while (count < len && in[count] != (uint8_t)'=') {
    const char *at = memchr(digits, in[count], 64u);
    if (at == NULL) {
      return false;
    }
    set_bits(out, len, count, (unsigned)(at - digits));
    count++;
  }
  const size_t octets = count * 6u / 8u;
  bool same = encoded_len(octets) == len;
  for (size_t n = 0u; n < len && same; n++) {
    same = encoded_at(out, octets, n) == in[n];
  }
  *out_len = same ? octets : 0u;
  return same;
}
