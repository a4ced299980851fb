// THREATS.md section 8, BDT-01 to BDT-05: sizes, refused chunks, what comes after LAST
// and after an error, sums, and pipelining. Rows are run whole and in pieces of 1 to 5
// octets.

#include <stdlib.h>
#include <string.h>

#include "shim/mem/dialogue_testing.h"
#include "smtpcore/command.h"

#define ROWS(policy, rows) dialogue_rows(&(policy), rows, DIALOGUE_COUNT(rows))

#define GREETING "S: 220 localhost SMTP service ready\n"
#define HELLO "EHLO a.example\r\n"
#define EHLO_OUT                  \
  "C: EHLO a.example\n"           \
  "S: 250-localhost greets you\n" \
  "S: 250-SIZE 1000\n"            \
  "S: 250-CHUNKING\n"             \
  "S: 250 ENHANCEDSTATUSCODES\n"
#define HELLO_OUT GREETING EHLO_OUT
#define MAIL "MAIL FROM:<s@a.example>\r\n"
#define MAIL_OUT "C: MAIL FROM:<s@a.example>\nS: 250 2.1.0 Sender OK\n"
#define RCPT "RCPT TO:<r@b.example>\r\n"
#define RCPT_OUT "C: RCPT TO:<r@b.example>\nS: 250 2.1.5 Recipient OK\n"
#define BEGIN HELLO MAIL RCPT
#define BEGIN_OUT HELLO_OUT MAIL_OUT RCPT_OUT
#define DATA "DATA\r\n"
#define DATA_OUT "C: DATA\nS: 354 End data with <CR><LF>.<CR><LF>\n"
#define STORED_OUT "S: 250 2.0.0 Message stored\n"
#define TAKEN_OUT "S: 250 2.0.0 Chunk taken\n"
#define NOOP "NOOP\r\n"
#define NOOP_OUT "C: NOOP\nS: 250 2.0.0 OK\n"
#define RSET "RSET\r\n"
#define RSET_OUT "C: RSET\nS: 250 2.0.0 Reset\n"
#define SEQUENCE_OUT "S: 503 5.5.1 Bad sequence of commands\n"
#define CHUNK_OUT "S: 503 5.5.1 No transaction for this chunk\n"
#define BIG_OUT "S: 552 5.3.4 Message too big\n"
#define NO_VERB_OUT "S: 500 5.5.1 Command unrecognized\n"
#define OFF_OUT "S: 502 5.5.1 Command not implemented\n"
#define NO_SIZE_OUT                                        \
  "S: 501 5.5.4 Syntax error in parameters or arguments\n" \
  ". close protocol chunk-size\n"

static smtpc_server_policy strict_policy(void) {
  smtpc_server_policy policy = dialogue_server_policy();
  policy.offered |= SMTPC_OFFERS(ENHANCEDSTATUSCODES);
  return policy;
}

static smtpc_server_policy small_policy(uint64_t size_max) {
  smtpc_server_policy policy = strict_policy();
  policy.offered &= ~SMTPC_OFFERS(SIZE);
  policy.size_max = size_max;
  return policy;
}

#define SMALL_OUT                 \
  GREETING                        \
  "C: EHLO a.example\n"           \
  "S: 250-localhost greets you\n" \
  "S: 250-CHUNKING\n"             \
  "S: 250 ENHANCEDSTATUSCODES\n"

// ----------------------------------------------------------- BDT-01: the size

// What cannot be read ends the session: where the payload ends is unknown.
static void test_bdt_01_size_that_cannot_be_read(void **state) {
  (void)state;
  static const char *const rows[] = {"BDAT",
                                     "BDAT ",
                                     "BDAT x",
                                     "BDAT -1",
                                     "BDAT +5",
                                     "BDAT 0x10",
                                     "BDAT 1e1",
                                     "BDAT 5.",
                                     "BDAT 10k",
                                     "BDAT 18446744073709551616",
                                     "BDAT 99999999999999999999",
                                     "BDAT 184467440737095516150",
                                     "BDAT 000000000000000000005",
                                     "BDAT 10 LASTX",
                                     "BDAT 10 LAS",
                                     "BDAT 10  LAST",
                                     "BDAT  10 LAST",
                                     "BDAT 10 LAST x",
                                     "BDAT 10 LAST ",
                                     "BDAT 10 ",
                                     "BDAT 10\tLAST",
                                     "BDAT 10LAST",
                                     "BDAT LAST",
                                     "BDAT LAST 10",
                                     "BDAT 10 20",
                                     "BDAT 1\303\2660",
                                     "bdat x"};
  static const char *const before[] = {"", HELLO, HELLO MAIL, BEGIN,
                                       BEGIN "BDAT 1\r\nx"};
  static const char *const before_want[] = {GREETING, HELLO_OUT,
                                            HELLO_OUT MAIL_OUT, BEGIN_OUT,
                                            BEGIN_OUT "C: BDAT 1\n" TAKEN_OUT};
  const smtpc_server_policy policy = strict_policy();
  for (size_t i = 0u; i < DIALOGUE_COUNT(rows); i++) {
    for (size_t k = 0u; k < DIALOGUE_COUNT(before); k++) {
      const size_t end = strlen(before[k]) + strlen(rows[i]) + 2u;
      smtpc_octets want = {NULL, 0u, 0u};
      smtpc_octets_print(&want, "%sC: ", before_want[k]);
      for (size_t c = 0u; rows[i][c] != '\0'; c++) {
        const uint8_t octet = (uint8_t)rows[i][c];
        smtpc_octets_print(
            &want, octet >= 0x20u && octet < 0x7fu ? "%c" : "\\x%02x", octet);
      }
      smtpc_octets_print(&want, "\n! command-syntax @%zu\n", end);
      smtpc_octets_print(&want, "! chunk-size @%zu\n", end);
      smtpc_octets_print(&want, k >= 2u ? "M: dropped\n" : "");
      smtpc_octets_print(&want, NO_SIZE_OUT);
      smtpc_octets_add(&want, "", 1u);
      const dialogue d = {rows[i],
                          {before[k], rows[i], "\r\n", NOOP RSET},
                          (const char *)want.data};
      dialogue_server(&policy, &d);
      smtpc_octets_free(&want);
    }
  }
}

