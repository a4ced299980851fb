// Tests of a server's SCRAM exchanges of `smtpcore/sasl.h`.
//
// Proofs and signatures of the vectors were computed with Python's hashlib and hmac:
// salted = pbkdf2_hmac(hash, b"pencil", salt, 4096), proof = HMAC(salted, "Client Key")
// XOR HMAC(hash(HMAC(salted, "Client Key")), text), signature = HMAC(HMAC(salted,
// "Server Key"), text), with the text that stands here. The same lines give the proofs
// that RFC 5802 section 5 and RFC 7677 section 3 print for their server's nonces.
#include "core/sasl_testing.h"

#define SHA_1 SMTPC_MECHANISM_SCRAM_SHA_1
#define SHA_256 SMTPC_MECHANISM_SCRAM_SHA_256
#define SHA_1_PLUS SMTPC_MECHANISM_SCRAM_SHA_1_PLUS
#define SHA_256_PLUS SMTPC_MECHANISM_SCRAM_SHA_256_PLUS

#define SALT_1 "QSXCR+Q6sek8bf92"            // RFC 5802 section 5
#define SALT_256 "W22ZaJ0SNY7soEsUEjb6gQ=="  // RFC 7677 section 3
#define FULL "abc" OUR_HEX

static void give_salt(smtpc_sasl *sasl) {
  const bool one = smtpc_sasl_digest_len(sasl->mechanism) == SMTPC_SHA1_LEN;
  const char *text = one ? SALT_1 : SALT_256;
  uint8_t nonce[SMTPC_NONCE_LEN];
  uint8_t salt[64];
  size_t len = 0u;
  our_nonce(nonce);
  test_number(sasl->wants, SMTPC_SASL_NONCE);
  test_number(smtpc_sasl_server_nonce(sasl, nonce, sizeof nonce), SMTPC_OK);
  test_number(sasl->wants, SMTPC_SASL_SALT);
  assert_true(
      base64_model_decode((const uint8_t *)text, strlen(text), salt, &len));
  uint8_t *copy = test_copy(salt, len);
  test_number(smtpc_sasl_server_salt(sasl, copy, len, 4096u), SMTPC_OK);
  test_number(sasl->wants, SMTPC_SASL_SAY);
  free(copy);
}

// An exchange after its first message, with nonce and salt.
static smtpc_sasl after_first(unsigned mechanism, const char *first) {
  smtpc_sasl sasl = exchange(mechanism);
  test_number(respond_message(&sasl, first, strlen(first)), SMTPC_OK);
  give_salt(&sasl);
  return sasl;
}

// What the server says now, decoded.
static void check_says(const smtpc_sasl *sasl, const char *want) {
  uint8_t line[SMTPC_OUT_MAX];
  size_t len = 0u;
  size_t text_len = 0u;
  test_number(
      smtpc_sasl_write_challenge(sasl, 0u, NULL, 0u, line, sizeof line, &len),
      SMTPC_OK);
  test_octets(line, 4u, "334 ", 4u);
  uint8_t *text = text_of(line, 4u, len - 2u, &text_len);
  test_octets(text, text_len, want, strlen(want));
  free(text);
}

