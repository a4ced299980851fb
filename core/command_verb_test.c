// Command, the verbs beside those of plain mail: ETRN, ATRN, BURL, SEND, SOML and
// SAML as tables with their neighbours that are refused; the attributes of XCLIENT
// and XFORWARD as tables, and against a judge of their own.
#include <arpa/inet.h>
#include <stdio.h>
#include <strings.h>

#include "core/command_testing.h"
#include "core/model/path_model.h"

static void test_text(const char *line, smtpc_span have, const char *want) {
  test_octets(line + have.begin, smtpc_span_len(have), want, strlen(want));
}

// --------------------------------------------------------------- ETRN and ATRN

static void test_command_reads_etrn(void **state) {
  (void)state;
  static const struct {
    const char *text;
    unsigned node;
    const char *name;
  } good[] = {
      {"ETRN example.com", SMTPC_NODE_HOST, "example.com"},
      {"etrn a", SMTPC_NODE_HOST, "a"},
      {"ETRN @example.com", SMTPC_NODE_DOMAIN, "example.com"},
      {"ETRN #uucp", SMTPC_NODE_QUEUE, "uucp"},
      {"ETRN #@a;'\"--=<>", SMTPC_NODE_QUEUE, "@a;'\"--=<>"},
      {"ETRN ##", SMTPC_NODE_QUEUE, "#"},
  };
  for (size_t i = 0u; i < COUNT_OF(good); i++) {
    smtpc_command have;
    test_label("%s", good[i].text);
    test_number(parse(good[i].text, 0u, &have), SMTPC_OK);
    test_number(have.verb, V(ETRN));
    test_number(have.node, good[i].node);
    test_text(good[i].text, have.argument, good[i].name);
  }
  static const row rows[] = {
      {"ETRN", V(ETRN), SMTPC_E_ARGUMENT_MISSING},
      {"ETRN ", V(ETRN), SMTPC_E_ARGUMENT_MISSING},
      {"ETRN @", V(ETRN), SMTPC_E_ARGUMENT_MISSING},
      {"ETRN #", V(ETRN), SMTPC_E_ARGUMENT_MISSING},
      {"ETRN  a", V(ETRN), SMTPC_E_SYNTAX},
      {"ETRN #a b", V(ETRN), SMTPC_E_SYNTAX},
      {"ETRN #a ", V(ETRN), SMTPC_E_SYNTAX},
      {"ETRN a b", V(ETRN), SMTPC_E_DOMAIN},
      {"ETRN @@a", V(ETRN), SMTPC_E_DOMAIN},
      {"ETRN a'--", V(ETRN), SMTPC_E_DOMAIN},
      {"ETRN a;b", V(ETRN), SMTPC_E_DOMAIN},
      {"ETRN [192.0.2.1]", V(ETRN), SMTPC_E_DOMAIN},
      {"ETRN #a\x07", V(ETRN), SMTPC_E_CONTROL},
      {"ETRN #\x7f", V(ETRN), SMTPC_E_CONTROL},
      {"ETRN a\tb", V(ETRN), SMTPC_E_CONTROL},
      {"ETRN #\xc3\xa9", V(ETRN), SMTPC_E_NON_ASCII},
      {"ETRN \xc3\xa9", V(ETRN), SMTPC_E_NON_ASCII},
  };
  TEST_ROWS(rows, 0u);
}

