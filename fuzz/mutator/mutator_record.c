// TLS records for the moves on scripts and on octets of a TLS peer: alerts, hellos, whole
// sessions of an engine without ciphers.
#include <string.h>

#include "fuzz/harness/tls_numbers.h"
#include "fuzz/mutator/mutator_parts_wire.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))
#define RANDOM_LEN 32u
#define SIGNATURE_LEN 64u
// What a server with an Ed25519 key takes under TLS 1.2.
#define ECDHE_ECDSA_SUITE 0xc02bu
#define HOST "mx.b.example"

#define NUMBER(name, number) number,
static const uint8_t alerts[] = {FUZZ_TLS_ALERT_LIST(NUMBER)};
static const uint8_t messages[] = {FUZZ_TLS_HANDSHAKE_LIST(NUMBER)};
static const uint16_t versions[] = {FUZZ_TLS_VERSION_LIST(NUMBER)};
static const uint16_t extensions[] = {FUZZ_TLS_EXTENSION_LIST(NUMBER)};
static const uint16_t suites[] = {FUZZ_TLS_SUITE_LIST(NUMBER)};
static const uint16_t groups[] = {FUZZ_TLS_GROUP_LIST(NUMBER)};
static const uint16_t signatures[] = {FUZZ_TLS_SIGNATURE_LIST(NUMBER)};
#undef NUMBER

enum {
#define EXTENSION(name, number) EXTENSION_##name = number,
  FUZZ_TLS_EXTENSION_LIST(EXTENSION)
#undef EXTENSION
#define MESSAGE(name, number) MESSAGE_##name = number,
      FUZZ_TLS_HANDSHAKE_LIST(MESSAGE)
#undef MESSAGE
};

// --------------------------------------------------------------------- numbers

unsigned fuzz_wire_any_alert(fuzz_choice *choice) {
  return fuzz_one_in(choice, 16u) != 0
             ? fuzz_choose(choice, 256u)
             : alerts[fuzz_pick(choice, COUNT(alerts))];
}

unsigned fuzz_wire_any_message(fuzz_choice *choice) {
  return fuzz_one_in(choice, 16u) != 0
             ? fuzz_choose(choice, 256u)
             : messages[fuzz_pick(choice, COUNT(messages))];
}

unsigned fuzz_wire_any_extension(fuzz_choice *choice) {
  return fuzz_one_in(choice, 16u) != 0
             ? fuzz_choose(choice, 65536u)
             : extensions[fuzz_pick(choice, COUNT(extensions))];
}

unsigned fuzz_wire_any_version(fuzz_choice *choice) {
  return fuzz_one_in(choice, 16u) != 0
             ? fuzz_choose(choice, 65536u)
             : versions[fuzz_pick(choice, COUNT(versions))];
}

// -------------------------------------------------------------------- records

static void put_one(fuzz_text *out, unsigned number) {
  const uint8_t octet = (uint8_t)(number & 0xffu);
  fuzz_text_add(out, &octet, 1u);
}

static void put_two(fuzz_text *out, unsigned number) {
  put_one(out, number >> 8u);
  put_one(out, number);
}

// Begins a part whose length stands before it in `width` octets; it ends with `end_part`.
static size_t begin_part(fuzz_text *out, size_t width) {
  fuzz_text_fill(out, 0u, width);
  return out->len;
}

// A text that is full may lack the length itself.
static void end_part(fuzz_text *out, size_t from, size_t width) {
  size_t len = out->len - from;
  for (size_t i = 1u; i <= width && i <= from; i++) {
    out->data[from - i] = (uint8_t)(len & 0xffu);
    len >>= 8u;
  }
}

int fuzz_wire_is_head(const uint8_t *data, size_t len) {
  return len >= FUZZ_WIRE_HEAD && data[0] >= FUZZ_WIRE_CIPHER &&
         data[0] <= FUZZ_WIRE_HEARTBEAT && data[1] == 3u && data[2] <= 4u &&
         (((size_t)data[3] << 8u) | data[4]) <= FUZZ_WIRE_RECORD_MAX;
}

