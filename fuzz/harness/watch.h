// Watch: who wants to know what happens to the sessions of the worlds is told.
//
// Oracles say what must hold of any input; a replay of known attacks wants to know more:
// what was found, answered and delivered (fuzz/catalogue). Without a watcher a world
// tells nobody, and the cost is one comparison.
#ifndef SMTPCORE_FUZZ_HARNESS_WATCH_H
#define SMTPCORE_FUZZ_HARNESS_WATCH_H

#include <stdint.h>

#include "smtpcore/session.h"

// fuzz_watched is one action of a session, and the input that led to it. With `act` NULL
// a session begins. What it points to lives as long as the call.
typedef struct fuzz_watched {
  const smtpc_input *in;
  const smtpc_action *act;
  const uint8_t *data;  // of an action SEND
  unsigned slot;        // of the world
  uint8_t client;       // 1: of a client
} fuzz_watched;

typedef void fuzz_watcher(const fuzz_watched *what);

// fuzz_watch_set makes `watcher` the one who is told; NULL: nobody.
void fuzz_watch_set(fuzz_watcher *watcher);

// fuzz_watch_tell is for the worlds.
void fuzz_watch_tell(const fuzz_watched *what);

#endif  // SMTPCORE_FUZZ_HARNESS_WATCH_H
