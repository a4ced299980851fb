// Tests of the accounts file: what is refused and with which words, who gets in,
// and what writing leaves as it was.
#define _POSIX_C_SOURCE 200809L

#include "shim/store/accounts.h"

#include <crypt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim/store/accounts_testing.h"
#include "shim/store/store_testing.h"

#define ZEROS "00000000000000000000000000000000"
#define MEND "; write the line again with `smtpcore account`"

// How many hashes were made. The test stands in front of the library's crypt_rn,
// so that "the same work for everybody" is counted rather than timed.
static int hashes;
static char last_setting[256];

char *crypt_rn(const char *phrase, const char *setting, void *data, int size) {
  (void)size;
  hashes++;
  (void)snprintf(last_setting, sizeof last_setting, "%s", setting);
  char *hash = crypt_r(phrase, setting, data);
  return hash != NULL && hash[0] != '*' ? hash : NULL;
}

static smtpc_store_status write_entry(const char *name, const char *password,
                                      bool cram_md5) {
  const smtpc_accounts_entry entry = {
      .name = store_copy(name, strlen(name)),
      .name_len = strlen(name),
      .password = store_copy(password, strlen(password)),
      .password_len = strlen(password),
      .cram_md5 = cram_md5,
      .cost = 1};
  const smtpc_store_status status =
      smtpc_accounts_write_entry(&accounts_error, accounts_path, &entry);
  free((void *)(uintptr_t)entry.name);
  free((void *)(uintptr_t)entry.password);
  return status;
}

static bool check_octets(const smtpc_accounts *accounts, const char *name,
                         size_t name_len, const char *password, size_t len) {
  uint8_t *name_copy = store_copy(name, name_len);
  uint8_t *password_copy = store_copy(password, len);
  hashes = 0;
  const bool good = smtpc_accounts_check_password(accounts, name_copy, name_len,
                                                  password_copy, len);
  free(name_copy);
  free(password_copy);
  // Whatever the answer, it took one hash.
  assert_int_equal(hashes, 1);
  return good;
}

static bool check(const smtpc_accounts *accounts, const char *name,
                  const char *password) {
  return check_octets(accounts, name, strlen(name), password, strlen(password));
}

static void test_accounts_right_and_wrong_passwords(void **state) {
  (void)state;
  store_status(write_entry("printer", "secret", false), SMTPC_STORE_OK,
               &accounts_error);
  store_status(write_entry("scanner", "other", true), SMTPC_STORE_OK,
               &accounts_error);
  smtpc_accounts *accounts = accounts_load();
  assert_int_equal(smtpc_accounts_count(accounts), 2);
  assert_string_equal(smtpc_accounts_warning(accounts), "");
  assert_true(check(accounts, "printer", "secret"));
  assert_true(check(accounts, "scanner", "other"));
  assert_false(check(accounts, "printer", "other"));
  assert_false(check(accounts, "scanner", "secret"));
  assert_false(check(accounts, "printer", "secre"));
  assert_false(check(accounts, "printer", "secret "));
  assert_false(check(accounts, "printer", "Secret"));
  assert_false(check(accounts, "printer", ""));
  smtpc_accounts_free(accounts);
  smtpc_accounts_free(NULL);
}

static void test_accounts_unknown_name_costs_a_hash_of_the_same_kind(
    void **state) {
  (void)state;
  store_status(write_entry("printer", "secret", false), SMTPC_STORE_OK,
               &accounts_error);
  smtpc_accounts *accounts = accounts_load();
  // The hash for an unknown name is made with a real line's parameters, and must
  // not let its password in.
  assert_false(check(accounts, "nobody", "secret"));
  assert_memory_equal(last_setting, "$y$j75$", 7);
  assert_false(check(accounts, "", "secret"));
  assert_false(check(accounts, "printe", "secret"));
  assert_false(check(accounts, "printer2", "secret"));
  assert_false(check(accounts, "Printer", "secret"));
  smtpc_accounts_free(accounts);
}

