// Mutator parts, of scripts: the script that is changed, and what its moves need.
#ifndef SMTPCORE_FUZZ_MUTATOR_MUTATOR_PARTS_SCRIPT_H
#define SMTPCORE_FUZZ_MUTATOR_MUTATOR_PARTS_SCRIPT_H

#include "fuzz/harness/script.h"
#include "fuzz/mutator/mutator_parts.h"

// fuzz_work is a script on the way from one encoding to the next. Octets of its records
// lie in `parent` or in `arena`, and what lies there is never changed again.
typedef struct fuzz_work {
  script now;
  fuzz_choice *choice;
  fuzz_role role;  // who says what `say` says, by what the script looks like
  int has_tls;     // 1: TLS is real, and records for it may come in
  int is_duel;     // 1: the script looks like one with an attacker
  size_t used;     // of the arena
} fuzz_work;

// fuzz_work_text begins a text in the arena; what is added to it next is kept when
// `fuzz_work_keep` follows, which makes it the octets of `record`.
fuzz_text fuzz_work_text(fuzz_work *work);
void fuzz_work_keep(fuzz_work *work, const fuzz_text *text,
                    script_record *record);

// fuzz_work_insert puts a record before the one at `at`. A script that is full loses the
// one that stands there.
void fuzz_work_insert(fuzz_work *work, size_t at, const script_record *record);

// fuzz_work_remove takes `count` records out.
void fuzz_work_remove(fuzz_work *work, size_t at, size_t count);

// fuzz_work_find returns a record, chosen among those of a tag; `count` when there is
// none.
size_t fuzz_work_find(fuzz_work *work, unsigned tag);

// fuzz_work_place returns a place to insert at: 0 to `count`.
size_t fuzz_work_place(fuzz_work *work);

// fuzz_work_role returns who speaks this time: mostly `role`.
fuzz_role fuzz_work_role(fuzz_work *work);

// fuzz_work_cut returns where to cut what a record says: mostly after a line, or within
// its CRLF.
size_t fuzz_work_cut(fuzz_work *work, const script_record *record);

// fuzz_work_octets inserts a record with the octets of a text, fuzz_work_number one with
// a number.
void fuzz_work_octets(fuzz_work *work, size_t at, unsigned tag, unsigned field,
                      const fuzz_text *text);
void fuzz_work_number(fuzz_work *work, size_t at, unsigned tag, unsigned field,
                      uint64_t number);

// fuzz_script_make makes the moves that bring something in (`what` is their fuzz_move).
void fuzz_script_make(fuzz_work *work, unsigned what);

// fuzz_script_number returns a number that a record may well have.
uint64_t fuzz_script_number(fuzz_work *work, const script_record *record);

// fuzz_tls_make makes one of the moves that a script with real TLS has besides.
void fuzz_tls_make(fuzz_work *work);

// fuzz_tls_is_record returns whether a tag is of a record for real TLS.
int fuzz_tls_is_record(unsigned tag);

// fuzz_tls_is_setting returns whether a tag is of a record that says how things stand, or
// what is sent; the others happen.
int fuzz_tls_is_setting(unsigned tag);

// fuzz_tls_number is `fuzz_script_number` for these records, fuzz_tls_field returns a
// field that TLS_SET may set, and fuzz_tls_two_field one for a record of the form TWO.
uint64_t fuzz_tls_number(fuzz_work *work, const script_record *record);
unsigned fuzz_tls_field(fuzz_work *work);
uint8_t fuzz_tls_two_field(fuzz_work *work, unsigned tag);

#endif  // SMTPCORE_FUZZ_MUTATOR_MUTATOR_PARTS_SCRIPT_H
