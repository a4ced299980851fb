// The text of scripts: what `script_print` writes and `script_parse` reads.
#include <string.h>

#include "fuzz/harness/script.h"

#define PAYLOAD_MAX 65535u
#define PAIR_MAX 255u
#define HEAD "smtpcore-script "

static const char *const server_words[] = {
#define SERVER_WORD(id, number, word) [number] = word,
    SCRIPT_SERVER_FIELD_LIST(SERVER_WORD)
#undef SERVER_WORD
};

static const char *const client_words[] = {
#define CLIENT_WORD(id, number, word) [number] = word,
    SCRIPT_CLIENT_FIELD_LIST(CLIENT_WORD)
#undef CLIENT_WORD
};

static const char *const tls_words[] = {
#define TLS_WORD(id, number, word, what) [number] = word,
    SCRIPT_TLS_FIELD_LIST(TLS_WORD)
#undef TLS_WORD
};

static const char *const direction_words[] = {"to-server", "to-client"};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

// words are the words of a field; those of a number that has none are NULL.
typedef struct words {
  const char *const *list;
  size_t count;
} words;

static words words_of(unsigned tag) {
  const words server = {server_words, COUNT(server_words)};
  const words client = {client_words, COUNT(client_words)};
  const words tls = {tls_words, COUNT(tls_words)};
  const words direction = {direction_words, COUNT(direction_words)};
  switch (tag) {
    case SCRIPT_SERVER_SET:
      return server;
    case SCRIPT_CLIENT_SET:
      return client;
    case SCRIPT_TLS_SET:
      return tls;
    default:
      return direction;
  }
}

// ----------------------------------------------------------------------- print

static void say(smtpc_octets *out, const char *text) {
  smtpc_octets_add(out, text, strlen(text));
}

static void print_number(smtpc_octets *out, uint64_t number) {
  char digits[20];
  size_t at = sizeof digits;
  do {
    digits[--at] = (char)('0' + (int)(number % 10u));
    number /= 10u;
  } while (number != 0u);
  say(out, " ");
  smtpc_octets_add(out, digits + at, sizeof digits - at);
}

static void print_escape(smtpc_octets *out, uint8_t octet) {
  static const char hex[] = "0123456789abcdef";
  const char number[4] = {'\\', 'x', hex[octet >> 4u], hex[octet & 15u]};
  switch (octet) {
    case '\r':
      say(out, "\\r");
      break;
    case '\n':
      say(out, "\\n");
      break;
    case '\t':
      say(out, "\\t");
      break;
    case '"':
      say(out, "\\\"");
      break;
    case '\\':
      say(out, "\\\\");
      break;
    default:
      smtpc_octets_add(out, number, sizeof number);
      break;
  }
}

static int is_plain(uint8_t octet) {
  return octet >= 0x20u && octet < 0x7fu && octet != '"' && octet != '\\';
}

static void print_string(smtpc_octets *out, const uint8_t *data, size_t len) {
  say(out, " \"");
  size_t at = 0u;
  while (at < len) {
    size_t run = at;
    while (run < len && is_plain(data[run]) != 0) {
      run++;
    }
    smtpc_octets_add(out, data + at, run - at);
    if (run < len) {
      print_escape(out, data[run]);
      run++;
    }
    at = run;
  }
  say(out, "\"");
}

static void print_word(smtpc_octets *out, const script_record *in) {
  const words field = words_of(in->tag);
  if (in->field < field.count && field.list[in->field] != NULL) {
    say(out, " ");
    say(out, field.list[in->field]);
  } else {
    print_number(out, in->field);
  }
}

static void print_payload(smtpc_octets *out, const script_record *in) {
  switch ((script_form)script_form_of(in->tag)) {
    case SCRIPT_FORM_NONE:
      break;
    case SCRIPT_FORM_NUMBER:
      print_number(out, in->number);
      break;
    case SCRIPT_FORM_TWO:
      print_number(out, in->field);
      print_number(out, in->number);
      break;
    case SCRIPT_FORM_FIELD:
    case SCRIPT_FORM_CUTOFF:
      print_word(out, in);
      print_number(out, in->number);
      break;
    case SCRIPT_FORM_FILL:
      print_string(out, &in->field, 1u);
      print_number(out, in->number);
      break;
    case SCRIPT_FORM_OCTETS:
      print_string(out, in->data, in->len);
      break;
    case SCRIPT_FORM_AIMED:
      print_word(out, in);
      print_string(out, in->data, in->len);
      break;
    case SCRIPT_FORM_SWAP:
      print_word(out, in);
      print_string(out, in->data, in->len);
      print_string(out, in->more, in->more_len);
      break;
    case SCRIPT_FORM_PAIR:
      print_string(out, in->data, in->len);
      print_string(out, in->more, in->more_len);
      break;
  }
}

void script_print(const script *in, smtpc_octets *out) {
  say(out, "smtpcore-script");
  print_number(out, SCRIPT_VERSION);
  say(out, "\n");
  for (size_t i = 0u; i < in->count; i++) {
    say(out, script_word(in->records[i].tag));
    print_payload(out, &in->records[i]);
    say(out, "\n");
  }
}

