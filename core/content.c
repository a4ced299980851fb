#include "smtpcore/content.h"

#include <stdbool.h>

enum { CLASS_CR, CLASS_LF, CLASS_DOT, CLASS_OTHER, CLASS_COUNT };

// The machine of the header: what comes next, and which anomaly the octet
// shows.
typedef struct cell {
  uint8_t next;
  uint8_t anomaly;
} cell;

#define BOL SMTPC_CONTENT_BOL
#define TEXT SMTPC_CONTENT_TEXT
#define SEEN_CR SMTPC_CONTENT_SEEN_CR
#define SEEN_DOT SMTPC_CONTENT_SEEN_DOT
#define DOT_CR SMTPC_CONTENT_DOT_CR
#define END SMTPC_CONTENT_END
#define CR SMTPC_ANOMALY_BARE_CR
#define LF SMTPC_ANOMALY_BARE_LF
#define EOD SMTPC_ANOMALY_EOD

// RFC 5321 sections 2.3.8, 4.1.1.4 and 4.5.2
static const cell cells[END][CLASS_COUNT] = {
    //         CR              LF         '.'            other
    /* BOL */ {{SEEN_CR, 0}, {TEXT, LF}, {SEEN_DOT, 0}, {TEXT, 0}},
    /* TEXT */ {{SEEN_CR, 0}, {TEXT, LF}, {TEXT, 0}, {TEXT, 0}},
    /* SEEN_CR */ {{SEEN_CR, CR}, {BOL, 0}, {TEXT, CR}, {TEXT, CR}},
    /* SEEN_DOT */ {{DOT_CR, 0}, {TEXT, EOD}, {TEXT, 0}, {TEXT, 0}},
    /* DOT_CR */ {{SEEN_CR, EOD}, {END, 0}, {TEXT, EOD}, {TEXT, EOD}},
};

static uint8_t class_of(uint8_t c) {
  uint8_t class = CLASS_OTHER;
  if (c == (uint8_t)'\r') {
    class = CLASS_CR;
  } else if (c == (uint8_t)'\n') {
    class = CLASS_LF;
  } else if (c == (uint8_t)'.') {
    class = CLASS_DOT;
  }
  return class;
}

// A block of this size compiles to a few vector instructions at -O2.
#define BLOCK 32u

// Says whether nothing happens in the BLOCK octets from `at` on, given the one
// before: each CR has its LF, each LF its CR, no line begins with a dot, no
// NUL. Looking at pairs needs no position, so a block may hold any number of
// lines.
static bool block_is_clean(const uint8_t *data, size_t at) {
  uint8_t dirty = 0u;
  for (size_t k = 0u; k < BLOCK; k++) {
    const uint8_t before = data[at + k - 1u];
    const uint8_t c = data[at + k];
    const uint8_t halved =
        (uint8_t)((before == (uint8_t)'\r') != (c == (uint8_t)'\n'));
    const uint8_t dotted =
        (uint8_t)((before == (uint8_t)'\n') & (c == (uint8_t)'.'));
    dirty |= (uint8_t)(halved | dotted | (uint8_t)(c == 0u));
  }
  return dirty == 0u;
}

static uint8_t state_after(uint8_t c) {
  uint8_t state = TEXT;
  if (c == (uint8_t)'\r') {
    state = SEEN_CR;
  } else if (c == (uint8_t)'\n') {
    state = BOL;
  }
  return state;
}

// Takes clean blocks of data[from .. to) and returns where they end. `from`
// must not be 0, and the state none in which a dot was just taken: in the other
// three the state says no more than the octet before does.
static size_t take_clean(smtpc_content *content, const uint8_t *data,
                         size_t from, size_t to) {
  size_t i = from;
  while (to - i >= BLOCK && block_is_clean(data, i)) {
    i += BLOCK;
  }
  if (i > from) {
    content->octets += i - from;
    content->state = state_after(data[i - 1u]);
  }
  return i;
}

// An anomaly after a CR is that CR's.
static void take_anomaly(smtpc_content *content, uint8_t anomaly) {
  const uint8_t state = content->state;
  const bool late = state == SEEN_CR || state == DOT_CR;
  if (content->anomalies == 0u) {
    content->first_off = content->octets - (late ? 1u : 0u);
  }
  content->anomalies |= anomaly;
}

