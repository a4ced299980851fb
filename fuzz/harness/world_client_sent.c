#include <string.h>

#include "core/model/content_model.h"
#include "fuzz/harness/choice.h"
#include "fuzz/harness/world_client_parts.h"
#include "smtpcore/write.h"

// --------------------------------------------------------------------- policy

static int demands_tls(const world_client *w) {
  return w->policy.tls >= SMTPC_CLIENT_TLS_REQUIRED;
}

// Under `required` and stricter nothing but the way to TLS is said in clear.
static void check_clear(const world_client *w, unsigned verb) {
  FUZZ_MUST(POLICY,
            w->account.tls != 0u || !demands_tls(w) ||
                verb == SMTPC_VERB_EHLO || verb == SMTPC_VERB_LHLO ||
                verb == SMTPC_VERB_STARTTLS || verb == SMTPC_VERB_QUIT,
            "%s in clear where TLS is demanded", smtpc_verb_get(verb).name);
}

void wc_check_downgrade(const world_client *w) {
  const wc_account *a = &w->account;
  if (a->tls != 0u || w->policy.tls == SMTPC_CLIENT_TLS_OFF) {
    return;
  }
  const int offered = (a->offer.surely & SMTPC_OFFERS(STARTTLS)) != 0u;
  FUZZ_MUST(POLICY, !offered || a->tls_refused != 0u,
            "STARTTLS was offered and wanted, and skipped");
  FUZZ_MUST(POLICY,
            world_client_found(w, SMTPC_FINDING_TLS_NOT_OFFERED) ||
                world_client_found(w, SMTPC_FINDING_TLS_STRIPPED) ||
                world_client_found(w, SMTPC_FINDING_STARTTLS_REFUSED),
            "a silent downgrade");
}

static int may_show_in_clear(const world_client *w) {
  return (w->policy.quirks & (uint32_t)SMTPC_QUIRK_AUTH_IN_CLEAR) != 0u &&
         !demands_tls(w);
}

// ------------------------------------------------------------------- params

static int same(const uint8_t *a, size_t a_len, const uint8_t *b,
                size_t b_len) {
  return a_len == b_len && (a_len == 0u || memcmp(a, b, a_len) == 0);
}

static int same_span(const uint8_t *want, size_t len, const uint8_t *line,
                     smtpc_span span) {
  return same(want, len, line + span.begin, smtpc_span_len(span));
}

static int same_xtext(const uint8_t *want, size_t len, const uint8_t *line,
                      smtpc_span span) {
  uint8_t text[512];
  size_t text_len = 0u;
  return smtpc_xtext_decode(line, span, text, sizeof text, &text_len) ==
             SMTPC_OK &&
         same(want, len, text, text_len);
}

// Whether the value of parameter `id` came back as it was given.
static int same_value(const smtpc_envelope *e, const smtpc_params *p,
                      const uint8_t *line, unsigned id) {
  switch ((smtpc_param)id) {
    case SMTPC_PARAM_SIZE:
      return e->size == p->size;
    case SMTPC_PARAM_BODY:
      return e->body == p->body;
    case SMTPC_PARAM_AUTH:
      return same_xtext(e->auth, e->auth_len, line, p->auth);
    case SMTPC_PARAM_RET:
      return e->ret == p->ret;
    case SMTPC_PARAM_ENVID:
      return same_xtext(e->envid, e->envid_len, line, p->envid);
    case SMTPC_PARAM_BY:
      return e->by_time == p->by_time && e->by_mode == p->by_mode &&
             e->by_trace == p->by_trace;
    case SMTPC_PARAM_HOLDFOR:
      return e->hold_for == p->hold_for;
    case SMTPC_PARAM_HOLDUNTIL:
      return e->when == p->when;
    case SMTPC_PARAM_MT_PRIORITY:
      return e->mt_priority == p->mt_priority;
    case SMTPC_PARAM_SOLICIT:
      return same_span(e->solicit, e->solicit_len, line, p->solicit);
    case SMTPC_PARAM_MTRK:
      return same_span(e->mtrk, e->mtrk_len, line, p->mtrk) &&
             e->mtrk_timeout == p->mtrk_timeout;
    case SMTPC_PARAM_TRANSID:
      return same_span(e->transid, e->transid_len, line, p->transid);
    case SMTPC_PARAM_NOTIFY:
      return e->notify == p->notify;
    case SMTPC_PARAM_ORCPT:
      return same_span(e->orcpt_type, e->orcpt_type_len, line, p->orcpt_type) &&
             same_xtext(e->orcpt, e->orcpt_len, line, p->orcpt);
    case SMTPC_PARAM_RRVS:
      return e->when == p->when && e->rrvs == p->rrvs;
    case SMTPC_PARAM_SMTPUTF8:
    case SMTPC_PARAM_REQUIRETLS:
    case SMTPC_PARAM_CONPERM:
    case SMTPC_PARAM_PRDR:
    case SMTPC_PARAM_CONNEG:
    case SMTPC_PARAM_COUNT:
      break;
  }
  return 1;
}

