// Tests of a client's SCRAM exchanges of `smtpcore/sasl.h`. How proofs and signatures
// were computed stands in `core/sasl_scram_test.c`.
#include "core/sasl_testing.h"

#define SHA_1 SMTPC_MECHANISM_SCRAM_SHA_1
#define SHA_256 SMTPC_MECHANISM_SCRAM_SHA_256
#define SHA_1_PLUS SMTPC_MECHANISM_SCRAM_SHA_1_PLUS
#define SHA_256_PLUS SMTPC_MECHANISM_SCRAM_SHA_256_PLUS
#define FULL CLIENT_HEX "xyz"
#define SERVER_FIRST "r=" FULL ",s=QSXCR+Q6sek8bf92,i=4096"

static smtpc_sasl_client begin(unsigned mechanism, unsigned binding,
                               int could_bind, wire *w) {
  uint8_t nonce[SMTPC_NONCE_LEN];
  smtpc_sasl_client sasl;
  memset(&sasl, 0xa5, sizeof sasl);
  smtpc_sasl_client_begin(&sasl, mechanism, binding, could_bind, &w->buffer);
  test_number(sasl.wants, SMTPC_SASL_NONCE);
  client_nonce(nonce);
  test_number(smtpc_sasl_client_nonce(&sasl, nonce, sizeof nonce), SMTPC_OK);
  test_number(sasl.wants, SMTPC_SASL_PASSWORD);
  return sasl;
}

// The message of the line that is to be sent, behind its first `skip` octets.
static void check_said(smtpc_sasl_client *sasl, const wire *w, size_t skip,
                       const char *want) {
  size_t len = 0u;
  test_number(sasl->wants, SMTPC_SASL_SAY);
  uint8_t *text =
      text_of(w->buffer.data, sasl->say.begin + skip, sasl->say.end - 2u, &len);
  test_octets(text, len, want, strlen(want));
  free(text);
  smtpc_sasl_client_said(sasl);
}

// A client that has sent its first message.
static smtpc_sasl_client begun(unsigned mechanism, wire *w) {
  smtpc_sasl_client sasl = begin(mechanism, SMTPC_BINDING_EXPORTER, 0, w);
  test_number(credentials(&sasl, w, LIT("user"), NULL, 0u), SMTPC_OK);
  smtpc_sasl_client_said(&sasl);
  return sasl;
}

static smtpc_status digest(smtpc_sasl_client *sasl, wire *w,
                           const uint8_t *data, size_t len) {
  const size_t before = w->buffer.len;
  uint8_t *d = test_copy(data, len);
  const smtpc_status status =
      smtpc_sasl_client_digest(sasl, &w->buffer, NULL, 0u, d, len);
  free(d);
  assert_true(status == SMTPC_OK || w->buffer.len == before);
  check_client(sasl, w->buffer.len);
  wire_check(w);
  return status;
}

static size_t decoded(const char *text, uint8_t *out) {
  size_t len = 0u;
  assert_true(
      base64_model_decode((const uint8_t *)text, strlen(text), out, &len));
  return len;
}