static void test_command_reads_atrn(void **state) {
  (void)state;
  static const row rows[] = {
      {"ATRN", V(ATRN), SMTPC_OK},
      {"ATRN a", V(ATRN), SMTPC_OK},
      {"atrn example.com,example.org", V(ATRN), SMTPC_OK},
      {"ATRN a,b,c,d,e,f,g", V(ATRN), SMTPC_OK},
      {"ATRN ", V(ATRN), SMTPC_E_SYNTAX},
      {"ATRN  a", V(ATRN), SMTPC_E_SYNTAX},
      {"ATRN ,", V(ATRN), SMTPC_E_DOMAIN},
      {"ATRN a,", V(ATRN), SMTPC_E_DOMAIN},
      {"ATRN ,a", V(ATRN), SMTPC_E_DOMAIN},
      {"ATRN a,,b", V(ATRN), SMTPC_E_DOMAIN},
      {"ATRN a, b", V(ATRN), SMTPC_E_DOMAIN},
      {"ATRN a b", V(ATRN), SMTPC_E_DOMAIN},
      {"ATRN a;b", V(ATRN), SMTPC_E_DOMAIN},
      {"ATRN a,[192.0.2.1]", V(ATRN), SMTPC_E_DOMAIN},
      {"ATRN a,\x01", V(ATRN), SMTPC_E_CONTROL},
      {"ATRN a,\xc3\xa9", V(ATRN), SMTPC_E_NON_ASCII},
  };
  TEST_ROWS(rows, 0u);
  smtpc_command have;
  test_label("all of the argument");
  test_number(parse("ATRN a,b", 0u, &have), SMTPC_OK);
  test_text("ATRN a,b", have.argument, "a,b");
}

static void test_command_names_the_argument_of_a_refused_verb_whole(
    void **state) {
  (void)state;
  static const char *const lines[] = {"ETRN @a_b",      "ETRN #a b",
                                      "BURL a:b X",     "ATRN a,_",
                                      "XCLIENT NAME=_", "SEND FROM:x"};
  for (size_t i = 0u; i < COUNT_OF(lines); i++) {
    smtpc_command have;
    test_label("%s", lines[i]);
    assert_int_not_equal(parse(lines[i], 0u, &have), SMTPC_OK);
    test_text(lines[i], have.argument, strchr(lines[i], ' ') + 1);
  }
}

// ------------------------------------------------------------------------ BURL

static void test_command_reads_burl(void **state) {
  (void)state;
  static const struct {
    const char *text;
    unsigned last;
    const char *url;
  } good[] = {
      {"BURL imap://u@h/INBOX;UIDVALIDITY=1/;uid=2;urlauth=submit+u:internal:0",
       0, "imap://u@h/INBOX;UIDVALIDITY=1/;uid=2;urlauth=submit+u:internal:0"},
      {"BURL imap://h/1 LAST", 1, "imap://h/1"},
      {"burl http://h/ last", 1, "http://h/"},
      {"BURL a:b", 0, "a:b"},
      {"BURL x-1.2+3:::", 0, "x-1.2+3:::"},
      {"BURL LAST:x", 0, "LAST:x"},
  };
  for (size_t i = 0u; i < COUNT_OF(good); i++) {
    smtpc_command have;
    test_label("%s", good[i].text);
    test_number(parse(good[i].text, 0u, &have), SMTPC_OK);
    test_number(have.verb, V(BURL));
    test_number(have.last, good[i].last);
    test_text(good[i].text, have.argument, good[i].url);
  }
  static const row rows[] = {
      {"BURL", V(BURL), SMTPC_E_ARGUMENT_MISSING},
      {"BURL ", V(BURL), SMTPC_E_ARGUMENT_MISSING},
      {"BURL  a:b", V(BURL), SMTPC_E_SYNTAX},
      {"BURL LAST", V(BURL), SMTPC_E_SYNTAX},
      {"BURL a", V(BURL), SMTPC_E_SYNTAX},
      {"BURL a:", V(BURL), SMTPC_E_SYNTAX},
      {"BURL a: LAST", V(BURL), SMTPC_E_SYNTAX},
      {"BURL :b", V(BURL), SMTPC_E_SYNTAX},
      {"BURL /a:b", V(BURL), SMTPC_E_SYNTAX},
      {"BURL //h/1", V(BURL), SMTPC_E_SYNTAX},
      {"BURL 1a:b", V(BURL), SMTPC_E_SYNTAX},
      {"BURL +a:b", V(BURL), SMTPC_E_SYNTAX},
      {"BURL a_b:c", V(BURL), SMTPC_E_SYNTAX},
      {"BURL a:b ", V(BURL), SMTPC_E_SYNTAX},
      {"BURL a:b  LAST", V(BURL), SMTPC_E_SYNTAX},
      {"BURL a:b LAST ", V(BURL), SMTPC_E_SYNTAX},
      {"BURL a:b LASTX", V(BURL), SMTPC_E_SYNTAX},
      {"BURL a:b LAS", V(BURL), SMTPC_E_SYNTAX},
      {"BURL a:b LAST x", V(BURL), SMTPC_E_SYNTAX},
      {"BURL a:b c:d", V(BURL), SMTPC_E_SYNTAX},
      {"BURL a:\x01", V(BURL), SMTPC_E_CONTROL},
      {"BURL a:b\tLAST", V(BURL), SMTPC_E_CONTROL},
      {"BURL a:\xc3\xa9", V(BURL), SMTPC_E_NON_ASCII},
  };
  TEST_ROWS(rows, 0u);
}

