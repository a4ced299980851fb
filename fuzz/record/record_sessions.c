// What happens to a session over shim/mem, as a script. Each function stands in the place
// of the one it is named after, and calls it.
//
// The tests' own account is "user" with "secret"; a world's is another (world.h), so what
// the tests say of it is said of that one.
#include <stdlib.h>
#include <string.h>

#include "fuzz/record/record.h"
#include "smtpcore/write.h"

#define OPEN_MAX 32u
// VERIFIED_BITS: chain and name are good.
#define VERIFIED_BITS 3u

// recording is the script of one session, encoded, as far as it has come.
typedef struct recording {
  const void *session;  // whose; NULL: free
  smtpc_octets script;
  size_t cut;
  int client;
} recording;

static recording recordings[OPEN_MAX];

static recording *find(const void *session) {
  for (size_t i = 0u; i < OPEN_MAX; i++) {
    if (recordings[i].session == session) {
      return &recordings[i];
    }
  }
  return NULL;
}

static void save(const void *session) {
  recording *at = find(session);
  if (at != NULL) {
    record_save(at->client != 0 ? "client" : "server", at->script.data,
                at->script.len);
    record_save("script", at->script.data, at->script.len);
    at->session = NULL;
  }
}

static void save_all(void) {
  for (size_t i = 0u; i < OPEN_MAX; i++) {
    if (recordings[i].session != NULL) {
      save(recordings[i].session);
    }
  }
}

static recording *begin(const void *session, int client) {
  static int once;
  static const uint8_t version = SCRIPT_VERSION;
  if (once == 0) {
    once = 1;
    (void)atexit(save_all);
  }
  save(session);
  recording *at = find(NULL);
  if (at == NULL) {
    save(recordings[0].session);
    at = &recordings[0];
  }
  at->session = session;
  at->client = client;
  at->cut = 0u;
  smtpc_octets_clear(&at->script);
  smtpc_octets_add(&at->script, &version, 1u);
  return at;
}

static void put(recording *at, unsigned tag, const void *head, size_t head_len,
                const void *data, size_t len) {
  if (at == NULL || head_len + len > 65535u) {
    return;
  }
  const size_t all = head_len + len;
  const uint8_t frame[3] = {(uint8_t)tag, (uint8_t)(all >> 8u),
                            (uint8_t)(all & 0xffu)};
  smtpc_octets_add(&at->script, frame, sizeof frame);
  smtpc_octets_add(&at->script, head, head_len);
  smtpc_octets_add(&at->script, data, len);
}

// Numbers are written least octet first, without zeros at the end.
static void put_number(recording *at, unsigned tag, const uint8_t *field,
                       uint64_t number) {
  uint8_t octets[8];
  size_t len = 0u;
  for (; number != 0u; number >>= 8u) {
    octets[len] = (uint8_t)(number & 0xffu);
    len++;
  }
  put(at, tag, field, field != NULL ? 1u : 0u, octets, len);
}

static void put_event(recording *at, const smtpc_input *input) {
  const uint8_t bits =
      (uint8_t)(input->tls.chain_ok | (input->tls.name_ok << 1u) |
                (input->tls.resumed << 2u));
  switch (input->kind) {
    case SMTPC_IN_TLS_UP:
      put_number(at, SCRIPT_TLS_UP, &bits, input->tls.version);
      break;
    case SMTPC_IN_TLS_FAILED:
      put_number(at, SCRIPT_TLS_FAILED, NULL, input->tls.failure);
      break;
    case SMTPC_IN_END_OF_STREAM:
      put_number(at, SCRIPT_CLOSE, NULL, input->clean);
      break;
    case SMTPC_IN_DEADLINE:
      put(at, SCRIPT_DEADLINE, NULL, 0u, NULL, 0u);
      break;
    case SMTPC_IN_SHUTDOWN:
      put(at, SCRIPT_SHUTDOWN, NULL, 0u, NULL, 0u);
      break;
    default:
      put_number(at, SCRIPT_MISUSE, NULL, input->kind);
      break;
  }
}

static void put_octets(recording *at, unsigned channel, unsigned tls,
                       const void *data, size_t len, size_t cut) {
  if (at != NULL && cut != at->cut && cut <= 5u) {
    put_number(at, SCRIPT_CUT, NULL, cut);
    at->cut = cut;
  }
  put(at, channel == tls ? SCRIPT_SAY : SCRIPT_STRAY, NULL, 0u, data, len);
}

// ------------------------------------------------------------------ server

