#!/usr/bin/python3
"""Tests fuzz/tools/mutation.py on a small source, and that each mutant that is listed as
equivalent still is a mutant of the core."""

import collections
import json
import os
import sys
import tempfile
import unittest

sys.path.insert(0, "fuzz/tools")
import make  # pylint: disable=wrong-import-position
import mutants  # pylint: disable=wrong-import-position
import mutation  # pylint: disable=wrong-import-position

SAMPLE = """#include "x.h"
// a == b && c in a comment
/* x < 1; call(); */
#define LIMIT 8u
#define IN_DIRECTIVE(x) ((x) == 2)
enum { RED = 1 + 2, GREEN, BLUE };
typedef struct pair {
  int left;
} pair;
_Static_assert(1 + 1 == 2, "a == b");
static const int table[2][2] = {
    {RED, GREEN}, {7, GREEN}};

static bool holds(const int *data, int len) {
  const char *text = "a == b; call();";
  int sum = 0;
  _Static_assert(sizeof(int) >= 2, "x");
  if (len <= 3 || text[0] == 'x') {
    sum = len + 1;
    note(data);
  }
  while (!done(sum)) {
    sum += 2;
    break;
  }
  return sum > 4 && len != 0;
}

static smtpc_status state(int len) {
  if (len == 0x10) return SMTPC_E_ARGUMENT;
  return SMTPC_OK;
}

int colour(int *at) {
  const pair *other = (const pair *)at;
  *at = -1;
  return other->left ? GREEN : (int)*at;
}

static const char *name(void) { return "name"; }
"""


