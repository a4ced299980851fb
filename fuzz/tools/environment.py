#!/usr/bin/python3
"""Says what on this machine would spoil a fuzz run, each with its exact mend.

    environment.py              prints what is wrong; exits with 1 if a run cannot work

`problems(look)` does the same for a machine that `look` describes, which is how it is
tested.
"""

import os
import shutil
import sys


class Machine:
    """What there is to know of a machine."""

    def read(self, path):
        """Returns a file's text without its last line end, or None."""
        try:
            with open(path, encoding="utf-8") as file:
                return file.read().rstrip("\n")
        except OSError:
            return None

    def variable(self, name):
        return os.environ.get(name)

    def program(self, name):
        return shutil.which(name) is not None

    def cores(self):
        return len(os.sched_getaffinity(0))

    def free_memory(self):
        """Returns MiB that can be had, or None."""
        for line in (self.read("/proc/meminfo") or "").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) // 1024
        return None


def missing_programs(look, engines):
    wanted = {"clang-19": "libFuzzer", "llvm-ar-19": "every build"}
    if "afl" in engines:
        wanted.update({"afl-fuzz": "AFL++", "afl-clang-fast": "AFL++'s cmplog"})
    return [(True, "%s is not there, which %s needs" % (name, why), "bazel/install")
            for name, why in sorted(wanted.items()) if not look.program(name)]


def kernel(look):
    found = []
    bits = look.read("/proc/sys/vm/mmap_rnd_bits")
    if bits and bits.isdigit() and int(bits) > 30:
        found.append((False, "vm.mmap_rnd_bits is %s: sanitizers may fail to start" % bits,
                      "sysctl -w vm.mmap_rnd_bits=28"))
    pattern = look.read("/proc/sys/kernel/core_pattern")
    if pattern and pattern.startswith("|"):
        found.append((False, "core_pattern is a pipe: AFL++ sees crashes late",
                      "echo core >/proc/sys/kernel/core_pattern"))
    governor = look.read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
    if governor and governor not in ("performance", "schedutil"):
        found.append((False, "the processor's governor is %s: figures will vary" % governor,
                      "echo performance | tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor"))
    return found


def variables(look):
    found = []
    for name in ["ASAN_OPTIONS", "UBSAN_OPTIONS", "MSAN_OPTIONS", "LSAN_OPTIONS"]:
        value = look.variable(name)
        if value is not None:
            found.append((name == "ASAN_OPTIONS" and "abort_on_error=1" not in value,
                          "%s is set (%s): it overrides what the engines need" % (name, value),
                          "unset %s" % name))
    return found


def resources(look, jobs):
    found = []
    cores = look.cores()
    if jobs > cores:
        found.append((False, "%d jobs on %d cores: they only slow each other" % (jobs, cores),
                      "--jobs %d" % cores))
    memory = look.free_memory()
    if memory is not None and memory < 600 * jobs:
        found.append((False, "%d MiB of memory are free, and a job may want 600" % memory,
                      "--jobs %d" % max(1, memory // 600)))
    return found


def problems(look, engines=("libfuzzer", "afl"), jobs=1):
    """Returns a list of (fatal, what is wrong, what mends it)."""
    return (missing_programs(look, engines) + kernel(look) + variables(look) +
            resources(look, jobs))


def tell(look, engines, jobs, out=sys.stderr):
    """Prints the problems and returns whether a run can work."""
    found = problems(look, engines, jobs)
    for fatal, what, mend in found:
        print("%s: %s\n  mend: %s" % ("stop" if fatal else "note", what, mend), file=out)
    return not any(fatal for fatal, _, _ in found)


if __name__ == "__main__":
    machine = Machine()
    sys.exit(0 if tell(machine, ("libfuzzer", "afl"), machine.cores()) else 1)