static void check_params(const world_client *w, const smtpc_envelope *e,
                         const smtpc_params *p, const uint8_t *line) {
  const wc_offer *offer = &w->account.offer;
  const uint32_t dropped = e->seen & ~p->seen;
  FUZZ_MUST(CRLFOUT, (p->seen & ~e->seen) == 0u,
            "parameters that nobody gave: %x", p->seen & ~e->seen);
  FUZZ_MUST(POLICY, (dropped & ~w->policy.drop) == 0u,
            "parameters were left out that must not be: %x", dropped);
  for (unsigned id = 0u; id < SMTPC_PARAM_COUNT && e->seen != 0u; id++) {
    const uint32_t bit = (uint32_t)1 << id;
    const uint32_t extension = (uint32_t)1 << smtpc_param_get(id).extension;
    if ((dropped & bit) != 0u) {
      FUZZ_MUST(POLICY, (offer->surely & extension) == 0u,
                "%s was left out, and its extension is offered",
                smtpc_param_get(id).name);
    } else if ((p->seen & bit) != 0u) {
      FUZZ_MUST(POLICY, (offer->perhaps & extension) != 0u,
                "%s, and its extension is not offered",
                smtpc_param_get(id).name);
      FUZZ_MUST(CRLFOUT, same_value(e, p, line, id),
                "%s has another value than was given",
                smtpc_param_get(id).name);
    }
  }
}

// The address stands between its brackets, octet for octet.
static void check_address(const smtpc_envelope *e, const uint8_t *line,
                          size_t len, size_t at, smtpc_span whole) {
  const size_t end = at + e->address_len;
  FUZZ_MUST(CRLFOUT, end + 2u < len, "the address is cut off");
  FUZZ_MUST(CRLFOUT, line[at - 1u] == '<' && line[end] == '>',
            "an address without its brackets");
  FUZZ_MUST(CRLFOUT,
            same(line + at, e->address_len, e->address, e->address_len),
            "the address is not the one that was given");
  FUZZ_MUST(CRLFOUT, line[end + 1u] == ' ' || line[end + 1u] == '\r',
            "something stands behind the address");
  FUZZ_MUST(CRLFOUT, whole.begin == at - 1u && whole.end == end + 1u,
            "the address parses to another one");
}

// ------------------------------------------------------------------- commands

static void sent_hello(world_client *w, const smtpc_command *cmd,
                       const uint8_t *line) {
  wc_account *a = &w->account;
  const unsigned verb =
      w->policy.lmtp != 0u ? SMTPC_VERB_LHLO : SMTPC_VERB_EHLO;
  FUZZ_MUST(
      CRLFOUT,
      same_span(w->policy.hello, w->policy.hello_len, line, cmd->argument),
      "the name of another host");
  if (cmd->verb == SMTPC_VERB_HELO) {
    FUZZ_MUST(TXN, a->ehlo_refused != 0u && a->helo_sent == 0u,
              "HELO, and EHLO was not refused");
    FUZZ_MUST(TXN, w->policy.lmtp == 0u && w->policy.hello[0] != '[',
              "HELO that cannot be said");
    FUZZ_MUST(POLICY, w->policy.auth != SMTPC_AUTH_REQUIRED,
              "HELO where AUTH is demanded");
    FUZZ_MUST(POLICY, world_client_found(w, SMTPC_FINDING_EHLO_REFUSED),
              "HELO, and nothing is said of EHLO that was refused");
    a->helo_sent = 1u;
    memset(&a->offer, 0, sizeof a->offer);
    wc_owe(w, WC_HELO, 1u);
    return;
  }
  FUZZ_MUST(TXN, cmd->verb == verb, "the greeting of another protocol");
  FUZZ_MUST(COUNT, a->greeted != 0u, "EHLO before the greeting");
  FUZZ_MUST(TXN, a->hello_sent == 0u, "EHLO twice on one channel");
  a->hello_sent = 1u;
  wc_owe(w, WC_HELLO, 1u);
}

