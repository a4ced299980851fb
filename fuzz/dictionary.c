// Dictionary: prints the dictionary of a kind of targets, in the syntax that libFuzzer
// and AFL++ share, one `name="value"` a line.
//
//     dictionary commands|replies|content|tokens|script|tls_script|tls
//
// Keywords are those of the registry, so that none is forgotten. A value is at most 128
// octets, which is AFL++'s limit, and none comes twice. Values of scripts are whole
// records as well, for an engine that has no mutator of ours; so are those of TLS.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/harness/script.h"
#include "fuzz/harness/target.h"
#include "fuzz/harness/tls_numbers.h"
#include "smtpcore/policy.h"
#include "smtpcore/registry.h"
#include "smtpcore/tls.h"

#define VALUE_MAX 128u
#define ENTRIES_MAX 4096u
#define NAME_MAX_LEN 64u

// --------------------------------------------------------------------- entries

typedef struct entry {
  char name[NAME_MAX_LEN];
  uint8_t len;
  uint8_t data[VALUE_MAX];
} entry;

static entry entries[ENTRIES_MAX];
static size_t entry_count;

static int is_known(const void *data, size_t len) {
  for (size_t i = 0u; i < entry_count; i++) {
    if (entries[i].len == len && memcmp(entries[i].data, data, len) == 0) {
      return 1;
    }
  }
  return 0;
}

// Makes the name of the last entry: letters, digits and underscores, and a number when
// the same name was there before.
static void make_name(entry *own, const char *group, const char *name) {
  const size_t before = (size_t)(own - entries);
  (void)snprintf(own->name, sizeof own->name, "%s%s", group, name);
  for (char *at = own->name; *at != '\0'; at++) {
    const int is_plain = (*at >= '0' && *at <= '9') ||
                         (*at >= 'A' && *at <= 'Z') ||
                         (*at >= 'a' && *at <= 'z');
    *at = is_plain != 0 ? *at : '_';
  }
  for (size_t i = 0u; i < before; i++) {
    if (strcmp(entries[i].name, own->name) == 0) {
      (void)snprintf(own->name, sizeof own->name, "%s%zu", group, before);
    }
  }
}

// What is too long, empty or was there before is left out.
static void add(const char *group, const char *name, const void *data,
                size_t len) {
  const uint8_t *octets = data;
  if (len == 0u || len > VALUE_MAX || is_known(data, len) != 0) {
    return;
  }
  if (entry_count == ENTRIES_MAX) {
    fprintf(stderr, "dictionary: more than %u entries\n", ENTRIES_MAX);
    exit(1);
  }
  entry *own = &entries[entry_count];
  entry_count++;
  own->len = (uint8_t)len;
  memcpy(own->data, data, len);
  make_name(own, group, name);
  printf("%s=\"", own->name);
  for (size_t i = 0u; i < len; i++) {
    const int is_plain = octets[i] >= 0x20u && octets[i] < 0x7fu &&
                         octets[i] != '"' && octets[i] != '\\';
    if (is_plain != 0) {
      putchar(octets[i]);
    } else {
      printf("\\x%02X", octets[i]);
    }
  }
  printf("\"\n");
}

static void add_text(const char *group, const char *name, const char *before,
                     const char *text, const char *after) {
  char value[512];
  const int len = snprintf(value, sizeof value, "%s%s%s", before, text, after);
  if (len > 0 && (size_t)len < sizeof value) {
    add(group, name, value, (size_t)len);
  }
}

typedef struct list_row {
  const char *name;
  const char *data;
  size_t len;
} list_row;

#define ROW(name, text) \
  { (name), (text), sizeof(text) - 1u }
#define ADD_LIST(group, rows) \
  add_list((group), (rows), sizeof(rows) / sizeof((rows)[0]))

static void add_list(const char *group, const list_row *rows, size_t count) {
  for (size_t i = 0u; i < count; i++) {
    add(group, rows[i].name, rows[i].data, rows[i].len);
  }
}

// -------------------------------------------------------------------- registry