// ----------------------------------------------------------------------- parse

// reader is what is left of a line, and the record that is made of it.
typedef struct reader {
  const uint8_t *at;
  const uint8_t *end;
  smtpc_octets *out;
  const char *why;  // NULL: no fault so far
  size_t records;
  uint64_t fill;  // how much may be filled still
} reader;

static void fail(reader *in, const char *why) {
  if (in->why == NULL) {
    in->why = why;
  }
}

static void put(reader *in, size_t octet) {
  const uint8_t one = (uint8_t)octet;
  smtpc_octets_add(in->out, &one, 1u);
}

static int is_space(uint8_t octet) {
  return octet == ' ' || octet == '\t';
}

static void skip_space(reader *in) {
  while (in->at < in->end && is_space(*in->at) != 0) {
    in->at++;
  }
}

// The next part of the line that is no string; 0 octets when there is none.
static size_t read_word(reader *in, const uint8_t **out_word) {
  skip_space(in);
  *out_word = in->at;
  while (in->at < in->end && is_space(*in->at) == 0 && *in->at != '"') {
    in->at++;
  }
  return (size_t)(in->at - *out_word);
}

static int is_word(const uint8_t *data, size_t len, const char *word) {
  return strlen(word) == len && memcmp(data, word, len) == 0;
}

