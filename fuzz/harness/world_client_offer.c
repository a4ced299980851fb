#include <string.h>
#include <strings.h>

#include "fuzz/harness/world_client_parts.h"

// A word of a line that the account reads.
typedef struct word {
  const uint8_t *data;
  size_t len;
} word;

static int is_word(word w, const char *text, size_t len) {
  return w.len == len && strncasecmp((const char *)w.data, text, len) == 0;
}
#define IS(w, text) is_word(w, text, sizeof(text) - 1u)

static int is_keyword_octet(uint8_t c, size_t at) {
  const int alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                    (c >= 'a' && c <= 'z');
  return alnum || (c == '-' && at > 0u);
}

// ehlo-line = ehlo-keyword *( SP ehlo-param )
static int is_ehlo_line(const uint8_t *text, size_t len, size_t *out_keyword) {
  size_t at = 0u;
  while (at < len && is_keyword_octet(text[at], at)) {
    at++;
  }
  *out_keyword = at;
  int fits = at > 0u;
  while (fits && at < len) {
    const size_t begin = at + 1u;
    fits = text[at] == ' ';
    at = begin;
    while (fits && at < len && text[at] > 32u && text[at] < 127u) {
      at++;
    }
    fits = fits && at > begin;
  }
  return fits;
}

// Takes a word off the front of `*rest`.
static word next_word(word *rest) {
  word w = *rest;
  w.len = 0u;
  while (w.len < rest->len && w.data[w.len] != ' ') {
    w.len++;
  }
  const size_t used = w.len < rest->len ? w.len + 1u : w.len;
  rest->data += used;
  rest->len -= used;
  return w;
}

// 1*DIGIT below 2^64, at most `max` digits; 0: it is none.
static int read_number(word w, size_t max, uint64_t *out) {
  uint64_t value = 0u;
  for (size_t i = 0u; i < w.len; i++) {
    const int digit = w.data[i] - '0';
    if (digit < 0 || digit > 9 ||
        value > (UINT64_MAX - (uint64_t)digit) / 10u) {
      return 0;
    }
    value = value * 10u + (uint64_t)digit;
  }
  *out = value;
  return w.len > 0u && w.len <= max;
}

static void take_size(wc_offer *offer, word rest) {
  uint64_t value = 0u;
  if (rest.len > 0u && !read_number(rest, 20u, &value)) {
    return;
  }
  if (offer->size_seen == 0u) {
    offer->size = value;
  }
  offer->size_seen = 1u;
  offer->surely |= SMTPC_OFFERS(SIZE);
}

static void take_mechanisms(wc_offer *offer, word rest) {
  static const struct {
    const char *name;
    size_t len;
  } names[] = {
#define NAME_OF(id, name, exposure, speech, clause) {name, sizeof(name) - 1u},
      SMTPC_MECHANISM_LIST(NAME_OF)
#undef NAME_OF
  };
  while (rest.len > 0u) {
    const word w = next_word(&rest);
    for (size_t i = 0u; i < sizeof names / sizeof names[0]; i++) {
      if (is_word(w, names[i].name, names[i].len)) {
        offer->mechanisms |= (uint64_t)1 << (i + 1u);
      }
    }
  }
}

static void take_limit(word w, const char *name, size_t len, uint32_t *out) {
  uint64_t value = 0u;
  if (w.len <= len || strncasecmp((const char *)w.data, name, len) != 0) {
    return;
  }
  const word number = {w.data + len, w.len - len};
  if (*out == 0u && number.data[0] != '0' && read_number(number, 6u, &value)) {
    *out = (uint32_t)value;
  }
}

static void take_limits(wc_offer *offer, word rest) {
  while (rest.len > 0u) {
    const word w = next_word(&rest);
    take_limit(w, "RCPTMAX=", 8u, &offer->rcpt_max);
    take_limit(w, "MAILMAX=", 8u, &offer->mail_max);
    take_limit(w, "RCPTDOMAINMAX=", 14u, &offer->domain_max);
  }
}

// The extension that a keyword names; the number of extensions: none.
static unsigned extension_of(word keyword) {
  static const struct {
    const char *name;
    size_t len;
  } names[] = {
#define NAME_OF(id, name, value, channel, service, clause) \
  {name, sizeof(name) - 1u},
      SMTPC_EXTENSION_LIST(NAME_OF)
#undef NAME_OF
  };
  unsigned id = 0u;
  while (id < SMTPC_EXTENSION_COUNT &&
         !is_word(keyword, names[id].name, names[id].len)) {
    id++;
  }
  return id;
}

static void take_extension(wc_offer *offer, unsigned id, word rest) {
  const uint32_t bit = (uint32_t)1 << id;
  const int bare = smtpc_extension_get(id).value == SMTPC_VALUE_BARE;
  if (bare && rest.len > 0u && id != SMTPC_EXTENSION_SMTPUTF8) {
    return;
  }
  offer->perhaps |= bit;
  if (bare || id == SMTPC_EXTENSION_AUTH || id == SMTPC_EXTENSION_LIMITS) {
    offer->surely |= bit;
  }
  if (id == SMTPC_EXTENSION_SIZE) {
    take_size(offer, rest);
  } else if (id == SMTPC_EXTENSION_AUTH) {
    take_mechanisms(offer, rest);
  } else if (id == SMTPC_EXTENSION_LIMITS) {
    take_limits(offer, rest);
  }
}

void wc_offer_line(const world_client *w, wc_offer *offer, const uint8_t *text,
                   size_t len) {
  const uint32_t equals = (uint32_t)SMTPC_QUIRK_AUTH_EQUALS;
  size_t keyword = 0u;
  if ((w->policy.quirks & equals) != 0u && len >= 5u &&
      strncasecmp((const char *)text, "AUTH=", 5u) == 0) {
    offer->loose = 1u;
    offer->perhaps |= SMTPC_OFFERS(AUTH);
    return;
  }
  if (!is_ehlo_line(text, len, &keyword)) {
    return;
  }
  const word name = {text, keyword};
  const size_t from = keyword < len ? keyword + 1u : len;
  const word rest = {text + from, len - from};
  const unsigned id = extension_of(name);
  if (id < SMTPC_EXTENSION_COUNT) {
    take_extension(offer, id, rest);
  }
}

void wc_offer_check(const world_client *w) {
  const wc_offer *offer = &w->account.offer;
  const smtpc_capabilities *caps = &w->session.caps;
  FUZZ_MUST(MODEL, (caps->offered & ~offer->perhaps) == 0u,
            "read of the EHLO reply: %x, said: %x", caps->offered,
            offer->perhaps);
  FUZZ_MUST(MODEL, (offer->surely & ~caps->offered) == 0u,
            "read of the EHLO reply: %x, surely said: %x", caps->offered,
            offer->surely);
  FUZZ_MUST(MODEL, offer->loose != 0u || caps->mechanisms == offer->mechanisms,
            "mechanisms read: %llx, said: %llx",
            (unsigned long long)caps->mechanisms,
            (unsigned long long)offer->mechanisms);
  FUZZ_MUST(MODEL,
            caps->rcpt_max == offer->rcpt_max &&
                caps->mail_max == offer->mail_max &&
                caps->domain_max == offer->domain_max,
            "LIMITS was misread");
  FUZZ_MUST(MODEL,
            offer->size == 0u ? (caps->marks & SMTPC_CAPS_SIZE_LIMIT) == 0u
                              : (caps->marks & SMTPC_CAPS_SIZE_LIMIT) != 0u &&
                                    caps->size == offer->size,
            "SIZE was misread");
}
