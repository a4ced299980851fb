// Registry, the rows: what each verb, extension, parameter, mechanism, profile and
// limit is, written down a second time.
#include <string.h>

#include "core/registry_testing.h"
#include "core/testing.h"
#include "smtpcore/line.h"
#include "smtpcore/param.h"
#include "smtpcore/path.h"
#include "smtpcore/proxy.h"
#include "smtpcore/registry.h"
#include "smtpcore/reply.h"
#include "smtpcore/sasl.h"

// ------------------------------------------------------------------- values

// Every list fits where sessions store its numbers, and each set of bits where it
// is kept.
static void test_registry_numbers_fit_their_fields(void **state) {
  (void)state;
  assert_true(SMTPC_VERB_COUNT <= 256);
  assert_true(SMTPC_ATTRIBUTE_COUNT <= 16);
  assert_true(SMTPC_REPLY_COUNT <= 256);
  assert_true(SMTPC_FINDING_COUNT <= 96);
  assert_true(SMTPC_EXTENSION_COUNT <= 32);
  assert_true(SMTPC_PARAM_COUNT <= 32);
  assert_true(SMTPC_MECHANISM_COUNT <= 64);
  assert_true(SMTPC_PROFILE_COUNT <= 256);
  assert_true(SMTPC_LIMIT_COUNT <= 256);
  assert_true(SMTPC_DEVICE_COUNT <= 256);
  assert_true(SMTPC_DEADLINE_COUNT <= 256);
}

// RFC 2920 section 3.1, RFC 3030 section 4.2, RFC 3207 section 4, RFC 4954
// section 4, RFC 4468 section 3: which commands may stand before others in a group.
static void test_registry_groups_by_the_rfc(void **state) {
  (void)state;
  static const char *const any = " MAIL RCPT RSET BDAT BURL SEND SOML SAML ";
  for (unsigned id = 1u; id < SMTPC_VERB_COUNT; id++) {
    const smtpc_verb_row row = smtpc_verb_get(id);
    char word[20];
    (void)snprintf(word, sizeof word, " %s ", row.name);
    test_label("%s", row.name);
    test_number(row.group,
                strstr(any, word) != NULL ? SMTPC_GROUP_ANY : SMTPC_GROUP_LAST);
    assert_true(row.argument <= SMTPC_ARGUMENT_ATTRIBUTES);
  }
}

static void test_registry_arguments_of_verbs(void **state) {
  (void)state;
  static const struct {
    unsigned argument;
    const char *verbs;
  } rows[] = {
      {SMTPC_ARGUMENT_NONE, " DATA RSET QUIT STARTTLS TURN X-ANONYMOUSTLS "},
      {SMTPC_ARGUMENT_OPTIONAL, " HELP NOOP "},
      {SMTPC_ARGUMENT_TEXT, " VRFY EXPN "},
      {SMTPC_ARGUMENT_DOMAIN, " HELO "},
      {SMTPC_ARGUMENT_HOST, " EHLO LHLO "},
      {SMTPC_ARGUMENT_MAIL_PATH, " MAIL SEND SOML SAML "},
      {SMTPC_ARGUMENT_RCPT_PATH, " RCPT "},
      {SMTPC_ARGUMENT_MECHANISM, " AUTH "},
      {SMTPC_ARGUMENT_CHUNK, " BDAT "},
      {SMTPC_ARGUMENT_NODE, " ETRN "},
      {SMTPC_ARGUMENT_DOMAINS, " ATRN "},
      {SMTPC_ARGUMENT_URL, " BURL "},
      {SMTPC_ARGUMENT_ATTRIBUTES, " XCLIENT XFORWARD "},
  };
  for (unsigned id = 1u; id < SMTPC_VERB_COUNT; id++) {
    const smtpc_verb_row row = smtpc_verb_get(id);
    char word[20];
    (void)snprintf(word, sizeof word, " %s ", row.name);
    test_label("%s", row.name);
    for (size_t i = 0u; i < COUNT(rows); i++) {
      test_number(strstr(rows[i].verbs, word) != NULL,
                  row.argument == rows[i].argument);
    }
  }
}

