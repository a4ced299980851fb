// What a server says, what goes with a command, and how a line is broken in one place.
#include <string.h>

#include "fuzz/harness/world.h"
#include "fuzz/mutator/mutator_parts.h"
#include "smtpcore/registry.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static void say_one(fuzz_text *out, fuzz_choice *choice,
                    const char *const *words, size_t count) {
  fuzz_text_say(out, words[fuzz_pick(choice, count)]);
}

#define SAY_ONE(out, choice, words) \
  say_one((out), (choice), (words), COUNT(words))

// ------------------------------------------------------------------------ SASL

void fuzz_grammar_base64(fuzz_text *out, const uint8_t *data, size_t len) {
  static const char digits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t i = 0u; i < len; i += 3u) {
    const size_t left = len - i;
    const uint32_t bits = (uint32_t)data[i] << 16u |
                          (left > 1u ? (uint32_t)data[i + 1u] << 8u : 0u) |
                          (left > 2u ? (uint32_t)data[i + 2u] : 0u);
    const char four[4] = {digits[bits >> 18u], digits[(bits >> 12u) & 63u],
                          left > 1u ? digits[(bits >> 6u) & 63u] : '=',
                          left > 2u ? digits[bits & 63u] : '='};
    fuzz_text_add(out, four, sizeof four);
  }
}

typedef struct octets_row {
  const char *data;
  size_t len;
} octets_row;

#define OCTETS(text) \
  { (text), sizeof(text) - 1u }

