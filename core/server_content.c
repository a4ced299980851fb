#include "core/config_parts.h"
#include "core/server_parts.h"
#include "smtpcore/span.h"
#include "smtpcore/write.h"

#if SMTPC_CONFIG_SERVER

// ----------------------------------------------------------- BDAT, content

// True when `more` octets would pass the limit. It cannot wrap.
static bool over_size(const smtpc_server_policy *policy, const smtpc_server *s,
                      uint64_t more) {
  return more > policy->size_max || s->tx.size > policy->size_max - more;
}

void smtpc_server_begin_message(const smtpc_server_policy *policy,
                                smtpc_server *s) {
  smtpc_content_init(&s->content);
  if (SMTPC_WITH(EXTRAS)) {
    smtpc_header_init(&s->header);
  }
  s->content.keeps_lf = SMTPC_QUIRK_IS(policy->quirks, CONTENT_LF) ? 1u : 0u;
}

static bool is_lost(const smtpc_server *s) {
  return (s->content.anomalies & SMTPC_ANOMALIES_LOST) != 0u;
}

// The message is whole and may be kept.
static void ask_to_store(smtpc_server *s) {
  if (SMTPC_WITH(EXTRAS)) {
    smtpc_header_end(&s->header);
    const bool no_tls = smtpc_header_says_no_tls(&s->header) != 0;
    s->tx.no_tls = no_tls && s->tx.require_tls == 0u ? 1u : 0u;
  }
  s->next = SMTPC_DO_ASK_MESSAGE;
}

// LMTP: the end of a message has as many replies as it has recipients (RFC 2033
// section 4.2).
static void answer_each(const smtpc_server_policy *policy, smtpc_server *s,
                        uint16_t rcpt_count) {
  if (policy->lmtp != 0u && rcpt_count > 0u) {
    s->again = (uint16_t)(rcpt_count - 1u);
  }
}

static void refuse_chunk(const smtpc_server_policy *policy, smtpc_server *s) {
  const uint16_t count = s->chunk_last != 0u ? s->tx.rcpt_count : 0u;
  // Whatever was open has failed, and RSET alone goes on (THREATS: BDT-09).
  if (s->tx.phase != SMTPC_PHASE_START) {
    smtpc_server_abandon_transaction(s, SMTPC_PHASE_FAILED);
  }
  smtpc_server_refuse(policy, s, s->chunk_refusal, SMTPC_FINDING_CHUNK_REFUSED);
  if (s->reply == s->chunk_refusal) {
    answer_each(policy, s, count);
  }
}

static void lose_to_anomaly(smtpc_server *s) {
  smtpc_server_report_anomalies(s);
  s->finding_pos = s->pos;
  smtpc_server_lose_message(s, SMTPC_REPLY_CONTENT_MALFORMED);
  s->chunk_refusal = SMTPC_REPLY_CONTENT_MALFORMED;
}

static void end_chunk(const smtpc_server_policy *policy, smtpc_server *s) {
  s->mode = SMTPC_SERVER_COMMAND;
  if (s->chunk_refusal == SMTPC_REPLY_NONE && s->chunk_last != 0u &&
      s->tx.body != SMTPC_BODY_BINARYMIME) {
    smtpc_content_check_end(&s->content);
  }
  if (s->chunk_refusal == SMTPC_REPLY_NONE && is_lost(s)) {
    lose_to_anomaly(s);
  }
  if (s->chunk_refusal != SMTPC_REPLY_NONE) {
    refuse_chunk(policy, s);
  } else if (s->chunk_last != 0u) {
    smtpc_server_report_anomalies(s);
    ask_to_store(s);
  } else {
    smtpc_server_answer(s, SMTPC_REPLY_CHUNK_OK);
  }
}

// The octets of a chunk are taken whatever was said of it (RFC 3030 section 2).
void smtpc_server_begin_chunk(const smtpc_server_policy *policy,
                              smtpc_server *s, unsigned refusal) {
  s->mode = SMTPC_SERVER_CHUNK;
  s->chunk_left = s->command.chunk_size;
  s->chunk_last = s->command.last;
  s->chunk_refusal = (uint8_t)refusal;
  const bool endless =
      refusal != SMTPC_REPLY_NONE && s->chunk_left > policy->discard_max;
  if (endless) {
    s->chunk_left = 0u;
  }
  if (s->chunk_left == 0u) {
    end_chunk(policy, s);
  }
  if (endless) {
    smtpc_server_close_after(s, SMTPC_END_REFUSED, SMTPC_FINDING_CHUNK_REFUSED);
  }
}