static void test_accounts_impossible_passwords(void **state) {
  (void)state;
  store_status(write_entry("printer", "secret", false), SMTPC_STORE_OK,
               &accounts_error);
  smtpc_accounts *accounts = accounts_load();
  assert_false(check_octets(accounts, "printer", 7, "secret\0", 7));
  assert_false(check_octets(accounts, "printer", 7, "secret\0more", 11));
  assert_false(check_octets(accounts, "printer", 7, "\0secret", 7));
  char large[4096];
  memset(large, 'a', sizeof large);
  assert_false(check_octets(accounts, "printer", 7, large, 256));
  assert_false(check_octets(accounts, "printer", 7, large, sizeof large));
  assert_false(smtpc_accounts_check_password(accounts, NULL, 0, NULL, 0));
  smtpc_accounts_free(accounts);
}

// A password that cannot be one is hashed as the empty string. Where a line has
// the hash of that, it still opens nothing.
static void test_accounts_hash_of_the_empty_password(void **state) {
  (void)state;
  struct crypt_data *data = calloc(1, sizeof *data);
  assert_non_null(data);
  const char *hash = crypt_r("", "$y$j75$7P/5JKleMJ4/4ZndDDtgc0", data);
  char text[200];
  (void)snprintf(text, sizeof text, "a:%s\n", hash);
  free(data);
  store_put(accounts_path, text, 0600);
  smtpc_accounts *accounts = accounts_load();
  assert_false(check_octets(accounts, "a", 1, "", 0));
  assert_false(check_octets(accounts, "a", 1, "\0", 1));
  smtpc_accounts_free(accounts);
}

static void test_accounts_longest_name_and_password(void **state) {
  (void)state;
  char large[257];
  memset(large, 'n', sizeof large);
  large[256] = '\0';
  store_status(write_entry(large, "x", false), SMTPC_STORE_FORMAT,
               &accounts_error);
  store_says(&accounts_error, "the name is longer than 255 octets");
  store_status(write_entry("x", large, false), SMTPC_STORE_FORMAT,
               &accounts_error);
  store_says(&accounts_error, "the password is longer than 255 octets");
  large[255] = '\0';
  store_status(write_entry(large, large, true), SMTPC_STORE_OK,
               &accounts_error);
  smtpc_accounts *accounts = accounts_load();
  assert_true(check(accounts, large, large));
  large[254] = 'x';
  assert_false(check(accounts, large, large));
  smtpc_accounts_free(accounts);
}

static void test_accounts_none_is_legal(void **state) {
  (void)state;
  store_put(accounts_path, "", 0600);
  smtpc_accounts *accounts = accounts_load();
  assert_int_equal(smtpc_accounts_count(accounts), 0);
  assert_false(smtpc_accounts_has_cram_md5(accounts));
  assert_false(check(accounts, "printer", ""));
  assert_memory_equal(last_setting, "$y$j9T$", 7);
  smtpc_accounts_free(accounts);
}

static void test_accounts_comments_and_last_line_without_end(void **state) {
  (void)state;
  store_put(accounts_path,
            "# a:comment\n\nprinter:" ACCOUNTS_HASH
            "\n#\n\nJ\xc3\xbcrg x:" ACCOUNTS_HASH,
            0600);
  smtpc_accounts *accounts = accounts_load();
  assert_int_equal(smtpc_accounts_count(accounts), 2);
  assert_true(check(accounts, "printer", "x"));
  assert_true(check(accounts, "J\xc3\xbcrg x", "x"));
  smtpc_accounts_free(accounts);
}

typedef struct wrong_file {
  const char *text;
  const char *says;  // after the path
} wrong_file;

