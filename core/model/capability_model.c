#define _POSIX_C_SOURCE 200809L

#include "core/model/capability_model.h"

#include <regex.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/model/param_model.h"

// ------------------------------------------------------------------- grammar

// One rule for each form of line, on upper-case text.
#define WORD "[!-~]+"
#define OPTION ",[!-+.-~-]+"
#define SOLICIT "[A-Z][A-Z0-9._:-]*"

enum {
  LINE,
  EQUALS,
  BARE,
  SIZE,
  DELIVERBY,
  FUTURERELEASE,
  MT_PRIORITY,
  NO_SOLICITING,
  LIMIT,
  OVERWRITTEN,
  PATTERN_COUNT
};

static const char *const patterns[PATTERN_COUNT] = {
    [LINE] = "^[A-Z0-9][A-Z0-9-]*( " WORD ")*$",
    [EQUALS] = "^AUTH=(" WORD ")?( " WORD ")*$",
    [BARE] = "^[A-Z0-9-]+$",
    [SIZE] = "^SIZE( [0-9]{1,20})?$",
    [DELIVERBY] = "^DELIVERBY( [0-9]{1,9}(" OPTION ")*| (" OPTION ")+)?$",
    [FUTURERELEASE] = "^FUTURERELEASE [0-9]{1,9} " WORD "$",
    [MT_PRIORITY] = "^MT-PRIORITY( " WORD ")?$",
    [NO_SOLICITING] = "^NO-SOLICITING( " SOLICIT "(," SOLICIT ")*)?$",
    [LIMIT] = "^(RCPTMAX|MAILMAX|RCPTDOMAINMAX)=[1-9][0-9]{0,5}$",
    [OVERWRITTEN] = "^X{3,}[A-Z]( |$)",
};

static bool matches(int pattern, const char *text) {
  static regex_t compiled[PATTERN_COUNT];
  static bool done[PATTERN_COUNT];
  if (!done[pattern] && regcomp(&compiled[pattern], patterns[pattern],
                                REG_EXTENDED | REG_NOSUB) != 0) {
    abort();
  }
  done[pattern] = true;
  return regexec(&compiled[pattern], text, 0, NULL, 0) == 0;
}

// ------------------------------------------------------------------ keywords

typedef struct keyword {
  const char *text;
  uint32_t bit;
  int pattern;  // what the whole line must be; LINE: any words
} keyword;

static const keyword keywords[] = {
    {"8BITMIME", SMTPC_OFFERS(8BITMIME), BARE},
    {"ATRN", SMTPC_OFFERS(ATRN), BARE},
    {"AUTH", SMTPC_OFFERS(AUTH), LINE},
    {"BINARYMIME", SMTPC_OFFERS(BINARYMIME), BARE},
    {"BURL", SMTPC_OFFERS(BURL), LINE},
    {"CHECKPOINT", SMTPC_OFFERS(CHECKPOINT), BARE},
    {"CHUNKING", SMTPC_OFFERS(CHUNKING), BARE},
    {"CLIENTID", SMTPC_OFFERS(CLIENTID), LINE},
    {"CONNEG", SMTPC_OFFERS(CONNEG), BARE},
    {"CONPERM", SMTPC_OFFERS(CONPERM), BARE},
    {"DELIVERBY", SMTPC_OFFERS(DELIVERBY), DELIVERBY},
    {"DSN", SMTPC_OFFERS(DSN), BARE},
    {"ENHANCEDSTATUSCODES", SMTPC_OFFERS(ENHANCEDSTATUSCODES), BARE},
    {"ETRN", SMTPC_OFFERS(ETRN), BARE},
    {"EXPN", SMTPC_OFFERS(EXPN), BARE},
    {"FUTURERELEASE", SMTPC_OFFERS(FUTURERELEASE), FUTURERELEASE},
    {"HELP", SMTPC_OFFERS(HELP), BARE},
    {"LIMITS", SMTPC_OFFERS(LIMITS), LINE},
    {"MT-PRIORITY", SMTPC_OFFERS(MT_PRIORITY), MT_PRIORITY},
    {"MTRK", SMTPC_OFFERS(MTRK), BARE},
    {"NO-SOLICITING", SMTPC_OFFERS(NO_SOLICITING), NO_SOLICITING},
    {"PIPELINING", SMTPC_OFFERS(PIPELINING), BARE},
    {"PRDR", SMTPC_OFFERS(PRDR), BARE},
    {"REQUIRETLS", SMTPC_OFFERS(REQUIRETLS), BARE},
    {"RRVS", SMTPC_OFFERS(RRVS), BARE},
    {"SIZE", SMTPC_OFFERS(SIZE), SIZE},
    {"SMTPUTF8", SMTPC_OFFERS(SMTPUTF8), LINE},
    {"STARTTLS", SMTPC_OFFERS(STARTTLS), BARE},
    {"VRFY", SMTPC_OFFERS(VRFY), BARE},
    {"XCLIENT", SMTPC_OFFERS(XCLIENT), LINE},
    {"XEXCH50", SMTPC_OFFERS(XEXCH50), BARE},
    {"XFORWARD", SMTPC_OFFERS(XFORWARD), LINE},
};