static void test_registry_attributes_by_verb(void **state) {
  (void)state;
  static const struct {
    const char *name;
    unsigned value;
    unsigned verbs;
  } rows[] = {
      {"NAME", SMTPC_ATTRIBUTE_VALUE_HOST, SMTPC_ATTRIBUTE_VERBS_BOTH},
      {"ADDR", SMTPC_ATTRIBUTE_VALUE_ADDRESS, SMTPC_ATTRIBUTE_VERBS_BOTH},
      {"PORT", SMTPC_ATTRIBUTE_VALUE_PORT, SMTPC_ATTRIBUTE_VERBS_BOTH},
      {"PROTO", SMTPC_ATTRIBUTE_VALUE_PROTOCOL, SMTPC_ATTRIBUTE_VERBS_BOTH},
      {"HELO", SMTPC_ATTRIBUTE_VALUE_TEXT, SMTPC_ATTRIBUTE_VERBS_BOTH},
      {"LOGIN", SMTPC_ATTRIBUTE_VALUE_TEXT, SMTPC_ATTRIBUTE_VERBS_XCLIENT},
      {"DESTADDR", SMTPC_ATTRIBUTE_VALUE_ADDRESS,
       SMTPC_ATTRIBUTE_VERBS_XCLIENT},
      {"DESTPORT", SMTPC_ATTRIBUTE_VALUE_PORT, SMTPC_ATTRIBUTE_VERBS_XCLIENT},
      {"IDENT", SMTPC_ATTRIBUTE_VALUE_TEXT, SMTPC_ATTRIBUTE_VERBS_XFORWARD},
      {"SOURCE", SMTPC_ATTRIBUTE_VALUE_SOURCE, SMTPC_ATTRIBUTE_VERBS_XFORWARD},
  };
  test_number(SMTPC_ATTRIBUTE_COUNT, COUNT(rows));
  for (unsigned id = 0u; id < SMTPC_ATTRIBUTE_COUNT; id++) {
    const smtpc_attribute_row row = smtpc_attribute_get(id);
    test_label("%s", row.name);
    assert_string_equal(row.name, rows[id].name);
    test_number(row.value, rows[id].value);
    test_number(row.verbs, rows[id].verbs);
  }
}

static void test_registry_channels_of_extensions(void **state) {
  (void)state;
  for (unsigned id = 0u; id < SMTPC_EXTENSION_COUNT; id++) {
    const smtpc_extension_row row = smtpc_extension_get(id);
    unsigned want = SMTPC_OFFER_BOTH;
    want = strcmp(row.name, "STARTTLS") == 0 ? SMTPC_OFFER_CLEAR : want;
    want = strcmp(row.name, "REQUIRETLS") == 0 ? SMTPC_OFFER_TLS : want;
    test_label("%s", row.name);
    test_number(row.channel, want);
  }
}

// What our server offers of its own accord, and what it must never offer: it would
// promise what nobody does.
static void test_registry_services_of_extensions(void **state) {
  (void)state;
  static const char defaults[] =
      " PIPELINING SIZE 8BITMIME STARTTLS AUTH DSN SMTPUTF8 CHUNKING "
      "REQUIRETLS ENHANCEDSTATUSCODES ";
  static const char never[] =
      " CONNEG CHECKPOINT BURL ETRN ATRN PRDR EXPN CLIENTID XEXCH50 ";
  for (unsigned id = 0u; id < SMTPC_EXTENSION_COUNT; id++) {
    const smtpc_extension_row row = smtpc_extension_get(id);
    unsigned want = SMTPC_SERVICE_CHOICE;
    want = is_listed(defaults, row.name) ? SMTPC_SERVICE_DEFAULT : want;
    want = is_listed(never, row.name) ? SMTPC_SERVICE_NEVER : want;
    test_label("%s", row.name);
    test_number(row.service, want);
  }
}

static void test_registry_values_of_extensions(void **state) {
  (void)state;
  static const char words[] =
      " AUTH FUTURERELEASE MT-PRIORITY NO-SOLICITING LIMITS BURL XCLIENT "
      "XFORWARD CLIENTID ";
  for (unsigned id = 0u; id < SMTPC_EXTENSION_COUNT; id++) {
    const smtpc_extension_row row = smtpc_extension_get(id);
    unsigned want = SMTPC_VALUE_BARE;
    want = is_listed(words, row.name) ? SMTPC_VALUE_WORDS : want;
    want = is_listed(" SIZE DELIVERBY ", row.name) ? SMTPC_VALUE_NUMBER : want;
    test_label("%s", row.name);
    test_number(row.value, want);
  }
}

