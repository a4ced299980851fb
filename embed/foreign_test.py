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
# Faults that only one of the machines can see, each with the test that must see it there
# and must not see it on the other.
PLANTED = [
    ("byte order", "core/proxy.c", "return (unsigned)data[at] << 8 | data[at + 1u];",
     "uint16_t two;\n  __builtin_memcpy(&two, data + at, sizeof two);\n"
     "  return __builtin_bswap16(two);", "core/proxy_test.c", "s390x"),
    ("word size", "core/span.c", "*out = value;", "*out = (size_t)value;",
     "core/span_test.c", "i386"),
]


def sources():
    """Returns (tests, what all of them are linked with)."""
    tests = sorted(glob.glob("core/*_test.c") + glob.glob("shim/mem/*_test.c"))
    shared = set(build.core_sources()) | set(glob.glob("core/model/*.c"))
    shared |= set(glob.glob("core/*testing.c")) | set(glob.glob("shim/mem/*.c"))
    return tests, sorted(shared - set(tests)) + ["embed/cmocka/cmocka.c"]


def planted(machine, folder, objects, shared):
    """Returns (passed, failed) of the faults that are planted."""
    passed = 0
    for name, source, old, new, test, seer in PLANTED:
        with open(source, encoding="utf-8") as file:
            text = file.read()
        fault = folder + "/fault.c"
        with open(fault, "w", encoding="utf-8") as file:
            file.write(text.replace(old, new))
        made, problems = build.compile_all(machine, [fault], folder, OPTIONS)
        wrong = "\n".join(problems.values()) or ("" if old in text else "no such line: " + old)
        if not wrong:
            others = [objects[other] for other in shared if other != source]
            wrong = build.link(machine, [objects[test], made[fault]] + others,
                               folder + "/fault", ())
        status, said = build.run(machine, folder + "/fault", 600) if not wrong else (0, wrong)
        good = not wrong and build.ends_well(status, said) == (machine.name != seer)
        passed += 1 if good else 0
        print("%s %s: a planted fault of %s is %s" % (
            "ok" if good else "FAILED", machine.name, name,
            "seen" if machine.name == seer else "not to be seen"))
        if not good:
            print(said)
    return passed, len(PLANTED) - passed


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
    good, bad = planted(machine, folder, objects, shared)
    return passed + good, len(tests) - passed + bad


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
