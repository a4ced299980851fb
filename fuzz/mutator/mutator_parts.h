// Mutator parts: what the source files of the mutator share among themselves.
#ifndef SMTPCORE_FUZZ_MUTATOR_MUTATOR_PARTS_H
#define SMTPCORE_FUZZ_MUTATOR_MUTATOR_PARTS_H

#include <stddef.h>
#include <stdint.h>

#include "fuzz/harness/choice.h"
#include "fuzz/mutator/mutator.h"

// ------------------------------------------------------------------------ text

// fuzz_text is octets in a buffer of a fixed size. What does not fit is left out.
typedef struct fuzz_text {
  uint8_t *data;
  size_t len;
  size_t cap;
} fuzz_text;

// fuzz_text_add appends octets, fuzz_text_say a text, fuzz_text_number a decimal number,
// fuzz_text_fill one octet `count` times.
void fuzz_text_add(fuzz_text *text, const void *data, size_t len);
void fuzz_text_say(fuzz_text *text, const char *words);
void fuzz_text_number(fuzz_text *text, uint64_t number);
void fuzz_text_fill(fuzz_text *text, uint8_t octet, size_t count);

// fuzz_text_replace puts `data[0 .. len)`, which lies elsewhere, in the place of the
// octets [from, to). It changes nothing when that does not fit.
void fuzz_text_replace(fuzz_text *text, size_t from, size_t to,
                       const void *data, size_t len);

// fuzz_moved notes that a move was made.
void fuzz_moved(fuzz_move move);

// fuzz_pick returns a number of 0 to `count` - 1; 0 when `count` is 0.
size_t fuzz_pick(fuzz_choice *choice, size_t count);

// fuzz_one_in returns 1 once in `count` times.
int fuzz_one_in(fuzz_choice *choice, uint32_t count);

// fuzz_number returns a number that code may take wrongly: a boundary, a limit of the
// registry, one beside it, one bit; or `old` with a small change.
uint64_t fuzz_number(fuzz_choice *choice, uint64_t old);

// --------------------------------------------------------------------- grammar

// fuzz_role is who speaks.
typedef enum fuzz_role { FUZZ_ROLE_CLIENT = 0, FUZZ_ROLE_SERVER = 1 } fuzz_role;

// The first two append one well-formed line without its CRLF: of a command (with every
// extension in force), and of a reply.
void fuzz_grammar_command(fuzz_text *out, fuzz_choice *choice);
void fuzz_grammar_reply(fuzz_text *out, fuzz_choice *choice);

// fuzz_grammar_verb appends a well-formed line of one verb (an smtpc_verb).
void fuzz_grammar_verb(fuzz_text *out, fuzz_choice *choice, unsigned verb);

// fuzz_grammar_code appends a line of one reply (an smtpc_reply_id), with CRLF.
void fuzz_grammar_code(fuzz_text *out, unsigned id);

// fuzz_grammar_ehlo appends a whole reply to EHLO, with CRLFs.
void fuzz_grammar_ehlo(fuzz_text *out, fuzz_choice *choice);

// fuzz_grammar_sasl appends a line of an exchange of AUTH, without CRLF: a response, or
// with FUZZ_ROLE_SERVER a challenge with its code.
void fuzz_grammar_sasl(fuzz_text *out, fuzz_choice *choice, fuzz_role role);

// fuzz_grammar_path appends a path with its brackets.
void fuzz_grammar_path(fuzz_text *out, fuzz_choice *choice);

// fuzz_grammar_mailbox appends a mailbox, fuzz_grammar_domain a domain.
void fuzz_grammar_mailbox(fuzz_text *out, fuzz_choice *choice);
void fuzz_grammar_domain(fuzz_text *out, fuzz_choice *choice);

// fuzz_grammar_param appends a space and a parameter (an smtpc_param) with a value.
void fuzz_grammar_param(fuzz_text *out, fuzz_choice *choice, unsigned id);

// fuzz_grammar_extension appends what follows the separator in a line of an EHLO reply.
void fuzz_grammar_extension(fuzz_text *out, fuzz_choice *choice, unsigned id);

// fuzz_grammar_attribute appends an attribute of XCLIENT or XFORWARD with a value.
void fuzz_grammar_attribute(fuzz_text *out, fuzz_choice *choice, unsigned id);

// fuzz_grammar_content appends lines of content with CRLFs, without an end of data.
void fuzz_grammar_content(fuzz_text *out, fuzz_choice *choice);

// fuzz_grammar_base64 appends base64 of octets.
void fuzz_grammar_base64(fuzz_text *out, const uint8_t *data, size_t len);

// fuzz_grammar_token appends a token without a line's end: a path, a parameter, a domain,
// base64, an attribute, a header of a proxy.
void fuzz_grammar_token(fuzz_text *out, fuzz_choice *choice);

// fuzz_grammar_turn appends what a role says in one go, with its line ends: a command
// with the content, chunk or responses that go with it; a reply of one or more lines.
// Now and then a line of it is broken in one place.
void fuzz_grammar_turn(fuzz_text *out, fuzz_choice *choice, fuzz_role role);

// fuzz_grammar_plant breaks the line [from, text->len) in one place.
void fuzz_grammar_plant(fuzz_text *text, size_t from, fuzz_choice *choice);

// ----------------------------------------------------------------------- moves

// fuzz_lines_mutate makes a move on lines of `kind`.
void fuzz_lines_mutate(fuzz_text *text, fuzz_choice *choice, unsigned kind);

// fuzz_octets_mutate makes a move that knows of no lines, and fuzz_dots_mutate one on dots
// and ends of data.
void fuzz_octets_mutate(fuzz_text *text, fuzz_choice *choice);
void fuzz_dots_mutate(fuzz_text *text, fuzz_choice *choice);

// fuzz_lines_cross makes `out` of the first lines of `a` and the last ones of `b`.
void fuzz_lines_cross(const fuzz_text *a, const fuzz_text *b, fuzz_text *out,
                      fuzz_choice *choice);

// The same for octets of a TLS peer; fuzz_wire_payload lets `engine` change what one TLS
// record has, or, where there is none and now and then elsewhere, all.
void fuzz_wire_mutate(fuzz_text *text, fuzz_choice *choice);
void fuzz_wire_payload(fuzz_text *text, fuzz_choice *choice,
                       fuzz_octets_fn engine);
void fuzz_wire_cross(const fuzz_text *a, const fuzz_text *b, fuzz_text *out,
                     fuzz_choice *choice);

// The same for scripts, on their encoding; kinds and sizes are those of mutator.h.
size_t fuzz_script_mutate(unsigned kind, uint8_t *data, size_t size,
                          size_t max_size, fuzz_choice *choice);
size_t fuzz_script_payload(unsigned kind, uint8_t *data, size_t size,
                           size_t max_size, fuzz_choice *choice,
                           fuzz_octets_fn engine);
size_t fuzz_script_cross(unsigned kind, const uint8_t *a, size_t a_size,
                         const uint8_t *b, size_t b_size, uint8_t *out,
                         size_t max, fuzz_choice *choice);

#endif  // SMTPCORE_FUZZ_MUTATOR_MUTATOR_PARTS_H
