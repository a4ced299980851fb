#include "smtpcore/stamp.h"

#include <string.h>
#include <time.h>

#include "smtpcore/path.h"
#include "smtpcore/span.h"

void smtpc_stamp_id(char out[SMTPC_STAMP_ID_MAX], int64_t time,
                    uint64_t session, uint64_t message) {
  (void)snprintf(out, SMTPC_STAMP_ID_MAX, "%llx-%llu-%llu",
                 (unsigned long long)time, (unsigned long long)session,
                 (unsigned long long)message);
}

const char *smtpc_stamp_protocol(const smtpc_stamp *stamp) {
  static const char *const words[4][4] = {
      {"ESMTP", "ESMTPS", "ESMTPA", "ESMTPSA"},
      {"UTF8SMTP", "UTF8SMTPS", "UTF8SMTPA", "UTF8SMTPSA"},
      {"LMTP", "LMTPS", "LMTPA", "LMTPSA"},
      {"UTF8LMTP", "UTF8LMTPS", "UTF8LMTPA", "UTF8LMTPSA"}};
  const unsigned row = (stamp->utf8 ? 1u : 0u) + (stamp->lmtp ? 2u : 0u);
  const unsigned index =
      (stamp->tls ? 1u : 0u) + (stamp->authenticated ? 2u : 0u);
  return stamp->esmtp ? words[row][index] : "SMTP";
}

void smtpc_stamp_date(char out[48], int64_t time) {
  static const char *const days[7] = {"Sun", "Mon", "Tue", "Wed",
                                      "Thu", "Fri", "Sat"};
  static const char *const months[12] = {"Jan", "Feb", "Mar", "Apr",
                                         "May", "Jun", "Jul", "Aug",
                                         "Sep", "Oct", "Nov", "Dec"};
  const time_t seconds = (time_t)time;
  struct tm t = {0};
  (void)gmtime_r(&seconds, &t);
  (void)snprintf(out, 48u, "%s, %02d %s %04d %02d:%02d:%02d +0000",
                 days[t.tm_wday % 7], t.tm_mday, months[t.tm_mon % 12],
                 t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
}

void smtpc_stamp_literal(const char *peer, char out[96]) {
  const char *colon = strrchr(peer, ':');
  int len = colon == NULL ? (int)strlen(peer) : (int)(colon - peer);
  const bool six = peer[0] == '[' && len > 2;
  if (six) {
    peer++;
    len -= 2;
  }
  (void)snprintf(out, 96u, "[%s%.*s]", six ? "IPv6:" : "", len, peer);
}

// An address comes from the core's parser. A line end in it would be a defect
// there; it must not become a header line here.
static bool is_clean(const uint8_t *octets, size_t len) {
  for (size_t i = 0u; i < len; i++) {
    if (smtpc_is_control(octets[i])) {
      return false;
    }
  }
  return true;
}

void smtpc_stamp_path(FILE *out, const uint8_t *address, size_t len) {
  if (is_clean(address, len)) {
    (void)fprintf(out, "Return-Path: <%.*s>\r\n", (int)len,
                  (const char *)address);
  }
}

void smtpc_stamp_recipient(FILE *out, const uint8_t *address, size_t len) {
  if (is_clean(address, len)) {
    (void)fprintf(out, "Delivered-To: %.*s\r\n", (int)len,
                  (const char *)address);
  }
}

// Also an address literal of the general kind is left out: its octets could be
// taken for a comment.
static bool is_host(const uint8_t *name, size_t len) {
  uint8_t kind = SMTPC_HOST_NONE;
  if (len == 0u || len > SMTPC_DOMAIN_MAX) {
    return false;
  }
  const smtpc_span span = smtpc_span_make(0u, len);
  return smtpc_domain_parse(name, span, 0u) == SMTPC_OK ||
         (smtpc_literal_parse(name, span, &kind) == SMTPC_OK &&
          kind != SMTPC_HOST_GENERAL);
}

void smtpc_stamp_received(FILE *out, const smtpc_stamp *stamp) {
  char date[48];
  char literal[96];
  smtpc_stamp_date(date, stamp->time);
  smtpc_stamp_literal(stamp->peer, literal);
  const bool named = is_host(stamp->hello, stamp->hello_len);
  (void)fprintf(out,
                "Received: from %.*s (%s)\r\n"
                "\tby %.*s with %s id %s;\r\n"
                "\t%s\r\n",
                (int)(named ? stamp->hello_len : strlen(literal)),
                named ? (const char *)stamp->hello : literal, literal,
                (int)stamp->host_len, (const char *)stamp->host,
                smtpc_stamp_protocol(stamp), stamp->id, date);
}