static void sent_starttls(world_client *w) {
  wc_account *a = &w->account;
  FUZZ_MUST(ONEWAY, a->tls == 0u, "STARTTLS under TLS");
  FUZZ_MUST(POLICY, w->policy.tls != SMTPC_CLIENT_TLS_OFF,
            "STARTTLS that is not wanted");
  FUZZ_MUST(POLICY, (a->offer.surely & SMTPC_OFFERS(STARTTLS)) != 0u,
            "STARTTLS that is not offered");
  FUZZ_MUST(TXN, a->hello != 0u && a->mails == 0u, "STARTTLS out of turn");
  FUZZ_MUST(FAILSTOP, a->tls_asked == 0u, "STARTTLS twice");
  a->tls_asked = 1u;
  wc_owe(w, WC_STARTTLS, 1u);
}

static void check_login(const world_client *w) {
  const wc_account *a = &w->account;
  const int excused = world_client_found(w, SMTPC_FINDING_AUTH_NOT_OFFERED) ||
                      world_client_found(w, SMTPC_FINDING_AUTH_NO_MECHANISM);
  FUZZ_MUST(POLICY, a->auth == 0u || a->auth_ok != 0u,
            "mail after an exchange that failed");
  FUZZ_MUST(POLICY, w->policy.auth != SMTPC_AUTH_REQUIRED || a->auth_ok != 0u,
            "mail without AUTH where it is demanded");
  FUZZ_MUST(POLICY,
            w->policy.auth == SMTPC_AUTH_OFF || a->auth_ok != 0u || excused,
            "mail without AUTH, in silence");
}

static void sent_mail(world_client *w, const smtpc_command *cmd,
                      const uint8_t *line, size_t len) {
  wc_account *a = &w->account;
  wc_letter *l = &a->letter;
  const uint32_t seen = w->mail.seen;
  check_login(w);
  FUZZ_MUST(TXN, l->open != 0u, "MAIL of no message");
  FUZZ_MUST(TXN, l->mail_sent == 0u, "MAIL twice");
  FUZZ_MUST(TXN, a->holds == 0u, "MAIL within a transaction");
  FUZZ_MUST(TXN, a->hello != 0u, "MAIL before EHLO");
  check_address(&w->mail, line, len, 11u, cmd->path.whole);
  check_params(w, &w->mail, &cmd->params, line);
  FUZZ_MUST(
      POLICY,
      (seen & SMTPC_HAS(REQUIRETLS)) == 0u ||
          (a->tls != 0u && w->facts.chain_ok == 1u && w->facts.name_ok == 1u),
      "REQUIRETLS over a channel that was not checked");
  FUZZ_MUST(POLICY,
            (cmd->params.seen & SMTPC_HAS(SIZE)) == 0u || a->offer.size == 0u ||
                cmd->params.size <= a->offer.size,
            "a message that is announced as too big");
  FUZZ_MUST(POLICY,
            cmd->params.body != SMTPC_BODY_BINARYMIME ||
                (a->offer.surely & SMTPC_OFFERS(CHUNKING)) != 0u,
            "BINARYMIME without CHUNKING");
  a->mails++;
  FUZZ_MUST(POLICY, a->offer.mail_max == 0u || a->mails <= a->offer.mail_max,
            "more messages than MAILMAX");
  l->mail_sent = 1u;
  l->utf8 = (cmd->params.seen & SMTPC_HAS(SMTPUTF8)) != 0u;
  l->binary = cmd->params.body == SMTPC_BODY_BINARYMIME;
  wc_owe(w, WC_MAIL, 1u);
}

// Counts the domains of the recipients, without regard to case.
static void count_domain(world_client *w) {
  wc_letter *l = &w->account.letter;
  const smtpc_envelope *e = &w->rcpt;
  uint8_t domain[SMTPC_PATH_MAX];
  size_t len = 0u;
  for (size_t i = 0u; i < e->address_len; i++) {
    len = e->address[i] == '@' ? 0u : len;
    FUZZ_MUST(CRLFOUT, len < sizeof domain, "an address beyond its limit");
    domain[len++] = smtpc_upper(e->address[i]);
  }
  const uint64_t hash = fuzz_hash(len, domain, len);
  size_t at = 0u;
  while (at < l->domains && l->domain[at] != hash) {
    at++;
  }
  l->domain[at] = hash;
  l->domains += at == l->domains ? 1u : 0u;
}

