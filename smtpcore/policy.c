#include "smtpcore/policy.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "smtpcore/commands.h"
#include "smtpcore/log.h"
#include "smtpcore/options.h"
#include "smtpcore/registry.h"

#define COLUMNS_MAX 16u

enum option_key { KEY_FORMAT = 0x100 };

static const struct argp_option options[] = {
    {"format", KEY_FORMAT, "text|json", 0,
     "How the tables are printed (default text)", 1},
    {0}};

static error_t parse(int key, char *arg, struct argp_state *state) {
  uint8_t *format = state->input;
  if (key == KEY_FORMAT) {
    *format = smtpc_option_take_choice(
        state, "--format", arg, smtpc_option_log_words, 2u, SMTPC_WANT_LOG);
  } else if (key == ARGP_KEY_ARG) {
    smtpc_option_fail(state, "surplus word", arg, "want options only");
  } else {
    return ARGP_ERR_UNKNOWN;
  }
  return 0;
}

static const struct argp parser = {
    options,
    parse,
    NULL,
    "Prints which command may be said in which phase of a session, and all "
    "names "
    "that this program knows: parameters, extensions, mechanisms, replies, "
    "quirks, findings, device codes, deadlines and limits.",
    NULL,
    NULL,
    NULL};

// ---------------------------------------------------------------- the tables
//
// Each is an array of objects with the same keys, made from the registry. Text
// is printed from them too.

static void add(json_t *row, const char *key, const char *value) {
  (void)json_object_set_new(row, key, json_string(value));
}

static void add_number(json_t *row, const char *key, uint64_t value) {
  (void)json_object_set_new(row, key, json_integer((json_int_t)value));
}

static json_t *add_row(json_t *table) {
  json_t *row = json_object();
  (void)json_array_append_new(table, row);
  return row;
}

static const char *argument_name(unsigned argument) {
  static const char *const names[] = {
      "none",      "optional",  "text",      "domain", "host",
      "mail-path", "rcpt-path", "mechanism", "chunk",  "node",
      "domains",   "url",       "attributes"};
  return argument < sizeof names / sizeof names[0] ? names[argument] : "";
}

// A cell is `yes`, or the code that refuses the command in that phase.
static json_t *verbs(void) {
  json_t *table = json_array();
  for (unsigned verb = 1u; verb < SMTPC_VERB_COUNT; verb++) {
    json_t *row = add_row(table);
    add(row, "verb", smtpc_verb_get(verb).name);
    for (unsigned phase = 0u; phase < SMTPC_PHASE_COUNT; phase++) {
      char cell[8] = "yes";
      const unsigned reply = smtpc_policy_cell(verb, phase);
      if (reply != SMTPC_REPLY_NONE) {
        (void)snprintf(cell, sizeof cell, "%u",
                       (unsigned)smtpc_reply_get(reply).code);
      }
      add(row, smtpc_phase_name(phase), cell);
    }
    add(row, "clause", smtpc_policy_clause(verb));
  }
  return table;
}

static json_t *commands(void) {
  json_t *table = json_array();
  for (unsigned verb = 1u; verb < SMTPC_VERB_COUNT; verb++) {
    const smtpc_verb_row command = smtpc_verb_get(verb);
    json_t *row = add_row(table);
    add(row, "command", command.name);
    add(row, "argument", argument_name(command.argument));
    add(row, "group", command.group == SMTPC_GROUP_ANY ? "any" : "last");
    add(row, "clause", command.clause);
  }
  return table;
}

static json_t *attributes(void) {
  static const char *const values[] = {"host",     "address", "port",
                                       "protocol", "source",  "text"};
  static const char *const commands_of[] = {"XCLIENT, XFORWARD", "XCLIENT",
                                            "XFORWARD"};
  json_t *table = json_array();
  for (unsigned id = 0u; id < SMTPC_ATTRIBUTE_COUNT; id++) {
    const smtpc_attribute_row attribute = smtpc_attribute_get(id);
    json_t *row = add_row(table);
    add(row, "attribute", attribute.name);
    add(row, "value", values[attribute.value % 6u]);
    add(row, "commands", commands_of[attribute.verbs % 3u]);
  }
  return table;
}

