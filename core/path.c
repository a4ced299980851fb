#include "smtpcore/path.h"

#include "core/config_parts.h"

// What an address literal begins with when it is of version 6. The tag is a
// string of ABNF: its case is free.
#define IPV6_TAG "IPV6:"
#define IPV6_TAG_LEN 5u

#define POSTMASTER_WORD "POSTMASTER"
#define POSTMASTER_LEN 10u

// A path of 256 octets has no room for more hops of at least `@a,`.
#define HOP_MAX 86u

static const smtpc_path none = {{0u, 0u}, {0u, 0u}, {0u, 0u}, {0u, 0u},
                                0u,       0u,       0u,       0u};

static bool is_printable(uint8_t c) {
  return c >= 0x20u && c <= 0x7eu;
}

static bool octet_at(const uint8_t *line, smtpc_span rest, char want) {
  return rest.begin < rest.end && line[rest.begin] == (uint8_t)want;
}

// skip returns `rest` without its first octet, which must be there.
static smtpc_span skip(smtpc_span rest) {
  return smtpc_span_make((size_t)rest.begin + 1u, rest.end);
}

// utf8_at returns the length of the UTF-8 sequence at `i`, which is less than
// `to`; 0 if there is none or none is allowed.
static size_t utf8_at(const uint8_t *line, size_t i, size_t to,
                      unsigned allow) {
  if (!SMTPC_WITH(UTF8) || line[i] < 0x80u ||
      (allow & SMTPC_ALLOW_UTF8) == 0u) {
    return 0u;
  }
  return smtpc_utf8_len(line, smtpc_span_make(i, to));
}

// octets_first returns what is wrong with the octets of `span` as such, or
// `status` when they are not to blame. Only the way of an error pays for it.
static smtpc_status octets_first(const uint8_t *line, smtpc_span span,
                                 unsigned allow, smtpc_status status) {
  bool high = false;
  bool broken = false;
  size_t i = span.begin;
  while (i < span.end) {
    const uint8_t c = line[i];
    if (smtpc_is_control(c)) {
      return SMTPC_E_CONTROL;
    }
    size_t step = 1u;
    high = high || c >= 0x80u;
    if (SMTPC_WITH(UTF8) && c >= 0x80u) {
      const size_t len = smtpc_utf8_len(line, smtpc_span_make(i, span.end));
      broken = broken || len == 0u;
      step = len > 0u ? len : 1u;
    }
    i += step;
  }
  if (high && (!SMTPC_WITH(UTF8) || (allow & SMTPC_ALLOW_UTF8) == 0u)) {
    return SMTPC_E_NON_ASCII;
  }
  return broken ? SMTPC_E_UTF8 : status;
}

// ------------------------------------------------------------ address literals

// snum_end returns where the Snum at `from` ends, or `from` when there is none.
// Snum is 1*3DIGIT up to 255; the grammar has nothing against leading zeros.
static size_t snum_end(const uint8_t *line, size_t from, size_t to) {
  unsigned value = 0u;
  size_t i = from;
  while (i < to && i < from + 3u) {
    const uint8_t c = line[i];
    if (!smtpc_is_digit(c)) {
      break;
    }
    value = value * 10u + ((unsigned)c - (unsigned)'0');
    i++;
  }
  return value <= 255u ? i : from;
}

// IPv4-address-literal = Snum 3("." Snum)
static bool is_ipv4(const uint8_t *line, size_t from, size_t to) {
  size_t i = from;
  for (unsigned k = 0u; k < 4u; k++) {
    if (k > 0u) {
      if (i >= to || line[i] != (uint8_t)'.') {
        return false;
      }
      i++;
    }
    const size_t end = snum_end(line, i, to);
    if (end == i) {
      return false;
    }
    i = end;
  }
  return i == to;
}

static bool is_hex(uint8_t c) {
  const uint8_t up = smtpc_upper(c);
  return smtpc_is_digit(c) || (up >= (uint8_t)'A' && up <= (uint8_t)'F');
}

