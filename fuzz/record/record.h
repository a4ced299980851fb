// Record: seeds from the unit tests' own dialogues.
//
// A unit test that is linked to this file with the linker's `--wrap` for each function
// of RECORD_WRAPPED goes on as before, and each session that it runs over shim/mem, and
// each text that it lets the core parse, is written to a file below the folder that the
// environment's SMTPCORE_RECORD names: `TARGET/HASH`, as engines read it. The tool that
// builds such tests and keeps what adds something is fuzz/tools/seeds.py.
#ifndef SMTPCORE_FUZZ_RECORD_RECORD_H
#define SMTPCORE_FUZZ_RECORD_RECORD_H

#include "fuzz/harness/script.h"
#include "shim/mem/mem.h"

// record_save writes one seed of `target`, unless SMTPCORE_RECORD is not set, the seed is
// longer than RECORD_LEN_MAX, or `target` has RECORD_COUNT_MAX seeds from this process.
void record_save(const char *target, const void *data, size_t len);

#define RECORD_LEN_MAX 8192u
#define RECORD_COUNT_MAX 5000u

#endif  // SMTPCORE_FUZZ_RECORD_RECORD_H
