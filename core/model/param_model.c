#include "core/model/param_model.h"

#include <stdlib.h>
#include <string.h>

#include "core/model/path_model.h"

#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"
#define HEX "0123456789ABCDEF"

// A piece of the text: [from, to).
typedef struct piece {
  const uint8_t *text;
  size_t from;
  size_t to;
} piece;

static bool in(uint8_t c, const char *set) {
  return c != 0u && strchr(set, (int)c) != NULL;
}

static bool all_in(piece p, const char *set) {
  for (size_t i = p.from; i < p.to; i++) {
    if (!in(p.text[i], set)) {
      return false;
    }
  }
  return true;
}

static bool named(piece p, const char *word) {
  if (p.to - p.from != strlen(word)) {
    return false;
  }
  for (size_t i = p.from; i < p.to; i++) {
    const char *const lower = strchr(LOWER, (int)p.text[i]);
    const uint8_t c = p.text[i] != 0u && lower != NULL
                          ? (uint8_t)UPPER[lower - LOWER]
                          : p.text[i];
    if (c != (uint8_t)word[i - p.from]) {
      return false;
    }
  }
  return true;
}

static size_t find(piece p, char c) {
  size_t i = p.from;
  while (i < p.to && p.text[i] != (uint8_t)c) {
    i++;
  }
  return i;
}

static smtpc_span span_of(piece p) {
  return (smtpc_span){(uint16_t)p.from, (uint16_t)p.to};
}

// ----------------------------------------------------------------------- xtext

// xtext = *( xchar / hexchar ), RFC 3461 section 4
long model_xtext(const uint8_t *text, size_t len, uint8_t *out) {
  if (len == 0u) {
    return 0;
  }
  size_t step = 1u;
  unsigned octet = text[0];
  if (text[0] == '+') {
    if (len < 3u || !in(text[1], HEX) || !in(text[2], HEX)) {
      return -1;
    }
    octet = (unsigned)((strchr(HEX, text[1]) - HEX) * 16 +
                       (strchr(HEX, text[2]) - HEX));
    step = 3u;
    if (octet < 32u || octet > 126u) {
      return -1;
    }
  } else if (octet < 33u || octet > 126u || octet == '=') {
    return -1;
  }
  *out = (uint8_t)octet;
  const long rest = model_xtext(text + step, len - step, out + 1);
  return rest < 0 ? -1 : rest + 1;
}

static bool is_xtext(piece p) {
  uint8_t *const out = malloc(p.to - p.from + 1u);
  const long len = model_xtext(p.text + p.from, p.to - p.from, out);
  free(out);
  return len >= 0;
}

// ---------------------------------------------------------------------- values

// size-value = 1*20DIGIT, at most 2^64 - 1, compared as text.
static bool size_value(piece p, smtpc_params *out) {
  static const char most[] = "18446744073709551615";
  size_t len = p.to - p.from;
  if (len < 1u || len > 20u || !all_in(p, DIGITS)) {
    return false;
  }
  if (len == 20u && memcmp(p.text + p.from, most, 20u) > 0) {
    return false;
  }
  char copy[21] = {0};
  memcpy(copy, p.text + p.from, len);
  out->size = strtoull(copy, NULL, 10);
  return true;
}

static bool body_value(piece p, smtpc_params *out) {
  out->body = (uint8_t)(named(p, "7BIT")       ? SMTPC_BODY_7BIT
                        : named(p, "8BITMIME") ? SMTPC_BODY_8BITMIME
                                               : SMTPC_BODY_NONE);
  return out->body != SMTPC_BODY_NONE;
}

static bool ret_value(piece p, smtpc_params *out) {
  out->ret = (uint8_t)(named(p, "FULL")   ? SMTPC_RET_FULL
                       : named(p, "HDRS") ? SMTPC_RET_HDRS
                                          : SMTPC_RET_NONE);
  return out->ret != SMTPC_RET_NONE;
}

static bool envid_value(piece p, smtpc_params *out) {
  out->envid = span_of(p);
  return p.to - p.from <= 100u && is_xtext(p);
}

static bool orcpt_value(piece p, smtpc_params *out) {
  const size_t semicolon = find(p, ';');
  const piece type = {p.text, p.from, semicolon};
  const piece address = {p.text, semicolon + 1u, p.to};
  if (semicolon >= p.to || p.to - p.from > 500u || type.from == type.to ||
      !all_in(type, UPPER LOWER DIGITS "!#$%&'*+-/?^_`{|}~")) {
    return false;
  }
  out->orcpt_type = span_of(type);
  out->orcpt = span_of(address);
  return is_xtext(address);
}