// What can be read and is too much is no problem of reading.
static void test_bdt_01_size_that_is_too_much(void **state) {
  (void)state;
  static const dialogue_row rows[] = {
      {"2^32", DIALOGUE_IN(BEGIN "BDAT 4294967296\r\nx" NOOP),
       BEGIN_OUT "C: BDAT 4294967296\n"
                 "! size-exceeded @81\n"
                 "! chunk-refused @81\n"
                 "M: dropped\n" BIG_OUT ". close refused chunk-refused\n"},
      {"2^32 and 1", DIALOGUE_IN(BEGIN "BDAT 4294967297 LAST\r\nx" NOOP),
       BEGIN_OUT "C: BDAT 4294967297 LAST\n"
                 "! size-exceeded @86\n"
                 "! chunk-refused @86\n"
                 "M: dropped\n" BIG_OUT ". close refused chunk-refused\n"},
      {"2^64 - 1", DIALOGUE_IN(BEGIN "BDAT 18446744073709551615\r\nx" NOOP),
       BEGIN_OUT "C: BDAT 18446744073709551615\n"
                 "! size-exceeded @91\n"
                 "! chunk-refused @91\n"
                 "M: dropped\n" BIG_OUT ". close refused chunk-refused\n"},
      {"refused and short", DIALOGUE_IN(BEGIN "BDAT 1001\r\nx" NOOP),
       BEGIN_OUT "C: BDAT 1001\n"
                 "! size-exceeded @75\n"
                 "M: dropped\n"},
      {"leading zeros",
       DIALOGUE_IN(BEGIN "BDAT 00000000000000000001 last\r\nx" NOOP),
       BEGIN_OUT "C: BDAT 00000000000000000001 last\n"
                 "M: 1 octets, stored\n" STORED_OUT NOOP_OUT},
  };
  const smtpc_server_policy policy = strict_policy();
  ROWS(policy, rows);
}

// Against numbers of any length, compared as text; what a session waits for is the
// number that was said.
static void test_bdt_01_numbers_against_text(void **state) {
  (void)state;
  static const char most[] = "18446744073709551615";
  static const char bad[] = "+-x. ";
  uint64_t random = 3u;
  for (unsigned run = 0u; run < 20000u; run++) {
    char line[40] = "BDAT ";
    const size_t len = 1u + test_random(&random) % 22u;
    const int near = (test_random(&random) & 1u) != 0u && len == 20u;
    bool good = len <= 20u;
    for (size_t i = 0u; i < len; i++) {
      line[5u + i] =
          near && i < 18u ? most[i] : (char)('0' + test_random(&random) % 10u);
    }
    good = good && (len < 20u || memcmp(line + 5, most, 20u) <= 0);
    if (test_random(&random) % 8u == 0u) {
      line[5u + test_random(&random) % len] = bad[test_random(&random) % 5u];
      good = false;
    }
    uint64_t value = 0u;
    for (size_t i = 0u; i < len && good; i++) {
      value = value * 10u + (uint64_t)(line[5u + i] - '0');
    }
    uint8_t *copy = test_copy(line, 5u + len);
    smtpc_command command;
    test_label("%.*s", (int)(5u + len), line);
    test_number(smtpc_command_parse(copy, 5u + len, 0u, 0u, &command),
                good ? SMTPC_OK : SMTPC_E_CHUNK_SIZE);
    assert_true(command.chunk_size == value);
    free(copy);
  }
  smtpc_server_policy policy = strict_policy();
  policy.size_max = UINT64_MAX;
  smtpc_mem_server mem = {0};
  smtpc_mem_server_begin(&mem, &policy);
  static const char in[] = BEGIN "BDAT 18446744073709551615\r\nxy";
  (void)smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_PLAIN, in, sizeof in - 1u,
                              0u);
  assert_true(mem.session.chunk_left == UINT64_MAX - 2u);
  smtpc_mem_server_free(&mem);
}