// --------------------------------------------------------- SEND, SOML and SAML

static void test_command_reads_send_soml_and_saml_as_mail(void **state) {
  (void)state;
  static const char *const tails[] = {" FROM:<>",
                                      " from:<a@b> SIZE=1 BODY=8BITMIME",
                                      " FROM:<j\xc3\xb6@x> SMTPUTF8",
                                      " FROM:<j\xc3\xb6@x>",
                                      " FROM:<a@b> BY=60;R HOLDFOR=7",
                                      " FROM:<a@b> NOTIFY=NEVER",
                                      " FROM:<a@b> SIZE=x",
                                      " FROM:<a@b> SIZE=1 SIZE=2",
                                      " FROM:<Postmaster>",
                                      " FROM: <a@b>",
                                      " FROM:a@b",
                                      " FROM:<a@b> ",
                                      " TO:<a@b>",
                                      "  FROM:<a@b>",
                                      " FROM:<a@b>\x01",
                                      " ",
                                      ""};
  static const char *const verbs[] = {"SEND", "soml", "SaMl"};
  static const unsigned ids[] = {V(SEND), V(SOML), V(SAML)};
  size_t taken = 0u;
  for (size_t i = 0u; i < COUNT_OF(tails) * COUNT_OF(verbs) * 16u; i++) {
    uint8_t mail[128];
    uint8_t other[128];
    const char *const tail = tails[i / 16u / COUNT_OF(verbs)];
    const size_t which = i / 16u % COUNT_OF(verbs);
    const size_t len = put(mail, put(mail, 0u, "MAIL"), tail);
    const uint32_t quirks = (uint32_t)(i % 16u);
    smtpc_command want;
    smtpc_command have;
    put(other, put(other, 0u, verbs[which]), tail);
    const smtpc_status status =
        parse_octets(mail, len, ALL_OFFERS, quirks, &want);
    test_label("%s%s with %u", verbs[which], tail, quirks);
    test_number(parse_octets(other, len, ALL_OFFERS, quirks, &have), status);
    want.verb = (uint8_t)ids[which];
    assert_true(same_command(&have, &want));
    taken += status == SMTPC_OK ? 1u : 0u;
  }
  assert_in_range(taken, 200u, 700u);
}

// ------------------------------------------------------------------ attributes

