#!/usr/bin/python3
"""What the tools read out of an engine's output, and who runs when in a campaign."""

import argparse
import collections
import os
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
import archive  # pylint: disable=wrong-import-position
import campaign  # pylint: disable=wrong-import-position
import dictionary_check  # pylint: disable=wrong-import-position
import engines  # pylint: disable=wrong-import-position
import make  # pylint: disable=wrong-import-position


class Verdict(unittest.TestCase):
    def test_law(self):
        self.assertEqual(
            ("EPOCH", "a line of another channel (world.c:12)"),
            engines.verdict("x\nsmtpcore-fuzz: law EPOCH is broken: a line of another "
                            "channel (world.c:12)\n==1== ERROR: libFuzzer: deadly signal\n"))

    def test_sanitizers(self):
        self.assertEqual(("AddressSanitizer", "heap-buffer-overflow"),
                         engines.verdict("==7==ERROR: AddressSanitizer: heap-buffer-overflow on"))
        self.assertEqual(("libFuzzer", "timeout"),
                         engines.verdict("==7== ERROR: libFuzzer: timeout after 10 seconds"))
        self.assertEqual("UndefinedBehaviorSanitizer",
                         engines.verdict("core/a.c:1:2: runtime error: shift\n")[0])

    def test_nothing(self):
        self.assertEqual((None, ""), engines.verdict("44 passed, 0 failed\n"))


class Cache(unittest.TestCase):
    def left(self, most, age):
        """Files of three octets, used 1, 2 and 3 hours ago: which are left?"""
        with tempfile.TemporaryDirectory() as folder:
            os.mkdir(os.path.join(folder, "in"))
            for hours in 1, 2, 3:
                path = os.path.join(folder, "in", str(hours))
                with open(path, "w", encoding="utf-8") as file:
                    file.write("abc")
                then = time.time() - hours * 3600
                os.utime(path, (then, then))
            make.prune(folder, most, age)
            return sorted(os.listdir(os.path.join(folder, "in")))

    def test_longest_unused_go_first(self):
        self.assertEqual(["1", "2", "3"], self.left(9, 0))
        self.assertEqual(["1", "2"], self.left(8, 0))
        self.assertEqual(["1", "2"], self.left(6, 0))
        self.assertEqual([], self.left(0, 0))

    def test_what_is_in_use_stays(self):
        self.assertEqual(["1", "2"], self.left(0, 9000))
        self.assertEqual(["1"], self.left(0, 5400))

    def test_asking_is_use(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "one")
            with open(path, "w", encoding="utf-8") as file:
                file.write("abc")
            os.utime(path, (1, 1))
            make.into_place(path, lambda temporary: self.fail("it is there"))
            self.assertGreater(os.stat(path).st_mtime, 1000)


class State(unittest.TestCase):
    def test_libfuzzer(self):
        with tempfile.TemporaryDirectory() as folder:
            run = engines.LibFuzzer("line", folder, None, 1, 1, dictionary=False)
            with open(run.log(), "w", encoding="utf-8") as file:
                file.write("#2\tINITED cov: 12 ft: 13 corp: 1/1b exec/s: 0 rss: 30Mb\n"
                           "#900\tNEW    cov: 120 ft: 131 corp: 7/89b lim: 4 exec/s: 450 rss: 1Mb\n")
            self.assertEqual((900, 120, 450), tuple(run.state()[name] for name in
                                                    ("executions", "edges", "rate")))
            with open(run.log(), "a", encoding="utf-8") as file:
                file.write("stat::number_of_executed_units: 1234\n")
            self.assertEqual(1234, run.state()["executions"])


class Plan(unittest.TestCase):
    def test_everybody_has_a_turn(self):
        args = argparse.Namespace(target=["a", "b"], engines=["libfuzzer", "afl"])
        plan = campaign.Plan(args)
        turns = collections.Counter(plan.next() for _ in range(60))
        for target in args.target:
            self.assertEqual(5, turns[target, "afl", "main"])
            self.assertEqual(5, turns[target, "afl", "cmplog"])
            self.assertEqual(5, turns[target, "afl", "sanitizer"])
            self.assertEqual(3, turns[target, "libfuzzer", "value"])
            self.assertEqual(12, turns[target, "libfuzzer", "main"])


class Files(unittest.TestCase):
    def test_archive_is_the_same_each_time(self):
        with tempfile.TemporaryDirectory() as folder:
            seeds = []
            for name in ("b", "a"):
                seeds.append(os.path.join(folder, name))
                with open(seeds[-1], "w", encoding="utf-8") as file:
                    file.write(name)
            outs = [os.path.join(folder, "1.zip"), os.path.join(folder, "2.zip")]
            archive.seeds("commands", "", outs[0], *seeds)
            archive.seeds("commands", "", outs[1], *reversed(seeds))
            octets = [open(out, "rb").read() for out in outs]
            self.assertEqual(octets[0], octets[1])

    def test_dictionary(self):
        for line in ('"a"', 'x="\\x0d\\x0a"', 'a_b="\\"\\\\"', '"%s"' % ("a" * 128)):
            self.assertEqual("", dictionary_check.problem_of(line), line)
        for line in ('a', '""', '"\\n"', '"a', '"%s"' % ("a" * 129), '"\\x0"', '"a" b'):
            self.assertNotEqual("", dictionary_check.problem_of(line), line)

    def test_each_target_has_a_kind(self):
        for name, facts in make.targets().items():
            self.assertIn(facts["kind"], make.KINDS, name)


if __name__ == "__main__":
    program = unittest.main(exit=False, verbosity=0)
    failed = len(program.result.failures) + len(program.result.errors)
    print("%d passed, %d failed" % (program.result.testsRun - failed, failed))
    sys.exit(1 if failed else 0)
