#!/usr/bin/python3
"""The core runs on a board: the seed dialogue, without a C library, on emulated Cortex-M3,
Cortex-M4 and rv32imac; and the tests of the core and of shim/mem on the Cortex-M3 with
newlib, but for those that NOT_ON_BOARD names."""

import concurrent.futures
import glob
import os
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import build  # pylint: disable=wrong-import-position

SEED = ["embed/device_link.c", "embed/device_receiver.c", "embed/device_sender.c",
        "embed/played_tls.c", "embed/transcript.c", "embed/seed_dialogue.c", "embed/mem.c"]
ARM = ["embed/mps2/start.c", "embed/mps2/board.c"]
OPTIONS = build.WARNINGS + build.FREESTANDING + ["-DDEVICE_TLS=1"]
BOARDS = [(build.M3, ARM, []), (build.M4, ARM, []), (build.RV32, ["embed/rv32/board.c"], []),
          (build.M3, ARM, ["-DSMTPC_LINE_MAX=1024"])]

REGEX = "newlib has no regcomp, which its judge wants"
INET = "newlib has no inet_pton, which its judge wants"
LONG = "long under emulation; it runs on s390x and 32-bit x86 (foreign_test.py)"
NOT_ON_BOARD = {
    "core/content_test.c": LONG,
    "core/header_test.c": LONG,
    "core/param_date_test.c": LONG,
    "core/content_lf_test.c": LONG,
    "core/write_param_test.c": LONG,
    "core/address_test.c": INET,
    "core/command_verb_test.c": INET,
    "core/capability_test.c": REGEX,
    "core/capability_extension_test.c": REGEX,
    "core/reply_test.c": REGEX,
}
NOT_ON_BOARD_MODELS = {"core/model/capability_model.c", "core/model/reply_model.c"}
# A uint32_t is an unsigned long here, of the same size as the unsigned int that tests print.
NEWLIB_OPTIONS = build.WARNINGS + ["-Iembed/cmocka", "-Wno-format"]


class Count:
    """What passed and what failed."""

    def __init__(self):
        self.passed = 0
        self.failed = 0

    def check(self, name, holds, text):
        self.passed += 1 if holds else 0
        self.failed += 0 if holds else 1
        print("%s %s" % ("ok" if holds else "FAILED", name))
        if not holds:
            print(text)


def build_seed(machine, board, options, folder, sources):
    """Returns the program, or None, and what went wrong."""
    objects, problems = build.compile_all(
        machine, build.core_sources() + sources + board, folder, OPTIONS + options)
    if problems:
        return None, "\n".join(problems.values())
    program = folder + "/seed"
    wrong = build.link(machine, sorted(objects.values()), program, ("-nostdlib", "-lgcc"))
    return (None if wrong else program), wrong


def seed_dialogue(count, machine, board, options, fault=None):
    with tempfile.TemporaryDirectory() as folder:
        sources = list(SEED)
        if fault is not None:
            name, old, new = fault
            with open(name, encoding="utf-8") as source:
                text = source.read()
            if old not in text:
                count.check("the planted fault has its place", False, old)
                return
            sources.remove(name)
            sources.append(folder + "/fault.c")
            with open(sources[-1], "w", encoding="utf-8") as source:
                source.write(text.replace(old, new, 1))
        program, wrong = build_seed(machine, board, options, folder, sources)
        if program is None:
            count.check("%s: the seed dialogue builds" % machine.name, False, wrong)
            return
        status, text = build.run(machine, program)
        if fault is None:
            count.check("%s %s: the seed dialogue" % (machine.name, " ".join(options)),
                        build.ends_well(status, text), text)
        else:
            count.check("%s: a planted fault is seen" % machine.name,
                        status == 1 and "FAILED the octets of both sides" in text, text)


def core_tests(count):
    machine = build.M3_NEWLIB
    tests = sorted(glob.glob("core/*_test.c") + glob.glob("shim/mem/*_test.c"))
    for name in sorted(set(NOT_ON_BOARD) - set(tests)):
        count.check("NOT_ON_BOARD names tests that are there", False, name)
    tests = [test for test in tests if test not in NOT_ON_BOARD]
    shared = set(build.core_sources()) | set(glob.glob("core/model/*.c"))
    shared |= set(glob.glob("core/*testing.c")) | set(glob.glob("shim/mem/*.c"))
    shared -= set(glob.glob("shim/mem/*_test.c")) | NOT_ON_BOARD_MODELS
    shared = sorted(shared) + ["embed/cmocka/cmocka.c", "embed/mps2/start.c",
                               "embed/mps2/newlib.c", "embed/mps2/newlib_format.c"]
    with tempfile.TemporaryDirectory() as folder:
        objects, problems = build.compile_all(machine, tests + shared, folder, NEWLIB_OPTIONS)
        for source, text in sorted(problems.items()):
            count.check(source, False, text)

        def one(test):
            program = "%s/%s" % (folder, test.replace("/", "_")[:-len(".c")])
            inputs = [objects[test]] + [objects[name] for name in shared]
            wrong = build.link(machine, inputs, program, ())
            if wrong:
                return test, False, wrong
            status, text = build.run(machine, program, 300)
            os.remove(program)
            return test, build.ends_well(status, text), text

        if problems:
            return
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            for test, holds, text in pool.map(one, tests):
                count.check("%s: %s" % (machine.name, test), holds, text)


def main():
    count = Count()
    for machine, board, options in BOARDS:
        seed_dialogue(count, machine, board, options)
    seed_dialogue(count, build.M3, ARM, [],
                  ("embed/device_receiver.c", "r->link.sending = 0u;\n", "r->link.sending = 0u;\n"
                   "      out[len > 3u ? 3u : 0u] ^= 1u;\n"))
    core_tests(count)
    for test, why in sorted(NOT_ON_BOARD.items()):
        print("not on the board: %s: %s" % (test, why))
    print("%d passed, %d failed" % (count.passed, count.failed))
    return 1 if count.failed else 0


if __name__ == "__main__":
    sys.exit(main())