static void test_sasl_scram_client_takes_the_vectors(void **state) {
  (void)state;
  static const struct {
    unsigned mechanism;
    const char *server_first;
    const char *final;
    const char *proof;
    const char *signature;
  } rows[] = {
      // The nonces and salts of the servers of RFC 5802 section 5 and RFC 7677
      // section 3
      {SHA_1, "r=" CLIENT_HEX "3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
       "c=biws,r=" CLIENT_HEX "3rfcNHYJY1ZVvWVs7j",
       "0vdKzJXNH06wPCJ2UZxXA+RjV0E=", "jMxVT2D0nKuP9FDqbwjsNTcZIf0="},
      {SHA_256,
       "r=" CLIENT_HEX
       "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
       "c=biws,r=" CLIENT_HEX "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
       "d3nHgdw+VLThMwP89VG7RkTBiS2h3CUsF00P/DoJSCM=",
       "d1AI6sUED0V3ex2iQq28Nll+x2h4DC5HhHdzQZWrkGk="},
  };
  for (size_t i = 0u; i < COUNT_OF(rows); i++) {
    char text[512];
    uint8_t both[128];
    test_label("row %zu", i);
    wire w = room(2000u);
    smtpc_sasl_client sasl =
        begin(rows[i].mechanism, SMTPC_BINDING_NONE, 0, &w);
    test_number(credentials(&sasl, &w, LIT("user"), LIT("")), SMTPC_OK);
    check_said(&sasl, &w, i == 0u ? 17u : 19u, "n,,n=user,r=" CLIENT_HEX);
    test_number(challenge_message(&sasl, &w, rows[i].server_first,
                                  strlen(rows[i].server_first)),
                SMTPC_OK);
    test_number(sasl.wants, SMTPC_SASL_PASSWORD);
    test_number(credentials(&sasl, &w, LIT("user"), LIT("")), SMTPC_OK);
    test_number(sasl.wants, SMTPC_SASL_DIGEST);
    test_number(sasl.iterations, 4096u);
    strcat(strcpy(text, "n=user,r=" CLIENT_HEX ","), rows[i].server_first);
    strcat(strcat(text, ","), rows[i].final);
    test_span(w, sasl.text, text);
    test_span(w, sasl.final, rows[i].final);
    test_number(sasl.final.end, sasl.text.end);
    uint8_t salt[64];
    const size_t salt_len = decoded(
        i == 0u ? "QSXCR+Q6sek8bf92" : "W22ZaJ0SNY7soEsUEjb6gQ==", salt);
    test_octets(w.buffer.data + sasl.salt.begin, smtpc_span_len(sasl.salt),
                salt, salt_len);
    const size_t one = decoded(rows[i].proof, both);
    test_number(decoded(rows[i].signature, both + one), one);
    test_number(digest(&sasl, &w, both, 2u * one), SMTPC_OK);
    strcat(strcpy(text, rows[i].final), ",p=");
    check_said(&sasl, &w, 0u, strcat(text, rows[i].proof));
    test_number(smtpc_sasl_client_is_whole(&sasl), 1);
    const smtpc_sasl_client sent = sasl;
    strcat(strcpy(text, "v="), rows[i].signature);
    test_number(challenge_message(&sasl, &w, text, strlen(text)), SMTPC_OK);
    test_number(sasl.proved, 1);
    test_number(smtpc_sasl_client_success(&sasl), SMTPC_E_STATE);
    said(&sasl, &w, "\r\n");
    const smtpc_sasl_client last = sasl;
    test_number(smtpc_sasl_client_success(&sasl), SMTPC_OK);
    test_number(sasl.wants, SMTPC_SASL_DONE);
    test_label("row %zu, one challenge more", i);
    sasl = last;
    test_number(challenge_message(&sasl, &w, text, strlen(text)), SMTPC_E_SASL);
    test_label("row %zu, a server that proves nothing", i);
    sasl = sent;
    test_number(smtpc_sasl_client_success(&sasl), SMTPC_E_BINDING);
    test_number(smtpc_sasl_client_success(&sasl), SMTPC_E_STATE);
    wire_free(&w);
  }
}