// IPv6-hex = 1*4HEXDIG
static size_t hex_end(const uint8_t *line, size_t from, size_t to) {
  size_t i = from;
  while (i < to && i < from + 4u && is_hex(line[i])) {
    i++;
  }
  return i;
}

// ipv6_scan is what stands left of the offset `at`: `groups` groups of 16 bits,
// `gap` once "::" was there, `open` while a group must follow.
typedef struct ipv6_scan {
  size_t at;
  unsigned groups;
  bool gap;
  bool open;
} ipv6_scan;

// ipv6_colon takes ":" or "::" after a group.
static bool ipv6_colon(const uint8_t *line, size_t to, ipv6_scan *scan) {
  size_t i = scan->at;
  if (i >= to || line[i] != (uint8_t)':') {
    return false;
  }
  i++;
  scan->open = true;
  if (i < to && line[i] == (uint8_t)':') {
    if (scan->gap) {
      return false;
    }
    scan->gap = true;
    scan->open = false;
    i++;
  }
  scan->at = i;
  return true;
}

// ipv6_group takes a group and the colons after it, or an IPv4 address, which
// stands for two groups and must be the last thing.
static bool ipv6_group(const uint8_t *line, size_t to, ipv6_scan *scan) {
  const size_t from = scan->at;
  const size_t end = hex_end(line, from, to);
  if (end == from) {
    return false;
  }
  scan->open = false;
  if (end < to && line[end] == (uint8_t)'.') {
    scan->groups += 2u;
    scan->at = to;
    return is_ipv4(line, from, to);
  }
  scan->groups++;
  scan->at = end;
  return end == to || ipv6_colon(line, to, scan);
}

// IPv6-addr = IPv6-full / IPv6-comp / IPv6v4-full / IPv6v4-comp
//
// All four are: eight groups, or "::" once and at most six groups beside it,
// where an IPv4 address at the end counts as two.
static bool is_ipv6(const uint8_t *line, size_t from, size_t to) {
  ipv6_scan scan = {from, 0u, false, true};
  if (smtpc_span_starts(line, smtpc_span_make(from, to), "::", 2u)) {
    scan.at = from + 2u;
    scan.gap = true;
    scan.open = false;
  }
  while (scan.at < to) {
    if (!ipv6_group(line, to, &scan)) {
      return false;
    }
  }
  return !scan.open && (scan.gap ? scan.groups <= 6u : scan.groups == 8u);
}

// Standardized-tag = Ldh-str, which ends with a letter or a digit.
static bool is_tag(const uint8_t *line, size_t from, size_t to) {
  bool let_dig = false;
  for (size_t i = from; i < to; i++) {
    const uint8_t c = line[i];
    let_dig = smtpc_is_alnum(c);
    if (!let_dig && c != (uint8_t)'-') {
      return false;
    }
  }
  return let_dig;
}

// General-address-literal = Standardized-tag ":" 1*dcontent
static bool is_general(const uint8_t *line, smtpc_span inner) {
  const size_t colon = smtpc_span_find(line, inner, (uint8_t)':');
  if (!is_tag(line, inner.begin, colon) || colon + 1u >= inner.end) {
    return false;
  }
  for (size_t i = colon + 1u; i < inner.end; i++) {
    const uint8_t c = line[i];
    // dcontent = %d33-90 / %d94-126
    if (c < 33u || c > 126u || (c > 90u && c < 94u)) {
      return false;
    }
  }
  return true;
}

static uint8_t literal_host(const uint8_t *line, smtpc_span inner) {
  const size_t from = inner.begin;
  const size_t to = inner.end;
  uint8_t host = SMTPC_HOST_NONE;
  // A broken IPv6 address is not a general literal with an odd content.
  if (smtpc_span_starts(line, inner, IPV6_TAG, IPV6_TAG_LEN)) {
    if (is_ipv6(line, from + IPV6_TAG_LEN, to)) {
      host = SMTPC_HOST_IPV6;
    }
  } else if (is_ipv4(line, from, to)) {
    host = SMTPC_HOST_IPV4;
  } else if (is_general(line, inner)) {
    host = SMTPC_HOST_GENERAL;
  }
  return host;
}

