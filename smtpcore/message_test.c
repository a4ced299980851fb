#include "smtpcore/message.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/testing.h"

#define TEXT(s) s, sizeof(s) - 1u

typedef struct row {
  const char *in;
  size_t in_len;
  const char *want;
  size_t want_len;
  smtpc_message_status status;
  unsigned line;
} row;

static const row rows[] = {
    {TEXT(""), TEXT(""), SMTPC_MESSAGE_OK, 0u},
    {TEXT("a"), TEXT("a\r\n"), SMTPC_MESSAGE_OK, 1u},
    {TEXT("a\n"), TEXT("a\r\n"), SMTPC_MESSAGE_OK, 1u},
    {TEXT("a\r\n"), TEXT("a\r\n"), SMTPC_MESSAGE_OK, 1u},
    {TEXT("\n"), TEXT("\r\n"), SMTPC_MESSAGE_OK, 1u},
    {TEXT("\n\n"), TEXT("\r\n\r\n"), SMTPC_MESSAGE_OK, 2u},
    {TEXT("a\nb\r\nc"), TEXT("a\r\nb\r\nc\r\n"), SMTPC_MESSAGE_OK, 3u},
    // What a lenient server takes for the end of data is no such thing after
    // it.
    {TEXT("a\n.\nb\n"), TEXT("a\r\n.\r\nb\r\n"), SMTPC_MESSAGE_OK, 3u},
    {TEXT(".\n"), TEXT(".\r\n"), SMTPC_MESSAGE_OK, 1u},
    {TEXT("a\rb\n"), NULL, 0u, SMTPC_MESSAGE_CR, 1u},
    {TEXT("a\n\r"), NULL, 0u, SMTPC_MESSAGE_CR, 2u},
    {TEXT("\r"), NULL, 0u, SMTPC_MESSAGE_CR, 1u},
    {TEXT("a\r\r\n"), NULL, 0u, SMTPC_MESSAGE_CR, 1u},
    {TEXT("a\nb\nc\rd\n"), NULL, 0u, SMTPC_MESSAGE_CR, 3u},
    {TEXT("\0"), NULL, 0u, SMTPC_MESSAGE_NUL, 1u},
    {TEXT("a\nb\0c\n"), NULL, 0u, SMTPC_MESSAGE_NUL, 2u},
    {TEXT("a\r\n\0"), NULL, 0u, SMTPC_MESSAGE_NUL, 2u},
};

// Feeds in pieces of `cut` octets, 0: at once.
static smtpc_message_status feed(smtpc_message *message, const row *r,
                                 size_t cut) {
  smtpc_message_status status = SMTPC_MESSAGE_OK;
  size_t at = 0u;
  while (at < r->in_len && status == SMTPC_MESSAGE_OK) {
    const size_t next = test_cut_next(cut, r->in_len - at);
    uint8_t *piece = test_copy(r->in + at, next);
    status = smtpc_message_add(message, piece, next);
    free(piece);
    at += next;
  }
  return status == SMTPC_MESSAGE_OK ? smtpc_message_end(message) : status;
}

static void test_add_makes_line_ends_in_any_cut(void **state) {
  (void)state;
  for (size_t i = 0u; i < sizeof rows / sizeof rows[0]; i++) {
    for (size_t cut = 0u; cut <= TEST_CUT_MAX; cut++) {
      smtpc_message message = {0};
      const smtpc_message_status status = feed(&message, &rows[i], cut);
      test_label("row %zu cut %zu", i, cut);
      test_number(status, rows[i].status);
      test_number(message.line, rows[i].line);
      if (status == SMTPC_MESSAGE_OK) {
        test_octets(message.data, message.len, rows[i].want, rows[i].want_len);
      }
      smtpc_message_free(&message);
    }
  }
}

static void test_add_notes_octets_beyond_ascii(void **state) {
  (void)state;
  for (unsigned octet = 1u; octet < 256u; octet++) {
    const uint8_t line[3] = {'a', (uint8_t)octet, '\n'};
    smtpc_message message = {0};
    if (octet != '\r') {
      assert_int_equal(smtpc_message_add(&message, line, sizeof line),
                       SMTPC_MESSAGE_OK);
      test_label("octet 0x%02x", octet);
      test_number(message.eight_bit, octet > 0x7fu);
    }
    smtpc_message_free(&message);
  }
}

// As it came, to the octet: what is refused elsewhere, and ends that are none.
static void test_add_leaves_what_is_binary(void **state) {
  (void)state;
  for (size_t i = 0u; i < sizeof rows / sizeof rows[0]; i++) {
    for (size_t cut = 0u; cut <= TEST_CUT_MAX; cut++) {
      smtpc_message message = {.binary = true};
      test_label("row %zu cut %zu", i, cut);
      test_number(feed(&message, &rows[i], cut), SMTPC_MESSAGE_OK);
      test_octets(message.data, message.len, rows[i].in, rows[i].in_len);
      test_number(message.eight_bit, false);
      smtpc_message_free(&message);
    }
  }
  smtpc_message message = {.binary = true};
  assert_int_equal(smtpc_message_add(&message, (const uint8_t *)"\xff", 1u),
                   SMTPC_MESSAGE_OK);
  test_number(message.eight_bit, true);
  smtpc_message_free(&message);
}

static void test_read_takes_a_pipe_to_its_end(void **state) {
  (void)state;
  int ends[2];
  smtpc_message message = {0};
  assert_int_equal(pipe(ends), 0);
  for (unsigned i = 0u; i < 100u; i++) {
    assert_int_equal(write(ends[1], "line\n", 5u), 5);
  }
  (void)close(ends[1]);
  assert_int_equal(smtpc_message_read(&message, ends[0]), SMTPC_MESSAGE_OK);
  test_number(message.len, 600);
  test_octets(message.data + 594u, 6u, "line\r\n", 6u);
  (void)close(ends[0]);
  smtpc_message_free(&message);
  assert_null(message.data);
}

static void test_read_says_why_it_cannot(void **state) {
  (void)state;
  smtpc_message message = {0};
  assert_int_equal(smtpc_message_read(&message, -1), SMTPC_MESSAGE_READ);
  test_number(message.cause, EBADF);
  smtpc_message_free(&message);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_add_makes_line_ends_in_any_cut),
      cmocka_unit_test(test_add_notes_octets_beyond_ascii),
      cmocka_unit_test(test_add_leaves_what_is_binary),
      cmocka_unit_test(test_read_takes_a_pipe_to_its_end),
      cmocka_unit_test(test_read_says_why_it_cannot),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