static void sent_rcpt(world_client *w, const smtpc_command *cmd,
                      const uint8_t *line, size_t len) {
  wc_account *a = &w->account;
  wc_letter *l = &a->letter;
  FUZZ_MUST(TXN, l->mail_sent != 0u, "RCPT before MAIL");
  FUZZ_MUST(TXN, l->mail_answered == 0u || l->mail_ok != 0u,
            "RCPT after MAIL was refused");
  FUZZ_MUST(TXN, l->data_sent == 0u && l->chunked == 0u, "RCPT after DATA");
  FUZZ_MUST(TXN, l->sent + 1u == l->given, "a recipient that was not given");
  check_address(&w->rcpt, line, len, 9u, cmd->path.whole);
  check_params(w, &w->rcpt, &cmd->params, line);
  l->sent++;
  FUZZ_MUST(POLICY, a->offer.rcpt_max == 0u || l->sent <= a->offer.rcpt_max,
            "more recipients than RCPTMAX");
  if (a->offer.domain_max != 0u) {
    count_domain(w);
    FUZZ_MUST(POLICY, l->domains <= a->offer.domain_max,
              "more domains than RCPTDOMAINMAX");
  }
  wc_owe(w, WC_RCPT, 1u);
}

static void sent_data(world_client *w) {
  wc_letter *l = &w->account.letter;
  FUZZ_MUST(TXN, l->mail_sent != 0u && l->sent > 0u,
            "DATA without a recipient");
  FUZZ_MUST(TXN, l->mail_answered == 0u || l->mail_ok != 0u,
            "DATA after MAIL was refused");
  FUZZ_MUST(TXN, l->answered < l->sent || l->ok > 0u,
            "DATA after all recipients were refused");
  FUZZ_MUST(TXN, l->data_sent == 0u, "DATA twice");
  FUZZ_MUST(TXN, l->binary == 0u, "DATA for BINARYMIME");
  FUZZ_MUST(TXN, l->chunked == 0u, "DATA after BDAT");
  l->data_sent = 1u;
  wc_owe(w, WC_DATA, 1u);
}

static void sent_bdat(world_client *w, const smtpc_command *cmd) {
  wc_account *a = &w->account;
  wc_letter *l = &a->letter;
  FUZZ_MUST(TXN, l->mail_ok != 0u && l->ok > 0u, "BDAT without a recipient");
  FUZZ_MUST(TXN, l->answered == l->sent, "BDAT before the recipients' replies");
  FUZZ_MUST(TXN, l->data_sent == 0u, "BDAT after DATA");
  FUZZ_MUST(TXN, l->whole == 0u, "BDAT after the last chunk");
  FUZZ_MUST(POLICY, (a->offer.surely & SMTPC_OFFERS(CHUNKING)) != 0u,
            "BDAT that is not offered");
  a->chunk_left = cmd->chunk_size;
  a->mode = cmd->chunk_size > 0u ? WC_CHUNK_OCTETS : WC_LINES;
  if (cmd->last == 0u) {
    FUZZ_MUST(BDAT, cmd->chunk_size == w->piece_len,
              "a chunk of %llu octets is announced, and has %zu",
              (unsigned long long)cmd->chunk_size, w->piece_len);
    wc_owe(w, WC_CHUNK, 1u);
    return;
  }
  FUZZ_MUST(BDAT, l->chunked + cmd->chunk_size == w->handed.len,
            "the chunks are not the message");
  FUZZ_MUST(NORM,
            l->binary != 0u || smtpc_model_content_check(
                                   w->handed.data, w->handed.len, false, true)
                                       .anomalies == 0u,
            "a chunk with a bare CR, a bare LF or a NUL");
  l->whole = 1u;
  wc_owe(w, WC_LAST, w->policy.lmtp != 0u ? l->ok : 1u);
}