static json_t *phases(void) {
  json_t *table = json_array();
  json_t *row = NULL;
#define ROW(id, name, seen) \
  row = add_row(table);     \
  add(row, "phase", name);  \
  add(row, "seen", seen);
  SMTPC_PHASE_LIST(ROW)
#undef ROW
  return table;
}

static json_t *foreign_words(void) {
  json_t *table = json_array();
  json_t *row = NULL;
#define ROW(word)       \
  row = add_row(table); \
  add(row, "word", word);
  SMTPC_FOREIGN_LIST(ROW)
#undef ROW
  return table;
}

static json_t *parameters(void) {
  json_t *table = json_array();
  for (unsigned id = 0u; id < SMTPC_PARAM_COUNT; id++) {
    const smtpc_param_row param = smtpc_param_get(id);
    json_t *row = add_row(table);
    add(row, "parameter", param.name);
    add(row, "verb", smtpc_verb_get(param.verb).name);
    add(row, "value",
        param.value == SMTPC_PARAM_VALUE_NEEDED ? "needed" : "none");
    add(row, "extension", smtpc_extension_get(param.extension).name);
    add(row, "clause", param.clause);
  }
  return table;
}

static json_t *extensions(void) {
  static const char *const channels[3] = {"both", "plain", "tls"};
  static const char *const values[3] = {"none", "number", "words"};
  static const char *const services[3] = {"default", "by-choice", "never"};
  json_t *table = json_array();
  for (unsigned id = 0u; id < SMTPC_EXTENSION_COUNT; id++) {
    const smtpc_extension_row extension = smtpc_extension_get(id);
    json_t *row = add_row(table);
    add(row, "extension", extension.name);
    add(row, "value", values[extension.value % 3u]);
    add(row, "channel", channels[extension.channel % 3u]);
    add(row, "served", services[extension.service % 3u]);
    add(row, "clause", extension.clause);
  }
  return table;
}

static json_t *mechanisms(void) {
  static const char *const learns[3] = {"password", "hash", "nothing"};
  static const char *const speech[3] = {"yes", "bound-to-tls", "no"};
  json_t *table = json_array();
  for (unsigned id = 1u; id < SMTPC_MECHANISM_COUNT; id++) {
    const smtpc_mechanism_row mechanism = smtpc_mechanism_get(id);
    json_t *row = add_row(table);
    add(row, "mechanism", mechanism.name);
    add(row, "spoken", speech[mechanism.speech % 3u]);
    add(row, "observer-learns", learns[mechanism.exposure % 3u]);
    add(row, "clause", mechanism.clause);
  }
  return table;
}

static json_t *orders(void) {
  json_t *table = json_array();
  for (unsigned order = 0u; order < SMTPC_AUTH_ORDER_COUNT; order++) {
    smtpc_auth_choice choice = smtpc_auth_choice_get(order, 0u);
    for (unsigned i = 1u; choice.mechanism != SMTPC_MECHANISM_NONE; i++) {
      json_t *row = add_row(table);
      add(row, "order", smtpc_auth_order_name(order));
      add_number(row, "place", i);
      add(row, "mechanism", smtpc_mechanism_get(choice.mechanism).name);
      add(row, "channel", choice.tls_only != 0u ? "tls" : "both");
      choice = smtpc_auth_choice_get(order, i);
    }
  }
  return table;
}

static json_t *bindings(void) {
  json_t *table = json_array();
  json_t *row = NULL;
#define ROW(id, name, reason) \
  row = add_row(table);       \
  add(row, "binding", name);  \
  add(row, "clause", reason);
  SMTPC_BINDING_LIST(ROW)
#undef ROW
  return table;
}

