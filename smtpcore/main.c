#include <argp.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "smtpcore/commands.h"

typedef struct command {
  const char *name;
  char *full;  // for messages, and argv[0] of the command
  int (*run)(int argc, char **argv);
  const char *what;
} command;

static char receive_name[] = SMTPC_PROGRAM " receive";
static char send_name[] = SMTPC_PROGRAM " send";
static char certificate_name[] = SMTPC_PROGRAM " certificate";
static char account_name[] = SMTPC_PROGRAM " account";
static char policy_name[] = SMTPC_PROGRAM " policy";

static const command commands[] = {
    {"receive", receive_name, smtpc_main_receive,
     "receives mail and stores it in a Maildir"},
    {"send", send_name, smtpc_main_send, "sends one message"},
    {"certificate", certificate_name, smtpc_main_certificate,
     "makes a key and a certificate for it, signed by itself"},
    {"account", account_name, smtpc_main_account,
     "writes or removes an entry of the accounts file"},
    {"policy", policy_name, smtpc_main_policy,
     "prints what may be said when, and all names"}};

#define COMMANDS (sizeof commands / sizeof commands[0])

const char *argp_program_version = SMTPC_PROGRAM " " SMTPC_PROGRAM_VERSION;

static int help(FILE *out, int status) {
  (void)fprintf(out, "Usage: " SMTPC_PROGRAM
                     " COMMAND [OPTION...]\n"
                     "Receives and sends mail by SMTP and LMTP, strictly.\n\n");
  for (size_t i = 0u; i < COMMANDS; i++) {
    (void)fprintf(out, "  %-12s %s\n", commands[i].name, commands[i].what);
  }
  (void)fprintf(out,
                "\n  --help       prints this\n"
                "  --version    prints the version\n\n"
                "Say `" SMTPC_PROGRAM
                " COMMAND --help` for the options of a command.\n");
  return status;
}

int main(int argc, char **argv) {
  if (argc < 2) {
    (void)fputs(SMTPC_PROGRAM ": say which command\n\n", stderr);
    return help(stderr, EX_USAGE);
  }
  if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
    return help(stdout, EX_OK);
  }
  if (strcmp(argv[1], "--version") == 0) {
    (void)printf("%s\n", argp_program_version);
    return EX_OK;
  }
  for (size_t i = 0u; i < COMMANDS; i++) {
    if (strcmp(argv[1], commands[i].name) == 0) {
      argv[1] = commands[i].full;
      return commands[i].run(argc - 1, argv + 1);
    }
  }
  (void)fputs(SMTPC_PROGRAM ": there is no such command\n\n", stderr);
  return help(stderr, EX_USAGE);
}
