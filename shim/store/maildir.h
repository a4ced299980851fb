// Maildir: where received mail goes. One directory, one file for each message.
//
// A message is written to a file of its own in `tmp`, synced, renamed into `new`,
// and `new` is synced; only then does `smtpc_maildir_commit` succeed and the
// server answer 250. So a message that was answered 250 is on disk, and whatever
// is killed, at any moment, `new` holds whole messages only:
//
//     smtpc_maildir *maildir = NULL;
//     smtpc_delivery *delivery = NULL;
//     smtpc_store_error error;
//     status = smtpc_maildir_open(&maildir, &error, path, true);
//     for each message:
//       status = smtpc_maildir_begin(maildir, &delivery, &error);
//       smtpc_maildir_append(delivery, &error, trace, trace_len);  // Received:
//       smtpc_maildir_append(delivery, &error, piece, piece_len);  // content
//       status = smtpc_maildir_commit(&delivery, &error);
//       reply: SMTPC_STORE_OK 250, SMTPC_STORE_FULL 452, every other one 451
//     smtpc_maildir_close(maildir);
//
// The one case in between: killed after the rename and before the 250 was sent,
// a whole message is in `new` of which the sender does not know. It sends it
// again; RFC 1047 describes why SMTP cannot avoid that.
//
// Octets are stored as they came: CRLF stays CRLF, nothing is rewritten (law
// NORM). Header lines that the receiver adds (Return-Path, Received) are built by
// the program and appended first.
//
// File names are `SECONDS.MmicrosecondsPpidQcounter.host`. The host is this
// machine's, with every octet but letters, digits, '-', '_' and '.' written as
// \ooo. Nothing from the wire is ever part of a file name.
//
// Any number of deliveries may be open at once; each holds one descriptor and one
// buffer. Different deliveries may be used by different threads at the same time,
// also `smtpc_maildir_begin`. The process must ignore SIGXFSZ, or a file size
// limit kills it in place of a SMTPC_STORE_FULL.
#ifndef SMTPCORE_SHIM_STORE_MAILDIR_H
#define SMTPCORE_SHIM_STORE_MAILDIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shim/store/files.h"

// SMTPC_MAILDIR_BUFFER_LEN is how much of a message a delivery holds in memory.
#define SMTPC_MAILDIR_BUFFER_LEN 16384u

// SMTPC_MAILDIR_STALE_SECONDS is the age from which a file in `tmp` is taken for
// the rest of a delivery that was killed: 36 hours, as Maildir's rules have it.
#define SMTPC_MAILDIR_STALE_SECONDS 129600

typedef struct smtpc_maildir smtpc_maildir;    // the directory
typedef struct smtpc_delivery smtpc_delivery;  // one message on its way in

// smtpc_maildir_open opens the Maildir `path` and stores it in `*out`. With
// `create` it makes `path` and its `tmp`, `new` and `cur` where they are missing,
// mode 0700; the directory above `path` must be there. Regular files in `tmp`
// that nobody has written to for SMTPC_MAILDIR_STALE_SECONDS are removed.
//
// It returns
//   SMTPC_STORE_OK
//   SMTPC_STORE_MISSING        one of the four directories is not there
//   SMTPC_STORE_NOT_DIRECTORY  one of them is another thing
//   SMTPC_STORE_DENIED         one of them cannot be written
//   SMTPC_STORE_IO             `new` cannot be synced: no promise could be kept
//   SMTPC_STORE_FULL, _BUSY    as their names say
// and on failure `*out` is NULL.
SMTPC_NODISCARD smtpc_store_status smtpc_maildir_open(smtpc_maildir **out,
                                                      smtpc_store_error *error,
                                                      const char *path,
                                                      bool create);

// smtpc_maildir_close frees `maildir`, which may be NULL. Every delivery must have
// ended.
void smtpc_maildir_close(smtpc_maildir *maildir);

// smtpc_maildir_begin creates an empty message in `tmp`, mode 0600, and stores it
// in `*out`; `smtpc_maildir_commit` or `smtpc_maildir_abort` ends it. It fails with
// the statuses of `smtpc_maildir_open`, and `*out` is then NULL. The directories
// are looked up each time: one that was missing and has come back serves again.
SMTPC_NODISCARD smtpc_store_status smtpc_maildir_begin(
    smtpc_maildir *maildir, smtpc_delivery **out, smtpc_store_error *error);

// smtpc_maildir_append adds `len` octets to the message.
//
// A failure is sticky: the file is removed at once, so that its room is free, and
// every later append and the commit return the same status. So the status of an
// append may be ignored; that of the commit may not. `data` may be NULL when `len`
// is 0.
smtpc_store_status smtpc_maildir_append(smtpc_delivery *delivery,
                                        smtpc_store_error *error,
                                        const uint8_t *data, size_t len);

// smtpc_maildir_name returns the message's file name, the same in `tmp` and `new`.
// It lives as long as the delivery.
const char *smtpc_maildir_name(const smtpc_delivery *delivery);

// smtpc_maildir_commit makes the message durable in `new`, and ends the delivery:
// `*delivery` is freed and NULL, whatever is returned. Only SMTPC_STORE_OK means
// that the message is stored; with every other status it is neither in `new` nor
// in `tmp`. A NULL `*delivery` is SMTPC_STORE_MISUSE.
//
// Cost: two fsync calls, of the file and of `new`. They block for as long as the
// disk takes; an event loop calls this from a worker thread.
SMTPC_NODISCARD smtpc_store_status
smtpc_maildir_commit(smtpc_delivery **delivery, smtpc_store_error *error);

// smtpc_maildir_abort removes the message and ends the delivery: `*delivery` is
// freed and NULL. A NULL `*delivery` is legal.
void smtpc_maildir_abort(smtpc_delivery **delivery);

#endif  // SMTPCORE_SHIM_STORE_MAILDIR_H
