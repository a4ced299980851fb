#include "smtpcore/policy.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "shim/net/net.h"
#include "smtpcore/command.h"
#include "smtpcore/commands.h"
#include "smtpcore/line.h"
#include "smtpcore/log.h"
#include "smtpcore/options.h"
#include "smtpcore/path.h"
#include "smtpcore/registry.h"
#include "smtpcore/reply.h"
#include "smtpcore/write.h"

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
  json_t *table = json_array();
  for (unsigned id = 0u; id < SMTPC_EXTENSION_COUNT; id++) {
    const smtpc_extension_row extension = smtpc_extension_get(id);
    json_t *row = add_row(table);
    add(row, "extension", extension.name);
    add(row, "channel", channels[extension.channel % 3u]);
    add(row, "clause", extension.clause);
  }
  return table;
}

static json_t *mechanisms(void) {
  json_t *table = json_array();
  for (unsigned id = 1u; id < SMTPC_MECHANISM_COUNT; id++) {
    const smtpc_mechanism_row mechanism = smtpc_mechanism_get(id);
    json_t *row = add_row(table);
    add(row, "mechanism", mechanism.name);
    add(row, "observer-learns",
        mechanism.exposure == SMTPC_EXPOSURE_CLEAR ? "password" : "hash");
    add(row, "clause", mechanism.clause);
  }
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

static void add_limit(json_t *table, const char *name, uint64_t value,
                      const char *clause) {
  json_t *row = add_row(table);
  add(row, "limit", name);
  add_number(row, "value", value);
  add(row, "clause", clause);
}

// Those of the protocol, then the defaults of what a policy may set.
static json_t *limits(void) {
  static smtpc_server_policy server;
  static smtpc_client_policy client;
  json_t *table = json_array();
  smtpc_server_policy_init(&server);
  smtpc_client_policy_init(&client);
  add_limit(table, "command line, octets", SMTPC_COMMAND_LINE_MAX,
            "RFC 5321 section 4.5.3.1.4");
  add_limit(table, "reply line, octets", SMTPC_REPLY_LINE_MAX,
            "RFC 5321 section 4.5.3.1.5");
  add_limit(table, "AUTH line, octets", SMTPC_AUTH_LINE_MAX,
            "RFC 4954 section 4");
  add_limit(table, "local part, octets", SMTPC_LOCAL_PART_MAX,
            "RFC 5321 section 4.5.3.1.1");
  add_limit(table, "domain, octets", SMTPC_DOMAIN_MAX,
            "RFC 5321 section 4.5.3.1.2");
  add_limit(table, "path, octets", SMTPC_PATH_MAX,
            "RFC 5321 section 4.5.3.1.3");
  add_limit(table, "lines of a reply", SMTPC_REPLY_LINES_MAX, "");
  add_limit(table, "message, octets (--max-size)", server.size_max,
            "RFC 1870 section 3");
  add_limit(table, "recipients (--max-recipients)", server.rcpt_max,
            "RFC 5321 section 4.5.3.1.8");
  add_limit(table, "refused commands of a session", server.errors_max,
            "RFC 5321 section 4.3.2");
  add_limit(table, "commands without mail of a session", server.junk_max,
            "RFC 5321 section 4.3.2");
  add_limit(table, "failed logins of a session", server.auth_max,
            "RFC 4954 section 4");
  add_limit(table, "commands that a client sends ahead", client.group_max,
            "RFC 2920 section 3.1");
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
    {"parameters", "Parameters of MAIL and RCPT", parameters},
    {"extensions", "Extensions", extensions},
    {"mechanisms", "Mechanisms of AUTH", mechanisms},
    {"replies", "Replies of a receiving session", replies},
    {"quirks", "Quirks: deviations that --quirk tolerates", quirks},
    {"findings", "Findings", findings},
    {"devices", "Device statuses and codes", devices},
    {"deadlines", "Deadlines (--deadline NAME=SECONDS)", deadlines},
    {"limits", "Limits", limits}};

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