static void test_command_reads_xclient(void **state) {
  (void)state;
  static const row rows[] = {
      {"XCLIENT NAME=spike.example.com ADDR=192.0.2.1", V(XCLIENT), SMTPC_OK},
      {"xclient name=a addr=ipv6:2001:db8::1 port=0 proto=esmtp helo=x+20y "
       "login=me+40home destaddr=192.0.2.2 destport=25",
       V(XCLIENT), SMTPC_OK},
      {"XCLIENT NAME=[UNAVAILABLE] ADDR=[TEMPUNAVAIL] PORT=[unavailable] "
       "PROTO=[UNAVAILABLE] HELO=[UNAVAILABLE] LOGIN=[UNAVAILABLE]",
       V(XCLIENT), SMTPC_OK},
      {"XCLIENT NAME=+5BUNAVAILABLE+5D", V(XCLIENT), SMTPC_OK},
      {"XCLIENT ADDR=IPV6:::ffff:192.0.2.1", V(XCLIENT), SMTPC_OK},
      {"XCLIENT ADDR=+31+39+32.0.2.1", V(XCLIENT), SMTPC_OK},
      {"XCLIENT PORT=65535", V(XCLIENT), SMTPC_OK},
      {"XCLIENT HELO=_$(id)", V(XCLIENT), SMTPC_OK},
      {"XCLIENT", V(XCLIENT), SMTPC_E_ARGUMENT_MISSING},
      {"XCLIENT ", V(XCLIENT), SMTPC_E_ARGUMENT_MISSING},
      {"XCLIENT  NAME=a", V(XCLIENT), SMTPC_E_SYNTAX},
      {"XCLIENT NAME=a ", V(XCLIENT), SMTPC_E_SYNTAX},
      {"XCLIENT NAME=a  PORT=1", V(XCLIENT), SMTPC_E_SYNTAX},
      {"XCLIENT =a", V(XCLIENT), SMTPC_E_SYNTAX},
      {"XCLIENT FOO=a", V(XCLIENT), SMTPC_E_PARAM_UNKNOWN},
      {"XCLIENT FOO", V(XCLIENT), SMTPC_E_PARAM_UNKNOWN},
      {"XCLIENT NAMES=a", V(XCLIENT), SMTPC_E_PARAM_UNKNOWN},
      {"XCLIENT NAM=a", V(XCLIENT), SMTPC_E_PARAM_UNKNOWN},
      {"XCLIENT IDENT=a", V(XCLIENT), SMTPC_E_PARAM_UNKNOWN},
      {"XCLIENT SOURCE=LOCAL", V(XCLIENT), SMTPC_E_PARAM_UNKNOWN},
      {"XCLIENT NAME=a NAME=a", V(XCLIENT), SMTPC_E_PARAM_DUPLICATE},
      {"XCLIENT NAME=a PORT=1 name=b", V(XCLIENT), SMTPC_E_PARAM_DUPLICATE},
      {"XCLIENT NAME=", V(XCLIENT), SMTPC_E_PARAM_VALUE_MISSING},
      {"XCLIENT NAME", V(XCLIENT), SMTPC_E_PARAM_VALUE_MISSING},
      {"XCLIENT LOGIN= PORT=1", V(XCLIENT), SMTPC_E_PARAM_VALUE_MISSING},
      {"XCLIENT NAME =a", V(XCLIENT), SMTPC_E_PARAM_VALUE_MISSING},
      {"XCLIENT NAME=a\tPORT=1", V(XCLIENT), SMTPC_E_CONTROL},
      {"XCLIENT NAME=\xc3\xa9", V(XCLIENT), SMTPC_E_NON_ASCII},
  };
  TEST_ROWS(rows, 0u);
}

static void test_command_reads_xforward(void **state) {
  (void)state;
  static const row rows[] = {
      {"XFORWARD NAME=a ADDR=192.0.2.1 PORT=25 PROTO=SMTP HELO=h IDENT=1A2B "
       "SOURCE=REMOTE",
       V(XFORWARD), SMTPC_OK},
      {"XFORWARD SOURCE=local", V(XFORWARD), SMTPC_OK},
      {"XFORWARD SOURCE=[TEMPUNAVAIL]", V(XFORWARD), SMTPC_OK},
      {"XFORWARD", V(XFORWARD), SMTPC_E_ARGUMENT_MISSING},
      {"XFORWARD SOURCE=LOCALX", V(XFORWARD), SMTPC_E_PARAM_VALUE},
      {"XFORWARD LOGIN=a", V(XFORWARD), SMTPC_E_PARAM_UNKNOWN},
      {"XFORWARD DESTADDR=192.0.2.1", V(XFORWARD), SMTPC_E_PARAM_UNKNOWN},
      {"XFORWARD DESTPORT=1", V(XFORWARD), SMTPC_E_PARAM_UNKNOWN},
  };
  TEST_ROWS(rows, 0u);
}

