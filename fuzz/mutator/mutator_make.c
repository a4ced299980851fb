// Moves that bring records into a script: events, answers, settings, attacks, turns of the
// grammar and whole sessions of them.
#include <string.h>

#include "fuzz/mutator/mutator_parts_script.h"
#include "smtpcore/policy.h"
#include "smtpcore/sasl.h"
#include "smtpcore/session.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

enum {
#define SERVER_FIELD(id, number, word) SERVER_##id = number,
  SCRIPT_SERVER_FIELD_LIST(SERVER_FIELD)
#undef SERVER_FIELD
#define CLIENT_FIELD(id, number, word) CLIENT_##id = number,
      SCRIPT_CLIENT_FIELD_LIST(CLIENT_FIELD)
#undef CLIENT_FIELD
};

static uint64_t pick_one(fuzz_work *work, uint32_t count) {
  return fuzz_choose(work->choice, count);
}

// --------------------------------------------------------------------- numbers

// Extensions that can be offered, most of them as they are by default.
static uint64_t any_offer(fuzz_work *work) {
  uint32_t set = 0u;
  for (unsigned id = 0u; id < SMTPC_EXTENSION_COUNT; id++) {
    const unsigned service = smtpc_extension_get(id).service;
    const int turned = fuzz_one_in(work->choice, 8u);
    const int is_default = service == SMTPC_SERVICE_DEFAULT;
    if (service != SMTPC_SERVICE_NEVER && is_default != turned) {
      set |= (uint32_t)1 << id;
    }
  }
  if (fuzz_one_in(work->choice, 2u) != 0) {
    set |= SMTPC_OFFERS(STARTTLS) | SMTPC_OFFERS(AUTH) | SMTPC_OFFERS(CHUNKING);
  }
  return set;
}

static uint64_t any_mechanisms(fuzz_work *work) {
  const uint64_t bits = fuzz_choose_bits(work->choice) & SMTPC_MECHS_SPOKEN;
  return fuzz_one_in(work->choice, 3u) != 0 ? (uint64_t)SMTPC_MECHS_SPOKEN
                                            : bits;
}

static uint64_t any_quirks(fuzz_work *work) {
  const uint64_t all = (uint64_t)SMTPC_QUIRK_ALL;
  const uint64_t bits = fuzz_choose_bits(work->choice) & all;
  return fuzz_one_in(work->choice, 3u) != 0 ? all : bits;
}

static uint64_t server_number(fuzz_work *work, const script_record *record) {
  switch (record->field) {
    case SERVER_tls:
    case SERVER_auth:
    case SERVER_prompts:
      return pick_one(work, 3u);
    case SERVER_implicit_tls:
    case SERVER_certificate:
    case SERVER_lmtp:
    case SERVER_proxy:
      return pick_one(work, 2u);
    case SERVER_quirks:
      return any_quirks(work);
    case SERVER_offered:
      return any_offer(work);
    case SERVER_mechanisms:
      return any_mechanisms(work);
    default:
      return fuzz_one_in(work->choice, 3u) != 0
                 ? 1u + pick_one(work, 5u)
                 : fuzz_number(work->choice, record->number);
  }
}

static uint64_t client_number(fuzz_work *work, const script_record *record) {
  const uint64_t params = ((uint64_t)1 << SMTPC_PARAM_COUNT) - 1u;
  switch (record->field) {
    case CLIENT_tls:
      return pick_one(work, 4u);
    case CLIENT_auth:
      return pick_one(work, 3u);
    case CLIENT_quirks:
      return any_quirks(work);
    case CLIENT_mechanisms:
      return any_mechanisms(work);
    case CLIENT_group_max:
      return 1u + pick_one(work, 60u);
    case CLIENT_drop:
      return fuzz_choose_bits(work->choice) & params &
             ~(uint64_t)(SMTPC_HAS(REQUIRETLS) | SMTPC_HAS(BODY) |
                         SMTPC_HAS(SMTPUTF8));
    default:
      return pick_one(work, 2u);
  }
}

