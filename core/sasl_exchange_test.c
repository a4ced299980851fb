// Client against server of `smtpcore/sasl.h`: every mechanism, long lines, and what
// random and mutated messages do to both.
#include "core/sasl_testing.h"

static const unsigned spoken[] = {
    SMTPC_MECHANISM_SCRAM_SHA_256_PLUS,
    SMTPC_MECHANISM_SCRAM_SHA_256,
    SMTPC_MECHANISM_SCRAM_SHA_1_PLUS,
    SMTPC_MECHANISM_SCRAM_SHA_1,
    SMTPC_MECHANISM_CRAM_MD5,
    SMTPC_MECHANISM_PLAIN,
    SMTPC_MECHANISM_LOGIN,
    SMTPC_MECHANISM_EXTERNAL,
    SMTPC_MECHANISM_OAUTHBEARER,
    SMTPC_MECHANISM_XOAUTH2,
};

static bool is_scram(unsigned mechanism) {
  return smtpc_sasl_digest_len(mechanism) > SMTPC_MD5_LEN;
}

// Both sides of one exchange, the line buffer of each, and what was given to them.
typedef struct both {
  smtpc_sasl_client client;
  smtpc_sasl server;
  wire mine;
  wire yours;
  size_t cap;
  size_t name_len;
  size_t secret_len;
  size_t digest_len;
  const uint8_t *name;
  const uint8_t *secret;
  uint8_t nonces[2][SMTPC_NONCE_LEN];
  uint8_t channel[SMTPC_BINDING_MAX];
  uint8_t salt[SMTPC_SALT_MAX];
  size_t salt_len;
  uint32_t iterations;
  uint8_t digest[2u * SMTPC_DIGEST_MAX];  // digest, or proof and signature
  uint8_t text[4096];                     // what it is made over, by the client
  size_t text_len;
  unsigned
      mutate;  // 0: none; else one in so many octets of a line is another one
  uint64_t seed;
  unsigned prompts;
} both;

static void both_free(both *b) {
  wire_free(&b->mine);
  wire_free(&b->yours);
}

// The session lets go of its line, and a new one comes.
static void renew(wire *w, const void *text, size_t len, size_t cap) {
  wire_free(w);
  assert_true(len <= cap);
  *w = wire_text(text, len, cap - len);
}

static void mutate(both *b, uint8_t *text, size_t *len) {
  static const char symbols[] = "=,ABQRiwr\0\1*+/ ";
  if (b->mutate == 0u) {
    return;
  }
  for (size_t i = 0u; i < *len; i++) {
    if (test_random(&b->seed) % b->mutate == 0u) {
      text[i] = (uint8_t)symbols[test_random(&b->seed) % (sizeof symbols - 1u)];
    }
  }
  if (*len > 0u && test_random(&b->seed) % b->mutate == 0u) {
    (*len)--;
  }
}

// The client's line goes to the server, whose buffer it fills from its begin; in the
// first one the response is behind "AUTH NAME ".
static smtpc_status carry_response(both *b, bool first) {
  uint8_t line[SMTPC_OUT_MAX + 12288u];
  size_t len = smtpc_span_len(b->client.say);
  size_t skip = 0u;
  assert_true(len >= 2u && len <= sizeof line);
  memcpy(line, b->mine.buffer.data + b->client.say.begin, len);
  test_octets(line + len - 2u, 2u, "\r\n", 2u);
  len -= 2u;
  test_number(smtpc_plain_run(line, 0u, len), len);
  smtpc_sasl_client_said(&b->client);
  if (first) {
    const smtpc_mechanism_row row = smtpc_mechanism_get(b->client.mechanism);
    skip = 5u + row.name_len;
    assert_true(len >= skip && len + 2u <= SMTPC_OUT_MAX);
    test_octets(line, 5u, "AUTH ", 5u);
    test_octets(line + 5u, row.name_len, row.name, row.name_len);
    if (len == skip) {
      return SMTPC_MORE;  // AUTH alone
    }
    skip++;
  }
  size_t rest = len - skip;
  if (first && rest == 1u && line[skip] == '=') {
    rest = 0u;
  } else {
    mutate(b, line + skip, &rest);
  }
  renew(&b->yours, line, skip + rest, b->cap);
  b->yours.span = smtpc_span_make(skip, skip + rest);
  return respond(&b->server, &b->yours);
}