// What a proxy that does not encode, or one that lies, might say (DWN-20).
static void test_command_checks_the_values_of_attributes(void **state) {
  (void)state;
  static const row rows[] = {
      {"XCLIENT NAME=a+0D+0AMAIL", V(XCLIENT), SMTPC_E_XTEXT},
      {"XCLIENT LOGIN=a+00", V(XCLIENT), SMTPC_E_XTEXT},
      {"XCLIENT LOGIN=a+7F", V(XCLIENT), SMTPC_E_XTEXT},
      {"XCLIENT LOGIN=a+C3+A9", V(XCLIENT), SMTPC_E_XTEXT},
      {"XCLIENT LOGIN=a=b", V(XCLIENT), SMTPC_E_XTEXT},
      {"XCLIENT LOGIN=+", V(XCLIENT), SMTPC_E_XTEXT},
      {"XCLIENT LOGIN=+4", V(XCLIENT), SMTPC_E_XTEXT},
      {"XCLIENT LOGIN=+4g", V(XCLIENT), SMTPC_E_XTEXT},
      {"XCLIENT LOGIN=+6d", V(XCLIENT), SMTPC_E_XTEXT},
      {"XCLIENT NAME=a\rMAIL", V(XCLIENT), SMTPC_E_CONTROL},
      {"XCLIENT NAME=a_b", V(XCLIENT), SMTPC_E_PARAM_VALUE},
      {"XCLIENT NAME=a.", V(XCLIENT), SMTPC_E_PARAM_VALUE},
      {"XCLIENT NAME=a+20b", V(XCLIENT), SMTPC_E_PARAM_VALUE},
      {"XCLIENT NAME=[192.0.2.1]", V(XCLIENT), SMTPC_E_PARAM_VALUE},
      {"XCLIENT NAME=[UNAVAILABLE", V(XCLIENT), SMTPC_E_PARAM_VALUE},
      {"XCLIENT NAME=[UNAVAILABLEX]", V(XCLIENT), SMTPC_E_PARAM_VALUE},
      {"XCLIENT ADDR=192.0.2", V(XCLIENT), SMTPC_E_PARAM_VALUE},
      {"XCLIENT ADDR=192.0.2.01", V(XCLIENT), SMTPC_E_PARAM_VALUE},
      {"XCLIENT ADDR=192.0.2.256", V(XCLIENT), SMTPC_E_PARAM_VALUE},
      {"XCLIENT ADDR=[192.0.2.1]", V(XCLIENT), SMTPC_E_PARAM_VALUE},
      {"XCLIENT ADDR=2001:db8::1", V(XCLIENT), SMTPC_E_PARAM_VALUE},
      {"XCLIENT ADDR=IPV6:192.0.2.1", V(XCLIENT), SMTPC_E_PARAM_VALUE},
      {"XCLIENT ADDR=::ffff:192.0.2.1", V(XCLIENT), SMTPC_E_PARAM_VALUE},
      {"XCLIENT ADDR=IPV6:", V(XCLIENT), SMTPC_E_PARAM_VALUE},
      {"XCLIENT ADDR=IPV6:fe80::1%eth0", V(XCLIENT), SMTPC_E_PARAM_VALUE},
      {"XCLIENT DESTADDR=x", V(XCLIENT), SMTPC_E_PARAM_VALUE},
      {"XCLIENT PORT=65536", V(XCLIENT), SMTPC_E_PARAM_VALUE},
      {"XCLIENT PORT=18446744073709551617", V(XCLIENT), SMTPC_E_PARAM_VALUE},
      {"XCLIENT PORT=025", V(XCLIENT), SMTPC_E_PARAM_VALUE},
      {"XCLIENT PORT=00", V(XCLIENT), SMTPC_E_PARAM_VALUE},
      {"XCLIENT PORT=+2B1", V(XCLIENT), SMTPC_E_PARAM_VALUE},
      {"XCLIENT PORT=-1", V(XCLIENT), SMTPC_E_PARAM_VALUE},
      {"XCLIENT DESTPORT=0x19", V(XCLIENT), SMTPC_E_PARAM_VALUE},
      {"XCLIENT PROTO=LMTP", V(XCLIENT), SMTPC_E_PARAM_VALUE},
      {"XCLIENT PROTO=SMTPS", V(XCLIENT), SMTPC_E_PARAM_VALUE},
      {"XCLIENT PROTO=SMT", V(XCLIENT), SMTPC_E_PARAM_VALUE},
  };
  TEST_ROWS(rows, 0u);
}