uint64_t fuzz_script_number(fuzz_work *work, const script_record *record) {
  static const uint16_t versions[] = {SMTPC_TLS_1_3, SMTPC_TLS_1_3,
                                      SMTPC_TLS_1_2, 0x302u, 0x301u};
  static const uint32_t fills[] = {
      1u,    64u,   500u,  506u,   510u,   511u,   512u,   998u,   1000u,
      1001u, 1022u, 2001u, 12286u, 12287u, 12288u, 12289u, 12290u, 65536u};
  if (fuzz_one_in(work->choice, 12u) != 0) {
    return fuzz_number(work->choice, record->number);
  }
  switch ((script_tag)record->tag) {
    case SCRIPT_SERVER_SET:
      return server_number(work, record);
    case SCRIPT_CLIENT_SET:
      return client_number(work, record);
    case SCRIPT_TLS_UP:
      return versions[fuzz_pick(work->choice, COUNT(versions))];
    case SCRIPT_TLS_FAILED:
    case SCRIPT_TAMPER:
      return pick_one(work, SMTPC_TLS_FAILURE_COUNT);
    case SCRIPT_CLOSE:
    case SCRIPT_HANGUP:
      return pick_one(work, 2u);
    case SCRIPT_ANSWER:
      return pick_one(work, (uint32_t)SMTPC_ANSWER_RELAY + 1u);
    case SCRIPT_MISUSE:
      return pick_one(work, SMTPC_IN_COUNT + 1u);
    case SCRIPT_FILL:
      return fills[fuzz_pick(work->choice, COUNT(fills))];
    case SCRIPT_TLS_SET:
    case SCRIPT_MANGLE:
    case SCRIPT_PASS:
    case SCRIPT_ALERT:
    case SCRIPT_KEY_UPDATE:
    case SCRIPT_SPLICE:
      return fuzz_tls_number(work, record);
    case SCRIPT_MESSAGE:
    case SCRIPT_RECIPIENT:
    case SCRIPT_CONTENT:
    case SCRIPT_CREDENTIALS:
    case SCRIPT_SAY:
    case SCRIPT_STRAY:
    case SCRIPT_CUT:
    case SCRIPT_DEADLINE:
    case SCRIPT_SHUTDOWN:
    case SCRIPT_NONCE:
    case SCRIPT_SALT:
    case SCRIPT_BINDING:
    case SCRIPT_DIGEST:
    case SCRIPT_LATE:
    case SCRIPT_RELAY:
    case SCRIPT_DROP:
    case SCRIPT_INSERT:
    case SCRIPT_REWRITE:
    case SCRIPT_DELAY:
    case SCRIPT_REPLAY:
    case SCRIPT_FLOW:
    case SCRIPT_RAW:
    case SCRIPT_NOTIFY:
    case SCRIPT_RENEGOTIATE:
    default:
      return fuzz_one_in(work->choice, 3u) != 0
                 ? fuzz_number(work->choice, record->number)
                 : pick_one(work, 12u);
  }
}

// --------------------------------------------------------------------- records

void fuzz_work_octets(fuzz_work *work, size_t at, unsigned tag, unsigned field,
                      const fuzz_text *text) {
  script_record record = {.tag = (uint8_t)tag, .field = (uint8_t)field};
  fuzz_work_keep(work, text, &record);
  fuzz_work_insert(work, at, &record);
}

void fuzz_work_number(fuzz_work *work, size_t at, unsigned tag, unsigned field,
                      uint64_t number) {
  const script_record record = {
      .tag = (uint8_t)tag, .field = (uint8_t)field, .number = number};
  fuzz_work_insert(work, at, &record);
}

static void insert_said(fuzz_work *work, size_t at, const char *words) {
  fuzz_text text = fuzz_work_text(work);
  fuzz_text_say(&text, words);
  fuzz_work_octets(work, at, SCRIPT_SAY, 0u, &text);
}