static void test_sasl_scram_client_says_what_it_could_bind(void **state) {
  (void)state;
  static const struct {
    unsigned mechanism;
    unsigned binding;
    int could_bind;
    const char *header;
    size_t skip;
  } rows[] = {
      {SHA_1, SMTPC_BINDING_NONE, 0, "n,,", 17u},
      {SHA_1, SMTPC_BINDING_EXPORTER, 0, "n,,", 17u},
      {SHA_256, SMTPC_BINDING_EXPORTER, 1, "y,,", 19u},
      {SHA_1_PLUS, SMTPC_BINDING_EXPORTER, 0, "p=tls-exporter,,", 22u},
      {SHA_256_PLUS, SMTPC_BINDING_END_POINT, 1, "p=tls-server-end-point,,",
       24u},
  };
  for (size_t i = 0u; i < COUNT_OF(rows); i++) {
    char text[512];
    wire w = room(1000u);
    smtpc_sasl_client sasl =
        begin(rows[i].mechanism, rows[i].binding, rows[i].could_bind, &w);
    test_label("row %zu", i);
    test_number(credentials(&sasl, &w, LIT("u,v=w"), LIT("secret")), SMTPC_OK);
    strcat(strcpy(text, rows[i].header), "n=u=2Cv=3Dw,r=" CLIENT_HEX);
    check_said(&sasl, &w, rows[i].skip, text);
    test_number(smtpc_sasl_client_is_whole(&sasl), 0);
    const smtpc_sasl_client before = sasl;
    test_number(smtpc_sasl_client_success(&sasl), SMTPC_E_STATE);
    test_octets(&sasl, sizeof sasl, &before, sizeof before);
    wire_free(&w);
  }
}

// A name that makes the AUTH line too long is said after an empty challenge.
static void test_sasl_scram_client_long_name_waits(void **state) {
  (void)state;
  uint8_t name[255];
  memset(name, ',', sizeof name);
  wire w = room(4096u);
  smtpc_sasl_client sasl = begin(SHA_256, 0u, 0, &w);
  test_number(credentials(&sasl, &w, name, sizeof name, NULL, 0u), SMTPC_OK);
  said(&sasl, &w, "AUTH SCRAM-SHA-256\r\n");
  test_number(smtpc_sasl_client_is_whole(&sasl), 0);
  test_number(challenge_text(&sasl, &w, LIT("")), SMTPC_OK);
  test_number(credentials(&sasl, &w, name, sizeof name, NULL, 0u), SMTPC_OK);
  test_number(smtpc_span_len(sasl.say),
              (3u + 2u + 3u * 255u + 3u + 32u + 2u) / 3u * 4u + 2u);
  smtpc_sasl_client_said(&sasl);
  test_number(smtpc_sasl_client_is_whole(&sasl), 0);
  test_number(challenge_message(&sasl, &w, LIT(SERVER_FIRST)), SMTPC_OK);
  test_number(credentials(&sasl, &w, name, sizeof name, NULL, 0u), SMTPC_OK);
  test_number(sasl.wants, SMTPC_SASL_DIGEST);
  const uint8_t both[64] = {0};
  test_number(digest(&sasl, &w, both, sizeof both), SMTPC_OK);
  smtpc_sasl_client_said(&sasl);
  test_number(smtpc_sasl_client_is_whole(&sasl), 1);
  wire_free(&w);
}

#define BAD(text) \
  { LIT(text), SMTPC_E_SASL }