static void test_registry_params_belong_to_mail_or_rcpt(void **state) {
  (void)state;
  static const struct {
    const char *name;
    const char *verb;
    const char *extension;
    bool has_value;
  } rows[] = {
      {"SIZE", "MAIL", "SIZE", true},
      {"BODY", "MAIL", "8BITMIME", true},
      {"AUTH", "MAIL", "AUTH", true},
      {"RET", "MAIL", "DSN", true},
      {"ENVID", "MAIL", "DSN", true},
      {"SMTPUTF8", "MAIL", "SMTPUTF8", false},
      {"REQUIRETLS", "MAIL", "REQUIRETLS", false},
      {"BY", "MAIL", "DELIVERBY", true},
      {"HOLDFOR", "MAIL", "FUTURERELEASE", true},
      {"HOLDUNTIL", "MAIL", "FUTURERELEASE", true},
      {"MT-PRIORITY", "MAIL", "MT-PRIORITY", true},
      {"SOLICIT", "MAIL", "NO-SOLICITING", true},
      {"MTRK", "MAIL", "MTRK", true},
      {"CONPERM", "MAIL", "CONPERM", false},
      {"TRANSID", "MAIL", "CHECKPOINT", true},
      {"PRDR", "MAIL", "PRDR", false},
      {"NOTIFY", "RCPT", "DSN", true},
      {"ORCPT", "RCPT", "DSN", true},
      {"RRVS", "RCPT", "RRVS", true},
      {"CONNEG", "RCPT", "CONNEG", false},
  };
  test_number(SMTPC_PARAM_COUNT, COUNT(rows));
  for (unsigned id = 0u; id < SMTPC_PARAM_COUNT; id++) {
    const smtpc_param_row row = smtpc_param_get(id);
    test_label("%s", row.name);
    assert_string_equal(row.name, rows[id].name);
    assert_string_equal(smtpc_verb_get(row.verb).name, rows[id].verb);
    assert_string_equal(smtpc_extension_get(row.extension).name,
                        rows[id].extension);
    test_number(row.value == SMTPC_PARAM_VALUE_NEEDED, rows[id].has_value);
  }
}

// A parameter and the extension that brings it are defined in one document.
static void test_registry_params_and_extensions_share_a_document(void **state) {
  (void)state;
  for (unsigned id = 0u; id < SMTPC_PARAM_COUNT; id++) {
    const smtpc_param_row row = smtpc_param_get(id);
    const smtpc_extension_row extension = smtpc_extension_get(row.extension);
    const size_t len = strcspn(row.clause, " ") + 1u;
    const size_t document = len + strcspn(row.clause + len, " ");
    test_label("%s", row.name);
    test_number(strncmp(row.clause, extension.clause, document), 0);
  }
}

// Names that the registry of SASL mechanisms at IANA has, and those that servers
// offer beside it.
static void test_registry_mechanisms_are_all_known_ones(void **state) {
  (void)state;
  static const char *const names[] = {"9798-M-DSA-SHA1",
                                      "9798-M-ECDSA-SHA1",
                                      "9798-M-RSA-SHA1-ENC",
                                      "9798-U-DSA-SHA1",
                                      "9798-U-ECDSA-SHA1",
                                      "9798-U-RSA-SHA1-ENC",
                                      "ANONYMOUS",
                                      "CRAM-MD5",
                                      "DIGEST-MD5",
                                      "EAP-AES128",
                                      "EAP-AES128-PLUS",
                                      "ECDH-X25519-CHALLENGE",
                                      "EXTERNAL",
                                      "ECDSA-NIST256P-CHALLENGE",
                                      "GS2-KRB5",
                                      "GS2-KRB5-PLUS",
                                      "GSS-SPNEGO",
                                      "GSSAPI",
                                      "KERBEROS_V4",
                                      "KERBEROS_V5",
                                      "LOGIN",
                                      "NMAS-SAMBA-AUTH",
                                      "NMAS_AUTHEN",
                                      "NMAS_LOGIN",
                                      "NTLM",
                                      "OAUTH10A",
                                      "OAUTHBEARER",
                                      "OPENID20",
                                      "OTP",
                                      "PLAIN",
                                      "SAML20",
                                      "SCRAM-SHA-1",
                                      "SCRAM-SHA-1-PLUS",
                                      "SCRAM-SHA-256",
                                      "SCRAM-SHA-256-PLUS",
                                      "SECURID",
                                      "SKEY",
                                      "SPNEGO",
                                      "SPNEGO-PLUS",
                                      "SXOVER-PLUS",
                                      "XOAUTH",
                                      "XOAUTH2"};
  test_number(COUNT(names), 42);
  test_number(SMTPC_MECHANISM_COUNT, COUNT(names) + 1u);
  for (size_t i = 0u; i < COUNT(names); i++) {
    bool found = false;
    for (unsigned id = 1u; id < SMTPC_MECHANISM_COUNT; id++) {
      found = found || strcmp(smtpc_mechanism_get(id).name, names[i]) == 0;
    }
    test_label("%s", names[i]);
    test_number(found, true);
  }
}

