#include "shim/mem/reply_scene_testing.h"

#include <stdlib.h>
#include <string.h>

#define REFUSED "! message-refused ~\nM: $\nC: QUIT\n"
#define RESET "! message-refused ~\nM: $\nC: RSET\n"
#define LOST "! message-refused ~\nM: 550\n"

const scene scenes[SCENE_COUNT] = {
    {"greeting",
     {NULL},
     "",
     0u,
     {220u, 0u, 0u},
     EHLO_OUT,
     SERVICE,
     SERVICE,
     UNEXPECTED},
    {"EHLO",
     {"220 mx\r\n"},
     EHLO_OUT,
     0u,
     {250u, 0u, 0u},
     MAIL_OUT,
     SERVICE,
     "! ehlo-refused ~\nC: HELO localhost\n",
     UNEXPECTED},
    {"HELO",
     {"220 mx\r\n", "500 no\r\n"},
     EHLO_OUT "! ehlo-refused @16\nC: HELO localhost\n",
     0u,
     {250u, 0u, 0u},
     MAIL_OUT,
     SERVICE,
     SERVICE,
     UNEXPECTED},
    {"STARTTLS",
     {"220 mx\r\n", "250-mx\r\n250 STARTTLS\r\n"},
     EHLO_OUT "C: STARTTLS\n",
     SCENE_TLS,
     {220u, 0u, 0u},
     "",
     "! starttls-refused ~\n" MAIL_OUT,
     "! starttls-refused ~\n" MAIL_OUT,
     UNEXPECTED},
    {"STARTTLS, required",
     {"220 mx\r\n", "250-mx\r\n250 STARTTLS\r\n"},
     EHLO_OUT "C: STARTTLS\n",
     SCENE_REQUIRED,
     {220u, 0u, 0u},
     "",
     "! starttls-refused ~\nC: QUIT\n",
     "! starttls-refused ~\nC: QUIT\n",
     UNEXPECTED},
    {"AUTH",
     {"220 mx\r\n", "250-mx\r\n250 AUTH PLAIN\r\n"},
     EHLO_OUT "! auth-in-clear @32\nC: (secret)\n",
     SCENE_AUTH,
     {235u, 0u, 0u},
     MAIL_OUT,
     "! auth-exchange ~\nC: QUIT\n",
     "! auth-exchange ~\nC: QUIT\n",
     "! reply-unexpected ~\n. close protocol reply-unexpected [#843]\n"},
    {"MAIL",
     {"220 mx\r\n", "250 mx\r\n"},
     GROUP_MAIL,
     0u,
     {250u, 0u, 0u},
     RCPT_OUT,
     REFUSED,
     REFUSED,
     UNEXPECTED},
    {"MAIL, RCPT and DATA ahead",
     {"220 mx\r\n", "250-mx\r\n250 PIPELINING\r\n"},
     GROUP_RCPT "C: DATA\n",
     0u,
     {250u, 0u, 0u},
     "",
     "",
     "",
     UNEXPECTED},
    {"RCPT",
     {"220 mx\r\n", "250 mx\r\n", "250 ok\r\n"},
     GROUP_RCPT,
     0u,
     {250u, 251u, 252u},
     "R: 0 $\nC: DATA\n",
     "! rcpt-refused ~\nR: 0 $\n" RESET,
     "! rcpt-refused ~\nR: 0 $\n" RESET,
     UNEXPECTED},
    {"DATA",
     {"220 mx\r\n", "250 mx\r\n", "250 ok\r\n", "250 ok\r\n"},
     GROUP_DATA,
     0u,
     {354u, 0u, 0u},
     "C: .\n",
     RESET,
     RESET,
     UNEXPECTED},
    {"DATA without a recipient",
     {"220 mx\r\n", "250-mx\r\n250 PIPELINING\r\n", "250 ok\r\n", "550 no\r\n"},
     GROUP_RCPT "C: DATA\n! rcpt-refused @48\nR: 0 550\n",
     0u,
     {354u, 0u, 0u},
     "C: .\n",
     LOST "C: RSET\n",
     LOST "C: RSET\n",
     UNEXPECTED},
    {"end of data",
     {"220 mx\r\n", "250 mx\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n"},
     GROUP_DATA "C: .\n",
     0u,
     {250u, 0u, 0u},
     "M: 250\nC: QUIT\n",
     REFUSED,
     REFUSED,
     UNEXPECTED},
    {"lone dot",
     {"220 mx\r\n", "250-mx\r\n250 PIPELINING\r\n", "250 ok\r\n", "550 no\r\n",
      "354 go\r\n"},
     GROUP_RCPT "C: DATA\n! rcpt-refused @48\nR: 0 550\nC: .\n",
     0u,
     {250u, 0u, 0u},
     LOST "C: QUIT\n",
     LOST "C: QUIT\n",
     LOST "C: QUIT\n",
     UNEXPECTED},
    {"chunk",
     {"220 mx\r\n", "250-mx\r\n250 CHUNKING\r\n", "250 ok\r\n", "250 ok\r\n"},
     GROUP_RCPT "R: 0 250\nC: BDAT 3\n",
     SCENE_BDAT,
     {250u, 0u, 0u},
     "C: BDAT 0 LAST\n",
     RESET,
     RESET,
     UNEXPECTED},
    {"last chunk",
     {"220 mx\r\n", "250-mx\r\n250 CHUNKING\r\n", "250 ok\r\n", "250 ok\r\n",
      "250 ok\r\n"},
     GROUP_RCPT "R: 0 250\nC: BDAT 3\nC: BDAT 0 LAST\n",
     SCENE_BDAT,
     {250u, 0u, 0u},
     "M: 250\nC: QUIT\n",
     RESET,
     RESET,
     UNEXPECTED},
    {"RSET",
     {"220 mx\r\n", "250 mx\r\n", "250 ok\r\n", "550 no\r\n"},
     GROUP_RCPT
     "! rcpt-refused @32\nR: 0 550\n! message-refused @32\nM: 550\nC: RSET\n",
     0u,
     {250u, 0u, 0u},
     "C: QUIT\n",
     SERVICE,
     SERVICE,
     UNEXPECTED},
    {"QUIT",
     {"220 mx\r\n", "250 mx\r\n", "550 no\r\n"},
     GROUP_MAIL "! message-refused @24\nM: 550\nC: QUIT\n",
     SCENE_QUIT,
     {221u, 0u, 0u},
     ". close quit\n",
     ". close quit\n",
     ". close quit\n",
     ". close quit\n"},
};

