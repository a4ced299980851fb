// What reading the sessions against their laws brought to light: payload that was read
// as commands, and a pair that begins under TLS.

#include <stdlib.h>
#include <string.h>

#include "shim/mem/dialogue_testing.h"

#define BEGIN \
  "EHLO a.example\r\nMAIL FROM:<s@a.example>\r\nRCPT TO:<r@b.example>\r\n"
#define BEGIN_OUT                         \
  "S: 220 localhost SMTP service ready\n" \
  "C: EHLO a.example\n"                   \
  "S: 250-localhost greets you\n"         \
  "S: 250-SIZE 1000\n"                    \
  "S: 250 CHUNKING\n"                     \
  "C: MAIL FROM:<s@a.example>\n"          \
  "S: 250 Sender OK\n"                    \
  "C: RCPT TO:<r@b.example>\n"            \
  "S: 250 Recipient OK\n"

// ---------------------------------------------------------- a long BDAT line

// The line of `verb` with `spaces` behind it, and then what would be payload.
static void run_padded(const smtpc_server_policy *policy, const char *label,
                       const char *verb, size_t spaces, const char *want) {
  char *head = dialogue_filled(BEGIN, ' ', 0u, verb);
  char *turn = dialogue_filled(head, ' ', spaces, "\r\nNOOP\r\nQUIT\r\n");
  char *line = dialogue_filled(verb, ' ', spaces, "\n");
  char *shown = dialogue_filled(BEGIN_OUT "C: ", ' ', 0u, line);
  char *whole = dialogue_filled(shown, ' ', 0u, want);
  const dialogue d = {label, {turn}, whole};
  dialogue_server(policy, &d);
  free(whole);
  free(shown);
  free(line);
  free(turn);
  free(head);
}

static void test_review_padded_bdat_line_ends_the_session(void **state) {
  (void)state;
  static const char ended[] =
      "! line-too-long @%zu\n! chunk-size @%zu\n! quirk-trailing-space @%zu\n"
      "M: dropped\n"
      "S: 500 Line too long\n"
      ". close protocol chunk-size\n";
  smtpc_server_policy policy = dialogue_server_policy();
  policy.quirks = SMTPC_QUIRK_TRAILING_SPACE;
  // A line of 512 octets is the longest of BDAT (RFC 5321 section 4.5.3.1.4).
  static const struct {
    const char *label;
    const char *verb;
    size_t spaces;
  } rows[] = {{"one octet too long", "BDAT 6", 505u},
              {"the last chunk", "BDAT 6 LAST", 500u},
              {"nothing in it", "BDAT 0", 520u}};
  for (size_t i = 0u; i < DIALOGUE_COUNT(rows); i++) {
    const size_t at =
        strlen(BEGIN) + strlen(rows[i].verb) + rows[i].spaces + 2u;
    smtpc_octets want = {0};
    smtpc_octets_print(&want, ended, at, at, at);
    smtpc_octets_add(&want, "", 1u);
    run_padded(&policy, rows[i].label, rows[i].verb, rows[i].spaces,
               (const char *)want.data);
    smtpc_octets_free(&want);
  }
}

static void test_review_padded_bdat_line_within_limit_is_taken(void **state) {
  (void)state;
  smtpc_server_policy policy = dialogue_server_policy();
  smtpc_octets want = {0};
  const size_t at = strlen(BEGIN) + 512u;
  policy.quirks = SMTPC_QUIRK_TRAILING_SPACE;
  smtpc_octets_print(&want,
                     "! quirk-trailing-space @%zu\n"
                     "S: 250 Chunk taken\n"
                     "C: QUIT\n"
                     "M: dropped\n"
                     "S: 221 Closing connection\n"
                     ". close quit\n",
                     at);
  smtpc_octets_add(&want, "", 1u);
  run_padded(&policy, "512 octets", "BDAT 6", 504u, (const char *)want.data);
  smtpc_octets_free(&want);
}

// ------------------------------------------------------ a bare CR at the limit

// Law SPLIT: the bare CR is the octet that passes the limit, in whatever pieces it comes.
static void test_review_bare_cr_at_the_limit(void **state) {
  (void)state;
  smtpc_server_policy policy = dialogue_server_policy();
  const dialogue row = {
      "a bare CR right behind the limit",
      {"EHLO a.example\r\nMAIL FROM:<s@a.example>\r\n"
       "RCPT TO:<r@b.example>\r\nDATA\r\n",
       "ab\rc\r\n.\r\n"},
      "S: 220 localhost SMTP service ready\n"
      "C: EHLO a.example\n"
      "S: 250-localhost greets you\n"
      "S: 250-SIZE 2\n"
      "S: 250 CHUNKING\n"
      "C: MAIL FROM:<s@a.example>\n"
      "S: 250 Sender OK\n"
      "C: RCPT TO:<r@b.example>\n"
      "S: 250 Recipient OK\n"
      "C: DATA\n"
      "S: 354 End data with <CR><LF>.<CR><LF>\n"
      "! size-exceeded @70\n"
      "M: dropped\n"
      "! content-bare-cr @72\n"
      "S: 550 Lines must end with CRLF and have no other CR, LF or NUL\n"
      ". close protocol content-bare-cr\n"};
  policy.size_max = 2u;
  dialogue_server(&policy, &row);
}

// ------------------------------------------------- a pair under implicit TLS

static void test_review_pair_begins_under_tls(void **state) {
  (void)state;
  smtpc_server_policy receives = dialogue_server_policy();
  smtpc_client_policy sends = dialogue_client_policy(SMTPC_CLIENT_TLS_REQUIRED);
  const smtpc_envelope to = dialogue_address("r@b.example");
  const smtpc_mem_message message = dialogue_message(&to, 1u);
  receives.certificate = 1u;
  receives.implicit_tls = 1u;
  sends.implicit_tls = 1u;
  for (size_t cut = 0u; cut < 4u; cut++) {
    smtpc_mem_server server = {0};
    smtpc_mem_client client = {0};
    smtpc_mem_server_begin(&server, &receives);
    smtpc_mem_client_begin(&client, &sends, &message, 1u);
    assert_int_equal(server.out.len, 0);
    (void)smtpc_mem_converse(&client, &server, cut, NULL);
    assert_int_equal(client.done_count, 1);
    assert_int_equal(server.stored_count, 1);
    assert_int_equal(client.out_clear, 0);
    assert_int_equal(server.out_clear, 0);
    assert_int_equal(client.last.end_reason, SMTPC_END_QUIT);
    smtpc_mem_client_free(&client);
    smtpc_mem_server_free(&server);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_review_padded_bdat_line_ends_the_session),
      cmocka_unit_test(test_review_padded_bdat_line_within_limit_is_taken),
      cmocka_unit_test(test_review_bare_cr_at_the_limit),
      cmocka_unit_test(test_review_pair_begins_under_tls),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
