#include "core/config_parts.h"
#include "core/sasl_parts.h"

#if SMTPC_CONFIG_SERVER && SMTPC_CONFIG_AUTH

static smtpc_status host_check(const uint8_t *host, size_t len) {
  if (host == NULL || len == 0u) {
    return SMTPC_E_DOMAIN;
  }
  for (size_t i = 0u; i < len; i++) {
    const uint8_t c = host[i];
    if (c <= 0x20u || c >= 0x7fu || c == (uint8_t)'<' || c == (uint8_t)'>' ||
        c == (uint8_t)'@') {
      return SMTPC_E_DOMAIN;
    }
  }
  return SMTPC_OK;
}

// RFC 2195 section 2: the challenge has the form of a message identifier. It is
// said twice: to the client, and to whoever makes the digest.
void smtpc_sasl_put_cram(const smtpc_sasl *sasl, const uint8_t *host,
                         size_t host_len, smtpc_sasl_sink *sink) {
  const size_t len =
      host_len < SMTPC_CHALLENGE_HOST_MAX ? host_len : SMTPC_CHALLENGE_HOST_MAX;
  smtpc_out_fail(&sink->out, host_check(host, host_len));
  if (sink->out.status != SMTPC_OK) {
    return;
  }
  SMTPC_SASL_PUT(sink, "<");
  smtpc_sasl_put_hex(sink, sasl->nonce, sizeof sasl->nonce);
  SMTPC_SASL_PUT(sink, "@");
  smtpc_sasl_put(sink, host, len);
  SMTPC_SASL_PUT(sink, ">");
}

// RFC 5802 section 7: server-first-message
void smtpc_sasl_put_server_first(const smtpc_sasl *sasl,
                                 smtpc_sasl_sink *sink) {
  SMTPC_SASL_PUT(sink, "r=");
  smtpc_sasl_put(sink, sasl->peer_nonce, sasl->peer_nonce_len);
  smtpc_sasl_put_hex(sink, sasl->nonce, sizeof sasl->nonce);
  SMTPC_SASL_PUT(sink, ",s=");
  smtpc_sasl_put_base64(sink, sasl->held, sasl->held_len);
  SMTPC_SASL_PUT(sink, ",i=");
  smtpc_sasl_put_number(sink, sasl->iterations);
}

static void put_prompt(smtpc_sasl_sink *sink, unsigned step, unsigned prompts) {
  const bool draft = prompts == SMTPC_PROMPTS_DRAFT;
  if (step == 0u && draft) {
    SMTPC_SASL_PUT(sink, "User Name\0");
  } else if (step == 0u) {
    SMTPC_SASL_PUT(sink, "Username:");
  } else if (draft) {
    SMTPC_SASL_PUT(sink, "Password\0");
  } else {
    SMTPC_SASL_PUT(sink, "Password:");
  }
}

static void put_scram(const smtpc_sasl *sasl, smtpc_sasl_sink *sink) {
  if (sasl->step == 1u) {
    smtpc_sasl_put_server_first(sasl, sink);
  } else if (sasl->step > 1u) {
    SMTPC_SASL_PUT(sink, "v=");
    smtpc_sasl_put_base64(sink, sasl->held, sasl->held_len);
  }
}

// RFC 7628 section 3.2.2, and Google's protocol: why the token was refused.
static void put_token_error(const smtpc_sasl *sasl, smtpc_sasl_sink *sink) {
  if (sasl->step == 0u) {
    return;
  }
  if (sasl->mechanism == SMTPC_MECHANISM_OAUTHBEARER) {
    SMTPC_SASL_PUT(sink, "{\"status\":\"invalid_token\"}");
  } else {
    SMTPC_SASL_PUT(sink, "{\"status\":\"401\",\"schemes\":\"bearer\"}");
  }
}

smtpc_status smtpc_sasl_write_challenge(const smtpc_sasl *sasl,
                                        unsigned prompts, const uint8_t *host,
                                        size_t host_len, uint8_t *out,
                                        size_t cap, size_t *out_len) {
  smtpc_sasl_sink sink = {
      smtpc_out_begin(out, cap), {0u, 0u, {0u, 0u, 0u}}, 1u};
  if (sasl->wants != SMTPC_SASL_SAY) {
    smtpc_out_fail(&sink.out, SMTPC_E_STATE);
  }
  smtpc_out_text(&sink.out, "334 ", 4u);
  switch (smtpc_sasl_kind(sasl->mechanism)) {
    case SMTPC_MECHANISM_LOGIN:
      if (SMTPC_WITH(LOGIN)) {
        put_prompt(&sink, sasl->step, prompts);
      }
      break;
    case SMTPC_MECHANISM_CRAM_MD5:
      if (SMTPC_WITH(CRAM_MD5)) {
        smtpc_sasl_put_cram(sasl, host, host_len, &sink);
      }
      break;
    case SMTPC_SASL_SCRAM:
      if (SMTPC_WITH(SCRAM)) {
        put_scram(sasl, &sink);
      }
      break;
    case SMTPC_MECHANISM_OAUTHBEARER:
    case SMTPC_MECHANISM_XOAUTH2:
      if (SMTPC_MECHS_TOKEN != 0u) {
        put_token_error(sasl, &sink);
      }
      break;
    default:
      // PLAIN and EXTERNAL have nothing to ask: "334 ".
      break;
  }
  smtpc_base64_end(&sink.encoder, &sink.out);
  return smtpc_out_end(&sink.out, out_len);
}

#endif  // SMTPC_CONFIG_SERVER && SMTPC_CONFIG_AUTH