smtpc_client_policy scene_policy(const scene *s) {
  unsigned tls = SMTPC_CLIENT_TLS_OFF;
  tls = (s->flags & SCENE_TLS) != 0u ? SMTPC_CLIENT_TLS_OPPORTUNISTIC : tls;
  tls = (s->flags & SCENE_REQUIRED) != 0u ? SMTPC_CLIENT_TLS_REQUIRED : tls;
  smtpc_client_policy policy = dialogue_client_policy(tls);
  policy.bdat = (s->flags & SCENE_BDAT) != 0u ? 1u : 0u;
  if ((s->flags & SCENE_AUTH) != 0u) {
    policy.auth = SMTPC_AUTH_REQUIRED;
    policy.auth_order = SMTPC_AUTH_ORDER_MANUAL;
    policy.quirks = SMTPC_QUIRK_AUTH_IN_CLEAR;
  }
  return policy;
}

size_t scene_octets(const scene *s) {
  size_t len = 0u;
  for (size_t i = 0u; i < DIALOGUE_COUNT(s->turns) && s->turns[i] != NULL;
       i++) {
    len += strlen(s->turns[i]);
  }
  return len;
}

void scene_feed(smtpc_mem_client *mem, const char *text, size_t len,
                size_t cut) {
  (void)smtpc_mem_client_feed(mem, SMTPC_CHANNEL_PLAIN, text, len, cut);
}

