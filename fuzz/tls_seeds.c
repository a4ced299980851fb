// tls_seeds: records the seeds of the raw TLS targets from real handshakes, and writes
// those that are made by hand.
//
//     tls_seeds to-server FOLDER    what clients say: tls_raw_server, tls_deep_server
//     tls_seeds to-client FOLDER    what servers say: tls_raw_client, tls_deep_client
//
// Compiled over BoringSSL's fuzzer mode it records those of the deep targets. The same
// source makes the same octets each time: fuzz/tools/make.py tls-seeds calls it.
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/tls/credentials.h"
#include "fuzz/tls/random.h"
#include "shim/boringssl/tls_boringssl.h"
#include "shim/mem/mem.h"

#define RECORD_HEAD 5u
#define RECORD_DATA 0x17u
#define ROUNDS_MAX 20u

static const char *folder;

static void fail(const char *why) {
  fprintf(stderr, "tls_seeds: %s\n", why);
  exit(1);
}

static void write_seed(const char *name, const void *data, size_t len) {
  char path[4096];
  (void)snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "wb");
  if (file == NULL || fwrite(data, 1u, len, file) != len || fclose(file) != 0) {
    fail(path);
  }
}

// ------------------------------------------------------------------------ sides

// scene is how a handshake that is recorded differs from an honest one of today.
typedef struct scene {
  const char *name;
  uint16_t version;
  unsigned identity;
  uint16_t low;      // lowest version that is offered; 0: `version`
  const char *alpn;  // with lengths before each; NULL: none
  const char *host;  // in the hello; NULL: TLS_HOST, "": none
  unsigned asks;     // 1: the server asks for a certificate; 2: demands it
  unsigned ticket;   // 1: tickets are on
  unsigned update;   // 1: keys are changed after the handshake
  unsigned verify;   // 1: the client checks what it is shown
  const char *const
      *said;        // lines that the recorded side says then; ends with NULL
  unsigned closes;  // 1: with close_notify at the end
} scene;

typedef struct both {
  smtpc_tls *side[2];    // by role
  smtpc_octets wire[2];  // what it said
} both;

static smtpc_tls *open_side(const scene *s, smtpc_tls_role role) {
  smtpc_tls_peer peer;
  smtpc_tls *tls = NULL;
  memset(&peer, 0, sizeof peer);
  peer.role = (uint8_t)role;
  peer.min_version = s->low != 0u ? s->low : s->version;
  if (role == SMTPC_TLS_CLIENT) {
    peer.verify = (uint8_t)s->verify;
    peer.name_len = sizeof TLS_HOST - 1u;
    memcpy(peer.name, TLS_HOST, peer.name_len);
  }
  if (smtpc_tls_open(&tls, tls_context(s->identity), &peer) != SMTPC_OK) {
    fail("no engine");
  }
  return tls;
}

static int accept_any(int ok, X509_STORE_CTX *store) {
  (void)ok;
  (void)store;
  return 1;
}

static int dress(const scene *s, SSL *ssl) {
  if (s->ticket != 0u) {
    (void)SSL_clear_options(ssl, SSL_OP_NO_TICKET);
  }
  return SSL_set_max_proto_version(ssl, s->version);
}

static void dress_client(const scene *s, SSL *ssl) {
  int good = dress(s, ssl);
  if (s->alpn != NULL) {
    good &= SSL_set_alpn_protos(ssl, (const uint8_t *)s->alpn,
                                (unsigned)strlen(s->alpn)) == 0;
  }
  if (s->host != NULL) {
    good &= SSL_set_tlsext_host_name(ssl, s->host[0] != '\0' ? s->host : NULL);
  }
  if (good != 1) {
    fail("a client cannot be set");
  }
}

static void dress_server(const scene *s, SSL *ssl) {
  const int mode = s->asks > 1u
                       ? SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT
                       : SSL_VERIFY_PEER;
  if (dress(s, ssl) != 1) {
    fail("a server cannot be set");
  }
  if (s->asks != 0u) {
    SSL_set_verify(ssl, mode, accept_any);
  }
}

