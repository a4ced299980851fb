// The one table of limits and the constants that size the buffers say the same.

#include "core/testing.h"
#include "smtpcore/command.h"
#include "smtpcore/line.h"
#include "smtpcore/proxy.h"
#include "smtpcore/reply.h"
#include "smtpcore/sasl.h"

typedef struct row {
  unsigned limit;
  uint32_t value;
} row;

#define ROW(id, value) \
  { SMTPC_LIMIT_##id, value }

static const row rows[] = {ROW(AUTH_LINE, SMTPC_AUTH_LINE_MAX),
                           ROW(REPLY_LINE, SMTPC_REPLY_LINE_MAX),
                           ROW(REPLY_LINES, SMTPC_REPLY_LINES_MAX),
                           ROW(LINE_DISCARD, SMTPC_LINE_DISCARD_MAX),
                           ROW(LOCAL_PART, SMTPC_LOCAL_PART_MAX),
                           ROW(DOMAIN, SMTPC_DOMAIN_MAX),
                           ROW(PATH, SMTPC_PATH_MAX),
                           ROW(ENVID, SMTPC_ENVID_MAX),
                           ROW(ORCPT, SMTPC_ORCPT_MAX),
                           ROW(LINE_AUTH, SMTPC_PARAM_AUTH_MAX),
                           ROW(SOLICIT, SMTPC_SOLICIT_MAX),
                           ROW(TRANSID, SMTPC_TRANSID_MAX),
                           ROW(SECONDS, SMTPC_SECONDS_MAX),
                           ROW(LOGIN, SMTPC_NAME_MAX),
                           ROW(PASSWORD, SMTPC_PASSWORD_MAX),
                           ROW(PEER_NONCE, SMTPC_PEER_NONCE_MAX),
                           ROW(ITERATIONS_MIN, SMTPC_ITERATIONS_MIN),
                           ROW(ITERATIONS_MAX, SMTPC_ITERATIONS_MAX),
                           ROW(PROXY, SMTPC_PROXY_V2_MAX)};

static void test_limits_agree_with_the_constants(void **state) {
  (void)state;
  for (size_t i = 0u; i < sizeof rows / sizeof rows[0]; i++) {
    const smtpc_limit_row limit = smtpc_limit_get(rows[i].limit);
    test_label("%s", limit.name);
    test_number(limit.value, rows[i].value);
  }
}

// What a line may have more belongs to an extension, and the longest value of each
// extension fits into what it adds.
static void test_limits_have_room_for_their_parameters(void **state) {
  (void)state;
  for (unsigned id = 0u; id < SMTPC_LIMIT_COUNT; id++) {
    const smtpc_limit_row limit = smtpc_limit_get(id);
    const bool more = limit.scope >= SMTPC_LIMIT_SCOPE_MAIL_MORE;
    test_label("%s", limit.name);
    assert_true(!more || limit.extension < SMTPC_EXTENSION_COUNT);
    assert_true(limit.value > 0u);
  }
  assert_true(smtpc_limit_get(SMTPC_LIMIT_LINE_SIZE).value >=
              sizeof " SIZE=18446744073709551615" - 1u);
  assert_true(smtpc_limit_get(SMTPC_LIMIT_LINE_DELIVERBY).value >=
              sizeof " BY=-999999999;NT" - 1u);
  assert_true(smtpc_limit_get(SMTPC_LIMIT_LINE_FUTURERELEASE).value >=
              sizeof " HOLDUNTIL=2030-01-31T23:59:59Z" - 1u);
  assert_true(smtpc_limit_get(SMTPC_LIMIT_LINE_MT_PRIORITY).value >=
              sizeof " MT-PRIORITY=-9" - 1u);
  assert_true(smtpc_limit_get(SMTPC_LIMIT_LINE_MTRK).value >=
              sizeof " MTRK=:999999999" - 1u + 27u);
  assert_true(smtpc_limit_get(SMTPC_LIMIT_LINE_RRVS).value >=
              sizeof " RRVS=2030-01-31T23:59:59Z;R" - 1u);
  assert_true(smtpc_limit_get(SMTPC_LIMIT_LINE_REQUIRETLS).value ==
              sizeof " REQUIRETLS" - 1u);
  assert_true(smtpc_limit_get(SMTPC_LIMIT_LINE_CONPERM).value ==
              sizeof " CONPERM" - 1u);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_limits_agree_with_the_constants),
      cmocka_unit_test(test_limits_have_room_for_their_parameters),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
