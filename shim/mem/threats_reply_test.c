// THREATS section 9, RPL-01 to RPL-05: replies that are none, and replies that nobody
// waits for. One test for each row, named after it. Each bad reply is given in every
// place where the client awaits one, whole and in pieces.

#include <stdlib.h>
#include <string.h>

#include "shim/mem/reply_scene_testing.h"

// --------------------------------------------------------------- the rows

static void test_rpl_01_mismatched_codes(void **state) {
  (void)state;
  static const wire wires[] = {
      {WIRE("250-a\r\n550 b\r\n"), 0u, NULL},
      {WIRE("250-a\r\n250b\r\n"), 0u, NULL},
      {WIRE("250-a\r\n-b\r\n"), 0u, NULL},
      {WIRE("250-a\r\n\r\n250 b\r\n"), 9u, NULL},
      {WIRE("550-a\r\n250 b\r\n"), 0u, NULL},
      {WIRE("250-a\r\n250-b\r\n251 c\r\n"), 0u, NULL},
      {WIRE("220-a\r\n354 b\r\n"), 0u, NULL},
      {WIRE("421-a\r\n250 b\r\n"), 0u, NULL},
      {WIRE("250-a\r\n421 b\r\n"), 0u, NULL},
  };
  scene_all_malformed(wires, DIALOGUE_COUNT(wires));
}

static void test_rpl_02_endless_multiline(void **state) {
  (void)state;
  // 512 lines are read, and not one more: with text, and without any.
  for (size_t i = 0u; i < SCENE_COUNT; i++) {
    static const char *const lines[] = {"250-\r\n", "250-x\r\n"};
    for (size_t k = 0u; k < DIALOGUE_COUNT(lines); k++) {
      char *text = scene_repeated(lines[k], 1000u, "");
      const wire w = {text, strlen(text), 513u * strlen(lines[k]), NULL};
      scene_malformed(&scenes[i], &w, 1u);
      free(text);
    }
  }
  char *most = scene_repeated("250-x\r\n", 511u, "250 x\r\n");
  scene_text("MAIL", most, RCPT_OUT);
  free(most);
  // CVE-2020-8794: the last line has no text, and not even a separator.
  scene_text("MAIL", "250-a\r\n250\r\n", RCPT_OUT);
  scene_text("MAIL", "250-\r\n250\r\n", RCPT_OUT);
  scene_text("MAIL", "250-\r\n250 \r\n", RCPT_OUT);
}

static void test_rpl_02_end_within_a_reply(void **state) {
  (void)state;
  static const char *const texts[] = {
      "250-",         "250-a",         "250-a\r", "250-a\r\n",
      "250-a\r\n250", "250-a\r\n250b", "2"};
  for (size_t i = 0u; i < SCENE_COUNT; i++) {
    const scene *s = &scenes[i];
    for (size_t k = 0u; k < DIALOGUE_COUNT(texts); k++) {
      static smtpc_mem_client mem;
      smtpc_octets want = {NULL, 0u, 0u};
      smtpc_input end = smtpc_input_make(SMTPC_IN_END_OF_STREAM);
      end.clean = 1u;
      smtpc_octets_add(&want, s->trace, strlen(s->trace));
      scene_fill(&want,
                 (s->flags & SCENE_QUIT) != 0u
                     ? ". close quit\n"
                     : "! aborted ~\n. close peer aborted\n",
                 scene_octets(s) + strlen(texts[k]), 0u);
      scene_play(&mem, s);
      scene_feed(&mem, texts[k], strlen(texts[k]), 0u);
      smtpc_mem_client_give(&mem, &end);
      test_label("%s: %s", s->label, texts[k]);
      test_octets(mem.trace.data, mem.trace.len, want.data, want.len);
      smtpc_octets_free(&want);
      smtpc_mem_client_free(&mem);
    }
  }
}