// What we speak stands first, strongest first; a bound form before its other one.
static void test_registry_mechanisms_spoken_first(void **state) {
  (void)state;
  static const char *const spoken[] = {"SCRAM-SHA-256-PLUS",
                                       "SCRAM-SHA-256",
                                       "SCRAM-SHA-1-PLUS",
                                       "SCRAM-SHA-1",
                                       "CRAM-MD5",
                                       "PLAIN",
                                       "LOGIN",
                                       "EXTERNAL",
                                       "OAUTHBEARER",
                                       "XOAUTH2"};
  uint64_t bound = 0u;
  uint64_t all = 0u;
  for (unsigned id = 1u; id < SMTPC_MECHANISM_COUNT; id++) {
    const smtpc_mechanism_row row = smtpc_mechanism_get(id);
    const bool ours = id <= COUNT(spoken);
    test_label("%s", row.name);
    if (ours) {
      assert_string_equal(row.name, spoken[id - 1u]);
      test_number(row.speech == SMTPC_SPEECH_BOUND,
                  ends_with(row.name, "-PLUS"));
      all |= (uint64_t)1 << id;
    }
    test_number(row.speech == SMTPC_SPEECH_KNOWN, !ours);
    bound |= row.speech == SMTPC_SPEECH_BOUND ? (uint64_t)1 << id : 0u;
  }
  test_label("sets");
  test_number(SMTPC_MECHS_BOUND, bound);
  test_number(SMTPC_MECHS_SPOKEN, all);
  test_number(SMTPC_MECHS_PASSWORD,
              all & ~(SMTPC_MECH(EXTERNAL) | SMTPC_MECH(OAUTHBEARER) |
                      SMTPC_MECH(XOAUTH2)));
}

// What shows the password or the token itself must never be taken for what hides
// it.
static void test_registry_exposures(void **state) {
  (void)state;
  static const char clear[] =
      " PLAIN LOGIN OAUTHBEARER XOAUTH2 OAUTH10A SECURID XOAUTH ";
  static const char nothing[] =
      " EXTERNAL ANONYMOUS 9798-M-DSA-SHA1 9798-M-ECDSA-SHA1 "
      "9798-M-RSA-SHA1-ENC 9798-U-DSA-SHA1 9798-U-ECDSA-SHA1 "
      "9798-U-RSA-SHA1-ENC ECDH-X25519-CHALLENGE ECDSA-NIST256P-CHALLENGE "
      "OPENID20 SAML20 ";
  for (unsigned id = 1u; id < SMTPC_MECHANISM_COUNT; id++) {
    const smtpc_mechanism_row row = smtpc_mechanism_get(id);
    unsigned want = SMTPC_EXPOSURE_HASHED;
    want = is_listed(clear, row.name) ? SMTPC_EXPOSURE_CLEAR : want;
    want = is_listed(nothing, row.name) ? SMTPC_EXPOSURE_NOTHING : want;
    test_label("%s", row.name);
    test_number(row.exposure, want);
  }
}

// ----------------------------------------------------------------- profiles