static json_t *replies(void) {
  json_t *table = json_array();
  for (unsigned id = 1u; id < SMTPC_REPLY_COUNT; id++) {
    const smtpc_reply_row reply = smtpc_reply_get(id);
    char enhanced[24] = "";
    json_t *row = add_row(table);
    if (reply.enhanced_class != 0u) {
      (void)snprintf(
          enhanced, sizeof enhanced, "%u.%u.%u", (unsigned)reply.enhanced_class,
          (unsigned)reply.enhanced_subject, (unsigned)reply.enhanced_detail);
    }
    add_number(row, "code", reply.code);
    add(row, "enhanced", enhanced);
    add(row, "text", reply.text);
    add(row, "clause", reply.clause);
  }
  return table;
}

static json_t *quirks(void) {
  json_t *table = json_array();
  smtpc_quirk_row quirk = smtpc_quirk_get(0u);
  for (unsigned i = 1u; quirk.bit != 0u; i++) {
    json_t *row = add_row(table);
    add(row, "quirk", quirk.name);
    add(row, "finding", smtpc_finding_get(quirk.finding).name);
    add(row, "opens", quirk.opens);
    quirk = smtpc_quirk_get(i);
  }
  return table;
}

// The quirks of a profile in one cell.
static json_t *profiles(void) {
  json_t *table = json_array();
  for (unsigned id = 0u; id < SMTPC_PROFILE_COUNT; id++) {
    const smtpc_profile_row profile = smtpc_profile_get(id);
    char names[256] = "";
    smtpc_quirk_row quirk = smtpc_quirk_get(0u);
    for (unsigned i = 1u; quirk.bit != 0u; i++) {
      const size_t len = strlen(names);
      if ((profile.quirks & quirk.bit) != 0u) {
        (void)snprintf(names + len, sizeof names - len, "%s%s",
                       len > 0u ? "," : "", quirk.name);
      }
      quirk = smtpc_quirk_get(i);
    }
    json_t *row = add_row(table);
    add(row, "profile", profile.name);
    add(row, "quirks", names);
    add(row, "for", profile.purpose);
  }
  return table;
}

static json_t *findings(void) {
  json_t *table = json_array();
  for (unsigned id = 1u; id < SMTPC_FINDING_COUNT; id++) {
    const smtpc_finding_row finding = smtpc_finding_get(id);
    json_t *row = add_row(table);
    add(row, "finding", finding.name);
    add(row, "severity", smtpc_severity_name(finding.severity));
    add(row, "clause", finding.clause);
    add(row, "meaning", finding.meaning);
  }
  return table;
}

static json_t *devices(void) {
  json_t *table = json_array();
  for (unsigned id = 1u; id < SMTPC_DEVICE_COUNT; id++) {
    const smtpc_device_row device = smtpc_device_get(id);
    json_t *row = add_row(table);
    add(row, "device", device.text);
    add(row, "when", device.when);
  }
  return table;
}

static json_t *deadlines(void) {
  json_t *table = json_array();
  for (unsigned id = 0u; id < SMTPC_DEADLINE_COUNT; id++) {
    const smtpc_deadline_row deadline = smtpc_deadline_get(id);
    json_t *row = add_row(table);
    add(row, "deadline", deadline.name);
    add_number(row, "seconds", deadline.seconds);
    add(row, "clause", deadline.clause);
  }
  return table;
}

static json_t *limits(void) {
  static const char *const scopes[5] = {"value", "line", "mail-more",
                                        "rcpt-more", "both-more"};
  json_t *table = json_array();
  for (unsigned id = 0u; id < SMTPC_LIMIT_COUNT; id++) {
    const smtpc_limit_row limit = smtpc_limit_get(id);
    json_t *row = add_row(table);
    add(row, "limit", limit.name);
    add_number(row, "value", limit.value);
    add(row, "scope", scopes[limit.scope % 5u]);
    add(row, "extension", smtpc_extension_get(limit.extension).name);
    add(row, "clause", limit.clause);
  }
  return table;
}

// ------------------------------------------------------------------ printing

typedef struct section {
  const char *key;
  const char *heading;
  json_t *(*make)(void);
} section;

