#include "fuzz/harness/script.h"

#include <string.h>

#define PAYLOAD_MAX 65535u
#define NUMBER_OCTETS 8u
#define HEAD_OCTETS 3u

// ------------------------------------------------------------------- the lists

typedef struct tag_row {
  const char *word;  // NULL: no tag has this number
  unsigned form;
} tag_row;

static const tag_row tags[256] = {
#define TAG_ROW(id, number, word, form, what) \
  [number] = {word, SCRIPT_FORM_##form},
    SCRIPT_TAG_LIST(TAG_ROW)
#undef TAG_ROW
};

// field_row is where in a policy a field lies, and its width in octets; width 0: no
// field has this number.
typedef struct field_row {
  size_t at;
  size_t width;
} field_row;

#define ROW_OF(policy, id, number) \
  [number] = {offsetof(policy, id), sizeof(((policy *)0)->id)},

static const field_row server_fields[256] = {
#define SERVER_ROW(id, number, word) ROW_OF(smtpc_server_policy, id, number)
    SCRIPT_SERVER_FIELD_LIST(SERVER_ROW)
#undef SERVER_ROW
};

static const field_row client_fields[256] = {
#define CLIENT_ROW(id, number, word) ROW_OF(smtpc_client_policy, id, number)
    SCRIPT_CLIENT_FIELD_LIST(CLIENT_ROW)
#undef CLIENT_ROW
};

static const field_row tls_fields[256] = {
#define TLS_ROW(id, number, word, what) ROW_OF(script_tls, id, number)
    SCRIPT_TLS_FIELD_LIST(TLS_ROW)
#undef TLS_ROW
};

const char *script_word(unsigned tag) {
  return tag < 256u && tags[tag].word != NULL ? tags[tag].word : "";
}

unsigned script_form_of(unsigned tag) {
  return tag < 256u ? tags[tag].form : (unsigned)SCRIPT_FORM_NONE;
}

// ---------------------------------------------------------------------- decode

static int decode_number(const uint8_t *data, size_t len, uint64_t *out) {
  if (len > NUMBER_OCTETS) {
    return 0;
  }
  uint64_t number = 0u;
  for (size_t i = len; i > 0u; i--) {
    number = (number << 8u) | data[i - 1u];
  }
  *out = number;
  return 1;
}

// The payload without its first octet, which is the record's field.
static int decode_field(const uint8_t *data, size_t len, script_record *out) {
  if (len == 0u) {
    return 0;
  }
  out->field = data[0];
  return 1;
}

static int decode_two(const uint8_t *data, size_t len, script_record *out) {
  return decode_field(data, len, out) != 0 &&
         decode_number(data + 1, len - 1u, &out->number) != 0;
}

static int decode_pair(const uint8_t *data, size_t len, script_record *out) {
  if (len == 0u || data[0] > len - 1u) {
    return 0;
  }
  out->len = data[0];
  out->data = data + 1;
  out->more = out->data + out->len;
  out->more_len = len - 1u - out->len;
  return 1;
}

static int has_field(const script_record *record) {
  switch (record->tag) {
    case SCRIPT_SERVER_SET:
      return server_fields[record->field].width != 0u;
    case SCRIPT_CLIENT_SET:
      return client_fields[record->field].width != 0u;
    default:
      return tls_fields[record->field].width != 0u;
  }
}

// A record with its tag alone is made a whole one.
static int decode_payload(const uint8_t *data, size_t len, script_record *out) {
  switch ((script_form)tags[out->tag].form) {
    case SCRIPT_FORM_NONE:
      return len == 0u;
    case SCRIPT_FORM_NUMBER:
      return decode_number(data, len, &out->number);
    case SCRIPT_FORM_FIELD:
      return decode_two(data, len, out) != 0 && has_field(out) != 0;
    case SCRIPT_FORM_TWO:
    case SCRIPT_FORM_FILL:
      return decode_two(data, len, out);
    case SCRIPT_FORM_CUTOFF:
      return decode_two(data, len, out) != 0 && out->field <= 1u;
    case SCRIPT_FORM_OCTETS:
      out->data = data;
      out->len = len;
      return 1;
    case SCRIPT_FORM_AIMED:
      if (decode_field(data, len, out) == 0) {
        return 0;
      }
      out->data = data + 1;
      out->len = len - 1u;
      return out->field <= 1u;
    case SCRIPT_FORM_PAIR:
      return decode_pair(data, len, out);
    case SCRIPT_FORM_SWAP:
      return decode_field(data, len, out) != 0 && out->field <= 1u &&
             decode_pair(data + 1, len - 1u, out) != 0;
  }
  return 0;
}

int script_decode(const uint8_t *data, size_t len, script *out) {
  out->count = 0u;
  if (len == 0u || data[0] != SCRIPT_VERSION) {
    return 0;
  }
  uint64_t fill = SCRIPT_FILL_MAX;
  size_t at = 1u;
  while (len - at >= HEAD_OCTETS && out->count < SCRIPT_RECORDS_MAX) {
    const uint8_t tag = data[at];
    const size_t payload = ((size_t)data[at + 1u] << 8u) | data[at + 2u];
    at += HEAD_OCTETS;
    if (payload > len - at) {
      break;
    }
    script_record *record = &out->records[out->count];
    *record = (script_record){.tag = tag};
    if (tags[tag].word != NULL &&
        decode_payload(data + at, payload, record) != 0) {
      if (tag == SCRIPT_FILL) {
        record->number = record->number < fill ? record->number : fill;
        fill -= record->number;
      }
      out->count++;
    }
    at += payload;
  }
  return 1;
}

// ---------------------------------------------------------------------- encode

static void put(smtpc_octets *out, size_t octet) {
  const uint8_t one = (uint8_t)octet;
  smtpc_octets_add(out, &one, 1u);
}

static void put_number(smtpc_octets *out, uint64_t number) {
  for (; number != 0u; number >>= 8u) {
    put(out, (size_t)(number & 0xffu));
  }
}

// At most so many octets that the payload is within its bound.
static void put_octets(smtpc_octets *out, size_t from, const uint8_t *data,
                       size_t len) {
  const size_t left = PAYLOAD_MAX - (out->len - from);
  smtpc_octets_add(out, data, len < left ? len : left);
}

static void put_pair(smtpc_octets *out, size_t from, const script_record *in) {
  const size_t len = in->len < 255u ? in->len : 255u;
  put(out, len);
  put_octets(out, from, in->data, len);
  put_octets(out, from, in->more, in->more_len);
}

static void put_payload(smtpc_octets *out, size_t from,
                        const script_record *in) {
  switch ((script_form)script_form_of(in->tag)) {
    case SCRIPT_FORM_NONE:
      break;
    case SCRIPT_FORM_NUMBER:
      put_number(out, in->number);
      break;
    case SCRIPT_FORM_FIELD:
    case SCRIPT_FORM_TWO:
    case SCRIPT_FORM_CUTOFF:
    case SCRIPT_FORM_FILL:
      put(out, in->field);
      put_number(out, in->number);
      break;
    case SCRIPT_FORM_OCTETS:
      put_octets(out, from, in->data, in->len);
      break;
    case SCRIPT_FORM_AIMED:
      put(out, in->field);
      put_octets(out, from, in->data, in->len);
      break;
    case SCRIPT_FORM_PAIR:
      put_pair(out, from, in);
      break;
    case SCRIPT_FORM_SWAP:
      put(out, in->field);
      put_pair(out, from, in);
      break;
  }
}

void script_encode(const script *in, smtpc_octets *out) {
  put(out, SCRIPT_VERSION);
  for (size_t i = 0u; i < in->count; i++) {
    const uint8_t head[HEAD_OCTETS] = {in->records[i].tag, 0u, 0u};
    smtpc_octets_add(out, head, sizeof head);
    const size_t from = out->len;
    put_payload(out, from, &in->records[i]);
    const size_t len = out->len - from;
    out->data[from - 2u] = (uint8_t)(len >> 8u);
    out->data[from - 1u] = (uint8_t)(len & 0xffu);
  }
}

// -------------------------------------------------------------------- policies

static void set_field(void *policy, field_row row, uint64_t number) {
  uint8_t *at = (uint8_t *)policy + row.at;
  const uint8_t one = (uint8_t)(number & UINT8_MAX);
  const uint16_t two = (uint16_t)(number & UINT16_MAX);
  const uint32_t four = (uint32_t)(number & UINT32_MAX);
  switch (row.width) {
    case sizeof one:
      *at = one;
      break;
    case sizeof two:
      memcpy(at, &two, sizeof two);
      break;
    case sizeof four:
      memcpy(at, &four, sizeof four);
      break;
    case sizeof number:
      memcpy(at, &number, sizeof number);
      break;
    default:
      break;
  }
}

// Returns how many fields were set.
static size_t set_fields(const script *in, unsigned tag,
                         const field_row rows[256], void *policy) {
  size_t count = 0u;
  for (size_t i = 0u; i < in->count; i++) {
    const script_record *record = &in->records[i];
    if (record->tag == tag) {
      set_field(policy, rows[record->field], record->number);
      count++;
    }
  }
  return count;
}

static void server_default(smtpc_server_policy *out) {
  smtpc_server_policy_init(out);
  out->certificate = 1u;
  out->size_max = 1000u;
  out->rcpt_max = 5u;
  out->errors_max = 20u;
}

int script_server_policy(const script *in, smtpc_server_policy *out) {
  server_default(out);
  if (set_fields(in, SCRIPT_SERVER_SET, server_fields, out) == 0u ||
      smtpc_server_policy_check(out) == SMTPC_OK) {
    return 1;
  }
  server_default(out);
  return 0;
}

static void client_default(smtpc_client_policy *out) {
  smtpc_client_policy_init(out);
  out->tls = SMTPC_CLIENT_TLS_OPPORTUNISTIC;
  out->auth = SMTPC_AUTH_ON;
}

int script_client_policy(const script *in, smtpc_client_policy *out) {
  client_default(out);
  if (set_fields(in, SCRIPT_CLIENT_SET, client_fields, out) == 0u ||
      smtpc_client_policy_check(out) == SMTPC_OK) {
    return 1;
  }
  client_default(out);
  return 0;
}

void script_tls_of(const script *in, script_tls *out) {
  static const script_tls zero = {0};
  *out = zero;
  (void)set_fields(in, SCRIPT_TLS_SET, tls_fields, out);
  if (out->floor < SMTPC_TLS_1_0 || out->floor > SMTPC_TLS_1_3) {
    out->floor = SMTPC_TLS_1_2;
  }
}
