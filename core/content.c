#include "smtpcore/content.h"

#include <stdbool.h>

#include "core/config_parts.h"

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
#define LF_BOL SMTPC_CONTENT_LF_BOL
#define LF_DOT SMTPC_CONTENT_LF_DOT
#define LF_DOT_CR SMTPC_CONTENT_LF_DOT_CR
#define LINE_DOT SMTPC_CONTENT_LINE_DOT
#define STATE_COUNT (SMTPC_CONTENT_LINE_DOT + 1)
#define CR SMTPC_ANOMALY_BARE_CR
#define LF SMTPC_ANOMALY_BARE_LF
#define LF_KEPT SMTPC_ANOMALY_LF_KEPT
#define EOD SMTPC_ANOMALY_EOD
#define LOST SMTPC_ANOMALIES_LOST

// RFC 5321 sections 2.3.8, 4.1.1.4 and 4.5.2
static const cell cells[STATE_COUNT][CLASS_COUNT] = {
    //         CR              LF         '.'            other
    /* BOL */ {{SEEN_CR, 0}, {LF_BOL, LF}, {SEEN_DOT, 0}, {TEXT, 0}},
    /* TEXT */ {{SEEN_CR, 0}, {LF_BOL, LF}, {TEXT, 0}, {TEXT, 0}},
    /* SEEN_CR */ {{SEEN_CR, CR}, {BOL, 0}, {TEXT, CR}, {TEXT, CR}},
    /* SEEN_DOT */ {{DOT_CR, 0}, {LF_BOL, EOD}, {LINE_DOT, 0}, {TEXT, 0}},
    /* DOT_CR */ {{SEEN_CR, EOD}, {END, 0}, {TEXT, EOD}, {TEXT, EOD}},
    /* END */ {{END, 0}, {END, 0}, {END, 0}, {END, 0}},
    /* LF_BOL */ {{SEEN_CR, 0}, {LF_BOL, LF}, {LF_DOT, 0}, {TEXT, 0}},
    /* LF_DOT */ {{LF_DOT_CR, 0}, {LF_BOL, EOD}, {TEXT, 0}, {TEXT, 0}},
    /* LF_DOT_CR */ {{SEEN_CR, EOD}, {BOL, EOD}, {TEXT, EOD}, {TEXT, EOD}},
    /* LINE_DOT */ {{SEEN_CR, 0}, {LF_BOL, LF}, {TEXT, 0}, {TEXT, 0}},
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

// The same with the quirk content-lf, where an LF may do without its CR. Says in
// `*lf` whether one of a clean block did.
static bool block_is_kept(const uint8_t *data, size_t at, uint8_t *lf) {
  uint8_t dirty = 0u;
  uint8_t bare = 0u;
  for (size_t k = 0u; k < BLOCK; k++) {
    const uint8_t before = data[at + k - 1u];
    const uint8_t c = data[at + k];
    const uint8_t cr = (uint8_t)(before == (uint8_t)'\r');
    const uint8_t end = (uint8_t)(c == (uint8_t)'\n');
    const uint8_t dotted =
        (uint8_t)((before == (uint8_t)'\n') & (c == (uint8_t)'.'));
    bare |= (uint8_t)(end & (cr ^ 1u));
    dirty |= (uint8_t)((cr & (end ^ 1u)) | dotted | (uint8_t)(c == 0u));
  }
  if (dirty == 0u) {
    *lf |= bare;
  }
  return dirty == 0u;
}

static uint8_t state_after(uint8_t before, uint8_t c) {
  uint8_t state = TEXT;
  if (c == (uint8_t)'\r') {
    state = SEEN_CR;
  } else if (c == (uint8_t)'\n') {
    state = before == (uint8_t)'\r' ? BOL : LF_BOL;
  }
  return state;
}

// Says whether the state says no more than the octet before does, or two of them
// at a line's start: then blocks can be looked at without it.
static bool is_between(const smtpc_content *content) {
  return content->state <= SEEN_CR || content->state == LF_BOL;
}

// Notes an anomaly. With `late` it is that of the octet before this one.
static void take_anomaly(smtpc_content *content, uint8_t anomaly, bool late) {
  const bool fresh = (content->anomalies & LOST) == 0u;
  if (fresh && (anomaly & LOST) != 0u) {
    content->first_off = content->octets - (late ? 1u : 0u);
  }
  content->anomalies |= anomaly;
}

// Takes clean blocks of data[from .. to) and returns where they end. `from`
// must not be 0, and the state be one of `is_between`.
static size_t take_clean(smtpc_content *content, const uint8_t *data,
                         size_t from, size_t to) {
  size_t i = from;
  uint8_t lf = 0u;
  if (content->keeps_lf == 0u) {
    while (to - i >= BLOCK && block_is_clean(data, i)) {
      i += BLOCK;
    }
  } else {
    while (to - i >= BLOCK && block_is_kept(data, i, &lf)) {
      i += BLOCK;
    }
  }
  if (lf != 0u) {
    take_anomaly(content, LF_KEPT, false);
  }
  if (i > from) {
    content->octets += i - from;
    content->state = state_after(data[i - 2u], data[i - 1u]);
  }
  return i;
}

// With the quirk content-lf a bare LF is kept, but for one that would end a line
// of a lone dot.
static uint8_t anomaly_of_lf(const smtpc_content *content) {
  uint8_t anomaly = LF;
  if (content->keeps_lf != 0u) {
    anomaly = content->state == LINE_DOT ? EOD : LF_KEPT;
  }
  return anomaly;
}

// Takes one octet by the table. An anomaly after a CR is that CR's.
static void take_octet(smtpc_content *content, uint8_t c) {
  const uint8_t state = content->state;
  if (state >= STATE_COUNT || state == END) {
    return;
  }
  const cell to = cells[state][class_of(c)];
  const unsigned bare = to.anomaly == LF ? anomaly_of_lf(content) : to.anomaly;
  const unsigned nul = c == 0u ? SMTPC_ANOMALY_NUL : 0u;
  const uint8_t anomaly = (uint8_t)(bare | nul);
  if (anomaly != 0u) {
    const bool late = state == SEEN_CR || state == DOT_CR || state == LF_DOT_CR;
    take_anomaly(content, anomaly, late);
  }
  content->state = to.next;
  content->octets++;
}

void smtpc_content_init(smtpc_content *content) {
  static const smtpc_content fresh = {0};
  *content = fresh;
}

#if SMTPC_CONFIG_SERVER

// Says whether the octet that led to `state` is content: all but the dots that are
// taken off and the end are.
static bool is_content(uint8_t state) {
  return state != SEEN_DOT && state != DOT_CR && state != END;
}

smtpc_status smtpc_content_scan(smtpc_content *content, const uint8_t *data,
                                size_t len, size_t *out_used,
                                smtpc_run *out_run) {
  smtpc_run run = {0u, 0u};
  *out_used = 0u;
  *out_run = run;
  if (content->state >= STATE_COUNT || content->state == END) {
    return SMTPC_E_CONTENT_END;
  }
  // A clean block looks one octet back, so the first octet of a call goes by
  // the table, as do the octets of a block that was not clean.
  size_t retry = 1u;
  size_t i = 0u;
  while (i < len && content->state != END) {
    if (SMTPC_BLOCKS && i >= retry && is_between(content)) {
      i = take_clean(content, data, i, len);
      retry = i + BLOCK;
      run.end = i;
      if (i >= len) {
        break;
      }
    }
    take_octet(content, data[i]);
    i++;
    if (is_content(content->state)) {
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
  if ((content->anomalies & LOST) == 0u) {
    *out_run = run;
  }
  return content->state == END ? SMTPC_OK : SMTPC_MORE;
}

#endif  // SMTPC_CONFIG_SERVER

// A dot that begins a line is content in a chunk.
static void check_octet(smtpc_content *content, uint8_t c) {
  take_octet(content, c);
  if (content->state == SEEN_DOT) {
    content->state = LINE_DOT;
  }
}

void smtpc_content_check(smtpc_content *content, const uint8_t *data,
                         size_t len) {
  size_t retry = 1u;
  size_t i = 0u;
  while (i < len && content->state != END) {
    if (SMTPC_BLOCKS && i >= retry && is_between(content)) {
      i = take_clean(content, data, i, len);
      retry = i + BLOCK;
    }
    if (i < len) {
      check_octet(content, data[i]);
      i++;
    }
  }
}

void smtpc_content_check_end(smtpc_content *content) {
  if (content->state == SEEN_CR) {
    take_anomaly(content, CR, true);
  } else if (content->state == LF_DOT || content->state == LF_DOT_CR) {
    take_anomaly(content, EOD, true);
  }
  content->state = END;
}

#if SMTPC_CONFIG_CLIENT

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
    if (SMTPC_BLOCKS && i >= retry) {
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
  if (!is_between(content) || content->keeps_lf != 0u) {
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

#endif  // SMTPC_CONFIG_CLIENT