size_t fuzz_wire_open(fuzz_text *out, unsigned type, unsigned version) {
  put_one(out, type);
  put_two(out, version);
  return begin_part(out, 2u);
}

void fuzz_wire_close(fuzz_text *out, size_t from) {
  end_part(out, from, 2u);
}

// The version that stands in records, mostly.
static unsigned record_version(fuzz_choice *choice) {
  return fuzz_one_in(choice, 24u) != 0
             ? versions[fuzz_pick(choice, COUNT(versions))]
             : 0x0303u;
}

void fuzz_wire_alert(fuzz_text *out, fuzz_choice *choice) {
  const size_t from =
      fuzz_wire_open(out, FUZZ_WIRE_ALERT, record_version(choice));
  put_one(out, fuzz_one_in(choice, 8u) != 0 ? fuzz_choose(choice, 4u)
                                            : 1u + fuzz_choose(choice, 2u));
  put_one(out, fuzz_wire_any_alert(choice));
  fuzz_wire_close(out, from);
}

// ---------------------------------------------------------------------- hellos

static void put_random(fuzz_text *out, fuzz_choice *choice, size_t len) {
  for (size_t i = 0u; i < len; i++) {
    put_one(out, fuzz_choose(choice, 256u));
  }
}

// A list of numbers of 16 bits: those that must be there, or any few.
static void put_list(fuzz_text *out, fuzz_choice *choice, const uint16_t *list,
                     size_t count) {
  const size_t from = begin_part(out, 2u);
  if (fuzz_one_in(choice, 16u) != 0) {
    for (size_t i = fuzz_pick(choice, count + 1u); i > 0u; i--) {
      put_two(out, list[fuzz_pick(choice, count)]);
    }
  } else {
    for (size_t i = 0u; i < count; i++) {
      put_two(out, list[i]);
    }
  }
  end_part(out, from, 2u);
}

static void put_server_name(fuzz_text *out, fuzz_choice *choice) {
  static const char *const names[] = {HOST, "other.example", "192.0.2.7",
                                      "",   "a b\\",         "MX.B.EXAMPLE."};
  const size_t list = begin_part(out, 2u);
  put_one(out, 0u);
  const size_t name = begin_part(out, 2u);
  fuzz_text_say(out, fuzz_one_in(choice, 6u) != 0
                         ? names[fuzz_pick(choice, COUNT(names))]
                         : HOST);
  end_part(out, name, 2u);
  end_part(out, list, 2u);
}

static void put_protocols(fuzz_text *out, fuzz_choice *choice) {
  static const char *const names[] = {"smtp", "h2", "lmtp", "http/1.1", "imap"};
  const size_t list = begin_part(out, 2u);
  for (size_t i = 1u + fuzz_pick(choice, 2u); i > 0u; i--) {
    const size_t name = begin_part(out, 1u);
    fuzz_text_say(out, fuzz_one_in(choice, 6u) != 0
                           ? names[fuzz_pick(choice, COUNT(names))]
                           : "smtp");
    end_part(out, name, 1u);
  }
  end_part(out, list, 2u);
}

static void put_share(fuzz_text *out, fuzz_choice *choice) {
  put_two(out, fuzz_one_in(choice, 24u) != 0
                   ? groups[fuzz_pick(choice, COUNT(groups))]
                   : groups[0]);
  const size_t key = begin_part(out, 2u);
  put_random(
      out, choice,
      fuzz_one_in(choice, 16u) != 0 ? fuzz_pick(choice, 40u) : RANDOM_LEN);
  end_part(out, key, 2u);
}