static size_t carry(both *b, smtpc_tls_role from) {
  uint8_t octets[8192];
  size_t len = 0u;
  size_t used = 0u;
  (void)smtpc_tls_pull(b->side[from], octets, sizeof octets, &len);
  smtpc_octets_add(&b->wire[from], octets, len);
  (void)smtpc_tls_push(b->side[1u - (unsigned)from], octets, len, &used);
  return len;
}

static void shake(both *b) {
  size_t moved = 1u;
  for (size_t i = 0u; moved > 0u && i < ROUNDS_MAX; i++) {
    (void)smtpc_tls_handshake(b->side[SMTPC_TLS_CLIENT], NULL);
    moved = carry(b, SMTPC_TLS_CLIENT);
    (void)smtpc_tls_handshake(b->side[SMTPC_TLS_SERVER], NULL);
    moved += carry(b, SMTPC_TLS_SERVER);
  }
}

static void say(both *b, const scene *s, smtpc_tls_role role) {
  for (size_t i = 0u; s->said != NULL && s->said[i] != NULL; i++) {
    const char *line = s->said[i];
    if (smtpc_tls_write(b->side[role], (const uint8_t *)line, strlen(line)) !=
        SMTPC_OK) {
      return;
    }
    if (s->update != 0u && i == 0u) {
      (void)SSL_key_update(smtpc_boringssl_native(b->side[role]),
                           SSL_KEY_UPDATE_REQUESTED);
    }
  }
  if (s->closes != 0u) {
    smtpc_tls_close(b->side[role]);
  }
  (void)carry(b, role);
}

// Plays a scene; `b->wire` holds what was said then.
static void play(const scene *s, smtpc_tls_role role, both *b) {
  tls_random_reset(0u);
  memset(b, 0, sizeof *b);
  b->side[SMTPC_TLS_CLIENT] = open_side(s, SMTPC_TLS_CLIENT);
  dress_client(s, smtpc_boringssl_native(b->side[SMTPC_TLS_CLIENT]));
  // The client draws its random octets first, as it does in its target.
  (void)smtpc_tls_handshake(b->side[SMTPC_TLS_CLIENT], NULL);
  b->side[SMTPC_TLS_SERVER] = open_side(s, SMTPC_TLS_SERVER);
  dress_server(s, smtpc_boringssl_native(b->side[SMTPC_TLS_SERVER]));
  shake(b);
  say(b, s, role);
}

static void let_go(both *b) {
  for (unsigned i = 0u; i < 2u; i++) {
    smtpc_tls_free(b->side[i]);
    smtpc_octets_free(&b->wire[i]);
  }
}

static void record(const scene *s, smtpc_tls_role role) {
  both b;
  play(s, role, &b);
  if (b.wire[role].len == 0u) {
    fail(s->name);
  }
  write_seed(s->name, b.wire[role].data, b.wire[role].len);
  let_go(&b);
}

// ----------------------------------------------------------------- what is said

static const char *const session[] = {"EHLO a.example\r\n",
                                      "MAIL FROM:<s@a.example>\r\n",
                                      "RCPT TO:<r@b.example>\r\n",
                                      "DATA\r\n",
                                      "Subject: x\r\n\r\nhello\r\n.\r\n",
                                      "QUIT\r\n",
                                      NULL};
static const char *const group[] = {
    "EHLO a.example\r\nMAIL FROM:<s@a.example>\r\nRCPT TO:<r@b.example>\r\n"
    "DATA\r\nx\r\n.\r\nQUIT\r\n",
    NULL};
static const char *const login[] = {
    "EHLO a.example\r\n",
    "AUTH PLAIN AGNhbmFyeS11c2VyAGNhbmFyeTpwYTU1d29yZA==\r\n", "QUIT\r\n",
    NULL};