// ---------------------------------------------- BDT-02: refused, and eaten all the same

// The payload is commands, and none of them is one.
#define EVIL "MAIL FROM:<x"

static void test_bdt_02_refused_chunk_is_eaten(void **state) {
  (void)state;
  static const dialogue_row rows[] = {
      {"before EHLO", DIALOGUE_IN("BDAT 12 LAST\r\n" EVIL NOOP),
       GREETING "C: BDAT 12 LAST\n"
                "! command-sequence @14\n"
                "! chunk-refused @26\n" CHUNK_OUT NOOP_OUT},
      {"no transaction", DIALOGUE_IN(HELLO "BDAT 12 LAST\r\n" EVIL NOOP),
       HELLO_OUT "C: BDAT 12 LAST\n"
                 "! command-sequence @30\n"
                 "! chunk-refused @42\n" CHUNK_OUT NOOP_OUT},
      {"no recipient", DIALOGUE_IN(HELLO MAIL "BDAT 12 LAST\r\n" EVIL NOOP),
       HELLO_OUT MAIL_OUT "C: BDAT 12 LAST\n"
                          "! command-sequence @55\n"
                          "! chunk-refused @67\n"
                          "M: dropped\n" CHUNK_OUT NOOP_OUT},
      {"recipients refused",
       DIALOGUE_IN(HELLO MAIL "RCPT TO:<no@b.example>\r\n"
                              "BDAT 12 LAST\r\n" EVIL NOOP),
       HELLO_OUT MAIL_OUT "C: RCPT TO:<no@b.example>\n"
                          "! recipient-refused @65\n"
                          "S: 550 5.1.1 No such mailbox here\n"
                          "C: BDAT 12 LAST\n"
                          "! command-sequence @79\n"
                          "! chunk-refused @91\n"
                          "M: dropped\n" CHUNK_OUT NOOP_OUT},
      {"whole commands",
       DIALOGUE_IN(HELLO "BDAT 50 LAST\r\n" MAIL RCPT "\r\n" NOOP),
       HELLO_OUT "C: BDAT 50 LAST\n"
                 "! command-sequence @30\n"
                 "! chunk-refused @80\n" CHUNK_OUT NOOP_OUT},
      {"a dot line",
       DIALOGUE_IN(HELLO "BDAT 11 LAST\r\n\r\n.\r\nQUIT\r\n" NOOP),
       HELLO_OUT "C: BDAT 11 LAST\n"
                 "! command-sequence @30\n"
                 "! chunk-refused @41\n" CHUNK_OUT NOOP_OUT},
      {"NUL, bare CR, bare LF",
       DIALOGUE_IN(HELLO "BDAT 6 LAST\r\n\000\r\n\n\r\000" NOOP),
       HELLO_OUT "C: BDAT 6 LAST\n"
                 "! command-sequence @29\n"
                 "! chunk-refused @35\n" CHUNK_OUT NOOP_OUT},
      {"pipelined after the first one",
       DIALOGUE_IN(HELLO MAIL
                   "BDAT 5\r\nQUIT\rBDAT 5\r\nRSET\rBDAT 0 LAST\r\n" NOOP),
       HELLO_OUT MAIL_OUT "C: BDAT 5\n"
                          "! command-sequence @49\n"
                          "! chunk-refused @54\n"
                          "M: dropped\n" CHUNK_OUT "C: BDAT 5\n"
                          "! command-sequence @62\n"
                          "! chunk-refused @67\n" CHUNK_OUT "C: BDAT 0 LAST\n"
                          "! command-sequence @80\n"
                          "! chunk-refused @80\n" CHUNK_OUT NOOP_OUT},
  };
  const smtpc_server_policy policy = strict_policy();
  ROWS(policy, rows);
}

static void test_bdt_02_over_quota(void **state) {
  (void)state;
  static const dialogue_row rows[] = {
      {"at once", DIALOGUE_IN(BEGIN "BDAT 12 LAST\r\n" EVIL NOOP),
       SMALL_OUT MAIL_OUT RCPT_OUT "C: BDAT 12 LAST\n"
                                   "! size-exceeded @78\n"
                                   "M: dropped\n"
                                   "! chunk-refused @90\n" BIG_OUT NOOP_OUT},
      {"not the last one",
       DIALOGUE_IN(BEGIN "BDAT 12\r\n" EVIL "BDAT 6 LAST\r\nRSET\r\n" NOOP),
       SMALL_OUT MAIL_OUT RCPT_OUT "C: BDAT 12\n"
                                   "! size-exceeded @73\n"
                                   "M: dropped\n"
                                   "! chunk-refused @85\n" BIG_OUT
                                   "C: BDAT 6 LAST\n"
                                   "! command-sequence @98\n"
                                   "! chunk-refused @104\n" CHUNK_OUT NOOP_OUT},
  };
  const smtpc_server_policy policy = small_policy(11u);
  ROWS(policy, rows);
}