static const wrong_file wrong_files[] = {
    {"printer\n", ":1: hash field missing" MEND},
    {"# c\n\nprinter:\n", ":3: hash field missing" MEND},
    {"a:" ACCOUNTS_HASH "\nb", ":2: hash field missing" MEND},
    {":" ACCOUNTS_HASH "\n", ":1: the name is empty" MEND},
    {" a:" ACCOUNTS_HASH "\n", ":1: the name begins with '#' or a space"},
    {"a :" ACCOUNTS_HASH "\n", "or ends with a space" MEND},
    {"a\tb:" ACCOUNTS_HASH "\n",
     ":1: the name has a ':' or a control character" MEND},
    {"a\x7f:" ACCOUNTS_HASH "\n",
     ":1: the name has a ':' or a control character" MEND},
    {"a\xc2\x85:" ACCOUNTS_HASH "\n",
     ":1: the name has a control character" MEND},
    {"a\xc3:" ACCOUNTS_HASH "\n", ":1: the name is not UTF-8" MEND},
    {"a\xc0\xaf:" ACCOUNTS_HASH "\n", ":1: the name is not UTF-8" MEND},
    {"a\xed\xa0\x80:" ACCOUNTS_HASH "\n", ":1: the name is not UTF-8" MEND},
    {"a:plain\n", ":1: the hash is not a yescrypt hash" MEND},
    {"a:!\n", ":1: the hash is not a yescrypt hash" MEND},
    {"a:$6$abc$def\n", ":1: the hash is not a yescrypt hash" MEND},
    {"a:$y$j9T$7P/5JKleMJ4/4ZndDDtgc0\n", ":1: the hash is not a yescrypt"},
    {"a:" ACCOUNTS_HASH "0\n", ":1: the hash is not a yescrypt hash" MEND},
    {"a:" ACCOUNTS_HASH "\nb:" ACCOUNTS_HASH " \n",
     ":2: the hash is not a yescrypt hash" MEND},
    {"a:" ACCOUNTS_HASH ":\n",
     ":1: a field after the hash is not cram-md5=, scram-sha-1= or "
     "scram-sha-256=" MEND},
    {"a:" ACCOUNTS_HASH ":md5=" ZEROS ZEROS "\n",
     ":1: a field after the hash is not"},
    {"a:" ACCOUNTS_HASH ":cram-md5=" ZEROS "\n",
     ":1: the cram-md5= field is not 64 hexadecimal digits" MEND},
    {"a:" ACCOUNTS_HASH ":cram-md5=" ZEROS ZEROS "0\n",
     ":1: the cram-md5= field is not"},
    {"a:" ACCOUNTS_HASH ":cram-md5=" ZEROS "g0000000000000000000000000000000\n",
     ":1: the cram-md5= field is not"},
    {"a:" ACCOUNTS_HASH ":cram-md5=" ZEROS ZEROS ":x\n",
     ":1: a field after the hash is not"},
    {"# c\r\n", ":1: the line ends in CR LF; save the file with LF alone"},
    {"a:" ACCOUNTS_HASH "\r\n", ":1: the line ends in CR LF; save the file"},
    {"a:" ACCOUNTS_HASH "\nb:" ACCOUNTS_HASH "\n\na:" ACCOUNTS_HASH "\n",
     ":4: the name of line 1 is here again; remove one of the two lines"},
    {"b:" ACCOUNTS_HASH "\nb:" ACCOUNTS_HASH "\na:" ACCOUNTS_HASH
     "\na:" ACCOUNTS_HASH "\n",
     ":2: the name of line 1 is here again"},
};

static void test_accounts_wrong_lines_are_named(void **state) {
  (void)state;
  for (size_t k = 0; k < sizeof wrong_files / sizeof wrong_files[0]; k++) {
    char says[STORE_PATH_MAX];
    smtpc_accounts *accounts = NULL;
    store_put(accounts_path, wrong_files[k].text, 0600);
    (void)snprintf(says, sizeof says, "accounts.txt%s", wrong_files[k].says);
    const smtpc_store_status status =
        smtpc_accounts_load(&accounts, &accounts_error, accounts_path);
    if (status != SMTPC_STORE_FORMAT) {
      print_error("row %zu: %s\n", k, wrong_files[k].says);
    }
    store_status(status, SMTPC_STORE_FORMAT, &accounts_error);
    assert_null(accounts);
    if (strstr(wrong_files[k].says, ":") == wrong_files[k].says) {
      store_says(&accounts_error, says);
    } else {
      store_says(&accounts_error, wrong_files[k].says);
    }
    // An error is shown and logged, so it has no hash in it.
    assert_null(strstr(accounts_error.text, "$y$"));
  }
}