static const section sections[] = {
    {"verbs", "Which command may be said in which phase (or the code it gets)",
     verbs},
    {"phases", "Phases of a receiving session", phases},
    {"commands", "Commands, and whether one may follow at once", commands},
    {"attributes", "Attributes of XCLIENT and XFORWARD", attributes},
    {"foreign", "First words of other protocols, which end a session",
     foreign_words},
    {"parameters", "Parameters of MAIL and RCPT", parameters},
    {"extensions", "Extensions", extensions},
    {"mechanisms", "Mechanisms of AUTH", mechanisms},
    {"orders", "Orders of mechanisms, of a sending session", orders},
    {"bindings", "Channel bindings of SCRAM", bindings},
    {"replies", "Replies of a receiving session", replies},
    {"quirks", "Quirks: deviations that --quirk tolerates", quirks},
    {"profiles", "Profiles: sets of quirks", profiles},
    {"findings", "Findings", findings},
    {"devices", "Device statuses and codes", devices},
    {"deadlines", "Deadlines (--deadline NAME=SECONDS)", deadlines},
    {"limits", "Limits, and what each extension adds to a line", limits}};

#define SECTIONS (sizeof sections / sizeof sections[0])

static const char *cell_text(const json_t *cell, char number[24]) {
  if (json_is_integer(cell)) {
    (void)snprintf(number, 24u, "%" JSON_INTEGER_FORMAT,
                   json_integer_value(cell));
    return number;
  }
  return json_string_value(cell);
}

static void widen(size_t *width, const char *text) {
  const size_t len = strlen(text);
  *width = len > *width ? len : *width;
}

static void measure(json_t *table, size_t widths[COLUMNS_MAX]) {
  size_t index = 0u;
  json_t *row = NULL;
  json_array_foreach(table, index, row) {
    const char *key = NULL;
    json_t *cell = NULL;
    size_t column = 0u;
    json_object_foreach(row, key, cell) {
      char number[24];
      widen(&widths[column], key);
      widen(&widths[column], cell_text(cell, number));
      column = (column + 1u) % COLUMNS_MAX;
    }
  }
}

static void print_row(json_t *row, const size_t widths[COLUMNS_MAX],
                      int heading) {
  const char *key = NULL;
  json_t *cell = NULL;
  size_t column = 0u;
  const size_t last = json_object_size(row) - 1u;
  json_object_foreach(row, key, cell) {
    char number[24];
    const char *text = heading != 0 ? key : cell_text(cell, number);
    const int width = column < last ? (int)widths[column] : 0;
    (void)printf("  %-*s", width, text);
    column = (column + 1u) % COLUMNS_MAX;
  }
  (void)putchar('\n');
}

static void print_table(const section *s, json_t *table) {
  size_t widths[COLUMNS_MAX] = {0};
  size_t index = 0u;
  json_t *row = NULL;
  measure(table, widths);
  (void)printf("%s%s\n\n", s == sections ? "" : "\n", s->heading);
  print_row(json_array_get(table, 0u), widths, 1);
  json_array_foreach(table, index, row) {
    print_row(row, widths, 0);
  }
}

static int print_text(void) {
  for (size_t i = 0u; i < SECTIONS; i++) {
    json_t *table = sections[i].make();
    print_table(&sections[i], table);
    json_decref(table);
  }
  return 0;
}

static int print_json(void) {
  json_t *all = json_object();
  for (size_t i = 0u; i < SECTIONS; i++) {
    (void)json_object_set_new(all, sections[i].key, sections[i].make());
  }
  const int status = json_dumpf(all, stdout, JSON_INDENT(1));
  (void)putchar('\n');
  json_decref(all);
  return status;
}

int smtpc_main_policy(int argc, char **argv) {
  uint8_t format = SMTPC_LOG_TEXT;
  (void)argp_parse(&parser, argc, argv, 0, NULL, &format);
  const int status = format == SMTPC_LOG_JSON ? print_json() : print_text();
  if (status != 0 || fflush(stdout) != 0) {
    (void)fputs("smtpcore policy: standard output cannot be written\n", stderr);
    return EX_IOERR;
  }
  return EX_OK;
}