// What an extension has inside; those that are not known here have nothing.
static void put_inside(fuzz_text *out, fuzz_choice *choice, unsigned id,
                       fuzz_role role) {
  size_t from = 0u;
  switch (id) {
    case EXTENSION_SERVER_NAME:
      if (role == FUZZ_ROLE_CLIENT) {
        put_server_name(out, choice);
      }
      break;
    case EXTENSION_ALPN:
      put_protocols(out, choice);
      break;
    case EXTENSION_SUPPORTED_GROUPS:
      put_list(out, choice, groups, COUNT(groups));
      break;
    case EXTENSION_SIGNATURE_ALGORITHMS:
    case EXTENSION_SIGNATURE_ALGORITHMS_CERT:
      put_list(out, choice, signatures, COUNT(signatures));
      break;
    case EXTENSION_SUPPORTED_VERSIONS:
      if (role == FUZZ_ROLE_SERVER) {
        put_two(out, 0x0304u);
        break;
      }
      from = begin_part(out, 1u);
      put_two(out, 0x0304u);
      put_two(out, 0x0303u);
      end_part(out, from, 1u);
      break;
    case EXTENSION_KEY_SHARE:
      from = role == FUZZ_ROLE_CLIENT ? begin_part(out, 2u) : 0u;
      put_share(out, choice);
      if (role == FUZZ_ROLE_CLIENT) {
        end_part(out, from, 2u);
      }
      break;
    case EXTENSION_RENEGOTIATION_INFO:
      put_one(out, 0u);
      break;
    case EXTENSION_EC_POINT_FORMATS:
      put_two(out, 0x0100u);
      break;
    case EXTENSION_PSK_KEY_EXCHANGE_MODES:
      put_two(out, 0x0101u);
      break;
    default:
      break;
  }
}

static void put_extension(fuzz_text *out, fuzz_choice *choice, unsigned id,
                          fuzz_role role) {
  put_two(out, id);
  const size_t from = begin_part(out, 2u);
  put_inside(out, choice, id, role);
  end_part(out, from, 2u);
}

// Those of a hello, each left out now and then, and another one now and then; those of a
// client of TLS 1.2 do not know better versions.
static void put_extensions(fuzz_text *out, fuzz_choice *choice, fuzz_role role,
                           int is_old) {
  static const uint16_t client[] = {
      EXTENSION_SERVER_NAME,          EXTENSION_SUPPORTED_GROUPS,
      EXTENSION_SIGNATURE_ALGORITHMS, EXTENSION_ALPN,
      EXTENSION_SUPPORTED_VERSIONS,   EXTENSION_KEY_SHARE,
      EXTENSION_EC_POINT_FORMATS,     EXTENSION_EXTENDED_MASTER_SECRET,
      EXTENSION_RENEGOTIATION_INFO,   EXTENSION_PSK_KEY_EXCHANGE_MODES};
  static const uint16_t server[] = {EXTENSION_SUPPORTED_VERSIONS,
                                    EXTENSION_KEY_SHARE};
  const uint16_t *ids = role == FUZZ_ROLE_CLIENT ? client : server;
  const size_t count = role == FUZZ_ROLE_CLIENT ? COUNT(client) : COUNT(server);
  const size_t from = begin_part(out, 2u);
  for (size_t i = 0u; i < count; i++) {
    const int is_newer = ids[i] == EXTENSION_SUPPORTED_VERSIONS;
    if (fuzz_one_in(choice, 48u) == 0 && (is_old == 0 || is_newer == 0)) {
      put_extension(out, choice, ids[i], role);
    }
  }
  if (fuzz_one_in(choice, 6u) != 0) {
    put_extension(out, choice, fuzz_wire_any_extension(choice), role);
  }
  end_part(out, from, 2u);
}