typedef struct named {
  const char *text;
  uint64_t value;
} named;

static const named mechanisms[] = {
    {"9798-M-DSA-SHA1", SMTPC_MECH(9798_M_DSA_SHA1)},
    {"9798-M-ECDSA-SHA1", SMTPC_MECH(9798_M_ECDSA_SHA1)},
    {"9798-M-RSA-SHA1-ENC", SMTPC_MECH(9798_M_RSA_SHA1_ENC)},
    {"9798-U-DSA-SHA1", SMTPC_MECH(9798_U_DSA_SHA1)},
    {"9798-U-ECDSA-SHA1", SMTPC_MECH(9798_U_ECDSA_SHA1)},
    {"9798-U-RSA-SHA1-ENC", SMTPC_MECH(9798_U_RSA_SHA1_ENC)},
    {"ANONYMOUS", SMTPC_MECH(ANONYMOUS)},
    {"CRAM-MD5", SMTPC_MECH(CRAM_MD5)},
    {"DIGEST-MD5", SMTPC_MECH(DIGEST_MD5)},
    {"EAP-AES128", SMTPC_MECH(EAP_AES128)},
    {"EAP-AES128-PLUS", SMTPC_MECH(EAP_AES128_PLUS)},
    {"ECDH-X25519-CHALLENGE", SMTPC_MECH(ECDH_X25519_CHALLENGE)},
    {"ECDSA-NIST256P-CHALLENGE", SMTPC_MECH(ECDSA_NIST256P_CHALLENGE)},
    {"EXTERNAL", SMTPC_MECH(EXTERNAL)},
    {"GS2-KRB5", SMTPC_MECH(GS2_KRB5)},
    {"GS2-KRB5-PLUS", SMTPC_MECH(GS2_KRB5_PLUS)},
    {"GSS-SPNEGO", SMTPC_MECH(GSS_SPNEGO)},
    {"GSSAPI", SMTPC_MECH(GSSAPI)},
    {"KERBEROS_V4", SMTPC_MECH(KERBEROS_V4)},
    {"KERBEROS_V5", SMTPC_MECH(KERBEROS_V5)},
    {"LOGIN", SMTPC_MECH(LOGIN)},
    {"NMAS-SAMBA-AUTH", SMTPC_MECH(NMAS_SAMBA_AUTH)},
    {"NMAS_AUTHEN", SMTPC_MECH(NMAS_AUTHEN)},
    {"NMAS_LOGIN", SMTPC_MECH(NMAS_LOGIN)},
    {"NTLM", SMTPC_MECH(NTLM)},
    {"OAUTH10A", SMTPC_MECH(OAUTH10A)},
    {"OAUTHBEARER", SMTPC_MECH(OAUTHBEARER)},
    {"OPENID20", SMTPC_MECH(OPENID20)},
    {"OTP", SMTPC_MECH(OTP)},
    {"PLAIN", SMTPC_MECH(PLAIN)},
    {"SAML20", SMTPC_MECH(SAML20)},
    {"SCRAM-SHA-1", SMTPC_MECH(SCRAM_SHA_1)},
    {"SCRAM-SHA-1-PLUS", SMTPC_MECH(SCRAM_SHA_1_PLUS)},
    {"SCRAM-SHA-256", SMTPC_MECH(SCRAM_SHA_256)},
    {"SCRAM-SHA-256-PLUS", SMTPC_MECH(SCRAM_SHA_256_PLUS)},
    {"SECURID", SMTPC_MECH(SECURID)},
    {"SKEY", SMTPC_MECH(SKEY)},
    {"SPNEGO", SMTPC_MECH(SPNEGO)},
    {"SPNEGO-PLUS", SMTPC_MECH(SPNEGO_PLUS)},
    {"SXOVER-PLUS", SMTPC_MECH(SXOVER_PLUS)},
    {"XOAUTH", SMTPC_MECH(XOAUTH)},
    {"XOAUTH2", SMTPC_MECH(XOAUTH2)},
};