static void test_sasl_scram_takes_the_vectors(void **state) {
  (void)state;
  static const struct {
    unsigned mechanism;
    const char *first;
    const char *server_first;
    const char *without_proof;
    const char *proof;
    const char *signature;
  } rows[] = {
      {SHA_1, "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
       "r=fyko+d2lbbFgONRv9qkxdawL" OUR_HEX ",s=" SALT_1 ",i=4096",
       "c=biws,r=fyko+d2lbbFgONRv9qkxdawL" OUR_HEX,
       "QPif59Xu/2h2u+KPUaH9odhGZKc=", "B3P5tDyVudft6u3fpt1tf1ywufs="},
      {SHA_256, "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
       "r=rOprNGfwEbeRWgbNEkqO" OUR_HEX ",s=" SALT_256 ",i=4096",
       "c=biws,r=rOprNGfwEbeRWgbNEkqO" OUR_HEX,
       "M0MSrtPyVL7oD4Bxv81ZHRIhKXBdZ8GtwsQzOkbuWJQ=",
       "qcKluOaHmo8dEv9Hod9/TM8jxTruS10PWdNgVv9xrBM="},
  };
  for (size_t i = 0u; i < COUNT_OF(rows); i++) {
    test_label("row %zu", i);
    smtpc_sasl sasl = after_first(rows[i].mechanism, rows[i].first);
    check_says(&sasl, rows[i].server_first);
    char message[512];
    char text[512];
    strcpy(message, rows[i].without_proof);
    strcat(strcat(message, ",p="), rows[i].proof);
    strcpy(text, rows[i].first + 3);
    strcat(strcat(text, ","), rows[i].server_first);
    strcat(strcat(text, ","), rows[i].without_proof);
    wire w = wire_message(message, strlen(message), strlen(text) + 10u);
    test_number(respond(&sasl, &w), SMTPC_OK);
    test_number(sasl.wants, SMTPC_SASL_CHECK);
    test_octets(sasl.name, sasl.name_len, "user", 4u);
    test_span(w, sasl.text, text);
    uint8_t digest[64];
    size_t len = 0u;
    assert_true(base64_model_decode((const uint8_t *)rows[i].proof,
                                    strlen(rows[i].proof), digest, &len));
    test_octets(w.buffer.data + sasl.secret.begin, smtpc_span_len(sasl.secret),
                digest, len);
    wire_free(&w);
    assert_true(base64_model_decode((const uint8_t *)rows[i].signature,
                                    strlen(rows[i].signature), digest, &len));
    test_number(smtpc_sasl_server_verdict(&sasl, 1, digest, len), SMTPC_OK);
    char last[64] = "v=";
    check_says(&sasl, strcat(last, rows[i].signature));
    test_number(respond_text(&sasl, ""), SMTPC_OK);
    test_number(sasl.wants, SMTPC_SASL_DONE);
    test_octets(sasl.name, sasl.name_len, "user", 4u);
  }
}

#define BAD(text) \
  { LIT(text), SMTPC_E_SASL, NULL }

