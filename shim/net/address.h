// Address: names, addresses and errors as text. Internal to this folder.
#ifndef SMTPCORE_SHIM_NET_ADDRESS_H
#define SMTPCORE_SHIM_NET_ADDRESS_H

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "shim/net/net.h"
#include "smtpcore/address.h"

// smtpc_net_address_find resolves `host` (NULL: all addresses of this machine, IPv6
// and IPv4) and `port` for listening, and waits for it. It returns 0 or libuv's
// error.
int smtpc_net_address_find(uv_loop_t *loop, const char *host, uint16_t port,
                           struct sockaddr_storage *out);

// smtpc_net_address_print writes "192.0.2.1:25" or "[2001:db8::1]:25" to `out` and
// returns the port. An IPv4 address that came mapped into IPv6 is written as IPv4.
uint16_t smtpc_net_address_print(const struct sockaddr_storage *address,
                                 char *out, size_t cap);

// smtpc_net_address_take returns the address of `address`; none when it is of
// another family.
smtpc_address smtpc_net_address_take(const struct sockaddr_storage *address);

// smtpc_net_address_text writes an address and a port as `smtpc_net_address_print`
// does; "unknown" for none.
void smtpc_net_address_text(smtpc_address address, uint16_t port, char *out,
                            size_t cap);

// smtpc_net_address_of_peer and smtpc_net_address_of_self do so for the two ends of a
// socket; "unknown" when it has none.
// The peer's address is also returned.
smtpc_address smtpc_net_address_of_peer(const uv_tcp_t *tcp, char *out,
                                        size_t cap);
uint16_t smtpc_net_address_of_self(const uv_tcp_t *tcp, char *out, size_t cap);

// smtpc_net_fail fills `*error` and returns `kind`.
smtpc_net_error_kind smtpc_net_fail(smtpc_net_error *error,
                                    smtpc_net_error_kind kind,
                                    const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// smtpc_net_kind_of returns the kind that goes with an error of libuv.
smtpc_net_error_kind smtpc_net_kind_of(int status);

// smtpc_net_ignore_sigpipe makes the process ignore SIGPIPE.
void smtpc_net_ignore_sigpipe(void);

#endif  // SMTPCORE_SHIM_NET_ADDRESS_H