static smtpc_status carry_challenge(both *b) {
  uint8_t line[SMTPC_OUT_MAX];
  size_t len = 0u;
  test_number(
      smtpc_sasl_write_challenge(&b->server, b->prompts, (const uint8_t *)HOST,
                                 sizeof HOST - 1u, line, sizeof line, &len),
      SMTPC_OK);
  len -= 6u;
  mutate(b, line + 4u, &len);
  renew(&b->mine, line, len + 4u, b->cap);
  const smtpc_status status = smtpc_sasl_client_challenge(
      &b->client, &b->mine.buffer, smtpc_span_make(4u, len + 4u));
  check_client(&b->client, b->mine.buffer.len);
  wire_check(&b->mine);
  return status;
}

// One thing that the client wants.
static smtpc_status serve_client(both *b) {
  smtpc_sasl_buffer *const buffer = &b->mine.buffer;
  switch (b->client.wants) {
    case SMTPC_SASL_NONCE:
      return smtpc_sasl_client_nonce(&b->client, b->nonces[0], SMTPC_NONCE_LEN);
    case SMTPC_SASL_PASSWORD:
      return credentials(&b->client, &b->mine, b->name, b->name_len, b->secret,
                         b->secret_len);
    case SMTPC_SASL_BINDING:
      return smtpc_sasl_client_binding(&b->client, buffer, b->channel, 32u);
    case SMTPC_SASL_DIGEST:
      b->text_len = smtpc_span_len(b->client.text);
      assert_true(b->text_len <= sizeof b->text);
      memcpy(b->text, buffer->data + b->client.text.begin, b->text_len);
      if (is_scram(b->client.mechanism) && b->mutate == 0u) {
        test_number(b->client.iterations, b->iterations);
        test_octets(buffer->data + b->client.salt.begin,
                    smtpc_span_len(b->client.salt), b->salt, b->salt_len);
      }
      return smtpc_sasl_client_digest(
          &b->client, buffer, b->name, b->name_len, b->digest,
          is_scram(b->client.mechanism) ? 2u * b->digest_len : b->digest_len);
    default:
      return SMTPC_E_STATE;
  }
}

// The verdict of a shim that knows the secret: digests are those of the same text.
static smtpc_status judge(both *b) {
  const smtpc_sasl *s = &b->server;
  const uint8_t *data = b->yours.buffer.data;
  const size_t len = smtpc_span_len(s->secret);
  const uint8_t *want = b->digest_len > 0u ? b->digest : b->secret;
  const size_t want_len = b->digest_len > 0u ? b->digest_len : b->secret_len;
  bool yes =
      s->name_len == b->name_len && memcmp(s->name, b->name, b->name_len) == 0;
  if (s->mechanism != SMTPC_MECHANISM_EXTERNAL) {
    yes = yes && len == want_len &&
          memcmp(data + s->secret.begin, want, len) == 0;
  }
  if (b->digest_len > 0u) {
    yes = yes && smtpc_span_len(s->text) == b->text_len &&
          memcmp(data + s->text.begin, b->text, b->text_len) == 0;
  }
  return smtpc_sasl_server_verdict(&b->server, yes ? 1 : 0,
                                   b->digest + b->digest_len, b->digest_len);
}

static smtpc_status serve_server(both *b) {
  switch (b->server.wants) {
    case SMTPC_SASL_NONCE:
      return smtpc_sasl_server_nonce(&b->server, b->nonces[1], SMTPC_NONCE_LEN);
    case SMTPC_SASL_SALT:
      return smtpc_sasl_server_salt(&b->server, b->salt, b->salt_len,
                                    b->iterations);
    case SMTPC_SASL_BINDING:
      return smtpc_sasl_server_binding(&b->server, &b->yours.buffer, b->channel,
                                       32u);
    case SMTPC_SASL_CHECK:
      return judge(b);
    default:
      return SMTPC_E_STATE;
  }
}

static bool waits(unsigned wants) {
  return wants == SMTPC_SASL_SAY || wants >= SMTPC_SASL_DONE;
}