static void put_hello(fuzz_text *out, fuzz_choice *choice, fuzz_role role,
                      int is_old) {
  put_one(out, role == FUZZ_ROLE_CLIENT ? MESSAGE_CLIENT_HELLO
                                        : MESSAGE_SERVER_HELLO);
  const size_t body = begin_part(out, 3u);
  put_two(out, record_version(choice));
  put_random(out, choice, RANDOM_LEN);
  const size_t session = begin_part(out, 1u);
  put_random(out, choice, fuzz_one_in(choice, 2u) != 0 ? RANDOM_LEN : 0u);
  end_part(out, session, 1u);
  if (role == FUZZ_ROLE_CLIENT) {
    // The last one says that a better version was tried before.
    put_list(
        out, choice, suites,
        fuzz_one_in(choice, 24u) != 0 ? COUNT(suites) : COUNT(suites) - 1u);
    put_two(out, 0x0100u);
  } else {
    put_two(out, suites[fuzz_pick(choice, COUNT(suites))]);
    put_one(out, 0u);
  }
  put_extensions(out, choice, role, is_old);
  end_part(out, body, 3u);
}

static void put_hello_record(fuzz_text *out, fuzz_choice *choice,
                             fuzz_role role, int is_old) {
  const unsigned version =
      fuzz_one_in(choice, 2u) != 0 ? 0x0301u : record_version(choice);
  const size_t from = fuzz_wire_open(out, FUZZ_WIRE_HANDSHAKE, version);
  put_hello(out, choice, role, is_old);
  fuzz_wire_close(out, from);
}

void fuzz_wire_hello(fuzz_text *out, fuzz_choice *choice, fuzz_role role) {
  put_hello_record(out, choice, role, fuzz_one_in(choice, 4u));
}

// -------------------------------------------------------------------- sessions

static void put_message(fuzz_text *out, fuzz_choice *choice, unsigned type,
                        size_t len) {
  put_one(out, type);
  const size_t body = begin_part(out, 3u);
  put_random(out, choice, len);
  end_part(out, body, 3u);
}

static void put_cipher(fuzz_text *out, fuzz_choice *choice) {
  const size_t from =
      fuzz_wire_open(out, FUZZ_WIRE_CIPHER, record_version(choice));
  put_one(out, fuzz_one_in(choice, 24u) != 0 ? fuzz_choose(choice, 3u) : 1u);
  fuzz_wire_close(out, from);
}

// TLS 1.3 has a record's type behind its octets.
static void put_data(fuzz_text *out, fuzz_choice *choice, int is_new) {
  const size_t from = fuzz_wire_open(out, FUZZ_WIRE_DATA, 0x0303u);
  fuzz_wire_clear(out, choice);
  if (is_new != 0) {
    put_one(out, FUZZ_WIRE_DATA);
  }
  fuzz_wire_close(out, from);
}

static void put_key_exchange(fuzz_text *out, fuzz_choice *choice) {
  const size_t from = fuzz_wire_open(out, FUZZ_WIRE_HANDSHAKE, 0x0303u);
  put_one(out, MESSAGE_CLIENT_KEY_EXCHANGE);
  const size_t body = begin_part(out, 3u);
  const size_t key = begin_part(out, 1u);
  put_random(out, choice, RANDOM_LEN);
  end_part(out, key, 1u);
  end_part(out, body, 3u);
  fuzz_wire_close(out, from);
}

// As TLS 1.2 has it, behind the record that changes ciphers.
static void put_finished_old(fuzz_text *out, fuzz_choice *choice) {
  put_cipher(out, choice);
  const size_t from = fuzz_wire_open(out, FUZZ_WIRE_HANDSHAKE, 0x0303u);
  put_message(out, choice, MESSAGE_FINISHED, 12u);
  fuzz_wire_close(out, from);
}

static void put_finished_new(fuzz_text *out, fuzz_choice *choice) {
  if (fuzz_one_in(choice, 2u) != 0) {
    put_cipher(out, choice);
  }
  const size_t from = fuzz_wire_open(out, FUZZ_WIRE_DATA, 0x0303u);
  put_message(out, choice, MESSAGE_FINISHED,
              fuzz_one_in(choice, 4u) != 0 ? 48u : 32u);
  put_one(out, FUZZ_WIRE_HANDSHAKE);
  fuzz_wire_close(out, from);
}

