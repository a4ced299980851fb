// Names: options whose values are names of the registry.
//
// What may be named, and what is said when a name is none, come from the registry
// alone. Names of the protocol (extensions, mechanisms, parameters) are read in any
// case, as the protocol has them.
#ifndef SMTPCORE_NAMES_H
#define SMTPCORE_NAMES_H

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shim/net/net.h"
#include "smtpcore/address.h"
#include "smtpcore/registry.h"

// SMTPC_NAMES_MAX is room for all names of any one list, with commas.
#define SMTPC_NAMES_MAX 1024u

// SMTPC_QUIRKS_SEND and SMTPC_QUIRKS_RECEIVE are the quirks that a client session and
// a server session look at.
#define SMTPC_QUIRKS_SEND                                           \
  ((uint32_t)(SMTPC_QUIRK_AUTH_IN_CLEAR | SMTPC_QUIRK_AUTH_EQUALS | \
              SMTPC_QUIRK_REPLY_8BIT))
#define SMTPC_QUIRKS_RECEIVE    \
  ((uint32_t)(SMTPC_QUIRK_ALL & \
              ~(SMTPC_QUIRK_AUTH_EQUALS | SMTPC_QUIRK_REPLY_8BIT)))

// -------------------------------------------------------------- sets of names

// smtpc_name_quirk reads the name of a quirk, of those in `allowed` (smtpc_quirk
// bits), and adds its bit to `*set`. It returns whether there is one.
bool smtpc_name_quirk(const char *text, uint32_t allowed, uint32_t *set);

// smtpc_name_extension, smtpc_name_parameter and smtpc_name_mechanisms do so for an
// extension, for a parameter, and for mechanisms with commas between them. If one of
// these is none, `*set` is as it was.
bool smtpc_name_extension(const char *text, uint32_t allowed, uint32_t *set);
bool smtpc_name_parameter(const char *text, uint32_t allowed, uint32_t *set);
bool smtpc_name_mechanisms(const char *text, uint64_t allowed, uint64_t *set);

// smtpc_name_deadline reads NAME=SECONDS, 1 to 86400 of them. If it is none,
// `*deadlines` is as it was.
bool smtpc_name_deadline(const char *text, smtpc_net_deadlines *deadlines);

// smtpc_names_quirks and the others write the names that are in `allowed` to `out`,
// with commas, as far as there is room.
void smtpc_names_quirks(uint32_t allowed, char *out, size_t cap);
void smtpc_names_profiles(char *out, size_t cap);
void smtpc_names_extensions(uint32_t allowed, char *out, size_t cap);
void smtpc_names_parameters(uint32_t allowed, char *out, size_t cap);
void smtpc_names_mechanisms(uint64_t allowed, char *out, size_t cap);
void smtpc_names_deadlines(char *out, size_t cap);

// smtpc_names_offer returns the extensions that --offer may add: those that are a
// choice, but for XCLIENT and XFORWARD, which want to know for whom. _no_offer
// returns those that --no-offer may take out.
uint32_t smtpc_names_offer(void);
uint32_t smtpc_names_no_offer(void);

// smtpc_names_drop returns the parameters that a sender may leave out.
uint32_t smtpc_names_drop(void);

// ------------------------------------------------------------- ranges of peers

#define SMTPC_RANGES_MAX 64u

// smtpc_ranges is ranges of peers.
typedef struct smtpc_ranges {
  smtpc_range list[SMTPC_RANGES_MAX];
  size_t count;
} smtpc_ranges;

// smtpc_rules is quirks, for all peers and for some.
typedef struct smtpc_rules {
  smtpc_quirk_rule list[SMTPC_RANGES_MAX];
  size_t count;
  uint32_t always;
} smtpc_rules;

// smtpc_named is how reading went.
typedef enum smtpc_named {
  SMTPC_NAMED_OK = 0,
  SMTPC_NAMED_NAME = 1,   // the name is none
  SMTPC_NAMED_RANGE = 2,  // the range is none
  SMTPC_NAMED_MANY = 3    // there are SMTPC_RANGES_MAX already
} smtpc_named;

// smtpc_ranges_add reads ADDRESS or ADDRESS/PREFIX. On an error nothing is added.
smtpc_named smtpc_ranges_add(smtpc_ranges *ranges, const char *text);

// smtpc_rules_add_quirk and smtpc_rules_add_profile read NAME, for all peers, or
// NAME@ADDRESS/PREFIX, for those of a range. Quirks that are not in `allowed` cannot
// be named; those of a profile are left out.
smtpc_named smtpc_rules_add_quirk(smtpc_rules *rules, const char *text,
                                  uint32_t allowed);
smtpc_named smtpc_rules_add_profile(smtpc_rules *rules, const char *text,
                                    uint32_t allowed);

// smtpc_rules_any returns the quirks that some peer has.
uint32_t smtpc_rules_any(const smtpc_rules *rules);

// --------------------------------------------------------------------- options
//
// Each reads the value of `option`, or says what is wanted and ends the process.

typedef enum smtpc_names_list {
  SMTPC_LIST_EXTENSIONS,
  SMTPC_LIST_PARAMETERS,
  SMTPC_LIST_QUIRKS
} smtpc_names_list;

void smtpc_names_take(const struct argp_state *state, const char *option,
                      const char *text, smtpc_names_list list, uint32_t allowed,
                      uint32_t *set);
void smtpc_names_take_mechanisms(const struct argp_state *state,
                                 const char *option, const char *text,
                                 uint64_t allowed, uint64_t *set);
void smtpc_names_take_deadline(const struct argp_state *state, const char *text,
                               smtpc_net_deadlines *deadlines);
void smtpc_ranges_take(const struct argp_state *state, const char *option,
                       const char *text, smtpc_ranges *ranges);
void smtpc_rules_take_quirk(const struct argp_state *state, const char *text,
                            uint32_t allowed, smtpc_rules *rules);
void smtpc_rules_take_profile(const struct argp_state *state, const char *text,
                              uint32_t allowed, smtpc_rules *rules);

#endif  // SMTPCORE_NAMES_H
