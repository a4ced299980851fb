#include "core/model/path_model.h"

#include <string.h>

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

static bool in(uint8_t c, const char *set) {
  return c != 0u && strchr(set, (int)c) != NULL;
}

static bool equals_nocase(const uint8_t *s, size_t n, const char *word) {
  if (n != strlen(word)) {
    return false;
  }
  for (size_t i = 0u; i < n; i++) {
    const char *const at = strchr(LETTERS, word[i]);
    const uint8_t other = at == NULL          ? (uint8_t)word[i]
                          : at - LETTERS < 26 ? (uint8_t)at[26]
                                              : (uint8_t)at[-26];
    if (s[i] != (uint8_t)word[i] && s[i] != other) {
      return false;
    }
  }
  return true;
}

// ------------------------------------------------------------- UTF8-non-ascii

// RFC 3629 section 4
static bool between(uint8_t c, unsigned low, unsigned high) {
  return c >= low && c <= high;
}

static bool tails(const uint8_t *s, size_t n) {
  return n == 0u || (between(s[0], 0x80, 0xbf) && tails(s + 1, n - 1u));
}

// UTF8-2 / UTF8-3 / UTF8-4, rule for rule.
static bool is_utf8_char(const uint8_t *s, size_t n) {
  switch (n) {
    case 2:
      return between(s[0], 0xc2, 0xdf) && tails(s + 1, 1u);
    case 3:
      return (s[0] == 0xe0 && between(s[1], 0xa0, 0xbf) && tails(s + 2, 1u)) ||
             (between(s[0], 0xe1, 0xec) && tails(s + 1, 2u)) ||
             (s[0] == 0xed && between(s[1], 0x80, 0x9f) && tails(s + 2, 1u)) ||
             (between(s[0], 0xee, 0xef) && tails(s + 1, 2u));
    case 4:
      return (s[0] == 0xf0 && between(s[1], 0x90, 0xbf) && tails(s + 2, 2u)) ||
             (between(s[0], 0xf1, 0xf3) && tails(s + 1, 3u)) ||
             (s[0] == 0xf4 && between(s[1], 0x80, 0x8f) && tails(s + 2, 2u));
    default:
      return false;
  }
}

// utf8_front returns the length of the character at the front, or 0.
static size_t utf8_front(const uint8_t *s, size_t n, bool utf8) {
  for (size_t k = 2u; utf8 && k <= 4u && k <= n; k++) {
    if (is_utf8_char(s, k)) {
      return k;
    }
  }
  return 0u;
}

static bool has_high(const uint8_t *s, size_t n) {
  return n > 0u && (s[0] > 127u || has_high(s + 1, n - 1u));
}

// ---------------------------------------------------------------------- Domain

// characters of a label: letters, digits, hyphens, UTF8-non-ascii. Returns
// their number, or 0 when there is none or another octet.
static size_t label_chars(const uint8_t *s, size_t n, bool utf8) {
  size_t count = 0u;
  size_t i = 0u;
  while (i < n) {
    size_t step = in(s[i], LETTERS DIGITS "-") ? 1u : 0u;
    if (step == 0u) {
      step = utf8_front(s + i, n - i, utf8);
    }
    if (step == 0u) {
      return 0u;
    }
    i += step;
    count++;
  }
  return count;
}

// sub-domain = Let-dig [Ldh-str] / U-label
static bool is_label(const uint8_t *s, size_t n, bool utf8) {
  const size_t chars = label_chars(s, n, utf8);
  return chars >= 1u && chars <= 63u && s[0] != '-' && s[n - 1u] != '-';
}

// Domain = sub-domain *("." sub-domain)
static bool is_labels(const uint8_t *s, size_t n, bool utf8) {
  if (is_label(s, n, utf8)) {
    return true;
  }
  for (size_t i = 0u; i < n; i++) {
    if (s[i] == '.') {
      return is_label(s, i, utf8) && is_labels(s + i + 1u, n - i - 1u, utf8);
    }
  }
  return false;
}

bool model_domain(const uint8_t *text, size_t len, bool utf8) {
  return len <= 255u && is_labels(text, len, utf8);
}