static void test_sasl_scram_client_checks_the_first(void **state) {
  (void)state;
  static const struct {
    const char *message;
    size_t len;
    smtpc_status status;
  } rows[] = {
      {LIT(SERVER_FIRST), SMTPC_OK},
      {LIT("r=" CLIENT_HEX "=,s=AA==,i=2000000"), SMTPC_OK},
      BAD(""),
      BAD("r=" FULL),
      BAD("r=" FULL ",s=QQ=="),
      BAD("r=" FULL ",s=QQ==,"),
      BAD("r=" FULL ",s=QQ==,i="),
      BAD("r=" FULL ",s=QQ==,i=4096,"),
      BAD("r=" FULL ",s=QQ==,i=4096,x=y"),
      BAD("r=" FULL ",x=y,s=QQ==,i=4096"),
      BAD("m=x,r=" FULL ",s=QQ==,i=4096"),
      BAD("s=QQ==,r=" FULL ",i=4096"),
      BAD("r=" FULL ",i=4096,s=QQ=="),
      BAD("R=" FULL ",s=QQ==,i=4096"),
      BAD("r" FULL ",s=QQ==,i=4096"),
      BAD("e=unknown-user"),
      BAD("v=QQ=="),
      // The nonce begins with ours and adds to it.
      BAD("r=,s=QQ==,i=4096"),
      BAD("r=xyz,s=QQ==,i=4096"),
      BAD("r=" CLIENT_HEX ",s=QQ==,i=4096"),
      BAD("r=xyz" CLIENT_HEX ",s=QQ==,i=4096"),
      BAD("r=F0e1d2c3b4a5968778695a4b3c2d1e0fxyz,s=QQ==,i=4096"),
      BAD("r=f0e1d2c3b4a5968778695a4b3c2d1e0exyz,s=QQ==,i=4096"),
      BAD("r=f0e1d2c3b4a5968778695a4b3c2d1e0,s=QQ==,i=4096"),
      BAD("r=" FULL " ,s=QQ==,i=4096"),
      BAD("r=" FULL "\0,s=QQ==,i=4096"),
      BAD("r=" FULL "\xc3\xa9,s=QQ==,i=4096"),
      BAD("r=" FULL ",s=,i=4096"),
      BAD("r=" FULL ",s=QQ,i=4096"),
      BAD("r=" FULL ",s=QR==,i=4096"),
      BAD("r=" FULL ",s=Q Q=,i=4096"),
      BAD("r=" FULL ",s=QQ==,i=x"),
      BAD("r=" FULL ",s=QQ==,i=-4096"),
      BAD("r=" FULL ",s=QQ==,i=+4096"),
      BAD("r=" FULL ",s=QQ==,i= 4096"),
      BAD("r=" FULL ",s=QQ==,i=4096 "),
      BAD("r=" FULL ",s=QQ==,i=04096"),
      BAD("r=" FULL ",s=QQ==,i=0x1000"),
      BAD("r=" FULL ",s=QQ==,i=111111111111111111111"),
      {LIT("r=" FULL ",s=QQ==,i=0"), SMTPC_E_NUMBER_TOO_LARGE},
      {LIT("r=" FULL ",s=QQ==,i=1"), SMTPC_E_NUMBER_TOO_LARGE},
      {LIT("r=" FULL ",s=QQ==,i=4095"), SMTPC_E_NUMBER_TOO_LARGE},
      {LIT("r=" FULL ",s=QQ==,i=2000001"), SMTPC_E_NUMBER_TOO_LARGE},
      // 2^32 + 4096 and 2^64 + 4096
      {LIT("r=" FULL ",s=QQ==,i=4294971392"), SMTPC_E_NUMBER_TOO_LARGE},
      {LIT("r=" FULL ",s=QQ==,i=18446744073709555712"),
       SMTPC_E_NUMBER_TOO_LARGE},
  };
  for (size_t i = 0u; i < COUNT_OF(rows); i++) {
    wire w = room(1000u);
    test_label("row %zu", i);
    smtpc_sasl_client sasl = begun(SHA_256, &w);
    test_number(challenge_message(&sasl, &w, rows[i].message, rows[i].len),
                rows[i].status);
    test_number(sasl.wants, rows[i].status == SMTPC_OK ? SMTPC_SASL_PASSWORD
                                                       : SMTPC_SASL_NOTHING);
    wire_free(&w);
  }
  wire w = room(1000u);
  smtpc_sasl_client sasl = begun(SHA_256, &w);
  test_label("not base64");
  test_number(challenge_text(&sasl, &w, LIT("!")), SMTPC_E_BASE64);
  wire_free(&w);
}

#define CHANNEL "@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_"

static smtpc_sasl_client bound(wire *w) {
  smtpc_sasl_client sasl = begun(SHA_256_PLUS, w);
  test_number(challenge_message(&sasl, w, LIT(SERVER_FIRST)), SMTPC_OK);
  test_number(credentials(&sasl, w, LIT("user"), NULL, 0u), SMTPC_OK);
  test_number(sasl.wants, SMTPC_SASL_BINDING);
  return sasl;
}