static bool auth_value(piece p, smtpc_params *out) {
  const size_t n = p.to - p.from;
  uint8_t *const plain = malloc(n + 1u);
  const long len = model_xtext(p.text + p.from, n, plain);
  smtpc_path path;
  bool ok = false;
  if (n <= 500u && len == 2 && memcmp(plain, "<>", 2u) == 0) {
    out->auth = (smtpc_span){(uint16_t)p.from, (uint16_t)p.from};
    ok = true;
  } else if (n <= 500u && len >= 0) {
    out->auth = span_of(p);
    ok = model_mailbox(plain, (size_t)len, 0u, &path);
  }
  free(plain);
  return ok;
}

// notify-esmtp-value = "NEVER" / 1#notify-list-element, each at most once.
static bool notify_value(piece p, smtpc_params *out) {
  static const char *const words[] = {"SUCCESS", "FAILURE", "DELAY"};
  static const uint8_t bits[] = {SMTPC_NOTIFY_SUCCESS, SMTPC_NOTIFY_FAILURE,
                                 SMTPC_NOTIFY_DELAY};
  if (named(p, "NEVER")) {
    out->notify = SMTPC_NOTIFY_NEVER;
    return true;
  }
  const size_t comma = find(p, ',');
  const piece first = {p.text, p.from, comma};
  for (size_t k = 0u; k < 3u; k++) {
    if (named(first, words[k]) && (out->notify & bits[k]) == 0u) {
      out->notify = (uint8_t)(out->notify | bits[k]);
      const piece more = {p.text, comma + 1u, p.to};
      return comma == p.to ||
             (!named(more, "NEVER") && notify_value(more, out));
    }
  }
  return false;
}

// ------------------------------------------------------------------ parameters

typedef bool (*value_reader)(piece p, smtpc_params *out);

typedef struct rule {
  const char *name;
  unsigned verb;
  uint32_t offer;
  uint32_t bit;
  value_reader read;  // NULL: no value may be there
} rule;

static const rule rules[] = {
    {"SIZE", SMTPC_VERB_MAIL, SMTPC_OFFERS(SIZE), SMTPC_HAS(SIZE), size_value},
    {"BODY", SMTPC_VERB_MAIL, SMTPC_OFFERS(8BITMIME), SMTPC_HAS(BODY),
     body_value},
    {"AUTH", SMTPC_VERB_MAIL, SMTPC_OFFERS(AUTH), SMTPC_HAS(AUTH), auth_value},
    {"RET", SMTPC_VERB_MAIL, SMTPC_OFFERS(DSN), SMTPC_HAS(RET), ret_value},
    {"ENVID", SMTPC_VERB_MAIL, SMTPC_OFFERS(DSN), SMTPC_HAS(ENVID),
     envid_value},
    {"SMTPUTF8", SMTPC_VERB_MAIL, SMTPC_OFFERS(SMTPUTF8), SMTPC_HAS(SMTPUTF8),
     NULL},
    {"REQUIRETLS", SMTPC_VERB_MAIL, SMTPC_OFFERS(REQUIRETLS),
     SMTPC_HAS(REQUIRETLS), NULL},
    {"NOTIFY", SMTPC_VERB_RCPT, SMTPC_OFFERS(DSN), SMTPC_HAS(NOTIFY),
     notify_value},
    {"ORCPT", SMTPC_VERB_RCPT, SMTPC_OFFERS(DSN), SMTPC_HAS(ORCPT),
     orcpt_value},
};

// esmtp-param = esmtp-keyword ["=" esmtp-value]
static bool one_param(piece p, unsigned verb, uint32_t offered,
                      smtpc_params *out) {
  const size_t equals = find(p, '=');
  const piece name = {p.text, p.from, equals};
  for (size_t k = 0u; k < sizeof rules / sizeof rules[0]; k++) {
    const rule r = rules[k];
    if (!named(name, r.name) || r.verb != verb || (r.offer & offered) == 0u ||
        (out->seen & r.bit) != 0u) {
      continue;
    }
    out->seen |= r.bit;
    if (r.read == NULL) {
      return equals == p.to;
    }
    const piece value = {p.text, equals + 1u, p.to};
    return equals < p.to && value.from < value.to && r.read(value, out);
  }
  return false;
}

// *( SP esmtp-param )
static bool params_in(piece p, unsigned verb, uint32_t offered,
                      smtpc_params *out) {
  if (p.from == p.to) {
    return true;
  }
  if (p.text[p.from] != ' ') {
    return false;
  }
  const piece after = {p.text, p.from + 1u, p.to};
  const size_t space = find(after, ' ');
  const piece first = {p.text, after.from, space};
  const piece more = {p.text, space, p.to};
  return one_param(first, verb, offered, out) &&
         params_in(more, verb, offered, out);
}

bool model_params(const uint8_t *text, size_t len, unsigned verb,
                  uint32_t offered, smtpc_params *out) {
  memset(out, 0, sizeof *out);
  const bool ok = params_in((piece){text, 0u, len}, verb, offered, out);
  if (!ok) {
    memset(out, 0, sizeof *out);
  }
  return ok;
}