static void test_rpl_03_malformed_lines(void **state) {
  (void)state;
  static const wire wires[] = {
      {WIRE("\r\n"), 0u, NULL},
      {WIRE("2\r\n"), 0u, NULL},
      {WIRE("25\r\n"), 0u, NULL},
      {WIRE("250x\r\n"), 0u, NULL},
      {WIRE("250\t x\r\n"), 0u, NULL},
      {WIRE("2500\r\n"), 0u, NULL},
      {WIRE("2500 x\r\n"), 0u, NULL},
      {WIRE("999 x\r\n"), 0u, NULL},
      {WIRE("199 x\r\n"), 0u, NULL},
      {WIRE("600 x\r\n"), 0u, NULL},
      {WIRE("260 x\r\n"), 0u, NULL},
      {WIRE("000 x\r\n"), 0u, NULL},
      {WIRE("25a x\r\n"), 0u, NULL},
      {WIRE("0250 x\r\n"), 0u, NULL},
      {WIRE("+250 x\r\n"), 0u, NULL},
      {WIRE(" 250 x\r\n"), 0u, NULL},
      // Arabic-Indic digits
      {WIRE("\xd9\xa2\xd9\xa5\xd9\xa0 x\r\n"), 0u, NULL},
      {WIRE("-250 x\r\n"), 0u, NULL},
      {WIRE("250\n\r\n"), 0u, "bare-lf"},
      {WIRE("250 x\n250 y\r\n"), 0u, "bare-lf"},
      {WIRE("250 x\r250 y\r\n"), 0u, "bare-cr"},
      {WIRE("250 x\r\r\n"), 0u, "bare-cr"},
      {WIRE("\000250 x\r\n"), 0u, "nul"},
      {WIRE("250\000 x\r\n"), 0u, "nul"},
      {WIRE("250 x\000\r\n"), 0u, "nul"},
      {WIRE("250 \x1b[2J\r\n"), 0u, NULL},
      {WIRE("250 \x7f\r\n"), 0u, NULL},
      {WIRE("250 \xc3\xb6\r\n"), 0u, NULL},
  };
  scene_all_malformed(wires, DIALOGUE_COUNT(wires));
  // Legal: the text may be missing, and the space with it.
  scene_text("MAIL", "250\r\n", RCPT_OUT);
  scene_text("MAIL", "250 \r\n", RCPT_OUT);
  scene_text("MAIL", "250 \tx\r\n", RCPT_OUT);
}

static void test_rpl_03_a_bare_lf_ends_nothing(void **state) {
  (void)state;
  // `250\n` is not a reply, and not a part of one: the client waits for the CRLF.
  for (size_t i = 0u; i < SCENE_COUNT; i++) {
    const smtpc_octets none = {NULL, 0u, 0u};
    scene_run(&scenes[i], "250\n", 4u, 0u, &none, "250 LF");
    scene_run(&scenes[i], "250\n250 x\n", 10u, 0u, &none, "250 LF twice");
  }
}

static size_t line_max(const scene *s) {
  return (s->flags & SCENE_AUTH) != 0u ? SMTPC_LINE_MAX : SMTPC_REPLY_LINE_MAX;
}

static void test_rpl_04_long_lines(void **state) {
  (void)state;
  for (size_t i = 0u; i < SCENE_COUNT; i++) {
    const scene *s = &scenes[i];
    const size_t max = line_max(s);
    // One octet too many; what follows is its tail, not a reply.
    char *text = dialogue_filled("250 ", 'x', max - 5u, "\r\n");
    const wire one = {text, max + 1u, 0u, "line-too-long"};
    scene_malformed(s, &one, 1u);
    free(text);
    text = dialogue_filled("250 ", 'x', max, "250 ok\r\n250 ok\r\n");
    const wire tail = {text, strlen(text), max + 12u, "line-too-long"};
    scene_malformed(s, &tail, 1u);
    free(text);
    // 1 MB, with an end and without.
    text = dialogue_filled("250 ", 'x', 1048576u, "\r\n");
    const wire huge = {text, strlen(text), max + SMTPC_LINE_DISCARD_MAX,
                       "line-endless"};
    scene_malformed(s, &huge, 0u);
    const wire open = {text, strlen(text) - 2u, max + SMTPC_LINE_DISCARD_MAX,
                       "line-endless"};
    scene_malformed(s, &open, 0u);
    free(text);
  }
}

static void test_rpl_04_lines_up_to_the_limit(void **state) {
  (void)state;
  // RFC 5321 section 4.5.3.1.5 bounds them at 512; longer ones are read, up to 1024.
  static const size_t lens[] = {511u, 512u, 513u, 1023u, 1024u};
  for (size_t i = 0u; i < DIALOGUE_COUNT(lens); i++) {
    char *text = dialogue_filled("250 ", 'x', lens[i] - 6u, "\r\n");
    scene_text("MAIL", text, RCPT_OUT);
    free(text);
    text = dialogue_filled("250-x\r\n250 ", 'x', lens[i] - 6u, "\r\n");
    scene_text("MAIL", text, RCPT_OUT);
    free(text);
  }
  // A CR as the last octet that fits is no end by itself.
  char *text = dialogue_filled("250 ", 'x', 1018u, "\rx\r\n");
  scene_text("MAIL", text,
             "! bare-cr ~\n! reply-malformed ~\n"
             ". close protocol reply-malformed\n");
  free(text);
  text = dialogue_filled("250 ", 'x', 1019u, "\r\n");
  scene_text("MAIL", text,
             "! line-too-long ~\n! reply-malformed ~\n"
             ". close protocol reply-malformed\n");
  free(text);
}