static void test_sasl_scram_client_binds(void **state) {
  (void)state;
  static const char final[] =
      "c=cD10bHMtZXhwb3J0ZXIsLEBBQkNERUZHSElKS0xNTk9QUVJTVFVWV1hZWltcXV5f,"
      "r=" FULL;
  static const char text[] =
      "n=user,r=" CLIENT_HEX "," SERVER_FIRST
      ",c=cD10bHMtZXhwb3J0ZXIsLEBBQkNERUZHSElKS0xNTk9QUVJTVFVWV1hZWltcXV5f,"
      "r=" FULL;
  const uint8_t octets[SMTPC_BINDING_MAX + 1u] = {0};
  wire w = room(1000u);
  smtpc_sasl_client sasl = bound(&w);
  const smtpc_sasl_client before = sasl;
  uint8_t *channel = test_copy(LIT(CHANNEL));
  test_number(smtpc_sasl_client_binding(&sasl, &w.buffer, octets, 0u),
              SMTPC_E_ARGUMENT);
  test_number(
      smtpc_sasl_client_binding(&sasl, &w.buffer, octets, sizeof octets),
      SMTPC_E_ARGUMENT);
  test_number(smtpc_sasl_client_binding(&sasl, &w.buffer, NULL, 32u),
              SMTPC_E_ARGUMENT);
  w.buffer.len++;
  test_number(smtpc_sasl_client_binding(&sasl, &w.buffer, channel, 32u),
              SMTPC_E_STATE);
  w.buffer.len--;
  test_octets(&sasl, sizeof sasl, &before, sizeof before);
  test_number(smtpc_sasl_client_binding(&sasl, &w.buffer, channel, 32u),
              SMTPC_OK);
  free(channel);
  test_number(sasl.wants, SMTPC_SASL_DIGEST);
  test_span(w, sasl.final, final);
  test_span(w, sasl.text, text);
  test_number(sasl.text.end, w.buffer.len);
  wire_free(&w);
  w = room(1000u);
  sasl = bound(&w);
  test_label("the longest binding");
  test_number(
      smtpc_sasl_client_binding(&sasl, &w.buffer, octets, SMTPC_BINDING_MAX),
      SMTPC_OK);
  wire_free(&w);
}

static smtpc_sasl_client sent_final(wire *w, const uint8_t *both) {
  smtpc_sasl_client sasl = begun(SHA_1, w);
  test_number(challenge_message(&sasl, w, LIT(SERVER_FIRST)), SMTPC_OK);
  test_number(credentials(&sasl, w, LIT("user"), NULL, 0u), SMTPC_OK);
  test_number(digest(&sasl, w, both, 19u), SMTPC_E_ARGUMENT);
  test_number(digest(&sasl, w, both, 20u), SMTPC_E_ARGUMENT);
  test_number(digest(&sasl, w, both, 64u), SMTPC_E_ARGUMENT);
  test_number(smtpc_sasl_client_digest(&sasl, &w->buffer, NULL, 0u, NULL, 40u),
              SMTPC_E_ARGUMENT);
  test_number(digest(&sasl, w, both, 40u), SMTPC_OK);
  smtpc_sasl_client_said(&sasl);
  return sasl;
}