// Where TLS or AUTH is demanded: before TLS the session ends, nothing is parsed.
static void test_bdt_02_before_tls_and_auth(void **state) {
  (void)state;
  static const dialogue_row tls_rows[] = {
      {"TLS", DIALOGUE_IN(HELLO "BDAT 12 LAST\r\n" EVIL NOOP),
       GREETING
       "C: EHLO a.example\n"
       "S: 250-localhost greets you\n"
       "S: 250-SIZE 1000\n"
       "S: 250-STARTTLS\n"
       "S: 250-CHUNKING\n"
       "S: 250 ENHANCEDSTATUSCODES\n"
       "C: BDAT 12 LAST\n"
       "! plaintext-refused @30\n"
       "S: 530 5.7.0 Must issue a STARTTLS command first\n"
       ". close refused plaintext-refused [SSL Error (SMTP RX Reject)]\n"},
      {"TLS, no size", DIALOGUE_IN(HELLO "BDAT\r\n" EVIL NOOP),
       GREETING
       "C: EHLO a.example\n"
       "S: 250-localhost greets you\n"
       "S: 250-SIZE 1000\n"
       "S: 250-STARTTLS\n"
       "S: 250-CHUNKING\n"
       "S: 250 ENHANCEDSTATUSCODES\n"
       "C: BDAT\n"
       "! plaintext-refused @22\n"
       "S: 530 5.7.0 Must issue a STARTTLS command first\n"
       ". close refused plaintext-refused [SSL Error (SMTP RX Reject)]\n"},
  };
  static const dialogue_row auth_rows[] = {
      {"AUTH", DIALOGUE_IN(HELLO "BDAT 12 LAST\r\n" EVIL RSET MAIL),
       GREETING "C: EHLO a.example\n"
                "S: 250-localhost greets you\n"
                "S: 250-SIZE 1000\n"
                "S: 250-AUTH PLAIN\n"
                "S: 250-CHUNKING\n"
                "S: 250 ENHANCEDSTATUSCODES\n"
                "C: BDAT 12 LAST\n"
                "! command-sequence @30\n"
                "! chunk-refused @42\n" CHUNK_OUT RSET_OUT
                "C: MAIL FROM:<s@a.example>\n"
                "! auth-required @73\n"
                "S: 530 5.7.0 Authentication required\n"},
  };
  smtpc_server_policy policy = strict_policy();
  policy.tls = SMTPC_SERVER_TLS_REQUIRED;
  policy.certificate = 1u;
  policy.offered |= SMTPC_OFFERS(STARTTLS);
  ROWS(policy, tls_rows);
  smtpc_server_policy auth = strict_policy();
  auth.auth = SMTPC_AUTH_REQUIRED;
  auth.offered |= SMTPC_OFFERS(AUTH);
  auth.mechanisms = SMTPC_MECH(PLAIN);
  auth.quirks = SMTPC_QUIRK_AUTH_IN_CLEAR;
  ROWS(auth, auth_rows);
}

// A refused chunk that is larger than what may be discarded ends the session.
static void test_bdt_02_discarding_has_an_end(void **state) {
  (void)state;
  static const dialogue_row rows[] = {
      {"as much as may be", DIALOGUE_IN(HELLO "BDAT 12 LAST\r\n" EVIL NOOP),
       HELLO_OUT "C: BDAT 12 LAST\n"
                 "! command-sequence @30\n"
                 "! chunk-refused @42\n" CHUNK_OUT NOOP_OUT},
      {"more", DIALOGUE_IN(HELLO "BDAT 13 LAST\r\n" EVIL "x" NOOP),
       HELLO_OUT "C: BDAT 13 LAST\n"
                 "! command-sequence @30\n"
                 "! chunk-refused @30\n" CHUNK_OUT
                 ". close refused chunk-refused\n"},
  };
  smtpc_server_policy policy = strict_policy();
  policy.discard_max = 12u;
  ROWS(policy, rows);
}

// --------------------------------------------- BDT-03: after LAST, and after an error