// ------------------------------------------------------------- address-literal

// Snum = 1*3DIGIT, 0 to 255
static bool is_snum(const uint8_t *s, size_t n) {
  int value = 0;
  if (n < 1u || n > 3u) {
    return false;
  }
  for (size_t i = 0u; i < n; i++) {
    if (!in(s[i], DIGITS)) {
      return false;
    }
    value = value * 10 + (s[i] - '0');
  }
  return value <= 255;
}

// `count` Snums with dots between.
static bool is_snums(const uint8_t *s, size_t n, int count) {
  if (count == 1) {
    return is_snum(s, n);
  }
  for (size_t i = 0u; i < n; i++) {
    if (s[i] == '.' && is_snum(s, i) &&
        is_snums(s + i + 1u, n - i - 1u, count - 1)) {
      return true;
    }
  }
  return false;
}

static bool is_v4(const uint8_t *s, size_t n) { return is_snums(s, n, 4); }

static bool is_hex16(const uint8_t *s, size_t n) {
  for (size_t i = 0u; i < n; i++) {
    if (!in(s[i], DIGITS "ABCDEFabcdef")) {
      return false;
    }
  }
  return n >= 1u && n <= 4u;
}

// IPv6-hex *(":" IPv6-hex), exactly `count` of them; none is the empty string.
static bool is_hexes(const uint8_t *s, size_t n, int count) {
  if (count == 0) {
    return n == 0u;
  }
  if (count == 1) {
    return is_hex16(s, n);
  }
  for (size_t i = 0u; i < n; i++) {
    if (s[i] == ':' && is_hex16(s, i)) {
      return is_hexes(s + i + 1u, n - i - 1u, count - 1);
    }
  }
  return false;
}

// `count` groups, then a colon if there are any, then an IPv4 address.
static bool is_hexes_v4(const uint8_t *s, size_t n, int count) {
  if (count == 0) {
    return is_v4(s, n);
  }
  for (size_t i = 0u; i < n; i++) {
    if (s[i] == ':' && is_hexes(s, i, count) && is_v4(s + i + 1u, n - i - 1u)) {
      return true;
    }
  }
  return false;
}

static bool is_v6_compressed(const uint8_t *s, size_t n) {
  for (size_t i = 0u; i + 2u <= n; i++) {
    if (s[i] != ':' || s[i + 1u] != ':') {
      continue;
    }
    const uint8_t *const tail = s + i + 2u;
    const size_t tail_n = n - i - 2u;
    for (int left = 0; left <= 6; left++) {
      for (int right = 0; left + right <= 6; right++) {
        // IPv6-comp, and IPv6v4-comp whose address is worth two groups.
        if (is_hexes(s, i, left) &&
            (is_hexes(tail, tail_n, right) ||
             (left + right <= 4 && is_hexes_v4(tail, tail_n, right)))) {
          return true;
        }
      }
    }
  }
  return false;
}

static bool is_v6(const uint8_t *s, size_t n) {
  return is_hexes(s, n, 8) || is_hexes_v4(s, n, 6) || is_v6_compressed(s, n);
}

static bool is_tagged(const uint8_t *s, size_t n) {
  size_t tag = 0u;
  while (tag < n && in(s[tag], LETTERS DIGITS "-")) {
    tag++;
  }
  if (tag == 0u || s[tag - 1u] == '-' || tag + 2u > n || s[tag] != ':') {
    return false;
  }
  for (size_t i = tag + 1u; i < n; i++) {
    if (!between(s[i], 33, 90) && !between(s[i], 94, 126)) {
      return false;
    }
  }
  return true;
}

unsigned model_literal(const uint8_t *text, size_t len) {
  if (len < 3u || len > 255u || text[0] != '[' || text[len - 1u] != ']') {
    return SMTPC_HOST_NONE;
  }
  const uint8_t *const s = text + 1;
  const size_t n = len - 2u;
  if (n >= 5u && equals_nocase(s, 5u, "IPv6:")) {
    return is_v6(s + 5, n - 5u) ? SMTPC_HOST_IPV6 : SMTPC_HOST_NONE;
  }
  if (is_v4(s, n)) {
    return SMTPC_HOST_IPV4;
  }
  return is_tagged(s, n) ? SMTPC_HOST_GENERAL : SMTPC_HOST_NONE;
}