static void test_sasl_scram_client_checks_the_signature(void **state) {
  (void)state;
  uint8_t both[64] = {0};
  for (unsigned i = 0u; i < 20u; i++) {
    both[20u + i] = (uint8_t)(i + 1u);
  }
  static const struct {
    const char *message;
    smtpc_status status;
  } rows[] = {
      {"v=AQIDBAUGBwgJCgsMDQ4PEBESExQ=", SMTPC_OK},
      {"", SMTPC_E_SASL},
      {"v", SMTPC_E_SASL},
      {"AQIDBAUGBwgJCgsMDQ4PEBESExQ=", SMTPC_E_SASL},
      {"V=AQIDBAUGBwgJCgsMDQ4PEBESExQ=", SMTPC_E_SASL},
      {"v=AQIDBAUGBwgJCgsMDQ4PEBESExQ=,x=y", SMTPC_E_SASL},
      {"v=AQIDBAUGBwgJCgsMDQ4PEBESExQ", SMTPC_E_SASL},
      {"v=AQIDBAUGBwgJCgsMDQ4PEBESExR=", SMTPC_E_SASL},
      {"e=invalid-proof", SMTPC_E_SASL},
      {SERVER_FIRST, SMTPC_E_SASL},
      {"v=", SMTPC_E_BINDING},
      {"v=AQIDBAUGBwgJCgsMDQ4PEBESEw==", SMTPC_E_BINDING},
      {"v=AQIDBAUGBwgJCgsMDQ4PEBESExQV", SMTPC_E_BINDING},
      {"v=AAAAAAAAAAAAAAAAAAAAAAAAAAA=", SMTPC_E_BINDING},
  };
  for (size_t i = 0u; i < COUNT_OF(rows); i++) {
    wire w = room(1000u);
    smtpc_sasl_client sasl = sent_final(&w, both);
    test_label("row %zu", i);
    test_number(
        challenge_message(&sasl, &w, rows[i].message, strlen(rows[i].message)),
        rows[i].status);
    test_number(sasl.proved, rows[i].status == SMTPC_OK ? 1 : 0);
    if (rows[i].status != SMTPC_OK) {
      test_number(smtpc_sasl_client_success(&sasl), SMTPC_E_STATE);
    }
    wire_free(&w);
  }
  // Each octet of it counts.
  for (unsigned at = 0u; at < 20u; at++) {
    uint8_t message[32] = "v=";
    uint8_t wrong[20];
    memcpy(wrong, both + 20u, 20u);
    wrong[at] ^= (uint8_t)(1u << (at & 7u));
    const size_t len = base64_model_encode(wrong, 20u, message + 2u) + 2u;
    wire w = room(1000u);
    smtpc_sasl_client sasl = sent_final(&w, both);
    test_label("octet %u", at);
    test_number(challenge_message(&sasl, &w, message, len), SMTPC_E_BINDING);
    wire_free(&w);
  }
}

// Each step that writes: what does not fit changes nothing.
static void test_sasl_scram_client_needs_room(void **state) {
  (void)state;
  const uint8_t both[64] = {0};
  bool done = false;
  for (size_t cap = 0u; cap < 1000u && !done; cap++) {
    wire w = room(600u);
    smtpc_sasl_client sasl = begun(SHA_256_PLUS, &w);
    wire_free(&w);
    test_label("cap %zu", cap);
    w = room(cap);
    smtpc_status status = challenge_message(&sasl, &w, LIT(SERVER_FIRST));
    if (status == SMTPC_OK) {
      status = credentials(&sasl, &w, LIT("user"), NULL, 0u);
    }
    if (status == SMTPC_OK) {
      const size_t len = w.buffer.len;
      status = smtpc_sasl_client_binding(&sasl, &w.buffer, both, 32u);
      assert_true(status == SMTPC_OK || w.buffer.len == len);
    }
    if (status == SMTPC_OK) {
      status = digest(&sasl, &w, both, 64u);
    }
    test_number(status, sasl.wants == SMTPC_SASL_SAY ? SMTPC_OK : SMTPC_E_ROOM);
    done = status == SMTPC_OK;
    wire_free(&w);
  }
  assert_true(done);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_sasl_scram_client_takes_the_vectors),
      cmocka_unit_test(test_sasl_scram_client_says_what_it_could_bind),
      cmocka_unit_test(test_sasl_scram_client_long_name_waits),
      cmocka_unit_test(test_sasl_scram_client_checks_the_first),
      cmocka_unit_test(test_sasl_scram_client_binds),
      cmocka_unit_test(test_sasl_scram_client_checks_the_signature),
      cmocka_unit_test(test_sasl_scram_client_needs_room),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