static void test_bdt_03_after_last_or_error(void **state) {
  (void)state;
  static const dialogue_row rows[] = {
      {"BDAT after LAST",
       DIALOGUE_IN(BEGIN
                   "BDAT 1 LAST\r\nxBDAT 5 LAST\r\nQUIT\r" MAIL RSET MAIL),
       BEGIN_OUT "C: BDAT 1 LAST\n"
                 "M: 1 octets, stored\n" STORED_OUT "C: BDAT 5 LAST\n"
                 "! command-sequence @91\n"
                 "! chunk-refused @96\n" CHUNK_OUT
                 "C: MAIL FROM:<s@a.example>\n"
                 "! command-sequence @121\n" SEQUENCE_OUT RSET_OUT MAIL_OUT},
      {"BDAT 0 LAST", DIALOGUE_IN(BEGIN "BDAT 0 LAST\r\n" NOOP),
       BEGIN_OUT "C: BDAT 0 LAST\n"
                 "M: 0 octets, stored\n" STORED_OUT NOOP_OUT},
      {"BDAT 0 LAST after one",
       DIALOGUE_IN(BEGIN "BDAT 1\r\nxBDAT 0 LAST\r\nBDAT 0 LAST\r\n" NOOP),
       BEGIN_OUT "C: BDAT 1\n" TAKEN_OUT "C: BDAT 0 LAST\n"
                 "M: 1 octets, stored\n" STORED_OUT "C: BDAT 0 LAST\n"
                 "! command-sequence @99\n"
                 "! chunk-refused @99\n" CHUNK_OUT NOOP_OUT},
      {"BDAT 0 first and between",
       DIALOGUE_IN(BEGIN "BDAT 0\r\nBDAT 1\r\nxBDAT 0\r\nBDAT 1 LAST\r\ny"),
       BEGIN_OUT "C: BDAT 0\n" TAKEN_OUT "C: BDAT 1\n" TAKEN_OUT
                 "C: BDAT 0\n" TAKEN_OUT "C: BDAT 1 LAST\n"
                 "M: 2 octets, stored\n" STORED_OUT},
      {"another message",
       DIALOGUE_IN(BEGIN "BDAT 1 LAST\r\nx" MAIL RCPT
                         "BDAT 1 LAST\r\ny" MAIL RCPT DATA "z\r\n.\r\n"),
       BEGIN_OUT "C: BDAT 1 LAST\n"
                 "M: 1 octets, stored\n" STORED_OUT MAIL_OUT RCPT_OUT
                 "C: BDAT 1 LAST\n"
                 "M: 1 octets, stored\n" STORED_OUT MAIL_OUT RCPT_OUT DATA_OUT
                 "M: 3 octets, stored\n" STORED_OUT},
      {"DATA after BDAT",
       DIALOGUE_IN(BEGIN "BDAT 1\r\nx" DATA
                         "BDAT 5 LAST\r\nQUIT\r" RCPT RSET MAIL),
       BEGIN_OUT "C: BDAT 1\n" TAKEN_OUT "C: DATA\n"
                 "! command-sequence @79\n"
                 "M: dropped\n" SEQUENCE_OUT "C: BDAT 5 LAST\n"
                 "! command-sequence @92\n"
                 "! chunk-refused @97\n" CHUNK_OUT "C: RCPT TO:<r@b.example>\n"
                 "! command-sequence @120\n" SEQUENCE_OUT RSET_OUT MAIL_OUT},
      {"RCPT after BDAT",
       DIALOGUE_IN(BEGIN "BDAT 1\r\nx" RCPT "BDAT 0 LAST\r\n"),
       BEGIN_OUT "C: BDAT 1\n" TAKEN_OUT "C: RCPT TO:<r@b.example>\n"
                 "! command-sequence @96\n" SEQUENCE_OUT "C: BDAT 0 LAST\n"
                 "M: 1 octets, stored\n" STORED_OUT},
  };
  const smtpc_server_policy policy = strict_policy();
  ROWS(policy, rows);
}

