// Memory: the TLS library's heap, which ends when a target says so.
//
// Who links this file gives BoringSSL its allocator: OPENSSL_malloc and all that stands on
// it come from here. Blocks are malloc's own, so that AddressSanitizer sees them, with
// their length before them.
#ifndef SMTPCORE_FUZZ_TLS_MEMORY_H
#define SMTPCORE_FUZZ_TLS_MEMORY_H

#include <stddef.h>

// tls_memory_fail_at makes the `nth` block from now on not be given, and all others be: 1
// is the next one, 0 none.
void tls_memory_fail_at(size_t nth);

// tls_memory_stop makes all blocks be given again, and forgets nothing.
void tls_memory_stop(void);

// tls_memory_failed returns 1 when a block was not given since the last call of
// `tls_memory_fail_at`.
int tls_memory_failed(void);

// tls_memory_live returns how many blocks were given and not freed.
size_t tls_memory_live(void);

#endif  // SMTPCORE_FUZZ_TLS_MEMORY_H