static void test_sasl_scram_first_checks_its_grammar(void **state) {
  (void)state;
  static const struct {
    const char *message;
    size_t len;
    smtpc_status status;
    const char *name;
  } rows[] = {
      {LIT("n,,n=u,r=abc"), SMTPC_OK, "u"},
      {LIT("y,,n=u,r=abc"), SMTPC_OK, "u"},
      {LIT("n,a=u,n=u,r=abc"), SMTPC_OK, "u"},
      {LIT("n,,n=u=2Cv=3Dw,r=abc"), SMTPC_OK, "u,v=w"},
      {LIT("n,a==3D=2C,n==3D=2C,r=abc"), SMTPC_OK, "=,"},
      {LIT("n,,n=\xc3\xa9 u,r=!~=abc"), SMTPC_OK, "\xc3\xa9 u"},
      {LIT("n,,n=n=3D,r=r="), SMTPC_OK, "n="},
      BAD(""),
      BAD("n"),
      BAD("n,"),
      BAD("n,,"),
      BAD("n,,n=u"),
      BAD("n,,n=u,"),
      BAD("n,,n=u,r="),
      BAD("n,,n=u,r=abc,"),
      BAD("n,,n=u,r=abc,x=y"),
      BAD("n,,m=x,n=u,r=abc"),
      BAD("n,,n=u,m=x,r=abc"),
      BAD("n,,r=abc,n=u"),
      BAD("n,,n=,r=abc"),
      BAD("n,,u,r=abc"),
      BAD("n,,N=u,r=abc"),
      BAD("n,,n=u,R=abc"),
      BAD("n,,n=u,abc"),
      BAD("n,n=u,r=abc"),
      BAD(",,n=u,r=abc"),
      BAD("x,,n=u,r=abc"),
      BAD("N,,n=u,r=abc"),
      BAD("nn,,n=u,r=abc"),
      BAD("n ,,n=u,r=abc"),
      BAD("p,,n=u,r=abc"),
      BAD("F,n,,n=u,r=abc"),
      BAD("n,a=,n=u,r=abc"),
      BAD("n,u,n=u,r=abc"),
      BAD("n,b=u,n=u,r=abc"),
      BAD("n,a=v,n=u,r=abc"),
      BAD("n,a=U,n=u,r=abc"),
      BAD("n,a=uu,n=u,r=abc"),
      BAD("n,a=u,n=uu,r=abc"),
      BAD("n,a=u=3d,n=u=3D,r=abc"),
      BAD("n,,n=u=,r=abc"),
      BAD("n,,n=u=2,r=abc"),
      BAD("n,,n=u=2c,r=abc"),
      BAD("n,,n=u=3d,r=abc"),
      BAD("n,,n=u=20,r=abc"),
      BAD("n,,n=u==2C,r=abc"),
      BAD("n,,n=u=,2C,r=abc"),
      BAD("n,,n=u\0,r=abc"),
      BAD("n,,n=u\n,r=abc"),
      BAD("n,,n=u\x7f,r=abc"),
      BAD("n,,n=u,r=a bc"),
      BAD("n,,n=u,r=a\x7f"),
      BAD("n,,n=u,r=a\xc3\xa9"),
      BAD("n,,n=u,r=a\0"),
      BAD("n,,n=u,r=a\n"),
      // Not in an unbound mechanism.
      {LIT("p=tls-exporter,,n=u,r=abc"), SMTPC_E_BINDING, NULL},
      {LIT("p=,,n=u,r=abc"), SMTPC_E_BINDING, NULL},
  };
  static const unsigned both[] = {SHA_1, SHA_256};
  for (unsigned k = 0u; k < 2u; k++) {
    for (size_t i = 0u; i < COUNT_OF(rows); i++) {
      smtpc_sasl sasl = exchange(both[k]);
      wire w = wire_message(rows[i].message, rows[i].len, 0u);
      test_label("%u, row %zu", k, i);
      test_number(respond(&sasl, &w), rows[i].status);
      if (rows[i].status == SMTPC_OK) {
        test_number(sasl.wants, SMTPC_SASL_NONCE);
        test_number(sasl.step, 1u);
        test_octets(sasl.name, sasl.name_len, rows[i].name,
                    strlen(rows[i].name));
      }
      wire_free(&w);
    }
  }
}

// Who said what of the binding (RFC 5802 section 6), before anything is asked.
static void test_sasl_scram_demands_the_binding(void **state) {
  (void)state;
  static const struct {
    unsigned mechanism;
    int offers_bound;
    const char *header;
    smtpc_status status;
    unsigned binding;
  } rows[] = {
      {SHA_256, 0, "n,,", SMTPC_OK, 0u},
      {SHA_256, 1, "n,,", SMTPC_OK, 0u},
      {SHA_256, 0, "y,,", SMTPC_OK, 0u},
      {SHA_256, 1, "y,,", SMTPC_E_BINDING, 0u},
      {SHA_256, 0, "p=tls-exporter,,", SMTPC_E_BINDING, 0u},
      {SHA_256, 1, "p=tls-exporter,,", SMTPC_E_BINDING, 0u},
      {SHA_1, 1, "y,,", SMTPC_E_BINDING, 0u},
      {SHA_256_PLUS, 1, "n,,", SMTPC_E_BINDING, 0u},
      {SHA_256_PLUS, 1, "y,,", SMTPC_E_BINDING, 0u},
      {SHA_256_PLUS, 0, "y,,", SMTPC_E_BINDING, 0u},
      {SHA_256_PLUS, 1, "p=tls-exporter,,", SMTPC_OK, SMTPC_BINDING_EXPORTER},
      {SHA_1_PLUS, 1, "p=tls-server-end-point,,", SMTPC_OK,
       SMTPC_BINDING_END_POINT},
      {SHA_1_PLUS, 1, "p=tls-exporter,a=u,", SMTPC_OK, SMTPC_BINDING_EXPORTER},
      {SHA_256_PLUS, 1, "p=tls-unique,,", SMTPC_E_BINDING, 0u},
      {SHA_256_PLUS, 1, "p=,,", SMTPC_E_BINDING, 0u},
      {SHA_256_PLUS, 1, "p=tls-exporte,,", SMTPC_E_BINDING, 0u},
      {SHA_256_PLUS, 1, "p=tls-exporterr,,", SMTPC_E_BINDING, 0u},
      {SHA_256_PLUS, 1, "p=TLS-EXPORTER,,", SMTPC_E_BINDING, 0u},
      {SHA_256_PLUS, 1, "p,,", SMTPC_E_SASL, 0u},
      {SHA_256_PLUS, 1, "P=tls-exporter,,", SMTPC_E_SASL, 0u},
  };
  for (size_t i = 0u; i < COUNT_OF(rows); i++) {
    char message[64];
    smtpc_sasl sasl;
    smtpc_sasl_server_begin(&sasl, rows[i].mechanism, rows[i].offers_bound);
    strcat(strcpy(message, rows[i].header), "n=u,r=abc");
    test_label("row %zu", i);
    test_number(respond_message(&sasl, message, strlen(message)),
                rows[i].status);
    test_number(sasl.binding, rows[i].binding);
    if (rows[i].status == SMTPC_OK) {
      test_number(sasl.flag, rows[i].header[0]);
    }
  }
}