// Runs one exchange to its end. SMTPC_OK: both sides believe it. What a side refuses
// ends it.
static smtpc_status run(both *b) {
  smtpc_status status = SMTPC_OK;
  bool first = true;
  for (unsigned turn = 0u; turn < 12u && status == SMTPC_OK; turn++) {
    while (b->client.wants != SMTPC_SASL_SAY && status == SMTPC_OK) {
      status = serve_client(b);
      check_client(&b->client, b->mine.buffer.len);
      wire_check(&b->mine);
    }
    if (status != SMTPC_OK) {
      return status;
    }
    status = carry_response(b, first);
    first = false;
    if (status == SMTPC_MORE) {
      status = SMTPC_OK;
    }
    while (status == SMTPC_OK && !waits(b->server.wants)) {
      status = serve_server(b);
      check_server(&b->server, b->yours.buffer.len);
    }
    if (status != SMTPC_OK || b->server.wants == SMTPC_SASL_REFUSED) {
      return status != SMTPC_OK ? status : SMTPC_E_SASL;
    }
    if (b->server.wants == SMTPC_SASL_DONE) {
      return smtpc_sasl_client_success(&b->client);
    }
    status = carry_challenge(b);
  }
  return status != SMTPC_OK ? status : SMTPC_E_INTERNAL;
}

static both both_of(unsigned mechanism, unsigned binding, int could_bind,
                    int offers_bound, size_t cap) {
  both b;
  memset(&b, 0, sizeof b);
  b.cap = cap;
  b.mine = room(cap);
  b.yours = room(cap);
  b.digest_len = smtpc_sasl_digest_len(mechanism);
  b.salt_len = 16u;
  b.iterations = 4096u;
  b.seed = 1u;
  client_nonce(b.nonces[0]);
  our_nonce(b.nonces[1]);
  for (unsigned i = 0u; i < sizeof b.digest; i++) {
    b.digest[i] = (uint8_t)(0xf0u - i);
  }
  smtpc_sasl_client_begin(&b.client, mechanism, binding, could_bind,
                          &b.mine.buffer);
  smtpc_sasl_server_begin(&b.server, mechanism, offers_bound);
  return b;
}

static void fill(uint64_t *seed, uint8_t *out, size_t len) {
  for (size_t i = 0u; i < len; i++) {
    out[i] = (uint8_t)test_random(seed);
  }
}

// A name of any octets that a name may have; a token, or a password.
static size_t fill_name(uint64_t *seed, uint8_t *out, size_t min) {
  const size_t len = min + test_random(seed) % (SMTPC_NAME_MAX + 1u - min);
  static const char often[] = ",= <>@\xc3";
  for (size_t i = 0u; i < len; i++) {
    do {
      out[i] = (uint8_t)test_random(seed);
    } while (smtpc_is_control(out[i]));
    if (test_random(seed) % 4u == 0u) {
      out[i] = (uint8_t)often[test_random(seed) % (sizeof often - 1u)];
    }
  }
  return len;
}

static size_t fill_secret(uint64_t *seed, unsigned mechanism, uint8_t *out) {
  const bool token = mechanism == SMTPC_MECHANISM_OAUTHBEARER ||
                     mechanism == SMTPC_MECHANISM_XOAUTH2;
  static const char octets[] = "azAZ09-._~+/";
  const size_t len = 1u + test_random(seed) % SMTPC_PASSWORD_MAX;
  for (size_t i = 0u; i < len; i++) {
    out[i] = token ? (uint8_t)octets[test_random(seed) % (sizeof octets - 1u)]
                   : (uint8_t)(1u + test_random(seed) % 255u);
  }
  return len;
}

