// Mem: what the test programs, on a board without a C library, have of <string.h>.
#ifndef SMTPCORE_EMBED_MEM_H
#define SMTPCORE_EMBED_MEM_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t len);
void *memmove(void *to, const void *from, size_t len);
void *memset(void *to, int octet, size_t len);
int memcmp(const void *a, const void *b, size_t len);
size_t strlen(const char *text);

#endif  // SMTPCORE_EMBED_MEM_H