static const named xclient[] = {
    {"NAME", SMTPC_ATTR(NAME)},         {"ADDR", SMTPC_ATTR(ADDR)},
    {"PORT", SMTPC_ATTR(PORT)},         {"PROTO", SMTPC_ATTR(PROTO)},
    {"HELO", SMTPC_ATTR(HELO)},         {"LOGIN", SMTPC_ATTR(LOGIN)},
    {"DESTADDR", SMTPC_ATTR(DESTADDR)}, {"DESTPORT", SMTPC_ATTR(DESTPORT)},
};

static const named xforward[] = {
    {"NAME", SMTPC_ATTR(NAME)},     {"ADDR", SMTPC_ATTR(ADDR)},
    {"PORT", SMTPC_ATTR(PORT)},     {"PROTO", SMTPC_ATTR(PROTO)},
    {"HELO", SMTPC_ATTR(HELO)},     {"IDENT", SMTPC_ATTR(IDENT)},
    {"SOURCE", SMTPC_ATTR(SOURCE)},
};

static const named profiles[] = {
    {"MIXER", SMTPC_PRIORITY_MIXER},
    {"STANAG4406", SMTPC_PRIORITY_STANAG4406},
    {"NSEP", SMTPC_PRIORITY_NSEP},
};

static const named schemes[] = {{"IMAP", SMTPC_CAPS_BURL_IMAP}};

static const named others[] = {
    {"ONEX", SMTPC_OTHER_ONEX},
    {"VERB", SMTPC_OTHER_VERB},
    {"VERP", SMTPC_OTHER_VERP},
    {"XUSR", SMTPC_OTHER_XUSR},
    {"IGNOREQUOTA", SMTPC_OTHER_IGNOREQUOTA},
    {"PIPECONNECT", SMTPC_OTHER_PIPECONNECT},
};

#define ROWS(table) table, sizeof(table) / sizeof((table)[0])

static uint64_t value_of(const char *word, const named *table, size_t rows,
                         uint64_t none) {
  for (size_t i = 0; i < rows; i++) {
    if (strcmp(word, table[i].text) == 0) {
      return table[i].value;
    }
  }
  return none;
}

// -------------------------------------------------------------------- values

// Returns the bits of all words of `params`; `none` for a word without one.
static uint64_t values_of(const char *params, const named *table, size_t rows,
                          uint64_t none) {
  uint64_t all = 0;
  char *copy = strdup(params);
  char *rest = NULL;
  if (copy == NULL) {
    abort();
  }
  for (char *word = strtok_r(copy, " ", &rest); word != NULL;
       word = strtok_r(NULL, " ", &rest)) {
    all |= value_of(word, table, rows, none);
  }
  free(copy);
  return all;
}

static void add_auth(smtpc_capabilities *caps, const char *params) {
  const uint64_t unknown = (uint64_t)1 << 63;
  const uint64_t set = values_of(params, ROWS(mechanisms), unknown);
  caps->mechanisms |= set & ~unknown;
  if ((set & unknown) != 0) {
    caps->marks |= SMTPC_CAPS_AUTH_OTHER;
  }
}

static void set_once(uint32_t *limit, const char *digits) {
  if (*limit == 0) {
    *limit = (uint32_t)strtoul(digits, NULL, 10);
  }
}

static void add_limits(smtpc_capabilities *caps, const char *params) {
  char *copy = strdup(params);
  char *rest = NULL;
  if (copy == NULL) {
    abort();
  }
  for (char *word = strtok_r(copy, " ", &rest); word != NULL;
       word = strtok_r(NULL, " ", &rest)) {
    if (!matches(LIMIT, word)) {
      continue;
    }
    const char *digits = strchr(word, '=') + 1;
    if (strncmp(word, "MAILMAX=", 8) == 0) {
      set_once(&caps->mail_max, digits);
    } else if (strncmp(word, "RCPTMAX=", 8) == 0) {
      set_once(&caps->rcpt_max, digits);
    } else {
      set_once(&caps->domain_max, digits);
    }
  }
  free(copy);
}

// Twenty digits may be more than 2^64 - 1: compare them as text.
static bool add_size(smtpc_capabilities *caps, const char *digits, bool again) {
  static const char most[] = "18446744073709551615";
  if (strlen(digits) == strlen(most) && strcmp(digits, most) > 0) {
    return false;
  }
  const uint64_t size = strtoull(digits, NULL, 10);
  if (again) {
    return size == caps->size;
  }
  caps->size = size;
  caps->marks |= size != 0 ? SMTPC_CAPS_SIZE_LIMIT : 0;
  return true;
}