// Takes one octet by the table.
static void take_octet(smtpc_content *content, uint8_t c) {
  const uint8_t state = content->state;
  if (state >= END) {
    return;
  }
  const cell to = cells[state][class_of(c)];
  const unsigned nul = c == 0u ? SMTPC_ANOMALY_NUL : 0u;
  const uint8_t anomaly = (uint8_t)(to.anomaly | nul);
  if (anomaly != 0u) {
    take_anomaly(content, anomaly);
  }
  content->state = to.next;
  content->octets++;
}

void smtpc_content_init(smtpc_content *content) {
  static const smtpc_content fresh = {0};
  *content = fresh;
}

smtpc_status smtpc_content_scan(smtpc_content *content, const uint8_t *data,
                                size_t len, size_t *out_used,
                                smtpc_run *out_run) {
  smtpc_run run = {0u, 0u};
  *out_used = 0u;
  *out_run = run;
  if (content->state >= END) {
    return SMTPC_E_CONTENT_END;
  }
  // A clean block looks one octet back, so the first octet of a call goes by
  // the table, as do the octets of a block that was not clean.
  size_t retry = 1u;
  size_t i = 0u;
  while (i < len && content->state != END) {
    if (i >= retry && content->state <= SEEN_CR) {
      i = take_clean(content, data, i, len);
      retry = i + BLOCK;
      run.end = i;
      if (i >= len) {
        break;
      }
    }
    take_octet(content, data[i]);
    i++;
    if (content->state <= SEEN_CR) {
      run.end = i;
    } else if (run.end > run.begin) {
      // A line began with a dot: the content before it is a run.
      break;
    } else {
      run.begin = i;
      run.end = i;
    }
  }
  *out_used = i;
  if (content->anomalies == 0u) {
    *out_run = run;
  }
  return content->state == END ? SMTPC_OK : SMTPC_MORE;
}

// The message must not be sent: which of its faults came first?
static smtpc_status fault_of(const smtpc_content *content) {
  smtpc_status status = SMTPC_E_NUL;
  if ((content->anomalies & CR) != 0u) {
    status = SMTPC_E_BARE_CR;
  } else if ((content->anomalies & LF) != 0u) {
    status = SMTPC_E_BARE_LF;
  }
  return status;
}

// Takes one octet of content to send. A dot whose stuffing was given is text.
static void take_sent(smtpc_content *content, uint8_t c) {
  if (content->dot_sent != 0u) {
    content->dot_sent = 0u;
    content->state = TEXT;
    content->octets++;
  } else {
    take_octet(content, c);
  }
}

// Takes content to send until a dot must come before data[the result], all of
// it is taken, or a fault shows.
static size_t take_until_dot(smtpc_content *content, const uint8_t *data,
                             size_t len) {
  size_t retry = 1u;
  size_t i = 0u;
  while (i < len && content->anomalies == 0u) {
    if (i >= retry) {
      i = take_clean(content, data, i, len);
      retry = i + BLOCK;
      if (i >= len) {
        break;
      }
    }
    const uint8_t c = data[i];
    if (content->state == BOL && c == (uint8_t)'.' && content->dot_sent == 0u) {
      content->dot_sent = 1u;
      break;
    }
    take_sent(content, c);
    i++;
  }
  return i;
}

smtpc_status smtpc_content_stuff(smtpc_content *content, const uint8_t *data,
                                 size_t len, size_t *out_used,
                                 smtpc_run *out_run, uint8_t *out_dot) {
  const smtpc_run none = {0u, 0u};
  *out_used = 0u;
  *out_run = none;
  *out_dot = 0u;
  if (content->state > SEEN_CR) {
    return SMTPC_E_STATE;
  }
  if (content->dot_sent != 0u && len > 0u && data[0] != (uint8_t)'.') {
    return SMTPC_E_ARGUMENT;
  }
  const size_t used = take_until_dot(content, data, len);
  if (content->anomalies != 0u) {
    return fault_of(content);
  }
  *out_used = used;
  out_run->end = used;
  // It is set with octets left only when this call set it.
  *out_dot = used < len ? content->dot_sent : 0u;
  return SMTPC_MORE;
}

smtpc_status smtpc_content_stuff_end(const smtpc_content *content) {
  const bool whole = content->state == BOL && content->dot_sent == 0u &&
                     content->anomalies == 0u;
  return whole ? SMTPC_OK : SMTPC_E_CONTENT_END;
}
