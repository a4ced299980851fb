#include "smtpcore/message.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define BLOCK 65536u

// Makes room for one line end more than `more` octets.
static smtpc_message_status reserve(smtpc_message *m, size_t more) {
  if (more > SMTPC_MESSAGE_MAX - m->len) {
    return SMTPC_MESSAGE_LARGE;
  }
  if (m->cap - m->len >= more + 2u) {
    return SMTPC_MESSAGE_OK;
  }
  const size_t cap = m->cap + m->cap / 2u + more + 2u;
  uint8_t *data = realloc(m->data, cap);
  if (data == NULL) {
    return SMTPC_MESSAGE_MEMORY;
  }
  m->data = data;
  m->cap = cap;
  return SMTPC_MESSAGE_OK;
}

static void put(smtpc_message *m, uint8_t c) {
  m->data[m->len] = c;
  m->len++;
}

// One octet of the file. There is room for two.
static smtpc_message_status take(smtpc_message *m, uint8_t c) {
  const uint8_t before = m->last;
  m->eight_bit = m->eight_bit || c > 0x7fu;
  if (m->binary) {
    put(m, c);
    return SMTPC_MESSAGE_OK;
  }
  if (m->line == 0u || before == (uint8_t)'\n') {
    m->line++;
  }
  if (before == (uint8_t)'\r' && c != (uint8_t)'\n') {
    return SMTPC_MESSAGE_CR;
  }
  if (c == 0u) {
    return SMTPC_MESSAGE_NUL;
  }
  if (c == (uint8_t)'\n' && before != (uint8_t)'\r') {
    put(m, (uint8_t)'\r');
  }
  put(m, c);
  m->last = c;
  return SMTPC_MESSAGE_OK;
}

smtpc_message_status smtpc_message_add(smtpc_message *message,
                                       const uint8_t *data, size_t len) {
  smtpc_message_status status = SMTPC_MESSAGE_OK;
  for (size_t i = 0u; i < len && status == SMTPC_MESSAGE_OK; i++) {
    status = reserve(message, 2u);
    if (status == SMTPC_MESSAGE_OK) {
      status = take(message, data[i]);
    }
  }
  return status;
}

smtpc_message_status smtpc_message_end(smtpc_message *message) {
  if (message->binary) {
    return SMTPC_MESSAGE_OK;
  }
  if (message->last == (uint8_t)'\r') {
    return SMTPC_MESSAGE_CR;
  }
  if (message->len == 0u || message->last == (uint8_t)'\n') {
    return SMTPC_MESSAGE_OK;
  }
  return smtpc_message_add(message, (const uint8_t *)"\n", 1u);
}

smtpc_message_status smtpc_message_read(smtpc_message *message, int fd) {
  static uint8_t block[BLOCK];
  smtpc_message_status status = SMTPC_MESSAGE_OK;
  ssize_t got = 1;
  while (status == SMTPC_MESSAGE_OK && got > 0) {
    got = read(fd, block, sizeof block);
    if (got > 0) {
      status = smtpc_message_add(message, block, (size_t)got);
    } else if (got < 0 && errno == EINTR) {
      got = 1;
    } else if (got < 0) {
      message->cause = errno;
      status = SMTPC_MESSAGE_READ;
    }
  }
  return status == SMTPC_MESSAGE_OK ? smtpc_message_end(message) : status;
}

void smtpc_message_free(smtpc_message *message) {
  static const smtpc_message none = {0};
  free(message->data);
  *message = none;
}