// Every mechanism with random names, secrets, nonces, salts and digests: both sides
// end believing, and agree on everything that was said.
static void test_sasl_both_sides_agree(void **state) {
  (void)state;
  uint64_t seed = 99u;
  for (unsigned round = 0u; round < 4000u; round++) {
    const unsigned m = spoken[round % COUNT_OF(spoken)];
    uint8_t name[SMTPC_NAME_MAX];
    uint8_t secret[SMTPC_PASSWORD_MAX];
    const bool nameless =
        m == SMTPC_MECHANISM_EXTERNAL || m == SMTPC_MECHANISM_OAUTHBEARER;
    const bool offers = (test_random(&seed) & 1u) != 0u;
    both b = both_of(m, 1u + test_random(&seed) % 2u,
                     !offers && (test_random(&seed) & 1u) != 0u, offers, 8192u);
    b.prompts = test_random(&seed) % 2u;
    b.name_len = fill_name(&seed, name, nameless ? 0u : 1u);
    b.secret_len = fill_secret(&seed, m, secret);
    b.name = name;
    b.secret = secret;
    b.salt_len = 1u + test_random(&seed) % SMTPC_SALT_MAX;
    b.iterations =
        SMTPC_ITERATIONS_MIN +
        test_random(&seed) % (SMTPC_ITERATIONS_MAX - SMTPC_ITERATIONS_MIN + 1u);
    fill(&seed, b.salt, sizeof b.salt);
    fill(&seed, b.digest, sizeof b.digest);
    fill(&seed, b.channel, sizeof b.channel);
    fill(&seed, b.nonces[0], sizeof b.nonces);
    test_label("round %u, mechanism %u", round, m);
    test_number(run(&b), SMTPC_OK);
    test_number(b.client.wants, SMTPC_SASL_DONE);
    test_number(b.server.wants, SMTPC_SASL_DONE);
    test_octets(b.server.name, b.server.name_len, name, b.name_len);
    both_free(&b);
  }
}

// A secret that is not the one: refused, on both sides, by all that have one.
static void test_sasl_both_sides_refuse(void **state) {
  (void)state;
  for (size_t n = 0u; n < COUNT_OF(spoken); n++) {
    const unsigned m = spoken[n];
    if (m == SMTPC_MECHANISM_EXTERNAL) {
      continue;
    }
    both b = both_of(m, SMTPC_BINDING_EXPORTER, 0, 0, 8192u);
    b.name = (const uint8_t *)"tim";
    b.name_len = 3u;
    b.secret = (const uint8_t *)"right";
    b.secret_len = 5u;
    test_label("mechanism %u", m);
    // Let the client say all, then judge by another secret.
    bool judged = false;
    smtpc_status status = SMTPC_OK;
    bool first = true;
    for (unsigned turn = 0u; turn < 12u && status == SMTPC_OK; turn++) {
      while (b.client.wants != SMTPC_SASL_SAY && status == SMTPC_OK) {
        status = serve_client(&b);
      }
      const smtpc_status carried = carry_response(&b, first);
      assert_true(carried == SMTPC_OK || carried == SMTPC_MORE);
      first = false;
      while (!waits(b.server.wants)) {
        if (b.server.wants == SMTPC_SASL_CHECK) {
          judged = true;
          b.digest[0] ^= 1u;
          b.secret = (const uint8_t *)"wrong";
        }
        test_number(serve_server(&b), SMTPC_OK);
      }
      if (b.server.wants == SMTPC_SASL_REFUSED) {
        break;
      }
      status = carry_challenge(&b);
    }
    assert_true(judged);
    test_number(b.server.wants, SMTPC_SASL_REFUSED);
    test_number(smtpc_sasl_client_is_whole(&b.client), 1);
    // Where the mechanism tells a client, it does not take a 235 any more.
    const bool token =
        m == SMTPC_MECHANISM_OAUTHBEARER || m == SMTPC_MECHANISM_XOAUTH2;
    test_number(smtpc_sasl_client_success(&b.client), is_scram(m)
                                                          ? SMTPC_E_BINDING
                                                      : token ? SMTPC_E_STATE
                                                              : SMTPC_OK);
    both_free(&b);
  }
}

// The whole text of an exchange of "user" with the password "pencil", both nonces ours,
// and its proof and signature, which `core/sasl_scram_test.c` says how to compute. The
// binding is octets 0x40 to 0x5f.
#define SIDES "n=user,r=" CLIENT_HEX ",r=" CLIENT_HEX OUR_HEX
#define TEXT_1(c) \
  SIDES ",s=QSXCR+Q6sek8bf92,i=4096,c=" c ",r=" CLIENT_HEX OUR_HEX