static void test_accounts_line_and_file_limits(void **state) {
  (void)state;
  smtpc_accounts *accounts = NULL;
  char *text = malloc(SMTPC_ACCOUNTS_FILE_MAX + 2u);
  assert_non_null(text);
  memset(text, 'a', SMTPC_ACCOUNTS_FILE_MAX + 1u);
  text[SMTPC_ACCOUNTS_LINE_MAX + 1u] = '\0';
  store_put(accounts_path, text, 0600);
  store_status(smtpc_accounts_load(&accounts, &accounts_error, accounts_path),
               SMTPC_STORE_FORMAT, &accounts_error);
  store_says(&accounts_error, ":1: the line is longer than 1024 octets");
  text[SMTPC_ACCOUNTS_LINE_MAX + 1u] = 'a';
  memset(text, '\n', SMTPC_ACCOUNTS_FILE_MAX + 1u);
  text[SMTPC_ACCOUNTS_FILE_MAX + 1u] = '\0';
  store_put(accounts_path, text, 0600);
  store_status(smtpc_accounts_load(&accounts, &accounts_error, accounts_path),
               SMTPC_STORE_TOO_LARGE, &accounts_error);
  text[SMTPC_ACCOUNTS_FILE_MAX] = '\0';
  store_put(accounts_path, text, 0600);
  smtpc_accounts_free(accounts_load());
  free(text);
}

// A hash of the right shape that crypt cannot compute would be refused at once,
// and so tell that its name exists. Each change of one octet is either refused by
// the load, or computed.
static void test_accounts_loaded_hashes_can_be_computed(void **state) {
  (void)state;
  const char octets[] = "./059ADETUYZajyz$:*! ";
  int refused = 0;
  for (size_t k = 0; k < sizeof ACCOUNTS_HASH - 1u - 40u; k++) {
    for (size_t c = 0; c < sizeof octets - 1u; c++) {
      char text[] = "a:" ACCOUNTS_HASH "\n";
      text[2u + k] = octets[c];
      smtpc_accounts *accounts = NULL;
      // Costs that take long are left out: 'B' and more in the fifth place.
      if (k == 4u && octets[c] > 'A') {
        continue;
      }
      store_put(accounts_path, text, 0600);
      if (smtpc_accounts_load(&accounts, &accounts_error, accounts_path) !=
          SMTPC_STORE_OK) {
        refused++;
        continue;
      }
      struct crypt_data *data = calloc(1, sizeof *data);
      assert_non_null(data);
      text[sizeof text - 2u] = '\0';  // the LF
      assert_non_null(crypt_rn("x", text + 2, data, (int)sizeof *data));
      free(data);
      smtpc_accounts_free(accounts);
    }
  }
  assert_true(refused > 100);
}

static void test_accounts_permissions(void **state) {
  (void)state;
  const unsigned refused[] = {0620, 0602, 0666, 0622, 0777};
  smtpc_accounts *accounts = NULL;
  for (size_t k = 0; k < sizeof refused / sizeof refused[0]; k++) {
    char says[32];
    store_put(accounts_path, "a:" ACCOUNTS_HASH "\n", refused[k]);
    store_status(smtpc_accounts_load(&accounts, &accounts_error, accounts_path),
                 SMTPC_STORE_UNSAFE, &accounts_error);
    (void)snprintf(says, sizeof says, "(mode %04o)", refused[k]);
    store_says(&accounts_error, says);
    store_says(&accounts_error, "run: chmod 600 ");
    store_status(write_entry("b", "x", false), SMTPC_STORE_UNSAFE,
                 &accounts_error);
  }
  store_put(accounts_path, "a:" ACCOUNTS_HASH "\n", 0644);
  accounts = accounts_load();
  assert_non_null(strstr(smtpc_accounts_warning(accounts), "(mode 0644)"));
  smtpc_accounts_free(accounts);
  store_put(accounts_path, "a:" ACCOUNTS_HASH "\n", 0640);
  accounts = accounts_load();
  assert_string_equal(smtpc_accounts_warning(accounts), "");
  smtpc_accounts_free(accounts);
}

static void test_accounts_warns_of_another_owner(void **state) {
  (void)state;
  if (geteuid() != 0) {
    skip();  // only root can give a file away
  }
  store_put(accounts_path, "a:" ACCOUNTS_HASH "\n", 0600);
  assert_int_equal(chown(accounts_path, 65534, 65534), 0);
  smtpc_accounts *accounts = accounts_load();
  assert_non_null(
      strstr(smtpc_accounts_warning(accounts), "belongs to user 65534"));
  smtpc_accounts_free(accounts);
}