const smtpc_mem_message *scene_message(void) {
  static smtpc_envelope recipient;
  static smtpc_mem_message message;
  recipient = dialogue_address("r@b.example");
  message = dialogue_message(&recipient, 1u);
  return &message;
}

void scene_play(smtpc_mem_client *mem, const scene *s) {
  const smtpc_client_policy policy = scene_policy(s);
  memset(mem, 0, sizeof *mem);
  mem->name = "user";
  mem->password = "secret";
  smtpc_mem_client_begin(mem, &policy, scene_message(), 1u);
  for (size_t i = 0u; i < DIALOGUE_COUNT(s->turns) && s->turns[i] != NULL;
       i++) {
    scene_feed(mem, s->turns[i], strlen(s->turns[i]), 0u);
  }
}

void scene_fill(smtpc_octets *out, const char *text, size_t at, unsigned code) {
  for (size_t i = 0u; text[i] != '\0'; i++) {
    if (text[i] == '~') {
      smtpc_octets_print(out, "@%zu", at);
    } else if (text[i] == '$') {
      smtpc_octets_print(out, "%u", code);
    } else {
      smtpc_octets_add(out, &text[i], 1u);
    }
  }
}

void scene_run(const scene *s, const char *octets, size_t len, size_t cut,
               const smtpc_octets *rest, const char *label) {
  static smtpc_mem_client mem;
  smtpc_octets want = {NULL, 0u, 0u};
  smtpc_octets_add(&want, s->trace, strlen(s->trace));
  smtpc_octets_add(&want, rest->data, rest->len);
  scene_play(&mem, s);
  scene_feed(&mem, octets, len, cut);
  test_label("%s: %s, cut %zu", s->label, label, cut);
  test_octets(mem.trace.data, mem.trace.len, want.data, want.len);
  smtpc_octets_free(&want);
  smtpc_mem_client_free(&mem);
}

void scene_malformed(const scene *s, const wire *w, size_t cut_max) {
  smtpc_octets rest = {NULL, 0u, 0u};
  const size_t at = scene_octets(s) + (w->judged != 0u ? w->judged : w->len);
  if (w->finding != NULL) {
    smtpc_octets_print(&rest, "! %s @%zu\n", w->finding, at);
  }
  smtpc_octets_print(
      &rest, "! reply-malformed @%zu\n. close %s\n", at,
      (s->flags & SCENE_QUIT) != 0u ? "quit" : "protocol reply-malformed");
  for (size_t cut = 0u; cut <= cut_max; cut++) {
    scene_run(s, w->octets, w->len, cut, &rest, w->octets);
  }
  smtpc_octets_free(&rest);
}

void scene_all_malformed(const wire *wires, size_t count) {
  for (size_t i = 0u; i < SCENE_COUNT; i++) {
    for (size_t k = 0u; k < count; k++) {
      scene_malformed(&scenes[i], &wires[k], TEST_CUT_MAX);
    }
  }
}

const scene *scene_named(const char *label) {
  size_t at = 0u;
  while (at < SCENE_COUNT && strcmp(scenes[at].label, label) != 0) {
    at++;
  }
  assert_true(at < SCENE_COUNT);
  return &scenes[at];
}

void scene_text(const char *label, const char *text, const char *rest) {
  const scene *s = scene_named(label);
  smtpc_octets want = {NULL, 0u, 0u};
  scene_fill(&want, rest, scene_octets(s) + strlen(text), 0u);
  scene_run(s, text, strlen(text), 0u, &want, "text");
  smtpc_octets_free(&want);
}

char *scene_repeated(const char *line, size_t count, const char *last) {
  const size_t len = strlen(line);
  char *text = malloc(len * count + strlen(last) + 1u);
  assert_non_null(text);
  for (size_t i = 0u; i < count; i++) {
    memcpy(text + i * len, line, len);
  }
  memcpy(text + count * len, last, strlen(last) + 1u);
  return text;
}