static const octets_row responses[] = {
    OCTETS("\0" WORLD_NAME "\0" WORLD_PASSWORD),
    OCTETS("\0" WORLD_NAME "\0" WORLD_PASSWORD),
    OCTETS(WORLD_NAME),
    OCTETS(WORLD_PASSWORD),
    OCTETS("\0user\0secret"),
    OCTETS("admin\0" WORLD_NAME "\0" WORLD_PASSWORD),
    OCTETS("\0\0"),
    OCTETS("\0user\0"),
    OCTETS("a\0b\0c\0d"),
    OCTETS("n,,n=" WORLD_NAME ",r=fyko+d2lbbFgONRv9qkxdawL"),
    OCTETS("y,,n=" WORLD_NAME ",r=fyko"),
    OCTETS("p=tls-exporter,,n=" WORLD_NAME ",r=fyko"),
    OCTETS("p=tls-server-end-point,,n=user,r=fyko"),
    OCTETS("n,a=other,n=user,r=fyko"),
    OCTETS("n,,m=x,n=user,r=fyko"),
    OCTETS("n,,n=a=2Cb=3Dc,r=fyko"),
    OCTETS("c=biws,r=fyko,p=AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
    OCTETS("c=biws,r=fyko,"
           "p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
    OCTETS(WORLD_NAME " 00000000000000000000000000000000"),
    OCTETS("user 0000000000000000000000000000000G"),
    OCTETS("n,a=" WORLD_NAME ",\x01"
           "auth=Bearer " WORLD_PASSWORD "\x01\x01"),
    OCTETS("user=" WORLD_NAME "\x01"
           "auth=Bearer " WORLD_PASSWORD "\x01\x01"),
    OCTETS("\x01"),
    OCTETS(""),
};

static const octets_row challenges[] = {
    OCTETS("Username:"),
    OCTETS("Password:"),
    OCTETS("User Name"),
    OCTETS("<1896.697170952@postoffice.example>"),
    OCTETS("r=fyko,s=QSXCR+Q6sek8bf92,i=4096"),
    OCTETS("r=fyko3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4095"),
    OCTETS("r=fyko,s=,i=2000001"),
    OCTETS("v=AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
    OCTETS("v=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
    OCTETS("e=invalid-proof"),
    OCTETS("{\"status\":\"invalid_token\"}"),
    OCTETS(""),
};

void fuzz_grammar_sasl(fuzz_text *out, fuzz_choice *choice, fuzz_role role) {
  const int is_client = role == FUZZ_ROLE_CLIENT;
  const octets_row *rows = is_client != 0 ? responses : challenges;
  const size_t count = is_client != 0 ? COUNT(responses) : COUNT(challenges);
  const octets_row row = rows[fuzz_pick(choice, count)];
  if (is_client == 0) {
    fuzz_text_say(out, "334 ");
  } else if (fuzz_one_in(choice, 16u) != 0) {
    fuzz_text_say(out, "*");
    return;
  }
  fuzz_grammar_base64(out, (const uint8_t *)row.data, row.len);
}

// --------------------------------------------------------------------- replies

static void say_code(fuzz_text *out, smtpc_reply_row row, const char *separator,
                     int enhanced) {
  fuzz_text_number(out, row.code);
  fuzz_text_say(out, separator);
  if (enhanced != 0 && row.enhanced_class != 0u) {
    fuzz_text_number(out, row.enhanced_class);
    fuzz_text_say(out, ".");
    fuzz_text_number(out, row.enhanced_subject);
    fuzz_text_say(out, ".");
    fuzz_text_number(out, row.enhanced_detail);
    fuzz_text_say(out, " ");
  }
  fuzz_text_say(out, row.text);
}

void fuzz_grammar_code(fuzz_text *out, unsigned id) {
  say_code(out, smtpc_reply_get(id), " ", 1);
  fuzz_text_say(out, "\r\n");
}

static smtpc_reply_row any_reply(fuzz_choice *choice) {
  return smtpc_reply_get(1u +
                         (unsigned)fuzz_pick(choice, SMTPC_REPLY_COUNT - 1u));
}

void fuzz_grammar_reply(fuzz_text *out, fuzz_choice *choice) {
  const uint32_t how = fuzz_choose(choice, 16u);
  if (how == 0u) {
    fuzz_text_number(out, 200u + 100u * fuzz_pick(choice, 4u) +
                              10u * fuzz_pick(choice, 6u) +
                              fuzz_pick(choice, 10u));
    fuzz_text_say(out, fuzz_one_in(choice, 2u) != 0 ? "" : " 9.9.9 text");
  } else if (how == 1u) {
    fuzz_grammar_sasl(out, choice, FUZZ_ROLE_SERVER);
  } else {
    say_code(out, any_reply(choice), fuzz_one_in(choice, 8u) != 0 ? "-" : " ",
             fuzz_one_in(choice, 4u) == 0);
  }
}

static void say_lines(fuzz_text *out, fuzz_choice *choice) {
  const smtpc_reply_row row = any_reply(choice);
  for (size_t i = fuzz_pick(choice, 3u); i > 0u; i--) {
    say_code(out, row, "-", fuzz_one_in(choice, 2u));
    fuzz_text_say(out, "\r\n");
  }
  say_code(out, row, " ", 1);
}

// ------------------------------------------------------------------------ EHLO

static void say_mechanisms(fuzz_text *out, fuzz_choice *choice) {
  for (size_t i = fuzz_pick(choice, 5u); i > 0u; i--) {
    const size_t few =
        fuzz_one_in(choice, 8u) != 0 ? (size_t)SMTPC_MECHANISM_COUNT - 1u : 10u;
    fuzz_text_say(out, " ");
    fuzz_text_say(
        out, smtpc_mechanism_get(1u + (unsigned)fuzz_pick(choice, few)).name);
  }
}

static void say_attribute_names(fuzz_text *out, fuzz_choice *choice) {
  for (size_t i = 1u + fuzz_pick(choice, 3u); i > 0u; i--) {
    const unsigned id = (unsigned)fuzz_pick(choice, SMTPC_ATTRIBUTE_COUNT);
    fuzz_text_say(out, " ");
    fuzz_text_say(out, smtpc_attribute_get(id).name);
  }
}

static void say_words(fuzz_text *out, fuzz_choice *choice, unsigned id) {
  static const char *const limits[] = {
      " RCPTMAX=1",    " RCPTMAX=100 MAILMAX=1", " MAILMAX=0",
      " RCPTMAX=0100", " RCPTDOMAINMAX=1",       " RCPTMAX=1000000",
      " OTHER=1"};
  static const char *const priorities[] = {"", " MIXER", " NSEP", " STANAG4406",
                                           " OTHER"};
  static const char *const holds[] = {" 3600 2030-01-31T23:59:59Z",
                                      " 999999999 9999-12-31T23:59:59Z",
                                      " 0 2030-01-31T23:59:59Z", ""};
  if (id == SMTPC_EXTENSION_AUTH) {
    say_mechanisms(out, choice);
  } else if (id == SMTPC_EXTENSION_LIMITS) {
    SAY_ONE(out, choice, limits);
  } else if (id == SMTPC_EXTENSION_MT_PRIORITY) {
    SAY_ONE(out, choice, priorities);
  } else if (id == SMTPC_EXTENSION_FUTURERELEASE) {
    SAY_ONE(out, choice, holds);
  } else if (id == SMTPC_EXTENSION_BURL) {
    fuzz_text_say(out, fuzz_one_in(choice, 2u) != 0 ? " imap" : " imap://a");
  } else if (id == SMTPC_EXTENSION_NO_SOLICITING) {
    fuzz_text_say(out, fuzz_one_in(choice, 2u) != 0 ? "" : " net.example:ADV");
  } else {
    say_attribute_names(out, choice);
  }
}

void fuzz_grammar_extension(fuzz_text *out, fuzz_choice *choice, unsigned id) {
  const smtpc_extension_row row = smtpc_extension_get(id);
  fuzz_text_say(out, row.name);
  if (row.value == SMTPC_VALUE_NUMBER && fuzz_one_in(choice, 4u) == 0) {
    fuzz_text_say(out, " ");
    fuzz_text_number(out, fuzz_number(choice, 1000u));
  } else if (row.value == SMTPC_VALUE_WORDS) {
    say_words(out, choice, id);
  }
}

void fuzz_grammar_ehlo(fuzz_text *out, fuzz_choice *choice) {
  fuzz_text_say(out, "250-mx.example greets you\r\n");
  for (size_t i = fuzz_pick(choice, 6u); i > 0u; i--) {
    fuzz_text_say(out, "250-");
    fuzz_grammar_extension(out, choice,
                           (unsigned)fuzz_pick(choice, SMTPC_EXTENSION_COUNT));
    fuzz_text_say(out, "\r\n");
  }
  if (fuzz_one_in(choice, 2u) != 0) {
    fuzz_text_say(out, "250-STARTTLS\r\n");
  }
  fuzz_text_say(out, "250 ");
  fuzz_grammar_extension(
      out, choice,
      fuzz_one_in(choice, 2u) != 0
          ? (unsigned)SMTPC_EXTENSION_AUTH
          : (unsigned)fuzz_pick(choice, SMTPC_EXTENSION_COUNT));
  fuzz_text_say(out, "\r\n");
}

// --------------------------------------------------------------------- content

void fuzz_grammar_content(fuzz_text *out, fuzz_choice *choice) {
  static const char *const lines[] = {"Subject: a\r\n",
                                      "TLS-Required: No\r\n",
                                      "TLS-Required:\r\n No\r\n",
                                      "tls-required: no\r\n",
                                      "TLS-Required : No\r\n",
                                      "\r\n",
                                      "text\r\n",
                                      "..stuffed\r\n",
                                      "..\r\n",
                                      ".text\r\n",
                                      ".. \r\n",
                                      "\t\r\n",
                                      "\xc3\xa9\r\n",
                                      "From a\r\n",
                                      "RSET\r\n",
                                      "MAIL FROM:<>\r\n"};
  for (size_t i = fuzz_pick(choice, 5u); i > 0u; i--) {
    SAY_ONE(out, choice, lines);
  }
  if (fuzz_one_in(choice, 16u) != 0) {
    fuzz_text_fill(out, 'c', 990u + fuzz_pick(choice, 14u));
    fuzz_text_say(out, "\r\n");
  }
}

void fuzz_grammar_token(fuzz_text *out, fuzz_choice *choice) {
  static const char *const proxies[] = {"PROXY TCP4 192.0.2.1 192.0.2.2 1 25",
                                        "PROXY UNKNOWN",
                                        "PROXY TCP6 2001:db8::1 ::1 65535 25"};
  switch (fuzz_choose(choice, 8u)) {
    case 0u:
      fuzz_grammar_path(out, choice);
      break;
    case 1u:
      fuzz_grammar_param(out, choice,
                         (unsigned)fuzz_pick(choice, SMTPC_PARAM_COUNT));
      break;
    case 2u:
      fuzz_grammar_domain(out, choice);
      break;
    case 3u:
      fuzz_grammar_sasl(out, choice, FUZZ_ROLE_CLIENT);
      break;
    case 4u:
      fuzz_grammar_attribute(
          out, choice, (unsigned)fuzz_pick(choice, SMTPC_ATTRIBUTE_COUNT));
      break;
    case 5u:
      fuzz_grammar_extension(
          out, choice, (unsigned)fuzz_pick(choice, SMTPC_EXTENSION_COUNT));
      break;
    case 6u:
      SAY_ONE(out, choice, proxies);
      break;
    default:
      fuzz_grammar_mailbox(out, choice);
      break;
  }
}

// ---------------------------------------------------------------------- breaks

static void plant_at(fuzz_text *text, size_t at, size_t out, const char *data,
                     size_t len) {
  fuzz_text_replace(text, at, at + out, data, len);
}

// One octet that must not stand in a line, somewhere in it.
static void plant_octet(fuzz_text *text, size_t from, fuzz_choice *choice) {
  static const char octets[] = {'\0',   '\r',   '\n',   '\t',   ' ',
                                '\x7f', '\x1b', '\xff', '\xc3', '"',
                                '\\',   '<',    '>',    '=',    ','};
  const size_t at = from + fuzz_pick(choice, text->len - from + 1u);
  plant_at(text, at, 0u, &octets[fuzz_pick(choice, sizeof octets)], 1u);
}

// The first space of the line, or its end.
static size_t space_of(const fuzz_text *text, size_t from) {
  const uint8_t *space = memchr(text->data + from, ' ', text->len - from);
  return space != NULL ? (size_t)(space - text->data) : text->len;
}

static void plant_case(fuzz_text *text, size_t from, fuzz_choice *choice) {
  const size_t end = space_of(text, from);
  for (size_t i = from; i < end; i++) {
    const uint8_t lower = text->data[i] | 0x20u;
    if (lower >= 'a' && lower <= 'z' && fuzz_one_in(choice, 2u) != 0) {
      text->data[i] ^= 0x20u;
    }
  }
}

static void plant_word(fuzz_text *text, size_t at, fuzz_choice *choice) {
  static const char *const words[] = {"X",  "XXXX", "=",      "-",       "  ",
                                      "\t", ":",    "+0D+0A", "\r\nRSET"};
  const char *word = words[fuzz_pick(choice, COUNT(words))];
  plant_at(text, at, 0u, word, strlen(word));
}

void fuzz_grammar_plant(fuzz_text *text, size_t from, fuzz_choice *choice) {
  const size_t len = text->len - from;
  const size_t at = from + fuzz_pick(choice, len);
  const size_t space = space_of(text, from);
  switch (fuzz_choose(choice, 9u)) {
    case 0u:
      plant_octet(text, from, choice);
      break;
    case 1u:
      plant_case(text, from, choice);
      break;
    case 2u:
      plant_word(text, space, choice);
      break;
    case 3u:
      plant_word(text, from, choice);
      break;
    case 4u:
      plant_word(text, text->len, choice);
      break;
    case 5u:
      plant_at(text, at, len > 0u ? 1u : 0u, "", 0u);
      break;
    case 6u:
      text->len = at;
      break;
    case 7u:
      plant_at(text, text->len, 0u, " ", 1u);
      break;
    default:
      plant_at(text, space, space < text->len ? 1u : 0u, "", 0u);
      break;
  }
}

// ----------------------------------------------------------------------- turns

static void say_end_of_data(fuzz_text *out, fuzz_choice *choice) {
  static const octets_row ends[] = {
      OCTETS("\n.\n"),       OCTETS("\n.\r\n"),     OCTETS("\r\n.\n"),
      OCTETS("\r.\r"),       OCTETS("\r\n.\r"),     OCTETS("\r.\r\n"),
      OCTETS("\r\n.\r\r\n"), OCTETS("\r\n\0.\r\n"), OCTETS("\r\n.\0\r\n"),
      OCTETS("\r\n. \r\n"),  OCTETS("\r\n..\r\n")};
  if (fuzz_one_in(choice, 3u) != 0) {
    const octets_row row = ends[fuzz_pick(choice, COUNT(ends))];
    fuzz_text_add(out, row.data, row.len);
  }
  if (fuzz_one_in(choice, 8u) == 0) {
    fuzz_text_say(out, ".\r\n");
  }
}

static void say_data(fuzz_text *out, fuzz_choice *choice) {
  fuzz_text_say(out, "DATA\r\n");
  fuzz_grammar_content(out, choice);
  say_end_of_data(out, choice);
}

// A chunk whose octets are as many as it says, or one more or less.
static void say_chunk(fuzz_text *out, fuzz_choice *choice) {
  const size_t size =
      fuzz_one_in(choice, 16u) != 0 ? 1001u : fuzz_pick(choice, 24u);
  const size_t off = fuzz_one_in(choice, 4u) != 0 ? fuzz_pick(choice, 3u) : 1u;
  fuzz_text_say(out, "BDAT ");
  fuzz_text_number(out, size);
  fuzz_text_say(out, fuzz_one_in(choice, 2u) != 0 ? " LAST\r\n" : "\r\n");
  const size_t from = out->len;
  fuzz_grammar_content(out, choice);
  const size_t want = size + off > 0u ? size + off - 1u : 0u;
  if (out->len - from < want) {
    fuzz_text_fill(out, 'k', want - (out->len - from));
  } else {
    out->len = from + want;
  }
}

static void say_exchange(fuzz_text *out, fuzz_choice *choice) {
  fuzz_grammar_verb(out, choice, SMTPC_VERB_AUTH);
  fuzz_text_say(out, "\r\n");
  for (size_t i = fuzz_pick(choice, 3u); i > 0u; i--) {
    fuzz_grammar_sasl(out, choice, FUZZ_ROLE_CLIENT);
    fuzz_text_say(out, "\r\n");
  }
}

static void say_transaction(fuzz_text *out, fuzz_choice *choice) {
  fuzz_grammar_verb(out, choice, SMTPC_VERB_MAIL);
  fuzz_text_say(out, "\r\n");
  for (size_t i = 1u + fuzz_pick(choice, 2u); i > 0u; i--) {
    fuzz_grammar_verb(out, choice, SMTPC_VERB_RCPT);
    fuzz_text_say(out, "\r\n");
  }
  if (fuzz_one_in(choice, 2u) != 0) {
    say_data(out, choice);
  } else {
    say_chunk(out, choice);
  }
}

static void say_line(fuzz_text *out, fuzz_choice *choice, fuzz_role role) {
  const size_t from = out->len;
  if (role == FUZZ_ROLE_SERVER) {
    say_lines(out, choice);
  } else {
    fuzz_grammar_command(out, choice);
  }
  if (fuzz_one_in(choice, 6u) != 0) {
    fuzz_grammar_plant(out, from, choice);
  }
  fuzz_text_say(out, "\r\n");
}

static void client_turn(fuzz_text *out, fuzz_choice *choice) {
  switch (fuzz_choose(choice, 12u)) {
    case 0u:
      say_data(out, choice);
      break;
    case 1u:
      say_chunk(out, choice);
      break;
    case 2u:
      say_exchange(out, choice);
      break;
    case 3u:
      say_transaction(out, choice);
      break;
    case 4u:
      fuzz_grammar_sasl(out, choice, FUZZ_ROLE_CLIENT);
      fuzz_text_say(out, "\r\n");
      break;
    case 5u:
      fuzz_grammar_content(out, choice);
      say_end_of_data(out, choice);
      break;
    default:
      say_line(out, choice, FUZZ_ROLE_CLIENT);
      break;
  }
}

static void server_turn(fuzz_text *out, fuzz_choice *choice) {
  switch (fuzz_choose(choice, 6u)) {
    case 0u:
      fuzz_grammar_ehlo(out, choice);
      break;
    case 1u:
      fuzz_grammar_sasl(out, choice, FUZZ_ROLE_SERVER);
      fuzz_text_say(out, "\r\n");
      break;
    default:
      say_line(out, choice, FUZZ_ROLE_SERVER);
      break;
  }
}

void fuzz_grammar_turn(fuzz_text *out, fuzz_choice *choice, fuzz_role role) {
  if (role == FUZZ_ROLE_SERVER) {
    server_turn(out, choice);
  } else {
    client_turn(out, choice);
  }
}
