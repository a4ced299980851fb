#include "smtpcore/header.h"

#include <stdbool.h>

#include "smtpcore/span.h"

enum { CLASS_CR, CLASS_LF, CLASS_SPACE, CLASS_NEXT, CLASS_OTHER, CLASS_COUNT };

#define LINE SMTPC_HEADER_LINE
#define NAME SMTPC_HEADER_NAME
#define COLON SMTPC_HEADER_COLON
#define BEFORE SMTPC_HEADER_BEFORE
#define BEFORE_CR SMTPC_HEADER_BEFORE_CR
#define BEFORE_LINE SMTPC_HEADER_BEFORE_LINE
#define VALUE SMTPC_HEADER_VALUE
#define AFTER SMTPC_HEADER_AFTER
#define AFTER_CR SMTPC_HEADER_AFTER_CR
#define AFTER_LINE SMTPC_HEADER_AFTER_LINE
#define SKIP SMTPC_HEADER_SKIP
#define SKIP_CR SMTPC_HEADER_SKIP_CR
#define END_CR SMTPC_HEADER_END_CR
#define END SMTPC_HEADER_END
// The machine's FAIL: no state, since what was found is forgotten with it.
#define FAIL 255

// The octets that the field consists of, in upper case.
static const uint8_t word[] = {'T', 'L', 'S', '-', 'R', 'E', 'Q', 'U',
                               'I', 'R', 'E', 'D', ':', 'N', 'O'};
#define NAME_LEN 12u
#define WORD_LEN 15u

// RFC 8689 section 3
static const uint8_t cells[END][CLASS_COUNT] = {
    //               CR       LF          SP, HT  next    other
    /* LINE */ {END_CR, SKIP, SKIP, NAME, SKIP},
    /* NAME */ {SKIP_CR, SKIP, SKIP, NAME, SKIP},
    /* COLON */ {SKIP_CR, SKIP, FAIL, BEFORE, SKIP},
    /* BEFORE */ {BEFORE_CR, FAIL, BEFORE, VALUE, FAIL},
    /* BEFORE_CR */ {FAIL, BEFORE_LINE, FAIL, FAIL, FAIL},
    /* BEFORE_LINE */ {FAIL, FAIL, BEFORE, FAIL, FAIL},
    /* VALUE */ {FAIL, FAIL, FAIL, AFTER, FAIL},
    /* AFTER */ {AFTER_CR, FAIL, AFTER, FAIL, FAIL},
    /* AFTER_CR */ {FAIL, AFTER_LINE, FAIL, FAIL, FAIL},
    /* AFTER_LINE */ {END_CR, SKIP, AFTER, NAME, SKIP},
    /* SKIP */ {SKIP_CR, SKIP, SKIP, SKIP, SKIP},
    /* SKIP_CR */ {SKIP_CR, LINE, SKIP, SKIP, SKIP},
    /* END_CR */ {SKIP_CR, END, SKIP, SKIP, SKIP},
};

static uint8_t class_of(uint8_t c, uint8_t due) {
  uint8_t class = CLASS_OTHER;
  if (c == (uint8_t)'\r') {
    class = CLASS_CR;
  } else if (c == (uint8_t)'\n') {
    class = CLASS_LF;
  } else if (c == (uint8_t)' ' || c == (uint8_t)'\t') {
    class = CLASS_SPACE;
  } else if (smtpc_upper(c) == due) {
    class = CLASS_NEXT;
  }
  return class;
}

static void fail(smtpc_header *header) {
  header->found = 0u;
  header->state = END;
}

// Counts the octets of the field that were seen in a row. After the whole field it
// starts anew: nothing of it is due any more.
static void count(smtpc_header *header, uint8_t class) {
  if (header->state >= SKIP) {
    header->matched = 0u;
  } else if (class == CLASS_NEXT) {
    header->matched = (uint8_t)((header->matched + 1u) % WORD_LEN);
  }
  if (header->state == NAME && header->matched == NAME_LEN) {
    header->state = COLON;
  }
}

static void step(smtpc_header *header, uint8_t c) {
  const uint8_t state = header->state;
  const uint8_t matched = header->matched;
  if (state >= END || matched >= WORD_LEN) {
    return;
  }
  const uint8_t class = class_of(c, word[matched]);
  const uint8_t next = cells[state][class];
  const bool met = state == COLON && next == BEFORE;
  if (next == FAIL || (met && header->found != 0u)) {
    fail(header);
    return;
  }
  header->found |= met ? 1u : 0u;
  header->state = next;
  count(header, class);
}

void smtpc_header_init(smtpc_header *header) {
  static const smtpc_header fresh = {0};
  *header = fresh;
}

void smtpc_header_scan(smtpc_header *header, const uint8_t *data, size_t len) {
  size_t i = 0u;
  while (i < len && header->state < END) {
    if (header->state == SKIP) {
      // No octet but a CR leads out of it.
      i = smtpc_plain_run(data, i, len);
    }
    if (i < len) {
      step(header, data[i]);
      i++;
    }
  }
}

void smtpc_header_end(smtpc_header *header) {
  if (header->state >= BEFORE && header->state <= AFTER_CR) {
    fail(header);
  }
  header->state = END;
}

int smtpc_header_says_no_tls(const smtpc_header *header) {
  return header->state == END && header->found == 1u;
}