#define TEXT_256(c) \
  SIDES ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=" c ",r=" CLIENT_HEX OUR_HEX
#define C_EXPORTER \
  "cD10bHMtZXhwb3J0ZXIsLEBBQkNERUZHSElKS0xNTk9QUVJTVFVWV1hZWltcXV5f"
#define C_END_POINT                                                      \
  "cD10bHMtc2VydmVyLWVuZC1wb2ludCwsQEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFla" \
  "W1xdXl8="

static void test_sasl_scram_both_sides_take_the_vectors(void **state) {
  (void)state;
  static const struct {
    unsigned mechanism;
    unsigned binding;
    int could_bind;
    const char *text;
    const char *proof;
    const char *signature;
  } rows[] = {
      {SMTPC_MECHANISM_SCRAM_SHA_1, 0u, 0, TEXT_1("biws"),
       "sCi4/qEVUGsI/AUz5EMXZNniP2w=", "Ptoef+Zh0fG+Gl/IVq6P6Dn7yN4="},
      {SMTPC_MECHANISM_SCRAM_SHA_1, 0u, 1, TEXT_1("eSws"),
       "fEF1Mp6YfsgtX4aJCYUZQWyph44=", "kpAe4GnIs74GgNkYzdvw4grOYTw="},
      {SMTPC_MECHANISM_SCRAM_SHA_1_PLUS, SMTPC_BINDING_EXPORTER, 0,
       TEXT_1(C_EXPORTER),
       "1QkqJ1fjKoNslCqP49O08x1QR1I=", "Y9TS2QKtW0NTHbpdAQHxQ2OW72U="},
      {SMTPC_MECHANISM_SCRAM_SHA_1_PLUS, SMTPC_BINDING_END_POINT, 1,
       TEXT_1(C_END_POINT),
       "6piIaQR8kpc9aAvulhLt+sfYQOg=", "y+sBlR6AI8WJBULpq65PXNLa+dg="},
      {SMTPC_MECHANISM_SCRAM_SHA_256, 0u, 0, TEXT_256("biws"),
       "05Na8bMXgDxTl2DA3vQcNnxCNmnQN1pHqhKaBT5XZUA=",
       "gWkJMtnxoIIMSbkKnZ1sSkjvlzyl06DF3BX85Kg1z3s="},
      {SMTPC_MECHANISM_SCRAM_SHA_256, 0u, 1, TEXT_256("eSws"),
       "NgF1VdZ4vx7Rhpolpl45mGyuE+9HXmHApdESbdBry1g=",
       "QEbkhpoqNlDEsNPTw9RuEbvhaUIW6tvj7pzQlWLT8iw="},
      {SMTPC_MECHANISM_SCRAM_SHA_256_PLUS, SMTPC_BINDING_EXPORTER, 0,
       TEXT_256(C_EXPORTER), "XpEy2mRkxSpDVm4CDkiYpaUgO2VcNVA3DMbq8ixMFTs=",
       "3vejVLM91h9664R1QotCty8fOUg8ZRxfKehjpt5A3Rg="},
      {SMTPC_MECHANISM_SCRAM_SHA_256_PLUS, SMTPC_BINDING_END_POINT, 0,
       TEXT_256(C_END_POINT), "TYJ8jH7gxgcpFLompqWatA5/0tI6AShXKP0MHKYbpf0=",
       "BAkQ3snnVa6Np41KvemhUH/0YaBB1Z6jU0vMss2IEh0="},
  };
  for (size_t i = 0u; i < COUNT_OF(rows); i++) {
    const bool one = strstr(rows[i].text, "QSXC") != NULL;
    const char *salt = one ? "QSXCR+Q6sek8bf92" : "W22ZaJ0SNY7soEsUEjb6gQ==";
    both b = both_of(rows[i].mechanism, rows[i].binding, rows[i].could_bind, 0,
                     4096u);
    uint8_t raw[64];
    size_t len = 0u;
    b.name = (const uint8_t *)"user";
    b.name_len = 4u;
    for (unsigned k = 0u; k < 32u; k++) {
      b.channel[k] = (uint8_t)(0x40u + k);
    }
    test_label("row %zu", i);
    assert_true(base64_model_decode((const uint8_t *)salt, strlen(salt), raw,
                                    &b.salt_len));
    memcpy(b.salt, raw, b.salt_len);
    assert_true(base64_model_decode((const uint8_t *)rows[i].proof,
                                    strlen(rows[i].proof), raw, &len));
    test_number(len, b.digest_len);
    memcpy(b.digest, raw, len);
    assert_true(base64_model_decode((const uint8_t *)rows[i].signature,
                                    strlen(rows[i].signature), raw, &len));
    test_number(len, b.digest_len);
    memcpy(b.digest + len, raw, len);
    test_number(run(&b), SMTPC_OK);
    test_octets(b.text, b.text_len, rows[i].text, strlen(rows[i].text));
    both_free(&b);
  }
}

