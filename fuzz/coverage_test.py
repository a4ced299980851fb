#!/usr/bin/python3
"""The committed seeds reach what fuzz/coverage_bar.json asks for; and fuzz/tools/coverage.py
says so when they do not."""

import os
import sys
import unittest

sys.path.insert(0, "fuzz/tools")
import coverage  # pylint: disable=wrong-import-position
import make  # pylint: disable=wrong-import-position

TEXT = """int f(int a) {
  if (a > 0 && a < 9) {
    return 1;
  }
  return 0;
}
"""


def entry(**counts):
    """Returns what llvm-cov exports of a file whose lines 3 and 4 never ran."""
    summary = {"lines": (6, 4), "branches": (4, 2), "mcdc": (2, 1)}
    summary.update(counts)
    return {
        "segments": [[1, 14, 4, True, True, False], [2, 23, 0, True, True, False],
                     [4, 4, 4, True, False, False], [6, 2, 0, False, False, False]],
        "branches": [[2, 7, 2, 12, 3, 1, 0, 0, 4], [2, 16, 2, 21, 0, 0, 0, 0, 4]],
        "mcdc_records": [[2, 7, 2, 21, 0, 5, [True, False]]],
        "summary": {name: {"count": count, "covered": covered}
                    for name, (count, covered) in summary.items()},
    }


def bar(*excluded, least=None):
    return {"least": {"core": least or {"lines": 60, "branches": 50, "mcdc": 50}},
            "mcdc_files": ["f*.c"], "excluded": list(excluded)}


def files(**counts):
    return {"core/f.c": coverage.File("core/f.c", entry(**counts), TEXT)}


IF = "if (a > 0 && a < 9) {"


class Check(unittest.TestCase):
    def test_missing(self):
        self.assertEqual([("lines", 3, 1), ("lines", 4, 1), ("branches", 2, 2), ("mcdc", 2, 1)],
                         list(files()["core/f.c"].missing()))

    def test_at_the_bar(self):
        lines, problems, missing = coverage.check(files(), bar())
        self.assertEqual(([], 3, 4), (problems, len(lines), len(missing)))

    def test_below_the_bar(self):
        for measure, counts in (("lines", (6, 3)), ("branches", (4, 1)), ("mcdc", (2, 0))):
            _, problems, _ = coverage.check(files(**{measure: counts}), bar())
            self.assertEqual(1, len(problems), problems)
            self.assertRegex(problems[0], "below the bar: core +" + measure)

    def test_excluded(self):
        row = {"file": "core/f.c", "text": IF, "reason": "x", "missing": {"branches": 2,
                                                                         "mcdc": 1}}
        high = {"lines": 60, "branches": 100, "mcdc": 100}
        self.assertEqual([], coverage.check(files(), bar(row, least=high))[1])

    def test_exclusions_stay_exact(self):
        row = {"file": "core/f.c", "text": IF, "reason": "x", "missing": {"branches": 2}}
        for change, word in (({"text": "if (b) {"}, "not there"), ({"nth": 1}, "not there"),
                             ({"file": "core/g.c"}, "not there"), ({"reason": ""}, "reason"),
                             ({"missing": {"branches": 1}}, "2 are missing"),
                             ({"missing": {"lines": 3}}, "2 are missing")):
            _, problems, _ = coverage.check(files(), bar({**row, **change}))
            self.assertEqual(1, len(problems), problems)
            self.assertIn(word, problems[0])

    def test_excluded_lines_stand_behind_their_condition(self):
        row = {"file": "core/f.c", "text": IF, "reason": "x",
               "missing": {"branches": 2, "mcdc": 1, "lines": 2}}
        high = {"lines": 100, "branches": 100, "mcdc": 100}
        self.assertEqual([], coverage.check(files(), bar(row, least=high))[1])

    def test_other_files_have_no_bar_of_mcdc(self):
        other = {"core/g.c": coverage.File("core/g.c", entry(mcdc=(2, 0)), TEXT)}
        self.assertEqual([], coverage.check({**files(), **other}, bar())[1])


    def test_each_folder_has_its_own_bar(self):
        shim = {"shim/x/f.c": coverage.File("shim/x/f.c", entry(lines=(6, 2)), TEXT)}
        both = bar()
        both["least"]["shim/x"] = {"lines": 30, "branches": 50}
        lines, problems, _ = coverage.check({**files(), **shim}, both)
        self.assertEqual(([], 5), (problems, len(lines)))
        both["least"]["shim/x"]["lines"] = 40
        _, problems, _ = coverage.check({**files(), **shim}, both)
        self.assertEqual(1, len(problems), problems)
        self.assertIn("below the bar: shim/x", problems[0])

    def test_a_folder_without_files_is_below_its_bar(self):
        both = bar()
        both["least"]["shim/x"] = {"lines": 30}
        _, problems, _ = coverage.check(files(), both)
        self.assertEqual(1, len(problems), problems)

    def test_shims_are_measured(self):
        found = {os.path.dirname(path) for path in coverage.measured()}
        self.assertEqual({"core", "shim/boringssl", "shim/stream"}, found)
        self.assertEqual(found, set(coverage.bar_of()["least"]))
        self.assertEqual({"core"}, {os.path.dirname(path) for path in coverage.measured(False)})
        deep = [name for name in make.targets() if make.targets()[name].get("deep")]
        self.assertEqual([], sorted(set(deep) - set(coverage.usable())))


class Seeds(unittest.TestCase):
    def test_bar(self):
        problems = []
        found = coverage.measure(problems)
        lines, below, missing = coverage.check(found, coverage.bar_of())
        print("\n".join(lines))
        if below:
            for (path, kind, line), count in sorted(missing.items()):
                print("missing: %s:%d: %d of %s" % (path, line, count, kind))
        self.assertEqual([], problems + below)


if __name__ == "__main__":
    program = unittest.main(exit=False, verbosity=0)
    failed = len(program.result.failures) + len(program.result.errors)
    print("%d passed, %d failed" % (program.result.testsRun - failed, failed))
    sys.exit(1 if failed else 0)