smtpc_status smtpc_literal_parse(const uint8_t *line, smtpc_span span,
                                 uint8_t *out_host) {
  *out_host = SMTPC_HOST_NONE;
  const size_t len = smtpc_span_len(span);
  if (len < 2u || len > SMTPC_DOMAIN_MAX || line[span.begin] != (uint8_t)'[' ||
      line[span.end - 1u] != (uint8_t)']') {
    return SMTPC_E_ADDRESS_LITERAL;
  }
  const size_t from = (size_t)span.begin + 1u;
  const size_t to = (size_t)span.end - 1u;
  *out_host = literal_host(line, smtpc_span_make(from, to));
  return *out_host == SMTPC_HOST_NONE ? SMTPC_E_ADDRESS_LITERAL : SMTPC_OK;
}

// --------------------------------------------------------------------- domains

// label_scan is one label so far. Its length counts characters: the 63 octets
// of RFC 1035 are those of the A-label, which a U-label is not yet (RFC 5890
// section 4.2). In ASCII both are the same.
typedef struct label_scan {
  size_t len;
  bool hyphen;  // the last octet was one
  bool large;   // a label passed its limit
} label_scan;

static bool label_may_end(label_scan label) {
  return label.len > 0u && !label.hyphen;
}

static size_t alnum_end(const uint8_t *line, size_t from, size_t to) {
  size_t i = from;
  while (i < to && smtpc_is_alnum(line[i])) {
    i++;
  }
  return i;
}

// label_take takes the octet, or the UTF-8 sequence, at `i`, which is no letter
// and no digit. It returns where that ends, `i` when it cannot stand there.
static size_t label_take(const uint8_t *line, size_t i, size_t to,
                         unsigned allow, label_scan *label) {
  const uint8_t c = line[i];
  size_t len = 0u;
  if (c == (uint8_t)'.') {
    len = label_may_end(*label) ? 1u : 0u;
    label->len = len > 0u ? 0u : label->len;
  } else if (c == (uint8_t)'-') {
    len = label->len > 0u ? 1u : 0u;
    label->len += len;
    label->hyphen = true;
  } else {
    len = utf8_at(line, i, to, allow);
    label->len += len > 0u ? 1u : 0u;
    label->hyphen = label->hyphen && len == 0u;
  }
  return i + len;
}

// take_domain takes the longest Domain off the front of `*rest`.
// Domain = sub-domain *("." sub-domain), sub-domain = Let-dig [Ldh-str] /
// U-label
static smtpc_status take_domain(const uint8_t *line, smtpc_span *rest,
                                unsigned allow, uint8_t *marks) {
  const size_t from = rest->begin;
  const size_t to = rest->end;
  label_scan label = {0u, false, false};
  size_t i = from;
  while (i < to) {
    size_t end = alnum_end(line, i, to);
    if (end > i) {
      label.len += end - i;
      label.hyphen = false;
    } else {
      end = label_take(line, i, to, allow, &label);
      if (end == i) {
        break;
      }
      *marks |= end > i + 1u ? SMTPC_MARK_UTF8 : 0u;
    }
    label.large = label.large || label.len > SMTPC_LABEL_MAX;
    i = end;
  }
  if (!label_may_end(label)) {
    return SMTPC_E_DOMAIN;
  }
  *rest = smtpc_span_make(i, to);
  const bool fits = !label.large && i - from <= SMTPC_DOMAIN_MAX;
  return fits ? SMTPC_OK : SMTPC_E_TOO_LONG;
}