static void sent_other(world_client *w, unsigned verb) {
  wc_account *a = &w->account;
  if (verb == SMTPC_VERB_RSET) {
    FUZZ_MUST(TXN, a->holds != 0u, "RSET of nothing");
    FUZZ_MUST(TXN, a->letter.open == 0u, "RSET before its message is done");
    wc_owe(w, WC_RSET, 1u);
    // The transaction is over, and SMTPUTF8 with it: the reply is none of its own.
    w->account.letter.utf8 = 0u;
  } else {
    FUZZ_MUST(TXN, verb == SMTPC_VERB_QUIT, "%s is not for a client",
              smtpc_verb_get(verb).name);
    a->quit_sent = 1u;
    wc_owe(w, WC_QUIT, 1u);
  }
}

// --------------------------------------------------------------------- lines

static void check_turn(const world_client *w, unsigned verb) {
  const wc_account *a = &w->account;
  const int group = verb == SMTPC_VERB_RCPT || verb == SMTPC_VERB_DATA;
  FUZZ_MUST(TERMINAL, a->quit_sent == 0u, "%s after QUIT",
            smtpc_verb_get(verb).name);
  FUZZ_MUST(POLICY,
            (a->tls_refused == 0u && a->distrusted == 0u) ||
                a->only_quit == 0u || verb == SMTPC_VERB_QUIT,
            "%s where TLS is refused, or is not to be trusted",
            smtpc_verb_get(verb).name);
  FUZZ_MUST(CODE, a->only_quit == 0u || verb == SMTPC_VERB_QUIT,
            "%s after a refusal that ends the session",
            smtpc_verb_get(verb).name);
  FUZZ_MUST(POLICY,
            a->ehlo_refused == 0u || a->helo_sent != 0u ||
                verb == SMTPC_VERB_HELO || verb == SMTPC_VERB_QUIT,
            "%s after EHLO was refused", smtpc_verb_get(verb).name);
  if (wc_owed(a) > 0u) {
    FUZZ_MUST(COUNT, group, "%s ahead of %zu replies",
              smtpc_verb_get(verb).name, wc_owed(a));
    FUZZ_MUST(COUNT, (a->offer.surely & SMTPC_OFFERS(PIPELINING)) != 0u,
              "%s goes ahead, and PIPELINING is not offered",
              smtpc_verb_get(verb).name);
    FUZZ_MUST(COUNT, wc_owed(a) < w->policy.group_max,
              "%s ahead of %zu replies, which are too many",
              smtpc_verb_get(verb).name, wc_owed(a));
  }
}

static void on_command(world_client *w, const smtpc_action *act,
                       const uint8_t *line, size_t len) {
  smtpc_command cmd;
  const smtpc_status status =
      smtpc_command_parse(line, len - 2u, UINT32_MAX, 0u, &cmd);
  FUZZ_MUST(CRLFOUT, status == SMTPC_OK, "a line that is no command: %s",
            smtpc_status_name(status));
  FUZZ_MUST(BOUNDS, len <= SMTPC_OUT_MAX, "a command of %zu octets", len);
  check_turn(w, cmd.verb);
  check_clear(w, cmd.verb);
  FUZZ_MUST(
      SECRET,
      w->canary == 0u || !fuzz_find(line, len, w->password, w->password_len),
      "a password in a command");
  switch (cmd.verb) {
    case SMTPC_VERB_EHLO:
    case SMTPC_VERB_LHLO:
    case SMTPC_VERB_HELO:
      sent_hello(w, &cmd, line);
      break;
    case SMTPC_VERB_STARTTLS:
      sent_starttls(w);
      break;
    case SMTPC_VERB_AUTH:
      wc_check_downgrade(w);
      wc_sent_auth(w, act, &cmd, line);
      break;
    case SMTPC_VERB_MAIL:
      wc_check_downgrade(w);
      sent_mail(w, &cmd, line, len);
      break;
    case SMTPC_VERB_RCPT:
      sent_rcpt(w, &cmd, line, len);
      break;
    case SMTPC_VERB_DATA:
      sent_data(w);
      break;
    case SMTPC_VERB_BDAT:
      sent_bdat(w, &cmd);
      break;
    default:
      sent_other(w, cmd.verb);
      break;
  }
}