// RFC 4954 section 4: lines of 12,288 octets. A token of 9,000 octets through both
// sides; the longest that fits, and one octet more.
static void test_sasl_long_token_passes(void **state) {
  (void)state;
  static const struct {
    size_t len;
    smtpc_status status;
  } rows[] = {{9000u, SMTPC_OK},
              // base64 of 5 + 1 + 1 + 12 + len + 2 octets in 12,286
              {9213u - 21u, SMTPC_OK},
              {9213u - 20u, SMTPC_E_ROOM}};
  for (size_t i = 0u; i < COUNT_OF(rows); i++) {
    // The client's buffer holds "334 " in front of its response.
    both b = both_of(SMTPC_MECHANISM_XOAUTH2, 0u, 0, 0, 12288u + 4u);
    uint8_t *token = malloc(rows[i].len);
    assert_non_null(token);
    memset(token, 't', rows[i].len);
    b.name = (const uint8_t *)"n";
    b.name_len = 1u;
    b.secret = token;
    b.secret_len = rows[i].len;
    test_label("token of %zu", rows[i].len);
    test_number(run(&b), rows[i].status);
    test_number(b.client.late, 1);
    free(token);
    both_free(&b);
  }
}

// A command line as long as the buffer, as a server may get it.
static void test_sasl_long_initial_response_passes(void **state) {
  (void)state;
  static const char head[] = "AUTH XOAUTH2 ";
  uint8_t message[9201];
  uint8_t line[12288];
  const size_t skip = sizeof head - 1u;
  memset(message, 't', sizeof message);
  memcpy(message, "user=n\1auth=Bearer ", 19u);
  memset(message + sizeof message - 2u, 1, 2u);
  memcpy(line, head, skip);
  const size_t len =
      skip + base64_model_encode(message, sizeof message, line + skip);
  assert_true(len <= sizeof line - 2u);
  smtpc_sasl sasl = exchange(SMTPC_MECHANISM_XOAUTH2);
  wire w = wire_text(line, len, 0u);
  w.span = smtpc_span_make(skip, len);
  test_number(respond(&sasl, &w), SMTPC_OK);
  test_number(smtpc_span_len(sasl.secret), sizeof message - 21u);
  wire_free(&w);
}

// ------------------------------------------------------------------- fuzz

static size_t random_message(uint64_t *seed, uint8_t *out, size_t cap) {
  static const char *const parts[] = {"n,,",
                                      "y,,",
                                      "p=tls-exporter,,",
                                      "n=",
                                      "r=",
                                      "c=",
                                      "biws",
                                      ",",
                                      "s=",
                                      "i=4096",
                                      "p=",
                                      "a=",
                                      "=2C",
                                      "=3D",
                                      "user=",
                                      "auth=Bearer ",
                                      "t",
                                      "v=",
                                      "QQ==",
                                      "\1",
                                      "u",
                                      " ",
                                      "m=x",
                                      OUR_HEX,
                                      CLIENT_HEX};
  size_t len = 0u;
  const unsigned count = test_random(seed) % 12u;
  for (unsigned k = 0u; k < count; k++) {
    const char *part = parts[test_random(seed) % COUNT_OF(parts)];
    const size_t n = strlen(part);
    if (test_random(seed) % 16u == 0u && len < cap) {
      out[len] = (uint8_t)test_random(seed);
      len++;
    } else if (n <= cap - len) {
      memcpy(out + len, part, n);
      len += n;
    }
  }
  return len;
}

