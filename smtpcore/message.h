// Message: a file to send, as the octets that SMTP wants.
//
// The core sends what it is given or refuses it. This program is kinder in one
// way: text files have lines that end in LF, so an LF without a CR before it
// becomes CRLF here, and a last line without an end gets one. Nothing else is
// changed: a CR that no LF follows and a NUL are refused, with their line. A message
// that is to go as BINARYMIME is taken as it is, whatever its octets are.
#ifndef SMTPCORE_MESSAGE_H
#define SMTPCORE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// SMTPC_MESSAGE_MAX is the largest message, in octets.
#define SMTPC_MESSAGE_MAX 1073741824u

typedef enum smtpc_message_status {
  SMTPC_MESSAGE_OK = 0,
  SMTPC_MESSAGE_READ,  // `cause` is errno
  SMTPC_MESSAGE_MEMORY,
  SMTPC_MESSAGE_LARGE,  // over SMTPC_MESSAGE_MAX
  SMTPC_MESSAGE_CR,     // `line` has a CR that no LF follows
  SMTPC_MESSAGE_NUL     // `line` has a NUL
} smtpc_message_status;

// smtpc_message is a message in memory. All-zero: an empty one. `binary` is to be set
// before octets are added.
typedef struct smtpc_message {
  uint8_t *data;
  size_t len;
  size_t cap;
  uint64_t line;   // lines begun so far; on an error, where it is
  int cause;       // with READ
  bool binary;     // nothing is converted, nothing refused
  bool eight_bit;  // some octet is not ASCII
  uint8_t last;    // the octet that came last, as it was in the file
} smtpc_message;

// smtpc_message_add converts the next `len` octets of the file and appends
// them. On an error the message is of no further use but to be freed.
smtpc_message_status smtpc_message_add(smtpc_message *message,
                                       const uint8_t *data, size_t len);

// smtpc_message_end says that there are no more octets.
smtpc_message_status smtpc_message_end(smtpc_message *message);

// smtpc_message_read reads all of `fd` into an empty message.
smtpc_message_status smtpc_message_read(smtpc_message *message, int fd);

// smtpc_message_free frees the octets.
void smtpc_message_free(smtpc_message *message);

#endif  // SMTPCORE_MESSAGE_H