static int digit_of(uint8_t octet) {
  if (octet >= '0' && octet <= '9') {
    return octet - '0';
  }
  const int lower = octet | 0x20;
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static uint64_t number_of(reader *in, const uint8_t *data, size_t len) {
  const int is_hex = len > 2u && data[0] == '0' && data[1] == 'x';
  const unsigned base = is_hex != 0 ? 16u : 10u;
  uint64_t number = 0u;
  size_t i = is_hex != 0 ? 2u : 0u;
  if (len == 0u) {
    fail(in, "a number is missing");
  }
  for (; i < len && in->why == NULL; i++) {
    const int digit = digit_of(data[i]);
    if (digit < 0 || (unsigned)digit >= base) {
      fail(in, "this is no number");
    } else if (number > (UINT64_MAX - (unsigned)digit) / base) {
      fail(in, "a number of more than 64 bits");
    } else {
      number = number * base + (unsigned)digit;
    }
  }
  return in->why == NULL ? number : 0u;
}

static uint64_t read_number(reader *in) {
  const uint8_t *word = NULL;
  const size_t len = read_word(in, &word);
  return number_of(in, word, len);
}

static void put_number(reader *in, uint64_t number) {
  for (; number != 0u; number >>= 8u) {
    put(in, (size_t)(number & 0xffu));
  }
}

static void parse_number(reader *in) {
  put_number(in, read_number(in));
}

static void parse_octet(reader *in) {
  const uint64_t number = read_number(in);
  if (number > UINT8_MAX) {
    fail(in, "the first number is more than 255");
  }
  put(in, (size_t)(number & UINT8_MAX));
}

// A field by its word, or by its number where that has a word.
static void parse_field(reader *in, unsigned tag) {
  const words field = words_of(tag);
  const uint8_t *word = NULL;
  const size_t len = read_word(in, &word);
  for (size_t i = 0u; i < field.count; i++) {
    if (field.list[i] != NULL && is_word(word, len, field.list[i]) != 0) {
      put(in, i);
      return;
    }
  }
  if (len == 0u || word[0] < '0' || word[0] > '9') {
    fail(in, tag == SCRIPT_SERVER_SET || tag == SCRIPT_CLIENT_SET
                 ? "no such field"
                 : "no such direction");
    return;
  }
  const uint64_t number = number_of(in, word, len);
  if (number >= field.count || field.list[number] == NULL) {
    fail(in, "no field has this number");
    return;
  }
  put(in, (size_t)number);
}

// What stands after a backslash.
static void parse_escape(reader *in) {
  static const char names[] = "rnt\"\\";
  static const char octets[] = "\r\n\t\"\\";
  if (in->at == in->end) {
    return;
  }
  const uint8_t name = *in->at;
  const char *known = memchr(names, name, sizeof names - 1u);
  if (known != NULL) {
    put(in, (uint8_t)octets[known - names]);
    in->at++;
    return;
  }
  const int high = in->end - in->at > 2 ? digit_of(in->at[1]) : -1;
  const int low = in->end - in->at > 2 ? digit_of(in->at[2]) : -1;
  if (name != 'x' || high < 0 || low < 0) {
    fail(in, "an escape is none of \\r \\n \\t \\\" \\\\ \\xNN");
    return;
  }
  put(in, (size_t)high * 16u + (size_t)low);
  in->at += 3;
}

// Returns how many octets the string has.
static size_t parse_string(reader *in) {
  const size_t from = in->out->len;
  skip_space(in);
  if (in->at == in->end || *in->at != '"') {
    fail(in, "a string is missing");
    return 0u;
  }
  in->at++;
  while (in->why == NULL && in->at < in->end && *in->at != '"') {
    const uint8_t *run = in->at;
    while (in->at < in->end && (is_plain(*in->at) != 0 || *in->at >= 0x80u)) {
      in->at++;
    }
    smtpc_octets_add(in->out, run, (size_t)(in->at - run));
    if (in->at < in->end && *in->at == '\\') {
      in->at++;
      parse_escape(in);
    } else if (in->at < in->end && *in->at != '"') {
      fail(in, "a control octet in a string is not escaped");
    }
  }
  if (in->at == in->end) {
    fail(in, "a string has no end");
  } else {
    in->at++;
  }
  return in->out->len - from;
}

static void parse_pair(reader *in) {
  put(in, 0u);
  const size_t at = in->out->len;
  const size_t len = parse_string(in);
  if (len > PAIR_MAX) {
    fail(in, "the first string has more than 255 octets");
  }
  in->out->data[at - 1u] = (uint8_t)(len & PAIR_MAX);
  (void)parse_string(in);
}

static void parse_fill(reader *in) {
  if (parse_string(in) != 1u) {
    fail(in, "what is repeated is not one octet");
  }
  const uint64_t number = read_number(in);
  put_number(in, number);
  if (number > in->fill) {
    fail(in, "the script fills more than 80000 octets");
    return;
  }
  in->fill -= number;
}

static void parse_payload(reader *in, unsigned tag) {
  switch ((script_form)script_form_of(tag)) {
    case SCRIPT_FORM_NONE:
      break;
    case SCRIPT_FORM_NUMBER:
      parse_number(in);
      break;
    case SCRIPT_FORM_TWO:
      parse_octet(in);
      parse_number(in);
      break;
    case SCRIPT_FORM_FIELD:
    case SCRIPT_FORM_CUTOFF:
      parse_field(in, tag);
      parse_number(in);
      break;
    case SCRIPT_FORM_FILL:
      parse_fill(in);
      break;
    case SCRIPT_FORM_OCTETS:
      (void)parse_string(in);
      break;
    case SCRIPT_FORM_AIMED:
      parse_field(in, tag);
      (void)parse_string(in);
      break;
    case SCRIPT_FORM_SWAP:
      parse_field(in, tag);
      parse_pair(in);
      break;
    case SCRIPT_FORM_PAIR:
      parse_pair(in);
      break;
  }
}

// The tag of a word; 0, which no tag is, when it is none.
static unsigned tag_of(const uint8_t *word, size_t len) {
  unsigned tag = 0u;
#define TAG_OF(id, number, text, form, what) \
  if (is_word(word, len, text) != 0) {       \
    tag = (number);                          \
  }
  SCRIPT_TAG_LIST(TAG_OF)
#undef TAG_OF
  return tag;
}

static void parse_line_end(reader *in) {
  skip_space(in);
  if (in->at != in->end) {
    fail(in, "something follows the record");
  }
}

static void parse_record(reader *in) {
  const uint8_t *word = NULL;
  const size_t len = read_word(in, &word);
  const unsigned tag = tag_of(word, len);
  if (tag == 0u) {
    fail(in, "no record has this name");
    return;
  }
  put(in, tag);
  put(in, 0u);
  put(in, 0u);
  const size_t from = in->out->len;
  parse_payload(in, tag);
  parse_line_end(in);
  const size_t payload = in->out->len - from;
  if (payload > PAYLOAD_MAX) {
    fail(in, "the record has more than 65535 octets");
  }
  in->out->data[from - 2u] = (uint8_t)((payload >> 8u) & 0xffu);
  in->out->data[from - 1u] = (uint8_t)(payload & 0xffu);
  in->records++;
  if (in->records > SCRIPT_RECORDS_MAX) {
    fail(in, "the script has more than 128 records");
  }
}

static void parse_head(reader *in) {
  const size_t len = sizeof HEAD - 1u;
  if ((size_t)(in->end - in->at) < len || memcmp(in->at, HEAD, len) != 0) {
    fail(in, "the first line does not say smtpcore-script");
    return;
  }
  in->at += len;
  if (read_number(in) != SCRIPT_VERSION) {
    fail(in, "this version of scripts is not known");
  }
  parse_line_end(in);
  put(in, SCRIPT_VERSION);
}

static int is_empty(reader *in) {
  skip_space(in);
  return in->at == in->end || *in->at == '#';
}

size_t script_parse(const uint8_t *text, size_t len, smtpc_octets *out,
                    const char **out_why) {
  const size_t before = out->len;
  reader in = {text, text, out, NULL, 0u, SCRIPT_FILL_MAX};
  size_t line = 0u;
  size_t at = 0u;
  while (in.why == NULL && at < len) {
    const uint8_t *lf = memchr(text + at, '\n', len - at);
    const size_t end = lf != NULL ? (size_t)(lf - text) : len;
    line++;
    in.at = text + at;
    in.end = text + end;
    if (is_empty(&in) == 0) {
      if (out->len == before) {
        parse_head(&in);
      } else {
        parse_record(&in);
      }
    }
    at = end + 1u;
  }
  if (out->len == before) {
    fail(&in, "no line says smtpcore-script");
    line = line > 0u ? line : 1u;
  }
  if (in.why == NULL) {
    return 0u;
  }
  *out_why = in.why;
  out->len = before;
  return line;
}
