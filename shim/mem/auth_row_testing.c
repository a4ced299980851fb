#include "shim/mem/auth_row_testing.h"

#include <stdlib.h>
#include <string.h>

static void add_base64(smtpc_octets *out, const char *text, size_t len) {
  uint8_t *encoded = malloc(len * 2u + 8u);
  smtpc_base64 encoder = {0};
  assert_non_null(encoded);
  smtpc_out line = smtpc_out_begin_at(encoded, 0u, len * 2u + 8u);
  for (size_t i = 0u; i < len; i++) {
    const uint8_t octet = text[i] == '~' ? 0u : (uint8_t)text[i];
    smtpc_base64_put(&encoder, &line, &octet, 1u);
  }
  smtpc_base64_end(&encoder, &line);
  smtpc_octets_add(out, encoded, line.len);
  free(encoded);
}

void auth_expand(smtpc_octets *out, const char *text) {
  size_t i = 0u;
  while (text[i] != '\0') {
    const char *end = text[i] == '{' ? strchr(text + i, '}') : NULL;
    if (end != NULL) {
      add_base64(out, text + i + 1u, (size_t)(end - (text + i + 1u)));
      i = (size_t)(end - text) + 1u;
    } else {
      smtpc_octets_add(out, text + i, 1u);
      i++;
    }
  }
}

static void give_event(smtpc_mem_client *mem, const char *name) {
  smtpc_input input = smtpc_input_make(SMTPC_IN_END_OF_STREAM);
  if (strcmp(name, "=up") == 0) {
    smtpc_mem_client_tls_up(mem, SMTPC_TLS_1_3, 1);
  } else if (strcmp(name, "=up12") == 0) {
    smtpc_mem_client_tls_up(mem, SMTPC_TLS_1_2, 1);
  } else {
    input.kind = strcmp(name, "=deadline") == 0 ? SMTPC_IN_DEADLINE
                                                : SMTPC_IN_END_OF_STREAM;
    input.clean = 1u;
    smtpc_mem_client_give(mem, &input);
  }
}

static void play(smtpc_mem_client *mem, const auth_row *row, size_t cut) {
  for (size_t i = 0u; i < DIALOGUE_COUNT(row->turns) && row->turns[i] != NULL;
       i++) {
    if (row->turns[i][0] == '=') {
      give_event(mem, row->turns[i]);
    } else {
      smtpc_octets turn = {NULL, 0u, 0u};
      auth_expand(&turn, row->turns[i]);
      (void)smtpc_mem_client_feed(mem, mem->session.tls, turn.data, turn.len,
                                  cut);
      smtpc_octets_free(&turn);
    }
  }
}

static size_t octets_said(const auth_row *row) {
  size_t len = 0u;
  for (size_t i = 0u; i < DIALOGUE_COUNT(row->turns) && row->turns[i] != NULL;
       i++) {
    smtpc_octets turn = {NULL, 0u, 0u};
    auth_expand(&turn, row->turns[i]);
    const bool counts =
        row->turns[i][0] != '=' && strncmp(row->turns[i], "221", 3u) != 0;
    len += counts ? turn.len : 0u;
    smtpc_octets_free(&turn);
  }
  return len;
}

static void check_trace(const smtpc_mem_client *mem, const auth_row *row) {
  smtpc_octets want = {NULL, 0u, 0u};
  for (size_t i = 0u; row->trace[i] != '\0'; i++) {
    if (row->trace[i] == '~') {
      smtpc_octets_print(&want, "@%zu", octets_said(row));
    } else {
      smtpc_octets_add(&want, &row->trace[i], 1u);
    }
  }
  test_octets(mem->trace.data, mem->trace.len, want.data, want.len);
  smtpc_octets_free(&want);
}

static void check_wire(const smtpc_mem_client *mem, const char *wire) {
  static const char hello[] = "EHLO localhost\r\n";
  smtpc_octets want = {NULL, 0u, 0u};
  smtpc_octets_add(&want, hello, sizeof hello - 1u);
  auth_expand(&want, wire);
  test_octets(mem->out.data, mem->out.len, want.data, want.len);
  smtpc_octets_free(&want);
}

void auth_run(const smtpc_client_policy *policy, const auth_row *row,
              const char *name, const char *password) {
  const smtpc_envelope recipient = dialogue_address("r@b.example");
  const smtpc_mem_message message = dialogue_message(&recipient, 1u);
  for (size_t cut = 0u; cut <= TEST_CUT_MAX; cut++) {
    static smtpc_mem_client mem;
    memset(&mem, 0, sizeof mem);
    mem.name = name;
    mem.password = password;
    smtpc_mem_client_begin(&mem, policy, &message, 1u);
    play(&mem, row, cut);
    test_label("%s, cut %zu", row->label, cut);
    check_trace(&mem, row);
    if (row->wire != NULL) {
      check_wire(&mem, row->wire);
    }
    smtpc_mem_client_free(&mem);
  }
}

smtpc_client_policy auth_policy(void) {
  smtpc_client_policy policy =
      dialogue_client_policy(SMTPC_CLIENT_TLS_VERIFIED);
  policy.implicit_tls = 1u;
  policy.auth = SMTPC_AUTH_REQUIRED;
  return policy;
}

void auth_rows(const smtpc_client_policy *policy, const auth_row *rows,
               size_t count) {
  for (size_t i = 0u; i < count; i++) {
    smtpc_client_policy own = *policy;
    own.mechanisms = rows[i].mechanisms;
    auth_run(&own, &rows[i], "user", "secret");
  }
}
