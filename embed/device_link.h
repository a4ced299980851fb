// Link: the octets of one connection, in clear or under TLS, between what is pushed and
// pulled and a session. Shared by receiver and sender; a firmware uses `device.h` alone.
#ifndef SMTPCORE_EMBED_DEVICE_LINK_H
#define SMTPCORE_EMBED_DEVICE_LINK_H

#include "embed/device.h"

typedef enum device_link_state {
  LINK_CLEAR = 0,      // octets are the session's
  LINK_HANDSHAKE = 1,  // octets are the engine's, none are the session's
  LINK_TLS = 2,        // octets are the engine's, decrypted the session's
  LINK_BROKEN = 3      // nothing comes any more
} device_link_state;

// device_tls_is_there returns 1 when TLS can be used at all.
int device_tls_is_there(const device_tls *tls);

// device_link_start_tls begins a handshake in `role`. That it cannot is an input of its
// own, TLS_FAILED.
void device_link_start_tls(device_link *link, const device_tls *tls,
                           unsigned role, int verify);

// device_link_input makes `*in` of what has come for the session, octets or an event,
// and returns 1; 0: nothing has.
int device_link_input(device_link *link, smtpc_input *in);

// device_link_take takes `used` octets of `*in`, if it has any, on the channel that they
// came on.
void device_link_take(device_link *link, const smtpc_input *in, size_t used);

// device_link_send sends what the SEND action `*act` means by `data`. In clear it stays
// where it lies until it was pulled, so until then the session rests.
void device_link_send(device_link *link, const smtpc_action *act,
                      const uint8_t *data);

// device_link_pull moves at most `cap` octets for the peer to `out`.
size_t device_link_pull(device_link *link, uint8_t *out, size_t cap);

// device_link_end returns the input that an end of kind `kind` is.
smtpc_input device_link_end(device_link *link, unsigned kind);

// device_link_binding returns the answer to ASK_BINDING, made in `out`.
smtpc_input device_link_binding(device_link *link, unsigned kind,
                                uint8_t out[SMTPC_BINDING_MAX]);

// device_link_close says close_notify; device_link_free ends the engine.
void device_link_close(device_link *link);
void device_link_free(device_link *link);

#endif  // SMTPCORE_EMBED_DEVICE_LINK_H
