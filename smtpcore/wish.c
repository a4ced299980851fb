#include "smtpcore/wish.h"

#include <stdio.h>
#include <string.h>

#include "smtpcore/options.h"
#include "smtpcore/registry.h"
#include "smtpcore/span.h"

// The longest value, its name and a NUL.
#define LINE_MAX_OCTETS (SMTPC_SOLICIT_MAX + 64u)

// BY's mode, and what follows it: SECONDS:R:T is SECONDS;RT on the wire. With one
// colon more, or elsewhere, the value is none.
static void respell_by(char *value) {
  char *mode = strchr(value, ':');
  if (mode != NULL) {
    *mode = ';';
    char *trace = strchr(mode, ':');
    if (trace != NULL && trace[1] != '\0') {
      memmove(trace, trace + 1, strlen(trace + 1) + 1u);
    }
  }
}

// A date has colons of its own: the last one is ours when one letter follows it.
static void respell_rrvs(char *value) {
  char *last = strrchr(value, ':');
  if (last != NULL && smtpc_is_alpha((uint8_t)last[1]) && last[2] == '\0') {
    *last = ';';
  }
}

// Reads " NAME=value" of `line`; how much stands before the value is in
// `*out_begin`.
static bool parse(unsigned param, const char *text, smtpc_params *out,
                  size_t *out_begin) {
  const smtpc_param_row row = smtpc_param_get(param);
  char line[LINE_MAX_OCTETS];
  const int len = snprintf(line, sizeof line, " %s=%s", row.name, text);
  if (len < 0 || (size_t)len >= sizeof line) {
    return false;
  }
  *out_begin = row.name_len + 2u;
  if (param == SMTPC_PARAM_BY) {
    respell_by(line + *out_begin);
  } else if (param == SMTPC_PARAM_RRVS) {
    respell_rrvs(line + *out_begin);
  }
  const smtpc_span rest = smtpc_span_make(0u, strlen(line));
  // A space in the text would begin another parameter.
  return smtpc_params_parse((const uint8_t *)line, rest, row.verb, UINT32_MAX,
                            out) == SMTPC_OK &&
         out->seen == (uint32_t)1 << param;
}

static void put_by(smtpc_envelope *e, const smtpc_params *p) {
  e->by_time = p->by_time;
  e->by_mode = p->by_mode;
  e->by_trace = p->by_trace;
}

// `text` is the value, whose spans lie `begin` octets further in their line.
static void put_words(smtpc_envelope *e, const smtpc_params *p,
                      const uint8_t *text, size_t begin) {
  e->solicit = text + (p->solicit.begin - begin);
  e->solicit_len = (uint16_t)smtpc_span_len(p->solicit);
}

static void put_mtrk(smtpc_envelope *e, const smtpc_params *p,
                     const uint8_t *text, size_t begin) {
  e->mtrk = text + (p->mtrk.begin - begin);
  e->mtrk_len = (uint16_t)smtpc_span_len(p->mtrk);
  e->mtrk_timeout = p->mtrk_timeout;
}

// False: the parameter is no wish.
static bool put(unsigned param, smtpc_envelope *e, const smtpc_params *p,
                const uint8_t *text, size_t begin) {
  switch (param) {
    case SMTPC_PARAM_RET:
      e->ret = p->ret;
      return true;
    case SMTPC_PARAM_NOTIFY:
      e->notify = p->notify;
      return true;
    case SMTPC_PARAM_BY:
      put_by(e, p);
      return true;
    case SMTPC_PARAM_HOLDFOR:
      e->hold_for = p->hold_for;
      return true;
    case SMTPC_PARAM_HOLDUNTIL:
      e->when = p->when;
      return true;
    case SMTPC_PARAM_MT_PRIORITY:
      e->mt_priority = p->mt_priority;
      return true;
    case SMTPC_PARAM_SOLICIT:
      put_words(e, p, text, begin);
      return true;
    case SMTPC_PARAM_MTRK:
      put_mtrk(e, p, text, begin);
      return true;
    case SMTPC_PARAM_RRVS:
      e->when = p->when;
      e->rrvs = p->rrvs;
      return true;
    default:
      return false;
  }
}

bool smtpc_wish_take(unsigned param, const char *text,
                     smtpc_envelope *envelope) {
  smtpc_params params;
  size_t begin = 0u;
  if (!parse(param, text, &params, &begin) ||
      !put(param, envelope, &params, (const uint8_t *)text, begin)) {
    return false;
  }
  envelope->seen |= (uint32_t)1 << param;
  return true;
}

void smtpc_wish_option(const struct argp_state *state, const char *option,
                       unsigned param, const char *text, const char *want,
                       smtpc_envelope *envelope) {
  if (!smtpc_wish_take(param, text, envelope)) {
    smtpc_option_fail(state, option, text, want);
  }
}
