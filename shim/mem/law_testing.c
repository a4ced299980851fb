#include "shim/mem/law_testing.h"

#include <string.h>

smtpc_server_policy law_server_policy(unsigned tls) {
  smtpc_server_policy policy;
  smtpc_server_policy_init(&policy);
  policy.tls = (uint8_t)tls;
  policy.certificate = 1u;
  policy.auth = SMTPC_AUTH_ON;
  policy.errors_max = 1000u;
  policy.junk_max = 1000u;
  policy.size_max = 60u;
  policy.discard_max = 120u;
  return policy;
}

smtpc_client_policy law_client_policy(unsigned tls) {
  smtpc_client_policy policy;
  smtpc_client_policy_init(&policy);
  policy.tls = (uint8_t)tls;
  policy.auth = SMTPC_AUTH_ON;
  return policy;
}

// What a hostile client may say: commands right and wrong, content, ends of data
// right and wrong, and octets that belong nowhere.
static const char *const words[] = {
    "EHLO a.example\r\n",
    "EHLO a.example\r\n",
    "HELO a.example\r\n",
    "MAIL FROM:<a@b.example>\r\n",
    "MAIL FROM:<a@b.example>\r\n",
    "MAIL FROM:<> SIZE=5\r\n",
    "MAIL FROM:<no@b.example>\r\n",
    "MAIL FROM:<a b>\r\n",
    "MAIL FROM:<a@b.example> SIZE=999999999999\r\n",
    "RCPT TO:<c@d.example>\r\n",
    "RCPT TO:<c@d.example>\r\n",
    "RCPT TO:<no@d.example>\r\n",
    "RCPT TO:<postmaster>\r\n",
    "RCPT TO:<>\r\n",
    "DATA\r\n",
    "DATA\r\n",
    "DATA x\r\n",
    "hello\r\n",
    ".\r\n",
    "..\r\n",
    "\r\n.\r\n",
    "\n.\r\n",
    "\r\n.\n",
    "\r.\r\n",
    "a line of text that is longer than the others are, by far\r\n",
    "BDAT 5\r\n12345",
    "BDAT 7 LAST\r\nQUIT\r\n!",
    "BDAT 0 LAST\r\n",
    "BDAT 300\r\n",
    "BDAT x\r\n",
    "RSET\r\n",
    "NOOP\r\n",
    "VRFY a\r\n",
    "EXPN a\r\n",
    "HELP\r\n",
    "FROB\r\n",
    "\r\n",
    "NOOP\nRSET\r\n",
    "NO\rOP\r\n",
    "AUTH PLAIN\r\n",
    "AUTH PLAIN AHVzZXIAc2VjcmV0\r\n",
    "AUTH LOGIN\r\n",
    "dXNlcg==\r\n",
    "c2VjcmV0\r\n",
    "*\r\n",
    "AUTH CRAM-MD5\r\n",
    "STARTTLS x\r\n",
    "\x80\xff\r\n",
    "Q"};

void law_stream(uint64_t *state, smtpc_octets *out, size_t parts) {
  static const char zero = 0;
  smtpc_octets_clear(out);
  for (size_t i = 0u; i < parts; i++) {
    const uint32_t pick = test_random(state) % (COUNT(words) + 1u);
    if (pick == COUNT(words)) {
      smtpc_octets_add(out, &zero, 1u);
    } else {
      smtpc_octets_add(out, words[pick], strlen(words[pick]));
    }
  }
}

void law_begin_server(smtpc_mem_server *mem, unsigned tls) {
  const smtpc_server_policy policy = law_server_policy(tls);
  memset(mem, 0, sizeof *mem);
  smtpc_mem_server_begin(mem, &policy);
}

size_t law_feed(smtpc_mem_server *mem, const char *text) {
  return smtpc_mem_server_feed(mem, SMTPC_CHANNEL_PLAIN, text, strlen(text),
                               0u);
}

int law_contains(const smtpc_octets *octets, const char *text) {
  const size_t len = strlen(text);
  for (size_t i = 0u; i + len <= octets->len; i++) {
    if (memcmp(octets->data + i, text, len) == 0) {
      return 1;
    }
  }
  return 0;
}

const char law_greeting[] = "220 mx\r\n";

// Turns of a hostile server, for the client's laws.
static const char *const turns[] = {
    "220 again\r\n",
    "250 ok\r\n",
    "250-mx\r\n250-PIPELINING\r\n250 SIZE 99\r\n",
    "250-mx\r\n250-STARTTLS\r\n250-AUTH PLAIN\r\n250 CHUNKING\r\n",
    "250-mx\r\n250 STARTTLS\r\n",
    "354 go\r\n",
    "334 \r\n",
    "235 ok\r\n",
    "550 no\r\n",
    "451 later\r\n",
    "500 what\r\n",
    "221 bye\r\n",
    "454 no\r\n",
    "220-a\r\n220 b\r\n",
    "250-mixed\r\n550 x\r\n",
    "250\r\n",
    "421 x\r\n",
    "25\r\n",
    "250-XXXXXXXX\r\n250 ok\r\n",
    "250 ok\r\n250 ok\r\n354 go\r\n",
    "250 o",
    "k\r\n",
    "\r\n",
    "250 ok\n"};

static const uint8_t rcpt_text[] = "r@b.example";
static const uint8_t canary_body[] = "CANARYBODY\r\n";

void law_begin_client(smtpc_mem_client *mem, const smtpc_client_policy *policy,
                      smtpc_envelope *rcpt, smtpc_mem_message *message) {
  memset(mem, 0, sizeof *mem);
  memset(rcpt, 0, sizeof *rcpt);
  memset(message, 0, sizeof *message);
  rcpt->address = rcpt_text;
  rcpt->address_len = sizeof rcpt_text - 1u;
  message->envelope.address = rcpt_text;
  message->envelope.address_len = sizeof rcpt_text - 1u;
  message->recipients = rcpt;
  message->recipient_count = 1u;
  message->content = canary_body;
  message->content_len = sizeof canary_body - 1u;
  mem->name = LAW_NAME;
  mem->password = LAW_PASSWORD;
  smtpc_mem_client_begin(mem, policy, message, 1u);
}

void law_play(smtpc_mem_client *mem, uint64_t seed, size_t cut) {
  uint64_t random = seed;
  (void)smtpc_mem_client_feed(mem, 0u, law_greeting, strlen(law_greeting), cut);
  for (size_t i = 0u; i < 12u && mem->where != SMTPC_MEM_CLOSED; i++) {
    const uint32_t pick = test_random(&random) % COUNT(turns);
    if (mem->where == SMTPC_MEM_HANDSHAKE) {
      smtpc_mem_client_tls_up(mem, SMTPC_TLS_1_3, (int)(pick % 2u));
    }
    (void)smtpc_mem_client_feed(mem, mem->session.tls, turns[pick],
                                strlen(turns[pick]), cut);
  }
}
