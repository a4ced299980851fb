// Memory: the library's heap is counted, ends when it is told to, and tells of who writes
// beside a block.
#define _POSIX_C_SOURCE 200809L
#include "fuzz/tls/memory.h"

#include <openssl/digest.h>
#include <openssl/err.h>
#include <openssl/mem.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/testing.h"

static void blocks_are_counted(void **state) {
  (void)state;
  uint8_t *before = OPENSSL_malloc(8u);
  tls_memory_mark();
  test_number(tls_memory_since(), 0);
  uint8_t *one = OPENSSL_malloc(8u);
  uint8_t *two = OPENSSL_malloc(100000u);
  test_number(tls_memory_since(), 2);
  // It is none of this account.
  OPENSSL_free(before);
  test_number(tls_memory_since(), 2);
  OPENSSL_free(one);
  test_number(tls_memory_since(), 1);
  OPENSSL_free(two);
  test_number(tls_memory_since(), 0);
  // The library's own objects are in it.
  EVP_MD_CTX *digest = EVP_MD_CTX_new();
  assert_true(tls_memory_since() > 0u);
  EVP_MD_CTX_free(digest);
  test_number(tls_memory_since(), 0);
}

static void sizes(void **state) {
  (void)state;
  uint8_t *block = OPENSSL_malloc(5u);
  memcpy(block, "12345", 5u);
  block = OPENSSL_realloc(block, 50000u);
  test_octets(block, 5u, "12345", 5u);
  block[49999] = 1u;
  OPENSSL_free(block);
  block = OPENSSL_malloc(0u);
  OPENSSL_free(block);
  assert_null(OPENSSL_malloc(SIZE_MAX));
  ERR_clear_error();
}

// Returns which of the next eight allocations fail: the first is bit 0.
static unsigned failing(void) {
  unsigned found = 0u;
  for (unsigned i = 0u; i < 8u; i++) {
    uint8_t *block = OPENSSL_malloc(1u);
    found |= block == NULL ? 1u << i : 0u;
    OPENSSL_free(block);
  }
  ERR_clear_error();
  return found;
}

static void it_ends_when_it_is_told_to(void **state) {
  (void)state;
  test_number(failing(), 0);
  tls_memory_fail_at(0u, 1u);
  test_number(failing(), 0x01);
  test_number(tls_memory_failed(), 1);
  test_number(failing(), 0);
  tls_memory_fail_at(3u, 2u);
  test_number(tls_memory_failed(), 0);
  test_number(failing(), 0x18);
  test_number(tls_memory_failed(), 2);
  tls_memory_fail_at(2u, 100u);
  test_number(failing(), 0xfc);
  tls_memory_fail_at(0u, 0u);
  test_number(failing(), 0);
  test_number(tls_memory_failed(), 0);
}

static void holding(void **state) {
  (void)state;
  tls_memory_fail_at(1u, 1u);
  tls_memory_hold(1);
  test_number(failing(), 0);
  tls_memory_hold(0);
  test_number(failing(), 0x02);
  test_number(tls_memory_failed(), 1);
  tls_memory_fail_at(0u, 0u);
}

static void what_blocks_hold(void **state) {
  (void)state;
  uint8_t *before = OPENSSL_malloc(16u);
  memcpy(before, "0123456789abcdef", 16u);
  tls_memory_mark();
  uint8_t *one = OPENSSL_malloc(16u);
  uint8_t *two = OPENSSL_malloc(6u);
  memcpy(one, "__secret__secret", 16u);
  memcpy(two, "secret", 6u);
  test_number(tls_memory_count((const uint8_t *)"secret", 6u), 2);
  test_number(tls_memory_count((const uint8_t *)"_secret", 7u), 1);
  test_number(tls_memory_count((const uint8_t *)"secrets", 7u), 0);
  test_number(tls_memory_count((const uint8_t *)"abcdef", 6u), 0);
  OPENSSL_free(two);
  test_number(tls_memory_count((const uint8_t *)"secret", 6u), 1);
  OPENSSL_free(one);
  OPENSSL_free(before);
  test_number(tls_memory_count((const uint8_t *)"secret", 6u), 0);
}

// Whoever writes beside a block ends the program when it is freed. The address is hidden,
// so that no compiler and no sanitizer has a say.
static void canaries(void **state) {
  static const int offsets[] = {-1, -16, 5, 20};
  (void)state;
  for (size_t i = 0u; i < sizeof offsets / sizeof offsets[0]; i++) {
    int status = 0;
    const pid_t child = fork();
    if (child == 0) {
      (void)signal(SIGABRT, SIG_DFL);
      (void)close(STDERR_FILENO);
      uint8_t *block = OPENSSL_malloc(5u);
      uint8_t *volatile at = block + offsets[i];
      *at ^= 1u;
      OPENSSL_free(block);
      _exit(0);
    }
    test_label("offset %d", offsets[i]);
    assert_int_equal(waitpid(child, &status, 0), child);
    test_number(WIFSIGNALED(status) ? WTERMSIG(status) : 0, SIGABRT);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(blocks_are_counted),         cmocka_unit_test(sizes),
      cmocka_unit_test(it_ends_when_it_is_told_to), cmocka_unit_test(holding),
      cmocka_unit_test(what_blocks_hold),           cmocka_unit_test(canaries),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