static void add_verbs(void) {
  for (unsigned id = 1u; id < SMTPC_VERB_COUNT; id++) {
    const smtpc_verb_row row = smtpc_verb_get(id);
    add_text("verb_", row.name, "", row.name, "");
    if (row.argument != SMTPC_ARGUMENT_NONE) {
      add_text("verb_space_", row.name, "", row.name, " ");
    }
  }
#define FOREIGN(word) add_text("foreign_", word, "", word, " ");
  SMTPC_FOREIGN_LIST(FOREIGN)
#undef FOREIGN
}

static void add_params(void) {
  for (unsigned id = 0u; id < SMTPC_PARAM_COUNT; id++) {
    const smtpc_param_row row = smtpc_param_get(id);
    const int has_value = row.value == SMTPC_PARAM_VALUE_NEEDED;
    add_text("param_", row.name, "", row.name, has_value != 0 ? "=" : "");
    add_text("param_space_", row.name, " ", row.name,
             has_value != 0 ? "=" : "");
  }
}

static void add_attributes(void) {
  for (unsigned id = 0u; id < SMTPC_ATTRIBUTE_COUNT; id++) {
    const smtpc_attribute_row row = smtpc_attribute_get(id);
    add_text("attribute_", row.name, "", row.name, "=");
  }
}

static void add_mechanisms(void) {
  for (unsigned id = 1u; id < SMTPC_MECHANISM_COUNT; id++) {
    const smtpc_mechanism_row row = smtpc_mechanism_get(id);
    add_text("mechanism_", row.name, "", row.name, "");
  }
}

static void add_extensions(void) {
  for (unsigned id = 0u; id < SMTPC_EXTENSION_COUNT; id++) {
    const smtpc_extension_row row = smtpc_extension_get(id);
    add_text("extension_", row.name, "", row.name, "");
    add_text("ehlo_", row.name, "250-", row.name, "\r\n");
  }
}

// Writes the reply's line to `out` and returns its length; 0 when it is too long.
static size_t reply_line(smtpc_reply_row row, char separator, char *out,
                         size_t cap) {
  char enhanced[16] = "";
  if (row.enhanced_class != 0u) {
    (void)snprintf(enhanced, sizeof enhanced, "%u.%u.%u ", row.enhanced_class,
                   row.enhanced_subject, row.enhanced_detail);
  }
  const int len = snprintf(out, cap, "%u%c%s%s\r\n", row.code, separator,
                           enhanced, row.text);
  return len > 0 && (size_t)len < cap ? (size_t)len : 0u;
}

static void add_replies(void) {
  for (unsigned id = 1u; id < SMTPC_REPLY_COUNT; id++) {
    const smtpc_reply_row row = smtpc_reply_get(id);
    char code[8];
    char enhanced[16];
    char line[VALUE_MAX];
    (void)snprintf(code, sizeof code, "%u", row.code);
    add_text("code_", code, "", code, " ");
    add_text("code_more_", code, "", code, "-");
    (void)snprintf(enhanced, sizeof enhanced, "%u.%u.%u", row.enhanced_class,
                   row.enhanced_subject, row.enhanced_detail);
    if (row.enhanced_class != 0u) {
      add_text("enhanced_", enhanced, "", enhanced, " ");
    }
    add("reply_", code, line, reply_line(row, ' ', line, sizeof line));
  }
}

// ---------------------------------------------------------------- fixed values

static void add_line_ends(void) {
  static const list_row rows[] = {
      ROW("crlf", "\r\n"),
      ROW("cr", "\r"),
      ROW("lf", "\n"),
      ROW("lfcr", "\n\r"),
      ROW("crcrlf", "\r\r\n"),
      ROW("nul", "\0"),
      ROW("nul_crlf", "\0\r\n"),
      ROW("crlf_crlf", "\r\n\r\n"),
      ROW("space_crlf", " \r\n"),
      ROW("tab_crlf", "\t\r\n"),
      ROW("del", "\x7f"),
      ROW("high", "\xff"),
      ROW("utf8", "\xc3\xa9"),
      ROW("overlong", "\xc0\xaf"),
      ROW("nel", "\xc2\x85"),
      ROW("surrogate", "\xed\xa0\x80"),
  };
  ADD_LIST("end_", rows);
}

