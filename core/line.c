#include "smtpcore/line.h"

#include <stdbool.h>

#include "smtpcore/span.h"

enum { CLASS_CR, CLASS_LF, CLASS_NUL, CLASS_OTHER, CLASS_COUNT };

// The machine of the header: what comes next, and which error the line then
// carries. READY is the end of the line.
typedef struct cell {
  uint8_t next;
  uint8_t error;
} cell;

#define TEXT SMTPC_LINE_TEXT
#define SEEN_CR SMTPC_LINE_SEEN_CR
#define READY SMTPC_LINE_READY
#define DEAD SMTPC_LINE_DEAD
#define BLOCK SMTPC_LINE_BLOCK
#define BARE_CR SMTPC_E_BARE_CR
#define BARE_LF SMTPC_E_BARE_LF
#define NUL SMTPC_E_NUL

// The first index says whether the quirk line-lf is on.
static const cell cells[2][2][CLASS_COUNT] = {
    {
        //  CR                  LF               NUL              other
        {{SEEN_CR, 0}, {TEXT, BARE_LF}, {TEXT, NUL}, {TEXT, 0}},
        {{SEEN_CR, BARE_CR}, {READY, 0}, {TEXT, BARE_CR}, {TEXT, BARE_CR}},
    },
    {
        {{SEEN_CR, 0}, {READY, 0}, {TEXT, NUL}, {TEXT, 0}},
        {{SEEN_CR, BARE_CR}, {READY, 0}, {TEXT, BARE_CR}, {TEXT, BARE_CR}},
    },
};

static uint8_t class_of(uint8_t c) {
  uint8_t class = CLASS_OTHER;
  if (c == (uint8_t)'\r') {
    class = CLASS_CR;
  } else if (c == (uint8_t)'\n') {
    class = CLASS_LF;
  } else if (c == 0u) {
    class = CLASS_NUL;
  }
  return class;
}

// Makes `line` empty, given that it holds at most the first `held` octets of its
// buffer.
static void clear(smtpc_line *line, size_t held) {
  smtpc_wipe(line->data, held);
  smtpc_wipe(line->head, SMTPC_LINE_HEAD);
  line->seen = 0u;
  line->error_off = 0u;
  line->len = 0u;
  line->state = TEXT;
  line->error = SMTPC_OK;
  line->lf = 0u;
}

void smtpc_line_init(smtpc_line *line) {
  clear(line, SMTPC_LINE_MAX);
  smtpc_wipe(line->reserved, sizeof line->reserved);
}

// Keeps the first octets of a line that is about to be wiped.
static void keep_head(smtpc_line *line, const uint8_t *data, size_t len) {
  const size_t count = len < SMTPC_LINE_HEAD ? len : SMTPC_LINE_HEAD;
  smtpc_copy(line->head, data, count);
}

// Only the first error of a line counts. What was held of it is wiped at once but
// for its head: a malformed line is not looked at again.
static void set_error(smtpc_line *line, uint8_t error, size_t off) {
  if (line->error == SMTPC_OK) {
    line->error = error;
    line->error_off = (uint32_t)off;
    keep_head(line, line->data, line->len);
    smtpc_wipe(line->data, line->len);
    line->len = 0u;
  }
}

// Takes the octets of data[from .. to), which are neither CR, LF nor NUL, in
// state TEXT. While a line has no error, all of its octets are held: `len` is
// `seen`.
static void take_text(smtpc_line *line, size_t max, const uint8_t *data,
                      size_t from, size_t to) {
  const size_t count = to - from;
  const size_t held = line->len;
  line->seen += (uint32_t)count;
  if (line->error != SMTPC_OK) {
    return;
  }
  // What is too long is held as far as its head needs it.
  const bool fits = held + count <= max;
  const size_t kept = fits || count < SMTPC_LINE_HEAD ? count : SMTPC_LINE_HEAD;
  if (fits || held < SMTPC_LINE_HEAD) {
    smtpc_copy(line->data + held, data + from, kept);
    line->len = (uint16_t)(held + kept);
  }
  if (!fits) {
    set_error(line, SMTPC_E_LINE_TOO_LONG, max);
  }
}

