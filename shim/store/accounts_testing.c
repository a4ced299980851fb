#include "shim/store/accounts_testing.h"

char accounts_folder[STORE_PATH_MAX];
char accounts_path[STORE_PATH_MAX];
smtpc_store_error accounts_error;

int accounts_set_up(void **state) {
  (void)state;
  store_folder_make(accounts_folder);
  store_path(accounts_path, accounts_folder, "accounts.txt");
  return 0;
}

int accounts_tear_down(void **state) {
  (void)state;
  store_folder_remove(accounts_folder);
  return 0;
}

smtpc_accounts *accounts_load(void) {
  smtpc_accounts *accounts = NULL;
  store_status(smtpc_accounts_load(&accounts, &accounts_error, accounts_path),
               SMTPC_STORE_OK, &accounts_error);
  assert_non_null(accounts);
  return accounts;
}