static void test_sasl_scram_bounds_name_and_nonce(void **state) {
  (void)state;
  uint8_t message[1200];
  for (size_t len = 250u; len < 260u; len++) {
    // Escaped, a name is three times as long; its limit counts it decoded.
    size_t n = 5u;
    memcpy(message, "n,,n=", 5u);
    for (size_t i = 0u; i < len; i++) {
      memcpy(message + n, "=2C", 3u);
      n += 3u;
    }
    memcpy(message + n, ",r=abc", 6u);
    smtpc_sasl sasl = exchange(SHA_256);
    test_label("name of %zu", len);
    test_number(respond_message(&sasl, message, n + 6u),
                len <= SMTPC_NAME_MAX ? SMTPC_OK : SMTPC_E_TOO_LONG);
  }
  for (size_t len = 1u; len < 80u; len++) {
    memcpy(message, "n,,n=u,r=", 9u);
    memset(message + 9u, 'x', len);
    smtpc_sasl sasl = exchange(SHA_256);
    test_label("nonce of %zu", len);
    const bool fits = len <= SMTPC_PEER_NONCE_MAX;
    test_number(respond_message(&sasl, message, len + 9u),
                fits ? SMTPC_OK : SMTPC_E_TOO_LONG);
    test_number(sasl.peer_nonce_len, fits ? len : 0u);
  }
}

static void test_sasl_scram_takes_nonce_and_salt(void **state) {
  (void)state;
  static const struct {
    size_t len;
    uint32_t iterations;
    smtpc_status status;
  } rows[] = {
      {0u, 4096u, SMTPC_E_ARGUMENT},
      {33u, 4096u, SMTPC_E_ARGUMENT},
      {16u, 0u, SMTPC_E_ARGUMENT},
      {16u, 4095u, SMTPC_E_ARGUMENT},
      {16u, (SMTPC_ITERATIONS_MAX + 1u), SMTPC_E_ARGUMENT},
      {16u, 0xffffffffu, SMTPC_E_ARGUMENT},
      {1u, 4096u, SMTPC_OK},
      {32u, SMTPC_ITERATIONS_MAX, SMTPC_OK},
  };
  const uint8_t octets[64] = {0};
  smtpc_sasl sasl = exchange(SHA_256);
  test_number(smtpc_sasl_server_nonce(&sasl, octets, 16u), SMTPC_E_STATE);
  test_number(respond_message(&sasl, LIT("n,,n=u,r=abc")), SMTPC_OK);
  test_number(smtpc_sasl_server_salt(&sasl, octets, 16u, 4096u), SMTPC_E_STATE);
  test_number(smtpc_sasl_server_nonce(&sasl, octets, 15u), SMTPC_E_ARGUMENT);
  test_number(smtpc_sasl_server_nonce(&sasl, octets, 16u), SMTPC_OK);
  test_number(smtpc_sasl_server_nonce(&sasl, octets, 16u), SMTPC_E_STATE);
  test_number(respond_text(&sasl, ""), SMTPC_E_STATE);
  test_number(smtpc_sasl_server_salt(&sasl, NULL, 16u, 4096u),
              SMTPC_E_ARGUMENT);
  for (size_t i = 0u; i < COUNT_OF(rows); i++) {
    smtpc_sasl copy = sasl;
    test_label("row %zu", i);
    test_number(
        smtpc_sasl_server_salt(&copy, octets, rows[i].len, rows[i].iterations),
        rows[i].status);
    test_number(copy.wants,
                rows[i].status == SMTPC_OK ? SMTPC_SASL_SAY : SMTPC_SASL_SALT);
  }
}