static bool add_futurerelease(smtpc_capabilities *caps, const char *params,
                              bool again) {
  const char *date = strchr(params, ' ') + 1;
  uint64_t seconds = 0;
  if (!model_date((const uint8_t *)date, strlen(date), &seconds)) {
    return false;
  }
  if (!again) {
    caps->hold_for = (uint32_t)strtoul(params, NULL, 10);
    caps->hold_until = seconds;
  }
  return true;
}

static bool add_value(smtpc_capabilities *caps, uint32_t bit,
                      const char *params) {
  const bool again = (caps->offered & bit) != 0;
  if (bit == SMTPC_OFFERS(SIZE)) {
    return add_size(caps, params, again);
  }
  if (bit == SMTPC_OFFERS(FUTURERELEASE)) {
    return add_futurerelease(caps, params, again);
  }
  if (bit == SMTPC_OFFERS(NO_SOLICITING)) {
    return strlen(params) <= 1000;
  }
  if (bit == SMTPC_OFFERS(DELIVERBY) && !again) {
    caps->by_min = (uint32_t)strtoul(params, NULL, 10);
  }
  if (bit == SMTPC_OFFERS(MT_PRIORITY) && !again && params[0] != '\0') {
    caps->profile =
        (uint8_t)value_of(params, ROWS(profiles), SMTPC_PRIORITY_OTHER);
  }
  if (bit == SMTPC_OFFERS(AUTH))
    add_auth(caps, params);
  if (bit == SMTPC_OFFERS(LIMITS))
    add_limits(caps, params);
  if (bit == SMTPC_OFFERS(XCLIENT)) {
    caps->xclient |= (uint16_t)values_of(params, ROWS(xclient), 0);
  }
  if (bit == SMTPC_OFFERS(XFORWARD)) {
    caps->xforward |= (uint16_t)values_of(params, ROWS(xforward), 0);
  }
  if (bit == SMTPC_OFFERS(BURL)) {
    caps->marks |= (uint8_t)values_of(params, ROWS(schemes), 0);
  }
  return true;
}

// --------------------------------------------------------------------- lines

static bool has_keyword(const char *line, const char *text) {
  const size_t len = strlen(text);
  return strncmp(line, text, len) == 0 &&
         (line[len] == ' ' || line[len] == '\0');
}

// Adds a line that is LINE. Returns whether its keyword may have these words.
static bool add_line(smtpc_capabilities *caps, const char *line) {
  const char *space = strchr(line, ' ');
  const char *params = space == NULL ? line + strlen(line) : space + 1;
  for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++) {
    const keyword k = keywords[i];
    if (has_keyword(line, k.text)) {
      const bool fits =
          matches(k.pattern, line) && add_value(caps, k.bit, params);
      caps->offered |= fits ? k.bit : 0;
      return fits;
    }
  }
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
    caps->others |= has_keyword(line, others[i].text) ? (uint8_t)others[i].value
                                                      : (uint8_t)0;
  }
  caps->marks |= matches(OVERWRITTEN, line) ? SMTPC_CAPS_TAMPERED : 0;
  return true;
}

static bool add_text(smtpc_capabilities *caps, const char *line,
                     uint32_t quirks) {
  if ((quirks & SMTPC_QUIRK_AUTH_EQUALS) != 0 && matches(EQUALS, line)) {
    caps->offered |= SMTPC_OFFERS(AUTH);
    caps->marks |= SMTPC_CAPS_EQUALS;
    add_auth(caps, strchr(line, '=') + 1);
    return true;
  }
  return matches(LINE, line) && add_line(caps, line);
}

void smtpc_model_capability_line(smtpc_capabilities *caps, unsigned number,
                                 const uint8_t *text, size_t len,
                                 uint32_t quirks) {
  if (number <= 1) {
    return;
  }
  // All that a value may hold means the same in upper case. A NUL cannot stand in
  // a C string; \001 is as wrong.
  char *line = calloc(len + 1, 1);
  if (line == NULL) {
    abort();
  }
  for (size_t i = 0; i < len; i++) {
    const bool lower = text[i] >= 'a' && text[i] <= 'z';
    line[i] = (char)(lower ? text[i] - 32 : text[i]);
    line[i] = line[i] == '\0' ? '\001' : line[i];
  }
  if (!add_text(caps, line, quirks)) {
    caps->marks |= SMTPC_CAPS_MALFORMED;
  }
  free(line);
}