// ------------------------------------------------------------------ Local-part

static bool is_atom(const uint8_t *s, size_t n, bool utf8) {
  size_t i = 0u;
  while (i < n) {
    size_t step = in(s[i], LETTERS DIGITS "!#$%&'*+-/=?^_`{|}~") ? 1u : 0u;
    if (step == 0u) {
      step = utf8_front(s + i, n - i, utf8);
    }
    if (step == 0u) {
      return false;
    }
    i += step;
  }
  return n > 0u;
}

static bool is_dot_string(const uint8_t *s, size_t n, bool utf8) {
  for (size_t i = 0u; i < n; i++) {
    if (s[i] == '.') {
      return is_atom(s, i, utf8) && is_dot_string(s + i + 1u, n - i - 1u, utf8);
    }
  }
  return is_atom(s, n, utf8);
}

// *QcontentSMTP
static bool is_qcontent(const uint8_t *s, size_t n, bool utf8) {
  if (n == 0u) {
    return true;
  }
  if (s[0] == '\\') {
    return n >= 2u && between(s[1], 32, 126) &&
           is_qcontent(s + 2, n - 2u, utf8);
  }
  if (between(s[0], 32, 33) || between(s[0], 35, 91) ||
      between(s[0], 93, 126)) {
    return is_qcontent(s + 1, n - 1u, utf8);
  }
  const size_t k = utf8_front(s, n, utf8);
  return k > 0u && is_qcontent(s + k, n - k, utf8);
}

static bool is_quoted(const uint8_t *s, size_t n, bool utf8) {
  return n >= 2u && s[0] == '"' && s[n - 1u] == '"' &&
         is_qcontent(s + 1, n - 2u, utf8);
}

static bool is_local(const uint8_t *s, size_t n, bool utf8) {
  return n <= 64u && (is_dot_string(s, n, utf8) || is_quoted(s, n, utf8));
}

// RFC 3192: FAX= ["+"] then digits, "-" and ".", with at least one digit.
static bool is_fax(const uint8_t *s, size_t n, size_t *end) {
  if (n < 5u || !equals_nocase(s, 4u, "FAX=")) {
    return false;
  }
  size_t i = s[4] == '+' ? 5u : 4u;
  size_t digits = 0u;
  while (i < n && in(s[i], DIGITS "-.")) {
    digits += in(s[i], DIGITS) ? 1u : 0u;
    i++;
  }
  *end = i;
  return digits > 0u && (i == n || s[i] == '/');
}

// ------------------------------------------------------------------------ Path

static unsigned host_kind(const uint8_t *s, size_t n, bool utf8) {
  return model_domain(s, n, utf8) ? (unsigned)SMTPC_HOST_NAME
                                  : model_literal(s, n);
}

// mailbox_in reads text[from .. to) as a Mailbox and sets all but `whole`.
static bool mailbox_in(const uint8_t *text, size_t from, size_t to, bool utf8,
                       smtpc_path *out) {
  for (size_t i = from; i < to; i++) {
    if (text[i] != '@' || !is_local(text + from, i - from, utf8)) {
      continue;
    }
    const unsigned host = host_kind(text + i + 1u, to - i - 1u, utf8);
    if (host == SMTPC_HOST_NONE) {
      continue;
    }
    size_t fax_end = 0u;
    out->kind = SMTPC_PATH_MAILBOX;
    out->host = (uint8_t)host;
    out->local = (smtpc_span){(uint16_t)from, (uint16_t)i};
    out->domain = (smtpc_span){(uint16_t)(i + 1u), (uint16_t)to};
    if (text[from] == '"') {
      out->marks |= SMTPC_MARK_QUOTED;
    }
    if (is_fax(text + from, i - from, &fax_end)) {
      out->marks |= SMTPC_MARK_FAX;
      out->fax =
          (smtpc_span){(uint16_t)(from + 4u), (uint16_t)(from + fax_end)};
    }
    return true;
  }
  return false;
}