static void test_accounts_missing_file(void **state) {
  (void)state;
  smtpc_accounts *accounts = NULL;
  store_status(smtpc_accounts_load(&accounts, &accounts_error, accounts_path),
               SMTPC_STORE_MISSING, &accounts_error);
  store_says(&accounts_error, accounts_path);
  assert_null(accounts);
  store_status(smtpc_accounts_load(&accounts, &accounts_error, accounts_folder),
               SMTPC_STORE_IO, &accounts_error);
  store_says(&accounts_error, "is a directory");
}

static bool check_cram(const smtpc_accounts *accounts, const char *name,
                       const char *challenge, const char *hex) {
  uint8_t digest[SMTPC_ACCOUNTS_DIGEST_LEN];
  for (size_t k = 0; k < sizeof digest; k++) {
    const char pair[3] = {hex[2u * k], hex[2u * k + 1u], '\0'};
    digest[k] = (uint8_t)strtoul(pair, NULL, 16);
  }
  uint8_t *name_copy = store_copy(name, strlen(name));
  uint8_t *challenge_copy = store_copy(challenge, strlen(challenge));
  uint8_t *digest_copy = store_copy(digest, sizeof digest);
  const bool good = smtpc_accounts_check_cram_md5(
      accounts, name_copy, strlen(name), challenge_copy, strlen(challenge),
      digest_copy);
  free(name_copy);
  free(challenge_copy);
  free(digest_copy);
  return good;
}

//= RFC 2195 section 2
static void test_accounts_cram_md5_of_rfc_2195(void **state) {
  (void)state;
  const char *challenge = "<1896.697170952@postoffice.reston.mci.net>";
  const char *digest = "b913a602c7eda7a495b4e6e7334d3890";
  store_status(write_entry("tim", "tanstaaftanstaaf", true), SMTPC_STORE_OK,
               &accounts_error);
  store_status(write_entry("tom", "tanstaaftanstaaf", false), SMTPC_STORE_OK,
               &accounts_error);
  store_status(write_entry("pat", "tanstaaftanstaaF", true), SMTPC_STORE_OK,
               &accounts_error);
  smtpc_accounts *accounts = accounts_load();
  assert_true(smtpc_accounts_has_cram_md5(accounts));
  assert_true(check_cram(accounts, "tim", challenge, digest));
  assert_false(check_cram(accounts, "tom", challenge, digest));
  assert_false(check_cram(accounts, "pat", challenge, digest));
  assert_false(check_cram(accounts, "nobody", challenge, digest));
  assert_false(check_cram(accounts, "tim", challenge + 1, digest));
  assert_false(check_cram(accounts, "tim", "", digest));
  assert_false(check_cram(accounts, "tim", challenge,
                          "b913a602c7eda7a495b4e6e7334d3891"));
  assert_false(check_cram(accounts, "tim", challenge,
                          "3913a602c7eda7a495b4e6e7334d3890"));
  assert_true(check(accounts, "tim", "tanstaaftanstaaf"));
  smtpc_accounts_free(accounts);
}

// The digest that the states of an account without the field would give must not
// let it in.
static void test_accounts_cram_md5_needs_the_field(void **state) {
  (void)state;
  store_put(accounts_path,
            "a:" ACCOUNTS_HASH ":cram-md5=" ZEROS ZEROS "\nb:" ACCOUNTS_HASH
            "\n",
            0600);
  smtpc_accounts *accounts = accounts_load();
  // HMAC-MD5 of "x" from two states of zeros, which no key gives. It was computed
  // with another implementation of MD5.
  const char *digest = "27d98fdee4ed5e32912c99ad5d1748cc";
  assert_true(check_cram(accounts, "a", "x", digest));
  assert_false(check_cram(accounts, "b", "x", digest));
  assert_false(check_cram(accounts, "c", "x", digest));
  smtpc_accounts_free(accounts);
}