// The tests' credentials, and the world's in their place.
static const char *const theirs[][2] = {
    {"AHVzZXIAc2VjcmV0", "AGNhbmFyeS11c2VyAGNhbmFyeTpwYTU1d29yZA=="},
    {"dXNlcg==", "Y2FuYXJ5LXVzZXI="},
    {"c2VjcmV0", "Y2FuYXJ5OnBhNTV3b3Jk"},
};

static void put_said(recording *at, unsigned channel, unsigned tls,
                     const uint8_t *data, size_t len, size_t cut) {
  for (size_t i = 0u; i < sizeof theirs / sizeof theirs[0]; i++) {
    const size_t old_len = strlen(theirs[i][0]);
    for (size_t from = 0u; from + old_len <= len; from++) {
      if (memcmp(data + from, theirs[i][0], old_len) == 0) {
        smtpc_octets said = {0};
        smtpc_octets_add(&said, data, from);
        smtpc_octets_add(&said, theirs[i][1], strlen(theirs[i][1]));
        smtpc_octets_add(&said, data + from + old_len, len - from - old_len);
        put_octets(at, channel, tls, said.data, said.len, cut);
        smtpc_octets_free(&said);
        return;
      }
    }
  }
  put_octets(at, channel, tls, data, len, cut);
}

static void put_server_policy(recording *at, const smtpc_server_policy *have) {
  static const script empty;
  smtpc_server_policy usual;
  (void)script_server_policy(&empty, &usual);
#define PUT_FIELD(member, number, word)                      \
  if (have->member != usual.member) {                        \
    const uint8_t field = number;                            \
    put_number(at, SCRIPT_SERVER_SET, &field, have->member); \
  }
  SCRIPT_SERVER_FIELD_LIST(PUT_FIELD)
#undef PUT_FIELD
}

void __real_smtpc_mem_server_begin(smtpc_mem_server *mem,
                                   const smtpc_server_policy *policy);
void __wrap_smtpc_mem_server_begin(smtpc_mem_server *mem,
                                   const smtpc_server_policy *policy);
void __wrap_smtpc_mem_server_begin(smtpc_mem_server *mem,
                                   const smtpc_server_policy *policy) {
  put_server_policy(begin(mem, 0), policy);
  __real_smtpc_mem_server_begin(mem, policy);
}

size_t __real_smtpc_mem_server_feed(smtpc_mem_server *mem, unsigned channel,
                                    const void *data, size_t len, size_t cut);
size_t __wrap_smtpc_mem_server_feed(smtpc_mem_server *mem, unsigned channel,
                                    const void *data, size_t len, size_t cut);
size_t __wrap_smtpc_mem_server_feed(smtpc_mem_server *mem, unsigned channel,
                                    const void *data, size_t len, size_t cut) {
  put_said(find(mem), channel, mem->session.tls, data, len, cut);
  return __real_smtpc_mem_server_feed(mem, channel, data, len, cut);
}

void __real_smtpc_mem_server_give(smtpc_mem_server *mem,
                                  const smtpc_input *input);
void __wrap_smtpc_mem_server_give(smtpc_mem_server *mem,
                                  const smtpc_input *input);
void __wrap_smtpc_mem_server_give(smtpc_mem_server *mem,
                                  const smtpc_input *input) {
  put_event(find(mem), input);
  __real_smtpc_mem_server_give(mem, input);
}

void __real_smtpc_mem_server_tls_up(smtpc_mem_server *mem, unsigned version);
void __wrap_smtpc_mem_server_tls_up(smtpc_mem_server *mem, unsigned version);
void __wrap_smtpc_mem_server_tls_up(smtpc_mem_server *mem, unsigned version) {
  static const uint8_t bits = VERIFIED_BITS;
  put_number(find(mem), SCRIPT_TLS_UP, &bits, version);
  __real_smtpc_mem_server_tls_up(mem, version);
}

void __real_smtpc_mem_server_free(smtpc_mem_server *mem);
void __wrap_smtpc_mem_server_free(smtpc_mem_server *mem);
void __wrap_smtpc_mem_server_free(smtpc_mem_server *mem) {
  save(mem);
  __real_smtpc_mem_server_free(mem);
}

// ------------------------------------------------------------------ client

static void put_client_policy(recording *at, const smtpc_client_policy *have) {
  static const script empty;
  smtpc_client_policy usual;
  (void)script_client_policy(&empty, &usual);
#define PUT_FIELD(member, number, word)                      \
  if (have->member != usual.member) {                        \
    const uint8_t field = number;                            \
    put_number(at, SCRIPT_CLIENT_SET, &field, have->member); \
  }
  SCRIPT_CLIENT_FIELD_LIST(PUT_FIELD)
#undef PUT_FIELD
}