static void on_line(world_client *w, const smtpc_action *act,
                    const uint8_t *line, size_t len) {
  const wc_account *a = &w->account;
  FUZZ_MUST(CRLFOUT,
            len >= 2u && line[len - 2u] == '\r' && line[len - 1u] == '\n',
            "a line without its end");
  const size_t body = len - 2u;
  FUZZ_MUST(CRLFOUT, memchr(line, '\r', body) == NULL, "a CR within a line");
  FUZZ_MUST(CRLFOUT, memchr(line, '\n', body) == NULL, "an LF within a line");
  FUZZ_MUST(CRLFOUT, memchr(line, 0, body) == NULL, "a NUL within a line");
  if (a->auth != 0u && a->auth_over == 0u) {
    wc_sent_response(w, act, line, body);
  } else {
    on_command(w, act, line, len);
  }
}

// ------------------------------------------------------------------- content

static void check_content(world_client *w, const uint8_t *sent, size_t len) {
  static uint8_t text[SCRIPT_FILL_MAX * 2u];
  const wc_letter *l = &w->account.letter;
  FUZZ_MUST(HARNESS, len <= sizeof text, "a message too big for the harness");
  const smtpc_model_content model =
      smtpc_model_content_decode(sent, len, false, text);
  FUZZ_MUST(EOD, model.status == SMTPC_OK && model.used == len,
            "the end of data is not where it was meant");
  FUZZ_MUST(NORM, model.anomalies == 0u,
            "content with a bare CR, a bare LF or a NUL");
  FUZZ_MUST(STUFF, same(text, model.len, w->handed.data, w->handed.len),
            "what was sent is not the content");
  FUZZ_MUST(TXN, l->ok > 0u || len == 3u, "content for nobody");
}

static void on_data_octets(world_client *w, const smtpc_action *act) {
  wc_account *a = &w->account;
  wc_letter *l = &a->letter;
  const uint8_t *sent = w->out.data + l->data_from;
  const size_t len = w->out.len - l->data_from;
  const int dot = len >= 3u && memcmp(sent + len - 3u, ".\r\n", 3u) == 0;
  FUZZ_MUST(TXN, l->ok > 0u || memcmp(sent, ".\r\n", len < 3u ? len : 3u) == 0,
            "content for nobody");
  if (dot && (len == 3u ||
              (len > 4u && sent[len - 4u] == '\n' && sent[len - 5u] == '\r'))) {
    check_content(w, sent, len);
    a->mode = WC_LINES;
    l->whole = 1u;
    wc_owe(w, WC_EOD, w->policy.lmtp != 0u ? l->ok : 1u);
  }
  FUZZ_MUST(EOD,
            a->mode == WC_LINES || act->source == SMTPC_SOURCE_INPUT ||
                act->end - act->begin == 1u,
            "an end of data within a line");
}

static void on_chunk_octets(world_client *w, const uint8_t *data, size_t len) {
  wc_account *a = &w->account;
  wc_letter *l = &a->letter;
  FUZZ_MUST(BDAT, len <= a->chunk_left, "more octets than announced");
  FUZZ_MUST(NORM,
            l->chunked + len <= w->handed.len &&
                memcmp(w->handed.data + l->chunked, data, len) == 0,
            "what was sent is not the content");
  l->chunked += len;
  a->chunk_left -= len;
  a->mode = a->chunk_left > 0u ? WC_CHUNK_OCTETS : WC_LINES;
}

// ------------------------------------------------------------------- SEND

void wc_sent(world_client *w, const smtpc_action *act, const uint8_t *data,
             size_t len) {
  wc_account *a = &w->account;
  FUZZ_MUST(ONEWAY, act->channel == a->tls, "octets for the other channel");
  if (a->barred != 0u) {
    fuzz_broken((fuzz_law)a->barred_law, __FILE__, __LINE__,
                "something was said where nothing may be");
  }
  FUZZ_MUST(COUNT, a->surplus == 0u,
            "something was said after octets that nobody waited for");
  FUZZ_MUST(POLICY, a->tls != 0u || w->policy.implicit_tls == 0u,
            "something was said before TLS");
  if (a->mode == WC_LINES) {
    on_line(w, act, data, len);
    return;
  }
  FUZZ_MUST(POLICY, a->tls != 0u || !demands_tls(w), "content in clear");
  FUZZ_MUST(SECRET, act->secret != 0u || act->source != SMTPC_SOURCE_INPUT,
            "content is not marked as secret");
  if (a->mode == WC_DATA_OCTETS) {
    on_data_octets(w, act);
  } else {
    on_chunk_octets(w, data, len);
  }
}

int wc_may_show(const world_client *w) {
  return w->account.tls != 0u || may_show_in_clear(w);
}