// A profile is a set of quirks with a name. No name may show a password.
static void test_registry_profiles(void **state) {
  (void)state;
  for (unsigned id = 0u; id < SMTPC_PROFILE_COUNT; id++) {
    const smtpc_profile_row row = smtpc_profile_get(id);
    test_label("%s", row.name);
    test_number(is_kebab(row.name), true);
    test_number(row.purpose[0] != '\0' && is_printable(row.purpose), true);
    test_number(row.quirks & SMTPC_QUIRK_AUTH_IN_CLEAR, 0);
    test_number(row.quirks & ~(uint32_t)SMTPC_QUIRK_ALL, 0);
    for (unsigned k = 0u; k < id; k++) {
      assert_string_not_equal(row.name, smtpc_profile_get(k).name);
    }
  }
  test_label("strict");
  test_number(SMTPC_PROFILE_STRICT, 0);
  assert_string_equal(smtpc_profile_get(SMTPC_PROFILE_STRICT).name, "strict");
  test_number(smtpc_profile_get(SMTPC_PROFILE_STRICT).quirks, 0);
  test_label("printer");
  assert_string_equal(smtpc_profile_get(SMTPC_PROFILE_PRINTER).name, "printer");
  test_number(smtpc_profile_get(SMTPC_PROFILE_PRINTER).quirks,
              SMTPC_QUIRK_ALL - SMTPC_QUIRK_AUTH_IN_CLEAR);
}

// ------------------------------------------------------------------- limits

static void test_registry_limits_are_named_and_unique(void **state) {
  (void)state;
  for (unsigned id = 0u; id < SMTPC_LIMIT_COUNT; id++) {
    const smtpc_limit_row row = smtpc_limit_get(id);
    const bool more = row.scope >= SMTPC_LIMIT_SCOPE_MAIL_MORE;
    test_label("limit %u: %s", id, row.name);
    test_number(is_kebab(row.name), true);
    test_number(is_clause(row.clause), true);
    test_number(row.value != 0u, true);
    test_number(row.scope <= SMTPC_LIMIT_SCOPE_BOTH_MORE, true);
    test_number(row.extension <= SMTPC_EXTENSION_COUNT, true);
    // A line may be longer only because of something that was offered.
    test_number(more && row.extension == SMTPC_EXTENSION_COUNT, false);
    for (unsigned k = 0u; k < id; k++) {
      const smtpc_limit_row other = smtpc_limit_get(k);
      assert_string_not_equal(row.name, other.name);
      // And each extension makes it longer once.
      test_number(more && other.scope >= SMTPC_LIMIT_SCOPE_MAIL_MORE &&
                      row.extension == other.extension,
                  false);
    }
  }
}

// Where a limit has a constant as well, both are the same.
static void test_registry_limits_equal_their_constants(void **state) {
  (void)state;
  static const struct {
    unsigned id;
    uint32_t want;
  } rows[] = {
      {SMTPC_LIMIT_AUTH_LINE, SMTPC_LINE_MAX},
      {SMTPC_LIMIT_REPLY_LINE, SMTPC_REPLY_LINE_MAX},
      {SMTPC_LIMIT_REPLY_LINES, SMTPC_REPLY_LINES_MAX},
      {SMTPC_LIMIT_LINE_DISCARD, SMTPC_LINE_DISCARD_MAX},
      {SMTPC_LIMIT_LOCAL_PART, SMTPC_LOCAL_PART_MAX},
      {SMTPC_LIMIT_DOMAIN, SMTPC_DOMAIN_MAX},
      {SMTPC_LIMIT_PATH, SMTPC_PATH_MAX},
      {SMTPC_LIMIT_ENVID, SMTPC_ENVID_MAX},
      {SMTPC_LIMIT_ORCPT, SMTPC_ORCPT_MAX},
      {SMTPC_LIMIT_SOLICIT, SMTPC_SOLICIT_MAX},
      {SMTPC_LIMIT_TRANSID, SMTPC_TRANSID_MAX},
      {SMTPC_LIMIT_SECONDS, SMTPC_SECONDS_MAX},
      {SMTPC_LIMIT_LOGIN, SMTPC_NAME_MAX},
      {SMTPC_LIMIT_PASSWORD, SMTPC_PASSWORD_MAX},
      {SMTPC_LIMIT_PEER_NONCE, SMTPC_PEER_NONCE_MAX},
      {SMTPC_LIMIT_ITERATIONS_MIN, SMTPC_ITERATIONS_MIN},
      {SMTPC_LIMIT_ITERATIONS_MAX, SMTPC_ITERATIONS_MAX},
      {SMTPC_LIMIT_PROXY, SMTPC_PROXY_V2_MAX},
  };
  for (size_t i = 0u; i < COUNT(rows); i++) {
    const smtpc_limit_row row = smtpc_limit_get(rows[i].id);
    test_label("%s", row.name);
    test_number(row.value, rows[i].want);
  }
}