static void test_command_bounds_the_values_of_attributes(void **state) {
  (void)state;
  static const struct {
    const char *front;
    size_t len;  // of a value of letters
    smtpc_status status;
  } rows[] = {
      {"XCLIENT NAME=", 63u, SMTPC_OK},
      {"XCLIENT NAME=", 64u, SMTPC_E_PARAM_VALUE},
      {"XCLIENT NAME=", 255u, SMTPC_E_PARAM_VALUE},
      {"XCLIENT NAME=", 256u, SMTPC_E_PARAM_VALUE},
      {"XCLIENT NAME=", 12000u, SMTPC_E_PARAM_VALUE},
      {"XCLIENT ADDR=", 12000u, SMTPC_E_PARAM_VALUE},
      {"XCLIENT HELO=", 12000u, SMTPC_OK},
      {"XFORWARD IDENT=", 256u, SMTPC_OK},
  };
  for (size_t i = 0u; i < COUNT_OF(rows); i++) {
    static uint8_t text[12100];
    const size_t at = put(text, 0u, rows[i].front);
    smtpc_command have;
    memset(text + at, 'a', rows[i].len);
    test_label("%s %zu", rows[i].front, rows[i].len);
    test_number(parse_octets(text, at + rows[i].len, ALL_OFFERS, 0u, &have),
                rows[i].status);
  }
  // The longest domain: 255 octets, when its xtext is decoded.
  uint8_t text[800];
  size_t at = put(text, 0u, "XCLIENT NAME=");
  for (unsigned k = 0u; k < 255u; k++) {
    at = put(text, at, k % 64u == 63u ? "." : k % 2u == 0u ? "+61" : "a");
  }
  smtpc_command have;
  test_label("a domain of 255 octets");
  test_number(parse_octets(text, at, ALL_OFFERS, 0u, &have), SMTPC_OK);
  test_number(parse_octets(text, put(text, at, "a"), ALL_OFFERS, 0u, &have),
              SMTPC_E_PARAM_VALUE);
}

static void test_attribute_find_gives_each_value(void **state) {
  (void)state;
  static const struct {
    const char *text;
    unsigned id;
    const char *value;
  } rows[] = {
      {"XCLIENT NAME=a PORT=25 HELO=x+20y", SMTPC_ATTRIBUTE_NAME, "a"},
      {"XCLIENT NAME=a PORT=25 HELO=x+20y", SMTPC_ATTRIBUTE_PORT, "25"},
      {"XCLIENT NAME=a PORT=25 HELO=x+20y", SMTPC_ATTRIBUTE_HELO, "x+20y"},
      {"XCLIENT NAME=a PORT=25 HELO=x+20y", SMTPC_ATTRIBUTE_ADDR, ""},
      {"XCLIENT destport=1 Port=2", SMTPC_ATTRIBUTE_PORT, "2"},
      {"XCLIENT destport=1 Port=2", SMTPC_ATTRIBUTE_DESTPORT, "1"},
      {"XCLIENT HELO=PORT", SMTPC_ATTRIBUTE_PORT, ""},
      {"XCLIENT ADDR=IPV6:::1", SMTPC_ATTRIBUTE_ADDR, "IPV6:::1"},
      {"XCLIENT NAME=[UNAVAILABLE]", SMTPC_ATTRIBUTE_NAME, ""},
      {"XCLIENT LOGIN=[tempunavail]", SMTPC_ATTRIBUTE_LOGIN, ""},
      {"XCLIENT LOGIN=+5BUNAVAILABLE+5D", SMTPC_ATTRIBUTE_LOGIN, ""},
      {"XCLIENT LOGIN=[UNAVAILABLE]x", SMTPC_ATTRIBUTE_LOGIN, "[UNAVAILABLE]x"},
      {"XFORWARD SOURCE=LOCAL IDENT=1", SMTPC_ATTRIBUTE_IDENT, "1"},
      {"XCLIENT NAME=a", SMTPC_ATTRIBUTE_COUNT, ""},
      {"XCLIENT NAME=a", UINT32_MAX, ""},
  };
  for (size_t i = 0u; i < COUNT_OF(rows); i++) {
    smtpc_command have;
    test_label("%s, %u", rows[i].text, rows[i].id);
    test_number(parse(rows[i].text, 0u, &have), SMTPC_OK);
    const smtpc_span value = smtpc_attribute_find((const uint8_t *)rows[i].text,
                                                  have.argument, rows[i].id);
    test_text(rows[i].text, value, rows[i].value);
  }
  smtpc_command have;
  test_label("which ones are there");
  test_number(parse("XCLIENT NAME=[UNAVAILABLE] PORT=1", 0u, &have), SMTPC_OK);
  test_number(have.attributes, SMTPC_ATTR(NAME) | SMTPC_ATTR(PORT));
}