smtpc_status smtpc_domain_parse(const uint8_t *line, smtpc_span span,
                                unsigned allow) {
  smtpc_span rest = span;
  uint8_t marks = 0u;
  smtpc_status status = take_domain(line, &rest, allow, &marks);
  // A domain that is too long and also malformed is malformed.
  if (status != SMTPC_E_DOMAIN && rest.begin < rest.end) {
    status = SMTPC_E_DOMAIN;
  }
  return status == SMTPC_OK ? status : octets_first(line, span, allow, status);
}

// take_host takes Domain / address-literal off the front of `*rest`.
static smtpc_status take_host(const uint8_t *line, smtpc_span *rest,
                              unsigned allow, smtpc_path *out) {
  const size_t from = rest->begin;
  smtpc_status status = SMTPC_E_ADDRESS_LITERAL;
  if (octet_at(line, *rest, '[')) {
    const size_t close = smtpc_span_find(line, *rest, (uint8_t)']');
    if (close >= rest->end) {
      return status;
    }
    out->domain = smtpc_span_make(from, close + 1u);
    rest->begin = out->domain.end;
    status = smtpc_literal_parse(line, out->domain, &out->host);
  } else {
    status = take_domain(line, rest, allow, &out->marks);
    out->domain = smtpc_span_make(from, rest->begin);
    out->host = SMTPC_HOST_NAME;
  }
  return status;
}

// ----------------------------------------------------------------- local parts

static size_t atext_end(const uint8_t *line, size_t from, size_t to) {
  size_t i = from;
  while (i < to && smtpc_is_atext(line[i])) {
    i++;
  }
  return i;
}

// Dot-string = Atom *("." Atom)
static bool take_dot_string(const uint8_t *line, smtpc_span *rest,
                            unsigned allow, uint8_t *marks) {
  const size_t to = rest->end;
  size_t i = rest->begin;
  bool open = true;  // an atom must follow
  while (i < to) {
    size_t end = atext_end(line, i, to);
    if (end > i) {
      open = false;
    } else if (line[i] == (uint8_t)'.' && !open) {
      open = true;
      end = i + 1u;
    } else {
      const size_t len = utf8_at(line, i, to, allow);
      if (len == 0u) {
        break;
      }
      *marks |= SMTPC_MARK_UTF8;
      open = false;
      end = i + len;
    }
    i = end;
  }
  rest->begin = smtpc_span_make(i, to).begin;
  return !open;
}

// Quoted-string = DQUOTE *QcontentSMTP DQUOTE. The first quote is there.
static bool take_quoted(const uint8_t *line, smtpc_span *rest, unsigned allow,
                        uint8_t *marks) {
  const size_t to = rest->end;
  size_t i = (size_t)rest->begin + 1u;
  bool escaped = false;
  bool closed = false;
  while (i < to && !closed) {
    const uint8_t c = line[i];
    size_t len = 1u;
    if (!is_printable(c)) {
      // quoted-pairSMTP has no UTF-8, also in RFC 6531 section 3.3.
      len = escaped ? 0u : utf8_at(line, i, to, allow);
      if (len == 0u) {
        break;
      }
      *marks |= SMTPC_MARK_UTF8;
    }
    closed = !escaped && c == (uint8_t)'"';
    escaped = !escaped && c == (uint8_t)'\\';
    i += len;
  }
  rest->begin = smtpc_span_make(i, to).begin;
  *marks |= SMTPC_MARK_QUOTED;
  return closed;
}

// mark_fax looks for the fax number of RFC 3192: `FAX=`, perhaps `+`, then
// digits and written separators. What is not one is an ordinary local part.
static void mark_fax(const uint8_t *line, smtpc_path *out) {
  if (!smtpc_span_starts(line, out->local, "FAX=", 4u)) {
    return;
  }
  const size_t from = (size_t)out->local.begin + 4u;
  const size_t to =
      smtpc_span_find(line, smtpc_span_make(from, out->local.end), '/');
  bool digit = false;
  for (size_t i = from; i < to; i++) {
    const uint8_t c = line[i];
    const bool plus = c == (uint8_t)'+' && i == from;
    const bool separator = c == (uint8_t)'-' || c == (uint8_t)'.';
    if (smtpc_is_digit(c)) {
      digit = true;
    } else if (!plus && !separator) {
      return;
    }
  }
  if (digit) {
    out->fax = smtpc_span_make(from, to);
    out->marks |= SMTPC_MARK_FAX;
  }
}