static void make_event(fuzz_work *work) {
  static const uint8_t tags[] = {
      SCRIPT_TLS_UP, SCRIPT_TLS_UP,   SCRIPT_TLS_UP,   SCRIPT_TLS_FAILED,
      SCRIPT_CLOSE,  SCRIPT_DEADLINE, SCRIPT_SHUTDOWN, SCRIPT_MISUSE};
  script_record record = {.tag = tags[fuzz_pick(work->choice, sizeof tags)]};
  if (script_form_of(record.tag) != SCRIPT_FORM_NONE) {
    record.number = fuzz_script_number(work, &record);
  }
  if (record.tag == SCRIPT_TLS_UP) {
    record.field =
        fuzz_one_in(work->choice, 2u) != 0 ? 3u : (uint8_t)pick_one(work, 8u);
  }
  fuzz_work_insert(work, fuzz_work_place(work), &record);
}

static void make_answer(fuzz_work *work) {
  static const uint8_t tags[] = {SCRIPT_ANSWER, SCRIPT_ANSWER, SCRIPT_ANSWER,
                                 SCRIPT_NONCE,  SCRIPT_SALT,   SCRIPT_BINDING,
                                 SCRIPT_DIGEST, SCRIPT_LATE};
  static const uint8_t lengths[] = {0u,  1u,  8u,  16u, 20u,
                                    32u, 33u, 64u, 65u, 255u};
  script_record record = {.tag = tags[fuzz_pick(work->choice, sizeof tags)]};
  fuzz_text text = fuzz_work_text(work);
  // Where TLS is real no answer is late.
  if (record.tag == SCRIPT_LATE && work->has_tls != 0) {
    record.tag = SCRIPT_ANSWER;
  }
  if (script_form_of(record.tag) == SCRIPT_FORM_NUMBER) {
    record.number = fuzz_script_number(work, &record);
  } else {
    fuzz_text_fill(&text, fuzz_one_in(work->choice, 2u) != 0 ? 0u : 's',
                   lengths[fuzz_pick(work->choice, sizeof lengths)]);
    fuzz_work_keep(work, &text, &record);
  }
  fuzz_work_insert(work, fuzz_work_place(work), &record);
}

// Settings stand first: a person reads them there.
static void make_setting(fuzz_work *work) {
  const int is_server = fuzz_work_role(work) == FUZZ_ROLE_CLIENT;
  script_record record = {.tag = is_server != 0 ? SCRIPT_SERVER_SET
                                                : SCRIPT_CLIENT_SET};
  record.field =
      (uint8_t)(1u + fuzz_pick(work->choice, is_server != 0
                                                 ? (size_t)SERVER_by_min
                                                 : (size_t)CLIENT_lmtp));
  if (fuzz_one_in(work->choice, 3u) != 0) {
    record.field = 1u;
  }
  record.number = fuzz_script_number(work, &record);
  fuzz_work_insert(work, 0u, &record);
  if (is_server != 0 && record.field == SERVER_offered &&
      (record.number & SMTPC_OFFERS(FUTURERELEASE)) != 0u) {
    // Without a date the core refuses the policy.
    fuzz_work_number(work, 0u, SCRIPT_SERVER_SET, SERVER_hold_until_max,
                     1893456000u);
  }
}

static void make_params(fuzz_work *work, fuzz_text *text) {
  for (size_t i = fuzz_pick(work->choice, 3u); i > 0u; i--) {
    fuzz_grammar_param(text, work->choice,
                       (unsigned)fuzz_pick(work->choice, SMTPC_PARAM_COUNT));
  }
}

static void make_message(fuzz_work *work, size_t at, unsigned tag) {
  fuzz_text text = fuzz_work_text(work);
  if (tag == SCRIPT_CONTENT) {
    fuzz_grammar_content(&text, work->choice);
  } else {
    if (tag != SCRIPT_MESSAGE || fuzz_one_in(work->choice, 6u) == 0) {
      fuzz_grammar_mailbox(&text, work->choice);
    }
    make_params(work, &text);
  }
  fuzz_work_octets(work, at, tag, 0u, &text);
}

static void make_credentials(fuzz_work *work, size_t at) {
  static const char *const names[] = {"user", "", "a\"b", "u=s,er",
                                      "user@b.example"};
  const char *name = names[fuzz_pick(work->choice, COUNT(names))];
  const script_record record = {.tag = SCRIPT_CREDENTIALS,
                                .data = (const uint8_t *)name,
                                .len = strlen(name),
                                .more = (const uint8_t *)"secret",
                                .more_len = fuzz_pick(work->choice, 7u)};
  fuzz_work_insert(work, at, &record);
}

