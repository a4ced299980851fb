#include "fuzz/harness/envelope.h"

#include <string.h>

#include "fuzz/harness/law.h"

static uint16_t decode(const uint8_t *line, smtpc_span span, uint8_t *out,
                       size_t cap) {
  size_t len = 0u;
  const smtpc_status status = smtpc_xtext_decode(line, span, out, cap, &len);
  FUZZ_MUST(ROUNDTRIP, status == SMTPC_OK, "xtext that was taken is %s",
            smtpc_status_name(status));
  return (uint16_t)len;
}

static uint16_t len_of(smtpc_span span) {
  return (uint16_t)smtpc_span_len(span);
}

static void set_texts(fuzz_envelope *out, const uint8_t *line,
                      const smtpc_params *p) {
  smtpc_envelope *const e = &out->envelope;
  e->envid = out->envid;
  e->envid_len = decode(line, p->envid, out->envid, sizeof out->envid);
  e->auth = out->auth;
  e->auth_len = decode(line, p->auth, out->auth, sizeof out->auth);
  e->orcpt = out->orcpt;
  e->orcpt_len = decode(line, p->orcpt, out->orcpt, sizeof out->orcpt);
  e->orcpt_type = line + p->orcpt_type.begin;
  e->orcpt_type_len = len_of(p->orcpt_type);
  e->solicit = line + p->solicit.begin;
  e->solicit_len = len_of(p->solicit);
  e->mtrk = line + p->mtrk.begin;
  e->mtrk_len = len_of(p->mtrk);
  e->transid = line + p->transid.begin;
  e->transid_len = len_of(p->transid);
}

void fuzz_envelope_of(fuzz_envelope *out, const uint8_t *line,
                      const smtpc_path *path, const smtpc_params *params) {
  smtpc_envelope *const e = &out->envelope;
  memset(e, 0, sizeof *e);
  set_texts(out, line, params);
  e->size = params->size;
  e->when = params->when;
  e->hold_for = params->hold_for;
  e->by_time = params->by_time;
  e->mtrk_timeout = params->mtrk_timeout;
  e->seen = params->seen;
  e->body = params->body;
  e->ret = params->ret;
  e->notify = params->notify;
  e->by_mode = params->by_mode;
  e->by_trace = params->by_trace;
  e->mt_priority = params->mt_priority;
  e->rrvs = params->rrvs;
  e->address = line + path->local.begin;
  if (path->kind == SMTPC_PATH_MAILBOX) {
    e->address_len = (uint16_t)(path->domain.end - path->local.begin);
  } else {
    e->address_len = len_of(path->local);
  }
}

int fuzz_same_octets(const uint8_t *a, smtpc_span in_a, const uint8_t *b,
                     smtpc_span in_b) {
  const size_t len = smtpc_span_len(in_a);
  return len == smtpc_span_len(in_b) &&
         (len == 0u || memcmp(a + in_a.begin, b + in_b.begin, len) == 0);
}

static int same_xtext(const uint8_t *a, smtpc_span in_a, const uint8_t *b,
                      smtpc_span in_b) {
  uint8_t text_a[SMTPC_ORCPT_MAX];
  uint8_t text_b[SMTPC_ORCPT_MAX];
  if (fuzz_same_octets(a, in_a, b, in_b) != 0) {
    return 1;
  }
  const uint16_t len_a = decode(a, in_a, text_a, sizeof text_a);
  const uint16_t len_b = decode(b, in_b, text_b, sizeof text_b);
  return len_a == len_b && memcmp(text_a, text_b, len_a) == 0;
}

static int same_numbers(const smtpc_params *a, const smtpc_params *b) {
  return a->size == b->size && a->when == b->when && a->seen == b->seen &&
         a->hold_for == b->hold_for && a->by_time == b->by_time &&
         a->mtrk_timeout == b->mtrk_timeout && a->body == b->body &&
         a->ret == b->ret && a->notify == b->notify &&
         a->by_mode == b->by_mode && a->by_trace == b->by_trace &&
         a->mt_priority == b->mt_priority && a->rrvs == b->rrvs &&
         a->wrong == b->wrong;
}

int fuzz_same_params(const uint8_t *a, const smtpc_params *in_a,
                     const uint8_t *b, const smtpc_params *in_b) {
  return same_numbers(in_a, in_b) && same_xtext(a, in_a->auth, b, in_b->auth) &&
         same_xtext(a, in_a->envid, b, in_b->envid) &&
         same_xtext(a, in_a->orcpt, b, in_b->orcpt) &&
         fuzz_same_octets(a, in_a->orcpt_type, b, in_b->orcpt_type) &&
         fuzz_same_octets(a, in_a->solicit, b, in_b->solicit) &&
         fuzz_same_octets(a, in_a->mtrk, b, in_b->mtrk) &&
         fuzz_same_octets(a, in_a->transid, b, in_b->transid);
}

int fuzz_same_path(const uint8_t *a, const smtpc_path *in_a, const uint8_t *b,
                   const smtpc_path *in_b) {
  // A source route is not written, and with it goes what UTF-8 it had.
  const int route = ((in_a->marks | in_b->marks) & SMTPC_MARK_ROUTE) != 0;
  const unsigned marks =
      SMTPC_MARK_QUOTED | SMTPC_MARK_FAX | (route ? 0u : SMTPC_MARK_UTF8);
  return in_a->kind == in_b->kind && in_a->host == in_b->host &&
         (in_a->marks & marks) == (in_b->marks & marks) &&
         fuzz_same_octets(a, in_a->local, b, in_b->local) &&
         fuzz_same_octets(a, in_a->domain, b, in_b->domain) &&
         fuzz_same_octets(a, in_a->fax, b, in_b->fax);
}