// After a failed chunk only RSET, EHLO, NOOP and QUIT do anything (Postfix 20260724).
static void test_bdt_03_failed_until_rset(void **state) {
  (void)state;
#define FAIL BEGIN "BDAT 6\r\n123456"
  static const dialogue_row rows[] = {
      {"all of them",
       DIALOGUE_IN(FAIL MAIL RCPT DATA
                   "BDAT 5\r\nQUIT\rBDAT 0 LAST\r\n"
                   "VRFY x\r\nSTARTTLS\r\nAUTH PLAIN\r\n" NOOP),
       SMALL_OUT MAIL_OUT RCPT_OUT
       "C: BDAT 6\n"
       "! size-exceeded @72\n"
       "M: dropped\n"
       "! chunk-refused @78\n" BIG_OUT "C: MAIL FROM:<s@a.example>\n"
       "! command-sequence @103\n" SEQUENCE_OUT "C: RCPT TO:<r@b.example>\n"
       "! command-sequence @126\n" SEQUENCE_OUT "C: DATA\n"
       "! command-sequence @132\n" SEQUENCE_OUT "C: BDAT 5\n"
       "! command-sequence @140\n"
       "! chunk-refused @145\n" CHUNK_OUT "C: BDAT 0 LAST\n"
       "! command-sequence @158\n"
       "! chunk-refused @158\n" CHUNK_OUT "C: VRFY x\n"
       "S: 252 2.5.0 Send some mail, I will try\n"
       "C: STARTTLS\n"
       "! command-unknown @176\n" OFF_OUT "C: AUTH PLAIN\n"
       "! command-unknown @188\n" OFF_OUT NOOP_OUT},
      {"RSET", DIALOGUE_IN(FAIL RSET RCPT MAIL RCPT "BDAT 1 LAST\r\nx"),
       SMALL_OUT MAIL_OUT RCPT_OUT
       "C: BDAT 6\n"
       "! size-exceeded @72\n"
       "M: dropped\n"
       "! chunk-refused @78\n" BIG_OUT RSET_OUT "C: RCPT TO:<r@b.example>\n"
       "! command-sequence @107\n" SEQUENCE_OUT MAIL_OUT RCPT_OUT
       "C: BDAT 1 LAST\n"
       "M: 1 octets, stored\n" STORED_OUT},
      {"EHLO", DIALOGUE_IN(FAIL HELLO RCPT MAIL RCPT DATA ".\r\n"),
       SMALL_OUT MAIL_OUT RCPT_OUT
       "C: BDAT 6\n"
       "! size-exceeded @72\n"
       "M: dropped\n"
       "! chunk-refused @78\n" BIG_OUT "C: EHLO a.example\n"
       "S: 250-localhost greets you\n"
       "S: 250-CHUNKING\n"
       "S: 250 ENHANCEDSTATUSCODES\n"
       "C: RCPT TO:<r@b.example>\n"
       "! command-sequence @117\n" SEQUENCE_OUT MAIL_OUT RCPT_OUT DATA_OUT
       "M: 0 octets, stored\n" STORED_OUT},
      {"QUIT", DIALOGUE_IN(FAIL "QUIT\r\n" NOOP),
       SMALL_OUT MAIL_OUT RCPT_OUT "C: BDAT 6\n"
                                   "! size-exceeded @72\n"
                                   "M: dropped\n"
                                   "! chunk-refused @78\n" BIG_OUT "C: QUIT\n"
                                   "S: 221 2.0.0 Closing connection\n"
                                   ". close quit\n"},
      {"again and again",
       DIALOGUE_IN(FAIL RSET MAIL RCPT "BDAT 6 LAST\r\n123456" RSET MAIL RCPT
                                       "BDAT 5 LAST\r\n12345"),
       SMALL_OUT MAIL_OUT RCPT_OUT
       "C: BDAT 6\n"
       "! size-exceeded @72\n"
       "M: dropped\n"
       "! chunk-refused @78\n" BIG_OUT RSET_OUT MAIL_OUT RCPT_OUT
       "C: BDAT 6 LAST\n"
       "! size-exceeded @145\n"
       "M: dropped\n"
       "! chunk-refused @151\n" BIG_OUT RSET_OUT MAIL_OUT RCPT_OUT
       "C: BDAT 5 LAST\n"
       "M: 5 octets, stored\n" STORED_OUT},
  };
  const smtpc_server_policy policy = small_policy(5u);
  ROWS(policy, rows);
}

// Empty chunks lead nowhere, and are counted (Postfix 20260805); small ones fill the
// message, and that is counted.
static void test_bdt_03_tiny_chunks(void **state) {
  (void)state;
  static const dialogue_row rows[] = {
      {"empty", DIALOGUE_IN(BEGIN "BDAT 0\r\nBDAT 0\r\nBDAT 0\r\n" NOOP),
       SMALL_OUT MAIL_OUT RCPT_OUT
       "C: BDAT 0\n" TAKEN_OUT "C: BDAT 0\n"
       "! errors-too-many @80\n"
       "M: dropped\n"
       "S: 421 4.7.0 Too many errors, closing connection\n"
       ". close refused errors-too-many\n"},
      {"one octet each",
       DIALOGUE_IN(BEGIN "BDAT 1\r\n1BDAT 1\r\n2BDAT 1\r\n3BDAT 1\r\n4"
                         "BDAT 1\r\n5BDAT 1\r\n6BDAT 1\r\n7" NOOP),
       SMALL_OUT MAIL_OUT RCPT_OUT
       "C: BDAT 1\n" TAKEN_OUT "C: BDAT 1\n" TAKEN_OUT "C: BDAT 1\n" TAKEN_OUT
       "C: BDAT 1\n" TAKEN_OUT "C: BDAT 1\n" TAKEN_OUT "C: BDAT 1\n"
       "! size-exceeded @117\n"
       "M: dropped\n"
       "! chunk-refused @118\n" BIG_OUT "C: BDAT 1\n"
       "! command-sequence @126\n"
       "! chunk-refused @127\n" CHUNK_OUT NOOP_OUT},
  };
  smtpc_server_policy policy = small_policy(5u);
  policy.junk_max = 2u;
  ROWS(policy, rows);
  // A hundred thousand of them: the session is no larger for it.
  smtpc_server_policy large = strict_policy();
  static smtpc_mem_server mem;
  memset(&mem, 0, sizeof mem);
  mem.quiet = 1;
  large.size_max = 1000000u;
  smtpc_mem_server_begin(&mem, &large);
  (void)smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_PLAIN, BEGIN,
                              sizeof BEGIN - 1u, 0u);
  for (unsigned i = 0u; i < 100000u; i++) {
    (void)smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_PLAIN, "BDAT 1\r\nx", 9u,
                                0u);
  }
  (void)smtpc_mem_server_feed(&mem, SMTPC_CHANNEL_PLAIN, "BDAT 0 LAST\r\n", 13u,
                              0u);
  test_number(mem.stored.len, 100000);
  test_number(mem.stored_count, 1);
  smtpc_mem_server_free(&mem);
}