// An envelope is told as the address and parameters of its command; one that cannot be
// written, as its raw address.
static void put_envelope(recording *at, unsigned tag,
                         const smtpc_envelope *envelope) {
  static uint8_t line[SMTPC_LINE_MAX];
  size_t len = 0u;
  const smtpc_status status =
      tag == SCRIPT_MESSAGE
          ? smtpc_write_mail(line, sizeof line, &len, envelope)
          : smtpc_write_rcpt(line, sizeof line, &len, envelope, 1);
  if (status != SMTPC_OK) {
    put(at, tag, NULL, 0u, envelope->address, envelope->address_len);
    return;
  }
  // "MAIL FROM:<a@b> SIZE=1" and CRLF become "a@b SIZE=1".
  const size_t from = tag == SCRIPT_MESSAGE ? 11u : 9u;
  const size_t end = from + envelope->address_len;
  put(at, tag, line + from, envelope->address_len, line + end + 1u,
      len - end - 3u);
}

static void put_message(recording *at, const smtpc_mem_message *message) {
  put_envelope(at, SCRIPT_MESSAGE, &message->envelope);
  for (size_t i = 0u; i < message->recipient_count; i++) {
    put_envelope(at, SCRIPT_RECIPIENT, &message->recipients[i]);
  }
  put(at, SCRIPT_CONTENT, NULL, 0u, message->content, message->content_len);
}

void __real_smtpc_mem_client_begin(smtpc_mem_client *mem,
                                   const smtpc_client_policy *policy,
                                   const smtpc_mem_message *messages,
                                   size_t message_count);
void __wrap_smtpc_mem_client_begin(smtpc_mem_client *mem,
                                   const smtpc_client_policy *policy,
                                   const smtpc_mem_message *messages,
                                   size_t message_count);
void __wrap_smtpc_mem_client_begin(smtpc_mem_client *mem,
                                   const smtpc_client_policy *policy,
                                   const smtpc_mem_message *messages,
                                   size_t message_count) {
  recording *at = begin(mem, 1);
  put_client_policy(at, policy);
  for (size_t i = 0u; i < message_count; i++) {
    put_message(at, &messages[i]);
  }
  __real_smtpc_mem_client_begin(mem, policy, messages, message_count);
}

size_t __real_smtpc_mem_client_feed(smtpc_mem_client *mem, unsigned channel,
                                    const void *data, size_t len, size_t cut);
size_t __wrap_smtpc_mem_client_feed(smtpc_mem_client *mem, unsigned channel,
                                    const void *data, size_t len, size_t cut);
size_t __wrap_smtpc_mem_client_feed(smtpc_mem_client *mem, unsigned channel,
                                    const void *data, size_t len, size_t cut) {
  put_octets(find(mem), channel, mem->session.tls, data, len, cut);
  return __real_smtpc_mem_client_feed(mem, channel, data, len, cut);
}

void __real_smtpc_mem_client_give(smtpc_mem_client *mem,
                                  const smtpc_input *input);
void __wrap_smtpc_mem_client_give(smtpc_mem_client *mem,
                                  const smtpc_input *input);
void __wrap_smtpc_mem_client_give(smtpc_mem_client *mem,
                                  const smtpc_input *input) {
  put_event(find(mem), input);
  __real_smtpc_mem_client_give(mem, input);
}

void __real_smtpc_mem_client_tls_up(smtpc_mem_client *mem, unsigned version,
                                    int verified);
void __wrap_smtpc_mem_client_tls_up(smtpc_mem_client *mem, unsigned version,
                                    int verified);
void __wrap_smtpc_mem_client_tls_up(smtpc_mem_client *mem, unsigned version,
                                    int verified) {
  const uint8_t bits = verified != 0 ? VERIFIED_BITS : 0u;
  put_number(find(mem), SCRIPT_TLS_UP, &bits, version);
  __real_smtpc_mem_client_tls_up(mem, version, verified);
}

void __real_smtpc_mem_client_free(smtpc_mem_client *mem);
void __wrap_smtpc_mem_client_free(smtpc_mem_client *mem);
void __wrap_smtpc_mem_client_free(smtpc_mem_client *mem) {
  save(mem);
  __real_smtpc_mem_client_free(mem);
}