// A server that has come to `step` of its exchange, by honest answers.
static smtpc_sasl somewhere(uint64_t *seed) {
  const unsigned m = spoken[test_random(seed) % COUNT_OF(spoken)];
  const bool bound = m == SMTPC_MECHANISM_SCRAM_SHA_256_PLUS ||
                     m == SMTPC_MECHANISM_SCRAM_SHA_1_PLUS;
  smtpc_sasl sasl = exchange(m);
  sasl.offers_bound = (uint8_t)(test_random(seed) & 1u);
  if (is_scram(m) && test_random(seed) % 2u == 0u) {
    uint8_t octets[SMTPC_NONCE_LEN];
    const char *first = bound ? "p=tls-exporter,,n=u,r=u" : "n,,n=u,r=u";
    our_nonce(octets);
    test_number(respond_message(&sasl, first, strlen(first)), SMTPC_OK);
    test_number(smtpc_sasl_server_nonce(&sasl, octets, 16u), SMTPC_OK);
    test_number(smtpc_sasl_server_salt(&sasl, octets, 16u, 4096u), SMTPC_OK);
  }
  return sasl;
}

// THREATS AUT-05: whatever comes, the answer is one of the contract's, spans lie in the
// buffer, and an error leaves nothing behind (`respond` checks it).
static void test_sasl_server_survives_random_messages(void **state) {
  (void)state;
  uint64_t seed = 77u;
  unsigned taken = 0u;
  for (unsigned round = 0u; round < 100000u; round++) {
    uint8_t message[128];
    smtpc_sasl sasl = somewhere(&seed);
    test_label("round %u", round);
    for (unsigned k = 0u; k < 3u && sasl.wants == SMTPC_SASL_SAY; k++) {
      const size_t len = random_message(&seed, message, sizeof message);
      wire w = wire_message(message, len, test_random(&seed) % 600u);
      const smtpc_status status = respond(&sasl, &w);
      assert_true(status == SMTPC_OK || status == SMTPC_E_SASL ||
                  status == SMTPC_E_BINDING || status == SMTPC_E_ROOM);
      taken += status == SMTPC_OK ? 1u : 0u;
      wire_free(&w);
    }
  }
  // Enough of them pass that the rest of the grammar is reached too.
  assert_true(taken > 2000u);
}

static void test_sasl_client_survives_random_challenges(void **state) {
  (void)state;
  uint64_t seed = 78u;
  unsigned taken = 0u;
  for (unsigned round = 0u; round < 100000u; round++) {
    both b = both_of(spoken[round % COUNT_OF(spoken)], SMTPC_BINDING_EXPORTER,
                     0, 0, 2048u);
    b.name = b.secret = (const uint8_t *)"tim";
    b.name_len = b.secret_len = 3u;
    b.mutate = 1u;  // what comes is not what was sent
    test_label("round %u", round);
    for (unsigned turn = 0u; turn < 4u; turn++) {
      uint8_t line[300] = "334 ";
      uint8_t message[128];
      smtpc_status status = SMTPC_OK;
      while (b.client.wants != SMTPC_SASL_SAY && status == SMTPC_OK) {
        status = serve_client(&b);
        check_client(&b.client, b.mine.buffer.len);
      }
      if (status != SMTPC_OK) {
        test_number(status, SMTPC_E_ROOM);
        break;
      }
      smtpc_sasl_client_said(&b.client);
      size_t len = random_message(&seed, message, sizeof message);
      if (test_random(&seed) % 4u == 0u) {
        static const char good[] = "r=" CLIENT_HEX "xyz,s=QQ==,i=4096";
        len = sizeof good - 1u;
        memcpy(message, good, len);
      }
      len = 4u + base64_model_encode(message, len, line + 4u);
      renew(&b.mine, line, len, len + test_random(&seed) % 600u);
      status = smtpc_sasl_client_challenge(&b.client, &b.mine.buffer,
                                           smtpc_span_make(4u, len));
      check_client(&b.client, b.mine.buffer.len);
      wire_check(&b.mine);
      if (status != SMTPC_OK) {
        assert_true(status == SMTPC_E_SASL || status == SMTPC_E_ROOM ||
                    status == SMTPC_E_NUMBER_TOO_LARGE ||
                    status == SMTPC_E_BINDING);
        test_number(b.client.wants, SMTPC_SASL_NOTHING);
        test_number(b.mine.buffer.len, len);
        break;
      }
      taken++;
    }
    both_free(&b);
  }
  assert_true(taken > 10000u);
}