static const char *const starttls[] = {"EHLO a.example\r\nSTARTTLS\r\n", NULL};
static const char *const half[] = {"EHLO a.example\r\nMAIL FR", NULL};

static const char *const replies[] = {"250-mx.b.example\r\n250 SIZE 1000\r\n",
                                      "250 ok\r\n",
                                      "250 ok\r\n",
                                      "354 go\r\n",
                                      "250 stored\r\n",
                                      "221 bye\r\n",
                                      NULL};
static const char *const logins[] = {
    "250-mx.b.example\r\n250 AUTH PLAIN SCRAM-SHA-256-PLUS\r\n",
    "235 welcome\r\n", "250 ok\r\n", NULL};
static const char *const offers[] = {"250-mx.b.example\r\n250 STARTTLS\r\n",
                                     NULL};
static const char *const greets[] = {"220 mx.b.example\r\n",
                                     "250 mx.b.example\r\n", NULL};
static const char *const cut[] = {"250-mx.b.exa", NULL};

#define V2 SMTPC_TLS_1_2
#define V3 SMTPC_TLS_1_3

static const scene to_server[] = {
    {.name = "tls13-session", .version = V3, .said = session, .closes = 1u},
    {.name = "tls12-session", .version = V2, .said = session, .closes = 1u},
    {.name = "tls13-pipelined", .version = V3, .said = group, .closes = 1u},
    {.name = "tls12-pipelined", .version = V2, .said = group},
    {.name = "tls13-login", .version = V3, .said = login, .closes = 1u},
    {.name = "tls12-login", .version = V2, .said = login},
    {.name = "tls13-starttls-inside", .version = V3, .said = starttls},
    {.name = "tls12-starttls-inside", .version = V2, .said = starttls},
    {.name = "tls13-half-a-line", .version = V3, .said = half},
    {.name = "tls12-half-a-line-closed",
     .version = V2,
     .said = half,
     .closes = 1u},
    {.name = "tls13-key-update", .version = V3, .said = session, .update = 1u},
    {.name = "tls13-closed-at-once", .version = V3, .closes = 1u},
    {.name = "tls13-tickets", .version = V3, .said = session, .ticket = 1u},
    {.name = "tls12-tickets", .version = V2, .said = session, .ticket = 1u},
    {.name = "tls13-or-12", .version = V3, .low = V2, .said = session},
    {.name = "alpn-smtp", .version = V3, .alpn = "\4smtp", .said = session},
    {.name = "alpn-others-and-smtp", .version = V3, .alpn = "\2h2\4smtp"},
    {.name = "alpn-others", .version = V3, .alpn = "\2h2\10http/1.1"},
    {.name = "tls12-alpn-others", .version = V2, .alpn = "\2h2"},
    {.name = "name-of-another", .version = V3, .host = "other.example"},
    {.name = "name-missing", .version = V3, .host = ""},
    {.name = "name-is-no-host", .version = V3, .host = "a_b@c"},
    {.name = "distrusts-our-certificate",
     .version = V3,
     .identity = TLS_STRANGER,
     .verify = 1u},
    {.name = "tls12-finds-us-expired",
     .version = V2,
     .identity = TLS_EXPIRED,
     .verify = 1u},
    {.name = "tls12-hello-alone-versions-to-10", .version = V2, .low = 0x301u},
    {.name = "tls11-hello", .version = 0x302u},
    {.name = "tls10-hello", .version = 0x301u},
};