#define PROOF_1 "QPif59Xu/2h2u+KPUaH9odhGZKc="
#define PROOF_256 "M0MSrtPyVL7oD4Bxv81ZHRIhKXBdZ8GtwsQzOkbuWJQ="

static void test_sasl_scram_final_checks_its_grammar(void **state) {
  (void)state;
  static const struct {
    const char *message;
    size_t len;
    smtpc_status status;
  } rows[] = {
#define ROW(text, status) {LIT(text), status}
      ROW("c=biws,r=" FULL ",p=" PROOF_256, SMTPC_OK),
      ROW("", SMTPC_E_SASL),
      ROW("c=biws,r=" FULL, SMTPC_E_SASL),
      ROW("c=biws,r=" FULL ",", SMTPC_E_SASL),
      ROW("c=biws,r=" FULL ",p=", SMTPC_E_SASL),
      ROW("c=biws,r=" FULL ",p=" PROOF_1, SMTPC_E_SASL),
      ROW("c=biws,r=" FULL ",p=" PROOF_256 ",", SMTPC_E_SASL),
      ROW("c=biws,r=" FULL ",p=" PROOF_256 ",x=y", SMTPC_E_SASL),
      ROW("c=biws,r=" FULL ",x=y,p=" PROOF_256, SMTPC_E_SASL),
      ROW("m=x,c=biws,r=" FULL ",p=" PROOF_256, SMTPC_E_SASL),
      ROW("r=" FULL ",c=biws,p=" PROOF_256, SMTPC_E_SASL),
      ROW("c=biws,p=" PROOF_256 ",r=" FULL, SMTPC_E_SASL),
      ROW("c=biws,r=" FULL ",p=M0MSrtPyVL7oD4Bxv81ZHRIhKXBdZ8GtwsQzOkbuWJR=",
          SMTPC_E_SASL),
      ROW("c=biws,r=" FULL ",p=!" PROOF_256, SMTPC_E_SASL),
      ROW("C=biws,r=" FULL ",p=" PROOF_256, SMTPC_E_SASL),
      ROW("c=biw,r=" FULL ",p=" PROOF_256, SMTPC_E_SASL),
      ROW("c=biw=,r=" FULL ",p=" PROOF_256, SMTPC_E_BINDING),
      ROW("c=bi ws,r=" FULL ",p=" PROOF_256, SMTPC_E_SASL),
      // The nonce is the one that we said, to the last octet.
      ROW("c=biws,r=abc,p=" PROOF_256, SMTPC_E_SASL),
      ROW("c=biws,r=" OUR_HEX ",p=" PROOF_256, SMTPC_E_SASL),
      ROW("c=biws,r=,p=" PROOF_256, SMTPC_E_SASL),
      ROW("c=biws,r=abd" OUR_HEX ",p=" PROOF_256, SMTPC_E_SASL),
      ROW("c=biws,r=" FULL "0,p=" PROOF_256, SMTPC_E_SASL),
      ROW("c=biws,r=abc00112233445566778899AABBCCDDEEFF,p=" PROOF_256,
          SMTPC_E_SASL),
      ROW("c=biws,r=abc00112233445566778899aabbccddeefe,p=" PROOF_256,
          SMTPC_E_SASL),
      ROW("c=biws,r=abc10112233445566778899aabbccddeeff,p=" PROOF_256,
          SMTPC_E_SASL),
      // The header is the one that came first, and there is no binding.
      ROW("c=,r=" FULL ",p=" PROOF_256, SMTPC_E_BINDING),
      ROW("c=eSws,r=" FULL ",p=" PROOF_256, SMTPC_E_BINDING),
      ROW("c=biwt,r=" FULL ",p=" PROOF_256, SMTPC_E_BINDING),
      ROW("c=bixhPXUs,r=" FULL ",p=" PROOF_256, SMTPC_E_BINDING),
      ROW("c=biwsAA==,r=" FULL ",p=" PROOF_256, SMTPC_E_BINDING),
      ROW("c=bg==,r=" FULL ",p=" PROOF_256, SMTPC_E_BINDING),
#undef ROW
  };
  for (size_t i = 0u; i < COUNT_OF(rows); i++) {
    test_label("row %zu", i);
    smtpc_sasl sasl = after_first(SHA_256, "n,,n=u,r=abc");
    test_number(respond_message(&sasl, rows[i].message, rows[i].len),
                rows[i].status);
    test_number(sasl.wants, rows[i].status == SMTPC_OK ? SMTPC_SASL_CHECK
                                                       : SMTPC_SASL_NOTHING);
  }
}

