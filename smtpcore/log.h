// Log: one event a line, as text for people or as JSON for programs.
//
//     text   session 12 peer 127.0.0.1:40112 end quit findings bare-lf,bare-cr
//     JSON   {"session":12,"peer":"127.0.0.1:40112","end":"quit",
//             "findings":["bare-lf","bare-cr"]}             (on one line)
//
// Both have the same keys in the same order. What a peer said may be in a
// value, so every octet but printable ASCII is written as \xHH and a backslash
// as two: no value can end a line, begin another one or move a terminal's
// cursor. Text values with anything but letters, digits and -_.:/@[]+#*=, stand
// in double quotes. An empty list is `-`.
//
// No function here is ever given a password or content.
#ifndef SMTPCORE_LOG_H
#define SMTPCORE_LOG_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "smtpcore/registry.h"

typedef enum smtpc_log_format {
  SMTPC_LOG_TEXT = 0,
  SMTPC_LOG_JSON = 1
} smtpc_log_format;

// smtpc_log is where events go. Several threads may write to it.
typedef struct smtpc_log {
  FILE *stream;
  uint8_t format;  // an smtpc_log_format
} smtpc_log;

// smtpc_log_event is an event under construction. It owns memory until
// `smtpc_log_write`. Without memory it loses fields, and nothing else.
typedef struct smtpc_log_event {
  json_t *fields;
} smtpc_log_event;

// smtpc_log_begin returns an event without fields.
smtpc_log_event smtpc_log_begin(void);

// These add a field. A key is given once.
void smtpc_log_number(smtpc_log_event *event, const char *key, uint64_t value);
void smtpc_log_text(smtpc_log_event *event, const char *key, const char *value);
void smtpc_log_octets(smtpc_log_event *event, const char *key,
                      const uint8_t *value, size_t len);

// smtpc_log_list adds an empty list to which `smtpc_log_list_add` then adds
// words.
void smtpc_log_list(smtpc_log_event *event, const char *key);
void smtpc_log_list_add(smtpc_log_event *event, const char *key,
                        const char *word);

// smtpc_log_write writes the event as one line, in one piece, and ends it.
void smtpc_log_write(const smtpc_log *log, smtpc_log_event *event);

// smtpc_log_escape writes `len` octets of `data` to `out` as printable ASCII,
// as said above, and a NUL. What does not fit `cap` octets is left out, whole
// escapes at a time. It returns the length without the NUL. `cap` may not be 0.
size_t smtpc_log_escape(const uint8_t *data, size_t len, char *out, size_t cap);

// smtpc_seen is which findings a session had, each once, in their order.
typedef struct smtpc_seen {
  uint8_t count;
  uint8_t finding[SMTPC_FINDING_COUNT];
} smtpc_seen;

// smtpc_seen_add adds `finding` (an smtpc_finding) unless it is there.
void smtpc_seen_add(smtpc_seen *seen, unsigned finding);

// smtpc_seen_has returns whether `finding` is in the set.
int smtpc_seen_has(const smtpc_seen *seen, unsigned finding);

// smtpc_log_seen adds the names of the findings as a list.
void smtpc_log_seen(smtpc_log_event *event, const char *key,
                    const smtpc_seen *seen);

#endif  // SMTPCORE_LOG_H
