#!/usr/bin/python3
"""All tests of the core and of shim/mem on other machines: s390x, whose octets lie in the
other order, by qemu-user, and 32-bit x86, whose size_t is 32 bits."""

import concurrent.futures
import glob
import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__))))
import build  # pylint: disable=wrong-import-position

OPTIONS = build.WARNINGS + ["-Iembed/cmocka"]


def sources():
    """Returns (tests, what all of them are linked with)."""
    tests = sorted(glob.glob("core/*_test.c") + glob.glob("shim/mem/*_test.c"))
    shared = set(build.core_sources()) | set(glob.glob("core/model/*.c"))
    shared |= set(glob.glob("core/*testing.c")) | set(glob.glob("shim/mem/*.c"))
    return tests, sorted(shared - set(tests)) + ["embed/cmocka/cmocka.c"]


def run_all(machine, folder):
    """Returns (passed, failed) of one machine."""
    tests, shared = sources()
    objects, problems = build.compile_all(machine, tests + shared, folder, OPTIONS)
    for source, text in problems.items():
        print("FAILED %s %s does not compile\n%s" % (machine.name, source, text))
    if len(tests) < 40:
        print("FAILED %s only %d test programs found" % (machine.name, len(tests)))
        return 0, 1
    if problems:
        return 0, len(problems)

    def one(test):
        program = "%s/%s" % (folder, test.replace("/", "_")[:-len(".c")])
        wrong = build.link(machine, [objects[test]] + [objects[name] for name in shared],
                           program, ())
        if wrong:
            return test, 1, wrong
        status, text = build.run(machine, program, 600)
        os.remove(program)
        return test, 0 if build.ends_well(status, text) else 1, text

    passed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for test, failed, text in pool.map(one, tests):
            passed += 1 - failed
            if failed:
                print("FAILED %s %s\n%s" % (machine.name, test, text))
    print("%s: %d of %d test programs" % (machine.name, passed, len(tests)))
    return passed, len(tests) - passed


def main():
    passed = failed = 0
    for machine in (build.S390X, build.I386):
        with tempfile.TemporaryDirectory() as folder:
            good, bad = run_all(machine, folder)
        passed += good
        failed += bad
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