#define PIPELINED "MAIL, RCPT and DATA ahead"

static void test_rpl_05_one_reply_for_each_command(void **state) {
  (void)state;
  // Too many, each in the octets of the last one that is owed: RIT-05, RIT-06.
  scene_text("greeting", "220 mx\r\n250 mx\r\n",
             "! reply-unsolicited ~\n. close protocol reply-unsolicited\n");
  scene_text("EHLO", "250 mx\r\n250 ok\r\n",
             "! reply-unsolicited ~\n. close protocol reply-unsolicited\n");
  scene_text("MAIL", "250 ok\r\n250 ok\r\n",
             "! reply-unsolicited ~\n. close protocol reply-unsolicited\n");
  scene_text("AUTH", "235 ok\r\n250 ok\r\n",
             "! reply-unsolicited ~\n. close protocol reply-unsolicited\n");
  scene_text("end of data", "250 ok\r\n221 bye\r\n",
             "M: 250\n! reply-unsolicited ~\n"
             ". close protocol reply-unsolicited\n");
  scene_text(PIPELINED, "250 ok\r\n250 ok\r\n354 go\r\n250 done\r\n",
             "R: 0 250\n! reply-unsolicited ~\n"
             ". close protocol reply-unsolicited\n");
  // A part of one is one too many already.
  scene_text("MAIL", "250 ok\r\n2", "");
  // nodemailer 2026: a blank line is no reply and takes no command's place.
  scene_text(PIPELINED, "250 ok\r\n\r\n",
             "! reply-malformed ~\n. close protocol reply-malformed\n");
  scene_text(PIPELINED, "250 ok\r\n \r\n",
             "! reply-malformed ~\n. close protocol reply-malformed\n");
  // An incomplete reply is not dropped: it is the RCPT's, and then DATA's is awaited.
  scene_text(PIPELINED, "250 ok\r\n250-a\r\n250-b\r\n250 c\r\n", "R: 0 250\n");
}

static void test_rpl_05_a_421_may_come_anywhere(void **state) {
  (void)state;
  static const wire wires[] = {{WIRE("421 down\r\n"), 0u, NULL},
                               {WIRE("421\r\n"), 0u, NULL},
                               {WIRE("421-a\r\n421 4.3.2 b\r\n"), 0u, NULL}};
  for (size_t i = 0u; i < SCENE_COUNT; i++) {
    const scene *s = &scenes[i];
    for (size_t k = 0u; k < DIALOGUE_COUNT(wires); k++) {
      smtpc_octets rest = {NULL, 0u, 0u};
      scene_fill(&rest,
                 (s->flags & SCENE_QUIT) != 0u
                     ? ". close quit\n"
                     : "! service-refused ~\n"
                       ". close service service-refused\n",
                 scene_octets(s) + wires[k].len, 0u);
      for (size_t cut = 0u; cut <= TEST_CUT_MAX; cut++) {
        scene_run(s, wires[k].octets, wires[k].len, cut, &rest, "421");
      }
      smtpc_octets_free(&rest);
    }
  }
  // In the middle of a group, after a part of it was answered.
  scene_text(PIPELINED, "250 ok\r\n421 down\r\n",
             "! service-refused ~\n. close service service-refused\n");
  scene_text(PIPELINED, "250 ok\r\n250 ok\r\n421 down\r\n",
             "R: 0 250\n! service-refused ~\n"
             ". close service service-refused\n");
  // Unasked, with the last reply that is owed.
  scene_text("EHLO", "250 mx\r\n421 down\r\n",
             "! service-refused ~\n. close service service-refused\n");
  scene_text("end of data", "250 ok\r\n421 down\r\n",
             "M: 250\n! service-refused ~\n. close service service-refused\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rpl_01_mismatched_codes),
      cmocka_unit_test(test_rpl_02_endless_multiline),
      cmocka_unit_test(test_rpl_02_end_within_a_reply),
      cmocka_unit_test(test_rpl_03_malformed_lines),
      cmocka_unit_test(test_rpl_03_a_bare_lf_ends_nothing),
      cmocka_unit_test(test_rpl_04_long_lines),
      cmocka_unit_test(test_rpl_04_lines_up_to_the_limit),
      cmocka_unit_test(test_rpl_05_one_reply_for_each_command),
      cmocka_unit_test(test_rpl_05_a_421_may_come_anywhere),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