// Least values of RFC 5321 section 4.5.3.1 and what the extensions add to them.
static void test_registry_limits_by_the_rfcs(void **state) {
  (void)state;
  static const struct {
    unsigned id;
    uint32_t value;
    const char *extension;
  } rows[] = {
      {SMTPC_LIMIT_COMMAND_LINE, 512u, ""},
      {SMTPC_LIMIT_AUTH_LINE, 12288u, "AUTH"},
      {SMTPC_LIMIT_LOCAL_PART, 64u, ""},
      {SMTPC_LIMIT_DOMAIN, 255u, ""},
      {SMTPC_LIMIT_PATH, 256u, ""},
      {SMTPC_LIMIT_RCPT, 100u, "LIMITS"},
      {SMTPC_LIMIT_ENVID, 100u, "DSN"},
      {SMTPC_LIMIT_ORCPT, 500u, "DSN"},
      {SMTPC_LIMIT_LINE_SIZE, 26u, "SIZE"},
      {SMTPC_LIMIT_LINE_AUTH, 500u, "AUTH"},
      {SMTPC_LIMIT_LINE_SMTPUTF8, 10u, "SMTPUTF8"},
      {SMTPC_LIMIT_LINE_BINARYMIME, 16u, "BINARYMIME"},
      {SMTPC_LIMIT_LINE_REQUIRETLS, 11u, "REQUIRETLS"},
  };
  for (size_t i = 0u; i < COUNT(rows); i++) {
    const smtpc_limit_row row = smtpc_limit_get(rows[i].id);
    test_label("%s", row.name);
    test_number(row.value, rows[i].value);
    assert_string_equal(smtpc_extension_get(row.extension).name,
                        rows[i].extension);
  }
}

// An extension that brings a parameter with a value makes the line of its verb
// longer, by as much as the parameter without its value at least.
static void test_registry_params_have_room_in_their_line(void **state) {
  (void)state;
  for (unsigned id = 0u; id < SMTPC_PARAM_COUNT; id++) {
    const smtpc_param_row param = smtpc_param_get(id);
    const unsigned mine = param.verb == SMTPC_VERB_MAIL
                              ? SMTPC_LIMIT_SCOPE_MAIL_MORE
                              : SMTPC_LIMIT_SCOPE_RCPT_MORE;
    const bool equals = param.value == SMTPC_PARAM_VALUE_NEEDED;
    uint32_t room = 0u;
    for (unsigned k = 0u; k < SMTPC_LIMIT_COUNT; k++) {
      const smtpc_limit_row limit = smtpc_limit_get(k);
      const bool both = limit.scope == SMTPC_LIMIT_SCOPE_BOTH_MORE;
      if (limit.extension == param.extension && (both || limit.scope == mine)) {
        room = limit.value;
      }
    }
    test_label("%s", param.name);
    // These three add nothing by their documents.
    const bool none = id == SMTPC_PARAM_TRANSID || id == SMTPC_PARAM_PRDR ||
                      id == SMTPC_PARAM_CONNEG;
    test_number(room > param.name_len + (equals ? 1u : 0u), !none);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_registry_numbers_fit_their_fields),
      cmocka_unit_test(test_registry_groups_by_the_rfc),
      cmocka_unit_test(test_registry_arguments_of_verbs),
      cmocka_unit_test(test_registry_attributes_by_verb),
      cmocka_unit_test(test_registry_channels_of_extensions),
      cmocka_unit_test(test_registry_services_of_extensions),
      cmocka_unit_test(test_registry_values_of_extensions),
      cmocka_unit_test(test_registry_params_belong_to_mail_or_rcpt),
      cmocka_unit_test(test_registry_params_and_extensions_share_a_document),
      cmocka_unit_test(test_registry_mechanisms_are_all_known_ones),
      cmocka_unit_test(test_registry_mechanisms_spoken_first),
      cmocka_unit_test(test_registry_exposures),
      cmocka_unit_test(test_registry_profiles),
      cmocka_unit_test(test_registry_limits_are_named_and_unique),
      cmocka_unit_test(test_registry_limits_equal_their_constants),
      cmocka_unit_test(test_registry_limits_by_the_rfcs),
      cmocka_unit_test(test_registry_params_have_room_in_their_line),
  };
  return cmocka_run_group_tests_name("registry_row", tests, NULL, NULL);
}