// A certificate of no name with an Ed25519 key, in DER, which nobody signed.
static void put_certificate(fuzz_text *out, fuzz_choice *choice) {
  static const char head[] =
      "\x30\x81\xab\x30\x5f\xa0\x03\x02\x01\x02\x02\x01\x01"
      "\x30\x05\x06\x03\x2b\x65\x70\x30\x00\x30\x1e\x17\x0d"
      "250101000000Z\x17\x0d"
      "270101000000Z\x30\x00\x30\x2a\x30\x05\x06\x03\x2b\x65\x70"
      "\x03\x21\x00";
  static const char tail[] = "\x30\x05\x06\x03\x2b\x65\x70\x03\x41\x00";
  put_one(out, MESSAGE_CERTIFICATE);
  const size_t body = begin_part(out, 3u);
  const size_t list = begin_part(out, 3u);
  const size_t certificate = begin_part(out, 3u);
  fuzz_text_add(out, head, sizeof head - 1u);
  put_random(out, choice, RANDOM_LEN);
  fuzz_text_add(out, tail, sizeof tail - 1u);
  put_random(out, choice, SIGNATURE_LEN);
  end_part(out, certificate, 3u);
  end_part(out, list, 3u);
  end_part(out, body, 3u);
}

// What a server of TLS 1.2 says up to its turn's end.
static void put_server_flight(fuzz_text *out, fuzz_choice *choice) {
  const size_t from = fuzz_wire_open(out, FUZZ_WIRE_HANDSHAKE, 0x0303u);
  put_one(out, MESSAGE_SERVER_HELLO);
  size_t body = begin_part(out, 3u);
  put_two(out, 0x0303u);
  put_random(out, choice, RANDOM_LEN);
  put_one(out, 0u);
  put_two(out, fuzz_one_in(choice, 4u) != 0
                   ? suites[fuzz_pick(choice, COUNT(suites))]
                   : ECDHE_ECDSA_SUITE);
  put_one(out, 0u);
  if (fuzz_one_in(choice, 2u) != 0) {
    const size_t list = begin_part(out, 2u);
    put_extension(out, choice, EXTENSION_RENEGOTIATION_INFO, FUZZ_ROLE_SERVER);
    if (fuzz_one_in(choice, 4u) != 0) {
      put_extension(out, choice, fuzz_wire_any_extension(choice),
                    FUZZ_ROLE_SERVER);
    }
    end_part(out, list, 2u);
  }
  end_part(out, body, 3u);
  put_certificate(out, choice);
  put_one(out, MESSAGE_SERVER_KEY_EXCHANGE);
  body = begin_part(out, 3u);
  put_one(out, 3u);
  put_two(out, groups[0]);
  put_one(out, RANDOM_LEN);
  put_random(out, choice, RANDOM_LEN);
  put_two(out, signatures[0]);
  put_two(out, SIGNATURE_LEN);
  put_random(out, choice, SIGNATURE_LEN);
  end_part(out, body, 3u);
  put_message(out, choice, MESSAGE_SERVER_HELLO_DONE, 0u);
  fuzz_wire_close(out, from);
}

void fuzz_wire_session(fuzz_text *out, fuzz_choice *choice, fuzz_role role) {
  const int is_new = role == FUZZ_ROLE_CLIENT && fuzz_one_in(choice, 2u) != 0;
  if (fuzz_one_in(choice, 16u) != 0) {
    fuzz_text_say(out, "EHLO a.example\r\nSTARTTLS\r\n");
  }
  if (role == FUZZ_ROLE_SERVER) {
    put_server_flight(out, choice);
    put_finished_old(out, choice);
  } else {
    put_hello_record(out, choice, role, is_new == 0);
    if (is_new != 0) {
      put_finished_new(out, choice);
    } else {
      put_key_exchange(out, choice);
      put_finished_old(out, choice);
    }
  }
  for (size_t i = fuzz_pick(choice, 4u); i > 0u; i--) {
    put_data(out, choice, is_new);
  }
  if (fuzz_one_in(choice, 2u) != 0) {
    fuzz_wire_alert(out, choice);
  }
}