// The header that c= must repeat, for each way to begin; the text has name and c=
// as the client wrote them.
static void test_sasl_scram_repeats_the_header(void **state) {
  (void)state;
  static const struct {
    const char *first;
    const char *header;
    smtpc_status status;
  } rows[] = {
      {"n,,n=u,r=abc", "n,,", SMTPC_OK},
      {"y,,n=u,r=abc", "y,,", SMTPC_OK},
      {"y,,n=u,r=abc", "n,,", SMTPC_E_BINDING},
      {"n,a=u,n=u,r=abc", "n,a=u,", SMTPC_OK},
      {"n,a=u,n=u,r=abc", "n,,", SMTPC_E_BINDING},
      {"n,a=u,n=u,r=abc", "n,a=v,", SMTPC_E_BINDING},
      {"n,a=u=2C=3D,n=u=2C=3D,r=abc", "n,a=u=2C=3D,", SMTPC_OK},
      {"n,a=u=2C=3D,n=u=2C=3D,r=abc", "n,a=u,=,", SMTPC_E_BINDING},
  };
  for (size_t i = 0u; i < COUNT_OF(rows); i++) {
    uint8_t c[64];
    char without_proof[256] = "c=";
    char message[512];
    char text[512];
    const size_t len = base64_model_encode((const uint8_t *)rows[i].header,
                                           strlen(rows[i].header), c);
    c[len] = 0u;
    strcat(strcat(without_proof, (const char *)c), ",r=" FULL);
    strcat(strcpy(message, without_proof), ",p=" PROOF_1);
    test_label("row %zu", i);
    smtpc_sasl sasl = after_first(SHA_1, rows[i].first);
    wire w = wire_message(message, strlen(message), 1000u);
    test_number(respond(&sasl, &w), rows[i].status);
    if (rows[i].status == SMTPC_OK) {
      strcpy(text, strstr(rows[i].first, "n=u"));
      strcat(strcat(text, ",r=" FULL ",s=" SALT_1 ",i=4096,"), without_proof);
      test_span(w, sasl.text, text);
      test_number(sasl.text.end, w.buffer.len);
    }
    wire_free(&w);
  }
}

#define CHANNEL "@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_"

// c= with `bound` behind the header.
static void final_with(char *out, const void *bound, size_t len) {
  uint8_t raw[200] = "p=tls-exporter,,";
  uint8_t c[300];
  memcpy(raw + 16, bound, len);
  const size_t n = base64_model_encode(raw, 16u + len, c);
  c[n] = 0u;
  strcat(strcpy(out, "c="), (const char *)c);
  strcat(out, ",r=" FULL ",p=" PROOF_256);
}

