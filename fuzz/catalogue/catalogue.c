// Catalogue: plays the scripts of known attacks on a target, with every oracle on, and
// compares what they lead to with what their heads say.
//
//     catalogue [--say] TARGET FILE-OR-FOLDER...
//
// It is linked to the target of that name, and plays the scripts whose heads name it.
// What a head holds is said in corpus/catalogue/README.md, and of its expectations in
// report.h. `--say` prints what each script leads to. It exits with 1 when a script does
// not lead to exactly what it says, cannot be read, or when there is none.
#define _XOPEN_SOURCE 700
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/catalogue/report.h"
#include "fuzz/harness/block.h"
#include "fuzz/harness/script.h"
#include "fuzz/harness/target.h"

#define FILES_MAX 4000u

static char *files[FILES_MAX];
static size_t file_count;
static size_t played;

// MemorySanitizer does not know that nftw wrote the names that it gives.
void __msan_unpoison_string(const volatile char *text) __attribute__((weak));

static int by_name(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static int visit(const char *path, const struct stat *status, int kind,
                 struct FTW *at) {
  (void)status;
  (void)at;
  if (__msan_unpoison_string != NULL) {
    __msan_unpoison_string(path);
  }
  const size_t len = strlen(path);
  if (kind == FTW_F && len > 4u && strcmp(path + len - 4u, ".txt") == 0) {
    if (file_count == FILES_MAX) {
      fprintf(stderr, "catalogue: more than %u files\n", FILES_MAX);
      return 1;
    }
    files[file_count] = strdup(path);
    file_count += files[file_count] != NULL;
  }
  return 0;
}

static int read_file(const char *path, smtpc_octets *out) {
  uint8_t buffer[4096];
  FILE *file = fopen(path, "rb");
  if (file == NULL) {
    perror(path);
    return 0;
  }
  smtpc_octets_clear(out);
  for (size_t got = 1u; got > 0u;) {
    got = fread(buffer, 1u, sizeof buffer, file);
    smtpc_octets_add(out, buffer, got);
  }
  const int good = ferror(file) == 0;
  fclose(file);
  return good;
}

// Appends what stands behind `word` in each line of the text that begins with it.
static void lines_of(const smtpc_octets *text, const char *word,
                     smtpc_octets *out) {
  const size_t len = strlen(word);
  smtpc_octets_clear(out);
  for (size_t at = 0u; at < text->len;) {
    const uint8_t *line = text->data + at;
    const uint8_t *end = memchr(line, '\n', text->len - at);
    const size_t size = end != NULL ? (size_t)(end - line) : text->len - at;
    if (size > len && memcmp(line, word, len) == 0) {
      smtpc_octets_add(out, line + len, size - len);
      smtpc_octets_add(out, "\n", 1u);
    }
    at += size + 1u;
  }
}

static int is_for(const smtpc_octets *text, const char *target) {
  static smtpc_octets named;
  const size_t len = strlen(target);
  lines_of(text, "# target ", &named);
  return named.len == len + 1u && memcmp(named.data, target, len) == 0;
}

static void play(const smtpc_octets *input, smtpc_octets *out) {
  smtpc_octets_clear(out);
  // The octets lie in a block of their size, as an engine gives them.
  uint8_t *block = fuzz_block(input->data, input->len);
  report_begin();
  (void)LLVMFuzzerTestOneInput(block, input->len);
  report_end(out);
  fuzz_block_free(block, input->data, input->len);
}

// Returns 1 when the script leads to what it says, or is another target's.
static int try_file(const char *path, const char *target, int says) {
  static smtpc_octets text;
  static smtpc_octets input;
  static smtpc_octets expected;
  static smtpc_octets report;
  static smtpc_octets difference;
  const char *why = "";
  if (read_file(path, &text) == 0) {
    return 0;
  }
  if (is_for(&text, target) == 0) {
    return 1;
  }
  played++;
  smtpc_octets_clear(&input);
  const size_t line = script_parse(text.data, text.len, &input, &why);
  if (line != 0u) {
    fprintf(stderr, "%s:%zu: %s\n", path, line, why);
    return 0;
  }
  fprintf(stderr, "catalogue: %s\n", path);
  play(&input, &report);
  lines_of(&text, "# expect ", &expected);
  smtpc_octets_clear(&difference);
  const size_t wrong = report_compare(&expected, &report, &difference);
  if (says != 0) {
    printf("%s\n%.*s", path, (int)report.len, (const char *)report.data);
  } else if (wrong != 0u) {
    printf("%s leads to something else than it says:\n%.*s", path,
           (int)difference.len, (const char *)difference.data);
  }
  return wrong == 0u;
}

int main(int argc, char **argv) {
  int says = 0;
  size_t failed = 0u;
  const char *target = NULL;
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--say") == 0) {
      says = 1;
    } else if (target == NULL) {
      target = argv[i];
    } else if (nftw(argv[i], visit, 16, 0) != 0) {
      perror(argv[i]);
      return 1;
    }
  }
  qsort(files, file_count, sizeof files[0], by_name);
  for (size_t i = 0u; target != NULL && i < file_count; i++) {
    failed += try_file(files[i], target, says) == 0;
    free(files[i]);
  }
  if (played == 0u) {
    fprintf(stderr, "catalogue: no script for this target\n");
    return 1;
  }
  printf("%zu passed, %zu failed\n", played - failed, failed);
  return failed != 0u;
}