void smtpc_server_on_bdat(const smtpc_server_policy *policy, smtpc_server *s) {
  unsigned refusal = SMTPC_REPLY_NONE;
  if (s->tx.phase != SMTPC_PHASE_CHUNKS) {
    smtpc_server_begin_message(policy, s);
  }
  s->tx.phase = SMTPC_PHASE_CHUNKS;
  if (over_size(policy, s, s->command.chunk_size)) {
    smtpc_server_add_finding(s, SMTPC_FINDING_SIZE_EXCEEDED);
    smtpc_server_lose_message(s, SMTPC_REPLY_SIZE_EXCEEDED);
    refusal = SMTPC_REPLY_SIZE_EXCEEDED;
  }
  smtpc_server_begin_chunk(policy, s, refusal);
  if (s->command.chunk_size == 0u && s->command.last == 0u) {
    smtpc_server_count_junk(policy, s);
  }
}

// Once for each kind, when the whole message was seen: so the cuts of the input
// make no difference to what is reported (law SPLIT).
void smtpc_server_report_anomalies(smtpc_server *s) {
  static const uint8_t map[4][2] = {
      {SMTPC_ANOMALY_BARE_CR, SMTPC_FINDING_CONTENT_BARE_CR},
      {SMTPC_ANOMALY_BARE_LF, SMTPC_FINDING_CONTENT_BARE_LF},
      {SMTPC_ANOMALY_NUL, SMTPC_FINDING_CONTENT_NUL},
      {SMTPC_ANOMALY_EOD, SMTPC_FINDING_EOD_LOOKALIKE}};
  const uint64_t begin = s->pos - s->content.octets;
  if ((s->content.anomalies & SMTPC_ANOMALY_LF_KEPT) != 0u) {
    smtpc_server_add_finding(s, SMTPC_FINDING_QUIRK_CONTENT_LF);
  }
  for (size_t i = 0u; i < 4u; i++) {
    if ((s->content.anomalies & map[i][0]) != 0u) {
      smtpc_server_add_finding(s, map[i][1]);
      s->finding_pos = begin + s->content.first_off;
      s->end_finding = map[i][1];
    }
  }
}

static void end_message(const smtpc_server_policy *policy, smtpc_server *s) {
  const unsigned refusal = s->tx.refusal;
  const uint16_t count = s->tx.rcpt_count;
  s->mode = SMTPC_SERVER_COMMAND;
  smtpc_server_report_anomalies(s);
  if (refusal == SMTPC_REPLY_NONE) {
    ask_to_store(s);
    return;
  }
  const unsigned finding = s->end_finding;
  smtpc_server_clear_transaction(s, SMTPC_PHASE_READY);
  smtpc_server_refuse(policy, s,
                      is_lost(s) ? SMTPC_REPLY_CONTENT_MALFORMED : refusal,
                      SMTPC_FINDING_NONE);
  if (s->reply != SMTPC_REPLY_ERRORS_MANY) {
    answer_each(policy, s, count);
  }
  if (is_lost(s)) {
    // The peer may believe that the message ended earlier, and what follows would
    // be read as commands (THREATS: section 5.1, verdict REJ).
    smtpc_server_close_after(s, SMTPC_END_PROTOCOL, finding);
  }
}

static void give_content(const smtpc_server_policy *policy, smtpc_server *s,
                         const smtpc_input *in, size_t begin, size_t end,
                         smtpc_action *act) {
  const uint64_t more = end - begin;
  if (s->tx.refusal != SMTPC_REPLY_NONE || more == 0u) {
    return;
  }
  if (over_size(policy, s, more)) {
    smtpc_server_add_finding(s, SMTPC_FINDING_SIZE_EXCEEDED);
    // Where the message began: where it passed the limit depends on the cuts.
    s->finding_pos = s->pos - s->content.octets;
    smtpc_server_lose_message(s, SMTPC_REPLY_SIZE_EXCEEDED);
    return;
  }
  s->tx.size += more;
  if (SMTPC_WITH(EXTRAS)) {
    smtpc_header_scan(&s->header, in->data + begin, end - begin);
  }
  *act = smtpc_action_make(SMTPC_DO_CONTENT);
  act->source = SMTPC_SOURCE_INPUT;
  act->begin = begin;
  act->end = end;
  act->channel = s->tls;
}

