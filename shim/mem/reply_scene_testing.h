// Reply scene testing: every place where a client awaits a reply, and what must come of
// each code there. A test gives its octets in a scene and says what comes of them.
#ifndef SMTPCORE_SHIM_MEM_REPLY_SCENE_TESTING_H
#define SMTPCORE_SHIM_MEM_REPLY_SCENE_TESTING_H

#include "shim/mem/dialogue_testing.h"

#define EHLO_OUT "C: EHLO localhost\n"
#define MAIL_OUT "C: MAIL FROM:<s@a.example>\n"
#define RCPT_OUT "C: RCPT TO:<r@b.example>\n"
#define UNEXPECTED "! reply-unexpected ~\n. close protocol reply-unexpected\n"

#define GROUP_MAIL EHLO_OUT MAIL_OUT
#define GROUP_RCPT GROUP_MAIL RCPT_OUT
#define GROUP_DATA GROUP_RCPT "R: 0 250\nC: DATA\n"
#define SERVICE "! service-refused ~\nC: QUIT\n"

#define SCENE_TLS 1u       // TLS when it is offered
#define SCENE_REQUIRED 2u  // TLS or nothing
#define SCENE_AUTH 4u
#define SCENE_BDAT 8u
#define SCENE_QUIT 16u  // QUIT was said: what is decided stands

// scene is a place where the client awaits a reply: the turns that lead there and
// their trace. Then the table of RPL-06: up to three codes that go on and what comes
// of them, what comes of the other 4yz and 5yz, and of all others. In these `~` stands
// for the offset and `$` for the code.
typedef struct scene {
  const char *label;
  const char *turns[6];
  const char *trace;
  unsigned flags;
  unsigned good[3];
  const char *on_good;
  const char *on_4yz;
  const char *on_5yz;
  const char *on_other;
} scene;

#define SCENE_COUNT 17u

extern const scene scenes[SCENE_COUNT];

// scene_named returns the scene of that label.
const scene *scene_named(const char *label);

// scene_policy returns the policy of `s`.
smtpc_client_policy scene_policy(const scene *s);

// scene_octets returns how many octets lead to `s`.
size_t scene_octets(const scene *s);

// scene_message returns a message to one recipient.
const smtpc_mem_message *scene_message(void);

// scene_feed gives octets in clear.
void scene_feed(smtpc_mem_client *mem, const char *text, size_t len,
                size_t cut);

// scene_play begins a session, whatever `mem` held, and leads it to `s`.
void scene_play(smtpc_mem_client *mem, const scene *s);

// scene_fill appends `text` with "@" and `at` for `~`, and `code` for `$`.
void scene_fill(smtpc_octets *out, const char *text, size_t at, unsigned code);

// scene_run gives `octets` in `s` and wants the scene's trace and then `rest`.
void scene_run(const scene *s, const char *octets, size_t len, size_t cut,
               const smtpc_octets *rest, const char *label);

// scene_text gives `text`, whole, in the scene of that label and wants `rest`, filled.
void scene_text(const char *label, const char *text, const char *rest);

// wire is what a server says, NUL perhaps in it; `judged` octets of it are looked at
// (0: all); it leaves `finding` besides reply-malformed.
typedef struct wire {
  const char *octets;
  size_t len;
  size_t judged;
  const char *finding;
} wire;

#define WIRE(text) text, sizeof(text) - 1u

// scene_malformed gives `w` in `s`, whole and in pieces of up to `cut_max`, and wants
// the end that a malformed reply has.
void scene_malformed(const scene *s, const wire *w, size_t cut_max);

// scene_all_malformed does so for all of `wires` in all scenes.
void scene_all_malformed(const wire *wires, size_t count);

// scene_repeated returns `count` times `line`, and `last`, which the caller frees.
char *scene_repeated(const char *line, size_t count, const char *last);

#endif  // SMTPCORE_SHIM_MEM_REPLY_SCENE_TESTING_H
