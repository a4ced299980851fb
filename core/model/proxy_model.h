// Proxy model: the PROXY header's grammar, written again to be obviously right.
//
// It takes a whole header at once, cuts version 1 into its words, and adds up the
// fields of version 2 from behind. It shares nothing with `core/proxy.c` and
// `core/address.c` but the types. Tests and fuzz targets compare.
#ifndef SMTPCORE_CORE_MODEL_PROXY_MODEL_H
#define SMTPCORE_CORE_MODEL_PROXY_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "smtpcore/proxy.h"

// model_proxy returns whether all of `data[0 .. len)` is a header, with the meaning of
// `smtpc_proxy_parse`, and sets `*out`; when it is none, to zero.
bool model_proxy(const uint8_t *data, size_t len, smtpc_proxy *out);

// model_address returns whether all of `text[0 .. len)` is an address, with the meaning
// of `smtpc_address_parse`, and sets `*out`; when it is none, to zero.
bool model_address(const char *text, size_t len, smtpc_address *out);

#endif  // SMTPCORE_CORE_MODEL_PROXY_MODEL_H
