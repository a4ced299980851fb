// Mutator parts, of TLS on the wire: records as a peer of TLS makes them.
#ifndef SMTPCORE_FUZZ_MUTATOR_MUTATOR_PARTS_WIRE_H
#define SMTPCORE_FUZZ_MUTATOR_MUTATOR_PARTS_WIRE_H

#include "fuzz/mutator/mutator_parts.h"

#define FUZZ_WIRE_HEAD 5u
// What the record layer takes at most (RFC 5246 section 6.2.3; TLS 1.3 takes less).
#define FUZZ_WIRE_RECORD_MAX (16384u + 2048u)

enum {
  FUZZ_WIRE_CIPHER = 20,
  FUZZ_WIRE_ALERT = 21,
  FUZZ_WIRE_HANDSHAKE = 22,
  FUZZ_WIRE_DATA = 23,
  FUZZ_WIRE_HEARTBEAT = 24
};

// fuzz_wire_is_head returns whether octets begin with the head of a record.
int fuzz_wire_is_head(const uint8_t *data, size_t len);

// fuzz_wire_open appends the head of a record and returns where its octets begin; when
// they are all there `fuzz_wire_close` writes their number to the head.
size_t fuzz_wire_open(fuzz_text *out, unsigned type, unsigned version);
void fuzz_wire_close(fuzz_text *out, size_t from);

// fuzz_wire_alert appends an alert, fuzz_wire_hello a hello of a role with extensions as
// real ones have them, mostly, and fuzz_wire_record any record, mostly one of these.
void fuzz_wire_alert(fuzz_text *out, fuzz_choice *choice);
void fuzz_wire_hello(fuzz_text *out, fuzz_choice *choice, fuzz_role role);
void fuzz_wire_record(fuzz_text *out, fuzz_choice *choice);

// fuzz_wire_session appends all that a role says, from its hello to SMTP, as an engine
// takes it that neither encrypts nor checks what is signed: BoringSSL's fuzzer mode. A
// server speaks TLS 1.2: of TLS 1.3 it would have to say what the client chose.
void fuzz_wire_session(fuzz_text *out, fuzz_choice *choice, fuzz_role role);

// fuzz_wire_clear appends lines of SMTP, of either role.
void fuzz_wire_clear(fuzz_text *out, fuzz_choice *choice);

// fuzz_wire_any_alert, _extension, and so on return a number of the lists of
// fuzz/harness/tls_numbers.h; now and then any other.
unsigned fuzz_wire_any_alert(fuzz_choice *choice);
unsigned fuzz_wire_any_message(fuzz_choice *choice);
unsigned fuzz_wire_any_extension(fuzz_choice *choice);
unsigned fuzz_wire_any_version(fuzz_choice *choice);

#endif  // SMTPCORE_FUZZ_MUTATOR_MUTATOR_PARTS_WIRE_H
