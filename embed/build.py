"""Builds and runs C for other machines, for the tests of this folder.

Each source is compiled once for each machine, all of them in parallel; nothing is kept.
"""

import concurrent.futures
import glob
import os
import subprocess

WARNINGS = ["-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion",
            "-Wsign-conversion", "-Wshadow", "-Wswitch-enum", "-Wvla",
            "-Wstrict-prototypes", "-Wmissing-prototypes", "-Werror"]
FREESTANDING = ["-Os", "-ffreestanding", "-ffunction-sections", "-fdata-sections",
                # mem.c has the loops that a compiler would make calls of itself.
                "-fno-tree-loop-distribute-patterns"]
SEMIHOSTING = ["-nographic", "-monitor", "none", "-serial", "none", "-semihosting-config",
               "enable=on,target=native"]
OUTPUT_MAX = 20000


class Machine:
    """A compiler with its options, and the command that runs what it links."""

    def __init__(self, name, compiler, options, link=(), run=()):
        self.name = name
        self.compiler = compiler
        self.options = list(options)
        self.link = list(link)
        self.run = list(run)


def cortex(name, cpu, board):
    return Machine(
        name, "arm-none-eabi-gcc", ["-mcpu=" + cpu, "-mthumb"],
        ["-nostartfiles", "-T", "embed/mps2/mps2.ld", "-Wl,--gc-sections"],
        ["qemu-system-arm", "-M", board] + SEMIHOSTING + ["-kernel"])


M3 = cortex("Cortex-M3", "cortex-m3", "mps2-an385")
M4 = cortex("Cortex-M4", "cortex-m4", "mps2-an386")
RV32 = Machine(
    "rv32imac", "riscv64-unknown-elf-gcc",
    ["-march=rv32imac", "-mabi=ilp32", "-mcmodel=medany"],
    ["-nostartfiles", "-T", "embed/rv32/rv32.ld", "-Wl,--gc-sections",
     "-Wl,--no-warn-rwx-segments"],
    ["qemu-system-riscv32", "-M", "virt", "-bios", "none"] + SEMIHOSTING + ["-kernel"])
S390X = Machine("s390x", "s390x-linux-gnu-gcc", ["-O2"], ["-static"], ["qemu-s390x"])
I386 = Machine("i386", "gcc", ["-m32", "-O2", "-D_FILE_OFFSET_BITS=64", "-D_TIME_BITS=64"],
               ["-m32"])
HOST = Machine("host", "gcc", ["-O1"])


# The Cortex-M3 with a C library, for test programs that were not written for a board.
M3_NEWLIB = cortex("Cortex-M3 with newlib", "cortex-m3", "mps2-an385")
M3_NEWLIB.options += ["-O2", "-ffunction-sections", "-fdata-sections",
                      '-DPRIu64="llu"']
M3_NEWLIB.link += ["-Wl,--wrap=" + name
                   for name in ("vsnprintf", "vfprintf", "vprintf", "snprintf", "fprintf")]


def core_sources():
    return sorted(set(glob.glob("core/*.c")) - set(glob.glob("core/*test*.c")))


def say(*words, seconds=120):
    """Runs a command. Returns its status and what it printed, both bounded."""
    try:
        done = subprocess.run(words, check=False, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=seconds)
    except subprocess.TimeoutExpired as late:
        text = (late.stdout or b"")[-OUTPUT_MAX:].decode("utf-8", "replace")
        return 124, text + "\nno end after %d seconds\n" % seconds
    except OSError as error:
        return 127, str(error)
    return done.returncode, done.stdout[-OUTPUT_MAX:].decode("utf-8", "replace")


def compile_all(machine, sources, folder, options):
    """Compiles `sources`. Returns ({source: object}, {source: what went wrong})."""
    objects, problems = {}, {}

    def one(source):
        out = "%s/%s.o" % (folder, source.replace("/", "_"))
        status, text = say(machine.compiler, *machine.options, *options, "-I.",
                           "-Icore/include", "-c", source, "-o", out)
        return source, out, text if status != 0 else ""

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for source, out, text in pool.map(one, sources):
            if text:
                problems[source] = text
            else:
                objects[source] = out
    return objects, problems


def link(machine, objects, out, libraries=("-lgcc",)):
    """Returns what went wrong, or ""."""
    status, text = say(machine.compiler, *machine.options, *machine.link, *objects, "-o",
                       out, *libraries)
    return text if status != 0 else ""


def run(machine, program, seconds=60):
    """Runs a linked program. Returns its status and what it printed."""
    return say(*machine.run, program, seconds=seconds)


def ends_well(status, text):
    """Whether a test program said that some tests passed and none failed."""
    words = text.strip().split("\n")[-1].split()
    return (status == 0 and len(words) == 4 and words[1:] == ["passed,", "0", "failed"] and
            words[0].isdigit() and int(words[0]) > 0)
