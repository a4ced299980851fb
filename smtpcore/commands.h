// Commands: what `smtpcore COMMAND` can be. One source file for each.
#ifndef SMTPCORE_COMMANDS_H
#define SMTPCORE_COMMANDS_H

#include "smtpcore/version.h"

#define SMTPC_PROGRAM "smtpcore"
#define SMTPC_PROGRAM_VERSION SMTPC_VERSION_TEXT

// Each takes the words from the command's name on (`argv[0]` is
// "smtpcore COMMAND", for messages) and returns the exit status of the process.
// A wrong option ends the process at once with EX_USAGE (64).
int smtpc_main_receive(int argc, char **argv);
int smtpc_main_send(int argc, char **argv);
int smtpc_main_certificate(int argc, char **argv);
int smtpc_main_account(int argc, char **argv);
int smtpc_main_policy(int argc, char **argv);

#endif  // SMTPCORE_COMMANDS_H