// ------------------------------------------------------- BDT-04: the sum of the chunks

static void test_bdt_04_sum_against_the_limit(void **state) {
  (void)state;
  static const dialogue_row rows[] = {
      {"as much as may be",
       DIALOGUE_IN(BEGIN "BDAT 4\r\n1234BDAT 4\r\n5678BDAT 2 LAST\r\n90"),
       SMALL_OUT MAIL_OUT RCPT_OUT "C: BDAT 4\n" TAKEN_OUT
                                   "C: BDAT 4\n" TAKEN_OUT "C: BDAT 2 LAST\n"
                                   "M: 10 octets, stored\n" STORED_OUT},
      {"one more",
       DIALOGUE_IN(BEGIN "BDAT 4\r\n1234BDAT 4\r\n5678BDAT 3 LAST\r\nRST" NOOP),
       SMALL_OUT MAIL_OUT RCPT_OUT "C: BDAT 4\n" TAKEN_OUT
                                   "C: BDAT 4\n" TAKEN_OUT "C: BDAT 3 LAST\n"
                                   "! size-exceeded @101\n"
                                   "M: dropped\n"
                                   "! chunk-refused @104\n" BIG_OUT NOOP_OUT},
      {"each of them small, 552 once, the rest eaten",
       DIALOGUE_IN(BEGIN "BDAT 6\r\n123456BDAT 6\r\nRSET\r\nBDAT 6\r\nNOOP\r\n"
                         "BDAT 6 LAST\r\nQUIT\r\n" NOOP),
       SMALL_OUT MAIL_OUT RCPT_OUT "C: BDAT 6\n" TAKEN_OUT "C: BDAT 6\n"
                                   "! size-exceeded @86\n"
                                   "M: dropped\n"
                                   "! chunk-refused @92\n" BIG_OUT "C: BDAT 6\n"
                                   "! command-sequence @100\n"
                                   "! chunk-refused @106\n" CHUNK_OUT
                                   "C: BDAT 6 LAST\n"
                                   "! command-sequence @119\n"
                                   "! chunk-refused @125\n" CHUNK_OUT NOOP_OUT},
      {"a sum that would wrap",
       DIALOGUE_IN(BEGIN "BDAT 10\r\n1234567890"
                         "BDAT 18446744073709551606\r\nx" NOOP),
       SMALL_OUT MAIL_OUT RCPT_OUT
       "C: BDAT 10\n" TAKEN_OUT "C: BDAT 18446744073709551606\n"
       "! size-exceeded @110\n"
       "! chunk-refused @110\n"
       "M: dropped\n" BIG_OUT ". close refused chunk-refused\n"},
      {"to 2^64 exactly",
       DIALOGUE_IN(BEGIN "BDAT 1\r\n1BDAT 18446744073709551615 LAST\r\nx"),
       SMALL_OUT MAIL_OUT RCPT_OUT
       "C: BDAT 1\n" TAKEN_OUT "C: BDAT 18446744073709551615 LAST\n"
       "! size-exceeded @105\n"
       "! chunk-refused @105\n"
       "M: dropped\n" BIG_OUT ". close refused chunk-refused\n"},
  };
  const smtpc_server_policy policy = small_policy(10u);
  ROWS(policy, rows);
}

// The sum is a sum also where there is no limit but that of the number.
static void test_bdt_04_sum_does_not_wrap(void **state) {
  (void)state;
  static const dialogue_row rows[] = {
      {"2^64 and 9",
       DIALOGUE_IN(BEGIN "BDAT 10\r\n1234567890"
                         "BDAT 18446744073709551615\r\nx" NOOP),
       SMALL_OUT MAIL_OUT RCPT_OUT
       "C: BDAT 10\n" TAKEN_OUT "C: BDAT 18446744073709551615\n"
       "! size-exceeded @110\n"
       "! chunk-refused @110\n"
       "M: dropped\n" BIG_OUT ". close refused chunk-refused\n"},
  };
  const smtpc_server_policy policy = small_policy(UINT64_MAX);
  ROWS(policy, rows);
}

// ----------------------------------------------- BDT-05: what follows in the same read