static const scene to_client[] = {
    {.name = "tls13-session", .version = V3, .said = replies, .closes = 1u},
    {.name = "tls12-session", .version = V2, .said = replies, .closes = 1u},
    {.name = "tls13-login", .version = V3, .said = logins},
    {.name = "tls12-login", .version = V2, .said = logins},
    {.name = "tls13-starttls-inside", .version = V3, .said = offers},
    {.name = "tls12-starttls-inside", .version = V2, .said = offers},
    {.name = "tls13-greeting", .version = V3, .said = greets, .closes = 1u},
    {.name = "tls12-greeting", .version = V2, .said = greets},
    {.name = "tls13-half-a-reply", .version = V3, .said = cut},
    {.name = "tls12-half-a-reply-closed",
     .version = V2,
     .said = cut,
     .closes = 1u},
    {.name = "tls13-key-update", .version = V3, .said = replies, .update = 1u},
    {.name = "tls13-tickets", .version = V3, .said = replies, .ticket = 1u},
    {.name = "tls12-tickets", .version = V2, .said = replies, .ticket = 1u},
    {.name = "tls13-asks-certificate",
     .version = V3,
     .said = replies,
     .asks = 1u},
    {.name = "tls12-asks-certificate",
     .version = V2,
     .said = replies,
     .asks = 1u},
    {.name = "tls13-demands-certificate", .version = V3, .asks = 2u},
    {.name = "tls12-demands-certificate", .version = V2, .asks = 2u},
    {.name = "tls13-or-12", .version = V3, .low = V2, .said = replies},
};

// -------------------------------------------------------------------- by hand

#define HAND(name, text) \
  { name, text, sizeof(text) - 1u }
#define ALERT(level, what) "\x15\x03\x03\0\x02" level what

typedef struct hand {
  const char *name;
  const char *data;
  size_t len;
} hand;