static uint64_t add_bounded(uint64_t a, uint64_t b) {
  return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

// How much of the input to look at. A lost message is read to its end, but no
// further than the limits allow (law BOUNDS). Stuffing at most doubles content, and
// the end has five octets: a message within its limit is never cut short.
static size_t data_window(const smtpc_server_policy *policy,
                          const smtpc_server *s, size_t left) {
  const uint64_t whole =
      add_bounded(add_bounded(policy->size_max, policy->size_max), 5u);
  const uint64_t most = add_bounded(whole, policy->discard_max);
  const uint64_t rest =
      most > s->content.octets ? most - s->content.octets : 0u;
  return rest < left ? (size_t)rest : left;
}

// Content before the first anomaly counts as it would in any other cut: it is
// looked at alone, and the anomaly with the next call.
static size_t before_anomaly(const smtpc_content *old, const smtpc_content *now,
                             const uint8_t *data) {
  size_t clean = 0u;
  const unsigned lost = SMTPC_ANOMALIES_LOST;
  if ((old->anomalies & lost) == 0u && (now->anomalies & lost) != 0u &&
      now->first_off >= old->octets) {
    clean = (size_t)(now->first_off - old->octets);
    clean += data[clean] == (uint8_t)'\r' ? 1u : 0u;
  }
  return clean;
}

static smtpc_status scan(smtpc_server *s, const uint8_t *data, size_t len,
                         size_t *taken, smtpc_run *run) {
  const smtpc_content old = s->content;
  const smtpc_status status =
      smtpc_content_scan(&s->content, data, len, taken, run);
  const size_t clean = before_anomaly(&old, &s->content, data);
  if (clean == 0u) {
    return status;
  }
  s->content = old;
  return smtpc_content_scan(&s->content, data, clean, taken, run);
}

void smtpc_server_read_data(const smtpc_server_policy *policy, smtpc_server *s,
                            const smtpc_input *in, size_t *used,
                            smtpc_action *act) {
  const size_t window = data_window(policy, s, in->len - *used);
  smtpc_run run = {0u, 0u};
  size_t taken = 0u;
  if (window == 0u) {
    const uint16_t count = s->tx.rcpt_count;
    s->mode = SMTPC_SERVER_COMMAND;
    smtpc_server_answer(s, SMTPC_REPLY_SIZE_EXCEEDED);
    answer_each(policy, s, count);
    smtpc_server_abandon_transaction(s, SMTPC_PHASE_READY);
    smtpc_server_close_after(s, SMTPC_END_REFUSED, SMTPC_FINDING_SIZE_EXCEEDED);
    return;
  }
  const smtpc_status status = scan(s, in->data + *used, window, &taken, &run);
  s->pos += taken;
  if (is_lost(s)) {
    smtpc_server_lose_message(s, SMTPC_REPLY_CONTENT_MALFORMED);
  } else {
    give_content(policy, s, in, *used + run.begin, *used + run.end, act);
  }
  *used += taken;
  if (status == SMTPC_OK) {
    end_message(policy, s);
  }
}

// How many of `len` octets of a chunk count as they would in any other cut. Only
// BINARYMIME may have bare CR, bare LF and NUL (RFC 3030 section 3).
static size_t check_chunk(smtpc_server *s, const uint8_t *data, size_t len) {
  if (s->chunk_refusal != SMTPC_REPLY_NONE ||
      s->tx.body == SMTPC_BODY_BINARYMIME) {
    return len;
  }
  const smtpc_content old = s->content;
  smtpc_content_check(&s->content, data, len);
  const size_t clean = before_anomaly(&old, &s->content, data);
  if (clean == 0u) {
    return len;
  }
  s->content = old;
  smtpc_content_check(&s->content, data, clean);
  return clean;
}

void smtpc_server_read_chunk(const smtpc_server_policy *policy, smtpc_server *s,
                             const smtpc_input *in, size_t *used,
                             smtpc_action *act) {
  const size_t left = in->len - *used;
  const size_t most = s->chunk_left < left ? (size_t)s->chunk_left : left;
  const size_t taken = check_chunk(s, in->data + *used, most);
  s->pos += taken;
  s->chunk_left -= taken;
  if (s->chunk_refusal == SMTPC_REPLY_NONE && !is_lost(s)) {
    give_content(policy, s, in, *used, *used + taken, act);
  }
  *used += taken;
  if (s->chunk_left == 0u) {
    end_chunk(policy, s);
  }
}

#endif  // SMTPC_CONFIG_SERVER