static void add_ends_of_data(void) {
  static const list_row rows[] = {
      ROW("eod", "\r\n.\r\n"),
      ROW("lf_lf", "\n.\n"),
      ROW("lf_crlf", "\n.\r\n"),
      ROW("crlf_lf", "\r\n.\n"),
      ROW("cr_cr", "\r.\r"),
      ROW("crlf_cr", "\r\n.\r"),
      ROW("cr_crlf", "\r.\r\n"),
      ROW("dot_crcrlf", "\r\n.\r\r\n"),
      ROW("crcrlf_dot", "\r\r\n.\r\n"),
      ROW("nul", "\r\n\0.\r\n"),
      ROW("dot_nul", "\r\n.\0\r\n"),
      ROW("dotdot", "\r\n..\r\n"),
      ROW("dot_space", "\r\n. \r\n"),
      ROW("stuffed", "\r\n.."),
      ROW("dot_text", "\r\n.a\r\n"),
      ROW("first", ".\r\n"),
      ROW("twice", "\r\n.\r\n.\r\n"),
      ROW("smuggled",
          "\n.\r\nMAIL FROM:<>\r\nRCPT TO:<a@b.example>\r\nDATA\r\n"),
  };
  ADD_LIST("data_", rows);
}

static void add_addresses(void) {
  static const list_row rows[] = {
      ROW("from", "FROM:<"),
      ROW("to", "TO:<"),
      ROW("null", "<>"),
      ROW("postmaster", "<Postmaster>"),
      ROW("mailbox", "<a@b.example>"),
      ROW("at", "@"),
      ROW("quoted", "\"a b\"@c"),
      ROW("route", "@a.example:"),
      ROW("ipv4", "[192.0.2.1]"),
      ROW("ipv6", "[IPv6:2001:db8::1]"),
      ROW("ipv6_tag", "IPv6:"),
      ROW("general", "[tag:content]"),
      ROW("v4_in_v6", "::ffff:192.0.2.1"),
      ROW("escape", "\\\""),
      ROW("fax", "FAX=+81-3-5550100@"),
      ROW("u_label",
          "b\xc3\xbc"
          "cher.example"),
      ROW("label_63",
          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."),
      ROW("a_label", "xn--"),
      ROW("local_no", "no@b.example"),
  };
  ADD_LIST("address_", rows);
}

static void add_values(void) {
  static const list_row rows[] = {
      ROW("7bit", "BODY=7BIT"),
      ROW("8bit", "BODY=8BITMIME"),
      ROW("binary", "BODY=BINARYMIME"),
      ROW("full", "RET=FULL"),
      ROW("hdrs", "RET=HDRS"),
      ROW("never", "NOTIFY=NEVER"),
      ROW("notify", "NOTIFY=SUCCESS,FAILURE,DELAY"),
      ROW("orcpt", "ORCPT=rfc822;a@b.example"),
      ROW("utf8", "ORCPT=utf-8;"),
      ROW("auth", "AUTH=<>"),
      ROW("by", "BY=120;R"),
      ROW("by_trace", "BY=-1;NT"),
      ROW("hold", "HOLDFOR=3600"),
      ROW("until", "HOLDUNTIL=2030-01-31T23:59:59Z"),
      ROW("rrvs", "RRVS=2014-04-03T23:01:00Z;R"),
      ROW("priority", "MT-PRIORITY=-9"),
      ROW("solicit", "SOLICIT=net.example:ADV"),
      ROW("mtrk", "MTRK=AAAAAAAAAAAAAAAAAAAAAAAAAAA:600"),
      ROW("transid", "TRANSID=<a.b@c>"),
      ROW("size", "SIZE=1000"),
      ROW("size_2_64", "18446744073709551616"),
      ROW("size_max", "18446744073709551615"),
      ROW("size_2_32", "4294967296"),
      ROW("xtext", "+2B"),
      ROW("xtext_crlf", "+0D+0A"),
      ROW("leap", "2016-12-31T23:59:60Z"),
      ROW("offset", "+23:59"),
      ROW("chunk_last", "BDAT 0 LAST"),
      ROW("last", " LAST"),
      ROW("chunk", "BDAT 5\r\nhello"),
      ROW("unavailable", "[UNAVAILABLE]"),
      ROW("temp", "[TEMPUNAVAIL]"),
      ROW("esmtp", "PROTO=ESMTP"),
      ROW("addr6", "ADDR=IPV6:2001:db8::1"),
      ROW("source", "SOURCE=REMOTE"),
      ROW("imap", "imap://"),
  };
  ADD_LIST("value_", rows);
}

static void add_capability_values(void) {
  static const list_row rows[] = {
      ROW("size", "SIZE 1000"),
      ROW("auth_equals", "AUTH=LOGIN"),
      ROW("auth", "AUTH PLAIN LOGIN"),
      ROW("limits", "LIMITS RCPTMAX=1"),
      ROW("rcptmax", "RCPTMAX="),
      ROW("mailmax", "MAILMAX="),
      ROW("domainmax", "RCPTDOMAINMAX="),
      ROW("stripped", "XXXXXXXA"),
      ROW("mixer", "MT-PRIORITY MIXER"),
      ROW("nsep", "NSEP"),
      ROW("stanag", "STANAG4406"),
      ROW("onex", "ONEX"),
      ROW("verb", "VERB"),
      ROW("verp", "VERP"),
      ROW("xusr", "XUSR"),
      ROW("ignorequota", "IGNOREQUOTA"),
      ROW("pipeconnect", "PIPECONNECT"),
      ROW("burl", "BURL imap"),
      ROW("future", "FUTURERELEASE 3600 2030-01-31T23:59:59Z"),
      ROW("by", "DELIVERBY 60"),
      ROW("solicit", "NO-SOLICITING a:b"),
      ROW("xclient", "XCLIENT NAME ADDR"),
      ROW("xforward", "XFORWARD NAME"),
  };
  ADD_LIST("capability_", rows);
}

static void add_base64(void) {
  static const list_row rows[] = {
      ROW("plain", "AHVzZXIAc2VjcmV0"),
      ROW("name", "dXNlcg=="),
      ROW("password", "c2VjcmV0"),
      ROW("username", "VXNlcm5hbWU6"),
      ROW("prompt", "UGFzc3dvcmQ6"),
      ROW("padding", "="),
      ROW("padding_2", "=="),
      ROW("dirty", "QQ=="),
      ROW("bits", "QR=="),
      ROW("early", "QQ==QQ=="),
      ROW("nul", "AAAA"),
      ROW("cancel", "*"),
      ROW("scram_first", "biwsbj11c2VyLHI9YWJj"),
      ROW("scram", "n,,n=user,r="),
      ROW("scram_y", "y,,"),
      ROW("scram_p", "p=tls-exporter,,"),
      ROW("end_point", "p=tls-server-end-point,,"),
      ROW("server_first", "r=abc,s=QQ==,i=4096"),
      ROW("final", "c=biws,r="),
      ROW("proof", ",p="),
      ROW("verifier", "v="),
      ROW("error", "e="),
      ROW("reserved", "m="),
      ROW("equals", "=3D"),
      ROW("comma", "=2C"),
      ROW("bearer", "auth=Bearer "),
      ROW("oauth",
          "n,a=user,\x01"
          "auth=Bearer token\x01\x01"),
      ROW("xoauth2",
          "user=user\x01"
          "auth=Bearer token\x01\x01"),
  };
  ADD_LIST("sasl_", rows);
}

static void add_headers(void) {
  static const list_row rows[] = {
      ROW("required", "TLS-Required: No\r\n"),
      ROW("name", "TLS-Required:"),
      ROW("folded", "TLS-Required:\r\n No"),
      ROW("space", "TLS-Required :"),
      ROW("subject", "Subject: a\r\n"),
      ROW("end", "\r\n\r\n"),
      ROW("from", "From "),
      ROW("mime", "MIME-Version: 1.0\r\n"),
  };
  ADD_LIST("header_", rows);
}

static void add_proxy(void) {
  static const list_row rows[] = {
      ROW("v1", "PROXY TCP4 192.0.2.1 192.0.2.2 1 25\r\n"),
      ROW("tcp6", "PROXY TCP6 2001:db8::1 ::1 65535 25\r\n"),
      ROW("unknown", "PROXY UNKNOWN\r\n"),
      ROW("v2", "\r\n\r\n\0\r\nQUIT\n"),
      ROW("v2_tcp4", "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c"),
      ROW("v2_tcp6", "\r\n\r\n\0\r\nQUIT\n\x21\x21\0\x24"),
      ROW("v2_local", "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"),
  };
  ADD_LIST("proxy_", rows);
}

// --------------------------------------------------------------------- records

// A record alone: its encoding without the version.
static void add_record(const char *name, const script_record *record) {
  script one;
  smtpc_octets octets = {NULL, 0u, 0u};
  one.count = 1u;
  one.records[0] = *record;
  script_encode(&one, &octets);
  add("record_", name, octets.data + 1, octets.len - 1u);
  smtpc_octets_free(&octets);
}

static void add_said(const char *name, const void *data, size_t len) {
  const script_record record = {.tag = SCRIPT_SAY, .data = data, .len = len};
  add_record(name, &record);
}

static void add_number(unsigned tag, unsigned field, uint64_t number) {
  const script_record record = {
      .tag = (uint8_t)tag, .field = (uint8_t)field, .number = number};
  add_record(script_word(tag), &record);
}

static void add_said_lines(void) {
  char line[VALUE_MAX];
  for (unsigned id = 1u; id < SMTPC_VERB_COUNT; id++) {
    const smtpc_verb_row row = smtpc_verb_get(id);
    const int len = snprintf(line, sizeof line, "%s\r\n", row.name);
    if (len > 0) {
      add_said(row.name, line, (size_t)len);
    }
  }
  for (unsigned id = 1u; id < SMTPC_REPLY_COUNT; id++) {
    const smtpc_reply_row row = smtpc_reply_get(id);
    const size_t len = reply_line(row, ' ', line, sizeof line);
    if (len > 0u) {
      add_said("reply", line, len);
    }
  }
#define SAID(name, text) add_said(name, text, sizeof(text) - 1u)
  SAID("ehlo", "EHLO a.example\r\n");
  SAID("lhlo", "LHLO a.example\r\n");
  SAID("mail", "MAIL FROM:<a@b.example>\r\n");
  SAID("rcpt", "RCPT TO:<c@d.example>\r\n");
  SAID("data", "DATA\r\n");
  SAID("eod", "a\r\n.\r\n");
  SAID("bdat", "BDAT 5 LAST\r\nhello");
  SAID("auth", "AUTH PLAIN AGNhbmFyeS11c2VyAGNhbmFyeTpwYTU1d29yZA==\r\n");
  SAID("injected", "STARTTLS\r\nRSET\r\n");
  SAID("offer", "250-mx.example\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n");
  SAID("surplus", "220 ready\r\n250 mx.example\r\n");
#undef SAID
}

static void add_moves(void) {
  static const uint8_t clear[] = "RSET\r\n";
  const script_record insert = {
      .tag = SCRIPT_INSERT, .data = clear, .len = sizeof clear - 1u};
  const script_record strip = {.tag = SCRIPT_REWRITE,
                               .field = 1u,
                               .data = (const uint8_t *)"STARTTLS",
                               .len = 8u,
                               .more = (const uint8_t *)"XXXXXXXA",
                               .more_len = 8u};
  add_record("insert", &insert);
  add_record("rewrite", &strip);
  for (unsigned side = 0u; side < 2u; side++) {
    for (unsigned tag = SCRIPT_RELAY; tag <= SCRIPT_TAMPER; tag++) {
      if (script_form_of(tag) == SCRIPT_FORM_CUTOFF) {
        add_number(tag, side, 0u);
        add_number(tag, side, 1u);
      }
    }
  }
  add_number(SCRIPT_FLOW, 0u, 8u);
}

static void add_events(void) {
  for (unsigned bits = 0u; bits < 8u; bits++) {
    add_number(SCRIPT_TLS_UP, bits, SMTPC_TLS_1_3);
  }
  add_number(SCRIPT_TLS_UP, 3u, SMTPC_TLS_1_2);
  add_number(SCRIPT_TLS_UP, 3u, 0x301u);
  for (unsigned why = 1u; why < SMTPC_TLS_FAILURE_COUNT; why++) {
    add_number(SCRIPT_TLS_FAILED, 0u, why);
  }
  for (unsigned i = 0u; i < 2u; i++) {
    add_number(SCRIPT_CLOSE, 0u, i);
  }
  add_number(SCRIPT_DEADLINE, 0u, 0u);
  add_number(SCRIPT_SHUTDOWN, 0u, 0u);
  for (unsigned i = 0u; i < 8u; i++) {
    add_number(SCRIPT_ANSWER, 0u, i);
    add_number(SCRIPT_MISUSE, 0u, i);
  }
  add_number(SCRIPT_CUT, 0u, 1u);
  add_number(SCRIPT_LATE, 0u, 1u);
  add_number(SCRIPT_FILL, 'A', 510u);
  add_number(SCRIPT_FILL, 'A', 1000u);
}

static void add_settings(void) {
#define SERVER(id, number, word) add_number(SCRIPT_SERVER_SET, number, 1u);
  SCRIPT_SERVER_FIELD_LIST(SERVER)
#undef SERVER
#define CLIENT(id, number, word) add_number(SCRIPT_CLIENT_SET, number, 1u);
  SCRIPT_CLIENT_FIELD_LIST(CLIENT)
#undef CLIENT
  add_number(SCRIPT_SERVER_SET, 1u, SMTPC_SERVER_TLS_REQUIRED);
  add_number(SCRIPT_CLIENT_SET, 1u, SMTPC_CLIENT_TLS_REQUIRED);
  add_number(SCRIPT_CLIENT_SET, 1u, SMTPC_CLIENT_TLS_VERIFIED);
  for (unsigned i = 0u; smtpc_quirk_get(i).bit != 0u; i++) {
    add_number(SCRIPT_SERVER_SET, 5u, smtpc_quirk_get(i).bit);
    add_number(SCRIPT_CLIENT_SET, 4u, smtpc_quirk_get(i).bit);
  }
}

// ------------------------------------------------------------------------- TLS

typedef struct number_row {
  const char *name;
  unsigned number;
} number_row;

#define NUMBER(name, number) {#name, number},
static const number_row contents[] = {FUZZ_TLS_CONTENT_LIST(NUMBER)};
static const number_row versions[] = {FUZZ_TLS_VERSION_LIST(NUMBER)};
static const number_row alerts[] = {FUZZ_TLS_ALERT_LIST(NUMBER)};
static const number_row messages[] = {FUZZ_TLS_HANDSHAKE_LIST(NUMBER)};
static const number_row extensions[] = {FUZZ_TLS_EXTENSION_LIST(NUMBER)};
static const number_row suites[] = {FUZZ_TLS_SUITE_LIST(NUMBER)};
static const number_row groups[] = {FUZZ_TLS_GROUP_LIST(NUMBER)};
static const number_row signatures[] = {FUZZ_TLS_SIGNATURE_LIST(NUMBER)};
#undef NUMBER
#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

// The octets of a number, the greatest first, are `width` octets of the dictionary.
static void add_big(const char *group, const char *name, uint64_t number,
                    size_t width) {
  uint8_t data[8];
  for (size_t i = 0u; i < width; i++) {
    data[i] = (uint8_t)((number >> (8u * (width - 1u - i))) & 0xffu);
  }
  add(group, name, data, width);
}

// Heads of each type and version, and records that are empty or have one octet.
static void add_heads(void) {
  for (size_t i = 0u; i < COUNT(contents); i++) {
    for (size_t k = 0u; k < COUNT(versions); k++) {
      const uint64_t head =
          ((uint64_t)contents[i].number << 16u) | versions[k].number;
      add_big("head_", contents[i].name, head, 3u);
      add_big("empty_", contents[i].name, head << 16u, 5u);
      add_big("one_", contents[i].name, (head << 24u) | 0x0101u, 6u);
    }
  }
}

// Alerts of each description, as a warning and as a fatal one, and heads of messages,
// alone and in a record.
static void add_alerts_and_messages(void) {
  const uint64_t alert = UINT64_C(0x15030300020000);
  for (size_t i = 0u; i < COUNT(alerts); i++) {
    add_big("warning_", alerts[i].name, alert | 0x100u | alerts[i].number, 7u);
    add_big("fatal_", alerts[i].name, alert | 0x200u | alerts[i].number, 7u);
  }
  for (size_t i = 0u; i < COUNT(messages); i++) {
    const uint8_t data[] = {0x16u, 3u, 3u, 0u, 4u, (uint8_t)messages[i].number,
                            0u,    0u, 0u};
    add("message_record_", messages[i].name, data, sizeof data);
    add("message_", messages[i].name, data + 5, 4u);
  }
}

static void add_numbers(const char *group, const number_row *rows,
                        size_t count) {
  for (size_t i = 0u; i < count; i++) {
    add_big(group, rows[i].name, rows[i].number, 2u);
  }
}

static void add_hello_numbers(void) {
  add_numbers("extension_", extensions, COUNT(extensions));
  add_numbers("suite_", suites, COUNT(suites));
  add_numbers("group_", groups, COUNT(groups));
  add_numbers("signature_", signatures, COUNT(signatures));
  for (size_t i = 0u; i < COUNT(extensions); i++) {
    add_big("extension_empty_", extensions[i].name,
            (uint64_t)extensions[i].number << 16u, 4u);
  }
}

// Hellos up to their randoms, messages that are whole, marks of RFC 8446 section 4.1.3.
static void add_tls_parts(void) {
  static const list_row rows[] = {
      ROW("client_hello", "\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03"),
      ROW("server_hello", "\x16\x03\x03\0\x7a\x02\0\0\x76\x03\x03"),
      ROW("retry",
          "\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91"
          "\xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2\xc8\xa8\x33\x9c"),
      ROW("downgrade_1_2", "DOWNGRD\x01"),
      ROW("downgrade_1_1", "DOWNGRD\0"),
      ROW("key_update", "\x18\0\0\x01\0"),
      ROW("key_update_asks", "\x18\0\0\x01\x01"),
      ROW("finished_12", "\x14\0\0\x0c"),
      ROW("finished_32", "\x14\0\0\x20"),
      ROW("finished_48", "\x14\0\0\x30"),
      ROW("client_key", "\x10\0\0\x21\x20"),
      ROW("ssl_2", "\x80\x2e\x01\x03\x01"),
      ROW("inner_handshake", "\x16\0"),
      ROW("inner_data", "\r\n\x17"),
      ROW("server_name", "\0\0\0\x11\0\x0f\0\0\x0cmx.b.example"),
      ROW("alpn_smtp", "\0\x10\0\x07\0\x05\x04smtp"),
      ROW("alpn_others", "\0\x10\0\x0e\0\x0c\x02h2\x08http/1.1"),
      ROW("alpn_name", "\x04smtp"),
      ROW("versions", "\0\x2b\0\x05\x04\x03\x04\x03\x03"),
      ROW("version_1_3", "\0\x2b\0\x02\x03\x04"),
      ROW("groups", "\0\x0a\0\x04\0\x02\0\x1d"),
      ROW("share", "\0\x33\0\x26\0\x24\0\x1d\0\x20"),
      ROW("share_answer", "\0\x33\0\x24\0\x1d\0\x20"),
      ROW("signatures", "\0\x0d\0\x04\0\x02\x08\x07"),
      ROW("renegotiation", "\xff\x01\0\x01\0"),
      ROW("modes", "\0\x2d\0\x02\x01\x01"),
  };
  ADD_LIST("tls_", rows);
}

// What stands in clear, or under TLS where there is no cipher.
static void add_clear_lines(void) {
#define LINE(name, len, text) \
  ROW(name, text), ROW("data_" name, "\x17\x03\x03\0" len text)
  static const list_row rows[] = {
      LINE("ehlo", "\x10", "EHLO a.example\r\n"),
      LINE("starttls", "\x0a", "STARTTLS\r\n"),
      LINE("rset", "\x06", "RSET\r\n"),
      LINE("quit", "\x06", "QUIT\r\n"),
      LINE("mail", "\x19", "MAIL FROM:<a@b.example>\r\n"),
      LINE("ready", "\x0b", "220 ready\r\n"),
      LINE("ok", "\x10", "250 mx.example\r\n"),
      LINE("refused", "\x0e", "454 4.7.0 no\r\n"),
  };
#undef LINE
  ADD_LIST("line_", rows);
}

// ------------------------------------------------------- records of real TLS

static void add_tls_settings(void) {
#define FIELD(id, number, word, what)              \
  for (unsigned value = 0u; value < 4u; value++) { \
    add_number(SCRIPT_TLS_SET, number, value);     \
  }
  SCRIPT_TLS_FIELD_LIST(FIELD)
#undef FIELD
  // Each identity of either end (fields 1 and 2), each version (3 to 5).
  for (unsigned i = 4u; i < 10u; i++) {
    add_number(SCRIPT_TLS_SET, 1u, i);
    add_number(SCRIPT_TLS_SET, 2u, i);
  }
  for (unsigned field = 3u; field <= 5u; field++) {
    for (unsigned at = SMTPC_TLS_1_0; at <= SMTPC_TLS_1_3; at++) {
      add_number(SCRIPT_TLS_SET, field, at);
    }
  }
}

static void add_tls_events(void) {
  static const list_row rows[] = {
      ROW("clear", "RSET\r\n"),
      ROW("reply", "250 mx.example\r\n"),
      ROW("alert", "\x15\x03\x03\0\x02\x02\x28"),
      ROW("notify", "\x15\x03\x03\0\x02\x01\0"),
      ROW("cipher", "\x14\x03\x03\0\x01\x01"),
      ROW("empty", "\x17\x03\x03\0\0"),
      ROW("hello_request", "\x16\x03\x03\0\x04\0\0\0\0"),
  };
  static const unsigned bounds[] = {0u, 1u, 4u, 5u, 9u, 43u, 100u, 500u};
  for (size_t i = 0u; i < COUNT(rows); i++) {
    const script_record raw = {.tag = SCRIPT_RAW,
                               .data = (const uint8_t *)rows[i].data,
                               .len = rows[i].len};
    add_record(rows[i].name, &raw);
  }
  for (size_t i = 0u; i < COUNT(bounds); i++) {
    add_number(SCRIPT_PASS, 0u, bounds[i]);
    add_number(SCRIPT_MANGLE, 1u, bounds[i]);
  }
  for (size_t i = 0u; i < COUNT(alerts); i++) {
    add_number(SCRIPT_ALERT, 0u, alerts[i].number);
  }
  for (unsigned i = 0u; i < 2u; i++) {
    add_number(SCRIPT_KEY_UPDATE, 0u, i);
    add_number(SCRIPT_SPLICE, i, 0u);
  }
  add_number(SCRIPT_NOTIFY, 0u, 0u);
  add_number(SCRIPT_RENEGOTIATE, 0u, 0u);
}

// ------------------------------------------------------------------------ main

static void print_commands(void) {
  add_verbs();
  add_params();
  add_attributes();
  add_mechanisms();
  add_line_ends();
  add_addresses();
  add_values();
  add_base64();
  add_ends_of_data();
}

static void print_replies(void) {
  add_extensions();
  add_mechanisms();
  add_replies();
  add_capability_values();
  add_attributes();
  add_line_ends();
  add_base64();
}

static void print_content(void) {
  add_ends_of_data();
  add_line_ends();
  add_headers();
}

static void print_tokens(void) {
  add_params();
  add_attributes();
  add_mechanisms();
  add_addresses();
  add_values();
  add_base64();
  add_proxy();
  add_line_ends();
}

static void print_script(void) {
  add_said_lines();
  add_events();
  add_settings();
  add_moves();
  print_commands();
  add_extensions();
  add_replies();
  add_capability_values();
}

static void print_tls_script(void) {
  add_tls_settings();
  add_tls_events();
  print_script();
}

static void print_tls(void) {
  add_heads();
  add_alerts_and_messages();
  add_hello_numbers();
  add_tls_parts();
  add_clear_lines();
}

int main(int argc, char **argv) {
  static const struct {
    const char *name;
    void (*print)(void);
  } kinds[] = {
      [FUZZ_KIND_COMMANDS] = {"commands", print_commands},
      [FUZZ_KIND_REPLIES] = {"replies", print_replies},
      [FUZZ_KIND_CONTENT] = {"content", print_content},
      [FUZZ_KIND_TOKENS] = {"tokens", print_tokens},
      [FUZZ_KIND_SCRIPT] = {"script", print_script},
      [FUZZ_KIND_TLS_SCRIPT] = {"tls_script", print_tls_script},
      [FUZZ_KIND_TLS] = {"tls", print_tls},
  };
  for (size_t i = 0u; argc == 2 && i < sizeof kinds / sizeof kinds[0]; i++) {
    if (strcmp(argv[1], kinds[i].name) == 0) {
      printf("# smtpcore dictionary: %s\n", kinds[i].name);
      kinds[i].print();
      return fflush(stdout) == 0 ? 0 : 1;
    }
  }
  fprintf(stderr,
          "dictionary: usage: dictionary "
          "commands|replies|content|tokens|script|tls_script|tls\n");
  return 1;
}