static void make_sending(fuzz_work *work) {
  const size_t at = fuzz_pick(work->choice, work->now.count / 2u + 1u);
  switch (fuzz_choose(work->choice, 4u)) {
    case 0u:
      make_message(work, at, SCRIPT_CONTENT);
      make_message(work, at, SCRIPT_RECIPIENT);
      make_message(work, at, SCRIPT_MESSAGE);
      break;
    case 1u:
      make_message(work, at, SCRIPT_RECIPIENT);
      break;
    case 2u:
      make_message(work, at, SCRIPT_CONTENT);
      break;
    default:
      make_credentials(work, at);
      break;
  }
}

// --------------------------------------------------------------------- attacks

typedef struct swap_row {
  const char *from;
  const char *to;
} swap_row;

// What is rewritten stands in the clear part of a session; a keyword of the registry
// takes the place of NULL.
static void make_rewrite(fuzz_work *work, size_t at) {
  static const swap_row rows[] = {{"STARTTLS", "XXXXXXXX"},
                                  {"STARTTLS", "XXXXXXXA"},
                                  {"STARTTLS", "STARTTLSX"},
                                  {"250-STARTTLS\r\n", ""},
                                  {"250 STARTTLS\r\n", "250 HELP\r\n"},
                                  {"220 ", "454 "},
                                  {"220 ", "220-"},
                                  {"250 ", "250-"},
                                  {"250 ", "550 "},
                                  {"250-", "250 "},
                                  {"EHLO", "HELO"},
                                  {"EHLO", "XXXX"},
                                  {"STARTTLS\r\n", "NOOP\r\n"},
                                  {"STARTTLS\r\n", "STARTTLS\r\nRSET\r\n"},
                                  {"\r\n", "\n"},
                                  {"AUTH", "XXXX"},
                                  {"AUTH ", "AUTH="},
                                  {"354 ", "250 "},
                                  {"ready to start TLS", ""},
                                  {NULL, "XXXX"},
                                  {NULL, ""}};
  const swap_row row = rows[fuzz_pick(work->choice, COUNT(rows))];
  const char *keyword =
      smtpc_extension_get(
          (unsigned)fuzz_pick(work->choice, SMTPC_EXTENSION_COUNT))
          .name;
  const char *from = row.from != NULL ? row.from : keyword;
  const script_record record = {.tag = SCRIPT_REWRITE,
                                .field = (uint8_t)pick_one(work, 2u),
                                .data = (const uint8_t *)from,
                                .len = strlen(from),
                                .more = (const uint8_t *)row.to,
                                .more_len = strlen(row.to)};
  fuzz_work_insert(work, at, &record);
}

static void make_attack(fuzz_work *work) {
  static const uint8_t tags[] = {SCRIPT_RELAY,   SCRIPT_RELAY,  SCRIPT_DROP,
                                 SCRIPT_INSERT,  SCRIPT_INSERT, SCRIPT_REWRITE,
                                 SCRIPT_REWRITE, SCRIPT_DELAY,  SCRIPT_REPLAY,
                                 SCRIPT_HANGUP,  SCRIPT_TAMPER, SCRIPT_FLOW,
                                 SCRIPT_FLOW,    SCRIPT_STRAY};
  const size_t at = fuzz_work_place(work);
  script_record record = {.tag = tags[fuzz_pick(work->choice, sizeof tags)],
                          .field = (uint8_t)pick_one(work, 2u)};
  if (record.tag == SCRIPT_REWRITE) {
    make_rewrite(work, at);
  } else if (record.tag == SCRIPT_INSERT || record.tag == SCRIPT_STRAY) {
    fuzz_text text = fuzz_work_text(work);
    const fuzz_role role = record.tag == SCRIPT_STRAY ? fuzz_work_role(work)
                           : record.field == 1u       ? FUZZ_ROLE_SERVER
                                                      : FUZZ_ROLE_CLIENT;
    fuzz_grammar_turn(&text, work->choice, role);
    fuzz_work_octets(work, at, record.tag,
                     record.tag == SCRIPT_STRAY ? 0u : record.field, &text);
  } else {
    record.field = record.tag == SCRIPT_FLOW ? 0u : record.field;
    record.number = fuzz_script_number(work, &record);
    fuzz_work_insert(work, at, &record);
  }
}

