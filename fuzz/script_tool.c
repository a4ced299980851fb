// Script tool: scripts from text to what the engines read, and back.
//
//     script_tool encode IN-FOLDER OUT-FOLDER   each NAME.txt becomes NAME, encoded; other
//                                               files are copied as they are
//     script_tool encode-file IN OUT            one text, encoded
//     script_tool print FILE...                 encoded scripts, as text
//
// It exits with 1 after one sentence with file and line when something is wrong.
#define _XOPEN_SOURCE 700
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz/harness/script.h"

#define PATH_MAX_LEN 4096u
#define SUFFIX ".txt"

// ----------------------------------------------------------------------- files

static int say_error(const char *path) {
  fprintf(stderr, "script_tool: %s: %s\n", path, strerror(errno));
  return 0;
}

// Each of these returns 1, or 0 after a sentence.
static int read_file(const char *path, smtpc_octets *out) {
  uint8_t piece[4096];
  FILE *file = fopen(path, "rb");
  if (file == NULL) {
    return say_error(path);
  }
  size_t len = fread(piece, 1u, sizeof piece, file);
  while (len > 0u) {
    smtpc_octets_add(out, piece, len);
    len = fread(piece, 1u, sizeof piece, file);
  }
  const int failed = ferror(file);
  return fclose(file) == 0 && failed == 0 ? 1 : say_error(path);
}

static int write_file(const char *path, const smtpc_octets *data) {
  FILE *file = fopen(path, "wb");
  if (file == NULL) {
    return say_error(path);
  }
  const size_t written =
      data->len > 0u ? fwrite(data->data, 1u, data->len, file) : 0u;
  const int closed = fclose(file);
  return written == data->len && closed == 0 ? 1 : say_error(path);
}

static int join(char *out, const char *folder, const char *name, size_t len) {
  const int made =
      snprintf(out, PATH_MAX_LEN, "%s/%.*s", folder, (int)len, name);
  if (made < 0 || (size_t)made >= PATH_MAX_LEN) {
    fprintf(stderr, "script_tool: %s: the path is too long\n", name);
    return 0;
  }
  return 1;
}

// ---------------------------------------------------------------------- orders

static int encode_text(const char *from, const smtpc_octets *text,
                       smtpc_octets *out) {
  const char *why = "";
  const size_t line = script_parse(text->data, text->len, out, &why);
  if (line != 0u) {
    fprintf(stderr, "script_tool: %s:%zu: %s\n", from, line, why);
    return 0;
  }
  return 1;
}

static int convert(const char *from, const char *to, int is_text) {
  smtpc_octets data = {NULL, 0u, 0u};
  smtpc_octets encoded = {NULL, 0u, 0u};
  int done = read_file(from, &data);
  if (done != 0 && is_text != 0) {
    done = encode_text(from, &data, &encoded);
  }
  if (done != 0) {
    done = write_file(to, is_text != 0 ? &encoded : &data);
  }
  smtpc_octets_free(&data);
  smtpc_octets_free(&encoded);
  return done;
}

static int is_file(const char *path) {
  struct stat facts;
  return stat(path, &facts) == 0 && S_ISREG(facts.st_mode);
}

static int encode_folder(const char *from, const char *to) {
  char in_path[PATH_MAX_LEN];
  char out_path[PATH_MAX_LEN];
  DIR *folder = opendir(from);
  if (folder == NULL) {
    return say_error(from);
  }
  int done = 1;
  const struct dirent *entry = readdir(folder);
  while (done != 0 && entry != NULL) {
    const char *name = entry->d_name;
    const size_t len = strlen(name);
    const size_t suffix = sizeof SUFFIX - 1u;
    const int is_text =
        len > suffix && strcmp(name + len - suffix, SUFFIX) == 0;
    done = join(in_path, from, name, len) != 0 &&
           join(out_path, to, name, is_text != 0 ? len - suffix : len) != 0;
    if (done != 0 && is_file(in_path) != 0) {
      done = convert(in_path, out_path, is_text);
    }
    entry = readdir(folder);
  }
  (void)closedir(folder);
  return done;
}

static int print_file(const char *path) {
  static script decoded;
  smtpc_octets data = {NULL, 0u, 0u};
  smtpc_octets text = {NULL, 0u, 0u};
  int done = read_file(path, &data);
  if (done != 0 && script_decode(data.data, data.len, &decoded) == 0) {
    fprintf(stderr, "script_tool: %s: this is no script of version %u\n", path,
            SCRIPT_VERSION);
    done = 0;
  }
  if (done != 0) {
    script_print(&decoded, &text);
    done = fwrite(text.data, 1u, text.len, stdout) == text.len &&
           fflush(stdout) == 0;
    if (done == 0) {
      (void)say_error("standard output");
    }
  }
  smtpc_octets_free(&data);
  smtpc_octets_free(&text);
  return done;
}

int main(int argc, char **argv) {
  if (argc == 4 && strcmp(argv[1], "encode") == 0) {
    return encode_folder(argv[2], argv[3]) != 0 ? 0 : 1;
  }
  if (argc == 4 && strcmp(argv[1], "encode-file") == 0) {
    return convert(argv[2], argv[3], 1) != 0 ? 0 : 1;
  }
  if (argc >= 3 && strcmp(argv[1], "print") == 0) {
    int done = 1;
    for (int i = 2; i < argc && done != 0; i++) {
      done = print_file(argv[i]);
    }
    return done != 0 ? 0 : 1;
  }
  fprintf(
      stderr,
      "script_tool: usage: encode IN-FOLDER OUT-FOLDER, encode-file IN OUT, "
      "or print FILE...\n");
  return 1;
}
