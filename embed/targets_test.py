#!/usr/bin/python3
"""The core, and the device's glue, compile for the parts that firmware runs on, by gcc and
by clang, without a warning; they want nothing from outside but the four mem functions and
the compiler's own helpers, and have no writable data."""

import os
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import build  # pylint: disable=wrong-import-position

MEM = {"memcpy", "memmove", "memset", "memcmp"}
# Shifts, products and quotients of 64 bits on a processor of 32, divisions on one that has
# none, and the jump tables of Thumb code: libgcc's, which comes with the compiler, or clang's.
HELPERS = {
    "Cortex-M0+": {"__aeabi_lmul", "__aeabi_uldivmod", "__aeabi_uidiv", "__aeabi_uidivmod",
                   "__aeabi_idiv", "__aeabi_idivmod", "__aeabi_llsl", "__aeabi_llsr",
                   "__gnu_thumb1_case_uqi", "__gnu_thumb1_case_sqi",
                   "__gnu_thumb1_case_uhi", "__gnu_thumb1_case_shi",
                   "__gnu_thumb1_case_si"},
    "Cortex-M4": {"__aeabi_uldivmod"},
    "Cortex-M33": {"__aeabi_uldivmod"},
    "rv32imac": {"__udivdi3", "__umoddi3", "__ashldi3", "__lshrdi3"},
}
# An ARM compiler calls the mem functions by these names of the run-time ABI.
AEABI_MEM = {"__aeabi_memcpy", "__aeabi_memcpy4", "__aeabi_memcpy8", "__aeabi_memmove",
             "__aeabi_memmove4", "__aeabi_memmove8", "__aeabi_memset", "__aeabi_memset4",
             "__aeabi_memset8", "__aeabi_memclr", "__aeabi_memclr4", "__aeabi_memclr8"}
GLUE = ["embed/device_link.c", "embed/device_receiver.c", "embed/device_sender.c"]
OPTIONS = build.WARNINGS + ["-Os", "-ffreestanding"]


def targets():
    """Returns [(part, machine)]."""
    found = []
    for part, cpu in (("Cortex-M0+", "cortex-m0plus"), ("Cortex-M4", "cortex-m4"),
                      ("Cortex-M33", "cortex-m33")):
        words = ["-mcpu=" + cpu, "-mthumb"]
        found.append((part, build.Machine("gcc " + part, "arm-none-eabi-gcc", words)))
        found.append((part, build.Machine(
            "clang-19 " + part, "clang-19", ["--target=thumbv6m-none-eabi" if part ==
                                             "Cortex-M0+" else "--target=arm-none-eabi"] + words)))
    words = ["-march=rv32imac", "-mabi=ilp32"]
    found.append(("rv32imac", build.Machine("gcc rv32imac", "riscv64-unknown-elf-gcc", words)))
    found.append(("rv32imac", build.Machine("clang-19 rv32imac", "clang-19",
                                            ["--target=riscv32-unknown-elf"] + words)))
    return found


def symbols(objects):
    """Returns (wanted from outside, writable) of object files."""
    wanted, defined, writable = set(), set(), []
    for source, name in sorted(objects.items()):
        status, text = build.say("llvm-nm-19", "-P", name)
        if status != 0:
            writable.append("%s: no symbols: %s" % (source, text))
        for line in text.splitlines():
            symbol, kind = line.split()[:2]
            if symbol.startswith("$") or symbol.startswith(".L"):
                continue
            if kind in "Uwv":
                wanted.add(symbol)
                continue
            defined.add(symbol)
            if kind in "DdBbCSsGg":
                writable.append("%s: writable data: %s" % (source, symbol))
    return wanted - defined, writable


def sections(objects):
    """Returns what of .data and .bss is not empty."""
    problems = []
    for source, name in sorted(objects.items()):
        status, text = build.say("llvm-size-19", "-A", name)
        if status != 0:
            problems.append("%s: no sections: %s" % (source, text))
        for line in text.splitlines():
            words = line.split()
            if len(words) == 3 and words[0].startswith((".data", ".bss", ".sdata", ".sbss",
                                                        ".tdata", ".tbss")):
                if int(words[1]) > 0:
                    problems.append("%s: %s has %s octets" % (source, words[0], words[1]))
    return problems


def check(part, machine, sources, options):
    """Returns what is wrong with `sources` on one machine."""
    with tempfile.TemporaryDirectory() as folder:
        objects, problems = build.compile_all(machine, sources, folder, OPTIONS + options)
        wrong = ["%s does not compile\n%s" % row for row in sorted(problems.items())]
        wanted, writable = symbols(objects)
        wrong += writable + sections(objects)
        allowed = MEM | HELPERS[part] | AEABI_MEM
        core = {name for name in wanted if name.startswith("smtpc_")} if options else set()
        for name in sorted(wanted - allowed - core):
            wrong.append("symbol from outside: %s" % name)
        print("  outside symbols: %s" % ", ".join(sorted(wanted - core)))
        return wrong


def planted():
    """Returns what was not seen of faults that are planted: a global, a libc call, a
    warning."""
    faults = {"global": "int smtpc_x(void);\nstatic int n;\nint smtpc_x(void) { return n++; }\n",
              "call": "int puts(const char *s);\nint smtpc_x(void);\n"
                      "int smtpc_x(void) { return puts(\"\"); }\n",
              "warning": "int smtpc_x(long long a);\nint smtpc_x(long long a) { return a; }\n"}
    missed = []
    part, machine = targets()[0]
    with tempfile.TemporaryDirectory() as folder:
        for name, text in faults.items():
            source = "%s/%s.c" % (folder, name)
            with open(source, "w", encoding="utf-8") as file:
                file.write(text)
            if not check(part, machine, [source], []):
                missed.append("a planted fault was not seen: " + name)
    return missed


def main():
    passed = failed = 0
    rows = [(machine.name, lambda part=part, machine=machine:
             check(part, machine, build.core_sources(), []))
            for part, machine in targets()]
    rows += [("%s, glue%s" % (machine.name, option), lambda part=part, machine=machine,
              option=option: check(part, machine, GLUE, [option]))
             for part, machine in targets()
             for option in ("-DDEVICE_TLS=0", "-DDEVICE_TLS=1")]
    rows.append(("planted faults", planted))
    for name, test in rows:
        wrong = test()
        print("%s %s" % ("FAILED" if wrong else "ok", name))
        for line in wrong:
            print("  " + line)
        passed += 0 if wrong else 1
        failed += 1 if wrong else 0
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