// ------------------------------------------------------------------- what is said

static void make_say(fuzz_work *work) {
  fuzz_text text = fuzz_work_text(work);
  fuzz_grammar_turn(&text, work->choice, fuzz_work_role(work));
  fuzz_work_octets(work, fuzz_work_place(work), SCRIPT_SAY, 0u, &text);
}

// A turn is added to what a record says: it is pipelined.
static void make_say_more(fuzz_work *work) {
  const size_t at = fuzz_work_find(work, SCRIPT_SAY);
  if (at == work->now.count) {
    make_say(work);
    return;
  }
  script_record *record = &work->now.records[at];
  fuzz_text text = fuzz_work_text(work);
  const int is_before = fuzz_one_in(work->choice, 3u);
  if (is_before == 0) {
    fuzz_text_add(&text, record->data, record->len);
  }
  fuzz_grammar_turn(&text, work->choice, fuzz_work_role(work));
  if (is_before != 0) {
    fuzz_text_add(&text, record->data, record->len);
  }
  fuzz_work_keep(work, &text, record);
}

static void make_fill(fuzz_work *work) {
  const size_t at = fuzz_work_place(work);
  script_record record = {.tag = SCRIPT_FILL, .field = 'A'};
  record.number = fuzz_script_number(work, &record);
  if (fuzz_one_in(work->choice, 2u) != 0) {
    insert_said(work, at,
                fuzz_one_in(work->choice, 2u) != 0 ? "\r\n" : "\r\n.\r\n");
  }
  fuzz_work_insert(work, at, &record);
}

static void say_hello(fuzz_work *work, fuzz_text *text, fuzz_role role) {
  if (role == FUZZ_ROLE_SERVER) {
    fuzz_grammar_ehlo(text, work->choice);
  } else {
    fuzz_text_say(text, "EHLO a.example\r\n");
  }
}

// A handshake with its command or its reply before it, something that rides with that
// now and then, and a greeting after it.
static size_t make_border(fuzz_work *work, size_t at, fuzz_role role) {
  fuzz_text text = fuzz_work_text(work);
  if (role == FUZZ_ROLE_SERVER) {
    fuzz_grammar_code(&text, SMTPC_REPLY_STARTTLS_OK);
  } else {
    fuzz_text_say(&text, "STARTTLS\r\n");
  }
  if (fuzz_one_in(work->choice, 4u) != 0) {
    fuzz_grammar_turn(&text, work->choice, role);
  }
  fuzz_work_octets(work, at, SCRIPT_SAY, 0u, &text);
  script_record up = {.tag = SCRIPT_TLS_UP, .field = 3u};
  up.number = fuzz_script_number(work, &up);
  fuzz_work_insert(work, at + 1u, &up);
  text = fuzz_work_text(work);
  say_hello(work, &text, role);
  fuzz_work_octets(work, at + 2u, SCRIPT_SAY, 0u, &text);
  return at + 3u;
}

// Each turn is left out now and then, or said in one go with the one before.
typedef struct dialogue {
  fuzz_work *work;
  fuzz_text text;
  size_t at;
} dialogue;

static void turn_flush(dialogue *all) {
  if (all->text.len > 0u) {
    fuzz_work_octets(all->work, all->at, SCRIPT_SAY, 0u, &all->text);
    all->text = fuzz_work_text(all->work);
    all->at++;
  }
}

static void turn_ends(dialogue *all) {
  if (fuzz_one_in(all->work->choice, 3u) == 0) {
    turn_flush(all);
  }
}

static void say_code(dialogue *all, unsigned id) {
  if (fuzz_one_in(all->work->choice, 12u) == 0) {
    fuzz_grammar_code(&all->text, id);
    turn_ends(all);
  }
}