// ------------------------------------------------------ attributes, a judge

// The judge works on C strings: cut the line at its spaces, decode, and look at each
// value with the C library.

static bool judge_decode(const char *xtext, char *out) {
  static const char hex[] = "0123456789ABCDEF";
  size_t len = 0u;
  while (*xtext != '\0') {
    int c = (unsigned char)*xtext++;
    if (c == '+') {
      const char *const high = *xtext != '\0' ? strchr(hex, *xtext++) : NULL;
      const char *const low = *xtext != '\0' ? strchr(hex, *xtext++) : NULL;
      if (high == NULL || low == NULL) {
        return false;
      }
      c = (int)((high - hex) * 16 + (low - hex));
    } else if (c < 33 || c > 126 || c == '=') {
      return false;
    }
    if (c < 32 || c > 126) {
      return false;
    }
    out[len++] = (char)c;
  }
  out[len] = '\0';
  return true;
}

static bool judge_value(const char *name, const char *value) {
  char address[16];
  static const char *const any[] = {"[UNAVAILABLE]", "[TEMPUNAVAIL]"};
  for (size_t i = 0u; i < COUNT_OF(any); i++) {
    if (strcasecmp(value, any[i]) == 0) {
      return true;
    }
  }
  if (strcasecmp(name, "NAME") == 0) {
    return model_domain((const uint8_t *)value, strlen(value), false);
  }
  if (strcasecmp(name, "ADDR") == 0 || strcasecmp(name, "DESTADDR") == 0) {
    return strncasecmp(value, "IPV6:", 5u) == 0
               ? inet_pton(AF_INET6, value + 5, address) == 1
               : inet_pton(AF_INET, value, address) == 1;
  }
  if (strcasecmp(name, "PORT") == 0 || strcasecmp(name, "DESTPORT") == 0) {
    char again[32];
    const unsigned long port = strtoul(value, NULL, 10);
    (void)snprintf(again, sizeof again, "%lu", port);
    return port <= 65535u && strcmp(again, value) == 0;
  }
  if (strcasecmp(name, "PROTO") == 0) {
    return strcasecmp(value, "SMTP") == 0 || strcasecmp(value, "ESMTP") == 0;
  }
  if (strcasecmp(name, "SOURCE") == 0) {
    return strcasecmp(value, "LOCAL") == 0 || strcasecmp(value, "REMOTE") == 0;
  }
  return true;
}

static int judge_name(const char *name, bool client) {
  static const char *const names[] = {"NAME",  "ADDR",  "PORT",     "PROTO",
                                      "HELO",  "LOGIN", "DESTADDR", "DESTPORT",
                                      "IDENT", "SOURCE"};
  for (int i = 0; i < 10; i++) {
    if (strcasecmp(name, names[i]) == 0) {
      return i < 5 || client == (i < 8) ? i : -1;
    }
  }
  return -1;
}