void fuzz_wire_clear(fuzz_text *out, fuzz_choice *choice) {
  static const char *const lines[] = {"EHLO a.example\r\n",
                                      "STARTTLS\r\n",
                                      "RSET\r\n",
                                      "QUIT\r\n",
                                      "220 ready\r\n",
                                      "250 mx.example\r\n",
                                      "454 4.7.0 not now\r\n",
                                      "GET / HTTP/1.1\r\n\r\n",
                                      "MAIL FROM:<a@b.example>\r\n"};
  if (fuzz_one_in(choice, 2u) != 0) {
    fuzz_text_say(out, lines[fuzz_pick(choice, COUNT(lines))]);
  } else {
    fuzz_grammar_turn(
        out, choice,
        fuzz_one_in(choice, 2u) != 0 ? FUZZ_ROLE_SERVER : FUZZ_ROLE_CLIENT);
  }
}

// Handshake messages that mean something at any time, and those of no time.
static void put_messages(fuzz_text *out, fuzz_choice *choice) {
  const size_t from =
      fuzz_wire_open(out, FUZZ_WIRE_HANDSHAKE, record_version(choice));
  for (size_t i = 1u + fuzz_pick(choice, 2u); i > 0u; i--) {
    switch (fuzz_choose(choice, 4u)) {
      case 0u:
        put_message(out, choice, MESSAGE_HELLO_REQUEST, 0u);
        break;
      case 1u:
        put_message(out, choice, MESSAGE_KEY_UPDATE, 1u);
        break;
      default:
        put_message(out, choice, fuzz_wire_any_message(choice),
                    fuzz_pick(choice, 40u));
        break;
    }
  }
  fuzz_wire_close(out, from);
}

// A record of a boundary's length, or a head that is all there is.
static void put_long(fuzz_text *out, fuzz_choice *choice) {
  static const uint16_t lengths[] = {255u,   256u,   1024u, 16383u,
                                     16384u, 16385u, 16640u};
  const uint16_t len =
      lengths[fuzz_one_in(choice, 4u) != 0 ? fuzz_pick(choice, COUNT(lengths))
                                           : fuzz_pick(choice, 3u)];
  const size_t from = fuzz_wire_open(
      out, FUZZ_WIRE_CIPHER + fuzz_choose(choice, 5u), record_version(choice));
  fuzz_text_fill(out, 0u, len);
  fuzz_wire_close(out, from);
}

static void put_empty(fuzz_text *out, fuzz_choice *choice) {
  const unsigned type = FUZZ_WIRE_CIPHER + fuzz_choose(choice, 5u);
  const unsigned version = record_version(choice);
  // BoringSSL takes 32 in a row.
  const size_t count =
      fuzz_one_in(choice, 6u) != 0 ? 30u + fuzz_pick(choice, 5u) : 1u;
  for (size_t i = 0u; i < count; i++) {
    (void)fuzz_wire_open(out, type, version);
  }
}

void fuzz_wire_record(fuzz_text *out, fuzz_choice *choice) {
  switch (fuzz_choose(choice, 10u)) {
    case 0u:
    case 1u:
      fuzz_wire_alert(out, choice);
      break;
    case 2u:
      put_cipher(out, choice);
      break;
    case 3u:
      put_empty(out, choice);
      break;
    case 4u:
      fuzz_wire_hello(out, choice, FUZZ_ROLE_CLIENT);
      break;
    case 5u:
      fuzz_wire_hello(out, choice, FUZZ_ROLE_SERVER);
      break;
    case 6u:
    case 7u:
      put_messages(out, choice);
      break;
    case 8u:
      put_long(out, choice);
      break;
    default:
      put_data(out, choice, fuzz_one_in(choice, 2u));
      break;
  }
}