// RFC 2202 section 2, test cases 2, 6 (key over one block) and 7.
static void test_accounts_cram_md5_of_rfc_2202(void **state) {
  (void)state;
  char key[81];
  memset(key, 0xaa, 80);
  key[80] = '\0';
  store_status(write_entry("two", "Jefe", true), SMTPC_STORE_OK,
               &accounts_error);
  store_status(write_entry("six", key, true), SMTPC_STORE_OK, &accounts_error);
  smtpc_accounts *accounts = accounts_load();
  assert_true(check_cram(accounts, "two", "what do ya want for nothing?",
                         "750c783e6ab0b503eaa86e310a5db738"));
  assert_true(check_cram(
      accounts, "six", "Test Using Larger Than Block-Size Key - Hash Key First",
      "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd"));
  assert_true(check_cram(accounts, "six",
                         "Test Using Larger Than Block-Size Key and Larger "
                         "Than One Block-Size Data",
                         "6f630fad67cda0ee1fb1f562db3aa53e"));
  smtpc_accounts_free(accounts);
}

static void check_text(const char *want_start, const char *want_end) {
  char *text = store_text(accounts_path);
  const size_t len = strlen(text);
  assert_true(len >= strlen(want_start) + strlen(want_end));
  assert_memory_equal(text, want_start, strlen(want_start));
  assert_string_equal(text + len - strlen(want_end), want_end);
  free(text);
}

static void test_accounts_write_keeps_other_lines(void **state) {
  (void)state;
  store_put(accounts_path,
            "# top\n\nprinter:" ACCOUNTS_HASH
            "\nbad line\nscanner:" ACCOUNTS_HASH "\n# end",
            0640);
  store_status(write_entry("printer", "new", false), SMTPC_STORE_OK,
               &accounts_error);
  check_text("# top\n\nprinter:$y$j75$",
             "\nbad line\nscanner:" ACCOUNTS_HASH "\n# end");
  struct stat facts;
  assert_int_equal(stat(accounts_path, &facts), 0);
  assert_int_equal(facts.st_mode & 07777u, 0600);
  store_status(write_entry("fax", "third", false), SMTPC_STORE_OK,
               &accounts_error);
  char *text = store_text(accounts_path);
  assert_non_null(strstr(text, "\n# end\nfax:$y$j75$"));
  assert_int_equal(text[strlen(text) - 1u], '\n');
  free(text);
  // A name that is only the start of another one replaces nothing.
  store_status(write_entry("print", "fourth", false), SMTPC_STORE_OK,
               &accounts_error);
  store_status(write_entry("bad line", "mended", false), SMTPC_STORE_OK,
               &accounts_error);
  assert_int_equal(store_count(accounts_folder), 1);
  smtpc_accounts *accounts = accounts_load();
  assert_int_equal(smtpc_accounts_count(accounts), 5);
  assert_true(check(accounts, "printer", "new"));
  assert_true(check(accounts, "print", "fourth"));
  assert_true(check(accounts, "bad line", "mended"));
  assert_true(check(accounts, "fax", "third"));
  smtpc_accounts_free(accounts);
}

static void test_accounts_write_mends_what_load_refuses(void **state) {
  (void)state;
  store_put(accounts_path,
            "a:" ACCOUNTS_HASH "\nb:\na:old\nc:" ACCOUNTS_HASH "\r\n", 0600);
  store_status(write_entry("a", "x", false), SMTPC_STORE_OK, &accounts_error);
  store_status(write_entry("b", "x", false), SMTPC_STORE_OK, &accounts_error);
  store_status(write_entry("c", "x", false), SMTPC_STORE_OK, &accounts_error);
  smtpc_accounts *accounts = accounts_load();
  assert_int_equal(smtpc_accounts_count(accounts), 3);
  smtpc_accounts_free(accounts);
}

static void test_accounts_write_removes_the_cram_md5_field(void **state) {
  (void)state;
  store_status(write_entry("a", "x", true), SMTPC_STORE_OK, &accounts_error);
  smtpc_accounts *accounts = accounts_load();
  assert_true(smtpc_accounts_has_cram_md5(accounts));
  smtpc_accounts_free(accounts);
  store_status(write_entry("a", "x", false), SMTPC_STORE_OK, &accounts_error);
  accounts = accounts_load();
  assert_false(smtpc_accounts_has_cram_md5(accounts));
  smtpc_accounts_free(accounts);
  char *text = store_text(accounts_path);
  assert_null(strstr(text, "cram"));
  free(text);
}