static bool judge_attributes(char *text, bool client) {
  unsigned seen = 0u;
  char *word = text;
  while (word != NULL) {
    char decoded[256];
    char *const space = strchr(word, ' ');
    if (space != NULL) {
      *space = '\0';
    }
    char *const equals = strchr(word, '=');
    if (equals == NULL || equals[1] == '\0') {
      return false;
    }
    *equals = '\0';
    const int id = judge_name(word, client);
    if (id < 0 || (seen >> id & 1u) != 0u ||
        !judge_decode(equals + 1, decoded) || !judge_value(word, decoded)) {
      return false;
    }
    seen |= 1u << id;
    word = space != NULL ? space + 1 : NULL;
  }
  return true;
}

static size_t make_attributes(uint8_t *text, size_t at, uint64_t *seed) {
  static const char *const words[] = {"NAME=a.b",
                                      "NAME=[UNAVAILABLE]",
                                      "name=a-+62",
                                      "ADDR=192.0.2.1",
                                      "ADDR=IPV6:2001:db8::1",
                                      "addr=ipv6:::ffff:1.2.3.4",
                                      "ADDR=IPV6:1:2:3:4:5:6:7:8",
                                      "PORT=0",
                                      "PORT=65535",
                                      "PORT=+36553+35",
                                      "PORT=[TEMPUNAVAIL]",
                                      "PROTO=SMTP",
                                      "PROTO=esmtp",
                                      "HELO=x",
                                      "HELO=+20+2B+3D",
                                      "LOGIN=me+40here",
                                      "DESTADDR=10.0.0.255",
                                      "DESTPORT=25",
                                      "IDENT=3F2504E0",
                                      "SOURCE=LOCAL",
                                      "source=Remote",
                                      "FOO=1",
                                      "HELO=",
                                      "NAME=a_b"};
  const uint32_t count = 1u + test_random(seed) % 4u;
  for (uint32_t i = 0u; i < count; i++) {
    if (i > 0u) {
      at = put(text, at, " ");
    }
    PUT_ONE(words);
  }
  return at;
}

static void test_command_attributes_equal_a_judge(void **state) {
  (void)state;
  uint64_t seed = 20u;
  size_t taken = 0u;
  for (unsigned n = 0u; n < 200000u; n++) {
    uint8_t text[256];
    char again[257];
    const bool client = (test_random(&seed) & 1u) != 0u;
    const size_t from = put(text, 0u, client ? "XCLIENT " : "XFORWARD ");
    const size_t made = make_attributes(text, from, &seed);
    size_t len = made - from;
    // Twice, so that also names, and what stands around `+` and `=`, are hit.
    len = mutate(text + from, len, &seed);
    len = mutate(text + from, len, &seed);
    memcpy(again, text + from, len);
    again[len] = '\0';
    smtpc_command have;
    const smtpc_status status =
        parse_octets(text, from + len, ALL_OFFERS, 0u, &have);
    const bool nul = memchr(text, 0, from + len) != NULL;
    const bool want = !nul && judge_attributes(again, client);
    test_label("%.*s (%s)", (int)(from + len), (const char *)text,
               smtpc_status_name(status));
    test_number(status == SMTPC_OK, want);
    test_number(have.attributes != 0u, want);
    if (!want) {
      test_cleared(status, &have);
    }
    taken += want ? 1u : 0u;
  }
  assert_in_range(taken, 20000u, 150000u);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_command_reads_etrn),
      cmocka_unit_test(test_command_reads_atrn),
      cmocka_unit_test(test_command_names_the_argument_of_a_refused_verb_whole),
      cmocka_unit_test(test_command_reads_burl),
      cmocka_unit_test(test_command_reads_send_soml_and_saml_as_mail),
      cmocka_unit_test(test_command_reads_xclient),
      cmocka_unit_test(test_command_reads_xforward),
      cmocka_unit_test(test_command_checks_the_values_of_attributes),
      cmocka_unit_test(test_command_bounds_the_values_of_attributes),
      cmocka_unit_test(test_attribute_find_gives_each_value),
      cmocka_unit_test(test_command_attributes_equal_a_judge),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