static void test_sasl_scram_compares_the_binding(void **state) {
  (void)state;
  static const struct {
    const char *said;
    size_t said_len;
    const char *channel;
    size_t channel_len;
    smtpc_status status;
  } rows[] = {
      {LIT(CHANNEL), LIT(CHANNEL), SMTPC_OK},
      {LIT("\0\0"), LIT("\0\0"), SMTPC_OK},
      {LIT(CHANNEL), LIT(CHANNEL "x"), SMTPC_E_BINDING},
      {LIT(CHANNEL "x"), LIT(CHANNEL), SMTPC_E_BINDING},
      {LIT("AB"), LIT("AC"), SMTPC_E_BINDING},
      {LIT("AB"), LIT("CB"), SMTPC_E_BINDING},
      {LIT("AB"), LIT(""), SMTPC_E_BINDING},
      {LIT(""), LIT("AB"), SMTPC_E_BINDING},
      // No binding is never equal to none.
      {LIT(""), LIT(""), SMTPC_E_BINDING},
  };
  for (size_t i = 0u; i < COUNT_OF(rows); i++) {
    char message[512];
    test_label("row %zu", i);
    smtpc_sasl sasl = after_first(SHA_256_PLUS, "p=tls-exporter,,n=u,r=abc");
    final_with(message, rows[i].said, rows[i].said_len);
    wire w = wire_message(message, strlen(message), 1000u);
    test_number(respond(&sasl, &w), SMTPC_OK);
    test_number(sasl.wants, SMTPC_SASL_BINDING);
    test_octets(w.buffer.data + sasl.bound.begin, smtpc_span_len(sasl.bound),
                rows[i].said, rows[i].said_len);
    test_number(smtpc_sasl_server_verdict(&sasl, 1, NULL, 0u), SMTPC_E_STATE);
    test_number(respond(&sasl, &w), SMTPC_E_STATE);
    uint8_t *channel = test_copy(rows[i].channel, rows[i].channel_len);
    test_number(smtpc_sasl_server_binding(&sasl, &w.buffer, channel,
                                          rows[i].channel_len),
                rows[i].status);
    free(channel);
    if (rows[i].status == SMTPC_OK) {
      test_number(sasl.wants, SMTPC_SASL_CHECK);
      test_number(smtpc_span_len(sasl.secret), 32u);
    } else {
      assert_true(is_clear(&sasl, sizeof sasl));
    }
    wire_free(&w);
  }
  char message[512];
  smtpc_sasl sasl = after_first(SHA_256_PLUS, "p=tls-exporter,,n=u,r=abc");
  test_label("the header without `p`, or with another kind");
  test_number(respond_message(&sasl, LIT("c=biws,r=" FULL ",p=" PROOF_256)),
              SMTPC_E_BINDING);
  sasl = after_first(SHA_256_PLUS, "p=tls-server-end-point,,n=u,r=abc");
  final_with(message, CHANNEL, 32u);
  test_number(respond_message(&sasl, message, strlen(message)),
              SMTPC_E_BINDING);
}

static smtpc_sasl checked(void) {
  smtpc_sasl sasl = after_first(SHA_1, "n,,n=u,r=abc");
  test_number(respond_message(&sasl, LIT("c=biws,r=" FULL ",p=" PROOF_1)),
              SMTPC_OK);
  return sasl;
}

static void test_sasl_scram_ends_with_a_signature(void **state) {
  (void)state;
  const uint8_t signature[SMTPC_SHA256_LEN] = {7u};
  smtpc_sasl sasl = checked();
  test_number(smtpc_sasl_server_verdict(&sasl, 1, NULL, 0u), SMTPC_E_ARGUMENT);
  test_number(smtpc_sasl_server_verdict(&sasl, 1, NULL, 20u), SMTPC_E_ARGUMENT);
  test_number(smtpc_sasl_server_verdict(&sasl, 1, signature, 19u),
              SMTPC_E_ARGUMENT);
  test_number(smtpc_sasl_server_verdict(&sasl, 1, signature, 32u),
              SMTPC_E_ARGUMENT);
  test_number(sasl.wants, SMTPC_SASL_CHECK);
  test_number(smtpc_span_len(sasl.secret), 20u);
  test_number(smtpc_sasl_server_verdict(&sasl, 1, signature, 20u), SMTPC_OK);
  test_number(smtpc_span_len(sasl.secret), 0u);
  test_number(smtpc_span_len(sasl.text), 0u);
  check_says(&sasl, "v=BwAAAAAAAAAAAAAAAAAAAAAAAAA=");
  const smtpc_sasl before = sasl;
  static const struct {
    const char *text;
    smtpc_status status;
  } rows[] = {
      {"", SMTPC_OK},        {"AA==", SMTPC_E_SASL},   {"AQ==", SMTPC_E_SASL},
      {"=", SMTPC_E_BASE64}, {"*", SMTPC_E_CANCELLED},
  };
  for (size_t i = 0u; i < COUNT_OF(rows); i++) {
    sasl = before;
    test_label("last answer `%s`", rows[i].text);
    test_number(respond_text(&sasl, rows[i].text), rows[i].status);
    test_number(sasl.wants, rows[i].status == SMTPC_OK ? SMTPC_SASL_DONE
                                                       : SMTPC_SASL_NOTHING);
    test_number(respond_text(&sasl, ""), SMTPC_E_STATE);
  }
  sasl = checked();
  test_label("refused");
  test_number(smtpc_sasl_server_verdict(&sasl, 0, signature, 20u), SMTPC_OK);
  test_number(sasl.wants, SMTPC_SASL_REFUSED);
  assert_true(is_clear(sasl.held, sizeof sasl.held));
  test_number(respond_text(&sasl, ""), SMTPC_E_STATE);
}