static void test_accounts_write_refuses_bad_entries(void **state) {
  (void)state;
  const char *names[] = {"", "#a", " a", "a ", "a:b", "a\nb", "a\xff", "a\x1b"};
  for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
    store_status(write_entry(names[k], "x", false), SMTPC_STORE_FORMAT,
                 &accounts_error);
  }
  store_status(write_entry("a", "", false), SMTPC_STORE_FORMAT,
               &accounts_error);
  store_says(&accounts_error, "the password is empty");
  store_status(write_entry("a", "x\n", false), SMTPC_STORE_FORMAT,
               &accounts_error);
  store_status(write_entry("a", "x\r", false), SMTPC_STORE_FORMAT,
               &accounts_error);
  smtpc_accounts_entry entry = {.name = (const uint8_t *)"a",
                                .name_len = 1,
                                .password = (const uint8_t *)"x\0y",
                                .password_len = 3};
  store_status(
      smtpc_accounts_write_entry(&accounts_error, accounts_path, &entry),
      SMTPC_STORE_FORMAT, &accounts_error);
  entry.password_len = 1;
  entry.cost = SMTPC_ACCOUNTS_COST_MAX + 1u;
  store_status(
      smtpc_accounts_write_entry(&accounts_error, accounts_path, &entry),
      SMTPC_STORE_FORMAT, &accounts_error);
  assert_int_equal(store_count(accounts_folder), 0);
  entry.cost = 0;
  store_status(
      smtpc_accounts_write_entry(&accounts_error, accounts_path, &entry),
      SMTPC_STORE_OK, &accounts_error);
  check_text("a:$y$j9T$", "\n");
}

static void test_accounts_write_waits_for_nobody(void **state) {
  (void)state;
  char fresh[STORE_PATH_MAX];
  store_path(fresh, accounts_folder, "accounts.txt.new");
  store_put(accounts_path, "a:" ACCOUNTS_HASH "\n", 0600);
  store_put(fresh, "", 0600);
  store_status(write_entry("a", "x", false), SMTPC_STORE_BUSY, &accounts_error);
  store_says(&accounts_error, "remove it if none runs");
  check_text("a:" ACCOUNTS_HASH, "\n");
  assert_int_equal(unlink(fresh), 0);
  store_status(write_entry("a", "x", false), SMTPC_STORE_OK, &accounts_error);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      ACCOUNTS_CASE(test_accounts_right_and_wrong_passwords),
      ACCOUNTS_CASE(test_accounts_unknown_name_costs_a_hash_of_the_same_kind),
      ACCOUNTS_CASE(test_accounts_impossible_passwords),
      ACCOUNTS_CASE(test_accounts_hash_of_the_empty_password),
      ACCOUNTS_CASE(test_accounts_longest_name_and_password),
      ACCOUNTS_CASE(test_accounts_none_is_legal),
      ACCOUNTS_CASE(test_accounts_comments_and_last_line_without_end),
      ACCOUNTS_CASE(test_accounts_wrong_lines_are_named),
      ACCOUNTS_CASE(test_accounts_line_and_file_limits),
      ACCOUNTS_CASE(test_accounts_loaded_hashes_can_be_computed),
      ACCOUNTS_CASE(test_accounts_permissions),
      ACCOUNTS_CASE(test_accounts_warns_of_another_owner),
      ACCOUNTS_CASE(test_accounts_missing_file),
      ACCOUNTS_CASE(test_accounts_cram_md5_of_rfc_2195),
      ACCOUNTS_CASE(test_accounts_cram_md5_needs_the_field),
      ACCOUNTS_CASE(test_accounts_cram_md5_of_rfc_2202),
      ACCOUNTS_CASE(test_accounts_write_keeps_other_lines),
      ACCOUNTS_CASE(test_accounts_write_mends_what_load_refuses),
      ACCOUNTS_CASE(test_accounts_write_removes_the_cram_md5_field),
      ACCOUNTS_CASE(test_accounts_write_refuses_bad_entries),
      ACCOUNTS_CASE(test_accounts_write_waits_for_nobody),
  };
  return cmocka_run_group_tests_name("accounts", tests, NULL, NULL);
}