static void test_bdt_05_pipelined(void **state) {
  (void)state;
  static const dialogue_row rows[] = {
      {"chunks and the next message",
       DIALOGUE_IN(BEGIN "BDAT 5\r\nhelloBDAT 0 LAST\r\n" MAIL RCPT
                         "BDAT 1 LAST\r\nx" NOOP),
       BEGIN_OUT "C: BDAT 5\n" TAKEN_OUT "C: BDAT 0 LAST\n"
                 "M: 5 octets, stored\n" STORED_OUT MAIL_OUT RCPT_OUT
                 "C: BDAT 1 LAST\n"
                 "M: 1 octets, stored\n" STORED_OUT NOOP_OUT},
      {"a CRLF after the payload is a line",
       DIALOGUE_IN(BEGIN "BDAT 5\r\nhello\r\nBDAT 0 LAST\r\n"),
       BEGIN_OUT "C: BDAT 5\n" TAKEN_OUT "C: \n"
                 "! command-unknown @79\n" NO_VERB_OUT "C: BDAT 0 LAST\n"
                 "M: 5 octets, stored\n" STORED_OUT},
      {"payload that ends in CR, then LF",
       DIALOGUE_IN(BEGIN "BDAT 6\r\nhello\r\nBDAT 0 LAST\r\n" NOOP),
       BEGIN_OUT "C: BDAT 6\n" TAKEN_OUT "C: (malformed)\n"
                 "! bare-lf @92\n"
                 "S: 500 5.5.2 Line malformed\n" NOOP_OUT},
      {"payload that ends in CR, LF in the next chunk",
       DIALOGUE_IN(BEGIN "BDAT 6\r\nhello\rBDAT 1 LAST\r\n\n" NOOP),
       BEGIN_OUT "C: BDAT 6\n" TAKEN_OUT "C: BDAT 1 LAST\n"
                 "M: 7 octets, stored\n" STORED_OUT NOOP_OUT},
      {"payload that ends in CR, and LAST",
       DIALOGUE_IN(BEGIN "BDAT 6 LAST\r\nhello\r" NOOP),
       BEGIN_OUT "C: BDAT 6 LAST\n"
                 "! content-bare-cr @83\n"
                 "! chunk-refused @83\n"
                 "M: dropped\n"
                 "S: 550 5.5.2 Lines must end with CRLF and have no other CR, "
                 "LF or NUL\n" NOOP_OUT},
      {"payload that is a line end",
       DIALOGUE_IN(BEGIN "BDAT 2\r\n\r\nBDAT 2 LAST\r\n\r\n" NOOP),
       BEGIN_OUT "C: BDAT 2\n" TAKEN_OUT "C: BDAT 2 LAST\n"
                 "M: 4 octets, stored\n" STORED_OUT NOOP_OUT},
      {"payload that is commands",
       DIALOGUE_IN(BEGIN "BDAT 23\r\n.\r\nQUIT\r\nBDAT 1 LAST\r\nxBDAT 3 LAST"
                         "\r\n.\r\n" NOOP),
       BEGIN_OUT "C: BDAT 23\n" TAKEN_OUT "C: BDAT 3 LAST\n"
                 "M: 26 octets, stored\n" STORED_OUT NOOP_OUT},
      {"a dot is a dot", DIALOGUE_IN(BEGIN "BDAT 8 LAST\r\na\r\n..\r\n." NOOP),
       BEGIN_OUT "C: BDAT 8 LAST\n"
                 "M: 8 octets, stored\n" STORED_OUT NOOP_OUT},
      {"all refused, next message",
       DIALOGUE_IN(HELLO MAIL "RCPT TO:<no@b.example>\r\n"
                              "BDAT 3 LAST\r\nabc" RSET MAIL RCPT
                              "BDAT 1 LAST\r\nx"),
       HELLO_OUT MAIL_OUT "C: RCPT TO:<no@b.example>\n"
                          "! recipient-refused @65\n"
                          "S: 550 5.1.1 No such mailbox here\n"
                          "C: BDAT 3 LAST\n"
                          "! command-sequence @78\n"
                          "! chunk-refused @81\n"
                          "M: dropped\n" CHUNK_OUT RSET_OUT MAIL_OUT RCPT_OUT
                          "C: BDAT 1 LAST\n"
                          "M: 1 octets, stored\n" STORED_OUT},
  };
  const smtpc_server_policy policy = strict_policy();
  ROWS(policy, rows);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_bdt_01_size_that_cannot_be_read),
      cmocka_unit_test(test_bdt_01_size_that_is_too_much),
      cmocka_unit_test(test_bdt_01_numbers_against_text),
      cmocka_unit_test(test_bdt_02_refused_chunk_is_eaten),
      cmocka_unit_test(test_bdt_02_over_quota),
      cmocka_unit_test(test_bdt_02_before_tls_and_auth),
      cmocka_unit_test(test_bdt_02_discarding_has_an_end),
      cmocka_unit_test(test_bdt_03_after_last_or_error),
      cmocka_unit_test(test_bdt_03_failed_until_rset),
      cmocka_unit_test(test_bdt_03_tiny_chunks),
      cmocka_unit_test(test_bdt_04_sum_against_the_limit),
      cmocka_unit_test(test_bdt_04_sum_does_not_wrap),
      cmocka_unit_test(test_bdt_05_pipelined),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
