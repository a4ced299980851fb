#!/usr/bin/python3
"""Each thing that environment.py looks for, on a machine made up to have it."""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
import environment  # pylint: disable=wrong-import-position


class Fake:
    """A machine where nothing is wrong but what a test says."""

    def __init__(self, files=(), variables=(), programs=None, cores=4, memory=9000):
        self.files = dict(files)
        self.variables = dict(variables)
        self.programs = programs
        self.core_count = cores
        self.memory = memory

    def read(self, path):
        return self.files.get(path)

    def variable(self, name):
        return self.variables.get(name)

    def program(self, name):
        return self.programs is None or name in self.programs

    def cores(self):
        return self.core_count

    def free_memory(self):
        return self.memory


class Environment(unittest.TestCase):
    def one(self, look, word, mend, fatal, **how):
        found = environment.problems(look, **how)
        self.assertEqual(1, len(found), found)
        self.assertEqual(fatal, found[0][0])
        self.assertIn(word, found[0][1])
        self.assertEqual(mend, found[0][2])

    def test_good_machine(self):
        self.assertEqual([], environment.problems(Fake()))

    def test_mmap_rnd_bits(self):
        self.one(Fake({"/proc/sys/vm/mmap_rnd_bits": "32"}), "mmap_rnd_bits",
                 "sysctl -w vm.mmap_rnd_bits=28", False)
        self.assertEqual([], environment.problems(Fake({"/proc/sys/vm/mmap_rnd_bits": "28"})))

    def test_core_pattern(self):
        self.one(Fake({"/proc/sys/kernel/core_pattern": "|/usr/bin/apport %p"}),
                 "core_pattern", "echo core >/proc/sys/kernel/core_pattern", False)
        self.assertEqual([], environment.problems(Fake({"/proc/sys/kernel/core_pattern": "core"})))

    def test_governor(self):
        self.one(Fake({"/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "powersave"}),
                 "powersave", "echo performance | tee "
                 "/sys/devices/system/cpu/cpu*/cpufreq/scaling_governor", False)

    def test_sanitizer_options(self):
        self.one(Fake(variables={"ASAN_OPTIONS": "symbolize=0"}), "ASAN_OPTIONS",
                 "unset ASAN_OPTIONS", True)
        self.one(Fake(variables={"UBSAN_OPTIONS": "x=1"}), "UBSAN_OPTIONS",
                 "unset UBSAN_OPTIONS", False)

    def test_programs(self):
        have = {"clang-19", "llvm-ar-19", "afl-clang-fast"}
        self.one(Fake(programs=have), "afl-fuzz", "bazel/install", True)
        self.assertEqual([], environment.problems(Fake(programs=have), ("libfuzzer",)))

    def test_jobs(self):
        self.one(Fake(cores=2), "2 cores", "--jobs 2", False, jobs=3)
        self.one(Fake(memory=1300), "1300 MiB", "--jobs 2", False, jobs=4)


if __name__ == "__main__":
    program = unittest.main(exit=False, verbosity=0)
    failed = len(program.result.failures) + len(program.result.errors)
    print("%d passed, %d failed" % (program.result.testsRun - failed, failed))
    sys.exit(1 if failed else 0)