class Mutation(unittest.TestCase):
    def setUp(self):
        self.all = mutation.mutants_of("core/x.c", SAMPLE)

    def has(self, kind, before, after, function=None):
        found = [m for m in self.all if m.kind == kind and before in m.before
                 and after in m.after and function in (None, m.function)]
        self.assertTrue(found, (kind, before, after))

    def test_each_kind_is_made(self):
        self.assertEqual(set(mutation.KINDS), {m.kind for m in self.all})

    def test_operators(self):
        self.has("comparison", "len <= 3", "len > 3", "holds")
        self.has("comparison", "len != 0", "len == 0", "holds")
        self.has("boundary", "len <= 3", "len < 3", "holds")
        self.has("logical", "||", "&&", "holds")
        self.has("logical", "!done(sum)", "while (done(sum))", "holds")
        self.has("condition", "if (len <= 3 ||", "if (!(len <= 3 ||", "holds")
        self.has("arithmetic", "len + 1", "len - 1", "holds")
        self.has("arithmetic", "sum += 2", "sum -= 2", "holds")

    def test_a_condition_that_its_comparison_negates(self):
        self.assertFalse([m for m in self.all if m.kind == "condition"
                          and "len == 0x10" in m.before])

    def test_numbers_and_constants(self):
        self.has("number", "len <= 3", "len <= 4")
        self.has("number", "len <= 3", "len <= 2")
        self.has("number", "0x10", "0x11", "state")
        self.has("number", "LIMIT 8u", "LIMIT 9u")
        self.has("constant", "SMTPC_E_ARGUMENT", "SMTPC_E_STATE", "state")
        self.has("constant", "GREEN :", "BLUE :", "colour")
        self.assertFalse([m for m in self.all if "-1;" in m.before + m.after
                          and m.kind == "number" and "--" in m.after])

    def test_statements(self):
        self.has("statement", "note(data);", ";", "holds")
        self.has("statement", "sum = len + 1;", ";", "holds")
        self.has("statement", "break;", ";", "holds")
        self.has("statement", "*at = -1;", ";", "colour")
        self.assertFalse([m for m in self.all if m.kind == "statement"
                          and ("const" in m.before or "int sum" in m.before)])

    def test_tables(self):
        self.has("cell", "{RED, GREEN}", "{GREEN, RED}", "table")
        self.has("cell", "{RED, GREEN}, {7, GREEN}", "{7, GREEN}, {RED, GREEN}", "table")
        self.has("number", "{7, GREEN}", "{8, GREEN}", "table")

    def test_results(self):
        self.has("result", "return sum > 4", "return !(sum > 4 && len != 0)", "holds")
        self.has("result", "return SMTPC_E_ARGUMENT", "return SMTPC_OK", "state")
        self.has("result", "return other", "return 0;", "colour")
        self.assertFalse([m for m in self.all if m.function == "name"])

    def test_what_is_left_alone(self):
        for mutant in self.all:
            changed = mutation.apply(SAMPLE, mutant)
            for kept in ("// a == b && c in a comment", "/* x < 1; call(); */", "(x) == 2",
                         'return "name"', "1 + 1 == 2", "sizeof(int) >= 2", "RED = 1 + 2",
                         '"a == b; call();"', "(const pair *)at", "const int *data"):
                self.assertIn(kept, changed)

    def test_lines_stay(self):
        for mutant in self.all:
            changed = mutation.apply(SAMPLE, mutant)
            self.assertNotEqual(SAMPLE, changed)
            self.assertEqual(SAMPLE.count("\n"), changed.count("\n"), mutant)

    def test_names_are_unique(self):
        counts = collections.Counter(mutants.key_of(mutant) for mutant in self.all)
        self.assertEqual(1, max(counts.values()))

    def test_one_mutant_of_the_core_compiles(self):
        text = make.text_of("core/line.c", {})
        found = mutation.mutants_of("core/line.c", text, mutants.known_types())
        self.assertGreater(len(found), 200)
        text = mutation.apply(text, found[len(found) // 2])
        self.assertTrue(os.path.exists(make.compile_one("core/line.c", "clang-19", [], {},
                                                        {"core/line.c": text})))


class Report(unittest.TestCase):
    rows = [
        {"outcome": "killed", "kind_of_killer": "target", "killer": "line", "how": "MODEL"},
        {"outcome": "killed", "kind_of_killer": "target", "killer": "line", "how": "timeout"},
        {"outcome": "killed", "kind_of_killer": "unit test", "killer": "line", "how": "status 1"},
        {"outcome": "survived"}, {"outcome": "invalid"}, {"outcome": "same"},
    ]

    def full(self):
        return [{"file": "core/x.c", "line": 1, "function": "f", "kind": "number",
                 "before": "`a`", "after": "b", **row} for row in self.rows]

    def test_score(self):
        self.assertEqual({"mutants": 4, "killed": 2, "timeout": 1, "unit test": 1,
                          "survived": 1, "invalid": 1, "same": 1, "score": 50.0},
                         mutants.score_of(self.rows))
        self.assertIsNone(mutants.score_of([])["score"])

    def test_report(self):
        summary = mutants.summary_of(self.full(), 3)
        self.assertEqual({"MODEL": 1, "timeout": 1}, summary["how"])
        self.assertEqual(2, len(summary["survivors"]))
        text = mutants.markdown(summary)
        self.assertIn("| core/x.c | 4 | 2 | 1 | 1 | 1 | 50.0 % |", text)
        self.assertIn("3 listed as equivalent", text)

    def test_sample(self):
        found = mutation.mutants_of("core/x.c", SAMPLE)
        other = [mutant._replace(path="core/y.c") for mutant in found[:3]]
        picked = mutants.sample_of(found + other, 10, 7)
        self.assertEqual(10, len(picked))
        self.assertEqual(picked, mutants.sample_of(found + other, 10, 7))
        self.assertIn("core/y.c", {mutant.path for mutant in picked})
        self.assertEqual(len(found), len(mutants.sample_of(found, 0, 1)))

    def test_likely_targets(self):
        known = set(make.targets())
        for stem, names in mutants.LIKELY.items():
            self.assertIn("core/%s.c" % stem, mutants.sources())
            self.assertLessEqual(set(names), known)


class Survivors(unittest.TestCase):
    def test_list_is_read(self):
        row = {"file": "core/x.c", "function": "f", "before": "a", "after": "b",
               "reason": "why"}
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump({"equivalent": [row]}, file)
            file.flush()
            self.assertEqual({("core/x.c", "f", "a", "b", 0): "why"},
                             mutants.survivors(file.name))

    def test_listed_mutants_are_mutants(self):
        types = mutants.known_types()
        found = {mutants.key_of(mutant) for path in mutants.sources()
                 for mutant in mutation.mutants_of(path, make.text_of(path, {}), types)}
        for key, reason in mutants.survivors().items():
            self.assertTrue(key in found, "no such mutant, take it off: %s" % (key,))
            self.assertTrue(reason)


if __name__ == "__main__":
    program = unittest.main(exit=False, verbosity=0)
    failed = len(program.result.failures) + len(program.result.errors)
    print("%d passed, %d failed" % (program.result.testsRun - failed, failed))
    sys.exit(1 if failed else 0)