static smtpc_status take_local(const uint8_t *line, smtpc_span *rest,
                               unsigned allow, smtpc_path *out) {
  const size_t from = rest->begin;
  const bool ok = octet_at(line, *rest, '"')
                      ? take_quoted(line, rest, allow, &out->marks)
                      : take_dot_string(line, rest, allow, &out->marks);
  if (!ok) {
    return SMTPC_E_LOCAL_PART;
  }
  out->local = smtpc_span_make(from, rest->begin);
  if (smtpc_span_len(out->local) > SMTPC_LOCAL_PART_MAX) {
    return SMTPC_E_TOO_LONG;
  }
  mark_fax(line, out);
  return SMTPC_OK;
}

// ----------------------------------------------------------------------- paths

// Mailbox = Local-part "@" ( Domain / address-literal )
static smtpc_status take_mailbox(const uint8_t *line, smtpc_span *rest,
                                 unsigned allow, smtpc_path *out) {
  const smtpc_status status = take_local(line, rest, allow, out);
  if (status != SMTPC_OK) {
    return status;
  }
  if (!octet_at(line, *rest, '@')) {
    const bool ends = rest->begin >= rest->end || octet_at(line, *rest, '>');
    return ends ? SMTPC_E_DOMAIN : SMTPC_E_LOCAL_PART;
  }
  *rest = skip(*rest);
  out->kind = SMTPC_PATH_MAILBOX;
  return take_host(line, rest, allow, out);
}

// surplus returns the status of an octet that follows the domain of `path` but
// cannot be a part of it.
static smtpc_status surplus(const smtpc_path *path) {
  return path->host == SMTPC_HOST_NAME ? SMTPC_E_DOMAIN
                                       : SMTPC_E_ADDRESS_LITERAL;
}

// A-d-l ":" where A-d-l = At-domain *( "," At-domain )
static smtpc_status take_route(const uint8_t *line, smtpc_span *rest,
                               unsigned allow, smtpc_path *out) {
  for (unsigned hop = 0u; hop < HOP_MAX; hop++) {
    if (!octet_at(line, *rest, '@')) {
      return SMTPC_E_PATH;
    }
    *rest = skip(*rest);
    const smtpc_status status = take_domain(line, rest, allow, &out->marks);
    if (status != SMTPC_OK) {
      return status == SMTPC_E_DOMAIN ? SMTPC_E_PATH : status;
    }
    const bool last = octet_at(line, *rest, ':');
    if (!last && !octet_at(line, *rest, ',')) {
      return SMTPC_E_PATH;
    }
    *rest = skip(*rest);
    if (last) {
      out->marks |= SMTPC_MARK_ROUTE;
      return SMTPC_OK;
    }
  }
  return SMTPC_E_TOO_LONG;
}

// take_inner takes what stands between the brackets.
static smtpc_status take_inner(const uint8_t *line, smtpc_span *rest,
                               unsigned allow, smtpc_path *out) {
  const size_t from = rest->begin;
  const size_t word_end = from + POSTMASTER_LEN;
  smtpc_status status = SMTPC_OK;
  if (octet_at(line, *rest, '>')) {
    out->kind = SMTPC_PATH_NULL;
    status = (allow & SMTPC_ALLOW_NULL) != 0u ? SMTPC_OK : SMTPC_E_PATH;
  } else if (smtpc_span_starts(line, *rest, POSTMASTER_WORD ">",
                               POSTMASTER_LEN + 1u)) {
    out->kind = SMTPC_PATH_POSTMASTER;
    out->local = smtpc_span_make(from, word_end);
    rest->begin = out->local.end;
    status = (allow & SMTPC_ALLOW_POSTMASTER) != 0u ? SMTPC_OK : SMTPC_E_PATH;
  } else {
    if (octet_at(line, *rest, '@')) {
      status = take_route(line, rest, allow, out);
    }
    if (status == SMTPC_OK) {
      status = take_mailbox(line, rest, allow, out);
    }
  }
  return status;
}