// A-d-l = At-domain *( "," At-domain )
static bool is_route(const uint8_t *s, size_t n, bool utf8) {
  for (size_t i = 0u; i < n; i++) {
    if (s[i] == ',') {
      return is_route(s, i, utf8) && is_route(s + i + 1u, n - i - 1u, utf8);
    }
  }
  return n >= 2u && s[0] == '@' && model_domain(s + 1, n - 1u, utf8);
}

// inner_in reads text[from .. to), which stood between brackets.
static bool inner_in(const uint8_t *text, size_t from, size_t to,
                     unsigned allow, smtpc_path *out) {
  const bool utf8 = (allow & SMTPC_ALLOW_UTF8) != 0u;
  if (from == to) {
    out->kind = SMTPC_PATH_NULL;
    return (allow & SMTPC_ALLOW_NULL) != 0u;
  }
  if (equals_nocase(text + from, to - from, "postmaster")) {
    out->kind = SMTPC_PATH_POSTMASTER;
    out->local = (smtpc_span){(uint16_t)from, (uint16_t)to};
    return (allow & SMTPC_ALLOW_POSTMASTER) != 0u;
  }
  if (mailbox_in(text, from, to, utf8, out)) {
    return true;
  }
  for (size_t i = from; i < to; i++) {
    if (text[i] == ':' && is_route(text + from, i - from, utf8) &&
        mailbox_in(text, i + 1u, to, utf8, out)) {
      out->marks |= SMTPC_MARK_ROUTE;
      return true;
    }
  }
  return false;
}

// whole_in reads text[from .. to) as a path, with or without brackets.
static bool whole_in(const uint8_t *text, size_t from, size_t to,
                     unsigned allow, smtpc_path *out) {
  const size_t n = to - from;
  memset(out, 0, sizeof *out);
  bool ok = false;
  if (n >= 2u && text[from] == '<' && text[to - 1u] == '>') {
    ok = n <= 256u && inner_in(text, from + 1u, to - 1u, allow, out);
  } else if ((allow & SMTPC_ALLOW_BARE) != 0u &&
             memchr(text + from, ' ', n) == NULL) {
    ok = n <= 254u &&
         mailbox_in(text, from, to, (allow & SMTPC_ALLOW_UTF8) != 0u, out);
    out->marks |= SMTPC_MARK_BARE;
  }
  if (ok) {
    out->whole = (smtpc_span){(uint16_t)from, (uint16_t)to};
    out->marks = (uint8_t)(out->marks |
                           (has_high(text + from, n) ? SMTPC_MARK_UTF8 : 0u));
  } else {
    memset(out, 0, sizeof *out);
  }
  return ok;
}

bool model_path(const uint8_t *text, size_t len, unsigned allow,
                smtpc_path *out, size_t *out_len) {
  const bool space =
      (allow & SMTPC_ALLOW_SPACE) != 0u && len > 0u && text[0] == ' ';
  const size_t from = space ? 1u : 0u;
  *out_len = 0u;
  memset(out, 0, sizeof *out);
  // The path ends where a space or the text's end follows. No path is the front
  // of another one, so the first end that fits is the only one.
  for (size_t to = from; to <= len; to++) {
    if ((to == len || text[to] == ' ') &&
        whole_in(text, from, to, allow, out)) {
      out->marks |= space ? SMTPC_MARK_SPACE : 0u;
      *out_len = to;
      return true;
    }
  }
  return false;
}

bool model_mailbox(const uint8_t *text, size_t len, unsigned allow,
                   smtpc_path *out) {
  const bool utf8 = (allow & SMTPC_ALLOW_UTF8) != 0u;
  memset(out, 0, sizeof *out);
  if (len > 254u || !mailbox_in(text, 0u, len, utf8, out)) {
    memset(out, 0, sizeof *out);
    return false;
  }
  out->whole = (smtpc_span){0u, (uint16_t)len};
  out->marks =
      (uint8_t)(out->marks | (has_high(text, len) ? SMTPC_MARK_UTF8 : 0u));
  return true;
}
