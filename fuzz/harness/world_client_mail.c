#include <string.h>

#include "fuzz/harness/world_client_parts.h"
#include "smtpcore/param.h"

// ------------------------------------------------------------------- envelopes

// The first space outside quotes: the address ends there.
static size_t address_len(const uint8_t *data, size_t len) {
  int quoted = 0;
  for (size_t i = 0u; i < len; i++) {
    if (data[i] == '"') {
      quoted = !quoted;
    } else if (quoted && data[i] == '\\') {
      i++;
    } else if (!quoted && data[i] == ' ') {
      return i;
    }
  }
  return len;
}

// Decodes xtext into one of the texts of `rcpt` or `mail`.
static const uint8_t *decoded(uint8_t text[512], const uint8_t *line,
                              smtpc_span span, uint16_t *out_len) {
  size_t len = 0u;
  FUZZ_MUST(HARNESS,
            smtpc_xtext_decode(line, span, text, 512u, &len) == SMTPC_OK,
            "xtext that was checked cannot be decoded");
  *out_len = (uint16_t)len;
  return text;
}

static const uint8_t *part(const uint8_t *line, smtpc_span span,
                           uint16_t *out_len) {
  *out_len = (uint16_t)smtpc_span_len(span);
  return line + span.begin;
}

static void take_params(smtpc_envelope *out, const smtpc_params *params,
                        const uint8_t *line, uint8_t text[3][512]) {
  out->seen = params->seen;
  out->size = params->size;
  out->when = params->when;
  out->hold_for = params->hold_for;
  out->by_time = params->by_time;
  out->mtrk_timeout = params->mtrk_timeout;
  out->body = params->body;
  out->ret = params->ret;
  out->notify = params->notify;
  out->by_mode = params->by_mode;
  out->by_trace = params->by_trace;
  out->mt_priority = params->mt_priority;
  out->rrvs = params->rrvs;
  out->envid = decoded(text[0], line, params->envid, &out->envid_len);
  out->auth = decoded(text[1], line, params->auth, &out->auth_len);
  out->orcpt = decoded(text[2], line, params->orcpt, &out->orcpt_len);
  out->orcpt_type = part(line, params->orcpt_type, &out->orcpt_type_len);
  out->solicit = part(line, params->solicit, &out->solicit_len);
  out->mtrk = part(line, params->mtrk, &out->mtrk_len);
  out->transid = part(line, params->transid, &out->transid_len);
}

// What cannot be read as address and parameters is given as an address: the writer must
// refuse it (THREATS: INJ-01, INJ-02).
static int make_envelope(smtpc_envelope *out, const uint8_t *data, size_t len,
                         unsigned verb, uint8_t text[3][512]) {
  const size_t end = address_len(data, len);
  smtpc_params params;
  memset(out, 0, sizeof *out);
  out->address = data;
  out->address_len = (uint16_t)len;
  if (end < len && smtpc_params_parse(data, smtpc_span_make(end, len), verb,
                                      UINT32_MAX, &params) == SMTPC_OK) {
    out->address_len = (uint16_t)end;
    take_params(out, &params, data, text);
    return 1;
  }
  return end == len;
}

// ------------------------------------------------------------------- messages

// The next record of `tag` from `from` on, up to the next record of `stop`. Without one
// it is `script->count`.
static size_t find_record(const world_client *w, size_t from, unsigned tag,
                          unsigned stop) {
  const script *in = w->script;
  const size_t count = in != NULL ? in->count : 0u;
  size_t at = from;
  while (at < count && in->records[at].tag != tag) {
    if (in->records[at].tag == stop) {
      return count;
    }
    at++;
  }
  return at;
}

static size_t record_count(const world_client *w) {
  return w->script != NULL ? w->script->count : 0u;
}

smtpc_input wc_next_message(world_client *w) {
  static const uint8_t own[] = "s@a.example";
  const size_t at = find_record(w, w->message_next, SCRIPT_MESSAGE, 0u);
  smtpc_input input = smtpc_input_make(SMTPC_IN_END);
  const int first = w->message_next == 0u;
  w->message_next = at + 1u;
  if (at < record_count(w)) {
    const script_record *record = &w->script->records[at];
    w->mail_len = record->len;
    w->mail_raw = (uint8_t)!make_envelope(&w->mail, record->data, record->len,
                                          SMTPC_VERB_MAIL, w->text[0]);
  } else if (first) {
    w->own_messages = 1u;
    w->mail_len = sizeof own - 1u;
    w->mail_raw = (uint8_t)!make_envelope(&w->mail, own, sizeof own - 1u,
                                          SMTPC_VERB_MAIL, w->text[0]);
  } else {
    return input;
  }
  w->message_at = at;
  w->recipient_next = at + 1u;
  w->content_next = at + 1u;
  w->rest_len = 0u;
  smtpc_octets_clear(&w->handed);
  input.kind = SMTPC_IN_ENVELOPE;
  input.envelope = &w->mail;
  return input;
}

smtpc_input wc_next_recipient(world_client *w) {
  static const uint8_t own[] = "r@b.example";
  smtpc_input input = smtpc_input_make(SMTPC_IN_END);
  size_t at =
      find_record(w, w->recipient_next, SCRIPT_RECIPIENT, SCRIPT_MESSAGE);
  if (w->own_messages != 0u) {
    at = w->recipient_next;
  }
  if (w->own_messages != 0u && at == w->message_at + 1u) {
    (void)make_envelope(&w->rcpt, own, sizeof own - 1u, SMTPC_VERB_RCPT,
                        w->text[1]);
  } else if (w->own_messages == 0u && at < record_count(w)) {
    const script_record *record = &w->script->records[at];
    (void)make_envelope(&w->rcpt, record->data, record->len, SMTPC_VERB_RCPT,
                        w->text[1]);
  } else {
    return input;
  }
  w->recipient_next = at + 1u;
  input.kind = SMTPC_IN_RECIPIENT;
  input.envelope = &w->rcpt;
  return input;
}

