// Testing: an accounts file of the test's own. Test code only.
#ifndef SMTPCORE_SHIM_STORE_ACCOUNTS_TESTING_H
#define SMTPCORE_SHIM_STORE_ACCOUNTS_TESTING_H

#include "shim/store/accounts.h"
#include "shim/store/store_testing.h"

// A hash of "x" that was made once, at cost 1.
#define ACCOUNTS_HASH \
  "$y$j75$7P/5JKleMJ4/4ZndDDtgc0$U1Pwnirp5gQiX6s8AIrT5fLUfflhIgWMCxmE.zRbKX0"

extern char accounts_folder[STORE_PATH_MAX];
extern char
    accounts_path[STORE_PATH_MAX];  // of the file, which need not be there
extern smtpc_store_error accounts_error;

// accounts_set_up and accounts_tear_down are cmocka's, for each test.
int accounts_set_up(void **state);
int accounts_tear_down(void **state);

#define ACCOUNTS_CASE(name) \
  cmocka_unit_test_setup_teardown(name, accounts_set_up, accounts_tear_down)

// accounts_load loads the file, and fails the test if that does not work. The caller
// frees the accounts.
smtpc_accounts *accounts_load(void);

#endif  // SMTPCORE_SHIM_STORE_ACCOUNTS_TESTING_H