static void say_verb(dialogue *all, unsigned verb) {
  if (fuzz_one_in(all->work->choice, 12u) == 0) {
    fuzz_grammar_verb(&all->text, all->work->choice, verb);
    fuzz_text_say(&all->text, "\r\n");
    turn_ends(all);
  }
}

static void say_mail(dialogue *all) {
  say_verb(all, SMTPC_VERB_MAIL);
  say_verb(all, SMTPC_VERB_RCPT);
  say_verb(all, SMTPC_VERB_DATA);
  fuzz_grammar_content(&all->text, all->work->choice);
  fuzz_text_say(&all->text, ".\r\n");
  turn_ends(all);
  if (fuzz_one_in(all->work->choice, 2u) != 0) {
    say_verb(all, SMTPC_VERB_QUIT);
  }
}

static void say_replies(dialogue *all) {
  static const uint8_t ids[] = {SMTPC_REPLY_AUTH_OK,    SMTPC_REPLY_MAIL_OK,
                                SMTPC_REPLY_RCPT_OK,    SMTPC_REPLY_DATA_GO,
                                SMTPC_REPLY_MESSAGE_OK, SMTPC_REPLY_QUIT_OK};
  for (size_t i = 0u; i < COUNT(ids); i++) {
    say_code(all, ids[i]);
  }
}

// Room for all its records is made first.
static void make_dialogue(fuzz_work *work) {
  const fuzz_role role = fuzz_work_role(work);
  const int is_server = role == FUZZ_ROLE_SERVER;
  const int has_tls = fuzz_one_in(work->choice, 3u) == 0;
  dialogue all = {work, {NULL, 0u, 0u}, fuzz_work_place(work)};
  if (work->now.count + 24u > SCRIPT_RECORDS_MAX) {
    make_say(work);
    return;
  }
  all.text = fuzz_work_text(work);
  if (is_server != 0) {
    say_code(&all, SMTPC_REPLY_GREETING);
  }
  say_hello(work, &all.text, role);
  fuzz_work_octets(work, all.at, SCRIPT_SAY, 0u, &all.text);
  all.at++;
  if (has_tls != 0) {
    all.at = make_border(work, all.at, role);
    fuzz_work_number(work, 0u,
                     is_server != 0 ? SCRIPT_CLIENT_SET : SCRIPT_SERVER_SET, 1u,
                     1u + pick_one(work, 2u));
    all.at++;
  }
  all.text = fuzz_work_text(work);
  if (is_server != 0) {
    say_replies(&all);
    turn_flush(&all);
    make_message(work, 0u, SCRIPT_CONTENT);
    make_message(work, 0u, SCRIPT_RECIPIENT);
    make_message(work, 0u, SCRIPT_MESSAGE);
    make_credentials(work, 0u);
  } else {
    if (fuzz_one_in(work->choice, 3u) != 0) {
      say_verb(&all, SMTPC_VERB_AUTH);
    }
    say_mail(&all);
    turn_flush(&all);
  }
}

// ----------------------------------------------------------------------- moves

void fuzz_script_make(fuzz_work *work, unsigned what) {
  switch (what) {
    case FUZZ_MOVE_BORDER_MAKE:
      (void)make_border(work, fuzz_work_place(work), fuzz_work_role(work));
      break;
    case FUZZ_MOVE_EVENT:
      make_event(work);
      break;
    case FUZZ_MOVE_ANSWER:
      make_answer(work);
      break;
    case FUZZ_MOVE_ATTACK:
      make_attack(work);
      break;
    case FUZZ_MOVE_SETTING:
      make_setting(work);
      break;
    case FUZZ_MOVE_SENDING:
      make_sending(work);
      break;
    case FUZZ_MOVE_FILL:
      make_fill(work);
      break;
    case FUZZ_MOVE_SAY_MORE:
      make_say_more(work);
      break;
    case FUZZ_MOVE_DIALOGUE:
      make_dialogue(work);
      break;
    default:
      make_say(work);
      break;
  }
  fuzz_moved((fuzz_move)what);
}