smtpc_input wc_next_content(world_client *w) {
  static const uint8_t own[] = "Subject: hello\r\n\r\n.a dot\r\nbye\r\n";
  smtpc_input input = smtpc_input_make(SMTPC_IN_END);
  size_t at = w->content_next;
  if (w->own_messages != 0u && at == w->message_at + 1u) {
    input.kind = SMTPC_IN_CONTENT;
    input.data = own;
    input.len = sizeof own - 1u;
  }
  while (w->own_messages == 0u && input.len == 0u) {
    at = find_record(w, at, SCRIPT_CONTENT, SCRIPT_MESSAGE);
    if (at >= record_count(w)) {
      break;
    }
    input.data = w->script->records[at].data;
    input.len = w->script->records[at].len;
    input.kind = (uint8_t)(input.len > 0u ? SMTPC_IN_CONTENT : SMTPC_IN_END);
    at++;
  }
  w->content_next = w->own_messages != 0u ? at + 1u : at;
  return input;
}

// ------------------------------------------------------------------- AUTH

static int says(const script_record *record, const void *part, size_t len) {
  return fuzz_find(record->data, record->len, part, len) != 0 ||
         fuzz_find(record->more, record->more_len, part, len) != 0;
}

void wc_find_credentials(world_client *w) {
  w->name = (const uint8_t *)WORLD_NAME;
  w->name_len = sizeof WORLD_NAME - 1u;
  w->password = (const uint8_t *)WORLD_PASSWORD;
  w->password_len = sizeof WORLD_PASSWORD - 1u;
  w->canary = 1u;
  for (size_t i = 0u; i < record_count(w); i++) {
    const script_record *record = &w->script->records[i];
    if (record->tag == SCRIPT_CREDENTIALS) {
      w->name = record->data;
      w->name_len = record->len;
      w->password = record->more;
      w->password_len = record->more_len;
      w->canary = 0u;
      return;
    }
  }
  for (size_t i = 0u; i < record_count(w); i++) {
    // Six octets of it are enough: a server may say it in parts.
    if (says(&w->script->records[i], WORLD_PASSWORD, 6u)) {
      w->canary = 0u;
    }
  }
}

// Octets of the next record of `tag`, cut or filled with zeros to `len`.
static const uint8_t *next_octets(world_client *w, size_t *from, unsigned tag,
                                  size_t len, size_t *out_len) {
  const size_t at = find_record(w, *from, tag, 0u);
  memset(w->answer, 0, sizeof w->answer);
  *from = at + 1u;
  *out_len = len;
  if (at < record_count(w)) {
    const script_record *record = &w->script->records[at];
    const size_t have = record->len < len ? record->len : len;
    if (have > 0u) {
      memcpy(w->answer, record->data, have);
    }
    *out_len = have;
  }
  return w->answer;
}

static smtpc_input digest(world_client *w) {
  const unsigned mechanism = w->session.sasl.mechanism;
  const size_t one = smtpc_sasl_digest_len(mechanism);
  const size_t len = mechanism == SMTPC_MECHANISM_CRAM_MD5 ? one : 2u * one;
  smtpc_input input = smtpc_input_make(SMTPC_IN_DIGEST);
  size_t have = 0u;
  input.data = w->name;
  input.len = w->name_len;
  input.secret = next_octets(w, &w->digest_next, SCRIPT_DIGEST, len, &have);
  input.secret_len = len;
  memcpy(w->account.signature, w->answer + len - one, one);
  w->account.signature_len = (uint8_t)one;
  return input;
}

// The script's own octets go before those of the channel.
static smtpc_input binding(world_client *w) {
  const world_bound *bound =
      &w->bound[w->session.sasl.binding % SMTPC_BINDING_COUNT];
  smtpc_input input = smtpc_input_make(SMTPC_IN_BINDING);
  const size_t at = find_record(w, w->binding_next, SCRIPT_BINDING, 0u);
  if (w->binds != 0u && at >= record_count(w)) {
    input.data = bound->data;
    input.len = bound->len;
  } else {
    input.data =
        next_octets(w, &w->binding_next, SCRIPT_BINDING, 32u, &input.len);
  }
  return input;
}

smtpc_input wc_answer_auth(world_client *w, unsigned kind) {
  smtpc_input input = smtpc_input_make(SMTPC_IN_CREDENTIALS);
  size_t have = 0u;
  if (kind == SMTPC_DO_ASK_DIGEST) {
    return digest(w);
  }
  if (kind == SMTPC_DO_ASK_NONCE) {
    input.kind = SMTPC_IN_NONCE;
    input.data =
        next_octets(w, &w->nonce_next, SCRIPT_NONCE, SMTPC_NONCE_LEN, &have);
    input.len = SMTPC_NONCE_LEN;
  } else if (kind == SMTPC_DO_ASK_BINDING) {
    input.kind = SMTPC_IN_BINDING;
    input = binding(w);
  } else {
    input.data = w->name;
    input.len = w->name_len;
    input.secret = w->password;
    input.secret_len = w->password_len;
  }
  return input;
}