static const hand by_hand[] = {
    HAND("nothing", ""),
    HAND("one-octet-of-a-record", "\x16"),
    HAND("head-of-a-record-alone", "\x16\x03\x01\x02\0"),
    HAND("alert-close-notify", ALERT("\x01", "\0")),
    HAND("alert-unexpected-message", ALERT("\x02", "\x0a")),
    HAND("alert-handshake-failure", ALERT("\x02", "\x28")),
    HAND("alert-bad-certificate", ALERT("\x02", "\x2a")),
    HAND("alert-certificate-expired", ALERT("\x02", "\x2d")),
    HAND("alert-unknown-ca", ALERT("\x02", "\x30")),
    HAND("alert-protocol-version", ALERT("\x02", "\x46")),
    HAND("alert-insufficient-security", ALERT("\x02", "\x47")),
    HAND("alert-internal-error", ALERT("\x02", "\x50")),
    HAND("alert-inappropriate-fallback", ALERT("\x02", "\x56")),
    HAND("alert-user-cancelled", ALERT("\x01", "\x5a")),
    HAND("alert-unrecognized-name", ALERT("\x01", "\x70")),
    HAND("alert-certificate-required", ALERT("\x02", "\x74")),
    HAND("alert-no-application-protocol", ALERT("\x02", "\x78")),
    HAND("alert-of-no-known-level", ALERT("\x03", "\x28")),
    HAND("alert-too-short", "\x15\x03\x03\0\x01\x02"),
    HAND("alert-then-smtp", ALERT("\x02", "\x28") "RSET\r\nQUIT\r\n"),
    HAND("smtp-commands", "EHLO a.example\r\nMAIL FROM:<m@evil.example>\r\n"),
    HAND("smtp-replies", "250-mx.b.example\r\n250 AUTH PLAIN\r\n"),
    HAND("smtp-refusal", "454 4.7.0 TLS not available\r\n"),
    HAND("http-request", "GET / HTTP/1.1\r\nHost: mx.b.example\r\n\r\n"),
    HAND("http-response", "HTTP/1.1 400 Bad Request\r\n\r\n"),
    HAND("http-proxy-request", "CONNECT mx.b.example:25 HTTP/1.1\r\n\r\n"),
    HAND("ssl2-hello",
         "\x80\x2e\x01\x03\x01\0\x15\0\0\0\x10\x01\0\x80\x03\0\x80\x07\0\xc0"
         "\x06\0\x40\x02\0\x80\x04\0\x80\0\0\x04\0\xfe\xff\0\0\x0a"
         "0123456789abcdef"),
    HAND("ssl2-head-in-a-record", "\x16\x02\0\0\x04\x01\0\0\0"),
    HAND("version-of-a-far-future", "\x16\x04\0\0\x04\x01\0\0\0"),
    HAND("change-cipher-spec-first", "\x14\x03\x03\0\x01\x01"),
    HAND("application-data-first", "\x17\x03\x03\0\x06RSET\r\n"),
    HAND("heartbeat", "\x18\x03\x03\0\x03\x01\x40\0"),
    HAND("record-without-octets", "\x16\x03\x03\0\0"),
    HAND("record-too-long", "\x16\x03\x03\x48\x01\x01\0\0\0"),
    HAND("message-too-long", "\x16\x03\x03\0\x04\x01\xff\xff\xff"),
    HAND("message-of-no-known-type", "\x16\x03\x03\0\x04\x63\0\0\0"),
    HAND("hello-request", "\x16\x03\x03\0\x04\0\0\0\0"),
    HAND("finished-first",
         "\x16\x03\x03\0\x10\x14\0\0\x0c"
         "abcdefghijkl"),
    HAND("hello-without-content", "\x16\x03\x01\0\x04\x01\0\0\0"),
    HAND("server-hello-without-content", "\x16\x03\x03\0\x04\x02\0\0\0"),
    HAND("zeros", "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
};

static void write_by_hand(void) {
  for (size_t i = 0u; i < sizeof by_hand / sizeof by_hand[0]; i++) {
    write_seed(by_hand[i].name, by_hand[i].data, by_hand[i].len);
  }
  smtpc_octets many = {0};
  for (size_t i = 0u; i < 40u; i++) {
    smtpc_octets_add(&many, "\x16\x03\x03\0\0", RECORD_HEAD);
  }
  write_seed("records-without-octets", many.data, many.len);
  smtpc_octets_clear(&many);
  for (size_t i = 0u; i < 8u; i++) {
    smtpc_octets_add(&many, "\x15\x03\x03\0\x02\x01\x5a", 7u);
  }
  write_seed("alerts-user-cancelled", many.data, many.len);
  smtpc_octets_free(&many);
}

// ------------------------------------------------------------------- variations

static size_t record_len(const smtpc_octets *wire, size_t at) {
  if (wire->len - at < RECORD_HEAD) {
    return wire->len - at;
  }
  const size_t len =
      RECORD_HEAD + (((size_t)wire->data[at + 3u] << 8u) | wire->data[at + 4u]);
  return len < wire->len - at ? len : wire->len - at;
}

// The first record again, as records of `piece` octets each.
static void write_fragments(const char *name, const smtpc_octets *wire,
                            size_t piece) {
  const size_t first = record_len(wire, 0u);
  smtpc_octets out = {0};
  for (size_t at = RECORD_HEAD; at < first; at += piece) {
    const size_t len = first - at < piece ? first - at : piece;
    const uint8_t head[RECORD_HEAD] = {wire->data[0], wire->data[1],
                                       wire->data[2], 0u, (uint8_t)len};
    smtpc_octets_add(&out, head, sizeof head);
    smtpc_octets_add(&out, wire->data + at, len);
  }
  smtpc_octets_add(&out, wire->data + first, wire->len - first);
  write_seed(name, out.data, out.len);
  smtpc_octets_free(&out);
}

static void write_then(const char *name, const smtpc_octets *wire, size_t len,
                       const void *more, size_t more_len) {
  smtpc_octets out = {0};
  smtpc_octets_add(&out, wire->data, len);
  smtpc_octets_add(&out, more, more_len);
  write_seed(name, out.data, out.len);
  smtpc_octets_free(&out);
}

// How much of it there is up to the end of the first record of data.
static size_t len_to_data(const smtpc_octets *wire) {
  size_t at = 0u;
  int data = 0;
  while (at < wire->len && data == 0) {
    data = wire->data[at] == RECORD_DATA;
    at += record_len(wire, at);
  }
  return at;
}

// What an honest handshake of one version gives when it is cut, repeated, mixed.
static void write_variations(const char *version, const scene *s,
                             smtpc_tls_role role) {
  both b;
  char name[80];
  play(s, role, &b);
  const smtpc_octets *wire = &b.wire[role];
  const smtpc_octets *other = &b.wire[1u - (unsigned)role];
  const size_t first = record_len(wire, 0u);
#define NAME(what) \
  ((void)snprintf(name, sizeof name, "%s-%s", version, what), name)
  write_then(NAME("first-record"), wire, first, NULL, 0u);
  write_then(NAME("cut-in-the-first-record"), wire, first / 2u, NULL, 0u);
  write_then(NAME("cut-in-the-second-record"), wire, first + 3u, NULL, 0u);
  write_then(NAME("first-record-twice"), wire, first, wire->data, first);
  write_then(NAME("first-record-then-smtp"), wire, first, "RSET\r\n", 6u);
  write_then(NAME("first-record-then-alert"), wire, first,
             "\x15\x03\x03\0\x02\x02\x30", 7u);
  write_then(NAME("first-record-then-early-data"), wire, first,
             "\x17\x03\x03\0\x06RSET\r\n", 11u);
  write_then(NAME("all-then-smtp"), wire, wire->len, "RSET\r\n", 6u);
  write_then(NAME("all-then-alert"), wire, wire->len,
             "\x15\x03\x03\0\x02\x02\x50", 7u);
  write_then(NAME("all-then-hello-request"), wire, wire->len,
             "\x16\x03\x03\0\x04\0\0\0\0", 9u);
  write_then(NAME("hello-request-within"), wire, len_to_data(wire),
             "\x16\x03\x03\0\x04\0\0\0\0", 9u);
  write_then(NAME("all-then-another-handshake"), wire, wire->len, wire->data,
             first);
  write_then(NAME("own-octets-come-back"), other, other->len, NULL, 0u);
  write_fragments(NAME("in-fragments"), wire, 40u);
  write_fragments(NAME("in-octets"), wire, 1u);
#undef NAME
  let_go(&b);
}

static void write_identities(void) {
  for (unsigned i = 0u; i < TLS_IDENTITIES; i++) {
    for (unsigned v = 2u; v < 4u; v++) {
      char name[80];
      const scene s = {.name = name,
                       .version = (uint16_t)(0x301u + v),
                       .identity = i,
                       .said = replies};
      (void)snprintf(name, sizeof name, "tls1%u-certificate-%s", v,
                     tls_identity_name(i));
      record(&s, SMTPC_TLS_SERVER);
    }
  }
}

int main(int argc, char **argv) {
  const int server = argc == 3 && strcmp(argv[1], "to-server") == 0;
  if (argc != 3 || (server == 0 && strcmp(argv[1], "to-client") != 0)) {
    fprintf(stderr, "usage: tls_seeds to-server|to-client FOLDER\n");
    return 64;
  }
  const smtpc_tls_role role = server != 0 ? SMTPC_TLS_CLIENT : SMTPC_TLS_SERVER;
  const scene *scenes = server != 0 ? to_server : to_client;
  const size_t count = server != 0 ? sizeof to_server / sizeof to_server[0]
                                   : sizeof to_client / sizeof to_client[0];
  folder = argv[2];
  for (size_t i = 0u; i < count; i++) {
    record(&scenes[i], role);
  }
  const scene v2 = {.version = V2, .said = server != 0 ? session : replies};
  const scene v3 = {.version = V3, .said = server != 0 ? session : replies};
  write_variations("tls12", &v2, role);
  write_variations("tls13", &v3, role);
  if (server == 0) {
    write_identities();
  }
  write_by_hand();
  return 0;
}
