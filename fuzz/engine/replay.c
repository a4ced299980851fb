// Replay: the engine of no search. It runs a fuzz target once on each file that its
// arguments name, folders with all that is in them, and says how many there were. Every
// `./test` runs the corpora so, and so does whoever reads a crash.
//
//     replay [--again] [--witness FILE | --say-witness] FILE-OR-FOLDER...
//
// Files of a script target whose names end with `.txt` are scripts in text
// (fuzz/harness/script.h); all others are given as they are. `--again` runs all inputs
// once more in the opposite order: what a target keeps between inputs shows, by the oracles
// of the target itself, or because an input leads to something else than before
// (fuzz/harness/witness.h). `--witness` compares what the inputs that FILE names led to
// with what it says of them, `--say-witness` prints such a file. It exits with 1 when it
// finds no input, or one that cannot be read.
#define _XOPEN_SOURCE 700
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz/harness/block.h"
#include "fuzz/harness/law.h"
#include "fuzz/harness/script.h"
#include "fuzz/harness/target.h"
#include "fuzz/harness/witness.h"

#define FILES_MAX 20000u

static char *files[FILES_MAX];
static uint64_t led_to[FILES_MAX];  // of each file, when it was run first
static size_t file_count;
static const char *current = "";

// A broken law aborts, and a sanitizer calls back: both then tell which input it was.
void __sanitizer_set_death_callback(void (*callback)(void))
    __attribute__((weak));
// MemorySanitizer does not know that nftw wrote the names that it gives.
void __msan_unpoison_string(const volatile char *text) __attribute__((weak));

static void say_current(void) {
  static const char text[] = "replay: input: ";
  if (current[0] != '\0') {
    (void)!write(STDERR_FILENO, text, sizeof text - 1u);
    (void)!write(STDERR_FILENO, current, strlen(current));
    (void)!write(STDERR_FILENO, "\n", 1u);
  }
}

static void on_abort(int number) {
  say_current();
  signal(number, SIG_DFL);
  raise(number);
}

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
  if (kind == FTW_F) {
    if (file_count == FILES_MAX) {
      fprintf(stderr, "replay: more than %u files\n", FILES_MAX);
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

static int is_text(const char *path) {
  const size_t len = strlen(path);
  return (fuzz_target_kind == FUZZ_KIND_SCRIPT ||
          fuzz_target_kind == FUZZ_KIND_TLS_SCRIPT) &&
         len > 4u && strcmp(path + len - 4u, ".txt") == 0;
}

// Makes the engines' form of what was read. Returns 0 when it is no script.
static int encode(const char *path, const smtpc_octets *text,
                  smtpc_octets *out) {
  const char *why = "";
  smtpc_octets_clear(out);
  const size_t line = script_parse(text->data, text->len, out, &why);
  if (line != 0u) {
    fprintf(stderr, "%s:%zu: %s\n", path, line, why);
  }
  return line == 0u;
}

// ------------------------------------------------------------------ witness

#define NAME_MAX_LEN 120u

typedef struct expected {
  char name[NAME_MAX_LEN];
  unsigned long long witness;
} expected;

static expected *wanted;
static size_t wanted_count;
static int says_witness;
static size_t wrong;

static const char *base_of(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash != NULL ? slash + 1 : path;
}

static int read_wanted(const char *path) {
  FILE *file = fopen(path, "r");
  expected row;
  wanted = calloc(FILES_MAX, sizeof *wanted);
  if (file == NULL || wanted == NULL) {
    perror(path);
    return 0;
  }
  while (wanted_count < FILES_MAX &&
         fscanf(file, "%119s %llx", row.name, &row.witness) == 2) {
    wanted[wanted_count] = row;
    wanted_count++;
  }
  fclose(file);
  return 1;
}

static void check_witness(const char *path, unsigned long long have) {
  const char *name = base_of(path);
  if (says_witness != 0) {
    printf("%s %016llx\n", name, have);
  }
  for (size_t i = 0u; i < wanted_count; i++) {
    if (strcmp(wanted[i].name, name) == 0 && wanted[i].witness != have) {
      fprintf(stderr, "replay: %s leads to something else than before\n", name);
      wrong++;
    }
  }
}

static int run_file(const char *path, uint64_t *out_witness) {
  static smtpc_octets read;
  static smtpc_octets encoded;
  current = path;
  int good = read_file(path, &read);
  const smtpc_octets *input = &read;
  if (good != 0 && is_text(path)) {
    good = encode(path, &read, &encoded);
    input = &encoded;
  }
  if (good != 0) {
    // The octets lie in a block of their size, as an engine gives them.
    uint8_t *block = fuzz_block(input->data, input->len);
    (void)LLVMFuzzerTestOneInput(block, input->len);
    fuzz_block_free(block, input->data, input->len);
  }
  *out_witness = fuzz_witness_take();
  current = "";
  return good;
}

// Runs all files. Returns how many could not be run.
static size_t run_all(void) {
  size_t failed = 0u;
  for (size_t i = 0u; i < file_count; i++) {
    if (run_file(files[i], &led_to[i]) == 0) {
      failed++;
    } else {
      check_witness(files[i], led_to[i]);
    }
  }
  return failed;
}

// Runs all files in the opposite order.
static void run_again(void) {
  for (size_t i = file_count; i > 0u; i--) {
    uint64_t have = 0u;
    if (run_file(files[i - 1u], &have) != 0 && have != led_to[i - 1u]) {
      fprintf(stderr, "replay: %s leads to something else after other inputs\n",
              base_of(files[i - 1u]));
      wrong++;
    }
  }
}

int main(int argc, char **argv) {
  int again = 0;
  signal(SIGABRT, on_abort);
  if (__sanitizer_set_death_callback != NULL) {
    __sanitizer_set_death_callback(say_current);
  }
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--again") == 0) {
      again = 1;
    } else if (strcmp(argv[i], "--say-witness") == 0) {
      says_witness = 1;
    } else if (strcmp(argv[i], "--witness") == 0 && i + 1 < argc) {
      i++;
      if (read_wanted(argv[i]) == 0) {
        return 1;
      }
    } else if (nftw(argv[i], visit, 16, 0) != 0) {
      perror(argv[i]);
      return 1;
    }
  }
  qsort(files, file_count, sizeof files[0], by_name);
  const size_t failed = run_all();
  if (again != 0) {
    run_again();
  }
  if (file_count == 0u) {
    fprintf(stderr, "replay: no input\n");
    return 1;
  }
  if (says_witness == 0) {
    printf("%zu passed, %zu failed\n", file_count - failed, failed + wrong);
  }
  free(wanted);
  return failed + wrong != 0u;
}
