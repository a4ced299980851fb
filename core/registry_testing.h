// Registry testing: what names and clauses of each list must look like.
#ifndef SMTPCORE_CORE_REGISTRY_TESTING_H
#define SMTPCORE_CORE_REGISTRY_TESTING_H

#include <stdio.h>
#include <string.h>

#include "core/testing.h"
#include "smtpcore/registry.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

static inline bool only(const char *text, const char *set) {
  return text[0] != '\0' && text[strspn(text, set)] == '\0';
}

// Lower-case words and numbers with single hyphens between them.
static inline bool is_kebab(const char *name) {
  const size_t len = strlen(name);
  return only(name, LOWER DIGITS "-") && name[0] != '-' &&
         name[len - 1u] != '-' && strstr(name, "--") == NULL;
}

static inline bool ends_with(const char *text, const char *end) {
  const size_t len = strlen(text);
  return len >= strlen(end) && strcmp(text + len - strlen(end), end) == 0;
}

// RFC 821 and later ones; drafts; and what is written down elsewhere.
static inline bool is_document(const char *text, size_t len) {
  static const char *const elsewhere[] = {"IANA",
                                          "MS-OXSMTP",
                                          "MS-SMTPNTLM",
                                          "Google XOAUTH2 protocol",
                                          "PROXY protocol",
                                          "Postfix XCLIENT_README",
                                          "Postfix XFORWARD_README"};
  char name[64];
  unsigned rfc = 0u;
  int end = 0;
  (void)snprintf(name, sizeof name, "%.*s", (int)len, text);
  if (sscanf(name, "RFC %u%n", &rfc, &end) == 1) {
    return rfc >= 821u && name[end] == '\0';
  }
  for (size_t i = 0u; i < COUNT(elsewhere); i++) {
    if (strcmp(name, elsewhere[i]) == 0) {
      return true;
    }
  }
  return strncmp(name, "draft-", 6u) == 0 && is_kebab(name);
}

// A clause names a document and, but for whole documents, a place in it.
static inline bool is_clause(const char *clause) {
  const char *const section = strstr(clause, " section ");
  const char *const appendix = strstr(clause, " appendix ");
  if (section != NULL) {
    return is_document(clause, (size_t)(section - clause)) &&
           only(section + 9, DIGITS ".") && !ends_with(clause, ".");
  }
  if (appendix != NULL) {
    return is_document(clause, (size_t)(appendix - clause)) &&
           strchr(UPPER, appendix[10]) != NULL &&
           only(appendix + 10, UPPER DIGITS ".") && !ends_with(clause, ".");
  }
  return is_document(clause, strlen(clause));
}

static inline bool is_printable(const char *text) {
  bool good = true;
  for (size_t i = 0u; text[i] != '\0'; i++) {
    good = good && text[i] >= ' ' && text[i] <= '~';
  }
  return good;
}

// Says whether `name` stands in `words`, which has a space before and after each.
static inline bool is_listed(const char *words, const char *name) {
  char word[32];
  (void)snprintf(word, sizeof word, " %s ", name);
  return strstr(words, word) != NULL;
}

#endif  // SMTPCORE_CORE_REGISTRY_TESTING_H