// Takes one octet by the table. A bare CR is the octet before this one, so it
// comes before an error of this one.
static void take_octet(smtpc_line *line, size_t max, bool lf_ends, uint8_t c) {
  const size_t off = line->seen;
  const uint8_t state = line->state;
  if (state > SEEN_CR) {
    return;
  }
  const cell to = cells[lf_ends ? 1u : 0u][state][class_of(c)];
  if (to.error == BARE_CR && off > 0u) {
    set_error(line, BARE_CR, off - 1u);
  }
  if (off >= max) {
    set_error(line, SMTPC_E_LINE_TOO_LONG, off);
  }
  if (to.error != SMTPC_OK) {
    set_error(line, to.error, off);
  }
  line->lf = to.next == READY && state == TEXT ? 1u : 0u;
  line->state = to.next;
  line->seen = (uint32_t)(off + 1u);
}

// Says whether a good line ends at `at` with both octets of its CRLF in hand, as
// most do: two steps of the table in one.
static bool ends_here(const smtpc_line *line, size_t max, const uint8_t *data,
                      size_t at, size_t to) {
  return line->state == TEXT && line->error == SMTPC_OK && at + 2u <= to &&
         data[at] == (uint8_t)'\r' && data[at + 1u] == (uint8_t)'\n' &&
         line->seen + (size_t)2u <= max;
}

// Returns how many of `len` octets may be taken before the line passes `limit`.
static size_t stop_at(const smtpc_line *line, size_t limit, size_t len) {
  const size_t room = limit > line->seen ? limit - line->seen : 0u;
  return len < room ? len : room;
}

smtpc_status smtpc_line_feed(smtpc_line *line, size_t max, int lf_ends,
                             const uint8_t *data, size_t len,
                             size_t *out_used) {
  *out_used = 0u;
  if (max < 2u || max > SMTPC_LINE_MAX) {
    return SMTPC_E_ARGUMENT;
  }
  if (line->state >= READY) {
    return line->state == DEAD ? SMTPC_E_LINE_ENDLESS : SMTPC_E_PENDING;
  }
  const size_t to = stop_at(line, max + SMTPC_LINE_DISCARD_MAX, len);
  size_t i = 0u;
  while (i < to && line->state != READY) {
    if (line->state == TEXT) {
      const size_t end = smtpc_plain_run(data, i, to);
      take_text(line, max, data, i, end);
      i = end;
    }
    if (ends_here(line, max, data, i, to)) {
      line->seen += 2u;
      line->state = READY;
      i += 2u;
    } else if (i < to) {
      take_octet(line, max, lf_ends != 0, data[i]);
      i++;
    }
  }
  *out_used = i;
  if (line->state == READY) {
    return (smtpc_status)line->error;
  }
  if (i < len) {
    line->state = DEAD;
    return SMTPC_E_LINE_ENDLESS;
  }
  return SMTPC_MORE;
}

smtpc_status smtpc_line_take(smtpc_line *line, size_t want, const uint8_t *data,
                             size_t len, size_t *out_used) {
  *out_used = 0u;
  if (want == 0u || want > SMTPC_LINE_MAX) {
    return SMTPC_E_ARGUMENT;
  }
  if (line->state != BLOCK && smtpc_line_is_empty(line) == 0) {
    return SMTPC_E_STATE;
  }
  const size_t held = line->len;
  const size_t missing = held < want ? want - held : 0u;
  const size_t count = len < missing ? len : missing;
  if (count > 0u) {
    smtpc_copy(line->data + held, data, count);
    line->len = (uint16_t)(held + count);
    line->seen = line->len;
    line->state = BLOCK;
  }
  *out_used = count;
  return count == missing ? SMTPC_OK : SMTPC_MORE;
}

smtpc_status smtpc_line_hold(smtpc_line *line, size_t len) {
  const bool open = line->state == READY || smtpc_line_is_empty(line) != 0;
  if (!open || len > SMTPC_LINE_MAX) {
    return SMTPC_E_STATE;
  }
  // What the line had beyond `len` would be forgotten, and so never wiped.
  if (line->len > len) {
    smtpc_wipe(line->data + len, line->len - len);
  }
  line->len = (uint16_t)len;
  line->state = READY;
  return SMTPC_OK;
}

void smtpc_line_next(smtpc_line *line) {
  if (line->state == READY || line->state == BLOCK) {
    clear(line, line->len);
  }
}

int smtpc_line_is_empty(const smtpc_line *line) {
  return line->state == TEXT && line->seen == 0u;
}