// Honest exchanges with an octet changed here and there: no side believes an exchange
// of which the other was told another thing.
static void test_sasl_mutated_exchanges(void **state) {
  (void)state;
  uint64_t seed = 79u;
  unsigned whole = 0u;
  for (unsigned round = 0u; round < 40000u; round++) {
    const unsigned m = spoken[round % COUNT_OF(spoken)];
    both b = both_of(m, SMTPC_BINDING_END_POINT, 0, 0, 4096u);
    b.name = (const uint8_t *)"t,i=m";
    b.name_len = 5u;
    b.secret = (const uint8_t *)"secret";
    b.secret_len = 6u;
    b.seed = seed + round;
    b.mutate = 20u + round % 300u;
    test_label("round %u, mechanism %u", round, m);
    const smtpc_status status = run(&b);
    assert_true(!smtpc_status_is_internal(status));
    if (status == SMTPC_OK) {
      whole++;
      test_octets(b.server.name, b.server.name_len, b.name, b.name_len);
    }
    both_free(&b);
  }
  assert_true(whole > 1000u && whole < 35000u);
}

// One call out of order, or in it. True: the credentials were found right.
static bool any_server_call(uint64_t *seed, smtpc_sasl *sasl, wire *w) {
  const uint8_t octets[64] = {0};
  const size_t len = test_random(seed) % 40u;
  smtpc_status status = SMTPC_E_STATE;
  uint8_t message[128];
  switch (test_random(seed) % 5u) {
    case 0u:
      status = smtpc_sasl_server_nonce(sasl, octets, 16u);
      break;
    case 1u:
      status = smtpc_sasl_server_salt(sasl, octets, len, 4096u);
      break;
    case 2u:
      status = smtpc_sasl_server_binding(sasl, &w->buffer, octets, len);
      break;
    case 3u:
      status =
          smtpc_sasl_server_verdict(sasl, (int)(len & 1u), octets,
                                    smtpc_sasl_digest_len(sasl->mechanism));
      return status == SMTPC_OK && (len & 1u) != 0u;
    default:
      // What spans lie in is kept until they are let go.
      if (sasl->wants == SMTPC_SASL_SAY) {
        wire_free(w);
        *w = wire_message(message,
                          random_message(seed, message, sizeof message), 600u);
      }
      status = respond(sasl, w);
      break;
  }
  assert_true(!smtpc_status_is_internal(status));
  return false;
}

// Whatever order calls come in: DONE needs a yes.
static void test_sasl_server_is_done_after_a_yes_only(void **state) {
  (void)state;
  uint64_t seed = 80u;
  unsigned done = 0u;
  for (unsigned round = 0u; round < 20000u; round++) {
    smtpc_sasl sasl = somewhere(&seed);
    wire w = room(600u);
    bool yes = false;
    for (unsigned k = 0u; k < 12u; k++) {
      test_label("round %u, call %u", round, k);
      yes = any_server_call(&seed, &sasl, &w) || yes;
      assert_true(sasl.wants != SMTPC_SASL_DONE || yes);
    }
    done += sasl.wants == SMTPC_SASL_DONE ? 1u : 0u;
    wire_free(&w);
  }
  assert_true(done > 50u);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_sasl_both_sides_agree),
      cmocka_unit_test(test_sasl_both_sides_refuse),
      cmocka_unit_test(test_sasl_scram_both_sides_take_the_vectors),
      cmocka_unit_test(test_sasl_long_token_passes),
      cmocka_unit_test(test_sasl_long_initial_response_passes),
      cmocka_unit_test(test_sasl_server_survives_random_messages),
      cmocka_unit_test(test_sasl_client_survives_random_challenges),
      cmocka_unit_test(test_sasl_mutated_exchanges),
      cmocka_unit_test(test_sasl_server_is_done_after_a_yes_only),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