static smtpc_status take_bracketed(const uint8_t *line, smtpc_span *rest,
                                   unsigned allow, smtpc_path *out) {
  const size_t from = rest->begin;
  *rest = skip(*rest);
  const smtpc_status status = take_inner(line, rest, allow, out);
  if (status != SMTPC_OK) {
    return status;
  }
  if (!octet_at(line, *rest, '>')) {
    return rest->begin >= rest->end ? SMTPC_E_PATH : surplus(out);
  }
  *rest = skip(*rest);
  out->whole = smtpc_span_make(from, rest->begin);
  const bool fits = smtpc_span_len(out->whole) <= SMTPC_PATH_MAX;
  return fits ? SMTPC_OK : SMTPC_E_TOO_LONG;
}

// take_exact takes all of `span` as a Mailbox. Its limit is that of the path
// that it becomes in brackets.
static smtpc_status take_exact(const uint8_t *line, smtpc_span span,
                               unsigned allow, smtpc_path *out) {
  smtpc_span rest = span;
  const smtpc_status status = take_mailbox(line, &rest, allow, out);
  if (status != SMTPC_OK) {
    return status;
  }
  if (rest.begin < rest.end) {
    return surplus(out);
  }
  out->whole = span;
  const bool fits = smtpc_span_len(span) + 2u <= SMTPC_PATH_MAX;
  return fits ? SMTPC_OK : SMTPC_E_TOO_LONG;
}

// take_bare takes an address without brackets, up to the first space.
static smtpc_status take_bare(const uint8_t *line, smtpc_span *rest,
                              unsigned allow, smtpc_path *out) {
  const size_t end = smtpc_span_find(line, *rest, (uint8_t)' ');
  const smtpc_span bare = smtpc_span_make(rest->begin, end);
  if (smtpc_span_len(bare) == 0u) {
    return SMTPC_E_PATH;
  }
  out->marks |= SMTPC_MARK_BARE;
  rest->begin = bare.end;
  return take_exact(line, bare, allow, out);
}

static smtpc_status take_path(const uint8_t *line, smtpc_span *rest,
                              unsigned allow, smtpc_path *out) {
  if ((allow & SMTPC_ALLOW_SPACE) != 0u && octet_at(line, *rest, ' ')) {
    out->marks |= SMTPC_MARK_SPACE;
    *rest = skip(*rest);
  }
  smtpc_status status = SMTPC_E_PATH;
  if (octet_at(line, *rest, '<')) {
    status = take_bracketed(line, rest, allow, out);
  } else if ((allow & SMTPC_ALLOW_BARE) != 0u) {
    status = take_bare(line, rest, allow, out);
  }
  if (status == SMTPC_OK && rest->begin < rest->end &&
      !octet_at(line, *rest, ' ')) {
    status = SMTPC_E_PATH;
  }
  return status;
}

smtpc_status smtpc_path_parse(const uint8_t *line, smtpc_span *rest,
                              unsigned allow, smtpc_path *out) {
  smtpc_span ahead = *rest;
  *out = none;
  const smtpc_status status = take_path(line, &ahead, allow, out);
  if (status != SMTPC_OK) {
    *out = none;
    return octets_first(line, *rest, allow, status);
  }
  *rest = ahead;
  return SMTPC_OK;
}

smtpc_status smtpc_mailbox_parse(const uint8_t *line, smtpc_span span,
                                 unsigned allow, smtpc_path *out) {
  *out = none;
  const smtpc_status status = take_exact(line, span, allow, out);
  if (status != SMTPC_OK) {
    *out = none;
    return octets_first(line, span, allow, status);
  }
  return SMTPC_OK;
}