// The text, and the header that is made again for a moment, need room; what does not
// fit leaves nothing behind.
static void test_sasl_scram_needs_room_for_its_text(void **state) {
  (void)state;
  static const char first[] = "n,a=u,n=u,r=abc";
  static const char final[] = "c=bixhPXUs,r=" FULL ",p=" PROOF_1;
  const size_t want =
      sizeof("n=u,r=abc,r=" FULL ",s=" SALT_1 ",i=4096,c=bixhPXUs,r=" FULL) -
      1u + 6u;
  for (size_t spare = 0u; spare < want + 4u; spare++) {
    test_label("%zu spare", spare);
    smtpc_sasl sasl = after_first(SHA_1, first);
    wire w = wire_message(final, sizeof final - 1u, spare);
    test_number(respond(&sasl, &w), spare < want ? SMTPC_E_ROOM : SMTPC_OK);
    wire_free(&w);
  }
}

// The longest that we say still is a reply line.
static void test_sasl_scram_longest_challenge_fits(void **state) {
  (void)state;
  uint8_t message[9u + SMTPC_PEER_NONCE_MAX];
  uint8_t salt[SMTPC_SALT_MAX];
  uint8_t line[SMTPC_OUT_MAX];
  size_t len = 0u;
  memcpy(message, "n,,n=u,r=", 9u);
  memset(message + 9u, 'x', SMTPC_PEER_NONCE_MAX);
  memset(salt, 0xff, sizeof salt);
  smtpc_sasl sasl = exchange(SHA_256);
  test_number(respond_message(&sasl, message, sizeof message), SMTPC_OK);
  test_number(smtpc_sasl_server_nonce(&sasl, salt, 16u), SMTPC_OK);
  test_number(
      smtpc_sasl_server_salt(&sasl, salt, sizeof salt, SMTPC_ITERATIONS_MAX),
      SMTPC_OK);
  test_number(
      smtpc_sasl_write_challenge(&sasl, 0u, NULL, 0u, line, sizeof line, &len),
      SMTPC_OK);
  size_t text_len = 0u;
  uint8_t *text = text_of(line, 4u, len - 2u, &text_len);
  test_octets(text + text_len - 10u, 10u, ",i=2000000", 10u);
  free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_sasl_scram_takes_the_vectors),
      cmocka_unit_test(test_sasl_scram_first_checks_its_grammar),
      cmocka_unit_test(test_sasl_scram_demands_the_binding),
      cmocka_unit_test(test_sasl_scram_bounds_name_and_nonce),
      cmocka_unit_test(test_sasl_scram_takes_nonce_and_salt),
      cmocka_unit_test(test_sasl_scram_final_checks_its_grammar),
      cmocka_unit_test(test_sasl_scram_repeats_the_header),
      cmocka_unit_test(test_sasl_scram_compares_the_binding),
      cmocka_unit_test(test_sasl_scram_ends_with_a_signature),
      cmocka_unit_test(test_sasl_scram_needs_room_for_its_text),
      cmocka_unit_test(test_sasl_scram_longest_challenge_fits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
